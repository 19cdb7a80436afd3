//! The doors for records whose protection is in other hands.

use core::fmt;

use super::Connection;
use super::io::Outbound;
use crate::alert::Alert;
use crate::failure::{Failure, FailureKind};
use crate::record::offload::{RecordLayout, TrafficKeys};
use crate::state::Phase;
use crate::trace::Direction;
use crate::usage::{OffloadError, UsageError};

/// The keys of one direction, for somebody to take, from [`Connection::offload`]. Dropped, it was refused:
/// the connection goes on with them itself.
///
/// The module [`offload`](crate::offload) has an example.
#[must_use = "dropped, nobody has taken the keys"]
pub struct KeyOffer<'a> {
    connection: &'a mut Connection,
    direction: Direction,
    keys: TrafficKeys,
}

impl KeyOffer<'_> {
    /// The keys. They are wiped with the offer; whoever copies them wipes the copy.
    pub fn keys(&self) -> &TrafficKeys {
        &self.keys
    }

    /// Says that somebody has taken the keys, and can take others after a KeyUpdate. They are wiped here. What
    /// they were made of stays, for KeyUpdate and for
    /// [`export_keying_material`](Connection::export_keying_material).
    pub fn taken(self) {
        self.hand_over(true);
    }

    /// Says that somebody has taken the keys, and can take no others: with a KeyUpdate the connection fails.
    pub fn taken_for_good(self) {
        self.hand_over(false);
    }

    fn hand_over(self, renewable: bool) {
        let Connection { phase, io } = self.connection;
        if let Phase::Traffic(it) = phase {
            let protection = it.records().protection(self.direction);
            protection.hand_over(renewable);
            io.layouts[self.direction as usize] = Some(protection.layout());
            match self.direction {
                Direction::Sent => io.transmit.hold_plaintext(),
                // What is lent was for bytes.
                Direction::Received => io.receive.give_back(0),
            }
        }
        self.connection.settle();
    }
}

impl fmt::Debug for KeyOffer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyOffer")
            .field("direction", &self.direction)
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}

/// The reason why whoever has the keys cannot go on, for
/// [`Connection::offload_failed`]. The module [`offload`](crate::offload) has an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum OffloadFailure {
    /// A record of the peer's failed its authentication: [`FailureKind::BadRecordMac`].
    BadRecordMac,
    /// A record of the peer's is longer than it may be: [`FailureKind::RecordTooLarge`].
    RecordTooLarge,
    /// The peer has sent what is no record: [`FailureKind::MalformedMessage`].
    MalformedRecord,
    /// The next keys were refused: [`FailureKind::KeysNotRenewed`].
    KeysRefused,
}

impl OffloadFailure {
    fn failure(self) -> Failure {
        let (kind, alert) = match self {
            Self::BadRecordMac => (FailureKind::BadRecordMac, Alert::BadRecordMac),
            Self::RecordTooLarge => (FailureKind::RecordTooLarge, Alert::RecordOverflow),
            Self::MalformedRecord => (FailureKind::MalformedMessage, Alert::DecodeError),
            Self::KeysRefused => (FailureKind::KeysNotRenewed, Alert::InternalError),
        };
        Failure::new(kind, alert).because("said by who has the keys")
    }
}

