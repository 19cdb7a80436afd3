use super::*;
use crate::crypto::Backend;
use crate::crypto::hash::tests::bytes;
use crate::handshake::extensions::number;
use crate::handshake::key_schedule::rfc_8448;
use crate::handshake::wire::client_hello::HelloMessage;
use crate::handshake::wire::pre_shared_key::OfferedPsks;
use crate::record::messages::FRAME;

/// The key that RFC 8448 §4 resumes, under a label.
fn resumed(label: &'static [u8]) -> Psk {
    let backend = Backend::ring();
    let hash = backend.hash(HashAlgorithm::Sha256).expect("SHA-256");
    Psk {
        identity: Vec::new(),
        early: early_secret(&**hash, &bytes(rfc_8448::RESUMED_KEY)),
        hash: hash.clone(),
        label,
        age: None,
    }
}

#[test]
fn the_binder_of_a_resumed_session_is_that_of_rfc_8448() {
    let framed = [&[0; FRAME][..], &bytes(rfc_8448::RESUMED_HELLO)].concat();
    let hello = HelloMessage::read(framed).expect("a ClientHello");
    let content = hello.extensions().find(number::PRE_SHARED_KEY);
    let offered = OfferedPsks::read(content.expect("a key")).expect("whole");
    assert_eq!(offered.identities().count(), 1);
    let binder = offered.binder(0).expect("a binder");
    let message = hello.message();
    let truncated = &message[..message.len() - offered.truncated];
    let first = Before::default();
    let hash = first.transcript(&resumed(b"").hash).hash().hash(truncated);
    assert_eq!(hash.as_slice(), bytes(rfc_8448::HASH_OF_TRUNCATED));
    assert_eq!(
        resumed(b"res binder").binder(&first, truncated).as_slice(),
        binder
    );
    assert!(resumed(b"res binder").is_proven(&first, truncated, binder));
    for label in [&b"ext binder"[..], b"imp binder"] {
        assert!(!resumed(label).is_proven(&first, truncated, binder));
    }
    let key = resumed(b"res binder");
    assert!(!key.is_proven(&first, truncated, &binder[..31]));
    assert!(!key.is_proven(&first, truncated, &[]));
    assert!(!key.is_proven(&first, &truncated[..truncated.len() - 1], binder));
}

#[test]
fn a_binder_behind_a_retry_vouches_for_both_messages_before_it() {
    let (first, retry) = rfc_8448::RETRIED.before.expect("a retry");
    let (first, retry) = (bytes(first), bytes(retry));
    let key = resumed(b"ext binder");
    let before = Before(Some((first.clone(), retry.clone())));
    let binder = key.binder(&before, b"hello");
    assert!(key.is_proven(&before, b"hello", binder.as_slice()));
    assert!(!key.is_proven(&Before::default(), b"hello", binder.as_slice()));
    for place in 0..2 {
        let mut both = [first.clone(), retry.clone()];
        both[place][40] ^= 1;
        let [first, retry] = both;
        let other = Before(Some((first, retry)));
        assert!(
            !key.is_proven(&other, b"hello", binder.as_slice()),
            "{place}"
        );
    }
}
