//! The application door: plaintext in and out, and the ways to end.

use core::ops::Deref;
use core::time::Duration;

use bytes::{Buf, BufMut};

use super::Connection;
use super::encrypted::Unsealed;
use crate::alert::Alert;
use crate::handshake::key_schedule::exporter::ExportError;
use crate::pieces::{self, Slices};
use crate::state::Sink;
use crate::usage::{ReadEnd, UsageError};

impl Connection {
    /// Accepts plaintext, and returns how many bytes of it. The rest is not queued: keep it, and write
    /// it again after [`Event::Writable`](crate::Event::Writable). Without room at all it returns
    /// `Ok(0)`.
    ///
    /// Before TLS, plaintext leaves in the clear; during the handshake it is queued, up to
    /// [`Limits::queued`](crate::Limits::queued); afterwards it is encrypted at once, in records of at
    /// most 16,384 bytes. `QIODevice::write`, but bounded.
    ///
    /// # Errors
    /// [`UsageError::WriteClosed`] after [`close`](Self::close),
    /// [`UsageError::ConnectionOver`].
    pub fn write(&mut self, plaintext: &[u8]) -> Result<usize, UsageError> {
        let io = &mut self.io;
        let n = match self.phase.sink(io.outbound())? {
            Sink::Clear => io.transmit.append_plain(plaintext),
            Sink::Queue(queue) => queue.push(plaintext, io.limits.queued),
            Sink::Records(encrypted) => match encrypted.write(plaintext, io) {
                Ok(n) => n,
                Err(Unsealed { sealed, failure }) => {
                    self.fail(failure);
                    sealed
                }
            },
        };
        self.io.wants_writable |= n < plaintext.len();
        Ok(n)
    }

    /// Accepts plaintext from several slices, as [`write`](Self::write) does from one: records are
    /// filled across slices, so that many small slices make few records. Copies each byte once more
    /// than `write`.
    ///
    /// ```
    /// # use sslcore::{Connection, UsageError};
    /// # fn f(conn: &mut Connection) -> Result<(), UsageError> {
    /// let (header, body) = (&b"DATA 5\r\n"[..], &b"hello"[..]);
    /// let accepted = conn.write_vectored(&[header, body])?; // one record
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As for [`write`](Self::write).
    pub fn write_vectored<S: Deref<Target = [u8]>>(
        &mut self,
        plaintext: &[S],
    ) -> Result<usize, UsageError> {
        self.write_buf(&mut Slices::new(plaintext))
    }

    /// Accepts plaintext from any [`Buf`], as [`write`](Self::write) does from a slice, and advances it
    /// by as much as was accepted. A `Buf` with fewer bytes than its [`remaining`](Buf::remaining) is
    /// written as far as it goes.
    ///
    /// ```
    /// # use sslcore::bytes::{Buf, Bytes};
    /// # use sslcore::{Connection, UsageError};
    /// # fn f(conn: &mut Connection, head: Bytes, tail: Bytes) -> Result<(), UsageError> {
    /// let mut message = head.chain(tail);
    /// conn.write_buf(&mut message)?;
    /// if message.has_remaining() {
    ///     // wait for Event::Writable, and write the rest
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As for [`write`](Self::write).
    pub fn write_buf(&mut self, plaintext: &mut impl Buf) -> Result<usize, UsageError> {
        if plaintext.chunk().len() == plaintext.remaining() {
            let n = self.write(plaintext.chunk())?;
            plaintext.advance(n);
            return Ok(n);
        }
        let io = &mut self.io;
        let n = match self.phase.sink(io.outbound())? {
            Sink::Clear => pieces::each(plaintext, |piece| io.transmit.append_plain(piece)),
            Sink::Queue(queue) => {
                let limit = io.limits.queued;
                pieces::each(plaintext, |piece| queue.push(piece, limit))
            }
            Sink::Records(encrypted) => match encrypted.write_pieces(plaintext, io) {
                Ok(n) => n,
                Err(Unsealed { sealed, failure }) => {
                    self.fail(failure);
                    sealed
                }
            },
        };
        self.io.wants_writable |= plaintext.has_remaining() && !plaintext.chunk().is_empty();
        Ok(n)
    }

