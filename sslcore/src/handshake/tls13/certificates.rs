//! Certificates: what both sides show, and what proves that it is theirs (RFC 8446 §4.4.2, §4.4.3).

use alloc::sync::Arc;
use alloc::vec::Vec;

use rustls_pki_types::CertificateDer;

use super::failures::bad_signature;
use super::flight;
use crate::alert::Alert;
use crate::config_error::ConfigError;
use crate::crypto::Backend;
use crate::crypto::hash::{Digest, HashAlgorithm};
use crate::crypto::verification::{Algorithm, OfScheme};
use crate::der_writer::element;
use crate::failure::{Failure, FailureKind};
use crate::handshake::SignatureQuestion;
use crate::handshake::extensions::number;
use crate::handshake::identity::Presented;
use crate::handshake::settings::Settings;
use crate::handshake::transcript::Transcript;
use crate::handshake::wire::certificate;
use crate::handshake::wire::writer::Writer;
use crate::handshake::wire::{Reader, Refusal};
use crate::protocol::SignatureScheme;
use crate::record::messages::{MESSAGE_HEADER, kind};
use crate::verify::unusable::unusable;
use crate::verify::{SslError, SslErrorKind};
use crate::x509::certificate::Certificate;
use crate::x509::der::tag;
use crate::x509::key_kind::KeyKind;
use crate::x509::raw;

/// What a configuration says of certificates.
pub(in crate::handshake) struct Certificates {
    /// Our own.
    identity: Option<Presented>,
    /// What the peer may sign in, and certificates may be signed in, in the order of preference.
    schemes: Vec<OfScheme>,
    /// What the backend can verify.
    algorithms: &'static [Algorithm],
    /// A server's that asks for a certificate: whose it takes, by their names in DER without the
    /// header of their sequence.
    asks: Option<Vec<Vec<u8>>>,
    /// Whether a client asks for timestamps.
    pub(super) asks_for_timestamps: bool,
    /// There are none in this build, and nothing of them is linked.
    #[cfg(not(feature = "certificates"))]
    nowhere: core::convert::Infallible,
}

/// What goes with our chain.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Beside {
    /// The OCSP response.
    pub(super) stapled: bool,
    pub(super) timestamps: bool,
}

impl Certificates {
    #[cfg(feature = "certificates")]
    pub(super) fn new(
        backend: &Backend,
        settings: &Settings,
        asks: Option<&[Vec<u8>]>,
    ) -> Result<Self, ConfigError> {
        Ok(Self {
            identity: Presented::new(backend, settings)?,
            schemes: schemes(backend, settings)?,
            algorithms: backend.verified_algorithms(),
            asks: asks.map(<[_]>::to_vec),
            asks_for_timestamps: settings.asks_for_timestamps,
        })
    }

    /// Whether a client is asked for its certificate.
    pub(super) fn asks(&self) -> bool {
        self.asks.is_some()
    }

    /// Whether there is a certificate to show.
    pub(super) fn has_identity(&self) -> bool {
        self.identity.is_some()
    }

    /// signature_algorithms (RFC 8446 §4.2.3).
    pub(super) fn write_schemes(&self, w: &mut Writer) {
        w.extension(number::SIGNATURE_ALGORITHMS, |w| {
            w.vector16(|w| {
                let schemes = self.schemes.iter();
                schemes.for_each(|(scheme, _)| w.u16(scheme.code()));
            });
        });
    }

    /// A CertificateRequest.
    pub(super) fn request(&self) -> Result<Vec<u8>, Failure> {
        let names = self.asks.as_deref().unwrap_or_default();
        flight::written(Writer::message(kind::CERTIFICATE_REQUEST, |w| {
            w.vector8(|_| {}); // no context, within a handshake
            w.vector16(|w| {
                self.write_schemes(w);
                if !names.is_empty() {
                    w.extension(number::CERTIFICATE_AUTHORITIES, |w| {
                        w.vector16(|w| {
                            for name in names {
                                w.vector16(|w| w.bytes(&element(tag::SEQUENCE, &[name])));
                            }
                        });
                    });
                }
            });
        }))
    }

    /// The scheme in which we sign for a peer that takes these.
    pub(super) fn own_scheme(&self, taken: impl Fn(u16) -> bool) -> Option<SignatureScheme> {
        let own = self.identity.as_ref()?.signer.schemes().iter().copied();
        let mut fitting = own.filter(|scheme| scheme.is_of_tls13());
        fitting.find(|scheme| taken(scheme.code()))
    }

