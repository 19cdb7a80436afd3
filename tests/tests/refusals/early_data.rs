//! Early data that nobody allowed is skipped, up to a limit (RFC 8446 §4.2.10).

use sslcore::crypto::{Backend, TAG_LEN};
use sslcore::{Alert, FailureKind, VerifyMode};
use sslcore_tests::hello::{ClientHello, kind, number};
use sslcore_tests::middle::{Keys, Who};
use sslcore_tests::pair::{backends, client, server};
use sslcore_tests::sealing::{DATA, HANDSHAKE, record};

use super::stage::{ILLEGAL, Refusal, Stage, TOO_LONG, UNEXPECTED};

/// Skipped to its end: what is wrong is the value in Finished, since the hello was changed.
const SKIPPED: Refusal = (FailureKind::BadHandshakeSignature, Alert::DecryptError);
const FORGED: Refusal = (FailureKind::BadRecordMac, Alert::BadRecordMac);

/// A record with so many bytes of early data, under keys that the server does not have.
fn early(len: usize) -> Vec<u8> {
    record(DATA, &vec![0xa5; len + 1 + TAG_LEN])
}

fn stage(backend: &Backend, hello_retry: bool) -> Stage {
    let groups: &[&str] = if hello_retry {
        &["secp256r1"]
    } else {
        &["X25519"]
    };
    Stage::new(
        client(backend.clone()).groups(&["X25519", "secp256r1"]),
        server(backend.clone())
            .groups(groups)
            .verify_mode(VerifyMode::None),
    )
}

fn offer(message: &mut Vec<u8>) {
    let mut hello = ClientHello::parse(message);
    hello.extensions().add(number::EARLY_DATA, &[]);
    *message = hello.encode();
}

/// How the server takes early data of these lengths behind the hello that offers it.
#[track_caller]
fn taken(backend: &Backend, hello_retry: bool, lengths: &[usize]) -> Refusal {
    let mut stage = stage(backend, hello_retry);
    stage.change(Who::Client, kind::CLIENT_HELLO, offer);
    for len in lengths {
        stage.pair.server.give(&early(*len), usize::MAX);
    }
    if stage.pair.server.conn.failure().is_some() {
        stage.hear(Who::Server);
        let failure = stage.pair.server.conn.failure().expect("a failure");
        return (failure.kind(), failure.alert().expect("an alert"));
    }
    if hello_retry {
        stage.pass(Who::Server, |_| ());
        stage.pass(Who::Client, |_| ());
    }
    stage.pass(Who::Server, |_| ());
    // The client does not believe a server that answers another hello than its own.
    let finished = [&[20, 0, 0, 48][..], &[7; 48]].concat();
    let middle = &mut stage.middle;
    let sealed = middle.record(Who::Client, Keys::First, 22, &finished);
    stage.pair.server.give(&sealed, usize::MAX);
    stage.refusal(Who::Server)
}

#[test]
fn one_record_or_many_are_skipped_up_to_the_limit() {
    for backend in backends() {
        for lengths in [
            &[][..],
            &[12_000],
            &[16_384],
            &[1; 100],
            &[1024; 16],
            &[16_000, 384],
        ] {
            let refusal = taken(&backend, false, lengths);
            assert_eq!(refusal, SKIPPED, "{} {lengths:?}", backend.name());
        }
    }
}

#[test]
fn more_than_the_limit_is_refused() {
    for backend in backends() {
        for hello_retry in [false, true] {
            for lengths in [&[16_384, 1][..], &[12_000, 12_000], &[1024; 17]] {
                let refusal = taken(&backend, hello_retry, lengths);
                assert_eq!(refusal, UNEXPECTED, "{} {lengths:?}", backend.name());
            }
        }
    }
}

#[test]
fn empty_records_do_not_come_for_ever() {
    for backend in backends() {
        for len in [0, 1] {
            let refusal = taken(&backend, false, &[len; 16_385]);
            assert_eq!(refusal, UNEXPECTED, "{} {len}", backend.name());
        }
    }
}

