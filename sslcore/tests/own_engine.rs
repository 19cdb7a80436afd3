//! Both ends by the engine of our own, with what is in sslcore alone: so a build without rustls can be tested.

use sslcore::crypto::rustcrypto::RustCrypto;
use sslcore::crypto::{Backend, EntropyError, EntropySource};
use sslcore::{
    Buffers, ClientConfig, ConfigBuilder, Connection, Event, FailureKind, Instant, Limits, Now,
    PeerName, PreSharedKey, Progress, ServerConfig, ServerStart, UnixTime,
};
#[cfg(feature = "rustcrypto-core")]
use sslcore::{CertificateDer, Engine, PrivateKey, SslProtocol, VerifyMode};

/// Numbers that everybody knows.
#[derive(Debug)]
struct Counting;

impl EntropySource for Counting {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyError> {
        let numbers = (1..=u8::MAX).cycle();
        out.iter_mut()
            .zip(numbers)
            .for_each(|(to, from)| *to = from);
        Ok(())
    }
}

static CRYPTO: RustCrypto = RustCrypto::new(&Counting);

fn backends() -> Vec<Backend> {
    vec![
        CRYPTO.backend(),
        #[cfg(feature = "ring")]
        Backend::ring(),
        #[cfg(feature = "aws-lc-rs")]
        Backend::aws_lc_rs(),
    ]
}

fn key(secret: u8) -> [PreSharedKey; 1] {
    [PreSharedKey::new("device", [secret; 32]).expect("a key")]
}

fn client(backend: &Backend) -> ConfigBuilder<ClientConfig> {
    ClientConfig::builder(backend.clone()).pre_shared_keys(key(1))
}

fn server(backend: &Backend) -> ConfigBuilder<ServerConfig> {
    ServerConfig::builder(backend.clone()).pre_shared_keys(key(1))
}

struct Pair {
    client: Connection,
    server: Connection,
    /// How many bytes arrive at a time.
    chunk: usize,
}

impl Pair {
    fn new(client: ConfigBuilder<ClientConfig>, server: ConfigBuilder<ServerConfig>) -> Self {
        Self::named("server.example", client, server)
    }

    /// The client asks for this name.
    fn named(
        name: &str,
        client: ConfigBuilder<ClientConfig>,
        server: ConfigBuilder<ServerConfig>,
    ) -> Self {
        let mut pair = Self::begun(name, client, server);
        pair.run();
        pair
    }

    /// Nothing has arrived yet.
    fn begun(
        name: &str,
        client: ConfigBuilder<ClientConfig>,
        server: ConfigBuilder<ServerConfig>,
    ) -> Self {
        let (client, server) = (client.build().unwrap(), server.build().unwrap());
        let mut pair = Self {
            client: Connection::new(Limits::default(), Buffers::default()),
            server: Connection::new(Limits::default(), Buffers::default()),
            chunk: usize::MAX,
        };
        let name = PeerName::new(name).unwrap();
        pair.client.start_client_encryption(&client, name).unwrap();
        let start = ServerStart::With(server);
        pair.server.start_server_encryption(start).unwrap();
        pair
    }

    /// Until neither has anything to say. Says how many bytes have arrived.
    fn run(&mut self) -> usize {
        self.run_for(usize::MAX)
    }

    /// The same, for so many bytes at most.
    fn run_for(&mut self, bytes: usize) -> usize {
        let mut arrived = 0;
        loop {
            process(&mut self.client);
            process(&mut self.server);
            let most = self.chunk.min(bytes - arrived);
            let to_server = carry(&mut self.client, &mut self.server, most);
            let most = self.chunk.min(bytes - arrived - to_server);
            let to_client = carry(&mut self.server, &mut self.client, most);
            arrived += to_server + to_client;
            if to_server + to_client == 0 {
                return arrived;
            }
        }
    }
}

/// Does all the work that there is, in the year 2030.
fn process(end: &mut Connection) {
    let year_2030 = core::time::Duration::from_secs(1_893_456_000);
    let wall = UnixTime::since_unix_epoch(year_2030);
    while end.process(Now::new(Instant::from_millis(0), wall)) != Progress::Idle {}
}

fn carry(from: &mut Connection, to: &mut Connection, most: usize) -> usize {
    if to.is_over() {
        return 0;
    }
    let sent = from.transmit();
    let n = to.receive(&sent[..sent.len().min(most)]).unwrap();
    from.transmitted(n).unwrap();
    n
}

#[test]
fn data_goes_both_ways_in_each_version_and_suite() {
    for backend in backends() {
        let tls13 = backend.supported_ciphers().map(|cipher| cipher.name());
        let mut suites: Vec<&str> = tls13.filter(|name| !name.contains("_WITH_")).collect();
        assert_eq!(suites.len(), 3, "{backend:?}");
        if cfg!(feature = "tls12") {
            suites.push("TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256");
        }
        for suite in suites {
            let protocols: &[&str] = match suite.contains("_WITH_") {
                true => &["TLSv1.2"],
                false => &["TLSv1.3"],
            };
            let hash = match suite.ends_with("SHA384") {
                true => sslcore::crypto::HashAlgorithm::Sha384,
                false => sslcore::crypto::HashAlgorithm::Sha256,
            };
            let key = key(1).map(|key| key.with_hash(hash));
            let client = client(&backend).protocols(protocols).ciphers(&[suite]);
            let server = server(&backend).protocols(protocols);
            let mut pair = Pair::new(
                client.pre_shared_keys(key.clone()),
                server.pre_shared_keys(key),
            );
            for end in [&mut pair.client, &mut pair.server] {
                assert!(end.is_encrypted(), "{suite}: {:?}", end.failure());
                assert_eq!(end.session_cipher().unwrap().name(), suite);
                assert_eq!(end.write(b"hello").unwrap(), 5);
            }
            pair.run();
            for end in [&mut pair.client, &mut pair.server] {
                let mut read = [0; 16];
                let n = end.read(&mut read).unwrap();
                assert_eq!(&read[..n], b"hello");
            }
        }
    }
}

