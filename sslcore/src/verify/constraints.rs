//! The names that an issuer may certify (RFC 5280 §4.2.1.10), and those below it.
//!
//! webpki compares DNS names and addresses, and refuses whatever else is constrained. When it has
//! refused a path, all names on it are compared here.

use super::host::matches;
use crate::x509::der::{Reader, tag};
use crate::x509::name::beyond;
use crate::x509::raw::Certificate;

/// How many comparisons one path may need: as many as webpki makes for a search.
pub(super) const MAX_COMPARISONS: usize = 250_000;

/// The kinds of names that are compared (RFC 5280 §4.2.1.6).
const EMAIL: u8 = tag::context(1);
const DNS: u8 = tag::context(2);
const DIRECTORY: u8 = tag::constructed(4);
const IP: u8 = tag::context(7);

/// Why it is not known that an issuer may certify a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Misfit {
    /// It may not. By the number of its tag, the kind of the name.
    Outside(u8),
    /// Names of this kind are not compared here.
    Incomparable(u8),
    /// The certificate's names cannot be read.
    Names,
    /// The issuer's constraints cannot be read.
    Constraints,
    /// The budget was spent before.
    Unaffordable,
}

/// Compares all names of a certificate with an issuer's constraints, and tells each misfit. Takes
/// one from the budget for each pair of them.
pub(super) fn compare(
    constraints: &Reader<'_>,
    certificate: &Certificate<'_>,
    budget: &mut usize,
    tell: &mut dyn FnMut(Misfit),
) {
    let mut check = |kind, name| {
        if let Err(misfit) = fit(constraints.clone(), kind, name, budget) {
            tell(misfit);
        }
    };
    let mut names = certificate.alternative_names();
    while let Some((kind, name, _)) = names.element() {
        check(kind, name);
    }
    // An empty one is no name.
    if certificate.subject.len() > 2 {
        check(DIRECTORY, certificate.subject);
    }
    if !names.is_empty() {
        tell(Misfit::Names);
    }
}

/// One name: of those that are permitted it must be within one, if any is of its kind, and within
/// none that is excluded.
fn fit(
    mut constraints: Reader<'_>,
    kind: u8,
    name: &[u8],
    budget: &mut usize,
) -> Result<(), Misfit> {
    for excluded in [false, true] {
        let subtrees = constraints.read_if(tag::constructed(excluded.into()));
        let mut subtrees = Reader::new(subtrees.unwrap_or_default());
        let (mut constrained, mut within) = (false, false);
        while !subtrees.is_empty() {
            *budget = budget.checked_sub(1).ok_or(Misfit::Unaffordable)?;
            let (found, base) = base(&mut subtrees).ok_or(Misfit::Constraints)?;
            if found == kind {
                constrained = true;
                within |= is_within(kind, name, base, excluded)?;
            }
        }
        if constrained && within == excluded {
            return Err(Misfit::Outside(kind & 0x1f));
        }
    }
    let read = constraints.is_empty();
    read.then_some(()).ok_or(Misfit::Constraints)
}

/// The next subtree's kind and base, which is all that it may have.
fn base<'a>(subtrees: &mut Reader<'a>) -> Option<(u8, &'a [u8])> {
    let mut subtree = Reader::new(subtrees.read(tag::SEQUENCE)?);
    let (kind, base, _) = subtree.element()?;
    subtree.is_empty().then_some((kind, base))
}

fn is_within(kind: u8, name: &[u8], base: &[u8], excluded: bool) -> Result<bool, Misfit> {
    Ok(match kind {
        // Of the names that a wildcard stands for, one that is excluded is enough.
        DNS => is_below(name, base, true) || (excluded && matches(name, base)),
        EMAIL => {
            let (user, host) = split(name).ok_or(Misfit::Names)?;
            match split(base) {
                Some((wanted, at)) => user == wanted && host.eq_ignore_ascii_case(at),
                None => is_below(host, base, false),
            }
        }
        DIRECTORY => begins_with(name, base),
        IP => is_in_network(name, base)?,
        _ => return Err(Misfit::Incomparable(kind & 0x1f)),
    })
}

/// Whether a host is this one; or below it, if that counts or the base begins with a dot.
fn is_below(host: &[u8], base: &[u8], below: bool) -> bool {
    let at = host.len().checked_sub(base.len());
    let Some((front, end)) = at.and_then(|at| host.split_at_checked(at)) else {
        return false;
    };
    let apart = base.is_empty() || base.starts_with(b".") || (below && front.ends_with(b"."));
    end.eq_ignore_ascii_case(base) && (front.is_empty() || apart)
}

/// A mail address: whose, and at which host.
fn split(address: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = address.iter().rposition(|byte| *byte == b'@')?;
    Some((address.get(..at)?, address.get(at + 1..)?))
}

/// Whether a name begins with all parts of another.
fn begins_with(name: &[u8], base: &[u8]) -> bool {
    let parts = |name| Reader::new(name).read(tag::SEQUENCE);
    let both = parts(name).zip(parts(base));
    both.is_some_and(|(name, base)| beyond(name, base).is_some())
}

/// Whether an address is in a network: an address of the network, and its mask.
fn is_in_network(address: &[u8], network: &[u8]) -> Result<bool, Misfit> {
    let (start, mask) = network.split_at(network.len() / 2);
    // Ones, and then zeros.
    let rest = mask.iter().try_fold(0xff, |before, byte| {
        let ones = byte.leading_ones() + byte.trailing_zeros() >= 8;
        (ones && (before == 0xff || *byte == 0)).then_some(*byte)
    });
    if !matches!(network.len(), 8 | 32) || rest.is_none() {
        return Err(Misfit::Constraints);
    }
    if !matches!(address.len(), 4 | 16) {
        return Err(Misfit::Names);
    }
    let mut bytes = address.iter().zip(start).zip(mask);
    Ok(address.len() == start.len() && bytes.all(|((a, b), mask)| (a ^ b) & mask == 0))
}
