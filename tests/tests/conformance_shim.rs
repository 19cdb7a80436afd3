//! The conformance shim, with the runner's side played here: what its flags ask for happens, what
//! they expect is checked, and what is not supported is said.

use std::io::Read;
use std::time::Duration;

use sslcore::{
    Alert, ClientConfig, ConfigBuilder, Engine, Event, FailureKind, PeerName, PreSharedKey,
    ServerConfig, ServerStart, VerifyMode,
};
use sslcore_tests::certs::{Identity, WORLD};
use sslcore_tests::pair::{VERSIONS, backend, client, server};
use sslcore_tests::peer::{Peer, Scratch};
use sslcore_tests::wire::{Door, Wire};

const SHIM: &str = env!("CARGO_BIN_EXE_conformance_shim");

/// What the shim is known by.
const ID: u64 = 0x0102_0304_0506_0708;

/// The side of the runner, for one run of the shim.
struct Runner {
    door: Door,
    shim: Peer,
}

impl Runner {
    /// Starts the shim, which has the files in `scratch`.
    fn start(flags: &[&str], scratch: Scratch) -> Self {
        let door = Door::open();
        let (port, id) = (door.address.port().to_string(), ID.to_string());
        let args = ["-port", &*port, "-shim-id", &*id];
        let args = args.into_iter().chain(flags.iter().copied());
        let shim = Peer::start(SHIM, args, scratch);
        Self { door, shim }
    }

    /// The shim's next connection, behind its id.
    fn accept(&self) -> Wire {
        let mut tcp = self.door.accept();
        tcp.set_nonblocking(false).expect("blocking");
        tcp.set_read_timeout(Some(Duration::from_secs(60)))
            .expect("a limit");
        let mut id = [0; 8];
        tcp.read_exact(&mut id).expect("the shim's id");
        assert_eq!(id, ID.to_le_bytes());
        Wire::new(tcp)
    }

    /// The shim's next connection, as a client of ours.
    fn serve(&self, config: &ServerConfig) -> Wire {
        let mut wire = self.accept();
        let start = ServerStart::With(config.clone());
        wire.end.conn.start_server_encryption(start).expect("plain");
        wire
    }

    /// The shim's next connection, as a server of ours.
    fn connect(&self, config: &ClientConfig) -> Wire {
        let mut wire = self.accept();
        let name = PeerName::new("test").expect("a name");
        wire.end
            .conn
            .start_client_encryption(config, name)
            .expect("plain");
        wire
    }

    /// The shim ends well, and says nothing.
    #[track_caller]
    fn ends_well(mut self) {
        let status = self.shim.until_exit();
        assert_eq!((status.code(), &*self.shim.err()), (Some(0), ""));
    }

