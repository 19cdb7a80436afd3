//! How connections end: cleanly, cut, reset, and by our own hand.

mod common;

use std::io::{self, ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use common::{
    LONG, VERSIONS, both, client, encrypted, hang_up, hears_the_cut, pattern, server, sockets,
    started,
};
use sslcore::{Failure, FailureKind, ReadEnd, Timeouts, UsageError};
use sslcore_std::{SslStream, WaitError};

#[test]
fn a_clean_end_reads_as_nothing_more() {
    for version in VERSIONS {
        let (mut client, mut server) = encrypted(version);
        server.write_all(b"all of it").expect("write");
        server.close();
        let mut all = Vec::new();
        client.read_to_end(&mut all).expect("a clean end");
        assert_eq!(all, b"all of it");
        assert_eq!(client.read(&mut [0; 1]).expect("still the end"), 0);
        let (report, answered) = both(
            || client.wait_for_disconnected(Some(LONG)),
            || server.wait_for_disconnected(Some(LONG)),
        );
        assert!(report.expect("ended").clean && answered.expect("ended").clean);
    }
}

#[test]
fn a_cut_stream_is_an_error_behind_what_arrived() {
    for version in VERSIONS {
        let (mut client, mut server) = encrypted(version);
        hears_the_cut((&mut client, &mut server));
    }
}

#[test]
fn a_reset_is_not_a_cut() {
    let (mut client, server) = encrypted("TLSv1.3");
    client.write_all(b"nobody reads this").expect("write");
    client.flush().expect("flush");
    // Closing a stream with unread data in it resets it; it must have arrived for that.
    server.stream().set_nonblocking(false).expect("blocking");
    server.stream().peek(&mut [0; 1]).expect("arrived");
    hang_up(server);
    let error = client.read(&mut [0; 1]).expect_err("reset");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert_eq!(
        client.connection().failure().map(Failure::kind),
        Some(FailureKind::Reset)
    );
    assert!(client.transport_error().is_some());
}

#[test]
fn a_reset_behind_data_that_nobody_has_read_fails_a_flush_and_no_read() {
    let (mut client, mut server) = encrypted("TLSv1.3");
    client.set_read_buffer_size(1000);
    let data = pattern(17_000);
    server.write_all(&data).expect("write");
    server.flush().expect("flush");
    // One record is opened, the other waits.
    client.wait_for_ready_read(Some(LONG)).expect("the first");
    while client.connection().encrypted_bytes_available() < 17_000 - 16_384 {
        let _ = client.wait_for_ready_read(Some(Duration::ZERO));
    }
    client.set_timeout(Some(Duration::ZERO));
    while client.write(&data).is_ok() {}
    client.set_timeout(Some(LONG));
    server.stream().set_nonblocking(false).expect("blocking");
    server.stream().peek(&mut [0; 1]).expect("arrived");
    hang_up(server);
    for _ in 0..2 {
        let error = client.flush().expect_err("reset");
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        let error = client.write(b"more").expect_err("reset");
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        let ended = client.wait_for_disconnected(Some(LONG));
        let unread = client.connection().bytes_available();
        assert_eq!(ended, Err(WaitError::ReadFirst { unread }));
    }
    let mut heard = Vec::new();
    let error = client.read_to_end(&mut heard).expect_err("reset");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert!(heard == data, "{} bytes", heard.len());
    let report = client.wait_for_disconnected(Some(LONG)).expect("its end");
    assert!(!report.clean && report.unsent > 0, "{report:?}");
}

#[test]
fn plaintext_ends_with_the_stream() {
    let (mut client, mut server) = sockets();
    server.write_all(b"bye").expect("write");
    server.close();
    let mut all = Vec::new();
    client.read_to_end(&mut all).expect("the end");
    assert_eq!(all, b"bye");
    assert_eq!(
        client.wait_for_ready_read(Some(LONG)),
        Err(WaitError::Ended(ReadEnd::EndOfStream))
    );
    let (report, answered) = both(
        || client.disconnect_from_host(LONG),
        || server.wait_for_disconnected(Some(LONG)),
    );
    assert!(report.clean && answered.expect("ended").clean);
}

#[test]
fn disconnecting_sends_everything_first() {
    for version in VERSIONS {
        let (mut client, mut server) = encrypted(version);
        let data = pattern(3 << 20);
        let (report, all) = both(
            || {
                client.write_all(&data).expect("write");
                client.disconnect_from_host(LONG)
            },
            || {
                let mut all = Vec::new();
                server.read_to_end(&mut all).expect("read");
                server.disconnect_from_host(LONG);
                all
            },
        );
        assert_eq!(all, data);
        assert!(report.clean, "{report:?}");
    }
}

#[test]
fn disconnecting_from_a_peer_that_talks_on_ends_cleanly() {
    let (mut client, mut server) = encrypted("TLSv1.3");
    let (report, ()) = both(
        || client.disconnect_from_host(LONG),
        || {
            server.write_all(&pattern(1 << 20)).expect("write");
            server.close();
            server.wait_for_disconnected(Some(LONG)).expect("ended");
        },
    );
    assert!(report.clean, "{report:?}");
}

#[test]
fn disconnecting_from_a_peer_that_takes_nothing_gives_up() {
    let (mut client, _server) = encrypted("TLSv1.3");
    client.set_timeout(Some(Duration::from_millis(20)));
    let chunk = pattern(1 << 20);
    let error = loop {
        if let Err(error) = client.write(&chunk) {
            break error;
        }
    };
    assert_eq!(
        error.kind(),
        ErrorKind::TimedOut,
        "its buffers are full now"
    );
    let begun = Instant::now();
    let patience = Duration::from_millis(50);
    let report = client.disconnect_from_host(patience);
    assert!(begun.elapsed() >= patience && begun.elapsed() < LONG);
    assert!(!report.clean, "{report:?}");
    assert!(client.connection().is_over());
}

#[test]
fn the_close_timeout_ends_a_wait_without_one() {
    let timeouts = Timeouts {
        close: Some(Duration::from_millis(50)),
        ..Timeouts::CLIENT
    };
    let config = client().timeouts(timeouts).build().expect("client");
    let (mut client, mut server) = started(&config, &server().build().expect("server"));
    let (done, ()) = both(
        || client.wait_for_encrypted(Some(LONG)),
        || server.wait_for_encrypted(Some(LONG)).expect("encrypted"),
    );
    done.expect("encrypted");
    client.close();
    let report = client.wait_for_disconnected(None).expect("given up");
    assert!(report.close_notify_sent && !report.close_notify_received);
}

#[test]
fn after_closing_writing_is_the_callers_mistake_and_reading_goes_on() {
    let (mut client, mut server) = encrypted("TLSv1.3");
    client.close();
    let error = client.write(b"more").expect_err("closed");
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    let why: Option<&UsageError> = error.get_ref().and_then(|why| why.downcast_ref());
    assert_eq!(why, Some(&UsageError::WriteClosed));
    assert_eq!(server.read(&mut [0; 1]).expect("the client's end"), 0);
    server.write_all(b"the answer").expect("our side is open");
    server.close();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).expect("the server's end");
    assert_eq!(answer, b"the answer");
}

#[test]
fn aborting_tells_the_peer_nothing() {
    let (mut client, mut server) = encrypted("TLSv1.3");
    client.abort();
    assert!(client.connection().is_over());
    let error = client.read(&mut [0; 1]).expect_err("aborted");
    assert_eq!(error.kind(), ErrorKind::ConnectionAborted);
    let error = server.read(&mut [0; 1]).expect_err("cut");
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
}

/// Takes nothing, and gives something, as good as without end.
struct Flood {
    reads: usize,
}

impl Read for Flood {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.reads += 1;
        out.fill(b'.');
        Ok(match self.reads {
            1_000_000.. => 0,
            _ => out.len(),
        })
    }
}

impl Write for Flood {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_write_that_failed_does_not_listen_for_the_reason_without_end() {
    let mut one = SslStream::new(Flood { reads: 0 });
    one.discard_reads();
    one.write_all(b"secret").expect("there is room");
    let flushed = one.flush().expect_err("nobody has taken it");
    assert_eq!(flushed.kind(), ErrorKind::ConnectionReset);
    assert!(one.get_ref().reads < 100_000);
}
