//! Static memory for connections.

use core::cell::RefCell;
use core::fmt;
use core::future::poll_fn;
use core::mem::replace;
use core::task::Poll;

use embassy_sync::blocking_mutex::CriticalSectionMutex;
use embassy_sync::waitqueue::MultiWakerRegistration;
use heapless::Vec;
use sslcore::{BufferPool, Buffers, ConfigError, StaticBuffer};

/// Tasks that can wait for buffers without waking each other in vain.
const WAITING: usize = 8;

/// Static memory for `N` connections at a time, which comes back when a connection is dropped, wherever
/// that happens: a future that was canceled, a task that has ended.
///
/// ```
/// use embassy_futures::block_on;
/// use sslcore_embassy::sslcore::{Buffers, Connection, Limits};
/// use sslcore_embassy::{Pool, PoolError};
///
/// static POOL: Pool<1> = Pool::new();
///
/// // In firmware from a `ConstStaticCell`: 16,645 bytes take any record of TLS 1.3.
/// let receive = Box::leak(Box::new([0; 16_645]));
/// let transmit = Box::leak(Box::new([0; 4096]));
/// POOL.add(receive, transmit)?;
///
/// let connection = Connection::new(Limits::default(), block_on(POOL.get()));
/// assert!(POOL.try_get().is_none());
/// drop(connection);
/// assert!(POOL.try_get().is_some());
/// # Ok::<(), PoolError>(())
/// ```
#[derive(Debug)]
pub struct Pool<const N: usize> {
    receive: Shelf<N>,
    transmit: Shelf<N>,
}

impl<const N: usize> Pool<N> {
    /// An empty pool.
    pub const fn new() -> Self {
        Self {
            receive: Shelf::new(),
            transmit: Shelf::new(),
        }
    }

    /// Adds the memory of one more connection. [`Buffers::lent`] says how large it must be.
    ///
    /// # Errors
    /// [`PoolError::Full`] when `N` were added before, [`PoolError::Unfit`]. The memory is lost
    /// then, until the device starts again.
    pub fn add(
        &'static self,
        receive: &'static mut [u8],
        transmit: &'static mut [u8],
    ) -> Result<(), PoolError> {
        let lent = Buffers::lent(receive, transmit).map_err(PoolError::Unfit)?;
        let Buffers::Lent {
            receive, transmit, ..
        } = lent
        else {
            return Ok(());
        };
        let (receive, transmit) = (receive.into_bytes(), transmit.into_bytes());
        let (receive, transmit) = (self.receive.put(receive), self.transmit.put(transmit));
        match receive && transmit {
            true => Ok(()),
            false => Err(PoolError::Full),
        }
    }

    /// Takes memory for a connection, or `None` when it is all in use.
    pub fn try_get(&'static self) -> Option<Buffers> {
        // What is taken and of no use goes back by itself, and that wakes the one who took it: a connection
        // that is dropped gives one of the two back first.
        if self.transmit.is_empty() {
            return None;
        }
        let receive = self.receive.take()?;
        let transmit = self.transmit.take()?;
        Buffers::lent(receive, transmit).ok()
    }

    /// Waits until there is memory for a connection. Up to eight tasks can wait; more of them lose
    /// nothing, but wake each other again and again.
    pub async fn get(&'static self) -> Buffers {
        poll_fn(|cx| {
            // Before it looks: what comes back from now on wakes.
            self.receive.wait(cx.waker());
            self.transmit.wait(cx.waker());
            self.try_get().map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }
}

impl<const N: usize> Default for Pool<N> {
    fn default() -> Self {
        Self::new()
    }
}

/// Why memory was not added to a [`Pool`]. [`Pool`] has an example.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PoolError {
    /// The pool has all the memory that it has room for.
    Full,
    /// The buffers can be lent to no connection.
    Unfit(ConfigError),
}

impl fmt::Display for PoolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("the pool is full"),
            Self::Unfit(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for PoolError {}

/// The buffers of one kind that are not in use, and who waits for one.
struct Shelf<const N: usize>(CriticalSectionMutex<RefCell<Stock<N>>>);

struct Stock<const N: usize> {
    buffers: Vec<&'static mut [u8], N>,
    /// How many there are in all.
    owned: usize,
    waiting: MultiWakerRegistration<WAITING>,
}

impl<const N: usize> Shelf<N> {
    const fn new() -> Self {
        Self(CriticalSectionMutex::new(RefCell::new(Stock {
            buffers: Vec::new(),
            owned: 0,
            waiting: MultiWakerRegistration::new(),
        })))
    }

    fn with<R>(&self, act: impl FnOnce(&mut Stock<N>) -> R) -> R {
        self.0.lock(|stock| act(&mut stock.borrow_mut()))
    }

    /// One more. Says whether there is room for it.
    fn put(&self, buffer: &'static mut [u8]) -> bool {
        let is_ours = self.with(|stock| {
            let has_room = stock.owned < N;
            stock.owned += usize::from(has_room);
            has_room
        });
        if is_ours {
            self.give_back(buffer);
        }
        is_ours
    }

    fn is_empty(&self) -> bool {
        self.with(|stock| stock.buffers.is_empty())
    }

    fn take(&'static self) -> Option<StaticBuffer> {
        let bytes = self.with(|stock| stock.buffers.pop())?;
        Some(StaticBuffer::from_pool(bytes, self))
    }

    fn wait(&self, waker: &core::task::Waker) {
        self.with(|stock| stock.waiting.register(waker));
    }
}

impl<const N: usize> BufferPool for Shelf<N> {
    fn give_back(&self, buffer: &'static mut [u8]) {
        let mut waiting = self.with(|stock| {
            // As many as it owns, and it owns no more than there is room for.
            let _ = stock.buffers.push(buffer);
            replace(&mut stock.waiting, MultiWakerRegistration::new())
        });
        waiting.wake();
    }
}

impl<const N: usize> fmt::Debug for Shelf<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with(|stock| write!(f, "{} of {}", stock.buffers.len(), stock.owned))
    }
}
