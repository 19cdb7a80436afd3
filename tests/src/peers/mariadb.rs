//! MariaDB, whose clients ask for TLS with an SSLRequest.

use std::net::SocketAddr;

use super::{Folder, run};
use crate::certs::Identity;
use crate::network::free_address;
use crate::peer::Peer;

/// Starts a new server whose `root` has no password.
pub fn start(identity: &Identity) -> (Peer, SocketAddr) {
    let folder = Folder::new(identity);
    let address = free_address();
    folder.give_key("mysql");
    let data = folder.folder_of("mysql", "data");
    let data = format!("--datadir={data}");
    let temporary = format!("--tmpdir={}", folder.folder_of("mysql", "tmp"));
    run(&[
        "mariadb-install-db",
        "--no-defaults",
        "--user=mysql",
        &data,
        &temporary,
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
    ]);
    let path = &folder.path;
    let options = [
        format!("--bind-address={}", address.ip()),
        format!("--port={}", address.port()),
        format!("--ssl-cert={}", folder.cert),
        format!("--ssl-key={}", folder.key),
        format!("--socket={path}/data/socket"),
        format!("--pid-file={path}/data/pid"),
    ];
    let start = [
        "--no-defaults",
        "--user=mysql",
        "--skip-name-resolve",
        &data,
        &temporary,
    ];
    let command = start.into_iter().chain(options.iter().map(String::as_str));
    let mut server = Peer::start("mariadbd", command, folder.scratch);
    server.until_listening(address);
    (server, address)
}