    /// A Certificate with our chain, or with none, and of what goes with it what the peer wants.
    pub(super) fn own_chain(&self, shown: bool, wanted: Beside) -> Result<Vec<u8>, Failure> {
        let identity = self.identity.as_ref().filter(|_| shown);
        let chain = identity.map_or(&[][..], |identity| &identity.chain);
        let mut stapled = identity
            .and_then(|identity| identity.stapled.as_deref())
            .filter(|_| wanted.stapled);
        let mut timestamps = identity
            .and_then(|identity| identity.timestamps.as_deref())
            .filter(|_| wanted.timestamps);
        flight::written(Writer::message(kind::CERTIFICATE, |w| {
            w.vector8(|_| {});
            w.vector24(|w| {
                for certificate in chain {
                    w.vector24(|w| w.bytes(certificate));
                    w.vector16(|w| {
                        // Of the leaf alone.
                        if let Some(response) = stapled.take() {
                            w.extension(number::STATUS_REQUEST, |w| {
                                w.u8(certificate::OCSP);
                                w.vector24(|w| w.bytes(response));
                            });
                        }
                        if let Some(list) = timestamps.take() {
                            let number = number::SIGNED_CERTIFICATE_TIMESTAMP;
                            w.extension(number, |w| w.bytes(list));
                        }
                    });
                }
            });
        }))
    }

    /// What the application is to sign, of a handshake up to here; `None` where it is not asked.
    pub(super) fn to_sign(
        &self,
        backend: &Backend,
        scheme: SignatureScheme,
        of_server: bool,
        transcript: &Transcript,
    ) -> Option<ToSign> {
        let key = self.identity.as_ref()?.asked?;
        let message = signed(of_server, transcript);
        let hash = hash_of(scheme).and_then(|hash| backend.hash(hash));
        Some(ToSign {
            digest: hash.map(|hash| hash.hash(&message)),
            message,
            scheme,
            key,
        })
    }

    /// Signs a handshake up to here. Costs a signature.
    pub(super) fn sign(
        &self,
        scheme: SignatureScheme,
        of_server: bool,
        transcript: &Transcript,
    ) -> Result<Vec<u8>, Failure> {
        let refused =
            |why| Failure::new(FailureKind::SigningFailed, Alert::InternalError).because(why);
        let Some(identity) = &self.identity else {
            return Err(refused("there is no certificate".into()));
        };
        let signature = identity.signer.sign(scheme, &signed(of_server, transcript));
        let signature = signature.map_err(|error| refused(alloc::format!("{error}")))?;
        certificate_verify(scheme, &signature)
    }

    /// Checks a CertificateVerify over a handshake up to here. Costs a verification.
    ///
    /// # Errors
    /// illegal_parameter for a scheme that was not offered or is not for the key, decrypt_error for a
    /// wrong signature.
    pub(super) fn verify(
        &self,
        proof: &Proof,
        leaf: &CertificateDer<'_>,
        of_server: bool,
        transcript: &Transcript,
    ) -> Result<(), Failure> {
        let algorithm = self.algorithm(proof.scheme)?;
        let leaf = raw::Certificate::parse(leaf);
        let key = leaf.ok_or_else(undecodable)?.public_key;
        if *algorithm.public_key_alg_id() != *key.algorithm {
            return Err(Refusal::illegal("a signature scheme that is not for the key").into());
        }
        algorithm
            .verify_signature(key.key, &signed(of_server, transcript), &proof.signature)
            .map_err(|_| bad_signature())
    }

    fn algorithm(&self, scheme: u16) -> Result<Algorithm, Refusal> {
        let mut offered = self.schemes.iter();
        let offered = offered.find(|(known, _)| known.code() == scheme && known.is_of_tls13());
        offered
            .and_then(|(_, algorithms)| algorithms.first().copied())
            .ok_or(Refusal::illegal("a signature scheme that was not offered"))
    }
}

/// A CertificateVerify.
pub(super) fn certificate_verify(
    scheme: SignatureScheme,
    signature: &[u8],
) -> Result<Vec<u8>, Failure> {
    flight::written(Writer::message(kind::CERTIFICATE_VERIFY, |w| {
        w.u16(scheme.code());
        w.vector16(|w| w.bytes(signature));
    }))
}

/// What the application is asked to sign.
pub(super) struct ToSign {
    pub(super) scheme: SignatureScheme,
    message: Vec<u8>,
    digest: Option<Digest>,
    key: KeyKind,
}

