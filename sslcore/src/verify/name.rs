//! Whether a certificate is for a name; and its common name, for those who still need it.

use rustls_pki_types::{IpAddr, ServerName};
use webpki::EndEntityCert;

use super::host::matches;
use super::path::issued;
use super::policy::Policy;
use crate::x509::certificate;
use crate::x509::der::tag;
use crate::x509::name::DistinguishedName;
use crate::x509::raw::Certificate;

impl Policy {
    /// Whether the leaf is not for this name (RFC 9525). Of what is no certificate nobody knows.
    pub(super) fn is_for_others(
        &self,
        chain: &[certificate::Certificate],
        name: &ServerName<'_>,
    ) -> bool {
        let Some(der) = chain.first().map(certificate::Certificate::der) else {
            return false;
        };
        let named = EndEntityCert::try_from(der)
            .map(|leaf| leaf.verify_is_valid_for_subject_name(name).is_ok());
        if named == Ok(true) {
            return false;
        }
        let Some(leaf) = Certificate::parse(der) else {
            return false;
        };
        let named = named.is_err() && has_name(&leaf, name);
        let called = self.common_names && common_name_matches(&leaf, name);
        !named && (!called || self.constrains_names(chain))
    }

    /// Whether an issuer of this chain may only issue for some names. They are compared with the
    /// alternative names, not with common ones.
    fn constrains_names(&self, chain: &[certificate::Certificate]) -> bool {
        let mut fields = chain.iter().filter_map(|it| Certificate::parse(it.der()));
        fields.any(|it| {
            let mut anchors = self.anchors.iter();
            it.name_constraints().is_some()
                || anchors.any(|anchor| anchor.name_constraints.is_some() && issued(anchor, &it))
        })
    }
}

/// Whether one of the names is this one, of a certificate that webpki does not read.
fn has_name(leaf: &Certificate<'_>, name: &ServerName<'_>) -> bool {
    let mut names = leaf.alternative_names();
    core::iter::from_fn(|| names.element()).any(|(kind, value, _)| match name {
        ServerName::DnsName(host) => {
            kind == tag::context(2) && matches(value, host.as_ref().as_bytes())
        }
        ServerName::IpAddress(IpAddr::V4(ip)) => kind == tag::context(7) && value == ip.as_ref(),
        ServerName::IpAddress(IpAddr::V6(ip)) => kind == tag::context(7) && value == ip.as_ref(),
        _ => false,
    })
}

/// Whether one of the subject's common names is this host's, by RFC 6125 §6.4.4: only in a
/// certificate that has no DNS names at all, also none that cannot be read, and never for
/// addresses. (Qt compares every common name, whatever else there is.)
fn common_name_matches(leaf: &Certificate<'_>, name: &ServerName<'_>) -> bool {
    let ServerName::DnsName(host) = name else {
        return false;
    };
    let mut names = leaf.alternative_names();
    if core::iter::from_fn(|| names.element()).any(|(kind, ..)| kind & 0x1f == 2) {
        return false;
    }
    let subject = DistinguishedName::from_der(leaf.subject);
    let mut names = subject.values("CN");
    names.any(|pattern| matches(pattern.as_bytes(), host.as_ref().as_bytes()))
}
