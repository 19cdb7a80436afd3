//! The end: what is sealed may still leave, then it is reported.

use alloc::boxed::Box;

use super::io::Io;
use crate::event::Event;
use crate::failure::{Failure, FailureKind};
use crate::usage::ReadEnd;

/// Why everything ends.
pub(crate) enum Ending {
    /// Something went wrong ([rule R6](crate::rules#r6)).
    Failed(Failure),
    /// Nothing did; the reader is told this, unless it was told something before.
    Closed(ReadEnd),
}

/// A connection that is over.
#[derive(Clone, Default)]
pub(crate) struct Over {
    failure: Option<Box<Failure>>,
    is_told: bool,
}

impl Over {
    /// Ends everything. `abandoned` bytes of plaintext were accepted and never encrypted.
    pub(crate) fn new(why: Ending, abandoned: usize, io: &mut Io) -> Self {
        let (failure, inbound) = match why {
            Ending::Failed(failure) => {
                if let FailureKind::AlertReceived(alert) = failure.kind {
                    io.events.push(Event::AlertReceived(alert));
                }
                io.events.push(Event::Failed(failure.kind));
                let inbound = match failure.kind {
                    FailureKind::Truncated => ReadEnd::Truncated,
                    FailureKind::Reset => ReadEnd::Reset,
                    _ => ReadEnd::Failed,
                };
                (Some(Box::new(failure)), inbound)
            }
            Ending::Closed(inbound) => (None, inbound),
        };
        io.tally.abandoned += abandoned;
        io.receive.clear_raw();
        io.told.over = true;
        io.end_inbound(inbound);
        io.end_outbound();
        Self {
            failure,
            is_told: false,
        }
    }

    pub(crate) fn failure(&self) -> Option<&Failure> {
        self.failure.as_deref()
    }

    /// Whether it was told how it ended: everything that could leave has left.
    pub(crate) fn is_told(&self) -> bool {
        self.is_told
    }

    /// Tells how it ended, once, when nothing waits any more.
    pub(super) fn settle(&mut self, io: &mut Io) {
        if self.is_told || !io.transmit.is_empty() {
            return;
        }
        self.is_told = true;
        let inbound = io.inbound_end();
        let tally = &mut io.tally;
        let nothing_lost = tally.abandoned == 0 && tally.unsent == 0;
        let both_said_so = match inbound {
            Some(ReadEnd::EndOfStream) => true,
            _ => tally.close_notify_sent && tally.close_notify_received,
        };
        tally.clean = self.failure.is_none() && nothing_lost && both_said_so;
        io.events.push(Event::Closed(*tally));
    }
}
