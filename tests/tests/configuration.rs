//! What cannot work is refused when a configuration is built.

use rustls_pki_types::{CertificateDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer};
use sslcore::{ClientConfig, ConfigError, PeerName, ServerConfig, SslProtocol};
use sslcore_tests::certs::WORLD;
use sslcore_tests::chains::{Made, authority, element, field, leaf};
use sslcore_tests::pair::{Pair, backends, client, server};

fn refused<T: std::fmt::Debug>(outcome: Result<T, ConfigError>) -> ConfigError {
    match outcome {
        Err(error) => {
            assert!(!error.to_string().is_empty());
            error
        }
        Ok(config) => panic!("{config:?} was built"),
    }
}

fn unsupported(what: &'static str, name: &str) -> ConfigError {
    ConfigError::Unsupported {
        what,
        name: name.to_string(),
    }
}

#[test]
fn a_certificate_of_our_own_of_an_old_version_is_refused_by_its_version() {
    let root = Made::self_signed(authority("root"));
    let old = root.issue(leaf(&["server.test"]));
    let key = old.key.serialize_der();
    let old = old.with_fields(&root.key, |fields| {
        fields.remove(field::EXTENSIONS);
        fields.remove(field::VERSION);
    });
    for backend in backends() {
        let key = PrivatePkcs8KeyDer::from(key.clone());
        let error = refused(server(backend).identity([old.der.clone()], key).build());
        assert!(error.to_string().contains("X.509 version 3"), "{error}");
    }
}

#[test]
fn what_tls_as_built_here_does_not_have_is_unsupported_by_name() {
    for backend in backends() {
        for name in ["SSLv3", "TLSv1.0", "TLSv1.1", "DTLSv1.2", ""] {
            let error = refused(client(backend.clone()).protocols(&[name]).build());
            assert_eq!(error, unsupported("protocol", name));
            let error = refused(server(backend.clone()).protocols(&[name]).build());
            assert_eq!(error, unsupported("protocol", name));
        }
        for name in [
            "TLS_RSA_WITH_AES_128_GCM_SHA256",
            "ECDHE-RSA-AES128-SHA256",
            "TLS_AES_128_CCM_SHA256",
            "DHE-RSA-AES128-GCM-SHA256",
        ] {
            let error = refused(client(backend.clone()).ciphers(&[name]).build());
            assert_eq!(error, unsupported("cipher suite", name));
        }
        for name in ["ffdhe2048", "secp192r1", "nonsense"] {
            let error = refused(client(backend.clone()).groups(&[name]).build());
            assert_eq!(error, unsupported("group", name));
        }
    }
}

#[test]
fn choices_that_leave_nothing_are_refused() {
    for backend in backends() {
        let error = refused(client(backend.clone()).protocols(&[]).build());
        assert_eq!(error, ConfigError::NothingLeft("protocol"));
        let error = refused(client(backend.clone()).groups(&[]).build());
        assert_eq!(error, ConfigError::NothingLeft("group"));
        // A TLS 1.3 suite for TLS 1.2.
        let error = refused(
            client(backend.clone())
                .protocols(&["TLSv1.2"])
                .ciphers(&["TLS_AES_128_GCM_SHA256"])
                .build(),
        );
        assert!(matches!(error, ConfigError::NothingLeft(_)), "{error:?}");
    }
}

#[test]
fn a_key_that_does_not_belong_to_the_certificate_is_refused() {
    for backend in backends() {
        let chain = || WORLD.server.chain.clone();
        let error = refused(
            ServerConfig::builder(backend.clone())
                .identity(chain(), WORLD.client.key())
                .build(),
        );
        assert_eq!(error, ConfigError::KeyMismatch, "{}", backend.name());
        let error = refused(
            ClientConfig::builder(backend.clone())
                .identity(chain(), WORLD.client.key())
                .build(),
        );
        assert_eq!(error, ConfigError::KeyMismatch);
        let damaged = PrivatePkcs8KeyDer::from(vec![1, 2, 3]);
        let error = refused(
            ServerConfig::builder(backend.clone())
                .identity(chain(), damaged)
                .build(),
        );
        assert!(matches!(error, ConfigError::UnusableKey(_)), "{error:?}");
        let garbage = vec![CertificateDer::from(vec![1, 2, 3])];
        for chain in [vec![], garbage] {
            let identity =
                ServerConfig::builder(backend.clone()).identity(chain, WORLD.server.key());
            let error = refused(identity.build());
            assert!(
                matches!(error, ConfigError::UnusableCertificate(_)),
                "{error:?}"
            );
        }
    }
}

#[test]
fn a_server_needs_a_certificate() {
    for backend in backends() {
        let error = refused(ServerConfig::builder(backend).build());
        assert!(
            matches!(error, ConfigError::UnusableCertificate(_)),
            "{error:?}"
        );
    }
}

#[test]
fn a_trust_anchor_that_cannot_be_read_is_named_by_its_place() {
    for backend in backends() {
        let anchors = [WORLD.ca.der(), CertificateDer::from(vec![0x30, 0])];
        let error = refused(
            ClientConfig::builder(backend)
                .trust_anchors(anchors)
                .build(),
        );
        assert!(
            matches!(error, ConfigError::UnusableTrustAnchor { index: 1, .. }),
            "{error:?}"
        );
    }
}

