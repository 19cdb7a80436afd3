//! Certificates and private keys from files, and the trust stores of the system and of Mozilla.
//!
//! ```
//! use sslcore_std::sslcore::{ClientConfig, ServerConfig};
//! use sslcore_std::trust;
//!
//! # #[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! #     use sslcore_tests::{certs::WORLD, openssl::ca_pem, peer::Scratch};
//! #     let files = Scratch::new();
//! #     let folder = files.path().display();
//! #     files.file("ca.pem", ca_pem());
//! #     let certificate = files.file("server.pem", WORLD.server.chain_pem());
//! #     let key = files.file("server.key", WORLD.server.key_pem());
//! // A client that trusts one's own authorities, from all files that match:
//! let client = ClientConfig::builder(sslcore_std::default_backend())
//!     .trust_anchors(trust::certificates(format!("{folder}/ca*.pem"))?)
//!     .build()?;
//!
//! // A server with its certificate chain and private key:
//! let (chain, key) = trust::identity(certificate, key)?;
//! let server = ServerConfig::builder(sslcore_std::default_backend())
//!     .identity(chain, key)
//!     .build()?;
//! #     drop((client, server));
//! #     Ok(())
//! # }
//! # #[cfg(not(any(feature = "aws-lc-rs", feature = "ring")))]
//! # fn main() {}
//! ```
//!
//! | QSslSocket | here |
//! |---|---|
//! | `addCaCertificates(path, format, syntax)`, `QSslCertificate::fromPath` | [`certificates`]: format and syntax are recognised |
//! | `setLocalCertificate(path)`, `setLocalCertificateChain` | [`identity`], or [`certificates_from_file`]: the whole chain, not its first certificate alone |
//! | `setPrivateKey(fileName, algorithm, format, passPhrase)` | [`private_key`]; `private_key_with_passphrase` and `identity_with_passphrase` with the feature `encrypted-keys`: algorithm and format are recognised |
//! | `QSslCertificate::importPkcs12` | `pkcs12`, with the feature `pkcs12` |
//! | `systemCaCertificates` | `system`, with the feature `native-roots`; `mozilla`, with `webpki-roots` |
//!
//! Where Qt loads nothing and reports nothing, a [`LoadError`] says which file cannot be loaded,
//! which block of it, and why.

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

/// Loads the certificates of a file, of a folder, or of all files that match a pattern.
/// `QSslCertificate::fromPath`. The example of [`trust`](self) shows it.
///
/// A path that exists is that file or folder, whatever characters it has. Any other path is a
/// pattern with `*`, `?`, `[a-z]` and `**` as in a shell; `**` stands for folders in folders, and
/// follows no links to folders.
///
/// - A file is loaded as by [`certificates_from_file`].
/// - Of a folder, all files that hold certificates are loaded, in the order of their names, but not
///   the folders in it. Files that hold no certificates are skipped, and so are links that lead
///   nowhere; damaged files are errors. A certificate that is there several times, as in a folder
///   with OpenSSL's links, is loaded once.
/// - Of a pattern, all files that match are loaded as those of a folder.
///
/// The list is never empty. At most 16 MiB of each file are read.
///
/// # Errors
/// The first [`LoadError`]. Certificates that could not be trust anchors are errors, so
/// [`trust_anchors`](sslcore::ConfigBuilder::trust_anchors) accepts the whole list.
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

/// Loads the certificates of one file, in their order: PEM, with any number of certificates among
/// other blocks, or DER. The list is never empty. At most 16 MiB are read.
///
/// Text between and after the blocks is ignored, and so are white space before lines, a byte order
/// mark, and the kind of line ends; the text may be UTF-16. Bytes after the DER of a certificate,
/// in a block or not, are an error.
///
/// ```
/// use sslcore_std::trust;
///
/// # fn main() -> Result<(), trust::LoadError> {
/// # let files = sslcore_tests::peer::Scratch::new();
/// # let path = files.file("chain.pem", sslcore_tests::certs::WORLD.server.chain_pem());
/// let chain = trust::certificates_from_file(path)?;
/// println!("{} certificates", chain.len());
/// # Ok(()) }
/// ```
///
/// # Errors
/// A [`LoadError`], also when one certificate among good ones is damaged.
pub fn certificates_from_file(
    path: impl AsRef<Path>,
) -> Result<Vec<CertificateDer<'static>>, LoadError> {
    file::certificates(path.as_ref())
}

