//! The server.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::agreed::{Agreed, Completed};
use super::config::Config;
use super::failures::{
    check_finished, check_last, engine_failure, incompatible, no_key, unexpected,
};
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
use crate::handshake::wire::client_hello::HelloMessage;
use crate::handshake::wire::pre_shared_key::{Mode, OfferedPsks, modes};
use crate::handshake::wire::server_hello::RETRY;
use crate::handshake::wire::writer::Writer;
use crate::handshake::wire::{Reader, Refusal, TLS12, TLS13, u16s};
use crate::handshake::{AlertProtection, Engine, KeyQuestion, Message};
use crate::identity::pre_shared_key::{KeyRules, PreSharedKey};
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
        let config = Config::new(backend, settings, keys, usize::MAX)?;
        Ok(Self(Arc::new(config)))
    }

    /// A new handshake, which begins with this hello.
    pub(crate) fn engine(&self, hello: HelloMessage) -> Server {
        Server {
            config: self.0.clone(),
            name: hello.hello().server_name().map(Box::from),
            early_data: hello.offers_early_data(),
            hello,
            state: State::Begun,
            random: [0; 32],
            before: Before::default(),
            agreed: Agreed::default(),
            read_protection: None,
            application: None,
            is_released: false,
        }
    }
}

/// A server's handshake.
pub(crate) struct Server {
    config: Arc<Config>,
    /// The name that the client asks for.
    name: Option<Box<str>>,
    /// Whether data may follow the first hello.
    early_data: bool,
    /// The last hello.
    hello: HelloMessage,
    state: State,
    random: [u8; 32],
    before: Before,
    agreed: Agreed,
    read_protection: Option<Protection>,
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
    AwaitingFinished(Transcript, Handshake),
    Complete,
    /// The client speaks TLS 1.2.
    Tls12(Box<tls12_psk::Server>),
    /// A step has failed.
    Failed,
}

/// A key that the client has named, and the suite that goes with it.
struct Chosen {
    key: Psk,
    /// Its place among those in the last hello.
    place: usize,
    cipher: SslCipher,
}

/// How the secrets of a handshake come about.
enum Exchange {
    /// By a share of this group.
    Share(u16, Vec<u8>),
    /// By one that is still to be asked for.
    Retry(u16),
    /// By the pre-shared key alone.
    None,
}

impl Server {
    /// Looks at the first hello, as far as that needs no key.
    fn look(&mut self) -> Result<(), Failure> {
        let hello = self.hello.hello();
        let in_common = |version| self.config.has(version) && hello.offers(version);
        if !in_common(VERSION) {
            if in_common(SslProtocol::TlsV1_2) {
                let config = self.config.clone();
                let server = tls12_psk::Server::new(config, &self.hello, &mut self.agreed)?;
                self.state = State::Tls12(Box::new(server));
                return Ok(());
            }
            let refusal = Refusal::new(
                Alert::ProtocolVersion,
                "the client offers no version in which there are pre-shared keys here",
            );
            return Err(refusal.into());
        }
        self.hello.check_tls13()?;
        self.hello.opening()?;
        let extensions = self.hello.extensions();
        if extensions.find(number::COOKIE).is_some() {
            return Err(Refusal::illegal("a cookie that nobody has given").into());
        }
        let Some(offered) = extensions.find(number::PRE_SHARED_KEY) else {
            return Err(no_key(Alert::HandshakeFailure, "the client offers none"));
        };
        OfferedPsks::read(offered)?;
        self.exchange()?;
        if self.common_cipher(|_| true).is_none() {
            return Err(incompatible("no cipher suite in common"));
        }
        Ok(())
    }

