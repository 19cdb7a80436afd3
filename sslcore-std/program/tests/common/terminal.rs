//! A person at a terminal, played over a pseudo-terminal by `script` of util-linux, which every
//! Linux has.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};

/// A command of the shell's, on a terminal of its own.
pub struct Terminal(Child);

impl Terminal {
    /// Signals do there what they do by default, even if whoever started the tests ignores some, as
    /// `nohup` does, and a shell for what it runs in the background.
    pub fn run(command: &str) -> Self {
        let script = Command::new("env")
            .args(["--default-signal", "script", "--quiet", "--return"])
            .args(["--command", command, "/dev/null"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        Self(script.expect(
            "env, from coreutils 8.31 or newer, and script, from util-linux (Debian: bsdutils)",
        ))
    }

    /// What the terminal shows, up to and with this.
    pub fn shown_until(&mut self, end: &[u8]) -> String {
        let mut shown = Vec::new();
        let terminal = self.0.stdout.as_mut().expect("the terminal");
        let mut byte = [0];
        while !shown.ends_with(end) && terminal.read(&mut byte).expect("read") > 0 {
            shown.extend(byte);
        }
        String::from_utf8(shown).expect("UTF-8")
    }

    pub fn type_in(&mut self, keys: &[u8]) {
        let terminal = self.0.stdin.as_mut().expect("the terminal");
        terminal.write_all(keys).expect("type");
    }

    /// The exit code, and what the terminal has shown until then.
    pub fn end(mut self) -> (Option<i32>, String) {
        let mut shown = String::new();
        let mut terminal = self.0.stdout.take().expect("the terminal");
        terminal.read_to_string(&mut shown).expect("UTF-8");
        (self.0.wait().expect("its end").code(), shown)
    }
}
