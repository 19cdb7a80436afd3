//! `sslcore demo`: a STARTTLS session between a mail client and a mail server, watched from both
//! sides, and checked.

mod checks;
mod client;
mod log;
mod server;
mod summary;
mod timeline;

use std::error::Error;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};
use rcgen::{CertificateParams, DnType, KeyPair};
use serde_json::json;
use sslcore_std::SslSocket;
use sslcore_std::sslcore::{CloseReport, Event, ServerConfig, SslCipher, SslProtocol, VerifyMode};

use self::checks::Checks;
use self::log::{Entry, Log, Side};
use crate::text::{Fingerprint, Ink, Palette, ascii_json};

/// Whatever must not go wrong here and did.
type Trouble = Box<dyn Error + Send + Sync>;

/// How long one step of the session may take before the demo gives up. A whole run takes far
/// less than a second.
const PATIENCE: Duration = Duration::from_secs(2);
/// The name that the client connects to.
const HOST: &str = "localhost";
/// The name in the server's certificate: another one, so that there is more than one error.
const CERTIFICATE_NAME: &str = "mail.example";
/// The mail that is echoed, and the piece in which the client sends it.
const MAIL: usize = 1 << 20;
const PIECE: usize = 64 * 1024;
/// What the server still sends of one more piece before it cuts the stream.
const BEFORE_THE_CUT: usize = 10_000;

/// Run a STARTTLS session over loopback, show all of it, and check it
///
/// A small mail server and its client, in this process: a plaintext greeting, STARTTLS, a
/// certificate with errors that is compared with a pinned fingerprint, data both ways, new keys,
/// a clean end. Every event and every record is shown, with its time. Needs no network, no
/// certificate, no configuration.
#[derive(Args)]
#[command(after_help = Fault::help())]
pub(crate) struct Options {
    /// Make this go wrong; the faults are listed below
    #[arg(long, value_enum, hide_possible_values = true)]
    fault: Option<Fault>,
    /// Write everything to standard output in JSON, one object per line; `sslcore --help` lists
    /// their members
    #[arg(long)]
    json: bool,
}

/// What can be made to go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Fault {
    WrongCert,
    Inject,
    Truncate,
    Garbage,
}

