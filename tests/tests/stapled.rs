//! The OCSP response that a server staples: handed out as it came, to the connection it came to,
//! and judged by whoever the configuration names.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::KeyPair;
use sslcore::{
    Alert, Certificate, ClientConfig, ConfigError, Event, FailureKind, Instant, OnErrors, Pin,
    ServerConfig, SslErrorKind, StatusChecker, StatusQuestion, StatusReport, UnixTime, Verdict,
    VerifyMode,
};
use sslcore_tests::certs::{NOW, WORLD};
use sslcore_tests::chains::{Family, Made, authority};
use sslcore_tests::pair::{End, Pair, VERSIONS, backend, backends, client, server, server_name};

/// What nobody here looks into.
const RESPONSE: &[u8] = b"an OCSP response";

fn stapling(version: &str, response: &[u8]) -> ServerConfig {
    let server = server(backend()).protocols(&[version]);
    server
        .stapled_ocsp_response(response)
        .build()
        .expect("a configuration")
}

/// What a checker was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Asked {
    response: Option<Vec<u8>>,
    has_issuer: bool,
    now: Option<UnixTime>,
    tolerance: Duration,
}

/// Says always the same, and remembers what it was asked.
#[derive(Default)]
struct Checker {
    report: StatusReport,
    asked: Mutex<Vec<Asked>>,
}

impl Checker {
    fn saying(errors: &[SslErrorKind]) -> Arc<Self> {
        Arc::new(Self {
            report: StatusReport {
                errors: errors.to_vec(),
                good_until: None,
            },
            asked: Mutex::default(),
        })
    }

    fn good_for(seconds: u64) -> Arc<Self> {
        let end = Duration::from_secs(NOW + seconds);
        Arc::new(Self {
            report: StatusReport {
                errors: Vec::new(),
                good_until: Some(UnixTime::since_unix_epoch(end)),
            },
            asked: Mutex::default(),
        })
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("a lock").clone()
    }
}

impl StatusChecker for Checker {
    fn check(&self, question: &StatusQuestion<'_>) -> StatusReport {
        self.asked.lock().expect("a lock").push(Asked {
            response: question.response().map(<[u8]>::to_vec),
            has_issuer: question.issuer().is_some(),
            now: question.now(),
            tolerance: question.tolerance(),
        });
        self.report.clone()
    }
}

fn asking(checker: &Arc<Checker>) -> sslcore::ConfigBuilder<ClientConfig> {
    client(backend()).status_checker(checker.clone())
}

fn kinds(end: &End) -> Vec<SslErrorKind> {
    let errors = end.conn.ssl_errors().iter();
    errors.map(sslcore::SslError::kind).collect()
}

#[test]
fn the_response_is_handed_out_as_it_came_in_both_versions_with_every_backend() {
    for backend in backends() {
        let client = client(backend).build().expect("a client");
        for version in VERSIONS {
            let pair = Pair::encrypted(&client, &stapling(version, RESPONSE));
            assert_eq!(pair.client.conn.stapled_ocsp_response(), Some(RESPONSE));
            assert_eq!(pair.server.conn.stapled_ocsp_response(), None);
        }
    }
}

#[test]
fn a_long_response_arrives_whole_through_a_wire_that_cuts_everything_up() {
    let response: Vec<u8> = (0..20_000).map(|i| (i % 251) as u8).collect();
    let client = client(backend()).build().expect("a client");
    for version in VERSIONS {
        let mut pair = Pair {
            chunk: 7,
            ..Pair::default()
        };
        pair.start(&client, &stapling(version, &response));
        pair.run();
        assert!(pair.client.conn.is_encrypted(), "{:?}", pair.client.conn);
        let stapled = pair.client.conn.stapled_ocsp_response();
        assert_eq!(stapled, Some(&response[..]));
    }
}

#[test]
fn nothing_stapled_is_nothing_handed_out() {
    let client = client(backend()).build().expect("a client");
    for version in VERSIONS {
        let pair = Pair::encrypted(&client, &stapling(version, b""));
        assert_eq!(pair.client.conn.stapled_ocsp_response(), None);
    }
}

