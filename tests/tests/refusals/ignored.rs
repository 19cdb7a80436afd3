//! What must be ignored: every browser sends it (RFC 8446 §4.2, RFC 8701).

use sslcore::{Alert, Engine, Event, FailureKind, VerifyMode};
use sslcore_tests::hello::{ClientHello, Extensions, kind, message, number, vector8, vector16};
use sslcore_tests::middle::{Keys, Said, Who};
use sslcore_tests::pair::{backend, client, server};
use sslcore_tests::sealing::{ALERT, HANDSHAKE};

use super::stage::{Stage, VERSIONS, find};

/// The reserved values of RFC 8701, for every list in which one can stand.
fn grease(hello: &mut ClientHello, value: u16) {
    let pair = value.to_be_bytes();
    hello.suites.insert(0, value);
    hello.suites.push(value);
    let extensions = hello.extensions();
    let with = |list: &[u8]| vector16(&[&pair[..], &list[2..], &pair].concat());
    for number in [number::SUPPORTED_GROUPS, number::SIGNATURE_ALGORITHMS] {
        let list = extensions.get(number);
        *list = with(list);
    }
    if extensions.has(number::SUPPORTED_VERSIONS) {
        let versions = extensions.get(number::SUPPORTED_VERSIONS);
        *versions = vector8(&[&pair[..], &versions[1..]].concat());
    }
    if extensions.has(number::KEY_SHARE) {
        let modes = extensions.get(number::PSK_MODES);
        *modes = vector8(&[&[0x0b, 0x2a], &modes[1..]].concat());
        let shares = extensions.get(number::KEY_SHARE);
        *shares = vector16(&[&pair[..], &vector16(&[0]), &shares[2..]].concat());
    }
    let alpn = extensions.get(number::ALPN);
    *alpn = vector16(&[&vector8(&pair)[..], &alpn[2..]].concat());
    extensions.add(value, &[]);
    extensions.add(value ^ 0x1010, &[0]);
}

#[test]
fn a_server_ignores_what_it_does_not_know() {
    for version in VERSIONS {
        for value in [0x0a0a, 0x1a1a, 0x5a5a, 0xfafa] {
            let client = client(backend()).protocols(&[version]).alpn(&[b"echo"]);
            let mut stage = Stage::new(client, server(backend()).alpn(&[b"echo"]));
            stage.change(Who::Client, kind::CLIENT_HELLO, |message| {
                let mut hello = ClientHello::parse(message);
                grease(&mut hello, value);
                *message = hello.encode();
            });
            let said = stage.hear(Who::Server);
            let server = &stage.pair.server.conn;
            assert!(server.failure().is_none(), "{:?}", server.failure());
            assert!(said[0].is(kind::SERVER_HELLO), "{version} {value:04x}");
            let done = if version == "TLSv1.3" {
                kind::FINISHED
            } else {
                14
            };
            assert!(said.iter().any(|one| one.is(done)), "{version}: {said:?}");
        }
    }
}

#[test]
fn a_server_ignores_names_of_a_type_that_it_does_not_know() {
    // RFC 6066 §3: at most one name of each type.
    for version in VERSIONS {
        let client = client(backend()).protocols(&[version]);
        let mut stage = Stage::new(client, server(backend()));
        stage.change(Who::Client, kind::CLIENT_HELLO, |message| {
            let mut hello = ClientHello::parse(message);
            let names = hello.extensions().get(number::SERVER_NAME);
            *names = vector16(&[&names[2..], &[7], &vector16(b"whatever")].concat());
            *message = hello.encode();
        });
        let said = stage.hear(Who::Server);
        let server = &stage.pair.server.conn;
        assert!(server.failure().is_none(), "{:?}", server.failure());
        assert_eq!(server.server_name(), Some("server.test"), "{version}");
        assert!(said[0].is(kind::SERVER_HELLO), "{version}");
    }
}

/// The client has read on: what it does not believe is the signature, which was not made over
/// what it has read.
#[track_caller]
fn assert_read_on(stage: &mut Stage) {
    let failure = stage
        .pair
        .client
        .conn
        .failure()
        .expect("a changed transcript");
    assert_eq!(
        failure.kind(),
        FailureKind::BadHandshakeSignature,
        "{failure}"
    );
}

#[test]
fn a_client_ignores_what_it_does_not_know_in_a_request_for_its_certificate() {
    let mut stage = Stage::with_client_certificate("TLSv1.3");
    stage.change_flight(kind::CERTIFICATE_REQUEST, |said| {
        let mut extensions = Extensions::parse(&said[7..]);
        extensions.add(number::GREASE, b"whatever");
        extensions.add(0xfafa, &[]);
        // Those that are for it, and that nobody here reads.
        extensions.add(number::OID_FILTERS, &[0, 0]);
        extensions.add(number::STATUS_REQUEST, &[1, 0, 0, 0, 0]);
        extensions.add(number::SCT, &[]);
        extensions.add(50, &vector16(&[4, 3]));
        let schemes = extensions.get(number::SIGNATURE_ALGORITHMS);
        *schemes = vector16(&[&[0x5a, 0x5a], &schemes[2..]].concat());
        let body = [vec![0], extensions.encode()].concat();
        *said = message(kind::CERTIFICATE_REQUEST, &body);
    });
    assert_read_on(&mut stage);
}

