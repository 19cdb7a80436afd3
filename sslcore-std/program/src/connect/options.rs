//! The command line of `sslcore connect`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum, ValueHint};
use sslcore_std::starttls::Protocol;

use super::target::Target;
use super::{offered, route};
use crate::ciphers::Ciphers;
use crate::files;
use crate::identity;
use crate::known::{self, known};
use crate::psk;
use crate::status;
use crate::text::Fingerprint;

/// Connect to a server with TLS, and pass standard input and output through
///
/// What the server sends goes to standard output, byte for byte, and what comes from standard
/// input goes to the server, both at once. When the input has ended and the server has been silent
/// for as long as --linger says, our side of the connection ends, too (close_notify), and the
/// server's answer is still read to its end. Everything about the connection goes to standard error:
/// the server's certificates, what is wrong with each, what would make them acceptable, what was
/// negotiated, how it ended.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// Where to connect to: HOST, HOST:PORT, [IPV6-ADDRESS]:PORT. PORT is a number, or a service as
    /// imaps. Without it, 443 or the one of the --starttls protocol. A URL is taken for the server
    /// that it names: https://HOST
    #[arg(value_name = "HOST[:PORT]", value_hint = ValueHint::Hostname)]
    pub(super) target: Target,
    /// Begin in plaintext and ask for TLS as this protocol does: smtp, lmtp, imap, pop3, ftp, xmpp,
    /// xmpp-server, ldap, postgres, mysql, sieve, nntp, irc
    #[arg(
        long,
        value_name = "PROTOCOL",
        value_parser = known(str::parse::<Protocol>, known::starttls),
        hide_possible_values = true
    )]
    pub(super) starttls: Option<Protocol>,
    #[command(flatten, next_help_heading = "Route")]
    pub(super) route: route::Options,
    /// Trust the certificates in this file, this folder, or the files that match this pattern
    /// ('certs/*.pem'), instead of the system's. Can be given several times
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath, help_heading = "Trust",
        value_parser = files::parser())]
    pub(super) ca: Vec<PathBuf>,
    /// Trust exactly the certificate with this SHA-256 fingerprint, whatever else is wrong with it:
    /// 64 hexadecimal digits, as this program and "openssl x509 -fingerprint -sha256" print them.
    /// Can be given several times
    #[arg(
        long,
        value_name = "FINGERPRINT",
        help_heading = "Trust",
        conflicts_with = "ask"
    )]
    pub(super) trust_sha256: Vec<Fingerprint>,
    /// Expect this name in the certificate, instead of HOST
    #[arg(long, help_heading = "Trust")]
    pub(super) name: Option<String>,
    /// What to do about a certificate with errors: with "none" it is not even verified, with "query"
    /// its errors are shown and ignored, with "verify" they end the connection
    #[arg(
        long,
        value_name = "MODE",
        default_value = "verify",
        help_heading = "Trust"
    )]
    #[arg(hide_possible_values = true)]
    pub(super) verify: Mode,
    /// Ask on the terminal whether a certificate with errors is acceptable. The server may not have
    /// the patience to wait for the answer
    #[arg(long, help_heading = "Trust")]
    pub(super) ask: bool,
    #[command(flatten, next_help_heading = "Trust")]
    pub(super) status: status::Options,
    #[command(flatten, next_help_heading = "Identity")]
    pub(super) identity: identity::Options,
    /// List the authorities by which the server wants our certificate to be, if it asks for one, and
    /// not only how many they are
    #[arg(long, help_heading = "Identity")]
    pub(super) client_ca_names: bool,
    #[command(flatten, next_help_heading = "Pre-shared key")]
    pub(super) psk: psk::Options,
    /// Ask for this server name (SNI), instead of HOST, or of --name where HOST is an address
    #[arg(long, value_name = "NAME", help_heading = "Protocol")]
    pub(super) sni: Option<String>,
    /// Ask for no server name
    #[arg(long, conflicts_with = "sni", help_heading = "Protocol")]
    pub(super) no_sni: bool,
    /// Offer these application protocols, with commas between them: h2,http/1.1
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        help_heading = "Protocol"
    )]
    pub(super) alpn: Vec<String>,
    /// Speak these versions only, with a comma between them: TLSv1.2, TLSv1.3 [default: both]
    #[arg(
        long,
        value_name = "VERSIONS",
        value_delimiter = ',',
        value_parser = known(str::parse::<String>, known::versions),
        hide_possible_values = true,
        help_heading = "Protocol"
    )]
    pub(super) protocol: Vec<String>,
    /// Offer these cipher suites, by IANA's or OpenSSL's names, in this order, with commas or
    /// colons between them
    #[arg(
        long,
        value_name = "NAMES",
        value_parser = known(str::parse::<Ciphers>, known::ciphers),
        hide_possible_values = true,
        help_heading = "Protocol"
    )]
    pub(super) ciphers: Option<Ciphers>,
    /// Offer these key exchange groups, in this order, with commas between them: X25519, secp256r1
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        value_parser = known(offered::group, known::groups),
        hide_possible_values = true,
        help_heading = "Protocol"
    )]
    pub(super) groups: Vec<String>,
    /// Accept these signatures of the server's in the handshake, and offer them in this order, by
    /// IANA's names, with commas between them: ecdsa_secp256r1_sha256, rsa_pss_rsae_sha256. How
    /// certificates are signed is another matter
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        value_parser = known(offered::signature_scheme, known::signature_schemes),
        hide_possible_values = true,
        help_heading = "Protocol"
    )]
    pub(super) sigalgs: Vec<String>,
    /// Send every line end of the input as CR LF, as mail servers and many others want it
    #[arg(long, help_heading = "Data")]
    pub(super) crlf: bool,
    /// How long the server may be silent behind the end of the input before we end our side: many
    /// servers take the end of the question for a loss of interest in the answer, as all do in TLS
    /// 1.2. An input without a single byte leaves nothing to wait for
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = seconds_or_none,
        help_heading = "Data")]
    pub(super) linger: Duration,
    /// Keep our side open when the input has ended, until the server ends it
    #[arg(long, conflicts_with = "linger", help_heading = "Data")]
    pub(super) keep_open: bool,
    /// Take it for a truncation, exit code 5, when the server ends its stream after our close_notify
    /// without one of its own, as many do; without this it is an end like others, as long as no data
    /// came in between
    #[arg(long, help_heading = "Data")]
    pub(super) strict_close: bool,
    /// Show the certificates themselves, too, as PEM; with =FILE, put them into that file instead
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true,
        value_hint = ValueHint::FilePath, value_parser = files::written_parser(),
        help_heading = "Running")]
    pub(super) show_certs: Option<Option<PathBuf>>,
    /// How long connecting, the plaintext dialogue, the handshake and closing may take, each
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds,
        help_heading = "Running")]
    pub(super) timeout: Duration,
    /// When the connection is over, connect so many times more, without data, and say of each whether
    /// the server resumed the session, and if not, why
    #[arg(long, value_name = "TIMES", default_value = "0", value_parser = clap::value_parser!(u8).range(..=100),
        hide_default_value = true, conflicts_with = "ask", help_heading = "Running")]
    pub(super) reconnect: u8,
    /// Append the connection's secrets to this file, for Wireshark: whoever reads it can decrypt the
    /// connection
    #[arg(long, value_name = "FILE", value_parser = files::written_parser(), help_heading = "Running")]
    pub(super) key_log: Option<PathBuf>,
    /// Write down in this file which records passed, how large they were, the events, the alerts and
    /// the calls, but no data, names or secrets: for a report, and for `sslcore replay`, which draws it.
    /// Of --reconnect the first connection counts
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath,
        value_parser = files::written_parser(), help_heading = "Running")]
    pub(super) record: Option<PathBuf>,
    /// Write down in this new file all that happens, byte for byte, with the secrets of the connection:
    /// for `sslcore replay`, which does it again. Whoever reads the file can read the connection; a
    /// private key is never in it. The cryptography is RustCrypto's then, in portable Rust
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath,
        value_parser = files::written_parser(), help_heading = "Running")]
    pub(super) record_secrets: Option<PathBuf>,
    /// Show every record and every event on standard error, with its time in milliseconds
    #[arg(long, help_heading = "Running")]
    pub(super) trace: bool,
    /// Write to standard error in JSON, one object per line; `sslcore --help` lists their members
    #[arg(long, help_heading = "Running")]
    pub(super) json: bool,
}

