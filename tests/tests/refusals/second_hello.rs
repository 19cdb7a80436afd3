//! What a client may change when it is asked for another hello (RFC 8446 §4.1.2).

use sslcore::VerifyMode;
use sslcore_tests::hello::{ClientHello, kind, number, vector16};
use sslcore_tests::middle::Who;
use sslcore_tests::pair::{backend, client, server};

use super::stage::{ILLEGAL, MALFORMED, MISSING, Refusal, Stage, UNEXPECTED};

/// The server and what it has heard last, where the client's second hello was changed.
fn changed(change: impl FnOnce(&mut ClientHello)) -> Stage {
    let mut stage = Stage::new(
        client(backend())
            .groups(&["X25519", "secp256r1", "secp384r1"])
            .alpn(&[b"echo"]),
        server(backend())
            .groups(&["secp256r1"])
            .verify_mode(VerifyMode::None),
    );
    stage.pass(Who::Client, |_| ());
    stage.pass(Who::Server, |_| ());
    stage.change(Who::Client, kind::CLIENT_HELLO, |message| {
        let mut hello = ClientHello::parse(message);
        change(&mut hello);
        *message = hello.encode();
    });
    stage
}

#[track_caller]
fn refused(change: impl FnOnce(&mut ClientHello)) -> Refusal {
    changed(change).refusal(Who::Server)
}

#[test]
fn what_must_stay_as_it_was() {
    assert_eq!(refused(|hello| hello.random[0] ^= 1), ILLEGAL);
    assert_eq!(refused(|hello| hello.session_id[0] ^= 1), ILLEGAL);
    assert_eq!(refused(|hello| hello.suites.rotate_left(1)), ILLEGAL);
    assert_eq!(refused(|hello| hello.suites.push(0x5a5a)), ILLEGAL);
    let honest = changed(|_| ());
    assert!(honest.pair.server.conn.failure().is_none());
    let numbers = {
        let mut numbers = Vec::new();
        changed(|hello| numbers = hello.extensions().0.iter().map(|one| one.0).collect());
        numbers
    };
    for number in numbers {
        if number == number::KEY_SHARE {
            continue;
        }
        let refusal = refused(|hello| hello.extensions().remove(number));
        assert_eq!(refusal, ILLEGAL, "without {number}");
    }
    for (number, content) in [
        (number::SERVER_NAME, &b"\0\x0e\0\0\x0bserves.test"[..]),
        (number::ALPN, b"\0\x05\x04ecco"),
        (number::SIGNATURE_ALGORITHMS, &[0, 2, 4, 3]),
        (number::SUPPORTED_GROUPS, &[0, 2, 0, 23]),
    ] {
        let refusal = refused(|hello| *hello.extensions().get(number) = content.to_vec());
        assert_eq!(refusal, ILLEGAL, "another {number}");
    }
    let refusal = refused(|hello| hello.extensions().add(number::GREASE, &[]));
    assert_eq!(refusal, ILLEGAL, "one more");
}

#[test]
fn what_may_change() {
    for change in [
        (|hello| hello.extensions().0.reverse()) as fn(&mut ClientHello),
        |hello| hello.extensions().add(21, &[0; 100]),
    ] {
        let mut stage = changed(change);
        let said = stage.hear(Who::Server);
        let failure = stage.pair.server.conn.failure();
        assert!(failure.is_none(), "{failure:?}");
        assert!(said[0].is(kind::SERVER_HELLO));
    }
}

#[test]
fn what_must_change() {
    let other_group = |hello: &mut ClientHello| {
        let entry = [&[0, 29][..], &vector16(&[9; 32])].concat();
        *hello.extensions().get(number::KEY_SHARE) = vector16(&entry);
    };
    assert_eq!(refused(other_group), ILLEGAL);
    let none = |hello: &mut ClientHello| {
        *hello.extensions().get(number::KEY_SHARE) = vec![0, 0];
    };
    assert_eq!(refused(none), ILLEGAL);
    let refusal = refused(|hello| hello.extensions().remove(number::KEY_SHARE));
    assert_eq!(refusal, MISSING);
}

#[test]
fn a_third_hello() {
    let mut stage = changed(|_| ());
    stage.hear(Who::Server);
    let again = stage.pair.client.sent.clone();
    let mut second = Vec::new();
    for record in sslcore_tests::sealing::records(&again) {
        if record[0] == 22 {
            second = record.to_vec();
        }
    }
    stage.pair.server.give(&second, usize::MAX);
    assert_eq!(stage.refusal(Who::Server), UNEXPECTED);
}

#[test]
fn keys_that_only_the_second_offers_have_their_form() {
    // RFC 8446 §4.2.11: pre_shared_key is among what may change, and what is not taken is read, too.
    let offer =
        |identities: &[u8], binders: &[u8]| [vector16(identities), vector16(binders)].concat();
    let identity = [&vector16(b"name")[..], &[0; 4]].concat();
    let binder = [&[32][..], &[7; 32]].concat();
    for (content, expected) in [
        (
            offer(&identity, &[binder.clone(), binder.clone()].concat()),
            ILLEGAL,
        ),
        (offer(&[], &binder), MALFORMED),
        (offer(&identity, &binder[..20]), MALFORMED),
        (vec![0], MALFORMED),
    ] {
        let pushed = (number::PRE_SHARED_KEY, content.clone());
        let refusal = refused(|hello| hello.extensions().0.push(pushed));
        assert_eq!(refusal, expected, "{content:?}");
    }
}

#[test]
fn a_client_answers_no_request_that_something_follows_in_its_record() {
    // RFC 8446 §4.1.4: the answer is another hello; what follows came too early.
    let mut stage = Stage::new(
        client(backend()).groups(&["X25519", "secp256r1"]),
        server(backend()).groups(&["secp256r1"]),
    );
    stage.pass(Who::Client, |_| ());
    stage.change(Who::Server, kind::SERVER_HELLO, |retry| {
        retry.extend(retry.clone());
    });
    let said = stage.hear(Who::Client);
    assert_eq!(said.len(), 1, "no second hello");
    assert_eq!(said[0].body, [2, UNEXPECTED.1.code()]);
    let failure = stage.pair.client.conn.failure().expect("it has failed");
    assert_eq!(failure.kind(), UNEXPECTED.0);
}
