//! The verifier that rustls is given: it believes every chain, because the chain is judged
//! outside the engine, and it checks every handshake signature, because nobody may forgive that. A
//! chain whose key it cannot check signatures with it refuses at once.

use alloc::vec::Vec;
use core::iter;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls13_signature_with_raw_key};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, PeerMisbehaved,
    SignatureScheme,
};
use rustls_pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};

use super::named::named;
use super::refusal::Refusals;
use super::staples::Staples;
use crate::handshake::RefusedPeer;
use crate::protocol;
use crate::verify::unusable::unusable;
use crate::x509::certificate::Certificate;
use crate::x509::raw;

/// One for all connections of a configuration: rustls resumes a session only under the same
/// verifier.
pub(super) struct Recorder {
    pub(super) algorithms: WebPkiSupportedAlgorithms,
    /// Those of its schemes that the peer is told, and may sign in.
    pub(super) schemes: Vec<SignatureScheme>,
    /// Server: whether to send a CertificateRequest.
    pub(super) ask_client: bool,
    /// Server: names of acceptable issuers, as hints.
    pub(super) hints: Vec<DistinguishedName>,
    /// Client: what servers stapled.
    pub(super) staples: Staples,
    /// Chains that were refused for their keys.
    pub(super) refusals: Refusals,
}

named!(Recorder);

impl Recorder {
    /// The key that must have made the handshake signature, read by our own reader: odd
    /// certificates, which webpki refuses, can still be accepted by pin.
    fn key<'a>(cert: &'a CertificateDer<'_>) -> Result<raw::PublicKey<'a>, Error> {
        raw::Certificate::parse(cert)
            .map(|cert| cert.public_key)
            .ok_or(Error::InvalidCertificate(CertificateError::BadEncoding))
    }

    /// Refuses a chain by whose key no signature can be checked, before there is one: then a wrong
    /// signature is a wrong one.
    fn check_key(
        &self,
        leaf: &CertificateDer<'_>,
        issuers: &[CertificateDer<'_>],
    ) -> Result<(), Error> {
        let Some(flaw) = unusable(leaf, self.algorithms.all) else {
            return Ok(());
        };
        let copy = |der: &CertificateDer<'_>| Certificate::from(der.clone().into_owned());
        let leaf = copy(leaf);
        Err(self.refusals.put(RefusedPeer {
            error: flaw.of(&leaf),
            chain: iter::once(leaf).chain(issuers.iter().map(copy)).collect(),
        }))
    }

    fn check_scheme(&self, scheme: SignatureScheme) -> Result<(), Error> {
        match self.schemes.contains(&scheme) {
            true => Ok(()),
            false => Err(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into()),
        }
    }

    fn tls13(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check_scheme(dss.scheme)?;
        let spki = SubjectPublicKeyInfoDer::from(Self::key(cert)?.spki);
        verify_tls13_signature_with_raw_key(message, &spki, dss, &self.algorithms)
    }

    fn tls12(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check_scheme(dss.scheme)?;
        let key = Self::key(cert)?;
        let candidates = self
            .algorithms
            .mapping
            .iter()
            .find(|(scheme, _)| *scheme == dss.scheme)
            // A backend may have more than what is offered in TLS 1.2.
            .filter(|(scheme, _)| protocol::SignatureScheme::is_of_tls12((*scheme).into()))
            .map(|(_, algorithms)| *algorithms)
            .ok_or(Error::PeerMisbehaved(
                PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme,
            ))?;
        let algorithm = candidates
            .iter()
            .find(|algorithm| algorithm.public_key_alg_id().as_ref() == key.algorithm)
            .ok_or(Error::PeerMisbehaved(
                PeerMisbehaved::SignedKxWithWrongAlgorithm,
            ))?;
        algorithm
            .verify_signature(key.key, message, dss.signature())
            .map(|()| HandshakeSignatureValid::assertion())
            .map_err(|_| Error::InvalidCertificate(CertificateError::BadSignature))
    }
}

/// What both verifier traits ask for alike: the handshake signatures.
macro_rules! check_signatures {
    () => {
        fn verify_tls12_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            self.tls12(message, cert, dss)
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            self.tls13(message, cert, dss)
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            self.schemes.clone()
        }
    };
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        issuers: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        ocsp_response: &[u8],
        told: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.staples.put(told, ocsp_response);
        self.check_key(leaf, issuers)?;
        Ok(ServerCertVerified::assertion())
    }

    check_signatures!();
}

impl ClientCertVerifier for Recorder {
    fn offer_client_auth(&self) -> bool {
        self.ask_client
    }

    /// A missing certificate is an error to judge, not one for the engine to refuse.
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.hints
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        issuers: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.check_key(leaf, issuers)?;
        Ok(ClientCertVerified::assertion())
    }

    check_signatures!();
}
