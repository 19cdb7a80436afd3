//! The record layer against a peer that seals whatever it likes (rules R6, R8, R10).

use sslcore::{Alert, Event, FailureKind, Limits, ReadEnd, Repeated, ServerStart, SslProtocol};
use sslcore_tests::forge::{ALERT, CHANGE_CIPHER_SPEC, DATA, Forger, HANDSHAKE};
use sslcore_tests::pair::{End, backend, client, server, server_name};

const BOTH: [bool; 2] = [false, true];
const KEY_UPDATE_QUIET: [u8; 5] = [24, 0, 0, 1, 0];
const KEY_UPDATE_ASKING: [u8; 5] = [24, 0, 0, 1, 1];

fn server_end(limits: Limits, tls13: bool) -> (End, Forger) {
    let mut end = End::new(limits);
    let config = server(backend())
        .session_tickets(false)
        .session_cache(0)
        .build()
        .expect("server");
    end.conn
        .start_server_encryption(ServerStart::With(config))
        .expect("start");
    let forger = Forger::as_client(&mut end, tls13);
    end.events.clear();
    (end, forger)
}

fn client_end(tls13: bool) -> (End, Forger) {
    let mut end = End::new(Limits::default());
    let config = client(backend()).build().expect("client");
    end.conn
        .start_client_encryption(&config, server_name())
        .expect("start");
    let forger = Forger::as_server(&mut end, tls13);
    end.events.clear();
    (end, forger)
}

/// What the forger has sealed arrives.
fn hears(end: &mut End, forger: &mut Forger, content: u8, body: &[u8]) {
    let record = forger.seal(content, body);
    end.give(&record, usize::MAX);
}

fn finds_unexpected(end: &mut End, forger: &mut Forger) {
    let kind = FailureKind::UnexpectedMessage;
    fails(end, forger, kind, Alert::UnexpectedMessage);
}

fn fails(end: &mut End, forger: &mut Forger, kind: FailureKind, alert: Alert) {
    end.settle();
    assert!(
        end.saw(Event::Failed(kind)),
        "{kind:?} is not in {:?}",
        end.events
    );
    let sent = end.take();
    let opened = forger.open(&sent);
    assert_eq!(opened, [(ALERT, vec![2, alert.code()])], "{kind:?}");
    assert!(end.saw(Event::AlertSent(alert)));
    assert!(matches!(end.events.last(), Some(Event::Closed(_))));
    assert_eq!(end.conn.failure().map(|failure| failure.kind()), Some(kind));
}

#[test]
fn data_and_padding_are_opened_in_place() {
    for tls13 in BOTH {
        let (mut end, mut forger) = server_end(Limits::default(), tls13);
        let padding = if tls13 { 1000 } else { 0 };
        let record = forger.seal_padded(DATA, b"padded", padding);
        end.give(&record, usize::MAX);
        assert_eq!(end.read_all(), b"padded");
    }
}

#[test]
fn a_full_record_is_taken_and_one_byte_more_is_not() {
    for tls13 in BOTH {
        let (mut end, mut forger) = server_end(Limits::default(), tls13);
        let record = forger.seal(DATA, &[7; 16384]);
        end.give(&record, usize::MAX);
        assert_eq!(end.read_all(), [7; 16384]);
        let record = forger.seal(DATA, &[7; 16385]);
        end.give(&record, usize::MAX);
        fails(
            &mut end,
            &mut forger,
            FailureKind::RecordTooLarge,
            Alert::RecordOverflow,
        );
    }
}

#[test]
fn a_header_that_announces_too_much_is_refused_before_the_body_arrives() {
    for (tls13, too_long) in [(true, 16384 + 256 + 1), (false, 16384 + 2048 + 1)] {
        let (mut end, mut forger) = server_end(Limits::default(), tls13);
        let [high, low] = u16::to_be_bytes(too_long);
        end.give(&[DATA, 3, 3, high, low], usize::MAX);
        fails(
            &mut end,
            &mut forger,
            FailureKind::RecordTooLarge,
            Alert::RecordOverflow,
        );
    }
}

