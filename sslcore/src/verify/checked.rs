//! The signatures that were checked for one peer: none is checked twice, and few at a time.
//!
//! A judgement is made again from its beginning until every answer that it wants is known; each time
//! it may ask for so many new ones. So the searches stay plain functions, webpki's among them, and no
//! call costs more than it is allowed to.
//!
//! A search among many certificates takes its time by itself. What it wants to know is found out in a call of
//! its own then.

use alloc::vec::Vec;
use core::fmt;

use rustls_pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm};
use spin::Mutex;

use super::key_flaw::compressed;
use super::policy::Policy;
use super::verified::Digest;
use crate::x509::certificate::Certificate;
use crate::x509::revocation_list::RevocationList;

/// The answers. One takes some 80 bytes; there are at most as many as signatures may be checked for one
/// chain.
#[derive(Debug, Default)]
pub(crate) struct CheckedSignatures {
    answers: Vec<Answer>,
    /// Whether webpki has searched for a path with all answers that it wanted, and found none.
    has_no_path: bool,
    /// What was asked last, and is to be answered before anything else.
    wanted: Option<(Question, Option<Digest>)>,
}

impl CheckedSignatures {
    fn add(&mut self, question: Question, digest: Option<Digest>, is_good: bool) {
        // There are few, as a rule one.
        self.answers.reserve_exact(1);
        self.answers.push(Answer {
            question,
            digest,
            is_good,
        });
    }
}

#[derive(Debug)]
struct Answer {
    question: Question,
    /// What it is remembered as beyond this peer.
    digest: Option<Digest>,
    is_good: bool,
}

/// What was asked. The bytes are those of the peer's chain and of the configuration, which stay the same
/// as long as the peer is judged; so they are told by where they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Question {
    algorithm: usize,
    message: Place,
    signature: Place,
    key: Place,
}

/// So many bytes of one of the sources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Place {
    source: u32,
    start: u32,
    len: u32,
}

/// What the bytes of signatures, keys, and what they sign are borrowed from, in this order: the chain,
/// the trust anchors, the lists of revoked certificates, and what backends are asked with.
pub(super) struct Sources<'a> {
    chain: &'a [Certificate],
    policy: &'a Policy,
}

impl<'a> Sources<'a> {
    pub(super) fn new(chain: &'a [Certificate], policy: &'a Policy) -> Self {
        Self { chain, policy }
    }

    /// Where these bytes are borrowed from; no bytes are the same everywhere. Two sources never overlap,
    /// since both are alive.
    fn place(&self, bytes: &[u8]) -> Option<Place> {
        if bytes.is_empty() {
            return Some(Place::default());
        }
        self.all().enumerate().find_map(|(source, all)| {
            let (all, part) = (all.as_ptr_range(), bytes.as_ptr_range());
            let is_inside = all.start <= part.start && part.end <= all.end;
            is_inside.then(|| Place {
                source: source as u32,
                start: (part.start.addr() - all.start.addr()) as u32,
                len: bytes.len() as u32,
            })
        })
    }

    /// What is there.
    fn bytes(&self, place: Place) -> &[u8] {
        let (start, len) = (place.start as usize, place.len as usize);
        let source = self.all().nth(place.source as usize);
        let part = source.and_then(|all| all.get(start..start + len));
        part.unwrap_or_default()
    }

    fn all(&self) -> impl Iterator<Item = &[u8]> {
        let anchors = self.policy.anchors.iter();
        let lists = self.policy.revocation.iter().flat_map(|it| it.lists());
        let chain = self.chain.iter().map(AsRef::as_ref);
        let anchors = anchors.map(|it| it.subject_public_key_info.as_ref());
        let lists = lists.map(RevocationList::der).map(AsRef::as_ref);
        let own = [
            &compressed::MESSAGE[..],
            &compressed::POINT,
            &compressed::SIGNATURE,
        ];
        chain.chain(anchors).chain(lists).chain(own)
    }
}

/// What the algorithms of one run share.
pub(super) struct Run<'a> {
    sources: Sources<'a>,
    state: Mutex<State<'a>>,
}

struct State<'a> {
    known: &'a mut CheckedSignatures,
    /// How many new signatures may still be checked.
    allowance: usize,
    was_new: bool,
    is_cut_short: bool,
}

impl<'a> Run<'a> {
    /// A run that checks at most `allowance` signatures whose answers are not known.
    pub(super) fn new(
        sources: Sources<'a>,
        known: &'a mut CheckedSignatures,
        allowance: usize,
    ) -> Self {
        Self {
            sources,
            state: Mutex::new(State {
                known,
                allowance,
                was_new: false,
                is_cut_short: false,
            }),
        }
    }

