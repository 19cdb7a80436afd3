//! Hybrid key exchanges with ML-KEM-768: X25519MLKEM768 and SecP256r1MLKEM768.
#![cfg(feature = "ml-kem")]

use rustls::crypto::SupportedKxGroup;
use rustls::{Error, NamedGroup, PeerMisbehaved, ProtocolVersion};
use sslcore::ConfigError;
use sslcore::crypto::Backend;
use sslcore_tests::entropy::seeded;
use sslcore_tests::hello::{ClientHello, Extensions, number};
use sslcore_tests::pair::{Pair, backend, backends, client, server};
use sslcore_tests::records::handshake_content;

const X25519: u16 = 29;
const X25519_ML_KEM: u16 = 0x11ec;
const KEY_LEN: usize = 1184;
const CIPHERTEXT_LEN: usize = 1088;

/// A hybrid group, its classical half, and where that half's bytes begin in a client's share and in a
/// server's.
struct Hybrid {
    group: NamedGroup,
    name: &'static str,
    classical: NamedGroup,
    classical_len: usize,
    ml_kem_is_first: bool,
}

const HYBRIDS: [Hybrid; 2] = [
    Hybrid {
        group: NamedGroup::X25519MLKEM768,
        name: "X25519MLKEM768",
        classical: NamedGroup::X25519,
        classical_len: 32,
        ml_kem_is_first: true,
    },
    Hybrid {
        group: NamedGroup::secp256r1MLKEM768,
        name: "SecP256r1MLKEM768",
        classical: NamedGroup::secp256r1,
        classical_len: 65,
        ml_kem_is_first: false,
    },
];

impl Hybrid {
    /// The halves of a share: of ML-KEM, and classical.
    fn halves<'a>(&self, share: &'a mut [u8]) -> (&'a mut [u8], &'a mut [u8]) {
        match self.ml_kem_is_first {
            true => share.split_at_mut(share.len() - self.classical_len),
            false => {
                let (classical, ml_kem) = share.split_at_mut(self.classical_len);
                (ml_kem, classical)
            }
        }
    }
}

fn group(backend: &Backend, wanted: NamedGroup) -> &'static dyn SupportedKxGroup {
    let mut groups = backend.provider().kx_groups.iter();
    *groups.find(|group| group.name() == wanted).expect("there")
}

fn invalid<T>() -> Result<T, Error> {
    Err(PeerMisbehaved::InvalidKeyShare.into())
}

#[test]
fn each_backend_agrees_with_each_on_a_secret_whose_halves_stand_in_the_draft_s_order() {
    for theirs in backends() {
        for ours in backends() {
            for hybrid in &HYBRIDS {
                let what = format!("{} {} {}", hybrid.name, theirs.name(), ours.name());
                let exchange = group(&theirs, hybrid.group).start().expect("a share");
                let mut share = exchange.pub_key().to_vec();
                assert_eq!(share.len(), KEY_LEN + hybrid.classical_len, "{what}");
                assert_eq!(exchange.group(), hybrid.group);
                // The classical half can be completed alone, from the same key.
                let (component, public) = exchange.hybrid_component().expect("a component");
                assert_eq!(component, hybrid.classical);
                assert_eq!(hybrid.halves(&mut share).1, public, "{what}");

                let mut done = group(&ours, hybrid.group)
                    .start_and_complete(&share)
                    .expect("a good share");
                assert_eq!(done.group, hybrid.group);
                let answer_len = CIPHERTEXT_LEN + hybrid.classical_len;
                assert_eq!(done.pub_key.len(), answer_len, "{what}");
                let secret = exchange.complete(&done.pub_key).expect("a good answer");
                assert_eq!(secret.secret_bytes(), done.secret.secret_bytes(), "{what}");
                assert_eq!(secret.secret_bytes().len(), 64, "{what}");

                // The classical half of the secret is what the classical group alone agrees on.
                let exchange = group(&theirs, hybrid.group).start().expect("a share");
                share = exchange.pub_key().to_vec();
                let both = group(&ours, hybrid.group).start_and_complete(&share);
                done = both.expect("a good share");
                let (_, classical) = hybrid.halves(&mut done.pub_key);
                let classical = exchange
                    .complete_hybrid_component(classical)
                    .expect("a good half");
                let secret = done.secret.secret_bytes();
                let half = match hybrid.ml_kem_is_first {
                    true => &secret[32..],
                    false => &secret[..32],
                };
                assert_eq!(half, classical.secret_bytes(), "{what}");
            }
        }
    }
}

