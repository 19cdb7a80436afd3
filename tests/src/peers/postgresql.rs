//! PostgreSQL, whose clients ask for TLS with an SSLRequest.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;

use super::{Folder, as_user, run};
use crate::certs::Identity;
use crate::network::free_address;
use crate::peer::Peer;

/// Starts a new database cluster that trusts everybody.
pub fn start(identity: &Identity) -> (Peer, SocketAddr) {
    let folder = Folder::new(identity);
    let address = free_address();
    folder.give_key("postgres");
    let cluster = folder.folder_of("postgres", "cluster");
    let [initdb, postgres] = ["initdb", "postgres"].map(program);
    let settings = [
        format!("listen_addresses={}", address.ip()),
        format!("port={}", address.port()),
        format!("ssl_cert_file={}", folder.cert),
        format!("ssl_key_file={}", folder.key),
        "ssl=on".into(),
        "unix_socket_directories=".into(),
        // Otherwise in /dev/shm, where it would outlive the server.
        "dynamic_shared_memory_type=mmap".into(),
        "fsync=off".into(),
    ];

    let user = as_user("postgres");
    let make = [&initdb, "-D", &cluster, "-A", "trust", "-N", "--no-locale"];
    run(&[&["setpriv"], &user[..], &make].concat());
    let mut command = [&user[..], &[&postgres, "-D", &cluster]].concat();
    for setting in &settings {
        command.extend(["-c", setting]);
    }
    let mut server = Peer::start("setpriv", command, folder.scratch);
    server.until_said("database system is ready to accept connections");
    server.until_listening(address);
    (server, address)
}

/// Debian keeps these programs out of the PATH, in a folder for each version.
fn program(name: &str) -> String {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut found: Vec<PathBuf> = versions
        .flatten()
        .map(|version| version.path().join("bin").join(name))
        .filter(|path| path.exists())
        .collect();
    found.sort();
    let path = found.pop().and_then(|path| path.to_str().map(String::from));
    path.unwrap_or_else(|| panic!("no {name} here; `tests/run peers` installs PostgreSQL"))
}
