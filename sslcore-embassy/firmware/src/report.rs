//! Figures: what a role has cost.

use core::future::Future;
use core::pin::pin;

use crate::semihosting::say;
use crate::time;

/// What a future has cost.
#[derive(Clone, Copy, Default)]
pub(crate) struct Cost {
    /// Cycles in all its polls.
    pub(crate) cycles: u64,
    /// Cycles in its longest poll.
    pub(crate) longest: u64,
    /// Its polls.
    pub(crate) polls: u32,
}

/// Runs something, and adds what it costs.
pub(crate) fn measured<R>(cost: &mut Cost, run: impl FnOnce() -> R) -> R {
    let start = time::cycles();
    let outcome = run();
    let took = time::cycles() - start;
    cost.cycles += took;
    cost.longest = cost.longest.max(took);
    cost.polls += 1;
    outcome
}

/// Awaits a future, and counts what it costs.
pub(crate) async fn counted<F: Future>(future: F) -> (F::Output, Cost) {
    let mut future = pin!(future);
    let mut cost = Cost::default();
    let outcome =
        core::future::poll_fn(|cx| measured(&mut cost, || future.as_mut().poll(cx))).await;
    (outcome, cost)
}

#[cfg(feature = "server")]
/// Prints what one end of a handshake costs each time.
pub(crate) fn replayed(handshake: &str, end: &str, cost: Cost) {
    say!(
        "replayed {handshake}, {end}: {} cycles, longest {}, {} calls",
        cost.cycles,
        cost.longest,
        cost.polls
    );
}

/// Prints what something has cost, in words that a table is made from.
pub(crate) fn tell(what: &str, cost: Cost) {
    say!(
        "cost of {what}: {} cycles, longest {}, {} polls",
        cost.cycles,
        cost.longest,
        cost.polls
    );
}
