//! The rustls engine: the only folder that knows it.
//!
//! rustls' unbuffered connection does the handshake and nothing else. It is given one whole message
//! at a time, in records made for it, what it wants to send is kept as a flight, and when it is done
//! it is converted into traffic keys and a kernel connection that still derives later keys.
//!
//! rustls expects the peer's records as they are protected at that moment. So what was opened is
//! sealed again, under the same keys and with a sequence number of its own; nothing of it leaves.

pub(crate) mod config;
mod errors;
mod gates;
mod kernel;
mod look;
mod signer;
mod staple;
mod staples;
mod taps;
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

use self::gates::Memory;
use self::kernel::{Kernel, conversion_failure, material};
use self::staple::Staple;
use self::taps::{Clock, SecretTap};
use super::hold::Gate;
use super::key_schedule::exporter::Exporter;
use super::key_schedule::{tls12_key, tls13_key};
use super::wire::client_hello::HelloMessage;
use super::wire::offer::Offer;
use super::wire::server_hello::ServerHello;
use super::{AlertProtection, Engine, Message, records};
use crate::alert::Alert;
use crate::crypto::Backend;
use crate::failure::{Failure, FailureKind};
use crate::handshake::facts::SessionFacts;
use crate::protocol::SslProtocol;
use crate::record::header::{ContentType, HEADER_LEN, Header, LEGACY_VERSION, MAX_PLAINTEXT};
use crate::record::messages::FRAME;
use crate::record::protection::{KeyMaterial, Protection};
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
    /// A server's: what the client said, until it cannot say it again.
    hello: Option<HelloMessage>,
    /// A client's: what it has offered.
    offer: Option<Offer>,
    facts: HelloFacts,
    /// How the peer's records are protected from now on, until it is taken.
    read_protection: Option<Protection>,
    has_read_keys: bool,
    /// How many records rustls was given under them.
    resealed: u64,
    /// A server's versions.
    protocols: Arc<[SslProtocol]>,
    asks_for_client_certificate: bool,
    certificate_requested: bool,
    judged: bool,
    /// Protected records that an untrusted verdict dropped after rustls had counted them.
    dropped: u64,
}

/// What the hellos say and rustls does not tell.
#[derive(Default)]
struct HelloFacts {
    /// The name that the client asks a server for.
    server_name: Option<Box<str>>,
    early_data: bool,
    /// The version that the client's hello leads to, if it leads to one.
    likely: Option<SslProtocol>,
    /// The server's hello, once it is no HelloRetryRequest.
    server: Option<ServerHello>,
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

    /// Gives rustls whole records, and lets it do what it can.
    fn feed(&mut self, records: &mut [u8], flight: &mut Vec<u8>) -> Result<(), Failure> {
        let before = flight.len();
        let fed = self.feed_engine(records, flight);
        let resumed = self.is_resumed();
        self.staple.fetch(&self.clock, &self.gate, resumed);
        fed?;
        if self.version() == Some(SslProtocol::TlsV1_3) {
            self.gate.set_tickets_droppable();
        }
        if self.is_full() {
            self.gate.set_begins(self.clock.now());
        }
        self.note_own_hello(&flight[before..])
    }

    fn feed_engine(&mut self, mut input: &mut [u8], flight: &mut Vec<u8>) -> Result<(), Failure> {
        loop {
            let (done, step) = self.process(input, flight);
            input = input.get_mut(done..).unwrap_or_default();
            match step.map_err(|error| self.failure(&error))? {
                Step::Again => {}
                // Whole messages are never left lying.
                Step::Blocked if input.is_empty() => return Ok(()),
                Step::Blocked | Step::Closed | Step::Unexpected => {
                    return Err(Failure::new(FailureKind::Engine, Alert::InternalError)
                        .because("rustls did not take a whole message"));
                }
            }
        }
    }

    fn failure(&self, error: &rustls::Error) -> Failure {
        errors::failure(error, self.context())
    }

