//! What would make a chain acceptable. What can be tried is tried before it is proposed: the chain
//! is verified with it, and the error must be gone.

use std::net::IpAddr;

use rustls_pki_types::CertificateDer;
use serde_json::{Value, json};
use sslcore_std::sslcore::{
    AlternativeName, Certificate, DateTime, ExtendedKeyUsage, KeyUsage, PeerName, SslError,
    SslErrorKind as Kind,
};

use crate::judge::{Purpose, Terms};
use crate::text::Fingerprint;

/// Something that makes errors go away.
pub(crate) struct Remedy {
    /// What to add to the command line, if that is enough.
    pub(crate) option: Option<String>,
    pub(crate) why: String,
    /// The errors that are gone then.
    mends: Vec<Kind>,
}

impl Remedy {
    fn option(option: impl Into<String>, why: impl Into<String>, mends: &[Kind]) -> Self {
        Self {
            option: Some(option.into()),
            ..Self::advice(why, mends)
        }
    }

    fn advice(why: impl Into<String>, mends: &[Kind]) -> Self {
        Self {
            option: None,
            why: why.into(),
            mends: mends.to_vec(),
        }
    }

    pub(crate) fn json(&self) -> Value {
        let mends = self.mends.iter().map(|kind| format!("{kind:?}"));
        json!({
            "option": self.option,
            "why": self.why,
            "mends": mends.collect::<Vec<_>>(),
        })
    }
}

/// Which command proposes it: they have different options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Connect,
    Verify,
}

/// Names and wildcards that are proposed, of each.
const PROPOSED: usize = 4;
/// Names that are tried: a certificate may have thousands.
const TRIED: usize = 16;

const UNKNOWN_ISSUER: [Kind; 4] = [
    Kind::SelfSignedCertificate,
    Kind::SelfSignedCertificateInChain,
    Kind::UnableToGetLocalIssuerCertificate,
    Kind::UnableToVerifyFirstCertificate,
];

/// What cannot be tried, since it takes other certificates than these.
const OTHER_CERTIFICATES: [(&[Kind], &str); 15] = [
    (
        &[Kind::UnsupportedAlgorithm],
        "certificates with keys and signatures of today: ECDSA, Ed25519, or RSA with 2048 bits",
    ),
    (
        &[Kind::CertificateSignatureFailed],
        "certificates that belong together: another one has the issuer's name, and another key",
    ),
    (
        &[Kind::InvalidNotBeforeField, Kind::InvalidNotAfterField],
        "a certificate whose dates can be read, from 1970 on",
    ),
    (
        &[Kind::InvalidCaCertificate],
        "issuers that may issue certificates: with basicConstraints that say CA:TRUE and, if they have \
         a key usage, keyCertSign in it",
    ),
    (
        &[Kind::PathLengthExceeded],
        "a chain with fewer intermediates, or an authority that allows so many (pathlen)",
    ),
    (
        &[Kind::NameConstraintViolation],
        "a certificate with only names that its issuers may issue for",
    ),
    (
        &[Kind::PathSearchExceeded],
        "a shorter chain, without certificates that lead nowhere",
    ),
    (
        &[Kind::UndecodableCertificate],
        "a certificate that follows RFC 5280, without critical extensions that are not known here",
    ),
    (
        &[Kind::CertificateRevoked],
        "a certificate that was not revoked",
    ),
    (
        &[Kind::CertificateStatusUnknown],
        "a revocation list by the certificate's issuer that is not out of date",
    ),
    (
        &[Kind::OcspNoResponseFound],
        "a server that staples an OCSP response; only --require-staple, or a certificate that says so, \
         demands one",
    ),
    (
        &[Kind::OcspResponseExpired],
        "a server that staples a newer OCSP response; they are good for days, mostly",
    ),
    (
        &[
            Kind::OcspMalformedResponse,
            Kind::OcspResponseCannotBeTrusted,
            Kind::OcspResponseCertIdUnknown,
        ],
        "a server that staples an OCSP response about this certificate, signed for its issuer",
    ),
    (
        &[
            Kind::OcspInternalError,
            Kind::OcspMalformedRequest,
            Kind::OcspSigRequired,
            Kind::OcspTryLater,
            Kind::OcspUnauthorized,
        ],
        "a server that staples no OCSP response when its responder has none to give",
    ),
    (
        &[Kind::OcspStatusUnknown],
        "a certificate that its issuer's OCSP responder knows",
    ),
];

