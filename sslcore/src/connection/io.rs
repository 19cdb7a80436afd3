//! What every phase works on: the two buffers, the events, and how each direction stands.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::clock::Countdown;
use crate::alert::Alert;
use crate::buffer::{ReceiveBuffer, TransmitBuffer};
use crate::config::{ClientConfig, ServerConfig};
use crate::crypto::Backend;
use crate::event::{CloseReport, Event, SslMode};
use crate::events::Events;
use crate::failure::{Failure, FailureKind};
use crate::handshake::AlertProtection;
use crate::handshake::facts::{Proof, SessionFacts};
use crate::handshake::key_schedule::exporter::Exporter;
use crate::limits::{Limits, Timeouts};
use crate::record::header::MAX_RECORD;
#[cfg(feature = "offload")]
use crate::record::offload::RecordLayout;
use crate::time::Instant;
use crate::trace::Direction;
use crate::usage::ReadEnd;
use crate::verify::SslError;
use crate::x509::certificate::Certificate;

/// What a step of a phase led to.
pub(crate) enum Turn<Cause> {
    /// Nothing: it waits.
    Idle,
    /// Something was done, and there may be more.
    Worked,
    /// The phase is over, and this is why.
    Leave(Cause),
}

/// The result of a step of a phase that something leads out of.
pub(crate) type Stepped<Cause> = Result<Turn<Cause>, Failure>;

/// What we may still send.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Outbound {
    /// Anything.
    #[default]
    Open,
    /// What was written before `close`, then close_notify.
    Closing,
    /// Nothing more.
    Closed,
}

/// How the transport ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TransportEnd {
    Eof,
    Reset,
}

/// The configuration of a connection.
#[cfg_attr(feature = "testing", derive(Clone))]
pub(crate) enum Configured {
    /// And the name that the server's certificate must carry.
    Client(ClientConfig, Box<str>),
    Server(ServerConfig),
}

/// What was learnt, and stays true: the getters answer from it, also after a failure.
#[derive(Default)]
#[cfg_attr(feature = "testing", derive(Clone))]
pub(crate) struct Known {
    pub(crate) mode: SslMode,
    pub(crate) config: Option<Configured>,
    pub(crate) facts: SessionFacts,
    pub(crate) exporter: Option<Box<Exporter>>,
    pub(crate) chain: Vec<Certificate>,
    /// SHA-256 of the peer's own certificate, when the chain was let go of.
    pub(crate) fingerprint: Option<Box<[u8; 32]>>,
    pub(crate) errors: Vec<SslError>,
}

impl Configured {
    /// The backend that the connection runs on.
    pub(super) fn backend(&self) -> &Backend {
        let terms = match self {
            Self::Client(config, _) => &config.0.terms,
            Self::Server(config) => &config.0.terms,
        };
        &terms.records.backend
    }
}

impl Known {
    /// Lets go of the peer's chain, but for the fingerprint of its own certificate.
    pub(crate) fn let_go_of_chain(&mut self, backend: &Backend) {
        let chain = core::mem::take(&mut self.chain);
        let fingerprint = chain
            .first()
            .and_then(|leaf| leaf.fingerprint_sha256(backend));
        self.fingerprint = fingerprint.map(Box::new);
    }

    /// The engine says what was negotiated so far. The name that was asked for is known before.
    pub(crate) fn learn(&mut self, facts: SessionFacts) {
        let server_name = self.facts.server_name.take().or(facts.server_name);
        self.facts = SessionFacts {
            server_name,
            ..facts
        };
    }

    /// The same from an engine that is given up. It may hold the response of a session that was
    /// only offered, or of a certificate whose key nobody has shown, and its timestamps.
    pub(crate) fn learn_unproven(&mut self, facts: SessionFacts) {
        let (stapled, proof) = (self.facts.stapled.take(), self.facts.proof.take());
        let proof = match facts.proof.as_deref() {
            Some(Proof::Timestamps(_)) => proof,
            _ => facts.proof,
        };
        self.learn(SessionFacts {
            stapled,
            proof,
            ..facts
        });
    }
}

/// What `take_changes` has told, and has still to tell.
#[derive(Clone, Default)]
pub(crate) struct Told {
    pub(crate) arrived: bool,
    pub(crate) writable: bool,
    pub(crate) over: bool,
    pub(crate) found_full: bool,
    pub(crate) finished: bool,
    pub(crate) deadline: Option<Instant>,
}

