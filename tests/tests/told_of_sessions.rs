//! What a connection tells of its session: what binds it, whose certificates were sent, and tickets.

use sslcore::crypto::Backend;
use sslcore::{ClientConfig, ConfigBuilder, OnErrors, ServerConfig, SslProtocol, VerifyMode};
use sslcore_tests::certs::WORLD;
use sslcore_tests::hello::{ClientHello, number};
use sslcore_tests::pair::{Pair, VERSIONS, backend, backends, client, server, tests_own_engine};
use sslcore_tests::records::handshake_content;

fn identified(backend: Backend) -> ConfigBuilder<ClientConfig> {
    client(backend).identity(WORLD.client.chain.clone(), WORLD.client.key())
}

fn encrypted(
    client: ConfigBuilder<ClientConfig>,
    server: ConfigBuilder<ServerConfig>,
) -> (Pair, ClientConfig, ServerConfig) {
    let (client, server) = (
        client.build().expect("client"),
        server.build().expect("server"),
    );
    (Pair::encrypted(&client, &server), client, server)
}

#[test]
fn the_numbers_on_the_wire_are_those_of_iana() {
    assert_eq!(SslProtocol::TlsV1_2.code(), 0x0303);
    assert_eq!(SslProtocol::TlsV1_3.code(), 0x0304);
    for backend in backends() {
        for (name, code) in [("X25519", 29), ("secp256r1", 23), ("secp384r1", 24)] {
            for version in VERSIONS {
                let client = client(backend.clone())
                    .groups(&[name])
                    .protocols(&[version]);
                let (pair, client, _) = encrypted(client, server(backend.clone()));
                assert_eq!(client.groups(), [name]);
                for end in [&pair.client, &pair.server] {
                    assert_eq!(end.conn.key_exchange_group_code(), Some(code));
                    assert_eq!(end.conn.key_exchange_group(), Some(name));
                }
            }
        }
    }
    assert_eq!(Pair::default().client.conn.key_exchange_group_code(), None);
}

#[cfg(feature = "testing")]
#[test]
fn a_group_without_a_name_has_a_number() {
    use sslcore::testing::backend_without_security;
    let (client, server) = (backend_without_security(1), backend_without_security(2));
    let (pair, ..) = encrypted(self::client(client), self::server(server));
    for end in [&pair.client, &pair.server] {
        assert_eq!(end.conn.key_exchange_group(), None);
        assert_eq!(end.conn.key_exchange_group_code(), Some(0xfe00));
    }
}

#[test]
fn the_master_secret_is_bound_to_the_handshake_in_both_versions() {
    for backend in backends() {
        for version in VERSIONS {
            let client = client(backend.clone()).protocols(&[version]);
            let (pair, client, server) = encrypted(client, server(backend.clone()));
            let resumed = Pair::encrypted(&client, &server);
            assert!(resumed.client.conn.is_resumed());
            for end in [&pair.client, &pair.server, &resumed.client, &resumed.server] {
                assert!(end.conn.has_extended_master_secret(), "{version}");
            }
        }
    }
    assert!(!Pair::default().client.conn.has_extended_master_secret());
}

#[cfg(feature = "testing")]
#[test]
fn both_sides_are_told_that_one_of_them_has_no_extended_master_secret() {
    use sslcore::testing::backend_without_security;
    use sslcore_tests::records::record;
    // Without cryptography nobody finds the change out.
    let client = client(backend_without_security(1)).protocols(&["TLSv1.2"]);
    let server = server(backend_without_security(2));
    let (client, server) = (
        client.build().expect("client"),
        server.build().expect("server"),
    );
    let mut pair = Pair::tls(&client, &server);
    let mut hello = ClientHello::parse(&handshake_content(&pair.client.take()));
    hello.extensions().remove(number::EXTENDED_MASTER_SECRET);
    pair.server.give(&record(22, &hello.encode()), usize::MAX);
    pair.run();
    for end in [&pair.client, &pair.server] {
        assert!(end.conn.is_encrypted(), "{:?}", end.conn);
        assert!(!end.conn.has_extended_master_secret());
    }
}

