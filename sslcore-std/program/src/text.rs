//! Text for people: numbers, fingerprints, colours.

use std::fmt::{self, Display};
use std::io::{IsTerminal, stderr, stdout};
use std::str::FromStr;

use clap::builder::styling::{AnsiColor, Color, Style};
use serde_json::Value;
use sha2::{Digest, Sha256};
use sslcore_std::sslcore::Event;

/// A number with commas: `1,048,576`.
pub(crate) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// SHA-256 of a certificate's DER, as browsers and `openssl x509 -fingerprint` write it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fingerprint([u8; 32]);

impl Fingerprint {
    pub(crate) fn of(der: &[u8]) -> Self {
        Self(Sha256::digest(der).into())
    }

    /// The first eight bytes: enough for a line in a timeline, not for a decision.
    pub(crate) fn short(&self) -> String {
        format!("{}…", hex(&self.0[..8]))
    }

    /// What a pin wants.
    pub(crate) fn bytes(&self) -> [u8; 32] {
        self.0
    }

    /// All of it, in two lines.
    pub(crate) fn halves(&self) -> [String; 2] {
        let (first, second) = self.0.split_at(16);
        [hex(first), hex(second)]
    }
}

/// All of it, in one line: `AB:CD:…`.
impl Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

/// 64 hexadecimal digits, in pairs or not.
impl FromStr for Fingerprint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits: Vec<char> = text
            .chars()
            .filter(|c| *c != ':' && !c.is_whitespace())
            .collect();
        let mut bytes = [0; 32];
        if digits.len() != 2 * bytes.len() {
            return Err(format!(
                "a SHA-256 fingerprint has 64 hexadecimal digits, this has {}",
                digits.len()
            ));
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
            for c in pair {
                let digit = c.to_digit(16).ok_or_else(|| {
                    format!("{c:?} is no hexadecimal digit, as a SHA-256 fingerprint has them")
                })?;
                *byte = *byte << 4 | digit as u8;
            }
        }
        Ok(Self(bytes))
    }
}

/// Text of others, for a terminal: what is not shown, or changes how the rest is shown, is escaped.
pub(crate) fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            _ if is_hidden(character) => shown.extend(character.escape_unicode()),
            _ if character.is_control() => shown.extend(character.escape_default()),
            _ => shown.push(character),
        }
    }
    shown
}

/// Whether it turns the direction of writing, breaks lines or has no width; names of sslcore escape
/// the same.
pub(crate) fn is_hidden(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{61c}'
            | '\u{feff}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// One word of a command, as a shell has to be given it.
pub(crate) fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

/// What somebody has said, to be quoted: not too many bytes of it.
pub(crate) fn quote(bytes: &[u8]) -> String {
    const QUOTED: usize = 200;
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(QUOTED)]);
    text.trim_end().to_owned()
}

fn hex(bytes: &[u8]) -> String {
    let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

/// What a piece of text is, for the eye.
#[derive(Clone, Copy)]
pub(crate) enum Ink {
    Plain,
    Client,
    Server,
    /// What is there for completeness.
    Faint,
    Good,
    Bad,
}

/// Whether text is coloured: only on a terminal, and not against the reader's wish
/// (<https://no-color.org>).
#[derive(Clone, Copy)]
pub(crate) struct Palette(bool);

impl Palette {
    pub(crate) fn for_stdout() -> Self {
        Self::of(&stdout())
    }

    pub(crate) fn for_stderr() -> Self {
        Self::of(&stderr())
    }

    fn of(stream: &impl IsTerminal) -> Self {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self(stream.is_terminal() && !unwanted)
    }

    /// No colours.
    pub(crate) fn plain() -> Self {
        Self(false)
    }

    pub(crate) fn paint(self, ink: Ink, text: impl Display) -> String {
        let colour = |colour| Style::new().fg_color(Some(Color::Ansi(colour)));
        let style = match ink {
            _ if !self.0 => return text.to_string(),
            Ink::Plain => return text.to_string(),
            Ink::Client => colour(AnsiColor::Cyan),
            Ink::Server => colour(AnsiColor::Magenta),
            Ink::Faint => Style::new().dimmed(),
            Ink::Good => colour(AnsiColor::Green),
            Ink::Bad => colour(AnsiColor::Red).bold(),
        };
        format!("{style}{text}{style:#}")
    }
}

/// An event in words.
pub(crate) fn event_text(event: Event) -> String {
    match event {
        Event::ModeChanged(mode) => format!("ModeChanged {mode:?}"),
        Event::PeerVerifyError { kind, depth } => {
            format!("PeerVerifyError {kind:?}, certificate {depth}")
        }
        Event::SslErrors(_) => "SslErrors".to_owned(),
        Event::BytesWritten(n) => format!("BytesWritten {}", grouped(n)),
        Event::EncryptedBytesWritten(n) => format!("EncryptedBytesWritten {}", grouped(n)),
        Event::AlertSent(alert) => format!("AlertSent {alert}"),
        Event::AlertReceived(alert) => format!("AlertReceived {alert}"),
        Event::Failed(kind) => format!("Failed {kind:?}"),
        Event::Closed(report) if report.clean => "Closed, clean".to_owned(),
        Event::Closed(_) => "Closed, not clean".to_owned(),
        other => format!("{other:?}"),
    }
}

/// JSON in one line of ASCII: whatever is in its strings does nothing to a terminal.
pub(crate) fn ascii_json(value: &Value) -> String {
    let mut line = String::new();
    for c in value.to_string().chars() {
        if c.is_ascii() && !c.is_ascii_control() {
            line.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                line += &format!("\\u{unit:04x}");
            }
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_is_escaped_and_the_rest_is_left() {
        for (text, wanted) in [
            ("käse, \"中文\" \\ e\u{301}", "käse, \"中文\" \\ e\u{301}"),
            ("a\r\nb\x1b[2J\u{9b}", "a\\r\\nb\\u{1b}[2J\\u{9b}"),
            ("a\u{61c}b\u{200b}\u{200f}", "a\\u{61c}b\\u{200b}\\u{200f}"),
            (
                "a\u{2028}b\u{202e}\u{2066}",
                "a\\u{2028}b\\u{202e}\\u{2066}",
            ),
            ("\u{feff}\u{ad}\u{e0041}", "\\u{feff}\\u{ad}\\u{e0041}"),
        ] {
            assert_eq!(escaped(text), wanted);
        }
    }

    #[test]
    fn a_word_for_a_shell_is_quoted_when_it_has_to_be() {
        for (text, word) in [
            ("keys/device-7.psk", "keys/device-7.psk"),
            ("", "''"),
            ("sensor 7", "'sensor 7'"),
            ("$(reboot)", "'$(reboot)'"),
            ("it's", r"'it'\''s'"),
        ] {
            assert_eq!(shell_word(text), word);
        }
    }

    #[test]
    fn of_what_somebody_says_without_end_the_beginning_is_quoted() {
        assert_eq!(quote(b"220 ready\r\n"), "220 ready");
        assert_eq!(quote(&[b'a'; 5000]), "a".repeat(200));
    }
}
