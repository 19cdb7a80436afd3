//! Every error that rustls knows, with what is made of it. The enums are open: so a new version of
//! rustls fails here until somebody has looked at what it has added.

use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

use super::*;

/// The version whose errors are listed here.
const LISTED: &str = "0.23.46";

const TLS12: Context = Context {
    version: Some(SslProtocol::TlsV1_2),
};
const TLS13: Context = Context {
    version: Some(SslProtocol::TlsV1_3),
};

#[test]
fn the_errors_of_this_version_of_rustls_are_listed() {
    let lock = include_str!("../../../../../Cargo.lock");
    let (_, behind) = lock
        .split_once("name = \"rustls\"\nversion = \"")
        .expect("rustls");
    assert!(
        behind.starts_with(&(LISTED.to_string() + "\"")),
        "rustls is another version now: look for new variants of Error, InvalidMessage, \
         PeerMisbehaved, PeerIncompatible and CertificateError, list them here with the alerts \
         that the RFCs name, then change LISTED"
    );
}

#[track_caller]
fn assert_becomes(error: impl Into<Error>, kind: FailureKind, alert: Alert) {
    let error = error.into();
    for context in [TLS12, TLS13] {
        let failure = failure(&error, context);
        assert_eq!(
            (failure.kind, failure.alert),
            (kind, Some(alert)),
            "{error:?}"
        );
    }
}

#[test]
fn what_the_two_sides_have_none_of_is_told_in_words() {
    use PeerIncompatible as I;
    for (why, said) in [
        (I::NoCipherSuitesInCommon, "(no cipher suite)"),
        (I::NoKxGroupsInCommon, "(no key exchange group)"),
        (I::NoSignatureSchemesInCommon, "(no signature scheme)"),
        (
            I::ServerDoesNotSupportTls12Or13,
            "(the server speaks nothing newer than TLS 1.1)",
        ),
    ] {
        let told = failure(&why.into(), TLS12).to_string();
        assert_eq!(
            told,
            alloc::format!("the two sides have no parameters in common {said}")
        );
    }
}

#[test]
fn every_breach_of_a_rule_has_its_alert() {
    use FailureKind as K;
    use PeerMisbehaved as P;
    for what in [
        P::AttemptedDowngradeToTls12WhenTls13IsSupported,
        P::CipherSuiteDifferedOnRetry,
        P::DisallowedEncryptedExtension,
        P::DuplicateClientHelloExtensions,
        P::DuplicateEncryptedExtensions,
        P::DuplicateHelloRetryRequestExtensions,
        P::DuplicateNewSessionTicketExtensions,
        P::DuplicateServerHelloExtensions,
        P::DuplicateServerNameTypes,
        P::EarlyDataAttemptedInSecondClientHello,
        P::EarlyDataExtensionWithoutResumption,
        P::EarlyDataOfferedWithVariedCipherSuite,
        P::EchAcceptanceVariedAfterRetry,
        P::HandshakeHashVariedAfterRetry,
        P::IllegalHelloRetryRequestWithNoChanges,
        P::IllegalHelloRetryRequestWithOfferedGroup,
        P::IllegalHelloRetryRequestWithUnofferedCipherSuite,
        P::IllegalHelloRetryRequestWithUnofferedNamedGroup,
        P::IllegalHelloRetryRequestWithUnsupportedVersion,
        P::IllegalHelloRetryRequestWithWrongSessionId,
        P::InvalidMaxEarlyDataSize,
        P::InvalidKeyShare,
        P::OfferedDuplicateCertificateCompressions,
        P::OfferedDuplicateKeyShares,
        P::OfferedIncorrectCompressions,
        P::PskExtensionMustBeLast,
        P::PskExtensionWithMismatchedIdsAndBinders,
        P::RefusedToFollowHelloRetryRequest,
        P::ResumptionAttemptedWithVariedEms,
        P::ResumptionOfferedWithVariedCipherSuite,
        P::ResumptionOfferedWithVariedEms,
        P::ResumptionOfferedWithIncompatibleCipherSuite,
        P::SelectedDifferentCipherSuiteAfterRetry,
        P::SelectedInvalidPsk,
        P::SelectedTls12UsingTls13VersionExtension,
        P::SelectedUnofferedApplicationProtocol,
        P::SelectedUnofferedCertCompression,
        P::SelectedUnofferedCipherSuite,
        P::SelectedUnofferedCompression,
        P::SelectedUnofferedKxGroup,
        P::SelectedUnusableCipherSuiteForVersion,
        P::ServerEchoedCompatibilitySessionId,
        P::ServerHelloMustOfferUncompressedEcPoints,
        P::ServerNameDifferedOnRetry,
        P::ServerNameMustContainOneHostName,
        P::SignedKxWithWrongAlgorithm,
        P::SignedHandshakeWithUnadvertisedSigScheme,
        P::UnexpectedCleartextExtension,
        P::WrongGroupForKeyShare,
    ] {
        assert_becomes(what, K::PeerMisbehaved, Alert::IllegalParameter);
    }
    for what in [
        P::BadCertChainExtensions,
        P::IllegalHelloRetryRequestWithInvalidEch,
        P::SelectedUnofferedPsk,
        P::UnsolicitedCertExtension,
        P::UnsolicitedEncryptedExtension,
        P::UnsolicitedSctList,
        P::UnsolicitedServerHelloExtension,
        P::UnsolicitedEchExtension,
    ] {
        assert_becomes(what, K::PeerMisbehaved, Alert::UnsupportedExtension);
    }
    for what in [
        P::MissingKeyShare,
        P::MissingPskExtensionInSecondClientHello,
        P::MissingPskModesExtension,
        P::MissingQuicTransportParameters,
    ] {
        assert_becomes(what, K::PeerMisbehaved, Alert::MissingExtension);
    }
    for what in [
        P::IllegalHelloRetryRequestWithEmptyCookie,
        P::MissingBinderInPskExtension,
        P::OfferedEmptyApplicationProtocol,
    ] {
        assert_becomes(what, K::MalformedMessage, Alert::DecodeError);
    }
    for what in [
        P::IllegalTlsInnerPlaintext,
        P::KeyEpochWithPendingFragment,
        P::KeyUpdateReceivedInQuicConnection,
        P::MessageInterleavedWithHandshakeMessage,
        P::RejectedEarlyDataInterleavedWithHandshakeMessage,
        P::TooMuchEarlyDataReceived,
    ] {
        assert_becomes(what, K::UnexpectedMessage, Alert::UnexpectedMessage);
    }
    for (what, repeated) in [
        (
            P::IllegalMiddleboxChangeCipherSpec,
            Repeated::ChangeCipherSpecs,
        ),
        (P::TooManyEmptyFragments, Repeated::EmptyRecords),
        (P::TooManyKeyUpdateRequests, Repeated::KeyUpdates),
        (
            P::TooManyRenegotiationRequests,
            Repeated::RenegotiationRequests,
        ),
        (P::TooManyWarningAlertsReceived, Repeated::WarningAlerts),
    ] {
        assert_becomes(what, K::TooMuchOf(repeated), Alert::UnexpectedMessage);
    }
    assert_becomes(P::IncorrectBinder, K::PeerMisbehaved, Alert::DecryptError);
    assert_becomes(
        P::InvalidCertCompression,
        K::PeerMisbehaved,
        Alert::BadCertificate,
    );
    let old = P::OfferedEarlyDataWithOldProtocolVersion;
    assert_becomes(old, K::Incompatible, Alert::ProtocolVersion);
}

