//! What one file holds.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use rustls_pki_types::CertificateDer;
use sslcore::{PrivateKey, PrivateKeyError, RevocationList, RevocationListError};
use zeroize::Zeroizing;

use super::der::{self, Der};
use super::error::{LoadError, LoadErrorKind, Place};
use super::pem::{self, Block};
use super::text;

/// The longest file that is read. All roots of a system have a quarter of a megabyte.
const LIMIT: u64 = 16 * 1024 * 1024;
/// Half of what is read at first from what does not say its length.
const PIPE: usize = 4096;

pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, LoadError> {
    certificates_in(path, &read(path)?)
}

/// The same of a file that was read.
pub(super) fn certificates_in(
    path: &Path,
    bytes: &[u8],
) -> Result<Vec<CertificateDer<'static>>, LoadError> {
    let fail = |place, kind| LoadError::at(path, place, kind);
    if !pem::is_pem(bytes) {
        let instead = match known_der(path, bytes)? {
            Der::PrivateKey | Der::EncryptedKey => "PRIVATE KEY (DER)",
            Der::Message => "PKCS7 (DER)",
            Der::OcspResponse => "OCSP response (DER)",
            Der::Request => "CERTIFICATE REQUEST (DER)",
            _ => match usable(bytes.to_vec()) {
                Ok(certificate) => return Ok(vec![certificate]),
                Err(_) if is_list(bytes) => "X509 CRL (DER)",
                Err(kind) => return Err(fail(None, kind)),
            },
        };
        let instead = vec![instead.to_owned()];
        return Err(fail(None, LoadErrorKind::NoCertificate { instead }));
    }
    let mut certificates = Vec::new();
    let blocks = blocks(path, bytes)?;
    for block in &blocks {
        if block.label == "CERTIFICATE" {
            let certificate = block.decode().and_then(|der| usable(der.to_vec()));
            certificates.push(certificate.map_err(|kind| fail(Some(block.place), kind))?);
        }
    }
    if certificates.is_empty() {
        let instead = pem::labels(&blocks);
        return Err(fail(None, LoadErrorKind::NoCertificate { instead }));
    }
    Ok(certificates)
}

pub(super) fn revocation_lists(path: &Path) -> Result<Vec<RevocationList>, LoadError> {
    let bytes = read(path)?;
    let fail = |place, kind| LoadError::at(path, place, kind);
    if !pem::is_pem(&bytes) {
        let instead = match known_der(path, &bytes)? {
            Der::PrivateKey | Der::EncryptedKey => "PRIVATE KEY (DER)",
            Der::Request => "CERTIFICATE REQUEST (DER)",
            _ if usable(bytes.to_vec()).is_ok() => "CERTIFICATE (DER)",
            _ => return Ok(vec![list(bytes.to_vec()).map_err(|kind| fail(None, kind))?]),
        };
        let instead = vec![instead.to_owned()];
        return Err(fail(None, LoadErrorKind::NoRevocationList { instead }));
    }
    let mut lists = Vec::new();
    let blocks = blocks(path, &bytes)?;
    for block in blocks.iter().filter(|block| block.label == "X509 CRL") {
        let decoded = block.decode().and_then(|der| list(der.to_vec()));
        lists.push(decoded.map_err(|kind| fail(Some(block.place), kind))?);
    }
    if lists.is_empty() {
        let instead = pem::labels(&blocks);
        return Err(fail(None, LoadErrorKind::NoRevocationList { instead }));
    }
    Ok(lists)
}

/// A list that a configuration takes.
fn list(bytes: Vec<u8>) -> Result<RevocationList, LoadErrorKind> {
    if der::look(&bytes) == Der::EndsEarly {
        return Err(LoadErrorKind::EndsEarly);
    }
    RevocationList::from_der(bytes).map_err(LoadErrorKind::NotARevocationList)
}

