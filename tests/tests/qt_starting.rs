//! Qt's tests of a new socket and of starting TLS, by name (`tst_qsslsocket.cpp`).
//! `qt-checklist.txt` lists all of them.

use sslcore::{Event, Limits, ReadEnd, ServerStart, SslMode, UsageError};
use sslcore_tests::pair::{End, Pair, VERSIONS, backend, client, server, server_name};

/// Qt's `constructing`: everything about a new connection is empty, and reading, closing and
/// flushing it do nothing; what one socket is given changes no other. There is nothing to be given
/// here but limits, so the second half is about the read limit.
#[test]
fn constructing() {
    let mut end = End::new(Limits::default());
    let conn = &mut end.conn;
    assert_eq!(conn.mode(), SslMode::Unencrypted);
    assert!(!conn.is_encrypted() && !conn.is_over());
    assert_eq!(conn.bytes_available(), 0);
    assert_eq!(conn.bytes_to_write(), 0);
    assert_eq!(conn.encrypted_bytes_available(), 0);
    assert_eq!(conn.encrypted_bytes_to_write(), 0);
    assert!(conn.peek().is_empty() && conn.transmit().is_empty());
    assert_eq!(conn.read(&mut [0; 1]), Err(ReadEnd::Empty));
    assert_eq!(conn.peer_certificate(), None);
    assert!(conn.peer_certificate_chain().is_empty());
    assert_eq!(conn.session_cipher(), None);
    assert_eq!(conn.session_protocol(), None);
    assert!(conn.ssl_errors().is_empty() && conn.review().is_none());
    assert_eq!((conn.failure(), conn.close_report()), (None, None));
    assert_eq!((conn.poll_event(), conn.deadline()), (None, None));
    assert!(!conn.transmit_finished());
    conn.set_read_buffer_size(1);
    let other = End::new(Limits::default());
    assert_eq!(conn.read_buffer_size(), 1);
    assert!(other.conn.read_buffer_size() > 1);
    conn.close();
    end.settle();
    assert!(end.conn.transmit().is_empty());
}

/// Qt's `mode`, which is empty there: it changes with the start, is told once, and stays.
#[test]
fn mode() {
    let client = client(backend()).build().expect("client");
    let mut pair = Pair::encrypted(&client, &server(backend()).build().expect("server"));
    for (end, mode) in [
        (&mut pair.client, SslMode::Client),
        (&mut pair.server, SslMode::Server),
    ] {
        let told = |event: &&Event| matches!(event, Event::ModeChanged(_));
        assert_eq!(end.events.iter().filter(told).count(), 1);
        assert_eq!(end.events[0], Event::ModeChanged(mode));
        end.conn.abort();
        assert_eq!(end.conn.mode(), mode);
    }
}

/// Qt's `startClientEncryption`, which is empty there: it starts once, asks for the name, and
/// says so by an event.
#[test]
fn start_client_encryption() {
    let config = client(backend()).build().expect("client");
    let mut end = End::new(Limits::default());
    let start = |end: &mut End| end.conn.start_client_encryption(&config, server_name());
    assert_eq!(start(&mut end), Ok(()));
    assert_eq!(start(&mut end), Err(UsageError::AlreadyStarted));
    let hello = end.take();
    assert!(hello.starts_with(&[22, 3]));
    assert!(hello.windows(11).any(|name| name == b"server.test"));
}

/// Qt's `startServerEncryption`, which is empty there: it starts once and says nothing before the
/// client does.
#[test]
fn start_server_encryption() {
    let config = server(backend()).build().expect("server");
    let mut end = End::new(Limits::default());
    let start = |end: &mut End| {
        let start = ServerStart::With(config.clone());
        end.conn.start_server_encryption(start)
    };
    assert_eq!(start(&mut end), Ok(()));
    assert_eq!(start(&mut end), Err(UsageError::AlreadyStarted));
    assert!(end.take().is_empty());
    assert_eq!(end.conn.mode(), SslMode::Server);
}

/// Qt's `encryptWithoutConnecting`: to start TLS on a socket that is not connected warns and does
/// nothing. A connection here cannot know of a transport; when it is over, starting is refused and
/// changes nothing.
#[test]
fn encrypt_without_connecting() {
    let config = client(backend()).build().expect("client");
    let mut end = End::new(Limits::default());
    end.conn.abort();
    end.settle();
    let name = server_name();
    assert_eq!(
        end.conn.start_client_encryption(&config, name),
        Err(UsageError::ConnectionOver)
    );
    assert_eq!(end.conn.mode(), SslMode::Unencrypted);
    assert!(end.take().is_empty());
}

/// Qt's `isEncrypted` (Qt 5), which is a stub there: false until the handshake is complete, false
/// again when the connection is over.
#[test]
fn is_encrypted() {
    for version in VERSIONS {
        let mut pair = Pair::default();
        assert!(!pair.client.conn.is_encrypted());
        let config = client(backend()).build().expect("client");
        let server = server(backend())
            .protocols(&[version])
            .build()
            .expect("server");
        pair.start(&config, &server);
        assert!(!pair.client.conn.is_encrypted());
        pair.run();
        assert!(pair.client.conn.is_encrypted() && pair.client.saw(Event::Encrypted));
        pair.client.conn.abort();
        assert!(!pair.client.conn.is_encrypted());
    }
}
