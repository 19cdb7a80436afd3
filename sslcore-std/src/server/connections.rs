//! One of the server's connections: looked at, answered, taken out.

use sslcore::{
    Event, PreSharedKey, PskId, ReviewId, SignError, Signature, SignatureId, UsageError, Verdict,
};

use super::{ConnectionId, SslServer};
use crate::socket::SslSocket;

impl SslServer {
    /// The socket of a connection on which TLS was started and that was not handed out: its review,
    /// its certificates, its addresses. `None` for every other connection. After a failure the
    /// socket can be seen until the next call that carries on handshakes.
    pub fn socket(&self, id: ConnectionId) -> Option<&SslSocket> {
        self.pending[self.find(id)?].socket()
    }

    /// The next event of a connection on which TLS was started and that was not handed out, as
    /// [`SslSocket::poll_event`] gives it: alerts, certificate errors. Events that were not asked
    /// for stay with the socket when it is handed out.
    pub fn poll_event(&mut self, id: ConnectionId) -> Option<Event> {
        let index = self.find(id)?;
        self.pending[index].socket_mut()?.poll_event()
    }

    /// Answers the review of a connection's certificate; the outcome is the connection's next
    /// [`ServerEvent`](crate::ServerEvent), whose example shows it. `QSslSocket::resume`, with the decision as
    /// its argument.
    ///
    /// # Errors
    /// [`UsageError::Stale`] when the connection is gone: the client hung up in the meantime, or
    /// the configuration's [`decision`](sslcore::Timeouts::decision) timeout ran out. Otherwise as
    /// for [`SslSocket::answer`].
    pub fn answer(
        &mut self,
        id: ConnectionId,
        review: ReviewId,
        verdict: Verdict<'_>,
    ) -> Result<(), UsageError> {
        let index = self.find(id).ok_or(UsageError::Stale)?;
        self.with_round(index, |pending, round| {
            pending.answer(review, verdict, round)
        })
    }

    /// Answers a connection's request for pre-shared keys with those of them that the server has; with
    /// none the handshake fails as with a wrong key ([`Connection::refuse_psk`]). The outcome is the
    /// connection's next [`ServerEvent`](crate::ServerEvent). `QSslPreSharedKeyAuthenticator`.
    ///
    /// ```
    /// use std::collections::HashMap;
    ///
    /// use sslcore_std::sslcore::{PreSharedKey, PskId, UsageError};
    /// use sslcore_std::{ConnectionId, SslServer};
    ///
    /// /// Called for [`ServerEvent::PreSharedKeyNeeded`](sslcore_std::ServerEvent::PreSharedKeyNeeded).
    /// fn look_up(
    ///     server: &mut SslServer, id: ConnectionId, request: PskId,
    ///     keys: &HashMap<Vec<u8>, PreSharedKey>,
    /// ) -> Result<(), UsageError> {
    ///     let named = server.socket(id).and_then(|socket| socket.psk_request());
    ///     let named = named.into_iter().flat_map(|request| request.identities);
    ///     let known: Vec<_> = named.filter_map(|it| keys.get(it.name()).cloned()).collect();
    ///     server.provide_psk(id, request, &known)
    /// }
    /// ```
    ///
    /// [`Connection::refuse_psk`]: sslcore::Connection::refuse_psk
    ///
    /// # Errors
    /// [`UsageError::Stale`] when the connection is gone, as for [`answer`](Self::answer). Otherwise as
    /// for [`SslSocket::provide_psk`].
    pub fn provide_psk(
        &mut self,
        id: ConnectionId,
        request: PskId,
        keys: &[PreSharedKey],
    ) -> Result<(), UsageError> {
        let index = self.find(id).ok_or(UsageError::Stale)?;
        self.with_round(index, |pending, round| {
            pending.provide_psk(request, keys, round)
        })
    }

    /// Answers a connection's request for a signature, or says why there is none: then the handshake fails
    /// ([`Connection::refuse_signature`]). The outcome is the connection's next
    /// [`ServerEvent`](crate::ServerEvent).
    ///
    /// ```
    /// use std::sync::mpsc::Receiver;
    ///
    /// use sslcore_std::sslcore::{SignError, Signature, SignatureId};
    /// use sslcore_std::{ConnectionId, SslServer};
    ///
    /// /// What a thread that signs has made, of an order after
    /// /// [`ServerEvent::SignatureNeeded`](sslcore_std::ServerEvent::SignatureNeeded).
    /// struct Signed { id: ConnectionId, request: SignatureId, der: Option<Vec<u8>> }
    ///
    /// /// Called whenever the server was woken.
    /// fn deliver(server: &mut SslServer, signed: &Receiver<Signed>) {
    ///     for Signed { id, request, der } in signed.try_iter() {
    ///         let signature = der.as_deref().map(Signature::Der);
    ///         let signature = signature.ok_or_else(|| SignError::new("the module is locked"));
    ///         if let Err(error) = server.provide_signature(id, request, signature) {
    ///             println!("{error}"); // it may have hung up meanwhile; others still wait for theirs
    ///         }
    ///     }
    /// }
    /// ```
    ///
    /// [`Connection::refuse_signature`]: sslcore::Connection::refuse_signature
    ///
    /// # Errors
    /// [`UsageError::Stale`] when the connection is gone, as for [`answer`](Self::answer). Otherwise as
    /// for [`SslSocket::provide_signature`].
    pub fn provide_signature(
        &mut self,
        id: ConnectionId,
        request: SignatureId,
        signature: Result<Signature<'_>, SignError>,
    ) -> Result<(), UsageError> {
        let index = self.find(id).ok_or(UsageError::Stale)?;
        self.with_round(index, |pending, round| {
            pending.provide_signature(request, signature, round)
        })
    }

    /// Takes a connection out of the server as it is, to ask a person in a thread of its own, say.
    /// The application completes the handshake with
    /// [`wait_for_encrypted`](SslSocket::wait_for_encrypted); only the configuration's timeouts
    /// apply from then on. `None` when the connection is gone, or TLS was not started on it.
    ///
    /// ```
    /// use std::thread;
    ///
    /// use sslcore_std::sslcore::{Review, Verdict};
    /// use sslcore_std::{ConnectionId, SslServer};
    ///
    /// # fn ask_a_person(_: &Review<'_>) -> bool { false }
    /// /// Asks about one client's certificate, while the server goes on.
    /// fn ask(server: &mut SslServer, id: ConnectionId) {
    ///     let Some(mut socket) = server.take(id) else {
    ///         return;
    ///     };
    ///     thread::spawn(move || {
    ///         let Some(review) = socket.review() else {
    ///             return;
    ///         };
    ///         let (id, accepted) = (review.id, ask_a_person(&review));
    ///         let verdict = match accepted {
    ///             true => Verdict::Accept,
    ///             false => Verdict::Reject,
    ///         };
    ///         if socket.answer(id, verdict).is_ok() && socket.wait_for_encrypted(None).is_ok() {
    ///             println!("encrypted");
    ///         }
    ///     });
    /// }
    /// ```
    pub fn take(&mut self, id: ConnectionId) -> Option<SslSocket> {
        let index = self.find(id)?;
        self.pending[index].take()
    }

    fn find(&self, id: ConnectionId) -> Option<usize> {
        let index = self.pending.binary_search_by_key(&id, |pending| pending.id);
        index.ok().filter(|index| !self.pending[*index].is_gone())
    }
}
