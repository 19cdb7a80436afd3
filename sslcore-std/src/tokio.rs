//! TLS over any stream of the runtime tokio.
//!
//! A client that starts in plaintext, and its server, both over one pipe:
//!
//! ```
//! use sslcore::{ClientConfig, PeerName, ServerConfig, ServerStart};
//! use sslcore_std::tokio::SslStream;
//! use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
//!
//! type Outcome<T> = Result<T, Box<dyn std::error::Error>>;
//!
//! async fn client<S>(stream: S, config: &ClientConfig) -> Outcome<String>
//! where
//!     S: AsyncRead + AsyncWrite + Unpin,
//! {
//!     let mut stream = SslStream::new(stream);
//!     stream.write_all(b"STARTTLS\r\n").await?;
//!     let mut line = String::new();
//!     stream.read_line(&mut line).await?; // 220 go ahead
//!     stream.start_client_encryption(config, PeerName::new("server.test")?)?;
//!     stream.handshake().await?;
//!
//!     stream.write_all(b"hello").await?;
//!     stream.shutdown().await?; // close_notify, and the stream's own end
//!     let mut answer = String::new();
//!     stream.read_to_string(&mut answer).await?; // up to the peer's close_notify
//!     Ok(answer)
//! }
//!
//! async fn server<S>(stream: S, config: ServerConfig) -> Outcome<()>
//! where
//!     S: AsyncRead + AsyncWrite + Unpin,
//! {
//!     let mut stream = SslStream::new(stream);
//!     let mut line = String::new();
//!     stream.read_line(&mut line).await?; // STARTTLS
//!     stream.write_all(b"220 go ahead\r\n").await?;
//!     stream.start_server_encryption(ServerStart::With(config))?;
//!
//!     // The first read or write handshakes, where nobody waits for `handshake`.
//!     let (mut reader, mut writer) = tokio::io::split(stream);
//!     tokio::io::copy(&mut reader, &mut writer).await?;
//!     writer.shutdown().await?;
//!     Ok(())
//! }
//!
//! # #[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Outcome<()> {
//! #     use sslcore_tests::pair;
//! #     let backend = sslcore_std::default_backend();
//! #     let trusting = pair::client(backend.clone()).build()?;
//! #     let serving = pair::server(backend).build()?;
//! let (one, other) = tokio::io::duplex(1000);
//! let (answer, served) = tokio::join!(client(one, &trusting), server(other, serving));
//! served?;
//! assert_eq!(answer?, "hello");
//! #     Ok(())
//! # }
//! # #[cfg(not(any(feature = "aws-lc-rs", feature = "ring")))]
//! # fn main() {}
//! ```

use std::fmt;
use std::future::{Future, poll_fn};
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker, ready};

use sslcore::{ClientConfig, CloseReport, Limits, PeerName, ReadEnd, ServerStart, SslMode};
use tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::clock::Clock;
use crate::drive::{Driver, Transport};
use crate::face::common_methods;
use crate::wait_error::WaitError;

