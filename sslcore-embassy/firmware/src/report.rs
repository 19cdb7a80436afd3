//! Figures: what a role has cost.

use core::future::Future;
use core::pin::pin;
use core::task::Poll;

use crate::semihosting::say;
use crate::{heap, stack, time};

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

/// Awaits a future, and counts what it costs.
pub(crate) async fn counted<F: Future>(future: F) -> (F::Output, Cost) {
    let mut future = pin!(future);
    let mut cost = Cost::default();
    let outcome = core::future::poll_fn(|cx| {
        let start = time::cycles();
        let polled = future.as_mut().poll(cx);
        let took = time::cycles() - start;
        cost.cycles += took;
        cost.longest = cost.longest.max(took);
        cost.polls += 1;
        match polled {
            Poll::Ready(outcome) => Poll::Ready(outcome),
            Poll::Pending => Poll::Pending,
        }
    })
    .await;
    (outcome, cost)
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

/// Prints what memory was needed so far.
pub(crate) fn memory() {
    let heap = heap::used();
    say!(
        "memory: stack {}, heap peak {}, heap now {}, allocations {}",
        stack::depth(),
        heap.peak,
        heap.now,
        heap.allocations
    );
}
