//! Whom a client talks to.

use alloc::borrow::Cow;
use alloc::string::ToString;
use core::net;

use rustls_pki_types::{IpAddr, ServerName};

use crate::config_error::ConfigError;

/// The server that a client talks to: the name that its certificate must have, and the name that
/// the client asks for (SNI).
///
/// ```
/// # use sslcore::{ConfigError, PeerName};
/// let peer = PeerName::new("mail.example.org")?;
/// assert_eq!(peer.server_name(), Some("mail.example.org"));
/// assert_eq!(peer.verify_name(), "mail.example.org");
///
/// // Asks for one name, and expects another in the certificate.
/// let moved = PeerName::new("mail.example.org")?.verify_as("mx.example.net")?;
/// assert_eq!(moved.server_name(), Some("mail.example.org"));
/// assert_eq!(moved.verify_name(), "mx.example.net");
///
/// let quiet = PeerName::new("mail.example.org")?.without_sni();
/// assert_eq!(quiet.server_name(), None);
/// # Ok::<_, ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerName {
    pub(crate) verify: ServerName<'static>,
    pub(crate) sni: Option<ServerName<'static>>,
}

impl PeerName {
    /// A server whose certificate must have the name that it is asked for: a DNS name or an IP address.
    /// An IP address is never sent as SNI (RFC 6066 §3). International names are given in A-labels,
    /// `xn--…` (RFC 5890 §2.3.2.1), as certificates have them: nothing is converted.
    ///
    /// # Errors
    /// [`ConfigError::InvalidName`] when `name` is neither.
    pub fn new(name: &str) -> Result<Self, ConfigError> {
        let name = server_name(name)?;
        Ok(Self {
            verify: name.clone(),
            sni: Some(name),
        })
    }

    /// Expects another name in the certificate. `QSslSocket::setPeerVerifyName`, but not sticky,
    /// and SNI stays as it is.
    ///
    /// # Errors
    /// [`ConfigError::InvalidName`] as for [`PeerName::new`].
    pub fn verify_as(mut self, name: &str) -> Result<Self, ConfigError> {
        self.verify = server_name(name)?;
        Ok(self)
    }

    /// The name that the certificate must carry; an address as text, which allocates.
    /// `QSslSocket::peerVerifyName`.
    pub fn verify_name(&self) -> Cow<'_, str> {
        match &self.verify {
            ServerName::DnsName(name) => name.as_ref().into(),
            ServerName::IpAddress(IpAddr::V4(octets)) => {
                text(net::Ipv4Addr::from(*octets.as_ref()))
            }
            ServerName::IpAddress(IpAddr::V6(octets)) => {
                text(net::Ipv6Addr::from(*octets.as_ref()))
            }
            _ => "".into(),
        }
    }

    /// The name that the client asks for (SNI, RFC 6066 §3); `None` when it asks for none, as for an
    /// IP address.
    pub fn server_name(&self) -> Option<&str> {
        match self.sni.as_ref()? {
            ServerName::DnsName(name) => Some(name.as_ref()),
            _ => None,
        }
    }

    /// Sends no SNI.
    #[must_use]
    pub fn without_sni(mut self) -> Self {
        self.sni = None;
        self
    }
}

fn text(address: impl ToString) -> Cow<'static, str> {
    address.to_string().into()
}

fn server_name(name: &str) -> Result<ServerName<'static>, ConfigError> {
    ServerName::try_from(name)
        .map(|name| name.to_owned())
        .map_err(|_| ConfigError::InvalidName(name.to_string()))
}
