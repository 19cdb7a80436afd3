//! The server.

mod offered;

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use rustls_pki_types::{CertificateDer, UnixTime};

use self::offered::{Chosen, Exchange, Offered, Proof};
use super::agreed::{Agreed, Completed};
use super::certificates::{self as peer, Certificates, Shown};
use super::config::Config;
use super::failures::{check_finished, check_last, engine_failure};
use super::flight;
use super::psk::Before;
use super::secrets::{Handshake, Log, VERSION};
use super::states::Awaited;
use crate::crypto::kx::KeyPair;
use crate::failure::Failure;
use crate::handshake::extensions::number;
use crate::handshake::facts::{Identity, SessionFacts};
use crate::handshake::incoming::{Incoming, unexpected};
use crate::handshake::key_schedule::exporter::Exporter;
use crate::handshake::sizes::{Answered, Room};
use crate::handshake::transcript::Transcript;
use crate::handshake::wire::certificate::REQUESTED;
use crate::handshake::wire::client_hello::HelloMessage;
use crate::handshake::wire::server_hello::RETRY;
use crate::handshake::wire::writer::Writer;
use crate::handshake::wire::{Refusal, TLS12, TLS13};
use crate::handshake::{AlertProtection, Engine, KeyQuestion, Message};
use crate::identity::pre_shared_key::{KeyRules, PreSharedKey};
use crate::protocol::{SignatureScheme, SslCipher, SslProtocol};
use crate::record::messages::{MESSAGE_HEADER, kind};
use crate::record::protection::Protection;
use crate::record::size::RecordSizes;
use crate::record::traffic::HandOff;
use crate::time::Now;
use crate::verify::SslError;

/// A server's handshake.
pub(crate) struct Server {
    config: Arc<Config>,
    /// The name that the client asks for.
    name: Option<Box<str>>,
    /// Whether data may follow the first hello.
    early_data: bool,
    /// The last hello.
    hello: HelloMessage,
    /// What the client's records have room in.
    room: Room,
    state: State,
    random: [u8; 32],
    before: Before,
    agreed: Agreed,
    read_protection: Option<Protection>,
    /// The client's certificates.
    shown: Shown,
    /// What there is once our Finished is written.
    application: Option<Completed>,
    /// Whether our last flight has left.
    is_released: bool,
}

enum State {
    /// The hello has not been looked at.
    Begun,
    /// The application knows which keys there are.
    Asking,
    /// With this key, in this suite, the hello's binder is to be checked.
    Accepting(Chosen),
    /// A second hello is awaited, with a share of this group.
    AwaitingHello(Chosen, u16),
    /// A key pair is to be made, for this share of the client's.
    Generating(Chosen, u16, Vec<u8>),
    /// It is there.
    Agreeing(Chosen, Box<dyn KeyPair>, Vec<u8>),
    /// A key without an exchange.
    Keyed(Chosen),
    /// All up to our Certificate is made, and nothing of it has left.
    Signing(Box<Unsigned>),
    AwaitingCertificate(Transcript, Handshake),
    AwaitingVerify(Transcript, Handshake),
    /// The client's signature is to be checked, in a message that is not in the transcript yet.
    Verifying(Transcript, Handshake, peer::Proof, Vec<u8>),
    AwaitingFinished(Transcript, Handshake),
    /// The application judges.
    Judging,
    Complete,
    /// A step has failed.
    Failed,
}

/// A flight up to our Certificate.
struct Unsigned {
    scheme: SignatureScheme,
    begun: Begun,
}

/// A flight, and what goes on with it.
struct Begun {
    flight: Vec<u8>,
    cipher: SslCipher,
    transcript: Transcript,
    secrets: Handshake,
    protection: Protection,
}

impl Begun {
    fn seal(&mut self, message: &[u8], fragment: usize) -> Result<(), Failure> {
        self.transcript.add(message);
        flight::sealed(&mut self.flight, message, &mut self.protection, fragment)
    }
}

impl Server {
    /// A new handshake, which begins with this hello, of a client that offers TLS 1.3.
    pub(in crate::handshake) fn new(config: Arc<Config>, hello: HelloMessage, room: Room) -> Self {
        Self {
            config,
            name: hello.hello().server_name().map(Box::from),
            early_data: hello.offers_early_data(),
            hello,
            room,
            state: State::Begun,
            random: [0; 32],
            before: Before::default(),
            agreed: Agreed::default(),
            read_protection: None,
            shown: Shown::default(),
            application: None,
            is_released: false,
        }
    }

