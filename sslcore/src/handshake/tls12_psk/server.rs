//! The server.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::secrets::{Keyed, Randoms, VERSION, check_extended};
use super::states::Awaited;
use crate::alert::Alert;
use crate::crypto::kx::KeyPair;
use crate::failure::Failure;
use crate::handshake::extensions::number;
use crate::handshake::facts::SessionFacts;
use crate::handshake::incoming::{Incoming, unexpected};
use crate::handshake::key_schedule::exporter::Exporter;
use crate::handshake::sizes::{Answered, Room};
use crate::handshake::tls13::agreed::Agreed;
use crate::handshake::tls13::config::Config;
use crate::handshake::tls13::failures::{
    check_finished, engine_failure, incompatible, incomplete, no_key,
};
use crate::handshake::tls13::flight;
use crate::handshake::transcript::Transcript;
use crate::handshake::wire::client_hello::HelloMessage;
use crate::handshake::wire::key_exchange::{ClientKeyExchange, ServerKeyExchange};
use crate::handshake::wire::pre_shared_key::Identities;
use crate::handshake::wire::server_hello::DOWNGRADE;
use crate::handshake::wire::writer::Writer;
use crate::handshake::wire::{Refusal, TLS12, groups, u16s};
use crate::handshake::{AlertProtection, Engine, KeyQuestion, Message};
use crate::identity::pre_shared_key::{KeyRules, PreSharedKey};
use crate::protocol::{SslCipher, SslProtocol};
use crate::record::messages::{MESSAGE_HEADER, kind};
use crate::record::protection::Protection;
use crate::record::size::RecordSizes;
use crate::record::traffic::HandOff;
use crate::time::Now;

/// A server's handshake with a client of TLS 1.2.
pub(in crate::handshake) struct Server {
    config: Arc<Config>,
    hello: HelloMessage,
    answered: Answered,
    agreed: Agreed,
    state: State,
    cipher: SslCipher,
    randoms: Randoms,
    transcript: Transcript,
    /// The identity that the client has named, as a block of such.
    named: Vec<u8>,
    keyed: Option<Keyed>,
    read_protection: Option<Box<Protection>>,
}

enum State {
    /// A key pair of this group is to be made, if there is one.
    Begun(Option<u16>),
    AwaitingExchange(Option<Box<dyn KeyPair>>),
    /// The application knows the key; the client's share is there.
    Asking(Option<(Box<dyn KeyPair>, Vec<u8>)>),
    Agreeing(Option<(Box<dyn KeyPair>, Vec<u8>)>, Key),
    AwaitingSpec,
    AwaitingFinished,
    Complete,
    /// A step has failed.
    Failed,
}

/// The key to go on with.
enum Key {
    Known(PreSharedKey),
    /// One that nobody has.
    Random([u8; 32]),
}

/// `TLS_EMPTY_RENEGOTIATION_INFO_SCSV` (RFC 5746 §3.3).
const RENEGOTIATION_SCSV: u16 = 0x00ff;

impl Server {
    /// Answers this hello.
    pub(in crate::handshake) fn new(
        config: Arc<Config>,
        hello: HelloMessage,
        room: Room,
    ) -> Result<Self, Failure> {
        let extensions = hello.extensions();
        check_extended(extensions.find(number::EXTENDED_MASTER_SECRET).is_some())?;
        let group = common_group(&config, &hello)?;
        let cipher = common_cipher(&config, &hello, group.is_some());
        let cipher = cipher.ok_or_else(|| incompatible("no cipher suite in common"))?;
        let group = group.filter(|_| cipher.is_ecdhe_psk());
        let answered = Answered::new(room, &extensions, cipher)?;
        let agreed = Agreed {
            cipher: Some(cipher),
            group,
            alpn: config.application_protocol(&hello.hello())?,
            sizes: answered.sizes,
            ..Agreed::default()
        };
        let mut server_random = [0; 32];
        config.backend.fill_random(&mut server_random)?;
        if config.has(SslProtocol::TlsV1_3) {
            // For a client that has offered it and now may see that somebody has taken the offer out.
            let (_, end) = server_random.split_at_mut(24);
            end[..7].copy_from_slice(DOWNGRADE);
            end[7] = 1;
        }
        let mut transcript = Transcript::new(config.hash(cipher.hash())?.clone());
        transcript.add(hello.message());
        Ok(Self {
            randoms: Randoms(hello.random(), server_random),
            config,
            hello,
            answered,
            agreed,
            state: State::Begun(group),
            cipher,
            transcript,
            named: Vec::new(),
            keyed: None,
            read_protection: None,
        })
    }

    /// What the client may send now.
    fn awaited(&self) -> Awaited {
        match self.state {
            State::AwaitingExchange(_) => Awaited::ClientKeyExchange,
            State::AwaitingSpec => Awaited::ChangeCipherSpec,
            State::AwaitingFinished => Awaited::Finished,
            State::Begun(_)
            | State::Asking(_)
            | State::Agreeing(..)
            | State::Complete
            | State::Failed => Awaited::Nothing,
        }
    }

