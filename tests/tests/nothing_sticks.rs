//! Settings belong to one connection: what one forgives, another does not, however they take
//! turns.

use sslcore::{
    Certificate, ClientConfig, ConfigBuilder, OnErrors, ServerConfig, SslError, SslErrorKind,
    Verdict, VerifyMode,
};
use sslcore_tests::certs::WORLD;
use sslcore_tests::pair::{Pair, VERSIONS, backend, client, server};

/// A client that judges, and one that is judged; both are expired.
fn clients(version: &str) -> [ConfigBuilder<ClientConfig>; 2] {
    let expired = &WORLD.expired;
    let client = || client(backend()).protocols(&[version]);
    let judged = client().verify_mode(VerifyMode::None);
    [
        client(),
        judged.identity(expired.chain.clone(), expired.key()),
    ]
}

/// The servers that go with them.
fn servers(version: &str) -> [ConfigBuilder<ServerConfig>; 2] {
    let expired = &WORLD.expired;
    let server = || server(backend()).protocols(&[version]);
    let judged = server().verify_mode(VerifyMode::None);
    [
        judged.identity(expired.chain.clone(), expired.key()),
        server().verify_mode(VerifyMode::Verify),
    ]
}

fn forgiving<C>(config: ConfigBuilder<C>) -> ConfigBuilder<C> {
    let leaf = Certificate::from_der(WORLD.expired.chain[0].clone());
    config.forgive([SslError::new(SslErrorKind::CertificateExpired, Some(leaf))])
}

/// Carries one's bytes, then another's, until all are silent.
fn interleave(pairs: &mut [Pair]) {
    for _ in 0..1000 {
        let moved = pairs.iter_mut().map(Pair::exchange);
        if moved.filter(|moved| *moved).count() == 0 {
            return;
        }
    }
    panic!("they never fall silent");
}

const REFUSED: [&str; 2] = ["CertificateExpired 0", "SslErrors"];
const FORGIVEN: [&str; 3] = ["CertificateExpired 0", "SslErrors", "Encrypted"];

#[test]
fn a_client_that_forgives_changes_nothing_for_one_that_does_not() {
    for version in VERSIONS {
        let [strict, _] = clients(version).map(|it| it.build().expect("client"));
        let [lenient, _] = clients(version).map(|it| forgiving(it).build().expect("client"));
        let [server, _] = servers(version).map(|it| it.build().expect("server"));
        for turn in 0..2 {
            let configs = [&lenient, &strict, &lenient, &strict];
            let mut pairs = configs.map(|client| Pair::tls(client, &server));
            interleave(&mut pairs);
            let told = pairs.each_ref().map(|pair| pair.client.told());
            assert_eq!(told[0], FORGIVEN, "{version} {turn}");
            assert_eq!(told[1], REFUSED, "{version} {turn}");
            assert_eq!(told[2], FORGIVEN, "{version} {turn}");
            assert_eq!(told[3], REFUSED, "{version} {turn}");
        }
    }
}

#[test]
fn a_server_that_forgives_changes_nothing_for_one_that_does_not() {
    for version in VERSIONS {
        let [_, client] = clients(version).map(|it| it.build().expect("client"));
        let [_, strict] = servers(version).map(|it| it.build().expect("server"));
        let [_, lenient] = servers(version).map(|it| forgiving(it).build().expect("server"));
        for turn in 0..2 {
            let configs = [&lenient, &strict, &lenient, &strict];
            let mut pairs = configs.map(|server| Pair::tls(&client, server));
            interleave(&mut pairs);
            let told = pairs.each_ref().map(|pair| pair.server.told());
            assert_eq!(told[0], FORGIVEN, "{version} {turn}");
            assert_eq!(told[1], REFUSED, "{version} {turn}");
            assert_eq!(told[2], FORGIVEN, "{version} {turn}");
            assert_eq!(told[3], REFUSED, "{version} {turn}");
        }
    }
}

#[test]
fn an_answer_is_for_one_connection_of_a_configuration() {
    for version in VERSIONS {
        let [holding, judged] = clients(version);
        let [expired, asking] = servers(version);
        let clients = [holding.on_errors(OnErrors::Hold), judged];
        let servers = [expired, asking.on_errors(OnErrors::Hold)];
        let clients = clients.map(|it| it.build().expect("client"));
        let servers = servers.map(|it| it.build().expect("server"));
        for (by_server, (client, server)) in clients.iter().zip(&servers).enumerate() {
            let mut pairs = [(); 3].map(|()| Pair::tls(client, server));
            interleave(&mut pairs);
            let judge = |pair: &mut Pair, verdict: Verdict<'_>| match by_server {
                0 => pair.client.answer(verdict),
                _ => pair.server.answer(verdict),
            };
            judge(&mut pairs[1], Verdict::Accept);
            judge(&mut pairs[0], Verdict::Reject);
            interleave(&mut pairs);
            let told = |pair: &Pair| match by_server {
                0 => pair.client.told(),
                _ => pair.server.told(),
            };
            assert_eq!(told(&pairs[0]), REFUSED, "{version} {by_server}");
            assert_eq!(told(&pairs[1]), FORGIVEN, "{version} {by_server}");
            assert_eq!(
                told(&pairs[2]),
                REFUSED,
                "{version} {by_server}: not asked for"
            );
            // The next one is asked about again.
            judge(&mut pairs[2], Verdict::AcceptOnly(&[]));
            interleave(&mut pairs);
            assert_eq!(told(&pairs[2]), REFUSED, "{version} {by_server}");
            let mut next = [Pair::tls(client, server)];
            interleave(&mut next);
            assert_eq!(told(&next[0]), REFUSED, "{version} {by_server}: asked anew");
        }
    }
}
