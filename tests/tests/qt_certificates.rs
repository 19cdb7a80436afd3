//! Qt's tests of certificates and trust, by name (`tst_qsslsocket.cpp`): who presents what, and
//! what the other side sees of it. `qt-checklist.txt` lists all of them.

use std::sync::Arc;

use sslcore::{
    Alert, ClientConfig, ConfigBuilder, ConfigError, Event, FailureKind, OnErrors, PeerName,
    ServerConfig, ServerStart, SignatureScheme, SslErrorKind, VerifyMode,
};
use sslcore_tests::certs::{Ca, Identity, WORLD};
use sslcore_tests::module::Module;
use sslcore_tests::pair::{End, Pair, VERSIONS, backend, client, server};

fn client_as(identity: &Identity) -> ConfigBuilder<ClientConfig> {
    client(backend()).identity(identity.chain.clone(), identity.key())
}

fn server_as(identity: &Identity) -> ConfigBuilder<ServerConfig> {
    server(backend()).identity(identity.chain.clone(), identity.key())
}

/// The chain that an end has seen, in DER.
fn seen(end: &End) -> Vec<&[u8]> {
    let chain = end.conn.peer_certificate_chain();
    chain.iter().map(AsRef::as_ref).collect()
}

fn sent(identity: &Identity) -> Vec<&[u8]> {
    identity.chain.iter().map(AsRef::as_ref).collect()
}

/// A leaf behind an intermediate.
fn behind_an_intermediate(root: &Ca) -> Identity {
    let intermediate = root.intermediate("test intermediate");
    let mut identity = intermediate.leaf(&["server.test"]);
    identity.chain.push(intermediate.der());
    identity
}

/// Qt's `localCertificate`: a client with a certificate and a key handshakes. Qt's server does not
/// ask for it; this one does, and sees it.
#[test]
fn local_certificate() {
    for version in VERSIONS {
        let config = client_as(&WORLD.client).protocols(&[version]);
        let pair = Pair::handshaken(config, server(backend()));
        assert!(pair.client.conn.is_encrypted() && pair.server.conn.is_encrypted());
        assert!(pair.client.saw(Event::ClientCertificateRequested));
        assert_eq!(seen(&pair.server), sent(&WORLD.client));
    }
}

/// Qt's `setLocalCertificate`, which is empty there: a certificate alone is no identity, so the
/// setter takes the chain and the key together, and the last one set counts.
#[test]
fn set_local_certificate() {
    let twice = client_as(&WORLD.stranger).identity(WORLD.client.chain.clone(), WORLD.client.key());
    let built = twice.build().expect("client");
    assert_eq!(built.local_certificate_chain().len(), 1);
    assert_eq!(
        built.local_certificate_chain()[0].der(),
        &WORLD.client.chain[0]
    );
}

/// Qt's `localCertificateChain`: a chain of one is told as a chain of one, its first certificate
/// being the local certificate.
#[test]
fn local_certificate_chain() {
    let none = client(backend()).build().expect("client");
    assert!(none.local_certificate_chain().is_empty());
    let built = server_as(&WORLD.server).build().expect("server");
    let chain = built.local_certificate_chain();
    assert_eq!(chain.len(), 1);
    assert_eq!(chain[0].der(), &WORLD.server.chain[0]);
}

/// Qt's `setLocalCertificateChain`: the client sees leaf and intermediate, in order.
#[test]
fn set_local_certificate_chain() {
    let identity = behind_an_intermediate(&WORLD.ca);
    for version in VERSIONS {
        let pair = Pair::handshaken(
            client(backend()).protocols(&[version]),
            server_as(&identity),
        );
        assert!(pair.client.conn.is_encrypted());
        assert_eq!(seen(&pair.client), sent(&identity));
        assert_eq!(pair.client.conn.peer_certificate_chain().len(), 2);
    }
}

/// Qt's `privateKey`, which is empty there: the key must be the certificate's, which is found out
/// when the configuration is built. It cannot be had back, and is not shown.
#[test]
fn private_key() {
    let mismatch = server(backend()).identity(WORLD.server.chain.clone(), WORLD.client.key());
    assert_eq!(mismatch.build().err(), Some(ConfigError::KeyMismatch));
    let built = server_as(&WORLD.server).build().expect("server");
    assert_eq!(format!("{built:?}"), "ServerConfig");
}

/// Qt's `setPrivateKey` (Qt 5), which is a stub there: a key that cannot be read is an error that
/// says so. Qt warns and keeps the key that it had.
#[test]
fn set_private_key() {
    let damaged = || rustls_pki_types::PrivatePkcs8KeyDer::from(vec![0x30, 1, 2]);
    let chain = WORLD.server.chain.clone();
    let error = server(backend()).identity(chain, damaged()).build();
    assert!(
        matches!(error, Err(ConfigError::UnusableKey(_))),
        "{error:?}"
    );
}

