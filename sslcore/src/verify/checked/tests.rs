//! What is remembered, and what is another question.

use alloc::vec;

use rustls_pki_types::TrustAnchor;

use super::*;
use crate::verify::policy::{OnErrors, VerifyMode};

/// Finds good whatever is signed with its own last byte.
#[derive(Debug)]
struct Last;

impl SignatureVerificationAlgorithm for Last {
    fn verify_signature(
        &self,
        key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let last = [key, message].map(<[u8]>::last);
        match last.iter().all(|it| *it == signature.last()) {
            true => Ok(()),
            false => Err(InvalidSignature),
        }
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        AlgorithmIdentifier::from_slice(b"key")
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        AlgorithmIdentifier::from_slice(b"signature")
    }
}

/// Finds nothing good.
#[derive(Debug)]
struct Never;

impl SignatureVerificationAlgorithm for Never {
    fn verify_signature(&self, _: &[u8], _: &[u8], _: &[u8]) -> Result<(), InvalidSignature> {
        Err(InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        Last.public_key_alg_id()
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        Last.signature_alg_id()
    }
}

fn policy() -> Policy {
    Policy {
        mode: VerifyMode::Verify,
        on_errors: OnErrors::Reject,
        pins: None,
        verified: None,
        anchors: vec![TrustAnchor {
            subject: vec![].into(),
            subject_public_key_info: vec![1, 2, 3, 7].into(),
            name_constraints: None,
        }],
        constrained: Vec::new(),
        trusted_leaves: Vec::new(),
        algorithms: &[&Last, &Never],
        blocked: None,
        depth: None,
        revocation: None,
        status: None,
        tolerance: core::time::Duration::ZERO,
        common_names: false,
        forgiven: Vec::new(),
    }
}

/// Two chains of the same bytes.
fn chain() -> Vec<Certificate> {
    [[5, 6, 7, 8, 7, 6]; 2]
        .map(|der| Certificate::from_der(der.to_vec()))
        .into()
}

/// The answer to one question, if a run that may check so much has come to it.
fn ask(
    known: &mut CheckedSignatures,
    allowance: usize,
    (policy, chain): (&Policy, &[Certificate]),
    algorithm: usize,
    [key, message, signature]: [&[u8]; 3],
) -> Option<bool> {
    let run = Run::new(Sources::new(chain, policy), known, allowance);
    let asked = run.algorithms()[algorithm].verify_signature(key, message, signature);
    (!run.is_cut_short()).then_some(asked.is_ok())
}

#[test]
fn bytes_are_of_the_source_that_they_are_in() {
    let (policy, chain) = (policy(), chain());
    let sources = Sources::new(&chain, &policy);
    let anchor = &*policy.anchors[0].subject_public_key_info;
    for (number, source) in [chain[0].as_ref(), chain[1].as_ref(), anchor]
        .into_iter()
        .enumerate()
    {
        let whole = sources.place(source).expect("a source");
        assert_eq!(
            (whole.source as usize, whole.len),
            (number, source.len() as u32)
        );
        let last = source.split_at(source.len() - 1).1;
        assert_eq!(sources.place(last).map(|it| it.source), Some(whole.source));
    }
    assert_eq!(sources.place(&[1]), None, "of no source");
}

#[test]
fn each_part_makes_it_another_question() {
    let (policy, chain) = (policy(), chain());
    let world = (&policy, &chain[..]);
    let (one, other) = (chain[0].as_ref(), chain[1].as_ref());
    let anchor = &*policy.anchors[0].subject_public_key_info;
    let asked = [anchor, &one[..3], &one[4..5]];
    let known = &mut CheckedSignatures::default();
    assert_eq!(ask(known, 0, world, 0, asked), None, "nothing is known yet");
    assert_eq!(ask(known, 1, world, 0, asked), Some(true));
    assert_eq!(
        ask(known, 0, world, 0, asked),
        Some(true),
        "it is known now"
    );
    // Another algorithm, key, message, signature; of the same bytes elsewhere; shorter, and later.
    for (algorithm, question) in [
        (1, asked),
        (0, [&one[..3], &one[..3], &one[4..5]]),
        (0, [&anchor[1..], &one[..3], &one[4..5]]),
        (0, [anchor, &other[..3], &one[4..5]]),
        (0, [anchor, &one[1..3], &one[4..5]]),
        (0, [anchor, &one[4..5], &one[4..5]]),
        (0, [anchor, &one[..3], &other[4..5]]),
        (0, [anchor, &one[..3], &one[2..3]]),
        (0, [anchor, &one[..3], &one[3..5]]),
    ] {
        assert_eq!(
            ask(known, 0, world, algorithm, question),
            None,
            "{question:?}"
        );
    }
    // What is bad is remembered, too, and changes nothing of what is good.
    assert_eq!(ask(known, 1, world, 1, asked), Some(false));
    assert_eq!(ask(known, 0, world, 1, asked), Some(false));
    assert_eq!(ask(known, 0, world, 0, asked), Some(true));
}

#[test]
fn no_bytes_are_the_same_wherever_they_are() {
    let (policy, chain) = (policy(), chain());
    let world = (&policy, &chain[..]);
    let known = &mut CheckedSignatures::default();
    let asked = |at: usize| {
        [
            &chain[0].der()[at..at],
            &chain[0].der()[..3],
            &chain[1].der()[at..at],
        ]
    };
    assert_eq!(ask(known, 1, world, 0, asked(2)), Some(false));
    assert_eq!(ask(known, 0, world, 0, asked(4)), Some(false));
    assert_eq!(known.answers.len(), 1);
}

#[test]
fn a_run_checks_no_more_than_it_may_and_says_whether_it_has() {
    let (policy, chain) = (policy(), chain());
    let anchor = &*policy.anchors[0].subject_public_key_info;
    let known = &mut CheckedSignatures::default();
    let run = Run::new(Sources::new(&chain, &policy), known, 2);
    let algorithms = run.algorithms();
    let verify = |end: usize| {
        let (message, signature) = (&chain[0].der()[..end], &chain[1].der()[2..3]);
        algorithms[0]
            .verify_signature(anchor, message, signature)
            .is_ok()
    };
    assert!(!run.has_checked());
    assert!(verify(3) && !verify(4));
    assert!(run.has_checked() && !run.is_cut_short());
    assert!(verify(3), "known");
    assert!(!run.is_cut_short());
    assert!(!verify(5), "good, and one too many");
    assert!(run.is_cut_short());
}

#[test]
fn what_a_search_wanted_is_found_out_alone() {
    let (policy, chain) = (policy(), chain());
    let world = (&policy, &chain[..]);
    let anchor = &*policy.anchors[0].subject_public_key_info;
    let asked = |end: usize| [anchor, &chain[0].der()[..end], &chain[1].der()[2..3]];
    let known = &mut CheckedSignatures::default();
    let answers = |known: &mut CheckedSignatures| {
        let run = Run::new(Sources::new(&chain, &policy), known, 0);
        let answers = run.answers_what_was_wanted();
        assert_eq!(run.has_checked(), answers);
        answers
    };
    assert!(!answers(known), "nothing was wanted");
    for (end, good) in [(3, true), (4, false)] {
        assert_eq!(ask(known, 0, world, 0, asked(end)), None);
        assert!(answers(known) && !answers(known), "once");
        assert_eq!(ask(known, 0, world, 0, asked(end)), Some(good));
    }
    // The first of several; the others are asked for again.
    {
        let run = Run::new(Sources::new(&chain, &policy), known, 0);
        for end in [5, 6] {
            let [key, message, signature] = asked(end);
            let answer = run.algorithms()[0].verify_signature(key, message, signature);
            assert!(answer.is_err() && run.is_cut_short());
        }
    }
    assert!(answers(known));
    assert_eq!(ask(known, 0, world, 0, asked(5)), Some(true));
    assert_eq!(ask(known, 0, world, 0, asked(6)), None);
}

#[test]
fn a_search_is_over_when_it_has_found_nothing_with_all_answers() {
    let (policy, chain) = (policy(), chain());
    let anchor = &*policy.anchors[0].subject_public_key_info;
    let known = &mut CheckedSignatures::default();
    let search = |known: &mut CheckedSignatures, allowance, found: Option<u8>| {
        let run = Run::new(Sources::new(&chain, &policy), known, allowance);
        let mut was_made = false;
        let came = run.once(|| {
            was_made = true;
            let asked = [&chain[0].der()[..3], &chain[1].der()[2..3]];
            let _ = run.algorithms()[0].verify_signature(anchor, asked[0], asked[1]);
            found
        });
        (was_made, came)
    };
    assert_eq!(search(known, 0, None), (true, None), "cut short");
    assert_eq!(search(known, 1, Some(1)), (true, Some(1)));
    assert_eq!(
        search(known, 0, Some(2)),
        (true, Some(2)),
        "it may find more"
    );
    assert_eq!(search(known, 0, None), (true, None));
    assert_eq!(search(known, 0, Some(3)), (false, None), "it was over");
}

#[cfg(feature = "ring")]
mod remembered {
    use alloc::boxed::Box;
    use alloc::sync::Arc;
    use core::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::crypto::Backend;
    use crate::crypto::hash::{Digest, Hash, HashAlgorithm, HashContext};
    use crate::verify::verified::VerifiedSignatures;

