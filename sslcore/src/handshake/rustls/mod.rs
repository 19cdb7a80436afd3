//! The rustls engine: the only folder that knows it.
//!
//! rustls' unbuffered connection does the handshake and nothing else. It is given one whole message
//! at a time, in records made for it, what it wants to send is kept as a flight, and when it is done
//! it is dropped: in TLS 1.3 before the peer is judged. Only a client that keeps tickets keeps a kernel
//! connection, which makes sessions out of them.
//!
//! All keys of records are derived here, from the secrets that rustls logs. With the suites of the
//! backends here, rustls has none: `bare` takes protection out of them. Its records leave it marked and in
//! the clear, and `sealing` seals them where they lie; what arrives was opened before, and goes in as it
//! is. Suites that an application brings are not to be changed: rustls seals by itself with them, and
//! expects the peer's records as they are protected at that moment. So what was opened is sealed again,
//! under the same keys and with a sequence number of its own; nothing of that leaves.

#[cfg(any(feature = "aws-lc-rs", feature = "ring", feature = "rustcrypto-core"))]
mod bare;
pub(crate) mod config;
mod errors;
mod feeding;
mod gates;
mod hellos;
mod hold;
mod kernel;
mod keys;
mod named;
mod refusal;
mod sealing;
mod side;
mod staple;
mod staples;
mod taps;
#[cfg(any(feature = "aws-lc-rs", feature = "ring", feature = "rustcrypto-core"))]
mod twins;
mod verifier;

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use rustls::{HandshakeKind, ProtocolVersion};

use self::gates::Memory;
use self::hold::Gate;
use self::kernel::conversion_failure;
use self::side::{Said, Side};
use self::staple::Staple;
use self::taps::Taps;
use self::verifier::Recorder;
use super::key_schedule::exporter::Exporter;
use super::wire::client_hello::HelloMessage;
use super::wire::offer::Offer;
use super::wire::server_hello::ServerHello;
use super::{AlertProtection, Engine, Message, RefusedPeer, records};
use crate::crypto::Backend;
use crate::crypto::rustls::suite::Suite;
use crate::failure::Failure;
use crate::handshake::Trust;
use crate::handshake::facts::{Authorities, SessionFacts};
use crate::protocol::{SignatureScheme, SslProtocol};
use crate::record::header::ContentType;
use crate::record::protection::{KeyMaterial, Protection};
use crate::record::size::RecordSizes;
use crate::record::traffic::HandOff;
use crate::time::Now;
use crate::verify::SslError;
use crate::x509::certificate::Certificate;

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
    is_client: bool,
    backend: Backend,
    taps: Arc<Taps>,
    /// What a resumed session came out of.
    memory: Option<Memory>,
    /// A client's way to what the server staples.
    staple: Staple,
    /// The schemes that a client with a certificate signs in.
    own_schemes: Arc<[SignatureScheme]>,
    released: Released,
    /// A server's: what the client said, until it cannot say it again.
    hello: Option<HelloMessage>,
    /// A client's: what it has offered.
    offer: Option<Offer>,
    facts: HelloFacts,
    /// How the peer's records are protected from now on, until it is taken.
    read_protection: Option<Box<Protection>>,
    /// The keys of TLS 1.2, the client's and the server's, once they are used.
    tls12_keys: Option<Box<[KeyMaterial; 2]>>,
    has_read_keys: bool,
    /// The key of a server's records behind a handshake of TLS 1.3, once one is used.
    server_key: Option<Box<KeyMaterial>>,
    /// Whether rustls protects nothing, and what is to be protected is sealed here.
    is_bare: bool,
    /// How many records were sealed here under the keys of now. rustls 0.23 wants to send all that one key
    /// protects at once, so this is 0 whenever sealing begins; should it not, no nonce is used twice.
    sealed: u64,
    /// How many records rustls was given under the peer's keys, if it opens them.
    resealed: u64,
    /// Records that a server has for the time after a handshake of TLS 1.3.
    tickets: u64,
    /// A server's versions.
    protocols: Arc<[SslProtocol]>,
    verifier: Arc<Recorder>,
    /// The peer whose key is useless.
    refused: Option<RefusedPeer>,
    asks_for_client_certificate: bool,
    certificate_requested: bool,
    /// Whose certificates the server takes, as it sent their names.
    authorities: Option<Box<Authorities>>,
    /// A server's requests to renegotiate, in the middle of the handshake.
    idle_requests: u32,
    judged: bool,
    /// Protected records that an untrusted verdict dropped after rustls had counted them.
    dropped: u64,
}