#[test]
fn every_thing_that_is_not_in_common_has_its_alert() {
    use FailureKind as K;
    use PeerIncompatible as I;
    for why in [
        I::EcPointsExtensionRequired,
        I::ExtendedMasterSecretExtensionRequired,
        I::NoCertificateRequestSignatureSchemesInCommon,
        I::NoCipherSuitesInCommon,
        I::NoEcPointFormatsInCommon,
        I::NoKxGroupsInCommon,
        I::NoSignatureSchemesInCommon,
        // Never: we offer none.
        I::ServerRejectedEncryptedClientHello(None),
    ] {
        assert_becomes(why, K::Incompatible, Alert::HandshakeFailure);
    }
    for why in [
        I::ServerDoesNotSupportTls12Or13,
        I::ServerTlsVersionIsDisabledByOurConfig,
        I::SupportedVersionsExtensionRequired,
        I::Tls12NotOffered,
        I::Tls12NotOfferedOrEnabled,
        I::Tls13RequiredForQuic,
    ] {
        assert_becomes(why, K::Incompatible, Alert::ProtocolVersion);
    }
    for why in [I::NullCompressionRequired, I::UncompressedEcPointsRequired] {
        assert_becomes(why, K::PeerMisbehaved, Alert::IllegalParameter);
    }
    for why in [
        I::ServerSentHelloRetryRequestWithUnknownExtension,
        I::UnsolicitedCertificateTypeExtension,
    ] {
        assert_becomes(why, K::PeerMisbehaved, Alert::UnsupportedExtension);
    }
    let types = I::IncorrectCertificateTypeExtension;
    assert_becomes(types, K::Incompatible, Alert::UnsupportedCertificate);
    for why in [
        I::KeyShareExtensionRequired,
        I::NamedGroupsExtensionRequired,
        I::SignatureAlgorithmsExtensionRequired,
    ] {
        let missing = classify(&why.clone().into(), TLS13);
        assert_eq!(
            missing,
            (K::PeerMisbehaved, Alert::MissingExtension),
            "{why:?}"
        );
        // TLS 1.2 has no such alert, and takes a hello without extensions for one.
        let old = classify(&why.clone().into(), TLS12);
        assert_eq!(old, (K::Incompatible, Alert::HandshakeFailure), "{why:?}");
    }
}

