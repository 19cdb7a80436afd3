//! A socket in two halves, for two threads at once.

use std::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::Duration;

use crate::alarm::Alarm;
use crate::drive::Driver;
use crate::shared::{SharedSocket, Side};
use crate::socket::SslSocket;

impl SslSocket {
    /// Splits the socket into two halves, so that one thread can read while another writes. Legal
    /// at any time: while connecting, in plaintext, during a handshake, encrypted, or later. Each
    /// half starts with the socket's [timeout](Self::set_timeout).
    ///
    /// ```
    /// use std::io::{self, Read, Write};
    ///
    /// use sslcore_std::SslSocket;
    ///
    /// /// Sends a request while its answer arrives. Gives the socket back in one piece.
    /// fn ask(socket: SslSocket, request: &[u8]) -> io::Result<(String, SslSocket)> {
    ///     let (mut read_half, mut write_half) = socket.split()?;
    ///     let answer = std::thread::scope(|threads| {
    ///         threads.spawn(|| {
    ///             write_half.write_all(request)?;
    ///             write_half.close();
    ///             write_half.flush()
    ///         });
    ///         let mut answer = String::new();
    ///         read_half.read_to_string(&mut answer).map(|_| answer)
    ///     })?;
    ///     Ok((answer, read_half.reunite(write_half)?))
    /// }
    ///
    /// # #[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// #     use std::net::{TcpListener, TcpStream};
    /// #     use sslcore_std::sslcore::ServerStart;
    /// #     use sslcore_tests::pair::{self, server_name};
    /// #     let trusting = pair::client(sslcore_std::default_backend()).build()?;
    /// #     let serving = pair::server(sslcore_std::default_backend()).build()?;
    /// #     let listener = TcpListener::bind("127.0.0.1:0")?;
    /// #     let mut client = SslSocket::from_stream(TcpStream::connect(listener.local_addr()?)?)?;
    /// #     client.start_client_encryption(&trusting, server_name())?;
    /// #     let mut server = SslSocket::from_stream(listener.accept()?.0)?;
    /// #     server.start_server_encryption(ServerStart::With(serving))?;
    /// #     let echo = std::thread::spawn(move || {
    /// #         let (mut read_half, mut write_half) = server.split()?;
    /// #         io::copy(&mut read_half, &mut write_half)?;
    /// #         write_half.close();
    /// #         write_half.flush()
    /// #     });
    /// let (answer, socket) = ask(client, b"hello")?;
    /// assert_eq!(answer, "hello");
    /// assert!(socket.connection().is_over());
    /// #     echo.join().expect("no panic")?;
    /// #     Ok(())
    /// # }
    /// # #[cfg(not(any(feature = "aws-lc-rs", feature = "ring")))]
    /// # fn main() {}
    /// ```
    ///
    /// Whichever half is in a call carries out all pending work: the handshake, answers to
    /// KeyUpdate, alerts. A lock protects the connection, but is never held while a half sleeps, so
    /// a read that waits for data stops no write. A half that sleeps is woken when the other
    /// changes something for it: the reader has made room, the writer has left bytes that the
    /// stream did not take, or one of them has seen the end.
    ///
    /// Costs four file descriptors, and nothing per byte.
    ///
    /// # Errors
    /// [`SplitError`], which gives the socket back, when no file descriptors are left.
    pub fn split(self) -> Result<(ReadHalf, WriteHalf), SplitError> {
        let alarms = Alarm::new().and_then(|one| Ok([one, Alarm::new()?]));
        match alarms {
            Ok(alarms) => Ok(halves(Arc::new(SharedSocket::new(self, alarms)))),
            Err(error) => Err(SplitError {
                socket: Box::new(self),
                error,
            }),
        }
    }
}

fn halves(socket: Arc<SharedSocket>) -> (ReadHalf, WriteHalf) {
    let timeout = socket.with(|socket| socket.timeout);
    let read_half = ReadHalf {
        last: LastReader(Some(Arc::clone(&socket))),
        socket: Arc::clone(&socket),
        timeout,
    };
    (read_half, WriteHalf { socket, timeout })
}

/// The half of a socket that reads, from [`SslSocket::split`], which has an example.
///
/// Dropping it is [`discard_reads`](SslSocket::discard_reads): data that arrives is thrown away,
/// and the writer still learns of alerts and of the end.
pub struct ReadHalf {
    socket: Arc<SharedSocket>,
    last: LastReader,
    timeout: Option<Duration>,
}

/// Discards what nobody will read.
struct LastReader(Option<Arc<SharedSocket>>);

impl Drop for LastReader {
    fn drop(&mut self) {
        if let Some(socket) = self.0.take() {
            socket.discard_reads();
        }
    }
}

/// The half of a socket that writes, from [`SslSocket::split`], which has an example.
///
/// Dropping it sends nothing and closes nothing while the other half is there: queued data leaves
/// while the other half reads. [`close`](Self::close) it to tell the peer that this was all.
pub struct WriteHalf {
    socket: Arc<SharedSocket>,
    timeout: Option<Duration>,
}

impl ReadHalf {
    /// The socket that both halves share: its getters, decisions, events and its end.
    pub fn socket(&self) -> &SharedSocket {
        &self.socket
    }

    /// The shared socket for a third thread. While that thread holds it, the halves cannot be
    /// [reunited](Self::reunite). The example of [`SharedSocket`] shows it.
    pub fn share(&self) -> Arc<SharedSocket> {
        Arc::clone(&self.socket)
    }

    /// Limits how long one read may block before it fails with `TimedOut`. `None` sets no limit.
    pub fn set_timeout(&mut self, timeout: Option<Duration>) {
        self.timeout = timeout;
    }

