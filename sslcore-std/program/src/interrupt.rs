//! Ctrl-C: the peer is told that somebody has given up, then the program ends as it would have
//! without that.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nobody has pressed Ctrl-C.
    Quiet,
    /// Somebody has, and the peer may still be told.
    Pending,
    /// It was told.
    Said,
}

static STATE: Mutex<State> = Mutex::new(State::Quiet);
static CHANGED: Condvar = Condvar::new();

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(unix)]
fn change(to: State) {
    *state() = to;
    CHANGED.notify_all();
}

/// Whether the program is about to end.
pub(crate) fn is_pending() -> bool {
    *state() != State::Quiet
}

/// Sleeps until the program is about to end, or `done` says that nobody cares any more.
pub(crate) fn wait(done: impl Fn() -> bool) -> bool {
    let quiet = |state: &mut State| *state == State::Quiet && !done();
    let state = CHANGED.wait_while(state(), quiet);
    *state.unwrap_or_else(PoisonError::into_inner) != State::Quiet
}

/// Lets those that [`wait`] ask again whether they are done.
pub(crate) fn wake() {
    // Whoever asks holds the lock until it sleeps.
    drop(state());
    CHANGED.notify_all();
}

#[cfg(unix)]
pub(crate) use self::signals::{end, watch};

#[cfg(unix)]
mod signals {
    use std::io;
    use std::sync::PoisonError;
    use std::time::Duration;

    use signal_hook::consts::SIGINT;
    use signal_hook::iterator::Signals;
    use signal_hook::low_level::emulate_default_handler;

    use super::{CHANGED, State, change, state};

    /// How long saying farewell may take.
    const TIME_TO_SAY_IT: Duration = Duration::from_millis(500);

    /// From now on Ctrl-C waits for the farewell; unless the parent has set it to be ignored.
    pub(crate) fn watch() -> io::Result<()> {
        if is_ignored() {
            return Ok(());
        }
        let mut signals = Signals::new([SIGINT])?;
        std::thread::spawn(move || {
            for signal in signals.forever() {
                change(State::Pending);
                let unsaid = |state: &mut State| *state == State::Pending;
                let waited = CHANGED.wait_timeout_while(state(), TIME_TO_SAY_IT, unsaid);
                drop(waited.unwrap_or_else(PoisonError::into_inner));
                let _ = emulate_default_handler(signal);
            }
        });
        Ok(())
    }

    /// Whether SIGINT is ignored, as in the background of a script: a handler would undo that.
    fn is_ignored() -> bool {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        mask.is_some_and(|mask| mask & (1 << (SIGINT - 1)) != 0)
    }

    /// The peer was told: the program may end.
    pub(crate) fn end() -> ! {
        change(State::Said);
        loop {
            std::thread::park();
        }
    }
}

#[cfg(not(unix))]
pub(crate) fn watch() -> std::io::Result<()> {
    Ok(())
}

/// Nothing is ever pending here.
#[cfg(not(unix))]
pub(crate) fn end() -> ! {
    std::process::exit(1)
}
