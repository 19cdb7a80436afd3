//! Connection attempts to the addresses of one host, several at once if need be.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::mem::discriminant;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::connect_error::ConnectError;
use crate::options::SocketOption;

/// How long an attempt is alone before the next address is tried beside it (RFC 8305 §5).
const STAGGER: Duration = Duration::from_millis(250);

/// The addresses of a host in the order in which they are tried: families take turns, beginning
/// with the first one's (RFC 8305 §4), so that one that leads nowhere costs little.
pub(crate) fn alternate(addresses: Vec<SocketAddr>) -> VecDeque<SocketAddr> {
    let first = addresses.first().map(SocketAddr::is_ipv4);
    let (mut these, mut those): (VecDeque<_>, VecDeque<_>) = addresses
        .into_iter()
        .partition(|address| Some(address.is_ipv4()) == first);
    let mut order = VecDeque::new();
    while !these.is_empty() || !those.is_empty() {
        order.extend(these.pop_front());
        order.extend(those.pop_front());
    }
    order
}

/// The latest of the attempts to connect to the addresses of a host, from
/// [`SslSocket::attempt`](crate::SslSocket::attempt).
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use std::net::TcpListener;
///
/// let server = TcpListener::bind("127.0.0.1:0")?;
/// let port = server.local_addr()?.port();
/// let mut socket = sslcore_std::Connector::new().start("127.0.0.1", port)?;
/// let attempt = socket.attempt().expect("no wait has looked yet");
/// assert_eq!((attempt.address.port(), attempt.number, attempt.of), (port, 1, 1));
/// socket.wait_for_connected(None)?;
/// assert_eq!(socket.attempt(), None); // the connection stands
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt {
    /// The address and port that are tried.
    pub address: SocketAddr,
    /// The position of the address among those of the host, counted from 1.
    pub number: usize,
    /// The number of addresses of the host.
    pub of: usize,
}

/// Attempts that are under way. The first that connects ends the others.
pub(crate) struct Attempts {
    under_way: Vec<(SocketAddr, Arc<TcpStream>)>,
    /// The latest, even if it has failed.
    newest: Arc<TcpStream>,
    waiting: VecDeque<SocketAddr>,
    latest: Attempt,
    /// When the next one begins, however the others stand.
    next: Instant,
    /// When all of them are given up.
    until: Option<Instant>,
    options: Vec<SocketOption>,
    /// Where the attempts come from, if not from where the system says.
    local: Option<SocketAddr>,
    /// What will be said if all of them fail.
    error: ConnectError,
}

impl Attempts {
    /// Begins with the first address that can be tried at all.
    ///
    /// # Errors
    /// `error` with what every address said, when none can.
    pub(crate) fn start(
        mut waiting: VecDeque<SocketAddr>,
        local: Option<SocketAddr>,
        until: Option<Instant>,
        mut error: ConnectError,
    ) -> Result<Self, ConnectError> {
        let of = waiting.len();
        while let Some(address) = waiting.pop_front() {
            match dial(address, local) {
                Ok(stream) => {
                    let number = of - waiting.len();
                    let newest = Arc::new(stream);
                    return Ok(Self {
                        under_way: vec![(address, Arc::clone(&newest))],
                        newest,
                        waiting,
                        latest: Attempt {
                            address,
                            number,
                            of,
                        },
                        next: Instant::now() + STAGGER,
                        until,
                        options: Vec::new(),
                        local,
                        error,
                    });
                }
                Err(why) => error.add(address, &why),
            }
        }
        Err(error)
    }

    pub(crate) fn newest(&self) -> &TcpStream {
        &self.newest
    }

    pub(crate) fn latest(&self) -> Attempt {
        self.latest
    }

    pub(crate) fn under_way(&self) -> Vec<Arc<TcpStream>> {
        let streams = self.under_way.iter();
        streams.map(|(_, stream)| Arc::clone(stream)).collect()
    }

