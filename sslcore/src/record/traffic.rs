//! Both directions after the handshake: data, alerts, KeyUpdate, tickets.

#[cfg(feature = "offload")]
mod offload;

use alloc::boxed::Box;
use core::ops::Range;

use super::alerts::{Alerts, Notice};
use super::header::{ContentType, Header, MAX_PLAINTEXT};
use super::messages::{Assembler, FRAME, MESSAGE_HEADER, Piece, kind};
use super::protection::{KeyMaterial, Protection};
use super::size::RecordSizes;
use crate::alert::Alert;
use crate::buffer::TransmitBuffer;
use crate::crypto::{AeadError, Backend};
use crate::failure::{Failure, FailureKind, Repeated};
use crate::limits;
use crate::memory::wipe;
use crate::protocol::SslProtocol;
use crate::time::Now;

/// What remains of the handshake once its keys are handed over: later secrets, and tickets.
pub(crate) trait PostHandshake: Send {
    /// The next traffic key for what we send (RFC 8446 §7.2).
    fn next_transmit_key(&mut self) -> Result<KeyMaterial, Failure>;
    /// The next traffic key for what we receive.
    fn next_receive_key(&mut self) -> Result<KeyMaterial, Failure>;
    /// Whether NewSessionTicket is for us: we are a TLS 1.3 client.
    fn takes_tickets(&self) -> bool;
    /// A NewSessionTicket message, without its header. Says the ticket's lifetime, in seconds.
    fn session_ticket(&mut self, body: &[u8], now: Now) -> Result<u32, Failure>;
    /// The same once more, if that can be.
    #[cfg(feature = "testing")]
    fn copied(&self) -> Option<Box<dyn PostHandshake>> {
        None
    }
}

/// What one opened record was.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Opened {
    /// Application data, there in the record.
    Data(Range<usize>),
    /// Nothing that the application sees.
    Nothing,
    /// The peer's close_notify.
    CloseNotify,
    /// A warning alert.
    Warning(Alert),
    /// Messages were processed: what they were.
    Messages(Messages),
}

/// What the messages of one record were.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Messages {
    /// How many session tickets.
    pub(crate) tickets: u32,
    /// The lifetime of the last of them, in seconds.
    pub(crate) ticket_lifetime: u32,
    pub(crate) key_updated: bool,
}

/// Most bytes a KeyUpdate record takes: header, explicit nonce, message, type, tag.
pub(crate) const KEY_UPDATE_RECORD: usize = 5 + 5 + 1 + 16;

#[derive(Clone, Default)]
struct Counters {
    empty_records: u32,
    key_updates: u32,
    renegotiation_requests: u32,
    tickets: u32,
}

fn count(counter: &mut u32, limit: u32, what: Repeated, alert: Alert) -> Result<(), Failure> {
    *counter += 1;
    if *counter > limit {
        return Err(Failure::new(FailureKind::TooMuchOf(what), alert));
    }
    Ok(())
}

/// A pending KeyUpdate of ours: a flag, not a queue ([rule R8](crate::rules#r8)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OwnUpdate {
    None,
    /// The peer asked for it, or our key is used up.
    Quiet,
    /// We also ask the peer to update.
    Requesting,
}

/// What a configuration says of records.
#[derive(Clone)]
pub(crate) struct RecordTerms {
    pub(crate) backend: Backend,
    /// The most plaintext that one of ours carries.
    pub(crate) max_fragment: usize,
    /// After how many of ours the key is renewed.
    pub(crate) records_per_key: u64,
}

/// The record layer of an encrypted connection.
pub(crate) struct Traffic {
    backend: Backend,
    tx: Protection,
    rx: Protection,
    post: Box<dyn PostHandshake>,
    is_client: bool,
    /// The most plaintext of a record of ours: at most 16,384 bytes.
    max_payload: u16,
    records_per_key: u64,
    own_update: OwnUpdate,
    /// A KeyUpdate of ours that asked for none is the last word of ours: no data was sent under the
    /// key that it brought.
    unused_key: bool,
    /// We asked for a KeyUpdate that has not come yet.
    awaits_update: bool,
    refuse_renegotiation: bool,
    messages: Assembler,
    alerts: Alerts,
    counters: Counters,
}

