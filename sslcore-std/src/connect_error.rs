//! Why a host could not be connected to.

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;

/// A host could not be connected to. The inner value of an [`io::Error`] whose kind is
/// [`kind`](Self::kind). `Display` escapes control characters in the host's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectError {
    host: String,
    port: u16,
    /// Why there was no address to try.
    not_found: Option<String>,
    tried: Vec<FailedAttempt>,
}

/// What a host was not connected to for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectCause {
    /// Its name has no address, or none of the version that was asked for: nothing was tried.
    /// `QAbstractSocket::HostNotFoundError`.
    HostNotFound,
    /// None of its addresses could be reached. `QAbstractSocket::ConnectionRefusedError`,
    /// `SocketTimeoutError`, `NetworkError`.
    Unreachable,
}

/// What became of one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedAttempt {
    /// The address.
    pub address: SocketAddr,
    /// What went wrong. `TimedOut` also for an address that was never tried because the time was
    /// up before.
    pub kind: ErrorKind,
    /// The same in the system's words.
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

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether there was an address to try.
    pub fn cause(&self) -> ConnectCause {
        match self.not_found {
            Some(_) => ConnectCause::HostNotFound,
            None => ConnectCause::Unreachable,
        }
    }

    /// Every address, in the order in which they failed.
    pub fn tried(&self) -> &[FailedAttempt] {
        &self.tried
    }

    /// The kind of the last failure; `NotFound` when there was no address to try.
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
