//! The client.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use rustls_pki_types::ServerName;

use super::agreed::{Agreed, Completed};
use super::config::Config;
use super::failures::{check_finished, check_last, engine_failure, no_key, unexpected};
use super::flight;
use super::psk::{Before, Psk};
use super::secrets::{Handshake, Log, VERSION};
use crate::alert::Alert;
use crate::config_error::ConfigError;
use crate::crypto::Backend;
use crate::crypto::kx::KeyPair;
use crate::failure::{Failure, FailureKind};
use crate::handshake::extensions::number;
use crate::handshake::facts::{Identity, SessionFacts};
use crate::handshake::key_schedule::exporter::Exporter;
use crate::handshake::settings::{KeySettings, Settings};
use crate::handshake::tls12_psk;
use crate::handshake::transcript::Transcript;
use crate::handshake::wire::encrypted_extensions;
use crate::handshake::wire::offer::Offer;
use crate::handshake::wire::pre_shared_key::{Mode, selected};
use crate::handshake::wire::server_hello::Parts;
use crate::handshake::wire::writer::Writer;
use crate::handshake::wire::{Reader, Refusal, TLS12, TLS13};
use crate::handshake::{AlertProtection, Engine, KeyQuestion, Message};
use crate::identity::pre_shared_key::{KeyRules, PreSharedKey};
use crate::limits;
use crate::protocol::{SslCipher, SslProtocol};
use crate::record::messages::{FRAME, MESSAGE_HEADER, kind};
use crate::record::protection::Protection;
use crate::record::traffic::HandOff;
use crate::time::Now;

/// What makes the engines of a configuration's connections.
pub(crate) struct Template(Arc<Config>);

impl Template {
    pub(crate) fn new(
        backend: &Backend,
        settings: &Settings,
        keys: &KeySettings,
    ) -> Result<Self, ConfigError> {
        let config = Config::new(backend, settings, keys, limits::OFFERED_KEYS)?;
        Ok(Self(Arc::new(config)))
    }

    pub(crate) fn engine(&self, name: ServerName<'static>, enable_sni: bool) -> Client {
        let name = match name {
            ServerName::DnsName(name) if enable_sni => Some(name.as_ref().into()),
            _ => None,
        };
        Client {
            config: self.0.clone(),
            name,
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
        }
    }
}

/// A client's handshake.
pub(crate) struct Client {
    config: Arc<Config>,
    /// The name to ask the server for.
    name: Option<Box<str>>,
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
}

/// What the last hello said.
#[derive(Default)]
struct Offered {
    message: Vec<u8>,
    offer: Offer,
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
    Agreeing(
        Option<(Box<dyn KeyPair>, Vec<u8>)>,
        Psk,
        SslCipher,
        Transcript,
    ),
    AwaitingExtensions(Transcript),
    AwaitingFinished(Transcript),
    Complete(Completed),
    /// The server speaks TLS 1.2.
    Tls12(Box<tls12_psk::Client>),
    /// A step has failed.
    Failed,
}

