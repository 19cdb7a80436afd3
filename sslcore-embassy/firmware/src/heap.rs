//! The heap, and how much of it was needed.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::RefCell;
use core::mem::MaybeUninit;
use core::ptr::{NonNull, addr_of_mut, null_mut};

use critical_section::Mutex;
use linked_list_allocator::Heap;

/// Half a megabyte, of which all roles leave most.
const SIZE: usize = 512 * 1024;

static mut MEMORY: [MaybeUninit<u8>; SIZE] = [MaybeUninit::uninit(); SIZE];

struct Counting {
    heap: Heap,
    /// The most that may be in use.
    limit: usize,
    peak: usize,
    allocations: usize,
}

struct Allocator(Mutex<RefCell<Counting>>);

#[global_allocator]
static ALLOCATOR: Allocator = Allocator(Mutex::new(RefCell::new(Counting {
    heap: Heap::empty(),
    limit: SIZE,
    peak: 0,
    allocations: 0,
})));

impl Allocator {
    fn with<R>(&self, act: impl FnOnce(&mut Counting) -> R) -> R {
        critical_section::with(|section| act(&mut self.0.borrow_ref_mut(section)))
    }
}

// SAFETY: memory comes from a `Heap` behind a lock, which keeps the contract.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.with(|counting| {
            if counting.heap.used() + layout.size() > counting.limit {
                return null_mut();
            }
            let allocated = counting.heap.allocate_first_fit(layout);
            counting.peak = counting.peak.max(counting.heap.used());
            counting.allocations += 1;
            allocated.map_or(null_mut(), NonNull::as_ptr)
        })
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        if let Some(memory) = NonNull::new(memory) {
            // SAFETY: the caller has it from `alloc` with this layout.
            self.with(|counting| unsafe { counting.heap.deallocate(memory, layout) });
        }
    }
}

/// Gives the heap its memory: once, before anything is allocated.
pub(crate) fn init() {
    ALLOCATOR.with(|counting| {
        // SAFETY: nothing else uses this memory, which lives for ever, and this runs once.
        unsafe { counting.heap.init(addr_of_mut!(MEMORY).cast(), SIZE) }
    });
}

/// What the heap was used for.
#[derive(Clone, Copy)]
pub(crate) struct Use {
    /// Bytes in use now.
    pub(crate) now: usize,
    /// The most that were in use at one time.
    pub(crate) peak: usize,
    /// How often memory was asked for.
    pub(crate) allocations: usize,
}

/// How much of the heap is and was in use.
pub(crate) fn used() -> Use {
    ALLOCATOR.with(|counting| Use {
        now: counting.heap.used(),
        peak: counting.peak,
        allocations: counting.allocations,
    })
}

/// Counts anew: the peak is what is in use now.
pub(crate) fn forget_peak() {
    ALLOCATOR.with(|counting| {
        counting.peak = counting.heap.used();
        counting.allocations = 0;
    });
}

/// From now on, no more than so many bytes are to be had beside those in use.
pub(crate) fn limit(spare: usize) {
    ALLOCATOR.with(|counting| counting.limit = counting.heap.used().saturating_add(spare));
}
