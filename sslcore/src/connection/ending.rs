//! How a connection ends: failing, cancelling, closing, and the report.

use zeroize::Zeroize;

use super::{Connection, TransportEnd};
use crate::alert::Alert;
use crate::event::Event;
use crate::failure::{Failure, FailureKind};
use crate::handshake::AlertProtection;
use crate::handshake::facts::SessionFacts;
use crate::state::{Call, Cause, Outbound, Phase};
use crate::usage::ReadEnd;

impl Connection {
    /// Latches a failure (rule R6). The alert that it owes is protected as the released bytes
    /// demand.
    pub(super) fn fail(&mut self, mut failure: Failure) {
        if self.state.phase() == Phase::Over {
            return;
        }
        let end = match failure.kind {
            FailureKind::Truncated => ReadEnd::Truncated,
            FailureKind::Reset => ReadEnd::Reset,
            _ => ReadEnd::Failed,
        };
        if let FailureKind::AlertReceived(alert) = failure.kind {
            self.events.push(Event::AlertReceived(alert));
        }
        self.events.push(Event::Failed(failure.kind));
        // Nothing follows our close_notify (RFC 8446 §6.1), and nobody listens after a reset.
        if self.state.outbound() == Outbound::Closed
            || self.transport_end == Some(TransportEnd::Reset)
        {
            failure.alert = None;
        }
        if let Some(alert) = failure.alert {
            let waiting = self.transmit.len();
            self.send_alerts(&[alert]);
            if self.transmit.len() == waiting {
                failure.alert = None;
            }
        }
        self.failure = Some(failure);
        self.abandon();
        self.receive.clear_raw();
        self.state.end_inbound(end);
        self.state.follow(Cause::Ended);
    }

    /// `close` during a handshake (RFC 8446 §6.1).
    pub(super) fn cancel(&mut self) {
        self.send_alerts(&[Alert::UserCanceled, Alert::CloseNotify]);
        self.abandon();
        self.receive.clear_raw();
        self.state.end_inbound(ReadEnd::Aborted);
        self.state.follow(Cause::Ended);
    }

    /// Queues alerts behind everything that was released.
    fn send_alerts(&mut self, alerts: &[Alert]) {
        if self.transport_end == Some(TransportEnd::Reset) {
            return;
        }
        if let Some(traffic) = &mut self.traffic {
            for alert in alerts {
                // The headroom is there for this; if sealing fails there is nobody left to tell.
                let _ = traffic.seal_alert(*alert, &mut self.transmit);
            }
            return;
        }
        let Some(handshake) = &self.handshake else {
            return;
        };
        let mut protection = match &handshake.engine {
            Some(engine) => engine.alert_protection(),
            // A client that has not said hello owes no farewell.
            None if self.role().is_some_and(|role| role.is_client()) => return,
            None => AlertProtection::Clear,
        };
        for alert in alerts {
            if let Some(record) = protection.record(*alert) {
                self.transmit.append_flight(&record);
                self.transmit.mark_alert(*alert);
            }
        }
    }

    /// Drops what was accepted and never encrypted, and everything of the handshake.
    pub(super) fn abandon(&mut self) {
        self.report.abandoned += self.queue.len();
        self.queue.zeroize();
        if let Some(handshake) = self.handshake.take() {
            if let Some(engine) = &handshake.engine {
                // The engine may hold the response of a session that was only offered, or of a
                // certificate whose key nobody has shown.
                let stapled = self.facts.stapled.take();
                self.facts = SessionFacts {
                    stapled,
                    ..engine.facts()
                };
            }
        }
    }

    /// Tells what has left, and whether it was the last. After every step and every
    /// `transmitted`.
    pub(super) fn settle(&mut self) {
        let nothing_to_tell = self.state.outbound() == Outbound::Open
            && self.transport_end.is_none()
            && !self.wants_writable
            && self.transmit.marks_nothing();
        if !nothing_to_tell {
            self.tell();
        }
        self.release_idle();
    }

    fn tell(&mut self) {
        if self.transport_end == Some(TransportEnd::Reset) {
            self.report.unsent += self.transmit.clear();
        }
        while let Some(alert) = self.transmit.alert_gone() {
            if alert == Alert::CloseNotify {
                self.report.close_notify_sent = true;
            }
            self.events.push(Event::AlertSent(alert));
        }
        if self.wants_writable && self.state.permit(Call::Write).is_ok() && self.has_write_room() {
            self.wants_writable = false;
            self.events.push(Event::Writable);
        }
        let all_gone = self.transmit.is_empty() && self.queue.is_empty();
        let both_ended =
            self.state.outbound() == Outbound::Closed && self.state.inbound_end().is_some();
        if all_gone && both_ended && self.state.phase() != Phase::Over {
            self.state.follow(Cause::Ended);
        }
        if self.state.phase() == Phase::Over && all_gone && !self.reported {
            self.reported = true;
            let nothing_lost = self.report.abandoned == 0 && self.report.unsent == 0;
            let both_said_so = match self.state.inbound_end() {
                Some(ReadEnd::EndOfStream) => true,
                _ => self.report.close_notify_sent && self.report.close_notify_received,
            };
            self.report.clean = self.failure.is_none() && nothing_lost && both_said_so;
            self.traffic = None;
            self.events.push(Event::Closed(self.report));
        }
    }

    pub(super) fn release_idle(&mut self) {
        if self.limits.release_when_idle {
            self.receive.release_if_empty();
            self.transmit.release_if_empty();
        }
    }

    /// The peer, or the transport, took longer to close than the close timeout allows.
    pub(super) fn give_up_closing(&mut self) {
        self.report.unsent += self.transmit.clear();
        self.abandon();
        self.state.end_inbound(ReadEnd::Truncated);
        if self.state.phase() != Phase::Over {
            self.state.follow(Cause::Ended);
        }
    }
}
