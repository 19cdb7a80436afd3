//! Both ends with a pre-shared key, by what is in sslcore alone: so a build without rustls can be tested.

use sslcore::crypto::rustcrypto::RustCrypto;
use sslcore::crypto::{Backend, EntropyError, EntropySource};
use sslcore::{
    Buffers, ClientConfig, ConfigBuilder, Connection, Event, FailureKind, Instant, Limits, Now,
    PeerName, PreSharedKey, Progress, ServerConfig, ServerStart,
};

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
}

impl Pair {
    fn new(client: ConfigBuilder<ClientConfig>, server: ConfigBuilder<ServerConfig>) -> Self {
        let (client, server) = (client.build().unwrap(), server.build().unwrap());
        let mut pair = Self {
            client: Connection::new(Limits::default(), Buffers::default()),
            server: Connection::new(Limits::default(), Buffers::default()),
        };
        let name = PeerName::new("server.example").unwrap();
        pair.client.start_client_encryption(&client, name).unwrap();
        let start = ServerStart::With(server);
        pair.server.start_server_encryption(start).unwrap();
        pair.run();
        pair
    }

    /// Until neither has anything to say.
    fn run(&mut self) {
        let now = Now {
            monotonic: Instant::from_millis(0),
            wall: None,
        };
        loop {
            let mut idle = true;
            for end in [&mut self.client, &mut self.server] {
                while end.process(now) != Progress::Idle {
                    idle = false;
                }
            }
            let to_server = carry(&mut self.client, &mut self.server);
            let to_client = carry(&mut self.server, &mut self.client);
            if idle && !to_server && !to_client {
                return;
            }
        }
    }
}

fn carry(from: &mut Connection, to: &mut Connection) -> bool {
    if from.transmit().is_empty() || to.is_over() {
        return false;
    }
    let n = to.receive(from.transmit()).unwrap();
    from.transmitted(n).unwrap();
    n > 0
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

#[cfg(not(feature = "rustls"))]
#[test]
fn certificates_need_the_other_engine() {
    let error = ClientConfig::builder(CRYPTO.backend())
        .build()
        .err()
        .unwrap();
    let said = "the authentication \"certificates: they need the feature rustls\" is not supported";
    assert_eq!(error.to_string(), said);
}
