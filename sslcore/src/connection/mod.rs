//! The façade: the doors of a connection, and nothing else.

mod clock;
mod decisions;
mod ending;
mod getters;
mod process;

use alloc::boxed::Box;
use alloc::vec::Vec;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use zeroize::Zeroize;

use self::clock::Countdown;
pub use self::decisions::{ConfigRequest, Review, Verdict};
pub use self::process::Progress;
use crate::buffer::{Buffers, ReceiveBuffer, Storage, TransmitBuffer, missing};
use crate::config::{ClientConfig, Leftover, Limits, PeerName, ServerConfig, ServerStart, Terms};
use crate::error::{Failure, ReadEnd, UsageError};
use crate::event::{CloseReport, Event, Events, ReviewId, SslMode};
use crate::handshake::Engine;
use crate::identity::certificate::Certificate;
use crate::identity::session::SessionFacts;
use crate::record::header::MAX_RECORD;
use crate::record::traffic::Traffic;
use crate::state::{Call, Cause, Phase, State};
use crate::time::Instant;
use crate::verify::SslError;

/// How the transport ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TransportEnd {
    Eof,
    Reset,
}

/// Which side we are, and what the engine is made from.
enum Role {
    Client(ClientConfig, Box<PeerName>),
    Server(ServerConfig),
}

impl Role {
    fn terms(&self) -> &Terms {
        match self {
            Self::Client(config, _) => &config.0.terms,
            Self::Server(config) => &config.0.terms,
        }
    }

    fn is_client(&self) -> bool {
        matches!(self, Self::Client(..))
    }
}

/// What a handshake keeps while it lasts.
#[derive(Default)]
struct Handshake {
    engine: Option<Box<dyn Engine>>,
    /// What the engine wants to send and may not yet.
    flight: Vec<u8>,
    /// Received bytes that the engine has seen and still needs.
    fed: usize,
    /// Records that carried the message which is incomplete now.
    fragments: u32,
    /// The ClientHello for the application to choose by.
    hello: Vec<u8>,
    /// What the application answered; acted upon in the next step.
    answer: Option<decisions::Answer>,
    timeout: Countdown,
    decision: Countdown,
}

/// One end of one connection: plaintext first, TLS when told, as a pure value.
///
/// It has no socket, no thread, no clock and no random source of its own. Bytes from the
/// transport go in by [`receive`](Self::receive), bytes for it come out by
/// [`transmit`](Self::transmit); plaintext goes in by [`write`](Self::write) and out by
/// [`read`](Self::read) or [`peek`](Self::peek); what happened comes out by
/// [`poll_event`](Self::poll_event).
///
/// The contract in one sentence: *after any call that can change something, call
/// [`process`](Self::process) until it is [`Idle`](Progress::Idle), drain `poll_event`, then send
/// what `transmit` shows.*
///
/// | after | look at |
/// |---|---|
/// | `receive`, `received`, `receive_eof`, `receive_reset` | `process`, events, `peek`, `transmit` |
/// | `start_client_encryption`, `start_server_encryption` | `process`, events, `transmit` |
/// | `write` | `transmit`, events; `process` when a handshake is under way |
/// | `consume`, `read`, `discard_reads` | `process` (records may wait for room), then the transport |
/// | `transmitted`, `take_transmit` | events; `process` (queued data may wait for room) |
/// | `answer`, `provide_config`, `close`, `update_keys` | `process`, events, `transmit` |
/// | the `deadline` has passed | `process`, events, `transmit` |
///
/// A connection has one life: a new stream needs a new connection.
pub struct Connection {
    state: State,
    mode: SslMode,
    role: Option<Role>,
    limits: Limits,
    receive: ReceiveBuffer,
    transmit: TransmitBuffer,
    /// Plaintext written before the handshake was complete.
    queue: Vec<u8>,
    events: Events,
    handshake: Option<Box<Handshake>>,
    traffic: Option<Box<Traffic>>,
    transport_end: Option<TransportEnd>,
    discard_reads: bool,
    wants_writable: bool,
    facts: SessionFacts,
    peer_chain: Vec<Certificate>,
    ssl_errors: Vec<SslError>,
    review: Option<ReviewId>,
    next_id: u32,
    failure: Option<Failure>,
    close_timeout: Countdown,
    report: CloseReport,
    reported: bool,
    now: Instant,
}

