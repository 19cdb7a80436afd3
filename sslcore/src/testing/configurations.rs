//! Configurations that have names.

use alloc::vec::Vec;

use rustls::crypto::CryptoProvider;

use super::scenario::{ClientCertificate, Scenario, SharedKeys};
use crate::buffer::Buffers;
use crate::config::{ClientConfig, ConfigBuilder, PeerName, ServerConfig, ServerStart};
use crate::config_error::ConfigError;
use crate::connection::{Connection, Progress, SignatureRequest};
use crate::crypto::Backend;
use crate::identity::signature::Signature;
use crate::limits::Limits;
use crate::protocol::SignatureScheme;
use crate::testing::{
    backend_without_security, known_identity, known_psk, rustcrypto_without_security,
};
use crate::time::{Instant, Now, UnixTime};
use crate::usage::UsageError;
use crate::verify::policy::{OnErrors, VerifyMode};

/// A client's and a server's configuration that fit each other. The same name and seed give the same
/// ones. The [module](super::transcript) has an example.
#[derive(Clone, Debug)]
pub struct Configurations {
    /// The client's, with random numbers from the seed.
    pub client: ClientConfig,
    /// The server's, with random numbers from the seed and 1.
    pub server: ServerConfig,
}

impl Configurations {
    /// The configurations of this name; `None` when a word of it is not known, or two contradict each
    /// other.
    ///
    /// The server has the [known identity](known_identity), which the client trusts; both are
    /// [without security](backend_without_security). The words, in any order, change that;
    /// [`Scenario`] has them as data:
    ///
    /// | word | says |
    /// |---|---|
    /// | `tls12`, `tls13` | only this version |
    /// | `rustcrypto` | [all cryptography](rustcrypto_without_security), with random numbers from the seed |
    /// | `retried` | the server lacks the client's first group: HelloRetryRequest in TLS 1.3 |
    /// | `mutual` | the client has the known identity, too, and the server verifies it |
    /// | `refused` | as `mutual`, but the server trusts nobody |
    /// | `untrusted` | the client trusts nobody, and asks what to do |
    /// | `max_fragment 100` | both send no larger [fragments](crate::ConfigBuilder::max_fragment) |
    /// | `resumed` | the two have had a session: the next one resumes it |
    /// | `psk` | both have the [known key](super::known_psk) `known`, and no certificates |
    /// | `psk_asked` | both ask for their keys, and have no certificates |
    /// | `signature_asked` | the application of who has a certificate is [asked](crate::ConfigBuilder::ask_for_signatures) to sign |
    pub fn without_security(name: &str, seed: u64) -> Option<Self> {
        let scenario = Scenario::named(name)?;
        let made = Self::make(scenario, seed).ok()?;
        if scenario.resumed {
            made.meet()?;
        }
        Some(made)
    }

    fn with_keys(
        scenario: Scenario,
        client: ConfigBuilder<ClientConfig>,
        server: ConfigBuilder<ServerConfig>,
    ) -> Result<Self, ConfigError> {
        let (mut client, mut server) = match known_psk(KNOWN_IDENTITY) {
            Ok(key) if scenario.keys == SharedKeys::Known => {
                let keys = [key];
                (
                    client.pre_shared_keys(keys.clone()),
                    server.pre_shared_keys(keys),
                )
            }
            _ => (
                client.ask_for_pre_shared_keys(),
                server.ask_for_pre_shared_keys(),
            ),
        };
        if let Some(bytes) = scenario.max_fragment {
            client = client.max_fragment(bytes);
            server = server.max_fragment(bytes);
        }
        Ok(Self {
            client: client.build()?,
            server: server.build()?,
        })
    }

    fn make(scenario: Scenario, seed: u64) -> Result<Self, ConfigError> {
        let backend = match scenario.rustcrypto {
            true => rustcrypto_without_security,
            false => backend_without_security,
        };
        let (chain, _) = known_identity();
        let mut client = ClientConfig::builder(backend(seed));
        let other = backend(seed.wrapping_add(1));
        let other = if scenario.retried {
            without_first_group(other)
        } else {
            other
        };
        if scenario.keys != SharedKeys::None {
            return Self::with_keys(scenario, client, ServerConfig::builder(other));
        }
        let mut server = identified(scenario, ServerConfig::builder(other));
        client = match scenario.untrusted {
            true => client.on_errors(OnErrors::Hold),
            false => client.trust_anchors(chain.clone()),
        };
        if scenario.client_certificate != ClientCertificate::None {
            client = identified(scenario, client);
            server = server.verify_mode(VerifyMode::Verify);
        }
        if scenario.client_certificate == ClientCertificate::Accepted {
            server = server.trust_anchors(chain);
        }
        if let Some(version) = scenario.version {
            client = client.protocols(&[version.name()]);
            server = server.protocols(&[version.name()]);
        }
        if let Some(bytes) = scenario.max_fragment {
            client = client.max_fragment(bytes);
            server = server.max_fragment(bytes);
        }
        Ok(Self {
            client: client.build()?,
            server: server.build()?,
        })
    }

    /// A session between the two, in 2030.
    fn meet(&self) -> Option<()> {
        let [mut client, mut server] =
            [(); 2].map(|()| Connection::new(Limits::default(), Buffers::Owned));
        let name = PeerName::new("server.test").ok()?;
        let start = ServerStart::With(self.server.clone());
        client.start_client_encryption(&self.client, name).ok()?;
        server.start_server_encryption(start).ok()?;
        // More flights than any handshake has, with its tickets.
        for _ in 0..4 {
            carry(&mut client, &mut server).ok()?;
            carry(&mut server, &mut client).ok()?;
        }
        Some(())
    }
}

/// The identity of the key that both ends have.
pub(super) const KNOWN_IDENTITY: &str = "known";

/// The known identity, whose key signs, or whose application is asked to.
fn identified<C>(scenario: Scenario, config: ConfigBuilder<C>) -> ConfigBuilder<C> {
    let (chain, key) = known_identity();
    match scenario.signature_asked {
        true => config.ask_for_signatures(chain, [SignatureScheme::EcdsaP256Sha256]),
        false => config.identity(chain, key),
    }
}

/// What is asked for, by the key of the known identity: who believes every signature believes this one.
pub(super) fn known_signature(request: &SignatureRequest<'_>) -> Option<Vec<u8>> {
    let (_, key) = known_identity();
    let key = rustcrypto_without_security(0).load_key(&key).ok()?;
    key.sign(request.scheme, request.message).ok()
}

/// Carries what one has to say to the other.
fn carry(from: &mut Connection, to: &mut Connection) -> Result<(), UsageError> {
    let year_2030 = UnixTime::since_unix_epoch(core::time::Duration::from_secs(1_893_456_000));
    let now = Now::new(Instant::from_millis(0), year_2030);
    let settle = |conn: &mut Connection| {
        while conn.process(now) != Progress::Idle {
            while conn.poll_event().is_some() {}
        }
    };
    settle(from);
    let asked = from.signature_request();
    let signed = asked.and_then(|request| Some((request.id, known_signature(&request)?)));
    if let Some((id, signature)) = signed {
        from.provide_signature(id, Signature::Der(&signature))?;
        settle(from);
    }
    let n = to.receive(from.transmit())?;
    from.transmitted(n)
}

fn without_first_group(backend: Backend) -> Backend {
    let mut provider = CryptoProvider::clone(backend.provider());
    provider.kx_groups.remove(0);
    Backend::custom(backend.name(), provider, move |algorithm, key| {
        backend.aead(algorithm, key)
    })
}
