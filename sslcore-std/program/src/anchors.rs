//! The certificates that are trusted.

use std::path::PathBuf;

use rustls_pki_types::CertificateDer;
use sslcore_std::trust;

use crate::telling::{Report, Trouble, Warning};

/// The certificates that chains may end in: those that were named, else, if any are needed, the
/// system's.
pub(crate) fn find(
    named: &[PathBuf],
    needed: bool,
    report: &Report,
) -> Result<Vec<CertificateDer<'static>>, Trouble> {
    let mut anchors = Vec::new();
    for path in named {
        anchors.extend(trust::certificates(path).map_err(Trouble::usage)?);
    }
    if anchors.is_empty() && needed {
        let (found, why) = system();
        for why in why {
            report.tell(&Warning(why));
        }
        anchors = found;
    }
    Ok(anchors)
}

/// The certificates of the system, and if there are none, why.
#[cfg(feature = "native-roots")]
fn system() -> (Vec<CertificateDer<'static>>, Vec<String>) {
    let roots = trust::system();
    let why = match roots.certificates.is_empty() {
        true => roots.errors.iter().map(ToString::to_string).collect(),
        false => Vec::new(),
    };
    (roots.certificates, why)
}

#[cfg(all(feature = "webpki-roots", not(feature = "native-roots")))]
fn system() -> (Vec<CertificateDer<'static>>, Vec<String>) {
    (trust::mozilla(), Vec::new())
}

#[cfg(not(any(feature = "native-roots", feature = "webpki-roots")))]
fn system() -> (Vec<CertificateDer<'static>>, Vec<String>) {
    let why = "no certificate is trusted: this program was built without any; see --ca";
    (Vec::new(), vec![why.to_owned()])
}