#[test]
fn names_and_protocol_names_are_checked() {
    for name in ["", "not a name", "exa mple.org", "1.2.3", "[::1]"] {
        assert_eq!(
            PeerName::new(name).map(|_| ()),
            Err(ConfigError::InvalidName(name.to_string()))
        );
    }
    for name in [
        "example.org",
        "192.0.2.1",
        "2001:db8::1",
        "xn--bcher-kva.example",
    ] {
        assert!(PeerName::new(name).is_ok(), "{name}");
    }
    let peer = PeerName::new("example.org").expect("a name");
    assert_eq!(peer.verify_name(), "example.org");
    assert_eq!(peer.server_name(), Some("example.org"));
    let peer = peer.verify_as("192.0.2.1").expect("an address");
    assert_eq!(peer.verify_name(), "192.0.2.1");
    assert_eq!(peer.server_name(), Some("example.org"));
    assert_eq!(peer.without_sni().server_name(), None);
    let peer = PeerName::new("2001:db8::1").expect("an address");
    assert_eq!(peer.verify_name(), "2001:db8::1");
    assert_eq!(peer.server_name(), None);
    for backend in backends() {
        let long = [b'x'; 256];
        for names in [&[&b""[..]][..], &[&long[..]]] {
            let error = refused(client(backend.clone()).alpn(names).build());
            assert_eq!(error, ConfigError::InvalidAlpn);
        }
    }
}

#[test]
fn every_suite_and_every_group_can_be_chosen_by_name() {
    let ecdsa = [
        ("TLSv1.3", "TLS_AES_128_GCM_SHA256"),
        ("TLSv1.3", "TLS_AES_256_GCM_SHA384"),
        ("TLSv1.3", "TLS_CHACHA20_POLY1305_SHA256"),
        ("TLSv1.2", "ECDHE-ECDSA-AES128-GCM-SHA256"),
        ("TLSv1.2", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
        ("TLSv1.2", "ECDHE-ECDSA-CHACHA20-POLY1305"),
    ];
    for client_backend in backends() {
        for server_backend in backends() {
            for (version, suite) in ecdsa {
                let hybrids = ["X25519MLKEM768", "SecP256r1MLKEM768"];
                let there = cfg!(feature = "ml-kem") && version == "TLSv1.3";
                let hybrids = if there { &hybrids[..] } else { &[] };
                for group in ["X25519", "secp256r1", "P-384"].iter().chain(hybrids) {
                    let client = client(client_backend.clone())
                        .protocols(&[version])
                        .ciphers(&[suite])
                        .groups(&[group])
                        .build()
                        .expect("client");
                    let server = server(server_backend.clone()).build().expect("server");
                    let mut pair = Pair::encrypted(&client, &server);
                    let cipher = pair.client.conn.session_cipher().expect("negotiated");
                    assert!([cipher.name(), cipher.openssl_name()].contains(&suite));
                    assert_eq!(Some(cipher), pair.server.conn.session_cipher());
                    let protocol = pair.client.conn.session_protocol().map(SslProtocol::name);
                    assert_eq!(protocol, Some(version));
                    let used = pair.client.conn.key_exchange_group().expect("an exchange");
                    let wanted = if *group == "P-384" {
                        "secp384r1"
                    } else {
                        group
                    };
                    assert_eq!(used, wanted);
                    pair.client.write(b"ping");
                    pair.server.write(b"pong");
                    pair.run();
                    assert_eq!(pair.server.read_all(), b"ping");
                    assert_eq!(pair.client.read_all(), b"pong");
                }
            }
        }
    }
}

#[test]
fn the_server_s_order_of_suites_wins_unless_it_follows_the_client() {
    let suites = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"];
    let reversed = [suites[1], suites[0]];
    for (follow, expected) in [(false, suites[0]), (true, suites[1])] {
        for backend in backends() {
            let mut server = server(backend.clone()).ciphers(&suites);
            if follow {
                server = server.follow_client_ciphers();
            }
            let client = client(backend).ciphers(&reversed);
            let pair = Pair::encrypted(
                &client.build().expect("client"),
                &server.build().expect("server"),
            );
            let cipher = pair
                .client
                .conn
                .session_cipher()
                .map(|cipher| cipher.name());
            assert_eq!(cipher, Some(expected));
        }
    }
}

#[test]
fn a_later_choice_replaces_an_earlier_one_that_could_not_work() {
    for backend in backends() {
        let built = client(backend)
            .protocols(&["SSLv3"])
            .protocols(&["TLSv1.3"])
            .ciphers(&["nonsense"])
            .ciphers(&["TLS_AES_128_GCM_SHA256"])
            .alpn(&[b""])
            .alpn(&[b"h2"])
            .build();
        assert!(built.is_ok(), "{built:?}");
    }
}

#[test]
fn an_rsa_key_that_is_too_short_says_its_length() {
    // PKCS#1 (RFC 8017 §A.1.2): a version, a modulus, and what nobody gets to look at.
    let modulus = [&[0, 0x80][..], &[7; 127]].concat();
    let small = element(2, &[3]);
    let rest = [&small[..]; 7].concat();
    let key = [element(2, &[0]), element(2, &modulus), rest].concat();
    let key = element(0x30, &key);
    for backend in backends() {
        let key = PrivatePkcs1KeyDer::from(key.clone());
        let error = refused(
            server(backend)
                .identity(WORLD.server.chain.clone(), key)
                .build(),
        );
        let why = "the private key cannot be used: an RSA key of 1024 bits, and 2048 are needed";
        assert_eq!(error.to_string(), why);
    }
}
