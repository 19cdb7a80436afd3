//! Records that carry nothing, too much, or what no record has.

use sslcore::{Alert, FailureKind, ServerStart};
use sslcore_tests::middle::{Keys, Who};
use sslcore_tests::pair::{backend, client, server};
use sslcore_tests::sealing::{ALERT, CHANGE_CIPHER_SPEC, DATA, HANDSHAKE, record};

use super::stage::{
    MALFORMED, Refusal, Stage, TOO_LONG, UNEXPECTED, VERSIONS, hello_of, other, refused_by, waiting,
};

const BOTH: [Who; 2] = [Who::Client, Who::Server];

/// A stage on which `who` speaks next, under the first keys that protect anything.
fn under_first_keys(version: &str, who: Who) -> Stage {
    let mut stage = Stage::plain(version);
    stage.pass(Who::Client, |_| ());
    if version == "TLSv1.3" && who == Who::Server {
        stage.pass(Who::Server, |said| said.truncate(1));
        return stage;
    }
    stage.pass(Who::Server, |_| ());
    if version == "TLSv1.2" || who == Who::Client {
        stage.pass(Who::Client, |said| match (version, who) {
            ("TLSv1.2", Who::Client) => said.truncate(2),
            ("TLSv1.2", _) => {}
            _ => said.clear(),
        });
    }
    if version == "TLSv1.2" && who == Who::Server {
        // A ticket, then ChangeCipherSpec.
        stage.pass(Who::Server, |said| {
            said.retain(|one| one.keys == Keys::None);
        });
    }
    stage
}

/// How the other refuses such a record of `who`'s.
#[track_caller]
fn refused(version: &str, who: Who, content: u8, body: &[u8], padding: usize) -> Refusal {
    let mut stage = under_first_keys(version, who);
    let middle = &mut stage.middle;
    let record = middle.padded(who, Keys::First, content, body, padding);
    stage.end(other(who)).give(&record, usize::MAX);
    stage.refusal(other(who))
}

#[test]
fn nothing_but_padding() {
    // RFC 8446 §5.4.
    for who in BOTH {
        for padding in [0, 1, 15, 1000] {
            let refusal = refused("TLSv1.3", who, 0, &[], padding);
            assert_eq!(refusal, UNEXPECTED, "{who:?} {padding}");
        }
    }
}

#[test]
fn no_content_of_a_type_that_must_have_some() {
    // RFC 8446 §5.1, §5.4.
    for who in BOTH {
        for content in [HANDSHAKE, ALERT, DATA, CHANGE_CIPHER_SPEC] {
            for padding in [0, 9] {
                let refusal = refused("TLSv1.3", who, content, &[], padding);
                assert_eq!(refusal, UNEXPECTED, "{who:?} {content} {padding}");
            }
            let refusal = refused("TLSv1.2", who, content, &[], 0);
            assert_eq!(refusal, UNEXPECTED, "{who:?} {content} in TLS 1.2");
        }
    }
    for content in [HANDSHAKE, ALERT, CHANGE_CIPHER_SPEC, DATA] {
        let refusal = refused_by(server(backend()), &record(content, &[]));
        assert_eq!(refusal, UNEXPECTED, "{content}");
        for version in VERSIONS {
            let mut stage = Stage::plain(version);
            stage.pass(Who::Client, |_| ());
            stage.pair.client.give(&record(content, &[]), usize::MAX);
            assert_eq!(
                stage.refusal(Who::Client),
                UNEXPECTED,
                "{version} {content}"
            );
        }
    }
}

#[test]
fn content_of_a_type_that_does_not_exist() {
    for who in BOTH {
        for content in [1, 2, 19, 24, 25, 255] {
            let refusal = refused("TLSv1.3", who, content, b"content", 0);
            assert_eq!(refusal, UNEXPECTED, "{who:?} {content}");
        }
        for (content, body) in [(DATA, &b"early"[..]), (CHANGE_CIPHER_SPEC, &[1])] {
            for version in VERSIONS {
                let refusal = refused(version, who, content, body, 0);
                assert_eq!(refusal, UNEXPECTED, "{version} {who:?} {content}");
            }
        }
    }
}

#[test]
fn an_alert_that_is_none() {
    for version in VERSIONS {
        for who in BOTH {
            for body in [&[2][..], &[2, 40, 0], &[2, 40, 2, 40]] {
                let refusal = refused(version, who, ALERT, body, 0);
                assert_eq!(refusal, MALFORMED, "{version} {who:?} {body:?}");
            }
        }
    }
}

