//! One step of the machine: one record's work (rule R9).

use alloc::boxed::Box;
use alloc::vec::Vec;

use zeroize::Zeroize;

use super::clock::Countdown;
use super::decisions::Answer;
use super::{Connection, Handshake, Role, TransportEnd};
use crate::alert::Alert;
use crate::error::{Failure, FailureKind, ReadEnd, Repeated};
use crate::event::{Event, RequestId, ReviewId};
use crate::handshake::client_hello::{Glimpse, glimpse};
use crate::handshake::{Engine, EngineFailure};
use crate::identity::certificate::Certificate;
use crate::record::header::{
    ContentType, HEADER_LEN, Header, MAX_BODY_TLS12, MAX_PLAINTEXT, MAX_RECORD,
};
use crate::record::limits;
use crate::record::protection::SslProtocol;
use crate::record::traffic::{KEY_UPDATE_RECORD, Opened, Traffic};
use crate::state::{Cause, Outbound, Phase};
use crate::time::Now;
use crate::verify::SslErrorKind;
use crate::verify::policy::{Judged, OnErrors, VerifyMode};

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
type Step = Result<bool, EngineFailure>;

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
            Some(failure) => Err(failure.into()),
            None => self.step(now),
        };
        let worked = match step {
            Ok(worked) => worked,
            Err(EngineFailure { failure, record }) => {
                self.fail(failure, record.as_deref());
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
            Phase::Traffic => self.traffic(),
            Phase::Over => Ok(false),
        }
    }

    // Time.

    pub(super) fn begin_handshake(&mut self, role: &Role) {
        let timeouts = role.terms().timeouts;
        self.handshake = Some(Box::new(Handshake {
            timeout: Countdown::new(timeouts.handshake),
            decision: Countdown::new(timeouts.decision),
            ..Handshake::default()
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
            self.close_timeout.run(now);
        }
    }

    fn expired(&mut self) -> Option<Failure> {
        if self.close_timeout.has_expired(self.now) && !self.reported {
            self.give_up_closing();
            return None;
        }
        let handshake = self.handshake.as_ref()?;
        if handshake.decision.has_expired(self.now) {
            return Some(Failure::new(
                FailureKind::DecisionTimeout,
                Alert::CertificateUnknown,
            ));
        }
        if handshake.timeout.has_expired(self.now) {
            return Some(Failure::new(
                FailureKind::HandshakeTimeout,
                Alert::HandshakeFailure,
            ));
        }
        None
    }

    // Plaintext.

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

    // Choosing a configuration.

    fn look_for_hello(&mut self) -> Step {
        let full = self.receive.room(self.receive_cap()) == 0;
        let cause = match glimpse(self.receive.raw(), self.limits.max_handshake) {
            Glimpse::Incomplete if !full => return self.ended(),
            Glimpse::Incomplete | Glimpse::Unreadable => Cause::HelloUnreadable,
            Glimpse::Hello(message) => {
                let id = RequestId(self.open_decision());
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

    fn choose_config(&mut self) -> Step {
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

    // The handshake.

    fn handshake(&mut self, now: Now) -> Step {
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
        let leftover = handshake.fed > 0;
        let traffic = Traffic::new(
            engine.finish()?,
            role.terms(),
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
        self.state.follow(Cause::Completed);
        self.events.push(Event::Encrypted);
        Ok(true)
    }

    // The verdict.

    fn judge(&mut self, now: Now) -> Step {
        let (Some(handshake), Some(role)) = (&mut self.handshake, &self.role) else {
            return Err(lost_engine().into());
        };
        let Some(engine) = &mut handshake.engine else {
            return Err(lost_engine().into());
        };
        let policy = &role.terms().policy;
        let chain = engine.peer_chain();
        self.facts = engine.facts();
        self.peer_chain = chain.iter().cloned().map(Certificate::from).collect();
        let judged = match role {
            Role::Client(_, peer) => Judged::Server(&peer.verify),
            Role::Server(_) => Judged::Client,
        };
        let (mode, on_errors) = (policy.mode, policy.on_errors);
        if mode != VerifyMode::None {
            self.ssl_errors = policy.judge(chain, judged, now.wall);
        }
        let Some(first) = self.ssl_errors.first().map(|error| error.kind()) else {
            return self.approve(true);
        };
        for error in &self.ssl_errors {
            self.events.push(Event::PeerVerifyError {
                kind: error.kind(),
                depth: error.depth(),
            });
        }
        let id = ReviewId(self.open_decision());
        self.events.push(Event::SslErrors(id));
        match (mode, on_errors) {
            (VerifyMode::Verify, OnErrors::Reject) => {
                Err(self.rejection(first, first.alert()).into())
            }
            (VerifyMode::Verify, OnErrors::Hold) => {
                self.state.follow(Cause::Doubted);
                Ok(true)
            }
            _ => self.approve(false),
        }
    }

    fn hold(&mut self) -> Step {
        match self.take_answer() {
            Some(Answer::Accepted) => self.approve(false),
            Some(Answer::Rejected(kind, alert)) => Err(self.rejection(kind, alert).into()),
            _ => self.ended_while_deciding(),
        }
    }

    fn approve(&mut self, trusted: bool) -> Step {
        self.review = None;
        if let Some(handshake) = &mut self.handshake {
            if let Some(engine) = &mut handshake.engine {
                engine.judged(trusted, &mut handshake.flight);
            }
        }
        self.state.follow(Cause::Approved);
        Ok(true)
    }

    fn rejection(&mut self, kind: SslErrorKind, alert: Alert) -> Failure {
        // TLS 1.2 has no certificate_required; a missing one is a handshake failure
        // (RFC 5246 §7.4.6).
        let tls12 = self.facts.protocol == Some(SslProtocol::TlsV1_2);
        let alert = match alert {
            Alert::CertificateRequired if tls12 => Alert::HandshakeFailure,
            alert => alert,
        };
        Failure::new(FailureKind::CertificateRejected(kind), alert)
    }

    // Encrypted.

    fn traffic(&mut self) -> Step {
        if self.seal_queued()? {
            return Ok(true);
        }
        self.open_next()
    }

    /// Whether `write` can take a whole record's worth.
    pub(super) fn has_write_room(&self) -> bool {
        match (self.state.phase(), &self.traffic) {
            (Phase::Plain, _) => self.transmit.room() > 0,
            (Phase::Traffic, Some(traffic)) if self.queue.is_empty() => {
                self.transmit.room() >= traffic.room_for(traffic.max_payload())
            }
            _ => self.queue.len() < self.limits.queued,
        }
    }

    /// Seals whole records of `plaintext` as far as there is room. Where records end depends only
    /// on what is written, never on how much room there happened to be (rule R3).
    pub(super) fn seal(&mut self, plaintext: &[u8]) -> usize {
        let mut sealed = 0;
        while let Some(payload) = plaintext.get(sealed..).filter(|rest| !rest.is_empty()) {
            let Some(traffic) = &mut self.traffic else {
                break;
            };
            let payload = &payload[..payload.len().min(traffic.max_payload())];
            if self.transmit.room() < traffic.room_for(payload.len()) || traffic.is_exhausted() {
                break;
            }
            match traffic.seal_data(payload, &mut self.transmit) {
                Ok(renewed) => {
                    if renewed {
                        self.events.push(Event::KeysUpdated);
                    }
                    sealed += payload.len();
                }
                Err(failure) => {
                    self.fail(failure, None);
                    break;
                }
            }
        }
        if sealed > 0 {
            self.events.bytes_written(sealed);
        }
        sealed
    }

    /// Seals what waits on our side: queued plaintext, a KeyUpdate, close_notify.
    fn seal_queued(&mut self) -> Step {
        let Some(traffic) = &self.traffic else {
            return Ok(false);
        };
        match self.state.outbound() {
            Outbound::Open if self.queue.is_empty() && !traffic.has_work() => return Ok(false),
            Outbound::Closed => return Ok(false),
            Outbound::Open | Outbound::Closing => {}
        }
        if !self.queue.is_empty() {
            let queue = core::mem::take(&mut self.queue);
            let first = queue.len().min(traffic.max_payload());
            let n = self.seal(&queue[..first]);
            self.queue = queue;
            self.queue.drain(..n);
            if self.state.phase() == Phase::Over {
                // Sealing has failed; what is left is abandoned like everything else.
                self.abandon();
                return Ok(true);
            }
            if self.queue.is_empty() {
                self.queue.zeroize();
                self.queue = Vec::new();
            }
            if n > 0 {
                return Ok(true);
            }
        }
        let Some(traffic) = &mut self.traffic else {
            return Ok(false);
        };
        if traffic.is_exhausted() {
            // Enough of the key is left for close_notify (RFC 5246 has no KeyUpdate).
            let _ = traffic.seal_alert(Alert::CloseNotify, &mut self.transmit);
            return Err(Failure::silent(FailureKind::KeysExhausted).into());
        }
        if traffic.has_pending() && self.transmit.room() >= KEY_UPDATE_RECORD {
            if traffic.seal_pending(&mut self.transmit)? {
                self.events.push(Event::KeysUpdated);
            }
            return Ok(true);
        }
        if self.state.outbound() == Outbound::Closing
            && self.queue.is_empty()
            && self.transmit.room() > 0
        {
            traffic.seal_alert(Alert::CloseNotify, &mut self.transmit)?;
            self.state.end_outbound();
            return Ok(true);
        }
        Ok(false)
    }

    /// Opens one record, if there is one and the reader has room for it.
    fn open_next(&mut self) -> Step {
        if self.state.inbound_end().is_some() {
            self.receive.clear_raw();
            return match self.transport_end {
                Some(TransportEnd::Reset) => self.reset(),
                _ => Ok(false),
            };
        }
        if self.receive.plain().len() >= self.limits.read_buffer_size {
            return Ok(false);
        }
        let Some(traffic) = &mut self.traffic else {
            return Err(lost_engine().into());
        };
        let raw = self.receive.raw();
        let header = match traffic.header(raw)? {
            Some(header) if raw.len() >= header.record_len() => header,
            incomplete => {
                let record = incomplete.map_or(HEADER_LEN, |header| header.record_len());
                if record > self.receive.capacity(self.receive_cap()) {
                    return Err(too_small(record).into());
                }
                return self.ended();
            }
        };
        let len = header.record_len();
        let Some(record) = self.receive.raw_mut().get_mut(..len) else {
            return Err(lost_engine().into());
        };
        match traffic.open(header, record)? {
            Opened::Data(range) => {
                if self.discard_reads {
                    self.receive.skip(len);
                } else {
                    self.receive.deliver(len, range);
                    self.events.ready_read();
                }
            }
            Opened::Nothing => self.receive.skip(len),
            Opened::CloseNotify => {
                self.receive.clear_raw();
                self.peer_closed();
            }
            Opened::Warning(alert) => {
                self.receive.skip(len);
                self.events.push(Event::AlertReceived(alert));
            }
            Opened::Messages {
                tickets,
                key_updated,
            } => {
                self.receive.skip(len);
                if tickets > 0 {
                    self.events.push(Event::SessionTicketReceived);
                }
                if key_updated {
                    self.events.push(Event::KeysUpdated);
                }
            }
        }
        Ok(self.may_have_more())
    }

    /// Whether the next step could find something to do. Saves the step that finds nothing.
    fn may_have_more(&self) -> bool {
        !self.receive.raw().is_empty()
            || !self.queue.is_empty()
            || self.transport_end.is_some()
            || self.state.outbound() != Outbound::Open
            || self
                .traffic
                .as_ref()
                .is_some_and(|traffic| traffic.has_work())
    }

    fn peer_closed(&mut self) {
        self.report.close_notify_received = true;
        self.state.end_inbound(ReadEnd::Closed);
        self.events.push(Event::PeerClosed);
        // RFC 5246 §7.2.1: answer at once and discard pending writes. In TLS 1.3 our direction
        // stays open (RFC 8446 §6.1).
        if self.facts.protocol == Some(SslProtocol::TlsV1_2) {
            self.report.abandoned += self.queue.len();
            self.queue.zeroize();
            self.state.begin_close();
        }
    }

    // The end of the stream.

    /// No complete record is there: if the transport has ended, so has the connection (rule R4).
    fn ended(&mut self) -> Step {
        match self.transport_end {
            None => Ok(false),
            Some(TransportEnd::Eof) => Err(Failure::silent(FailureKind::Truncated).into()),
            Some(TransportEnd::Reset) => Err(Failure::silent(FailureKind::Reset).into()),
        }
    }

    /// The transport was reset. Who has ended both directions before does not mind.
    fn reset(&mut self) -> Step {
        if self.state.inbound_end().is_some() && self.state.outbound() == Outbound::Closed {
            return Ok(false);
        }
        Err(Failure::silent(FailureKind::Reset).into())
    }

    /// While a decision is open the end surfaces at once, whatever waits unprocessed (rule R1).
    fn ended_while_deciding(&mut self) -> Step {
        self.ended()
    }

    /// How much may be held: what the reader has room for and one record, and more while a
    /// handshake message is incomplete (rule R8).
    pub(super) fn receive_cap(&self) -> usize {
        let cap = self.limits.read_buffer_size.saturating_add(MAX_RECORD);
        match self.state.is_handshaking() {
            // An eighth more for the headers and tags of the records that carry the message.
            true => {
                let message = self.limits.max_handshake;
                cap.max(message.saturating_add(message / 8 + MAX_RECORD))
            }
            false => cap,
        }
    }
}

/// The length that an incomplete message says it has, header included. `raw` begins with the
/// record that it begins in; the engine has decrypted that in place, behind the record header.
fn declared_len(raw: &[u8]) -> Option<usize> {
    let header = Header::read(raw, MAX_BODY_TLS12).ok()??;
    let sealed = match header.content {
        ContentType::ApplicationData => 1 + crate::crypto::TAG_LEN,
        _ => 0,
    };
    let body = raw.get(HEADER_LEN..header.record_len().checked_sub(sealed)?)?;
    let mut rest = body.get(..body.len().min(MAX_PLAINTEXT))?;
    while let [_, a, b, c, ..] = *rest {
        let len = 4 + (usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c));
        match rest.get(len..) {
            Some(later) => rest = later,
            None => return Some(len),
        }
    }
    None
}

fn too_small(needed: usize) -> Failure {
    // RFC 8446 has no alert for it; OpenSSL and BoringSSL send this one.
    Failure::new(
        FailureKind::BufferTooSmall { needed },
        Alert::IllegalParameter,
    )
}

fn lost_engine() -> Failure {
    Failure::new(FailureKind::Engine, Alert::InternalError).because("the engine is gone")
}
