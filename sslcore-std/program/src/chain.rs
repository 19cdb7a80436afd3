//! The peer's certificates: what each says, what is wrong with it, and what would make them
//! acceptable.

use std::path::Path;

use base64ct::{Base64, Encoding as _};
use serde_json::{Value, json};
use sslcore_std::sslcore::{Certificate, Connection, DateTime, KeyKind, SslError, UnixTime};

use crate::judge::Terms;
use crate::remedy::{Command, Remedy, remedies};
use crate::telling::Telling;
use crate::text::{Fingerprint, Ink, Palette};

/// A chain as it was verified.
pub(crate) struct Chain<'a> {
    certificates: &'a [Certificate],
    errors: &'a [SslError],
    remedies: Vec<Remedy>,
    /// Whether its text has the certificates themselves.
    pem: bool,
}

impl<'a> Chain<'a> {
    /// The peer's, as far as it is known.
    pub(crate) fn of(connection: &'a Connection) -> Self {
        Self::new(connection.peer_certificate_chain(), connection.ssl_errors())
    }

    /// These certificates, leaf first, and what is wrong with them.
    pub(crate) fn new(certificates: &'a [Certificate], errors: &'a [SslError]) -> Self {
        Self {
            certificates,
            errors,
            remedies: Vec::new(),
            pem: false,
        }
    }

    /// With what would make it acceptable, for which it is verified by these terms again.
    pub(crate) fn with_remedies(mut self, command: Command, terms: &Terms) -> Self {
        self.remedies = remedies(self.certificates, self.errors, command, terms);
        self
    }

    /// With the certificates as PEM in its text. JSON has them anyway.
    pub(crate) fn with_pem(mut self, pem: bool) -> Self {
        self.pem = pem;
        self
    }

    /// Puts its certificates into a file, as PEM, in place of what was in it.
    ///
    /// # Errors
    /// A sentence: the file, and why it cannot be written.
    pub(crate) fn write(&self, path: &Path) -> Result<(), String> {
        let certificates = self.certificates.iter();
        let text: String = certificates.map(|it| it.pem().to_string()).collect();
        std::fs::write(path, text).map_err(|error| format!("{path:?} cannot be written: {error}"))
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
            row("key", Ink::Plain, &key(certificate));
            row(
                "signed",
                Ink::Plain,
                &format!("with {}", signature(certificate)),
            );
            row("SHA-256", Ink::Plain, &fingerprint(certificate));
            if let Some(pin) = spki_pin(certificate) {
                row("pin", Ink::Plain, &pin);
            }
            for error in self.errors_of(certificate) {
                row("error", Ink::Bad, &error.explanation().to_string());
            }
            if self.pem {
                out += &certificate.pem().to_string();
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
                "spki_pin": spki_pin(certificate),
                "key": {
                    "algorithm": certificate.key_algorithm().map(|it| it.to_string()),
                    "bits": certificate.key_kind().map(KeyKind::bits),
                    "curve": certificate.key_curve().map(|it| it.to_string()),
                },
                "signature": certificate.signature_algorithm().map(|it| it.to_string()),
                "pem": certificate.pem().to_string(),
                "errors": errors,
            })
        });
        let remedies = self.remedies.iter().map(Remedy::json);
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

/// What its key is, and how large.
fn key(certificate: &Certificate) -> String {
    if let Some(kind) = certificate.key_kind() {
        return kind.to_string();
    }
    match (certificate.key_algorithm(), certificate.key_curve()) {
        (Some(algorithm), Some(curve)) => format!("{algorithm} {curve}"),
        (Some(algorithm), None) => algorithm.to_string(),
        (None, _) => UNREADABLE.to_owned(),
    }
}

fn signature(certificate: &Certificate) -> String {
    let algorithm = certificate.signature_algorithm();
    algorithm.map_or_else(|| UNREADABLE.to_owned(), |it| it.to_string())
}

/// The SHA-256 of its public key, as curl's `--pinnedpubkey` has it.
fn spki_pin(certificate: &Certificate) -> Option<String> {
    let pin = Fingerprint::of(certificate.public_key_info()?);
    let mut text = [0; 44];
    let text = Base64::encode(&pin.bytes(), &mut text).ok()?;
    Some(format!("sha256//{text}"))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
