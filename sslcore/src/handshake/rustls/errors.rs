//! rustls' errors as failures, and the alerts that the RFCs name for them.
//!
//! The alerts that rustls makes are never sent: every one is chosen here.

use alloc::format;

use rustls::{CertificateError, Error, InvalidMessage, PeerIncompatible, PeerMisbehaved};

use super::signer;
use crate::alert::Alert;
use crate::failure::{Failure, FailureKind, Repeated};
use crate::protocol::SslProtocol;
use crate::verify::SslErrorKind;

/// What an alert depends on beside the error.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context {
    /// The version in use, or, while none is, TLS 1.3 where both sides can speak it.
    pub(super) version: Option<SslProtocol>,
}

/// The failure for an error.
pub(super) fn failure(error: &Error, context: Context) -> Failure {
    let (kind, alert) = classify(error, context);
    let failure = Failure::new(kind, alert);
    match signer::refusal(error) {
        Some(why) => failure.because(why),
        None => failure.because(format!("{error}")),
    }
}

fn classify(error: &Error, context: Context) -> (FailureKind, Alert) {
    use FailureKind as K;
    match error {
        Error::InappropriateMessage { .. } | Error::InappropriateHandshakeMessage { .. } => {
            (K::UnexpectedMessage, Alert::UnexpectedMessage)
        }
        Error::InvalidMessage(message) => invalid(message),
        // A server's Certificate that is empty (RFC 8446 §4.4.2.4). Whether a client must have one
        // is not for the engine to say.
        Error::NoCertificatesPresented => (K::MalformedMessage, Alert::DecodeError),
        // Records are opened before rustls sees them: it is the Finished value that is wrong.
        Error::DecryptError => (K::BadHandshakeSignature, Alert::DecryptError),
        Error::PeerSentOversizedRecord => (K::RecordTooLarge, Alert::RecordOverflow),
        Error::NoApplicationProtocol => (K::Incompatible, Alert::NoApplicationProtocol),
        Error::PeerIncompatible(why) => incompatible(why, context),
        Error::PeerMisbehaved(what) => misbehaved(what),
        Error::InvalidCertificate(CertificateError::BadSignature) => {
            (K::BadHandshakeSignature, Alert::DecryptError)
        }
        // The scheme of a handshake signature that does not fit the key (RFC 8446 §4.4.3).
        Error::InvalidCertificate(
            CertificateError::UnsupportedSignatureAlgorithmContext { .. }
            | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. },
        ) => (K::PeerMisbehaved, Alert::IllegalParameter),
        Error::InvalidCertificate(_) => (
            K::CertificateRejected(SslErrorKind::Unspecified),
            Alert::BadCertificate,
        ),
        // TLS 1.2: our key fits none of the schemes that the client named.
        Error::General(what) if what == "incompatible signing key" => {
            (K::Incompatible, Alert::HandshakeFailure)
        }
        error if signer::refusal(error).is_some() => (K::SigningFailed, Alert::InternalError),
        _ => (K::Engine, Alert::InternalError),
    }
}

fn invalid(message: &InvalidMessage) -> (FailureKind, Alert) {
    use FailureKind::{MalformedMessage, PeerMisbehaved};
    match message {
        // RFC 8446 has no alert for it; OpenSSL and BoringSSL send this one.
        InvalidMessage::HandshakePayloadTooLarge | InvalidMessage::CertificatePayloadTooLarge => (
            FailureKind::BufferTooSmall { needed: 0xffff + 1 },
            Alert::IllegalParameter,
        ),
        InvalidMessage::PreSharedKeyIsNotFinalExtension | InvalidMessage::DuplicateExtension(_) => {
            (PeerMisbehaved, Alert::IllegalParameter)
        }
        InvalidMessage::UnknownHelloRetryRequestExtension
        | InvalidMessage::UnknownCertificateExtension => {
            (PeerMisbehaved, Alert::UnsupportedExtension)
        }
        _ => (MalformedMessage, Alert::DecodeError),
    }
}

fn incompatible(why: &PeerIncompatible, context: Context) -> (FailureKind, Alert) {
    use FailureKind::{Incompatible, PeerMisbehaved};
    let is_tls13 = context.version == Some(SslProtocol::TlsV1_3);
    match why {
        PeerIncompatible::ServerDoesNotSupportTls12Or13
        | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
        | PeerIncompatible::SupportedVersionsExtensionRequired
        | PeerIncompatible::Tls12NotOffered
        | PeerIncompatible::Tls12NotOfferedOrEnabled => (Incompatible, Alert::ProtocolVersion),
        // RFC 8446 §9.2.
        PeerIncompatible::KeyShareExtensionRequired
        | PeerIncompatible::NamedGroupsExtensionRequired
        | PeerIncompatible::SignatureAlgorithmsExtensionRequired
            if is_tls13 =>
        {
            (PeerMisbehaved, Alert::MissingExtension)
        }
        // RFC 8422 §5.1.2.
        PeerIncompatible::UncompressedEcPointsRequired
        | PeerIncompatible::NullCompressionRequired => (PeerMisbehaved, Alert::IllegalParameter),
        PeerIncompatible::ServerSentHelloRetryRequestWithUnknownExtension
        | PeerIncompatible::UnsolicitedCertificateTypeExtension => {
            (PeerMisbehaved, Alert::UnsupportedExtension)
        }
        _ => (Incompatible, Alert::HandshakeFailure),
    }
}

fn misbehaved(what: &PeerMisbehaved) -> (FailureKind, Alert) {
    use FailureKind::{PeerMisbehaved as Misbehaved, TooMuchOf};
    match what {
        PeerMisbehaved::IllegalMiddleboxChangeCipherSpec => (
            TooMuchOf(Repeated::ChangeCipherSpecs),
            Alert::UnexpectedMessage,
        ),
        PeerMisbehaved::IncorrectBinder => (Misbehaved, Alert::DecryptError),
        PeerMisbehaved::MissingKeyShare
        | PeerMisbehaved::MissingPskExtensionInSecondClientHello
        | PeerMisbehaved::MissingPskModesExtension => (Misbehaved, Alert::MissingExtension),
        // RFC 8446 §4.2: answers to what was not asked.
        PeerMisbehaved::UnsolicitedServerHelloExtension
        | PeerMisbehaved::UnsolicitedEncryptedExtension
        | PeerMisbehaved::UnsolicitedCertExtension
        | PeerMisbehaved::UnsolicitedEchExtension
        | PeerMisbehaved::UnsolicitedSctList
        | PeerMisbehaved::BadCertChainExtensions => (Misbehaved, Alert::UnsupportedExtension),
        // An empty list of binders (RFC 8446 §4.2.11), an empty name (RFC 7301 §3.1).
        PeerMisbehaved::MissingBinderInPskExtension
        | PeerMisbehaved::OfferedEmptyApplicationProtocol => {
            (FailureKind::MalformedMessage, Alert::DecodeError)
        }
        _ => (Misbehaved, Alert::IllegalParameter),
    }
}
