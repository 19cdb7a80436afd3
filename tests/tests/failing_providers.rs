//! A cryptography library that fails, at each of its calls: the connection ends, its peer is told what
//! can be told, and nothing else happens.

use std::cell::RefCell;
use std::{panic, thread};

use sslcore::{
    Alert, ClientConfig, ConfigBuilder, ConfigError, Event, FailureKind, ServerConfig, VerifyMode,
};
use sslcore_tests::certs::WORLD;
use sslcore_tests::pair::{End, Pair, backend, client, server};
use sslcore_tests::watched::{Operation, fail, failed, watched};

/// What is negotiated.
#[derive(Clone, Copy, Debug)]
struct Session {
    version: &'static str,
    /// The server asks for a second hello.
    retried: bool,
    /// The client has a certificate.
    mutual: bool,
    /// It is the second of the two, and resumes the first.
    resumed: bool,
}

impl Session {
    fn all() -> Vec<Self> {
        let plain = |version| Self {
            version,
            retried: false,
            mutual: false,
            resumed: false,
        };
        let mut all = Vec::new();
        for version in ["TLSv1.2", "TLSv1.3"] {
            let plain = plain(version);
            all.extend([
                plain,
                Self {
                    mutual: true,
                    ..plain
                },
                Self {
                    resumed: true,
                    ..plain
                },
            ]);
        }
        all.push(Self {
            retried: true,
            ..plain("TLSv1.3")
        });
        all
    }

    fn client(self, fails: bool) -> ConfigBuilder<ClientConfig> {
        let backend = if fails { watched() } else { backend() };
        let mut client = client(backend).protocols(&[self.version]);
        if self.mutual {
            client = client.identity(WORLD.client.chain.clone(), WORLD.client.key());
        }
        if self.retried {
            client = client.groups(&["X25519", "secp256r1"]);
        }
        client
    }

    fn server(self, fails: bool) -> ConfigBuilder<ServerConfig> {
        let backend = if fails { watched() } else { backend() };
        let mut server = server(backend).protocols(&[self.version]);
        if self.mutual {
            server = server.verify_mode(VerifyMode::Verify);
        }
        if self.retried {
            server = server.groups(&["secp256r1"]);
        }
        server
    }
}

/// Data both ways, new keys twice, an orderly close, as far as it goes; then the streams end.
fn run(client: &ClientConfig, server: &ServerConfig) -> Pair {
    let mut pair = Pair::tls(client, server);
    carry(&mut pair);
    for round in 0..2 {
        for end in [&mut pair.client, &mut pair.server] {
            let _ = end.conn.write(b"some data");
            if round == 0 {
                let _ = end.conn.update_keys();
            }
        }
        carry(&mut pair);
    }
    pair.client.conn.close();
    carry(&mut pair);
    pair.server.conn.close();
    carry(&mut pair);
    for end in [&mut pair.client, &mut pair.server] {
        end.conn.receive_eof();
        end.settle();
    }
    pair
}

/// Carries until both are silent, whatever becomes of them.
fn carry(pair: &mut Pair) {
    let Pair { client, server, .. } = pair;
    for _ in 0..100 {
        let mut said = false;
        for by_client in [true, false] {
            let (from, to) = match by_client {
                true => (&mut *client, &mut *server),
                false => (&mut *server, &mut *client),
            };
            let bytes = from.take();
            said |= !bytes.is_empty();
            let taken = to.conn.receive(&bytes).unwrap_or(bytes.len());
            assert_eq!(taken, bytes.len());
            let heard = to.read_all();
            to.heard.extend(heard);
        }
        if !said {
            // Who is over ends its stream.
            if client.conn.is_over() {
                server.conn.receive_eof();
                server.settle();
            }
            if server.conn.is_over() {
                client.conn.receive_eof();
                client.settle();
            }
            return;
        }
    }
    panic!("the two never fall silent");
}

/// How it went with the end whose backend failed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Outcome {
    /// There is no configuration.
    Unconfigured,
    /// The connection failed, and sent this alert.
    Failed(FailureKind, Option<Alert>),
    /// It did without.
    Unharmed,
}