/// Buffers, events, limits, and the two directions.
pub(crate) struct Io {
    pub(crate) limits: Limits,
    pub(crate) receive: ReceiveBuffer,
    pub(crate) transmit: TransmitBuffer,
    pub(crate) events: Events,
    pub(crate) known: Known,
    pub(crate) transport_end: Option<TransportEnd>,
    pub(crate) discard_reads: bool,
    pub(crate) told: Told,
    /// The transport took nothing when it was last given something.
    pub(crate) stalled: bool,
    /// A write was short: the application waits for room.
    pub(crate) wants_writable: bool,
    /// How long our last bytes may wait for the transport.
    pub(crate) close_timeout: Countdown,
    /// How long the peer may be silent then, before it ends its direction.
    pub(crate) peer_close_timeout: Countdown,
    /// What the last `process` was told.
    pub(crate) now: Instant,
    /// What the report at the end counts; whether it was clean is not known before.
    pub(crate) tally: CloseReport,
    /// Data arrived after our close_notify had left.
    data_after_close: bool,
    /// The transport takes nothing more, although it was not all.
    transmit_failed: bool,
    outbound: Outbound,
    inbound_end: Option<ReadEnd>,
    next_id: u32,
    /// How records lie in the buffers whose keys others have: of what leaves, and of what arrives.
    #[cfg(feature = "offload")]
    pub(crate) layouts: [Option<RecordLayout>; 2],
}

impl Io {
    pub(crate) fn new(limits: Limits, receive: ReceiveBuffer, transmit: TransmitBuffer) -> Self {
        Self {
            limits,
            receive,
            transmit,
            events: Events::default(),
            known: Known::default(),
            transport_end: None,
            discard_reads: false,
            told: Told::default(),
            stalled: false,
            wants_writable: false,
            close_timeout: Countdown::default(),
            peer_close_timeout: Countdown::default(),
            now: Instant::default(),
            tally: CloseReport::default(),
            data_after_close: false,
            transmit_failed: false,
            outbound: Outbound::default(),
            inbound_end: None,
            next_id: 0,
            #[cfg(feature = "offload")]
            layouts: [None; 2],
        }
    }

    /// The same once more, if its buffers are owned.
    #[cfg(feature = "testing")]
    pub(super) fn copied(&self) -> Option<Self> {
        Some(Self {
            receive: self.receive.copied()?,
            transmit: self.transmit.copied()?,
            events: self.events.clone(),
            known: self.known.clone(),
            told: self.told.clone(),
            ..*self
        })
    }

    pub(crate) fn outbound(&self) -> Outbound {
        self.outbound
    }

    /// Whether others have the keys of a direction: no byte of it passes the doors then.
    #[inline]
    pub(crate) fn is_handed_over(&self, direction: Direction) -> bool {
        #[cfg(feature = "offload")]
        return self.layouts[direction as usize].is_some();
        #[cfg(not(feature = "offload"))]
        {
            let _ = direction;
            false
        }
    }

    /// What the transport may take now.
    #[inline]
    pub(crate) fn transmit_bytes(&self) -> &[u8] {
        match self.is_handed_over(Direction::Sent) {
            true => &[],
            false => self.transmit.bytes(),
        }
    }

    /// `close`: from now on nothing new is written.
    pub(crate) fn begin_close(&mut self) {
        if self.outbound == Outbound::Open {
            self.outbound = Outbound::Closing;
            self.told.writable = true;
        }
    }

    /// Our last byte is sealed.
    pub(crate) fn end_outbound(&mut self) {
        self.told.writable |= self.outbound == Outbound::Open;
        self.outbound = Outbound::Closed;
    }

    /// How the inbound direction ended, if it has.
    pub(crate) fn inbound_end(&self) -> Option<ReadEnd> {
        self.inbound_end
    }

    /// Nothing more will be read. The first reason counts.
    pub(crate) fn end_inbound(&mut self, end: ReadEnd) {
        self.told.arrived |= self.inbound_end.is_none();
        self.inbound_end.get_or_insert(end);
    }

    /// TLS begins. The end of the plaintext is not the end of TLS: only close_notify is ([rule R4](crate::rules#r4)).
    pub(crate) fn begin_tls(&mut self, mode: SslMode, timeouts: Timeouts) {
        self.inbound_end = None;
        self.receive.forget_taken();
        self.known.mode = mode;
        self.close_timeout = Countdown::new(timeouts.close);
        self.events.push(Event::ModeChanged(mode));
    }

    /// A number for a question to the application.
    pub(crate) fn next_id(&mut self) -> u32 {
        let id = self.next_id;
        self.next_id = self.next_id.wrapping_add(1);
        id
    }

    /// How much may be held: what the reader has room for, and one record ([rule R8](crate::rules#r8)).
    pub(crate) fn receive_cap(&self) -> usize {
        self.limits.read_buffer_size.saturating_add(MAX_RECORD)
    }

