//! The signatures that a backend verifies.

use alloc::borrow::Cow;

use rustls_pki_types::SignatureVerificationAlgorithm;

use crate::protocol::SignatureScheme;

/// An algorithm, with the kind of key that it takes.
pub(crate) type Algorithm = &'static dyn SignatureVerificationAlgorithm;

/// What verifies a scheme: in TLS 1.3 the first alone, which has the scheme's curve; in TLS 1.2,
/// whose schemes name no curve, whichever takes the peer's key (RFC 8446 §4.2.3).
pub(crate) type OfScheme = (SignatureScheme, &'static [Algorithm]);

/// The algorithms of a backend.
pub(crate) struct Verification {
    /// Those that certificates may be signed by.
    pub(crate) all: &'static [Algorithm],
    /// Those of handshakes, by scheme, in the order of preference.
    pub(crate) schemes: Cow<'static, [OfScheme]>,
}

#[cfg(all(feature = "rustcrypto-keys", not(feature = "rustcrypto-core")))]
impl Verification {
    /// What a backend has that knows no certificates.
    pub(crate) const NONE: Self = Self {
        all: &[],
        schemes: Cow::Borrowed(&[]),
    };
}
