//! The loop between a transport and a connection, for a whole socket and for halves.
//!
//! Nothing that must survive is in a future: between any two polls, everything is in the driver.

use core::future::{Future, pending, poll_fn};
use core::mem::take;
use core::pin::pin;
use core::task::Poll;

use embassy_futures::select::{Either3, select3};
use embassy_futures::yield_now;
use embassy_time::Timer;
use embedded_io_async::{Error as _, ErrorKind, Read, Write};
use sslcore::{
    Buffers, Connection, Instant, Limits, Progress, ReadEnd, SslMode, SslProtocol, UsageError,
};

use crate::clock::Clock;
use crate::error::Error;
use crate::logging;
use crate::transport::Transport;

/// One record's plaintext (RFC 8446 §5.1): one write encrypts no more before others have their turn.
const RECORD: usize = 1 << 14;

/// What kind of call waits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    /// It receives in plaintext, too: what follows a "go ahead" line must not be received before TLS
    /// is started.
    pub(crate) reads: bool,
    /// An open question to the application ends it.
    pub(crate) asks: bool,
}

impl Call {
    pub(crate) const READ: Self = Self {
        reads: true,
        asks: true,
    };
    pub(crate) const WRITE: Self = Self {
        reads: false,
        asks: true,
    };
    pub(crate) const WATCH: Self = Self {
        reads: true,
        asks: false,
    };
    /// An open decision has a time limit of its own after a close.
    pub(crate) const CLOSE: Self = Self {
        reads: false,
        asks: false,
    };
}

/// What the transport, or the time, has done.
enum Moved {
    Sent(Result<usize, ErrorKind>),
    Flushed(Result<(), ErrorKind>),
    Received(Result<usize, ErrorKind>),
    Rung,
}

/// What has changed, for those who wait for something else.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct News {
    pub(crate) for_reader: bool,
    pub(crate) for_writer: bool,
}

/// A connection and what carries it.
pub(crate) struct Driver<T> {
    pub(crate) transport: T,
    pub(crate) connection: Connection,
    pub(crate) clock: Clock,
    /// Bytes that may be written before the handshake is complete.
    queue: usize,
    /// Something has changed since `process` was idle.
    due: bool,
    /// The handshake was completed, whatever came after it.
    handshaken: bool,
    /// Bytes of ours that belong to it, and that the transport has not taken yet.
    handshake_left: usize,
    /// The transport has bytes that it may still hold back.
    unflushed: bool,
    /// All that was written has been flushed, since the writer was told last.
    flushed: bool,
    /// Bytes were written since all had left that was written before.
    owed: bool,
    /// Our direction was ended behind its last byte.
    finished: bool,
    /// The transport takes nothing more.
    write_ended: bool,
    /// The transport gives nothing more.
    read_ended: bool,
    /// The transport takes nothing more, and what the peer has said about it may be there to read.
    last_words: bool,
    /// How long the transport may take to flush our last bytes.
    lingers: Option<Instant>,
    pub(crate) transport_error: Option<ErrorKind>,
}

impl<T: Transport> Driver<T> {
    pub(crate) fn new(transport: T, buffers: Buffers, limits: Limits, clock: Clock) -> Self {
        Self {
            transport,
            connection: Connection::new(limits, buffers),
            clock,
            queue: limits.queued,
            due: false,
            handshaken: false,
            handshake_left: 0,
            unflushed: false,
            flushed: false,
            owed: false,
            finished: false,
            write_ended: false,
            read_ended: false,
            last_words: false,
            lingers: None,
            transport_error: None,
        }
    }

    /// Changes something of the connection; whoever waits next carries it out.
    pub(crate) fn act<R>(&mut self, act: impl FnOnce(&mut Connection) -> R) -> R {
        self.due = true;
        act(&mut self.connection)
    }

    pub(crate) fn abort(&mut self) {
        self.act(Connection::abort);
        self.read_ended = true;
        self.write_ended = true;
        self.unflushed = false;
        self.transport.abort();
    }

    /// Moves bytes until the goal is reached.
    pub(crate) async fn run<R>(
        &mut self,
        call: Call,
        mut goal: impl FnMut(&mut Self) -> Option<Result<R, Error>>,
    ) -> Result<R, Error> {
        self.push().await;
        loop {
            if let Some(outcome) = self.outcome(call, &mut goal).await {
                return outcome;
            }
            self.advance(call.reads).await;
        }
    }

    /// What the call has come to. Never waits.
    pub(crate) async fn outcome<R>(
        &mut self,
        call: Call,
        goal: &mut impl FnMut(&mut Self) -> Option<Result<R, Error>>,
    ) -> Option<Result<R, Error>> {
        let outcome = goal(self);
        let question = || self.question().filter(|_| call.asks);
        let outcome = outcome.or_else(|| question().map(Err));
        if outcome.is_some() {
            // Nobody may call for a long time.
            self.push().await;
        }
        outcome
    }

