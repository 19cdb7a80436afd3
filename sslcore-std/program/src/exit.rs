//! How the program ends.

use std::process::ExitCode;

use sslcore_std::sslcore::{Alert, CloseReport, FailureKind, Fault};

use crate::text::grouped;

/// The exit codes, the same for every command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All went well.
    Fine = 0,
    /// The command line is wrong, or something that it names cannot be used.
    Usage = 1,
    /// There is no connection to the peer, or nowhere to listen.
    NotConnected = 2,
    /// There is one, but TLS cannot be started, or fails.
    TlsFailure = 3,
    /// One side refused the other's certificate, or the two do not have the same pre-shared key.
    Refused = 4,
    /// The stream was cut, or ended before all was sent: data may be missing.
    Truncated = 5,
    /// What is replayed comes otherwise than it was recorded.
    #[cfg(feature = "record-secrets")]
    Differs = 6,
}

impl Exit {
    /// How a connection that failed ends the program.
    pub(crate) fn of(kind: FailureKind, encrypted: bool) -> Self {
        match kind {
            kind if kind.fault() == Fault::Certificate => Self::Refused,
            FailureKind::BadPreSharedKey
            | FailureKind::NoPreSharedKey
            | FailureKind::AlertReceived(Alert::UnknownPskIdentity) => Self::Refused,
            FailureKind::AlertReceived(alert) if is_about_certificates(alert) => Self::Refused,
            FailureKind::Truncated | FailureKind::Reset if encrypted => Self::Truncated,
            _ => Self::TlsFailure,
        }
    }
}

/// What a close_notify takes at most: header, explicit nonce, alert and tag (RFC 5288 §3).
const CLOSE_NOTIFY: usize = 5 + 8 + 2 + 16;

/// What was accepted and never left, in words. Only the last courtesy is no loss: data that waits
/// has it behind.
pub(crate) fn lost(report: &CloseReport) -> Option<String> {
    let CloseReport {
        abandoned, unsent, ..
    } = *report;
    let is_lost = abandoned > 0 || unsent > CLOSE_NOTIFY;
    is_lost.then(|| {
        let (abandoned, unsent) = (grouped(abandoned), grouped(unsent));
        format!("{abandoned} B were never encrypted, {unsent} B encrypted and never sent")
    })
}

/// The alerts with which a certificate is refused (RFC 8446 §6.2).
fn is_about_certificates(alert: Alert) -> bool {
    matches!(
        alert,
        Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::UnknownCa
            | Alert::CertificateRequired
    )
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