    fn context(&self) -> errors::Context {
        errors::Context {
            version: self.version().or(self.facts.likely),
        }
    }

    /// Gives rustls a message in records: where it lies if it fits into one and is in the clear.
    fn deliver(
        &mut self,
        framed: &mut [u8],
        protection: Option<&Protection>,
        flight: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        let message = framed.get(FRAME..).unwrap_or_default();
        if protection.is_none() && message.len() <= MAX_PLAINTEXT {
            let header = record_header(message.len());
            if let Some(room) = framed.first_chunk_mut() {
                *room = header;
            }
            return self.feed(framed, flight);
        }
        let mut records = Vec::new();
        for part in message.chunks(MAX_PLAINTEXT) {
            let Some(protection) = protection else {
                records.extend_from_slice(&record_header(part.len()));
                records.extend_from_slice(part);
                continue;
            };
            let start = records.len();
            records.resize(start + part.len() + protection.overhead(), 0);
            let space = &mut records[start..];
            protection
                .seal_again(self.resealed, ContentType::Handshake, part, space)
                .map_err(|_| conversion_failure())?;
            self.resealed += 1;
        }
        self.feed(&mut records, flight)
    }

    /// Keys of the peer's that came with the last message in TLS 1.3: those of the handshake.
    fn follow_tls13(&mut self) -> Result<(), Failure> {
        let Some(SupportedCipherSuite::Tls13(suite)) = self.common().negotiated_cipher_suite()
        else {
            return Ok(());
        };
        if self.has_read_keys {
            return Ok(());
        }
        let material = {
            let secrets = self.tap.secrets();
            let secret = match &self.side {
                Side::Client(_) => &secrets.server_handshake,
                Side::Server(_) => &secrets.client_handshake,
            };
            let Some(secret) = secret else {
                return Ok(());
            };
            tls13_key(suite, secret).ok_or_else(conversion_failure)?
        };
        self.hello = None;
        self.read_with(SslProtocol::TlsV1_3, &material)
    }

    /// The keys behind the peer's ChangeCipherSpec in TLS 1.2.
    fn follow_tls12(&mut self) -> Result<(), Failure> {
        let Some(SupportedCipherSuite::Tls12(suite)) = self.common().negotiated_cipher_suite()
        else {
            return Ok(());
        };
        let material = self.tls12_material(suite, !self.is_client());
        let material = material.ok_or_else(conversion_failure)?;
        self.hello = None;
        self.read_with(SslProtocol::TlsV1_2, &material)
    }

    fn tls12_material(
        &self,
        suite: &'static rustls::Tls12CipherSuite,
        of_client: bool,
    ) -> Option<KeyMaterial> {
        let secrets = self.tap.secrets();
        tls12_key(
            suite,
            secrets.tls12_master.as_ref()?,
            &secrets.client_random,
            &self.facts.server?.random,
            of_client,
        )
    }

    fn read_with(&mut self, version: SslProtocol, material: &KeyMaterial) -> Result<(), Failure> {
        let protection = Protection::new(&self.backend, version, material, 0);
        self.read_protection = Some(protection.map_err(|_| conversion_failure())?);
        self.has_read_keys = true;
        Ok(())
    }

