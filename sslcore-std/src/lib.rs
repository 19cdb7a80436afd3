//! QSslSocket on `std::net`: [`sslcore`] connections over blocking TCP sockets.
//!
//! A client that starts in plaintext, switches to TLS, and asks a person about the certificate:
//!
//! ```
//! use std::io::{BufRead, Write};
//! use std::time::Duration;
//!
//! use sslcore_std::sslcore::{ClientConfig, OnErrors, PeerName, Verdict};
//! use sslcore_std::{SslSocket, WaitError};
//!
//! type Outcome<T> = Result<T, Box<dyn std::error::Error>>;
//!
//! # #[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
//! fn log_out(host: &str, port: u16) -> Outcome<()> {
//!     let timeout = Some(Duration::from_secs(30));
//!     let config = ClientConfig::builder(sslcore_std::default_backend())
//!         .on_errors(OnErrors::Hold)
//!         .build()?;
//!
//!     let mut socket = SslSocket::connect_to_host(host, port, timeout)?;
//!     socket.set_timeout(timeout);
//!     let mut line = String::new();
//!     socket.read_line(&mut line)?; // * OK IMAP4rev1 ready
//!     socket.write_all(b"a STARTTLS\r\n")?;
//!     socket.read_line(&mut line)?; // a OK begin
//!
//!     socket.start_client_encryption(&config, PeerName::new(host)?)?;
//!     match socket.wait_for_encrypted(timeout) {
//!         Err(WaitError::VerdictNeeded(id)) => {
//!             let review = socket.review().expect("it is open");
//!             let verdict = match ask_the_user(&review) {
//!                 true => Verdict::Accept,
//!                 false => Verdict::Reject,
//!             };
//!             socket.answer(id, verdict)?;
//!             socket.wait_for_encrypted(timeout)?;
//!         }
//!         other => other?,
//!     }
//!     socket.write_all(b"b LOGOUT\r\n")?;
//!     let report = socket.disconnect_from_host(Duration::from_secs(5));
//!     assert!(report.close_notify_sent);
//!     Ok(())
//! }
//! # fn ask_the_user(_: &sslcore_std::sslcore::Review<'_>) -> bool { true }
//! # #[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
//! # fn main() -> Outcome<()> {
//! #     use sslcore_std::sslcore::ServerStart;
//! #     let serving = sslcore_tests::pair::server(sslcore_std::default_backend()).build()?;
//! #     let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
//! #     let port = listener.local_addr()?.port();
//! #     let server = std::thread::spawn(move || -> std::io::Result<String> {
//! #         let mut socket = SslSocket::from_stream(listener.accept()?.0)?;
//! #         socket.write_all(b"* OK IMAP4rev1 ready\r\n")?;
//! #         socket.read_line(&mut String::new())?;
//! #         socket.write_all(b"a OK begin\r\n")?;
//! #         let start = ServerStart::With(serving);
//! #         socket.start_server_encryption(start).map_err(std::io::Error::other)?;
//! #         let mut line = String::new();
//! #         socket.read_line(&mut line)?;
//! #         socket.disconnect_from_host(Duration::from_secs(5));
//! #         Ok(line)
//! #     });
//! #     log_out("127.0.0.1", port)?;
//! #     assert_eq!(server.join().expect("no panic")?, "b LOGOUT\r\n");
//! #     Ok(())
//! # }
//! # #[cfg(not(any(feature = "aws-lc-rs", feature = "ring")))]
//! # fn main() {}
//! ```
//!
//! # Four forms
//!
//! | form | for |
//! |---|---|
//! | [`SslSocket`] | one thread per connection: its calls block, with timeouts |
//! | [`ReadHalf`] and [`WriteHalf`], from [`SslSocket::split`] | one thread that reads and one that writes |
//! | [`SslStream`] | a readiness loop: over any non-blocking `Read + Write`, it never blocks |
//! | `tokio::SslStream`, with the feature `tokio` | the runtime tokio: over any `AsyncRead + AsyncWrite`, and one itself |
//!
//! An application that none of the four fits drives the [`Connection`](sslcore::Connection) itself.
//! The page [`adapters`] shows two whole programs that do: one on mio, for thousands of connections
//! in one thread, and one on io_uring, with buffers that the kernel owns.
//!
//! [`Connector`] makes sockets, and sets which addresses are tried, for how long, and which name the
//! certificate must carry. [`trace`] shows bytes and events as they pass.
//!
//! # Coming from Qt
//!
//! | QSslSocket | here |
//! |---|---|
//! | `connectToHost`, `setSocketDescriptor` | [`SslSocket::connect_to_host`], [`SslSocket::from_stream`]; without blocking [`Connector::start`] |
//! | `connectToHostEncrypted`, `setPeerVerifyName` | [`SslSocket::connect_to_host_encrypted`], [`Connector::peer_name`] |
//! | `startClientEncryption`, `startServerEncryption` | the same names |
//! | `waitForConnected`, `waitForEncrypted`, `waitForReadyRead`, `waitForBytesWritten`, `waitForDisconnected` | the same names; the error says why |
//! | signals | [`SslSocket::poll_event`] |
//! | `sslErrors`, `ignoreSslErrors`, `resume` | [`SslSocket::review`], [`SslSocket::answer`], [`SslSocket::keep_asking`] |
//! | `read`, `readLine`, `canReadLine`, `peek` | [`std::io::Read`], [`std::io::BufRead`], [`SslSocket::can_read_line`], [`SslSocket::peek`] |
//! | `setLocalCertificate`, `setPrivateKey`, `addCaCertificates`, `systemCaCertificates` | [`trust`] |
//! | `write`, `flush` | [`std::io::Write`] |
//! | `close`, `disconnectFromHost`, `abort` | the same names |
//! | `state`, `localAddress`, `peerAddress`, `peerName` | [`SslSocket::state`], [`SslSocket::local_addr`], [`SslSocket::peer_addr`], [`SslSocket::peer_name`] |
//! | `setSocketOption`, `setReadBufferSize` | the same names |
//! | `peerCertificate`, `sessionCipher` and the other getters | [`SslSocket::connection`] |
//! | `QSslServer` | [`SslServer`] |
//!
//! The waits differ from Qt's: a timeout of `None` sets no limit, and `Some(Duration::ZERO)` does
//! what can be done at once. A timeout ends nothing, not even connecting. `wait_for_encrypted`
//! returns at once when the connection is encrypted already, `wait_for_bytes_written` when no bytes
//! are pending, `wait_for_ready_read` for data that arrived in an earlier call and that no wait has
//! reported.
//!
//! The plaintext dialogue before `startClientEncryption` is left to the application in Qt;
//! [`starttls::negotiate`] conducts it for thirteen protocols.
//!
//! The page [`coming_from_qt`] lists every member of QSslSocket, and what differs. The page
//! [`judged_elsewhere`] shows certificates that a service or a person verifies, the page
//! [`signed_elsewhere`] a private key that a module keeps.
//!
//! # Features
//!
//! | feature | brings | by default |
//! |---|---|---|
//! | `aws-lc-rs`, `ring`, `rustcrypto` | the [backend](sslcore::crypto) of that name | `aws-lc-rs` |
//! | `ml-kem` | hybrid post-quantum key exchanges in `ring` and `rustcrypto`; `aws-lc-rs` has them | no |
//! | `native-roots` | `trust::system`: the certificates that the operating system trusts | yes |
//! | `webpki-roots` | `trust::mozilla`: those that Mozilla trusts, built in | no |
//! | `encrypted-keys` | private keys behind a passphrase | no |
//! | `pkcs12` | PKCS#12 files | no |
//! | `ocsp` | the module `ocsp`: stapled OCSP responses, read and verified | no |
//! | `ktls` | on Linux, `offload_to_kernel` and `send_file` of [`SslSocket`] and [`SslStream`]: the kernel seals and opens records, and sends files | no |
//! | `tokio` | the module `tokio` | no |
//! | `transcripts` | `SslSocket::transcribe`: sessions as text, to be replayed; may change in every release | no |
//!
//! What semantic versioning covers is said on the front page of [`sslcore`].
#![forbid(unsafe_code)]
// On docs.rs, what a feature brings says so.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod alarm;
mod attempts;
mod clock;
mod connect;
mod connect_error;
mod drive;
mod endpoint;
mod events;
mod face;
#[cfg(all(feature = "ktls", target_os = "linux"))]
mod kernel;
#[cfg(all(feature = "ktls", target_os = "linux"))]
mod kernel_tls;
#[cfg(all(feature = "ktls", target_os = "linux"))]
mod kernel_tls_error;
mod link;
#[cfg(feature = "ocsp")]
pub mod ocsp;
mod options;
mod poll;
mod read_write;
mod server;
mod shared;
mod socket;
mod split;
pub mod starttls;
mod stream;
#[cfg(feature = "tokio")]
pub mod tokio;
pub mod trace;
pub mod trust;
mod wait;
mod wait_error;
mod waiter;