#[test]
fn a_flipped_bit_anywhere_in_a_record_is_refused() {
    for tls13 in BOTH {
        let (_, mut forger) = server_end(Limits::default(), tls13);
        let len = forger.seal(DATA, b"genuine").len();
        // The header's length and type change what is read; they are tested on their own.
        for index in 5..len {
            let (mut end, mut forger) = server_end(Limits::default(), tls13);
            let mut record = forger.seal(DATA, b"genuine");
            record[index] ^= 0x10;
            end.give(&record, usize::MAX);
            assert!(end.read_all().is_empty());
            fails(
                &mut end,
                &mut forger,
                FailureKind::BadRecordMac,
                Alert::BadRecordMac,
            );
        }
    }
}

#[test]
fn a_replayed_record_is_refused_and_what_came_before_can_still_be_read() {
    for tls13 in BOTH {
        let (mut end, mut forger) = server_end(Limits::default(), tls13);
        let record = forger.seal(DATA, b"once");
        end.give(&record, usize::MAX);
        end.give(&record, usize::MAX);
        fails(
            &mut end,
            &mut forger,
            FailureKind::BadRecordMac,
            Alert::BadRecordMac,
        );
        let mut out = [0; 16];
        assert_eq!(end.conn.read(&mut out), Ok(4));
        assert_eq!(end.conn.read(&mut out), Err(ReadEnd::Failed));
    }
}

#[test]
fn a_record_of_nothing_but_padding_is_refused() {
    for padding in [&[][..], &[0], &[0; 100]] {
        let (mut end, mut forger) = server_end(Limits::default(), true);
        let record = forger.seal_inner(padding);
        end.give(&record, usize::MAX);
        finds_unexpected(&mut end, &mut forger);
    }
}

#[test]
fn empty_records_are_padding_up_to_a_cap() {
    for tls13 in BOTH {
        let (mut end, mut forger) = server_end(Limits::default(), tls13);
        for _ in 0..3 {
            for _ in 0..32 {
                hears(&mut end, &mut forger, DATA, b"");
            }
            hears(&mut end, &mut forger, DATA, b"x");
        }
        assert_eq!(end.read_all(), b"xxx");
        for _ in 0..33 {
            hears(&mut end, &mut forger, DATA, b"");
        }
        let kind = FailureKind::TooMuchOf(Repeated::EmptyRecords);
        fails(&mut end, &mut forger, kind, Alert::UnexpectedMessage);
    }
}

#[test]
fn a_warning_between_empty_records_does_not_let_more_of_them_through() {
    let (mut end, mut forger) = server_end(Limits::default(), false);
    for _ in 0..2 {
        for _ in 0..16 {
            hears(&mut end, &mut forger, DATA, b"");
        }
        hears(&mut end, &mut forger, ALERT, &[1, 90]);
    }
    assert_eq!(end.conn.failure(), None);
    hears(&mut end, &mut forger, DATA, b"");
    let kind = FailureKind::TooMuchOf(Repeated::EmptyRecords);
    fails(&mut end, &mut forger, kind, Alert::UnexpectedMessage);
}

#[test]
fn records_that_have_no_place_after_the_handshake_are_refused() {
    for tls13 in BOTH {
        for (content, body) in [
            (CHANGE_CIPHER_SPEC, &[1][..]),
            (HANDSHAKE, &[2, 0, 0, 0][..]),
            (HANDSHAKE, &[11, 0, 0, 0][..]),
            (HANDSHAKE, &[20, 0, 0, 0][..]),
            (HANDSHAKE, &[][..]),
            (ALERT, &[][..]),
        ] {
            let (mut end, mut forger) = server_end(Limits::default(), tls13);
            hears(&mut end, &mut forger, content, body);
            finds_unexpected(&mut end, &mut forger);
        }
    }
}

