//! Sessions that are recorded, and replayed to the byte; those that are kept in files, too.
#![cfg(feature = "testing")]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use sslcore::testing::transcript::{Configurations, Difference, Recorder, replay, replay_with};
use sslcore::{
    Alert, ClientConfig, Event, Instant, Leftover, Limits, Now, Progress, ReadEnd, ServerStart,
    Step, UsageError, Verdict,
};
use sslcore_tests::pair::server_name;
use sslcore_tests::recorded::Recorded;
use sslcore_tests::transcripts::{
    SESSIONS, Story, at, checked, file_names, folder, kept, parse, record, text_of,
};

fn recorder(configuration: &str) -> (Recorder, Configurations) {
    let known = Configurations::without_security(configuration, 7).expect("known words");
    (Recorder::new(configuration, 7, Limits::default()), known)
}

#[test]
fn every_kind_of_session_is_kept_for_both_versions() {
    let needed = [
        ("", Story::Plain),
        (" resumed", Story::Plain),
        (" mutual", Story::Plain),
        (" refused", Story::Plain),
        (" rustcrypto", Story::Plain),
        (" untrusted", Story::Rejected),
        (" untrusted", Story::Accepted),
        ("", Story::StartTls),
        ("", Story::Chosen),
    ];
    for version in ["tls12", "tls13"] {
        for (words, story) in needed {
            let configuration = format!("{version}{words}");
            assert!(
                SESSIONS.contains(&(&configuration, story)),
                "{configuration} {story:?} is not among the sessions"
            );
        }
    }
    assert!(SESSIONS.contains(&("tls13 retried", Story::Plain)));
    for unknown in [
        "tls11",
        "tls13 tls",
        "tls12 tls13",
        "mutual refused",
        "tls12 signature_asked",
        "psk signature_asked",
        "max_fragment",
        "max_fragment x",
    ] {
        assert!(
            Configurations::without_security(unknown, 1).is_none(),
            "{unknown}"
        );
    }
}

#[test]
fn the_folder_has_a_transcript_of_every_session_and_no_others() {
    let files = fs::read_dir(folder()).expect("a folder");
    let names = files.map(|file| file.expect("a file").file_name().into_string());
    let mut found: BTreeSet<String> = names.map(|name| name.expect("UTF-8")).collect();
    assert!(found.remove("README.md"));
    assert_eq!(found, BTreeSet::from_iter(kept()));
}

#[test]
fn every_kept_transcript_replays_to_the_byte() {
    for name in kept() {
        let transcript = parse(&text_of(&name));
        replay(&transcript).unwrap_or_else(|difference| panic!("{name}: {difference}"));
    }
}

#[test]
fn every_kept_transcript_is_as_the_command_makes_it() {
    for (configuration, story) in SESSIONS {
        let names = file_names(configuration, story);
        for (name, made) in names.iter().zip(record(configuration, story)) {
            let (kept, made) = (text_of(name), made.to_string());
            let mut lines = kept.lines().zip(made.lines());
            assert_eq!(lines.find(|(kept, made)| kept != made), None, "{name}");
            assert_eq!(kept.len(), made.len(), "{name}");
            assert_eq!(parse(&kept).to_string(), kept, "{name}");
        }
    }
}

#[test]
fn a_kept_session_is_what_its_name_says() {
    let has = |name: &str, wanted: &str| text_of(name).contains(wanted);
    for version in ["tls12", "tls13"] {
        let file = |words: &str| format!("{version}{words}.txt");
        assert!(has(&file("-client"), "clean: true"));
        assert!(has(
            &file("-server"),
            "\nread 14 bytes \"attack at dawn\"\n"
        ));
        assert!(has(
            &file("-mutual-client"),
            "event ClientCertificateRequested\n"
        ));
        assert!(has(
            &file("-refused-server"),
            "event AlertSent(UnknownCa)\n"
        ));
        assert!(has(
            &file("-refused-client"),
            "event AlertReceived(UnknownCa)\n"
        ));
        assert!(has(
            &file("-untrusted-rejected-client"),
            "\nanswer 0 reject\n"
        ));
        assert!(has(
            &file("-untrusted-accepted-client"),
            "event Encrypted\n"
        ));
        assert!(has(
            &file("-starttls-server"),
            "\nwrite 14 bytes \"220 go ahead\\r\\n\"\n"
        ));
        assert!(has(&file("-chosen-server"), "\nprovide 0\n"));
        assert!(!has(&file("-rustcrypto-client"), "without security"));
    }
    for end in ["client", "server"] {
        let name = format!("mutual-signature_asked-accepted-{end}.txt");
        assert!(has(&name, "\nprovide_signature 0 der 30"), "{name}");
        assert!(has(&name, "event Encrypted\n"), "{name}");
    }
    assert!(has(
        "signature_asked-rejected-server.txt",
        "\nrefuse_signature 0\n"
    ));
    // In TLS 1.3 the client is encrypted before it is refused (R14).
    assert!(has("tls13-refused-client.txt", "event Encrypted\n"));
    assert!(!has("tls12-refused-client.txt", "event Encrypted\n"));
    // The beginning of a HelloRetryRequest's random (RFC 8446 §4.1.3).
    assert!(has("tls13-retried-client.txt", "0303cf21ad74e59a6111"));
}