pub use sslcore;

pub use crate::attempts::Attempt;
pub use crate::clock::Clock;
pub use crate::connect::{Connector, IpVersion};
pub use crate::connect_error::{ConnectCause, ConnectError, FailedAttempt};
#[cfg(all(feature = "ktls", target_os = "linux"))]
pub use crate::kernel_tls_error::KernelTlsError;
pub use crate::options::{SocketOption, SocketOptions};
pub use crate::server::{
    AcceptError, Choice, ConfigsByName, ConnectionId, HandshakeError, ServerEvent, ServerWaker,
    SslServer,
};
pub use crate::shared::SharedSocket;
pub use crate::socket::{SocketState, SslSocket};
pub use crate::split::{ReadHalf, ReuniteError, SplitError, WriteHalf};
pub use crate::stream::SslStream;
pub use crate::wait_error::WaitError;

/// The fastest backend that was built in: aws-lc-rs, or else ring.
///
/// ```
/// use sslcore_std::sslcore::ClientConfig;
///
/// let config = ClientConfig::builder(sslcore_std::default_backend()).build();
/// assert!(config.is_ok());
/// ```
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
pub fn default_backend() -> sslcore::crypto::Backend {
    #[cfg(feature = "aws-lc-rs")]
    return sslcore::crypto::Backend::aws_lc_rs();
    #[cfg(not(feature = "aws-lc-rs"))]
    return sslcore::crypto::Backend::ring();
}