/// Whether this is a list, of whatever kind.
fn is_list(bytes: &[u8]) -> bool {
    !matches!(
        RevocationList::from_der(bytes.to_vec()),
        Err(RevocationListError::NotAList)
    )
}

/// A private key that is not encrypted.
pub(super) fn key(der: &[u8]) -> Result<PrivateKey, LoadErrorKind> {
    PrivateKey::from_der(der).map_err(|error| match error {
        PrivateKeyError::Encrypted => LoadErrorKind::EncryptedKey,
        PrivateKeyError::Damaged(why) => LoadErrorKind::DamagedKey(why),
        PrivateKeyError::Unsupported(what) => LoadErrorKind::UnknownKey(what),
        _ => LoadErrorKind::UnknownKey("no key by its structure".to_owned()),
    })
}

/// A certificate that could be a trust anchor: that asks no more than to be a certificate, in a
/// version and with extensions that are understood.
pub(super) fn usable(bytes: Vec<u8>) -> Result<CertificateDer<'static>, LoadErrorKind> {
    if der::look(&bytes) == Der::EndsEarly {
        return Err(LoadErrorKind::EndsEarly);
    }
    let certificate = CertificateDer::from(bytes);
    match webpki::anchor_from_trusted_cert(&certificate) {
        Ok(_) => Ok(certificate),
        Err(error) => Err(LoadErrorKind::NotACertificate(error.to_string())),
    }
}

/// A whole file; what is UTF-16 in UTF-8. It may be a private key, so nothing of it is left behind: a buffer that grew by
/// itself would leave what it held.
pub(super) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, LoadError> {
    let mut bytes = Zeroizing::new(Vec::new());
    let read = File::open(path).and_then(|file| {
        let len = file.metadata()?.len().min(LIMIT);
        // One more, to notice the end.
        bytes.resize(usize::try_from(len + 1).unwrap_or_default(), 0);
        fill(file.take(LIMIT + 1), &mut bytes)
    });
    read.map_err(|error| LoadError::new(path, LoadErrorKind::Unreadable(error)))?;
    match bytes.len() as u64 {
        0 => Err(LoadError::new(path, LoadErrorKind::Empty)),
        len if len > LIMIT => Err(LoadError::new(
            path,
            LoadErrorKind::TooLarge { limit: LIMIT },
        )),
        _ => Ok(text::from_utf16(&bytes).unwrap_or(bytes)),
    }
}

/// Reads all there is. What says no length, as a pipe, or becomes longer meanwhile, is moved to
/// ever larger buffers, and those before are wiped.
fn fill(mut from: impl Read, bytes: &mut Zeroizing<Vec<u8>>) -> io::Result<()> {
    let mut len = 0;
    loop {
        if len == bytes.len() {
            let mut larger = Zeroizing::new(vec![0; len.max(PIPE) * 2]);
            larger[..len].copy_from_slice(&bytes[..len]);
            *bytes = larger;
        }
        match from.read(&mut bytes[len..]) {
            Ok(0) => break,
            Ok(more) => len += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(len);
    Ok(())
}

pub(super) fn blocks<'a>(path: &Path, text: &'a [u8]) -> Result<Vec<Block<'a>>, LoadError> {
    pem::blocks(text).map_err(|(place, kind): (Place, _)| LoadError::at(path, Some(place), kind))
}

/// What a file that is not PEM holds, if that is worth a closer look.
pub(super) fn known_der(path: &Path, bytes: &[u8]) -> Result<Der, LoadError> {
    let kind = match der::look(bytes) {
        Der::Not => LoadErrorKind::NeitherPemNorDer,
        Der::EndsEarly => LoadErrorKind::EndsEarly,
        Der::GoesOn => LoadErrorKind::GoesOn,
        Der::Ber => LoadErrorKind::Ber,
        Der::Pkcs12 => LoadErrorKind::Pkcs12,
        known => return Ok(known),
    };
    Err(LoadError::new(path, kind))
}
