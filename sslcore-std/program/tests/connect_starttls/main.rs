//! `sslcore connect --starttls` and scripted servers of all thirteen protocols.

#[path = "../common/mod.rs"]
mod common;
mod scripts;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use common::program::{Door, Run, ca_file, connect, encrypt, hear, run};
use common::{LONG, both};

use self::scripts::{Act, Script};

const INJECTED: &[u8] = b"injected\r\n";

/// How the server's words are cut.
#[derive(Clone, Copy)]
enum Cut {
    Whole,
    Bytes,
}

fn say(stream: &mut TcpStream, words: &[u8], cut: Cut) {
    let piece = match cut {
        Cut::Whole => words.len().max(1),
        Cut::Bytes => 1,
    };
    for piece in words.chunks(piece) {
        stream.write_all(piece).expect("say");
    }
}

/// Plays the server up to where it decides.
fn play(script: &Script, door: &Door, cut: Cut) -> TcpStream {
    let mut stream = door.accept();
    for act in script.acts {
        match act {
            Act::Say(words) => say(&mut stream, words, cut),
            Act::Hear(words) => hear(&mut stream, words),
        }
    }
    stream
}

fn client(script: &Script, door: &Door) -> Command {
    let mut command = connect(&door.address().to_string());
    command.args(["--starttls", script.protocol, "--ca"]);
    command.arg(ca_file());
    command
}

fn switches(script: &Script, cut: Cut) {
    let door = Door::open();
    let serve = || {
        let mut stream = play(script, &door, cut);
        say(&mut stream, script.go_ahead, cut);
        hear(&mut stream, script.last_words);
        let mut socket = encrypt(stream);
        let mut heard = Vec::new();
        socket.read_to_end(&mut heard).expect("the client's end");
        assert_eq!(heard, b"over TLS\n");
        socket.write_all(b"and back\r\n").expect("answer");
        assert!(
            socket
                .wait_for_disconnected(Some(LONG))
                .expect("ended")
                .clean
        );
    };
    let (run, ()) = both(|| run(&mut client(script, &door), b"over TLS\n"), serve);
    let Run {
        code,
        stdout,
        stderr,
    } = run;
    assert_eq!(
        (code, &*stdout),
        (Some(0), &b"and back\r\n"[..]),
        "{stderr}"
    );
    assert!(stderr.contains("Encrypted: TLSv1.3"), "{stderr}");
}

fn refuses(script: &Script) {
    let door = Door::open();
    let serve = || {
        let mut stream = play(script, &door, Cut::Whole);
        say(&mut stream, script.refusal, Cut::Whole);
        assert_eq!(rest(&mut stream), b"", "nothing follows a refusal");
    };
    let (run, ()) = both(|| run(&mut client(script, &door), b"secret"), serve);
    let Run {
        code,
        stdout,
        stderr,
    } = run;
    assert_eq!((code, &*stdout), (Some(3), &b""[..]), "{stderr}");
    assert!(stderr.contains(script.quoted), "{stderr}");
    assert!(!stderr.contains('\x1b'), "{stderr}");
}

fn is_injected(script: &Script) {
    let door = Door::open();
    let serve = || {
        let mut stream = play(script, &door, Cut::Whole);
        say(
            &mut stream,
            &[script.go_ahead, INJECTED].concat(),
            Cut::Whole,
        );
        assert_eq!(rest(&mut stream), script.last_words, "not one byte of TLS");
    };
    let (run, ()) = both(|| run(&mut client(script, &door), b"secret"), serve);
    let Run {
        code,
        stdout,
        stderr,
    } = run;
    assert_eq!((code, &*stdout), (Some(3), &b""[..]), "{stderr}");
    assert!(
        stderr.contains("10 bytes of plaintext came behind the server's \"go ahead\""),
        "{stderr}"
    );
    assert!(!stderr.contains("injected"), "{stderr}");
}

/// Everything up to the client's end, however it ends: it closes with bytes unread.
fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut rest = Vec::new();
    if let Err(error) = stream.read_to_end(&mut rest) {
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    }
    rest
}

macro_rules! protocols {
    ($($name:ident: $script:ident;)*) => {
        $(mod $name {
            use super::scripts::$script as SCRIPT;

            #[test]
            fn a_server_that_switches_is_reached_over_tls() {
                super::switches(&SCRIPT, super::Cut::Whole);
            }

            #[test]
            fn a_server_that_speaks_byte_by_byte_is_understood() {
                super::switches(&SCRIPT, super::Cut::Bytes);
            }

            #[test]
            fn a_refusal_is_quoted() {
                super::refuses(&SCRIPT);
            }

            #[test]
            fn plaintext_behind_the_go_ahead_stops_the_switch() {
                super::is_injected(&SCRIPT);
            }
        })*
    };
}

protocols! {
    smtp: SMTP;
    lmtp: LMTP;
    imap: IMAP;
    pop3: POP3;
    ftp: FTP;
    xmpp: XMPP;
    xmpp_server: XMPP_SERVER;
    ldap: LDAP;
    postgres: POSTGRES;
    mysql: MYSQL;
    sieve: SIEVE;
    nntp: NNTP;
    irc: IRC;
}