/// Where the handshake left off.
pub(crate) struct HandOff {
    pub(crate) tx: Protection,
    pub(crate) rx: Protection,
    pub(crate) post: Box<dyn PostHandshake>,
    /// The suite's own limit on records under one key.
    pub(crate) confidentiality_limit: u64,
    /// What was agreed upon.
    pub(crate) sizes: RecordSizes,
}

impl Traffic {
    /// `alerts` are those of the handshake: they count on. `capacity` is what may wait to be sent at
    /// most.
    pub(crate) fn new(
        hand_off: HandOff,
        alerts: Alerts,
        terms: &RecordTerms,
        is_client: bool,
        capacity: usize,
    ) -> Self {
        let sizes = hand_off.sizes;
        let most = MAX_PLAINTEXT.min(terms.max_fragment).min(sizes.sent);
        let mut rx = hand_off.rx;
        rx.set_max_content(sizes.received);
        let fits = capacity.saturating_sub(hand_off.tx.overhead() + KEY_UPDATE_RECORD);
        Self {
            max_payload: fits.clamp(1, most) as u16,
            records_per_key: terms
                .records_per_key
                .min(hand_off.confidentiality_limit)
                .clamp(2, limits::RECORDS_PER_KEY),
            backend: terms.backend.clone(),
            tx: hand_off.tx,
            rx,
            post: hand_off.post,
            is_client,
            own_update: OwnUpdate::None,
            unused_key: false,
            awaits_update: false,
            refuse_renegotiation: false,
            messages: Assembler::default(),
            alerts,
            counters: Counters::default(),
        }
    }

    /// The same once more; `None` when its keys or what remains of the handshake cannot be copied.
    #[cfg(feature = "testing")]
    pub(crate) fn copied(&self) -> Option<Self> {
        Some(Self {
            backend: self.backend.clone(),
            tx: self.tx.copied(&self.backend)?,
            rx: self.rx.copied(&self.backend)?,
            post: self.post.copied()?,
            messages: self.messages.clone(),
            alerts: self.alerts.clone(),
            counters: self.counters.clone(),
            ..*self
        })
    }

    #[inline]
    pub(crate) fn version(&self) -> SslProtocol {
        self.tx.version()
    }

    /// The header of the next record, once it is complete.
    #[inline]
    pub(crate) fn header(&self, raw: &[u8]) -> Result<Option<Header>, Failure> {
        Header::read_later(raw, self.rx.max_body())
    }

    /// The most plaintext one of our records carries.
    #[inline]
    pub(crate) fn max_payload(&self) -> usize {
        usize::from(self.max_payload)
    }

    /// Room that sealing `payload` bytes may need.
    #[inline]
    pub(crate) fn room_for(&self, payload: usize) -> usize {
        match self.can_seal() {
            true => payload + self.tx.overhead() + KEY_UPDATE_RECORD,
            false => usize::MAX,
        }
    }

    /// Whether there is somebody who has the key for what is sealed.
    #[inline]
    pub(crate) fn can_seal(&self) -> bool {
        #[cfg(feature = "offload")]
        return !self.tx.is_untaken();
        #[cfg(not(feature = "offload"))]
        return true;
    }

    /// Whether our key can be renewed: in TLS 1.3, unless it is in the hands of others for good.
    #[inline]
    pub(crate) fn is_renewable(&self) -> bool {
        #[cfg(feature = "offload")]
        if self.tx.is_for_good() {
            return false;
        }
        self.version() == SslProtocol::TlsV1_3
    }

    /// The same for as many records as `payload` bytes take.
    pub(crate) fn room_for_all(&self, payload: usize) -> usize {
        let most = self.max_payload();
        let full = (payload / most).saturating_mul(self.room_for(most));
        full.saturating_add(self.room_for(payload % most))
    }

    /// Whether something must be sealed or done about our keys.
    #[inline]
    pub(crate) fn has_work(&self) -> bool {
        self.has_pending() || self.is_exhausted()
    }

