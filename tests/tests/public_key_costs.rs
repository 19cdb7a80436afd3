//! How many public-key operations one call of `process` costs (rule R16): one, and what the engine does
//! for one message of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sslcore::{
    ClientConfig, PreSharedKey, Progress, ServerConfig, StatusChecker, StatusQuestion,
    StatusReport, VerifyMode,
};
use sslcore_tests::certs::WORLD;
use sslcore_tests::chains::Family;
use sslcore_tests::pair::{End, Pair, client, server};
use sslcore_tests::watched::{Operation, watch, watched};

/// Carries what one end has to say to the other, and adds what each call of `process` has cost that
/// has cost anything.
fn carry(from: &mut End, to: &mut End, costs: &mut Vec<Vec<Operation>>) -> bool {
    let mut said = false;
    loop {
        let now = from.now();
        let (progress, asked) = watch(|| from.conn.process(now));
        let asked = asked.into_iter().filter(|it| it.is_public_key());
        let asked: Vec<Operation> = asked.collect();
        costs.extend((!asked.is_empty()).then_some(asked));
        while from.conn.poll_event().is_some() {}
        let n = to.conn.receive(from.conn.transmit()).expect("room");
        from.conn.transmitted(n).expect("as many as there are");
        said |= n > 0;
        if progress == Progress::Idle && n == 0 {
            return said;
        }
    }
}

/// What the calls of a handshake cost the client, and the server.
fn costs_of(client: &ClientConfig, server: &ServerConfig) -> [Vec<Vec<Operation>>; 2] {
    let mut pair = Pair::tls(client, server);
    let mut costs = [Vec::new(), Vec::new()];
    while carry(&mut pair.client, &mut pair.server, &mut costs[0])
        | carry(&mut pair.server, &mut pair.client, &mut costs[1])
    {}
    assert!(pair.client.conn.is_encrypted() && pair.server.conn.is_encrypted());
    costs
}

fn costs(version: &str, is_mutual: bool) -> [Vec<Vec<Operation>>; 2] {
    let mut client = client(watched()).protocols(&[version]);
    let mut server = server(watched()).protocols(&[version]);
    if is_mutual {
        client = client.identity(WORLD.client.chain.clone(), WORLD.client.key());
        server = server.verify_mode(VerifyMode::Verify);
    }
    let (client, server) = (client.build(), server.build());
    costs_of(&client.expect("client"), &server.expect("server"))
}

#[test]
fn one_call_costs_one_operation_or_what_one_message_costs_the_engine() {
    use Operation::{Agree, Generate, Sign, Verify};
    for (version, is_mutual, client, server) in [
        (
            "TLSv1.3",
            false,
            &[&[Generate][..], &[Agree], &[Verify], &[Verify]][..],
            &[&[Generate, Agree, Sign][..]][..],
        ),
        (
            "TLSv1.3",
            true,
            &[&[Generate], &[Agree], &[Verify], &[Sign], &[Verify]],
            &[&[Generate, Agree, Sign], &[Verify], &[Verify]],
        ),
        (
            "TLSv1.2",
            false,
            &[&[Verify, Generate, Agree], &[Verify]],
            &[&[Generate, Sign], &[Agree]],
        ),
        (
            "TLSv1.2",
            true,
            &[&[Verify, Generate, Sign, Agree], &[Verify]],
            &[&[Generate, Sign], &[Agree], &[Verify], &[Verify]],
        ),
    ] {
        let [by_client, by_server] = costs(version, is_mutual);
        assert_eq!(by_client, client, "{version} {is_mutual}");
        assert_eq!(by_server, server, "{version} {is_mutual}");
    }
}

/// The engine that is our own does one operation in each call, whatever the message.
#[test]
fn a_handshake_with_a_key_costs_one_operation_in_each_call() {
    use Operation::{Agree, Generate};
    let key = || [PreSharedKey::new("device", [7; 32]).expect("a key")];
    let client = ClientConfig::builder(watched()).pre_shared_keys(key());
    let client = client
        .groups(&["X25519", "secp256r1"])
        .build()
        .expect("client");
    let server = |groups: &[&str]| {
        let server = ServerConfig::builder(watched()).pre_shared_keys(key());
        server.groups(groups).build().expect("server")
    };
    let both: &[&[Operation]] = &[&[Generate], &[Agree]];
    assert_eq!(costs_of(&client, &server(&["X25519"])), [both, both]);
    // A second hello has a key pair of its own.
    let again: &[&[Operation]] = &[&[Generate], &[Generate], &[Agree]];
    assert_eq!(costs_of(&client, &server(&["secp256r1"])), [again, both]);
}

#[test]
fn each_list_of_revoked_certificates_costs_a_call_of_its_own() {
    use Operation::{Agree, Generate, Verify};
    let family = Family::new();
    let lists = [
        family.middle.revoke(&[], 2030),
        family.root.revoke(&[], 2030),
    ];
    let client = client(watched())
        .trust_anchors([family.root.der.clone()])
        .revocation_lists(lists, true);
    let identity = family.leaf.identity(&[&family.middle]);
    let server = server(watched()).identity(identity.chain.clone(), identity.key());
    let (client, server) = (client.build(), server.build());
    let [by_client, _] = costs_of(&client.expect("client"), &server.expect("server"));
    // The handshake's signature, two of certificates, and two of lists.
    let verify: &[_] = &[Verify];
    let expected = [
        &[Generate][..],
        &[Agree],
        verify,
        verify,
        verify,
        verify,
        verify,
    ];
    assert_eq!(by_client, expected);
}

/// Counts how often it is asked.
#[derive(Default)]
struct Asked(AtomicUsize);

impl StatusChecker for Asked {
    fn check(&self, _: &StatusQuestion<'_>) -> StatusReport {
        self.0.fetch_add(1, Ordering::Relaxed);
        StatusReport::default()
    }
}

#[test]
fn a_status_checker_is_asked_once_where_no_signature_is_checked() {
    let asked = Arc::new(Asked::default());
    let times = || asked.0.load(Ordering::Relaxed);
    let client = client(watched()).status_checker(asked.clone());
    let client = client.session_cache(0).build().expect("client");
    let server = server(watched()).build().expect("server");
    let mut pair = Pair::tls(&client, &server);
    pair.client.settle();
    let hello = pair.client.take();
    pair.server.give(&hello, usize::MAX);
    let flight = pair.server.take();
    pair.client.conn.receive(&flight).expect("room");
    let mut calls = Vec::new();
    while !pair.client.conn.is_encrypted() {
        assert!(
            pair.client.conn.failure().is_none(),
            "{:?}",
            pair.client.conn
        );
        let (now, before) = (pair.client.now(), times());
        let (_, operations) = watch(|| pair.client.conn.process(now));
        while pair.client.conn.poll_event().is_some() {}
        if times() > before {
            calls.push(operations.contains(&Operation::Verify));
        }
    }
    assert_eq!((calls, times()), (vec![false], 1));
}