    /// How many bytes a record of the peer's may have, if nothing else is held.
    pub(crate) fn record_room(&self) -> usize {
        self.receive.capacity(self.receive_cap())
    }

    /// The record at the front is not complete and has so many bytes: it will be, or it does not
    /// fit, or the transport has ended.
    pub(crate) fn starved(&self, record: usize) -> Result<(), Failure> {
        match record > self.record_room() {
            true => Err(too_small(record)),
            false => self.ended(),
        }
    }

    /// Data from the peer: who waits for its end waits anew, unless nobody reads it.
    #[inline]
    pub(crate) fn heard(&mut self) {
        if !self.discard_reads {
            self.events.ready_read();
            self.told.arrived = true;
        }
        if self.outbound != Outbound::Open {
            self.heard_after_close();
        }
    }

    fn heard_after_close(&mut self) {
        self.data_after_close |=
            self.tally.close_notify_sent || self.transmit.is_handed_over(Alert::CloseNotify);
        if !self.discard_reads {
            self.peer_close_timeout.restart(self.now);
        }
    }

    /// Whether everything has left that ever will.
    pub(crate) fn has_sent_all(&self) -> bool {
        self.outbound == Outbound::Closed && self.transmit.is_empty()
    }

    /// The transport takes nothing more: what waits is lost, and nothing can be written.
    pub(crate) fn lose_transmit(&mut self) {
        self.transmit_failed |= !self.has_sent_all();
        self.tally.unsent += self.transmit.clear();
        self.end_outbound();
    }

    /// Whether something could not be sent.
    pub(crate) fn has_lost_transmit(&self) -> bool {
        self.transmit_failed
    }

    /// Whether the stream has ended while our close_notify is handed over: whether it had left first is
    /// not known before the transmission is completed.
    pub(crate) fn awaits_completion(&self) -> bool {
        self.transport_end == Some(TransportEnd::Eof)
            && self.transmit.is_handed_over(Alert::CloseNotify)
    }

    /// Whether the stream has ended as many do ([rule R4](crate::rules#r4)): after our close_notify, without one of the
    /// peer's and without data in between, behind a whole record.
    pub(crate) fn is_close_unanswered(&self) -> bool {
        self.transport_end == Some(TransportEnd::Eof)
            && self.tally.close_notify_sent
            && !self.data_after_close
            && self.receive.raw().is_empty()
    }

    /// No complete record is there: if the transport has ended, so has the connection ([rule R4](crate::rules#r4)).
    pub(crate) fn ended(&self) -> Result<(), Failure> {
        match self.transport_end {
            None => Ok(()),
            Some(TransportEnd::Eof) if !self.transmit_failed => {
                Err(Failure::silent(FailureKind::Truncated))
            }
            Some(_) => Err(Failure::silent(FailureKind::Reset)),
        }
    }

    /// The same, when only a reset matters. Who has ended both directions before does not mind.
    pub(crate) fn was_reset(&self) -> Result<(), Failure> {
        let both_ended = self.inbound_end.is_some() && self.outbound == Outbound::Closed;
        if self.transport_end == Some(TransportEnd::Reset) && !both_ended {
            return Err(Failure::silent(FailureKind::Reset));
        }
        Ok(())
    }

    /// Whether the peer can still be told anything: nothing follows our close_notify
    /// (RFC 8446 §6.1), and nobody listens after a reset.
    pub(crate) fn can_tell(&self) -> bool {
        self.outbound != Outbound::Closed && self.transport_end != Some(TransportEnd::Reset)
    }

    /// Queues alerts, protected as the peer expects them; none where that cannot be.
    pub(crate) fn send_alerts(&mut self, alerts: &[Alert], mut protection: AlertProtection) {
        for alert in alerts {
            if let Some(record) = protection.record(*alert) {
                self.transmit.append_flight(&record);
                self.transmit.mark_alert(*alert);
            }
        }
    }

    /// Gives back memory that is not in use.
    #[inline]
    pub(crate) fn rest(&mut self) {
        self.rest_from_reading();
        self.transmit.rest(self.now, self.limits.release_when_idle);
    }

    /// The same, when only the reader has taken something.
    #[inline]
    pub(crate) fn rest_from_reading(&mut self) {
        self.receive.rest(self.now, self.limits.release_when_idle);
    }
}

/// A message or record does not fit.
pub(crate) fn too_small(needed: usize) -> Failure {
    // RFC 8446 has no alert for it; OpenSSL and BoringSSL send this one.
    Failure::new(
        FailureKind::BufferTooSmall { needed },
        Alert::IllegalParameter,
    )
}
