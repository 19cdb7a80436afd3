//! The client, from ServerHello on.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::secrets::{Keyed, Randoms, VERSION, check_extended};
use crate::crypto::kx::KeyPair;
use crate::failure::{Failure, FailureKind};
use crate::handshake::extensions::number;
use crate::handshake::facts::Identity;
use crate::handshake::key_schedule::exporter::Exporter;
use crate::handshake::renewal::Tls12;
use crate::handshake::tls13::agreed::Agreed;
use crate::handshake::tls13::config::Config;
use crate::handshake::tls13::failures::{check_finished, engine_failure, unexpected};
use crate::handshake::tls13::flight;
use crate::handshake::transcript::Transcript;
use crate::handshake::wire::key_exchange::{ClientKeyExchange, ServerKeyExchange};
use crate::handshake::wire::server_hello::Parts;
use crate::handshake::wire::{Reader, Refusal};
use crate::handshake::{AlertProtection, KeyQuestion};
use crate::identity::pre_shared_key::PreSharedKey;
use crate::protocol::SslCipher;
use crate::record::messages::{MESSAGE_HEADER, kind};
use crate::record::protection::Protection;
use crate::record::traffic::HandOff;

/// A client's handshake whose server speaks TLS 1.2.
pub(in crate::handshake) struct Client {
    config: Arc<Config>,
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
    read_protection: Option<Protection>,
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
    pub(in crate::handshake) hello: &'a [u8],
    pub(in crate::handshake) random: [u8; 32],
    pub(in crate::handshake) session_id: &'a [u8],
    /// The key to use, if it was given by then.
    pub(in crate::handshake) key: Option<PreSharedKey>,
}

