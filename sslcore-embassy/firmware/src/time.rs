//! Time by the core's own timer: a tick is a millisecond.

use core::cell::{Cell, RefCell};
use core::task::Waker;

use cortex_m::peripheral::syst::SystClkSource;
use cortex_m::peripheral::{SCB, SYST};
use cortex_m_rt::exception;
use critical_section::Mutex;
use embassy_time_driver::Driver;
use embassy_time_queue_utils::Queue;

/// The core's clock, in ticks of a millisecond.
const CYCLES: u32 = 25_000;

struct Timer {
    now: Mutex<Cell<u64>>,
    queue: Mutex<RefCell<Queue>>,
}

embassy_time_driver::time_driver_impl!(static TIMER: Timer = Timer {
    now: Mutex::new(Cell::new(0)),
    queue: Mutex::new(RefCell::new(Queue::new())),
});

impl Driver for Timer {
    fn now(&self) -> u64 {
        critical_section::with(|section| self.now.borrow(section).get())
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        critical_section::with(|section| {
            let mut queue = self.queue.borrow_ref_mut(section);
            queue.schedule_wake(at, waker);
            // What is due now is not put off to the next tick.
            queue.next_expiration(self.now.borrow(section).get());
        });
    }
}

#[exception]
fn SysTick() {
    critical_section::with(|section| {
        let now = TIMER.now.borrow(section).get() + 1;
        TIMER.now.borrow(section).set(now);
        TIMER.queue.borrow_ref_mut(section).next_expiration(now);
    });
}

/// Starts the timer.
pub(crate) fn start(mut timer: SYST) {
    timer.set_clock_source(SystClkSource::Core);
    timer.set_reload(CYCLES - 1);
    timer.clear_current();
    timer.enable_counter();
    timer.enable_interrupt();
}

/// Cycles since the start.
pub(crate) fn cycles() -> u64 {
    critical_section::with(|section| {
        let now = TIMER.now.borrow(section).get();
        let before = SYST::get_current();
        // A tick that nobody has counted yet: the timer has begun anew behind it.
        let (pending, left) = match SCB::is_pendst_pending() {
            true => (1, SYST::get_current()),
            false => (0, before),
        };
        (now + pending) * u64::from(CYCLES) + u64::from(CYCLES - 1 - left.min(CYCLES - 1))
    })
}
