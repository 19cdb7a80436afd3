//! The application door: plaintext in and out, and the ways to end.

use bytes::BufMut;

use super::Connection;
use super::encrypted::Unsealed;
use crate::handshake::rustls::key_schedule::exporter::ExportError;
use crate::state::Sink;
use crate::usage::{ReadEnd, UsageError};

impl Connection {
    /// Takes plaintext and says how much. Fewer bytes than given when there is no room:
    /// [`Event::Writable`](crate::Event::Writable) follows. Before TLS it leaves in the clear; during the handshake it is
    /// queued up to [`Limits::queued`](crate::Limits::queued); afterwards it is encrypted at once, in records of at most
    /// 16,384 bytes. `QIODevice::write`, but bounded.
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

    /// The unread plaintext, in one piece; [`consume`](Self::consume) drops what was used.
    pub fn peek(&self) -> &[u8] {
        self.io.receive.plain()
    }

    /// Drops the first `n` bytes of [`peek`](Self::peek).
    ///
    /// # Errors
    /// [`UsageError::TooManyBytes`] when there are fewer.
    pub fn consume(&mut self, n: usize) -> Result<(), UsageError> {
        let available = self.io.receive.plain().len();
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

    /// From now on what arrives is opened and thrown away, so that alerts and close_notify behind
    /// it still arrive. For who closes and does not want to read the rest.
    pub fn discard_reads(&mut self) {
        self.io.discard_reads = true;
        self.io.receive.clear_plain();
    }

    /// Ends our direction: what was written leaves first, then close_notify. TLS 1.3 can go on
    /// reading (RFC 8446 §6.1). A peer that ends its stream without an answer is
    /// [`Truncated`](crate::FailureKind::Truncated) all the same, as rule R4 says: who closes first
    /// and expects nothing more may take that for an ordinary end. During a handshake it ends with user_canceled and close_notify,
    /// and what was queued is abandoned. Closing twice does nothing.
    pub fn close(&mut self) {
        self.io.begin_close();
    }

    /// Ends everything at once: what waits to be sent or read is thrown away, the peer is told
    /// nothing. `QSslSocket::abort`.
    pub fn abort(&mut self) {
        self.io.tally.unsent += self.io.transmit.clear();
        if !self.is_over() {
            self.io.receive.discard();
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
