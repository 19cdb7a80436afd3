//! What a connection holds in other cases than those of the four roles.

use sslcore_tests::certs::{
    Ca, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, SignatureAlgorithm, WORLD, pem,
};
use sslcore_tests::openssl::{self, VERSIONS};
use sslcore_tests::pair::tests_own_engine;
use sslcore_tests::peer::Scratch;

use crate::guest::{self, Guest};

/// A leaf and two authorities, with as many names as make three kilobytes of the chain.
fn ask_for_three_kilobytes(
    of: &str,
    algorithm: &'static SignatureAlgorithm,
    names: usize,
    most: u32,
) {
    let root = Ca::of(algorithm, "root");
    let first = root.intermediate_of(algorithm, "first");
    let second = first.intermediate_of(algorithm, "second");
    let names: Vec<String> = (0..names)
        .map(|number| format!("name-{number}.server.test"))
        .collect();
    let mut all = vec!["server.test"];
    all.extend(names.iter().map(String::as_str));
    let mut identity = second.leaf_of(algorithm, &all);
    identity.chain.extend([second.der(), first.der()]);
    let bytes: usize = identity.chain.iter().map(|der| der.len()).sum();
    assert!((2_900..3_300).contains(&bytes), "{bytes} bytes");
    let above: String = [&second, &first]
        .map(|authority| pem("CERTIFICATE", &authority.der()))
        .concat();
    for (version, flag) in VERSIONS {
        let scratch = Scratch::new();
        let chain = scratch.file("chain.pem", &above);
        let args = [flag, "-www", "-cert_chain", &chain];
        let (mut peer, address) = openssl::server_in(scratch, &identity, &args);
        let guest = Guest::order("client").trusting(&root).port(address);
        let said = guest.slowly().boot().until_exit();
        assert!(said.contains(&format!("encrypted: {version} ")), "{said}");
        guest::tell_counted(&format!("client, {version}, 3 KB of {of}, live"), &said);
        // rustls has the chain once more, for its sessions; and in TLS 1.2 its connection while the chain is
        // judged.
        let most = match version {
            _ if tests_own_engine() => most,
            "TLSv1.3" => most + 4 * 1024,
            _ => most + 6 * 1024,
        };
        assert!(guest::number(&said, "peak ") <= most, "{said}");
        peer.until_exit();
    }
}

/// One kilobyte is numbers of a signature.
#[test]
fn a_client_hears_a_chain_of_three_kilobytes_of_rsa() {
    ask_for_three_kilobytes("RSA", &PKCS_RSA_SHA256, 36, 8 * 1024);
}

#[test]
fn a_client_hears_a_chain_of_three_kilobytes_on_p256() {
    ask_for_three_kilobytes("P-256", &PKCS_ECDSA_P256_SHA256, 90, 7 * 1024);
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
