//! What a peer sends during the handshake: records in, whole messages to the engine.
//!
//! No engine sees a record of the peer's. It is given whole handshake messages, told of a
//! ChangeCipherSpec, and says how the peer's records are protected from then on; alerts, order, and
//! where records end are decided here. So nothing depends on how a peer cuts its messages.

use alloc::vec::Vec;
use core::ops::Range;

use super::{Engine, Message};
use crate::alert::Alert;
use crate::buffer::ReceiveBuffer;
use crate::crypto::TAG_LEN;
use crate::failure::{Failure, FailureKind};
use crate::limits;
use crate::protocol::SslProtocol;
use crate::record::alerts::{Alerts, Notice};
use crate::record::header::{ContentType, HEADER_LEN, Header, MAX_BODY_TLS12, MAX_PLAINTEXT};
use crate::record::messages::{Assembler, FRAME, MESSAGE_HEADER, Piece};
use crate::record::protection::Protection;
use crate::time::Now;

/// What reading led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Read {
    /// The record at the front is not complete: it has so many bytes, as far as that is known.
    Starved(usize),
    /// One record's or one message's work was done.
    Worked,
    /// The peer sent a warning alert.
    Warned(Alert),
}

/// The reading side of a handshake.
pub(crate) struct Inbound {
    messages: Assembler,
    /// How the peer's records are protected: not at all in the beginning.
    keys: Option<Keys>,
    /// Early data that was dropped unread, in bytes.
    refused: usize,
    alerts: Alerts,
    max_message: usize,
}

/// The peer's protection, and what it has opened.
struct Keys {
    protection: Protection,
    /// Whether any record was opened.
    has_opened: bool,
    /// A copy of the last record, open, and what of its content no engine has seen yet.
    opened: Vec<u8>,
    unread: Range<usize>,
}

/// The only message of TLS 1.2 that is protected in a first handshake: Finished (RFC 5246 §7.4.9).
const TLS12_FINISHED: usize = MESSAGE_HEADER + 12;

/// What protection adds to early data: its content type and the tag.
const EARLY_OVERHEAD: usize = 1 + TAG_LEN;

impl Inbound {
    /// Reads messages of at most `max_message` bytes.
    pub(crate) fn new(max_message: usize) -> Self {
        Self {
            messages: Assembler::default(),
            keys: None,
            refused: 0,
            alerts: Alerts::default(),
            max_message,
        }
    }

    /// Reads one record, or one message of a record that carries several, and lets the engine have
    /// it.
    pub(crate) fn read(
        &mut self,
        receive: &mut ReceiveBuffer,
        engine: &mut dyn Engine,
        now: Now,
        flight: &mut Vec<u8>,
    ) -> Result<Read, Failure> {
        self.follow(engine)?;
        let mut tell = |message: Message<'_>| engine.message(message, now, flight);
        if let Some(keys) = self.keys.as_mut().filter(|keys| !keys.unread.is_empty()) {
            keys.next_message(&mut self.messages, self.max_message, &mut tell)?;
            return Ok(Read::Worked);
        }
        let raw = receive.raw_mut();
        let header = match whole_record(raw, self.largest())? {
            Ok(header) => header,
            Err(needed) => return Ok(Read::Starved(needed)),
        };
        let record = &mut raw[..header.record_len()];
        let content = &record[HEADER_LEN..];
        let mut read = Read::Worked;
        match (&mut self.keys, header.content) {
            (keys, ContentType::ChangeCipherSpec) => {
                // RFC 8446 §5, RFC 5246 §7.1: one byte, which is 1; in TLS 1.2 it comes once.
                let again = keys.as_ref().is_some_and(|keys| !keys.is_tls13());
                if again || content != [1] || !self.messages.is_empty() {
                    return Err(unexpected("a ChangeCipherSpec that has no place here"));
                }
                engine.change_cipher_spec(record, now, flight)?;
            }
            (None, ContentType::Alert) => read = self.alert(content, None)?,
            (Some(keys), ContentType::Alert) if keys.admit_clear_alert(header) => {
                read = self.alert(content, Some(SslProtocol::TlsV1_3))?;
            }
            (None, ContentType::Handshake) => {
                check_clear(header)?;
                let end = record.len();
                let done = pass_on(
                    &mut self.messages,
                    self.max_message,
                    record,
                    HEADER_LEN..end,
                    None,
                    &mut tell,
                )?;
                receive.skip_content(header, done);
                return Ok(Read::Worked);
            }
            (Some(keys), _) => match keys.open(header, record) {
                Ok(ContentType::Handshake) => {
                    let held = self.messages.len() + keys.unread.len();
                    if !keys.is_tls13() && held > TLS12_FINISHED {
                        return Err(unexpected("more than Finished behind ChangeCipherSpec"));
                    }
                    keys.next_message(&mut self.messages, self.max_message, &mut tell)?;
                }
                Ok(ContentType::Alert) => {
                    let version = keys.protection.version();
                    let content = keys.take_content();
                    read = self.alert(&content, Some(version))?;
                }
                Ok(ContentType::ApplicationData | ContentType::ChangeCipherSpec) => {
                    return Err(unexpected("a record that has no place in a handshake"));
                }
                // RFC 8446 §4.2.10: what cannot be opened is early data that nobody allowed.
                Err(failure)
                    if failure.kind == FailureKind::BadRecordMac
                        && !keys.has_opened
                        && engine.refuses_early_data() =>
                {
                    self.refuse(header)?;
                }
                Err(failure) => return Err(failure),
            },
            (None, ContentType::ApplicationData) => {
                if !self.messages.is_empty() || !engine.refuses_early_data() {
                    return Err(unexpected("application data before the handshake"));
                }
                self.refuse(header)?;
            }
        }
        receive.skip(header.record_len());
        Ok(read)
    }

