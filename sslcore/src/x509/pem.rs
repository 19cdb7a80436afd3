//! PEM (RFC 7468): DER as text.
//!
//! Secrets pass through here, so base64 is decoded in constant time and nothing is left behind.

use alloc::vec::Vec;
use core::fmt;

use base64ct::{Base64, Encoding};
use zeroize::Zeroizing;

/// Why a text is not read: one of its PEM blocks has no end, or is not base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PemError {
    line: usize,
}

impl PemError {
    /// The line, from 1, with which the block begins.
    pub fn line(&self) -> usize {
        self.line
    }
}

impl fmt::Display for PemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the PEM block that begins with line {} is not complete base64",
            self.line
        )
    }
}

impl core::error::Error for PemError {}

/// What is between a BEGIN and its END.
pub(crate) struct Block<'a> {
    pub(crate) label: &'a [u8],
    /// Its lines; `None` when it has no end, or no whole beginning.
    content: Option<&'a [u8]>,
    line: usize,
}

impl Block<'_> {
    /// Whether it is encrypted in the old way of OpenSSL, with headers (RFC 1421 §4.6.1.1).
    pub(crate) fn has_encryption_header(&self) -> bool {
        let mut lines = lines(self.content.unwrap_or_default());
        lines.any(|(_, line)| line.starts_with(b"Proc-Type:"))
    }

    /// Its content.
    pub(crate) fn decode(&self) -> Result<Zeroizing<Vec<u8>>, PemError> {
        let error = PemError { line: self.line };
        let content = self.content.ok_or(error)?;
        // Room for all of it at once: a buffer that grew would leave what it held behind.
        let mut text = Zeroizing::new(Vec::with_capacity(content.len()));
        for (_, line) in lines(content) {
            text.extend_from_slice(line.trim_ascii());
        }
        let mut der = Zeroizing::new(Vec::new());
        der.resize(text.len(), 0);
        let len = Base64::decode(&*text, &mut der).map_err(|_| error)?.len();
        der.truncate(len);
        Ok(der)
    }
}

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const HYPHENS: &[u8] = b"-----";

/// The blocks of a text, with whatever stands between them passed over, and a byte order mark
/// before them. One that has no end goes up to where the next one begins.
pub(crate) fn blocks(text: &[u8]) -> impl Iterator<Item = Block<'_>> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut lines = lines(text).enumerate().peekable();
    core::iter::from_fn(move || {
        let (number, (at, begin)) = lines.find(|(_, (_, line))| line.starts_with(BEGIN))?;
        let label = begin.get(BEGIN.len()..)?.trim_ascii_end();
        let whole = label.strip_suffix(HYPHENS);
        let mut block = Block {
            label: whole.unwrap_or_else(|| without_hyphens(label)),
            content: None,
            line: number + 1,
        };
        while let Some((_, (end, line))) = lines.next_if(|(_, (_, line))| !line.starts_with(BEGIN))
        {
            let rest = line.strip_prefix(END).map(<[u8]>::trim_ascii_end);
            let label = rest.and_then(|rest| rest.strip_suffix(HYPHENS));
            if label.is_some() && label == whole {
                block.content = text.get(at + begin.len()..end);
                break;
            }
        }
        Some(block)
    })
}

/// What all blocks with this label hold, or the first error of theirs.
pub(super) fn all(text: &[u8], label: &str) -> Result<Vec<Vec<u8>>, PemError> {
    blocks(text)
        .filter(|block| block.label == label.as_bytes())
        .map(|block| block.decode().map(|der| der.to_vec()))
        .collect()
}

/// The label of a line that has not five hyphens behind it.
fn without_hyphens(mut label: &[u8]) -> &[u8] {
    while let Some(shorter) = label.strip_suffix(b"-") {
        label = shorter;
    }
    label
}

/// Each line with where it begins; CR LF, LF or CR ends it.
fn lines(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut at = 0;
    core::iter::from_fn(move || {
        let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
        let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        let (line, after) = rest.split_at(end.unwrap_or(rest.len()));
        let start = at;
        at += line.len() + if after.starts_with(b"\r\n") { 2 } else { 1 };
        Some((start, line))
    })
}

/// DER that shows itself as a block.
pub(super) struct Pem<'a> {
    pub(super) label: &'static str,
    pub(super) der: &'a [u8],
}

impl fmt::Display for Pem<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "-----BEGIN {}-----", self.label)?;
        for part in self.der.chunks(48) {
            let mut line = [0; 64];
            let line = Base64::encode(part, &mut line).map_err(|_| fmt::Error)?;
            writeln!(f, "{line}")?;
        }
        writeln!(f, "-----END {}-----", self.label)
    }
}
