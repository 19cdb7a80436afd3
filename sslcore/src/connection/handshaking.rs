//! Steps of a handshake: the choice of a configuration, records, and the verdict.

use alloc::boxed::Box;

use super::clock::Countdown;
use super::decisions::Answer;
use super::process::{Step, lost_engine, too_small};
use super::{Connection, Role};
use crate::alert::Alert;
use crate::event::{Event, RequestId, ReviewId};
use crate::failure::{Failure, FailureKind};
use crate::handshake::Engine;
use crate::handshake::first_hello::Awaited;
use crate::handshake::inbound::Read;
use crate::handshake::wire::client_hello::HelloMessage;
use crate::protocol::SslProtocol;
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
    /// A server waits for a whole ClientHello.
    pub(super) fn look_for_hello(&mut self) -> Step {
        let Some(handshake) = &mut self.handshake else {
            return Err(lost_engine());
        };
        let awaited = handshake
            .first_hello
            .read(&mut self.receive, self.limits.max_handshake)?;
        let message = match awaited {
            Awaited::Starved(needed) => return self.starved(needed),
            Awaited::Part => return Ok(true),
            Awaited::Hello(message) => message,
        };
        self.facts.server_name = message.dns_name().map(Box::from);
        handshake.hello = Some(message);
        if handshake.asks {
            let id = RequestId(self.open_decision());
            self.events.push(Event::ConfigRequired(id));
            self.state.follow(Cause::HelloSeen);
        } else {
            self.state.follow(Cause::HelloRead);
        }
        Ok(true)
    }

    /// The record at the front is not complete: it has so many bytes.
    fn starved(&mut self, needed: usize) -> Step {
        if needed > self.receive.capacity(self.receive_cap()) {
            return Err(too_small(needed));
        }
        self.ended()
    }

    /// The application chooses the server's configuration.
    pub(super) fn choose_config(&mut self) -> Step {
        match self.take_answer() {
            Some(Answer::Config(config)) => {
                let timeouts = config.0.terms.timeouts;
                if let Some(handshake) = &mut self.handshake {
                    handshake.timeout = Countdown::new(timeouts.handshake);
                    handshake.decision = Countdown::new(timeouts.decision);
                }
                self.review = None;
                self.close_timeout = Countdown::new(timeouts.close);
                self.role = Some(Role::Server(config));
                self.state.follow(Cause::ConfigChosen);
                Ok(true)
            }
            Some(_) => Err(Failure::new(
                FailureKind::ConfigRefused,
                Alert::UnrecognizedName,
            )),
            None => self.ended_while_deciding(),
        }
    }

    fn take_answer(&mut self) -> Option<Answer> {
        self.handshake.as_mut()?.answer.take()
    }

    /// Makes the engine, releases its flight, feeds it a record, or takes it apart.
    pub(super) fn handshake(&mut self, now: Now) -> Step {
        let Some(handshake) = &mut self.handshake else {
            return Err(lost_engine());
        };
        let Some(engine) = &mut handshake.engine else {
            let hello = handshake.hello.take();
            let mut engine = self.new_engine(hello, now)?;
            if let Some(handshake) = &mut self.handshake {
                let started = engine.start(now, &mut handshake.flight);
                handshake.engine = Some(engine);
                started?;
            }
            return Ok(true);
        };
        if engine.verdict_due() {
            self.state.follow(Cause::VerdictDue);
            return Ok(true);
        }
        if !handshake.flight.is_empty() {
            let flight = core::mem::take(&mut handshake.flight);
            if engine.certificate_requested() && !handshake.told_of_request {
                handshake.told_of_request = true;
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
        let read =
            handshake
                .inbound
                .read(&mut self.receive, &mut **engine, now, &mut handshake.flight)?;
        match read {
            Read::Starved(needed) => return self.starved(needed),
            Read::Warned(alert) => self.events.push(Event::AlertReceived(alert)),
            Read::Worked => {}
        }
        Ok(true)
    }

    fn new_engine(
        &mut self,
        hello: Option<HelloMessage>,
        now: Now,
    ) -> Result<Box<dyn Engine>, Failure> {
        match &self.role {
            Some(Role::Client(config, peer)) => {
                let judged = config.0.terms.policy.mode != VerifyMode::None;
                let name = peer.sni.as_ref().unwrap_or(&peer.verify);
                let template = &config.0.template;
                let engine = template.engine(name.clone(), peer.sni.is_some(), judged, now)?;
                Ok(Box::new(engine))
            }
            Some(Role::Server(config)) => {
                let hello = hello.ok_or_else(lost_engine)?;
                Ok(Box::new(config.0.template.engine(hello, now)?))
            }
            None => Err(lost_engine()),
        }
    }

    fn complete(&mut self) -> Step {
        let Some(handshake) = self.handshake.take() else {
            return Err(lost_engine());
        };
        let (Some(engine), Some(role)) = (handshake.engine, &self.role) else {
            return Err(lost_engine());
        };
        self.facts = engine.facts();
        let exporter = engine.exporter();
        let received = handshake.inbound.into_protection();
        let traffic = Traffic::new(
            engine.finish(received)?,
            &role.terms().records,
            role.is_client(),
            self.transmit.capacity(),
        );
        self.traffic = Some(Box::new(traffic));
        self.exporter = exporter.map(Box::new);
        self.state.follow(Cause::Completed);
        self.events.push(Event::Encrypted);
        Ok(true)
    }

    /// Judges the peer's certificates: a step of its own, outside the engine. Then tells the
    /// errors, some in each step, and decides in the last one.
    pub(super) fn judge(&mut self, now: Now) -> Step {
        let (Some(handshake), Some(role)) = (&mut self.handshake, &self.role) else {
            return Err(lost_engine());
        };
        let Some(engine) = &mut handshake.engine else {
            return Err(lost_engine());
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
            Outcome::Rejected(kind) => Err(self.rejection(kind, kind.alert())),
        }
    }

    /// The application judges.
    pub(super) fn hold(&mut self) -> Step {
        match self.take_answer() {
            // Without errors it is the application that has verified.
            Some(Answer::Accepted) => self.approve(self.ssl_errors.is_empty()),
            Some(Answer::Rejected(kind, alert)) => Err(self.rejection(kind, alert)),
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
