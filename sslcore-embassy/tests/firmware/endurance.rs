//! What comes again and again, and what is meant to take long.

use sslcore::{Alert, SslErrorKind};
use sslcore_tests::certs::WORLD;
use sslcore_tests::chains::{HOST, Made, authority, leaf};
use sslcore_tests::openssl::{self, TLS12, VERSIONS};
use sslcore_tests::peer::Scratch;

use crate::guest::{self, Guest};

#[test]
fn a_hundred_connections_leave_no_heap() {
    for (version, flag) in VERSIONS {
        let options = [flag, "-www", "-naccept", "100"];
        let (mut peer, address) = openssl::server(&WORLD.server, &options);
        let guest = Guest::order("reconnects").trusting(&WORLD.ca).port(address);
        let said = guest.word("times=100").boot().until_exit();
        let end = "100 connections, 99 resumed, heap left 0\n";
        assert!(said.contains(end), "{version}: {said}");
        let held = |time: u32| {
            let line = format!("connection {time}: ");
            let line = said.lines().find_map(|said| said.strip_prefix(&line));
            line.and_then(|line| line.split_once(", "))
                .map(|(_, heap)| heap)
        };
        assert!(held(20).is_some(), "{said}");
        assert_eq!(held(20), held(100), "{version}: {said}");
        peer.until_exit();
        guest::tell(&format!("100 connections, {version}"), &said);
    }
}

/// Cycles of the longest time between two yields: 14.5 million instructions. One check of a signature on P-256
/// takes 330,000, and a search through a long chain does not fit beside it.
const ONE_CHECK: u32 = 362_500;
/// In TLS 1.2 rustls checks one and makes a key in one step.
const ONE_CHECK_AND_A_KEY: u32 = 430_000;

/// The leaf's issuer has the authority's name, and so have six others: each may be the one.
#[test]
fn a_chain_of_six_authorities_of_one_name_is_refused_politely() {
    let same = || Made::self_signed(authority("test root"));
    let others = [(); 6].map(|()| same());
    let leaf = same().issue(leaf(&[HOST]));
    let identity = leaf.identity(&[]);
    let above: String = others
        .iter()
        .map(|other| other.identity(&[]).chain_pem())
        .collect();
    for (version, flag) in VERSIONS {
        let scratch = Scratch::new();
        let chain = scratch.file("chain.pem", &above);
        let (mut peer, address) =
            openssl::server_in(scratch, &identity, &[flag, "-cert_chain", &chain]);
        let guest = Guest::order("refusal").trusting(&WORLD.ca).port(address);
        let said = guest.slowly().boot().until_exit();
        let (kind, alert) = (
            SslErrorKind::CertificateSignatureFailed,
            Alert::BadCertificate,
        );
        let refused = format!("refused for {kind:?}, told Some({:?})", alert.name());
        assert!(said.contains(&refused), "{said}");
        openssl::assert_only_alerted(&mut peer, version, alert);
        let longest = guest::longest(&said, "cost of the refusal: ");
        let limit = match (version, flag) == TLS12 {
            true => ONE_CHECK_AND_A_KEY,
            false => ONE_CHECK,
        };
        assert!(longest < limit, "{version}: {said}");
        guest::tell_counted(&format!("six authorities of one name, {version}"), &said);
    }
}
