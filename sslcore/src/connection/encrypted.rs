//! An encrypted connection: sealing what waits, opening what has arrived.

use bytes::Buf;

use super::io::{Io, Outbound, too_small};
use crate::alert::Alert;
use crate::buffer::{Queue, TransmitBuffer};
use crate::event::Event;
use crate::failure::{Failure, FailureKind};
use crate::pieces;
use crate::protocol::SslProtocol;
use crate::record::header::HEADER_LEN;
use crate::record::traffic::{KEY_UPDATE_RECORD, Opened, Traffic};
use crate::time::Now;
#[cfg(feature = "offload")]
use crate::trace::Direction;
#[cfg(feature = "offload")]
use crate::usage::OffloadError;
use crate::usage::{ReadEnd, UsageError};

/// A connection after its handshake.
pub(crate) struct Encrypted {
    records: Traffic,
    /// Plaintext that was written before there were keys, and after it while it is not empty.
    pub(crate) queue: Queue,
}

impl Encrypted {
    pub(super) fn new(records: Traffic, queue: Queue) -> Self {
        Self { records, queue }
    }

    /// The same once more; `None` when its records cannot be copied.
    #[cfg(feature = "testing")]
    pub(super) fn copied(&self) -> Option<Self> {
        Some(Self {
            records: self.records.copied()?,
            queue: self.queue.clone(),
        })
    }

    /// Seals or opens one record. Whether it did anything.
    pub(super) fn step(&mut self, io: &mut Io, now: Now) -> Result<bool, Failure> {
        if self.seal_waiting(io)? {
            return Ok(true);
        }
        self.open_next(io, now)
    }

    /// Whether `write` can take a whole record's worth.
    pub(super) fn has_room(&self, io: &Io) -> bool {
        io.transmit.room() >= self.records.room_for(self.records.max_payload())
    }

    /// Asks for new keys in both directions, if there can be such.
    pub(super) fn request_update(&mut self) -> Result<(), UsageError> {
        if self.records.version() == SslProtocol::TlsV1_2 {
            return Err(UsageError::NotTls13);
        }
        #[cfg(feature = "offload")]
        if !self.records.is_renewable() {
            return Err(UsageError::Offload(OffloadError::NotRenewable));
        }
        self.records.request_update();
        Ok(())
    }

    /// Whether others have yet to take the next key of a direction.
    #[cfg(feature = "offload")]
    pub(super) fn is_untaken(&self, direction: Direction) -> bool {
        self.records.is_untaken(direction)
    }

    /// The records, for those who have their keys.
    #[cfg(feature = "offload")]
    pub(super) fn records(&mut self) -> &mut Traffic {
        &mut self.records
    }

    /// Seals alerts behind everything that was sealed before.
    pub(super) fn send_alerts(&mut self, alerts: &[Alert], io: &mut Io) {
        for alert in alerts {
            // The headroom is there for this; if sealing fails there is nobody left to tell.
            let _ = self.records.seal_alert(*alert, &mut io.transmit);
        }
    }

    /// Seals whole records of `plaintext` as far as there is room, and says how much that was,
    /// also when sealing fails.
    #[inline]
    pub(super) fn write(&mut self, plaintext: &[u8], io: &mut Io) -> Result<usize, Unsealed> {
        seal(&mut self.records, plaintext, io)
    }

    /// The same for plaintext in several pieces.
    pub(super) fn write_pieces(
        &mut self,
        plaintext: &mut impl Buf,
        io: &mut Io,
    ) -> Result<usize, Unsealed> {
        seal_pieces(&mut self.records, plaintext, io)
    }

    /// Seals one record of what `fill` puts in place, of up to `len` bytes: as many as it says. Says for how
    /// many there was room, and how many they were.
    pub(super) fn write_with(
        &mut self,
        len: usize,
        fill: impl FnOnce(&mut [u8]) -> usize,
        io: &mut Io,
    ) -> Result<(usize, usize), Unsealed> {
        let most = len.min(self.records.max_payload());
        let mut fill = Some(fill);
        let mut room = 0;
        let sealed = seal_records(&mut self.records, most, io, |records, _, len, out| {
            let fill = |space: &mut [u8]| {
                room = len;
                fill.take().map_or(0, |fill| fill(space))
            };
            records.seal_filled(len, fill, out)
        })?;
        Ok((room, sealed))
    }

    /// Seals what waits on our side: queued plaintext, a KeyUpdate, close_notify.
    #[inline]
    fn seal_waiting(&mut self, io: &mut Io) -> Result<bool, Failure> {
        let Self { records, queue } = self;
        match io.outbound() {
            Outbound::Open if queue.is_empty() && !records.has_work() => return Ok(false),
            Outbound::Closed => return Ok(false),
            Outbound::Open | Outbound::Closing => {}
        }
        if !queue.is_empty() {
            let first = queue.len().min(records.max_payload());
            match seal(records, &queue.bytes()[..first], io) {
                Ok(0) => {}
                Ok(sealed) => {
                    queue.consume(sealed);
                    return Ok(true);
                }
                Err(Unsealed { sealed, failure }) => {
                    queue.consume(sealed);
                    return Err(failure);
                }
            }
        }
        if records.is_exhausted() {
            // Enough of the key is left for close_notify (RFC 5246 has no KeyUpdate).
            let _ = records.seal_alert(Alert::CloseNotify, &mut io.transmit);
            return Err(Failure::silent(FailureKind::KeysExhausted));
        }
        if !records.can_seal() {
            return Ok(false);
        }
        if records.has_pending() && io.transmit.room() >= KEY_UPDATE_RECORD {
            if records.seal_pending(&mut io.transmit)? {
                io.events.push(Event::KeysUpdated);
            }
            return Ok(true);
        }
        if io.outbound() == Outbound::Closing && queue.is_empty() && io.transmit.room() > 0 {
            records.seal_alert(Alert::CloseNotify, &mut io.transmit)?;
            io.end_outbound();
            return Ok(true);
        }
        Ok(false)
    }

