//! One step of the machine: one record's work (rule R9).

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::clock::Countdown;
use super::{Connection, Handshake, Role, TransportEnd};
use crate::alert::Alert;
use crate::event::Event;
use crate::failure::{Failure, FailureKind};
use crate::handshake::first_hello::FirstHello;
use crate::handshake::inbound::Inbound;
use crate::record::header::MAX_RECORD;
use crate::state::{Outbound, Phase};
use crate::time::Now;
use crate::usage::ReadEnd;

/// Whether there is more to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "there may be more to do"]
pub enum Progress {
    /// Call again: there is more to do with what is there.
    Again,
    /// Nothing more to do until something changes.
    Idle,
    /// Drain [`poll_event`](Connection::poll_event) first: the next step's events might not fit.
    DrainEvents,
}

/// The result of a step: whether it did anything.
pub(super) type Step = Result<bool, Failure>;

impl Connection {
    /// Does one record's work: opens or judges or seals one thing, and says whether there is
    /// more. Costs what that one thing costs; during a handshake this can be several public-key
    /// operations in one call (a TLS 1.3 server's ClientHello: key generation, agreement and
    /// signature; a TLS 1.2 client's server flight: verification, generation, agreement, and its
    /// own signature).
    ///
    /// `now` drives the timeouts, and judges certificates.
    pub fn process(&mut self, now: Now) -> Progress {
        if !self.events.has_room() {
            return Progress::DrainEvents;
        }
        self.now = now.monotonic;
        let timed = self.is_timed();
        if timed {
            self.run_clocks();
        }
        let expired = if timed { self.expired() } else { None };
        let step = match expired {
            Some(failure) => Err(failure),
            None => self.step(now),
        };
        let worked = match step {
            Ok(worked) => worked,
            Err(failure) => {
                self.fail(failure);
                true
            }
        };
        self.settle();
        if timed || self.is_timed() {
            self.run_clocks();
        }
        if worked {
            Progress::Again
        } else {
            Progress::Idle
        }
    }

    fn step(&mut self, now: Now) -> Step {
        if self.state.outbound() == Outbound::Closing && self.state.is_handshaking() {
            self.cancel();
            return Ok(true);
        }
        match self.state.phase() {
            Phase::Plain => self.pass_through(),
            Phase::AwaitingHello => self.look_for_hello(),
            Phase::ChoosingConfig => self.choose_config(),
            Phase::Handshake => self.handshake(now),
            Phase::Judging => self.judge(now),
            Phase::Held => self.hold(),
            Phase::Traffic => self.traffic(now),
            Phase::Over => Ok(false),
        }
    }

    pub(super) fn begin_handshake(&mut self, role: &Role, asks: bool) {
        let timeouts = role.terms().timeouts;
        self.handshake = Some(Box::new(Handshake {
            engine: None,
            flight: Vec::new(),
            first_hello: FirstHello::default(),
            inbound: Inbound::new(self.limits.max_handshake),
            asks,
            hello: None,
            told_of_request: false,
            told: None,
            good_until: None,
            answer: None,
            timeout: Countdown::new(timeouts.handshake),
            decision: Countdown::new(timeouts.decision),
        }));
        self.close_timeout = Countdown::new(timeouts.close);
    }

    /// Whether any clock may run: none does while an encrypted connection is just used.
    fn is_timed(&self) -> bool {
        self.handshake.is_some() || self.state.outbound() != Outbound::Open
    }

    /// Lets the right clocks run: the handshake's stands still while a decision is open.
    fn run_clocks(&mut self) {
        let now = self.now;
        if let Some(handshake) = &mut self.handshake {
            if self.state.is_deciding() {
                handshake.timeout.pause(now);
                handshake.decision.run(now);
            } else {
                handshake.timeout.run(now);
                handshake.decision.pause(now);
            }
        }
        if self.state.outbound() != Outbound::Open && !self.reported {
            // What has arrived and waits for the reader is not the peer's delay.
            if self.reader_is_awaited() {
                self.close_timeout.pause(now);
            } else {
                self.close_timeout.run(now);
            }
        }
    }