impl Client {
    /// Goes on behind this ServerHello, a whole message, and says so in `agreed`.
    pub(in crate::handshake) fn new(
        config: Arc<Config>,
        before: Before<'_>,
        answer: &Parts<'_>,
        message: &[u8],
        agreed: &mut Agreed,
    ) -> Result<Self, Failure> {
        let cipher = config.cipher(answer.suite);
        let cipher =
            cipher.ok_or_else(|| Refusal::illegal("a cipher suite that was not offered"))?;
        check_extended(answer.hello.extended_master_secret)?;
        if !before.session_id.is_empty() && answer.session_id == before.session_id {
            return Err(Refusal::illegal("a session that there never was is resumed").into());
        }
        agreed.cipher = Some(cipher);
        if let Some(name) = application_protocol(answer)? {
            if !config.alpn.iter().any(|offered| offered == name) {
                return Err(Refusal::illegal("a protocol that was not offered").into());
            }
            agreed.alpn = Some(name.into());
        }
        let mut transcript = Transcript::new(config.hash(cipher.hash())?.clone());
        transcript.add(before.hello);
        transcript.add(message);
        Ok(Self {
            config,
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

    pub(in crate::handshake) fn asks_for_keys(&self) -> Option<KeyQuestion<'_>> {
        matches!(self.state, State::Asking).then_some(KeyQuestion {
            protocol: VERSION,
            hint: (!self.hint.is_empty()).then_some(&self.hint),
            named: None,
        })
    }

    /// The first of these that is not imported: an imported one is never for TLS 1.2 (RFC 9258 §4.1).
    pub(in crate::handshake) fn provide_keys(
        &mut self,
        keys: &[PreSharedKey],
    ) -> Result<(), Failure> {
        let plain = keys.iter().find(|key| key.context().is_none());
        self.key = plain.cloned();
        self.state = State::Generating;
        match self.key {
            Some(_) => Ok(()),
            None => Err(Failure::new(
                FailureKind::NoPreSharedKey,
                crate::alert::Alert::HandshakeFailure,
            )
            .because("the application has none for this server")),
        }
    }

    pub(in crate::handshake) fn has_work(&self) -> bool {
        matches!(self.state, State::Generating | State::Agreeing(_))
    }

    pub(in crate::handshake) fn work(
        &mut self,
        flight: &mut Vec<u8>,
        agreed: &mut Agreed,
    ) -> Result<(), Failure> {
        match core::mem::replace(&mut self.state, State::AwaitingSpec) {
            State::Generating => match &self.share {
                Some((group, _)) => {
                    let known = self.config.group(*group);
                    let known = known.ok_or_else(|| engine_failure("there is no such group"))?;
                    self.state = State::Agreeing(known.generate()?);
                    agreed.group = Some(*group);
                    Ok(())
                }
                None => self.answer(None, flight, agreed),
            },
            State::Agreeing(pair) => {
                let own = pair.share().to_vec();
                let (_, share) = self.share.take().unwrap_or_default();
                let secret = pair.agree(&share)?;
                self.answer(Some((&own, &secret)), flight, agreed)
            }
            other => {
                self.state = other;
                Ok(())
            }
        }
    }

    /// ClientKeyExchange to Finished, with a share of ours and the secret that came of it.
    fn answer(
        &mut self,
        exchange: Option<(&[u8], &[u8])>,
        flight: &mut Vec<u8>,
        agreed: &mut Agreed,
    ) -> Result<(), Failure> {
        let key = self.key.take();
        let key = key.ok_or_else(|| engine_failure("there is no key"))?;
        agreed.identity = Some(Box::new(Identity(key.identity().into())));
        let message = flight::written(
            ClientKeyExchange {
                identity: key.identity(),
                share: exchange.map(|(share, _)| share),
            }
            .write(),
        )?;
        self.transcript.add(&message);
        flight::clear(flight, &message, self.config.max_fragment);
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
        flight::sealed(flight, &message, &mut protection, self.config.max_fragment)?;
        self.transcript.add(&message);
        self.keyed = Some(keyed);
        self.state = State::AwaitingSpec;
        Ok(())
    }

    /// A whole message of the server's.
    pub(in crate::handshake) fn message(&mut self, message: &[u8]) -> Result<(), Failure> {
        let kind = message.first().copied().unwrap_or_default();
        match (&self.state, kind) {
            (State::AwaitingExchange, kind::SERVER_KEY_EXCHANGE) => {
                self.read_exchange(message)?;
                self.state = State::AwaitingDone;
            }
            (State::AwaitingExchange | State::AwaitingDone, kind::SERVER_HELLO_DONE) => {
                Reader::new(&message[MESSAGE_HEADER..], "ServerHelloDone is not empty").end()?;
                if self.cipher.is_ecdhe_psk() && self.share.is_none() {
                    return Err(unexpected(kind));
                }
                self.state = match self.key {
                    Some(_) => State::Generating,
                    None => State::Asking,
                };
            }
            (State::AwaitingFinished, kind::FINISHED) => {
                let keyed = self.keyed.as_ref();
                let keyed = keyed.ok_or_else(|| engine_failure("there are no keys"))?;
                let expected = keyed.finished(&self.transcript, false);
                check_finished(&message[MESSAGE_HEADER..], &expected)?;
                self.state = State::Complete;
            }
            (_, kind) => return Err(unexpected(kind)),
        }
        if !matches!(self.state, State::Complete) {
            self.transcript.add(message);
        }
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
        Ok(())
    }

    /// The server's: its records are protected from now on.
    pub(in crate::handshake) fn change_cipher_spec(&mut self) -> Result<(), Failure> {
        let keyed = match (&self.state, &self.keyed) {
            (State::AwaitingSpec, Some(keyed)) => keyed,
            _ => {
                return Err(Refusal::new(
                    crate::alert::Alert::UnexpectedMessage,
                    "a ChangeCipherSpec that has no place here",
                )
                .into());
            }
        };
        self.read_protection = Some(keyed.protection(&self.config.backend, false, 0)?);
        self.state = State::AwaitingFinished;
        Ok(())
    }

    pub(in crate::handshake) fn take_read_protection(&mut self) -> Option<Protection> {
        self.read_protection.take()
    }

    pub(in crate::handshake) fn released(&mut self) {
        self.is_released = self.keyed.is_some();
    }

    pub(in crate::handshake) fn alert_protection(&self) -> AlertProtection {
        let Some(keyed) = self.keyed.as_ref().filter(|_| self.is_released) else {
            return AlertProtection::Clear;
        };
        // Behind Finished, which is one record or several.
        match keyed.protection(&self.config.backend, true, self.finished_records()) {
            Ok(protection) => AlertProtection::Sealed(Box::new(protection)),
            Err(_) => AlertProtection::Unknown,
        }
    }

    /// How many records our Finished takes.
    fn finished_records(&self) -> u64 {
        flight::records(MESSAGE_HEADER + 12, self.config.max_fragment)
    }

    pub(in crate::handshake) fn is_complete(&self) -> bool {
        matches!(self.state, State::Complete)
    }

    pub(in crate::handshake) fn exporter(&self) -> Option<Exporter> {
        let keyed = self.keyed.as_ref().filter(|_| self.is_complete());
        keyed.map(Keyed::exporter)
    }

    pub(in crate::handshake) fn finish(
        self,
        received: Option<Protection>,
    ) -> Result<HandOff, Failure> {
        match (self.keyed.as_ref().filter(|_| self.is_complete()), received) {
            (Some(keyed), Some(rx)) => Ok(HandOff {
                tx: keyed.protection(&self.config.backend, true, self.finished_records())?,
                rx,
                post: Box::new(Tls12),
                confidentiality_limit: u64::MAX,
            }),
            _ => Err(engine_failure("the handshake is not complete")),
        }
    }
}

/// What the server has chosen of those that were offered; exactly one (RFC 7301 §3.1).
fn application_protocol<'a>(answer: &Parts<'a>) -> Result<Option<&'a [u8]>, Refusal> {
    const DAMAGED: &str = "the application protocol is damaged";
    let Some(content) = answer.extensions.find(number::ALPN) else {
        return Ok(None);
    };
    let mut reader = Reader::new(content, DAMAGED);
    let names = reader.vector16()?;
    reader.end()?;
    let mut names = Reader::new(names, DAMAGED);
    let name = names.vector8()?;
    let name = names.filled(name)?;
    names.end()?;
    Ok(Some(name))
}
