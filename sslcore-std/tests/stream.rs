//! The form that never blocks, over pipes in memory and over TCP in one thread.

mod common;

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{LONG, VERSIONS, client, pattern, server, streams};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use sslcore::{
    Alert, ClientConfig, Event, Failure, FailureKind, Limits, OnErrors, ServerConfig, ServerStart,
    Timeouts, Verdict, VerifyMode,
};
use sslcore_std::{SslStream, WaitError};
use sslcore_tests::certs::WORLD;
use sslcore_tests::numbers::Numbers;
use sslcore_tests::pair::server_name;

/// One end of two pipes in memory. Passes at most `chunk` bytes a call, and is interrupted, as if
/// by a signal, on every second one.
struct Pipe {
    incoming: Arc<Mutex<VecDeque<u8>>>,
    outgoing: Arc<Mutex<VecDeque<u8>>>,
    chunk: usize,
    calls: usize,
}

impl Pipe {
    fn interrupted(&mut self) -> io::Result<()> {
        self.calls += 1;
        match self.calls % 2 {
            0 => Ok(()),
            _ => Err(ErrorKind::Interrupted.into()),
        }
    }
}

impl Read for Pipe {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.interrupted()?;
        let mut incoming = self.incoming.lock().expect("pipe");
        let n = out.len().min(self.chunk).min(incoming.len());
        if n == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        for (to, from) in out.iter_mut().zip(incoming.drain(..n)) {
            *to = from;
        }
        Ok(n)
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.interrupted()?;
        let mut outgoing = self.outgoing.lock().expect("pipe");
        // A pipe that is nearly always full.
        let n = bytes.len().min(self.chunk.saturating_sub(outgoing.len()));
        if n == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        outgoing.extend(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.interrupted()
    }
}

fn pipes(chunk: usize) -> (Pipe, Pipe) {
    let [one, other] = [(); 2].map(|()| Arc::<Mutex<VecDeque<u8>>>::default());
    let end = |incoming: &Arc<_>, outgoing: &Arc<_>| Pipe {
        incoming: Arc::clone(incoming),
        outgoing: Arc::clone(outgoing),
        chunk,
        calls: 0,
    };
    (end(&one, &other), end(&other, &one))
}

type Both<S> = (SslStream<S>, SslStream<S>);

fn start<S: Read + Write>(
    streams: (S, S),
    client: &ClientConfig,
    server: &ServerConfig,
) -> Both<S> {
    let (mut one, mut other) = (SslStream::new(streams.0), SslStream::new(streams.1));
    one.start_client_encryption(client, server_name())
        .expect("start the client");
    other
        .start_server_encryption(ServerStart::With(server.clone()))
        .expect("start the server");
    (one, other)
}

/// Turns both until nothing moves.
fn rest<S: Read + Write>(one: &mut SslStream<S>, other: &mut SslStream<S>) {
    while one.turn() | other.turn() {}
}

fn encrypted<S: Read + Write>(streams: (S, S), version: &str) -> Both<S> {
    let client = client().protocols(&[version]).build().expect("client");
    let server = server().protocols(&[version]).build().expect("server");
    let (mut one, mut other) = start(streams, &client, &server);
    rest(&mut one, &mut other);
    assert!(one.connection().is_encrypted() && other.connection().is_encrypted());
    (one, other)
}

fn blocks<T: std::fmt::Debug>(outcome: io::Result<T>) {
    let error = outcome.expect_err("nothing is there");
    assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}");
    assert!(error.get_ref().is_none(), "{error}");
}

