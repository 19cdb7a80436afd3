//! Finished of TLS 1.2, and what stands around it, cut and joined by somebody who has the keys.

use std::sync::Arc;

use sslcore::{Event, FailureKind};
use sslcore_tests::between::{Secrets, overheard};
use sslcore_tests::forge::{ALERT, CHANGE_CIPHER_SPEC, DATA, Forger, HANDSHAKE};
use sslcore_tests::pair::{End, Pair, backend, client, server};
use sslcore_tests::records::{handshake_content, record, records};

fn pair(version: &str) -> (Pair, Arc<Secrets>) {
    let (client, server, secrets) = overheard(
        client(backend()).protocols(&[version]),
        server(backend()).protocols(&[version]),
    );
    (Pair::tls(&client, &server), secrets)
}

fn judge(pair: &mut Pair, of_client: bool) -> &mut End {
    match of_client {
        true => &mut pair.server,
        false => &mut pair.client,
    }
}

/// A flight of TLS 1.2 that ends with Finished: what is in the clear, Finished, and who seals.
fn tls12(of_client: bool) -> (Pair, Vec<u8>, Vec<u8>, Forger) {
    let (mut pair, secrets) = pair("TLSv1.2");
    let hello = pair.client.take();
    pair.server.give(&hello, usize::MAX);
    let answer = pair.server.take();
    let random = handshake_content(&answer)[6..38].to_vec();
    pair.client.give(&answer, usize::MAX);
    let mut flight = pair.client.take();
    if !of_client {
        pair.server.give(&flight, usize::MAX);
        flight = pair.server.take();
    }
    let mut forger = secrets.tls12(&random, of_client);
    let mut all = records(&flight);
    let finished = forger.open(&all.pop().expect("Finished")).remove(0).1;
    assert_eq!(finished.len(), 16);
    (pair, all.concat(), finished, forger)
}

#[test]
fn finished_of_tls12_may_be_cut_and_the_data_behind_it_is_opened() {
    for of_client in [false, true] {
        for size in [1, 4, 15, 16] {
            let (mut pair, clear, finished, mut forger) = tls12(of_client);
            let end = judge(&mut pair, of_client);
            end.give(&clear, usize::MAX);
            for piece in finished.chunks(size) {
                end.give(&forger.seal(HANDSHAKE, piece), usize::MAX);
            }
            let data = forger.seal(DATA, b"data");
            end.give(&data, usize::MAX);
            assert_eq!(end.read_all(), b"data", "{:?}", end.conn);
        }
    }
}

