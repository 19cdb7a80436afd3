//! TLS alerts (RFC 8446 §6, RFC 5246 §7.2).

use core::fmt;

macro_rules! alerts {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $spelling:literal;)*) => {
        /// An alert description, as both TLS versions number them.
        ///
        /// `Display` gives the RFC's spelling and the number:
        ///
        /// ```
        /// # use sslcore::Alert;
        /// assert_eq!(Alert::CloseNotify.to_string(), "close_notify (0)");
        /// assert_eq!(Alert::from_code(46), Alert::CertificateUnknown);
        /// assert_eq!(Alert::CertificateUnknown.code(), 46);
        /// assert_eq!(Alert::from_code(250), Alert::Unknown(250));
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        pub enum Alert {
            $($(#[$doc])* $name,)*
            /// A number that no RFC known to this library assigns.
            Unknown(u8),
        }

        impl Alert {
            /// The number on the wire.
            pub const fn code(self) -> u8 {
                match self {
                    $(Self::$name => $code,)*
                    Self::Unknown(code) => code,
                }
            }

            /// The alert with this number.
            pub const fn from_code(code: u8) -> Self {
                match code {
                    $($code => Self::$name,)*
                    code => Self::Unknown(code),
                }
            }

            /// The RFC's spelling; `"unknown"` for an unassigned number.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $spelling,)*
                    Self::Unknown(_) => "unknown",
                }
            }
        }
    };
}

alerts! {
    /// The sender will send no more data.
    CloseNotify = 0, "close_notify";
    /// A message arrived that has no place here.
    UnexpectedMessage = 10, "unexpected_message";
    /// A record failed its authentication.
    BadRecordMac = 20, "bad_record_mac";
    /// A record was longer than allowed.
    RecordOverflow = 22, "record_overflow";
    /// No acceptable set of parameters.
    HandshakeFailure = 40, "handshake_failure";
    /// The certificate is damaged or its name is wrong.
    BadCertificate = 42, "bad_certificate";
    /// The certificate is of a type that is not supported, or for another purpose.
    UnsupportedCertificate = 43, "unsupported_certificate";
    /// The certificate was revoked.
    CertificateRevoked = 44, "certificate_revoked";
    /// The certificate expired, or is not valid yet.
    CertificateExpired = 45, "certificate_expired";
    /// The certificate is not acceptable for another reason.
    CertificateUnknown = 46, "certificate_unknown";
    /// A field was out of range or contradicted another.
    IllegalParameter = 47, "illegal_parameter";
    /// No trust anchor for the chain.
    UnknownCa = 48, "unknown_ca";
    /// The certificate or key is valid, but access is denied.
    AccessDenied = 49, "access_denied";
    /// A message could not be decoded.
    DecodeError = 50, "decode_error";
    /// A signature or Finished value was wrong.
    DecryptError = 51, "decrypt_error";
    /// The protocol version is recognised but not supported.
    ProtocolVersion = 70, "protocol_version";
    /// The server wants stronger parameters.
    InsufficientSecurity = 71, "insufficient_security";
    /// An error unrelated to the peer.
    InternalError = 80, "internal_error";
    /// The client retried with an unnecessarily low version (RFC 7507).
    InappropriateFallback = 86, "inappropriate_fallback";
    /// The handshake is given up for a reason unrelated to a protocol failure.
    UserCanceled = 90, "user_canceled";
    /// Renegotiation is refused (TLS 1.2 only).
    NoRenegotiation = 100, "no_renegotiation";
    /// A required extension is missing.
    MissingExtension = 109, "missing_extension";
    /// An extension that was not offered.
    UnsupportedExtension = 110, "unsupported_extension";
    /// The server has no certificate for this name.
    UnrecognizedName = 112, "unrecognized_name";
    /// The stapled OCSP response is not acceptable.
    BadCertificateStatusResponse = 113, "bad_certificate_status_response";
    /// No pre-shared key by that identity.
    UnknownPskIdentity = 115, "unknown_psk_identity";
    /// A client certificate is required.
    CertificateRequired = 116, "certificate_required";
    /// No application protocol in common (RFC 7301).
    NoApplicationProtocol = 120, "no_application_protocol";
}

impl Alert {
    /// Whether RFC 5246 sends it at warning level, whatever it is called here. Everything else is
    /// fatal.
    pub(crate) const fn is_warning(self) -> bool {
        matches!(
            Self::from_code(self.code()),
            Self::CloseNotify | Self::UserCanceled | Self::NoRenegotiation
        )
    }

    /// Level and description, as they stand in the record.
    pub(crate) const fn encode(self) -> [u8; 2] {
        [if self.is_warning() { 1 } else { 2 }, self.code()]
    }
}

impl fmt::Display for Alert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name(), self.code())
    }
}
