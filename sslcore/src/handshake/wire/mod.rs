//! The codec of handshake messages: a reader over borrowed bytes, one type per message.
//!
//! Reading is total: every byte of a message is either understood, skipped by its length, or the
//! reason for a refusal with the alert that the RFC names (rule R17).

pub(crate) mod client_hello;
pub(crate) mod extension;
pub(crate) mod server_hello;

use crate::alert::Alert;
use crate::failure::{Failure, FailureKind};

/// Why a message is refused: the alert that the peer gets, and what is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) alert: Alert,
    pub(crate) why: &'static str,
}

impl Refusal {
    pub(crate) const fn new(alert: Alert, why: &'static str) -> Self {
        Self { alert, why }
    }

    pub(crate) const fn decode(why: &'static str) -> Self {
        Self::new(Alert::DecodeError, why)
    }

    pub(crate) const fn illegal(why: &'static str) -> Self {
        Self::new(Alert::IllegalParameter, why)
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

/// The 16-bit numbers of a vector that [`Reader::pairs`] has found whole.
pub(crate) fn u16s(bytes: &[u8]) -> impl Iterator<Item = u16> + use<'_> {
    bytes
        .chunks_exact(2)
        .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
}