/// What holds of each end, however it went (R5, R6).
fn check(end: &End, what: &str) {
    let count = |wanted: fn(&Event) -> bool| end.events.iter().filter(|it| wanted(it)).count();
    let failures = count(|it| matches!(it, Event::Failed(_)));
    assert_eq!(
        failures,
        usize::from(end.conn.failure().is_some()),
        "{what}"
    );
    assert!(count(|it| *it == Event::Encrypted) <= 1, "{what}");
    let position = |wanted: fn(&Event) -> bool| end.events.iter().position(wanted);
    if let Some(failed) = position(|it| matches!(it, Event::Failed(_))) {
        let behind = &end.events[failed..];
        assert!(
            !behind.contains(&Event::Encrypted),
            "{what}: {:?}",
            end.events
        );
    }
    let fatal = |event: &&Event| match event {
        Event::AlertSent(alert) => *alert != Alert::CloseNotify,
        _ => false,
    };
    let alerts: Vec<&Event> = end.events.iter().filter(fatal).collect();
    assert!(alerts.len() <= 1, "{what}: {alerts:?}");
    let owed = end.conn.failure().and_then(|it| it.alert());
    assert_eq!(
        alerts.first().copied(),
        owed.map(Event::AlertSent).as_ref(),
        "{what}"
    );
    assert!(
        end.conn.is_over() && end.conn.close_report().is_some(),
        "{what}"
    );
}

/// Where a backend fails.
#[derive(Clone, Copy, Debug)]
struct Fault {
    at_client: bool,
    operation: Operation,
    nth: usize,
    lasting: bool,
}

impl Fault {
    fn plan(self) {
        fail(self.operation, self.nth, self.lasting);
    }

    /// Whether it may end so. `end` is the end whose backend failed.
    fn allows(self, outcome: Outcome, end: Option<&End>) -> bool {
        use Operation as O;
        use Outcome::{Failed, Unconfigured, Unharmed};
        let engine = |alert| match alert {
            Some(alert) => alert == Alert::InternalError,
            // A client that has said nothing owes nothing. Between the handshake and the data nothing
            // is left, or there yet, to seal an alert with; nor where nothing can be sealed any more.
            None => end.is_some_and(|end| {
                (self.at_client && end.sent.is_empty())
                    || (matches!(self.operation, O::Extract | O::MakeAead)
                        && !end.saw(Event::Encrypted))
                    || (self.lasting && matches!(self.operation, O::Seal | O::MakeAead))
            }),
        };
        match (self.operation, outcome) {
            (O::Load, outcome) => outcome == Unconfigured,
            // What a key signs in is asked when it is loaded.
            (O::Choose, Unconfigured) => true,
            (_, Unconfigured) => false,
            // Tickets: there is none, or it is not understood.
            (O::Random | O::MakeAead | O::Seal | O::Open, Unharmed) => !self.at_client,
            (_, Unharmed) => false,
            (O::Verify, Failed(FailureKind::BadHandshakeSignature, alert)) => {
                alert == Some(Alert::DecryptError)
            }
            (O::Verify, Failed(kind, alert)) => {
                matches!(kind, FailureKind::CertificateRejected(_)) && alert.is_some()
            }
            (O::Open, Failed(kind, alert)) => {
                // Nothing follows our close_notify.
                let is_told = alert == Some(Alert::BadRecordMac);
                let has_closed =
                    end.is_some_and(|end| end.saw(Event::AlertSent(Alert::CloseNotify)));
                kind == FailureKind::BadRecordMac && (is_told || (alert.is_none() && has_closed))
            }
            (O::Choose | O::Sign, Failed(kind, alert)) => {
                kind == FailureKind::SigningFailed && engine(alert)
            }
            (_, Failed(kind, alert)) => kind == FailureKind::Engine && engine(alert),
        }
    }
}

