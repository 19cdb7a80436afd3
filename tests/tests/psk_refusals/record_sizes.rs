//! How large records may be: record_size_limit (RFC 8449) and max_fragment_length (RFC 6066 §4), asked for,
//! answered, held to, and broken.

use sslcore::{FailureKind, Fault, ServerConfig};
use sslcore_tests::hello::{ServerHello, number, vector16};
use sslcore_tests::pair::{End, backend};
use sslcore_tests::sealing::{ALERT, DATA, Direction, HANDSHAKE, record, records};

use super::client::Client;
use super::keys::entry;
use super::server::{Finishing, Server};
use super::stage::{
    ILLEGAL, MALFORMED, Refusal, TOO_LARGE, UNSOLICITED, calling, calling_on, client, lent,
    refusal, server, waiting, waiting_on,
};

/// A receive buffer, and the limit that follows from it: 21 bytes less.
const ROOM: usize = 2048;
const LIMIT: [u8; 2] = 2027u16.to_be_bytes();
/// What header and tag add.
const OVERHEAD: usize = 5 + 16;

/// What a client on this buffer asks for: the limit, and the fragment length.
fn asked(end: &mut End) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
    Server::hear(end).hello.extensions().record_sizes()
}

#[test]
fn a_client_asks_for_small_records_where_it_has_no_room_for_others() {
    let both = (Some(LIMIT.to_vec()), Some(vec![2]));
    assert_eq!(asked(&mut calling_on(lent(ROOM), client())), both);
    let least = (Some(vec![1, 0xeb]), None);
    assert_eq!(asked(&mut calling_on(lent(512), client())), least);
    assert_eq!(asked(&mut calling_on(lent(16_406), client())), (None, None));
    assert_eq!(asked(&mut calling(client())), (None, None));
}

/// A client on a small buffer whose server has answered this in its EncryptedExtensions.
fn agreed(answer: &[(u16, &[u8])]) -> (Finishing, End) {
    let mut end = calling_on(lent(ROOM), client());
    let mut server = Server::hear(&mut end);
    for (number, content) in answer {
        server.extensions.add(*number, content);
    }
    let finishing = server.greet(&mut end).finish(&mut end);
    (finishing, end)
}

/// The lengths of what is sealed in records.
fn inner_lengths(bytes: &[u8]) -> Vec<usize> {
    let records = records(bytes);
    let sealed = records.iter().filter(|record| record[0] == DATA);
    sealed.map(|record| record.len() - OVERHEAD).collect()
}

/// What is sealed in the records of so much data, the last one first, and after a change of keys.
fn written(end: &mut End, len: usize) -> Vec<usize> {
    let mut lengths = Vec::new();
    for _ in 0..2 {
        end.write(&vec![7; len]);
        lengths.push(inner_lengths(&end.take()));
        end.conn.update_keys().expect("encrypted");
        end.take();
    }
    assert_eq!(lengths[0], lengths[1], "with another key");
    lengths.remove(0)
}

#[test]
fn a_client_holds_itself_to_what_the_server_asks_for() {
    for (limit, most) in [(64, 64), (1000, 1000), (16_384, 16_384), (16_385, 16_385)] {
        let limit: u16 = limit;
        let answer = [(number::RECORD_SIZE_LIMIT, &limit.to_be_bytes()[..])];
        let (finishing, mut end) = agreed(&answer);
        finishing.complete(&mut end);
        let content = most - 1;
        let lengths = written(&mut end, 2 * content + 10);
        assert_eq!(lengths, [most, most, 11], "{limit}");
    }
    let (finishing, mut end) = agreed(&[(number::MAX_FRAGMENT_LENGTH, &[2])]);
    finishing.complete(&mut end);
    assert_eq!(written(&mut end, 2058), [1025, 1025, 11]);
    // Nobody has asked for less.
    let (finishing, mut end) = agreed(&[]);
    finishing.complete(&mut end);
    assert_eq!(written(&mut end, 16_394), [16_385, 11]);
}

