//! What the two halves of a socket share: the socket behind a lock, and waking each other.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sslcore::{
    Connection, Event, Instant, PreSharedKey, PskId, RequestId, ReviewId, ServerConfig, SignError,
    Signature, SignatureId, UsageError, Verdict,
};

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

/// The socket that the two halves of [`SslSocket::split`] share. Every method takes a lock while it
/// runs, and returns at once; a half that sleeps is woken if the outcome that it waits for may have
/// come.
///
/// ```
/// use std::io::{self, Read};
///
/// use sslcore_std::SslSocket;
///
/// /// Reads to the end; a third thread gives up when a person presses Enter.
/// fn read(socket: SslSocket) -> io::Result<Vec<u8>> {
///     let (mut read_half, write_half) = socket.split()?;
///     let shared = read_half.share();
///     std::thread::spawn(move || {
///         let _ = io::stdin().read_line(&mut String::new());
///         shared.cancel(); // a read that waits fails with ReadEnd::Canceled
///     });
///     let mut data = Vec::new();
///     read_half.read_to_end(&mut data)?;
///     println!("{:?}", write_half.socket().look(|it| it.close_report()));
///     while let Some(event) = read_half.socket().poll_event() {
///         println!("{event:?}");
///     }
///     Ok(data)
/// }
/// ```
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

    /// Calls `look` with the connection: QSslSocket's getters, the open review, the open
    /// requests. Both halves wait meanwhile, so copy out what takes time.
    pub fn look<R>(&self, look: impl FnOnce(&Connection) -> R) -> R {
        look(self.lock().socket.connection())
    }

    /// Answers the open review, as [`SslSocket::answer`] does.
    ///
    /// # Errors
    /// As for [`SslSocket::answer`].
    pub fn answer(&self, id: ReviewId, verdict: Verdict<'_>) -> Result<(), UsageError> {
        self.with(|socket| socket.answer(id, verdict))
    }

    /// Answers the open configuration request with a configuration, as
    /// [`SslSocket::provide_config`] does.
    ///
    /// # Errors
    /// As for [`SslSocket::provide_config`].
    pub fn provide_config(&self, id: RequestId, config: &ServerConfig) -> Result<(), UsageError> {
        self.with(|socket| socket.provide_config(id, config))
    }

    /// Refuses the open configuration request, as [`SslSocket::refuse_config`] does.
    ///
    /// # Errors
    /// As for [`SslSocket::refuse_config`].
    pub fn refuse_config(&self, id: RequestId) -> Result<(), UsageError> {
        self.with(|socket| socket.refuse_config(id))
    }

    /// Refuses the open configuration request with an alert of the application's choice, as
    /// [`SslSocket::refuse_config_with`] does.
    ///
    /// # Errors
    /// As for [`SslSocket::provide_config`].
    pub fn refuse_config_with(
        &self,
        id: RequestId,
        alert: sslcore::Alert,
    ) -> Result<(), UsageError> {
        self.with(|socket| socket.refuse_config_with(id, alert))
    }

    /// Answers the open request for pre-shared keys, as [`SslSocket::provide_psk`] does.
    ///
    /// # Errors
    /// As for [`SslSocket::provide_psk`].
    pub fn provide_psk(&self, id: PskId, keys: &[PreSharedKey]) -> Result<(), UsageError> {
        self.with(|socket| socket.provide_psk(id, keys))
    }

    /// Refuses the open request for pre-shared keys, as [`SslSocket::refuse_psk`] does.
    ///
    /// # Errors
    /// As for [`SslSocket::refuse_psk`].
    pub fn refuse_psk(&self, id: PskId) -> Result<(), UsageError> {
        self.with(|socket| socket.refuse_psk(id))
    }

    /// Answers the open request for a signature, as [`SslSocket::provide_signature`] does.
    ///
    /// # Errors
    /// As for [`SslSocket::provide_signature`].
    pub fn provide_signature(
        &self,
        id: SignatureId,
        signature: Signature<'_>,
    ) -> Result<(), UsageError> {
        self.with(|socket| socket.provide_signature(id, signature))
    }

    /// Refuses the open request for a signature, as [`SslSocket::refuse_signature`] does.
    ///
    /// # Errors
    /// As for [`SslSocket::refuse_signature`].
    pub fn refuse_signature(&self, id: SignatureId, why: SignError) -> Result<(), UsageError> {
        self.with(|socket| socket.refuse_signature(id, why))
    }

    /// Asks for new traffic keys in both directions, as [`SslSocket::update_keys`] does.
    ///
    /// # Errors
    /// As for [`SslSocket::update_keys`].
    pub fn update_keys(&self) -> Result<(), UsageError> {
        self.with(SslSocket::update_keys)
    }

    /// Throws away unread data, and from now on all data that arrives, as
    /// [`SslSocket::discard_reads`] does.
    pub fn discard_reads(&self) {
        self.with(SslSocket::discard_reads);
    }

    /// Starts a graceful close of the sending direction, as [`SslSocket::close`] does. Bytes that
    /// the stream does not take now leave while a half waits.
    pub fn close(&self) {
        self.with(SslSocket::close);
    }

    /// Ends both directions at once, and tells the peer, as [`SslSocket::cancel`] does. A half that
    /// waits fails with [`ReadEnd::Canceled`](sslcore::ReadEnd::Canceled).
    pub fn cancel(&self) {
        self.with(SslSocket::cancel);
    }

    /// Limits how long the peer may be silent after our close, as
    /// [`SslSocket::set_peer_close_timeout`] does.
    pub fn set_peer_close_timeout(&self, timeout: Option<Duration>) {
        self.with(|socket| socket.set_peer_close_timeout(timeout));
    }

    /// Ends the connection at once, and tells the peer nothing, as [`SslSocket::abort`] does. A
    /// half that waits fails with [`ReadEnd::Aborted`](sslcore::ReadEnd::Aborted).
    pub fn abort(&self) {
        self.with(SslSocket::abort);
    }

    /// The oldest event that was not asked for yet, as [`SslSocket::poll_event`] gives it.
    pub fn poll_event(&self) -> Option<Event> {
        self.with(SslSocket::poll_event)
    }
}

impl std::fmt::Debug for SharedSocket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SharedSocket").finish_non_exhaustive()
    }
}