impl Connection {
    /// A connection in [`SslMode::Unencrypted`]. Allocates nothing yet.
    pub fn new(limits: Limits, buffers: Buffers) -> Self {
        let (receive, transmit) = match buffers {
            Buffers::Owned => (Storage::Owned(Vec::new()), Storage::Owned(Vec::new())),
            Buffers::Lent { receive, transmit } => {
                (Storage::Lent(receive), Storage::Lent(transmit))
            }
        };
        Self {
            state: State::default(),
            mode: SslMode::Unencrypted,
            role: None,
            receive: ReceiveBuffer::new(receive),
            transmit: TransmitBuffer::new(transmit, limits.transmit),
            limits: Limits {
                read_buffer_size: limits.read_buffer_size.max(1),
                ..limits
            },
            queue: Vec::new(),
            events: Events::default(),
            handshake: None,
            traffic: None,
            transport_end: None,
            discard_reads: false,
            wants_writable: false,
            facts: SessionFacts::default(),
            peer_chain: Vec::new(),
            ssl_errors: Vec::new(),
            review: None,
            next_id: 0,
            failure: None,
            close_timeout: Countdown::default(),
            report: CloseReport::default(),
            reported: false,
            now: Instant::default(),
        }
    }

    /// Gives lent buffers back. What they still hold is lost; received plaintext is wiped.
    pub fn into_buffers(mut self) -> Buffers {
        self.receive.wipe();
        match (self.receive.take_storage(), self.transmit.take_storage()) {
            (Storage::Lent(receive), Storage::Lent(transmit)) => {
                Buffers::Lent { receive, transmit }
            }
            _ => Buffers::Owned,
        }
    }

    /// Starts TLS as a client. What was written so far leaves in the clear, what is written from
    /// now on is encrypted. `QSslSocket::startClientEncryption`.
    ///
    /// # Errors
    /// [`UsageError::UnreadPlaintext`] when bytes are waiting to be read (rule R2); see
    /// [`start_client_encryption_with`](Self::start_client_encryption_with).
    /// [`UsageError::AlreadyStarted`], [`UsageError::WriteClosed`],
    /// [`UsageError::ConnectionOver`].
    pub fn start_client_encryption(
        &mut self,
        config: &ClientConfig,
        peer: PeerName,
    ) -> Result<(), UsageError> {
        self.start_client_encryption_with(config, peer, Leftover::Refuse)
    }

    /// The same, with a choice for bytes that are waiting to be read.
    ///
    /// # Errors
    /// As for [`start_client_encryption`](Self::start_client_encryption).
    pub fn start_client_encryption_with(
        &mut self,
        config: &ClientConfig,
        peer: PeerName,
        leftover: Leftover,
    ) -> Result<(), UsageError> {
        self.settle_leftover(leftover)?;
        let role = Role::Client(config.clone(), Box::new(peer));
        self.start(SslMode::Client, role, Cause::Started);
        Ok(())
    }

    /// Starts TLS as a server. A server that answers "go ahead" writes that line first and starts
    /// TLS at once: the line leaves in the clear, and whatever the client sends after it is TLS,
    /// however fast it is (rule R2). `QSslSocket::startServerEncryption`.
    ///
    /// # Errors
    /// As for [`start_client_encryption`](Self::start_client_encryption).
    pub fn start_server_encryption(&mut self, start: ServerStart) -> Result<(), UsageError> {
        self.start_server_encryption_with(start, Leftover::Refuse)
    }

    /// The same, with a choice for bytes that are waiting to be read.
    ///
    /// # Errors
    /// As for [`start_client_encryption`](Self::start_client_encryption).
    pub fn start_server_encryption_with(
        &mut self,
        start: ServerStart,
        leftover: Leftover,
    ) -> Result<(), UsageError> {
        self.settle_leftover(leftover)?;
        let (config, cause) = match start {
            ServerStart::With(config) => (config, Cause::Started),
            ServerStart::Ask { fallback } => (fallback, Cause::StartedAsking),
        };
        self.start(SslMode::Server, Role::Server(config), cause);
        Ok(())
    }

