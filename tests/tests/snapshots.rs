//! Copies of connections: each goes on as the connection would have, and neither knows of the other.
#![cfg(feature = "testing")]

use std::sync::Arc;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use sslcore::testing::{
    NoSnapshot, backend_without_security, known_identity, rustcrypto_without_security, snapshot,
};
use sslcore::{
    Buffers, ClientConfig, ClientSessionCache, Connection, Engine, Event, FailureKind, Limits,
    OnErrors, Repeated, ServerConfig, ServerStart, UsageError, Verdict,
};
use sslcore_tests::pair::{End, Pair, VERSIONS, backends};
use sslcore_tests::view::view;

fn client(version: &str) -> ClientConfig {
    let client = ClientConfig::builder(backend_without_security(1)).protocols(&[version]);
    let client = client.trust_anchors(known_identity().0).session_cache(0);
    client.build().expect("client")
}

fn server(version: &str) -> ServerConfig {
    let (chain, key) = known_identity();
    let server = ServerConfig::builder(backend_without_security(2)).protocols(&[version]);
    server.identity(chain, key).build().expect("server")
}

/// Copies of both ends, and of what each has said and heard so far.
fn copied(pair: &Pair) -> Pair {
    let [client, server] = [&pair.client, &pair.server].map(|end| End {
        conn: snapshot(&end.conn).expect("a copy"),
        events: end.events.clone(),
        sent: end.sent.clone(),
        heard: end.heard.clone(),
        time: end.time,
        has_wall_clock: end.has_wall_clock,
    });
    Pair {
        client,
        server,
        chunk: pair.chunk,
    }
}

/// All that can be told of one end without asking it for more.
fn told(end: &End) -> impl PartialEq + std::fmt::Debug + use<> {
    let mut exported = [0; 16];
    let conn = &end.conn;
    let is_exported = conn.export_keying_material(&mut exported, b"EXPORTER-snapshot", None);
    let names = (
        conn.session_cipher().map(|it| it.name()),
        conn.session_protocol(),
        conn.alpn_protocol().map(<[u8]>::to_vec),
        conn.server_name().map(str::to_owned),
        conn.peer_verify_name().map(str::to_owned),
        conn.peer_certificate_chain().to_vec(),
    );
    let streams = (end.events.clone(), end.sent.clone(), end.heard.clone());
    (view(conn), names, (is_exported, exported), streams)
}

/// What may be done at one end.
#[derive(Clone, Debug)]
enum Action {
    Write(usize),
    Read(usize),
    Unread(usize),
    Discard,
    UpdateKeys,
    Close,
    Cancel,
    Abort,
    /// So many bytes go to the other end, and nobody works on them.
    Carry(usize),
    /// One step.
    Step,
    Settle,
    Event,
    Advance(u64),
    End,
    Reset,
    TransmitFailed,
    SetReadBufferSize(usize),
    TakeChanges,
}

fn actions() -> impl Strategy<Value = (bool, Action)> {
    let some = prop_oneof![0..40usize, 0..40_000usize];
    let action = prop_oneof![
        12 => some.clone().prop_map(Action::Write),
        6 => some.clone().prop_map(Action::Read),
        2 => some.clone().prop_map(Action::Unread),
        1 => Just(Action::Discard),
        4 => Just(Action::UpdateKeys),
        1 => Just(Action::Close),
        1 => Just(Action::Cancel),
        1 => Just(Action::Abort),
        24 => prop_oneof![some, Just(usize::MAX)].prop_map(Action::Carry),
        8 => Just(Action::Step),
        8 => Just(Action::Settle),
        8 => Just(Action::Event),
        1 => (0..20_000u64).prop_map(Action::Advance),
        1 => Just(Action::End),
        1 => Just(Action::Reset),
        1 => Just(Action::TransmitFailed),
        2 => (1..20_000usize).prop_map(Action::SetReadBufferSize),
        4 => Just(Action::TakeChanges),
    ];
    (any::<bool>(), action)
}