impl ToSign {
    pub(super) fn question(&self) -> SignatureQuestion<'_> {
        SignatureQuestion {
            scheme: self.scheme,
            message: &self.message,
            digest: self.digest.as_ref().map(Digest::as_slice),
            key: self.key,
        }
    }
}

/// The hash function of a scheme, if it is one of those that are here.
const fn hash_of(scheme: SignatureScheme) -> Option<HashAlgorithm> {
    use SignatureScheme as S;
    match scheme {
        S::EcdsaP256Sha256 | S::RsaPssSha256 | S::RsaPkcs1Sha256 => Some(HashAlgorithm::Sha256),
        S::EcdsaP384Sha384 | S::RsaPssSha384 | S::RsaPkcs1Sha384 => Some(HashAlgorithm::Sha384),
        S::EcdsaP521Sha512 | S::RsaPssSha512 | S::RsaPkcs1Sha512 | S::Ed25519 => None,
    }
}

/// What the peer may sign in: the schemes that are named, or all that the backend has.
fn schemes(backend: &Backend, settings: &Settings) -> Result<Vec<OfScheme>, ConfigError> {
    let known = backend.verified_schemes();
    let mut schemes: Vec<OfScheme> = Vec::new();
    match &settings.signature_schemes {
        None => schemes.extend(known),
        Some(named) => {
            for scheme in named {
                let found = known.iter().find(|(known, _)| known == scheme);
                let unknown = || ConfigError::unsupported("signature scheme", scheme.name());
                let found = *found.ok_or_else(unknown)?;
                if !schemes.iter().any(|(known, _)| known == scheme) {
                    schemes.push(found);
                }
            }
        }
    }
    match schemes.iter().any(|(scheme, _)| scheme.is_of_tls13()) {
        true => Ok(schemes),
        false => Err(ConfigError::no_scheme()),
    }
}

/// The peer's certificate is none.
fn undecodable() -> Failure {
    let kind = FailureKind::CertificateRejected(SslErrorKind::UndecodableCertificate);
    Failure::new(kind, Alert::BadCertificate)
}

/// What is signed (RFC 8446 §4.4.3).
fn signed(of_server: bool, transcript: &Transcript) -> Vec<u8> {
    let who: &[u8] = match of_server {
        true => b"TLS 1.3, server CertificateVerify\0",
        false => b"TLS 1.3, client CertificateVerify\0",
    };
    let messages = transcript.current();
    [&[b' '; 64], who, messages.as_slice()].concat()
}

/// What the peer has signed with.
pub(super) struct Proof {
    pub(super) scheme: u16,
    signature: Vec<u8>,
}

impl Proof {
    /// Reads a CertificateVerify.
    pub(super) fn read(message: &[u8]) -> Result<Self, Refusal> {
        let mut reader = Reader::new(message, "the CertificateVerify is damaged");
        reader.take(MESSAGE_HEADER)?;
        let (scheme, signature) = (reader.u16()?, reader.vector16()?.to_vec());
        reader.end()?;
        Ok(Self { scheme, signature })
    }
}

/// What the peer has shown.
#[derive(Default)]
pub(super) struct Shown {
    /// Leaf first; empty when it has none.
    pub(super) chain: Arc<[Certificate]>,
    /// The OCSP response that came with the leaf.
    pub(super) stapled: Option<Arc<[u8]>>,
    /// The timestamps that came with it.
    pub(super) timestamps: Option<Arc<[u8]>>,
    /// What is wrong with the leaf's key, by which no signature can be checked.
    pub(super) useless: Option<SslError>,
}

impl Shown {
    /// Reads a Certificate. `offered` says what its extensions may answer.
    pub(super) fn read(
        message: &[u8],
        offered: impl Fn(u16) -> bool,
        certificates: &Certificates,
    ) -> Result<Self, Refusal> {
        let shown = certificate::read_tls13(message, offered)?;
        let chain = shown.certificates.into_iter();
        let chain: Arc<[_]> = chain
            .map(|der| Certificate::from_der(der.to_vec()))
            .collect();
        let leaf = chain.first();
        Ok(Self {
            useless: leaf
                .and_then(|leaf| Some(unusable(leaf.der(), certificates.algorithms)?.of(leaf))),
            stapled: shown.stapled.map(Arc::from),
            timestamps: shown.timestamps.map(Arc::from),
            chain,
        })
    }
}
