//! The machine: every phase, every transition, and which call is legal when.
//!
//! ```text
//!                 Started                              VerdictDue
//!   Plain ───────────────────────────► Handshake ─────────────────────► Judging
//!     │                                 ▲  ▲  ▲ │                        │    │
//!     │ Awaited                         │  │  │ │                        │    │ Doubted
//!     ▼            HelloRead            │  │  └─┼─────── Approved ───────┘    ▼
//!   AwaitingHello ──────────────────────┘  │    │            └───────────── Held
//!     │ HelloSeen                          │    │ Completed
//!     ▼                ConfigChosen        │    ▼
//!   ChoosingConfig ────────────────────────┘  Traffic
//!
//!   every phase ── Ended ──► Over
//! ```
//!
//! A failure, a close, an abort all arrive in `Over` by `Ended`; what distinguishes them is kept
//! beside the phase: how each direction stands, and the failure if there was one.

use crate::usage::{ReadEnd, UsageError};

/// Where the connection is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Bytes pass through in the clear.
    #[default]
    Plain,
    /// A server waits for a whole ClientHello.
    AwaitingHello,
    /// The application chooses the server's configuration.
    ChoosingConfig,
    /// The engine handshakes.
    Handshake,
    /// The peer's certificates are judged in the next step.
    Judging,
    /// The application answers a review.
    Held,
    /// Encrypted.
    Traffic,
    /// Nothing more will happen; what is sealed may still leave.
    Over,
}

/// Why a phase changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// `start_client_encryption`.
    Started,
    /// `start_server_encryption`.
    Awaited,
    /// The ClientHello was read, and the application is asked for the configuration.
    HelloSeen,
    /// The ClientHello was read, and the configuration is known.
    HelloRead,
    /// `provide_config`.
    ConfigChosen,
    /// The engine shows certificates that must be judged.
    VerdictDue,
    /// The certificates are good, forgiven, or accepted.
    Approved,
    /// The certificates have errors, and the policy says to ask.
    Doubted,
    /// The engine is done and its keys are ours.
    Completed,
    /// A failure, the end of both directions, `abort`, or the close timeout.
    Ended,
}

/// The transition table. `None` is a transition that does not exist.
pub(crate) const fn next(phase: Phase, cause: Cause) -> Option<Phase> {
    Some(match (phase, cause) {
        (Phase::Plain, Cause::Started) => Phase::Handshake,
        (Phase::Plain, Cause::Awaited) => Phase::AwaitingHello,
        (Phase::AwaitingHello, Cause::HelloSeen) => Phase::ChoosingConfig,
        (Phase::AwaitingHello, Cause::HelloRead) => Phase::Handshake,
        (Phase::ChoosingConfig, Cause::ConfigChosen) => Phase::Handshake,
        (Phase::Handshake, Cause::VerdictDue) => Phase::Judging,
        (Phase::Judging, Cause::Doubted) => Phase::Held,
        (Phase::Judging | Phase::Held, Cause::Approved) => Phase::Handshake,
        (Phase::Handshake, Cause::Completed) => Phase::Traffic,
        (Phase::Over, _) => return None,
        (_, Cause::Ended) => Phase::Over,
        _ => return None,
    })
}

/// What we may still send.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Outbound {
    /// Anything.
    #[default]
    Open,
    /// What was written before `close`, then close_notify.
    Closing,
    /// Nothing more.
    Closed,
}

/// A call whose legality depends on where the connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Start,
    Write,
    UpdateKeys,
    Answer,
    ProvideConfig,
}

/// The state: a phase, and how each direction stands.
#[derive(Debug, Default)]
pub(crate) struct State {
    phase: Phase,
    outbound: Outbound,
    inbound_end: Option<ReadEnd>,
}

impl State {
    pub(crate) fn phase(&self) -> Phase {
        self.phase
    }

    pub(crate) fn outbound(&self) -> Outbound {
        self.outbound
    }

    /// How the inbound direction ended, if it has.
    pub(crate) fn inbound_end(&self) -> Option<ReadEnd> {
        self.inbound_end
    }

    /// Follows the table. A transition that does not exist changes nothing.
    pub(crate) fn follow(&mut self, cause: Cause) {
        let next = next(self.phase, cause);
        debug_assert!(next.is_some(), "{cause:?} in {:?}", self.phase);
        if let Some(next) = next {
            self.phase = next;
        }
        if matches!(cause, Cause::Started | Cause::Awaited) {
            // The end of the plaintext is not the end of TLS: only close_notify is (rule R4).
            self.inbound_end = None;
        }
        if self.phase == Phase::Over {
            self.outbound = Outbound::Closed;
        }
    }

    /// `close`: from now on nothing new is written.
    pub(crate) fn begin_close(&mut self) {
        if self.outbound == Outbound::Open {
            self.outbound = Outbound::Closing;
        }
    }

    /// Our last byte is sealed.
    pub(crate) fn end_outbound(&mut self) {
        self.outbound = Outbound::Closed;
    }

    /// Nothing more will be read. The first reason counts.
    pub(crate) fn end_inbound(&mut self, end: ReadEnd) {
        self.inbound_end.get_or_insert(end);
    }

    /// Whether a handshake is under way, decisions included.
    pub(crate) fn is_handshaking(&self) -> bool {
        !matches!(self.phase, Phase::Plain | Phase::Traffic | Phase::Over)
    }

    /// Whether the application owes an answer.
    pub(crate) fn is_deciding(&self) -> bool {
        matches!(self.phase, Phase::Held | Phase::ChoosingConfig)
    }

    /// Which calls are legal (rule R7).
    pub(crate) fn permit(&self, call: Call) -> Result<(), UsageError> {
        match (call, self.phase, self.outbound) {
            (Call::Answer, Phase::Held, _) | (Call::ProvideConfig, Phase::ChoosingConfig, _) => {
                Ok(())
            }
            (Call::Answer | Call::ProvideConfig, ..) => Err(UsageError::NoDecisionOpen),
            (_, Phase::Over, _) => Err(UsageError::ConnectionOver),
            (_, _, Outbound::Closing | Outbound::Closed) => Err(UsageError::WriteClosed),
            (Call::Start, Phase::Plain, _) | (Call::Write, ..) => Ok(()),
            (Call::Start, ..) => Err(UsageError::AlreadyStarted),
            (Call::UpdateKeys, Phase::Traffic, _) => Ok(()),
            (Call::UpdateKeys, ..) => Err(UsageError::NotEncrypted),
        }
    }
}

#[cfg(test)]
mod tests;
