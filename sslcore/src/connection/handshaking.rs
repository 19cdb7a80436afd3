//! Steps of a handshake: the choice of a configuration, records, and the verdict.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::clock::Countdown;
use super::decisions::Answer;
use super::process::{Step, lost_engine, too_small};
use super::{Connection, Role};
use crate::alert::Alert;
use crate::event::{Event, RequestId, ReviewId};
use crate::failure::{Failure, FailureKind, Repeated};
use crate::handshake::Engine;
use crate::handshake::client_hello::{self, Glimpse, glimpse};
use crate::limits;
use crate::protocol::SslProtocol;
use crate::record::header::{ContentType, HEADER_LEN, Header, MAX_BODY_TLS12};
use crate::record::traffic::Traffic;
use crate::state::Cause;
use crate::time::Now;
use crate::verify::SslErrorKind;
use crate::verify::judge::Staple;
use crate::verify::policy::{Judged, Outcome, VerifyMode};
use crate::x509::certificate::Certificate;

/// Errors that one step tells: the queue of events has room for them, and for what comes after.
const ERRORS_PER_STEP: usize = 8;

impl Connection {
    /// A server that was told to ask waits for a whole ClientHello.
    pub(super) fn look_for_hello(&mut self) -> Step {
        let raw = self.receive.raw();
        let full = self.receive.room(self.receive_cap()) == 0;
        let look_again = self.handshake.as_ref().map_or(0, |it| it.look_again);
        if raw.len() < look_again && !full {
            return self.ended();
        }
        let cause = match glimpse(raw, self.limits.max_handshake) {
            Glimpse::Incomplete(needed) if !full => {
                if let Some(handshake) = &mut self.handshake {
                    handshake.look_again = needed;
                }
                return self.ended();
            }
            Glimpse::Incomplete(_) | Glimpse::Unreadable => Cause::HelloUnreadable,
            Glimpse::Hello(message) => {
                let id = RequestId(self.open_decision());
                let hello = client_hello::read(&message);
                let name = hello.and_then(|hello| hello.dns_name());
                self.facts.server_name = name.map(Box::from);
                if let Some(handshake) = &mut self.handshake {
                    handshake.hello = message;
                }
                self.events.push(Event::ConfigRequired(id));
                Cause::HelloSeen
            }
        };
        self.state.follow(cause);
        Ok(true)
    }

    /// The application chooses the server's configuration.
    pub(super) fn choose_config(&mut self) -> Step {
        match self.take_answer() {
            Some(Answer::Config(config)) => {
                let timeouts = config.0.terms.timeouts;
                if let Some(handshake) = &mut self.handshake {
                    handshake.hello = Vec::new();
                    handshake.timeout = Countdown::new(timeouts.handshake);
                    handshake.decision = Countdown::new(timeouts.decision);
                }
                self.review = None;
                self.close_timeout = Countdown::new(timeouts.close);
                self.role = Some(Role::Server(config));
                self.state.follow(Cause::ConfigChosen);
                Ok(true)
            }
            Some(_) => {
                Err(Failure::new(FailureKind::ConfigRefused, Alert::UnrecognizedName).into())
            }
            None => self.ended_while_deciding(),
        }
    }

    fn take_answer(&mut self) -> Option<Answer> {
        self.handshake.as_mut()?.answer.take()
    }

    /// Makes the engine, releases its flight, feeds it a record, or takes it apart.
    pub(super) fn handshake(&mut self, now: Now) -> Step {
        let Some(handshake) = &mut self.handshake else {
            return Err(lost_engine().into());
        };
        let Some(engine) = &mut handshake.engine else {
            let engine = self.new_engine(now)?;
            if let Some(handshake) = &mut self.handshake {
                handshake.engine = Some(engine);
            }
            return self.feed(0, now);
        };
        if engine.verdict_due() {
            self.state.follow(Cause::VerdictDue);
            return Ok(true);
        }
        if !handshake.flight.is_empty() {
            let flight = core::mem::take(&mut handshake.flight);
            if engine.answers_certificate_request(&flight) {
                self.events.push(Event::ClientCertificateRequested);
            }
            engine.released(&flight);
            self.transmit.append_flight(&flight);
            // The last flight of TLS 1.3 goes with a change of keys: in between, an alert would be
            // sealed under the old ones, with nonces that the flight has used.
            if !engine.is_complete() {
                return Ok(true);
            }
        }
        if engine.is_complete() {
            return self.complete();
        }
        self.next_handshake_record(now)
    }

