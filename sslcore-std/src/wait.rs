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
    /// Handshakes until the connection is encrypted. At once if it is already. A peer that ends
    /// the connection with its last message of the handshake changes nothing: what it sent can be
    /// read. `QSslSocket::waitForEncrypted`.
    ///
    /// `timeout` is for this call; `None` is for ever. The configuration's own timeouts hold
    /// besides.
    ///
    /// # Errors
    /// [`WaitError::VerdictNeeded`] when the application must judge the peer's certificate,
    /// [`WaitError::ConfigNeeded`] when it must configure the server: answer and wait again.
    /// [`WaitError::NotStarted`], [`WaitError::Timeout`], [`WaitError::Failed`],
    /// [`WaitError::Ended`].
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

    /// Waits until data has arrived that no such wait has told of yet; data that was read since
    /// does not count. `QIODevice::waitForReadyRead`.
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

    /// Waits until the stream has taken some of what was written. At once when nothing waits; to
    /// wait for all of it, [`flush`](std::io::Write::flush). `QIODevice::waitForBytesWritten`.
    ///
    /// # Errors
    /// Why the connection ended, when bytes that were written never left, also when it is asked
    /// again.
    /// [`ReadFirst`](WaitError::ReadFirst) when the receive buffer is full and the peer takes
    /// nothing; otherwise as for [`wait_for_encrypted`](Self::wait_for_encrypted).
    pub fn wait_for_bytes_written(&mut self, timeout: Option<Duration>) -> Result<(), WaitError> {
        let before = self.driver.data_sent();
        self.wait(timeout, |driver| {
            if let Some(why) = driver.lost() {
                return Some(Err(why));
            }
            (driver.pending() == 0 || driver.data_sent() != before).then_some(Ok(()))
        })
    }

    /// Waits until the connection has ended, and says how. When the peer ends it, our side is
    /// closed in answer; when we have closed, a silent peer is waited for as long as the
    /// configuration's close timeout, if
    /// [`set_peer_close_timeout`](Self::set_peer_close_timeout) does not say otherwise. What was
    /// received can still be read. `QAbstractSocket::waitForDisconnected`.
    ///
    /// # Errors
    /// [`ReadFirst`](WaitError::ReadFirst) when the end may be behind data that nobody reads;
    /// otherwise as for [`wait_for_encrypted`](Self::wait_for_encrypted). A failure is an end
    /// like others here: see [`failure`](sslcore::Connection::failure).
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

    /// Waits while a question is open, a [review](Self::review) or a
    /// [request](Self::config_request), for `timeout` at most; zero just looks. For who asks a
    /// person meanwhile, and wants to know whether there is still a reason to:
    ///
    /// ```no_run
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
    /// The time counts for no timeout but the configuration's decision timeout.
    ///
    /// # Errors
    /// When there is no question any more, or never was: why. Usually [`WaitError::Failed`]: the
    /// peer has hung up, or the decision timeout has run out. A peer that fills the receive
    /// buffer before it hangs up is not noticed. [`WaitError::NothingAsked`] when no question was
    /// open.
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

    /// Ends the connection in order, and says how that went: sends what was written and
    /// close_notify, then waits for the peer's end. What the peer sends until then, and what was
    /// not read yet, is thrown away. After a failure it waits for the peer to hang up, because a
    /// stream that is closed with unread data in it may lose the alert on its way.
    /// `QAbstractSocket::disconnectFromHost`.
    ///
    /// While connecting, what was written in plaintext is still delivered. A handshake is completed
    /// if something was written; if not, or if a question stays open for the close timeout, it is
    /// given up: the peer gets user_canceled, and what waited for the end of the handshake is counted
    /// as abandoned.
    ///
    /// Takes at most `timeout`; the configuration's close timeout may end it earlier. What has
    /// not left by then is lost, and counted in the report.
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
        // Whatever ends the wait, the caller looks at the report.
        let _ = self.wait(Some(timeout), |driver| {
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
