//! Postfix: SMTP with STARTTLS.

use std::net::SocketAddr;

use super::Folder;
use crate::certs::Identity;
use crate::network::free_address;
use crate::peer::Peer;

/// Starts an SMTP server, which delivers nothing.
pub fn start(identity: &Identity) -> (Peer, SocketAddr) {
    let folder = Folder::new(identity);
    let address = free_address();
    let config = folder.folder("config");
    folder.folder("queue");
    folder.folder_of("postfix", "data");
    folder.scratch.file("config/main.cf", main_cf(&folder));
    folder.scratch.file("config/master.cf", master_cf(address));
    let mut server = Peer::start("postfix", ["-c", &config, "start-fg"], folder.scratch);
    server.until_listening(address);
    (server, address)
}

fn main_cf(folder: &Folder) -> String {
    let Folder {
        path, cert, key, ..
    } = folder;
    format!(
        "compatibility_level = 3.6
queue_directory = {path}/queue
data_directory = {path}/data
maillog_file_prefixes = /dev/stdout
maillog_file = /dev/stdout
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = server.test
mydestination = server.test
alias_maps =
alias_database =
local_recipient_maps =
smtpd_peername_lookup = no
smtpd_tls_cert_file = {cert}
smtpd_tls_key_file = {key}
smtpd_tls_security_level = may
smtpd_tls_loglevel = 1
"
    )
}

fn master_cf(address: SocketAddr) -> String {
    format!(
        "{address} inet n - n - - smtpd
postlog unix-dgram n - n - 1 postlogd
anvil unix - - n - 1 anvil
rewrite unix - - n - - trivial-rewrite
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
proxymap unix - - n - - proxymap
tlsmgr unix - - n 1000? 1 tlsmgr
"
    )
}