    /// What the client may send now.
    fn awaited(&self) -> Awaited {
        match self.state {
            State::AwaitingHello(..) => Awaited::SecondHello,
            State::AwaitingCertificate(..) => Awaited::Certificate,
            State::AwaitingVerify(..) => Awaited::CertificateVerify,
            State::AwaitingFinished(..) => Awaited::ClientFinished,
            State::Begun
            | State::Asking
            | State::Accepting(_)
            | State::Generating(..)
            | State::Agreeing(..)
            | State::Keyed(_)
            | State::Signing(_)
            | State::Verifying(..)
            | State::Judging
            | State::Complete
            | State::Failed => Awaited::Nothing,
        }
    }

    fn offered(&self) -> Offered<'_> {
        Offered {
            config: &self.config,
            hello: &self.hello,
            room: self.room,
        }
    }

    /// Checks that the client has the key; only then does anything come of it.
    fn accept(&mut self, chosen: Chosen, flight: &mut Vec<u8>) -> Result<(), Failure> {
        if let Proof::Key(key, place) = &chosen.proof {
            self.offered().check_binder(key, *place, &self.before)?;
            self.agreed.identity = Some(Box::new(Identity(key.identity.as_slice().into())));
        }
        self.agreed.cipher = Some(chosen.cipher);
        match self.offered().exchange()? {
            Exchange::Share(group, share) => {
                self.state = State::Generating(chosen, group, share);
                Ok(())
            }
            Exchange::None => {
                self.state = State::Keyed(chosen);
                Ok(())
            }
            Exchange::Retry(group) => self.retry(chosen, group, flight),
        }
    }

    /// Asks for another hello (RFC 8446 §4.1.4).
    fn retry(&mut self, chosen: Chosen, group: u16, flight: &mut Vec<u8>) -> Result<(), Failure> {
        let message = self.server_hello(&RETRY, chosen.cipher, |w| {
            w.extension(number::KEY_SHARE, |w| w.u16(group));
        })?;
        flight::clear(flight, &message, self.config.max_fragment);
        self.send_change_cipher_spec(flight)?;
        self.before = Before(Some((self.hello.message().into(), message)));
        self.agreed.retried = true;
        self.state = State::AwaitingHello(chosen, group);
        Ok(())
    }

    /// ServerHello, or HelloRetryRequest, with these extensions beside the version.
    fn server_hello(
        &self,
        random: &[u8; 32],
        cipher: SslCipher,
        extensions: impl FnOnce(&mut Writer),
    ) -> Result<Vec<u8>, Failure> {
        let (_, session_id) = self.hello.opening()?;
        flight::written(Writer::message(kind::SERVER_HELLO, |w| {
            w.u16(TLS12);
            w.bytes(random);
            w.vector8(|w| w.bytes(session_id));
            w.u16(cipher.id());
            w.u8(0); // no compression
            w.vector16(|w| {
                w.extension(number::SUPPORTED_VERSIONS, |w| w.u16(TLS13));
                extensions(w);
            });
        }))
    }

    /// Behind the first message of ours, for a client that wants it (RFC 8446 §D.4).
    fn send_change_cipher_spec(&self, flight: &mut Vec<u8>) -> Result<(), Failure> {
        let (_, session_id) = self.hello.opening()?;
        if !session_id.is_empty() && self.before.0.is_none() {
            flight::change_cipher_spec(flight);
        }
        Ok(())
    }

    fn read_second_hello(
        &mut self,
        message: &[u8],
        mut chosen: Chosen,
        group: u16,
    ) -> Result<(), Failure> {
        let second = self.hello.read_second(message)?;
        if second.offers_early_data() {
            return Err(Refusal::illegal("early data behind HelloRetryRequest").into());
        }
        self.hello = second;
        // None of it is under way any more (RFC 8446 §4.2.10).
        self.early_data = false;
        self.hello.check_tls13()?;
        let offered = self.offered();
        offered.check_cookie()?;
        if let Proof::Key(key, place) = &mut chosen.proof {
            let mut identities = offered.keys()?.identities();
            let found = identities.position(|identity| identity == key.identity);
            *place = found.ok_or_else(|| Refusal::illegal("the key that was chosen is gone"))?;
            offered.check_binder(key, *place, &self.before)?;
        }
        match offered.exchange()? {
            // The one that was asked for, and no other (RFC 8446 §4.2.8).
            Exchange::Share(shared, share) if shared == group && offered.has_one_share() => {
                self.state = State::Generating(chosen, group, share);
                Ok(())
            }
            _ => Err(Refusal::illegal("not the key share that was asked for").into()),
        }
    }

    /// Makes a key pair; with a KEM, the answer to the client's share and all that follows.
    fn generate(
        &mut self,
        chosen: Chosen,
        group: u16,
        share: Vec<u8>,
        flight: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        let exchange = self.config.group(group);
        let exchange = exchange.ok_or_else(|| engine_failure("there is no such group"))?;
        if exchange.is_kem() {
            let answer = exchange.answer(&share)?;
            self.agreed.group = Some(group);
            return self.answer(&chosen, Some((&answer.share, &answer.secret)), flight);
        }
        let pair = exchange.generate()?;
        self.agreed.group = Some(group);
        self.state = State::Agreeing(chosen, pair, share);
        Ok(())
    }

    /// ServerHello to Finished, or to our Certificate, with a share of ours and the secret that came of
    /// it.
    fn answer(
        &mut self,
        chosen: &Chosen,
        exchange: Option<(&[u8], &[u8])>,
        flight: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        let config = self.config.clone();
        let answered = Answered::new(self.room, &self.hello.extensions(), chosen.cipher)?;
        self.agreed.sizes = answered.sizes;
        let mut begun = self.begin(chosen, exchange)?;
        let fragment = config.fragment(answered.sizes);
        self.agreed.alpn = config.application_protocol(&self.hello.hello())?;
        let message = flight::written(Writer::message(kind::ENCRYPTED_EXTENSIONS, |w| {
            w.vector16(|w| {
                // Which certificate it is may depend on the name (RFC 6066 §3).
                if self.name.is_some() && config.certificates.is_some() {
                    w.extension(number::SERVER_NAME, |_| {});
                }
                if let Some(name) = &self.agreed.alpn {
                    w.extension(number::ALPN, |w| {
                        w.vector16(|w| w.vector8(|w| w.bytes(name)));
                    });
                }
                answered.write(w);
            });
        }))?;
        begun.seal(&message, fragment)?;
        let (Proof::Certificate(scheme), Some(certificates)) =
            (&chosen.proof, &config.certificates)
        else {
            return self.finish_flight(begun, flight);
        };
        if certificates.asks() {
            begun.seal(&certificates.request()?, fragment)?;
        }
        let extensions = self.hello.extensions();
        let stapled = extensions.find(number::STATUS_REQUEST).is_some();
        begun.seal(&certificates.own_chain(true, stapled)?, fragment)?;
        let scheme = *scheme;
        self.state = State::Signing(Box::new(Unsigned { scheme, begun }));
        Ok(())
    }

    /// ServerHello, and the keys that it leads to.
    fn begin(
        &mut self,
        chosen: &Chosen,
        exchange: Option<(&[u8], &[u8])>,
    ) -> Result<Begun, Failure> {
        let cipher = chosen.cipher;
        let config = self.config.clone();
        let hash = config.hash(cipher.hash())?;
        config.backend.fill_random(&mut self.random)?;
        let group = self.agreed.group;
        let message = self.server_hello(&self.random, cipher, |w| {
            if let (Some((share, _)), Some(group)) = (exchange, group) {
                w.extension(number::KEY_SHARE, |w| {
                    w.u16(group);
                    w.vector16(|w| w.bytes(share));
                });
            }
            if let Proof::Key(_, place) = chosen.proof {
                w.extension(number::PRE_SHARED_KEY, |w| w.u16(place as u16));
            }
        })?;
        let mut transcript = self.before.transcript(hash);
        transcript.add(self.hello.message());
        transcript.add(&message);
        let mut flight = Vec::new();
        flight::clear(
            &mut flight,
            &message,
            config.clear_fragment(self.agreed.sizes),
        );
        self.send_change_cipher_spec(&mut flight)?;
        let client_random = *self.hello.opening()?.0;
        let log = Log {
            to: config.key_log.as_ref(),
            client_random: &client_random,
        };
        let secret = exchange.map(|(_, secret)| secret);
        let early = chosen.early_secret(&**hash);
        let secrets = Handshake::new(&transcript, &early, secret, &log);
        let protection = secrets.of_server(&config.backend, &**hash, cipher.aead())?;
        Ok(Begun {
            flight,
            cipher,
            transcript,
            secrets,
            protection,
        })
    }

    /// Signs the handshake, and ends the flight. Costs a signature.
    fn sign(&mut self, unsigned: Unsigned, flight: &mut Vec<u8>) -> Result<(), Failure> {
        let Unsigned { scheme, mut begun } = unsigned;
        let config = self.config.clone();
        let message = self.certificates()?.sign(scheme, true, &begun.transcript)?;
        begun.seal(&message, config.fragment(self.agreed.sizes))?;
        self.agreed.certificate_sent = true;
        self.finish_flight(begun, flight)
    }

    /// Finished, and the keys that it leads to.
    fn finish_flight(&mut self, mut begun: Begun, flight: &mut Vec<u8>) -> Result<(), Failure> {
        let config = self.config.clone();
        let value = begun.secrets.server_finished(&begun.transcript);
        let message = flight::finished(value.as_slice())?;
        begun.seal(&message, config.fragment(self.agreed.sizes))?;
        let Begun {
            flight: made,
            cipher,
            transcript,
            secrets,
            ..
        } = begun;
        let client_random = *self.hello.opening()?.0;
        let log = Log {
            to: config.key_log.as_ref(),
            client_random: &client_random,
        };
        let hash = transcript.hash().clone();
        self.read_protection = Some(secrets.of_client(&config.backend, &*hash, cipher.aead())?);
        self.application = Some(Completed {
            cipher,
            secrets: secrets.application(&transcript, &log),
            hash,
        });
        flight.extend(made);
        self.state = match config.asks() {
            true => State::AwaitingCertificate(transcript, secrets),
            false => State::AwaitingFinished(transcript, secrets),
        };
        Ok(())
    }

    fn read_certificate(
        &mut self,
        message: &[u8],
        mut transcript: Transcript,
        secrets: Handshake,
    ) -> Result<(), Failure> {
        let offered = |number| REQUESTED.contains(&number);
        self.shown = Shown::read(message, offered, self.certificates()?)?;
        transcript.add(message);
        self.state = match (&self.shown.useless, self.shown.chain.is_empty()) {
            (Some(_), _) => State::Judging,
            (None, false) => State::AwaitingVerify(transcript, secrets),
            (None, true) => State::AwaitingFinished(transcript, secrets),
        };
        Ok(())
    }

    /// Checks the client's signature.
    fn verify(
        &mut self,
        mut transcript: Transcript,
        secrets: Handshake,
        proof: &peer::Proof,
        message: &[u8],
    ) -> Result<(), Failure> {
        let leaf = self.shown.chain.first();
        let leaf = leaf.ok_or_else(|| engine_failure("there is no certificate"))?;
        let certificates = self.certificates()?;
        certificates.verify(proof, leaf, false, &transcript)?;
        self.agreed.peer_signature = Some(proof.scheme);
        transcript.add(message);
        self.state = State::AwaitingFinished(transcript, secrets);
        Ok(())
    }

    fn certificates(&self) -> Result<&Certificates, Failure> {
        let certificates = self.config.certificates.as_ref();
        certificates.ok_or_else(|| engine_failure("there are no certificates"))
    }
}

