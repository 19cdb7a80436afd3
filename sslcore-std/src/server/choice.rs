//! What connections are met with, and how it is chosen by the name that the client asks for.

use std::collections::BTreeMap;
use std::time::Duration;

use sslcore::{ConfigRequest, Limits, ServerConfig};

/// Which configuration a client gets, from the function that
/// [`SslServer::set_chooser`](crate::SslServer::set_chooser) sets.
///
/// ```
/// use sslcore_std::sslcore::{ServerConfig, SslProtocol};
/// use sslcore_std::{Choice, SslServer};
///
/// /// One certificate for HTTP/2 clients, the server's own for others, none for TLS 1.2.
/// fn choose(server: &mut SslServer, h2: ServerConfig) {
///     server.set_chooser(move |request| {
///         let hello = &request.hello;
///         if !hello.offers(SslProtocol::TlsV1_3) {
///             Choice::Refuse
///         } else if hello.alpn().any(|name| name == b"h2") {
///             Choice::Use(h2.clone())
///         } else {
///             Choice::Default
///         }
///     });
/// }
/// ```
#[derive(Clone, Debug)]
pub enum Choice {
    /// The server's own configuration.
    Default,
    /// This configuration.
    Use(ServerConfig),
    /// No configuration: the client gets the alert unrecognized_name (RFC 6066 §3).
    Refuse,
}

/// Looks at a ClientHello and chooses.
pub(super) type Chooser = Box<dyn FnMut(&ConfigRequest<'_>) -> Choice + Send>;

/// A table of configurations by the name that the client asks for (SNI), for
/// [`SslServer::set_chooser`](crate::SslServer::set_chooser).
///
/// ```
/// use sslcore_std::sslcore::ServerConfig;
/// use sslcore_std::{Choice, ConfigsByName, SslServer};
///
/// /// Serves two names, and nobody else.
/// fn serve_names(server: &mut SslServer, shop: ServerConfig, blog: ServerConfig) {
///     let names = ConfigsByName::new()
///         .with("shop.example.org", shop)
///         .with("*.blog.example.org", blog)
///         .unknown(Choice::Refuse)
///         .nameless(Choice::Refuse);
///     server.set_chooser(move |request| names.choose(request));
/// }
/// ```
///
/// Names are compared without regard to case. `*.example.org` stands for every name with one label
/// before `.example.org` that has no configuration of its own.
#[derive(Clone, Debug)]
pub struct ConfigsByName {
    configs: BTreeMap<String, ServerConfig>,
    unknown: Choice,
    nameless: Choice,
}

impl ConfigsByName {
    /// An empty table. A client that asks for an unknown name is refused; a client that asks for no
    /// name, because it was given an IP address perhaps, gets the server's own configuration.
    pub fn new() -> Self {
        Self {
            configs: BTreeMap::new(),
            unknown: Choice::Refuse,
            nameless: Choice::Default,
        }
    }

    /// Adds a name with its configuration, or replaces the configuration of a name.
    #[must_use]
    pub fn with(mut self, name: &str, config: ServerConfig) -> Self {
        self.configs.insert(name.to_ascii_lowercase(), config);
        self
    }

    /// Sets what a client gets that asks for a name without a configuration. The default is
    /// [`Choice::Refuse`].
    #[must_use]
    pub fn unknown(mut self, choice: Choice) -> Self {
        self.unknown = choice;
        self
    }

    /// Sets what a client gets that asks for no name. The default is [`Choice::Default`].
    #[must_use]
    pub fn nameless(mut self, choice: Choice) -> Self {
        self.nameless = choice;
        self
    }

    /// The choice for the client of this request. Costs one or two searches in a sorted table.
    pub fn choose(&self, request: &ConfigRequest<'_>) -> Choice {
        let Some(name) = request.hello.server_name() else {
            return self.nameless.clone();
        };
        let name = name.to_ascii_lowercase();
        let wildcard = || {
            let (_, parent) = name.split_once('.')?;
            self.configs.get(&format!("*.{parent}"))
        };
        match self.configs.get(&name).or_else(wildcard) {
            Some(config) => Choice::Use(config.clone()),
            None => self.unknown.clone(),
        }
    }
}

impl Default for ConfigsByName {
    fn default() -> Self {
        Self::new()
    }
}

/// What every new connection is met with.
pub(super) struct Terms {
    pub(super) config: ServerConfig,
    pub(super) chooser: Option<Chooser>,
    pub(super) limits: Limits,
    pub(super) handshake_timeout: Duration,
}

impl Terms {
    /// The configuration for this client; `None` refuses.
    pub(super) fn choose(&mut self, request: &ConfigRequest<'_>) -> Option<ServerConfig> {
        let choice = match &mut self.chooser {
            Some(chooser) => chooser(request),
            None => Choice::Default,
        };
        match choice {
            Choice::Default => Some(self.config.clone()),
            Choice::Use(config) => Some(config),
            Choice::Refuse => None,
        }
    }
}
