//! What comes under the server's handshake key (RFC 8446 §4.3.1, §4.4.4), changed before it is sealed.

use sslcore::Event;
use sslcore_tests::hello::{Extensions, message, number};
use sslcore_tests::pair::End;
use sslcore_tests::sealing::{ALERT, CHANGE_CIPHER_SPEC, DATA, HANDSHAKE, record};

use super::server::{Answering, Server, protocols};
use super::stage::{
    BAD_FINISHED, BAD_RECORD, ILLEGAL, MALFORMED, Refusal, TOO_MANY, UNEXPECTED, UNSOLICITED,
    calling, client, refusal,
};

/// A client that waits for EncryptedExtensions.
fn greeted() -> (Answering, End) {
    let mut end = calling(client().alpn(&[b"echo", b"other"]));
    let answering = Server::hear(&mut end).greet(&mut end);
    (answering, end)
}

/// How a client refuses what is said to it then: under its own handshake key.
#[track_caller]
fn refused(what: &str, say: impl FnOnce(&mut Answering) -> Vec<u8>) -> Refusal {
    let (mut answering, mut end) = greeted();
    let bytes = say(&mut answering);
    end.give(&bytes, usize::MAX);
    assert!(!end.conn.is_encrypted(), "{what}");
    refusal(what, &mut end, Some(&mut answering.rx))
}

#[test]
fn the_protocol_that_a_server_chooses_is_taken() {
    let mut end = calling(client().alpn(&[b"echo", b"other"]));
    let mut server = Server::hear(&mut end);
    server.extensions.add(number::ALPN, &protocols(&[b"other"]));
    server.extensions.add(number::SERVER_NAME, &[]);
    server
        .extensions
        .add(number::SUPPORTED_GROUPS, &[0, 2, 0, 24]);
    server.greet(&mut end).finish(&mut end).complete(&mut end);
    assert_eq!(end.conn.alpn_protocol(), Some(&b"other"[..]));
}

#[test]
fn encrypted_extensions_that_cannot_be_are_refused() {
    let rows: [(&str, u16, Vec<u8>, Refusal); 17] = [
        ("not offered", number::GREASE, vec![], UNSOLICITED),
        ("early data", number::EARLY_DATA, vec![], UNSOLICITED),
        ("a record size", 28, vec![64, 0], UNSOLICITED),
        ("a fragment length", 1, vec![1], UNSOLICITED),
        ("a share", number::KEY_SHARE, vec![0, 29], ILLEGAL),
        ("a version", number::SUPPORTED_VERSIONS, vec![3, 4], ILLEGAL),
        ("a key", number::PRE_SHARED_KEY, vec![0, 0], ILLEGAL),
        ("modes", number::PSK_MODES, vec![1, 1], ILLEGAL),
        ("a cookie", number::COOKIE, vec![0, 1, 1], UNSOLICITED),
        ("a server name", number::SERVER_NAME, vec![0], MALFORMED),
        ("no groups", number::SUPPORTED_GROUPS, vec![0, 0], MALFORMED),
        (
            "two protocols",
            number::ALPN,
            protocols(&[b"echo", b"other"]),
            MALFORMED,
        ),
        ("no protocol", number::ALPN, protocols(&[]), MALFORMED),
        (
            "a protocol without a name",
            number::ALPN,
            protocols(&[b""]),
            MALFORMED,
        ),
        (
            "a protocol that was not offered",
            number::ALPN,
            protocols(&[b"ech"]),
            ILLEGAL,
        ),
        (
            "bytes behind a protocol",
            number::ALPN,
            [protocols(&[b"echo"]), vec![0]].concat(),
            MALFORMED,
        ),
        ("nothing", number::ALPN, vec![], MALFORMED),
    ];
    for (what, number, content, expected) in rows {
        let said = refused(what, |answering| {
            let extensions = Extensions(vec![(number, content)]);
            let extensions = message(8, &extensions.encode());
            let finished = answering.finished(&extensions);
            let flight = [extensions, finished].concat();
            answering.tx.seal(HANDSHAKE, &flight, 0)
        });
        assert_eq!(said, expected, "{what}");
    }
    // What was not offered has no answer.
    let mut end = calling(client());
    let mut answering = Server::hear(&mut end).greet(&mut end);
    let extensions = Extensions(vec![(number::ALPN, protocols(&[b"echo"]))]);
    let extensions = message(8, &extensions.encode());
    end.give(&answering.tx.seal(HANDSHAKE, &extensions, 0), usize::MAX);
    let said = refusal("ALPN", &mut end, Some(&mut answering.rx));
    assert_eq!(said, UNSOLICITED);
}

