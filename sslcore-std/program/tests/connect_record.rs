//! `sslcore connect --record` and `sslcore replay`: a session written down, and drawn.

mod common;

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use common::program::{
    Door, Run, ca_file, connect, encrypt, file, fresh, run, run_unread, trusting,
};
use common::{LONG, both};

fn replay(arguments: &[&str], recording: &Path) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sslcore"));
    run(command.arg("replay").args(arguments).arg(recording), b"")
}

fn drawn(arguments: &[&str], recording: &Path) -> String {
    let run = replay(arguments, recording);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stderr.is_empty(), "{}", run.stderr);
    String::from_utf8(run.stdout).expect("UTF-8")
}

/// A short conversation behind STARTTLS, and what was written down of it.
fn recorded() -> (PathBuf, String) {
    let (door, recording) = (Door::open(), fresh("session.txt"));
    let mut command = connect(&door.address().to_string());
    command
        .arg("--ca")
        .arg(ca_file())
        .args(["--starttls", "pop3"]);
    command.arg("--record").arg(&recording);
    let serve = || {
        let mut stream = door.accept();
        stream.write_all(b"+OK confidential\r\n").expect("greet");
        stream.read_exact(&mut [0; 6]).expect("STLS");
        stream.write_all(b"+OK go ahead\r\n").expect("go ahead");
        let mut socket = encrypt(stream);
        let mut heard = [0; 7];
        socket.read_exact(&mut heard).expect("all");
        socket.write_all(&heard).expect("echo");
        socket.close();
        socket.wait_for_disconnected(Some(LONG)).expect("ended");
    };
    let run = both(|| run(&mut command, b"secret\n"), serve).0;
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let text = fs::read_to_string(&recording).expect("a recording");
    (recording, text)
}

/// How a recording begins.
const TITLE: &str = "recording of a connection of sslcore 0.1.0, format 1\n";

/// The transcripts that the tests of sslcore keep.
fn transcripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/tests/transcripts")
}

#[test]
fn a_recording_has_sizes_events_and_calls_and_nothing_that_was_said() {
    let (_, text) = recorded();
    let title = format!(
        "recording of a connection of sslcore {}, format 1",
        sslcore::VERSION
    );
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], title);
    let mut rest = lines[1..].iter();
    for wanted in [
        "< plaintext, 18 bytes",
        "> plaintext, 6 bytes",
        "< plaintext, 14 bytes",
        "start client",
        "event ModeChanged(Client)",
        "> handshake client_hello, ",
        "< handshake server_hello, ",
        "event Encrypted",
        "> encrypted, ",
        "event AlertSent(CloseNotify)",
        "event Closed(CloseReport { clean: true",
    ] {
        assert!(
            rest.any(|line| line.starts_with(wanted)),
            "{wanted:?} is missing:\n{text}"
        );
    }
    for begin in ["close", "event PeerClosed", "at "] {
        assert!(
            lines.iter().any(|line| line.starts_with(begin)),
            "{begin}:\n{text}"
        );
    }
    for said in [
        "secret",
        "confidential",
        "STLS",
        "OK",
        "127.0.0.1",
        "server.test",
    ] {
        assert!(!text.contains(said), "{said}:\n{text}");
    }
}

#[test]
fn a_recording_is_drawn_as_a_picture_or_a_page_that_needs_no_other_file() {
    let (recording, _) = recorded();
    let svg = drawn(&["--svg"], &recording);
    assert!(
        svg.starts_with("<svg ") && svg.ends_with("</svg>\n"),
        "{svg}"
    );
    for wanted in [
        ">client, this side<",
        ">server<",
        ">plaintext, 18 B<",
        ">start client<",
        ">handshake client_hello, ",
        ">Encrypted<",
        ">AlertSent(CloseNotify)<",
        ">Closed, clean<",
    ] {
        assert!(svg.contains(wanted), "{wanted:?} is missing:\n{svg}");
    }
    let html = drawn(&["--html"], &recording);
    assert!(
        html.starts_with("<!DOCTYPE html>") && html.contains(&svg),
        "{html}"
    );
    for (begin, times) in [("close", 1), ("cancel", 0)] {
        let label = format!(">{begin}<");
        assert_eq!(svg.matches(&label).count(), times, "{begin}:\n{svg}");
    }
    let references = html.replace("http://www.w3.org/2000/svg", "");
    for reference in ["http", "href", "src=", "url(", "@import", "<script"] {
        assert!(!references.contains(reference), "{reference}");
    }
}

