//! Certificate messages that nobody should have got, from servers and from clients.

use sslcore_tests::certs::WORLD;
use sslcore_tests::hello::{Extensions, kind, message, number, vector16, vector24};
use sslcore_tests::middle::Who;

use super::stage::{ILLEGAL, MALFORMED, Refusal, Stage, UNSOLICITED, VERSIONS, other};

const BOTH: [Who; 2] = [Who::Client, Who::Server];

/// How the other refuses such a Certificate of `who`'s.
#[track_caller]
fn refused(version: &str, who: Who, body: &[u8]) -> Refusal {
    let mut stage = Stage::with_client_certificate(version);
    let change = |said: &mut Vec<u8>| *said = message(kind::CERTIFICATE, body);
    match who {
        Who::Server => stage.change_flight(kind::CERTIFICATE, change),
        Who::Client => stage.change_answer(kind::CERTIFICATE, change),
    }
    stage.refusal(other(who))
}

fn leaf(who: Who) -> &'static [u8] {
    match who {
        Who::Server => &WORLD.server.chain[0],
        Who::Client => &WORLD.client.chain[0],
    }
}

/// The body of a Certificate with these entries, none of which has an extension.
fn body(version: &str, entries: &[&[u8]]) -> Vec<u8> {
    let entry = |der: &&[u8]| match version {
        "TLSv1.3" => [vector24(der), vec![0, 0]].concat(),
        _ => vector24(der),
    };
    let list: Vec<u8> = entries.iter().flat_map(entry).collect();
    match version {
        "TLSv1.3" => [vec![0], vector24(&list)].concat(),
        _ => vector24(&list),
    }
}

/// In TLS 1.3 with extensions behind the leaf, and behind another certificate.
fn extended(who: Who, extensions: &[(u16, &[u8])]) -> [Vec<u8>; 2] {
    let all = extensions.iter();
    let all = all.map(|(number, content)| (*number, content.to_vec()));
    let all = Extensions(all.collect()).encode();
    let entry = |der: &[u8], extensions: &[u8]| [&vector24(der)[..], extensions].concat();
    let root = WORLD.ca.der();
    let behind_leaf = entry(leaf(who), &all);
    let behind_root = [entry(leaf(who), &[0, 0]), entry(&root, &all)].concat();
    [behind_leaf, behind_root].map(|list| [vec![0], vector24(&list)].concat())
}

#[test]
fn a_server_without_a_certificate() {
    // RFC 8446 §4.4.2.4.
    for version in VERSIONS {
        let refusal = refused(version, Who::Server, &body(version, &[]));
        assert_eq!(refusal, MALFORMED, "{version}");
    }
}

#[test]
fn an_entry_without_a_certificate() {
    for version in VERSIONS {
        for who in BOTH {
            for entries in [&[&[][..]][..], &[leaf(who), &[]], &[&[], leaf(who)]] {
                let refusal = refused(version, who, &body(version, entries));
                assert_eq!(refusal, MALFORMED, "{version} {who:?} {}", entries.len());
            }
        }
    }
}

#[test]
fn lengths_that_do_not_fit() {
    for version in VERSIONS {
        for who in BOTH {
            let good = body(version, &[leaf(who)]);
            let mut longer = good.clone();
            longer.push(0);
            assert_eq!(
                refused(version, who, &longer),
                MALFORMED,
                "{version} {who:?}"
            );
            let shorter = &good[..good.len() - 1];
            assert_eq!(
                refused(version, who, shorter),
                MALFORMED,
                "{version} {who:?}"
            );
        }
    }
}

#[test]
fn an_extension_that_nobody_asked_for() {
    for (number, content) in [
        (number::GREASE, &[][..]),
        (number::SCT, &[0, 3, 0, 1, 7]),
        (number::EARLY_DATA, &[]),
    ] {
        for who in BOTH {
            for body in extended(who, &[(number, content)]) {
                let refusal = refused("TLSv1.3", who, &body);
                assert_eq!(refusal, UNSOLICITED, "{number} {who:?}");
            }
        }
    }
    // A server that asks for a certificate asks for no response about it.
    let response = [&[1][..], &vector24(b"ocsp")].concat();
    for body in extended(Who::Client, &[(number::STATUS_REQUEST, &response)]) {
        assert_eq!(refused("TLSv1.3", Who::Client, &body), UNSOLICITED);
    }
}

#[test]
fn an_extension_that_belongs_elsewhere() {
    for (number, content) in [
        (number::SERVER_NAME, &[][..]),
        (number::KEY_SHARE, &[0, 29]),
        (number::SUPPORTED_VERSIONS, &[3, 4]),
    ] {
        for body in extended(Who::Server, &[(number, content)]) {
            let refusal = refused("TLSv1.3", Who::Server, &body);
            assert_eq!(refusal, ILLEGAL, "{number}");
        }
    }
    // What a server's request has says nothing of a certificate.
    for (number, content) in [
        (number::SIGNATURE_ALGORITHMS, vector16(&[4, 3])),
        (
            number::CERTIFICATE_AUTHORITIES,
            vector16(&vector16(b"name")),
        ),
    ] {
        for body in extended(Who::Client, &[(number, &content)]) {
            assert_eq!(refused("TLSv1.3", Who::Client, &body), ILLEGAL, "{number}");
        }
    }
}

#[test]
fn a_response_twice_or_of_wrong_length() {
    let response = [&[1][..], &vector24(b"ocsp")].concat();
    let one = (number::STATUS_REQUEST, &response[..]);
    for body in extended(Who::Server, &[one, one]) {
        assert_eq!(refused("TLSv1.3", Who::Server, &body), ILLEGAL);
    }
    let longer = [&response[..], &[0]].concat();
    let empty = [1, 0, 0, 0];
    for response in [&longer[..], &empty, &[1], &[]] {
        for body in extended(Who::Server, &[(number::STATUS_REQUEST, response)]) {
            assert_eq!(refused("TLSv1.3", Who::Server, &body), MALFORMED);
        }
    }
}

#[test]
fn a_context_that_was_not_given() {
    for who in BOTH {
        let mut body = body("TLSv1.3", &[leaf(who)]);
        body.splice(0..1, [1, 7]);
        let refusal = refused("TLSv1.3", who, &body);
        assert_eq!(refusal, MALFORMED, "{who:?}");
    }
}
