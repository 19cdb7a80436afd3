//! Failures in the words that the runner looks for.

use sslcore::{Alert, Failure, FailureKind, Repeated, SslErrorKind};

use crate::flags::Refusal;
use crate::verification::DECOMPRESSION_FAILURE;

pub(crate) const CLOSE_WITHOUT_CLOSE_NOTIFY: &str = ":CLOSE_WITHOUT_CLOSE_NOTIFY:";
pub(crate) const CERTIFICATE_VERIFY_FAILED: &str = ":CERTIFICATE_VERIFY_FAILED:";
const OCSP_CB_ERROR: &str = ":OCSP_CB_ERROR:";

/// The failure in a sentence: behind the token of its kind and, where more is known, in front of
/// BoringSSL's own word for that.
pub(crate) fn of(failure: &Failure, refusal: Option<Refusal>) -> String {
    let kind = match (failure.kind(), refusal) {
        (FailureKind::ConfigRefused, Some(refusal)) => refused(refusal).to_owned(),
        _ => token(failure),
    };
    match finer(failure) {
        Some(finer) => format!("{kind} {failure} {finer}"),
        None => format!("{kind} {failure}"),
    }
}

/// BoringSSL's word, by the failure's detail, or else by its kind.
fn finer(failure: &Failure) -> Option<&'static str> {
    use FailureKind as K;
    let detail = failure.detail();
    let mut details = DETAILS.iter();
    if let Some((_, token)) = details.find(|(words, _)| detail.contains(words)) {
        return Some(token);
    }
    Some(match failure.kind() {
        K::AlertReceived(Alert::HandshakeFailure) => ":HANDSHAKE_FAILURE:",
        K::MalformedMessage => ":DECODE_ERROR:",
        K::UnexpectedMessage => ":UNEXPECTED_RECORD:",
        K::NotTls => ":WRONG_VERSION_NUMBER:",
        K::HttpInsteadOfTls => ":HTTP_REQUEST:",
        K::RecordTooLarge => ":DATA_LENGTH_TOO_LONG:",
        K::CertificateRejected(SslErrorKind::NoPeerCertificate) => {
            ":PEER_DID_NOT_RETURN_A_CERTIFICATE:"
        }
        K::CertificateRejected(SslErrorKind::InvalidPurpose) => ":KEY_USAGE_BIT_INCORRECT:",
        K::CertificateRejected(SslErrorKind::UnsupportedAlgorithm) => ":UNSUPPORTED_ALGORITHM:",
        K::BadHandshakeSignature | K::BadPreSharedKey
            if failure.alert() == Some(Alert::DecryptError) =>
        {
            ":DIGEST_CHECK_FAILED:"
        }
        K::Incompatible if failure.alert() == Some(Alert::NoApplicationProtocol) => {
            ":NO_APPLICATION_PROTOCOL:"
        }
        _ => return None,
    })
}

fn token(failure: &Failure) -> String {
    use FailureKind as K;
    let fixed = match failure.kind() {
        K::AlertReceived(alert) => return received(alert),
        K::Truncated => CLOSE_WITHOUT_CLOSE_NOTIFY,
        K::Reset => ":CONNECTION_RESET:",
        K::ClosedDuringHandshake => ":HANDSHAKE_FAILURE_ON_CLIENT_HELLO:",
        K::CertificateRejected(SslErrorKind::NoPeerCertificate) => ":NO_CERTS:",
        K::CertificateRejected(_) if failure.alert() == Some(Alert::CertificateRequired) => {
            ":NO_CERTS:"
        }
        K::CertificateRejected(
            SslErrorKind::OcspNoResponseFound | SslErrorKind::OcspResponseCannotBeTrusted,
        ) => OCSP_CB_ERROR,
        K::CertificateRejected(_) => CERTIFICATE_VERIFY_FAILED,
        K::NotTls | K::HttpInsteadOfTls | K::RecordTooLarge => ":GARBAGE:",
        K::BufferTooSmall { .. } => ":EXCESSIVE_MESSAGE_SIZE:",
        K::BadRecordMac => ":DECRYPTION_FAILED_OR_BAD_RECORD_MAC:",
        K::MalformedMessage => ":BAD_HANDSHAKE_MSG:",
        K::UnexpectedMessage => ":UNEXPECTED_MESSAGE:",
        K::PeerMisbehaved => ":PEER_MISBEHAVIOUR:",
        K::TooMuchOf(what) => too_much(what),
        K::Incompatible => ":INCOMPATIBLE:",
        K::BadHandshakeSignature => ":BAD_SIGNATURE:",
        _ => ":FAILED:",
    };
    fixed.to_owned()
}

