//! The path from a leaf towards a trust anchor, as far as it goes.
//!
//! webpki looks for a path that is good in every respect and says nothing about the others. This
//! is the path to talk about: by names and signatures only, each step the best one at hand, and
//! never a way back, so that the work is bounded.

use alloc::vec::Vec;

use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm, TrustAnchor};

use super::dates::Times;
use super::key_flaw::{KeyFlaw, flaw};
use crate::x509::der::{Reader, tag};
use crate::x509::name::{same, same_parts};
use crate::x509::raw::{Certificate, PublicKey};

/// The most intermediates that a path has: as many as webpki follows.
pub(super) const MAX_INTERMEDIATES: usize = 6;
/// The most signatures that are checked for one path, and then to find whose a list of revoked
/// certificates is, besides one for each list. Each step checks one, as a rule.
pub(super) const MAX_SIGNATURES: usize = 16;

/// How the signature on a certificate was found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signature {
    /// The issuer made it.
    Good,
    /// Somebody else made it, or it is damaged.
    Bad,
    /// Nobody can tell: the algorithm is not supported, or the issuer's key has this flaw.
    Unsupported(Option<KeyFlaw>),
    /// The issuer is not known.
    Unchecked,
    /// The budget was spent before.
    Unaffordable,
}

/// One certificate of the path.
pub(super) struct Link<'a> {
    pub(super) der: &'a CertificateDer<'a>,
    pub(super) fields: Certificate<'a>,
    pub(super) signature: Signature,
    /// The key that made the signature.
    pub(super) issuer: Option<PublicKey<'a>>,
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
    /// How many of [`MAX_SIGNATURES`] are left.
    pub(super) budget: usize,
}

/// What a path is built from.
pub(super) struct Material<'a> {
    pub(super) chain: &'a [CertificateDer<'a>],
    pub(super) anchors: &'a [TrustAnchor<'a>],
    pub(super) algorithms: &'a [&'a dyn SignatureVerificationAlgorithm],
    /// When it should be valid, if it can be.
    pub(super) times: Times,
}

impl Material<'_> {
    /// Whether this key signed the certificate.
    fn check(
        &self,
        signed: &Certificate<'_>,
        key: &PublicKey<'_>,
        budget: &mut usize,
    ) -> Signature {
        check(
            signed.signed,
            signed.signature_algorithm,
            signed.signature,
            key,
            self.algorithms,
            budget,
        )
    }
}

