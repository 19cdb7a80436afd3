//! Who decides, in which order (the docs of `ConfigBuilder`), and in which order it is told: of
//! servers and of clients, in both versions.

use sslcore::SslErrorKind::*;
use sslcore::{
    Alert, Certificate, ConfigBuilder, Event, FailureKind, OnErrors, Pin, SslError, SslErrorKind,
    Verdict, VerifyMode,
};
use sslcore_tests::flaws::{Flaw, Flawed, Keys, Wrong};
use sslcore_tests::judging::ders;
use sslcore_tests::pair::{End, Pair, VERSIONS, backend, client, server};

/// What a judge is told of the peer, and what to do about it.
#[derive(Clone, Default)]
struct Rules {
    blocked: Vec<Pin>,
    pins: Vec<Pin>,
    forgiven: Vec<SslError>,
    mode: VerifyMode,
    on_errors: OnErrors,
}

impl Rules {
    fn of<C>(self, config: ConfigBuilder<C>) -> ConfigBuilder<C> {
        let mode = match self.mode {
            VerifyMode::Auto => VerifyMode::Verify,
            mode => mode,
        };
        config
            .block(self.blocked)
            .pins(self.pins)
            .forgive(self.forgiven)
            .verify_mode(mode)
            .on_errors(self.on_errors)
    }
}

/// Which side judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Judge {
    Client,
    Server,
}

impl Judge {
    fn ends(self, pair: &mut Pair) -> (&mut End, &mut End) {
        match self {
            Self::Client => (&mut pair.client, &mut pair.server),
            Self::Server => (&mut pair.server, &mut pair.client),
        }
    }
}

/// A handshake in which one side judges the other's flaws by these rules.
fn judged(judge: Judge, version: &str, flawed: &Flawed, rules: &Rules) -> Pair {
    let chain: Vec<_> = flawed.chain.iter().collect();
    let key = chain[0].private_key();
    let client = client(backend()).protocols(&[version]);
    let server = server(backend()).protocols(&[version]);
    let (client, server) = match judge {
        Judge::Client => (
            rules.clone().of(flawed.judged_by(client)),
            server
                .verify_mode(VerifyMode::None)
                .identity(ders(&chain), key),
        ),
        Judge::Server => (
            client
                .verify_mode(VerifyMode::None)
                .identity(ders(&chain), key),
            rules.clone().of(flawed.judged_by(server)),
        ),
    };
    Pair::handshaken(client, server)
}

/// The same by either side in either version: what the judge was told in the end.
#[track_caller]
fn always(flaws: &[Flaw], rules: impl Fn(&Flawed) -> Rules, told: &[&str]) {
    each(flaws, rules, |case, judge, _| {
        assert_eq!(judge.told(), told, "{case}");
    });
}

fn each(
    flaws: &[Flaw],
    rules: impl Fn(&Flawed) -> Rules,
    check: impl Fn(&str, &mut End, &mut End),
) {
    let flawed = Flawed::new(&Keys::new(), flaws);
    for version in VERSIONS {
        for judge in [Judge::Client, Judge::Server] {
            let mut pair = judged(judge, version, &flawed, &rules(&flawed));
            let (one, other) = judge.ends(&mut pair);
            check(&format!("{version}, judged by the {judge:?}"), one, other);
        }
    }
}

#[track_caller]
fn assert_refused(case: &str, judge: &End, other: &End, kind: SslErrorKind, alert: Alert) {
    let refused = FailureKind::CertificateRejected(kind);
    assert!(
        judge.saw(Event::Failed(refused)),
        "{case}: {:?}",
        judge.events
    );
    assert!(!judge.saw(Event::Encrypted), "{case}");
    assert!(
        other.saw(Event::AlertReceived(alert)),
        "{case}: {:?}",
        other.events
    );
}

const EXPIRED: Flaw = Flaw {
    wrong: Wrong::Expired,
    at: 0,
};
const MISUSED: Flaw = Flaw {
    wrong: Wrong::Purpose,
    at: 1,
};

fn pin(flawed: &Flawed, at: usize) -> Pin {
    let certificate = Certificate::from_der(flawed.chain[at].der.clone());
    let fingerprint = certificate.fingerprint_sha256(&backend());
    Pin::CertificateSha256(fingerprint.expect("SHA-256"))
}

fn about(flawed: &Flawed, kind: SslErrorKind, at: usize) -> SslError {
    let certificate = Certificate::from_der(flawed.chain[at].der.clone());
    SslError::new(kind, Some(certificate))
}

#[test]
fn a_blocked_certificate_is_refused_although_it_is_pinned() {
    let rules = |flawed: &Flawed| Rules {
        blocked: vec![pin(flawed, 0)],
        pins: vec![pin(flawed, 0)],
        ..Rules::default()
    };
    each(&[EXPIRED], rules, |case, judge, other| {
        assert_eq!(
            judge.told(),
            ["CertificateBlacklisted 0", "SslErrors"],
            "{case}"
        );
        assert_refused(
            case,
            judge,
            other,
            CertificateBlacklisted,
            Alert::BadCertificate,
        );
    });
}