    /// Opens one record, if there is one and the reader has room for it.
    #[inline]
    fn open_next(&mut self, io: &mut Io, now: Now) -> Result<bool, Failure> {
        if io.inbound_end().is_some() {
            io.receive.clear_raw();
            io.was_reset()?;
            return Ok(false);
        }
        if io.receive.plain_len() >= io.limits.read_buffer_size {
            return Ok(false);
        }
        let raw = io.receive.raw_mut();
        let header = match self.records.header(raw)? {
            Some(header) if raw.len() >= header.record_len() => header,
            incomplete => {
                let record = incomplete.map_or(HEADER_LEN, |header| header.record_len());
                if record > io.record_room() {
                    return Err(too_small(record));
                }
                if io.awaits_completion() {
                    return Ok(false);
                }
                if io.is_close_unanswered() {
                    io.end_inbound(ReadEnd::CloseUnanswered);
                    io.events.push(Event::CloseUnanswered);
                    return Ok(true);
                }
                io.ended()?;
                return Ok(false);
            }
        };
        let len = header.record_len();
        let record = &mut raw[..len];
        match self.records.open(header, record, now)? {
            Opened::Data(range) => {
                if io.discard_reads {
                    io.receive.skip(len);
                } else {
                    io.receive.deliver(len, range);
                }
                io.heard();
            }
            Opened::Nothing => io.receive.skip(len),
            Opened::CloseNotify => {
                io.receive.clear_raw();
                self.peer_closed(io);
            }
            Opened::Warning(alert) => {
                io.receive.skip(len);
                io.events.push(Event::AlertReceived(alert));
            }
            Opened::Messages(seen) => {
                io.receive.skip(len);
                if seen.tickets > 0 {
                    io.known.facts.tickets += seen.tickets;
                    io.known.facts.ticket_renewed = io.known.facts.resumed;
                    io.known.facts.ticket_lifetime = Some(seen.ticket_lifetime);
                    io.events.push(Event::SessionTicketReceived);
                }
                if seen.key_updated {
                    io.events.push(Event::KeysUpdated);
                }
            }
        }
        Ok(self.may_have_more(io))
    }

    /// Whether the next step could find something to do. Saves the step that finds nothing.
    #[inline]
    fn may_have_more(&self, io: &Io) -> bool {
        io.receive.has_raw()
            || !self.queue.is_empty()
            || io.transport_end.is_some()
            || io.outbound() != Outbound::Open
            || self.records.has_work()
    }

    fn peer_closed(&mut self, io: &mut Io) {
        io.tally.close_notify_received = true;
        io.end_inbound(ReadEnd::Closed);
        io.events.push(Event::PeerClosed);
        // RFC 5246 §7.2.1: answer at once and discard pending writes. In TLS 1.3 our direction
        // stays open (RFC 8446 §6.1).
        if self.records.version() == SslProtocol::TlsV1_2 {
            io.tally.abandoned += self.queue.clear();
            io.begin_close();
        }
    }
}

/// Sealing has failed, behind so many bytes that are sealed.
pub(super) struct Unsealed {
    pub(super) sealed: usize,
    pub(super) failure: Failure,
}

/// Where records end depends only on what is written, never on how much room there happened to be
/// ([rule R3](crate::rules#r3)).
fn seal(records: &mut Traffic, plaintext: &[u8], io: &mut Io) -> Result<usize, Unsealed> {
    seal_records(records, plaintext.len(), io, |records, sealed, len, out| {
        records.seal_data(&plaintext[sealed..sealed + len], out)
    })
}

/// The same for plaintext that lies in several pieces: records do not end where pieces do.
fn seal_pieces(
    records: &mut Traffic,
    plaintext: &mut impl Buf,
    io: &mut Io,
) -> Result<usize, Unsealed> {
    let whole = plaintext.remaining();
    seal_records(records, whole, io, |records, _, len, out| {
        records.seal_filled(len, |space| pieces::copy(plaintext, space), out)
    })
}

/// Seals records of `whole` bytes in all, as far as there is room; `seal` seals one, of so many bytes
/// behind so many that are sealed, and says of how many it was, fewer when there are no more, and
/// whether our key was renewed.
fn seal_records(
    records: &mut Traffic,
    whole: usize,
    io: &mut Io,
    mut seal: impl FnMut(
        &mut Traffic,
        usize,
        usize,
        &mut TransmitBuffer,
    ) -> Result<(usize, bool), Failure>,
) -> Result<usize, Unsealed> {
    let mut sealed = 0;
    let mut failed = None;
    if whole > records.max_payload() {
        io.transmit.reserve_for(records.room_for_all(whole));
    }
    while sealed < whole {
        let payload = (whole - sealed).min(records.max_payload());
        if io.transmit.room() < records.room_for(payload) || records.is_exhausted() {
            break;
        }
        match seal(records, sealed, payload, &mut io.transmit) {
            Ok((n, renewed)) => {
                if renewed {
                    io.events.push(Event::KeysUpdated);
                }
                sealed += n;
                if n < payload {
                    break;
                }
            }
            Err(failure) => {
                failed = Some(failure);
                break;
            }
        }
    }
    if sealed > 0 {
        io.events.bytes_written(sealed);
    }
    match failed {
        None => Ok(sealed),
        Some(failure) => Err(Unsealed { sealed, failure }),
    }
}