#[test]
fn a_difference_says_where_and_what() {
    let text = text_of("tls13-client.txt");
    let differs = |text: &str| replay(&parse(text)).expect_err("other than recorded");
    let line_of = |wanted: &str| {
        1 + text
            .lines()
            .position(|line| line == wanted)
            .expect("a line")
    };

    let gone = differs(&text.replace("event Encrypted\n", ""));
    assert_eq!(gone.line, line_of("event Encrypted"));
    assert_eq!(
        (&*gone.recorded, &*gone.came),
        ("> 72 bytes", "event Encrypted")
    );

    let other = differs(&text.replace("event Encrypted\n", "event Writable\n"));
    assert_eq!(
        (&*other.recorded, &*other.came),
        ("event Writable", "event Encrypted")
    );

    let more = differs(&text.replace("event Encrypted\n", "event Encrypted\nevent Encrypted\n"));
    assert_eq!(more.line, line_of("event Encrypted") + 1);

    let (hello, number) = ("    010000", line_of("start client \"server.test\"") + 1);
    let byte = differs(&text.replacen(hello, "    020000", 1));
    assert!(byte.line > number, "{byte}");
    assert!(
        byte.recorded.contains("> ") && byte.recorded.contains("\n    020000"),
        "{byte}"
    );
    assert!(
        byte.came.contains("> ") && byte.came.contains("\n    010000"),
        "{byte}"
    );

    let short = differs(text.strip_suffix("event Closed(CloseReport { clean: true, close_notify_sent: true, close_notify_received: true, abandoned: 0, unsent: 0 })\nend of stream\nsettle\n").expect("the end"));
    assert_eq!(
        (&*short.recorded, &short.came[..12]),
        ("nothing", "event Closed")
    );
    assert_eq!(short.line, text.lines().count() - 2);

    let unknown = differs(&text.replace("\"tls13\"", "\"tls14\""));
    assert_eq!((unknown.line, &*unknown.recorded), (2, "tls14"));
    let seed = differs(&text.replace("seed 1", "seed 2"));
    assert!(seed.recorded.starts_with("> "), "{seed}");
    assert!(seed.to_string().contains("\nand came as\n"), "{seed}");
}

