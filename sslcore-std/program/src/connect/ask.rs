//! `--ask`: a person on the terminal decides.

use std::io::{self, IsTerminal, stderr};

use super::report::Telling;
use crate::chain::Chain;
use crate::terminal::Terminal;
use crate::text::Palette;

/// What a person must see of the chain before answering: nothing when standard error has `told` it
/// in this form on a terminal.
pub(super) fn shown(chain: &Chain<'_>, told: bool) -> Option<String> {
    match told && stderr().is_terminal() {
        true => None,
        false => Some(chain.text(Palette::plain())),
    }
}

/// Whether the person accepts the certificate. Only a yes is one.
pub(super) fn accepts(terminal: &Terminal, shown: Option<String>) -> io::Result<bool> {
    if let Some(chain) = shown {
        terminal.show(&chain)?;
    }
    let answer = terminal.ask("Accept this certificate for this connection? [y/N] ")?;
    let answer = answer.trim();
    Ok(answer.eq_ignore_ascii_case("y") || answer.eq_ignore_ascii_case("yes"))
}