/// Qt's `setEmptyKey`: a server that has a certificate and no key does not crash, and never
/// becomes encrypted. Qt finds out when the handshake starts; here there is no such server.
#[test]
fn set_empty_key() {
    let empty = rustls_pki_types::PrivatePkcs8KeyDer::from(Vec::new());
    let error = server(backend()).identity(WORLD.server.chain.clone(), empty);
    let error = error.build();
    assert!(
        matches!(error, Err(ConfigError::UnusableKey(_))),
        "{error:?}"
    );
    let nothing = ServerConfig::builder(backend()).build();
    assert!(
        matches!(nothing, Err(ConfigError::UnusableCertificate(_))),
        "{nothing:?}"
    );
}

/// Qt's `peerCertificate`, which is empty there: none before the handshake, afterwards the one
/// that the peer has, also when it was refused.
#[test]
fn peer_certificate() {
    for version in VERSIONS {
        for identity in [&WORLD.server, &WORLD.stranger] {
            let mut pair = Pair::default();
            assert_eq!(pair.client.conn.peer_certificate(), None);
            let client = client(backend()).protocols(&[version]).build();
            let server = server_as(identity).build().expect("server");
            pair.start(&client.expect("client"), &server);
            pair.run();
            let told = pair.client.conn.peer_certificate().expect("it has one");
            assert_eq!(told.der(), &identity.chain[0]);
        }
    }
}

/// Qt's `peerCertificateChain`: empty before; its first is the peer's certificate; a new connection
/// knows nothing of the one before.
#[test]
fn peer_certificate_chain() {
    for identity in [&WORLD.server, &behind_an_intermediate(&WORLD.ca)] {
        let mut pair = Pair::default();
        assert!(pair.client.conn.peer_certificate_chain().is_empty());
        let client = client(backend()).build().expect("client");
        pair.start(&client, &server_as(identity).build().expect("server"));
        pair.run();
        let chain = pair.client.conn.peer_certificate_chain();
        assert_eq!(chain.first(), pair.client.conn.peer_certificate());
        assert_eq!(seen(&pair.client), sent(identity));
        pair.client.conn.abort();
        assert_eq!(seen(&pair.client), sent(identity), "it still answers");
    }
}

/// Qt's `connectToHostEncryptedWithVerificationPeerName`: the certificate is for another name than
/// the one connected to, and verified by that.
#[test]
fn connect_to_host_encrypted_with_verification_peer_name() {
    for (name, verify, works) in [
        ("elsewhere.test", "server.test", true),
        ("server.test", "elsewhere.test", false),
    ] {
        let peer = PeerName::new(name).and_then(|peer| peer.verify_as(verify));
        let config = client(backend()).build().expect("client");
        let mut pair = Pair::default();
        let start = ServerStart::With(server(backend()).build().expect("server"));
        let started = pair.server.conn.start_server_encryption(start);
        started.expect("start");
        let started = pair
            .client
            .conn
            .start_client_encryption(&config, peer.expect("names"));
        started.expect("start");
        pair.run();
        assert_eq!(pair.client.conn.is_encrypted(), works, "{name} as {verify}");
    }
}

/// Qt's `setCaCertificates`: a list replaces the one before, and an empty one trusts nobody.
#[test]
fn set_ca_certificates() {
    let other = Ca::new("another root");
    for (anchors, works) in [
        (vec![WORLD.ca.der()], true),
        (vec![other.der()], false),
        (vec![], false),
        (vec![other.der(), WORLD.ca.der()], true),
    ] {
        let config = client(backend()).trust_anchors(anchors);
        let pair = Pair::handshaken(config, server(backend()));
        assert_eq!(pair.client.conn.is_encrypted(), works);
    }
}

/// Qt's `configNoOnDemandLoad`: what was set as trust is the trust there is. Nothing is ever loaded
/// on demand here; trust is what a builder was given, and nothing else.
#[test]
fn config_no_on_demand_load() {
    let nobody = ClientConfig::builder(backend());
    let pair = Pair::handshaken(nobody, server(backend()));
    let errors = pair.client.conn.ssl_errors();
    let kinds: Vec<_> = errors.iter().map(|error| error.kind()).collect();
    assert_eq!(
        kinds,
        [
            SslErrorKind::UnableToGetLocalIssuerCertificate,
            SslErrorKind::UnableToVerifyFirstCertificate
        ]
    );
    let given = ClientConfig::builder(backend()).trust_anchors([WORLD.ca.der()]);
    assert!(
        Pair::handshaken(given, server(backend()))
            .client
            .conn
            .is_encrypted()
    );
}

