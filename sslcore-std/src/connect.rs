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

/// Which addresses of a host are tried. `QAbstractSocket::NetworkLayerProtocol`. The example of
/// [`Connector`] shows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IpVersion {
    /// Addresses of both versions. `AnyIPProtocol`.
    #[default]
    Any,
    /// IPv4 addresses only. `IPv4Protocol`.
    V4,
    /// IPv6 addresses only. `IPv6Protocol`.
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

/// Settings for connecting to a host by name: which addresses are tried, for how long, from where,
/// and which name the certificate must carry.
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
/// // Behind a load balancer: connects to lb7.example.net, asks for www.example.org (SNI), and
/// // requires a certificate for example.org.
/// let mut socket = Connector::new()
///     .timeout(timeout)
///     .ip_version(IpVersion::V4)
///     .peer_name(PeerName::new("www.example.org")?.verify_as("example.org")?)
///     .connect_encrypted("lb7.example.net", 443, &config)?;
/// socket.wait_for_encrypted(timeout)?;
/// # } Ok(()) }
/// ```
///
/// The addresses of a host are tried in the order of the system's resolver, IPv6 and IPv4 in turn.
/// When an address has not answered within 250 ms, the next one is tried beside it, and the first
/// connection that is established is used (RFC 8305 "Happy Eyeballs"). An address that does not
/// answer therefore costs 250 ms, not the whole timeout. Outside Unix the addresses are tried one
/// after the other.
#[derive(Clone, Debug, Default)]
pub struct Connector {
    ip_version: IpVersion,
    local_address: Option<SocketAddr>,
    timeout: Option<Duration>,
    limits: Limits,
    peer_name: Option<PeerName>,
}

impl Connector {
    /// A connector with the defaults: addresses of both IP versions, the system's own timeout, the
    /// default [`Limits`], and the host's name as the name that the certificate must carry.
    pub fn new() -> Self {
        Self::default()
    }

    /// Tries only addresses of this version. The default is [`IpVersion::Any`].
    #[must_use]
    pub fn ip_version(mut self, version: IpVersion) -> Self {
        self.ip_version = version;
        self
    }