    /// The shim ends with this code, and says so.
    #[track_caller]
    fn complains(mut self, code: i32, words: &str) {
        let status = self.shim.until_exit();
        let said = self.shim.err();
        assert_eq!(status.code(), Some(code), "{said}");
        assert!(said.contains(words), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

/// The name in the runner's certificates.
fn identity() -> Identity {
    WORLD.ca.leaf(&["test"])
}

/// The runner as a server.
fn serving(version: &str) -> ConfigBuilder<ServerConfig> {
    let own = identity();
    server(backend())
        .protocols(&[version])
        .identity(own.chain.clone(), own.key())
}

/// The runner as a client.
fn asking(version: &str) -> ConfigBuilder<ClientConfig> {
    client(backend()).protocols(&[version])
}

/// A file with the tests' root.
fn root(scratch: &Scratch) -> String {
    let root = Identity::new(vec![WORLD.ca.der()], Vec::new());
    scratch.file("root.pem", root.chain_pem())
}

/// Data comes back with its bits inverted, then both sides close.
#[track_caller]
fn echo(wire: &mut Wire) {
    wire.until_encrypted();
    let before = wire.received.len();
    let data: Vec<u8> = (0..2000_u32).map(|n| n as u8).collect();
    wire.send(&data);
    wire.until_received(before + data.len());
    let inverted: Vec<u8> = data.iter().map(|byte| byte ^ 0xff).collect();
    assert!(wire.received[before..] == inverted, "the echo is another");
    assert!(wire.close().clean);
}

/// Whatever the shim does, this side goes along, and closes.
fn go_along(wire: &mut Wire) {
    wire.until("the handshake", |wire| {
        wire.end.conn.is_encrypted() || wire.end.conn.is_over()
    });
    wire.end.conn.close();
    wire.until_closed();
}

#[test]
fn a_client_sends_everything_back_inverted() {
    for version in VERSIONS {
        let scratch = Scratch::new();
        let flags = ["-trust-cert", &*root(&scratch), "-check-close-notify"];
        let runner = Runner::start(&flags, scratch);
        let config = serving(version).build().expect("a server");
        echo(&mut runner.serve(&config));
        runner.ends_well();
    }
}

#[test]
fn our_own_engine_handshakes_in_both_roles() {
    for engine in ["own", "rustls"] {
        let scratch = Scratch::new();
        let flags = ["-engine", engine, "-trust-cert", &*root(&scratch)];
        let flags = [&flags[..], &["-resume-count", "1"]].concat();
        let runner = Runner::start(&flags, scratch);
        let config = serving("TLSv1.3").build().expect("a server");
        for resumed in [false, true] {
            let mut wire = runner.serve(&config);
            echo(&mut wire);
            assert_eq!(wire.end.conn.is_resumed(), resumed, "{engine}");
        }
        runner.ends_well();

        let scratch = Scratch::new();
        let (chain, key) = scratch.identity(&identity());
        let flags = [
            "-engine",
            engine,
            "-server",
            "-cert-file",
            &chain,
            "-key-file",
            &key,
        ];
        let runner = Runner::start(&flags, scratch);
        let config = asking("TLSv1.3").build().expect("a client");
        echo(&mut runner.connect(&config));
        runner.ends_well();
    }
    let runner = Runner::start(&["-engine", "another"], Scratch::new());
    runner.complains(89, "the engine \"another\"");
}

#[test]
fn a_pre_shared_key_takes_the_place_of_certificates() {
    for version in ["TLSv1.2", "TLSv1.3"] {
        let key = || PreSharedKey::new("luggage combo", b"12345").expect("a key");
        let flags = ["-psk", "12345", "-psk-identity", "luggage combo"];
        let runner = Runner::start(&flags, Scratch::new());
        let config = ServerConfig::builder(backend()).protocols(&[version]);
        let config = config.allow_short_keys().pre_shared_keys([key()]);
        echo(&mut runner.serve(&config.build().expect("a server")));
        runner.ends_well();

        let flags = [&["-server"], &flags[..]].concat();
        let runner = Runner::start(&flags, Scratch::new());
        let config = ClientConfig::builder(backend()).protocols(&[version]);
        let config = config.allow_short_keys().pre_shared_keys([key()]);
        echo(&mut runner.connect(&config.build().expect("a client")));
        runner.ends_well();
    }
    // Without a name there is no key.
    let runner = Runner::start(&["-psk", "12345"], Scratch::new());
    runner.complains(89, "its identity is empty");
}

#[test]
fn a_pre_shared_key_is_imported() {
    let key = |name: &str| {
        let key = PreSharedKey::new(name, b"ABCDABCDABCDABCD").expect("a key");
        key.imported("context").expect("a context")
    };
    // The second of these, in base64: "other", "psk1", "context", and the key.
    let flags = "-new-psk-credential -psk-importer-key QUJDREFCQ0RBQkNEQUJDRA== \
                 -psk-importer-identity b3RoZXI= -psk-importer-sha256 \
                 -new-psk-credential -psk-importer-key QUJDREFCQ0RBQkNEQUJDRA== \
                 -psk-importer-identity cHNrMQ== -psk-importer-context Y29udGV4dA== \
                 -psk-importer-sha256 -expect-selected-credential 1";
    let flags: Vec<&str> = flags.split_whitespace().collect();
    let config = || ServerConfig::builder(backend()).pre_shared_keys([key("psk1")]);
    let runner = Runner::start(&flags, Scratch::new());
    echo(&mut runner.serve(&config().build().expect("a server")));
    runner.ends_well();

    let server = [&["-server"], &flags[..]].concat();
    let runner = Runner::start(&server, Scratch::new());
    let client = ClientConfig::builder(backend()).pre_shared_keys([key("psk1")]);
    echo(&mut runner.connect(&client.build().expect("a client")));
    runner.ends_well();

    let first = [&flags[..flags.len() - 1], &["0"]].concat();
    let runner = Runner::start(&first, Scratch::new());
    go_along(&mut runner.serve(&config().build().expect("a server")));
    runner.complains(1, "another key was chosen");
    let runner = Runner::start(&["-psk-importer-sha256"], Scratch::new());
    runner.complains(1, "there is no key");
}

#[test]
fn timestamps_are_asked_for_and_served() {
    // A list of one, of the two bytes 1 and 2.
    let list = [0, 4, 0, 2, 1, 2];
    let own = ["-engine", "own"];
    for (expected, fits) in [("AAQAAgEC", true), ("AAQAAgED", false)] {
        let scratch = Scratch::new();
        let root = root(&scratch);
        let flags = ["-trust-cert", &root, "-enable-signed-cert-timestamps"];
        let flags = [
            &own[..],
            &flags,
            &["-expect-signed-cert-timestamps", expected],
        ]
        .concat();
        let runner = Runner::start(&flags, scratch);
        let config = serving("TLSv1.3").engine(Engine::Own);
        let config = config.signed_certificate_timestamps(list);
        let mut wire = runner.serve(&config.build().expect("a server"));
        match fits {
            true => {
                echo(&mut wire);
                runner.ends_well();
            }
            false => {
                go_along(&mut wire);
                runner.complains(1, "the list of timestamps is");
            }
        }
    }
    let scratch = Scratch::new();
    let (chain, key) = scratch.identity(&identity());
    let flags = ["-server", "-cert-file", &chain, "-key-file", &key];
    let flags = [&own[..], &flags, &["-signed-cert-timestamps", "AAQAAgEC"]].concat();
    let runner = Runner::start(&flags, scratch);
    let config = asking("TLSv1.3").engine(Engine::Own);
    let config = config.request_certificate_timestamps(true);
    let mut wire = runner.connect(&config.build().expect("a client"));
    echo(&mut wire);
    let came = wire.end.conn.signed_certificate_timestamps();
    assert_eq!(came, Some(&list[..]));
    runner.ends_well();
}

#[test]
fn a_client_of_our_own_engine_does_not_take_tls12() {
    let scratch = Scratch::new();
    let flags = ["-engine", "own", "-trust-cert", &*root(&scratch)];
    let runner = Runner::start(&flags, scratch);
    let config = serving("TLSv1.2").build().expect("a server");
    go_along(&mut runner.serve(&config));
    runner.complains(89, "TLS 1.2 by a client of our own engine");
    // Where the flags have it so, it is a failure.
    let scratch = Scratch::new();
    let flags = [
        "-engine",
        "own",
        "-no-tls12",
        "-trust-cert",
        &*root(&scratch),
    ];
    let runner = Runner::start(&flags, scratch);
    go_along(&mut runner.serve(&config));
    runner.complains(1, "PROTOCOL_VERSION");
}

#[test]
fn a_server_sends_everything_back_inverted_behind_its_greeting() {
    for version in VERSIONS {
        let scratch = Scratch::new();
        let (chain, key) = scratch.identity(&identity());
        let flags = ["-server", "-cert-file", &chain, "-key-file", &key];
        let flags = [&flags[..], &["-shim-writes-first", "-read-size", "7"]].concat();
        let runner = Runner::start(&flags, scratch);
        let config = asking(version).build().expect("a client");
        let mut wire = runner.connect(&config);
        wire.until_received(5);
        assert_eq!(wire.received, b"hello");
        echo(&mut wire);
        runner.ends_well();
    }
}

#[test]
fn sessions_are_resumed_in_both_roles() {
    for version in VERSIONS {
        let scratch = Scratch::new();
        let flags = ["-trust-cert", &*root(&scratch), "-resume-count", "2"];
        let runner = Runner::start(&flags, scratch);
        let config = serving(version).build().expect("a server");
        for resumed in [false, true, true] {
            let mut wire = runner.serve(&config);
            echo(&mut wire);
            assert_eq!(wire.end.conn.is_resumed(), resumed, "{version}");
        }
        runner.ends_well();

        let scratch = Scratch::new();
        let (chain, key) = scratch.identity(&identity());
        let flags = ["-server", "-cert-file", &chain, "-key-file", &key];
        let flags = [&flags[..], &["-resume-count", "1"]].concat();
        let runner = Runner::start(&flags, scratch);
        let config = asking(version).build().expect("a client");
        for resumed in [false, true] {
            let mut wire = runner.connect(&config);
            echo(&mut wire);
            assert_eq!(wire.end.conn.is_resumed(), resumed, "{version}");
        }
        runner.ends_well();
    }
}

#[test]
fn protocols_are_negotiated_in_both_roles() {
    for version in VERSIONS {
        let scratch = Scratch::new();
        let flags = ["-trust-cert", &*root(&scratch), "-expect-alpn", "bar"];
        let flags = [&flags[..], &["-advertise-alpn", "\x03foo\x03bar"]].concat();
        let runner = Runner::start(&flags, scratch);
        let config = serving(version).alpn(&[b"bar"]).build().expect("a server");
        echo(&mut runner.serve(&config));
        runner.ends_well();

        let scratch = Scratch::new();
        let (chain, key) = scratch.identity(&identity());
        let flags = ["-server", "-cert-file", &chain, "-key-file", &key];
        let alpn = [
            "-select-alpn",
            "foo",
            "-expect-advertised-alpn",
            "\x03bar\x03foo",
        ];
        let runner = Runner::start(&[&flags[..], &alpn].concat(), scratch);
        let config = asking(version).alpn(&[b"bar", b"foo"]);
        let mut wire = runner.connect(&config.build().expect("a client"));
        echo(&mut wire);
        assert_eq!(wire.end.conn.alpn_protocol(), Some(&b"foo"[..]));
        runner.ends_well();
    }
}

#[test]
fn a_client_certificate_is_shown_demanded_and_missed() {
    for version in VERSIONS {
        let scratch = Scratch::new();
        let (chain, key) = scratch.identity(&WORLD.client);
        let trust = root(&scratch);
        let flags = [
            "-cert-file",
            &chain,
            "-key-file",
            &key,
            "-trust-cert",
            &trust,
        ];
        let runner = Runner::start(&flags, scratch);
        let config = serving(version).verify_mode(VerifyMode::Verify);
        let mut wire = runner.serve(&config.build().expect("a server"));
        echo(&mut wire);
        assert!(wire.end.conn.peer_certificate().is_some());
        runner.ends_well();

        for shown in [true, false] {
            let scratch = Scratch::new();
            let (chain, key) = scratch.identity(&identity());
            let flags = ["-server", "-cert-file", &*chain, "-key-file", &*key];
            let flags = [&flags[..], &["-require-any-client-certificate"]].concat();
            let runner = Runner::start(&flags, scratch);
            let mut config = asking(version);
            if shown {
                // Nobody trusts it, and that does not matter.
                config = config.identity(WORLD.stranger.chain.clone(), WORLD.stranger.key());
            }
            let mut wire = runner.connect(&config.build().expect("a client"));
            match shown {
                true => {
                    echo(&mut wire);
                    runner.ends_well();
                }
                false => {
                    go_along(&mut wire);
                    let told = match version {
                        "TLSv1.2" => Alert::HandshakeFailure,
                        _ => Alert::CertificateRequired,
                    };
                    assert!(wire.end.saw(Event::AlertReceived(told)), "{version}");
                    runner.complains(1, ":NO_CERTS:");
                }
            }
        }
    }
}

#[test]
fn keying_material_is_exported() {
    for version in VERSIONS {
        let scratch = Scratch::new();
        let flags = ["-trust-cert", &*root(&scratch), "-use-export-context"];
        let export = ["-export-keying-material", "99", "-export-label", "a label"];
        let flags = [&flags[..], &export, &["-export-context", "a context"]].concat();
        let runner = Runner::start(&flags, scratch);
        let config = serving(version).build().expect("a server");
        let mut wire = runner.serve(&config);
        wire.until_received(99);
        let mut material = [0; 99];
        let conn = &wire.end.conn;
        conn.export_keying_material(&mut material, b"a label", Some(b"a context"))
            .expect("material");
        assert_eq!(wire.received, material);
        echo(&mut wire);
        runner.ends_well();
    }
}

#[test]
fn a_verdict_that_fails_is_told_to_the_peer() {
    for (flags, alert) in [
        (&["-verify-peer"][..], Alert::HandshakeFailure),
        (
            &["-verify-peer", "-use-custom-verify-callback"],
            Alert::CertificateUnknown,
        ),
    ] {
        for version in VERSIONS {
            let scratch = Scratch::new();
            let trust = root(&scratch);
            let flags = [&["-verify-fail", "-trust-cert", &trust], flags].concat();
            let runner = Runner::start(&flags, scratch);
            let mut wire = runner.serve(&serving(version).build().expect("a server"));
            wire.until_failed(FailureKind::AlertReceived(alert));
            runner.complains(1, ":CERTIFICATE_VERIFY_FAILED:");
        }
    }
    // Without "-verify-peer" the verdict fails, and the client goes on.
    let scratch = Scratch::new();
    let trust = root(&scratch);
    let flags = [
        "-verify-fail",
        "-expect-verify-result",
        "-trust-cert",
        &trust,
    ];
    let runner = Runner::start(&flags, scratch);
    echo(&mut runner.serve(&serving("TLSv1.3").build().expect("a server")));
    runner.ends_well();
}

#[test]
fn a_server_that_is_not_trusted_is_refused_without_a_flag() {
    let scratch = Scratch::new();
    let flags = ["-trust-cert", &*root(&scratch)];
    let runner = Runner::start(&flags, scratch);
    let config = serving("TLSv1.3");
    let config = config.identity(WORLD.stranger.chain.clone(), WORLD.stranger.key());
    let mut wire = runner.serve(&config.build().expect("a server"));
    wire.until_failed(FailureKind::AlertReceived(Alert::UnknownCa));
    runner.complains(1, ":CERTIFICATE_VERIFY_FAILED:");
}

#[test]
fn an_alert_of_the_applications_choice_is_sent() {
    for version in VERSIONS {
        let scratch = Scratch::new();
        let runner = Runner::start(&["-trust-cert", &*root(&scratch), "-send-alert"], scratch);
        let mut wire = runner.serve(&serving(version).build().expect("a server"));
        wire.until_failed(FailureKind::AlertReceived(Alert::Unknown(30)));
        runner.complains(1, "");
    }
}

#[test]
fn a_client_that_is_not_served_is_told_why() {
    for (flags, alert, token) in [
        (
            &["-fail-early-callback"][..],
            Alert::HandshakeFailure,
            ":CONNECTION_REJECTED:",
        ),
        (
            &["-fail-ddos-callback"],
            Alert::InternalError,
            ":CONNECTION_REJECTED:",
        ),
        (
            &["-fail-cert-callback", "-fail-cert-callback-alert", "49"],
            Alert::AccessDenied,
            ":CERT_CB_ERROR:",
        ),
    ] {
        let scratch = Scratch::new();
        let (chain, key) = scratch.identity(&identity());
        let own = ["-server", "-cert-file", &chain, "-key-file", &key];
        let runner = Runner::start(&[&own, flags].concat(), scratch);
        let mut wire = runner.connect(&asking("TLSv1.3").build().expect("a client"));
        wire.until_failed(FailureKind::AlertReceived(alert));
        runner.complains(1, token);
    }
}

/// Flags of a client with an expectation that holds, and then with one that does not.
const EXPECTATIONS: [(&[&str], &[&str]); 13] = [
    (&["-expect-version", "772"], &["-expect-version", "771"]),
    (&["-expect-cipher", "4865"], &["-expect-cipher", "4866"]),
    (&["-expect-curve-id", "23"], &["-expect-curve-id", "29"]),
    (
        &["-expect-peer-signature-algorithm", "1027"],
        &["-expect-peer-signature-algorithm", "2052"],
    ),
    (&["-expect-hrr"], &["-expect-no-hrr"]),
    (
        &["-advertise-alpn", "\x01a", "-expect-alpn", "a"],
        &["-advertise-alpn", "\x01a", "-expect-alpn", "b"],
    ),
    (&["-expect-extended-master-secret"], &["-expect-no-session"]),
    (
        &["-expect-ocsp-response", "c3RhcGxl"],
        &["-expect-ocsp-response", "b3RoZXI="],
    ),
    (
        &["-expect-verify-result"],
        &["-expect-peer-cert-file", "root.pem"],
    ),
    (&[], &["-expect-no-peer-cert"]),
    (&[], &["-expect-no-session"]),
    (&[], &["-expect-client-ca-list", "300A"]),
    (&["-host-name", "test"], &["-expect-server-name", "test"]),
];

#[test]
fn an_expectation_that_does_not_hold_is_a_failure_with_a_sentence() {
    let config = serving("TLSv1.3")
        .ciphers(&["TLS_AES_128_GCM_SHA256"])
        .groups(&["secp256r1"])
        .alpn(&[b"a"])
        .stapled_ocsp_response(b"staple");
    let config = config.build().expect("a server");
    for (right, wrong) in EXPECTATIONS {
        for (expected, holds) in [(right, true), (wrong, false)] {
            let scratch = Scratch::new();
            let flags = ["-trust-cert", &*root(&scratch)];
            let runner = Runner::start(&[&flags[..], expected].concat(), scratch);
            go_along(&mut runner.serve(&config));
            match holds {
                true => runner.ends_well(),
                false => runner.complains(1, "expected"),
            }
        }
    }
}

#[test]
fn a_session_that_is_not_resumed_as_expected_is_a_failure() {
    for (flag, resumes) in [("-async", false), ("-on-resume-expect-session-miss", true)] {
        let scratch = Scratch::new();
        let flags = ["-trust-cert", &*root(&scratch), "-resume-count", "1", flag];
        let runner = Runner::start(&flags, scratch);
        let first = serving("TLSv1.3").build().expect("a server");
        let forgetful = serving("TLSv1.3").build().expect("a server");
        echo(&mut runner.serve(&first));
        go_along(&mut runner.serve(if resumes { &first } else { &forgetful }));
        runner.complains(1, "a resumed session");
    }
}

#[test]
fn a_stream_without_close_notify_is_a_failure_only_where_one_is_demanded() {
    for demanded in [false, true] {
        let scratch = Scratch::new();
        let mut flags = vec!["-trust-cert".to_owned(), root(&scratch)];
        flags.extend(demanded.then(|| "-check-close-notify".to_owned()));
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        let runner = Runner::start(&flags, scratch);
        let mut wire = runner.serve(&serving("TLSv1.3").build().expect("a server"));
        wire.until_encrypted();
        wire.send(b"data");
        wire.until_received(4);
        drop(wire);
        match demanded {
            false => runner.ends_well(),
            true => runner.complains(1, ":CLOSE_WITHOUT_CLOSE_NOTIFY:"),
        }
    }
}

#[test]
fn what_is_not_supported_is_said_before_anything_is_sent() {
    for flags in [
        &["-no-such-flag"][..],
        &["-on-resume-no-such-flag"],
        &["-on-retry-verify-fail"],
        &["-enable-early-data"],
        &["-psk", "00"],
        &["-dtls"],
        &["-curves", "30"],
        &["-curves", "none"],
        &["-signing-prefs"],
        &["-max-version", "770"],
        &["-resumption-delay", "18446744073709551615"],
        &["-resume-count", "256"],
        &["-verify-prefs", "513"],
        &["-export-keying-material", "16", "-export-label", ""],
        &["argument"],
        &["-server"],
    ] {
        Runner::start(flags, Scratch::new()).complains(89, "not supported: ");
    }
}

#[test]
fn what_is_not_there_is_named() {
    let run = |flags: &[&str]| {
        let mut shim = Peer::start(SHIM, flags.iter().copied(), Scratch::new());
        let code = shim.until_exit().code();
        (code, shim.err())
    };
    let said = |sentence: &str| (Some(1), format!("{sentence}\n"));
    assert_eq!(run(&[]), said("-port is missing: where the runner is"));
    let unknown = run(&["-no-such-flag"]);
    assert_eq!(unknown.0, Some(89), "whatever else is missing");

    // The door is shut, and nobody else opens one there meanwhile.
    let port = Door::open().address.port().to_string();
    let (code, words) = run(&["-port", &port]);
    assert_eq!(code, Some(1));
    let begin = format!("no runner at 127.0.0.1:{port}: ");
    assert!(words.starts_with(&begin), "{words}");

    let file = "/no/such/file";
    for flags in [
        &["-trust-cert", file][..],
        &["-server", "-cert-file", file, "-key-file", file],
    ] {
        let (code, words) = run(&[&["-port", &port], flags].concat());
        assert_eq!(code, Some(1));
        let begin = "cannot read /no/such/file: ";
        assert!(words.starts_with(begin), "{words}");
    }
}

#[test]
fn the_longest_delays_can_be_waited_for() {
    let scratch = Scratch::new();
    let flags = ["-trust-cert", &*root(&scratch), "-resume-count", "2"];
    let delay = ["-resumption-delay", "4294967295"];
    let runner = Runner::start(&[&flags[..], &delay].concat(), scratch);
    let config = serving("TLSv1.3").build().expect("a server");
    echo(&mut runner.serve(&config));
    // Three hundred years on, no session is left.
    go_along(&mut runner.serve(&config));
    runner.complains(1, "a resumed session");
}

#[test]
fn there_is_no_handshaker() {
    let mut shim = Peer::start(SHIM, ["-is-handshaker-supported"], Scratch::new());
    assert!(shim.until_exit().success());
    assert_eq!((&*shim.out(), &*shim.err()), (&b"No\n"[..], ""));
}
