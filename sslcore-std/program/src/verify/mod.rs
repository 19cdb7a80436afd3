//! `sslcore verify`: verifies certificates in files, without a connection.

mod time;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueHint};
use serde_json::{Value, json};
use sslcore_std::sslcore::{Certificate, DateTime, UnixTime};
use sslcore_std::trust;

use crate::anchors;
use crate::chain::Chain;
use crate::exit::Exit;
use crate::files;
use crate::judge::{Purpose, Terms};
use crate::remedy::Command;
use crate::status;
use crate::telling::{Report, Telling, Trouble, Warning, print};
use crate::text::{Ink, Palette, escaped};

/// Verify certificates in files as a handshake would, without one
///
/// Shows each certificate, everything that is wrong with it, and what would make it acceptable.
/// Nothing is looked up anywhere: missing intermediates are not fetched, and only the revocation
/// lists count that are given with --crl.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// The certificates, PEM or DER: first the one that is verified, then the intermediates in any
    /// order. The certificates of further files come behind those of the first. - is standard input, here and
    /// wherever a file is named
    #[arg(value_name = "FILE", value_parser = files::parser(), required = true)]
    files: Vec<PathBuf>,
    /// The name or address that a server's certificate must be for; without it names are not
    /// compared
    #[arg(long, value_name = "NAME")]
    host: Option<String>,
    /// Judge for this time instead of now: 2026-01-01, 2026-01-01T12:00:00Z, or seconds since 1970
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    at: Option<UnixTime>,
    /// Trust the certificates in this file, this folder, or the files that match this pattern
    /// ('certs/*.pem'), instead of the system's. Can be given several times
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath, value_parser = files::parser())]
    ca: Vec<PathBuf>,
    /// Look certificates up in the revocation lists in this file, PEM or DER. Certificates whose
    /// issuer has no list are not looked up; a list that is about none of them is a warning. Can be
    /// given several times
    #[arg(long, value_name = "FILE", value_parser = files::parser())]
    crl: Vec<PathBuf>,
    /// What the certificate is used for: to be a server, or a client of one that asks for it
    #[arg(long, value_name = "ROLE", default_value = "server")]
    purpose: Purpose,
    /// Show the certificates themselves, too, as PEM; with =FILE, put them into that file instead
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true,
        value_hint = ValueHint::FilePath, value_parser = files::written_parser())]
    show_certs: Option<Option<PathBuf>>,
    /// Write the certificates and the verdict as JSON, one object per line; `sslcore --help` lists
    /// their members
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  Whether a new certificate is good for its host, by one's own authority:
      sslcore verify chain.pem --host mail.example.org --ca authority.pem
  Whether it will still be good next year:
      sslcore verify chain.pem --host mail.example.org --at 2027-01-01
  A client's certificate, and whether its authority has revoked it:
      sslcore verify client.pem --purpose client --ca authority.pem --crl authority.crl

Exit codes:
  0  the certificate is good
  1  the command line is wrong, or something that it names cannot be used
  4  the certificate is refused";

pub(crate) fn run(options: &Options) -> ExitCode {
    let report = Report::new(options.json);
    match verify(options, &report) {
        Ok(exit) => exit.into(),
        Err(trouble) => {
            report.tell(&trouble);
            trouble.exit.into()
        }
    }
}

fn verify(options: &Options, report: &Report) -> Result<Exit, Trouble> {
    let mut chain = Vec::new();
    for file in &options.files {
        chain.extend(trust::certificates_from_file(file).map_err(Trouble::usage)?);
    }
    let first = chain.first().cloned();
    let chain = trust::leaf_first(chain);
    if chain.first() != first.as_ref() {
        report.tell(&Warning(
            "the first certificate has issued others: the one that has issued none is verified, a \
             server sends it first"
                .to_owned(),
        ));
    }
    let at = match options.at {
        Some(at) => at,
        None => now()?,
    };
    let terms = terms(options, at, report)?;
    let errors = terms.errors(&chain).map_err(Trouble::usage)?;
    let lists = terms.lists().map_err(Trouble::usage)?;
    status::tell_unused(lists.unused_revocation_lists(&chain), report);
    let certificates: Vec<_> = chain.into_iter().map(Certificate::from).collect();
    let chain = Chain::new(&certificates, &errors).with_remedies(Command::Verify, &terms);
    let chain = match &options.show_certs {
        Some(Some(file)) => {
            chain.write(file).map_err(Trouble::usage)?;
            chain
        }
        shown => chain.with_pem(shown.is_some()),
    };
    let verdict = Verdict {
        errors: errors.len(),
        host: options.host.as_deref(),
        purpose: options.purpose,
        at,
    };
    print(options.json, &[&chain, &verdict])?;
    Ok(match errors.is_empty() {
        true => Exit::Fine,
        false => Exit::Refused,
    })
}

fn now() -> Result<UnixTime, Trouble> {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed();
    let since = since.map_err(|_| {
        Trouble::usage("this computer's clock says that it is before 1970; see --at")
    })?;
    Ok(UnixTime::since_unix_epoch(since))
}

fn terms(options: &Options, at: UnixTime, report: &Report) -> Result<Terms, Trouble> {
    if options.purpose == Purpose::Client && options.host.is_some() {
        return Err(Trouble::usage(
            "--host is for servers' certificates; with --purpose client no name is compared",
        ));
    }
    Ok(Terms {
        lists: status::lists(&options.crl).map_err(Trouble::usage)?,
        anchors: anchors::find(&options.ca, true, report)?,
        purpose: options.purpose,
        name: options.host.clone(),
        at: Some(at),
    })
}

/// What it came to.
struct Verdict<'a> {
    errors: usize,
    host: Option<&'a str>,
    purpose: Purpose,
    at: UnixTime,
}

impl Telling for Verdict<'_> {
    fn text(&self, palette: Palette) -> String {
        let at = DateTime::from(self.at);
        let role = self.purpose.name();
        let whose = match self.host {
            Some(host) => format!("for {}", escaped(host)),
            None => format!("for a {role}"),
        };
        let verdict = match self.errors {
            0 => palette.paint(Ink::Good, "Good"),
            _ => palette.paint(Ink::Bad, "Refused"),
        };
        let why = match self.errors {
            0 if self.host.is_none() && self.purpose == Purpose::Server => {
                ": its names were not compared with any (--host)".to_owned()
            }
            0 => String::new(),
            1 => ": 1 error".to_owned(),
            count => format!(": {count} errors"),
        };
        format!("{verdict} {whose} at {at}{why}\n")
    }

    fn json(&self) -> Value {
        json!({
            "event": "verdict",
            "good": self.errors == 0,
            "host": self.host,
            "purpose": self.purpose.name(),
            "at": self.at.as_secs(),
        })
    }
}