/// Whether the client takes data in a record with so much content and padding: under its first key as under
/// the next.
#[track_caller]
fn takes(answer: &[(u16, &[u8])], content: usize, padding: usize) -> Result<(), Refusal> {
    let taken = [false, true].map(|renews| {
        let (finishing, mut end) = agreed(answer);
        let (secrets, keys) = (finishing.application.clone(), finishing.keys.clone());
        let [mut tx, mut rx] = finishing.complete(&mut end);
        if renews {
            end.give(&tx.seal(HANDSHAKE, &[24, 0, 0, 1, 0], 0), usize::MAX);
            tx = keys.direction(&keys.next(&secrets[1]));
        }
        end.give(&tx.seal(DATA, &vec![7; content], padding), usize::MAX);
        if end.conn.failure().is_some() {
            return Err(refusal("a record", &mut end, Some(&mut rx)));
        }
        assert_eq!(end.read_all().len(), content);
        Ok(())
    });
    assert_eq!(taken[0], taken[1]);
    taken[0]
}

#[test]
fn a_record_larger_than_was_agreed_upon_is_the_servers_fault() {
    let limit = [(number::RECORD_SIZE_LIMIT, &[0x40, 1][..])];
    assert_eq!(takes(&limit, 2026, 0), Ok(()));
    assert_eq!(takes(&limit, 0, 2026), Ok(()));
    assert_eq!(takes(&limit, 2027, 0), Err(TOO_LARGE));
    assert_eq!(takes(&limit, 2026, 1), Err(TOO_LARGE));
    assert_eq!(takes(&limit, 16_384, 0), Err(TOO_LARGE));
    let length = [(number::MAX_FRAGMENT_LENGTH, &[2][..])];
    assert_eq!(takes(&length, 1024, 0), Ok(()));
    assert_eq!(takes(&length, 1025, 0), Err(TOO_LARGE));
}

/// Nobody is to blame where nothing was agreed upon.
#[test]
fn without_an_answer_a_record_that_does_not_fit_finds_the_buffer_too_small() {
    assert_eq!(takes(&[], 2026, 0), Ok(()));
    for content in [2027, 16_384] {
        let (finishing, mut end) = agreed(&[]);
        let [mut tx, mut rx] = finishing.complete(&mut end);
        let record = tx.seal(DATA, &vec![7; content], 0);
        end.give(&record[..5], usize::MAX);
        let failure = end.conn.failure().expect("failed");
        let needed = record.len();
        assert_eq!(failure.kind(), FailureKind::BufferTooSmall { needed });
        assert_ne!(failure.fault(), Fault::Peer);
        assert_eq!(rx.open(&end.take()), (ALERT, vec![2, 47]));
    }
}

#[test]
fn what_is_agreed_upon_counts_from_the_record_behind_it() {
    for (padding, expected) in [(2027 - 37, None), (2027 - 36, Some(TOO_LARGE))] {
        let mut end = calling_on(lent(ROOM), client());
        let mut server = Server::hear(&mut end);
        server.extensions.add(number::RECORD_SIZE_LIMIT, &[1, 0]);
        let mut answering = server.greet(&mut end);
        let [extensions, finished] = answering.flight();
        end.give(&answering.tx.seal(HANDSHAKE, &extensions, 500), usize::MAX);
        let finished = answering.tx.seal(HANDSHAKE, &finished, padding);
        end.give(&finished, usize::MAX);
        match expected {
            None => assert!(end.conn.is_encrypted(), "{:?}", end.conn),
            Some(expected) => {
                let said = refusal("Finished", &mut end, Some(&mut answering.rx));
                assert_eq!(said, expected);
            }
        }
    }
}