    /// One step of the connection, or else one wait for the transport. It can be dropped at any time.
    pub(crate) async fn advance(&mut self, reads: bool) {
        if self.due {
            match self.process() {
                true => yield_now().await,
                false => self.due = false,
            }
        } else if self.last_words {
            self.hear_last_words().await;
        } else {
            let moved = self.wait(reads).await;
            self.take_in(moved);
        }
    }

    /// One step. Says whether there may be more.
    fn process(&mut self) -> bool {
        let progress = self.connection.process(self.clock.now());
        if self.connection.is_encrypted() && !self.handshaken {
            self.handshaken = true;
            let protocol = self.connection.session_protocol();
            self.handshake_left = match (self.connection.mode(), protocol) {
                // The client's Finished is the last: what waits behind it are tickets.
                (SslMode::Server, Some(SslProtocol::TlsV1_3)) => 0,
                _ => self.connection.encrypted_bytes_to_write(),
            };
        }
        match progress {
            Progress::Again => true,
            Progress::Idle => false,
            Progress::DrainEvents => {
                // Nobody asks for events: the oldest is forgotten.
                if let Some(event) = self.connection.poll_event() {
                    logging::event(&event);
                }
                true
            }
        }
    }

    /// Until the transport, or the time, has done something.
    async fn wait(&mut self, reads: bool) -> Moved {
        self.finish();
        let deadline = self.deadline();
        let reads = reads || self.connection.mode() != SslMode::Unencrypted;
        let (writes, unflushed) = (!self.write_ended, self.unflushed);
        let reads = reads && !self.read_ended;
        let lent = self.connection.lend();
        let (mut reader, mut writer) = self.transport.halves();
        let sending = async {
            match lent.transmit {
                [_, ..] if writes => {
                    let sent = writer.write(lent.transmit).await;
                    Moved::Sent(sent.map_err(|error| error.kind()))
                }
                [] if writes && unflushed => {
                    Moved::Flushed(writer.flush().await.map_err(|error| error.kind()))
                }
                _ => pending().await,
            }
        };
        let receiving = async {
            match lent.receive.is_empty() || !reads {
                true => pending().await,
                false => Moved::Received(
                    reader
                        .read(lent.receive)
                        .await
                        .map_err(|error| error.kind()),
                ),
            }
        };
        let rings = async {
            match deadline {
                Some(deadline) => Timer::at(Clock::to_embassy(deadline)).await,
                None => pending().await,
            }
            Moved::Rung
        };
        // What is to be sent comes to an end before what can be received does.
        match select3(sending, receiving, rings).await {
            Either3::First(moved) | Either3::Second(moved) | Either3::Third(moved) => moved,
        }
    }

    fn take_in(&mut self, moved: Moved) {
        match moved {
            Moved::Sent(sent) => self.sent(sent),
            Moved::Flushed(Ok(())) => {
                self.unflushed = false;
                self.flushed = true;
                self.owed &= self.pending() > 0 || self.has_reported_loss();
                self.finish();
                // Nothing that concerns the connection.
                return;
            }
            Moved::Flushed(Err(error)) => self.end_writing(error),
            Moved::Received(received) => self.received(received),
            Moved::Rung => {
                let now = self.clock.now().monotonic;
                if self.lingers.is_some_and(|until| until <= now) {
                    self.end_writing(ErrorKind::TimedOut);
                }
            }
        }
        self.due = true;
    }

    /// Sends what waits, as far as the transport takes it now. Never waits.
    pub(crate) async fn push(&mut self) {
        while !self.write_ended && !self.connection.transmit().is_empty() {
            let sent = {
                let (_, mut writer) = self.transport.halves();
                let sent = now(writer.write(self.connection.transmit())).await;
                sent.map_err(|error| error.kind())
            };
            match sent {
                Poll::Ready(sent) => self.take_in(Moved::Sent(sent)),
                Poll::Pending => break,
            }
        }
    }

    /// The goal of a handshake: it is complete, and our part of it has left.
    pub(crate) fn encrypted(&mut self) -> Option<Result<(), Error>> {
        match self.handshaken {
            false => self.ended().map(Err),
            true if self.connection.is_over() || self.write_ended => Some(Ok(())),
            true if self.handshake_left > 0 => None,
            true => Some(Ok(())),
        }
    }

    /// Begins to flush. What a flush waits for, an acknowledgment perhaps, is not waited for.
    pub(crate) async fn begin_flush(&mut self) {
        let (_, mut writer) = self.transport.halves();
        // An error comes again.
        let _ = now(writer.flush()).await;
    }