    fn settle_leftover(&mut self, leftover: Leftover) -> Result<(), UsageError> {
        self.state.permit(Call::Start)?;
        let bytes = self.receive.plain().len() + self.receive.raw().len();
        match leftover {
            _ if bytes == 0 => {}
            Leftover::Refuse => return Err(UsageError::UnreadPlaintext { bytes }),
            Leftover::Discard => self.receive.discard(),
            Leftover::TreatAsTls => self.receive.unread(),
        }
        Ok(())
    }

    fn start(&mut self, mode: SslMode, role: Role, cause: Cause) {
        self.begin_handshake(&role);
        self.role = Some(role);
        self.mode = mode;
        self.state.follow(cause);
        self.events.push(Event::ModeChanged(mode));
    }

    /// Copies bytes from the transport in, and says how many: fewer than given when the buffer is
    /// full, which is back-pressure. After the end of the connection they are swallowed.
    ///
    /// # Errors
    /// [`UsageError::ReceiveAfterEnd`].
    pub fn receive(&mut self, bytes: &[u8]) -> Result<usize, UsageError> {
        self.check_transport()?;
        if self.swallows() {
            return Ok(bytes.len());
        }
        let cap = self.receive_cap();
        let tail = self.receive.tail(bytes.len(), cap);
        let n = bytes.len().min(tail.len());
        tail[..n].copy_from_slice(&bytes[..n]);
        self.receive.commit(n);
        Ok(n)
    }

    /// Lends space for the transport to read into; [`received`](Self::received) keeps what was
    /// read. Holds at least what the record at hand still needs, unless the buffer is full: then
    /// it is empty, which is back-pressure. Do not read from the transport then: 0 bytes read
    /// into an empty buffer are not the end of the stream.
    pub fn receive_buffer(&mut self) -> &mut [u8] {
        if self.swallows() {
            self.receive.clear_raw();
        }
        let cap = self.receive_cap();
        let missing = missing(self.receive.raw().get(self.fed()..).unwrap_or_default());
        let roomy = self.receive.capacity(cap).min(MAX_RECORD);
        self.receive.lend(missing.max(roomy), cap)
    }

    /// The transport has put `n` bytes at the front of [`receive_buffer`](Self::receive_buffer).
    /// Once for each time it was lent; reading and processing in between does no harm.
    ///
    /// # Errors
    /// [`UsageError::TooManyBytes`] when it was shorter than that, or is not lent any more because
    /// bytes arrived another way,
    /// [`UsageError::ReceiveAfterEnd`].
    pub fn received(&mut self, n: usize) -> Result<(), UsageError> {
        self.check_transport()?;
        let available = self.receive.lent();
        if n > available {
            return Err(UsageError::TooManyBytes {
                given: n,
                available,
            });
        }
        let keep = if self.swallows() { 0 } else { n };
        self.receive.give_back(keep);
        Ok(())
    }

    /// Takes received bytes out of an owned buffer, as completion-based IO hands them over, and
    /// says how many; what stays in it did not fit. They are copied.
    ///
    /// # Errors
    /// As for [`receive`](Self::receive).
    pub fn receive_owned(&mut self, bytes: &mut BytesMut) -> Result<usize, UsageError> {
        self.receive_buf(bytes)
    }

    /// The same from any [`Buf`], chunk by chunk.
    ///
    /// # Errors
    /// As for [`receive`](Self::receive).
    pub fn receive_buf(&mut self, bytes: &mut impl Buf) -> Result<usize, UsageError> {
        let mut total = 0;
        loop {
            let chunk = bytes.chunk();
            let n = self.receive(chunk)?;
            let all = n == chunk.len();
            bytes.advance(n);
            total += n;
            if !all || !bytes.has_remaining() {
                return Ok(total);
            }
        }
    }

    /// The transport has ended in order: TCP's FIN. Records already received are processed first,
    /// then it is [`Truncated`](crate::FailureKind::Truncated) unless close_notify was among them
    /// (rule R4).
    pub fn receive_eof(&mut self) {
        self.transport_end.get_or_insert(TransportEnd::Eof);
    }

    /// The transport was reset or has failed. What waits to be sent is thrown away.
    pub fn receive_reset(&mut self) {
        self.transport_end = Some(TransportEnd::Reset);
        self.report.unsent += self.transmit.clear();
    }

