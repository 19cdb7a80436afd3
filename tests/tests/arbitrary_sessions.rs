//! What a fuzzer, or a property test, makes of bytes: scenarios, actions and records. Whatever they
//! are, nothing panics, and the same happens again (rules R7, R10 and R12).
#![cfg(feature = "testing")]

use std::collections::BTreeSet;
use std::mem::discriminant;

use arbitrary::{Arbitrary, Unstructured};
use proptest::collection::vec;
use proptest::prelude::*;
use sslcore::testing::transcript::{
    Action, Configurations, Recorder, Scenario, SharedKeys, replay,
};
use sslcore::testing::{Record, ScriptedPeer, backend_without_security, known_identity};
use sslcore::{
    Buffers, ClientConfig, Connection, Event, Limits, PeerName, ServerConfig, ServerStart,
};
use sslcore_tests::effort::cases;
use sslcore_tests::transcripts::at;

fn name() -> PeerName {
    PeerName::new("server.test").expect("a name")
}

/// Two ends of a scenario, and what was done to them.
struct Session {
    known: Configurations,
    ends: [Recorder; 2],
    arriving: [Vec<u8>; 2],
    now: [sslcore::Now; 2],
}

impl Session {
    /// `None` for a fragment's length that is none.
    fn new(scenario: Scenario, seed: u64) -> Option<Self> {
        let text = scenario.to_string();
        assert_eq!(Scenario::named(&text), Some(scenario), "{text:?}");
        let known = Configurations::without_security(&text, seed)?;
        let mut ends = [(); 2].map(|()| Recorder::new(&text, seed, Limits::default()));
        ends[0]
            .start_client_encryption(&known.client, name())
            .expect("new");
        ends[1]
            .start_server_encryption(ServerStart::With(known.server.clone()))
            .expect("new");
        Some(Self {
            known,
            ends,
            arriving: [Vec::new(), Vec::new()],
            now: [at(0); 2],
        })
    }

    fn perform(&mut self, is_server: bool, action: Action) {
        let end = usize::from(is_server);
        let on = &mut self.ends[end];
        let sent = action.perform(on, &mut self.arriving[end], &mut self.now[end], &self.known);
        self.arriving[1 - end].extend(sent);
    }
}

/// Settles, sends and lets arrive, until both have what they need.
fn run(session: &mut Session) {
    for _ in 0..6 {
        for is_server in [false, true] {
            for action in [
                Action::Arrive(u16::MAX),
                Action::Settle,
                Action::Answer(None, true),
                Action::ProvideKeys(true),
                Action::Sign(true),
                Action::Settle,
                Action::Transmit(u16::MAX),
            ] {
                session.perform(is_server, action);
            }
        }
    }
}

#[test]
fn bytes_make_every_action_and_every_scenario() {
    let mut actions = BTreeSet::new();
    for kind in 0..=u8::MAX {
        let bytes = [kind, 7, 7];
        let action = Action::arbitrary(&mut Unstructured::new(&bytes)).expect("enough");
        actions.insert(format!("{:?}", discriminant(&action)));
    }
    assert_eq!(actions.len(), 19);
    type IsOfKind = fn(&Scenario) -> bool;
    let kinds: [(u8, IsOfKind); 4] = [
        (9, |scenario| scenario.keys == SharedKeys::None),
        (7, |scenario| scenario.keys == SharedKeys::Known),
        (6, |scenario| scenario.keys == SharedKeys::Asked),
        (5, |scenario| scenario.signature_asked),
    ];
    for (fragment, is_of_kind) in kinds {
        let (mut encrypted, mut of_kind) = (0, 0);
        for bits in 0..=u8::MAX {
            let bytes = [bits, fragment];
            let scenario = Scenario::arbitrary(&mut Unstructured::new(&bytes)).expect("enough");
            assert!(!scenario.rustcrypto);
            let mut session = Session::new(scenario, 1).expect("words that go together");
            run(&mut session);
            let both = session.ends.iter().all(|end| end.is_encrypted());
            encrypted += usize::from(both);
            of_kind += usize::from(both && is_of_kind(&scenario));
            let asked = "event SignatureRequired";
            let has_asked = |end: &Recorder| end.transcript().to_string().contains(asked);
            let is_asked = session.ends.iter().any(has_asked);
            assert!(scenario.signature_asked || !is_asked, "{scenario}");
            assert!(
                !scenario.signature_asked || is_asked || scenario.resumed,
                "{scenario}"
            );
        }
        assert!(encrypted > 150, "{encrypted} of 256");
        // Where nothing is said that leaves no room for it.
        assert!(of_kind >= 18, "{of_kind} of 256");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(200), ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_done_is_done_again_the_same(
        seed in any::<u64>(),
        bytes in vec(any::<u8>(), 2..600),
    ) {
        let mut input = Unstructured::new(&bytes);
        let scenario = Scenario::arbitrary(&mut input).expect("enough");
        let Some(mut session) = Session::new(scenario, seed) else { return Ok(()) };
        while let (false, Ok((is_server, action))) = (input.is_empty(), Arbitrary::arbitrary(&mut input)) {
            session.perform(is_server, action);
        }
        run(&mut session);
        for end in &session.ends {
            let text = end.transcript().to_string();
            prop_assert!(replay(end.transcript()).is_ok(), "{text}");
            let encrypted = text.lines().filter(|line| *line == "event Encrypted").count();
            prop_assert!(encrypted <= 1, "R5: {text}");
        }
    }

    #[test]
    fn whatever_is_said_under_the_right_keys_does_no_harm(
        is_server in any::<bool>(),
        flight in 0..4_usize,
        bytes in vec(any::<u8>(), 0..300),
    ) {
        let (chain, key) = known_identity();
        let client = ClientConfig::builder(backend_without_security(1)).trust_anchors(chain.clone());
        let server = ServerConfig::builder(backend_without_security(2)).identity(chain, key);
        let mut end = Connection::new(Limits::default(), Buffers::Owned);
        let peer = match is_server {
            false => {
                let start = ServerStart::With(server.build().expect("a server"));
                end.start_server_encryption(start).expect("new");
                ScriptedPeer::client(client, name())
            }
            true => {
                end.start_client_encryption(&client.build().expect("a client"), name()).expect("new");
                ScriptedPeer::server(server)
            }
        };
        let mut peer = peer.expect("a peer");
        let mut input = Unstructured::new(&bytes);
        let mut records: Vec<Record> = Vec::arbitrary(&mut input).expect("bytes are enough");
        let mut seen = 0;
        let events = peer.converse(&mut end, at(0), |said| {
            if seen == flight {
                said.append(&mut records);
            }
            seen += 1;
        });
        // Keys that are not there yet cannot be had.
        if let Ok(events) = events {
            let encrypted = events.iter().filter(|event| **event == Event::Encrypted).count();
            prop_assert!(encrypted <= 1, "R5");
            prop_assert!(end.failure().is_none() || !end.is_encrypted(), "R6");
        }
    }
}
