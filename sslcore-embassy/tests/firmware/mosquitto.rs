//! mosquitto: MQTT over TLS.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;

use sslcore_tests::certs::Identity;
use sslcore_tests::network::free_address;
use sslcore_tests::openssl::ca_pem;
use sslcore_tests::peer::{Peer, Scratch};

/// Starts a broker that lets in who has a certificate by the tests' root, under the name in there.
pub(crate) fn start(identity: &Identity) -> (Peer, SocketAddr) {
    let scratch = Scratch::new();
    let address = free_address();
    // Started by root, it becomes another user, if there is one.
    let readable = fs::Permissions::from_mode(0o755);
    fs::set_permissions(scratch.path(), readable).expect("let others read the folder");
    let (cert, key) = scratch.identity(identity);
    let ca = scratch.file("ca.pem", ca_pem());
    let (host, port) = (address.ip(), address.port());
    let config = format!(
        "listener {port} {host}
cafile {ca}
certfile {cert}
keyfile {key}
require_certificate true
use_identity_as_username true
allow_anonymous false
log_dest stderr
log_type all
"
    );
    let config = scratch.file("mosquitto.conf", config);
    let mut broker = Peer::start("mosquitto", ["-c", &config], scratch);
    broker.until_listening(address);
    (broker, address)
}