/// Does it, and says what the connection has answered.
fn act(pair: &mut Pair, by_client: bool, action: &Action) -> String {
    let (end, peer) = match by_client {
        true => (&mut pair.client, &mut pair.server),
        false => (&mut pair.server, &mut pair.client),
    };
    let now = end.now();
    match *action {
        Action::Write(n) => format!("{:?}", end.conn.write(&vec![b'w'; n])),
        Action::Read(n) => {
            let mut out = vec![0; n];
            let outcome = end.conn.read(&mut out);
            end.heard.extend(&out[..outcome.unwrap_or(0)]);
            format!("{outcome:?}")
        }
        Action::Unread(n) => format!("{:?}", end.conn.unread(&vec![b'u'; n])),
        Action::Discard => format!("{:?}", end.conn.discard_reads()),
        Action::UpdateKeys => format!("{:?}", end.conn.update_keys()),
        Action::Close => format!("{:?}", end.conn.close()),
        Action::Cancel => format!("{:?}", end.conn.cancel()),
        Action::Abort => format!("{:?}", end.conn.abort()),
        Action::Carry(n) => {
            let n = n.min(end.conn.transmit().len());
            let bytes = end.conn.transmit()[..n].to_vec();
            let taken = peer.conn.receive(&bytes);
            let sent = taken.unwrap_or(n);
            end.sent.extend(&bytes[..sent]);
            format!("{taken:?} {:?}", end.conn.transmitted(sent))
        }
        Action::Step => format!("{:?}", end.conn.process(now)),
        Action::Settle => {
            end.settle();
            String::new()
        }
        Action::Event => {
            let event = end.conn.poll_event();
            end.events.extend(event);
            format!("{event:?}")
        }
        Action::Advance(millis) => {
            end.time = end.time.after(Duration::from_millis(millis));
            String::new()
        }
        Action::End => format!("{:?}", end.conn.receive_eof()),
        Action::Reset => format!("{:?}", end.conn.receive_reset()),
        Action::TransmitFailed => format!("{:?}", end.conn.transmit_failed()),
        Action::SetReadBufferSize(n) => format!("{:?}", end.conn.set_read_buffer_size(n)),
        Action::TakeChanges => format!("{:?}", end.conn.take_changes()),
    }
}

/// All of them, and what came of it in the end.
fn perform(pair: &mut Pair, actions: &[(bool, Action)]) -> Vec<String> {
    let answers = actions
        .iter()
        .map(|(by_client, action)| act(pair, *by_client, action));
    let mut answers: Vec<String> = answers.collect();
    for end in [&mut pair.client, &mut pair.server] {
        end.settle();
        answers.push(format!("{:?}", told(end)));
    }
    answers
}

/// A pair that is plain or encrypted.
fn begun(version: Option<&str>) -> Pair {
    match version {
        Some(version) => Pair::encrypted(&client(version), &server(version)),
        None => Pair::default(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(300), ..ProptestConfig::default() })]

    #[test]
    fn a_copy_goes_on_as_the_connection_would_have(
        version in prop_oneof![
            1 => Just(None),
            3 => prop::sample::select(VERSIONS.into_iter().collect::<Vec<_>>()).prop_map(Some),
        ],
        before in vec(actions(), 0..30),
        behind in vec(actions(), 1..40),
    ) {
        let mut pair = begun(version);
        perform(&mut pair, &before);
        for (by_client, action) in &before {
            act(&mut pair, *by_client, action);
        }
        let at_rest = [told(&pair.client), told(&pair.server)];
        let mut copy = copied(&pair);
        prop_assert_eq!(&[told(&copy.client), told(&copy.server)], &at_rest, "the copy is the same");
        // First the copy alone, then the connection: what one does reaches no other.
        let of_copy = perform(&mut copy, &behind);
        prop_assert_eq!(&[told(&pair.client), told(&pair.server)], &at_rest, "it has stayed");
        let of_original = perform(&mut pair, &behind);
        prop_assert_eq!(of_copy, of_original);
    }
}

#[test]
fn keys_are_renewed_behind_the_copy_on_both_sides() {
    let pair = begun(Some("TLSv1.3"));
    for by_client in [true, false] {
        let mut copy = copied(&pair);
        for round in 0..3 {
            let ends = [&mut copy.client, &mut copy.server];
            let [end, peer] = match by_client {
                true => ends,
                false => {
                    let [client, server] = ends;
                    [server, client]
                }
            };
            end.conn.update_keys().expect("TLS 1.3");
            end.conn.write(b"under new keys").expect("open");
            let bytes = end.take();
            peer.give(&bytes, usize::MAX);
            assert_eq!(peer.read_all(), b"under new keys", "{round}");
            assert!(peer.saw(Event::KeysUpdated));
            copy.run();
        }
    }
    assert!(!pair.client.saw(Event::KeysUpdated) && !pair.server.saw(Event::KeysUpdated));
}

#[test]
fn what_a_peer_repeats_is_counted_on_in_the_copy() {
    let renew = |pair: &mut Pair| {
        pair.client.conn.update_keys().expect("TLS 1.3");
        pair.run();
        pair.server.conn.failure().map(|it| it.kind())
    };
    let pair = begun(Some("TLSv1.3"));
    let mut first = copied(&pair);
    let allowed = (0..1000)
        .take_while(|_| renew(&mut first).is_none())
        .count();
    assert!((1..1000).contains(&allowed));
    let mut second = copied(&pair);
    assert!((0..allowed).all(|_| renew(&mut second).is_none()));
    let mut third = copied(&second);
    assert_eq!(
        renew(&mut third),
        Some(FailureKind::TooMuchOf(Repeated::KeyUpdates))
    );
    assert_eq!(second.server.conn.failure(), None);
}