/// Loads the certificate revocation lists (RFC 5280 §5) of one file, in their order: PEM, with any
/// number of `X509 CRL` blocks among others, or DER. The list is never empty. At most 16 MiB are
/// read.
///
/// Neither the date nor the signature of a revocation list is verified here; each handshake does
/// that.
///
/// ```
/// use sslcore_std::sslcore::ClientConfig;
/// use sslcore_std::trust;
///
/// # #[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
/// fn client(path: &str) -> Result<ClientConfig, Box<dyn std::error::Error>> {
///     let lists = trust::revocation_lists(path)?;
///     let builder = ClientConfig::builder(sslcore_std::default_backend());
///     // An issuer without a list is an error of the certificate.
///     Ok(builder.revocation_lists(lists, true).build()?)
/// }
/// ```
///
/// # Errors
/// A [`LoadError`]. Revocation lists that cannot be used are errors, with the reason
/// ([`RevocationListError`](sslcore::RevocationListError)), so
/// [`revocation_lists`](sslcore::ConfigBuilder::revocation_lists) accepts the whole list.
pub fn revocation_lists(path: impl AsRef<Path>) -> Result<Vec<RevocationList>, LoadError> {
    file::revocation_lists(path.as_ref())
}

/// Loads the first private key of a file: PKCS#8, PKCS#1 (RSA) or SEC1 (EC), in PEM, possibly among
/// other blocks, or in DER. At most 16 MiB are read. `QSslSocket::setPrivateKey`, but the algorithm
/// is recognised.
///
/// ```
/// use sslcore_std::trust::{self, LoadErrorKind};
///
/// # fn main() -> Result<(), trust::LoadError> {
/// # let files = sslcore_tests::peer::Scratch::new();
/// # let path = files.file("server.key", sslcore_tests::certs::WORLD.server.key_pem());
/// match trust::private_key(path) {
///     Ok(_key) => println!("loaded"),
///     Err(error) if matches!(error.kind(), LoadErrorKind::EncryptedKey) => {
///         println!("a passphrase is needed: trust::private_key_with_passphrase");
///     }
///     Err(error) => return Err(error),
/// }
/// # Ok(()) }
/// ```
///
/// # Errors
/// A [`LoadError`]; [`EncryptedKey`](LoadErrorKind::EncryptedKey) for a key that is encrypted with
/// a passphrase.
pub fn private_key(path: impl AsRef<Path>) -> Result<PrivateKey, LoadError> {
    key::private_key(path.as_ref(), None)
}

/// Loads the first private key of a file, which may be encrypted with this passphrase. Otherwise as
/// [`private_key`]; for a key that is not encrypted the passphrase is not used.
/// `QSslSocket::setPrivateKey(fileName, algorithm, format, passPhrase)`.
///
/// Encrypted keys are PKCS#8 with PBES2 (PBKDF2 or scrypt, and AES, Camellia or 3DES; RFC 8018) or
/// with the ciphers of PKCS#12 (3DES or RC2 with SHA-1; RFC 7292 §C), or OpenSSL's older PEM with
/// `DEK-Info` (AES, Camellia or 3DES).
///
/// Decryption costs what the file asks for, at most 10,000,000 rounds of PBKDF2, some seconds, or
/// 256 MiB for scrypt; a file that asks for more is refused.
///
/// ```
/// use sslcore_std::sslcore::PrivateKey;
/// use sslcore_std::trust;
///
/// fn key(path: &str) -> Result<PrivateKey, Box<dyn std::error::Error>> {
///     let passphrase = std::env::var("KEY_PASSPHRASE")?;
///     Ok(trust::private_key_with_passphrase(path, passphrase)?)
/// }
/// ```
///
/// # Errors
/// A [`LoadError`]; [`WrongPassphrase`](LoadErrorKind::WrongPassphrase) also when the encrypted
/// data is damaged, because neither format can tell the two apart.
#[cfg(feature = "encrypted-keys")]
pub fn private_key_with_passphrase(
    path: impl AsRef<Path>,
    passphrase: impl AsRef<[u8]>,
) -> Result<PrivateKey, LoadError> {
    key::private_key(path.as_ref(), Some(passphrase.as_ref()))
}

