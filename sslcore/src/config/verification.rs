//! The part of a configuration that judges the peer's certificate.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use rustls_pki_types::{CertificateDer, TrustAnchor};

use crate::config_error::ConfigError;
use crate::crypto::Backend;
use crate::texts::sentence;
use crate::verify::SslError;
use crate::verify::pin::{Pin, Pins};
use crate::verify::policy::{OnErrors, Policy, VerifyMode};
use crate::verify::revocation::Revocation;
use crate::verify::status::StatusChecker;
use crate::verify::verified::VerifiedSignatures;
use crate::x509::certificate;
use crate::x509::raw::Certificate;
use crate::x509::revocation_list::RevocationList;

/// What the builder has collected.
#[derive(Default)]
pub(super) struct Verification {
    pub(super) anchors: Vec<CertificateDer<'static>>,
    pub(super) pins: Vec<Pin>,
    pub(super) blocked: Vec<Pin>,
    pub(super) mode: VerifyMode,
    pub(super) on_errors: OnErrors,
    pub(super) forgiven: Vec<SslError>,
    pub(super) depth: Option<usize>,
    pub(super) lists: Vec<RevocationList>,
    pub(super) status_required: bool,
    pub(super) status: Option<Arc<dyn StatusChecker>>,
    pub(super) tolerance: Duration,
    pub(super) common_names: bool,
    pub(super) lets_go_of_chain: bool,
    pub(super) forgets_signatures: bool,
}

impl Verification {
    /// Whether there is anybody to trust.
    pub(super) fn has_anchors(&self) -> bool {
        !self.anchors.is_empty() || !self.pins.is_empty()
    }

    /// Checks all of it.
    pub(super) fn policy(
        &mut self,
        backend: &Backend,
        mode: VerifyMode,
    ) -> Result<Policy, ConfigError> {
        let judged = matches!(mode, VerifyMode::Query | VerifyMode::Verify);
        let compared = !self.pins.is_empty() || !self.blocked.is_empty();
        if compared && !judged {
            return Err(ConfigError::PinsWithoutVerification);
        }
        let revocation = self.revocation();
        let blocked = pins(&mut self.blocked, backend)?;
        if (revocation.is_some() || self.status.is_some()) && !judged {
            return Err(ConfigError::StatusWithoutVerification);
        }
        Ok(Policy {
            mode,
            on_errors: self.on_errors,
            pins: pins(&mut self.pins, backend)?,
            anchors: self.anchors(blocked.as_ref())?,
            constrained: self.constrained(),
            trusted_leaves: self.trusted_leaves(),
            blocked,
            verified: backend
                .sha256()
                .filter(|_| !self.forgets_signatures)
                .map(|sha256| Arc::new(VerifiedSignatures::new(sha256.clone()))),
            algorithms: backend.verified_algorithms(),
            depth: self.depth,
            revocation,
            status: self.status.take(),
            tolerance: self.tolerance,
            common_names: self.common_names,
            forgiven: core::mem::take(&mut self.forgiven),
        })
    }

    /// All that may issue but those that are blocked: they need not be sent to be used. (webpki
    /// asks no anchor what it may.)
    fn anchors(&self, blocked: Option<&Pins>) -> Result<Vec<TrustAnchor<'static>>, ConfigError> {
        let mut anchors = Vec::with_capacity(self.anchors.len());
        if !cfg!(feature = "certificates") {
            return Ok(anchors); // nothing of X.509 is linked
        }
        for (index, der) in self.anchors.iter().enumerate() {
            let anchor = webpki::anchor_from_trusted_cert(der);
            let anchor = anchor.map_err(|error| ConfigError::UnusableTrustAnchor {
                index,
                why: sentence(error),
            })?;
            let issues = Certificate::parse(der).is_some_and(|it| it.may_issue());
            if issues && !blocked.is_some_and(|blocked| blocked.have(der)) {
                anchors.push(anchor.to_owned());
            }
        }
        Ok(anchors)
    }

    /// Those that constrain names: what is wrong with that is told of them.
    fn constrained(&self) -> Vec<certificate::Certificate> {
        if !cfg!(feature = "certificates") {
            return Vec::new();
        }
        let constrains = |it: Certificate<'_>| it.name_constraints().is_some();
        let anchors = self.anchors.iter();
        let constrained = anchors.filter(|der| Certificate::parse(der).is_some_and(constrains));
        constrained.cloned().map(Into::into).collect()
    }

    /// Those that can be a peer's own. Of the authorities in use few have keys that may sign
    /// handshakes.
    fn trusted_leaves(&self) -> Vec<CertificateDer<'static>> {
        if !cfg!(feature = "certificates") {
            return Vec::new();
        }
        let own = |it: Certificate<'_>| {
            it.is_self_issued() && (it.may_sign_handshakes() || !it.may_issue())
        };
        let anchors = self.anchors.iter();
        let leaves = anchors.filter(|der| Certificate::parse(der).is_some_and(own));
        leaves.cloned().collect()
    }

    fn revocation(&mut self) -> Option<Revocation> {
        let lists = core::mem::take(&mut self.lists);
        if lists.is_empty() && !self.status_required {
            return None;
        }
        // One of several certificates for a key is enough.
        let (mut silent, mut signers) = (Vec::new(), Vec::new());
        for der in &self.anchors {
            if let Some(anchor) = Certificate::parse(der) {
                match anchor.may_sign_lists() {
                    true => &mut signers,
                    false => &mut silent,
                }
                .push(anchor.public_key.info.to_vec());
            }
        }
        silent.retain(|key| !signers.contains(key));
        Some(Revocation::new(lists, self.status_required, silent))
    }
}

fn pins(pins: &mut Vec<Pin>, backend: &Backend) -> Result<Option<Pins>, ConfigError> {
    if pins.is_empty() {
        return Ok(None);
    }
    let sha256 = backend
        .sha256()
        .ok_or(ConfigError::unsupported("hash", "SHA-256"))?;
    Ok(Some(Pins::new(core::mem::take(pins), sha256.clone())))
}
