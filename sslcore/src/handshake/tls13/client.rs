//! The client, until the server says that it speaks TLS 1.2.

mod hello;

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use self::hello::{Hello, Tls13};
use super::agreed::{Agreed, Completed};
use super::certificates::{Certificates, Proof, Shown};
use super::config::Config;
use super::failures::{check_finished, check_last, engine_failure, incompatible, no_key};
use super::flight;
use super::psk::{Before, Psk, without_key};
use super::secrets::{Handshake, Log, VERSION};
use super::states::Awaited;
use crate::alert::Alert;
use crate::crypto::kx::{KeyPair, KxError, SharedSecret};
use crate::failure::{Failure, FailureKind};
use crate::handshake::extensions::number;
use crate::handshake::facts::{Identity, SessionFacts};
use crate::handshake::incoming::{Incoming, unexpected};
use crate::handshake::key_schedule::Secret;
use crate::handshake::key_schedule::exporter::Exporter;
use crate::handshake::sizes::{Asked, Room};
#[cfg(feature = "tls12")]
use crate::handshake::tls12_psk;
use crate::handshake::transcript::Transcript;
use crate::handshake::wire::offer::Offer;
use crate::handshake::wire::pre_shared_key::selected;
use crate::handshake::wire::server_hello::Parts;
use crate::handshake::wire::{Refusal, certificate_request, encrypted_extensions, groups, u16s};
use crate::handshake::{AlertProtection, Engine, KeyQuestion, Message};
use crate::identity::pre_shared_key::{KeyRules, PreSharedKey};
use crate::protocol::{SignatureScheme, SslCipher, SslProtocol};
use crate::record::messages::{MESSAGE_HEADER, kind};
use crate::record::protection::Protection;
use crate::record::size::RecordSizes;
use crate::record::traffic::HandOff;
use crate::time::Now;
use crate::verify::SslError;

/// A client's handshake.
pub(crate) struct Client {
    config: Arc<Config>,
    /// The name to ask the server for.
    name: Option<Box<str>>,
    /// What the server's records have room in.
    room: Room,
    state: State,
    /// What is offered in TLS 1.3, in order.
    keys: Vec<Psk>,
    /// What there is for TLS 1.2.
    plain: Option<PreSharedKey>,
    /// The suites of both versions that a key fits. Servers take a suite before they look for a key, and of one that
    /// no key fits nothing could come.
    ciphers: Vec<SslCipher>,
    random: [u8; 32],
    /// That of no session: the handshake looks like one that is resumed (RFC 8446 §D.4).
    session_id: [u8; 32],
    before: Before,
    /// The last hello.
    offered: Offered,
    agreed: Agreed,
    has_changed_cipher_spec: bool,
    read_protection: Option<Protection>,
    keyed: Option<Keyed>,
    /// The server's certificates.
    shown: Shown,
    requested: Option<Requested>,
    /// The engine that goes on: the server speaks TLS 1.2.
    successor: Option<Box<dyn Engine>>,
}

/// What the last hello said.
#[derive(Default)]
struct Offered {
    message: Vec<u8>,
    offer: Offer,
}

/// A key pair of ours, and the server's share.
struct Exchange {
    pair: Box<dyn KeyPair>,
    /// Whether it is for the group of a hybrid's classical half.
    in_classical_half: bool,
    share: Vec<u8>,
}

impl Exchange {
    fn complete(self) -> Result<SharedSecret, KxError> {
        match self.in_classical_half {
            true => self.pair.agree_classical(&self.share),
            false => self.pair.agree(&self.share),
        }
    }
}

/// The server asks for our certificate.
struct Requested {
    /// What we sign in; `None` when we have no certificate that it could take.
    scheme: Option<SignatureScheme>,
}

/// What there is from ServerHello on.
struct Keyed {
    cipher: SslCipher,
    secrets: Handshake,
}

enum State {
    /// The application gives keys.
    Asking,
    /// A key pair of this group is to be made, for a hello with this cookie.
    Generating(u16, Option<Vec<u8>>),
    /// A hello for TLS 1.2 alone is to be said.
    Greeting,
    /// With this key pair, if TLS 1.3 is offered.
    AwaitingHello(Option<(Box<dyn KeyPair>, u16)>),
    /// The server has answered with this share, or wants none; the transcript ends with its hello.
    Agreeing(Option<Exchange>, Secret, SslCipher, Transcript),
    AwaitingExtensions(Transcript),
    AwaitingCertificate(Transcript),
    AwaitingVerify(Transcript),
    /// The server's signature is to be checked, in a message that is not in the transcript yet.
    Verifying(Transcript, Proof, Vec<u8>),
    AwaitingFinished(Transcript),
    /// The application judges. There is no transcript for a server whose key is useless.
    Judging(Option<Transcript>),
    /// Our last flight is to be made.
    Signing(Transcript),
    Complete(Completed),
    /// A step has failed, or another engine goes on.
    Failed,
}

