use alloc::format;
use alloc::vec::Vec;

use super::*;

const KEY: [u8; 32] = [7; 32];

fn key(identity: &str) -> PreSharedKey {
    PreSharedKey::new(identity, KEY).expect("a key")
}

const RULES: KeyRules = KeyRules {
    allows_short: false,
    available: [true, true],
    hashes: [true, false],
    most: 8,
};

#[test]
fn lengths_have_their_bounds() {
    use PreSharedKeyError as E;
    let made = |identity: usize, len: usize| {
        PreSharedKey::new(alloc::vec![b'i'; identity], alloc::vec![1; len]).map(|_| ())
    };
    assert_eq!(made(0, 32), Err(E::EmptyIdentity));
    assert_eq!(made(1, 0), Err(E::EmptyKey));
    assert_eq!((made(1, 1), made(1024, 512)), (Ok(()), Ok(())));
    assert_eq!(made(1025, 32), Err(E::IdentityTooLong(1025)));
    assert_eq!(made(1, 513), Err(E::KeyTooLong(513)));
    let context = |len: usize| key("i").imported(alloc::vec![0; len]).map(|_| ());
    assert_eq!((context(0), context(1024)), (Ok(()), Ok(())));
    assert_eq!(context(1025), Err(E::ContextTooLong(1025)));
}

#[test]
fn a_list_is_checked_by_its_rules() {
    use PreSharedKeyError as E;
    let short = PreSharedKey::new("short", [1; 15]).expect("a key");
    let sha384 = key("other").with_hash(HashAlgorithm::Sha384);
    let imported = sha384.clone().imported("").expect("a context");
    assert_eq!(RULES.check(&[key("a"), key("b"), imported.clone()]), Ok(()));
    assert_eq!(
        RULES.check(&[key("a"), short.clone()]),
        Err((1, E::ShortKey(15)))
    );
    assert_eq!(RULES.check(&[sha384]), Err((0, E::NoCipherSuite)));
    assert_eq!(
        RULES.check(&[key("a"), key("b"), key("a")]),
        Err((2, E::Repeated))
    );
    assert_eq!(RULES.check(&[key("other"), imported.clone()]), Ok(()));
    let nine: Vec<_> = (0..9).map(|i| key(&format!("{i}"))).collect();
    assert_eq!(RULES.check(&nine[..8]), Ok(()));
    assert_eq!(RULES.check(&nine), Err((8, E::TooMany(9))));
    let without = KeyRules {
        available: [true, false],
        ..RULES
    };
    assert_eq!(
        without.check(core::slice::from_ref(&imported)),
        Err((0, E::NoCipherSuite))
    );
    let rules = KeyRules {
        allows_short: true,
        ..RULES
    };
    assert_eq!(rules.check(&[short]), Ok(()));
}

#[test]
fn the_key_is_not_shown() {
    let shown = format!(
        "{:?}",
        PreSharedKey::new("name", *b"top secret of 23 bytes!")
    );
    assert!(shown.contains("110, 97, 109, 101"), "{shown}");
    assert!(!shown.contains("116, 111, 112"), "{shown}");
}

#[test]
fn all_of_a_key_is_compared() {
    assert_eq!(key("a"), key("a"));
    let other = PreSharedKey::new("a", [8; 32]).expect("a key");
    assert_ne!(key("a"), key("b"));
    assert_ne!(key("a"), other);
    assert_ne!(key("a"), key("a").with_hash(HashAlgorithm::Sha384));
    assert_ne!(key("a"), key("a").imported("").expect("a context"));
}
