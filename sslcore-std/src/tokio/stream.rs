//! The stream: its calls, and how whoever waits is woken.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use sslcore::{ClientConfig, CloseReport, Limits, PeerName, ServerStart, SslMode};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, Sleep, sleep_until};

use super::transport::{Polled, Side};
use crate::clock::Clock;
use crate::drive::Driver;
use crate::face::common_methods;
use crate::wait_error::WaitError;

/// A TLS stream over any `AsyncRead + AsyncWrite` of tokio: a `TcpStream`, a pipe, another
/// `SslStream`. It implements both traits itself, and can be split by `tokio::io::split`.
///
/// The example of the [module](super) shows a client and a server that start in plaintext. A client
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
    pub(super) driver: Driver<Polled<S>>,
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
    /// [`WaitError::ConfigNeeded`] when it must configure the server,
    /// [`WaitError::PreSharedKeyNeeded`] when it must give pre-shared keys,
    /// [`WaitError::SignatureNeeded`] when it must sign: answer, and call this again.
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
    /// [`answer`](Self::answer), [`provide_config`](Self::provide_config),
    /// [`provide_psk`](Self::provide_psk) or [`provide_signature`](Self::provide_signature), or the
    /// connection has failed or ended. `None` while the connection only waits for the peer.
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
    pub(super) fn poll<T, E: From<WaitError>>(
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
    pub(super) fn turn(&mut self, side: Side) -> bool {
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
    pub(super) fn consumed(&mut self, n: usize) {
        self.driver.consume(n);
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
    pub(super) fn wake_others(&mut self, side: Side) {
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
}

/// How often one poll reads the stream below, before it lets others go first.
const TURNS: usize = 32;

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
