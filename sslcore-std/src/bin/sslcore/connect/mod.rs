//! `sslcore connect`: a connection from the command line.

mod ask;
mod pump;
mod report;
mod settings;
mod target;
mod trace;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum, ValueHint};
use sslcore_std::sslcore::{Alert, Event, Failure, FailureKind, ReadEnd, UsageError, Verdict};
use sslcore_std::starttls::{Protocol, negotiate};
use sslcore_std::trace::{Direction, Tap, Wire};
use sslcore_std::{SslSocket, WaitError};

use self::pump::Interrupted;
use self::report::{Closed, Connected, Encrypted, Report, Switching, Trouble, Trust, Warning};
use self::settings::Settings;
pub(crate) use self::settings::anchors;
use self::target::Target;
use self::trace::Trace;
use crate::chain::Chain;
use crate::ciphers::Ciphers;
use crate::exit::Exit;
use crate::identity;
use crate::known::{self, known};
use crate::status;
use crate::terminal::Terminal;
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
    /// Where to connect to: HOST, HOST:PORT, [IPV6-ADDRESS]:PORT. Without a port, 443 or the one of
    /// the --starttls protocol
    #[arg(value_name = "HOST[:PORT]", value_hint = ValueHint::Hostname)]
    target: Target,
    /// Begin in plaintext and ask for TLS as this protocol does: smtp, imap, pop3, ftp, xmpp, ldap,
    /// postgres, mysql, sieve, nntp, irc
    #[arg(
        long,
        value_name = "PROTOCOL",
        value_parser = known(str::parse::<Protocol>, known::starttls),
        hide_possible_values = true
    )]
    starttls: Option<Protocol>,
    /// Trust the certificates in this file, this folder, or the files that match this pattern
    /// ('certs/*.pem'), instead of the system's. Can be given several times
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath, help_heading = "Trust")]
    ca: Vec<String>,
    /// Trust exactly the certificate with this SHA-256 fingerprint, whatever else is wrong with it:
    /// 64 hexadecimal digits, as this program and "openssl x509 -fingerprint -sha256" print them.
    /// Can be given several times
    #[arg(
        long,
        value_name = "FINGERPRINT",
        help_heading = "Trust",
        conflicts_with = "ask"
    )]
    trust_sha256: Vec<Fingerprint>,
    /// Expect this name in the certificate, instead of HOST
    #[arg(long, help_heading = "Trust")]
    name: Option<String>,
    /// What to do about a certificate with errors: with "none" it is not even judged, with "query"
    /// its errors are shown and ignored, with "verify" they end the connection
    #[arg(
        long,
        value_name = "MODE",
        default_value = "verify",
        help_heading = "Trust"
    )]
    #[arg(hide_possible_values = true)]
    verify: Mode,
    /// Ask on the terminal whether a certificate with errors is acceptable. The server may not have
    /// the patience to wait for the answer
    #[arg(long, help_heading = "Trust")]
    ask: bool,
    #[command(flatten, next_help_heading = "Trust")]
    status: status::Options,
    #[command(flatten, next_help_heading = "Identity")]
    identity: identity::Options,
    /// Ask for this server name (SNI), instead of HOST, or of --name where HOST is an address
    #[arg(long, value_name = "NAME", help_heading = "Protocol")]
    sni: Option<String>,
    /// Ask for no server name
    #[arg(long, conflicts_with = "sni", help_heading = "Protocol")]
    no_sni: bool,
    /// Offer these application protocols, with commas between them: h2,http/1.1
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        help_heading = "Protocol"
    )]
    alpn: Vec<String>,
    /// Speak these versions only, with a comma between them: TLSv1.2, TLSv1.3 [default: both]
    #[arg(
        long,
        value_name = "VERSIONS",
        value_delimiter = ',',
        value_parser = known(str::parse::<String>, known::versions),
        hide_possible_values = true,
        help_heading = "Protocol"
    )]
    protocol: Vec<String>,
    /// Offer these cipher suites, by IANA's or OpenSSL's names, in this order, with commas or
    /// colons between them
    #[arg(
        long,
        value_name = "NAMES",
        value_parser = known(str::parse::<Ciphers>, known::ciphers),
        hide_possible_values = true,
        help_heading = "Protocol"
    )]
    ciphers: Option<Ciphers>,
    /// Send every line end of the input as CR LF, as mail servers and many others want it
    #[arg(long, help_heading = "Data")]
    crlf: bool,
    /// How long the server may be silent behind the end of the input before we end our side: many
    /// servers take the end of the question for a loss of interest in the answer, as all do in TLS
    /// 1.2. An input without a single byte leaves nothing to wait for
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = seconds_or_none,
        help_heading = "Data")]
    linger: Duration,
    /// Keep our side open when the input has ended, until the server ends it
    #[arg(long, conflicts_with = "linger", help_heading = "Data")]
    keep_open: bool,
    /// How long connecting, the plaintext dialogue, the handshake and closing may take, each
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds,
        help_heading = "Running")]
    timeout: Duration,
    /// Append the connection's secrets to this file, for Wireshark: whoever reads it can decrypt the
    /// connection
    #[arg(long, value_name = "FILE", help_heading = "Running")]
    key_log: Option<PathBuf>,
    /// Show every record and every event on standard error, with its time in milliseconds
    #[arg(long, help_heading = "Running")]
    trace: bool,
    /// Write to standard error in JSON, one object per line; `sslcore --help` lists their members
    #[arg(long, help_heading = "Running")]
    json: bool,
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
  What a server presents, for another program to read:
      sslcore connect example.org --verify query --json < /dev/null 2> report.json

