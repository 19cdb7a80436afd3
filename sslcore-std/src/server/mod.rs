//! The server: made, told what to do, asked what happened.

mod choice;
mod connections;
mod drive;
mod event;
mod pending;
mod waker;

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::mem::take;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::time::Duration;

use sslcore::{ConfigRequest, Instant, Limits, ServerConfig};

use self::choice::Terms;
pub use self::choice::{Choice, ConfigsByName};
pub use self::event::{AcceptError, ConnectionId, HandshakeError, ServerEvent};
use self::pending::Pending;
use self::waker::Alarm;
pub use self::waker::ServerWaker;
use crate::clock::Clock;
use crate::socket::SslSocket;

/// Qt's.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);

/// Handshaking connections, unless told otherwise.
const MAX_PENDING: usize = 100;

/// A TLS server that hands out connections when they are encrypted, and not before. `QSslServer`.
///
/// ```
/// use std::io::{BufRead, Write};
/// use std::net::SocketAddr;
/// use std::time::Duration;
///
/// use sslcore_std::sslcore::ServerConfig;
/// use sslcore_std::{AcceptError, SslServer, SslSocket};
///
/// fn serve(config: ServerConfig) -> std::io::Result<()> {
///     let mut server = SslServer::bind("127.0.0.1:8443", config)?;
///     loop {
///         match server.accept(None) {
///             Ok((socket, peer)) => {
///                 std::thread::spawn(move || {
///                     if let Err(error) = talk(socket) {
///                         eprintln!("{peer}: {error}");
///                     }
///                 });
///             }
///             Err(AcceptError::System(error)) => eprintln!("cannot accept: {error}"),
///             Err(error) => return Err(error.into()),
///         }
///     }
/// }
///
/// fn talk(mut socket: SslSocket) -> std::io::Result<()> {
///     socket.set_timeout(Some(Duration::from_secs(30)));
///     let mut line = String::new();
///     socket.read_line(&mut line)?;
///     socket.write_all(line.as_bytes())?;
///     socket.disconnect_from_host(Duration::from_secs(5));
///     Ok(())
/// }
/// ```
///
/// # Threads
/// The server has no thread. [`accept`](Self::accept), [`next`](Self::next) and
/// [`poll_once`](Self::poll_once) carry on all handshakes at once, with one poll(2) in the caller's
/// thread: each connection that is ready has one turn, then the others have theirs. One turn costs
/// what one flight of a handshake costs. While none of these methods runs, new clients wait in the
/// listener's backlog, and the timeouts of the others run on. `accept` skips failed connections;
/// `next` reports them.
///
/// # Bad clients
/// - A client that sends nothing costs a file descriptor and some hundred bytes, until the
///   [handshake timeout](Self::set_handshake_timeout).
/// - A client whose first byte is not 0x16, the type of a handshake record, is dropped at once,
///   without an alert.
/// - A client that is slow, a byte per second perhaps, has the handshake timeout from its first
///   byte on for the whole handshake; the time in which the application verifies its certificate,
///   looks for its key or signs does not count.
/// - When as many connections are handshaking as [`set_max_pending`](Self::set_max_pending) allows,
///   a new one replaces the oldest that has already failed, or else the oldest that has not sent a
///   whole ClientHello. A handshake that has its ClientHello is never replaced; if all have,
///   new clients wait in the backlog. A flood of silent or slow clients therefore keeps no ordinary
///   client out, because TLS clients send their ClientHello at once: `max_pending` others would
///   have to connect between a client's connecting and its ClientHello.
/// - A client that needs a verdict, a pre-shared key or a signature does not count against that limit.
///   As many again may wait for one; the certificates of further ones are refused with the alert
///   certificate_unknown, their keys as unknown ones, and signatures for them with internal_error.
///
/// # Memory
/// The server holds at most twice `max_pending` connections, each within its
/// [`Limits`](Self::set_limits). With the default limits a connection takes less than 250 KB, for
/// a client that sends the longest handshake message in the smallest records; one that has sent a
/// common ClientHello takes 30 KB. A few events per connection may be queued, because no handshake
/// is carried on before they are handed out.
///
/// # Timeouts
/// The handshake timeout applies to each of two spans: from accepting to the first byte, and from
/// the first byte to [`Encrypted`](ServerEvent::Encrypted). The [`Timeouts`](sslcore::Timeouts) of
/// the configuration apply besides: its `handshake` from the first byte on, whichever is earlier;
/// its `decision` while the application verifies the certificate, looks for a key or signs. A client
/// whose handshake has failed has the handshake timeout once more to read its alert and to hang up. An
/// answered review or request starts the handshake timeout anew.
///
/// # Names
/// One server for many names, each with its own certificate:
///
/// ```
/// # use sslcore_std::sslcore::ServerConfig;
/// use sslcore_std::{Choice, ConfigsByName, SslServer};
///
/// # fn names(default: ServerConfig, shop: ServerConfig, blog: ServerConfig) -> std::io::Result<()> {
/// let names = ConfigsByName::new()
///     .with("shop.example.org", shop)
///     .with("*.blog.example.org", blog)
///     .unknown(Choice::Refuse); // unrecognized_name; or Choice::Default
/// let mut server = SslServer::bind("127.0.0.1:8443", default)?;
/// server.set_chooser(move |request| names.choose(request));
/// # Ok(()) }
/// ```
pub struct SslServer {
    listener: TcpListener,
    alarm: Alarm,
    clock: Clock,
    terms: Terms,
    max_pending: usize,
    accepting: bool,
    /// When to try again, after the system could not accept.
    accept_again: Instant,
    woken: bool,
    /// In the order in which they were accepted.
    pending: Vec<Pending>,
    /// Who has the first turn in the next round.
    first: usize,
    next_id: u64,
    events: VecDeque<ServerEvent>,
}

