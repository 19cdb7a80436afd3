//! The codec of handshake messages: a reader over borrowed bytes, one file per message.
//!
//! Reading is total: every byte of a message is either understood, skipped by its length, or the
//! reason for a refusal with the alert that the RFC names ([rule R17](crate::rules#r17)).

#[cfg(feature = "engine")]
pub(crate) mod alpn;
pub(crate) mod certificate;
pub(crate) mod certificate_request;
pub(crate) mod client_hello;
pub(crate) mod encrypted_extensions;
pub(crate) mod extension;
pub(crate) mod groups;
#[cfg(all(feature = "engine", feature = "tls12"))]
pub(crate) mod key_exchange;
pub(crate) mod offer;
pub(crate) mod pre_shared_key;
#[cfg(all(feature = "engine", any(feature = "client", feature = "server")))]
pub(crate) mod record_size;
pub(crate) mod server_hello;
pub(crate) mod session_ticket;
pub(crate) mod signed;
pub(crate) mod writer;

use alloc::collections::BinaryHeap;
use alloc::vec::Vec;

use crate::alert::Alert;
use crate::failure::{Failure, FailureKind};

pub(crate) const TLS12: u16 = 0x0303;
pub(crate) const TLS13: u16 = 0x0304;

/// Why a message is refused: the alert that the peer gets, and what is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) alert: Alert,
    pub(crate) why: &'static str,
}

impl Refusal {
    pub(crate) const fn new(alert: Alert, why: &'static str) -> Self {
        let why = if cfg!(feature = "texts") { why } else { "" };
        Self { alert, why }
    }

    pub(crate) const fn decode(why: &'static str) -> Self {
        Self::new(Alert::DecodeError, why)
    }

    pub(crate) const fn illegal(why: &'static str) -> Self {
        Self::new(Alert::IllegalParameter, why)
    }

    /// An answer to what was not offered (RFC 8446 §4.2).
    pub(crate) const fn unsolicited() -> Self {
        Self::new(
            Alert::UnsupportedExtension,
            "an extension that answers nothing that was offered",
        )
    }

    /// An extension that must be there is not (RFC 8446 §9.2).
    pub(crate) const fn missing(why: &'static str) -> Self {
        Self::new(Alert::MissingExtension, why)
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let kind = match refusal.alert {
            Alert::DecodeError => FailureKind::MalformedMessage,
            Alert::ProtocolVersion => FailureKind::Incompatible,
            Alert::UnexpectedMessage => FailureKind::UnexpectedMessage,
            _ => FailureKind::PeerMisbehaved,
        };
        Self::new(kind, refusal.alert).because(refusal.why)
    }
}

/// A cursor over borrowed bytes (the presentation language of RFC 8446 §3).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    /// What is being read, for the refusal.
    what: &'static str,
}

impl<'a> Reader<'a> {
    /// Reads `bytes`; `why` is what is wrong when they do not have the form expected.
    pub(crate) const fn new(bytes: &'a [u8], why: &'static str) -> Self {
        Self {
            rest: bytes,
            what: why,
        }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// How many bytes are left.
    pub(crate) const fn left(&self) -> usize {
        self.rest.len()
    }

    const fn refusal(&self) -> Refusal {
        Refusal::decode(self.what)
    }

    pub(crate) fn take(&mut self, n: usize) -> Result<&'a [u8], Refusal> {
        let (taken, rest) = self.rest.split_at_checked(n).ok_or(self.refusal())?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], Refusal> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(self.refusal())?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Refusal> {
        self.array().map(|[byte]| *byte)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Refusal> {
        self.array().map(|bytes| u16::from_be_bytes(*bytes))
    }

    /// `opaque<0..2^8-1>`.
    pub(crate) fn vector8(&mut self) -> Result<&'a [u8], Refusal> {
        let len = self.u8()?;
        self.take(usize::from(len))
    }

    /// `opaque<0..2^16-1>`.
    pub(crate) fn vector16(&mut self) -> Result<&'a [u8], Refusal> {
        let len = self.u16()?;
        self.take(usize::from(len))
    }

    /// `opaque<0..2^24-1>`.
    pub(crate) fn vector24(&mut self) -> Result<&'a [u8], Refusal> {
        let [high, middle, low] = *self.array()?;
        let len = u32::from_be_bytes([0, high, middle, low]);
        self.take(usize::try_from(len).unwrap_or(usize::MAX))
    }

    /// A vector that is not empty.
    pub(crate) fn filled(&self, vector: &'a [u8]) -> Result<&'a [u8], Refusal> {
        match vector {
            [] => Err(self.refusal()),
            vector => Ok(vector),
        }
    }

    /// A vector of 16-bit numbers, not empty.
    pub(crate) fn pairs(&self, vector: &'a [u8]) -> Result<&'a [u8], Refusal> {
        match vector.len() % 2 {
            0 => self.filled(vector),
            _ => Err(self.refusal()),
        }
    }

    /// Nothing may be left.
    pub(crate) fn end(self) -> Result<(), Refusal> {
        match self.rest {
            [] => Ok(()),
            _ => Err(self.refusal()),
        }
    }
}

/// Checks renegotiation_info in a first handshake: nothing is renegotiated (RFC 5746 §3.4, §3.6).
fn check_initial(content: &[u8]) -> Result<(), Refusal> {
    let mut reader = Reader::new(content, "renegotiation_info is damaged");
    let verified = reader.vector8()?;
    reader.end()?;
    match verified {
        [] => Ok(()),
        _ => Err(Refusal::new(
            Alert::HandshakeFailure,
            "renegotiation_info in a first handshake is not empty",
        )),
    }
}

/// In order, in a time that no peer can make long, by a heap: what else sorts is 2 KB of program.
pub(crate) fn sorted<T: Ord>(items: Vec<T>) -> Vec<T> {
    BinaryHeap::from(items).into_sorted_vec()
}

/// Whether one of `numbers` is there twice.
pub(crate) fn have_twins(numbers: Vec<u16>) -> bool {
    sorted(numbers).windows(2).any(|pair| pair[0] == pair[1])
}

/// The 16-bit numbers of a vector that [`Reader::pairs`] has found whole.
pub(crate) fn u16s(bytes: &[u8]) -> impl Iterator<Item = u16> + use<'_> {
    bytes
        .chunks_exact(2)
        .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
}

#[cfg(test)]
mod tests;
