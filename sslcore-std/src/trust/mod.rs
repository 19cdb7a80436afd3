//! Certificates and keys from files, and the trust stores of the system and of Mozilla.
//!
//! ```no_run
//! use sslcore_std::sslcore::{ClientConfig, ServerConfig};
//! use sslcore_std::trust;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # #[cfg(any(feature = "aws-lc-rs", feature = "ring"))] {
//! // A client that trusts one's own authorities, from all files that match:
//! let client = ClientConfig::builder(sslcore_std::default_backend())
//!     .trust_anchors(trust::certificates("/etc/mail/ca/*.pem")?)
//!     .build()?;
//!
//! // A server with a certificate:
//! let (chain, key) = trust::identity("server.pem", "server.key")?;
//! let server = ServerConfig::builder(sslcore_std::default_backend())
//!     .identity(chain, key)
//!     .build()?;
//! # } Ok(()) }
//! ```
//!
//! | QSslSocket | here |
//! |---|---|
//! | `addCaCertificates(path, format, syntax)`, `QSslCertificate::fromPath` | [`certificates`]: format and syntax are recognised |
//! | `setLocalCertificate(path)`, `setLocalCertificateChain` | [`identity`], or [`certificates_from_file`]: the whole chain, not its first certificate alone |
//! | `setPrivateKey(fileName, algorithm, format, passPhrase)` | [`private_key`], `private_key_with_passphrase` with the feature `encrypted-keys`: algorithm and format are recognised |
//! | `QSslCertificate::importPkcs12` | `pkcs12`, with the feature `pkcs12` |
//! | `systemCaCertificates` | `system`, with the feature `native-roots`; `mozilla`, with `webpki-roots` |
//!
//! Qt loads nothing, without a word, from a file that it cannot read. Here a [`LoadError`] says
//! which file, which block of it, and why.

mod der;
mod error;
mod file;
mod key;
#[cfg(feature = "encrypted-keys")]
mod legacy;
mod order;
#[cfg(any(feature = "encrypted-keys", feature = "pkcs12"))]
mod parameters;
#[cfg(feature = "encrypted-keys")]
mod passphrase;
mod pattern;
mod pem;
#[cfg(any(feature = "native-roots", feature = "webpki-roots"))]
mod roots;
#[cfg(feature = "pkcs12")]
mod sealed;
#[cfg(feature = "pkcs12")]
mod store;
mod text;

use std::collections::HashSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use rustls_pki_types::CertificateDer;
use sslcore::{PrivateKey, RevocationList};

pub use self::error::{LoadError, LoadErrorKind, Place};
#[cfg(feature = "webpki-roots")]
pub use self::roots::mozilla;
#[cfg(feature = "native-roots")]
pub use self::roots::{SystemRoots, system};

/// The certificates of a file, a folder, or all files that match a pattern.
/// `QSslCertificate::fromPath`.
///
/// What exists under this name is what is meant, whatever characters it has; else it is a pattern,
/// with `*`, `?`, `[a-z]` and `**` as in a shell: `**` stands for folders in folders, and follows no
/// links to folders.
///
/// - A file: see [`certificates_from_file`].
/// - A folder: all files in it that hold certificates, in the order of their names; not the
///   folders in it. Files that hold none are passed over, and so are links that lead nowhere;
///   files that are damaged are errors. Certificates that are there more than once, as in a
///   folder with OpenSSL's links, are loaded once.
/// - A pattern: all files that match, like those of a folder.
///
/// Never an empty list. Reads at most 16 MiB of each file.
///
/// # Errors
/// The first [`LoadError`]. Certificates that could not be trust anchors are among them, so
/// [`trust_anchors`](sslcore::ConfigBuilder::trust_anchors) takes all that this gives.
pub fn certificates(
    path_or_pattern: impl AsRef<Path>,
) -> Result<Vec<CertificateDer<'static>>, LoadError> {
    let path = path_or_pattern.as_ref();
    // A name that is no text is no pattern.
    let pattern = path.to_str().filter(|text| pattern::is_one(text));
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => from_files(path, files_in(path)?),
        Ok(_) => certificates_from_file(path),
        Err(error) => match pattern.filter(|_| error.kind() == ErrorKind::NotFound) {
            Some(pattern) => from_files(path, pattern::matching(pattern)?),
            None => Err(LoadError::new(path, LoadErrorKind::Unreadable(error))),
        },
    }
}

