//! The rustls engine: the only folder that knows it.
//!
//! rustls' unbuffered connection does the handshake and nothing else. It is fed one record at a
//! time, what it wants to send is kept as a flight, and when it is done it is converted into
//! traffic keys and a kernel connection that still derives later keys.

mod config;
mod errors;
mod gates;
mod kernel;
mod refusal;
mod signer;
mod staple;
mod taps;
mod ticket_keys;
mod verifier;

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use rustls::client::UnbufferedClientConnection;
use rustls::server::UnbufferedServerConnection;
use rustls::unbuffered::{ConnectionState, EncodeError, UnbufferedStatus};
use rustls::{
    CommonState, ConnectionTrafficSecrets, HandshakeKind, ProtocolVersion, SupportedCipherSuite,
};
use rustls_pki_types::{CertificateDer, UnixTime};

pub(crate) use self::config::{ClientTemplate, ServerTemplate};
pub(crate) use self::gates::ClientSecrets;
use self::gates::Memory;
use self::kernel::{Kernel, conversion_failure, material};
use self::staple::Staple;
use self::taps::{Clock, SecretTap};
pub use self::ticket_keys::TicketKeys;
use super::hellos::Hellos;
use super::hold::Gate;
use super::key_schedule::exporter::Exporter;
use super::key_schedule::{tls12_write_key, tls13_key};
use super::{Engine, EngineFailure, Fed, alert_record, records};
use crate::alert::Alert;
use crate::crypto::{Backend, TAG_LEN};
use crate::error::{Failure, FailureKind};
use crate::identity::session::SessionFacts;
use crate::record::header::{ContentType, HEADER_LEN, Header, MAX_BODY_TLS12};
use crate::record::protection::{Protection, SslProtocol};
use crate::record::traffic::HandOff;
use crate::time::Now;

enum Side {
    Client(Box<UnbufferedClientConnection>),
    Server(Box<UnbufferedServerConnection>),
}

/// What of our side's protected records has been released.
#[derive(Default)]
struct Released {
    /// Our ChangeCipherSpec: in TLS 1.2 everything after it is protected.
    change_cipher_spec: bool,
    /// Protected records.
    protected: u64,
}

/// A rustls handshake.
pub(crate) struct RustlsEngine {
    side: Side,
    backend: Backend,
    tap: Arc<SecretTap>,
    clock: Arc<Clock>,
    gate: Arc<Gate>,
    /// What a resumed session came out of.
    memory: Option<Memory>,
    /// A client's way to what the server staples.
    staple: Staple,
    released: Released,
    hellos: Hellos,
    asks_for_client_certificate: bool,
    judged: bool,
    /// Protected records that an untrusted verdict dropped after rustls had counted them.
    dropped: u64,
}

/// One call's worth of a connection, client or server: rustls has no type for both.
fn step<Data>(
    status: UnbufferedStatus<'_, '_, Data>,
    flight: &mut Vec<u8>,
) -> (usize, Result<Step, rustls::Error>) {
    let step = status.state.map(|state| match state {
        ConnectionState::EncodeTlsData(mut chunk) => {
            let start = flight.len();
            if let Err(EncodeError::InsufficientSize(size)) = chunk.encode(&mut []) {
                flight.resize(start + size.required_size, 0);
                let len = chunk.encode(&mut flight[start..]).unwrap_or(0);
                flight.truncate(start + len);
            }
            Step::Again
        }
        ConnectionState::TransmitTlsData(sent) => {
            sent.done();
            Step::Again
        }
        ConnectionState::BlockedHandshake | ConnectionState::WriteTraffic(_) => Step::Blocked,
        ConnectionState::PeerClosed | ConnectionState::Closed => Step::Closed,
        _ => Step::Unexpected,
    });
    (status.discard, step)
}

enum Step {
    Again,
    Blocked,
    Closed,
    Unexpected,
}

impl RustlsEngine {
    fn common(&self) -> &CommonState {
        match &self.side {
            Side::Client(conn) => conn,
            Side::Server(conn) => conn,
        }
    }

    fn is_client(&self) -> bool {
        matches!(self.side, Side::Client(_))
    }

    fn version(&self) -> Option<SslProtocol> {
        match self.common().protocol_version()? {
            ProtocolVersion::TLSv1_3 => Some(SslProtocol::TlsV1_3),
            ProtocolVersion::TLSv1_2 => Some(SslProtocol::TlsV1_2),
            _ => None,
        }
    }

