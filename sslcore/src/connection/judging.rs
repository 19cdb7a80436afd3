//! The peer's certificates: judged in a step of their own, outside the engine, and held while the
//! application is asked.

use alloc::boxed::Box;

use rustls_pki_types::UnixTime;

use super::decisions::Verdict;
use super::handshaking::Handshaking;
use super::io::{Io, Stepped, Turn};
use super::question::Question;
use crate::alert::Alert;
use crate::event::{Event, ReviewId};
use crate::failure::{Failure, FailureKind};
use crate::handshake::Trust;
use crate::protocol::SslProtocol;
use crate::texts::sentence;
use crate::time::Now;
use crate::usage::UsageError;
use crate::verify::checked::CheckedSignatures;
use crate::verify::judge::Staple;
use crate::verify::policy::Outcome;
use crate::verify::{SslError, SslErrorKind};

/// Errors that one step tells: the queue of events has room for them, and for what comes after.
const ERRORS_PER_STEP: usize = 8;

/// Certificates of a chain that is searched at next to no cost. A signature is checked in the middle of it, and
/// of a longer one in a step of its own, which has the stack for itself.
const SEARCHED_IN_PASSING: usize = 1;

/// A handshake whose peer is judged.
pub(crate) struct Judging {
    pub(crate) handshaking: Box<Handshaking>,
    /// When judging began, and what was checked in the steps before.
    begun: Option<(Option<UnixTime>, CheckedSignatures)>,
    /// How many errors the events have told, once the chain was judged.
    told: Option<usize>,
    /// Until when the server's OCSP response is good.
    good_until: Option<UnixTime>,
}

/// What leads out of a judgement.
pub(crate) enum Ruling {
    Approved(Approved),
    /// The certificates have errors, and the policy says to ask.
    Doubted(ReviewId),
}

/// The certificates are good, forgiven, or accepted.
pub(crate) struct Approved(pub(crate) Trust);

impl Judging {
    pub(crate) fn new(handshaking: Box<Handshaking>) -> Self {
        Self {
            handshaking,
            begun: None,
            told: None,
            good_until: None,
        }
    }

    /// Judges, a signature in each step. Then tells the errors, some in each step, and decides in the
    /// last one.
    pub(super) fn step(&mut self, io: &mut Io, now: Now) -> Stepped<Ruling> {
        if !cfg!(feature = "certificates") {
            return Ok(Turn::Idle); // nobody is judged
        }
        let told = match self.told {
            Some(told) => told,
            None => match self.judge(io, now) {
                true => 0,
                false => return Ok(Turn::Worked),
            },
        };
        let untold = io.known.errors.get(told..).unwrap_or_default();
        for error in untold.iter().take(ERRORS_PER_STEP) {
            io.events.push(Event::PeerVerifyError {
                kind: error.kind(),
                depth: error.depth(),
            });
        }
        if untold.len() > ERRORS_PER_STEP {
            self.told = Some(told + ERRORS_PER_STEP);
            return Ok(Turn::Worked);
        }
        if let Some(error) = self.handshaking.engine.useless_key() {
            let kind = error.kind();
            let why = sentence(error.explanation());
            review(io);
            let alert = Alert::UnsupportedCertificate;
            return Err(reject(&mut self.handshaking, io, kind, alert).because(why));
        }
        let policy = &self.handshaking.role.terms().policy;
        match policy.decide(&io.known.errors) {
            Outcome::Trusted => {
                let good = Trust::Good(self.good_until);
                Ok(Turn::Leave(Ruling::Approved(Approved(good))))
            }
            Outcome::Forgiven => {
                review(io);
                Ok(Turn::Leave(Ruling::Approved(Approved(Trust::Forgiven))))
            }
            Outcome::Asked => Ok(Turn::Leave(Ruling::Doubted(review(io)))),
            Outcome::Rejected(kind) => {
                review(io);
                Err(reject(&mut self.handshaking, io, kind, kind.alert()))
            }
        }
    }

