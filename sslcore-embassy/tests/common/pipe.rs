//! Two pipes in memory, and an end of both.

use core::cell::RefCell;
use core::future::poll_fn;
use core::task::{Poll, Waker};
use std::collections::VecDeque;
use std::rc::Rc;

use embedded_io_async::{ErrorKind, ErrorType, Read, Write};
use sslcore_embassy::Transport;

/// One direction.
#[derive(Default)]
pub struct Pipe {
    bytes: VecDeque<u8>,
    /// The most bytes that wait in it.
    pub window: usize,
    /// The most bytes that one read or write moves.
    pub piece: usize,
    /// The writer has ended it.
    pub ended: bool,
    /// Writing fails.
    pub refuses: Option<ErrorKind>,
    /// Reading fails behind what is there.
    pub broken: Option<ErrorKind>,
    /// Writing has no effect before it is flushed.
    pub holds_back: bool,
    held: Vec<u8>,
    /// Flushing waits.
    pub flushes_never: bool,
    pub flushes: usize,
    /// Everything that has ever passed.
    pub passed: usize,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Pipe {
    fn wake(&mut self) {
        for waker in [self.reader.take(), self.writer.take()]
            .into_iter()
            .flatten()
        {
            waker.wake();
        }
    }

    pub fn len(&self) -> usize {
        self.bytes.len()
    }
}

/// A pipe's handle.
pub type Shared = Rc<RefCell<Pipe>>;

/// Changes a pipe, and wakes who waits for it.
pub fn change<R>(pipe: &Shared, change: impl FnOnce(&mut Pipe) -> R) -> R {
    let mut pipe = pipe.borrow_mut();
    let changed = change(&mut pipe);
    pipe.wake();
    changed
}

/// One end: what it reads, and what it writes to.
pub struct End {
    pub incoming: Shared,
    pub outgoing: Shared,
    pub is_aborted: bool,
}

/// Two ends of two pipes with windows of so many bytes.
pub fn duplex(window: usize) -> (End, End) {
    let pipe = || {
        Rc::new(RefCell::new(Pipe {
            window,
            piece: usize::MAX,
            ..Pipe::default()
        }))
    };
    let (there, back) = (pipe(), pipe());
    let end = |incoming: &Shared, outgoing: &Shared| End {
        incoming: Rc::clone(incoming),
        outgoing: Rc::clone(outgoing),
        is_aborted: false,
    };
    (end(&back, &there), end(&there, &back))
}

impl Transport for End {
    type Reader<'a> = Half<'a>;
    type Writer<'a> = Half<'a>;

    fn halves(&mut self) -> (Half<'_>, Half<'_>) {
        (Half(&self.incoming), Half(&self.outgoing))
    }

    fn finish(&mut self) {
        change(&self.outgoing, |pipe| pipe.ended = true);
    }

    fn abort(&mut self) {
        self.is_aborted = true;
        change(&self.outgoing, |pipe| {
            pipe.broken = Some(ErrorKind::ConnectionReset)
        });
        change(&self.incoming, |pipe| {
            pipe.refuses = Some(ErrorKind::ConnectionReset)
        });
    }
}

/// A pipe to read from, or to write to. Nobody is woken for a future that was dropped.
pub struct Half<'a>(pub &'a Shared);

/// Forgets the waker of a future that is dropped.
struct Waiting<'a>(&'a Shared, bool);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut pipe = self.0.borrow_mut();
        match self.1 {
            true => pipe.reader = None,
            false => pipe.writer = None,
        }
    }
}

impl Half<'_> {
    /// Until `attempt` has an outcome.
    async fn wait<T>(&self, reads: bool, mut attempt: impl FnMut(&mut Pipe) -> Option<T>) -> T {
        let _waiting = Waiting(self.0, reads);
        poll_fn(|cx| {
            // As embassy's timers, which a transport may have.
            let is_a_task = !cx.waker().will_wake(Waker::noop());
            assert!(is_a_task, "whoever polls is no task");
            let mut pipe = self.0.borrow_mut();
            match attempt(&mut pipe) {
                Some(outcome) => Poll::Ready(outcome),
                None => {
                    let slot = match reads {
                        true => &mut pipe.reader,
                        false => &mut pipe.writer,
                    };
                    *slot = Some(cx.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }
}

impl ErrorType for Half<'_> {
    type Error = ErrorKind;
}

impl Read for Half<'_> {
    async fn read(&mut self, out: &mut [u8]) -> Result<usize, ErrorKind> {
        self.wait(true, |pipe| {
            let n = pipe.bytes.len().min(out.len()).min(pipe.piece);
            if n == 0 {
                let broken = pipe.broken.map(Err);
                return broken.or_else(|| pipe.ended.then_some(Ok(0)));
            }
            for (byte, read) in out.iter_mut().zip(pipe.bytes.drain(..n)) {
                *byte = read;
            }
            if let Some(writer) = pipe.writer.take() {
                writer.wake();
            }
            Some(Ok(n))
        })
        .await
    }
}

impl Write for Half<'_> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        self.wait(false, |pipe| {
            if let Some(error) = pipe.refuses {
                return Some(Err(error));
            }
            let waiting = pipe.bytes.len() + pipe.held.len();
            let n = pipe.window.saturating_sub(waiting);
            let n = n.min(bytes.len()).min(pipe.piece);
            if n == 0 {
                // What is held back leaves when there is no room for more.
                let held = std::mem::take(&mut pipe.held);
                pipe.bytes.extend(held);
                if let Some(reader) = pipe.reader.take() {
                    reader.wake();
                }
                return None;
            }
            pipe.passed += n;
            match pipe.holds_back {
                true => pipe.held.extend_from_slice(&bytes[..n]),
                false => pipe.bytes.extend(&bytes[..n]),
            }
            if let Some(reader) = pipe.reader.take() {
                reader.wake();
            }
            Some(Ok(n))
        })
        .await
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        self.wait(false, |pipe| {
            if let Some(error) = pipe.refuses {
                return Some(Err(error));
            }
            if pipe.flushes_never {
                return None;
            }
            pipe.flushes += 1;
            let held = std::mem::take(&mut pipe.held);
            pipe.bytes.extend(held);
            if let Some(reader) = pipe.reader.take() {
                reader.wake();
            }
            Some(Ok(()))
        })
        .await
    }
}
