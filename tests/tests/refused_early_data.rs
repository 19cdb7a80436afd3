//! Early data of a client that was not allowed any: it is dropped, up to as much as a client may
//! have sent before it knew, and the handshake goes on (RFC 8446 §4.2.10).

use std::io::Write;
use std::sync::Arc;

use rustls::{ClientConnection, ServerConnection};
use sslcore::crypto::Backend;
use sslcore::{ConfigBuilder, Event, FailureKind, Limits, ServerConfig, ServerStart};
use sslcore_tests::between::{Secrets, overheard};
use sslcore_tests::certs::WORLD;
use sslcore_tests::forge::exchange;
use sslcore_tests::pair::{End, backend, backends, client, server};
use sslcore_tests::records::{record, records};

/// A rustls client that sends early data, since another server has allowed it.
fn eager_client(data: &[u8], fragment: Option<usize>) -> ClientConnection {
    let provider = backend().provider().clone();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(WORLD.ca.der()).expect("root");
    let mut config = rustls::ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.enable_early_data = true;
    config.max_fragment_size = fragment;
    let config = Arc::new(config);
    let mut other = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(WORLD.server.chain.clone(), WORLD.server.key())
        .expect("identity");
    other.max_early_data_size = u32::MAX;
    let other = Arc::new(other);
    let connect = || {
        let name = rustls::pki_types::ServerName::try_from("server.test").expect("a name");
        ClientConnection::new(config.clone(), name).expect("client")
    };
    let mut first = connect();
    let mut its = ServerConnection::new(other).expect("server");
    for _ in 0..5 {
        let mut bytes = Vec::new();
        while first.wants_write() {
            first.write_tls(&mut bytes).expect("memory");
        }
        let mut unread = &bytes[..];
        while !unread.is_empty() {
            its.read_tls(&mut unread).expect("memory");
            its.process_new_packets().expect("honest");
        }
        let mut bytes = Vec::new();
        while its.wants_write() {
            its.write_tls(&mut bytes).expect("memory");
        }
        let mut unread = &bytes[..];
        while !unread.is_empty() {
            first.read_tls(&mut unread).expect("memory");
            first.process_new_packets().expect("honest");
        }
    }
    let mut second = connect();
    let mut early = second.early_data().expect("the other server allows it");
    early.write_all(data).expect("as much as it likes");
    second
}

fn waiting(config: ConfigBuilder<ServerConfig>) -> End {
    let mut end = End::new(Limits::default());
    let config = config.protocols(&["TLSv1.3"]).build().expect("server");
    let start = ServerStart::With(config);
    end.conn.start_server_encryption(start).expect("start");
    end
}

/// What the client sends first.
fn first_flight(client: &mut ClientConnection) -> Vec<u8> {
    let mut bytes = Vec::new();
    while client.wants_write() {
        client.write_tls(&mut bytes).expect("memory");
    }
    bytes
}

fn finishes(end: &mut End, client: ClientConnection) {
    let mut peer = rustls::Connection::from(client);
    exchange(end, &mut peer);
    assert!(end.saw(Event::Encrypted), "{:?}", end.conn);
    peer.writer().write_all(b"hello").expect("memory");
    exchange(end, &mut peer);
    assert_eq!(end.read_all(), b"hello", "and nothing of what was early");
}

fn retrying(backend: Backend) -> ConfigBuilder<ServerConfig> {
    server(backend).groups(&["secp384r1"])
}

#[test]
fn refused_early_data_is_dropped_and_the_handshake_goes_on() {
    for backend in backends() {
        for (size, fragment) in [
            (1, None),
            (12_000, None),
            (16_384, None),
            (16_384, Some(200)),
        ] {
            for retry in [false, true] {
                let mut client = eager_client(&vec![7; size], fragment);
                let flight = first_flight(&mut client);
                let config = match retry {
                    true => retrying(backend.clone()),
                    false => server(backend.clone()),
                };
                let mut end = waiting(config);
                end.give(&flight, 999);
                assert_eq!(end.conn.failure(), None, "{size} {fragment:?} {retry}");
                finishes(&mut end, client);
            }
        }
    }
}

#[test]
fn more_early_data_than_anybody_allowed_is_refused() {
    for retry in [false, true] {
        for (size, fragment) in [(16_385, None), (16_385, Some(200)), (40_000, None)] {
            let mut client = eager_client(&vec![7; size], fragment);
            let flight = first_flight(&mut client);
            let config = match retry {
                true => retrying(backend()),
                false => server(backend()),
            };
            let mut end = waiting(config);
            end.give(&flight, usize::MAX);
            let kind = end.conn.failure().map(sslcore::Failure::kind);
            assert_eq!(kind, Some(FailureKind::UnexpectedMessage), "{size} {retry}");
        }
    }
}

