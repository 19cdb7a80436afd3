//! A socket in two halves, used from two threads at once.

mod common;

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::sync::mpsc::channel;
use std::time::Duration;

use common::{LONG, VERSIONS, both, client, encrypted, pattern, server, sockets, started};
use sslcore::{
    Alert, Connection, Event, Failure, FailureKind, OnErrors, ReadEnd, SslMode, UsageError, Verdict,
};
use sslcore_std::{ReadHalf, SocketOption, SslSocket, WaitError, WriteHalf};
use sslcore_tests::certs::WORLD;

fn small_buffers(socket: &mut SslSocket) {
    for option in [
        SocketOption::SendBufferSize(64 * 1024),
        SocketOption::ReceiveBufferSize(64 * 1024),
    ] {
        socket.set_socket_option(option).expect("a smaller buffer");
    }
}

/// Why a read or a write failed.
fn why(error: &std::io::Error) -> Option<&WaitError> {
    error.get_ref().and_then(|why| why.downcast_ref())
}

/// Gives the other thread's read time to fall asleep. If it does not, what a test says still
/// holds; it is only less likely to find a lost wake-up.
fn ping(write_half: &mut WriteHalf, peer: &mut SslSocket) {
    for _ in 0..100 {
        write_half.write_all(b"ping").expect("write");
        peer.read_exact(&mut [0; 4]).expect("read");
    }
}

fn carry(socket: SslSocket, data: &[u8]) -> SslSocket {
    let (mut read_half, mut write_half) = socket.split().expect("split");
    let (back, ()) = both(
        || {
            let mut back = vec![0; data.len()];
            read_half.read_exact(&mut back).expect("read");
            back
        },
        || {
            write_half.write_all(data).expect("write");
            write_half.flush().expect("flush");
        },
    );
    assert!(back == data, "the bytes differ");
    read_half.reunite(write_half).expect("of one socket")
}

#[test]
fn eight_megabytes_pass_each_way_at_once_over_small_buffers() {
    let data = pattern(8 << 20);
    for version in VERSIONS {
        let (mut client, mut server) = encrypted(version);
        small_buffers(&mut client);
        small_buffers(&mut server);
        let (mut client, mut server) = both(|| carry(client, &data), || carry(server, &data));
        let (report, answered) = both(
            || client.disconnect_from_host(LONG),
            || server.disconnect_from_host(LONG),
        );
        assert!(report.clean && answered.clean, "{report:?}, {answered:?}");
    }
}

#[test]
fn a_read_that_waits_stops_no_write_and_no_new_keys() {
    let (client, mut server) = encrypted("TLSv1.3");
    let (mut read_half, mut write_half) = client.split().expect("split");
    let (line, ()) = both(
        || {
            let mut line = String::new();
            BufReader::new(&mut read_half)
                .read_line(&mut line)
                .expect("the answer");
            line
        },
        || {
            for _ in 0..5 {
                server.update_keys().expect("TLS 1.3");
                server.flush().expect("flush");
                write_half.write_all(b"question ").expect("write");
                write_half.socket().update_keys().expect("TLS 1.3");
                let mut heard = [0; 9];
                server.read_exact(&mut heard).expect("read");
                assert_eq!(&heard, b"question ");
            }
            server.write_all(b"answer\n").expect("write");
        },
    );
    assert_eq!(line, "answer\n");
}

#[test]
fn what_a_write_left_behind_leaves_while_the_other_half_waits() {
    let (client, mut server) = encrypted("TLSv1.3");
    let (mut read_half, mut write_half) = client.split().expect("split");
    both(
        || {
            read_half.read_exact(&mut [0; 4]).expect("the answer");
        },
        || {
            ping(&mut write_half, &mut server);
            let piece = pattern(10_000);
            let mut written = 0;
            // Until neither the system nor the connection takes more. Nothing is flushed.
            write_half.set_timeout(Some(Duration::from_millis(50)));
            let full = loop {
                match write_half.write(&piece) {
                    Ok(n) => written += n,
                    Err(error) => break error,
                }
            };
            assert_eq!(full.kind(), ErrorKind::TimedOut);
            server.read_exact(&mut vec![0; written]).expect("all of it");
            server.write_all(b"done").expect("write");
            server.flush().expect("flush");
        },
    );
}

#[test]
fn halves_of_a_new_connection_handshake_together() {
    for version in VERSIONS {
        let client_config = client().protocols(&[version]).build().expect("client");
        let server_config = server().protocols(&[version]).build().expect("server");
        let (client, server) = started(&client_config, &server_config);
        let data = pattern(200_000);
        both(|| carry(client, &data), || carry(server, &data));
    }
}

#[test]
fn halves_of_a_socket_that_connects_connect_it_together() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("bind");
    let port = listener.local_addr().expect("address").port();
    let client = sslcore_std::Connector::new()
        .start("127.0.0.1", port)
        .expect("begin");
    let data = pattern(100_000);
    both(
        || carry(client, &data),
        || {
            let (stream, _) = listener.accept().expect("accept");
            let server = SslSocket::from_stream(stream).expect("adopt");
            assert_eq!(server.connection().mode(), SslMode::Unencrypted);
            carry(server, &data)
        },
    );
}

