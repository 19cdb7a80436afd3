//! One error of a chain.

use alloc::boxed::Box;
use core::hash::{Hash, Hasher};

use rustls_pki_types::{ServerName, UnixTime};

use super::key_flaw::KeyFlaw;
use super::kind::SslErrorKind;
use super::purpose::Purpose;
use crate::x509::certificate::Certificate;

/// One error of a certificate chain: its kind and its certificate. `QSslError`.
///
/// ```
/// # use sslcore::SslError;
/// fn show(error: &SslError) {
///     println!("{error}"); // a sentence with the certificate's place in it
///     println!("certificate {}: {}", error.depth(), error.explanation());
///     println!("{:?}, {}, alert {}", error.kind(), error.kind().code(), error.kind().alert());
///     if let Some(certificate) = error.certificate().filter(|_| error.is_forgivable()) {
///         println!("{}", certificate.description());
///     }
/// }
/// ```
///
/// Equality is on kind and certificate, so an error that is forgiven for one certificate is not
/// forgiven for another. [`Display`](core::fmt::Display) says what was found and what was expected, in
/// a sentence.
#[derive(Clone, Debug)]
pub struct SslError {
    kind: SslErrorKind,
    depth: usize,
    certificate: Option<Certificate>,
    pub(super) detail: Detail,
}

/// What the sentence needs besides the certificate.
#[derive(Clone, Debug)]
pub(super) enum Detail {
    None,
    /// What time it was.
    At(UnixTime),
    /// What the leaf is used for.
    For(Purpose),
    /// The name that was looked for.
    Name(Box<ServerName<'static>>),
    /// How many intermediates there may be, and are.
    TooMany {
        limit: usize,
        found: usize,
    },
    /// There is no time at which it and its issuers are valid.
    NeverValid,
    /// Which names an issuer constrains: their kind, by the number of its tag.
    Names(u8),
    /// Its names cannot be read.
    Malformed,
    /// The names that it constrains cannot be read.
    Constraints,
    /// Why no signature by its key can be checked.
    Key(KeyFlaw),
    /// The same of its issuer's.
    IssuerKey(KeyFlaw),
    /// A trust anchor is called so, and must not issue certificates.
    NoAuthority,
}

impl SslError {
    /// An error to be forgiven: this kind, of this certificate. Errors such as
    /// [`NoPeerCertificate`](SslErrorKind::NoPeerCertificate) have no certificate.
    pub fn new(kind: SslErrorKind, certificate: Option<Certificate>) -> Self {
        Self {
            kind,
            depth: 0,
            certificate,
            detail: Detail::None,
        }
    }

    /// An error that was found: on this certificate, at this depth.
    // Called from many places, each of which is smaller so.
    #[inline(never)]
    pub(super) fn found(
        kind: SslErrorKind,
        depth: usize,
        detail: Detail,
        certificate: &Certificate,
    ) -> Self {
        Self {
            kind,
            depth,
            certificate: Some(certificate.clone()),
            detail,
        }
    }

    /// The kind of error. `QSslError::error`.
    pub fn kind(&self) -> SslErrorKind {
        self.kind
    }

    /// The certificate's place on the path from the peer's own, which is 0, to the trust anchor; for
    /// [`CertificateBlacklisted`](SslErrorKind::CertificateBlacklisted), its place in the chain as the
    /// peer sent it.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// The certificate that has the error; `None` when there is none, as for
    /// [`NoPeerCertificate`](SslErrorKind::NoPeerCertificate). `QSslError::certificate`.
    pub fn certificate(&self) -> Option<&Certificate> {
        self.certificate.as_ref()
    }

    /// Whether the error can be forgiven. One cannot: a key of the peer's own certificate that no
    /// signature can be verified with. The handshake then fails in every verify mode, and for a pinned
    /// certificate, too.
    pub fn is_forgivable(&self) -> bool {
        !matches!(self.detail, Detail::Key(_))
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for SslError {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "{} at depth {=usize}", self.kind, self.depth);
    }
}

impl PartialEq for SslError {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && self.certificate == other.certificate
    }
}

impl Eq for SslError {}

impl Hash for SslError {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.kind, &self.certificate).hash(state);
    }
}