/// What would make this chain, leaf first, acceptable, which has these errors by these terms.
pub(crate) fn remedies(
    chain: &[Certificate],
    errors: &[SslError],
    command: Command,
    terms: &Terms,
) -> Vec<Remedy> {
    let Some(leaf) = chain.first().filter(|_| !errors.is_empty()) else {
        return Vec::new();
    };
    if errors.iter().any(|error| !error.is_forgivable()) {
        let why = "a certificate with a key of today, since no handshake works with this one: ECDSA, \
                   Ed25519, or RSA with 2048 bits";
        return vec![Remedy::advice(why, &[Kind::UnsupportedAlgorithm])];
    }
    let case = Case {
        chain: chain.iter().map(|it| it.der().clone()).collect(),
        leaf,
        errors,
        command,
        terms,
    };
    let mut remedies = Vec::new();
    if command == Command::Connect {
        remedies.push(case.pin());
    }
    if case.has(&[Kind::NotPinned]) {
        return remedies;
    }
    let authority = case.authority();
    let own = |it: &Remedy| it.mends.contains(&Kind::InvalidPurpose);
    let purposes = match authority.as_ref().is_some_and(own) {
        true => Vec::new(),
        false => case.purposes(),
    };
    remedies.extend(authority);
    remedies.extend(case.names());
    remedies.extend(case.dates());
    remedies.extend(purposes);
    for (kinds, why) in OTHER_CERTIFICATES {
        let found = case.among(kinds);
        if !found.is_empty() {
            remedies.push(Remedy::advice(why, &found));
        }
    }
    remedies
}

struct Case<'a> {
    chain: Vec<CertificateDer<'static>>,
    leaf: &'a Certificate,
    errors: &'a [SslError],
    command: Command,
    terms: &'a Terms,
}