/// A TLS stream over any `AsyncRead + AsyncWrite` of tokio: a `TcpStream`, a pipe, another
/// `SslStream`. It implements both traits itself, and can be split by `tokio::io::split`.
///
/// The example of the [module](self) shows a client and a server that start in plaintext. A client
/// that starts TLS at once, and looks at a certificate with errors:
///
/// ```
/// use std::io;
///
/// use sslcore_std::WaitError;
/// use sslcore_std::sslcore::{ClientConfig, PeerName, Verdict};
/// use sslcore_std::tokio::SslStream;
/// use tokio::io::AsyncWriteExt;
/// use tokio::net::TcpStream;
///
/// async fn connect(config: &ClientConfig) -> io::Result<SslStream<TcpStream>> {
///     let peer = PeerName::new("www.example.org").map_err(io::Error::other)?;
///     let stream = TcpStream::connect(("www.example.org", 443)).await?;
///     let mut stream = SslStream::client(stream, config, peer);
///     match stream.handshake().await {
///         Err(WaitError::VerdictNeeded(id)) => {
///             println!("rejected: {:?}", stream.review().map(|review| review.errors));
///             stream.answer(id, Verdict::Reject).map_err(io::Error::other)?;
///             stream.handshake().await?; // fails, when the alert has left
///         }
///         outcome => outcome?,
///     }
///     stream.write_all(b"GET / HTTP/1.0\r\nHost: www.example.org\r\n\r\n").await?;
///     stream.flush().await?;
///     Ok(stream)
/// }
/// ```
///
/// A server that starts TLS at once, and ends in order:
///
/// ```
/// use std::io;
///
/// use sslcore_std::sslcore::{ServerConfig, ServerStart};
/// use sslcore_std::tokio::SslStream;
/// use tokio::io::AsyncWriteExt;
/// use tokio::net::TcpStream;
///
/// async fn serve(stream: TcpStream, config: ServerConfig) -> io::Result<()> {
///     let mut stream = SslStream::server(stream, ServerStart::With(config));
///     stream.write_all(b"hello").await?; // queued until the handshake is complete
///     stream.shutdown().await?; // data, close_notify, FIN
///     println!("{:?}, {:?}", stream.get_ref().peer_addr()?, stream.close_report());
///     Ok(())
/// }
/// ```
///
/// The methods that [`SslSocket`](crate::SslSocket) has, too, are shown there.
///
/// # Tasks
/// Whichever direction is polled carries out all pending work, a handshake, answers to KeyUpdate,
/// alerts, and wakes the task of the other direction when something has changed for it. So does
/// every method that changes the connection. In plaintext, bytes are received by reads only, so
/// that what follows a "go ahead" line is TLS.
///
/// # Cancel safety
/// A future that is dropped before it is ready loses nothing, be it [`handshake`](Self::handshake),
/// a read, a write, a flush or a shutdown: everything under way is kept in the stream. Methods of
/// tokio's that are not cancel safe remain so: `write_all` does not say how many of its bytes were
/// accepted.
///
/// # Timers
/// Poll the stream within a runtime whose timer is enabled: the [timeouts](sslcore::Timeouts) use
/// that timer, and stand still while tokio's time is paused.
///
/// # Dropping
/// Dropping the stream is [`cancel`](Self::cancel), as far as the stream below takes the bytes at
/// once. Call `shutdown` first to tell the peer that this was all.
pub struct SslStream<S: AsyncRead + AsyncWrite + Unpin> {
    driver: Driver<Polled<S>>,
    /// Rings at the connection's deadline.
    sleep: Option<Pin<Box<Sleep>>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> SslStream<S> {
    /// A TLS stream over an open stream, in plaintext, with the default [`Limits`].
    pub fn new(stream: S) -> Self {
        Self::with_limits(stream, Limits::default())
    }

    /// A TLS stream over an open stream, in plaintext, with these limits.
    pub fn with_limits(stream: S, limits: Limits) -> Self {
        let mut driver = Driver::new(Polled::new(stream), limits, false);
        driver.clock = Clock::told_by(|| Instant::now().into_std());
        Self {
            driver,
            sleep: None,
        }
    }

    /// A TLS stream over an open stream, as a client that starts TLS at once. The certificate must
    /// carry the name of `peer`.
    pub fn client(stream: S, config: &ClientConfig, peer: PeerName) -> Self {
        let mut this = Self::new(stream);
        let started = this.start_client_encryption(config, peer);
        debug_assert!(started.is_ok(), "nothing was done with it before");
        this
    }

    /// A TLS stream over an open stream, as a server that starts TLS at once.
    pub fn server(stream: S, start: ServerStart) -> Self {
        let mut this = Self::new(stream);
        let started = this.start_server_encryption(start);
        debug_assert!(started.is_ok(), "nothing was done with it before");
        this
    }

    /// Handshakes until the connection is encrypted; returns at once if the handshake was completed
    /// before, even if the connection has ended since.
    ///
    /// # Errors
    /// [`WaitError::VerdictNeeded`] when the application must verify the peer's certificate,
    /// [`WaitError::ConfigNeeded`] when it must configure the server: answer, and call this again.
    /// [`WaitError::NotStarted`] before TLS was started, [`WaitError::Failed`],
    /// [`WaitError::Ended`].
    pub async fn handshake(&mut self) -> Result<(), WaitError> {
        if self.connection().mode() == SslMode::Unencrypted {
            return Err(WaitError::NotStarted);
        }
        poll_fn(|cx| {
            self.poll(cx, Side::Owner, |driver| match driver.is_handshaken() {
                true => Some(Ok(())),
                false => driver.ended().map(Err),
            })
        })
        .await
    }

    common_methods!();

    /// Why nothing moves although the peer may have sent something: the application must
    /// [`answer`](Self::answer) or [`provide_config`](Self::provide_config), or the connection has
    /// failed or ended. `None` while the connection only waits for the peer.
    pub fn status(&self) -> Option<WaitError> {
        self.driver.question().or_else(|| self.driver.ended())
    }

    /// How the connection ended. `None` until it has ended and its last bytes have been taken by
    /// the stream below, or can no longer be.
    pub fn close_report(&self) -> Option<CloseReport> {
        self.driver.connection.close_report()
    }

    /// Ends the connection at once: unsent and unread data is dropped, and the peer gets no alert
    /// and no close_notify. The stream below is left open. `QAbstractSocket::abort`.
    pub fn abort(&mut self) {
        self.driver.abort();
    }

    /// The stream below. Reading from it or writing to it corrupts the connection.
    pub fn get_ref(&self) -> &S {
        &self.driver.transport.stream
    }

    /// The stream below, to change its options. Reading from it or writing to it corrupts the
    /// connection.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.driver.transport.stream
    }