    /// Lends room for up to `len` bytes of plaintext, and accepts as many as `fill` says that it has put at
    /// its front: they are encrypted where they lie, and copied nowhere. One call makes at most one record,
    /// so there is room for 16,384 bytes at most, or for what the peer takes in a record. What lies in the
    /// room before is of no meaning, and what lies behind the accepted bytes afterwards is overwritten.
    ///
    /// Without room for all of that record `fill` is not called, the result is `Ok(0)`, and
    /// [`Event::Writable`](crate::Event::Writable) follows. Before the connection is encrypted, the room may
    /// be shorter. During the handshake the bytes are queued, as [`write`](Self::write) does, and copied
    /// later.
    ///
    /// ```
    /// # use sslcore::{Connection, UsageError};
    /// # fn f(conn: &mut Connection, samples: &mut dyn Iterator<Item = u16>) -> Result<(), UsageError> {
    /// let accepted = conn.write_with(1024, |room| {
    ///     let pairs = room.chunks_exact_mut(2).zip(samples);
    ///     pairs.map(|(room, sample)| room.copy_from_slice(&sample.to_be_bytes())).count() * 2
    /// })?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As for [`write`](Self::write); `fill` is not called then.
    pub fn write_with(
        &mut self,
        len: usize,
        fill: impl FnOnce(&mut [u8]) -> usize,
    ) -> Result<usize, UsageError> {
        let io = &mut self.io;
        let (room, n) = match self.phase.sink(io.outbound())? {
            Sink::Clear => io.transmit.append_plain_with(len, fill),
            Sink::Queue(queue) => queue.push_with(len, io.limits.queued, fill),
            Sink::Records(encrypted) => match encrypted.write_with(len, fill, io) {
                Ok(written) => written,
                Err(Unsealed { sealed, failure }) => {
                    self.fail(failure);
                    (len, sealed)
                }
            },
        };
        self.io.wants_writable |= room == 0 && len > 0;
        Ok(n)
    }

    /// The unread plaintext, in one piece. [`consume`](Self::consume) drops what was used of it.
    #[inline]
    pub fn peek(&self) -> &[u8] {
        self.io.receive.plain()
    }

    /// Drops the first `n` bytes of [`peek`](Self::peek).
    ///
    /// # Errors
    /// [`UsageError::TooManyBytes`] when there are fewer.
    pub fn consume(&mut self, n: usize) -> Result<(), UsageError> {
        let available = self.io.receive.plain_len();
        if n > available {
            return Err(UsageError::TooManyBytes {
                given: n,
                available,
            });
        }
        self.io.receive.consume(n);
        self.io.rest_from_reading();
        Ok(())
    }

    /// Puts plaintext back in front of the unread plaintext, as if it had not been read: all of it or
    /// nothing. At most as many bytes can be put back as were read or [consumed](Self::consume), less
    /// those that were put back since. What was read before TLS was started
    /// ([rule R2](crate::rules#r2)), or before [`discard_reads`](Self::discard_reads),
    /// [`cancel`](Self::cancel) or [`abort`](Self::abort), cannot be put back. Bytes that were just
    /// read always have room, until others arrive. There is no event, and space that
    /// [`receive_buffer`](Self::receive_buffer) lent may be taken back. `QIODevice::ungetChar`.
    ///
    /// ```
    /// # use sslcore::{Connection, UsageError};
    /// /// Reads one byte, unless it begins the next message.
    /// fn digit(conn: &mut Connection) -> Result<Option<u8>, UsageError> {
    ///     let mut byte = [0];
    ///     match conn.read(&mut byte) {
    ///         Ok(_) if byte[0].is_ascii_digit() => Ok(Some(byte[0])),
    ///         Ok(_) => conn.unread(&byte).map(|()| None),
    ///         Err(_) => Ok(None),
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// [`UsageError::TooManyBytes`] when it is more than that, or has no room.
    pub fn unread(&mut self, plaintext: &[u8]) -> Result<(), UsageError> {
        let cap = self.io.receive_cap();
        self.io
            .receive
            .put_back(plaintext, cap)
            .map_err(|available| UsageError::TooManyBytes {
                given: plaintext.len(),
                available,
            })
    }

