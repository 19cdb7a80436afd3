//! What a client does when it is called: the seam between it and its connection.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::sessions::{Keeper, Keeping};
use super::{Client, Keyed, Requested, State};
use crate::failure::Failure;
use crate::handshake::facts::{self, SessionFacts};
use crate::handshake::incoming::{Incoming, unexpected};
use crate::handshake::key_schedule::exporter::Exporter;
use crate::handshake::tls13::agreed::Completed;
use crate::handshake::tls13::certificates::{Proof, certificate_verify};
use crate::handshake::tls13::failures::incomplete;
use crate::handshake::tls13::secrets::VERSION;
use crate::handshake::{AlertProtection, Engine, KeyQuestion, Message, SignatureQuestion, Trust};
use crate::identity::pre_shared_key::{KeyRules, PreSharedKey};
use crate::protocol::SslProtocol;
use crate::record::messages::kind;
use crate::record::protection::Protection;
use crate::record::size::RecordSizes;
use crate::record::traffic::{HandOff, PostHandshake};
use crate::time::Now;
use crate::verify::SslError;
use crate::x509::certificate::Certificate;

impl Engine for Client {
    fn start(&mut self, now: Now, _: &mut Vec<u8>) -> Result<(), Failure> {
        self.wall = now.wall;
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
        self.config.key_rules()
    }

    fn provide_keys(&mut self, keys: &[PreSharedKey]) -> Result<(), Failure> {
        self.begin(keys)
    }

    fn asks_for_signature(&self) -> Option<SignatureQuestion<'_>> {
        match &self.state {
            State::AskingSignature(asking) => Some(asking.1.question()),
            _ => None,
        }
    }

    fn provide_signature(&mut self, signature: Vec<u8>) {
        self.state = match core::mem::replace(&mut self.state, State::Failed) {
            State::AskingSignature(asking) => {
                let (unfinished, wanted) = *asking;
                State::Signed(Box::new(unfinished), wanted.scheme, signature)
            }
            other => other,
        };
    }

    fn has_work(&self) -> bool {
        matches!(
            self.state,
            State::Generating(..)
                | State::GeneratingMore(..)
                | State::Greeting
                | State::Agreeing(..)
                | State::AgreeingMore(..)
                | State::Verifying(..)
                | State::Signing(_)
                | State::Signed(..)
        )
    }

    fn work(&mut self, _: Now, flight: &mut Vec<u8>) -> Result<(), Failure> {
        match core::mem::replace(&mut self.state, State::Failed) {
            State::Greeting => self.say_hello(None, None, false, flight),
            State::Generating(group, cookie) => {
                let steps = self.begin_generate(group)?;
                self.generated(steps, group, cookie, flight)
            }
            State::GeneratingMore(next, group, cookie) => {
                self.generated(next()?, group, cookie, flight)
            }
            State::Agreeing(None, early) => self.agree(None, early, flight),
            State::Agreeing(Some(exchange), early) => self.agreed(exchange.begin()?, early, flight),
            State::AgreeingMore(next, early) => self.agreed(next()?, early, flight),
            State::Verifying(transcript, proof, message) => {
                self.verify(transcript, &proof, &message)
            }
            State::Signing(transcript) => self.answer(transcript, flight),
            State::Signed(mut unfinished, scheme, signature) => {
                unfinished.add(certificate_verify(scheme, &signature)?);
                self.finish_answer(*unfinished, flight)
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
        now: Now,
        flight: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        let (last, incoming) = (message.last, Incoming::Message(message.kind()));
        let message = message.bytes();
        self.awaited().check(incoming)?;
        self.wall = now.wall;
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
            State::AwaitingFinished(transcript) => self.read_finished(message, last, transcript),
            _ => Err(unexpected(incoming)),
        }
    }

    /// The server's, which means nothing (RFC 8446 §D.4).
    fn change_cipher_spec(&mut self, _: &mut [u8], _: Now, _: &mut Vec<u8>) -> Result<(), Failure> {
        self.awaited().check(Incoming::ChangeCipherSpec)
    }

    fn take_read_protection(&mut self) -> Option<Box<Protection>> {
        self.read_protection.take()
    }

    fn has_heard_all(&self) -> bool {
        matches!(
            self.state,
            State::Signing(_) | State::AskingSignature(_) | State::Signed(..)
        )
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

    fn take_peer_chain(&mut self) -> Vec<Certificate> {
        self.shown.chain.to_vec()
    }

    fn useless_key(&self) -> Option<&SslError> {
        self.shown.useless.as_ref()
    }

    fn judged(&mut self, trust: Trust, _: &mut Vec<u8>) {
        self.trust = Some(trust);
        match trust {
            Trust::Good(_) => self.remember_group(),
            Trust::Forgiven => self.rejected(),
        }
        self.state = match core::mem::replace(&mut self.state, State::Failed) {
            State::Judging(Some(transcript)) => State::Signing(transcript),
            other => other,
        };
    }

    fn rejected(&mut self) {
        self.forget();
    }

    fn certificate_requested(&self) -> bool {
        self.requested.is_some()
    }

    fn released(&mut self, _: &[u8]) {
        let signs = matches!(self.requested, Some(Requested { scheme: Some(_) }));
        self.agreed.certificate_sent = signs && self.is_complete();
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
        let facts = self.agreed.facts(self.name.clone());
        let timestamps = self.shown.timestamps.clone();
        let timestamps = timestamps.map(|list| Box::new(facts::Proof::Timestamps(list)));
        SessionFacts {
            stapled: self.shown.stapled.clone(),
            proof: facts.proof.or(timestamps),
            ..facts
        }
    }

    fn exporter(&self) -> Option<Exporter> {
        match &self.state {
            State::Complete(completed) => Some(completed.exporter()),
            _ => None,
        }
    }

    fn finish(self: Box<Self>, received: Option<Protection>) -> Result<HandOff, Failure> {
        // The keys of the handshake go before there are others: each is large.
        drop(received);
        let (completed, keeper) = self.end()?;
        let post = |renewal| -> Box<dyn PostHandshake> {
            match keeper {
                Some(keeper) => Box::new(Keeping { renewal, keeper }),
                None => Box::new(renewal),
            }
        };
        completed.hand_off_to_client(post)
    }
}

impl Client {
    /// What a complete handshake leaves behind. All else is gone.
    fn end(self: Box<Self>) -> Result<(Completed, Option<Box<Keeper>>), Failure> {
        match self.state {
            State::Complete(completed) => Ok((completed, self.keeper)),
            _ => Err(incomplete()),
        }
    }
}
