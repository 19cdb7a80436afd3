//! How far inputs have come: what a fuzzer's coverage does not tell.

use std::fmt;
use std::fs;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::watched::Watched;

static RUNS: AtomicU64 = AtomicU64::new(0);
static ANSWERED: AtomicU64 = AtomicU64::new(0);
static ENCRYPTED: AtomicU64 = AtomicU64::new(0);
static HEARD: AtomicU64 = AtomicU64::new(0);
static RENEWED: AtomicU64 = AtomicU64::new(0);
static SIGNED: AtomicU64 = AtomicU64::new(0);
static CLOSED: AtomicU64 = AtomicU64::new(0);

/// How many connections under test have come how far, in this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Depths {
    /// All of them.
    pub runs: u64,
    /// Those that have said something in TLS.
    pub answered: u64,
    /// Those whose handshake was complete.
    pub encrypted: u64,
    /// Those that have read data.
    pub heard: u64,
    /// Those whose keys were renewed.
    pub renewed: u64,
    /// Those whose application was asked for a signature.
    pub signed: u64,
    /// Those whose peer has closed in order.
    pub closed: u64,
}

impl Depths {
    /// What was counted so far.
    pub fn now() -> Self {
        Self {
            runs: RUNS.load(Relaxed),
            answered: ANSWERED.load(Relaxed),
            encrypted: ENCRYPTED.load(Relaxed),
            heard: HEARD.load(Relaxed),
            renewed: RENEWED.load(Relaxed),
            signed: SIGNED.load(Relaxed),
            closed: CLOSED.load(Relaxed),
        }
    }
}

impl fmt::Display for Depths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            runs,
            answered,
            encrypted,
            heard,
            renewed,
            signed,
            closed,
        } = self;
        write!(
            f,
            "runs {runs}, answered {answered}, encrypted {encrypted}, heard {heard}, renewed \
             {renewed}, signed {signed}, closed {closed}"
        )
    }
}

/// The file that this is written to, now and then: `SSLCORE_FUZZ_DEPTHS`.
fn file() -> Option<&'static str> {
    static FILE: OnceLock<Option<String>> = OnceLock::new();
    FILE.get_or_init(|| std::env::var("SSLCORE_FUZZ_DEPTHS").ok())
        .as_deref()
}

/// Counts a connection that has come to its end.
pub(crate) fn note(end: &Watched) {
    let runs = RUNS.fetch_add(1, Relaxed) + 1;
    for (counter, reached) in [
        (&ANSWERED, end.answered()),
        (&ENCRYPTED, end.was_encrypted()),
        (&HEARD, end.heard > 0),
        (&RENEWED, end.renewed),
        (&SIGNED, end.is_asked_to_sign),
        (&CLOSED, end.peer_closed),
    ] {
        counter.fetch_add(reached.into(), Relaxed);
    }
    if let (Some(file), true) = (file(), runs.is_multiple_of(256)) {
        _ = fs::write(file, format!("{}\n", Depths::now()));
    }
}
