//! A private key that stays elsewhere: in a hardware module, a secure element, an agent.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::protocol::SignatureScheme;
use crate::x509::key_kind::KeyKind;

/// Signs in the place of a private key. One signer, given to
/// [`identity_with_signer`](crate::ConfigBuilder::identity_with_signer), can serve any number of
/// connections.
///
/// A handshake calls the signer at most once, within [`process`](crate::Connection::process), which
/// blocks the calling thread for as long as `sign` takes: a module that needs 200 ms holds up every
/// connection of this thread for 200 ms. Resumed handshakes sign nothing.
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
    /// The schemes that the signer can sign with, in its order of preference, all for one key. The
    /// first one that the peer accepts and the protocol version allows is used; with none in common
    /// the handshake ends with [`FailureKind::Incompatible`](crate::FailureKind::Incompatible).
    fn schemes(&self) -> &[SignatureScheme];

    /// Signs `message`, which is not hashed yet: the hash is part of the scheme. The message is the one
    /// of RFC 8446 §4.4.3 in TLS 1.3, some hundred bytes; in TLS 1.2 the one of RFC 5246 §7.4.3 for a
    /// server, and for a client all handshake messages so far (§7.4.8).
    ///
    /// An ECDSA signature is in DER (RFC 3279 §2.2.3); RSA-PSS has a salt as long as its hash. The
    /// signature is sent unchecked: only the peer finds out that it is wrong.
    ///
    /// # Errors
    /// A [`SignError`] ends the handshake; its text becomes the failure's.
    fn sign(&self, scheme: SignatureScheme, message: &[u8]) -> Result<Vec<u8>, SignError>;

    /// The SubjectPublicKeyInfo of the signer's key in DER, which `build` compares with the
    /// certificate's. The provided method returns `None`: nothing is compared.
    fn public_key_info(&self) -> Option<&[u8]> {
        None
    }
}

/// Why a [`Signer`] did not sign.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SignError(String);

impl SignError {
    /// An error with this sentence, which becomes the failure's detail. The peer is not told it.
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

/// Keys that sign by the same algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyFamily {
    Rsa,
    Ecdsa,
    Ed25519,
}

impl KeyFamily {
    pub(crate) const fn of_kind(kind: KeyKind) -> Self {
        match kind {
            KeyKind::Rsa { .. } => Self::Rsa,
            KeyKind::Ed25519 => Self::Ed25519,
            KeyKind::EcdsaP256 | KeyKind::EcdsaP384 | KeyKind::EcdsaP521 => Self::Ecdsa,
        }
    }

    fn of(scheme: SignatureScheme) -> Self {
        use SignatureScheme as S;
        match scheme {
            S::EcdsaP256Sha256 | S::EcdsaP384Sha384 | S::EcdsaP521Sha512 => Self::Ecdsa,
            S::Ed25519 => Self::Ed25519,
            S::RsaPkcs1Sha256
            | S::RsaPkcs1Sha384
            | S::RsaPkcs1Sha512
            | S::RsaPssSha256
            | S::RsaPssSha384
            | S::RsaPssSha512 => Self::Rsa,
        }
    }
}

/// What kind of key a signer has.
///
/// # Errors
/// A sentence for people, when its schemes do not say it.
pub(crate) fn key_family(signer: &dyn Signer) -> Result<KeyFamily, String> {
    let schemes = signer.schemes();
    let first = schemes
        .first()
        .ok_or("its signer has no signature scheme")?;
    let family = KeyFamily::of(*first);
    match schemes.iter().all(|it| KeyFamily::of(*it) == family) {
        true => Ok(family),
        false => Err("its signer has schemes for more than one kind of key".into()),
    }
}
