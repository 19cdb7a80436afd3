//! What the application decides: certificates, a server's configuration, pre-shared keys, and signatures.

use crate::alert::Alert;
use crate::event::{PskId, RequestId, ReviewId, SignatureId, SslMode};
use crate::handshake::KeyQuestion;
use crate::handshake::wire::client_hello::ClientHello;
use crate::handshake::wire::pre_shared_key::{Identities, Imported};
use crate::identity::pre_shared_key::PreSharedKey;
use crate::protocol::{SignatureScheme, SslProtocol};
use crate::verify::SslError;
use crate::x509::certificate::Certificate;

/// An open certificate review: copy what you need, and [answer](crate::Connection::answer) at any
/// time. The [front page](crate) has an example.
///
/// A peer has proven that the chain is its own, with one exception: a server that resumes a session is asked
/// before the client has proven that it has the session's key. Until the handshake is complete, it may be
/// somebody who repeats an old ClientHello.
#[derive(Clone, Copy, Debug)]
pub struct Review<'a> {
    /// The review's id, for [`Connection::answer`](crate::Connection::answer).
    pub id: ReviewId,
    /// All errors of the chain, in the order in which they were found.
    pub errors: &'a [SslError],
    /// The chain as the peer sent it, its own certificate first. Empty when the peer sent none.
    pub chain: &'a [Certificate],
    /// The OCSP response (RFC 6960) that the server stapled to its certificate, in DER, as it came;
    /// see [`stapled_ocsp_response`](crate::Connection::stapled_ocsp_response).
    pub stapled_ocsp_response: Option<&'a [u8]>,
}

/// The answer to a review.
#[derive(Clone, Copy, Debug)]
pub enum Verdict<'a> {
    /// Forgive all errors of this review.
    Accept,
    /// Forgive these errors and those that the configuration
    /// [forgives](crate::ConfigBuilder::forgive), and no others: any other error rejects with its own
    /// alert. A review without errors, as [`External`](crate::VerifyMode::External) opens, is
    /// accepted. `QSslSocket::ignoreSslErrors(list)`.
    AcceptOnly(&'a [SslError]),
    /// Refuse, with the alert of the first error that the configuration does not forgive
    /// ([`SslErrorKind::alert`](crate::SslErrorKind::alert)).
    Reject,
    /// Refuse with an alert of the application's choice. In the place of close_notify, user_canceled
    /// and no_renegotiation, which refuse nothing, the peer gets certificate_unknown.
    RejectWith(Alert),
}

/// An open request for pre-shared keys. [`Connection::psk_request`](crate::Connection::psk_request)
/// has an example. `QSslPreSharedKeyAuthenticator`.
#[derive(Clone, Debug)]
pub struct PskRequest<'a> {
    /// The request's id, for [`Connection::provide_psk`](crate::Connection::provide_psk).
    pub id: PskId,
    /// Our role.
    pub role: SslMode,
    /// The version of TLS. A client that offers TLS 1.3 is asked before it says hello; in TLS 1.2 alone,
    /// when the server has answered.
    pub protocol: SslProtocol,
    /// The server's hint for the client's choice of an identity, which TLS 1.3 does not have.
    /// `identityHint`.
    pub hint: Option<&'a [u8]>,
    /// The keys that the client names, in its order: the first 16; of a client's own request, none.
    pub identities: PskIdentities<'a>,
    /// The most bytes of an identity. `maximumIdentityLength`.
    pub max_identity: usize,
    /// The most bytes of a key. `maximumPreSharedKeyLength`.
    pub max_key: usize,
}

impl<'a> PskRequest<'a> {
    pub(super) fn new(id: PskId, question: KeyQuestion<'a>) -> Self {
        let KeyQuestion {
            protocol,
            hint,
            named,
        } = question;
        Self {
            id,
            role: match named {
                None => SslMode::Client,
                Some(_) => SslMode::Server,
            },
            protocol,
            hint,
            identities: PskIdentities(named.unwrap_or_default()),
            max_identity: PreSharedKey::MAX_IDENTITY,
            max_key: PreSharedKey::MAX_KEY,
        }
    }
}

/// An open request for a signature. [`Connection::signature_request`](crate::Connection::signature_request)
/// has an example.
#[derive(Clone, Copy, Debug)]
pub struct SignatureRequest<'a> {
    /// The request's id, for [`Connection::provide_signature`](crate::Connection::provide_signature).
    pub id: SignatureId,
    /// The scheme to sign in: one that the configuration names, and the peer takes. With RSA it is PSS, with
    /// MGF1 over the scheme's hash and a salt as long as that (RFC 8446 §4.2.3).
    pub scheme: SignatureScheme,
    /// The bytes to sign: some hundred (RFC 8446 §4.4.3). The scheme's hash is part of signing.
    pub message: &'a [u8],
    /// The hash of the message, for who signs digests: SHA-256 or SHA-384. `None` for Ed25519, which signs
    /// the message as it is, and for schemes with SHA-512.
    pub digest: Option<&'a [u8]>,
}

/// The keys that a client names: an iterator over [`PskIdentity`].
///
/// ```
/// # use sslcore::PskIdentities;
/// fn is_known(mut identities: PskIdentities<'_>) -> bool {
///     identities.any(|identity| identity.name() == b"sensor 7")
/// }
/// ```
#[derive(Clone, Debug)]
pub struct PskIdentities<'a>(Identities<'a>);

impl<'a> Iterator for PskIdentities<'a> {
    type Item = PskIdentity<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(PskIdentity)
    }
}

/// One name for a key, as a client sent it. A client may name the same imported key several times, for
/// each hash function once.
///
/// ```
/// # use sslcore::PskIdentity;
/// fn show(identity: PskIdentity<'_>) {
///     println!("{:?} {:?} {:?}", identity.name(), identity.context(), identity.bytes());
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PskIdentity<'a>(&'a [u8]);

impl<'a> PskIdentity<'a> {
    /// The name by which the key is known: of a plain key all that the client sent, of an imported one
    /// the name in it (RFC 9258 §5.1). The two cannot be told apart with certainty: who has both kinds
    /// compares [`bytes`](Self::bytes), too.
    pub fn name(&self) -> &'a [u8] {
        Imported::read(self.0).map_or(self.0, |imported| imported.identity)
    }

    /// The context of what looks like an imported key.
    pub fn context(&self) -> Option<&'a [u8]> {
        Imported::read(self.0).map(|imported| imported.context)
    }

    /// The bytes that the client sent.
    pub fn bytes(&self) -> &'a [u8] {
        self.0
    }
}

/// An open request for a server's configuration.
/// [`Connection::config_request`](crate::Connection::config_request) has an example.
#[derive(Clone, Copy, Debug)]
pub struct ConfigRequest<'a> {
    /// The request's id, for [`Connection::provide_config`](crate::Connection::provide_config).
    pub id: RequestId,
    /// The client's first message.
    pub hello: ClientHello<'a>,
}
