//! From a host's name to a connection.

mod common;

use std::io::{Error, ErrorKind, Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use common::deaf::Deaf;
use common::{LONG, both, client, server};
use sslcore::{
    ClientConfig, FailureKind, PeerName, ReadEnd, ServerStart, SslErrorKind, SslMode, Timeouts,
    UsageError,
};
use sslcore_std::{
    ConnectError, Connector, IpVersion, SocketOption, SocketState, SslSocket, WaitError,
};
use sslcore_tests::pair::server_name;

fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("bind");
    let port = listener.local_addr().expect("address").port();
    (listener, port)
}

/// A socket that is connecting and will not get further.
fn call(deaf: &Deaf) -> SslSocket {
    let mut socket = Connector::new()
        .start("127.0.0.1", deaf.address.port())
        .expect("begin");
    assert_eq!(
        socket.wait_for_connected(Some(Duration::ZERO)),
        Err(WaitError::Timeout)
    );
    assert_eq!(socket.state(), SocketState::Connecting);
    socket
}

fn why(error: &Error) -> &ConnectError {
    let inner = error.get_ref().and_then(|why| why.downcast_ref());
    inner.unwrap_or_else(|| panic!("{error:?}"))
}

/// Takes one caller, and handshakes with it.
fn serve(listener: &TcpListener) -> SslSocket {
    let (stream, _) = listener.accept().expect("accept");
    let mut socket = SslSocket::from_stream(stream).expect("adopt");
    socket.set_timeout(Some(LONG));
    let config = server().build().expect("server");
    socket
        .start_server_encryption(ServerStart::With(config))
        .expect("start");
    // What came of it the client tells.
    let _ = socket.wait_for_encrypted(Some(LONG));
    socket
}

fn config() -> ClientConfig {
    client().build().expect("client")
}

#[test]
fn a_host_is_connected_to_and_encrypted_under_another_name() {
    let (listener, port) = listener();
    let (mut socket, server) = both(
        || {
            let mut socket = Connector::new()
                .timeout(Some(LONG))
                .peer_name(server_name())
                .connect_encrypted("127.0.0.1", port, &config())
                .expect("connect");
            socket.wait_for_encrypted(Some(LONG)).expect("encrypted");
            socket
        },
        || serve(&listener),
    );
    assert_eq!(socket.peer_name(), Some("127.0.0.1"));
    assert_eq!(socket.peer_addr().expect("connected").port(), port);
    assert_eq!(
        socket.local_addr().expect("connected"),
        server.peer_addr().expect("connected")
    );
    assert_eq!(server.peer_name(), None);
    assert_eq!(socket.state(), SocketState::Connected);
    socket.close();
    assert_eq!(socket.state(), SocketState::Closing);
}

#[test]
fn without_another_name_the_certificate_must_carry_the_hosts() {
    let (listener, port) = listener();
    let ((), _server) = both(
        || {
            let mut socket =
                SslSocket::connect_to_host_encrypted("localhost", port, &config(), Some(LONG))
                    .expect("connect");
            let Err(WaitError::Failed(failure)) = socket.wait_for_encrypted(Some(LONG)) else {
                panic!("the certificate is for server.test");
            };
            assert_eq!(
                failure.kind(),
                FailureKind::CertificateRejected(SslErrorKind::HostNameMismatch)
            );
            socket.disconnect_from_host(LONG);
        },
        || serve(&listener),
    );
}