#[test]
fn damaged_encrypted_extensions_are_refused() {
    let twice = Extensions(vec![(number::SERVER_NAME, vec![]); 2]).encode();
    for (what, body, expected) in [
        ("an extension twice", &twice[..], ILLEGAL),
        ("empty", &[], MALFORMED),
        ("half a length", &[0], MALFORMED),
        ("a length too long", &[0, 1], MALFORMED),
        ("bytes behind them", &[0, 0, 0], MALFORMED),
        ("a part of an extension", &[0, 3, 0, 0, 0], MALFORMED),
        ("a content too long", &[0, 4, 0, 0, 0, 1], MALFORMED),
    ] {
        let said = refused(what, |answering| {
            answering.tx.seal(HANDSHAKE, &message(8, body), 0)
        });
        assert_eq!(said, expected, "{what}");
    }
}

/// Messages that no handshake with a pre-shared key has behind its hellos.
const ELSEWHERE: [(&str, &[u8]); 9] = [
    (
        "CertificateRequest",
        &[13, 0, 0, 11, 0, 0, 8, 0, 13, 0, 4, 0, 2, 8, 4],
    ),
    ("Certificate", &[11, 0, 0, 4, 0, 0, 0, 0]),
    ("CertificateVerify", &[15, 0, 0, 4, 8, 4, 0, 0]),
    ("ServerHello", &[2, 0, 0, 0]),
    ("NewSessionTicket", &[4, 0, 0, 0]),
    ("KeyUpdate", &[24, 0, 0, 1, 0]),
    ("EndOfEarlyData", &[5, 0, 0, 0]),
    ("an unknown message", &[99, 0, 0, 0]),
    ("nothing", &[]),
];

#[test]
fn nothing_but_encrypted_extensions_follows_a_server_hello() {
    for (what, body) in ELSEWHERE {
        let said = refused(what, |answering| answering.tx.seal(HANDSHAKE, body, 0));
        assert_eq!(said, UNEXPECTED, "{what}");
    }
    let said = refused("Finished", |answering| {
        let finished = answering.finished(&[]);
        answering.tx.seal(HANDSHAKE, &finished, 0)
    });
    assert_eq!(said, UNEXPECTED);
}

#[test]
fn nothing_but_finished_follows_encrypted_extensions() {
    for (what, body) in ELSEWHERE {
        let said = refused(what, |answering| {
            let extensions = answering.encrypted_extensions();
            let first = answering.tx.seal(HANDSHAKE, &extensions, 0);
            [first, answering.tx.seal(HANDSHAKE, body, 0)].concat()
        });
        assert_eq!(said, UNEXPECTED, "{what}");
    }
    let said = refused("the same again", |answering| {
        let twice = answering.encrypted_extensions().repeat(2);
        answering.tx.seal(HANDSHAKE, &twice, 0)
    });
    assert_eq!(said, UNEXPECTED);
}

