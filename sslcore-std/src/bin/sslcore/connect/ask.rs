//! `--ask`: a person on the terminal decides.

use std::io::{self, IsTerminal, stderr};

use super::report::Telling;
use crate::chain::Chain;
use crate::terminal::Terminal;
use crate::text::Palette;

/// Whether the person accepts the certificate. Shows it, unless standard error has done so in
/// `shown` form on the terminal. Only a yes is one.
pub(super) fn accepts(terminal: &Terminal, chain: &Chain<'_>, shown: bool) -> io::Result<bool> {
    if !(shown && stderr().is_terminal()) {
        terminal.show(&chain.text(Palette::plain()))?;
    }
    let answer = terminal.ask("Accept this certificate for this connection? [y/N] ")?;
    let answer = answer.trim();
    Ok(answer.eq_ignore_ascii_case("y") || answer.eq_ignore_ascii_case("yes"))
}