    /// What the transport is to send. Empty when there is nothing now.
    pub fn transmit(&self) -> &[u8] {
        self.transmit.bytes()
    }

    /// The transport has taken `n` bytes of [`transmit`](Self::transmit).
    ///
    /// # Errors
    /// [`UsageError::TooManyBytes`] when there were fewer.
    pub fn transmitted(&mut self, n: usize) -> Result<(), UsageError> {
        let available = self.transmit.bytes().len();
        if n > available {
            return Err(UsageError::TooManyBytes {
                given: n,
                available,
            });
        }
        self.taken(n);
        Ok(())
    }

    /// Hands over what [`transmit`](Self::transmit) shows as one owned buffer, which stays
    /// unchanged however often the transport retries. Counts as taken. With owned buffers nothing
    /// is copied, and the next record allocates anew; with lent ones it is copied.
    pub fn take_transmit(&mut self) -> Option<Bytes> {
        if self.transmit.bytes().is_empty() {
            return None;
        }
        let (bytes, range) = self.transmit.split_off();
        self.taken(range.len());
        Some(Bytes::from(bytes).slice(range))
    }

    fn taken(&mut self, n: usize) {
        let taken = self.transmit.take(n);
        if n > 0 {
            self.close_timeout.restart(self.now);
        }
        if taken.plain > 0 {
            self.events.bytes_written(taken.plain);
        }
        if taken.encrypted > 0 {
            self.events.encrypted_bytes_written(taken.encrypted);
        }
        self.settle();
    }

    /// Whether nothing more will ever come out of [`transmit`](Self::transmit): the adapter may
    /// send FIN.
    pub fn transmit_finished(&self) -> bool {
        self.state.outbound() == crate::state::Outbound::Closed && self.transmit.is_empty()
    }

    /// Takes plaintext and says how much. Fewer bytes than given when there is no room:
    /// [`Event::Writable`] follows. Before TLS it leaves in the clear; during the handshake it is
    /// queued up to [`Limits::queued`]; afterwards it is encrypted at once, in records of at most
    /// 16,384 bytes. `QIODevice::write`, but bounded.
    ///
    /// # Errors
    /// [`UsageError::WriteClosed`] after [`close`](Self::close),
    /// [`UsageError::ConnectionOver`].
    pub fn write(&mut self, plaintext: &[u8]) -> Result<usize, UsageError> {
        self.state.permit(Call::Write)?;
        let n = match self.state.phase() {
            Phase::Plain => self.transmit.append_plain(plaintext),
            Phase::Traffic if self.queue.is_empty() => self.seal(plaintext),
            _ => {
                let room = self.limits.queued.saturating_sub(self.queue.len());
                let n = plaintext.len().min(room);
                self.queue.extend_from_slice(&plaintext[..n]);
                n
            }
        };
        self.wants_writable |= n < plaintext.len();
        Ok(n)
    }

    /// The unread plaintext, in one piece; [`consume`](Self::consume) drops what was used.
    pub fn peek(&self) -> &[u8] {
        self.receive.plain()
    }

    /// Drops the first `n` bytes of [`peek`](Self::peek).
    ///
    /// # Errors
    /// [`UsageError::TooManyBytes`] when there are fewer.
    pub fn consume(&mut self, n: usize) -> Result<(), UsageError> {
        let available = self.receive.plain().len();
        if n > available {
            return Err(UsageError::TooManyBytes {
                given: n,
                available,
            });
        }
        self.receive.consume(n);
        self.release_idle();
        Ok(())
    }

    /// Copies unread plaintext out. `Ok(0)` only when `out` is empty.
    ///
    /// # Errors
    /// A [`ReadEnd`] that says why there is nothing: not yet, or never again. What was received
    /// before a failure can still be read.
    pub fn read(&mut self, out: &mut [u8]) -> Result<usize, ReadEnd> {
        let plain = self.receive.plain();
        if plain.is_empty() && !out.is_empty() {
            return Err(self.state.inbound_end().unwrap_or(ReadEnd::Empty));
        }
        let n = plain.len().min(out.len());
        out[..n].copy_from_slice(&plain[..n]);
        self.receive.consume(n);
        self.release_idle();
        Ok(n)
    }

