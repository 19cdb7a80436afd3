//! The loop between a transport and a connection: one home for sockets, streams and halves.

mod calls;
#[cfg(all(feature = "ktls", target_os = "linux"))]
mod offloaded;

use std::io::{self, ErrorKind, Read, Write};
#[cfg(all(feature = "ktls", target_os = "linux"))]
use std::os::fd::BorrowedFd;
use std::time::Instant;

use sslcore::{Event, Limits, SslMode};

use crate::clock::Clock;
use crate::connect_error::ConnectError;
use crate::endpoint::Endpoint;
use crate::events::Events;
use crate::poll::Interest;
use crate::trace::{Direction, Tap, Wire};

/// What carries the bytes. Never blocks: `WouldBlock` says "not now".
pub(crate) trait Transport: Read + Write {
    /// Carries on connecting. Says whether it is connected.
    fn connect(&mut self) -> Result<bool, ConnectError> {
        Ok(true)
    }

    /// When to call [`connect`](Self::connect) again even if nothing is ready.
    fn connect_deadline(&self) -> Option<Instant> {
        None
    }

    /// Connects no further.
    fn give_up(&mut self) {}

    /// Nothing more will be sent: FIN, if that is ours to send.
    fn finish(&mut self) {}

    /// The application has changed something: whoever waits looks again.
    fn acted(&mut self) {}

    /// The TCP socket that it is, for a kernel that has TLS.
    #[cfg(all(feature = "ktls", target_os = "linux"))]
    fn socket(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}

/// A connection and what carries it.
pub(crate) struct Driver<T> {
    pub(crate) transport: T,
    pub(crate) connection: Endpoint,
    pub(crate) clock: Clock,
    events: Events,
    tap: Option<Box<dyn Tap>>,
    /// The transport is not connected yet. The connection stands still meanwhile, so that its
    /// handshake clock does not run.
    connecting: bool,
    /// Why the transport never connected.
    unreachable: Option<ConnectError>,
    /// Our direction was closed by the application.
    closing: bool,
    /// Bytes at the front of `transmit` that are plaintext although TLS was started.
    plain_left: usize,
    /// Bytes sent outside handshakes.
    data_sent: u64,
    /// The handshake was completed, whatever came after it.
    handshaken: bool,
    /// Data arrived that no `wait_for_ready_read` has told of.
    fresh: bool,
    /// The transport has bytes that it may still hold back.
    unflushed: bool,
    /// Bytes were written since all had left that was written before.
    owed: bool,
    /// The transport takes nothing more.
    pub(crate) write_ended: bool,
    /// The transport gives nothing more.
    read_ended: bool,
    transport_error: Option<io::Error>,
    /// Where the kernel says what it has received.
    #[cfg(all(feature = "ktls", target_os = "linux"))]
    control: Option<Vec<u8>>,
    /// The kernel took nothing of a file.
    #[cfg(all(feature = "ktls", target_os = "linux"))]
    filing: bool,
    /// The connection's limits, until something has happened to it.
    #[cfg(feature = "transcripts")]
    untouched: Option<Limits>,
}

impl<T: Transport> Driver<T> {
    pub(crate) fn new(transport: T, limits: Limits, connecting: bool) -> Self {
        Self {
            transport,
            connection: Endpoint::new(limits),
            clock: Clock::new(),
            events: Events::default(),
            tap: None,
            connecting,
            unreachable: None,
            closing: false,
            plain_left: 0,
            data_sent: 0,
            handshaken: false,
            fresh: false,
            unflushed: false,
            owed: false,
            write_ended: false,
            read_ended: false,
            transport_error: None,
            #[cfg(all(feature = "ktls", target_os = "linux"))]
            control: None,
            #[cfg(all(feature = "ktls", target_os = "linux"))]
            filing: false,
            #[cfg(feature = "transcripts")]
            untouched: Some(limits),
        }
    }

    /// Something happens to the connection.
    fn touch(&mut self) {
        #[cfg(feature = "transcripts")]
        {
            self.untouched = None;
        }
    }

    /// One round: receives, processes, sends. Does not block; moves at most what the buffers
    /// hold. Says whether anything moved.
    pub(crate) fn turn(&mut self) -> bool {
        #[cfg(all(feature = "ktls", target_os = "linux"))]
        {
            self.filing = false;
        }
        let connected = self.connect();
        let received = self.receive();
        let worked = self.settle();
        let sent = self.send();
        connected | received | worked | sent
    }

    /// Acts upon a call, without receiving.
    pub(crate) fn nudge(&mut self) {
        self.settle();
        self.send();
    }

