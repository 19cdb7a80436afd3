//! Configurations are equal when their settings are.

use std::sync::Arc;
use std::time::Duration;

use sslcore::crypto::Backend;
use sslcore::{
    Certificate, ClientConfig, ClientSessionCache, ConfigBuilder, Engine, KeyLog, KeyLogLine,
    OnErrors, Pin, ServerConfig, ServerSessionCache, SignatureScheme, SslError, SslErrorKind,
    StatusChecker, StatusQuestion, StatusReport, TicketKeys, Timeouts, VerifyMode,
};
use sslcore_tests::certs::WORLD;
use sslcore_tests::chains::{Made, authority};
use sslcore_tests::pair::{backend, backends, client, server};

/// Not empty, so that two are in two places.
#[derive(Debug)]
struct Log(#[expect(dead_code, reason = "it takes a place")] u8);

impl KeyLog for Log {
    fn log(&self, _: &KeyLogLine<'_>) {}
}

#[derive(Debug)]
struct Checker;

impl StatusChecker for Checker {
    fn check(&self, _: &StatusQuestion<'_>) -> StatusReport {
        StatusReport::default()
    }
}

type Change<C> = Box<dyn Fn(ConfigBuilder<C>) -> ConfigBuilder<C>>;

fn change<C>(change: impl Fn(ConfigBuilder<C>) -> ConfigBuilder<C> + 'static) -> Change<C> {
    Box::new(change)
}

/// Settings of both roles, each other than its default and than the others here.
fn of_both<C: 'static>() -> Vec<Change<C>> {
    let list = Made::self_signed(authority("root")).revoke(&[7], 2030);
    let log: Arc<dyn KeyLog> = Arc::new(Log(0));
    let other_log: Arc<dyn KeyLog> = Arc::new(Log(0));
    let other_root = Made::self_signed(authority("another")).der;
    vec![
        change(|it| it.protocols(&["TLSv1.3"])),
        change(|it| it.protocols(&["TLSv1.2"])),
        change(|it| it.ciphers(&["TLS_AES_128_GCM_SHA256"])),
        change(|it| it.groups(&["X25519"])),
        change(|it| it.groups(&["secp256r1", "X25519"])),
        change(|it| it.signature_schemes(&["ecdsa_secp256r1_sha256"])),
        change(|it| it.alpn(&[b"h2"])),
        change(|it| it.alpn(&[b"h2", b"http/1.1"])),
        change(|it| {
            let handshake = Some(Duration::from_secs(77));
            it.timeouts(Timeouts {
                handshake,
                ..Timeouts::CLIENT
            })
        }),
        change(|it| it.max_fragment(4096)),
        change(|it| it.records_per_key(1 << 20)),
        change(|it| it.session_lifetime(Duration::from_secs(60))),
        change(|it| it.keep_peer_chain(false)),
        change(|it| it.remember_signatures(false)),
        change(|it| it.identity(WORLD.expired.chain.clone(), WORLD.expired.key())),
        change(|it| {
            // These two differ in the engine alone, whichever is the default.
            let it = it
                .engine(Engine::Own)
                .protocols(&["TLSv1.3"])
                .alpn(&[b"engine"]);
            it.identity(WORLD.server.chain.clone(), WORLD.server.key())
        }),
        change(|it| {
            let it = it
                .engine(Engine::Rustls)
                .protocols(&["TLSv1.3"])
                .alpn(&[b"engine"]);
            it.identity(WORLD.server.chain.clone(), WORLD.server.key())
        }),
        change(|it| {
            let schemes = [SignatureScheme::EcdsaP256Sha256];
            it.ask_for_signatures(WORLD.server.chain.clone(), schemes)
        }),
        change(move |it| it.trust_anchors([other_root.clone()])),
        change(|it| it.trust_anchors([])),
        change(|it| it.verify_mode(VerifyMode::None)),
        change(|it| it.verify_mode(VerifyMode::External)),
        change(|it| it.on_errors(OnErrors::Hold)),
        change(|it| it.verify_depth(2)),
        change(|it| it.pins([Pin::SpkiSha256([7; 32])])),
        change(|it| it.pins([Pin::SpkiSha256([8; 32])])),
        change(|it| it.block([Pin::SpkiSha256([7; 32])])),
        change(move |it| it.revocation_lists([list.clone()], false)),
        change(|it| it.forgive([SslError::new(SslErrorKind::CertificateExpired, None)])),
        change(|it| it.forgive([SslError::new(SslErrorKind::HostNameMismatch, None)])),
        change(|it| it.clock_tolerance(Duration::from_secs(5))),
        change(|it| it.common_name_fallback(true)),
        change(move |it| it.dangerously_log_keys(log.clone())),
        change(move |it| it.dangerously_log_keys(other_log.clone())),
    ]
}

type Client = ConfigBuilder<ClientConfig>;
type Server = ConfigBuilder<ServerConfig>;

fn of_clients() -> Vec<Change<ClientConfig>> {
    let store = Arc::new(ClientSessionCache::new(7));
    let other = Arc::new(ClientSessionCache::new(7));
    let checkers: [Arc<dyn StatusChecker>; 2] = [Arc::new(Checker), Arc::new(Checker)];
    let [checker, another] = checkers;
    let mut all = of_both();
    all.extend([
        change(|it: Client| it.session_cache(0)),
        change(|it: Client| it.session_cache(7)),
        change(move |it: Client| it.session_store(store.clone())),
        change(move |it: Client| it.session_store(other.clone())),
        change(|it: Client| it.session_tickets(false)),
        change(move |it: Client| it.status_checker(checker.clone())),
        change(move |it: Client| it.status_checker(another.clone())),
        change(|it: Client| it.remember_groups(false)),
        change(|it: Client| it.engine(Engine::Own).request_certificate_timestamps(true)),
    ]);
    all
}

fn of_servers() -> Vec<Change<ServerConfig>> {
    let store = Arc::new(ServerSessionCache::new(7));
    let keys = TicketKeys::rotating(&backend(), Duration::from_secs(60));
    let other = TicketKeys::rotating(&backend(), Duration::from_secs(60));
    let named = Made::self_signed(authority("named")).der;
    let mut all = of_both();
    all.extend([
        change(|it: Server| it.session_cache(0)),
        change(|it: Server| it.session_cache(7)),
        change(move |it: Server| it.session_store(store.clone())),
        change(|it: Server| it.session_tickets(false)),
        change(move |it: Server| it.ticket_keys(keys.clone())),
        change(move |it: Server| it.ticket_keys(other.clone())),
        change(|it: Server| it.follow_client_ciphers()),
        change(|it: Server| it.stapled_ocsp_response([7])),
        change(|it: Server| {
            let it = it.engine(Engine::Own);
            it.signed_certificate_timestamps([0, 3, 0, 1, 7])
        }),
        change(|it: Server| it.client_certificate_authorities([])),
        change(move |it: Server| {
            let named = Certificate::from(named.clone());
            it.client_certificate_authorities([named.subject().expect("a name")])
        }),
    ]);
    all
}

/// Each change is equal to itself, made again, and to no other.
fn assert_told_apart<C: PartialEq + std::fmt::Debug>(
    changes: &[Change<C>],
    build: impl Fn(&Change<C>) -> C,
) {
    let unchanged = change(|it| it);
    let all: Vec<&Change<C>> = changes.iter().chain([&unchanged]).collect();
    let made: Vec<[C; 2]> = all.iter().map(|it| [build(it), build(it)]).collect();
    for (at, [one, again]) in made.iter().enumerate() {
        assert!(one == again, "setting {at} is other than itself");
        for (other_at, [other, _]) in made.iter().enumerate() {
            assert_eq!(one == other, at == other_at, "{at} {other_at}");
        }
    }
}

#[test]
fn clients_are_equal_when_all_their_settings_are() {
    assert_told_apart(&of_clients(), |change| {
        let config = change(client(backend()));
        config.build().expect("a client")
    });
}

#[test]
fn servers_are_equal_when_all_their_settings_are() {
    assert_told_apart(&of_servers(), |change| {
        change(server(backend())).build().expect("a server")
    });
}

#[test]
fn what_is_named_is_the_same_as_the_default_when_it_is_all() {
    let default = client(backend()).build().expect("a client");
    let named = client(backend())
        .protocols(&["TLSv1.3", "TLSv1.2"])
        .groups(default.groups())
        .signature_schemes(
            &default
                .signature_schemes()
                .iter()
                .map(|it| it.name())
                .collect::<Vec<_>>(),
        )
        .ciphers(
            &default
                .ciphers()
                .iter()
                .map(|it| it.name())
                .collect::<Vec<_>>(),
        )
        .verify_mode(VerifyMode::Verify)
        .build();
    let twice = client(backend()).groups(&["P-256", "secp256r1"]);
    let once = client(backend()).groups(&["secp256r1"]);
    assert!(default == named.expect("a client"));
    assert!(twice.build().expect("a client") == once.build().expect("a client"));
}

#[test]
fn configurations_on_other_backends_are_others() {
    let all: Vec<ClientConfig> = backends()
        .into_iter()
        .map(|backend: Backend| client(backend).build().expect("a client"))
        .collect();
    for (at, one) in all.iter().enumerate() {
        for (other_at, other) in all.iter().enumerate() {
            assert_eq!(one == other, at == other_at);
        }
    }
}
