//! Go's `crypto/tls`.

use std::net::SocketAddr;

use super::Folder;
use crate::certs::Identity;
use crate::openssl::ca_pem;
use crate::peer::Peer;

/// What was built of `server.go`, which stands beside this file.
const BUILT: &str = "SSLCORE_TEST_GO_SERVER";

/// Starts an echo server of one version that speaks the protocol `echo` and, if it is told to,
/// wants certificates by the tests' root. It prints what it agreed on, or `refused: ` and why not.
pub fn start(identity: &Identity, version: &str, client_certificate: bool) -> (Peer, SocketAddr) {
    let program = std::env::var(BUILT).unwrap_or_else(|_| {
        panic!("{BUILT} must name the program built of server.go, as `tests/run peers` does")
    });
    let folder = Folder::new(identity);
    let ca = folder.scratch.file("ca.pem", ca_pem());
    let (cert, key) = (folder.cert, folder.key);
    let mut args = vec![cert.as_str(), &key, version];
    if client_certificate {
        args.push(&ca);
    }
    let server = Peer::start(&program, args, folder.scratch);
    server.until("its address", |server| server.out().contains(&b'\n'));
    let out = String::from_utf8_lossy(&server.out()).into_owned();
    let address = out.lines().next().and_then(|line| line.parse().ok());
    (server, address.expect("an address in the first line"))
}
