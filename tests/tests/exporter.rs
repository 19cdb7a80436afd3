//! Keying material for protocols above TLS: both ends have the same, and nobody else has it.

use sslcore::{Connection, Event, ExportError, Limits, ServerStart};
use sslcore_tests::forge::{exchange, rustls_client, rustls_server};
use sslcore_tests::pair::{End, Pair, backends, client, server, server_name};

const SUITES: [(&str, &str); 6] = [
    ("TLSv1.3", "TLS_AES_128_GCM_SHA256"),
    ("TLSv1.3", "TLS_AES_256_GCM_SHA384"),
    ("TLSv1.3", "TLS_CHACHA20_POLY1305_SHA256"),
    ("TLSv1.2", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"),
    ("TLSv1.2", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
    ("TLSv1.2", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"),
];

const LABEL: &[u8] = b"EXPORTER-Channel-Binding";

/// Labels and contexts that a protocol might choose.
const USES: [(&[u8], Option<&[u8]>); 5] = [
    (LABEL, None),
    (LABEL, Some(b"")),
    (LABEL, Some(b"context")),
    (b"x", Some(&[0; 300])),
    (&[b'y'; 249], None),
];

fn export(conn: &Connection, label: &[u8], context: Option<&[u8]>) -> [u8; 64] {
    let mut out = [0; 64];
    conn.export_keying_material(&mut out, label, context)
        .expect("encrypted");
    out
}

fn pair(version: &str) -> Pair {
    let client = client(sslcore_tests::pair::backend()).protocols(&[version]);
    let server = server(sslcore_tests::pair::backend()).protocols(&[version]);
    Pair::encrypted(
        &client.build().expect("client"),
        &server.build().expect("server"),
    )
}

/// Handshakes; whatever the use, both have the same.
#[track_caller]
fn assert_exports_alike(end: &mut End, peer: &mut rustls::Connection, suite: &str) {
    exchange(end, peer);
    assert!(end.saw(Event::Encrypted), "{suite}");
    for (label, context) in USES {
        let theirs = peer
            .export_keying_material([0; 64], label, context)
            .expect("encrypted");
        assert_eq!(export(&end.conn, label, context), theirs, "{suite}");
    }
}

#[test]
fn a_client_exports_what_rustls_exports_as_its_server() {
    for backend in backends() {
        for (version, suite) in SUITES {
            let mut peer = rustls_server(version == "TLSv1.3").into();
            let config = client(backend.clone())
                .ciphers(&[suite])
                .protocols(&[version]);
            let mut end = End::new(Limits::default());
            end.conn
                .start_client_encryption(&config.build().expect("client"), server_name())
                .expect("start");
            assert_exports_alike(&mut end, &mut peer, suite);
        }
    }
}

#[test]
fn a_server_exports_what_rustls_exports_as_its_client() {
    for backend in backends() {
        for (version, suite) in SUITES {
            let mut peer = rustls_client(version == "TLSv1.3").into();
            let config = server(backend.clone())
                .ciphers(&[suite])
                .protocols(&[version]);
            let mut end = End::new(Limits::default());
            end.conn
                .start_server_encryption(ServerStart::With(config.build().expect("server")))
                .expect("start");
            assert_exports_alike(&mut end, &mut peer, suite);
        }
    }
}

#[test]
fn label_context_and_connection_each_make_a_difference() {
    for version in ["TLSv1.2", "TLSv1.3"] {
        let (one, other) = (pair(version), pair(version));
        let basis = export(&one.client.conn, LABEL, Some(b"context"));
        assert_eq!(export(&one.client.conn, LABEL, Some(b"context")), basis);
        assert_eq!(export(&one.server.conn, LABEL, Some(b"context")), basis);
        assert_ne!(
            export(&one.client.conn, b"another label", Some(b"context")),
            basis
        );
        assert_ne!(export(&one.client.conn, LABEL, Some(b"another")), basis);
        assert_ne!(export(&other.client.conn, LABEL, Some(b"context")), basis);
        let none = export(&one.client.conn, LABEL, None);
        let empty = export(&one.client.conn, LABEL, Some(b""));
        assert_eq!(none == empty, version == "TLSv1.3", "{version}");
    }
}

#[test]
fn a_resumed_session_exports_anew() {
    for version in ["TLSv1.2", "TLSv1.3"] {
        let client = client(sslcore_tests::pair::backend()).protocols(&[version]);
        let server = server(sslcore_tests::pair::backend()).protocols(&[version]);
        let (client, server) = (
            client.build().expect("client"),
            server.build().expect("server"),
        );
        let first = Pair::encrypted(&client, &server);
        let second = Pair::encrypted(&client, &server);
        assert!(second.client.conn.is_resumed(), "{version}");
        let ours = export(&second.client.conn, LABEL, None);
        assert_eq!(export(&second.server.conn, LABEL, None), ours, "{version}");
        assert_ne!(export(&first.client.conn, LABEL, None), ours, "{version}");
    }
}

#[test]
fn nothing_is_exported_before_the_handshake_is_complete() {
    for version in ["TLSv1.2", "TLSv1.3"] {
        let config = client(sslcore_tests::pair::backend()).protocols(&[version]);
        let mut end = End::new(Limits::default());
        let mut out = [7; 8];
        let mut refused = |end: &End| {
            let outcome = end.conn.export_keying_material(&mut out, LABEL, None);
            assert_eq!(outcome, Err(ExportError::NotEncrypted), "{version}");
            assert_eq!(out, [7; 8]);
        };
        refused(&end);
        end.conn
            .start_client_encryption(&config.build().expect("client"), server_name())
            .expect("start");
        end.take();
        refused(&end);
        end.conn.abort();
        end.settle();
        refused(&end);
    }
}

#[test]
fn it_goes_on_after_the_end() {
    for version in ["TLSv1.2", "TLSv1.3"] {
        let mut pair = pair(version);
        let before = export(&pair.client.conn, LABEL, None);
        pair.client.conn.close();
        pair.run();
        pair.server.conn.close();
        pair.run();
        assert!(pair.client.conn.close_report().expect("closed").clean);
        assert_eq!(export(&pair.client.conn, LABEL, None), before);
        assert_eq!(export(&pair.server.conn, LABEL, None), before);
    }
    let mut pair = pair("TLSv1.3");
    let before = export(&pair.client.conn, LABEL, None);
    pair.client.conn.receive_reset();
    pair.client.settle();
    assert!(pair.client.conn.failure().is_some());
    assert_eq!(export(&pair.client.conn, LABEL, None), before);
}

/// Length, label, context, and what is wrong with one of them.
type Refused<'a> = (usize, &'a [u8], Option<&'a [u8]>, ExportError);

#[test]
fn what_is_too_long_or_reserved_is_refused_and_changes_nothing() {
    let long = vec![b'x'; 0x1_0000];
    let cases: [Refused<'_>; 9] = [
        (0, LABEL, None, ExportError::OutputLength(0)),
        (8161, LABEL, None, ExportError::OutputLength(8161)),
        (8, b"", None, ExportError::LabelLength(0)),
        (8, &long[..250], None, ExportError::LabelLength(250)),
        (8, LABEL, Some(&long), ExportError::ContextLength(0x1_0000)),
        (8, b"key expansion", None, ExportError::ReservedLabel),
        (8, b"master secret", Some(b""), ExportError::ReservedLabel),
        (8, b"client finished", None, ExportError::ReservedLabel),
        (
            8,
            b"extended master secret",
            None,
            ExportError::ReservedLabel,
        ),
    ];
    for version in ["TLSv1.2", "TLSv1.3"] {
        let pair = pair(version);
        for (len, label, context, error) in &cases {
            let mut out = vec![7; *len];
            let outcome = pair
                .client
                .conn
                .export_keying_material(&mut out, label, *context);
            assert_eq!(outcome, Err(*error), "{version}");
            assert!(out.iter().all(|byte| *byte == 7));
        }
        let (mut ours, mut theirs) = ([0; 8160], [0; 8160]);
        for (end, out) in [(&pair.client, &mut ours), (&pair.server, &mut theirs)] {
            end.conn
                .export_keying_material(out, &long[..249], Some(&long[..0xffff]))
                .expect("the most there is");
        }
        assert_eq!(ours, theirs, "{version}");
    }
}