#[test]
fn a_byte_at_a_time_with_interruptions_everything_arrives_and_ends() {
    for version in VERSIONS {
        let (mut client, mut server) = encrypted(pipes(1), version);
        let data = pattern(20_000);
        let (mut written, mut heard) = (0, Vec::<u8>::new());
        while heard.len() < data.len() {
            match client.write(&data[written..]) {
                Ok(n) => written += n,
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
            rest(&mut client, &mut server);
            let mut piece = [0; 1000];
            match server.read(&mut piece) {
                Ok(n) => heard.extend(&piece[..n]),
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
        }
        assert!(heard == data, "the bytes differ");
        client.close();
        server.close();
        rest(&mut client, &mut server);
        for end in [client, server] {
            assert!(end.transmit_finished());
            assert!(end.close_report().expect("ended").clean);
        }
    }
}

#[test]
fn would_block_passes_through_in_both_directions() {
    let (mut client, _server) = encrypted(pipes(1 << 20), "TLSv1.3");
    blocks(client.read(&mut [0; 1]));
    let piece = pattern(100_000);
    let full = loop {
        if let Err(error) = client.write(&piece) {
            break error;
        }
    };
    assert_eq!(full.kind(), ErrorKind::WouldBlock);
    blocks(client.flush());
}

#[test]
fn it_says_what_to_wait_for() {
    let (near, far) = pipes(1 << 20);
    let mut stream = SslStream::new(near);
    assert!(stream.wants_read() && !stream.wants_write());
    assert_eq!(stream.deadline(), None);
    let config = client().build().expect("client");
    stream
        .start_client_encryption(&config, server_name())
        .expect("start");
    assert!(stream.wants_read() && !stream.wants_write());
    assert!(stream.deadline().is_some(), "the handshake's timeout");
    let mut slow = SslStream::new(Pipe { chunk: 1, ..far });
    slow.write_all(b"more than it takes").expect("room");
    assert!(slow.wants_write());
}

#[test]
fn a_full_buffer_is_not_to_be_read_into_until_there_is_room() {
    let (mut client, mut server) = encrypted(pipes(1 << 20), "TLSv1.3");
    client.set_read_buffer_size(1000);
    server.write_all(&pattern(30_000)).expect("room");
    server.write_all(&pattern(30_000)).ok();
    rest(&mut client, &mut server);
    assert!(!client.wants_read());
    let mut heard = 0;
    while let Ok(n) = client.read(&mut [0; 10_000]) {
        heard += n;
        rest(&mut client, &mut server);
    }
    assert!(heard >= 30_000);
    assert!(client.wants_read());
}

#[test]
fn a_question_shows_in_its_status_and_in_what_a_read_says() {
    let config = client().on_errors(OnErrors::Hold).build().expect("client");
    let doubtful = server().identity(WORLD.self_signed.chain.clone(), WORLD.self_signed.key());
    let doubtful = doubtful.build().expect("server");
    let (mut client, mut server) = start(pipes(1 << 20), &config, &doubtful);
    rest(&mut client, &mut server);
    let Some(WaitError::VerdictNeeded(id)) = client.status() else {
        panic!("{:?}", client.status());
    };
    let error = client.read(&mut [0; 1]).expect_err("not before");
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    let why: Option<&WaitError> = error.get_ref().and_then(|why| why.downcast_ref());
    assert_eq!(why, Some(&WaitError::VerdictNeeded(id)));
    client.answer(id, Verdict::Accept).expect("open");
    rest(&mut client, &mut server);
    assert_eq!(client.status(), None);
    let mut events = std::iter::from_fn(|| client.poll_event());
    assert!(events.any(|event| event == Event::Encrypted));
}

#[test]
fn a_deadline_that_has_passed_is_acted_upon_by_the_next_turn() {
    let timeouts = Timeouts {
        handshake: Some(Duration::ZERO),
        ..Timeouts::CLIENT
    };
    let config = client().timeouts(timeouts).build().expect("client");
    let mut stream = SslStream::new(pipes(1 << 20).0);
    stream
        .start_client_encryption(&config, server_name())
        .expect("start");
    while stream.turn() {}
    let Some(WaitError::Failed(failure)) = stream.status() else {
        panic!("{:?}", stream.status());
    };
    assert_eq!(failure.kind(), FailureKind::HandshakeTimeout);
}

/// Claims more bytes than it was given room for.
struct Liar;

impl Read for Liar {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        Ok(out.len() + 1)
    }
}

impl Write for Liar {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len() + 1)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_stream_that_claims_too_much_is_a_failure_and_not_a_panic() {
    let mut reading = SslStream::new(Liar);
    let error = reading.read(&mut [0; 1]).expect_err("a lie");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    let mut writing = SslStream::new(Liar);
    writing.write_all(b"hello").expect("it is buffered");
    assert!(writing.transport_error().is_some());
}

/// Holds back what is written until it is flushed, and refuses to flush so many times.
struct Buffered {
    pipe: Pipe,
    held: Vec<u8>,
    refusals: usize,
    refusal: ErrorKind,
}

impl Read for Buffered {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.pipe.read(out)
    }
}

impl Write for Buffered {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.held.extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.refusals > 0 {
            self.refusals -= 1;
            return Err(self.refusal.into());
        }
        let held = std::mem::take(&mut self.held);
        self.pipe.outgoing.lock().expect("pipe").extend(held);
        Ok(())
    }
}

fn buffered(refusals: usize, refusal: ErrorKind) -> (SslStream<Buffered>, SslStream<Pipe>) {
    let (one, other) = pipes(1 << 20);
    let one = Buffered {
        pipe: one,
        held: Vec::new(),
        refusals,
        refusal,
    };
    (SslStream::new(one), SslStream::new(other))
}

