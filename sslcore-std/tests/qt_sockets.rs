//! Qt's tests of sockets, by name (`tst_qsslsocket.cpp`), over loopback: connecting, adopting,
//! waiting. `tests/tests/qt-checklist.txt` lists all of them.

mod common;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use common::{LONG, VERSIONS, both, client, encrypted, pattern, server, sockets, started};
use sslcore::{Event, ReadEnd, ServerConfig, ServerStart, SslMode, UsageError};
use sslcore_std::{Connector, SocketState, SslSocket, WaitError};
use sslcore_tests::certs::WORLD;
use sslcore_tests::pair::server_name;

/// A server for one connection: `serve` runs in a thread of its own while `connect` is given the
/// port.
fn with_server<T>(
    config: ServerConfig,
    serve: impl FnOnce(SslSocket) + Send,
    connect: impl FnOnce(u16) -> T + Send,
) -> T
where
    T: Send,
{
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("bind");
    let port = listener.local_addr().expect("address").port();
    let (outcome, ()) = both(
        || connect(port),
        || {
            let (stream, _) = listener.accept().expect("accept");
            let mut socket = SslSocket::from_stream(stream).expect("adopt");
            socket.set_timeout(Some(LONG));
            let start = ServerStart::With(config);
            socket.start_server_encryption(start).expect("start");
            serve(socket);
        },
    );
    outcome
}

/// Handshakes and stays until the client goes.
fn attend(mut socket: SslSocket) {
    // A client that refuses ends it, which is its affair.
    let _ = socket.wait_for_encrypted(Some(LONG));
    let _ = socket.wait_for_disconnected(Some(LONG));
}

/// Qt's `constructing`, for the socket: nothing about a new one is set, and what one is told
/// changes no other. A socket here begins with its stream, so Qt's unconnected state is not there.
#[test]
fn constructing() {
    let (mut one, other) = sockets();
    one.set_read_buffer_size(7);
    for socket in [&one, &other] {
        let connection = socket.connection();
        assert_eq!(connection.mode(), SslMode::Unencrypted);
        assert!(!connection.is_encrypted() && !connection.is_over());
        assert_eq!(connection.bytes_available(), 0);
        assert_eq!(connection.bytes_to_write(), 0);
        assert!(socket.peek().is_empty() && !socket.can_read_line());
        assert!(socket.review().is_none() && socket.transport_error().is_none());
    }
    assert_eq!(one.state(), SocketState::Connected);
    assert_eq!(one.peer_name(), None);
    assert_eq!(one.connection().read_buffer_size(), 7);
    assert_ne!(other.connection().read_buffer_size(), 7);
    assert_eq!(one.poll_event(), None);
    one.flush().expect("nothing to flush");
    assert_eq!(
        one.wait_for_encrypted(Some(LONG)),
        Err(WaitError::NotStarted)
    );
}

/// Qt's `setSocketDescriptor`: an adopted stream keeps its addresses and ports, on both sides, and
/// can be encrypted.
#[test]
fn set_socket_descriptor() {
    let config = client().build().expect("client");
    let (mut one, mut other) = started(&config, &server().build().expect("server"));
    let done = both(
        || one.wait_for_encrypted(Some(LONG)),
        || other.wait_for_encrypted(Some(LONG)),
    );
    assert_eq!(done, (Ok(()), Ok(())));
    for (here, there) in [(&one, &other), (&other, &one)] {
        assert_eq!(here.state(), SocketState::Connected);
        let local = here.local_addr().expect("address");
        assert!(local.ip().is_loopback() && local.port() != 0);
        assert_eq!(there.peer_addr().expect("address"), local);
    }
}

/// Qt's `connectToHostEncrypted`: with the root it works. The mode is the client's, also after
/// disconnecting; the next connection begins unencrypted, being another socket here.
#[test]
fn connect_to_host_encrypted() {
    for version in VERSIONS {
        let config = client().protocols(&[version]).build().expect("client");
        let server = server().build().expect("server");
        with_server(server, attend, |port| {
            let connected =
                SslSocket::connect_to_host_encrypted("127.0.0.1", port, &config, Some(LONG));
            let mut socket = connected.expect("connect");
            assert_eq!(socket.connection().mode(), SslMode::Client);
            assert_eq!(socket.wait_for_encrypted(Some(LONG)), Ok(()));
            assert_eq!(socket.connection().mode(), SslMode::Client);
            socket.disconnect_from_host(LONG);
            assert_eq!(socket.connection().mode(), SslMode::Client);
            assert!(!socket.connection().is_encrypted());
            assert_eq!(socket.state(), SocketState::Unconnected);
        });
        let (plain, _peer) = sockets();
        assert_eq!(plain.connection().mode(), SslMode::Unencrypted);
    }
}

