//! What nobody may forgive, however much a configuration trusts: that the peer has the
//! certificate's key, that both saw the same handshake, and that records are whole.

mod thief;

use std::sync::Arc;

use rcgen::KeyPair;
use sslcore::crypto::Backend;
use sslcore::{
    Alert, Certificate, ConfigBuilder, Event, FailureKind, OnErrors, Pin, SignError,
    SignatureScheme, Signer, SslError, SslErrorKind, Verdict, VerifyMode,
};
use sslcore_tests::certs::{Identity, WORLD};
use sslcore_tests::module::Module;
use sslcore_tests::pair::{End, Pair, VERSIONS, backend, backends, client, server};
use thief::{From, Stolen, Tamper, Thief, plain};

/// Ways to trust a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trust {
    ItsRoot,
    EverythingDangerously,
    WithoutAsking,
    WithoutVerifying,
    ItsPin,
    ItsKeysPin,
    Forgiven,
    SomebodyElseAccepts,
    ThePersonAccepts,
}

impl Trust {
    const ALL: [Self; 9] = [
        Self::ItsRoot,
        Self::EverythingDangerously,
        Self::WithoutAsking,
        Self::WithoutVerifying,
        Self::ItsPin,
        Self::ItsKeysPin,
        Self::Forgiven,
        Self::SomebodyElseAccepts,
        Self::ThePersonAccepts,
    ];

    fn of<C>(self, config: ConfigBuilder<C>, peer: &Identity) -> ConfigBuilder<C> {
        let certificate = Certificate::from_der(peer.chain[0].clone());
        let backend = backend();
        let strict = config.verify_mode(VerifyMode::Verify);
        let lonely = |config: ConfigBuilder<C>| config.trust_anchors([]);
        match self {
            Self::ItsRoot => strict,
            Self::EverythingDangerously => lonely(strict).on_errors(OnErrors::DangerouslyAcceptAll),
            Self::WithoutAsking => strict.verify_mode(VerifyMode::None),
            Self::WithoutVerifying => lonely(strict).verify_mode(VerifyMode::Query),
            Self::ItsPin => {
                let pin = certificate.fingerprint_sha256(&backend).expect("SHA-256");
                lonely(strict).pins([Pin::CertificateSha256(pin)])
            }
            Self::ItsKeysPin => {
                let pin = certificate.spki_sha256(&backend).expect("SHA-256");
                lonely(strict).pins([Pin::SpkiSha256(pin)])
            }
            Self::Forgiven => lonely(strict).forgive(
                [
                    SslErrorKind::UnableToGetLocalIssuerCertificate,
                    SslErrorKind::UnableToVerifyFirstCertificate,
                    SslErrorKind::CertificateSignatureFailed,
                ]
                .map(|kind| SslError::new(kind, Some(certificate.clone()))),
            ),
            Self::SomebodyElseAccepts => strict.verify_mode(VerifyMode::External),
            Self::ThePersonAccepts => lonely(strict).on_errors(OnErrors::Hold),
        }
    }

    /// Whether a handshake stands still until the application has accepted.
    fn holds(self) -> bool {
        matches!(self, Self::SomebodyElseAccepts | Self::ThePersonAccepts)
    }
}

fn accept(end: &mut End) {
    if end.conn.review().is_some() {
        end.answer(Verdict::Accept);
    }
}

#[track_caller]
fn assert_refused(judge: &End, other: &End, kind: FailureKind, alert: Alert, case: &str) {
    let events = &judge.events;
    assert!(judge.saw(Event::Failed(kind)), "{case}: {events:?}");
    assert!(!judge.saw(Event::Encrypted), "{case}: {events:?}");
    let told = Event::AlertReceived(alert);
    assert!(other.saw(told), "{case}: {:?}", other.events);
    assert!(judge.conn.review().is_none(), "{case}");
}

/// Who has the certificate, and not its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Impostor {
    /// Signs with another key.
    OtherKey,
    /// Has seen a signature, and changes a bit of it.
    OtherBit,
}

struct Damaging(Arc<Module>);

impl Signer for Damaging {
    fn schemes(&self) -> &[SignatureScheme] {
        self.0.schemes()
    }

    fn sign(&self, scheme: SignatureScheme, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let mut signature = self.0.sign(scheme, message)?;
        if let Some(last) = signature.last_mut() {
            *last ^= 1;
        }
        Ok(signature)
    }
}

impl Impostor {
    fn pose<C>(self, config: ConfigBuilder<C>, as_whom: &Identity) -> ConfigBuilder<C> {
        let other = || KeyPair::generate().expect("key").serialize_der();
        let backend = backend();
        let signer: Arc<dyn Signer> = match self {
            Self::OtherKey => {
                let key = rustls::pki_types::PrivatePkcs8KeyDer::from(other());
                Module::silent(&backend, key.into())
            }
            Self::OtherBit => Arc::new(Damaging(Module::silent(&backend, as_whom.key()))),
        };
        config.identity_with_signer(as_whom.chain.clone(), signer)
    }
}

/// A server without the key of its certificate.
fn false_server(backend: &Backend, version: &str, trust: Trust, impostor: Impostor) {
    let case = format!("{version} {} {trust:?} {impostor:?}", backend.name());
    let client = client(backend.clone()).protocols(&[version]);
    let client = trust.of(client, &WORLD.server).build().expect("client");
    let server = server(backend.clone()).verify_mode(VerifyMode::None);
    let server = impostor
        .pose(server, &WORLD.server)
        .build()
        .expect("server");
    let mut pair = Pair::tls(&client, &server);
    pair.run();
    accept(&mut pair.client);
    pair.run();
    assert_refused(
        &pair.client,
        &pair.server,
        FailureKind::BadHandshakeSignature,
        Alert::DecryptError,
        &case,
    );
}

