//! Rule R13 with policies that change: a session is kept for trust only, and whoever resumes it is
//! judged as if it were new.

use std::sync::Arc;
use std::time::Duration;

use sslcore::{
    Alert, ClientConfig, ClientSessionCache, ConfigBuilder, Event, OnErrors, PeerName, Pin,
    ServerConfig, ServerSessionCache, ServerStart, SslError, SslErrorKind, TicketKeys, Verdict,
    VerifyMode,
};
use sslcore_tests::certs::{Identity, WORLD};
use sslcore_tests::pair::{End, Pair, VERSIONS, backend, client, server, tests_own_engine};

/// How a server remembers: in tickets, or in its cache.
const STATELESS: [bool; 2] = [true, false];

fn as_client(builder: ConfigBuilder<ClientConfig>, who: &Identity) -> ConfigBuilder<ClientConfig> {
    builder.identity(who.chain.clone(), who.key())
}

fn as_server(builder: ConfigBuilder<ServerConfig>, who: &Identity) -> ConfigBuilder<ServerConfig> {
    builder.identity(who.chain.clone(), who.key())
}

/// What configurations of a server share.
struct Shared {
    cache: Arc<ServerSessionCache>,
    keys: TicketKeys,
}

impl Shared {
    fn new() -> Self {
        Self {
            cache: Arc::new(ServerSessionCache::new(16)),
            keys: TicketKeys::rotating(&backend(), Duration::from_secs(12 * 3600)),
        }
    }

    /// A server that remembers in one of the two ways.
    fn server(&self, version: &str, stateless: bool) -> ConfigBuilder<ServerConfig> {
        let server = server(backend())
            .protocols(&[version])
            .on_errors(OnErrors::Hold);
        match stateless {
            true => server.ticket_keys(self.keys.clone()).session_cache(0),
            false => server
                .session_store(self.cache.clone())
                .session_tickets(false),
        }
    }
}

fn pin(identity: &Identity) -> Pin {
    Pin::CertificateSha256(sha256(&identity.chain[0]))
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    digest.as_ref().try_into().expect("32 bytes")
}

/// Handshakes until both are encrypted, or somebody waits for an answer, or it has failed.
fn connect(client: &ClientConfig, server: &ServerConfig) -> Pair {
    connect_as("server.test", "server.test", client, server)
}

fn connect_as(sni: &str, verify: &str, client: &ClientConfig, server: &ServerConfig) -> Pair {
    let mut pair = Pair::default();
    let name = PeerName::new(sni).expect("a name");
    pair.client
        .conn
        .start_client_encryption(client, name.verify_as(verify).expect("a name"))
        .expect("start the client");
    pair.server
        .conn
        .start_server_encryption(ServerStart::With(server.clone()))
        .expect("start the server");
    pair.run();
    pair
}

/// Connects, and says whether it was a short handshake without anything to ask.
fn resumes(client: &ClientConfig, server: &ServerConfig) -> bool {
    let pair = connect(client, server);
    assert!(pair.client.conn.is_encrypted(), "{:?}", pair.client.conn);
    assert!(pair.server.conn.is_encrypted(), "{:?}", pair.server.conn);
    pair.client.conn.is_resumed()
}

/// The error that this end asks about; of an unknown issuer's only certificate it says so twice.
fn asks_about(end: &End) -> SslErrorKind {
    let review = end.conn.review().expect("a question");
    one(review.errors)
}

fn one(errors: &[SslError]) -> SslErrorKind {
    match *errors.iter().map(SslError::kind).collect::<Vec<_>>() {
        [kind]
        | [
            kind @ SslErrorKind::UnableToGetLocalIssuerCertificate,
            SslErrorKind::UnableToVerifyFirstCertificate,
        ] => kind,
        _ => panic!("other errors: {errors:?}"),
    }
}

fn answer(end: &mut End, verdict: Verdict<'_>) {
    let id = end.conn.review().expect("a question").id;
    end.conn.answer(id, verdict).expect("open");
}

/// Ways to forgive.
#[derive(Clone, Copy, Debug)]
enum Forgiving {
    All,
    Named,
    Always,
}

const FORGIVING: [Forgiving; 3] = [Forgiving::All, Forgiving::Named, Forgiving::Always];

