//! What can be wrong with a certificate.

use core::fmt;

use crate::alert::Alert;

macro_rules! error_kinds {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $text:literal;)*) => {
        /// The kinds of certificate errors: those of `QSslError::SslError`, with its numbers, and
        /// some that Qt has no name for, from 1000.
        ///
        /// ```
        /// # use sslcore::{Alert, SslErrorKind};
        /// let kind = SslErrorKind::CertificateExpired;
        /// assert_eq!((kind.code(), kind.alert()), (6, Alert::CertificateExpired));
        /// println!("{}", kind.text());
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        pub enum SslErrorKind {
            $($(#[$doc])* $name = $code,)*
        }

        impl SslErrorKind {
            /// The number of the kind in `QSslError::SslError`, or one from 1000.
            pub const fn code(self) -> i32 {
                self as i32
            }

            /// An explanation of the kind, in a sentence.
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

error_kinds! {
    /// An error that has no kind of its own; the sentence of [`SslError`](crate::SslError) says what it
    /// is.
    Unspecified = -1, "the certificate cannot be accepted";
    /// The signature is not the issuer's. This is also the error of a certificate whose issuer has the
    /// subject's own name, and whose key has not signed it, when no other issuer of this name is known.
    CertificateSignatureFailed = 4, "the certificate's signature is not its issuer's";
    /// The certificate is not valid yet.
    CertificateNotYetValid = 5, "the certificate is not valid yet";
    /// The certificate has expired.
    CertificateExpired = 6, "the certificate has expired";
    /// `notBefore` is not a time, or one before 1970.
    InvalidNotBeforeField = 7, "the start of the certificate's validity is not a time";
    /// `notAfter` is not a time, or one before 1970.
    InvalidNotAfterField = 8, "the end of the certificate's validity is not a time";
    /// The leaf is self-signed and not trusted: its own key has signed it.
    SelfSignedCertificate = 9, "the certificate is self-signed and not trusted";
    /// The chain ends in a self-signed certificate that is not trusted.
    SelfSignedCertificateInChain = 10, "the chain ends in a self-signed certificate that is not trusted";
    /// No certificate for the issuer is known.
    UnableToGetLocalIssuerCertificate = 11, "the issuer of the certificate is not known";
    /// The chain is one certificate, which cannot be verified.
    UnableToVerifyFirstCertificate = 12, "the only certificate cannot be verified";
    /// The certificate was revoked.
    CertificateRevoked = 13, "the certificate was revoked";
    /// A certificate in the chain has issued another, and is no authority.
    InvalidCaCertificate = 14, "a certificate in the chain must not issue certificates";
    /// There are more intermediates than an issuer's path length constraint allows
    /// (RFC 5280 §4.2.1.9).
    PathLengthExceeded = 15, "the chain is longer than a certificate in it allows";
    /// The certificate is for another purpose, or its key may not sign handshakes.
    InvalidPurpose = 16, "the certificate is not for this purpose";
    /// The peer has no certificate.
    NoPeerCertificate = 21, "the peer presented no certificate";
    /// The certificate is for other names than the expected one. Names are compared if they can be read,
    /// whatever other errors the certificate has.
    HostNameMismatch = 22, "the certificate is for another name";
    /// The certificate is [blocked](crate::ConfigBuilder::block).
    CertificateBlacklisted = 24, "the certificate is on the application's list of refused ones";
    /// It is not known whether the certificate was revoked, and it must be
    /// ([`ConfigBuilder::revocation_lists`](crate::ConfigBuilder::revocation_lists)).
    CertificateStatusUnknown = 25, "whether the certificate was revoked is not known";
    /// No OCSP response was stapled, and one is required.
    OcspNoResponseFound = 26, "no OCSP response was stapled to the certificate";
    /// The OCSP responder answered malformedRequest (RFC 6960 §2.3).
    OcspMalformedRequest = 27, "the OCSP responder did not understand its question";
    /// The OCSP response cannot be read, or is about more than one certificate.
    OcspMalformedResponse = 28, "the OCSP response cannot be read";
    /// The OCSP responder answered internalError (RFC 6960 §2.3).
    OcspInternalError = 29, "the OCSP responder had an internal error";
    /// The OCSP responder answered tryLater (RFC 6960 §2.3).
    OcspTryLater = 30, "the OCSP responder wants to be asked later";
    /// The OCSP responder answered sigRequired (RFC 6960 §2.3). `OcspSigRequred`, as Qt spells it.
    OcspSigRequired = 31, "the OCSP responder wants its question signed";
    /// The OCSP responder answered unauthorized (RFC 6960 §2.3).
    OcspUnauthorized = 32, "the OCSP responder was asked by somebody it does not answer";
    /// The OCSP response is signed neither by the certificate's issuer nor by a responder that the issuer
    /// has certified (RFC 6960 §4.2.2.2).
    OcspResponseCannotBeTrusted = 33, "the OCSP response is not signed by the certificate's issuer";
    /// The OCSP response is about another certificate.
    OcspResponseCertIdUnknown = 34, "the OCSP response is about another certificate";
    /// The OCSP response is out of date, or from the future.
    OcspResponseExpired = 35, "the OCSP response is not valid at this time";
    /// The OCSP responder does not know the certificate.
    OcspStatusUnknown = 36, "the OCSP responder does not know the certificate";
    /// The certificate cannot be read, or has something in it that must not be passed over: a
    /// critical extension that is not known here, the same extension twice, unique identifiers,
    /// another version than 3, names or [name constraints](Self::NameConstraintViolation) that
    /// cannot be read. [`SslError`](crate::SslError)'s sentence says which.
    UndecodableCertificate = 1000, "the certificate cannot be read";
    /// The signature algorithm or the key is not supported, or too weak. When it is the key of the
    /// peer's own certificate, the handshake fails in every verify mode and nobody can forgive it:
    /// no signature of the peer's can be checked.
    UnsupportedAlgorithm = 1001, "the certificate uses an algorithm or a key that is not supported";
    /// A name constraint in the chain, or of the trust anchor, forbids one of the certificate's
    /// names (RFC 5280 §4.2.1.10). DNS names, IP addresses, directory names (also the subject) and
    /// mail addresses are compared; a certificate with a name of another kind that is constrained,
    /// as a URI, is [`Unspecified`](Self::Unspecified).
    NameConstraintViolation = 1002, "a certificate in the chain forbids this name";
    /// The device has no wall clock, so that dates cannot be checked.
    NoWallClock = 1003, "without a clock the certificate's validity cannot be verified";
    /// The certificate is none of those that were pinned.
    NotPinned = 1004, "the certificate is none of those that were pinned";
    /// The search for a path to a trust anchor would cost too many signature checks, or there are
    /// more than 16 intermediates: a good path may have been missed.
    PathSearchExceeded = 1005, "the chain has more paths than can be searched";
    /// There are more intermediates than the verify depth allows.
    ChainTooLong = 1006, "the chain is longer than the verify depth";
}

impl SslErrorKind {
    /// The alert that tells the peer about a rejection of this kind (RFC 8446 §6.2, RFC 5246 §7.2.2). A
    /// TLS 1.2 client without a certificate gets handshake_failure in the place of
    /// certificate_required, which TLS 1.2 does not have.
    pub fn alert(self) -> Alert {
        match self {
            Self::CertificateExpired | Self::CertificateNotYetValid => Alert::CertificateExpired,
            // No path to a trust anchor.
            Self::SelfSignedCertificate
            | Self::SelfSignedCertificateInChain
            | Self::UnableToGetLocalIssuerCertificate
            | Self::UnableToVerifyFirstCertificate
            | Self::InvalidCaCertificate
            | Self::PathLengthExceeded
            | Self::PathSearchExceeded
            | Self::ChainTooLong => Alert::UnknownCa,
            Self::CertificateRevoked => Alert::CertificateRevoked,
            Self::InvalidPurpose => Alert::UnsupportedCertificate,
            Self::NoPeerCertificate => Alert::CertificateRequired,
            // decrypt_error is for the handshake's own signatures; for those that are too weak,
            // RFC 8446 §4.4.2.4.
            Self::CertificateSignatureFailed
            | Self::UnsupportedAlgorithm
            | Self::HostNameMismatch
            | Self::UndecodableCertificate
            | Self::InvalidNotBeforeField
            | Self::InvalidNotAfterField
            | Self::NameConstraintViolation
            | Self::NotPinned
            | Self::CertificateBlacklisted => Alert::BadCertificate,
            // RFC 6066 §8.
            Self::OcspNoResponseFound
            | Self::OcspMalformedRequest
            | Self::OcspMalformedResponse
            | Self::OcspInternalError
            | Self::OcspTryLater
            | Self::OcspSigRequired
            | Self::OcspUnauthorized
            | Self::OcspResponseCannotBeTrusted
            | Self::OcspResponseCertIdUnknown
            | Self::OcspResponseExpired
            | Self::OcspStatusUnknown => Alert::BadCertificateStatusResponse,
            Self::Unspecified | Self::CertificateStatusUnknown | Self::NoWallClock => {
                Alert::CertificateUnknown
            }
        }
    }
}

impl fmt::Display for SslErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}
