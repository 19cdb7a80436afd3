//! What `sslcore-std` reads: files of certificates, lists and keys, PKCS#12, and OCSP responses.

use std::path::PathBuf;
use std::time::Duration;
use std::{env, fs, process, thread};

use sslcore::testing::{backend_without_security, known_identity};
use sslcore::{Certificate, StatusQuestion, UnixTime};
use sslcore_std::ocsp::{Response, errors};
use sslcore_std::trust;

use crate::configs::TODAY;
use crate::input::Input;

/// The passphrase of every seed.
const PASSPHRASE: &str = "secret";

/// One byte says what the rest is read as.
pub fn files(data: &[u8]) {
    let mut input = Input(data);
    match input.byte() % 8 {
        0 => ocsp(input.0),
        kind => file(kind, input.0),
    }
}

fn ocsp(der: &[u8]) {
    if let Ok(response) = Response::from_der(der) {
        _ = (
            response.status(),
            response.this_update(),
            response.next_update(),
        );
        _ = (
            response.produced_at(),
            response.serial(),
            response.responder(),
        );
        _ = (
            response.certificates().count(),
            response.signed_certificate_timestamps(),
        );
    }
    let certificate = Certificate::from_der(known_identity().0.remove(0));
    let now = UnixTime::since_unix_epoch(Duration::from_secs(TODAY));
    let backend = backend_without_security(1);
    let question = StatusQuestion::new(der, &certificate, &certificate, Some(now), &backend);
    let found = errors(&question);
    assert_eq!(found, errors(&question), "R12");
    assert!(!found.is_empty() || Response::from_der(der).is_ok());
}

fn file(kind: u8, content: &[u8]) {
    let file = File::new(content);
    let path = &file.0;
    match kind {
        1 => {
            if let Ok(certificates) = trust::certificates_from_file(path) {
                assert!(!certificates.is_empty());
                let chain = trust::leaf_first(certificates.clone());
                assert_eq!(chain.len(), certificates.len());
            }
        }
        2 => {
            if let Ok(lists) = trust::revocation_lists(path) {
                assert!(!lists.is_empty());
            }
        }
        3 => said(trust::private_key(path)),
        4 => said(trust::private_key_with_passphrase(path, PASSPHRASE)),
        5 => said(trust::pkcs12(path, PASSPHRASE)),
        6 => said(trust::identity(path, path)),
        _ => said(trust::certificates(path)),
    }
}

/// An error is a sentence, and can be shown.
fn said<T>(result: Result<T, trust::LoadError>) {
    if let Err(error) = result {
        let text = error.to_string();
        assert!(
            !text.is_empty() && !text.chars().any(char::is_control),
            "{text:?}"
        );
    }
}

/// A file, for as long as it is read.
struct File(PathBuf);

impl File {
    fn new(content: &[u8]) -> Self {
        let memory = PathBuf::from("/dev/shm");
        let folder = if memory.is_dir() {
            memory
        } else {
            env::temp_dir()
        };
        let name = format!(
            "sslcore-fuzz-{}-{:?}",
            process::id(),
            thread::current().id()
        );
        let path = folder.join(name);
        fs::write(&path, content).expect("a file in memory");
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        _ = fs::remove_file(&self.0);
    }
}