    /// Turns until `goal` has an outcome. What moves meanwhile may concern those who wait for
    /// something else: they are woken.
    fn poll<T, E: From<WaitError>>(
        &mut self,
        cx: &mut Context<'_>,
        side: Side,
        mut goal: impl FnMut(&mut Driver<Polled<S>>) -> Option<Result<T, E>>,
    ) -> Poll<Result<T, E>> {
        // Before anything else: whatever happens from now on wakes.
        self.driver.transport.tasks.wait(side, cx.waker());
        for _ in 0..TURNS {
            let outcome = goal(&mut self.driver);
            let moved = outcome.is_none() && self.turn(side);
            let outcome = match moved {
                true => None,
                // The last turn may have been what the goal was about.
                false => outcome.or_else(|| goal(&mut self.driver)),
            };
            let question = || self.driver.question().filter(|_| !moved);
            if let Some(outcome) = outcome.or_else(|| question().map(|why| Err(why.into()))) {
                self.driver.transport.tasks.take(side);
                self.wake_others(side);
                return Poll::Ready(outcome);
            }
            if !moved && self.poll_deadline().is_pending() {
                self.wake_others(side);
                return Poll::Pending;
            }
        }
        // Others want to be polled, too.
        self.wake_others(side);
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// One round. Says whether anything moved.
    fn turn(&mut self, side: Side) -> bool {
        // A ClientHello behind a "go ahead" must not be received as plaintext.
        let receives = side == Side::Read || self.driver.connection.mode() != SslMode::Unencrypted;
        let moved = receives && self.driver.turn();
        if !receives {
            self.driver.nudge();
        }
        self.driver.transport.carry_on_ending();
        moved
    }

    /// The reader has used so much, and may have made room for what concerns others.
    fn consumed(&mut self, n: usize) {
        self.driver.consume(n);
        self.driver.send();
        self.wake_others(Side::Read);
    }

    /// Ready when it is time to turn although the stream below has nothing new.
    fn poll_deadline(&mut self) -> Poll<()> {
        let deadline = self.driver.deadline();
        // A time that no clock can tell never comes.
        let Some(deadline) = deadline.and_then(|deadline| self.driver.clock.to_std(deadline))
        else {
            self.sleep = None;
            return Poll::Pending;
        };
        let deadline = Instant::from_std(deadline);
        let sleep = self
            .sleep
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if sleep.deadline() != deadline {
            sleep.as_mut().reset(deadline);
        }
        let waker = &self.driver.transport.waker;
        sleep.as_mut().poll(&mut Context::from_waker(waker))
    }

    /// Wakes who waits for what has changed, except for whose turn it is.
    fn wake_others(&mut self, side: Side) {
        let left = std::mem::take(&mut self.driver.transport.left);
        let changes = self.driver.connection.take_changes();
        let all = changes.over || changes.deadline || self.driver.question().is_some();
        let tasks = &self.driver.transport.tasks;
        for (other, concerned) in [
            (Side::Read, changes.readable),
            (Side::Write, changes.writable || left),
            (Side::Owner, changes.events),
        ] {
            if other != side
                && (all || concerned)
                && let Some(task) = tasks.take(other)
            {
                task.wake();
            }
        }
    }

    fn poll_write_by(
        &mut self,
        cx: &mut Context<'_>,
        mut write: impl FnMut(&mut Driver<Polled<S>>) -> Option<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let written = ready!(self.poll(cx, Side::Write, &mut write));
        self.turn(Side::Write);
        self.wake_others(Side::Write);
        Poll::Ready(written)
    }
}

/// How often one poll reads the stream below, before it lets others go first.
const TURNS: usize = 32;

/// Reading plaintext: ready when there is data. Ready with no bytes only when the peer has closed
/// with close_notify, or has ended its stream before TLS was started.
///
/// # Errors
/// `UnexpectedEof` when the stream was truncated, and the other kinds that [`WaitError`] names. The
/// [`Failure`](sslcore::Failure) is the error's inner value. Data that arrived before a failure is
/// read first.
///
/// `WouldBlock` with [`WaitError::VerdictNeeded`] or [`WaitError::ConfigNeeded`] as its inner value
/// when the application must answer first.
impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for SslStream<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if out.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let this = self.get_mut();
        ready!(this.poll(cx, Side::Read, |driver| driver.readable()))?;
        let plain = this.driver.connection.peek();
        let n = plain.len().min(out.remaining());
        out.put_slice(&plain[..n]);
        this.consumed(n);
        Poll::Ready(Ok(()))
    }
}

