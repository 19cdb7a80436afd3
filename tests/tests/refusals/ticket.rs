//! Session tickets that no client should have got, whether it keeps any or not.

use sslcore_tests::hello::{Extensions, kind, message, number, vector8, vector16};
use sslcore_tests::middle::{Keys, Who};
use sslcore_tests::pair::{backend, client, server};
use sslcore_tests::sealing::HANDSHAKE;

use super::stage::{ILLEGAL, MALFORMED, Refusal, Stage, UNEXPECTED};

const NOBODY_KEEPS_IT: [bool; 2] = [false, true];

/// How the client refuses such a ticket.
#[track_caller]
fn refused(forgetful: bool, body: &[u8]) -> Refusal {
    let mut client = client(backend()).protocols(&["TLSv1.3"]);
    if forgetful {
        client = client.session_cache(0);
    }
    let mut stage = Stage::new(client, server(backend()).session_tickets(false));
    for who in [Who::Client, Who::Server, Who::Client] {
        stage.pass(who, |_| ());
    }
    assert!(stage.pair.client.conn.is_encrypted());
    let ticket = message(kind::NEW_SESSION_TICKET, body);
    let middle = &mut stage.middle;
    let record = middle.record(Who::Server, Keys::Traffic, HANDSHAKE, &ticket);
    stage.pair.client.give(&record, usize::MAX);
    let failure = stage.pair.client.conn.failure().expect("a failure");
    let alert = failure.alert().expect("an alert");
    (failure.kind(), alert)
}

fn ticket(lifetime: u32, ticket: &[u8], extensions: &[(u16, &[u8])]) -> Vec<u8> {
    let all = extensions.iter();
    let all = all.map(|(number, content)| (*number, content.to_vec()));
    [
        &lifetime.to_be_bytes()[..],
        &[0; 4],
        &vector8(&[1]),
        &vector16(ticket),
        &Extensions(all.collect()).encode(),
    ]
    .concat()
}

#[test]
fn a_ticket_of_wrong_form() {
    for forgetful in NOBODY_KEEPS_IT {
        // One that lives no time at all is still a ticket.
        for lifetime in [0, 7200] {
            let good = ticket(lifetime, b"ticket", &[]);
            for len in 0..good.len() {
                let refusal = refused(forgetful, &good[..len]);
                assert_eq!(refusal, MALFORMED, "{len} {forgetful}");
            }
            let longer = [&good[..], &[0]].concat();
            assert_eq!(refused(forgetful, &longer), MALFORMED, "{forgetful}");
            let empty = ticket(lifetime, &[], &[]);
            assert_eq!(refused(forgetful, &empty), MALFORMED, "{forgetful}");
        }
    }
}

#[test]
fn a_ticket_with_extensions_of_other_messages() {
    for forgetful in NOBODY_KEEPS_IT {
        for number in [
            number::SERVER_NAME,
            number::ALPN,
            number::KEY_SHARE,
            number::SUPPORTED_VERSIONS,
            number::SIGNATURE_ALGORITHMS,
            number::COOKIE,
        ] {
            let refusal = refused(forgetful, &ticket(7200, b"ticket", &[(number, &[])]));
            assert_eq!(refusal, ILLEGAL, "{number} {forgetful}");
        }
    }
}

#[test]
fn a_ticket_with_extensions_twice_or_of_wrong_length() {
    for forgetful in NOBODY_KEEPS_IT {
        for (number, content) in [(number::GREASE, &[][..]), (number::EARLY_DATA, &[0; 4])] {
            let twice = ticket(7200, b"ticket", &[(number, content), (number, content)]);
            assert_eq!(refused(forgetful, &twice), ILLEGAL, "{number} {forgetful}");
        }
        for content in [&[][..], &[0; 3], &[0; 5]] {
            let early = ticket(7200, b"ticket", &[(number::EARLY_DATA, content)]);
            assert_eq!(refused(forgetful, &early), MALFORMED, "{forgetful}");
        }
    }
}

#[test]
fn a_ticket_before_its_time() {
    let mut stage = Stage::plain("TLSv1.3");
    stage.pass(Who::Client, |_| ());
    stage.pass(Who::Server, |said| {
        let mut early = said[2].clone();
        assert!(early.is(kind::ENCRYPTED_EXTENSIONS));
        early.body = message(kind::NEW_SESSION_TICKET, &ticket(7200, b"ticket", &[]));
        said.insert(3, early);
    });
    assert_eq!(stage.refusal(Who::Client), UNEXPECTED);
}
