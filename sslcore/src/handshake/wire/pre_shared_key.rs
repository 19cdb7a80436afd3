//! pre_shared_key (RFC 8446 §4.2.11), psk_key_exchange_modes (§4.2.9), and the identities of imported
//! keys (RFC 9258 §5.1).

use alloc::vec::Vec;

use super::{Reader, Refusal};
use crate::crypto::HashAlgorithm;
use crate::limits;

const DAMAGED: &str = "pre_shared_key is damaged";

/// What a client offers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct OfferedPsks<'a> {
    identities: &'a [u8],
    binders: &'a [u8],
    /// How many bytes the binders have at the end of the ClientHello, their length included: what they
    /// do not vouch for (RFC 8446 §4.2.11.2).
    pub(crate) truncated: usize,
}

impl<'a> OfferedPsks<'a> {
    /// Reads the extension's content.
    ///
    /// # Errors
    /// decode_error, and illegal_parameter when there are not as many binders as identities.
    pub(crate) fn read(content: &'a [u8]) -> Result<Self, Refusal> {
        let mut reader = Reader::new(content, DAMAGED);
        let identities = reader.vector16()?;
        let truncated = reader.left();
        let binders = reader.vector16()?;
        reader.end()?;
        let mut left = Reader::new(reader.filled(identities)?, DAMAGED);
        let mut named = 0;
        while !left.is_empty() {
            let identity = left.vector16()?;
            left.filled(identity)?;
            left.array::<4>()?;
            named += 1;
        }
        let mut left = Reader::new(reader.filled(binders)?, DAMAGED);
        let mut bound = 0;
        while !left.is_empty() {
            if left.vector8()?.len() < SHORTEST_BINDER {
                return Err(Refusal::decode("a binder has at least 32 bytes"));
            }
            bound += 1;
        }
        match named == bound {
            true => Ok(Self {
                identities,
                binders,
                truncated,
            }),
            false => Err(Refusal::illegal("not as many binders as identities")),
        }
    }

    /// The names of the keys.
    pub(crate) fn identities(&self) -> Identities<'a> {
        Identities::new(self.identities)
    }

    /// What proves that the client has the key that it names in this place.
    pub(crate) fn binder(&self, place: usize) -> Option<&'a [u8]> {
        let mut reader = Reader::new(self.binders, DAMAGED);
        let mut binders = core::iter::from_fn(|| reader.vector8().ok());
        binders.nth(place)
    }
}

/// RFC 8446 §4.2.11: `opaque PskBinderEntry<32..255>`.
const SHORTEST_BINDER: usize = 32;

/// The names of the first keys that a client offers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Identities<'a> {
    block: &'a [u8],
    left: usize,
}

impl<'a> Identities<'a> {
    /// Those in a block.
    pub(crate) const fn new(block: &'a [u8]) -> Self {
        Self {
            block,
            left: limits::OFFERED_IDENTITIES,
        }
    }

    /// A block with one, which is shorter than 65,536 bytes.
    pub(crate) fn one(identity: &[u8]) -> Vec<u8> {
        [&(identity.len() as u16).to_be_bytes(), identity, &[0; 4]].concat()
    }
}

impl<'a> Iterator for Identities<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        self.left = self.left.checked_sub(1)?;
        let mut reader = Reader::new(self.block, DAMAGED);
        let identity = reader.vector16().ok()?;
        reader.array::<4>().ok()?; // its age, which only tickets have
        let behind = self.block.len() - reader.left();
        self.block = self.block.get(behind..)?;
        Some(identity)
    }
}

/// How a pre-shared key is used (RFC 8446 §4.2.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Alone: without forward secrecy.
    PskKe = 0,
    /// With a key exchange.
    PskDheKe = 1,
}

/// The modes that a client takes, as its extension's content says.
///
/// # Errors
/// decode_error.
pub(crate) fn modes(content: &[u8]) -> Result<impl Fn(Mode) -> bool + use<'_>, Refusal> {
    let mut reader = Reader::new(content, "psk_key_exchange_modes is damaged");
    let modes = reader.vector8()?;
    let modes = reader.filled(modes)?;
    reader.end()?;
    Ok(move |mode| modes.contains(&(mode as u8)))
}

/// The key that a server has chosen, by its place among those offered.
///
/// # Errors
/// decode_error.
pub(crate) fn selected(content: &[u8]) -> Result<usize, Refusal> {
    let mut reader = Reader::new(content, DAMAGED);
    let place = reader.u16()?;
    reader.end()?;
    Ok(usize::from(place))
}

/// The identity of an imported key (RFC 9258 §5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Imported<'a> {
    pub(crate) identity: &'a [u8],
    pub(crate) context: &'a [u8],
    pub(crate) target: HashAlgorithm,
}

/// `ProtocolVersion target_protocol`: TLS 1.3.
const TARGET_PROTOCOL: [u8; 2] = super::TLS13.to_be_bytes();

/// IANA's number of an HKDF (RFC 9258 §10).
const fn kdf(hash: HashAlgorithm) -> [u8; 2] {
    match hash {
        HashAlgorithm::Sha256 => [0, 1],
        HashAlgorithm::Sha384 => [0, 2],
    }
}

impl<'a> Imported<'a> {
    /// What looks like one for TLS 1.3.
    pub(crate) fn read(identity: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(identity, "");
        let name = reader.vector16().ok()?;
        let context = reader.vector16().ok()?;
        let protocol = reader.array().ok()?;
        let number = reader.array().ok()?;
        reader.end().ok()?;
        let target = HashAlgorithm::ALL
            .into_iter()
            .find(|hash| kdf(*hash) == *number)?;
        (!name.is_empty() && *protocol == TARGET_PROTOCOL).then_some(Self {
            identity: name,
            context,
            target,
        })
    }

    /// As a client sends it. Name and context are shorter than 65,536 bytes.
    pub(crate) fn write(&self) -> Vec<u8> {
        let len = |part: &[u8]| (part.len() as u16).to_be_bytes();
        [
            &len(self.identity),
            self.identity,
            &len(self.context),
            self.context,
            &TARGET_PROTOCOL,
            &kdf(self.target),
        ]
        .concat()
    }
}
