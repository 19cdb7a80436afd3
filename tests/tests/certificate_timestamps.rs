//! Timestamps of logs that have seen the server's certificate (RFC 6962 §3.3), beside its chain.

use sslcore::{
    ClientConfig, ConfigBuilder, ConfigError, Engine, OnErrors, ServerConfig, Verdict, VerifyMode,
};
use sslcore_tests::hello::{number, vector16};
use sslcore_tests::pair::{Pair, backend, backends, client, server};
use sslcore_tests::records::records;

fn list() -> Vec<u8> {
    vector16(&[vector16(b"one log"), vector16(b"another")].concat())
}

fn asking() -> ConfigBuilder<ClientConfig> {
    let client = client(backend()).engine(Engine::Own);
    client.request_certificate_timestamps(true)
}

fn serving() -> ConfigBuilder<ServerConfig> {
    let server = server(backend()).engine(Engine::Own);
    server
        .protocols(&["TLSv1.3"])
        .signed_certificate_timestamps(list())
}

fn build(
    client: ConfigBuilder<ClientConfig>,
    server: ConfigBuilder<ServerConfig>,
) -> (ClientConfig, ServerConfig) {
    (
        client.build().expect("a client"),
        server.build().expect("a server"),
    )
}

#[test]
fn who_asks_gets_them_and_nobody_else() {
    for backend in backends() {
        for (asks, has) in [(true, true), (true, false), (false, true)] {
            let client = self::client(backend.clone()).engine(Engine::Own);
            let client = client.request_certificate_timestamps(asks);
            let server = self::server(backend.clone()).engine(Engine::Own);
            let server = match has {
                true => server.signed_certificate_timestamps(list()),
                false => server,
            };
            let (client, server) = build(client, server);
            let pair = Pair::encrypted(&client, &server);
            let came = pair.client.conn.signed_certificate_timestamps();
            let list = list();
            assert_eq!(came, (asks && has).then_some(&list[..]), "{asks} {has}");
            assert_eq!(pair.server.conn.signed_certificate_timestamps(), None);
            assert_eq!(pair.client.conn.psk_identity(), None);
        }
    }
}

#[test]
fn they_are_there_in_a_review_and_in_a_session_that_goes_on() {
    let (client, server) = build(asking(), serving());
    for resumed in [false, true] {
        let pair = Pair::encrypted(&client, &server);
        assert_eq!(pair.client.conn.is_resumed(), resumed);
        let came = pair.client.conn.signed_certificate_timestamps();
        assert_eq!(came, Some(&list()[..]));
    }
    let held = asking().trust_anchors([]).on_errors(OnErrors::Hold);
    let (client, server) = build(held, serving());
    let mut pair = Pair::tls(&client, &server);
    pair.run();
    assert!(pair.client.conn.review().is_some());
    let came = pair.client.conn.signed_certificate_timestamps();
    assert_eq!(came, Some(&list()[..]));
    pair.client.answer(Verdict::Reject);
    pair.run();
    let came = pair.client.conn.signed_certificate_timestamps();
    assert_eq!(came, Some(&list()[..]), "they were judged with the chain");
}

#[test]
fn of_a_server_that_has_not_proven_itself_there_are_none() {
    // In small records, so that whole messages arrive before the proof.
    let (client, server) = build(asking(), serving().max_fragment(256));
    for given in 0.. {
        let mut pair = Pair::tls(&client, &server);
        let hello = pair.client.take();
        pair.server.give(&hello, usize::MAX);
        // How many there are is up to the signature, which is another each time.
        let flight = records(&pair.server.take());
        if given == flight.len() {
            assert!(given > 4, "{given}");
            break;
        }
        pair.client.give(&flight[..given].concat(), usize::MAX);
        assert!(pair.client.conn.failure().is_none(), "{given}");
        assert!(!pair.client.conn.is_encrypted(), "{given}");
        assert_eq!(
            pair.client.conn.signed_certificate_timestamps(),
            None,
            "{given}"
        );
        pair.client.conn.receive_eof();
        pair.client.settle();
        assert!(pair.client.conn.failure().is_some());
        assert_eq!(
            pair.client.conn.signed_certificate_timestamps(),
            None,
            "{given}"
        );
    }
}

#[test]
fn the_client_asks_without_a_word() {
    let (client, _) = build(asking(), serving());
    let mut pair = Pair::default();
    pair.client
        .conn
        .start_client_encryption(&client, sslcore_tests::pair::server_name())
        .expect("plain");
    let hello = pair.client.take();
    let extension = [number::SIGNED_CERTIFICATE_TIMESTAMP.to_be_bytes(), [0, 0]].concat();
    assert!(hello.windows(4).any(|bytes| bytes == extension));
}

#[test]
fn a_list_that_is_none_and_an_engine_that_cannot_are_refused() {
    for list in [
        &[0][..],
        &[0, 0],
        &[0, 1, 0],
        &[0, 2, 0, 0],
        &[0, 3, 0, 1, 7, 8],
        &[0, 4, 0, 1, 7],
    ] {
        let config = serving().signed_certificate_timestamps(list).build();
        let malformed = ConfigError::MalformedTimestamps(list.len());
        assert_eq!(config.err(), Some(malformed), "{list:?}");
    }
    let none = serving().signed_certificate_timestamps([]);
    assert!(
        none.engine(Engine::Rustls).build().is_ok(),
        "there are none"
    );
    for refused in [
        serving().engine(Engine::Rustls).build().err(),
        asking().engine(Engine::Rustls).build().err(),
    ] {
        assert!(
            matches!(refused, Some(ConfigError::Unsupported { .. })),
            "{refused:?}"
        );
    }
    let long = vector16(&vector16(&[1; 65_400]));
    let config = serving().signed_certificate_timestamps(long);
    let config = config.verify_mode(VerifyMode::None).build();
    assert!(
        matches!(config, Err(ConfigError::CertificatesTooLong(_))),
        "{config:?}"
    );
}
