//! What the application is asked, and its answers.

use sslcore::{
    Alert, ConfigRequest, PreSharedKey, PskId, PskRequest, RequestId, Review, ReviewId,
    ServerConfig, SignError, Signature, SignatureId, SignatureRequest, UsageError, Verdict,
};

use crate::socket::SslSocket;
use crate::transport::Transport;

impl<T: Transport> SslSocket<T> {
    /// The review that waits for [`answer`](Self::answer): the peer's certificates and their errors.
    /// `None` when no review is open. `QSslSocket::sslErrors`.
    pub fn review(&self) -> Option<Review<'_>> {
        self.driver.connection.review()
    }

    /// Answers the open [review](Self::review). The handshake goes on, or the alert of a rejection
    /// leaves, with the next call that is awaited. `QSslSocket::resume`, with the decision as its
    /// argument.
    ///
    /// ```
    /// use sslcore_embassy::sslcore::{UsageError, Verdict};
    /// use sslcore_embassy::{SslSocket, Transport};
    ///
    /// /// Accepts the peer's certificate if it is this one, whatever errors it has.
    /// fn answer<T: Transport>(socket: &mut SslSocket<T>, known: &[u8]) -> Result<(), UsageError> {
    ///     let Some(review) = socket.review() else {
    ///         return Ok(());
    ///     };
    ///     let is_known = review.chain.first().is_some_and(|leaf| leaf.as_ref() == known);
    ///     let (id, errors) = (review.id, review.errors.to_vec());
    ///     match is_known {
    ///         true => socket.answer(id, Verdict::AcceptOnly(&errors)),
    ///         false => socket.answer(id, Verdict::Reject),
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// [`UsageError::NoDecisionOpen`] when no review is open, also when the peer has hung up in the
    /// meantime; [`UsageError::Stale`] when `id` is that of another review.
    pub fn answer(&mut self, id: ReviewId, verdict: Verdict<'_>) -> Result<(), UsageError> {
        self.driver.act(|it| it.answer(id, verdict))
    }

    /// The ClientHello for which a server that was started with
    /// [`ServerStart::Ask`](sslcore::ServerStart::Ask) needs a configuration. `None` when no configuration is
    /// asked for.
    pub fn config_request(&self) -> Option<ConfigRequest<'_>> {
        self.driver.connection.config_request()
    }

    /// Answers the open [configuration request](Self::config_request) with a configuration; the handshake
    /// goes on with it.
    ///
    /// ```
    /// use sslcore_embassy::sslcore::{Alert, ServerConfig, UsageError};
    /// use sslcore_embassy::{SslSocket, Transport};
    ///
    /// /// Serves one name, and refuses every other.
    /// fn configure<T: Transport>(
    ///     socket: &mut SslSocket<T>,
    ///     shop: &ServerConfig,
    /// ) -> Result<(), UsageError> {
    ///     let Some(request) = socket.config_request() else {
    ///         return Ok(());
    ///     };
    ///     let (id, name) = (request.id, request.hello.server_name());
    ///     match name {
    ///         Some("shop.example.org") => socket.provide_config(id, shop),
    ///         Some(_) => socket.refuse_config(id),
    ///         None => socket.refuse_config_with(id, Alert::AccessDenied),
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// [`UsageError::NoDecisionOpen`], [`UsageError::Stale`].
    pub fn provide_config(
        &mut self,
        id: RequestId,
        config: &ServerConfig,
    ) -> Result<(), UsageError> {
        self.driver.act(|it| it.provide_config(id, config))
    }

    /// Refuses the open [configuration request](Self::config_request): the handshake fails, and the client
    /// gets the alert unrecognized_name (RFC 6066 §3).
    ///
    /// # Errors
    /// As for [`provide_config`](Self::provide_config).
    pub fn refuse_config(&mut self, id: RequestId) -> Result<(), UsageError> {
        self.driver.act(|it| it.refuse_config(id))
    }

    /// Refuses the open [configuration request](Self::config_request) with an alert of the application's
    /// choice, as [`Connection::refuse_config_with`] says.
    ///
    /// [`Connection::refuse_config_with`]: sslcore::Connection::refuse_config_with
    ///
    /// # Errors
    /// As for [`provide_config`](Self::provide_config).
    pub fn refuse_config_with(&mut self, id: RequestId, alert: Alert) -> Result<(), UsageError> {
        self.driver.act(|it| it.refuse_config_with(id, alert))
    }

    /// The pre-shared keys that are asked for, by a configuration that
    /// [asks](sslcore::ConfigBuilder::ask_for_pre_shared_keys) for them. A client is asked before it says
    /// hello, or, for TLS 1.2 alone, when the server has answered; a server when it has seen which keys its
    /// client names. `None` when none are asked for.
    /// `QSslSocket::preSharedKeyAuthenticationRequired`.
    pub fn psk_request(&self) -> Option<PskRequest<'_>> {
        self.driver.connection.psk_request()
    }

    /// Answers the open [request for keys](Self::psk_request) with those that may be used, in order of
    /// preference. The handshake goes on with the next call that is awaited. Keys that nobody asked for do
    /// no harm; without any it is [`refuse_psk`](Self::refuse_psk). `QSslPreSharedKeyAuthenticator`.
    ///
    /// ```
    /// use sslcore_embassy::sslcore::PreSharedKey;
    /// use sslcore_embassy::{Error, SslSocket, Transport};
    ///
    /// /// Handshakes with the key that a secure element, say, has for this device.
    /// async fn handshake<T: Transport>(
    ///     socket: &mut SslSocket<T>,
    ///     look_up: impl AsyncFn() -> Option<PreSharedKey>,
    /// ) -> Result<(), Error> {
    ///     match socket.wait_for_encrypted().await {
    ///         Err(Error::PreSharedKeyNeeded(id)) => {
    ///             let answered = match look_up().await {
    ///                 Some(key) => socket.provide_psk(id, &[key]),
    ///                 None => socket.refuse_psk(id),
    ///             };
    ///             answered.map_err(Error::Usage)?;
    ///             socket.wait_for_encrypted().await
    ///         }
    ///         outcome => outcome,
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// [`UsageError::NoDecisionOpen`] when no keys are asked for, also when the peer has hung up in the
    /// meantime; [`UsageError::Stale`] when `id` is that of another request;
    /// [`UsageError::PreSharedKey`] for a key that cannot be used: the request stays open.
    pub fn provide_psk(&mut self, id: PskId, keys: &[PreSharedKey]) -> Result<(), UsageError> {
        self.driver.act(|it| it.provide_psk(id, keys))
    }

    /// Answers the open [request for keys](Self::psk_request): there is none. The handshake fails, as
    /// [`Connection::refuse_psk`] says.
    ///
    /// [`Connection::refuse_psk`]: sslcore::Connection::refuse_psk
    ///
    /// # Errors
    /// [`UsageError::NoDecisionOpen`], [`UsageError::Stale`].
    pub fn refuse_psk(&mut self, id: PskId) -> Result<(), UsageError> {
        self.driver.act(|it| it.refuse_psk(id))
    }

    /// The signature that is asked for, by a configuration that
    /// [asks](sslcore::ConfigBuilder::ask_for_signatures) for it: a server's before anything of its flight
    /// leaves, a client's when the server is trusted. `None` when none is asked for.
    pub fn signature_request(&self) -> Option<SignatureRequest<'_>> {
        self.driver.connection.signature_request()
    }

    /// Answers the open [request for a signature](Self::signature_request). The handshake goes on with the
    /// next call that is awaited.
    ///
    /// ```
    /// use sslcore_embassy::sslcore::{SignError, Signature};
    /// use sslcore_embassy::{Error, SslSocket, Transport};
    ///
    /// /// Handshakes with a key in a secure element, which takes its time, and gives r and s.
    /// async fn handshake<T: Transport>(
    ///     socket: &mut SslSocket<T>,
    ///     element: impl AsyncFn([u8; 32]) -> Option<[u8; 64]>,
    /// ) -> Result<(), Error> {
    ///     let outcome = socket.wait_for_encrypted().await;
    ///     let Err(Error::SignatureNeeded(id)) = outcome else {
    ///         return outcome;
    ///     };
    ///     let digest = socket.signature_request().and_then(|request| request.digest);
    ///     let answered = match digest.and_then(|digest| digest.try_into().ok()) {
    ///         Some(digest) => match element(digest).await {
    ///             Some(signed) => socket.provide_signature(id, Signature::Concatenated(&signed)),
    ///             None => socket.refuse_signature(id, SignError::new("it does not answer")),
    ///         },
    ///         None => socket.refuse_signature(id, SignError::new("it signs 32 bytes alone")),
    ///     };
    ///     answered.map_err(Error::Usage)?;
    ///     socket.wait_for_encrypted().await
    /// }
    /// ```
    ///
    /// # Errors
    /// [`UsageError::NoDecisionOpen`] when no signature is asked for, also when the peer has hung up in the
    /// meantime; [`UsageError::Stale`] when `id` is that of another request; [`UsageError::Signature`] for
    /// one that cannot be of our key: the request stays open.
    pub fn provide_signature(
        &mut self,
        id: SignatureId,
        signature: Signature<'_>,
    ) -> Result<(), UsageError> {
        self.driver.act(|it| it.provide_signature(id, signature))
    }

    /// Answers the open [request for a signature](Self::signature_request): nobody signs. The handshake
    /// fails, as [`Connection::refuse_signature`] says.
    ///
    /// [`Connection::refuse_signature`]: sslcore::Connection::refuse_signature
    ///
    /// # Errors
    /// [`UsageError::NoDecisionOpen`], [`UsageError::Stale`].
    pub fn refuse_signature(&mut self, id: SignatureId, why: SignError) -> Result<(), UsageError> {
        self.driver.act(|it| it.refuse_signature(id, why))
    }
}
