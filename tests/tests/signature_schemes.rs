//! The schemes that a peer may sign its handshake in.

use std::sync::Arc;

use rustls::sign::{CertifiedKey, Signer, SigningKey, SingleCertAndKey};
use rustls::{ServerConnection, SignatureAlgorithm};
use sslcore::{
    Alert, ConfigError, Event, FailureKind, Limits, ServerStart, SignatureScheme, SslProtocol,
    VerifyMode,
};
use sslcore_tests::certs::WORLD;
use sslcore_tests::pair::{End, Pair, VERSIONS, backend, backends, client, server, server_name};

/// What the tests' server and client sign with.
const OURS: &str = "ecdsa_secp256r1_sha256";

#[test]
fn names_are_those_of_iana() {
    for backend in backends() {
        let mut known = backend.supported_signature_schemes();
        assert!(known.any(|scheme| scheme == SignatureScheme::Ed25519));
        for scheme in backend.supported_signature_schemes() {
            assert_eq!(SignatureScheme::from_name(scheme.name()), Some(scheme));
            let loud = scheme.to_string().to_ascii_uppercase();
            assert_eq!(SignatureScheme::from_name(&loud), Some(scheme));
        }
        let mut groups = backend.supported_groups();
        assert!(groups.any(|group| group == "X25519"));
    }
    assert_eq!(SignatureScheme::from_name("rsa"), None);
}

#[test]
fn a_hello_offers_the_schemes_that_were_named_and_no_other() {
    for version in VERSIONS {
        let mut pair = Pair::default();
        let config = client(backend())
            .protocols(&[version])
            .signature_schemes(&["rsa_pss_rsae_sha256", "ED25519", "rsa_pss_rsae_sha256"])
            .build()
            .expect("client");
        let start = ServerStart::Ask {
            fallback: server(backend()).build().expect("server"),
        };
        pair.server
            .conn
            .start_server_encryption(start)
            .expect("start");
        let started = pair
            .client
            .conn
            .start_client_encryption(&config, server_name());
        started.expect("start");
        pair.run();
        let request = pair.server.conn.config_request().expect("asked");
        let offered: Vec<u16> = request.hello.signature_schemes().collect();
        assert_eq!(offered, [0x0804, 0x0807], "{version}");
    }
}

#[test]
fn a_server_without_any_of_them_cannot_prove_itself_and_one_with_one_can() {
    for backend in backends() {
        for version in VERSIONS {
            for (schemes, works) in [(&["ed25519", OURS][..], true), (&["ed25519"], false)] {
                let client = client(backend.clone()).protocols(&[version]);
                let client = client.signature_schemes(schemes).build();
                let server = server(backend.clone()).build().expect("server");
                let mut pair = Pair::tls(&client.expect("client"), &server);
                pair.run();
                let case = format!("{} {version} {schemes:?}", backend.name());
                assert_eq!(pair.client.conn.is_encrypted(), works, "{case}");
                let refused = pair
                    .client
                    .saw(Event::AlertReceived(Alert::HandshakeFailure));
                assert_eq!(refused, !works, "{case}");
            }
        }
    }
}

#[test]
fn a_client_is_asked_for_a_certificate_with_the_servers_schemes() {
    for version in VERSIONS {
        for (scheme, works) in [(OURS, true), ("ed25519", false)] {
            let server = server(backend())
                .protocols(&[version])
                .verify_mode(VerifyMode::Verify)
                .signature_schemes(&[scheme])
                .build()
                .expect("server");
            let client = client(backend())
                .identity(WORLD.client.chain.clone(), WORLD.client.key())
                .build()
                .expect("client");
            let mut pair = Pair::tls(&client, &server);
            pair.run();
            let encrypted = pair.server.conn.is_encrypted();
            assert_eq!(encrypted, works, "{version} {scheme}");
        }
    }
}

/// Signs in the same scheme whatever is offered.
#[derive(Debug)]
struct Stubborn(Arc<dyn SigningKey>);

impl SigningKey for Stubborn {
    fn choose_scheme(&self, _: &[rustls::SignatureScheme]) -> Option<Box<dyn Signer>> {
        let scheme = SignatureScheme::EcdsaP256Sha256;
        self.0.choose_scheme(&[scheme.code().into()])
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.0.algorithm()
    }
}

/// Carries bytes to the handshake's end, good or bad.
fn exchange(end: &mut End, mut peer: ServerConnection) {
    for _ in 0..10 {
        let ours = end.take();
        let mut ours = &ours[..];
        while !ours.is_empty() && peer.read_tls(&mut ours).is_ok() {
            let _ = peer.process_new_packets();
        }
        let mut theirs = Vec::new();
        while peer.wants_write() {
            peer.write_tls(&mut theirs).expect("memory");
        }
        end.give(&theirs, usize::MAX);
    }
}

#[test]
fn a_good_signature_in_a_scheme_that_was_not_offered_is_refused() {
    for version in VERSIONS {
        // Another ECDSA scheme, so that TLS 1.2 has cipher suites for it.
        for (scheme, works) in [(OURS, true), ("ecdsa_secp384r1_sha384", false)] {
            let provider = backend().provider().clone();
            let key = provider.key_provider.load_private_key(WORLD.server.key());
            let key = Arc::new(Stubborn(key.expect("key")));
            let certified = CertifiedKey::new(WORLD.server.chain.clone(), key);
            let peer = rustls::ServerConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .expect("versions")
                .with_no_client_auth()
                .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
            let peer = ServerConnection::new(Arc::new(peer)).expect("server");
            let config = client(backend()).protocols(&[version]);
            let config = config.signature_schemes(&[scheme]).build().expect("client");
            let mut end = End::new(Limits::default());
            let started = end.conn.start_client_encryption(&config, server_name());
            started.expect("start");
            exchange(&mut end, peer);
            assert_eq!(end.conn.is_encrypted(), works, "{version} {scheme}");
            if !works {
                assert!(
                    end.saw(Event::AlertSent(Alert::IllegalParameter)),
                    "{version}"
                );
                let failure = end.conn.failure().expect("failed").kind();
                assert!(
                    matches!(failure, FailureKind::PeerMisbehaved),
                    "{failure:?}"
                );
            }
        }
    }
}

#[test]
fn schemes_that_cannot_work_are_refused_when_the_configuration_is_built() {
    for backend in backends() {
        for name in ["ed448", "rsa_pss_pss_sha256", "sha1", ""] {
            let client = client(backend.clone()).signature_schemes(&[name]).build();
            let error = ConfigError::Unsupported {
                what: "signature scheme",
                name: name.to_owned(),
            };
            assert_eq!(client.expect_err("no scheme"), error);
        }
        let of_tls12 = ["rsa_pkcs1_sha256"];
        const BOTH: [&str; 2] = ["TLSv1.2", "TLSv1.3"];
        for (versions, schemes) in [(&BOTH[..], &[][..]), (&BOTH[1..], &of_tls12)] {
            let server = server(backend.clone()).protocols(versions);
            let error = server.signature_schemes(schemes).build().expect_err("none");
            let why = "the configuration leaves no signature scheme that fits the protocols to use";
            assert_eq!(error.to_string(), why);
        }
        let client = client(backend.clone()).signature_schemes(&of_tls12).build();
        let protocols = [SslProtocol::TlsV1_3, SslProtocol::TlsV1_2];
        assert_eq!(client.expect("TLS 1.2 has it").protocols(), protocols);
    }
}
