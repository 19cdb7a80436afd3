//! Somebody in the middle who has the keys of both ends' handshake, and cuts and joins what they
//! say as it pleases.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use rustls::SupportedCipherSuite;
use rustls::crypto::tls13::OkmBlock;
use sslcore::{ClientConfig, ConfigBuilder, KeyLog, KeyLogLine, ServerConfig};

use crate::forge::Forger;
use crate::pair::backend;

/// The secrets that two ends have logged.
#[derive(Default)]
pub struct Secrets(Mutex<HashMap<String, Secret>>);

/// The client's random, and what was logged for it.
type Secret = (Vec<u8>, Vec<u8>);

impl KeyLog for Secrets {
    fn log(&self, line: &KeyLogLine<'_>) {
        self.put(line.label(), line.client_random(), line.secret());
    }
}

impl Secrets {
    /// Remembers what was logged.
    pub fn put(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let mut secrets = self.0.lock().expect("nobody panics");
        let secret = (client_random.to_vec(), secret.to_vec());
        secrets.insert(label.to_owned(), secret);
    }

    fn get(&self, label: &str) -> Secret {
        let secrets = self.0.lock().expect("nobody panics");
        secrets.get(label).expect(label).clone()
    }

    /// Who opens what one end seals in a handshake of TLS 1.3, and seals in its place.
    pub fn tls13(&self, of_client: bool) -> Forger {
        let label = match of_client {
            true => "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
            false => "SERVER_HANDSHAKE_TRAFFIC_SECRET",
        };
        self.tls13_by(label)
    }

    /// The same for the secret with this label.
    pub fn tls13_by(&self, label: &str) -> Forger {
        let (_, secret) = self.get(label);
        let suites = backend().provider().cipher_suites.clone();
        let suite = suites.iter().find_map(|suite| match suite {
            SupportedCipherSuite::Tls13(it) if it.common.suite == TLS13 => Some(*it),
            _ => None,
        });
        let hkdf = suite.expect("known").hkdf_provider;
        let expander = hkdf.expander_for_okm(&OkmBlock::new(&secret));
        let mut key = [0; 16];
        let mut iv = [0; 12];
        let info = |label: &[u8], len: u8| -> Vec<u8> {
            let label = [b"tls13 ", label].concat();
            [&[0, len, label.len() as u8], &label[..], &[0]].concat()
        };
        expander
            .expand_slice(&[&info(b"key", 16)], &mut key)
            .expect("short");
        expander
            .expand_slice(&[&info(b"iv", 12)], &mut iv)
            .expect("short");
        Forger::in_the_middle(true, &key, iv)
    }

    /// The same in TLS 1.2; what is protected there is Finished.
    pub fn tls12(&self, server_random: &[u8], of_client: bool) -> Forger {
        let (client_random, master) = self.get("CLIENT_RANDOM");
        let suites = backend().provider().cipher_suites.clone();
        let suite = suites.iter().find_map(|suite| match suite {
            SupportedCipherSuite::Tls12(it) if it.common.suite == TLS12 => Some(*it),
            _ => None,
        });
        let mut block = [0; 40];
        let seed = [server_random, &client_random].concat();
        suite
            .expect("known")
            .prf_provider
            .for_secret(&mut block, &master, b"key expansion", &seed);
        let (keys, ivs) = block.split_at(32);
        let at = usize::from(!of_client);
        let key = keys[16 * at..][..16].try_into().expect("16");
        let mut iv = [0; 12];
        iv[..4].copy_from_slice(&ivs[4 * at..][..4]);
        Forger::in_the_middle(false, &key, iv)
    }
}

/// The suite of TLS 1.3 that the one in the middle knows.
pub const TLS13: rustls::CipherSuite = rustls::CipherSuite::TLS13_AES_128_GCM_SHA256;
/// The same of TLS 1.2.
pub const TLS12: rustls::CipherSuite = rustls::CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256;

/// Two configurations that tell the secrets, and negotiate what the one in the middle knows.
pub fn overheard(
    client: ConfigBuilder<ClientConfig>,
    server: ConfigBuilder<ServerConfig>,
) -> (ClientConfig, ServerConfig, Arc<Secrets>) {
    let secrets = Arc::new(Secrets::default());
    let suites = [
        "TLS_AES_128_GCM_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    ];
    let client = client
        .ciphers(&suites)
        .dangerously_log_keys(secrets.clone());
    let server = server.ciphers(&suites);
    (
        client.build().expect("client"),
        server
            .dangerously_log_keys(secrets.clone())
            .build()
            .expect("server"),
        secrets,
    )
}