    fn sent(&mut self, sent: Result<usize, ErrorKind>) {
        match sent {
            Ok(0) => self.end_writing(ErrorKind::WriteZero),
            Ok(n) => match self.connection.transmitted(n) {
                Ok(()) => {
                    self.unflushed = true;
                    self.handshake_left = self.handshake_left.saturating_sub(n);
                }
                Err(_) => self.end_writing(ErrorKind::Other),
            },
            Err(error) => self.end_writing(error),
        }
    }

    /// The peer is gone. What it said before, perhaps why, can still be read.
    fn end_writing(&mut self, error: ErrorKind) {
        self.transport_error.get_or_insert(error);
        self.write_ended = true;
        self.unflushed = false;
        self.last_words = true;
        self.connection.transmit_failed();
    }

    async fn hear_last_words(&mut self) {
        let hears = !self.read_ended && !self.connection.is_over();
        let room = self.connection.receive_buffer();
        let heard = match hears && !room.is_empty() {
            true => {
                let (mut reader, _) = self.transport.halves();
                now(reader.read(room)).await.map_err(|error| error.kind())
            }
            false => Poll::Pending,
        };
        match heard {
            Poll::Ready(heard) => self.take_in(Moved::Received(heard)),
            Poll::Pending => self.last_words = false,
        }
    }

    fn received(&mut self, received: Result<usize, ErrorKind>) {
        let kept = match received {
            Ok(0) => {
                self.read_ended = true;
                self.connection.receive_eof();
                Ok(())
            }
            Ok(n) => self.connection.received(n).map_err(|_| ErrorKind::Other),
            Err(error) => Err(error),
        };
        if let Err(error) = kept {
            self.transport_error.get_or_insert(error);
            self.read_ended = true;
            self.write_ended = true;
            self.unflushed = false;
            self.connection.receive_reset();
        }
    }

    /// Ends our direction, once everything has left.
    fn finish(&mut self) {
        let has_left = self.connection.transmit_finished() && !self.unflushed;
        if has_left && !self.finished && !self.write_ended {
            self.finished = true;
            self.transport.finish();
            // The end itself.
            self.unflushed = true;
        }
    }

    /// When to take a turn even if the transport is not ready.
    fn deadline(&mut self) -> Option<Instant> {
        let last = self.connection.is_over() || self.connection.transmit_finished();
        if last && self.unflushed && self.lingers.is_none() {
            let timeout = self.connection.close_timeout();
            self.lingers = timeout.map(|timeout| self.clock.now().monotonic.after(timeout));
        }
        let lingers = self.lingers.filter(|_| self.unflushed);
        let deadline = self.connection.deadline();
        deadline.into_iter().chain(lingers).min()
    }

    /// The changes since this was asked last.
    pub(crate) fn news(&mut self) -> News {
        let changes = self.connection.take_changes();
        let for_both = changes.over || self.question().is_some();
        News {
            for_reader: for_both || changes.readable,
            for_writer: for_both || changes.writable || take(&mut self.flushed),
        }
    }

    /// What only the application can answer.
    fn question(&self) -> Option<Error> {
        let verdict = self.connection.review().map(|review| review.id);
        let config = self.connection.config_request().map(|request| request.id);
        let key = self.connection.psk_request().map(|request| request.id);
        let signature = self.connection.signature_request();
        let signature = signature.map(|request| request.id);
        verdict
            .map(Error::VerdictNeeded)
            .or(config.map(Error::ConfigNeeded))
            .or(key.map(Error::PreSharedKeyNeeded))
            .or(signature.map(Error::SignatureNeeded))
    }

    /// Why nothing more will happen: after the connection is over, and its alert and our end of the
    /// stream have left. Whoever hears of it drops the transport.
    pub(crate) fn ended(&self) -> Option<Error> {
        let flushed = self.finished && !self.unflushed;
        let settled = self.connection.close_report().is_some() && flushed;
        let over = self.connection.is_over() && (settled || self.write_ended);
        over.then(|| self.end_error(self.connection.read_end().unwrap_or(ReadEnd::Aborted)))
    }

    /// The failure, or else this end.
    fn end_error(&self, end: ReadEnd) -> Error {
        match self.connection.failure() {
            Some(failure) => Error::Failed(failure.kind()),
            None => Error::Ended(end),
        }
    }

    /// Bytes that were written and that the transport has not taken yet, handshake included.
    fn pending(&self) -> usize {
        self.connection.bytes_to_write() + self.connection.encrypted_bytes_to_write()
    }

    fn has_reported_loss(&self) -> bool {
        let report = self.connection.close_report().unwrap_or_default();
        report.abandoned > 0 || report.unsent > 0
    }

