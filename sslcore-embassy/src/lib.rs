//! QSslSocket for embassy: [`sslcore`] connections over anything that speaks embedded-io-async.
//!
//! A client that starts in plaintext, and its server, both over two pipes:
//!
//! ```
//! use embedded_io_async::{BufRead, Read, Write};
//! use sslcore_embassy::sslcore::{Buffers, ClientConfig, PeerName, ServerConfig, ServerStart};
//! use sslcore_embassy::{Clock, Error, SslSocket, Transport};
//!
//! /// Reads up to the end of a line, and takes no byte behind it.
//! async fn read_line<T: Transport>(socket: &mut SslSocket<T>) -> Result<(), Error> {
//!     loop {
//!         let bytes = socket.fill_buf().await?;
//!         let (len, found) = match bytes.iter().position(|byte| *byte == b'\n') {
//!             Some(at) => (at + 1, true),
//!             None => (bytes.len(), bytes.is_empty()),
//!         };
//!         socket.consume(len);
//!         if found {
//!             return Ok(());
//!         }
//!     }
//! }
//!
//! async fn client(
//!     transport: impl Transport,
//!     clock: Clock,
//!     config: &ClientConfig,
//!     peer: PeerName,
//! ) -> Result<[u8; 5], Error> {
//!     let mut socket = SslSocket::new(transport, Buffers::Owned, clock);
//!     socket.write_all(b"STARTTLS\r\n").await?;
//!     read_line(&mut socket).await?; // 220 go ahead
//!     socket.start_client_encryption(config, peer).map_err(Error::Usage)?;
//!     socket.wait_for_encrypted().await?;
//!
//!     socket.write_all(b"hello").await?;
//!     socket.close().await?; // data, close_notify, the stream's own end
//!     let mut answer = [0; 5];
//!     let mut len = 0;
//!     while len < answer.len() {
//!         match socket.read(&mut answer[len..]).await? {
//!             0 => break, // the peer's close_notify
//!             n => len += n,
//!         }
//!     }
//!     Ok(answer)
//! }
//!
//! async fn server(
//!     transport: impl Transport,
//!     clock: Clock,
//!     config: ServerConfig,
//! ) -> Result<(), Error> {
//!     let mut socket = SslSocket::new(transport, Buffers::Owned, clock);
//!     read_line(&mut socket).await?; // STARTTLS
//!     socket.write_all(b"220 go ahead\r\n").await?;
//!     socket.start_server_encryption(ServerStart::With(config)).map_err(Error::Usage)?;
//!
//!     // The first read or write handshakes, where nobody waits for `wait_for_encrypted`.
//!     let mut data = [0; 100];
//!     loop {
//!         match socket.read(&mut data).await? {
//!             0 => return socket.close().await,
//!             n => socket.write_all(&data[..n]).await?,
//!         }
//!     }
//! }
//!
//! # use embassy_futures::{block_on, join::join};
//! # use embassy_sync::{blocking_mutex::raw::NoopRawMutex, pipe::Pipe};
//! # use sslcore_embassy::Halves;
//! # use sslcore_tests::{certs::NOW, pair};
//! # let date = || Some(sslcore::UnixTime::since_unix_epoch(core::time::Duration::from_secs(NOW)));
//! # let clock = Clock::new(date);
//! # let trusting = pair::client(pair::backend()).build().unwrap();
//! # let serving = pair::server(pair::backend()).build().unwrap();
//! # let (mut there, mut back) = (Pipe::<NoopRawMutex, 600>::new(), Pipe::<NoopRawMutex, 600>::new());
//! # let ((at_server, to_server), (at_client, to_client)) = (there.split(), back.split());
//! # let one = Halves { reader: at_client, writer: to_server };
//! # let other = Halves { reader: at_server, writer: to_client };
//! let answer = client(one, clock, &trusting, PeerName::new("server.test").unwrap());
//! let (answer, served) = block_on(join(answer, server(other, clock, serving)));
//! # // A pipe has no end of its own.
//! served?;
//! assert_eq!(&answer?, b"hello");
//! # Ok::<(), Error>(())
//! ```
//!
//! # What is here
//!
//! | type | for |
//! |---|---|
//! | [`SslSocket`] | one task per connection; `Read`, `Write`, `BufRead`, `ReadReady` and `WriteReady` of embedded-io-async 0.7 |
//! | [`SharedSslSocket`] | one task that reads and one that writes, by [`ReadHalf`] and [`WriteHalf`] |
//! | [`Transport`], [`Halves`] | what carries the bytes: any two halves, or embassy-net's `TcpSocket` with the feature `embassy-net` |
//! | [`Clock`] | embassy-time for deadlines, the application's date for certificates |
//! | [`Pool`] | static memory for connections, which comes back by itself |
//!
//! # Other crates
//!
//! Whatever speaks its protocol over embedded-io-async 0.7 speaks it over TLS:
//!
//! | crate | protocol | what it is given |
//! |---|---|---|
//! | reqwless 0.14 | HTTP/1.1, the client | `request.write_header(&mut socket)`, `Response::read(&mut socket, ..)` |
//! | picoserve 0.20 | HTTP/1.1, the server | two structs of 70 lines: its `io::Socket` for a [`SharedSslSocket`], its `io::Write` for a [`WriteHalf`] |
//! | rust-mqtt 0.6 | MQTT 5 | `client.connect(socket, ..)`; `abort` and `disconnect` give the socket back |
//!
//! The folder `firmware/src/roles` has a program for each, which the tests run against nginx, curl and
//! mosquitto. Their errors keep no more than an [`ErrorKind`](embedded_io_async::ErrorKind):
//! [`SslSocket::connection`] knows why.
//!
//! # What is promised
//!
//! - Futures that are dropped lose nothing: no state is in a future. [`Transport`] says what it takes of
//!   the transport.
//! - Other tasks run between two steps of a connection.
//! - A reader never waits for a flush alone, nor a writer for room alone: each wait is for both
//!   directions, and for the connection's timers.
//! - Nothing is allocated beyond what the connection allocates; there is no `unsafe`, and no panic.
//!
//! # Features
//!
//! | feature | |
//! |---|---|
//! | `embassy-net` | `SslSocket` over the `TcpSocket` of embassy-net 0.9 |
//! | `log`, `defmt` | events that [`SslSocket::next_event`] hands out go to that log, and those that find no room; failures as warnings. With `defmt`, sslcore's types and [`Error`] are `Format` |
//! | `rustcrypto` | the backend without an operating system, as in sslcore |
//!
//! The application brings a time driver for embassy-time, and an implementation of critical-section.
#![no_std]
#![forbid(unsafe_code)]
// On docs.rs, what a feature brings says so.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod answers;
mod clock;
mod driver;
mod error;
mod logging;
#[cfg(feature = "embassy-net")]
mod net;
mod pool;
mod socket;
mod split;
mod transport;
mod turns;

pub use crate::clock::Clock;
pub use crate::error::Error;
pub use crate::pool::{Pool, PoolError};
pub use crate::socket::SslSocket;
pub use crate::split::{ReadHalf, SharedSslSocket, WriteHalf};
pub use crate::transport::{Halves, Transport};

pub use sslcore;