    /// ServerHello to ServerHelloDone.
    fn answer(&mut self, group: Option<u16>, flight: &mut Vec<u8>) -> Result<(), Failure> {
        let config = self.config.clone();
        let message = flight::written(self.server_hello())?;
        let sizes = self.agreed.sizes;
        let mut say = |message: &[u8]| {
            self.transcript.add(message);
            flight::clear(flight, message, config.clear_fragment(sizes));
        };
        say(&message);
        let pair = match group.and_then(|group| config.group(group)) {
            Some(group) => Some(group.generate()?),
            None => None,
        };
        let share = pair
            .as_ref()
            .zip(group)
            .map(|(pair, group)| (group, pair.share()));
        if share.is_some() || !config.hint().is_empty() {
            let hint = config.hint();
            say(&flight::written(ServerKeyExchange { hint, share }.write())?);
        }
        say(&flight::written(Writer::message(
            kind::SERVER_HELLO_DONE,
            |_| {},
        ))?);
        self.state = State::AwaitingExchange(pair);
        Ok(())
    }

    fn server_hello(&self) -> Option<Vec<u8>> {
        let offered = self.hello.extensions();
        let has = |number| offered.find(number).is_some();
        let scsv = self
            .hello
            .hello()
            .cipher_suites()
            .any(|id| id == RENEGOTIATION_SCSV);
        Writer::message(kind::SERVER_HELLO, |w| {
            w.u16(TLS12);
            w.bytes(&self.randoms.1);
            w.vector8(|_| {}); // nothing can be resumed
            w.u16(self.cipher.id());
            w.u8(0); // no compression
            w.vector16(|w| {
                w.extension(number::EXTENDED_MASTER_SECRET, |_| {});
                if scsv || has(number::RENEGOTIATION_INFO) {
                    w.extension(number::RENEGOTIATION_INFO, |w| w.vector8(|_| {}));
                }
                if self.cipher.is_ecdhe_psk() && has(number::EC_POINT_FORMATS) {
                    // Uncompressed (RFC 8422 §5.2).
                    w.extension(number::EC_POINT_FORMATS, |w| w.vector8(|w| w.u8(0)));
                }
                if let Some(name) = &self.agreed.alpn {
                    w.extension(number::ALPN, |w| {
                        w.vector16(|w| w.vector8(|w| w.bytes(name)));
                    });
                }
                self.answered.write(w);
            });
        })
    }

    fn agree(
        &mut self,
        exchange: Option<(Box<dyn KeyPair>, Vec<u8>)>,
        key: &Key,
    ) -> Result<(), Failure> {
        let secret = exchange
            .map(|(pair, share)| pair.agree(&share))
            .transpose()?;
        let key = match key {
            Key::Known(key) => key.key(),
            Key::Random(random) => random,
        };
        self.keyed = Some(Keyed::new(
            self.cipher,
            &self.transcript,
            secret.as_ref().map(|secret| secret.as_slice()),
            key,
            self.randoms.clone(),
            self.config.key_log.as_ref(),
        ));
        self.state = State::AwaitingSpec;
        Ok(())
    }

    fn read_exchange(
        &mut self,
        message: &[u8],
        pair: Option<Box<dyn KeyPair>>,
    ) -> Result<(), Failure> {
        let exchange = ClientKeyExchange::read(message, pair.is_some())?;
        self.named = Identities::one(exchange.identity);
        let share = exchange.share.map(<[u8]>::to_vec);
        self.transcript.add(message);
        self.state = State::Asking(pair.zip(share));
        let config = self.config.clone();
        match config.known_keys() {
            Some(keys) => self.provide_keys(keys),
            None => Ok(()),
        }
    }

    /// The identity that the client has named.
    fn identity(&self) -> &[u8] {
        Identities::new(&self.named).next().unwrap_or_default()
    }

    fn read_finished(&mut self, message: &[u8], flight: &mut Vec<u8>) -> Result<(), Failure> {
        let keyed = self.keyed.as_ref();
        let keyed = keyed.ok_or_else(|| engine_failure("there are no keys"))?;
        let expected = keyed.finished(&self.transcript, true);
        check_finished(message.get(MESSAGE_HEADER..).unwrap_or_default(), &expected)?;
        self.transcript.add(message);
        let own = flight::finished(&keyed.finished(&self.transcript, false))?;
        flight::change_cipher_spec(flight);
        let mut protection = keyed.protection(&self.config.backend, false, 0)?;
        let fragment = self.config.fragment(self.agreed.sizes);
        flight::sealed(flight, [own.as_slice()], &mut protection, fragment)?;
        // That the client has the key is certain now.
        self.agreed.identity = Some(self.identity().into());
        self.state = State::Complete;
        Ok(())
    }
}