    /// Whether a KeyUpdate or an alert of our own waits to be sealed.
    #[inline]
    pub(crate) fn has_pending(&self) -> bool {
        self.own_update != OwnUpdate::None || self.refuse_renegotiation
    }

    /// A key that cannot be renewed, as in TLS 1.2: at the limit it closes (one record is kept for that).
    #[inline]
    pub(crate) fn is_exhausted(&self) -> bool {
        self.tx.seq() >= self.records_per_key - 1 && !self.is_renewable()
    }

    /// Asks for new keys in both directions.
    pub(crate) fn request_update(&mut self) {
        self.own_update = OwnUpdate::Requesting;
    }

    /// Seals one record of application data behind what waits in `out`. The caller has checked
    /// that `room_for(payload.len())` is free. Returns how much of it was sealed, none while nobody has
    /// the key, and whether our key was renewed on the way.
    #[inline]
    pub(crate) fn seal_data(
        &mut self,
        payload: &[u8],
        out: &mut TransmitBuffer,
    ) -> Result<(usize, bool), Failure> {
        let renewed = self.seal_due(out)?;
        if !self.can_seal() {
            return Ok((0, renewed));
        }
        self.seal_inline(ContentType::ApplicationData, payload, out)
            .map_err(|_| engine_failure())?;
        self.unused_key = false;
        Ok((payload.len(), renewed))
    }

    /// The same for up to `len` bytes that `fill` puts in place, and of which it says how many there
    /// are; of none there is no record. Returns that, too.
    pub(crate) fn seal_filled(
        &mut self,
        len: usize,
        fill: impl FnOnce(&mut [u8]) -> usize,
        out: &mut TransmitBuffer,
    ) -> Result<(usize, bool), Failure> {
        let renewed = self.seal_due(out)?;
        if !self.can_seal() {
            return Ok((0, renewed));
        }
        let overhead = self.tx.overhead();
        let space = out.reserve(len + overhead).ok_or_else(engine_failure)?;
        let filled = self
            .tx
            .seal_filled(ContentType::ApplicationData, fill, space);
        let filled = filled.map_err(|_| {
            wipe(space);
            engine_failure()
        })?;
        if filled > 0 {
            out.commit(filled + overhead);
            self.unused_key = false;
        }
        Ok((filled, renewed))
    }

    /// Seals what is due before application data. Whether our key was renewed.
    fn seal_due(&mut self, out: &mut TransmitBuffer) -> Result<bool, Failure> {
        self.renew_if_used_up();
        Ok(self.has_pending() && self.seal_pending(out)?)
    }

    /// At the limit of our key, in TLS 1.3, the next is due.
    #[inline]
    fn renew_if_used_up(&mut self) {
        if self.version() == SslProtocol::TlsV1_3 && self.tx.seq() >= self.records_per_key - 1 {
            self.own_update = match self.own_update {
                OwnUpdate::None => OwnUpdate::Quiet,
                pending => pending,
            };
        }
    }

    /// Seals what waits on our own account. Returns whether our key was renewed.
    pub(crate) fn seal_pending(&mut self, out: &mut TransmitBuffer) -> Result<bool, Failure> {
        if core::mem::take(&mut self.refuse_renegotiation) {
            self.seal_alert(Alert::NoRenegotiation, out)?;
        }
        let request = match self.own_update {
            OwnUpdate::None => return Ok(false),
            OwnUpdate::Quiet => 0,
            OwnUpdate::Requesting => 1,
        };
        // The next key first: should there be none, the peer is told so under the one that it has.
        self.check_renewable()?;
        let material = self.post.next_transmit_key()?;
        let next = self
            .tx
            .renewed(&self.backend, &material)
            .map_err(|_| engine_failure())?;
        self.seal(
            ContentType::Handshake,
            &[kind::KEY_UPDATE, 0, 0, 1, request],
            out,
        )?;
        self.tx = next;
        match core::mem::replace(&mut self.own_update, OwnUpdate::None) {
            OwnUpdate::Requesting => self.awaits_update = true,
            OwnUpdate::Quiet | OwnUpdate::None => self.unused_key = true,
        }
        Ok(true)
    }

