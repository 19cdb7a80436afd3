//! The three forms of a socket, and every call of theirs that blocks or ends.

use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use sslcore::{ClientConfig, CloseReport, Connection, Failure, FailureKind, Limits, ReadEnd};
use sslcore::{SslMode, UsageError};
use sslcore_std::{ConnectError, SslSocket, SslStream, WaitError};
use sslcore_tests::pair::server_name;

use crate::common::LONG;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Flush,
    WaitForBytesWritten,
    WaitForEncrypted,
    WaitForReadyRead,
    WaitForDisconnected,
    WaitForConnected,
    Read,
    ReadExact,
    ReadToEnd,
    ReadLine,
    Write,
    WriteAll,
}

/// Why a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    Failed(FailureKind),
    Ended(ReadEnd),
    Unreachable,
}

/// What a call answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Fine,
    /// The true end of the data.
    End,
    /// The true end of the data, before all that was asked for.
    TooEarly,
    Report {
        clean: bool,
    },
    Why(Why, ErrorKind),
    /// Our side was closed: the caller's mistake.
    Usage,
    NotStarted,
    Other(ErrorKind),
}

impl From<io::Error> for Answer {
    fn from(error: io::Error) -> Self {
        let kind = error.kind();
        let Some(inner) = error.get_ref() else {
            return match kind {
                ErrorKind::UnexpectedEof => Self::TooEarly,
                kind => Self::Other(kind),
            };
        };
        if let Some(failure) = inner.downcast_ref::<Failure>() {
            return Self::Why(Why::Failed(failure.kind()), kind);
        }
        if inner.is::<ConnectError>() {
            return Self::Why(Why::Unreachable, kind);
        }
        if inner.is::<UsageError>() && kind == ErrorKind::BrokenPipe {
            return Self::Usage;
        }
        match inner.downcast_ref::<WaitError>() {
            Some(WaitError::Ended(end)) => Self::Why(Why::Ended(*end), kind),
            Some(WaitError::NotStarted) => Self::NotStarted,
            _ if kind == ErrorKind::UnexpectedEof => Self::TooEarly,
            _ => Self::Other(kind),
        }
    }
}

fn done<T, E: Into<io::Error>>(outcome: Result<T, E>) -> Answer {
    match outcome {
        Ok(_) => Answer::Fine,
        Err(error) => error.into().into(),
    }
}

/// Zero bytes are the end of the data.
fn taken<E: Into<io::Error>>(outcome: Result<usize, E>) -> Answer {
    match outcome {
        Ok(0) => Answer::End,
        outcome => done(outcome),
    }
}

fn reported(outcome: Result<CloseReport, WaitError>) -> Answer {
    match outcome {
        Ok(report) => Answer::Report {
            clean: report.clean,
        },
        Err(error) => done(Err::<(), _>(error)),
    }
}

fn read(from: &mut impl BufRead, call: Call) -> Option<Answer> {
    Some(match call {
        Call::Read => taken(from.read(&mut [0; 10])),
        Call::ReadExact => done(from.read_exact(&mut [0; 10])),
        Call::ReadToEnd => taken(from.read_to_end(&mut Vec::new())),
        Call::ReadLine => taken(from.read_line(&mut String::new())),
        _ => return None,
    })
}

fn write(to: &mut impl Write, call: Call) -> Option<Answer> {
    Some(match call {
        Call::Flush => done(to.flush()),
        Call::Write => done(to.write(b"more")),
        Call::WriteAll => done(to.write_all(b"more")),
        _ => return None,
    })
}

/// A form of a socket.
pub(crate) trait Face: Send + Sized {
    fn adopt(stream: TcpStream, limits: Limits) -> Self;
    fn start(&mut self, config: &ClientConfig);
    /// Does what can be done at once.
    fn turn(&mut self);
    /// Writes what is taken at once.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;
    fn close(&mut self);
    fn abort(&mut self);
    fn cancel(&mut self);
    fn connection(&self) -> &Connection;
    fn stream(&self) -> &TcpStream;
    /// Twice the same call; nothing if it has none such.
    fn call(self, call: Call) -> Option<[Answer; 2]>;

    /// Turns until this holds. Whether it ever does.
    fn comes_to(&mut self, holds: impl Fn(&Connection) -> bool) -> bool {
        let begun = Instant::now();
        while !holds(self.connection()) && begun.elapsed() < LONG {
            self.turn();
            std::thread::yield_now();
        }
        holds(self.connection())
    }

    fn until(&mut self, what: &str, holds: impl Fn(&Connection) -> bool) {
        assert!(self.comes_to(holds), "{what}: {:?}", self.connection());
    }

    /// Writes until nothing more is taken, and not all of that has left.
    fn fill(&mut self) {
        let chunk = vec![7; 64 * 1024];
        while self.write(&chunk).is_ok() {}
        let connection = self.connection();
        let waiting = match connection.mode() {
            SslMode::Unencrypted => connection.bytes_to_write(),
            _ => connection.encrypted_bytes_to_write(),
        };
        assert!(waiting > 0);
    }
}

impl Face for SslSocket {
    fn adopt(stream: TcpStream, limits: Limits) -> Self {
        let mut socket = Self::with_limits(stream, limits).expect("adopt");
        socket.set_timeout(Some(LONG));
        socket
    }

    fn start(&mut self, config: &ClientConfig) {
        self.start_client_encryption(config, server_name())
            .expect("start");
    }

