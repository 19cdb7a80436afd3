//! The same peer and the same application for both handshake engines: what an end tells, says to its
//! peer and fails with is the same, but for a list of differences with reasons.

use std::fmt::Debug;

use crate::apart;
use crate::both::{Outcome, Stage};
use crate::configs::Choice;
use crate::fitted::{with_the_word, without_words_elsewhere};
use crate::input::Input;
use crate::report;

/// What an input can choose of the two ends: TLS 1.3 with certificates.
const CHOSEN: u16 = Choice::SERVER
    | Choice::ASK
    | Choice::TRUST
    | Choice::VERIFY
    | Choice::HOLD
    | Choice::IDENTITY
    | Choice::RETRY
    | Choice::TICKETS
    | Choice::SIGN
    | Choice::RESUME;

/// Two bytes choose the end and its configuration ([`Choice`]), one its limits, how its application signs
/// and whether there is a clock, one says how many bytes of actions follow; all behind these comes from the
/// peer. What the actions leave of it arrives at the end.
pub fn engines(data: &[u8]) {
    report::watch(run, data);
}

fn run(data: &[u8]) {
    if let Err(difference) = check(data) {
        panic!("{difference}");
    }
}

fn check(data: &[u8]) -> Result<(), String> {
    let mut case = Case::read(data);
    // Each turn takes out of the stream what one of them is right to ignore.
    loop {
        let (own, rustls) = case.outcomes();
        let Err(difference) = compare(&own, &rustls) else {
            return Ok(());
        };
        let ids = [&own, &rustls].into_iter().filter_map(|end| end.session_id);
        let mut worded = ids.filter_map(|id| with_the_word(&case.stream, &id));
        let worded = worded
            .next()
            .or_else(|| without_words_elsewhere(&case.stream));
        if let Some(stream) = worded {
            case.stream = stream;
            continue;
        }
        match apart::ignored(&own.failure(), &rustls.failure(), &case.stream) {
            Some(stream) => case.stream = stream,
            None => return Err(difference),
        }
    }
}

/// What an input says.
struct Case<'a> {
    choice: Choice,
    circumstances: u8,
    actions: &'a [u8],
    stream: Vec<u8>,
}

impl<'a> Case<'a> {
    fn read(data: &'a [u8]) -> Self {
        let mut input = Input(data);
        Self {
            choice: Choice::of(input.long() as u16, CHOSEN).with(Choice::NEW),
            circumstances: input.byte(),
            actions: input.part(),
            stream: input.0.to_vec(),
        }
    }

    /// By our engine, and by rustls.
    fn outcomes(&self) -> (Outcome, Outcome) {
        let by = |choice| {
            let stage = Stage::new(choice, self.circumstances, &self.stream);
            stage.play(self.actions)
        };
        let (own, rustls) = (by(self.choice.with(Choice::OWN)), by(self.choice));
        assert!(!rustls.is_asked_to_sign, "it has a signer");
        (own, rustls)
    }
}

fn compare(own: &Outcome, rustls: &Outcome) -> Result<(), String> {
    let failures = (own.failure(), rustls.failure());
    let fatal = |of: &Outcome| of.failure.as_ref().map(|(kind, alert, _)| (*kind, *alert));
    let apart = first_apart(&[fatal(own)], &[fatal(rustls)])
        .or_else(|| first_apart(&own.told, &rustls.told))
        .or_else(|| first_apart(&[own.written], &[rustls.written]))
        .or_else(|| first_apart(&own.said, &rustls.said))
        .or_else(|| (own.heard != rustls.heard).then(|| "plaintext".into()));
    let Some(apart) = apart else { return Ok(()) };
    // Where one was stopped before the other.
    let (one, other) = (&own.heard, &rustls.heard);
    let heard_alike = one.starts_with(other) || other.starts_with(one);
    match heard_alike && apart::may_be(&failures.0, &failures.1) {
        true => Ok(()),
        false => Err(format!(
            "own {}, rustls {}; {apart}",
            failures.0, failures.1
        )),
    }
}

/// The first line that differs.
fn first_apart<T: Debug + PartialEq>(own: &[T], rustls: &[T]) -> Option<String> {
    let n = own
        .iter()
        .zip(rustls)
        .position(|(own, rustls)| own != rustls);
    let n = n.unwrap_or(own.len().min(rustls.len()));
    let (one, other) = (own.get(n), rustls.get(n));
    (one != other).then(|| format!("own {one:?}, rustls {other:?}"))
}

#[cfg(test)]
mod tests {
    use sslcore::FailureKind;

    use super::Case;
    use crate::seeds;

    #[test]
    fn every_seed_gets_to_the_data_with_both_engines() {
        let (mut seen, mut resumed, mut refused) = (0, 0, 0);
        for (target, name, input) in seeds::all() {
            // Who does not know what day it is trusts nobody, and resumes nothing. Who has offered other
            // shares is not there for another hello.
            if target != "engines" || name.ends_with("timeless") || name.contains("shares") {
                continue;
            }
            let (own, rustls) = Case::read(&input).outcomes();
            let signs = own.is_asked_to_sign;
            assert_eq!(signs, name.contains("signed") && !own.resumed, "{name}");
            for outcome in [own, rustls] {
                if name.ends_with("refused") {
                    let failure = outcome.failure.expect("nobody has signed");
                    assert_eq!(failure.0, FailureKind::SigningFailed, "{name}");
                    refused += 1;
                    continue;
                }
                assert_eq!(outcome.failure, None, "{name}");
                assert_eq!(outcome.heard.len(), 16 + 40, "{name}");
                assert_eq!(outcome.resumed, name.contains("resumed"), "{name}");
                resumed += usize::from(outcome.resumed);
                seen += 1;
            }
        }
        assert!(seen >= 100 && resumed >= 40, "{seen} {resumed}");
        assert_eq!(refused, 8);
    }
}
