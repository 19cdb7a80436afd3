//! The transport door: bytes from the peer, bytes for the peer.

use bytes::{Buf, BytesMut};

use super::Connection;
use super::io::TransportEnd;
use super::lent::{Transmission, TransportBuffers};
use crate::buffer::missing;
use crate::pieces;
use crate::record::header::MAX_RECORD;
use crate::usage::UsageError;

impl Connection {
    /// Copies bytes from the transport in, and says how many: fewer than given when the buffer is
    /// full, which is back-pressure. After the end of the connection they are swallowed.
    ///
    /// # Errors
    /// [`UsageError::ReceiveAfterEnd`].
    pub fn receive(&mut self, bytes: &[u8]) -> Result<usize, UsageError> {
        self.check_transport()?;
        Ok(self.take_in(bytes))
    }

    /// Lends space for the transport to read into; [`received`](Self::received) keeps what was
    /// read. Holds at least what the record at hand still needs, or what the buffer has left: when it
    /// is empty, that is back-pressure. Do not read from the transport then: 0 bytes read
    /// into an empty buffer are not the end of the stream.
    pub fn receive_buffer(&mut self) -> &mut [u8] {
        self.lend().receive
    }

    /// The transport has put `n` bytes at the front of [`receive_buffer`](Self::receive_buffer).
    /// Call it at most once for each call of `receive_buffer`. Calling [`read`](Self::read),
    /// [`consume`](Self::consume) or [`process`](Self::process) in between is fine;
    /// [`receive`](Self::receive) in between takes the buffer back, and [`unread`](Self::unread) may.
    ///
    /// # Errors
    /// [`UsageError::TooManyBytes`] when it was shorter than that, or is not lent any more because
    /// bytes arrived another way, [`UsageError::ReceiveAfterEnd`].
    pub fn received(&mut self, n: usize) -> Result<(), UsageError> {
        self.check_transport()?;
        let available = self.io.receive.lent();
        if n > available {
            return Err(UsageError::TooManyBytes {
                given: n,
                available,
            });
        }
        let keep = if self.swallows() { 0 } else { n };
        self.io.receive.give_back(keep);
        Ok(())
    }

    /// Whether the transport should be read: it has not ended, the connection is not over, and
    /// [`receive_buffer`](Self::receive_buffer) has room.
    pub fn wants_receive(&self) -> bool {
        let room = self.io.receive.room(self.io.receive_cap());
        self.io.transport_end.is_none() && !self.is_over() && room > 0
    }