    /// Copies unread plaintext out. `Ok(0)` only when `out` is empty.
    ///
    /// # Errors
    /// A [`ReadEnd`] that says why there is nothing to read: not yet, or never again. Plaintext that was
    /// received before a failure can still be read.
    ///
    /// ```
    /// # use sslcore::{Connection, ReadEnd};
    /// # fn f(conn: &mut Connection) {
    /// let mut buffer = [0; 1024];
    /// match conn.read(&mut buffer) {
    ///     Ok(n) => println!("{} bytes", n),
    ///     Err(ReadEnd::Empty) => println!("nothing yet"),
    ///     Err(ReadEnd::Closed) => println!("that was all"),
    ///     Err(ReadEnd::Truncated | ReadEnd::Reset) => println!("something may be missing"),
    ///     Err(end) => println!("{end:?}"),
    /// }
    /// # }
    /// ```
    pub fn read(&mut self, out: &mut [u8]) -> Result<usize, ReadEnd> {
        let plain = self.io.receive.plain();
        if plain.is_empty() && !out.is_empty() {
            return Err(self.io.inbound_end().unwrap_or(ReadEnd::Empty));
        }
        let n = plain.len().min(out.len());
        out[..n].copy_from_slice(&plain[..n]);
        self.io.receive.consume(n);
        self.io.rest_from_reading();
        Ok(n)
    }

    /// Copies unread plaintext into any [`BufMut`], as far as that has room.
    ///
    /// ```
    /// # use sslcore::Connection;
    /// # use sslcore::bytes::BytesMut;
    /// # fn f(conn: &mut Connection) {
    /// let mut message = BytesMut::new();
    /// while conn.read_buf(&mut message).is_ok() {}
    /// # }
    /// ```
    ///
    /// # Errors
    /// As for [`read`](Self::read).
    pub fn read_buf(&mut self, out: &mut impl BufMut) -> Result<usize, ReadEnd> {
        let plain = self.io.receive.plain();
        if plain.is_empty() && out.has_remaining_mut() {
            return Err(self.io.inbound_end().unwrap_or(ReadEnd::Empty));
        }
        let n = plain.len().min(out.remaining_mut());
        out.put_slice(&plain[..n]);
        self.io.receive.consume(n);
        self.io.rest_from_reading();
        Ok(n)
    }

    /// Throws away unread data, and from now on all data that arrives. Records are still decrypted,
    /// so that alerts and close_notify behind the data take effect. Use it when you close without
    /// reading the remaining data.
    pub fn discard_reads(&mut self) {
        self.io.discard_reads = true;
        self.io.receive.clear_plain();
    }

    /// Sets how long the peer may be silent between the end of our direction and the end of its own.
    /// The timer starts again whenever data arrives, and is paused while plaintext is unread. When it
    /// expires the connection is over, and [`read_end`](Self::read_end) is
    /// [`TimedOut`](ReadEnd::TimedOut).
    ///
    /// `None`, the default, sets no limit, since close_notify ends one direction only (RFC 8446 §6.1).
    /// Set one where nobody reads, or silent peers hold connections for ever;
    /// [`discard_reads`](Self::discard_reads) sets [`Timeouts::close`](crate::Timeouts::close) when
    /// there is none.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use sslcore::Connection;
    /// /// Closes, and waits no longer for the peer than it has to take what we send.
    /// fn close(conn: &mut Connection) {
    ///     if conn.peer_close_timeout().is_none() {
    ///         conn.set_peer_close_timeout(conn.close_timeout().or(Some(Duration::from_secs(5))));
    ///     }
    ///     conn.discard_reads();
    ///     conn.close();
    /// }
    ///
    /// fn user_pressed_ctrl_c(conn: &mut Connection) {
    ///     conn.cancel(); // with a farewell
    /// }
    ///
    /// fn link_is_down(conn: &mut Connection) {
    ///     conn.abort(); // without
    ///     assert!(conn.is_over());
    ///     while conn.poll_event().is_some() {}
    ///     assert!(conn.is_done());
    /// }
    /// ```
    pub fn set_peer_close_timeout(&mut self, timeout: Option<Duration>) {
        self.io.peer_close_timeout.set_timeout(timeout);
    }

    /// The limit of [`set_peer_close_timeout`](Self::set_peer_close_timeout), to the microsecond.
    pub fn peer_close_timeout(&self) -> Option<Duration> {
        self.io.peer_close_timeout.timeout()
    }

    /// [`Timeouts::close`](crate::Timeouts::close) of the configuration, to the microsecond; `None`
    /// before TLS.
    pub fn close_timeout(&self) -> Option<Duration> {
        self.io.close_timeout.timeout()
    }