const EXAMPLES: &str = "\
Examples:
  A web page, into a file:
      printf 'GET / HTTP/1.0\\r\\nHost: example.org\\r\\n\\r\\n' |
          sslcore connect example.org > page
  A mail server that begins in plaintext; line ends as SMTP wants them:
      sslcore connect mail.example.org:587 --starttls smtp --crlf
  A server of one's own, trusted by its fingerprint:
      sslcore connect 127.0.0.1:4433 --trust-sha256 6A:0D:...
  A server under another name, with a certificate by one's own authority:
      sslcore connect 192.0.2.1:636 --name ldap.example.org --ca authority.pem
  A server that wants to know who we are; without the last option the terminal is asked:
      sslcore connect example.org --pkcs12 me.p12 --passphrase-file secret.txt
  A server and we know each other by a key that both have:
      sslcore connect 192.0.2.1:8883 --psk-identity sensor-7 --psk-file sensor-7.key
  The certificates of a server, into a file:
      sslcore connect example.org --verify query --show-certs=chain.pem < /dev/null
  Whether a server resumes sessions, over IPv4, through a proxy:
      sslcore connect example.org -4 --proxy http://proxy:3128 --reconnect 3 < /dev/null
  What a server presents, for another program to read:
      sslcore connect example.org --verify query --json < /dev/null 2> report.json

Exit codes:
  0  all went well
  1  the command line is wrong, or something that it names cannot be used
  2  there is no connection to the server
  3  TLS cannot be started, or fails
  4  the server's certificate was refused, or the server refused ours; or the two sides do not have
     the same pre-shared key
  5  the stream was cut, or ended before all was sent: data may be missing";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Mode {
    None,
    Query,
    Verify,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = duration(text).filter(|seconds| !seconds.is_zero());
    seconds.ok_or_else(|| "it must be a number of seconds greater than 0".to_owned())
}

fn seconds_or_none(text: &str) -> Result<Duration, String> {
    duration(text).ok_or_else(|| "it must be a number of seconds, 0 or greater".to_owned())
}

fn duration(seconds: &str) -> Option<Duration> {
    let seconds = seconds.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}
