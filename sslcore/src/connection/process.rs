//! One step of the machine: one record's work ([rule R9](crate::rules#r9)).

use alloc::boxed::Box;

use super::Connection;
use super::handshaking::Handshaking;
use super::hello::{AwaitingHello, Choosing, Greeting};
use super::io::{Io, Outbound, Stepped, Turn};
use super::judging::{Held, Judging};
use super::keying::Keying;
use super::progress::Progress;
use super::signing::Signing;
use crate::failure::Failure;
use crate::state::{Leaving, Phase};
use crate::time::Now;

impl Connection {
    /// Does the work of one record, and says whether there is more: opens one, seals one, or checks one
    /// signature of the peer's chain. During a handshake by [`Engine::Own`](crate::Engine::Own) one call costs
    /// one public-key operation at most; of a hybrid group that [`Backend::custom`](crate::crypto::Backend::custom)
    /// brings, as many as that makes at once. By [`Engine::Rustls`](crate::Engine::Rustls) it may cost several: for a TLS 1.3 server's ClientHello, key
    /// generation, agreement and signature; for a TLS 1.2 client's server flight, verification, generation,
    /// agreement, and its own signature.
    ///
    /// `now` is the time for the timeouts and for the dates of certificates.
    ///
    /// ```
    /// # use sslcore::{Connection, Now, Progress};
    /// /// Works as long as there is work, or until `enough`.
    /// fn work(conn: &mut Connection, now: Now, mut enough: impl FnMut() -> bool) {
    ///     while !enough() {
    ///         match conn.process(now) {
    ///             Progress::Again => {}
    ///             Progress::DrainEvents => {
    ///                 while let Some(event) = conn.poll_event() {
    ///                     println!("{event:?}");
    ///                 }
    ///             }
    ///             Progress::Idle => break,
    ///         }
    ///     }
    /// }
    /// ```
    pub fn process(&mut self, now: Now) -> Progress {
        if !self.io.events.has_room() {
            return Progress::DrainEvents;
        }
        self.io.now = now.monotonic;
        let timed = self.is_timed();
        if timed {
            self.run_clocks();
        }
        let expired = if timed { self.expired() } else { None };
        let step = match expired {
            Some(failure) => Err(failure),
            None => self.step(now),
        };
        let worked = match step {
            Ok(worked) => worked,
            Err(failure) => {
                self.fail(failure);
                true
            }
        };
        self.settle();
        if timed || self.is_timed() {
            self.run_clocks();
        }
        if worked {
            Progress::Again
        } else {
            Progress::Idle
        }
    }

    fn step(&mut self, now: Now) -> Result<bool, Failure> {
        let closing = self.io.outbound() == Outbound::Closing;
        if closing && self.phase.is_handshaking() && self.phase.queued() == 0 {
            self.cancel();
            return Ok(true);
        }
        let io = &mut self.io;
        // Most of a connection's steps by far: it is not worth moving, since nothing but the end
        // leads out of it.
        if let Phase::Traffic(it) = &mut self.phase {
            return it.step(io, now);
        }
        let (phase, step) = match self.phase.take() {
            Phase::Plain(mut it) => {
                let step = it.step(io);
                (Phase::Plain(it), step)
            }
            Phase::Greeting(it) => {
                let step = Greeting::step;
                turn(it, step, Phase::Greeting, Leaving::Greeting, io, now)
            }
            Phase::AwaitingHello(it) => {
                let step = AwaitingHello::step;
                turn(
                    it,
                    step,
                    Phase::AwaitingHello,
                    Leaving::AwaitingHello,
                    io,
                    now,
                )
            }
            Phase::Choosing(it) => {
                let step = Choosing::step;
                turn(it, step, Phase::Choosing, Leaving::Choosing, io, now)
            }
            Phase::Handshaking(it) => {
                let step = Handshaking::step;
                turn(it, step, Phase::Handshaking, Leaving::Handshaking, io, now)
            }
            Phase::Judging(it) => {
                let step = Judging::step;
                turn(it, step, Phase::Judging, Leaving::Judging, io, now)
            }
            Phase::Held(it) => {
                let step = Held::step;
                turn(it, step, Phase::Held, Leaving::Held, io, now)
            }
            Phase::Signing(it) => {
                let step = Signing::step;
                turn(it, step, Phase::Signing, Leaving::Signing, io, now)
            }
            Phase::Keying(it) => {
                let step = Keying::step;
                turn(it, step, Phase::Keying, Leaving::Keying, io, now)
            }
            Phase::Traffic(mut it) => {
                let step = it.step(io, now);
                (Phase::Traffic(it), step)
            }
            Phase::Over(it) => (Phase::Over(it), Ok(false)),
        };
        self.phase = phase;
        step
    }
}

/// One step of a phase, and the phase after it: the same, or what the table says.
fn turn<Data, Cause>(
    mut phase: Box<Data>,
    step: fn(&mut Data, &mut Io, Now) -> Stepped<Cause>,
    stay: fn(Box<Data>) -> Phase,
    leave: fn(Box<Data>, Cause) -> Leaving,
    io: &mut Io,
    now: Now,
) -> (Phase, Result<bool, Failure>) {
    match step(&mut phase, io, now) {
        Ok(Turn::Idle) => (stay(phase), Ok(false)),
        Ok(Turn::Worked) => (stay(phase), Ok(true)),
        Ok(Turn::Leave(cause)) => (leave(phase, cause).next(io), Ok(true)),
        Err(failure) => (stay(phase), Err(failure)),
    }
}