    /// The peer wants our next key, and who has this one could not take it.
    fn check_renewable(&self) -> Result<(), Failure> {
        match self.is_renewable() {
            true => Ok(()),
            false => Err(not_renewed()),
        }
    }

    /// Seals an alert. It always fits: the buffer keeps headroom for it, and while the last flight
    /// is not yet in the buffer, it goes behind that.
    pub(crate) fn seal_alert(
        &mut self,
        alert: Alert,
        out: &mut TransmitBuffer,
    ) -> Result<(), Failure> {
        if !self.can_seal() {
            return Err(engine_failure());
        }
        let body = alert.encode();
        if out.has_backlog() {
            let mut record = alloc::vec![0; body.len() + self.tx.overhead()];
            self.tx
                .seal(ContentType::Alert, &body, &mut record)
                .map_err(|_| engine_failure())?;
            out.append_flight(&record);
        } else {
            self.seal(ContentType::Alert, &body, out)?;
        }
        out.mark_alert(alert);
        Ok(())
    }

    fn seal(
        &mut self,
        content: ContentType,
        payload: &[u8],
        out: &mut TransmitBuffer,
    ) -> Result<(), Failure> {
        self.seal_inline(content, payload, out)
            .map_err(|_| engine_failure())
    }

    /// The same, for data: calls cost as much as the rest of a small record.
    #[inline(always)]
    fn seal_inline(
        &mut self,
        content: ContentType,
        payload: &[u8],
        out: &mut TransmitBuffer,
    ) -> Result<(), AeadError> {
        let len = payload.len() + self.tx.overhead();
        let space = out.reserve(len).ok_or(AeadError)?;
        if let Err(error) = self.tx.seal(content, payload, space) {
            wipe(space);
            return Err(error);
        }
        out.commit(len);
        Ok(())
    }

    /// Opens one whole record in place and does what it says.
    #[inline]
    pub(crate) fn open(
        &mut self,
        header: Header,
        record: &mut [u8],
        now: Now,
    ) -> Result<Opened, Failure> {
        let (content, range) = self.rx.open(header, record)?;
        let body = &record[range.clone()];
        if !self.messages.is_empty() && content != ContentType::Handshake {
            return Err(unexpected("another record inside a fragmented message"));
        }
        if body.is_empty() {
            if content != ContentType::ApplicationData {
                return Err(unexpected("an empty record that is not application data"));
            }
            count(
                &mut self.counters.empty_records,
                limits::EMPTY_RECORDS,
                Repeated::EmptyRecords,
                Alert::UnexpectedMessage,
            )?;
            return Ok(Opened::Nothing);
        }
        match content {
            ContentType::ApplicationData => {
                self.counters.empty_records = 0;
                self.counters.key_updates = 0;
                Ok(Opened::Data(range))
            }
            ContentType::Alert => Ok(match self.alerts.read(body, Some(self.rx.version()))? {
                Notice::CloseNotify => Opened::CloseNotify,
                Notice::Warning(alert) => Opened::Warning(alert),
            }),
            ContentType::Handshake => self.messages(body, now),
            ContentType::ChangeCipherSpec => {
                Err(unexpected("ChangeCipherSpec after the handshake"))
            }
        }
    }

    /// Processes the messages in `content`, continuing the one begun before.
    fn messages(&mut self, content: &[u8], now: Now) -> Result<Opened, Failure> {
        let mut seen = Messages::default();
        let mut rest = content;
        while !rest.is_empty() {
            rest = match self.messages.add(rest, limits::POST_HANDSHAKE_MESSAGE)? {
                Piece::Whole(len) => {
                    let (message, later) = rest.split_at(len);
                    self.message(message, later.is_empty(), now, &mut seen)?;
                    later
                }
                Piece::Completed(len) => {
                    let message = self.messages.take();
                    let later = &rest[len..];
                    self.message(&message[FRAME..], later.is_empty(), now, &mut seen)?;
                    later
                }
                Piece::Incomplete => &[],
            };
        }
        Ok(Opened::Messages(seen))
    }

