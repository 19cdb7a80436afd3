//! Qt's tests of protocols, cipher suites, key exchange and ALPN, by name (`tst_qsslsocket.cpp`).
//! `qt-checklist.txt` lists all of them.

use sslcore::{
    Alert, ClientConfig, ConfigBuilder, ConfigError, Event, FailureKind, ServerConfig, SslCipher,
    SslProtocol,
};
use sslcore_tests::certs::WORLD;
use sslcore_tests::pair::{Pair, VERSIONS, backend, client, server};

fn client_of(versions: &[&str]) -> ConfigBuilder<ClientConfig> {
    client(backend()).protocols(versions)
}

fn server_of(versions: &[&str]) -> ConfigBuilder<ServerConfig> {
    server(backend()).protocols(versions)
}

fn works(pair: &Pair) -> bool {
    let [one, other] = [&pair.client, &pair.server].map(|end| end.conn.is_encrypted());
    assert_eq!(
        one, other,
        "{:?} {:?}",
        pair.client.events, pair.server.events
    );
    one
}

/// Qt's `protocol`: the version set holds for one connection after the other, whatever became of
/// the one before. The setting is part of a configuration that cannot change, so it cannot be
/// lost; what was negotiated is told by the connection.
#[test]
fn protocol() {
    for (versions, negotiated) in [
        (&["TLSv1.2"][..], SslProtocol::TlsV1_2),
        (&["TLSv1.3"], SslProtocol::TlsV1_3),
        (&["TLSv1.3", "TLSv1.2"], SslProtocol::TlsV1_3),
    ] {
        let client = client_of(versions).build().expect("client");
        let server = server(backend()).build().expect("server");
        for _ in 0..2 {
            let mut pair = Pair::tls(&client, &server);
            assert_eq!(pair.client.conn.session_protocol(), None);
            pair.run();
            assert!(works(&pair));
            for end in [&mut pair.client, &mut pair.server] {
                assert_eq!(end.conn.session_protocol(), Some(negotiated));
            }
            pair.client.conn.abort();
        }
    }
}

/// Qt's `protocolServerSide`: which versions of a server meet which of a client. Qt's rows for
/// TLS 1.2 and 1.3, with "or later" and "secure" written out; a mismatch is a failure on both
/// sides, and the client is told by protocol_version.
#[test]
fn protocol_server_side() {
    const ONLY_12: &[&str] = &["TLSv1.2"];
    const ONLY_13: &[&str] = &["TLSv1.3"];
    const BOTH: &[&str] = &["TLSv1.2", "TLSv1.3"];
    for (of_client, of_server, meets) in [
        (ONLY_12, ONLY_12, Some(SslProtocol::TlsV1_2)),
        (ONLY_12, ONLY_13, None),
        (ONLY_12, BOTH, Some(SslProtocol::TlsV1_2)),
        (ONLY_13, ONLY_12, None),
        (ONLY_13, ONLY_13, Some(SslProtocol::TlsV1_3)),
        (ONLY_13, BOTH, Some(SslProtocol::TlsV1_3)),
        (BOTH, ONLY_12, Some(SslProtocol::TlsV1_2)),
        (BOTH, ONLY_13, Some(SslProtocol::TlsV1_3)),
        (BOTH, BOTH, Some(SslProtocol::TlsV1_3)),
    ] {
        let pair = Pair::handshaken(client_of(of_client), server_of(of_server));
        assert_eq!(works(&pair), meets.is_some(), "{of_client:?} {of_server:?}");
        match meets {
            Some(_) => assert_eq!(pair.server.conn.session_protocol(), meets),
            None => {
                let kind = pair.server.conn.failure().map(|failure| failure.kind());
                assert_eq!(kind, Some(FailureKind::Incompatible));
                let alert = Event::AlertReceived(Alert::ProtocolVersion);
                assert!(pair.client.saw(alert), "{:?}", pair.client.events);
            }
        }
    }
}

