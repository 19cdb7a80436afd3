//! `sslcore replay --svg` and `--html` in a real browser, light and dark: what is drawn is there, can be
//! read, and fetches nothing. `tests/run drawing` installs the browser.

#[path = "../common/mod.rs"]
mod common;

mod browser;

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use common::program::{Door, encrypt, file, fresh, run, trusting};
use common::{LONG, both};
use serde_json::Value;

use self::browser::{Scheme, colours, measured};

fn drawn(how: &str, recording: &Path) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sslcore"));
    let run = run(command.arg("replay").arg(how).arg(recording), b"");
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    String::from_utf8(run.stdout).expect("UTF-8")
}

/// A transcript that the tests of sslcore keep.
fn kept(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/tests/transcripts");
    folder.join(name).with_extension("txt")
}

fn outline(name: &str, lines: &str) -> PathBuf {
    let title = "recording of a connection of sslcore 0.1.0, format 1\n";
    file(name, format!("{title}{lines}").as_bytes())
}

/// A session behind STARTTLS that was recorded just now, with this option.
fn recorded(option: &str) -> PathBuf {
    let (door, path) = (Door::open(), fresh("session.txt"));
    let mut command = trusting(&door);
    command.args(["--starttls", "pop3", option]).arg(&path);
    let serve = || {
        let mut stream = door.accept();
        stream.write_all(b"+OK hello\r\n").expect("greet");
        stream.read_exact(&mut [0; 6]).expect("STLS");
        stream.write_all(b"+OK go ahead\r\n").expect("go ahead");
        let mut socket = encrypt(stream);
        let mut heard = [0; 6];
        socket.read_exact(&mut heard).expect("all");
        socket.write_all(&heard).expect("echo");
        socket.close();
        socket.wait_for_disconnected(Some(LONG)).expect("ended");
    };
    let run = both(|| run(&mut command, b"QUIT\r\n"), serve).0;
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    path
}

/// A recording, and what must be seen of it; a star stands for any end.
type Case = (&'static str, PathBuf, &'static [&'static str]);

fn cases() -> Vec<Case> {
    let wide = "W".repeat(200);
    let hostile = format!(
        "at 18446744073709551615 us\n{wide}\nevent {wide}\n> {wide}, 18446744073709551615 bytes\n\
         < \u{fdfd}\u{202e}\u{12031}, 5 bytes\nevent \u{fdfd}\u{202e}\u{12031}\nevent SslErrors(0)\n\
         at 0 us\nanswer {}\n",
        "m".repeat(200)
    );
    let data: String = (0..5000)
        .map(|at| format!("at {at}000 us\n> encrypted, 1500 bytes\n< encrypted, 60 bytes\n"))
        .collect();
    let data = format!("event Encrypted\n{data}event PeerClosed\n");
    let events: String = (0..1000)
        .map(|at| format!("at {at}000 us\nevent KeysUpdated(Sending)\n"))
        .collect();
    vec![
        (
            "full",
            kept("tls13-client"),
            &[
                "client, this side",
                "server",
                "start client \"server.test\"",
                "handshake client_hello, *",
                "handshake server_hello, *",
                "Encrypted",
                "alert CloseNotify",
                "Closed, clean",
            ],
        ),
        (
            "refused",
            kept("tls13-refused-client"),
            &[
                "AlertReceived(UnknownCa)",
                "alert UnknownCa",
                "Failed(AlertReceived(UnknownCa))",
                "Closed, not clean",
            ],
        ),
        (
            "refusing",
            kept("tls12-refused-server"),
            &[
                "server, this side",
                "AlertSent(UnknownCa)",
                "alert UnknownCa",
            ],
        ),
        (
            "STARTTLS",
            kept("tls13-starttls-client"),
            &["plaintext, 23 B", "handshake client_hello, *"],
        ),
        (
            "TLS 1.2",
            kept("tls12-client"),
            &[
                "handshake client_key_exchange, *",
                "handshake, encrypted, 45 B",
                "alert, encrypted, 31 B",
            ],
        ),
        (
            "resumed",
            kept("tls13-resumed-client"),
            &["handshake client_hello, *"],
        ),
        ("retried", kept("tls13-retried-client"), &["Encrypted"]),
        (
            "held and accepted",
            kept("tls13-untrusted-accepted-client"),
            &[
                "PeerVerifyError: SelfSignedCertificate, depth 0",
                "answer 0 accept",
                "a decision was open for 2,020.000 ms",
                "a decision is open",
            ],
        ),
        (
            "held and rejected",
            kept("tls12-untrusted-rejected-client"),
            &["answer 0 reject", "alert UnknownCa"],
        ),
        (
            "chosen",
            kept("tls13-chosen-server"),
            &["provide 0", "a decision is open"],
        ),
        (
            "recorded",
            recorded("--record"),
            &["plaintext, 11 B", "start client", "Closed, clean"],
        ),
        #[cfg(feature = "record-secrets")]
        (
            "recorded with secrets",
            recorded("--record-secrets"),
            &["plaintext, 11 B", "write 6 bytes", "Closed, clean"],
        ),
        (
            "data",
            outline("data.txt", &data),
            &["· · · 9,992 more · · ·"],
        ),
        ("events", outline("events.txt", &events), &["999.000 ms"]),
        (
            "hostile",
            outline("hostile.txt", &hostile),
            &["answer mmmmm*"],
        ),
        (
            "empty",
            outline("empty.txt", ""),
            &["client, this side", "sent 0 B in 0 pieces"],
        ),
    ]
}

fn number(of: &Value, name: &str) -> f64 {
    let number = of[name].as_f64();
    number.unwrap_or_else(|| panic!("{name} is no number: {of}"))
}

fn list<'a>(of: &'a Value, name: &str) -> &'a [Value] {
    of[name].as_array().expect(name)
}