/// Reading lines from the connection's own buffer: no bytes are taken from the connection before
/// the application consumes them, so bytes behind a "go ahead" line stay where
/// [`start_client_encryption`](SslStream::start_client_encryption) finds them.
///
/// `read_line` collects a line of any length. Limit it with `take` for a peer that is not trusted.
impl<S: AsyncRead + AsyncWrite + Unpin> AsyncBufRead for SslStream<S> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        ready!(this.poll(cx, Side::Read, |driver| driver.readable()))?;
        Poll::Ready(Ok(this.driver.connection.peek()))
    }

    fn consume(self: Pin<&mut Self>, n: usize) {
        self.get_mut().consumed(n);
    }
}

/// Writing plaintext: accepts as many bytes as there is room for, and passes them to the stream
/// below as far as that takes them now; the rest leaves with the next write, flush or read. Bytes
/// that are written during a handshake are queued.
///
/// # Errors
/// `WouldBlock` as for reading, when nothing was accepted. `BrokenPipe` with the
/// [`UsageError`](sslcore::UsageError) after [`close`](SslStream::close). The other kinds that
/// [`WaitError`] names.
impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for SslStream<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        plaintext: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.get_mut()
            .poll_write_by(cx, |driver| driver.write(plaintext))
    }

    /// Accepts bytes of several slices, and fills records across their borders.
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let something = slices.iter().any(|slice| !slice.is_empty());
        self.get_mut().poll_write_by(cx, |driver| {
            driver.write_by(something, |connection| connection.write_vectored(slices))
        })
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// Ready when all bytes that were written have been encrypted, taken by the stream below, and
    /// flushed there.
    ///
    /// # Errors
    /// The reason why the connection ended, when bytes that were written will never leave; the same
    /// error each time.
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = self.get_mut().poll(cx, Side::Write, Driver::flushed);
        flushed.map_err(io::Error::from)
    }

    /// [Closes](SslStream::close) the sending direction: queued data is sent, then close_notify,
    /// and then the stream below is shut down, whose own errors are ignored because everything has
    /// left. Data from the peer can still be read.
    ///
    /// # Errors
    /// As for flushing, and the [`Failure`](sslcore::Failure) if the connection has failed.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.driver.is_closing() {
            this.driver.close();
        }
        this.poll(cx, Side::Write, |driver| {
            if let Some(why) = driver.lost() {
                return Some(Err(why.into()));
            }
            let peer_closed = driver.connection.read_end() == Some(ReadEnd::Closed);
            match driver.transport.end {
                End::Wanted => return None,
                End::Open if !driver.write_ended => return None,
                // Our close_notify did not leave, and a peer that has closed needs none.
                End::Open if !peer_closed => return Some(Err(driver.gone().into())),
                End::Open | End::Done => {}
            }
            Some(match driver.connection.failure() {
                Some(failure) if !peer_closed => Err(WaitError::Failed(failure.clone()).into()),
                _ => Ok(()),
            })
        })
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Drop for SslStream<S> {
    fn drop(&mut self) {
        // Whoever unwinds says nothing to the peer: it sees a stream that was cut.
        if std::thread::panicking() {
            return;
        }
        // A task that has used up its budget would find the stream below not ready.
        let farewell = poll_fn(|_| {
            self.driver.cancel();
            Poll::Ready(())
        });
        let farewell = std::pin::pin!(tokio::task::coop::unconstrained(farewell));
        let _ = farewell.poll(&mut Context::from_waker(Waker::noop()));
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + fmt::Debug> fmt::Debug for SslStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SslStream")
            .field("stream", self.get_ref())
            .field("connection", self.connection())
            .finish_non_exhaustive()
    }
}

