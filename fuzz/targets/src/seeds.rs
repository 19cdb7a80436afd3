//! Recorded sessions: what the seeds are made of.

use sslcore::Limits;

use crate::after_handshake;
use crate::both::{NO_WALL_CLOCK, meet};
use crate::configs::{Choice, Config};
use crate::fitted;
use crate::watched::Watched;

/// What an honest peer says to the end that `choice` describes, in a session of data in both
/// directions, new keys, and an orderly close; in pieces, one for each time that it speaks.
fn session(choice: Choice) -> Vec<Vec<u8>> {
    session_under(choice, &choice.config(1), &choice.peer().config(2))
}

fn session_under(choice: Choice, config: &Config, of_peer: &Config) -> Vec<Vec<u8>> {
    let mut end = Watched::new(Limits::default());
    let mut peer = Watched::new(Limits::default());
    let (mut said, mut to_peer) = (Vec::new(), Vec::new());
    for (watched, config) in [(&mut end, config), (&mut peer, of_peer)] {
        let started = config.start(&mut watched.conn, false);
        started.expect("not started before");
    }
    for round in 0..12 {
        match round {
            5 => _ = peer.conn.write(b"what a peer says"),
            6 => _ = peer.conn.update_keys(),
            7 => _ = peer.conn.write(&[b'.'; 40]),
            8 => _ = end.conn.update_keys(),
            10 => peer.conn.close(),
            _ => {}
        }
        end.accept(choice);
        peer.accept(choice.peer());
        to_peer.extend(end.drain().0);
        let (bytes, _) = peer.feed(&to_peer);
        to_peer = end.feed(&bytes).0;
        said.push(bytes);
    }
    assert!(
        end.peer_closed && end.failed.is_none(),
        "{choice:?}: {:?}",
        end.conn
    );
    assert_eq!(end.heard, 16 + 40, "{choice:?}");
    said
}

/// A seed: its target, its name, and the input.
pub type Seed = (&'static str, String, Vec<u8>);

/// All seeds that sessions give.
pub fn all() -> Vec<Seed> {
    let mut seeds = Vec::new();
    for (name, bits) in sessions() {
        let choice = Choice::new(bits);
        let said = session(choice);
        connection(&mut seeds, name, choice, &said);
        let is_plain = |without: u16| bits & !(without | Choice::OLD) == 0;
        if is_plain(Choice::SERVER) || is_plain(Choice::RETRY) {
            differential(&mut seeds, name, choice, &said);
        }
        hellos(&mut seeds, name, choice, &said);
    }
    engines(&mut seeds);
    let mut records_alone = Vec::new();
    records(&mut records_alone);
    seeds.extend(after_handshake::seeds(&records_alone));
    seeds.extend(records_alone);
    seeds
}

/// Sessions of every kind, as the end under test sees them.
fn sessions() -> Vec<(&'static str, u16)> {
    let careful = Choice::TRUST | Choice::VERIFY;
    let mutual = careful | Choice::IDENTITY;
    let mut sessions = Vec::new();
    for (name, old_name, bits) in [
        ("careless", "careless-tls12", 0),
        ("tickets", "tickets-tls12", careful | Choice::TICKETS),
        ("mutual", "mutual-tls12", mutual),
        (
            "held",
            "held-tls12",
            Choice::VERIFY | Choice::HOLD | Choice::IDENTITY,
        ),
        ("external", "external-tls12", Choice::HOLD),
        ("real", "real-tls12", mutual | Choice::REAL),
    ] {
        sessions.extend([(name, bits), (old_name, bits | Choice::OLD)]);
    }
    sessions.extend([
        ("retry", Choice::RETRY),
        ("own", mutual | Choice::OWN),
        ("own-tickets", careful | Choice::TICKETS | Choice::OWN),
        ("own-signed", mutual | Choice::OWN | Choice::SIGN),
        (
            "own-signed-real",
            mutual | Choice::OWN | Choice::SIGN | Choice::REAL,
        ),
    ]);
    for (name, bits) in [
        ("keys", 0),
        ("keys-asked", Choice::ASK_KEYS),
        ("keys-real", Choice::REAL),
        ("keys-real-tls12", Choice::OLD),
        ("keys-asked-real-tls12", Choice::OLD | Choice::ASK_KEYS),
        ("keys-retry", Choice::RETRY),
    ] {
        sessions.push((name, bits | Choice::KEYS));
    }
    let servers = sessions.clone().into_iter();
    sessions.extend(servers.map(|(name, bits)| (name, bits | Choice::SERVER)));
    sessions
}

fn side(choice: Choice) -> &'static str {
    match choice.has(Choice::SERVER) {
        true => "server",
        false => "client",
    }
}

