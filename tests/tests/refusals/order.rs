//! Messages out of their order.

use sslcore_tests::hello::kind;
use sslcore_tests::middle::{Said, Who};
use sslcore_tests::sealing::HANDSHAKE;

use super::stage::{MALFORMED, Stage, UNEXPECTED, VERSIONS, other};

/// Everything in a handshake with client certificates that is not the last of its flight.
fn each(version: &str, mut play: impl FnMut(Stage, Who, Vec<Said>, usize)) {
    let flights = if version == "TLSv1.3" { 3 } else { 4 };
    let stage = |flight: usize| {
        let mut stage = Stage::with_client_certificate(version);
        let mut who = Who::Client;
        for _ in 0..flight {
            stage.pass(who, |_| ());
            who = other(who);
        }
        let said = stage.hear(who);
        (stage, who, said)
    };
    for flight in 1..flights {
        let parts = stage(flight).2.len();
        for at in 0..parts {
            let (stage, who, said) = stage(flight);
            play(stage, who, said, at);
        }
    }
}

#[test]
fn a_message_twice() {
    for version in VERSIONS {
        each(version, |mut stage, who, mut said, at| {
            let one = said[at].clone();
            // The keys have changed behind these, and the peer is done behind its own.
            if one.content != HANDSHAKE || one.is(kind::FINISHED) || one.is(kind::SERVER_HELLO) {
                return;
            }
            said.insert(at, one);
            stage.say(who, &said[..=at + 1]);
            let refusal = stage.refusal(other(who));
            assert_eq!(
                refusal, UNEXPECTED,
                "{version} {who:?} {:?}",
                said[at].body[0]
            );
        });
    }
}

#[test]
fn a_message_that_is_left_out() {
    for version in VERSIONS {
        each(version, |mut stage, who, mut said, at| {
            let last = said.len() - 1;
            let left_out = said.remove(at);
            let kind = left_out.body[0];
            // Nobody needs to ask for a certificate, and TLS 1.3 changes nothing by its
            // ChangeCipherSpec.
            let optional = left_out.is(kind::CERTIFICATE_REQUEST)
                || (version == "TLSv1.3" && left_out.content != HANDSHAKE);
            if optional || at == last || left_out.is(kind::SERVER_HELLO) {
                return;
            }
            // Where ChangeCipherSpec is missing, what follows does not open.
            if left_out.content != HANDSHAKE {
                return;
            }
            stage.say(who, &said[..=at]);
            let refusal = stage.refusal(other(who));
            assert_eq!(refusal, UNEXPECTED, "{version} {who:?} {kind}");
        });
    }
}

#[test]
fn a_message_of_a_type_that_nobody_sends() {
    // HelloRetryRequest and message_hash are no types on the wire (RFC 8446 §4.1.4, §4.4.1).
    for version in VERSIONS {
        for kind in [6, 7, 18, 99, 254, 255] {
            each(version, |mut stage, who, mut said, at| {
                if said[at].content != HANDSHAKE {
                    return;
                }
                said[at].body[0] = kind;
                stage.say(who, &said[..=at]);
                let refusal = stage.refusal(other(who));
                assert_eq!(refusal, UNEXPECTED, "{version} {who:?} {kind}");
            });
        }
    }
}

#[test]
fn a_message_with_a_byte_too_many_or_too_few() {
    for version in VERSIONS {
        for longer in [true, false] {
            each(version, |mut stage, who, mut said, at| {
                let one = &mut said[at];
                // A Finished that is too long is a wrong one.
                if one.content != HANDSHAKE || one.is(kind::FINISHED) {
                    return;
                }
                let len = usize::from(u16::from_be_bytes([one.body[2], one.body[3]]));
                if !longer && len == 0 {
                    return;
                }
                let len = if longer { len + 1 } else { len - 1 };
                one.body[2..4].copy_from_slice(&(len as u16).to_be_bytes());
                one.body.resize(4 + len, 0);
                let kind = one.body[0];
                stage.say(who, &said[..=at]);
                let refusal = stage.refusal(other(who));
                assert_eq!(refusal, MALFORMED, "{version} {who:?} {kind} {longer}");
            });
        }
    }
}
