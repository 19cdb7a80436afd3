//! SHA-2 and HMAC.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::marker::PhantomData;

use hmac::{EagerHash, KeyInit, Mac};
#[cfg(feature = "aes256")]
use sha2::Sha384;
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::crypto::hash::{self, Hash, HashAlgorithm, HashContext, Hashes, Keyed};
use crate::memory::wipe;

/// HMAC under a key of any length.
///
/// `hmac::Hmac` wipes its key by wiping the hash states in it; the bound has the compiler check that
/// the hash does.
pub(super) fn keyed<D: EagerHash + Digest + ZeroizeOnDrop>(key: &[u8]) -> hmac::Hmac<D> {
    // RFC 2104 §2: a longer key is hashed, a shorter one padded with zeros to a block.
    let mut block = hmac::digest::Key::<hmac::Hmac<D>>::default();
    if let Some(front) = block.get_mut(..key.len()) {
        front.copy_from_slice(key);
    } else {
        let digest = D::digest(key);
        for (byte, hashed) in block.iter_mut().zip(digest.iter()) {
            *byte = *hashed;
        }
    }
    let keyed = <hmac::Hmac<D> as KeyInit>::new(&block);
    block.as_mut_slice().zeroize();
    keyed
}

/// The MAC of a message in parts.
pub(super) fn signed<M: Mac>(
    mut mac: M,
    first: &[u8],
    middle: &[&[u8]],
    last: &[u8],
) -> hmac::digest::Output<M> {
    mac.update(first);
    for part in middle {
        mac.update(part);
    }
    mac.update(last);
    mac.finalize().into_bytes()
}

/// The hash functions of the build.
pub(crate) fn hashes() -> Hashes {
    Hashes::new(hash)
}

/// One of them.
pub(crate) fn hash(algorithm: HashAlgorithm) -> Option<Arc<dyn Hash>> {
    match algorithm {
        HashAlgorithm::Sha256 => Some(Arc::new(Sha2::<Sha256>(algorithm, PhantomData))),
        #[cfg(feature = "aes256")]
        HashAlgorithm::Sha384 => Some(Arc::new(Sha2::<Sha384>(algorithm, PhantomData))),
        #[cfg(not(feature = "aes256"))]
        HashAlgorithm::Sha384 => None,
    }
}

struct Sha2<D>(HashAlgorithm, PhantomData<fn() -> D>);

struct Running<D>(D);

/// A MAC, which may be a secret: where it was made it is wiped.
fn made(mac: &mut [u8]) -> hash::Digest {
    let digest = hash::Digest::cut(mac);
    wipe(mac);
    digest
}

impl<D> Hash for Sha2<D>
where
    D: EagerHash + Digest + Clone + ZeroizeOnDrop + Send + 'static,
{
    fn algorithm(&self) -> HashAlgorithm {
        self.0
    }

    fn start(&self) -> Box<dyn HashContext> {
        Box::new(Running(D::new()))
    }

    fn hash(&self, data: &[u8]) -> hash::Digest {
        hash::Digest::cut(&D::digest(data))
    }

    fn hmac(&self, key: &[u8], first: &[u8], middle: &[&[u8]], last: &[u8]) -> hash::Digest {
        made(&mut signed(keyed::<D>(key), first, middle, last))
    }

    fn keyed(&self, key: &[u8], then: &mut dyn FnMut(&Keyed<'_>)) {
        let key = keyed::<D>(key);
        then(&|first, middle, last| made(&mut signed(key.clone(), first, middle, last)));
    }
}

impl<D: Digest + Clone + Send> HashContext for Running<D> {
    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    fn current(&self) -> hash::Digest {
        hash::Digest::cut(&self.0.clone().finalize())
    }

    fn finish(self: Box<Self>) -> hash::Digest {
        hash::Digest::cut(&self.0.finalize())
    }
}
