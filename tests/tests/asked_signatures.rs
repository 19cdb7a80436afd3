//! Questions for signatures: the handshake stands still until the application has signed, in either role.

use std::time::Duration;

use sslcore::crypto::Backend;
use sslcore::{
    Alert, ClientConfig, ConfigBuilder, ConfigError, Engine, Event, FailureKind, OnErrors,
    ServerConfig, SignError, Signature, SignatureError, SignatureId, SignatureScheme, Signer,
    SslProtocol, UsageError, Verdict, VerifyMode,
};
use sslcore_tests::certs::{
    Identity, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PKCS_RSA_SHA256, WORLD,
};
use sslcore_tests::hello::kind;
use sslcore_tests::module::Module;
use sslcore_tests::pair::{End, Pair, backend, backends, client, server};

const P256: &[SignatureScheme] = &[SignatureScheme::EcdsaP256Sha256];

fn asking_server(backend: &Backend, schemes: &[SignatureScheme]) -> ConfigBuilder<ServerConfig> {
    let chain = WORLD.server.chain.clone();
    server(backend.clone()).ask_for_signatures(chain, schemes.iter().copied())
}

fn asking_client(backend: &Backend) -> ConfigBuilder<ClientConfig> {
    let chain = WORLD.client.chain.clone();
    client(backend.clone()).ask_for_signatures(chain, P256.iter().copied())
}

/// The open question's id, and the signature that this key gives.
fn signed(end: &End, identity: &Identity) -> (SignatureId, Vec<u8>) {
    let request = end.conn.signature_request().expect("a question");
    assert!(end.saw(Event::SignatureRequired(request.id)));
    let schemes: &'static [SignatureScheme] = vec![request.scheme].leak();
    let module = Module::with(&backend(), identity, schemes);
    let signature = module.sign(request.scheme, request.message);
    (request.id, signature.expect("a signature"))
}

/// The two halves of a signature in DER, of 32 bytes each.
fn halves(der: &[u8]) -> Vec<u8> {
    let mut halves = Vec::new();
    let mut rest = &der[2..];
    for _ in 0..2 {
        let (number, behind) = rest[2..].split_at(usize::from(rest[1]));
        let number = &number[number.len().saturating_sub(32)..];
        halves.extend(vec![0; 32 - number.len()]);
        halves.extend(number);
        rest = behind;
    }
    halves
}

#[test]
fn a_server_says_nothing_before_it_has_its_signature() {
    for backend in backends() {
        let config = asking_server(&backend, P256).build().expect("a server");
        let client = client(backend.clone()).build().expect("a client");
        let mut pair = Pair::tls(&client, &config);
        pair.run();
        assert!(pair.server.sent.is_empty(), "{:?}", pair.server.events);
        // Nothing changes until there is an answer, however often it is looked at.
        pair.advance(Duration::from_secs(20));
        assert!(pair.server.sent.is_empty());
        let request = pair.server.conn.signature_request().expect("a question");
        assert_eq!(request.scheme, SignatureScheme::EcdsaP256Sha256);
        assert_eq!(&request.message[..64], [b' '; 64]);
        let context = b"TLS 1.3, server CertificateVerify\0";
        assert_eq!(&request.message[64..64 + context.len()], context);
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, request.message);
        assert_eq!(request.digest, Some(digest.as_ref()));

        let (id, signature) = signed(&pair.server, &WORLD.server);
        let answered = pair
            .server
            .conn
            .provide_signature(id, Signature::Der(&signature));
        assert_eq!(answered, Ok(()));
        assert!(pair.server.conn.signature_request().is_none(), "answered");
        let again = pair
            .server
            .conn
            .provide_signature(id, Signature::Der(&signature));
        assert_eq!(again, Err(UsageError::Stale));
        pair.run();
        for end in [&pair.client, &pair.server] {
            assert!(end.conn.is_encrypted(), "{:?}", end.events);
        }
        assert!(pair.server.conn.is_local_certificate_sent());
        let again = pair
            .server
            .conn
            .provide_signature(id, Signature::Der(&signature));
        assert_eq!(again, Err(UsageError::NoDecisionOpen));
        // Who resumes signs nothing.
        let mut pair = Pair::default();
        pair.advance(Duration::from_secs(30));
        pair.start(&client, &config);
        pair.run();
        assert!(pair.server.conn.is_encrypted(), "{:?}", pair.server.events);
        assert!(pair.server.conn.is_resumed());
    }
}

