//! The seam behind which a handshake engine works.
//!
//! The connection feeds an engine one record at a time, keeps what it wants to send as a
//! *flight*, and releases the flight only when no verdict is owed. When the handshake is
//! complete the engine is taken apart into traffic keys and dropped.

pub(crate) mod client_hello;
pub(crate) mod hellos;
pub(crate) mod hold;
pub(crate) mod key_schedule;
pub(crate) mod rustls;

use alloc::boxed::Box;
use alloc::vec::Vec;

use rustls_pki_types::{CertificateDer, UnixTime};

use self::key_schedule::exporter::Exporter;
use crate::alert::Alert;
use crate::error::Failure;
use crate::identity::session::SessionFacts;
use crate::record::header::{ContentType, HEADER_LEN, Header, MAX_BODY_TLS12};
use crate::record::protection::Protection;
use crate::record::traffic::HandOff;
use crate::time::Now;
use crate::verify::SslError;

/// What feeding a record led to.
#[derive(Debug)]
pub(crate) struct Fed {
    /// Bytes at the front of the input that are done with. The rest must be there, unchanged,
    /// in front of the next record.
    pub(crate) discard: usize,
    /// Whether a handshake message is incomplete.
    pub(crate) partial: bool,
}

/// A handshake in progress.
pub(crate) trait Engine: Send {
    /// Processes `input`: what an earlier call did not discard, and one more record. Appends
    /// what is to be sent to `flight`.
    fn feed(
        &mut self,
        input: &mut [u8],
        now: Now,
        flight: &mut Vec<u8>,
    ) -> Result<Fed, EngineFailure>;

    /// Whether the peer's certificates must be judged before anything more may leave.
    fn verdict_due(&self) -> bool;

    /// The certificates to judge, leaf first; empty when the peer has none.
    fn peer_chain(&self) -> &[CertificateDer<'static>];

    /// The verdict: `trusted` when no error was forgiven. A session may be stored only then
    /// (rule R13), and no longer than `good_until`. `flight` loses what an untrusted session must
    /// not send (tickets).
    fn judged(&mut self, trusted: bool, good_until: Option<UnixTime>, flight: &mut Vec<u8>);

    /// The peer was refused. What is remembered of it would be refused again.
    fn rejected(&mut self);

    /// Whether `flight` answers the server's request for a certificate.
    fn answers_certificate_request(&self, flight: &[u8]) -> bool;

    /// `flight` may leave: from now on an alert is protected accordingly.
    fn released(&mut self, flight: &[u8]);

    /// How an alert must be protected now: `None` for in the clear.
    fn alert_protection(&self) -> Option<Protection>;

    /// Whether the handshake is complete and the engine can be taken apart.
    fn is_complete(&self) -> bool;

    /// What was negotiated so far.
    fn facts(&self) -> SessionFacts;

    /// What keying material can be exported from; `None` before the handshake is complete.
    fn exporter(&self) -> Option<Exporter>;

    /// Takes the engine apart.
    fn finish(self: Box<Self>) -> Result<HandOff, Failure>;
}

/// An engine's failure, and the alert record it has made for it, if it has.
#[derive(Debug)]
pub(crate) struct EngineFailure {
    pub(crate) failure: Failure,
    /// A whole record, protected as what was released so far demands.
    pub(crate) record: Option<Vec<u8>>,
}

impl From<Failure> for EngineFailure {
    fn from(failure: Failure) -> Self {
        Self {
            failure,
            record: None,
        }
    }
}

/// The peer's chain, leaf first, when its key is one that no signature can be checked with.
#[derive(Debug)]
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "the connection does not look yet")
)]
pub(crate) struct RefusedPeer {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    /// What is wrong with the key. The handshake ends for it, whatever else is judged or forgiven.
    pub(crate) error: SslError,
}

/// An alert record, sealed or in the clear.
pub(crate) fn alert_record(alert: Alert, protection: Option<&mut Protection>) -> Vec<u8> {
    let body = alert.encode();
    match protection {
        Some(protection) => {
            let mut record = alloc::vec![0; body.len() + protection.overhead()];
            match protection.seal(ContentType::Alert, &body, &mut record) {
                Ok(()) => record,
                Err(_) => Vec::new(),
            }
        }
        None => alloc::vec![ContentType::Alert as u8, 3, 3, 0, 2, body[0], body[1]],
    }
}

/// The records in a flight.
pub(crate) fn records(mut flight: &[u8]) -> impl Iterator<Item = (ContentType, &[u8])> {
    core::iter::from_fn(move || {
        let header = Header::read(flight, MAX_BODY_TLS12).ok()??;
        let (record, rest) = flight.split_at_checked(header.record_len())?;
        flight = rest;
        Some((header.content, &record[HEADER_LEN..]))
    })
}