impl Forgiving {
    fn on_errors(self) -> OnErrors {
        match self {
            Self::Always => OnErrors::DangerouslyAcceptAll,
            _ => OnErrors::Hold,
        }
    }

    fn answer(self, pair: &mut Pair, client: bool) {
        let end = match client {
            true => &mut pair.client,
            false => &mut pair.server,
        };
        let errors = end.conn.ssl_errors().to_vec();
        one(&errors);
        match self {
            Self::Always => {}
            Self::All => answer(end, Verdict::Accept),
            Self::Named => answer(end, Verdict::AcceptOnly(&errors)),
        }
        pair.run();
        assert!(pair.client.conn.is_encrypted() && pair.server.conn.is_encrypted());
    }
}

#[test]
fn however_a_client_forgives_it_keeps_no_session() {
    for version in VERSIONS {
        for stateless in STATELESS {
            for forgiving in FORGIVING {
                let kept = Arc::new(ClientSessionCache::new(8));
                let client = ClientConfig::builder(backend())
                    .protocols(&[version])
                    .on_errors(forgiving.on_errors())
                    .session_store(kept.clone());
                let client = client.build().expect("client");
                let server = Shared::new().server(version, stateless);
                let server = server.verify_mode(VerifyMode::None);
                let server = server.build().expect("server");
                for _ in 0..2 {
                    let mut pair = connect(&client, &server);
                    forgiving.answer(&mut pair, true);
                    assert!(!pair.client.conn.is_resumed());
                    assert!(kept.is_empty(), "{version} {stateless} {forgiving:?}");
                }
            }
        }
    }
}

#[test]
fn however_a_server_forgives_it_keeps_no_session() {
    for version in VERSIONS {
        for stateless in STATELESS {
            for forgiving in FORGIVING {
                let shared = Shared::new();
                let kept = Arc::new(ClientSessionCache::new(8));
                let client = client(backend()).protocols(&[version]);
                let client = as_client(client, &WORLD.stranger).session_store(kept.clone());
                let client = client.build().expect("client");
                let server = shared.server(version, stateless);
                let server = server
                    .verify_mode(VerifyMode::Verify)
                    .on_errors(forgiving.on_errors());
                let server = server.build().expect("server");
                for _ in 0..2 {
                    let mut pair = connect(&client, &server);
                    forgiving.answer(&mut pair, false);
                    assert!(!pair.server.conn.is_resumed());
                    assert!(shared.cache.is_empty(), "{version} {forgiving:?}");
                    assert_eq!(pair.client.conn.session_tickets_received(), 0);
                }
            }
        }
    }
}

#[test]
fn whoever_rejects_keeps_no_session() {
    for version in VERSIONS {
        for stateless in STATELESS {
            for by_client in [true, false] {
                let shared = Shared::new();
                let kept = Arc::new(ClientSessionCache::new(8));
                let mut client = client(backend())
                    .protocols(&[version])
                    .session_store(kept.clone());
                let mut server = shared.server(version, stateless);
                if by_client {
                    client = client.trust_anchors([]);
                    server = server.verify_mode(VerifyMode::None);
                } else {
                    client = as_client(client, &WORLD.stranger);
                    server = server
                        .verify_mode(VerifyMode::Verify)
                        .on_errors(OnErrors::Reject);
                }
                let client = client.build().expect("client");
                let server = server.build().expect("server");
                let pair = connect(&client, &server);
                let judge = if by_client {
                    &pair.client
                } else {
                    &pair.server
                };
                let unknown = SslErrorKind::UnableToGetLocalIssuerCertificate;
                assert_eq!(one(judge.conn.ssl_errors()), unknown);
                assert!(judge.conn.failure().is_some());
                let case = format!("{version} stateless={stateless} client={by_client}");
                assert!(shared.cache.is_empty(), "{case}");
                // A TLS 1.3 client is done before the server judges; tickets come later.
                assert!(kept.is_empty(), "{case}");
            }
        }
    }
}

#[test]
fn a_client_resumes_a_session_with_a_pinned_server() {
    for version in VERSIONS {
        for stateless in STATELESS {
            let client = ClientConfig::builder(backend())
                .protocols(&[version])
                .pins([pin(&WORLD.self_signed)]);
            let client = client.build().expect("client");
            let server = Shared::new().server(version, stateless);
            let server = as_server(server, &WORLD.self_signed).verify_mode(VerifyMode::None);
            let server = server.build().expect("server");
            assert!(!resumes(&client, &server));
            for _ in 0..3 {
                assert!(resumes(&client, &server), "{version} {stateless}");
            }
        }
    }
}

