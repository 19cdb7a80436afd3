//! Standard input to the server, and the server to standard output, both at once.

use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use sslcore_std::sslcore::ReadEnd;
use sslcore_std::{SslSocket, WaitError};

use super::Options;
use super::report::Traffic;

/// Why it did not go on to the server's end.
pub(super) enum Interrupted {
    Connection(WaitError),
    /// Standard input or output failed.
    Streams(String),
    /// Whoever reads standard output has seen enough.
    NobodyReads,
}

/// What is read of the input at once, in bytes.
const PIECE: usize = 64 * 1024;

/// Passes data until the server's direction ends; what was passed by then.
pub(super) fn run(socket: &mut SslSocket, options: &Options) -> (Traffic, Result<(), Interrupted>) {
    let mut traffic = Traffic::default();
    let mut input = Input::new(options);
    socket.set_timeout(Some(Duration::ZERO));
    let outcome = loop {
        // One turn, without waiting; what came of it shows below.
        let _ = socket.wait_for_ready_read(Some(Duration::ZERO));
        match output(socket, &mut traffic) {
            Ok(true) => {}
            Ok(false) => break Ok(()),
            Err(error) => break Err(error),
        }
        if let Err(error) = input.pass_on(socket, &mut traffic) {
            break Err(error);
        }
        if socket.peek().is_empty()
            && let Err(error) = input.wait(socket)
        {
            break Err(error);
        }
    };
    (traffic, outcome)
}

/// Puts out what has arrived. Whether there may be more.
fn output(socket: &mut SslSocket, traffic: &mut Traffic) -> Result<bool, Interrupted> {
    let mut out = io::stdout().lock();
    loop {
        let unread = socket.peek();
        if unread.is_empty() {
            break;
        }
        let n = unread.len();
        match out.write_all(unread).and_then(|()| out.flush()) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                return Err(Interrupted::NobodyReads);
            }
            Err(error) => {
                let why = format!("standard output cannot be written: {error}");
                return Err(Interrupted::Streams(why));
            }
        }
        traffic.received += n as u64;
        socket.consume(n);
    }
    let end = socket.connection().read_end();
    match (end, socket.connection().failure()) {
        (None, _) => Ok(true),
        (Some(ReadEnd::Closed), _) => Ok(false),
        (_, Some(failure)) => Err(Interrupted::Connection(WaitError::Failed(failure.clone()))),
        (Some(end), None) => Err(Interrupted::Connection(WaitError::Ended(end))),
    }
}

/// Standard input, and what of it waits for the server.
struct Input {
    crlf: bool,
    keep_open: bool,
    /// The last byte that was read is CR.
    after_cr: bool,
    waiting: Vec<u8>,
    ended: bool,
    closed: bool,
}

impl Input {
    fn new(options: &Options) -> Self {
        Self {
            crlf: options.crlf,
            keep_open: options.keep_open,
            after_cr: false,
            waiting: Vec::new(),
            ended: false,
            closed: false,
        }
    }

    /// Gives the socket what it takes, and closes our direction behind the last byte.
    fn pass_on(
        &mut self,
        socket: &mut SslSocket,
        traffic: &mut Traffic,
    ) -> Result<(), Interrupted> {
        while !self.waiting.is_empty() {
            match socket.write(&self.waiting) {
                Ok(n) => {
                    traffic.sent += n as u64;
                    self.waiting.drain(..n);
                }
                Err(error) => match error.kind() {
                    ErrorKind::TimedOut | ErrorKind::WouldBlock => return Ok(()),
                    // Our direction is over; the other one says why.
                    _ => {
                        self.waiting.clear();
                        self.ended = true;
                    }
                },
            }
        }
        if self.ended && !self.closed {
            self.closed = true;
            if !self.keep_open {
                socket.close();
            }
        }
        Ok(())
    }

    /// Waits for the server or for input, and reads the latter.
    fn wait(&mut self, socket: &mut SslSocket) -> Result<(), Interrupted> {
        if self.closed {
            // The end shows in the next turn.
            let _ = socket.wait_for_ready_read(None);
            return Ok(());
        }
        let connection = socket.connection();
        let unsent = connection.bytes_to_write() + connection.encrypted_bytes_to_write();
        let mut flags = PollFlags::IN;
        if unsent > 0 {
            flags |= PollFlags::OUT;
        }
        let stdin = io::stdin();
        let mut streams = vec![PollFd::new(socket.stream(), flags)];
        if self.waiting.is_empty() && !self.ended {
            streams.push(PollFd::new(&stdin, PollFlags::IN));
        }
        match poll(&mut streams, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(Interrupted::Streams(error.to_string())),
        }
        match streams.get(1) {
            Some(stream) if !stream.revents().is_empty() => self.read(),
            _ => Ok(()),
        }
    }

    fn read(&mut self) -> Result<(), Interrupted> {
        let mut piece = vec![0; PIECE];
        match io::stdin().lock().read(&mut piece) {
            Ok(0) => self.ended = true,
            Ok(n) => self.append(&piece[..n]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => {
                let why = format!("standard input cannot be read: {error}");
                return Err(Interrupted::Streams(why));
            }
        }
        Ok(())
    }

    fn append(&mut self, bytes: &[u8]) {
        if !self.crlf {
            return self.waiting.extend_from_slice(bytes);
        }
        for byte in bytes {
            if *byte == b'\n' && !self.after_cr {
                self.waiting.push(b'\r');
            }
            self.after_cr = *byte == b'\r';
            self.waiting.push(*byte);
        }
    }
}