impl Client {
    /// A new handshake with the server of this name.
    pub(in crate::handshake) fn new(
        config: Arc<Config>,
        name: ServerName<'static>,
        enable_sni: bool,
        room: Room,
    ) -> Self {
        let name = match name {
            ServerName::DnsName(name) if enable_sni => Some(name.as_ref().into()),
            _ => None,
        };
        Self {
            config,
            name,
            room,
            state: State::Asking,
            keys: Vec::new(),
            plain: None,
            ciphers: Vec::new(),
            random: [0; 32],
            session_id: [0; 32],
            before: Before::default(),
            offered: Offered::default(),
            agreed: Agreed::default(),
            has_changed_cipher_spec: false,
            read_protection: None,
            keyed: None,
            shown: Shown::default(),
            requested: None,
            successor: None,
        }
    }

    /// What the server may send now.
    fn awaited(&self) -> Awaited {
        match self.state {
            State::AwaitingHello(Some(_)) => Awaited::ServerHello,
            State::AwaitingHello(None) => Awaited::ServerHelloTls12,
            State::AwaitingExtensions(_) => Awaited::EncryptedExtensions,
            State::AwaitingCertificate(_) if self.requested.is_some() => Awaited::Certificate,
            State::AwaitingCertificate(_) => Awaited::CertificateOrRequest,
            State::AwaitingVerify(_) => Awaited::CertificateVerify,
            State::AwaitingFinished(_) => Awaited::ServerFinished,
            State::Asking
            | State::Generating(..)
            | State::Greeting
            | State::Agreeing(..)
            | State::Verifying(..)
            | State::Judging(_)
            | State::Signing(_)
            | State::Complete(_)
            | State::Failed => Awaited::Nothing,
        }
    }

    /// How large the server's records should be.
    fn asked(&self) -> Asked {
        Asked::new(self.room, &self.ciphers)
    }