    fn offered(&self) -> Result<OfferedPsks<'_>, Failure> {
        let content = self.hello.extensions().find(number::PRE_SHARED_KEY);
        let content = content.ok_or_else(|| Refusal::illegal("the keys are gone"))?;
        Ok(OfferedPsks::read(content)?)
    }

    /// The suite to take among those that fit.
    fn common_cipher(&self, fits: impl Fn(SslCipher) -> bool) -> Option<SslCipher> {
        let hello = self.hello.hello();
        if self.config.prefers_own_ciphers {
            let mut own = self.config.ciphers_of(VERSION);
            return own
                .find(|cipher| fits(*cipher) && hello.cipher_suites().any(|id| id == cipher.id()));
        }
        let theirs = hello.cipher_suites();
        let mut common = theirs.filter_map(|id| self.config.cipher(id));
        common.find(|cipher| cipher.protocol() == VERSION && fits(*cipher))
    }

    /// Takes the first key of the client's that is among these.
    fn choose(&mut self, keys: &[PreSharedKey]) -> Result<(), Failure> {
        for (place, identity) in self.offered()?.identities().enumerate() {
            let named = |cipher: SslCipher| {
                let mut keys = keys.iter();
                keys.find(|key| Psk::has_name(key, identity, cipher.hash()))
            };
            let Some(cipher) = self.common_cipher(|cipher| named(cipher).is_some()) else {
                continue;
            };
            let Some(key) = named(cipher) else {
                continue;
            };
            // Of the others nothing is derived, however many a server has.
            let key = Psk::new(key, cipher.hash(), &self.config)?;
            self.state = State::Accepting(Chosen { key, place, cipher });
            return Ok(());
        }
        if self.config.keys.tells_unknown {
            return Err(no_key(
                Alert::UnknownPskIdentity,
                "the client names none that is known",
            ));
        }
        // As with a wrong key.
        let cipher = self.common_cipher(|_| true);
        let cipher = cipher.ok_or_else(|| incompatible("no cipher suite in common"))?;
        let key = Psk::unknown(cipher.hash(), &self.config)?;
        let place = 0;
        self.state = State::Accepting(Chosen { key, place, cipher });
        Ok(())
    }

    /// Checks that the client has the key; only then does anything come of it.
    fn accept(&mut self, chosen: Chosen, flight: &mut Vec<u8>) -> Result<(), Failure> {
        self.check_binder(&chosen)?;
        self.agreed.identity = Some(Box::new(Identity(chosen.key.identity.as_slice().into())));
        self.agreed.cipher = Some(chosen.cipher);
        match self.exchange()? {
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

    fn check_binder(&self, chosen: &Chosen) -> Result<(), Failure> {
        let offered = self.offered()?;
        let binder = offered.binder(chosen.place).unwrap_or_default();
        let message = self.hello.message();
        let end = message.len().saturating_sub(offered.truncated);
        let truncated = message.get(..end).unwrap_or_default();
        match chosen.key.is_proven(&self.before, truncated, binder) {
            true => Ok(()),
            false => Err(Failure::new(
                FailureKind::BadPreSharedKey,
                Alert::DecryptError,
            )),
        }
    }

    /// What the hello leads to: a key exchange where that is possible.
    fn exchange(&self) -> Result<Exchange, Failure> {
        let extensions = self.hello.extensions();
        let Some(content) = extensions.find(number::PSK_KEY_EXCHANGE_MODES) else {
            return Err(Refusal::missing("there are no psk_key_exchange_modes").into());
        };
        let takes = modes(content)?;
        let groups = extensions.find(number::SUPPORTED_GROUPS);
        let shares = extensions.find(number::KEY_SHARE);
        if let (true, Some(groups), Some(shares)) = (takes(Mode::PskDheKe), groups, shares) {
            let groups = groups_of(groups)?;
            let mut first = None;
            for (group, share) in shares_of(shares, groups)? {
                if first.is_none() && self.config.group(group).is_some() {
                    first = Some(Exchange::Share(group, share.into()));
                }
            }
            if let Some(share) = first {
                return Ok(share);
            }
            let mut common = u16s(groups).filter(|group| self.config.group(*group).is_some());
            if let Some(group) = common.next() {
                return Ok(Exchange::Retry(group));
            }
        }
        match takes(Mode::PskKe) && self.config.keys.allows_psk_ke {
            true => Ok(Exchange::None),
            false => Err(incompatible("no key exchange in common")),
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
        let extensions = self.hello.extensions();
        if extensions.find(number::COOKIE).is_some() {
            return Err(Refusal::illegal("a cookie that nobody has given").into());
        }
        let mut identities = self.offered()?.identities();
        let place = identities.position(|identity| identity == chosen.key.identity);
        let place = place.ok_or_else(|| Refusal::illegal("the key that was chosen is gone"))?;
        chosen.place = place;
        self.check_binder(&chosen)?;
        match self.exchange()? {
            // The one that was asked for, and no other (RFC 8446 §4.2.8).
            Exchange::Share(shared, share) if shared == group && self.has_one_share() => {
                self.state = State::Generating(chosen, group, share);
                Ok(())
            }
            _ => Err(Refusal::illegal("not the key share that was asked for").into()),
        }
    }

    fn has_one_share(&self) -> bool {
        let content = self.hello.extensions().find(number::KEY_SHARE);
        let mut reader = Reader::new(content.unwrap_or_default(), "");
        let shares = reader.vector16().unwrap_or_default();
        let mut reader = Reader::new(shares, "");
        reader.u16().is_ok() && reader.vector16().is_ok() && reader.is_empty()
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
            return self.answer(chosen, Some((&answer.share, &answer.secret)), flight);
        }
        let pair = exchange.generate()?;
        self.agreed.group = Some(group);
        self.state = State::Agreeing(chosen, pair, share);
        Ok(())
    }

    /// ServerHello to Finished, with a share of ours and the secret that came of it.
    fn answer(
        &mut self,
        chosen: Chosen,
        exchange: Option<(&[u8], &[u8])>,
        flight: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        let Chosen { key, place, cipher } = chosen;
        let config = self.config.clone();
        config.backend.fill_random(&mut self.random)?;
        let group = self.agreed.group;
        let message = self.server_hello(&self.random, cipher, |w| {
            if let (Some((share, _)), Some(group)) = (exchange, group) {
                w.extension(number::KEY_SHARE, |w| {
                    w.u16(group);
                    w.vector16(|w| w.bytes(share));
                });
            }
            w.extension(number::PRE_SHARED_KEY, |w| w.u16(place as u16));
        })?;
        let mut transcript = self.before.transcript(&key.hash);
        transcript.add(self.hello.message());
        transcript.add(&message);
        flight::clear(flight, &message, config.max_fragment);
        self.send_change_cipher_spec(flight)?;
        let client_random = *self.hello.opening()?.0;
        let log = Log {
            to: config.key_log.as_ref(),
            client_random: &client_random,
        };
        let secret = exchange.map(|(_, secret)| secret);
        let secrets = Handshake::new(&transcript, &key.early, secret, &log);
        let (backend, algorithm) = (&config.backend, cipher.aead());
        let mut protection = secrets.of_server(backend, &*key.hash, algorithm)?;
        let mut seal = |message: &[u8], flight: &mut Vec<u8>| {
            flight::sealed(flight, message, &mut protection, config.max_fragment)
        };
        self.agreed.alpn = config.application_protocol(&self.hello.hello())?;
        let message = flight::written(Writer::message(kind::ENCRYPTED_EXTENSIONS, |w| {
            w.vector16(|w| {
                if let Some(name) = &self.agreed.alpn {
                    w.extension(number::ALPN, |w| {
                        w.vector16(|w| w.vector8(|w| w.bytes(name)));
                    });
                }
            });
        }))?;
        transcript.add(&message);
        seal(&message, flight)?;
        let message = flight::finished(secrets.server_finished(&transcript).as_slice())?;
        transcript.add(&message);
        seal(&message, flight)?;
        self.application = Some(Completed {
            cipher,
            hash: key.hash.clone(),
            secrets: secrets.application(&transcript, &log),
        });
        self.read_protection = Some(secrets.of_client(backend, &*key.hash, algorithm)?);
        self.state = State::AwaitingFinished(transcript, secrets);
        Ok(())
    }
}

/// The groups in an extension's content.
fn groups_of(content: &[u8]) -> Result<&[u8], Refusal> {
    let mut reader = Reader::new(content, "the supported groups are damaged");
    let groups = reader.vector16()?;
    let groups = reader.pairs(groups)?;
    reader.end()?;
    Ok(groups)
}

/// The key shares in an extension's content, of the groups that the client says it has.
///
/// # Errors
/// decode_error, and illegal_parameter for two of a group and one of no group (RFC 8446 §4.2.8).
fn shares_of<'a>(content: &'a [u8], groups: &[u8]) -> Result<Vec<(u16, &'a [u8])>, Refusal> {
    const WHY: &str = "the key shares are damaged";
    let mut reader = Reader::new(content, WHY);
    let list = reader.vector16()?;
    reader.end()?;
    let mut reader = Reader::new(list, WHY);
    let mut shares: Vec<(u16, &[u8])> = Vec::new();
    while !reader.is_empty() {
        let group = reader.u16()?;
        let share = reader.vector16()?;
        let share = reader.filled(share)?;
        if !u16s(groups).any(|known| known == group) {
            return Err(Refusal::illegal(
                "a key share of no group that is supported",
            ));
        }
        shares.push((group, share));
    }
    let mut numbers: Vec<u16> = shares.iter().map(|(group, _)| *group).collect();
    numbers.sort_unstable();
    match numbers.windows(2).any(|pair| pair[0] == pair[1]) {
        true => Err(Refusal::illegal("two key shares of one group")),
        false => Ok(shares),
    }
}

