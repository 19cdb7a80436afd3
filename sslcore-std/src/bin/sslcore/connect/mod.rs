//! `sslcore connect`: a connection from the command line.

mod ask;
mod authority;
mod offered;
mod options;
mod proxy;
mod pump;
mod reconnect;
mod report;
mod route;
mod service;
mod settings;
mod target;
mod trace;

use std::io;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use sslcore_std::sslcore::{Alert, Event, Failure, FailureKind, ReadEnd, UsageError, Verdict};
use sslcore_std::starttls::{Protocol, negotiate};
use sslcore_std::trace::{Direction, Tap, Wire};
use sslcore_std::{SslSocket, WaitError};

use self::options::Mode;
pub(crate) use self::options::Options;
use self::pump::Interrupted;
use self::report::{Closed, Connected, Encrypted, Report, Switching, Trouble, Trust, Warning};
use self::settings::Settings;
use self::trace::Trace;
use crate::chain::Chain;
use crate::exit::Exit;
use crate::interrupt;
use crate::terminal::Terminal;

/// How long something waits before it looks at what else has happened.
const SLICE: Duration = Duration::from_millis(50);
/// How long a server may take to hang up after it was told that we do.
const FAREWELL: Duration = Duration::from_secs(2);

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
    if let Err(error) = interrupt::watch() {
        report.tell(&Warning(format!(
            "Ctrl-C will not tell the server: {error}"
        )));
    }
    start_tls(&mut socket, options, &settings, Some(report))?;
    let trust = match handshake(&mut socket, options, terminal, report) {
        Ok(asked) if asked => Trust::Asked,
        Ok(_) => settings.trust,
        Err(error) => return Err(give_up(&mut socket, error, false, options)),
    };
    report.tell(&Encrypted::new(socket.connection(), trust));
    socket.set_peer_close_timeout(Some(options.timeout));
    let (mut socket, traffic, outcome) = pump::run(socket, options)?;
    let outcome = outcome.and_then(|()| {
        let ended = socket.wait_for_disconnected(Some(options.timeout));
        ended.map(drop).map_err(Interrupted::Connection)
    });
    let outcome = outcome.or_else(|interrupted| match interrupted {
        Interrupted::Connection(WaitError::Ended(ReadEnd::CloseUnanswered))
            if !options.strict_close =>
        {
            Ok(())
        }
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
    outcome?;
    reconnect(options, &settings, report)
}

/// Connects so many times more, with nothing to say.
fn reconnect(options: &Options, settings: &Settings, report: &Report) -> Result<(), Trouble> {
    let handshaken = || {
        let mut socket = settings
            .route
            .connect(&options.target.host, settings.port)?;
        start_tls(&mut socket, options, settings, None)?;
        match wait_for_encrypted(&mut socket, options.timeout) {
            Ok(()) => Ok(socket),
            Err(error) => Err(give_up(&mut socket, error, false, options)),
        }
    };
    // The server's tickets may still be on the way: it is heard to its end.
    let over = |mut socket: SslSocket| {
        socket.disconnect_from_host(FAREWELL);
    };
    let forgiving = options.verify != Mode::Verify;
    reconnect::run(
        options.reconnect,
        &settings.sessions,
        forgiving,
        report,
        handshaken,
        over,
    )
}

fn connect(options: &Options, settings: &Settings, report: &Report) -> Result<SslSocket, Trouble> {
    let host = &options.target.host;
    let trouble = |error: io::Error| Trouble::new(Exit::NotConnected, error.to_string());
    let mut socket = settings.route.connect(host, settings.port)?;
    let address = socket.stream().peer_addr().map_err(trouble)?;
    report.tell(&Connected {
        host: host.clone(),
        address: address.to_string(),
        proxy: settings.route.proxy(),
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
    report: Option<&Report>,
) -> Result<(), Trouble> {
    if let Some(protocol) = options.starttls {
        let timeout = Some(options.timeout);
        negotiate(socket, protocol, &settings.domain, timeout)
            .map_err(|error| Trouble::new(Exit::TlsFailure, error.to_string()))?;
        if let Some(report) = report {
            report.tell(&Switching {
                protocol: protocol.name(),
            });
        }
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
    let outcome = wait_for_encrypted(socket, options.timeout);
    let forgiven = options.verify != Mode::Verify;
    let chain = Chain::of(socket.connection(), forgiven);
    if !chain.is_empty() {
        report.tell(&chain);
    }
    let (Err(WaitError::VerdictNeeded(id)), Some(terminal)) = (&outcome, terminal) else {
        return outcome.map(|()| false);
    };
    let shown = ask::shown(&chain, !options.json);
    let (sender, answer) = std::sync::mpsc::channel();
    std::thread::spawn(move || sender.send(ask::accepts(&terminal, shown)));
    // Meanwhile the server may hang up, and a person may have had enough.
    let accepted = loop {
        match answer.try_recv() {
            Ok(accepted) => break accepted,
            Err(_) => socket.keep_asking(SLICE)?,
        }
        leave_if_interrupted(socket);
    };
    let accepted = accepted.unwrap_or_else(|error| {
        report.tell(&Warning(format!("the terminal cannot be asked: {error}")));
        false
    });
    let verdict = match accepted {
        true => Verdict::Accept,
        false => Verdict::Reject,
    };
    // A review that is not open any more has ended in a failure, which the wait tells.
    let _ = socket.answer(*id, verdict);
    wait_for_encrypted(socket, options.timeout).map(|()| true)
}

/// Waits in slices, so that Ctrl-C lets us say farewell.
fn wait_for_encrypted(socket: &mut SslSocket, timeout: Duration) -> Result<(), WaitError> {
    let start = Instant::now();
    loop {
        let left = timeout.saturating_sub(start.elapsed());
        match socket.wait_for_encrypted(Some(left.min(SLICE))) {
            Err(WaitError::Timeout) if left > SLICE => leave_if_interrupted(socket),
            outcome => return outcome,
        }
    }
}

/// Ctrl-C: the server is told.
fn leave_if_interrupted(socket: &mut SslSocket) {
    if interrupt::is_pending() {
        socket.cancel();
        interrupt::end();
    }
}

/// Makes sure that the server hears why, and says it.
fn give_up(
    socket: &mut SslSocket,
    error: WaitError,
    encrypted: bool,
    options: &Options,
) -> Trouble {
    let late = format!("the server took longer than {:?}", options.timeout);
    match error {
        WaitError::Ended(ReadEnd::TimedOut) if encrypted => {
            let why = format!("{late} to end its side: data may be missing");
            return Trouble::new(Exit::Truncated, why);
        }
        WaitError::Ended(end @ ReadEnd::CloseUnanswered) => {
            let why = format!("{end}: data may be missing (--strict-close)");
            return Trouble::new(Exit::Truncated, why);
        }
        _ => {}
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