/// Loads the first private key of a PKCS#12 file (`.p12`, `.pfx`; RFC 7292) and its chain, leaf
/// first, as far as the file's certificates reach; certificates that are not part of the chain are
/// left out. At most 16 MiB are read. `QSslCertificate::importPkcs12`.
///
/// The file may be encrypted with PBES2, as for [`private_key_with_passphrase`], or with the older
/// 3DES or 40-bit RC2 with SHA-1. Decryption costs what the file asks for, at most 1,000,000
/// rounds, or 1 GiB for scrypt; a file that asks for more is refused. The crate p12-keystore, which
/// decrypts, does not wipe the memory that it used: where that matters, keep the key in PKCS#8.
///
/// ```
/// use sslcore_std::sslcore::ServerConfig;
/// use sslcore_std::trust;
///
/// # #[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
/// fn server(path: &str, passphrase: &str) -> Result<ServerConfig, Box<dyn std::error::Error>> {
///     let (chain, key) = trust::pkcs12(path, passphrase)?;
///     let builder = ServerConfig::builder(sslcore_std::default_backend());
///     Ok(builder.identity(chain, key).build()?)
/// }
/// ```
///
/// # Errors
/// A [`LoadError`]; [`WrongPassphrase`](LoadErrorKind::WrongPassphrase) also for a damaged file,
/// because one authentication code covers both. In a file without that code a wrong passphrase
/// decrypts to noise, as damage does: everything that proves unreadable only after decryption is
/// `WrongPassphrase`.
#[cfg(feature = "pkcs12")]
pub fn pkcs12(
    path: impl AsRef<Path>,
    passphrase: &str,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKey), LoadError> {
    store::pkcs12(path.as_ref(), passphrase)
}

/// Loads a certificate chain, [leaf first](leaf_first), and the leaf's private key, for
/// [`ConfigBuilder::identity`](sslcore::ConfigBuilder::identity), which verifies that the two
/// belong together. Both may be in one file, which is then read once. The example of
/// [`trust`](self) shows it.
///
/// # Errors
/// A [`LoadError`] of [`certificates_from_file`] or [`private_key`];
/// [`Swapped`](LoadErrorKind::Swapped) when each file would be right in the other's place.
pub fn identity(
    certificates: impl AsRef<Path>,
    key: impl AsRef<Path>,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKey), LoadError> {
    load_identity(certificates.as_ref(), key.as_ref(), None)
}

/// Loads a certificate chain and the leaf's private key, which may be encrypted with this passphrase.
/// Otherwise as [`identity`]; the passphrase is used as by [`private_key_with_passphrase`].
///
/// ```
/// use sslcore_std::sslcore::ServerConfig;
/// use sslcore_std::trust;
///
/// # #[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
/// fn server(passphrase: &[u8]) -> Result<ServerConfig, Box<dyn std::error::Error>> {
///     let (chain, key) = trust::identity_with_passphrase("server.pem", "server.key", passphrase)?;
///     let builder = ServerConfig::builder(sslcore_std::default_backend());
///     Ok(builder.identity(chain, key).build()?)
/// }
/// ```
///
/// # Errors
/// A [`LoadError`] of [`identity`] or [`private_key_with_passphrase`].
#[cfg(feature = "encrypted-keys")]
pub fn identity_with_passphrase(
    certificates: impl AsRef<Path>,
    key: impl AsRef<Path>,
    passphrase: impl AsRef<[u8]>,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKey), LoadError> {
    load_identity(
        certificates.as_ref(),
        key.as_ref(),
        Some(passphrase.as_ref()),
    )
}

fn load_identity(
    certificates: &Path,
    key: &Path,
    passphrase: key::Passphrase<'_>,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKey), LoadError> {
    if certificates == key {
        let (chain, key) = key::identity(key, passphrase)?;
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
    Ok((leaf_first(chain), key::private_key(key, passphrase)?))
}

/// Sorts a chain into the order in which a handshake sends it: the leaf, its issuer, the issuer's
/// issuer and so on (RFC 8446 §4.4.2). Certificates that are not part of the chain follow it.
///
/// The order is changed only if the first certificate is the issuer of another one, and exactly one
/// certificate is the issuer of none. Issuers are found by name; signatures are not verified.
///
/// ```
/// use sslcore_std::trust;
///
/// let (leaf, issuer) = leaf_and_issuer();
/// assert_eq!(trust::leaf_first(vec![issuer.clone(), leaf.clone()]), [leaf, issuer]);
/// # use sslcore_std::sslcore::CertificateDer;
/// # fn leaf_and_issuer() -> (CertificateDer<'static>, CertificateDer<'static>) {
/// #     let world = &sslcore_tests::certs::WORLD;
/// #     (world.server.chain[0].clone(), world.ca.der())
/// # }
/// ```
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