/// Whether one is within another, but for half a pixel.
fn is_within(inner: &Value, outer: &Value) -> bool {
    number(inner, "left") >= number(outer, "left") - 0.5
        && number(inner, "top") >= number(outer, "top") - 0.5
        && number(inner, "right") <= number(outer, "right") + 0.5
        && number(inner, "bottom") <= number(outer, "bottom") + 0.5
}

/// Whether two touch: letters stand one above the other when less than a quarter of a line is common.
fn overlap(one: &Value, other: &Value) -> bool {
    let common = |low: &str, high: &str| {
        number(one, high).min(number(other, high)) - number(one, low).max(number(other, low))
    };
    common("left", "right") > 0.5 && common("top", "bottom") > 4.0
}

#[track_caller]
fn assert_legible(page: &Value, wanted: &[&str], context: &str) {
    let picture = &page["picture"];
    let texts = list(page, "texts");
    let said = |text: &Value| text["said"].as_str().expect("words").to_owned();
    for wanted in wanted {
        let found = texts.iter().any(|text| match wanted.strip_suffix('*') {
            Some(begin) => said(text).starts_with(begin),
            None => said(text) == *wanted,
        });
        assert!(found, "{context}: {wanted:?} is missing: {page}");
    }
    assert!(
        number(picture, "right") - number(picture, "left") > 1000.0,
        "{context}: {picture}"
    );
    assert!(
        number(page, "wide") <= number(page, "frame"),
        "{context}: it is wider than the window"
    );
    assert_eq!(page["paper"], page["around"], "{context}");
    assert_eq!(list(page, "fetched"), [] as [Value; 0], "{context}");
    for text in texts {
        assert!(
            is_within(text, picture),
            "{context}: {text} leaves {picture}"
        );
        assert!(number(text, "contrast") >= 4.5, "{context}: {text}");
        assert!(number(text, "size") >= 11.0, "{context}: {text}");
        assert!(
            number(text, "right") - number(text, "left") > 1.0,
            "{context}: {text}"
        );
    }
    // They are in order, from top to bottom: only neighbours can touch.
    let mut sorted: Vec<&Value> = texts.iter().collect();
    sorted.sort_by(|one, other| number(one, "top").total_cmp(&number(other, "top")));
    for (at, text) in sorted.iter().enumerate() {
        let below = sorted[at + 1..].iter();
        for other in below.take_while(|other| number(other, "top") < number(text, "bottom")) {
            assert!(!overlap(text, other), "{context}: {text} and {other}");
        }
    }
    for (what, contrast) in [("lives", 3.0), ("arrows", 3.0), ("held", 3.0)] {
        for shape in list(page, what) {
            assert!(is_within(shape, picture), "{context}: {what}: {shape}");
            assert!(
                number(shape, "contrast") >= contrast,
                "{context}: {what}: {shape}"
            );
        }
    }
    // Both lines are in one shape: it is as wide as they are apart.
    let lives = list(page, "lives").iter();
    let wide = lives.filter(|life| number(life, "right") - number(life, "left") > 300.0);
    assert!(wide.count() > 0, "{context}: no two lines");
}