/// Replayed whole, with actions between its pieces, and with STARTTLS before it.
fn connection(seeds: &mut Vec<Seed>, name: &str, choice: Choice, said: &[Vec<u8>]) {
    let stream = said.concat();
    let name = |kind: &str| format!("{}-{name}{kind}", side(choice));
    let plain = [&choice.bytes()[..], &[0, 0], &stream].concat();
    seeds.push(("connection", name(""), plain));
    // Each piece arrives, is read and answered; then the application writes, or renews its keys.
    let mut actions = Vec::new();
    for (round, piece) in said.iter().enumerate() {
        let (many, few) = (piece.len() / 64, piece.len() % 64);
        actions.extend([1, many as u8, 0, few as u8, 3, 12, 0, 13, 0, 3, 5, 7, 255]);
        match round {
            6 => actions.extend([6, 3, 22, 16, 1, b'e']),
            8 => actions.push(11),
            _ => {}
        }
    }
    actions.truncate(255);
    let mut ask = choice.bytes();
    if choice.has(Choice::SERVER) {
        ask[1] |= Choice::ASK as u8;
    }
    let busy = [&ask[..], &[0x2b, actions.len() as u8], &actions, &stream].concat();
    seeds.push(("connection", name("-busy"), busy));
    let mut late = choice.bytes();
    late[1] |= Choice::STARTTLS as u8;
    let greeting = b"220 ready\r\n";
    let actions = [0, greeting.len() as u8, 3, 7, 2, 6, 1, 19, 0, 3, 5];
    let late = [
        &late[..],
        &[0, actions.len() as u8],
        &actions,
        greeting,
        &stream,
    ]
    .concat();
    seeds.push(("connection", name("-starttls"), late));
    if choice.signs() {
        for (kind, actions) in signings(said, choice) {
            let head = [&choice.bytes()[..], &[0, actions.len() as u8]].concat();
            let input = [&head[..], &actions, &stream].concat();
            seeds.push(("connection", name(kind), input));
        }
    }
}

/// An application that does otherwise than to sign as it should.
fn signings(said: &[Vec<u8>], choice: Choice) -> Vec<(&'static str, Vec<u8>)> {
    let answering = |how| {
        let pieces = said.iter().filter(|piece| !piece.is_empty());
        let answered = pieces.map(|piece| {
            let (many, few) = (piece.len() / 64, piece.len() % 64);
            [1, many as u8, 0, few as u8, 3, 13, how, 3, 5]
        });
        answered.flatten().collect()
    };
    let asked = [1, 255, 3];
    let too_late = [&asked[..], &[14, 255, 3]].concat();
    let cut = [&asked[..], &[18, 3, 3]].concat();
    let mut signings = vec![
        ("-refused", answering(1)),
        ("-clumsy", answering(3)),
        ("-unanswered", too_late),
        ("-cut", cut),
    ];
    // What a real peer has said was about the right one.
    if !choice.has(Choice::REAL) {
        signings.push(("-wrong", answering(2)));
    }
    signings
}

fn differential(seeds: &mut Vec<Seed>, name: &str, choice: Choice, said: &[Vec<u8>]) {
    let is_server = u8::from(choice.has(Choice::SERVER));
    let is_old = u8::from(choice.has(Choice::OLD));
    let first = is_server | is_old << 1;
    for cut in [0, 4, 255] {
        let input = [&[first, cut][..], &said.concat()].concat();
        seeds.push((
            "differential",
            format!("{}-{name}-{cut}", side(choice)),
            input,
        ));
    }
}

/// Sessions in TLS 1.3 with certificates, whole, and with actions between what the peer says.
fn engines(seeds: &mut Vec<Seed>) {
    let careful = Choice::TRUST | Choice::VERIFY;
    let mutual = careful | Choice::IDENTITY;
    let held = Choice::VERIFY | Choice::HOLD | Choice::IDENTITY;
    for (name, bits) in [
        ("careless", 0),
        ("careful", careful),
        ("tickets", careful | Choice::TICKETS),
        ("mutual", mutual),
        ("mutual-tickets", mutual | Choice::TICKETS),
        ("held", held),
        ("external", Choice::HOLD),
        ("retry", Choice::RETRY),
        ("signed", mutual | Choice::SIGN),
        ("signed-retry", mutual | Choice::SIGN | Choice::RETRY),
        ("signed-resumed", mutual | Choice::SIGN | Choice::RESUME),
        ("resumed", careful | Choice::RESUME),
        (
            "resumed-tickets",
            careful | Choice::RESUME | Choice::TICKETS,
        ),
        ("resumed-mutual", mutual | Choice::RESUME),
        ("resumed-held", held | Choice::TRUST | Choice::RESUME),
        ("resumed-retry", careful | Choice::RESUME | Choice::RETRY),
    ] {
        for choice in [bits, bits | Choice::SERVER] {
            let choice = Choice::new(choice).with(Choice::NEW);
            let said = fitted_session(choice);
            let name = |kind| format!("{}-{name}{kind}", side(choice));
            let mut seed = |kind, [high, low]: [u8; 2], limits, actions: &[u8]| {
                let head = [high, low, limits, actions.len() as u8];
                let input = [&head[..], actions, &said.concat()].concat();
                seeds.push(("engines", name(kind), input));
            };
            seed("", choice.bytes(), 0, &[]);
            // Each piece arrives and is answered.
            let mut actions = Vec::new();
            for (round, piece) in said.iter().enumerate() {
                let (many, few) = (piece.len() / 64, piece.len() % 64);
                actions.extend([1, many as u8, 0, few as u8, 11, 3, 0, 4, 0]);
                match round {
                    4 => actions.extend([7, 16, 1, b'e', 2, 3]),
                    6 => actions.extend([6, 5, 10]),
                    _ => {}
                }
            }
            actions.truncate(255);
            let asks = match choice.has(Choice::SERVER) {
                true => choice.with(Choice::ASK),
                false => choice,
            };
            let circumstances = match choice.signs() {
                true => 0x6b,
                false => 0x2b,
            };
            seed("-busy", asks.bytes(), circumstances, &actions);
            seed("-timeless", choice.bytes(), NO_WALL_CLOCK, &[]);
            // Who goes on with a session signs nothing.
            if choice.signs() && !choice.has(Choice::RESUME) {
                for (kind, how) in [("-refused", 1), ("-wrong", 2), ("-clumsy", 3)] {
                    seed(kind, choice.bytes(), how << 5, &[]);
                }
            }
        }
    }
    // What a client takes, and what it has a share of.
    let choice = Choice::new(Choice::SERVER).with(Choice::NEW);
    let stream = fitted_session(choice).concat();
    for (groups, shares) in [
        (&[1, 0][..], &[0][..]),
        (&[1, 0], &[0, 1]),
        (&[0, 1], &[1]),
        (&[0, 1], &[1, 0]),
        (&[1, 0], &[]),
        (&[0], &[0, 0]),
    ] {
        let [high, low] = choice.bytes();
        let stream = fitted::with_groups(&stream, groups, shares);
        let name = format!("server-groups-{groups:?}-shares-{shares:?}");
        let name = name.replace(['[', ']', ' '], "").replace(',', "");
        seeds.push(("engines", name, [&[high, low, 0, 0][..], &stream].concat()));
    }
}

