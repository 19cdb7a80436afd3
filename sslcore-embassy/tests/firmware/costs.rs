//! What a connection holds in other cases than those of the four roles.

use sslcore_tests::certs::{Ca, PKCS_RSA_SHA256, WORLD};
use sslcore_tests::openssl::{self, VERSIONS};
use sslcore_tests::peer::Scratch;

use crate::guest::{self, Guest};

/// A leaf and two authorities, with as many names as make three kilobytes of the chain.
#[test]
fn a_client_hears_a_chain_of_three_kilobytes() {
    let root = Ca::of(&PKCS_RSA_SHA256, "root");
    let first = root.intermediate_of(&PKCS_RSA_SHA256, "first");
    let second = first.intermediate_of(&PKCS_RSA_SHA256, "second");
    let names: Vec<String> = (0..36)
        .map(|number| format!("name-{number}.server.test"))
        .collect();
    let mut all = vec!["server.test"];
    all.extend(names.iter().map(String::as_str));
    let mut identity = second.leaf_of(&PKCS_RSA_SHA256, &all);
    identity.chain.extend([second.der(), first.der()]);
    let bytes: usize = identity.chain.iter().map(|der| der.len()).sum();
    assert!((2_900..3_300).contains(&bytes), "{bytes} bytes");
    for (version, flag) in VERSIONS {
        let scratch = Scratch::new();
        let chain = scratch.file("chain.pem", identity.chain_pem());
        let args = [flag, "-www", "-cert_chain", &chain];
        let (mut peer, address) = openssl::server_in(scratch, &identity, &args);
        let guest = Guest::order("client").trusting(&root).port(address);
        let said = guest.slowly().boot().until_exit();
        assert!(said.contains(&format!("encrypted: {version} ")), "{said}");
        guest::tell_counted(&format!("client, {version}, 3 KB of RSA, live"), &said);
        peer.until_exit();
    }
}

/// One after the other, so that each has the heap for itself.
#[test]
fn a_server_holds_this_for_a_client() {
    let guest = Guest::order("server").known_as(&WORLD.server).forwarding();
    let (address, mut guest) = (guest.address(), guest.boot());
    guest.until_said("listening");
    for (_, flag) in guest::three_versions() {
        openssl::hear_own_words(address, flag, &guest::pattern(2_000));
    }
    let said = guest.until_exit();
    assert_eq!(said.matches("heap of the handshake: ").count(), 3, "{said}");
    guest::tell("server, one client after the other, live", &said);
}
