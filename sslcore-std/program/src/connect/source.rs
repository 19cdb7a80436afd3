//! Standard input, read by a thread of its own, and how far it was read.

use std::io::{self, ErrorKind, Read};
use std::sync::mpsc::SyncSender;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

/// What is read at once, in bytes.
pub(super) const PIECE: usize = 64 * 1024;
/// How long an input may pause that goes on although the server has ended. Of one that is silent
/// for longer nothing was dropped.
const PAUSE: Duration = Duration::from_secs(1);

/// What becomes of standard input.
pub(super) enum Input {
    Piece(Vec<u8>),
    Ended,
    Failed(io::Error),
    /// Nobody wants any more.
    Stop,
}

/// Reads standard input until its end, or until nobody wants it.
pub(super) fn input(sender: &SyncSender<Input>, source: &Source) {
    loop {
        readable(None);
        let Some(next) = source.next() else {
            continue;
        };
        let last = !matches!(next, Input::Piece(_));
        if sender.send(next).is_err() || last {
            return;
        }
    }
}

/// Standard input, and how far it was read.
pub(super) struct Source(Mutex<Progress>);

struct Progress {
    crlf: Option<Crlf>,
    /// Bytes so far, as they are passed on.
    read: u64,
    /// There are no more.
    ended: bool,
}

impl Source {
    pub(super) fn new(crlf: bool) -> Self {
        Self(Mutex::new(Progress {
            crlf: crlf.then(Crlf::default),
            read: 0,
            ended: false,
        }))
    }

    fn next(&self) -> Option<Input> {
        let progress = self.0.lock();
        progress.unwrap_or_else(PoisonError::into_inner).next()
    }

    /// Between two reads. Who waits in one for longer has nothing in hand.
    fn at_rest(&self) -> Option<MutexGuard<'_, Progress>> {
        let begun = Instant::now();
        loop {
            match self.0.try_lock() {
                Ok(progress) => return Some(progress),
                Err(TryLockError::Poisoned(_)) => return None,
                Err(TryLockError::WouldBlock) if begun.elapsed() >= PAUSE => return None,
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(1)),
            }
        }
    }

    /// How many bytes were read beyond those that were accepted, and whether those were all. An
    /// input that goes on is read no further than to its next piece: it may have no end.
    pub(super) fn left(&self, accepted: u64) -> (u64, bool) {
        let Some(mut progress) = self.at_rest() else {
            return (0, false);
        };
        while progress.read == accepted && !progress.ended && readable(Some(PAUSE)) {
            progress.next();
        }
        (progress.read - accepted, progress.ended)
    }
}

impl Progress {
    /// What comes next; nothing if a signal came.
    fn next(&mut self) -> Option<Input> {
        let mut piece = vec![0; PIECE];
        let next = match io::stdin().lock().read(&mut piece) {
            Ok(0) => Input::Ended,
            Ok(n) => {
                piece.truncate(n);
                Input::Piece(match &mut self.crlf {
                    Some(crlf) => crlf.convert(&piece),
                    None => piece,
                })
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => return None,
            Err(error) => Input::Failed(error),
        };
        match &next {
            Input::Piece(piece) => self.read += piece.len() as u64,
            _ => self.ended = true,
        }
        Some(next)
    }
}

/// Waits until standard input can be read at once, be it only its end, and says whether it can.
#[cfg(unix)]
fn readable(time: Option<Duration>) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    let stdin = io::stdin();
    let mut ready = [PollFd::new(&stdin, PollFlags::IN)];
    let time = time.and_then(|time| Timespec::try_from(time).ok());
    poll(&mut ready, time.as_ref()).is_ok_and(|ready| ready > 0)
}

/// Waits until standard input can be read, and says whether that is known to be at once.
#[cfg(not(unix))]
fn readable(_: Option<Duration>) -> bool {
    false
}

/// Line ends, across pieces.
#[derive(Default)]
struct Crlf {
    /// The last byte was CR.
    after_cr: bool,
}

impl Crlf {
    fn convert(&mut self, piece: &[u8]) -> Vec<u8> {
        let mut converted = Vec::with_capacity(piece.len() + piece.len() / 16);
        for byte in piece {
            if *byte == b'\n' && !self.after_cr {
                converted.push(b'\r');
            }
            self.after_cr = *byte == b'\r';
            converted.push(*byte);
        }
        converted
    }
}