    fn process(
        &mut self,
        input: &mut [u8],
        flight: &mut Vec<u8>,
    ) -> (usize, Result<Step, rustls::Error>) {
        match &mut self.side {
            Side::Client(conn) => step(conn.process_tls_records(input), flight),
            Side::Server(conn) => step(conn.process_tls_records(input), flight),
        }
    }

    /// Lets the engine do what it can. Says how many bytes of the input are done with.
    fn feed_engine(
        &mut self,
        input: &mut [u8],
        flight: &mut Vec<u8>,
    ) -> Result<usize, EngineFailure> {
        let hello_version = hello_version(input);
        let mut discard = 0;
        loop {
            // rustls panics on an empty slice while a message is incomplete, but an incomplete
            // message is never discarded, so the slice is not empty then.
            let (done, step) = self.process(&mut input[discard..], flight);
            discard += done;
            match step {
                Ok(Step::Again) => {}
                Ok(Step::Blocked) => return Ok(discard),
                Ok(Step::Closed) => {
                    return Err(Failure::silent(FailureKind::ClosedDuringHandshake).into());
                }
                Ok(Step::Unexpected) => {
                    return Err(Failure::new(FailureKind::Engine, Alert::InternalError)
                        .because("the engine delivered data during the handshake")
                        .into());
                }
                Err(error) => return Err(self.fail(&error, hello_version)),
            }
        }
    }

    /// Collects the alert that rustls queued for an error.
    fn drain_alert(&mut self) -> Vec<u8> {
        let mut output = Vec::new();
        while self.common().wants_write() {
            if !matches!(self.process(&mut [], &mut output).1, Ok(Step::Again)) {
                break;
            }
        }
        output
    }

    /// Turns a rustls error into a failure. The alert that rustls made is used when it is
    /// protected as the released bytes demand; otherwise it is made again.
    fn fail(&mut self, error: &rustls::Error, hello_version: Option<u16>) -> EngineFailure {
        let mut failure = errors::failure(error);
        if errors::is_about_an_old_client(error, hello_version) {
            failure.alert = Some(Alert::ProtocolVersion);
            return failure.into();
        }
        if failure.kind == FailureKind::ClosedDuringHandshake {
            return failure.into();
        }
        let output = self.drain_alert();
        let made = records(&output)
            .last()
            .map(|(_, body)| body.len() + HEADER_LEN);
        let Some(len) = made else {
            return failure.into();
        };
        let mut record = output[output.len() - len..].to_vec();
        match self.read_own_alert(&record) {
            Some(alert) => {
                errors::refine(&mut failure, alert);
            }
            None => {
                let alert = failure.alert.unwrap_or(Alert::InternalError);
                failure.alert = Some(alert);
                record = alert_record(alert, self.alert_protection().as_mut());
            }
        }
        EngineFailure {
            failure,
            record: Some(record),
        }
    }

    /// Which alert a record of ours carries, if it is protected as released bytes demand.
    fn read_own_alert(&self, record: &[u8]) -> Option<Alert> {
        let mut copy = record.to_vec();
        let header = Header::read(record, MAX_BODY_TLS12).ok()??;
        let range = match self.alert_protection() {
            Some(mut protection) => {
                let (content, range) = protection.open(header, &mut copy).ok()?;
                (content == ContentType::Alert).then_some(range)?
            }
            None if header.content == ContentType::Alert => HEADER_LEN..record.len(),
            None => return None,
        };
        match copy.get(range)? {
            [_, code] => Some(Alert::from_code(*code)),
            _ => None,
        }
    }

    fn is_resumed(&self) -> bool {
        self.common().handshake_kind() == Some(HandshakeKind::Resumed)
    }

    /// Whether it is certain that nothing is resumed.
    fn is_full(&self) -> bool {
        match self.common().handshake_kind() {
            Some(HandshakeKind::Full) => true,
            // The second hello may still be answered with a resumption.
            Some(HandshakeKind::FullWithHelloRetryRequest) => !self.common().is_handshaking(),
            Some(HandshakeKind::Resumed) | None => false,
        }
    }
}