impl SslServer {
    /// Listens on the first of these addresses that is free; with port 0 the system chooses a port.
    /// `QTcpServer::listen` and `QSslServer::setSslConfiguration`.
    ///
    /// # Errors
    /// Those of [`TcpListener::bind`].
    pub fn bind(address: impl ToSocketAddrs, config: ServerConfig) -> io::Result<Self> {
        Self::from_listener(TcpListener::bind(address)?, config)
    }

    /// Adopts a listener, which becomes non-blocking. `QTcpServer::setSocketDescriptor`.
    ///
    /// ```
    /// use std::io;
    /// use std::net::TcpListener;
    /// use std::time::Duration;
    ///
    /// use sslcore_std::SslServer;
    /// use sslcore_std::sslcore::{Limits, ServerConfig};
    ///
    /// /// A server for a thousand handshakes at once, each with little memory and 10 s.
    /// fn server(listener: TcpListener, config: ServerConfig) -> io::Result<SslServer> {
    ///     let mut server = SslServer::from_listener(listener, config)?;
    ///     server.set_max_pending(1000);
    ///     server.set_handshake_timeout(Duration::from_secs(10));
    ///     server.set_limits(Limits {
    ///         max_handshake: 16 * 1024,
    ///         ..Limits::default()
    ///     });
    ///     Ok(server)
    /// }
    /// ```
    ///
    /// # Errors
    /// Those of [`TcpListener::set_nonblocking`], and of the system when no file descriptor is left
    /// for the [`waker`](Self::waker).
    pub fn from_listener(listener: TcpListener, config: ServerConfig) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let terms = Terms {
            config,
            chooser: None,
            limits: Limits::default(),
            handshake_timeout: HANDSHAKE_TIMEOUT,
        };
        Ok(Self {
            listener,
            alarm: Alarm::new()?,
            clock: Clock::new(),
            terms,
            max_pending: MAX_PENDING,
            accepting: true,
            accept_again: Instant::default(),
            woken: false,
            pending: Vec::new(),
            first: 0,
            next_id: 0,
            events: VecDeque::new(),
        })
    }

    /// The address that the server listens on, with the port that the system chose.
    /// `QTcpServer::serverAddress` and `serverPort`.
    ///
    /// # Errors
    /// Those of [`TcpListener::local_addr`].
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Replaces the configuration, with that of a renewed certificate perhaps, for connections
    /// whose first byte has not arrived yet. `QSslServer::setSslConfiguration`.
    pub fn set_config(&mut self, config: ServerConfig) {
        self.terms.config = config;
    }

    /// Sets a function that chooses the configuration by each client's ClientHello. It is called
    /// once per connection, when the ClientHello is complete, also if the client must send a second
    /// one (HelloRetryRequest). All other connections wait while it runs, so it should only look
    /// things up in memory, as [`ConfigsByName`] does.
    ///
    /// A client whose ClientHello cannot be parsed gets its alert under the server's own
    /// configuration.
    pub fn set_chooser(
        &mut self,
        chooser: impl FnMut(&ConfigRequest<'_>) -> Choice + Send + 'static,
    ) {
        self.terms.chooser = Some(Box::new(chooser));
    }

    /// Replaces the [`Limits`] for connections whose first byte has not arrived yet.
    pub fn set_limits(&mut self, limits: Limits) {
        self.terms.limits = limits;
    }

    /// Limits the time until a client's first byte, and from there until the handshake is complete.
    /// The default is 5 s. A change applies to connections that are accepted, or whose first byte
    /// arrives, after it. `QSslServer::setHandshakeTimeout`.
    pub fn set_handshake_timeout(&mut self, timeout: Duration) {
        self.terms.handshake_timeout = timeout;
    }

    /// Limits how many connections may be handshaking, and how many besides may wait for a verdict, a
    /// pre-shared key or a signature; at least 1. The default is 100.
    /// `QTcpServer::setMaxPendingConnections`, but encrypted connections do not count: they belong to the
    /// application.
    pub fn set_max_pending(&mut self, connections: usize) {
        self.max_pending = connections.max(1);
    }

    /// The number of connections that are not encrypted yet, including those that wait for a
    /// verdict, a key or a signature and those that have failed and have not hung up yet.
    pub fn pending(&self) -> usize {
        let there = |pending: &&Pending| !pending.is_gone();
        self.pending.iter().filter(there).count()
    }

    /// Stops accepting: new clients wait in the listener's backlog, accepted ones go on.
    /// `QTcpServer::pauseAccepting`.
    ///
    /// ```
    /// use sslcore_std::SslServer;
    /// use sslcore_std::sslcore::ServerConfig;
    ///
    /// /// Called now and then, between two calls of `accept` or `next`.
    /// fn look_after(server: &mut SslServer, renewed: Option<ServerConfig>, is_busy: bool) {
    ///     if let Some(config) = renewed {
    ///         server.set_config(config);
    ///     }
    ///     match is_busy {
    ///         true => server.pause_accepting(),
    ///         false => server.resume_accepting(),
    ///     }
    ///     println!("{} connections are not encrypted yet", server.pending());
    /// }
    /// ```
    pub fn pause_accepting(&mut self) {
        self.accepting = false;
    }

    /// Starts accepting again, after [`pause_accepting`](Self::pause_accepting), whose example
    /// shows it. `QTcpServer::resumeAccepting`.
    pub fn resume_accepting(&mut self) {
        self.accepting = true;
    }

    /// A handle with which another thread ends a wait of [`accept`](Self::accept) or
    /// [`next`](Self::next). The example of [`ServerWaker`] shows it.
    pub fn waker(&self) -> ServerWaker {
        self.alarm.waker()
    }

    /// Carries on all handshakes until one is complete, and returns that connection and the
    /// client's address. `QTcpServer::waitForNewConnection` and `nextPendingConnection`.
    ///
    /// `timeout` limits this call; `None` sets no limit. Connections that fail are skipped; to
    /// learn of them, use [`next`](Self::next).
    ///
    /// # Errors
    /// Every [`AcceptError`]. The server goes on after each of them.
    pub fn accept(
        &mut self,
        timeout: Option<Duration>,
    ) -> Result<(SslSocket, SocketAddr), AcceptError> {
        let until = timeout.map(|timeout| self.clock.instant().after(timeout));
        loop {
            let left = until.map(|until| self.clock.until(until));
            match self.next(left)? {
                ServerEvent::Encrypted { socket, peer, .. } => return Ok((socket, peer)),
                ServerEvent::VerdictNeeded { id, review, .. } => {
                    return Err(AcceptError::VerdictNeeded { id, review });
                }
                ServerEvent::PreSharedKeyNeeded { id, request, .. } => {
                    return Err(AcceptError::PreSharedKeyNeeded { id, request });
                }
                ServerEvent::SignatureNeeded { id, request, .. } => {
                    return Err(AcceptError::SignatureNeeded { id, request });
                }
                ServerEvent::HandshakeStarted { .. } | ServerEvent::Failed { .. } => {}
            }
            // Else a flood of clients that fail would go on and on.
            if left == Some(Duration::ZERO) && self.events.is_empty() {
                return Err(AcceptError::Timeout);
            }
        }
    }

    /// Carries on all handshakes until something has happened, and returns what. The example of
    /// [`ServerEvent`] shows it.
    ///
    /// `timeout` limits this call; `None` sets no limit.
    ///
    /// # Errors
    /// [`AcceptError::Timeout`], [`AcceptError::Woken`], [`AcceptError::System`]. The server goes
    /// on after each of them.
    pub fn next(&mut self, timeout: Option<Duration>) -> Result<ServerEvent, AcceptError> {
        let until = timeout.map(|timeout| self.clock.instant().after(timeout));
        loop {
            if let Some(event) = self.events.pop_front() {
                return Ok(event);
            }
            if take(&mut self.woken) {
                return Err(AcceptError::Woken);
            }
            let left = until.map(|until| self.clock.until(until));
            self.round(left)?;
            let nothing = self.events.is_empty() && !self.woken;
            if nothing && left == Some(Duration::ZERO) {
                return Err(AcceptError::Timeout);
            }
        }
    }

    /// Carries on all handshakes for one round, without waiting, and returns what has happened.
    /// `None` when nothing has. Use it in a loop that does other things besides.
    ///
    /// ```
    /// use sslcore_std::{AcceptError, ServerEvent, SslServer};
    ///
    /// /// Called once per frame of a game, say.
    /// fn frame(server: &mut SslServer) -> Result<(), AcceptError> {
    ///     while let Some(event) = server.poll_once()? {
    ///         if let ServerEvent::Encrypted { peer, socket, .. } = event {
    ///             println!("{peer} has joined");
    ///             drop(socket); // or keep it
    ///         }
    ///     }
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// [`AcceptError::Woken`], [`AcceptError::System`].
    pub fn poll_once(&mut self) -> Result<Option<ServerEvent>, AcceptError> {
        match self.next(Some(Duration::ZERO)) {
            Ok(event) => Ok(Some(event)),
            Err(AcceptError::Timeout) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl fmt::Debug for SslServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SslServer")
            .field("listener", &self.listener)
            .field("pending", &self.pending())
            .finish_non_exhaustive()
    }
}

/// A server can move between threads.
const _: fn() = || {
    fn send<T: Send>() {}
    send::<SslServer>();
};

#[cfg(test)]
mod tests;
