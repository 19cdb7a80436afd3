//! How the program ends.

use std::process::ExitCode;

/// The exit codes, the same for every command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All went well.
    Fine = 0,
    /// The command line is wrong, or something that it names cannot be used.
    Usage = 1,
    /// There is no connection to the peer.
    NotConnected = 2,
    /// There is one, but TLS cannot be started, or fails.
    TlsFailure = 3,
    /// The peer's certificate was refused.
    CertificateRefused = 4,
    /// The stream was cut: data may be missing.
    Truncated = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
