//! A mail that the server took.

use serde_json::{Value, json};

use crate::text::escaped;

#[derive(Default)]
pub(super) struct Mail {
    /// The argument of MAIL FROM.
    pub(super) from: String,
    /// The arguments of RCPT TO.
    pub(super) to: Vec<String>,
    /// Header and body, its lines without their ends.
    pub(super) lines: Vec<Vec<u8>>,
}

impl Mail {
    pub(super) fn json(&self, peer: &str) -> Value {
        json!({
            "event": "mail",
            "peer": peer,
            "from": self.from,
            "to": self.to,
            "data": self.shown().collect::<Vec<_>>().join("\n"),
        })
    }

    /// For a terminal, whatever is in it.
    pub(super) fn text(&self, peer: &str) -> String {
        let mut text = format!("mail from {peer}\n  from {}\n", escaped(&self.from));
        for to in &self.to {
            text += &format!("  to   {}\n", escaped(to));
        }
        for line in self.shown() {
            text += format!("  | {}", escaped(&line)).trim_end();
            text.push('\n');
        }
        text
    }

    fn shown(&self) -> impl Iterator<Item = String> {
        self.lines
            .iter()
            .map(|line| String::from_utf8_lossy(line).into_owned())
    }
}
