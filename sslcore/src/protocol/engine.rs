//! The handshake engines.

/// A handshake engine: [`engine`](crate::ConfigBuilder::engine) chooses one. Records, alerts, verdicts,
/// timeouts and everything after the handshake are the same code with both.
///
/// ```
/// # use sslcore::crypto::Backend;
/// # use sslcore::{CertificateDer, ClientConfig, ConfigError, Engine};
/// fn client(backend: Backend, root: CertificateDer<'static>) -> Result<ClientConfig, ConfigError> {
///     let builder = ClientConfig::builder(backend).trust_anchors([root]);
///     let engine = match Engine::Own.is_available() {
///         true => Engine::Own,
///         false => Engine::Rustls,
///     };
///     println!("handshakes are done by the engine {}", engine.name());
///     builder.engine(engine).build()
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Engine {
    /// sslcore's own, in a build with the feature `engine`: pre-shared keys in TLS 1.3 and 1.2, certificates
    /// in TLS 1.3 alone, and the sessions that come of them. Each step has at most one public-key operation.
    /// It is new, and nobody has audited it.
    Own,
    /// rustls, in a build with the feature `rustls`: certificates, in TLS 1.3 and 1.2, and the sessions
    /// that come of them.
    Rustls,
}

impl Engine {
    /// Whether the build has it.
    pub const fn is_available(self) -> bool {
        match self {
            Self::Own => cfg!(feature = "engine"),
            Self::Rustls => cfg!(feature = "rustls"),
        }
    }

    /// The engine's name, for logs: `"own"` or `"rustls"`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Rustls => "rustls",
        }
    }
}
