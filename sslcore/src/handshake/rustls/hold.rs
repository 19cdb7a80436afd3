//! Quarantine: nothing that a session leaves behind is kept before an unforgiven verdict.
//!
//! The engine stores sessions and makes tickets whenever it likes, also in the very call that
//! first shows the peer's certificates. So every store it sees is behind a gate that belongs to
//! one connection: closed for good by a rejected or forgiven verdict ([rule R13](crate::rules#r13)).

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use rustls_pki_types::UnixTime;
use spin::Mutex;

/// A put that waits for the verdict. It is given the gate that it waits in: one that had it would keep
/// itself, were there never a verdict.
type Deferred = Box<dyn FnOnce(&Gate) + Send>;

enum State {
    /// No verdict yet: puts wait.
    Undecided(Vec<Deferred>),
    Trusted,
    /// Rejected or forgiven: puts vanish.
    Untrusted,
}

/// One connection's quarantine.
pub(crate) struct Gate {
    state: Mutex<State>,
    /// Whether sessions of earlier connections may be offered or accepted at all.
    resumption: bool,
    /// A ticket can be dropped from the flight later: TLS 1.3, not before the version is known.
    tickets_droppable: Mutex<bool>,
    /// Whether a ticket was made.
    issued_ticket: Mutex<bool>,
    /// When the session began: with this handshake, or with the one that it resumes or may yet
    /// resume.
    begins: Mutex<Option<UnixTime>>,
    /// When it ends at the latest, if the verdict says so.
    good_until: Mutex<Option<UnixTime>>,
    /// The OCSP response that came with the chain: in this handshake, or in the one that it
    /// resumes or may yet resume.
    stapled: Mutex<Option<Arc<[u8]>>>,
}

/// More deferred puts than one handshake can make: two tickets and a group hint.
const MAX_DEFERRED: usize = 8;

impl Gate {
    /// `resumption` is off for a device without a wall clock. A connection that will never be
    /// judged starts trusted.
    pub(crate) fn new(resumption: bool, judged: bool) -> Self {
        Self {
            state: Mutex::new(if judged {
                State::Undecided(Vec::new())
            } else {
                State::Trusted
            }),
            resumption,
            tickets_droppable: Mutex::new(false),
            issued_ticket: Mutex::new(false),
            begins: Mutex::new(None),
            good_until: Mutex::new(None),
            stapled: Mutex::new(None),
        }
    }

    pub(crate) fn resumption(&self) -> bool {
        self.resumption
    }

    /// Does `put` now, later, or never.
    pub(crate) fn store(&self, put: impl FnOnce(&Self) + Send + 'static) {
        let now = match &mut *self.state.lock() {
            State::Trusted => true,
            State::Undecided(waiting) if waiting.len() < MAX_DEFERRED => {
                waiting.push(Box::new(put));
                return;
            }
            State::Undecided(_) | State::Untrusted => false,
        };
        if now {
            put(self);
        }
    }

    /// The same for what can be resumed: never when nothing may be.
    pub(crate) fn store_session(&self, put: impl FnOnce(&Self) + Send + 'static) {
        if self.resumption {
            self.store(put);
        }
    }

    /// Whether a ticket may be made now.
    pub(crate) fn may_issue_ticket(&self) -> bool {
        match &*self.state.lock() {
            State::Trusted => true,
            State::Undecided(_) => *self.tickets_droppable.lock(),
            State::Untrusted => false,
        }
    }

    /// Whether no session can be stored any more.
    pub(crate) fn is_closed(&self) -> bool {
        !self.resumption || matches!(&*self.state.lock(), State::Untrusted)
    }

    pub(crate) fn set_tickets_droppable(&self) {
        *self.tickets_droppable.lock() = true;
    }

    pub(crate) fn ticket_issued(&self) {
        *self.issued_ticket.lock() = true;
    }

    /// In TLS 1.3 a session that the server keeps is told of by a ticket, too (RFC 8446 §4.6.1).
    pub(crate) fn session_kept(&self) {
        if *self.tickets_droppable.lock() {
            self.ticket_issued();
        }
    }

    pub(crate) fn has_issued_ticket(&self) -> bool {
        *self.issued_ticket.lock()
    }

    /// The session begins now, in a full handshake; or a session that began then is offered, or
    /// looked at.
    pub(crate) fn set_begins(&self, begins: UnixTime) {
        *self.begins.lock() = Some(begins);
    }

    /// When the session began, once that is known.
    pub(crate) fn begins(&self) -> Option<UnixTime> {
        *self.begins.lock()
    }

    /// The session ends then, if not before.
    pub(crate) fn set_good_until(&self, end: Option<UnixTime>) {
        *self.good_until.lock() = end;
    }

    pub(crate) fn good_until(&self) -> Option<UnixTime> {
        *self.good_until.lock()
    }

    pub(crate) fn set_stapled(&self, response: Option<Arc<[u8]>>) {
        *self.stapled.lock() = response;
    }

    pub(crate) fn stapled(&self) -> Option<Arc<[u8]>> {
        self.stapled.lock().clone()
    }

    /// The verdict. The first one counts.
    pub(crate) fn decide(&self, trusted: bool) {
        let decided = if trusted {
            State::Trusted
        } else {
            State::Untrusted
        };
        let waiting = {
            let mut state = self.state.lock();
            match &mut *state {
                State::Undecided(waiting) => {
                    let waiting = core::mem::take(waiting);
                    *state = decided;
                    waiting
                }
                State::Trusted | State::Untrusted => return,
            }
        };
        if trusted {
            waiting.into_iter().for_each(|put| put(self));
        }
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gate")
    }
}
