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
    /// Takes the socket apart, so that one thread can read while another writes. At any time:
    /// while connecting, in plaintext, during a handshake, encrypted, or later. The halves have
    /// the socket's [timeout](Self::set_timeout) each.
    ///
    /// Whichever half is in a call carries on whatever is to be done, a handshake, answers to
    /// KeyUpdate, alerts; only a lock around the connection is taken for that, never while
    /// sleeping, so a read that waits for data stops no write. A half that waits is woken when the
    /// other changes something for it: the reader has made room, the writer has left bytes that
    /// the stream did not take, one of them has seen the end.
    ///
    /// Costs four file descriptors, and nothing per byte.
    ///
    /// ```no_run
    /// # use std::io::{self, Read, Write};
    /// # use sslcore_std::SslSocket;
    /// # fn both_ways(socket: SslSocket, request: &[u8]) -> io::Result<(Vec<u8>, SslSocket)> {
    /// let (mut read_half, mut write_half) = socket.split()?;
    /// let answer = std::thread::scope(|threads| {
    ///     threads.spawn(|| {
    ///         write_half.write_all(request)?;
    ///         write_half.flush()
    ///     });
    ///     let mut answer = Vec::new();
    ///     read_half.read_to_end(&mut answer).map(|_| answer)
    /// })?;
    /// Ok((answer, read_half.reunite(write_half)?))
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`SplitError`], which gives the socket back, when there are no file descriptors left.
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

/// What reads. From [`SslSocket::split`].
///
/// Dropping it is [`discard_reads`](SslSocket::discard_reads): nobody will read any more, so what
/// arrives is thrown away, and the writer still learns of alerts and of the end.
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

/// What writes. From [`SslSocket::split`].
///
/// Dropping it sends nothing and closes nothing as long as the other half is there: what was written leaves
/// while the other half reads. [`close`](Self::close) it to tell the peer that this was all.
pub struct WriteHalf {
    socket: Arc<SharedSocket>,
    timeout: Option<Duration>,
}

impl ReadHalf {
    /// What both halves share: getters, decisions, events, the end.
    pub fn socket(&self) -> &SharedSocket {
        &self.socket
    }

    /// The same, for a third thread. As long as it has it, the halves cannot be
    /// [reunited](Self::reunite).
    pub fn share(&self) -> Arc<SharedSocket> {
        Arc::clone(&self.socket)
    }

    /// How long one read may block before it fails with `TimedOut`; `None` is for ever.
    pub fn set_timeout(&mut self, timeout: Option<Duration>) {
        self.timeout = timeout;
    }

    /// Puts the socket together again.
    ///
    /// # Errors
    /// [`ReuniteError`], which gives the halves back, when they are not of one socket.
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

/// Blocks until there is data, as [`SslSocket`] does. Wrap it in a
/// [`BufReader`](std::io::BufReader) for lines.
///
/// # Errors
/// As for [`SslSocket`]. While a question is open both halves say so.
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
    /// What both halves share: getters, decisions, events, the end.
    pub fn socket(&self) -> &SharedSocket {
        &self.socket
    }

    /// How long one write or flush may block before it fails with `TimedOut`; `None` is for ever.
    pub fn set_timeout(&mut self, timeout: Option<Duration>) {
        self.timeout = timeout;
    }

    /// Ends our direction, as [`SslSocket::close`] does. The other half reads on, and carries out
    /// what the stream does not take now; [`flush`](Write::flush) waits for that.
    pub fn close(&mut self) {
        self.socket.close();
    }
}

/// As for [`SslSocket`], but a write never ends with
/// [`ReadFirst`](crate::WaitError::ReadFirst): reading is the other half's business, and the write
/// waits for it.
impl Write for WriteHalf {
    fn write(&mut self, plaintext: &[u8]) -> io::Result<usize> {
        self.socket.write(plaintext, self.timeout)
    }

    /// Blocks until the stream has taken all that was written, as [`SslSocket`] does, and fails
    /// with the reason when it never will.
    fn flush(&mut self) -> io::Result<()> {
        self.socket.with(|socket| socket.driver.nudge());
        let flushed = self.socket.wait(Side::Write, self.timeout, Driver::flushed);
        Ok(flushed?)
    }
}

/// There was nothing to wake a sleeping half with.
pub struct SplitError {
    /// The socket, in one piece.
    pub socket: Box<SslSocket>,
    /// What the system said.
    pub error: io::Error,
}

/// The halves are not of one socket.
pub struct ReuniteError {
    /// The one.
    pub read_half: ReadHalf,
    /// The other.
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