/// Qt's `setSslConfiguration`: an empty configuration and the default one fail, one with the root
/// works.
#[test]
fn set_ssl_configuration() {
    for version in VERSIONS {
        let empty = ClientConfig::builder(backend()).protocols(&[version]);
        let with_root = client(backend()).protocols(&[version]);
        for (config, works) in [(empty, false), (with_root, true)] {
            let pair = Pair::handshaken(config, server(backend()));
            assert_eq!(pair.client.conn.is_encrypted(), works);
            assert_eq!(pair.client.saw(Event::Encrypted), works);
        }
    }
}

/// Qt's `addCaCertificate` (Qt 5), which is a stub there: one more root is trusted, and those before
/// it still are. A builder takes the whole list, which the application keeps.
#[test]
fn add_ca_certificate() {
    let mut roots = vec![Ca::new("another root").der()];
    for works in [false, true] {
        let pair = Pair::handshaken(
            client(backend()).trust_anchors(roots.clone()),
            server(backend()),
        );
        assert_eq!(pair.client.conn.is_encrypted(), works);
        roots.push(WORLD.ca.der());
    }
}

/// Qt's `addDefaultCaCertificate`: what is added to the default is trusted by the sockets made from
/// then on, and not by those before. Here the default is a configuration that connections share;
/// a new one changes nobody who has the old one.
#[test]
fn add_default_ca_certificate() {
    let before = client(backend()).trust_anchors([]).build().expect("client");
    let after = client(backend()).build().expect("client");
    let server = server(backend()).build().expect("server");
    for (config, works) in [(&before, false), (&after, true), (&before, false)] {
        let mut pair = Pair::tls(config, &server);
        pair.run();
        assert_eq!(pair.client.conn.is_encrypted(), works);
    }
}

/// Qt's `defaultCaCertificates`: sockets inherit the default roots. Here that is to clone a
/// configuration, which costs a reference count.
#[test]
fn default_ca_certificates() {
    let default = client(backend()).build().expect("client");
    let server = server(backend()).build().expect("server");
    for inherited in [default.clone(), default] {
        assert!(
            Pair::encrypted(&inherited, &server)
                .client
                .conn
                .is_encrypted()
        );
    }
}

/// Qt's `setDefaultCaCertificates`, which is empty there: there is no default for the process to
/// set, so a builder that was given no roots trusts nobody.
#[test]
fn set_default_ca_certificates() {
    let pair = Pair::handshaken(ClientConfig::builder(backend()), server(backend()));
    assert!(!pair.client.conn.is_encrypted());
    assert!(!pair.client.conn.ssl_errors().is_empty());
}

