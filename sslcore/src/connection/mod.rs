//! The façade: the doors of a connection, and nothing else.

mod application;
mod clock;
mod decisions;
mod ending;
mod getters;
mod handshaking;
mod process;
mod traffic;
mod transport;

use alloc::boxed::Box;
use alloc::vec::Vec;

use zeroize::Zeroize;

use self::clock::Countdown;
pub use self::decisions::{ConfigRequest, Review, Verdict};
pub use self::process::Progress;
use crate::buffer::{Buffers, ReceiveBuffer, Storage, TransmitBuffer};
use crate::config::{ClientConfig, PeerName, ServerConfig, ServerStart, Terms};
use crate::event::{CloseReport, Event, Events, ReviewId, SslMode};
use crate::failure::Failure;
use crate::handshake::Engine;
use crate::handshake::facts::SessionFacts;
use crate::handshake::first_hello::FirstHello;
use crate::handshake::inbound::Inbound;
use crate::handshake::key_schedule::exporter::Exporter;
use crate::handshake::wire::client_hello::HelloMessage;
use crate::limits::Limits;
use crate::record::traffic::Traffic;
use crate::state::{Call, Cause, State};
use crate::time::{Instant, UnixTime};
use crate::usage::{Leftover, UsageError};
use crate::verify::SslError;
use crate::x509::certificate::Certificate;

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
struct Handshake {
    engine: Option<Box<dyn Engine>>,
    /// What the engine wants to send and may not yet.
    flight: Vec<u8>,
    first_hello: FirstHello,
    inbound: Inbound,
    /// Whether the application chooses a server's configuration.
    asks: bool,
    /// The ClientHello, for the application to choose by and for the engine.
    hello: Option<HelloMessage>,
    /// Whether the event told that the server asks for our certificate.
    told_of_request: bool,
    /// How many errors the events have told, once the chain was judged.
    told: Option<usize>,
    /// Until when the server's OCSP response is good.
    good_until: Option<UnixTime>,
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
    exporter: Option<Box<Exporter>>,
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
            exporter: None,
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
        self.start(SslMode::Client, role, Cause::Started, false);
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
        let (config, asks) = match start {
            ServerStart::With(config) => (config, false),
            ServerStart::Ask { fallback } => (fallback, true),
        };
        self.start(SslMode::Server, Role::Server(config), Cause::Awaited, asks);
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

    fn start(&mut self, mode: SslMode, role: Role, cause: Cause, asks: bool) {
        self.begin_handshake(&role, asks);
        self.role = Some(role);
        self.mode = mode;
        self.state.follow(cause);
        self.events.push(Event::ModeChanged(mode));
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
