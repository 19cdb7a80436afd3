//! SHA-2 and HMAC, as rustls asks for them.

use alloc::boxed::Box;
use core::marker::PhantomData;

use hmac::{EagerHash, Mac};
use rustls::crypto::hash::{Context, Hash, HashAlgorithm, Output};
use rustls::crypto::hmac::{Hmac, Key, Tag};
#[cfg(feature = "aes256")]
use sha2::Sha384;
use sha2::{Digest, Sha256};
use zeroize::ZeroizeOnDrop;

use crate::crypto::rustcrypto::hash::{keyed, signed};

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
