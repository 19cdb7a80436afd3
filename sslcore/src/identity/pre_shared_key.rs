//! Keys that both ends have from elsewhere, in the place of certificates.

use alloc::boxed::Box;
use core::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::limits;
use crate::protocol::HashAlgorithm;

/// A pre-shared key: a secret that both ends have from elsewhere, under a name that both know
/// (RFC 8446 §4.2.11). Its bytes are wiped when it is dropped.
///
/// ```
/// # use sslcore::crypto::HashAlgorithm;
/// # use sslcore::{PreSharedKey, PreSharedKeyError};
/// # fn f(secret: &[u8]) -> Result<(), PreSharedKeyError> {
/// assert!((PreSharedKey::MIN_KEY..=PreSharedKey::MAX_KEY).contains(&secret.len()));
/// assert!("sensor 7".len() <= PreSharedKey::MAX_IDENTITY);
/// let key = PreSharedKey::new("sensor 7", secret)?;
/// assert_eq!((key.identity(), key.hash()), (&b"sensor 7"[..], HashAlgorithm::Sha256));
/// // For TLS_AES_256_GCM_SHA384, and for that alone.
/// let key = PreSharedKey::new("sensor 7", secret)?.with_hash(HashAlgorithm::Sha384);
/// // For every suite, and bound to this use of it (RFC 9258).
/// let key = PreSharedKey::new("sensor 7", secret)?.imported("metering")?;
/// assert_eq!(key.context(), Some(&b"metering"[..]));
/// # Ok(())
/// # }
/// ```
///
/// A key has to be as hard to guess as a random number of 128 bits. Who records a handshake can try
/// keys at leisure, and so can who answers a client under a server's name: a password is no key. One key is for one
/// client and one server, each always in the same role (RFC 9257 §4): of a key that a group shares, any
/// member can play any other.
#[derive(Clone)]
pub struct PreSharedKey {
    identity: Box<[u8]>,
    key: Zeroizing<Box<[u8]>>,
    hash: HashAlgorithm,
    context: Option<Box<[u8]>>,
}

impl PreSharedKey {
    /// The most bytes of an identity: 1,024.
    pub const MAX_IDENTITY: usize = 1024;
    /// The most bytes of a key: 512.
    pub const MAX_KEY: usize = 512;
    /// Keys with fewer bytes are refused by connections, unless
    /// [`allow_short_keys`](crate::ConfigBuilder::allow_short_keys) is said: 16.
    pub const MIN_KEY: usize = 16;

    /// A key as it is, for cipher suites with SHA-256. The key is copied: wipe yours.
    ///
    /// # Errors
    /// An identity or a key that is empty, or longer than it may be.
    pub fn new(
        identity: impl AsRef<[u8]>,
        key: impl AsRef<[u8]>,
    ) -> Result<Self, PreSharedKeyError> {
        let (identity, key) = (identity.as_ref(), key.as_ref());
        match (identity.len(), key.len()) {
            (0, _) => Err(PreSharedKeyError::EmptyIdentity),
            (len, _) if len > Self::MAX_IDENTITY => Err(PreSharedKeyError::IdentityTooLong(len)),
            (_, 0) => Err(PreSharedKeyError::EmptyKey),
            (_, len) if len > Self::MAX_KEY => Err(PreSharedKeyError::KeyTooLong(len)),
            _ => Ok(Self {
                identity: identity.into(),
                key: Zeroizing::new(key.into()),
                hash: HashAlgorithm::Sha256,
                context: None,
            }),
        }
    }

    /// Sets the hash function that the key belongs to (RFC 8446 §4.2.11). A plain key is for the cipher
    /// suites with this hash alone; an imported one is derived with it. SHA-256 unless set, as in
    /// OpenSSL and GnuTLS.
    #[must_use]
    pub fn with_hash(mut self, hash: HashAlgorithm) -> Self {
        self.hash = hash;
        self
    }

    /// Imports the key (RFC 9258): what TLS is given is derived from it, for each hash function of the
    /// cipher suites another, so that the key is good for all of them and safe beside other
    /// protocols. Both ends have to do so, with the same context, which is public and may be empty. A
    /// key that is imported must be used in no other way.
    ///
    /// # Errors
    /// [`PreSharedKeyError::ContextTooLong`].
    pub fn imported(mut self, context: impl AsRef<[u8]>) -> Result<Self, PreSharedKeyError> {
        let context = context.as_ref();
        if context.len() > Self::MAX_IDENTITY {
            return Err(PreSharedKeyError::ContextTooLong(context.len()));
        }
        self.context = Some(context.into());
        Ok(self)
    }

    /// The name under which both ends have the key. It is sent in the clear.
    pub fn identity(&self) -> &[u8] {
        &self.identity
    }

    /// The hash function that the key belongs to.
    pub fn hash(&self) -> HashAlgorithm {
        self.hash
    }

