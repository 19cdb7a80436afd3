//! The client, from ServerHello on.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::secrets::{FINISHED_RECORDS, Keyed, Randoms, VERSION, check_extended};
use super::states::Awaited;
use crate::alert::Alert;
use crate::crypto::kx::KeyPair;
use crate::failure::{Failure, FailureKind};
use crate::handshake::facts::SessionFacts;
use crate::handshake::incoming::{Incoming, unexpected};
use crate::handshake::key_schedule::exporter::Exporter;
use crate::handshake::sizes::Asked;
use crate::handshake::tls13::agreed::Agreed;
use crate::handshake::tls13::config::Config;
use crate::handshake::tls13::failures::{check_finished, engine_failure, incomplete};
use crate::handshake::tls13::flight;
use crate::handshake::transcript::Transcript;
use crate::handshake::wire::key_exchange::{ClientKeyExchange, ServerKeyExchange};
use crate::handshake::wire::server_hello::Parts;
use crate::handshake::wire::{Reader, Refusal};
use crate::handshake::{AlertProtection, Engine, KeyQuestion, Message};
use crate::identity::pre_shared_key::{KeyRules, PreSharedKey};
use crate::protocol::{SslCipher, SslProtocol};
use crate::record::messages::{MESSAGE_HEADER, kind};
use crate::record::protection::Protection;
use crate::record::size::RecordSizes;
use crate::record::traffic::HandOff;
use crate::time::Now;

/// A client's handshake whose server speaks TLS 1.2.
pub(in crate::handshake) struct Client {
    config: Arc<Config>,
    /// The name that the server was asked for.
    name: Option<Box<str>>,
    agreed: Agreed,
    state: State,
    cipher: SslCipher,
    randoms: Randoms,
    transcript: Transcript,
    /// The key, once there is one.
    key: Option<PreSharedKey>,
    /// The server's hint.
    hint: Vec<u8>,
    /// The server's group and share.
    share: Option<(u16, Vec<u8>)>,
    keyed: Option<Keyed>,
    read_protection: Option<Box<Protection>>,
    /// Whether our ChangeCipherSpec has left, and Finished behind it.
    is_released: bool,
}

enum State {
    AwaitingExchange,
    AwaitingDone,
    /// The application gives a key.
    Asking,
    /// All is there to answer with; a key pair of the server's group is to be made, if there is one.
    Generating,
    Agreeing(Box<dyn KeyPair>),
    AwaitingSpec,
    AwaitingFinished,
    Complete,
}

/// What a client has done before it knew the version.
pub(in crate::handshake) struct Before<'a> {
    pub(in crate::handshake) config: Arc<Config>,
    pub(in crate::handshake) name: Option<Box<str>>,
    pub(in crate::handshake) asked: Asked,
    pub(in crate::handshake) hello: &'a [u8],
    pub(in crate::handshake) random: [u8; 32],
    pub(in crate::handshake) session_id: &'a [u8],
    /// The key to use, if it was given by then.
    pub(in crate::handshake) key: Option<PreSharedKey>,
}

impl Client {
    /// Goes on behind this ServerHello, a whole message. It says so in `agreed`, also when it fails, and
    /// takes that when it does not.
    pub(in crate::handshake) fn new(
        before: Before<'_>,
        answer: &Parts<'_>,
        message: &[u8],
        agreed: &mut Agreed,
    ) -> Result<Self, Failure> {
        let config = before.config;
        let cipher = config.cipher(answer.suite);
        let cipher =
            cipher.ok_or_else(|| Refusal::illegal("a cipher suite that was not offered"))?;
        check_extended(answer.hello.extended_master_secret)?;
        if !before.session_id.is_empty() && answer.session_id == before.session_id {
            return Err(Refusal::illegal("a session that there never was is resumed").into());
        }
        agreed.cipher = Some(cipher);
        agreed.alpn = config.taken_protocol(&answer.extensions)?;
        agreed.sizes = before.asked.agreed(&answer.extensions, VERSION)?;
        let mut transcript = Transcript::new(config.hash(cipher.hash())?.clone());
        transcript.add(before.hello);
        transcript.add(message);
        Ok(Self {
            config,
            name: before.name,
            agreed: core::mem::take(agreed),
            state: State::AwaitingExchange,
            cipher,
            randoms: Randoms(before.random, answer.hello.random),
            transcript,
            key: before.key,
            hint: Vec::new(),
            share: None,
            keyed: None,
            read_protection: None,
            is_released: false,
        })
    }