#[test]
fn a_server_that_answers_what_cannot_be_is_refused() {
    type Row = (&'static str, u16, &'static [u8], Refusal);
    let rows: [Row; 13] = [
        ("a limit of 0", number::RECORD_SIZE_LIMIT, &[0, 0], ILLEGAL),
        ("of 63", number::RECORD_SIZE_LIMIT, &[0, 63], ILLEGAL),
        ("of 16,386", number::RECORD_SIZE_LIMIT, &[0x40, 2], ILLEGAL),
        ("of 65,535", number::RECORD_SIZE_LIMIT, &[255, 255], ILLEGAL),
        ("nothing", number::RECORD_SIZE_LIMIT, &[], MALFORMED),
        ("a byte", number::RECORD_SIZE_LIMIT, &[64], MALFORMED),
        (
            "three bytes",
            number::RECORD_SIZE_LIMIT,
            &[0, 64, 0],
            MALFORMED,
        ),
        ("another length", number::MAX_FRAGMENT_LENGTH, &[1], ILLEGAL),
        (
            "a longer length",
            number::MAX_FRAGMENT_LENGTH,
            &[3],
            ILLEGAL,
        ),
        ("length 0", number::MAX_FRAGMENT_LENGTH, &[0], ILLEGAL),
        ("length 5", number::MAX_FRAGMENT_LENGTH, &[5], ILLEGAL),
        ("no length", number::MAX_FRAGMENT_LENGTH, &[], MALFORMED),
        (
            "two lengths",
            number::MAX_FRAGMENT_LENGTH,
            &[2, 2],
            MALFORMED,
        ),
    ];
    let refused = |what: &str, room: usize, answer: &[(u16, &[u8])]| {
        let mut end = calling_on(lent(room), client());
        let mut server = Server::hear(&mut end);
        let answer = answer
            .iter()
            .map(|(number, content)| (*number, content.to_vec()));
        server.extensions.0 = answer.collect();
        let mut answering = server.greet(&mut end);
        let flight = answering.flight().concat();
        end.give(&answering.tx.seal(HANDSHAKE, &flight, 0), usize::MAX);
        refusal(what, &mut end, Some(&mut answering.rx))
    };
    for (what, number, content, expected) in rows {
        assert_eq!(
            refused(what, ROOM, &[(number, content)]),
            expected,
            "{what}"
        );
    }
    let limit = (number::RECORD_SIZE_LIMIT, &LIMIT[..]);
    let length = (number::MAX_FRAGMENT_LENGTH, &[2][..]);
    assert_eq!(refused("both", ROOM, &[limit, length]), ILLEGAL);
    assert_eq!(refused("both", ROOM, &[length, limit]), ILLEGAL);
    assert_eq!(refused("twice", ROOM, &[limit, limit]), ILLEGAL);
    // What was not asked for has no answer: with room for a full record, or for no fragment.
    assert_eq!(refused("a limit", 20_000, &[limit]), UNSOLICITED);
    assert_eq!(refused("a length", 20_000, &[length]), UNSOLICITED);
    assert_eq!(refused("a length", 512, &[length]), UNSOLICITED);
}

/// RFC 8446 §4.2: neither stands in a hello of the server's.
#[test]
fn a_hello_that_answers_is_refused() {
    for (number, content) in [
        (number::RECORD_SIZE_LIMIT, &LIMIT[..]),
        (number::MAX_FRAGMENT_LENGTH, &[2]),
    ] {
        let refused = |hello: &dyn Fn(&Server) -> ServerHello| {
            let mut end = calling_on(lent(ROOM), client());
            let server = Server::hear(&mut end);
            let mut hello = hello(&server);
            hello.extensions.add(number, content);
            end.give(&record(HANDSHAKE, &hello.encode()), usize::MAX);
            refusal("a hello", &mut end, None)
        };
        assert_eq!(refused(&|server| server.answer.clone()), ILLEGAL);
        assert_eq!(refused(&Server::retry), ILLEGAL);
    }
}

#[test]
fn a_second_hello_asks_for_the_same() {
    let mut end = calling_on(lent(ROOM), client());
    let mut server = Server::hear(&mut end);
    let retry = server.retry();
    server.ask_again(&mut end, &retry);
    let extensions = server.hello.extensions();
    assert_eq!(*extensions.get(number::RECORD_SIZE_LIMIT), LIMIT);
    assert_eq!(*extensions.get(number::MAX_FRAGMENT_LENGTH), [2]);
    server.extensions.add(number::RECORD_SIZE_LIMIT, &[1, 0]);
    let finishing = server.greet(&mut end).finish(&mut end);
    finishing.complete(&mut end);
    assert_eq!(written(&mut end, 300), [256, 46]);
}

/// A client that asks for these, and what a server with this buffer answers.
fn answered(room: usize, asked: &[(u16, &[u8])]) -> Result<[Option<Vec<u8>>; 2], Refusal> {
    let mut client = Client::default();
    asked
        .iter()
        .for_each(|(number, content)| client.add(*number, content));
    let mut end = waiting_on(lent(room), server());
    let own = client.message();
    end.give(&record(HANDSHAKE, &own), usize::MAX);
    if end.conn.failure().is_some() {
        return Err(refusal("a hello", &mut end, None));
    }
    let mut answered = client.hear(&own, &end.take());
    answered.complete(&mut end);
    let extensions = &mut answered.extensions;
    let mut content = |number| {
        extensions
            .has(number)
            .then(|| extensions.get(number).clone())
    };
    Ok([
        content(number::RECORD_SIZE_LIMIT),
        content(number::MAX_FRAGMENT_LENGTH),
    ])
}

