//! The loop between stream and connection.

use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use sslcore::{Event, Progress, SslMode};

use crate::socket::SslSocket;
use crate::trace::{Direction, Wire};

/// What the stream can do for us next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Interest {
    pub(crate) read: bool,
    pub(crate) write: bool,
}

impl SslSocket {
    /// One round: receives, processes, sends. Does not block; moves at most what the buffers
    /// hold. Says whether anything moved.
    pub(crate) fn turn(&mut self) -> bool {
        let received = self.receive();
        let worked = self.settle();
        let sent = self.send();
        received | worked | sent
    }

    /// Acts upon a call, without receiving.
    pub(crate) fn nudge(&mut self) {
        self.settle();
        self.send();
    }

    /// Processes until idle and drains the events.
    pub(crate) fn settle(&mut self) -> bool {
        let now = self.clock.now();
        let mut worked = false;
        loop {
            let progress = self.connection.process(now);
            while let Some(event) = self.connection.poll_event() {
                self.tell(event);
            }
            match progress {
                Progress::Again | Progress::DrainEvents => worked = true,
                Progress::Idle => return worked,
            }
        }
    }

    fn tell(&mut self, event: Event) {
        self.fresh |= event == Event::ReadyRead;
        if let Some(tap) = &mut self.tap {
            tap.event(Instant::now(), event);
        }
        self.events.push(event);
    }

    /// Sends what waits, as far as the stream takes it, and FIN behind the last byte.
    pub(crate) fn send(&mut self) -> bool {
        let mut sent = false;
        loop {
            if self.write_ended {
                return sent;
            }
            if self.connection.transmit_finished() {
                self.write_ended = true;
                // A stream that is gone needs no FIN.
                let _ = self.stream.shutdown(Shutdown::Write);
                return sent;
            }
            let bytes = self.connection.transmit();
            if bytes.is_empty() {
                return sent;
            }
            let at = Instant::now();
            match self.stream.write(bytes) {
                Ok(n) if n > 0 => {
                    self.show_sent(at, n);
                    let taken = self.connection.transmitted(n);
                    debug_assert!(taken.is_ok(), "the stream took what transmit showed");
                    if self.connection.mode() == SslMode::Unencrypted
                        || self.connection.is_encrypted()
                    {
                        self.data_sent += n as u64;
                    }
                    self.settle();
                    sent = true;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return sent,
                // The peer is gone. What it said before, perhaps why, can still be read; the end
                // of that is the end of the connection.
                Ok(_) => self.write_ended = true,
                Err(error) => {
                    self.write_ended = true;
                    self.transport_error.get_or_insert(error);
                }
            }
        }
    }

    fn show_sent(&mut self, at: Instant, n: usize) {
        let plain = match self.connection.mode() {
            SslMode::Unencrypted => n,
            _ => n.min(self.plain_left),
        };
        self.plain_left -= plain.min(self.plain_left);
        let Some(tap) = &mut self.tap else { return };
        let (plain, tls) = self.connection.transmit()[..n].split_at(plain);
        for wire in [Wire::Plain(plain), Wire::Tls(tls)] {
            if let Wire::Plain([_, ..]) | Wire::Tls([_, ..]) = wire {
                tap.wire(at, Direction::Sent, wire);
            }
        }
    }

    /// Reads once, if there is room.
    fn receive(&mut self) -> bool {
        if self.read_ended {
            return false;
        }
        let plain = self.connection.mode() == SslMode::Unencrypted;
        let room = self.connection.receive_buffer();
        if room.is_empty() {
            return false;
        }
        match self.stream.read(room) {
            Ok(0) => {
                self.read_ended = true;
                if self.write_ended && !self.connection.transmit().is_empty() {
                    self.connection.receive_reset();
                } else {
                    self.connection.receive_eof();
                }
            }
            Ok(n) => {
                if let Some(tap) = &mut self.tap {
                    let bytes = &self.connection.receive_buffer()[..n];
                    let wire = if plain {
                        Wire::Plain(bytes)
                    } else {
                        Wire::Tls(bytes)
                    };
                    tap.wire(Instant::now(), Direction::Received, wire);
                }
                let kept = self.connection.received(n);
                debug_assert!(kept.is_ok(), "the stream stays within receive_buffer");
            }
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::Interrupted => return false,
                _ => self.lose(error),
            },
        }
        true
    }

    /// The stream has failed.
    fn lose(&mut self, error: io::Error) {
        self.read_ended = true;
        self.write_ended = true;
        self.transport_error.get_or_insert(error);
        self.connection.receive_reset();
    }

    pub(crate) fn interest(&mut self) -> Interest {
        Interest {
            read: !self.read_ended && !self.connection.receive_buffer().is_empty(),
            write: !self.write_ended && !self.connection.transmit().is_empty(),
        }
    }

    /// Sleeps until the stream is ready for what interests us, or `time` is up.
    pub(crate) fn park(&mut self, interest: Interest, time: Option<Duration>) {
        let flags = match interest {
            Interest {
                read: true,
                write: true,
            } => PollFlags::IN | PollFlags::OUT,
            Interest { read: true, .. } => PollFlags::IN,
            Interest { write: true, .. } => PollFlags::OUT,
            // poll would return at once and for ever once the peer has hung up.
            _ => return std::thread::sleep(time.unwrap_or(Duration::ZERO)),
        };
        // A time that no clock can hold is as good as none.
        let time = time.and_then(|time| Timespec::try_from(time).ok());
        match poll(&mut [PollFd::new(&self.stream, flags)], time.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => self.lose(error.into()),
        }
    }
}
