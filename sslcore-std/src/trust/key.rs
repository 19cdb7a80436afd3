//! The private key of a file, behind a passphrase or not.

use std::path::Path;

use rustls_pki_types::CertificateDer;
use sslcore::PrivateKey;

use super::der::{self, Der};
use super::error::{LoadError, LoadErrorKind};
use super::file;
use super::pem::{self, Block};

/// What opens an encrypted key.
pub(super) type Passphrase<'a> = Option<&'a [u8]>;

pub(super) fn private_key(
    path: &Path,
    passphrase: Passphrase<'_>,
) -> Result<PrivateKey, LoadError> {
    private_key_in(path, &file::read(path)?, passphrase)
}

/// Both from one file, which is read once: it may be a pipe.
pub(super) fn identity(
    path: &Path,
    passphrase: Passphrase<'_>,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKey), LoadError> {
    let bytes = file::read(path)?;
    let chain = file::certificates_in(path, &bytes)?;
    Ok((chain, private_key_in(path, &bytes, passphrase)?))
}

fn private_key_in(
    path: &Path,
    bytes: &[u8],
    passphrase: Passphrase<'_>,
) -> Result<PrivateKey, LoadError> {
    let fail = |place, kind| LoadError::at(path, place, kind);
    if !pem::is_pem(bytes) {
        return match file::known_der(path, bytes)? {
            Der::EncryptedKey => decrypt(bytes, passphrase),
            Der::PrivateKey => file::key(bytes),
            Der::Request => Err(LoadErrorKind::NoPrivateKey {
                instead: vec!["CERTIFICATE REQUEST (DER)".to_owned()],
            }),
            _ => Err(no_key(bytes)),
        }
        .map_err(|kind| fail(None, kind));
    }
    let blocks = file::blocks(path, bytes)?;
    match blocks
        .iter()
        .find(|block| block.label.ends_with("PRIVATE KEY"))
    {
        Some(block) => from_block(block, passphrase).map_err(|kind| fail(Some(block.place), kind)),
        None => {
            let instead = pem::labels(&blocks);
            Err(fail(None, LoadErrorKind::NoPrivateKey { instead }))
        }
    }
}

fn from_block(block: &Block<'_>, passphrase: Passphrase<'_>) -> Result<PrivateKey, LoadErrorKind> {
    let bytes = match block.label.as_str() {
        "PRIVATE KEY" | "RSA PRIVATE KEY" | "EC PRIVATE KEY" if block.has_encryption_header() => {
            return decrypt_block(block, passphrase);
        }
        "PRIVATE KEY" | "RSA PRIVATE KEY" | "EC PRIVATE KEY" | "ENCRYPTED PRIVATE KEY" => {
            block.decode()?
        }
        other => return Err(LoadErrorKind::UnknownKey(format!("its label is {other:?}"))),
    };
    match der::look(&bytes) {
        Der::EndsEarly => Err(LoadErrorKind::EndsEarly),
        Der::EncryptedKey => decrypt(&bytes, passphrase),
        _ => file::key(&bytes),
    }
}

#[cfg(feature = "encrypted-keys")]
fn decrypt(der: &[u8], passphrase: Passphrase<'_>) -> Result<PrivateKey, LoadErrorKind> {
    super::passphrase::pkcs8(der, passphrase.ok_or(LoadErrorKind::EncryptedKey)?)
}

#[cfg(feature = "encrypted-keys")]
fn decrypt_block(
    block: &Block<'_>,
    passphrase: Passphrase<'_>,
) -> Result<PrivateKey, LoadErrorKind> {
    super::passphrase::dek_info(block, passphrase.ok_or(LoadErrorKind::EncryptedKey)?)
}

#[cfg(not(feature = "encrypted-keys"))]
fn decrypt(_: &[u8], _: Passphrase<'_>) -> Result<PrivateKey, LoadErrorKind> {
    Err(LoadErrorKind::EncryptedKey)
}

#[cfg(not(feature = "encrypted-keys"))]
fn decrypt_block(_: &Block<'_>, _: Passphrase<'_>) -> Result<PrivateKey, LoadErrorKind> {
    Err(LoadErrorKind::EncryptedKey)
}

/// DER that is no key: perhaps a certificate.
fn no_key(bytes: &[u8]) -> LoadErrorKind {
    match file::usable(bytes.to_vec()) {
        Ok(_) => LoadErrorKind::NoPrivateKey {
            instead: vec!["CERTIFICATE".to_owned()],
        },
        Err(_) => LoadErrorKind::UnknownKey("no key by its structure".to_owned()),
    }
}
