//! How hosts' names are compared.

/// A name, or a wildcard as its complete left-most label, as for DNS names in certificates
/// (RFC 9525 §6.3).
pub(super) fn matches(pattern: &[u8], host: &[u8]) -> bool {
    let host = host.strip_suffix(b".").unwrap_or(host);
    let (wanted, found) = match pattern.strip_prefix(b"*") {
        None => (pattern, host),
        // One label left of the wildcard's domain, which has two itself at least.
        Some(domain) => {
            let label = host.iter().position(|byte| *byte == b'.').unwrap_or(0);
            let deep = domain.iter().skip(1).any(|byte| *byte == b'.');
            if label == 0 || !deep {
                return false;
            }
            (domain, host.get(label..).unwrap_or_default())
        }
    };
    !wanted.contains(&b'*') && wanted.eq_ignore_ascii_case(found)
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
            assert!(
                matches(pattern.as_bytes(), host.as_bytes()),
                "{pattern} {host}"
            );
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
                pattern.is_empty() && host.is_empty()
                    || !matches(pattern.as_bytes(), host.as_bytes()),
                "{pattern} {host}"
            );
        }
    }
}
