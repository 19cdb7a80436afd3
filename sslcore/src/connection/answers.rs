//! The door for decisions: what is asked, and the answers.

use super::Connection;
use super::decisions::{ConfigRequest, Review, Verdict};
use super::hello::Choice;
use crate::alert::Alert;
use crate::config::ServerConfig;
use crate::event::{RequestId, ReviewId};
use crate::state::Phase;
use crate::usage::UsageError;

impl Connection {
    /// The open certificate review: the handshake stands still until it is
    /// [answered](Self::answer). `None` when there is none, and once it is answered. The
    /// [front page](crate) has an example.
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

    /// Answers the open review, at any time after it was opened, with a decision.
    /// `QSslSocket::resume`, with the decision as its argument.
    ///
    /// # Errors
    /// [`UsageError::NoDecisionOpen`] when nothing is being reviewed, [`UsageError::Stale`] when
    /// another review is, or this one was answered.
    pub fn answer(&mut self, id: ReviewId, verdict: Verdict<'_>) -> Result<(), UsageError> {
        let held = self.phase.held()?;
        held.answer(id, verdict, &self.io.known.errors)
    }

    /// The open request for a server's configuration ([`ServerStart::Ask`](crate::ServerStart::Ask));
    /// `None` when there is none, and once it is answered.
    ///
    /// ```
    /// # use std::collections::HashMap;
    /// # use sslcore::{Alert, ConfigRequest, Connection, ServerConfig, SslProtocol, UsageError};
    /// fn choose(
    ///     conn: &mut Connection,
    ///     sites: &HashMap<String, ServerConfig>,
    /// ) -> Result<(), UsageError> {
    ///     let Some(ConfigRequest { id, hello, .. }) = conn.config_request() else {
    ///         return Ok(());
    ///     };
    ///     println!("{:?} {:?}", hello.cipher_suites().next(), hello.signature_schemes().next());
    ///     println!("ALPN {}, TLS 1.3 {}", hello.alpn().count(), hello.offers(SslProtocol::TlsV1_3));
    ///     let name = hello.server_name().unwrap_or_default().to_ascii_lowercase();
    ///     match sites.get(&name) {
    ///         Some(config) => conn.provide_config(id, config),
    ///         // Nobody is served before the first site is there.
    ///         None if sites.is_empty() => conn.refuse_config_with(id, Alert::InternalError),
    ///         None => conn.refuse_config(id), // the client gets unrecognized_name
    ///     }
    /// }
    /// ```
    pub fn config_request(&self) -> Option<ConfigRequest<'_>> {
        let Phase::Choosing(choosing) = &self.phase else {
            return None;
        };
        Some(ConfigRequest {
            id: RequestId(choosing.question.open()?),
            hello: choosing.hello(),
        })
    }

    /// Answers the open request with a configuration, under which the handshake goes on.
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

    /// Refuses the open request: the client gets the alert unrecognized_name (RFC 6066 §3), and the
    /// connection fails as [`ConfigRefused`](crate::FailureKind::ConfigRefused).
    ///
    /// # Errors
    /// [`UsageError::NoDecisionOpen`], [`UsageError::Stale`].
    pub fn refuse_config(&mut self, id: RequestId) -> Result<(), UsageError> {
        self.refuse_config_with(id, Alert::UnrecognizedName)
    }

    /// Refuses the open request with an alert of the application's choice: access_denied to an address
    /// that is not welcome, internal_error when there are too many clients. In the place of
    /// close_notify, user_canceled and no_renegotiation, which refuse nothing, the client gets
    /// unrecognized_name. The connection fails as
    /// [`ConfigRefused`](crate::FailureKind::ConfigRefused).
    ///
    /// # Errors
    /// [`UsageError::NoDecisionOpen`], [`UsageError::Stale`].
    pub fn refuse_config_with(&mut self, id: RequestId, alert: Alert) -> Result<(), UsageError> {
        let alert = match alert.is_warning() {
            true => Alert::UnrecognizedName,
            false => alert,
        };
        self.phase.choosing()?.answer(id, Choice::Refused(alert))
    }
}
