//! Options of the TCP socket.

use std::io;
use std::net::TcpStream;
use std::time::Duration;

use rustix::net::sockopt;

/// An option of the TCP socket, with its value. `QAbstractSocket::SocketOption`.
///
/// ```
/// use std::net::{TcpListener, TcpStream};
/// use std::time::Duration;
///
/// use sslcore_std::{SocketOption, SslSocket};
///
/// # fn main() -> std::io::Result<()> {
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let stream = TcpStream::connect(listener.local_addr()?)?;
/// let mut socket = SslSocket::from_stream(stream)?;
/// // A peer that is idle for a minute is probed; after five probes without an answer, 10 s apart,
/// // the connection is reset.
/// socket.set_socket_option(SocketOption::KeepAlive(true))?;
/// # #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))] {
/// socket.set_socket_option(SocketOption::KeepAliveIdle(Duration::from_secs(60)))?;
/// socket.set_socket_option(SocketOption::KeepAliveInterval(Duration::from_secs(10)))?;
/// socket.set_socket_option(SocketOption::KeepAliveCount(5))?;
/// # }
/// let options = socket.socket_options()?;
/// assert!(options.keep_alive);
/// println!("{} bytes can wait to be sent", options.send_buffer_size);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SocketOption {
    /// TCP_NODELAY: small segments are sent at once. `LowDelayOption`.
    LowDelay(bool),
    /// SO_KEEPALIVE: a peer that is idle is probed, to see whether it is still there.
    /// `KeepAliveOption`.
    KeepAlive(bool),
    /// TCP_KEEPIDLE: how long a peer may be idle before it is probed; whole seconds, 1 to 32,767.
    /// `Unsupported` elsewhere than on Linux, Android and Apple's systems.
    KeepAliveIdle(Duration),
    /// TCP_KEEPINTVL: the time between two probes; whole seconds, 1 to 32,767. `Unsupported` as for
    /// [`KeepAliveIdle`](Self::KeepAliveIdle).
    KeepAliveInterval(Duration),
    /// TCP_KEEPCNT: the number of unanswered probes after which the connection is reset, 1 to 127.
    /// `Unsupported` as for [`KeepAliveIdle`](Self::KeepAliveIdle).
    KeepAliveCount(u32),
    /// The time to live of IPv4 packets, or the hop limit of IPv6 packets, 1 to 255.
    TimeToLive(u8),
    /// The type of service of IPv4 packets, or the traffic class of IPv6 packets. `Unsupported`
    /// elsewhere than on Linux, Android and Apple's systems. `TypeOfServiceOption`.
    TypeOfService(u8),
    /// The size of the system's send buffer, in bytes. The system may round, double or cap it.
    /// `SendBufferSizeSocketOption`.
    SendBufferSize(usize),
    /// The size of the system's receive buffer, in bytes. The system may round, double or cap it.
    /// `ReceiveBufferSizeSocketOption`.
    ReceiveBufferSize(usize),
}

/// All options of a TCP socket, as the system reports them, from
/// [`SslSocket::socket_options`](crate::SslSocket::socket_options). The example of [`SocketOption`]
/// shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SocketOptions {
    /// The value of [`SocketOption::LowDelay`].
    pub low_delay: bool,
    /// The value of [`SocketOption::KeepAlive`].
    pub keep_alive: bool,
    /// The value of [`SocketOption::KeepAliveIdle`]. `None` where the system does not report it.
    pub keep_alive_idle: Option<Duration>,
    /// The value of [`SocketOption::KeepAliveInterval`]. `None` where the system does not report
    /// it.
    pub keep_alive_interval: Option<Duration>,
    /// The value of [`SocketOption::KeepAliveCount`]. `None` where the system does not report it.
    pub keep_alive_count: Option<u32>,
    /// The value of [`SocketOption::TimeToLive`].
    pub time_to_live: u8,
    /// The value of [`SocketOption::TypeOfService`]. Zero where the system does not report it.
    pub type_of_service: u8,
    /// The value of [`SocketOption::SendBufferSize`]. Linux reports twice what was set.
    pub send_buffer_size: usize,
    /// The value of [`SocketOption::ReceiveBufferSize`]. Linux reports twice what was set.
    pub receive_buffer_size: usize,
}

