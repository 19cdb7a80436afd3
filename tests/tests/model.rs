//! Rule R7 as a model: every call in every state is legal or a `UsageError` that changes nothing,
//! and which of the two it is can be told beforehand.
#![cfg(feature = "rustcrypto")]

use std::sync::LazyLock;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use sslcore::{
    Alert, ClientConfig, Connection, Event, FailureKind, Leftover, Limits, OnErrors, ReviewId,
    ServerConfig, ServerStart, SslProtocol, UsageError, Verdict,
};
use sslcore_tests::certs::WORLD;
use sslcore_tests::entropy::seeded;
use sslcore_tests::pair::{End, Pair, client, server, server_name};

/// Any call on one end.
#[derive(Clone, Debug)]
enum Call {
    StartClient(Leftover),
    StartServer {
        ask: bool,
        leftover: Leftover,
    },
    Receive(Vec<u8>),
    Received(usize),
    Transmitted(usize),
    TakeTransmit,
    Write(usize),
    Consume(usize),
    Read(usize),
    DiscardReads,
    SetReadBufferSize(usize),
    Close,
    Abort,
    UpdateKeys,
    AnswerOpen(bool),
    AnswerStale,
    ProvideOpen(bool),
    ReceiveEof,
    ReceiveReset,
    Advance(u64),
    Settle,
    /// One step and no more: calls may come between any two.
    Step,
    /// Carries what is there to the other end, without a step on either.
    Carry,
    /// Carries in both directions: most sequences should get somewhere.
    Exchange,
}

impl Call {
    /// Whether it takes bytes from the streams, or puts some in.
    fn tampers(&self) -> bool {
        match self {
            Self::StartClient(leftover) | Self::StartServer { leftover, .. } => {
                *leftover != Leftover::Refuse
            }
            Self::Receive(_) | Self::Received(_) | Self::Transmitted(_) | Self::TakeTransmit => {
                true
            }
            _ => false,
        }
    }
}

fn leftovers() -> impl Strategy<Value = Leftover> {
    prop_oneof![
        Just(Leftover::Refuse),
        Just(Leftover::Discard),
        Just(Leftover::TreatAsTls)
    ]
}

fn calls() -> impl Strategy<Value = Call> {
    let some = prop_oneof![0..40usize, 0..70_000usize];
    prop_oneof![
        3 => leftovers().prop_map(Call::StartClient),
        3 => (any::<bool>(), leftovers())
            .prop_map(|(ask, leftover)| Call::StartServer { ask, leftover }),
        1 => vec(any::<u8>(), 0..60).prop_map(Call::Receive),
        1 => some.clone().prop_map(Call::Received),
        1 => some.clone().prop_map(Call::Transmitted),
        1 => Just(Call::TakeTransmit),
        4 => some.clone().prop_map(Call::Write),
        2 => some.clone().prop_map(Call::Consume),
        2 => some.clone().prop_map(Call::Read),
        1 => Just(Call::DiscardReads),
        1 => prop_oneof![some, Just(0), Just(usize::MAX)].prop_map(Call::SetReadBufferSize),
        1 => Just(Call::Close),
        1 => Just(Call::Abort),
        2 => Just(Call::UpdateKeys),
        4 => any::<bool>().prop_map(Call::AnswerOpen),
        1 => Just(Call::AnswerStale),
        4 => any::<bool>().prop_map(Call::ProvideOpen),
        1 => Just(Call::ReceiveEof),
        1 => Just(Call::ReceiveReset),
        1 => (0..20_000u64).prop_map(Call::Advance),
        4 => Just(Call::Settle),
        8 => Just(Call::Step),
        8 => Just(Call::Carry),
        12 => Just(Call::Exchange),
    ]
}

/// Everything a caller can see, but for the events, which are drained.
fn view(conn: &Connection) -> impl PartialEq + std::fmt::Debug + use<> {
    let numbers = [
        conn.bytes_available(),
        conn.bytes_to_write(),
        conn.encrypted_bytes_available(),
        conn.encrypted_bytes_to_write(),
        conn.read_buffer_size(),
        conn.ssl_errors().len(),
        conn.peer_certificate_chain().len(),
    ];
    let words = (
        conn.mode(),
        conn.is_encrypted(),
        conn.is_over(),
        conn.transmit_finished(),
        conn.deadline(),
        conn.failure().cloned(),
        conn.close_report(),
    );
    let open = (
        conn.review().map(|review| review.id),
        conn.config_request().map(|request| request.id),
        conn.peek().to_vec(),
        conn.transmit().to_vec(),
    );
    (numbers, words, open)
}

