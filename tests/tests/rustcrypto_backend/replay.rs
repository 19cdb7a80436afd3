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
        // X25519 takes any bytes.
        let others = [NamedGroup::X25519, NamedGroup::X25519MLKEM768];
        let nist = groups
            .iter()
            .filter(|group| !others.contains(&group.name()));
        let outcomes: Vec<_> = nist.map(|group| group.start().err()).collect();
        let hybrids = usize::from(cfg!(feature = "ml-kem"));
        assert_eq!(
            outcomes,
            vec![Some(Error::FailedToGetRandomBytes); 2 + hybrids]
        );
    }
}

/// A generator that delivers so often, and then no more.
#[cfg(feature = "ml-kem")]
#[derive(Debug)]
struct Exhausted(std::sync::atomic::AtomicUsize);

#[cfg(feature = "ml-kem")]
impl EntropySource for Exhausted {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyError> {
        use std::sync::atomic::Ordering::Relaxed;
        let left = self
            .0
            .fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1));
        out.fill(7);
        left.map(|_| ()).map_err(|_| EntropyError)
    }
}

#[cfg(feature = "ml-kem")]
#[test]
fn a_source_that_refuses_the_second_half_fails_a_hybrid_key_exchange() {
    for name in [NamedGroup::X25519MLKEM768, NamedGroup::secp256r1MLKEM768] {
        let exhausted = |draws: usize| {
            let backend = backend_over(Exhausted(draws.into()));
            let mut groups = backend.provider().kx_groups.iter();
            *groups.find(|group| group.name() == name).expect("there")
        };
        let share = exhausted(2).start().expect("two draws");
        let share = share.pub_key();
        assert!(exhausted(2).start_and_complete(share).is_ok());
        let refused = Some(Error::FailedToGetRandomBytes);
        assert_eq!(exhausted(1).start().err(), refused, "{name:?}");
        assert_eq!(
            exhausted(1).start_and_complete(share).err(),
            refused,
            "{name:?}"
        );
    }
}
