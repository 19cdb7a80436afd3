//! What a chain is verified by, without a connection: for a verdict, and to try what would change it.

use rustls_pki_types::CertificateDer;
#[cfg(feature = "record-secrets")]
use sslcore_std::sslcore::{Certificate, DistinguishedName};
use sslcore_std::sslcore::{
    ClientConfig, ConfigBuilder, PeerName, RevocationList, ServerConfig, SslError, UnixTime,
};

/// What the certificate is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Purpose {
    Server,
    Client,
}

impl Purpose {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
        }
    }
}

/// What a chain is verified by.
#[derive(Clone)]
pub(crate) struct Terms {
    /// The certificates that chains may end in.
    pub(crate) anchors: Vec<CertificateDer<'static>>,
    pub(crate) lists: Vec<RevocationList>,
    pub(crate) purpose: Purpose,
    /// The name that a server's certificate must be for, if that matters.
    pub(crate) name: Option<String>,
    pub(crate) at: Option<UnixTime>,
}

impl Terms {
    /// Every error of this chain, leaf first.
    ///
    /// # Errors
    /// A sentence: what cannot be used, and why.
    pub(crate) fn errors(
        &self,
        chain: &[CertificateDer<'static>],
    ) -> Result<Vec<SslError>, String> {
        let backend = sslcore_std::default_backend();
        match self.purpose {
            Purpose::Server => {
                let name = self.name.as_deref().map(PeerName::new).transpose();
                let name = name.map_err(said)?;
                let config = self.apply(ClientConfig::builder(backend)).build();
                Ok(config
                    .map_err(said)?
                    .verify_chain(chain, name.as_ref(), self.at))
            }
            Purpose::Client => {
                // Clients are verified by servers, and no server is without a certificate.
                let own = rcgen::generate_simple_self_signed(Vec::new()).map_err(said)?;
                let config = ServerConfig::builder(backend)
                    .identity([own.cert.der().clone()], own.signing_key);
                let config = self.apply(config).build().map_err(said)?;
                Ok(config.verify_chain(chain, self.at))
            }
        }
    }

    /// The anchors that a chain may end in: they bear the name of one of its issuers, or are in it.
    /// Names are compared more loosely than they are when a chain is verified.
    #[cfg(feature = "record-secrets")]
    pub(crate) fn anchors_of(
        &self,
        chain: &[Certificate],
    ) -> impl Iterator<Item = (usize, &CertificateDer<'static>)> {
        let loosely = |name: Option<DistinguishedName<'_>>| {
            let name = name.map(|name| name.to_string()).unwrap_or_default();
            let letters = name.chars().filter(|c| c.is_alphanumeric());
            letters.flat_map(char::to_lowercase).collect::<String>()
        };
        let issuers: Vec<String> = chain.iter().map(|it| loosely(it.issuer())).collect();
        let given: Vec<_> = chain.iter().map(|it| it.der().clone()).collect();
        self.anchors.iter().enumerate().filter(move |(_, anchor)| {
            let subject = || loosely(Certificate::from_der((*anchor).clone()).subject());
            given.contains(anchor) || issuers.contains(&subject())
        })
    }

    /// A configuration that has the revocation lists.
    ///
    /// # Errors
    /// A sentence: what cannot be used, and why.
    pub(crate) fn lists(&self) -> Result<ClientConfig, String> {
        let builder = ClientConfig::builder(sslcore_std::default_backend());
        let lists = builder.revocation_lists(self.lists.clone(), false);
        lists.build().map_err(said)
    }

    fn apply<C>(&self, builder: ConfigBuilder<C>) -> ConfigBuilder<C> {
        let builder = builder.trust_anchors(self.anchors.clone());
        builder.revocation_lists(self.lists.clone(), false)
    }
}

fn said(error: impl ToString) -> String {
    error.to_string()
}
