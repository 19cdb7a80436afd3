//! Where the memory of buffers comes from.

use alloc::vec::Vec;
use core::fmt;
use core::ops::{Deref, DerefMut};

use crate::config_error::ConfigError;
use crate::memory::wipe;

/// Kept free behind the transmit capacity for alerts, key updates and close_notify ([rule R8](crate::rules#r8)).
pub(super) const HEADROOM: usize = 256;
/// The smallest transmit buffer worth having: headroom, one record's overhead, some payload.
pub(super) const MIN_TRANSMIT: usize = 512;

/// The memory of a connection's two buffers.
///
/// A desktop owns its buffers; firmware lends static ones and gets them back from
/// [`Connection::into_buffers`](crate::Connection::into_buffers).
#[derive(Debug, Default)]
#[non_exhaustive]
pub enum Buffers {
    /// The connection allocates when it needs memory, up to its limits.
    #[default]
    Owned,
    /// Lent by the caller; see [`Buffers::lent`].
    #[non_exhaustive]
    Lent {
        /// The buffer for what arrives, in which it is opened in place.
        receive: StaticBuffer,
        /// The buffer for what is to be sent.
        transmit: StaticBuffer,
    },
}

impl Buffers {
    /// Lends two buffers.
    ///
    /// `receive` must hold the largest record the peer will send: 16,645 bytes for TLS 1.3,
    /// 18,437 for TLS 1.2, less only when the peer is known to send less, or agrees to. A record that
    /// does not fit fails the connection with [`BufferTooSmall`](crate::FailureKind::BufferTooSmall).
    ///
    /// # Small records
    /// In a handshake by [`Engine::Own`](crate::Engine::Own), with pre-shared keys or certificates, a client
    /// whose `receive` is shorter than a full record of 16,384 bytes asks the server for smaller ones, and a
    /// server answers a client that asks with what it has room for itself (record_size_limit, RFC 8449). So
    /// the content of a record may have as many bytes as `receive` has, less 22 in TLS 1.3; in TLS 1.2 less 29
    /// with AES-GCM, less 21 with ChaCha20-Poly1305. 1,046 bytes hold records of 1 KB in TLS 1.3.
    ///
    /// For servers that do not know this, OpenSSL among them, the client also asks for the longest of 512,
    /// 1,024, 2,048 and 4,096 bytes that fits (max_fragment_length, RFC 6066 §4). That counts in both
    /// directions.
    ///
    /// A peer that agrees and then sends more fails the connection with
    /// [`RecordTooLarge`](crate::FailureKind::RecordTooLarge), by its own fault. A peer that agrees to nothing
    /// sends what it likes. A server can ask for nothing by itself: a client with room for full records does
    /// not ask, and needs a small [`max_fragment`](crate::ConfigBuilder::max_fragment) for such a server. With
    /// [`Engine::Rustls`](crate::Engine::Rustls) nobody asks or answers: rustls 0.23 knows neither extension.
    ///
    /// # Unread plaintext
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
        receive: impl Into<StaticBuffer>,
        transmit: impl Into<StaticBuffer>,
    ) -> Result<Self, ConfigError> {
        let (receive, transmit) = (receive.into(), transmit.into());
        if receive.len().min(transmit.len()) < MIN_TRANSMIT {
            return Err(ConfigError::BufferTooSmall {
                needed: MIN_TRANSMIT,
            });
        }
        Ok(Self::Lent { receive, transmit })
    }
}

