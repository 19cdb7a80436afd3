//! Resumptions that are not what they say.

use sslcore::{Alert, ClientConfig, ConfigBuilder, Engine, FailureKind, ServerConfig, VerifyMode};
use sslcore_tests::hello::{ClientHello, ServerHello, kind, number, vector8, vector16};
use sslcore_tests::middle::Who;
use sslcore_tests::pair::{backend, client, server};

use super::stage::{ILLEGAL, MALFORMED, MISSING, Refusal, Stage};

/// A stage where a session of before is resumed.
fn resuming(version: &str) -> Stage {
    resuming_with(
        client(backend()).protocols(&[version]),
        server(backend()).verify_mode(VerifyMode::None),
    )
}

fn resuming_with(
    client: ConfigBuilder<ClientConfig>,
    server: ConfigBuilder<ServerConfig>,
) -> Stage {
    let mut first = Stage::new(client, server);
    for who in [Who::Client, Who::Server, Who::Client, Who::Server] {
        first.pass(who, |_| ());
    }
    assert!(first.pair.client.conn.is_encrypted());
    first.again()
}

/// How the server refuses such a hello that would resume.
#[track_caller]
fn refused(version: &str, change: impl FnOnce(&mut ClientHello)) -> Refusal {
    let mut stage = resuming(version);
    stage.change(Who::Client, kind::CLIENT_HELLO, |message| {
        let mut hello = ClientHello::parse(message);
        change(&mut hello);
        *message = hello.encode();
    });
    stage.refusal(Who::Server)
}

/// How the client refuses such an answer that resumes.
#[track_caller]
fn answer_refused(version: &str, change: impl FnOnce(&mut ServerHello)) -> Refusal {
    let mut stage = resuming(version);
    stage.change_flight(kind::SERVER_HELLO, |message| {
        let mut hello = ServerHello::parse(message);
        change(&mut hello);
        *message = hello.encode();
    });
    stage.refusal(Who::Client)
}

/// The one identity of an offer, with its age, and the one binder.
fn parts(offer: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let len = usize::from(u16::from_be_bytes([offer[0], offer[1]]));
    let (identities, binders) = offer[2..].split_at(len);
    (identities.to_vec(), binders[2..].to_vec())
}

#[test]
fn a_binder_that_is_wrong() {
    let refusal = refused("TLSv1.3", |hello| {
        let offer = hello.extensions().get(number::PRE_SHARED_KEY);
        *offer.last_mut().expect("a binder") ^= 1;
    });
    assert_eq!(refusal, (FailureKind::PeerMisbehaved, Alert::DecryptError));
}

#[test]
fn an_offer_that_is_no_offer() {
    type Make<'a> = &'a dyn Fn(&[u8], &[u8]) -> Vec<u8>;
    let offer = |make: Make<'_>| {
        refused("TLSv1.3", |hello| {
            let offer = hello.extensions().get(number::PRE_SHARED_KEY);
            let (identities, binders) = parts(offer);
            *offer = make(&identities, &binders);
        })
    };
    let two = |one: &[u8]| vector16(&[one, one].concat());
    let more = offer(&|identities, binders| [vector16(identities), two(binders)].concat());
    assert_eq!(more, ILLEGAL, "more binders than identities");
    let fewer = offer(&|identities, binders| [two(identities), vector16(binders)].concat());
    assert_eq!(fewer, ILLEGAL, "fewer");
    let none = offer(&|identities, _| [vector16(identities), vec![0, 0]].concat());
    assert_eq!(none, MALFORMED, "no binder");
    let none = offer(&|_, binders| [vec![0, 0], vector16(binders)].concat());
    assert_eq!(none, MALFORMED, "no identity");
    let longer =
        offer(&|identities, binders| [vector16(identities), vector16(binders), vec![0]].concat());
    assert_eq!(longer, MALFORMED, "a byte too many");
}

#[test]
fn modes_that_are_missing_or_none() {
    let refusal = refused("TLSv1.3", |hello| {
        hello.extensions().remove(number::PSK_MODES)
    });
    assert_eq!(refusal, MISSING);
    let refusal = refused("TLSv1.3", |hello| {
        *hello.extensions().get(number::PSK_MODES) = vector8(&[]);
    });
    assert_eq!(refusal, MALFORMED);
}

#[test]
fn a_key_that_was_not_offered() {
    for selected in [[0, 1], [0xff, 0xff]] {
        let refusal = answer_refused("TLSv1.3", |hello| {
            *hello.extensions.get(number::PRE_SHARED_KEY) = selected.to_vec();
        });
        assert_eq!(refusal, ILLEGAL, "{selected:?}");
    }
    let refusal = answer_refused("TLSv1.3", |hello| {
        hello.extensions.get(number::PRE_SHARED_KEY).push(0);
    });
    assert_eq!(refusal, MALFORMED);
}

#[test]
fn a_suite_that_the_session_does_not_have() {
    // Its hash is another one (RFC 8446 §4.2.11).
    let refusal = answer_refused("TLSv1.3", |hello| {
        assert_eq!(hello.suite, 0x1302);
        hello.suite = 0x1301;
    });
    assert_eq!(refusal, ILLEGAL);
    let refusal = answer_refused("TLSv1.2", |hello| {
        hello.suite = if hello.suite == 0xc02b {
            0xc02c
        } else {
            0xc02b
        };
    });
    assert_eq!(refusal, ILLEGAL);
}

#[test]
fn another_master_secret_than_the_session_has() {
    // RFC 7627 §5.3.
    let refusal = answer_refused("TLSv1.2", |hello| {
        hello.extensions.remove(number::EXTENDED_MASTER_SECRET);
    });
    assert_eq!(refusal, ILLEGAL);
    let refusal = refused("TLSv1.2", |hello| {
        hello.extensions().remove(number::EXTENDED_MASTER_SECRET);
    });
    assert_eq!(refusal, ILLEGAL);
}

#[test]
fn a_finished_that_is_wrong_behind_our_change_cipher_spec() {
    // The server is first to finish, and its alert is sealed.
    for version in ["TLSv1.2", "TLSv1.3"] {
        let mut stage = resuming(version);
        stage.change_answer(kind::FINISHED, |message| message[4] ^= 1);
        let forged = (FailureKind::BadHandshakeSignature, Alert::DecryptError);
        assert_eq!(stage.refusal(Who::Server), forged, "{version}");
    }
}

#[test]
fn a_server_that_resumes_does_not_answer_the_name() {
    // RFC 6066 §3: "When resuming a session, the server MUST NOT include a server_name extension".
    for engine in [Engine::Own, Engine::Rustls] {
        let mut stage = resuming_with(
            client(backend()).protocols(&["TLSv1.3"]),
            server(backend())
                .engine(engine)
                .verify_mode(VerifyMode::None),
        );
        let mut seen = Vec::new();
        stage.change_flight(kind::ENCRYPTED_EXTENSIONS, |message| {
            seen.clone_from(message)
        });
        assert!(stage.pair.client.conn.is_resumed(), "{engine:?}");
        // Type, length, and a block of extensions that is empty.
        assert_eq!(seen, [8, 0, 0, 2, 0, 0], "{engine:?}");
    }
}