impl Client {
    fn log(&self) -> Log<'_> {
        Log {
            to: self.config.key_log.as_ref(),
            client_random: &self.random,
        }
    }

    fn begin(&mut self, keys: &[PreSharedKey]) -> Result<(), Failure> {
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
        self.say_hello(Some((pair, group)), cookie, flight)
    }

    fn say_hello(
        &mut self,
        pair: Option<(Box<dyn KeyPair>, u16)>,
        cookie: Option<&[u8]>,
        flight: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        let share = pair.as_ref().map(|(pair, group)| (*group, pair.share()));
        let mut message = flight::written(self.hello(share, cookie))?;
        if pair.is_some() {
            self.bind(&mut message);
        }
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

    /// Whether TLS 1.2 is offered: there may be no key that is for it.
    fn offers_tls12(&self) -> bool {
        self.plain.is_some() || matches!(self.state, State::Greeting)
    }

    /// A ClientHello (RFC 8446 §4.1.2) whose binders are zeros: for TLS 1.3 if there is a key share.
    fn hello(&self, share: Option<(u16, &[u8])>, cookie: Option<&[u8]>) -> Option<Vec<u8>> {
        let config = &*self.config;
        let tls12 = self.offers_tls12();
        let session_id: &[u8] = match share {
            Some(_) => &self.session_id,
            None => &[],
        };
        Writer::message(kind::CLIENT_HELLO, |w| {
            w.u16(TLS12);
            w.bytes(&self.random);
            w.vector8(|w| w.bytes(session_id));
            w.vector16(|w| self.ciphers.iter().for_each(|cipher| w.u16(cipher.id())));
            w.vector8(|w| w.u8(0)); // no compression
            w.vector16(|w| {
                if let Some(name) = &self.name {
                    w.extension(number::SERVER_NAME, |w| {
                        w.vector16(|w| {
                            w.u8(0); // host_name
                            w.vector16(|w| w.bytes(name.as_bytes()));
                        });
                    });
                }
                w.extension(number::SUPPORTED_GROUPS, |w| {
                    w.vector16(|w| config.groups.iter().for_each(|group| w.u16(group.group())));
                });
                if !config.alpn.is_empty() {
                    w.extension(number::ALPN, |w| {
                        w.vector16(|w| {
                            let names = config.alpn.iter();
                            names.for_each(|name| w.vector8(|w| w.bytes(name)));
                        });
                    });
                }
                if tls12 {
                    w.extension(number::EC_POINT_FORMATS, |w| w.vector8(|w| w.u8(0)));
                    w.extension(number::EXTENDED_MASTER_SECRET, |_| {});
                    w.extension(number::RENEGOTIATION_INFO, |w| w.vector8(|_| {}));
                }
                let Some((group, share)) = share else {
                    return;
                };
                w.extension(number::SUPPORTED_VERSIONS, |w| {
                    w.vector8(|w| {
                        w.u16(TLS13);
                        if tls12 {
                            w.u16(TLS12);
                        }
                    });
                });
                if let Some(cookie) = cookie {
                    w.extension(number::COOKIE, |w| w.vector16(|w| w.bytes(cookie)));
                }
                w.extension(number::PSK_KEY_EXCHANGE_MODES, |w| {
                    w.vector8(|w| {
                        w.u8(Mode::PskDheKe as u8);
                        if config.keys.allows_psk_ke {
                            w.u8(Mode::PskKe as u8);
                        }
                    });
                });
                w.extension(number::KEY_SHARE, |w| {
                    w.vector16(|w| {
                        w.u16(group);
                        w.vector16(|w| w.bytes(share));
                    });
                });
                // Last, since it vouches for all before it (RFC 8446 §4.2.11).
                w.extension(number::PRE_SHARED_KEY, |w| self.write_keys(w));
            });
        })
    }

    fn write_keys(&self, w: &mut Writer) {
        w.vector16(|w| {
            for key in &self.keys {
                w.vector16(|w| w.bytes(&key.identity));
                w.bytes(&[0; 4]); // only tickets have an age
            }
        });
        w.vector16(|w| {
            for key in &self.keys {
                let len = key.hash.algorithm().output_len();
                w.vector8(|w| w.bytes(&alloc::vec![0; len]));
            }
        });
    }

    /// Puts the binders in their places, at the end of the message.
    fn bind(&self, message: &mut [u8]) {
        let binders: Vec<usize> = self
            .keys
            .iter()
            .map(|key| key.hash.algorithm().output_len())
            .collect();
        let all: usize = binders.iter().map(|len| 1 + len).sum();
        let (truncated, places) = message.split_at_mut(message.len() - all);
        let truncated = &truncated[..truncated.len() - 2];
        let mut places = places;
        for (key, len) in self.keys.iter().zip(binders) {
            let (place, rest) = core::mem::take(&mut places).split_at_mut(1 + len);
            place[1..].copy_from_slice(key.binder(&self.before, truncated).as_slice());
            places = rest;
        }
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
            pair => {
                let session_id: &[u8] = match pair {
                    Some(_) => &self.session_id,
                    None => &[],
                };
                let before = tls12_psk::Before {
                    hello: &offered.message,
                    random: self.random,
                    session_id,
                    key: self.plain.take(),
                };
                let config = self.config.clone();
                let client =
                    tls12_psk::Client::new(config, before, &answer, message, &mut self.agreed)?;
                self.state = State::Tls12(Box::new(client));
                return Ok(());
            }
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
            let wanted = group_of_retry(&answer)?;
            let cookie = cookie(&answer)?.map(<[u8]>::to_vec);
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
                None => self.say_hello(Some((pair, group)), cookie.as_deref(), flight),
            };
        }
        check_last(last)?;
        let key = self.selected_key(&answer, cipher)?;
        let share = share(&answer)?;
        if let Some((of, _)) = share {
            if of != group {
                return Err(Refusal::illegal("a key share of another group").into());
            }
            self.agreed.group = Some(group);
        } else if !self.config.keys.allows_psk_ke {
            return Err(Refusal::missing("there is no key_share").into());
        }
        let mut transcript = self.before.transcript(self.config.hash(cipher.hash())?);
        transcript.add(&offered.message);
        transcript.add(message);
        self.offered.offer = offered.offer;
        let exchange = share.map(|(_, share)| (pair, share.to_vec()));
        self.state = State::Agreeing(exchange, key, cipher, transcript);
        Ok(())
    }

    fn selected_key(&mut self, answer: &Parts<'_>, cipher: SslCipher) -> Result<Psk, Failure> {
        let Some(content) = answer.extensions.find(number::PRE_SHARED_KEY) else {
            return Err(no_key(Alert::HandshakeFailure, "the server took none"));
        };
        let place = selected(content)?;
        let key = self.keys.get(place);
        let key = key.ok_or_else(|| Refusal::illegal("a key that was not offered"))?;
        if key.hash.algorithm() != cipher.hash() {
            return Err(Refusal::illegal("a key of another hash function").into());
        }
        self.agreed.identity = Some(Box::new(Identity(key.identity.as_slice().into())));
        Ok(key.clone())
    }

    fn agree(
        &mut self,
        exchange: Option<(Box<dyn KeyPair>, Vec<u8>)>,
        key: &Psk,
        cipher: SslCipher,
        transcript: Transcript,
    ) -> Result<(), Failure> {
        let secret = exchange
            .map(|(pair, share)| pair.agree(&share))
            .transpose()?;
        let secret = secret.as_ref().map(|secret| secret.as_slice());
        let secrets = Handshake::new(&transcript, &key.early, secret, &self.log());
        let (backend, hash) = (&self.config.backend, &**transcript.hash());
        self.read_protection = Some(secrets.of_server(backend, hash, cipher.aead())?);
        self.keyed = Some(Keyed { cipher, secrets });
        self.keys = Vec::new();
        self.state = State::AwaitingExtensions(transcript);
        Ok(())
    }

    fn read_finished(
        &mut self,
        message: &[u8],
        last: bool,
        mut transcript: Transcript,
        flight: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        let keyed = self.keyed.take();
        let keyed = keyed.ok_or_else(|| engine_failure("there are no keys"))?;
        let checked = self.check_and_answer(message, last, &mut transcript, &keyed, flight);
        self.keyed = Some(keyed);
        self.state = State::Complete(checked?);
        Ok(())
    }

    fn check_and_answer(
        &mut self,
        message: &[u8],
        last: bool,
        transcript: &mut Transcript,
        keyed: &Keyed,
        flight: &mut Vec<u8>,
    ) -> Result<Completed, Failure> {
        let Keyed { cipher, secrets } = keyed;
        let value = message.get(MESSAGE_HEADER..).unwrap_or_default();
        let expected = secrets.server_finished(transcript);
        check_finished(value, expected.as_slice())?;
        check_last(last)?;
        transcript.add(message);
        let own = flight::finished(secrets.client_finished(transcript).as_slice())?;
        self.send_change_cipher_spec(flight);
        let config = &self.config;
        let hash = transcript.hash();
        let mut protection = secrets.of_client(&config.backend, &**hash, cipher.aead())?;
        flight::sealed(flight, &own, &mut protection, config.max_fragment)?;
        Ok(Completed {
            cipher: *cipher,
            hash: hash.clone(),
            secrets: secrets.application(transcript, &self.log()),
        })
    }
}