#[test]
fn every_drawing_can_be_read_and_fetches_nothing() {
    let cases = cases();
    let pages: Vec<(String, String)> = cases
        .iter()
        .map(|(name, path, _)| ((*name).to_owned(), drawn("--html", path)))
        .collect();
    let mut papers = Vec::new();
    for scheme in Scheme::ALL {
        let measured = measured(&pages, scheme);
        assert_eq!(measured.len(), cases.len());
        for (page, (name, _, wanted)) in measured.iter().zip(&cases) {
            let context = format!("{name}, {scheme:?}");
            assert_eq!(page["name"], *name);
            assert_legible(page, wanted, &context);
            let is_held = wanted.contains(&"a decision is open");
            assert!(
                !is_held || list(page, "held").len() == 2,
                "{context}: a span, and what it means"
            );
            if *name == "full" {
                assert!(list(page, "arrows").len() >= 10, "{context}");
                assert!(list(page, "held").is_empty(), "{context}");
            }
        }
        papers.push(measured[0]["paper"].clone());
    }
    assert_eq!(papers, ["rgb(255, 255, 255)", "rgb(13, 17, 23)"]);
}

#[test]
fn a_picture_is_seen_as_it_was_drawn() {
    let held = kept("tls13-untrusted-rejected-client");
    // The colours of paper, of a decision and of an alert.
    for (scheme, wanted) in [
        (
            Scheme::Light,
            ["rgb(255, 255, 255)", "rgb(176, 125, 0)", "rgb(164, 14, 38)"],
        ),
        (
            Scheme::Dark,
            ["rgb(13, 17, 23)", "rgb(210, 153, 34)", "rgb(255, 123, 114)"],
        ),
    ] {
        for (how, kind) in [("--svg", "svg"), ("--html", "html")] {
            let seen = colours(&drawn(how, &held), kind, (1100, 700), scheme);
            let context = format!("{kind}, {scheme:?}: {seen}");
            assert_eq!(
                (&seen["width"], &seen["height"]),
                (&1100.into(), &700.into())
            );
            let count = |colour: &str| seen["counts"][colour].as_u64().unwrap_or_default();
            let [paper, held, bad] = wanted.map(count);
            assert!(paper > 1100 * 700 * 8 / 10, "{context}");
            // Twelve pixels wide, over three rows and a half.
            assert!(held > 500 && bad > 100, "{context}");
            let colours = seen["counts"].as_object().expect("colours").len();
            assert!(colours > 20, "{context}");
        }
    }
}

#[test]
fn a_long_session_is_a_small_file() {
    for (name, path, _) in cases() {
        let svg = drawn("--svg", &path);
        let lines = fs::read_to_string(&path)
            .expect("a recording")
            .lines()
            .count();
        let most = 6000 + 400 * lines.min(1100);
        assert!(
            svg.len() < most,
            "{name}: {} bytes for {lines} lines",
            svg.len()
        );
    }
}
