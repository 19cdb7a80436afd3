//! The stream as tokio's traits have it: reading, reading lines, writing.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use sslcore::ReadEnd;
use tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, ReadBuf};

use super::stream::SslStream;
use super::transport::{End, Polled, Side};
use crate::drive::Driver;
use crate::wait_error::WaitError;

/// Reading plaintext: ready when there is data. Ready with no bytes only when the peer has closed
/// with close_notify, or has ended its stream before TLS was started.
///
/// # Errors
/// `UnexpectedEof` when the stream was truncated, and the other kinds that [`WaitError`] names. The
/// [`Failure`](sslcore::Failure) is the error's inner value. Data that arrived before a failure is
/// read first.
///
/// `WouldBlock` with [`WaitError::VerdictNeeded`], [`WaitError::ConfigNeeded`],
/// [`WaitError::PreSharedKeyNeeded`] or [`WaitError::SignatureNeeded`] as its inner value when the
/// application must answer first.
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
    /// The reason why the connection ended, as far as it is known, when bytes that were written will
    /// never leave; an error each time.
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

impl<S: AsyncRead + AsyncWrite + Unpin> SslStream<S> {
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