#[test]
fn the_review_shows_the_response_before_anybody_has_answered() {
    let client = ClientConfig::builder(backend())
        .verify_mode(VerifyMode::External)
        .build()
        .expect("a client");
    for version in VERSIONS {
        let mut pair = Pair::tls(&client, &stapling(version, RESPONSE));
        pair.run();
        let review = pair.client.conn.review().expect("a question");
        assert_eq!(review.stapled_ocsp_response, Some(RESPONSE));
        let id = review.id;
        pair.client
            .conn
            .answer(id, Verdict::Accept)
            .expect("it is open");
        pair.run();
        assert!(pair.client.conn.is_encrypted(), "{:?}", pair.client.conn);
    }
}

/// The connections of one configuration share what rustls shows the responses to.
#[test]
fn connections_of_one_configuration_in_any_order_get_their_own_response() {
    let client = client(backend()).build().expect("a client");
    for version in VERSIONS {
        let servers: Vec<Vec<u8>> = (0..5).map(|i| vec![b'a' + i; 9]).collect();
        let mut pairs: Vec<Pair> = servers
            .iter()
            .map(|response| Pair::tls(&client, &stapling(version, response)))
            .collect();
        for round in 0..8 {
            for turn in 0..pairs.len() {
                let which = (turn * 3 + round) % pairs.len();
                pairs[which].exchange();
            }
        }
        for (pair, response) in pairs.iter().zip(&servers) {
            assert!(pair.client.conn.is_encrypted());
            let stapled = pair.client.conn.stapled_ocsp_response();
            assert_eq!(stapled, Some(&response[..]));
        }
    }
}

#[test]
fn a_session_is_resumed_with_the_response_that_came_with_its_chain() {
    for version in VERSIONS {
        let checker = Checker::saying(&[]);
        let client = asking(&checker).build().expect("a client");
        let server = stapling(version, RESPONSE);
        let first = Pair::encrypted(&client, &server);
        assert!(!first.client.conn.is_resumed());
        let second = Pair::encrypted(&client, &server);
        assert!(second.client.conn.is_resumed(), "{version}");
        assert_eq!(second.client.conn.stapled_ocsp_response(), Some(RESPONSE));
        let responses: Vec<_> = checker.asked().into_iter().map(|it| it.response).collect();
        assert_eq!(
            responses,
            [Some(RESPONSE.to_vec()), Some(RESPONSE.to_vec())]
        );
    }
}

/// An offered session's response must not be taken for that of the full handshake which follows
/// when the server declines.
#[test]
fn a_server_that_declines_the_session_is_judged_by_what_it_staples_now() {
    for version in VERSIONS {
        let checker = Checker::saying(&[]);
        let client = asking(&checker).build().expect("a client");
        Pair::encrypted(&client, &stapling(version, RESPONSE));
        let second = Pair::encrypted(&client, &stapling(version, b""));
        assert!(!second.client.conn.is_resumed());
        assert_eq!(second.client.conn.stapled_ocsp_response(), None);
        let third = Pair::encrypted(&client, &stapling(version, b"newer"));
        assert!(!third.client.conn.is_resumed());
        assert_eq!(
            third.client.conn.stapled_ocsp_response(),
            Some(&b"newer"[..])
        );
        let responses: Vec<_> = checker.asked().into_iter().map(|it| it.response).collect();
        assert_eq!(
            responses,
            [Some(RESPONSE.to_vec()), None, Some(b"newer".to_vec())]
        );
    }
}

/// The age of a ticket goes over the wire (RFC 8446 §4.2.11.1), and rustls reckons it with the
/// clock that it also asks before it calls the verifier.
#[test]
fn tickets_are_as_old_as_they_are() {
    for version in VERSIONS {
        let client = client(backend()).build().expect("a client");
        let server = stapling(version, RESPONSE);
        for minutes in 0..4 {
            let mut pair = Pair::default();
            for end in [&mut pair.client, &mut pair.server] {
                end.time = Instant::from_millis(minutes * 60_000);
            }
            pair.start(&client, &server);
            pair.run();
            assert_eq!(pair.client.conn.is_resumed(), minutes > 0, "{version}");
        }
    }
}

