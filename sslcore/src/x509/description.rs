//! A certificate as a text for people.

use core::fmt::{self, Display};

use super::certificate::Certificate;
use crate::calendar::DateTime;

impl Certificate {
    /// The certificate's fields on several lines, for people. Each time it is formatted, the certificate
    /// is read several times: keep the text if you show it often. `QSslCertificate::toText`, in short.
    pub fn description(&self) -> Description<'_> {
        Description(self)
    }
}

/// The fields of a certificate on several lines, made by
/// [`Certificate::description`](Certificate::description): [`Certificate`] has an example. A field that
/// cannot be read has no line, and control characters are escaped.
#[derive(Clone, Copy, Debug)]
pub struct Description<'a>(&'a Certificate);

impl Display for Description<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let certificate = self.0;
        let (Some(subject), Some(issuer)) = (certificate.subject(), certificate.issuer()) else {
            return write!(f, "not a certificate ({} bytes)", certificate.der().len());
        };
        write!(f, "Subject: {subject}\nIssuer: {issuer}")?;
        if let Some(serial) = certificate.serial() {
            f.write_str("\nSerial: ")?;
            serial.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        }
        if let Some(time) = certificate.not_before() {
            write!(f, "\nNot before: {}", DateTime::from(time))?;
        }
        if let Some(time) = certificate.not_after() {
            write!(f, "\nNot after: {}", DateTime::from(time))?;
        }
        match certificate.key_kind() {
            Some(kind) => write!(f, "\nPublic key: {kind}")?,
            None => f.write_str("\nPublic key: of an unknown kind")?,
        }
        list(f, "Names", certificate.alternative_names())?;
        list(f, "Key usage", certificate.key_usages())?;
        list(f, "Purposes", certificate.extended_key_usages())?;
        let ca = if certificate.is_ca() { "yes" } else { "no" };
        write!(f, "\nAuthority: {ca}")
    }
}

/// A line with what there is, if there is anything.
fn list(
    f: &mut fmt::Formatter<'_>,
    title: &str,
    items: impl Iterator<Item = impl Display>,
) -> fmt::Result {
    for (i, item) in items.enumerate() {
        match i {
            0 => write!(f, "\n{title}: {item}")?,
            _ => write!(f, ", {item}")?,
        }
    }
    Ok(())
}
