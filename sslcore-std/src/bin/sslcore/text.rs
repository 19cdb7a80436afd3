//! Text for people: numbers, fingerprints, colours.

use std::fmt::Display;
use std::io::{IsTerminal, stdout};

use clap::builder::styling::{AnsiColor, Color, Style};
use sha2::{Digest, Sha256};

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

    /// All of it, in one line: `AB:CD:…`.
    pub(crate) fn whole(&self) -> String {
        hex(&self.0)
    }

    /// The first eight bytes: enough for a line in a timeline, not for a decision.
    pub(crate) fn short(&self) -> String {
        format!("{}…", hex(&self.0[..8]))
    }

    /// All of it, in two lines.
    pub(crate) fn halves(&self) -> [String; 2] {
        let (first, second) = self.0.split_at(16);
        [hex(first), hex(second)]
    }
}

/// Text of others, for a terminal: what is not shown, or changes how the rest is shown, is escaped.
pub(crate) fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            // Marks that turn the direction of writing.
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                shown.extend(character.escape_unicode());
            }
            _ if character.is_control() => shown.extend(character.escape_default()),
            _ => shown.push(character),
        }
    }
    shown
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

/// Whether standard output is coloured: only on a terminal, and not against the reader's wish
/// (<https://no-color.org>).
#[derive(Clone, Copy)]
pub(crate) struct Palette(bool);

impl Palette {
    pub(crate) fn for_stdout() -> Self {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self(stdout().is_terminal() && !unwanted)
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
