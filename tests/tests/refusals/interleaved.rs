//! While a handshake message is incomplete, no other record may come (RFC 8446 §5.1).

use sslcore::{Alert, FailureKind, Repeated};
use sslcore_tests::middle::{Keys, Said, Who};
use sslcore_tests::sealing::{ALERT, CHANGE_CIPHER_SPEC, DATA, HANDSHAKE};

use super::stage::{Stage, UNEXPECTED, VERSIONS, other};

/// What comes between, and whether it comes in the clear where all else is protected.
const BETWEEN: [(u8, &[u8], bool); 7] = [
    (ALERT, &[1, 90], false),
    (ALERT, &[1, 0], false),
    (ALERT, &[2, 40], false),
    (ALERT, &[1, 90], true),
    (CHANGE_CIPHER_SPEC, &[1], true),
    (DATA, b"early", false),
    (HANDSHAKE, b"", false),
];

/// The flights of a handshake with client certificates.
fn flights(version: &str) -> usize {
    if version == "TLSv1.3" { 3 } else { 4 }
}

fn speaker(flight: usize) -> Who {
    if flight.is_multiple_of(2) {
        Who::Client
    } else {
        Who::Server
    }
}

/// The stage where this flight is to be passed on, and the flight.
fn before(version: &str, flight: usize) -> (Stage, Vec<Said>) {
    let mut stage = Stage::with_client_certificate(version);
    for earlier in 0..flight {
        stage.pass(speaker(earlier), |_| ());
    }
    let said = stage.hear(speaker(flight));
    (stage, said)
}

/// Where a message is cut.
#[derive(Clone, Copy, Debug)]
enum Cut {
    /// Behind so many bytes.
    Begin(usize),
    /// Before so many bytes.
    End(usize),
}

/// Passes on a flight up to the `at`th of its parts, which is cut, then a record that should not
/// come. A message of four bytes is whole then, and not cut.
#[track_caller]
fn refuse_between(version: &str, flight: usize, at: usize, cut: Cut, between: (u8, &[u8], bool)) {
    let who = speaker(flight);
    let (mut stage, said) = before(version, flight);
    let one = &said[at];
    let cut = match cut {
        Cut::Begin(len) => len,
        Cut::End(len) => one.body.len() - len,
    };
    if cut >= one.body.len() {
        return;
    }
    stage.say(who, &said[..at]);
    let (content, body, clear) = between;
    let keys = if clear { Keys::None } else { one.keys };
    let middle = &mut stage.middle;
    let mut bytes = middle.record(who, one.keys, HANDSHAKE, &one.body[..cut]);
    bytes.extend(middle.record(who, keys, content, body));
    stage.end(other(who)).give(&bytes, usize::MAX);
    let refusal = stage.refusal(other(who));
    let what = (said[at].body[0], cut, between);
    assert_eq!(refusal, UNEXPECTED, "{version} {flight} {what:?}");
}

#[test]
fn nothing_comes_between_the_parts_of_a_message() {
    for version in VERSIONS {
        for flight in 0..flights(version) {
            let (_, said) = before(version, flight);
            for (at, one) in said.iter().enumerate() {
                if one.content != HANDSHAKE {
                    continue;
                }
                for between in BETWEEN {
                    // In TLS 1.2 an alert that is not protected where all else is does not open.
                    let opens = version == "TLSv1.3" || one.keys == Keys::None;
                    if !opens && between.2 && between.0 == ALERT {
                        continue;
                    }
                    for cut in [Cut::Begin(1), Cut::Begin(4), Cut::End(1)] {
                        refuse_between(version, flight, at, cut, between);
                    }
                }
            }
        }
    }
}

