//! A flight of the server's that is not whole, of which nothing has left.

use alloc::vec::Vec;

use crate::failure::Failure;
use crate::handshake::tls13::flight;
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
    pub(super) cipher: SslCipher,
    pub(super) transcript: Transcript,
    pub(super) secrets: Handshake,
    pub(super) protection: Protection,
}

impl Begun {
    /// Adds a message of ours, in records of at most so many bytes of plaintext.
    pub(super) fn seal(&mut self, message: &[u8], fragment: usize) -> Result<(), Failure> {
        self.transcript.add(message);
        flight::sealed(&mut self.flight, message, &mut self.protection, fragment)
    }
}
