//! The door for decisions: what is asked, and the answers.

use super::Connection;
use super::decisions::{ConfigRequest, PskRequest, Review, SignatureRequest, Verdict};
use super::hello::Choice;
use crate::alert::Alert;
use crate::config::ServerConfig;
use crate::event::{PskId, RequestId, ReviewId, SignatureId};
use crate::identity::pre_shared_key::PreSharedKey;
use crate::identity::signature::Signature;
use crate::identity::signer::SignError;
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

    /// The open request for pre-shared keys; `None` when there is none, and once it is answered.
    /// `QSslPreSharedKeyAuthenticator`.
    ///
    /// ```
    /// # use std::collections::HashMap;
    /// # use sslcore::{Connection, PreSharedKey, PskRequest, UsageError};
    /// /// A server that looks keys up by the client's names for them.
    /// fn look_up(
    ///     conn: &mut Connection, keys: &HashMap<Vec<u8>, PreSharedKey>,
    /// ) -> Result<(), UsageError> {
    ///     let Some(PskRequest { id, identities, .. }) = conn.psk_request() else {
    ///         return Ok(());
    ///     };
    ///     let known = identities.filter_map(|identity| keys.get(identity.name()).cloned());
    ///     let known: Vec<_> = known.collect();
    ///     conn.provide_psk(id, &known) // without any, as refuse_psk
    /// }
    /// ```
    pub fn psk_request(&self) -> Option<PskRequest<'_>> {
        let Phase::Keying(keying) = &self.phase else {
            return None;
        };
        let id = PskId(keying.question.open()?);
        let question = keying.handshaking.engine.asks_for_keys()?;
        Some(PskRequest::new(id, question))
    }

    /// Answers the open request with the keys that may be used, in order of preference: a client
    /// offers all of them, at most 8; a server takes the first of the client's that is among them. Keys
    /// that nobody asked for do no harm. Without any it is [`refuse_psk`](Self::refuse_psk).
    ///
    /// # Errors
    /// [`UsageError::NoDecisionOpen`], [`UsageError::Stale`], and [`UsageError::PreSharedKey`] for a
    /// key that cannot be used; the request stays open.
    pub fn provide_psk(&mut self, id: PskId, keys: &[PreSharedKey]) -> Result<(), UsageError> {
        self.phase.keying()?.answer(id, keys)
    }

    /// Answers the open request: there is no such key. A client's connection fails as
    /// [`NoPreSharedKey`](crate::FailureKind::NoPreSharedKey) without a word to the server. A server
    /// goes on with a key that nobody has, so that its answer does not tell which identities it knows:
    /// the handshake fails as [`BadPreSharedKey`](crate::FailureKind::BadPreSharedKey), with the alert
    /// decrypt_error, as with a wrong key; see
    /// [`tell_unknown_psk_identity`](crate::ConfigBuilder::tell_unknown_psk_identity).
    ///
    /// # Errors
    /// [`UsageError::NoDecisionOpen`], [`UsageError::Stale`].
    pub fn refuse_psk(&mut self, id: PskId) -> Result<(), UsageError> {
        self.provide_psk(id, &[])
    }

    /// The open request for a signature; `None` when there is none, and once it is answered. The handshake
    /// stands still meanwhile, for as long as [`Timeouts::decision`](crate::Timeouts::decision) says, and
    /// nobody is blocked.
    ///
    /// ```
    /// # use std::sync::mpsc::Sender;
    /// # use sslcore::{Connection, Signature, SignatureId, SignatureScheme, SignError, UsageError};
    /// /// What a thread that signs is sent.
    /// struct Order { id: SignatureId, scheme: SignatureScheme, message: Vec<u8> }
    ///
    /// /// After Event::SignatureRequired.
    /// fn order(conn: &Connection, signer: &Sender<Order>) {
    ///     if let Some(request) = conn.signature_request() {
    ///         println!("{:?} bytes to sign, or a digest", request.digest.map(<[u8]>::len));
    ///         let (id, scheme) = (request.id, request.scheme);
    ///         let _ = signer.send(Order { id, scheme, message: request.message.to_vec() });
    ///     }
    /// }
    ///
    /// /// Any number of calls later.
    /// fn deliver(conn: &mut Connection, id: SignatureId, signed: Option<&[u8]>) -> Result<(), UsageError> {
    ///     match signed {
    ///         Some(der) => conn.provide_signature(id, Signature::Der(der)),
    ///         None => conn.refuse_signature(id, SignError::new("the module is locked")),
    ///     }
    /// }
    /// ```
    pub fn signature_request(&self) -> Option<SignatureRequest<'_>> {
        let Phase::Signing(signing) = &self.phase else {
            return None;
        };
        let id = SignatureId(signing.question.open()?);
        let question = signing.handshaking.engine.asks_for_signature()?;
        Some(SignatureRequest {
            id,
            scheme: question.scheme,
            message: question.message,
            digest: question.digest,
        })
    }

    /// Answers the open request with the signature. It is sent unchecked: only the peer finds out that it
    /// is wrong.
    ///
    /// # Errors
    /// [`UsageError::NoDecisionOpen`], [`UsageError::Stale`], and [`UsageError::Signature`] for one that
    /// cannot be of our key; the request stays open.
    pub fn provide_signature(
        &mut self,
        id: SignatureId,
        signature: Signature<'_>,
    ) -> Result<(), UsageError> {
        self.phase.signing()?.answer(id, signature)
    }

    /// Answers the open request: nobody signs. The connection fails as
    /// [`SigningFailed`](crate::FailureKind::SigningFailed), with the alert internal_error; why is the
    /// failure's detail, and the peer is not told it.
    ///
    /// # Errors
    /// [`UsageError::NoDecisionOpen`], [`UsageError::Stale`].
    pub fn refuse_signature(&mut self, id: SignatureId, why: SignError) -> Result<(), UsageError> {
        self.phase.signing()?.refuse(id, why)
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
