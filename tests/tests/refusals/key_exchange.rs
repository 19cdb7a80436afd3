//! Key shares that are none.

use sslcore::VerifyMode;
use sslcore::crypto::Backend;
use sslcore_tests::hello::{ClientHello, ServerHello, kind, message, number, vector8};
use sslcore_tests::middle::Who;
use sslcore_tests::pair::{backends, client, server};

use crate::stage::{ILLEGAL, MALFORMED, Refusal, Stage};

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