    fn own_protection(&self, suite: SupportedCipherSuite) -> Option<Protection> {
        let (version, material, seq) = match suite {
            SupportedCipherSuite::Tls13(suite) => {
                let secrets = self.tap.secrets();
                let secret = match &self.side {
                    Side::Client(_) => secrets.client_handshake.as_ref()?,
                    Side::Server(_) => secrets.server_traffic.as_ref()?,
                };
                (SslProtocol::TlsV1_3, tls13_key(suite, secret)?, 0)
            }
            SupportedCipherSuite::Tls12(suite) => {
                let material = self.tls12_material(suite, self.is_client())?;
                (SslProtocol::TlsV1_2, material, self.released.protected)
            }
        };
        Protection::new(&self.backend, version, &material, seq).ok()
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

/// The longest hello of a server's: rustls makes none that comes near it.
const MAX_HELLO: usize = 0xffff;

/// The header of a handshake record in the clear, of at most 2^14 bytes.
const fn record_header(body: usize) -> [u8; HEADER_LEN] {
    let header = Header {
        content: ContentType::Handshake,
        version: LEGACY_VERSION,
        body,
    };
    header.encode()
}

impl Engine for RustlsEngine {
    fn start(&mut self, now: Now, flight: &mut Vec<u8>) -> Result<(), Failure> {
        self.clock.set(now);
        let Some(mut hello) = self.hello.take() else {
            return self.feed(&mut [], flight);
        };
        self.facts.server_name = hello.dns_name().map(Box::from);
        self.facts.early_data = hello.offers_early_data();
        self.facts.likely = self
            .protocols
            .iter()
            .copied()
            .filter(|protocol| hello.hello().offers(*protocol))
            .max();
        if self.facts.likely == Some(SslProtocol::TlsV1_3) {
            hello.check_tls13()?;
        }
        let fed = self.deliver(hello.framed(), None, flight);
        self.hello = Some(hello);
        fed?;
        self.follow_tls13()
    }

    fn message(
        &mut self,
        message: Message<'_>,
        now: Now,
        flight: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        self.clock.set(now);
        self.look_at(&message)?;
        self.deliver(message.framed, message.protection, flight)?;
        self.follow_tls13()
    }

    fn change_cipher_spec(
        &mut self,
        record: &mut [u8],
        now: Now,
        flight: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        self.clock.set(now);
        self.feed(record, flight)?;
        self.follow_tls12()
    }

    fn take_read_protection(&mut self) -> Option<Protection> {
        self.read_protection.take()
    }

    fn refuses_early_data(&self) -> bool {
        self.facts.early_data && self.version() == Some(SslProtocol::TlsV1_3)
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

    fn certificate_requested(&self) -> bool {
        self.certificate_requested
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

    fn alert_protection(&self) -> AlertProtection {
        let Some(suite) = self.common().negotiated_cipher_suite() else {
            return AlertProtection::Clear;
        };
        let is_clear = match (suite, &self.side) {
            (SupportedCipherSuite::Tls12(_), _) => !self.released.change_cipher_spec,
            (SupportedCipherSuite::Tls13(_), Side::Server(_)) => self.released.protected == 0,
            // Before the ServerHello there is no secret; HelloRetryRequest names the suite, too.
            (SupportedCipherSuite::Tls13(_), Side::Client(_)) => {
                self.tap.secrets().client_handshake.is_none()
            }
        };
        if is_clear {
            return AlertProtection::Clear;
        }
        match self.own_protection(suite) {
            Some(protection) => AlertProtection::Sealed(Box::new(protection)),
            None => AlertProtection::Unknown,
        }
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
            server_name: self.facts.server_name.clone(),
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
                let hello = self.facts.server?;
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

    fn finish(self: Box<Self>, received: Option<Protection>) -> Result<HandOff, Failure> {
        let this = *self;
        let context = this.context();
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
        .map_err(|error| errors::failure(&error, context))?;
        let protection = |(seq, secrets): (u64, ConnectionTrafficSecrets)| {
            let material = material(&secrets)?;
            Protection::new(&this.backend, version, &material, seq)
                .map_err(|_| conversion_failure())
        };
        let (tx_seq, tx) = secrets.tx;
        Ok(HandOff {
            tx: protection((tx_seq.saturating_sub(this.dropped), tx))?,
            rx: match received {
                // The same keys go on, and the peer may have used them more often than rustls saw.
                Some(received) if version == SslProtocol::TlsV1_2 => received,
                _ => protection(secrets.rx)?,
            },
            post: Box::new(kernel),
            confidentiality_limit,
        })
    }
}
