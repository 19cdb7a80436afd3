//! rustls' errors as failures, and the alerts they owe.

use alloc::format;

use rustls::{
    AlertDescription, CertificateError, Error, InvalidMessage, PeerIncompatible, PeerMisbehaved,
};

use super::{refusal, signer};
use crate::alert::Alert;
use crate::error::{Failure, FailureKind, Repeated};
use crate::verify::SslErrorKind;

/// The failure for an error. Its alert is what is sent when rustls queued none of its own.
pub(super) fn failure(error: &Error) -> Failure {
    let (kind, alert) = classify(error);
    let failure = match alert {
        Some(alert) => Failure::new(kind, alert),
        None => Failure::silent(kind),
    };
    match signer::refusal(error).or_else(|| refusal::reason(error)) {
        Some(why) => failure.because(why),
        None => failure.because(format!("{error}")),
    }
}

/// What the alert that rustls chose says about the failure.
pub(super) fn refine(failure: &mut Failure, alert: Alert) {
    failure.alert = Some(alert);
    // rustls says DecryptError for a damaged record and for a wrong Finished alike.
    if alert == Alert::DecryptError && failure.kind == FailureKind::BadRecordMac {
        failure.kind = FailureKind::BadHandshakeSignature;
    }
}

/// Whether rustls misses an extension that TLS 1.2 has, in the hello of a client that does not
/// speak TLS 1.2: what it should be told is the version (RFC 5246 §E.1).
pub(super) fn is_about_an_old_client(error: &Error, hello_version: Option<u16>) -> bool {
    *error == Error::PeerIncompatible(PeerIncompatible::SignatureAlgorithmsExtensionRequired)
        && hello_version.is_some_and(|version| version < 0x0303)
}

fn classify(error: &Error) -> (FailureKind, Option<Alert>) {
    use FailureKind as K;
    let (kind, alert) = match error {
        // Sealed, in TLS 1.3: rustls would answer decode_error to a peer that has left.
        Error::AlertReceived(AlertDescription::CloseNotify) => {
            return (K::ClosedDuringHandshake, None);
        }
        Error::AlertReceived(alert) => {
            return (K::AlertReceived(Alert::from_code((*alert).into())), None);
        }
        Error::InappropriateMessage { .. } | Error::InappropriateHandshakeMessage { .. } => {
            (K::UnexpectedMessage, Alert::UnexpectedMessage)
        }
        // RFC 8446 has no alert for it; OpenSSL and BoringSSL send this one.
        Error::InvalidMessage(InvalidMessage::HandshakePayloadTooLarge) => (
            K::BufferTooSmall { needed: 0xffff + 1 },
            Alert::IllegalParameter,
        ),
        Error::InvalidMessage(message) => (
            K::MalformedMessage,
            Alert::from_code(AlertDescription::from(*message).into()),
        ),
        Error::NoCertificatesPresented => (
            K::CertificateRejected(SslErrorKind::NoPeerCertificate),
            Alert::CertificateRequired,
        ),
        Error::DecryptError => (K::BadRecordMac, Alert::BadRecordMac),
        Error::PeerSentOversizedRecord => (K::RecordTooLarge, Alert::RecordOverflow),
        Error::NoApplicationProtocol => (K::Incompatible, Alert::NoApplicationProtocol),
        Error::PeerIncompatible(why) => (K::Incompatible, incompatible(why)),
        Error::PeerMisbehaved(what) => misbehaved(what),
        Error::InvalidCertificate(CertificateError::BadSignature) => {
            (K::BadHandshakeSignature, Alert::DecryptError)
        }
        Error::InvalidCertificate(why) => (
            K::CertificateRejected(SslErrorKind::Unspecified),
            Alert::from_code(AlertDescription::from(why.clone()).into()),
        ),
        error if refusal::reason(error).is_some() => (
            K::CertificateRejected(SslErrorKind::UnsupportedAlgorithm),
            Alert::UnsupportedCertificate,
        ),
        error if signer::refusal(error).is_some() => (K::SigningFailed, Alert::InternalError),
        _ => (K::Engine, Alert::InternalError),
    };
    (kind, Some(alert))
}

fn incompatible(why: &PeerIncompatible) -> Alert {
    match why {
        PeerIncompatible::ServerDoesNotSupportTls12Or13
        | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
        | PeerIncompatible::SupportedVersionsExtensionRequired
        | PeerIncompatible::Tls12NotOffered
        | PeerIncompatible::Tls12NotOfferedOrEnabled => Alert::ProtocolVersion,
        _ => Alert::HandshakeFailure,
    }
}

fn misbehaved(what: &PeerMisbehaved) -> (FailureKind, Alert) {
    use FailureKind::{PeerMisbehaved as Misbehaved, TooMuchOf};
    match what {
        PeerMisbehaved::TooManyEmptyFragments => {
            (TooMuchOf(Repeated::EmptyRecords), Alert::UnexpectedMessage)
        }
        PeerMisbehaved::TooManyKeyUpdateRequests => {
            (TooMuchOf(Repeated::KeyUpdates), Alert::UnexpectedMessage)
        }
        PeerMisbehaved::TooManyRenegotiationRequests => (
            TooMuchOf(Repeated::RenegotiationRequests),
            Alert::UnexpectedMessage,
        ),
        PeerMisbehaved::TooManyWarningAlertsReceived => {
            (TooMuchOf(Repeated::WarningAlerts), Alert::UnexpectedMessage)
        }
        PeerMisbehaved::IllegalMiddleboxChangeCipherSpec => (
            TooMuchOf(Repeated::ChangeCipherSpecs),
            Alert::UnexpectedMessage,
        ),
        PeerMisbehaved::MessageInterleavedWithHandshakeMessage
        | PeerMisbehaved::KeyEpochWithPendingFragment
        | PeerMisbehaved::RejectedEarlyDataInterleavedWithHandshakeMessage => {
            (FailureKind::UnexpectedMessage, Alert::UnexpectedMessage)
        }
        PeerMisbehaved::IncorrectBinder => (Misbehaved, Alert::DecryptError),
        _ => (Misbehaved, Alert::IllegalParameter),
    }
}
