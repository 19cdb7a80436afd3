//! The names of services, for their ports.

use sslcore_std::starttls::Protocol;

/// Those that begin with TLS, by IANA's names and by those in use.
const OF_TLS: [(&str, u16); 21] = [
    ("https", 443),
    ("wss", 443),
    ("smtps", 465),
    ("submissions", 465),
    ("urd", 465),
    ("nntps", 563),
    ("ldaps", 636),
    ("ipps", 631),
    ("domain-s", 853),
    ("dot", 853),
    ("ftps-data", 989),
    ("ftps", 990),
    ("telnets", 992),
    ("imaps", 993),
    ("pop3s", 995),
    ("sips", 5061),
    ("xmpps", 5223),
    ("amqps", 5671),
    ("ircs", 6697),
    ("secure-mqtt", 8883),
    ("mqtts", 8883),
];
/// Those that begin in plaintext and have names beside the protocol's.
const OF_PLAINTEXT: [(&str, u16); 6] = [
    ("submission", 587),
    ("http", 80),
    ("postgresql", 5432),
    ("xmpp-client", 5222),
    ("imap4", 143),
    ("ircu", 6667),
];

/// The port of this service.
pub(super) fn port(name: &str) -> Option<u16> {
    let is_it = |known: &&(&str, u16)| known.0.eq_ignore_ascii_case(name);
    let known = OF_TLS.iter().chain(&OF_PLAINTEXT).find(is_it);
    let protocol = name.parse::<Protocol>().ok();
    known
        .map(|(_, port)| *port)
        .or_else(|| protocol.map(Protocol::default_port))
}

/// The port of a service that begins with TLS.
pub(super) fn port_of_tls(name: &str) -> Option<u16> {
    let mut known = OF_TLS.iter();
    let known = known.find(|(known, _)| known.eq_ignore_ascii_case(name));
    known.map(|(_, port)| *port)
}
