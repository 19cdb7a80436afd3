//! `sslcore serve`, running.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use sslcore::{ClientConfig, PeerName};
use sslcore_std::SslSocket;
use sslcore_tests::certs::{Identity, WORLD};
use sslcore_tests::openssl::ca_pem;
use sslcore_tests::pair::server_name;
use sslcore_tests::peer::{Peer, Scratch};

use super::LONG;

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_sslcore");

/// The server, and where it listens. It is killed when dropped.
pub struct Served {
    pub peer: Peer,
    pub address: SocketAddr,
}

/// Starts it with the tests' certificate for `server.test` and 127.0.0.1.
pub fn served(args: &[&str]) -> Served {
    served_in(Scratch::new(), &WORLD.server, args)
}

/// The same, with another certificate, in a folder with files of the test.
pub fn served_in(scratch: Scratch, identity: &Identity, args: &[&str]) -> Served {
    let (cert, key) = scratch.identity(identity);
    scratch.file("ca.pem", ca_pem());
    served_as(scratch, &[&["--cert", &cert, "--key", &key], args].concat())
}

/// Starts it with these arguments and no others.
pub fn served_as(scratch: Scratch, args: &[&str]) -> Served {
    let args = [&["serve"], args].concat();
    let peer = Peer::start(PROGRAM, args, scratch);
    peer.until("its address", |peer| peer.out().contains(&b'\n'));
    let out = String::from_utf8(peer.out()).expect("UTF-8");
    let first = out.lines().next().unwrap_or_default();
    let address = first.parse().ok().or_else(|| {
        let told: serde_json::Value = serde_json::from_str(first).ok()?;
        told["address"].as_str()?.parse().ok()
    });
    Served {
        address: address.unwrap_or_else(|| panic!("no address: {first:?}")),
        peer,
    }
}

impl Served {
    pub fn tcp(&self) -> TcpStream {
        TcpStream::connect(self.address).expect("connect")
    }

    pub fn plain(&self) -> SslSocket {
        let mut socket = SslSocket::from_stream(self.tcp()).expect("adopt");
        socket.set_timeout(Some(LONG));
        socket
    }

    /// A client that wants `server.test`, encrypted.
    pub fn client(&self, config: &ClientConfig) -> SslSocket {
        self.client_of(config, server_name())
    }

    pub fn client_of(&self, config: &ClientConfig, name: PeerName) -> SslSocket {
        let mut socket = self.plain();
        start(&mut socket, config, name);
        socket
    }

    /// Waits until it ends, and gives its exit code.
    pub fn exit_code(&mut self) -> Option<i32> {
        self.peer.until_exit().code()
    }

    /// Waits for the line about a connection that has all these words, in this order.
    pub fn until_told(&self, words: &[&str]) {
        self.peer.until(&words.join("…"), |peer| {
            let log = peer.log();
            log.lines().any(|line| {
                let mut rest = line;
                words.iter().all(|word| match rest.split_once(word) {
                    Some((_, behind)) => {
                        rest = behind;
                        true
                    }
                    None => false,
                })
            })
        });
    }
}

/// Makes an encrypted connection of a plain one.
pub fn start(socket: &mut SslSocket, config: &ClientConfig, name: PeerName) {
    socket
        .start_client_encryption(config, name)
        .expect("start the client");
    socket.wait_for_encrypted(Some(LONG)).expect("handshake");
}

/// Says something, and ends our side; gives the answer, which must have an end of its own.
pub fn say_all(mut socket: SslSocket, text: impl AsRef<[u8]>) -> String {
    socket.write_all(text.as_ref()).expect("write");
    socket.close();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).expect("a clean end");
    String::from_utf8(answer).expect("UTF-8")
}

/// What a run of the program came to.
pub struct Run {
    pub code: Option<i32>,
    pub out: String,
    /// Standard output, then standard error.
    pub log: String,
}

/// Runs the program, which must end by itself.
pub fn run(args: &[&str]) -> Run {
    let mut peer = Peer::start(PROGRAM, args.iter().copied(), Scratch::new());
    peer.hang_up();
    Run {
        code: peer.until_exit().code(),
        out: String::from_utf8(peer.out()).expect("UTF-8"),
        log: peer.log(),
    }
}
