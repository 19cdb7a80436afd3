//! PKCS#12 files: a key and its chain behind one passphrase (RFC 7292).

use std::panic::catch_unwind;
use std::path::Path;

use p12_keystore::Pkcs12Archive;
use p12_keystore::error::Error;
use pkcs8::der::{ErrorKind, Tag};
use rustls_pki_types::CertificateDer;
use sslcore::PrivateKey;

use super::der::{self, Der};
use super::error::{LoadError, LoadErrorKind};
use super::file;
use super::order::from_leaf;
use super::{parameters, sealed};

/// See [`pkcs12`](super::pkcs12).
pub(super) fn pkcs12(
    path: &Path,
    passphrase: &str,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKey), LoadError> {
    let bytes = file::read(path)?;
    let fail = |kind| LoadError::new(path, kind);
    match der::look(&bytes) {
        Der::Pkcs12 if parameters::are_impossible(&bytes) => return Err(fail(impossible())),
        Der::Pkcs12 => {}
        Der::EndsEarly => return Err(fail(LoadErrorKind::EndsEarly)),
        Der::GoesOn => return Err(fail(LoadErrorKind::GoesOn)),
        Der::Ber => return Err(fail(LoadErrorKind::Ber)),
        _ => return Err(fail(LoadErrorKind::NotPkcs12)),
    }
    // What is encrypted twice could not be looked at, and pkcs5 panics at the same in there.
    let opened = catch_unwind(|| Pkcs12Archive::from_pkcs12(&bytes, passphrase));
    let opened = opened.map_err(|_| fail(impossible()))?;
    let archive = opened.map_err(|error| fail(why(error, &bytes)))?;
    let none = |what: &str| vec![format!("PKCS#12 without a {what}")];
    let [bag, ..] = &archive.keys[..] else {
        let instead = none("private key");
        return Err(fail(LoadErrorKind::NoPrivateKey { instead }));
    };
    let key = file::key(bag.key.as_der()).map_err(fail)?;
    let id = bag.local_key_id.as_ref().map(|id| id.as_ref());
    let belongs = |at: &usize| id.is_some() && archive.certs[*at].local_key_id.as_deref() == id;
    let mut all = (0..archive.certs.len()).collect::<Vec<_>>();
    // Without ids, as some programs write it, the first one is the key's.
    let Some(leaf) = all.iter().copied().find(belongs).or(all.first().copied()) else {
        let instead = none("certificate");
        return Err(fail(LoadErrorKind::NoCertificate { instead }));
    };
    all.retain(|at| *at != leaf);
    let certificates = std::iter::once(leaf).chain(all);
    let certificates =
        certificates.map(|at| file::usable(archive.certs[at].cert.as_der().to_vec()).map_err(fail));
    let (chain, _) = from_leaf(certificates.collect::<Result<_, _>>()?);
    Ok((chain, key))
}

fn impossible() -> LoadErrorKind {
    LoadErrorKind::DamagedStore("the parameters of its encryption make no sense".to_owned())
}

fn why(error: Error, store: &[u8]) -> LoadErrorKind {
    match error {
        // What is authenticated has no other way to be wrong, but for damage. The others are of
        // files that have no authentication code.
        Error::MacError(_) | Error::UnpadError | Error::Pkcs5Error(_) => {
            LoadErrorKind::WrongPassphrase
        }
        Error::UnsupportedEncryptionScheme | Error::UnsupportedMacAlgorithm => {
            LoadErrorKind::UnknownEncryption(error.to_string())
        }
        Error::DerError(error) => match error.kind() {
            ErrorKind::OidUnknown { oid } => {
                LoadErrorKind::UnknownEncryption(format!("algorithm {oid}"))
            }
            ErrorKind::Value {
                tag: Tag::BmpString,
            } => LoadErrorKind::UnknownEncryption(
                "with a passphrase that has characters beyond U+FFFE".to_owned(),
            ),
            // A wrong passphrase gives valid padding once in some 250 times, and then noise.
            _ if sealed::is_whole(store) => LoadErrorKind::WrongPassphrase,
            _ => LoadErrorKind::DamagedStore(error.to_string()),
        },
        Error::InvalidPrivateKey if sealed::is_whole(store) => LoadErrorKind::WrongPassphrase,
        Error::InvalidParameters => LoadErrorKind::UnknownEncryption(
            "its parameters make no sense, or cost more than any file should".to_owned(),
        ),
        other => LoadErrorKind::DamagedStore(other.to_string()),
    }
}
