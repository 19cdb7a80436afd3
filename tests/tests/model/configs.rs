//! The configurations of both ends.

use rustls_pki_types::PrivateKeyDer;
#[cfg(feature = "testing")]
use sslcore::testing::{backend_without_security, known_identity};
use sslcore::{ClientConfig, OnErrors, ServerConfig, SignatureScheme};
use sslcore_tests::certs::WORLD;
use sslcore_tests::entropy::seeded;
use sslcore_tests::pair::{client, server};

pub(crate) struct Configs {
    pub(crate) client: ClientConfig,
    pub(crate) server: ServerConfig,
    /// The server's key, for who is asked to sign.
    pub(crate) key: PrivateKeyDer<'static>,
}

/// What the applications are asked.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Asked {
    /// The client's: what it says of the server's certificate.
    pub(crate) review: bool,
    /// The server's: to sign, in TLS 1.3.
    pub(crate) signature: bool,
}

impl Asked {
    pub(crate) const NOTHING: Self = Self {
        review: false,
        signature: false,
    };
    pub(crate) const REVIEW: Self = Self {
        review: true,
        ..Self::NOTHING
    };
    pub(crate) const SIGNATURE: Self = Self {
        signature: true,
        ..Self::NOTHING
    };
}

/// What the server's key signs in.
pub(crate) const SCHEMES: &[SignatureScheme] = &[SignatureScheme::EcdsaP256Sha256];

fn version(tls13: bool) -> &'static str {
    match tls13 {
        true => "TLSv1.3",
        false => "TLSv1.2",
    }
}

pub(crate) fn configs(seed: u64, tls13: bool, asked: Asked) -> Configs {
    let mut server = server(seeded(seed)).protocols(&[version(tls13)]);
    let mut client = client(seeded(seed + 1)).protocols(&[version(tls13)]);
    let mut identity = &WORLD.server;
    if asked.review {
        identity = &WORLD.self_signed;
        client = client.on_errors(OnErrors::Hold);
    }
    let chain = identity.chain.clone();
    server = match tls13 && asked.signature {
        true => server.ask_for_signatures(chain, SCHEMES.iter().copied()),
        false => server.identity(chain, identity.key()),
    };
    Configs {
        client: client.build().expect("client"),
        server: server.build().expect("server"),
        key: identity.key(),
    }
}

/// The same, and quicker.
#[cfg(feature = "testing")]
pub(crate) fn without_security(tls13: bool, asked: Asked) -> Configs {
    let (chain, key) = known_identity();
    let client = ClientConfig::builder(backend_without_security(1));
    let client = client.protocols(&[version(tls13)]);
    let client = match asked.review {
        true => client.on_errors(OnErrors::Hold),
        false => client.trust_anchors(chain.clone()),
    };
    let server = ServerConfig::builder(backend_without_security(2));
    let server = server.protocols(&[version(tls13)]);
    let server = match asked.signature {
        true => server.ask_for_signatures(chain, SCHEMES.iter().copied()),
        false => server.identity(chain, key.clone_key()),
    };
    Configs {
        client: client.build().expect("client"),
        server: server.build().expect("server"),
        key,
    }
}
