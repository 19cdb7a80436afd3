//! The arguments of a command line, and the forms that values come in.

use std::ops::RangeInclusive;
use std::str::FromStr;

use crate::outcome::Trouble;

/// Arguments, one after the other.
pub(crate) struct Arguments<'a> {
    all: &'a [Vec<u8>],
    at: usize,
    /// The flag that was read last, which the next value belongs to.
    flag: String,
}

impl<'a> Arguments<'a> {
    pub(crate) fn new(all: &'a [Vec<u8>]) -> Self {
        Self {
            all,
            at: 0,
            flag: String::new(),
        }
    }

    /// The next flag.
    pub(crate) fn next_flag(&mut self) -> Result<Option<String>, Trouble> {
        let Some(flag) = self.all.get(self.at) else {
            return Ok(None);
        };
        self.at += 1;
        self.flag = String::from_utf8_lossy(flag).into_owned();
        match self.flag.starts_with('-') {
            true => Ok(Some(self.flag.clone())),
            false => Err(Trouble::unsupported(format!("the argument {}", self.flag))),
        }
    }

    /// A place to come [back to](Self::back_to), to read the same values again.
    pub(crate) fn mark(&self) -> usize {
        self.at
    }

    pub(crate) fn back_to(&mut self, mark: usize) {
        self.at = mark;
    }

    /// The flag's value.
    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Trouble> {
        let value = self.all.get(self.at).ok_or_else(|| self.bad("no value"))?;
        self.at += 1;
        Ok(value)
    }

    pub(crate) fn text(&mut self) -> Result<String, Trouble> {
        let bytes = self.bytes()?;
        String::from_utf8(bytes.to_vec()).map_err(|_| self.bad("a value that is not UTF-8"))
    }

    pub(crate) fn number<N: FromStr>(&mut self) -> Result<N, Trouble> {
        let text = self.text()?;
        text.parse()
            .map_err(|_| self.bad(&format!("the value {text}")))
    }

    pub(crate) fn number_within(&mut self, range: RangeInclusive<usize>) -> Result<usize, Trouble> {
        let number = self.number()?;
        match range.contains(&number) {
            true => Ok(number),
            false => Err(self.bad(&format!("the value {number}"))),
        }
    }

    /// Names that are separated by colons.
    pub(crate) fn names(&mut self) -> Result<Vec<String>, Trouble> {
        Ok(self.text()?.split(':').map(str::to_owned).collect())
    }

    /// Names in hexadecimal DER that are separated by commas.
    pub(crate) fn der_names(&mut self) -> Result<Vec<Vec<u8>>, Trouble> {
        let text = self.text()?;
        if matches!(text.as_str(), "<EMPTY>" | "<NULL>") {
            return Ok(Vec::new());
        }
        let names = text.split(',').map(hexadecimal);
        names
            .collect::<Option<_>>()
            .ok_or_else(|| self.bad(&format!("the value {text}")))
    }

    /// Names that each have their length before them (RFC 7301 §3.1).
    pub(crate) fn protocols(&mut self) -> Result<Vec<Vec<u8>>, Trouble> {
        let mut rest = self.bytes()?;
        let mut names = Vec::new();
        while let [length, behind @ ..] = rest {
            let (name, behind) = behind
                .split_at_checked(usize::from(*length))
                .ok_or_else(|| self.bad("a list that is cut short"))?;
            names.push(name.to_vec());
            rest = behind;
        }
        Ok(names)
    }

    pub(crate) fn base64(&mut self) -> Result<Vec<u8>, Trouble> {
        let text = self.bytes()?;
        base64(text).ok_or_else(|| self.bad("a value that is not base64"))
    }

    fn bad(&self, what: &str) -> Trouble {
        Trouble::unsupported(format!("{} with {what}", self.flag))
    }
}

fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    let byte = |pair: &[u8]| match pair.len() {
        2 => u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok(),
        _ => None,
    };
    pairs.map(byte).collect()
}

/// Decodes base64 (RFC 4648 §4).
fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    for group in text.chunks(4) {
        let padding = group.iter().rev().take_while(|byte| **byte == b'=').count();
        let mut bits = 0_u32;
        for byte in group {
            let value = match byte {
                b'A'..=b'Z' => byte - b'A',
                b'a'..=b'z' => byte - b'a' + 26,
                b'0'..=b'9' => byte - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                b'=' => 0,
                _ => return None,
            };
            bits = bits << 6 | u32::from(value);
        }
        if group.len() != 4 || padding > 2 {
            return None;
        }
        bytes.extend_from_slice(&bits.to_be_bytes()[1..4 - padding]);
    }
    Some(bytes)
}