/// One session with this fault; whether it came to that.
fn has_fault(session: Session, fault: Fault) -> bool {
    let what = format!("{session:?}, {fault:?}");
    fault.plan();
    let client = session.client(fault.at_client).build();
    let server = session.server(!fault.at_client).build();
    let (client, server) = match (client, server) {
        (Ok(client), Ok(server)) => (client, server),
        (Err(error), _) | (_, Err(error)) => {
            assert!(
                failed() && matches!(error, ConfigError::UnusableKey(_)),
                "{what}: {error}"
            );
            assert!(fault.allows(Outcome::Unconfigured, None), "{what}: {error}");
            return true;
        }
    };
    if session.resumed {
        failed();
        run(&client, &server);
        fault.plan();
    }
    let pair = run(&client, &server);
    let has_failed = failed();
    let (end, peer) = match fault.at_client {
        true => (&pair.client, &pair.server),
        false => (&pair.server, &pair.client),
    };
    check(end, &what);
    check(peer, &what);
    let Some(failure) = end.conn.failure() else {
        for end in [end, peer] {
            assert!(end.conn.close_report().expect("over").clean, "{what}");
            assert_eq!(end.heard, b"some datasome data", "{what}");
        }
        assert!(
            !has_failed || fault.allows(Outcome::Unharmed, Some(end)),
            "{what}"
        );
        return has_failed;
    };
    let outcome = Outcome::Failed(failure.kind(), failure.alert());
    assert!(
        has_failed && fault.allows(outcome, Some(end)),
        "{what}: {failure:?}"
    );
    // The peer hears the reason, or had said it, or was told that this was all, or misses something.
    let told = match (failure.alert(), failure.kind()) {
        (Some(alert), _) => Event::AlertReceived(alert),
        (None, FailureKind::AlertReceived(alert)) => Event::AlertSent(alert),
        (None, _) if end.saw(Event::AlertSent(Alert::CloseNotify)) => Event::PeerClosed,
        // Rule R4: it had closed before, and nothing came after that.
        (None, _) if peer.saw(Event::AlertSent(Alert::CloseNotify)) => Event::CloseUnanswered,
        (None, _) => Event::Failed(FailureKind::Truncated),
    };
    assert!(peer.saw(told), "{what}: {failure:?} {:?}", peer.events);
    true
}

/// Every place at which an operation can fail. Says how many there were.
fn at_every_call(operation: Operation, lasting: bool) -> usize {
    let mut faults = 0;
    for session in Session::all() {
        for at_client in [true, false] {
            let fault = |nth| Fault {
                at_client,
                operation,
                nth,
                lasting,
            };
            faults += (1..)
                .take_while(|nth| has_fault(session, fault(*nth)))
                .count();
        }
    }
    faults
}

#[test]
fn a_backend_that_fails_once_ends_the_connection_and_no_more() {
    for operation in Operation::ALL {
        if !PANICS.contains(&operation) {
            assert!(at_every_call(operation, false) > 3, "{operation:?}");
        }
    }
}

#[test]
fn a_backend_that_fails_from_then_on_ends_the_connection_and_no_more() {
    for operation in Operation::ALL {
        if !PANICS.contains(&operation) {
            assert!(at_every_call(operation, true) > 3, "{operation:?}");
        }
    }
}

/// What rustls takes for granted: it panics when these fail, as the documentation of
/// `Backend::custom` says.
const PANICS: [Operation; 2] = [Operation::Encrypt, Operation::Expand];

#[test]
fn only_rustls_panics_and_only_where_it_takes_success_for_granted() {
    thread_local! {
        static PANICKED_IN: RefCell<Option<String>> = const { RefCell::new(None) };
    }
    let default = panic::take_hook();
    let this = thread::current().id();
    panic::set_hook(Box::new(move |info| match thread::current().id() == this {
        true => PANICKED_IN.set(info.location().map(|at| at.file().to_owned())),
        false => default(info),
    }));
    for operation in PANICS {
        let (mut panics, mut failures) = (0, 0);
        for session in Session::all() {
            for at_client in [true, false] {
                for nth in 1.. {
                    let fault = Fault {
                        at_client,
                        operation,
                        nth,
                        lasting: false,
                    };
                    match panic::catch_unwind(|| has_fault(session, fault)) {
                        Ok(true) => failures += 1,
                        Ok(false) => break,
                        Err(_) => {
                            let file = PANICKED_IN.take().expect("a panic");
                            assert!(file.contains("/rustls-"), "{fault:?}: {file}");
                            panics += 1;
                        }
                    }
                    failed();
                }
            }
        }
        assert!(
            panics > 0,
            "{operation:?}: rustls has learnt to fail; {failures}"
        );
    }
}