    /// Why bytes that were written will never leave, once that is certain. What the connection adds by
    /// itself does not count: often enough nobody is there any more to take its last alert.
    fn lost(&self) -> Option<Error> {
        (self.owed && (self.write_ended || self.has_reported_loss())).then(|| self.gone())
    }

    /// Why the transport takes nothing more: what the peer has said about it, if it did.
    fn gone(&self) -> Error {
        match self.connection.is_over() {
            true => self.end_error(self.connection.read_end().unwrap_or(ReadEnd::Aborted)),
            false => Error::Ended(ReadEnd::Reset),
        }
    }

    /// Whether the transport takes nothing more, and the reason may still come to light.
    fn may_learn_why(&self) -> bool {
        self.write_ended && (self.last_words || self.due)
    }

    /// The goal of a reader: data, or the orderly end of it.
    pub(crate) fn readable(&mut self) -> Option<Result<(), Error>> {
        if !self.connection.peek().is_empty() {
            return Some(Ok(()));
        }
        match self.connection.read_end()? {
            ReadEnd::Closed | ReadEnd::EndOfStream => Some(Ok(())),
            ReadEnd::CloseUnanswered => Some(Err(Error::Ended(ReadEnd::CloseUnanswered))),
            _ => self.ended().map(Err),
        }
    }

    /// Hands out what is there.
    pub(crate) fn read(&mut self, out: &mut [u8]) -> usize {
        let plain = self.connection.peek();
        let n = plain.len().min(out.len());
        out[..n].copy_from_slice(&plain[..n]);
        self.consume(n);
        n
    }

    /// The reader has used so much: what waited for room can come in.
    pub(crate) fn consume(&mut self, n: usize) {
        let n = n.min(self.connection.peek().len());
        // No more than there is.
        let _ = self.act(|connection| connection.consume(n));
    }

    /// The goal of a writer: takes what there is room for.
    pub(crate) fn write(&mut self, plaintext: &[u8]) -> Option<Result<usize, Error>> {
        if self.may_learn_why() {
            return None;
        }
        if self.write_ended && !self.connection.transmit_finished() {
            return Some(Err(self.gone()));
        }
        let piece = &plaintext[..plaintext.len().min(RECORD)];
        match self.connection.write(piece) {
            Ok(0) if !piece.is_empty() => None,
            Ok(n) => {
                self.owed |= n > 0;
                self.due = true;
                Some(Ok(n))
            }
            Err(usage) => self.refused(usage).map(Err),
        }
    }

    /// Whether a write of any length is accepted at once.
    pub(crate) fn has_room(&self) -> bool {
        if self.last_words {
            return false;
        }
        match self.connection.is_handshaking() {
            true => self.connection.bytes_to_write() < self.queue,
            false => self.pending() == 0,
        }
    }

    /// Whether a reader, and a writer, could go on at once.
    pub(crate) fn ready(&mut self) -> (bool, bool) {
        (self.readable().is_some(), self.has_room())
    }

    /// Why nothing more can be written, when the alert has left.
    fn refused(&self, usage: UsageError) -> Option<Error> {
        if self.write_ended {
            return Some(self.gone());
        }
        match self.connection.failure() {
            Some(_) => self.ended(),
            None => Some(Error::Usage(usage)),
        }
    }

    /// The goal of a flush: the transport has taken and flushed all that was written.
    pub(crate) fn all_flushed(&mut self) -> Option<Result<(), Error>> {
        if self.may_learn_why() {
            return None;
        }
        if let Some(why) = self.lost() {
            return Some(Err(why));
        }
        let has_left = self.pending() == 0 && !self.unflushed;
        (has_left || self.write_ended).then_some(Ok(()))
    }

    /// The goal of a close: our close_notify has left, and the transport has ended our direction.
    pub(crate) fn all_finished(&mut self) -> Option<Result<(), Error>> {
        if self.may_learn_why() {
            return None;
        }
        if let Some(why) = self.lost() {
            return Some(Err(why));
        }
        let peer_closed = self.connection.read_end() == Some(ReadEnd::Closed);
        match (self.finished, self.write_ended) {
            (true, _) if !self.unflushed => {}
            // Our close_notify did not leave, and a peer that has closed needs none.
            (false, true) if !peer_closed => return Some(Err(self.gone())),
            (_, true) => {}
            (_, false) => return None,
        }
        Some(match self.connection.failure() {
            Some(failure) if !peer_closed => Err(Error::Failed(failure.kind())),
            _ => Ok(()),
        })
    }
}

/// What the future has come to, by now. Its waker is the task's, since there are timers that take no
/// other.
async fn now<F: Future>(future: F) -> Poll<F::Output> {
    let mut future = pin!(future);
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await
}
