//! What a server may not say.

use sslcore::{Alert, FailureKind};
use sslcore_tests::hello::message;

use super::stage::{
    CERTIFICATE, CERTIFICATE_REQUEST, EXCHANGING, EXTENDED_MASTER_SECRET, FINISHED, ILLEGAL,
    MALFORMED, NO_EXTENDED_SECRET, PLAIN, SERVER_HELLO, SERVER_HELLO_DONE, SERVER_KEY_EXCHANGE,
    SUITE, UNEXPECTED, UNSOLICITED, changed_server, extensions, with_extensions,
};

type Change = fn(&mut Vec<Vec<u8>>);

#[test]
fn a_server_that_breaks_the_rules_is_refused() {
    let rows: [(&str, &str, Change, (FailureKind, Alert)); 23] = [
        (
            "a suite of certificates",
            PLAIN,
            |f| f[0][SUITE..SUITE + 2].copy_from_slice(&[0xc0, 0x2f]),
            ILLEGAL,
        ),
        (
            "another suite with keys",
            PLAIN,
            |f| f[0][SUITE..SUITE + 2].copy_from_slice(&[0, 0xa9]),
            ILLEGAL,
        ),
        (
            "a suite of TLS 1.3",
            PLAIN,
            |f| f[0][SUITE..SUITE + 2].copy_from_slice(&[0x13, 1]),
            ILLEGAL,
        ),
        ("compression", PLAIN, |f| f[0][SUITE + 2] = 1, ILLEGAL),
        (
            "TLS 1.1",
            PLAIN,
            |f| f[0][5] = 2,
            (FailureKind::Incompatible, Alert::ProtocolVersion),
        ),
        (
            "no extended master secret",
            PLAIN,
            |f| {
                let kept = extensions(&f[0]).to_vec();
                let kept = kept
                    .strip_prefix(&EXTENDED_MASTER_SECRET[..])
                    .expect("first");
                f[0] = with_extensions(&f[0], kept);
            },
            NO_EXTENDED_SECRET,
        ),
        (
            "what was not offered",
            PLAIN,
            |f| f[0] = with_extensions(&f[0], &[extensions(&f[0]), &[0x5a, 0x5a, 0, 0]].concat()),
            UNSOLICITED,
        ),
        (
            "an extension twice",
            PLAIN,
            |f| {
                let twice = [extensions(&f[0]), &EXTENDED_MASTER_SECRET].concat();
                f[0] = with_extensions(&f[0], &twice);
            },
            ILLEGAL,
        ),
        (
            "a hello that is too short",
            PLAIN,
            |f| f[0] = message(SERVER_HELLO, &[3, 3, 0]),
            MALFORMED,
        ),
        (
            "a second hello",
            PLAIN,
            |f| f.insert(1, f[0].clone()),
            UNEXPECTED,
        ),
        (
            "a certificate",
            PLAIN,
            |f| f.insert(1, message(CERTIFICATE, &[0, 0, 0])),
            UNEXPECTED,
        ),
        (
            "a request for one",
            PLAIN,
            |f| f.insert(2, message(CERTIFICATE_REQUEST, &[0, 0, 0, 0, 0])),
            UNEXPECTED,
        ),
        (
            "a hint that is cut",
            PLAIN,
            |f| f[1] = message(SERVER_KEY_EXCHANGE, &[0, 4, b'h']),
            MALFORMED,
        ),
        (
            "something behind the hint",
            PLAIN,
            |f| f[1] = message(SERVER_KEY_EXCHANGE, &[0, 1, b'h', 0]),
            MALFORMED,
        ),
        (
            "two exchanges",
            PLAIN,
            |f| f.insert(2, f[1].clone()),
            UNEXPECTED,
        ),
        (
            "a done that says something",
            PLAIN,
            |f| f[2] = message(SERVER_HELLO_DONE, &[0]),
            MALFORMED,
        ),
        (
            "Finished at once",
            PLAIN,
            |f| f[2] = message(FINISHED, &[0; 12]),
            UNEXPECTED,
        ),
        (
            "no exchange where keys are exchanged",
            EXCHANGING,
            |f| drop(f.remove(1)),
            UNEXPECTED,
        ),
        (
            "a curve without a number",
            EXCHANGING,
            |f| f[1] = message(SERVER_KEY_EXCHANGE, &[0, 0, 1, 0, 29, 1, 9]),
            ILLEGAL,
        ),
        (
            "a group that was not offered",
            EXCHANGING,
            |f| f[1] = message(SERVER_KEY_EXCHANGE, &[0, 0, 3, 0, 30, 1, 9]),
            ILLEGAL,
        ),
        (
            "an empty share",
            EXCHANGING,
            |f| f[1] = message(SERVER_KEY_EXCHANGE, &[0, 0, 3, 0, 29, 0]),
            MALFORMED,
        ),
        (
            "a share of another length",
            EXCHANGING,
            |f| f[1] = message(SERVER_KEY_EXCHANGE, &[0, 0, 3, 0, 29, 1, 9]),
            ILLEGAL,
        ),
        (
            "a share that leads to zero",
            EXCHANGING,
            |f| {
                let share = [&[0, 0, 3, 0, 29, 32][..], &[0; 32]].concat();
                f[1] = message(SERVER_KEY_EXCHANGE, &share);
            },
            ILLEGAL,
        ),
    ];
    for (what, suite, change, expected) in rows {
        assert_eq!(changed_server(what, suite, change), expected, "{what}");
    }
}
