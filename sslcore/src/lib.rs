//! A TLS 1.2/1.3 endpoint as a pure value: bytes in, bytes out, events out.
//!
//! [`Connection`] starts in plaintext, switches to TLS when told, reports every certificate error
//! as data, holds the handshake until the application has judged, and has no socket, thread,
//! callback, clock or random source of its own. It re-founds Qt's QSslSocket as a sans-IO state
//! machine over rustls.
//!
//! # A whole client
//!
//! Whatever moves bytes is an adapter. This one is for `std::net::TcpStream`, and an adapter for
//! another runtime looks the same: *mutate, process until idle, drain events, send.*
//!
//! ```no_run
//! use std::io::{Read, Write};
//! use std::net::TcpStream;
//! use std::time::{Instant as StdInstant, SystemTime};
//! # type Outcome<T> = Result<T, Box<dyn std::error::Error>>;
//!
//! use sslcore::{
//!     Buffers, ClientConfig, Connection, Event, Instant, Limits, Now, PeerName, Progress, ReadEnd,
//!     UnixTime,
//! };
//!
//! /// What time it is: since `start` for deadlines, since 1970 for certificates.
//! fn now(start: StdInstant) -> Now {
//!     let since_1970 = SystemTime::UNIX_EPOCH.elapsed().ok(); // without it: no wall clock
//!     let micros = start.elapsed().as_micros() as u64;
//!     let wall = since_1970.map(UnixTime::since_unix_epoch);
//!     Now { monotonic: Instant::from_micros(micros), wall }
//! }
//!
//! /// Lets the connection work until it needs the transport, and sends what it has to say.
//! fn work(conn: &mut Connection, socket: &mut TcpStream, start: StdInstant) -> Outcome<Vec<Event>> {
//!     let mut events = Vec::new();
//!     loop {
//!         let progress = conn.process(now(start));
//!         events.extend(std::iter::from_fn(|| conn.poll_event()));
//!         while !conn.transmit().is_empty() {
//!             let n = socket.write(conn.transmit())?;
//!             conn.transmitted(n)?;
//!         }
//!         if progress == Progress::Idle {
//!             return Ok(events);
//!         }
//!     }
//! }
//!
//! /// Waits for the transport.
//! fn wait(conn: &mut Connection, socket: &mut TcpStream) -> Outcome<()> {
//!     match socket.read(conn.receive_buffer())? {
//!         0 => conn.receive_eof(),
//!         n => conn.received(n)?,
//!     }
//!     Ok(())
//! }
//!
//! fn fetch(config: &ClientConfig, host: &str) -> Outcome<Vec<u8>> {
//!     let (mut socket, start) = (TcpStream::connect((host, 443))?, StdInstant::now());
//!     let mut conn = Connection::new(Limits::default(), Buffers::Owned);
//!     conn.start_client_encryption(config, PeerName::new(host)?)?;
//!     conn.write(b"GET / HTTP/1.0\r\n\r\n")?; // queued, and sent once encrypted
//!     let mut page = Vec::new();
//!     loop {
//!         for event in work(&mut conn, &mut socket, start)? {
//!             println!("{event:?}");
//!         }
//!         let mut bytes = [0; 4096];
//!         match conn.read(&mut bytes) {
//!             Ok(n) => page.extend_from_slice(&bytes[..n]),
//!             Err(ReadEnd::Empty) => wait(&mut conn, &mut socket)?,
//!             Err(ReadEnd::Closed) => return Ok(page),
//!             Err(end) => return Err(end.into()), // truncated, reset or failed: not all of it
//!         }
//!     }
//! }
//! ```
//!
//! # A whole server, with STARTTLS
//!
//! The "go ahead" line is written first and TLS is started before it leaves: whatever the client
//! sends after that is TLS, however fast it is. Commands that were sent along with `STARTTLS` are
//! refused, not executed.
//!
//! ```no_run
//! # use std::net::TcpStream;
//! # use std::time::Instant as StdInstant;
//! # use sslcore::{Buffers, Connection, Event, Limits, ReadEnd, ServerConfig, ServerStart};
//! # type Outcome<T> = Result<T, Box<dyn std::error::Error>>;
//! # fn work(_: &mut Connection, _: &mut TcpStream, _: StdInstant) -> Outcome<Vec<Event>> { Ok(Vec::new()) }
//! # fn wait(_: &mut Connection, _: &mut TcpStream) -> Outcome<()> { Ok(()) }
//! fn serve(config: &ServerConfig, mut socket: TcpStream) -> Outcome<()> {
//!     let start = StdInstant::now();
//!     let mut conn = Connection::new(Limits::default(), Buffers::Owned);
//!     conn.write(b"220 ready\r\n")?;
//!     let mut ended = false;
//!     loop {
//!         for event in work(&mut conn, &mut socket, start)? {
//!             ended |= matches!(event, Event::PeerClosed | Event::EndOfStream);
//!         }
//!         if conn.is_over() {
//!             return Ok(());
//!         }
//!         let line = conn.peek().split_inclusive(|byte| *byte == b'\n').next();
//!         match line.map(<[u8]>::to_vec) {
//!             Some(line) if line == b"STARTTLS\r\n" && !conn.is_encrypted() => {
//!                 conn.consume(line.len())?;
//!                 conn.write(b"220 go ahead\r\n")?;
//!                 conn.start_server_encryption(ServerStart::With(config.clone()))?;
//!             }
//!             Some(line) if line.ends_with(b"\n") => {
//!                 conn.consume(line.len())?;
//!                 conn.write(b"500 what?\r\n")?;
//!             }
//!             Some(line) if line.len() > 1000 => return Err("a line without end".into()),
//!             _ if ended => conn.close(), // our direction, too
//!             _ => wait(&mut conn, &mut socket)?,
//!         }
//!     }
//! }
//! ```
//!
//! # A certificate that is not trusted
//!
//! With [`OnErrors::Hold`] the handshake stands still, nothing has left, and the answer may come
//! any number of calls later, from whoever knows:
//!
//! ```
//! # use sslcore::{Connection, SslErrorKind, UsageError, Verdict};
//! fn review(conn: &mut Connection, pinned: &[u8]) -> Result<(), UsageError> {
//!     let Some(review) = conn.review() else {
//!         return Ok(());
//!     };
//!     let known = review.chain.first().is_some_and(|leaf| leaf.as_ref() == pinned);
//!     let (id, errors) = (review.id, review.errors.to_vec());
//!     match known {
//!         true => conn.answer(id, Verdict::AcceptOnly(&errors)),
//!         false => conn.answer(id, Verdict::Reject), // the peer gets the right fatal alert
//!     }
//! }
//! ```
//!
//! # What is promised
//!
//! - Memory is bounded by [`Limits`] whatever the peer does; nothing allocates per record.
//! - No call panics; a wrong one is a [`UsageError`] and changes nothing.
//! - Only close_notify is [`Event::PeerClosed`]; a stream that just ends is
//!   [`FailureKind::Truncated`].
//! - How the streams are cut into pieces makes no difference to what happens.
//! - Bytes that arrived before TLS are never handed out after it.
//!
//! # Backends
//!
//! | feature | library | for |
//! |---|---|---|
//! | `aws-lc-rs` | AWS-LC | servers and desktops |
//! | `ring` | ring | the same, easier to build |
//! | `rustcrypto` | RustCrypto | microcontrollers, and replaying whole sessions: entropy comes from the caller |
//!
//! None is on by default. The handshake allocates through rustls; out of memory there is the
//! platform's abort. Afterwards nothing allocates in steady state. The target needs `alloc` and
//! compare-and-swap atomics: Cortex-M3 and up, riscv32imac.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod alert;
mod buffer;
mod calendar;
mod config;
mod config_error;
mod connection;
pub mod crypto;
mod event;
mod events;
mod failure;
mod handshake;
mod identity;
mod key_log;
mod limits;
mod memory;
mod protocol;
mod record;
mod state;
mod time;
mod usage;
mod verify;
mod x509;

