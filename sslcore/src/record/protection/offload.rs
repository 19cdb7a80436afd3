//! One direction whose key others have, or are to have.

use alloc::boxed::Box;

use zeroize::Zeroize;

use super::{KeyMaterial, Protection};
use crate::record::header::MAX_PLAINTEXT;
use crate::record::offload::{Absent, Custody, Holder, RecordLayout, TrafficKeys, unused_nonces};

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
            aead: Box::new(Absent),
            iv: material.iv.clone(),
            seq: 0,
            custody: Custody::new(Holder::Nobody, material.algorithm, &material.key),
            ..*self
        })
    }
}