/// The certificates of one file, in its order: PEM, with any number of them among other blocks,
/// or DER. Never an empty list. Reads at most 16 MiB.
///
/// Text between and behind the blocks is passed over, any line ends are, white space before lines,
/// and a byte order mark; the text may be UTF-16. Bytes behind a certificate's DER, in a block or not, are an error.
///
/// # Errors
/// A [`LoadError`], also when one certificate among good ones is damaged.
pub fn certificates_from_file(
    path: impl AsRef<Path>,
) -> Result<Vec<CertificateDer<'static>>, LoadError> {
    file::certificates(path.as_ref())
}

/// The certificate revocation lists of one file (RFC 5280 §5), in its order: PEM, with any number
/// of them (`X509 CRL`) among other blocks, or DER. Never an empty list. Reads at most 16 MiB.
///
/// Whether a list is out of date, or signed by whom it says, is not looked at here.
///
/// # Errors
/// A [`LoadError`]. Lists that cannot be used are among them, with the reason
/// ([`RevocationListError`](sslcore::RevocationListError)), for
/// [`revocation_lists`](sslcore::ConfigBuilder::revocation_lists) takes all that this gives.
pub fn revocation_lists(path: impl AsRef<Path>) -> Result<Vec<RevocationList>, LoadError> {
    file::revocation_lists(path.as_ref())
}

/// The first private key of a file: PKCS#8, PKCS#1 (RSA) or SEC1 (EC), in PEM, among other blocks
/// if need be, or in DER. Reads at most 16 MiB. `QSslSocket::setPrivateKey`, without having to
/// say which algorithm it is.
///
/// # Errors
/// A [`LoadError`]; [`EncryptedKey`](LoadErrorKind::EncryptedKey) for a key behind a passphrase.
pub fn private_key(path: impl AsRef<Path>) -> Result<PrivateKey, LoadError> {
    key::private_key(path.as_ref(), None)
}

/// As [`private_key`], with the passphrase of a key that is encrypted: PKCS#8 with PBES2 (PBKDF2
/// or scrypt, and AES, Camellia or 3DES; RFC 8018) or with what PKCS#12 has beside it (3DES or RC2
/// with SHA-1; RFC 7292 §C), or OpenSSL's old `DEK-Info` PEM (AES, Camellia or 3DES). The passphrase of a key that is not encrypted is not looked at.
/// `QSslSocket::setPrivateKey(fileName, algorithm, format, passPhrase)`.
///
/// Costs what the file asks for, up to 10,000,000 rounds of PBKDF2, some seconds, or 256 MiB for
/// scrypt; a file that asks for more is refused.
///
/// # Errors
/// A [`LoadError`]; [`WrongPassphrase`](LoadErrorKind::WrongPassphrase) also for damage inside of
/// what is encrypted, because neither format can tell the two apart.
#[cfg(feature = "encrypted-keys")]
pub fn private_key_with_passphrase(
    path: impl AsRef<Path>,
    passphrase: impl AsRef<[u8]>,
) -> Result<PrivateKey, LoadError> {
    key::private_key(path.as_ref(), Some(passphrase.as_ref()))
}

