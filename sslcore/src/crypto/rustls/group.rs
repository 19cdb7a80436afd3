//! Our key exchanges, as rustls' groups.

use alloc::boxed::Box;
use core::fmt;

use rustls::crypto::{ActiveKeyExchange, CompletedKeyExchange, SharedSecret, SupportedKxGroup};
use rustls::ffdhe_groups::FfdheGroup;
use rustls::{Error, NamedGroup, PeerMisbehaved, ProtocolVersion};

use crate::crypto::kx::{KeyExchange, KeyPair, KxError};

/// A group for rustls.
pub(crate) struct Group<K>(pub(crate) K);

impl<K: KeyExchange> fmt::Debug for Group<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name().fmt(f)
    }
}

fn error(error: KxError) -> Error {
    match error {
        KxError::Share => PeerMisbehaved::InvalidKeyShare.into(),
        KxError::Random => Error::FailedToGetRandomBytes,
    }
}

impl<K: KeyExchange> SupportedKxGroup for Group<K> {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        let pair = self.0.generate().map_err(error)?;
        let group = self.name();
        Ok(Box::new(Pair { group, pair }))
    }

    fn start_and_complete(&self, share: &[u8]) -> Result<CompletedKeyExchange, Error> {
        let answer = self.0.answer(share).map_err(error)?;
        Ok(CompletedKeyExchange {
            group: self.name(),
            pub_key: answer.share,
            secret: SharedSecret::from(&answer.secret[..]),
        })
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        None
    }

    fn name(&self) -> NamedGroup {
        self.0.group().into()
    }

    /// A key exchange of TLS 1.2 has no shares that answer each other.
    fn usable_for_version(&self, version: ProtocolVersion) -> bool {
        version == ProtocolVersion::TLSv1_3 || !self.0.is_kem()
    }
}

struct Pair {
    group: NamedGroup,
    pair: Box<dyn KeyPair>,
}

impl ActiveKeyExchange for Pair {
    fn complete(self: Box<Self>, share: &[u8]) -> Result<SharedSecret, Error> {
        let secret = self.pair.agree(share).map_err(error)?;
        Ok(SharedSecret::from(&secret[..]))
    }

    /// Has rustls send the classical half as a share of its own, too, where that group is wanted.
    fn hybrid_component(&self) -> Option<(NamedGroup, &[u8])> {
        let (group, share) = self.pair.classical()?;
        Some((group.into(), share))
    }

    fn complete_hybrid_component(self: Box<Self>, share: &[u8]) -> Result<SharedSecret, Error> {
        let secret = self.pair.agree_classical(share).map_err(error)?;
        Ok(SharedSecret::from(&secret[..]))
    }

    fn pub_key(&self) -> &[u8] {
        self.pair.share()
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        None
    }

    fn group(&self) -> NamedGroup {
        self.group
    }
}
