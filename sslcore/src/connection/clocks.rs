//! Which clock runs when, and what happens when one runs out.

use super::Connection;
use super::io::{Io, Outbound};
use crate::alert::Alert;
use crate::failure::{Failure, FailureKind};
use crate::state::Phase;
use crate::time::Instant;
use crate::usage::ReadEnd;

impl Connection {
    /// The time at which [`process`](Self::process) must be called even if no bytes arrive; `None`
    /// when no timer runs.
    pub fn deadline(&self) -> Option<Instant> {
        if self.phase.is_told() {
            return None;
        }
        let handshake = self.phase.underway();
        let decision = match &self.phase {
            Phase::Choosing(it) => it.question.deadline(),
            Phase::Held(it) => it.question.deadline(),
            Phase::Keying(it) => it.question.deadline(),
            Phase::Signing(it) => it.question.deadline(),
            _ => None,
        };
        [
            handshake.and_then(|handshake| handshake.timeout.deadline()),
            decision,
            self.io.close_timeout.deadline(),
            self.io.peer_close_timeout.deadline(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Whether any clock may run: none does while an encrypted connection is just used.
    pub(super) fn is_timed(&self) -> bool {
        self.io.outbound() != Outbound::Open || self.phase.is_handshaking()
    }

    /// Lets the right clocks run: the handshake's stands still while a decision is open.
    pub(super) fn run_clocks(&mut self) {
        let now = self.io.now;
        match &mut self.phase {
            Phase::Plain(_) | Phase::Traffic(_) | Phase::Over(_) => {}
            Phase::Greeting(it) => it.underway.timeout.run(now),
            Phase::AwaitingHello(it) => it.underway.timeout.run(now),
            Phase::Handshaking(it) => it.underway.timeout.run(now),
            Phase::Judging(it) => it.handshaking.underway.timeout.run(now),
            Phase::Choosing(it) => {
                it.underway.timeout.pause(now);
                it.question.run(now);
            }
            Phase::Held(it) => {
                it.handshaking.underway.timeout.pause(now);
                it.question.run(now);
            }
            Phase::Keying(it) => {
                it.handshaking.underway.timeout.pause(now);
                it.question.run(now);
            }
            Phase::Signing(it) => {
                it.handshaking.underway.timeout.pause(now);
                it.question.run(now);
            }
        }
        if self.io.outbound() != Outbound::Open && !self.phase.is_told() {
            self.run_close_clocks(now);
        }
    }

    /// What we send is timed first, then the peer's end.
    fn run_close_clocks(&mut self, now: Instant) {
        if !self.io.has_sent_all() {
            // A handshake has a clock of its own, that stands still while a decision is open.
            match self.phase.is_handshaking() && !self.phase.is_asking() {
                true => self.io.close_timeout.pause(now),
                false => self.io.close_timeout.run(now),
            }
            return;
        }
        self.io.close_timeout.pause(now);
        let Io {
            close_timeout,
            peer_close_timeout,
            discard_reads,
            ..
        } = &mut self.io;
        if *discard_reads && !peer_close_timeout.is_limited() {
            peer_close_timeout.set_timeout_of(close_timeout);
        }
        // What has arrived and waits for the reader is not the peer's delay.
        match self.reader_is_awaited() {
            true => self.io.peer_close_timeout.pause(now),
            false => self.io.peer_close_timeout.run(now),
        }
    }

    /// Whether the peer waits for the reader: bytes stay unopened because there is enough to read,
    /// or they have no room beside it.
    fn reader_is_awaited(&self) -> bool {
        let receive = &self.io.receive;
        let enough = receive.plain().len() >= self.io.limits.read_buffer_size;
        !self.is_over()
            && (enough && !receive.raw().is_empty() || receive.is_blocked(self.io.receive_cap()))
    }

    /// What has run out. That a close takes too long is no failure: it just ends the wait.
    pub(super) fn expired(&mut self) -> Option<Failure> {
        let now = self.io.now;
        if !self.phase.is_told() {
            if self.io.close_timeout.has_expired(now) {
                self.give_up_sending();
                return None;
            }
            if self.io.peer_close_timeout.has_expired(now) {
                self.end(ReadEnd::TimedOut);
                return None;
            }
        }
        let (question, alert) = match &self.phase {
            Phase::Choosing(it) => (it.question.has_expired(now), Alert::UnrecognizedName),
            Phase::Held(it) => (it.question.has_expired(now), Alert::CertificateUnknown),
            Phase::Keying(it) => (it.question.has_expired(now), Alert::HandshakeFailure),
            Phase::Signing(it) => (it.question.has_expired(now), Alert::InternalError),
            _ => (false, Alert::HandshakeFailure),
        };
        if question {
            return Some(Failure::new(FailureKind::DecisionTimeout, alert));
        }
        let handshake = self.phase.underway()?;
        handshake
            .timeout
            .has_expired(now)
            .then(|| Failure::new(FailureKind::HandshakeTimeout, Alert::HandshakeFailure))
    }

    /// What was to be sent has taken too long. A peer that waits for a decision of ours takes a
    /// farewell, which has as long again.
    fn give_up_sending(&mut self) {
        if self.phase.is_asking() && self.io.transmit.is_empty() {
            self.cancel();
            self.io.close_timeout.restart(self.io.now);
        } else {
            self.io.tally.unsent += self.io.transmit.clear();
            self.end(ReadEnd::TimedOut);
        }
    }
}
