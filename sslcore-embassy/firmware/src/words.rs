//! What both programs say alike.

use alloc::string::{String, ToString};

use crate::semihosting::say;
use crate::{heap, stack};

/// An error in words.
#[cfg(feature = "texts")]
pub(crate) fn text(error: impl ToString) -> String {
    error.to_string()
}

#[cfg(not(feature = "texts"))]
pub(crate) fn text<E>(_: E) -> String {
    "an error".to_string()
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
