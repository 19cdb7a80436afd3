//! Who of two halves has the connection.
//!
//! One of them drives it for both, with the transport's futures and its own waker, and lets go of it as
//! soon as the other wants something. The other parks meanwhile, until there is news for it or nobody
//! drives.

use core::cell::RefCell;
use core::future::poll_fn;
use core::task::{Context, Poll, Waker};

use embassy_sync::blocking_mutex::CriticalSectionMutex;

/// A half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Reader,
    Writer,
}

impl Side {
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Reader => Self::Writer,
            Self::Writer => Self::Reader,
        }
    }
}

/// What one half is doing.
#[derive(Debug, Default)]
struct Seat {
    /// The task of a call under way.
    task: Option<Waker>,
    /// It has the connection.
    has: bool,
    /// It has asked for the connection.
    wants: bool,
    /// There is news for it.
    is_told: bool,
}

/// The seats of both halves.
#[derive(Debug)]
pub(crate) struct Turns(CriticalSectionMutex<RefCell<[Seat; 2]>>);

impl Turns {
    pub(crate) fn new() -> Self {
        Self(CriticalSectionMutex::new(RefCell::default()))
    }

    /// The seats of this side and of the other.
    fn with<R>(&self, side: Side, act: impl FnOnce(&mut Seat, &mut Seat) -> R) -> R {
        self.0.lock(|seats| {
            let [reader, writer] = &mut *seats.borrow_mut();
            match side {
                Side::Reader => act(reader, writer),
                Side::Writer => act(writer, reader),
            }
        })
    }

    /// A call of this half. It has nothing yet.
    pub(crate) fn call(&self, side: Side) -> Turn<'_> {
        Turn {
            turns: self,
            side,
            is_fresh: true,
        }
    }

    /// There is news for this half.
    pub(crate) fn tell(&self, side: Side) {
        let told = self.with(side, |own, _| {
            own.is_told |= own.task.is_some();
            own.task.clone()
        });
        wake(told);
    }

    /// Whether a call of this half is under way.
    pub(crate) fn is_calling(&self, side: Side) -> bool {
        self.with(side, |own, _| own.task.is_some())
    }
}

/// One call of one half. What it has goes to the other when it is dropped, wherever that happens.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    turns: &'a Turns,
    side: Side,
    /// It has not had the connection yet.
    is_fresh: bool,
}

impl Turn<'_> {
    /// Until this half has the connection.
    pub(crate) async fn begin(&mut self) {
        poll_fn(|cx| self.poll_begin(cx)).await;
        self.is_fresh = false;
    }

    fn poll_begin(&self, cx: &Context<'_>) -> Poll<()> {
        let (begun, asked) = self.turns.with(self.side, |own, other| {
            sit(own, cx);
            let is_eager = self.is_fresh || own.is_told;
            // The other was asked to let go, and has first what it asked for before.
            let is_second = other.wants && !own.wants;
            own.wants |= is_eager;
            if other.has || is_second {
                let asked = (other.has && is_eager).then(|| other.task.clone());
                return (Poll::Pending, asked.flatten());
            }
            own.has = true;
            own.wants = false;
            own.is_told = false;
            (Poll::Ready(()), None)
        });
        wake(asked);
        begun
    }

    /// Until the other half wants the connection.
    pub(crate) async fn is_wanted(&self) {
        poll_fn(|cx| {
            self.turns.with(self.side, |own, other| {
                sit(own, cx);
                match other.wants {
                    true => Poll::Ready(()),
                    false => Poll::Pending,
                }
            })
        })
        .await;
    }

    /// Lets go of the connection: the other half drives it from now on, if it is calling.
    pub(crate) fn end(&self) {
        let next = self.turns.with(self.side, |own, other| {
            own.has = false;
            other.task.clone()
        });
        wake(next);
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.turns.with(self.side, |own, _| *own = Seat::default());
        self.end();
    }
}

/// Notes whom to wake.
fn sit(seat: &mut Seat, cx: &Context<'_>) {
    match &mut seat.task {
        Some(task) => task.clone_from(cx.waker()),
        none => *none = Some(cx.waker().clone()),
    }
}

/// Outside of the lock: a waker may do anything.
fn wake(task: Option<Waker>) {
    if let Some(task) = task {
        task.wake();
    }
}
