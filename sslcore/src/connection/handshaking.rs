//! The engine handshakes: records in, flights out.

use alloc::boxed::Box;
use alloc::vec::Vec;

use rustls_pki_types::ServerName;

use super::encrypted::Encrypted;
use super::io::{Io, Stepped, Turn};
use super::over::{Ending, Over};
use super::underway::Underway;
use crate::alert::Alert;
use crate::config::{ClientConfig, ServerConfig, Terms};
use crate::event::{Event, PskId, SignatureId};
use crate::failure::Failure;
use crate::handshake::facts::SessionFacts;
use crate::handshake::inbound::{Inbound, Listener, Read};
use crate::handshake::{Engine, Trust};
use crate::record::traffic::Traffic;
use crate::time::Now;
use crate::verify::policy::Judged;

/// Which side we are, and what a handshake still needs of its configuration.
pub(crate) enum Role {
    /// The server's certificate must carry this name.
    Client(ClientConfig, ServerName<'static>),
    Server(ServerConfig),
}

impl Role {
    pub(super) fn terms(&self) -> &Terms {
        match self {
            Self::Client(config, _) => &config.0.terms,
            Self::Server(config) => &config.0.terms,
        }
    }

    /// Who is judged.
    pub(super) fn judged(&self) -> Judged<'_> {
        match self {
            Self::Client(_, name) => Judged::Server(Some(name)),
            Self::Server(_) => Judged::Client,
        }
    }
}

/// An engine that has just begun.
pub(crate) struct Begun {
    engine: Box<dyn Engine>,
    flight: Vec<u8>,
}

impl Begun {
    /// Lets the engine begin: a client's makes its hello, a server's answers one.
    pub(crate) fn new(mut engine: Box<dyn Engine>, now: Now) -> Result<Self, Failure> {
        let mut flight = Vec::new();
        engine.start(now, &mut flight)?;
        Ok(Self { engine, flight })
    }
}

/// A handshake under way.
pub(crate) struct Handshaking {
    pub(super) role: Role,
    pub(super) engine: Box<dyn Engine>,
    /// What the engine wants to send and may not yet.
    flight: Vec<u8>,
    inbound: Inbound,
    /// Whether it was told that the server asks for our certificate.
    told_of_request: bool,
    /// Whether the peer knows of this handshake. A client that has not said hello owes no farewell.
    is_known: bool,
    pub(crate) underway: Underway,
}

/// What leads out of a handshake.
pub(crate) enum Reached {
    /// The engine shows certificates that must be judged.
    VerdictDue,
    /// The engine asks for pre-shared keys.
    KeysWanted(PskId),
    /// The engine asks for a signature.
    SignatureWanted(SignatureId),
    /// The engine is done and its keys are ours.
    Completed,
}

/// Tells once that the server asks for our certificate.
fn tell_of_request(engine: &dyn Engine, told: &mut bool, io: &mut Io) {
    if engine.certificate_requested() && !core::mem::replace(told, true) {
        io.events.push(Event::ClientCertificateRequested);
    }
}

impl Handshaking {
    pub(super) fn new(role: Role, begun: Begun, underway: Underway) -> Self {
        let is_server = matches!(role, Role::Server(_));
        Self {
            role,
            engine: begun.engine,
            flight: begun.flight,
            inbound: Inbound::new(is_server),
            told_of_request: false,
            is_known: is_server,
            underway,
        }
    }

    /// Releases the engine's flight, or feeds it a record.
    pub(super) fn step(&mut self, io: &mut Io, now: Now) -> Stepped<Reached> {
        let engine = &mut self.engine;
        if cfg!(feature = "certificates") && engine.verdict_due() {
            if engine.has_heard_all() {
                self.inbound.end();
            }
            return Ok(Turn::Leave(Reached::VerdictDue));
        }
        if !self.flight.is_empty() {
            let flight = core::mem::take(&mut self.flight);
            tell_of_request(&**engine, &mut self.told_of_request, io);
            self.is_known = true;
            engine.released(&flight);
            io.transmit.append_flight(&flight);
            // The last flight of TLS 1.3 goes with a change of keys: in between, an alert would be
            // sealed under the old ones, with nonces that the flight has used.
            if !engine.is_complete() {
                return Ok(Turn::Worked);
            }
        }
        if engine.is_complete() {
            return Ok(Turn::Leave(Reached::Completed));
        }
        if engine.asks_for_keys().is_some() {
            let id = PskId(io.next_id());
            io.events.push(Event::PreSharedKeyRequired(id));
            return Ok(Turn::Leave(Reached::KeysWanted(id)));
        }
        if engine.asks_for_signature().is_some() {
            tell_of_request(&**engine, &mut self.told_of_request, io);
            let id = SignatureId(io.next_id());
            io.events.push(Event::SignatureRequired(id));
            return Ok(Turn::Leave(Reached::SignatureWanted(id)));
        }
        if engine.has_work() {
            // Before there are others: each is large.
            if engine.has_heard_all() {
                self.inbound.end();
            }
            engine.work(now, &mut self.flight)?;
            return Ok(Turn::Worked);
        }
        let listener = Listener {
            engine: &mut **engine,
            now,
            flight: &mut self.flight,
            max: io.limits.max_handshake,
        };
        let read = self.inbound.read(&mut io.receive, listener)?;
        if let Some(successor) = self.engine.take_successor() {
            self.engine = successor;
        }
        match read {
            Read::Worked => Ok(Turn::Worked),
            Read::Warned(alert) => {
                io.events.push(Event::AlertReceived(alert));
                Ok(Turn::Worked)
            }
            Read::Starved(record) => {
                io.starved(record)?;
                Ok(Turn::Idle)
            }
        }
    }

    /// Goes on with the verdict: nothing holds the flight any more.
    pub(crate) fn judged(mut self: Box<Self>, trust: Trust) -> Box<Self> {
        self.engine.judged(trust, &mut self.flight);
        self
    }

    /// What was negotiated so far.
    pub(crate) fn facts(&self) -> SessionFacts {
        self.engine.facts()
    }

    /// Queues alerts, protected as the released bytes demand.
    pub(super) fn send_alerts(&self, alerts: &[Alert], io: &mut Io) {
        if self.is_known {
            io.send_alerts(alerts, self.engine.alert_protection());
        }
    }

    /// Takes the engine apart into the keys of an encrypted connection. Should that fail, nothing
    /// is left that an alert could be sealed with.
    pub(crate) fn complete(self, io: &mut Io) -> Result<Encrypted, Over> {
        let Self {
            role,
            engine,
            inbound,
            underway,
            ..
        } = self;
        io.known.learn(engine.facts());
        let exporter = engine.exporter();
        let (received, alerts) = inbound.into_parts();
        let hand_off = match engine.finish(received) {
            Ok(hand_off) => hand_off,
            Err(mut failure) => {
                failure.alert = None;
                return Err(Over::new(Ending::Failed(failure), underway.queue.len(), io));
            }
        };
        io.known.exporter = exporter.map(Box::new);
        if !role.terms().keep_peer_chain {
            io.known.let_go_of_chain(&role.terms().records.backend);
        }
        io.events.push(Event::Encrypted);
        let is_client = matches!(role, Role::Client(..));
        let records = Traffic::new(
            hand_off,
            alerts,
            &role.terms().records,
            is_client,
            io.transmit.capacity(),
        );
        Ok(Encrypted::new(records, underway.queue))
    }
}