#[test]
fn a_client_is_asked_when_the_server_is_trusted_and_not_before() {
    for backend in backends() {
        let config = asking_client(&backend).trust_anchors([]);
        let config = config.on_errors(OnErrors::Hold).build().expect("a client");
        let server = server(backend.clone()).verify_mode(VerifyMode::Verify);
        let server = server.build().expect("a server");
        let mut pair = Pair::tls(&config, &server);
        pair.run();
        assert!(pair.client.conn.review().is_some());
        assert!(pair.client.conn.signature_request().is_none());
        pair.client.answer(Verdict::Accept);
        pair.run();
        assert!(pair.client.conn.signature_request().is_some());
        assert!(!pair.client.conn.is_local_certificate_sent());
        let (id, signature) = signed(&pair.client, &WORLD.client);
        // It hears first why it is asked.
        let told = |event| pair.client.events.iter().position(|told| *told == event);
        let requested = told(Event::ClientCertificateRequested);
        assert!(requested.is_some() && requested < told(Event::SignatureRequired(id)));
        let halves = halves(&signature);
        let answered = pair
            .client
            .conn
            .provide_signature(id, Signature::Concatenated(&halves));
        assert_eq!(answered, Ok(()));
        pair.run();
        assert!(pair.client.conn.is_local_certificate_sent());
        let seen = pair.server.conn.peer_certificate_chain();
        assert_eq!(seen[0].der(), &WORLD.client.chain[0]);
    }
}

#[test]
fn who_shows_no_certificate_is_asked_for_no_signature() {
    // Nobody asks the client for a certificate, or for one that it could sign for.
    let config = asking_client(&backend()).build().expect("a client");
    for server in [
        server(backend()).verify_mode(VerifyMode::None),
        server(backend())
            .verify_mode(VerifyMode::Query)
            .signature_schemes(&["ed25519"]),
    ] {
        let pair = Pair::encrypted(&config, &server.build().expect("a server"));
        assert!(!pair.client.conn.is_local_certificate_sent());
    }
}

#[test]
fn keys_of_every_kind_are_signed_for() {
    use SignatureScheme as S;
    for (kind, schemes, digest) in [
        (&PKCS_ED25519, &[S::Ed25519][..], None),
        (&PKCS_RSA_SHA256, &[S::RsaPssSha384], Some(48)),
        (&PKCS_RSA_SHA256, &[S::RsaPssSha512], None),
    ] {
        let identity = WORLD.ca.leaf_of(kind, &["server.test"]);
        let config = server(backend());
        let config = config.ask_for_signatures(identity.chain.clone(), schemes.iter().copied());
        let config = config.build().expect("a server");
        let client = client(backend()).build().expect("a client");
        let mut pair = Pair::tls(&client, &config);
        pair.run();
        let request = pair.server.conn.signature_request().expect("a question");
        assert_eq!(request.digest.map(<[u8]>::len), digest, "{schemes:?}");
        let (id, signature) = signed(&pair.server, &identity);
        let conn = &mut pair.server.conn;
        let wrong = conn.provide_signature(id, Signature::Concatenated(&signature));
        assert_eq!(wrong, Err(UsageError::Signature(SignatureError::Form)));
        let (given, expected) = (signature.len() - 1, signature.len());
        let short = conn.provide_signature(id, Signature::Plain(&signature[1..]));
        let length = SignatureError::Length { given, expected };
        assert_eq!(short, Err(UsageError::Signature(length)));
        // The question is still open.
        let answered = conn.provide_signature(id, Signature::Plain(&signature));
        assert_eq!(answered, Ok(()));
        pair.run();
        assert!(pair.client.conn.is_encrypted(), "{:?}", pair.client.events);
    }
}

/// What the other end has heard: the record's type, and the alert if it is in the clear.
fn only_alert(end: &End) -> &[u8] {
    assert_eq!(end.sent.len(), 7, "{:?}", end.sent);
    &end.sent[5..]
}