#[test]
fn a_host_that_cannot_be_in_a_certificate_is_refused_before_anything_is_sent() {
    let error = SslSocket::connect_to_host_encrypted("no spaces", 1, &config(), Some(LONG))
        .expect_err("no name");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[test]
fn an_address_of_the_wrong_version_is_not_tried() {
    let (_listener, port) = listener();
    let connect = |version| {
        let connector = Connector::new().timeout(Some(LONG)).ip_version(version);
        connector.connect("127.0.0.1", port)
    };
    let error = connect(IpVersion::V6).expect_err("it is IPv4");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(error.to_string(), "127.0.0.1 has no IPv6 address");
    connect(IpVersion::V4).expect("it is IPv4");
}

#[test]
fn an_error_tells_host_port_and_every_address_that_was_tried() {
    let (listener, port) = listener();
    drop(listener);
    let error = SslSocket::connect_to_host("localhost", port, Some(LONG)).expect_err("closed");
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    let text = error.to_string();
    assert!(
        text.starts_with(&format!("cannot connect to localhost port {port}: ")),
        "{text}"
    );
    let error = why(&error);
    assert_eq!((error.host(), error.port()), ("localhost", port));
    assert!(
        error.tried().iter().any(|one| one.address.is_ipv4()),
        "{text}"
    );
    for attempt in error.tried() {
        assert!(text.contains(&attempt.address.ip().to_string()), "{text}");
        assert_eq!(attempt.address.port(), port);
    }
}

#[test]
fn a_name_that_nobody_knows_is_named_in_the_error() {
    // RFC 6761 §6.4: no resolver knows a name under it.
    let error = SslSocket::connect_to_host("nobody.invalid", 1, Some(LONG)).expect_err("unknown");
    assert!(error.to_string().contains("nobody.invalid"), "{error}");
}

#[test]
fn a_name_that_would_clear_the_screen_is_named_in_escapes() {
    // A label that is too long for DNS: nobody has to be asked.
    let nowhere = format!("\x1b[2J\r\n{}", "a".repeat(64));
    let error = SslSocket::connect_to_host(&nowhere, 1, Some(LONG)).expect_err("too long");
    assert_eq!(why(&error).host(), nowhere);
    let text = error.to_string();
    assert!(text.contains(r"\u{1b}[2J\r\naaa"), "{text:?}");
    assert!(!text.contains(char::is_control), "{text:?}");
}

#[test]
fn an_address_that_does_not_answer_is_given_up_in_time() {
    let deaf = Deaf::new();
    let time = Some(Duration::from_millis(50));
    let error =
        SslSocket::connect_to_host("127.0.0.1", deaf.address.port(), time).expect_err("deaf");
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(why(&error).tried().len(), 1);
}

#[test]
fn connecting_in_two_steps_what_is_written_before_arrives_after() {
    let (listener, port) = listener();
    let mut socket = Connector::new().start("localhost", port).expect("begin");
    assert_eq!(socket.state(), SocketState::Connecting);
    socket.write_all(b"hello").expect("it is queued");
    assert_eq!(socket.connection().bytes_to_write(), 5);
    socket.wait_for_connected(Some(LONG)).expect("connected");
    socket.wait_for_connected(None).expect("it is already");
    assert_eq!(socket.state(), SocketState::Connected);
    socket.flush().expect("flush");
    let (mut peer, _) = listener.accept().expect("accept");
    let mut heard = [0; 5];
    peer.read_exact(&mut heard).expect("read");
    assert_eq!(&heard, b"hello");
}

#[test]
fn tls_started_while_connecting_begins_with_the_connection() {
    let (listener, port) = listener();
    let mut socket = Connector::new().start("127.0.0.1", port).expect("begin");
    socket
        .start_client_encryption(&config(), server_name())
        .expect("start");
    assert_eq!(socket.connection().mode(), SslMode::Client);
    assert_eq!(
        socket.start_client_encryption(&config(), server_name()),
        Err(UsageError::AlreadyStarted)
    );
    socket.write_all(b"secret").expect("it is queued");
    both(
        || {
            socket.wait_for_encrypted(Some(LONG)).expect("encrypted");
            socket.flush().expect("flush");
        },
        || {
            serve(&listener).read_exact(&mut [0; 6]).expect("read");
        },
    );
}

#[test]
fn a_wait_that_times_out_gives_nothing_up() {
    let deaf = Deaf::new();
    let mut socket = call(&deaf);
    socket.write_all(b"hello").expect("it is queued");
    let error = socket.flush_within(Duration::from_millis(10));
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    // The system asks again for ever longer times; the first comes after a second.
    deaf.listener.accept().expect("the first");
    socket.wait_for_connected(Some(LONG)).expect("at last");
    socket.flush().expect("flush");
    let (mut peer, _) = deaf.listener.accept().expect("the second");
    peer.read_exact(&mut [0; 5]).expect("what was queued");
}

trait FlushWithin {
    fn flush_within(&mut self, time: Duration) -> Error;
}

impl FlushWithin for SslSocket {
    /// Flushes, and gives the error that this must end with.
    fn flush_within(&mut self, time: Duration) -> Error {
        self.set_timeout(Some(time));
        let error = self.flush().expect_err("nobody is there");
        self.set_timeout(Some(LONG));
        error
    }
}

#[test]
fn a_connection_that_nobody_accepts_can_be_aborted() {
    let mut socket = call(&Deaf::new());
    socket.write_all(b"hello").expect("it is queued");
    socket.abort();
    assert_eq!(socket.state(), SocketState::Unconnected);
    assert_eq!(socket.connection().bytes_to_write(), 0);
    assert_eq!(
        socket.wait_for_connected(Some(LONG)),
        Err(WaitError::Ended(ReadEnd::Aborted))
    );
}

#[test]
fn disconnecting_while_connecting_is_not_stuck() {
    let deaf = Deaf::new();
    for tls in [false, true] {
        let mut socket = call(&deaf);
        if tls {
            let started = socket.start_client_encryption(&config(), server_name());
            started.expect("start");
        }
        socket.write_all(b"hello").expect("it is queued");
        let report = socket.disconnect_from_host(Duration::from_millis(20));
        assert!(!report.clean, "{report:?}");
        assert_eq!(report.abandoned + report.unsent, 5);
        assert_eq!(socket.state(), SocketState::Unconnected);
    }
}

#[test]
fn a_close_while_connecting_delivers_plaintext_and_then_ends() {
    let (listener, port) = listener();
    let mut socket = Connector::new().start("127.0.0.1", port).expect("begin");
    socket.write_all(b"hello").expect("it is queued");
    socket.close();
    assert_eq!(socket.state(), SocketState::Connecting);
    let (report, heard) = both(
        || socket.wait_for_disconnected(Some(LONG)).expect("ended"),
        || {
            let (mut peer, _) = listener.accept().expect("accept");
            let mut heard = Vec::new();
            peer.read_to_end(&mut heard).expect("read");
            heard
        },
    );
    assert!(report.clean, "{report:?}");
    assert_eq!(heard, b"hello");
    assert_eq!(socket.state(), SocketState::Unconnected);
    assert_eq!(socket.connection().bytes_to_write(), 0);
}

/// The system may have connected all the same: the peer does not wait for what will never come.
#[test]
fn a_socket_that_ends_while_connecting_leaves_no_connection_behind() {
    for end in [SslSocket::close, SslSocket::cancel, SslSocket::abort] {
        let (listener, port) = listener();
        let mut socket = Connector::new().start("127.0.0.1", port).expect("begin");
        let started = socket.start_client_encryption(&config(), server_name());
        started.expect("start");
        end(&mut socket);
        assert_eq!(socket.state(), SocketState::Unconnected);
        let (mut peer, _) = listener.accept().expect("accept");
        peer.set_read_timeout(Some(LONG)).expect("a time");
        assert_eq!(peer.read(&mut [0]).expect("the end"), 0);
    }
}

#[test]
fn a_refusal_found_out_later_is_told_by_every_wait() {
    let (listener, port) = listener();
    drop(listener);
    // A refusal may be known at once, or only later.
    let mut socket = match Connector::new().start("127.0.0.1", port) {
        Ok(socket) => socket,
        Err(error) => return assert_eq!(why(&error).kind(), ErrorKind::ConnectionRefused),
    };
    let Err(WaitError::CannotConnect(error)) = socket.wait_for_connected(Some(LONG)) else {
        panic!("nobody listens");
    };
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    assert_eq!(socket.state(), SocketState::Unconnected);
    let refused = Err(WaitError::CannotConnect(error));
    assert_eq!(socket.wait_for_ready_read(Some(LONG)), refused);
    let read = socket.read(&mut [0; 1]).expect_err("no connection");
    assert_eq!(read.kind(), ErrorKind::ConnectionRefused);
    let write = socket.write(b"x").expect_err("no connection");
    assert_eq!(write.kind(), ErrorKind::ConnectionRefused);
}

#[test]
fn options_are_set_and_told_also_while_connecting() {
    let (_listener, port) = listener();
    let mut socket = Connector::new().start("127.0.0.1", port).expect("begin");
    assert!(socket.socket_options().expect("options").low_delay);
    for option in [
        SocketOption::LowDelay(false),
        SocketOption::KeepAlive(true),
        SocketOption::KeepAliveIdle(Duration::from_secs(61)),
        SocketOption::KeepAliveInterval(Duration::from_secs(7)),
        SocketOption::KeepAliveCount(5),
        SocketOption::TimeToLive(17),
        SocketOption::TypeOfService(0x10),
        SocketOption::SendBufferSize(50_000),
        SocketOption::ReceiveBufferSize(60_000),
    ] {
        socket.set_socket_option(option).expect("set");
    }
    socket.wait_for_connected(Some(LONG)).expect("connected");
    let options = socket.socket_options().expect("options");
    assert!(!options.low_delay && options.keep_alive);
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    assert_eq!(options.keep_alive_idle, seconds(61));
    assert_eq!(options.keep_alive_interval, seconds(7));
    assert_eq!(options.keep_alive_count, Some(5));
    assert_eq!(options.time_to_live, 17);
    assert_eq!(options.type_of_service, 0x10);
    assert!(options.send_buffer_size >= 50_000, "{options:?}");
    assert!(options.receive_buffer_size >= 60_000, "{options:?}");
}

#[test]
fn a_timeout_beyond_all_clocks_is_as_good_as_none() {
    let (listener, port) = listener();
    let long = Some(Duration::MAX);
    let (mut socket, mut server) = both(
        || {
            let peer = PeerName::new("server.test").expect("a name");
            let timeouts = Timeouts {
                handshake: long,
                decision: long,
                close: long,
            };
            let config = client().timeouts(timeouts).build().expect("client");
            let mut socket = Connector::new()
                .timeout(long)
                .peer_name(peer)
                .connect_encrypted("127.0.0.1", port, &config)
                .expect("connect");
            socket.set_timeout(long);
            socket.set_patience(Duration::MAX);
            socket.wait_for_encrypted(long).expect("encrypted");
            socket
        },
        || serve(&listener),
    );
    server.write_all(b"hello").expect("write");
    socket.wait_for_ready_read(long).expect("hello");
    socket.wait_for_bytes_written(long).expect("nothing waits");
    let (report, ()) = both(
        || socket.disconnect_from_host(Duration::MAX),
        || drop(server.wait_for_disconnected(Some(LONG))),
    );
    assert!(report.close_notify_sent && report.close_notify_received);
}

#[test]
fn a_connection_comes_from_the_address_and_the_port_that_were_named() {
    let (listener, port) = listener();
    // A port that is free: another listener has just had it.
    let free = TcpListener::bind(("127.0.0.1", 0)).expect("bind");
    let local = free.local_addr().expect("address");
    drop(free);
    let connector = Connector::new()
        .timeout(Some(LONG))
        .local_address(Some(local));
    let socket = connector.connect("127.0.0.1", port).expect("connect");
    let (_stream, from) = listener.accept().expect("accept");
    assert_eq!(from, local);
    assert_eq!(socket.local_addr().expect("connected"), local);
}

#[test]
fn from_an_ipv4_address_no_ipv6_address_is_tried() {
    let (_listener, port) = listener();
    let local = Some(([127, 0, 0, 1], 0).into());
    let connector = Connector::new().timeout(Some(LONG)).local_address(local);
    let error = connector.connect("::1", port).expect_err("it is IPv6");
    assert_eq!(error.to_string(), "::1 has no IPv4 address");
    let neither = connector
        .ip_version(IpVersion::V6)
        .connect("localhost", port);
    let why = "address of both the version to use and that of our own address";
    assert!(neither.expect_err("neither").to_string().contains(why));
}

#[test]
fn an_address_that_is_not_ours_to_connect_from_is_told() {
    let (_listener, port) = listener();
    // Of a network for documentation (RFC 5737).
    let local = Some(([192, 0, 2, 1], 0).into());
    let connector = Connector::new().timeout(Some(LONG)).local_address(local);
    let error = connector.connect("127.0.0.1", port).expect_err("not ours");
    assert_eq!(error.kind(), ErrorKind::AddrNotAvailable);
}