impl<'a> Path<'a> {
    /// `None` when the leaf is not a certificate. Costs at most 16 signature checks.
    pub(super) fn build(material: &Material<'a>) -> Option<Self> {
        let (leaf, rest) = material.chain.split_first()?;
        let mut path = Self {
            links: Vec::new(),
            end: End::IssuerUnknown,
            budget: MAX_SIGNATURES,
        };
        path.push(leaf, Certificate::parse(leaf)?);
        let mut unused: Vec<_> = rest
            .iter()
            .filter_map(|der| Some((der, Certificate::parse(der)?)))
            .collect();
        let mut times = material.times;
        while let Some(fields) = path.links.last().map(|head| head.fields) {
            times = times.and(&fields).unwrap_or(times);
            let mut anchors = material.anchors.iter().filter_map(|anchor| {
                issued(anchor, &fields)
                    .then(|| PublicKey::read(&[], &anchor.subject_public_key_info))?
            });
            let anchor = best(&fields, &mut anchors, material, &mut path.budget);
            if let Some((_, Signature::Good, key)) = anchor {
                path.sign(Signature::Good, key);
                path.end = End::Anchor;
                return Some(path);
            }
            let own = (fields.is_self_issued() && fields.is_key_of(&fields))
                .then(|| material.check(&fields, &fields.public_key, &mut path.budget));
            if own == Some(Signature::Good) {
                path.sign(Signature::Good, fields.public_key);
                path.end = End::SelfSigned;
                return Some(path);
            }
            let mut issuers: Vec<&(_, Certificate<'_>)> = Vec::new();
            // Of several for one key, the best are valid when the path is, and end it.
            for rank in [(true, true), (true, false), (false, true), (false, false)] {
                issuers.extend(unused.iter().filter(|(_, issuer)| {
                    let mut anchors = material.anchors.iter();
                    same(issuer.subject, fields.issuer)
                        && (
                            times.and(issuer).is_some(),
                            anchors.any(|anchor| issued(anchor, issuer)),
                        ) == rank
                }));
            }
            let mut keys = issuers.iter().map(|(_, issuer)| issuer.public_key);
            let sent = best(&fields, &mut keys, material, &mut path.budget);
            let (which, signature, key) = match (sent, own, anchor) {
                // Also an authority's new key, signed by its old one (RFC 4210 §4.4).
                (Some(sent @ (_, Signature::Good, _)), ..) => sent,
                (_, Some(own), _)
                    if own != Signature::Bad || (sent.is_none() && anchor.is_none()) =>
                {
                    path.sign(own, fields.public_key);
                    path.end = End::SelfSigned;
                    return Some(path);
                }
                (.., Some((_, signature, key))) => {
                    path.sign(signature, key);
                    path.end = End::Anchor;
                    return Some(path);
                }
                (Some(sent), ..) => sent,
                (None, ..) => return Some(path),
            };
            path.sign(signature, key);
            if path.links.len() > MAX_INTERMEDIATES {
                path.end = End::TooLong;
                return Some(path);
            }
            let Some(&&(der, issuer)) = issuers.get(which) else {
                break;
            };
            unused.retain(|(other, _)| !core::ptr::eq(*other, der));
            path.push(der, issuer);
        }
        Some(path)
    }

    /// How many certificates are between the leaf and the end; a root that was sent is the end.
    pub(super) fn intermediates(&self) -> usize {
        let ends = match self.end {
            End::SelfSigned if self.links.len() > 1 => 2,
            _ => 1,
        };
        self.links.len().saturating_sub(ends)
    }

    /// What was found out about the last certificate's signature.
    fn sign(&mut self, signature: Signature, key: PublicKey<'a>) {
        if let Some(head) = self.links.last_mut() {
            head.signature = signature;
            head.issuer = (signature == Signature::Good).then_some(key);
        }
    }

    fn push(&mut self, der: &'a CertificateDer<'a>, fields: Certificate<'a>) {
        self.links.push(Link {
            der,
            fields,
            signature: Signature::Unchecked,
            issuer: None,
        });
    }
}

/// The first key that made the signature, or else the first one at all; and its place.
fn best<'a>(
    signed: &Certificate<'_>,
    keys: &mut dyn Iterator<Item = PublicKey<'a>>,
    material: &Material<'_>,
    budget: &mut usize,
) -> Option<(usize, Signature, PublicKey<'a>)> {
    let mut first = None;
    for (index, key) in keys.enumerate() {
        let signature = material.check(signed, &key, budget);
        if signature == Signature::Good {
            return Some((index, signature, key));
        }
        first = first.or(Some((index, signature, key)));
    }
    first
}

/// Whether this key made the signature. Takes one from the budget, if there is one.
pub(super) fn check(
    signed: &[u8],
    signature_algorithm: &[u8],
    signature: &[u8],
    key: &PublicKey<'_>,
    algorithms: &[&dyn SignatureVerificationAlgorithm],
    budget: &mut usize,
) -> Signature {
    match budget.checked_sub(1) {
        Some(left) => *budget = left,
        None => return Signature::Unaffordable,
    }
    let flaw = flaw(key, algorithms);
    let algorithm = algorithms.iter().find(|algorithm| {
        algorithm.signature_alg_id().as_ref() == signature_algorithm
            && algorithm.public_key_alg_id().as_ref() == key.algorithm
    });
    match algorithm.filter(|_| flaw.is_none()) {
        None => Signature::Unsupported(flaw),
        Some(algorithm) => match algorithm.verify_signature(key.key, signed, signature) {
            Ok(()) => Signature::Good,
            Err(_) => Signature::Bad,
        },
    }
}

/// Whether the certificate's issuer is named as the anchor is. Anchors have of their name what is
/// in the SEQUENCE.
pub(super) fn issued(anchor: &TrustAnchor<'_>, certificate: &Certificate<'_>) -> bool {
    Reader::new(certificate.issuer)
        .read(tag::SEQUENCE)
        .is_some_and(|issuer| same_parts(issuer, &anchor.subject))
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
            let Some(fields) = fields.filter(|fields| same(fields.subject, name)) else {
                continue;
            };
            if taken.contains(der) {
                continue;
            }
            if taken.len() == MAX_INTERMEDIATES {
                return (taken, true);
            }
            taken.push(CertificateDer::from(der.as_ref()));
            if !wanted.iter().any(|name| same(name, fields.issuer)) {
                wanted.push(fields.issuer);
            }
        }
    }
    (taken, false)
}
