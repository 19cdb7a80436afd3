//! Connections that never come about.

use std::io::{self, ErrorKind, Write};
use std::time::Duration;

use sslcore_std::{ConnectCause, ConnectError, Connector, IpVersion, SslSocket};
use sslcore_tests::pair::server_name;

use crate::common::deaf::{Deaf, closed};
use crate::common::{LONG, client};
use crate::faces::{Answer, Halves, Why};
use crate::wrong_cells;

/// Begins to connect, with "secret" written, and TLS started before if so.
fn begin(port: u16, time: Duration, tls: bool) -> io::Result<SslSocket> {
    let mut socket = Connector::new()
        .timeout(Some(time))
        .start("127.0.0.1", port)?;
    socket.set_timeout(Some(LONG));
    if tls {
        let config = client().build().expect("client");
        let started = socket.start_client_encryption(&config, server_name());
        started.expect("start");
    }
    socket.write_all(b"secret").expect("it is queued");
    Ok(socket)
}

#[test]
fn every_call_answers_that_nobody_answered() {
    let deaf = Deaf::new();
    let why = (Why::Unreachable, ErrorKind::TimedOut);
    let mut wrong = Vec::new();
    for (tls, answers) in [
        (false, ["!!n!d! !!!! ..", "!!n!d! !!!! !!"]),
        (true, ["!!!!d! !!!! ..", "!!!!d! !!!! !!"]),
    ] {
        let soon = Duration::from_millis(20);
        let bring = || begin(deaf.address.port(), soon, tls).expect("it begins");
        wrong.extend(wrong_cells("a socket", why, &answers, || (bring(), ())));
        wrong.extend(wrong_cells("two halves", why, &answers, || {
            (Halves(bring()), ())
        }));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_flush_answers_that_the_host_refused() {
    let port = closed().port();
    for tls in [false, true] {
        // A refusal may be known at once, or only later.
        let flushed = begin(port, LONG, tls).and_then(|mut socket| {
            let flushed = socket.flush();
            let again = socket.flush().map_err(Answer::from);
            assert_eq!(again, flushed.as_ref().map_err(|_| refused()).copied());
            flushed
        });
        assert_eq!(flushed.map_err(Answer::from), Err(refused()));
    }
}

fn refused() -> Answer {
    Answer::Why(Why::Unreachable, ErrorKind::ConnectionRefused)
}

type Connect = fn(&Connector, &str, u16) -> io::Result<SslSocket>;

/// Every way to connect by name.
const WAYS: [(&str, Connect); 3] = [
    ("start", |connector, host, port| {
        let mut socket = connector.start(host, port)?;
        socket.wait_for_connected(Some(LONG))?;
        Ok(socket)
    }),
    ("connect", Connector::connect),
    ("connect_encrypted", |connector, host, port| {
        connector.connect_encrypted(host, port, &client().build().expect("client"))
    }),
];

#[test]
fn a_host_that_is_not_found_is_told_from_one_that_cannot_be_reached() {
    let deaf = Deaf::new();
    let connector = Connector::new().timeout(Some(Duration::from_millis(20)));
    let (any, v6) = (connector.clone(), connector.ip_version(IpVersion::V6));
    // A label that is too long for DNS: nobody has to be asked.
    let nobody = format!("{}.invalid", "a".repeat(64));
    let cases = [
        (
            &any,
            &*nobody,
            1,
            ErrorKind::NotFound,
            ConnectCause::HostNotFound,
        ),
        (
            &v6,
            "127.0.0.1",
            deaf.address.port(),
            ErrorKind::NotFound,
            ConnectCause::HostNotFound,
        ),
        (
            &any,
            "127.0.0.1",
            deaf.address.port(),
            ErrorKind::TimedOut,
            ConnectCause::Unreachable,
        ),
        (
            &any,
            "127.0.0.1",
            closed().port(),
            ErrorKind::ConnectionRefused,
            ConnectCause::Unreachable,
        ),
    ];
    for (connector, host, port, kind, cause) in cases {
        for (name, connect) in WAYS {
            let connector = connector.clone().peer_name(server_name());
            let error = connect(&connector, host, port).expect_err("nobody is there");
            assert_eq!(error.kind(), kind, "{name}: {error}");
            let why = error
                .get_ref()
                .and_then(|why| why.downcast_ref::<ConnectError>());
            let why = why.unwrap_or_else(|| panic!("{name}: {error:?}"));
            assert_eq!((why.cause(), why.kind()), (cause, kind), "{name}: {error}");
            assert_eq!((why.host(), why.port()), (host, port));
            let tried = cause == ConnectCause::Unreachable;
            assert_eq!(why.tried().len(), usize::from(tried), "{name}: {error}");
            let text = match cause {
                ConnectCause::HostNotFound if port == 1 => "cannot find the address of aaa",
                ConnectCause::HostNotFound => "127.0.0.1 has no IPv6 address",
                _ => "cannot connect to 127.0.0.1 port ",
            };
            assert!(error.to_string().starts_with(text), "{name}: {error}");
        }
    }
}