#[test]
fn every_call_is_recorded_and_made_again() {
    let (mut client, known) = recorder("tls13 untrusted");
    let mut server = Recorder::new("tls13 untrusted", 7, Limits::default());

    // Before TLS.
    assert_eq!(server.write(b"ready\r\n"), Ok(7));
    assert_eq!(
        server.transmitted(8),
        Err(UsageError::TooManyBytes {
            given: 8,
            available: 7
        })
    );
    assert_eq!(server.transmitted(0), Ok(()));
    let line = server.send_all();
    assert_eq!(server.poll_event(), Some(Event::BytesWritten(7)));
    assert_eq!(server.poll_event(), None);
    assert_eq!(client.read(&mut [0; 9]), Err(ReadEnd::Empty));
    assert_eq!(client.receive(&line), Ok(7));
    while client.process(at(0)) != Progress::Idle {}
    assert!(client.consume(8).is_err());
    assert_eq!(client.read(&mut [0; 2]), Ok(2));
    let start = |client: &mut Recorder, config: &ClientConfig, leftover| {
        client.start_client_encryption_with(config, server_name(), leftover)
    };
    let unread = start(&mut client, &known.client, Leftover::Refuse);
    assert_eq!(unread, Err(UsageError::UnreadPlaintext { bytes: 5 }));
    assert_eq!(client.unread(b"re"), Ok(()));
    assert!(client.unread(b"re").is_err());
    client.set_read_buffer_size(5000);
    client.set_peer_close_timeout(Some(Duration::from_nanos(7_000_999)));
    client.set_peer_close_timeout(None);
    assert_eq!(client.update_keys(), Err(UsageError::NotEncrypted));
    assert_eq!(start(&mut client, &known.client, Leftover::Discard), Ok(()));

    // A hello, and a question to each side.
    let hello = loop {
        match client.next(at(5)) {
            Step::Transmit(bytes) => break bytes.to_vec(),
            Step::Event(_) => {}
            step => panic!("{step:?}"),
        }
    };
    assert_eq!(client.transmitted(hello.len()), Ok(()));
    assert_eq!(server.receive(&hello), Ok(hello.len()));
    let fallback = known.server.clone();
    let start =
        server.start_server_encryption_with(ServerStart::Ask { fallback }, Leftover::TreatAsTls);
    assert_eq!(start, Ok(()));
    server.settle(at(10));
    let id = server.config_request().expect("a question").id;
    assert_eq!(server.provide_config(id, &known.server), Ok(()));
    assert_eq!(server.refuse_config(id), Err(UsageError::Stale));
    let denied = server.refuse_config_with(id, Alert::AccessDenied);
    assert_eq!(denied, Err(UsageError::Stale));
    server.settle(at(20));
    let flight = server.send_all();
    assert_eq!(client.receive(&flight), Ok(flight.len()));
    client.settle(Now::without_wall_clock(Instant::from_millis(30)));
    let review = client.review().expect("a question");
    let (id, errors) = (review.id, review.errors.to_vec());
    assert_eq!(errors.len(), 2);
    assert_eq!(client.answer(id, Verdict::AcceptOnly(&errors[1..])), Ok(()));
    assert_eq!(
        client.answer(id, Verdict::RejectWith(Alert::AccessDenied)),
        Err(UsageError::Stale)
    );
    client.settle(at(40));
    client.discard_reads();
    client.transmit_failed();
    client.cancel();
    client.abort();
    client.settle(at(50));
    server.receive_reset();
    server.receive_eof();
    assert_eq!(server.receive(b"late"), Err(UsageError::ReceiveAfterEnd));
    server.close();
    server.settle(at(60));

    let text = checked(client);
    for line in [
        "read\n= Empty\n",
        "process\n= Idle\n",
        "consume 8\n= TooManyBytes { given: 8, available: 7 }\n",
        "read 2 bytes \"re\"\n",
        "unread 2 bytes \"re\"\nunread 2 bytes \"re\"\n= TooManyBytes { given: 2, available: 0 }\n",
        "set_read_buffer_size 5000\nset_peer_close_timeout 7000 us\nset_peer_close_timeout none\n",
        "start client \"server.test\"\n= UnreadPlaintext { bytes: 5 }\n",
        "start client \"server.test\" leftover discard\n",
        "next\nevent ModeChanged(Client)\n",
        "next\n= Transmit ",
        "at 30000 us, no wall clock\n",
        "answer 0 accept only 1\nanswer 0 reject with 49\n= Stale\n",
        "discard reads\ntransmit failed\ncancel\nabort\n",
    ] {
        assert!(text.contains(line), "{line:?} is not in\n{text}");
    }
    let text = checked(server);
    for line in [
        "transmitted 8\n= TooManyBytes { given: 8, available: 7 }\ntransmitted 0\n",
        "poll\nevent BytesWritten(7)\npoll\n= None\n",
        "start server asking leftover tls\n",
        "provide 0\nrefuse 0\n= Stale\nrefuse 0 with 49\n= Stale\n",
        "reset\nend of stream\n< 4 bytes \"late\"\n= ReceiveAfterEnd\nclose\n",
    ] {
        assert!(text.contains(line), "{line:?} is not in\n{text}");
    }
}

