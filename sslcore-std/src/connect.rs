//! Connecting to a host by name.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::{Duration, Instant};

use sslcore::{ClientConfig, Limits, PeerName};

use crate::attempts::{Attempts, alternate};
use crate::connect_error::ConnectError;
use crate::link::Link;
use crate::socket::SslSocket;
use crate::wait_error::WaitError;

/// Which addresses of a host are tried. `QAbstractSocket::NetworkLayerProtocol`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IpVersion {
    /// All. `AnyIPProtocol`.
    #[default]
    Any,
    /// IPv4 only. `IPv4Protocol`.
    V4,
    /// IPv6 only. `IPv6Protocol`.
    V6,
}

impl IpVersion {
    fn of(address: SocketAddr) -> Self {
        match address {
            SocketAddr::V4(_) => Self::V4,
            SocketAddr::V6(_) => Self::V6,
        }
    }

    fn admits(self, address: &SocketAddr) -> bool {
        match self {
            Self::Any => true,
            Self::V4 => address.is_ipv4(),
            Self::V6 => address.is_ipv6(),
        }
    }
}

/// How to connect: everything that [`SslSocket::connect_to_host`] does not ask.
///
/// The addresses of a host are tried in the order of the system's resolver, IPv6 and IPv4 taking
/// turns. An address that has not answered after a quarter of a second gets company: the next one
/// is tried beside it, and the first that answers is taken (RFC 8305 "Happy Eyeballs"). So an
/// address that leads nowhere costs a quarter of a second, not the whole timeout. (Outside Unix
/// they are tried one after the other.)
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # #[cfg(any(feature = "aws-lc-rs", feature = "ring"))] {
/// use std::time::Duration;
///
/// use sslcore_std::sslcore::{ClientConfig, PeerName};
/// use sslcore_std::{Connector, IpVersion};
///
/// let config = ClientConfig::builder(sslcore_std::default_backend()).build()?;
/// let timeout = Some(Duration::from_secs(10));
/// // Behind a load balancer: its address, another name in the certificate, a third asked for.
/// let mut socket = Connector::new()
///     .timeout(timeout)
///     .ip_version(IpVersion::V4)
///     .peer_name(PeerName::new("www.example.org")?.verify_as("example.org")?)
///     .connect_encrypted("lb7.example.net", 443, &config)?;
/// socket.wait_for_encrypted(timeout)?;
/// # } Ok(()) }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Connector {
    ip_version: IpVersion,
    local_address: Option<SocketAddr>,
    timeout: Option<Duration>,
    limits: Limits,
    peer_name: Option<PeerName>,
}

impl Connector {
    /// Any address, no timeout but the system's, the default [`Limits`], and the host's name as
    /// the name in the certificate.
    pub fn new() -> Self {
        Self::default()
    }

    /// Tries only addresses of this version.
    #[must_use]
    pub fn ip_version(mut self, version: IpVersion) -> Self {
        self.ip_version = version;
        self
    }

    /// The address to connect from, and the port if it is not 0: for a host with several addresses of
    /// its own. Only addresses of the same version are tried. `None`, the default, leaves it to the
    /// system. Outside Unix no address can be tried with it. `QAbstractSocket::bind`.
    #[must_use]
    pub fn local_address(mut self, address: Option<SocketAddr>) -> Self {
        self.local_address = address;
        self
    }

    /// How long all addresses together may take; `None`, the default, leaves it to the system.
    /// Looking the name up may take longer, since std cannot bound that.
    #[must_use]
    pub fn timeout(mut self, timeout: Option<Duration>) -> Self {
        self.timeout = timeout;
        self
    }

    /// The limits of the connection.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The name that the certificate must carry, and the one to ask for (SNI), if they are not
    /// the host's. `QSslSocket::setPeerVerifyName`, and the `sslPeerName` of
    /// `QSslSocket::connectToHostEncrypted`.
    #[must_use]
    pub fn peer_name(mut self, name: PeerName) -> Self {
        self.peer_name = Some(name);
        self
    }

    /// Connects in plaintext, and blocks until that is done.
    ///
    /// # Errors
    /// [`ConnectError`] as the inner value: the name was not
    /// [found](crate::ConnectCause::HostNotFound), or no address of it could be reached.
    pub fn connect(&self, host: &str, port: u16) -> io::Result<SslSocket> {
        let mut socket = self.start(host, port)?;
        // The attempts have their own timeout, and its error says more.
        match socket.wait_for_connected(None) {
            Ok(()) => Ok(socket),
            Err(error) => Err(error.into()),
        }
    }

