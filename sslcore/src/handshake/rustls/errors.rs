//! rustls' errors as failures, and the alerts that the RFCs name for them.
//!
//! The alerts that rustls makes are never sent: every one is chosen here.

use rustls::{CertificateError, Error, InvalidMessage, PeerIncompatible, PeerMisbehaved};

use crate::alert::Alert;
use crate::crypto::rustls::signer;
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
        None => match nothing_in_common(error) {
            Some(what) => failure.because(what),
            None => failure.because(error),
        },
    }
}

/// What the two sides have none of, in words.
fn nothing_in_common(error: &Error) -> Option<&'static str> {
    use PeerIncompatible as I;
    match error {
        Error::PeerIncompatible(I::NoCipherSuitesInCommon) => Some("no cipher suite"),
        Error::PeerIncompatible(I::NoKxGroupsInCommon) => Some("no key exchange group"),
        Error::PeerIncompatible(I::NoSignatureSchemesInCommon) => Some("no signature scheme"),
        Error::PeerIncompatible(I::ServerDoesNotSupportTls12Or13) => {
            Some("the server speaks nothing newer than TLS 1.1")
        }
        _ => None,
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
        Error::InvalidCertificate(why) => certificate(why),
        // TLS 1.2: our key fits none of the schemes that the client named.
        Error::General(what) if what == "incompatible signing key" => {
            (K::Incompatible, Alert::HandshakeFailure)
        }
        error if signer::refusal(error).is_some() => (K::SigningFailed, Alert::InternalError),
        _ => (K::Engine, Alert::InternalError),
    }
}

/// What is wrong with a handshake signature, or with the key that should have made it: chains are
/// judged elsewhere.
fn certificate(why: &CertificateError) -> (FailureKind, Alert) {
    match why {
        CertificateError::BadSignature => (FailureKind::BadHandshakeSignature, Alert::DecryptError),
        // The scheme does not fit the key (RFC 8446 §4.4.3).
        #[allow(deprecated, reason = "a backend may still return it")]
        CertificateError::UnsupportedSignatureAlgorithm
        | CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            (FailureKind::PeerMisbehaved, Alert::IllegalParameter)
        }
        // A leaf whose key cannot be had, since it cannot be read.
        CertificateError::BadEncoding => (
            FailureKind::CertificateRejected(SslErrorKind::UndecodableCertificate),
            Alert::BadCertificate,
        ),
        _ => (
            FailureKind::CertificateRejected(SslErrorKind::Unspecified),
            Alert::BadCertificate,
        ),
    }
}

fn invalid(message: &InvalidMessage) -> (FailureKind, Alert) {
    use FailureKind::{Incompatible, MalformedMessage, PeerMisbehaved, UnexpectedMessage};
    use InvalidMessage as M;
    match message {
        // RFC 8446 has no alert for it; OpenSSL and BoringSSL send this one.
        M::HandshakePayloadTooLarge | M::CertificatePayloadTooLarge | M::MessageTooLarge => (
            FailureKind::BufferTooSmall { needed: 0xffff + 1 },
            Alert::IllegalParameter,
        ),
        // RFC 8446 §4.2, and values that are none (§6.2).
        M::PreSharedKeyIsNotFinalExtension
        | M::DuplicateExtension(_)
        | M::InvalidKeyUpdate
        | M::UnsupportedCompression
        | M::UnsupportedCurveType => (PeerMisbehaved, Alert::IllegalParameter),
        M::UnknownHelloRetryRequestExtension | M::UnknownCertificateExtension => {
            (PeerMisbehaved, Alert::UnsupportedExtension)
        }
        // RFC 8446 §4.1.4, §4.4.1: types of messages that do not exist on the wire. The others are
        // records that rustls never sees.
        M::UnexpectedMessage(_)
        | M::InvalidCcs
        | M::InvalidContentType
        | M::InvalidEmptyPayload => (UnexpectedMessage, Alert::UnexpectedMessage),
        M::UnknownProtocolVersion => (PeerMisbehaved, Alert::ProtocolVersion),
        M::UnsupportedKeyExchangeAlgorithm(_) => (Incompatible, Alert::HandshakeFailure),
        // What is cut, too long, or empty.
        _ => (MalformedMessage, Alert::DecodeError),
    }
}

