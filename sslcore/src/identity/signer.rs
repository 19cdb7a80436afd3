//! A private key that stays elsewhere: in a hardware module, a secure element, an agent.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::protocol::SignatureScheme;

/// Signs in the place of a private key. Given to
/// [`identity_with_signer`](crate::ConfigBuilder::identity_with_signer), it can serve any number
/// of connections.
///
/// It is called within [`process`](crate::Connection::process), at most once per handshake, and
/// `process` waits for it: what it takes, the thread that processes is busy for. A module that
/// takes 200 ms holds up for so long every connection that this thread serves. Resumed handshakes
/// sign nothing.
///
/// ```
/// use sslcore::{SignError, SignatureScheme, Signer};
///
/// struct SmartCard;
///
/// impl Signer for SmartCard {
///     fn schemes(&self) -> &[SignatureScheme] {
///         &[SignatureScheme::EcdsaP256Sha256]
///     }
///
///     fn sign(&self, _: SignatureScheme, _message: &[u8]) -> Result<Vec<u8>, SignError> {
///         Err(SignError::new("the card was taken out"))
///     }
/// }
/// ```
pub trait Signer: Send + Sync {
    /// The schemes in which it signs, in its order of preference, all of them for one key. The
    /// first one that the peer accepts and the version allows is used; with none in common the
    /// handshake ends with [`FailureKind::Incompatible`](crate::FailureKind::Incompatible).
    fn schemes(&self) -> &[SignatureScheme];

    /// Signs a message of up to some hundred bytes, which is not hashed yet: the hash belongs to
    /// the scheme. In TLS 1.3 it is what RFC 8446 §4.4.3 wants signed, in TLS 1.2 RFC 5246 §7.4.3
    /// and §7.4.8, where a client signs all of the handshake's messages so far.
    ///
    /// An ECDSA signature is in DER (RFC 3279 §2.2.3); RSA-PSS has a salt as long as its hash. What
    /// it gives is sent as it is: a wrong signature is found by the peer alone.
    ///
    /// # Errors
    /// A [`SignError`] ends the handshake; its text becomes the failure's.
    fn sign(&self, scheme: SignatureScheme, message: &[u8]) -> Result<Vec<u8>, SignError>;

    /// The SubjectPublicKeyInfo of its key in DER, so that `build` can tell whether it belongs to
    /// the certificate. As provided, it says nothing, and nothing is compared.
    fn public_key_info(&self) -> Option<&[u8]> {
        None
    }
}

/// Why a [`Signer`] did not sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignError(String);

impl SignError {
    /// For the reason that this sentence says. It is not told to the peer.
    pub fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for SignError {}
