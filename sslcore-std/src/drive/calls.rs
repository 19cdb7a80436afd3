//! What the application does to a driven connection, and asks of it.

use std::io::{self, ErrorKind};
use std::mem::take;

use sslcore::{Event, ReadEnd, UsageError};

use super::{Driver, Transport};
use crate::endpoint::Endpoint;
use crate::trace::Tap;
use crate::wait_error::WaitError;

/// How often a transport that takes nothing more is read for the reason: where reads are discarded, the
/// peer may talk without end.
const LAST_WORDS: usize = 1000;

impl<T: Transport> Driver<T> {
    pub(crate) fn start(
        &mut self,
        start: impl FnOnce(&mut Endpoint) -> Result<(), UsageError>,
    ) -> Result<(), UsageError> {
        self.touch();
        let plain_left = self.connection.transmit().len();
        start(&mut self.connection)?;
        self.plain_left = plain_left;
        self.fresh = false;
        self.nudge();
        self.transport.acted();
        Ok(())
    }

    /// Changes something of the connection, and carries it out.
    pub(crate) fn act<R>(&mut self, act: impl FnOnce(&mut Endpoint) -> R) -> R {
        self.touch();
        let outcome = act(&mut self.connection);
        self.nudge();
        self.transport.acted();
        outcome
    }

    /// Answers what was asked. Receives first: a peer that has hung up while somebody was asked ends
    /// the question.
    pub(crate) fn answer(
        &mut self,
        answer: impl FnOnce(&mut Endpoint) -> Result<(), UsageError>,
    ) -> Result<(), UsageError> {
        self.turn();
        self.act(answer)
    }

    pub(crate) fn discard_reads(&mut self) {
        self.fresh = false;
        self.act(Endpoint::discard_reads);
    }

    pub(crate) fn close(&mut self) {
        self.closing = true;
        self.act(Endpoint::close);
    }

    pub(crate) fn cancel(&mut self) {
        self.fresh = false;
        self.closing = true;
        self.act(Endpoint::cancel);
    }

    /// Nobody reads: a peer that is silent after our close is not waited for for ever.
    pub(crate) fn limit_peer_close(&mut self) {
        self.act(|connection| {
            if connection.peer_close_timeout().is_none() {
                connection.set_peer_close_timeout(connection.close_timeout());
            }
        });
    }

    pub(crate) fn abort(&mut self) {
        self.fresh = false;
        self.closing = true;
        self.touch();
        self.connection.abort();
        self.settle();
        self.end_transport();
        self.transport.acted();
    }

    /// Writes the connection down, one in which nothing has happened yet.
    #[cfg(feature = "transcripts")]
    pub(crate) fn transcribe(
        &mut self,
        configuration: &str,
        to: Box<dyn FnMut(&str) + Send>,
    ) -> Result<(), UsageError> {
        let limits = self.untouched.take().ok_or(UsageError::AlreadyStarted)?;
        self.connection = Endpoint::recorded(configuration, limits, to);
        Ok(())
    }

    pub(crate) fn poll_event(&mut self) -> Option<Event> {
        self.events.pop()
    }

    pub(crate) fn set_tap(&mut self, tap: Option<Box<dyn Tap>>) {
        self.tap = tap;
    }

    pub(crate) fn transport_error(&self) -> Option<&io::Error> {
        self.transport_error.as_ref()
    }

    pub(crate) fn is_connecting(&self) -> bool {
        self.connecting
    }

    /// Whether the transport has connected: `None` while it tries.
    pub(crate) fn connected(&self) -> Option<Result<(), WaitError>> {
        match (self.connecting, self.is_disconnected()) {
            (true, _) => None,
            (false, false) => Some(Ok(())),
            (false, true) => {
                let end = self.connection.read_end().unwrap_or(ReadEnd::Aborted);
                Some(Err(self.end_error(end)))
            }
        }
    }

    /// Whether the application has closed our direction, or the connection is over.
    pub(crate) fn is_closing(&self) -> bool {
        self.closing || self.connection.is_over()
    }

    /// Whether nothing more will pass in either direction.
    pub(crate) fn is_disconnected(&self) -> bool {
        self.connection.close_report().is_some() || (self.read_ended && self.write_ended)
    }

    /// Whether the transport gives nothing more.
    pub(crate) fn read_ended(&self) -> bool {
        self.read_ended
    }

    /// Whether the transport's end is behind data that waits to be read.
    pub(crate) fn awaits_reader(&self) -> bool {
        let ended = self.connection.read_end().is_some();
        self.read_ended && !ended && self.connection.bytes_available() > 0
    }

    /// Bytes sent so far, those of handshakes not counted.
    pub(crate) fn data_sent(&self) -> u64 {
        self.data_sent
    }

    /// Whether the handshake was completed, even if the connection is over by now.
    pub(crate) fn is_handshaken(&self) -> bool {
        self.handshaken
    }

    /// Whether data has arrived since this was asked last.
    pub(crate) fn take_fresh(&mut self) -> bool {
        take(&mut self.fresh)
    }