impl Engine for Server {
    fn asks_for_keys(&self) -> Option<KeyQuestion<'_>> {
        matches!(self.state, State::Asking(_)).then_some(KeyQuestion {
            protocol: VERSION,
            hint: None,
            named: Some(Identities::new(&self.named)),
        })
    }

    fn key_rules(&self) -> Option<KeyRules> {
        self.config.key_rules()
    }

    /// The first of these that the client has named. An imported one is never for TLS 1.2.
    fn provide_keys(&mut self, keys: &[PreSharedKey]) -> Result<(), Failure> {
        let State::Asking(exchange) = core::mem::replace(&mut self.state, State::Failed) else {
            return Err(engine_failure("nobody has asked"));
        };
        let identity = self.identity();
        let mut plain = keys.iter().filter(|key| key.context().is_none());
        let key = match plain.find(|key| key.identity() == identity) {
            Some(key) => Key::Known(key.clone()),
            None if self.config.tells_unknown() => {
                return Err(no_key(
                    Alert::UnknownPskIdentity,
                    "the client names none that is known",
                ));
            }
            None => {
                let mut random = [0; 32];
                self.config.backend.fill_random(&mut random)?;
                Key::Random(random)
            }
        };
        self.state = State::Agreeing(exchange, key);
        Ok(())
    }

    fn has_work(&self) -> bool {
        matches!(self.state, State::Begun(_) | State::Agreeing(..))
    }

    fn work(&mut self, _: Now, flight: &mut Vec<u8>) -> Result<(), Failure> {
        match core::mem::replace(&mut self.state, State::Failed) {
            State::Begun(group) => self.answer(group, flight),
            State::Agreeing(exchange, key) => self.agree(exchange, &key),
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
        let incoming = Incoming::Message(message.kind());
        let message = message.bytes();
        self.awaited().check(incoming)?;
        match core::mem::replace(&mut self.state, State::Failed) {
            State::AwaitingExchange(pair) => self.read_exchange(message, pair),
            State::AwaitingFinished => self.read_finished(message, flight),
            _ => Err(unexpected(incoming)),
        }
    }

    /// The client's: its records are protected from now on.
    fn change_cipher_spec(&mut self, _: &mut [u8], _: Now, _: &mut Vec<u8>) -> Result<(), Failure> {
        self.awaited().check(Incoming::ChangeCipherSpec)?;
        let keyed = self.keyed.as_ref();
        let keyed = keyed.ok_or_else(|| engine_failure("there are no keys"))?;
        let protection = keyed.protection(&self.config.backend, true, 0)?;
        self.read_protection = Some(Box::new(protection));
        self.state = State::AwaitingFinished;
        Ok(())
    }

    fn take_read_protection(&mut self) -> Option<Box<Protection>> {
        self.read_protection.take()
    }

    fn record_sizes(&self) -> RecordSizes {
        self.agreed.sizes
    }

    fn settled(&self) -> Option<SslProtocol> {
        Some(VERSION)
    }

    /// Our Finished is the last word of a handshake, so no alert comes behind it.
    fn alert_protection(&self) -> AlertProtection {
        AlertProtection::Clear
    }

    fn is_complete(&self) -> bool {
        matches!(self.state, State::Complete)
    }

    fn facts(&self) -> SessionFacts {
        let name = self.hello.hello().server_name();
        self.agreed.facts(name.map(Box::from))
    }

    fn exporter(&self) -> Option<Exporter> {
        let keyed = self.keyed.as_ref().filter(|_| self.is_complete());
        keyed.map(Keyed::exporter)
    }

    fn finish(self: Box<Self>, received: Option<Protection>) -> Result<HandOff, Failure> {
        match (self.keyed.as_ref().filter(|_| self.is_complete()), received) {
            (Some(keyed), Some(received)) => {
                keyed.hand_off(&self.config, false, self.agreed.sizes, received)
            }
            _ => Err(incomplete()),
        }
    }
}

/// The first of the client's groups that is ours, too, and of TLS 1.2.
fn common_group(config: &Config, hello: &HelloMessage) -> Result<Option<u16>, Refusal> {
    let Some(content) = hello.extensions().find(number::SUPPORTED_GROUPS) else {
        return Ok(None);
    };
    let groups = groups::supported(content)?;
    let is_ours = |group: &u16| {
        config
            .groups_of_tls12()
            .any(|known| known.group() == *group)
    };
    Ok(u16s(groups).find(is_ours))
}

/// The suite to take: one that exchanges keys, where that is possible.
fn common_cipher(config: &Config, hello: &HelloMessage, has_group: bool) -> Option<SslCipher> {
    let hello = hello.hello();
    let fits = |cipher: &SslCipher| has_group || !cipher.is_ecdhe_psk();
    if config.prefers_own_ciphers {
        let mut own = config.ciphers_of(VERSION).filter(fits);
        return own.find(|cipher| hello.cipher_suites().any(|id| id == cipher.id()));
    }
    let common = hello.cipher_suites().filter_map(|id| config.cipher(id));
    let mut common = common.filter(|cipher| cipher.protocol() == VERSION);
    common.find(fits)
}
