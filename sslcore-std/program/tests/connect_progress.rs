//! What `sslcore connect` shows on a terminal while it waits.
#![cfg(target_os = "linux")]

mod common;

use std::io::{Read, Write};
use std::net::SocketAddr;

use common::deaf::Deaf;
use common::program::{Door, ca_file, connect, encrypt, run};
use common::terminal::Terminal;
use common::{LONG, both};

fn command(address: SocketAddr, timeout: u32, options: &str) -> String {
    format!(
        "NO_COLOR=1 {} connect {} --timeout {timeout} --ca {} {options} < /dev/null",
        env!("CARGO_BIN_EXE_sslcore"),
        address,
        ca_file().to_str().expect("a path"),
    )
}

#[test]
fn what_takes_long_is_shown_until_it_is_over() {
    let door = Door::open();
    let mut terminal = Terminal::run(&command(door.address(), 20, ""));
    let stream = door.accept();
    // The server does nothing until it was noticed.
    let waits = terminal.shown_until(b"Waiting for the handshake ... ");
    assert!(waits.contains("Connected to"), "{waits}");
    let serve = || {
        let mut socket = encrypt(stream);
        socket.wait_for_encrypted(Some(LONG)).expect("encrypted");
        socket.disconnect_from_host(LONG);
    };
    let ((code, rest), ()) = both(|| terminal.end(), serve);
    assert_eq!(code, Some(0), "{rest}");
    // Blanks over the line, before anything else is said.
    let (line, behind) = rest.split_once("\r").expect("the line's end");
    assert!(line.ends_with(" s"), "{line:?}");
    let (blanks, behind) = behind.split_once('\r').expect("over it");
    assert_eq!(blanks.trim(), "");
    assert!(blanks.len() >= "Waiting for the handshake ... ".len() + line.len());
    assert!(behind.contains("Encrypted: "), "{behind:?}");
}

#[test]
fn the_address_that_does_not_answer_is_shown() {
    let deaf = Deaf::new();
    let address = deaf.address;
    let mut terminal = Terminal::run(&command(address, 5, ""));
    let line = format!("Connecting to \"127.0.0.1\": address 1 of 1, {address} ... ");
    terminal.shown_until(line.as_bytes());
    let (code, rest) = terminal.end();
    assert_eq!(code, Some(2), "{rest}");
    assert!(rest.contains("error: cannot connect"), "{rest}");
}

#[test]
fn a_greeting_that_does_not_come_is_waited_for_visibly() {
    let door = Door::open();
    let mut terminal = Terminal::run(&command(door.address(), 20, "--starttls smtp"));
    let mut stream = door.accept();
    terminal.shown_until(b"Asking for TLS (smtp) ... ");
    stream.write_all(b"554 no\r\n").expect("refuse");
    let hangs_up = || drop(stream);
    let ((code, rest), ()) = both(|| terminal.end(), hangs_up);
    assert_eq!(code, Some(3), "{rest}");
    assert!(rest.contains("error: "), "{rest}");
}

#[test]
fn nothing_is_shown_without_a_terminal_or_to_a_program() {
    for (options, on_terminal) in [("", false), ("--json", true)] {
        let (door, other) = (Door::open(), Door::open());
        let serve = || {
            let mut stream = door.accept();
            // One that began later shows it: so this one would have by now.
            let mut clock = Terminal::run(&command(other.address(), 20, ""));
            let late = other.accept();
            clock.shown_until(b"Waiting for the handshake ... ");
            drop(late);
            stream.write_all(&[21, 3, 3, 0, 2, 2, 40]).expect("refuse");
            let _ = stream.read_to_end(&mut Vec::new());
            clock.end();
        };
        let shown = || match on_terminal {
            true => Terminal::run(&command(door.address(), 20, options)).end().1,
            false => {
                let mut connect = connect(&door.address().to_string());
                run(connect.arg("--ca").arg(ca_file()), b"").stderr
            }
        };
        let (shown, ()) = both(shown, serve);
        assert!(shown.contains("handshake_failure"), "{shown}");
        assert!(!shown.contains("Waiting"), "{shown}");
    }
}
