//! Verifying a chain without a handshake.

use alloc::vec::Vec;

use rustls_pki_types::{CertificateDer, UnixTime};

use super::built::{ClientConfig, ServerConfig};
use super::peer_name::PeerName;
use crate::verify::checked::CheckedSignatures;
use crate::verify::judge::Staple;
use crate::verify::policy::{Judged, Policy};
use crate::verify::{SslError, SslErrorKind};
use crate::x509::certificate::Certificate;
use crate::x509::revocation_list::RevocationList;

impl ClientConfig {
    /// Verifies a server's chain, leaf first, as a handshake with this configuration would, and
    /// returns every error; no errors mean that the chain is good. Without a `name` the names do not
    /// matter; without a time the dates do not, and
    /// [`NoWallClock`](crate::SslErrorKind::NoWallClock) is among the errors. Forgiven errors are
    /// listed, too. A [status checker](crate::ConfigBuilder::status_checker) is not asked: nothing is
    /// stapled to a chain without a handshake. `QSslCertificate::verify`.
    ///
    /// Costs what [`VerifyMode::Verify`](crate::VerifyMode::Verify) costs in a handshake, whatever
    /// mode is set: as a rule one signature check for each certificate, and none for those of a chain
    /// that this configuration has found good before; at most 116 for any chain, and one for each of
    /// the [revocation lists](crate::ConfigBuilder::revocation_lists).
    ///
    /// ```
    /// # use sslcore::{CertificateDer, ClientConfig, PeerName, UnixTime};
    /// type Chain = [CertificateDer<'static>];
    /// fn show(config: &ClientConfig, chain: &Chain, name: &PeerName, now: UnixTime) {
    ///     for error in config.verify_chain(chain, Some(name), Some(now)) {
    ///         println!("certificate {}: {error}", error.depth());
    ///     }
    /// }
    /// ```
    pub fn verify_chain(
        &self,
        chain: &[CertificateDer<'static>],
        name: Option<&PeerName>,
        now: Option<UnixTime>,
    ) -> Vec<SslError> {
        let name = name.map(|name| &name.verify);
        verify_chain(&self.0.terms.policy, chain, Judged::Server(name), now)
    }

    /// The [revocation lists](crate::ConfigBuilder::revocation_lists) that are about no certificate of
    /// this chain: those of other issuers, and those that are for other certificates of its issuers.
    /// A list that was given for this chain and is among them was the wrong one. Reads all lists, and
    /// checks no signature.
    ///
    /// ```
    /// # fn show(config: &sslcore::ClientConfig, chain: &[rustls_pki_types::CertificateDer<'_>]) {
    /// for list in config.unused_revocation_lists(chain) {
    ///     eprintln!("the list of {} is not about this chain", list.issuer());
    /// }
    /// # }
    /// ```
    pub fn unused_revocation_lists<'a>(
        &'a self,
        chain: &'a [CertificateDer<'_>],
    ) -> impl Iterator<Item = &'a RevocationList> {
        unused_lists(&self.0.terms.policy, chain)
    }
}

impl ServerConfig {
    /// Verifies a client's chain, as
    /// [`ClientConfig::verify_chain`](crate::ClientConfig::verify_chain) does a server's: a client has
    /// no name to compare.
    pub fn verify_chain(
        &self,
        chain: &[CertificateDer<'static>],
        now: Option<UnixTime>,
    ) -> Vec<SslError> {
        verify_chain(&self.0.terms.policy, chain, Judged::Client, now)
    }

    /// The revocation lists that are about no certificate of this chain; see
    /// [`ClientConfig::unused_revocation_lists`].
    pub fn unused_revocation_lists<'a>(
        &'a self,
        chain: &'a [CertificateDer<'_>],
    ) -> impl Iterator<Item = &'a RevocationList> {
        unused_lists(&self.0.terms.policy, chain)
    }
}

fn unused_lists<'a>(
    policy: &'a Policy,
    chain: &'a [CertificateDer<'_>],
) -> impl Iterator<Item = &'a RevocationList> {
    let revocation = policy.revocation.iter();
    revocation.flat_map(move |lists| lists.unused(chain))
}

/// No chain is no good one, also where a peer need not have any.
fn verify_chain(
    policy: &Policy,
    chain: &[CertificateDer<'static>],
    judged: Judged<'_>,
    now: Option<UnixTime>,
) -> Vec<SslError> {
    match chain {
        [] => [SslError::new(SslErrorKind::NoPeerCertificate, None)].into(),
        chain => {
            let chain: Vec<_> = chain.iter().cloned().map(Certificate::from).collect();
            let known = &mut CheckedSignatures::default();
            loop {
                let staple = Staple::NoMatter;
                let opinion = policy.judge(&chain, judged, staple, now, known, usize::MAX);
                if let Some(opinion) = opinion {
                    break opinion.errors;
                }
            }
        }
    }
}