    /// Connects, starts TLS as a client, and returns:
    /// [`wait_for_encrypted`](SslSocket::wait_for_encrypted) handshakes.
    ///
    /// # Errors
    /// As for [`connect`](Self::connect); `InvalidInput` when the host's name cannot be in a
    /// certificate and no [`peer_name`](Self::peer_name) was given.
    pub fn connect_encrypted(
        &self,
        host: &str,
        port: u16,
        config: &ClientConfig,
    ) -> io::Result<SslSocket> {
        let peer = self.peer(host)?;
        let mut socket = self.connect(host, port)?;
        socket
            .start_client_encryption(config, peer)
            .map_err(io::Error::other)?;
        Ok(socket)
    }

    /// Begins to connect and returns: the socket's state is
    /// [`Connecting`](crate::SocketState::Connecting), and
    /// [`wait_for_connected`](SslSocket::wait_for_connected) or any other wait, read or flush
    /// carries it on. What is written meanwhile leaves once it is connected; TLS can be started
    /// at once, its handshake timeout counts from the connection.
    ///
    /// Looking up the name happens here, and may block.
    ///
    /// # Errors
    /// [`ConnectError`] as the inner value, when the name is not found or not one address can be
    /// tried.
    pub fn start(&self, host: &str, port: u16) -> io::Result<SslSocket> {
        let until = self
            .timeout
            .and_then(|time| Instant::now().checked_add(time));
        let addresses = self.look_up(host, port)?;
        let error = ConnectError::new(host, port);
        let attempts = Attempts::start(alternate(addresses), self.local_address, until, error)?;
        let link = Link::Connecting(Box::new(attempts));
        Ok(SslSocket::over(link, self.limits, Some(host)))
    }

    fn look_up(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, ConnectError> {
        let found = (host, port).to_socket_addrs().map_err(|error| {
            let why = format!(
                "cannot find the address of {}: {error}",
                host.escape_debug()
            );
            ConnectError::not_found(host, port, why)
        })?;
        let local = self.local_address.map_or(IpVersion::Any, IpVersion::of);
        let addresses: Vec<_> = found
            .filter(|address| self.ip_version.admits(address) && local.admits(address))
            .collect();
        if addresses.is_empty() {
            let kind = match (self.ip_version, local) {
                (IpVersion::Any, IpVersion::Any) => "address",
                (IpVersion::V4, IpVersion::V6) | (IpVersion::V6, IpVersion::V4) => {
                    "address of both the version to use and that of our own address"
                }
                (IpVersion::V4, _) | (_, IpVersion::V4) => "IPv4 address",
                (IpVersion::V6, _) | (_, IpVersion::V6) => "IPv6 address",
            };
            let why = format!("{} has no {kind}", host.escape_debug());
            return Err(ConnectError::not_found(host, port, why));
        }
        Ok(addresses)
    }

    fn peer(&self, host: &str) -> io::Result<PeerName> {
        match &self.peer_name {
            Some(name) => Ok(name.clone()),
            None => {
                PeerName::new(host).map_err(|error| io::Error::new(ErrorKind::InvalidInput, error))
            }
        }
    }
}

impl SslSocket {
    /// Connects in plaintext. `QAbstractSocket::connectToHost` and `waitForConnected` in one;
    /// [`Connector::start`] takes the two apart.
    ///
    /// `timeout` is for all of the host's addresses together; `None` leaves it to the system.
    /// [`Connector`] tells how they are tried. TCP_NODELAY is set: records are whole, and TCP
    /// would only hold them back.
    ///
    /// # Errors
    /// [`ConnectError`] as the inner value: the name was not
    /// [found](crate::ConnectCause::HostNotFound), or no address of it could be reached.
    pub fn connect_to_host(host: &str, port: u16, timeout: Option<Duration>) -> io::Result<Self> {
        Connector::new().timeout(timeout).connect(host, port)
    }

    /// Connects and starts TLS as a client; the certificate must carry the host's name.
    /// [`wait_for_encrypted`](Self::wait_for_encrypted) handshakes.
    /// `QSslSocket::connectToHostEncrypted`; for another name see [`Connector::peer_name`].
    ///
    /// # Errors
    /// As for [`Connector::connect_encrypted`].
    pub fn connect_to_host_encrypted(
        host: &str,
        port: u16,
        config: &ClientConfig,
        timeout: Option<Duration>,
    ) -> io::Result<Self> {
        Connector::new()
            .timeout(timeout)
            .connect_encrypted(host, port, config)
    }

    /// Waits until the TCP connection stands. At once if it does.
    /// `QAbstractSocket::waitForConnected`, but a timeout gives nothing up: wait again, or
    /// [`abort`](Self::abort).
    ///
    /// # Errors
    /// [`WaitError::CannotConnect`], [`WaitError::Timeout`].
    pub fn wait_for_connected(&mut self, timeout: Option<Duration>) -> Result<(), WaitError> {
        self.wait(timeout, |driver| driver.connected())
    }
}