    /// Counts how often it begins.
    struct Counting(Arc<dyn Hash>, AtomicUsize);

    impl Hash for Counting {
        fn start(&self) -> Box<dyn HashContext> {
            self.1.fetch_add(1, Ordering::Relaxed);
            self.0.start()
        }

        fn hash(&self, data: &[u8]) -> Digest {
            self.0.hash(data)
        }

        fn algorithm(&self) -> HashAlgorithm {
            self.0.algorithm()
        }
    }

    fn remembering(sha256: Arc<dyn Hash>) -> Policy {
        Policy {
            verified: Some(Arc::new(VerifiedSignatures::new(sha256))),
            ..policy()
        }
    }

    #[test]
    fn only_what_was_good_is_remembered() {
        let policy = remembering(Backend::ring().sha256().expect("ring hashes").clone());
        let chain = chain();
        let anchor = &*policy.anchors[0].subject_public_key_info;
        let good = [anchor, &chain[0].der()[..3], &chain[0].der()[2..3]];
        let bad = [anchor, &chain[0].der()[..2], &chain[0].der()[2..3]];
        let known = &mut CheckedSignatures::default();
        let world = (&policy, &chain[..]);
        assert_eq!(ask(known, 1, world, 0, good), Some(true));
        assert_eq!(ask(known, 1, world, 0, bad), Some(false));
        Run::new(Sources::new(&chain, &policy), known, 0).remember();
        // Another peer shows the same, and has been asked nothing yet.
        for (asked, is_good, is_new) in [(good, true, false), (bad, false, true)] {
            let known = &mut CheckedSignatures::default();
            let run = Run::new(Sources::new(&chain, &policy), known, 1);
            let [key, message, signature] = asked;
            let answer = run.algorithms()[0].verify_signature(key, message, signature);
            assert_eq!((answer.is_ok(), run.has_checked()), (is_good, is_new));
        }
    }

