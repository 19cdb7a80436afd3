//! `--key-log`: the secrets, in a file of one's own.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

use sslcore_std::sslcore::{KeyLog, KeyLogLine};

/// A file in the format of NSS, which Wireshark reads.
pub(crate) struct KeyLogFile(File);

impl KeyLogFile {
    /// Opens it to append to; a new one is nobody else's to read.
    pub(crate) fn open(path: &Path) -> Result<Self, String> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options
            .open(path)
            .map_err(|error| format!("the key log {path:?} cannot be written: {error}"))?;
        Ok(Self(file))
    }
}

impl KeyLog for KeyLogFile {
    /// One write for the whole line, so that programs that share the file do not mix theirs. What
    /// cannot be written is missing from the file; the connection does not depend on it.
    fn log(&self, line: &KeyLogLine<'_>) {
        let _ = (&self.0).write_all(format!("{line}\n").as_bytes());
    }
}
