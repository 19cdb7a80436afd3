//! OpenLDAP's slapd: LDAP with the extended operation StartTLS.

use std::net::SocketAddr;

use super::Folder;
use crate::certs::Identity;
use crate::network::free_address;
use crate::peer::Peer;

/// Starts a directory that has nothing in it.
pub fn start(identity: &Identity) -> (Peer, SocketAddr) {
    let folder = Folder::new(identity);
    let address = free_address();
    let Folder {
        path, cert, key, ..
    } = &folder;
    let config = format!(
        "include /etc/ldap/schema/core.schema
pidfile {path}/pid
TLSCertificateFile {cert}
TLSCertificateKeyFile {key}
"
    );
    let config = folder.scratch.file("slapd.conf", config);
    let url = format!("ldap://{address}");
    // Another level than 0 keeps it in the foreground; 256 logs connections and operations.
    let args = ["-f", &config, "-h", &url, "-d", "256"];
    let mut server = Peer::start("slapd", args, folder.scratch);
    server.until_listening(address);
    (server, address)
}
