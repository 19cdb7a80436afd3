//! What the application decides: certificates, and a server's configuration.

use super::{Connection, Role};
use crate::alert::Alert;
use crate::config::ServerConfig;
use crate::event::{RequestId, ReviewId};
use crate::handshake::wire::client_hello::ClientHello;
use crate::state::{Call, Phase};
use crate::usage::UsageError;
use crate::verify::{SslError, SslErrorKind};
use crate::x509::certificate::Certificate;

/// A certificate review that is open. Copy out what is needed and answer whenever.
#[derive(Clone, Copy, Debug)]
pub struct Review<'a> {
    /// What [`Connection::answer`] wants.
    pub id: ReviewId,
    /// Every error, in the order found.
    pub errors: &'a [SslError],
    /// The chain as sent, the peer's own certificate first. Empty when the peer has none.
    pub chain: &'a [Certificate],
    /// The OCSP response (RFC 6960) that the server stapled to its certificate, in DER and not
    /// looked into; see [`stapled_ocsp_response`](Connection::stapled_ocsp_response).
    pub stapled_ocsp_response: Option<&'a [u8]>,
}

/// The answer to a review.
#[derive(Clone, Copy, Debug)]
pub enum Verdict<'a> {
    /// Forgive every error of this review.
    Accept,
    /// Forgive these errors and those that the configuration
    /// [forgives](crate::ConfigBuilder::forgive), and no others: what is not named rejects with its
    /// own alert. A review without errors, as [`External`](crate::VerifyMode::External) opens, has
    /// nothing that could be left out: it is accepted. `QSslSocket::ignoreSslErrors(list)`.
    AcceptOnly(&'a [SslError]),
    /// Refuse, with the alert that the first error calls for that the configuration does not
    /// forgive.
    Reject,
    /// Refuse with an alert of the application's choice. close_notify, user_canceled and
    /// no_renegotiation refuse nothing: instead of them the peer gets certificate_unknown.
    RejectWith(Alert),
}

/// An answer that waits for the next step.
pub(super) enum Answer {
    Accepted,
    Rejected(SslErrorKind, Alert),
    Config(ServerConfig),
    Refused,
}

/// A server's question for its configuration.
#[derive(Clone, Copy, Debug)]
pub struct ConfigRequest<'a> {
    /// What [`Connection::provide_config`] wants.
    pub id: RequestId,
    /// What the client says.
    pub hello: ClientHello<'a>,
}

impl Connection {
    /// The open review, if there is one: the handshake stands still until it is answered.
    pub fn review(&self) -> Option<Review<'_>> {
        if self.state.phase() != Phase::Held {
            return None;
        }
        Some(Review {
            id: self.review?,
            errors: &self.ssl_errors,
            chain: &self.peer_chain,
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
        self.state.permit(Call::Answer)?;
        let Some(handshake) = &mut self.handshake else {
            return Err(UsageError::NoDecisionOpen);
        };
        if self.review != Some(id) || handshake.answer.is_some() {
            return Err(UsageError::Stale);
        }
        let policy = self.role.as_ref().map(|role| &role.terms().policy);
        let unforgiven = |forgiven: &[SslError]| {
            let first = policy.and_then(|policy| policy.first(&self.ssl_errors, forgiven));
            first.map(SslError::kind)
        };
        let first = || unforgiven(&[]).unwrap_or(SslErrorKind::Unspecified);
        handshake.answer = Some(match verdict {
            Verdict::Accept => Answer::Accepted,
            Verdict::AcceptOnly(forgiven) => match unforgiven(forgiven) {
                None => Answer::Accepted,
                Some(kind) => Answer::Rejected(kind, kind.alert()),
            },
            Verdict::Reject => Answer::Rejected(first(), first().alert()),
            Verdict::RejectWith(alert) if alert.is_warning() => {
                Answer::Rejected(first(), Alert::CertificateUnknown)
            }
            Verdict::RejectWith(alert) => Answer::Rejected(first(), alert),
        });
        Ok(())
    }

    /// The open question for a server's configuration, if there is one.
    pub fn config_request(&self) -> Option<ConfigRequest<'_>> {
        if self.state.phase() != Phase::ChoosingConfig {
            return None;
        }
        let handshake = self.handshake.as_ref()?;
        Some(ConfigRequest {
            id: RequestId(self.review?.0),
            hello: handshake.hello.as_ref()?.hello(),
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
        self.answer_config(id, Answer::Config(config.clone()))
    }

    /// Answers it with a refusal: the client gets unrecognized_name (RFC 6066 §3).
    ///
    /// # Errors
    /// [`UsageError::NoDecisionOpen`], [`UsageError::Stale`].
    pub fn refuse_config(&mut self, id: RequestId) -> Result<(), UsageError> {
        self.answer_config(id, Answer::Refused)
    }

    fn answer_config(&mut self, id: RequestId, answer: Answer) -> Result<(), UsageError> {
        self.state.permit(Call::ProvideConfig)?;
        let Some(handshake) = &mut self.handshake else {
            return Err(UsageError::NoDecisionOpen);
        };
        if self.review != Some(ReviewId(id.0)) || handshake.answer.is_some() {
            return Err(UsageError::Stale);
        }
        handshake.answer = Some(answer);
        Ok(())
    }

    /// A new id for a decision.
    pub(super) fn open_decision(&mut self) -> u32 {
        let id = self.next_id;
        self.next_id = self.next_id.wrapping_add(1);
        self.review = Some(ReviewId(id));
        id
    }

    pub(super) fn role(&self) -> Option<&Role> {
        self.role.as_ref()
    }
}
