//! What a peer sends during the handshake: records in, whole messages to the engine.
//!
//! No engine sees a record of the peer's. It is given whole handshake messages, told of a
//! ChangeCipherSpec, and says how the peer's records are protected from then on; alerts, order, and
//! where records end are decided here. So nothing depends on how a peer cuts its messages.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::Range;

use super::{Engine, Message};
use crate::alert::Alert;
use crate::buffer::ReceiveBuffer;
use crate::crypto::TAG_LEN;
use crate::failure::{Failure, FailureKind, Repeated};
use crate::limits;
use crate::protocol::SslProtocol;
use crate::record::alerts::{Alerts, Notice};
use crate::record::header::{ContentType, HEADER_LEN, Header, MAX_BODY_TLS13, MAX_PLAINTEXT};
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
    /// Whether the peer has spoken TLS.
    heard: bool,
    /// How the peer's records are protected: not at all in the beginning.
    keys: Option<Keys>,
    /// Whether nothing more is read.
    is_over: bool,
    seen: Seen,
}

/// What was read and has consequences for what is read next.
#[derive(Default)]
struct Seen {
    messages: Assembler,
    alerts: Alerts,
    change_cipher_specs: u32,
    /// Early data that was dropped unread, in bytes.
    refused: usize,
}

/// The peer's protection, and what it has opened.
struct Keys {
    protection: Box<Protection>,
    /// Whether any record was opened.
    has_opened: bool,
    /// The record at the front, when it is open and no engine has seen all of it.
    opened: Option<Opened>,
}

/// A record that is open where it lies.
struct Opened {
    /// What is left of it, with what protected it at its end.
    header: Header,
    /// So much of that is content.
    unread: usize,
}

/// Who is told: the engine, the time, and what it wants to send.
pub(crate) struct Listener<'a> {
    pub(crate) engine: &'a mut dyn Engine,
    pub(crate) now: Now,
    pub(crate) flight: &'a mut Vec<u8>,
    /// The most bytes of a message.
    pub(crate) max: usize,
}

/// The only message of TLS 1.2 that is protected in a first handshake: Finished (RFC 5246 §7.4.9).
const TLS12_FINISHED: usize = MESSAGE_HEADER + 12;

/// What protection adds to early data: its content type and the tag.
const EARLY_OVERHEAD: usize = 1 + TAG_LEN;

impl Inbound {
    /// `heard` is whether the peer has spoken TLS before.
    pub(crate) fn new(heard: bool) -> Self {
        Self {
            heard,
            keys: None,
            is_over: false,
            seen: Seen::default(),
        }
    }

    /// Reads one record, or one message of a record that carries several, and lets the engine have
    /// it.
    pub(crate) fn read(
        &mut self,
        receive: &mut ReceiveBuffer,
        mut listener: Listener<'_>,
    ) -> Result<Read, Failure> {
        if self.is_over {
            return Err(unexpected("a record behind the last of the handshake"));
        }
        self.follow(listener.engine)?;
        let messages = &mut self.seen.messages;
        if let Some((keys, opened)) = self.keys.as_mut().and_then(Keys::take_opened) {
            let record = receive.raw_mut();
            let content = HEADER_LEN..HEADER_LEN + opened.unread;
            let header = opened.header;
            let done = keys.next_message(header, record, content, messages, &mut listener)?;
            receive.skip_content(header, done);
            return Ok(Read::Worked);
        }
        let raw = receive.raw_mut();
        let largest = self.largest(listener.engine);
        let header = match whole_record(raw, largest, self.heard)? {
            Ok(header) => header,
            Err(needed) => return Ok(Read::Starved(needed)),
        };
        self.heard = true;
        // Application data may be sealed under keys that nobody has here.
        if self.keys.is_none() && header.content != ContentType::ApplicationData {
            check_clear(header)?;
        }
        let record = &mut raw[..header.record_len()];
        let content = HEADER_LEN..header.record_len();
        let seen = &mut self.seen;
        let mut done = header.body;
        let mut read = Read::Worked;
        match (&mut self.keys, header.content) {
            (keys, ContentType::ChangeCipherSpec) => {
                // RFC 8446 §5, RFC 5246 §7.1: one byte, which is 1; in TLS 1.2 it comes once.
                let again = keys.as_ref().is_some_and(|keys| !keys.is_tls13());
                if again || record[content] != [1] || !seen.messages.is_empty() {
                    return Err(unexpected("a ChangeCipherSpec that has no place here"));
                }
                seen.count_change_cipher_spec()?;
                listener.change_cipher_spec(record)?;
            }
            (None, ContentType::Alert) => {
                read = seen.alert(&record[content], listener.engine.settled())?;
            }
            (None, ContentType::Handshake) => {
                done = listener.pass_on(&mut seen.messages, record, content, None)?;
            }
            (None, ContentType::ApplicationData) => {
                if !seen.messages.is_empty() || !listener.engine.refuses_early_data() {
                    return Err(unexpected("application data before the handshake"));
                }
                seen.refuse(header)?;
            }
            (Some(keys), _) => (read, done) = keys.read(header, record, seen, &mut listener)?,
        }
        receive.skip_content(header, done);
        Ok(read)
    }

