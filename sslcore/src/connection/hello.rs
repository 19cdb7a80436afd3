//! Before there is an engine: a client that will say hello, a server that waits for one.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::clock::Countdown;
use super::handshaking::{Begun, Handshaking, Role};
use super::intake::HelloIntake;
use super::io::{Io, Step, Turn};
use super::question::Question;
use super::underway::Underway;
use crate::alert::Alert;
use crate::config::{ClientConfig, PeerName, ServerConfig, ServerStart, Terms, Timeouts};
use crate::error::{Failure, FailureKind, UsageError};
use crate::event::{Event, RequestId};
use crate::handshake::EngineFailure;
use crate::handshake::client_hello::{self, ClientHello, Glimpse};
use crate::time::Now;
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

    pub(super) fn step(&mut self, _: &mut Io, now: Now) -> Step<Begun> {
        let Self { config, peer, .. } = self;
        let judged = config.0.terms.policy.mode != VerifyMode::None;
        let name = peer.sni.as_ref().unwrap_or(&peer.verify);
        let template = &config.0.template;
        let engine = template.engine(name.clone(), peer.sni.is_some(), judged, now)?;
        Ok(Turn::Leave(Begun::new(Box::new(engine), now)?))
    }

    pub(crate) fn begin(self, begun: Begun) -> Handshaking {
        let role = Role::Client(self.config, self.peer.verify);
        Handshaking::new(role, begun, self.underway)
    }
}

/// A server whose client has not said hello.
pub(crate) struct AwaitingHello {
    start: ServerStart,
    intake: HelloIntake,
    pub(crate) underway: Underway,
}

/// What leads out of waiting for a hello.
pub(crate) enum Greeted {
    /// The configuration is known.
    Begun(Begun),
    /// The application is asked for it, by this number.
    Asked(u32, Vec<u8>),
}

impl AwaitingHello {
    pub(crate) fn new(start: ServerStart) -> Self {
        Self {
            underway: Underway::new(terms(&start).timeouts),
            intake: HelloIntake::default(),
            start,
        }
    }

    /// For the time until the configuration is known.
    pub(super) fn timeouts(&self) -> Timeouts {
        terms(&self.start).timeouts
    }

    pub(super) fn step(&mut self, io: &mut Io, now: Now) -> Step<Greeted> {
        let config = match &self.start {
            ServerStart::With(config) => config,
            ServerStart::Ask { fallback } => match self.intake.look(io) {
                None => {
                    io.ended()?;
                    return Ok(Turn::Idle);
                }
                Some(Glimpse::Hello(message)) => {
                    let id = io.next_id();
                    let hello = client_hello::read(&message);
                    let name = hello.and_then(|hello| hello.dns_name());
                    io.known.facts.server_name = name.map(Box::from);
                    io.events.push(Event::ConfigRequired(RequestId(id)));
                    return Ok(Turn::Leave(Greeted::Asked(id, message)));
                }
                Some(Glimpse::Incomplete(_) | Glimpse::Unreadable) => fallback,
            },
        };
        Ok(Turn::Leave(Greeted::Begun(begin(config, now)?)))
    }

    pub(crate) fn begin(self, begun: Begun) -> Handshaking {
        let (ServerStart::With(config) | ServerStart::Ask { fallback: config }) = self.start;
        Handshaking::new(Role::Server(config), begun, self.underway)
    }

    pub(crate) fn ask(self, id: u32, hello: Vec<u8>) -> Choosing {
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

fn begin(config: &ServerConfig, now: Now) -> Result<Begun, EngineFailure> {
    let engine = config.0.template.engine(now)?;
    Begun::new(Box::new(engine), now)
}

/// A server whose application chooses the configuration.
pub(crate) struct Choosing {
    /// The ClientHello to choose by.
    hello: Vec<u8>,
    pub(super) question: Question<Choice>,
    pub(crate) underway: Underway,
}

/// The answer to the question for a configuration.
pub(super) enum Choice {
    Config(ServerConfig),
    Refused,
}

/// The application has chosen.
pub(crate) struct Chosen {
    pub(crate) config: ServerConfig,
    pub(crate) begun: Begun,
}

impl Choosing {
    pub(super) fn step(&mut self, io: &mut Io, now: Now) -> Step<Chosen> {
        match self.question.take_answer() {
            Some(Choice::Config(config)) => {
                let timeouts = config.0.terms.timeouts;
                self.underway.timeout = Countdown::new(timeouts.handshake);
                io.close_timeout = Countdown::new(timeouts.close);
                let begun = begin(&config, now)?;
                Ok(Turn::Leave(Chosen { config, begun }))
            }
            Some(Choice::Refused) => {
                Err(Failure::new(FailureKind::ConfigRefused, Alert::UnrecognizedName).into())
            }
            None => {
                // The end surfaces at once, whatever waits unprocessed (rule R1).
                io.ended()?;
                Ok(Turn::Idle)
            }
        }
    }

    pub(crate) fn begin(self, chosen: Chosen) -> Handshaking {
        Handshaking::new(Role::Server(chosen.config), chosen.begun, self.underway)
    }

    pub(super) fn hello(&self) -> Option<ClientHello<'_>> {
        client_hello::read(&self.hello)
    }

    pub(super) fn answer(&mut self, id: RequestId, choice: Choice) -> Result<(), UsageError> {
        self.question.is_open(id.0)?;
        self.question.answer(choice);
        Ok(())
    }
}