#[test]
fn a_refused_certificate_is_recorded_with_its_alert() {
    let (door, recording) = (Door::open(), fresh("refused.txt"));
    let mut command = connect(&door.address().to_string());
    // Nobody has this fingerprint.
    command
        .args(["--trust-sha256", &"00".repeat(32), "--record"])
        .arg(&recording);
    let serve = || {
        let mut socket = encrypt(door.accept());
        let outcome = socket.wait_for_encrypted(Some(LONG));
        let _ = outcome.and_then(|()| socket.wait_for_disconnected(Some(LONG)).map(drop));
    };
    let run = both(|| run(&mut command, b""), serve).0;
    assert_eq!(run.code, Some(4), "{}", run.stderr);
    let text = fs::read_to_string(&recording).expect("a recording");
    assert!(text.contains("\nevent PeerVerifyError { kind: "), "{text}");
    assert!(
        text.contains("\nevent Failed(CertificateRejected("),
        "{text}"
    );
    let svg = drawn(&["--svg"], &recording);
    assert!(
        svg.contains("<text class=\"l bad\"") && svg.contains(">AlertSent("),
        "{svg}"
    );
    assert!(!svg.contains("a decision"), "nobody was asked: {svg}");
}

#[test]
fn a_transcript_is_drawn_with_the_time_in_which_a_decision_was_open() {
    let svg = |name: &str| drawn(&["--svg"], &transcripts().join(name));
    let held = svg("tls13-untrusted-accepted-client.txt");
    assert!(held.contains("<rect class=\"held\""), "{held}");
    assert!(held.contains(">a decision was open for 2,0"), "{held}");
    assert!(held.contains(">answer 0 accept<"), "{held}");
    let chosen = svg("tls12-chosen-server.txt");
    assert!(chosen.contains(">server, this side<"), "{chosen}");
    assert!(
        chosen.contains(">provide 0<") && chosen.contains("a decision was open"),
        "{chosen}"
    );
    let plain = svg("tls13-client.txt");
    assert!(!plain.contains("a decision"), "{plain}");
    assert!(
        plain.contains(">handshake client_hello, 216 B<")
            && plain.contains(">start client &quot;server.test&quot;<"),
        "{plain}"
    );
    assert!(!plain.contains("attack"), "{plain}");
}

#[test]
fn a_decision_is_open_until_it_is_answered_or_the_session_ends() {
    let held = |rest: &str| {
        let recording =
            format!("{TITLE}at 5 us\nevent SslErrors(ReviewId(0))\nat 3005 us\n{rest}\n");
        drawn(&["--svg"], &file("held.txt", recording.as_bytes()))
    };
    for rest in [
        "answer 0 accept",
        "event Failed(DecisionTimeout)",
        "event Failed(Truncated)",
        "event Failed(Reset)",
        "cancel\nevent Closed(CloseReport { clean: false })",
    ] {
        let svg = held(rest);
        assert!(
            svg.contains(">a decision was open for 3.000 ms<"),
            "{rest}:\n{svg}"
        );
    }
    // What is refused at once has asked nobody.
    let refused = "event Failed(CertificateRejected(SelfSignedCertificate))\n\
                   event Closed(CloseReport { clean: false })";
    let svg = held(refused);
    assert!(!svg.contains("a decision"), "{svg}");
}

#[test]
fn many_records_are_one_arrow_and_bytes_without_a_record_are_one_too() {
    let many = "> encrypted, 100 bytes\n".repeat(50);
    let recording = format!(
        "{TITLE}at 5 us\n{many}\
         < encrypted, 7 bytes\nat 2000005 us\n< encrypted, 7 bytes\n"
    );
    let svg = drawn(&["--svg"], &file("many.txt", recording.as_bytes()));
    assert!(svg.contains(">encrypted × 50, 5,000 B<"), "{svg}");
    assert_eq!(svg.matches(">encrypted, 7 B<").count(), 2, "{svg}");
    assert!(
        svg.contains(">0.005 ms<") && svg.contains(">2,000.005 ms<"),
        "{svg}"
    );
    let transcript = "transcript of a connection of sslcore, format 1\n\
        configuration \"\", seed 1\n> 4 bytes\n    16030300\n< 8 bytes\n    0000000061 \" # 5\"\nclose\n\
        < 9 bytes\n";
    let svg = drawn(&["--svg"], &file("bytes.txt", transcript.as_bytes()));
    for wanted in [">bytes, 4 B<", ">bytes, 8 B<", ">close<", ">bytes, 9 B<"] {
        assert!(svg.contains(wanted), "{wanted}:\n{svg}");
    }
}

