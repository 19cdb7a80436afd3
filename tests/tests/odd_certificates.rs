//! Certificates that webpki does not read or does not like, trusted by pin: who has the key is
//! let in, who has not is refused.

use std::sync::Arc;

use rcgen::{BasicConstraints, CustomExtension, IsCa, KeyPair, KeyUsagePurpose};
use sslcore::{
    Alert, Certificate, ConfigBuilder, Event, FailureKind, OnErrors, Pin, SslError, Verdict,
    VerifyMode,
};
use sslcore_tests::chains::{HOST, Made, authority, element, field, leaf};
use sslcore_tests::judging::{errors, trusting};
use sslcore_tests::module::Module;
use sslcore_tests::pair::{End, Pair, VERSIONS, backend, client, server};

/// What is odd about each, its issuer, and the certificate itself.
fn odd() -> Vec<(&'static str, Made)> {
    let root = Made::self_signed(authority("root"));
    let made = |params| root.issue(params);
    let forged = |change: &dyn Fn(&mut Vec<Vec<u8>>)| {
        made(leaf(&[HOST])).with_fields(&root.key, |fields| change(fields))
    };
    let validity = |tag, from: &[u8], until: &[u8]| {
        let times = [element(tag, from), element(tag, until)].concat();
        forged(&|fields| fields[field::VALIDITY] = element(0x30, &times))
    };
    let serial = |bytes: &[u8]| {
        let serial = element(2, bytes);
        forged(&|fields| fields[field::SERIAL] = serial.clone())
    };
    let unknown = |critical| {
        let mut unknown =
            CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99999, 1], vec![5, 0]);
        unknown.set_criticality(critical);
        unknown
    };
    let with = |change: &dyn Fn(&mut rcgen::CertificateParams)| {
        let mut params = leaf(&[HOST]);
        change(&mut params);
        made(params)
    };
    let without_extensions = |version: Option<u8>| {
        forged(&|fields| {
            fields.remove(field::EXTENSIONS);
            fields.remove(field::VERSION);
            if let Some(version) = version {
                fields.insert(0, element(0xa0, &[2, 1, version]));
            }
        })
    };
    vec![
        ("X.509 v1", without_extensions(None)),
        ("X.509 v1, said", without_extensions(Some(0))),
        ("X.509 v2", without_extensions(Some(1))),
        ("X.509 v4", without_extensions(Some(3))),
        (
            "an unknown critical extension",
            with(&|it| it.custom_extensions = vec![unknown(true)]),
        ),
        (
            "an extension twice",
            with(&|it| it.custom_extensions = vec![unknown(false), unknown(false)]),
        ),
        (
            "extensions that are none",
            forged(&|fields| fields[field::EXTENSIONS] = element(0xa3, &[5, 0])),
        ),
        (
            "an authority's",
            with(&|it| it.is_ca = IsCa::Ca(BasicConstraints::Unconstrained)),
        ),
        (
            "a key for certificates only",
            with(&|it| {
                it.key_usages = vec![KeyUsagePurpose::KeyCertSign];
                it.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::CodeSigning];
            }),
        ),
        (
            "ends before it begins",
            validity(0x17, b"350101000000Z", b"250101000000Z"),
        ),
        (
            "over since 1950",
            validity(0x17, b"500101000000Z", b"500102000000Z"),
        ),
        (
            "begins in the year 9999",
            validity(0x18, b"99991231000000Z", b"99991231235959Z"),
        ),
        (
            "valid at no time",
            validity(0x17, b"250001000000Z", b"350132000000Z"),
        ),
        ("a negative serial number", serial(&[0x80, 1])),
        ("a serial number of 40 bytes", serial(&[0x55; 40])),
        (
            "a serial number that is none, and SHA-1",
            forged(&|fields| {
                fields[field::SERIAL] = element(2, &[]);
                // ecdsa-with-SHA1, 1.2.840.10045.4.1
                fields[field::ALGORITHM] =
                    element(0x30, &[6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1]);
            }),
        ),
        (
            "no subject and no name",
            forged(&|fields| {
                fields[field::SUBJECT] = element(0x30, &[]);
                fields.remove(field::EXTENSIONS);
            }),
        ),
        (
            "signed by nobody",
            made(leaf(&[HOST])).with_fields(&KeyPair::generate().expect("key"), |_| ()),
        ),
    ]
}

fn pins(made: &Made) -> [Pin; 2] {
    let certificate = Certificate::from_der(made.der.clone());
    let backend = backend();
    let whole = certificate.fingerprint_sha256(&backend).expect("SHA-256");
    let key = certificate.spki_sha256(&backend).expect("a key");
    [Pin::CertificateSha256(whole), Pin::SpkiSha256(key)]
}

/// How the one who judges comes to trust.
#[derive(Clone, Copy, Debug)]
enum Trust {
    Pin(Pin),
    /// Somebody accepts exactly what is told.
    Review,
}

impl Trust {
    fn of<C>(self, config: ConfigBuilder<C>) -> ConfigBuilder<C> {
        let strict = config.trust_anchors([]).verify_mode(VerifyMode::Verify);
        match self {
            Self::Pin(pin) => strict.pins([pin]),
            Self::Review => strict.on_errors(OnErrors::Hold),
        }
    }

    fn answer(self, judge: &mut End) {
        if let Self::Review = self {
            let review = judge.conn.review().expect("asked");
            let told: Vec<SslError> = review.errors.to_vec();
            judge.answer(Verdict::AcceptOnly(&told));
        }
    }
}