#[test]
fn a_plain_connection_is_copied_and_each_starts_tls_of_its_own() {
    let mut pair = Pair::default();
    pair.server.write(b"220 ready\r\n");
    pair.run();
    for version in VERSIONS {
        let mut copy = copied(&pair);
        assert_eq!(copy.client.read_all(), b"220 ready\r\n");
        copy.start(&client(version), &server(version));
        copy.run();
        let protocol = copy.client.conn.session_protocol().expect("negotiated");
        assert_eq!(protocol.name(), version);
    }
    assert_eq!(pair.client.read_all(), b"220 ready\r\n");
    assert!(!pair.client.conn.is_handshaking());
}

#[test]
fn what_is_over_is_copied_with_what_waits_to_be_read_and_told() {
    for version in VERSIONS {
        let mut pair = begun(Some(version));
        pair.server.write(b"the last word");
        pair.server.conn.close();
        let bytes = pair.server.take();
        pair.client.conn.receive(&bytes).expect("open");
        pair.client.conn.close();
        let now = pair.client.now();
        while !pair.client.conn.is_over() {
            let waiting = pair.client.conn.transmit().len();
            pair.client.conn.transmitted(waiting).expect("shown");
            let _ = pair.client.conn.process(now);
        }
        for _ in 0..2 {
            let mut copy = snapshot(&pair.client.conn).expect("a copy");
            assert_eq!(copy.peek(), b"the last word");
            assert!(copy.close_report().expect("told").clean);
            let mut told = Vec::new();
            while let Some(event) = copy.poll_event() {
                told.push(event);
            }
            assert!(matches!(told[..], [.., Event::Closed(_)]), "{told:?}");
        }
        assert!(pair.client.conn.poll_event().is_some());
    }
}

/// There is no copy, for this reason, and the connection stays as it was.
#[track_caller]
fn assert_none(conn: &Connection, why: NoSnapshot) {
    let before = (view(conn), format!("{conn:?}"));
    match snapshot(conn) {
        Err(error) => assert_eq!(error, UsageError::NoSnapshot(why)),
        Ok(copy) => panic!("{copy:?}"),
    }
    assert_eq!((view(conn), format!("{conn:?}")), before);
}

#[test]
fn no_real_key_is_ever_copied() {
    let mut real = backends();
    real.push(rustcrypto_without_security(3));
    // What is made of it by others may do anything: it counts as real.
    let inner = backend_without_security(4);
    let provider = (**inner.provider()).clone();
    real.push(sslcore::crypto::Backend::custom(
        "inner",
        provider,
        move |algorithm, key| inner.aead(algorithm, key),
    ));
    for backend in real {
        for version in VERSIONS {
            let (chain, key) = known_identity();
            let client = ClientConfig::builder(backend.clone()).protocols(&[version]);
            let client = client.trust_anchors(chain.clone()).session_cache(0).build();
            let server = ServerConfig::builder(backend.clone()).protocols(&[version]);
            let server = server.identity(chain, key).build().expect("server");
            let mut pair = Pair::encrypted(&client.expect("client"), &server);
            for end in [&pair.client, &pair.server] {
                assert_none(&end.conn, NoSnapshot::RealKeys);
            }
            // Nor is the secret that is exported from.
            pair.client.conn.abort();
            assert!(pair.client.conn.is_over());
            assert_none(&pair.client.conn, NoSnapshot::RealKeys);
        }
    }
}

#[test]
fn a_handshake_is_not_copied_nor_an_open_decision() {
    for version in VERSIONS {
        let mut pair = Pair::tls(&client(version), &server(version));
        assert_none(&pair.client.conn, NoSnapshot::Handshaking);
        assert_none(&pair.server.conn, NoSnapshot::Handshaking);
        let hello = pair.client.take();
        pair.server.give(&hello, usize::MAX);
        assert_none(&pair.client.conn, NoSnapshot::Handshaking);
        assert_none(&pair.server.conn, NoSnapshot::Handshaking);
        pair.run();
        assert!(snapshot(&pair.client.conn).is_ok());

        let mut asked = End::new(Limits::default());
        let start = ServerStart::Ask {
            fallback: server(version),
        };
        asked.conn.start_server_encryption(start).expect("plain");
        asked.give(&hello, usize::MAX);
        assert!(asked.conn.config_request().is_some());
        assert_none(&asked.conn, NoSnapshot::Handshaking);

        let untrusting = ClientConfig::builder(backend_without_security(1)).session_cache(0);
        let untrusting = untrusting.on_errors(OnErrors::Hold).build();
        let mut held = Pair::tls(&untrusting.expect("client"), &server(version));
        held.run();
        assert!(held.client.conn.review().is_some());
        assert_none(&held.client.conn, NoSnapshot::Handshaking);
        held.client.answer(Verdict::Accept);
        held.run();
        assert!(snapshot(&held.client.conn).is_ok());
    }
}

