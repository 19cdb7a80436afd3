//! A handshake that stands still until the application has signed it.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::handshaking::Handshaking;
use super::io::{Io, Stepped, Turn};
use super::question::Question;
use crate::alert::Alert;
use crate::event::SignatureId;
use crate::failure::{Failure, FailureKind};
use crate::identity::signature::Signature;
use crate::identity::signer::SignError;
use crate::texts::sentence;
use crate::time::Now;
use crate::usage::UsageError;

/// A handshake that waits for its signature: a server's before anything of its flight leaves, a client's
/// when the server is trusted.
pub(crate) struct Signing {
    pub(crate) handshaking: Box<Handshaking>,
    pub(super) question: Question<Answer>,
}

/// What the application said.
pub(super) enum Answer {
    /// As it is sent.
    Signature(Vec<u8>),
    Refused(SignError),
}

/// The engine has its signature.
pub(crate) struct Signed;

impl Signing {
    pub(crate) fn new(handshaking: Box<Handshaking>, id: SignatureId) -> Self {
        let timeouts = handshaking.role.terms().timeouts;
        Self {
            question: Question::new(id.0, timeouts.decision),
            handshaking,
        }
    }

    pub(super) fn step(&mut self, io: &mut Io, _: Now) -> Stepped<Signed> {
        if !cfg!(feature = "sign") {
            return Ok(Turn::Idle); // nobody is asked
        }
        match self.question.take_answer() {
            Some(Answer::Signature(signature)) => {
                self.handshaking.engine.provide_signature(signature);
                Ok(Turn::Leave(Signed))
            }
            Some(Answer::Refused(why)) => Err(Failure::new(
                FailureKind::SigningFailed,
                Alert::InternalError,
            )
            .because(sentence(why))),
            None => {
                // The end surfaces at once, whatever waits unprocessed (rule R1).
                io.ended()?;
                Ok(Turn::Idle)
            }
        }
    }

    pub(super) fn answer(
        &mut self,
        id: SignatureId,
        signature: Signature<'_>,
    ) -> Result<(), UsageError> {
        self.question.is_open(id.0)?;
        let asked = self.handshaking.engine.asks_for_signature();
        let key = asked.ok_or(UsageError::NoDecisionOpen)?.key;
        let encoded = signature.encode(key).map_err(UsageError::Signature)?;
        self.question.answer(Answer::Signature(encoded));
        Ok(())
    }

    pub(super) fn refuse(&mut self, id: SignatureId, why: SignError) -> Result<(), UsageError> {
        self.question.is_open(id.0)?;
        self.question.answer(Answer::Refused(why));
        Ok(())
    }
}