#[test]
fn plaintext_records_are_refused_once_encrypted() {
    for record in [
        &[ALERT, 3, 3, 0, 2, 2, 0][..],
        &[HANDSHAKE, 3, 3, 0, 1, 0][..],
    ] {
        let (mut end, mut forger) = server_end(Limits::default(), true);
        end.give(record, usize::MAX);
        finds_unexpected(&mut end, &mut forger);
        let (mut end, mut forger) = server_end(Limits::default(), false);
        end.give(record, usize::MAX);
        fails(
            &mut end,
            &mut forger,
            FailureKind::BadRecordMac,
            Alert::BadRecordMac,
        );
    }
}

#[test]
fn garbage_between_records_is_unexpected_and_not_mistaken_for_another_protocol() {
    for tls13 in BOTH {
        for garbage in [
            &b"GET / HTTP/1.1"[..],
            b"\0\0\0\0\0",
            b"\x17\x02\x00\x00\x01",
        ] {
            let (mut end, mut forger) = server_end(Limits::default(), tls13);
            end.give(garbage, usize::MAX);
            finds_unexpected(&mut end, &mut forger);
        }
    }
}

#[test]
fn a_fatal_alert_ends_the_connection_and_is_not_answered() {
    for tls13 in BOTH {
        let (mut end, mut forger) = server_end(Limits::default(), tls13);
        hears(&mut end, &mut forger, ALERT, &[2, 80]);
        assert_eq!(
            end.events[..2],
            [
                Event::AlertReceived(Alert::InternalError),
                Event::Failed(FailureKind::AlertReceived(Alert::InternalError))
            ]
        );
        assert!(end.take().is_empty());
    }
}

#[test]
fn warning_alerts_are_told_in_tls12_and_refused_in_tls13() {
    let (mut end, mut forger) = server_end(Limits::default(), false);
    for _ in 0..4 {
        hears(&mut end, &mut forger, ALERT, &[1, 90]);
    }
    assert_eq!(end.events, [Event::AlertReceived(Alert::UserCanceled); 4]);
    hears(&mut end, &mut forger, ALERT, &[1, 90]);
    let kind = FailureKind::TooMuchOf(Repeated::WarningAlerts);
    fails(&mut end, &mut forger, kind, Alert::UnexpectedMessage);

    let (mut end, mut forger) = server_end(Limits::default(), true);
    hears(&mut end, &mut forger, ALERT, &[1, 112]);
    fails(
        &mut end,
        &mut forger,
        FailureKind::MalformedMessage,
        Alert::DecodeError,
    );
}

#[test]
fn an_alert_of_another_length_or_level_is_refused() {
    for tls13 in BOTH {
        for (body, kind, alert) in [
            (&[2][..], FailureKind::MalformedMessage, Alert::DecodeError),
            (
                &[2, 40, 0][..],
                FailureKind::MalformedMessage,
                Alert::DecodeError,
            ),
            (
                &[3, 40][..],
                FailureKind::PeerMisbehaved,
                Alert::IllegalParameter,
            ),
        ] {
            let (mut end, mut forger) = server_end(Limits::default(), tls13);
            hears(&mut end, &mut forger, ALERT, body);
            fails(&mut end, &mut forger, kind, alert);
        }
    }
}

#[test]
fn a_key_update_that_is_not_the_last_of_its_record_is_refused() {
    let (mut end, mut forger) = server_end(Limits::default(), true);
    let two = [KEY_UPDATE_QUIET, KEY_UPDATE_QUIET].concat();
    hears(&mut end, &mut forger, HANDSHAKE, &two);
    finds_unexpected(&mut end, &mut forger);
}

#[test]
fn a_key_update_that_says_neither_yes_nor_no_is_refused() {
    for (body, kind, alert) in [
        (
            &[24, 0, 0, 1, 2][..],
            FailureKind::PeerMisbehaved,
            Alert::IllegalParameter,
        ),
        (
            &[24, 0, 0, 2, 0, 0][..],
            FailureKind::MalformedMessage,
            Alert::DecodeError,
        ),
        (
            &[24, 0, 0, 0][..],
            FailureKind::MalformedMessage,
            Alert::DecodeError,
        ),
    ] {
        let (mut end, mut forger) = server_end(Limits::default(), true);
        hears(&mut end, &mut forger, HANDSHAKE, body);
        fails(&mut end, &mut forger, kind, alert);
    }
}