#[test]
fn a_client_that_keeps_tickets_is_not_copied_its_server_is() {
    for version in VERSIONS {
        let client = ClientConfig::builder(backend_without_security(1)).protocols(&[version]);
        let client = client.trust_anchors(known_identity().0).build();
        let pair = Pair::encrypted(&client.expect("client"), &server(version));
        match version {
            "TLSv1.3" => assert_none(&pair.client.conn, NoSnapshot::KeepsTickets),
            _ => assert!(snapshot(&pair.client.conn).is_ok()),
        }
        assert!(snapshot(&pair.server.conn).is_ok());
    }
}

#[test]
fn lent_buffers_are_not_copied() {
    let lend = || -> &'static mut [u8] { Box::leak(vec![0; 1000].into_boxed_slice()) };
    let lent = Buffers::lent(lend(), lend()).expect("large enough");
    assert_none(
        &Connection::new(Limits::default(), lent),
        NoSnapshot::LentBuffers,
    );
}

#[test]
fn what_is_handed_over_comes_back_before_there_is_a_copy() {
    let mut pair = begun(Some("TLSv1.3"));
    pair.client.write(b"on its way");
    let waiting = pair.client.conn.transmit().to_vec();
    let sent = pair.client.conn.take_transmit().expect("waiting");
    assert_none(&pair.client.conn, NoSnapshot::HandedOver);
    // A part has left; the rest waits, in the copy, too.
    pair.client.conn.complete_transmit(sent, 7).expect("out");
    let mut copy = snapshot(&pair.client.conn).expect("a copy");
    assert_eq!(copy.transmit(), &waiting[7..]);
    copy.transmitted(waiting.len() - 7).expect("shown");
    assert!(copy.transmit().is_empty());
    assert_eq!(pair.client.conn.transmit(), &waiting[7..]);
}

#[test]
fn a_client_of_our_own_engine_that_keeps_tickets_is_copied_with_what_makes_sessions_of_them() {
    let cache = Arc::new(ClientSessionCache::new(8));
    let client = ClientConfig::builder(backend_without_security(1)).engine(Engine::Own);
    let client = client
        .trust_anchors(known_identity().0)
        .session_store(cache.clone());
    let mut pair = Pair::tls(&client.build().expect("client"), &server("TLSv1.3"));
    for _ in 0..2 {
        let said = pair.client.take();
        pair.server.give(&said, usize::MAX);
        let said = pair.server.take();
        if pair.server.conn.is_encrypted() {
            // The tickets, to a copy alone.
            assert!(cache.is_empty());
            let mut copy = copied(&pair).client;
            copy.give(&said, usize::MAX);
            assert!(copy.saw(Event::SessionTicketReceived));
            assert!(!cache.is_empty());
            cache.clear();
        }
        pair.client.give(&said, usize::MAX);
    }
    assert!(pair.client.saw(Event::SessionTicketReceived));
    assert!(!cache.is_empty());
}

#[test]
fn why_there_is_none_is_said_in_a_sentence() {
    for (why, said) in [
        (NoSnapshot::Handshaking, "a handshake is under way"),
        (NoSnapshot::RealKeys, "two copies would use nonces twice"),
        (NoSnapshot::KeepsTickets, "it keeps session tickets"),
        (NoSnapshot::LentBuffers, "its buffers are lent"),
        (NoSnapshot::HandedOver, "a transmission is handed over"),
    ] {
        let sentence = UsageError::NoSnapshot(why).to_string();
        assert!(sentence.starts_with("the connection cannot be copied: "));
        assert!(sentence.contains(said), "{sentence}");
    }
}

#[test]
fn a_copy_answers_a_peer_that_the_connection_never_hears() {
    // The use it is for: one handshake, many runs.
    let pair = begun(Some("TLSv1.3"));
    let mut said = Vec::new();
    for word in [&b"one"[..], b"two"] {
        let mut copy = copied(&pair);
        copy.client.write(word);
        copy.run();
        assert_eq!(copy.server.read_all(), word);
        said.push(copy.client.sent);
    }
    assert_ne!(said[0], said[1]);
}

/// `PROPTEST_CASES` for long runs, some for every day.
fn cases(everyday: u32) -> u32 {
    std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(everyday)
}