fn incompatible(why: &PeerIncompatible, context: Context) -> (FailureKind, Alert) {
    use FailureKind::{Incompatible, PeerMisbehaved};
    use PeerIncompatible as I;
    let is_tls13 = context.version == Some(SslProtocol::TlsV1_3);
    match why {
        I::ServerDoesNotSupportTls12Or13
        | I::ServerTlsVersionIsDisabledByOurConfig
        | I::SupportedVersionsExtensionRequired
        | I::Tls12NotOffered
        | I::Tls12NotOfferedOrEnabled
        | I::Tls13RequiredForQuic => (Incompatible, Alert::ProtocolVersion),
        // RFC 8446 §9.2.
        I::KeyShareExtensionRequired
        | I::NamedGroupsExtensionRequired
        | I::SignatureAlgorithmsExtensionRequired
            if is_tls13 =>
        {
            (PeerMisbehaved, Alert::MissingExtension)
        }
        // RFC 8422 §5.1.2, RFC 5246 §7.4.1.2.
        I::UncompressedEcPointsRequired | I::NullCompressionRequired => {
            (PeerMisbehaved, Alert::IllegalParameter)
        }
        I::ServerSentHelloRetryRequestWithUnknownExtension
        | I::UnsolicitedCertificateTypeExtension => (PeerMisbehaved, Alert::UnsupportedExtension),
        // RFC 7250 §4.2.
        I::IncorrectCertificateTypeExtension => (Incompatible, Alert::UnsupportedCertificate),
        // Nothing in common (RFC 8446 §4.1.1, RFC 5246 §7.4.1.3).
        _ => (Incompatible, Alert::HandshakeFailure),
    }
}

fn misbehaved(what: &PeerMisbehaved) -> (FailureKind, Alert) {
    use FailureKind::{
        Incompatible, MalformedMessage, PeerMisbehaved as Misbehaved, TooMuchOf, UnexpectedMessage,
    };
    use PeerMisbehaved as P;
    let too_many = |what| (TooMuchOf(what), Alert::UnexpectedMessage);
    match what {
        P::IllegalMiddleboxChangeCipherSpec => too_many(Repeated::ChangeCipherSpecs),
        P::TooManyEmptyFragments => too_many(Repeated::EmptyRecords),
        P::TooManyKeyUpdateRequests => too_many(Repeated::KeyUpdates),
        P::TooManyRenegotiationRequests => too_many(Repeated::RenegotiationRequests),
        P::TooManyWarningAlertsReceived => too_many(Repeated::WarningAlerts),
        // RFC 8446 §5.1, §5.4, §4.2.10: the order of records, which is checked before rustls.
        P::IllegalTlsInnerPlaintext
        | P::KeyEpochWithPendingFragment
        | P::KeyUpdateReceivedInQuicConnection
        | P::MessageInterleavedWithHandshakeMessage
        | P::RejectedEarlyDataInterleavedWithHandshakeMessage
        | P::TooMuchEarlyDataReceived => (UnexpectedMessage, Alert::UnexpectedMessage),
        P::IncorrectBinder => (Misbehaved, Alert::DecryptError),
        P::MissingKeyShare
        | P::MissingPskExtensionInSecondClientHello
        | P::MissingPskModesExtension
        | P::MissingQuicTransportParameters => (Misbehaved, Alert::MissingExtension),
        // RFC 8446 §4.2: answers to what was not asked.
        P::UnsolicitedServerHelloExtension
        | P::UnsolicitedEncryptedExtension
        | P::UnsolicitedCertExtension
        | P::UnsolicitedEchExtension
        | P::UnsolicitedSctList
        | P::SelectedUnofferedPsk
        | P::IllegalHelloRetryRequestWithInvalidEch
        | P::BadCertChainExtensions => (Misbehaved, Alert::UnsupportedExtension),
        // An empty list of binders or cookie (RFC 8446 §4.2.11, §4.2.2), an empty name
        // (RFC 7301 §3.1).
        P::MissingBinderInPskExtension
        | P::IllegalHelloRetryRequestWithEmptyCookie
        | P::OfferedEmptyApplicationProtocol => (MalformedMessage, Alert::DecodeError),
        // RFC 8446 §4.2.10 and §D.3: early data, and a server that has grown old.
        P::OfferedEarlyDataWithOldProtocolVersion => (Incompatible, Alert::ProtocolVersion),
        // RFC 8879 §4.
        P::InvalidCertCompression => (Misbehaved, Alert::BadCertificate),
        // A value that contradicts another, or was not offered (RFC 8446 §6.2).
        _ => (Misbehaved, Alert::IllegalParameter),
    }
}

#[cfg(test)]
mod tests;