#[test]
fn a_stream_that_buffers_is_flushed() {
    let (mut one, mut other) = buffered(3, ErrorKind::WouldBlock);
    one.write_all(b"hello").expect("write");
    for _ in 0..2 {
        assert!(one.wants_write(), "it was not flushed");
        blocks(one.flush());
    }
    one.flush().expect("it does not refuse any more");
    assert!(!one.wants_write());
    let mut heard = [0; 5];
    other.read_exact(&mut heard).expect("read");
    assert_eq!(&heard, b"hello");
}

#[test]
fn what_a_stream_took_and_could_not_flush_is_lost() {
    let (mut one, mut other) = buffered(1, ErrorKind::BrokenPipe);
    one.write_all(b"hello").expect("write");
    for _ in 0..2 {
        let error = one.flush().expect_err("it is lost");
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
        let error = one.write(b"more").expect_err("nothing is taken");
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
    }
    assert!(one.transport_error().is_some());
    // The other direction is as it was.
    other.write_all(b"still here").expect("write");
    let mut heard = [0; 10];
    one.read_exact(&mut heard).expect("read");
    assert_eq!(&heard, b"still here");
}

/// Takes nothing more once it is broken; what arrived before can be read.
struct Breaking {
    pipe: Pipe,
    broken: bool,
}

impl Read for Breaking {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self.pipe.read(out) {
            Err(error) if error.kind() == ErrorKind::WouldBlock && self.broken => Ok(0),
            read => read,
        }
    }
}

impl Write for Breaking {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.broken {
            true => Err(ErrorKind::ConnectionReset.into()),
            false => self.pipe.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn what_the_peer_said_before_a_write_failed_is_heard() {
    for failing in [false, true] {
        let config = client().protocols(&["TLSv1.3"]).build().expect("client");
        let server = server().protocols(&["TLSv1.3"]);
        let server = match failing {
            true => server.verify_mode(VerifyMode::Verify),
            false => server,
        };
        let (near, far) = pipes(1 << 20);
        let near = Breaking {
            pipe: near,
            broken: false,
        };
        let (mut one, mut other) = (SslStream::new(near), SslStream::new(far));
        one.start_client_encryption(&config, server_name())
            .expect("start");
        let started =
            other.start_server_encryption(ServerStart::With(server.build().expect("server")));
        started.expect("start");
        while !one.connection().is_encrypted() {
            other.turn();
            one.turn();
        }
        while other.turn() {}
        if !failing {
            other.write_all(b"the last words").expect("write");
            other.close();
        }
        one.get_mut().broken = true;
        one.write_all(b"secret").expect("there is room");
        let flushed = one.flush().expect_err("nobody has taken it");
        let mut heard = Vec::new();
        let read = one.read_to_end(&mut heard);
        let why: Option<&Failure> = flushed.get_ref().and_then(|why| why.downcast_ref());
        let kind = why.map(Failure::kind);
        if failing {
            let alert = FailureKind::AlertReceived(Alert::CertificateRequired);
            assert_eq!(kind, Some(alert), "{flushed:?}");
            assert_eq!(flushed.kind(), ErrorKind::ConnectionAborted);
            assert_eq!(read.map_err(|error| error.kind()), Err(flushed.kind()));
        } else {
            assert_eq!(kind, Some(FailureKind::Reset), "{flushed:?}");
            assert_eq!(heard, b"the last words");
            assert_eq!(read.expect("close_notify has arrived"), heard.len());
        }
    }
}

/// Waits for what the streams want, as any event loop would. Says whether one became ready.
fn wait<const N: usize>(ends: [&mut SslStream<TcpStream>; N]) -> bool {
    let mut wanted = Vec::new();
    for end in ends {
        let mut flags = PollFlags::empty();
        flags.set(PollFlags::IN, end.wants_read());
        flags.set(PollFlags::OUT, end.wants_write());
        if !flags.is_empty() {
            wanted.push((end, flags));
        }
    }
    let mut ready: Vec<_> = wanted
        .iter()
        .map(|(end, flags)| PollFd::new(end.get_ref(), *flags))
        .collect();
    let time = Timespec::try_from(LONG).expect("a time");
    poll(&mut ready, Some(&time)).expect("poll") > 0
}

fn non_blocking() -> (TcpStream, TcpStream) {
    let (one, other) = streams();
    for stream in [&one, &other] {
        stream.set_nonblocking(true).expect("non-blocking");
    }
    (one, other)
}

/// What one end of a transfer has done so far.
#[derive(Default)]
struct Transfer {
    written: usize,
    heard: Vec<u8>,
}

impl Transfer {
    /// Goes on until nothing moves. What follows the last attempt to write may have made room, and
    /// then there is nothing to wait for.
    fn go_on<S: Read + Write>(&mut self, end: &mut SslStream<S>, data: &[u8]) {
        let mut writable = true;
        while writable {
            self.write(end, data);
            self.read(end);
            writable =
                std::iter::from_fn(|| end.poll_event()).any(|event| event == Event::Writable);
        }
    }

