//! What a connection may hold, how long it may take, and whom it talks to.

use alloc::borrow::Cow;
use alloc::string::ToString;
use core::net;
use core::time::Duration;

use rustls_pki_types::{IpAddr, ServerName};

use crate::error::ConfigError;

/// How much a connection may hold (rule R8), and when it gives memory back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Unread plaintext, in bytes, beyond which no record is opened; one more record may then
    /// wait unopened. A lent buffer that is shorter than both together may keep less
    /// ([`Buffers::lent`](crate::Buffers::lent)). The default is 16,384.
    /// `QSslSocket::setReadBufferSize`, but exact, and never unlimited.
    pub read_buffer_size: usize,
    /// Sealed bytes that may wait for the transport. The default, 33,300, holds two full records.
    /// Ignored for a lent buffer, which is its own limit.
    pub transmit: usize,
    /// Plaintext that may be written before the handshake is complete, in bytes. The default is
    /// 65,536.
    pub queued: usize,
    /// The largest handshake message, in bytes. While one is incomplete the receive buffer grows
    /// up to twice that and a record, for the headers and tags of small fragments. The default is 65,536; rustls takes no message beyond 65,535.
    pub max_handshake: usize,
    /// Give owned buffers back to the allocator whenever they are empty. Off by default: a busy
    /// connection would allocate again for every record.
    pub release_when_idle: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            read_buffer_size: 16 * 1024,
            transmit: 33_300,
            queued: 64 * 1024,
            max_handshake: 64 * 1024,
            release_when_idle: false,
        }
    }
}

/// The three clocks of a connection. They are not one: the handshake's stands still while a
/// decision is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// From the start of TLS to [`Encrypted`](crate::Event::Encrypted), open decisions not
    /// counted.
    pub handshake: Option<Duration>,
    /// How long a decision may stay open. An answer counts as long as no
    /// [`process`](crate::Connection::process) call has found that it is too late.
    pub decision: Option<Duration>,
    /// From [`close`](crate::Connection::close), or a failure that owes an alert, to the end.
    /// Counted anew whenever the transport takes bytes, so that a slow one may drain what was
    /// written, and whenever data arrives, unless reads are discarded; it stands still while
    /// what has arrived waits for the reader. What is left when it runs out is counted in
    /// [`CloseReport::unsent`](crate::CloseReport::unsent).
    pub close: Option<Duration>,
}

impl Timeouts {
    /// A client's: 30 s for the handshake as Qt waits, any time for a person to decide, 5 s to
    /// close.
    pub const CLIENT: Self = Self {
        handshake: Some(Duration::from_secs(30)),
        decision: None,
        close: Some(Duration::from_secs(5)),
    };
    /// A server's: 10 s for the handshake, 30 s for a decision, 5 s to close.
    pub const SERVER: Self = Self {
        handshake: Some(Duration::from_secs(10)),
        decision: Some(Duration::from_secs(30)),
        close: Some(Duration::from_secs(5)),
    };
}

/// What to do with bytes that arrived before TLS was started and were not read (rule R2). To
/// hand them out afterwards, as if TLS had protected them, is not possible.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leftover {
    /// Refuse to start: [`UsageError::UnreadPlaintext`](crate::UsageError::UnreadPlaintext).
    #[default]
    Refuse,
    /// Throw them away.
    Discard,
    /// They are the beginning of TLS: the peer began without waiting.
    TreatAsTls,
}

/// Whom a client talks to: the name its certificate must carry, and the name it asks for (SNI).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerName {
    pub(crate) verify: ServerName<'static>,
    pub(crate) sni: Option<ServerName<'static>>,
}

impl PeerName {
    /// A DNS name or an IP address, used for both. An IP address is never sent as SNI
    /// (RFC 6066 §3). International names in A-labels, `xn--…` (RFC 5890 §2.3.2.1), as
    /// certificates have them: nothing is converted.
    ///
    /// # Errors
    /// [`ConfigError::InvalidName`] when it is neither.
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

    /// The name that is asked for (SNI, RFC 6066 §3); `None` when none is, as for an address.
    pub fn server_name(&self) -> Option<&str> {
        match self.sni.as_ref()? {
            ServerName::DnsName(name) => Some(name.as_ref()),
            _ => None,
        }
    }

    /// Asks for no name.
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
