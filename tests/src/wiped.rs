//! An allocator that looks at what is given back: a secret must not be in it.
//!
//! A test program names it as its `#[global_allocator]`, and has one test alone.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

/// The system's allocator, watched.
pub struct Watched;

/// What is looked for: a leaked list of byte strings.
static SECRETS: AtomicPtr<Vec<Vec<u8>>> = AtomicPtr::new(std::ptr::null_mut());
/// In how many blocks it was.
static FOUND: AtomicUsize = AtomicUsize::new(0);

// SAFETY: it is System but for reading what it gives back, all of which was initialised: it comes
// from `alloc_zeroed`, and is not freed before it was read.
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }

    // Not reallocated in place, but copied: what stays behind counts.
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let secrets = SECRETS.load(Ordering::Acquire);
        if !secrets.is_null() {
            // SAFETY: `block` is this long, initialised, and nobody else's any more; `secrets` was
            // leaked.
            let (bytes, secrets) =
                unsafe { (std::slice::from_raw_parts(block, layout.size()), &*secrets) };
            if secrets.iter().any(|secret| contains(bytes, secret)) {
                FOUND.fetch_add(1, Ordering::Relaxed);
            }
        }
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(block, layout) }
    }
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|part| part == wanted)
}

/// Runs `work`, and counts the blocks in which it leaves one of these secrets behind.
pub fn left_behind(secrets: Vec<Vec<u8>>, work: impl FnOnce()) -> usize {
    let secrets = Box::into_raw(Box::new(secrets));
    FOUND.store(0, Ordering::Relaxed);
    SECRETS.store(secrets, Ordering::Release);
    work();
    SECRETS.store(std::ptr::null_mut(), Ordering::Release);
    FOUND.load(Ordering::Relaxed)
}
