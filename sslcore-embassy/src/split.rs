//! Two halves of one socket, for two tasks.

use core::cell::Cell;

use embassy_futures::select::{Either, select};
use embassy_sync::blocking_mutex::CriticalSectionMutex;
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::mutex::Mutex;
use embedded_io_async::{ErrorType, Read, ReadReady, Write, WriteReady};
use sslcore::Connection;

use crate::driver::{Call, Driver};
use crate::error::Error;
use crate::socket::SslSocket;
use crate::transport::Transport;
use crate::turns::{Side, Turns};

/// A socket that two tasks use at once, one that reads and one that writes.
///
/// ```
/// use embassy_futures::join::join;
/// use embedded_io_async::{Read, Write};
/// use sslcore_embassy::{Error, SslSocket, Transport};
///
/// /// Sends all of a report, whatever the peer has to say meanwhile.
/// async fn send<T: Transport>(socket: SslSocket<T>, report: &[u8]) -> Result<(), Error> {
///     let mut shared = socket.into_shared();
///     let (mut reader, mut writer) = shared.split();
///     let reading = async {
///         let mut answer = [0; 64];
///         while reader.read(&mut answer).await? > 0 {}
///         Ok(())
///     };
///     let writing = async {
///         writer.write_all(report).await?;
///         writer.close().await
///     };
///     let (read, written) = join(reading, writing).await;
///     read.and(written)
/// }
/// ```
///
/// Tasks of their own need halves that live for ever: put this into a `StaticCell`, and split it there.
/// The two may run on executors of different priorities.
///
/// # Turns
/// Whichever half waits carries out all pending work, a handshake, answers to KeyUpdate, alerts; the
/// other lets it, and is woken when something has changed for it. So neither a reader nor a writer ever
/// waits for one direction alone. In plaintext, bytes are received only while the reader waits.
///
/// A future of one half that is kept, but neither polled nor dropped, may hold up the other half.
pub struct SharedSslSocket<T> {
    driver: Mutex<CriticalSectionRawMutex, Driver<T>>,
    turns: Turns,
    /// Whether the reader and the writer could go on at once, when somebody last looked.
    ready: CriticalSectionMutex<Cell<(bool, bool)>>,
}

impl<T: Transport> SslSocket<T> {
    /// Makes a socket for two tasks of this one. [`SharedSslSocket`] has an example.
    pub fn into_shared(mut self) -> SharedSslSocket<T> {
        let ready = self.driver.ready();
        SharedSslSocket {
            driver: Mutex::new(self.driver),
            turns: Turns::new(),
            ready: CriticalSectionMutex::new(Cell::new(ready)),
        }
    }
}

impl<T: Transport> SharedSslSocket<T> {
    /// The two halves, for as long as both are needed. [`SharedSslSocket`] has an example.
    pub fn split(&mut self) -> (ReadHalf<'_, T>, WriteHalf<'_, T>) {
        (ReadHalf { shared: self }, WriteHalf { shared: self })
    }

    /// The whole socket again.
    ///
    /// ```
    /// use sslcore_embassy::{SharedSslSocket, Transport};
    ///
    /// fn report<T: Transport>(shared: SharedSslSocket<T>) {
    ///     println!("{:?}", shared.into_whole().connection().close_report());
    /// }
    /// ```
    pub fn into_whole(self) -> SslSocket<T> {
        SslSocket {
            driver: self.driver.into_inner(),
        }
    }

    /// Moves bytes until the goal is reached, in turns with the other half.
    async fn run<R>(
        &self,
        side: Side,
        call: Call,
        mut goal: impl FnMut(&mut Driver<T>) -> Option<Result<R, Error>>,
    ) -> Result<R, Error> {
        let mut turn = self.turns.call(side);
        loop {
            turn.begin().await;
            // At once: whoever has the turn has the lock.
            let mut driver = self.driver.lock().await;
            driver.push().await;
            loop {
                let outcome = driver.outcome(call, &mut goal).await;
                self.tell(&mut driver, side);
                if let Some(outcome) = outcome {
                    return outcome;
                }
                let reads = call.reads || self.turns.is_calling(Side::Reader);
                match select(driver.advance(reads), turn.is_wanted()).await {
                    Either::First(()) => {}
                    Either::Second(()) => break,
                }
            }
            drop(driver);
            turn.end();
        }
    }

    /// Wakes the other half if something has changed for it.
    fn tell(&self, driver: &mut Driver<T>, side: Side) {
        let (news, ready) = (driver.news(), driver.ready());
        self.ready.lock(|known| known.set(ready));
        let concerned = match side {
            Side::Reader => news.for_writer,
            Side::Writer => news.for_reader,
        };
        if concerned {
            self.turns.tell(side.other());
        }
    }

