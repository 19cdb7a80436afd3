//! How deep the stack was.

use core::hint::black_box;
use core::ptr::addr_of;

/// What untouched memory holds.
const PATTERN: u32 = 0x5ac3_5ac3;
/// As far as is painted: more than is ever needed.
const DEPTH: usize = 128 * 1024;

unsafe extern "C" {
    /// Where the stack begins: the linker's script says so.
    static _stack_start: u32;
}

fn top() -> usize {
    addr_of!(_stack_start) as usize
}

/// Paints the stack below this function.
#[inline(never)]
pub(crate) fn paint() {
    let here = black_box(0_u32);
    let here = addr_of!(here) as usize - 256;
    let mut at = top() - DEPTH;
    while at < here {
        // SAFETY: memory below the stack's end that nothing uses.
        unsafe { (at as *mut u32).write_volatile(PATTERN) };
        at += 4;
    }
}

/// The most bytes of stack that were in use since it was painted.
pub(crate) fn depth() -> usize {
    let mut at = top() - DEPTH;
    // SAFETY: as above.
    while unsafe { (at as *const u32).read_volatile() } == PATTERN {
        at += 4;
    }
    top() - at
}
