//! Waiting: for events, and for the end.

use std::time::Duration;

use sslcore::{CloseReport, ReadEnd, SslMode};

use crate::drive::Driver;
use crate::link::Link;
use crate::poll::park;
use crate::socket::SslSocket;
use crate::wait_error::WaitError;
use crate::waiter::{Round, Waiter};

impl SslSocket {
    /// Handshakes until the connection is encrypted; returns at once if it is. `Ok` also when the
    /// peer has ended the connection directly behind its last handshake message: its data can be
    /// read. `QSslSocket::waitForEncrypted`. The example of [`SslSocket`] shows it.
    ///
    /// `timeout` limits this call; `None` sets no limit. The [`Timeouts`](sslcore::Timeouts) of the
    /// configuration apply besides.
    ///
    /// # Errors
    /// [`WaitError::VerdictNeeded`] when the application must verify the peer's certificate,
    /// [`WaitError::ConfigNeeded`] when it must configure the server,
    /// [`WaitError::PreSharedKeyNeeded`] when it must give pre-shared keys,
    /// [`WaitError::SignatureNeeded`] when it must sign: answer, and wait again.
    /// [`WaitError::NotStarted`] before TLS was started, [`WaitError::Timeout`],
    /// [`WaitError::CannotConnect`], [`WaitError::Failed`], [`WaitError::Ended`].
    pub fn wait_for_encrypted(&mut self, timeout: Option<Duration>) -> Result<(), WaitError> {
        if self.connection().mode() == SslMode::Unencrypted {
            return Err(WaitError::NotStarted);
        }
        let before = self.driver.is_handshaken();
        self.wait(timeout, |driver| {
            let completed = !before && driver.is_handshaken();
            if completed || driver.connection.is_encrypted() {
                return Some(Ok(()));
            }
            driver.ended().map(Err)
        })
    }

    /// Waits until data has arrived; returns at once for data that arrived in an earlier call and
    /// was neither read nor reported by such a wait. `QIODevice::waitForReadyRead`.
    ///
    /// `timeout` limits this call; `None` sets no limit.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use sslcore_std::{SslSocket, WaitError};
    ///
    /// /// Says whether the peer sends something within a second.
    /// fn speaks(socket: &mut SslSocket) -> Result<bool, WaitError> {
    ///     match socket.wait_for_ready_read(Some(Duration::from_secs(1))) {
    ///         Ok(()) => Ok(true),
    ///         Err(WaitError::Timeout) => Ok(false),
    ///         Err(error) => Err(error),
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// [`WaitError::Ended`] when the peer's direction has ended,
    /// [`ReadFirst`](WaitError::ReadFirst) when the receive buffer is full; otherwise as for
    /// [`wait_for_encrypted`](Self::wait_for_encrypted).
    pub fn wait_for_ready_read(&mut self, timeout: Option<Duration>) -> Result<(), WaitError> {
        self.wait(timeout, |driver| {
            if driver.take_fresh() {
                return Some(Ok(()));
            }
            let end = driver.connection.read_end()?;
            Some(Err(driver.end_error(end)))
        })
    }

    /// Waits until the stream has taken some of the bytes that were written; returns at once when
    /// none are pending. To wait for all of them, call [`flush`](std::io::Write::flush).
    /// `QIODevice::waitForBytesWritten`.
    ///
    /// `timeout` limits this call; `None` sets no limit.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use sslcore_std::{SslSocket, WaitError};
    ///
    /// /// Sends what is queued, and shows how it goes.
    /// fn send(socket: &mut SslSocket) -> Result<(), WaitError> {
    ///     loop {
    ///         let connection = socket.connection();
    ///         let left = connection.bytes_to_write() + connection.encrypted_bytes_to_write();
    ///         if left == 0 {
    ///             return Ok(());
    ///         }
    ///         println!("{left} bytes to go");
    ///         socket.wait_for_bytes_written(Some(Duration::from_secs(30)))?;
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// The reason why the connection ended, as far as it is known, when bytes that were written will
    /// never leave; an error each time. [`ReadFirst`](WaitError::ReadFirst) when the receive buffer is
    /// full and the peer takes nothing; otherwise as for
    /// [`wait_for_encrypted`](Self::wait_for_encrypted).
    pub fn wait_for_bytes_written(&mut self, timeout: Option<Duration>) -> Result<(), WaitError> {
        let before = self.driver.data_sent();
        self.wait(timeout, |driver| {
            if let Some(why) = driver.lost() {
                return Some(Err(why));
            }
            (driver.pending() == 0 || driver.data_sent() != before).then_some(Ok(()))
        })
    }

    /// Waits until the connection has ended, and returns the report of it. When the peer has
    /// closed, this side is closed in answer. After our own close a silent peer is waited for no
    /// longer than the configuration's [`close`](sslcore::Timeouts::close) timeout, unless
    /// [`set_peer_close_timeout`](Self::set_peer_close_timeout) has set another time. Received data
    /// can still be read afterwards. `QAbstractSocket::waitForDisconnected`.
    ///
    /// `timeout` limits this call; `None` sets no limit.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use sslcore_std::{SslSocket, WaitError};
    ///
    /// /// Closes, and waits for the peer's close. Says whether both sides have sent close_notify.
    /// fn close(socket: &mut SslSocket) -> Result<bool, WaitError> {
    ///     socket.close();
    ///     let report = socket.wait_for_disconnected(Some(Duration::from_secs(30)))?;
    ///     Ok(report.clean)
    /// }
    /// ```
    ///
    /// # Errors
    /// [`ReadFirst`](WaitError::ReadFirst) when the end may be behind unread data; otherwise as for
    /// [`wait_for_encrypted`](Self::wait_for_encrypted). A failure of the connection is no error of
    /// this call: see [`failure`](sslcore::Connection::failure).
    pub fn wait_for_disconnected(
        &mut self,
        timeout: Option<Duration>,
    ) -> Result<CloseReport, WaitError> {
        self.driver.limit_peer_close();
        self.wait(timeout, |driver| {
            if driver.connection.read_end().is_some() {
                driver.close();
            }
            driver.connection.close_report().map(Ok)
        })
    }