    /// Whether a reader, and a writer, could go on at once, as far as is known while somebody drives.
    fn ready(&self) -> (bool, bool) {
        match self.driver.try_lock() {
            Ok(mut driver) => driver.ready(),
            Err(_) => self.ready.lock(Cell::get),
        }
    }

    async fn with<R>(&self, side: Side, act: impl FnOnce(&mut Connection) -> R) -> R {
        let mut turn = self.turns.call(side);
        turn.begin().await;
        let mut driver = self.driver.lock().await;
        let outcome = driver.act(act);
        self.tell(&mut driver, side);
        outcome
    }
}

/// The half of a [`SharedSslSocket`] that reads.
///
/// Futures that are dropped lose nothing, as those of the [whole socket](SslSocket#cancel-safety).
pub struct ReadHalf<'a, T> {
    shared: &'a SharedSslSocket<T>,
}

/// The half of a [`SharedSslSocket`] that writes.
///
/// Futures that are dropped lose nothing, as those of the [whole socket](SslSocket#cancel-safety).
pub struct WriteHalf<'a, T> {
    shared: &'a SharedSslSocket<T>,
}

impl<T: Transport> ReadHalf<'_, T> {
    /// Looks at the connection, or changes it, as soon as the other half lets go of it. What is changed is
    /// carried out by whichever half waits next. Write by the [`Write`] of a half all the same: of what was
    /// written here, `flush` does not say that it was lost.
    ///
    /// ```
    /// use sslcore_embassy::{ReadHalf, Transport};
    ///
    /// async fn events<T: Transport>(half: &mut ReadHalf<'_, T>) {
    ///     while let Some(event) = half.with(|connection| connection.poll_event()).await {
    ///         println!("{event:?}");
    ///     }
    /// }
    /// ```
    pub async fn with<R>(&mut self, act: impl FnOnce(&mut Connection) -> R) -> R {
        self.shared.with(Side::Reader, act).await
    }
}

impl<T: Transport> WriteHalf<'_, T> {
    /// Looks at the connection, or changes it, as soon as the other half lets go of it. What is changed is
    /// carried out by whichever half waits next. Write by the [`Write`] of a half all the same: of what was
    /// written here, `flush` does not say that it was lost.
    ///
    /// ```
    /// use sslcore_embassy::sslcore::UsageError;
    /// use sslcore_embassy::{Transport, WriteHalf};
    ///
    /// async fn renew<T: Transport>(half: &mut WriteHalf<'_, T>) -> Result<(), UsageError> {
    ///     half.with(|connection| connection.update_keys()).await
    /// }
    /// ```
    pub async fn with<R>(&mut self, act: impl FnOnce(&mut Connection) -> R) -> R {
        self.shared.with(Side::Writer, act).await
    }

    /// Closes the sending direction, as [`SslSocket::close`] does. The other half can read on.
    ///
    /// # Errors
    /// As for [`SslSocket::close`].
    pub async fn close(&mut self) -> Result<(), Error> {
        self.with(Connection::close).await;
        let (side, call) = (Side::Writer, Call::CLOSE);
        self.shared.run(side, call, Driver::all_finished).await
    }
}

impl<T> ErrorType for ReadHalf<'_, T> {
    type Error = Error;
}

impl<T> ErrorType for WriteHalf<'_, T> {
    type Error = Error;
}

/// Reads plaintext, as [`SslSocket`] does.
impl<T: Transport> Read for ReadHalf<'_, T> {
    async fn read(&mut self, out: &mut [u8]) -> Result<usize, Error> {
        if out.is_empty() {
            return Ok(0);
        }
        let read = |driver: &mut Driver<T>| {
            let readable = driver.readable()?;
            Some(readable.map(|()| driver.read(out)))
        };
        self.shared.run(Side::Reader, Call::READ, read).await
    }
}

/// Says whether plaintext is there, or the end of it.
impl<T: Transport> ReadReady for ReadHalf<'_, T> {
    fn read_ready(&mut self) -> Result<bool, Error> {
        Ok(self.shared.ready().0)
    }
}

/// Writes plaintext, as [`SslSocket`] does.
impl<T: Transport> Write for WriteHalf<'_, T> {
    async fn write(&mut self, plaintext: &[u8]) -> Result<usize, Error> {
        let write = |driver: &mut Driver<T>| driver.write(plaintext);
        self.shared.run(Side::Writer, Call::WRITE, write).await
    }

    async fn flush(&mut self) -> Result<(), Error> {
        let (side, call) = (Side::Writer, Call::WRITE);
        self.shared.run(side, call, Driver::all_flushed).await
    }
}

/// Says whether a write is accepted at once.
impl<T: Transport> WriteReady for WriteHalf<'_, T> {
    fn write_ready(&mut self) -> Result<bool, Error> {
        Ok(self.shared.ready().1)
    }
}
