//! `sslcore connect --ask`: a person on a terminal.
#![cfg(target_os = "linux")]

mod common;

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::channel;
use std::time::Duration;

use common::program::{Door, ca_file, file, fresh, run};
use common::terminal::Terminal;
use common::{LONG, both, server};
use sslcore_std::{SslSocket, WaitError};
use sslcore_tests::certs::WORLD;

/// `sslcore connect --ask` with all its streams elsewhere, so that only the terminal is left to
/// ask on.
struct Session {
    terminal: Terminal,
    stdout: PathBuf,
    stderr: PathBuf,
}

impl Session {
    fn begin(door: &Door) -> Self {
        let (stdout, stderr) = (fresh("stdout"), fresh("stderr"));
        let path = |path: &Path| path.to_str().expect("a path").to_owned();
        let command = format!(
            "{} connect {} --ask --timeout 20 --ca {} < {} > {} 2> {}",
            env!("CARGO_BIN_EXE_sslcore"),
            door.address(),
            path(&ca_file()),
            path(&file("stdin", b"data\n")),
            path(&stdout),
            path(&stderr),
        );
        Self {
            terminal: Terminal::run(&command),
            stdout,
            stderr,
        }
    }

    /// What the terminal shows, up to and with the question.
    fn question(&mut self) -> String {
        self.terminal.shown_until(b"[y/N] ")
    }

    fn answer(&mut self, words: &[u8]) {
        self.terminal.type_in(words);
    }

    /// The exit code, and what was put out.
    fn end(self) -> (Option<i32>, String, String) {
        let (code, _) = self.terminal.end();
        let read = |path| fs::read_to_string(path).expect("a file");
        (code, read(self.stdout), read(self.stderr))
    }
}

/// A server whose certificate nobody trusts.
fn untrusted(door: &Door) -> SslSocket {
    let identity = &WORLD.self_signed;
    let config = server().identity(identity.chain.clone(), identity.key());
    door.serve_with(&config.build().expect("server"))
}

#[test]
fn a_yes_on_the_terminal_goes_on() {
    let door = Door::open();
    let serve = || {
        let mut socket = untrusted(&door);
        let mut heard = Vec::new();
        socket.read_to_end(&mut heard).expect("all");
        socket.write_all(&heard).expect("echo");
        socket.wait_for_disconnected(Some(LONG)).expect("ended");
    };
    let talk = || {
        let mut session = Session::begin(&door);
        let shown = session.question();
        assert!(shown.contains("the certificate is self-signed"), "{shown}");
        assert!(shown.contains("SHA-256"), "{shown}");
        session.answer(b"y\n");
        session.end()
    };
    let ((code, stdout, stderr), ()) = both(talk, serve);
    assert_eq!((code, &stdout[..]), (Some(0), "data\n"), "{stderr}");
    assert!(stderr.contains("you accepted the certificate"), "{stderr}");
}

#[test]
fn anything_else_is_a_no() {
    for answer in [&b"n\n"[..], b"\n", b"yes please\n", b"\x04"] {
        let door = Door::open();
        let serve = || {
            let mut socket = untrusted(&door);
            socket.wait_for_encrypted(Some(LONG)).expect_err("rejected");
            socket.disconnect_from_host(LONG);
        };
        let talk = || {
            let mut session = Session::begin(&door);
            session.question();
            session.answer(answer);
            session.end()
        };
        let ((code, stdout, stderr), ()) = both(talk, serve);
        assert_eq!((code, &stdout[..]), (Some(4), ""), "{answer:?}: {stderr}");
    }
}

#[test]
fn what_was_typed_before_the_question_is_no_answer() {
    let door = Door::open();
    let door = &door;
    let (typed, early) = channel();
    let serve = move || {
        early.recv().expect("told");
        let mut socket = untrusted(door);
        socket.wait_for_encrypted(Some(LONG)).expect_err("rejected");
        socket.disconnect_from_host(LONG);
    };
    let talk = move || {
        let mut session = Session::begin(door);
        session.answer(b"y\n");
        session.terminal.shown_until(b"y\r\n");
        typed.send(()).expect("tell");
        session.question();
        session.answer(b"n\n");
        session.end()
    };
    let ((code, stdout, stderr), ()) = both(talk, serve);
    assert_eq!((code, &stdout[..]), (Some(4), ""), "{stderr}");
}

#[test]
fn a_server_that_hangs_up_meanwhile_is_noticed() {
    let door = Door::open();
    let door = &door;
    let (asked, question) = channel();
    let (gone, hung_up) = channel();
    let serve = move || {
        let mut socket = untrusted(door);
        while question.try_recv().is_err() {
            let turn = socket.wait_for_encrypted(Some(Duration::from_millis(5)));
            assert_eq!(turn, Err(WaitError::Timeout), "the question is open");
        }
        drop(socket);
        gone.send(()).expect("tell");
    };
    let talk = move || {
        let mut session = Session::begin(door);
        session.question();
        asked.send(()).expect("tell");
        hung_up.recv().expect("told");
        session.answer(b"y\n");
        session.end()
    };
    let ((code, stdout, stderr), ()) = both(talk, serve);
    assert_eq!((code, &stdout[..]), (Some(3), ""), "{stderr}");
    assert!(stderr.contains("hung up"), "{stderr}");
}

#[test]
fn without_a_terminal_nobody_can_be_asked() {
    let mut command = Command::new("setsid");
    command.args([
        "--wait",
        env!("CARGO_BIN_EXE_sslcore"),
        "connect",
        "host",
        "--ask",
    ]);
    let run = run(&mut command, b"");
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    assert!(
        run.stderr.contains("there is no terminal to --ask on"),
        "{}",
        run.stderr
    );
}
