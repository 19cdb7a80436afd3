//! The groups of key exchanges, by name and by number.

pub(crate) const SECP256R1: u16 = 23;
pub(crate) const SECP384R1: u16 = 24;
pub(crate) const X25519: u16 = 29;
pub(crate) const SECP256R1_MLKEM768: u16 = 0x11eb;
pub(crate) const X25519_MLKEM768: u16 = 0x11ec;

/// IANA's names of groups by their numbers (RFC 8446 §4.2.7, RFC 7919, draft-ietf-tls-ecdhe-mlkem).
const NAMES: [(u16, &str); 16] = [
    (SECP256R1, "secp256r1"),
    (SECP384R1, "secp384r1"),
    (25, "secp521r1"),
    (X25519, "X25519"),
    (30, "X448"),
    (0x100, "ffdhe2048"),
    (0x101, "ffdhe3072"),
    (0x102, "ffdhe4096"),
    (0x103, "ffdhe6144"),
    (0x104, "ffdhe8192"),
    (0x200, "MLKEM512"),
    (0x201, "MLKEM768"),
    (0x202, "MLKEM1024"),
    (SECP256R1_MLKEM768, "SecP256r1MLKEM768"),
    (X25519_MLKEM768, "X25519MLKEM768"),
    (0x11ed, "SecP384r1MLKEM1024"),
];

/// IANA's name of the group with this number.
pub(crate) fn name(number: u16) -> Option<&'static str> {
    let (_, name) = NAMES.into_iter().find(|(known, _)| *known == number)?;
    Some(name)
}

/// Whether the share of the side that answers depends on the other's, as with ML-KEM.
pub(crate) const fn is_kem(number: u16) -> bool {
    matches!(number, 0x200..=0x202 | 0x11eb..=0x11ed)
}

/// Whether the group with this number is meant by a name.
pub(crate) fn is_named(number: u16, wanted: &str) -> bool {
    name(number).is_some_and(|name| is_meant(name, wanted))
}

/// Whether the group that IANA calls `name` is meant: by that, in upper or lower case, or by another
/// name in use (RFC 8422 §5.1.1).
pub(crate) fn is_meant(name: &str, wanted: &str) -> bool {
    let wanted = match wanted {
        "P-256" | "prime256v1" => "secp256r1",
        "P-384" => "secp384r1",
        "P-521" => "secp521r1",
        other => other,
    };
    name.eq_ignore_ascii_case(wanted)
}
