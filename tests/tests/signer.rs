//! Keys that stay elsewhere: a signer in the place of a private key.

use std::sync::Arc;

use sslcore::crypto::Backend;
use sslcore::{
    Alert, ConfigError, Engine, Event, FailureKind, Fault, ServerConfig, SignatureScheme,
};
use sslcore_tests::certs::{Identity, PKCS_ED25519, PKCS_RSA_SHA256, WORLD};
use sslcore_tests::module::Module;
use sslcore_tests::pair::{Pair, VERSIONS, backend, backends, client, server};

const P256: &[SignatureScheme] = &[SignatureScheme::EcdsaP256Sha256];

fn served_by(
    backend: &Backend,
    identity: &Identity,
    signer: &Arc<Module>,
) -> sslcore::ConfigBuilder<ServerConfig> {
    server(backend.clone()).identity_with_signer(identity.chain.clone(), signer.clone())
}

#[test]
fn a_signer_signs_once_for_each_full_handshake_of_a_client_or_a_server() {
    for backend in backends() {
        for version in VERSIONS {
            let of_server = Arc::new(Module::with(&backend, &WORLD.server, P256));
            let of_client = Arc::new(Module::with(&backend, &WORLD.client, P256));
            let server = served_by(&backend, &WORLD.server, &of_server).protocols(&[version]);
            let client = client(backend.clone())
                .identity_with_signer(WORLD.client.chain.clone(), of_client.clone());
            let (client, server) = (client.build().unwrap(), server.build().unwrap());
            // The second one is resumed.
            for resumed in [false, true] {
                let pair = Pair::encrypted(&client, &server);
                assert_eq!(pair.server.conn.is_resumed(), resumed, "{version}");
                let seen = pair.server.conn.peer_certificate_chain();
                assert_eq!(seen[0].der(), &WORLD.client.chain[0]);
                assert_eq!((of_server.signed(), of_client.signed()), (1, 1));
            }
        }
    }
}

#[test]
fn a_signer_of_any_kind_of_key_serves() {
    use SignatureScheme as S;
    let backend = backend();
    for (kind, schemes) in [
        (&PKCS_ED25519, &[S::Ed25519][..]),
        (&PKCS_RSA_SHA256, &[S::RsaPkcs1Sha256, S::RsaPssSha384][..]),
    ] {
        let identity = WORLD.ca.leaf_of(kind, &["server.test"]);
        for version in VERSIONS {
            let signer = Arc::new(Module::with(&backend, &identity, schemes));
            let server = served_by(&backend, &identity, &signer).protocols(&[version]);
            let client = client(backend.clone()).build().unwrap();
            Pair::encrypted(&client, &server.build().unwrap());
            assert_eq!(signer.signed(), 1, "{schemes:?} {version}");
        }
    }
}

#[test]
fn a_server_whose_signer_refuses_fails_with_its_reason_and_an_internal_error() {
    for backend in backends() {
        for version in VERSIONS {
            let mut module = Module::with(&backend, &WORLD.server, P256);
            module.broken = true;
            let module = Arc::new(module);
            let server = served_by(&backend, &WORLD.server, &module).protocols(&[version]);
            let client = client(backend.clone()).build().unwrap();
            let mut pair = Pair::tls(&client, &server.build().unwrap());
            pair.run();
            refused(&pair.server);
            let told = FailureKind::AlertReceived(Alert::InternalError);
            assert!(
                pair.client.saw(Event::Failed(told)),
                "{:?}",
                pair.client.events
            );
            assert_eq!(module.signed(), 1);
        }
    }
}

#[test]
fn a_client_whose_signer_refuses_fails_with_its_reason_and_an_internal_error() {
    for version in VERSIONS {
        let mut module = Module::with(&backend(), &WORLD.client, P256);
        module.broken = true;
        let client = client(backend())
            .identity_with_signer(WORLD.client.chain.clone(), Arc::new(module))
            .protocols(&[version]);
        let server = server(backend()).build().unwrap();
        let mut pair = Pair::tls(&client.build().unwrap(), &server);
        pair.run();
        refused(&pair.client);
        assert!(!pair.server.saw(Event::Encrypted), "{version}");
    }
}

fn refused(end: &sslcore_tests::pair::End) {
    let failure = end.conn.failure().expect("it has failed");
    assert_eq!(failure.kind(), FailureKind::SigningFailed);
    assert_eq!(failure.kind().fault(), Fault::Configuration);
    assert_eq!(failure.alert(), Some(Alert::InternalError));
    let text = failure.to_string();
    assert!(text.contains("the module was taken out"), "{text}");
    assert!(!text.contains("unexpected error"), "{text}");
    assert!(!end.conn.is_encrypted());
}

#[test]
fn a_signer_that_cannot_work_is_refused_when_the_configuration_is_built() {
    for engine in [Engine::Rustls, Engine::Own] {
        let built = |module: Module| {
            let module = Arc::new(module);
            let server = served_by(&backend(), &WORLD.server, &module).protocols(&["TLSv1.3"]);
            server.engine(engine).build().err()
        };
        let unusable = |outcome: Option<ConfigError>| match outcome {
            Some(ConfigError::UnusableKey(why)) => why,
            other => panic!("{other:?}"),
        };
        let none = Module::with(&backend(), &WORLD.server, &[]);
        assert_eq!(unusable(built(none)), "its signer has no signature scheme");
        let mixed = &[SignatureScheme::EcdsaP256Sha256, SignatureScheme::Ed25519];
        let mixed = Module::with(&backend(), &WORLD.server, mixed);
        assert_eq!(
            unusable(built(mixed)),
            "its signer has schemes for more than one kind of key"
        );
        let others = Module::with(&backend(), &WORLD.client, P256);
        assert_eq!(built(others), Some(ConfigError::KeyMismatch));
        let mut silent = Module::with(&backend(), &WORLD.server, P256);
        silent.public_key = None;
        assert_eq!(built(silent), None);
    }
}

#[test]
fn a_signer_without_a_scheme_that_the_peer_accepts_is_not_asked() {
    // RSA-PKCS1 is for TLS 1.2 alone (RFC 8446 §4.2.3).
    let identity = WORLD.ca.leaf_of(&PKCS_RSA_SHA256, &["server.test"]);
    let schemes = &[SignatureScheme::RsaPkcs1Sha256];
    let module = Arc::new(Module::with(&backend(), &identity, schemes));
    let server = served_by(&backend(), &identity, &module).protocols(&["TLSv1.3"]);
    let client = client(backend()).build().unwrap();
    let mut pair = Pair::tls(&client, &server.build().unwrap());
    pair.run();
    let failure = pair.server.conn.failure().expect("it has failed");
    assert_eq!(failure.kind(), FailureKind::Incompatible);
    assert_eq!(module.signed(), 0);
}
