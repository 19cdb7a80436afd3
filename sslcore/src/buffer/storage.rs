//! Where the memory of buffers comes from.

use alloc::vec::Vec;
use core::fmt;

use crate::config_error::ConfigError;
use crate::memory::wipe;

/// Kept free behind the transmit capacity for alerts, key updates and close_notify (rule R8).
pub(super) const HEADROOM: usize = 256;
/// The smallest transmit buffer worth having: headroom, one record's overhead, some payload.
pub(super) const MIN_TRANSMIT: usize = 512;

/// Where the memory comes from.
///
/// A desktop owns its buffers; firmware lends static ones and gets them back from
/// [`Connection::into_buffers`](crate::Connection::into_buffers).
#[derive(Debug, Default)]
#[non_exhaustive]
pub enum Buffers {
    /// Allocated when needed, up to the limits.
    #[default]
    Owned,
    /// Lent by the caller; see [`Buffers::lent`].
    #[non_exhaustive]
    Lent {
        /// Holds what arrives, and the plaintext opened in place.
        receive: &'static mut [u8],
        /// Holds what is to be sent.
        transmit: &'static mut [u8],
    },
}

impl Buffers {
    /// Lends two buffers.
    ///
    /// `receive` must hold the largest record the peer will send: 16,645 bytes for TLS 1.3,
    /// 18,437 for TLS 1.2, less only when the peer is known to send less (a larger record then
    /// fails the connection with
    /// [`BufferTooSmall`](crate::FailureKind::BufferTooSmall)).
    ///
    /// Unread plaintext stays in it, and the next record needs room beside that. So the read limit
    /// that can be kept is its length less 18,437, and 1 if that is all;
    /// [`read_buffer_size`](crate::Connection::read_buffer_size) says so from the beginning. With
    /// that much unread, or more, a record may wait for the reader: no more bytes are taken then.
    /// Smaller records that have arrived completely are opened all the same, up to
    /// [`Limits::read_buffer_size`](crate::Limits::read_buffer_size).
    ///
    /// # Errors
    /// [`ConfigError::BufferTooSmall`] when either is below 512 bytes.
    pub fn lent(
        receive: &'static mut [u8],
        transmit: &'static mut [u8],
    ) -> Result<Self, ConfigError> {
        if receive.len().min(transmit.len()) < MIN_TRANSMIT {
            return Err(ConfigError::BufferTooSmall {
                needed: MIN_TRANSMIT,
            });
        }
        Ok(Self::Lent { receive, transmit })
    }
}

pub(crate) enum Storage {
    Owned(Vec<u8>),
    Lent(&'static mut [u8]),
}

impl Storage {
    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Owned(vec) => vec,
            Self::Lent(slice) => slice,
        }
    }

    #[inline]
    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        match self {
            Self::Owned(vec) => vec,
            Self::Lent(slice) => slice,
        }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.bytes().len()
    }

    /// Makes it `len` bytes long if it is owned and shorter. It will never be longer than `most`.
    pub(super) fn grow(&mut self, len: usize, most: usize) {
        if let Self::Owned(vec) = self {
            if vec.len() < len {
                reserve(vec, len - vec.len(), most);
                vec.resize(len, 0);
            }
        }
    }

    pub(super) fn release(&mut self) {
        if let Self::Owned(vec) = self {
            wipe(vec);
            *vec = Vec::new();
        }
    }
}

/// Makes room for `n` more bytes, and for as many again as there are, so that growing bit by bit
/// costs no more than growing at once; but for no more than `most` in all, if they do. The memory
/// that is left is wiped.
pub(super) fn reserve(vec: &mut Vec<u8>, n: usize, most: usize) {
    let len = vec.len() + n;
    if len > vec.capacity() {
        let twice = vec.capacity().saturating_mul(2);
        let mut larger = Vec::with_capacity(twice.min(most).max(len));
        larger.extend_from_slice(vec);
        wipe(vec);
        *vec = larger;
    }
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.len())
    }
}
