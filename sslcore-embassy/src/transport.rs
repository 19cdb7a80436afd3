//! What carries the bytes.

use embedded_io_async::{Read, Write};

/// A carrier of a socket's bytes: anything with two halves, one to read from and one to write to.
///
/// Two halves that exist already are carried by [`Halves`]. With the feature `embassy-net`, a
/// `TcpSocket` is a transport by itself.
///
/// # What is asked of the halves
/// The socket waits for both directions, for its timers and for its other half at once, and drops the
/// futures of those that were not first. So a future that is dropped before it is ready must have done
/// nothing:
///
/// - a dropped `read` has taken no byte from the stream;
/// - a dropped `write` has passed on no byte of its slice: bytes are taken in the very poll that says
///   how many;
/// - a dropped `flush` can be called again.
///
/// A transport that breaks this loses bytes, or sends them twice, and the connection ends with a record
/// that cannot be authenticated. The sockets of embassy-net, the pipes of embassy-sync and UARTs with a
/// buffer keep it, most DMA transfers do not: put a pipe and a task of its own before those.
///
/// A `read` of 0 bytes is the end of the stream. A `write` of 0 bytes is an error that no later write
/// will mend.
///
/// ```
/// use embedded_io_async::{Read, Write};
/// use sslcore_embassy::Transport;
///
/// /// A modem, whose one object reads and writes.
/// struct Modem<R, W> {
///     receiver: R,
///     sender: W,
///     hang_up: fn(),
/// }
///
/// impl<R: Read, W: Write> Transport for Modem<R, W> {
///     type Reader<'a> = &'a mut R where Self: 'a;
///     type Writer<'a> = &'a mut W where Self: 'a;
///
///     fn halves(&mut self) -> (&mut R, &mut W) {
///         (&mut self.receiver, &mut self.sender)
///     }
///
///     fn abort(&mut self) {
///         (self.hang_up)();
///     }
/// }
/// ```
pub trait Transport {
    /// The half to read from.
    type Reader<'a>: Read
    where
        Self: 'a;
    /// The half to write to.
    type Writer<'a>: Write
    where
        Self: 'a;

    /// Both halves, for as long as one wait takes.
    fn halves(&mut self) -> (Self::Reader<'_>, Self::Writer<'_>);

    /// Ends the sending direction, behind everything that was written: TCP's FIN. The halves stay
    /// readable. Does nothing by default.
    fn finish(&mut self) {}

    /// Ends both directions at once: TCP's RST. Does nothing by default.
    fn abort(&mut self) {}
}

/// A transport of two halves that know nothing of each other, such as the two ends of two pipes, or a
/// UART's halves. Both can be borrowed: `&mut R` reads as `R` does.
///
/// ```
/// use embassy_sync::blocking_mutex::raw::NoopRawMutex;
/// use embassy_sync::pipe::Pipe;
/// use sslcore_embassy::{Halves, Transport};
///
/// let (mut there, mut back) = (Pipe::<NoopRawMutex, 512>::new(), Pipe::<NoopRawMutex, 512>::new());
/// let ((_, writer), (reader, _)) = (there.split(), back.split());
/// let mut halves = Halves { reader, writer };
/// let (_reader, _writer) = halves.halves();
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Halves<R, W> {
    /// The half to read from.
    pub reader: R,
    /// The half to write to.
    pub writer: W,
}

impl<R: Read, W: Write> Transport for Halves<R, W> {
    type Reader<'a>
        = &'a mut R
    where
        Self: 'a;
    type Writer<'a>
        = &'a mut W
    where
        Self: 'a;

    fn halves(&mut self) -> (&mut R, &mut W) {
        (&mut self.reader, &mut self.writer)
    }
}