pub use crate::alert::Alert;
pub use crate::buffer::Buffers;
pub use crate::calendar::DateTime;
pub use crate::config::{ClientConfig, ConfigBuilder, PeerName, ServerConfig, ServerStart};
pub use crate::config_error::ConfigError;
pub use crate::connection::{ConfigRequest, Connection, Progress, Review, Verdict};
pub use crate::event::{CloseReport, Event, RequestId, ReviewId, SslMode};
pub use crate::failure::{Failure, FailureKind, Fault, Repeated};
pub use crate::handshake::rustls::key_schedule::exporter::ExportError;
pub use crate::handshake::wire::client_hello::ClientHello;
pub use crate::identity::client_sessions::{
    ClientSession, ClientSessionCache, ClientSessionKey, ClientSessionStore,
};
pub use crate::identity::private_key::{PrivateKey, PrivateKeyError};
pub use crate::identity::server_sessions::{ServerSession, ServerSessionCache, ServerSessionStore};
pub use crate::identity::signer::{SignError, Signer};
pub use crate::identity::ticket_keys::TicketKeys;
pub use crate::key_log::{KeyLog, KeyLogLine};
pub use crate::limits::{Limits, Timeouts};
pub use crate::protocol::{SignatureScheme, SslCipher, SslProtocol};
pub use crate::time::{Instant, Now, UnixTime};
pub use crate::usage::{Leftover, ReadEnd, UsageError};
pub use crate::verify::pin::Pin;
pub use crate::verify::policy::{OnErrors, VerifyMode};
pub use crate::verify::status::{StatusChecker, StatusQuestion, StatusReport};
pub use crate::verify::{SslError, SslErrorKind};
pub use crate::x509::certificate::{AlternativeName, Certificate};
pub use crate::x509::crl::RevocationListError;
pub use crate::x509::description::Description;
pub use crate::x509::key_kind::KeyKind;
pub use crate::x509::name::{Attribute, DistinguishedName};
pub use crate::x509::pem::PemError;
pub use crate::x509::revocation_list::RevocationList;
pub use crate::x509::usage::{ExtendedKeyUsage, KeyUsage};

/// The version of this library. `QSslSocket::sslLibraryVersionString`.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The examples of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}
