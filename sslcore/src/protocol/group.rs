//! The groups of key exchanges, by name.

/// Whether a group that IANA calls `iana` is meant by a name: IANA's, or another one in use
/// (RFC 8422 §5.1.1).
pub(crate) fn is_named(iana: &str, name: &str) -> bool {
    let wanted = match name {
        "P-256" | "prime256v1" => "secp256r1",
        "P-384" => "secp384r1",
        "P-521" => "secp521r1",
        other => other,
    };
    iana.eq_ignore_ascii_case(wanted)
}