Exit codes:
  0  all went well
  1  the command line is wrong, or something that it names cannot be used
  2  there is no connection to the server
  3  TLS cannot be started, or fails
  4  the server's certificate was refused, or the server refused ours
  5  the stream was cut: data may be missing";

/// How long a server may take to hang up after it was told that we do.
const FAREWELL: Duration = Duration::from_secs(2);

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Mode {
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

pub(crate) fn run(options: &Options) -> ExitCode {
    let report = Report::new(options.json);
    match converse(options, &report) {
        Ok(()) => Exit::Fine.into(),
        Err(trouble) => {
            report.tell(&trouble);
            trouble.exit.into()
        }
    }
}

fn converse(options: &Options, report: &Report) -> Result<(), Trouble> {
    let settings = Settings::new(options, report)?;
    let terminal = match options.ask {
        true => Some(Terminal::open().map_err(|error| {
            Trouble::usage(format!("there is no terminal to --ask on: {error}"))
        })?),
        false => None,
    };
    let mut socket = connect(options, &settings, report)?;
    start_tls(&mut socket, options, &settings, report)?;
    let trust = match handshake(&mut socket, options, terminal, report) {
        Ok(asked) if asked => Trust::Asked,
        Ok(_) => settings.trust,
        Err(error) => return Err(give_up(&mut socket, error, false, options)),
    };
    report.tell(&Encrypted::new(socket.connection(), trust));
    let (mut socket, traffic, outcome) = pump::run(socket, options)?;
    let outcome = outcome.and_then(|()| {
        let ended = socket.wait_for_disconnected(Some(options.timeout));
        ended.map(drop).map_err(Interrupted::Connection)
    });
    let outcome = outcome.or_else(|interrupted| match interrupted {
        Interrupted::Connection(error) => Err(give_up(&mut socket, error, true, options)),
        Interrupted::Streams(why) => {
            socket.disconnect_from_host(FAREWELL);
            Err(Trouble::usage(why))
        }
        Interrupted::NobodyReads => {
            socket.disconnect_from_host(FAREWELL);
            Ok(())
        }
    });
    if let Some(closed) = socket.connection().close_report() {
        report.tell(&Closed {
            report: closed,
            traffic,
        });
    }
    outcome
}

fn connect(options: &Options, settings: &Settings, report: &Report) -> Result<SslSocket, Trouble> {
    let (host, timeout) = (&options.target.host, Some(options.timeout));
    let trouble = |error: io::Error| Trouble::new(Exit::NotConnected, error.to_string());
    let mut socket = SslSocket::connect_to_host(host, settings.port, timeout).map_err(trouble)?;
    let address = socket.stream().peer_addr().map_err(trouble)?;
    report.tell(&Connected {
        host: host.clone(),
        address: address.to_string(),
    });
    if options.trace {
        let mut trace = Trace::new(*report);
        // A greeting may have come along while nobody watched.
        let greeting = socket.peek();
        if !greeting.is_empty() {
            trace.wire(Instant::now(), Direction::Received, Wire::Plain(greeting));
        }
        socket.set_tap(Some(Box::new(trace)));
    }
    Ok(socket)
}

/// Has the switch to TLS made, in the dialogue that was asked for or at once.
fn start_tls(
    socket: &mut SslSocket,
    options: &Options,
    settings: &Settings,
    report: &Report,
) -> Result<(), Trouble> {
    if let Some(protocol) = options.starttls {
        let timeout = Some(options.timeout);
        negotiate(socket, protocol, &settings.domain, timeout)
            .map_err(|error| Trouble::new(Exit::TlsFailure, error.to_string()))?;
        report.tell(&Switching {
            protocol: protocol.name(),
        });
    }
    let started = socket.start_client_encryption(&settings.config, settings.peer.clone());
    started.map_err(|error| {
        let why = match error {
            UsageError::UnreadPlaintext { .. } if options.starttls.is_none() => {
                let said = String::from_utf8_lossy(socket.peek());
                let hint = hint(options);
                format!("the server does not begin with TLS: it said {said:?}; {hint}")
            }
            UsageError::UnreadPlaintext { bytes } => format!(
                "{bytes} bytes of plaintext came behind the server's \"go ahead\"; somebody on the \
                 way may have put them there, so TLS is not started"
            ),
            error => error.to_string(),
        };
        Trouble::new(Exit::TlsFailure, why)
    })
}

/// Handshakes, shows the certificates, and asks if need be; whether it had to ask.
fn handshake(
    socket: &mut SslSocket,
    options: &Options,
    terminal: Option<Terminal>,
    report: &Report,
) -> Result<bool, WaitError> {
    let timeout = Some(options.timeout);
    let outcome = socket.wait_for_encrypted(timeout);
    let forgiven = options.verify != Mode::Verify;
    let chain = Chain::of(socket.connection(), forgiven);
    if !chain.is_empty() {
        report.tell(&chain);
    }
    let (Err(WaitError::VerdictNeeded(id)), Some(terminal)) = (&outcome, terminal) else {
        return outcome.map(|()| false);
    };
    let accepted = ask::accepts(&terminal, &chain, !options.json).unwrap_or_else(|error| {
        report.tell(&Warning(format!("the terminal cannot be asked: {error}")));
        false
    });
    // The server may have hung up meanwhile.
    match socket.wait_for_encrypted(Some(Duration::ZERO)) {
        Err(WaitError::VerdictNeeded(_)) => {}
        other => return other.map(|()| true),
    }
    let verdict = match accepted {
        true => Verdict::Accept,
        false => Verdict::Reject,
    };
    // A review that is not open any more has ended in a failure, which the wait tells.
    let _ = socket.answer(*id, verdict);
    socket.wait_for_encrypted(timeout).map(|()| true)
}

/// Makes sure that the server hears why, and says it.
fn give_up(
    socket: &mut SslSocket,
    error: WaitError,
    encrypted: bool,
    options: &Options,
) -> Trouble {
    let late = format!("the server took longer than {:?}", options.timeout);
    // The close timeout has run out: there is nobody to tell, and no failure.
    if encrypted && error == WaitError::Ended(ReadEnd::Truncated) {
        let why = format!("{late} to end its side: data may be missing");
        return Trouble::new(Exit::Truncated, why);
    }
    socket.disconnect_from_host(FAREWELL);
    let failure = match error {
        WaitError::Failed(failure) => failure,
        WaitError::Timeout => return Trouble::new(Exit::TlsFailure, late),
        error => return Trouble::new(Exit::TlsFailure, error.to_string()),
    };
    let exit = Exit::of(failure.kind(), encrypted);
    let mut why = sentence(&failure, encrypted, options);
    if let FailureKind::AlertReceived(alert) = failure.kind()
        && !options.identity.is_given()
        && may_miss_a_certificate(alert)
        && was_asked_for_a_certificate(socket)
    {
        why += "; it had asked for a certificate of ours and got none: see --cert and --pkcs12";
    }
    Trouble::new(exit, why)
}

/// The alerts of servers that insist on a certificate: TLS 1.3 has one for it (RFC 8446 §4.4.2.4),
/// in TLS 1.2 it is handshake_failure (RFC 5246 §7.4.6).
fn may_miss_a_certificate(alert: Alert) -> bool {
    matches!(
        alert,
        Alert::CertificateRequired
            | Alert::HandshakeFailure
            | Alert::BadCertificate
            | Alert::AccessDenied
    )
}

fn was_asked_for_a_certificate(socket: &mut SslSocket) -> bool {
    std::iter::from_fn(|| socket.poll_event()).any(|it| it == Event::ClientCertificateRequested)
}

fn sentence(failure: &Failure, encrypted: bool, options: &Options) -> String {
    match failure.kind() {
        FailureKind::Truncated if encrypted => {
            format!("{failure}: data of the server's may be missing")
        }
        FailureKind::Truncated | FailureKind::Reset if !encrypted => {
            "the server hung up during the handshake".to_owned()
        }
        FailureKind::CertificateRejected(kind) => {
            format!("the server's certificate is refused: {kind}")
        }
        FailureKind::NotTls if options.starttls.is_none() => {
            format!("{failure}; {}", hint(options))
        }
        _ => failure.to_string(),
    }
}

/// What to try with a server that speaks plaintext first.
fn hint(options: &Options) -> String {
    let likely = Protocol::ALL
        .into_iter()
        .find(|protocol| Some(protocol.default_port()) == options.target.port);
    let name = likely.map_or("PROTOCOL", Protocol::name);
    format!("perhaps it wants --starttls {name}")
}
