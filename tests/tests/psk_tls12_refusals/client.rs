//! What a client may not say.

use sslcore::{Alert, FailureKind};
use sslcore_tests::hello::message;

use super::stage::{
    CERTIFICATE, CHANGE_CIPHER_SPEC, CLIENT_KEY_EXCHANGE, EXCHANGING, FINISHED, ILLEGAL, MALFORMED,
    PLAIN, UNEXPECTED, WRONG_KEYS, changed_client,
};

type ChangeBoth = fn(&mut Vec<Vec<u8>>, &mut Vec<u8>);

#[test]
fn a_client_that_breaks_the_rules_is_refused() {
    let rows: [(&str, &str, ChangeBoth, (FailureKind, Alert)); 11] = [
        (
            "an identity that is cut",
            PLAIN,
            |f, _| f[0] = message(CLIENT_KEY_EXCHANGE, &[0, 9, b'd']),
            MALFORMED,
        ),
        (
            "something behind it",
            PLAIN,
            |f, _| f[0] = message(CLIENT_KEY_EXCHANGE, &[0, 1, b'd', 0]),
            MALFORMED,
        ),
        (
            "nothing at all",
            PLAIN,
            |f, _| f[0] = message(CLIENT_KEY_EXCHANGE, &[]),
            MALFORMED,
        ),
        (
            "no share",
            EXCHANGING,
            |f, _| f[0] = message(CLIENT_KEY_EXCHANGE, &[0, 1, b'd']),
            MALFORMED,
        ),
        (
            "a share of another length",
            EXCHANGING,
            |f, _| f[0] = message(CLIENT_KEY_EXCHANGE, &[0, 1, b'd', 1, 9]),
            ILLEGAL,
        ),
        // An empty identity is as unknown as another.
        (
            "an empty identity",
            PLAIN,
            |f, _| f[0] = message(CLIENT_KEY_EXCHANGE, &[0, 0]),
            WRONG_KEYS,
        ),
        ("no exchange", PLAIN, |f, _| f.clear(), UNEXPECTED),
        (
            "two exchanges",
            PLAIN,
            |f, _| f.push(f[0].clone()),
            UNEXPECTED,
        ),
        (
            "a certificate",
            PLAIN,
            |f, _| f.insert(0, message(CERTIFICATE, &[0, 0, 0])),
            UNEXPECTED,
        ),
        (
            "Finished in the clear",
            PLAIN,
            |f, rest| {
                f.push(message(FINISHED, &[0; 12]));
                rest.clear();
            },
            UNEXPECTED,
        ),
        (
            "two changes of keys",
            PLAIN,
            |_, rest| {
                *rest = [&CHANGE_CIPHER_SPEC[..], rest].concat();
            },
            UNEXPECTED,
        ),
    ];
    for (what, suite, change, expected) in rows {
        assert_eq!(changed_client(what, suite, change), expected, "{what}");
    }
}
