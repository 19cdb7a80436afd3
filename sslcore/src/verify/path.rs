//! The path from a leaf towards a trust anchor, as far as it goes.
//!
//! webpki looks for a path that is good in every respect and says nothing about the others. This
//! is the path to talk about: by names and signatures only, each step the best one at hand, and
//! never a way back, so that the work is bounded.

use alloc::vec::Vec;

use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm, TrustAnchor};

use super::der::{Reader, tag};
use super::x509::{Certificate, PublicKey};

/// The most intermediates that a path has: as many as webpki follows.
pub(super) const MAX_INTERMEDIATES: usize = 6;
/// The most signatures that are checked for one path. Each step checks one, as a rule.
const MAX_SIGNATURES: usize = 16;

/// How the signature on a certificate was found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signature {
    /// The issuer made it.
    Good,
    /// Somebody else made it, or it is damaged.
    Bad,
    /// Nobody can tell: the algorithm, or the issuer's key, is not supported or too weak.
    Unsupported,
    /// The issuer is not known, or the budget is spent.
    Unchecked,
}

/// One certificate of the path.
pub(super) struct Link<'a> {
    pub(super) der: &'a CertificateDer<'a>,
    pub(super) fields: Certificate<'a>,
    pub(super) signature: Signature,
}

/// Where the path ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// A trust anchor issued the last certificate.
    Anchor,
    /// The last certificate issued itself, and is no trust anchor.
    SelfSigned,
    /// No certificate is at hand that issued the last one.
    IssuerUnknown,
    /// There are more intermediates than anybody follows.
    TooLong,
}

/// Leaf first; the trust anchor is not part of it.
pub(super) struct Path<'a> {
    pub(super) links: Vec<Link<'a>>,
    pub(super) end: End,
}

/// What a path is built from.
pub(super) struct Material<'a> {
    pub(super) chain: &'a [CertificateDer<'a>],
    pub(super) anchors: &'a [TrustAnchor<'a>],
    pub(super) algorithms: &'a [&'a dyn SignatureVerificationAlgorithm],
}

impl<'a> Path<'a> {
    /// `None` when the leaf is not a certificate. Costs at most 16 signature checks.
    pub(super) fn build(material: &Material<'a>) -> Option<Self> {
        let (leaf, rest) = material.chain.split_first()?;
        let mut path = Self {
            links: Vec::new(),
            end: End::IssuerUnknown,
        };
        path.push(leaf, Certificate::parse(leaf)?);
        let mut unused: Vec<_> = rest
            .iter()
            .filter_map(|der| Some((der, Certificate::parse(der)?)))
            .collect();
        let mut budget = MAX_SIGNATURES;
        while let Some(head) = path.links.last_mut() {
            let anchors = material.anchors.iter().filter_map(|anchor| {
                let subject = anchor.subject.as_ref();
                (contents(head.fields.issuer)? == subject)
                    .then(|| PublicKey::read(&[], &anchor.subject_public_key_info))?
            });
            let anchor = best(&head.fields, anchors, material, &mut budget);
            if let Some((_, Signature::Good)) = anchor {
                path.anchored(Signature::Good);
                return Some(path);
            }
            if head.fields.is_self_issued() {
                let own = core::iter::once(head.fields.public_key);
                if let Some((_, signature)) = best(&head.fields, own, material, &mut budget) {
                    head.signature = signature;
                }
                path.end = End::SelfSigned;
                return Some(path);
            }
            let issuer = head.fields.issuer;
            let named: Vec<usize> = (0..unused.len())
                .filter(|&i| unused[i].1.subject == issuer)
                .collect();
            let keys = named.iter().map(|&i| unused[i].1.public_key);
            let sent = best(&head.fields, keys, material, &mut budget);
            let (which, signature) = match (sent, anchor) {
                (
                    Some((_, Signature::Bad | Signature::Unsupported)) | None,
                    Some((_, signature)),
                ) => {
                    path.anchored(signature);
                    return Some(path);
                }
                (Some(sent), _) => sent,
                (None, None) => return Some(path),
            };
            head.signature = signature;
            if path.links.len() > MAX_INTERMEDIATES {
                path.end = End::TooLong;
                return Some(path);
            }
            let (der, fields) = unused.swap_remove(named[which]);
            path.push(der, fields);
        }
        Some(path)
    }

