//! Servers from Debian's packages, most of which offer TLS behind STARTTLS, and some in Go and Python.
//!
//! Each `start` writes a whole configuration into a temporary folder and runs the server from
//! there, in the foreground and on the loopback interface: nothing of `/etc` is read, and nothing
//! of `/var` is written. They start processes of their own and want to know their port
//! beforehand, so they are only run [`alone`](crate::network::alone). Most of them need root, to
//! become the users that their packages made for them.

pub mod dovecot;
pub mod go;
pub mod inn;
pub mod inspircd;
pub mod mariadb;
pub mod mbedtls;
pub mod nginx;
pub mod openldap;
pub mod postfix;
pub mod postgresql;
pub mod prosody;
pub mod pyopenssl;
pub mod tlslite;
pub mod vsftpd;

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::process::Command;

use crate::certs::Identity;
use crate::peer::{Peer, Scratch};

/// A folder that the users of the servers may read, and an identity in it.
struct Folder {
    scratch: Scratch,
    /// Its path, without a slash at the end.
    path: String,
    /// The chain in PEM.
    cert: String,
    /// The key in PEM.
    key: String,
}

impl Folder {
    fn new(identity: &Identity) -> Self {
        let scratch = Scratch::new();
        let readable = fs::Permissions::from_mode(0o755);
        fs::set_permissions(scratch.path(), readable).expect("let others read the folder");
        Self {
            path: scratch.path().to_str().expect("a path in UTF-8").into(),
            cert: scratch.file("cert.pem", identity.chain_pem()),
            key: scratch.file("key.pem", identity.key_pem()),
            scratch,
        }
    }

    /// Makes a folder in it and gives its path.
    fn folder(&self, name: &str) -> String {
        let path = format!("{}/{name}", self.path);
        fs::create_dir_all(&path).expect("create a folder for the test");
        path
    }

    /// Makes a folder in it that belongs to a user, and gives its path.
    fn folder_of(&self, user: &str, name: &str) -> String {
        let path = self.folder(name);
        give(&path, user);
        path
    }

    /// Lets a user, and nobody else but root, read the key.
    fn give_key(&self, user: &str) {
        give(&self.key, user);
        let private = fs::Permissions::from_mode(0o600);
        fs::set_permissions(&self.key, private).expect("make the key private");
    }
}

/// Makes a user the owner.
fn give(path: impl AsRef<Path>, user: &str) {
    let users = fs::read_to_string("/etc/passwd").expect("the list of users");
    let id = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let id = fields.nth(1)?.parse().ok()?;
        (name == user).then_some(id)
    });
    let id = id.unwrap_or_else(|| panic!("no user {user} here; `tests/run peers` installs it"));
    chown(path.as_ref(), Some(id), None)
        .unwrap_or_else(|error| panic!("give {:?} to {user}: {error}", path.as_ref()));
}

/// The options with which `setpriv` runs a command as this user.
fn as_user(user: &str) -> [&str; 5] {
    ["--reuid", user, "--regid", user, "--init-groups"]
}

/// The server, once it has printed its address, and the address.
fn listening(server: Peer) -> (Peer, SocketAddr) {
    server.until("its address", |server| server.out().contains(&b'\n'));
    let out = String::from_utf8_lossy(&server.out()).into_owned();
    let address = out.lines().next().and_then(|line| line.parse().ok());
    (server, address.expect("an address in the first line"))
}

/// Runs a command to its end, which must come soon and be a success.
fn run(command: &[&str]) {
    let output = Command::new("timeout")
        .arg("60")
        .args(command)
        .output()
        .expect("run timeout");
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
