//! What the two halves of a socket share: the socket behind a lock, and waking each other.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sslcore::{Connection, Event, Instant, RequestId, ReviewId, ServerConfig, UsageError, Verdict};

use crate::alarm::Alarm;
use crate::drive::Driver;
use crate::link::Link;
use crate::poll::{Interest, park};
use crate::socket::SslSocket;
use crate::wait_error::WaitError;
use crate::waiter::{Round, Waiter};

/// A half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Read,
    Write,
}

/// What both halves of a split socket share. Every method takes a lock for as long as it runs and
/// returns at once; a half that waits is woken if what it waits for may have come.
pub struct SharedSocket {
    state: Mutex<State>,
    alarms: [Alarm; 2],
}

struct State {
    socket: SslSocket,
    /// What a sleeping half has seen; gone when it is awake, or was woken.
    asleep: [Option<Signs>; 2],
}

/// What a half acts upon. While this stays the same it can sleep on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Signs {
    interest: Interest,
    deadline: Option<Instant>,
    connecting: bool,
    question: bool,
    read_ended: bool,
    over: bool,
    /// For the reader: there is something for it.
    readable: bool,
    /// For the writer: what has not left yet.
    pending: usize,
}

impl Signs {
    fn of(driver: &mut Driver<Link>, side: Side) -> Self {
        Self {
            interest: driver.interest(),
            deadline: driver.deadline(),
            connecting: driver.is_connecting(),
            question: driver.question().is_some(),
            read_ended: driver.connection.read_end().is_some(),
            over: driver.is_disconnected(),
            readable: side == Side::Read && driver.readable().is_some(),
            pending: match side {
                Side::Read => 0,
                Side::Write => driver.pending(),
            },
        }
    }
}

impl SharedSocket {
    pub(crate) fn new(socket: SslSocket, alarms: [Alarm; 2]) -> Self {
        let asleep = [None; 2];
        Self {
            state: Mutex::new(State { socket, asleep }),
            alarms,
        }
    }

    pub(crate) fn into_socket(self) -> SslSocket {
        let state = self.state.into_inner();
        state.unwrap_or_else(PoisonError::into_inner).socket
    }

    /// A tap that panics leaves the connection as consistent as between two calls.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with the socket that does not block.
    pub(crate) fn with<R>(&self, act: impl FnOnce(&mut SslSocket) -> R) -> R {
        let mut state = self.lock();
        let outcome = act(&mut state.socket);
        self.rouse(&mut state);
        outcome
    }

    /// Wakes a sleeping half that has something to do now.
    fn rouse(&self, state: &mut State) {
        for side in [Side::Read, Side::Write] {
            let Some(seen) = state.asleep[side as usize] else {
                continue;
            };
            if Signs::of(&mut state.socket.driver, side) != seen {
                state.asleep[side as usize] = None;
                self.alarms[side as usize].ring();
            }
        }
    }

    /// Takes turns until `goal` has an outcome. The lock is free while it sleeps.
    pub(crate) fn wait<R>(
        &self,
        side: Side,
        timeout: Option<Duration>,
        mut goal: impl FnMut(&mut Driver<Link>) -> Option<Result<R, WaitError>>,
    ) -> Result<R, WaitError> {
        let mut state = self.lock();
        let mut waiter = Waiter::new(&state.socket.driver, timeout, None);
        loop {
            let round = waiter.round(&mut state.socket.driver, &mut goal);
            self.rouse(&mut state);
            match round {
                Round::Done(outcome) => return outcome,
                Round::Again => {}
                Round::Sleep(interest, time) => {
                    state = self.sleep(state, side, interest, time);
                }
            }
        }
    }

    fn sleep<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        side: Side,
        interest: Interest,
        time: Option<Duration>,
    ) -> MutexGuard<'a, State> {
        let (this, alarm) = (side as usize, &self.alarms[side as usize]);
        state.asleep[this] = Some(Signs::of(&mut state.socket.driver, side));
        let streams = state.socket.driver.transport.streams();
        drop(state);
        let parked = park(&streams, interest, Some(alarm.ear()), time);
        let mut state = self.lock();
        if state.asleep[this].take().is_none() {
            alarm.hush();
        }
        if let Err(error) = parked {
            state.socket.driver.lose(error);
        }
        state
    }

    pub(crate) fn write(&self, plaintext: &[u8], timeout: Option<Duration>) -> io::Result<usize> {
        let at_once = self.with(|socket| {
            let written = socket.driver.write(plaintext);
            socket.driver.nudge();
            written
        });
        match at_once {
            Some(written) => written,
            None => self.wait(Side::Write, timeout, |driver| {
                let written = driver.write(plaintext)?;
                driver.nudge();
                Some(Ok(written))
            })?,
        }
    }

    /// Looks at the connection: QSslSocket's getters, the open review, the request for a
    /// configuration. The other half waits meanwhile, so copy out what takes time.
    pub fn look<R>(&self, look: impl FnOnce(&Connection) -> R) -> R {
        look(self.lock().socket.connection())
    }

    /// As [`SslSocket::answer`].
    ///
    /// # Errors
    /// As there.
    pub fn answer(&self, id: ReviewId, verdict: Verdict<'_>) -> Result<(), UsageError> {
        self.with(|socket| socket.answer(id, verdict))
    }

    /// As [`SslSocket::provide_config`].
    ///
    /// # Errors
    /// As there.
    pub fn provide_config(&self, id: RequestId, config: &ServerConfig) -> Result<(), UsageError> {
        self.with(|socket| socket.provide_config(id, config))
    }

    /// As [`SslSocket::refuse_config`].
    ///
    /// # Errors
    /// As there.
    pub fn refuse_config(&self, id: RequestId) -> Result<(), UsageError> {
        self.with(|socket| socket.refuse_config(id))
    }

    /// As [`SslSocket::update_keys`].
    ///
    /// # Errors
    /// As there.
    pub fn update_keys(&self) -> Result<(), UsageError> {
        self.with(SslSocket::update_keys)
    }

    /// As [`SslSocket::discard_reads`].
    pub fn discard_reads(&self) {
        self.with(SslSocket::discard_reads);
    }

    /// As [`SslSocket::close`]; what the stream does not take now leaves while a half waits.
    pub fn close(&self) {
        self.with(SslSocket::close);
    }

    /// As [`SslSocket::cancel`]. A half that waits ends with
    /// [`ReadEnd::Canceled`](sslcore::ReadEnd::Canceled).
    pub fn cancel(&self) {
        self.with(SslSocket::cancel);
    }

    /// As [`SslSocket::set_peer_close_timeout`].
    pub fn set_peer_close_timeout(&self, timeout: Option<Duration>) {
        self.with(|socket| socket.set_peer_close_timeout(timeout));
    }

    /// As [`SslSocket::abort`]. A half that waits ends with
    /// [`ReadEnd::Aborted`](sslcore::ReadEnd::Aborted).
    pub fn abort(&self) {
        self.with(SslSocket::abort);
    }

    /// As [`SslSocket::poll_event`].
    pub fn poll_event(&self) -> Option<Event> {
        self.with(SslSocket::poll_event)
    }
}

impl std::fmt::Debug for SharedSocket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SharedSocket").finish_non_exhaustive()
    }
}
