//! The path from a leaf towards a trust anchor, as far as it goes.
//!
//! webpki looks for a path that is good in every respect and says nothing about the others; and it
//! gives up where there are many. This is the path to talk about. It is looked for up to three
//! times: through issuers without a visible flaw, then through any that have signed, and when
//! there is none, by the best step at hand and never back.

use alloc::vec::Vec;

use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm, TrustAnchor};

use super::constraints::{MAX_COMPARISONS, compare};
use super::dates::Times;
use super::key_flaw::{KeyFlaw, cost, flaw};
use super::purpose::Purpose;
use crate::x509::certificate;
use crate::x509::der::{Reader, tag};
use crate::x509::name::{same, same_parts};
use crate::x509::raw::{Certificate, PublicKey};

/// The most intermediates that a path has.
const MAX_INTERMEDIATES: usize = 16;
/// The most intermediates that webpki follows, and is given.
pub(super) const WEBPKI_INTERMEDIATES: usize = 6;
/// The most signatures that are checked for one path, and then to find whose a list of revoked
/// certificates is, besides one for each list. Each step checks one, as a rule; none is checked
/// twice.
pub(super) const MAX_SIGNATURES: usize = 16;
/// The same when there are more intermediates than webpki is given, and it is not asked to search.
pub(super) const MAX_SIGNATURES_ALONE: usize = 100;
/// The most issuers that are tried in all, before the way that is never turned back from.
const MAX_TRIES: usize = 100;

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
    pub(super) certificate: &'a certificate::Certificate,
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
    /// Who signed the last certificate.
    pub(super) anchor: Option<&'a TrustAnchor<'a>>,
    /// How many signatures may still be checked.
    pub(super) budget: usize,
    /// Whether a better one may have been missed, for the budget was spent.
    pub(super) spent: bool,
}

/// What a path is built from.
pub(super) struct Material<'a> {
    pub(super) leaf: Issuer<'a>,
    /// What came with it.
    pub(super) issuers: &'a [Issuer<'a>],
    pub(super) anchors: &'a [TrustAnchor<'a>],
    pub(super) algorithms: &'a [&'a dyn SignatureVerificationAlgorithm],
    pub(super) purpose: Purpose,
    /// When it should be valid, if it can be.
    pub(super) times: Times,
}

/// A certificate of the chain.
pub(super) type Issuer<'a> = (&'a certificate::Certificate, Certificate<'a>);

/// Which path is good enough.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effort {
    /// To an anchor, by issuers without flaws.
    Flawless,
    /// To an anchor.
    Signed,
    /// Any.
    Any,
}

/// A path in the making.
struct Search<'a, 'm> {
    material: &'m Material<'a>,
    path: Path<'a>,
    /// The issuers that are still to be tried: of how many links, how bad, which; the best one last.
    open: Vec<(usize, (bool, bool), &'a Issuer<'a>)>,
    tries: usize,
    /// How many names may still be compared with constraints.
    comparisons: usize,
    /// A certificate, whole, the key that is said to have signed it, and whether it has.
    known: Vec<(&'a [u8], &'a [u8], Signature)>,
}

impl<'a> Path<'a> {
    /// Costs at most as many signature checks as the budget says.
    #[inline(never)]
    pub(super) fn build(material: &Material<'a>, budget: usize) -> Self {
        let mut search = Search {
            material,
            path: Self::new(budget),
            open: Vec::new(),
            tries: MAX_TRIES,
            comparisons: MAX_COMPARISONS,
            known: Vec::new(),
        };
        for effort in [Effort::Flawless, Effort::Signed, Effort::Any] {
            search.open.clear();
            search.path.links.clear();
            search.path.push(&material.leaf);
            if let Some(end) = search.find(effort) {
                search.path.end = end;
                break;
            }
        }
        search.path
    }

    /// Without links.
    pub(super) fn new(budget: usize) -> Self {
        Self {
            links: Vec::new(),
            end: End::Anchor,
            anchor: None,
            budget,
            spent: false,
        }
    }