/// Words of a failure's detail, and BoringSSL's for it. The first that fits counts. Names in one word are
/// rustls', sentences our own.
const DETAILS: [(&str, &str); 87] = [
    ("a key share that is none of its group", ":BAD_ECPOINT:"),
    (
        "a signature scheme that was not offered",
        ":WRONG_SIGNATURE_TYPE:",
    ),
    (
        "a signature scheme that is not for the key",
        ":WRONG_SIGNATURE_TYPE:",
    ),
    ("a key share of another group", ":WRONG_CURVE:"),
    ("not the key share that was asked for", ":WRONG_CURVE:"),
    (
        "another cipher suite than in HelloRetryRequest",
        ":WRONG_CIPHER_RETURNED:",
    ),
    ("a key that was not offered", ":PSK_IDENTITY_NOT_FOUND:"),
    (
        "not as many binders as identities",
        ":PSK_IDENTITY_BINDER_COUNT_MISMATCH:",
    ),
    ("a ticket without its key", ":DIGEST_CHECK_FAILED:"),
    (
        "the key that was chosen is gone",
        ":PSK_IDENTITY_NOT_FOUND:",
    ),
    ("no key exchange in common", ":NO_SUPPORTED_PSK_MODE:"),
    ("the server took none", ":MISSING_EXTENSION:"),
    (
        "a key of another hash function",
        ":OLD_SESSION_PRF_HASH_MISMATCH:",
    ),
    ("two key shares of one group", ":DUPLICATE_KEY_SHARE:"),
    ("there are no psk_key_exchange_modes", ":MISSING_EXTENSION:"),
    ("there is no key_share", ":MISSING_KEY_SHARE:"),
    ("compression in TLS 1.3", ":INVALID_COMPRESSION_LIST:"),
    ("a protocol that was not offered", ":INVALID_ALPN_PROTOCOL:"),
    ("across a change of keys", ":EXCESS_HANDSHAKE_DATA:"),
    ("InvalidKeyShare", ":BAD_ECPOINT:"),
    (
        "SignedHandshakeWithUnadvertisedSigScheme",
        ":WRONG_SIGNATURE_TYPE:",
    ),
    ("UnsupportedSignatureAlgorithm", ":WRONG_SIGNATURE_TYPE:"),
    ("SignedKxWithWrongAlgorithm", ":WRONG_SIGNATURE_TYPE:"),
    ("WrongGroupForKeyShare", ":WRONG_CURVE:"),
    ("SelectedUnofferedKxGroup", ":WRONG_CURVE:"),
    ("RefusedToFollowHelloRetryRequest", ":WRONG_CURVE:"),
    ("a group that cannot be asked for", ":WRONG_CURVE:"),
    (
        "SelectedDifferentCipherSuiteAfterRetry",
        ":WRONG_CIPHER_RETURNED:",
    ),
    (
        "a cipher suite that was not offered",
        ":WRONG_CIPHER_RETURNED:",
    ),
    ("SelectedInvalidPsk", ":PSK_IDENTITY_NOT_FOUND:"),
    (
        "PskExtensionWithMismatchedIdsAndBinders",
        ":PSK_IDENTITY_BINDER_COUNT_MISMATCH:",
    ),
    (
        "pre_shared_key is not the last",
        ":PRE_SHARED_KEY_MUST_BE_LAST:",
    ),
    ("IncorrectBinder", ":DIGEST_CHECK_FAILED:"),
    ("cannot decrypt peer's message", ":DIGEST_CHECK_FAILED:"),
    (
        "ResumptionAttemptedWithVariedEms",
        ":RESUMED_EMS_SESSION_WITHOUT_EMS_EXTENSION:",
    ),
    (
        "ResumptionOfferedWithVariedEms",
        ":RESUMED_SESSION_WITH_VARIED_EMS:",
    ),
    (
        "ResumptionOfferedWithIncompatibleCipherSuite",
        ":OLD_SESSION_PRF_HASH_MISMATCH:",
    ),
    ("OfferedDuplicateKeyShares", ":DUPLICATE_KEY_SHARE:"),
    (
        "MissingPskExtensionInSecondClientHello",
        ":MISSING_EXTENSION:",
    ),
    ("MissingPskModesExtension", ":MISSING_EXTENSION:"),
    ("MissingKeyShare", ":MISSING_KEY_SHARE:"),
    ("KeyShareExtensionRequired", ":MISSING_KEY_SHARE:"),
    (
        "supported_groups and key_share go together",
        ":MISSING_KEY_SHARE:",
    ),
    ("OfferedIncorrectCompressions", ":INVALID_COMPRESSION_LIST:"),
    ("insists on compression", ":INVALID_COMPRESSION_LIST:"),
    (
        "compression that was not offered",
        ":UNSUPPORTED_COMPRESSION_ALGORITHM:",
    ),
    (
        "ServerEchoedCompatibilitySessionId",
        ":SERVER_ECHOED_INVALID_SESSION_ID:",
    ),
    (
        "SelectedUnofferedApplicationProtocol",
        ":INVALID_ALPN_PROTOCOL:",
    ),
    (
        "doesn't support any known protocol",
        ":NO_APPLICATION_PROTOCOL:",
    ),
    ("an extension comes twice", ":DUPLICATE_EXTENSION:"),
    ("answers nothing that was offered", ":UNEXPECTED_EXTENSION:"),
    ("not for its message", ":ERROR_PARSING_EXTENSION:"),
    ("UncompressedEcPoints", ":ERROR_PARSING_EXTENSION:"),
    (
        "OfferedDuplicateCertificateCompressions",
        ":ERROR_PARSING_EXTENSION:",
    ),
    (
        "HelloRetryRequest that changes nothing",
        ":EMPTY_HELLO_RETRY_REQUEST:",
    ),
    (
        "another version than in the HelloRetryRequest",
        ":SECOND_SERVERHELLO_VERSION_MISMATCH:",
    ),
    ("a version that was not offered", ":UNEXPECTED_EXTENSION:"),
    ("kept us from TLS 1.3", ":TLS13_DOWNGRADE:"),
    ("no cipher suite", ":NO_SHARED_CIPHER:"),
    ("no key exchange group", ":NO_SHARED_GROUP:"),
    ("no signature scheme", ":NO_COMMON_SIGNATURE_ALGORITHMS:"),
    (
        "NoCertificateRequestSignatureSchemesInCommon",
        ":NO_COMMON_SIGNATURE_ALGORITHMS:",
    ),
    (
        "there are no supported_groups, or no signature_alg",
        ":NO_COMMON_SIGNATURE_ALGORITHMS:",
    ),
    (
        "SupportedVersionsExtensionRequired",
        ":UNSUPPORTED_PROTOCOL:",
    ),
    ("Tls12NotOffered", ":UNSUPPORTED_PROTOCOL:"),
    ("nothing newer than TLS 1.1", ":UNSUPPORTED_PROTOCOL:"),
    (
        "speaks neither TLS 1.2 nor TLS 1.3",
        ":UNSUPPORTED_PROTOCOL:",
    ),
    ("the server speaks no TLS 1.3", ":UNSUPPORTED_PROTOCOL:"),
    ("no version that is in use here", ":UNSUPPORTED_PROTOCOL:"),
    ("an alert has two bytes", ":BAD_ALERT:"),
    ("a warning alert in TLS 1.3", ":BAD_ALERT:"),
    ("alert level", ":BAD_ALERT:"),
    ("peer sent no certificates", ":NO_CERTS:"),
    ("a server without a certificate", ":NO_CERTS:"),
    ("IllegalEmpty", ":ILLEGAL_EMPTY_VALUE:"),
    (
        "the application protocols are damaged",
        ":ILLEGAL_EMPTY_VALUE:",
    ),
    (
        "the application protocol is damaged",
        ":ILLEGAL_EMPTY_VALUE:",
    ),
    ("the cookie is damaged", ":ILLEGAL_EMPTY_VALUE:"),
    ("the server name is damaged", ":ERROR_PARSING_EXTENSION:"),
    (
        "the certificate authorities are damaged",
        ":ERROR_PARSING_EXTENSION:",
    ),
    ("TrailingData(\"Empty\")", ":ERROR_PARSING_EXTENSION:"),
    (
        "TrailingData(\"ClientExtensions\")",
        ":ERROR_PARSING_EXTENSION:",
    ),
    ("the ClientHello is damaged", ":CLIENTHELLO_PARSE_FAILED:"),
    ("bytes behind", ":EXCESS_HANDSHAKE_DATA:"),
    ("more than Finished behind", ":EXCESS_HANDSHAKE_DATA:"),
    ("ChangeCipherSpec", ":UNEXPECTED_RECORD:"),
    ("bytes, ", ":ENCRYPTED_LENGTH_TOO_LONG:"),
];

