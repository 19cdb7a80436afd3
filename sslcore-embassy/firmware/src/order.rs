//! What the firmware is told to do: words such as `role=client`, on its command line.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::str::FromStr;

use crate::semihosting;

/// The words.
pub(crate) struct Order(String);

impl Order {
    /// As they are on the command line.
    pub(crate) fn take() -> Self {
        Self(semihosting::command_line())
    }

    /// What stands behind `name=`.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let mut words = self.0.split(' ').filter_map(|word| word.split_once('='));
        words.find_map(|(key, value)| (key == name).then_some(value))
    }

    /// The same as a number, or another value.
    pub(crate) fn number<N: FromStr>(&self, name: &str, otherwise: N) -> N {
        let value = self.get(name).and_then(|value| value.parse().ok());
        value.unwrap_or(otherwise)
    }

    /// The contents of the host's file that is named behind `name=`.
    pub(crate) fn file(&self, name: &str) -> Result<Vec<u8>, String> {
        let path = self
            .get(name)
            .ok_or_else(|| name.to_string() + "=FILE is missing")?;
        semihosting::read(path).ok_or_else(|| "cannot read ".to_string() + path)
    }
}
