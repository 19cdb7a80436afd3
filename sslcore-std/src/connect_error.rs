//! Why a host could not be connected to.

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;

/// Why a host could not be connected to. The inner value of an [`io::Error`] whose kind is
/// [`kind`](Self::kind).
///
/// `Display` names host, port and every address with its error, in one line; control characters in
/// the host's name are escaped.
///
/// ```
/// use std::net::TcpListener;
/// use std::time::Duration;
///
/// use sslcore_std::{ConnectCause, ConnectError, SslSocket};
///
/// # fn main() -> std::io::Result<()> {
/// // A port that nobody listens on any more.
/// let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
/// let timeout = Some(Duration::from_secs(10));
/// let error = SslSocket::connect_to_host("127.0.0.1", port, timeout).expect_err("refused");
/// let inner = error.get_ref().expect("an inner value");
/// let why = inner.downcast_ref::<ConnectError>().expect("a ConnectError");
/// assert_eq!((why.host(), why.port()), ("127.0.0.1", port));
/// assert_eq!(why.cause(), ConnectCause::Unreachable);
/// for attempt in why.tried() {
///     println!("{}: {:?}, {}", attempt.address, attempt.kind, attempt.reason);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectError {
    host: String,
    port: u16,
    /// Why there was no address to try.
    not_found: Option<String>,
    tried: Vec<FailedAttempt>,
}

/// At which step connecting failed. The example of [`ConnectError`] shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectCause {
    /// The host's name has no address, or none of the IP version that was asked for. No connection
    /// was tried. `QAbstractSocket::HostNotFoundError`.
    HostNotFound,
    /// None of the host's addresses could be reached. `QAbstractSocket::ConnectionRefusedError`,
    /// `SocketTimeoutError`, `NetworkError`.
    Unreachable,
}

/// One address that could not be reached, and why. The example of [`ConnectError`] shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedAttempt {
    /// The address and port.
    pub address: SocketAddr,
    /// The kind of the error. `TimedOut` also for an address that was never tried because the time
    /// was up before its turn.
    pub kind: ErrorKind,
    /// The error in the words of the system.
    pub reason: String,
}

impl ConnectError {
    pub(crate) fn new(host: &str, port: u16) -> Self {
        Self {
            host: host.to_owned(),
            port,
            not_found: None,
            tried: Vec::new(),
        }
    }

    /// There is no address to try; `why` is a sentence.
    pub(crate) fn not_found(host: &str, port: u16, why: String) -> Self {
        Self {
            not_found: Some(why),
            ..Self::new(host, port)
        }
    }

    pub(crate) fn add(&mut self, address: SocketAddr, error: &io::Error) {
        self.tried.push(FailedAttempt {
            address,
            kind: error.kind(),
            reason: error.to_string(),
        });
    }

    /// The host, as it was given.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, as it was given.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// At which step connecting failed: looking up the name, or reaching an address.
    pub fn cause(&self) -> ConnectCause {
        match self.not_found {
            Some(_) => ConnectCause::HostNotFound,
            None => ConnectCause::Unreachable,
        }
    }

    /// The addresses that failed, in the order in which they failed. Empty when the name was not
    /// found.
    pub fn tried(&self) -> &[FailedAttempt] {
        &self.tried
    }

    /// The kind of the last address's error; `NotFound` when the name was not found.
    pub fn kind(&self) -> ErrorKind {
        self.tried
            .last()
            .map_or(ErrorKind::NotFound, |attempt| attempt.kind)
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(why) = &self.not_found {
            return f.write_str(why);
        }
        let host = self.host.escape_debug();
        write!(f, "cannot connect to {host} port {}", self.port)?;
        for (i, attempt) in self.tried.iter().enumerate() {
            let separator = if i == 0 { ": " } else { "; " };
            write!(f, "{separator}{}: {}", attempt.address.ip(), attempt.reason)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConnectError {}

impl From<ConnectError> for io::Error {
    fn from(error: ConnectError) -> Self {
        Self::new(error.kind(), error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_that_cannot_be_reached_is_named_in_escapes() {
        let mut error = ConnectError::new("\x1b[2Jhost", 1);
        error.add(
            ([127, 0, 0, 1], 1).into(),
            &ErrorKind::ConnectionRefused.into(),
        );
        assert_eq!(
            error.to_string(),
            "cannot connect to \\u{1b}[2Jhost port 1: 127.0.0.1: connection refused"
        );
        assert_eq!(error.host(), "\x1b[2Jhost");
    }
}
