//! `--ciphers`: names of cipher suites.

use std::convert::Infallible;
use std::str::FromStr;

/// With commas, as other options have it, or with colons or spaces, as OpenSSL's lists have it.
#[derive(Clone, Debug)]
pub(crate) struct Ciphers(Vec<String>);

impl Ciphers {
    pub(crate) fn names(&self) -> Vec<&str> {
        self.0.iter().map(String::as_str).collect()
    }
}

/// What is no name is found when the configuration is built.
impl FromStr for Ciphers {
    type Err = Infallible;

    fn from_str(list: &str) -> Result<Self, Infallible> {
        let names = list.split([',', ':', ' ']).filter(|name| !name.is_empty());
        Ok(Self(names.map(ToOwned::to_owned).collect()))
    }
}