/// Qt's `serverCipherPreferences`: the server's order of suites wins; with the option switched
/// off, the client's does.
#[test]
fn server_cipher_preferences() {
    let rows = [
        (
            "TLSv1.2",
            "ECDHE-ECDSA-AES128-GCM-SHA256",
            "ECDHE-ECDSA-AES256-GCM-SHA384",
        ),
        (
            "TLSv1.3",
            "TLS_AES_128_GCM_SHA256",
            "TLS_AES_256_GCM_SHA384",
        ),
    ];
    for (version, one, other) in rows {
        let client = || client_of(&[version]).ciphers(&[other, one]);
        let server = || server_of(&[version]).ciphers(&[one, other]);
        for (server, expected) in [(server(), one), (server().follow_client_ciphers(), other)] {
            let pair = Pair::handshaken(client(), server);
            assert!(works(&pair));
            let cipher = pair.client.conn.session_cipher().expect("negotiated");
            assert_eq!(cipher.openssl_name(), expected);
            assert_eq!(pair.server.conn.session_cipher(), Some(cipher));
        }
    }
}

/// Qt's `sessionCipher`: null before the handshake; after it the suite, which is one of those
/// supported. Qt forgets it when the connection ends, here it stays.
#[test]
fn session_cipher() {
    for version in VERSIONS {
        let mut pair = Pair::default();
        assert_eq!(pair.client.conn.session_cipher(), None);
        let client = client_of(&[version]).build().expect("client");
        pair.start(&client, &server_of(&[version]).build().expect("server"));
        assert_eq!(pair.client.conn.session_cipher(), None);
        pair.run();
        assert!(works(&pair));
        let cipher = pair.client.conn.session_cipher().expect("negotiated");
        assert_eq!(cipher.protocol().name(), version);
        assert!(backend().supported_ciphers().any(|known| known == cipher));
        assert!(cipher.used_bits() >= 128);
        pair.client.conn.abort();
        assert_eq!(pair.client.conn.session_cipher(), Some(cipher));
    }
}

/// Qt's `ciphers`: the default is all that are supported; a list that was set is what is used, in
/// its order; by name and back it stays the same. An empty list leaves nothing to negotiate with,
/// and a name that is not known is refused; Qt accepts both, and fails in the handshake.
#[test]
fn ciphers() {
    let supported: Vec<SslCipher> = backend().supported_ciphers().collect();
    let built = client(backend()).build().expect("client");
    assert_eq!(built.ciphers(), supported);
    for cipher in &supported {
        assert_eq!(SslCipher::from_name(cipher.name()), Some(*cipher));
        assert_eq!(SslCipher::from_name(cipher.openssl_name()), Some(*cipher));
        assert_eq!(SslCipher::from_id(cipher.id()), Some(*cipher));
    }
    let reversed: Vec<SslCipher> = supported.iter().rev().copied().collect();
    let names: Vec<&str> = reversed.iter().map(SslCipher::openssl_name).collect();
    let built = client(backend()).ciphers(&names).build().expect("client");
    assert_eq!(built.ciphers(), reversed);

    let nothing = client(backend()).ciphers(&[]).build();
    assert!(
        matches!(nothing, Err(ConfigError::NothingLeft(_))),
        "{nothing:?}"
    );
    let unknown = client(backend()).ciphers(&["AES128-SHA"]).build();
    assert!(
        matches!(unknown, Err(ConfigError::Unsupported { .. })),
        "{unknown:?}"
    );
}

/// Qt's `supportedCiphers`: there are some; and each of them handshakes.
#[test]
fn supported_ciphers() {
    let supported: Vec<SslCipher> = backend().supported_ciphers().collect();
    assert!(supported.len() >= 5, "{supported:?}");
    for cipher in supported {
        // The tests' certificates have ECDSA keys.
        if cipher.name().contains("_RSA_") {
            continue;
        }
        let versions = [cipher.protocol().name()];
        let client = client_of(&versions).ciphers(&[cipher.name()]);
        let pair = Pair::handshaken(client, server_of(&versions));
        assert!(works(&pair), "{cipher}");
        assert_eq!(pair.server.conn.session_cipher(), Some(cipher));
    }
}

