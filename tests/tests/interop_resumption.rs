//! Sessions that are resumed with OpenSSL's programs.

use std::fs;

use sslcore::VerifyMode;
use sslcore_tests::certs::WORLD;
use sslcore_tests::openssl::{self, VERSIONS};
use sslcore_tests::pair::{backend, client, server};
use sslcore_tests::peer::{Peer, Scratch};
use sslcore_tests::wire::{Door, Wire};

/// Data in both directions, so that tickets have arrived; then both close.
fn converse_and_close(wire: &mut Wire, peer: &mut Peer, peer_ends: bool) {
    wire.until_encrypted();
    wire.send(b"from us\n");
    wire.until("what we said", |_| peer.said("from us\n"));
    peer.say("from OpenSSL\n");
    wire.until_received(13);
    assert!(wire.close().clean);
    if peer_ends {
        assert!(peer.until_exit().success());
    }
}

#[test]
fn our_client_resumes_with_openssl_with_tickets_and_without() {
    for (version, option) in VERSIONS {
        for tickets in [&[][..], &["-no_ticket"]] {
            let args = [&[option, "-naccept", "3"], tickets].concat();
            let (mut peer, address) = openssl::server(&WORLD.server, &args);
            let config = client(backend()).protocols(&[version]);
            let config = config.build().expect("client");
            for round in 0..3 {
                let mut wire = Wire::connect(address, &config);
                converse_and_close(&mut wire, &mut peer, false);
                let resumed = wire.end.conn.is_resumed();
                assert_eq!(resumed, round > 0, "{version} {tickets:?} {round}");
                if version == "TLSv1.3" {
                    assert!(wire.end.conn.session_tickets_received() > 0);
                    assert!(wire.end.conn.session_ticket_lifetime_hint().is_some());
                }
            }
        }
    }
}

#[test]
fn openssl_resumes_with_our_server_out_of_tickets_and_out_of_the_cache() {
    for (version, option) in VERSIONS {
        for stateless in [true, false] {
            let config = server(backend())
                .protocols(&[version])
                .verify_mode(VerifyMode::None)
                .session_tickets(stateless);
            let config = match stateless {
                true => config.session_cache(0),
                false => config,
            };
            let config = config.build().expect("server");
            let door = Door::open();
            let saved = {
                let mut peer = openssl::client(door.address, &[option, "-sess_out", "session"]);
                let mut wire = door.serve(&config);
                converse_and_close(&mut wire, &mut peer, true);
                assert!(
                    peer.said(&format!("New, {version}")),
                    "{version} {stateless}"
                );
                fs::read(peer.scratch().path().join("session")).expect("a session")
            };
            let session = Scratch::new();
            let path = session.file("session", &saved);
            let mut peer = openssl::client(door.address, &[option, "-sess_in", &path]);
            let mut wire = door.serve(&config);
            converse_and_close(&mut wire, &mut peer, true);
            assert!(wire.end.conn.is_resumed(), "{version} {stateless}");
            assert!(
                peer.said(&format!("Reused, {version}")),
                "{version} {stateless}"
            );
        }
    }
}