/// The first private key of a PKCS#12 file (`.p12`, `.pfx`; RFC 7292), and its chain, leaf first,
/// as far as the certificates beside it reach; those that have no place in the chain are left out.
/// Reads at most 16 MiB. `QSslCertificate::importPkcs12`.
///
/// Opens PBES2, as [`private_key_with_passphrase`] does, and the older 3DES and 40-bit RC2 with
/// SHA-1. Costs what the file asks for, up to 1,000,000 rounds or 1 GiB for scrypt; a file that asks
/// for more is refused. p12-keystore, which decrypts, does not wipe what it worked with: a key for
/// which that matters is better kept in PKCS#8.
///
/// # Errors
/// A [`LoadError`]; [`WrongPassphrase`](LoadErrorKind::WrongPassphrase) also for damage, because
/// one authentication code is for both. Without that code a wrong passphrase decrypts to noise, and
/// so does a damaged file: whatever cannot be read only once it is decrypted is `WrongPassphrase`.
#[cfg(feature = "pkcs12")]
pub fn pkcs12(
    path: impl AsRef<Path>,
    passphrase: &str,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKey), LoadError> {
    store::pkcs12(path.as_ref(), passphrase)
}

/// A certificate chain, [leaf first](leaf_first), and the leaf's private key, as
/// [`ConfigBuilder::identity`](sslcore::ConfigBuilder::identity) wants them; that is where it is
/// checked that they belong together. Both may be in one file, which is read once.
///
/// # Errors
/// A [`LoadError`] of [`certificates_from_file`] or [`private_key`];
/// [`Swapped`](LoadErrorKind::Swapped) when each would be good in the other's place.
pub fn identity(
    certificates: impl AsRef<Path>,
    key: impl AsRef<Path>,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKey), LoadError> {
    let (certificates, key) = (certificates.as_ref(), key.as_ref());
    if certificates == key {
        let (chain, key) = key::identity(key)?;
        return Ok((leaf_first(chain), key));
    }
    let chain = match file::certificates(certificates) {
        Err(error)
            if matches!(error.kind(), LoadErrorKind::NoCertificate { .. })
                && is_key(certificates)
                && file::certificates(key).is_ok() =>
        {
            let certificates_in = key.to_owned();
            return Err(LoadError::new(
                certificates,
                LoadErrorKind::Swapped { certificates_in },
            ));
        }
        other => other?,
    };
    Ok((leaf_first(chain), key::private_key(key, None)?))
}

/// A chain in the order in which a handshake sends it: the leaf, its issuer, the issuer's issuer
/// and so on (RFC 8446 §4.4.2); what has no place in the chain stands behind it.
///
/// Only a chain that begins with the issuer of another of its certificates is changed, and only if
/// one alone is the issuer of none. Compares names; who signed what is not looked at.
pub fn leaf_first(certificates: Vec<CertificateDer<'static>>) -> Vec<CertificateDer<'static>> {
    order::leaf_first(certificates)
}

/// Whether this is a file of a private key, behind a passphrase or not.
fn is_key(path: &Path) -> bool {
    match key::private_key(path, None) {
        Ok(_) => true,
        Err(error) => matches!(error.kind(), LoadErrorKind::EncryptedKey),
    }
}

/// The regular files of a folder, by name.
fn files_in(folder: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let unreadable = |error| LoadError::new(folder, LoadErrorKind::Unreadable(error));
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        files.push(entry.map_err(unreadable)?.path());
    }
    files.retain(|path| path.is_file());
    files.sort();
    Ok(files)
}

/// The certificates of several files, each certificate once.
fn from_files(
    wanted: &Path,
    files: Vec<PathBuf>,
) -> Result<Vec<CertificateDer<'static>>, LoadError> {
    let files_seen = files.len();
    let (mut all, mut known) = (Vec::new(), HashSet::new());
    // What links lead to is read once.
    let mut read = HashSet::new();
    for path in files {
        if !read.insert(fs::canonicalize(&path).unwrap_or_else(|_| path.clone())) {
            continue;
        }
        match file::certificates(&path) {
            Ok(found) => {
                all.extend(found.into_iter().filter(|der| known.insert(der.clone())));
            }
            Err(error) if error.kind().is_another_kind_of_file() => {}
            Err(error) => return Err(error),
        }
    }
    match all.is_empty() {
        true => Err(LoadError::new(
            wanted,
            LoadErrorKind::NoneOfThem { files: files_seen },
        )),
        false => Ok(all),
    }
}