    fn log(&self) -> Log<'_> {
        Log {
            to: self.config.key_log.as_ref(),
            client_random: &self.random,
        }
    }

    /// What both kinds of handshakes need.
    fn certificates(config: &Config) -> Result<&Certificates, Failure> {
        let certificates = config.certificates.as_ref();
        certificates.ok_or_else(|| engine_failure("there are no certificates"))
    }

    fn begin(&mut self, keys: &[PreSharedKey]) -> Result<(), Failure> {
        if self.config.certificates.is_some() {
            self.ciphers = self.config.ciphers.clone();
            self.config.backend.fill_random(&mut self.random)?;
            return self.begin_tls13();
        }
        self.keys = Psk::all(keys, &self.config)?;
        let plain = keys.iter().find(|key| key.context().is_none());
        self.plain = plain
            .filter(|_| self.config.has(SslProtocol::TlsV1_2))
            .cloned();
        if self.keys.is_empty() && self.plain.is_none() {
            return Err(Failure::silent(FailureKind::NoPreSharedKey)
                .because("the application has none for this server"));
        }
        let fits = |cipher: &SslCipher| match cipher.protocol() {
            SslProtocol::TlsV1_2 => self.plain.is_some(),
            SslProtocol::TlsV1_3 => {
                let mut keys = self.keys.iter();
                keys.any(|key| key.hash.algorithm() == cipher.hash())
            }
        };
        let ciphers = self.config.ciphers.iter().copied();
        self.ciphers = ciphers.filter(fits).collect();
        self.config.backend.fill_random(&mut self.random)?;
        if self.keys.is_empty() {
            self.state = State::Greeting;
            return Ok(());
        }
        self.begin_tls13()
    }

    fn begin_tls13(&mut self) -> Result<(), Failure> {
        self.config.backend.fill_random(&mut self.session_id)?;
        let first = self.config.groups.first();
        let first = first.ok_or_else(|| engine_failure("there is no group"))?;
        self.state = State::Generating(first.group(), None);
        Ok(())
    }

    /// Makes a key pair, and says hello with its share.
    fn generate(
        &mut self,
        group: u16,
        cookie: Option<&[u8]>,
        flight: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        let known = self.config.group(group);
        let pair = known
            .ok_or_else(|| engine_failure("there is no such group"))?
            .generate()?;
        self.say_hello(Some((pair, group)), cookie, self.before.0.is_none(), flight)
    }

    /// `with_classical` says whether a share for the classical half of a hybrid goes with it: not where one
    /// group was asked for (RFC 8446 §4.1.2).
    fn say_hello(
        &mut self,
        pair: Option<(Box<dyn KeyPair>, u16)>,
        cookie: Option<&[u8]>,
        with_classical: bool,
        flight: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        let tls13 = pair.as_ref().map(|(pair, group)| Tls13 {
            session_id: &self.session_id,
            share: (*group, pair.share()),
            // It costs nothing, and spares a second hello (draft-ietf-tls-hybrid-design §3.2).
            classical: pair
                .classical()
                .filter(|(group, _)| with_classical && self.config.group(*group).is_some()),
            cookie,
            keys: &self.keys,
            before: &self.before,
        });
        let hello = Hello {
            config: &self.config,
            name: self.name.as_deref(),
            random: &self.random,
            ciphers: &self.ciphers,
            sizes: self.asked(),
            // There may be no key that is for it yet.
            tls12: self.plain.is_some() || tls13.is_none(),
            tls13,
        };
        let message = hello.message()?;
        let before = self.before.0.as_ref().map(|_| &self.offered.offer);
        let offer = Offer::read(&message, before)?;
        if before.is_some() {
            self.send_change_cipher_spec(flight);
        }
        flight::clear(flight, &message, self.config.max_fragment);
        self.offered = Offered { message, offer };
        self.state = State::AwaitingHello(pair);
        Ok(())
    }

    fn send_change_cipher_spec(&mut self, flight: &mut Vec<u8>) {
        if !core::mem::replace(&mut self.has_changed_cipher_spec, true) {
            flight::change_cipher_spec(flight);
        }
    }

    /// ServerHello or HelloRetryRequest.
    fn read_hello(
        &mut self,
        message: &[u8],
        last: bool,
        pair: Option<(Box<dyn KeyPair>, u16)>,
        flight: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        let offered = core::mem::take(&mut self.offered);
        let answer = Parts::read_answer(message, &offered.offer)?;
        let (pair, group) = match pair {
            Some(pair) if answer.hello.is_tls13 => pair,
            pair => return self.go_on_in_tls12(&answer, message, &offered, pair.is_some()),
        };
        let mut offers = self.ciphers.iter().copied();
        let cipher = offers.find(|cipher| cipher.id() == answer.suite);
        let cipher =
            cipher.ok_or_else(|| Refusal::illegal("a cipher suite that was not offered"))?;
        if self.agreed.cipher.is_some_and(|before| before != cipher) {
            return Err(Refusal::illegal("another cipher suite than in HelloRetryRequest").into());
        }
        self.agreed.cipher = Some(cipher);
        if answer.hello.is_retry() {
            self.agreed.retried = true;
            let wanted = answer.wanted_group()?;
            let cookie = answer.cookie()?.map(<[u8]>::to_vec);
            let classical = pair.classical();
            let both = classical.is_some_and(|(group, _)| offered.offer.shares(group));
            self.before = Before(Some((offered.message.clone(), message.into())));
            self.offered = offered;
            // Of every suite that is offered there is one.
            self.keys
                .retain(|key| key.hash.algorithm() == cipher.hash());
            return match wanted {
                // In a step of its own.
                Some(group) => {
                    self.state = State::Generating(group, cookie);
                    Ok(())
                }
                None => self.say_hello(Some((pair, group)), cookie.as_deref(), both, flight),
            };
        }
        check_last(last)?;
        let early = self.early_secret(&answer, cipher)?;
        let share = answer.extensions.find(number::KEY_SHARE);
        let share = share.map(groups::server_share).transpose()?;
        if let Some((of, _)) = share {
            if !offered.offer.shares(of) {
                return Err(Refusal::illegal("a key share of another group").into());
            }
            self.agreed.group = Some(of);
        } else if !self.config.keys.allows_psk_ke {
            return Err(Refusal::missing("there is no key_share").into());
        }
        let mut transcript = self.before.transcript(self.config.hash(cipher.hash())?);
        transcript.add(&offered.message);
        transcript.add(message);
        self.offered.offer = offered.offer;
        let exchange = share.map(|(of, share)| Exchange {
            pair,
            in_classical_half: of != group,
            share: share.to_vec(),
        });
        self.state = State::Agreeing(exchange, early, cipher, transcript);
        Ok(())
    }

    /// Leaves the rest to the engine of the server's version.
    #[cfg(feature = "tls12")]
    fn go_on_in_tls12(
        &mut self,
        answer: &Parts<'_>,
        message: &[u8],
        offered: &Offered,
        with_tls13: bool,
    ) -> Result<(), Failure> {
        let session_id: &[u8] = match with_tls13 {
            true => &self.session_id,
            false => &[],
        };
        let before = tls12_psk::client::Before {
            config: self.config.clone(),
            name: self.name.take(),
            asked: self.asked(),
            hello: &offered.message,
            random: self.random,
            session_id,
            key: self.plain.take(),
        };
        let client = tls12_psk::client::Client::new(before, answer, message, &mut self.agreed)?;
        self.successor = Some(Box::new(client));
        Ok(())
    }

    #[cfg(not(feature = "tls12"))]
    fn go_on_in_tls12(
        &mut self,
        _: &Parts<'_>,
        _: &[u8],
        _: &Offered,
        _: bool,
    ) -> Result<(), Failure> {
        Err(engine_failure("TLS 1.2 is not in this build"))
    }

    /// That of the key which the server has chosen, or of none.
    fn early_secret(&mut self, answer: &Parts<'_>, cipher: SslCipher) -> Result<Secret, Failure> {
        let Some(content) = answer.extensions.find(number::PRE_SHARED_KEY) else {
            if self.config.certificates.is_some() {
                return Ok(without_key(&**self.config.hash(cipher.hash())?));
            }
            return Err(no_key(Alert::HandshakeFailure, "the server took none"));
        };
        let place = selected(content)?;
        let key = self.keys.get(place);
        let key = key.ok_or_else(|| Refusal::illegal("a key that was not offered"))?;
        if key.hash.algorithm() != cipher.hash() {
            return Err(Refusal::illegal("a key of another hash function").into());
        }
        self.agreed.identity = Some(Box::new(Identity(key.identity.as_slice().into())));
        Ok(key.early.clone())
    }

    fn agree(
        &mut self,
        exchange: Option<Exchange>,
        early: &Secret,
        cipher: SslCipher,
        transcript: Transcript,
    ) -> Result<(), Failure> {
        let secret = exchange.map(Exchange::complete).transpose()?;
        let secret = secret.as_ref().map(|secret| secret.as_slice());
        let secrets = Handshake::new(&transcript, early, secret, &self.log());
        let (backend, hash) = (&self.config.backend, &**transcript.hash());
        self.read_protection = Some(secrets.of_server(backend, hash, cipher.aead())?);
        self.keyed = Some(Keyed { cipher, secrets });
        self.keys = Vec::new();
        self.state = State::AwaitingExtensions(transcript);
        Ok(())
    }

    fn read_extensions(
        &mut self,
        message: &[u8],
        mut transcript: Transcript,
    ) -> Result<(), Failure> {
        let extensions = encrypted_extensions::read(message, &self.offered.offer)?;
        self.agreed.alpn = self.config.taken_protocol(&extensions)?;
        self.agreed.sizes = self.asked().agreed(&extensions, VERSION)?;
        transcript.add(message);
        self.state = match self.config.certificates {
            Some(_) => State::AwaitingCertificate(transcript),
            None => State::AwaitingFinished(transcript),
        };
        Ok(())
    }

    fn read_request(&mut self, message: &[u8], mut transcript: Transcript) -> Result<(), Failure> {
        let wanted = certificate_request::read_tls13(message)?;
        let taken = |scheme| u16s(wanted.schemes).any(|taken| taken == scheme);
        let mut known = u16s(wanted.schemes).filter_map(SignatureScheme::from_code);
        if !known.any(SignatureScheme::is_of_tls13) {
            return Err(incompatible(
                "a request for signatures that TLS 1.3 does not have",
            ));
        }
        let scheme = Self::certificates(&self.config)?.own_scheme(taken);
        self.requested = Some(Requested { scheme });
        self.agreed.authorities = certificate_request::kept(wanted.authorities);
        transcript.add(message);
        self.state = State::AwaitingCertificate(transcript);
        Ok(())
    }

    fn read_certificate(
        &mut self,
        message: &[u8],
        mut transcript: Transcript,
    ) -> Result<(), Failure> {
        let offered = |number| self.offered.offer.has(number);
        self.shown = Shown::read(message, offered, Self::certificates(&self.config)?)?;
        if self.shown.chain.is_empty() {
            return Err(Refusal::decode("a server without a certificate").into());
        }
        transcript.add(message);
        self.state = match self.shown.useless {
            Some(_) => State::Judging(None),
            None => State::AwaitingVerify(transcript),
        };
        Ok(())
    }

    /// Checks the server's signature.
    fn verify(
        &mut self,
        mut transcript: Transcript,
        proof: &Proof,
        message: &[u8],
    ) -> Result<(), Failure> {
        let leaf = self.shown.chain.first();
        let leaf = leaf.ok_or_else(|| engine_failure("there is no certificate"))?;
        Self::certificates(&self.config)?.verify(proof, leaf, true, &transcript)?;
        self.agreed.peer_signature = Some(proof.scheme);
        transcript.add(message);
        self.state = State::AwaitingFinished(transcript);
        Ok(())
    }

    fn read_finished(
        &mut self,
        message: &[u8],
        last: bool,
        mut transcript: Transcript,
        flight: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        let keyed = self.keyed.as_ref();
        let keyed = keyed.ok_or_else(|| engine_failure("there are no keys"))?;
        let value = message.get(MESSAGE_HEADER..).unwrap_or_default();
        let expected = keyed.secrets.server_finished(&transcript);
        check_finished(value, expected.as_slice())?;
        check_last(last)?;
        transcript.add(message);
        if self.config.certificates.is_some() {
            self.state = State::Judging(Some(transcript));
            return Ok(());
        }
        self.answer(transcript, flight)
    }

    /// Our last flight: the certificate that was asked for, and Finished. Costs a signature where there is
    /// such a certificate.
    fn answer(&mut self, mut transcript: Transcript, flight: &mut Vec<u8>) -> Result<(), Failure> {
        let keyed = self.keyed.take();
        let keyed = keyed.ok_or_else(|| engine_failure("there are no keys"))?;
        let answered = self.answer_under(&keyed, &mut transcript, flight);
        self.keyed = Some(keyed);
        self.state = State::Complete(answered?);
        Ok(())
    }

    fn answer_under(
        &mut self,
        keyed: &Keyed,
        transcript: &mut Transcript,
        flight: &mut Vec<u8>,
    ) -> Result<Completed, Failure> {
        let Keyed { cipher, secrets } = keyed;
        let config = self.config.clone();
        // Of what there was up to the server's Finished.
        let application = secrets.application(transcript, &self.log());
        let hash = transcript.hash().clone();
        let mut protection = secrets.of_client(&config.backend, &*hash, cipher.aead())?;
        let fragment = config.fragment(self.agreed.sizes);
        let mut messages = Vec::new();
        if let Some(Requested { scheme }) = self.requested {
            let certificates = Self::certificates(&config)?;
            let chain = certificates.own_chain(scheme.is_some(), false)?;
            transcript.add(&chain);
            messages.push(chain);
            if let Some(scheme) = scheme {
                let verify = certificates.sign(scheme, false, transcript)?;
                transcript.add(&verify);
                messages.push(verify);
                self.agreed.certificate_sent = true;
            }
        }
        messages.push(flight::finished(
            secrets.client_finished(transcript).as_slice(),
        )?);
        self.send_change_cipher_spec(flight);
        for message in &messages {
            flight::sealed(flight, message, &mut protection, fragment)?;
        }
        Ok(Completed {
            cipher: *cipher,
            hash,
            secrets: application,
        })
    }
}

