//! `sslcore serve --smtp`: a mail server to try clients on.

mod common;

use std::io::{BufRead, ErrorKind, Read, Write};

use common::served::{Served, served, start};
use common::{LONG, client};
use serde_json::Value;
use sslcore_std::SslSocket;
use sslcore_tests::pair::server_name;

/// Says a line and hears the reply to its last line.
fn say(socket: &mut SslSocket, line: &str) -> String {
    let line = format!("{line}\r\n");
    socket.write_all(line.as_bytes()).expect("write");
    reply(socket)
}

fn reply(socket: &mut SslSocket) -> String {
    let mut reply = String::new();
    loop {
        let mut line = String::new();
        socket.read_line(&mut line).expect("a line");
        reply += &line;
        if line.as_bytes().get(3) != Some(&b'-') {
            return reply;
        }
    }
}

/// Each line gets a reply that begins like this.
fn dialogue(socket: &mut SslSocket, steps: &[(&str, &str)]) {
    for (line, wanted) in steps {
        let reply = say(socket, line);
        assert!(reply.starts_with(wanted), "{line:?} got {reply:?}");
    }
}

fn greeted(server: &Served) -> SslSocket {
    let mut socket = server.plain();
    assert!(reply(&mut socket).starts_with("220 "));
    socket
}

fn encrypted(server: &Served) -> SslSocket {
    let mut socket = greeted(server);
    dialogue(&mut socket, &[("EHLO a", "250"), ("STARTTLS", "220")]);
    start(
        &mut socket,
        &client().build().expect("client"),
        server_name(),
    );
    socket
}

#[test]
fn a_mail_is_taken_behind_starttls_and_shown() {
    let mut server = served(&["--smtp", "--once"]);
    let command = format!("sslcore connect {} --starttls smtp --trust", server.address);
    server.peer.until_said(&command);
    let mut socket = greeted(&server);
    assert!(say(&mut socket, "EHLO a").contains("250 STARTTLS\r\n"));
    dialogue(&mut socket, &[("starttls", "220 ")]);
    start(
        &mut socket,
        &client().build().expect("client"),
        server_name(),
    );
    // What was said before TLS counts no more.
    dialogue(&mut socket, &[("MAIL FROM:<me@a>", "503 ")]);
    assert!(!say(&mut socket, "EHLO a").contains("STARTTLS"));
    dialogue(
        &mut socket,
        &[
            ("MAIL FROM:<me@a> SIZE=100", "250 "),
            ("RCPT TO:<you@b>", "250 "),
            ("RCPT TO:<\u{1b}[2J@c>", "250 "),
            ("DATA", "354 "),
            ("Subject: hello\r\n\r\n..dot\r\n\u{1b}[2Jclear\r\n.", "250 "),
            ("QUIT", "221 "),
        ],
    );
    assert!(socket.disconnect_from_host(LONG).clean);
    assert_eq!(server.exit_code(), Some(0));
    let out = String::from_utf8(server.peer.out()).expect("UTF-8");
    let (_, mail) = out.split_once("mail from 127.0.0.1:").expect("a mail");
    let (_, mail) = mail.split_once('\n').expect("a line");
    assert_eq!(
        mail,
        "  from <me@a>\n  to   <you@b>\n  to   <\\u{1b}[2J@c>\n  | Subject: hello\n  |\n  | .dot\n  \
         | \\u{1b}[2Jclear\n"
    );
    server.until_told(&["TLSv1.3", "1 mail", "ended cleanly"]);
}

#[test]
fn mail_is_refused_before_tls() {
    let server = served(&["--smtp"]);
    let mut socket = greeted(&server);
    dialogue(
        &mut socket,
        &[
            ("EHLO a", "250"),
            ("MAIL FROM:<me@a>", "530 "),
            ("RCPT TO:<you@b>", "530 "),
            ("DATA", "530 "),
            ("STARTTLS now", "501 "),
            ("AUTH PLAIN AAAA", "502 "),
            ("QUIT", "221 "),
        ],
    );
    let mut rest = Vec::new();
    socket.read_to_end(&mut rest).expect("an end");
    assert!(rest.is_empty());
}

