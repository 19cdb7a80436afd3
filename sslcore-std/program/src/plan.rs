//! What a client's configuration is made from: by the command line, or by a recording.

use std::sync::Arc;
use std::time::Duration;

use rustls_pki_types::CertificateDer;
use sslcore_std::sslcore::crypto::Backend;
use sslcore_std::sslcore::{
    ClientConfig, ClientSessionStore, OnErrors, Pin, RevocationList, Timeouts, VerifyMode,
};

use crate::identity::Identity;
use crate::key_log::KeyLogFile;
use crate::psk;
use crate::status;
use crate::text::Fingerprint;

/// All but certificates that are trusted, keys and what belongs to this run.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) verify: VerifyMode,
    /// Whether somebody is asked about errors.
    pub(crate) asks: bool,
    pub(crate) timeout: Duration,
    /// Certificates that are trusted whatever is wrong with them.
    pub(crate) pins: Vec<Fingerprint>,
    pub(crate) lists: Vec<RevocationList>,
    pub(crate) require_staple: bool,
    pub(crate) alpn: Vec<String>,
    pub(crate) protocols: Vec<String>,
    pub(crate) ciphers: Option<Vec<String>>,
    pub(crate) groups: Vec<String>,
    pub(crate) signature_schemes: Vec<String>,
}

impl Plan {
    /// The configuration.
    ///
    /// # Errors
    /// A sentence: what cannot be used, and why.
    pub(crate) fn config(
        &self,
        backend: Backend,
        anchors: Vec<CertificateDer<'static>>,
        sessions: Arc<dyn ClientSessionStore>,
        identity: Option<Identity>,
        key: Option<psk::Key>,
        key_log: Option<KeyLogFile>,
    ) -> Result<ClientConfig, String> {
        let timeout = Some(self.timeout);
        let pins = self.pins.iter().map(Fingerprint::bytes);
        let mut builder = ClientConfig::builder(backend)
            .timeouts(Timeouts {
                handshake: timeout,
                decision: None,
                close: timeout,
            })
            .verify_mode(self.verify)
            .on_errors(match self.asks {
                true => OnErrors::Hold,
                false => OnErrors::Reject,
            })
            .pins(pins.map(Pin::CertificateSha256))
            .session_store(sessions)
            .trust_anchors(anchors);
        if let Some(key) = key {
            builder = key.configure(builder);
        } else if self.verify != VerifyMode::None {
            let lists = builder.revocation_lists(self.lists.clone(), false);
            builder = status::stapling(lists, self.require_staple)?;
        }
        if let Some(file) = key_log {
            builder = builder.dangerously_log_keys(Arc::new(file));
        }
        if let Some((chain, key)) = identity {
            builder = builder.identity(chain, key);
        }
        if !self.alpn.is_empty() {
            let alpn: Vec<&[u8]> = self.alpn.iter().map(String::as_bytes).collect();
            builder = builder.alpn(&alpn);
        }
        if !self.protocols.is_empty() {
            builder = builder.protocols(&strs(&self.protocols));
        }
        if let Some(ciphers) = &self.ciphers {
            builder = builder.ciphers(&strs(ciphers));
        }
        if !self.groups.is_empty() {
            builder = builder.groups(&strs(&self.groups));
        }
        if !self.signature_schemes.is_empty() {
            builder = builder.signature_schemes(&strs(&self.signature_schemes));
        }
        builder.build().map_err(psk::said)
    }
}

fn strs(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}
