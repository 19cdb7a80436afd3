//! Tasks that are polled only when they were woken: one that nobody wakes any more is found at once,
//! and every poll is counted.

use core::future::Future;
use core::pin::{Pin, pin};
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Context, Poll, Waker};
use std::sync::Arc;
use std::task::Wake;

/// A task's bell.
struct Bell(AtomicBool);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// A task, and how often it was polled.
pub struct Task<'a> {
    future: Pin<Box<dyn Future<Output = ()> + 'a>>,
    bell: Arc<Bell>,
    pub polls: usize,
    pub done: bool,
}

impl<'a> Task<'a> {
    pub fn new(future: impl Future<Output = ()> + 'a) -> Self {
        Self {
            future: Box::pin(future),
            bell: Arc::new(Bell(AtomicBool::new(true))),
            polls: 0,
            done: false,
        }
    }

    /// Polls it if it was woken. Says whether it was.
    pub fn poll(&mut self) -> bool {
        let woken = !self.done && self.bell.0.swap(false, Ordering::SeqCst);
        if woken {
            self.polls += 1;
            let waker = Waker::from(Arc::clone(&self.bell));
            let polled = self.future.as_mut().poll(&mut Context::from_waker(&waker));
            self.done = polled.is_ready();
        }
        woken
    }
}

/// Runs tasks, in turns, until none of them was woken. Says whether all are done.
pub fn rest(tasks: &mut [Task<'_>]) -> bool {
    for _ in 0..10_000_000 {
        let woken = tasks.iter_mut().map(Task::poll);
        if woken.filter(|woken| *woken).count() == 0 {
            return tasks.iter().all(|task| task.done);
        }
    }
    panic!("the tasks wake each other without end");
}

/// Runs tasks to their ends.
#[track_caller]
pub fn run_all(tasks: &mut [Task<'_>]) {
    assert!(rest(tasks), "a task sleeps that nobody wakes");
}

/// Runs one task to its end.
#[track_caller]
pub fn run<T>(future: impl Future<Output = T>) -> T {
    let mut outcome = None;
    run_all(&mut [Task::new(async { outcome = Some(future.await) })]);
    outcome.expect("it has ended")
}

/// Both outcomes, by one task.
pub async fn both<A: Future, B: Future>(one: A, other: B) -> (A::Output, B::Output) {
    embassy_futures::join::join(one, other).await
}

/// Polls once. Nobody is woken.
pub fn once<F: Future>(future: F) -> Option<F::Output> {
    let waker = Waker::from(Arc::new(Bell(AtomicBool::new(false))));
    match pin!(future).poll(&mut Context::from_waker(&waker)) {
        Poll::Ready(outcome) => Some(outcome),
        Poll::Pending => None,
    }
}

/// Lets others go first.
pub async fn others() {
    embassy_futures::yield_now().await;
}
