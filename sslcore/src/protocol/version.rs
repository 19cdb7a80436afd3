//! The protocol versions.

use core::fmt;

/// A protocol version. `QSsl::SslProtocol`.
///
/// ```
/// # use sslcore::SslProtocol;
/// assert_eq!(SslProtocol::TlsV1_3.name(), "TLSv1.3");
/// assert_eq!(SslProtocol::TlsV1_3.code(), 0x0304);
/// assert!(SslProtocol::TlsV1_2 < SslProtocol::TlsV1_3);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SslProtocol {
    /// TLS 1.2 (RFC 5246).
    TlsV1_2,
    /// TLS 1.3 (RFC 8446).
    TlsV1_3,
}

impl SslProtocol {
    /// What this build speaks, the newest first.
    #[cfg(feature = "tls12")]
    pub(crate) const ALL: &[Self] = &[Self::TlsV1_3, Self::TlsV1_2];
    #[cfg(not(feature = "tls12"))]
    pub(crate) const ALL: &[Self] = &[Self::TlsV1_3];

    /// The number on the wire: 0x0303 or 0x0304 (RFC 8446 §4.2.1).
    pub const fn code(self) -> u16 {
        match self {
            Self::TlsV1_2 => 0x0303,
            Self::TlsV1_3 => 0x0304,
        }
    }

    /// `"TLSv1.2"` or `"TLSv1.3"`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TlsV1_2 => "TLSv1.2",
            Self::TlsV1_3 => "TLSv1.3",
        }
    }
}

impl fmt::Display for SslProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
