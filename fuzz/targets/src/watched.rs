//! A connection whose rules are looked after: what it does is held against [`sslcore::rules`] after
//! every call.

use sslcore::{Alert, Event, FailureKind, Limits, Progress, ReadEnd, SslMode};

use crate::configs::{at, at_unknown};
use crate::depth;
use crate::end::End;

/// The longest record with one alert: header, explicit nonce, alert, inner type, tag.
const ALERT_RECORD: u64 = 5 + 8 + 2 + 1 + 16;
const RECORD: usize = 16 * 1024;
const NO_RENEGOTIATION: Option<Alert> = Some(Alert::NoRenegotiation);

/// What applications write, and so much of it that no other bytes are the same by chance.
const WRITTEN: u8 = b'w';
const RUN: usize = 16;

#[cfg(test)]
thread_local! {
    /// Whether a fault is made up at the end of a connection.
    pub(crate) static BREAKS: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// A connection and what it did so far.
pub(crate) struct Watched {
    pub(crate) conn: End,
    limits: Limits,
    /// The largest `read_buffer_size` that it had.
    readable: usize,
    pub(crate) millis: u64,
    /// Sealed bytes that the transport took.
    taken: u64,
    encrypted: bool,
    pub(crate) failed: Option<FailureKind>,
    pub(crate) peer_closed: bool,
    pub(crate) closed: bool,
    fatal_alerts: u32,
    /// What it had said when a decision was opened.
    held: Option<u64>,
    /// What it had said when the application refused.
    refused: Option<u64>,
    /// The application has ended it.
    pub(crate) ended: bool,
    pub(crate) eof: bool,
    pub(crate) reset: bool,
    /// Nothing can be sent any more.
    pub(crate) cut: bool,
    /// What was read from it encrypted.
    pub(crate) heard: usize,
    /// The keys of one direction were renewed.
    pub(crate) renewed: bool,
    /// The application was asked for a signature.
    pub(crate) is_asked_to_sign: bool,
    /// The application has written before TLS.
    in_clear: bool,
    /// What day it is is known.
    pub(crate) has_wall_clock: bool,
    /// What it has told, but for how many bytes were taken of it.
    pub(crate) told: Vec<Event>,
}

impl Watched {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            conn: End::new(limits),
            limits,
            readable: limits.read_buffer_size.max(1),
            millis: 1,
            taken: 0,
            encrypted: false,
            failed: None,
            peer_closed: false,
            closed: false,
            fatal_alerts: 0,
            held: None,
            refused: None,
            ended: false,
            eof: false,
            reset: false,
            cut: false,
            heard: 0,
            renewed: false,
            is_asked_to_sign: false,
            in_clear: false,
            has_wall_clock: true,
            told: Vec::new(),
        }
    }

    /// The same once more, which is not recorded.
    pub(crate) fn copied(&self) -> Self {
        let (conn, told) = (self.conn.copied(), self.told.clone());
        Self {
            conn,
            told,
            ..*self
        }
    }

    /// The alert that its failure has.
    fn fatal(&self) -> Option<Alert> {
        self.conn.failure().and_then(|it| it.alert())
    }

    fn is_tls(&self) -> bool {
        self.conn.mode() != SslMode::Unencrypted
    }

    /// Whether the transport has taken something of its TLS.
    pub(crate) fn answered(&self) -> bool {
        self.taken > 0
    }

    pub(crate) fn was_encrypted(&self) -> bool {
        self.encrypted
    }

    fn is_held(&self) -> bool {
        self.conn.review().is_some()
            || self.conn.config_request().is_some()
            || self.conn.psk_request().is_some()
            || self.conn.signature_request().is_some()
    }

    /// All that it has sealed, or said in the clear of its handshake: what was released before may
    /// still wait for the transport while a decision is open.
    fn said(&self) -> u64 {
        self.taken + self.conn.encrypted_bytes_to_write() as u64
    }

    /// Notes that the application refuses a certificate, a client, or to sign.
    pub(crate) fn refuse(&mut self) {
        self.refused = Some(self.said());
    }

    pub(crate) fn set_read_buffer_size(&mut self, bytes: usize) {
        self.conn.set_read_buffer_size(bytes);
        self.readable = self.readable.max(bytes);
    }

    /// The application ends it by such a call.
    pub(crate) fn end_by(&mut self, how: fn(&mut End)) {
        how(&mut self.conn);
        self.ended = true;
        self.events();
        self.check();
    }

    /// The stream from the peer ends.
    pub(crate) fn receive_eof(&mut self) {
        self.conn.receive_eof();
        self.eof = true;
        self.events();
        self.check();
    }

    /// The stream is reset.
    pub(crate) fn receive_reset(&mut self) {
        self.conn.receive_reset();
        self.reset = true;
        self.events();
        self.check();
    }

    /// Nothing can be sent any more.
    pub(crate) fn transmit_failed(&mut self) {
        self.cut = true;
        self.end_by(End::transmit_failed);
    }

    /// Drains the events, and holds them against R4, R5 and R6.
    pub(crate) fn events(&mut self) {
        while let Some(event) = self.conn.poll_event() {
            self.event(event);
        }
    }

    pub(crate) fn event(&mut self, event: Event) {
        assert!(!self.closed, "behind Closed: {event:?}");
        if !matches!(event, Event::EncryptedBytesWritten(_)) {
            self.told.push(event);
        }
        match event {
            Event::EncryptedBytesWritten(n) => self.taken += n as u64,
            Event::Encrypted => {
                assert!(!self.encrypted, "R5: twice");
                assert!(self.failed.is_none(), "R5: after a failure");
                self.encrypted = true;
            }
            Event::Failed(kind) => {
                assert!(self.failed.is_none(), "R6: two failures");
                assert_eq!(self.conn.failure().map(|it| it.kind()), Some(kind));
                let ended = self.eof || self.reset;
                assert!(
                    kind != FailureKind::Truncated || ended,
                    "R4: while the stream is open"
                );
                assert!(
                    kind != FailureKind::Reset || self.reset || self.cut,
                    "R4: nobody has reset the stream"
                );
                self.failed = Some(kind);
            }
            Event::AlertSent(Alert::CloseNotify | Alert::UserCanceled) => {}
            // Warnings are sent without a failure, or were before it.
            Event::AlertSent(_) if self.conn.failure().is_none() => {}
            Event::AlertSent(Alert::NoRenegotiation) if self.fatal() != NO_RENEGOTIATION => {}
            Event::AlertSent(alert) => {
                assert_eq!(self.fatal(), Some(alert), "R6");
                self.fatal_alerts += 1;
                assert!(self.fatal_alerts <= 1, "R6: two fatal alerts");
                assert!(self.conn.transmit().is_empty(), "R6: it has not left");
            }
            Event::KeysUpdated => self.renewed = true,
            Event::SignatureRequired(_) => self.is_asked_to_sign = true,
            Event::PeerClosed => self.peer_closed = true,
            Event::Closed(report) => {
                assert!(self.conn.is_over());
                assert!(
                    !(report.clean && self.failed.is_some()),
                    "R4: clean, and failed"
                );
                self.closed = true;
            }
            _ => {}
        }
    }

    /// What holds after every call.
    pub(crate) fn check(&mut self) {
        self.check_room();
        let conn = &self.conn;
        if !self.is_tls() {
            return;
        }
        if self.is_held() {
            assert!(
                conn.peek().is_empty(),
                "R1: plaintext while a decision is open"
            );
            assert!(!conn.is_encrypted(), "R1");
            let said = self.said();
            let held = *self.held.get_or_insert(said);
            assert!(said <= held || self.ended, "R1: {} bytes left", said - held);
        } else {
            self.held = None;
        }
        if !self.encrypted && !self.conn.is_encrypted() {
            assert!(self.conn.peek().is_empty(), "R2: readable before Encrypted");
        }
        if let (Some(refused), false) = (self.refused, self.ended) {
            let more = self.said().saturating_sub(refused);
            assert!(more <= ALERT_RECORD, "R1: {more} bytes behind a refusal");
        }
        assert!(self.failed.is_none() || !self.conn.is_encrypted(), "R6");
    }

    fn check_room(&self) {
        let (conn, limits) = (&self.conn, &self.limits);
        let flight = limits.max_handshake + 1024;
        assert!(
            conn.transmit().len() <= limits.transmit + flight,
            "R8: {conn:?}"
        );
        assert!(
            conn.bytes_available() <= self.readable + RECORD,
            "R8: {conn:?}"
        );
        assert!(
            conn.bytes_to_write() <= limits.queued + limits.transmit + 1024,
            "R8: {conn:?}"
        );
        let received = 3 * limits.max_handshake + 2 * RECORD + self.readable;
        assert!(conn.encrypted_bytes_available() <= received, "R8: {conn:?}");
        assert_eq!(conn.bytes_available(), conn.peek().len());
    }

    pub(crate) fn process(&mut self) -> Progress {
        let now = match self.has_wall_clock {
            true => at(self.millis),
            false => at_unknown(self.millis),
        };
        let progress = self.conn.process(now);
        self.events();
        self.check();
        progress
    }

    /// Processes until there is no more to do.
    pub(crate) fn settle(&mut self) {
        for _ in 0..100_000 {
            if self.process() == Progress::Idle {
                return;
            }
        }
        panic!("never idle: {:?}", self.conn);
    }

    /// Gives it bytes, and says how many it took.
    pub(crate) fn give(&mut self, bytes: &[u8]) -> usize {
        let taken = self.conn.receive(bytes).unwrap_or(bytes.len());
        self.check();
        taken
    }

    /// Takes at most so much of what it says.
    pub(crate) fn take(&mut self, most: usize) -> Vec<u8> {
        let n = most.min(self.conn.transmit().len());
        let bytes = self.conn.transmit()[..n].to_vec();
        self.transmitted(n);
        bytes
    }

    /// The application writes a run of one letter, which nothing that is not encrypted has.
    pub(crate) fn write(&mut self, n: usize) {
        self.in_clear |= !self.is_tls();
        _ = self.conn.write(&vec![WRITTEN; n]);
    }

    pub(crate) fn transmitted(&mut self, n: usize) {
        if self.is_tls() && !self.in_clear && !self.encrypted && !self.conn.is_encrypted() {
            let said = &self.conn.transmit()[..n];
            let leaks = said.windows(RUN).any(|run| *run == [WRITTEN; RUN]);
            assert!(!leaks, "R5: written data before Encrypted");
        }
        self.conn.transmitted(n).expect("transmit showed them");
        self.events();
        self.check();
    }

    pub(crate) fn read(&mut self, most: usize) -> Result<Vec<u8>, ReadEnd> {
        let mut bytes = vec![0; most];
        let encrypted = self.encrypted || self.conn.is_encrypted();
        let n = self.conn.read(&mut bytes)?;
        assert!(
            n == 0 || !self.is_tls() || encrypted,
            "R2: before Encrypted"
        );
        if self.is_tls() {
            self.heard += n;
        }
        bytes.truncate(n);
        self.check();
        Ok(bytes)
    }

    /// Settles, takes and reads until nothing more comes; says what was taken and read.
    pub(crate) fn drain(&mut self) -> (Vec<u8>, Vec<u8>) {
        let (mut said, mut read) = (Vec::new(), Vec::new());
        loop {
            self.settle();
            let bytes = self.take(usize::MAX);
            let heard = self.read(64 * 1024).unwrap_or_default();
            if bytes.is_empty() && heard.is_empty() {
                return (said, read);
            }
            said.extend(bytes);
            read.extend(heard);
        }
    }

    /// Gives it all of `bytes`, draining it in between.
    pub(crate) fn feed(&mut self, mut bytes: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let (mut said, mut read) = self.drain();
        let mut stuck = 0;
        while !bytes.is_empty() {
            let n = self.give(bytes);
            bytes = &bytes[n..];
            let (more, heard) = self.drain();
            said.extend(more);
            read.extend(heard);
            stuck = if n == 0 { stuck + 1 } else { 0 };
            if stuck > 1 {
                // An open decision keeps it from taking more; anything else must not.
                assert!(self.is_held(), "stuck: {:?}", self.conn);
                break;
            }
        }
        (said, read)
    }

    /// The stream ends, and so does the application: with time, so must the connection. Returns what it
    /// says meanwhile.
    pub(crate) fn finish(&mut self) -> Vec<u8> {
        let mut said = self.drain().0;
        if !self.eof && !self.reset {
            self.receive_eof();
        }
        said.extend(self.drain().0);
        if self.is_tls() && !self.ended {
            let end = self.conn.read_end();
            assert!(end.is_some(), "R4: the stream has ended: {:?}", self.conn);
            assert!(
                end != Some(ReadEnd::Closed) || self.peer_closed,
                "R4: {end:?}"
            );
            assert!(!self.is_held(), "R1: the stream has ended: {:?}", self.conn);
        }
        self.end_by(End::close);
        for _ in 0..8 {
            said.extend(self.drain().0);
            if self.closed {
                #[cfg(test)]
                assert!(!BREAKS.get(), "a fault that a test has made up");
                depth::note(self);
                return said;
            }
            self.millis += 20_000;
        }
        panic!("no Closed: {:?}", self.conn);
    }
}