impl Case<'_> {
    /// Which of these kinds the errors have.
    fn among(&self, kinds: &[Kind]) -> Vec<Kind> {
        let has = |kind: &Kind| self.errors.iter().any(|error| error.kind() == *kind);
        kinds.iter().copied().filter(has).collect()
    }

    fn has(&self, kinds: &[Kind]) -> bool {
        !self.among(kinds).is_empty()
    }

    /// Whether no error of these kinds is left by other terms.
    fn mends(&self, kinds: &[Kind], terms: &Terms) -> bool {
        let left = terms.errors(&self.chain);
        left.is_ok_and(|left| left.iter().all(|error| !kinds.contains(&error.kind())))
    }

    fn pin(&self) -> Remedy {
        let why = match self.has(&[Kind::NotPinned]) {
            true => {
                "trusts this certificate instead of the pinned one: find out first why it is another"
            }
            false => {
                "trusts exactly this certificate: compare the fingerprint with its owner's first"
            }
        };
        let mut mended: Vec<Kind> = Vec::new();
        for error in self.errors {
            if !mended.contains(&error.kind()) {
                mended.push(error.kind());
            }
        }
        let fingerprint = Fingerprint::of(self.leaf.der());
        Remedy::option(format!("--trust-sha256 {fingerprint}"), why, &mended)
    }

    /// An authority for the path that ends in nobody who is trusted.
    fn authority(&self) -> Option<Remedy> {
        let mut mended = self.among(&UNKNOWN_ISSUER);
        let mut ends = self.errors.iter().filter(|it| mended.contains(&it.kind()));
        let last = ends.next()?.certificate()?;
        let issuer = last.issuer()?.to_string();
        let named = |der: &&CertificateDer<'static>| {
            let anchor = Certificate::from((*der).clone());
            anchor.subject().is_some_and(|it| it.to_string() == issuer)
        };
        // To issue is what an authority is for; a certificate that stands for itself need not.
        let given = self.terms.anchors.iter().find(named);
        let given = given.cloned().map(Certificate::from);
        let may_be_tried = last.is_ca() || last.is_self_issued();
        if may_be_tried {
            let mut terms = self.terms.clone();
            terms.anchors.push(last.der().clone());
            if !self.mends(&UNKNOWN_ISSUER, &terms) {
                return None;
            }
            // One that is trusted itself may be an authority's.
            if self.mends(&[Kind::InvalidPurpose], &terms) {
                mended.extend(self.among(&[Kind::InvalidPurpose]));
            }
        }
        match given {
            Some(given) if !may_issue(&given) => {
                let why = format!(
                    "an authority that may issue certificates: {issuer}, which is trusted, does not \
                     say so (basicConstraints CA:TRUE, and keyCertSign if it has a key usage)"
                );
                Some(Remedy::advice(why, &mended))
            }
            _ => {
                let why = format!("where FILE has the certificate of {issuer}");
                Some(Remedy::option("--ca FILE", why, &mended))
            }
        }
    }

    /// The names that the certificate is for. Whoever made it chose them, and people paste what is
    /// proposed into a shell: only what could be a host's name is.
    fn names(&self) -> Vec<Remedy> {
        const MENDED: [Kind; 1] = [Kind::HostNameMismatch];
        if !self.has(&MENDED) {
            return Vec::new();
        }
        let option = match self.command {
            Command::Connect => "--name",
            Command::Verify => "--host",
        };
        let helps = |name: &str| {
            let mut terms = self.terms.clone();
            terms.name = Some(name.to_owned());
            PeerName::new(name).is_ok() && self.mends(&MENDED, &terms)
        };
        let (mut names, mut wildcards) = (Vec::new(), Vec::new());
        for name in self.leaf.alternative_names().take(TRIED) {
            match name {
                AlternativeName::Dns(name) => match name.strip_prefix("*.") {
                    Some(domain) if helps(&format!("host.{domain}")) => {
                        wildcards.push(format!("{option} NAME, where NAME is one of {name}"))
                    }
                    None if helps(name) => names.push(format!("{option} {name}")),
                    _ => {}
                },
                AlternativeName::Ip(address) if helps(&address.to_string()) => {
                    names.push(format!("{option} {address}"));
                }
                _ => {}
            }
        }
        names.truncate(PROPOSED);
        wildcards.truncate(PROPOSED);
        let why = "if that is whom you mean: the certificate is for this name";
        let proposed = names.into_iter().chain(wildcards);
        let proposed: Vec<_> = proposed
            .map(|option| Remedy::option(option, why, &MENDED))
            .collect();
        // Of what cannot be read it is not known whom it is for.
        match proposed.is_empty() && !self.has(&[Kind::UndecodableCertificate]) {
            true => vec![Remedy::advice(self.better_name(), &MENDED)],
            false => proposed,
        }
    }

    /// The name that a certificate would need, and why what this one has is not it.
    fn better_name(&self) -> String {
        let wanted = self.terms.name.as_deref().unwrap_or_default();
        let host = wanted.strip_suffix('.').unwrap_or(wanted);
        let mut names = self.leaf.alternative_names();
        let like = names.find_map(|name| match name {
            AlternativeName::Dns(name) if host.parse::<IpAddr>().is_ok() => (name == host)
                .then_some("an IP address among its names: this one has it as a DNS name"),
            AlternativeName::Dns(name) if name.eq_ignore_ascii_case(&format!("{host}.")) => {
                Some("the name without a dot at its end")
            }
            AlternativeName::Dns(name) => {
                let domain = name.strip_prefix("*.")?;
                let (_, rest) = host.split_once('.')?;
                rest.eq_ignore_ascii_case(domain)
                    .then_some("the whole name: a wildcard must have two labels behind it")
            }
            _ => None,
        });
        match like {
            Some(what) => format!("a certificate with {what}"),
            None => {
                "a certificate with the host's name among its names; a common name does not count"
                    .to_owned()
            }
        }
    }

    fn dates(&self) -> Option<Remedy> {
        let mended = self.among(&[Kind::CertificateExpired, Kind::CertificateNotYetValid]);
        let at = self.terms.at.filter(|_| !mended.is_empty())?;
        let at = DateTime::from(at);
        let why = match self.command {
            Command::Connect => {
                format!("a certificate that is valid now; this computer's clock says {at}")
            }
            Command::Verify => format!("certificates that are valid at {at}"),
        };
        Some(Remedy::advice(why, &mended))
    }

    /// What keeps the certificates from this purpose: each reason has its own remedy.
    fn purposes(&self) -> Vec<Remedy> {
        const MENDED: [Kind; 1] = [Kind::InvalidPurpose];
        let errors = self.errors.iter();
        let wrong: Vec<_> = errors
            .filter(|error| error.kind() == Kind::InvalidPurpose)
            .filter_map(SslError::certificate)
            .collect();
        if wrong.is_empty() {
            return Vec::new();
        }
        let mut remedies = Vec::new();
        remedies.extend(self.other_purpose(&MENDED));
        let (role, needed) = match self.terms.purpose {
            Purpose::Server => ("server", ExtendedKeyUsage::ServerAuth),
            Purpose::Client => ("client", ExtendedKeyUsage::ClientAuth),
        };
        let mut why = Vec::new();
        let mut usages = self.leaf.key_usages().peekable();
        let signs = usages.peek().is_none() || usages.any(|it| it == KeyUsage::DigitalSignature);
        if wrong.contains(&self.leaf) && !signs {
            why.push("a certificate whose key usage has digitalSignature".to_owned());
        }
        let serves = |certificate: &&Certificate| {
            let mut usages = certificate.extended_key_usages().peekable();
            usages.peek().is_none() || usages.any(|it| it == needed)
        };
        // One that issued itself may be an authority's where it is trusted.
        let own = self.leaf.is_self_issued() && !(signs && serves(&self.leaf));
        if wrong.contains(&self.leaf) && self.leaf.is_ca() && !own {
            why.push(format!(
                "a certificate of the {role}'s own: this one is an authority's (for openssl req, -addext \
                 basicConstraints=critical,CA:FALSE)"
            ));
        }
        if !wrong.iter().all(serves) {
            why.push(format!(
                "certificates whose extended key usage has {needed}, or that have none"
            ));
        }
        if why.is_empty() {
            why.push(format!("certificates that are for a TLS {role}"));
        }
        remedies.extend(why.into_iter().map(|why| Remedy::advice(why, &MENDED)));
        remedies
    }

    /// Somebody may have meant the other side's certificate.
    fn other_purpose(&self, mended: &[Kind]) -> Option<Remedy> {
        if self.command != Command::Verify || self.terms.name.is_some() {
            return None;
        }
        let mut terms = self.terms.clone();
        terms.purpose = match terms.purpose {
            Purpose::Server => Purpose::Client,
            Purpose::Client => Purpose::Server,
        };
        self.mends(mended, &terms).then(|| {
            let role = terms.purpose.name();
            let why = format!("if it is a {role}'s certificate");
            Remedy::option(format!("--purpose {role}"), why, mended)
        })
    }
}

/// Whether it says of itself that it may issue certificates.
fn may_issue(certificate: &Certificate) -> bool {
    let mut usages = certificate.key_usages().peekable();
    let signs = usages.peek().is_none() || usages.any(|it| it == KeyUsage::KeyCertSign);
    certificate.is_ca() && signs
}
