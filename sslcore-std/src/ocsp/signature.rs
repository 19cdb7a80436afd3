//! Who signed a response.

use rustls_pki_types::{CertificateDer, UnixTime};
use sslcore::{Certificate, StatusQuestion};
use webpki::{EndEntityCert, KeyUsage};
use x509_cert::der::asn1::BitStringRef;
use x509_cert::der::{Decode, Reader, SliceReader};

use super::response::Response;
use super::wire::{Signed, sequence};

/// `id-kp-OCSPSigning`, 1.3.6.1.5.5.7.3.9.
const OCSP_SIGNING: KeyUsage = KeyUsage::required(&[0x2b, 6, 1, 5, 5, 7, 3, 9]);
/// Responders that are looked at: a response brings one, as a rule.
const MAX_RESPONDERS: usize = 4;

/// A public key.
pub(super) struct Key<'a> {
    /// The AlgorithmIdentifier, without its SEQUENCE header.
    algorithm: &'a [u8],
    /// The key itself.
    pub(super) key: &'a [u8],
}

impl<'a> Key<'a> {
    /// Reads a SubjectPublicKeyInfo.
    pub(super) fn of_info(info: &'a [u8]) -> Option<Self> {
        Self::read(sequence(&mut SliceReader::new(info).ok()?).ok()?)
    }

    /// The same without its SEQUENCE header.
    pub(super) fn read(fields: &'a [u8]) -> Option<Self> {
        let mut fields = SliceReader::new(fields).ok()?;
        let algorithm = sequence(&mut fields).ok()?;
        let key = BitStringRef::decode(&mut fields).ok()?.as_bytes()?;
        fields.is_finished().then_some(Self { algorithm, key })
    }

    /// Whether this key made the signature.
    fn made(&self, signed: &Signed, question: &StatusQuestion<'_>) -> bool {
        let algorithms = question.algorithms().iter();
        algorithms
            .filter(|algorithm| {
                algorithm.signature_alg_id().as_ref() == signed.algorithm
                    && algorithm.public_key_alg_id().as_ref() == self.algorithm
            })
            .any(|algorithm| {
                let (data, signature) = (&signed.data, &signed.signature);
                algorithm
                    .verify_signature(self.key, data, signature)
                    .is_ok()
            })
    }
}

/// Whether the certificate's issuer has signed the response, or somebody for it.
pub(super) fn is_good(response: &Response, question: &StatusQuestion<'_>) -> bool {
    let Some(issuer) = question.issuer() else {
        return false;
    };
    let key = Key::read(issuer.subject_public_key_info.as_ref());
    if key.is_some_and(|key| key.made(&response.signed, question)) {
        return true;
    }
    let own_key = question.certificate().public_key_info();
    // Who vouches for the key it signs with proves nothing, also when it may do so for others.
    let others = response
        .certificates()
        .filter(|it| it.public_key_info() != own_key);
    let responders = others.filter(|it| response.names(it));
    responders.take(MAX_RESPONDERS).any(|responder| {
        let info = responder.public_key_info();
        let key = info.and_then(Key::of_info);
        key.is_some_and(|key| key.made(&response.signed, question))
            && may_respond(&responder, response, question)
    })
}

/// Whether the issuer has told this responder to answer for it (RFC 6960 §4.2.2.2).
fn may_respond(
    responder: &Certificate,
    response: &Response,
    question: &StatusQuestion<'_>,
) -> bool {
    let (Some(issuer), der) = (
        question.issuer(),
        CertificateDer::from(responder.der().as_ref()),
    ) else {
        return false;
    };
    let Ok(parsed) = EndEntityCert::try_from(&der) else {
        return false;
    };
    let (algorithms, anchors) = (question.algorithms(), std::slice::from_ref(issuer));
    let time = judged_at(responder, response, question);
    parsed
        .verify_for_usage(algorithms, anchors, &[], time, OCSP_SIGNING, None, None)
        .is_ok()
}

/// The time that the responder's certificate is judged by: within the tolerance, when it is valid.
fn judged_at(
    responder: &Certificate,
    response: &Response,
    question: &StatusQuestion<'_>,
) -> UnixTime {
    let Some([earliest, now, latest]) = super::times(question) else {
        // Without a clock the dates say nothing: then it signs at this moment.
        return response.produced_at();
    };
    match (responder.not_before(), responder.not_after()) {
        (Some(begin), _) if begin > now && begin <= latest => begin,
        (_, Some(end)) if end < now && end >= earliest => end,
        _ => now,
    }
}
