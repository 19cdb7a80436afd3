//! Certificates: the server's, and ours where the server asks for it (RFC 8446 §4.3.2, §4.4).

use super::{Client, Requested, State};
use crate::failure::Failure;
use crate::handshake::tls13::certificates::{Proof, Shown};
use crate::handshake::tls13::failures::{engine_failure, incompatible};
use crate::handshake::transcript::Transcript;
use crate::handshake::wire::{Refusal, certificate_request, u16s};

/// Whether a scheme may sign handshakes of TLS 1.3, as far as its number tells: those of TLS 1.2 have a
/// hash function in their first byte, and of them only ECDSA goes on. One that nobody here knows may, too
/// (RFC 8446 §4.2.3).
const fn may_be_of_tls13(scheme: u16) -> bool {
    matches!(scheme, 0x0403 | 0x0503 | 0x0603 | 0x0700..)
}

impl Client {
    pub(super) fn read_request(
        &mut self,
        message: &[u8],
        mut transcript: Transcript,
    ) -> Result<(), Failure> {
        let certificates = self.config.own_certificates()?;
        let wanted = certificate_request::read_tls13(message)?;
        let taken = |scheme| u16s(wanted.schemes).any(|taken| taken == scheme);
        if !u16s(wanted.schemes).any(may_be_of_tls13) {
            return Err(incompatible(
                "a request for signatures that TLS 1.3 does not have",
            ));
        }
        let scheme = certificates.own_scheme(taken);
        self.requested = Some(Requested { scheme });
        self.agreed.authorities = certificate_request::kept(wanted.authorities);
        transcript.add(message);
        self.state = State::AwaitingCertificate(transcript);
        Ok(())
    }

    pub(super) fn read_certificate(
        &mut self,
        message: &[u8],
        mut transcript: Transcript,
    ) -> Result<(), Failure> {
        let certificates = self.config.own_certificates()?;
        let offered = |number| self.offered.offer.has(number);
        self.shown = Shown::read(message, offered, certificates)?;
        if self.shown.chain.is_empty() {
            return Err(Refusal::decode("a server without a certificate").into());
        }
        transcript.add(message);
        self.state = match self.shown.useless {
            Some(_) => State::Judging(None),
            None => State::AwaitingVerify(transcript),
        };
        Ok(())
    }

    /// Checks the server's signature. Costs a verification.
    pub(super) fn verify(
        &mut self,
        mut transcript: Transcript,
        proof: &Proof,
        message: &[u8],
    ) -> Result<(), Failure> {
        let certificates = self.config.own_certificates()?;
        let leaf = self.shown.chain.first();
        let leaf = leaf.ok_or_else(|| engine_failure("there is no certificate"))?;
        certificates.verify(proof, leaf.der(), true, &transcript)?;
        self.agreed.peer_signature = Some(proof.scheme);
        transcript.add(message);
        self.state = State::AwaitingFinished(transcript);
        Ok(())
    }
}