/// What a client presents, and what a server that trusts the tests' root finds wrong with it.
fn clients() -> [(Option<Identity>, &'static [SslErrorKind]); 7] {
    use SslErrorKind::*;
    let for_servers = WORLD.ca.leaf_with(&["server.test"], |params| {
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    });
    let mut with_its_root = WORLD.client.clone();
    with_its_root.chain.push(WORLD.ca.der());
    [
        (None, &[NoPeerCertificate]),
        (Some(WORLD.self_signed.clone()), &[SelfSignedCertificate]),
        (Some(for_servers), &[InvalidPurpose]),
        (Some(WORLD.client.clone()), &[]),
        (Some(with_its_root), &[]),
        // Qt has not these two.
        (
            Some(WORLD.stranger.clone()),
            &[
                UnableToGetLocalIssuerCertificate,
                UnableToVerifyFirstCertificate,
            ],
        ),
        (Some(behind_an_intermediate(&WORLD.ca)), &[]),
    ]
}

/// Qt's `verifyClientCertificate`: five kinds of client, with no certificate, a self-signed one, a
/// server's, a good one, and a good one with its root, against every mode of the server: what
/// becomes of both sides, what the server finds, and which chain it sees.
#[test]
fn verify_client_certificate() {
    let modes = [
        VerifyMode::None,
        VerifyMode::Query,
        VerifyMode::Verify,
        VerifyMode::Auto,
    ];
    for (identity, wrong) in &clients() {
        for mode in modes {
            for version in VERSIONS {
                let case = format!("{version} {mode:?} {wrong:?}");
                let client = identity
                    .as_ref()
                    .map_or_else(|| client(backend()), client_as);
                let server = server(backend()).verify_mode(mode);
                let pair = Pair::handshaken(client.protocols(&[version]), server);
                let asked = mode != VerifyMode::None;
                let expected = match identity {
                    Some(identity) if asked => sent(identity),
                    _ => Vec::new(),
                };
                assert_eq!(seen(&pair.server), expected, "{case}");
                assert_eq!(seen(&pair.client), sent(&WORLD.server), "{case}");
                assert_eq!(pair.client.saw(Event::ClientCertificateRequested), asked);
                // Only who must have a certificate is wrong to have none.
                let judged = asked && (identity.is_some() || mode == VerifyMode::Verify);
                let found = pair.server.conn.ssl_errors().iter();
                let found: Vec<_> = found.map(|error| error.kind()).collect();
                assert_eq!(found, if judged { *wrong } else { &[] }, "{case}");
                match wrong.first() {
                    Some(kind) if mode == VerifyMode::Verify => refused(&pair, version, *kind),
                    _ => {
                        for end in [&pair.client, &pair.server] {
                            assert!(end.conn.is_encrypted() && !end.conn.is_over(), "{case}");
                        }
                    }
                }
            }
        }
    }
}

/// The server refused the client for this, and told it so; a client of TLS 1.3 was encrypted until
/// then, and no other end ever was.
fn refused(pair: &Pair, version: &str, kind: SslErrorKind) {
    let alert = match (version, kind) {
        ("TLSv1.2", SslErrorKind::NoPeerCertificate) => Alert::HandshakeFailure,
        _ => kind.alert(),
    };
    let why = Event::Failed(FailureKind::CertificateRejected(kind));
    assert!(pair.server.saw(why), "{version} {kind:?}");
    assert!(
        pair.server.saw(Event::AlertSent(alert)),
        "{version} {kind:?}"
    );
    assert!(pair.client.saw(Event::AlertReceived(alert)));
    assert!(
        pair.client
            .saw(Event::Failed(FailureKind::AlertReceived(alert)))
    );
    assert!(!pair.server.saw(Event::Encrypted));
    assert_eq!(pair.client.saw(Event::Encrypted), version == "TLSv1.3");
    for end in [&pair.client, &pair.server] {
        assert!(end.conn.is_over() && !end.conn.is_encrypted(), "{version}");
    }
}

/// Qt's `selfSignedCertificates`: both sides have self-signed certificates that the other does not
/// trust; each is asked at the first error, and goes on when told to. Whether a server asks a
/// client for a certificate follows from its mode. Qt asks in the middle of the engine's work, and
/// again at the end; here it is asked once, when all errors are known.
#[test]
fn self_signed_certificates() {
    for version in VERSIONS {
        for client_known in [false, true] {
            let mut config = client(backend()).on_errors(OnErrors::Hold);
            if client_known {
                config = config.identity(WORLD.self_signed.chain.clone(), WORLD.self_signed.key());
            }
            let server = server_as(&WORLD.self_signed)
                .protocols(&[version])
                .verify_mode(VerifyMode::Verify)
                .on_errors(OnErrors::Hold);
            let mut pair = Pair::handshaken(config, server);
            assert_eq!(
                accept(&mut pair.client),
                SslErrorKind::SelfSignedCertificate
            );
            pair.run();
            let expected = match client_known {
                true => SslErrorKind::SelfSignedCertificate,
                false => SslErrorKind::NoPeerCertificate,
            };
            assert_eq!(accept(&mut pair.server), expected);
            pair.run();
            assert!(pair.client.conn.is_encrypted() && pair.server.conn.is_encrypted());
            assert_eq!(pair.client.conn.ssl_errors().len(), 1);
            assert_eq!(pair.server.conn.ssl_errors().len(), 1);
        }
    }
}

/// Accepts the one error that is asked about, and tells which it was.
fn accept(end: &mut End) -> SslErrorKind {
    let review = end.conn.review().expect("asked");
    let (id, kind) = (review.id, review.errors[0].kind());
    assert_eq!(review.errors.len(), 1);
    end.conn.answer(id, sslcore::Verdict::Accept).expect("open");
    kind
}

/// Qt's `privateKeyOpaque`: with a key that is a handle, and stays where it is, a client
/// handshakes as with one in memory. Qt's server does not ask for it; this one does, and sees it.
#[test]
fn private_key_opaque() {
    for version in VERSIONS {
        let schemes = &[SignatureScheme::EcdsaP256Sha256];
        let module = Arc::new(Module::with(&backend(), &WORLD.client, schemes));
        let config = client(backend())
            .identity_with_signer(WORLD.client.chain.clone(), module.clone())
            .protocols(&[version]);
        let pair = Pair::handshaken(config, server(backend()));
        assert!(pair.client.conn.is_encrypted() && pair.server.conn.is_encrypted());
        assert_eq!(seen(&pair.server), sent(&WORLD.client));
        assert_eq!(module.signed(), 1);
    }
}