#[test]
fn a_record_in_the_clear_beyond_what_it_may_carry() {
    // RFC 8446 §5.1, RFC 5246 §6.2.1.
    for len in [16_385, 16_386, 18_432] {
        for first in [&[1, 0, 0x48, 0][..], &[1, 0, 0, 1]] {
            let mut body = first.to_vec();
            body.resize(len, 0);
            let refusal = refused_by(server(backend()), &record(HANDSHAKE, &body));
            assert_eq!(refusal, TOO_LONG, "{len}");
        }
        for version in VERSIONS {
            let mut stage = Stage::plain(version);
            stage.pass(Who::Client, |_| ());
            let mut body = vec![2, 0, 0x48, 0];
            body.resize(len, 0);
            stage
                .pair
                .client
                .give(&record(HANDSHAKE, &body), usize::MAX);
            assert_eq!(stage.refusal(Who::Client), TOO_LONG, "{version} {len}");
        }
    }
    // Whatever it says, it says too much of it.
    for len in [16_385, 18_432] {
        for content in [ALERT, CHANGE_CIPHER_SPEC] {
            let long = record(content, &vec![1; len]);
            let refusal = refused_by(server(backend()), &long);
            assert_eq!(refusal, TOO_LONG, "{content} {len}");
            for version in VERSIONS {
                let mut stage = Stage::plain(version);
                stage.pass(Who::Client, |_| ());
                stage.pair.client.give(&long, usize::MAX);
                let refusal = stage.refusal(Who::Client);
                assert_eq!(refusal, TOO_LONG, "{version} {content} {len}");
            }
        }
    }
    for len in [18_433, 0xffff] {
        let refusal = refused_by(server(backend()), &record(HANDSHAKE, &vec![1; len]));
        assert_eq!(refusal, TOO_LONG, "{len}");
    }
}

#[test]
fn no_record_between_the_parts_of_a_hello() {
    // A client that has begun a hello speaks TLS, whatever comes then.
    let hello = hello_of(client(backend()));
    for garbage in [&b"GET / HTTP/1.1\r\n"[..], &[22, 4, 0, 0, 1, 0], &[0; 5]] {
        let begun = record(HANDSHAKE, &hello[..9]);
        let refusal = refused_by(server(backend()), &[&begun, garbage].concat());
        assert_eq!(refusal, UNEXPECTED, "{garbage:?}");
    }
}

#[test]
fn a_hello_of_a_full_record_is_read() {
    let mut hello = sslcore_tests::hello::ClientHello::parse(&hello_of(client(backend())));
    let len = hello.encode().len();
    hello.extensions().add(21, &vec![0; 16_384 - len - 4]);
    let message = hello.encode();
    assert_eq!(message.len(), 16_384);
    let mut end = waiting(server(backend()));
    end.give(&record(HANDSHAKE, &message), usize::MAX);
    assert!(end.conn.failure().is_none(), "{:?}", end.conn.failure());
}

#[test]
fn a_sealed_record_beyond_what_it_may_carry() {
    for who in BOTH {
        let refusal = refused("TLSv1.3", who, HANDSHAKE, &[11; 1], 16_384);
        assert_eq!(refusal, TOO_LONG, "{who:?}");
    }
}

#[test]
fn an_alert_in_front_of_the_hello_is_no_way_around_a_question() {
    for body in [&[1, 90][..], &[1, 112], &[1, 0], &[2, 40]] {
        let mut end = sslcore_tests::pair::End::new(Default::default());
        let fallback = server(backend()).build().expect("server");
        let ask = ServerStart::Ask { fallback };
        end.conn.start_server_encryption(ask).expect("start");
        end.give(&record(ALERT, body), usize::MAX);
        let failure = end.conn.failure().expect("a failure");
        let expected = match body {
            [1, 0 | 90] => FailureKind::ClosedDuringHandshake,
            [2, _] => FailureKind::AlertReceived(Alert::HandshakeFailure),
            _ => FailureKind::UnexpectedMessage,
        };
        assert_eq!(failure.kind(), expected, "{body:?}");
    }
}

/// The server's first flight in fragments: what is learnt from it must be what it says.
#[test]
fn an_alert_behind_our_change_cipher_spec_is_sealed_however_the_server_cut_its_flight() {
    for lengths in [&[16_384][..], &[30, 20, 16_384], &[1], &[50]] {
        let mut stage = Stage::plain("TLSv1.2");
        stage.pass(Who::Client, |_| ());
        let said = stage.hear(Who::Server);
        let mut lengths = lengths.iter().copied().chain(std::iter::repeat(lengths[0]));
        let mut next = || lengths.next().expect("for ever");
        let flight = stage.middle.say_cut(Who::Server, &said, &mut next);
        stage.pair.client.give(&flight, usize::MAX);
        stage.hear(Who::Client);
        // A message that has no place here.
        stage
            .pair
            .client
            .give(&record(HANDSHAKE, &[14, 0, 0, 0]), usize::MAX);
        assert_eq!(stage.refusal(Who::Client), UNEXPECTED);
    }
}
