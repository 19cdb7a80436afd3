//! ServerHello (RFC 8446 §4.1.3, RFC 5246 §7.4.1.3): what an engine does not tell of it.

use super::extension::{Extensions, number};
use super::{Reader, Refusal};
use crate::record::messages::MESSAGE_HEADER;

/// What says that a ServerHello is a HelloRetryRequest (RFC 8446 §4.1.3).
const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// The longest cookie that is repeated: beside it a ClientHello has a session ticket and names, and
/// all its extensions together have 65,535 bytes.
const COOKIE: usize = 16 * 1024;

/// What a ServerHello says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ServerHello {
    pub(crate) random: [u8; 32],
    /// Whether it answers in TLS 1.3, HelloRetryRequest included.
    pub(crate) is_tls13: bool,
    /// Whether the session has the extended master secret (RFC 7627 §5).
    pub(crate) extended_master_secret: bool,
}

impl ServerHello {
    /// Reads a whole message.
    ///
    /// # Errors
    /// decode_error, illegal_parameter for an extension that comes twice, and for a cookie that no
    /// ClientHello of ours has room to repeat.
    pub(crate) fn read(message: &[u8]) -> Result<Self, Refusal> {
        let mut reader = Reader::new(message, "the ServerHello is damaged");
        reader.take(MESSAGE_HEADER)?;
        reader.u16()?;
        let mut hello = Self {
            random: *reader.array()?,
            is_tls13: false,
            extended_master_secret: false,
        };
        reader.vector8()?;
        reader.take(3)?;
        if !reader.is_empty() {
            for (number, content) in Extensions::read(reader.vector16()?)?.iter() {
                match number {
                    number::COOKIE if content.len() > COOKIE => {
                        return Err(Refusal::illegal("a cookie of more than 16,384 bytes"));
                    }
                    number::SUPPORTED_VERSIONS => hello.is_tls13 = content == [3, 4],
                    number::EXTENDED_MASTER_SECRET => hello.extended_master_secret = true,
                    _ => {}
                }
            }
            reader.end()?;
        }
        Ok(hello)
    }

    /// Whether it asks for another ClientHello.
    pub(crate) fn is_retry(&self) -> bool {
        self.random == RETRY
    }
}
