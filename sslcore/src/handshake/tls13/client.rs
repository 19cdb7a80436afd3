//! The client, until the server says that it speaks TLS 1.2.

mod certificates;
mod engine;
mod greeting;
mod hello;
mod resumption;
mod server_hello;
mod sessions;

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use rustls_pki_types::{ServerName, UnixTime};

use self::sessions::{Keeper, Session};
use super::agreed::{Agreed, Completed};
use super::certificates::{Beside, Proof, Shown, ToSign};
use super::config::Config;
use super::failures::{check_finished, check_last, engine_failure};
use super::flight;
use super::psk::{Before, Psk};
use super::secrets::{Application, Handshake, Log, VERSION};
use super::states::Awaited;
use crate::crypto::kx::{KeyPair, KxError, NextStep, SharedSecret, Steps};
use crate::failure::Failure;
use crate::handshake::key_schedule::Secret;
use crate::handshake::sizes::{Asked, Room};
use crate::handshake::transcript::Transcript;
use crate::handshake::wire::encrypted_extensions;
use crate::handshake::wire::offer::Offer;
use crate::handshake::{Engine, Trust};
use crate::identity::pre_shared_key::PreSharedKey;
use crate::protocol::{SignatureScheme, SslCipher};
use crate::record::messages::MESSAGE_HEADER;
use crate::record::protection::Protection;

/// A client's handshake.
pub(crate) struct Client {
    config: Arc<Config>,
    server: ServerName<'static>,
    /// The name to ask the server for.
    name: Option<Box<str>>,
    /// The time of the last message, if there is a clock.
    wall: Option<UnixTime>,
    /// Whether the hellos say that tickets become sessions here: all of them the same.
    takes_tickets: bool,
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
    read_protection: Option<Box<Protection>>,
    keyed: Option<Keyed>,
    /// The server's certificates.
    shown: Shown,
    requested: Option<Requested>,
    /// The session that is offered, or resumed.
    session: Option<Box<Session>>,
    /// The group whose key pair was used.
    used_group: Option<u16>,
    /// What was said of the server, once it was judged.
    trust: Option<Trust>,
    /// What keeps tickets behind the handshake.
    keeper: Option<Box<Keeper>>,
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
    fn begin(self) -> Result<Steps<SharedSecret>, KxError> {
        match self.in_classical_half {
            true => self.pair.agree_classical(&self.share).map(Steps::Done),
            false => self.pair.begin_agree(&self.share),
        }
    }
}

/// What there is from ServerHello on, before the keys.
struct Early {
    secret: Box<Secret>,
    cipher: SslCipher,
    transcript: Transcript,
}

/// The server asks for our certificate.
struct Requested {
    /// What we sign in; `None` when we have no certificate that it could take.
    scheme: Option<SignatureScheme>,
}

/// What there is from ServerHello on.
struct Keyed {
    cipher: SslCipher,
    secrets: Box<Handshake>,
}

