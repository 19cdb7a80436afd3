//! The table, looked at as a whole.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use super::{Leaving, Phase, Sink};
use crate::buffer::{ReceiveBuffer, Storage, TransmitBuffer};
use crate::config::{ClientConfig, PeerName, ServerConfig, ServerStart};
use crate::connection::handshaking::{Begun, Reached};
use crate::connection::hello::{AwaitingHello, Chosen, Greeted, Greeting, Start};
use crate::connection::io::{Io, Outbound};
use crate::connection::judging::{Approved, Ruling};
use crate::connection::keying::Provided;
use crate::connection::over::Ending;
use crate::connection::plain::Plain;
use crate::connection::signing::Signed;
use crate::crypto::Backend;
use crate::event::{PskId, ReviewId, SignatureId};
use crate::failure::{Failure, FailureKind};
use crate::handshake::Trust;
use crate::handshake::idle::Idle;
use crate::handshake::wire::client_hello::HelloMessage;
use crate::identity::signer::{SignError, Signer};
use crate::limits::Limits;
use crate::protocol::SignatureScheme;
use crate::time::{Instant, Now};
use crate::usage::{ReadEnd, UsageError};

struct NoKey;

impl Signer for NoKey {
    fn schemes(&self) -> &[SignatureScheme] {
        &[SignatureScheme::Ed25519]
    }
    fn sign(&self, _: SignatureScheme, _: &[u8]) -> Result<Vec<u8>, SignError> {
        Err(SignError::new("it has no key"))
    }
}

fn client() -> ClientConfig {
    let config = ClientConfig::builder(Backend::ring()).build();
    config.expect("a client")
}

fn server() -> ServerConfig {
    let config = ServerConfig::builder(Backend::ring());
    let config = config.identity_with_signer(vec![vec![0].into()], Arc::new(NoKey));
    config.build().expect("a server")
}

fn io() -> Io {
    let owned = || Storage::Owned(Vec::new());
    let limits = Limits::default();
    let transmit = TransmitBuffer::new(owned(), limits.transmit);
    Io::new(limits, ReceiveBuffer::new(owned()), transmit)
}

fn begun(whole: bool) -> Begun {
    let now = Now::without_wall_clock(Instant::default());
    let engine = Idle {
        whole,
        ..Idle::default()
    };
    Begun::new(Box::new(engine), now).expect("it does nothing")
}

fn start(client_side: bool) -> Start {
    if client_side {
        let peer = PeerName::new("server.test").expect("a name");
        return Start::Client(Box::new(Greeting::new(client(), peer)));
    }
    let fallback = server();
    let start = ServerStart::Ask { fallback };
    Start::Server(Box::new(AwaitingHello::new(start)))
}

fn chosen() -> Chosen {
    Chosen {
        config: server(),
        begun: begun(true),
    }
}

/// Every row of the table, reached by those before it: from where, why, and where to.
const TABLE: [(&str, &str, &str); 15] = [
    ("Plain", "Client", "Greeting"),
    ("Plain", "Server", "AwaitingHello"),
    ("Greeting", "Begun", "Handshaking"),
    ("AwaitingHello", "Known", "Handshaking"),
    ("AwaitingHello", "Asked", "Choosing"),
    ("Choosing", "Chosen", "Handshaking"),
    ("Handshaking", "VerdictDue", "Judging"),
    ("Handshaking", "KeysWanted", "Keying"),
    ("Handshaking", "SignatureWanted", "Signing"),
    ("Handshaking", "Completed", "Traffic"),
    ("Judging", "Approved", "Handshaking"),
    ("Judging", "Doubted", "Held"),
    ("Held", "Approved", "Handshaking"),
    ("Keying", "Provided", "Handshaking"),
    ("Signing", "Signed", "Handshaking"),
];

/// Leaves a phase for this reason.
fn leave(phase: Phase, why: &str, io: &mut Io) -> Phase {
    let leaving = match (phase, why) {
        (Phase::Plain(it), _) => Leaving::Plain(it, start(why == "Client")),
        (Phase::Greeting(it), _) => Leaving::Greeting(it, begun(true)),
        (Phase::AwaitingHello(it), "Asked") => {
            Leaving::AwaitingHello(it, Greeted::Asked(0, HelloMessage::default()))
        }
        (Phase::AwaitingHello(it), _) => Leaving::AwaitingHello(it, Greeted::Known(chosen())),
        (Phase::Choosing(it), _) => Leaving::Choosing(it, chosen()),
        (Phase::Handshaking(it), "VerdictDue") => Leaving::Handshaking(it, Reached::VerdictDue),
        (Phase::Handshaking(it), "KeysWanted") => {
            Leaving::Handshaking(it, Reached::KeysWanted(PskId(0)))
        }
        (Phase::Handshaking(it), "SignatureWanted") => {
            Leaving::Handshaking(it, Reached::SignatureWanted(SignatureId(0)))
        }
        (Phase::Handshaking(it), _) => Leaving::Handshaking(it, Reached::Completed),
        (Phase::Judging(it), "Doubted") => Leaving::Judging(it, Ruling::Doubted(ReviewId(0))),
        (Phase::Judging(it), _) => {
            Leaving::Judging(it, Ruling::Approved(Approved(Trust::Good(None))))
        }
        (Phase::Held(it), _) => Leaving::Held(it, Approved(Trust::Good(None))),
        (Phase::Keying(it), _) => Leaving::Keying(it, Provided),
        (Phase::Signing(it), _) => Leaving::Signing(it, Signed),
        (Phase::Traffic(_) | Phase::Over(_), _) => panic!("nothing leads out of it"),
    };
    leaving.next(io)
}