    /// When [`advance`](Self::advance) has something to do although no stream is ready.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let next = (!self.waiting.is_empty()).then_some(self.next);
        next.into_iter().chain(self.until).min()
    }

    /// Sets an option of the attempts under way and of those to come.
    pub(crate) fn set_option(&mut self, option: SocketOption) -> io::Result<()> {
        for (_, stream) in &self.under_way {
            option.set(stream)?;
        }
        let same = |other: &SocketOption| discriminant(other) == discriminant(&option);
        self.options.retain(|other| !same(other));
        self.options.push(option);
        Ok(())
    }

    /// Looks how the attempts stand, and begins another when it is time. Gives the stream that
    /// has connected.
    pub(crate) fn advance(&mut self) -> Result<Option<Arc<TcpStream>>, ConnectError> {
        if let Some(stream) = self.connected() {
            return Ok(Some(stream));
        }
        let now = Instant::now();
        if self.until.is_some_and(|until| until <= now) {
            for (address, _) in self.under_way.drain(..) {
                self.error.add(address, &ErrorKind::TimedOut.into());
            }
            for address in self.waiting.drain(..) {
                self.error.add(address, &ErrorKind::TimedOut.into());
            }
        }
        while self.under_way.is_empty() || self.next <= now {
            let Some(address) = self.waiting.pop_front() else {
                break;
            };
            self.begin(address, now);
        }
        match self.under_way.is_empty() {
            true => Err(self.error.clone()),
            false => Ok(None),
        }
    }

    /// The first attempt that has connected. Drops those that have failed.
    fn connected(&mut self) -> Option<Arc<TcpStream>> {
        let mut connected = None;
        let error = &mut self.error;
        self.under_way.retain(|(address, stream)| {
            match outcome(stream) {
                Ok(true) => connected = connected.take().or_else(|| Some(Arc::clone(stream))),
                Ok(false) => {}
                Err(why) => {
                    error.add(*address, &why);
                    return false;
                }
            }
            true
        });
        connected
    }

    fn begin(&mut self, address: SocketAddr, now: Instant) {
        let dialled = dial(address, self.local).and_then(|stream| {
            self.options
                .iter()
                .try_for_each(|option| option.set(&stream))?;
            Ok(Arc::new(stream))
        });
        match dialled {
            Ok(stream) => {
                self.newest = Arc::clone(&stream);
                self.under_way.push((address, stream));
                self.latest = Attempt {
                    address,
                    number: self.latest.of - self.waiting.len(),
                    of: self.latest.of,
                };
                self.next = now + STAGGER;
            }
            Err(why) => self.error.add(address, &why),
        }
    }
}

/// Whether it has connected.
fn outcome(stream: &TcpStream) -> io::Result<bool> {
    if let Some(error) = stream.take_error()? {
        return Err(error);
    }
    match stream.peer_addr() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotConnected => Ok(false),
        Err(error) => Err(error),
    }
}

/// Begins to connect, from this end if one is named, without waiting for it.
#[cfg(unix)]
fn dial(address: SocketAddr, local: Option<SocketAddr>) -> io::Result<TcpStream> {
    use rustix::io::{Errno, FdFlags, fcntl_setfd};
    use rustix::net::{AddressFamily, SocketType, bind, connect, ipproto, socket, sockopt};

    let family = match address {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    };
    let stream = socket(family, SocketType::STREAM, Some(ipproto::TCP))?;
    fcntl_setfd(&stream, FdFlags::CLOEXEC)?;
    let stream = TcpStream::from(stream);
    stream.set_nonblocking(true)?;
    // Records are whole; TCP would only hold them back.
    stream.set_nodelay(true)?;
    if let Some(local) = local {
        // A port that is named serves several attempts, and those that follow soon.
        sockopt::set_socket_reuseaddr(&stream, true)?;
        bind(&stream, &local)?;
    }
    match connect(&stream, &address) {
        // After a signal connecting goes on all the same.
        Ok(()) | Err(Errno::INPROGRESS | Errno::INTR) => Ok(stream),
        Err(error) => Err(error.into()),
    }
}

/// Connects. Only Unix can begin it without waiting.
#[cfg(not(unix))]
fn dial(address: SocketAddr, local: Option<SocketAddr>) -> io::Result<TcpStream> {
    if local.is_some() {
        return Err(ErrorKind::Unsupported.into());
    }
    let stream = TcpStream::connect(address)?;
    stream.set_nonblocking(true)?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

#[cfg(test)]
mod tests;