#[test]
fn a_client_ignores_types_and_schemes_that_it_does_not_know_in_tls12() {
    let mut stage = Stage::with_client_certificate("TLSv1.2");
    stage.change_flight(kind::CERTIFICATE_REQUEST, |said| {
        let types = vector8(&[0x5a, 64, 255]);
        let schemes = vector16(&[0x5a, 0x5a, 2, 1, 9, 4, 4, 3]);
        let body = [types, schemes, vec![0, 0]].concat();
        *said = message(kind::CERTIFICATE_REQUEST, &body);
    });
    let said = stage.hear(Who::Client);
    let failure = stage.pair.client.conn.failure();
    assert!(failure.is_none(), "{failure:?}");
    assert!(said.iter().any(|one| one.is(kind::CERTIFICATE_VERIFY)));
}

#[test]
fn a_client_reads_on_behind_groups_in_encrypted_extensions() {
    let mut stage = Stage::plain("TLSv1.3");
    stage.change_flight(kind::ENCRYPTED_EXTENSIONS, |said| {
        let mut extensions = Extensions::parse(&said[6..]);
        extensions.add(number::SUPPORTED_GROUPS, &vector16(&[0x5a, 0x5a, 0, 29]));
        *said = message(kind::ENCRYPTED_EXTENSIONS, &extensions.encode());
    });
    assert_read_on(&mut stage);
}

#[test]
fn a_client_ignores_the_groups_that_some_tls12_servers_tell() {
    let mut stage = Stage::plain("TLSv1.2");
    stage.change_flight(kind::SERVER_HELLO, |message| {
        let mut hello = sslcore_tests::hello::ServerHello::parse(message);
        let groups = vector16(&[0, 23, 0, 24]);
        hello.extensions.add(number::SUPPORTED_GROUPS, &groups);
        *message = hello.encode();
    });
    let failure = stage.pair.client.conn.failure();
    assert!(failure.is_none(), "{failure:?}");
}

#[test]
fn a_client_takes_a_ticket_with_what_it_does_not_know() {
    let mut stage = Stage::plain("TLSv1.3");
    stage.pass(Who::Client, |_| ());
    stage.pass(Who::Server, |_| ());
    stage.pass(Who::Client, |_| ());
    let said = stage.hear(Who::Server);
    let ticket = said.iter().find(|one| one.is(kind::NEW_SESSION_TICKET));
    let mut ticket = ticket.expect("a ticket").body.clone();
    let extensions = Extensions(vec![(number::GREASE, vec![7]), (0xfafa, vec![])]);
    let kept = ticket.len() - 2;
    ticket.truncate(kept);
    ticket.extend(extensions.encode());
    let ticket = message(kind::NEW_SESSION_TICKET, &ticket[4..]);
    let record = stage
        .middle
        .record(Who::Server, Keys::Traffic, HANDSHAKE, &ticket);
    stage.pair.client.give(&record, usize::MAX);
    assert!(stage.pair.client.saw(Event::SessionTicketReceived));
    let failure = stage.pair.client.conn.failure();
    assert!(failure.is_none(), "{failure:?}");
}

#[test]
fn a_warning_under_the_first_keys_ends_nothing() {
    // RFC 8446 §6.1: user_canceled, the only one that is left in TLS 1.3.
    for version in VERSIONS {
        let mut stage = Stage::plain(version);
        for who in [Who::Client, Who::Server, Who::Client, Who::Server] {
            stage.pass(who, |said| {
                let sealed = |one: &Said| one.content == HANDSHAKE && one.keys == Keys::First;
                if let Some(at) = said.iter().position(sealed) {
                    let mut warning = said[at].clone();
                    (warning.content, warning.body) = (ALERT, vec![1, 90]);
                    said.insert(at, warning);
                }
            });
        }
        for end in [&stage.pair.client, &stage.pair.server] {
            assert!(
                end.conn.is_encrypted(),
                "{version}: {:?}",
                end.conn.failure()
            );
            let warned = Event::AlertReceived(Alert::UserCanceled);
            assert!(end.saw(warned), "{version}: {:?}", end.events);
        }
    }
}

#[test]
fn a_server_staples_to_its_certificate_what_the_client_has_asked_for() {
    // RFC 6066 §8: the response is of the type that was requested.
    const RESPONSE: &[u8] = b"a response";
    for (status_type, stapled) in [(1, true), (2, false)] {
        let server = server(backend()).stapled_ocsp_response(RESPONSE);
        let mut stage = Stage::new(
            client(backend()).protocols(&["TLSv1.3"]),
            server.engine(Engine::Own).verify_mode(VerifyMode::None),
        );
        stage.change(Who::Client, kind::CLIENT_HELLO, |message| {
            let mut hello = ClientHello::parse(message);
            hello.extensions().get(number::STATUS_REQUEST)[0] = status_type;
            *message = hello.encode();
        });
        let mut said = stage.hear(Who::Server);
        let certificate = &find(&mut said, kind::CERTIFICATE).body;
        let mut parts = certificate.windows(RESPONSE.len());
        let is_there = parts.any(|part| part == RESPONSE);
        assert_eq!(is_there, stapled, "{status_type}");
    }
}