#[doc = include_str!("coming-from-qt.md")]
pub mod coming_from_qt {}

/// Two whole adapters for other runtimes, to copy from. The tests run both as they stand here,
/// against themselves and against OpenSSL.
///
/// # mio
/// Thousands of connections in one thread, each driven by
/// [`Connection::next`](sslcore::Connection::next) alone.
///
/// ```text
#[doc = include_str!("../examples/on_mio.rs")]
/// ```
///
/// # io_uring
/// Buffers that the kernel owns until it has sent them, over compio.
///
/// ```text
#[doc = include_str!("../tests/on_io_uring/session.rs")]
/// ```
pub mod adapters {}

/// Certificates that the application verifies: by a service that answers later, or by a person.
///
/// A handshake that is held costs nothing but its memory: no message leaves, and the answer may
/// come from any thread, at any time that the configuration's
/// [`decision`](sslcore::Timeouts::decision) timeout allows. The call that answers too late fails,
/// and changes nothing.
///
/// # A service
/// With [`VerifyMode::External`](sslcore::VerifyMode::External) the built-in verification is off,
/// and every handshake is held. It is still verified that the peer has the certificate's private
/// key.
///
/// ```no_run
#[doc = include_str!("../examples/judged_elsewhere.rs")]
/// ```
///
/// # A person
/// With [`OnErrors::Hold`](sslcore::OnErrors::Hold) only handshakes whose certificate has errors
/// are held. To ask about a certificate only once, keep a [`Pin`](sslcore::Pin) of an accepted one.
///
/// ```no_run
#[doc = include_str!("../examples/judged_by_a_person.rs")]
/// ```
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
pub mod judged_elsewhere {}

/// A private key that is elsewhere: with
/// [`ask_for_signatures`](sslcore::ConfigBuilder::ask_for_signatures) the application signs when it is asked,
/// any time later, and nobody is blocked meanwhile. Who can wait gives a [`Signer`](sslcore::Signer), which
/// is simpler.
///
/// ```no_run
#[doc = include_str!("../examples/signed_elsewhere.rs")]
/// ```
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
pub mod signed_elsewhere {}
