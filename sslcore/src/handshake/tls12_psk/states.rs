//! The states of a handshake, and what the peer may send in each.
//!
//! ```text
//!   client                                        server
//!
//!   ClientHello ────────────────────────────────► Begun        a suite in common
//!                                                 Generating   a key pair, if keys are exchanged
//!   AwaitingExchange ◄──── ServerHello, ServerKeyExchange, ServerHelloDone
//!   Asking      the application gives a key       AwaitingExchange
//!   Generating  a key pair, if keys are exchanged │
//!   Agreeing    with the server's share           │
//!     │ ClientKeyExchange ──────────────────────► Asking       the application knows the key
//!     │                                           Agreeing     with the client's share
//!     │ ChangeCipherSpec, Finished ─────────────► AwaitingSpec, AwaitingFinished
//!   AwaitingSpec, AwaitingFinished ◄───────────── ChangeCipherSpec, Finished
//!   Complete                                      Complete
//! ```
//!
//! ServerKeyExchange is there when keys are exchanged, or the server has a hint. That a key is wrong shows
//! at the client's Finished, which cannot be opened.

use crate::failure::Failure;
use crate::handshake::incoming::{self, Incoming, Row};
use crate::record::messages::kind;

/// What a handshake waits for. Other states wait for nothing of the peer's: there is work, a question is
/// open, or all is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Awaited {
    Nothing,
    /// By a client whose suite exchanges keys.
    ServerKeyExchange,
    /// By a client whose suite exchanges none: ServerKeyExchange has a hint then, or is left out.
    ServerKeyExchangeOrDone,
    /// By a client.
    ServerHelloDone,
    /// By a server.
    ClientKeyExchange,
    /// Once in each direction, and never before ClientKeyExchange.
    ChangeCipherSpec,
    Finished,
}

/// The table (RFC 5246 §7.3, RFC 4279 §2).
const LEGAL: &[Row<Awaited>] = {
    use self::Incoming::{ChangeCipherSpec, Message};
    &[
        (Awaited::Nothing, &[]),
        (
            Awaited::ServerKeyExchange,
            &[Message(kind::SERVER_KEY_EXCHANGE)],
        ),
        (
            Awaited::ServerKeyExchangeOrDone,
            &[
                Message(kind::SERVER_KEY_EXCHANGE),
                Message(kind::SERVER_HELLO_DONE),
            ],
        ),
        (
            Awaited::ServerHelloDone,
            &[Message(kind::SERVER_HELLO_DONE)],
        ),
        (
            Awaited::ClientKeyExchange,
            &[Message(kind::CLIENT_KEY_EXCHANGE)],
        ),
        (Awaited::ChangeCipherSpec, &[ChangeCipherSpec]),
        (Awaited::Finished, &[Message(kind::FINISHED)]),
    ]
};

impl Awaited {
    /// Whether this may come now.
    ///
    /// # Errors
    /// unexpected_message.
    pub(super) fn check(self, incoming: Incoming) -> Result<(), Failure> {
        incoming::check(LEGAL, self, incoming)
    }
}

#[cfg(test)]
mod tests;
