//! Asking a server in plaintext to switch to TLS: STARTTLS and its kin, in eleven protocols.
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
mod error;
mod ldap;
mod tagged;
mod xmpp;

use std::fmt;
use std::io::Write;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::{Duration, Instant};

use sslcore::ReadEnd;

pub use self::error::{StartTlsError, UnknownProtocol};
use crate::{SslSocket, WaitError};

/// The longest message of a server's, in bytes; what RFCs allow is far shorter.
const MESSAGE: usize = 8 * 1024;
/// The most that a server may say until its "go ahead", in bytes.
const DIALOGUE: usize = 64 * 1024;

/// A protocol with a way into TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// SMTP: `STARTTLS` (RFC 3207).
    Smtp,
    /// IMAP: `STARTTLS` (RFC 9051 §6.2.1).
    Imap,
    /// POP3: `STLS` (RFC 2595 §4).
    Pop3,
    /// FTP: `AUTH TLS` (RFC 4217).
    Ftp,
    /// XMPP, client to server: `<starttls/>` (RFC 6120 §5).
    Xmpp,
    /// LDAP: the StartTLS operation (RFC 4511 §4.14).
    Ldap,
    /// PostgreSQL: SSLRequest.
    Postgres,
    /// MySQL and MariaDB: SSLRequest.
    Mysql,
    /// ManageSieve: `STARTTLS` (RFC 5804 §2.2).
    Sieve,
    /// NNTP: `STARTTLS` (RFC 4642).
    Nntp,
    /// IRC: `STARTTLS` (IRCv3's `tls` extension).
    Irc,
}

impl Protocol {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Smtp,
        Self::Imap,
        Self::Pop3,
        Self::Ftp,
        Self::Xmpp,
        Self::Ldap,
        Self::Postgres,
        Self::Mysql,
        Self::Sieve,
        Self::Nntp,
        Self::Irc,
    ];

    /// Its name, in small letters, as [`FromStr`] takes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Imap => "imap",
            Self::Pop3 => "pop3",
            Self::Ftp => "ftp",
            Self::Xmpp => "xmpp",
            Self::Ldap => "ldap",
            Self::Postgres => "postgres",
            Self::Mysql => "mysql",
            Self::Sieve => "sieve",
            Self::Nntp => "nntp",
            Self::Irc => "irc",
        }
    }

    /// The port of its plaintext service. For SMTP the one of mail servers, 25; mail programs
    /// submit on 587.
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Smtp => 25,
            Self::Imap => 143,
            Self::Pop3 => 110,
            Self::Ftp => 21,
            Self::Xmpp => 5222,
            Self::Ldap => 389,
            Self::Postgres => 5432,
            Self::Mysql => 3306,
            Self::Sieve => 4190,
            Self::Nntp => 119,
            Self::Irc => 6667,
        }
    }

    fn dialogue(self, host: &str, local: Option<IpAddr>) -> Box<dyn Dialogue> {
        match self {
            Self::Smtp => Box::new(coded::smtp(local)),
            Self::Ftp => Box::new(coded::ftp()),
            Self::Nntp => Box::new(coded::nntp()),
            Self::Pop3 => Box::new(coded::pop3()),
            Self::Imap => Box::new(tagged::Imap::default()),
            Self::Sieve => Box::new(tagged::Sieve::default()),
            Self::Irc => Box::new(tagged::Irc),
            Self::Xmpp => Box::new(xmpp::Xmpp::new(host)),
            Self::Ldap => Box::new(ldap::Ldap),
            Self::Postgres => Box::new(database::Postgres),
            Self::Mysql => Box::new(database::Mysql),
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Protocol {
    type Err = UnknownProtocol;

    fn from_str(name: &str) -> Result<Self, UnknownProtocol> {
        Self::ALL
            .into_iter()
            .find(|protocol| protocol.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| UnknownProtocol(name.to_owned()))
    }
}

/// What the server's words come to.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// Its message is not complete.
    Incomplete,
    /// So many bytes are its message; this is the answer, and another message is awaited.
    Answer(usize, Vec<u8>),
    /// So many bytes are its message; after this answer TLS starts.
    GoAhead(usize, Vec<u8>),
}

/// Why a dialogue cannot go on, with what the server said.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Refusal {
    /// It will not.
    Refused(String),
    /// It cannot: TLS is not among what it offers.
    NotOffered(String),
    /// That is no message of this protocol.
    Unexpected(String),
    /// It announces a message that is longer than any should be.
    TooLong,
}

/// One protocol's way to TLS, without IO.
trait Dialogue {
    /// What the client says before the server has said anything.
    fn opening(&self) -> Vec<u8> {
        Vec::new()
    }

    /// Looks at the unread bytes for one message. Takes no byte behind it, since TLS may start
    /// there, and does nothing while it is incomplete.
    fn read(&mut self, unread: &[u8]) -> Result<Step, Refusal>;
}

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

/// Bytes as text, to be quoted: not too many of them.
fn quote(bytes: &[u8]) -> String {
    const QUOTED: usize = 1000;
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(QUOTED)]);
    text.trim_end().to_owned()
}

/// The length of the first line, its end included.
fn line_len(unread: &[u8]) -> Option<usize> {
    Some(unread.iter().position(|byte| *byte == b'\n')? + 1)
}

/// The first line without its end, `\r\n` or, from lenient servers, `\n`.
fn first_line(unread: &[u8]) -> Option<(&[u8], usize)> {
    let len = line_len(unread)?;
    let line = &unread[..len - 1];
    Some((line.strip_suffix(b"\r").unwrap_or(line), len))
}

#[cfg(test)]
mod tests;
