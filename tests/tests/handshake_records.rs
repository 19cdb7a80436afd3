//! Records of a handshake, cut, joined and slipped in between by somebody who has the keys: what
//! depends on them, and what may not.

use std::sync::Arc;

use sslcore::{Alert, Event, FailureKind, Limits, ServerStart, SslMode, Verdict, VerifyMode};
use sslcore_tests::between::{Secrets, overheard};
use sslcore_tests::certs::WORLD;
use sslcore_tests::forge::{ALERT, CHANGE_CIPHER_SPEC, DATA, Forger, HANDSHAKE};
use sslcore_tests::pair::{End, Pair, backend, client, server, server_name};
use sslcore_tests::records::{handshake_content, record, records};

fn pair(version: &str) -> (Pair, Arc<Secrets>) {
    let (client, server, secrets) = overheard(
        client(backend()).protocols(&[version]),
        server(backend()).protocols(&[version]),
    );
    (Pair::tls(&client, &server), secrets)
}

/// What one end is about to say under TLS 1.3's handshake keys: what stands before it in the clear,
/// its protected messages, and who seals in its place.
struct Flight {
    clear: Vec<u8>,
    content: Vec<u8>,
    behind: Vec<u8>,
    forger: Forger,
}

fn tls13(of_client: bool) -> (Pair, Flight) {
    let (mut pair, secrets) = pair("TLSv1.3");
    let hello = pair.client.take();
    pair.server.give(&hello, usize::MAX);
    let mut sent = pair.server.take();
    if of_client {
        pair.client.give(&sent, usize::MAX);
        sent = pair.client.take();
    }
    let mut forger = secrets.tls13(of_client);
    let (mut clear, mut content, mut behind) = (Vec::new(), Vec::new(), Vec::new());
    for record in records(&sent) {
        match record[0] {
            DATA if content.is_empty() || content.last_chunk::<1>().is_none() => {
                content.extend(forger.open(&record).remove(0).1)
            }
            DATA if !ends_with_finished(&content) => {
                content.extend(forger.open(&record).remove(0).1)
            }
            DATA => behind.extend(record),
            _ => clear.extend(record),
        }
    }
    (
        pair,
        Flight {
            clear,
            content,
            behind,
            forger,
        },
    )
}

fn messages(mut content: &[u8]) -> Vec<Vec<u8>> {
    let mut messages = Vec::new();
    while let [_, a, b, c, ..] = *content {
        let len = 4 + usize::from(a) * 65536 + usize::from(b) * 256 + usize::from(c);
        messages.push(content[..len].to_vec());
        content = &content[len..];
    }
    messages
}

fn ends_with_finished(content: &[u8]) -> bool {
    messages(content).last().is_some_and(|last| last[0] == 20)
}

fn judge(pair: &mut Pair, of_client: bool) -> &mut End {
    match of_client {
        true => &mut pair.server,
        false => &mut pair.client,
    }
}

/// Gives the other end this flight, and says how that ended.
fn told(of_client: bool, flight: impl Fn(&mut Flight) -> Vec<u8>) -> (Pair, Option<FailureKind>) {
    let (mut pair, mut said) = tls13(of_client);
    let bytes = flight(&mut said);
    let end = judge(&mut pair, of_client);
    end.give(&said.clear, usize::MAX);
    end.give(&bytes, usize::MAX);
    end.take();
    let failure = end.conn.failure().map(sslcore::Failure::kind);
    (pair, failure)
}

#[test]
fn protected_messages_may_be_cut_anywhere() {
    for of_client in [false, true] {
        for size in [1, 2, 3, 4, 5, 15, 100, 16384] {
            let (mut pair, mut said) = tls13(of_client);
            let end = judge(&mut pair, of_client);
            end.give(&said.clear, usize::MAX);
            for piece in said.content.chunks(size) {
                let record = said.forger.seal(HANDSHAKE, piece);
                end.give(&record, 7);
            }
            end.give(&said.behind, usize::MAX);
            assert!(end.saw(Event::Encrypted), "{size}: {:?}", end.conn);
            pair.run();
            assert!(pair.server.conn.is_encrypted(), "{size}");
            pair.client.write(b"hello");
            pair.run();
            assert_eq!(pair.server.read_all(), b"hello");
        }
    }
}