/// A session with the fixed words in it for what another end offers and issues.
fn fitted_session(choice: Choice) -> Vec<Vec<u8>> {
    let (config, of_peer) = (choice.config(1), choice.peer().config(2));
    let mut tickets = Vec::new();
    if choice.has(Choice::RESUME) {
        tickets = fitted::tickets(&meet(choice, &config, &of_peer, true));
        assert!(!tickets.is_empty(), "{choice:?}");
    }
    let mut said = session_under(choice, &config, &of_peer);
    match choice.has(Choice::SERVER) {
        true => fitted::unfit_tickets(&mut said, &tickets),
        false => fitted::unfit_session_id(&mut said),
    }
    said
}

/// The peer's first message, whole and in pieces.
fn hellos(seeds: &mut Vec<Seed>, name: &str, choice: Choice, said: &[Vec<u8>]) {
    const HEADER: usize = 5;
    let stream = said.concat();
    let [22, _, _, high, low, ..] = stream[..] else {
        return;
    };
    let record = HEADER + (usize::from(high) << 8 | usize::from(low));
    let body = &stream[HEADER..record];
    let message = 4 + (usize::from(body[2]) << 8 | usize::from(body[3]));
    let message = &body[..message];
    let is_client = u8::from(!choice.has(Choice::SERVER));
    let first = is_client | u8::from(choice.has(Choice::OLD)) << 1;
    for cuts in [&[][..], &[1], &[3, 50, 2]] {
        let input = [&[first, cuts.len() as u8], cuts, message].concat();
        let name = format!("{}-{name}-{}", side(choice), cuts.len());
        seeds.push(("hellos", name, input));
    }
}

/// Data, padded and not, an empty record, an alert, a KeyUpdate, a ticket, and records that are none.
fn records(seeds: &mut Vec<Seed>) {
    let data: &[u8] = &[3, 4, b'd', b'a', b't', b'a'];
    let padded = &[0x53, 3, b'p', b'a', b'd'];
    let long = &[&[0x0b, 1, 0][..], &[b'l'; 256]].concat();
    let empty = &[3, 0];
    let update = &[2, 5, 24, 0, 0, 1, 1];
    let ticket = &[
        &[2, 17, 4, 0, 0, 13][..],
        &[0, 0, 0, 9, 1, 2, 3, 4, 0, 0, 0, 0, 0],
    ]
    .concat();
    let warning = &[1, 2, 1, 90];
    let close = &[1, 2, 1, 0];
    let clear = &[0xe3, 4, b'd', b'a', b't', b'a'];
    let raw = &[0xf3, 7, 23, 3, 3, 0, 2, 1, 2];
    for first in 0..4u8 {
        for step in [0, 60] {
            let first = first | step << 2;
            let session = [
                &[first][..],
                data,
                padded,
                long,
                empty,
                update,
                ticket,
                warning,
                close,
            ];
            let ends = [("session", session.concat())]
                .into_iter()
                .chain([("clear", [&[first][..], data, clear].concat())])
                .chain([("raw", [&[first][..], data, raw].concat())]);
            for (name, input) in ends {
                seeds.push(("records", format!("{name}-{first}"), input));
            }
        }
    }
}