#[test]
fn commands_sent_along_with_starttls_stop_the_switch() {
    let mut server = served(&["--smtp", "--once"]);
    let mut socket = greeted(&server);
    let reply = say(&mut socket, "STARTTLS\r\nMAIL FROM:<attacker@a>");
    assert!(reply.starts_with("554 "), "{reply:?}");
    let mut rest = Vec::new();
    socket.read_to_end(&mut rest).expect("an end");
    assert!(rest.is_empty(), "nothing of it is obeyed");
    drop(socket);
    assert_eq!(server.exit_code(), Some(3));
    server.until_told(&["24 bytes of plaintext came behind STARTTLS"]);
}

#[test]
fn commands_out_of_order_are_told_so() {
    let server = served(&["--smtp"]);
    let mut socket = encrypted(&server);
    dialogue(
        &mut socket,
        &[
            ("STARTTLS", "503 "),
            ("EHLO a", "250"),
            ("RCPT TO:<you@b>", "503 "),
            ("DATA", "503 "),
            ("MAIL me", "501 "),
            ("MAIL FROM: <>", "250 "),
            ("MAIL FROM:<b>", "503 "),
            ("RCPT \u{e9}\u{e9}\u{e9}", "501 "),
            ("DATA", "503 "),
            ("RSET", "250 "),
            ("RCPT TO:<you@b>", "503 "),
            ("NOOP", "250 "),
            ("VRFY you", "252 "),
            ("", "502 "),
        ],
    );
}

#[test]
fn a_client_without_measure_is_held_to_one() {
    let server = served(&["--smtp"]);
    let mut socket = encrypted(&server);
    dialogue(
        &mut socket,
        &[("EHLO a", "250"), ("MAIL FROM:<me@a>", "250 ")],
    );
    for _ in 0..100 {
        dialogue(&mut socket, &[("RCPT TO:<you@b>", "250 ")]);
    }
    dialogue(
        &mut socket,
        &[("RCPT TO:<you@b>", "452 "), ("DATA", "354 ")],
    );
    let large = ("x".repeat(900) + "\r\n").repeat(1_200) + ".";
    dialogue(&mut socket, &[(&large, "552 ")]);
    // The next one is as good as the first.
    dialogue(
        &mut socket,
        &[
            ("MAIL FROM:<me@a>", "250 "),
            ("RCPT TO:<you@b>", "250 "),
            ("DATA", "354 "),
            ("small\r\n.", "250 "),
        ],
    );
    dialogue(&mut socket, &[(&"x".repeat(5_000), "500 ")]);
    let end = socket.read(&mut [0; 1]);
    assert!(matches!(end, Ok(0)) || end.is_err_and(|it| it.kind() != ErrorKind::TimedOut));
    drop(socket);
    server.until_told(&["1 mail", "a line without end"]);
}

#[test]
fn json_tells_the_mail_as_an_object() {
    let mut server = served(&["--smtp", "--json", "--once"]);
    let mut socket = encrypted(&server);
    dialogue(
        &mut socket,
        &[
            ("EHLO a", "250"),
            ("MAIL FROM:<me@a>", "250 "),
            ("RCPT TO:<you@b>", "250 "),
            ("DATA", "354 "),
            ("one\r\n\u{9b}2J\u{202e}\u{7f}\u{1b}[2J\r\n.", "250 "),
            ("QUIT", "221 "),
        ],
    );
    socket.disconnect_from_host(LONG);
    assert_eq!(server.exit_code(), Some(0));
    let out = String::from_utf8(server.peer.out()).expect("UTF-8");
    let harmless = |c: char| c == '\n' || (c.is_ascii() && !c.is_ascii_control());
    assert!(out.chars().all(harmless), "a terminal obeys this: {out:?}");
    let told: Vec<Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let [_, mail, connection] = &told[..] else {
        panic!("{out}");
    };
    assert_eq!(mail["event"], "mail");
    assert_eq!(mail["from"], "<me@a>");
    assert_eq!(mail["to"], serde_json::json!(["<you@b>"]));
    assert_eq!(mail["data"], "one\n\u{9b}2J\u{202e}\u{7f}\u{1b}[2J");
    assert_eq!(connection["mails"], 1);
}
