//! The peer's certificates: what each says, what is wrong with it, and what would make it
//! acceptable.

use serde_json::{Value, json};
use sslcore_std::sslcore::{
    AlternativeName, Certificate, Connection, DateTime, PeerName, SslError, SslErrorKind, UnixTime,
};

use crate::telling::Telling;
use crate::text::{Fingerprint, Ink, Palette};

/// A chain as it was judged.
pub(crate) struct Chain<'a> {
    certificates: &'a [Certificate],
    errors: &'a [SslError],
    remedies: Vec<Remedy>,
}

/// Who proposes what would make a chain acceptable, and with which options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Adviser {
    /// `sslcore connect`.
    Connect,
    /// `sslcore verify`, which judged for this time.
    Verify(UnixTime),
}

impl<'a> Chain<'a> {
    /// The peer's, as far as it is known. `forgiven` when its errors are to be ignored anyway.
    pub(crate) fn of(connection: &'a Connection, forgiven: bool) -> Self {
        let certificates = connection.peer_certificate_chain();
        let adviser = (!forgiven).then_some(Adviser::Connect);
        Self::new(certificates, connection.ssl_errors(), adviser)
    }

    /// These certificates, leaf first, and what is wrong with them.
    pub(crate) fn new(
        certificates: &'a [Certificate],
        errors: &'a [SslError],
        adviser: Option<Adviser>,
    ) -> Self {
        let remedies = adviser.map(|adviser| remedies(certificates, errors, adviser));
        Self {
            certificates,
            errors,
            remedies: remedies.unwrap_or_default(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.certificates.is_empty() && self.errors.is_empty()
    }

    /// The errors of one certificate. An error's depth is on the path that was tried, which need
    /// not be the chain as it was sent.
    fn errors_of(&self, certificate: &Certificate) -> impl Iterator<Item = &SslError> {
        self.errors
            .iter()
            .filter(move |error| error.certificate() == Some(certificate))
    }

    /// The errors that belong to none that was sent.
    fn other_errors(&self) -> impl Iterator<Item = &SslError> {
        self.errors.iter().filter(|error| {
            let sent = |certificate| self.certificates.contains(certificate);
            !error.certificate().is_some_and(sent)
        })
    }
}

impl Telling for Chain<'_> {
    fn text(&self, palette: Palette) -> String {
        let mut out = String::new();
        for (depth, certificate) in self.certificates.iter().enumerate() {
            out += &format!("Certificate {depth}: {}\n", subject(certificate));
            let mut row = |name: &str, ink, value: &str| {
                let name = palette.paint(Ink::Faint, format_args!("{name:<8}"));
                out += &format!("  {name}  {}\n", palette.paint(ink, value));
            };
            row("issuer", Ink::Plain, &issuer(certificate));
            let names = names(certificate);
            if !names.is_empty() {
                row("names", Ink::Plain, &names.join(", "));
            }
            let from = time(certificate.not_before());
            let to = time(certificate.not_after());
            row("valid", Ink::Plain, &format!("{from} to {to}"));
            row("SHA-256", Ink::Plain, &fingerprint(certificate));
            for error in self.errors_of(certificate) {
                row("error", Ink::Bad, &error.explanation().to_string());
            }
        }
        for error in self.other_errors() {
            let text = palette.paint(Ink::Bad, error);
            out += &format!("  error     {text}\n");
        }
        if !self.remedies.is_empty() {
            out += "What would make it acceptable\n";
        }
        for remedy in &self.remedies {
            out += &match &remedy.option {
                Some(option) => format!("  {option}\n      {}\n", remedy.why),
                None => format!("  {}\n", remedy.why),
            };
        }
        out
    }

    fn json(&self) -> Value {
        let error = |error: &SslError| {
            json!({
                "kind": format!("{:?}", error.kind()),
                "code": error.kind().code(),
                "why": error.explanation().to_string(),
            })
        };
        let certificates = self.certificates.iter().enumerate();
        let certificates = certificates.map(|(depth, certificate)| {
            let errors: Vec<_> = self.errors_of(certificate).map(error).collect();
            json!({
                "depth": depth,
                "subject": subject(certificate),
                "issuer": issuer(certificate),
                "names": names(certificate),
                "serial": certificate.serial().map(hex),
                "not_before": certificate.not_before().map(|it| time(Some(it))),
                "not_after": certificate.not_after().map(|it| time(Some(it))),
                "is_ca": certificate.is_ca(),
                "sha256": fingerprint(certificate),
                "errors": errors,
            })
        });
        let remedies = self.remedies.iter();
        let remedies = remedies.map(|it| json!({"option": it.option, "why": it.why}));
        json!({
            "event": "certificates",
            "chain": certificates.collect::<Vec<_>>(),
            "errors": self.other_errors().map(error).collect::<Vec<_>>(),
            "remedies": remedies.collect::<Vec<_>>(),
        })
    }
}

const UNREADABLE: &str = "(cannot be read)";

fn subject(certificate: &Certificate) -> String {
    let name = certificate.subject().map(|name| name.to_string());
    name.unwrap_or_else(|| UNREADABLE.to_owned())
}

fn issuer(certificate: &Certificate) -> String {
    let name = certificate.issuer().map(|name| name.to_string());
    name.unwrap_or_else(|| UNREADABLE.to_owned())
}

fn names(certificate: &Certificate) -> Vec<String> {
    certificate
        .alternative_names()
        .map(|name| name.to_string())
        .collect()
}

fn time(time: Option<UnixTime>) -> String {
    let text = time.map(|time| DateTime::from(time).to_string());
    text.unwrap_or_else(|| UNREADABLE.to_owned())
}

fn fingerprint(certificate: &Certificate) -> String {
    Fingerprint::of(certificate.der()).to_string()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Something that would make a certificate acceptable.
struct Remedy {
    /// What to add to the command line, if that is enough.
    option: Option<String>,
    why: String,
}

fn option(option: impl Into<String>, why: impl Into<String>) -> Remedy {
    Remedy {
        option: Some(option.into()),
        why: why.into(),
    }
}

fn advice(why: impl Into<String>) -> Remedy {
    Remedy {
        option: None,
        why: why.into(),
    }
}

/// The names that are worth proposing.
const PROPOSED: usize = 4;

fn remedies(chain: &[Certificate], errors: &[SslError], adviser: Adviser) -> Vec<Remedy> {
    use SslErrorKind as K;
    let Some(leaf) = chain.first().filter(|_| !errors.is_empty()) else {
        return Vec::new();
    };
    let has = |kinds: &[K]| errors.iter().any(|error| kinds.contains(&error.kind()));
    let pinned = has(&[K::NotPinned]);
    let mut remedies = Vec::new();
    let why = match pinned {
        true => {
            "trusts this certificate instead of the pinned one: find out first why it is another"
        }
        false => "trusts exactly this certificate: compare the fingerprint with its owner's first",
    };
    if adviser == Adviser::Connect {
        let fingerprint = fingerprint(leaf);
        remedies.push(option(format!("--trust-sha256 {fingerprint}"), why));
    }
    if pinned {
        return remedies;
    }
    let unknown_issuer = [
        K::SelfSignedCertificate,
        K::SelfSignedCertificateInChain,
        K::UnableToGetLocalIssuerCertificate,
        K::UnableToVerifyFirstCertificate,
    ];
    if has(&unknown_issuer) {
        let last = chain.last().unwrap_or(leaf);
        let why = format!("where FILE has the certificate of {}", issuer(last));
        remedies.push(option("--ca FILE", why));
    }
    if has(&[K::HostNameMismatch]) {
        remedies.extend(other_names(leaf, adviser));
    }
    if has(&[K::CertificateExpired, K::CertificateNotYetValid]) {
        remedies.push(advice(match adviser {
            Adviser::Connect => {
                let now = std::time::SystemTime::UNIX_EPOCH.elapsed().ok();
                let now = time(now.map(UnixTime::since_unix_epoch));
                format!("a certificate that is valid now; this computer's clock says {now}")
            }
            Adviser::Verify(at) => {
                format!("certificates that are valid at {}", time(Some(at)))
            }
        }));
    }
    let others = [
        (K::CertificateRevoked, "a certificate that was not revoked"),
        (
            K::CertificateStatusUnknown,
            "a revocation list by the certificate's issuer that is not out of date",
        ),
        (
            K::OcspNoResponseFound,
            "a server that staples an OCSP response; only --require-staple, or a certificate that \
             says so, demands one",
        ),
        (
            K::OcspResponseExpired,
            "a server that staples a newer OCSP response; they are good for days, mostly",
        ),
        (
            K::InvalidPurpose,
            "certificates whose extended key usage allows this purpose",
        ),
        (
            K::UnsupportedAlgorithm,
            "certificates with keys and signatures of today: ECDSA, Ed25519, or RSA with 2048 bits",
        ),
    ];
    let others = others.into_iter().filter(|(kind, _)| has(&[*kind]));
    remedies.extend(others.map(|(_, why)| advice(why)));
    remedies
}

/// Whether it can be the name of a host in a certificate: addresses are no DNS names there, and
/// none ends with a dot.
fn is_host(name: &str) -> bool {
    let peer = PeerName::new(name);
    !name.ends_with('.') && peer.is_ok_and(|peer| peer.server_name().is_some())
}

/// The names that the certificate is for. Whoever made it chose them, and people paste what is proposed
/// into a shell: only what could be a host's name is.
fn other_names(leaf: &Certificate, adviser: Adviser) -> Vec<Remedy> {
    let name_option = match adviser {
        Adviser::Connect => "--name",
        Adviser::Verify(_) => "--host",
    };
    let why = "if that is whom you mean: the certificate is for this name";
    let mut wildcards = Vec::new();
    let mut names: Vec<Remedy> = leaf
        .alternative_names()
        .filter_map(|name| match name {
            AlternativeName::Dns(name) => match name.strip_prefix("*.") {
                Some(domain) => {
                    let counts = domain.contains('.') && is_host(domain);
                    wildcards.extend(counts.then_some(name));
                    None
                }
                None => is_host(name).then(|| name.to_owned()),
            },
            AlternativeName::Ip(address) => Some(address.to_string()),
            _ => None,
        })
        .map(|name| option(format!("{name_option} {name}"), why))
        .take(PROPOSED)
        .collect();
    for wildcard in wildcards.iter().take(PROPOSED) {
        let name = format!("{name_option} NAME, where NAME is one of {wildcard}");
        names.push(option(name, why));
    }
    if names.is_empty() {
        names.push(advice(
            "a certificate with the host's name among its names; a common name does not count",
        ));
    }
    names
}