#[test]
fn a_call_is_drawn_at_the_time_at_which_it_has_its_effect() {
    let transcript = "transcript of a connection of sslcore, format 1\n\
        configuration \"\", seed 1\nat 5 us, 0 s\nsettle\nclose\nat 1000005 us, 1 s\nsettle\ncancel\n\
        settle\nat 2000005 us, 2 s\nsettle\nevent PeerClosed\n";
    let svg = drawn(&["--svg"], &file("calls.txt", transcript.as_bytes()));
    let order = [
        ">1,000.005 ms<",
        ">close<",
        ">cancel<",
        ">2,000.005 ms<",
        ">PeerClosed<",
    ];
    let places = order.map(|wanted| {
        svg.find(wanted)
            .unwrap_or_else(|| panic!("{wanted}:\n{svg}"))
    });
    assert!(places.is_sorted() && !svg.contains(">0.005 ms<"), "{svg}");
}

#[test]
fn a_long_session_is_short_where_data_passes() {
    let pair = "> encrypted, 100 bytes\n< encrypted, 1000 bytes\n";
    let round = |at: usize| format!("at {at} us\n{pair}");
    let data: String = (0..5000).map(round).collect();
    let recording = format!("{TITLE}event Encrypted\n{data}event PeerClosed\n");
    let svg = drawn(&["--svg"], &file("long.txt", recording.as_bytes()));
    assert!(svg.len() < 10_000, "{} bytes", svg.len());
    for wanted in [
        ">Encrypted<",
        ">· · · 9,992 more · · ·<",
        ">499,600 B sent, 4,996,000 B received, until 4.997 ms<",
        ">sent 500,000 B in 5,000 pieces<",
        ">received 5,000,000 B in 5,000 pieces<",
        ">PeerClosed<",
    ] {
        assert!(svg.contains(wanted), "{wanted}:\n{svg}");
    }
    // Nothing else is left out.
    let events = "event KeysUpdated(Sending)\n".repeat(10_000);
    let text = format!("{TITLE}{events}");
    let svg = drawn(&["--svg"], &file("events.txt", text.as_bytes()));
    assert_eq!(svg.matches(">KeysUpdated(Sending)<").count(), 10_000);
    assert!(svg.len() < 2_000_000, "{} bytes", svg.len());
}

#[test]
fn every_kept_transcript_can_be_drawn() {
    let mut drawings = 0;
    for entry in fs::read_dir(transcripts()).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "txt") {
            let svg = drawn(&["--svg"], &path);
            assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
            drawings += 1;
        }
    }
    assert!(drawings > 20, "{drawings}");
}

#[test]
fn what_a_file_says_does_nothing_to_a_page() {
    let hostile = "</text><script>alert(1)</script>&\u{1}\u{202e}";
    let text = format!(
        "{TITLE}at 18446744073709551615 us\n{hostile}\nevent {hostile}\n\
         > {hostile}, 18446744073709551615 bytes\nat 0 us\n> {hostile}, 5 bytes\n\
         event SslErrors(0)\nanswer {}\n",
        "x".repeat(100_000)
    );
    let page = drawn(&["--html"], &file("hostile.txt", text.as_bytes()));
    assert!(
        !page.contains("<script") && !page.contains(['\u{1}', '\u{202e}']),
        "{page}"
    );
    assert!(
        page.contains("&lt;script&gt;") && page.len() < 20_000,
        "{page}"
    );
}

