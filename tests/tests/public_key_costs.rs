//! How many public-key operations one call of `process` costs (rule R16): one, and what the engine does
//! for one message of its own.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

use rustls::crypto::{
    ActiveKeyExchange, CryptoProvider, KeyProvider, SharedSecret, SupportedKxGroup,
    WebPkiSupportedAlgorithms,
};
use rustls::sign::{Signer, SigningKey};
use rustls::{Error, NamedGroup, SignatureAlgorithm, SignatureScheme};
use rustls_pki_types::{
    AlgorithmIdentifier, InvalidSignature, PrivateKeyDer, SignatureVerificationAlgorithm,
};
use sslcore::crypto::Backend;
use sslcore::{Progress, VerifyMode};
use sslcore_tests::certs::WORLD;
use sslcore_tests::pair::{End, Pair, backend, client, server};

thread_local! {
    static DONE: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

fn note(operation: &'static str) {
    DONE.with_borrow_mut(|done| done.push(operation));
}

/// What it wraps, and notes what that is asked for.
struct Noting<T: ?Sized>(T);

impl<T: fmt::Debug + ?Sized> fmt::Debug for Noting<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl SupportedKxGroup for Noting<&'static dyn SupportedKxGroup> {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        note("generate");
        Ok(Box::new(Noting(self.0.start()?)))
    }

    fn name(&self) -> NamedGroup {
        self.0.name()
    }
}

impl ActiveKeyExchange for Noting<Box<dyn ActiveKeyExchange>> {
    fn complete(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, Error> {
        note("agree");
        self.0.complete(peer)
    }

    fn pub_key(&self) -> &[u8] {
        self.0.pub_key()
    }

    fn group(&self) -> NamedGroup {
        self.0.group()
    }
}

impl KeyProvider for Noting<&'static dyn KeyProvider> {
    fn load_private_key(&self, key: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, Error> {
        Ok(Arc::new(Noting(self.0.load_private_key(key)?)))
    }
}

impl SigningKey for Noting<Arc<dyn SigningKey>> {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        Some(Box::new(Noting(self.0.choose_scheme(offered)?)))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.0.algorithm()
    }
}

impl Signer for Noting<Box<dyn Signer>> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        note("sign");
        self.0.sign(message)
    }

    fn scheme(&self) -> SignatureScheme {
        self.0.scheme()
    }
}

impl SignatureVerificationAlgorithm for Noting<&'static dyn SignatureVerificationAlgorithm> {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        note("verify");
        self.0.verify_signature(public_key, message, signature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.0.public_key_alg_id()
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.0.signature_alg_id()
    }
}

type Verifies = &'static dyn SignatureVerificationAlgorithm;

fn noted(algorithms: &[Verifies]) -> &'static [Verifies] {
    let noted = algorithms.iter().map(|algorithm| {
        let noted: Verifies = Box::leak(Box::new(Noting(*algorithm)));
        noted
    });
    noted.collect::<Vec<_>>().leak()
}

/// The backend of the tests, with every public-key operation noted.
fn noting() -> Backend {
    let mut provider = CryptoProvider::clone(backend().provider());
    for group in &mut provider.kx_groups {
        *group = Box::leak(Box::new(Noting(*group)));
    }
    provider.key_provider = Box::leak(Box::new(Noting(provider.key_provider)));
    let known = provider.signature_verification_algorithms;
    let mapping = known.mapping.iter();
    let mapping = mapping.map(|(scheme, algorithms)| (*scheme, noted(algorithms)));
    provider.signature_verification_algorithms = WebPkiSupportedAlgorithms {
        all: noted(known.all),
        mapping: mapping.collect::<Vec<_>>().leak(),
    };
    Backend::custom("noting", provider, |algorithm, key| {
        backend().aead(algorithm, key)
    })
}

/// Carries what one end has to say to the other, and adds what each call of `process` has cost that
/// has cost anything.
fn carry(from: &mut End, to: &mut End, costs: &mut Vec<String>) -> bool {
    let mut said = false;
    loop {
        let progress = from.conn.process(from.now());
        let cost = DONE.take().join(" ");
        costs.extend((!cost.is_empty()).then_some(cost));
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
fn costs(version: &str, is_mutual: bool) -> [Vec<String>; 2] {
    let mut client = client(noting()).protocols(&[version]);
    let mut server = server(noting()).protocols(&[version]);
    if is_mutual {
        client = client.identity(WORLD.client.chain.clone(), WORLD.client.key());
        server = server.verify_mode(VerifyMode::Verify);
    }
    let (client, server) = (client.build(), server.build());
    let mut pair = Pair::tls(&client.expect("client"), &server.expect("server"));
    // What the configurations cost.
    DONE.take();
    let mut costs = [Vec::new(), Vec::new()];
    while carry(&mut pair.client, &mut pair.server, &mut costs[0])
        | carry(&mut pair.server, &mut pair.client, &mut costs[1])
    {}
    assert!(pair.client.conn.is_encrypted() && pair.server.conn.is_encrypted());
    costs
}

#[test]
fn one_call_costs_one_operation_or_what_one_message_costs_the_engine() {
    for (version, is_mutual, client, server) in [
        (
            "TLSv1.3",
            false,
            &["generate", "agree", "verify", "verify"][..],
            &["generate agree sign"][..],
        ),
        (
            "TLSv1.3",
            true,
            &["generate", "agree", "verify", "sign", "verify"],
            &["generate agree sign", "verify", "verify"],
        ),
        (
            "TLSv1.2",
            false,
            &["verify generate agree", "verify"],
            &["generate sign", "agree"],
        ),
        (
            "TLSv1.2",
            true,
            &["verify generate sign agree", "verify"],
            &["generate sign", "agree", "verify", "verify"],
        ),
    ] {
        let [by_client, by_server] = costs(version, is_mutual);
        assert_eq!(by_client, client, "{version} {is_mutual}");
        assert_eq!(by_server, server, "{version} {is_mutual}");
    }
}