#[test]
fn a_server_that_does_not_sign_says_so_in_the_clear_and_nothing_else() {
    let config = asking_server(&backend(), P256).build().expect("a server");
    let client = client(backend()).build().expect("a client");
    let mut pair = Pair::tls(&client, &config);
    pair.run();
    let id = pair.server.conn.signature_request().expect("a question").id;
    let why = SignError::new("the module was taken out");
    assert_eq!(pair.server.conn.refuse_signature(id, why), Ok(()));
    pair.run();
    let failure = pair.server.conn.failure().expect("it has failed");
    assert_eq!(failure.kind(), FailureKind::SigningFailed);
    assert!(failure.to_string().contains("the module was taken out"));
    assert_eq!(only_alert(&pair.server), [2, 80]);
    let told = FailureKind::AlertReceived(Alert::InternalError);
    assert!(pair.client.saw(Event::Failed(told)));
}

#[test]
fn a_client_that_does_not_sign_seals_its_alert() {
    let config = asking_client(&backend()).build().expect("a client");
    let server = server(backend()).verify_mode(VerifyMode::Verify);
    let mut pair = Pair::tls(&config, &server.build().expect("a server"));
    pair.run();
    let id = pair.client.conn.signature_request().expect("a question").id;
    let why = SignError::new("the module was taken out");
    assert_eq!(pair.client.conn.refuse_signature(id, why), Ok(()));
    pair.run();
    let told = FailureKind::AlertReceived(Alert::InternalError);
    assert!(
        pair.server.saw(Event::Failed(told)),
        "{:?}",
        pair.server.events
    );
    assert!(!pair.server.saw(Event::Encrypted));
    // Behind ChangeCipherSpec stands application data, and no alert.
    let last = pair.client.sent.len() - 24;
    assert_eq!(pair.client.sent[last], 23);
}

#[test]
fn a_wrong_signature_is_found_by_the_peer() {
    let config = asking_server(&backend(), P256).build().expect("a server");
    let client = client(backend()).build().expect("a client");
    let mut pair = Pair::tls(&client, &config);
    pair.run();
    let (id, signature) = signed(&pair.server, &WORLD.server);
    let mut halves = halves(&signature);
    halves[40] ^= 1;
    let answered = pair
        .server
        .conn
        .provide_signature(id, Signature::Concatenated(&halves));
    assert_eq!(answered, Ok(()));
    pair.run();
    let failure = pair.client.conn.failure().expect("it has failed");
    assert_eq!(failure.kind(), FailureKind::BadHandshakeSignature);
    assert_eq!(failure.alert(), Some(Alert::DecryptError));
}

#[test]
fn a_question_ends_with_its_time_and_with_the_stream() {
    let minute = Duration::from_secs(60);
    for by_time in [true, false] {
        let config = asking_server(&backend(), P256);
        let timeouts = sslcore::Timeouts {
            decision: Some(minute),
            ..sslcore::Timeouts::SERVER
        };
        let config = config.timeouts(timeouts).build().expect("a server");
        let client = client(backend()).build().expect("a client");
        let mut pair = Pair::tls(&client, &config);
        pair.run();
        let (id, signature) = signed(&pair.server, &WORLD.server);
        let kind = match by_time {
            true => {
                pair.advance(minute);
                FailureKind::DecisionTimeout
            }
            false => {
                pair.server.conn.receive_eof();
                pair.server.settle();
                FailureKind::Truncated
            }
        };
        let failure = pair.server.conn.failure().expect("it has failed");
        assert_eq!(failure.kind(), kind);
        let conn = &mut pair.server.conn;
        assert!(conn.signature_request().is_none());
        let late = conn.provide_signature(id, Signature::Der(&signature));
        assert_eq!(late, Err(UsageError::NoDecisionOpen));
        let late = conn.refuse_signature(id, SignError::new("too late"));
        assert_eq!(late, Err(UsageError::NoDecisionOpen));
    }
}

