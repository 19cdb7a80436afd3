//! A pre-shared key, and its forms for programs of other libraries.

use sslcore::crypto::{Backend, HashAlgorithm};
use sslcore::{ClientConfig, ConfigBuilder, PreSharedKey, ServerConfig};

use crate::certs::pem;
use crate::peer::Scratch;

/// The key's name.
pub const IDENTITY: &str = "sensor 7";

/// The key.
pub const SECRET: [u8; 32] = *b"a key of thirty-two random bytes";

/// The key, in hexadecimal digits.
pub fn hex() -> String {
    SECRET.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The key, for suites with SHA-256.
pub fn key() -> PreSharedKey {
    named(IDENTITY)
}

/// The same under another name.
pub fn named(identity: &str) -> PreSharedKey {
    PreSharedKey::new(identity, SECRET).expect("a key")
}

/// Another key under the same name.
pub fn wrong() -> PreSharedKey {
    PreSharedKey::new(IDENTITY, [0x5e; 32]).expect("a key")
}

/// A client that has the key, and offers no suite but those of its hash function.
pub fn client(backend: Backend) -> ConfigBuilder<ClientConfig> {
    ClientConfig::builder(backend).pre_shared_keys([key()])
}

/// A server that has the key.
pub fn server(backend: Backend) -> ConfigBuilder<ServerConfig> {
    ServerConfig::builder(backend).pre_shared_keys([key()])
}

/// The key as a session of OpenSSL's, for its options `-psk_session`: so it takes other suites than those
/// with SHA-256, and a client sends up to `early_data` bytes before it has an answer.
pub fn openssl_session(scratch: &Scratch, hash: HashAlgorithm, early_data: u8) -> String {
    let suite = match hash {
        HashAlgorithm::Sha256 => [0x13, 0x01],
        HashAlgorithm::Sha384 => [0x13, 0x02],
    };
    let element = |tag: u8, content: &[u8]| [&[tag, content.len() as u8], content].concat();
    let session = [
        element(2, &[1]),          // the format
        element(2, &[0x03, 0x04]), // TLS 1.3
        element(4, &suite),
        element(4, &[]), // no session id
        element(4, &SECRET),
        element(0xaf, &element(2, &[early_data])),
    ];
    let session = element(0x30, &session.concat());
    scratch.file("session.pem", pem("SSL SESSION PARAMETERS", &session))
}
