//! Steps of an encrypted connection: sealing what waits, opening what has arrived.

use alloc::vec::Vec;

use zeroize::Zeroize;

use super::process::{Step, lost_engine, too_small};
use super::{Connection, TransportEnd};
use crate::alert::Alert;
use crate::event::Event;
use crate::failure::{Failure, FailureKind};
use crate::protocol::SslProtocol;
use crate::record::header::HEADER_LEN;
use crate::record::traffic::{KEY_UPDATE_RECORD, Opened};
use crate::state::{Outbound, Phase};
use crate::time::Now;
use crate::usage::ReadEnd;

impl Connection {
    pub(super) fn traffic(&mut self, now: Now) -> Step {
        if self.seal_queued()? {
            return Ok(true);
        }
        self.open_next(now)
    }

    /// Whether `write` can take a whole record's worth.
    pub(super) fn has_write_room(&self) -> bool {
        match (self.state.phase(), &self.traffic) {
            (Phase::Plain, _) => self.transmit.room() > 0,
            (Phase::Traffic, Some(traffic)) if self.queue.is_empty() => {
                self.transmit.room() >= traffic.room_for(traffic.max_payload())
            }
            _ => self.queue.len() < self.limits.queued,
        }
    }

    /// Seals whole records of `plaintext` as far as there is room. Where records end depends only
    /// on what is written, never on how much room there happened to be (rule R3).
    pub(super) fn seal(&mut self, plaintext: &[u8]) -> usize {
        let mut sealed = 0;
        let mut failed = None;
        while let Some(payload) = plaintext.get(sealed..).filter(|rest| !rest.is_empty()) {
            let Some(traffic) = &mut self.traffic else {
                break;
            };
            let payload = &payload[..payload.len().min(traffic.max_payload())];
            if self.transmit.room() < traffic.room_for(payload.len()) || traffic.is_exhausted() {
                break;
            }
            match traffic.seal_data(payload, &mut self.transmit) {
                Ok(renewed) => {
                    if renewed {
                        self.events.push(Event::KeysUpdated);
                    }
                    sealed += payload.len();
                }
                Err(failure) => {
                    failed = Some(failure);
                    break;
                }
            }
        }
        if sealed > 0 {
            self.events.bytes_written(sealed);
        }
        if let Some(failure) = failed {
            self.fail(failure);
        }
        sealed
    }

    /// Seals what waits on our side: queued plaintext, a KeyUpdate, close_notify.
    fn seal_queued(&mut self) -> Step {
        let Some(traffic) = &self.traffic else {
            return Ok(false);
        };
        match self.state.outbound() {
            Outbound::Open if self.queue.is_empty() && !traffic.has_work() => return Ok(false),
            Outbound::Closed => return Ok(false),
            Outbound::Open | Outbound::Closing => {}
        }
        if !self.queue.is_empty() {
            let queue = core::mem::take(&mut self.queue);
            let first = queue.len().min(traffic.max_payload());
            let n = self.seal(&queue[..first]);
            self.queue = queue;
            self.queue.drain(..n);
            if self.state.phase() == Phase::Over {
                // Sealing has failed; what is left is abandoned like everything else.
                self.abandon();
                return Ok(true);
            }
            if self.queue.is_empty() {
                self.queue.zeroize();
                self.queue = Vec::new();
            }
            if n > 0 {
                return Ok(true);
            }
        }
        let Some(traffic) = &mut self.traffic else {
            return Ok(false);
        };
        if traffic.is_exhausted() {
            // Enough of the key is left for close_notify (RFC 5246 has no KeyUpdate).
            let _ = traffic.seal_alert(Alert::CloseNotify, &mut self.transmit);
            return Err(Failure::silent(FailureKind::KeysExhausted));
        }
        if traffic.has_pending() && self.transmit.room() >= KEY_UPDATE_RECORD {
            if traffic.seal_pending(&mut self.transmit)? {
                self.events.push(Event::KeysUpdated);
            }
            return Ok(true);
        }
        if self.state.outbound() == Outbound::Closing
            && self.queue.is_empty()
            && self.transmit.room() > 0
        {
            traffic.seal_alert(Alert::CloseNotify, &mut self.transmit)?;
            self.state.end_outbound();
            return Ok(true);
        }
        Ok(false)
    }

    /// Opens one record, if there is one and the reader has room for it.
    fn open_next(&mut self, now: Now) -> Step {
        if self.state.inbound_end().is_some() {
            self.receive.clear_raw();
            return match self.transport_end {
                Some(TransportEnd::Reset) => self.reset(),
                _ => Ok(false),
            };
        }
        if self.receive.plain().len() >= self.limits.read_buffer_size {
            return Ok(false);
        }
        let Some(traffic) = &mut self.traffic else {
            return Err(lost_engine());
        };
        let raw = self.receive.raw();
        let header = match traffic.header(raw)? {
            Some(header) if raw.len() >= header.record_len() => header,
            incomplete => {
                let record = incomplete.map_or(HEADER_LEN, |header| header.record_len());
                if record > self.receive.capacity(self.receive_cap()) {
                    return Err(too_small(record));
                }
                return self.ended();
            }
        };
        let len = header.record_len();
        let Some(record) = self.receive.raw_mut().get_mut(..len) else {
            return Err(lost_engine());
        };
        match traffic.open(header, record, now)? {
            Opened::Data(range) => {
                if self.discard_reads {
                    self.receive.skip(len);
                } else {
                    self.receive.deliver(len, range);
                    self.events.ready_read();
                    self.heard();
                }
            }
            Opened::Nothing => self.receive.skip(len),
            Opened::CloseNotify => {
                self.receive.clear_raw();
                self.peer_closed();
            }
            Opened::Warning(alert) => {
                self.receive.skip(len);
                self.events.push(Event::AlertReceived(alert));
            }
            Opened::Messages(seen) => {
                self.receive.skip(len);
                if seen.tickets > 0 {
                    self.facts.tickets += seen.tickets;
                    self.facts.ticket_lifetime = Some(seen.ticket_lifetime);
                    self.events.push(Event::SessionTicketReceived);
                }
                if seen.key_updated {
                    self.events.push(Event::KeysUpdated);
                }
            }
        }
        Ok(self.may_have_more())
    }

    /// Whether the next step could find something to do. Saves the step that finds nothing.
    fn may_have_more(&self) -> bool {
        !self.receive.raw().is_empty()
            || !self.queue.is_empty()
            || self.transport_end.is_some()
            || self.state.outbound() != Outbound::Open
            || self
                .traffic
                .as_ref()
                .is_some_and(|traffic| traffic.has_work())
    }

    fn peer_closed(&mut self) {
        self.report.close_notify_received = true;
        self.state.end_inbound(ReadEnd::Closed);
        self.events.push(Event::PeerClosed);
        // RFC 5246 §7.2.1: answer at once and discard pending writes. In TLS 1.3 our direction
        // stays open (RFC 8446 §6.1).
        if self.facts.protocol == Some(SslProtocol::TlsV1_2) {
            self.report.abandoned += self.queue.len();
            self.queue.zeroize();
            self.state.begin_close();
        }
    }
}
