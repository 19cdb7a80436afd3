//! Trust stores of others.

use rustls_pki_types::CertificateDer;

#[cfg(feature = "native-roots")]
use super::error::LoadError;

/// What the operating system trusts.
#[cfg(feature = "native-roots")]
#[derive(Debug)]
pub struct SystemRoots {
    /// The certificates, each fit to be a trust anchor. Empty when the system has none, or none
    /// that could be read.
    pub certificates: Vec<CertificateDer<'static>>,
    /// What could not be loaded, and why. With certificates beside them such errors need not
    /// worry anybody: some systems keep odd roots.
    pub errors: Vec<LoadError>,
}

/// The certificates that the operating system trusts: the files that OpenSSL would look at
/// (`SSL_CERT_FILE` and `SSL_CERT_DIR` name others), the Windows store, the macOS keychain.
/// `QSslConfiguration::systemCaCertificates`.
///
/// Roots that cannot be used are skipped, as in Qt, but each is named in
/// [`errors`](SystemRoots::errors). Reads and decodes some hundred files: call it once, and give
/// clones to the configurations.
#[cfg(feature = "native-roots")]
pub fn system() -> SystemRoots {
    let found = rustls_native_certs::load_native_certs();
    let mut errors: Vec<LoadError> = found
        .errors
        .iter()
        .map(|error| LoadError::of_system(error.to_string()))
        .collect();
    let mut certificates = Vec::new();
    for der in found.certs {
        match super::file::usable(der.to_vec()) {
            Ok(certificate) => certificates.push(certificate),
            Err(kind) => {
                let name = sslcore::Certificate::from(der);
                let name = name.common_name().unwrap_or("without a name");
                errors.push(LoadError::of_system(format!("the root {name:?}: {kind}")));
            }
        }
    }
    if certificates.is_empty() && errors.is_empty() {
        let why = "it is empty, or not where it is looked for; SSL_CERT_FILE or SSL_CERT_DIR \
                   can name another place";
        errors.push(LoadError::of_system(why.to_owned()));
    }
    SystemRoots {
        certificates,
        errors,
    }
}

/// The certificates that Mozilla trusts for servers, built into the program: for systems that
/// have no store of their own. As old as the version of `webpki-root-certs` that was built in.
#[cfg(feature = "webpki-roots")]
pub fn mozilla() -> Vec<CertificateDer<'static>> {
    webpki_root_certs::TLS_SERVER_ROOT_CERTS.to_vec()
}