#[test]
fn early_data_is_skipped_before_the_second_hello() {
    for backend in backends() {
        for lengths in [&[12_000][..], &[16_384], &[1024; 16]] {
            let mut stage = stage(&backend, true);
            let first = stage.hear(Who::Client);
            let mut offering = first.clone();
            offer(&mut offering[0].body);
            stage.say(Who::Client, &offering);
            for len in lengths {
                stage.pair.server.give(&early(*len), usize::MAX);
            }
            stage.pass(Who::Server, |_| ());
            stage.pass(Who::Client, |_| ());
            let said = stage.hear(Who::Server);
            let failure = stage.pair.server.conn.failure();
            assert!(failure.is_none(), "{} {failure:?}", backend.name());
            assert!(said[0].is(kind::SERVER_HELLO));
            // What comes now was not announced any more.
            stage.pair.server.give(&early(1), usize::MAX);
            assert_eq!(stage.refusal(Who::Server), FORGED);
        }
    }
}

#[test]
fn early_data_that_was_not_offered_is_a_forged_record() {
    for backend in backends() {
        let mut stage = stage(&backend, false);
        stage.pass(Who::Client, |_| ());
        stage.hear(Who::Server);
        stage.pair.server.give(&early(100), usize::MAX);
        assert_eq!(stage.refusal(Who::Server), FORGED);
        let mut stage = self::stage(&backend, true);
        stage.pass(Who::Client, |_| ());
        stage.hear(Who::Server);
        stage.pair.server.give(&early(100), usize::MAX);
        assert_eq!(
            stage.refusal(Who::Server),
            UNEXPECTED,
            "before the second hello"
        );
    }
}

#[test]
fn early_data_ends_with_the_first_record_that_opens() {
    for backend in backends() {
        let mut stage = stage(&backend, false);
        stage.change(Who::Client, kind::CLIENT_HELLO, offer);
        stage.hear(Who::Server);
        stage.pair.server.give(&early(100), usize::MAX);
        let middle = &mut stage.middle;
        let first = middle.record(Who::Client, Keys::First, 22, &[20, 0]);
        stage.pair.server.give(&first, usize::MAX);
        stage.pair.server.give(&early(100), usize::MAX);
        assert_eq!(stage.refusal(Who::Server), FORGED);
    }
}

#[test]
fn early_data_is_what_cannot_be_opened_and_nothing_else() {
    for backend in backends() {
        for (what, expected) in [
            // RFC 8446 §5: under keys, only ChangeCipherSpec and alerts may still come in the clear.
            (record(HANDSHAKE, &[20, 0, 0, 0]), UNEXPECTED),
            (record(DATA, &vec![0; 16_384 + 257]), TOO_LONG),
        ] {
            let mut stage = stage(&backend, false);
            stage.change(Who::Client, kind::CLIENT_HELLO, offer);
            stage.hear(Who::Server);
            stage.pair.server.give(&what, usize::MAX);
            assert_eq!(stage.refusal(Who::Server), expected);
        }
        // RFC 8446 §5.2 holds for what nobody has keys for, too.
        for (more, expected) in [(256, UNEXPECTED), (257, TOO_LONG)] {
            let mut stage = stage(&backend, true);
            stage.change(Who::Client, kind::CLIENT_HELLO, offer);
            stage.hear(Who::Server);
            let long = record(DATA, &vec![0; 16_384 + more]);
            stage.pair.server.give(&long, usize::MAX);
            assert_eq!(stage.refusal(Who::Server), expected, "{more}");
        }
    }
}

#[test]
fn a_second_hello_offers_no_early_data() {
    for backend in backends() {
        let mut stage = stage(&backend, true);
        stage.pass(Who::Client, |_| ());
        stage.pass(Who::Server, |_| ());
        stage.change(Who::Client, kind::CLIENT_HELLO, offer);
        assert_eq!(stage.refusal(Who::Server), ILLEGAL);
    }
}
