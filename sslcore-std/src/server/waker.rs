//! Ending a wait from another thread.

use std::io;
#[cfg(not(unix))]
use std::net::UdpSocket as Datagrams;
#[cfg(unix)]
use std::os::unix::net::UnixDatagram as Datagrams;
use std::sync::Arc;

/// A handle that wakes an [`SslServer`](crate::SslServer) from any thread. Cloning it costs one
/// reference count.
///
/// ```
/// use sslcore_std::{AcceptError, SslServer};
///
/// /// Serves until a person presses Enter.
/// fn serve(server: &mut SslServer) -> Result<(), AcceptError> {
///     let waker = server.waker();
///     std::thread::spawn(move || {
///         let _ = std::io::stdin().read_line(&mut String::new());
///         waker.wake();
///     });
///     loop {
///         match server.accept(None) {
///             Ok((socket, peer)) => println!("{peer}: {socket:?}"),
///             Err(AcceptError::Woken) => return Ok(()),
///             Err(error) => return Err(error),
///         }
///     }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct ServerWaker(Arc<Datagrams>);

impl ServerWaker {
    /// Ends the present wait of the server, or else its next one, with
    /// [`AcceptError::Woken`](crate::AcceptError::Woken). Events that are queued are handed out
    /// first. Several calls before that count as one.
    pub fn wake(&self) {
        // It fails when the server is gone, or when it has been woken so often that nothing more
        // fits: it will wake.
        let _ = self.0.send(&[0]);
    }
}

/// The server's end.
#[derive(Debug)]
pub(super) struct Alarm {
    bell: Datagrams,
    waker: ServerWaker,
}

impl Alarm {
    pub(super) fn new() -> io::Result<Self> {
        let (bell, waker) = pair()?;
        bell.set_nonblocking(true)?;
        waker.set_nonblocking(true)?;
        Ok(Self {
            bell,
            waker: ServerWaker(Arc::new(waker)),
        })
    }

    pub(super) fn waker(&self) -> ServerWaker {
        self.waker.clone()
    }

    /// What is readable when it rings.
    pub(super) fn bell(&self) -> &Datagrams {
        &self.bell
    }

    /// Stops the ringing.
    pub(super) fn silence(&self) {
        while self.bell.recv(&mut [0]).is_ok() {}
    }
}

#[cfg(unix)]
fn pair() -> io::Result<(Datagrams, Datagrams)> {
    Datagrams::pair()
}

/// Two sockets on loopback that hear nobody but each other.
#[cfg(not(unix))]
fn pair() -> io::Result<(Datagrams, Datagrams)> {
    let any = (std::net::Ipv4Addr::LOCALHOST, 0);
    let (one, other) = (Datagrams::bind(any)?, Datagrams::bind(any)?);
    one.connect(other.local_addr()?)?;
    other.connect(one.local_addr()?)?;
    Ok((one, other))
}