    /// Lets go of the peer's protection: what comes next is under keys that nobody has here.
    pub(crate) fn end(&mut self) {
        self.keys = None;
        self.is_over = true;
    }

    /// The peer's protection, with the number of records that were opened, and its alerts so far.
    pub(crate) fn into_parts(self) -> (Option<Protection>, Alerts) {
        let protection = self.keys.map(|keys| *keys.protection);
        (protection, self.seen.alerts)
    }

    /// The largest record body that may come now.
    fn largest(&mut self, engine: &dyn Engine) -> usize {
        let sizes = engine.record_sizes();
        match &mut self.keys {
            Some(keys) => {
                keys.protection.set_max_content(sizes.received);
                // Early data was sent before anything was agreed upon (RFC 8449 §4).
                match !keys.has_opened && engine.refuses_early_data() {
                    true => MAX_BODY_TLS13,
                    false => keys.protection.max_body(),
                }
            }
            None if sizes.in_the_clear => sizes.received,
            // In the clear it is less, but for data that nobody here can open (RFC 8446 §4.2.10).
            None => MAX_BODY_TLS13,
        }
    }

    /// New keys, if the last word brought some. Nothing is carried across.
    fn follow(&mut self, engine: &mut dyn Engine) -> Result<(), Failure> {
        if let Some(protection) = engine.take_read_protection() {
            let keys = self.keys.as_ref();
            if keys.is_some_and(|keys| keys.opened.is_some()) || !self.seen.messages.is_empty() {
                return Err(unexpected("a handshake message across a change of keys"));
            }
            self.keys = Some(Keys::new(protection));
        }
        Ok(())
    }
}

impl Seen {
    fn alert(&mut self, content: &[u8], version: Option<SslProtocol>) -> Result<Read, Failure> {
        if !self.messages.is_empty() {
            return Err(unexpected("an alert inside a handshake message"));
        }
        match self.alerts.read(content, version)? {
            Notice::Warning(alert) => Ok(Read::Warned(alert)),
            Notice::CloseNotify => Err(Failure::silent(FailureKind::ClosedDuringHandshake)),
        }
    }

    fn count_change_cipher_spec(&mut self) -> Result<(), Failure> {
        self.change_cipher_specs += 1;
        match self.change_cipher_specs > limits::CHANGE_CIPHER_SPECS {
            true => Err(Failure::new(
                FailureKind::TooMuchOf(Repeated::ChangeCipherSpecs),
                Alert::UnexpectedMessage,
            )),
            false => Ok(()),
        }
    }

    /// Counts early data that is dropped: what cannot be early data, too, since it is as free.
    fn refuse(&mut self, header: Header) -> Result<(), Failure> {
        self.refused += header.body.saturating_sub(EARLY_OVERHEAD).max(1);
        match self.refused > limits::REFUSED_EARLY_DATA {
            true => Err(unexpected("more early data than anybody allowed")),
            false => Ok(()),
        }
    }
}

impl Keys {
    fn new(protection: Box<Protection>) -> Self {
        Self {
            protection,
            has_opened: false,
            opened: None,
        }
    }

    /// What is left of the record at the front, if it is open.
    fn take_opened(&mut self) -> Option<(&mut Self, Opened)> {
        let opened = self.opened.take()?;
        Some((self, opened))
    }

    fn is_tls13(&self) -> bool {
        self.protection.version() == SslProtocol::TlsV1_3
    }

