//! Hash functions, HMAC (RFC 2104) and HKDF (RFC 5869), as a backend gives them.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;

use zeroize::Zeroizing;

pub(crate) use crate::protocol::HashAlgorithm;

/// How many bytes are hashed at a time: HMAC pads its key to so many.
const fn block_len(algorithm: HashAlgorithm) -> usize {
    match algorithm {
        HashAlgorithm::Sha256 => 64,
        HashAlgorithm::Sha384 => MAX_BLOCK,
    }
}

const MAX_BLOCK: usize = 128;

/// A hash, or what HMAC or HKDF has made of a secret: wiped when it is dropped.
#[derive(Clone)]
pub(crate) struct Digest {
    bytes: Zeroizing<[u8; Self::MAX]>,
    len: u8,
}

impl Digest {
    /// As many bytes as SHA-384 gives.
    pub(crate) const MAX: usize = 48;

    /// `None` for more than [`MAX`](Self::MAX) bytes.
    pub(crate) fn new(digest: &[u8]) -> Option<Self> {
        let mut new = Self::zeros(0);
        new.bytes.get_mut(..digest.len())?.copy_from_slice(digest);
        new.len = digest.len() as u8;
        Some(new)
    }

    /// The first [`MAX`](Self::MAX) bytes: no hash function here gives more.
    pub(crate) fn cut(digest: &[u8]) -> Self {
        let mut new = Self::zeros(digest.len());
        let len = new.as_slice().len();
        new.as_mut_slice().copy_from_slice(&digest[..len]);
        new
    }

    /// At most [`MAX`](Self::MAX) zeros.
    pub(crate) fn zeros(len: usize) -> Self {
        Self {
            bytes: Zeroizing::new([0; Self::MAX]),
            len: len.min(Self::MAX) as u8,
        }
    }

    /// Becomes the same. What is assigned moves, and leaves a copy on the stack that nobody wipes; `other` is wiped
    /// when it is dropped.
    fn copy_from(&mut self, other: &Self) {
        self.bytes.copy_from_slice(&*other.bytes);
        self.len = other.len;
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [u8] {
        let len = usize::from(self.len);
        self.bytes.get_mut(..len).unwrap_or_default()
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest")
    }
}

/// A hash function of a backend's.
pub(crate) trait Hash: Send + Sync {
    fn algorithm(&self) -> HashAlgorithm;

    /// Begins to hash. Allocates the state.
    fn start(&self) -> Box<dyn HashContext>;

    /// The hash of `data`. As HMAC and HKDF it costs what the hash function costs, and no public-key
    /// operation.
    fn hash(&self, data: &[u8]) -> Digest {
        let mut context = self.start();
        context.update(data);
        context.finish()
    }

    /// HMAC under `key` of a message in parts, which are those of HKDF (RFC 2104 §2).
    fn hmac(&self, key: &[u8], first: &[u8], middle: &[&[u8]], last: &[u8]) -> Digest {
        hmac(self, key, first, middle, last)
    }