    /// Waits while a question is open, a [review](Self::review), a [configuration
    /// request](Self::config_request), a [request for keys](Self::psk_request) or a [request for a
    /// signature](Self::signature_request), for `timeout` at most; with a timeout of zero it only looks.
    /// Use it while a person is asked, to learn whether there is still a reason to ask:
    ///
    /// ```
    /// # use std::sync::mpsc::{Receiver, TryRecvError};
    /// # use std::time::Duration;
    /// # use sslcore_std::{SslSocket, WaitError, sslcore::Verdict};
    /// # fn ask(socket: &mut SslSocket, answers: Receiver<Verdict<'static>>) -> Result<(), WaitError> {
    /// let verdict = loop {
    ///     match answers.try_recv() {
    ///         Ok(verdict) => break verdict,
    ///         Err(_) => socket.keep_asking(Duration::from_millis(100))?,
    ///     }
    /// };
    /// # Ok(()) }
    /// ```
    ///
    /// The time counts only for the configuration's [`decision`](sslcore::Timeouts::decision)
    /// timeout.
    ///
    /// # Errors
    /// The reason why no question is open. Usually [`WaitError::Failed`]: the peer has hung up, or
    /// the decision timeout has run out. [`WaitError::NothingAsked`] when no question was open. A
    /// peer that fills the receive buffer before it hangs up is not noticed.
    pub fn keep_asking(&mut self, timeout: Duration) -> Result<(), WaitError> {
        // Without patience: that nothing can be read is no reason to return at once.
        let mut waiter = Waiter::new(&self.driver, Some(timeout), None);
        waiter.asking = true;
        let asked = self.wait_by(waiter, |driver| {
            if driver.question().is_some() {
                return None;
            }
            Some(Err(match driver.connection.is_over() {
                true => driver.end_error(driver.connection.read_end().unwrap_or(ReadEnd::Aborted)),
                false => WaitError::NothingAsked,
            }))
        });
        match asked {
            Err(WaitError::Timeout) => Ok(()),
            asked => asked,
        }
    }

    /// Ends the connection in order, and returns the report of it: sends queued data and
    /// close_notify, then waits for the peer's close. Unread data, and data that arrives meanwhile,
    /// is thrown away. After a failure the call waits for the peer to hang up, so that the alert is
    /// not lost by a reset. `QAbstractSocket::disconnectFromHost`. The example of [`SslSocket`]
    /// shows it.
    ///
    /// While connecting, data that was written in plaintext is still delivered. A handshake is
    /// completed if data is queued. It is given up if no data is queued, or if a question stays
    /// open for the configuration's [`close`](sslcore::Timeouts::close) timeout: the peer gets
    /// user_canceled, and the queued data is counted in [`CloseReport::abandoned`].
    ///
    /// The call takes at most `timeout`. The configuration's close timeout may end it earlier, but not
    /// the wait for a peer to hang up after a failure. Bytes that have not left by then are lost, and
    /// counted in the report.
    pub fn disconnect_from_host(&mut self, timeout: Duration) -> CloseReport {
        self.close();
        self.discard_reads();
        self.linger(timeout);
        if self.connection().close_report().is_none() {
            self.abort();
        }
        self.connection().close_report().unwrap_or_default()
    }

    /// Until the connection is over, and, unless it ended cleanly, the peer has hung up.
    fn linger(&mut self, timeout: Duration) {
        let mut waiter = Waiter::new(&self.driver, Some(timeout), Some(self.patience));
        // A question ends with the close timeout, and the peer is told.
        waiter.asking = true;
        // Whatever ends the wait, the caller looks at the report.
        let _ = self.wait_by(waiter, |driver| {
            let report = driver.connection.close_report()?;
            (report.clean || driver.read_ended()).then_some(Ok(()))
        });
    }

    /// Turns until `goal` has an outcome, sleeping while there is nothing to do.
    pub(crate) fn wait<R>(
        &mut self,
        timeout: Option<Duration>,
        goal: impl FnMut(&mut Driver<Link>) -> Option<Result<R, WaitError>>,
    ) -> Result<R, WaitError> {
        let waiter = Waiter::new(&self.driver, timeout, Some(self.patience));
        self.wait_by(waiter, goal)
    }

    fn wait_by<R>(
        &mut self,
        mut waiter: Waiter,
        mut goal: impl FnMut(&mut Driver<Link>) -> Option<Result<R, WaitError>>,
    ) -> Result<R, WaitError> {
        loop {
            match waiter.round(&mut self.driver, &mut goal) {
                Round::Done(outcome) => return outcome,
                Round::Again => {}
                Round::Sleep(interest, time) => {
                    let streams = self.driver.transport.streams();
                    if let Err(error) = park(&streams, interest, None, time) {
                        self.driver.lose(error);
                    }
                }
            }
        }
    }
}