#[test]
fn a_key_update_in_tls12_is_refused() {
    let (mut end, mut forger) = server_end(Limits::default(), false);
    hears(&mut end, &mut forger, HANDSHAKE, &KEY_UPDATE_ASKING);
    finds_unexpected(&mut end, &mut forger);
}

#[test]
fn a_fragmented_message_is_put_together_and_nothing_may_come_between() {
    let (mut end, mut forger) = server_end(Limits::default(), true);
    for byte in KEY_UPDATE_QUIET {
        assert!(!end.saw(Event::KeysUpdated));
        hears(&mut end, &mut forger, HANDSHAKE, &[byte]);
    }
    assert!(end.saw(Event::KeysUpdated));

    let (mut end, mut forger) = server_end(Limits::default(), true);
    hears(&mut end, &mut forger, HANDSHAKE, &KEY_UPDATE_QUIET[..3]);
    hears(&mut end, &mut forger, DATA, b"between");
    finds_unexpected(&mut end, &mut forger);
}

#[test]
fn a_post_handshake_message_has_a_largest_size() {
    let (mut end, mut forger) = client_end(true);
    // A ticket that claims to be one byte larger than is taken.
    let len = 16 * 1024 - 4 + 1;
    hears(
        &mut end,
        &mut forger,
        HANDSHAKE,
        &[4, 0, (len >> 8) as u8, len as u8],
    );
    let kind = FailureKind::BufferTooSmall { needed: len + 4 };
    fails(&mut end, &mut forger, kind, Alert::IllegalParameter);
}

#[test]
fn a_ticket_is_for_clients_only() {
    let (mut end, mut forger) = server_end(Limits::default(), true);
    hears(&mut end, &mut forger, HANDSHAKE, &[4, 0, 0, 0]);
    finds_unexpected(&mut end, &mut forger);

    let (mut end, mut forger) = client_end(true);
    let ticket = [4, 0, 0, 15, 0, 0, 14, 16, 1, 2, 3, 4, 1, 9, 0, 1, 5, 0, 0];
    hears(&mut end, &mut forger, HANDSHAKE, &ticket);
    assert_eq!(end.events, [Event::SessionTicketReceived]);
}

#[test]
fn renegotiation_is_refused_with_a_warning_and_then_for_good() {
    let (mut end, mut forger) = client_end(false);
    let hello_request = [0, 0, 0, 0];
    hears(&mut end, &mut forger, HANDSHAKE, &hello_request);
    let sent = end.take();
    assert_eq!(forger.open(&sent), [(ALERT, vec![1, 100])]);
    assert!(end.saw(Event::AlertSent(Alert::NoRenegotiation)));
    end.write(b"and life goes on");
    let sent = end.take();
    assert_eq!(forger.open(&sent), [(DATA, b"and life goes on".to_vec())]);
    hears(&mut end, &mut forger, HANDSHAKE, &hello_request);
    let kind = FailureKind::TooMuchOf(Repeated::RenegotiationRequests);
    fails(&mut end, &mut forger, kind, Alert::UnexpectedMessage);
}

#[test]
fn a_client_hello_after_the_handshake_is_renegotiation_to_a_tls12_server() {
    let (mut end, mut forger) = server_end(Limits::default(), false);
    hears(&mut end, &mut forger, HANDSHAKE, &[1, 0, 0, 0]);
    let sent = end.take();
    assert_eq!(forger.open(&sent), [(ALERT, vec![1, 100])]);
}

#[test]
fn only_servers_say_hello_request_and_only_clients_client_hello() {
    let hello_request = [0, 0, 0, 0];
    let client_hello = [1, 0, 0, 0];
    for (scene, message) in [
        (server_end(Limits::default(), false), hello_request),
        (client_end(false), client_hello),
    ] {
        let (mut end, mut forger) = scene;
        hears(&mut end, &mut forger, HANDSHAKE, &message);
        finds_unexpected(&mut end, &mut forger);
    }
}

