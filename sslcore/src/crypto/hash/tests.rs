use alloc::vec::Vec;

use super::*;
use crate::crypto::Backend;

/// Every shape in which hash functions come: the libraries' own, those of a rustls provider, and HMAC
/// over nothing but a hash function.
fn all() -> Vec<(&'static str, Hashes)> {
    let of = |backend: &Backend| Hashes::new(|algorithm| backend.hash(algorithm).cloned());
    let ring = Backend::ring();
    #[cfg(feature = "rustls")]
    let custom = {
        let provider = rustls::crypto::ring::default_provider();
        let ring = ring.clone();
        Backend::custom("a provider's", provider, move |it, key| ring.aead(it, key))
    };
    let bare = Hashes::new(|algorithm| Some(Arc::new(Bare(ring.hash(algorithm)?.clone())) as _));
    Vec::from([
        ("ring", of(&ring)),
        #[cfg(feature = "aws-lc-rs")]
        ("aws-lc-rs", of(&Backend::aws_lc_rs())),
        #[cfg(feature = "rustcrypto")]
        ("rustcrypto", crate::crypto::rustcrypto::hash::hashes()),
        #[cfg(feature = "rustls")]
        ("a provider's", of(&custom)),
        ("without HMAC", bare),
    ])
}

struct Bare(Arc<dyn Hash>);

impl Hash for Bare {
    fn algorithm(&self) -> HashAlgorithm {
        self.0.algorithm()
    }

    fn start(&self) -> Box<dyn HashContext> {
        self.0.start()
    }
}

#[test]
fn a_hash_can_be_looked_at_while_it_goes_on() {
    each(|name, hash| {
        let mut running = hash.start();
        assert_eq!(running.current().as_slice(), hash.hash(b"").as_slice());
        running.update(b"a");
        assert_eq!(
            running.current().as_slice(),
            hash.hash(b"a").as_slice(),
            "{name}"
        );
        running.update(b"bc");
        let (looked, whole) = (running.current(), running.finish());
        assert_eq!(looked.as_slice(), hash.hash(b"abc").as_slice());
        assert_eq!(looked.as_slice(), whole.as_slice());
    });
}

/// What hexadecimal digits say, whatever stands between them.
pub(crate) fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u32> = hex.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits
        .chunks(2)
        .map(|pair| (pair[0] * 16 + pair[1]) as u8)
        .collect()
}

/// Calls `check` with every implementation of both algorithms.
fn each(mut check: impl FnMut(&str, &dyn Hash)) {
    for (name, hashes) in all() {
        for algorithm in HashAlgorithm::ALL {
            let hash = hashes.get(algorithm).expect("both are there");
            assert_eq!(hash.algorithm(), algorithm, "{name}");
            check(name, &**hash);
        }
    }
}

#[test]
fn hashes_are_those_of_fips_180() {
    each(|name, hash| {
        let expected = bytes(match hash.algorithm() {
            HashAlgorithm::Sha256 => {
                "ba7816bf 8f01cfea 414140de 5dae2223 b00361a3 96177a9c b410ff61 f20015ad"
            }
            HashAlgorithm::Sha384 => {
                "cb00753f 45a35e8b b5a03d69 9ac65007 272c32ab 0eded163 1a8b605a 43ff5bed
                 8086072b a1e7cc23 58baeca1 34c825a7"
            }
        });
        assert_eq!(hash.hash(b"abc").as_slice(), expected, "{name}");
        let mut context = hash.start();
        context.update(b"a");
        context.update(b"bc");
        assert_eq!(context.finish().as_slice(), expected, "{name}");
        assert_eq!(expected.len(), hash.algorithm().output_len());
    });
}

/// Test cases 2 and 6: a short key, and one longer than a block.
#[test]
fn macs_are_those_of_rfc_4231() {
    each(|name, hash| {
        let (short, long) = match hash.algorithm() {
            HashAlgorithm::Sha256 => (
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
            HashAlgorithm::Sha384 => (
                "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e
                 8e2240ca5e69e2c78b3239ecfab21649",
                "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c6
                 0c2ef6ab4030fe8296248df163f44952",
            ),
        };
        let mac = hash.hmac(b"Jefe", b"what do ya ", &[b"want ", b"for "], b"nothing?");
        assert_eq!(mac.as_slice(), bytes(short), "{name}");
        let message = b"Test Using Larger Than Block-Size Key - Hash Key First";
        let mac = hash.hmac(&[0xaa; 131], b"", &[message], b"");
        assert_eq!(mac.as_slice(), bytes(long), "{name}");
    });
}

/// Appendix A.1 and A.2: extraction is HMAC under the salt.
#[test]
fn keys_are_those_of_rfc_5869() {
    for (name, hashes) in all() {
        let hash = &**hashes.get(HashAlgorithm::Sha256).expect("there");
        let salt = bytes("000102030405060708090a0b0c");
        let secret = hash.hmac(&salt, &[0x0b; 22], &[], &[]);
        let info = bytes("f0f1f2f3f4f5f6f7f8f9");
        let mut out = [0; 42];
        expand(hash, secret.as_slice(), &[&info[..3], &info[3..]], &mut out).expect("short");
        let expected = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf
                        34007208d5b887185865";
        assert_eq!(out[..], bytes(expected), "{name}");

        let range = |from: u8, to: u8| (from..=to).collect::<Vec<u8>>();
        let secret = hash.hmac(&range(0x60, 0xaf), &range(0, 0x4f), &[], &[]);
        let mut out = [0; 82];
        expand(hash, secret.as_slice(), &[&range(0xb0, 0xff)], &mut out).expect("short");
        let expected = "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c
                        59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71
                        cc30c58179ec3e87c14c01d5c1f3434f1d87";
        assert_eq!(out[..], bytes(expected), "{name}");
    }
}

#[test]
fn more_than_255_hashes_are_not_expanded() {
    each(|name, hash| {
        let most = 255 * hash.algorithm().output_len();
        let mut out = alloc::vec![7; most + 1];
        assert_eq!(expand(hash, b"secret", &[], &mut out), Err(TooLong));
        assert!(out.iter().all(|byte| *byte == 7), "{name}");
        assert_eq!(expand(hash, b"secret", &[], &mut out[..most]), Ok(()));
        assert_ne!(out[most - 8..most], [7; 8], "{name}");
    });
}

#[test]
fn a_digest_has_room_for_the_longest_hash() {
    assert_eq!(Digest::new(&[1; 48]).expect("room").as_slice(), [1; 48]);
    assert!(Digest::new(&[1; 49]).is_none());
    assert_eq!(Digest::cut(&[1; 49]).as_slice(), [1; 48]);
    assert_eq!(Digest::zeros(99).as_slice(), [0; 48]);
}