    /// Lends both at once, for one task that waits for both directions:
    /// [`transmit`](Self::transmit) and [`receive_buffer`](Self::receive_buffer). Say with
    /// [`transmitted`](Self::transmitted) and [`received`](Self::received) what became of it. Either
    /// may be empty: then that direction is not to be waited for.
    pub fn lend(&mut self) -> TransportBuffers<'_> {
        if self.swallows() {
            self.io.receive.clear_raw();
        }
        let cap = self.io.receive_cap();
        let missing = missing(self.io.receive.raw());
        let roomy = self.io.receive.capacity(cap).min(MAX_RECORD);
        let receive = self.io.receive.lend(missing.max(roomy), cap);
        self.io.told.found_full |= receive.is_empty();
        TransportBuffers {
            transmit: self.io.transmit.bytes(),
            receive,
        }
    }

    /// Takes received bytes out of an owned buffer, as completion-based IO hands them over, and
    /// says how many; what stays in it did not fit. They are copied.
    ///
    /// # Errors
    /// As for [`receive`](Self::receive).
    pub fn receive_owned(&mut self, bytes: &mut BytesMut) -> Result<usize, UsageError> {
        self.receive_buf(bytes)
    }

    /// The same from any [`Buf`], chunk by chunk. One that has less than it says
    /// ([`Buf::remaining`]) is read as far as it goes.
    ///
    /// # Errors
    /// As for [`receive`](Self::receive).
    pub fn receive_buf(&mut self, bytes: &mut impl Buf) -> Result<usize, UsageError> {
        self.check_transport()?;
        Ok(pieces::each(bytes, |piece| self.take_in(piece)))
    }

    /// The transport has ended in order: TCP's FIN. Records already received are processed first,
    /// then it is [`Truncated`](crate::FailureKind::Truncated) unless close_notify was among them
    /// ([rule R4](crate::rules#r4)).
    pub fn receive_eof(&mut self) {
        self.io.transport_end.get_or_insert(TransportEnd::Eof);
    }

    /// Tells the connection that the transport has failed (ECONNRESET, ETIMEDOUT). What waits to be
    /// sent is thrown away, and the connection fails as [`Reset`](crate::FailureKind::Reset); bytes
    /// that were received before are processed first. When only sending has failed (EPIPE), and bytes
    /// may still arrive, call [`transmit_failed`](Self::transmit_failed) and go on reading.
    pub fn receive_reset(&mut self) {
        self.io.transport_end = Some(TransportEnd::Reset);
        self.io.tally.unsent += self.io.transmit.clear();
    }

    /// The transport takes nothing more: sending has failed, and reading may go on. What waits is
    /// counted in [`CloseReport::unsent`](crate::CloseReport::unsent), and nothing more can be
    /// written. What the peer has said, perhaps why, can still be read; the end of that is the end of
    /// the connection, which has failed as [`Reset`](crate::FailureKind::Reset). Does nothing when
    /// everything had left.
    pub fn transmit_failed(&mut self) {
        self.io.lose_transmit();
        self.io.tally.abandoned += self.phase.abandon();
        self.settle();
    }

    /// What the transport is to send. Empty when there is nothing now.
    pub fn transmit(&self) -> &[u8] {
        self.io.transmit.bytes()
    }

    /// The transport has taken `n` bytes of [`transmit`](Self::transmit); 0, if it takes none now:
    /// [`next`](Self::next) waits for it then.
    ///
    /// # Errors
    /// [`UsageError::TooManyBytes`] when there were fewer.
    pub fn transmitted(&mut self, n: usize) -> Result<(), UsageError> {
        let available = self.io.transmit.bytes().len();
        if n > available {
            return Err(UsageError::TooManyBytes {
                given: n,
                available,
            });
        }
        self.taken(n);
        Ok(())
    }

    /// Hands over what [`transmit`](Self::transmit) shows, for transports that want to own what they
    /// send until they have sent it. With owned buffers nothing is copied, and the next record
    /// allocates anew; with lent ones it is copied. `None` when there is nothing to send, or it is
    /// handed over already: one [`Transmission`] at a time, and `transmit` is empty meanwhile.
    ///
    /// [`complete_transmit`](Self::complete_transmit) says how much of it was sent: only that counts
    /// as taken.
    pub fn take_transmit(&mut self) -> Option<Transmission> {
        self.io.transmit.hand_over().map(Transmission)
    }

    /// The transport has taken `n` bytes of a [`Transmission`]; the rest comes again.
    ///
    /// # Errors
    /// [`UsageError::TooManyBytes`] when it has fewer: nothing of it counts as sent then.
    /// [`UsageError::Stale`] when it is not on its way any more, since the transport was
    /// reset, the connection aborted, or its time ran out; then it was counted as unsent.
    pub fn complete_transmit(
        &mut self,
        transmission: Transmission,
        n: usize,
    ) -> Result<(), UsageError> {
        if !self.io.transmit.take_back(&transmission.0) {
            return Err(UsageError::Stale);
        }
        self.transmitted(n)
    }

    fn take_in(&mut self, bytes: &[u8]) -> usize {
        if self.swallows() {
            return bytes.len();
        }
        let cap = self.io.receive_cap();
        let tail = self.io.receive.tail(bytes.len(), cap);
        let n = bytes.len().min(tail.len());
        tail[..n].copy_from_slice(&bytes[..n]);
        self.io.receive.commit(n);
        self.io.told.found_full |= n < bytes.len();
        n
    }

    fn taken(&mut self, n: usize) {
        let taken = self.io.transmit.take(n);
        self.io.stalled = n == 0 && !self.io.transmit.bytes().is_empty();
        if n > 0 {
            self.io.close_timeout.restart(self.io.now);
        }
        if taken.plain > 0 {
            self.io.events.bytes_written(taken.plain);
        }
        if taken.encrypted > 0 {
            self.io.events.encrypted_bytes_written(taken.encrypted);
        }
        self.settle();
    }

    /// Whether the transport has taken every byte, and none will follow: the adapter may shut the
    /// socket down for writing (FIN). A [`Transmission`] that is not completed counts as not taken.
    pub fn transmit_finished(&self) -> bool {
        self.io.has_sent_all()
    }

    fn check_transport(&self) -> Result<(), UsageError> {
        match self.io.transport_end {
            Some(_) => Err(UsageError::ReceiveAfterEnd),
            None => Ok(()),
        }
    }

    /// Whether what arrives is of no use any more.
    fn swallows(&self) -> bool {
        self.is_over() || self.io.inbound_end().is_some()
    }
}
