//! The order of a chain.

use rustls_pki_types::CertificateDer;
use sslcore::Certificate;

/// Whether the first certificate is the issuer of another, by its name, and so not the leaf.
fn begins_with_an_issuer(chain: &[Certificate]) -> bool {
    let Some((first, rest)) = chain.split_first() else {
        return false;
    };
    rest.iter().any(|other| is_issued_by(other, first))
}

fn is_issued_by(certificate: &Certificate, issuer: &Certificate) -> bool {
    !certificate.is_self_issued() && certificate.issuer() == issuer.subject()
}

/// See [`leaf_first`](super::leaf_first).
pub(super) fn leaf_first(
    certificates: Vec<CertificateDer<'static>>,
) -> Vec<CertificateDer<'static>> {
    let chain: Vec<_> = certificates
        .iter()
        .cloned()
        .map(Certificate::from)
        .collect();
    if !begins_with_an_issuer(&chain) {
        return certificates;
    }
    let issues_none = |it: &&Certificate| !chain.iter().any(|other| is_issued_by(other, it));
    let mut leaves = (0..chain.len()).filter(|at| issues_none(&&chain[*at]));
    let (Some(leaf), None) = (leaves.next(), leaves.next()) else {
        return certificates;
    };
    let mut certificates = certificates;
    let leaf = certificates.remove(leaf);
    certificates.insert(0, leaf);
    let (mut ordered, rest) = from_leaf(certificates);
    ordered.extend(rest);
    ordered
}

/// The first one, then its issuer and so on; and what has no place in the chain.
pub(super) fn from_leaf(
    mut rest: Vec<CertificateDer<'static>>,
) -> (Vec<CertificateDer<'static>>, Vec<CertificateDer<'static>>) {
    let mut chain: Vec<CertificateDer<'static>> = rest.drain(..rest.len().min(1)).collect();
    while let Some(last) = chain.last().cloned().map(Certificate::from) {
        let next = rest.iter().position(|der| {
            let candidate = Certificate::from(der.clone());
            is_issued_by(&last, &candidate)
        });
        match next {
            Some(at) => chain.push(rest.remove(at)),
            None => break,
        }
    }
    (chain, rest)
}
