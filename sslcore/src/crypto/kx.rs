//! Key exchange, by key agreement or key encapsulation (RFC 8446 §4.2.8), as a backend gives it.

use alloc::boxed::Box;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::entropy::EntropyError;
use crate::protocol::group;

/// A group of a backend's.
pub(crate) trait KeyExchange: Send + Sync {
    /// IANA's number.
    fn group(&self) -> u16;

    /// Whether the share of the side that answers is made out of the other's (a KEM, alone or in a
    /// hybrid), so that it cannot be made before.
    fn is_kem(&self) -> bool {
        group::is_kem(self.group())
    }

    /// Makes a key pair. Costs one key generation; in a hybrid, one for each half.
    ///
    /// # Errors
    /// [`KxError::Random`].
    fn generate(&self) -> Result<Box<dyn KeyPair>, KxError>;

    /// The same in steps, of one operation each. Whoever makes no steps of it makes one.
    ///
    /// # Errors
    /// As for [`generate`](Self::generate).
    #[cfg(feature = "engine")]
    fn begin_generate(&self) -> Result<Steps<Box<dyn KeyPair>>, KxError> {
        self.generate().map(Steps::Done)
    }

    /// Likewise, of [`answer`](Self::answer).
    ///
    /// # Errors
    /// As for [`answer`](Self::answer).
    #[cfg(feature = "engine")]
    fn begin_answer(&self, share: &[u8]) -> Result<Steps<Answer>, KxError> {
        self.answer(share).map(Steps::Done)
    }

    /// Answers `share` with one of our own. Costs a key generation and an agreement, or an
    /// encapsulation; in a hybrid, both.
    ///
    /// # Errors
    /// [`KxError::Share`], [`KxError::Random`].
    fn answer(&self, share: &[u8]) -> Result<Answer, KxError> {
        let pair = self.generate()?;
        let own = pair.share().to_vec();
        let secret = pair.agree(share)?;
        Ok(Answer { share: own, secret })
    }
}

/// A key pair of ours, whose other side's share is awaited.
pub(crate) trait KeyPair: Send + Sync {
    /// The share to be sent.
    fn share(&self) -> &[u8];

    /// The secret in common with the other side. Costs an agreement, or a decapsulation.
    ///
    /// # Errors
    /// [`KxError::Share`].
    fn agree(self: Box<Self>, share: &[u8]) -> Result<SharedSecret, KxError>;

    /// The same in steps, of one operation each.
    ///
    /// # Errors
    /// As for [`agree`](Self::agree).
    #[cfg(feature = "engine")]
    fn begin_agree(self: Box<Self>, share: &[u8]) -> Result<Steps<SharedSecret>, KxError> {
        self.agree(share).map(Steps::Done)
    }

    /// In a hybrid the group of its classical half, and our share in it: good for that group, too.
    fn classical(&self) -> Option<(u16, &[u8])> {
        None
    }

    /// The secret in the classical half's group alone. Costs an agreement.
    ///
    /// # Errors
    /// [`KxError::Share`], also where there is no such half.
    fn agree_classical(self: Box<Self>, _share: &[u8]) -> Result<SharedSecret, KxError> {
        Err(KxError::Share)
    }
}

/// What is done in steps, of one public-key operation each ([rule R16](crate::rules#r16)).
#[cfg(feature = "engine")]
pub(crate) enum Steps<T> {
    Done(T),
    More(NextStep<T>),
}

/// The next of them.
#[cfg(feature = "engine")]
pub(crate) type NextStep<T> = Box<dyn FnOnce() -> Result<Steps<T>, KxError> + Send + Sync>;

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

impl From<EntropyError> for KxError {
    fn from(_: EntropyError) -> Self {
        Self::Random
    }
}
