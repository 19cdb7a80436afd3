//! What each call leads to, told beforehand.

use std::time::Duration;

use proptest::prelude::*;
use sslcore::{
    Connection, Event, Instant, Leftover, Progress, ReadEnd, ServerStart, SslProtocol, Step,
    Transmission, UsageError,
};
use sslcore_tests::pair::{End, server_name};
use sslcore_tests::view::view;

use crate::buffers::through_buf;
use crate::calls::Call;
use crate::configs::Configs;
use crate::decisions::decide;

/// What the caller did that decides what is legal.
#[derive(Default)]
pub(crate) struct Model {
    started: bool,
    closed: bool,
    pub(crate) transport_ended: bool,
    pub(crate) answered: bool,
    /// What the transport holds, and whether the connection has thrown it away.
    held: Option<Transmission>,
    lost: bool,
    /// The transport takes nothing more: what waits may be thrown away by any call.
    gone: bool,
    /// How many bytes were read that can be put back.
    pub(crate) read: usize,
    told: Told,
}

/// What was so when [`Connection::take_changes`] was last asked.
#[derive(Default)]
struct Told {
    readable: bool,
    shown: bool,
    finished: bool,
    over: bool,
    deadline: Option<Instant>,
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
        if outcome.is_ok() {
            self.started = true;
            self.read = 0;
        }
        Ok(outcome.is_err())
    }

    /// What waits to be sent is thrown away.
    fn lose(&mut self) {
        (self.lost, self.gone) = (true, true);
    }

    /// A decision that was answered has been acted upon.
    fn look(&mut self, conn: &Connection) {
        if conn.review().is_none() {
            self.answered = false;
        }
    }

    pub(crate) fn write(&self, conn: &Connection) -> Result<(), UsageError> {
        if conn.is_over() {
            return Err(UsageError::ConnectionOver);
        }
        // A TLS 1.2 peer's close_notify closes our side as well.
        let answered_close = conn.session_protocol() == Some(SslProtocol::TlsV1_2)
            && conn.read_end() == Some(ReadEnd::Closed);
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

/// Makes one call, checks its outcome against the model, and that a refusal changed nothing. Whether it
/// was refused, and could as well not have been made.
pub(crate) fn call(
    end: &mut End,
    model: &mut Model,
    call: &Call,
    configs: &Configs,
) -> Result<bool, TestCaseError> {
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
        Call::Lend(n) => {
            let (shown, wants) = (end.conn.transmit().to_vec(), end.conn.wants_receive());
            let lent = end.conn.lend();
            prop_assert_eq!(lent.transmit, shown);
            prop_assert!(!wants || !lent.receive.is_empty());
            let n = lent.receive.len().min(*n);
            lent.receive[..n].fill(0x16);
            let expected = match model.transport_ended {
                true => Err(UsageError::ReceiveAfterEnd),
                false => Ok(()),
            };
            prop_assert_eq!(end.conn.received(n), expected);
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
            prop_assert_eq!(taken.as_deref().unwrap_or_default(), waiting);
            if let Some(taken) = taken {
                prop_assert!(model.held.is_none() || model.lost, "one at a time");
                prop_assert!(end.conn.transmit().is_empty());
                (model.held, model.lost) = (Some(taken), false);
            }
            false
        }
        Call::CompleteTransmit(n) => {
            let Some(held) = model.held.take() else {
                return Ok(false);
            };
            let (len, n) = (held.len(), *n % 2000);
            let bytes = held.to_vec();
            match end.conn.complete_transmit(held, n) {
                Err(UsageError::Stale) => prop_assert!(model.gone || over),
                outcome => {
                    prop_assert!(!model.lost);
                    prop_assert_eq!(outcome, at_most(n, len));
                    let rest = if n < len { &bytes[n..] } else { &[] };
                    match outcome {
                        Ok(()) if n == len || model.gone => {}
                        Ok(()) => prop_assert_eq!(end.conn.transmit(), rest),
                        Err(_) => prop_assert_eq!(end.conn.transmit(), bytes),
                    }
                }
            }
            false
        }
        Call::DropTransmit => {
            let bytes = model.held.take().map(|held| held.to_vec());
            if let Some(bytes) = bytes.filter(|_| !model.gone && !over) {
                prop_assert_eq!(end.conn.transmit(), bytes, "it was not sent");
            }
            false
        }
        Call::TransmitFailed => {
            end.conn.transmit_failed();
            prop_assert!(end.conn.transmit().is_empty());
            prop_assert_eq!(end.conn.encrypted_bytes_to_write(), 0);
            model.closed = true;
            model.lose();
            false
        }
        Call::Write(n) => {
            let expected = model.write(&end.conn);
            let outcome = end.conn.write(&vec![b'w'; *n]);
            prop_assert!(outcome.is_ok_and(|taken| taken <= *n) || outcome.is_err());
            prop_assert_eq!(outcome.map(|_| ()), expected);
            outcome.is_err()
        }
        Call::WriteVectored(lens) => {
            let expected = model.write(&end.conn);
            let slices: Vec<_> = lens.iter().map(|len| vec![b'v'; *len]).collect();
            let outcome = end.conn.write_vectored(&slices);
            prop_assert!(outcome.is_err() || outcome.is_ok_and(|n| n <= lens.iter().sum()));
            prop_assert_eq!(outcome.map(|_| ()), expected);
            outcome.is_err()
        }
        Call::Consume(n) => {
            let expected = at_most(*n, end.conn.bytes_available());
            let outcome = end.conn.consume(*n);
            prop_assert_eq!(outcome, expected);
            model.read += outcome.map_or(0, |()| *n);
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
            model.read += outcome.unwrap_or(0);
            outcome.is_err()
        }
        Call::Unread(n) => {
            let expected = [&vec![b'u'; *n][..], end.conn.peek()].concat();
            let outcome = end.conn.unread(&vec![b'u'; *n]);
            match outcome {
                Ok(()) => {
                    prop_assert!(*n <= model.read, "{} of {}", n, model.read);
                    prop_assert!(end.conn.peek() == expected);
                    model.read -= n;
                    model.told.readable |= *n > 0;
                }
                Err(UsageError::TooManyBytes { given, available }) => {
                    prop_assert_eq!(given, *n);
                    prop_assert!(available < *n && available <= model.read);
                }
                Err(other) => prop_assert!(false, "{other:?}"),
            }
            outcome.is_err()
        }
        Call::ReadAndPutBack(n) => {
            let mut word = vec![0; end.conn.bytes_available().min(*n)];
            if !word.is_empty() {
                prop_assert_eq!(end.conn.read(&mut word), Ok(word.len()));
            }
            prop_assert_eq!(
                end.conn.unread(&word),
                Ok(()),
                "what was just read has room"
            );
            prop_assert_eq!(before, view(&end.conn));
            return Ok(false);
        }
        Call::DiscardReads => {
            end.conn.discard_reads();
            prop_assert!(end.conn.peek().is_empty());
            model.read = 0;
            false
        }
        Call::SetReadBufferSize(n) => {
            end.conn.set_read_buffer_size(*n);
            false
        }
        Call::SetPeerCloseTimeout(millis) => {
            let timeout = millis.map(Duration::from_millis);
            end.conn.set_peer_close_timeout(timeout);
            prop_assert_eq!(end.conn.peer_close_timeout(), timeout);
            false
        }
        Call::Close => {
            end.conn.close();
            model.closed = true;
            false
        }
        Call::Cancel => {
            end.conn.cancel();
            prop_assert!(end.conn.is_over());
            match over {
                true => prop_assert_eq!(before, view(&end.conn)),
                false => prop_assert!(end.conn.peek().is_empty()),
            }
            if !over {
                model.read = 0;
            }
            return Ok(false);
        }
        Call::Abort => {
            end.conn.abort();
            prop_assert!(end.conn.is_over());
            prop_assert!(end.conn.transmit().is_empty() && end.conn.peek().is_empty());
            model.read = 0;
            model.lose();
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
        Call::Decide(decision) => decide(end, model, decision, configs)?,
        Call::Buf(buf) => through_buf(end, model, buf)?,
        Call::ReceiveEof => {
            end.conn.receive_eof();
            model.transport_ended = true;
            false
        }
        Call::ReceiveReset => {
            end.conn.receive_reset();
            model.transport_ended = true;
            model.lose();
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
        Call::TakeChanges => {
            changes(&mut end.conn, &mut model.told)?;
            prop_assert!(end.conn.take_changes().is_empty(), "told once");
            false
        }
        Call::Next(times) => {
            for _ in 0..*times {
                next(end)?;
            }
            model.look(&end.conn);
            false
        }
        Call::Step => {
            let _ = end.conn.process(end.now());
            while let Some(event) = end.conn.poll_event() {
                end.events.push(event);
            }
            model.look(&end.conn);
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
    Ok(refused)
}

/// Asks what to do next, and checks that it is so; what is to be sent is not sent.
fn next(end: &mut End) -> Result<(), TestCaseError> {
    let now = end.now();
    // What it lends is compared by length: it is shown by `transmit`, too.
    let (sends, waits, done) = match end.conn.next(now) {
        Step::Event(event) => {
            prop_assert_ne!(event, Event::ReadyRead);
            end.events.push(event);
            return Ok(());
        }
        Step::Readable => {
            prop_assert!(!end.conn.peek().is_empty());
            end.events.push(Event::ReadyRead);
            return Ok(());
        }
        Step::Transmit(bytes) => (bytes.len(), None, false),
        Step::Wait {
            read,
            write,
            deadline,
        } => (0, Some((read, write, deadline)), false),
        Step::Done => (0, None, true),
    };
    let conn = &mut end.conn;
    prop_assert_eq!(conn.process(now), Progress::Idle, "all was done");
    prop_assert_eq!(conn.poll_event(), None, "and told");
    if let Some((read, write, deadline)) = waits {
        prop_assert_eq!((read, deadline), (conn.wants_receive(), conn.deadline()));
        prop_assert_eq!(write, !conn.transmit().is_empty(), "it took none just now");
    } else if !done {
        prop_assert!(sends > 0 && sends == conn.transmit().len());
    }
    prop_assert_eq!(done, conn.is_done() && conn.transmit().is_empty());
    Ok(())
}

/// Asks what has changed, and checks that nothing is left out, nor told for nothing.
fn changes(conn: &mut Connection, told: &mut Told) -> Result<(), TestCaseError> {
    let changes = conn.take_changes();
    let now = Told {
        readable: !conn.peek().is_empty() || conn.read_end().is_some(),
        shown: !conn.transmit().is_empty(),
        finished: conn.transmit_finished(),
        over: conn.is_over(),
        deadline: conn.deadline(),
    };
    prop_assert!(changes.readable || told.readable || !now.readable);
    prop_assert!(!changes.readable || now.readable);
    prop_assert!(changes.transmit || told.shown || !now.shown);
    prop_assert!(changes.transmit || told.finished || !now.finished);
    prop_assert!(!changes.transmit || now.shown || now.finished);
    prop_assert_eq!(changes.over, now.over && !told.over);
    prop_assert_eq!(changes.deadline, now.deadline != told.deadline);
    *told = now;
    Ok(())
}

pub(crate) fn settle(end: &mut End, model: &mut Model) {
    end.settle();
    model.look(&end.conn);
}
