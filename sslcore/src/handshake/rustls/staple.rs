//! How the OCSP response that a server staples gets out of rustls, which shows it to the verifier
//! and to nobody else.
//!
//! The verifier is shared by all connections of a configuration, because rustls resumes sessions
//! only under the same one, and it is not told whose certificate it is shown. But it is told the
//! time, which rustls asks of the connection's own clock just before. So the clock says a token
//! instead, once; the verifier has no use for a time.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use rustls_pki_types::UnixTime;
use spin::Mutex;

use super::taps::Clock;
use super::verifier::Recorder;
use crate::handshake::hold::Gate;

/// Which connection is meant, where only a time can be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token(u64);

impl Token {
    pub(super) fn as_time(self) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(self.0))
    }
}

/// The responses that the verifier was shown. Each connection fetches its own in the call in which
/// it came, so there are never more than connections at work at the same time.
#[derive(Debug, Default)]
pub(super) struct Staples(Mutex<Shown>);

#[derive(Debug, Default)]
struct Shown {
    tokens: u64,
    responses: Vec<(Token, Arc<[u8]>)>,
}

impl Staples {
    /// A token that no other connection has.
    fn token(&self) -> Token {
        let mut shown = self.0.lock();
        shown.tokens += 1;
        Token(shown.tokens)
    }

    /// The verifier was told this time and shown this response, which is empty if there is none.
    pub(super) fn put(&self, told: UnixTime, response: &[u8]) {
        if !response.is_empty() {
            // Copied before the lock is taken: others spin meanwhile.
            let shown = (Token(told.as_secs()), response.into());
            self.0.lock().responses.push(shown);
        }
    }

    fn take(&self, token: Token) -> Option<Arc<[u8]>> {
        let responses = &mut self.0.lock().responses;
        let found = responses.iter().position(|(whose, _)| *whose == token)?;
        Some(responses.swap_remove(found).1)
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_gets_the_response_that_was_put_under_it_and_once() {
        let staples = Staples::default();
        let [one, other, nobody] = [(); 3].map(|()| staples.token());
        staples.put(one.as_time(), b"one");
        staples.put(other.as_time(), b"other");
        staples.put(nobody.as_time(), b"");
        assert_eq!(staples.take(nobody), None);
        assert_eq!(staples.take(other).as_deref(), Some(&b"other"[..]));
        assert_eq!(staples.take(other), None);
        assert_eq!(staples.take(one).as_deref(), Some(&b"one"[..]));
        assert!(staples.0.lock().responses.is_empty());
    }
}
