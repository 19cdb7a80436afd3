//! Key exchange, by key agreement or key encapsulation (RFC 8446 §4.2.8), as a backend gives it.

use alloc::boxed::Box;
use alloc::vec::Vec;

use zeroize::Zeroizing;

/// A group of a backend's.
pub(crate) trait KeyExchange: Send + Sync {
    /// IANA's number.
    fn group(&self) -> u16;

    /// Whether the share of the side that answers is made out of the other's (a KEM, alone or in a
    /// hybrid), so that it cannot be made before.
    fn is_kem(&self) -> bool;

    /// Makes a key pair. Costs one key generation; in a hybrid, one for each half.
    ///
    /// # Errors
    /// [`KxError::Random`].
    fn generate(&self) -> Result<Box<dyn KeyPair>, KxError>;

    /// Answers `share` with one of our own. Costs a key generation and an agreement, or an
    /// encapsulation; in a hybrid, both.
    ///
    /// # Errors
    /// [`KxError::Share`], [`KxError::Random`].
    fn answer(&self, share: &[u8]) -> Result<Answer, KxError>;
}

/// A key pair of ours, whose other side's share is awaited.
pub(crate) trait KeyPair: Send {
    /// The share to be sent.
    fn share(&self) -> &[u8];

    /// The secret in common with the other side. Costs an agreement, or a decapsulation.
    ///
    /// # Errors
    /// [`KxError::Share`].
    fn agree(self: Box<Self>, share: &[u8]) -> Result<SharedSecret, KxError>;
}

/// What both sides have in common.
pub(crate) type SharedSecret = Zeroizing<Vec<u8>>;

/// Our share, and the secret in common.
pub(crate) struct Answer {
    pub(crate) share: Vec<u8>,
    pub(crate) secret: SharedSecret,
}

/// Why there is no secret in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KxError {
    /// The other side's share is none of the group: of another length, no point of the curve, or one
    /// that makes the secret zero.
    Share,
    /// The source of random numbers has failed.
    Random,
}