#[test]
fn both_halves_say_that_a_verdict_is_needed_and_either_can_answer() {
    let config = client().on_errors(OnErrors::Hold).build().expect("client");
    let doubtful = server().identity(WORLD.self_signed.chain.clone(), WORLD.self_signed.key());
    let (client, mut server) = started(&config, &doubtful.build().expect("server"));
    let (mut read_half, mut write_half) = client.split().expect("split");
    both(
        || {
            let asked = read_half.read(&mut [0; 1]).expect_err("not before");
            let Some(WaitError::VerdictNeeded(id)) = why(&asked) else {
                panic!("{asked}");
            };
            write_half.write_all(b"queued").expect("it is queued");
            let flush = write_half.flush().expect_err("not before");
            assert_eq!(why(&flush), Some(&WaitError::VerdictNeeded(*id)));
            let errors = read_half
                .socket()
                .look(|connection| connection.ssl_errors().to_vec());
            let verdict = Verdict::AcceptOnly(&errors);
            write_half.socket().answer(*id, verdict).expect("open");
            let (heard, ()) = both(
                || {
                    let mut heard = [0; 6];
                    read_half.read_exact(&mut heard).expect("the answer");
                    heard
                },
                || write_half.flush().expect("it leaves"),
            );
            assert_eq!(&heard, b"answer");
        },
        || {
            server.read_exact(&mut [0; 6]).expect("what was queued");
            server.write_all(b"answer").expect("write");
        },
    );
}

#[test]
fn without_a_read_half_what_arrives_is_thrown_away_and_the_end_is_seen() {
    let (client, mut server) = encrypted("TLSv1.3");
    let (read_half, mut write_half) = client.split().expect("split");
    drop(read_half);
    // More than all buffers on the way hold, and nobody reads before all of it is written.
    let data = pattern(16 << 20);
    both(
        || {
            write_half.write_all(&data).expect("write");
            write_half.flush().expect("flush");
            write_half.close();
            write_half.flush().expect("close_notify");
        },
        || {
            server.write_all(&data).expect("write");
            let mut heard = Vec::new();
            server.read_to_end(&mut heard).expect("read");
            assert!(heard == data, "the bytes differ");
        },
    );
}

#[test]
fn dropping_the_write_half_says_nothing_and_closing_does() {
    let (client, mut server) = encrypted("TLSv1.3");
    let (mut read_half, mut write_half) = client.split().expect("split");
    write_half.write_all(b"hello").expect("write");
    drop(write_half);
    server.read_exact(&mut [0; 5]).expect("what was written");
    assert_eq!(
        server.wait_for_ready_read(Some(Duration::ZERO)),
        Err(WaitError::Timeout)
    );
    server.write_all(b"still there?").expect("write");
    read_half.read_exact(&mut [0; 12]).expect("it reads on");
    read_half.socket().close();
    assert_eq!(server.read(&mut [0; 1]).expect("close_notify"), 0);
    assert_eq!(server.connection().read_end(), Some(ReadEnd::Closed));
}

#[test]
fn dropping_both_halves_says_farewell_as_dropping_the_socket_does() {
    let (mut client, mut server) = encrypted("TLSv1.3");
    // Everything that has arrived was read, or the stream would be reset.
    server.write_all(b"read this").expect("write");
    client.read_exact(&mut [0; 9]).expect("read");
    drop(client.split().expect("split"));
    assert_eq!(server.read(&mut [0; 1]).expect("close_notify"), 0);
    let canceled = Event::AlertReceived(Alert::UserCanceled);
    assert!(std::iter::from_fn(|| server.poll_event()).any(|event| event == canceled));
}

#[test]
fn a_failure_is_told_to_both_halves_also_to_one_that_waits() {
    for version in VERSIONS {
        let (client, server) = encrypted(version);
        let (mut read_half, mut write_half) = client.split().expect("split");
        // Behind the back of the server's connection.
        let mut raw = server.stream().try_clone().expect("its stream");
        let (read, written) = both(
            || read_half.read(&mut [0; 1]).expect_err("no TLS record"),
            || {
                raw.write_all(&[0xff; 100]).expect("write");
                let piece = pattern(100_000);
                loop {
                    if let Err(error) = write_half.write(&piece) {
                        break error;
                    }
                }
            },
        );
        let kind = |error: &std::io::Error| {
            let failure: Option<&Failure> = error.get_ref().and_then(|why| why.downcast_ref());
            failure.map(Failure::kind)
        };
        assert_eq!(kind(&read), Some(FailureKind::UnexpectedMessage), "{read}");
        assert_eq!(kind(&read), kind(&written), "{written}");
    }
}

