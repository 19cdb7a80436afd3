//! The questions to the application, and its answers.

/// Their methods, each over the field `driver`.
macro_rules! decision_methods {
    () => {
        /// The review that waits for [`answer`](Self::answer): the peer's certificates and their errors.
        /// `None` when no review is open. `QSslSocket::sslErrors`.
        pub fn review(&self) -> Option<sslcore::Review<'_>> {
            self.driver.connection.review()
        }

        /// Answers the open [review](Self::review). The alert of a rejection leaves with this call, as far
        /// as the stream takes it. `QSslSocket::resume`, with the decision as its argument.
        ///
        /// The time between the review and the answer counts only for the configuration's
        /// [`decision`](sslcore::Timeouts::decision) timeout. The call receives first, so that a peer
        /// that has hung up in the meantime is noticed.
        ///
        /// ```
        /// use sslcore_std::SslSocket;
        /// use sslcore_std::sslcore::{UsageError, Verdict};
        ///
        /// /// Accepts the peer's certificate if it is this one, whatever errors it has.
        /// fn answer(socket: &mut SslSocket, known: &[u8]) -> Result<(), UsageError> {
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
        /// [`UsageError::NoDecisionOpen`](sslcore::UsageError::NoDecisionOpen) when no review is open,
        /// also when the peer has hung up in the meantime:
        /// [`Connection::failure`](sslcore::Connection::failure) says so then.
        /// [`UsageError::Stale`](sslcore::UsageError::Stale) when `id` is that of another review.
        pub fn answer(
            &mut self,
            id: sslcore::ReviewId,
            verdict: sslcore::Verdict<'_>,
        ) -> Result<(), sslcore::UsageError> {
            self.driver
                .answer(|connection| connection.answer(id, verdict))
        }

        /// The ClientHello for which a server that was started with
        /// [`ServerStart::Ask`](sslcore::ServerStart::Ask) needs a configuration. `None` when no
        /// configuration is asked for.
        pub fn config_request(&self) -> Option<sslcore::ConfigRequest<'_>> {
            self.driver.connection.config_request()
        }

        /// Answers the open [configuration request](Self::config_request) with a configuration; the
        /// handshake goes on with it. The call receives first, so that a client that has hung up in the
        /// meantime is noticed.
        ///
        /// ```
        /// use sslcore_std::SslSocket;
        /// use sslcore_std::sslcore::{ServerConfig, UsageError};
        ///
        /// /// Serves one name, and refuses every other.
        /// fn configure(socket: &mut SslSocket, shop: &ServerConfig) -> Result<(), UsageError> {
        ///     let Some(request) = socket.config_request() else {
        ///         return Ok(());
        ///     };
        ///     let is_shop = request.hello.server_name() == Some("shop.example.org");
        ///     let id = request.id;
        ///     match is_shop {
        ///         true => socket.provide_config(id, shop),
        ///         false => socket.refuse_config(id),
        ///     }
        /// }
        /// ```
        ///
        /// # Errors
        /// [`UsageError::NoDecisionOpen`](sslcore::UsageError::NoDecisionOpen) when no configuration is
        /// asked for, also when the client has hung up in the meantime, and
        /// [`UsageError::Stale`](sslcore::UsageError::Stale) when `id` is that of another request.
        pub fn provide_config(
            &mut self,
            id: sslcore::RequestId,
            config: &sslcore::ServerConfig,
        ) -> Result<(), sslcore::UsageError> {
            self.driver
                .answer(|connection| connection.provide_config(id, config))
        }

        /// Refuses the open [configuration request](Self::config_request): the handshake fails, and the
        /// client gets the alert unrecognized_name (RFC 6066 §3). The example of
        /// [`provide_config`](Self::provide_config) shows it.
        ///
        /// # Errors
        /// As for [`provide_config`](Self::provide_config).
        pub fn refuse_config(&mut self, id: sslcore::RequestId) -> Result<(), sslcore::UsageError> {
            self.driver
                .answer(|connection| connection.refuse_config(id))
        }

        /// Refuses the open [configuration request](Self::config_request) with an alert of the
        /// application's choice, as [`Connection::refuse_config_with`] says.
        ///
        /// [`Connection::refuse_config_with`]: sslcore::Connection::refuse_config_with
        ///
        /// # Errors
        /// As for [`provide_config`](Self::provide_config).
        pub fn refuse_config_with(
            &mut self,
            id: sslcore::RequestId,
            alert: sslcore::Alert,
        ) -> Result<(), sslcore::UsageError> {
            self.driver
                .answer(|connection| connection.refuse_config_with(id, alert))
        }

        /// The pre-shared keys that are asked for, by a configuration that
        /// [asks](sslcore::ConfigBuilder::ask_for_pre_shared_keys). A client is asked before it says hello, or,
        /// for TLS 1.2 alone, when the server has answered; a server when it has seen which keys its client
        /// names. `None` when none are asked for.
        /// `QSslSocket::preSharedKeyAuthenticationRequired`.
        pub fn psk_request(&self) -> Option<sslcore::PskRequest<'_>> {
            self.driver.connection.psk_request()
        }

        /// Answers the open [request for keys](Self::psk_request) with those that may be used, in order
        /// of preference; the handshake goes on with them. Keys that nobody asked for do no harm;
        /// without any it is [`refuse_psk`](Self::refuse_psk). `QSslPreSharedKeyAuthenticator`.
        ///
        /// The time between the request and the answer counts only for the configuration's
        /// [`decision`](sslcore::Timeouts::decision) timeout. The call receives first, so that a peer
        /// that has hung up in the meantime is noticed.
        ///
        /// ```
        /// use std::collections::HashMap;
        ///
        /// use sslcore_std::sslcore::{PreSharedKey, UsageError};
        /// use sslcore_std::{SslSocket, WaitError};
        ///
        /// /// Handshakes as a server that looks keys up by the client's names for them. Says whether the
        /// /// socket is encrypted.
        /// fn handshake(
        ///     socket: &mut SslSocket, keys: &HashMap<Vec<u8>, PreSharedKey>,
        /// ) -> Result<bool, UsageError> {
        ///     loop {
        ///         let Err(error) = socket.wait_for_encrypted(None) else {
        ///             return Ok(true);
        ///         };
        ///         let (WaitError::PreSharedKeyNeeded(id), Some(request)) = (error, socket.psk_request())
        ///         else {
        ///             return Ok(false);
        ///         };
        ///         let named = request.identities;
        ///         let known: Vec<_> = named.filter_map(|it| keys.get(it.name()).cloned()).collect();
        ///         socket.provide_psk(id, &known)?;
        ///     }
        /// }
        /// ```
        ///
        /// # Errors
        /// [`UsageError::NoDecisionOpen`](sslcore::UsageError::NoDecisionOpen) when no keys are asked
        /// for, also when the peer has hung up in the meantime,
        /// [`UsageError::Stale`](sslcore::UsageError::Stale) when `id` is that of another request, and
        /// [`UsageError::PreSharedKey`](sslcore::UsageError::PreSharedKey) for a key that cannot be
        /// used: the request stays open.
        pub fn provide_psk(
            &mut self,
            id: sslcore::PskId,
            keys: &[sslcore::PreSharedKey],
        ) -> Result<(), sslcore::UsageError> {
            self.driver
                .answer(|connection| connection.provide_psk(id, keys))
        }

        /// Answers the open [request for keys](Self::psk_request): there is none. The handshake fails; a
        /// server's does so as with a wrong key, as [`Connection::refuse_psk`] says. The example of
        /// [`provide_psk`](Self::provide_psk) does so for clients that it does not know.
        ///
        /// [`Connection::refuse_psk`]: sslcore::Connection::refuse_psk
        ///
        /// # Errors
        /// [`UsageError::NoDecisionOpen`](sslcore::UsageError::NoDecisionOpen) when no keys are asked
        /// for, also when the peer has hung up in the meantime, and
        /// [`UsageError::Stale`](sslcore::UsageError::Stale) when `id` is that of another request.
        pub fn refuse_psk(&mut self, id: sslcore::PskId) -> Result<(), sslcore::UsageError> {
            self.provide_psk(id, &[])
        }

        /// The signature that is asked for, by a configuration that
        /// [asks](sslcore::ConfigBuilder::ask_for_signatures): a server's before anything of its flight
        /// leaves, a client's when the server is trusted. `None` when none is asked for.
        pub fn signature_request(&self) -> Option<sslcore::SignatureRequest<'_>> {
            self.driver.connection.signature_request()
        }

        /// Answers the open [request for a signature](Self::signature_request); the handshake goes on
        /// with it. Whether it is right only the peer finds out.
        ///
        /// The time between the request and the answer counts only for the configuration's
        /// [`decision`](sslcore::Timeouts::decision) timeout. The call receives first, so that a peer
        /// that has hung up in the meantime is noticed.
        ///
        /// ```
        /// use sslcore_std::sslcore::{SignError, Signature, UsageError};
        /// use sslcore_std::{SslSocket, WaitError};
        ///
        /// /// Handshakes with a key in a module, which gives r and s. Says whether the socket is
        /// /// encrypted.
        /// fn handshake(
        ///     socket: &mut SslSocket, module: &mut dyn FnMut(&[u8]) -> Option<[u8; 64]>,
        /// ) -> Result<bool, UsageError> {
        ///     loop {
        ///         let Err(error) = socket.wait_for_encrypted(None) else {
        ///             return Ok(true);
        ///         };
        ///         let WaitError::SignatureNeeded(id) = error else { return Ok(false) };
        ///         let Some(digest) = socket.signature_request().and_then(|it| it.digest) else {
        ///             socket.refuse_signature(id, SignError::new("it signs digests alone"))?;
        ///             continue;
        ///         };
        ///         match module(digest) {
        ///             Some(signed) => socket.provide_signature(id, Signature::Concatenated(&signed))?,
        ///             None => socket.refuse_signature(id, SignError::new("it is locked"))?,
        ///         }
        ///     }
        /// }
        /// ```
        ///
        /// # Errors
        /// [`UsageError::NoDecisionOpen`](sslcore::UsageError::NoDecisionOpen) when no signature is
        /// asked for, also when the peer has hung up in the meantime,
        /// [`UsageError::Stale`](sslcore::UsageError::Stale) when `id` is that of another request, and
        /// [`UsageError::Signature`](sslcore::UsageError::Signature) for one that cannot be of our key:
        /// the request stays open.
        pub fn provide_signature(
            &mut self,
            id: sslcore::SignatureId,
            signature: sslcore::Signature<'_>,
        ) -> Result<(), sslcore::UsageError> {
            self.driver
                .answer(|connection| connection.provide_signature(id, signature))
        }

        /// Answers the open [request for a signature](Self::signature_request): nobody signs. The
        /// handshake fails, as [`Connection::refuse_signature`] says. The example of
        /// [`provide_signature`](Self::provide_signature) does so.
        ///
        /// [`Connection::refuse_signature`]: sslcore::Connection::refuse_signature
        ///
        /// # Errors
        /// [`UsageError::NoDecisionOpen`](sslcore::UsageError::NoDecisionOpen) when no signature is
        /// asked for, also when the peer has hung up in the meantime, and
        /// [`UsageError::Stale`](sslcore::UsageError::Stale) when `id` is that of another request.
        pub fn refuse_signature(
            &mut self,
            id: sslcore::SignatureId,
            why: sslcore::SignError,
        ) -> Result<(), sslcore::UsageError> {
            self.driver
                .answer(|connection| connection.refuse_signature(id, why))
        }
    };
}

pub(crate) use decision_methods;