/// A client without the key of its certificate.
fn false_client(backend: &Backend, version: &str, trust: Trust, impostor: Impostor) {
    let case = format!("{version} {} {trust:?} {impostor:?}", backend.name());
    let server = server(backend.clone()).protocols(&[version]);
    let server = trust.of(server, &WORLD.client).build().expect("server");
    let client = client(backend.clone()).verify_mode(VerifyMode::None);
    let client = impostor
        .pose(client, &WORLD.client)
        .build()
        .expect("client");
    let mut pair = Pair::tls(&client, &server);
    pair.run();
    accept(&mut pair.server);
    pair.run();
    assert_refused(
        &pair.server,
        &pair.client,
        FailureKind::BadHandshakeSignature,
        Alert::DecryptError,
        &case,
    );
}

#[test]
fn a_server_that_cannot_sign_is_refused_however_it_is_trusted() {
    for version in VERSIONS {
        for trust in Trust::ALL {
            for impostor in [Impostor::OtherKey, Impostor::OtherBit] {
                false_server(&backend(), version, trust, impostor);
            }
        }
    }
}

#[test]
fn a_client_that_cannot_sign_is_refused_however_it_is_trusted() {
    for version in VERSIONS {
        // A server that does not ask is shown no certificate.
        for trust in Trust::ALL
            .into_iter()
            .filter(|it| *it != Trust::WithoutAsking)
        {
            for impostor in [Impostor::OtherKey, Impostor::OtherBit] {
                false_client(&backend(), version, trust, impostor);
            }
        }
    }
}

#[test]
fn no_backend_takes_a_signature_that_is_not_the_certificates() {
    for backend in backends() {
        for version in VERSIONS {
            let trust = Trust::EverythingDangerously;
            false_server(&backend, version, trust, Impostor::OtherKey);
            false_client(&backend, version, trust, Impostor::OtherKey);
        }
    }
}

/// A handshake between honest ends, with a thief between them.
fn robbed(version: &str, trust: Trust, from: From, tamper: Option<Tamper>) -> (Pair, Thief) {
    let stolen = Stolen::default();
    let log = Arc::new(stolen.clone());
    let client = plain(client(backend()), version)
        .identity(WORLD.client.chain.clone(), WORLD.client.key())
        .dangerously_log_keys(log.clone());
    let server = plain(server(backend()), version).dangerously_log_keys(log);
    let (client, server) = match from {
        From::Server => (
            trust.of(client, &WORLD.server),
            server.verify_mode(VerifyMode::None),
        ),
        From::Client => (
            client.verify_mode(VerifyMode::None),
            trust.of(server, &WORLD.client),
        ),
    };
    let client = client.build().expect("client");
    let server = server.build().expect("server");
    let mut pair = Pair::tls(&client, &server);
    let mut thief = Thief::new(stolen, version, tamper.unwrap_or(Tamper::Finished), from);
    thief.done = tamper.is_none();
    thief.run(&mut pair);
    match from {
        From::Server => accept(&mut pair.client),
        From::Client => accept(&mut pair.server),
    }
    thief.run(&mut pair);
    (pair, thief)
}

#[test]
fn a_finished_that_was_changed_is_refused_however_the_peer_is_trusted() {
    for (tamper, kind, alert) in [
        (
            Tamper::Finished,
            FailureKind::BadHandshakeSignature,
            Alert::DecryptError,
        ),
        (
            Tamper::Record,
            FailureKind::BadRecordMac,
            Alert::BadRecordMac,
        ),
    ] {
        for version in VERSIONS {
            for trust in Trust::ALL {
                for from in [From::Server, From::Client] {
                    let case = format!("{version} {trust:?} {tamper:?} from the {from:?}");
                    let (pair, thief) = robbed(version, trust, from, Some(tamper));
                    assert!(thief.done, "{case}");
                    let (judge, other) = match from {
                        From::Server => (&pair.client, &pair.server),
                        From::Client => (&pair.server, &pair.client),
                    };
                    assert_refused(judge, other, kind, alert, &case);
                }
            }
        }
    }
}

#[test]
fn without_any_change_each_of_them_is_trusted() {
    for version in VERSIONS {
        for trust in Trust::ALL {
            for from in [From::Server, From::Client] {
                let (pair, _) = robbed(version, trust, from, None);
                let case = format!("{version} {trust:?} {from:?}");
                assert!(pair.client.saw(Event::Encrypted), "{case}");
                assert!(pair.server.saw(Event::Encrypted), "{case}");
                let judge = match from {
                    From::Server => &pair.client,
                    From::Client => &pair.server,
                };
                let asked = judge.told().contains(&"SslErrors".to_owned());
                assert!(asked || !trust.holds(), "{case}");
            }
        }
    }
}

#[test]
fn data_that_was_changed_is_refused_however_the_peer_is_trusted() {
    for version in VERSIONS {
        for trust in Trust::ALL {
            for from in [From::Server, From::Client] {
                let (mut pair, _) = robbed(version, trust, from, None);
                let (judge, other) = match from {
                    From::Server => (&mut pair.client, &mut pair.server),
                    From::Client => (&mut pair.server, &mut pair.client),
                };
                other.write(b"pay 10");
                let mut record = other.take();
                let last = record.len() - 1;
                record[last] ^= 1;
                judge.give(&record, usize::MAX);
                let case = format!("{version} {trust:?} {from:?}");
                let kind = FailureKind::BadRecordMac;
                assert!(judge.saw(Event::Failed(kind)), "{case}: {:?}", judge.events);
                assert!(judge.read_all().is_empty(), "{case}");
            }
        }
    }
}