#[test]
fn a_server_resumes_a_session_with_a_pinned_client() {
    for version in VERSIONS {
        for stateless in STATELESS {
            let client = client(backend()).protocols(&[version]);
            let client = as_client(client, &WORLD.stranger).build().expect("client");
            let server = Shared::new()
                .server(version, stateless)
                .verify_mode(VerifyMode::Verify)
                .pins([pin(&WORLD.stranger)]);
            let server = server.build().expect("server");
            assert!(!resumes(&client, &server));
            for _ in 0..3 {
                assert!(resumes(&client, &server), "{version} {stateless}");
            }
        }
    }
}

#[test]
fn a_resumed_client_whose_pin_or_root_is_no_longer_trusted_is_reviewed() {
    for version in VERSIONS {
        for stateless in STATELESS {
            for pinned in [false, true] {
                let case = format!("{version} stateless={stateless} pinned={pinned}");
                let shared = Shared::new();
                let who = if pinned {
                    &WORLD.stranger
                } else {
                    &WORLD.client
                };
                let client = client(backend()).protocols(&[version]);
                let client = as_client(client, who).build().expect("client");
                let build = || {
                    let server = shared.server(version, stateless);
                    server.verify_mode(VerifyMode::Verify)
                };
                let (before, after) = match pinned {
                    true => (build().pins([pin(who)]), build()),
                    false => (build(), build().trust_anchors([])),
                };
                let before = before.build().expect("server");
                let after = after.build().expect("server");
                assert!(!resumes(&client, &before), "{case}");
                let mut pair = connect(&client, &after);
                assert!(pair.server.conn.is_resumed(), "{case}");
                let error = asks_about(&pair.server);
                assert_eq!(
                    error,
                    SslErrorKind::UnableToGetLocalIssuerCertificate,
                    "{case}"
                );
                answer(&mut pair.server, Verdict::Reject);
                pair.run();
                assert!(
                    pair.client.saw(Event::AlertReceived(Alert::UnknownCa)),
                    "{case}"
                );
            }
        }
    }
}

#[test]
fn a_session_without_a_certificate_does_not_get_in_where_one_is_wanted() {
    for version in VERSIONS {
        for stateless in STATELESS {
            for mode in [VerifyMode::None, VerifyMode::Query] {
                // A TLS 1.2 ticket would come before the verdict on no certificate.
                if mode == VerifyMode::Query && version == "TLSv1.2" && stateless {
                    continue;
                }
                let shared = Shared::new();
                let client = client(backend()).protocols(&[version]);
                let client = client.build().expect("client");
                let open = shared.server(version, stateless).verify_mode(mode);
                let open = open.build().expect("server");
                let strict = shared.server(version, stateless);
                let strict = strict.verify_mode(VerifyMode::Verify);
                let strict = strict.build().expect("server");
                assert!(!resumes(&client, &open));
                let case = format!("{version} stateless={stateless} {mode:?}");
                let pair = connect(&client, &strict);
                // Our engine begins anew with a client that was not asked, so that it could show a certificate,
                // and judges it behind its Finished, when it is encrypted (R14).
                let resumed = mode == VerifyMode::Query || !tests_own_engine();
                assert_eq!(pair.server.conn.is_resumed(), resumed, "{case}");
                assert_eq!(
                    asks_about(&pair.server),
                    SslErrorKind::NoPeerCertificate,
                    "{case}"
                );
                assert_eq!(pair.client.saw(Event::Encrypted), !resumed, "{case}");
                assert!(!pair.server.saw(Event::Encrypted), "{case}");
            }
        }
    }
}

#[test]
fn a_resumed_server_is_judged_by_the_name_that_is_wanted_today() {
    for version in VERSIONS {
        for stateless in STATELESS {
            let client = client(backend())
                .protocols(&[version])
                .on_errors(OnErrors::Hold);
            let client = client.build().expect("client");
            let server = Shared::new().server(version, stateless);
            let server = server.verify_mode(VerifyMode::None);
            let server = server.build().expect("server");
            assert!(!resumes(&client, &server));
            let pair = connect_as("server.test", "other.test", &client, &server);
            assert!(pair.client.conn.is_resumed(), "{version} {stateless}");
            assert_eq!(asks_about(&pair.client), SslErrorKind::HostNameMismatch);
        }
    }
}

