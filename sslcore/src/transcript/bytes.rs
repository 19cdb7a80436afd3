//! Bytes as text: hexadecimal, and quoted where it can be read.

use alloc::vec::Vec;
use core::fmt::{self, Write};

/// Bytes on one line.
const WIDTH: usize = 32;
/// Text that is shorter than this, among other bytes, is not quoted: it is text by chance.
const SHORTEST_TEXT: usize = 6;
/// A record's header (RFC 8446 §5.1).
const HEADER: usize = 5;

/// Writes how many there are, and which: on the same line if they fit there. On the wire, every record
/// begins on a line of its own.
pub(super) fn write(
    f: &mut fmt::Formatter<'_>,
    what: &str,
    data: &[u8],
    is_wire: bool,
) -> fmt::Result {
    write!(f, "{what} {}", Count(data.len()))?;
    if data.iter().all(|byte| is_text(*byte)) && data.len() <= WIDTH {
        return match data {
            [] => Ok(()),
            _ => quoted(f, data),
        };
    }
    let mut rest = data;
    while let Some((record, behind)) = record(rest).filter(|_| is_wire) {
        let (header, body) = record.split_at(HEADER);
        f.write_str("\n   ")?;
        hex(f, header)?;
        write!(f, " # {}, {}", content_type(header[0]), Count(body.len()))?;
        lines(f, body)?;
        rest = behind;
    }
    lines(f, rest)
}

/// A number of bytes.
struct Count(usize);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.0 == 1 { "" } else { "s" };
        write!(f, "{} byte{plural}", self.0)
    }
}

/// A whole record, and what is behind it.
fn record(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let &[20..=23, 3, 0..=4, high, low, ..] = data else {
        return None;
    };
    data.split_at_checked(HEADER + usize::from(u16::from_be_bytes([high, low])))
}

/// ContentType, RFC 8446 §5.1.
fn content_type(code: u8) -> &'static str {
    match code {
        20 => "change_cipher_spec",
        21 => "alert",
        22 => "handshake",
        _ => "application_data",
    }
}

fn lines(f: &mut fmt::Formatter<'_>, data: &[u8]) -> fmt::Result {
    for mut line in data.chunks(WIDTH) {
        f.write_str("\n   ")?;
        while !line.is_empty() {
            let text = leading_text(line);
            if text > 0 {
                quoted(f, &line[..text])?;
                line = &line[text..];
            } else {
                let text = (1..line.len()).find(|at| leading_text(&line[*at..]) > 0);
                let (other, behind) = line.split_at(text.unwrap_or(line.len()));
                hex(f, other)?;
                line = behind;
            }
        }
    }
    Ok(())
}

/// How many bytes of text there are in front; 0 when they are too few, or no words.
fn leading_text(data: &[u8]) -> usize {
    let n = data.iter().take_while(|byte| is_text(**byte)).count();
    let has_letters = data[..n].iter().any(u8::is_ascii_alphabetic);
    if n < SHORTEST_TEXT || !has_letters {
        0
    } else {
        n
    }
}

fn is_text(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\r' | b'\n')
}

fn hex(f: &mut fmt::Formatter<'_>, data: &[u8]) -> fmt::Result {
    f.write_char(' ')?;
    data.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

fn quoted(f: &mut fmt::Formatter<'_>, data: &[u8]) -> fmt::Result {
    f.write_str(" \"")?;
    for byte in data {
        match byte {
            b'\r' => f.write_str("\\r")?,
            b'\n' => f.write_str("\\n")?,
            b'"' | b'\\' => write!(f, "\\{}", char::from(*byte))?,
            _ => f.write_char(char::from(*byte))?,
        }
    }
    f.write_char('"')
}

/// Reads one line of bytes, up to a comment, and adds them. `None`: that is not how they are written.
pub(super) fn read(mut text: &str, out: &mut Vec<u8>) -> Option<()> {
    loop {
        text = text.trim_start();
        let (first, rest) = match text.as_bytes() {
            [] | [b'#', ..] => return Some(()),
            [b'"', ..] => {
                text = read_quoted(&text[1..], out)?;
                continue;
            }
            _ => text.split_at_checked(2)?,
        };
        // A sign is a digit to `from_str_radix`.
        let is_hex = first.bytes().all(|digit| digit.is_ascii_hexdigit());
        out.push(u8::from_str_radix(first, 16).ok().filter(|_| is_hex)?);
        text = rest;
    }
}

/// Reads to the closing quote, and returns what is behind it.
fn read_quoted<'a>(text: &'a str, out: &mut Vec<u8>) -> Option<&'a str> {
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        out.push(match byte {
            b'"' => return Some(&text[at + 1..]),
            b'\\' => match bytes.next()?.1 {
                b'r' => b'\r',
                b'n' => b'\n',
                same @ (b'"' | b'\\') => same,
                _ => return None,
            },
            b' '..=b'~' => byte,
            _ => return None,
        });
    }
    None
}