    pub(super) fn push(&mut self, (certificate, fields): &Issuer<'a>) {
        // There are few, and each is large.
        self.links.reserve_exact(1);
        self.links.push(Link {
            certificate,
            fields: *fields,
            signature: Signature::Unchecked,
            issuer: None,
        });
    }

    /// All of it is signed, and by an anchor that has this key.
    pub(super) fn accept(&mut self, anchor: Option<PublicKey<'a>>) {
        let mut key = anchor;
        for link in self.links.iter_mut().rev() {
            link.issuer = key;
            key = Some(link.fields.public_key);
        }
    }

    /// How many certificates are between the leaf and the end; a root that was sent is the end.
    pub(super) fn intermediates(&self) -> usize {
        let ends = match self.end {
            End::SelfSigned => 2,
            _ => 1,
        };
        self.links.len().saturating_sub(ends)
    }

    /// Whether all of it is signed, and leads to a trust anchor.
    pub(super) fn is_proven(&self) -> bool {
        self.end == End::Anchor && self.links.iter().all(|link| link.issuer.is_some())
    }
}

impl<'a> Search<'a, '_> {
    /// Where a path ends, if there is one that is good enough.
    fn find(&mut self, effort: Effort) -> Option<End> {
        let material = self.material;
        loop {
            let depth = self.path.links.len();
            let fields = self.path.links.last()?.fields;
            let mut anchor = None;
            for it in material.anchors {
                let key = PublicKey::read(&[], &it.subject_public_key_info);
                if let Some(key) = key.filter(|_| issued(it, &fields)) {
                    if self.sign(&key) {
                        self.path.anchor = Some(it);
                        return Some(End::Anchor);
                    }
                    anchor = anchor.or(Some(key));
                }
            }
            let own = fields.is_self_issued() && fields.is_key_of(&fields);
            let root = own && self.sign(&fields.public_key);
            let last = depth > MAX_INTERMEDIATES;
            if effort == Effort::Any {
                self.open.clear();
            }
            if !root && (!last || effort == Effort::Any) {
                self.offer(&fields, effort);
            }
            let best = self.open.last().copied();
            // Also an authority's new key, signed by its old one (RFC 4210 §4.4).
            let next = loop {
                if let Some((of, _, issuer)) = self.open.pop() {
                    self.path.links.truncate(of);
                    if effort != Effort::Any {
                        self.path.spent |= self.tries == 0;
                        self.tries = self.tries.checked_sub(1)?;
                    }
                    if self.sign(&issuer.1.public_key) && !(last && effort == Effort::Any) {
                        break issuer;
                    }
                    continue;
                }
                if effort != Effort::Any {
                    return None;
                }
                // What is known already is not checked again.
                if own {
                    let good = self.sign(&fields.public_key);
                    let bad = self.path.links.last()?.signature == Signature::Bad;
                    if good || !bad || (anchor.is_none() && best.is_none()) {
                        return Some(End::SelfSigned);
                    }
                }
                if let Some(key) = anchor {
                    self.sign(&key);
                    return Some(End::Anchor);
                }
                let Some((.., issuer)) = best else {
                    return Some(End::IssuerUnknown);
                };
                self.sign(&issuer.1.public_key);
                match self.path.spent {
                    // Whoever has signed it may be another one.
                    true => return Some(End::IssuerUnknown),
                    false if last => return Some(End::TooLong),
                    false => break issuer,
                }
            };
            self.path.push(next);
        }
    }

    /// Takes the certificates whose subject is called as the issuer of the last link, and that are
    /// not on the path, under this name and with this key. The best one is to be tried first; of
    /// equals, the first.
    fn offer(&mut self, signed: &Certificate<'a>, effort: Effort) {
        let (links, material) = (&self.path.links, self.material);
        let mut times = material.times;
        for link in links {
            times = times.and(&link.fields).unwrap_or(times);
        }
        let start = self.open.len();
        for issuer in material.issuers {
            let it = &issuer.1;
            let mut used = links.iter().map(|link| &link.fields);
            if !same(it.subject, signed.issuer)
                || used.any(|link| {
                    link.public_key.info == it.public_key.info && same(link.subject, it.subject)
                })
            {
                continue;
            }
            let mut flawed = times.and(it).is_none()
                || !it.may_issue_below(links.len() - 1)
                || !it.serves(material.purpose.id());
            if let Some(constraints) = it.name_constraints() {
                for link in links {
                    let constraints = Reader::of(constraints);
                    let left = &mut self.comparisons;
                    compare(&constraints, &link.fields, left, &mut |_| flawed = true);
                }
            }
            if flawed && effort == Effort::Flawless {
                continue;
            }
            let rank = (flawed, !it.is_key_of(signed));
            let mut better = self.open.iter().skip(start);
            let at = better.position(|(_, other, _)| *other <= rank);
            let at = at.map_or(self.open.len(), |at| start + at);
            self.open.insert(at, (links.len(), rank, issuer));
        }
        // Nobody gets to the others.
        let excess = self.open.len().saturating_sub(MAX_TRIES);
        self.open.drain(..excess);
    }

    /// Whether this key has signed the last link; which is what is said of it from now on.
    fn sign(&mut self, key: &PublicKey<'a>) -> bool {
        let Some(head) = self.path.links.last_mut() else {
            return false;
        };
        let (whole, it) = (head.certificate.as_ref(), &head.fields);
        let mut known = self.known.iter();
        let known = known.find(|(der, by, _)| *der == whole && *by == key.info);
        let signature = match known {
            Some((.., signature)) => *signature,
            None => check(
                it.signed,
                it.signature_algorithm,
                it.signature,
                key,
                self.material.algorithms,
                &mut self.path.budget,
            ),
        };
        match signature {
            Signature::Unaffordable => self.path.spent = true,
            _ if known.is_none() => self.known.push((whole, key.info, signature)),
            _ => {}
        }
        head.signature = signature;
        head.issuer = (signature == Signature::Good).then_some(*key);
        head.issuer.is_some()
    }
}