    /// The peer's protection, with the number of records that were opened.
    pub(crate) fn into_protection(self) -> Option<Protection> {
        self.keys.map(|keys| keys.protection)
    }

    /// The largest record body that may come now.
    fn largest(&self) -> usize {
        match &self.keys {
            Some(keys) => keys.protection.max_body(),
            None => MAX_BODY_TLS12,
        }
    }

    fn alert(&mut self, content: &[u8], version: Option<SslProtocol>) -> Result<Read, Failure> {
        if !self.messages.is_empty() {
            return Err(unexpected("an alert inside a handshake message"));
        }
        match self.alerts.read(content, version)? {
            Notice::Warning(alert) => Ok(Read::Warned(alert)),
            Notice::CloseNotify => Err(Failure::silent(FailureKind::ClosedDuringHandshake)),
        }
    }

    /// Counts early data that is dropped.
    fn refuse(&mut self, header: Header) -> Result<(), Failure> {
        // An empty record is not free either (rule R10).
        self.refused += header.body.saturating_sub(EARLY_OVERHEAD).max(1);
        match self.refused > limits::REFUSED_EARLY_DATA {
            true => Err(unexpected("more early data than anybody allowed")),
            false => Ok(()),
        }
    }

    /// New keys, if the last word brought some. Nothing is carried across.
    fn follow(&mut self, engine: &mut dyn Engine) -> Result<(), Failure> {
        if let Some(protection) = engine.take_read_protection() {
            let unread = self
                .keys
                .as_ref()
                .is_some_and(|keys| !keys.unread.is_empty());
            if unread || !self.messages.is_empty() {
                return Err(unexpected("a handshake message across a change of keys"));
            }
            self.keys = Some(Keys::new(protection));
        }
        Ok(())
    }
}

impl Keys {
    fn new(protection: Protection) -> Self {
        Self {
            protection,
            has_opened: false,
            opened: Vec::new(),
            unread: 0..0,
        }
    }

    fn is_tls13(&self) -> bool {
        self.protection.version() == SslProtocol::TlsV1_3
    }

    /// A TLS 1.3 peer that could not follow us has no keys for the alert that says so, and has sent
    /// nothing under them.
    fn admit_clear_alert(&self, header: Header) -> bool {
        self.is_tls13() && !self.has_opened && header.body <= 2
    }

    /// Opens a copy of the record. Its content is unread then.
    fn open(&mut self, header: Header, record: &[u8]) -> Result<ContentType, Failure> {
        let mut copy = record.to_vec();
        let (content, range) = self.protection.open(header, &mut copy)?;
        self.has_opened = true;
        self.opened = copy;
        self.unread = range;
        Ok(content)
    }

    fn take_content(&mut self) -> Vec<u8> {
        let mut opened = core::mem::take(&mut self.opened);
        let unread = core::mem::take(&mut self.unread);
        opened.truncate(unread.end);
        opened.drain(..unread.start);
        opened
    }

    fn next_message(
        &mut self,
        messages: &mut Assembler,
        max: usize,
        tell: &mut Tell<'_>,
    ) -> Result<(), Failure> {
        let unread = self.unread.clone();
        let protection = Some(&self.protection);
        self.unread.start += pass_on(messages, max, &mut self.opened, unread, protection, tell)?;
        if self.unread.is_empty() {
            self.opened = Vec::new();
        }
        Ok(())
    }
}

/// Tells the engine a message.
type Tell<'a> = dyn FnMut(Message<'_>) -> Result<(), Failure> + 'a;

/// Tells the first message in `content`, which lies in `record` with room in front, if it is whole
/// by now. Says how many bytes of the content are done with.
fn pass_on(
    messages: &mut Assembler,
    max: usize,
    record: &mut [u8],
    content: Range<usize>,
    protection: Option<&Protection>,
    tell: &mut Tell<'_>,
) -> Result<usize, Failure> {
    let all = content.len();
    let mut assembled;
    let (framed, done) = match messages.add(&record[content.clone()], max)? {
        Piece::Whole(len) => (&mut record[content.start - FRAME..content.start + len], len),
        Piece::Completed(len) => {
            assembled = messages.take();
            (&mut assembled[..], len)
        }
        Piece::Incomplete => return Ok(all),
    };
    tell(Message {
        framed,
        last: done == all,
        protection,
    })?;
    Ok(done)
}

/// The header of the record at the front if all of it is there, and how many bytes it has if not.
pub(crate) fn whole_record(raw: &[u8], largest: usize) -> Result<Result<Header, usize>, Failure> {
    Ok(match Header::read(raw, largest)? {
        Some(header) if raw.len() >= header.record_len() => Ok(header),
        Some(header) => Err(header.record_len()),
        None => Err(HEADER_LEN),
    })
}

/// A record in the clear carries at most 2^14 bytes (RFC 8446 §5.1).
pub(crate) fn check_clear(header: Header) -> Result<(), Failure> {
    match header.body > MAX_PLAINTEXT {
        true => Err(Failure::new(
            FailureKind::RecordTooLarge,
            Alert::RecordOverflow,
        )),
        false => Ok(()),
    }
}

fn unexpected(detail: &str) -> Failure {
    Failure::new(FailureKind::UnexpectedMessage, Alert::UnexpectedMessage).because(detail)
}
