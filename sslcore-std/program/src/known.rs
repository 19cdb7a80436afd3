//! Options whose values are known: shells complete them.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Arg, Command, Error};
use sslcore_std::starttls::Protocol;

/// Takes what `parser` takes, and says which values that are worth proposing.
#[derive(Clone)]
pub(crate) struct Known<P> {
    parser: P,
    values: fn() -> Vec<&'static str>,
}

/// `parser`, with the values that are known.
pub(crate) fn known<P>(parser: P, values: fn() -> Vec<&'static str>) -> Known<P> {
    Known { parser, values }
}

impl<P: TypedValueParser> TypedValueParser for Known<P> {
    type Value = P::Value;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<P::Value, Error> {
        self.parser.parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(
            (self.values)().into_iter().map(PossibleValue::new),
        ))
    }
}

/// Of `--starttls`.
pub(crate) fn starttls() -> Vec<&'static str> {
    Protocol::ALL.map(Protocol::name).into()
}

/// Of `--protocol`.
pub(crate) fn versions() -> Vec<&'static str> {
    vec!["TLSv1.2", "TLSv1.3"]
}

/// Of `--ciphers`.
pub(crate) fn ciphers() -> Vec<&'static str> {
    let backend = sslcore_std::default_backend();
    let ciphers = backend.supported_ciphers();
    ciphers.map(|cipher| cipher.name()).collect()
}

/// Of `--groups`.
pub(crate) fn groups() -> Vec<&'static str> {
    sslcore_std::default_backend().supported_groups().collect()
}

/// Of `--sigalgs`.
pub(crate) fn signature_schemes() -> Vec<&'static str> {
    let backend = sslcore_std::default_backend();
    let schemes = backend.supported_signature_schemes();
    schemes.map(|scheme| scheme.name()).collect()
}