    fn new_engine(&mut self, now: Now) -> Result<Box<dyn Engine>, Failure> {
        match &self.role {
            Some(Role::Client(config, peer)) => {
                let judged = config.0.terms.policy.mode != VerifyMode::None;
                let name = peer.sni.as_ref().unwrap_or(&peer.verify);
                let template = &config.0.template;
                let engine = template.engine(name.clone(), peer.sni.is_some(), judged, now)?;
                Ok(Box::new(engine))
            }
            Some(Role::Server(config)) => Ok(Box::new(config.0.template.engine(now)?)),
            None => Err(lost_engine()),
        }
    }

    fn next_handshake_record(&mut self, now: Now) -> Step {
        let fed = self.fed();
        let cap = self.receive_cap();
        let raw = self.receive.raw();
        let next = raw.get(fed..).unwrap_or_default();
        let header = match Header::read(next, MAX_BODY_TLS12)? {
            Some(header) if next.len() >= header.record_len() => header,
            incomplete => {
                if self.receive.room(cap) == 0 {
                    let record = incomplete.map_or(HEADER_LEN, |header| header.record_len());
                    return Err(too_small(fed + record).into());
                }
                return self.ended();
            }
        };
        if let [1, code] = next[HEADER_LEN..header.record_len()] {
            if header.content == ContentType::Alert {
                match Alert::from_code(code) {
                    // rustls takes it for a warning and waits for the rest of the handshake.
                    Alert::CloseNotify => {
                        return Err(Failure::silent(FailureKind::ClosedDuringHandshake).into());
                    }
                    alert => self.events.push(Event::AlertReceived(alert)),
                }
            }
        }
        self.feed(header.record_len(), now)
    }

    /// Feeds the engine the next record, of `len` bytes; none at all to make it begin.
    fn feed(&mut self, len: usize, now: Now) -> Step {
        let Some(handshake) = &mut self.handshake else {
            return Err(lost_engine().into());
        };
        let Some(engine) = &mut handshake.engine else {
            return Err(lost_engine().into());
        };
        let end = handshake.fed + len;
        let Some(input) = self.receive.raw_mut().get_mut(..end) else {
            return Err(lost_engine().into());
        };
        let fed = engine.feed(input, now, &mut handshake.flight)?;
        handshake.fed = end.saturating_sub(fed.discard);
        handshake.fragments = match fed.partial {
            true => handshake.fragments + 1,
            false => 0,
        };
        let too_many = handshake.fragments > limits::HANDSHAKE_FRAGMENTS;
        self.receive.skip(fed.discard);
        if too_many {
            return Err(Failure::new(
                FailureKind::TooMuchOf(Repeated::HandshakeFragments),
                Alert::UnexpectedMessage,
            )
            .into());
        }
        if let Some(declared) = fed
            .partial
            .then(|| declared_len(self.receive.raw()))
            .flatten()
        {
            if declared > self.limits.max_handshake {
                return Err(too_small(declared).into());
            }
        }
        Ok(true)
    }

    fn complete(&mut self) -> Step {
        let Some(handshake) = self.handshake.take() else {
            return Err(lost_engine().into());
        };
        let (Some(engine), Some(role)) = (handshake.engine, &self.role) else {
            return Err(lost_engine().into());
        };
        self.facts = engine.facts();
        let exporter = engine.exporter();
        let leftover = handshake.fed > 0;
        let traffic = Traffic::new(
            engine.finish()?,
            &role.terms().records,
            role.is_client(),
            self.transmit.capacity(),
        );
        self.traffic = Some(Box::new(traffic));
        if leftover {
            // RFC 8446 §5.1: the last message before a key change ends its record.
            return Err(
                Failure::new(FailureKind::UnexpectedMessage, Alert::UnexpectedMessage)
                    .because("bytes behind Finished in its record")
                    .into(),
            );
        }
        self.exporter = exporter.map(Box::new);
        self.state.follow(Cause::Completed);
        self.events.push(Event::Encrypted);
        Ok(true)
    }

