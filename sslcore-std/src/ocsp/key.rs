//! Public keys, and what they have signed.

use sslcore::StatusQuestion;
use x509_cert::der::asn1::BitStringRef;
use x509_cert::der::{Decode, Reader, SliceReader};

use super::wire::{Signed, sequence};

/// A public key.
pub(super) struct Key<'a> {
    /// The AlgorithmIdentifier, without its SEQUENCE header.
    algorithm: &'a [u8],
    /// The key itself.
    pub(super) key: &'a [u8],
}

impl<'a> Key<'a> {
    /// Reads a SubjectPublicKeyInfo.
    pub(super) fn of_info(info: &'a [u8]) -> Option<Self> {
        Self::read(sequence(&mut SliceReader::new(info).ok()?).ok()?)
    }

    /// The same without its SEQUENCE header.
    pub(super) fn read(fields: &'a [u8]) -> Option<Self> {
        let mut fields = SliceReader::new(fields).ok()?;
        let algorithm = sequence(&mut fields).ok()?;
        let key = BitStringRef::decode(&mut fields).ok()?.as_bytes()?;
        fields.is_finished().then_some(Self { algorithm, key })
    }

    /// Whether this key made the signature.
    pub(super) fn made(&self, signed: &Signed, question: &StatusQuestion<'_>) -> bool {
        let algorithms = question.algorithms().iter();
        algorithms
            .filter(|algorithm| {
                algorithm.signature_alg_id().as_ref() == signed.algorithm
                    && algorithm.public_key_alg_id().as_ref() == self.algorithm
            })
            .any(|algorithm| {
                let (data, signature) = (&signed.data, &signed.signature);
                algorithm
                    .verify_signature(self.key, data, signature)
                    .is_ok()
            })
    }
}
