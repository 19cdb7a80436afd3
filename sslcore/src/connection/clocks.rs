//! Which clock runs when, and what happens when one runs out.

use super::Connection;
use super::io::Outbound;
use crate::alert::Alert;
use crate::failure::{Failure, FailureKind};
use crate::state::Phase;
use crate::time::Instant;
use crate::usage::ReadEnd;

impl Connection {
    /// When to call [`process`](Self::process) even if no bytes arrive. `None`: no need.
    pub fn deadline(&self) -> Option<Instant> {
        if self.phase.report().is_some() {
            return None;
        }
        let handshake = self.phase.underway();
        let decision = match &self.phase {
            Phase::Choosing(it) => it.question.deadline(),
            Phase::Held(it) => it.question.deadline(),
            _ => None,
        };
        [
            handshake.and_then(|handshake| handshake.timeout.deadline()),
            decision,
            self.io.close_timeout.deadline(),
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
        }
        if self.io.outbound() != Outbound::Open && self.phase.report().is_none() {
            // What has arrived and waits for the reader is not the peer's delay.
            if self.reader_is_awaited() {
                self.io.close_timeout.pause(now);
            } else {
                self.io.close_timeout.run(now);
            }
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

    /// What has run out. The close timeout is no failure: it just ends the wait.
    pub(super) fn expired(&mut self) -> Option<Failure> {
        let now = self.io.now;
        if self.io.close_timeout.has_expired(now) && self.phase.report().is_none() {
            self.io.tally.unsent += self.io.transmit.clear();
            self.end(ReadEnd::Truncated);
            return None;
        }
        let (question, alert) = match &self.phase {
            Phase::Choosing(it) => (it.question.has_expired(now), Alert::UnrecognizedName),
            Phase::Held(it) => (it.question.has_expired(now), Alert::CertificateUnknown),
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
}
