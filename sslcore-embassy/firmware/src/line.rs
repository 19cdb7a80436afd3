//! The first UART of the board, polled: the CMSDK APB UART (Arm DDI 0479D, §4.3).

/// Where it is on mps2-an385, an386 and an500.
const UART: usize = 0x4000_4000;

/// Its registers.
#[derive(Clone, Copy)]
enum Register {
    Data = 0x00,
    State = 0x04,
    Control = 0x08,
    Divider = 0x10,
}

/// In `State`: what was written has not left.
const SENDING: u32 = 1;
/// In `State`: a byte has come.
const ARRIVED: u32 = 1 << 1;
/// In `Control`.
const TRANSMITTER: u32 = 1;
const RECEIVER: u32 = 1 << 1;
/// The least that there may be: as fast as it goes.
const FASTEST: u32 = 16;
/// How often it looks for a byte behind the last one.
const PATIENCE: u32 = 200;

/// The line to the peer. Nothing holds a peer back that is too fast; here QEMU does.
pub(crate) struct Line(());

impl Line {
    /// Starts it. There is one.
    pub(crate) fn start() -> Self {
        write(Register::Divider, FASTEST);
        write(Register::Control, TRANSMITTER | RECEIVER);
        Self(())
    }

    /// Sends what there is room for: at least a byte.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> usize {
        for byte in bytes {
            while read(Register::State) & SENDING != 0 {}
            write(Register::Data, (*byte).into());
        }
        bytes.len()
    }

    /// Takes what has come, and says how much: it may be nothing.
    pub(crate) fn read(&mut self, room: &mut [u8]) -> usize {
        let mut len = 0;
        for byte in room {
            let mut patience = PATIENCE;
            while read(Register::State) & ARRIVED == 0 {
                patience -= 1;
                if patience == 0 {
                    return len;
                }
            }
            *byte = read(Register::Data) as u8;
            len += 1;
        }
        len
    }
}

fn read(register: Register) -> u32 {
    // SAFETY: a register of the UART, which reads without effect on memory.
    unsafe { ((UART + register as usize) as *const u32).read_volatile() }
}

fn write(register: Register, value: u32) {
    // SAFETY: a register of the UART, which reaches no memory of ours.
    unsafe { ((UART + register as usize) as *mut u32).write_volatile(value) }
}
