//! vsftpd: FTP with AUTH TLS.

use std::net::SocketAddr;

use super::Folder;
use crate::certs::Identity;
use crate::network::free_address;
use crate::peer::Peer;

/// Starts an FTP server with an empty folder.
pub fn start(identity: &Identity) -> (Peer, SocketAddr) {
    let folder = Folder::new(identity);
    let address = free_address();
    let empty = folder.folder("empty");
    let (ip, port, cert, key) = (address.ip(), address.port(), &folder.cert, &folder.key);
    let config = format!(
        "listen=YES
background=NO
listen_address={ip}
listen_port={port}
anonymous_enable=YES
anon_root={empty}
secure_chroot_dir={empty}
nopriv_user=nobody
ftp_username=nobody
ssl_enable=YES
allow_anon_ssl=YES
ssl_ciphers=HIGH
rsa_cert_file={cert}
rsa_private_key_file={key}
"
    );
    let config = folder.scratch.file("vsftpd.conf", config);
    let mut server = Peer::start("vsftpd", [config.as_str()], folder.scratch);
    server.until_listening(address);
    (server, address)
}
