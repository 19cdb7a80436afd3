//! A connection once more, for tests.

use alloc::boxed::Box;

use super::Connection;
use super::plain::Plain;
use crate::state::Phase;
use crate::usage::{NoSnapshot, UsageError};

impl Connection {
    /// What [`snapshot`](crate::testing::snapshot) gives.
    pub(crate) fn copied(&self) -> Result<Self, UsageError> {
        if self.phase.is_handshaking() {
            return Err(UsageError::NoSnapshot(NoSnapshot::Handshaking));
        }
        let config = self.io.known.config.as_ref();
        if config.is_some_and(|config| config.backend().keyless_aead().is_none()) {
            return Err(UsageError::NoSnapshot(NoSnapshot::RealKeys));
        }
        if self.io.transmit.is_out() {
            return Err(UsageError::NoSnapshot(NoSnapshot::HandedOver));
        }
        let io = self.io.copied();
        let io = io.ok_or(UsageError::NoSnapshot(NoSnapshot::LentBuffers))?;
        let phase = match &self.phase {
            Phase::Plain(_) => Some(Phase::Plain(Plain)),
            Phase::Over(over) => Some(Phase::Over(over.clone())),
            Phase::Traffic(it) => it.copied().map(|it| Phase::Traffic(Box::new(it))),
            _ => None,
        };
        let phase = phase.ok_or(UsageError::NoSnapshot(NoSnapshot::KeepsTickets))?;
        Ok(Self { phase, io })
    }
}