/// Who may wait: each for its own, so that a task that reads and one that writes do not forget each
/// other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Read,
    Write,
    Owner,
}

/// The tasks that wait. The stream below knows one waker per direction, and either side may be the
/// one that finds it not ready: it is given all of them.
#[derive(Debug, Default)]
struct Tasks(Mutex<[Option<Waker>; 3]>);

impl Tasks {
    fn with<R>(&self, act: impl FnOnce(&mut [Option<Waker>; 3]) -> R) -> R {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn wait(&self, side: Side, waker: &Waker) {
        self.with(|tasks| match &mut tasks[side as usize] {
            Some(task) => task.clone_from(waker),
            none => *none = Some(waker.clone()),
        });
    }

    fn take(&self, side: Side) -> Option<Waker> {
        self.with(|tasks| tasks[side as usize].take())
    }
}

impl Wake for Tasks {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    /// Outside of the lock: a waker may do anything.
    fn wake_by_ref(self: &Arc<Self>) {
        let tasks = self.with(std::mem::take);
        tasks.into_iter().flatten().for_each(Waker::wake);
    }
}

/// How far the end of our direction has come.
#[derive(Debug, PartialEq, Eq)]
enum End {
    Open,
    Wanted,
    Done,
}

/// A stream of tokio, as the driver wants it: "not now" is `WouldBlock`, and wakes all who wait when
/// it is over.
struct Polled<S> {
    stream: S,
    tasks: Arc<Tasks>,
    /// The same.
    waker: Waker,
    /// Something has left since the writer was woken last.
    left: bool,
    end: End,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Polled<S> {
    fn new(stream: S) -> Self {
        let tasks = Arc::<Tasks>::default();
        Self {
            stream,
            waker: Arc::clone(&tasks).into(),
            tasks,
            left: false,
            end: End::Open,
        }
    }

    /// A stream that is gone needs no end.
    fn carry_on_ending(&mut self) {
        let mut cx = Context::from_waker(&self.waker);
        if self.end == End::Wanted && Pin::new(&mut self.stream).poll_shutdown(&mut cx).is_ready() {
            self.end = End::Done;
            self.left = true;
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Transport for Polled<S> {
    fn finish(&mut self) {
        self.end = End::Wanted;
        self.carry_on_ending();
    }

    fn acted(&mut self) {
        self.tasks.wake_by_ref();
    }
}

fn now<T>(polled: Poll<io::Result<T>>) -> io::Result<T> {
    match polled {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => Err(ErrorKind::WouldBlock.into()),
    }
}

impl<S: AsyncRead + Unpin> Read for Polled<S> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut cx = Context::from_waker(&self.waker);
        let mut out = ReadBuf::new(out);
        now(Pin::new(&mut self.stream).poll_read(&mut cx, &mut out))?;
        Ok(out.filled().len())
    }
}

impl<S: AsyncWrite + Unpin> Write for Polled<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut cx = Context::from_waker(&self.waker);
        let written = now(Pin::new(&mut self.stream).poll_write(&mut cx, bytes))?;
        self.left = true;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut cx = Context::from_waker(&self.waker);
        now(Pin::new(&mut self.stream).poll_flush(&mut cx))?;
        self.left = true;
        Ok(())
    }
}
