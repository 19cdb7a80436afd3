//! Before there is an engine: a client that will say hello, a server that waits for one.

use alloc::boxed::Box;

use super::clock::Countdown;
use super::handshaking::{Begun, Handshaking, Role};
use super::io::{Configured, Io, Stepped, Turn};
use super::question::Question;
use super::underway::Underway;
use crate::alert::Alert;
use crate::config::{ClientConfig, PeerName, ServerConfig, ServerStart, Terms};
use crate::event::{Event, RequestId};
use crate::failure::{Failure, FailureKind};
use crate::handshake::first_hello::{Awaited, FirstHello};
use crate::handshake::wire::client_hello::{ClientHello, HelloMessage};
use crate::limits::Timeouts;
use crate::time::Now;
use crate::usage::UsageError;
use crate::verify::policy::VerifyMode;

/// How TLS is started.
pub(crate) enum Start {
    Client(Box<Greeting>),
    Server(Box<AwaitingHello>),
}

/// A client that says hello in its next step, when it is told the time.
pub(crate) struct Greeting {
    config: ClientConfig,
    peer: PeerName,
    pub(crate) underway: Underway,
}

impl Greeting {
    pub(crate) fn new(config: ClientConfig, peer: PeerName) -> Self {
        Self {
            underway: Underway::new(config.0.terms.timeouts),
            config,
            peer,
        }
    }

    pub(super) fn step(&mut self, io: &mut Io, now: Now) -> Stepped<Begun> {
        let Self { config, peer, .. } = self;
        let judged = config.0.terms.policy.mode != VerifyMode::None;
        let name = peer.sni.as_ref().unwrap_or(&peer.verify);
        let template = &config.0.template;
        let with_sni = peer.sni.is_some();
        let engine = template.engine(name.clone(), with_sni, judged, io.record_room(), now)?;
        Ok(Turn::Leave(Begun::new(engine, now)?))
    }

    pub(crate) fn begin(self, begun: Begun) -> Handshaking {
        let role = Role::Client(self.config, self.peer.verify);
        Handshaking::new(role, begun, self.underway)
    }
}

/// A server whose client has not said hello.
pub(crate) struct AwaitingHello {
    start: ServerStart,
    hello: FirstHello,
    pub(crate) underway: Underway,
}

/// What leads out of waiting for a hello.
pub(crate) enum Greeted {
    /// The configuration is known.
    Known(Chosen),
    /// The application is asked for it, by this number.
    Asked(u32, HelloMessage),
}

impl AwaitingHello {
    pub(crate) fn new(start: ServerStart) -> Self {
        Self {
            underway: Underway::new(terms(&start).timeouts),
            hello: FirstHello::default(),
            start,
        }
    }

    /// For the time until the configuration is known.
    pub(super) fn timeouts(&self) -> Timeouts {
        terms(&self.start).timeouts
    }

    pub(super) fn step(&mut self, io: &mut Io, now: Now) -> Stepped<Greeted> {
        if !cfg!(feature = "server") {
            return Ok(Turn::Idle); // nobody has a configuration to come here with
        }
        let max = io.limits.max_handshake;
        let hello = match self.hello.read(&mut io.receive, max)? {
            Awaited::Starved(record) => {
                io.starved(record)?;
                return Ok(Turn::Idle);
            }
            Awaited::Part => return Ok(Turn::Worked),
            Awaited::Hello(hello) => hello,
        };
        io.known.facts.server_name = hello.hello().server_name().map(Box::from);
        Ok(Turn::Leave(match &self.start {
            ServerStart::With(config) => {
                Greeted::Known(Chosen::new(config.clone(), hello, io, now)?)
            }
            ServerStart::Ask { .. } => {
                let id = io.next_id();
                io.events.push(Event::ConfigRequired(RequestId(id)));
                Greeted::Asked(id, hello)
            }
        }))
    }

    pub(crate) fn begin(self, known: Chosen) -> Handshaking {
        known.begin(self.underway)
    }

    pub(crate) fn ask(self, id: u32, hello: HelloMessage) -> Choosing {
        Choosing {
            question: Question::new(id, terms(&self.start).timeouts.decision),
            hello,
            underway: self.underway,
        }
    }
}

fn terms(start: &ServerStart) -> &Terms {
    match start {
        ServerStart::With(config) | ServerStart::Ask { fallback: config } => &config.0.terms,
    }
}

/// A server whose application chooses the configuration.
pub(crate) struct Choosing {
    /// The ClientHello to choose by.
    hello: HelloMessage,
    pub(super) question: Question<Choice>,
    pub(crate) underway: Underway,
}

/// The answer to the question for a configuration.
pub(super) enum Choice {
    Config(ServerConfig),
    /// With this alert.
    Refused(Alert),
}

/// A server's configuration, and the handshake begun under it.
pub(crate) struct Chosen {
    pub(crate) config: ServerConfig,
    pub(crate) begun: Begun,
}

impl Chosen {
    fn new(
        config: ServerConfig,
        hello: HelloMessage,
        io: &mut Io,
        now: Now,
    ) -> Result<Self, Failure> {
        io.known.config = Some(Configured::Server(config.clone()));
        let engine = config.0.template.engine(hello, io.record_room(), now)?;
        let begun = Begun::new(engine, now)?;
        Ok(Self { config, begun })
    }

    fn begin(self, underway: Underway) -> Handshaking {
        Handshaking::new(Role::Server(self.config), self.begun, underway)
    }
}

impl Choosing {
    pub(super) fn step(&mut self, io: &mut Io, now: Now) -> Stepped<Chosen> {
        match self.question.take_answer() {
            Some(Choice::Config(config)) => {
                let timeouts = config.0.terms.timeouts;
                self.underway.timeout.set_timeout(timeouts.handshake);
                io.close_timeout = Countdown::new(timeouts.close);
                // Whatever comes of it, this phase is over.
                let hello = core::mem::take(&mut self.hello);
                Ok(Turn::Leave(Chosen::new(config, hello, io, now)?))
            }
            Some(Choice::Refused(alert)) => Err(Failure::new(FailureKind::ConfigRefused, alert)),
            None => {
                // The end surfaces at once, whatever waits unprocessed (rule R1).
                io.ended()?;
                Ok(Turn::Idle)
            }
        }
    }

    pub(crate) fn begin(self, chosen: Chosen) -> Handshaking {
        chosen.begin(self.underway)
    }

    pub(super) fn hello(&self) -> ClientHello<'_> {
        self.hello.hello()
    }

    pub(super) fn answer(&mut self, id: RequestId, choice: Choice) -> Result<(), UsageError> {
        self.question.is_open(id.0)?;
        self.question.answer(choice);
        Ok(())
    }
}
