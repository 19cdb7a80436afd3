//! The façade: the doors of a connection, and nothing else.

mod answers;
mod application;
mod clock;
mod clocks;
mod decisions;
mod driving;
pub(crate) mod encrypted;
mod ending;
mod getters;
pub(crate) mod handshaking;
pub(crate) mod hello;
pub(crate) mod io;
pub(crate) mod judging;
pub(crate) mod keying;
mod lent;
#[cfg(feature = "offload")]
pub(crate) mod offload;
pub(crate) mod over;
pub(crate) mod plain;
mod process;
mod progress;
mod question;
pub(crate) mod signing;
#[cfg(feature = "testing")]
mod snapshot;
mod transport;
pub(crate) mod underway;

use alloc::boxed::Box;
use alloc::vec::Vec;

pub use self::decisions::{
    ConfigRequest, PskIdentities, PskIdentity, PskRequest, Review, SignatureRequest, Verdict,
};
use self::hello::{AwaitingHello, Greeting, Start};
use self::io::{Configured, Io};
pub use self::lent::{Transmission, TransportBuffers};
use self::plain::Plain;
pub use self::progress::{Changes, Progress, Step};
use crate::buffer::{Buffers, ReceiveBuffer, Storage, TransmitBuffer};
use crate::config::{ClientConfig, PeerName, ServerStart};
use crate::event::{Event, SslMode};
use crate::limits::{Limits, TAKEN_HANDSHAKE_MESSAGE};
use crate::state::{Leaving, Phase};
use crate::usage::{Leftover, UsageError};