#[test]
fn every_damage_to_a_message_has_its_alert() {
    use FailureKind as K;
    use InvalidMessage as M;
    for message in [
        M::InvalidCertificateStatusType,
        M::InvalidCertRequest,
        M::InvalidDhParams,
        M::InvalidServerName,
        M::MessageTooShort,
        M::MissingData("anything"),
        M::MissingKeyExchange,
        M::NoSignatureSchemes,
        M::TrailingData("anything"),
        M::EmptyTicketValue,
        M::IllegalEmptyList("anything"),
        M::IllegalEmptyValue,
    ] {
        assert_becomes(message, K::MalformedMessage, Alert::DecodeError);
    }
    for message in [
        M::DuplicateExtension(7),
        M::PreSharedKeyIsNotFinalExtension,
        M::InvalidKeyUpdate,
        M::UnsupportedCompression,
        M::UnsupportedCurveType,
    ] {
        assert_becomes(message, K::PeerMisbehaved, Alert::IllegalParameter);
    }
    for message in [
        M::UnknownHelloRetryRequestExtension,
        M::UnknownCertificateExtension,
    ] {
        assert_becomes(message, K::PeerMisbehaved, Alert::UnsupportedExtension);
    }
    for message in [
        M::InvalidCcs,
        M::InvalidContentType,
        M::InvalidEmptyPayload,
        M::UnexpectedMessage("anything"),
    ] {
        assert_becomes(message, K::UnexpectedMessage, Alert::UnexpectedMessage);
    }
    for message in [
        M::CertificatePayloadTooLarge,
        M::HandshakePayloadTooLarge,
        M::MessageTooLarge,
    ] {
        let kind = K::BufferTooSmall { needed: 0x1_0000 };
        assert_becomes(message, kind, Alert::IllegalParameter);
    }
    let version = M::UnknownProtocolVersion;
    assert_becomes(version, K::PeerMisbehaved, Alert::ProtocolVersion);
    let exchange = rustls::crypto::KeyExchangeAlgorithm::DHE;
    let exchange = M::UnsupportedKeyExchangeAlgorithm(exchange);
    assert_becomes(exchange, K::Incompatible, Alert::HandshakeFailure);
}

/// Those that rustls has for signatures and keys; those for chains come from no verifier of ours.
#[test]
fn no_chain_is_refused_for_a_signature() {
    use CertificateError as C;
    use FailureKind as K;
    let algorithm = || C::UnsupportedSignatureAlgorithmContext {
        signature_algorithm_id: vec![],
        supported_algorithms: vec![],
    };
    let key = C::UnsupportedSignatureAlgorithmForPublicKeyContext {
        signature_algorithm_id: vec![],
        public_key_algorithm_id: vec![],
    };
    #[allow(deprecated)]
    for why in [algorithm(), key, C::UnsupportedSignatureAlgorithm] {
        assert_becomes(why, K::PeerMisbehaved, Alert::IllegalParameter);
    }
    let forged = C::BadSignature;
    assert_becomes(forged, K::BadHandshakeSignature, Alert::DecryptError);
    let unread = K::CertificateRejected(SslErrorKind::UndecodableCertificate);
    assert_becomes(C::BadEncoding, unread, Alert::BadCertificate);
}

#[test]
fn what_else_rustls_may_say_is_nobodys_breach() {
    use FailureKind as K;
    for (error, kind, alert) in [
        (
            Error::DecryptError,
            K::BadHandshakeSignature,
            Alert::DecryptError,
        ),
        (
            Error::NoCertificatesPresented,
            K::MalformedMessage,
            Alert::DecodeError,
        ),
        (
            Error::PeerSentOversizedRecord,
            K::RecordTooLarge,
            Alert::RecordOverflow,
        ),
        (
            Error::NoApplicationProtocol,
            K::Incompatible,
            Alert::NoApplicationProtocol,
        ),
        (
            Error::InappropriateMessage {
                expect_types: Vec::new(),
                got_type: rustls::ContentType::Heartbeat,
            },
            K::UnexpectedMessage,
            Alert::UnexpectedMessage,
        ),
        (
            Error::InappropriateHandshakeMessage {
                expect_types: Vec::new(),
                got_type: rustls::HandshakeType::Finished,
            },
            K::UnexpectedMessage,
            Alert::UnexpectedMessage,
        ),
        (
            Error::General("incompatible signing key".into()),
            K::Incompatible,
            Alert::HandshakeFailure,
        ),
        (
            Error::General("signer: the module was taken out".into()),
            K::SigningFailed,
            Alert::InternalError,
        ),
    ] {
        assert_becomes(error, kind, alert);
    }
    for error in [
        Error::UnsupportedNameType,
        Error::EncryptError,
        Error::AlertReceived(rustls::AlertDescription::CloseNotify),
        Error::General("anything else".into()),
        Error::FailedToGetCurrentTime,
        Error::FailedToGetRandomBytes,
        Error::HandshakeNotComplete,
        Error::BadMaxFragmentSize,
        Error::InconsistentKeys(rustls::InconsistentKeys::Unknown),
        Error::InvalidCertRevocationList(rustls::CertRevocationListError::ParseError),
    ] {
        assert_becomes(error, K::Engine, Alert::InternalError);
    }
}
