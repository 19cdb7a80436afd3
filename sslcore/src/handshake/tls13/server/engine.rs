//! What a server does when it is called: the seam between it and its connection.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::{Server, State};
use crate::failure::Failure;
use crate::handshake::facts::SessionFacts;
use crate::handshake::incoming::{Incoming, unexpected};
use crate::handshake::key_schedule::exporter::Exporter;
use crate::handshake::tls13::agreed::Completed;
use crate::handshake::tls13::certificates::{Proof, certificate_verify};
use crate::handshake::tls13::failures::{check_last, incomplete};
use crate::handshake::tls13::secrets::VERSION;
use crate::handshake::{AlertProtection, Engine, KeyQuestion, Message, SignatureQuestion, Trust};
use crate::identity::pre_shared_key::{KeyRules, PreSharedKey};
use crate::protocol::SslProtocol;
use crate::record::protection::Protection;
use crate::record::size::RecordSizes;
use crate::record::traffic::HandOff;
use crate::time::Now;
use crate::verify::SslError;
use crate::x509::certificate::Certificate;

impl Engine for Server {
    fn start(&mut self, now: Now, _: &mut Vec<u8>) -> Result<(), Failure> {
        self.wall = now.wall;
        self.offered().check()?;
        let config = self.config.clone();
        if let Some(certificates) = config.certificates() {
            let chosen = match self.offered().choose_session(self.wall)? {
                Some((chosen, session)) => {
                    self.session = Some(Box::new(session));
                    chosen
                }
                None => self.offered().choose_certificate(certificates)?,
            };
            self.state = State::Accepting(chosen);
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
        self.config.key_rules()
    }

    fn provide_keys(&mut self, keys: &[PreSharedKey]) -> Result<(), Failure> {
        self.state = State::Accepting(self.offered().choose(keys)?);
        Ok(())
    }

    fn asks_for_signature(&self) -> Option<SignatureQuestion<'_>> {
        match &self.state {
            State::AskingSignature(asking) => Some(asking.1.question()),
            _ => None,
        }
    }

    fn provide_signature(&mut self, signature: Vec<u8>) {
        self.state = match core::mem::replace(&mut self.state, State::Failed) {
            State::AskingSignature(asking) => State::Signed(Box::new(asking.0), signature),
            other => other,
        };
    }

    fn has_work(&self) -> bool {
        matches!(
            self.state,
            State::Accepting(_)
                | State::Generating(..)
                | State::Answering(..)
                | State::Agreeing(..)
                | State::Keyed(_)
                | State::Signing(_)
                | State::Signed(..)
                | State::Verifying(..)
                | State::Finishing
        )
    }

    fn work(&mut self, now: Now, flight: &mut Vec<u8>) -> Result<(), Failure> {
        match core::mem::replace(&mut self.state, State::Failed) {
            State::Accepting(chosen) => self.accept(chosen, flight),
            State::Generating(chosen, group, share) => self.generate(chosen, group, share, flight),
            State::Answering(chosen, next) => self.answered(chosen, next()?, flight),
            State::Agreeing(chosen, pair, share) => {
                let own = pair.share().to_vec();
                let secret = pair.agree(&share)?;
                self.answer(&chosen, Some((&own, &secret)), flight)
            }
            State::Keyed(chosen) => self.answer(&chosen, None, flight),
            State::Signing(unsigned) => self.sign(*unsigned, flight),
            State::Signed(unsigned, signature) => {
                let message = certificate_verify(unsigned.scheme, &signature)?;
                self.prove(*unsigned, &message, flight)
            }
            State::Verifying(transcript, secrets, proof, message) => {
                self.verify(transcript, secrets, &proof, &message)
            }
            State::Finishing => {
                // The verdict may have taken its time.
                self.wall = now.wall;
                self.complete(flight);
                Ok(())
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
            State::AwaitingHello(chosen, group) => {
                check_last(last)?;
                self.read_second_hello(message, chosen, group)
            }
            State::AwaitingCertificate(transcript, secrets) => {
                self.read_certificate(message, transcript, secrets)
            }
            State::AwaitingVerify(transcript, secrets) => {
                let proof = Proof::read(message)?;
                self.state = State::Verifying(transcript, secrets, proof, message.to_vec());
                Ok(())
            }
            State::AwaitingFinished(transcript, secrets) => {
                self.read_finished(message, last, transcript, &secrets, flight)
            }
            _ => Err(unexpected(incoming)),
        }
    }

    /// The client's, which means nothing (RFC 8446 §D.4).
    fn change_cipher_spec(&mut self, _: &mut [u8], _: Now, _: &mut Vec<u8>) -> Result<(), Failure> {
        self.awaited().check(Incoming::ChangeCipherSpec)
    }

    fn take_read_protection(&mut self) -> Option<Box<Protection>> {
        self.read_protection.take()
    }

    fn record_sizes(&self) -> RecordSizes {
        self.agreed.sizes
    }

    fn settled(&self) -> Option<SslProtocol> {
        self.agreed.cipher.map(|cipher| cipher.protocol())
    }

    fn verdict_due(&self) -> bool {
        matches!(self.state, State::Judging | State::JudgingResumed(..))
    }

    fn take_peer_chain(&mut self) -> Vec<Certificate> {
        self.shown.chain.to_vec()
    }

    fn useless_key(&self) -> Option<&SslError> {
        self.shown.useless.as_ref()
    }

    fn judged(&mut self, trust: Trust, _: &mut Vec<u8>) {
        self.trust = Some(trust);
        self.state = match core::mem::replace(&mut self.state, State::Failed) {
            State::Judging if self.shown.useless.is_none() => State::Finishing,
            State::JudgingResumed(transcript, secrets) => {
                State::AwaitingFinished(transcript, secrets)
            }
            other => other,
        };
    }

    fn refuses_early_data(&self) -> bool {
        self.early_data && self.agreed.cipher.is_some()
    }

    fn released(&mut self, _: &[u8]) {
        self.is_released = self.application.is_some();
        self.agreed.certificate_sent =
            self.is_released && !self.agreed.resumed && self.config.certificates().is_some();
    }

    fn alert_protection(&self) -> AlertProtection {
        let Some(completed) = self.application.as_ref().filter(|_| self.is_released) else {
            return AlertProtection::Clear;
        };
        // Behind our Finished.
        AlertProtection::under(completed.of_server())
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

    fn finish(self: Box<Self>, received: Option<Protection>) -> Result<HandOff, Failure> {
        // The keys of the handshake go before there are others: each is large.
        drop(received);
        let (completed, tickets) = self.end()?;
        completed.hand_off_to_server(tickets)
    }
}

impl Server {
    /// What a complete handshake leaves behind. All else is gone.
    fn end(self: Box<Self>) -> Result<(Completed, Option<Protection>), Failure> {
        match (self.state, self.application) {
            (State::Complete, Some(completed)) => Ok((completed, self.tickets)),
            _ => Err(incomplete()),
        }
    }
}