    /// Copies unread plaintext into any [`BufMut`], as far as it has room.
    ///
    /// # Errors
    /// As for [`read`](Self::read).
    pub fn read_buf(&mut self, out: &mut impl BufMut) -> Result<usize, ReadEnd> {
        let plain = self.receive.plain();
        if plain.is_empty() && out.has_remaining_mut() {
            return Err(self.state.inbound_end().unwrap_or(ReadEnd::Empty));
        }
        let n = plain.len().min(out.remaining_mut());
        out.put_slice(&plain[..n]);
        self.receive.consume(n);
        self.release_idle();
        Ok(n)
    }

    /// From now on what arrives is opened and thrown away, so that alerts and close_notify behind
    /// it still arrive. For who closes and does not want to read the rest.
    pub fn discard_reads(&mut self) {
        self.discard_reads = true;
        self.receive.clear_plain();
    }

    /// Ends our direction: what was written leaves first, then close_notify. TLS 1.3 can go on
    /// reading (RFC 8446 §6.1). A peer that ends its stream without an answer is
    /// [`Truncated`](crate::FailureKind::Truncated) all the same, as rule R4 says: who closes first
    /// and expects nothing more may take that for an ordinary end. During a handshake it ends with user_canceled and close_notify,
    /// and what was queued is abandoned. Closing twice does nothing.
    pub fn close(&mut self) {
        self.state.begin_close();
    }

    /// Ends everything at once: what waits to be sent or read is thrown away, the peer is told
    /// nothing. `QSslSocket::abort`.
    pub fn abort(&mut self) {
        if self.state.phase() == Phase::Over {
            self.report.unsent += self.transmit.clear();
        } else {
            self.abandon();
            self.report.unsent += self.transmit.clear();
            self.receive.discard();
            self.state.end_inbound(ReadEnd::Aborted);
            self.state.follow(Cause::Ended);
        }
        self.settle();
    }

    /// Asks for new traffic keys in both directions (RFC 8446 §4.6.3).
    /// [`Event::KeysUpdated`] tells when a direction has them.
    ///
    /// # Errors
    /// [`UsageError::NotTls13`], [`UsageError::NotEncrypted`], [`UsageError::WriteClosed`],
    /// [`UsageError::ConnectionOver`].
    pub fn update_keys(&mut self) -> Result<(), UsageError> {
        self.state.permit(Call::UpdateKeys)?;
        match &mut self.traffic {
            Some(traffic)
                if traffic.version() == crate::record::protection::SslProtocol::TlsV1_3 =>
            {
                traffic.request_update();
                Ok(())
            }
            _ => Err(UsageError::NotTls13),
        }
    }

    /// The next event, oldest first.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop()
    }

    /// When to call [`process`](Self::process) even if no bytes arrive. `None`: no need.
    pub fn deadline(&self) -> Option<Instant> {
        if self.reported {
            return None;
        }
        let handshake = self
            .handshake
            .as_deref()
            .filter(|_| self.state.is_handshaking());
        [
            handshake.and_then(|handshake| handshake.timeout.deadline()),
            handshake.and_then(|handshake| handshake.decision.deadline()),
            self.close_timeout.deadline(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn check_transport(&self) -> Result<(), UsageError> {
        match self.transport_end {
            Some(_) => Err(UsageError::ReceiveAfterEnd),
            None => Ok(()),
        }
    }

    /// Whether what arrives is of no use any more.
    fn swallows(&self) -> bool {
        self.state.phase() == Phase::Over || self.state.inbound_end().is_some()
    }

    fn fed(&self) -> usize {
        self.handshake.as_ref().map_or(0, |handshake| handshake.fed)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.queue.zeroize();
        self.receive.wipe();
    }
}

impl core::fmt::Debug for Connection {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Connection")
            .field("mode", &self.mode)
            .field("state", &self.state)
            .field("receive", &self.receive)
            .field("transmit", &self.transmit)
            .field("failure", &self.failure)
            .finish_non_exhaustive()
    }
}

/// A connection can move between threads.
const _: fn() = || {
    fn send<T: Send>() {}
    send::<Connection>();
};
