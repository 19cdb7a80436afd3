//! Dovecot: IMAP, POP3 and ManageSieve.

use std::net::SocketAddr;

use super::Folder;
use crate::certs::Identity;
use crate::network::free_address;
use crate::peer::Peer;

/// Where Dovecot listens.
pub struct Addresses {
    /// IMAP, with STARTTLS.
    pub imap: SocketAddr,
    /// POP3, with STLS.
    pub pop3: SocketAddr,
    /// ManageSieve, with STARTTLS.
    pub sieve: SocketAddr,
}

/// Starts all three services. Every name and password is welcome.
pub fn start(identity: &Identity) -> (Peer, Addresses) {
    let folder = Folder::new(identity);
    let addresses = Addresses {
        imap: free_address(),
        pop3: free_address(),
        sieve: free_address(),
    };
    folder.folder_of("mail", "mail");
    let config = config(&folder, &addresses);
    let config = folder.scratch.file("dovecot.conf", config);
    let mut server = Peer::start("dovecot", ["-F", "-c", &config], folder.scratch);
    for address in [addresses.imap, addresses.pop3, addresses.sieve] {
        server.until_listening(address);
    }
    (server, addresses)
}

fn config(folder: &Folder, addresses: &Addresses) -> String {
    let Folder {
        path, cert, key, ..
    } = folder;
    let [imap, pop3, sieve] =
        [&addresses.imap, &addresses.pop3, &addresses.sieve].map(SocketAddr::port);
    format!(
        "base_dir = {path}/run
state_dir = {path}/state
log_path = /dev/stderr
listen = 127.0.0.1
protocols = imap pop3 sieve
ssl = yes
ssl_cert = <{cert}
ssl_key = <{key}
ssl_min_protocol = TLSv1.2
default_login_user = dovenull
default_internal_user = dovecot
mail_location = maildir:{path}/mail
first_valid_uid = 1
passdb {{
  driver = static
  args = nopassword=y
}}
userdb {{
  driver = static
  args = uid=mail gid=mail home={path}/mail
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
service managesieve-login {{
  inet_listener sieve {{
    port = {sieve}
  }}
}}
"
    )
}