    /// Whether this was the last step of it.
    fn judge(&mut self, io: &mut Io, now: Now) -> bool {
        let Handshaking { role, engine, .. } = &mut *self.handshaking;
        let policy = &role.terms().policy;
        let (at, checked) = match &mut self.begun {
            Some(begun) => begun,
            None => {
                io.known.learn(engine.facts());
                io.known.chain = engine.take_peer_chain();
                self.begun.insert((now.wall, CheckedSignatures::default()))
            }
        };
        if policy.judges() {
            let staple = Staple::Received(io.known.facts.stapled.as_deref());
            // One at a time, at most (rule R16).
            let allowance = usize::from(io.known.chain.len() <= SEARCHED_IN_PASSING);
            let Some(opinion) = policy.judge(
                &io.known.chain,
                role.judged(),
                staple,
                *at,
                checked,
                allowance,
            ) else {
                return false;
            };
            io.known.errors = opinion.errors;
            self.good_until = opinion.good_until;
        }
        if let Some(error) = engine.useless_key() {
            if !io.known.errors.contains(error) {
                io.known.errors.insert(0, error.clone());
            }
        }
        self.begun = None;
        true
    }

    pub(crate) fn ask(self, id: ReviewId) -> Held {
        let timeouts = self.handshaking.role.terms().timeouts;
        Held {
            question: Question::new(id.0, timeouts.decision),
            handshaking: self.handshaking,
            good_until: self.good_until,
        }
    }
}

/// A handshake that stands still until the application has judged.
pub(crate) struct Held {
    pub(crate) handshaking: Box<Handshaking>,
    good_until: Option<UnixTime>,
    pub(super) question: Question<Answer>,
}

/// What the application said.
pub(super) enum Answer {
    Accepted,
    Rejected(SslErrorKind, Alert),
}

impl Held {
    pub(super) fn step(&mut self, io: &mut Io, _: Now) -> Stepped<Approved> {
        match self.question.take_answer() {
            Some(Answer::Accepted) => {
                // Without errors it is the application that has verified.
                Ok(Turn::Leave(Approved(match io.known.errors.is_empty() {
                    true => Trust::Good(self.good_until),
                    false => Trust::Forgiven,
                })))
            }
            Some(Answer::Rejected(kind, alert)) => {
                Err(reject(&mut self.handshaking, io, kind, alert))
            }
            None => {
                // The end surfaces at once, whatever waits unprocessed (rule R1).
                io.ended()?;
                Ok(Turn::Idle)
            }
        }
    }

    /// The application's verdict on these errors.
    pub(super) fn answer(
        &mut self,
        id: ReviewId,
        verdict: Verdict<'_>,
        errors: &[SslError],
    ) -> Result<(), UsageError> {
        self.question.is_open(id.0)?;
        let policy = &self.handshaking.role.terms().policy;
        let unforgiven = |forgiven| policy.first(errors, forgiven).map(SslError::kind);
        let first = || unforgiven(&[]).unwrap_or(SslErrorKind::Unspecified);
        self.question.answer(match verdict {
            Verdict::Accept => Answer::Accepted,
            Verdict::AcceptOnly(forgiven) => match unforgiven(forgiven) {
                None => Answer::Accepted,
                Some(kind) => Answer::Rejected(kind, kind.alert()),
            },
            Verdict::Reject => Answer::Rejected(first(), first().alert()),
            Verdict::RejectWith(alert) if alert.is_warning() => {
                Answer::Rejected(first(), Alert::CertificateUnknown)
            }
            Verdict::RejectWith(alert) => Answer::Rejected(first(), alert),
        });
        Ok(())
    }
}

/// Opens a review: of errors that are forgiven or refused already, it only tells.
fn review(io: &mut Io) -> ReviewId {
    let id = ReviewId(io.next_id());
    io.events.push(Event::SslErrors(id));
    id
}

fn reject(handshaking: &mut Handshaking, io: &Io, kind: SslErrorKind, alert: Alert) -> Failure {
    handshaking.engine.rejected();
    // TLS 1.2 has no certificate_required; a missing one is a handshake failure
    // (RFC 5246 §7.4.6).
    let tls12 = io.known.facts.protocol == Some(SslProtocol::TlsV1_2);
    let alert = match alert {
        Alert::CertificateRequired if tls12 => Alert::HandshakeFailure,
        alert => alert,
    };
    Failure::new(FailureKind::CertificateRejected(kind), alert)
}
