//! A server that asks for its configuration is asked, whatever a client sends and however it cuts
//! it: there is one reader of the ClientHello, and nothing in front of it.

use sslcore::{Alert, Event, FailureKind, Limits, ServerStart, VerifyMode};
use sslcore_tests::pair::{End, Pair, VERSIONS, backend, client, server, server_name};
use sslcore_tests::records::{handshake_content, record, refragment};

/// A server that asks, and a client's hello for it.
fn asking(version: &str, limits: Limits) -> (Pair, Vec<u8>) {
    asking_with_names(version, limits, 1)
}

fn asking_with_names(version: &str, limits: Limits, names: usize) -> (Pair, Vec<u8>) {
    let mut pair = Pair {
        server: End::new(limits),
        ..Pair::default()
    };
    let names: Vec<String> = (0..names).map(|i| format!("{i:0>233}")).collect();
    let names: Vec<&[u8]> = names.iter().map(String::as_bytes).collect();
    let config = client(backend()).protocols(&[version]).alpn(&names);
    let fallback = server(backend()).verify_mode(VerifyMode::None).build();
    pair.server
        .conn
        .start_server_encryption(ServerStart::Ask {
            fallback: fallback.expect("server"),
        })
        .expect("start");
    pair.client
        .conn
        .start_client_encryption(&config.build().expect("client"), server_name())
        .expect("start");
    let hello = pair.client.take();
    (pair, hello)
}

fn was_asked(end: &End) -> bool {
    let mut events = end.events.iter();
    events.any(|event| matches!(event, Event::ConfigRequired(_)))
}

/// Nobody answers: then there is no handshake.
#[track_caller]
fn assert_refused(mut pair: Pair, kind: FailureKind, alert: Option<Alert>, case: &str) {
    let before = pair.server.sent.len();
    pair.run();
    assert!(!was_asked(&pair.server), "{case}");
    assert!(!pair.server.saw(Event::Encrypted), "{case}");
    let failure = pair.server.conn.failure().expect(case);
    assert_eq!(failure.kind(), kind, "{case}: {failure}");
    let sent = pair.server.sent[before..].to_vec();
    let expected = alert.map(|alert| record(21, &[2, alert.code()]));
    assert_eq!(sent, expected.unwrap_or_default(), "{case}");
}

#[test]
fn nothing_may_come_before_the_client_hello() {
    let unexpected = (
        FailureKind::UnexpectedMessage,
        Some(Alert::UnexpectedMessage),
    );
    let left = (FailureKind::ClosedDuringHandshake, None);
    let fatal = FailureKind::AlertReceived(Alert::HandshakeFailure);
    let malformed = (FailureKind::MalformedMessage, Some(Alert::DecodeError));
    let cases = [
        ("a warning", record(21, &[1, 112]), unexpected),
        ("an unknown warning", record(21, &[1, 200]), unexpected),
        ("user_canceled", record(21, &[1, 90]), left),
        ("close_notify", record(21, &[1, 0]), left),
        ("a fatal alert", record(21, &[2, 40]), (fatal, None)),
        (
            "two alerts in one",
            record(21, &[1, 112, 1, 112]),
            malformed,
        ),
        ("half an alert", record(21, &[1]), malformed),
        ("no alert", record(21, &[]), unexpected),
        ("ChangeCipherSpec", record(20, &[1]), unexpected),
        ("application data", record(23, &[7; 9]), unexpected),
        ("an empty record", record(22, &[]), unexpected),
        ("a HelloRequest", record(22, &[0, 0, 0, 0]), unexpected),
        ("a Finished", record(22, &[20, 0, 0, 0]), unexpected),
    ];
    for version in VERSIONS {
        for (what, prefix, (kind, alert)) in &cases {
            let (mut pair, hello) = asking(version, Limits::default());
            pair.server.give(prefix, usize::MAX);
            pair.server.give(&hello, usize::MAX);
            assert_refused(pair, *kind, *alert, &format!("{version}: {what}"));
        }
    }
}

#[test]
fn nothing_may_come_between_the_pieces_of_a_client_hello() {
    let inserted = [
        record(21, &[1, 112]),
        record(21, &[2, 40]),
        record(20, &[1]),
        record(22, &[]),
        record(23, &[1]),
    ];
    for version in VERSIONS {
        for at in [1, 3, 4, 50] {
            for record in &inserted {
                let (mut pair, hello) = asking(version, Limits::default());
                let cut = refragment(&hello, &[at, usize::MAX]);
                let (first, rest) = cut.split_at(5 + at);
                pair.server.give(first, usize::MAX);
                pair.server.give(record, usize::MAX);
                pair.server.give(rest, usize::MAX);
                let case = format!("{version}: {record:?} at {at}");
                let kind = FailureKind::UnexpectedMessage;
                assert_refused(pair, kind, Some(Alert::UnexpectedMessage), &case);
            }
        }
    }
}

