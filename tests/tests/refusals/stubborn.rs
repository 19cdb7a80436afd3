//! A client that signs in a scheme that TLS 1.2 does not have, and does so rightly.
#![cfg(feature = "aws-lc-rs")]

use std::sync::Arc;

use aws_lc_rs::signature::{ML_DSA_65_SIGNING, PqdsaKeyPair};
use rustls::client::ResolvesClientCert;
use rustls::pki_types::{PrivatePkcs8KeyDer, ServerName, SubjectPublicKeyInfoDer};
use rustls::sign::{CertifiedKey, Signer, SigningKey};
use rustls::{ClientConnection, SignatureAlgorithm, SignatureScheme};
use sslcore::crypto::Backend;
use sslcore::{Alert, FailureKind, Fault, OnErrors, VerifyMode};
use sslcore_tests::chains::{HOST, Made, authority, field, leaf};
use sslcore_tests::pair::server;

use super::stage::waiting;

/// Signs in its own scheme, whatever was asked for.
#[derive(Debug)]
struct Stubborn(Arc<dyn SigningKey>);

impl SigningKey for Stubborn {
    fn choose_scheme(&self, _: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        self.0.choose_scheme(&[SignatureScheme::ML_DSA_65])
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.0.algorithm()
    }

    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        self.0.public_key()
    }
}

/// Always has this certificate.
#[derive(Debug)]
struct Certain(Arc<CertifiedKey>);

impl ResolvesClientCert for Certain {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }

    fn has_certs(&self) -> bool {
        true
    }
}

fn client(backend: &Backend) -> rustls::Connection {
    let key = PqdsaKeyPair::generate(&ML_DSA_65_SIGNING).expect("a key");
    let key = key.to_pkcs8v1().expect("PKCS #8").as_ref().to_vec();
    let provider = backend.provider();
    let key = provider
        .key_provider
        .load_private_key(PrivatePkcs8KeyDer::from(key).into())
        .expect("a key of ML-DSA");
    let public = key.public_key().expect("its other half").to_vec();
    let root = Made::self_signed(authority("root"));
    let made = root.issue(leaf(&[HOST]));
    let made = made.with_fields(&root.key, |fields| fields[field::PUBLIC_KEY] = public);
    let certified = CertifiedKey::new(vec![made.der], Arc::new(Stubborn(key)));
    let config = rustls::ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&rustls::version::TLS12])
        .expect("versions")
        .dangerous()
        .with_custom_certificate_verifier(sslcore_tests::forge::gullible())
        .with_client_cert_resolver(Arc::new(Certain(Arc::new(certified))));
    let name = ServerName::try_from("server.test").expect("name");
    let client = ClientConnection::new(Arc::new(config), name);
    client.expect("client").into()
}

/// AWS-LC with all that rustls has of it: of ours, ML-DSA is no part.
fn all_of_rustls() -> Backend {
    let ours = Backend::aws_lc_rs();
    Backend::custom(
        "all of rustls",
        rustls::crypto::aws_lc_rs::default_provider(),
        move |algorithm, key| ours.aead(algorithm, key),
    )
}

#[test]
fn a_good_signature_in_a_scheme_that_tls12_does_not_have() {
    let backend = all_of_rustls();
    let mut end = waiting(
        server(backend.clone())
            .verify_mode(VerifyMode::Query)
            .on_errors(OnErrors::DangerouslyAcceptAll),
    );
    let mut client = client(&backend);
    for _ in 0..2 {
        let mut bytes = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut bytes).expect("memory");
        }
        end.give(&bytes, usize::MAX);
        if end.conn.failure().is_none() {
            client.read_tls(&mut &end.take()[..]).expect("memory");
            client.process_new_packets().expect("the honest part");
        }
    }
    let failure = end.conn.failure().expect("a failure");
    assert_eq!(failure.kind(), FailureKind::PeerMisbehaved, "{failure}");
    assert_eq!(failure.alert(), Some(Alert::IllegalParameter));
    assert_eq!(failure.fault(), Fault::Peer);
}