    fn write<S: Read + Write>(&mut self, end: &mut SslStream<S>, data: &[u8]) {
        while self.written < data.len() {
            match end.write(&data[self.written..]) {
                Ok(n) => self.written += n,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) => panic!("{error}"),
            }
        }
    }

    fn read<S: Read + Write>(&mut self, end: &mut SslStream<S>) {
        let mut piece = [0; 20_000];
        loop {
            match end.read(&mut piece) {
                Ok(n) => self.heard.extend(&piece[..n]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) => panic!("{error}"),
            }
        }
    }
}

/// A pipe that holds little, and now and then is not ready although it seemed so.
struct Moody {
    pipe: Pipe,
    mood: Numbers,
}

const ROOM: usize = 40_000;

impl Moody {
    fn new(mut pipe: Pipe, seed: u64) -> Self {
        pipe.chunk = ROOM;
        let mood = Numbers::new(seed);
        Self { pipe, mood }
    }

    /// One call in four.
    fn sulks(&mut self) -> io::Result<()> {
        match self.mood.below(4) {
            0 => Err(ErrorKind::WouldBlock.into()),
            _ => Ok(()),
        }
    }
}

impl Read for Moody {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.sulks()?;
        self.pipe.read(out)
    }
}

impl Write for Moody {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.sulks()?;
        self.pipe.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.pipe.flush()
    }
}

/// Whether one of them would wake a loop that waits for what it wants.
fn is_ready(end: &mut SslStream<Moody>) -> bool {
    let (read, write) = (end.wants_read(), end.wants_write());
    let pipe = &end.get_ref().pipe;
    let readable = !pipe.incoming.lock().expect("pipe").is_empty();
    let writable = pipe.outgoing.lock().expect("pipe").len() < ROOM;
    read && readable || write && writable
}

#[test]
fn a_loop_that_stops_when_nothing_moves_is_always_woken() {
    // Soon only one of them has something to send.
    let (long, short) = (&pattern(300_000)[..], &pattern(30_000)[..]);
    let (client, server) = (client().build(), server().build());
    let (client, server) = (client.expect("client"), server.expect("server"));
    for seed in 1..50 {
        let (one, other) = pipes(ROOM);
        let moody = (Moody::new(one, seed), Moody::new(other, !seed));
        let (mut one, mut other) = start(moody, &client, &server);
        let mut transfers = [Transfer::default(), Transfer::default()];
        loop {
            transfers[0].go_on(&mut one, long);
            transfers[1].go_on(&mut other, short);
            if transfers[0].heard == short && transfers[1].heard == long {
                break;
            }
            let ready = is_ready(&mut one) || is_ready(&mut other);
            assert!(ready, "a wake-up was lost, seed {seed}");
        }
    }
}

#[test]
fn one_thread_drives_both_ends_with_poll_and_never_waits_in_vain() {
    let data = pattern(4 << 20);
    for version in VERSIONS {
        let client = client().protocols(&[version]).build().expect("client");
        let server = server().protocols(&[version]).build().expect("server");
        let (mut one, mut other) = start(non_blocking(), &client, &server);
        let mut transfers = [Transfer::default(), Transfer::default()];
        loop {
            transfers[0].go_on(&mut one, &data);
            transfers[1].go_on(&mut other, &data);
            if transfers.iter().all(|end| end.heard.len() == data.len()) {
                break;
            }
            assert!(wait([&mut one, &mut other]), "a wake-up was lost");
        }
        assert!(transfers.iter().all(|end| end.heard == data));
    }
}

#[test]
fn its_owner_sends_fin_when_nothing_more_will_be_sent() {
    let (one, other) = non_blocking();
    let (mut one, mut other) = (SslStream::with_limits(one, Limits::default()), other);
    one.write_all(b"bye").expect("write");
    one.close();
    while !one.transmit_finished() {
        assert!(wait([&mut one]), "a wake-up was lost");
        one.turn();
    }
    other.set_nonblocking(false).expect("blocking");
    let mut heard = [0; 3];
    other.read_exact(&mut heard).expect("read");
    let stream = one.into_inner();
    stream.shutdown(Shutdown::Write).expect("FIN");
    assert_eq!(other.read(&mut heard).expect("the end"), 0);
}
