//! The bare AEAD of the backend: as many seals and opens, of the same sizes, with the same
//! additional data. Each body is sealed where it lies and opened where it lies, so nothing is
//! copied but the tags: what no protocol on top can beat.

use sslcore::crypto::{AeadAlgorithm, NONCE_LEN, RecordAead, TAG_LEN};

use super::{Contender, Scenario};

pub(super) struct Raw {
    seal: Box<dyn RecordAead>,
    open: Box<dyn RecordAead>,
    /// The inner content type of TLS 1.3.
    inner_type: usize,
    aad: Vec<u8>,
    seq: u64,
    bodies: Vec<u8>,
}

impl Raw {
    pub(super) fn new(scenario: &Scenario) -> Self {
        let key = [7; 32];
        let key = &key[..AeadAlgorithm::key_len(scenario.aead)];
        let make = || scenario.backend.aead(scenario.aead, key).expect("a key");
        Self {
            seal: make(),
            open: make(),
            inner_type: usize::from(scenario.tls13),
            aad: vec![3; if scenario.tls13 { 5 } else { 13 }],
            seq: 0,
            bodies: Vec::new(),
        }
    }
}

fn nonce(seq: u64) -> [u8; NONCE_LEN] {
    let mut nonce = [0; NONCE_LEN];
    nonce[4..].copy_from_slice(&seq.to_be_bytes());
    nonce
}

impl Contender for Raw {
    fn trip(&mut self, data: &[u8], write: usize, sink: &mut dyn FnMut(&[u8])) {
        let slot = write + self.inner_type + TAG_LEN;
        if self.bodies.len() != data.chunks(write).len() * slot {
            self.bodies.clear();
            for piece in data.chunks(write) {
                self.bodies.extend_from_slice(piece);
                self.bodies.resize(self.bodies.len() + slot - write, 23);
            }
        }
        let first = self.seq;
        for body in self.bodies.chunks_mut(slot) {
            let (inner, tag) = body.split_at_mut(slot - TAG_LEN);
            let sealed = self.seal.seal(&nonce(self.seq), &self.aad, inner);
            tag.copy_from_slice(&sealed.expect("sealed"));
            self.seq += 1;
        }
        for (seq, body) in (first..).zip(self.bodies.chunks_mut(slot)) {
            let opened = self.open.open(&nonce(seq), &self.aad, body);
            opened.expect("just sealed");
            sink(&body[..write]);
        }
    }
}
