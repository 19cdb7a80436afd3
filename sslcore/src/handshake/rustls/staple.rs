//! How the OCSP response that a server staples gets out of rustls, which shows it to the verifier
//! and to nobody else.
//!
//! The verifier is shared by all connections of a configuration, because rustls resumes sessions
//! only under the same one, and it is not told whose certificate it is shown. But it is told the
//! time, which rustls asks of the connection's own clock just before. So the clock says a token
//! instead, once; the verifier has no use for a time.

use alloc::sync::Arc;

use super::staples::Token;
use super::taps::Clock;
use super::verifier::Recorder;
use crate::handshake::rustls::hold::Gate;

/// One client connection's way to its response.
pub(super) enum Staple {
    /// The ClientHello has not been made yet: it may ask for the time, on account of a session.
    Waiting(Arc<Recorder>),
    /// The next time that is asked for is the verifier's, unless a session is resumed: then it is
    /// a ticket's, and the verifier is not called.
    Expected(Arc<Recorder>, Token),
    /// The verifier was called, or will not be.
    Done,
}

impl Staple {
    /// Puts the response into `gate` if the verifier was called since. To be called after every
    /// step of the engine's, the first of which makes the ClientHello.
    pub(super) fn fetch(&mut self, clock: &Clock, gate: &Gate, resumed: bool) {
        *self = match core::mem::replace(self, Self::Done) {
            Self::Waiting(verifier) => {
                let token = verifier.staples.token();
                clock.set_token(Some(token));
                Self::Expected(verifier, token)
            }
            Self::Expected(verifier, token) if !clock.has_token() => {
                gate.set_stapled(verifier.staples.take(token));
                Self::Done
            }
            Self::Expected(..) if resumed => {
                clock.set_token(None);
                Self::Done
            }
            other => other,
        };
    }
}