    /// Finds out what a search before this one wanted to know, and says whether it did.
    // Hardly ever: the judgement is smaller without it.
    #[inline(never)]
    pub(super) fn answers_what_was_wanted(&self) -> bool {
        let mut state = self.state.lock();
        let Some((question, digest)) = state.known.wanted.take() else {
            return false;
        };
        let asked = [question.key, question.message, question.signature];
        let asked = asked.map(|place| self.sources.bytes(place));
        self.check(&mut state, question, digest, asked);
        true
    }

    /// Whether an answer was missing: what came out means nothing then.
    pub(super) fn is_cut_short(&self) -> bool {
        self.state.lock().is_cut_short
    }

    /// What `search` finds. One that has found nothing with all answers is not made again.
    pub(super) fn once<T>(&self, search: impl FnOnce() -> Option<T>) -> Option<T> {
        if self.state.lock().known.has_no_path {
            return None;
        }
        let found = search();
        let mut state = self.state.lock();
        state.known.has_no_path = found.is_none() && !state.is_cut_short;
        found
    }

    /// The peer is trusted: the next one's good signatures are known, if they are the same.
    pub(super) fn remember(&self) {
        let Some(verified) = &self.sources.policy.verified else {
            return;
        };
        let state = self.state.lock();
        let good = state.known.answers.iter().filter(|it| it.is_good);
        for digest in good.filter_map(|it| it.digest) {
            verified.remember(digest);
        }
    }

    /// Whether a signature was checked.
    pub(super) fn has_checked(&self) -> bool {
        self.state.lock().was_new
    }

    /// The algorithms of the policy, which remember.
    pub(super) fn algorithms(&self) -> Vec<Remembering<'_, 'a>> {
        let numbers = 0..self.sources.policy.algorithms.len();
        numbers
            .map(|number| Remembering { number, run: self })
            .collect()
    }

    /// `None` for bytes that are borrowed from no source.
    fn question(
        &self,
        algorithm: usize,
        [key, message, signature]: [&[u8]; 3],
    ) -> Option<Question> {
        Some(Question {
            algorithm,
            message: self.sources.place(message)?,
            signature: self.sources.place(signature)?,
            key: self.sources.place(key)?,
        })
    }

    fn verify(&self, number: usize, key: &[u8], message: &[u8], signature: &[u8]) -> bool {
        let asked = [key, message, signature];
        let Some(question) = self.question(number, asked) else {
            // All that is asked about is borrowed from a source. It is answered, so that there is an end.
            let algorithm = self.sources.policy.algorithms[number];
            return algorithm.verify_signature(key, message, signature).is_ok();
        };
        let mut state = self.state.lock();
        let mut known = state.known.answers.iter();
        if let Some(answer) = known.find(|answer| answer.question == question) {
            return answer.is_good;
        }
        if state.is_cut_short {
            return false;
        }
        let digest = self.digest(number, asked);
        let verified = self.sources.policy.verified.as_ref();
        let was_good = verified
            .zip(digest)
            .is_some_and(|(it, digest)| it.has(&digest));
        if was_good {
            state.known.add(question, digest, true);
            return true;
        }
        let Some(left) = state.allowance.checked_sub(1) else {
            state.known.wanted = Some((question, digest));
            state.is_cut_short = true;
            return false;
        };
        state.allowance = left;
        self.check(&mut state, question, digest, asked)
    }

    /// What a signature is remembered as, if it is.
    fn digest(&self, number: usize, [key, message, signature]: [&[u8]; 3]) -> Option<Digest> {
        let policy = self.sources.policy;
        let verified = policy.verified.as_ref()?;
        verified.digest(policy.algorithms[number], key, message, signature)
    }

    fn check(
        &self,
        state: &mut State<'_>,
        question: Question,
        digest: Option<Digest>,
        [key, message, signature]: [&[u8]; 3],
    ) -> bool {
        let algorithm = self.sources.policy.algorithms[question.algorithm];
        let is_good = algorithm.verify_signature(key, message, signature).is_ok();
        state.was_new = true;
        state.known.add(question, digest, is_good);
        is_good
    }
}

/// An algorithm that checks nothing twice: that of the policy with this number. There are many, so it is
/// small.
pub(super) struct Remembering<'r, 'a> {
    number: usize,
    run: &'r Run<'a>,
}

impl Remembering<'_, '_> {
    fn algorithm(&self) -> &'static dyn SignatureVerificationAlgorithm {
        self.run.sources.policy.algorithms[self.number]
    }
}

impl SignatureVerificationAlgorithm for Remembering<'_, '_> {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        match self.run.verify(self.number, public_key, message, signature) {
            true => Ok(()),
            false => Err(InvalidSignature),
        }
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.algorithm().public_key_alg_id()
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.algorithm().signature_alg_id()
    }
}

impl fmt::Debug for Remembering<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.algorithm().fmt(f)
    }
}

#[cfg(test)]
mod tests;
