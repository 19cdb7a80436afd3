use alloc::vec::Vec;

use super::*;
use crate::crypto::Backend;
use crate::crypto::hash::HashAlgorithm;
use crate::crypto::hash::tests::bytes;
use crate::handshake::key_schedule::rfc_8448::{TRACES, Trace};
use crate::handshake::key_schedule::{Secret, verify_data};

fn backends() -> Vec<Backend> {
    Vec::from([
        Backend::ring(),
        #[cfg(feature = "aws-lc-rs")]
        Backend::aws_lc_rs(),
    ])
}

fn begun(trace: &Trace, backend: &Backend) -> Transcript {
    let hash = backend.hash(HashAlgorithm::Sha256).expect("SHA-256");
    match trace.before {
        None => Transcript::new(hash.clone()),
        Some((first, retry)) => {
            let mut transcript = Transcript::retried(hash.clone(), &bytes(first));
            transcript.add(&bytes(retry));
            transcript
        }
    }
}

#[test]
fn hashes_and_finished_values_are_those_of_rfc_8448() {
    for backend in backends() {
        for trace in TRACES {
            let mut transcript = begun(&trace, &backend);
            let expected = |secret: &str, transcript: &Transcript| {
                let secret = Secret::new(&bytes(secret)).expect("32 bytes");
                let value = verify_data(&**transcript.hash(), &secret, &transcript.current());
                [&[20, 0, 0, 32], value.as_slice()].concat()
            };
            transcript.add(&bytes(trace.client_hello));
            transcript.add(&bytes(trace.server_hello));
            assert_eq!(transcript.current().as_slice(), bytes(trace.hash_of_hellos));
            transcript.add(&bytes(trace.flight));
            let finished = expected(trace.server_handshake, &transcript);
            assert_eq!(finished, bytes(trace.server_finished), "{backend:?}");
            transcript.add(&finished);
            let hash = transcript.current();
            assert_eq!(hash.as_slice(), bytes(trace.hash_of_finished));
            if let Some(finished) = trace.client_finished {
                let expected = expected(trace.client_handshake, &transcript);
                assert_eq!(expected, bytes(finished), "{backend:?}");
            }
        }
    }
}

#[test]
fn it_is_the_same_however_messages_are_cut() {
    let backend = Backend::ring();
    for trace in TRACES {
        let mut transcript = begun(&trace, &backend);
        for message in [trace.client_hello, trace.server_hello] {
            for byte in bytes(message) {
                transcript.add(&[byte]);
            }
        }
        assert_eq!(transcript.current().as_slice(), bytes(trace.hash_of_hellos));
    }
}