    fn connect(&mut self) -> bool {
        if !self.connecting {
            return false;
        }
        match self.transport.connect() {
            Ok(false) => return false,
            Ok(true) => self.connecting = false,
            Err(error) => {
                self.connecting = false;
                self.unreachable = Some(error.clone());
                self.lose(error.into());
            }
        }
        true
    }

    /// Processes until idle and drains the events.
    pub(crate) fn settle(&mut self) -> bool {
        let now = self.clock.now();
        // A close with nothing to send is carried out even while connecting: it leaves nothing to
        // connect for.
        let waits = self.connecting && !(self.closing && self.pending() == 0);
        let Self {
            connection,
            fresh,
            handshaken,
            tap,
            events,
            ..
        } = self;
        let tell = |event| {
            *fresh |= event == Event::ReadyRead;
            *handshaken |= event == Event::Encrypted;
            events.push(event);
            if let Some(tap) = tap {
                tap.event(Instant::now(), event);
            }
        };
        let worked = match waits {
            true => {
                connection.poll_events(tell);
                false
            }
            false => connection.settle(now, tell),
        };
        if self.connecting && self.connection.close_report().is_some() {
            self.end_transport();
        }
        worked
    }

    /// Sends what waits, as far as the transport takes it, and FIN behind the last byte.
    pub(crate) fn send(&mut self) -> bool {
        #[cfg(all(feature = "ktls", target_os = "linux"))]
        if self.connection.is_offloaded(Direction::Sent) {
            return self.send_records();
        }
        let mut sent = false;
        while !self.connecting && !self.write_ended {
            let bytes = self.connection.transmit();
            if bytes.is_empty() {
                return self.finish_sending() | sent;
            }
            let (at, available) = (Instant::now(), bytes.len());
            let written = self.transport.write(bytes);
            match self.written(written, available) {
                Some(0) => {}
                Some(n) => {
                    self.sent(at, n);
                    sent = true;
                }
                None => return sent,
            }
        }
        sent
    }

    /// How much of so many bytes has been written; `None` when there is room for none. Ends writing where it
    /// has failed.
    fn written(&mut self, outcome: io::Result<usize>, available: usize) -> Option<usize> {
        match outcome {
            Ok(n) if n > available => self.lose(beyond(n, available)),
            Ok(n) if n > 0 => return Some(n),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
            Ok(_) => self.end_writing(None),
            Err(error) => self.end_writing(Some(error)),
        }
        Some(0)
    }

    fn sent(&mut self, at: Instant, n: usize) {
        self.unflushed = true;
        let bytes = &self.connection.transmit()[..n];
        let shown = self.tap.is_some().then(|| bytes.to_vec());
        let taken = self.connection.transmitted(n);
        debug_assert!(taken.is_ok(), "the transport took what transmit showed");
        if self.connection.mode() == SslMode::Unencrypted || self.connection.is_encrypted() {
            self.data_sent += n as u64;
        }
        self.show_sent(at, n, &shown.unwrap_or_default());
        self.settle();
    }

    /// Nothing waits: flushes the transport, and ends it behind our last byte.
    fn finish_sending(&mut self) -> bool {
        while self.unflushed {
            match self.flush() {
                Ok(()) => self.unflushed = false,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
                Err(error) => {
                    self.end_writing(Some(error));
                    return false;
                }
            }
        }
        self.owed &= self.pending() > 0 || self.has_reported_loss();
        let finished = self.connection.transmit_finished();
        if finished {
            self.write_ended = true;
            self.transport.finish();
        }
        finished
    }

    fn flush(&mut self) -> io::Result<()> {
        #[cfg(all(feature = "ktls", target_os = "linux"))]
        if self.connection.is_offloaded(Direction::Sent) && self.connection.transmit_finished() {
            return self.flush_before_end();
        }
        self.transport.flush()
    }

    /// The peer is gone. What it said before, perhaps why, can still be read; the end of that is
    /// the end of the connection.
    fn end_writing(&mut self, error: Option<io::Error>) {
        self.write_ended = true;
        self.unflushed = false;
        if let Some(error) = error {
            self.transport_error.get_or_insert(error);
        }
        if self.read_ended {
            self.connection.receive_reset();
            self.settle();
        }
    }

    /// Shows the bytes that were sent, so many, when nothing is left to do: a tap may panic.
    fn show_sent(&mut self, at: Instant, n: usize, bytes: &[u8]) {
        let plain = match self.connection.mode() {
            SslMode::Unencrypted => n,
            _ => n.min(self.plain_left),
        };
        self.plain_left -= plain.min(self.plain_left);
        let Some(tap) = &mut self.tap else { return };
        let (plain, tls) = bytes.split_at(plain);
        for wire in [Wire::Plain(plain), Wire::Tls(tls)] {
            if let Wire::Plain([_, ..]) | Wire::Tls([_, ..]) = wire {
                tap.wire(at, Direction::Sent, wire);
            }
        }
    }