#[test]
fn nothing_may_follow_the_client_hello_in_its_record() {
    for version in VERSIONS {
        for more in [&[0][..], &[20, 0, 0, 0], &[11, 0, 0]] {
            let (mut pair, hello) = asking(version, Limits::default());
            let content = [&handshake_content(&hello), more].concat();
            pair.server.give(&record(22, &content), usize::MAX);
            let case = format!("{version}: {more:?}");
            let kind = FailureKind::UnexpectedMessage;
            assert_refused(pair, kind, Some(Alert::UnexpectedMessage), &case);
        }
    }
}

#[test]
fn a_record_in_the_clear_has_at_most_two_to_the_fourteen_bytes() {
    for version in VERSIONS {
        let (mut pair, hello) = asking_with_names(version, Limits::default(), 70);
        let content = handshake_content(&hello);
        assert!((16_385..18_432).contains(&content.len()), "{version}");
        let one = [
            &[22, 3, 1][..],
            &(content.len() as u16).to_be_bytes(),
            &content,
        ]
        .concat();
        pair.server.give(&one, usize::MAX);
        let kind = FailureKind::RecordTooLarge;
        assert_refused(pair, kind, Some(Alert::RecordOverflow), version);
        // In two it is a hello like others.
        let (mut pair, hello) = asking_with_names(version, Limits::default(), 70);
        pair.server.give(&hello, usize::MAX);
        assert!(was_asked(&pair.server), "{version}");
    }
}

#[test]
fn a_client_hello_above_the_limit_is_refused_as_soon_as_it_says_so() {
    let limits = Limits {
        max_handshake: 200,
        ..Limits::default()
    };
    for version in VERSIONS {
        for sizes in [&[16_384][..], &[1], &[3, 1, 16_384]] {
            let (mut pair, hello) = asking(version, limits);
            let needed = handshake_content(&hello).len();
            assert!(needed > 200, "{needed}");
            pair.server.give(&refragment(&hello, sizes), usize::MAX);
            let kind = FailureKind::BufferTooSmall { needed };
            let case = format!("{version} {sizes:?}");
            assert_refused(pair, kind, Some(Alert::IllegalParameter), &case);
        }
    }
}

#[test]
fn a_demand_for_a_client_certificate_holds_under_the_name_it_belongs_to() {
    let public = server(backend()).build().expect("server");
    let admin = server(backend()).verify_mode(VerifyMode::Verify).build();
    let admin = admin.expect("server");
    for version in VERSIONS {
        for sizes in [&[16_384][..], &[50], &[1], &[3, 90, 1]] {
            let (mut pair, hello) = asking(version, Limits::default());
            pair.server.give(&refragment(&hello, sizes), usize::MAX);
            let request = pair.server.conn.config_request().expect("asked");
            let config = match request.hello.server_name() {
                Some("server.test") => &admin,
                _ => &public,
            };
            let id = request.id;
            pair.server.conn.provide_config(id, config).expect("open");
            pair.run();
            assert!(!pair.server.saw(Event::Encrypted), "{version} {sizes:?}");
            assert!(!pair.server.conn.ssl_errors().is_empty(), "{version}");
        }
    }
}

#[test]
fn what_is_known_of_a_client_hello_does_not_depend_on_how_it_is_cut() {
    for version in VERSIONS {
        for sizes in [
            &[16_384][..],
            &[50, 16_384],
            &[50],
            &[7],
            &[1],
            &[4, 1, 200],
        ] {
            let mut pair = Pair::default();
            let client = client(backend()).protocols(&[version]).build();
            let server = server(backend()).build();
            pair.start(&client.expect("client"), &server.expect("server"));
            let hello = pair.client.take();
            pair.server.give(&refragment(&hello, sizes), usize::MAX);
            pair.run();
            let case = format!("{version} {sizes:?}");
            assert!(pair.server.conn.is_encrypted(), "{case}");
            assert_eq!(
                pair.server.conn.server_name(),
                Some("server.test"),
                "{case}"
            );
        }
    }
}

#[test]
fn both_ends_export_the_same_however_the_hellos_are_cut() {
    for sizes in [&[16_384][..], &[50, 16_384], &[30, 20], &[50], &[7], &[1]] {
        let mut pair = Pair::default();
        let client = client(backend()).protocols(&["TLSv1.2"]).build();
        let server = server(backend()).build();
        pair.start(&client.expect("client"), &server.expect("server"));
        let hello = pair.client.take();
        pair.server.give(&refragment(&hello, sizes), usize::MAX);
        let flight = pair.server.take();
        pair.client.give(&refragment(&flight, sizes), usize::MAX);
        pair.run();
        let mut exported = [[0; 16]; 2];
        let ends = [&pair.client.conn, &pair.server.conn];
        for (conn, out) in ends.into_iter().zip(&mut exported) {
            let outcome = conn.export_keying_material(out, b"EXPORTER-cut", None);
            assert_eq!(outcome, Ok(()), "{sizes:?}");
        }
        assert_eq!(exported[0], exported[1], "{sizes:?}");
    }
}