/// Whether this key made the signature. Takes one from the budget, and what finding the key's flaw
/// costs, if there are as many.
pub(super) fn check(
    signed: &[u8],
    signature_algorithm: &[u8],
    signature: &[u8],
    key: &PublicKey<'_>,
    algorithms: &[&dyn SignatureVerificationAlgorithm],
    budget: &mut usize,
) -> Signature {
    match budget.checked_sub(1 + cost(key)) {
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

/// The certificates of a chain that a path can lead through at all, by their names, as webpki wants
/// them and with the leaf in front of them; at most [`WEBPKI_INTERMEDIATES`], and whether there
/// were more.
///
/// webpki tries every order of what it is given; a chain that is made to explode that search has
/// many certificates with one name.
pub(super) fn reachable<'a>(
    leaf: Certificate<'a>,
    issuers: &'a [Issuer<'a>],
) -> (Vec<CertificateDer<'a>>, Vec<Certificate<'a>>, bool) {
    let most = issuers.len().min(WEBPKI_INTERMEDIATES);
    let (mut taken, mut fields) = (Vec::with_capacity(most), Vec::with_capacity(1 + most));
    fields.push(leaf);
    let mut next = 0;
    while let Some(name) = fields.get(next).map(|below| below.issuer) {
        next += 1;
        for (certificate, issuer) in issuers {
            if !same(issuer.subject, name) || taken.contains(certificate.der()) {
                continue;
            }
            if taken.len() == WEBPKI_INTERMEDIATES {
                return (taken, fields, true);
            }
            taken.push(CertificateDer::from(certificate.as_ref()));
            fields.push(*issuer);
        }
    }
    (taken, fields, false)
}
