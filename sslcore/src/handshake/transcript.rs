//! The hash of all messages of a handshake so far (RFC 8446 §4.4.1).

use alloc::boxed::Box;
use alloc::sync::Arc;

use super::wire::writer::Writer;
use crate::crypto::hash::{Digest, Hash, HashContext};

/// A running hash. It begins when the suite is known, with the messages that there were by then.
pub(crate) struct Transcript {
    hash: Arc<dyn Hash>,
    running: Box<dyn HashContext>,
}

/// The type of the message that stands for the first ClientHello.
const MESSAGE_HASH: u8 = 254;

impl Transcript {
    pub(crate) fn new(hash: Arc<dyn Hash>) -> Self {
        Self {
            running: hash.start(),
            hash,
        }
    }

    /// One that begins with a ClientHello which was answered with HelloRetryRequest.
    pub(crate) fn retried(hash: Arc<dyn Hash>, first_hello: &[u8]) -> Self {
        let digest = hash.hash(first_hello);
        let mut transcript = Self::new(hash);
        // A hash is never too long.
        if let Some(message) = Writer::message(MESSAGE_HASH, |w| w.bytes(digest.as_slice())) {
            transcript.add(&message);
        }
        transcript
    }

    /// A whole message, with its header.
    pub(crate) fn add(&mut self, message: &[u8]) {
        self.running.update(message);
    }

    /// The hash of what there was so far.
    pub(crate) fn current(&self) -> Digest {
        self.running.current()
    }

    pub(crate) fn hash(&self) -> &Arc<dyn Hash> {
        &self.hash
    }
}

#[cfg(all(test, feature = "ring"))]
mod tests;
