//! The machine: every phase, every transition, and which call is legal when.
//!
//! ```text
//!             Client                 Begun
//!      Plain ────────► Greeting ────────────────┐
//!        │                                      ▼      VerdictDue
//!        │ Server              Known     ┌► Handshaking ──────────► Judging
//!        ▼           ┌──────────────────►│    │  ▲  ▲                │  │
//!   AwaitingHello ───┤                   │    │  │  └── Approved ────┘  │ Doubted
//!                    │ Asked             │    │  │                     ▼
//!                    ▼         Chosen    │    │  └───── Approved ──── Held
//!                Choosing ───────────────┘    │
//!                                             │      KeysWanted
//!                                             ├────────────────────► Keying
//!                                             ├◄───── Provided ────────┘
//!                                             │      SignatureWanted
//!                                             ├────────────────────► Signing
//!                                             ├◄────── Signed ─────────┘
//!                                             │ Completed
//!                                             ▼
//!                                          Traffic
//!
//!      every phase ── the end ──► Over
//! ```
//!
//! An engine that is done and cannot be taken apart is an end, too.
//!
//! A phase owns what it needs, and hands on to the next what that needs; what all of them work on
//! is [`Io`]. A failure, a close, an abort all arrive in `Over`: what distinguishes them is what it
//! owns, and how each direction stands.

use alloc::boxed::Box;
use core::fmt;

use crate::buffer::Queue;
use crate::connection::encrypted::Encrypted;
use crate::connection::handshaking::{Begun, Handshaking, Reached};
use crate::connection::hello::{AwaitingHello, Choosing, Chosen, Greeted, Greeting, Start};
use crate::connection::io::{Io, Outbound};
use crate::connection::judging::{Approved, Held, Judging, Ruling};
use crate::connection::keying::{Keying, Provided};
use crate::connection::over::{Ending, Over};
use crate::connection::plain::Plain;
use crate::connection::signing::{Signed, Signing};
use crate::connection::underway::Underway;
use crate::usage::UsageError;

/// Where the connection is, with all that belongs there.
pub(crate) enum Phase {
    /// Bytes pass through in the clear.
    Plain(Plain),
    /// A client says hello in its next step.
    Greeting(Box<Greeting>),
    /// A server waits for a ClientHello.
    AwaitingHello(Box<AwaitingHello>),
    /// The application chooses the server's configuration.
    Choosing(Box<Choosing>),
    /// The engine handshakes.
    Handshaking(Box<Handshaking>),
    /// The peer's certificates are judged.
    Judging(Box<Judging>),
    /// The application answers a review.
    Held(Box<Held>),
    /// The application looks pre-shared keys up.
    Keying(Box<Keying>),
    /// The application signs.
    Signing(Box<Signing>),
    /// Encrypted.
    Traffic(Box<Encrypted>),
    /// Nothing more will happen; what is sealed may still leave.
    Over(Over),
}

/// A phase that is left, and why. What cannot lead out of a phase cannot be written.
pub(crate) enum Leaving {
    Plain(Plain, Start),
    Greeting(Box<Greeting>, Begun),
    AwaitingHello(Box<AwaitingHello>, Greeted),
    Choosing(Box<Choosing>, Chosen),
    Handshaking(Box<Handshaking>, Reached),
    Judging(Box<Judging>, Ruling),
    Held(Box<Held>, Approved),
    Keying(Box<Keying>, Provided),
    Signing(Box<Signing>, Signed),
}

