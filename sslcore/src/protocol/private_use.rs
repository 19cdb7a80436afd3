//! Numbers for private use: of what has no security, and is for tests alone. No real peer has them,
//! so none can agree to them.

/// The cipher suite for TLS 1.3 (RFC 8447 §8: 0xFF00 to 0xFFFF are for private use).
pub(crate) const TLS13: u16 = 0xff13;
/// The cipher suite for TLS 1.2.
#[cfg(feature = "testing")]
pub(crate) const TLS12: u16 = 0xff12;
/// The groups (RFC 8446 §4.2.7: 0xFE00 to 0xFEFF, "ecdhe_private_use").
#[cfg(feature = "testing")]
pub(crate) const GROUPS: [u16; 2] = [0xfe00, 0xfe01];