    /// What the server may send now.
    fn awaited(&self) -> Awaited {
        match self.state {
            State::AwaitingExchange if self.cipher.is_ecdhe_psk() => Awaited::ServerKeyExchange,
            State::AwaitingExchange => Awaited::ServerKeyExchangeOrDone,
            State::AwaitingDone => Awaited::ServerHelloDone,
            State::AwaitingSpec => Awaited::ChangeCipherSpec,
            State::AwaitingFinished => Awaited::Finished,
            State::Asking | State::Generating | State::Agreeing(_) | State::Complete => {
                Awaited::Nothing
            }
        }
    }

    /// ClientKeyExchange to Finished, with a share of ours and the secret that came of it.
    fn answer(
        &mut self,
        exchange: Option<(&[u8], &[u8])>,
        flight: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        let key = self.key.take();
        let key = key.ok_or_else(|| engine_failure("there is no key"))?;
        self.agreed.identity = Some(key.identity().into());
        let message = flight::written(
            ClientKeyExchange {
                identity: key.identity(),
                share: exchange.map(|(share, _)| share),
            }
            .write(),
        )?;
        self.transcript.add(&message);
        let sizes = self.agreed.sizes;
        flight::clear(flight, &message, self.config.clear_fragment(sizes));
        let keyed = Keyed::new(
            self.cipher,
            &self.transcript,
            exchange.map(|(_, secret)| secret),
            key.key(),
            self.randoms.clone(),
            self.config.key_log.as_ref(),
        );
        flight::change_cipher_spec(flight);
        let message = flight::finished(&keyed.finished(&self.transcript, true))?;
        let mut protection = keyed.protection(&self.config.backend, true, 0)?;
        flight::sealed(
            flight,
            [message.as_slice()],
            &mut protection,
            self.config.fragment(sizes),
        )?;
        self.transcript.add(&message);
        self.keyed = Some(keyed);
        self.state = State::AwaitingSpec;
        Ok(())
    }

    fn read_exchange(&mut self, message: &[u8]) -> Result<(), Failure> {
        let exchange = ServerKeyExchange::read(message, self.cipher.is_ecdhe_psk())?;
        self.hint = exchange.hint.into();
        if let Some((group, share)) = exchange.share {
            let mut groups = self.config.groups_of_tls12();
            if !groups.any(|known| known.group() == group) {
                return Err(Refusal::illegal("a group that was not offered").into());
            }
            self.share = Some((group, share.into()));
        }
        self.transcript.add(message);
        self.state = State::AwaitingDone;
        Ok(())
    }

    fn read_done(&mut self, message: &[u8]) -> Result<(), Failure> {
        let body = message.get(MESSAGE_HEADER..).unwrap_or_default();
        Reader::new(body, "ServerHelloDone is not empty").end()?;
        self.transcript.add(message);
        self.state = match self.key {
            Some(_) => State::Generating,
            None => State::Asking,
        };
        Ok(())
    }

    fn read_finished(&mut self, message: &[u8]) -> Result<(), Failure> {
        let keyed = self.keyed.as_ref();
        let keyed = keyed.ok_or_else(|| engine_failure("there are no keys"))?;
        let expected = keyed.finished(&self.transcript, false);
        check_finished(message.get(MESSAGE_HEADER..).unwrap_or_default(), &expected)?;
        self.state = State::Complete;
        Ok(())
    }
}

