//! The Ethernet controller LAN9118 of Microchip, as a driver for embassy-net.
//!
//! The controller is a bus device with two FIFOs. [`Registers`] is how to reach it: memory on a board, a
//! model in the tests.
#![no_std]
#![forbid(unsafe_code)]

mod registers;

use core::fmt;
use core::task::Context;

use embassy_net_driver::{Capabilities, Driver, HardwareAddress, LinkState, RxToken, TxToken};
use embassy_sync::waitqueue::AtomicWaker;

pub use crate::registers::Register;

/// The largest frame, without its checksum: 1500 bytes of payload and 14 of header.
pub const FRAME: usize = 1514;
/// The checksum behind a received frame.
const CHECKSUM: usize = 4;
/// Frames that wait in the controller while nobody takes them: its FIFO for data has 10,560 bytes after a
/// reset, and TCP asks its peer for no more than that at a time.
const BURST: usize = 6;
/// The tries to see a bit change. The controller needs microseconds.
const PATIENCE: u32 = 1_000_000;

/// Access to the controller's registers.
pub trait Registers {
    /// Reads a register.
    fn read(&mut self, register: Register) -> u32;
    /// Writes a register.
    fn write(&mut self, register: Register, value: u32);
}

/// Why the controller cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Something else answers at this address, with this in place of the test pattern.
    NotThere(u32),
    /// The controller does not come to an end of what it was told.
    Stuck,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotThere(pattern) => write!(f, "no LAN9118 there: its test reads {pattern:#x}"),
            Self::Stuck => f.write_str("the LAN9118 does not answer"),
        }
    }
}

impl core::error::Error for Error {}

/// Frames that were received and not handed on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    /// The controller had marked them as damaged.
    pub damaged: u32,
    /// They were shorter or longer than a frame can be.
    pub misfit: u32,
}

/// Room for one frame in each direction.
#[derive(Debug)]
pub struct Frames {
    received: [u8; FRAME],
    sending: [u8; FRAME],
}

impl Frames {
    /// Room that holds nothing.
    pub const fn new() -> Self {
        Self {
            received: [0; FRAME],
            sending: [0; FRAME],
        }
    }
}

impl Default for Frames {
    fn default() -> Self {
        Self::new()
    }
}

/// The controller.
pub struct Lan9118<R> {
    registers: R,
    interrupt: &'static Interrupt,
    address: [u8; 6],
    frames: &'static mut Frames,
    dropped: Dropped,
}

/// The controller's interrupt: the handler calls [`fire`](Self::fire).
pub struct Interrupt(AtomicWaker);

impl Interrupt {
    /// An interrupt that nobody waits for.
    pub const fn new() -> Self {
        Self(AtomicWaker::new())
    }

    /// Silences the controller, and wakes the network's task, which listens again.
    pub fn fire(&self, registers: &mut impl Registers) {
        registers.write(Register::InterruptEnable, 0);
        self.0.wake();
    }
}

impl fmt::Debug for Interrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Interrupt")
    }
}

impl Default for Interrupt {
    fn default() -> Self {
        Self::new()
    }
}

impl<R: Registers> Lan9118<R> {
    /// Resets the controller, and starts it with this address.
    ///
    /// # Errors
    /// [`Error::NotThere`], [`Error::Stuck`].
    pub fn start(
        registers: R,
        interrupt: &'static Interrupt,
        frames: &'static mut Frames,
        address: [u8; 6],
    ) -> Result<Self, Error> {
        let mut this = Self {
            registers,
            interrupt,
            address,
            frames,
            dropped: Dropped::default(),
        };
        let pattern = this.registers.read(Register::ByteTest);
        if pattern != registers::TEST_PATTERN {
            return Err(Error::NotThere(pattern));
        }
        this.registers
            .write(Register::HardwareConfig, registers::SOFT_RESET);
        this.until(Register::HardwareConfig, registers::SOFT_RESET)?;
        let [a, b, c, d, e, f] = address.map(u32::from);
        this.write_mac(registers::MAC_ADDRESS_LOW, a | b << 8 | c << 16 | d << 24)?;
        this.write_mac(registers::MAC_ADDRESS_HIGH, e | f << 8)?;
        this.write_mac(
            registers::MAC_CONTROL,
            registers::MAC_TRANSMITS | registers::MAC_RECEIVES,
        )?;
        this.registers
            .write(Register::TransmitConfig, registers::TRANSMIT_ON);
        // Active high, and driven: by default the line floats, and 0 means an interrupt.
        this.registers
            .write(Register::InterruptConfig, registers::INTERRUPT_LINE);
        this.registers.write(Register::FifoInterrupt, 0);
        this.listen();
        Ok(this)
    }

    /// Frames that were not handed on so far.
    pub fn dropped(&self) -> Dropped {
        self.dropped
    }

    /// Until none of these bits is set.
    fn until(&mut self, register: Register, busy: u32) -> Result<(), Error> {
        for _ in 0..PATIENCE {
            if self.registers.read(register) & busy == 0 {
                return Ok(());
            }
        }
        Err(Error::Stuck)
    }