/// A handshake with a server that shows this certificate and has this key.
fn by_client(version: &str, made: &Made, key: &KeyPair, trust: Trust) -> Pair {
    let client = trust.of(client(backend()).protocols(&[version]));
    let server = server(backend())
        .verify_mode(VerifyMode::None)
        .identity_with_signer([made.der.clone()], signer(key));
    let mut pair = Pair::handshaken(client, server);
    if pair.client.conn.failure().is_none() {
        trust.answer(&mut pair.client);
    }
    pair.run();
    pair
}

/// A handshake with a client that shows this certificate and has this key.
fn by_server(version: &str, made: &Made, key: &KeyPair, trust: Trust) -> Pair {
    let client = client(backend())
        .verify_mode(VerifyMode::None)
        .identity_with_signer([made.der.clone()], signer(key));
    let server = trust.of(server(backend()).protocols(&[version]));
    let mut pair = Pair::handshaken(client, server);
    if pair.server.conn.failure().is_none() {
        trust.answer(&mut pair.server);
    }
    pair.run();
    pair
}

fn signer(key: &KeyPair) -> Arc<Module> {
    let der = rustls::pki_types::PrivatePkcs8KeyDer::from(key.serialize_der());
    Module::silent(&backend(), der.into())
}

#[test]
fn each_of_them_is_an_error_without_a_pin() {
    for (name, made) in odd() {
        assert!(!errors(trusting(&[]), &[&made]).is_empty(), "{name}");
        for pin in pins(&made) {
            let pinned = trusting(&[]).pins([pin]);
            assert!(errors(pinned, &[&made]).is_empty(), "{name}");
        }
    }
}

#[test]
fn who_has_the_key_of_a_trusted_certificate_is_let_in_however_odd_it_is() {
    for (name, made) in odd() {
        let [whole, key] = pins(&made).map(Trust::Pin);
        for trust in [whole, key, Trust::Review] {
            for version in VERSIONS {
                let case = format!("{name}, {version}, {trust:?}");
                let pair = by_client(version, &made, &made.key, trust);
                assert!(
                    pair.client.conn.is_encrypted(),
                    "{case}: {:?}",
                    pair.client.events
                );
                assert!(pair.server.conn.is_encrypted(), "{case}");
                let pair = by_server(version, &made, &made.key, trust);
                assert!(
                    pair.server.conn.is_encrypted(),
                    "{case}: {:?}",
                    pair.server.events
                );
                let leaf = pair.server.conn.peer_certificate();
                assert_eq!(leaf.map(Certificate::der), Some(&made.der), "{case}");
            }
        }
    }
}

#[test]
fn who_has_not_is_refused() {
    let other = KeyPair::generate().expect("key");
    for (name, made) in odd() {
        let [whole, key] = pins(&made).map(Trust::Pin);
        for trust in [whole, key, Trust::Review] {
            for version in VERSIONS {
                let refused = Event::Failed(FailureKind::BadHandshakeSignature);
                let told = Event::AlertReceived(Alert::DecryptError);
                let case = format!("{name}, {version}, {trust:?}");
                let pair = by_client(version, &made, &other, trust);
                assert!(pair.client.saw(refused), "{case}: {:?}", pair.client.events);
                assert!(pair.server.saw(told), "{case}: {:?}", pair.server.events);
                let pair = by_server(version, &made, &other, trust);
                assert!(pair.server.saw(refused), "{case}: {:?}", pair.server.events);
                assert!(pair.client.saw(told), "{case}: {:?}", pair.client.events);
                assert!(!pair.server.saw(Event::Encrypted), "{case}");
            }
        }
    }
}

#[test]
fn what_is_no_certificate_has_no_key_and_nobody_is_let_in_with_it() {
    let key = KeyPair::generate().expect("key");
    let good = Made::self_signed(leaf(&[HOST]));
    let cut = good.der[..good.der.len() / 2].to_vec();
    for garbage in [vec![], vec![0x30, 0], b"certificate".to_vec(), cut] {
        for version in VERSIONS {
            for (mode, on_errors) in [
                (VerifyMode::External, OnErrors::Reject),
                (VerifyMode::Query, OnErrors::Reject),
                (VerifyMode::Verify, OnErrors::DangerouslyAcceptAll),
                (VerifyMode::Verify, OnErrors::Hold),
            ] {
                let judging = client(backend())
                    .protocols(&[version])
                    .verify_mode(mode)
                    .on_errors(on_errors);
                let shown = server(backend())
                    .verify_mode(VerifyMode::None)
                    .identity_with_signer([garbage.clone().into()], signer(&key));
                let mut pair = Pair::handshaken(judging, shown);
                if pair.client.conn.review().is_some() {
                    pair.client.answer(Verdict::Accept);
                    pair.run();
                }
                let case = format!("{version} {mode:?} {on_errors:?} {}", garbage.len());
                let failure = pair.client.conn.failure().map(|failure| failure.kind());
                // None at all is no entry of a list of certificates (RFC 8446 §4.4.2).
                let (expected, alert) = match garbage[..] {
                    [] => (
                        failure == Some(FailureKind::MalformedMessage),
                        Alert::DecodeError,
                    ),
                    _ => (
                        matches!(failure, Some(FailureKind::CertificateRejected(_))),
                        Alert::BadCertificate,
                    ),
                };
                assert!(expected, "{case}: {failure:?}");
                assert!(!pair.client.saw(Event::Encrypted), "{case}");
                let told = Event::AlertReceived(alert);
                assert!(pair.server.saw(told), "{case}: {:?}", pair.server.events);
            }
        }
    }
}
