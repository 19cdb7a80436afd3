//! The server.

mod answer;
mod begun;
mod certificates;
mod engine;
mod offered;
mod resumption;
mod sessions;

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use rustls_pki_types::UnixTime;

use self::begun::Unsigned;
use self::offered::{Chosen, Exchange, Offered, Proof};
use self::sessions::{Resumption, Session};
use super::agreed::{Agreed, Completed};
use super::certificates::{self as peer, Shown, ToSign};
use super::config::Config;
use super::failures::{check_finished, check_last, engine_failure};
use super::flight;
use super::psk::Before;
use super::secrets::Handshake;
use super::states::Awaited;
use crate::crypto::kx::{Answer, KeyPair, NextStep, Steps};
use crate::failure::Failure;
use crate::handshake::Trust;
use crate::handshake::extensions::number;
use crate::handshake::sizes::Room;
use crate::handshake::transcript::Transcript;
use crate::handshake::wire::client_hello::HelloMessage;
use crate::handshake::wire::server_hello::RETRY;
use crate::handshake::wire::writer::Writer;
use crate::handshake::wire::{Refusal, TLS12, TLS13};
use crate::protocol::SslCipher;
use crate::record::messages::{MESSAGE_HEADER, kind};
use crate::record::protection::Protection;

/// A server's handshake.
pub(crate) struct Server {
    config: Arc<Config>,
    /// The name that the client asks for.
    name: Option<Box<str>>,
    /// The time of the last message, if there is a clock.
    wall: Option<UnixTime>,
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
    read_protection: Option<Box<Protection>>,
    /// The client's certificates.
    shown: Shown,
    /// The session that is resumed.
    session: Option<Box<Session>>,
    /// What tickets can be made of, once the client has finished.
    resumption: Option<Box<Resumption>>,
    /// What they were sent with.
    tickets: Option<Protection>,
    /// What there is once our Finished is written.
    application: Option<Completed>,
    /// What was said of the client, once it was judged.
    trust: Option<Trust>,
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
    /// A KEM's answer to that share is begun.
    Answering(Chosen, NextStep<Answer>),
    /// It is there.
    Agreeing(Chosen, Box<dyn KeyPair>, Vec<u8>),
    /// A key without an exchange.
    Keyed(Chosen),
    /// All up to our Certificate is made, and nothing of it has left.
    Signing(Box<Unsigned>),
    /// The same, and the application signs.
    AskingSignature(Box<(Unsigned, ToSign)>),
    /// It has.
    Signed(Box<Unsigned>, Vec<u8>),
    AwaitingCertificate(Transcript, Box<Handshake>),
    AwaitingVerify(Transcript, Box<Handshake>),
    /// The client's signature is to be checked, in a message that is not in the transcript yet.
    Verifying(Transcript, Box<Handshake>, peer::Proof, Vec<u8>),
    AwaitingFinished(Transcript, Box<Handshake>),
    /// The application judges: who has finished, or whose session goes on.
    Judging,
    JudgingResumed(Transcript, Box<Handshake>),
    /// The tickets are to be made, if there are to be any.
    Finishing,
    Complete,
    /// A step has failed.
    Failed,
}

impl Server {
    /// A new handshake, which begins with this hello, of a client that offers TLS 1.3.
    pub(in crate::handshake) fn new(config: Arc<Config>, hello: HelloMessage, room: Room) -> Self {
        Self {
            config,
            wall: None,
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
            session: None,
            resumption: None,
            tickets: None,
            application: None,
            trust: None,
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
            | State::Answering(..)
            | State::Agreeing(..)
            | State::Keyed(_)
            | State::Signing(_)
            | State::AskingSignature(_)
            | State::Signed(..)
            | State::Verifying(..)
            | State::Judging
            | State::JudgingResumed(..)
            | State::Finishing
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
    fn accept(&mut self, mut chosen: Chosen, flight: &mut Vec<u8>) -> Result<(), Failure> {
        if let Proof::Key(key, place) = &chosen.proof {
            self.offered().check_binder(key, *place, &self.before)?;
            match &self.session {
                None => self.agreed.identity = Some(key.identity.as_slice().into()),
                Some(session) if self.may_resume(session) => {
                    self.agreed.resumed = true;
                    self.shown.chain = session.chain.clone();
                }
                Some(_) => {
                    self.session = None;
                    let certificates = self.config.own_certificates()?;
                    chosen = self.offered().choose_certificate(certificates)?;
                }
            }
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
        self.send_change_cipher_spec(flight);
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

    /// Behind the first message of ours, also to clients that do not want it: either side may send it at
    /// any time (RFC 8446 §D.4).
    fn send_change_cipher_spec(&self, flight: &mut Vec<u8>) {
        if self.before.0.is_none() {
            flight::change_cipher_spec(flight);
        }
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
        if self.config.certificates().is_some() {
            offered.check_certified()?;
        }
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

    fn may_resume(&self, session: &Session) -> bool {
        let sessions = self.config.sessions();
        sessions.is_some_and(|sessions| sessions.use_up(session))
    }

    fn read_finished(
        &mut self,
        message: &[u8],
        last: bool,
        mut transcript: Transcript,
        secrets: &Handshake,
        flight: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        let value = message.get(MESSAGE_HEADER..).unwrap_or_default();
        let expected = secrets.client_finished(&transcript);
        check_last(last)?;
        check_finished(value, expected.as_slice())?;
        transcript.add(message);
        self.prepare_tickets(&transcript)?;
        match self.is_judged() {
            true => self.complete(flight),
            false => self.state = State::Judging,
        }
        Ok(())
    }

    /// Whether there is nothing to judge, or it is done.
    fn is_judged(&self) -> bool {
        self.trust.is_some() || !self.config.asks()
    }

    /// The end of the handshake. Who is only forgiven gets no tickets ([rule R13](crate::rules#r13)).
    fn complete(&mut self, flight: &mut Vec<u8>) {
        match self.trust {
            None => self.issue_tickets(None, flight),
            Some(Trust::Good(until)) => self.issue_tickets(until, flight),
            Some(Trust::Forgiven) => {}
        }
        self.state = State::Complete;
    }

    /// Goes on with a KEM's answer, once it is there.
    fn answered(
        &mut self,
        chosen: Chosen,
        steps: Steps<Answer>,
        flight: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        match steps {
            Steps::Done(made) => self.answer(&chosen, Some((&made.share, &made.secret)), flight),
            Steps::More(next) => {
                self.state = State::Answering(chosen, next);
                Ok(())
            }
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
            let steps = exchange.begin_answer(&share)?;
            self.agreed.group = Some(group);
            return self.answered(chosen, steps, flight);
        }
        let pair = exchange.generate()?;
        self.agreed.group = Some(group);
        self.state = State::Agreeing(chosen, pair, share);
        Ok(())
    }
}
