//! SHA-2 and HMAC, in the shape of this crate and in the one that rustls asks for.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::marker::PhantomData;

use hmac::{EagerHash, KeyInit, Mac};
use rustls::crypto::hash::{Context, Hash, HashAlgorithm, Output};
use rustls::crypto::hmac::{Hmac, Key, Tag};
#[cfg(feature = "aes256")]
use sha2::Sha384;
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::crypto::hash::{self as own, HashAlgorithm as Algorithm, Hashes};

pub(crate) static SHA256: Sha2<Sha256> = Sha2::new(HashAlgorithm::SHA256);
#[cfg(feature = "aes256")]
pub(super) static SHA384: Sha2<Sha384> = Sha2::new(HashAlgorithm::SHA384);

pub(super) static HMAC_SHA256: HmacSha2<Sha256> = HmacSha2::new();
#[cfg(feature = "aes256")]
pub(super) static HMAC_SHA384: HmacSha2<Sha384> = HmacSha2::new();

pub(crate) struct Sha2<D> {
    algorithm: HashAlgorithm,
    digest: PhantomData<fn() -> D>,
}

impl<D> Sha2<D> {
    const fn new(algorithm: HashAlgorithm) -> Self {
        Self {
            algorithm,
            digest: PhantomData,
        }
    }
}

impl<D: Digest + Clone + Send + Sync + 'static> Hash for Sha2<D> {
    fn start(&self) -> Box<dyn Context> {
        Box::new(Running(D::new()))
    }

    fn hash(&self, data: &[u8]) -> Output {
        Output::new(&D::digest(data))
    }

    fn output_len(&self) -> usize {
        <D as Digest>::output_size()
    }

    fn algorithm(&self) -> HashAlgorithm {
        self.algorithm
    }
}

struct Running<D>(D);

impl<D: Digest + Clone + Send + Sync + 'static> Context for Running<D> {
    fn fork_finish(&self) -> Output {
        Output::new(&self.0.clone().finalize())
    }

    fn fork(&self) -> Box<dyn Context> {
        Box::new(Self(self.0.clone()))
    }

    fn finish(self: Box<Self>) -> Output {
        Output::new(&self.0.finalize())
    }

    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }
}

pub(super) struct HmacSha2<D>(PhantomData<fn() -> D>);

impl<D> HmacSha2<D> {
    const fn new() -> Self {
        Self(PhantomData)
    }
}

/// HMAC under a key of any length.
///
/// `hmac::Hmac` wipes its key by wiping the hash states in it; the bound has the compiler check that
/// the hash does.
fn keyed<D: EagerHash + Digest + ZeroizeOnDrop>(key: &[u8]) -> hmac::Hmac<D> {
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
fn signed<M: Mac>(
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

impl<D> Hmac for HmacSha2<D>
where
    D: EagerHash + Digest + ZeroizeOnDrop + 'static,
    hmac::Hmac<D>: Send + Sync,
{
    fn with_key(&self, key: &[u8]) -> Box<dyn Key> {
        Box::new(Keyed(keyed::<D>(key)))
    }

    fn hash_output_len(&self) -> usize {
        <D as Digest>::output_size()
    }
}

struct Keyed<M>(M);

impl<M: Mac + Clone + Send + Sync + 'static> Key for Keyed<M> {
    fn sign_concat(&self, first: &[u8], middle: &[&[u8]], last: &[u8]) -> Tag {
        Tag::new(&signed(self.0.clone(), first, middle, last))
    }

    fn tag_len(&self) -> usize {
        M::output_size()
    }
}

/// The hash functions of the build.
pub(crate) fn hashes() -> Hashes {
    Hashes::new(|algorithm| match algorithm {
        Algorithm::Sha256 => Some(Arc::new(Own::<Sha256>(algorithm, PhantomData))),
        #[cfg(feature = "aes256")]
        Algorithm::Sha384 => Some(Arc::new(Own::<Sha384>(algorithm, PhantomData))),
        #[cfg(not(feature = "aes256"))]
        Algorithm::Sha384 => None,
    })
}

/// SHA-2 in the shape of this crate.
struct Own<D>(Algorithm, PhantomData<fn() -> D>);

impl<D> own::Hash for Own<D>
where
    D: EagerHash + Digest + Clone + ZeroizeOnDrop + Send + 'static,
{
    fn algorithm(&self) -> Algorithm {
        self.0
    }

    fn start(&self) -> Box<dyn own::HashContext> {
        Box::new(Running(D::new()))
    }

    fn hash(&self, data: &[u8]) -> own::Digest {
        own::Digest::cut(&D::digest(data))
    }

    fn hmac(&self, key: &[u8], first: &[u8], middle: &[&[u8]], last: &[u8]) -> own::Digest {
        own::Digest::cut(&signed(keyed::<D>(key), first, middle, last))
    }
}

impl<D: Digest + Clone + Send> own::HashContext for Running<D> {
    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    fn current(&self) -> own::Digest {
        own::Digest::cut(&self.0.clone().finalize())
    }

    fn finish(self: Box<Self>) -> own::Digest {
        own::Digest::cut(&self.0.finalize())
    }
}
