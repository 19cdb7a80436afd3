//! Sockets that are dropped, peers that hang up half-way, and waits of no time at all.

mod common;

use std::io::{BufRead, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::time::Duration;

use common::{
    LONG, VERSIONS, both, client, encrypted, hang_up, pattern, server, sockets, started, streams,
};
use sslcore::{Alert, Event, FailureKind, ReadEnd};
use sslcore_std::{SslSocket, WaitError};

#[test]
fn what_had_not_left_when_a_socket_is_dropped_is_lost_and_the_peer_sees_a_cut() {
    for version in VERSIONS {
        let (mut client, mut server) = encrypted(version);
        // Reads what the server has sent so far, or the stream would be reset.
        server.write_all(b"read this").expect("write");
        client.read_exact(&mut [0; 9]).expect("read");
        client.set_timeout(Some(Duration::ZERO));
        let data = pattern(100_000);
        let mut written = 0;
        while let Ok(n) = client.write(&data) {
            written += n;
        }
        let unsent = client.connection().encrypted_bytes_to_write();
        assert!(unsent > 0, "the system takes everything");
        drop(client);
        let mut heard = Vec::new();
        let error = server.read_to_end(&mut heard).expect_err("no close_notify");
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
        assert!(heard.len() < written, "{} of {written}", heard.len());
    }
}

#[test]
fn a_socket_dropped_in_the_middle_of_a_handshake_says_so() {
    for version in VERSIONS {
        let config = client().protocols(&[version]).build().expect("client");
        let (client, mut server) = started(&config, &server().build().expect("server"));
        drop(client);
        let Err(WaitError::Failed(failure)) = server.wait_for_encrypted(Some(LONG)) else {
            panic!("the client is gone");
        };
        assert_eq!(failure.kind(), FailureKind::ClosedDuringHandshake);
        let canceled = Event::AlertReceived(Alert::UserCanceled);
        assert!(std::iter::from_fn(|| server.poll_event()).any(|event| event == canceled));
    }
}

#[test]
fn a_socket_dropped_behind_everything_it_wrote_says_farewell() {
    for version in VERSIONS {
        let (mut client, mut server) = encrypted(version);
        client.write_all(b"all that I have").expect("write");
        drop(client);
        let mut heard = Vec::new();
        server.read_to_end(&mut heard).expect("close_notify");
        assert_eq!(heard, b"all that I have");
        let canceled = Event::AlertReceived(Alert::UserCanceled);
        assert!(std::iter::from_fn(|| server.poll_event()).any(|event| event == canceled));
    }
}

#[test]
fn a_socket_dropped_by_a_panic_is_cut() {
    for version in VERSIONS {
        let (client, mut server) = encrypted(version);
        let panicked = std::thread::spawn(move || {
            let mut client = client;
            client.write_all(b"half of what").expect("write");
            std::panic::resume_unwind(Box::new("I meant to say"));
        });
        panicked.join().expect_err("it panicked");
        let mut heard = Vec::new();
        let error = server.read_to_end(&mut heard).expect_err("cut");
        assert!(
            matches!(
                error.kind(),
                ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset
            ),
            "{error}"
        );
    }
}

#[test]
fn a_dropped_socket_in_plaintext_ends_the_stream_behind_what_had_left() {
    let (mut client, mut server) = sockets();
    client.write_all(b"bye").expect("write");
    drop(client);
    let mut heard = Vec::new();
    server.read_to_end(&mut heard).expect("the end");
    assert_eq!(heard, b"bye");
}

#[test]
fn a_peer_that_has_ended_its_stream_can_still_be_written_to() {
    let (stream, mut peer) = streams();
    let mut socket = SslSocket::from_stream(stream).expect("adopt");
    socket.set_timeout(Some(LONG));
    peer.write_all(b"question\n").expect("write");
    peer.shutdown(Shutdown::Write).expect("half-close");
    let mut line = String::new();
    socket.read_line(&mut line).expect("a line");
    assert_eq!(socket.read(&mut [0; 1]).expect("the end"), 0);
    let data = pattern(1 << 20);
    both(
        || {
            socket.write_all(&data).expect("our side is open");
            socket.disconnect_from_host(LONG)
        },
        || {
            let mut heard = Vec::new();
            peer.read_to_end(&mut heard).expect("read");
            assert!(heard == data, "the bytes differ");
        },
    );
    assert!(socket.connection().close_report().expect("ended").clean);
}

#[test]
fn a_peer_that_resets_in_the_middle_of_a_write_is_a_reset() {
    for version in VERSIONS {
        let (mut client, server) = encrypted(version);
        let data = pattern(1 << 20);
        let (error, ()) = both(
            || {
                loop {
                    if let Err(error) = client.write_all(&data) {
                        break error;
                    }
                }
            },
            move || {
                let stream = server.stream().try_clone().expect("its stream");
                stream.set_nonblocking(false).expect("blocking");
                stream.peek(&mut [0; 1]).expect("something has arrived");
                drop(stream);
                hang_up(server);
            },
        );
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
        let failure = client.connection().failure().expect("it failed");
        assert_eq!(failure.kind(), FailureKind::Reset);
        assert!(client.transport_error().is_some());
        let report = client.disconnect_from_host(LONG);
        assert!(!report.clean, "{report:?}");
    }
}

#[test]
fn without_time_everything_that_is_there_is_done_and_nothing_is_waited_for() {
    let now = Some(Duration::ZERO);
    let (mut client, mut server) = encrypted("TLSv1.3");
    server.write_all(b"hello").expect("write");
    client.wait_for_ready_read(Some(LONG)).expect("hello");
    client.set_timeout(now);
    client.read_exact(&mut [0; 5]).expect("it is there");
    let error = client.read(&mut [0; 1]).expect_err("nothing is there");
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(client.wait_for_connected(now), Ok(()));
    assert_eq!(client.wait_for_encrypted(now), Ok(()));
    assert_eq!(client.wait_for_bytes_written(now), Ok(()));
    assert_eq!(client.wait_for_ready_read(now), Err(WaitError::Timeout));
    assert_eq!(client.wait_for_disconnected(now), Err(WaitError::Timeout));
    client.write_all(b"there is room").expect("write");
    client.flush().expect("the stream takes it");
    let report = client.disconnect_from_host(Duration::ZERO);
    assert!(report.close_notify_sent && !report.close_notify_received);
    assert_eq!(client.connection().read_end(), Some(ReadEnd::Aborted));
}