    /// What only the application can answer.
    pub(crate) fn question(&self) -> Option<WaitError> {
        let verdict = self.connection.review().map(|review| review.id);
        let config = self.connection.config_request().map(|request| request.id);
        let key = self.connection.psk_request().map(|request| request.id);
        let signature = self.connection.signature_request();
        let signature = signature.map(|request| request.id);
        verdict
            .map(WaitError::VerdictNeeded)
            .or(config.map(WaitError::ConfigNeeded))
            .or(key.map(WaitError::PreSharedKeyNeeded))
            .or(signature.map(WaitError::SignatureNeeded))
    }

    /// Why nothing more will happen: after the connection is over, and its alert has left.
    pub(crate) fn ended(&self) -> Option<WaitError> {
        let settled = self.connection.close_report().is_some() || self.write_ended;
        (self.connection.is_over() && settled)
            .then(|| self.end_error(self.connection.read_end().unwrap_or(ReadEnd::Aborted)))
    }

    /// Why there was no connection, the failure, or else this end.
    pub(crate) fn end_error(&self, end: ReadEnd) -> WaitError {
        match (&self.unreachable, self.connection.failure()) {
            (Some(error), _) => WaitError::CannotConnect(error.clone()),
            (None, Some(failure)) => WaitError::Failed(failure.clone()),
            (None, None) => WaitError::Ended(end),
        }
    }

    /// Bytes that `write` has accepted and the transport not taken yet, handshake included.
    pub(crate) fn pending(&self) -> usize {
        self.connection.bytes_to_write() + self.connection.encrypted_bytes_to_write()
    }

    /// Why bytes that were written will never leave, once that is certain. What the connection adds
    /// by itself does not count: often enough nobody is there any more to take its last alert.
    pub(crate) fn lost(&mut self) -> Option<WaitError> {
        let lost = self.write_ended || self.has_reported_loss();
        (self.owed && lost).then(|| self.gone())
    }

    pub(super) fn has_reported_loss(&self) -> bool {
        let report = self.connection.close_report().unwrap_or_default();
        report.abandoned > 0 || report.unsent > 0
    }

    /// Why the transport takes nothing more: what the peer has said about it, if it did.
    pub(crate) fn gone(&mut self) -> WaitError {
        for _ in 0..LAST_WORDS {
            if self.connection.is_over() || !(self.receive() | self.settle()) {
                break;
            }
        }
        match self.connection.is_over() {
            true => self.end_error(self.connection.read_end().unwrap_or(ReadEnd::Aborted)),
            false => WaitError::Ended(ReadEnd::Reset),
        }
    }

    /// Whether a read need not wait: there is data, or the orderly end of it.
    pub(crate) fn readable(&self) -> Option<Result<(), WaitError>> {
        if !self.connection.peek().is_empty() {
            return Some(Ok(()));
        }
        match self.connection.read_end()? {
            ReadEnd::Closed | ReadEnd::EndOfStream => Some(Ok(())),
            end => Some(Err(self.end_error(end))),
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

    /// The reader has used so much: what waited for room can come in, and what waits to be sent leaves
    /// with a read that has no need to wait, too.
    pub(crate) fn consume(&mut self, n: usize) {
        // More than there is changes nothing (rule R7).
        let _ = self.connection.consume(n);
        self.fresh &= self.connection.bytes_available() > 0;
        self.nudge();
    }

    /// Takes what there is room for; `None` when there is none.
    pub(crate) fn write(&mut self, plaintext: &[u8]) -> Option<io::Result<usize>> {
        let something = !plaintext.is_empty();
        self.write_by(something, |connection| connection.write(plaintext))
    }

    /// The same, from `something` or nothing, by a way of one's own.
    pub(crate) fn write_by(
        &mut self,
        something: bool,
        write: impl FnOnce(&mut Endpoint) -> Result<usize, UsageError>,
    ) -> Option<io::Result<usize>> {
        if self.write_ended && !self.connection.transmit_finished() {
            return Some(Err(self.gone().into()));
        }
        self.touch();
        match write(&mut self.connection) {
            Ok(0) if something => None,
            Ok(n) => {
                self.owed |= something;
                Some(Ok(n))
            }
            Err(usage) => Some(Err(self.write_error(usage))),
        }
    }

    pub(super) fn write_error(&self, usage: UsageError) -> io::Error {
        match self.end_error(ReadEnd::Aborted) {
            WaitError::Ended(_) => io::Error::new(ErrorKind::BrokenPipe, usage),
            failed => failed.into(),
        }
    }

    /// Whether the transport has taken all that was written, and nothing of it was lost.
    pub(crate) fn flushed(&mut self) -> Option<Result<(), WaitError>> {
        match self.lost() {
            Some(why) => Some(Err(why)),
            None => {
                let has_left = self.pending() == 0 && !self.unflushed;
                (has_left || self.write_ended).then_some(Ok(()))
            }
        }
    }
}