impl Engine for Client {
    fn asks_for_keys(&self) -> Option<KeyQuestion<'_>> {
        matches!(self.state, State::Asking).then_some(KeyQuestion {
            protocol: VERSION,
            hint: (!self.hint.is_empty()).then_some(&self.hint),
            named: None,
        })
    }

    fn key_rules(&self) -> Option<KeyRules> {
        self.config.key_rules()
    }

    /// The first of these that is not imported: an imported one is never for TLS 1.2 (RFC 9258 §4.1).
    fn provide_keys(&mut self, keys: &[PreSharedKey]) -> Result<(), Failure> {
        let plain = keys.iter().find(|key| key.context().is_none());
        self.key = plain.cloned();
        self.state = State::Generating;
        match self.key {
            Some(_) => Ok(()),
            None => Err(
                Failure::new(FailureKind::NoPreSharedKey, Alert::HandshakeFailure)
                    .because("the application has none for this server"),
            ),
        }
    }

    fn has_work(&self) -> bool {
        matches!(self.state, State::Generating | State::Agreeing(_))
    }

    fn work(&mut self, _: Now, flight: &mut Vec<u8>) -> Result<(), Failure> {
        match core::mem::replace(&mut self.state, State::AwaitingSpec) {
            State::Generating => match &self.share {
                Some((group, _)) => {
                    let known = self.config.group(*group);
                    let known = known.ok_or_else(|| engine_failure("there is no such group"))?;
                    self.state = State::Agreeing(known.generate()?);
                    self.agreed.group = Some(*group);
                    Ok(())
                }
                None => self.answer(None, flight),
            },
            State::Agreeing(pair) => {
                let own = pair.share().to_vec();
                let (_, share) = self.share.take().unwrap_or_default();
                let secret = pair.agree(&share)?;
                self.answer(Some((&own, &secret)), flight)
            }
            other => {
                self.state = other;
                Ok(())
            }
        }
    }

    fn message(&mut self, message: Message<'_>, _: Now, _: &mut Vec<u8>) -> Result<(), Failure> {
        let kind = message.kind();
        self.awaited().check(Incoming::Message(kind))?;
        match kind {
            kind::SERVER_KEY_EXCHANGE => self.read_exchange(message.bytes()),
            kind::SERVER_HELLO_DONE => self.read_done(message.bytes()),
            kind::FINISHED => self.read_finished(message.bytes()),
            kind => Err(unexpected(Incoming::Message(kind))),
        }
    }

    /// The server's: its records are protected from now on.
    fn change_cipher_spec(&mut self, _: &mut [u8], _: Now, _: &mut Vec<u8>) -> Result<(), Failure> {
        self.awaited().check(Incoming::ChangeCipherSpec)?;
        let keyed = self.keyed.as_ref();
        let keyed = keyed.ok_or_else(|| engine_failure("there are no keys"))?;
        let protection = keyed.protection(&self.config.backend, false, 0)?;
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

    fn released(&mut self, _: &[u8]) {
        self.is_released = self.keyed.is_some();
    }

    fn alert_protection(&self) -> AlertProtection {
        match self.keyed.as_ref().filter(|_| self.is_released) {
            // Behind Finished.
            Some(keyed) => {
                let made = keyed.protection(&self.config.backend, true, FINISHED_RECORDS);
                AlertProtection::under(made)
            }
            None => AlertProtection::Clear,
        }
    }

    fn is_complete(&self) -> bool {
        matches!(self.state, State::Complete)
    }

    fn facts(&self) -> SessionFacts {
        self.agreed.facts(self.name.clone())
    }

    fn exporter(&self) -> Option<Exporter> {
        let keyed = self.keyed.as_ref().filter(|_| self.is_complete());
        keyed.map(Keyed::exporter)
    }

    fn finish(self: Box<Self>, received: Option<Protection>) -> Result<HandOff, Failure> {
        match (self.keyed.as_ref().filter(|_| self.is_complete()), received) {
            (Some(keyed), Some(received)) => {
                keyed.hand_off(&self.config, true, self.agreed.sizes, received)
            }
            _ => Err(incomplete()),
        }
    }
}
