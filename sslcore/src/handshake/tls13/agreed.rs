//! What comes of a handshake.

use alloc::boxed::Box;
use alloc::sync::Arc;

use super::secrets::{Application, protection};
use crate::crypto::Backend;
use crate::crypto::hash::Hash;
use crate::failure::Failure;
use crate::handshake::facts::{Authorities, Identity, SessionFacts};
use crate::handshake::key_schedule::exporter::Exporter;
use crate::handshake::renewal::Renewal;
use crate::protocol::SslCipher;
use crate::record::protection::Protection;
use crate::record::size::RecordSizes;
use crate::record::traffic::HandOff;

/// What the two ends have agreed upon.
#[derive(Default)]
pub(in crate::handshake) struct Agreed {
    pub(in crate::handshake) cipher: Option<SslCipher>,
    pub(in crate::handshake) group: Option<u16>,
    pub(in crate::handshake) alpn: Option<Box<[u8]>>,
    pub(in crate::handshake) retried: bool,
    /// How large records are.
    pub(in crate::handshake) sizes: RecordSizes,
    /// The scheme in which the peer has signed.
    pub(in crate::handshake) peer_signature: Option<u16>,
    /// Whether our certificate has been shown.
    pub(in crate::handshake) certificate_sent: bool,
    /// Whose certificates the server takes that asks for one.
    pub(in crate::handshake) authorities: Option<Box<Authorities>>,
    /// The name of the key.
    pub(in crate::handshake) identity: Option<Box<Identity>>,
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
            psk_identity: self.identity.clone(),
            peer_signature: self.peer_signature,
            certificate_sent: self.certificate_sent,
            authorities: self.authorities.clone(),
            server_name,
            ..SessionFacts::default()
        }
    }
}

/// What is left of a complete handshake.
pub(in crate::handshake) struct Completed {
    pub(in crate::handshake) cipher: SslCipher,
    pub(in crate::handshake) hash: Arc<dyn Hash>,
    pub(super) secrets: Application,
}

impl Completed {
    pub(in crate::handshake) fn exporter(&self) -> Exporter {
        Exporter::Tls13 {
            hash: self.hash.clone(),
            secret: self.secrets.exporter.clone(),
        }
    }

    /// How the server's records are protected behind its Finished, from the first on.
    pub(in crate::handshake) fn of_server(&self, backend: &Backend) -> Result<Protection, Failure> {
        protection(
            backend,
            &*self.hash,
            self.cipher.aead(),
            &self.secrets.server,
        )
    }

    pub(in crate::handshake) fn hand_off(
        self,
        backend: &Backend,
        is_client: bool,
        sizes: RecordSizes,
    ) -> Result<HandOff, Failure> {
        let Self {
            cipher,
            hash,
            secrets: Application { client, server, .. },
        } = self;
        let made = |secret| protection(backend, &*hash, cipher.aead(), secret);
        let (tx, rx) = match is_client {
            true => (made(&client)?, made(&server)?),
            false => (made(&server)?, made(&client)?),
        };
        Ok(HandOff {
            tx,
            rx,
            post: Box::new(Renewal::new(hash, cipher.aead(), client, server, is_client)),
            // Of all suites less than what connections renew their keys after.
            confidentiality_limit: u64::MAX,
            sizes,
        })
    }
}
