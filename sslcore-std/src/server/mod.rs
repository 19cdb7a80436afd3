//! The server: made, told what to do, asked what happened.

mod choice;
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

use sslcore::{ConfigRequest, Event, Instant, Limits, ReviewId, ServerConfig, UsageError, Verdict};

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
/// ```no_run
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
/// # What drives it
/// It has no thread of its own. [`accept`](Self::accept) and [`next`](Self::next) drive all
/// handshakes at once, with one poll(2) in the caller's thread: whoever is ready has one turn,
/// then the others have theirs. What one turn costs is what one flight of a handshake costs.
/// While neither runs nothing happens: new clients wait in the listener's backlog, the others'
/// clocks run on. `accept` passes failures over; `next` tells of everything.
///
/// # Bad clients
/// - One that says nothing costs a file descriptor and some hundred bytes, until the
///   [handshake timeout](Self::set_handshake_timeout).
/// - One whose first byte is not 0x16, which begins a handshake, is dropped at once; it is told
///   nothing.
/// - One that is slow, a byte per second perhaps, has the handshake timeout from its first byte
///   on for everything; the time in which the application judges its certificate does not count.
/// - When there are as many as [`set_max_pending`](Self::set_max_pending) allows, a newcomer gets
///   the place of the oldest one that has failed already, or else of the oldest one that has not
///   said a whole ClientHello. Who has said one keeps the place; if all have, newcomers wait in
///   the backlog. So a flood of quiet or slow clients keeps nobody out who says hello at once, as
///   every TLS client does: it would have to bring `max_pending` newcomers between somebody's
///   connecting and hello. And a handshake that has cost something is not thrown away.
/// - One that needs a verdict does not count against that limit, so it cannot keep others out.
///   As many again may wait for one; the certificates of further ones are refused with
///   certificate_unknown.
///
/// # Memory
/// At most twice `max_pending` connections, each of which holds at most what its
/// [`Limits`](Self::set_limits) say. With the default ones that is less than a quarter of a
/// megabyte, for a client that sends the longest handshake message in the smallest records; one
/// that has said a common hello holds 30 KB. Events that wait are a few per connection, since
/// nothing is driven before they are handed out.
///
/// # Clocks
/// The handshake timeout is for each of two spans: from accepting to the first byte, and from
/// there to [`Encrypted`](ServerEvent::Encrypted). The
/// [`Timeouts`](sslcore::Timeouts) of the configuration hold besides: its `handshake` from the
/// first byte on, whichever is earlier; its `decision` while the application judges. A client that
/// has failed has another span of it to take its alert and to hang up.
///
/// # Names
/// One server for many names, each with a certificate of its own:
///
/// ```no_run
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
    /// Listens on the first of these addresses that can be had; port 0 lets the system choose.
    /// `QTcpServer::listen` and `QSslServer::setSslConfiguration`.
    ///
    /// # Errors
    /// Those of [`TcpListener::bind`].
    pub fn bind(address: impl ToSocketAddrs, config: ServerConfig) -> io::Result<Self> {
        Self::from_listener(TcpListener::bind(address)?, config)
    }

    /// Adopts a listener, which becomes non-blocking. `QTcpServer::setSocketDescriptor`.
    ///
    /// # Errors
    /// When the system refuses that, or another descriptor for the [`waker`](Self::waker).
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

    /// The address it listens on, with the port that the system chose.
    /// `QTcpServer::serverAddress` and `serverPort`.
    ///
    /// # Errors
    /// Those of [`TcpListener::local_addr`].
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Changes the configuration, a renewed certificate perhaps, for connections whose first byte
    /// has not arrived yet. `QSslServer::setSslConfiguration`.
    pub fn set_config(&mut self, config: ServerConfig) {
        self.terms.config = config;
    }

    /// Chooses the configuration by what each client says, as soon as its ClientHello is
    /// complete; asked once, also when the client must say hello again. All others wait
    /// meanwhile, so a chooser looks things up in memory. [`ConfigsByName`] is one.
    ///
    /// A ClientHello that cannot be read gets the server's own configuration, and its alert.
    pub fn set_chooser(
        &mut self,
        chooser: impl FnMut(&ConfigRequest<'_>) -> Choice + Send + 'static,
    ) {
        self.terms.chooser = Some(Box::new(chooser));
    }

    /// Changes the limits of connections whose first byte has not arrived yet.
    pub fn set_limits(&mut self, limits: Limits) {
        self.terms.limits = limits;
    }

    /// How long a client may take to its first byte, and from there to the end of the handshake.
    /// The default is 5 s. It counts from now on for connections that come to one of these points
    /// later. `QSslServer::setHandshakeTimeout`.
    pub fn set_handshake_timeout(&mut self, timeout: Duration) {
        self.terms.handshake_timeout = timeout;
    }

    /// How many connections may be handshaking, and how many besides may wait for a verdict; at
    /// least 1. The default is 100. `QTcpServer::setMaxPendingConnections`, but encrypted
    /// connections do not count: they are the application's.
    pub fn set_max_pending(&mut self, connections: usize) {
        self.max_pending = connections.max(1);
    }

    /// Connections that are not encrypted yet, those included that wait for a verdict, and those
    /// that have failed and did not hang up yet.
    pub fn pending(&self) -> usize {
        let there = |pending: &&Pending| !pending.is_gone();
        self.pending.iter().filter(there).count()
    }

    /// Lets new clients wait in the listener's backlog; those that were accepted go on.
    /// `QTcpServer::pauseAccepting`.
    pub fn pause_accepting(&mut self) {
        self.accepting = false;
    }

    /// Accepts again. `QTcpServer::resumeAccepting`.
    pub fn resume_accepting(&mut self) {
        self.accepting = true;
    }

    /// A handle with which another thread ends a wait of [`accept`](Self::accept) or
    /// [`next`](Self::next).
    pub fn waker(&self) -> ServerWaker {
        self.alarm.waker()
    }

    /// Drives all handshakes until one is complete, and hands that connection out.
    /// `QTcpServer::waitForNewConnection` and `nextPendingConnection`.
    ///
    /// `timeout` is for this call; `None` is for ever. Connections that fail are passed over: to
    /// hear of them, use [`next`](Self::next).
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
                ServerEvent::HandshakeStarted { .. } | ServerEvent::Failed { .. } => {}
            }
        }
    }

    /// Drives all handshakes until something has happened, and tells it.
    ///
    /// `timeout` is for this call; `None` is for ever.
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

    /// What has happened, or `None`; does one round and never waits. For a loop of one's own that
    /// does other things besides.
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

    /// A connection on which TLS was started and that was not handed out: its review, its
    /// certificates, its addresses. After a failure it can be seen until the next call that
    /// drives the server.
    pub fn socket(&self, id: ConnectionId) -> Option<&SslSocket> {
        self.pending[self.find(id)?].socket()
    }

    /// The next event of such a connection, as [`SslSocket::poll_event`]: alerts, certificate
    /// errors. What is not asked for goes with the socket when it is handed out.
    pub fn poll_event(&mut self, id: ConnectionId) -> Option<Event> {
        let index = self.find(id)?;
        self.pending[index].socket_mut()?.poll_event()
    }

    /// Answers a review; what comes of it is the connection's next event.
    /// `QSslSocket::resume`, with the decision as its argument.
    ///
    /// # Errors
    /// [`UsageError::Stale`] when the connection is there no more: the client hung up while the
    /// application judged, or the configuration's decision timeout ran out. Otherwise as for
    /// [`SslSocket::answer`].
    pub fn answer(
        &mut self,
        id: ConnectionId,
        review: ReviewId,
        verdict: Verdict<'_>,
    ) -> Result<(), UsageError> {
        let index = self.find(id).ok_or(UsageError::Stale)?;
        self.with_round(index, |pending, round| {
            pending.answer(review, verdict, round)
        })
    }

    /// Takes a connection out of the server as it is, to ask a person in a thread of its own
    /// perhaps: the application carries its handshake on with
    /// [`wait_for_encrypted`](SslSocket::wait_for_encrypted). Only the configuration's timeouts
    /// hold from then on. `None` when it is there no more, or TLS was not started.
    pub fn take(&mut self, id: ConnectionId) -> Option<SslSocket> {
        let index = self.find(id)?;
        self.pending[index].take()
    }

    fn find(&self, id: ConnectionId) -> Option<usize> {
        let index = self.pending.binary_search_by_key(&id, |pending| pending.id);
        index.ok().filter(|index| !self.pending[*index].is_gone())
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
