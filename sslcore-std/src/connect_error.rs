//! Why no address of a host could be reached.

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;

/// No address of a host could be reached. The inner value of an [`io::Error`] whose kind is that
/// of the last address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectError {
    host: String,
    port: u16,
    tried: Vec<FailedAttempt>,
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
            tried: Vec::new(),
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

    /// Every address, in the order in which they failed.
    pub fn tried(&self) -> &[FailedAttempt] {
        &self.tried
    }

    /// The kind of the last failure.
    pub fn kind(&self) -> ErrorKind {
        self.tried
            .last()
            .map_or(ErrorKind::NotFound, |attempt| attempt.kind)
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot connect to {} port {}", self.host, self.port)?;
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
