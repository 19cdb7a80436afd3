//! Failures in sentences that say what to do.

use sslcore_std::sslcore::{Alert, Connection, Failure, FailureKind};
use sslcore_std::starttls::Protocol;

use super::options::Options;
use super::watch::Watch;

/// Why the connection failed, and what may help.
pub(super) fn sentence(
    failure: &Failure,
    encrypted: bool,
    connection: &Connection,
    watch: &Watch,
    options: &Options,
) -> String {
    let name = options.psk.name().filter(|_| !encrypted);
    if let Some(hint) = name.and_then(|name| key_hint(failure, name)) {
        return format!("{failure}; {hint}");
    }
    match failure.kind() {
        FailureKind::Truncated if encrypted => {
            format!("{failure}: data of the server's may be missing")
        }
        FailureKind::Truncated if !encrypted => {
            "the server hung up during the handshake".to_owned()
        }
        FailureKind::Reset if !encrypted => {
            "the server reset the connection during the handshake".to_owned()
        }
        FailureKind::CertificateRejected(kind) => {
            format!("the server's certificate is refused: {kind}")
        }
        // Old and small servers answer with the bare page, without a status line (HTTP/0.9).
        FailureKind::NotTls if options.starttls.is_none() && failure.detail() == MARKUP => format!(
            "{failure}; perhaps that is a page, and this a port for plain HTTP; or {}",
            hint(options)
        ),
        FailureKind::NotTls if options.starttls.is_none() => {
            format!("{failure}; {}", hint(options))
        }
        FailureKind::HttpInsteadOfTls if options.starttls.is_none() => format!(
            "{failure}; perhaps this is its port for plain HTTP, and that for HTTPS another (443)"
        ),
        FailureKind::AlertReceived(alert)
            if !options.identity.is_given()
                && may_miss_a_certificate(alert)
                && watch.was_asked() =>
        {
            format!(
                "{failure}; it had asked for a certificate of ours and got none: see --cert and \
                 --pkcs12"
            )
        }
        FailureKind::AlertReceived(Alert::ProtocolVersion) if !encrypted => {
            format!("{failure}; {}", version_hint(options))
        }
        FailureKind::AlertReceived(Alert::HandshakeFailure)
            if connection.peer_certificate().is_none() =>
        {
            format!("{failure}; {}", parameters_hint(options))
        }
        _ => failure.to_string(),
    }
}

/// Whether a server has said so that it does not have our pre-shared key. In TLS 1.3 the alert for a wrong
/// binder is written down nowhere (RFC 8446 §4.2.11): we send the first, OpenSSL and GnuTLS the second; a
/// server that has no key of the name may go on with its certificate, for which our hello is missing
/// an extension. In TLS 1.2 a wrong key shows at our Finished, which cannot be opened.
pub(super) fn is_about_the_key(kind: FailureKind) -> bool {
    matches!(
        kind,
        FailureKind::AlertReceived(
            Alert::DecryptError
                | Alert::IllegalParameter
                | Alert::MissingExtension
                | Alert::BadRecordMac
        )
    )
}

/// About a handshake with the pre-shared key of this name, if it failed for that.
fn key_hint(failure: &Failure, name: &str) -> Option<String> {
    let hint = match failure.kind() {
        FailureKind::AlertReceived(
            Alert::DecryptError | Alert::IllegalParameter | Alert::BadRecordMac,
        ) => format!(
            "its key \"{name}\" is another one than ours, or it has none of that name: see --psk-file, \
             --psk-hash and --psk-context"
        ),
        FailureKind::AlertReceived(Alert::UnknownPskIdentity) => {
            format!("it has no key \"{name}\": see --psk-identity")
        }
        FailureKind::NoPreSharedKey | FailureKind::AlertReceived(Alert::MissingExtension) => {
            format!(
                "it wants to show a certificate, or it has no key \"{name}\" for one of these cipher \
             suites: see --psk-identity, --psk-hash and --psk-context"
            )
        }
        FailureKind::AlertReceived(Alert::HandshakeFailure) => format!(
            "perhaps it has no key \"{name}\", or takes certificates alone, or has no cipher suite with \
             the hash function of the key: see --psk-identity, --psk-hash and --psk-context"
        ),
        _ => return None,
    };
    Some(hint)
}

/// The alerts of servers that insist on a certificate: TLS 1.3 has one for it (RFC 8446 §4.4.2.4),
/// in TLS 1.2 it is handshake_failure (RFC 5246 §7.4.6).
fn may_miss_a_certificate(alert: Alert) -> bool {
    matches!(
        alert,
        Alert::CertificateRequired
            | Alert::HandshakeFailure
            | Alert::BadCertificate
            | Alert::AccessDenied
    )
}

/// What the core says of an answer that begins with `<`.
const MARKUP: &str = "first byte 0x3c";

/// What to try with a server that speaks plaintext first.
pub(super) fn hint(options: &Options) -> String {
    let likely = Protocol::ALL
        .into_iter()
        .find(|protocol| Some(protocol.default_port()) == options.target.port);
    let name = likely.map_or("PROTOCOL", Protocol::name);
    format!("perhaps it wants --starttls {name}")
}

/// About a server that knows none of the versions that were offered.
fn version_hint(options: &Options) -> String {
    match options.protocol.is_empty() {
        true if options.psk.is_given() => {
            "it does not speak TLS 1.3; with a pre-shared key TLS 1.2 is offered only where --protocol \
             names it"
                .to_owned()
        }
        true => {
            "it speaks neither TLS 1.2 nor TLS 1.3: what is older (TLS 1.1, TLS 1.0, SSL) is not \
                 secure any more and not spoken here"
                .to_owned()
        }
        false => format!(
            "it does not speak {}: see --protocol",
            options.protocol.join(" or ")
        ),
    }
}

/// About a server that refuses what was offered before it has shown a certificate.
fn parameters_hint(options: &Options) -> &'static str {
    match options.ciphers.is_some() {
        true => "perhaps it knows none of these --ciphers",
        false => {
            "perhaps it knows only old cipher suites (CBC, or RSA key exchange) or has a key of a kind \
             that is not spoken here, or it wants to be asked for another name (--sni)"
        }
    }
}