impl Leaving {
    /// The transition table.
    pub(crate) fn next(self, io: &mut Io) -> Phase {
        match self {
            Self::Plain(_, Start::Client(it)) => Phase::Greeting(it),
            Self::Plain(_, Start::Server(it)) => Phase::AwaitingHello(it),
            Self::Greeting(it, begun) => Phase::Handshaking(Box::new(it.begin(begun))),
            Self::AwaitingHello(it, Greeted::Known(known)) => {
                Phase::Handshaking(Box::new(it.begin(known)))
            }
            Self::AwaitingHello(it, Greeted::Asked(id, hello)) => {
                Phase::Choosing(Box::new(it.ask(id, hello)))
            }
            Self::Choosing(it, chosen) => Phase::Handshaking(Box::new(it.begin(chosen))),
            Self::Handshaking(it, Reached::VerdictDue) => {
                Phase::Judging(Box::new(Judging::new(it)))
            }
            Self::Handshaking(it, Reached::KeysWanted(id)) => {
                Phase::Keying(Box::new(Keying::new(it, id)))
            }
            Self::Handshaking(it, Reached::SignatureWanted(id)) => {
                Phase::Signing(Box::new(Signing::new(it, id)))
            }
            Self::Handshaking(it, Reached::Completed) => match it.complete(io) {
                Ok(encrypted) => Phase::Traffic(Box::new(encrypted)),
                Err(over) => Phase::Over(over),
            },
            Self::Judging(it, Ruling::Approved(Approved(trust))) => {
                Phase::Handshaking(it.handshaking.judged(trust))
            }
            Self::Judging(it, Ruling::Doubted(id)) => Phase::Held(Box::new(it.ask(id))),
            Self::Held(it, Approved(trust)) => Phase::Handshaking(it.handshaking.judged(trust)),
            Self::Keying(it, Provided) => Phase::Handshaking(it.handshaking),
            Self::Signing(it, Signed) => Phase::Handshaking(it.handshaking),
        }
    }
}

impl Phase {
    /// Takes it out, for the next to be put in its place. Should a step panic, the connection is
    /// over.
    pub(crate) fn take(&mut self) -> Self {
        core::mem::replace(self, Self::Over(Over::default()))
    }

    /// Every phase can end, and the end is final.
    pub(crate) fn end(self, why: Ending, io: &mut Io) -> Self {
        if let Self::Over(over) = self {
            return Self::Over(over);
        }
        if let Some(handshaking) = self.untold() {
            io.known.learn_unproven(handshaking.facts());
        }
        Self::Over(Over::new(why, self.queued(), io))
    }
}

/// Which call is legal when ([rule R7](crate::rules#r7)): a call gets at what it needs, or at the reason why not.
impl Phase {
    /// `start_client_encryption`, `start_server_encryption`: once.
    pub(crate) fn start(&self, outbound: Outbound) -> Result<Plain, UsageError> {
        match (self, outbound) {
            (Self::Over(_), _) => Err(UsageError::ConnectionOver),
            (_, Outbound::Closing | Outbound::Closed) => Err(UsageError::WriteClosed),
            (Self::Plain(Plain), Outbound::Open) => Ok(Plain),
            (_, Outbound::Open) => Err(UsageError::AlreadyStarted),
        }
    }

    /// `write`: where plaintext goes now.
    #[inline]
    pub(crate) fn sink(&mut self, outbound: Outbound) -> Result<Sink<'_>, UsageError> {
        match (self, outbound) {
            (Self::Over(_), _) => Err(UsageError::ConnectionOver),
            (_, Outbound::Closing | Outbound::Closed) => Err(UsageError::WriteClosed),
            (Self::Traffic(it), _) => Ok(match it.queue.is_empty() {
                true => Sink::Records(it),
                false => Sink::Queue(&mut it.queue),
            }),
            (it, _) => Ok(it.queue().map_or(Sink::Clear, Sink::Queue)),
        }
    }

    /// Plaintext that waits for its keys.
    fn queue(&mut self) -> Option<&mut Queue> {
        match self {
            Self::Greeting(it) => Some(&mut it.underway.queue),
            Self::AwaitingHello(it) => Some(&mut it.underway.queue),
            Self::Choosing(it) => Some(&mut it.underway.queue),
            Self::Handshaking(it) => Some(&mut it.underway.queue),
            Self::Judging(it) => Some(&mut it.handshaking.underway.queue),
            Self::Held(it) => Some(&mut it.handshaking.underway.queue),
            Self::Keying(it) => Some(&mut it.handshaking.underway.queue),
            Self::Signing(it) => Some(&mut it.handshaking.underway.queue),
            Self::Traffic(it) => Some(&mut it.queue),
            Self::Plain(_) | Self::Over(_) => None,
        }
    }

    /// `update_keys`.
    pub(crate) fn encrypted(&mut self, outbound: Outbound) -> Result<&mut Encrypted, UsageError> {
        match (self, outbound) {
            (Self::Over(_), _) => Err(UsageError::ConnectionOver),
            (_, Outbound::Closing | Outbound::Closed) => Err(UsageError::WriteClosed),
            (Self::Traffic(it), Outbound::Open) => Ok(it),
            (_, Outbound::Open) => Err(UsageError::NotEncrypted),
        }
    }

    /// `provide_config`, `refuse_config`.
    pub(crate) fn choosing(&mut self) -> Result<&mut Choosing, UsageError> {
        match self {
            Self::Choosing(it) => Ok(it),
            _ => Err(UsageError::NoDecisionOpen),
        }
    }

    /// `provide_psk`, `refuse_psk`.
    pub(crate) fn keying(&mut self) -> Result<&mut Keying, UsageError> {
        match self {
            Self::Keying(it) => Ok(it),
            _ => Err(UsageError::NoDecisionOpen),
        }
    }

    /// `provide_signature`, `refuse_signature`.
    pub(crate) fn signing(&mut self) -> Result<&mut Signing, UsageError> {
        match self {
            Self::Signing(it) => Ok(it),
            _ => Err(UsageError::NoDecisionOpen),
        }
    }

    /// `answer`.
    pub(crate) fn held(&mut self) -> Result<&mut Held, UsageError> {
        match self {
            Self::Held(it) => Ok(it),
            _ => Err(UsageError::NoDecisionOpen),
        }
    }
}