    /// Puts the two halves together into the socket again. The example of [`SslSocket::split`]
    /// shows it.
    ///
    /// # Errors
    /// [`ReuniteError`], which gives the halves back, when they are not of the same socket, or when
    /// the socket is still [shared](Self::share).
    pub fn reunite(self, write_half: WriteHalf) -> Result<SslSocket, ReuniteError> {
        if !Arc::ptr_eq(&self.socket, &write_half.socket) {
            return Err(ReuniteError {
                read_half: self,
                write_half,
            });
        }
        let Self {
            socket,
            mut last,
            timeout: read_timeout,
        } = self;
        last.0 = None;
        let write_timeout = write_half.timeout;
        drop(write_half);
        Arc::try_unwrap(socket)
            .map(SharedSocket::into_socket)
            .map_err(|socket| {
                let (mut read_half, mut write_half) = halves(socket);
                (read_half.timeout, write_half.timeout) = (read_timeout, write_timeout);
                ReuniteError {
                    read_half,
                    write_half,
                }
            })
    }
}

/// Reading plaintext: blocks until there is data, as [`SslSocket`] does. Wrap the half in a
/// [`BufReader`](std::io::BufReader) to read lines.
///
/// # Errors
/// As for [`SslSocket`]. While a question is open, the calls of both halves fail with it.
impl Read for ReadHalf {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        let read = self.socket.wait(Side::Read, self.timeout, |driver| {
            let readable = driver.readable()?;
            Some(readable.map(|()| driver.read(out)))
        });
        Ok(read?)
    }
}

impl WriteHalf {
    /// The socket that both halves share: its getters, decisions, events and its end.
    pub fn socket(&self) -> &SharedSocket {
        &self.socket
    }

    /// Limits how long one write or flush may block before it fails with `TimedOut`. `None` sets no
    /// limit.
    pub fn set_timeout(&mut self, timeout: Option<Duration>) {
        self.timeout = timeout;
    }

    /// Starts a graceful close of the sending direction, as [`SslSocket::close`] does. The other
    /// half can read on, and sends what the stream does not take now; [`flush`](Write::flush) waits
    /// for that.
    pub fn close(&mut self) {
        self.socket.close();
    }
}

/// Writing plaintext, as for [`SslSocket`], but without [`ReadFirst`](crate::WaitError::ReadFirst):
/// reading is the other half's business, and a write waits for it.
impl Write for WriteHalf {
    fn write(&mut self, plaintext: &[u8]) -> io::Result<usize> {
        self.socket.write(plaintext, self.timeout)
    }

    /// Blocks until the stream has taken all bytes that were written, as [`SslSocket`] does.
    ///
    /// # Errors
    /// The reason why the connection ended, as far as it is known, when bytes that were written will
    /// never leave; an error each time.
    fn flush(&mut self) -> io::Result<()> {
        let at_once = self.socket.with(|socket| {
            socket.driver.nudge();
            socket.driver.flushed()
        });
        let flushed = match at_once {
            Some(flushed) => flushed,
            None => self.socket.wait(Side::Write, self.timeout, Driver::flushed),
        };
        Ok(flushed?)
    }
}

/// Why a socket could not be split: the system gave no file descriptors, which wake a sleeping
/// half.
///
/// ```
/// use std::io;
/// use std::time::Duration;
///
/// use sslcore_std::{ReadHalf, SslSocket, WriteHalf};
///
/// /// Splits a socket, or ends its connection in order.
/// fn split(socket: SslSocket) -> io::Result<(ReadHalf, WriteHalf)> {
///     socket.split().map_err(|mut split| {
///         split.socket.disconnect_from_host(Duration::from_secs(5));
///         split.error
///     })
/// }
/// ```
pub struct SplitError {
    /// The socket, in one piece.
    pub socket: Box<SslSocket>,
    /// The error of the system.
    pub error: io::Error,
}

/// Why two halves could not be reunited: they are of different sockets, or the socket is still
/// [shared](ReadHalf::share).
///
/// ```
/// use sslcore_std::{ReadHalf, SslSocket, WriteHalf};
///
/// /// The whole socket, or the two halves as they were.
/// fn whole(one: ReadHalf, other: WriteHalf) -> Result<SslSocket, (ReadHalf, WriteHalf)> {
///     one.reunite(other).map_err(|error| (error.read_half, error.write_half))
/// }
/// ```
pub struct ReuniteError {
    /// The half that reads.
    pub read_half: ReadHalf,
    /// The half that writes.
    pub write_half: WriteHalf,
}

impl fmt::Display for SplitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot split the socket: {}", self.error)
    }
}

impl fmt::Display for ReuniteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Arc::ptr_eq(&self.read_half.socket, &self.write_half.socket) {
            true => f.write_str("the socket is still shared; drop what `share` gave first"),
            false => f.write_str(
                "the two halves are of different sockets; reunite those that one split gave",
            ),
        }
    }
}

impl std::error::Error for SplitError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

impl std::error::Error for ReuniteError {}

impl From<SplitError> for io::Error {
    fn from(split: SplitError) -> Self {
        split.error
    }
}

impl From<ReuniteError> for io::Error {
    fn from(error: ReuniteError) -> Self {
        Self::new(io::ErrorKind::InvalidInput, error.to_string())
    }
}

impl fmt::Debug for ReadHalf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadHalf").finish_non_exhaustive()
    }
}

impl fmt::Debug for WriteHalf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteHalf").finish_non_exhaustive()
    }
}

impl fmt::Debug for SplitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SplitError").field(&self.error).finish()
    }
}

impl fmt::Debug for ReuniteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReuniteError")
    }
}
