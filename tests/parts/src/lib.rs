//! rustls as the other end of a connection, in memory: it has all that a build of sslcore may leave out.

use std::io::{Read, Write};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, Issuer, KeyPair};
use rustls::crypto::{CryptoProvider, SecureRandom, aws_lc_rs};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::WebPkiClientVerifier;
use rustls::{CipherSuite, NamedGroup, RootCertStore};
use sslcore::crypto::Backend;
use sslcore::crypto::rustcrypto::{EntropyError, EntropySource, RustCrypto};
use sslcore::{Connection, Event, Instant, Now, Progress, UnixTime};

/// The name of every server.
pub const HOST: &str = "host.example";

#[derive(Debug)]
struct Random(&'static dyn SecureRandom);

impl EntropySource for Random {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyError> {
        self.0.fill(out).map_err(|_| EntropyError)
    }
}

/// `rustcrypto`, with what the build has of it. Leaks it, for as long as the tests run.
pub fn backend() -> Backend {
    let random = Box::leak(Box::new(Random(
        aws_lc_rs::default_provider().secure_random,
    )));
    Box::leak(Box::new(RustCrypto::new(random))).backend()
}

/// The time, for certificates that were just made.
pub fn now() -> Now {
    let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    Now {
        monotonic: Instant::from_micros(0),
        wall: Some(UnixTime::since_unix_epoch(
            wall.expect("it is later than 1970") + Duration::from_secs(60),
        )),
    }
}

/// An authority whose key makes signatures of one kind, and a certificate for [`HOST`] that it has signed.
pub struct Chain {
    /// The authority.
    pub authority: CertificateDer<'static>,
    /// Leaf, with an ECDSA key on P-256.
    pub leaf: CertificateDer<'static>,
    key: KeyPair,
}

impl Chain {
    /// An authority with a new key that signs so.
    pub fn signed_with(algorithm: &'static rcgen::SignatureAlgorithm) -> Self {
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, "authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate_for(algorithm).expect("make a key");
        let authority = CertifiedIssuer::self_signed(params, key).expect("make an authority");
        Self::issued_by(&authority, authority.der().clone())
    }

    fn issued_by(issuer: &Issuer<'_, KeyPair>, authority: CertificateDer<'static>) -> Self {
        let key = KeyPair::generate().expect("make a key");
        let params = CertificateParams::new([HOST.to_string()]).expect("a name of a host");
        let leaf = params.signed_by(&key, issuer).expect("issue a certificate");
        Self {
            authority,
            leaf: leaf.der().clone(),
            key,
        }
    }

    /// The key of the leaf.
    pub fn key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::try_from(self.key.serialize_der()).expect("a key in PKCS#8")
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.clone()).expect("an authority");
        roots
    }
}

/// What rustls may use.
#[derive(Clone, Copy, Debug, Default)]
pub struct Only {
    /// One cipher suite, in the place of all.
    pub suite: Option<CipherSuite>,
    /// One group, in the place of all.
    pub group: Option<NamedGroup>,
}

impl Only {
    fn provider(self) -> Arc<CryptoProvider> {
        let mut provider = aws_lc_rs::default_provider();
        let suites = &mut provider.cipher_suites;
        suites.retain(|suite| self.suite.is_none_or(|only| suite.suite() == only));
        if let Some(only) = self.group {
            let all = aws_lc_rs::ALL_KX_GROUPS.iter().copied();
            provider.kx_groups = all.filter(|group| group.name() == only).collect();
        }
        Arc::new(provider)
    }

    /// rustls as a server, which asks for a certificate when `asks`.
    pub fn server(self, chain: &Chain, asks: bool) -> rustls::Connection {
        let builder = rustls::ServerConfig::builder_with_provider(self.provider());
        let builder = builder.with_safe_default_protocol_versions();
        let builder = builder.expect("a suite that fits");
        let builder = match asks {
            false => builder.with_no_client_auth(),
            true => {
                let roots = Arc::new(chain.roots());
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, self.provider());
                builder.with_client_cert_verifier(verifier.build().expect("a verifier"))
            }
        };
        let config = builder.with_single_cert(vec![chain.leaf.clone()], chain.key());
        let config = Arc::new(config.expect("a configuration"));
        rustls::ServerConnection::new(config)
            .expect("a server")
            .into()
    }

    /// rustls as a client of [`HOST`].
    pub fn client(self, chain: &Chain) -> rustls::Connection {
        let builder = rustls::ClientConfig::builder_with_provider(self.provider());
        let builder = builder.with_safe_default_protocol_versions();
        let builder = builder.expect("a suite that fits");
        let config = builder
            .with_root_certificates(chain.roots())
            .with_no_client_auth();
        let name = ServerName::try_from(HOST).expect("a name of a host");
        rustls::ClientConnection::new(Arc::new(config), name)
            .expect("a client")
            .into()
    }
}

/// Lets both talk until neither has anything more to say, and gives the events of ours.
pub fn talk(ours: &mut Connection, theirs: &mut rustls::Connection) -> Vec<Event> {
    let mut events = Vec::new();
    loop {
        let mut moved = false;
        while ours.process(now()) != Progress::Idle {
            events.extend(core::iter::from_fn(|| ours.poll_event()));
        }
        events.extend(core::iter::from_fn(|| ours.poll_event()));
        let sent = ours.transmit().len();
        if sent > 0 {
            let mut bytes = &ours.transmit()[..sent];
            while !bytes.is_empty() && theirs.wants_read() {
                theirs.read_tls(&mut bytes).expect("read from memory");
                // An alert says why, and is sent.
                drop(theirs.process_new_packets());
            }
            ours.transmitted(sent).expect("so much was shown");
            moved = true;
        }
        let mut bytes = Vec::new();
        while theirs.wants_write() {
            theirs.write_tls(&mut bytes).expect("write to memory");
        }
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let Ok(taken) = ours.receive(rest) else {
                break; // it is over
            };
            rest = &rest[taken..];
            while ours.process(now()) != Progress::Idle {
                events.extend(core::iter::from_fn(|| ours.poll_event()));
            }
            moved = true;
        }
        if !moved {
            return events;
        }
    }
}

/// A word each way, once both are [`talk`]ing.
pub fn exchange(ours: &mut Connection, theirs: &mut rustls::Connection) {
    theirs.writer().write_all(b"theirs").expect("write");
    assert_eq!(ours.write(b"ours"), Ok(4));
    talk(ours, theirs);
    let mut got = [0; 6];
    assert_eq!(ours.read(&mut got), Ok(6));
    assert_eq!(&got, b"theirs");
    let mut got = [0; 4];
    theirs.reader().read_exact(&mut got).expect("read");
    assert_eq!(&got, b"ours");
}