/// Why a client was not served.
fn refused(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Early | Refusal::Overload => ":CONNECTION_REJECTED:",
        Refusal::Certificate => ":CERT_CB_ERROR:",
        Refusal::Staple => OCSP_CB_ERROR,
    }
}

fn too_much(of: Repeated) -> &'static str {
    match of {
        Repeated::EmptyRecords => ":TOO_MANY_EMPTY_FRAGMENTS:",
        Repeated::WarningAlerts => ":TOO_MANY_WARNING_ALERTS:",
        Repeated::KeyUpdates => ":TOO_MANY_KEY_UPDATES:",
        Repeated::ChangeCipherSpecs => ":TOO_MANY_EMPTY_FRAGMENTS:",
        _ => ":UNEXPECTED_MESSAGE:",
    }
}

/// BoringSSL's word for an alert that was received.
fn received(alert: Alert) -> String {
    let (since, name) = match alert {
        Alert::UnexpectedMessage => ("SSLV3", "UNEXPECTED_MESSAGE"),
        Alert::BadRecordMac => ("SSLV3", "BAD_RECORD_MAC"),
        Alert::HandshakeFailure => ("SSLV3", "HANDSHAKE_FAILURE"),
        Alert::BadCertificate => ("SSLV3", "BAD_CERTIFICATE"),
        Alert::UnsupportedCertificate => ("SSLV3", "UNSUPPORTED_CERTIFICATE"),
        Alert::CertificateRevoked => ("SSLV3", "CERTIFICATE_REVOKED"),
        Alert::CertificateExpired => ("SSLV3", "CERTIFICATE_EXPIRED"),
        Alert::CertificateUnknown => ("SSLV3", "CERTIFICATE_UNKNOWN"),
        Alert::IllegalParameter => ("SSLV3", "ILLEGAL_PARAMETER"),
        Alert::Unknown(DECOMPRESSION_FAILURE) => ("SSLV3", "DECOMPRESSION_FAILURE"),
        Alert::UserCanceled => ("TLSV1", "USER_CANCELLED"),
        other => return format!(":TLSV1_ALERT_{}:", other.name().to_uppercase()),
    };
    format!(":{since}_ALERT_{name}:")
}
