//! NewSessionTicket (RFC 8446 §4.6.1, RFC 5077 §3.3): that of TLS 1.3 is read here whether anybody keeps
//! it or not.

use super::extension::Extensions;
use super::{Reader, Refusal};
use crate::handshake::extensions::{Place, number};
use crate::record::messages::MESSAGE_HEADER;

const DAMAGED: &str = "the NewSessionTicket is damaged";

/// Whether a whole message of TLS 1.2 has a ticket in it: a server that has none to give after all leaves
/// it empty (RFC 5077 §3.3).
pub(crate) fn is_there(message: &[u8]) -> bool {
    const LIFETIME_AND_LENGTH: usize = 4 + 2;
    message.len() > MESSAGE_HEADER + LIFETIME_AND_LENGTH
}

/// What a NewSessionTicket of TLS 1.3 says.
pub(crate) struct SessionTicket<'a> {
    /// In seconds.
    pub(crate) lifetime: u32,
    /// What is added to its age when it is told.
    #[cfg_attr(not(feature = "engine"), expect(dead_code, reason = "rustls reads it"))]
    pub(crate) age_add: u32,
    #[cfg_attr(not(feature = "engine"), expect(dead_code, reason = "rustls reads it"))]
    pub(crate) nonce: &'a [u8],
    #[cfg_attr(not(feature = "engine"), expect(dead_code, reason = "rustls reads it"))]
    pub(crate) ticket: &'a [u8],
}

impl<'a> SessionTicket<'a> {
    /// Reads the body of a message.
    pub(crate) fn read(body: &'a [u8]) -> Result<Self, Refusal> {
        let mut reader = Reader::new(body, DAMAGED);
        let lifetime = u32::from_be_bytes(*reader.array()?);
        let age_add = u32::from_be_bytes(*reader.array()?);
        let nonce = reader.vector8()?;
        let ticket = reader.vector16()?;
        let ticket = reader.filled(ticket)?;
        let extensions = Extensions::read(reader.vector16()?)?;
        reader.end()?;
        extensions.belong(Place::NewSessionTicket)?;
        match extensions.find(number::EARLY_DATA) {
            Some(content) if content.len() != 4 => Err(Refusal::decode(DAMAGED)),
            _ => Ok(Self {
                lifetime,
                age_add,
                nonce,
                ticket,
            }),
        }
    }
}