    fn write_mac(&mut self, index: u32, value: u32) -> Result<(), Error> {
        self.registers.write(Register::MacData, value);
        self.registers
            .write(Register::MacCommand, registers::MAC_BUSY | index);
        self.until(Register::MacCommand, registers::MAC_BUSY)
    }

    /// An interrupt comes with the next frame, or at once if there is one.
    fn listen(&mut self) {
        self.registers.write(Register::InterruptStatus, u32::MAX);
        self.registers
            .write(Register::InterruptEnable, registers::FRAME_RECEIVED);
    }

    /// Takes the next good frame from the controller. Says how long it is.
    fn take(&mut self) -> Option<usize> {
        loop {
            let waiting = self.registers.read(Register::ReceiveFifo) >> 16 & 0xff;
            if waiting == 0 {
                return None;
            }
            let status = self.registers.read(Register::ReceiveStatus);
            let len = (status >> 16 & 0x3fff) as usize;
            let fits = (14 + CHECKSUM..=FRAME + CHECKSUM).contains(&len);
            if status & registers::RECEIVE_ERROR == 0 && fits {
                self.take_words(len);
                return Some(len - CHECKSUM);
            }
            match fits {
                true => self.dropped.damaged += 1,
                false => self.dropped.misfit += 1,
            }
            self.skip(len);
        }
    }

    fn take_words(&mut self, len: usize) {
        let mut rest = &mut self.frames.received[..len - CHECKSUM];
        for _ in 0..len.div_ceil(4) {
            let word = self.registers.read(Register::ReceiveData).to_le_bytes();
            let n = rest.len().min(4);
            let (now, later) = rest.split_at_mut(n);
            now.copy_from_slice(&word[..n]);
            rest = later;
        }
    }

    /// Drops the words of a frame.
    fn skip(&mut self, len: usize) {
        let words = len.div_ceil(4);
        if words >= 4 {
            self.registers
                .write(Register::ReceiveControl, registers::FAST_FORWARD);
            // A controller that is stuck says so when it is started again.
            let _ = self.until(Register::ReceiveControl, registers::FAST_FORWARD);
        } else {
            for _ in 0..words {
                self.registers.read(Register::ReceiveData);
            }
        }
    }

    /// Whether the controller takes a whole frame. What it says of those before is of no use.
    fn has_room(&mut self) -> bool {
        let fifo = self.registers.read(Register::TransmitFifo);
        for _ in 0..fifo >> 16 & 0xff {
            self.registers.read(Register::TransmitStatus);
        }
        // With the two words before each frame.
        (fifo & 0xffff) as usize >= FRAME.next_multiple_of(4) + 8
    }
}

/// A frame that was received.
#[derive(Debug)]
pub struct Received<'a>(&'a mut [u8]);

impl RxToken for Received<'_> {
    fn consume<T, F: FnOnce(&mut [u8]) -> T>(self, take: F) -> T {
        take(self.0)
    }
}

/// Room for a frame to be sent.
#[derive(Debug)]
pub struct Room<'a, R> {
    registers: &'a mut R,
    frame: &'a mut [u8; FRAME],
}

impl<R: Registers> TxToken for Room<'_, R> {
    fn consume<T, F: FnOnce(&mut [u8]) -> T>(self, len: usize, fill: F) -> T {
        let Self { registers, frame } = self;
        // embassy-net sends no more than the capabilities allow.
        let len = len.min(FRAME);
        let filled = fill(&mut frame[..len]);
        let len32 = len as u32;
        registers.write(Register::TransmitData, registers::WHOLE_FRAME | len32);
        registers.write(Register::TransmitData, len32);
        for piece in frame[..len].chunks(4) {
            let mut word = [0; 4];
            word[..piece.len()].copy_from_slice(piece);
            registers.write(Register::TransmitData, u32::from_le_bytes(word));
        }
        filled
    }
}

impl<R: Registers> Driver for Lan9118<R> {
    type RxToken<'a>
        = Received<'a>
    where
        Self: 'a;
    type TxToken<'a>
        = Room<'a, R>
    where
        Self: 'a;

    fn receive(&mut self, cx: &mut Context<'_>) -> Option<(Received<'_>, Room<'_, R>)> {
        // Before it looks: a frame that comes from now on interrupts.
        self.interrupt.0.register(cx.waker());
        self.listen();
        if !self.has_room() {
            cx.waker().wake_by_ref();
            return None;
        }
        let len = self.take()?;
        let Frames { received, sending } = &mut *self.frames;
        let room = Room {
            registers: &mut self.registers,
            frame: sending,
        };
        Some((Received(&mut received[..len]), room))
    }

    fn transmit(&mut self, cx: &mut Context<'_>) -> Option<Room<'_, R>> {
        if !self.has_room() {
            // It sends as fast as the wire: soon.
            cx.waker().wake_by_ref();
            return None;
        }
        Some(Room {
            registers: &mut self.registers,
            frame: &mut self.frames.sending,
        })
    }

    fn link_state(&mut self, _: &mut Context<'_>) -> LinkState {
        LinkState::Up
    }

    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::default();
        capabilities.max_transmission_unit = FRAME;
        capabilities.max_burst_size = Some(BURST);
        capabilities
    }

    fn hardware_address(&self) -> HardwareAddress {
        HardwareAddress::Ethernet(self.address)
    }
}