/// Qt's `waitForEncrypted`: blocks until the handshake is complete. Called again Qt's answers false;
/// here what was waited for is there, and it says so at once.
#[test]
fn wait_for_encrypted() {
    for version in VERSIONS {
        let (mut client, mut server) = encrypted(version);
        for socket in [&mut client, &mut server] {
            assert!(socket.connection().is_encrypted());
            assert_eq!(socket.wait_for_encrypted(Some(Duration::ZERO)), Ok(()));
        }
    }
}

/// Qt's `waitForEncryptedMinusOne`: the same without a timeout, which is `None` here.
#[test]
fn wait_for_encrypted_minus_one() {
    let config = client().build().expect("client");
    with_server(server().build().expect("server"), attend, |port| {
        let connected = SslSocket::connect_to_host_encrypted("127.0.0.1", port, &config, None);
        let mut socket = connected.expect("connect");
        assert_eq!(socket.wait_for_encrypted(None), Ok(()));
    });
}

/// Qt's `waitForConnectedEncryptedReadyRead`: three waits, one after the other; then the peer's
/// certificates are known, and what the server said first can be read.
#[test]
fn wait_for_connected_encrypted_ready_read() {
    let greet = |mut socket: SslSocket| {
        socket.write_all(b"* OK ready\r\n").expect("greet");
        attend(socket);
    };
    for version in VERSIONS {
        let config = client().protocols(&[version]).build().expect("client");
        with_server(server().build().expect("server"), greet, |port| {
            let mut socket = Connector::new().start("127.0.0.1", port).expect("begin");
            assert_eq!(socket.state(), SocketState::Connecting);
            socket
                .start_client_encryption(&config, server_name())
                .expect("start");
            assert_eq!(socket.wait_for_connected(Some(LONG)), Ok(()));
            assert_eq!(socket.state(), SocketState::Connected);
            assert_eq!(socket.wait_for_encrypted(Some(LONG)), Ok(()));
            if socket.peek().is_empty() {
                assert_eq!(socket.wait_for_ready_read(Some(LONG)), Ok(()));
            }
            assert!(socket.can_read_line());
            let chain = socket.connection().peer_certificate_chain();
            assert_eq!(chain[0].der(), &WORLD.server.chain[0]);
            assert_eq!(socket.connection().peer_certificate(), chain.first());
        });
    }
}

/// Qt's `waitForMinusOne`: every wait without a timeout, against a peer that takes its time: for
/// the connection, for plaintext, for the handshake, for data, for a write to leave; a wait for an answer sends what it
/// answers, so the two do not lock up; at the end of the stream there is nothing to wait for.
#[test]
fn wait_for_minus_one() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("bind");
    let port = listener.local_addr().expect("address").port();
    let mut here = Connector::new().start("127.0.0.1", port).expect("begin");
    let big = pattern(1 << 20);
    let peer = || {
        let (stream, _) = listener.accept().expect("accept");
        let mut there = SslSocket::from_stream(stream).expect("adopt");
        there.set_timeout(Some(LONG));
        there.write_all(b"connected").expect("write");
        // The client starts TLS once it has read that; what it sends is for TLS.
        let start = ServerStart::With(server().build().expect("server"));
        there.start_server_encryption(start).expect("start");
        there.wait_for_encrypted(Some(LONG)).expect("encrypted");
        there.write_all(b"encrypted").expect("write");
        let mut all = vec![0; big.len()];
        there.read_exact(&mut all).expect("read");
        assert_eq!(all, big);
        there.write_all(b"received").expect("write");
        there.close();
        there.wait_for_disconnected(Some(LONG)).expect("ended");
    };
    let client = || {
        let read = |socket: &mut SslSocket, text: &[u8]| {
            while socket.peek().len() < text.len() {
                socket.wait_for_ready_read(None).expect("more");
            }
            assert_eq!(socket.peek(), text);
            let mut out = vec![0; text.len()];
            socket.read_exact(&mut out).expect("it is there");
        };
        here.wait_for_connected(None).expect("connected");
        read(&mut here, b"connected");
        let config = client().build().expect("client");
        here.start_client_encryption(&config, server_name())
            .expect("start");
        here.wait_for_encrypted(None).expect("encrypted");
        read(&mut here, b"encrypted");
        here.write_all(&big).expect("write");
        here.wait_for_bytes_written(None).expect("written");
        read(&mut here, b"received");
        assert_eq!(
            here.wait_for_ready_read(None),
            Err(WaitError::Ended(ReadEnd::Closed))
        );
        assert_eq!(here.read(&mut [0; 1]).expect("the end"), 0);
        assert!(here.wait_for_disconnected(None).expect("ended").clean);
    };
    both(client, peer);
}

