//! The host's services for a program that is debugged: files, text, the command line, the end.
//!
//! QEMU offers them with `-semihosting-config enable=on,target=native` (Arm's Semihosting for AArch32 and
//! AArch64, 2023Q3).

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::arch::asm;
use core::fmt::{self, Write};

const OPEN: usize = 0x01;
const CLOSE: usize = 0x02;
const WRITE0: usize = 0x04;
const READ: usize = 0x06;
const FILE_LENGTH: usize = 0x0c;
const COMMAND_LINE: usize = 0x15;
const EXIT_EXTENDED: usize = 0x20;
/// ADP_Stopped_ApplicationExit.
const APPLICATION_EXIT: usize = 0x2_0026;
/// fopen's "rb".
const READ_BINARY: usize = 1;

/// Asks the host.
fn call(operation: usize, argument: *const usize) -> usize {
    let mut result = operation;
    // SAFETY: the host answers at this instruction, and reads or writes only what the operation's
    // argument block points to, which lives until then.
    unsafe {
        asm!("bkpt 0xab", inout("r0") result, in("r1") argument, options(nostack));
    }
    result
}

/// Ends the emulation with this exit status.
pub(crate) fn exit(status: u8) -> ! {
    let block = [APPLICATION_EXIT, status.into()];
    loop {
        call(EXIT_EXTENDED, block.as_ptr());
    }
}

/// The words after `-semihosting-config arg=`, separated by spaces.
pub(crate) fn command_line() -> String {
    let mut text = vec![0_u8; 1024];
    let mut block = [text.as_mut_ptr() as usize, text.len()];
    if call(COMMAND_LINE, block.as_mut_ptr()) != 0 {
        return String::new();
    }
    text.truncate(block[1]);
    text.retain(|byte| *byte != 0);
    String::from_utf8(text).unwrap_or_default()
}

/// A file of the host that is open.
pub(crate) struct File(usize);

impl File {
    /// Opens a file to read it.
    pub(crate) fn open(path: &str) -> Option<Self> {
        let mut name = Vec::from(path);
        name.push(0);
        let block = [name.as_ptr() as usize, READ_BINARY, path.len()];
        let handle = call(OPEN, block.as_ptr());
        (handle != usize::MAX).then_some(Self(handle))
    }

    /// Fills `out`, and says whether there was enough.
    pub(crate) fn read(&self, out: &mut [u8]) -> bool {
        let block = [self.0, out.as_mut_ptr() as usize, out.len()];
        call(READ, block.as_ptr()) == 0
    }

    fn len(&self) -> usize {
        call(FILE_LENGTH, [self.0].as_ptr())
    }
}

impl Drop for File {
    fn drop(&mut self) {
        call(CLOSE, [self.0].as_ptr());
    }
}

/// All of a file of the host.
pub(crate) fn read(path: &str) -> Option<Vec<u8>> {
    let file = File::open(path)?;
    let mut bytes = vec![0; file.len()];
    file.read(&mut bytes).then_some(bytes)
}

/// The host's console.
pub(crate) struct Console;

impl Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // In pieces that end with a zero byte.
        let mut piece = [0; 65];
        for bytes in text.as_bytes().chunks(64) {
            piece[..bytes.len()].copy_from_slice(bytes);
            piece[bytes.len()] = 0;
            call(WRITE0, piece.as_ptr().cast());
        }
        Ok(())
    }
}

/// Prints a line on the host's console.
macro_rules! say {
    ($($arguments:tt)*) => {{
        use core::fmt::Write;
        // The console takes everything.
        let _ = writeln!($crate::semihosting::Console, $($arguments)*);
    }};
}
pub(crate) use say;