#[test]
fn early_data_of_nothing_is_not_free() {
    for retry in [false, true] {
        let mut client = eager_client(b"1", None);
        let flight = first_flight(&mut client);
        let config = match retry {
            true => retrying(backend()),
            false => server(backend()),
        };
        let mut end = waiting(config);
        end.give(&flight, usize::MAX);
        let nothing = record(23, &[0; 17]);
        let mut given = 0;
        while end.conn.failure().is_none() && given < 100_000 {
            end.give(&nothing, usize::MAX);
            given += 1;
        }
        assert_eq!(given, 16_384, "{retry}");
    }
}

#[test]
fn without_early_data_nothing_is_dropped() {
    for retry in [false, true] {
        let mut client = eager_client(b"1", None);
        let flight = first_flight(&mut client);
        // The same client, from a server that never allowed it any: the hello alone says so.
        let mut honest = rustls::Connection::from(sslcore_tests::forge::rustls_client(true));
        let config = match retry {
            true => retrying(backend()),
            false => server(backend()),
        };
        let mut end = waiting(config);
        let mut hello = Vec::new();
        while honest.wants_write() {
            honest.write_tls(&mut hello).expect("memory");
        }
        end.give(&hello, usize::MAX);
        let early = records(&flight).pop().expect("early data");
        assert_eq!(early[0], 23);
        end.give(&early, usize::MAX);
        let kind = end.conn.failure().map(sslcore::Failure::kind);
        let expected = match retry {
            true => FailureKind::UnexpectedMessage,
            false => FailureKind::BadRecordMac,
        };
        assert_eq!(kind, Some(expected), "{retry}");
    }
}

#[test]
fn early_data_does_not_come_inside_or_behind_the_second_hello() {
    let mut client = eager_client(b"1", None);
    let flight = first_flight(&mut client);
    for cut in [1, 4, 50] {
        let mut end = waiting(retrying(backend()));
        end.give(&flight, usize::MAX);
        let second = [&[1, 0, 1, 0][..], &[0; 50]].concat();
        end.give(&record(22, &second[..cut]), usize::MAX);
        assert_eq!(end.conn.failure(), None);
        end.give(&record(23, &[0; 40]), usize::MAX);
        let kind = end.conn.failure().map(sslcore::Failure::kind);
        assert_eq!(kind, Some(FailureKind::UnexpectedMessage), "{cut}");
    }
    // Behind it, there are keys, and the second hello did not offer any.
    let mut end = waiting(retrying(backend()));
    end.give(&flight, usize::MAX);
    let retry = end.take();
    client.read_tls(&mut &retry[..]).expect("memory");
    client.process_new_packets().expect("honest");
    end.give(&first_flight(&mut client), usize::MAX);
    assert_eq!(end.conn.failure(), None);
    end.give(&record(23, &[0; 40]), usize::MAX);
    let kind = end.conn.failure().map(sslcore::Failure::kind);
    assert_eq!(kind, Some(FailureKind::BadRecordMac));
}

#[test]
fn what_cannot_be_early_data_is_not_dropped() {
    let mut client = eager_client(b"1", None);
    let flight = first_flight(&mut client);
    let (mut end, secrets) = overheard_waiting();
    end.give(&flight, usize::MAX);
    let mut forger = secrets.tls13(true);
    // Too short to be sealed, but it says that it is.
    end.give(&record(23, &[0; 3]), usize::MAX);
    assert_eq!(end.conn.failure(), None);
    // It opens, and has no type.
    let mut end = end;
    end.give(&forger.seal(0, &[]), usize::MAX);
    let kind = end.conn.failure().map(sslcore::Failure::kind);
    assert_eq!(kind, Some(FailureKind::UnexpectedMessage));
    let (mut end, _) = overheard_waiting();
    end.give(&flight, usize::MAX);
    end.give(&record(22, &[20, 0, 0, 0]), usize::MAX);
    let kind = end.conn.failure().map(sslcore::Failure::kind);
    assert_eq!(kind, Some(FailureKind::UnexpectedMessage));
}

#[test]
fn what_cannot_be_opened_behind_what_could_is_forged() {
    let mut client = eager_client(b"1", None);
    let flight = first_flight(&mut client);
    let (mut end, secrets) = overheard_waiting();
    end.give(&flight, usize::MAX);
    let mut forger = secrets.tls13(true);
    end.give(&forger.seal(22, &[20, 0, 0]), usize::MAX);
    assert_eq!(end.conn.failure(), None);
    end.give(&record(23, &[0; 40]), usize::MAX);
    let kind = end.conn.failure().map(sslcore::Failure::kind);
    assert_eq!(kind, Some(FailureKind::BadRecordMac));
}

fn overheard_waiting() -> (End, Arc<Secrets>) {
    let (_, config, secrets) = overheard(client(backend()), server(backend()));
    let mut end = End::new(Limits::default());
    let start = ServerStart::With(config);
    end.conn.start_server_encryption(start).expect("start");
    (end, secrets)
}
