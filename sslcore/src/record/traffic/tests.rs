//! How much room records need.

use super::*;
use crate::crypto::{AeadAlgorithm, NONCE_LEN};

/// What is not asked.
struct Mute;

impl PostHandshake for Mute {
    fn next_transmit_key(&mut self) -> Result<KeyMaterial, Failure> {
        unreachable!("no key is renewed")
    }

    fn next_receive_key(&mut self) -> Result<KeyMaterial, Failure> {
        unreachable!("no key is renewed")
    }

    fn takes_tickets(&self) -> bool {
        false
    }

    fn session_ticket(&mut self, _: &[u8], _: Now) -> Result<u32, Failure> {
        unreachable!("there are no tickets")
    }
}

/// With records of at most 100 bytes of plaintext.
fn traffic() -> Traffic {
    let backend = Backend::ring();
    let protection = || {
        let key = KeyMaterial::new(AeadAlgorithm::Aes128Gcm, &[1; 16], [2; NONCE_LEN]);
        let key = key.expect("it has the right length");
        Protection::new(&backend, SslProtocol::TlsV1_3, &key, 0).expect("ring has AES")
    };
    let hand_off = HandOff {
        tx: protection(),
        rx: protection(),
        post: Box::new(Mute),
        confidentiality_limit: u64::MAX,
        sizes: RecordSizes::default(),
    };
    let terms = RecordTerms {
        backend: backend.clone(),
        max_fragment: 100,
        records_per_key: 1000,
    };
    Traffic::new(hand_off, Alerts::default(), &terms, true, 10_000)
}

#[test]
fn several_records_need_the_room_of_each() {
    let records = traffic();
    let each = |payloads: &[usize]| -> usize {
        let rooms = payloads.iter().map(|payload| records.room_for(*payload));
        rooms.sum()
    };
    assert_eq!(records.room_for_all(30), each(&[30]));
    assert_eq!(records.room_for_all(130), each(&[100, 30]));
    assert_eq!(records.room_for_all(330), each(&[100, 100, 100, 30]));
    assert_eq!(records.room_for_all(usize::MAX), usize::MAX);
}
