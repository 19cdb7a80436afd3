//! Signatures by the tests' own keys.

use sslcore::{ConfigBuilder, ServerConfig, SignatureScheme, Signer};
use sslcore_tests::certs::{Identity, WORLD};
use sslcore_tests::module::Module;

pub const P256: &[SignatureScheme] = &[SignatureScheme::EcdsaP256Sha256];

/// A server that asks for signatures by the key of [`WORLD`]'s server.
pub fn asking_server() -> ConfigBuilder<ServerConfig> {
    let chain = WORLD.server.chain.clone();
    super::server().ask_for_signatures(chain, P256.iter().copied())
}

/// The signature, in DER.
pub fn sign(identity: &Identity, message: &[u8]) -> Vec<u8> {
    let module = Module::with(&sslcore_std::default_backend(), identity, P256);
    module.sign(P256[0], message).expect("a signature")
}