#[test]
fn behind_change_cipher_spec_comes_finished_and_nothing_else() {
    for of_client in [false, true] {
        type Wrong = fn(&[u8], &mut Forger) -> Vec<u8>;
        let cases: [(&str, Wrong, FailureKind); 10] = [
            (
                "another ccs",
                |_, _| record(CHANGE_CIPHER_SPEC, &[1]),
                FailureKind::UnexpectedMessage,
            ),
            (
                "data",
                |_, it| it.seal(DATA, &[1]),
                FailureKind::UnexpectedMessage,
            ),
            (
                "nothing",
                |_, it| it.seal(HANDSHAKE, &[]),
                FailureKind::UnexpectedMessage,
            ),
            (
                "clear alert",
                |_, _| record(ALERT, &[2, 40]),
                FailureKind::BadRecordMac,
            ),
            (
                "more",
                |finished, it| it.seal(HANDSHAKE, &[finished, &[0]].concat()),
                FailureKind::UnexpectedMessage,
            ),
            (
                "more in pieces",
                |finished, it| {
                    let mut bytes = it.seal(HANDSHAKE, &finished[..10]);
                    bytes.extend(it.seal(HANDSHAKE, &[&finished[10..], &[0]].concat()));
                    bytes
                },
                FailureKind::UnexpectedMessage,
            ),
            (
                "a longer message in pieces",
                |_, it| {
                    let mut bytes = it.seal(HANDSHAKE, &[20, 0, 1, 0, 0, 0, 0, 0, 0]);
                    bytes.extend(it.seal(HANDSHAKE, &[0; 8]));
                    bytes
                },
                FailureKind::UnexpectedMessage,
            ),
            (
                "ccs between",
                |finished, it| {
                    let mut bytes = it.seal(HANDSHAKE, &finished[..10]);
                    bytes.extend(record(CHANGE_CIPHER_SPEC, &[1]));
                    bytes.extend(it.seal(HANDSHAKE, &finished[10..]));
                    bytes
                },
                FailureKind::UnexpectedMessage,
            ),
            (
                "alert between",
                |finished, it| {
                    let mut bytes = it.seal(HANDSHAKE, &finished[..10]);
                    bytes.extend(it.seal(ALERT, &[1, 90]));
                    bytes.extend(it.seal(HANDSHAKE, &finished[10..]));
                    bytes
                },
                FailureKind::UnexpectedMessage,
            ),
            (
                "a wrong value",
                |finished, it| {
                    let mut finished = finished.to_vec();
                    finished[15] ^= 1;
                    it.seal(HANDSHAKE, &finished)
                },
                FailureKind::BadHandshakeSignature,
            ),
        ];
        for (what, wrong, kind) in cases {
            let (mut pair, clear, finished, mut forger) = tls12(of_client);
            let end = judge(&mut pair, of_client);
            end.give(&clear, usize::MAX);
            end.give(&wrong(&finished, &mut forger), usize::MAX);
            let failure = end.conn.failure().map(sslcore::Failure::kind);
            assert_eq!(failure, Some(kind), "{of_client} {what}");
            assert!(!end.saw(Event::Encrypted), "{of_client} {what}");
        }
    }
}

#[test]
fn a_change_cipher_spec_is_one_byte_that_is_one_and_stands_between_messages() {
    for of_client in [false, true] {
        for wrong in [&[][..], &[0], &[2], &[1, 1]] {
            let (mut pair, clear, _, _) = tls12(of_client);
            let mut all = records(&clear);
            all.pop();
            let end = judge(&mut pair, of_client);
            end.give(&all.concat(), usize::MAX);
            end.give(&record(CHANGE_CIPHER_SPEC, wrong), usize::MAX);
            let failure = end.conn.failure().map(sslcore::Failure::kind);
            assert_eq!(failure, Some(FailureKind::UnexpectedMessage), "{wrong:?}");
        }
        // Inside a message in the clear: the first four bytes of the next one are there.
        let (mut pair, clear, _, _) = tls12(of_client);
        let all = records(&clear);
        let (ccs, before) = all.split_last().expect("ChangeCipherSpec");
        let end = judge(&mut pair, of_client);
        end.give(&before.concat(), usize::MAX);
        end.give(&record(HANDSHAKE, &[20, 0, 0]), usize::MAX);
        end.give(ccs, usize::MAX);
        let failure = end.conn.failure().map(sslcore::Failure::kind);
        assert_eq!(failure, Some(FailureKind::UnexpectedMessage));
    }
}

#[test]
fn a_tls12_ticket_that_no_hello_has_room_for_is_refused() {
    for (size, too_long) in [(16 * 1024 - 10, false), (16 * 1024 - 9, true)] {
        let (mut pair, _, _, _) = tls12(false);
        // Lifetime, then the ticket: with the header of the message 16 KiB at the most.
        let [_, a, b, c] = (size as u32 + 6).to_be_bytes();
        let [d, e] = (size as u16).to_be_bytes();
        let message = [&[4, a, b, c, 0, 0, 1, 0, d, e][..], &vec![7; size]].concat();
        for piece in message.chunks(16_384) {
            pair.client.give(&record(HANDSHAKE, piece), usize::MAX);
        }
        let failure = pair.client.conn.failure().map(sslcore::Failure::kind);
        let needed = message.len();
        let expected = too_long.then_some(FailureKind::BufferTooSmall { needed });
        assert_eq!(failure, expected, "{size}");
    }
}