#[test]
fn a_server_answers_what_it_is_asked() {
    use self::number::{MAX_FRAGMENT_LENGTH as LENGTH, RECORD_SIZE_LIMIT};
    let ours = || Ok([Some(LIMIT.to_vec()), None]);
    assert_eq!(answered(ROOM, &[]), Ok([None, None]));
    for limit in [[0, 64], [0x40, 0], [0x40, 1], [0x40, 2], [255, 255]] {
        assert_eq!(answered(ROOM, &[(RECORD_SIZE_LIMIT, &limit)]), ours());
    }
    // One that has room for all says so.
    let full = Ok([Some(vec![0x40, 1]), None]);
    assert_eq!(answered(20_000, &[(RECORD_SIZE_LIMIT, &[1, 0])]), full);
    for length in 1..=4 {
        let same = Ok([None, Some(vec![length])]);
        assert_eq!(answered(ROOM, &[(LENGTH, &[length])]), same);
    }
    // Beside a limit a length means nothing, whatever it is.
    for length in [&[2][..], &[9], &[]] {
        let both = [(RECORD_SIZE_LIMIT, &[1, 0][..]), (LENGTH, length)];
        assert_eq!(answered(ROOM, &both), ours());
    }
    for (number, content, expected) in [
        (RECORD_SIZE_LIMIT, &[0, 63][..], ILLEGAL),
        (RECORD_SIZE_LIMIT, &[0, 0], ILLEGAL),
        (RECORD_SIZE_LIMIT, &[], MALFORMED),
        (RECORD_SIZE_LIMIT, &[64], MALFORMED),
        (RECORD_SIZE_LIMIT, &[0, 64, 0], MALFORMED),
        (LENGTH, &[0], ILLEGAL),
        (LENGTH, &[5], ILLEGAL),
        (LENGTH, &[], MALFORMED),
        (LENGTH, &[1, 1], MALFORMED),
    ] {
        let refused = answered(ROOM, &[(number, content)]);
        assert_eq!(refused, Err(expected), "{number} {content:?}");
    }
    let twice = [
        (RECORD_SIZE_LIMIT, &[1, 0][..]),
        (RECORD_SIZE_LIMIT, &[1, 0]),
    ];
    assert_eq!(answered(ROOM, &twice), Err(ILLEGAL));
}

/// Before anybody is asked for a key.
#[test]
fn a_hello_that_asks_for_what_cannot_be_asks_nobody_for_keys() {
    for (content, expected) in [(&[0, 63][..], Some(ILLEGAL)), (&[0, 64], None)] {
        let mut client = Client::default();
        client.add(number::RECORD_SIZE_LIMIT, content);
        let asking = ServerConfig::builder(backend()).ask_for_pre_shared_keys();
        let mut end = waiting_on(lent(ROOM), asking);
        end.give(&client.record(), usize::MAX);
        match expected {
            Some(expected) => assert_eq!(refusal("a hello", &mut end, None), expected),
            None => assert!(end.conn.psk_request().is_some()),
        }
    }
}

/// From its EncryptedExtensions on: they are under a key.
#[test]
fn a_server_holds_itself_to_what_the_client_asks_for() {
    for (number, content, most) in [
        (number::RECORD_SIZE_LIMIT, &[0, 64][..], 64),
        (number::RECORD_SIZE_LIMIT, &[2, 0], 512),
        (number::MAX_FRAGMENT_LENGTH, &[1], 513),
    ] {
        let mut client = Client::default();
        client.add(number, content);
        client.add(number::ALPN, &[&[0, 101, 100][..], &[b'x'; 100]].concat());
        let name = [b'x'; 100];
        let mut end = waiting(server().alpn(&[&name]));
        let own = client.message();
        end.give(&record(HANDSHAKE, &own), usize::MAX);
        let bytes = end.take();
        let lengths = inner_lengths(&bytes);
        assert!(lengths.iter().all(|len| *len <= most), "{lengths:?}");
        assert_eq!(lengths.len() > 2, most == 64, "{lengths:?}");
        let mut answered = client.hear(&own, &bytes);
        answered.complete(&mut end);
        let lengths = written(&mut end, 2 * (most - 1) + 10);
        assert_eq!(lengths, [most, most, 11]);
    }
}

