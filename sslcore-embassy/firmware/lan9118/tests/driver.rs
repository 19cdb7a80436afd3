//! The driver on a model of the controller.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};

use embassy_net_driver::{Driver, HardwareAddress, RxToken, TxToken};
use lan9118::{Dropped, Error, FRAME, Interrupt, Lan9118, Register, Registers};

const ADDRESS: [u8; 6] = [2, 3, 5, 7, 11, 13];
const ERROR: u32 = 1 << 15;

/// The controller, as its data sheet describes it, as far as the driver goes.
#[derive(Default)]
struct Chip {
    /// Answers as something else.
    elsewhere: bool,
    /// Never comes to an end of what it does.
    is_stuck: bool,
    mac: [u32; 16],
    mac_data: u32,
    interrupt_config: u32,
    interrupt_enable: u32,
    statuses: VecDeque<u32>,
    words: VecDeque<u32>,
    /// Words that the current frame still has.
    left: usize,
    free: u32,
    reports: u32,
    sent: Vec<u32>,
}

#[derive(Clone)]
struct Wires(Rc<RefCell<Chip>>);

impl Registers for Wires {
    fn read(&mut self, register: Register) -> u32 {
        let mut chip = self.0.borrow_mut();
        match register {
            Register::ByteTest if chip.elsewhere => 0,
            Register::ByteTest => 0x8765_4321,
            Register::HardwareConfig => u32::from(chip.is_stuck),
            Register::MacCommand | Register::ReceiveControl => 0,
            Register::ReceiveFifo => (chip.statuses.len() as u32) << 16,
            Register::ReceiveStatus => {
                assert_eq!(chip.left, 0, "the frame before is not read to its end");
                let status = chip.statuses.pop_front().expect("a frame waits");
                chip.left = (status >> 16 & 0x3fff).div_ceil(4) as usize;
                status
            }
            Register::ReceiveData => {
                chip.left = chip.left.checked_sub(1).expect("the frame goes on");
                chip.words.pop_front().expect("a word")
            }
            Register::TransmitFifo => chip.reports << 16 | chip.free,
            Register::TransmitStatus => {
                chip.reports = chip.reports.checked_sub(1).expect("a report waits");
                0
            }
            other => panic!("nobody reads {other:?}"),
        }
    }

    fn write(&mut self, register: Register, value: u32) {
        let mut chip = self.0.borrow_mut();
        match register {
            Register::MacData => chip.mac_data = value,
            Register::MacCommand => {
                let index = (value & 0xff) as usize;
                assert_eq!(value >> 30, 0b10, "busy, and written");
                chip.mac[index] = chip.mac_data;
            }
            Register::InterruptConfig => chip.interrupt_config = value,
            Register::InterruptEnable => chip.interrupt_enable = value,
            Register::ReceiveControl => {
                assert!(chip.left >= 4, "the data sheet wants four words at least");
                let left = std::mem::take(&mut chip.left);
                chip.words.drain(..left);
            }
            Register::TransmitData => {
                chip.free -= 4;
                chip.sent.push(value);
            }
            _ => {}
        }
    }
}

impl Chip {
    /// A frame arrives, with a checksum behind it.
    fn arrives(&mut self, frame: &[u8], status: u32) {
        let bytes = [frame, &[0xee; 4]].concat();
        self.statuses.push_back((bytes.len() as u32) << 16 | status);
        for piece in bytes.chunks(4) {
            let mut word = [0; 4];
            word[..piece.len()].copy_from_slice(piece);
            self.words.push_back(u32::from_le_bytes(word));
        }
    }
}

#[derive(Default)]
struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

struct Stage {
    chip: Rc<RefCell<Chip>>,
    driver: Lan9118<Wires>,
    interrupt: &'static Interrupt,
    bell: Arc<Bell>,
}

impl Stage {
    fn new() -> Self {
        let chip = Rc::new(RefCell::new(Chip {
            free: 4608,
            ..Chip::default()
        }));
        let interrupt: &'static Interrupt = Box::leak(Box::default());
        let wires = Wires(Rc::clone(&chip));
        let driver = Lan9118::start(wires, interrupt, Box::leak(Box::default()), ADDRESS)
            .expect("it is there");
        Self {
            chip,
            driver,
            interrupt,
            bell: Arc::default(),
        }
    }

    fn receive(&mut self) -> Option<Vec<u8>> {
        let waker = Waker::from(Arc::clone(&self.bell));
        let (received, _) = self.driver.receive(&mut Context::from_waker(&waker))?;
        Some(received.consume(|frame| frame.to_vec()))
    }

    fn send(&mut self, frame: &[u8]) -> bool {
        let waker = Waker::from(Arc::clone(&self.bell));
        let room = self.driver.transmit(&mut Context::from_waker(&waker));
        let Some(room) = room else { return false };
        room.consume(frame.len(), |space| space.copy_from_slice(frame));
        true
    }

    fn wakes(&self) -> usize {
        self.bell.0.load(Ordering::Relaxed)
    }
}

