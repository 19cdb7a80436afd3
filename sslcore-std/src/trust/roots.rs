//! Trust stores of others.

use rustls_pki_types::CertificateDer;

#[cfg(feature = "native-roots")]
use super::error::LoadError;

/// The certificates that the operating system trusts, from [`system`], which has an example.
#[cfg(feature = "native-roots")]
#[derive(Debug)]
pub struct SystemRoots {
    /// The certificates, each fit to be a trust anchor. Empty when the system has none, or none
    /// that could be read.
    pub certificates: Vec<CertificateDer<'static>>,
    /// The certificates and stores that could not be loaded, and why. Next to certificates that
    /// were loaded such errors are usually harmless: some systems keep roots that nothing can use.
    pub errors: Vec<LoadError>,
}

/// Loads the certificates that the operating system trusts: the files that OpenSSL would use
/// (`SSL_CERT_FILE` and `SSL_CERT_DIR` name others), the Windows store, the macOS keychain.
/// `QSslConfiguration::systemCaCertificates`.
///
/// Roots that cannot be used are skipped, as in Qt, and each is named in
/// [`errors`](SystemRoots::errors). Some hundred files are read and parsed: call it once, and give
/// clones to the configurations.
///
/// ```
/// use sslcore_std::trust;
///
/// let roots = trust::system();
/// if roots.certificates.is_empty() {
///     for error in &roots.errors {
///         eprintln!("{error}");
///     }
/// }
/// # #[cfg(any(feature = "aws-lc-rs", feature = "ring"))] {
/// use sslcore_std::sslcore::ClientConfig;
///
/// let client = ClientConfig::builder(sslcore_std::default_backend())
///     .trust_anchors(roots.certificates)
///     .build();
/// # let _ = client;
/// # }
/// ```
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

/// The certificates that Mozilla trusts for servers, built into the program: for systems that have
/// no trust store. The list is as old as the version of `webpki-root-certs` that was built in.
///
/// ```
/// use sslcore_std::trust;
///
/// assert!(trust::mozilla().len() > 50);
/// ```
#[cfg(feature = "webpki-roots")]
pub fn mozilla() -> Vec<CertificateDer<'static>> {
    webpki_root_certs::TLS_SERVER_ROOT_CERTS.to_vec()
}
