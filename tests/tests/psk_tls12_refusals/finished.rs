//! What protects the messages: Finished, and the records behind ChangeCipherSpec.

use aws_lc_rs::{digest, hmac};
use sslcore::{Alert, FailureKind};
use sslcore_tests::forge::{Forger, HANDSHAKE};
use sslcore_tests::hello::message;
use sslcore_tests::records::record;

use super::stage::{
    CHANGE_CIPHER_SPEC, EXCHANGING, PLAIN, SERVER_HELLO_DONE, UNEXPECTED, client, encoded,
    messages, pair, refusal, server,
};

/// What one bit more or less in any message leads to: never to an encrypted connection.
#[test]
fn no_changed_bit_goes_unnoticed() {
    for suite in [PLAIN, EXCHANGING] {
        for to_client in [true, false] {
            for at in 0.. {
                let mut pair = pair(client(suite), server().psk_identity_hint("hint"));
                let hello = pair.client.take();
                pair.server.give(&hello, usize::MAX);
                let mut flight = pair.server.take();
                if to_client {
                    let Some(byte) = flight.get_mut(at) else {
                        break;
                    };
                    *byte ^= 1 << (at % 8);
                }
                pair.client.give(&flight, usize::MAX);
                let mut flight = pair.client.take();
                if !to_client {
                    let Some(byte) = flight.get_mut(at) else {
                        break;
                    };
                    *byte ^= 1 << (at % 8);
                }
                if pair.server.conn.failure().is_none() {
                    let _ = pair.server.conn.receive(&flight);
                    pair.server.settle();
                    pair.run();
                }
                for end in [&mut pair.client, &mut pair.server] {
                    end.conn.receive_eof();
                    end.settle();
                    assert!(!end.conn.is_encrypted(), "{suite} {at}: {:?}", end.conn);
                    assert!(end.conn.failure().is_some(), "{suite} {at}: {:?}", end.conn);
                }
            }
        }
    }
}

/// What a client says behind its Finished is sealed, and the server reads it.
#[test]
fn the_alert_behind_finished_is_sealed() {
    for (suite, len) in [(PLAIN, 5 + 8 + 2 + 16), (EXCHANGING, 5 + 2 + 16)] {
        let mut pair = pair(client(suite), server());
        let hello = pair.client.take();
        pair.server.give(&hello, usize::MAX);
        let flight = pair.server.take();
        pair.client.give(&flight, usize::MAX);
        let flight = pair.client.take();
        // In the place of the server's ChangeCipherSpec.
        let message = message(SERVER_HELLO_DONE, &[]);
        pair.client.give(&record(HANDSHAKE, &message), usize::MAX);
        let alert = pair.client.take();
        assert_eq!(refusal(suite, &pair.client), UNEXPECTED);
        assert_eq!((alert[0], alert.len()), (21, len), "{suite}");
        pair.server.give(&[flight, alert].concat(), usize::MAX);
        let failure = pair.server.conn.failure().expect("told");
        let told = FailureKind::AlertReceived(Alert::UnexpectedMessage);
        assert_eq!(failure.kind(), told, "{suite}");
    }
}

/// The pseudorandom function (RFC 5246 §5), by another library's HMAC.
fn prf(secret: &[u8], label: &str, seed: &[u8], len: usize) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let mac = |bytes: &[u8]| hmac::sign(&key, bytes).as_ref().to_vec();
    let seed = [label.as_bytes(), seed].concat();
    let (mut chained, mut out) = (mac(&seed), Vec::new());
    while out.len() < len {
        out.extend(mac(&[&chained[..], &seed].concat()));
        chained = mac(&chained);
    }
    out.truncate(len);
    out
}

/// Who has the key, too, and sits in the middle: what both derive behind these messages, as a forger of
/// the client's and one of the server's (RFC 4279 §2, RFC 7627 §4, RFC 5246 §6.3).
pub(super) fn in_the_middle(messages: &[Vec<u8>]) -> [Forger; 2] {
    let premaster = [&[0, 32][..], &[0; 32], &[0, 32], &[7; 32]].concat();
    let hash = digest::digest(&digest::SHA256, &messages.concat());
    let master = prf(&premaster, "extended master secret", hash.as_ref(), 48);
    let [client_random, server_random] = [&messages[0], &messages[1]].map(|hello| &hello[6..38]);
    let randoms = [server_random, client_random].concat();
    let block = prf(&master, "key expansion", &randoms, 2 * (16 + 4));
    [0, 1].map(|side| {
        let key = block[side * 16..][..16].try_into().expect("16 bytes");
        let mut iv = [0; 12];
        iv[..4].copy_from_slice(&block[32 + side * 4..][..4]);
        Forger::in_the_middle(false, key, iv)
    })
}

/// It is the value of Finished that is compared, not only that somebody could seal it.
#[test]
fn a_finished_of_another_value_is_refused() {
    const WRONG: (FailureKind, Alert) = (FailureKind::BadHandshakeSignature, Alert::DecryptError);
    // None, the client's, the server's.
    for changed in [None, Some(0), Some(1)] {
        let mut pair = pair(client(PLAIN), server());
        let hello = pair.client.take();
        pair.server.give(&hello, usize::MAX);
        let flight = pair.server.take();
        pair.client.give(&flight, usize::MAX);
        let (exchange, rest) = messages(&pair.client.take());
        let all = [messages(&hello).0, messages(&flight).0, exchange.clone()].concat();
        let mut forgers = in_the_middle(&all);
        // ChangeCipherSpec, and Finished behind it.
        let mut again = |side: usize, rest: &[u8]| {
            let (change, sealed) = rest.split_at(CHANGE_CIPHER_SPEC.len());
            let opened = forgers[side].open(sealed);
            let [(HANDSHAKE, finished)] = &opened[..] else {
                panic!("a Finished alone: {opened:?}");
            };
            let mut finished = finished.clone();
            if changed == Some(side) {
                *finished.last_mut().expect("12 bytes") ^= 1;
            }
            [change, &forgers[side].seal(HANDSHAKE, &finished)].concat()
        };
        let rest = again(0, &rest);
        pair.server
            .give(&[encoded(&exchange), rest].concat(), usize::MAX);
        let answer = pair.server.take();
        if changed == Some(0) {
            assert_eq!(refusal("the client's", &pair.server), WRONG);
            continue;
        }
        let answer = again(1, &answer);
        pair.client.give(&answer, usize::MAX);
        match changed {
            None => assert!(pair.client.conn.is_encrypted(), "{:?}", pair.client.conn),
            Some(_) => assert_eq!(refusal("the server's", &pair.client), WRONG),
        }
    }
}
