//! Certificates: the proof of ours, and the client's where one is asked for (RFC 8446 §4.4).

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::begun::Unsigned;
use super::{Server, State};
use crate::failure::Failure;
use crate::handshake::tls13::certificates::{Proof, Shown};
use crate::handshake::tls13::failures::engine_failure;
use crate::handshake::tls13::secrets::Handshake;
use crate::handshake::transcript::Transcript;
use crate::handshake::wire::certificate::REQUESTED;

impl Server {
    /// Signs the handshake, and ends the flight, or asks for the signature. Costs a signature.
    pub(super) fn sign(&mut self, unsigned: Unsigned, flight: &mut Vec<u8>) -> Result<(), Failure> {
        let certificates = self.config.own_certificates()?;
        let (scheme, transcript) = (unsigned.scheme, &unsigned.begun.transcript);
        let backend = &self.config.backend;
        if let Some(wanted) = certificates.to_sign(backend, scheme, true, transcript) {
            self.state = State::AskingSignature(Box::new((unsigned, wanted)));
            return Ok(());
        }
        let message = certificates.sign(scheme, true, transcript)?;
        self.prove(unsigned, &message, flight)
    }

    /// Ends the flight with this CertificateVerify.
    pub(super) fn prove(
        &mut self,
        unsigned: Unsigned,
        message: &[u8],
        flight: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        let mut begun = unsigned.begun;
        begun.add(message)?;
        self.finish_flight(begun, flight)
    }

    pub(super) fn read_certificate(
        &mut self,
        message: &[u8],
        mut transcript: Transcript,
        secrets: Box<Handshake>,
    ) -> Result<(), Failure> {
        let offered = |number| REQUESTED.contains(&number);
        self.shown = Shown::read(message, offered, self.config.own_certificates()?)?;
        transcript.add(message);
        self.state = match (&self.shown.useless, self.shown.chain.is_empty()) {
            (Some(_), _) => State::Judging,
            (None, false) => State::AwaitingVerify(transcript, secrets),
            (None, true) => State::AwaitingFinished(transcript, secrets),
        };
        Ok(())
    }

    /// Checks the client's signature. Costs a verification.
    pub(super) fn verify(
        &mut self,
        mut transcript: Transcript,
        secrets: Box<Handshake>,
        proof: &Proof,
        message: &[u8],
    ) -> Result<(), Failure> {
        let leaf = self.shown.chain.first();
        let leaf = leaf.ok_or_else(|| engine_failure("there is no certificate"))?;
        let certificates = self.config.own_certificates()?;
        certificates.verify(proof, leaf.der(), false, &transcript)?;
        self.agreed.peer_signature = Some(proof.scheme);
        transcript.add(message);
        self.state = State::AwaitingFinished(transcript, secrets);
        Ok(())
    }
}
