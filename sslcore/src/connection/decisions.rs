//! What the application decides: certificates, and a server's configuration.

use crate::alert::Alert;
use crate::event::{RequestId, ReviewId};
use crate::handshake::wire::client_hello::ClientHello;
use crate::verify::SslError;
use crate::x509::certificate::Certificate;

/// An open certificate review: copy what you need, and [answer](crate::Connection::answer) at any
/// time. The [front page](crate) has an example.
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

/// An open request for a server's configuration.
/// [`Connection::config_request`](crate::Connection::config_request) has an example.
#[derive(Clone, Copy, Debug)]
pub struct ConfigRequest<'a> {
    /// The request's id, for [`Connection::provide_config`](crate::Connection::provide_config).
    pub id: RequestId,
    /// The client's first message.
    pub hello: ClientHello<'a>,
}