/// The key share of a ServerHello, with its group.
fn share<'a>(answer: &Parts<'a>) -> Result<Option<(u16, &'a [u8])>, Refusal> {
    let Some(content) = answer.extensions.find(number::KEY_SHARE) else {
        return Ok(None);
    };
    let mut reader = Reader::new(content, "the key share is damaged");
    let group = reader.u16()?;
    let share = reader.vector16()?;
    let share = reader.filled(share)?;
    reader.end()?;
    Ok(Some((group, share)))
}

/// The group that a HelloRetryRequest asks for; it was checked to be one that can be.
fn group_of_retry(answer: &Parts<'_>) -> Result<Option<u16>, Refusal> {
    let content = answer.extensions.find(number::KEY_SHARE);
    let group = content.map(|content| Reader::new(content, "the selected group is damaged").u16());
    group.transpose()
}

fn cookie<'a>(answer: &Parts<'a>) -> Result<Option<&'a [u8]>, Refusal> {
    let content = answer.extensions.find(number::COOKIE);
    let cookie = content.map(|content| Reader::new(content, "the cookie is damaged").vector16());
    cookie.transpose()
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
        match &self.state {
            State::Asking => Some(KeyQuestion {
                protocol: VERSION,
                hint: None,
                named: None,
            }),
            State::Tls12(it) => it.asks_for_keys(),
            _ => None,
        }
    }

    fn key_rules(&self) -> Option<KeyRules> {
        Some(self.config.rules)
    }

    fn provide_keys(&mut self, keys: &[PreSharedKey]) -> Result<(), Failure> {
        match &mut self.state {
            State::Tls12(it) => it.provide_keys(keys),
            _ => self.begin(keys),
        }
    }

    fn has_work(&self) -> bool {
        match &self.state {
            State::Generating(..) | State::Greeting | State::Agreeing(..) => true,
            State::Tls12(it) => it.has_work(),
            _ => false,
        }
    }

    fn work(&mut self, _: Now, flight: &mut Vec<u8>) -> Result<(), Failure> {
        match &mut self.state {
            State::Tls12(it) => return it.work(flight, &mut self.agreed),
            State::Greeting => return self.say_hello(None, None, flight),
            _ => {}
        }
        match core::mem::replace(&mut self.state, State::Failed) {
            State::Generating(group, cookie) => self.generate(group, cookie.as_deref(), flight),
            State::Agreeing(exchange, key, cipher, transcript) => {
                self.agree(exchange, &key, cipher, transcript)
            }
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
        let last = message.last;
        let message = message.framed.get(FRAME..).unwrap_or_default();
        let kind = message.first().copied().unwrap_or_default();
        if let State::Tls12(it) = &mut self.state {
            return it.message(message);
        }
        match (core::mem::replace(&mut self.state, State::Failed), kind) {
            (State::AwaitingHello(pair), kind::SERVER_HELLO) => {
                self.read_hello(message, last, pair, flight)
            }
            (State::AwaitingExtensions(mut transcript), kind::ENCRYPTED_EXTENSIONS) => {
                let alpn = encrypted_extensions::read(message, &self.offered.offer)?;
                if let Some(alpn) = alpn {
                    if !self.config.alpn.iter().any(|offered| offered == alpn) {
                        return Err(Refusal::illegal("a protocol that was not offered").into());
                    }
                    self.agreed.alpn = Some(alpn.into());
                }
                transcript.add(message);
                self.state = State::AwaitingFinished(transcript);
                Ok(())
            }
            (State::AwaitingFinished(transcript), kind::FINISHED) => {
                self.read_finished(message, last, transcript, flight)
            }
            (_, kind) => Err(unexpected(kind)),
        }
    }

    /// The server's, which means nothing in TLS 1.3 (RFC 8446 §D.4).
    fn change_cipher_spec(&mut self, _: &mut [u8], _: Now, _: &mut Vec<u8>) -> Result<(), Failure> {
        match &mut self.state {
            State::Tls12(it) => it.change_cipher_spec(),
            State::AwaitingHello(None) => Err(Refusal::new(
                Alert::UnexpectedMessage,
                "a ChangeCipherSpec before the server's hello",
            )
            .into()),
            _ => Ok(()),
        }
    }

    fn take_read_protection(&mut self) -> Option<Protection> {
        match &mut self.state {
            State::Tls12(it) => it.take_read_protection(),
            _ => self.read_protection.take(),
        }
    }

    fn settled(&self) -> Option<SslProtocol> {
        self.agreed.cipher.map(|cipher| cipher.protocol())
    }

    fn released(&mut self, _: &[u8]) {
        if let State::Tls12(it) = &mut self.state {
            it.released();
        }
    }

    fn alert_protection(&self) -> AlertProtection {
        if let State::Tls12(it) = &self.state {
            return it.alert_protection();
        }
        // Finished leaves with a change of keys, so no alert comes behind it.
        let Some(Keyed { cipher, secrets }) = &self.keyed else {
            return AlertProtection::Clear;
        };
        let hash = self.config.hash(cipher.hash());
        let made =
            hash.and_then(|hash| secrets.of_client(&self.config.backend, &**hash, cipher.aead()));
        match made {
            Ok(protection) => AlertProtection::Sealed(Box::new(protection)),
            Err(_) => AlertProtection::Unknown,
        }
    }

    fn is_complete(&self) -> bool {
        match &self.state {
            State::Complete(_) => true,
            State::Tls12(it) => it.is_complete(),
            _ => false,
        }
    }

    fn facts(&self) -> SessionFacts {
        self.agreed.facts(self.name.clone())
    }

    fn exporter(&self) -> Option<Exporter> {
        match &self.state {
            State::Complete(completed) => Some(completed.exporter()),
            State::Tls12(it) => it.exporter(),
            _ => None,
        }
    }

    fn finish(self: Box<Self>, received: Option<Protection>) -> Result<HandOff, Failure> {
        match self.state {
            State::Tls12(it) => it.finish(received),
            State::Complete(completed) => completed.hand_off(&self.config.backend, true),
            _ => Err(engine_failure("the handshake is not complete")),
        }
    }
}
