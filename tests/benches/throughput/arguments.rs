//! The command line.

/// What `--help` prints.
pub(crate) const HELP: &str = "\
Carries data from a client to a server in memory and reports MB/s per second of thread CPU time:
sslcore, rustls' unbuffered and buffered connections, and the bare AEAD, all on the same provider.

usage: cargo bench -p sslcore-tests --bench throughput -- [OPTION]...

  --quick   fewer and shorter rounds
  --all     also AES-256-GCM, ChaCha20-Poly1305 and TLS 1.2
  --check   exit with 1 when a required figure is not met
  --json    one JSON document instead of the tables
  --profile BYTES TRIPS
            only sslcore on the first backend, writes of so many bytes, so often: for perf
            or callgrind, no report
  --help    this text
";

/// What to do.
pub(crate) enum Command {
    Help,
    /// Carry writes of so many bytes with sslcore, so many trips.
    Profile(usize, usize),
    Run(Arguments),
}

/// How to run.
#[derive(Default)]
pub(crate) struct Arguments {
    pub(crate) quick: bool,
    pub(crate) all: bool,
    pub(crate) check: bool,
    pub(crate) json: bool,
}

pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Result<Command, String> {
    let mut arguments = Arguments::default();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--quick" => arguments.quick = true,
            "--all" => arguments.all = true,
            "--check" => arguments.check = true,
            "--json" => arguments.json = true,
            "--profile" => {
                let mut number = || words.next().and_then(|word| word.parse().ok());
                return match (number(), number()) {
                    (Some(write @ 1..=16_384), Some(trips)) => Ok(Command::Profile(write, trips)),
                    _ => Err("--profile wants two numbers, the first from 1 to 16384".to_owned()),
                };
            }
            "--help" | "-h" => return Ok(Command::Help),
            // `cargo bench` adds it.
            "--bench" => {}
            other => return Err(format!("unknown option {other:?}")),
        }
    }
    Ok(Command::Run(arguments))
}
