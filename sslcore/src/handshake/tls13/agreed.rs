//! What comes of a handshake.

use alloc::boxed::Box;
use alloc::sync::Arc;

use super::secrets::{Application, protection};
use crate::crypto::Backend;
use crate::crypto::hash::Hash;
use crate::failure::Failure;
use crate::handshake::facts::{Authorities, Proof, SessionFacts};
use crate::handshake::key_schedule::Secret;
use crate::handshake::key_schedule::exporter::Exporter;
use crate::handshake::renewal::Renewal;
use crate::protocol::SslCipher;
use crate::record::protection::Protection;
use crate::record::size::RecordSizes;
use crate::record::traffic::HandOff;
#[cfg(feature = "client")]
use crate::record::traffic::PostHandshake;

/// What the two ends have agreed upon.
#[derive(Default)]
pub(in crate::handshake) struct Agreed {
    pub(in crate::handshake) cipher: Option<SslCipher>,
    pub(in crate::handshake) group: Option<u16>,
    pub(in crate::handshake) alpn: Option<Box<[u8]>>,
    pub(in crate::handshake) retried: bool,
    /// Whether a session of an earlier handshake goes on.
    pub(in crate::handshake) resumed: bool,
    /// Whether a ticket of ours goes with the end of the handshake.
    pub(in crate::handshake) has_issued_ticket: bool,
    /// How large records are.
    pub(in crate::handshake) sizes: RecordSizes,
    /// The scheme in which the peer has signed.
    pub(in crate::handshake) peer_signature: Option<u16>,
    /// Whether our certificate has been shown.
    pub(in crate::handshake) certificate_sent: bool,
    /// Whose certificates the server takes that asks for one.
    pub(in crate::handshake) authorities: Option<Box<Authorities>>,
    /// The name of the key.
    pub(in crate::handshake) identity: Option<Box<[u8]>>,
}

impl Agreed {
    pub(in crate::handshake) fn facts(&self, server_name: Option<Box<str>>) -> SessionFacts {
        SessionFacts {
            protocol: self.cipher.map(|cipher| cipher.protocol()),
            cipher: self.cipher.map(|cipher| cipher.id()),
            group: self.group,
            alpn: self.alpn.clone(),
            // TLS 1.3 has what it is for, and TLS 1.2 without it is refused.
            extended_master_secret: self.cipher.is_some(),
            retried: self.retried,
            resumed: self.resumed,
            ticket_renewed: self.resumed && self.has_issued_ticket,
            proof: self.identity.clone().map(|name| Box::new(Proof::Key(name))),
            peer_signature: self.peer_signature,
            certificate_sent: self.certificate_sent,
            authorities: self.authorities.clone(),
            server_name,
            ..SessionFacts::default()
        }
    }
}

/// The record layer renews its keys before any of our suites needs it
/// ([`RECORDS_PER_KEY`](crate::limits)): there is nothing to add.
const NEVER_REACHED: u64 = u64::MAX;

/// What is left of a complete handshake.
pub(in crate::handshake) struct Completed {
    pub(in crate::handshake) backend: Backend,
    pub(in crate::handshake) cipher: SslCipher,
    pub(in crate::handshake) hash: Arc<dyn Hash>,
    pub(super) secrets: Box<Application>,
    pub(in crate::handshake) sizes: RecordSizes,
}

impl Completed {
    pub(in crate::handshake) fn exporter(&self) -> Exporter {
        Exporter::Tls13 {
            hash: self.hash.clone(),
            secret: self.secrets.exporter.clone(),
        }
    }

    /// How the server's records are protected behind its Finished, from the first on.
    pub(in crate::handshake) fn of_server(&self) -> Result<Protection, Failure> {
        self.protection(&self.secrets.server)
    }

    /// How the client's records are protected behind its Finished, from the first on.
    fn of_client(&self) -> Result<Protection, Failure> {
        self.protection(&self.secrets.client)
    }

    fn protection(&self, secret: &Secret) -> Result<Protection, Failure> {
        protection(&self.backend, &*self.hash, self.cipher.aead(), secret)
    }

    fn renewal(self, is_client: bool) -> Renewal {
        let Application { client, server, .. } = &*self.secrets;
        let (client, server) = (client.clone(), server.clone());
        Renewal::new(self.hash, self.cipher.aead(), client, server, is_client)
    }

    /// For a client. `post` is what goes on with it.
    #[cfg(feature = "client")]
    pub(in crate::handshake) fn hand_off_to_client(
        self,
        post: impl FnOnce(Renewal) -> Box<dyn PostHandshake>,
    ) -> Result<HandOff, Failure> {
        Ok(HandOff {
            tx: self.of_client()?,
            rx: self.of_server()?,
            confidentiality_limit: NEVER_REACHED,
            sizes: self.sizes,
            post: post(self.renewal(true)),
        })
    }

    /// For a server. `tx` is what it has sent tickets with.
    #[cfg(feature = "server")]
    pub(in crate::handshake) fn hand_off_to_server(
        self,
        tx: Option<Protection>,
    ) -> Result<HandOff, Failure> {
        Ok(HandOff {
            tx: tx.map_or_else(|| self.of_server(), Ok)?,
            rx: self.of_client()?,
            confidentiality_limit: NEVER_REACHED,
            sizes: self.sizes,
            post: Box::new(self.renewal(false)),
        })
    }
}
