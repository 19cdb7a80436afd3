//! INN's server for newsreaders: NNTP with STARTTLS.
//!
//! Debian's package cannot be installed where the host has no domain, so `tests/run peers` only
//! unpacks it, and says where.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::process::Command;
use std::thread;

use super::{Folder, as_user};
use crate::certs::Identity;
use crate::openssl::ca_pem;
use crate::peer::Scratch;

/// Where the package was unpacked.
const UNPACKED: &str = "SSLCORE_TEST_INN";

/// A server without articles. It takes one connection at a time, until the test's process ends.
pub struct Inn {
    /// Where it listens.
    pub address: SocketAddr,
    _scratch: Scratch,
}

/// Starts the server. A process of it gets each connection from us: on its own it would listen on
/// every interface.
pub fn start(identity: &Identity) -> Inn {
    let folder = Folder::new(identity);
    let package = std::env::var(UNPACKED).unwrap_or_else(|_| {
        panic!("{UNPACKED} must name a folder with the unpacked package inn2, as `tests/run peers` does")
    });
    folder.give_key("news");
    let config = write_config(&folder, &package);
    let listener = TcpListener::bind("127.0.0.1:0").expect("listen");
    let address = listener.local_addr().expect("address");
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let other = stream.try_clone().expect("a second handle");
            let done = Command::new("setpriv")
                .args(as_user("news"))
                .arg(format!("{package}/usr/lib/news/bin/nnrpd-ssl"))
                .env("INNCONF", &config)
                .env("LD_LIBRARY_PATH", format!("{package}/usr/lib/news"))
                .stdin(OwnedFd::from(stream))
                .stdout(OwnedFd::from(other))
                .status();
            // How it went is for the client to say.
            done.expect("run setpriv");
        }
    });
    Inn {
        address,
        _scratch: folder.scratch,
    }
}

/// It must not refuse newsreaders when the machine has much else to do: `nnrpdloadlimit`.
fn write_config(folder: &Folder, package: &str) -> String {
    let Folder {
        scratch,
        path,
        cert,
        key,
    } = folder;
    for name in ["db", "log", "run", "spool", "articles", "overview", "tmp"] {
        folder.folder_of("news", name);
    }
    // An overview of no newsgroups, and none of them.
    for name in ["overview/group.index", "db/active", "db/newsgroups"] {
        super::give(scratch.file(name, ""), "news");
    }
    let etc = folder.folder("etc");
    fs::copy(
        format!("{package}/etc/news/storage.conf"),
        format!("{etc}/storage.conf"),
    )
    .expect("the package's list of storage classes");
    let ca = scratch.file("ca.pem", ca_pem());
    scratch.file(
        "etc/readers.conf",
        r#"auth all { hosts: "*" default: "<any>" }
access all { users: "<any>" newsgroups: "*" }
"#,
    );
    scratch.file(
        "inn.conf",
        format!(
            "mta: /bin/false
nnrpdloadlimit: 0
hismethod: hisv6
ovmethod: tradindexed
domain: server.test
fromhost: server.test
pathhost: server.test
runasuser: news
runasgroup: news
pathnews: {package}/usr/lib/news
pathfilter: {package}/etc/news/filter
pathetc: {etc}
pathdb: {path}/db
pathlog: {path}/log
pathrun: {path}/run
pathspool: {path}/spool
pathoverview: {path}/overview
patharticles: {path}/articles
pathtmp: {path}/tmp
tlscafile: {ca}
tlscapath: {etc}
tlscertfile: {cert}
tlskeyfile: {key}
"
        ),
    )
}