/// What the caller did that decides what is legal.
#[derive(Default)]
struct Model {
    started: bool,
    closed: bool,
    transport_ended: bool,
    answered: bool,
}

impl Model {
    fn start(&self, conn: &Connection) -> Result<(), UsageError> {
        self.write(conn)?;
        match self.started {
            true => Err(UsageError::AlreadyStarted),
            false => Ok(()),
        }
    }

    /// Notes a start's outcome, and checks it: what is unread decides only when all else is well.
    fn started(
        &mut self,
        expected: Result<(), UsageError>,
        outcome: Result<(), UsageError>,
        visible: usize,
        leftover: Leftover,
    ) -> Result<bool, TestCaseError> {
        match outcome {
            // More may be unread than is visible: what was not yet processed.
            Err(UsageError::UnreadPlaintext { bytes }) => {
                prop_assert!(expected.is_ok() && leftover == Leftover::Refuse);
                prop_assert!(bytes > 0 && bytes >= visible);
            }
            outcome => {
                prop_assert_eq!(outcome, expected);
                prop_assert!(outcome.is_err() || visible == 0 || leftover != Leftover::Refuse);
            }
        }
        self.started |= outcome.is_ok();
        Ok(outcome.is_err())
    }

    fn write(&self, conn: &Connection) -> Result<(), UsageError> {
        if conn.is_over() {
            return Err(UsageError::ConnectionOver);
        }
        // A TLS 1.2 peer's close_notify closes our side as well.
        let answered_close = conn.session_protocol() == Some(SslProtocol::TlsV1_2)
            && conn.is_encrypted()
            && conn.transmit_finished();
        if self.closed || answered_close {
            return Err(UsageError::WriteClosed);
        }
        Ok(())
    }
}

fn at_most(given: usize, available: usize) -> Result<(), UsageError> {
    if given > available {
        return Err(UsageError::TooManyBytes { given, available });
    }
    Ok(())
}

struct Configs {
    client: ClientConfig,
    server: ServerConfig,
}

fn configs(seed: u64, tls13: bool, hold: bool) -> Configs {
    let version = if tls13 { "TLSv1.3" } else { "TLSv1.2" };
    let mut server = server(seeded(seed)).protocols(&[version]);
    let mut client = client(seeded(seed + 1)).protocols(&[version]);
    if hold {
        server = server.identity(WORLD.self_signed.chain.clone(), WORLD.self_signed.key());
        client = client.on_errors(OnErrors::Hold);
    }
    Configs {
        client: client.build().expect("client"),
        server: server.build().expect("server"),
    }
}

