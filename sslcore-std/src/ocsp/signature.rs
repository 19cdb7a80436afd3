//! Who signed a response.

use rustls_pki_types::{CertificateDer, UnixTime};
use sslcore::{Certificate, StatusQuestion};
use webpki::{EndEntityCert, KeyUsage};

use super::dates::times;
use super::key::Key;
use super::response::Response;

/// `id-kp-OCSPSigning`, 1.3.6.1.5.5.7.3.9.
const OCSP_SIGNING: KeyUsage = KeyUsage::required(&[0x2b, 6, 1, 5, 5, 7, 3, 9]);
/// Responders that are looked at: a response brings one, as a rule.
const MAX_RESPONDERS: usize = 4;

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
    let Some([earliest, now, latest]) = times(question) else {
        // Without a clock the dates say nothing: then it signs at this moment.
        return response.produced_at();
    };
    match (responder.not_before(), responder.not_after()) {
        (Some(begin), _) if begin > now && begin <= latest => begin,
        (_, Some(end)) if end < now && end >= earliest => end,
        _ => now,
    }
}
