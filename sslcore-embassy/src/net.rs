//! TCP by embassy-net.

use embassy_net::tcp::{AcceptError, ConnectError, TcpReader, TcpSocket, TcpWriter};
use embassy_net::{IpEndpoint, IpListenEndpoint};

use crate::socket::SslSocket;
use crate::transport::Transport;

/// A TCP socket carries a TLS socket by itself. FIN follows close_notify.
impl Transport for TcpSocket<'_> {
    type Reader<'a>
        = TcpReader<'a>
    where
        Self: 'a;
    type Writer<'a>
        = TcpWriter<'a>
    where
        Self: 'a;

    fn halves(&mut self) -> (TcpReader<'_>, TcpWriter<'_>) {
        self.split()
    }

    fn finish(&mut self) {
        self.close();
    }

    fn abort(&mut self) {
        TcpSocket::abort(self);
    }
}

impl SslSocket<TcpSocket<'_>> {
    /// Connects by TCP; the connection is then in plaintext. `QSslSocket::connectToHost`.
    ///
    /// Start TLS before or after it: its timers run from the first call that waits.
    ///
    /// ```
    /// use embassy_net::IpEndpoint;
    /// use embassy_net::tcp::TcpSocket;
    /// use sslcore_embassy::sslcore::{Buffers, ClientConfig, PeerName};
    /// use sslcore_embassy::{Clock, Error, SslSocket};
    ///
    /// async fn connect<'a>(
    ///     tcp: TcpSocket<'a>,
    ///     to: IpEndpoint,
    ///     buffers: Buffers,
    ///     clock: Clock,
    ///     config: &ClientConfig,
    ///     peer: PeerName,
    /// ) -> Option<SslSocket<TcpSocket<'a>>> {
    ///     let mut socket = SslSocket::new(tcp, buffers, clock);
    ///     socket.connect(to).await.ok()?;
    ///     socket.start_client_encryption(config, peer).ok()?;
    ///     socket.wait_for_encrypted().await.ok()?;
    ///     Some(socket)
    /// }
    /// ```
    ///
    /// # Errors
    /// As for [`TcpSocket::connect`]. A future that was dropped leaves the TCP socket connecting:
    /// [abort](TcpSocket::abort) that before the next attempt.
    pub async fn connect(&mut self, to: impl Into<IpEndpoint>) -> Result<(), ConnectError> {
        self.driver.transport.connect(to).await
    }

    /// Waits for one TCP connection from elsewhere; the connection is then in plaintext.
    ///
    /// ```
    /// use embassy_net::tcp::TcpSocket;
    /// use embedded_io_async::Write;
    /// use sslcore_embassy::sslcore::{Buffers, ServerConfig, ServerStart};
    /// use sslcore_embassy::{Clock, Error, SslSocket};
    ///
    /// /// Serves one client on port 443. Several such tasks serve several clients at once.
    /// async fn serve(
    ///     tcp: TcpSocket<'_>,
    ///     buffers: Buffers,
    ///     clock: Clock,
    ///     config: ServerConfig,
    /// ) -> Result<(), Error> {
    ///     let mut socket = SslSocket::new(tcp, buffers, clock);
    ///     if socket.accept(443).await.is_ok() {
    ///         socket.start_server_encryption(ServerStart::With(config)).map_err(Error::Usage)?;
    ///         socket.write_all(b"hello").await?;
    ///         socket.close().await?; // data, close_notify, FIN
    ///     }
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// As for [`TcpSocket::accept`].
    pub async fn accept(&mut self, at: impl Into<IpListenEndpoint>) -> Result<(), AcceptError> {
        self.driver.transport.accept(at).await
    }
}
