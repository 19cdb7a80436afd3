//! What the program waits for, on the last line of a terminal, when that takes long.

use std::io::{Write, stderr};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a wait is nobody's concern, and how often a longer one is shown anew.
const LONG: Duration = Duration::from_secs(1);
/// The longest text: what does not fit into a line cannot be taken back.
const WIDTH: usize = 70;

/// Shows that something is waited for, until it is dropped: nothing is left of it then.
pub(crate) struct Progress(Option<Arc<Shared>>);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    what: String,
    since: Instant,
    /// How much of the line is written.
    shown: usize,
    over: bool,
}

impl Progress {
    /// Waits for `what` begin; they are shown if anybody is there to see.
    pub(crate) fn begin(what: &str, shown: bool) -> Self {
        if !shown {
            return Self(None);
        }
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                what: what.to_owned(),
                since: Instant::now(),
                shown: 0,
                over: false,
            }),
            changed: Condvar::new(),
        });
        let theirs = Arc::clone(&shared);
        // Without a thread there is nothing to see, and nothing else to lose.
        let spawned = std::thread::Builder::new().spawn(move || theirs.run());
        Self(spawned.is_ok().then_some(shared))
    }

    /// It is something else by now. For how long counts on.
    pub(crate) fn now(&self, what: &str) {
        if let Some(shared) = &self.0 {
            let mut state = shared.lock();
            if state.what != what {
                what.clone_into(&mut state.what);
            }
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(shared) = &self.0 {
            let mut state = shared.lock();
            state.over = true;
            state.erase();
            drop(state);
            shared.changed.notify_all();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let mut state = self.lock();
        while !state.over {
            let waited = self.changed.wait_timeout(state, LONG);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            if !state.over && state.since.elapsed() >= LONG {
                state.show();
            }
        }
    }
}

/// The terminal may be gone; nobody is left to tell then.
impl State {
    fn show(&mut self) {
        let seconds = self.since.elapsed().as_secs();
        let what: String = self.what.chars().take(WIDTH).collect();
        let text = format!("{what} ... {seconds} s");
        self.erase();
        let _ = stderr().write_all(text.as_bytes());
        self.shown = text.chars().count();
    }

    fn erase(&mut self) {
        if self.shown > 0 {
            let _ = write!(stderr(), "\r{:1$}\r", "", self.shown);
            self.shown = 0;
        }
    }
}