    /// Reads once, if there is room.
    pub(crate) fn receive(&mut self) -> bool {
        if self.read_ended || self.connecting {
            return false;
        }
        #[cfg(all(feature = "ktls", target_os = "linux"))]
        if self.connection.is_offloaded(Direction::Received) {
            return self.receive_record();
        }
        let (shown, available, read) = loop {
            let room = self.connection.receive_buffer();
            if room.is_empty() {
                return false;
            }
            match self.transport.read(room) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => break (copied(&self.tap, room, &read), room.len(), read),
            }
        };
        match read {
            Ok(0) => self.end_reading(),
            Ok(n) if n > available => self.lose(beyond(n, available)),
            Ok(n) => self.received(n, shown),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
            Err(error) => self.lose(error),
        }
        true
    }

    /// The transport gives nothing more. With bytes left that it does not take, that is the end of
    /// the connection: a reset, unless it ended in order before it took nothing more.
    fn end_reading(&mut self) {
        self.touch();
        self.read_ended = true;
        let stranded = self.write_ended && self.has_to_send();
        let error = self.transport_error.as_ref().map(io::Error::kind);
        if !stranded || error == Some(ErrorKind::BrokenPipe) {
            self.connection.receive_eof();
            self.settle();
        }
        if stranded {
            self.connection.receive_reset();
        }
    }

    /// So many bytes were read, these if a tap looks on.
    fn received(&mut self, n: usize, shown: Option<(Instant, Vec<u8>)>) {
        self.touch();
        let kept = self.connection.received(n);
        debug_assert!(kept.is_ok(), "the transport stays within receive_buffer");
        if let (Some(tap), Some((at, bytes))) = (&mut self.tap, shown) {
            let wire = match self.connection.mode() {
                SslMode::Unencrypted => Wire::Plain(&bytes),
                _ => Wire::Tls(&bytes),
            };
            tap.wire(at, Direction::Received, wire);
        }
    }

    /// The transport has failed.
    pub(crate) fn lose(&mut self, error: io::Error) {
        self.touch();
        self.end_transport();
        self.transport_error.get_or_insert(error);
        self.connection.receive_reset();
        self.settle();
    }

    fn end_transport(&mut self) {
        if std::mem::take(&mut self.connecting) {
            self.transport.give_up();
        }
        self.read_ended = true;
        self.write_ended = true;
        self.unflushed = false;
    }

    pub(crate) fn interest(&mut self) -> Interest {
        if self.connecting {
            // A stream that has connected, or could not, is writable.
            return Interest {
                read: false,
                write: true,
            };
        }
        Interest {
            read: !self.read_ended && self.has_space(),
            write: !self.write_ended && (self.unflushed || self.has_to_send()),
        }
    }

    /// Whether something waits for the transport to take it.
    fn has_to_send(&self) -> bool {
        #[cfg(all(feature = "ktls", target_os = "linux"))]
        if self.connection.is_offloaded(Direction::Sent) {
            return self.filing || self.connection.transmit_record().is_some();
        }
        !self.connection.transmit().is_empty()
    }

    /// Whether there is room for what arrives.
    fn has_space(&mut self) -> bool {
        #[cfg(all(feature = "ktls", target_os = "linux"))]
        if self.connection.is_offloaded(Direction::Received) {
            let connection = self.connection.live();
            return connection.is_some_and(|connection| !connection.record_buffer().is_empty());
        }
        !self.connection.receive_buffer().is_empty()
    }

    /// When to take a turn even if the transport is not ready.
    pub(crate) fn deadline(&self) -> Option<sslcore::Instant> {
        if self.connecting {
            let deadline = self.transport.connect_deadline();
            return deadline.map(|deadline| self.clock.from_std(deadline));
        }
        self.connection.deadline()
    }
}

/// What was read, for a tap: where the connection keeps it is not shown again.
fn copied(
    tap: &Option<Box<dyn Tap>>,
    room: &[u8],
    read: &io::Result<usize>,
) -> Option<(Instant, Vec<u8>)> {
    let n = *tap.as_ref().and(read.as_ref().ok())?;
    Some((Instant::now(), room.get(..n)?.to_vec()))
}

/// A transport that breaks the contract of [`Read`] or [`Write`].
fn beyond(n: usize, available: usize) -> io::Error {
    io::Error::other(format!(
        "the stream claims {n} bytes of a buffer of {available}; Read and Write allow at most all of it"
    ))
}

#[cfg(test)]
mod tests;