#[test]
fn a_session_ends_with_the_response_it_rests_on() {
    for version in VERSIONS {
        let checker = Checker::good_for(60);
        let client = asking(&checker).build().expect("a client");
        let server = stapling(version, RESPONSE);
        let resumed = |seconds: u64| {
            let mut pair = Pair::default();
            for end in [&mut pair.client, &mut pair.server] {
                end.time = Instant::from_millis(seconds * 1000);
            }
            pair.start(&client, &server);
            pair.run();
            assert!(pair.client.conn.is_encrypted(), "{:?}", pair.client.conn);
            pair.client.conn.is_resumed()
        };
        assert!(!resumed(0));
        assert!(resumed(58), "{version}");
        // Out of the resumed handshake came another session: it ends with the same response.
        assert!(!resumed(61), "{version}");
    }
}

#[test]
fn what_the_checker_finds_are_errors_of_the_servers_certificate() {
    let found = [
        SslErrorKind::OcspResponseCertIdUnknown,
        SslErrorKind::OcspResponseExpired,
    ];
    for version in VERSIONS {
        let checker = Checker::saying(&found);
        let client = asking(&checker).build().expect("a client");
        let mut pair = Pair::tls(&client, &stapling(version, RESPONSE));
        pair.run();
        assert_eq!(kinds(&pair.client), found);
        for error in pair.client.conn.ssl_errors() {
            assert_eq!(error.depth(), 0);
            let certificate = error.certificate().expect("a certificate");
            assert_eq!(certificate.der(), &WORLD.server.chain[0]);
        }
        let rejected = FailureKind::CertificateRejected(found[0]);
        assert!(pair.client.saw(Event::Failed(rejected)));
        let alert = Alert::BadCertificateStatusResponse;
        assert!(pair.server.saw(Event::AlertReceived(alert)));
    }
}

#[test]
fn they_come_behind_the_paths_errors_and_before_the_names() {
    let checker = Checker::saying(&[SslErrorKind::OcspStatusUnknown]);
    let client = asking(&checker)
        .on_errors(OnErrors::Hold)
        .build()
        .expect("a client");
    let server = server(backend())
        .identity(WORLD.expired.chain.clone(), WORLD.expired.key())
        .build()
        .expect("a server");
    let mut pair = Pair::default();
    let name = server_name().verify_as("other.test").expect("a name");
    pair.client
        .conn
        .start_client_encryption(&client, name)
        .expect("start");
    pair.server
        .conn
        .start_server_encryption(sslcore::ServerStart::With(server))
        .expect("start");
    pair.run();
    assert_eq!(
        kinds(&pair.client),
        [
            SslErrorKind::CertificateExpired,
            SslErrorKind::OcspStatusUnknown,
            SslErrorKind::HostNameMismatch,
        ]
    );
}

#[test]
fn an_error_of_the_checkers_can_be_forgiven_by_name_and_no_session_is_kept() {
    for version in VERSIONS {
        let checker = Checker::saying(&[SslErrorKind::OcspNoResponseFound]);
        let leaf = WORLD.server.chain[0].clone().into();
        let forgiven = sslcore::SslError::new(SslErrorKind::OcspNoResponseFound, Some(leaf));
        let client = asking(&checker)
            .forgive([forgiven])
            .build()
            .expect("a client");
        let server = stapling(version, b"");
        for _ in 0..2 {
            let pair = Pair::encrypted(&client, &server);
            assert_eq!(kinds(&pair.client), [SslErrorKind::OcspNoResponseFound]);
            assert!(!pair.client.conn.is_resumed());
        }
    }
}

#[test]
fn the_checker_learns_the_issuer_if_a_path_leads_to_an_anchor_the_time_and_the_tolerance() {
    let checker = Checker::saying(&[]);
    let tolerance = Duration::from_secs(90);
    let server = stapling("TLSv1.3", RESPONSE);
    let trusting = asking(&checker)
        .clock_tolerance(tolerance)
        .build()
        .expect("a client");
    Pair::tls(&trusting, &server).run();
    let strange = asking(&checker)
        .trust_anchors([])
        .build()
        .expect("a client");
    Pair::tls(&strange, &server).run();
    let mut timeless = Pair::default();
    timeless.client.has_wall_clock = false;
    timeless.start(&trusting, &server);
    timeless.run();

    let [trusted, untrusted, unclocked] = checker.asked().try_into().expect("three");
    assert!(trusted.has_issuer);
    assert!(trusted.now.is_some());
    assert_eq!(trusted.tolerance, tolerance);
    assert!(!untrusted.has_issuer);
    assert!(unclocked.has_issuer);
    assert_eq!(unclocked.now, None);
}

