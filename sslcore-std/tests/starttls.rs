//! Asking servers for TLS: those that never come to the point.

mod common;

use std::io::{Read, Write};
use std::time::Duration;

use common::{LONG, adopt, both, streams};
use sslcore_std::starttls::{Protocol, StartTlsError, negotiate};

#[test]
fn an_endless_line_is_an_error_and_not_memory() {
    for protocol in [
        Protocol::Smtp,
        Protocol::Imap,
        Protocol::Irc,
        Protocol::Xmpp,
    ] {
        let (client, mut server) = streams();
        let mut client = adopt(client);
        let endless = match protocol {
            Protocol::Xmpp => &b"<stream id='"[..],
            _ => b"220 ",
        };
        let (outcome, ()) = both(
            move || negotiate(&mut client, protocol, "host", Some(LONG)),
            move || {
                server.write_all(endless).expect("begin");
                // Until the client has had enough and is gone.
                while server.write_all(&[b'x'; 4096]).is_ok() {}
            },
        );
        assert!(
            matches!(outcome, Err(StartTlsError::TooLong { .. })),
            "{outcome:?}"
        );
    }
}

#[test]
fn endless_lines_are_an_error_too() {
    for (protocol, line) in [
        (Protocol::Smtp, &b"220-more\r\n"[..]),
        (Protocol::Sieve, b"\"MORE\"\r\n"),
        (Protocol::Irc, b"NOTICE * :more\r\n"),
        (Protocol::Irc, b"PING :more\r\n"),
        (Protocol::Xmpp, b"<more/>"),
    ] {
        let (client, mut server) = streams();
        let mut client = adopt(client);
        let (outcome, ()) = both(
            move || negotiate(&mut client, protocol, "host", Some(LONG)),
            move || while server.write_all(line).is_ok() {},
        );
        assert!(
            matches!(outcome, Err(StartTlsError::TooLong { .. })),
            "{outcome:?}"
        );
    }
}

#[test]
fn a_server_that_says_nothing_is_given_up() {
    let (client, server) = streams();
    let mut client = adopt(client);
    let timeout = Some(Duration::from_millis(10));
    let outcome = negotiate(&mut client, Protocol::Imap, "host", timeout);
    assert!(
        matches!(outcome, Err(StartTlsError::Timeout)),
        "{outcome:?}"
    );
    drop(server);
}

#[test]
fn a_server_that_says_little_now_and_then_is_given_up_too() {
    let (client, mut server) = streams();
    let mut client = adopt(client);
    let timeout = Some(Duration::from_millis(50));
    let (outcome, ()) = both(
        move || negotiate(&mut client, Protocol::Smtp, "host", timeout),
        move || {
            while server.write_all(b"220-more\r\n").is_ok() {
                std::thread::sleep(Duration::from_millis(1));
            }
        },
    );
    assert!(
        matches!(outcome, Err(StartTlsError::Timeout)),
        "{outcome:?}"
    );
}

#[test]
fn a_server_that_hangs_up_is_told_from_one_that_refuses() {
    let (client, mut server) = streams();
    let mut client = adopt(client);
    let (outcome, ()) = both(
        move || negotiate(&mut client, Protocol::Pop3, "host", Some(LONG)),
        move || {
            server.write_all(b"+OK ready\r\n").expect("greet");
            server.read_exact(&mut [0; 6]).expect("STLS");
        },
    );
    assert!(matches!(outcome, Err(StartTlsError::Ended)), "{outcome:?}");
}
