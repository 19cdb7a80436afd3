//! Standard input to the server, and the server to standard output, both at once.

use std::io::{self, ErrorKind, IsTerminal, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use sslcore_std::sslcore::ReadEnd;
use sslcore_std::{ReadHalf, SslSocket, WaitError, WriteHalf};

use super::options::Options;
use super::report::{Traffic, Trouble};
use super::source::{Input, PIECE, Source, input};
use super::watch::{CANCEL, CLOSE, Watch};
use crate::exit::Exit;
use crate::interrupt;

/// Why it did not go on to the server's end.
pub(super) enum Interrupted {
    Connection(WaitError),
    /// Standard input or output failed.
    Streams(String),
    /// Whoever reads standard output has seen enough.
    NobodyReads,
}

/// Pieces of input that may wait.
const WAITING: usize = 2;

/// Passes data until the server's direction ends: gives the socket back, and says what was
/// passed.
///
/// Three threads: one may hang in standard input for as long as a person thinks, so it has nothing
/// of the socket's; one writes to the server; this one reads from it.
pub(super) fn run(
    socket: SslSocket,
    options: &Options,
    watch: &Watch,
) -> Result<(SslSocket, Traffic, Result<(), Interrupted>), Trouble> {
    let trouble = |why: String| Trouble::new(Exit::TlsFailure, why);
    let (mut read_half, mut write_half) =
        socket.split().map_err(|error| trouble(error.to_string()))?;
    let (sender, receiver) = sync_channel(WAITING);
    let stop = sender.clone();
    let source = Arc::new(Source::new(options.crlf));
    let read = Arc::clone(&source);
    std::thread::spawn(move || input(&sender, &read));
    let linger = (!options.keep_open).then_some(options.linger);
    let silence = Silence::new();
    let over = AtomicBool::new(false);
    let (outcome, received, sent) = std::thread::scope(|scope| {
        let (write_half, silence) = (&mut write_half, &silence);
        let writer =
            scope.spawn(move || pass_on(&receiver, &source, write_half, linger, silence, watch));
        let (shared, over) = (read_half.share(), &over);
        scope.spawn(move || {
            if interrupt::wait(|| over.load(Ordering::Relaxed)) {
                watch.end(CANCEL);
                shared.cancel();
                interrupt::end();
            }
        });
        let (outcome, received) = output(&mut read_half, silence);
        over.store(true, Ordering::Relaxed);
        interrupt::wake();
        // The end of our direction: a write that waits ends with it.
        watch.end(CLOSE);
        read_half.socket().close();
        // A writer that has pieces waiting finds the end when it writes them.
        let _ = stop.try_send(Input::Stop);
        (outcome, received, writer.join())
    });
    let passed = sent.map_err(|_| trouble("the writer panicked".to_owned()))?;
    let socket = read_half
        .reunite(write_half)
        .map_err(|error| trouble(error.to_string()))?;
    let outcome = match passed.failed {
        Some(error) => outcome.and(Err(Interrupted::Streams(format!(
            "standard input cannot be read: {error}"
        )))),
        None => outcome,
    };
    let traffic = Traffic {
        sent: passed.sent,
        received,
        input_left: passed.left,
        input_dropped: passed.dropped,
        lingered: passed.lingered,
    };
    Ok((socket, traffic, outcome))
}

/// For how long the server has said nothing.
struct Silence(Mutex<Instant>);

impl Silence {
    fn new() -> Self {
        Self(Mutex::new(Instant::now()))
    }

    fn breaks(&self) {
        if let Ok(mut since) = self.0.lock() {
            *since = Instant::now();
        }
    }

    /// How much is left until it has lasted so long.
    fn left(&self, linger: Duration) -> Duration {
        let elapsed = self.0.lock().map(|since| since.elapsed());
        linger.saturating_sub(elapsed.unwrap_or(linger))
    }
}

/// What became of the input.
#[derive(Default)]
struct Passed {
    /// Bytes that the connection has accepted.
    sent: u64,
    /// Bytes that were read and not accepted.
    dropped: u64,
    /// It had not ended, or not all of it was taken.
    left: bool,
    /// Our side was ended because the server kept silent behind the end of the input.
    lingered: bool,
    /// Why it could not be read to its end.
    failed: Option<io::Error>,
}

/// Gives the server what comes, and closes our direction behind it, once the server has had its
/// time to answer (`linger`; `None` is for ever).
fn pass_on(
    receiver: &Receiver<Input>,
    source: &Source,
    server: &mut WriteHalf,
    linger: Option<Duration>,
    silence: &Silence,
    watch: &Watch,
) -> Passed {
    let mut passed = Passed::default();
    loop {
        match receiver.recv() {
            Ok(Input::Piece(piece)) => {
                let accepted = give(server, &piece);
                passed.sent += accepted as u64;
                // Our direction is over; the other one tells why.
                if accepted < piece.len() {
                    passed.left = true;
                    passed.dropped = source.left(passed.sent).0;
                    return passed;
                }
            }
            Ok(Input::Ended) => break,
            Ok(Input::Failed(error)) => {
                passed.failed = Some(error);
                break;
            }
            Ok(Input::Stop) | Err(_) => {
                // A person who waits has nothing more to say; a file or a program has.
                if !io::stdin().is_terminal() {
                    let (dropped, ended) = source.left(passed.sent);
                    passed.dropped = dropped;
                    passed.left = !ended;
                }
                return passed;
            }
        }
    }
    if let Some(linger) = linger {
        // An input without a byte leaves nothing to wait for.
        passed.lingered = passed.sent > 0 && is_silent(receiver, server, linger, silence);
        if passed.sent == 0 || passed.lingered {
            watch.end(CLOSE);
            server.close();
        }
    }
    passed
}

/// Writes it, and says how much was accepted.
fn give(server: &mut WriteHalf, piece: &[u8]) -> usize {
    let mut accepted = 0;
    while accepted < piece.len() {
        match server.write(&piece[accepted..]) {
            Ok(0) => break,
            Ok(n) => accepted += n,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    accepted
}

/// Waits until the server has been silent for so long since it has our last byte; false when the
/// connection ends before.
fn is_silent(
    receiver: &Receiver<Input>,
    server: &mut WriteHalf,
    linger: Duration,
    silence: &Silence,
) -> bool {
    if server.flush().is_err() {
        return false;
    }
    silence.breaks();
    loop {
        let left = silence.left(linger);
        if left.is_zero() {
            return true;
        }
        match receiver.recv_timeout(left) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(_) | Err(RecvTimeoutError::Disconnected) => return false,
        }
    }
}

/// Puts out what arrives until the server's end; how many bytes it was.
fn output(server: &mut ReadHalf, silence: &Silence) -> (Result<(), Interrupted>, u64) {
    let mut received = 0;
    let mut piece = vec![0; PIECE];
    let mut out = io::stdout().lock();
    loop {
        let n = match server.read(&mut piece) {
            Ok(0) => return (Ok(()), received),
            Ok(n) => {
                silence.breaks();
                n
            }
            Err(_) => return (Err(Interrupted::Connection(end(server))), received),
        };
        match out.write_all(&piece[..n]).and_then(|()| out.flush()) {
            Ok(()) => received += n as u64,
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                return (Err(Interrupted::NobodyReads), received);
            }
            Err(error) => {
                let why = format!("standard output cannot be written: {error}");
                return (Err(Interrupted::Streams(why)), received);
            }
        }
    }
}

/// Why nothing more arrives.
fn end(server: &ReadHalf) -> WaitError {
    server
        .socket()
        .look(|connection| match connection.failure() {
            Some(failure) => WaitError::Failed(failure.clone()),
            None => WaitError::Ended(connection.read_end().unwrap_or(ReadEnd::Empty)),
        })
}
