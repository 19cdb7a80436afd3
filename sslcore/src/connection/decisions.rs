//! What the application decides: certificates, and a server's configuration.

use crate::alert::Alert;
use crate::event::{RequestId, ReviewId};
use crate::handshake::wire::client_hello::ClientHello;
use crate::verify::SslError;
use crate::x509::certificate::Certificate;

/// A certificate review that is open. Copy out what is needed and answer whenever.
#[derive(Clone, Copy, Debug)]
pub struct Review<'a> {
    /// What [`Connection::answer`](crate::Connection::answer) wants.
    pub id: ReviewId,
    /// Every error, in the order found.
    pub errors: &'a [SslError],
    /// The chain as sent, the peer's own certificate first. Empty when the peer has none.
    pub chain: &'a [Certificate],
    /// The OCSP response (RFC 6960) that the server stapled to its certificate, in DER and not
    /// looked into; see [`stapled_ocsp_response`](crate::Connection::stapled_ocsp_response).
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

/// A server's question for its configuration.
#[derive(Clone, Copy, Debug)]
pub struct ConfigRequest<'a> {
    /// What [`Connection::provide_config`](crate::Connection::provide_config) wants.
    pub id: RequestId,
    /// What the client says.
    pub hello: ClientHello<'a>,
}
