//! Why a server does not start TLS.

use std::{fmt, io};

use super::dialogue::{MESSAGE, Refusal};
use super::protocol::Protocol;

/// Why a server did not get as far as "go ahead".
///
/// What it said is as it said it, at most 1000 bytes; `Display` escapes control characters.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartTlsError {
    /// The server refuses.
    Refused {
        /// What was spoken.
        protocol: Protocol,
        /// What the server said.
        said: String,
    },
    /// The server does not offer TLS.
    NotOffered {
        /// What was spoken.
        protocol: Protocol,
        /// What it said instead.
        said: String,
    },
    /// The server does not speak this protocol.
    Unexpected {
        /// What was to be spoken.
        protocol: Protocol,
        /// What the server said.
        said: String,
    },
    /// The server says more than it may.
    TooLong {
        /// What it may say, in bytes.
        limit: usize,
    },
    /// The server hung up.
    Ended,
    /// The timeout ran out.
    Timeout,
    /// The stream failed.
    Transport(io::Error),
}

impl StartTlsError {
    pub(super) fn from_refusal(refusal: Refusal, protocol: Protocol) -> Self {
        match refusal {
            Refusal::Refused(said) => Self::Refused { protocol, said },
            Refusal::NotOffered(said) => Self::NotOffered { protocol, said },
            Refusal::Unexpected(said) => Self::Unexpected { protocol, said },
            Refusal::TooLong => Self::TooLong { limit: MESSAGE },
        }
    }
}

impl fmt::Display for StartTlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { said, .. } => write!(f, "the server refuses to start TLS: {said:?}"),
            Self::NotOffered { said, .. } => {
                write!(f, "the server does not offer TLS; it said {said:?}")
            }
            Self::Unexpected { protocol, said } => {
                write!(f, "the server does not speak {protocol}: it said {said:?}")
            }
            Self::TooLong { limit } => write!(
                f,
                "the server says more than {limit} bytes without starting TLS"
            ),
            Self::Ended => f.write_str("the server hung up before TLS was started"),
            Self::Timeout => f.write_str("the server took too long to start TLS"),
            Self::Transport(error) => write!(f, "the connection failed before TLS: {error}"),
        }
    }
}

impl std::error::Error for StartTlsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Transport(error) => Some(error),
            _ => None,
        }
    }
}