    /// Reads a protected record. Says, too, how many bytes of its body are done with.
    fn read(
        &mut self,
        header: Header,
        record: &mut [u8],
        seen: &mut Seen,
        listener: &mut Listener<'_>,
    ) -> Result<(Read, usize), Failure> {
        let version = Some(self.protection.version());
        if header.content == ContentType::Alert && self.admits_clear_alert(header) {
            let read = seen.alert(&record[HEADER_LEN..], version)?;
            return Ok((read, header.body));
        }
        match self.protection.open(header, record) {
            Ok((ContentType::Handshake, content)) => {
                self.has_opened = true;
                let held = seen.messages.len() + content.len();
                if !self.is_tls13() && held > TLS12_FINISHED {
                    return Err(unexpected("more than Finished behind ChangeCipherSpec"));
                }
                let messages = &mut seen.messages;
                let done = self.next_message(header, record, content, messages, listener)?;
                Ok((Read::Worked, done))
            }
            Ok((ContentType::Alert, content)) => {
                self.has_opened = true;
                let read = seen.alert(&record[content], version)?;
                Ok((read, header.body))
            }
            Ok((ContentType::ApplicationData | ContentType::ChangeCipherSpec, _)) => {
                Err(unexpected("a record that has no place in a handshake"))
            }
            // RFC 8446 §4.2.10: what cannot be opened is early data that nobody allowed.
            Err(failure)
                if failure.kind == FailureKind::BadRecordMac
                    && !self.has_opened
                    && listener.engine.refuses_early_data() =>
            {
                seen.refuse(header)?;
                Ok((Read::Worked, header.body))
            }
            Err(failure) => Err(failure),
        }
    }

    /// A TLS 1.3 peer that could not follow us has no keys for the alert that says so, and has sent
    /// nothing under them.
    fn admits_clear_alert(&self, header: Header) -> bool {
        self.is_tls13() && !self.has_opened && header.body <= 2
    }

    /// Passes the first message on that is in this content of the record. Says how many bytes of the record's
    /// body are done with: of what is left, the content is next.
    fn next_message(
        &mut self,
        header: Header,
        record: &mut [u8],
        content: Range<usize>,
        messages: &mut Assembler,
        listener: &mut Listener<'_>,
    ) -> Result<usize, Failure> {
        let (start, len) = (content.start - HEADER_LEN, content.len());
        let passed = listener.pass_on(messages, record, content, Some(&self.protection))?;
        if passed == len {
            return Ok(header.body);
        }
        let done = start + passed;
        self.opened = Some(Opened {
            header: Header {
                body: header.body - done,
                ..header
            },
            unread: len - passed,
        });
        Ok(done)
    }
}

impl Listener<'_> {
    fn change_cipher_spec(&mut self, record: &mut [u8]) -> Result<(), Failure> {
        self.engine
            .change_cipher_spec(record, self.now, self.flight)
    }

    /// Passes the first message on that is in `content`, if it is whole by now. The content lies in
    /// `record`, with room in front. Says how many bytes of it are done with.
    fn pass_on(
        &mut self,
        messages: &mut Assembler,
        record: &mut [u8],
        content: Range<usize>,
        protection: Option<&Protection>,
    ) -> Result<usize, Failure> {
        let all = content.len();
        let mut assembled;
        let (framed, done) = match messages.add(&record[content.clone()], self.max)? {
            Piece::Whole(len) => (&mut record[content.start - FRAME..content.start + len], len),
            Piece::Completed(len) => {
                assembled = messages.take();
                (&mut assembled[..], len)
            }
            Piece::Incomplete => return Ok(all),
        };
        let message = Message {
            framed,
            last: done == all,
            protection,
        };
        self.engine.message(message, self.now, self.flight)?;
        Ok(done)
    }
}

/// The header of the record at the front if all of it is there, and how many bytes it has if not.
/// `heard` is whether the peer has spoken TLS before.
pub(crate) fn whole_record(
    raw: &[u8],
    largest: usize,
    heard: bool,
) -> Result<Result<Header, usize>, Failure> {
    let header = match heard {
        true => Header::read_later(raw, largest)?,
        false => Header::read(raw, largest)?,
    };
    Ok(match header {
        Some(header) if raw.len() >= header.record_len() => Ok(header),
        Some(header) => Err(header.record_len()),
        None => Err(HEADER_LEN),
    })
}

/// A record in the clear carries at most 2^14 bytes (RFC 8446 §5.1).
fn check_clear(header: Header) -> Result<(), Failure> {
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

#[cfg(all(test, feature = "ring"))]
mod tests;
