//! How a connection ends: failing, cancelling, closing, and the report.

use super::Connection;
use super::io::{Io, Outbound, TransportEnd};
use super::over::Ending;
use crate::alert::Alert;
use crate::event::Event;
use crate::failure::{Failure, FailureKind};
use crate::handshake::AlertProtection;
use crate::state::{Phase, Sink};
use crate::usage::ReadEnd;

impl Connection {
    /// Latches a failure ([rule R6](crate::rules#r6)). The alert that it owes is protected as the released bytes
    /// demand.
    pub(super) fn fail(&mut self, mut failure: Failure) {
        failure.alert = failure.alert.filter(|alert| {
            let waiting = self.io.transmit.len();
            if self.io.can_tell() {
                self.send_alerts(&[*alert]);
            }
            self.io.transmit.len() > waiting
        });
        self.phase = self.phase.take().end(Ending::Failed(failure), &mut self.io);
    }

    /// Ends without a failure. What was accepted and never encrypted is abandoned.
    pub(super) fn end(&mut self, inbound: ReadEnd) {
        self.phase = self.phase.take().end(Ending::Closed(inbound), &mut self.io);
    }

    /// Queues alerts behind everything that was released.
    pub(super) fn send_alerts(&mut self, alerts: &[Alert]) {
        let io = &mut self.io;
        match &mut self.phase {
            // A client that has not said hello owes no farewell.
            Phase::Plain(_) | Phase::Greeting(_) | Phase::Over(_) => {}
            Phase::AwaitingHello(_) | Phase::Choosing(_) => {
                io.send_alerts(alerts, AlertProtection::Clear)
            }
            Phase::Handshaking(it) => it.send_alerts(alerts, io),
            Phase::Judging(it) => it.handshaking.send_alerts(alerts, io),
            Phase::Held(it) => it.handshaking.send_alerts(alerts, io),
            Phase::Keying(it) => it.handshaking.send_alerts(alerts, io),
            Phase::Signing(it) => it.handshaking.send_alerts(alerts, io),
            Phase::Traffic(it) => it.send_alerts(alerts, io),
        }
    }

    /// Tells what has left, and whether it was the last. After every step and every
    /// `transmitted`.
    #[inline]
    pub(super) fn settle(&mut self) {
        let nothing_to_tell = self.io.outbound() == Outbound::Open
            && self.io.transport_end.is_none()
            && !self.io.wants_writable
            && self.io.transmit.marks_nothing();
        if !nothing_to_tell {
            self.tell();
        }
        self.io.rest();
    }

    #[inline(never)]
    fn tell(&mut self) {
        let io = &mut self.io;
        if io.transport_end == Some(TransportEnd::Reset) || io.has_lost_transmit() {
            io.tally.unsent += io.transmit.clear();
        }
        while let Some(alert) = io.transmit.alert_gone() {
            if alert == Alert::CloseNotify {
                io.tally.close_notify_sent = true;
            }
            io.events.push(Event::AlertSent(alert));
        }
        if io.wants_writable {
            let sink = self.phase.sink(io.outbound());
            if sink.is_ok_and(|sink| sink.has_room(io)) {
                io.wants_writable = false;
                io.told.writable = true;
                io.events.push(Event::Writable);
            }
        }
        if let (true, Some(end)) = (io.has_sent_all(), io.inbound_end()) {
            match io.has_lost_transmit() && !self.is_over() {
                true => self.fail(Failure::silent(FailureKind::Reset)),
                false => self.end(end),
            }
        }
        if let Phase::Over(over) = &mut self.phase {
            over.settle(&mut self.io);
        }
    }
}

impl Sink<'_> {
    /// Whether it can take a whole record's worth.
    fn has_room(&self, io: &Io) -> bool {
        match self {
            Self::Clear => io.transmit.room() > 0,
            Self::Queue(queue) => queue.len() < io.limits.queued,
            Self::Records(encrypted) => encrypted.has_room(io),
        }
    }
}
