//! `sslcore connect` and servers of others, each time in a network of their own.

mod data;
mod mail;
mod talk;
mod toolkits;
mod web;

use std::net::SocketAddr;

use sslcore_tests::openssl::ca_pem;
use sslcore_tests::peer::{Peer, Scratch};

/// The versions, as `--protocol` takes them.
const VERSIONS: [&str; 2] = ["TLSv1.2", "TLSv1.3"];

/// One run of `sslcore connect`, from its start to its end.
struct Session {
    code: Option<i32>,
    /// What the server said: standard output.
    answer: Vec<u8>,
    /// What the program told about the connection: standard error.
    told: String,
}

/// Connects to a server as `server.test`, trusts the tests' root, says `input` and reads what is
/// answered to its end.
fn connect(address: SocketAddr, options: &[&str], input: impl Into<Vec<u8>>) -> Session {
    let program = start(address, options);
    program.say(input);
    finish(program)
}

/// Only connects, for a conversation.
fn start(address: SocketAddr, options: &[&str]) -> Peer {
    let scratch = Scratch::new();
    let ca = scratch.file("ca.pem", ca_pem());
    start_in(scratch, address, &[&["--ca", &ca], options].concat())
}

/// The same, in a folder with files of the test, and without the tests' root.
fn start_in(scratch: Scratch, address: SocketAddr, options: &[&str]) -> Peer {
    let address = address.to_string();
    let args = [&["connect", &address, "--name", "server.test"], options].concat();
    Peer::start(env!("CARGO_BIN_EXE_sslcore"), args, scratch)
}

/// Ends the input and reads what is answered to its end.
fn finish(mut program: Peer) -> Session {
    program.hang_up();
    let status = program.until_exit();
    Session {
        code: status.code(),
        answer: program.out(),
        told: program.err(),
    }
}

impl Session {
    /// What the server said, as text.
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.answer).into_owned()
    }

    #[track_caller]
    fn ended_with(&self, code: i32) -> &Self {
        let text = self.text();
        assert_eq!(self.code, Some(code), "{text}\n---\n{}", self.told);
        self
    }

    /// It went well from the handshake to the end, with this version.
    #[track_caller]
    fn fine(&self, version: &str) -> &Self {
        self.ended_with(0).was_told(version)
    }

    /// It went well, but at the end the server hung up without a close_notify, as some do: nobody
    /// can know whether all of the answer has arrived.
    #[track_caller]
    fn cut_off(&self, version: &str) -> &Self {
        self.ended_with(5).was_told(version)
    }

    /// These appear in the answer, each behind the one before.
    #[track_caller]
    fn answered(&self, wanted: &[&str]) -> &Self {
        let text = self.text();
        let mut rest = text.as_str();
        for part in wanted {
            let Some((_, behind)) = rest.split_once(part) else {
                panic!("{part:?} is missing, or not in its place:\n{text}");
            };
            rest = behind;
        }
        self
    }

    /// The program told this about the connection.
    #[track_caller]
    fn was_told(&self, text: &str) -> &Self {
        assert!(self.told.contains(text), "{text:?} not in:\n{}", self.told);
        self
    }
}