/// The legacy_version of a ClientHello that is fed (RFC 8446 §4.1.2).
fn hello_version(input: &[u8]) -> Option<u16> {
    const CLIENT_HELLO: u8 = 1;
    match records(input).next() {
        Some((ContentType::Handshake, [CLIENT_HELLO, _, _, _, major, minor, ..])) => {
            Some(u16::from_be_bytes([*major, *minor]))
        }
        _ => None,
    }
}

impl Engine for RustlsEngine {
    fn feed(
        &mut self,
        input: &mut [u8],
        now: Now,
        flight: &mut Vec<u8>,
    ) -> Result<Fed, EngineFailure> {
        self.clock.set(now);
        let before = flight.len();
        if self.is_client() {
            self.hellos.note_server(input);
        } else {
            self.hellos.note_client(input);
        }
        let fed = self.feed_engine(input, flight);
        let resumed = self.is_resumed();
        self.staple.fetch(&self.clock, &self.gate, resumed);
        let discard = fed?;
        if !self.is_client() {
            self.hellos.note_server(&flight[before..]);
        }
        if self.version() == Some(SslProtocol::TlsV1_3) {
            self.gate.set_tickets_droppable();
        }
        if self.is_full() {
            self.gate.set_begins(self.clock.now());
        }
        Ok(Fed {
            discard,
            partial: discard < input.len(),
        })
    }

    fn verdict_due(&self) -> bool {
        if self.judged {
            return false;
        }
        let common = self.common();
        let has_chain = common.peer_certificates().is_some();
        let handshaking = common.is_handshaking();
        let resumed = self.is_resumed();
        match (&self.side, self.version()) {
            // The certificate flight of TLS 1.2 leaves before the server's Finished.
            (Side::Client(_), Some(SslProtocol::TlsV1_2)) if !resumed => has_chain,
            // Everything else of a client's waits for the server's Finished, so a resumed chain
            // is judged only once the pre-shared key is proven.
            (Side::Client(_), _) => !handshaking,
            (Side::Server(_), _) if !self.asks_for_client_certificate => false,
            // Before ServerHello is released.
            (Side::Server(_), _) if resumed => true,
            // A TLS 1.2 ticket is part of the transcript: the verdict must come before it.
            (Side::Server(_), Some(SslProtocol::TlsV1_2)) => has_chain || !handshaking,
            (Side::Server(_), _) => !handshaking,
        }
    }

    fn peer_chain(&self) -> &[CertificateDer<'static>] {
        self.common().peer_certificates().unwrap_or_default()
    }

    fn judged(&mut self, trusted: bool, good_until: Option<UnixTime>, flight: &mut Vec<u8>) {
        self.judged = true;
        self.gate.set_good_until(good_until);
        self.gate.decide(trusted);
        if !trusted {
            self.rejected();
        }
        let only_tickets = !self.is_client()
            && self.version() == Some(SslProtocol::TlsV1_3)
            && !self.common().is_handshaking();
        if !trusted && only_tickets {
            self.dropped = records(flight).count() as u64;
            flight.clear();
        }
    }

    fn rejected(&mut self) {
        self.gate.decide(false);
        if let (true, Some(memory)) = (self.is_resumed(), &self.memory) {
            memory.forget();
        }
    }

    fn answers_certificate_request(&self, flight: &[u8]) -> bool {
        const CERTIFICATE: u8 = 11;
        let Some(suite) = self.common().negotiated_cipher_suite() else {
            return false;
        };
        if !self.is_client() {
            return false;
        }
        match suite {
            // It comes first; what else looks like it may be a fragment, or sealed.
            SupportedCipherSuite::Tls12(_) => {
                records(flight).next().is_some_and(|(content, body)| {
                    content == ContentType::Handshake && body.first() == Some(&CERTIFICATE)
                })
            }
            // Sealed, but then there is more than Finished alone: message header and hash.
            SupportedCipherSuite::Tls13(suite) => {
                let finished = 4 + suite.common.hash_provider.output_len();
                records(flight)
                    .filter(|(content, _)| *content == ContentType::ApplicationData)
                    .map(|(_, body)| body.len().saturating_sub(1 + TAG_LEN))
                    .sum::<usize>()
                    > finished
            }
        }
    }

    fn released(&mut self, flight: &[u8]) {
        for (content, _) in records(flight) {
            match content {
                ContentType::ChangeCipherSpec => self.released.change_cipher_spec = true,
                ContentType::ApplicationData => self.released.protected += 1,
                _ if self.released.change_cipher_spec
                    && self.version() == Some(SslProtocol::TlsV1_2) =>
                {
                    self.released.protected += 1;
                }
                _ => {}
            }
        }
    }

