//! What a client may not say in the place of its Finished (RFC 8446 §4.4.4).

use sslcore::{Alert, FailureKind};
use sslcore_tests::pair::End;
use sslcore_tests::sealing::{ALERT, CHANGE_CIPHER_SPEC, DATA, HANDSHAKE, record};

use super::client::{Answered, Client};
use super::stage::{
    BAD_FINISHED, BAD_RECORD, MALFORMED, Refusal, TOO_MANY, UNEXPECTED, refusal, server, waiting,
};

fn greeted() -> (Answered, End) {
    let mut end = waiting(server());
    (Client::default().greet(&mut end), end)
}

/// All of these are refused under the key of the server's data, which its Finished has begun.
#[test]
fn nothing_but_the_right_finished_ends_a_handshake() {
    type Row = (&'static str, fn(&mut Answered) -> Vec<u8>, Refusal);
    let sealed = |answered: &mut Answered, body: &[u8]| answered.tx.seal(HANDSHAKE, body, 0);
    let rows: &[Row] = &[
        (
            "wrong",
            |a| {
                let mut finished = a.finished();
                finished[35] ^= 1;
                a.tx.seal(HANDSHAKE, &finished, 0)
            },
            BAD_FINISHED,
        ),
        (
            "short",
            |a| {
                let mut finished = a.finished();
                finished.truncate(35);
                finished[3] -= 1;
                a.tx.seal(HANDSHAKE, &finished, 0)
            },
            MALFORMED,
        ),
        (
            "long",
            |a| {
                let mut finished = a.finished();
                finished.push(0);
                finished[3] += 1;
                a.tx.seal(HANDSHAKE, &finished, 0)
            },
            MALFORMED,
        ),
        (
            "empty",
            |a| a.tx.seal(HANDSHAKE, &[20, 0, 0, 0], 0),
            MALFORMED,
        ),
        (
            "the server's",
            |a| {
                let finished = a.messages[a.messages.len() - 36..].to_vec();
                a.tx.seal(HANDSHAKE, &finished, 0)
            },
            BAD_FINISHED,
        ),
        (
            "with a KeyUpdate behind it",
            |a| {
                let both = [a.finished(), vec![24, 0, 0, 1, 0]].concat();
                a.tx.seal(HANDSHAKE, &both, 0)
            },
            UNEXPECTED,
        ),
        (
            "in the clear",
            |a| record(HANDSHAKE, &a.finished()),
            UNEXPECTED,
        ),
        (
            "under the keys of data",
            |a| {
                let finished = a.finished();
                a.keys
                    .direction(&a.application[0])
                    .seal(HANDSHAKE, &finished, 0)
            },
            BAD_RECORD,
        ),
        (
            "under the server's keys",
            |a| {
                let finished = a.finished();
                a.keys
                    .direction(&a.keys.server)
                    .seal(HANDSHAKE, &finished, 0)
            },
            BAD_RECORD,
        ),
        (
            "as the second record",
            |a| {
                let finished = a.finished();
                a.tx.seal(HANDSHAKE, &[0], 0);
                a.tx.seal(HANDSHAKE, &finished, 0)
            },
            BAD_RECORD,
        ),
    ];
    for (what, say, expected) in rows {
        let (mut answered, mut end) = greeted();
        let bytes = say(&mut answered);
        end.give(&bytes, usize::MAX);
        let refused = refusal(what, &mut end, Some(&mut answered.rx));
        assert_eq!(refused, *expected, "{what}");
        assert!(!end.conn.is_encrypted());
    }
    let messages: [(&str, &[u8]); 8] = [
        ("Certificate", &[11, 0, 0, 4, 0, 0, 0, 0]),
        ("CertificateVerify", &[15, 0, 0, 4, 8, 4, 0, 0]),
        ("EndOfEarlyData", &[5, 0, 0, 0]),
        ("KeyUpdate", &[24, 0, 0, 1, 0]),
        ("NewSessionTicket", &[4, 0, 0, 0]),
        ("ClientHello", &[1, 0, 0, 0]),
        ("an unknown message", &[99, 0, 0, 0]),
        ("nothing", &[]),
    ];
    for (what, body) in messages {
        let (mut answered, mut end) = greeted();
        let bytes = sealed(&mut answered, body);
        end.give(&bytes, usize::MAX);
        let refused = refusal(what, &mut end, Some(&mut answered.rx));
        assert_eq!(refused, UNEXPECTED, "{what}");
    }
}

#[test]
fn records_that_have_no_place_before_finished_are_refused() {
    for (what, content, body) in [
        ("data", DATA, &b"too soon"[..]),
        ("a sealed ChangeCipherSpec", CHANGE_CIPHER_SPEC, &[1]),
        ("an alert of one byte", ALERT, &[2]),
        ("a warning", ALERT, &[1, 100]),
    ] {
        let (mut answered, mut end) = greeted();
        let bytes = answered.tx.seal(content, body, 0);
        end.give(&bytes, usize::MAX);
        let expected = match content {
            ALERT => MALFORMED,
            _ => UNEXPECTED,
        };
        let refused = refusal(what, &mut end, Some(&mut answered.rx));
        assert_eq!(refused, expected, "{what}");
    }
    for (what, body) in [("of another value", &[2][..]), ("of two bytes", &[1, 1])] {
        let (mut answered, mut end) = greeted();
        end.give(&record(CHANGE_CIPHER_SPEC, body), usize::MAX);
        let refused = refusal(what, &mut end, Some(&mut answered.rx));
        assert_eq!(refused, UNEXPECTED, "{what}");
    }
    // What means nothing is dropped, but not for ever (rule R10).
    let (mut answered, mut end) = greeted();
    end.give(&record(CHANGE_CIPHER_SPEC, &[1]).repeat(2), usize::MAX);
    answered.complete(&mut end);
    let (mut answered, mut end) = greeted();
    end.give(&record(CHANGE_CIPHER_SPEC, &[1]).repeat(3), usize::MAX);
    let refused = refusal("three", &mut end, Some(&mut answered.rx));
    assert_eq!(refused, TOO_MANY);
}

#[test]
fn an_alert_of_a_client_that_has_no_keys_is_heard_in_the_clear() {
    let (_, mut end) = greeted();
    end.give(&record(ALERT, &[2, 40]), usize::MAX);
    let failure = end.conn.failure().map(sslcore::Failure::kind);
    let expected = FailureKind::AlertReceived(Alert::HandshakeFailure);
    assert_eq!(failure, Some(expected));
    assert_eq!(end.take(), []);
    // Not inside a message that is cut.
    let (mut answered, mut end) = greeted();
    let finished = answered.finished();
    let begun = answered.tx.seal(HANDSHAKE, &finished[..20], 0);
    let alert = answered.tx.seal(ALERT, &[2, 40], 0);
    end.give(&[begun, alert].concat(), usize::MAX);
    let refused = refusal("cut", &mut end, Some(&mut answered.rx));
    assert_eq!(refused, UNEXPECTED);
}