#[test]
fn nothing_comes_between_the_pieces_of_a_protected_message() {
    for of_client in [false, true] {
        for at in [1, 3, 4, 20] {
            type Insert = fn(&mut Forger) -> Vec<u8>;
            let inserted: [(&str, Insert); 8] = [
                ("ChangeCipherSpec", |_| record(CHANGE_CIPHER_SPEC, &[1])),
                ("user_canceled", |it| it.seal(ALERT, &[1, 90])),
                ("a fatal alert", |it| it.seal(ALERT, &[2, 40])),
                ("an alert in the clear", |_| record(ALERT, &[2, 40])),
                ("data", |it| it.seal(DATA, &[1])),
                ("no data", |it| it.seal(DATA, &[])),
                ("nothing", |it| it.seal(HANDSHAKE, &[])),
                ("sealed ChangeCipherSpec", |it| {
                    it.seal(CHANGE_CIPHER_SPEC, &[1])
                }),
            ];
            for (what, insert) in inserted {
                let (pair, failure) = told(of_client, |said| {
                    let mut bytes = said.forger.seal(HANDSHAKE, &said.content[..at]);
                    bytes.extend(insert(&mut said.forger));
                    bytes.extend(said.forger.seal(HANDSHAKE, &said.content[at..]));
                    bytes
                });
                let unexpected = Some(FailureKind::UnexpectedMessage);
                assert_eq!(failure, unexpected, "{of_client} {at} {what}");
                assert!(!pair.client.saw(Event::Encrypted) || of_client);
            }
        }
    }
}

#[test]
fn finished_ends_its_record() {
    let tickets: [&[u8]; 4] = [
        &[4, 0, 0, 1, 0],
        &[4],
        &[24, 0, 0, 1, 0],
        // Another Finished.
        &[20, 0, 0, 0],
    ];
    for of_client in [false, true] {
        for more in tickets {
            let (pair, failure) = told(of_client, |said| {
                let content = [&said.content, more].concat();
                said.forger.seal(HANDSHAKE, &content)
            });
            assert_eq!(failure, Some(FailureKind::UnexpectedMessage), "{more:?}");
            let mode = pair.client.conn.mode();
            assert_eq!(mode, SslMode::Client);
            // Cut before Finished, and in it.
            for cut in [36, 10] {
                let (_, failure) = told(of_client, |said| {
                    let content = [&said.content, more].concat();
                    let at = said.content.len() - cut;
                    let mut bytes = Vec::new();
                    if at > 0 {
                        bytes.extend(said.forger.seal(HANDSHAKE, &content[..at]));
                    }
                    bytes.extend(said.forger.seal(HANDSHAKE, &content[at..]));
                    bytes
                });
                assert_eq!(failure, Some(FailureKind::UnexpectedMessage), "{more:?}");
            }
        }
    }
}

#[test]
fn a_protected_handshake_has_no_other_records() {
    for of_client in [false, true] {
        type First = fn(&mut Forger) -> Vec<u8>;
        let cases: [(&str, First, FailureKind); 9] = [
            (
                "data",
                |it| it.seal(DATA, &[1]),
                FailureKind::UnexpectedMessage,
            ),
            (
                "no data",
                |it| it.seal(DATA, &[]),
                FailureKind::UnexpectedMessage,
            ),
            (
                "empty",
                |it| it.seal(HANDSHAKE, &[]),
                FailureKind::UnexpectedMessage,
            ),
            (
                "no alert",
                |it| it.seal(ALERT, &[]),
                FailureKind::UnexpectedMessage,
            ),
            (
                "half an alert",
                |it| it.seal(ALERT, &[2]),
                FailureKind::MalformedMessage,
            ),
            (
                "two alerts",
                |it| it.seal(ALERT, &[2, 40, 2, 40]),
                FailureKind::MalformedMessage,
            ),
            (
                "a warning",
                |it| it.seal(ALERT, &[1, 112]),
                FailureKind::MalformedMessage,
            ),
            (
                "a sealed ccs",
                |it| it.seal(CHANGE_CIPHER_SPEC, &[1]),
                FailureKind::UnexpectedMessage,
            ),
            (
                "a clear message",
                |_| record(HANDSHAKE, &[8, 0, 0, 2, 0, 0]),
                FailureKind::UnexpectedMessage,
            ),
        ];
        for (what, first, kind) in cases {
            let (_, failure) = told(of_client, |said| first(&mut said.forger));
            assert_eq!(failure, Some(kind), "{of_client} {what}");
        }
        let (_, failure) = told(of_client, |_| record(ALERT, &[2, 40]));
        let kind = FailureKind::AlertReceived(Alert::HandshakeFailure);
        assert_eq!(failure, Some(kind), "who could not follow has no keys");
        let (_, failure) = told(of_client, |_| record(ALERT, &[2, 40, 2, 40]));
        assert_eq!(
            failure,
            Some(FailureKind::UnexpectedMessage),
            "too long to be in the clear"
        );
        let (_, failure) = told(of_client, |said| {
            let mut bytes = said.forger.seal(ALERT, &[1, 90]);
            bytes.extend(record(ALERT, &[2, 40]));
            bytes
        });
        assert_eq!(
            failure,
            Some(FailureKind::UnexpectedMessage),
            "who has keys uses them"
        );
        let (_, failure) = told(of_client, |said| {
            let mut bytes = said.forger.seal(HANDSHAKE, &said.content);
            bytes[9] ^= 1;
            bytes
        });
        assert_eq!(failure, Some(FailureKind::BadRecordMac));
    }
}

