//! What a handshake tells of itself.

use alloc::boxed::Box;
use alloc::sync::Arc;

use crate::protocol::SslProtocol;

/// What was negotiated so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct SessionFacts {
    pub(crate) protocol: Option<SslProtocol>,
    /// By its number, which is small; the rest is known.
    pub(crate) cipher: Option<u16>,
    /// By its number, too.
    pub(crate) group: Option<u16>,
    pub(crate) alpn: Option<Box<[u8]>>,
    pub(crate) resumed: bool,
    /// Whether the master secret is bound to the whole handshake.
    pub(crate) extended_master_secret: bool,
    /// Whether our certificate has left.
    pub(crate) certificate_sent: bool,
    /// Whether a session that was resumed got a new ticket.
    pub(crate) ticket_renewed: bool,
    /// Whether the server asked for a second ClientHello.
    pub(crate) retried: bool,
    /// The number of the scheme that the peer signed the handshake in.
    pub(crate) peer_signature: Option<u16>,
    /// What few connections have.
    pub(crate) proof: Option<Box<Proof>>,
    /// The OCSP response that came with the server's chain.
    pub(crate) stapled: Option<Arc<[u8]>>,
    /// The name that the client asked for.
    pub(crate) server_name: Option<Box<str>>,
    /// Whose certificates the server takes that asks for one. Most connections have none.
    pub(crate) authorities: Option<Box<Authorities>>,
    /// How many session tickets have arrived.
    pub(crate) tickets: u32,
    /// The lifetime of the last of them, in seconds.
    pub(crate) ticket_lifetime: Option<u32>,
}

/// What proves who the other side is beside its certificates, or in their place: no connection has both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// The pre-shared key that both ends have, by its name.
    Key(Box<[u8]>),
    /// The timestamps of logs that have seen the server's certificate, as they came with it.
    Timestamps(Arc<[u8]>),
}

/// Names in DER, each with its length before it (RFC 8446 §4.2.4).
#[derive(Clone, Debug)]
pub(crate) struct Authorities(pub(crate) Box<[u8]>);