impl Engine for Server {
    fn start(&mut self, _: Now, _: &mut Vec<u8>) -> Result<(), Failure> {
        self.look()?;
        if let State::Tls12(_) = self.state {
            return Ok(());
        }
        let config = self.config.clone();
        match config.known_keys() {
            Some(keys) => self.choose(keys),
            None => {
                self.state = State::Asking;
                Ok(())
            }
        }
    }

    fn asks_for_keys(&self) -> Option<KeyQuestion<'_>> {
        let offered = match &self.state {
            State::Asking => self.offered().ok()?,
            State::Tls12(it) => return it.asks_for_keys(),
            _ => return None,
        };
        Some(KeyQuestion {
            protocol: VERSION,
            hint: None,
            named: Some(offered.identities()),
        })
    }

    fn key_rules(&self) -> Option<KeyRules> {
        Some(self.config.rules)
    }

    fn provide_keys(&mut self, keys: &[PreSharedKey]) -> Result<(), Failure> {
        match &mut self.state {
            State::Tls12(it) => it.provide_keys(keys),
            _ => self.choose(keys),
        }
    }

    fn has_work(&self) -> bool {
        match &self.state {
            State::Tls12(it) => it.has_work(),
            State::Accepting(_) | State::Generating(..) | State::Agreeing(..) | State::Keyed(_) => {
                true
            }
            _ => false,
        }
    }

    fn work(&mut self, _: Now, flight: &mut Vec<u8>) -> Result<(), Failure> {
        if let State::Tls12(it) = &mut self.state {
            return it.work(&self.hello, &self.agreed, flight);
        }
        match core::mem::replace(&mut self.state, State::Failed) {
            State::Accepting(chosen) => self.accept(chosen, flight),
            State::Generating(chosen, group, share) => self.generate(chosen, group, share, flight),
            State::Agreeing(chosen, pair, share) => {
                let own = pair.share().to_vec();
                let secret = pair.agree(&share)?;
                self.answer(chosen, Some((&own, &secret)), flight)
            }
            State::Keyed(chosen) => self.answer(chosen, None, flight),
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
        if let State::Tls12(it) = &mut self.state {
            return it.message(message, flight, &mut self.agreed);
        }
        let kind = message.first().copied().unwrap_or_default();
        match (core::mem::replace(&mut self.state, State::Failed), kind) {
            (State::AwaitingHello(chosen, group), kind::CLIENT_HELLO) => {
                check_last(last)?;
                self.read_second_hello(message, chosen, group)
            }
            (State::AwaitingFinished(transcript, secrets), kind::FINISHED) => {
                let value = message.get(MESSAGE_HEADER..).unwrap_or_default();
                let expected = secrets.client_finished(&transcript);
                check_finished(value, expected.as_slice())?;
                check_last(last)?;
                self.state = State::Complete;
                Ok(())
            }
            (_, kind) => Err(unexpected(kind)),
        }
    }

    /// The client's, which means nothing in TLS 1.3 (RFC 8446 §D.4).
    fn change_cipher_spec(&mut self, _: &mut [u8], _: Now, _: &mut Vec<u8>) -> Result<(), Failure> {
        match &mut self.state {
            State::Tls12(it) => it.change_cipher_spec(),
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
        match completed.of_server(&self.config.backend) {
            Ok(protection) => AlertProtection::Sealed(Box::new(protection)),
            Err(_) => AlertProtection::Unknown,
        }
    }

    fn is_complete(&self) -> bool {
        match &self.state {
            State::Complete => true,
            State::Tls12(it) => it.is_complete(),
            _ => false,
        }
    }

    fn facts(&self) -> SessionFacts {
        self.agreed.facts(self.name.clone())
    }

    fn exporter(&self) -> Option<Exporter> {
        if let State::Tls12(it) = &self.state {
            return it.exporter();
        }
        let completed = self.application.as_ref();
        completed
            .filter(|_| self.is_complete())
            .map(Completed::exporter)
    }

    fn finish(self: Box<Self>, received: Option<Protection>) -> Result<HandOff, Failure> {
        let Self {
            config,
            state,
            application,
            ..
        } = *self;
        match (state, application) {
            (State::Tls12(it), _) => it.finish(received),
            (State::Complete, Some(completed)) => completed.hand_off(&config.backend, false),
            _ => Err(engine_failure("the handshake is not complete")),
        }
    }
}