#[test]
fn a_certificate_was_sent_by_who_was_asked_and_could_sign() {
    for backend in backends() {
        for version in VERSIONS {
            let asking = || server(backend.clone()).protocols(&[version]);
            let known = || asking().verify_mode(VerifyMode::Verify);
            let (pair, client, server) =
                encrypted(identified(backend.clone()).protocols(&[version]), known());
            assert!(pair.client.conn.is_local_certificate_sent(), "{version}");
            assert!(pair.server.conn.is_local_certificate_sent(), "{version}");
            // A resumed session has the certificates of the first.
            let resumed = Pair::encrypted(&client, &server);
            assert!(resumed.client.conn.is_resumed(), "{version}");
            for end in [&resumed.client, &resumed.server] {
                assert!(!end.conn.is_local_certificate_sent(), "{version}");
            }
            for (client, server) in [
                // Nobody asked.
                (
                    identified(backend.clone()),
                    asking().verify_mode(VerifyMode::None),
                ),
                // There is none.
                (self::client(backend.clone()), asking()),
                // The key cannot sign in any scheme that the server takes.
                (
                    identified(backend.clone()),
                    asking().signature_schemes(&["ed25519"]),
                ),
            ] {
                let (pair, ..) = encrypted(client, server);
                assert!(!pair.client.conn.is_local_certificate_sent(), "{version}");
                assert!(pair.server.conn.is_local_certificate_sent(), "{version}");
            }
        }
    }
}

#[test]
fn a_certificate_that_was_made_and_has_not_left_was_not_sent() {
    // Each end gives up after so many steps. Either its flight with the certificate has left by then, or
    // it has not sent one.
    let client = identified(backend()).protocols(&["TLSv1.3"]).build();
    let server = server(backend()).verify_mode(VerifyMode::Verify).build();
    let (client, server) = (client.expect("client"), server.expect("server"));
    for of_client in [true, false] {
        let mut sent = 0;
        for steps in 0..40 {
            let mut pair = Pair::tls(&client, &server);
            let hello = pair.client.take();
            let end = match of_client {
                true => {
                    pair.server.give(&hello, usize::MAX);
                    let flight = pair.server.take();
                    assert_eq!(pair.client.conn.receive(&flight), Ok(flight.len()));
                    &mut pair.client
                }
                false => {
                    assert_eq!(pair.server.conn.receive(&hello), Ok(hello.len()));
                    &mut pair.server
                }
            };
            for _ in 0..steps {
                while end.conn.poll_event().is_some() {}
                let _ = end.conn.process(end.now());
            }
            end.conn.cancel();
            let said = end.take();
            let is_sent = end.conn.is_local_certificate_sent();
            assert!(
                !is_sent || said.len() > 500,
                "{of_client} {steps}: {} bytes",
                said.len()
            );
            sent += usize::from(is_sent);
        }
        // Of a server it may be known only at the end of the handshake.
        assert!(sent > 0 || !of_client);
    }
}

#[test]
fn a_certificate_is_not_sent_while_the_server_s_is_in_doubt() {
    for version in VERSIONS {
        let client = identified(backend())
            .protocols(&[version])
            .trust_anchors([]);
        let client = client.on_errors(OnErrors::Hold).build().expect("client");
        let server = server(backend()).verify_mode(VerifyMode::Verify).build();
        let mut pair = Pair::tls(&client, &server.expect("server"));
        pair.run();
        assert!(pair.client.conn.review().is_some());
        assert!(!pair.client.conn.is_local_certificate_sent(), "{version}");
        pair.client.answer(sslcore::Verdict::Accept);
        pair.run();
        assert!(pair.client.conn.is_encrypted());
        assert!(pair.client.conn.is_local_certificate_sent(), "{version}");
    }
}

