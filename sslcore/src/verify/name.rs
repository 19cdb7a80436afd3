//! The common name as a host name, for those who still need it.

use rustls_pki_types::{CertificateDer, ServerName};

use crate::identity::certificate::{AlternativeName, Certificate};

/// Whether one of the subject's common names is this host's, by RFC 6125 §6.4.4: only in a
/// certificate that has no DNS names at all, also none that cannot be read, and never for
/// addresses. (Qt compares every common name, whatever else there is.)
pub(super) fn common_name_matches(leaf: &CertificateDer<'_>, name: &ServerName<'_>) -> bool {
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