    /// Lends HMAC under `key`, to be used more than once: a backend that can hashes the key once.
    fn keyed(&self, key: &[u8], then: &mut dyn FnMut(&Keyed<'_>)) {
        then(&|first, middle, last| self.hmac(key, first, middle, last));
    }

    /// The pseudorandom function of TLS 1.2 (RFC 5246 §5): `out` is as long as is wanted.
    fn prf(&self, secret: &[u8], label: &[u8], seed: &[u8], out: &mut [u8]) {
        prf(self, secret, label, seed, out);
    }
}

/// HMAC under one key, of a message in parts.
pub(crate) type Keyed<'a> = dyn Fn(&[u8], &[&[u8]], &[u8]) -> Digest + 'a;

/// HMAC over the hash function alone (RFC 2104 §2).
pub(super) fn hmac<H: Hash + ?Sized>(
    hash: &H,
    key: &[u8],
    first: &[u8],
    middle: &[&[u8]],
    last: &[u8],
) -> Digest {
    let mut block = Zeroizing::new([0; MAX_BLOCK]);
    let block = &mut block[..block_len(hash.algorithm())];
    match block.get_mut(..key.len()) {
        Some(front) => front.copy_from_slice(key),
        None => {
            let hashed = hash.hash(key);
            block[..hashed.as_slice().len()].copy_from_slice(hashed.as_slice());
        }
    }
    let mut keyed = |pad: u8| {
        let mut context = hash.start();
        block.iter_mut().for_each(|byte| *byte ^= pad);
        context.update(block);
        block.iter_mut().for_each(|byte| *byte ^= pad);
        context
    };
    let (mut inner, mut outer) = (keyed(0x36), keyed(0x5c));
    inner.update(first);
    middle.iter().for_each(|part| inner.update(part));
    inner.update(last);
    outer.update(inner.finish().as_slice());
    outer.finish()
}

/// The pseudorandom function of TLS 1.2 over HMAC (RFC 5246 §5).
pub(super) fn prf<H: Hash + ?Sized>(
    hash: &H,
    secret: &[u8],
    label: &[u8],
    seed: &[u8],
    out: &mut [u8],
) {
    let block_len = hash.algorithm().output_len();
    hash.keyed(secret, &mut |hmac| {
        let mut chained = Digest::zeros(0);
        for (number, block) in out.chunks_mut(block_len).enumerate() {
            let next = match number {
                0 => hmac(label, &[], seed),
                _ => hmac(chained.as_slice(), &[], &[]),
            };
            chained.copy_from(&next);
            let made = hmac(chained.as_slice(), &[label], seed);
            block.copy_from_slice(&made.as_slice()[..block.len()]);
        }
    });
}

/// The hash of `data` by a function whose hashes have 32 bytes, as those of SHA-256 do.
#[inline(never)]
pub(crate) fn fingerprint(hash: &dyn Hash, data: &[u8]) -> Option<[u8; 32]> {
    hash.hash(data).as_slice().try_into().ok()
}

/// A hash in the making.
pub(crate) trait HashContext: Send {
    fn update(&mut self, data: &[u8]);

    /// The hash of what there was so far; more may come.
    fn current(&self) -> Digest;

    fn finish(self: Box<Self>) -> Digest;
}

/// More was asked of HKDF than 255 hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

/// HKDF-Expand (RFC 5869 §2.3), of all parts of `info`.
///
/// # Errors
/// [`TooLong`], and `out` is as it was.
pub(crate) fn expand(
    hash: &dyn Hash,
    secret: &[u8],
    info: &[&[u8]],
    out: &mut [u8],
) -> Result<(), TooLong> {
    let mut expanded = Ok(());
    hash.keyed(secret, &mut |hmac| {
        expanded = expand_keyed(hash.algorithm(), hmac, info, out)
    });
    expanded
}

/// The same under the secret that `hmac` has for its key.
///
/// # Errors
/// [`TooLong`], and `out` is as it was.
pub(crate) fn expand_keyed(
    algorithm: HashAlgorithm,
    hmac: &Keyed<'_>,
    info: &[&[u8]],
    out: &mut [u8],
) -> Result<(), TooLong> {
    let blocks = out.chunks_mut(algorithm.output_len());
    if blocks.len() > usize::from(u8::MAX) {
        return Err(TooLong);
    }
    let mut last = Digest::zeros(0);
    for (block, number) in blocks.zip(1..=u8::MAX) {
        let next = hmac(last.as_slice(), info, &[number]);
        block.copy_from_slice(&next.as_slice()[..block.len()]);
        last.copy_from(&next);
    }
    Ok(())
}

/// The hash functions that one backend has.
#[derive(Clone)]
pub(crate) struct Hashes(pub(super) [Option<Arc<dyn Hash>>; HashAlgorithm::ALL.len()]);

impl Hashes {
    /// What `find` finds of all algorithms.
    pub(crate) fn new(find: impl FnMut(HashAlgorithm) -> Option<Arc<dyn Hash>>) -> Self {
        Self(HashAlgorithm::ALL.map(find))
    }

    pub(crate) fn get(&self, algorithm: HashAlgorithm) -> Option<&Arc<dyn Hash>> {
        self.0[algorithm as usize].as_ref()
    }
}

#[cfg(all(test, feature = "ring"))]
pub(crate) mod tests;