#[test]
fn a_message_does_not_go_on_under_other_keys() {
    // Of a Finished in TLS 1.2 before ChangeCipherSpec, and of what follows ServerHello in TLS 1.3.
    for who in [Who::Client, Who::Server] {
        let (mut stage, said) = before("TLSv1.2", if who == Who::Client { 2 } else { 3 });
        let change = said
            .iter()
            .position(|one| one.content == CHANGE_CIPHER_SPEC);
        let change = change.expect("ChangeCipherSpec");
        stage.say(who, &said[..change]);
        let first = stage.middle.record(who, Keys::None, HANDSHAKE, &[20, 0, 0]);
        stage.end(other(who)).give(&first, usize::MAX);
        stage.say(who, &said[change..]);
        assert_eq!(stage.refusal(other(who)), UNEXPECTED, "{who:?}");
    }
    let (mut stage, mut said) = before("TLSv1.3", 1);
    said[0].body.extend([8, 0]);
    stage.say(Who::Server, &said[..1]);
    assert_eq!(stage.refusal(Who::Client), UNEXPECTED);
}

#[test]
fn nothing_follows_finished_in_its_record() {
    for version in VERSIONS {
        for flight in 1..flights(version) {
            let (mut stage, mut said) = before(version, flight);
            let Some(finished) = said.iter().position(|one| one.is(20)) else {
                continue;
            };
            said[finished].body.extend([24, 0, 0, 1, 0]);
            stage.say(speaker(flight), &said[..=finished]);
            let refusal = stage.refusal(other(speaker(flight)));
            assert_eq!(refusal, UNEXPECTED, "{version} {flight}");
        }
    }
}

#[test]
fn what_follows_a_wrong_finished_in_its_record_is_refused_first() {
    for flight in 1..flights("TLSv1.3") {
        let (mut stage, mut said) = before("TLSv1.3", flight);
        let finished = said.iter().position(|one| one.is(20)).expect("Finished");
        said[finished].body[4] ^= 1;
        said[finished].body.extend([24, 0, 0, 1, 0]);
        stage.say(speaker(flight), &said[..=finished]);
        assert_eq!(
            stage.refusal(other(speaker(flight))),
            UNEXPECTED,
            "{flight}"
        );
    }
}

#[test]
fn change_cipher_spec_has_its_place_and_one_byte() {
    for version in VERSIONS {
        for who in [Who::Client, Who::Server] {
            for body in [&[0][..], &[2], &[1, 1]] {
                let flight = match (version, who) {
                    (_, Who::Client) => 2,
                    ("TLSv1.3", _) => 1,
                    _ => 3,
                };
                let (mut stage, mut said) = before(version, flight);
                let change = said
                    .iter_mut()
                    .find(|one| one.content == CHANGE_CIPHER_SPEC);
                change.expect("ChangeCipherSpec").body = body.to_vec();
                stage.say(who, &said);
                let refusal = stage.refusal(other(who));
                assert_eq!(refusal, UNEXPECTED, "{version} {who:?} {body:?}");
            }
        }
    }
    // Before there is anything to change.
    let (mut stage, said) = before("TLSv1.2", 2);
    let early = stage
        .middle
        .record(Who::Client, Keys::None, CHANGE_CIPHER_SPEC, &[1]);
    stage.say(Who::Client, &said[..1]);
    stage.pair.server.give(&early, usize::MAX);
    assert_eq!(stage.refusal(Who::Server), UNEXPECTED);
}

#[test]
fn change_cipher_spec_does_not_come_for_ever() {
    for flight in [1, 2] {
        let who = speaker(flight);
        let (mut stage, said) = before("TLSv1.3", flight);
        stage.say(who, &said[..1]);
        for _ in 0..100 {
            let middle = &mut stage.middle;
            let record = middle.record(who, Keys::None, CHANGE_CIPHER_SPEC, &[1]);
            let end = stage.end(other(who));
            if end.conn.failure().is_none() {
                end.give(&record, usize::MAX);
            }
        }
        let kind = FailureKind::TooMuchOf(Repeated::ChangeCipherSpecs);
        assert_eq!(stage.refusal(other(who)), (kind, Alert::UnexpectedMessage));
    }
}
