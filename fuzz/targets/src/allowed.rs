//! In what sslcore and rustls may differ, and why.

/// A difference that may be: parts of how sslcore's failure and rustls' error are shown, the alerts of
/// both, and why.
struct Difference {
    ours: &'static str,
    theirs: &'static str,
    alerts: Alerts,
    why: &'static str,
}

enum Alerts {
    /// These.
    Are(Option<u8>, Option<u8>),
    /// Of sslcore one of these, of rustls any.
    OneOf(&'static [u8]),
    /// Of sslcore none or one of these, of rustls any.
    NoneOr(&'static [u8]),
    /// Of sslcore this, of rustls any.
    Mine(Option<u8>),
    Any,
}

const fn row(
    ours: &'static str,
    theirs: &'static str,
    alerts: Alerts,
    why: &'static str,
) -> Difference {
    Difference {
        ours,
        theirs,
        alerts,
        why,
    }
}

const ANY_FAILURE: &str = "Failure {";
const NOTHING: &str = "nothing";
const NOTHING_YET: &str = "nothing, in the handshake";
const ANY: &str = "";

/// Alerts of whom the peer has not kept to the protocol: unexpected_message, bad_record_mac,
/// record_overflow, handshake_failure, illegal_parameter, decode_error, decrypt_error,
/// protocol_version, missing_extension, unsupported_extension. None is internal_error.
const PROTOCOL: Alerts = Alerts::OneOf(&[10, 20, 22, 40, 47, 50, 51, 70, 109, 110]);

const ALLOWED: &[Difference] = &[
    row(
        NOTHING,
        NOTHING,
        Alerts::Are(Some(0), None),
        "TLS 1.2 answers close_notify at once (RFC 5246 §7.2.1); rustls leaves that to its application",
    ),
    row(
        NOTHING,
        "InvalidMessage(UnknownProtocolVersion)",
        Alerts::Are(None, Some(50)),
        "the version of a protected record is not looked at (RFC 8446 §5.1)",
    ),
    row(
        ANY,
        "InvalidMessage(CertificatePayloadTooLarge)",
        Alerts::Any,
        "the version of a record in the clear is ignored (RFC 8446 §5.1); rustls reads a certificate as \
         that version has it",
    ),
    row(
        ANY,
        "InvalidMessage(MissingData(\"u24\"))",
        Alerts::Are(None, Some(50)),
        "the same, of a list of no certificates, behind which there may be an alert of the peer's",
    ),
    row(
        NOTHING,
        "InvalidCertificate(",
        Alerts::NoneOr(&[0, 100]),
        "a certificate that nobody verifies may be one that webpki cannot read, and what comes behind it is \
         answered",
    ),
    row(
        "a session id that is not ours",
        ANY,
        Alerts::OneOf(&[47]),
        "a client refuses it (RFC 8446 §4.1.3); rustls does not look",
    ),
    row(
        "speaks neither TLS 1.2 nor TLS 1.3",
        ANY,
        Alerts::OneOf(&[70]),
        "legacy_version is 0x0303 (RFC 8446 §4.1.3); rustls does not look behind supported_versions",
    ),
    row(
        "the supported groups are damaged",
        ANY,
        Alerts::OneOf(&[50]),
        "a server's groups are read in EncryptedExtensions, too (RFC 8446 §4.2.7); rustls does not look",
    ),
    row(
        "kind: PeerMisbehaved, alert: Some(ProtocolVersion)",
        ANY,
        Alerts::OneOf(&[70]),
        "protected records of TLS 1.2 carry its version (RFC 5246 §6.2.1); rustls takes others",
    ),
    row(
        "RecordTooLarge",
        ANY,
        Alerts::OneOf(&[22]),
        "rustls takes records as long as those of TLS 1.2 in TLS 1.3 (RFC 8446 §5.2)",
    ),
    row(
        "CertificateRejected(",
        ANY,
        Alerts::OneOf(&[42, 43]),
        "a leaf is read whole here, and its key looked at, before its signature; webpki does less",
    ),
    row(
        ANY_FAILURE,
        "InvalidMessage(HandshakePayloadTooLarge)",
        PROTOCOL,
        "rustls looks at the length of a message before its type, and sends no alert for it",
    ),
    row(
        ANY_FAILURE,
        "InvalidMessage(",
        PROTOCOL,
        "rustls answers what it cannot read with decode_error; here it is the alert that an RFC names",
    ),
    row(
        ANY_FAILURE,
        "PeerMisbehaved(",
        PROTOCOL,
        "rustls checks a message in another order, and some of it without an alert or with another",
    ),
    row(
        ANY_FAILURE,
        "PeerIncompatible(",
        PROTOCOL,
        "rustls sends handshake_failure where RFC 8446 §9.2 names missing_extension",
    ),
    row(
        ANY_FAILURE,
        "Inappropriate",
        PROTOCOL,
        "a message is read here before it is found out of place, or the other way round",
    ),
    row(
        "kind: NotTls",
        NOTHING,
        Alerts::OneOf(&[10, 70]),
        "what is no TLS is refused by its first bytes; rustls waits for a whole record",
    ),
    row(
        "another message before the ClientHello",
        NOTHING,
        Alerts::Are(Some(10), None),
        "it is refused by its first byte; rustls waits for all of it",
    ),
    row(
        "a warning alert before the ClientHello",
        ANY,
        Alerts::OneOf(&[10]),
        "nothing comes before the hello (RFC 8446 §4.1.2); rustls passes over warnings",
    ),
    row(
        ANY,
        "got_type: HelloRequest",
        Alerts::Any,
        "a client ignores HelloRequest during a handshake (RFC 5246 §7.4.1.1), and goes on to whatever \
         comes; rustls refuses it",
    ),
    row(
        NOTHING,
        "expect_types: [ChangeCipherSpec], got_type: Handshake }, behind HelloRequest",
        Alerts::Are(None, Some(10)),
        "the same, where rustls expects no message of the handshake",
    ),
    row(
        "kind: AlertReceived(",
        "InvalidCertificate(",
        Alerts::NoneOr(&[100]),
        "a certificate that nobody verifies may be one that webpki cannot read, and something comes \
         behind it",
    ),
    row(
        "an empty record that is not application data",
        NOTHING,
        Alerts::Are(Some(10), None),
        "RFC 8446 §5.1 forbids empty fragments of the handshake; rustls passes over them",
    ),
    row(
        "an empty handshake record",
        NOTHING,
        Alerts::Are(Some(10), None),
        "the same under keys (RFC 5246 §6.2.1)",
    ),
    row(
        "a record of unknown type or version",
        NOTHING,
        Alerts::Are(Some(10), None),
        "rustls waits for the end of records of SSL 2 and DTLS, whose versions it has names for",
    ),
    row(
        ANY_FAILURE,
        "NoCertificatesPresented",
        PROTOCOL,
        "a server's Certificate is not empty (RFC 5246 §7.4.2), or something before it is refused; rustls \
         says nothing to the peer",
    ),
    row(
        "kind: Incompatible, alert: Some(ProtocolVersion)",
        ANY,
        Alerts::OneOf(&[70]),
        "a hello with the version of SSL 3 is refused whatever it lists (RFC 8446 §D.5)",
    ),
    row(
        "kind: UnexpectedMessage, alert: Some(UnexpectedMessage), detail: \"\"",
        NOTHING,
        Alerts::Are(Some(10), None),
        "behind refused early data only what is protected is passed over (RFC 8446 §4.2.10); rustls passes \
         over handshake records in the clear",
    ),
    row(
        NOTHING,
        "InvalidMessage(",
        Alerts::OneOf(&[0, 100]),
        "a hello that asks to renegotiate is refused unread (RFC 5246 §7.2.2); rustls reads it first",
    ),
    row(
        "kind: AlertReceived(",
        "InvalidMessage(",
        Alerts::OneOf(&[100]),
        "the same, and an alert of the peer's comes behind it",
    ),
    row(
        NOTHING,
        NOTHING,
        Alerts::Are(Some(0), Some(100)),
        "close_notify is answered; rustls' last word was that it does not renegotiate",
    ),
    row(
        "kind: PeerMisbehaved, alert: Some(HandshakeFailure)",
        ANY,
        Alerts::OneOf(&[40]),
        "renegotiation_info of a first handshake is empty (RFC 5746 §3.6); rustls does not read it",
    ),
    row(
        "kind: BufferTooSmall",
        NOTHING,
        Alerts::Are(Some(47), None),
        "a message longer than Limits::max_handshake is refused by its header; rustls waits for more",
    ),
    row(
        "an extension that is not for its message",
        NOTHING,
        Alerts::Are(Some(47), None),
        "RFC 8446 §4.2: illegal_parameter; rustls passes over what it has no use for",
    ),
    row(
        "a cipher suite that was not offered",
        NOTHING_YET,
        Alerts::Are(Some(47), None),
        "a HelloRetryRequest names a suite of TLS 1.3 (RFC 8446 §4.1.4); rustls looks at the next hello's",
    ),
    row(
        "kind: BadRecordMac",
        NOTHING_YET,
        Alerts::Are(Some(20), None),
        "behind the first record that opens none is passed over (RFC 8446 §4.2.10); rustls passes over them \
         until Finished",
    ),
    row(
        "more than Finished behind ChangeCipherSpec",
        NOTHING,
        Alerts::Are(Some(10), None),
        "it is refused by its length (RFC 5246 §7.4.9); rustls waits for all of it",
    ),
    row(
        "EncryptedExtensions are damaged",
        NOTHING,
        Alerts::Are(Some(50), None),
        "the groups in them are read (RFC 8446 §4.2.7); rustls passes over what it has no use for",
    ),
    row(
        "the second ClientHello differs from the first",
        NOTHING,
        Alerts::Are(Some(47), None),
        "a client changes nothing else behind a retry (RFC 8446 §4.1.2); rustls does not compare",
    ),
    row(
        "the Certificate message is damaged",
        NOTHING,
        Alerts::Are(Some(50), None),
        "no certificate is empty (RFC 8446 §4.4.2, RFC 5246 §7.4.2); rustls takes it to the verifier",
    ),
    row(
        "the certificate authorities are damaged",
        NOTHING,
        Alerts::Are(Some(50), None),
        "the list is not empty (RFC 8446 §4.2.4); rustls reads it as TLS 1.2 has it",
    ),
    row(
        "the CertificateRequest is damaged",
        NOTHING,
        Alerts::Are(Some(50), None),
        "the same in a server's request",
    ),
    row(
        "kind: TooMuchOf(",
        NOTHING,
        Alerts::Are(Some(10), None),
        "what a peer may repeat for free is counted until there is data again; rustls counts runs of \
         empty records, and no tickets",
    ),
    row(
        "IncorrectCertificateTypeExtension",
        "IncorrectCertificateTypeExtension",
        Alerts::Are(Some(43), Some(40)),
        "a type of certificate that nobody has is unsupported_certificate (RFC 7250 §4.2)",
    ),
    row(
        "kind: ClosedDuringHandshake",
        ANY,
        Alerts::Mine(None),
        "close_notify or user_canceled before the end of the handshake is its end (RFC 8446 §6.1), and \
         nothing behind it is read; rustls reads on",
    ),
    row(
        NOTHING,
        "AlertReceived(CloseNotify)",
        Alerts::NoneOr(&[0]),
        "close_notify is one whatever its level (RFC 8446 §6: the level can be ignored)",
    ),
    row(
        ANY_FAILURE,
        "General(\"incompatible signing key\")",
        PROTOCOL,
        "no scheme in common with our key is handshake_failure, or something before it is refused; rustls \
         sends nothing",
    ),
    row(
        ANY_FAILURE,
        "PeerSentOversizedRecord",
        PROTOCOL,
        "the length of a record is checked before it is opened, or behind that",
    ),
    row(
        ANY_FAILURE,
        "NoApplicationProtocol",
        PROTOCOL,
        "something before the application protocols is refused",
    ),
    row(
        ANY_FAILURE,
        "AlertReceived(",
        PROTOCOL,
        "an alert in a record that has no place here is not read",
    ),
    row(
        ANY_FAILURE,
        "DecryptError",
        PROTOCOL,
        "a message that has no place here is not decrypted",
    ),
    row(
        ANY_FAILURE,
        "InvalidCertificate(",
        PROTOCOL,
        "here the certificate is not verified, so that something later is refused",
    ),
];

/// Whether such a difference may be.
pub(crate) fn is_allowed(
    failure: &str,
    our_alert: Option<u8>,
    error: &str,
    their_alert: Option<u8>,
) -> bool {
    ALLOWED.iter().any(|row| {
        let alerts = match row.alerts {
            Alerts::Are(ours, theirs) => (our_alert, their_alert) == (ours, theirs),
            Alerts::Any => true,
            Alerts::Mine(ours) => our_alert == ours,
            Alerts::NoneOr(some) => our_alert.is_none_or(|alert| some.contains(&alert)),
            Alerts::OneOf(some) => our_alert.is_some_and(|alert| some.contains(&alert)),
        };
        assert!(!row.why.is_empty());
        alerts && failure.contains(row.ours) && error.contains(row.theirs)
    })
}
