//! An allocator without memory, when a test wants it so.
//!
//! A test program names it as its `#[global_allocator]`.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator, which refuses where [`without_memory`] or [`with_memory_for`] says.
pub struct Scarce;

thread_local! {
    /// How many allocations succeed yet; `None` is any number.
    static LEFT: Cell<Option<usize>> = const { Cell::new(None) };
    /// How many have succeeded since that was said.
    static DONE: Cell<usize> = const { Cell::new(0) };
}

/// Whether there is memory for one more.
fn is_left() -> bool {
    // The thread may be ending: then nobody asks any more.
    let left = LEFT.try_with(Cell::get).unwrap_or(None);
    let _ = DONE.try_with(|done| done.set(done.get() + 1));
    match left {
        None => true,
        Some(0) => false,
        Some(n) => {
            LEFT.set(Some(n - 1));
            true
        }
    }
}

// SAFETY: it is System, but for answering null, which an allocator may always do.
unsafe impl GlobalAlloc for Scarce {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match is_left() {
            // SAFETY: the caller's promise.
            true => unsafe { System.alloc(layout) },
            false => std::ptr::null_mut(),
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, len: usize) -> *mut u8 {
        match is_left() {
            // SAFETY: the caller's promise.
            true => unsafe { System.realloc(block, layout, len) },
            false => std::ptr::null_mut(),
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(block, layout) }
    }
}

/// Works on this thread while every allocation fails. One that cannot fail ends the program.
pub fn without_memory<T>(work: impl FnOnce() -> T) -> T {
    with_memory_for(0, work).0
}

/// Works on this thread while there is memory for so many allocations and no more. Says how many there
/// were.
pub fn with_memory_for<T>(allocations: usize, work: impl FnOnce() -> T) -> (T, usize) {
    DONE.set(0);
    LEFT.set(Some(allocations));
    let outcome = work();
    LEFT.set(None);
    (outcome, DONE.get())
}
