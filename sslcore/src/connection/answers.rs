//! The door for decisions: what is asked, and the answers.

use super::Connection;
use super::decisions::{ConfigRequest, Review, Verdict};
use super::hello::Choice;
use crate::config::ServerConfig;
use crate::event::{RequestId, ReviewId};
use crate::state::Phase;
use crate::usage::UsageError;

impl Connection {
    /// The open review, if there is one: the handshake stands still until it is answered. `None`
    /// once it is.
    pub fn review(&self) -> Option<Review<'_>> {
        let Phase::Held(held) = &self.phase else {
            return None;
        };
        Some(Review {
            id: ReviewId(held.question.open()?),
            errors: self.ssl_errors(),
            chain: self.peer_certificate_chain(),
            stapled_ocsp_response: self.stapled_ocsp_response(),
        })
    }

    /// Answers a review, any number of calls after it was opened. `QSslSocket::resume`, with the
    /// decision as its argument.
    ///
    /// # Errors
    /// [`UsageError::NoDecisionOpen`] when nothing is being reviewed, [`UsageError::Stale`] when
    /// another review is, or this one was answered.
    pub fn answer(&mut self, id: ReviewId, verdict: Verdict<'_>) -> Result<(), UsageError> {
        let held = self.phase.held()?;
        held.answer(id, verdict, &self.io.known.errors)
    }

    /// The open question for a server's configuration, if there is one; `None` once it is
    /// answered.
    pub fn config_request(&self) -> Option<ConfigRequest<'_>> {
        let Phase::Choosing(choosing) = &self.phase else {
            return None;
        };
        Some(ConfigRequest {
            id: RequestId(choosing.question.open()?),
            hello: choosing.hello(),
        })
    }

    /// Answers it with a configuration.
    ///
    /// # Errors
    /// [`UsageError::NoDecisionOpen`], [`UsageError::Stale`].
    pub fn provide_config(
        &mut self,
        id: RequestId,
        config: &ServerConfig,
    ) -> Result<(), UsageError> {
        let choosing = self.phase.choosing()?;
        choosing.answer(id, Choice::Config(config.clone()))
    }

    /// Answers it with a refusal: the client gets unrecognized_name (RFC 6066 §3).
    ///
    /// # Errors
    /// [`UsageError::NoDecisionOpen`], [`UsageError::Stale`].
    pub fn refuse_config(&mut self, id: RequestId) -> Result<(), UsageError> {
        self.phase.choosing()?.answer(id, Choice::Refused)
    }
}