/// One end of one connection: plaintext first, TLS when told, as a pure value.
///
/// It has no socket, no thread, no clock and no random source of its own. Bytes from the
/// transport go in by [`receive`](Self::receive), bytes for it come out by
/// [`transmit`](Self::transmit); plaintext goes in by [`write`](Self::write) and out by
/// [`read`](Self::read) or [`peek`](Self::peek); what happened comes out by
/// [`poll_event`](Self::poll_event).
///
/// [`next`](Self::next) drives a connection: it says what to do, one thing at a time. An adapter that
/// uses the other calls instead keeps this contract: *after any call that can change something, call
/// [`process`](Self::process) until it is [`Idle`](Progress::Idle), drain `poll_event`, then send what
/// `transmit` shows.* [`take_changes`](Self::take_changes) says what has changed.
///
/// | after | look at |
/// |---|---|
/// | `receive`, `received`, `receive_eof`, `receive_reset` | `process`, events, `peek`, `transmit` |
/// | `start_client_encryption`, `start_server_encryption` | `process`, events, `transmit` |
/// | `write`, `write_vectored`, `write_buf`, `write_with` | `transmit`, events; `process` when a handshake is under way |
/// | `consume`, `read`, `discard_reads` | `process` (records may wait for room), then the transport |
/// | `transmitted`, `complete_transmit` | events; `process` (queued data may wait for room) |
/// | `transmit_failed` | events; go on reading |
/// | `answer`, `provide_config`, `close`, `cancel`, `update_keys` | `process`, events, `transmit` |
/// | the `deadline` has passed | `process`, events, `transmit` |
///
/// A connection has one life: a new stream needs a new connection.
pub struct Connection {
    phase: Phase,
    io: Io,
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
        let limits = Limits {
            read_buffer_size: limits.read_buffer_size.max(1),
            max_handshake: limits.max_handshake.min(TAKEN_HANDSHAKE_MESSAGE),
            ..limits
        };
        let receive = ReceiveBuffer::new(receive);
        let transmit = TransmitBuffer::new(transmit, limits.transmit);
        Self {
            phase: Phase::Plain(Plain),
            io: Io::new(limits, receive, transmit),
        }
    }

    /// Gives lent buffers back. What they still hold is lost; received plaintext is wiped.
    /// [`StaticBuffer`](crate::StaticBuffer) has an example.
    pub fn into_buffers(mut self) -> Buffers {
        let io = &mut self.io;
        io.receive.wipe();
        match (io.receive.take_storage(), io.transmit.take_storage()) {
            (Storage::Lent(receive), Storage::Lent(transmit)) => {
                Buffers::Lent { receive, transmit }
            }
            _ => Buffers::Owned,
        }
    }

    /// Starts TLS as a client. Plaintext that was written before leaves in the clear; plaintext that is
    /// written from now on is encrypted. `QSslSocket::startClientEncryption`.
    ///
    /// # Errors
    /// [`UsageError::UnreadPlaintext`] when bytes are waiting to be read ([rule R2](crate::rules#r2)); see
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

    /// Starts TLS as a client, and says what becomes of bytes that are waiting to be read.
    ///
    /// # Errors
    /// As for [`start_client_encryption`](Self::start_client_encryption).
    pub fn start_client_encryption_with(
        &mut self,
        config: &ClientConfig,
        peer: PeerName,
        leftover: Leftover,
    ) -> Result<(), UsageError> {
        let plain = self.startable(leftover)?;
        let known = &mut self.io.known;
        known.facts.server_name = peer.server_name().map(Box::from);
        known.config = Some(Configured::Client(
            config.clone(),
            peer.verify_name().into(),
        ));
        let timeouts = config.0.terms.timeouts;
        let greeting = Greeting::new(config.clone(), peer);
        self.io.begin_tls(SslMode::Client, timeouts);
        let start = Start::Client(Box::new(greeting));
        self.phase = Leaving::Plain(plain, start).next(&mut self.io);
        Ok(())
    }

    /// Starts TLS as a server. A server that answers "go ahead" writes that line first and starts
    /// TLS at once: the line leaves in the clear, and whatever the client sends after it is TLS,
    /// however fast it is ([rule R2](crate::rules#r2)). `QSslSocket::startServerEncryption`.
    ///
    /// # Errors
    /// As for [`start_client_encryption`](Self::start_client_encryption).
    pub fn start_server_encryption(&mut self, start: ServerStart) -> Result<(), UsageError> {
        self.start_server_encryption_with(start, Leftover::Refuse)
    }

    /// Starts TLS as a server, and says what becomes of bytes that are waiting to be read.
    ///
    /// ```
    /// # use sslcore::{Connection, Leftover, ServerConfig, ServerStart, UsageError};
    /// # fn f(conn: &mut Connection, config: ServerConfig) -> Result<(), UsageError> {
    /// // The first bytes were read to see what is spoken on this port: they are a ClientHello.
    /// conn.start_server_encryption_with(ServerStart::With(config), Leftover::TreatAsTls)
    /// # }
    /// ```
    ///
    /// # Errors
    /// As for [`start_client_encryption`](Self::start_client_encryption).
    pub fn start_server_encryption_with(
        &mut self,
        start: ServerStart,
        leftover: Leftover,
    ) -> Result<(), UsageError> {
        let plain = self.startable(leftover)?;
        let awaiting = AwaitingHello::new(start);
        self.io.begin_tls(SslMode::Server, awaiting.timeouts());
        let start = Start::Server(Box::new(awaiting));
        self.phase = Leaving::Plain(plain, start).next(&mut self.io);
        Ok(())
    }

    fn startable(&mut self, leftover: Leftover) -> Result<Plain, UsageError> {
        let plain = self.phase.start(self.io.outbound())?;
        let receive = &mut self.io.receive;
        let bytes = receive.plain().len() + receive.raw().len();
        match leftover {
            _ if bytes == 0 => {}
            Leftover::Refuse => return Err(UsageError::UnreadPlaintext { bytes }),
            Leftover::Discard => receive.discard(),
            Leftover::TreatAsTls => receive.make_raw(),
        }
        Ok(plain)
    }

    /// The next event, oldest first.
    #[inline]
    pub fn poll_event(&mut self) -> Option<Event> {
        self.io.events.pop(&self.io.tally)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.io.receive.wipe();
        self.io.transmit.wipe();
    }
}

impl core::fmt::Debug for Connection {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Connection")
            .field("mode", &self.mode())
            .field("phase", &self.phase)
            .field("outbound", &self.io.outbound())
            .field("inbound_end", &self.io.inbound_end())
            .field("receive", &self.io.receive)
            .field("transmit", &self.io.transmit)
            .field("failure", &self.failure())
            .finish_non_exhaustive()
    }
}

/// A connection can move between threads.
const _: fn() = || {
    fn send<T: Send>() {}
    send::<Connection>();
};