    /// The context with which the key is imported; `None` for a plain one.
    pub fn context(&self) -> Option<&[u8]> {
        self.context.as_deref()
    }

    pub(crate) fn key(&self) -> &[u8] {
        &self.key
    }

    /// Whether the two cannot be told apart by what a client sends.
    fn has_name_of(&self, other: &Self) -> bool {
        self.identity == other.identity && self.context == other.context
    }
}

/// Two are equal when all of them is; the keys are compared in constant time.
impl PartialEq for PreSharedKey {
    fn eq(&self, other: &Self) -> bool {
        self.has_name_of(other) && self.hash == other.hash && bool::from(self.key.ct_eq(&other.key))
    }
}

impl Eq for PreSharedKey {}

/// Without the key.
impl fmt::Debug for PreSharedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreSharedKey")
            .field("identity", &self.identity)
            .field("hash", &self.hash)
            .field("context", &self.context)
            .finish_non_exhaustive()
    }
}

/// An error of a pre-shared key, or of a list of them.
///
/// ```
/// # use sslcore::{PreSharedKey, PreSharedKeyError};
/// let error = PreSharedKey::new("", [7; 32]).unwrap_err();
/// assert_eq!(error, PreSharedKeyError::EmptyIdentity);
/// println!("{error}");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum PreSharedKeyError {
    /// The identity is empty.
    EmptyIdentity,
    /// The identity has so many bytes: more than 1,024.
    IdentityTooLong(usize),
    /// The key is empty.
    EmptyKey,
    /// The key has so many bytes: more than 512.
    KeyTooLong(usize),
    /// The key has so many bytes, fewer than 16, and
    /// [`allow_short_keys`](crate::ConfigBuilder::allow_short_keys) was not said.
    ShortKey(usize),
    /// The context has so many bytes: more than 1,024.
    ContextTooLong(usize),
    /// The configuration has no cipher suite with the hash function of a plain key, or the backend not
    /// that of an imported one.
    NoCipherSuite,
    /// Another key before it has the same identity, and the same context.
    Repeated,
    /// There are so many keys: a client offers at most 8.
    TooMany(usize),
}

impl fmt::Display for PreSharedKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptyIdentity => f.write_str("its identity is empty"),
            Self::IdentityTooLong(len) => write!(
                f,
                "its identity has {len} bytes, and may have {}",
                PreSharedKey::MAX_IDENTITY
            ),
            Self::EmptyKey => f.write_str("it is empty"),
            Self::KeyTooLong(len) => {
                write!(
                    f,
                    "it has {len} bytes, and may have {}",
                    PreSharedKey::MAX_KEY
                )
            }
            Self::ShortKey(len) => write!(
                f,
                "it has {len} bytes, which can be guessed: {} are needed",
                PreSharedKey::MIN_KEY
            ),
            Self::ContextTooLong(len) => write!(
                f,
                "its context has {len} bytes, and may have {}",
                PreSharedKey::MAX_IDENTITY
            ),
            Self::NoCipherSuite => {
                f.write_str("no cipher suite is left that has its hash function")
            }
            Self::Repeated => f.write_str("another one has the same identity"),
            Self::TooMany(len) => write!(
                f,
                "there are {len} of them, and a client offers at most {}",
                limits::OFFERED_KEYS
            ),
        }
    }
}

impl core::error::Error for PreSharedKeyError {}

/// What a list of keys has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyRules {
    /// Whether keys may have fewer than [`PreSharedKey::MIN_KEY`] bytes.
    pub(crate) allows_short: bool,
    /// The hash functions that there are.
    pub(crate) available: [bool; HashAlgorithm::ALL.len()],
    /// Those of the cipher suites.
    pub(crate) hashes: [bool; HashAlgorithm::ALL.len()],
    /// The most keys.
    pub(crate) most: usize,
}

impl KeyRules {
    /// # Errors
    /// The first key that breaks them, by its place, and how.
    pub(crate) fn check(&self, keys: &[PreSharedKey]) -> Result<(), (usize, PreSharedKeyError)> {
        if keys.len() > self.most {
            return Err((self.most, PreSharedKeyError::TooMany(keys.len())));
        }
        for (index, key) in keys.iter().enumerate() {
            let len = key.key.len();
            let hashes = match key.context {
                None => &self.hashes,
                Some(_) => &self.available,
            };
            let earlier = keys.get(..index).unwrap_or_default();
            let error = if len < PreSharedKey::MIN_KEY && !self.allows_short {
                PreSharedKeyError::ShortKey(len)
            } else if !hashes[key.hash as usize] {
                PreSharedKeyError::NoCipherSuite
            } else if earlier.iter().any(|other| other.has_name_of(key)) {
                PreSharedKeyError::Repeated
            } else {
                continue;
            };
            return Err((index, error));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