#[test]
fn aborting_one_half_ends_a_read_of_the_other() {
    let (client, _server) = encrypted("TLSv1.3");
    let (mut read_half, write_half) = client.split().expect("split");
    let (error, ()) = both(
        || read_half.read(&mut [0; 1]).expect_err("aborted"),
        || write_half.socket().abort(),
    );
    assert_eq!(why(&error), Some(&WaitError::Ended(ReadEnd::Aborted)));
}

#[test]
fn a_close_starts_the_clock_of_a_read_that_waits_already() {
    let (mut client, mut server) = encrypted("TLSv1.3");
    client.set_peer_close_timeout(Some(Duration::from_millis(50)));
    client.set_timeout(None);
    let (mut read_half, mut write_half) = client.split().expect("split");
    let (tell, told) = channel();
    let server = &mut server;
    let ((), error) = both(
        || {
            let error = read_half.read(&mut [0; 1]).expect_err("given up");
            tell.send(error).expect("somebody listens");
        },
        move || {
            ping(&mut write_half, server);
            write_half.close();
            let error = told.recv_timeout(LONG);
            write_half.socket().abort();
            error.expect("the read was woken")
        },
    );
    assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
    assert_eq!(why(&error), Some(&WaitError::Ended(ReadEnd::TimedOut)));
}

#[test]
fn a_write_waits_for_the_reader_instead_of_saying_read_first() {
    let (mut client, mut server) = encrypted("TLSv1.3");
    client.set_patience(Duration::ZERO);
    client.set_timeout(None);
    let (mut read_half, mut write_half) = client.split().expect("split");
    let data = pattern(16 << 20);
    let ((), read) = both(
        || write_half.write_all(&data).expect("never refused"),
        || {
            // Writes before it reads: its data fills the client's buffers meanwhile.
            server.set_timeout(Some(Duration::from_millis(50)));
            let mut written = 0;
            while let Ok(n) = server.write(&data[..1 << 20]) {
                written += n;
            }
            server.set_timeout(Some(LONG));
            both(
                || {
                    server.read_exact(&mut vec![0; data.len()]).expect("read");
                    server.flush().expect("flush");
                },
                || {
                    let mut back = vec![0; written];
                    read_half.read_exact(&mut back).expect("read");
                    written
                },
            )
            .1
        },
    );
    assert!(read > 0);
}

/// A ClientHello behind a "go ahead" is not received as plaintext, as with a whole socket.
#[test]
fn a_flush_that_waits_for_nothing_receives_nothing() {
    let (one, mut other) = sockets();
    other.write_all(b"ClientHello").expect("write");
    other.flush().expect("flush");
    let (read_half, mut write_half) = one.split().expect("split");
    write_half.write_all(b"go ahead\r\n").expect("write");
    write_half.flush().expect("flush");
    let socket = read_half.reunite(write_half).expect("one socket");
    assert_eq!(socket.peek(), b"");
}

#[test]
fn only_halves_of_one_socket_can_be_reunited() {
    fn halves(socket: SslSocket) -> (ReadHalf, WriteHalf) {
        socket.split().expect("split")
    }
    let (one, other) = sockets();
    let ((one_reads, one_writes), (other_reads, other_writes)) = (halves(one), halves(other));
    let refused = one_reads.reunite(other_writes).expect_err("of two sockets");
    let mut one = refused.read_half.reunite(one_writes).expect("of one");
    let mut other = other_reads.reunite(refused.write_half).expect("of one");
    one.write_all(b"hello").expect("write");
    other.read_exact(&mut [0; 5]).expect("read");
}

#[test]
fn halves_that_are_still_shared_come_back_as_they_were() {
    let (mut one, mut other) = sockets();
    one.set_timeout(Some(Duration::ZERO));
    let (mut read_half, write_half) = one.split().expect("split");
    read_half.set_timeout(Some(LONG));
    let shared = read_half.share();
    let refused = read_half.reunite(write_half).expect_err("it is shared");
    let text = refused.to_string();
    assert!(text.contains("the socket is still shared"), "{text}");
    let (mut read_half, write_half) = (refused.read_half, refused.write_half);
    let (read, ()) = both(
        || read_half.read_exact(&mut [0; 5]),
        || other.write_all(b"hello").expect("write"),
    );
    read.expect("it waits for as long as it was told");
    drop(shared);
    read_half.reunite(write_half).expect("it is shared no more");
}

#[test]
fn both_halves_answer_for_the_connection() {
    let (client, _server) = encrypted("TLSv1.3");
    let (read_half, mut write_half) = client.split().expect("split");
    assert!(read_half.socket().look(Connection::is_encrypted));
    assert!(read_half.socket().poll_event().is_some());
    write_half.close();
    let closed = write_half.write(b"more").expect_err("closed");
    let usage: Option<&UsageError> = closed.get_ref().and_then(|why| why.downcast_ref());
    assert_eq!(usage, Some(&UsageError::WriteClosed));
}
