//! One direction whose key others have, or are to have.

use alloc::boxed::Box;

use zeroize::Zeroize;

use super::{KeyMaterial, Protection};
use crate::record::header::MAX_PLAINTEXT;
use crate::record::offload::{
    Absent, Custody, Holder, RecordLayout, TrafficKeys, Untaken, unused_nonces,
};

impl Protection {
    /// What others need to go on from here.
    pub(crate) fn keys(&self) -> TrafficKeys {
        let mut iv = self.iv.clone();
        if self.explicit_nonce {
            if let Some(last) = iv.last_chunk_mut() {
                *last = unused_nonces(u64::from_be_bytes(*last), self.seq).to_be_bytes();
            }
        }
        self.custody.keys(self.version, iv, self.seq)
    }

    /// Others have the key from now on; nothing is left of it here.
    pub(crate) fn hand_over(&mut self, renewable: bool) {
        self.aead = Box::new(Absent); // of no size: nothing is allocated
        self.iv.zeroize();
        self.custody.hand_over(renewable);
        // What others opened comes in pieces as long as there is room for.
        self.max_content = MAX_PLAINTEXT as u16;
    }

    /// Whether others seal or open.
    pub(crate) fn is_handed_over(&self) -> bool {
        self.custody.holder != Holder::Us
    }

    /// Whether others have yet to take the key, and nobody can seal or open meanwhile.
    pub(crate) fn is_untaken(&self) -> bool {
        self.custody.holder == Holder::Nobody
    }

    /// Whether there cannot be another key.
    pub(crate) fn is_for_good(&self) -> bool {
        self.custody.holder == Holder::OthersForGood
    }

    /// Others have sealed as many records.
    pub(crate) fn count(&mut self, records: u64) {
        self.seq = self.seq.saturating_add(records);
    }

    /// How records without protection lie in the buffers.
    pub(crate) fn layout(&self) -> RecordLayout {
        RecordLayout::new(self.prefix(), self.inner_type() > 0)
    }

    /// The next key, for those who have the one before it.
    pub(super) fn renewed_elsewhere(&self, material: &KeyMaterial) -> Option<Self> {
        self.is_handed_over().then(|| Self {
            aead: Box::new(Untaken),
            iv: material.iv.clone(),
            seq: 0,
            custody: Custody::new(Holder::Nobody, material.algorithm, &material.key),
            ..*self
        })
    }
}

#[cfg(all(test, feature = "ring"))]
mod tests {
    use super::*;
    use crate::crypto::{AeadAlgorithm, Backend, NONCE_LEN};
    use crate::protocol::SslProtocol;
    use crate::record::header::{ContentType, Header};

    fn protection() -> Protection {
        let material = KeyMaterial::new(AeadAlgorithm::Aes128Gcm, &[7; 16], [9; NONCE_LEN]);
        let material = material.expect("a key");
        let protection = Protection::new(&Backend::ring(), SslProtocol::TlsV1_3, &material, 3);
        protection.expect("a key")
    }

    #[test]
    fn nothing_of_a_key_is_left_with_who_has_handed_it_over() {
        let mut protection = protection();
        let before = protection.keys();
        assert_eq!((before.key(), before.iv()), (&[7; 16][..], &[9; NONCE_LEN]));
        assert_eq!(before.sequence_number(), 3);
        protection.hand_over(true);
        let after = protection.keys();
        assert_eq!((after.key(), after.iv()), (&[0; 16][..], &[0; NONCE_LEN]));
    }

    #[test]
    fn nothing_is_sealed_or_opened_under_a_key_that_nobody_has() {
        let mut protection = protection();
        let next = KeyMaterial::new(AeadAlgorithm::Aes128Gcm, &[8; 16], [1; NONCE_LEN]);
        let next = next.expect("a key");
        protection.hand_over(true);
        let seal = |protection: &Protection, out: &mut [u8]| {
            protection.seal_again(0, ContentType::ApplicationData, b"secret", out)
        };
        let mut record = [0; 6 + 5 + 1 + 16];
        seal(&protection, &mut record).expect("others protect it");
        let header = Header::read_later(&record, 100).ok().flatten();
        let header = header.expect("a record");
        let mut renewed = protection.renewed(&Backend::ring(), &next).expect("a key");
        assert!(renewed.open(header, &mut record.clone()).is_err());
        assert!(seal(&renewed, &mut record).is_err());
        renewed.hand_over(true);
        assert!(seal(&renewed, &mut record).is_ok());
        assert!(renewed.open(header, &mut record).is_ok());
    }

    #[test]
    fn what_others_open_may_come_in_pieces_of_any_length() {
        let mut protection = protection();
        protection.set_max_content(100);
        protection.hand_over(false);
        assert_eq!(protection.max_content(), MAX_PLAINTEXT);
    }
}