    /// Ends our direction: plaintext that was accepted leaves first, then close_notify. With TLS 1.3 the
    /// peer may go on writing, and we reading (RFC 8446 §6.1);
    /// [`set_peer_close_timeout`](Self::set_peer_close_timeout) limits for how long it may be silent.
    /// TLS 1.2 peers answer with close_notify at once. Many peers just end their stream: that is
    /// [`CloseUnanswered`](crate::Event::CloseUnanswered) when they sent no data after our
    /// close_notify, and else [`Truncated`](crate::FailureKind::Truncated)
    /// ([rule R4](crate::rules#r4)).
    ///
    /// During the handshake, `close` lets it go on if plaintext was accepted, and sends that; with none
    /// accepted, `close` is [`cancel`](Self::cancel). An open decision stays open for
    /// [`Timeouts::close`](crate::Timeouts::close); unanswered, it ends in `cancel`, too. Closing twice
    /// does nothing. `QAbstractSocket::disconnectFromHost`.
    pub fn close(&mut self) {
        self.io.begin_close();
    }

    /// Ends both directions at once, with a farewell: user_canceled, then close_notify (RFC 8446 §6.1),
    /// so that the peer can tell this from [`close`](Self::close). Plaintext that is not encrypted yet
    /// and what is unread are thrown away; sealed records still leave. Use it when a user gives up, or
    /// before a connection is dropped.
    ///
    /// [`read_end`](Self::read_end) is then [`Canceled`](ReadEnd::Canceled), unless reading had ended
    /// before.
    pub fn cancel(&mut self) {
        if self.is_over() {
            return;
        }
        if self.io.can_tell() {
            self.send_alerts(&[Alert::UserCanceled, Alert::CloseNotify]);
        }
        self.io.receive.discard();
        self.end(ReadEnd::Canceled);
        self.settle();
    }

    /// Ends the connection at once: what waits to be sent or read is thrown away, and the peer is told
    /// nothing. `QSslSocket::abort`.
    pub fn abort(&mut self) {
        self.io.tally.unsent += self.io.transmit.clear();
        self.io.receive.discard();
        if !self.is_over() {
            self.end(ReadEnd::Aborted);
        }
        self.settle();
    }

    /// Derives keying material that only the two ends of this connection have, for a protocol that binds
    /// itself to the connection (RFC 5705; for TLS 1.3, RFC 8446 §7.5). Fills all of `out`, 1 to 8,160
    /// bytes. The label, 1 to 249 bytes, is the protocol's own, usually registered with IANA. In TLS
    /// 1.2 no context and an empty one differ, in TLS 1.3 they do not. Costs a few hashes, and
    /// allocates. Can be called any number of times, from [`Encrypted`](crate::Event::Encrypted) on,
    /// also after the end: its secret is wiped when the connection is dropped.
    ///
    /// ```
    /// # use sslcore::{Connection, ExportError};
    /// /// Channel binding for SASL (RFC 9266).
    /// fn channel_binding(conn: &Connection) -> Result<[u8; 32], ExportError> {
    ///     let mut binding = [0; 32];
    ///     conn.export_keying_material(&mut binding, b"EXPORTER-Channel-Binding", Some(b""))?;
    ///     Ok(binding)
    /// }
    /// ```
    ///
    /// # Errors
    /// An [`ExportError`]; `out` is then as it was. Among them
    /// [`NoExtendedMasterSecret`](ExportError::NoExtendedMasterSecret), when a TLS 1.2 peer is too old
    /// to make the material unique (RFC 7627 §5.4).
    pub fn export_keying_material(
        &self,
        out: &mut [u8],
        label: &[u8],
        context: Option<&[u8]>,
    ) -> Result<(), ExportError> {
        match &self.io.known.exporter {
            Some(exporter) => exporter.export(out, label, context),
            None => Err(ExportError::NotEncrypted),
        }
    }

    /// Renews our traffic key, and asks the peer to renew its own (KeyUpdate, RFC 8446 §4.6.3). Each
    /// renewal is an [`Event::KeysUpdated`](crate::Event::KeysUpdated). A peer that has answered such a
    /// request and sent no data since need not answer the next.
    ///
    /// ```
    /// # use sslcore::{Connection, UsageError};
    /// # fn f(conn: &mut Connection) -> Result<(), UsageError> {
    /// match conn.update_keys() {
    ///     Err(UsageError::NotTls13) => println!("TLS 1.2 cannot"),
    ///     updated => updated?,
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`UsageError::NotTls13`], [`UsageError::NotEncrypted`], [`UsageError::WriteClosed`],
    /// [`UsageError::ConnectionOver`]. With the feature `offload` also
    /// `UsageError::Offload`, when our key is in the hands of others who can take no other.
    pub fn update_keys(&mut self) -> Result<(), UsageError> {
        self.phase.encrypted(self.io.outbound())?.request_update()
    }
}