#[test]
fn what_a_client_sends_meanwhile_waits() {
    // A client that resumes nothing, byte by byte, and the answer between any two of them.
    let config = asking_server(&backend(), P256).build().expect("a server");
    let client = client(backend()).build().expect("a client");
    let mut pair = Pair::tls(&client, &config);
    let hello = pair.client.take();
    for byte in hello.chunks(1) {
        assert!(pair.server.conn.signature_request().is_none());
        pair.server.give(byte, 1);
    }
    assert_eq!(hello[5], kind::CLIENT_HELLO);
    pair.server.write(b"queued");
    let (id, signature) = signed(&pair.server, &WORLD.server);
    pair.server
        .conn
        .provide_signature(id, Signature::Der(&signature))
        .expect("the answer");
    pair.run();
    assert_eq!(pair.client.read_all(), b"queued");
}

#[test]
fn what_cannot_ask_is_refused_when_the_configuration_is_built() {
    let unsupported = |config: ConfigBuilder<ServerConfig>| {
        let error = config.build().expect_err("it cannot be");
        assert!(
            matches!(error, ConfigError::Unsupported { .. }),
            "{error:?}"
        );
    };
    let asking = || asking_server(&backend(), P256);
    unsupported(asking().engine(Engine::Rustls));
    unsupported(asking().protocols(&["TLSv1.2"]));
    unsupported(asking().protocols(&["TLSv1.2", "TLSv1.3"]));
    let config = asking().build().expect("a server");
    assert_eq!(config.protocols(), [SslProtocol::TlsV1_3]);
    let none = asking_server(&backend(), &[]).build();
    assert!(matches!(none, Err(ConfigError::UnusableKey(_))), "{none:?}");
    let error = |schemes: &[SignatureScheme]| {
        let built = asking_server(&backend(), schemes).build();
        built.expect_err("it cannot be")
    };
    let of_p384 = SignatureScheme::EcdsaP384Sha384;
    let of_other_kind = SignatureScheme::Ed25519;
    for schemes in [&[of_p384][..], &[of_other_kind], &[P256[0], of_p384]] {
        let error = error(schemes);
        assert!(matches!(error, ConfigError::KeyMismatch), "{error:?}");
    }
    let error = error(&[P256[0], of_other_kind]);
    assert!(matches!(error, ConfigError::UnusableKey(_)), "{error:?}");
}

#[test]
fn each_curve_has_a_scheme_of_its_own() {
    use SignatureScheme::{EcdsaP256Sha256, EcdsaP384Sha384, EcdsaP521Sha512};
    let p384 = WORLD.ca.leaf_of(&PKCS_ECDSA_P384_SHA384, &["server.test"]);
    for (chain, scheme, fits) in [
        (&WORLD.server.chain, EcdsaP256Sha256, true),
        (&WORLD.server.chain, EcdsaP384Sha384, false),
        (&WORLD.server.chain, EcdsaP521Sha512, false),
        (&p384.chain, EcdsaP256Sha256, false),
        (&p384.chain, EcdsaP384Sha384, true),
        (&p384.chain, EcdsaP521Sha512, false),
    ] {
        let config = ServerConfig::builder(backend()).engine(Engine::Own);
        let built = config.ask_for_signatures(chain.clone(), [scheme]).build();
        match built {
            Ok(_) => assert!(fits, "{scheme:?}"),
            Err(error) => assert!(!fits && error == ConfigError::KeyMismatch, "{error:?}"),
        }
    }
}

#[test]
fn a_scheme_of_tls_1_2_alone_asks_for_nothing() {
    use SignatureScheme::{RsaPkcs1Sha256, RsaPssSha256};
    let chain = &WORLD.ca.leaf_of(&PKCS_RSA_SHA256, &["server.test"]).chain;
    let built = |schemes: &[SignatureScheme]| {
        let config = ServerConfig::builder(backend()).engine(Engine::Own);
        let schemes = schemes.iter().copied();
        config.ask_for_signatures(chain.clone(), schemes).build()
    };
    let alone = built(&[RsaPkcs1Sha256]);
    assert!(
        matches!(alone, Err(ConfigError::NothingLeft(_))),
        "{alone:?}"
    );
    built(&[RsaPkcs1Sha256, RsaPssSha256]).expect("it signs in one of them");
}
