//! The good signatures of peers that were trusted: the next handshake with one of them, resumed or
//! not, checks none of them again, and its chain all the same.

use alloc::collections::VecDeque;
use alloc::sync::Arc;

use rustls_pki_types::SignatureVerificationAlgorithm;
use spin::Mutex;

use crate::crypto::hash::Hash;

/// Signatures that are remembered, 32 bytes each.
const SIGNATURES: usize = if cfg!(target_os = "none") { 16 } else { 512 };

/// SHA-256 of a signature and all that it was checked with. Whether it is good depends on nothing else.
pub(super) type Digest = [u8; 32];

/// What one configuration remembers.
pub(crate) struct VerifiedSignatures {
    sha256: Arc<dyn Hash>,
    /// The oldest first.
    known: Mutex<VecDeque<Digest>>,
}

impl VerifiedSignatures {
    pub(crate) fn new(sha256: Arc<dyn Hash>) -> Self {
        Self {
            sha256,
            known: Mutex::default(),
        }
    }

    /// `None` when there is no telling, which is never so with SHA-256.
    pub(super) fn digest(
        &self,
        algorithm: &dyn SignatureVerificationAlgorithm,
        key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Option<Digest> {
        let mut hash = self.sha256.start();
        let (of_key, of_signature) = (algorithm.public_key_alg_id(), algorithm.signature_alg_id());
        let parts = [&*of_key, &*of_signature, key, signature, message];
        // All lengths come first: they say where a part ends.
        let lengths = parts.map(|part| (part.len() as u64).to_be_bytes());
        hash.update(lengths.as_flattened());
        parts.iter().for_each(|part| hash.update(part));
        hash.finish().as_slice().try_into().ok()
    }

    pub(super) fn has(&self, digest: &Digest) -> bool {
        self.known.lock().contains(digest)
    }

    /// Takes the place of the oldest when there are too many.
    pub(super) fn remember(&self, digest: Digest) {
        let mut known = self.known.lock();
        if known.contains(&digest) {
            return;
        }
        if known.len() >= SIGNATURES {
            known.pop_front();
        }
        known.push_back(digest);
    }
}

#[cfg(all(test, feature = "ring"))]
mod tests {
    use super::*;
    use crate::crypto::Backend;

    #[test]
    fn every_part_of_a_question_makes_another() {
        let ring = Backend::ring();
        let known = VerifiedSignatures::new(ring.sha256().expect("ring hashes").clone());
        let algorithms = ring.verified_algorithms();
        let (one, other) = (algorithms[0], algorithms[1]);
        let digests = [
            known.digest(one, b"key", b"message", b"signature"),
            known.digest(other, b"key", b"message", b"signature"),
            known.digest(one, b"keys", b"message", b"signature"),
            known.digest(one, b"key", b"messages", b"signature"),
            known.digest(one, b"key", b"message", b"signatures"),
            known.digest(one, b"ke", b"message", b"ysignature"),
            known.digest(one, b"key", b"emessage", b"signatur"),
        ]
        .map(|digest| digest.expect("SHA-256 has 32 bytes"));
        known.remember(digests[0]);
        let has = digests.map(|digest| known.has(&digest));
        assert_eq!(has, [true, false, false, false, false, false, false]);
    }

    #[test]
    fn the_oldest_makes_room() {
        let ring = Backend::ring();
        let known = VerifiedSignatures::new(ring.sha256().expect("ring hashes").clone());
        let digest = |number: usize| {
            let mut digest = [0; 32];
            digest[..8].copy_from_slice(&number.to_be_bytes());
            digest
        };
        for number in 0..SIGNATURES {
            known.remember(digest(number));
            known.remember(digest(number));
        }
        assert!((0..SIGNATURES).all(|number| known.has(&digest(number))));
        known.remember(digest(SIGNATURES));
        assert!(!known.has(&digest(0)));
        assert!((1..=SIGNATURES).all(|number| known.has(&digest(number))));
    }
}
