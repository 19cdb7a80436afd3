//! Whether a certificate is for a name; and its common name, for those who still need it.

use alloc::vec::Vec;

use rustls_pki_types::{CertificateDer, ServerName};
use webpki::EndEntityCert;

use super::path::issued;
use super::policy::Policy;
use crate::x509::certificate::{AlternativeName, Certificate};
use crate::x509::raw;

impl Policy {
    /// Whether the leaf is for this name (RFC 9525).
    pub(super) fn is_named(&self, chain: &[CertificateDer<'_>], name: &ServerName<'_>) -> bool {
        let Some(leaf) = chain.first() else {
            return false;
        };
        // What webpki cannot read has no names that anybody should believe.
        EndEntityCert::try_from(leaf)
            .is_ok_and(|leaf| leaf.verify_is_valid_for_subject_name(name).is_ok())
            || (self.common_names
                && common_name_matches(leaf, name)
                && !self.constrains_names(chain))
    }

    /// Whether an issuer of this chain may only issue for some names. webpki compares them with
    /// the alternative names, not with common ones.
    fn constrains_names(&self, chain: &[CertificateDer<'_>]) -> bool {
        let mut fields = chain.iter().filter_map(|der| raw::Certificate::parse(der));
        let constrained: Vec<_> = self
            .anchors
            .iter()
            .filter(|anchor| anchor.name_constraints.is_some())
            .collect();
        fields
            .any(|it| it.constrains_names() || constrained.iter().any(|anchor| issued(anchor, &it)))
    }
}

/// Whether one of the subject's common names is this host's, by RFC 6125 §6.4.4: only in a
/// certificate that has no DNS names at all, also none that cannot be read, and never for
/// addresses. (Qt compares every common name, whatever else there is.)
fn common_name_matches(leaf: &CertificateDer<'_>, name: &ServerName<'_>) -> bool {
    let ServerName::DnsName(host) = name else {
        return false;
    };
    let leaf = Certificate::from_der(leaf.to_vec());
    let mut names = leaf.alternative_names();
    let dns = |name| matches!(name, AlternativeName::Dns(_) | AlternativeName::Other(2, _));
    if names.any(dns) {
        return false;
    }
    leaf.subject().is_some_and(|subject| {
        let mut names = subject.values("CN");
        names.any(|pattern| matches(&pattern, host.as_ref()))
    })
}

/// A name, or a wildcard as its complete left-most label, as for DNS names in certificates
/// (RFC 9525 §6.3).
fn matches(pattern: &str, host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    if pattern.eq_ignore_ascii_case(host) {
        return !pattern.contains('*');
    }
    match (pattern.strip_prefix("*."), host.split_once('.')) {
        // One label left of the wildcard's domain, which has two itself at least.
        (Some(domain), Some((label, rest))) => {
            domain.contains('.')
                && !domain.contains('*')
                && !label.is_empty()
                && domain.eq_ignore_ascii_case(rest)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_is_one_whole_label() {
        for (pattern, host) in [
            ("mail.test", "mail.test"),
            ("MAIL.test", "mail.TEST"),
            ("mail.test", "mail.test."),
            ("*.mail.test", "a.mail.test"),
        ] {
            assert!(matches(pattern, host), "{pattern} {host}");
        }
        for (pattern, host) in [
            ("mail.test", "a.mail.test"),
            ("*.mail.test", "mail.test"),
            ("*.mail.test", "a.b.mail.test"),
            ("*.test", "mail.test"),
            ("*", "mail"),
            ("a*.mail.test", "ab.mail.test"),
            ("*.*.test", "a.b.test"),
            ("*.*.test", "*.*.test"),
            ("a.*.test", "a.b.test"),
            ("", ""),
            ("", "mail.test"),
            ("*.mail.test", ".mail.test"),
        ] {
            assert!(
                pattern.is_empty() && host.is_empty() || !matches(pattern, host),
                "{pattern} {host}"
            );
        }
    }
}