/// Where written plaintext goes.
pub(crate) enum Sink<'a> {
    /// Out, as it is.
    Clear,
    /// It waits.
    Queue(&'a mut Queue),
    /// Into records.
    Records(&'a mut Encrypted),
}

/// What a phase has.
impl Phase {
    /// What a handshake passes on, while there is one.
    #[inline]
    pub(crate) fn underway(&self) -> Option<&Underway> {
        match self {
            Self::Greeting(it) => Some(&it.underway),
            Self::AwaitingHello(it) => Some(&it.underway),
            Self::Choosing(it) => Some(&it.underway),
            Self::Handshaking(it) => Some(&it.underway),
            Self::Judging(it) => Some(&it.handshaking.underway),
            Self::Held(it) => Some(&it.handshaking.underway),
            Self::Keying(it) => Some(&it.handshaking.underway),
            Self::Signing(it) => Some(&it.handshaking.underway),
            Self::Plain(_) | Self::Traffic(_) | Self::Over(_) => None,
        }
    }

    /// Whether a handshake is under way, decisions included.
    #[inline]
    pub(crate) fn is_handshaking(&self) -> bool {
        self.underway().is_some()
    }

    /// Whether a decision of the application is open, or answered and not yet acted upon.
    pub(crate) fn is_asking(&self) -> bool {
        matches!(
            self,
            Self::Choosing(_) | Self::Held(_) | Self::Keying(_) | Self::Signing(_)
        )
    }

    /// The handshake whose engine knows what the application was not told yet.
    fn untold(&self) -> Option<&Handshaking> {
        match self {
            Self::Handshaking(it) => Some(it),
            Self::Judging(it) => Some(&it.handshaking),
            Self::Keying(it) => Some(&it.handshaking),
            Self::Signing(it) => Some(&it.handshaking),
            _ => None,
        }
    }

    /// Drops the plaintext that waits to be encrypted, and says how much it was.
    pub(crate) fn abandon(&mut self) -> usize {
        self.queue().map_or(0, Queue::clear)
    }

    /// Plaintext that waits to be encrypted.
    pub(crate) fn queued(&self) -> usize {
        match self {
            Self::Traffic(it) => it.queue.len(),
            other => other.underway().map_or(0, |it| it.queue.len()),
        }
    }

    /// Whether the end of the connection was told.
    pub(crate) fn is_told(&self) -> bool {
        matches!(self, Self::Over(over) if over.is_told())
    }
}

impl fmt::Debug for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain(_) => "Plain",
            Self::Greeting(_) => "Greeting",
            Self::AwaitingHello(_) => "AwaitingHello",
            Self::Choosing(_) => "Choosing",
            Self::Handshaking(_) => "Handshaking",
            Self::Judging(_) => "Judging",
            Self::Held(_) => "Held",
            Self::Keying(_) => "Keying",
            Self::Signing(_) => "Signing",
            Self::Traffic(_) => "Traffic",
            Self::Over(_) => "Over",
        })
    }
}

#[cfg(all(test, feature = "ring"))]
mod tests;