#[test]
fn a_share_of_another_length_or_with_a_bad_half_is_refused_in_both_roles() {
    for backend in backends() {
        for hybrid in &HYBRIDS {
            let group = group(&backend, hybrid.group);
            let what = format!("{} {}", hybrid.name, backend.name());
            let share = group.start().expect("a share").pub_key().to_vec();
            let answer = group.start_and_complete(&share).expect("good").pub_key;
            let given = |share: &[u8]| group.start_and_complete(share).map(|_| ());
            let taken = |answer: &[u8]| {
                let exchange = group.start().expect("a share");
                exchange.complete(answer).map(|_| ())
            };
            assert_eq!((given(&share), taken(&answer)), (Ok(()), Ok(())), "{what}");
            let short = [0, 1, 32, 65, CIPHERTEXT_LEN, KEY_LEN];
            for len in short.into_iter().chain([share.len() - 1, share.len() + 1]) {
                let mut share = share.clone();
                share.resize(len, 9);
                assert_eq!(given(&share), invalid(), "{what} {len}");
            }
            for len in short
                .into_iter()
                .chain([answer.len() - 1, answer.len() + 1])
            {
                let mut answer = answer.clone();
                answer.resize(len, 9);
                assert_eq!(taken(&answer), invalid(), "{what} {len}");
            }
            // X25519 of zero leads to a secret of zero; zero is no point of P-256.
            let (mut bad, mut wrong) = (share.clone(), answer.clone());
            hybrid.halves(&mut bad).1.fill(0);
            hybrid.halves(&mut wrong).1.fill(0);
            assert_eq!(
                (given(&bad), taken(&wrong)),
                (invalid(), invalid()),
                "{what}"
            );
            // FIPS 203 §7.2: each number of an encapsulation key, 12 bits, is below 3329.
            for (at, number) in [(0, 3329_u16), (0, 0xfff), (768, 0xfff)] {
                let mut bad = share.clone();
                let (key, _) = hybrid.halves(&mut bad);
                let at = at / 2 * 3;
                key[at] = number as u8;
                key[at + 1] = key[at + 1] & 0xf0 | (number >> 8) as u8;
                let expected = if at == 1152 { Ok(()) } else { invalid() };
                // Behind 768 numbers there is a seed, in which all values are good.
                assert_eq!(given(&bad), expected, "{what} {at} {number}");
            }
        }
    }
}

#[test]
fn the_random_source_is_asked_for_all_of_it() {
    // The same seed makes the same shares and secrets, another seed others.
    let run = |seed| {
        let mut all = Vec::new();
        for hybrid in &HYBRIDS {
            let group = group(&seeded(seed), hybrid.group);
            let exchange = group.start().expect("a share");
            let answer = group.start_and_complete(exchange.pub_key()).expect("good");
            all.push(exchange.pub_key().to_vec());
            all.push(answer.pub_key);
            all.push(answer.secret.secret_bytes().to_vec());
        }
        all
    };
    assert_eq!(run(7), run(7));
    for (same, other) in run(7).into_iter().zip(run(8)) {
        assert_ne!(same, other);
    }
}

#[test]
fn a_backend_prefers_x25519_with_ml_kem_for_tls13_alone() {
    for backend in backends() {
        let names: Vec<&str> = backend.supported_groups().collect();
        assert_eq!(
            names,
            [
                "X25519MLKEM768",
                "X25519",
                "secp256r1",
                "secp384r1",
                "SecP256r1MLKEM768"
            ],
            "{}",
            backend.name()
        );
        for hybrid in &HYBRIDS {
            let group = group(&backend, hybrid.group);
            assert!(group.usable_for_version(ProtocolVersion::TLSv1_3));
            assert!(!group.usable_for_version(ProtocolVersion::TLSv1_2));
            assert!(group.ffdhe_group().is_none() && !group.fips());
        }
        for named in [
            &["X25519MLKEM768"][..],
            &["x25519mlkem768", "SecP256r1MLKEM768"],
        ] {
            let config = client(backend.clone())
                .protocols(&["TLSv1.2"])
                .groups(named);
            let error = config.build().expect_err("no group for TLS 1.2");
            assert_eq!(
                error,
                ConfigError::NothingLeft("group that fits the protocols")
            );
        }
    }
}

