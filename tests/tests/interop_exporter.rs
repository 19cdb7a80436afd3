//! Keying material that OpenSSL exports, and ours; and peers with whom there is none to export.

use sslcore::{Connection, ExportError};
use sslcore_tests::certs::WORLD;
use sslcore_tests::gnutls;
use sslcore_tests::network::alone;
use sslcore_tests::openssl::{self, VERSIONS};
use sslcore_tests::pair::{backend, backends, client, server};
use sslcore_tests::peer::Peer;
use sslcore_tests::wire::{Door, Wire};

const LABEL: &str = "EXPORTER-sslcore-test";
const OPTIONS: [&str; 4] = ["-keymatexport", LABEL, "-keymatexportlen", "40"];

/// Waits until OpenSSL has told its keying material, and compares.
fn compare(wire: &mut Wire, peer: &Peer) {
    wire.until_encrypted();
    let mut ours = [0; 40];
    wire.end
        .conn
        .export_keying_material(&mut ours, LABEL.as_bytes(), None)
        .expect("encrypted");
    let hex: String = ours.iter().map(|byte| format!("{byte:02X}")).collect();
    wire.until("what OpenSSL exports", |_| {
        peer.said(&format!("Keying material: {hex}\n"))
    });
}

#[test]
fn our_client_exports_what_openssl_exports_as_its_server() {
    for (version, option) in VERSIONS {
        for backend in backends() {
            let options = [&[option][..], &OPTIONS].concat();
            let (peer, address) = openssl::server(&WORLD.server, &options);
            let config = client(backend).protocols(&[version]);
            let mut wire = Wire::connect(address, &config.build().expect("client"));
            compare(&mut wire, &peer);
        }
    }
}

#[test]
fn our_server_exports_what_openssl_exports_as_its_client() {
    for (version, option) in VERSIONS {
        for backend in backends() {
            let door = Door::open();
            let options = [&[option][..], &OPTIONS].concat();
            let peer = openssl::client(door.address, &options);
            let config = server(backend).protocols(&[version]);
            let mut wire = door.serve(&config.build().expect("server"));
            compare(&mut wire, &peer);
        }
    }
}

fn assert_refused(conn: &Connection) {
    let mut out = [7; 8];
    let outcome = conn.export_keying_material(&mut out, LABEL.as_bytes(), None);
    assert_eq!(outcome, Err(ExportError::NoExtendedMasterSecret));
    assert_eq!(out, [7; 8]);
}

/// OpenSSL's programs cannot leave the extended master secret out, GnuTLS's can.
const WITHOUT: [&str; 2] = [
    "--priority",
    "NORMAL:-VERS-ALL:+VERS-TLS1.2:%NO_SESSION_HASH",
];

#[test]
fn our_server_exports_nothing_to_a_client_without_the_extended_master_secret() {
    let door = Door::open();
    let _peer = gnutls::client(door.address, &WITHOUT);
    let config = server(backend()).build().expect("server");
    let mut wire = door.serve(&config);
    wire.until_encrypted();
    assert_refused(&wire.end.conn);
}

#[test]
fn our_client_exports_nothing_to_a_server_without_the_extended_master_secret() {
    alone(|| {
        let (_peer, address) = gnutls::server(&WORLD.server, &WITHOUT);
        let config = client(backend()).build().expect("client");
        let mut wire = Wire::connect(address, &config);
        wire.until_encrypted();
        assert_refused(&wire.end.conn);
    });
}
