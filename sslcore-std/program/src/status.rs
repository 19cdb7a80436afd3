//! Whether certificates were revoked: by lists in files, and by what servers staple.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use sslcore_std::sslcore::{ClientConfig, ConfigBuilder, Connection, RevocationList};
use sslcore_std::trust;

use crate::files;
use crate::telling::{Report, Warning};

#[derive(Args)]
#[group(skip)]
pub(crate) struct Options {
    /// Look certificates up in the revocation lists in this file, PEM or DER. Certificates whose
    /// issuer has no list are not looked up; a list that is about none of them is a warning. Can be
    /// given several times
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath,
        value_parser = files::parser(), conflicts_with = "trust_sha256")]
    crl: Vec<PathBuf>,
    /// Refuse a certificate that comes without an OCSP response. One that comes with it must be good
    /// in any case
    #[arg(long, conflicts_with = "trust_sha256")]
    require_staple: bool,
}

impl Options {
    /// The revocation lists that were named.
    ///
    /// # Errors
    /// A sentence: what cannot be used, and why.
    pub(crate) fn lists(&self) -> Result<Vec<RevocationList>, String> {
        lists(&self.crl)
    }

    /// Whether revocation lists were named.
    pub(crate) fn has_lists(&self) -> bool {
        !self.crl.is_empty()
    }

    /// Whether a response is wanted of the server.
    pub(crate) fn wants_staple(&self) -> bool {
        self.require_staple
    }

    /// Whether a response must be stapled.
    ///
    /// # Errors
    /// A sentence: why nothing of this is possible, if certificates are not `verified`.
    pub(crate) fn requires_staple(&self, verified: bool) -> Result<bool, String> {
        if !verified && (self.require_staple || !self.crl.is_empty()) {
            let why = "--crl and --require-staple are for certificates that are verified, not for --verify none";
            return Err(why.to_owned());
        }
        Ok(self.require_staple)
    }
}

/// The lists in these files.
pub(crate) fn lists(files: &[PathBuf]) -> Result<Vec<RevocationList>, String> {
    let mut lists = Vec::new();
    for file in files {
        lists.extend(trust::revocation_lists(file).map_err(|error| error.to_string())?);
    }
    Ok(lists)
}

/// Says which of the lists are given for nothing.
pub(crate) fn tell_unused<'a>(lists: impl Iterator<Item = &'a RevocationList>, report: &Report) {
    for list in lists {
        report.tell(&Warning(format!(
            "the revocation list of {} (--crl) is not used: it is about no certificate of this chain",
            list.issuer()
        )));
    }
}

/// What is done with a response that is stapled, and without one that is `required`.
///
/// # Errors
/// A sentence: that this program cannot.
#[cfg(feature = "ocsp")]
pub(crate) fn stapling(
    builder: ConfigBuilder<ClientConfig>,
    required: bool,
) -> Result<ConfigBuilder<ClientConfig>, String> {
    use std::sync::Arc;

    use sslcore_std::ocsp::Stapling;

    Ok(builder.status_checker(Arc::new(match required {
        true => Stapling::Required,
        false => Stapling::IfPresent,
    })))
}

#[cfg(not(feature = "ocsp"))]
pub(crate) fn stapling(
    builder: ConfigBuilder<ClientConfig>,
    required: bool,
) -> Result<ConfigBuilder<ClientConfig>, String> {
    match required {
        true => Err(missing("--require-staple")),
        false => Ok(builder),
    }
}

#[cfg(not(feature = "ocsp"))]
fn missing(option: &str) -> String {
    format!("{option}: this program was built without the feature \"ocsp\"")
}

/// What the response says that the server stapled, if it did.
#[cfg(feature = "ocsp")]
pub(crate) fn stapled(connection: &Connection) -> Option<String> {
    use sslcore_std::ocsp::Response;

    let response = Response::from_der(connection.stapled_ocsp_response()?);
    Some(response.map_or_else(
        |error| error.to_string(),
        |response| response.status().to_string(),
    ))
}

#[cfg(not(feature = "ocsp"))]
pub(crate) fn stapled(_: &Connection) -> Option<String> {
    None
}

/// The longest file that is taken for a response. What fits into a handshake has 64 KB at most.
const RESPONSE: u64 = 1024 * 1024;

/// A response to staple, out of a file.
///
/// # Errors
/// A sentence: that the file cannot be read, or what is wrong with it.
pub(crate) fn response(file: &Path) -> Result<Vec<u8>, String> {
    let why = |error: &dyn std::fmt::Display| format!("{file:?}: {error}");
    let response = read(file).map_err(|error| why(&error))?;
    if response.len() as u64 > RESPONSE {
        let error = format!("it has more than {RESPONSE} bytes, too many for an OCSP response");
        return Err(why(&error));
    }
    if response.starts_with(b"-----BEGIN ") {
        return Err(why(&"this is PEM, and an OCSP response in DER is needed"));
    }
    check(&response).map_err(|error| why(&error))?;
    Ok(response)
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(file)?
        .take(RESPONSE + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(feature = "ocsp")]
fn check(response: &[u8]) -> Result<(), sslcore_std::ocsp::ResponseError> {
    sslcore_std::ocsp::Response::from_der(response).map(drop)
}

#[cfg(not(feature = "ocsp"))]
fn check(_: &[u8]) -> Result<(), String> {
    Err(missing("--ocsp-response"))
}
