use std::io::{self, ErrorKind, Read, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use sslcore::{
    FailureKind, Leftover, Limits, OnErrors, ReviewId, ServerStart, Timeouts, UsageError, Verdict,
};
use sslcore_tests::certs::WORLD;
use sslcore_tests::pair::{client, server, server_name};

use super::{Driver, Transport};
use crate::connect_error::ConnectError;
use crate::default_backend;
use crate::wait_error::WaitError;

/// One end of two channels in memory.
struct Channel {
    incoming: Receiver<Vec<u8>>,
    /// What has arrived and was not read.
    unread: Vec<u8>,
    outgoing: Sender<Vec<u8>>,
    connected: bool,
}

impl Read for Channel {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.unread.is_empty() {
            self.unread = self.incoming.try_recv().unwrap_or_default();
        }
        if self.unread.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        let n = self.unread.as_slice().read(out)?;
        self.unread.drain(..n);
        Ok(n)
    }
}

impl Write for Channel {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let piece = &bytes[..bytes.len().min(1000)];
        match self.outgoing.send(piece.to_vec()) {
            Ok(()) => Ok(piece.len()),
            Err(_) => Err(ErrorKind::BrokenPipe.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Transport for Channel {
    fn connect(&mut self) -> Result<bool, ConnectError> {
        Ok(self.connected)
    }
}

const HOUR: Duration = Duration::from_secs(3600);

/// A client with half an hour to handshake, and a server that it asks about. `connecting`: the
/// client's way to it is not open yet.
fn doubting(connecting: bool, version: &str) -> (Driver<Channel>, Driver<Channel>) {
    let timeouts = Timeouts {
        handshake: Some(HOUR / 2),
        decision: None,
        close: Some(HOUR / 2),
    };
    let client = client(default_backend())
        .protocols(&[version])
        .on_errors(OnErrors::Hold)
        .timeouts(timeouts)
        .build()
        .expect("client");
    let server = server(default_backend())
        .identity(WORLD.self_signed.chain.clone(), WORLD.self_signed.key())
        .build()
        .expect("server");
    let ((to_server, from_client), (to_client, from_server)) = (channel(), channel());
    let end = |incoming, outgoing, connecting: bool| {
        let channel = Channel {
            incoming,
            unread: Vec::new(),
            outgoing,
            connected: !connecting,
        };
        Driver::new(channel, Limits::default(), connecting)
    };
    let mut one = end(from_server, to_server, connecting);
    let mut other = end(from_client, to_client, false);
    one.start(|connection| {
        connection.start_client_encryption_with(&client, server_name(), Leftover::Refuse)
    })
    .expect("start the client");
    other
        .start(|connection| {
            connection.start_server_encryption_with(ServerStart::With(server), Leftover::Refuse)
        })
        .expect("start the server");
    (one, other)
}

fn rest(one: &mut Driver<Channel>, other: &mut Driver<Channel>) {
    while one.turn() | other.turn() {}
}

fn accept(client: &mut Driver<Channel>, id: ReviewId) -> Result<(), UsageError> {
    client.answer(|connection| connection.answer(id, Verdict::Accept))
}

#[test]
fn the_time_of_asking_does_not_count_for_the_handshake() {
    let (mut client, mut server) = doubting(false, "TLSv1.3");
    rest(&mut client, &mut server);
    let Some(WaitError::VerdictNeeded(id)) = client.question() else {
        panic!("nothing is asked");
    };
    for _ in 0..3 {
        client.clock.skip(HOUR);
        client.turn();
    }
    assert_eq!(client.deadline(), None, "a person may take any time");
    accept(&mut client, id).expect("still open");
    rest(&mut client, &mut server);
    assert!(client.connection.is_encrypted() && server.connection.is_encrypted());
}

#[test]
fn the_time_before_and_after_asking_counts() {
    let (mut client, mut server) = doubting(false, "TLSv1.2");
    client.clock.skip(HOUR / 4);
    rest(&mut client, &mut server);
    let Some(WaitError::VerdictNeeded(id)) = client.question() else {
        panic!("nothing is asked");
    };
    client.clock.skip(HOUR);
    accept(&mut client, id).expect("still open");
    client.turn();
    assert!(client.connection.failure().is_none(), "a quarter is left");
    client.clock.skip(HOUR / 4);
    client.turn();
    let kind = client.connection.failure().expect("too late").kind();
    assert_eq!(kind, FailureKind::HandshakeTimeout);
}

#[test]
fn the_time_of_connecting_does_not_count_for_the_handshake() {
    let (mut client, mut server) = doubting(true, "TLSv1.3");
    client.clock.skip(HOUR);
    assert!(!client.turn());
    assert!(client.is_connecting() && client.deadline().is_none());
    client.transport.connected = true;
    rest(&mut client, &mut server);
    assert!(client.question().is_some(), "the handshake went on");
}

#[test]
fn an_answer_to_a_close_that_nobody_takes_is_no_loss_of_what_was_written() {
    // In TLS 1.2 the answer leaves at once.
    let (mut client, mut server) = doubting(false, "TLSv1.2");
    rest(&mut client, &mut server);
    let id = client.connection.review().expect("a question").id;
    accept(&mut client, id).expect("open");
    rest(&mut client, &mut server);
    let taken = server.write(b"all there is").expect("room").expect("open");
    rest(&mut client, &mut server);
    assert_eq!(client.connection.bytes_available(), taken);
    client.close();
    drop(client);
    while server.turn() {}
    assert!(server.write_ended && server.transport_error().is_some());
    assert_eq!(server.flushed(), Some(Ok(())));
    let error = server.write(b"more").expect("an outcome");
    error.expect_err("nobody is there");
}

#[test]
fn what_was_written_and_never_left_is_lost_whenever_one_asks() {
    let (mut client, mut server) = doubting(false, "TLSv1.3");
    rest(&mut client, &mut server);
    let id = client.connection.review().expect("a question").id;
    accept(&mut client, id).expect("open");
    rest(&mut client, &mut server);
    server.write(b"lost").expect("room").expect("open");
    drop(client);
    server.nudge();
    for _ in 0..2 {
        assert!(matches!(server.flushed(), Some(Err(_))));
    }
}
