//! A handshake that stands still until the application has given pre-shared keys.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::handshaking::Handshaking;
use super::io::{Io, Stepped, Turn};
use super::question::Question;
use crate::event::PskId;
use crate::identity::pre_shared_key::PreSharedKey;
use crate::time::Now;
use crate::usage::UsageError;

/// A handshake that waits for keys: a client's before its hello, a server's after it.
pub(crate) struct Keying {
    pub(crate) handshaking: Box<Handshaking>,
    /// Without keys, the answer is that there is none.
    pub(super) question: Question<Vec<PreSharedKey>>,
}

/// The engine has its answer.
pub(crate) struct Provided;

impl Keying {
    pub(crate) fn new(handshaking: Box<Handshaking>, id: PskId) -> Self {
        let timeouts = handshaking.role.terms().timeouts;
        Self {
            question: Question::new(id.0, timeouts.decision),
            handshaking,
        }
    }

    pub(super) fn step(&mut self, io: &mut Io, _: Now) -> Stepped<Provided> {
        match self.question.take_answer() {
            Some(keys) => {
                self.handshaking.engine.provide_keys(&keys)?;
                Ok(Turn::Leave(Provided))
            }
            None => {
                // The end surfaces at once, whatever waits unprocessed (rule R1).
                io.ended()?;
                Ok(Turn::Idle)
            }
        }
    }

    /// The application's keys.
    pub(super) fn answer(&mut self, id: PskId, keys: &[PreSharedKey]) -> Result<(), UsageError> {
        self.question.is_open(id.0)?;
        let rules = self.handshaking.engine.key_rules();
        let checked = rules.map_or(Ok(()), |rules| rules.check(keys));
        checked.map_err(|(index, why)| UsageError::PreSharedKey { index, why })?;
        self.question.answer(keys.into());
        Ok(())
    }
}
