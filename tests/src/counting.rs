//! A backend that counts the signatures that it checks.

use std::cell::Cell;
use std::sync::LazyLock;

use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
use rustls_pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm};
use sslcore::crypto::Backend;

use crate::pair::backend;

thread_local! {
    static CHECKS: Cell<usize> = const { Cell::new(0) };
}

#[derive(Debug)]
struct Counted(&'static dyn SignatureVerificationAlgorithm);

impl SignatureVerificationAlgorithm for Counted {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        CHECKS.set(CHECKS.get() + 1);
        self.0.verify_signature(public_key, message, signature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.0.public_key_alg_id()
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.0.signature_alg_id()
    }
}

/// The backend of the tests, with certificates' signatures counted.
pub fn counting() -> Backend {
    static COUNTING: LazyLock<Backend> = LazyLock::new(|| {
        let mut provider = CryptoProvider::clone(backend().provider());
        let algorithms = &mut provider.signature_verification_algorithms;
        let counted = algorithms.all.iter().map(|algorithm| {
            let counted: &'static dyn SignatureVerificationAlgorithm =
                Box::leak(Box::new(Counted(*algorithm)));
            counted
        });
        let all = counted.collect::<Vec<_>>().leak();
        *algorithms = WebPkiSupportedAlgorithms { all, ..*algorithms };
        Backend::custom("counting", provider, |algorithm, key| {
            backend().aead(algorithm, key)
        })
    });
    COUNTING.clone()
}

/// What the work comes to, and how many signatures [`counting`] checked on this thread for it.
pub fn checks<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = CHECKS.get();
    let outcome = work();
    (outcome, CHECKS.get() - before)
}