impl SocketOption {
    pub(crate) fn set(self, stream: &TcpStream) -> io::Result<()> {
        match self {
            Self::LowDelay(on) => stream.set_nodelay(on)?,
            Self::KeepAlive(on) => sockopt::set_socket_keepalive(stream, on)?,
            Self::KeepAliveIdle(time) => keep_alive::set_idle(stream, time)?,
            Self::KeepAliveInterval(time) => keep_alive::set_interval(stream, time)?,
            Self::KeepAliveCount(count) => keep_alive::set_count(stream, count)?,
            Self::TimeToLive(hops) if is_v6(stream) => {
                sockopt::set_ipv6_unicast_hops(stream, Some(hops))?;
            }
            Self::TimeToLive(hops) => sockopt::set_ip_ttl(stream, hops.into())?,
            Self::TypeOfService(class) => set_type_of_service(stream, class)?,
            Self::SendBufferSize(bytes) => sockopt::set_socket_send_buffer_size(stream, bytes)?,
            Self::ReceiveBufferSize(bytes) => sockopt::set_socket_recv_buffer_size(stream, bytes)?,
        }
        Ok(())
    }
}

impl SocketOptions {
    pub(crate) fn of(stream: &TcpStream) -> io::Result<Self> {
        let hops = match is_v6(stream) {
            true => sockopt::ipv6_unicast_hops(stream)?,
            false => u8::try_from(sockopt::ip_ttl(stream)?).unwrap_or(u8::MAX),
        };
        Ok(Self {
            low_delay: stream.nodelay()?,
            keep_alive: sockopt::socket_keepalive(stream)?,
            keep_alive_idle: keep_alive::idle(stream),
            keep_alive_interval: keep_alive::interval(stream),
            keep_alive_count: keep_alive::count(stream),
            time_to_live: hops,
            type_of_service: type_of_service(stream)?,
            send_buffer_size: sockopt::socket_send_buffer_size(stream)?,
            receive_buffer_size: sockopt::socket_recv_buffer_size(stream)?,
        })
    }
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
mod keep_alive {
    use std::io;
    use std::net::TcpStream;
    use std::time::Duration;

    use rustix::net::sockopt;

    pub(super) fn set_idle(stream: &TcpStream, time: Duration) -> io::Result<()> {
        Ok(sockopt::set_tcp_keepidle(stream, time)?)
    }

    pub(super) fn set_interval(stream: &TcpStream, time: Duration) -> io::Result<()> {
        Ok(sockopt::set_tcp_keepintvl(stream, time)?)
    }

    pub(super) fn set_count(stream: &TcpStream, count: u32) -> io::Result<()> {
        Ok(sockopt::set_tcp_keepcnt(stream, count)?)
    }

    pub(super) fn idle(stream: &TcpStream) -> Option<Duration> {
        sockopt::tcp_keepidle(stream).ok()
    }

    pub(super) fn interval(stream: &TcpStream) -> Option<Duration> {
        sockopt::tcp_keepintvl(stream).ok()
    }

    pub(super) fn count(stream: &TcpStream) -> Option<u32> {
        sockopt::tcp_keepcnt(stream).ok()
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
mod keep_alive {
    use std::io::{Error, ErrorKind, Result};
    use std::net::TcpStream;
    use std::time::Duration;

    pub(super) fn set_idle(_: &TcpStream, _: Duration) -> Result<()> {
        Err(Error::from(ErrorKind::Unsupported))
    }

    pub(super) fn set_interval(_: &TcpStream, _: Duration) -> Result<()> {
        Err(Error::from(ErrorKind::Unsupported))
    }

    pub(super) fn set_count(_: &TcpStream, _: u32) -> Result<()> {
        Err(Error::from(ErrorKind::Unsupported))
    }

    pub(super) fn idle(_: &TcpStream) -> Option<Duration> {
        None
    }

    pub(super) fn interval(_: &TcpStream) -> Option<Duration> {
        None
    }

    pub(super) fn count(_: &TcpStream) -> Option<u32> {
        None
    }
}

fn is_v6(stream: &TcpStream) -> bool {
    stream.local_addr().is_ok_and(|address| address.is_ipv6())
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn set_type_of_service(stream: &TcpStream, class: u8) -> io::Result<()> {
    match is_v6(stream) {
        true => sockopt::set_ipv6_tclass(stream, class.into())?,
        false => sockopt::set_ip_tos(stream, class)?,
    }
    Ok(())
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn type_of_service(stream: &TcpStream) -> io::Result<u8> {
    Ok(match is_v6(stream) {
        true => u8::try_from(sockopt::ipv6_tclass(stream)?).unwrap_or(u8::MAX),
        false => sockopt::ip_tos(stream)?,
    })
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn set_type_of_service(_: &TcpStream, _: u8) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn type_of_service(_: &TcpStream) -> io::Result<u8> {
    Ok(0)
}
