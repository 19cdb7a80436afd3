//! What is said: to people as text, to programs as JSON.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use crate::exit::Exit;
use crate::text::{Ink, Palette, ascii_json, escaped};

/// Something worth telling.
pub(crate) trait Telling {
    /// In words, every line ended.
    fn text(&self, palette: Palette) -> String;
    /// As an object's members; `event` says what it is.
    fn json(&self) -> Value;
}

/// Tells on standard error what happens, while it happens. Nobody is left to tell when standard error is gone.
#[derive(Clone, Copy)]
pub(crate) struct Report {
    json: bool,
    palette: Palette,
    start: Instant,
}

impl Report {
    pub(crate) fn new(json: bool) -> Self {
        Self {
            json,
            palette: Palette::for_stderr(),
            start: Instant::now(),
        }
    }

    pub(crate) fn tell(&self, what: &dyn Telling) {
        self.tell_at(Instant::now(), what);
    }

    pub(crate) fn tell_at(&self, at: Instant, what: &dyn Telling) {
        let text = match self.json {
            false => what.text(self.palette),
            true => {
                let after = at.saturating_duration_since(self.start);
                ascii_json(&timed(after, what.json())) + "\n"
            }
        };
        let _ = io::stderr().write_all(text.as_bytes());
    }

    /// Whether a person sees it, in words.
    pub(crate) fn is_on_a_terminal(&self) -> bool {
        !self.json && io::stderr().is_terminal()
    }

    pub(crate) fn start(&self) -> Instant {
        self.start
    }
}

/// An object with the time since the start before its members.
pub(crate) fn timed(after: Duration, what: Value) -> Value {
    let mut line = Map::new();
    line.insert("at_ms".to_owned(), json!(millis(after)));
    if let Value::Object(members) = what {
        line.extend(members);
    }
    Value::Object(line)
}

/// To the microsecond.
pub(crate) fn millis(time: Duration) -> f64 {
    time.as_micros() as f64 / 1000.0
}

/// Why it ends otherwise than it should: a sentence, and the exit code.
#[derive(Clone, Debug)]
pub(crate) struct Trouble {
    pub(crate) exit: Exit,
    pub(crate) why: String,
}

impl Trouble {
    pub(crate) fn new(exit: Exit, why: impl Into<String>) -> Self {
        let why = why.into();
        Self { exit, why }
    }

    pub(crate) fn usage(why: impl ToString) -> Self {
        Self::new(Exit::Usage, why.to_string())
    }
}

impl Telling for Trouble {
    fn text(&self, palette: Palette) -> String {
        sentence(palette.paint(Ink::Bad, "error:"), &self.why)
    }

    fn json(&self) -> Value {
        json!({"event": "error", "exit": self.exit as u8, "why": self.why})
    }
}

/// A line, whatever is in a sentence that quotes hosts, files and peers.
fn sentence(mark: String, why: &str) -> String {
    format!("{mark} {}\n", escaped(why))
}

/// Onto standard output, what was asked for. Whoever reads it may have seen enough before its end.
pub(crate) fn put_out(bytes: &[u8]) -> Result<(), Trouble> {
    match io::stdout().write_all(bytes) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            let why = format!("standard output cannot be written: {error}");
            Err(Trouble::usage(why))
        }
        _ => Ok(()),
    }
}

/// Onto standard output: it is what was asked for.
pub(crate) fn print(json: bool, all: &[&dyn Telling]) -> Result<(), Trouble> {
    let palette = Palette::for_stdout();
    let mut text = String::new();
    for telling in all {
        text += &match json {
            true => ascii_json(&telling.json()) + "\n",
            false => telling.text(palette),
        };
    }
    put_out(text.as_bytes())
}

/// Something that is not wrong enough to end it.
pub(crate) struct Warning(pub(crate) String);

impl Telling for Warning {
    fn text(&self, palette: Palette) -> String {
        sentence(palette.paint(Ink::Bad, "warning:"), &self.0)
    }

    fn json(&self) -> Value {
        json!({"event": "warning", "why": self.0})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_have_said_does_nothing_to_a_terminal() {
        let why = "it said \x1b[2J\r\n\u{202e}";
        let told = r"it said \u{1b}[2J\r\n\u{202e}";
        let trouble = Trouble::new(Exit::TlsFailure, why);
        assert_eq!(trouble.text(Palette::plain()), format!("error: {told}\n"));
        let warning = Warning(why.to_owned());
        assert_eq!(warning.text(Palette::plain()), format!("warning: {told}\n"));
    }
}
