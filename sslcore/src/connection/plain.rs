//! Before TLS: bytes pass through in the clear.

use super::io::{Io, Outbound, TransportEnd};
use crate::event::Event;
use crate::failure::Failure;
use crate::usage::ReadEnd;

/// A connection that has not started TLS.
pub(crate) struct Plain;

impl Plain {
    /// Whether it did anything.
    pub(super) fn step(&mut self, io: &mut Io) -> Result<bool, Failure> {
        if io.outbound() == Outbound::Closing {
            io.end_outbound();
            return Ok(true);
        }
        if io.discard_reads {
            io.receive.discard();
        }
        let unread = io.receive.plain().len();
        let room = io.limits.read_buffer_size.saturating_sub(unread);
        let n = io.receive.raw().len().min(room);
        if n > 0 {
            io.receive.deliver(n, 0..n);
            io.heard();
            return Ok(true);
        }
        if io.receive.raw().is_empty() {
            io.was_reset()?;
            if io.transport_end == Some(TransportEnd::Eof) && io.inbound_end().is_none() {
                io.end_inbound(ReadEnd::EndOfStream);
                io.events.push(Event::EndOfStream);
                return Ok(true);
            }
        }
        Ok(false)
    }
}
