//! Asking a server in plaintext to switch to TLS: STARTTLS and its kin, in thirteen protocols.
//!
//! ```
//! use std::time::Duration;
//!
//! use sslcore_std::SslSocket;
//! use sslcore_std::sslcore::{ClientConfig, PeerName};
//! use sslcore_std::starttls::{Protocol, negotiate};
//!
//! type Outcome<T> = Result<T, Box<dyn std::error::Error>>;
//!
//! /// Connects to a POP3 server, on [`Protocol::default_port`] perhaps, and switches to TLS.
//! fn connect(host: &str, port: u16, config: &ClientConfig) -> Outcome<SslSocket> {
//!     let timeout = Some(Duration::from_secs(30));
//!     let mut socket = SslSocket::connect_to_host(host, port, timeout)?;
//!     negotiate(&mut socket, Protocol::Pop3, host, timeout)?;
//!     socket.start_client_encryption(config, PeerName::new(host)?)?;
//!     socket.wait_for_encrypted(timeout)?;
//!     Ok(socket)
//! }
//!
//! # #[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
//! # fn main() -> Outcome<()> {
//! #     use std::io::{BufRead, Write};
//! #     use sslcore_std::sslcore::ServerStart;
//! #     use sslcore_tests::pair;
//! #     let trusting = pair::client(sslcore_std::default_backend()).build()?;
//! #     let serving = pair::server(sslcore_std::default_backend()).build()?;
//! #     let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
//! #     let port = listener.local_addr()?.port();
//! #     let server = std::thread::spawn(move || -> std::io::Result<()> {
//! #         let mut socket = SslSocket::from_stream(listener.accept()?.0)?;
//! #         socket.write_all(b"+OK ready\r\n")?;
//! #         socket.read_line(&mut String::new())?;
//! #         socket.write_all(b"+OK begin TLS\r\n")?;
//! #         let start = ServerStart::With(serving);
//! #         socket.start_server_encryption(start).map_err(std::io::Error::other)?;
//! #         Ok(socket.wait_for_encrypted(None)?)
//! #     });
//! #     assert!(connect("127.0.0.1", port, &trusting)?.connection().is_encrypted());
//! #     server.join().expect("no panic")?;
//! #     Ok(())
//! # }
//! # #[cfg(not(any(feature = "aws-lc-rs", feature = "ring")))]
//! # fn main() {}
//! ```
//!
//! Greetings and capabilities that were received before TLS may come from an attacker, and must not
//! be used after it. In protocols with a greeting after the switch the server sends it again; in
//! others the client asks for the capabilities again.

mod coded;
mod database;
mod dialogue;
mod error;
mod ldap;
mod protocol;
mod tagged;
mod xmpp;

use std::io::Write;
use std::time::{Duration, Instant};

use sslcore::ReadEnd;

use self::dialogue::{MESSAGE, Step};
pub use self::error::StartTlsError;
pub use self::protocol::{Protocol, UnknownProtocol};
use crate::socket::SslSocket;
use crate::wait_error::WaitError;

/// The most that a server may say until its "go ahead", in bytes.
const DIALOGUE: usize = 64 * 1024;

/// Asks the server, in plaintext, to switch to TLS, and reads its "go ahead". Call
/// [`start_client_encryption`](SslSocket::start_client_encryption) next, with no read between:
/// bytes behind the "go ahead" stay unread, and that call refuses them. The example of
/// [`starttls`](self) shows it.
///
/// The socket must be new, because the dialogue begins with the server's greeting where the
/// protocol has one. `host` is sent to the server where the protocol wants it (XMPP). `timeout`
/// limits the whole dialogue; `None` sets no limit. The server may send at most 64 KiB, and 8 KiB
/// in one message.
///
/// Where the protocol allows it, the client asks for TLS without looking whether the server
/// announces it: a server without TLS refuses.
///
/// # Errors
/// [`StartTlsError`]. The socket is then in the middle of a plaintext dialogue, and should be
/// closed.
pub fn negotiate(
    socket: &mut SslSocket,
    protocol: Protocol,
    host: &str,
    timeout: Option<Duration>,
) -> Result<(), StartTlsError> {
    let until = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    let local = socket.stream().local_addr().ok().map(|local| local.ip());
    let mut dialogue = protocol.dialogue(host, local);
    let mut heard = 0;
    say(socket, &dialogue.opening())?;
    loop {
        let step = dialogue
            .read(socket.peek())
            .map_err(|refusal| StartTlsError::from_refusal(refusal, protocol))?;
        let (taken, answer, done) = match step {
            Step::Incomplete if socket.peek().len() >= MESSAGE => {
                return Err(StartTlsError::TooLong { limit: MESSAGE });
            }
            Step::Incomplete => {
                let left = until.map(|until| until.saturating_duration_since(Instant::now()));
                listen(socket, left)?;
                continue;
            }
            Step::Answer(taken, answer) => (taken, answer, false),
            Step::GoAhead(taken, answer) => (taken, answer, true),
        };
        heard += taken;
        if heard > DIALOGUE {
            return Err(StartTlsError::TooLong { limit: DIALOGUE });
        }
        std::io::BufRead::consume(socket, taken);
        say(socket, &answer)?;
        if done {
            return Ok(());
        }
    }
}

fn say(socket: &mut SslSocket, words: &[u8]) -> Result<(), StartTlsError> {
    socket.write_all(words).map_err(StartTlsError::Transport)
}

fn listen(socket: &mut SslSocket, timeout: Option<Duration>) -> Result<(), StartTlsError> {
    socket
        .wait_for_ready_read(timeout)
        .map_err(|error| match error {
            WaitError::Timeout => StartTlsError::Timeout,
            WaitError::Ended(ReadEnd::EndOfStream) => StartTlsError::Ended,
            error => StartTlsError::Transport(error.into()),
        })
}

#[cfg(test)]
mod tests;