fn frame(len: usize) -> Vec<u8> {
    (0..len).map(|i| i as u8).collect()
}

#[test]
fn it_starts_with_its_address_and_a_line_that_is_driven() {
    let stage = Stage::new();
    let chip = stage.chip.borrow();
    assert_eq!(chip.mac[3], 0x0705_0302);
    assert_eq!(chip.mac[2], 0x0d0b);
    assert_eq!(chip.mac[1], 0b1100, "it sends and receives");
    assert_eq!(chip.interrupt_config, 0x111);
    assert_eq!(chip.interrupt_enable, 8);
    let address = stage.driver.hardware_address();
    assert_eq!(address, HardwareAddress::Ethernet(ADDRESS));
}

#[test]
fn a_controller_that_is_not_there_or_stuck_is_an_error() {
    let start = |chip: Chip| {
        let wires = Wires(Rc::new(RefCell::new(chip)));
        let interrupt: &'static Interrupt = Box::leak(Box::default());
        Lan9118::start(wires, interrupt, Box::leak(Box::default()), ADDRESS).err()
    };
    let elsewhere = Chip {
        elsewhere: true,
        ..Chip::default()
    };
    assert_eq!(start(elsewhere), Some(Error::NotThere(0)));
    let stuck = Chip {
        is_stuck: true,
        ..Chip::default()
    };
    assert_eq!(start(stuck), Some(Error::Stuck));
}

#[test]
fn frames_of_every_length_are_received_without_their_checksum() {
    let mut stage = Stage::new();
    for len in (60..100).chain([1000, FRAME - 1, FRAME]) {
        stage.chip.borrow_mut().arrives(&frame(len), 0);
        stage.chip.borrow_mut().arrives(&frame(60), 0);
        assert_eq!(stage.receive(), Some(frame(len)));
        assert_eq!(stage.receive(), Some(frame(60)));
        assert_eq!(stage.receive(), None);
    }
    assert_eq!(stage.driver.dropped(), Dropped::default());
}

#[test]
fn damaged_frames_and_those_of_bad_lengths_are_dropped_and_counted() {
    let mut stage = Stage::new();
    for (len, status) in [
        (60, ERROR),
        (FRAME, ERROR),
        // Fewer than four words, and more than there is room for.
        (0, 0),
        (1, 0),
        (9, 0),
        (13, ERROR),
        (FRAME + 1, 0),
        (4000, 0),
    ] {
        stage.chip.borrow_mut().arrives(&frame(len), status);
    }
    stage.chip.borrow_mut().arrives(&frame(70), 0);
    assert_eq!(stage.receive(), Some(frame(70)));
    let dropped = Dropped {
        damaged: 2,
        misfit: 6,
    };
    assert_eq!(stage.driver.dropped(), dropped);
}

#[test]
fn an_interrupt_is_silenced_until_the_task_listens_again() {
    let mut stage = Stage::new();
    assert_eq!(stage.receive(), None);
    assert_eq!(stage.wakes(), 0);
    let mut wires = Wires(Rc::clone(&stage.chip));
    stage.interrupt.fire(&mut wires);
    assert_eq!(stage.chip.borrow().interrupt_enable, 0);
    assert_eq!(stage.wakes(), 1);
    stage.chip.borrow_mut().arrives(&frame(60), 0);
    assert_eq!(stage.receive(), Some(frame(60)));
    assert_eq!(stage.chip.borrow().interrupt_enable, 8);
}

#[test]
fn frames_are_sent_in_whole_words_behind_two_of_the_controllers() {
    let mut stage = Stage::new();
    for len in [14, 60, 61, 62, 63, FRAME] {
        assert!(stage.send(&frame(len)));
        let mut chip = stage.chip.borrow_mut();
        let words = std::mem::take(&mut chip.sent);
        assert_eq!(
            words[0],
            0x3000 | len as u32,
            "first and last of its buffers"
        );
        assert_eq!(words[1], len as u32);
        let bytes: Vec<u8> = words[2..]
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .collect();
        assert_eq!(bytes.len(), len.next_multiple_of(4));
        assert_eq!(bytes[..len], frame(len));
        chip.free = 4608;
    }
}

#[test]
fn a_controller_without_room_is_asked_again() {
    let mut stage = Stage::new();
    stage.chip.borrow_mut().free = 1000;
    stage.chip.borrow_mut().arrives(&frame(60), 0);
    assert!(!stage.send(&frame(60)));
    assert_eq!(stage.receive(), None, "an answer would have no room");
    assert_eq!(stage.wakes(), 2);
    stage.chip.borrow_mut().free = 4608;
    assert_eq!(stage.receive(), Some(frame(60)));
}

#[test]
fn reports_of_what_was_sent_do_not_pile_up() {
    let mut stage = Stage::new();
    stage.chip.borrow_mut().reports = 100;
    assert!(stage.send(&frame(60)));
    assert_eq!(stage.chip.borrow().reports, 0);
}
