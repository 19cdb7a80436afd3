//! The pre-shared key that stands in the place of certificates: its name, and the file that it is in.

use std::fs::File;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use sslcore_std::sslcore::crypto::HashAlgorithm;
use sslcore_std::sslcore::{ConfigBuilder, ConfigError, PreSharedKey, PreSharedKeyError};
use zeroize::Zeroizing;

use crate::files;
use crate::line;
use crate::text::shell_word;

/// The longest line with a key, in bytes: all its digits, and white space around them.
const LINE: usize = 4096;

#[derive(Args)]
#[group(skip)]
pub(crate) struct Options {
    /// Authenticate both sides by the pre-shared key of this name, and by no certificates. Both sides
    /// must have the key; its name is sent in the clear. The version is TLS 1.3, unless --protocol names
    /// TLSv1.2, too, or alone; there most cipher suites have no forward secrecy
    #[arg(long, value_name = "ID", requires = "psk_file")]
    psk_identity: Option<String>,
    /// The pre-shared key is the first line of this file, in hexadecimal digits, as "openssl rand -hex
    /// 32" makes them. No option takes the key itself: every user of this computer could read it in
    /// the list of processes
    #[arg(long, value_name = "FILE", value_parser = files::parser(), requires = "psk_identity")]
    psk_file: Option<PathBuf>,
    /// The hash function that the key belongs to, sha256 or sha384: as it is, a key fits the cipher
    /// suites with this one alone [default: sha256]
    #[arg(
        long,
        value_name = "HASH",
        requires = "psk_identity",
        hide_possible_values = true
    )]
    psk_hash: Option<HashName>,
    /// Import the key with this context, which may be empty (RFC 9258): it fits every cipher suite
    /// then. Both sides must do so, with the same context
    #[arg(long, value_name = "TEXT", requires = "psk_identity")]
    psk_context: Option<String>,
    /// Take a key of fewer than 16 bytes. What can be guessed protects nothing: who records a
    /// handshake tries keys at leisure
    #[arg(long, requires = "psk_identity")]
    allow_short_psk: bool,
    /// Do without a key exchange where the other side takes no other handshake (psk_ke). It has no
    /// forward secrecy: who ever learns the key decrypts all that was recorded
    #[arg(long, requires = "psk_identity")]
    allow_psk_ke: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum HashName {
    Sha256,
    Sha384,
}

/// A key, and what it may be used for.
pub(crate) struct Key {
    key: PreSharedKey,
    allows_short: bool,
    allows_psk_ke: bool,
}

impl Options {
    /// The key's name, where connections are authenticated by one.
    pub(crate) fn name(&self) -> Option<&str> {
        self.psk_identity.as_deref()
    }

    pub(crate) fn is_given(&self) -> bool {
        self.psk_identity.is_some()
    }

    /// What the other side's command line has to say, too, with the file that is there called so.
    pub(crate) fn command(&self) -> String {
        let name = shell_word(self.name().unwrap_or_default());
        let file = self.psk_file.as_deref();
        let file = file.filter(|file| !files::is_standard_input(file));
        let file = file.and_then(Path::to_str);
        let file = file.map_or_else(|| "FILE".to_owned(), shell_word);
        let mut command = format!("--psk-identity {name} --psk-file {file}");
        if self.psk_hash == Some(HashName::Sha384) {
            command += " --psk-hash sha384";
        }
        if let Some(context) = &self.psk_context {
            command += &format!(" --psk-context {}", shell_word(context));
        }
        if self.allow_short_psk {
            command += " --allow-short-psk";
        }
        command
    }

