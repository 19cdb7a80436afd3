//! OCSP responses: whether a certificate was revoked, as its authority says (RFC 6960).
//!
//! A server can staple a response to its certificate (RFC 6066 §8). [`Stapling`] reads it in every
//! handshake of a client's:
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use sslcore_std::ocsp::Stapling;
//! use sslcore_std::sslcore::ClientConfig;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # #[cfg(any(feature = "aws-lc-rs", feature = "ring"))] {
//! let client = ClientConfig::builder(sslcore_std::default_backend())
//!     .status_checker(Arc::new(Stapling::Required))
//!     .build()?;
//! # } Ok(()) }
//! ```
//!
//! What it finds are errors of the server's certificate like others, to be rejected, forgiven or
//! asked about. The response itself is
//! [`Connection::stapled_ocsp_response`](sslcore::Connection::stapled_ocsp_response), and
//! [`Response`] says what is in it. One that was fetched from a responder is judged by
//! [`errors`]:
//!
//! ```
//! use sslcore_std::ocsp;
//! use sslcore_std::sslcore::crypto::Backend;
//! use sslcore_std::sslcore::{Certificate, SslErrorKind, StatusQuestion, UnixTime};
//!
//! fn is_good(response: &[u8], certificate: &Certificate, issuer: &Certificate,
//!            now: UnixTime, backend: &Backend) -> bool {
//!     let question = StatusQuestion::new(response, certificate, issuer, Some(now), backend);
//!     ocsp::errors(&question).is_empty()
//! }
//! ```
//!
//! | Qt | here |
//! |---|---|
//! | `QSslConfiguration::setOcspStaplingEnabled` | [`Stapling::Required`] |
//! | `QSslSocket::ocspResponses` | [`Connection::stapled_ocsp_response`](sslcore::Connection::stapled_ocsp_response), of which Qt has one, too |
//! | `QOcspResponse::certificateStatus`, `revocationReason` | [`Response::status`] |
//! | `QOcspResponse::responder`, `subject` | [`Response::responder`]; whom it is about is checked |

mod dates;
mod key;
mod response;
mod signature;
mod wire;

use sslcore::{SslErrorKind, StatusChecker, StatusQuestion, StatusReport};

use self::dates::{end, out_of_date};
pub use self::response::{Reason, Refusal, Responder, Response, ResponseError, Status};

/// Judges what servers staple.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stapling {
    /// A response that is there must be good; one that is not there is missed only if the
    /// certificate [demands](sslcore::Certificate::must_staple) one (RFC 7633).
    IfPresent,
    /// There must be one, and it must be good. `QSslConfiguration::setOcspStaplingEnabled`.
    Required,
}

impl StatusChecker for Stapling {
    /// Checks at most nine signatures.
    fn check(&self, question: &StatusQuestion<'_>) -> StatusReport {
        if question.response().is_some() {
            return judge(question);
        }
        let missed = *self == Self::Required || question.certificate().must_staple();
        StatusReport {
            errors: match missed {
                true => vec![SslErrorKind::OcspNoResponseFound],
                false => Vec::new(),
            },
            good_until: None,
        }
    }
}

/// What is wrong with a response, or with the certificate, as it says; nothing when it says that
/// the certificate is good, and can be believed:
///
/// - it can be read, and is the success of a responder;
/// - it is signed by the certificate's issuer, or by a responder whose certificate is in the
///   response, was issued by that issuer for this purpose (`id-kp-OCSPSigning`) and is valid now
///   (whether that was revoked, nobody asks), and who is not the certificate itself;
/// - it is about this certificate, and about no other;
/// - it is not older than it may be, and not from the future. One that has no end, whose responder
///   has always a newer one (RFC 6960 §4.2.2.1), counts for a day: for ever would be to believe it
///   also when it is stapled again and again, after the certificate was revoked.
///
/// Of a response that cannot be believed, or is about another certificate, the rest is not looked
/// at. Checks at most nine signatures.
pub fn errors(question: &StatusQuestion<'_>) -> Vec<SslErrorKind> {
    judge(question).errors
}

fn judge(question: &StatusQuestion<'_>) -> StatusReport {
    let response = match Response::from_der(question.response().unwrap_or_default()) {
        Ok(response) => response,
        Err(error) => {
            return StatusReport {
                errors: vec![error.kind()],
                good_until: None,
            };
        }
    };
    let mut errors = Vec::new();
    if !signature::is_good(&response, question) {
        errors.push(SslErrorKind::OcspResponseCannotBeTrusted);
    }
    if !response.is_about(question) {
        errors.push(SslErrorKind::OcspResponseCertIdUnknown);
    }
    if errors.is_empty() {
        errors.extend(out_of_date(&response, question));
        errors.extend(response.status().error());
    }
    StatusReport {
        errors,
        good_until: Some(end(&response)),
    }
}
