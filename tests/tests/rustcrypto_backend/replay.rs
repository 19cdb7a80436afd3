use std::io::Write;

use rustls::version::{TLS12, TLS13};
use rustls::{CipherSuite, Error, NamedGroup, SupportedProtocolVersion};
use sslcore::crypto::rustcrypto::{EntropyError, EntropySource};

use crate::pair::{Identity, Pair, narrowed};
use crate::{backend_over, rustcrypto};

/// All bytes of a handshake and a message each way, both sides on this backend.
fn wire(
    version: &'static SupportedProtocolVersion,
    suite: CipherSuite,
    seeds: (u64, u64),
    identity: &Identity,
) -> Vec<u8> {
    let client = narrowed(&rustcrypto(seeds.0), suite, NamedGroup::secp256r1);
    let server = narrowed(&rustcrypto(seeds.1), suite, NamedGroup::secp256r1);
    let mut pair = Pair::new(version, client, server, identity);
    let mut wire = pair.settle().unwrap();
    pair.client.writer().write_all(b"ping").unwrap();
    pair.server.writer().write_all(b"pong").unwrap();
    wire.extend(pair.settle().unwrap());
    wire
}

#[test]
fn the_same_seeds_give_the_same_session_byte_for_byte() {
    let identity = Identity::new(&rcgen::PKCS_ECDSA_P256_SHA256);
    for (version, suite) in [
        (&TLS13, CipherSuite::TLS13_AES_128_GCM_SHA256),
        (&TLS12, CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256),
    ] {
        let first = wire(version, suite, (1, 2), &identity);
        assert!(first.len() > 500, "{suite:?}: a whole session is longer");
        assert!(
            first == wire(version, suite, (1, 2), &identity),
            "{suite:?}: same seeds"
        );
        assert!(
            first != wire(version, suite, (3, 2), &identity),
            "{suite:?}: other client"
        );
        assert!(
            first != wire(version, suite, (1, 3), &identity),
            "{suite:?}: other server"
        );
    }
}

#[derive(Debug)]
struct Broken;

impl EntropySource for Broken {
    fn fill(&self, _: &mut [u8]) -> Result<(), EntropyError> {
        Err(EntropyError)
    }
}

#[test]
fn a_source_that_refuses_fails_every_key_exchange() {
    let backend = backend_over(Broken);
    assert!(backend.provider().secure_random.fill(&mut [0; 32]).is_err());
    for group in &backend.provider().kx_groups {
        let started = group.start().err();
        assert_eq!(started, Some(Error::FailedToGetRandomBytes), "{group:?}");
    }
}

/// A generator whose register is stuck.
#[derive(Debug)]
struct Stuck(u8);

impl EntropySource for Stuck {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyError> {
        out.fill(self.0);
        Ok(())
    }
}

#[test]
fn a_stuck_source_fails_an_ecdh_key_exchange_instead_of_holding_it_forever() {
    for byte in [0x00, 0xff] {
        let backend = backend_over(Stuck(byte));
        let groups = &backend.provider().kx_groups;
        let nist = groups
            .iter()
            .filter(|group| group.name() != NamedGroup::X25519);
        let outcomes: Vec<_> = nist.map(|group| group.start().err()).collect();
        assert_eq!(outcomes, vec![Some(Error::FailedToGetRandomBytes); 2]);
    }
}