    /// Reads the key; `None` when there is to be none. `others` are options that are about certificates,
    /// and whether they are given.
    ///
    /// # Errors
    /// A sentence: which of them cannot be beside the key, or why the key cannot be used. It never has a
    /// part of the key in it.
    pub(crate) fn load(&self, others: &[(&str, bool)]) -> Result<Option<Key>, String> {
        let (Some(name), Some(file)) = (&self.psk_identity, &self.psk_file) else {
            return Ok(None);
        };
        if let Some((other, _)) = others.iter().find(|(_, given)| *given) {
            return Err(format!(
                "{other} is about certificates, and there are none where --psk-identity says which key \
                 both sides have"
            ));
        }
        let unusable = |why: &dyn std::fmt::Display| {
            format!("the pre-shared key in {file:?} cannot be used: {why}")
        };
        let bytes = read(file)?;
        let bytes = decoded(&bytes).map_err(|why| unusable(&why))?;
        if bytes.len() < PreSharedKey::MIN_KEY && !self.allow_short_psk {
            let short = PreSharedKeyError::ShortKey(bytes.len());
            return Err(unusable(&format!("{short} (see --allow-short-psk)")));
        }
        let key = PreSharedKey::new(name, &*bytes).map_err(|error| unusable(&error))?;
        let mut key = key.with_hash(match self.psk_hash {
            None | Some(HashName::Sha256) => HashAlgorithm::Sha256,
            Some(HashName::Sha384) => HashAlgorithm::Sha384,
        });
        if let Some(context) = &self.psk_context {
            key = key.imported(context).map_err(|error| unusable(&error))?;
        }
        Ok(Some(Key {
            key,
            allows_short: self.allow_short_psk,
            allows_psk_ke: self.allow_psk_ke,
        }))
    }
}

impl Key {
    /// Has connections authenticated by this key.
    pub(crate) fn configure<C>(self, builder: ConfigBuilder<C>) -> ConfigBuilder<C> {
        let mut builder = builder.pre_shared_keys([self.key]);
        if self.allows_short {
            builder = builder.allow_short_keys();
        }
        if self.allows_psk_ke {
            builder = builder.allow_psk_ke();
        }
        builder
    }
}

/// The first line of the file, without white space around it.
fn read(file: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
    let line = File::open(file).and_then(|file| line::first(file, LINE));
    line.map_err(|error| format!("the pre-shared key in {file:?} cannot be read: {error}"))
}

/// The bytes that a line says in hexadecimal digits. What is wrong is told without the digits.
fn decoded(line: &[u8]) -> Result<Zeroizing<Vec<u8>>, String> {
    let digits = line.trim_ascii();
    if digits.is_empty() {
        return Err("its first line is empty".to_owned());
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(digits.len() / 2));
    for pair in digits.chunks(2) {
        let mut byte = Zeroizing::new(0);
        for digit in pair {
            let value = char::from(*digit).to_digit(16).ok_or(
                "its first line has other characters than hexadecimal digits, and the key is wanted alone",
            )?;
            *byte = *byte << 4 | value as u8;
        }
        if pair.len() == 1 {
            let count = digits.len();
            return Err(format!(
                "it has {count} hexadecimal digits, and two make a byte"
            ));
        }
        bytes.push(*byte);
    }
    Ok(bytes)
}

/// Why no configuration can be made, with the options that help.
pub(crate) fn said(error: ConfigError) -> String {
    match error {
        ConfigError::NothingLeft("pre-shared key that fits the protocols") => {
            "--protocol TLSv1.2: an imported pre-shared key (--psk-context) is for TLS 1.3"
                .to_owned()
        }
        ConfigError::PreSharedKey {
            why: why @ PreSharedKeyError::NoCipherSuite,
            ..
        } => format!("the pre-shared key cannot be used: {why}; see --psk-hash and --ciphers"),
        ConfigError::PreSharedKey { why, .. } => {
            format!("the pre-shared key cannot be used: {why}")
        }
        error => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_in_hexadecimal_digits_of_either_case_with_white_space_around_them() {
        let key = decoded(b" \t00aAfF\r").expect("a key");
        assert_eq!(*key, [0x00, 0xaa, 0xff]);
    }

    #[test]
    fn what_is_wrong_with_a_key_is_told_without_it() {
        for (line, why) in [
            (&b"  "[..], "its first line is empty"),
            (b"5ecre7t", "other characters than hexadecimal digits"),
            (b"device:5e", "and the key is wanted alone"),
            (b"5ec", "it has 3 hexadecimal digits, and two make a byte"),
            (b"5e \xff", "other characters than hexadecimal digits"),
        ] {
            let said = decoded(line).expect_err("no key");
            assert!(said.contains(why), "{said}");
            assert!(!said.contains("5e"), "{said}");
        }
    }
}