    fn message(
        &mut self,
        message: &[u8],
        is_last: bool,
        now: Now,
        seen: &mut Messages,
    ) -> Result<(), Failure> {
        let (header, body) = message
            .split_at_checked(MESSAGE_HEADER)
            .ok_or_else(|| malformed("a handshake message has a header"))?;
        match (self.version(), header[0]) {
            (SslProtocol::TlsV1_3, kind::KEY_UPDATE) => {
                seen.key_updated = true;
                self.key_update(body, is_last)
            }
            (SslProtocol::TlsV1_3, kind::NEW_SESSION_TICKET) if self.post.takes_tickets() => {
                count(
                    &mut self.counters.tickets,
                    limits::SESSION_TICKETS,
                    Repeated::SessionTickets,
                    Alert::UnexpectedMessage,
                )?;
                seen.tickets += 1;
                seen.ticket_lifetime = self.post.session_ticket(body, now)?;
                Ok(())
            }
            (SslProtocol::TlsV1_2, kind::HELLO_REQUEST) if self.is_client => self.renegotiation(),
            (SslProtocol::TlsV1_2, kind::CLIENT_HELLO) if !self.is_client => self.renegotiation(),
            (_, other) => Err(unexpected(format_args!("handshake message {other}"))),
        }
    }

    fn key_update(&mut self, body: &[u8], is_last: bool) -> Result<(), Failure> {
        // RFC 8446 §5.1: a message before a key change must end its record.
        if !is_last {
            return Err(unexpected(
                "KeyUpdate is not the last message in its record",
            ));
        }
        let respond = match body {
            [0] => false,
            [1] => true,
            [_] => {
                return Err(Failure::new(
                    FailureKind::PeerMisbehaved,
                    Alert::IllegalParameter,
                ));
            }
            _ => return Err(malformed("a KeyUpdate has one byte")),
        };
        // What we asked for is not repeated for free: a peer that only listens answers no data.
        if !core::mem::take(&mut self.awaits_update) {
            count(
                &mut self.counters.key_updates,
                limits::KEY_UPDATES,
                Repeated::KeyUpdates,
                Alert::UnexpectedMessage,
            )?;
        }
        #[cfg(feature = "offload")]
        if self.rx.is_for_good() {
            return Err(not_renewed());
        }
        let material = self.post.next_receive_key()?;
        self.rx = self
            .rx
            .renewed(&self.backend, &material)
            .map_err(|_| engine_failure())?;
        // Who "receives multiple KeyUpdates while it is silent" is to "respond with a single update"
        // (RFC 8446 §4.6.3): what we send next is under a key that protects nothing yet. It is for
        // what we have sent to decide that, and not for how much of it has left: the answer does
        // not depend on how the requests arrive (rule R3).
        if respond && self.own_update == OwnUpdate::None && !self.unused_key {
            self.own_update = OwnUpdate::Quiet;
        }
        Ok(())
    }

    fn renegotiation(&mut self) -> Result<(), Failure> {
        count(
            &mut self.counters.renegotiation_requests,
            limits::RENEGOTIATION_REQUESTS,
            Repeated::RenegotiationRequests,
            Alert::UnexpectedMessage,
        )?;
        self.refuse_renegotiation = true;
        Ok(())
    }
}

fn unexpected(detail: impl core::fmt::Display) -> Failure {
    Failure::new(FailureKind::UnexpectedMessage, Alert::UnexpectedMessage).because(detail)
}

#[cold]
fn not_renewed() -> Failure {
    Failure::new(FailureKind::KeysNotRenewed, Alert::InternalError)
}

fn malformed(detail: &str) -> Failure {
    Failure::new(FailureKind::MalformedMessage, Alert::DecodeError).because(detail)
}

#[cold]
fn engine_failure() -> Failure {
    Failure::new(FailureKind::Engine, Alert::InternalError).because("a record could not be sealed")
}

#[cfg(all(test, feature = "ring"))]
mod tests;
