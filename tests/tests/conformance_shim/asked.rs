//! What the flags ask for happens.

use sslcore::{Alert, ClientConfig, Engine, Event, PreSharedKey, ServerConfig, VerifyMode};
use sslcore_tests::certs::WORLD;
use sslcore_tests::pair::{VERSIONS, backend};
use sslcore_tests::peer::Scratch;

use super::runner::{Runner, asking, echo, go_along, identity, root, serving};

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
