//! A flight of the server's that is not whole, of which nothing has left.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::failure::Failure;
use crate::handshake::tls13::flight::OpenRecord;
use crate::handshake::tls13::secrets::Handshake;
use crate::handshake::transcript::Transcript;
use crate::protocol::{SignatureScheme, SslCipher};
use crate::record::protection::Protection;

/// A flight up to our Certificate.
pub(super) struct Unsigned {
    pub(super) scheme: SignatureScheme,
    pub(super) begun: Begun,
}

/// A flight, and what goes on with it.
pub(super) struct Begun {
    pub(super) flight: Vec<u8>,
    pub(super) open: OpenRecord,
    pub(super) cipher: SslCipher,
    pub(super) transcript: Transcript,
    pub(super) secrets: Box<Handshake>,
    pub(super) protection: Protection,
}

impl Begun {
    /// Adds a message of ours. The record that it ends in stays open.
    pub(super) fn add(&mut self, message: &[u8]) -> Result<(), Failure> {
        self.transcript.add(message);
        self.open
            .add(message, &mut self.flight, &mut self.protection)
    }
}