#[test]
fn a_ticket_is_renewed_when_a_session_is_resumed_by_one() {
    for backend in backends() {
        for version in VERSIONS {
            let client = client(backend.clone()).protocols(&[version]);
            let server = server(backend.clone()).verify_mode(VerifyMode::None);
            let (mut pair, client, server) = encrypted(client, server);
            pair.run();
            for end in [&pair.client, &pair.server] {
                assert!(!end.conn.is_session_ticket_renewed(), "{version}");
            }
            let mut pair = Pair::encrypted(&client, &server);
            pair.run();
            for end in [&pair.client, &pair.server] {
                assert!(end.conn.is_resumed());
                let renewed = end.conn.is_session_ticket_renewed();
                assert!(renewed, "{version} {:?}", end.conn.mode());
            }
        }
    }
}

#[test]
fn a_server_of_tls12_that_asks_for_certificates_renews_no_ticket() {
    // The ticket would leave before the certificate of the session was verified; it is left empty.
    for backend in backends() {
        let client = client(backend.clone()).protocols(&["TLSv1.2"]);
        let server = server(backend.clone()).verify_mode(VerifyMode::Query);
        let (_, client, server) = encrypted(client, server);
        let pair = Pair::encrypted(&client, &server);
        for end in [&pair.client, &pair.server] {
            assert!(end.conn.is_resumed());
            assert!(!end.conn.is_session_ticket_renewed());
        }
    }
}

#[test]
fn a_session_that_the_server_keeps_has_a_new_ticket_in_tls13_alone() {
    for backend in backends() {
        for (version, renewed) in [("TLSv1.2", false), ("TLSv1.3", true)] {
            let client = client(backend.clone()).protocols(&[version]);
            let server = server(backend.clone()).session_tickets(false);
            let (_, client, server) = encrypted(client, server);
            let mut pair = Pair::encrypted(&client, &server);
            pair.run();
            for end in [&pair.client, &pair.server] {
                assert!(end.conn.is_resumed());
                assert_eq!(end.conn.is_session_ticket_renewed(), renewed, "{version}");
            }
        }
    }
}

/// Whether a client's hello offers to take a ticket of TLS 1.2.
fn offers_tickets(config: &ClientConfig) -> bool {
    let server = server(backend()).build().expect("server");
    let mut pair = Pair::tls(config, &server);
    let mut hello = ClientHello::parse(&handshake_content(&pair.client.take()));
    hello.extensions().has(number::SESSION_TICKET)
}

#[test]
fn a_client_that_takes_no_tickets_resumes_what_the_server_keeps() {
    for backend in backends() {
        for takes in [true, false] {
            let client = client(backend.clone()).session_tickets(takes);
            let client = client.protocols(&["TLSv1.2"]);
            let server = server(backend.clone()).verify_mode(VerifyMode::None);
            let (pair, client, server) = encrypted(client, server);
            assert!(!pair.client.conn.is_resumed());
            let pair = Pair::encrypted(&client, &server);
            for end in [&pair.client, &pair.server] {
                assert!(end.conn.is_resumed(), "{takes}");
                assert_eq!(end.conn.is_session_ticket_renewed(), takes);
            }
            assert_eq!(offers_tickets(&client), takes);
        }
    }
}

#[test]
fn a_client_that_takes_no_tickets_resumes_nothing_in_tls13() {
    for backend in backends() {
        for takes in [true, false] {
            let client = client(backend.clone()).session_tickets(takes);
            let client = client.protocols(&["TLSv1.3"]);
            let (mut pair, client, server) = encrypted(client, server(backend.clone()));
            pair.run();
            // rustls says that it resumes sessions all the same, so the server sends them.
            let received = pair.client.conn.session_tickets_received() > 0;
            assert_eq!(received, takes || !tests_own_engine());
            let pair = Pair::encrypted(&client, &server);
            assert_eq!(pair.client.conn.is_resumed(), takes);
            assert_eq!(pair.server.conn.is_resumed(), takes);
        }
    }
}