/// Makes one call, checks its outcome against the model, and that a refusal changed nothing.
fn call(
    end: &mut End,
    model: &mut Model,
    call: &Call,
    configs: &Configs,
) -> Result<(), TestCaseError> {
    let before = view(&end.conn);
    let over = end.conn.is_over();
    let refused = match call {
        Call::StartClient(leftover) => {
            let (visible, expected) = (end.conn.bytes_available(), model.start(&end.conn));
            let outcome =
                end.conn
                    .start_client_encryption_with(&configs.client, server_name(), *leftover);
            model.started(expected, outcome, visible, *leftover)?
        }
        Call::StartServer { ask, leftover } => {
            let (visible, expected) = (end.conn.bytes_available(), model.start(&end.conn));
            let start = match ask {
                true => ServerStart::Ask {
                    fallback: configs.server.clone(),
                },
                false => ServerStart::With(configs.server.clone()),
            };
            let outcome = end.conn.start_server_encryption_with(start, *leftover);
            model.started(expected, outcome, visible, *leftover)?
        }
        Call::Receive(bytes) => {
            let outcome = end.conn.receive(bytes);
            match model.transport_ended {
                true => prop_assert_eq!(outcome, Err(UsageError::ReceiveAfterEnd)),
                false => prop_assert!(outcome.is_ok_and(|n| n <= bytes.len())),
            }
            outcome.is_err()
        }
        Call::Received(n) => {
            let lent = end.conn.receive_buffer();
            lent.fill(0x16);
            let available = lent.len();
            let n = *n;
            let before = view(&end.conn);
            let outcome = end.conn.received(n);
            if model.transport_ended {
                prop_assert_eq!(outcome, Err(UsageError::ReceiveAfterEnd));
            } else {
                prop_assert_eq!(outcome.is_ok(), n <= available, "{} of {}", n, available);
            }
            if outcome.is_err() {
                prop_assert_eq!(before, view(&end.conn));
            }
            false
        }
        Call::Transmitted(n) => {
            let expected = at_most(*n, end.conn.transmit().len());
            let outcome = end.conn.transmitted(*n);
            prop_assert_eq!(outcome, expected);
            outcome.is_err()
        }
        Call::TakeTransmit => {
            let waiting = end.conn.transmit().to_vec();
            let taken = end.conn.take_transmit();
            prop_assert_eq!(
                taken.map(|bytes| bytes.to_vec()).unwrap_or_default(),
                waiting
            );
            false
        }
        Call::Write(n) => {
            let expected = model.write(&end.conn);
            let outcome = end.conn.write(&vec![b'w'; *n]);
            prop_assert!(outcome.is_ok_and(|taken| taken <= *n) || outcome.is_err());
            prop_assert_eq!(outcome.map(|_| ()), expected);
            outcome.is_err()
        }
        Call::Consume(n) => {
            let expected = at_most(*n, end.conn.bytes_available());
            let outcome = end.conn.consume(*n);
            prop_assert_eq!(outcome, expected);
            outcome.is_err()
        }
        Call::Read(n) => {
            let waiting = end.conn.bytes_available();
            let mut out = vec![0; *n];
            let outcome = end.conn.read(&mut out);
            match (waiting, *n) {
                (0, 1..) => prop_assert!(outcome.is_err()),
                _ => prop_assert_eq!(outcome, Ok(waiting.min(*n))),
            }
            outcome.is_err()
        }
        Call::DiscardReads => {
            end.conn.discard_reads();
            false
        }
        Call::SetReadBufferSize(n) => {
            end.conn.set_read_buffer_size(*n);
            false
        }
        Call::Close => {
            end.conn.close();
            model.closed = true;
            false
        }
        Call::Abort => {
            end.conn.abort();
            prop_assert!(end.conn.is_over());
            prop_assert!(end.conn.transmit().is_empty());
            false
        }
        Call::UpdateKeys => {
            let outcome = end.conn.update_keys();
            let possible = end.conn.is_encrypted()
                && model.write(&end.conn).is_ok()
                && end.conn.session_protocol() == Some(SslProtocol::TlsV1_3);
            prop_assert_eq!(outcome.is_ok(), possible);
            outcome.is_err()
        }
        Call::AnswerOpen(accept) => {
            let id = end.conn.review().map(|review| review.id);
            let verdict = match accept {
                true => Verdict::Accept,
                false => Verdict::RejectWith(Alert::AccessDenied),
            };
            // The id of a decision that was never opened is as good as any while none is.
            let outcome = end.conn.answer(id.unwrap_or_else(|| some_id(end)), verdict);
            match id {
                Some(_) => prop_assert_eq!(outcome, Ok(())),
                None if model.answered => prop_assert!(outcome.is_err()),
                None => prop_assert_eq!(outcome, Err(UsageError::NoDecisionOpen)),
            }
            model.answered |= outcome.is_ok();
            outcome.is_err()
        }
        Call::AnswerStale => {
            let stale = some_id(end);
            if end.conn.review().is_some_and(|review| review.id == stale) {
                return Ok(());
            }
            prop_assert!(end.conn.answer(stale, Verdict::Accept).is_err());
            true
        }
        Call::ProvideOpen(provide) => {
            let Some(id) = end.conn.config_request().map(|request| request.id) else {
                return Ok(());
            };
            let outcome = match provide {
                true => end.conn.provide_config(id, &configs.server),
                false => end.conn.refuse_config(id),
            };
            prop_assert!(outcome.is_ok() || outcome == Err(UsageError::Stale));
            outcome.is_err()
        }
        Call::ReceiveEof => {
            end.conn.receive_eof();
            model.transport_ended = true;
            false
        }
        Call::ReceiveReset => {
            end.conn.receive_reset();
            model.transport_ended = true;
            false
        }
        Call::Advance(millis) => {
            end.time = end.time.after(Duration::from_millis(*millis));
            false
        }
        Call::Settle => {
            settle(end, model);
            false
        }
        Call::Step => {
            let _ = end.conn.process(end.now());
            while let Some(event) = end.conn.poll_event() {
                end.events.push(event);
            }
            if end.conn.review().is_none() {
                model.answered = false;
            }
            false
        }
        Call::Exchange | Call::Carry => false,
    };
    if refused {
        prop_assert_eq!(
            before,
            view(&end.conn),
            "a refused {:?} changed something",
            call
        );
    }
    prop_assert!(!over || end.conn.is_over(), "what is over stays over");
    Ok(())
}

fn settle(end: &mut End, model: &mut Model) {
    end.settle();
    if end.conn.review().is_none() {
        model.answered = false;
    }
}

