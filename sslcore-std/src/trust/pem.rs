//! Where the blocks of a PEM file begin and end (RFC 7468), to say what is wrong with which.

use base64ct::{Base64, Encoding};
use zeroize::Zeroizing;

use super::error::{LoadErrorKind, Place};

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const HYPHENS: &[u8] = b"-----";

/// One block, from its BEGIN to its END.
pub(super) struct Block<'a> {
    pub(super) place: Place,
    pub(super) label: String,
    text: &'a [u8],
}

/// Whether this is PEM at all.
pub(super) fn is_pem(text: &[u8]) -> bool {
    lines(text).any(|line| line.text.starts_with(BEGIN))
}

/// All blocks, with whatever stands between them passed over.
///
/// Gives up at the first block that has no end: what is behind it may belong to it.
pub(super) fn blocks(text: &[u8]) -> Result<Vec<Block<'_>>, (Place, LoadErrorKind)> {
    let mut blocks = Vec::new();
    let mut open: Option<(Place, &[u8], usize)> = None;
    for line in lines(text) {
        if let Some(label) = line.text.strip_prefix(BEGIN) {
            if let Some((place, ..)) = open {
                return Err((place, LoadErrorKind::EndsEarly));
            }
            let place = Place {
                block: blocks.len() + 1,
                line: line.number,
            };
            let label = label.trim_ascii_end().strip_suffix(HYPHENS);
            let label = label.ok_or((place, LoadErrorKind::BadBegin))?;
            open = Some((place, label, line.start));
        } else if let Some(rest) = line.text.strip_prefix(END) {
            let Some((place, label, start)) = open.take() else {
                continue;
            };
            if rest.trim_ascii_end().strip_suffix(HYPHENS) != Some(label) {
                return Err((place, LoadErrorKind::EndsEarly));
            }
            blocks.push(Block {
                place,
                label: String::from_utf8_lossy(label).into_owned(),
                text: &text[start..line.end],
            });
        }
    }
    match open {
        Some((place, ..)) => Err((place, LoadErrorKind::EndsEarly)),
        None => Ok(blocks),
    }
}

/// A line of a text.
struct Line<'a> {
    /// From 1.
    number: usize,
    /// Without white space before it, and without its end.
    text: &'a [u8],
    /// Where it begins in the whole text, white space included.
    start: usize,
    end: usize,
}

/// The lines, ended by LF, CR LF, or CR alone. A byte order mark before the first is not a part of
/// it. A BEGIN that stands behind an END, without a line's end between, counts as a line.
fn lines(text: &[u8]) -> impl Iterator<Item = Line<'_>> {
    let mut at = if text.starts_with(b"\xef\xbb\xbf") {
        3
    } else {
        0
    };
    let mut number = 0;
    let mut goes_on = false;
    std::iter::from_fn(move || {
        let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
        let len = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        let mut whole = &rest[..len.unwrap_or(rest.len())];
        let start = at;
        number += usize::from(!goes_on);
        let begin = begin_behind_end(whole);
        goes_on = begin.is_some();
        match begin {
            Some(begin) => {
                whole = &whole[..begin];
                at += begin;
            }
            None => {
                at += match &rest[whole.len()..] {
                    [b'\r', b'\n', ..] => whole.len() + 2,
                    _ => whole.len() + 1,
                }
            }
        }
        Some(Line {
            number,
            text: whole.trim_ascii_start(),
            start,
            end: start + whole.len(),
        })
    })
}

/// Where in a line with an END a BEGIN stands.
fn begin_behind_end(line: &[u8]) -> Option<usize> {
    let end = line.trim_ascii_start();
    let inside = end.strip_prefix(END)?;
    let begin = inside
        .windows(BEGIN.len())
        .position(|bytes| bytes == BEGIN)?;
    Some(line.len() - inside.len() + begin)
}

/// What `DEK-Info` says (RFC 1421 §4.6.1.3).
#[cfg(feature = "encrypted-keys")]
pub(super) struct DekInfo {
    pub(super) cipher: String,
    pub(super) iv: Vec<u8>,
}

/// The lines that are part of the content: base64, or what should be.
fn is_content(line: &[u8]) -> bool {
    !line.contains(&b':') && !line.starts_with(HYPHENS)
}

impl Block<'_> {
    /// Its content.
    pub(super) fn decode(&self) -> Result<Zeroizing<Vec<u8>>, LoadErrorKind> {
        // Room for all of it at once: a buffer that grew would leave what it held behind.
        let mut text = Zeroizing::new(Vec::with_capacity(self.text.len()));
        for line in lines(self.text).filter(|line| is_content(line.text)) {
            text.extend_from_slice(line.text.trim_ascii());
        }
        let known = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
        if let Some(other) = text.iter().find(|byte| !known(byte)) {
            let other = char::from(*other);
            return Err(LoadErrorKind::NotBase64(format!(
                "{other:?} is no part of it"
            )));
        }
        let mut der = Zeroizing::new(vec![0; text.len()]);
        let len = Base64::decode(&*text, &mut der)
            .map_err(|error| LoadErrorKind::NotBase64(error.to_string()))?
            .len();
        der.truncate(len);
        Ok(der)
    }

    /// Its `DEK-Info`: `AES-256-CBC,` and the IV in hexadecimal.
    #[cfg(feature = "encrypted-keys")]
    pub(super) fn dek_info(&self) -> Result<DekInfo, LoadErrorKind> {
        const DAMAGED: LoadErrorKind = LoadErrorKind::DamagedKey("its DEK-Info cannot be read");
        let mut lines = lines(self.text);
        let value = lines.find_map(|line| line.text.strip_prefix(b"DEK-Info:"));
        let value = std::str::from_utf8(value.ok_or(DAMAGED)?).map_err(|_| DAMAGED)?;
        let (cipher, iv) = value.trim().split_once(',').ok_or(DAMAGED)?;
        let digits = iv.as_bytes().chunks(2).map(|pair| {
            let pair = std::str::from_utf8(pair).map_err(|_| DAMAGED)?;
            u8::from_str_radix(pair, 16).map_err(|_| DAMAGED)
        });
        Ok(DekInfo {
            cipher: cipher.to_owned(),
            iv: digits.collect::<Result<_, _>>()?,
        })
    }

    /// Whether it is encrypted in the old way of OpenSSL, with headers (RFC 1421).
    pub(super) fn has_encryption_header(&self) -> bool {
        lines(self.text)
            .map(|line| line.text.trim_ascii_end())
            .any(|line| line.starts_with(b"Proc-Type:") && line.ends_with(b"ENCRYPTED"))
    }
}

/// The labels of some blocks, each once.
pub(super) fn labels(blocks: &[Block<'_>]) -> Vec<String> {
    let mut labels: Vec<String> = Vec::new();
    for block in blocks {
        if !labels.contains(&block.label) {
            labels.push(block.label.clone());
        }
    }
    labels
}
