//! What can be made to go wrong, and what comes of it.

use clap::ValueEnum;

/// What can be made to go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Fault {
    WrongCert,
    Inject,
    Truncate,
    Garbage,
}

impl Fault {
    /// The exit code when it was met as it should: 3 for what TLS refuses, 4 for a certificate
    /// that was refused, 5 for a stream that was cut.
    pub(super) fn exit_code(self) -> u8 {
        match self {
            Self::Inject | Self::Garbage => 3,
            Self::WrongCert => 4,
            Self::Truncate => 5,
        }
    }

    fn about(self) -> &'static str {
        match self {
            Self::WrongCert => "another certificate than the pinned one is refused",
            Self::Inject => "plaintext behind the server's \"go ahead\" stops the switch to TLS",
            Self::Truncate => "a stream that is cut in the middle is not taken for its end",
            Self::Garbage => "random bytes instead of TLS are answered with an alert",
        }
    }

    pub(super) fn help() -> String {
        let mut help = String::from("Faults, and the exit code when each was met as it should:\n");
        for fault in Self::value_variants() {
            let name = fault
                .to_possible_value()
                .map(|value| value.get_name().to_owned());
            let name = name.unwrap_or_default();
            help += &format!(
                "  {name:<10}  {}; exit {}\n",
                fault.about(),
                fault.exit_code()
            );
        }
        help + "Without a fault: exit 0 when all was as it should be. Exit 1 when anything was not,\n\
                or the command line was wrong."
    }
}
