//! Handshakes between two connections in memory.

use sslcore::{Event, SslMode, SslProtocol};
use sslcore_tests::pair::{Pair, backends, client, server};

#[test]
fn both_versions_and_every_pair_of_backends_carry_data_both_ways() {
    for version in ["TLSv1.2", "TLSv1.3"] {
        for client_backend in backends() {
            for server_backend in backends() {
                let client = client(client_backend.clone())
                    .protocols(&[version])
                    .build()
                    .expect("client");
                let server = server(server_backend.clone())
                    .protocols(&[version])
                    .build()
                    .expect("server");
                let mut pair = Pair::encrypted(&client, &server);
                pair.client.write(b"hello from the client");
                pair.server.write(b"hello from the server");
                pair.run();
                assert_eq!(pair.server.read_all(), b"hello from the client");
                assert_eq!(pair.client.read_all(), b"hello from the server");
                assert_eq!(
                    pair.client.conn.session_protocol().map(SslProtocol::name),
                    Some(version)
                );
                assert_eq!(
                    pair.client.conn.session_cipher(),
                    pair.server.conn.session_cipher()
                );
                assert_eq!(pair.client.events[0], Event::ModeChanged(SslMode::Client));
                assert_eq!(pair.server.events[0], Event::ModeChanged(SslMode::Server));
                pair.client.conn.close();
                pair.run();
                pair.server.conn.close();
                pair.run();
                for end in [&pair.client, &pair.server] {
                    let report = end.conn.close_report().expect("closed");
                    assert!(report.clean, "{report:?} {:?}", end.events);
                    assert!(end.saw(Event::PeerClosed));
                }
            }
        }
    }
}