#[test]
fn bytes_behind_a_tls13_server_hello_are_refused() {
    let hello_and = |more: &[u8]| {
        let (mut pair, _) = pair("TLSv1.3");
        let hello = pair.client.take();
        pair.server.give(&hello, usize::MAX);
        let sent = pair.server.take();
        let content = [&handshake_content(&sent), more].concat();
        pair.client.give(&record(HANDSHAKE, &content), usize::MAX);
        pair.client.conn.failure().map(sslcore::Failure::kind)
    };
    assert_eq!(hello_and(&[]), None);
    for more in [&[8][..], &[8, 0, 0, 2, 0, 0]] {
        assert_eq!(hello_and(more), Some(FailureKind::UnexpectedMessage));
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
            // And in TLS 1.3, where it means nothing.
            let (_, failure) = told(of_client, |_| record(CHANGE_CIPHER_SPEC, wrong));
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
fn a_tls12_client_that_says_hello_again_in_its_handshake_is_unexpected() {
    for change in [false, true] {
        let (mut pair, _) = pair("TLSv1.2");
        let hello = pair.client.take();
        pair.server.give(&hello, usize::MAX);
        pair.server.take();
        let mut again = hello.clone();
        again[20] ^= u8::from(change);
        pair.server.give(&again, usize::MAX);
        assert_eq!(
            pair.server.take(),
            record(ALERT, &[2, Alert::UnexpectedMessage.code()]),
            "{change}: {:?}",
            pair.server.conn.failure()
        );
    }
}

#[test]
fn a_client_that_has_not_said_hello_owes_no_farewell_in_any_of_its_steps() {
    for steps in 0..2 {
        let (mut pair, _) = pair("TLSv1.3");
        for _ in 0..steps {
            let _ = pair.client.conn.process(pair.client.now());
        }
        pair.client.conn.close();
        let sent = pair.client.take();
        assert!(sent.is_empty(), "after {steps} steps: {sent:02x?}");
    }
}

#[test]
fn garbage_inside_a_handshake_is_unexpected_and_not_mistaken_for_another_protocol() {
    for version in ["TLSv1.2", "TLSv1.3"] {
        let (mut pair, _) = pair(version);
        let hello = pair.client.take();
        pair.server.give(&hello, usize::MAX);
        let flight = pair.server.take();
        pair.server.give(b"GET / HTTP/1.1\r\n", usize::MAX);
        let kind = pair.server.conn.failure().map(sslcore::Failure::kind);
        assert_eq!(
            kind,
            Some(FailureKind::UnexpectedMessage),
            "{version} server"
        );
        let first = &records(&flight)[0];
        pair.client.give(first, usize::MAX);
        pair.client.give(b"HTTP/1.1 400\r\n", usize::MAX);
        let kind = pair.client.conn.failure().map(sslcore::Failure::kind);
        assert_eq!(
            kind,
            Some(FailureKind::UnexpectedMessage),
            "{version} client"
        );
    }
}

#[test]
fn warnings_of_the_handshake_count_towards_those_of_the_connection() {
    let config = client(backend()).protocols(&["TLSv1.2"]).build();
    let mut end = End::new(Limits::default());
    end.conn
        .start_client_encryption(&config.expect("client"), server_name())
        .expect("start");
    end.settle();
    for _ in 0..4 {
        end.give(&record(ALERT, &[1, 90]), usize::MAX);
    }
    let mut forger = Forger::as_server(&mut end, false);
    end.give(&forger.seal(ALERT, &[1, 90]), usize::MAX);
    let kind = end.conn.failure().map(sslcore::Failure::kind);
    let expected = FailureKind::TooMuchOf(sslcore::Repeated::WarningAlerts);
    assert_eq!(kind, Some(expected));
}

/// A server that waits for the client's second flight, and a client that waits for the first answer.
fn in_the_clear(of_client: bool) -> End {
    let (mut pair, _) = pair("TLSv1.2");
    let hello = pair.client.take();
    pair.server.give(&hello, usize::MAX);
    pair.server.take();
    match of_client {
        true => pair.server,
        false => pair.client,
    }
}

#[test]
fn records_in_the_clear_have_at_most_two_to_the_fourteen_bytes_in_the_whole_handshake() {
    for of_client in [false, true] {
        for (size, kind) in [(16_384, None), (16_385, Some(FailureKind::RecordTooLarge))] {
            let mut end = in_the_clear(of_client);
            let mut content = vec![0; size];
            content[..4].copy_from_slice(&[if of_client { 16 } else { 2 }, 0, 0xf0, 0]);
            end.give(&record(HANDSHAKE, &content), usize::MAX);
            let failure = end.conn.failure().map(sslcore::Failure::kind);
            assert_eq!(failure, kind, "{of_client} {size}");
        }
    }
}

#[test]
fn nothing_comes_between_the_pieces_of_a_message_in_the_clear() {
    for of_client in [false, true] {
        for at in [1, 4, 9] {
            for between in [
                record(ALERT, &[1, 90]),
                record(ALERT, &[1, 0]),
                record(ALERT, &[2, 40]),
                record(CHANGE_CIPHER_SPEC, &[1]),
                record(DATA, &[1]),
                record(HANDSHAKE, &[]),
            ] {
                let mut end = in_the_clear(of_client);
                let message = [if of_client { 16 } else { 2 }, 0, 1, 0, 1, 2, 3, 4, 5];
                end.give(&record(HANDSHAKE, &message[..at]), usize::MAX);
                end.give(&between, usize::MAX);
                let failure = end.conn.failure().map(sslcore::Failure::kind);
                let unexpected = Some(FailureKind::UnexpectedMessage);
                assert_eq!(failure, unexpected, "{of_client} {at} {between:?}");
                assert_eq!(end.take(), record(ALERT, &[2, 10]));
            }
        }
    }
}

#[test]
fn bytes_behind_a_second_hello_are_refused() {
    for more in [&[0][..], &[20, 0, 0, 0], &[11, 0]] {
        let config = client(backend()).groups(&["X25519", "secp256r1"]);
        let mut pair = Pair::tls(
            &config.build().expect("client"),
            &server(backend())
                .groups(&["secp256r1"])
                .build()
                .expect("server"),
        );
        let first = pair.client.take();
        pair.server.give(&first, usize::MAX);
        let retry = pair.server.take();
        pair.client.give(&retry, usize::MAX);
        let second = handshake_content(&pair.client.take());
        let content = [&second, more].concat();
        pair.server.give(&record(HANDSHAKE, &content), usize::MAX);
        let failure = pair.server.conn.failure().map(sslcore::Failure::kind);
        assert_eq!(failure, Some(FailureKind::UnexpectedMessage), "{more:?}");
        assert_eq!(pair.server.take(), record(ALERT, &[2, 10]));
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

#[test]
fn a_protected_record_of_tls13_has_tls13_s_bound_in_the_handshake_too() {
    for of_client in [false, true] {
        for (size, kind) in [
            (16_640, FailureKind::BadRecordMac),
            (16_641, FailureKind::RecordTooLarge),
        ] {
            let (_, failure) = told(of_client, |_| record(DATA, &vec![0; size]));
            assert_eq!(failure, Some(kind), "{of_client} {size}");
        }
    }
}

#[test]
fn what_comes_right_behind_finished_is_read_with_the_next_keys() {
    for chunk in [1, usize::MAX] {
        for of_client in [false, true] {
            let (mut pair, secrets) = pair("TLSv1.3");
            let hello = pair.client.take();
            pair.server.give(&hello, usize::MAX);
            let mut flight = pair.server.take();
            let mut label = "SERVER_TRAFFIC_SECRET_0";
            if of_client {
                pair.client.give(&flight, usize::MAX);
                flight = pair.client.take();
                label = "CLIENT_TRAFFIC_SECRET_0";
            }
            let mut forger = secrets.tls13_by(label);
            flight.extend(forger.seal(DATA, b"early"));
            // A KeyUpdate that asks for none.
            flight.extend(forger.seal(HANDSHAKE, &[24, 0, 0, 1, 0]));
            let end = judge(&mut pair, of_client);
            end.give(&flight, chunk);
            assert!(end.saw(Event::Encrypted), "{:?}", end.conn);
            assert!(end.saw(Event::KeysUpdated), "{:?}", end.events);
            assert_eq!(end.read_all(), b"early");
            end.give(&forger.seal(DATA, b"old key"), chunk);
            let failure = end.conn.failure().map(sslcore::Failure::kind);
            assert_eq!(failure, Some(FailureKind::BadRecordMac));
        }
    }
}

#[test]
fn data_right_behind_finished_waits_for_the_verdict() {
    let (client, server, secrets) = overheard(
        client(backend())
            .protocols(&["TLSv1.3"])
            .verify_mode(VerifyMode::External),
        server(backend()),
    );
    let mut pair = Pair::tls(&client, &server);
    let hello = pair.client.take();
    pair.server.give(&hello, usize::MAX);
    let mut flight = pair.server.take();
    let mut forger = secrets.tls13_by("SERVER_TRAFFIC_SECRET_0");
    flight.extend(forger.seal(DATA, b"early"));
    flight.extend(forger.seal(ALERT, &[1, 0]));
    pair.client.give(&flight, usize::MAX);
    assert!(pair.client.conn.review().is_some());
    assert!(pair.client.conn.peek().is_empty());
    pair.client.answer(Verdict::Accept);
    assert_eq!(pair.client.read_all(), b"early");
    pair.client.settle();
    assert!(pair.client.saw(Event::PeerClosed));
}

#[test]
fn an_end_inside_a_cut_message_is_a_truncation() {
    for of_client in [false, true] {
        let (mut pair, mut said) = tls13(of_client);
        let end = judge(&mut pair, of_client);
        end.give(&said.clear, usize::MAX);
        end.give(&said.forger.seal(HANDSHAKE, &said.content[..9]), usize::MAX);
        // A client's dummy ChangeCipherSpec has left by then.
        end.take();
        end.conn.receive_eof();
        let rest = end.take();
        let failure = end.conn.failure().map(sslcore::Failure::kind);
        assert_eq!(failure, Some(FailureKind::Truncated));
        assert!(rest.is_empty(), "nobody listens");
    }
}

#[test]
fn a_session_is_resumed_across_a_hello_retry_request() {
    let client = client(backend())
        .groups(&["X25519", "secp256r1"])
        .identity(WORLD.client.chain.clone(), WORLD.client.key());
    let server = server(backend())
        .groups(&["secp256r1"])
        .verify_mode(VerifyMode::Verify);
    let (client, server) = (
        client.build().expect("client"),
        server.build().expect("server"),
    );
    for resumed in [false, true] {
        for chunk in [1, usize::MAX] {
            if chunk == 1 && !resumed {
                continue;
            }
            let mut pair = Pair::tls(&client, &server);
            pair.chunk = chunk;
            pair.run();
            assert!(pair.server.conn.is_encrypted(), "{:?}", pair.server.conn);
            assert_eq!(pair.client.conn.is_resumed(), resumed);
            assert_eq!(pair.server.conn.is_resumed(), resumed);
            assert!(!pair.server.conn.peer_certificate_chain().is_empty());
        }
    }
}

#[test]
fn a_message_that_no_engine_takes_is_refused_as_soon_as_it_says_so() {
    let limits = Limits {
        max_handshake: usize::MAX,
        ..Limits::default()
    };
    for (len, failure) in [
        (0xffff, None),
        (0x1_0000, Some(0x1_0004)),
        (0xff_ffff, Some(0x100_0003)),
    ] {
        let [_, a, b, c] = u32::to_be_bytes(len);
        let mut server_end = End::new(limits);
        let config = server(backend()).build().expect("server");
        server_end
            .conn
            .start_server_encryption(ServerStart::With(config))
            .expect("start");
        let mut client_end = End::new(limits);
        let config = client(backend()).build().expect("client");
        client_end
            .conn
            .start_client_encryption(&config, server_name())
            .expect("start");
        client_end.take();
        for (mut end, kind) in [(server_end, 1), (client_end, 2)] {
            end.give(&record(HANDSHAKE, &[kind, a, b, c]), usize::MAX);
            let found = end.conn.failure().map(sslcore::Failure::kind);
            let expected = failure.map(|needed| FailureKind::BufferTooSmall { needed });
            assert_eq!(found, expected, "{len:x} {kind}");
        }
    }
}