/// Qt's `defaultCiphers`: a new socket has the default suites, which are the supported ones.
#[test]
fn default_ciphers() {
    let supported: Vec<SslCipher> = backend().supported_ciphers().collect();
    let client = ClientConfig::builder(backend()).build().expect("client");
    assert_eq!(client.ciphers(), supported);
    let server = server(backend()).build().expect("server");
    assert_eq!(server.ciphers(), supported);
}

/// Qt's `setDefaultCiphers`, which is empty there. There is no default for the whole process: who
/// wants one keeps a list and gives it to each builder, or shares one configuration.
#[test]
fn set_default_ciphers() {
    let list = ["TLS_AES_256_GCM_SHA384"];
    let with_list = client(backend()).ciphers(&list).build().expect("client");
    let without = client(backend()).build().expect("client");
    assert_eq!(with_list.ciphers().len(), 1);
    assert_eq!(with_list.clone().ciphers(), with_list.ciphers());
    assert!(without.ciphers().len() > 1, "nobody else is changed");
}

/// Qt's `resetDefaultCiphers`, which is empty there: a builder that is told nothing has the
/// backend's suites, whatever was built before.
#[test]
fn reset_default_ciphers() {
    let before = client(backend()).build().expect("client");
    let one = client(backend()).ciphers(&["TLS_AES_128_GCM_SHA256"]);
    assert_eq!(one.build().expect("client").ciphers().len(), 1);
    let after = client(backend()).build().expect("client");
    assert_eq!(before.ciphers(), after.ciphers());
}

/// Qt's `allowedProtocolNegotiation`: the protocol that both sides allow and the server prefers is
/// told on both sides.
#[test]
fn allowed_protocol_negotiation() {
    for version in VERSIONS {
        let client = client_of(&[version]).alpn(&[b"allow-quic", b"spdy/2", b"http/1.1"]);
        let server = server_of(&[version]).alpn(&[b"bar", b"spdy/2", b"allow-quic"]);
        let pair = Pair::handshaken(client, server);
        assert!(works(&pair));
        for end in [&pair.client, &pair.server] {
            assert_eq!(end.conn.alpn_protocol(), Some(&b"spdy/2"[..]));
        }
    }
}

/// Qt's `ecdhServer`: an ECDHE suite works. Qt's has CBC; this one has GCM.
#[test]
fn ecdh_server() {
    let ciphers = ["ECDHE-ECDSA-AES128-GCM-SHA256"];
    let pair = Pair::handshaken(
        client_of(&["TLSv1.2"]).ciphers(&ciphers),
        server_of(&["TLSv1.2"]),
    );
    assert!(works(&pair));
    let cipher = pair.server.conn.session_cipher().expect("negotiated");
    assert_eq!(cipher.openssl_name(), ciphers[0]);
}

/// Qt's `ephemeralServerKey`: Qt's client sees the server's ephemeral key, to tell its kind. Here
/// the group of the key exchange is told by name, on both sides.
#[test]
fn ephemeral_server_key() {
    for version in VERSIONS {
        for group in ["X25519", "secp256r1", "secp384r1"] {
            let client = client_of(&[version]).groups(&[group]);
            let mut pair = Pair::tls(
                &client.build().expect("client"),
                &server_of(&[version]).build().expect("server"),
            );
            assert_eq!(pair.client.conn.key_exchange_group(), None);
            pair.run();
            assert!(works(&pair));
            for end in [&pair.client, &pair.server] {
                let told = end.conn.key_exchange_group().expect("ECDHE");
                assert!(told.eq_ignore_ascii_case(group), "{told} is not {group}");
            }
        }
    }
}