#[test]
fn an_issuer_is_none_for_the_checker_where_the_path_above_it_is_not_trusted() {
    let family = Family::new();
    let stranger = KeyPair::generate().expect("a key");
    let forged = family.root.issue_to(
        family.middle.params.clone(),
        KeyPair::try_from(family.middle.key.serialize_der()).expect("its key"),
    );
    let forged = forged.with_fields(&stranger, |_| ());
    let (middle, root) = (&family.middle, &family.root);
    for (trusted, issuers, has_issuer) in [
        (true, [middle, root], true),
        (false, [middle, root], false),
        (true, [&forged, root], false),
    ] {
        let checker = Checker::saying(&[]);
        let anchors = trusted.then(|| root.der.clone());
        let client = asking(&checker).trust_anchors(anchors);
        let identity = family.leaf.identity(&issuers);
        let server =
            ServerConfig::builder(backend()).identity(identity.chain.clone(), identity.key());
        let mut pair = Pair::tls(
            &client.build().expect("a client"),
            &server.build().expect("a server"),
        );
        pair.run();
        assert_eq!(pair.client.conn.is_encrypted(), has_issuer);
        let asked: Vec<_> = checker.asked().iter().map(|it| it.has_issuer).collect();
        assert_eq!(asked, [has_issuer]);
    }
}

#[test]
fn a_question_without_a_handshake_has_the_issuer_that_has_signed_under_its_own_name() {
    let Family { middle, leaf, .. } = Family::new();
    let namesake = Made::self_signed(middle.params.clone());
    let key = KeyPair::try_from(middle.key.serialize_der()).expect("its key");
    let renamed = Made::self_signed_by(authority("renamed"), key);
    let [leaf, middle, namesake, renamed] =
        [leaf, middle, namesake, renamed].map(|made| Certificate::from(made.der));
    let backend = backend();
    for (issuer, has_signed) in [(&middle, true), (&namesake, false), (&renamed, false)] {
        let question = StatusQuestion::new(RESPONSE, &leaf, issuer, None, &backend);
        assert_eq!(
            question.issuer().is_some(),
            has_signed,
            "{:?}",
            issuer.subject()
        );
        assert_eq!(question.response(), Some(RESPONSE));
        assert_eq!(question.certificate(), &leaf);
        assert_eq!(
            (question.now(), question.tolerance()),
            (None, Duration::ZERO)
        );
        let algorithms = backend.provider().signature_verification_algorithms.all;
        assert_eq!(question.algorithms().len(), algorithms.len());
    }
}

#[test]
fn whoever_would_never_be_asked_is_refused() {
    for mode in [VerifyMode::None, VerifyMode::External] {
        let checker = Checker::saying(&[]);
        let refused = asking(&checker).verify_mode(mode).build();
        let error = refused.err();
        assert_eq!(error, Some(ConfigError::StatusWithoutVerification));
        let required = client(backend()).revocation_lists([], true);
        let error = required.verify_mode(mode).build().err();
        assert_eq!(error, Some(ConfigError::StatusWithoutVerification));
    }
}

#[test]
fn nobody_is_asked_about_a_pinned_certificate_nor_about_a_chain_without_a_handshake() {
    let checker = Checker::saying(&[SslErrorKind::OcspNoResponseFound]);
    let leaf = sslcore::Certificate::from(WORLD.server.chain[0].clone());
    let digest = leaf.spki_sha256(&backend()).expect("SHA-256");
    let pinned = asking(&checker)
        .pins([Pin::SpkiSha256(digest)])
        .build()
        .expect("a client");
    Pair::encrypted(&pinned, &stapling("TLSv1.3", b""));
    let offline = asking(&checker).build().expect("a client");
    let now = UnixTime::since_unix_epoch(Duration::from_secs(NOW));
    let errors = offline.verify_chain(&WORLD.server.chain, Some(&server_name()), Some(now));
    assert_eq!(errors, []);
    // What is wrong with the chain is told all the same.
    let expired = UnixTime::since_unix_epoch(Duration::from_secs(NOW * 2));
    let errors = offline.verify_chain(&WORLD.server.chain, Some(&server_name()), Some(expired));
    let kinds: Vec<_> = errors.iter().map(sslcore::SslError::kind).collect();
    assert!(
        kinds.contains(&SslErrorKind::CertificateExpired),
        "{kinds:?}"
    );
    assert_eq!(checker.asked(), []);
}