    #[test]
    fn a_signature_is_hashed_once_and_what_waits_behind_it_is_not() {
        let ring = Backend::ring();
        let sha256 = ring.sha256().expect("ring hashes").clone();
        let counting = Arc::new(Counting(sha256, 0.into()));
        let hashed = || counting.1.load(Ordering::Relaxed);
        let policy = remembering(counting.clone());
        let chain = chain();
        let world = (&policy, &chain[..]);
        let anchor = &*policy.anchors[0].subject_public_key_info;
        let asked = [anchor, &chain[0].der()[..3], &chain[0].der()[2..3]];
        let known = &mut CheckedSignatures::default();
        assert_eq!((ask(known, 1, world, 0, asked), hashed()), (Some(true), 1));
        assert_eq!((ask(known, 0, world, 0, asked), hashed()), (Some(true), 1));
        let known = &mut CheckedSignatures::default();
        {
            let run = Run::new(Sources::new(&chain, &policy), known, 0);
            let algorithm = &run.algorithms()[0];
            for signature in [&chain[0].der()[2..3], &chain[0].der()[3..4]] {
                let answer = algorithm.verify_signature(anchor, &chain[0].der()[..3], signature);
                assert_eq!((answer.is_ok(), hashed()), (false, 2));
            }
        }
        let run = Run::new(Sources::new(&chain, &policy), known, 0);
        assert!(run.answers_what_was_wanted());
        assert_eq!((ask(known, 0, world, 0, asked), hashed()), (Some(true), 2));
    }
}