/// What the messages say and rustls does not tell.
#[derive(Default)]
struct HelloFacts {
    /// The name that the client asks a server for.
    server_name: Option<Box<str>>,
    early_data: bool,
    /// The version that the client's hello leads to, if it leads to one.
    likely: Option<SslProtocol>,
    /// The server's hello, once it is no HelloRetryRequest.
    server: Option<ServerHello>,
    /// Whether there was a HelloRetryRequest.
    retried: bool,
    /// Whether a client has answered that it has no certificate (RFC 5246 §7.4.6).
    no_certificate: bool,
    /// Whether a client answers a request for a certificate with its own.
    shows_certificate: bool,
    /// Whether the server has sent a ticket within the handshake (RFC 5077 §3.3).
    ticket: bool,
    /// The scheme of the peer's signature, which is checked before the end of the handshake.
    peer_signature: Option<u16>,
}

impl RustlsEngine {
    fn said(&self) -> Said {
        self.side.said()
    }

    fn suite(&self) -> Option<Suite> {
        self.said().suite.map(Suite::from)
    }

    /// Known at compile time where there is one side.
    fn is_client(&self) -> bool {
        cfg!(not(feature = "server")) || cfg!(feature = "client") && self.is_client
    }

    fn version(&self) -> Option<SslProtocol> {
        match self.said().version? {
            ProtocolVersion::TLSv1_3 => Some(SslProtocol::TlsV1_3),
            ProtocolVersion::TLSv1_2 => Some(SslProtocol::TlsV1_2),
            _ => None,
        }
    }

    /// A client's certificate has left with the first of its protected records, or before them.
    fn has_sent_certificate(&self) -> bool {
        match self.is_client() {
            true => self.facts.shows_certificate && self.released.protected > 0,
            false => !self.said().is_handshaking && !self.is_resumed(),
        }
    }

    /// Whether this handshake has brought a ticket.
    fn has_ticket(&self) -> bool {
        match self.is_client() {
            true => self.facts.ticket,
            false => self.taps.gate.has_issued_ticket() && self.dropped == 0,
        }
    }

    fn is_resumed(&self) -> bool {
        self.said().kind == Some(HandshakeKind::Resumed)
    }

    /// Whether it is certain that nothing is resumed.
    fn is_full(&self) -> bool {
        let said = self.said();
        match said.kind {
            Some(HandshakeKind::Full) => true,
            // The second hello may still be answered with a resumption.
            Some(HandshakeKind::FullWithHelloRetryRequest) => !said.is_handshaking,
            Some(HandshakeKind::Resumed) | None => false,
        }
    }

    /// Behind a client's Finished, a server's flight of TLS 1.3 is tickets alone.
    fn sends_tickets(&self) -> bool {
        !self.is_client()
            && self.version() == Some(SslProtocol::TlsV1_3)
            && !self.said().is_handshaking
    }

    /// Lets go of rustls' connection. Behind TLS 1.3, a client that keeps tickets keeps something of it.
    fn let_go(&mut self) {
        let takes_tickets = self.memory.as_ref().is_some_and(Memory::takes_tickets);
        let is_kept = takes_tickets && !self.taps.gate.is_closed();
        self.offer = None;
        self.side.let_go(is_kept);
    }

    fn drop_tickets(&mut self, flight: &mut Vec<u8>) {
        if self.sends_tickets() {
            self.dropped = records(flight).count() as u64;
            flight.clear();
        }
    }
}

impl Engine for RustlsEngine {
    fn start(&mut self, now: Now, flight: &mut Vec<u8>) -> Result<(), Failure> {
        self.taps.clock.set(now);
        let Some(mut hello) = self.hello.take() else {
            return self.feed(&mut [], flight);
        };
        self.facts.server_name = hello.hello().server_name().map(Box::from);
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
        self.taps.clock.set(now);
        if self.is_idle_request(&message)? {
            return Ok(());
        }
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
        self.taps.clock.set(now);
        self.feed(record, flight)?;
        self.follow_tls12()
    }

    fn take_read_protection(&mut self) -> Option<Box<Protection>> {
        self.read_protection.take()
    }

    fn has_heard_all(&self) -> bool {
        self.is_complete() && self.version() == Some(SslProtocol::TlsV1_3)
    }

    fn settled(&self) -> Option<SslProtocol> {
        match self.facts.retried {
            true => Some(SslProtocol::TlsV1_3),
            false => self.version(),
        }
    }

    fn refuses_early_data(&self) -> bool {
        self.facts.early_data && self.version() == Some(SslProtocol::TlsV1_3)
    }