    fn turn(&mut self) {
        // What it waited for is looked at, not what it says.
        let _ = self.keep_asking(Duration::ZERO);
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.set_timeout(Some(Duration::ZERO));
        let written = Write::write(self, bytes);
        self.set_timeout(Some(LONG));
        written
    }

    fn close(&mut self) {
        Self::close(self);
    }

    fn abort(&mut self) {
        Self::abort(self);
    }

    fn cancel(&mut self) {
        Self::cancel(self);
    }

    fn connection(&self) -> &Connection {
        Self::connection(self)
    }

    fn stream(&self) -> &TcpStream {
        Self::stream(self)
    }

    fn call(mut self, call: Call) -> Option<[Answer; 2]> {
        let time = Some(LONG);
        Some([(); 2].map(|()| match call {
            Call::WaitForBytesWritten => done(self.wait_for_bytes_written(time)),
            Call::WaitForEncrypted => done(self.wait_for_encrypted(time)),
            Call::WaitForReadyRead => done(self.wait_for_ready_read(time)),
            Call::WaitForDisconnected => reported(self.wait_for_disconnected(time)),
            Call::WaitForConnected => done(self.wait_for_connected(time)),
            call => {
                let read = read(&mut self, call);
                read.or_else(|| write(&mut self, call)).expect("a call")
            }
        }))
    }
}

/// What a face around another leaves to it.
macro_rules! what_the_inner_does {
    () => {
        fn turn(&mut self) {
            self.0.turn();
        }

        fn close(&mut self) {
            self.0.close();
        }

        fn abort(&mut self) {
            self.0.abort();
        }

        fn cancel(&mut self) {
            self.0.cancel();
        }

        fn connection(&self) -> &Connection {
            self.0.connection()
        }
    };
}

/// A socket that is split for the call.
pub(crate) struct Halves(pub(crate) SslSocket);

impl Face for Halves {
    fn adopt(stream: TcpStream, limits: Limits) -> Self {
        Self(Face::adopt(stream, limits))
    }

    fn start(&mut self, config: &ClientConfig) {
        self.0.start(config);
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Face::write(&mut self.0, bytes)
    }

    what_the_inner_does!();

    fn stream(&self) -> &TcpStream {
        self.0.stream()
    }

    fn call(self, call: Call) -> Option<[Answer; 2]> {
        let (read_half, mut write_half) = self.0.split().expect("split");
        // Of one byte, so that nothing is read behind an end.
        let mut read_half = io::BufReader::with_capacity(1, read_half);
        let mut answers = Vec::new();
        for _ in 0..2 {
            let answer = read(&mut read_half, call);
            answers.push(answer.or_else(|| write(&mut write_half, call))?);
        }
        answers.try_into().ok()
    }
}

/// What a loop around a stream does with it.
pub(crate) struct Loop(SslStream<TcpStream>);

impl Loop {
    fn sleep(&mut self) {
        let mut flags = PollFlags::empty();
        flags.set(PollFlags::IN, self.0.wants_read());
        flags.set(PollFlags::OUT, self.0.wants_write());
        let now = Instant::now();
        let deadline = self.0.deadline();
        let time = deadline.map_or(LONG, |deadline| deadline.saturating_duration_since(now));
        let time = Timespec::try_from(time.min(LONG)).expect("a time");
        let mut ready = [PollFd::new(self.0.get_ref(), flags)];
        poll(&mut ready, Some(&time)).expect("poll");
    }

    /// Until the stream does not say "not now" any more.
    fn block<T>(
        &mut self,
        mut call: impl FnMut(&mut SslStream<TcpStream>) -> io::Result<T>,
    ) -> io::Result<T> {
        let begun = Instant::now();
        loop {
            match call(&mut self.0) {
                Err(error) if error.kind() == ErrorKind::WouldBlock && begun.elapsed() < LONG => {
                    if !self.0.turn() {
                        self.sleep();
                    }
                }
                outcome => return outcome,
            }
        }
    }
}

impl Read for Loop {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.block(|stream| stream.read(out))
    }
}

impl BufRead for Loop {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.block(|stream| stream.fill_buf().map(drop))?;
        self.0.fill_buf()
    }

    fn consume(&mut self, n: usize) {
        self.0.consume(n);
    }
}

impl Write for Loop {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.block(|stream| stream.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.block(SslStream::flush)
    }
}

impl Face for Loop {
    fn adopt(stream: TcpStream, limits: Limits) -> Self {
        stream.set_nonblocking(true).expect("non-blocking");
        Self(SslStream::with_limits(stream, limits))
    }

    fn start(&mut self, config: &ClientConfig) {
        self.0
            .start_client_encryption(config, server_name())
            .expect("start");
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    what_the_inner_does!();

    fn stream(&self) -> &TcpStream {
        self.0.get_ref()
    }

    fn call(mut self, call: Call) -> Option<[Answer; 2]> {
        let mut answers = Vec::new();
        for _ in 0..2 {
            answers.push(match call {
                // Whether its status says why nothing moves.
                Call::WaitForConnected => {
                    self.turn();
                    done(self.0.status().map_or(Ok(()), Err))
                }
                Call::WaitForDisconnected => {
                    self.until("the end", |it| it.read_end().is_some());
                    self.0.close();
                    self.until("its report", |it| it.close_report().is_some());
                    reported(Ok(self.0.close_report()?))
                }
                call => {
                    let read = read(&mut self, call);
                    read.or_else(|| write(&mut self, call))?
                }
            });
        }
        answers.try_into().ok()
    }
}
