//! The command line.

use std::path::PathBuf;

use crate::contender::Load;

/// What `--help` prints.
pub(crate) const HELP: &str = "\
Carries data from a client to a server in memory and reports MB/s per second of thread CPU time:
sslcore, rustls' unbuffered and buffered connections, and the bare AEAD, all on the same provider.

usage: cargo bench -p sslcore-tests --bench throughput -- [OPTION]...

  --quick   fewer and shorter rounds
  --all     also AES-256-GCM, ChaCha20-Poly1305 and TLS 1.2
  --check   exit with 1 when a required figure is not met
  --instructions
            also those of each small record, counted by callgrind
  --ciphers
            first those of the backends alone, beside OpenSSL's
  --svg FOLDER
            also measures bursts of writes of nine sizes, and draws them: throughput.svg in that folder,
            which cargo bench looks for from tests/
  --json    one JSON document instead of the tables
  --profile BACKEND WHO BYTES WRITES TRIPS
            only one (sslcore, raw, ...), TLS 1.3 with AES-128-GCM, so many writes of so many
            bytes in each of so many trips: for perf or callgrind, no report
  --help    this text
";

/// What to do.
pub(crate) enum Command {
    Help,
    /// Only that.
    Profile(Profile),
    Run(Arguments),
}

/// What is carried alone.
pub(crate) struct Profile {
    pub(crate) backend: String,
    /// The beginning of a contender's name.
    pub(crate) who: String,
    pub(crate) load: Load,
    pub(crate) trips: usize,
}

impl Profile {
    fn parse(words: &mut impl Iterator<Item = String>) -> Option<Self> {
        let (backend, who) = (words.next()?, words.next()?);
        let mut number = || words.next()?.parse().ok();
        let load = Load {
            write: number()?,
            writes: number()?,
        };
        let trips = number()?;
        Some(Self {
            backend,
            who,
            load,
            trips,
        })
    }
}

/// How to run.
#[derive(Default)]
pub(crate) struct Arguments {
    pub(crate) ciphers: bool,
    pub(crate) svg: Option<PathBuf>,
    pub(crate) quick: bool,
    pub(crate) all: bool,
    pub(crate) check: bool,
    pub(crate) json: bool,
    pub(crate) instructions: bool,
}

pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Result<Command, String> {
    let mut arguments = Arguments::default();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--quick" => arguments.quick = true,
            "--all" => arguments.all = true,
            "--check" => arguments.check = true,
            "--json" => arguments.json = true,
            "--ciphers" => arguments.ciphers = true,
            "--svg" => arguments.svg = Some(words.next().ok_or("--svg wants a folder")?.into()),
            "--instructions" => arguments.instructions = true,
            "--profile" => {
                let profile = Profile::parse(&mut words).ok_or("--profile wants five words")?;
                return Ok(Command::Profile(profile));
            }
            "--help" | "-h" => return Ok(Command::Help),
            // `cargo bench` adds it.
            "--bench" => {}
            other => return Err(format!("unknown option {other:?}")),
        }
    }
    if arguments.json && (arguments.ciphers || arguments.instructions) {
        return Err("--json is one document: --ciphers and --instructions print tables".into());
    }
    Ok(Command::Run(arguments))
}