#[test]
fn close_notify_is_the_peers_last_word() {
    for tls13 in BOTH {
        let (mut end, mut forger) = server_end(Limits::default(), tls13);
        let mut bytes = forger.seal(DATA, b"last");
        bytes.extend(forger.seal(ALERT, &[1, 0]));
        bytes.extend(forger.seal(DATA, b"ignored"));
        end.give(&bytes, usize::MAX);
        assert_eq!(end.read_all(), b"last");
        let mut out = [0; 8];
        assert_eq!(end.conn.read(&mut out), Err(ReadEnd::Closed));
        assert!(end.saw(Event::PeerClosed));
        assert!(end.conn.failure().is_none());
        let expected: &[(u8, Vec<u8>)] = match end.conn.session_protocol() {
            // RFC 5246 §7.2.1 answers at once; RFC 8446 §6.1 leaves our direction open.
            Some(SslProtocol::TlsV1_2) => &[(ALERT, vec![1, 0])],
            _ => &[],
        };
        let sent = end.take();
        assert_eq!(forger.open(&sent), expected);
    }
}

#[test]
fn the_end_of_the_stream_without_close_notify_is_a_truncation_after_everything_was_read() {
    for tls13 in BOTH {
        let (mut end, mut forger) = server_end(Limits::default(), tls13);
        let whole = forger.seal(DATA, b"whole");
        let half = forger.seal(DATA, b"half");
        end.give(&whole, usize::MAX);
        end.give(&half[..half.len() - 1], usize::MAX);
        end.conn.receive_eof();
        end.settle();
        assert!(end.saw(Event::Failed(FailureKind::Truncated)));
        assert!(!end.saw(Event::PeerClosed));
        let mut out = [0; 16];
        assert_eq!(end.conn.read(&mut out), Ok(5));
        assert_eq!(end.conn.read(&mut out), Err(ReadEnd::Truncated));
    }
}

#[test]
fn a_line_that_arrives_one_byte_per_record_is_found_by_peek() {
    for tls13 in BOTH {
        let (mut end, mut forger) = server_end(Limits::default(), tls13);
        let line = b"EHLO one byte at a time\r\n";
        for byte in line {
            assert!(!end.conn.peek().contains(&b'\n'));
            hears(&mut end, &mut forger, DATA, &[*byte]);
        }
        assert_eq!(end.conn.peek(), line);
    }
}

#[test]
fn the_read_limit_is_exact_and_lifting_it_delivers_what_waits() {
    for tls13 in BOTH {
        let limits = Limits {
            read_buffer_size: 10,
            ..Limits::default()
        };
        let (mut end, mut forger) = server_end(limits, tls13);
        let bytes: Vec<u8> = (0..100).flat_map(|_| forger.seal(DATA, b"12345")).collect();
        end.give(&bytes, usize::MAX);
        assert_eq!(end.conn.bytes_available(), 10);
        end.conn.set_read_buffer_size(1000);
        end.settle();
        assert_eq!(end.conn.bytes_available(), 500);
        assert_eq!(end.conn.peek(), b"12345".repeat(100));
    }
}

#[test]
fn close_notify_behind_unread_data_waits_for_the_reader_or_for_discard_reads() {
    for tls13 in BOTH {
        let limits = Limits {
            read_buffer_size: 4,
            ..Limits::default()
        };
        let (mut end, mut forger) = server_end(limits, tls13);
        let mut bytes = forger.seal(DATA, b"data");
        bytes.extend(forger.seal(ALERT, &[1, 0]));
        end.give(&bytes, usize::MAX);
        assert!(!end.saw(Event::PeerClosed));
        end.conn.discard_reads();
        end.settle();
        assert!(end.saw(Event::PeerClosed));
        assert_eq!(end.conn.bytes_available(), 0);
    }
}

#[test]
fn records_under_the_old_key_are_refused_after_a_key_update() {
    let (mut end, mut forger) = server_end(Limits::default(), true);
    hears(&mut end, &mut forger, HANDSHAKE, &KEY_UPDATE_QUIET);
    hears(&mut end, &mut forger, DATA, b"old key");
    fails(
        &mut end,
        &mut forger,
        FailureKind::BadRecordMac,
        Alert::BadRecordMac,
    );
}
