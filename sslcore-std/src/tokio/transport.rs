//! What is below: a stream of tokio's as the driver wants it, and the tasks that wait for it.

use std::io::{self, ErrorKind, Read, Write};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::drive::Transport;

/// Who may wait: each for its own, so that a task that reads and one that writes do not forget each
/// other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Read,
    Write,
    Owner,
}

/// The tasks that wait. The stream below knows one waker per direction, and either side may be the
/// one that finds it not ready: it is given all of them.
#[derive(Debug, Default)]
pub(super) struct Tasks(Mutex<[Option<Waker>; 3]>);

impl Tasks {
    fn with<R>(&self, act: impl FnOnce(&mut [Option<Waker>; 3]) -> R) -> R {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn wait(&self, side: Side, waker: &Waker) {
        self.with(|tasks| match &mut tasks[side as usize] {
            Some(task) => task.clone_from(waker),
            none => *none = Some(waker.clone()),
        });
    }

    pub(super) fn take(&self, side: Side) -> Option<Waker> {
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
pub(super) enum End {
    Open,
    Wanted,
    Done,
}

/// A stream of tokio, as the driver wants it: "not now" is `WouldBlock`, and wakes all who wait when
/// it is over.
pub(super) struct Polled<S> {
    pub(super) stream: S,
    pub(super) tasks: Arc<Tasks>,
    /// The same.
    pub(super) waker: Waker,
    /// Something has left since the writer was woken last.
    pub(super) left: bool,
    pub(super) end: End,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Polled<S> {
    pub(super) fn new(stream: S) -> Self {
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
    pub(super) fn carry_on_ending(&mut self) {
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