#[test]
fn a_record_larger_than_was_agreed_upon_is_the_clients_fault() {
    let greeted = |number, content: &[u8]| {
        let mut client = Client::default();
        client.add(number, content);
        let mut end = waiting_on(lent(ROOM), server());
        let answered = client.greet(&mut end);
        (answered, end)
    };
    for (number, content, most) in [
        (number::RECORD_SIZE_LIMIT, &[0x40, 1][..], 2027),
        (number::MAX_FRAGMENT_LENGTH, &[1], 513),
    ] {
        for over in [0, 1] {
            let (mut answered, mut end) = greeted(number, content);
            let finished = answered.finished();
            let padding = most + over - 1 - finished.len();
            let finished = answered.tx.seal(HANDSHAKE, &finished, padding);
            end.give(&finished, usize::MAX);
            match over {
                0 => assert!(end.conn.is_encrypted(), "{:?}", end.conn),
                _ => {
                    let said = refusal("Finished", &mut end, Some(&mut answered.rx));
                    assert_eq!(said, TOO_LARGE);
                }
            }
            let (mut answered, mut end) = greeted(number, content);
            answered.complete(&mut end);
            let mut tx: Direction = answered.keys.direction(&answered.application[0]);
            tx.seal(DATA, b"as before", 0);
            let data = tx.seal(DATA, &vec![7; most + over - 1], 0);
            end.give(&data, usize::MAX);
            match over {
                0 => assert_eq!(end.read_all().len(), most - 1),
                _ => {
                    let said = refusal("data", &mut end, Some(&mut answered.rx));
                    assert_eq!(said, TOO_LARGE);
                }
            }
        }
    }
}

#[test]
fn a_second_hello_that_asks_for_something_else_is_refused() {
    for change in [
        |client: &mut Client| *client.extension(number::RECORD_SIZE_LIMIT) = vec![1, 1],
        |client: &mut Client| client.remove(number::RECORD_SIZE_LIMIT),
        |client: &mut Client| client.add(number::MAX_FRAGMENT_LENGTH, &[1]),
    ] {
        let mut client = Client::default();
        client.add(number::RECORD_SIZE_LIMIT, &[1, 0]);
        let mut end = waiting_on(lent(ROOM), server().groups(&["P-256"]));
        client.retry(&mut end);
        change(&mut client);
        end.give(&client.record(), usize::MAX);
        assert_eq!(refusal("a second hello", &mut end, None), ILLEGAL);
    }
}

/// What was sent before anything was agreed upon is no breach of it (RFC 8449 §4).
#[test]
fn early_data_in_large_records_is_dropped_beside_a_small_limit() {
    let mut client = Client::default();
    client.add(number::EARLY_DATA, &[]);
    client.add(number::MAX_FRAGMENT_LENGTH, &[1]);
    let mut end = waiting(server());
    let mut answered = client.greet(&mut end);
    end.give(&record(DATA, &[0xe0; 5000]), usize::MAX);
    assert!(end.conn.failure().is_none(), "{:?}", end.conn.failure());
    // Whatever can be opened is later.
    let finished = answered.finished();
    let padding = 514 - 1 - finished.len();
    let finished = answered.tx.seal(HANDSHAKE, &finished, padding);
    end.give(&finished, usize::MAX);
    let said = refusal("Finished", &mut end, Some(&mut answered.rx));
    assert_eq!(said, TOO_LARGE);
}

/// What is in the clear has no limit (RFC 8449 §4), but fragments of a length are cut there, too
/// (RFC 6066 §4).
#[test]
fn only_a_fragment_length_cuts_a_server_hello() {
    const HYBRID: u16 = 0x11ec;
    let kem = aws_lc_rs::kem::DecapsulationKey::generate(&aws_lc_rs::kem::ML_KEM_768);
    let kem = kem.expect("a key").encapsulation_key().expect("its half");
    let kem = kem.key_bytes().expect("bytes");
    for (number, content, expected) in [
        (number::RECORD_SIZE_LIMIT, &[0, 64][..], &[1216][..]),
        (number::MAX_FRAGMENT_LENGTH, &[1], &[512, 512, 192]),
        (number::MAX_FRAGMENT_LENGTH, &[2], &[1024, 192]),
    ] {
        let mut client = Client::default();
        let share = [kem.as_ref(), &client.pair.share()].concat();
        client.share(&entry(HYBRID, &share));
        *client.extension(number::SUPPORTED_GROUPS) = vector16(&HYBRID.to_be_bytes());
        client.add(number, content);
        let mut end = waiting(server());
        end.give(&client.record(), usize::MAX);
        let bytes = end.take();
        let records = records(&bytes);
        let clear = records.iter().filter(|record| record[0] == HANDSHAKE);
        let lengths: Vec<usize> = clear.map(|record| record.len() - 5).collect();
        assert_eq!(lengths, expected);
    }
}