#[test]
fn another_key_of_that_name_is_refused() {
    for backend in backends() {
        let server = ServerConfig::builder(backend.clone()).pre_shared_keys(key(2));
        let pair = Pair::new(client(&backend), server);
        for end in [&pair.client, &pair.server] {
            assert!(!end.is_encrypted());
        }
        let failure = pair.client.failure().expect("it failed");
        let told = FailureKind::AlertReceived(sslcore::Alert::DecryptError);
        assert_eq!(failure.kind(), told);
        let mut server = pair.server;
        let mut events = std::iter::from_fn(|| server.poll_event());
        assert!(events.any(|event| event == Event::AlertSent(sslcore::Alert::DecryptError)));
    }
}

#[cfg(feature = "rustcrypto-core")]
/// A certificate that has issued itself, for `server.test`, and its key, which everybody knows.
fn identity() -> ([CertificateDer<'static>; 1], PrivateKey) {
    let certificate = &include_bytes!("../src/testing/certificate.der")[..];
    let key = PrivateKey::from_der(include_bytes!("../src/testing/key.der"));
    ([certificate.into()], key.expect("a key"))
}

#[cfg(feature = "rustcrypto-core")]
/// Both show that certificate, and trust it.
fn certified(backend: &Backend) -> (ConfigBuilder<ClientConfig>, ConfigBuilder<ServerConfig>) {
    let (chain, key) = identity();
    let client = ClientConfig::builder(backend.clone())
        .engine(Engine::Own)
        .trust_anchors(chain.clone())
        .identity(chain.clone(), key.clone_key());
    let server = ServerConfig::builder(backend.clone())
        .engine(Engine::Own)
        .trust_anchors(chain.clone())
        .verify_mode(VerifyMode::Verify)
        .identity(chain, key);
    (client, server)
}

#[cfg(feature = "rustcrypto-core")]
#[test]
fn certificates_prove_both_ends_however_the_bytes_come() {
    for chunk in [1, 3, usize::MAX] {
        let (client, server) = certified(&CRYPTO.backend());
        let mut pair = Pair::begun("server.test", client, server);
        pair.chunk = chunk;
        pair.run();
        assert!(pair.client.is_encrypted() && pair.server.is_encrypted());
    }
}

#[cfg(feature = "rustcrypto-core")]
/// The same bytes each time: a backend's random numbers are known.
#[test]
fn a_handshake_with_certificates_that_ends_anywhere_has_failed_and_nothing_more() {
    let backend = CRYPTO.backend();
    let begun = || {
        let (client, server) = certified(&backend);
        Pair::begun("server.test", client, server)
    };
    let late = certified(&backend).0.build().unwrap();
    let all = begun().run();
    assert!(all > 1500, "{all} B");
    for bytes in 0..all {
        let mut pair = begun();
        assert_eq!(pair.run_for(bytes), bytes);
        for end in [&mut pair.client, &mut pair.server] {
            let was_encrypted = end.is_encrypted();
            end.receive_eof();
            process(end);
            if !was_encrypted {
                let failure = end.failure().map(|failure| failure.kind());
                assert_eq!(failure, Some(FailureKind::Truncated), "after {bytes} B");
                assert!(!end.is_encrypted() && end.is_over(), "after {bytes} B");
            }
            // A step too late changes nothing.
            let name = PeerName::new("server.test").unwrap();
            assert!(end.start_client_encryption(&late, name).is_err());
            process(end);
        }
    }
}

#[cfg(feature = "rustcrypto-core")]
#[test]
fn certificates_prove_both_ends_in_tls13() {
    for backend in backends() {
        let (chain, _) = identity();
        let (client, server) = certified(&backend);
        let mut pair = Pair::named("server.test", client, server);
        for end in [&mut pair.client, &mut pair.server] {
            assert!(end.is_encrypted(), "{:?}", end.failure());
            assert_eq!(end.session_protocol(), Some(SslProtocol::TlsV1_3));
            let shown = end
                .peer_certificate()
                .map(|certificate| certificate.der().clone());
            assert_eq!(shown.as_ref(), chain.first());
            assert_eq!(end.write(b"hello").unwrap(), 5);
        }
        pair.run();
        assert_eq!(pair.client.peek(), b"hello");
        assert_eq!(pair.server.peek(), b"hello");
    }
}

#[cfg(feature = "rustcrypto-core")]
#[test]
fn what_this_engine_does_not_have_is_said() {
    let said = |builder: ConfigBuilder<ClientConfig>| {
        let error = builder.build().err();
        error.map(|error| error.to_string()).unwrap_or_default()
    };
    let builder = || ClientConfig::builder(CRYPTO.backend());
    let tls12 = builder()
        .engine(Engine::Own)
        .protocols(&["TLSv1.2", "TLSv1.3"]);
    let why = "the protocol \"TLSv1.2, with certificates by the engine own\" is not supported";
    assert_eq!(said(tls12), why);
    let keys = builder().engine(Engine::Rustls).pre_shared_keys(key(1));
    let why = match Engine::Rustls.is_available() {
        true => "the engine \"rustls with pre-shared keys\" is not supported",
        false => "the engine \"rustls\" is not supported",
    };
    assert_eq!(said(keys), why);
    assert_eq!(said(builder().engine(Engine::Own)), "");
}
