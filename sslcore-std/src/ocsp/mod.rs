//! OCSP responses: whether an authority has revoked a certificate (RFC 6960).
//!
//! A server can staple a response to its certificate (RFC 6066 §8). With [`Stapling`], a client
//! verifies the stapled response in every handshake:
//!
//! ```
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
//! # drop(client);
//! # } Ok(()) }
//! ```
//!
//! Errors of the response count as errors of the server's certificate, which are rejected, forgiven
//! or held like all others. The response itself is
//! [`Connection::stapled_ocsp_response`](sslcore::Connection::stapled_ocsp_response), and
//! [`Response`] parses it. For a response that the application fetched from a responder, [`errors`]
//! gives the errors:
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
//! | `QSslSocket::ocspResponses` | [`Connection::stapled_ocsp_response`](sslcore::Connection::stapled_ocsp_response); Qt, too, has one at most |
//! | `QOcspResponse::certificateStatus`, `revocationReason` | [`Response::status`] |
//! | `QOcspResponse::responder`, `subject` | [`Response::responder`]; that the response is about the certificate is verified |

mod dates;
mod key;
mod response;
mod signature;
mod wire;

use sslcore::{SslErrorKind, StatusChecker, StatusQuestion, StatusReport};

use self::dates::{end, out_of_date};
pub use self::response::{Reason, Refusal, Responder, Response, ResponseError, Status};

/// Verification of the OCSP response that a server staples, for
/// [`ConfigBuilder::status_checker`](sslcore::ConfigBuilder::status_checker). The example of
/// [`ocsp`](self) shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stapling {
    /// A stapled response must be good. A missing response is an error only if the certificate
    /// [demands](sslcore::Certificate::must_staple) one (RFC 7633).
    IfPresent,
    /// A response must be stapled, and must be good. `QSslConfiguration::setOcspStaplingEnabled`.
    Required,
}

impl StatusChecker for Stapling {
    /// Returns the errors of the response, and until when a good status holds. Verifies at most
    /// nine signatures.
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

/// The errors of an OCSP response, and of the certificate according to it. The list is empty when
/// the response says that the certificate is good and can be trusted:
///
/// - The response can be parsed, and reports success.
/// - The response is signed by the certificate's issuer, or by a responder that the issuer has
///   authorised: the responder's certificate is in the response, was issued by that issuer for this
///   purpose (`id-kp-OCSPSigning`), is valid now, and has another key than the certificate. Whether
///   the responder's certificate was revoked is not checked.
/// - The response is about this certificate, and about no other.
/// - The response is neither expired nor from the future. A response without `nextUpdate` (RFC 6960
///   §4.2.2.1) expires after one day: without a limit, a server could staple it for ever, also
///   after the certificate was revoked.
///
/// Of a response that cannot be trusted, or is about another certificate, dates and status are not
/// examined. Verifies at most nine signatures. The example of [`ocsp`](self) shows it.
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
