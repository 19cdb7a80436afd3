//! Records under the handshake keys of TLS 1.3, cut, joined and slipped in between by somebody who
//! has them.

use std::sync::Arc;

use sslcore::{Alert, Event, FailureKind, SslMode, Verdict, VerifyMode};
use sslcore_tests::between::{Secrets, overheard};
use sslcore_tests::forge::{ALERT, CHANGE_CIPHER_SPEC, DATA, Forger, HANDSHAKE};
use sslcore_tests::pair::{End, Pair, backend, client, server};
use sslcore_tests::records::{record, records};

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
fn a_change_cipher_spec_means_nothing_but_is_one_byte_that_is_one() {
    for of_client in [false, true] {
        for wrong in [&[][..], &[0], &[2], &[1, 1]] {
            let (_, failure) = told(of_client, |_| record(CHANGE_CIPHER_SPEC, wrong));
            assert_eq!(failure, Some(FailureKind::UnexpectedMessage), "{wrong:?}");
        }
    }
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
        for long in [&[2, 40, 0][..], &[2, 40, 2, 40]] {
            let (_, failure) = told(of_client, |_| record(ALERT, long));
            assert_eq!(
                failure,
                Some(FailureKind::UnexpectedMessage),
                "too long to be in the clear"
            );
        }
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
