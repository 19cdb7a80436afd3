//! The peer's chain is held once, and can be let go of: then its fingerprint is left.

use sslcore::{ClientConfig, ServerConfig, SslMode, Verdict, VerifyMode};
use sslcore_tests::certs::WORLD;
use sslcore_tests::pair::{End, Pair, backend, backends, client, server};

fn configs(version: &str, keep: bool) -> (ClientConfig, ServerConfig) {
    let client = client(backend())
        .protocols(&[version])
        .identity(WORLD.client.chain.clone(), WORLD.client.key())
        .session_cache(0)
        .keep_peer_chain(keep);
    let server = server(backend())
        .protocols(&[version])
        .verify_mode(VerifyMode::Verify)
        .session_cache(0)
        .keep_peer_chain(keep);
    (client.build().unwrap(), server.build().unwrap())
}

/// SHA-256 of the certificate of whoever an end in this mode talks to.
fn expected(mode: SslMode) -> [u8; 32] {
    let peer = match mode {
        SslMode::Client => &WORLD.server,
        _ => &WORLD.client,
    };
    let leaf = sslcore::Certificate::from_der(peer.chain[0].clone());
    leaf.fingerprint_sha256(&backend()).expect("SHA-256")
}

#[test]
fn a_chain_that_is_let_go_of_leaves_its_fingerprint() {
    for version in ["TLSv1.3", "TLSv1.2"] {
        for keep in [true, false] {
            let (client, server) = configs(version, keep);
            let pair = Pair::encrypted(&client, &server);
            for end in [&pair.client, &pair.server] {
                let conn = &end.conn;
                assert_eq!(conn.peer_certificate().is_some(), keep, "{version}");
                assert_eq!(conn.peer_certificate_chain().is_empty(), !keep);
                let fingerprint = conn.peer_fingerprint_sha256();
                assert_eq!(fingerprint, Some(expected(conn.mode())));
            }
        }
    }
}

#[test]
fn without_a_certificate_there_is_no_fingerprint() {
    for keep in [true, false] {
        let server = server(backend()).keep_peer_chain(keep).build().unwrap();
        let pair = Pair::encrypted(&client(backend()).build().unwrap(), &server);
        assert_eq!(pair.server.conn.peer_fingerprint_sha256(), None);
    }
    assert_eq!(
        End::new(Default::default()).conn.peer_fingerprint_sha256(),
        None
    );
}

#[test]
fn what_is_let_go_of_is_no_memory_any_more() {
    let chain: usize = WORLD.server.chain.iter().map(|it| it.len()).sum();
    let idle = |keep| {
        let (client, server) = configs("TLSv1.3", keep);
        // What a configuration learns in its first handshake is there before.
        drop(Pair::encrypted(&client, &server));
        let mut pair = None;
        let made = allocation_counter::measure(|| pair = Some(Pair::encrypted(&client, &server)));
        drop(pair);
        made.bytes_current
    };
    // Both ends hold one, and their fingerprints take 32 bytes each.
    let saved = idle(true) - idle(false);
    assert!(saved >= 2 * (chain as i64 - 32), "{saved} of {chain}");
}

#[test]
fn a_review_shows_the_chain_and_its_errors_share_it() {
    for backend in backends() {
        let client = client(backend.clone())
            .on_errors(sslcore::OnErrors::Hold)
            .keep_peer_chain(false)
            .build();
        let stranger = &WORLD.stranger;
        let server = server(backend).identity(stranger.chain.clone(), stranger.key());
        let mut pair = Pair::tls(&client.unwrap(), &server.build().unwrap());
        pair.run();
        let review = pair.client.conn.review().expect("nobody trusts it");
        let of_error = review.errors[0].certificate().expect("it has one");
        assert!(std::ptr::eq(of_error.der(), review.chain[0].der()));
        pair.client.answer(Verdict::Accept);
        pair.run();
        assert!(pair.client.conn.is_encrypted());
        assert_eq!(pair.client.conn.peer_certificate(), None);
    }
}
