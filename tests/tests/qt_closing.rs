//! Qt's tests of endings, by name (`tst_qsslsocket.cpp`): disconnecting at every stage, and
//! closing or aborting while an error is being told. `qt-checklist.txt` lists all of them.

use sslcore::{Event, FailureKind, OnErrors, Progress, ServerConfig, SslMode, UsageError};
use sslcore_tests::certs::WORLD;
use sslcore_tests::pair::{End, Pair, VERSIONS, backend, client, server};

fn server_of(version: &str) -> ServerConfig {
    let builder = server(backend()).protocols(&[version]);
    builder.build().expect("server")
}

fn started(version: &str) -> Pair {
    let client = client(backend()).protocols(&[version]).build();
    Pair::tls(&client.expect("client"), &server_of(version))
}

fn failures(end: &End) -> Vec<FailureKind> {
    let kind = |event: &Event| match event {
        Event::Failed(kind) => Some(*kind),
        _ => None,
    };
    end.events.iter().filter_map(kind).collect()
}

/// Qt's `disconnectFromHostWhenConnecting`: a disconnect asked for before the connection is
/// established changes nothing at once; the handshake is finished to send what was written (where Qt
/// gets stuck when TCP was connected already), then the connection is over, and nothing waits to be
/// written.
#[test]
fn disconnect_from_host_when_connecting() {
    for version in VERSIONS {
        // Before the first byte, and with the handshake under way.
        for exchanges in [0, 1] {
            let mut pair = started(version);
            for _ in 0..exchanges {
                let hello = pair.client.take();
                pair.server.give(&hello, usize::MAX);
            }
            let queued = b"a001 LOGOUT\r\n";
            assert_eq!(pair.client.conn.write(queued), Ok(queued.len()));
            assert_eq!(pair.client.conn.bytes_to_write(), queued.len());
            let before = (pair.client.conn.mode(), pair.client.conn.is_over());
            pair.client.conn.close();
            let after = (pair.client.conn.mode(), pair.client.conn.is_over());
            assert_eq!(before, after);
            pair.run();
            assert_eq!(pair.server.read_all(), queued);
            pair.server.conn.close();
            pair.run();
            assert!(pair.client.conn.is_over());
            assert_eq!(pair.client.conn.bytes_to_write(), 0);
            let report = pair.client.conn.close_report().expect("ended");
            assert_eq!((report.abandoned, report.clean), (0, true));
            assert!(failures(&pair.server).is_empty(), "{version}");
        }
    }
}

/// Qt's `disconnectFromHostWhenConnected`: with a line written and not sent, the connection goes
/// on closing until that line has left, then it is over and nothing is left to write. Our
/// close_notify follows the line; a clean end needs the peer's, too, which Qt does not ask for.
#[test]
fn disconnect_from_host_when_connected() {
    for version in VERSIONS {
        let mut pair = started(version);
        pair.run();
        assert!(pair.client.conn.is_encrypted());
        assert_eq!(pair.client.conn.write(b"a001 LOGOUT\r\n"), Ok(13));
        pair.client.conn.close();
        pair.client.settle();
        assert!(!pair.client.conn.is_over(), "closing");
        assert_eq!(
            pair.client.conn.write(b"more"),
            Err(UsageError::WriteClosed)
        );
        pair.run();
        assert_eq!(pair.server.read_all(), b"a001 LOGOUT\r\n");
        pair.server.conn.close();
        pair.run();
        assert!(pair.client.conn.is_over());
        assert_eq!(pair.client.conn.bytes_to_write(), 0);
        assert_eq!(pair.client.conn.encrypted_bytes_to_write(), 0);
        assert!(pair.client.conn.close_report().expect("ended").clean);
    }
}

/// Qt's `closeWhileEmittingSocketError`: the peer goes away while data waits to be sent, and the
/// application closes upon hearing of it: one error, and nothing crashes. Here nothing can be
/// called from inside, so every ending call is made between the error and the next event.
#[test]
fn close_while_emitting_socket_error() {
    for version in VERSIONS {
        for abort in [false, true] {
            let mut pair = started(version);
            pair.run();
            let megabyte = vec![7; 1 << 20];
            assert!(pair.client.conn.write(&megabyte).expect("write") > 0);
            pair.client.conn.receive_reset();
            while !pair.client.saw(Event::Failed(FailureKind::Reset)) {
                let progress = pair.client.conn.process(pair.client.now());
                let event = pair.client.conn.poll_event();
                assert!(event.is_some() || progress != Progress::Idle);
                pair.client.events.extend(event);
            }
            match abort {
                true => pair.client.conn.abort(),
                false => pair.client.conn.close(),
            }
            pair.client.conn.close();
            pair.client.settle();
            assert_eq!(failures(&pair.client), [FailureKind::Reset]);
            assert!(pair.client.conn.is_over());
            assert_eq!(pair.client.conn.bytes_to_write(), 0);
            let report = pair.client.conn.close_report().expect("ended");
            assert!(!report.clean && report.unsent > 0, "{report:?}");
        }
    }
}

/// Qt's `abortOnSslErrors`: aborting when the certificate errors are told ends the connection.
/// Nothing of what was queued is sent, and the peer is told nothing, as Qt does.
#[test]
fn abort_on_ssl_errors() {
    for version in VERSIONS {
        let config = client(backend())
            .protocols(&[version])
            .on_errors(OnErrors::Hold)
            .build()
            .expect("client");
        let identity = &WORLD.self_signed;
        let server = server(backend())
            .protocols(&[version])
            .identity(identity.chain.clone(), identity.key())
            .build()
            .expect("server");
        let mut pair = Pair::tls(&config, &server);
        pair.client.write(b"secret");
        pair.run();
        assert!(pair.client.conn.review().is_some());
        pair.client.conn.abort();
        pair.run();
        assert!(pair.client.conn.is_over() && pair.client.conn.review().is_none());
        assert!(!pair.client.saw(Event::Encrypted));
        assert!(failures(&pair.client).is_empty(), "our own doing");
        assert_eq!(pair.client.conn.mode(), SslMode::Client);
        assert_eq!(pair.client.conn.ssl_errors().len(), 1, "getters answer");
        pair.server.conn.receive_eof();
        pair.server.settle();
        assert_eq!(failures(&pair.server), [FailureKind::Truncated]);
        assert!(pair.server.read_all().is_empty());
    }
}
