//! Sessions as text: what is recorded can be read, and is replayed to the byte.
#![cfg(feature = "testing")]

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use sslcore::testing::transcript::{
    Configurations, Difference, Recorder, Transcript, TranscriptError, replay, replay_with,
};
use sslcore::{
    Alert, ClientConfig, Event, Instant, Leftover, Limits, Now, PeerName, Progress, ReadEnd,
    ServerStart, Step, UnixTime, UsageError, Verdict,
};
use sslcore_tests::transcripts::{SESSIONS, Story, file_names, folder, record};

fn text_of(name: &str) -> String {
    fs::read_to_string(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn parse(text: &str) -> Transcript {
    text.parse()
        .unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn kept() -> Vec<String> {
    let names = SESSIONS.map(|(configuration, story)| file_names(configuration, story));
    names.into_iter().flatten().collect()
}

fn at(millis: u64) -> Now {
    let wall = UnixTime::since_unix_epoch(Duration::from_secs(1_893_456_000));
    Now::new(Instant::from_millis(millis), wall)
}

fn server_name() -> PeerName {
    PeerName::new("server.test").expect("a name")
}

fn recorder(configuration: &str) -> (Recorder, Configurations) {
    let known = Configurations::named(configuration, 7).expect("known words");
    (Recorder::new(configuration, 7, Limits::default()), known)
}

/// What a recorder has written, which must replay, also when it is read from text.
fn checked(recorder: Recorder) -> String {
    let transcript = recorder.into_transcript();
    let text = transcript.to_string();
    replay(&transcript).unwrap_or_else(|difference| panic!("{difference}\n{text}"));
    replay(&parse(&text)).unwrap_or_else(|difference| panic!("{difference}\n{text}"));
    assert_eq!(parse(&text).to_string(), text);
    text
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
    for unknown in ["tls11", "tls13 tls", "max_fragment", "max_fragment x"] {
        assert!(Configurations::named(unknown, 1).is_none(), "{unknown}");
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
fn a_text_that_is_no_transcript_says_which_line_is_wrong() {
    let begin =
        "transcript of a connection of sslcore, format 1\nconfiguration \"tls13\", seed 1\n";
    for (text, line) in [
        ("", 1),
        ("transcript of something else\n", 1),
        ("# said nothing yet\n\ntranscript", 3),
        ("transcript of a connection of sslcore, format 1\n", 1),
        (
            "transcript of a connection of sslcore, format 1\nseed 1\n",
            2,
        ),
    ] {
        let error = text.parse::<Transcript>().expect_err(text);
        assert_eq!(error.line, line, "{text:?}: {error}");
    }
    for wrong in [
        "sing",
        "event",
        "at 1, 2",
        "at 1 us, soon",
        "at +1 us, 2 s",
        "at 18446744073709551616 us, 2 s",
        "write 1 byte",
        "write 1 byte 6",
        "write 1 byte +6",
        "write 1 byte 6162",
        "write 2 bytes \"a",
        "write 2 bytes \"\\x\"",
        "write 2 bytes \"\u{e4}\"",
        "write two bytes",
        "write \u{e4} bytes",
        "< 1 byte \u{e4}",
        "transmitted -1",
        "answer accept",
        "answer 0 accept only a",
        "answer 0 reject with 256",
        "provide",
        "start",
        "start nobody",
        "start client server.test",
        "start client \"\"",
        "start client \"a.test\" verify as",
        "start client \"a.test\" verify as \"b.test\" too",
        "start server now",
        "start serverleftover tls",
        "limits read_buffer_size",
        "    6162",
    ] {
        let text = format!("{begin}\n{wrong}\nclose\n");
        let error = text.parse::<Transcript>().expect_err(wrong);
        assert_eq!(error.line, 4, "{wrong:?}: {error}");
        assert!(error.to_string().starts_with("line 4: "), "{error}");
    }
    let error: TranscriptError = format!("{begin}write 3 bytes\n  61\n  62 # two\nclose\n")
        .parse::<Transcript>()
        .expect_err("too few");
    assert_eq!(error.line, 5);
}

#[test]
fn bytes_are_read_in_any_shape() {
    let begin = "transcript of a connection of sslcore, format 1\nconfiguration \"\", seed 0\n";
    let canonical = format!("{begin}write 14 bytes \"attack at dawn\"\n");
    for same in [
        "write 14 bytes 61747461636b206174206461776e",
        "write 14 bytes 6174 7461 636B \" at dawn\" # soon",
        "write 14 bytes\n  \"attack\" # what\n\n  # nothing\n 20\n \"at dawn\"",
    ] {
        assert_eq!(parse(&format!("{begin}{same}\n")).to_string(), canonical);
    }
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
        "provide 0\nrefuse 0\n= Stale\n",
        "reset\nend of stream\n< 4 bytes \"late\"\n= ReceiveAfterEnd\nclose\n",
    ] {
        assert!(text.contains(line), "{line:?} is not in\n{text}");
    }
}

#[test]
fn names_and_limits_are_kept() {
    let limits = Limits {
        read_buffer_size: 100,
        queued: 10,
        release_when_idle: true,
        ..Limits::default()
    };
    let named = |name: &str| PeerName::new(name).expect("a name");
    for (peer, wanted) in [
        (server_name(), "\"server.test\"\n"),
        (server_name().without_sni(), "\"server.test\" without SNI\n"),
        (
            named("a.test").verify_as("server.test").expect("a name"),
            "\"a.test\" verify as \"server.test\"\n",
        ),
        (named("192.0.2.1"), "\"192.0.2.1\"\n"),
        (
            named("192.0.2.1").verify_as("2001:db8::1").expect("a name"),
            "\"2001:db8::1\" without SNI\n",
        ),
    ] {
        let known = Configurations::named("tls12", 7).expect("known words");
        let mut client = Recorder::new("tls\n12\"\\", 7, limits);
        client
            .start_client_encryption(&known.client, peer)
            .expect("start");
        assert_eq!(client.write(&[b'x'; 20]), Ok(10));
        client.settle(at(0));
        client.send_all();
        let text = client.transcript().to_string();
        assert!(text.contains(&format!("\nstart client {wanted}")), "{text}");
        assert!(
            text.contains("\nwrite 20 bytes \"xxxxxxxxxxxxxxxxxxxx\"\n= 10\n"),
            "{text}"
        );
        assert!(
            text.contains("\nlimits read_buffer_size 100, transmit 33300, queued 10, "),
            "{text}"
        );
        checked(client);
    }
}

#[test]
fn a_transcript_with_other_configurations_is_replayed_with_them() {
    let known = || Configurations::named("tls13 mutual", 3).expect("known words");
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

/// Lines that may stand in a transcript, and some that may not.
fn odd_lines() -> impl Strategy<Value = String> {
    let known = [
        "settle",
        "process",
        "next",
        "poll",
        "close",
        "cancel",
        "abort",
        "reset",
        "end of stream",
        "update keys",
        "discard reads",
        "transmit failed",
        "read",
        "start server",
        "start client \"x\"",
        "start server asking leftover discard",
        "answer 0 accept",
        "answer 0 accept only 0 9",
        "answer 1 reject with 0",
        "provide 0",
        "refuse 0",
        "consume 1",
        "transmitted 99999999",
        "at 1 us, no wall clock",
        "at 18446744073709551615 us, 18446744073709551615 s",
        "= Idle",
        "event Encrypted",
        "< 5 bytes 1603010000",
        "write 0 bytes",
        "read 0 bytes",
        "> 0 bytes",
        "write 3 bytes \"\\r\\n\\\\\"",
        "limits queued 18446744073709551615",
    ];
    prop_oneof![
        6 => prop::sample::select(known.to_vec()).prop_map(str::to_owned),
        1 => ".{0,60}",
        1 => "(write|read|<|>) [0-9]{1,3} bytes? [0-9a-g\"\\\\# ]{0,20}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(200), ..ProptestConfig::default() })]

    /// Any text is a transcript or an error; any transcript is replayed or differs, and no part panics.
    #[test]
    fn no_text_does_harm(
        file in prop::sample::select(kept()),
        changes in vec((any::<prop::sample::Index>(), 0..4u8, odd_lines()), 0..6),
        limits in prop::option::of((any::<usize>(), any::<usize>(), any::<usize>(), any::<usize>())),
    ) {
        let text = text_of(&file);
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        if let Some((read, transmit, queued, handshake)) = limits {
            lines.insert(2, format!("limits read_buffer_size {read}, transmit {transmit}, queued {queued}, max_handshake {handshake}"));
        }
        for (at, what, line) in changes {
            let at = 2 + at.index(lines.len() - 2);
            match what {
                0 => lines[at] = line,
                1 => _ = lines.remove(at),
                2 => {
                    let doubled = lines[at].clone();
                    lines.insert(at, doubled);
                }
                _ => lines.insert(at, line),
            }
        }
        let text = lines.join("\n");
        if let Ok(transcript) = text.parse::<Transcript>() {
            let written = transcript.to_string();
            prop_assert_eq!(parse(&written).to_string(), written);
            if let Err(difference) = replay(&transcript) {
                prop_assert!(difference.line >= 2 && difference.line <= lines.len() + 1);
                prop_assert_ne!(difference.recorded, difference.came);
            }
        }
    }

    #[test]
    fn any_bytes_are_written_and_read(bytes in vec(prop_oneof![any::<u8>(), b' '..=b'~'], 0..300)) {
        let mut recorder = Recorder::new("", 0, Limits::default());
        recorder.write(&bytes).expect("open");
        recorder.receive(&bytes).expect("open");
        checked(recorder);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "(transcript of a connection of sslcore, format 1\n)?(configuration \"tls13\", seed 1\n)?\\PC{0,200}(\n\\PC{0,80}){0,5}") {
        if let Ok(transcript) = text.parse::<Transcript>() {
            let _ = replay(&transcript);
        }
    }
}

/// `PROPTEST_CASES` for long runs, a few hundred for every day.
fn cases(everyday: u32) -> u32 {
    std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(everyday)
}
