//! Early data that nobody here allows (RFC 8446 §4.2.10).

use sslcore_tests::hello::number;
use sslcore_tests::pair::End;
use sslcore_tests::sealing::{DATA, HANDSHAKE, record};

use super::client::{Answered, Client};
use super::stage::{BAD_RECORD, UNEXPECTED, key, refusal, server, waiting};

/// What protection adds: the content type and the tag.
const OVERHEAD: usize = 17;

fn greeted(early: bool) -> (Answered, End) {
    let mut client = Client::default();
    if early {
        client.add(number::EARLY_DATA, &[]);
    }
    let mut end = waiting(server());
    let answered = client.greet(&mut end);
    assert!(early || !answered.extensions.has(number::EARLY_DATA));
    (answered, end)
}

/// Records that nobody can open, with so much early data in them.
fn early(mut len: usize) -> Vec<u8> {
    let mut all = Vec::new();
    while len > 0 {
        let now = len.min(5000);
        all.extend(record(DATA, &vec![0xe0; now + OVERHEAD]));
        len -= now;
    }
    all
}

#[test]
fn early_data_is_dropped_up_to_16_kilobytes() {
    let (mut answered, mut end) = greeted(true);
    end.give(&early(16 * 1024), usize::MAX);
    answered.complete(&mut end);
    let (mut answered, mut end) = greeted(true);
    end.give(&early(16 * 1024 + 1), usize::MAX);
    let refused = refusal("more", &mut end, Some(&mut answered.rx));
    assert_eq!(refused, UNEXPECTED);
}

#[test]
fn early_data_that_nobody_announced_is_a_damaged_record() {
    let (mut answered, mut end) = greeted(false);
    end.give(&early(1), usize::MAX);
    let refused = refusal("", &mut end, Some(&mut answered.rx));
    assert_eq!(refused, BAD_RECORD);
}

fn retried() -> (Client, End) {
    let mut client = Client::default();
    client.add(number::EARLY_DATA, &[]);
    let mut end = waiting(server().groups(&["P-256"]));
    client.retry(&mut end);
    (client, end)
}

#[test]
fn early_data_behind_a_retry_is_dropped_until_the_second_hello() {
    let (client, mut end) = retried();
    end.give(&early(16 * 1024), usize::MAX);
    client.greet(&mut end).complete(&mut end);
    let (_, mut end) = retried();
    end.give(&early(16 * 1024 + 1), usize::MAX);
    assert_eq!(refusal("more", &mut end, None), UNEXPECTED);
}

#[test]
fn behind_the_second_hello_there_is_no_early_data() {
    let (client, mut end) = retried();
    let mut answered = client.greet(&mut end);
    end.give(&early(1), usize::MAX);
    let refused = refusal("", &mut end, Some(&mut answered.rx));
    assert_eq!(refused, BAD_RECORD);
}

#[test]
fn early_data_inside_a_cut_hello_is_refused() {
    let (client, mut end) = retried();
    let message = client.message();
    end.give(&record(HANDSHAKE, &message[..100]), usize::MAX);
    end.give(&early(1), usize::MAX);
    assert_eq!(refusal("", &mut end, None), UNEXPECTED);
}

#[test]
fn early_data_waits_while_keys_are_asked_for_and_is_dropped_then() {
    let mut client = Client::default();
    client.add(number::EARLY_DATA, &[]);
    let mut end = waiting(server().ask_for_pre_shared_keys());
    let own = client.message();
    end.give(&record(HANDSHAKE, &own), usize::MAX);
    end.give(&early(9000), usize::MAX);
    let id = end.conn.psk_request().expect("a question").id;
    end.conn.provide_psk(id, &[key()]).expect("open");
    let answer = end.take();
    client.hear(&own, &answer).complete(&mut end);
}