#[test]
fn what_cannot_be_read_or_written_is_told() {
    for (name, text, why) in [
        ("empty.txt", String::new(), "no recording"),
        (
            "other.txt",
            "a letter, format 1\n".to_owned(),
            "no recording",
        ),
        (
            "later.txt",
            TITLE.replace("format 1", "format 2"),
            "no recording",
        ),
        ("clock.txt", format!("{TITLE}at noon\n"), "line 2"),
        ("size.txt", format!("{TITLE}\n> handshake\n"), "line 3"),
        (
            "rows.txt",
            TITLE.to_owned() + &"close\n".repeat(100_001),
            "100,000 rows at most",
        ),
    ] {
        let run = replay(&["--svg"], &file(name, text.as_bytes()));
        assert_eq!(run.code, Some(1), "{name}");
        assert!(
            run.stdout.is_empty() && run.stderr.contains(why),
            "{name}: {}",
            run.stderr
        );
    }
    let missing = replay(&["--html"], &fresh("missing.txt"));
    assert_eq!(missing.code, Some(1));
    assert!(
        missing.stderr.contains("cannot be read"),
        "{}",
        missing.stderr
    );
    for wrong in [&[][..], &["--svg", "--html"]] {
        assert_eq!(
            replay(wrong, &fresh("missing.txt")).code,
            Some(1),
            "{wrong:?}"
        );
    }
    let nowhere = fresh("missing").join("session.txt");
    for (file, why) in [
        (nowhere.as_path(), "the recording"),
        (Path::new("-"), "./- is"),
    ] {
        let mut command = connect("127.0.0.1:9");
        let run = run(command.arg("--record").arg(file), b"");
        assert_eq!(run.code, Some(1), "{}", run.stderr);
        assert!(run.stderr.contains(why), "{}", run.stderr);
    }
}

#[test]
fn what_is_no_text_or_no_file_or_has_no_end_is_told() {
    let huge = file("huge.txt", TITLE.as_bytes());
    let opened = fs::OpenOptions::new().write(true).open(&huge);
    opened
        .and_then(|huge| huge.set_len(1 << 30))
        .expect("a long file");
    let binary: Vec<u8> = (0..=255).cycle().take(10_000).collect();
    let folder = fresh("folder");
    fs::create_dir(&folder).expect("a folder");
    let mut cases = vec![
        (file("binary", &binary), "nor any text"),
        (folder, "cannot be read"),
        (huge, "longer than any recording"),
    ];
    if cfg!(unix) {
        cases.push(("/dev/zero".into(), "longer than any recording"));
        cases.push(("/dev/null".into(), "no recording"));
    }
    for (path, why) in cases {
        for arguments in [&["--svg"][..], &["--html"], &[]] {
            let run = replay(arguments, &path);
            assert_eq!(run.code, Some(1), "{path:?} {arguments:?}: {}", run.stderr);
            assert!(run.stdout.is_empty() && run.stderr.lines().count() == 1);
            assert!(
                run.stderr.contains(why),
                "{path:?} {arguments:?}: {}",
                run.stderr
            );
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_place_that_takes_nothing_is_told() {
    let recording = transcripts().join("tls13-client.txt");
    for drawing in ["--svg", "--html"] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full");
        let mut command = Command::new(env!("CARGO_BIN_EXE_sslcore"));
        command.args(["replay", drawing]).arg(&recording);
        let output = command.stdout(full.expect("a full device")).output();
        let run = Run::from(output.expect("run the program"));
        assert_eq!(run.code, Some(1), "{}", run.stderr);
        let why = "standard output cannot be written: No space left";
        assert!(run.stderr.contains(why), "{}", run.stderr);
    }
}

#[test]
fn a_drawing_that_nobody_reads_to_its_end_is_no_error() {
    let recording = transcripts().join("tls13-client.txt");
    for drawing in ["--svg", "--html"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sslcore"));
        let run = run_unread(command.args(["replay", drawing]).arg(&recording));
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{drawing}");
    }
}

/// A pipe takes the title, and is closed before the first record.
#[cfg(unix)]
#[test]
fn a_recording_with_a_gap_is_a_warning_and_the_connection_goes_on() {
    let (door, recording) = (Door::open(), fresh("pipe"));
    let made = Command::new("mkfifo").arg(&recording).status();
    assert!(made.is_ok_and(|status| status.success()), "a named pipe");
    let mut command = trusting(&door);
    command.arg("--record").arg(&recording);
    let serve = || {
        let mut title = [0; 9];
        let mut pipe = fs::File::open(&recording).expect("open");
        pipe.read_exact(&mut title).expect("read");
        assert_eq!(&title, b"recording");
        drop(pipe);
        let mut socket = door.serve();
        let mut heard = [0; 5];
        socket.read_exact(&mut heard).expect("all");
        socket.write_all(&heard).expect("echo");
        socket.close();
        socket.wait_for_disconnected(Some(LONG)).expect("ended");
    };
    let run = both(|| run(&mut command, b"hello"), serve).0;
    run.assert_put_out(b"hello");
    let warning = "warning: the recording ";
    assert_eq!(run.stderr.matches(warning).count(), 1, "{}", run.stderr);
}
