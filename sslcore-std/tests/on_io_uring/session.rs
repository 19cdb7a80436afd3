//! A connection over io_uring, where the kernel owns a buffer until its operation is complete.
//!
//! What is sent is lent to the kernel as it is, without a copy: `take_transmit` hands it over, and
//! `complete_transmit` says how much of it has left. What arrives comes in a buffer of the
//! session's, of which the connection takes as much as it has room for.
//!
//! The operations belong to the session, not to the future that waits for them: dropping
//! [`Session::next`] cancels none, and the next call finds what has become of them.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};

use compio::BufResult;
use compio::io::{AsyncRead, AsyncWrite};
use compio::net::TcpStream;
use sslcore::bytes::{Bytes, BytesMut};
use sslcore::{Buffers, Connection, Instant, Limits, Step, Transmission, UsageError};
use sslcore_std::Clock;

/// What the kernel is doing, and the buffer that it gives back.
type Operation<B> = Pin<Box<dyn Future<Output = BufResult<usize, B>>>>;

/// What fits into a buffer for what arrives: a record of any size.
const PIECE: usize = 17 * 1024;

/// A timer of the runtime's.
type Sleep = Pin<Box<dyn Future<Output = ()>>>;

/// A connection, its socket, and the operations under way: one of each kind at most.
pub(crate) struct Session {
    pub(crate) conn: Connection,
    socket: TcpStream,
    clock: Clock,
    sending: Option<(Transmission, Operation<Bytes>)>,
    receiving: Option<Operation<BytesMut>>,
    /// What has arrived and has no room in the connection yet.
    arrived: BytesMut,
    /// When the connection wants to be asked again.
    alarm: Option<(Instant, Sleep)>,
}

impl Session {
    /// Over an open socket, in plaintext.
    pub(crate) fn new(socket: TcpStream) -> Self {
        Self {
            conn: Connection::new(Limits::default(), Buffers::Owned),
            socket,
            clock: Clock::new(),
            sending: None,
            receiving: None,
            arrived: BytesMut::new(),
            alarm: None,
        }
    }

    /// Moves bytes until there is something for the application: an event, something to read, or the
    /// end. Can be dropped at any time.
    pub(crate) async fn next(&mut self) -> Result<Step<'static>, UsageError> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Step<'static>, UsageError>> {
        loop {
            match self.conn.next(self.clock.now()) {
                Step::Event(event) => return Poll::Ready(Ok(Step::Event(event))),
                Step::Readable => return Poll::Ready(Ok(Step::Readable)),
                Step::Done => return Poll::Ready(Ok(Step::Done)),
                // What was handed over is not shown again.
                Step::Transmit(_) => self.send(),
                Step::Wait { read, deadline, .. } => {
                    if read && self.receiving.is_none() && self.arrived.is_empty() {
                        self.receive();
                    }
                    self.set_alarm(deadline);
                    if !self.moves(cx)? {
                        return Poll::Pending;
                    }
                }
            }
        }
    }

    /// Lends the kernel what is to be sent.
    fn send(&mut self) {
        self.sending = self.conn.take_transmit().map(|transmission| {
            let (mut socket, bytes) = (self.socket.clone(), transmission.bytes());
            let operation = async move { socket.write(bytes).await };
            (transmission, Box::pin(operation) as Operation<Bytes>)
        });
    }

    /// Lends the kernel a buffer for what arrives.
    fn receive(&mut self) {
        let mut socket = self.socket.clone();
        let mut buffer = std::mem::take(&mut self.arrived);
        buffer.reserve(PIECE);
        self.receiving = Some(Box::pin(async move { socket.read(buffer).await }));
    }

    fn set_alarm(&mut self, deadline: Option<Instant>) {
        if self.alarm.as_ref().map(|(at, _)| *at) != deadline {
            self.alarm = deadline.map(|at| {
                let alarm = compio::time::sleep(self.clock.until(at));
                (at, Box::pin(alarm) as Pin<Box<dyn Future<Output = ()>>>)
            });
        }
    }

    /// Whether an operation is complete, or it is time.
    fn moves(&mut self, cx: &mut Context<'_>) -> Result<bool, UsageError> {
        let mut moved = false;
        if let Some((transmission, mut operation)) = self.sending.take() {
            match operation.as_mut().poll(cx) {
                Poll::Pending => self.sending = Some((transmission, operation)),
                Poll::Ready(BufResult(sent, _)) => {
                    moved = true;
                    match sent {
                        Ok(n) => match self.conn.complete_transmit(transmission, n) {
                            // It ended meanwhile; what was on its way is of no use to it.
                            Err(UsageError::Stale) => {}
                            completed => completed?,
                        },
                        // What the peer has said before can still be read.
                        Err(_) => self.conn.transmit_failed(),
                    }
                }
            }
        }
        if let Some(operation) = &mut self.receiving
            && let Poll::Ready(BufResult(received, buffer)) = operation.as_mut().poll(cx)
        {
            moved = true;
            self.receiving = None;
            self.arrived = buffer;
            match received {
                Ok(0) => self.conn.receive_eof(),
                Ok(_) => {}
                Err(_) => self.conn.receive_reset(),
            }
        }
        if !self.arrived.is_empty() {
            moved |= self.conn.receive_owned(&mut self.arrived)? > 0;
        }
        if let Some((_, alarm)) = &mut self.alarm
            && alarm.as_mut().poll(cx).is_ready()
        {
            moved = true;
            self.alarm = None;
        }
        Ok(moved)
    }
}
