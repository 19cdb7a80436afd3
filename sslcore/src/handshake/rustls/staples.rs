//! The OCSP responses that the verifier of a configuration was shown, until their connections fetch
//! them.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use rustls_pki_types::UnixTime;
use spin::Mutex;

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
#[derive(Default)]
pub(super) struct Staples(Mutex<Shown>);

#[derive(Default)]
struct Shown {
    tokens: u64,
    responses: Vec<(Token, Arc<[u8]>)>,
}

impl Staples {
    /// A token that no other connection has.
    pub(super) fn token(&self) -> Token {
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

    pub(super) fn take(&self, token: Token) -> Option<Arc<[u8]>> {
        let responses = &mut self.0.lock().responses;
        let found = responses.iter().position(|(whose, _)| *whose == token)?;
        Some(responses.swap_remove(found).1)
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
