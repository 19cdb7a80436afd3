//! `sslcore connect`: a connection from the command line.

mod ask;
mod authority;
mod failure;
mod offered;
mod options;
mod proxy;
mod pump;
mod reconnect;
mod record;
mod report;
mod route;
mod secrets;
mod service;
mod settings;
mod source;
mod target;
mod trace;
mod watch;

use std::io;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use sslcore_std::sslcore::{ReadEnd, UsageError, Verdict};
use sslcore_std::starttls::negotiate;
use sslcore_std::trace::{Direction, Wire};
use sslcore_std::{Connector, SslSocket, WaitError};

use self::options::Mode;
pub(crate) use self::options::Options;
use self::pump::Interrupted;
use self::report::{
    Asked, Closed, Connected, Encrypted, Report, Switching, Trouble, Trust, Warning,
};
use self::secrets::Secrets;
use self::settings::Settings;
use self::trace::Trace;
use self::watch::{CANCEL, Watch};
use crate::chain::Chain;
use crate::exit::Exit;
use crate::interrupt;
use crate::progress::Progress;
use crate::remedy::Command;
use crate::status;
use crate::terminal::Terminal;
use crate::text::quote;

/// How long something waits before it looks at what else has happened.
const SLICE: Duration = Duration::from_millis(50);
/// What a server wants that asks for a certificate only when a page needs one.
const RENEGOTIATION: &str = "\
    the server wanted to renegotiate, as IIS does to ask for a certificate in the middle of a connection; \
    that is not done here: it must ask in the handshake (IIS: clientcertnegotiation=enable)";
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
    if let (Some(outline), Some(secrets)) = (&options.record, &settings.secrets) {
        secrets.keep_apart_from(outline)?;
    }
    let watch = Watch::begin(options.record.as_deref()).map_err(Trouble::usage)?;
    let outcome = session(options, &settings, terminal, &watch, report);
    let outcome = outcome.and_then(|()| reconnect(options, &settings, report));
    let secrets = settings.secrets.as_ref();
    for gap in [watch.gap(), secrets.and_then(Secrets::gap)]
        .into_iter()
        .flatten()
    {
        report.tell(&Warning(gap));
    }
    outcome
}

/// One connection, from its first byte to its end.
fn session(
    options: &Options,
    settings: &Settings,
    terminal: Option<Terminal>,
    watch: &Watch,
    report: &Report,
) -> Result<(), Trouble> {
    let mut socket = connect(options, settings, watch, report)?;
    if let Err(error) = interrupt::watch() {
        report.tell(&Warning(format!(
            "Ctrl-C will not tell the server: {error}"
        )));
    }
    start_tls(&mut socket, options, settings, watch, Some(report))?;
    let outcome = handshake(&mut socket, options, settings, terminal, watch, report);
    if watch.was_asked() {
        report.tell(&Asked::by(socket.connection(), options.client_ca_names));
    }
    let trust = match outcome? {
        Ok(asked) if asked => Trust::Asked,
        Ok(_) => settings.trust,
        Err(error) => return Err(give_up(&mut socket, error, false, watch, options)),
    };
    let encrypted = Encrypted::new(socket.connection(), trust, options.psk.name());
    report.tell(&encrypted);
    socket.set_peer_close_timeout(Some(options.timeout));
    let (mut socket, traffic, outcome) = pump::run(socket, options, watch)?;
    let outcome = outcome.and_then(|()| {
        let ended = socket.wait_for_disconnected(Some(options.timeout));
        ended.map(drop).map_err(Interrupted::Connection)
    });
    let enough = matches!(outcome, Err(Interrupted::NobodyReads));
    let outcome = outcome.or_else(|interrupted| match interrupted {
        Interrupted::Connection(WaitError::Ended(ReadEnd::CloseUnanswered))
            if !options.strict_close =>
        {
            Ok(())
        }
        Interrupted::Connection(error) => Err(give_up(&mut socket, error, true, watch, options)),
        Interrupted::Streams(why) => {
            socket.disconnect_from_host(FAREWELL);
            Err(Trouble::usage(why))
        }
        Interrupted::NobodyReads => {
            socket.disconnect_from_host(FAREWELL);
            Ok(())
        }
    });
    if watch.refused_renegotiation() {
        report.tell(&Warning(RENEGOTIATION.to_owned()));
    }
    if traffic.lingered && traffic.received == 0 {
        report.tell(&Warning(format!(
            "the server has sent nothing in the {:?} behind the end of the input, so our side was ended: \
             --linger SECONDS waits longer, --keep-open until the server ends its own",
            options.linger
        )));
    }
    if let Some(closed) = socket.connection().close_report() {
        report.tell(&Closed {
            report: closed,
            traffic,
        });
    }
    let ended = socket.connection().close_report().unwrap_or_default();
    match traffic.lost(&ended) {
        Some(lost) if !enough => outcome.and_then(|()| {
            let why = format!("the server ended the connection before it had all: {lost}");
            Err(Trouble::new(Exit::Truncated, why))
        }),
        _ => outcome,
    }
}