    fn alert_protection(&self) -> Option<Protection> {
        let suite = self.common().negotiated_cipher_suite()?;
        let secrets = self.tap.secrets();
        let (version, material, seq) = match suite {
            SupportedCipherSuite::Tls13(suite) => {
                let secret = match &self.side {
                    Side::Client(_) => secrets.client_handshake.as_ref()?,
                    Side::Server(_) if self.released.protected == 0 => return None,
                    Side::Server(_) => secrets.server_traffic.as_ref()?,
                };
                (SslProtocol::TlsV1_3, tls13_key(suite, secret)?, 0)
            }
            SupportedCipherSuite::Tls12(suite) => {
                if !self.released.change_cipher_spec {
                    return None;
                }
                let material = tls12_write_key(
                    suite,
                    secrets.tls12_master.as_ref()?,
                    &secrets.client_random,
                    &self.hellos.server()?.random,
                    self.is_client(),
                )?;
                (SslProtocol::TlsV1_2, material, self.released.protected)
            }
        };
        Protection::new(&self.backend, version, &material, seq).ok()
    }

    fn is_complete(&self) -> bool {
        !self.common().is_handshaking() && !self.common().wants_write()
    }

    fn facts(&self) -> SessionFacts {
        let common = self.common();
        SessionFacts {
            protocol: self.version(),
            cipher: common
                .negotiated_cipher_suite()
                .map(|suite| suite.suite().into()),
            group: common
                .negotiated_key_exchange_group()
                .and_then(|group| group.name().as_str()),
            alpn: common.alpn_protocol().map(Box::from),
            resumed: self.is_resumed(),
            stapled: self.gate.stapled(),
            server_name: self.hellos.server_name().map(Box::from),
            ..SessionFacts::default()
        }
    }

    fn exporter(&self) -> Option<Exporter> {
        if !self.is_complete() {
            return None;
        }
        let secrets = self.tap.secrets();
        Some(match self.common().negotiated_cipher_suite()? {
            SupportedCipherSuite::Tls13(suite) => Exporter::Tls13 {
                suite,
                secret: secrets.exporter.clone()?,
            },
            SupportedCipherSuite::Tls12(suite) => {
                let hello = self.hellos.server()?;
                if !hello.extended_master_secret {
                    return Some(Exporter::Forbidden);
                }
                let mut randoms = [0; 64];
                randoms[..32].copy_from_slice(&secrets.client_random);
                randoms[32..].copy_from_slice(&hello.random);
                Exporter::Tls12 {
                    suite,
                    master: secrets.tls12_master.clone()?,
                    randoms,
                }
            }
        })
    }

    fn finish(self: Box<Self>) -> Result<HandOff, Failure> {
        let this = *self;
        let version = this.version().ok_or_else(conversion_failure)?;
        let suite = this
            .common()
            .negotiated_cipher_suite()
            .ok_or_else(conversion_failure)?;
        let confidentiality_limit = match suite {
            SupportedCipherSuite::Tls13(suite) => suite.common.confidentiality_limit,
            SupportedCipherSuite::Tls12(suite) => suite.common.confidentiality_limit,
        };
        this.tap.forget();
        let tickets = (!this.gate.is_closed()).then(|| this.clock.clone());
        let (secrets, kernel) = match this.side {
            Side::Client(conn) => conn
                .dangerous_into_kernel_connection()
                .map(|(secrets, kernel)| (secrets, Kernel::Client(kernel, tickets))),
            Side::Server(conn) => conn
                .dangerous_into_kernel_connection()
                .map(|(secrets, kernel)| (secrets, Kernel::Server(kernel))),
        }
        .map_err(|error| errors::failure(&error))?;
        let protection = |(seq, secrets): (u64, ConnectionTrafficSecrets)| {
            let material = material(&secrets)?;
            Protection::new(&this.backend, version, &material, seq)
                .map_err(|_| conversion_failure())
        };
        let (tx_seq, tx) = secrets.tx;
        Ok(HandOff {
            tx: protection((tx_seq.saturating_sub(this.dropped), tx))?,
            rx: protection(secrets.rx)?,
            post: Box::new(kernel),
            confidentiality_limit,
        })
    }
}