    /// Judges the peer's certificates: a step of its own, outside the engine. Then tells the
    /// errors, some in each step, and decides in the last one.
    pub(super) fn judge(&mut self, now: Now) -> Step {
        let (Some(handshake), Some(role)) = (&mut self.handshake, &self.role) else {
            return Err(lost_engine().into());
        };
        let Some(engine) = &mut handshake.engine else {
            return Err(lost_engine().into());
        };
        let policy = &role.terms().policy;
        let told = match handshake.told {
            Some(told) => told,
            None => {
                let chain = engine.peer_chain();
                self.facts = engine.facts();
                self.peer_chain = chain.iter().cloned().map(Certificate::from).collect();
                let judged = match role {
                    Role::Client(_, peer) => Judged::Server(Some(&peer.verify)),
                    Role::Server(_) => Judged::Client,
                };
                if policy.judges() {
                    let staple = Staple::Received(self.facts.stapled.as_deref());
                    let opinion = policy.judge(chain, judged, staple, now.wall);
                    self.ssl_errors = opinion.errors;
                    handshake.good_until = opinion.good_until;
                }
                0
            }
        };
        let untold = self.ssl_errors.get(told..).unwrap_or_default();
        for error in untold.iter().take(ERRORS_PER_STEP) {
            self.events.push(Event::PeerVerifyError {
                kind: error.kind(),
                depth: error.depth(),
            });
        }
        if untold.len() > ERRORS_PER_STEP {
            handshake.told = Some(told + ERRORS_PER_STEP);
            return Ok(true);
        }
        let outcome = policy.decide(&self.ssl_errors);
        if outcome != Outcome::Trusted {
            let id = ReviewId(self.open_decision());
            self.events.push(Event::SslErrors(id));
        }
        match outcome {
            Outcome::Trusted => self.approve(true),
            Outcome::Forgiven => self.approve(false),
            Outcome::Asked => {
                self.state.follow(Cause::Doubted);
                Ok(true)
            }
            Outcome::Rejected(kind) => Err(self.rejection(kind, kind.alert()).into()),
        }
    }

    /// The application judges.
    pub(super) fn hold(&mut self) -> Step {
        match self.take_answer() {
            // Without errors it is the application that has verified.
            Some(Answer::Accepted) => self.approve(self.ssl_errors.is_empty()),
            Some(Answer::Rejected(kind, alert)) => Err(self.rejection(kind, alert).into()),
            _ => self.ended_while_deciding(),
        }
    }

    fn approve(&mut self, trusted: bool) -> Step {
        self.review = None;
        if let Some(handshake) = &mut self.handshake {
            if let Some(engine) = &mut handshake.engine {
                engine.judged(trusted, handshake.good_until, &mut handshake.flight);
            }
        }
        self.state.follow(Cause::Approved);
        Ok(true)
    }

    fn rejection(&mut self, kind: SslErrorKind, alert: Alert) -> Failure {
        if let Some(handshake) = &mut self.handshake {
            if let Some(engine) = &mut handshake.engine {
                engine.rejected();
            }
        }
        // TLS 1.2 has no certificate_required; a missing one is a handshake failure
        // (RFC 5246 §7.4.6).
        let tls12 = self.facts.protocol == Some(SslProtocol::TlsV1_2);
        let alert = match alert {
            Alert::CertificateRequired if tls12 => Alert::HandshakeFailure,
            alert => alert,
        };
        Failure::new(FailureKind::CertificateRejected(kind), alert)
    }
}

/// The length that an incomplete message says it has, header included. `raw` begins with the
/// record that it begins in; the engine has decrypted that in place, behind the record header.
fn declared_len(raw: &[u8]) -> Option<usize> {
    let header = Header::read(raw, MAX_BODY_TLS12).ok()??;
    let body = raw.get(HEADER_LEN..header.record_len())?;
    let mut rest = match header.content {
        // Content, one type byte, zeros (RFC 8446 §5.4), and the tag.
        ContentType::ApplicationData => {
            let inner = body.get(..body.len().checked_sub(crate::crypto::TAG_LEN)?)?;
            inner.get(..inner.iter().rposition(|byte| *byte != 0)?)?
        }
        _ => body,
    };
    while let [_, a, b, c, ..] = *rest {
        let len = 4 + (usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c));
        match rest.get(len..) {
            Some(later) => rest = later,
            None => return Some(len),
        }
    }
    None
}