#[test]
fn a_blocked_issuer_is_refused_below_a_pinned_leaf() {
    let rules = |flawed: &Flawed| Rules {
        blocked: vec![pin(flawed, 2)],
        pins: vec![pin(flawed, 0)],
        ..Rules::default()
    };
    always(&[], rules, &["CertificateBlacklisted 2", "SslErrors"]);
}

#[test]
fn a_pinned_certificate_has_no_errors_of_its_path() {
    let rules = |flawed: &Flawed| Rules {
        pins: vec![pin(flawed, 0)],
        ..Rules::default()
    };
    always(&[EXPIRED, MISUSED], rules, &["Encrypted"]);
}

#[test]
fn what_is_not_pinned_is_told_before_the_errors_of_its_path() {
    let rules = |flawed: &Flawed| Rules {
        // The pin of an issuer is not the leaf's.
        pins: vec![pin(flawed, 1)],
        ..Rules::default()
    };
    each(&[EXPIRED], rules, |case, judge, other| {
        assert_eq!(
            judge.told(),
            ["NotPinned 0", "CertificateExpired 0", "SslErrors"],
            "{case}"
        );
        assert_refused(case, judge, other, NotPinned, Alert::BadCertificate);
    });
}

#[test]
fn path_revocation_depth_and_name_are_told_in_this_order() {
    let flaw = |wrong, at| Flaw { wrong, at };
    let flaws = [
        flaw(Wrong::OtherHost, 0),
        flaw(Wrong::TooLong, 0),
        flaw(Wrong::Revoked, 1),
        flaw(Wrong::NoAuthority, 2),
        flaw(Wrong::Expired, 0),
        flaw(Wrong::NotPinned, 0),
        flaw(Wrong::Blocked, 1),
    ];
    let flawed = Flawed::new(&Keys::new(), &flaws);
    for version in VERSIONS {
        let client = flawed.judged_by(client(backend()).protocols(&[version]));
        let chain: Vec<_> = flawed.chain.iter().collect();
        let server = server(backend()).identity(ders(&chain), chain[0].private_key());
        let pair = Pair::handshaken(client, server);
        assert_eq!(
            pair.client.told(),
            [
                "CertificateBlacklisted 1",
                "NotPinned 0",
                "CertificateExpired 0",
                "InvalidCaCertificate 2",
                "CertificateRevoked 1",
                "ChainTooLong 0",
                "HostNameMismatch 0",
                "SslErrors"
            ],
            "{version}"
        );
    }
}

#[test]
fn what_is_forgiven_is_told_and_does_not_count() {
    for on_errors in [OnErrors::Reject, OnErrors::Hold] {
        let rules = |flawed: &Flawed| Rules {
            forgiven: vec![
                about(flawed, CertificateExpired, 0),
                about(flawed, InvalidPurpose, 1),
                about(flawed, CertificateBlacklisted, 2),
            ],
            blocked: vec![pin(flawed, 2)],
            on_errors,
            ..Rules::default()
        };
        always(
            &[EXPIRED, MISUSED],
            rules,
            &[
                "CertificateBlacklisted 2",
                "CertificateExpired 0",
                "InvalidPurpose 1",
                "SslErrors",
                "Encrypted",
            ],
        );
    }
}

#[test]
fn what_is_left_unforgiven_is_for_on_errors() {
    let told = ["CertificateExpired 0", "InvalidPurpose 1", "SslErrors"];
    let rules = |on_errors| {
        move |flawed: &Flawed| Rules {
            forgiven: vec![about(flawed, CertificateExpired, 0)],
            on_errors,
            ..Rules::default()
        }
    };
    let flaws = [EXPIRED, MISUSED];
    each(&flaws, rules(OnErrors::Reject), |case, judge, other| {
        assert_eq!(judge.told(), told, "{case}");
        assert_refused(
            case,
            judge,
            other,
            InvalidPurpose,
            Alert::UnsupportedCertificate,
        );
    });
    each(&flaws, rules(OnErrors::Hold), |case, judge, other| {
        assert_eq!(judge.told(), told, "{case}");
        assert_eq!(
            judge.conn.review().expect("asked").errors.len(),
            2,
            "{case}"
        );
        judge.answer(Verdict::Reject);
        let last = judge.take();
        other.give(&last, usize::MAX);
        assert_refused(
            case,
            judge,
            other,
            InvalidPurpose,
            Alert::UnsupportedCertificate,
        );
    });
    let all = rules(OnErrors::DangerouslyAcceptAll);
    always(&flaws, all, &[&told[..], &["Encrypted"]].concat());
}

#[test]
fn who_only_queries_is_told_and_on_errors_is_not_asked() {
    for on_errors in [OnErrors::Reject, OnErrors::Hold] {
        let rules = |flawed: &Flawed| Rules {
            blocked: vec![pin(flawed, 0)],
            mode: VerifyMode::Query,
            on_errors,
            ..Rules::default()
        };
        let told = [
            "CertificateBlacklisted 0",
            "CertificateExpired 0",
            "SslErrors",
            "Encrypted",
        ];
        always(&[EXPIRED], rules, &told);
    }
}

#[test]
fn who_does_not_verify_is_told_nothing() {
    let rules = |_: &Flawed| Rules {
        mode: VerifyMode::None,
        ..Rules::default()
    };
    always(&[EXPIRED], rules, &["Encrypted"]);
}
