//! Two and three things that are wrong with a chain, wherever they are: none hides another.

use sslcore::SslErrorKind::{self, *};
use sslcore::{Certificate, ClientConfig, PeerName, UnixTime};
use sslcore_tests::chains::HOST;
use sslcore_tests::flaws::{Flaw, Flawed, Keys, Wrong};
use sslcore_tests::judging::{ders, now};
use sslcore_tests::pair::backend;

type Error = (SslErrorKind, usize);

/// Kind and depth of each error, each with the certificate at its depth.
fn found(keys: &Keys, flaws: &[Flaw]) -> Vec<Error> {
    found_at(keys, flaws, Some(now()))
}

fn found_at(keys: &Keys, flaws: &[Flaw], now: Option<UnixTime>) -> Vec<Error> {
    let flawed = Flawed::new(keys, flaws);
    let config = flawed.judged_by(ClientConfig::builder(backend()));
    let config = config.build().expect("a configuration");
    let host = PeerName::new(HOST).expect("a name");
    let chain: Vec<_> = flawed.chain.iter().collect();
    let errors = config.verify_chain(&ders(&chain), Some(&host), now);
    for error in &errors {
        let its_own = error.certificate().map(Certificate::der);
        let expected = Some(&chain[error.depth()].der);
        assert_eq!(its_own, expected, "{flaws:?}: {error}");
    }
    errors.iter().map(|it| (it.kind(), it.depth())).collect()
}

/// What one flaw is told as, alone.
fn expected(flaw: Flaw) -> Vec<Error> {
    let more = match (flaw.wrong, flaw.at) {
        (Wrong::Alone, 0) => Some((UnableToVerifyFirstCertificate, 0)),
        _ => None,
    };
    std::iter::once(flaw.error()).chain(more).collect()
}

/// What may be told in place of a flaw because of the others.
fn stand_in(flaw: Flaw, flaws: &[Flaw]) -> Option<Error> {
    use Wrong::*;
    match flaw.wrong {
        // Who has not signed it has not signed itself.
        SelfSigned => {
            let forged = flaws.iter().any(|it| it.wrong == Forged);
            forged.then_some((CertificateSignatureFailed, 0))
        }
        // A list is its issuer's who has signed the certificate.
        Revoked => {
            let unknown =
                |it: &Flaw| it.at == flaw.at && matches!(it.wrong, Forged | Sha1 | RootNotKnown);
            let unknown = flaws.iter().any(unknown);
            unknown.then_some((CertificateStatusUnknown, flaw.at))
        }
        _ => None,
    }
}

fn never_valid_together(flaws: &[Flaw]) -> bool {
    let any = |wrong| flaws.iter().any(|flaw| flaw.wrong == wrong);
    any(Wrong::Expired) && any(Wrong::Early)
}

/// Each flaw is told, and nothing that is none.
#[track_caller]
fn all_are_told(keys: &Keys, flaws: &[Flaw]) {
    let found = found(keys, flaws);
    let has = |wrong, at| flaws.contains(&Flaw { wrong, at });
    let mut explained = Vec::new();
    for flaw in flaws {
        let stand_in = stand_in(*flaw, flaws);
        let told = |error: Error| found.contains(&error);
        assert!(
            told(flaw.error()) || stand_in.is_some_and(told),
            "{flaw:?} of {flaws:?} is not told: {found:?}"
        );
        explained.extend(stand_in);
        explained.extend(expected(*flaw));
    }
    if never_valid_together(flaws) {
        // There is no time to look behind their dates at.
        explained.push((Unspecified, 0));
    }
    if has(Wrong::StaleList, 2) && has(Wrong::RootNotTrusted, 3) {
        // The root is on its own list, too.
        explained.push((CertificateStatusUnknown, 3));
    }
    for error in &found {
        let reasons = flaws.iter().filter(|flaw| flaw.error() == *error).count();
        let times = found.iter().filter(|other| *other == error).count();
        assert!(times <= reasons.max(1), "{flaws:?}: {found:?}");
        assert!(explained.contains(error), "{flaws:?}: {found:?}");
    }
}

#[test]
fn every_flaw_is_told_at_every_place() {
    let keys = Keys::new();
    assert_eq!(found(&keys, &[]), []);
    for flaw in Flaw::all() {
        let (mut found, mut expected) = (found(&keys, &[flaw]), expected(flaw));
        found.sort_by_key(|(kind, at)| (kind.code(), *at));
        expected.sort_by_key(|(kind, at)| (kind.code(), *at));
        assert_eq!(found, expected, "{flaw:?}");
    }
}

#[test]
fn without_a_clock_every_flaw_is_told_but_those_of_dates() {
    let keys = Keys::new();
    for flaw in Flaw::all() {
        let mut found = found_at(&keys, &[flaw], None);
        let mut expected = match flaw.wrong {
            // Nobody knows whether the list is out of date either.
            Wrong::Expired | Wrong::Early | Wrong::StaleList => Vec::new(),
            _ => expected(flaw),
        };
        expected.push((NoWallClock, 0));
        found.sort_by_key(|(kind, at)| (kind.code(), *at));
        expected.sort_by_key(|(kind, at)| (kind.code(), *at));
        assert_eq!(found, expected, "{flaw:?}");
    }
}

#[test]
fn of_every_two_flaws_neither_hides_the_other() {
    let keys = Keys::new();
    let all = Flaw::all();
    let mut pairs = 0;
    for (i, one) in all.iter().enumerate() {
        for two in all[i + 1..].iter().filter(|two| one.goes_with(**two)) {
            all_are_told(&keys, &[*one, *two]);
            pairs += 1;
        }
    }
    assert!(pairs > 1000, "{pairs}");
}

#[test]
fn of_three_flaws_none_hides_another() {
    let keys = Keys::new();
    let all = Flaw::all();
    let mut triples = 0;
    for (i, one) in all.iter().enumerate() {
        for (j, two) in all.iter().enumerate().skip(i + 1) {
            for three in &all[j + 1..] {
                let triple = [*one, *two, *three];
                // What others hide are constraints; or else each of them has a place of its own.
                let constrained = triple.iter().any(|it| it.wrong == Wrong::Constrained);
                let apart = one.at != two.at && two.at != three.at && one.at != three.at;
                let fit = one.goes_with(*two) && one.goes_with(*three) && two.goes_with(*three);
                if fit && (constrained || apart) {
                    all_are_told(&keys, &triple);
                    triples += 1;
                }
            }
        }
    }
    assert!(triples > 5000, "{triples}");
}