impl Engine for Server {
    fn start(&mut self, _: Now, _: &mut Vec<u8>) -> Result<(), Failure> {
        self.offered().check()?;
        let config = self.config.clone();
        if let Some(certificates) = &config.certificates {
            self.state = State::Accepting(self.offered().choose_certificate(certificates)?);
            return Ok(());
        }
        match config.known_keys() {
            Some(keys) => self.provide_keys(keys),
            None => {
                self.state = State::Asking;
                Ok(())
            }
        }
    }

    fn asks_for_keys(&self) -> Option<KeyQuestion<'_>> {
        match self.state {
            State::Asking => Some(KeyQuestion {
                protocol: VERSION,
                hint: None,
                named: Some(self.offered().keys().ok()?.identities()),
            }),
            _ => None,
        }
    }

    fn key_rules(&self) -> Option<KeyRules> {
        Some(self.config.rules)
    }

    fn provide_keys(&mut self, keys: &[PreSharedKey]) -> Result<(), Failure> {
        self.state = State::Accepting(self.offered().choose(keys)?);
        Ok(())
    }

    fn has_work(&self) -> bool {
        matches!(
            self.state,
            State::Accepting(_)
                | State::Generating(..)
                | State::Agreeing(..)
                | State::Keyed(_)
                | State::Signing(_)
                | State::Verifying(..)
        )
    }

    fn work(&mut self, _: Now, flight: &mut Vec<u8>) -> Result<(), Failure> {
        match core::mem::replace(&mut self.state, State::Failed) {
            State::Accepting(chosen) => self.accept(chosen, flight),
            State::Generating(chosen, group, share) => self.generate(chosen, group, share, flight),
            State::Agreeing(chosen, pair, share) => {
                let own = pair.share().to_vec();
                let secret = pair.agree(&share)?;
                self.answer(&chosen, Some((&own, &secret)), flight)
            }
            State::Keyed(chosen) => self.answer(&chosen, None, flight),
            State::Signing(unsigned) => self.sign(*unsigned, flight),
            State::Verifying(transcript, secrets, proof, message) => {
                self.verify(transcript, secrets, &proof, &message)
            }
            other => {
                self.state = other;
                Ok(())
            }
        }
    }

    fn message(&mut self, message: Message<'_>, _: Now, _: &mut Vec<u8>) -> Result<(), Failure> {
        let (last, incoming) = (message.last, Incoming::Message(message.kind()));
        let message = message.bytes();
        self.awaited().check(incoming)?;
        match core::mem::replace(&mut self.state, State::Failed) {
            State::AwaitingHello(chosen, group) => {
                check_last(last)?;
                self.read_second_hello(message, chosen, group)
            }
            State::AwaitingCertificate(transcript, secrets) => {
                self.read_certificate(message, transcript, secrets)
            }
            State::AwaitingVerify(transcript, secrets) => {
                let proof = peer::Proof::read(message)?;
                self.state = State::Verifying(transcript, secrets, proof, message.to_vec());
                Ok(())
            }
            State::AwaitingFinished(transcript, secrets) => {
                let value = message.get(MESSAGE_HEADER..).unwrap_or_default();
                let expected = secrets.client_finished(&transcript);
                check_finished(value, expected.as_slice())?;
                check_last(last)?;
                self.state = match self.config.asks() {
                    true => State::Judging,
                    false => State::Complete,
                };
                Ok(())
            }
            _ => Err(unexpected(incoming)),
        }
    }

    /// The client's, which means nothing (RFC 8446 §D.4).
    fn change_cipher_spec(&mut self, _: &mut [u8], _: Now, _: &mut Vec<u8>) -> Result<(), Failure> {
        self.awaited().check(Incoming::ChangeCipherSpec)
    }

    fn take_read_protection(&mut self) -> Option<Protection> {
        self.read_protection.take()
    }

    fn record_sizes(&self) -> RecordSizes {
        self.agreed.sizes
    }

    fn settled(&self) -> Option<SslProtocol> {
        self.agreed.cipher.map(|cipher| cipher.protocol())
    }

    fn verdict_due(&self) -> bool {
        matches!(self.state, State::Judging)
    }

    fn peer_chain(&self) -> &[CertificateDer<'static>] {
        &self.shown.chain
    }

    fn useless_key(&self) -> Option<&SslError> {
        self.shown.useless.as_ref()
    }

    fn judged(&mut self, _: bool, _: Option<UnixTime>, _: &mut Vec<u8>) {
        if self.shown.useless.is_none() {
            self.state = State::Complete;
        }
    }

    fn refuses_early_data(&self) -> bool {
        self.early_data && self.agreed.cipher.is_some()
    }

    fn released(&mut self, _: &[u8]) {
        self.is_released = self.application.is_some();
    }

    fn alert_protection(&self) -> AlertProtection {
        let Some(completed) = self.application.as_ref().filter(|_| self.is_released) else {
            return AlertProtection::Clear;
        };
        // Behind our Finished.
        AlertProtection::under(completed.of_server(&self.config.backend))
    }

    fn is_complete(&self) -> bool {
        matches!(self.state, State::Complete)
    }

    fn facts(&self) -> SessionFacts {
        self.agreed.facts(self.name.clone())
    }

    fn exporter(&self) -> Option<Exporter> {
        let completed = self.application.as_ref();
        completed
            .filter(|_| self.is_complete())
            .map(Completed::exporter)
    }

    fn finish(self: Box<Self>, _: Option<Protection>) -> Result<HandOff, Failure> {
        let Self {
            config,
            state,
            application,
            agreed,
            ..
        } = *self;
        match (state, application) {
            (State::Complete, Some(completed)) => {
                completed.hand_off(&config.backend, false, agreed.sizes)
            }
            _ => Err(engine_failure("the handshake is not complete")),
        }
    }
}
