//! sslcore on a Cortex-M4F: clients and a server over Ethernet. `tests/run firmware` boots it in QEMU
//! with a role for each run, against programs on the host.
#![no_std]
#![no_main]

extern crate alloc;

#[cfg(feature = "emulated-atomics")]
mod atomics;
mod board;
mod entropy;
mod heap;
mod order;
mod report;
mod roles;
mod semihosting;
mod stack;
mod time;
mod words;

use alloc::string::String;
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicU32, Ordering};

use embassy_executor::{Executor, Spawner};
use embassy_net::{Config, Runner, Stack, StackResources};
use lan9118::Lan9118;
use sslcore_embassy::Clock;
use sslcore_embassy::sslcore::UnixTime;
use static_cell::StaticCell;

use crate::board::Memory;
use crate::order::Order;
use crate::semihosting::say;

/// TCP sockets at one time, and DHCP.
const SOCKETS: usize = 5;

/// The date at the start, in seconds since 1970; 0 when it is not known.
static STARTED: AtomicU32 = AtomicU32::new(0);

/// The date, if the firmware was told it.
fn date() -> Option<UnixTime> {
    let started = STARTED.load(Ordering::Relaxed);
    let seconds = u64::from(started) + embassy_time::Instant::now().as_secs();
    let since_1970 = core::time::Duration::from_secs(seconds);
    (started > 0).then(|| UnixTime::since_unix_epoch(since_1970))
}

/// The firmware's clock.
fn clock() -> Clock {
    Clock::new(date)
}

#[cortex_m_rt::entry]
fn main() -> ! {
    static EXECUTOR: StaticCell<Executor> = StaticCell::new();
    stack::paint();
    heap::init();
    match cortex_m::Peripherals::take() {
        Some(core) => time::start(core.SYST),
        None => fail("the core's peripherals are taken"),
    }
    let order = Order::take();
    STARTED.store(order.number("date", 0), Ordering::Relaxed);
    EXECUTOR
        .init(Executor::new())
        .run(|spawner| begin(spawner, order))
}

/// Starts the network, and what it is for. Not a part of `main`, whose stack is never given back.
#[inline(never)]
fn begin(spawner: Spawner, order: Order) {
    static RESOURCES: StaticCell<StackResources<SOCKETS>> = StaticCell::new();
    // Without a network nothing interrupts but the timer.
    #[cfg(feature = "server")]
    if order.get("role") == Some("replay") {
        match replay(spawner, order) {
            Ok(replay) => return spawner.spawn(replay),
            Err(_) => fail("no room for a task"),
        }
    }
    let ethernet = match board::ethernet() {
        Ok(ethernet) => ethernet,
        Err(error) => fail(error),
    };
    let resources = RESOURCES.init(StackResources::new());
    let config = Config::dhcpv4(Default::default());
    let (stack, runner) = embassy_net::new(ethernet, config, resources, seed());
    match (network(runner), play(stack, order)) {
        (Ok(network), Ok(play)) => {
            spawner.spawn(network);
            spawner.spawn(play);
        }
        _ => fail("no room for a task"),
    }
}

/// For the numbers of ports and of TCP's first bytes.
fn seed() -> u64 {
    let mut bytes = [0; 8];
    match semihosting::File::open("/dev/urandom") {
        Some(source) if source.read(&mut bytes) => u64::from_le_bytes(bytes),
        _ => 1,
    }
}

#[embassy_executor::task]
async fn network(mut runner: Runner<'static, Lan9118<Memory>>) -> ! {
    runner.run().await
}

#[embassy_executor::task]
async fn play(stack: Stack<'static>, order: Order) {
    stack.wait_config_up().await;
    // What the start needed is given back.
    say!("memory of the start: stack {}", stack::depth());
    stack::paint();
    end(roles::play(stack, &order).await)
}

#[cfg(feature = "server")]
#[embassy_executor::task]
async fn replay(spawner: Spawner, order: Order) {
    stack::paint();
    end(roles::replay(spawner, &order).await)
}

/// Ends the emulation, as a role has ended.
fn end(played: Result<(), String>) -> ! {
    words::memory();
    match played {
        Ok(()) => semihosting::exit(0),
        Err(why) => fail(why),
    }
}

/// Says why, and ends the emulation.
fn fail(why: impl core::fmt::Display) -> ! {
    say!("failed: {why}");
    semihosting::exit(1)
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    #[cfg(feature = "panics")]
    say!("{info}");
    #[cfg(not(feature = "panics"))]
    let _ = info;
    semihosting::exit(101)
}
