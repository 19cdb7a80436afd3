//! ServerKeyExchange and ClientKeyExchange of TLS 1.2 with pre-shared keys (RFC 4279 §2, RFC 5489 §2,
//! RFC 8442).

use alloc::vec::Vec;

use super::writer::Writer;
use super::{Reader, Refusal};
use crate::record::messages::{MESSAGE_HEADER, kind};

/// `ECCurveType`: a curve by its number (RFC 8422 §5.4).
const NAMED_CURVE: u8 = 3;

/// What a server says: a hint for the client's choice, and its share where keys are exchanged.
pub(crate) struct ServerKeyExchange<'a> {
    pub(crate) hint: &'a [u8],
    pub(crate) share: Option<(u16, &'a [u8])>,
}

impl<'a> ServerKeyExchange<'a> {
    /// Reads a whole message, for a suite that exchanges keys or not.
    ///
    /// # Errors
    /// decode_error, and illegal_parameter for a curve without a number.
    pub(crate) fn read(message: &'a [u8], exchanges: bool) -> Result<Self, Refusal> {
        let mut reader = Reader::new(message, "the ServerKeyExchange is damaged");
        reader.take(MESSAGE_HEADER)?;
        let hint = reader.vector16()?;
        let share = match exchanges {
            false => None,
            true => {
                if reader.u8()? != NAMED_CURVE {
                    return Err(Refusal::illegal("a curve that has no number"));
                }
                let group = reader.u16()?;
                let share = reader.vector8()?;
                Some((group, reader.filled(share)?))
            }
        };
        reader.end()?;
        Ok(Self { hint, share })
    }

    /// `None` when the hint is too long.
    pub(crate) fn write(&self) -> Option<Vec<u8>> {
        Writer::message(kind::SERVER_KEY_EXCHANGE, |w| {
            w.vector16(|w| w.bytes(self.hint));
            if let Some((group, share)) = self.share {
                w.u8(NAMED_CURVE);
                w.u16(group);
                w.vector8(|w| w.bytes(share));
            }
        })
    }
}

/// What a client says: which key it has, and its share where keys are exchanged.
pub(crate) struct ClientKeyExchange<'a> {
    pub(crate) identity: &'a [u8],
    pub(crate) share: Option<&'a [u8]>,
}

impl<'a> ClientKeyExchange<'a> {
    /// Reads a whole message, for a suite that exchanges keys or not.
    ///
    /// # Errors
    /// decode_error.
    pub(crate) fn read(message: &'a [u8], exchanges: bool) -> Result<Self, Refusal> {
        let mut reader = Reader::new(message, "the ClientKeyExchange is damaged");
        reader.take(MESSAGE_HEADER)?;
        let identity = reader.vector16()?;
        let share = match exchanges {
            false => None,
            true => {
                let share = reader.vector8()?;
                Some(reader.filled(share)?)
            }
        };
        reader.end()?;
        Ok(Self { identity, share })
    }

    /// `None` when something is too long.
    pub(crate) fn write(&self) -> Option<Vec<u8>> {
        Writer::message(kind::CLIENT_KEY_EXCHANGE, |w| {
            w.vector16(|w| w.bytes(self.identity));
            if let Some(share) = self.share {
                w.vector8(|w| w.bytes(share));
            }
        })
    }
}
