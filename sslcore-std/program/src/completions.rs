//! `sslcore completions`: what a shell needs to complete the program's arguments.

use std::process::ExitCode;

use clap::{Args, Command};
use clap_complete::{Shell, generate};

use crate::exit::Exit;
use crate::telling::{Report, put_out};

/// Print the completions of this program for a shell
///
/// Prints a script; where it belongs depends on the shell:
///
///   bash         sslcore completions bash > ~/.local/share/bash-completion/completions/sslcore
///   zsh          sslcore completions zsh > DIR/_sslcore, with DIR in $fpath
///   fish         sslcore completions fish > ~/.config/fish/completions/sslcore.fish
///   elvish       sslcore completions elvish >> ~/.config/elvish/rc.elv
///   powershell   sslcore completions powershell >> $PROFILE
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Options {
    /// The shell
    shell: Shell,
}

/// Prints them for the whole `program`.
pub(crate) fn run(options: &Options, program: &mut Command) -> ExitCode {
    let mut script = Vec::new();
    generate(options.shell, program, "sslcore", &mut script);
    match put_out(&script) {
        Ok(()) => Exit::Fine.into(),
        Err(trouble) => {
            Report::new(false).tell(&trouble);
            trouble.exit.into()
        }
    }
}
