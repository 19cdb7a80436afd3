//! InspIRCd: IRC with STARTTLS.

use std::net::SocketAddr;

use super::{Folder, as_user};
use crate::certs::Identity;
use crate::network::free_address;
use crate::peer::Peer;

/// Starts an IRC server.
pub fn start(identity: &Identity) -> (Peer, SocketAddr) {
    let folder = Folder::new(identity);
    let address = free_address();
    folder.give_key("irc");
    let run = folder.folder_of("irc", "run");
    let (ip, port, cert, key) = (address.ip(), address.port(), &folder.cert, &folder.key);
    let config = format!(
        r#"<server name="server.test" description="test" id="001" network="test">
<admin name="test" nick="test" email="test@server.test">
<bind address="{ip}" port="{port}" type="clients">
<connect name="main" allow="*" resolvehostnames="no">
<dns server="127.0.0.1">
<path configdir="{run}" datadir="{run}" logdir="{run}" runtimedir="{run}">
<pid file="{run}/pid">
<module name="ssl_gnutls">
<module name="starttls">
<sslprofile name="clients" provider="gnutls" certfile="{cert}" keyfile="{key}">
<starttls sslprofile="clients">
"#
    );
    let config = folder.scratch.file("inspircd.conf", config);
    let command = as_user("irc").into_iter();
    let command = command.chain(["inspircd", "--nofork", "--config", &config]);
    let mut server = Peer::start("setpriv", command, folder.scratch);
    server.until_listening(address);
    (server, address)
}
