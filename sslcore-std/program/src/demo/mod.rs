//! `sslcore demo`: a STARTTLS session between a mail client and a mail server, watched from both
//! sides, and checked.

mod checks;
mod client;
mod fault;
mod log;
mod script;
mod server;
mod session;
mod summary;
mod timeline;

use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;

use clap::Args;
use rcgen::{CertificateParams, DnType, KeyPair};
use serde_json::json;
use sslcore_std::sslcore::{ServerConfig, VerifyMode};

use self::checks::Checks;
use self::fault::Fault;
use self::log::{Entry, Log};
use self::script::{CERTIFICATE_NAME, PATIENCE, Trouble};
use self::session::Session;
use crate::telling::{Report, put_out};
use crate::text::{Fingerprint, Ink, Palette, ascii_json};

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
    match put_out(out.as_bytes()) {
        Ok(()) => ExitCode::from(code),
        Err(trouble) => {
            Report::new(options.json).tell(&trouble);
            trouble.exit.into()
        }
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