/// An id that some review once had, or one that none had yet.
fn some_id(end: &End) -> ReviewId {
    let seen = end.events.iter().find_map(|event| match event {
        Event::SslErrors(id) => Some(*id),
        _ => None,
    });
    seen.unwrap_or_else(foreign_id)
}

/// An id of another connection.
fn foreign_id() -> ReviewId {
    static ID: LazyLock<ReviewId> = LazyLock::new(|| {
        let configs = configs(7, true, true);
        let mut pair = Pair::tls(&configs.client, &configs.server);
        pair.run();
        pair.client.conn.review().expect("open").id
    });
    *ID
}

/// Carries what both have to say, once in each direction, as far as it fits.
fn exchange(pair: &mut Pair, models: &mut [Model; 2]) {
    let Pair { client, server, .. } = pair;
    let [client_model, server_model] = models;
    carry(client, server, client_model, server_model);
    carry(server, client, server_model, client_model);
}

/// Carries from one end to the other as far as it fits, and nothing else.
fn deliver(from: &mut End, to: &mut End, to_model: &Model) {
    if !to_model.transport_ended {
        let n = to.conn.receive(from.conn.transmit()).expect("open");
        from.conn.transmitted(n).expect("shown");
    }
}

fn carry(from: &mut End, to: &mut End, from_model: &mut Model, to_model: &mut Model) {
    settle(from, from_model);
    deliver(from, to, to_model);
    settle(from, from_model);
    settle(to, to_model);
}

/// What must hold whatever was called.
fn invariants(end: &End) -> Result<(), TestCaseError> {
    let count = |wanted: fn(&Event) -> bool| end.events.iter().filter(|e| wanted(e)).count();
    let position = |wanted: fn(&Event) -> bool| end.events.iter().position(wanted);
    let failed = position(|event| matches!(event, Event::Failed(_)));
    prop_assert!(count(|event| *event == Event::Encrypted) <= 1, "R5");
    prop_assert!(count(|event| matches!(event, Event::Failed(_))) <= 1, "R6");
    prop_assert!(count(|event| matches!(event, Event::Closed(_))) <= 1);
    prop_assert!(count(|event| matches!(event, Event::ModeChanged(_))) <= 1);
    if let (Some(failed), Some(encrypted)) = (failed, position(|e| *e == Event::Encrypted)) {
        prop_assert!(encrypted < failed, "R5");
    }
    if let Some(closed) = position(|event| matches!(event, Event::Closed(_))) {
        prop_assert_eq!(
            closed,
            end.events.len() - 1,
            "nothing after Closed but bytes: {:?}",
            end.events
        );
    }
    prop_assert_eq!(failed.is_some(), end.conn.failure().is_some());
    prop_assert!(end.conn.encrypted_bytes_to_write() < 200_000, "R8");
    prop_assert!(end.conn.encrypted_bytes_available() < 200_000, "R8");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(400), ..ProptestConfig::default() })]

    #[test]
    fn every_call_in_every_state_is_legal_or_changes_nothing(
        seed in 0..100u64,
        tls13 in any::<bool>(),
        hold in any::<bool>(),
        sequence in vec((any::<bool>(), calls()), 1..60),
    ) {
        let configs = configs(seed, tls13, hold);
        let mut pair = Pair::new(Limits { read_buffer_size: 4096, ..Limits::default() });
        let mut models = [Model::default(), Model::default()];
        let mut honest = true;
        for (on_client, next) in &sequence {
            honest &= !next.tampers();
            if matches!(next, Call::Exchange) {
                exchange(&mut pair, &mut models);
            } else if matches!(next, Call::Carry) {
                let Pair { client, server, .. } = &mut pair;
                match on_client {
                    true => deliver(client, server, &models[1]),
                    false => deliver(server, client, &models[0]),
                }
            } else if *on_client {
                call(&mut pair.client, &mut models[0], next, &configs)?;
            } else {
                call(&mut pair.server, &mut models[1], next, &configs)?;
            }
        }
        for (end, model) in [&mut pair.client, &mut pair.server].into_iter().zip(&mut models) {
            settle(end, model);
            invariants(end)?;
            let failure = end.conn.failure().map(|failure| failure.kind());
            let broken = matches!(failure, Some(FailureKind::BadRecordMac | FailureKind::Engine));
            prop_assert!(!(honest && broken), "{:?}", end.conn.failure());
        }
    }
}

/// `PROPTEST_CASES` for long runs, a few hundred for every day.
fn cases(everyday: u32) -> u32 {
    std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(everyday)
}