/// Connects so many times more, with nothing to say.
fn reconnect(options: &Options, settings: &Settings, report: &Report) -> Result<(), Trouble> {
    let watch = Watch::default();
    let handshaken = || {
        let host = &options.target.host;
        let reach = |connector: &Connector, host: &str, port| {
            let mut socket = connector.start(host, port)?;
            settings.transcribe(&mut socket)?;
            socket.wait_for_connected(None)?;
            Ok(socket)
        };
        let mut socket = settings.route.connect(host, settings.port, &reach)?;
        start_tls(&mut socket, options, settings, &watch, None)?;
        let outcome = wait_for_encrypted(&mut socket, options.timeout, &watch);
        settings.write_anchors(socket.connection());
        match outcome {
            Ok(()) => Ok(socket),
            Err(error) => Err(give_up(&mut socket, error, false, &watch, options)),
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

fn connect(
    options: &Options,
    settings: &Settings,
    watch: &Watch,
    report: &Report,
) -> Result<SslSocket, Trouble> {
    let host = &options.target.host;
    let trouble = |error: io::Error| Trouble::new(Exit::NotConnected, error.to_string());
    let reach = |connector: &Connector, host: &str, port| {
        let progress = progress(&format!("Looking up {host:?}"), options, Some(report));
        let mut socket = connector.start(host, port)?;
        settings.transcribe(&mut socket)?;
        loop {
            if let Some(attempt) = socket.attempt() {
                progress.now(&format!(
                    "Connecting to {host:?}: address {} of {}, {}",
                    attempt.number, attempt.of, attempt.address
                ));
            }
            match socket.wait_for_connected(Some(SLICE)) {
                Ok(()) => return Ok(socket),
                // All attempts together have a timeout of their own.
                Err(WaitError::Timeout) => {}
                Err(error) => return Err(error.into()),
            }
        }
    };
    let mut socket = settings.route.connect(host, settings.port, &reach)?;
    let address = socket.stream().peer_addr().map_err(trouble)?;
    report.tell(&Connected {
        host: host.clone(),
        address: address.to_string(),
        proxy: settings.route.proxy(),
    });
    let trace = options.trace.then(|| Trace::new(*report));
    let mut tap = watch.tap(trace);
    // A greeting may have come along while nobody watched.
    let greeting = socket.peek();
    if !greeting.is_empty() {
        tap.wire(Instant::now(), Direction::Received, Wire::Plain(greeting));
    }
    socket.set_tap(Some(tap));
    Ok(socket)
}

/// Shows that something is waited for. A trace shows it anyway.
fn progress(what: &str, options: &Options, report: Option<&Report>) -> Progress {
    let on_a_terminal = report.is_some_and(Report::is_on_a_terminal);
    Progress::begin(what, on_a_terminal && !options.trace)
}

/// Has the switch to TLS made, in the dialogue that was asked for or at once.
fn start_tls(
    socket: &mut SslSocket,
    options: &Options,
    settings: &Settings,
    watch: &Watch,
    report: Option<&Report>,
) -> Result<(), Trouble> {
    if let Some(protocol) = options.starttls {
        let timeout = Some(options.timeout);
        let what = format!("Asking for TLS ({})", protocol.name());
        let progress = progress(&what, options, report);
        negotiate(socket, protocol, &settings.domain, timeout)
            .map_err(|error| Trouble::new(Exit::TlsFailure, error.to_string()))?;
        drop(progress);
        if let Some(report) = report {
            report.tell(&Switching {
                protocol: protocol.name(),
            });
        }
    }
    watch.call("start client");
    let started = socket.start_client_encryption(&settings.config, settings.peer.clone());
    started.map_err(|error| {
        let why = match error {
            UsageError::UnreadPlaintext { .. } if options.starttls.is_none() => {
                let said = quote(socket.peek());
                let hint = failure::hint(options);
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
    settings: &Settings,
    terminal: Option<Terminal>,
    watch: &Watch,
    report: &Report,
) -> Result<Result<bool, WaitError>, Trouble> {
    let progress = progress("Waiting for the handshake", options, Some(report));
    let outcome = wait_for_encrypted(socket, options.timeout, watch);
    drop(progress);
    settings.write_anchors(socket.connection());
    let mut chain = Chain::of(socket.connection());
    if options.verify == Mode::Verify {
        chain = chain.with_remedies(Command::Connect, &settings.terms);
    }
    if !chain.is_empty() {
        chain = chain.with_pem(options.show_certs == Some(None));
        report.tell(&chain);
        if let Some(Some(file)) = &options.show_certs {
            chain.write(file).map_err(Trouble::usage)?;
        }
        let certificates = socket.connection().peer_certificate_chain().iter();
        let certificates: Vec<_> = certificates.map(|it| it.der().clone()).collect();
        let unused = settings.config.unused_revocation_lists(&certificates);
        status::tell_unused(unused, report);
    }
    let (Err(WaitError::VerdictNeeded(id)), Some(terminal)) = (&outcome, terminal) else {
        return Ok(outcome.map(|()| false));
    };
    let id = *id;
    let shown = ask::shown(&chain, !options.json);
    let accepted = match asked(socket, terminal, shown, watch) {
        Ok(accepted) => accepted,
        Err(error) => return Ok(Err(error)),
    };
    let accepted = accepted.unwrap_or_else(|error| {
        report.tell(&Warning(format!("the terminal cannot be asked: {error}")));
        false
    });
    let verdict = match accepted {
        true => Verdict::Accept,
        false => Verdict::Reject,
    };
    watch.call(if accepted {
        "answer accept"
    } else {
        "answer reject"
    });
    // A review that is not open any more has ended in a failure, which the wait tells.
    let _ = socket.answer(id, verdict);
    Ok(wait_for_encrypted(socket, options.timeout, watch).map(|()| true))
}

/// The answer of a person. Meanwhile the server may hang up, and the person may have had enough.
fn asked(
    socket: &mut SslSocket,
    terminal: Terminal,
    shown: Option<String>,
    watch: &Watch,
) -> Result<io::Result<bool>, WaitError> {
    let (sender, answer) = std::sync::mpsc::channel();
    std::thread::spawn(move || sender.send(ask::accepts(&terminal, shown)));
    loop {
        match answer.try_recv() {
            Ok(accepted) => return Ok(accepted),
            Err(_) => socket.keep_asking(SLICE)?,
        }
        leave_if_interrupted(socket, watch);
    }
}

/// Waits in slices, so that Ctrl-C lets us say farewell.
fn wait_for_encrypted(
    socket: &mut SslSocket,
    timeout: Duration,
    watch: &Watch,
) -> Result<(), WaitError> {
    let start = Instant::now();
    loop {
        let left = timeout.saturating_sub(start.elapsed());
        match socket.wait_for_encrypted(Some(left.min(SLICE))) {
            Err(WaitError::Timeout) if left > SLICE => leave_if_interrupted(socket, watch),
            outcome => return outcome,
        }
    }
}

/// Ctrl-C: the server is told.
fn leave_if_interrupted(socket: &mut SslSocket, watch: &Watch) {
    if interrupt::is_pending() {
        watch.end(CANCEL);
        socket.cancel();
        interrupt::end();
    }
}

/// Makes sure that the server hears why, and says it.
fn give_up(
    socket: &mut SslSocket,
    error: WaitError,
    encrypted: bool,
    watch: &Watch,
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
    let exit = match failure.kind() {
        kind if !encrypted && options.psk.is_given() && failure::is_about_the_key(kind) => {
            Exit::Refused
        }
        kind => Exit::of(kind, encrypted),
    };
    let connection = socket.connection();
    let why = failure::sentence(&failure, encrypted, connection, watch, options);
    Trouble::new(exit, why)
}