impl Fault {
    /// The exit code when it was met as it should: 3 for what TLS refuses, 4 for a certificate
    /// that was refused, 5 for a stream that was cut.
    fn exit_code(self) -> u8 {
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

    fn help() -> String {
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

/// A certificate of the server's own making, and its key.
struct Identity {
    config: ServerConfig,
    fingerprint: Fingerprint,
}

impl Identity {
    fn new() -> Result<Self, Trouble> {
        let mut params = CertificateParams::new([CERTIFICATE_NAME.to_owned()])?;
        params
            .distinguished_name
            .push(DnType::CommonName, CERTIFICATE_NAME);
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        let config = ServerConfig::builder(sslcore_std::default_backend())
            .verify_mode(VerifyMode::None)
            .identity([certificate.der().clone()], key)
            .build()?;
        Ok(Self {
            config,
            fingerprint: Fingerprint::of(certificate.der()),
        })
    }
}

/// What one end knows when it is over.
#[derive(Clone, Debug, Default)]
struct Knows {
    protocol: Option<SslProtocol>,
    cipher: Option<SslCipher>,
    group: Option<&'static str>,
    report: Option<CloseReport>,
}

impl Knows {
    fn of(socket: &SslSocket) -> Self {
        let connection = socket.connection();
        Self {
            protocol: connection.session_protocol(),
            cipher: connection.session_cipher(),
            group: connection.key_exchange_group(),
            report: connection.close_report(),
        }
    }
}

/// A session that has been played.
struct Session {
    pinned: Fingerprint,
    client: Knows,
    server: Knows,
    log: Vec<Entry>,
}

impl Session {
    /// What happened on one side, in order.
    fn events(&self, side: Side) -> impl Iterator<Item = Event> {
        self.log
            .iter()
            .filter(move |entry| entry.side == side)
            .filter_map(|entry| match entry.what {
                log::What::Event(event) => Some(event),
                _ => None,
            })
    }
}

pub(crate) fn run(options: &Options) -> ExitCode {
    let mut checks = Checks::default();
    let session = match play(options.fault, &mut checks) {
        Ok(session) => {
            checks::whole(&session, options.fault, &mut checks);
            Some(session)
        }
        Err(trouble) => {
            checks.fail(format!("the demo can run: {trouble}"));
            None
        }
    };
    let code = match options.fault {
        _ if !checks.all_hold() => 1,
        None => 0,
        Some(fault) => fault.exit_code(),
    };
    let out = match options.json {
        true => json(session.as_ref(), &checks, code),
        false => text(session.as_ref(), &checks, code, options.fault),
    };
    match std::io::stdout().write_all(out.as_bytes()) {
        Ok(()) => ExitCode::from(code),
        Err(_) => ExitCode::FAILURE,
    }
}

fn text(session: Option<&Session>, checks: &Checks, code: u8, fault: Option<Fault>) -> String {
    let palette = Palette::for_stdout();
    let mut out = String::new();
    if let Some(session) = session {
        out += &timeline::render(&session.log, palette);
        out += &summary::render(session, palette);
    }
    out += &checks.render(palette);
    let ink = if code == 1 { Ink::Bad } else { Ink::Good };
    let verdict = match (code, fault) {
        (1, _) => "Something was not as it should be.",
        (_, None) => "All was as it should be.",
        (_, Some(_)) => "The fault was met as it should be.",
    };
    out + &format!("\n{} Exit {code}.\n", palette.paint(ink, verdict))
}

/// Everything in the order of the text, and nothing summed up.
fn json(session: Option<&Session>, checks: &Checks, code: u8) -> String {
    let mut lines = Vec::new();
    if let Some(session) = session {
        lines.extend(session.log.iter().map(Entry::json));
        lines.push(summary::json(session));
    }
    lines.extend(checks.json());
    lines.push(json!({"event": "result", "good": checks.all_hold(), "exit": code}));
    lines.iter().map(|line| ascii_json(line) + "\n").collect()
}

fn play(fault: Option<Fault>, checks: &mut Checks) -> Result<Session, Trouble> {
    let identity = Identity::new()?;
    let pinned = match fault {
        Some(Fault::WrongCert) => Identity::new()?.fingerprint,
        _ => identity.fingerprint,
    };
    let (near, far) = streams()?;
    let log = Log::new();
    let (client, server) = std::thread::scope(|scope| {
        let server = {
            let log = log.clone();
            scope.spawn(move || {
                let mut checks = Checks::default();
                let knows = server::run(far, &identity.config, fault, &log, &mut checks);
                (knows, checks)
            })
        };
        let client = client::run(near, pinned, fault, &log, checks);
        (client, server.join())
    });
    let (server, more) = server.map_err(|_| "the server panicked")?;
    checks.append(more);
    Ok(Session {
        pinned,
        client: checks.settle("the client", client),
        server: checks.settle("the server", server),
        log: log.into_entries(),
    })
}

/// A connection over loopback, on a port that is free.
fn streams() -> Result<(TcpStream, TcpStream), Trouble> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let client = TcpStream::connect_timeout(&listener.local_addr()?, PATIENCE)?;
    let (server, _) = listener.accept()?;
    for stream in [&client, &server] {
        stream.set_nodelay(true)?;
    }
    Ok((client, server))
}

/// A socket that is watched.
fn adopt(stream: TcpStream, side: Side, log: &Log) -> Result<SslSocket, Trouble> {
    let mut socket = SslSocket::from_stream(stream)?;
    socket.set_timeout(Some(PATIENCE));
    socket.set_tap(Some(Box::new(log.tap(side))));
    Ok(socket)
}

/// The mail: bytes that differ from place to place.
fn mail() -> Vec<u8> {
    (0..MAIL).map(|i| (i ^ i >> 8 ^ i >> 16) as u8).collect()
}
