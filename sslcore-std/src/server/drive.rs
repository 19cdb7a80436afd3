//! The loop around listener and connections.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::SslServer;
use super::event::{AcceptError, ConnectionId};
use super::pending::{Pending, Round};

/// Connections accepted in one round, so that a flood of new ones does not keep the others
/// waiting.
const BATCH: usize = 32;

/// How long the listener is left alone after the system could not accept: it stays readable.
const BREATHER: Duration = Duration::from_millis(100);

/// The longest wait in one go: some systems' poll(2) takes no more than 24 days.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Where a new connection goes.
enum Place {
    Free,
    /// Where this one was.
    Of(usize),
}

/// What poll(2) said.
struct Ready {
    listener: bool,
    waker: bool,
    /// By the connections' indices.
    connections: Vec<bool>,
}

impl SslServer {
    /// One round: waits until something can be done, at most for `timeout`, and lets every
    /// connection that is ready have one turn.
    pub(super) fn round(&mut self, timeout: Option<Duration>) -> Result<(), AcceptError> {
        self.pending.retain_mut(|pending| {
            pending.let_go();
            !pending.is_gone()
        });
        let ready = self.wait(timeout).map_err(AcceptError::System)?;
        if ready.waker {
            self.alarm.silence();
            self.woken = true;
        }
        let count = self.pending.len();
        for turn in 0..count {
            let index = (self.first + turn) % count;
            if ready.connections[index] || self.is_due(index) {
                self.with_round(index, Pending::step);
            }
        }
        self.first = self.first.wrapping_add(1);
        match ready.listener {
            true => self.accept_batch(),
            false => Ok(()),
        }
    }

    fn is_due(&self, index: usize) -> bool {
        self.pending[index].rest(&self.clock) == Some(Duration::ZERO)
    }

    /// Does something with one connection.
    pub(super) fn with_round<T>(
        &mut self,
        index: usize,
        act: impl FnOnce(&mut Pending, &mut Round<'_>) -> T,
    ) -> T {
        let held = |pending: &&Pending| pending.is_held();
        let may_hold = self.pending.iter().filter(held).count() < self.max_pending;
        let mut round = Round {
            terms: &mut self.terms,
            now: self.clock.instant(),
            may_hold,
            events: &mut self.events,
        };
        act(&mut self.pending[index], &mut round)
    }

    fn wait(&mut self, timeout: Option<Duration>) -> io::Result<Ready> {
        let now = self.clock.instant();
        let listens = self.accepting && now >= self.accept_again && self.has_place();
        let breather = (self.accepting && now < self.accept_again)
            .then(|| self.clock.until(self.accept_again));
        let rests = self.pending.iter().map(|pending| pending.rest(&self.clock));
        let time = rests.chain([timeout, breather]).flatten().min();
        let time = time.and_then(|time| Timespec::try_from(time.min(LONGEST)).ok());

        let interests: Vec<_> = self.pending.iter_mut().map(Pending::interest).collect();
        let mut fds = vec![PollFd::new(self.alarm.bell(), PollFlags::IN)];
        if listens {
            fds.push(PollFd::new(&self.listener, PollFlags::IN));
        }
        let common = fds.len();
        let mut owners = Vec::with_capacity(interests.len());
        for (index, (pending, interest)) in self.pending.iter().zip(interests).enumerate() {
            if let (Some(stream), Some(flags)) = (pending.stream(), interest.flags()) {
                fds.push(PollFd::new(stream, flags));
                owners.push(index);
            }
        }
        let mut ready = Ready {
            listener: false,
            waker: false,
            connections: vec![false; self.pending.len()],
        };
        match poll(&mut fds, time.as_ref()) {
            Ok(_) => {}
            Err(Errno::INTR) => return Ok(ready),
            Err(error) => return Err(error.into()),
        }
        let rang = |fd: &PollFd<'_>| !fd.revents().is_empty();
        ready.waker = rang(&fds[0]);
        ready.listener = listens && rang(&fds[1]);
        for (fd, owner) in fds[common..].iter().zip(owners) {
            ready.connections[owner] = rang(fd);
        }
        Ok(ready)
    }

    /// Whether there is a place for a new connection, or could be made.
    fn has_place(&self) -> bool {
        self.handshaking() < self.max_pending
            || self.pending.iter().any(|pending| pending.claim().is_some())
    }

    fn accept_batch(&mut self) -> Result<(), AcceptError> {
        for _ in 0..BATCH {
            let Some(place) = self.find_place() else {
                return Ok(());
            };
            match self.listener.accept() {
                Ok((stream, peer)) => {
                    if let Place::Of(index) = place {
                        self.with_round(index, Pending::crowd_out);
                    }
                    self.admit(stream, peer);
                }
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock => return Ok(()),
                    // These are about the one connection, not about accepting.
                    ErrorKind::Interrupted
                    | ErrorKind::ConnectionAborted
                    | ErrorKind::ConnectionReset
                    | ErrorKind::HostUnreachable
                    | ErrorKind::NetworkUnreachable
                    | ErrorKind::NetworkDown => {}
                    _ => {
                        self.accept_again = self.clock.instant().after(BREATHER);
                        return Err(AcceptError::System(error));
                    }
                },
            }
        }
        Ok(())
    }

    /// The place for a new connection: a free one, or that of the oldest of those that lose least
    /// by it, after it had the chance to say what it has to say.
    fn find_place(&mut self) -> Option<Place> {
        loop {
            if self.handshaking() < self.max_pending {
                return Some(Place::Free);
            }
            let claims = self.pending.iter().enumerate();
            let claims = claims.filter_map(|(index, pending)| Some((pending.claim()?, index)));
            let (claim, index) = claims.min()?;
            self.with_round(index, Pending::step);
            if self.pending[index].claim() == Some(claim) {
                return Some(Place::Of(index));
            }
        }
    }

    /// Takes a new connection in. What it has sent already is looked at at once, so that in a
    /// flood it is not taken for a quiet one.
    fn admit(&mut self, stream: TcpStream, peer: SocketAddr) {
        // A stream that refuses these is broken: its client will see.
        if stream.set_nonblocking(true).is_err() || stream.set_nodelay(true).is_err() {
            return;
        }
        let id = ConnectionId(self.next_id);
        self.next_id += 1;
        let deadline = self.clock.instant().after(self.terms.handshake_timeout);
        self.pending.push(Pending::new(id, peer, stream, deadline));
        self.with_round(self.pending.len() - 1, Pending::step);
    }

    /// Connections that count against the limit: all that do not wait for the application's answer.
    fn handshaking(&self) -> usize {
        let counts = |pending: &&Pending| !pending.is_gone() && !pending.is_held();
        self.pending.iter().filter(counts).count()
    }
}