#[test]
fn a_client_is_refused_with_the_same_alert_again() {
    let (mut client, known) = recorder("tls13");
    let (mut server, _) = recorder("tls13");
    let started = client.start_client_encryption(&known.client, server_name());
    started.expect("start");
    client.settle(at(0));
    let fallback = known.server;
    let started = server.start_server_encryption(ServerStart::Ask { fallback });
    started.expect("start");
    server.receive(&client.send_all()).expect("open");
    server.settle(at(0));
    let id = server.config_request().expect("a question").id;
    let denied = server.refuse_config_with(id, Alert::AccessDenied);
    assert_eq!(denied, Ok(()));
    server.settle(at(0));
    server.send_all();
    server.settle(at(0));
    let text = checked(server);
    assert!(text.contains("\nrefuse 0 with 49\n"), "{text}");
    assert!(text.contains("\nevent AlertSent(AccessDenied)\n"), "{text}");
}

/// The names of the calls with these words behind them in the sources.
fn calls(sources: impl IntoIterator<Item = PathBuf>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for source in sources {
        let text = fs::read_to_string(source).expect("a source");
        for call in text.split("\n    pub fn ").skip(1) {
            let head: String = call.split('{').next().unwrap_or_default().into();
            let (name, arguments) = head.split_once('(').expect("arguments");
            if arguments.trim_start().starts_with("&mut self") {
                names.insert(name.split('<').next().unwrap_or_default().into());
            }
        }
    }
    names
}

#[test]
fn every_call_that_changes_something_has_a_twin_or_another_that_does_the_same() {
    const OTHERS: [&str; 10] = [
        "complete_transmit",
        "lend",
        "read_buf",
        "receive_buf",
        "receive_owned",
        "take_changes",
        "take_transmit",
        "write_buf",
        "write_vectored",
        "write_with",
    ];
    // A recorder hands no keys over: a transcript has bytes, and no contents of records.
    const IN_OTHER_HANDS: [&str; 7] = [
        "offload",
        "offload_failed",
        "record_buffer",
        "record_limit",
        "record_received",
        "record_transmitted",
        "records_sealed",
    ];
    let sources: PathBuf = [env!("CARGO_MANIFEST_DIR"), "..", "sslcore", "src"]
        .iter()
        .collect();
    let folder = fs::read_dir(sources.join("connection")).expect("a folder");
    let files = folder.map(|file| file.expect("a file").path());
    let wanted = calls(files.filter(|path| path.is_file()));
    assert!(wanted.len() > 30, "{wanted:?}");
    let twins = calls([sources.join("transcript/recorder.rs")]);
    let missing = wanted.difference(&twins);
    let others = OTHERS.iter().chain(&IN_OTHER_HANDS);
    let others: BTreeSet<String> = others.map(|call| call.to_string()).collect();
    let missing: BTreeSet<String> = missing.cloned().collect();
    assert_eq!(missing, others);
}

#[test]
fn a_transcript_with_other_configurations_is_replayed_with_them() {
    let known = || Configurations::without_security("tls13 mutual", 3).expect("known words");
    let mut client = Recorder::new("my own", 3, Limits::default());
    client
        .start_client_encryption(&known().client, server_name())
        .expect("start");
    assert!(client.settle(at(0)).is_some());
    client.send_all();
    let transcript = client.into_transcript();
    assert_eq!(replay_with(&transcript, &known()), Ok(()));
    assert_eq!(
        replay(&transcript).map_err(|difference| difference.line),
        Err(2)
    );
    // A configuration that has been used has drawn random numbers.
    let used = known();
    assert_eq!(replay_with(&transcript, &used), Ok(()));
    assert!(matches!(
        replay_with(&transcript, &used),
        Err(Difference { line: 7.., .. })
    ));
}

#[test]
fn a_session_that_panics_leaves_its_transcript() {
    let panicked = |bytes: &'static [u8]| {
        let run = std::thread::spawn(move || {
            let mut end = Recorded::new("tls13", 7, Limits::default());
            end.conn.write(bytes).expect("open");
            end.settle();
            let path = end.left_at();
            fs::write(&path, "").expect("a file");
            assert!(bytes.is_empty(), "{}", path.display());
            path
        });
        match run.join() {
            Ok(path) => path,
            Err(why) => PathBuf::from(why.downcast_ref::<String>().expect("a path")),
        }
    };
    let path = panicked(b"the last words");
    let left = parse(&fs::read_to_string(&path).expect("a transcript"));
    assert!(
        left.to_string()
            .contains("write 14 bytes \"the last words\"")
    );
    assert_eq!(replay(&left), Ok(()));
    assert_eq!(panicked(b""), path);
    assert_eq!(
        fs::read_to_string(&path).expect("a file"),
        "",
        "nothing was wrong"
    );
    fs::remove_file(&path).expect("a file");
}
