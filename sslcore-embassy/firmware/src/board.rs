//! What is on the board beside the core: the Ethernet controller.

use cortex_m::interrupt::InterruptNumber;
use cortex_m::peripheral::NVIC;
use cortex_m_rt::exception;
use lan9118::{Error, Frames, Interrupt, Lan9118, Register, Registers};
use static_cell::ConstStaticCell;

/// Where the controller is on the machines mps2-an385 and mps2-an386, and on mps2-an500.
const CONTROLLER: usize = if cfg!(feature = "mps2-an500") {
    0xa000_0000
} else {
    0x4020_0000
};
/// Its interrupt.
const LINE: Line = Line(13);
/// An address of our own (the second bit of the first byte).
const ADDRESS: [u8; 6] = [0x02, 0, 0, 0, 0, 1];

static INTERRUPT: Interrupt = Interrupt::new();

#[derive(Clone, Copy)]
struct Line(u16);

// SAFETY: the number of an interrupt that the board has, and always the same.
unsafe impl InterruptNumber for Line {
    fn number(self) -> u16 {
        self.0
    }
}

/// The controller's registers in memory.
#[derive(Debug)]
pub(crate) struct Memory;

impl Registers for Memory {
    fn read(&mut self, register: Register) -> u32 {
        let address = CONTROLLER + register as usize;
        // SAFETY: a register of the controller, which reads without effect on memory.
        unsafe { (address as *const u32).read_volatile() }
    }

    fn write(&mut self, register: Register, value: u32) {
        let address = CONTROLLER + register as usize;
        // SAFETY: a register of the controller, which reaches no memory of ours.
        unsafe { (address as *mut u32).write_volatile(value) }
    }
}

/// The Ethernet controller, started.
pub(crate) fn ethernet() -> Result<Lan9118<Memory>, Error> {
    static FRAMES: ConstStaticCell<Frames> = ConstStaticCell::new(Frames::new());
    let controller = Lan9118::start(Memory, &INTERRUPT, FRAMES.take(), ADDRESS)?;
    // SAFETY: its handler is there.
    unsafe { NVIC::unmask(LINE) };
    Ok(controller)
}

/// Every interrupt that has no name.
#[exception]
unsafe fn DefaultHandler(number: i16) {
    match number {
        13 => INTERRUPT.fire(&mut Memory),
        other => panic!("interrupt {other} has no handler"),
    }
}
