//! A client with neither operating system nor executor nor network: TLS over a UART, in one loop.
//! `tests/run firmware_all` boots it in QEMU, where the other end of the line is OpenSSL.
#![no_std]
#![no_main]

extern crate alloc;

#[allow(dead_code, reason = "the other program needs more of it")]
mod entropy;
#[allow(dead_code, reason = "the other program needs more of it")]
mod heap;
mod line;
mod order;
mod semihosting;
mod stack;
mod words;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec;
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;

use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::{entry, exception};
#[cfg(feature = "certificates")]
use sslcore_embassy::sslcore::CertificateDer;
#[cfg(feature = "engine")]
use sslcore_embassy::sslcore::PreSharedKey;
use sslcore_embassy::sslcore::{
    Buffers, ClientConfig, ConfigBuilder, Connection, Event, Instant, Limits, Now, PeerName, Step,
    UnixTime,
};

use crate::line::Line;
use crate::order::Order;
use crate::semihosting::say;
use crate::words::text;

/// A record of 1,024 bytes, and one that waits behind it.
const RECEIVE: usize = 2 * (1024 + 21);
/// The hello, or a record.
const TRANSMIT: usize = 1024 + 21;
/// Cycles of a millisecond.
const MILLISECOND: u32 = 25_000;

type Outcome<T> = Result<T, String>;

static MILLIS: AtomicU32 = AtomicU32::new(0);

#[exception]
fn SysTick() {
    MILLIS.fetch_add(1, Ordering::Relaxed);
}

/// What time it is, if this is the date at the start, in seconds since 1970; 0 when it is not known.
fn now(started: u64) -> Now {
    let millis = MILLIS.load(Ordering::Relaxed).into();
    let date = Duration::from_secs(started) + Duration::from_millis(millis);
    Now {
        monotonic: Instant::from_micros(millis * 1000),
        wall: (started > 0).then(|| UnixTime::since_unix_epoch(date)),
    }
}

#[entry]
fn main() -> ! {
    heap::init();
    if let Some(core) = cortex_m::Peripherals::take() {
        start(core.SYST);
    }
    stack::paint();
    let played = play(&Order::take());
    words::memory();
    match played {
        Ok(()) => semihosting::exit(0),
        Err(why) => {
            say!("failed: {why}");
            semihosting::exit(1)
        }
    }
}

fn start(mut timer: SYST) {
    timer.set_clock_source(SystClkSource::Core);
    timer.set_reload(MILLISECOND - 1);
    timer.clear_current();
    timer.enable_counter();
    timer.enable_interrupt();
}

/// Asks for a page, and hears all of it.
#[inline(never)]
fn play(order: &Order) -> Outcome<()> {
    let config = config(order)?.build().map_err(text)?;
    let buffers = Buffers::lent(memory(RECEIVE), memory(TRANSMIT)).map_err(text)?;
    heap::forget_peak();
    let before = heap::used().now;
    let mut conn = Connection::new(Limits::default(), buffers);
    let server = PeerName::new(order.get("name").unwrap_or("server.test")).map_err(text)?;
    conn.start_client_encryption(&config, server)
        .map_err(text)?;
    conn.write(b"GET / HTTP/1.0\r\n\r\n").map_err(text)?;
    let date = order.number("date", 0);
    let mut line = Line::start();
    let mut heard = 0;
    loop {
        match conn.next(now(date)) {
            Step::Transmit(bytes) => {
                let sent = line.write(bytes);
                conn.transmitted(sent).map_err(text)?;
            }
            Step::Wait { read: true, .. } => {
                let came = line.read(conn.receive_buffer());
                conn.received(came).map_err(text)?;
            }
            Step::Readable => {
                heard += conn.peek().len();
                conn.discard_reads();
            }
            Step::Event(Event::Encrypted) => {
                let heap = heap::used();
                let (peak, idle) = (heap.peak - before, heap.now - before);
                say!("heap of the handshake: peak {peak}, idle {idle}");
                let buffers = RECEIVE + TRANSMIT;
                let inline = size_of::<Connection>();
                say!("memory of the connection: buffers {buffers}, itself {inline}");
            }
            Step::Event(Event::PeerClosed) => conn.close(),
            Step::Event(_) => {}
            Step::Wait { .. } | Step::Done => break,
        }
    }
    match conn.failure() {
        None => {
            say!("heard {heard} bytes");
            Ok(())
        }
        Some(failure) => Err(text(failure)),
    }
}

/// Memory that lives for ever.
fn memory(len: usize) -> &'static mut [u8] {
    Box::leak(vec![0; len].into_boxed_slice())
}

/// A client with the order's pre-shared key, or one that trusts the order's authority.
fn config(order: &Order) -> Outcome<ConfigBuilder<ClientConfig>> {
    let config = ClientConfig::builder(entropy::backend());
    #[cfg(feature = "engine")]
    if order.get("psk").is_some() {
        let key = PreSharedKey::new("thermometer", order.file("psk")?).map_err(text)?;
        return Ok(config.pre_shared_keys([key]));
    }
    #[cfg(feature = "certificates")]
    return Ok(config.trust_anchors([CertificateDer::from(order.file("ca")?)]));
    #[cfg(not(feature = "certificates"))]
    Err(String::from("this image has no certificates"))
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    semihosting::exit(101)
}
