//! The side of the runner.

use std::io::Read;
use std::time::Duration;

use sslcore::{ClientConfig, ConfigBuilder, PeerName, ServerConfig, ServerStart};
use sslcore_tests::certs::{Identity, WORLD};
use sslcore_tests::pair::{backend, client, server};
use sslcore_tests::peer::{Peer, Scratch};
use sslcore_tests::wire::{Door, Wire};

pub(super) const SHIM: &str = env!("CARGO_BIN_EXE_conformance_shim");

/// What the shim is known by.
const ID: u64 = 0x0102_0304_0506_0708;

/// The side of the runner, for one run of the shim.
pub(super) struct Runner {
    door: Door,
    shim: Peer,
}

impl Runner {
    /// Starts the shim, which has the files in `scratch`.
    pub(super) fn start(flags: &[&str], scratch: Scratch) -> Self {
        let door = Door::open();
        let (port, id) = (door.address.port().to_string(), ID.to_string());
        let args = ["-port", &*port, "-shim-id", &*id];
        let args = args.into_iter().chain(flags.iter().copied());
        let shim = Peer::start(SHIM, args, scratch);
        Self { door, shim }
    }

    /// The shim's next connection, behind its id.
    fn accept(&self) -> Wire {
        let mut tcp = self.door.accept();
        tcp.set_nonblocking(false).expect("blocking");
        tcp.set_read_timeout(Some(Duration::from_secs(60)))
            .expect("a limit");
        let mut id = [0; 8];
        tcp.read_exact(&mut id).expect("the shim's id");
        assert_eq!(id, ID.to_le_bytes());
        Wire::new(tcp)
    }

    /// The shim's next connection, as a client of ours.
    pub(super) fn serve(&self, config: &ServerConfig) -> Wire {
        let mut wire = self.accept();
        let start = ServerStart::With(config.clone());
        wire.end.conn.start_server_encryption(start).expect("plain");
        wire
    }

    /// The shim's next connection, as a server of ours.
    pub(super) fn connect(&self, config: &ClientConfig) -> Wire {
        let mut wire = self.accept();
        let name = PeerName::new("test").expect("a name");
        wire.end
            .conn
            .start_client_encryption(config, name)
            .expect("plain");
        wire
    }

    /// The shim ends well, and says nothing.
    #[track_caller]
    pub(super) fn ends_well(mut self) {
        let status = self.shim.until_exit();
        assert_eq!((status.code(), &*self.shim.err()), (Some(0), ""));
    }

    /// The shim ends with this code, and says so.
    #[track_caller]
    pub(super) fn complains(mut self, code: i32, words: &str) {
        let status = self.shim.until_exit();
        let said = self.shim.err();
        assert_eq!(status.code(), Some(code), "{said}");
        assert!(said.contains(words), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

/// The name in the runner's certificates.
pub(super) fn identity() -> Identity {
    WORLD.ca.leaf(&["test"])
}

/// The runner as a server.
pub(super) fn serving(version: &str) -> ConfigBuilder<ServerConfig> {
    let own = identity();
    server(backend())
        .protocols(&[version])
        .identity(own.chain.clone(), own.key())
}

/// The runner as a client.
pub(super) fn asking(version: &str) -> ConfigBuilder<ClientConfig> {
    client(backend()).protocols(&[version])
}

/// A file with the tests' root.
pub(super) fn root(scratch: &Scratch) -> String {
    let root = Identity::new(vec![WORLD.ca.der()], Vec::new());
    scratch.file("root.pem", root.chain_pem())
}

/// Data comes back with its bits inverted, then both sides close.
#[track_caller]
pub(super) fn echo(wire: &mut Wire) {
    wire.until_encrypted();
    let before = wire.received.len();
    let data: Vec<u8> = (0..2000_u32).map(|n| n as u8).collect();
    wire.send(&data);
    wire.until_received(before + data.len());
    let inverted: Vec<u8> = data.iter().map(|byte| byte ^ 0xff).collect();
    assert!(wire.received[before..] == inverted, "the echo is another");
    assert!(wire.close().clean);
}

/// Whatever the shim does, this side goes along, and closes.
pub(super) fn go_along(wire: &mut Wire) {
    wire.until("the handshake", |wire| {
        wire.end.conn.is_encrypted() || wire.end.conn.is_over()
    });
    wire.end.conn.close();
    wire.until_closed();
}
