//! Key shares that are none.

use sslcore::VerifyMode;
use sslcore::crypto::Backend;
use sslcore_tests::hello::{ClientHello, ServerHello, kind, message, number, vector8};
use sslcore_tests::middle::Who;
use sslcore_tests::pair::{backends, client, server};

use super::stage::{ILLEGAL, MALFORMED, Refusal, Stage};

const CLIENT_KEY_EXCHANGE: u8 = 16;

fn stage(backend: &Backend, version: &str, group: &str) -> Stage {
    Stage::new(
        client(backend.clone())
            .protocols(&[version])
            .groups(&[group]),
        server(backend.clone()).verify_mode(VerifyMode::None),
    )
}

/// Shares that are no points, or points that lead to nothing secret.
fn bad_shares() -> Vec<(&'static str, Vec<u8>)> {
    let with = |first: &[u8], len: usize, rest: u8| {
        let mut share = first.to_vec();
        share.resize(len, rest);
        share
    };
    vec![
        ("X25519", with(&[], 32, 0)),
        ("X25519", with(&[1], 32, 0)),
        ("secp256r1", with(&[4], 65, 0)),
        ("secp256r1", with(&[4], 65, 0xff)),
        ("secp256r1", with(&[0], 65, 0)),
        ("secp256r1", with(&[1], 65, 1)),
        ("secp384r1", with(&[4], 97, 7)),
        // Of another length.
        ("X25519", with(&[], 31, 9)),
        ("X25519", with(&[], 33, 9)),
        ("secp256r1", with(&[4], 64, 9)),
        ("secp256r1", with(&[2], 33, 9)),
        ("secp256r1", with(&[0], 1, 0)),
    ]
}

#[test]
fn a_share_that_is_none_in_tls13() {
    for backend in backends() {
        for (group, share) in bad_shares() {
            let what = format!("{} {group} {share:02x?}", backend.name());
            let mut stage = self::stage(&backend, "TLSv1.3", group);
            stage.change(Who::Client, kind::CLIENT_HELLO, |message| {
                let mut hello = ClientHello::parse(message);
                let shares = hello.extensions().get(number::KEY_SHARE);
                let group = [shares[2], shares[3]];
                let len = [0, share.len() as u8];
                let entry = [&group[..], &len, &share].concat();
                *shares = [&[0, entry.len() as u8][..], &entry].concat();
                *message = hello.encode();
            });
            assert_eq!(stage.refusal(Who::Server), ILLEGAL, "{what}");
            let mut stage = self::stage(&backend, "TLSv1.3", group);
            stage.change_flight(kind::SERVER_HELLO, |message| {
                let mut hello = ServerHello::parse(message);
                let entry = hello.extensions.get(number::KEY_SHARE);
                entry.truncate(2);
                entry.extend([0, share.len() as u8]);
                entry.extend(&share);
                *message = hello.encode();
            });
            assert_eq!(stage.refusal(Who::Client), ILLEGAL, "{what}");
        }
    }
}

/// What is wrong with a share, and how it comes to be so.
#[cfg(feature = "ml-kem")]
type Bad = (&'static str, fn(&mut Vec<u8>));

/// Shares of X25519MLKEM768, of `len` bytes when they are good, made bad. X25519 is behind ML-KEM.
#[cfg(feature = "ml-kem")]
fn bad_hybrid_shares(len: usize) -> Vec<Bad> {
    let mut bad: Vec<Bad> = vec![
        ("nothing", |share| share.clear()),
        ("one byte less", |share| share.truncate(share.len() - 1)),
        ("one byte more", |share| share.push(0)),
        ("ML-KEM alone", |share| share.truncate(share.len() - 32)),
        ("X25519 alone", |share| {
            *share = share.split_off(share.len() - 32)
        }),
        ("X25519 of zero", |share| {
            let at = share.len() - 32;
            share[at..].fill(0);
        }),
    ];
    if len == 1216 {
        // FIPS 203 §7.2.
        bad.push(("a number above the modulus", |share| share[..2].fill(0xff)));
        bad.push(("halves in the other order", |share| share.rotate_right(32)));
    }
    bad
}

#[cfg(feature = "ml-kem")]
#[test]
fn a_hybrid_share_that_is_none() {
    use sslcore_tests::hello::vector16;
    const GROUP: &str = "X25519MLKEM768";
    for backend in backends() {
        for (what, change) in bad_hybrid_shares(1216) {
            let mut stage = self::stage(&backend, "TLSv1.3", GROUP);
            stage.change(Who::Client, kind::CLIENT_HELLO, |message| {
                let mut hello = ClientHello::parse(message);
                let shares = hello.extensions().get(number::KEY_SHARE);
                let mut share = shares.split_off(6);
                assert_eq!(share.len(), 1216);
                change(&mut share);
                let entry = [&shares[2..4], &vector16(&share)].concat();
                *shares = vector16(&entry);
                *message = hello.encode();
            });
            let refusal = stage.refusal(Who::Server);
            let expected = if what == "nothing" {
                MALFORMED
            } else {
                ILLEGAL
            };
            assert_eq!(refusal, expected, "{} {what}", backend.name());
        }
        for (what, change) in bad_hybrid_shares(1120) {
            let mut stage = self::stage(&backend, "TLSv1.3", GROUP);
            stage.change_flight(kind::SERVER_HELLO, |message| {
                let mut hello = ServerHello::parse(message);
                let entry = hello.extensions.get(number::KEY_SHARE);
                let mut share = entry.split_off(4);
                assert_eq!(share.len(), 1120);
                change(&mut share);
                entry.truncate(2);
                entry.extend(vector16(&share));
                *message = hello.encode();
            });
            let refusal = stage.refusal(Who::Client);
            let expected = if what == "nothing" {
                MALFORMED
            } else {
                ILLEGAL
            };
            assert_eq!(refusal, expected, "{} {what}", backend.name());
        }
    }
}

/// How the server refuses such a ClientKeyExchange.
fn refused(backend: &Backend, group: &str, body: &[u8]) -> Refusal {
    let mut stage = stage(backend, "TLSv1.2", group);
    stage.change_answer(CLIENT_KEY_EXCHANGE, |said| {
        *said = message(CLIENT_KEY_EXCHANGE, body);
    });
    stage.refusal(Who::Server)
}

#[test]
fn a_share_that_is_none_in_tls12() {
    for backend in backends() {
        for (group, share) in bad_shares() {
            let refusal = refused(&backend, group, &vector8(&share));
            assert_eq!(refusal, ILLEGAL, "{} {group} {share:02x?}", backend.name());
        }
        for body in [&[][..], &[0], &[2, 4], &[1, 4, 4]] {
            let refusal = refused(&backend, "secp256r1", body);
            assert_eq!(refusal, MALFORMED, "{} {body:?}", backend.name());
        }
    }
}

#[test]
fn a_key_exchange_of_wrong_length() {
    for backend in backends() {
        for change in [
            (|message| {
                message.push(0);
                message[3] += 1;
            }) as fn(&mut Vec<u8>),
            |message| {
                message.pop();
                message[3] -= 1;
            },
            |message| {
                message.truncate(4);
                message[3] = 0;
            },
        ] {
            let mut stage = stage(&backend, "TLSv1.2", "X25519");
            stage.change_flight(kind::SERVER_KEY_EXCHANGE, change);
            assert_eq!(stage.refusal(Who::Client), MALFORMED);
        }
    }
}
