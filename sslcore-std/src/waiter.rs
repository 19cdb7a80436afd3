//! The rounds of a wait, wherever it sleeps.

use std::time::Duration;

use sslcore::{Instant, ReadEnd};

use crate::drive::{Driver, Transport};
use crate::poll::Interest;
use crate::wait_error::WaitError;

/// One wait: turns until a goal has an outcome.
pub(crate) struct Waiter {
    until: Option<Instant>,
    quiet_since: Instant,
    /// How long to go on when only reading could help; `None`: somebody else reads.
    patience: Option<Duration>,
    /// Go on while a question is open.
    pub(crate) asking: bool,
}

/// What a round of waiting came to.
pub(crate) enum Round<T> {
    Done(Result<T, WaitError>),
    /// Something moved: another round.
    Again,
    /// Nothing to do until the transport is ready, or so much time has passed.
    Sleep(Interest, Option<Duration>),
}

impl Waiter {
    pub(crate) fn new<T: Transport>(
        driver: &Driver<T>,
        timeout: Option<Duration>,
        patience: Option<Duration>,
    ) -> Self {
        let now = driver.clock.instant();
        Self {
            until: timeout.map(|timeout| now.after(timeout)),
            quiet_since: now,
            patience,
            asking: false,
        }
    }

    pub(crate) fn round<T: Transport, R>(
        &mut self,
        driver: &mut Driver<T>,
        goal: &mut impl FnMut(&mut Driver<T>) -> Option<Result<R, WaitError>>,
    ) -> Round<R> {
        let moved = driver.turn();
        if let Some(outcome) = goal(driver) {
            return Round::Done(outcome);
        }
        if let Some(question) = driver.question().filter(|_| !self.asking) {
            return Round::Done(Err(question));
        }
        let now = driver.clock.instant();
        if self.until.is_some_and(|until| until <= now) {
            return Round::Done(Err(match driver.connection.failure() {
                Some(failure) => WaitError::Failed(failure.clone()),
                None => WaitError::Timeout,
            }));
        }
        if moved {
            self.quiet_since = now;
            return Round::Again;
        }
        let interest = driver.interest();
        let impatient = self.impatient(driver, interest);
        if impatient.is_some_and(|impatient| impatient <= now) {
            return Round::Done(Err(WaitError::ReadFirst {
                unread: driver.connection.bytes_available(),
            }));
        }
        let wake = [self.until, impatient, driver.deadline()]
            .into_iter()
            .flatten()
            .min();
        let nothing_can_come = wake.is_none() && !interest.read && !interest.write;
        if nothing_can_come && self.patience.is_some() {
            return Round::Done(Err(driver.end_error(ReadEnd::Empty)));
        }
        Round::Sleep(interest, wake.map(|wake| driver.clock.until(wake)))
    }

    /// When to say that reading comes first.
    fn impatient<T: Transport>(&self, driver: &Driver<T>, interest: Interest) -> Option<Instant> {
        let patience = self.patience?;
        if interest.read || driver.is_connecting() {
            return None;
        }
        if driver.read_ended() && (interest.write || !driver.awaits_reader()) {
            return None;
        }
        Some(match interest.write {
            true => self.quiet_since.after(patience),
            false => self.quiet_since,
        })
    }
}
