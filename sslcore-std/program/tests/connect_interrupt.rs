//! `sslcore connect` and Ctrl-C: the server is told.
#![cfg(unix)]

mod common;

use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};

use common::program::{Door, trusting};
use common::{LONG, VERSIONS, server};
use rustix::process::{Pid, Signal, kill_process};
use sslcore::{Alert, Event, ReadEnd};

const INTERRUPT: i32 = 2;

/// The signal does there what it does by default, even if whoever started the tests ignores it, as a
/// shell has it for what it runs in the background.
fn start(command: &Command) -> Child {
    let mut with_default = Command::new("env");
    with_default
        .arg("--default-signal=INT")
        .arg(command.get_program());
    with_default.args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => with_default.env(name, value),
            None => with_default.env_remove(name),
        };
    }
    let piped = with_default.stdin(Stdio::piped()).stdout(Stdio::piped());
    let started = piped.stderr(Stdio::piped()).spawn();
    started.expect("env, from coreutils 8.31 or newer")
}

fn interrupt(child: &Child) {
    kill_process(Pid::from_child(child), Signal::INT).expect("it runs");
}

/// Waits for its end; by which signal.
fn ended(mut child: Child) -> Option<i32> {
    child.wait().expect("ended").signal()
}

#[test]
fn in_the_middle_of_a_conversation_the_server_gets_a_farewell() {
    for version in VERSIONS {
        let door = Door::open();
        let mut child = start(&trusting(&door));
        let config = server().protocols(&[version]).build().expect("server");
        let mut socket = door.serve_with(&config);
        socket.wait_for_encrypted(Some(LONG)).expect("encrypted");
        socket.write_all(b"hello").expect("write");
        let mut heard = [0; 5];
        let out = child.stdout.as_mut().expect("piped");
        out.read_exact(&mut heard).expect("the server's word");
        interrupt(&child);
        let mut rest = Vec::new();
        socket.read_to_end(&mut rest).expect("a farewell, no cut");
        let events: Vec<Event> = std::iter::from_fn(|| socket.poll_event()).collect();
        assert!(events.contains(&Event::AlertReceived(Alert::UserCanceled)));
        assert_eq!(socket.connection().read_end(), Some(ReadEnd::Closed));
        assert_eq!(ended(child), Some(INTERRUPT), "as without the farewell");
    }
}

#[test]
fn in_the_middle_of_a_handshake_too() {
    let door = Door::open();
    let child = start(&trusting(&door));
    let mut stream = door.accept();
    let mut hello = [0; 5];
    stream.read_exact(&mut hello).expect("a hello");
    let len = usize::from(u16::from_be_bytes([hello[3], hello[4]]));
    stream.read_exact(&mut vec![0; len]).expect("all of it");
    interrupt(&child);
    let mut farewell = Vec::new();
    stream.read_to_end(&mut farewell).expect("its end");
    assert_eq!(farewell, [21, 3, 3, 0, 2, 1, 90, 21, 3, 3, 0, 2, 1, 0]);
    assert_eq!(ended(child), Some(INTERRUPT));
}