/// Qt's `signatureAlgorithm`: two sides with a signature algorithm in common handshake, two
/// without do not. Qt sets the algorithms by OpenSSL's names in its backend configuration; here
/// they follow from the certificate's key, and what a TLS 1.2 suite says of it.
#[test]
fn signature_algorithm() {
    for (suite, meets) in [
        ("ECDHE-ECDSA-AES256-GCM-SHA384", true),
        ("ECDHE-RSA-AES256-GCM-SHA384", false),
    ] {
        let client = client_of(&["TLSv1.2"]).ciphers(&[suite]);
        let pair = Pair::handshaken(client, server_of(&["TLSv1.2"]));
        assert_eq!(works(&pair), meets, "{suite}");
        if !meets {
            let alert = Event::AlertReceived(Alert::HandshakeFailure);
            assert!(pair.client.saw(alert), "{:?}", pair.client.events);
        }
    }
}

/// Qt's `unsupportedProtocols`: DTLS and unknown protocols are the application's mistake, on both
/// sides, and no handshake begins. Here no configuration can say so.
#[test]
fn unsupported_protocols() {
    for name in ["DTLSv1.2", "DTLSv1.2OrLater", "Unknown", "TLSv1.1", "SSLv3"] {
        let refusal = ConfigError::Unsupported {
            what: "protocol",
            name: name.to_string(),
        };
        assert_eq!(client_of(&[name]).build().err(), Some(refusal.clone()));
        assert_eq!(server_of(&["TLSv1.3", name]).build().err(), Some(refusal));
    }
}

/// Qt's `setEmptyDefaultConfiguration`: a configuration without anything must not crash. Here it
/// is not built, and the error says what is missing.
#[test]
fn set_empty_default_configuration() {
    let nothing = ClientConfig::builder(backend()).protocols(&[]).ciphers(&[]);
    let error = nothing.groups(&[]).alpn(&[]).build().expect_err("empty");
    assert_eq!(error, ConfigError::NothingLeft("protocol"));
    let error = ServerConfig::builder(backend()).build();
    let error = error.expect_err("a server needs a certificate");
    assert!(
        matches!(error, ConfigError::UnusableCertificate(_)),
        "{error}"
    );
}

/// Qt's `activeBackend`: a backend is chosen, says who it is, and what it can do; sockets with
/// different ones live in one process and understand each other. Qt has one for the whole process,
/// and cannot change it once it was used.
#[test]
fn active_backend() {
    let backends = sslcore_tests::pair::backends();
    for one in &backends {
        assert!(!one.name().is_empty());
        assert!(one.supported_ciphers().count() > 0);
        for other in &backends {
            let config = client(one.clone()).build().expect("client");
            let server = server(other.clone()).build().expect("server");
            assert!(works(&Pair::encrypted(&config, &server)));
        }
    }
}

/// Qt's `tlsConfiguration`: what was not set is told as not there, and what cannot work is refused.
/// Qt warns, and keeps what it had.
#[test]
fn tls_configuration() {
    let built = ClientConfig::builder(backend()).build().expect("client");
    assert!(built.local_certificate_chain().is_empty());
    assert!(built.alpn().is_empty());
    assert_eq!(built.verify_depth(), None);
    assert_eq!(
        built.protocols(),
        [SslProtocol::TlsV1_3, SslProtocol::TlsV1_2]
    );
    let chain = WORLD.client.chain.clone();
    let mismatch = ClientConfig::builder(backend()).identity(chain, WORLD.server.key());
    assert_eq!(mismatch.build().err(), Some(ConfigError::KeyMismatch));
    let empty_name = ClientConfig::builder(backend()).alpn(&[b""]);
    assert_eq!(empty_name.build().err(), Some(ConfigError::InvalidAlpn));
}

/// Qt's `versionAccessors`, which prints them: the library has a version, and what does the
/// cryptography has a name. Built against and run with are the same, since nothing is loaded.
#[test]
fn version_accessors() {
    let numbers = sslcore::VERSION.split('.').map(str::parse::<u32>);
    assert_eq!(numbers.flatten().count(), 3, "{}", sslcore::VERSION);
    assert!(["aws-lc-rs", "ring", "rustcrypto"].contains(&backend().name()));
}
