//! The transport door: bytes from the peer, bytes for the peer.

use bytes::{Buf, BytesMut};

use super::Connection;
use super::io::TransportEnd;
use super::lent::{Transmission, TransportBuffers};
use crate::pieces;
use crate::trace::Direction;
#[cfg(feature = "offload")]
use crate::usage::OffloadError;
use crate::usage::UsageError;

impl Connection {
    /// Copies bytes that came from the transport, and returns how many: fewer than given when the
    /// buffer is full, which is back-pressure. After the end of the connection all bytes are taken and
    /// dropped.
    ///
    /// # Errors
    /// [`UsageError::ReceiveAfterEnd`]. With the feature `offload` also `UsageError::Offload`, when others open
    /// what is received.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<usize, UsageError> {
        self.check_transport()?;
        Ok(self.take_in(bytes))
    }

    /// Lends space for the transport to read into; [`received`](Self::received) then says how much was
    /// read. The space holds what the current record still needs, or what the buffer has left: between
    /// records an owned buffer has 1,280 bytes or more, and grows while the transport fills it. When the
    /// space is empty, that is back-pressure: do not read from the transport, since 0 bytes read into an
    /// empty buffer are not the end of the stream.
    pub fn receive_buffer(&mut self) -> &mut [u8] {
        self.lend_receive().1
    }

    /// The transport has put `n` bytes at the front of [`receive_buffer`](Self::receive_buffer).
    /// Call it at most once for each call of `receive_buffer`. Calling [`read`](Self::read),
    /// [`consume`](Self::consume), [`process`](Self::process) or `receive_buffer` again in between is fine;
    /// [`receive`](Self::receive) in between takes the buffer back, and [`unread`](Self::unread) may.
    ///
    /// # Errors
    /// [`UsageError::TooManyBytes`] when the space was shorter than that, or is not lent any more
    /// because bytes arrived another way, [`UsageError::ReceiveAfterEnd`]. With the feature `offload` also
    /// `UsageError::Offload`, when others open what is received.
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
        #[cfg(feature = "offload")]
        let room = match &self.io.layouts[Direction::Received as usize] {
            Some(_) if self.is_offload_due(Direction::Received) => 0,
            Some(layout) => layout.room(room).len(),
            None => room,
        };
        self.io.transport_end.is_none() && !self.is_over() && room > 0
    }

    /// Lends [`transmit`](Self::transmit) and [`receive_buffer`](Self::receive_buffer) at once, for a
    /// task that waits for both directions. [`transmitted`](Self::transmitted) and
    /// [`received`](Self::received) then say what became of them. Either may be empty: do not wait for
    /// that direction.
    ///
    /// ```
    /// # use sslcore::{Connection, TransportBuffers, UsageError};
    /// /// What a transport does when both directions are possible: how much it took, and gave.
    /// type Exchange<'a> = &'a mut dyn FnMut(&[u8], &mut [u8]) -> (usize, usize);
    ///
    /// fn exchange(conn: &mut Connection, transport: Exchange<'_>) -> Result<(), UsageError> {
    ///     let TransportBuffers { transmit, receive, .. } = conn.lend();
    ///     let (sent, read) = transport(transmit, receive);
    ///     conn.transmitted(sent)?;
    ///     conn.received(read)
    /// }
    /// ```
    pub fn lend(&mut self) -> TransportBuffers<'_> {
        let (transmit, receive) = self.lend_receive();
        TransportBuffers { transmit, receive }
    }

    /// Lends the space for what arrives, and shows the other buffer.
    #[inline]
    fn lend_receive(&mut self) -> (&[u8], &mut [u8]) {
        match self.io.is_handed_over(Direction::Received) {
            true => (self.io.transmit_bytes(), &mut []),
            false => self.lend_space(),
        }
    }

    /// The same, whoever fills it.
    #[inline]
    pub(super) fn lend_space(&mut self) -> (&[u8], &mut [u8]) {
        if self.swallows() {
            self.io.receive.clear_raw();
        }
        let cap = self.io.receive_cap();
        let want = self.io.receive.wanted();
        let sends_bytes = !self.io.is_handed_over(Direction::Sent);
        let receive = self.io.receive.lend(want, cap);
        self.io.told.found_full |= receive.is_empty();
        let transmit = match sends_bytes {
            true => self.io.transmit.bytes(),
            false => &[],
        };
        (transmit, receive)
    }

    /// Copies received bytes out of an owned buffer, as completion-based IO hands them over, and returns
    /// how many. What did not fit stays in the buffer.
    ///
    /// ```
    /// # use sslcore::bytes::{Buf, BytesMut};
    /// # use sslcore::{Connection, UsageError};
    /// # fn f(conn: &mut Connection, mut completed: BytesMut, mut parts: impl Buf) -> Result<(), UsageError> {
    /// conn.receive_owned(&mut completed)?;
    /// conn.receive_buf(&mut parts)?;
    /// if completed.is_empty() && conn.wants_receive() {
    ///     // submit the next read
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As for [`receive`](Self::receive).
    pub fn receive_owned(&mut self, bytes: &mut BytesMut) -> Result<usize, UsageError> {
        self.receive_buf(bytes)
    }

    /// Copies received bytes out of any [`Buf`], chunk by chunk, and returns how many. A `Buf` with fewer
    /// bytes than its [`remaining`](Buf::remaining) is read as far as it goes.
    ///
    /// # Errors
    /// As for [`receive`](Self::receive).
    pub fn receive_buf(&mut self, bytes: &mut impl Buf) -> Result<usize, UsageError> {
        self.check_transport()?;
        Ok(pieces::each(bytes, |piece| self.take_in(piece)))
    }

    /// Tells the connection that the transport has ended in order: TCP's FIN. Records that were received
    /// are processed first; then the connection fails as
    /// [`Truncated`](crate::FailureKind::Truncated), unless close_notify was among them
    /// ([rule R4](crate::rules#r4)).
    pub fn receive_eof(&mut self) {
        self.io.transport_end.get_or_insert(TransportEnd::Eof);
    }

    /// Tells the connection that the transport has failed (ECONNRESET, ETIMEDOUT). What waits to be sent
    /// is thrown away. Bytes that were received before are processed first; then the connection fails as
    /// [`Reset`](crate::FailureKind::Reset). When only sending has failed (EPIPE), and bytes may still
    /// arrive, call [`transmit_failed`](Self::transmit_failed) and go on reading.
    pub fn receive_reset(&mut self) {
        self.io.transport_end = Some(TransportEnd::Reset);
        self.io.tally.unsent += self.io.transmit.clear();
    }

    /// Tells the connection that the transport takes nothing more: sending has failed, and reading may
    /// go on. What waits to be sent is counted in
    /// [`CloseReport::unsent`](crate::CloseReport::unsent), and nothing more can be written. What the
    /// peer has sent, perhaps the reason, can still be read; at its end the connection fails as
    /// [`Reset`](crate::FailureKind::Reset). Does nothing when everything had left.
    pub fn transmit_failed(&mut self) {
        self.io.lose_transmit();
        self.io.tally.abandoned += self.phase.abandon();
        self.settle();
    }

    /// The bytes that the transport is to send; empty when there are none now.
    #[inline]
    pub fn transmit(&self) -> &[u8] {
        self.io.transmit_bytes()
    }

    /// Tells the connection that the transport has taken `n` bytes of [`transmit`](Self::transmit). With
    /// 0, when it takes none now, [`next`](Self::next) waits for it.
    ///
    /// # Errors
    /// [`UsageError::TooManyBytes`] when there were fewer.
    pub fn transmitted(&mut self, n: usize) -> Result<(), UsageError> {
        let available = self.io.transmit_bytes().len();
        if n > available {
            return Err(UsageError::TooManyBytes {
                given: n,
                available,
            });
        }
        self.taken(n);
        Ok(())
    }

    /// Hands over the bytes of [`transmit`](Self::transmit), for transports that must own what they send
    /// until it is sent. With owned buffers nothing is copied: their memory is handed over, and serves
    /// again when the transmission was completed before the next record is sealed, so that one small
    /// allocation is made for each transmission. With lent buffers the bytes are copied. There is one
    /// [`Transmission`] at a time, and `transmit` is empty meanwhile. `None` when there is nothing to send,
    /// or a transmission is on its way.
    ///
    /// [`complete_transmit`](Self::complete_transmit) says how many bytes were sent: only those count as
    /// taken. [`Transmission`] has an example.
    pub fn take_transmit(&mut self) -> Option<Transmission> {
        match self.io.is_handed_over(Direction::Sent) {
            true => None,
            false => self.io.transmit.hand_over().map(Transmission),
        }
    }

    /// Tells the connection that the transport has taken `n` bytes of a [`Transmission`]. The others are
    /// shown again.
    ///
    /// # Errors
    /// [`UsageError::TooManyBytes`] when the transmission has fewer: none of its bytes count as sent
    /// then. [`UsageError::Stale`] when it is not on its way any more, because the transport was reset,
    /// the connection aborted, or its time ran out: its bytes were counted as unsent.
    pub fn complete_transmit(
        &mut self,
        transmission: Transmission,
        n: usize,
    ) -> Result<(), UsageError> {
        if !self.io.transmit.take_back(&transmission.0) {
            return Err(UsageError::Stale);
        }
        drop(transmission); // its memory serves again
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

    pub(super) fn taken(&mut self, n: usize) {
        let taken = self.io.transmit.take(n);
        self.io.stalled = n == 0 && self.io.transmit.shown() > 0;
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

    /// Whether the transport has taken every byte, and none will follow: the adapter may shut the socket
    /// down for writing (FIN). The bytes of a [`Transmission`] are taken when it is completed.
    ///
    /// ```
    /// # use std::net::{Shutdown, TcpStream};
    /// # use sslcore::Connection;
    /// # fn f(conn: &Connection, socket: &TcpStream) -> std::io::Result<()> {
    /// if conn.transmit_finished() {
    ///     socket.shutdown(Shutdown::Write)?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn transmit_finished(&self) -> bool {
        self.io.has_sent_all()
    }

    fn check_transport(&self) -> Result<(), UsageError> {
        match self.io.transport_end {
            Some(_) => Err(UsageError::ReceiveAfterEnd),
            #[cfg(feature = "offload")]
            None if self.io.is_handed_over(Direction::Received) => {
                Err(UsageError::Offload(OffloadError::HandedOver))
            }
            None => Ok(()),
        }
    }

    /// Whether what arrives is of no use any more.
    pub(super) fn swallows(&self) -> bool {
        self.is_over() || self.io.inbound_end().is_some()
    }
}