enum State {
    /// The application gives keys.
    Asking,
    /// A key pair of this group is to be made, for a hello with this cookie.
    Generating(u16, Option<Vec<u8>>),
    /// The rest of it.
    GeneratingMore(NextStep<Box<dyn KeyPair>>, u16, Option<Vec<u8>>),
    /// A hello for TLS 1.2 alone is to be said.
    Greeting,
    /// With this key pair, if TLS 1.3 is offered.
    AwaitingHello(Option<(Box<dyn KeyPair>, u16)>),
    /// The server has answered with this share, or wants none; the transcript ends with its hello.
    Agreeing(Option<Exchange>, Early),
    /// The rest of it.
    AgreeingMore(NextStep<SharedSecret>, Early),
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
    /// It is there up to our Certificate, and the application signs.
    AskingSignature(Box<(Unfinished, ToSign)>),
    /// It has.
    Signed(Box<Unfinished>, SignatureScheme, Vec<u8>),
    /// The last of them.
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
        let asked = match &name {
            ServerName::DnsName(name) if enable_sni => Some(name.as_ref().into()),
            _ => None,
        };
        Self {
            config,
            server: name,
            name: asked,
            wall: None,
            takes_tickets: false,
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
            session: None,
            used_group: None,
            trust: None,
            keeper: None,
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
            | State::GeneratingMore(..)
            | State::Greeting
            | State::Agreeing(..)
            | State::AgreeingMore(..)
            | State::Verifying(..)
            | State::Judging(_)
            | State::Signing(_)
            | State::AskingSignature(_)
            | State::Signed(..)
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

    fn send_change_cipher_spec(&mut self, flight: &mut Vec<u8>) {
        if !core::mem::replace(&mut self.has_changed_cipher_spec, true) {
            flight::change_cipher_spec(flight);
        }
    }

    fn read_extensions(
        &mut self,
        message: &[u8],
        mut transcript: Transcript,
    ) -> Result<(), Failure> {
        let extensions = encrypted_extensions::read(message, &self.offered.offer)?;
        self.agreed.alpn = self.config.taken_protocol(&extensions)?;
        self.agreed.sizes = self.asked().agreed(&extensions, VERSION)?;
        // Nothing is chosen of them any more.
        self.ciphers = Vec::new();
        transcript.add(message);
        self.state = match self.config.certificates() {
            Some(_) if !self.agreed.resumed => State::AwaitingCertificate(transcript),
            _ => State::AwaitingFinished(transcript),
        };
        Ok(())
    }

    fn read_finished(
        &mut self,
        message: &[u8],
        last: bool,
        mut transcript: Transcript,
    ) -> Result<(), Failure> {
        let value = message.get(MESSAGE_HEADER..).unwrap_or_default();
        let expected = self.keyed()?.secrets.server_finished(&transcript);
        check_last(last)?;
        check_finished(value, expected.as_slice())?;
        transcript.add(message);
        self.state = match self.config.certificates() {
            Some(_) => State::Judging(Some(transcript)),
            None => State::Signing(transcript),
        };
        Ok(())
    }

    /// Our last flight: the certificate that was asked for, and Finished, or the question for a signature.
    /// Costs a signature where there is such a certificate.
    fn answer(&mut self, transcript: Transcript, flight: &mut Vec<u8>) -> Result<(), Failure> {
        let keyed = self.keyed()?;
        // Of what there was up to the server's Finished.
        let application = keyed.secrets.application(&transcript, &self.log());
        let mut unfinished = Unfinished {
            transcript,
            application,
            // Finished, unless a certificate was asked for.
            messages: Vec::with_capacity(1),
        };
        if let Some(Requested { scheme }) = self.requested {
            let certificates = self.config.own_certificates()?;
            unfinished.add(certificates.own_chain(scheme.is_some(), Beside::default())?);
            if let Some(scheme) = scheme {
                let (backend, transcript) = (&self.config.backend, &unfinished.transcript);
                if let Some(wanted) = certificates.to_sign(backend, scheme, false, transcript) {
                    self.state = State::AskingSignature(Box::new((unfinished, wanted)));
                    return Ok(());
                }
                unfinished.add(certificates.sign(scheme, false, transcript)?);
            }
        }
        self.finish_answer(unfinished, flight)
    }

    fn keyed(&self) -> Result<&Keyed, Failure> {
        let keyed = self.keyed.as_ref();
        keyed.ok_or_else(|| engine_failure("there are no keys"))
    }

    fn finish_answer(
        &mut self,
        mut unfinished: Unfinished,
        flight: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        let Keyed { cipher, secrets } = self.keyed()?;
        let cipher = *cipher;
        let hash = unfinished.transcript.hash().clone();
        let backend = &self.config.backend;
        let mut protection = secrets.of_client(backend, &*hash, cipher.aead())?;
        let finished = secrets.client_finished(&unfinished.transcript);
        unfinished.add(flight::finished(finished.as_slice())?);
        let Unfinished {
            transcript,
            application,
            messages,
        } = unfinished;
        let fragment = self.config.fragment(self.agreed.sizes);
        flight::sealed(
            flight,
            messages.iter().map(Vec::as_slice),
            &mut protection,
            fragment,
        )?;
        drop((messages, protection));
        if self.takes_tickets {
            self.keeper = self.keeper(application.resumption(&transcript), &hash);
        }
        self.state = State::Complete(Completed {
            backend: self.config.backend.clone(),
            cipher,
            hash,
            secrets: application,
            sizes: self.agreed.sizes,
        });
        Ok(())
    }
}

/// Our last flight without its end.
struct Unfinished {
    transcript: Transcript,
    application: Box<Application>,
    messages: Vec<Vec<u8>>,
}

impl Unfinished {
    fn add(&mut self, message: Vec<u8>) {
        self.transcript.add(&message);
        self.messages.push(message);
    }
}