/// A pool that lent buffers go back to.
///
/// ```
/// use std::sync::Mutex;
///
/// use sslcore::{BufferPool, Buffers, ConfigError, StaticBuffer};
///
/// struct Pool(Mutex<Vec<&'static mut [u8]>>);
///
/// impl BufferPool for Pool {
///     fn give_back(&self, buffer: &'static mut [u8]) {
///         self.0.lock().unwrap().push(buffer);
///     }
/// }
///
/// static POOL: Pool = Pool(Mutex::new(Vec::new()));
///
/// fn lend() -> Option<Result<Buffers, ConfigError>> {
///     let take = || Some(StaticBuffer::from_pool(POOL.0.lock().unwrap().pop()?, &POOL));
///     Some(Buffers::lent(take()?, take()?)) // back in the pool with the connection's end
/// }
/// # assert!(lend().is_none());
/// # POOL.give_back(Box::leak(Box::new([0; 600])));
/// # POOL.give_back(Box::leak(Box::new([0; 600])));
/// # assert!(lend().is_some_and(|lent| lent.is_ok()));
/// # assert_eq!(POOL.0.lock().unwrap().len(), 2);
/// ```
pub trait BufferPool: Sync {
    /// Takes a buffer that [`StaticBuffer::from_pool`] was given. Called where the connection, or
    /// whatever holds the buffer, is dropped.
    fn give_back(&self, buffer: &'static mut [u8]);
}

/// Memory that is lent to a connection: plain static memory, or from a [`BufferPool`], to which it
/// goes back by itself when it is dropped.
///
/// ```
/// # use sslcore::{Buffers, ConfigError, Connection, Limits, StaticBuffer};
/// # fn f(receive: &'static mut [u8], transmit: &'static mut [u8]) -> Result<(), ConfigError> {
/// let lent = Buffers::lent(receive, transmit)?;
/// let conn = Connection::new(Limits::default(), lent);
/// // … the connection ends, and the next one gets its buffers.
/// if let Buffers::Lent { receive, .. } = conn.into_buffers() {
///     let memory: &'static mut [u8] = receive.into_bytes();
/// #   let _: StaticBuffer = memory.into();
/// }
/// # Ok(())
/// # }
/// ```
pub struct StaticBuffer {
    bytes: &'static mut [u8],
    pool: Option<&'static dyn BufferPool>,
}

impl StaticBuffer {
    /// Memory that goes back to `pool` when it is dropped.
    pub fn from_pool(bytes: &'static mut [u8], pool: &'static dyn BufferPool) -> Self {
        let pool = Some(pool);
        Self { bytes, pool }
    }

    /// The memory itself, which does not go back to its pool by itself any more.
    pub fn into_bytes(mut self) -> &'static mut [u8] {
        self.pool = None;
        core::mem::take(&mut self.bytes)
    }
}

impl From<&'static mut [u8]> for StaticBuffer {
    fn from(bytes: &'static mut [u8]) -> Self {
        Self { bytes, pool: None }
    }
}

impl<const N: usize> From<&'static mut [u8; N]> for StaticBuffer {
    fn from(bytes: &'static mut [u8; N]) -> Self {
        Self::from(bytes.as_mut_slice())
    }
}

impl Deref for StaticBuffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes
    }
}

impl DerefMut for StaticBuffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        self.bytes
    }
}

impl Drop for StaticBuffer {
    fn drop(&mut self) {
        if let Some(pool) = self.pool {
            pool.give_back(core::mem::take(&mut self.bytes));
        }
    }
}

impl fmt::Debug for StaticBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.len())
    }
}

pub(crate) enum Storage {
    Owned(Vec<u8>),
    Lent(StaticBuffer),
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

    /// How much of it is owned.
    #[inline]
    pub(super) fn owned(&self) -> usize {
        match self {
            Self::Owned(vec) => vec.len(),
            Self::Lent(_) => 0,
        }
    }

    /// Takes the memory for `len` bytes if it is owned, and does not make it longer yet.
    pub(super) fn reserve(&mut self, len: usize, most: usize) {
        if let Self::Owned(vec) = self {
            reserve(vec, len.saturating_sub(vec.len()), most);
        }
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

    /// The same once more, if it is owned.
    #[cfg(feature = "testing")]
    pub(super) fn copied(&self) -> Option<Self> {
        match self {
            Self::Owned(vec) => Some(Self::Owned(vec.clone())),
            Self::Lent(_) => None,
        }
    }

    /// Gives it back if it is owned. Whoever had secrets in it has wiped them.
    pub(super) fn release(&mut self) {
        if let Self::Owned(vec) = self {
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