#[test]
fn a_client_with_other_trust_starts_anew_even_with_the_same_store() {
    for version in VERSIONS {
        for stateless in STATELESS {
            let store = Arc::new(ClientSessionCache::new(8));
            let build = || {
                client(backend())
                    .protocols(&[version])
                    .on_errors(OnErrors::Hold)
                    .session_store(store.clone())
            };
            let trusting = build().build().expect("client");
            let wary = build().trust_anchors([]).build().expect("client");
            let server = Shared::new().server(version, stateless);
            let server = server.verify_mode(VerifyMode::None);
            let server = server.build().expect("server");
            assert!(!resumes(&trusting, &server));
            let pair = connect(&wary, &server);
            assert!(!pair.client.conn.is_resumed(), "{version} {stateless}");
            assert!(pair.client.conn.review().is_some());
        }
    }
}

#[test]
fn a_client_with_another_certificate_does_not_speak_in_the_first_ones_name() {
    for version in VERSIONS {
        for stateless in STATELESS {
            let store = Arc::new(ClientSessionCache::new(8));
            let build = || {
                client(backend())
                    .protocols(&[version])
                    .session_store(store.clone())
            };
            let named = as_client(build(), &WORLD.client).build().expect("client");
            let nameless = build().build().expect("client");
            let server = Shared::new().server(version, stateless);
            let server = server.verify_mode(VerifyMode::Query);
            let server = server.build().expect("server");
            assert!(!resumes(&named, &server));
            let pair = connect(&nameless, &server);
            assert!(!pair.server.conn.is_resumed(), "{version} {stateless}");
            assert!(pair.server.conn.peer_certificate().is_none());
            let pair = connect(&named, &server);
            assert!(pair.server.conn.is_resumed(), "{version} {stateless}");
            assert!(pair.server.conn.peer_certificate().is_some());
        }
    }
}

/// Two hours later, when a short-lived certificate has expired.
fn later(client: &ClientConfig, server: &ServerConfig) -> Pair {
    let mut pair = Pair::default();
    pair.advance(Duration::from_secs(2 * 3600));
    pair.start(client, server);
    pair.run();
    pair
}

fn short_lived() -> Identity {
    WORLD.ca.leaf_with(&["server.test"], |params| {
        params.not_after = rcgen::date_time_ymd(2026, 1, 1) + Duration::from_secs(3600);
    })
}

#[test]
fn after_a_resumed_server_was_refused_it_can_show_a_better_certificate() {
    let old = short_lived();
    for version in VERSIONS {
        for stateless in STATELESS {
            let shared = Shared::new();
            let client = client(backend()).protocols(&[version]);
            let client = client.build().expect("client");
            let build = |who: &Identity| {
                let server = as_server(shared.server(version, stateless), who);
                let server = server.verify_mode(VerifyMode::None);
                server.build().expect("server")
            };
            let (before, after) = (build(&old), build(&WORLD.server));
            // So that tickets are left over.
            assert!(!resumes(&client, &before));
            let pair = later(&client, &after);
            assert!(pair.client.conn.is_resumed());
            assert!(pair.client.conn.failure().is_some());
            let pair = later(&client, &after);
            assert!(!pair.client.conn.is_resumed(), "{version} {stateless}");
            assert!(pair.client.conn.is_encrypted(), "{version} {stateless}");
        }
    }
}

#[test]
fn after_a_resumed_client_was_refused_the_server_has_forgotten_its_session() {
    let old = short_lived();
    for version in VERSIONS {
        let shared = Shared::new();
        let client = client(backend()).protocols(&[version]);
        let client = as_client(client, &old).build().expect("client");
        let server = shared.server(version, false);
        let server = server
            .verify_mode(VerifyMode::Verify)
            .on_errors(OnErrors::Reject);
        let server = server.build().expect("server");
        assert!(!resumes(&client, &server));
        let held = shared.cache.len();
        assert!(held > 0);
        let pair = later(&client, &server);
        assert!(pair.server.conn.is_resumed());
        assert!(pair.server.conn.failure().is_some());
        assert_eq!(shared.cache.len(), held - 1, "{version}");
    }
}