/// A connection in this phase, by the shortest way there.
fn reach(name: &str, io: &mut Io) -> Phase {
    if name == "Plain" {
        return Phase::Plain(Plain);
    }
    let (from, why, _) = TABLE.iter().find(|(.., to)| *to == name).expect("a way");
    let phase = reach(from, io);
    leave(phase, why, io)
}

fn name(phase: &Phase) -> String {
    format!("{phase:?}")
}

/// All but the last.
const LIVING: [&str; 10] = [
    "Plain",
    "Greeting",
    "AwaitingHello",
    "Choosing",
    "Handshaking",
    "Judging",
    "Held",
    "Keying",
    "Signing",
    "Traffic",
];

#[test]
fn every_transition_is_the_one_in_the_picture() {
    for (from, why, to) in TABLE {
        let io = &mut io();
        let phase = reach(from, io);
        assert_eq!(name(&leave(phase, why, io)), to, "{from}: {why}");
    }
}

#[test]
fn every_phase_can_end_and_the_end_is_final() {
    for from in LIVING {
        let io = &mut io();
        let failed = Ending::Failed(Failure::silent(FailureKind::Truncated));
        let over = reach(from, io).end(failed, io);
        let over = over.end(Ending::Closed(ReadEnd::Aborted), io);
        let Phase::Over(over) = over else {
            panic!("{from} does not end");
        };
        let failure = over.failure().map(Failure::kind);
        assert_eq!(failure, Some(FailureKind::Truncated), "{from}");
        assert_eq!(io.inbound_end(), Some(ReadEnd::Truncated), "{from}");
        assert_eq!(io.outbound(), Outbound::Closed, "{from}");
    }
}

#[test]
fn what_was_written_early_is_handed_on_until_it_is_abandoned() {
    let io = &mut io();
    let mut phase = reach("AwaitingHello", io);
    write_early(&mut phase);
    for why in [
        "Asked",
        "Chosen",
        "VerdictDue",
        "Doubted",
        "Approved",
        "KeysWanted",
        "Provided",
        "Completed",
    ] {
        phase = leave(phase, why, io);
        assert_eq!(phase.queued(), 5, "{why}");
    }
    assert_eq!(name(&phase), "Traffic");
    phase.end(Ending::Closed(ReadEnd::Aborted), io);
    assert_eq!(io.tally.abandoned, 5);
}

fn write_early(phase: &mut Phase) {
    match phase.sink(Outbound::Open) {
        Ok(Sink::Queue(queue)) => assert_eq!(queue.push(b"early", 100), 5),
        _ => panic!("it does not wait"),
    }
}

#[test]
fn an_engine_that_cannot_be_taken_apart_ends_the_connection() {
    let io = &mut io();
    let mut phase = reach("Greeting", io);
    write_early(&mut phase);
    let Phase::Greeting(greeting) = phase else {
        panic!("a client begins so");
    };
    let phase = Leaving::Greeting(greeting, begun(false)).next(io);
    let over = leave(phase, "Completed", io);
    assert_eq!(name(&over), "Over");
    assert_eq!(io.tally.abandoned, 5);
    assert_eq!(io.inbound_end(), Some(ReadEnd::Failed));
}

#[test]
fn a_call_is_legal_where_it_makes_sense() {
    use UsageError::{AlreadyStarted, NoDecisionOpen, NotEncrypted};
    for from in LIVING {
        let mut phase = reach(from, &mut io());
        let start = phase.start(Outbound::Open).err();
        let update = phase.encrypted(Outbound::Open).err();
        assert_eq!(start, (from != "Plain").then_some(AlreadyStarted), "{from}");
        assert_eq!(
            update,
            (from != "Traffic").then_some(NotEncrypted),
            "{from}"
        );
        assert!(phase.sink(Outbound::Open).is_ok(), "{from}");
        let (choice, verdict) = (phase.choosing().err(), phase.held().err());
        let keys = phase.keying().err();
        assert_eq!(
            choice,
            (from != "Choosing").then_some(NoDecisionOpen),
            "{from}"
        );
        assert_eq!(
            verdict,
            (from != "Held").then_some(NoDecisionOpen),
            "{from}"
        );
        assert_eq!(keys, (from != "Keying").then_some(NoDecisionOpen), "{from}");
        let signature = phase.signing().err();
        assert_eq!(
            signature,
            (from != "Signing").then_some(NoDecisionOpen),
            "{from}"
        );
    }
}

#[test]
fn nothing_can_be_written_or_started_once_this_side_is_closed() {
    for outbound in [Outbound::Closing, Outbound::Closed] {
        for from in LIVING {
            assert_refused(
                &mut reach(from, &mut io()),
                outbound,
                UsageError::WriteClosed,
            );
        }
    }
    let io = &mut io();
    let mut over = Phase::Plain(Plain).end(Ending::Closed(ReadEnd::Aborted), io);
    assert_refused(&mut over, io.outbound(), UsageError::ConnectionOver);
}

#[track_caller]
fn assert_refused(phase: &mut Phase, outbound: Outbound, why: UsageError) {
    assert_eq!(phase.start(outbound).err(), Some(why));
    assert_eq!(phase.sink(outbound).err(), Some(why));
    assert_eq!(phase.encrypted(outbound).err(), Some(why));
}
