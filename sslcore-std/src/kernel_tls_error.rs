//! Why the kernel does not seal and open.

use std::error::Error;
use std::{fmt, io};

use sslcore::UsageError;

use crate::wait_error::WaitError;

/// The reason why the kernel does not have both directions of a connection, from
/// [`SslSocket::offload_to_kernel`](crate::SslSocket::offload_to_kernel) and
/// [`SslStream::offload_to_kernel`](crate::SslStream::offload_to_kernel). The connection goes on: what the
/// kernel does not seal or open is sealed and opened in the process.
///
/// ```
/// use sslcore_std::{KernelTlsError, SslSocket};
///
/// fn offload(socket: &mut SslSocket) {
///     match socket.offload_to_kernel() {
///         Ok(()) => {}
///         Err(KernelTlsError::Refused(error)) => eprintln!("modprobe tls? {error}"),
///         Err(error) => eprintln!("{error}"),
///     }
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum KernelTlsError {
    /// The kernel has no TLS (the module `tls` is not there or not loaded: `NotFound`), or not for this
    /// cipher suite (`InvalidInput`, `NotFound`), or the stream is not TCP or is transcribed (`Unsupported`).
    Refused(io::Error),
    /// The connection cannot give its keys away now: it is not encrypted, or a direction has ended. With
    /// [`UsageError::Offload`], which is `SslStream`'s alone, it can later.
    NotNow(UsageError),
    /// The wait has ended before the connection could give its keys away: its time is up, the connection has
    /// failed, or the application has to answer something. From `SslSocket` alone.
    Wait(WaitError),
}

impl fmt::Display for KernelTlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(error) => write!(f, "the kernel does not take the keys: {error}"),
            Self::NotNow(error) => write!(f, "the keys cannot be handed over now: {error}"),
            Self::Wait(error) => write!(f, "the keys could not be handed over: {error}"),
        }
    }
}

impl Error for KernelTlsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Refused(error) => Some(error),
            Self::NotNow(error) => Some(error),
            Self::Wait(error) => Some(error),
        }
    }
}

impl From<UsageError> for KernelTlsError {
    fn from(error: UsageError) -> Self {
        Self::NotNow(error)
    }
}

impl From<WaitError> for KernelTlsError {
    fn from(error: WaitError) -> Self {
        Self::Wait(error)
    }
}
