//! What a client of ours has offered: the measure of what a server may answer.

use alloc::vec::Vec;

use super::extension::Extensions;
use super::{Reader, Refusal, TLS12, TLS13, u16s};
use crate::handshake::extensions::number;
use crate::record::messages::MESSAGE_HEADER;

/// `TLS_EMPTY_RENEGOTIATION_INFO_SCSV`: no suite, but an extension in another place
/// (RFC 5746 §3.3).
const RENEGOTIATION_SCSV: u16 = 0x00ff;

/// What the last ClientHello of ours said.
#[derive(Debug, Default)]
pub(crate) struct Offer {
    session_id: Vec<u8>,
    suites: Vec<u16>,
    extensions: Vec<u16>,
    versions: Vec<u16>,
    groups: Vec<u16>,
    /// The groups that a key share was sent for.
    shares: Vec<u16>,
    /// Whether it answered a HelloRetryRequest.
    is_second: bool,
}

impl Offer {
    /// Reads a whole ClientHello; `before` is the offer of the one before it.
    ///
    /// # Errors
    /// None for a hello that an engine of ours has made.
    pub(crate) fn read(message: &[u8], before: Option<&Self>) -> Result<Self, Refusal> {
        const WHY: &str = "our own ClientHello is damaged";
        let mut reader = Reader::new(message, WHY);
        reader.take(MESSAGE_HEADER + 2 + 32)?;
        let mut offer = Self {
            session_id: reader.vector8()?.into(),
            suites: u16s(reader.vector16()?).collect(),
            versions: alloc::vec![TLS12],
            is_second: before.is_some(),
            ..Self::default()
        };
        reader.vector8()?;
        if reader.is_empty() {
            return Ok(offer);
        }
        for (number, content) in Extensions::of_whole(reader.vector16()?).iter() {
            offer.extensions.push(number);
            let mut reader = Reader::new(content, WHY);
            match number {
                number::SUPPORTED_VERSIONS => {
                    offer.versions = u16s(reader.vector8()?).collect();
                }
                number::SUPPORTED_GROUPS => offer.groups = u16s(reader.vector16()?).collect(),
                number::KEY_SHARE => {
                    let mut shares = Reader::new(reader.vector16()?, WHY);
                    while !shares.is_empty() {
                        offer.shares.push(shares.u16()?);
                        shares.vector16()?;
                    }
                }
                _ => {}
            }
        }
        Ok(offer)
    }

    /// Whether a server may answer this extension.
    pub(crate) fn has(&self, number: u16) -> bool {
        self.extensions.contains(&number)
            || number == number::RENEGOTIATION_INFO && self.suites.contains(&RENEGOTIATION_SCSV)
    }

    pub(crate) fn has_tls13(&self) -> bool {
        self.versions.contains(&TLS13)
    }

    pub(crate) fn has_tls12(&self) -> bool {
        self.versions.contains(&TLS12)
    }

    pub(crate) fn has_suite(&self, suite: u16) -> bool {
        suite != RENEGOTIATION_SCSV && self.suites.contains(&suite)
    }

    /// Whether it has this group, and no key share for it.
    pub(crate) fn could_share(&self, group: u16) -> bool {
        self.groups.contains(&group) && !self.shares.contains(&group)
    }

    /// Whether it has a key share for this group.
    #[cfg(feature = "engine")]
    pub(crate) fn shares(&self, group: u16) -> bool {
        self.shares.contains(&group)
    }

    pub(crate) fn session_id(&self) -> &[u8] {
        &self.session_id
    }

    pub(crate) const fn is_second(&self) -> bool {
        self.is_second
    }
}
