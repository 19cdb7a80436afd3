//! Prosody: XMPP with STARTTLS.

use std::net::SocketAddr;

use super::{Folder, as_user};
use crate::certs::Identity;
use crate::network::free_address;
use crate::peer::Peer;

/// Starts a server for clients of `server.test`.
pub fn start(identity: &Identity) -> (Peer, SocketAddr) {
    let folder = Folder::new(identity);
    let address = free_address();
    folder.give_key("prosody");
    let data = folder.folder_of("prosody", "data");
    let (path, port, cert, key) = (&folder.path, address.port(), &folder.cert, &folder.key);
    let config = format!(
        r#"pidfile = "{data}/pid"
data_path = "{data}"
certificates = "{path}"
log = {{ info = "*console" }}
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {port} }}
modules_enabled = {{ "tls", "saslauth" }}
modules_disabled = {{ "s2s" }}
c2s_require_encryption = true
ssl = {{ certificate = "{cert}", key = "{key}" }}
VirtualHost "server.test"
"#
    );
    let config = folder.scratch.file("prosody.cfg.lua", config);
    let command = as_user("prosody").into_iter();
    let command = command.chain(["prosody", "-F", "--config", &config]);
    let mut server = Peer::start("setpriv", command, folder.scratch);
    server.until_listening(address);
    (server, address)
}