    fn verdict_due(&self) -> bool {
        if self.refused.is_some() {
            return true;
        }
        if self.judged {
            return false;
        }
        let Said {
            has_chain,
            is_handshaking: handshaking,
            ..
        } = self.said();
        let resumed = self.is_resumed();
        match (self.is_client(), self.version()) {
            // The certificate flight of TLS 1.2 leaves before the server's Finished.
            (true, Some(SslProtocol::TlsV1_2)) if !resumed => has_chain,
            // Everything else of a client's waits for the server's Finished, so a resumed chain
            // is judged only once the pre-shared key is proven.
            (true, _) => !handshaking,
            (false, _) if !self.asks_for_client_certificate => false,
            // Before ServerHello is released.
            (false, _) if resumed => true,
            // A TLS 1.2 ticket is part of the transcript: the verdict must come before it.
            (false, Some(SslProtocol::TlsV1_2)) => {
                has_chain || self.facts.no_certificate || !handshaking
            }
            (false, _) => !handshaking,
        }
    }

    fn take_peer_chain(&mut self) -> Vec<Certificate> {
        match &mut self.refused {
            Some(refused) => core::mem::take(&mut refused.chain),
            None => {
                let chain = self.side.chain();
                if self.has_heard_all() {
                    self.let_go();
                }
                chain
            }
        }
    }

    fn useless_key(&self) -> Option<&SslError> {
        self.refused.as_ref().map(|refused| &refused.error)
    }

    fn judged(&mut self, trust: Trust, flight: &mut Vec<u8>) {
        self.judged = true;
        match trust {
            Trust::Good(until) => {
                self.taps.gate.set_good_until(until);
                self.taps.gate.decide(true);
            }
            Trust::Forgiven => {
                self.rejected();
                self.drop_tickets(flight);
            }
        }
    }

    fn rejected(&mut self) {
        self.taps.gate.decide(false);
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
        let Some(suite) = self.suite() else {
            return AlertProtection::Clear;
        };
        let is_clear = match (suite, self.is_client()) {
            (Suite::Tls12(_), _) => !self.released.change_cipher_spec,
            (Suite::Tls13(_), false) => self.released.protected == 0,
            // Before the ServerHello there is no secret; HelloRetryRequest names the suite, too.
            (Suite::Tls13(_), true) => self.taps.tap.secrets().client_handshake.is_none(),
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
        self.said().is_complete
    }

    fn facts(&self) -> SessionFacts {
        let said = self.said();
        SessionFacts {
            protocol: self.version(),
            cipher: said.suite.map(|suite| suite.suite().into()),
            group: said.group.map(Into::into),
            alpn: self.side.alpn().map(Box::from),
            resumed: self.is_resumed(),
            extended_master_secret: self
                .facts
                .server
                .is_some_and(|hello| hello.is_tls13 || hello.extended_master_secret),
            certificate_sent: self.has_sent_certificate(),
            ticket_renewed: self.is_resumed() && self.has_ticket(),
            retried: self.facts.retried,
            peer_signature: self.facts.peer_signature.filter(|_| !said.is_handshaking),
            stapled: self.taps.gate.stapled(),
            server_name: self.facts.server_name.clone(),
            authorities: self.authorities.clone(),
            ..SessionFacts::default()
        }
    }

    fn exporter(&self) -> Option<Exporter> {
        if !self.is_complete() {
            return None;
        }
        let secrets = self.taps.tap.secrets();
        Some(match self.suite()? {
            suite @ Suite::Tls13(_) => Exporter::Tls13 {
                hash: self.backend.hash(suite.hash()?)?.clone(),
                secret: secrets.exporter.clone()?,
            },
            suite @ Suite::Tls12(_) => {
                let hello = self.facts.server?;
                if !hello.extended_master_secret {
                    return Some(Exporter::Forbidden);
                }
                let mut randoms = [0; 64];
                randoms[..32].copy_from_slice(&secrets.client_random);
                randoms[32..].copy_from_slice(&hello.random);
                Exporter::Tls12 {
                    hash: self.backend.hash(suite.hash()?)?.clone(),
                    master: secrets.tls12_master.clone()?,
                    randoms: Box::new(randoms),
                }
            }
        })
    }

    fn finish(self: Box<Self>, received: Option<Protection>) -> Result<HandOff, Failure> {
        let suite = self.suite().ok_or_else(conversion_failure)?;
        let parts = match suite {
            Suite::Tls12(_) => self.finish_tls12(suite, received),
            Suite::Tls13(_) => self.finish_tls13(suite),
        };
        let (tx, rx, post) = parts?;
        Ok(HandOff {
            tx,
            rx,
            post,
            confidentiality_limit: suite.common().confidentiality_limit,
            // rustls 0.23 knows no extension for it.
            sizes: RecordSizes::default(),
        })
    }
}
