//! Asking a server in plaintext to switch to TLS: STARTTLS and its kin, in thirteen protocols.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use sslcore_std::SslSocket;
//! use sslcore_std::sslcore::{ClientConfig, PeerName};
//! use sslcore_std::starttls::{Protocol, negotiate};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # #[cfg(any(feature = "aws-lc-rs", feature = "ring"))] {
//! let (host, timeout) = ("mail.example.org", Some(Duration::from_secs(30)));
//! let config = ClientConfig::builder(sslcore_std::default_backend()).build()?;
//! let port = Protocol::Imap.default_port();
//! let mut socket = SslSocket::connect_to_host(host, port, timeout)?;
//! negotiate(&mut socket, Protocol::Imap, host, timeout)?;
//! socket.start_client_encryption(&config, PeerName::new(host)?)?;
//! socket.wait_for_encrypted(timeout)?;
//! # } Ok(()) }
//! ```
//!
//! Nothing that was said before TLS counts behind it: greetings and capabilities may have been
//! anybody's. A protocol that has a greeting after the switch gives it again, others are asked
//! again.

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

/// Asks the server, in the clear, to switch to TLS, and reads its "go ahead".
/// [`start_client_encryption`](SslSocket::start_client_encryption) is the next call, with no read
/// between: bytes behind the "go ahead" are left unread, and that call refuses them.
///
/// `host` is told to the server where the protocol has a place for it (XMPP). `timeout` is for
/// the whole dialogue; `None` is for ever. A server that is asked on a new connection is asked
/// from the start: it greets first where its protocol says so. What it may say is bounded.
///
/// The client does not look whether TLS is announced where it can ask all the same: a server that
/// does not have it says so.
///
/// # Errors
/// [`StartTlsError`]; the socket is then in the middle of a plaintext dialogue, to be closed.
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
