//! `--groups` and `--sigalgs`: names that the backend knows.

use sslcore_std::sslcore::{ClientConfig, ConfigBuilder, ConfigError};

use crate::known;

/// A group that can be negotiated.
pub(super) fn group(name: &str) -> Result<String, String> {
    check(name, known::groups(), |builder| builder.groups(&[name]))
}

/// A scheme whose signatures can be checked.
pub(super) fn signature_scheme(name: &str) -> Result<String, String> {
    check(name, known::signature_schemes(), |builder| {
        builder.signature_schemes(&[name])
    })
}

/// Whether a configuration takes it; if not, the names that it would take.
fn check(
    name: &str,
    known: Vec<&str>,
    with: impl FnOnce(ConfigBuilder<ClientConfig>) -> ConfigBuilder<ClientConfig>,
) -> Result<String, String> {
    let builder = ClientConfig::builder(sslcore_std::default_backend());
    match with(builder).build() {
        Err(ConfigError::Unsupported { .. }) => {
            Err(format!("{name:?} is none of {}", known.join(", ")))
        }
        _ => Ok(name.to_owned()),
    }
}
