//! Handshakes that are given up at any step of theirs: the goodbye is protected as the peer expects it.

use sslcore::{Event, Progress};
use sslcore_tests::pair::End;
use sslcore_tests::sealing::{ALERT, CHANGE_CIPHER_SPEC, DATA, HANDSHAKE, record, records};

use super::client::Client;
use super::server::Server;
use super::stage::{calling, client, server, waiting};

/// user_canceled, then close_notify (RFC 8446 §6.1).
const GOODBYE: [(u8, [u8; 2]); 2] = [(ALERT, [1, 90]), (ALERT, [1, 0])];

fn drain(end: &mut End, sent: &mut Vec<u8>) {
    while let Some(event) = end.conn.poll_event() {
        end.events.push(event);
    }
    let n = end.conn.transmit().len();
    sent.extend_from_slice(end.conn.transmit());
    end.conn.transmitted(n).expect("shown");
}

/// What `end` sends when it is closed behind so many steps; `None` when it comes to rest before.
fn closed_behind(steps: usize, end: &mut End, heard: &[u8]) -> Option<Vec<u8>> {
    let taken = end.conn.receive(heard).expect("open");
    assert_eq!(taken, heard.len());
    let mut sent = Vec::new();
    for _ in 0..steps {
        let progress = end.conn.process(end.now());
        drain(end, &mut sent);
        if progress == Progress::Idle {
            return None;
        }
    }
    end.conn.close();
    sent.extend(end.take());
    Some(sent)
}

/// The records before the goodbye, and the goodbye.
fn split(sent: &[u8]) -> (Vec<&[u8]>, Vec<&[u8]>) {
    let mut records = records(sent);
    let goodbye = records.split_off(records.len() - GOODBYE.len());
    (records, goodbye)
}

fn assert_clear(goodbye: &[&[u8]]) {
    for (said, (content, body)) in goodbye.iter().zip(GOODBYE) {
        assert_eq!(said[..], record(content, &body));
    }
}

#[test]
fn a_server_says_goodbye_under_the_keys_that_its_last_flight_has_told() {
    let mut sealed = Vec::new();
    for steps in 0.. {
        let client = Client::default();
        let own = client.message();
        let mut end = waiting(server());
        let Some(sent) = closed_behind(steps, &mut end, &record(HANDSHAKE, &own)) else {
            break;
        };
        let (before, goodbye) = split(&sent);
        sealed.push(!before.is_empty());
        if before.is_empty() {
            assert_clear(&goodbye);
            continue;
        }
        let mut answered = client.hear(&own, &before.concat());
        for (said, (content, body)) in goodbye.into_iter().zip(GOODBYE) {
            assert_eq!(answered.rx.open(said), (content, body.to_vec()), "{steps}");
        }
    }
    assert!(sealed.contains(&false) && sealed.contains(&true) && sealed.is_sorted());
}

#[test]
fn a_server_that_has_asked_again_says_goodbye_in_the_clear_until_it_has_answered() {
    let mut sealed = Vec::new();
    for steps in 0.. {
        let mut client = Client::default();
        let mut end = waiting(server().groups(&["P-256"]));
        client.retry(&mut end);
        let own = client.message();
        let Some(sent) = closed_behind(steps, &mut end, &record(HANDSHAKE, &own)) else {
            break;
        };
        let (before, goodbye) = split(&sent);
        sealed.push(!before.is_empty());
        if before.is_empty() {
            assert_clear(&goodbye);
            continue;
        }
        let mut answered = client.hear(&own, &before.concat());
        for (said, (content, body)) in goodbye.into_iter().zip(GOODBYE) {
            assert_eq!(answered.rx.open(said), (content, body.to_vec()), "{steps}");
        }
    }
    assert!(sealed.contains(&false) && sealed.contains(&true) && sealed.is_sorted());
}

/// How far a client has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Hello,
    Keyed,
    Encrypted,
}

#[test]
fn a_client_says_goodbye_under_the_keys_that_it_has() {
    let mut stages = Vec::new();
    for steps in 0.. {
        let mut end = calling(client());
        let mut server = Server::hear(&mut end);
        let mut answering = server.answering();
        let flight = answering.flight().concat();
        let heard = [
            record(HANDSHAKE, &answering.server_hello),
            answering.tx.seal(HANDSHAKE, &flight, 0),
        ];
        let Some(sent) = closed_behind(steps, &mut end, &heard.concat()) else {
            break;
        };
        if end.saw(Event::Encrypted) {
            // Then it closes as any connection does.
            let said = records(&sent);
            assert_eq!(said[0][..], record(CHANGE_CIPHER_SPEC, &[1]));
            assert_eq!(answering.rx.open(said[1]).0, HANDSHAKE);
            let finishing = answering.said(&flight);
            let mut rx = finishing.keys.direction(&finishing.application[0]);
            assert_eq!(rx.open(said[2]), (ALERT, vec![1, 0]));
            assert_eq!(said.len(), 3);
            stages.push(Stage::Encrypted);
            continue;
        }
        let (before, goodbye) = split(&sent);
        if goodbye[0][0] != DATA {
            assert!(before.is_empty(), "{steps}: {before:?}");
            assert_clear(&goodbye);
            stages.push(Stage::Hello);
            continue;
        }
        // What was to leave with the next step does not.
        let left = stages.last() == Some(&Stage::Keyed);
        let change = record(CHANGE_CIPHER_SPEC, &[1]);
        assert_eq!(before, vec![&change[..]; usize::from(left)], "{steps}");
        for (said, (content, body)) in goodbye.into_iter().zip(GOODBYE) {
            assert_eq!(answering.rx.open(said), (content, body.to_vec()), "{steps}");
        }
        stages.push(Stage::Keyed);
    }
    assert!(stages.is_sorted(), "{stages:?}");
    stages.dedup();
    assert_eq!(stages, [Stage::Hello, Stage::Keyed, Stage::Encrypted]);
}

#[test]
fn who_waits_for_keys_can_be_closed() {
    let mut end = calling(client().ask_for_pre_shared_keys());
    end.settle();
    assert!(end.conn.psk_request().is_some());
    end.conn.close();
    assert_eq!(end.take(), [], "it has not said hello");
    assert!(end.conn.is_over());

    let mut end = waiting(server().ask_for_pre_shared_keys());
    end.give(&Client::default().record(), usize::MAX);
    let id = end.conn.psk_request().expect("a question").id;
    end.conn.close();
    let sent = end.take();
    assert_clear(&records(&sent));
    assert!(end.conn.is_over());
    let late = end.conn.refuse_psk(id);
    assert_eq!(late, Err(sslcore::UsageError::NoDecisionOpen));
}