impl Connection {
    /// Offers the keys of one direction to somebody who seals or opens its records from now on; after a
    /// KeyUpdate, the next keys. Costs a copy of 48 bytes, and allocates nothing. The module
    /// [`offload`](crate::offload) says what follows, with an example.
    ///
    /// Legal when the connection is encrypted, the direction was not closed, and nothing is under way in it:
    /// all bytes of [`transmit`](Self::transmit) have left, a KeyUpdate of ours among them, or all received
    /// bytes were processed. Plaintext
    /// may still wait to be read or to be sealed. The keys of a direction that was handed over before can be
    /// had as long as something is sealed, or may arrive.
    ///
    /// # Errors
    /// [`UsageError::NotEncrypted`], [`UsageError::ConnectionOver`], [`UsageError::WriteClosed`] of what is
    /// sent, [`UsageError::ReceiveAfterEnd`] of what is received. [`UsageError::Offload`] with
    /// [`Unsent`](OffloadError::Unsent) or [`Unopened`](OffloadError::Unopened) when something is under way,
    /// and with [`HandedOver`](OffloadError::HandedOver) when the keys were taken before and are not renewed.
    pub fn offload(&mut self, direction: Direction) -> Result<KeyOffer<'_>, UsageError> {
        let io = &self.io;
        // What is sealed while it closes is under keys that may have to be handed over yet.
        let outbound = match direction {
            Direction::Sent if !self.is_offloaded(direction) => io.outbound(),
            _ => Outbound::Open,
        };
        let encrypted = self.phase.encrypted(outbound)?;
        let has_ended = io.inbound_end().is_some() || io.transport_end.is_some();
        if direction == Direction::Received && has_ended {
            return Err(UsageError::ReceiveAfterEnd);
        }
        let records = encrypted.records();
        let pends = records.has_pending();
        let protection = records.protection(direction);
        if protection.is_handed_over() && !protection.is_untaken() {
            return Err(UsageError::Offload(OffloadError::HandedOver));
        }
        let under_way = match direction {
            Direction::Sent => match io.transmit.len() {
                // Behind a KeyUpdate of ours the keys are others.
                0 if pends && !protection.is_handed_over() => {
                    Some(OffloadError::Unsent { bytes: 0 })
                }
                0 => None,
                bytes => Some(OffloadError::Unsent { bytes }),
            },
            Direction::Received => io.receive.has_raw().then(|| OffloadError::Unopened {
                missing: io.receive.missing(),
            }),
        };
        if let Some(why) = under_way {
            return Err(UsageError::Offload(why));
        }
        let keys = protection.keys();
        Ok(KeyOffer {
            connection: self,
            direction,
            keys,
        })
    }

    /// Whether others have the keys of this direction: its doors are those for records. Stays so after the
    /// end of the connection.
    pub fn is_offloaded(&self, direction: Direction) -> bool {
        self.io.is_handed_over(direction)
    }

    /// Whether a direction that was handed over has new keys that nobody has taken, after a KeyUpdate:
    /// [`offload`](Self::offload) offers them, those for what is sent once the KeyUpdate has left.
    pub fn is_offload_due(&self, direction: Direction) -> bool {
        match &self.phase {
            Phase::Traffic(it) => it.is_untaken(direction),
            _ => false,
        }
    }

    /// The next record to seal and send: its content type (RFC 8446 §5.1: 21 an alert, 22 a handshake
    /// message, 23 data) and its content, which is at most 16,384 bytes. `None` when there is none now, or
    /// the connection seals itself. Ask again after [`record_transmitted`](Self::record_transmitted).
    /// [`next`](Self::next) does not name records: ask here before waiting.
    pub fn transmit_record(&self) -> Option<(u8, &[u8])> {
        let layout = self.layout(Direction::Sent).ok()?;
        let bytes = self.io.transmit.bytes();
        let (kind, content) = layout.first(bytes)?;
        Some((kind, &bytes[content]))
    }

    /// Tells the connection that `n` bytes of the content of [`transmit_record`](Self::transmit_record) were
    /// sealed and sent, or will be: what is left of it is a record of its own. With 0, none can be now.
    ///
    /// # Errors
    /// [`UsageError::TooManyBytes`] when it has fewer; [`UsageError::Offload`] with
    /// [`NotHandedOver`](OffloadError::NotHandedOver).
    pub fn record_transmitted(&mut self, n: usize) -> Result<(), UsageError> {
        let layout = self.layout(Direction::Sent)?;
        let first = layout.first(self.io.transmit.bytes());
        let available = first.as_ref().map_or(0, |(_, content)| content.len());
        if n > available {
            return Err(UsageError::TooManyBytes {
                given: n,
                available,
            });
        }
        if n == available || n == 0 {
            self.taken(if n > 0 { layout.record_len(n) } else { 0 });
            return Ok(());
        }
        let outer = self.io.transmit.bytes().first().copied();
        let rest = layout.header(outer.unwrap_or_default(), available - n);
        self.io.transmit.skip_content(layout.prefix(), &rest, n);
        if let Phase::Traffic(it) = &mut self.phase {
            it.records().count_sealed(1);
        }
        self.io.close_timeout.restart(self.io.now);
        self.io.events.encrypted_bytes_written(n);
        self.settle();
        Ok(())
    }

    /// Lends space for the content of what others have opened; [`record_received`](Self::record_received)
    /// then says what came. Empty when there is no room, which is back-pressure; while keys are
    /// [due](Self::is_offload_due); and when the connection opens records itself.
    ///
    /// A record that is longer than the space may come in pieces, each a record of its own. Several records
    /// of data may come as one; of another content type, one at a time.
    pub fn record_buffer(&mut self) -> &mut [u8] {
        let Ok(layout) = self.layout(Direction::Received) else {
            return &mut [];
        };
        if self.is_offload_due(Direction::Received) {
            self.io.told.found_full = true;
            return &mut [];
        }
        let space = self.lend_space().1;
        let room = layout.room(space.len());
        &mut space[room]
    }

    /// Tells the connection that others have opened a record of this content type, and have put its content,
    /// `n` bytes, at the front of [`record_buffer`](Self::record_buffer). Call it at most once for each call of that. The peer's
    /// mistakes are found as ever: a content type that TLS does not have ends the connection with
    /// unexpected_message.
    ///
    /// # Errors
    /// [`UsageError::TooManyBytes`] when the space was shorter, [`UsageError::ReceiveAfterEnd`],
    /// [`UsageError::Offload`] with [`NotHandedOver`](OffloadError::NotHandedOver).
    pub fn record_received(&mut self, content_type: u8, n: usize) -> Result<(), UsageError> {
        let layout = self.layout(Direction::Received)?;
        if self.io.transport_end.is_some() {
            return Err(UsageError::ReceiveAfterEnd);
        }
        let space = self.io.receive.lent_mut();
        let available = layout.room(space.len()).len();
        if n > available {
            return Err(UsageError::TooManyBytes {
                given: n,
                available,
            });
        }
        let mut arrived = 0;
        if space.len() >= layout.record_len(n) {
            layout.wrap(content_type, n, space);
            arrived = layout.record_len(n);
        }
        let keep = if self.swallows() { 0 } else { arrived };
        self.io.receive.give_back(keep);
        Ok(())
    }

    /// Tells the connection that others have sealed `records` records of data that did not come from
    /// [`transmit_record`](Self::transmit_record): they count against the confidentiality limit of the key
    /// (RFC 8446 §5.5), as do the records of the connection. Too many are better than too few. While the next
    /// key is [due](Self::is_offload_due) they were under the one before it, and nothing is counted.
    ///
    /// # Errors
    /// [`UsageError::NotEncrypted`], [`UsageError::WriteClosed`], [`UsageError::ConnectionOver`],
    /// [`UsageError::Offload`] with [`NotHandedOver`](OffloadError::NotHandedOver).
    pub fn records_sealed(&mut self, records: u64) -> Result<(), UsageError> {
        self.layout(Direction::Sent)?;
        let encrypted = self.phase.encrypted(self.io.outbound())?;
        encrypted.records().count_sealed(records);
        Ok(())
    }

    /// The most plaintext, in bytes, of a record that is sealed around the connection now, by whoever has the
    /// keys: 16,384, or what the peer or the configuration has limited it to.
    ///
    /// # Errors
    /// As for [`records_sealed`](Self::records_sealed), and with [`Unsent`](OffloadError::Unsent) when
    /// something waits: a record, or data that has no record yet.
    pub fn record_limit(&mut self) -> Result<usize, UsageError> {
        self.layout(Direction::Sent)?;
        let encrypted = self.phase.encrypted(self.io.outbound())?;
        let bytes = self.io.transmit.len() + encrypted.queue.len();
        let records = encrypted.records();
        if bytes > 0 || records.has_work() || !records.can_seal() {
            return Err(UsageError::Offload(OffloadError::Unsent { bytes }));
        }
        Ok(records.max_payload())
    }

    /// Tells the connection that who has the keys cannot go on: it fails, with the alert that this owes the
    /// peer.
    ///
    /// # Errors
    /// [`UsageError::ConnectionOver`], [`UsageError::Offload`] with
    /// [`NotHandedOver`](OffloadError::NotHandedOver) when the connection has all keys itself.
    pub fn offload_failed(&mut self, why: OffloadFailure) -> Result<(), UsageError> {
        if self.is_over() {
            return Err(UsageError::ConnectionOver);
        }
        if !self.is_offloaded(Direction::Sent) {
            self.layout(Direction::Received)?;
        }
        self.fail(why.failure());
        self.settle();
        Ok(())
    }

    fn layout(&self, direction: Direction) -> Result<RecordLayout, UsageError> {
        let layout = self.io.layouts[direction as usize];
        layout.ok_or(UsageError::Offload(OffloadError::NotHandedOver))
    }
}