/// Qt's `disconnectFromHostWhenConnecting`, for the socket: to close while it is connecting, with a
/// line written, leaves the state as it is; later the line has left, the socket is unconnected,
/// and nothing waits to be written. So it is in plaintext. Qt does the same with TLS, finishing the
/// handshake for the line's sake, or gets stuck in it; here a handshake that has not begun never
/// does, and the report counts the line.
#[test]
fn disconnect_from_host_when_connecting() {
    let line = b"a001 LOGOUT\r\n";
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("bind");
    let port = listener.local_addr().expect("address").port();
    let begin = || Connector::new().start("127.0.0.1", port).expect("begin");

    let mut plain = begin();
    plain.write_all(line).expect("queued");
    assert_eq!(plain.state(), SocketState::Connecting);
    plain.close();
    assert_eq!(plain.state(), SocketState::Connecting);
    let (report, heard) = both(
        || plain.disconnect_from_host(LONG),
        || {
            let (mut peer, _) = listener.accept().expect("accept");
            let mut heard = Vec::new();
            peer.read_to_end(&mut heard).expect("read");
            heard
        },
    );
    assert_eq!(heard, line);
    assert!(report.clean, "{report:?}");

    let config = client().build().expect("client");
    let mut encrypted = begin();
    encrypted
        .start_client_encryption(&config, server_name())
        .expect("start");
    encrypted.write_all(line).expect("queued");
    assert_eq!(encrypted.connection().bytes_to_write(), line.len());
    assert_eq!(encrypted.state(), SocketState::Connecting);
    let report = encrypted.disconnect_from_host(LONG);
    assert_eq!((report.abandoned, report.clean), (line.len(), false));
    let mut events = std::iter::from_fn(|| encrypted.poll_event());
    assert!(events.all(|event| event != Event::Encrypted));

    for socket in [&plain, &encrypted] {
        assert_eq!(socket.state(), SocketState::Unconnected);
        assert_eq!(socket.connection().bytes_to_write(), 0);
    }
}

/// Qt's `disconnectFromHostWhenConnected`, for the socket: what was written leaves first.
#[test]
fn disconnect_from_host_when_connected() {
    for version in VERSIONS {
        let (mut here, mut there) = encrypted(version);
        here.write_all(b"a001 LOGOUT\r\n").expect("write");
        let (report, all) = both(
            || here.disconnect_from_host(LONG),
            || {
                let mut all = Vec::new();
                there.read_to_end(&mut all).expect("a clean end");
                there.disconnect_from_host(LONG);
                all
            },
        );
        assert_eq!(all, b"a001 LOGOUT\r\n");
        assert!(report.clean, "{report:?}");
        assert_eq!(here.connection().bytes_to_write(), 0);
    }
}

/// Qt's `flush` (Qt 5), which is a stub there: afterwards everything that was written has left.
/// Qt's returns at once with what the system took, here it waits for all of it.
#[test]
fn flush() {
    for version in VERSIONS {
        let (mut here, mut there) = encrypted(version);
        let data = pattern(8 << 20);
        both(
            || {
                here.write_all(&data).expect("write");
                here.flush().expect("flush");
                assert_eq!(here.connection().bytes_to_write(), 0);
                assert_eq!(here.connection().encrypted_bytes_to_write(), 0);
            },
            || {
                let mut all = vec![0; data.len()];
                there.read_exact(&mut all).expect("read");
                assert_eq!(all, data);
            },
        );
    }
}

/// Qt's `encryptWithoutConnecting`, for the socket: when the connection is gone, to start TLS is
/// refused and changes nothing.
#[test]
fn encrypt_without_connecting() {
    let config = client().build().expect("client");
    let (mut here, _there) = sockets();
    here.abort();
    assert_eq!(here.state(), SocketState::Unconnected);
    assert_eq!(
        here.start_client_encryption(&config, server_name()),
        Err(UsageError::ConnectionOver)
    );
    assert_eq!(here.connection().mode(), SslMode::Unencrypted);
}
