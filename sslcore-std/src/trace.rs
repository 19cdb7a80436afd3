//! Watching a socket: the bytes on the wire, the records in them, and the events.
//!
//! A [`Tap`] sits between connection and stream, and sees bytes and events as they pass.
//! [`Records`] finds the records in the bytes. Neither sees keys, or plaintext that TLS protects.
//!
//! A tap that prints every record and event, with the time since it was made:
//!
//! ```
//! use std::time::Instant;
//!
//! use sslcore_std::SslSocket;
//! use sslcore_std::sslcore::Event;
//! use sslcore_std::trace::{Direction, Records, Tap, Wire};
//!
//! struct Print {
//!     start: Instant,
//!     sent: Records,
//!     received: Records,
//! }
//!
//! impl Tap for Print {
//!     fn wire(&mut self, at: Instant, direction: Direction, wire: Wire<'_>) {
//!         let after = at - self.start;
//!         match wire {
//!             Wire::Plain(bytes) => println!("{after:?} {direction:?} {}", bytes.escape_ascii()),
//!             Wire::Tls(bytes) => {
//!                 let records = match direction {
//!                     Direction::Sent => &mut self.sent,
//!                     Direction::Received => &mut self.received,
//!                 };
//!                 records.feed(bytes, |record| {
//!                     println!("{after:?} {direction:?} {record}, {} bytes", record.len());
//!                 });
//!             }
//!         }
//!     }
//!
//!     fn event(&mut self, at: Instant, event: Event) {
//!         println!("{:?} {event:?}", at - self.start);
//!     }
//! }
//!
//! fn watch(socket: &mut SslSocket) {
//!     socket.set_tap(Some(Box::new(Print {
//!         start: Instant::now(),
//!         sent: Records::new(),
//!         received: Records::new(),
//!     })));
//! }
//! ```

use std::time::Instant;

use sslcore::Event;
pub use sslcore::trace::{Content, Direction, Record, Records};

/// Bytes on the wire. The example of [`trace`](self) shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire<'a> {
    /// Plaintext from before TLS was started.
    Plain(&'a [u8]),
    /// TLS records, or bytes that arrived where records should have.
    Tls(&'a [u8]),
}

/// An observer of everything that passes between a connection and its stream, for
/// [`set_tap`](crate::SslSocket::set_tap). The example of [`trace`](self) shows it.
///
/// Every method has a default that does nothing. The methods are called in the middle of the
/// socket's work, and should be quick.
pub trait Tap: Send {
    /// Called when the stream has taken these bytes, or has given them.
    ///
    /// `at` is the time just before the bytes were sent, or just after they arrived. With taps on
    /// both ends in one process, bytes therefore never arrive, in the order of `at`, before they
    /// were sent.
    fn wire(&mut self, at: Instant, direction: Direction, wire: Wire<'_>) {
        let _ = (at, direction, wire);
    }

    /// Called when the connection has emitted this event. Repeated events are collapsed only as far
    /// as the connection itself does.
    fn event(&mut self, at: Instant, event: Event) {
        let _ = (at, event);
    }
}