    /// Sets the local address to connect from, and the local port unless it is 0: for a machine
    /// with several addresses. Only addresses of the same IP version are tried. With `None`, the
    /// default, the system chooses. Outside Unix connecting fails with `Unsupported` when an
    /// address is set. `QAbstractSocket::bind`.
    ///
    /// ```
    /// use std::io;
    /// use std::net::TcpListener;
    ///
    /// use sslcore_std::Connector;
    ///
    /// # fn main() -> io::Result<()> {
    /// let server = TcpListener::bind("127.0.0.1:0")?;
    /// let port = server.local_addr()?.port();
    /// let from = "127.0.0.1:0".parse().expect("an address");
    /// let socket = Connector::new().local_address(Some(from)).connect("localhost", port)?;
    /// assert_eq!(socket.local_addr()?.ip(), from.ip());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn local_address(mut self, address: Option<SocketAddr>) -> Self {
        self.local_address = address;
        self
    }

    /// Limits how long all addresses together may take to connect. With `None`, the default, the
    /// system decides. The time of looking up the name is not limited: std offers no way to do so.
    #[must_use]
    pub fn timeout(mut self, timeout: Option<Duration>) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the [`Limits`] of the connection: the sizes of its buffers.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets the name that the certificate must carry and the name that is asked for (SNI), if they
    /// differ from the host's name. `QSslSocket::setPeerVerifyName`, and `sslPeerName` of
    /// `QSslSocket::connectToHostEncrypted`.
    #[must_use]
    pub fn peer_name(mut self, name: PeerName) -> Self {
        self.peer_name = Some(name);
        self
    }

    /// Connects in plaintext; blocks until the connection is established or has failed.
    ///
    /// # Errors
    /// An [`io::Error`] with a [`ConnectError`] as its inner value: the name was not
    /// [found](crate::ConnectCause::HostNotFound), or none of its addresses could be reached.
    pub fn connect(&self, host: &str, port: u16) -> io::Result<SslSocket> {
        let mut socket = self.start(host, port)?;
        // The attempts have their own timeout, and its error says more.
        match socket.wait_for_connected(None) {
            Ok(()) => Ok(socket),
            Err(error) => Err(error.into()),
        }
    }

    /// Connects, starts TLS as a client, and returns before the handshake:
    /// [`wait_for_encrypted`](SslSocket::wait_for_encrypted) completes it.
    ///
    /// # Errors
    /// As for [`connect`](Self::connect). `InvalidInput` when the host's name is neither a DNS name
    /// nor an IP address and no [`peer_name`](Self::peer_name) was set.
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

    /// Begins to connect, and returns without waiting for the connection; only looking up the name
    /// may block. The state of the socket is [`Connecting`](crate::SocketState::Connecting);
    /// [`wait_for_connected`](SslSocket::wait_for_connected) and every other wait, read or flush
    /// carry the attempts on.
    ///
    /// Data that is written meanwhile leaves when the connection is established. TLS can be started
    /// at once; its handshake timeout starts with the connection.
    ///
    /// ```
    /// use std::io;
    /// use std::net::TcpListener;
    /// use std::time::Duration;
    ///
    /// use sslcore_std::{Connector, WaitError};
    ///
    /// # fn main() -> io::Result<()> {
    /// let server = TcpListener::bind("127.0.0.1:0")?;
    /// let port = server.local_addr()?.port();
    /// let mut socket = Connector::new().start("localhost", port)?;
    /// loop {
    ///     match socket.wait_for_connected(Some(Duration::from_millis(100))) {
    ///         Ok(()) => break,
    ///         // A timeout gives nothing up. This is the place to show how it goes, or to abort.
    ///         Err(WaitError::Timeout) => {
    ///             if let Some(attempt) = socket.attempt() {
    ///                 println!("address {} of {}: {}", attempt.number, attempt.of, attempt.address);
    ///             }
    ///         }
    ///         Err(error) => return Err(error.into()),
    ///     }
    /// }
    /// assert_eq!(socket.peer_addr()?.port(), port);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// An [`io::Error`] with a [`ConnectError`] as its inner value: the name was not found, or
    /// every attempt failed at once.
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
    /// Connects in plaintext; blocks until the connection is established or has failed.
    /// `QAbstractSocket::connectToHost` followed by `waitForConnected`; [`Connector::start`]
    /// connects without blocking.
    ///
    /// `timeout` limits all of the host's addresses together; with `None` the system decides.
    /// [`Connector`] says how the addresses are tried. TCP_NODELAY is set on the socket.
    ///
    /// ```
    /// use std::io::Write;
    /// use std::net::TcpListener;
    /// use std::time::Duration;
    ///
    /// use sslcore_std::SslSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let server = TcpListener::bind("127.0.0.1:0")?;
    /// let port = server.local_addr()?.port();
    /// let mut socket = SslSocket::connect_to_host("localhost", port, Some(Duration::from_secs(10)))?;
    /// assert_eq!(socket.peer_name(), Some("localhost"));
    /// socket.write_all(b"in plaintext")?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// An [`io::Error`] with a [`ConnectError`] as its inner value: the name was not
    /// [found](crate::ConnectCause::HostNotFound), or none of its addresses could be reached.
    pub fn connect_to_host(host: &str, port: u16, timeout: Option<Duration>) -> io::Result<Self> {
        Connector::new().timeout(timeout).connect(host, port)
    }

    /// Connects, starts TLS as a client, and returns before the handshake:
    /// [`wait_for_encrypted`](Self::wait_for_encrypted) completes it. The certificate must carry
    /// the host's name; for another name see [`Connector::peer_name`].
    /// `QSslSocket::connectToHostEncrypted`.
    ///
    /// ```
    /// use std::io::{self, Read, Write};
    /// use std::time::Duration;
    ///
    /// use sslcore_std::SslSocket;
    /// use sslcore_std::sslcore::ClientConfig;
    ///
    /// fn ask(config: &ClientConfig) -> io::Result<String> {
    ///     let timeout = Some(Duration::from_secs(30));
    ///     let mut socket =
    ///         SslSocket::connect_to_host_encrypted("www.example.org", 443, config, timeout)?;
    ///     socket.set_timeout(timeout);
    ///     socket.wait_for_encrypted(timeout)?;
    ///     socket.write_all(b"GET / HTTP/1.0\r\nHost: www.example.org\r\n\r\n")?;
    ///     let mut answer = String::new();
    ///     socket.read_to_string(&mut answer)?; // a stream that was cut is an error
    ///     Ok(answer)
    /// }
    /// ```
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

    /// Waits until the TCP connection is established; returns at once if it is.
    /// `QAbstractSocket::waitForConnected`, but a timeout does not end the attempts: wait again, or
    /// [`abort`](Self::abort). The example of [`Connector::start`] shows it.
    ///
    /// `timeout` limits this call; `None` sets no limit.
    ///
    /// # Errors
    /// [`WaitError::CannotConnect`] when no address could be reached, [`WaitError::Timeout`];
    /// [`WaitError::Ended`] or [`WaitError::Failed`] when the connection is over.
    pub fn wait_for_connected(&mut self, timeout: Option<Duration>) -> Result<(), WaitError> {
        self.wait(timeout, |driver| driver.connected())
    }
}