#[test]
fn a_finished_that_is_not_right_is_refused() {
    type Change = fn(&mut Vec<u8>);
    let rows: [(&str, Change, Refusal); 6] = [
        (
            "wrong in its first bit",
            |finished| finished[4] ^= 0x80,
            BAD_FINISHED,
        ),
        (
            "wrong in its last bit",
            |finished| finished[35] ^= 1,
            BAD_FINISHED,
        ),
        (
            "short",
            |finished| {
                finished.truncate(35);
                finished[3] -= 1;
            },
            MALFORMED,
        ),
        (
            "long",
            |finished| {
                finished.push(0);
                finished[3] += 1;
            },
            MALFORMED,
        ),
        ("empty", |finished| *finished = vec![20, 0, 0, 0], MALFORMED),
        (
            "with a ticket behind it",
            |finished| finished.extend([4, 0, 0, 0]),
            UNEXPECTED,
        ),
    ];
    for (what, change, expected) in rows {
        let said = refused(what, |answering| {
            let [extensions, mut finished] = answering.flight();
            change(&mut finished);
            answering
                .tx
                .seal(HANDSHAKE, &[extensions, finished].concat(), 0)
        });
        assert_eq!(said, expected, "{what}");
    }
    let said = refused("the client's", |answering| {
        let extensions = answering.encrypted_extensions();
        let keys = &answering.keys;
        let messages = [&answering.messages[..], &extensions].concat();
        let finished = message(20, &keys.hash.finished(&keys.client, &messages));
        answering
            .tx
            .seal(HANDSHAKE, &[extensions, finished].concat(), 0)
    });
    assert_eq!(said, BAD_FINISHED);
}

#[test]
fn records_that_have_no_place_in_the_servers_flight_are_refused() {
    type Say = fn(&mut Answering) -> Vec<u8>;
    let rows: [(&str, Say, Refusal); 7] = [
        ("data", |a| a.tx.seal(DATA, b"too soon", 0), UNEXPECTED),
        (
            "a sealed ChangeCipherSpec",
            |a| a.tx.seal(CHANGE_CIPHER_SPEC, &[1], 0),
            UNEXPECTED,
        ),
        (
            "an alert of one byte",
            |a| a.tx.seal(ALERT, &[2], 0),
            MALFORMED,
        ),
        (
            "in the clear",
            |a| record(HANDSHAKE, &a.encrypted_extensions()),
            UNEXPECTED,
        ),
        (
            "under the client's key",
            |a| a.rx.seal(HANDSHAKE, &[0], 0),
            BAD_RECORD,
        ),
        (
            "one record too late",
            |a| {
                a.tx.seal(HANDSHAKE, &[0], 0);
                a.tx.seal(HANDSHAKE, &[0], 0)
            },
            BAD_RECORD,
        ),
        ("only padding", |a| a.tx.seal_inner(vec![0; 40]), UNEXPECTED),
    ];
    for (what, say, expected) in rows {
        let (mut answering, mut end) = greeted();
        let bytes = say(&mut answering);
        end.give(&bytes, usize::MAX);
        // Its key was used once above, for another's record.
        let mut rx = answering.keys.direction(&answering.keys.client);
        assert_eq!(refusal(what, &mut end, Some(&mut rx)), expected, "{what}");
    }
}

#[test]
fn what_means_nothing_is_dropped_and_counted() {
    let nothing = record(CHANGE_CIPHER_SPEC, &[1]);
    // In the clear of the server's flight, before and behind its hello.
    for before in 0..=3 {
        let mut end = calling(client());
        let mut server = Server::hear(&mut end);
        let answering = server.answering();
        end.give(&nothing.repeat(before), usize::MAX);
        if before == 3 {
            assert_eq!(refusal("", &mut end, None), TOO_MANY);
            continue;
        }
        end.give(&record(HANDSHAKE, &answering.server_hello), usize::MAX);
        end.give(&nothing.repeat(2 - before), usize::MAX);
        answering.finish(&mut end).complete(&mut end);
    }
    let (mut answering, mut end) = greeted();
    end.give(&nothing.repeat(3), usize::MAX);
    let said = refusal("", &mut end, Some(&mut answering.rx));
    assert_eq!(said, TOO_MANY);
}

#[test]
fn a_client_hears_the_servers_alert_in_the_middle_of_its_flight() {
    let (mut answering, mut end) = greeted();
    end.give(&answering.tx.seal(ALERT, &[2, 80], 0), usize::MAX);
    let failed = sslcore::FailureKind::AlertReceived(sslcore::Alert::InternalError);
    assert!(end.saw(Event::Failed(failed)), "{:?}", end.events);
    assert_eq!(end.take(), []);
}
