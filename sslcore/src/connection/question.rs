//! A question to the application, which may be answered any number of calls later.

use core::time::Duration;

use super::clock::Countdown;
use crate::time::Instant;
use crate::usage::UsageError;

/// An open question, and the answer once there is one: it is acted upon in the next step.
pub(crate) struct Question<Answer> {
    id: u32,
    clock: Countdown,
    answer: Option<Answer>,
}

impl<Answer> Question<Answer> {
    pub(super) fn new(id: u32, timeout: Option<Duration>) -> Self {
        Self {
            id,
            clock: Countdown::new(timeout),
            answer: None,
        }
    }

    /// The question's number, until it is answered.
    pub(super) fn open(&self) -> Option<u32> {
        self.answer.is_none().then_some(self.id)
    }

    /// Whether `id` names this question, and it was not answered.
    pub(super) fn is_open(&self, id: u32) -> Result<(), UsageError> {
        match self.open() == Some(id) {
            true => Ok(()),
            false => Err(UsageError::Stale),
        }
    }

    pub(super) fn answer(&mut self, answer: Answer) {
        self.answer = Some(answer);
    }

    pub(super) fn take_answer(&mut self) -> Option<Answer> {
        self.answer.take()
    }

    /// Lets its time run.
    pub(super) fn run(&mut self, now: Instant) {
        self.clock.run(now);
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.clock.deadline()
    }

    /// Whether nobody has answered in time.
    pub(super) fn has_expired(&self, now: Instant) -> bool {
        self.answer.is_none() && self.clock.has_expired(now)
    }
}