impl Engine for Client {
    fn start(&mut self, _: Now, _: &mut Vec<u8>) -> Result<(), Failure> {
        let config = self.config.clone();
        match config.known_keys() {
            Some(keys) => self.begin(keys),
            None if !config.has(VERSION) => {
                // The server's hint comes before the question.
                config.backend.fill_random(&mut self.random)?;
                self.ciphers = config.ciphers.clone();
                self.state = State::Greeting;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn asks_for_keys(&self) -> Option<KeyQuestion<'_>> {
        matches!(self.state, State::Asking).then_some(KeyQuestion {
            protocol: VERSION,
            hint: None,
            named: None,
        })
    }

    fn key_rules(&self) -> Option<KeyRules> {
        Some(self.config.rules)
    }

    fn provide_keys(&mut self, keys: &[PreSharedKey]) -> Result<(), Failure> {
        self.begin(keys)
    }

    fn has_work(&self) -> bool {
        matches!(
            self.state,
            State::Generating(..)
                | State::Greeting
                | State::Agreeing(..)
                | State::Verifying(..)
                | State::Signing(_)
        )
    }

    fn work(&mut self, _: Now, flight: &mut Vec<u8>) -> Result<(), Failure> {
        match core::mem::replace(&mut self.state, State::Failed) {
            State::Greeting => self.say_hello(None, None, false, flight),
            State::Generating(group, cookie) => self.generate(group, cookie.as_deref(), flight),
            State::Agreeing(exchange, early, cipher, transcript) => {
                self.agree(exchange, &early, cipher, transcript)?;
                // An alert could come before our last flight.
                if self.config.certificates.is_some() {
                    self.send_change_cipher_spec(flight);
                }
                Ok(())
            }
            State::Verifying(transcript, proof, message) => {
                self.verify(transcript, &proof, &message)
            }
            State::Signing(transcript) => self.answer(transcript, flight),
            other => {
                self.state = other;
                Ok(())
            }
        }
    }

    fn message(
        &mut self,
        message: Message<'_>,
        _: Now,
        flight: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        let (last, incoming) = (message.last, Incoming::Message(message.kind()));
        let message = message.bytes();
        self.awaited().check(incoming)?;
        match core::mem::replace(&mut self.state, State::Failed) {
            State::AwaitingHello(pair) => self.read_hello(message, last, pair, flight),
            State::AwaitingExtensions(transcript) => self.read_extensions(message, transcript),
            State::AwaitingCertificate(transcript) => match incoming {
                Incoming::Message(kind::CERTIFICATE_REQUEST) => {
                    self.read_request(message, transcript)
                }
                _ => self.read_certificate(message, transcript),
            },
            State::AwaitingVerify(transcript) => {
                let proof = Proof::read(message)?;
                self.state = State::Verifying(transcript, proof, message.to_vec());
                Ok(())
            }
            State::AwaitingFinished(transcript) => {
                self.read_finished(message, last, transcript, flight)
            }
            _ => Err(unexpected(incoming)),
        }
    }

    /// The server's, which means nothing (RFC 8446 §D.4).
    fn change_cipher_spec(&mut self, _: &mut [u8], _: Now, _: &mut Vec<u8>) -> Result<(), Failure> {
        self.awaited().check(Incoming::ChangeCipherSpec)
    }

    fn take_read_protection(&mut self) -> Option<Protection> {
        self.read_protection.take()
    }

    fn take_successor(&mut self) -> Option<Box<dyn Engine>> {
        self.successor.take()
    }

    fn record_sizes(&self) -> RecordSizes {
        self.agreed.sizes
    }

    fn settled(&self) -> Option<SslProtocol> {
        self.agreed.cipher.map(|cipher| cipher.protocol())
    }

    fn verdict_due(&self) -> bool {
        matches!(self.state, State::Judging(_))
    }

    fn peer_chain(&self) -> &[CertificateDer<'static>] {
        &self.shown.chain
    }

    fn useless_key(&self) -> Option<&SslError> {
        self.shown.useless.as_ref()
    }

    fn judged(&mut self, _: bool, _: Option<UnixTime>, _: &mut Vec<u8>) {
        self.state = match core::mem::replace(&mut self.state, State::Failed) {
            State::Judging(Some(transcript)) => State::Signing(transcript),
            other => other,
        };
    }

    fn certificate_requested(&self) -> bool {
        self.requested.is_some()
    }

    fn alert_protection(&self) -> AlertProtection {
        // Finished leaves with a change of keys, so no alert comes behind it.
        let Some(Keyed { cipher, secrets }) = &self.keyed else {
            return AlertProtection::Clear;
        };
        let hash = self.config.hash(cipher.hash());
        let made =
            hash.and_then(|hash| secrets.of_client(&self.config.backend, &**hash, cipher.aead()));
        AlertProtection::under(made)
    }

    fn is_complete(&self) -> bool {
        matches!(self.state, State::Complete(_))
    }

    fn facts(&self) -> SessionFacts {
        SessionFacts {
            stapled: self.shown.stapled.clone(),
            ..self.agreed.facts(self.name.clone())
        }
    }

    fn exporter(&self) -> Option<Exporter> {
        match &self.state {
            State::Complete(completed) => Some(completed.exporter()),
            _ => None,
        }
    }

    fn finish(self: Box<Self>, _: Option<Protection>) -> Result<HandOff, Failure> {
        match self.state {
            State::Complete(completed) => {
                completed.hand_off(&self.config.backend, true, self.agreed.sizes)
            }
            _ => Err(engine_failure("the handshake is not complete")),
        }
    }
}
