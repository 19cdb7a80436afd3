//! mosquitto: MQTT over TLS.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;

use sslcore_tests::certs::Identity;
use sslcore_tests::network::free_address;
use sslcore_tests::openssl::ca_pem;
use sslcore_tests::peer::{Peer, Scratch};

/// Starts a broker that lets in who has this key, in hexadecimal digits, and is called by this name.
pub(crate) fn start_with_key(name: &str, key: &str) -> (Peer, SocketAddr) {
    start_as(|scratch| {
        let keys = scratch.file("keys", format!("{name}:{key}\n"));
        format!("psk_file {keys}\npsk_hint thermometers\nuse_identity_as_username true\n")
    })
}

/// Starts a broker that lets in who has a certificate by the tests' root, under the name in there.
pub(crate) fn start(identity: &Identity) -> (Peer, SocketAddr) {
    start_as(|scratch| {
        let (cert, key) = scratch.identity(identity);
        let ca = scratch.file("ca.pem", ca_pem());
        format!(
            "cafile {ca}
certfile {cert}
keyfile {key}
require_certificate true
use_identity_as_username true
"
        )
    })
}

/// With these lines about its listener.
fn start_as(listener: impl FnOnce(&Scratch) -> String) -> (Peer, SocketAddr) {
    let scratch = Scratch::new();
    let address = free_address();
    // Started by root, it becomes another user, if there is one.
    let readable = fs::Permissions::from_mode(0o755);
    fs::set_permissions(scratch.path(), readable).expect("let others read the folder");
    let listener = listener(&scratch);
    let (host, port) = (address.ip(), address.port());
    let config = format!(
        "listener {port} {host}
{listener}allow_anonymous false
log_dest stderr
log_type all
"
    );
    let config = scratch.file("mosquitto.conf", config);
    let mut broker = Peer::start("mosquitto", ["-c", &config], scratch);
    broker.until_listening(address);
    (broker, address)
}