#[test]
fn connections_of_all_backends_agree_on_it_by_default_and_by_name() {
    for ours in backends() {
        for theirs in backends() {
            let names = [&[][..], &["SecP256r1MLKEM768"], &["X25519MLKEM768"]];
            for named in names {
                let mut client = client(ours.clone());
                if !named.is_empty() {
                    client = client.groups(named);
                }
                let client = client.build().expect("client");
                let server = server(theirs.clone()).build().expect("server");
                let mut pair = Pair::encrypted(&client, &server);
                let wanted = named.first().copied().unwrap_or("X25519MLKEM768");
                for end in [&pair.client, &pair.server] {
                    assert_eq!(end.conn.key_exchange_group(), Some(wanted));
                    assert!(!end.conn.is_hello_retried());
                }
                pair.client.write(b"there");
                pair.run();
                assert_eq!(pair.server.read_all(), b"there");
            }
        }
    }
}

/// The groups of a client's key shares, with the length of each.
fn shares(groups: Option<&[&str]>) -> Vec<(u16, usize)> {
    let mut config = client(backend());
    if let Some(groups) = groups {
        config = config.groups(groups);
    }
    let server = server(backend()).build().expect("server");
    let mut pair = Pair::tls(&config.build().expect("client"), &server);
    let mut hello = ClientHello::parse(&handshake_content(&pair.client.take()));
    let content = hello.extensions().get(number::KEY_SHARE);
    // Each is a number and a vector with two bytes of length, as an extension is.
    let shares = Extensions::parse(&content[2..]).0;
    shares
        .iter()
        .map(|(group, share)| (*group, share.len()))
        .collect()
}

#[test]
fn a_client_sends_one_share_or_two_as_its_groups_say() {
    let hybrid = (X25519_ML_KEM, 1216);
    let both = [hybrid, (X25519, 32)];
    assert_eq!(shares(None), both);
    assert_eq!(
        shares(Some(&["X25519MLKEM768", "secp256r1", "X25519"])),
        both
    );
    assert_eq!(shares(Some(&["X25519MLKEM768", "secp256r1"])), [hybrid]);
    assert_eq!(shares(Some(&["X25519", "X25519MLKEM768"])), [(X25519, 32)]);
    let p256 = [(0x11eb, 1249), (23, 65)];
    assert_eq!(shares(Some(&["SecP256r1MLKEM768", "secp256r1"])), p256);
}

#[test]
fn a_server_without_it_takes_the_classical_share_and_loses_no_round_trip() {
    for backend in backends() {
        for (groups, agreed, retried) in [
            (&["X25519", "secp256r1"][..], "X25519", false),
            (&["secp256r1"], "secp256r1", true),
            (&["SecP256r1MLKEM768", "secp384r1"], "secp384r1", true),
        ] {
            let client = client(backend.clone()).build().expect("client");
            let server = server(backend.clone()).groups(groups).build();
            let pair = Pair::encrypted(&client, &server.expect("server"));
            for end in [&pair.client, &pair.server] {
                assert_eq!(end.conn.key_exchange_group(), Some(agreed));
                assert_eq!(end.conn.is_hello_retried(), retried, "{agreed}");
            }
        }
    }
}

#[test]
fn a_server_that_insists_on_it_asks_for_a_share() {
    for backend in backends() {
        let client = client(backend.clone()).groups(&["X25519", "X25519MLKEM768"]);
        let client = client.build().expect("client");
        let server = server(backend.clone()).groups(&["X25519MLKEM768"]).build();
        let server = server.expect("server");
        // The client remembers what the server wanted.
        for retried in [true, false] {
            let pair = Pair::encrypted(&client, &server);
            for end in [&pair.client, &pair.server] {
                assert_eq!(end.conn.key_exchange_group(), Some("X25519MLKEM768"));
                assert_eq!(end.conn.is_hello_retried(), retried);
            }
        }
    }
}