    /// Whether received bytes stay unopened because the reader has enough.
    fn reader_is_awaited(&self) -> bool {
        self.state.phase() != Phase::Over
            && self.receive.plain().len() >= self.limits.read_buffer_size
            && !self.receive.raw().is_empty()
    }

    /// Bytes from the peer: a close that waits for its end waits anew, unless nobody reads them.
    pub(super) fn heard(&mut self) {
        if self.state.outbound() != Outbound::Open && !self.discard_reads {
            self.close_timeout.restart(self.now);
        }
    }

    fn expired(&mut self) -> Option<Failure> {
        if self.close_timeout.has_expired(self.now) && !self.reported {
            self.give_up_closing();
            return None;
        }
        let handshake = self.handshake.as_ref()?;
        if handshake.decision.has_expired(self.now) {
            let alert = match self.state.phase() {
                Phase::ChoosingConfig => Alert::UnrecognizedName,
                _ => Alert::CertificateUnknown,
            };
            return Some(Failure::new(FailureKind::DecisionTimeout, alert));
        }
        if handshake.timeout.has_expired(self.now) {
            return Some(Failure::new(
                FailureKind::HandshakeTimeout,
                Alert::HandshakeFailure,
            ));
        }
        None
    }

    /// Plaintext before TLS.
    fn pass_through(&mut self) -> Step {
        if self.state.outbound() == Outbound::Closing {
            self.state.end_outbound();
            return Ok(true);
        }
        if self.discard_reads {
            self.receive.discard();
        }
        let room = self
            .limits
            .read_buffer_size
            .saturating_sub(self.receive.plain().len());
        let n = self.receive.raw().len().min(room);
        if n > 0 {
            self.receive.deliver(n, 0..n);
            self.heard();
            self.events.ready_read();
            return Ok(true);
        }
        if self.receive.raw().is_empty() {
            match self.transport_end {
                None => {}
                Some(TransportEnd::Reset) => return self.reset(),
                Some(TransportEnd::Eof) if self.state.inbound_end().is_some() => {}
                Some(TransportEnd::Eof) => {
                    self.state.end_inbound(ReadEnd::EndOfStream);
                    self.events.push(Event::EndOfStream);
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// No complete record is there: if the transport has ended, so has the connection (rule R4).
    pub(super) fn ended(&mut self) -> Step {
        match self.transport_end {
            None => Ok(false),
            Some(TransportEnd::Eof) => Err(Failure::silent(FailureKind::Truncated)),
            Some(TransportEnd::Reset) => Err(Failure::silent(FailureKind::Reset)),
        }
    }

    /// The transport was reset. Who has ended both directions before does not mind.
    pub(super) fn reset(&mut self) -> Step {
        if self.state.inbound_end().is_some() && self.state.outbound() == Outbound::Closed {
            return Ok(false);
        }
        Err(Failure::silent(FailureKind::Reset))
    }

    /// While a decision is open the end surfaces at once, whatever waits unprocessed (rule R1).
    pub(super) fn ended_while_deciding(&mut self) -> Step {
        self.ended()
    }

    /// How much may be held: what the reader has room for and one record (rule R8).
    pub(super) fn receive_cap(&self) -> usize {
        self.limits.read_buffer_size.saturating_add(MAX_RECORD)
    }
}

pub(super) fn too_small(needed: usize) -> Failure {
    // RFC 8446 has no alert for it; OpenSSL and BoringSSL send this one.
    Failure::new(
        FailureKind::BufferTooSmall { needed },
        Alert::IllegalParameter,
    )
}

pub(super) fn lost_engine() -> Failure {
    Failure::new(FailureKind::Engine, Alert::InternalError).because("the engine is gone")
}