    fn anchored(&mut self, signature: Signature) {
        if let Some(head) = self.links.last_mut() {
            head.signature = signature;
        }
        self.end = End::Anchor;
    }

    fn push(&mut self, der: &'a CertificateDer<'a>, fields: Certificate<'a>) {
        self.links.push(Link {
            der,
            fields,
            signature: Signature::Unchecked,
        });
    }
}

/// The first key that made the signature, or else the first one at all.
fn best<'a>(
    signed: &Certificate<'_>,
    keys: impl Iterator<Item = PublicKey<'a>>,
    material: &Material<'_>,
    budget: &mut usize,
) -> Option<(usize, Signature)> {
    let mut first = None;
    for (index, key) in keys.enumerate() {
        let signature = match budget.checked_sub(1) {
            Some(left) => {
                *budget = left;
                check(signed, &key, material.algorithms)
            }
            None => Signature::Unchecked,
        };
        if signature == Signature::Good {
            return Some((index, signature));
        }
        first = first.or(Some((index, signature)));
    }
    first
}

/// The fewest bits of an RSA key that any backend accepts.
pub(super) const MIN_RSA_BITS: usize = 2048;

fn check(
    signed: &Certificate<'_>,
    key: &PublicKey<'_>,
    algorithms: &[&dyn SignatureVerificationAlgorithm],
) -> Signature {
    let algorithm = algorithms.iter().find(|algorithm| {
        algorithm.signature_alg_id().as_ref() == signed.signature_algorithm
            && algorithm.public_key_alg_id().as_ref() == key.algorithm
    });
    match algorithm {
        None => Signature::Unsupported,
        Some(_) if key.rsa_bits().is_some_and(|bits| bits < MIN_RSA_BITS) => Signature::Unsupported,
        Some(algorithm) => {
            match algorithm.verify_signature(key.key, signed.signed, signed.signature) {
                Ok(()) => Signature::Good,
                Err(_) => Signature::Bad,
            }
        }
    }
}

/// What is in a name's SEQUENCE: trust anchors have their names so.
fn contents(name: &[u8]) -> Option<&[u8]> {
    Reader::new(name).read(tag::SEQUENCE)
}

/// The certificates of a chain that a path can lead through at all, by their names: at most
/// [`MAX_INTERMEDIATES`], and whether there were more.
///
/// webpki tries every order of what it is given; a chain that is made to explode that search has
/// many certificates with one name.
pub(super) fn reachable<'a>(chain: &'a [CertificateDer<'_>]) -> (Vec<CertificateDer<'a>>, bool) {
    let Some((leaf, rest)) = chain.split_first() else {
        return (Vec::new(), false);
    };
    let parsed: Vec<_> = rest.iter().map(|der| Certificate::parse(der)).collect();
    let mut wanted: Vec<&[u8]> = Certificate::parse(leaf)
        .map(|leaf| leaf.issuer)
        .into_iter()
        .collect();
    let mut taken = Vec::new();
    let mut next = 0;
    while let Some(&name) = wanted.get(next) {
        next += 1;
        for (der, fields) in rest.iter().zip(&parsed) {
            let Some(fields) = fields.filter(|fields| fields.subject == name) else {
                continue;
            };
            if taken.contains(der) {
                continue;
            }
            if taken.len() == MAX_INTERMEDIATES {
                return (taken, true);
            }
            taken.push(CertificateDer::from(der.as_ref()));
            if !wanted.contains(&fields.issuer) {
                wanted.push(fields.issuer);
            }
        }
    }
    (taken, false)
}
