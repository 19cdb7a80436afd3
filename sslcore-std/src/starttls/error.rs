//! Why a server does not start TLS.

use std::{fmt, io};

use super::dialogue::{MESSAGE, Refusal};
use super::protocol::Protocol;

/// Why a server did not reach "go ahead".
///
/// Words of the server are kept as they were sent, at most 1000 bytes; `Display` escapes control
/// characters.
///
/// ```
/// use std::time::Duration;
///
/// use sslcore_std::SslSocket;
/// use sslcore_std::starttls::{Protocol, StartTlsError, negotiate};
///
/// /// Says whether a mail server offers TLS.
/// fn offers_tls(socket: &mut SslSocket) -> Result<bool, StartTlsError> {
///     match negotiate(socket, Protocol::Smtp, "mail.example.org", Some(Duration::from_secs(30))) {
///         Ok(()) => Ok(true),
///         Err(StartTlsError::NotOffered { .. } | StartTlsError::Refused { .. }) => Ok(false),
///         Err(error) => Err(error),
///     }
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum StartTlsError {
    /// The server refuses to switch to TLS.
    Refused {
        /// The protocol of the dialogue.
        protocol: Protocol,
        /// The server's message.
        said: String,
    },
    /// The server does not offer TLS.
    NotOffered {
        /// The protocol of the dialogue.
        protocol: Protocol,
        /// The server's message.
        said: String,
    },
    /// The server does not speak this protocol.
    Unexpected {
        /// The protocol of the dialogue.
        protocol: Protocol,
        /// The server's message.
        said: String,
    },
    /// The server sent more than it may.
    TooLong {
        /// The number of bytes that it may send.
        limit: usize,
    },
    /// The server hung up.
    Ended,
    /// The timeout of the call ran out.
    Timeout,
    /// The stream failed, or could not be written to, with this error.
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
