//! The application door: plaintext in and out, and the ways to end.

use core::ops::Deref;
use core::time::Duration;

use bytes::{Buf, BufMut};

use super::Connection;
use super::encrypted::Unsealed;
use crate::alert::Alert;
use crate::handshake::rustls::key_schedule::exporter::ExportError;
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

    /// The same from several slices, as if they were one: records are filled across them, so that
    /// many small slices make few records. Copies each byte once more than [`write`](Self::write).
    ///
    /// # Errors
    /// As for [`write`](Self::write).
    pub fn write_vectored<S: Deref<Target = [u8]>>(
        &mut self,
        plaintext: &[S],
    ) -> Result<usize, UsageError> {
        self.write_buf(&mut Slices::new(plaintext))
    }

    /// The same from any [`Buf`], which is advanced by as much as was taken. One that has less than
    /// it says ([`Buf::remaining`]) is written as far as it goes.
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

    /// The unread plaintext, in one piece; [`consume`](Self::consume) drops what was used.
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
        self.io.release_idle();
        Ok(())
    }

    /// Puts plaintext back in front of what is unread, as if it had not been read: all of it or
    /// nothing. No more can be put back than was read, or [consumed](Self::consume), and not put back
    /// since; nothing of what was read before TLS was started ([rule R2](crate::rules#r2)), or before
    /// [`discard_reads`](Self::discard_reads), [`cancel`](Self::cancel) or [`abort`](Self::abort). What
    /// was just read always has room; what arrives meanwhile may take it. No event tells of it, and
    /// space that [`receive_buffer`](Self::receive_buffer) lent may be taken back.
    /// `QIODevice::ungetChar`.
    ///
    /// # Errors
    /// [`UsageError::TooManyBytes`] when it is more than that, or there is no room for it.
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
    /// A [`ReadEnd`] that says why there is nothing: not yet, or never again. What was received
    /// before a failure can still be read.
    pub fn read(&mut self, out: &mut [u8]) -> Result<usize, ReadEnd> {
        let plain = self.io.receive.plain();
        if plain.is_empty() && !out.is_empty() {
            return Err(self.io.inbound_end().unwrap_or(ReadEnd::Empty));
        }
        let n = plain.len().min(out.len());
        out[..n].copy_from_slice(&plain[..n]);
        self.io.receive.consume(n);
        self.io.release_idle();
        Ok(n)
    }

    /// Copies unread plaintext into any [`BufMut`], as far as it has room.
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
        self.io.release_idle();
        Ok(n)
    }

    /// Throws away unread data, and from now on all data that arrives. Records are still decrypted,
    /// so that alerts and close_notify behind the data take effect. Use it when you close without
    /// reading the remaining data.
    pub fn discard_reads(&mut self) {
        self.io.discard_reads = true;
        self.io.receive.clear_plain();
    }

    /// How long the peer may be silent between the end of our direction and the end of its own.
    /// Counted anew whenever data arrives, and it stands still while what has arrived waits for the
    /// reader. When it runs out the connection is over, and [`read_end`](Self::read_end) is
    /// [`TimedOut`](ReadEnd::TimedOut).
    ///
    /// `None`, the default: as long as it likes, since close_notify says nothing about the other
    /// direction (RFC 8446 §6.1). Where nobody reads it should be limited, or silent peers hold
    /// connections; [`discard_reads`](Self::discard_reads) makes it [`Timeouts::close`](crate::Timeouts::close) if it is
    /// `None`.
    pub fn set_peer_close_timeout(&mut self, timeout: Option<Duration>) {
        self.io.peer_close_timeout.set_timeout(timeout);
    }

    /// What [`set_peer_close_timeout`](Self::set_peer_close_timeout) has set, to the microsecond.
    pub fn peer_close_timeout(&self) -> Option<Duration> {
        self.io.peer_close_timeout.timeout()
    }

    /// [`Timeouts::close`](crate::Timeouts::close) of the configuration, to the microsecond; `None`
    /// before TLS.
    pub fn close_timeout(&self) -> Option<Duration> {
        self.io.close_timeout.timeout()
    }

    /// Ends our direction: what was accepted leaves first, then close_notify. TLS 1.3 goes on
    /// reading (RFC 8446 §6.1) for as long as the peer writes
    /// ([`set_peer_close_timeout`](Self::set_peer_close_timeout) limits that); TLS 1.2 peers answer at
    /// once. A peer that just ends its stream then, as many do, is
    /// [`CloseUnanswered`](crate::Event::CloseUnanswered) if it sent no data after our close_notify,
    /// else [`Truncated`](crate::FailureKind::Truncated) ([rule R4](crate::rules#r4)).
    ///
    /// During the handshake it goes on to its end if something was accepted, to send that; with
    /// nothing accepted, `close` is [`cancel`](Self::cancel). It answers no open decision: that is
    /// waited for as long as [`Timeouts::close`](crate::Timeouts::close), then it is `cancel`, too.
    /// Closing twice does nothing. `QAbstractSocket::disconnectFromHost`.
    pub fn close(&mut self) {
        self.io.begin_close();
    }

    /// Ends both directions at once, with a farewell: user_canceled, then close_notify (RFC 8446
    /// §6.1), so that the peer can tell it from [`close`](Self::close). What was accepted and not
    /// encrypted is abandoned, what is sealed still leaves; nothing more is read, and what is unread
    /// is thrown away. For a user who gives up, and for who drops a connection.
    ///
    /// [`read_end`](Self::read_end) is [`Canceled`](ReadEnd::Canceled) then, if nothing had ended
    /// reading before.
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

    /// Ends everything at once: what waits to be sent or read is thrown away, the peer is told
    /// nothing. `QSslSocket::abort`.
    pub fn abort(&mut self) {
        self.io.tally.unsent += self.io.transmit.clear();
        self.io.receive.discard();
        if !self.is_over() {
            self.end(ReadEnd::Aborted);
        }
        self.settle();
    }

    /// Derives keying material that both ends have and nobody else: for a protocol above TLS that
    /// binds itself to this connection (RFC 5705; for TLS 1.3, RFC 8446 §7.5). Fills all of `out`,
    /// 1 to 8,160 bytes. The label, 1 to 249 bytes, is the protocol's own, usually registered with
    /// IANA. In TLS 1.2 no context and an empty one differ, in TLS 1.3 they do not. Costs a few
    /// hashes and allocates; can be called any number of times, from
    /// [`Encrypted`](crate::Event::Encrypted) on and also after the end: the secret it is made from
    /// is wiped when the connection is dropped.
    ///
    /// # Errors
    /// [`ExportError`]; `out` is then as it was. Notably
    /// [`NoExtendedMasterSecret`](ExportError::NoExtendedMasterSecret), when a TLS 1.2 peer is too
    /// old to make the material unique (RFC 7627 §5.4).
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

    /// Asks for new traffic keys in both directions (RFC 8446 §4.6.3).
    /// [`Event::KeysUpdated`](crate::Event::KeysUpdated) tells when a direction has them. A peer
    /// that has answered such a request and sent no data since need not answer the next.
    ///
    /// # Errors
    /// [`UsageError::NotTls13`], [`UsageError::NotEncrypted`], [`UsageError::WriteClosed`],
    /// [`UsageError::ConnectionOver`].
    pub fn update_keys(&mut self) -> Result<(), UsageError> {
        let encrypted = self.phase.encrypted(self.io.outbound())?;
        match encrypted.request_update() {
            true => Ok(()),
            false => Err(UsageError::NotTls13),
        }
    }
}
