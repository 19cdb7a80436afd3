//! What does not come again, and what cannot be replayed at all.

use super::{assert_refused, read, recorded, recording, replay};
use crate::common::program::{connect, file, run};

#[test]
fn a_connection_that_was_never_made_is_nothing_to_replay() {
    let mut command = connect(&format!("{}", crate::common::deaf::closed()));
    let path = recording(&mut command);
    let run = run(&mut command, b"");
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    // It was begun, and nothing came of that.
    let again = replay(&path, &[]);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    let said = String::from_utf8(again.stdout).expect("UTF-8");
    assert!(said.ends_with("0 B sent, 0 B received\n"), "{said}");
}

#[test]
fn what_comes_otherwise_is_told_with_its_line() {
    let (path, _) = recorded("TLSv1.3", b"attack at dawn\n");
    let text = read(&path);
    let changed = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        let path = file("changed.txt", text.replacen(from, to, 1).as_bytes());
        let at = text.find(from).expect("it is there") + from.find(|c| c != '\n').unwrap_or(0);
        let line = text[..at].matches('\n').count() + 1;
        (path, line)
    };
    // Another word is sealed to other bytes, and those are the first that differ.
    let (path, line) = changed("\"attack at dawn", "\"attack at noon");
    let run = replay(&path, &[]);
    let said = String::from_utf8(run.stdout).expect("UTF-8");
    assert_eq!(run.code, Some(6), "{said}{}", run.stderr);
    let rest = said.strip_prefix("Replayed otherwise: the first difference is in line ");
    let rest = rest.expect("a difference");
    let (number, rest) = rest
        .split_once(". It was recorded as\n  ")
        .expect("what was");
    let number: usize = number.parse().expect("a number");
    let sent = text.lines().nth(number - 1).expect("the line");
    assert!(number > line && sent.starts_with("> "), "{number}: {sent}");
    assert!(
        rest.starts_with(sent) && rest.contains("and came as\n  > "),
        "{rest}"
    );

    let (path, line) = changed("\nevent Encrypted\n", "\nevent Decrypted\n");
    let run = replay(&path, &["--json"]);
    assert_eq!(run.code, Some(6));
    let said: serde_json::Value = serde_json::from_slice(&run.stdout).expect("JSON");
    assert_eq!(said["same"], false);
    assert_eq!(said["line"], line);
    assert_eq!(said["recorded"], "event Decrypted");
    assert_eq!(said["came"], "event Encrypted");

    // Another seed is another hello.
    let at = text.find("\nseed ").expect("a seed") + 6;
    let mut other = text.clone();
    let digit = if text[at..].starts_with('0') {
        "1"
    } else {
        "0"
    };
    other.replace_range(at..=at, digit);
    let run = replay(&file("seed.txt", other.as_bytes()), &[]);
    assert_eq!(run.code, Some(6));
}

#[test]
fn a_file_that_is_damaged_is_told_apart_from_a_difference() {
    let (path, _) = recorded("TLSv1.3", b"attack at dawn\n");
    let text = read(&path);
    let lines: Vec<&str> = text.lines().collect();
    let upto = |count: usize| lines[..count].join("\n") + "\n";
    let transcript = lines.iter().position(|line| line.starts_with("transcript"));
    let transcript = transcript.expect("a transcript");
    for (name, damaged, why) in [
        ("title", upto(1), "it ends before the seed"),
        ("seed", upto(3), "it ends before the settings"),
        ("settings", upto(4), "no connection was made"),
        ("transcript", upto(transcript + 1), "configuration"),
        (
            "bytes",
            {
                let at = lines
                    .iter()
                    .position(|line| line.starts_with("> "))
                    .expect("sent");
                upto(at + 2)
            },
            "as many bytes",
        ),
        (
            "digits",
            text.replacen("\nseed ", "\nseed x", 1),
            "its seed or its settings",
        ),
        (
            "json",
            text.replacen("{\"verify\"", "{\"", 1),
            "its seed or its settings",
        ),
        (
            "anchor",
            text.replacen("trust anchor ", "trust anchor !", 1),
            "is no trust anchor",
        ),
        (
            "many",
            text.clone() + &"transcript of a connection of sslcore\n".repeat(101),
            "more than 101",
        ),
        (
            "word",
            text.replacen("\nsettle\n", "\nsettled\n", 1),
            "a call, an answer or an event",
        ),
    ] {
        let run = replay(&file(name, damaged.as_bytes()), &[]);
        assert_refused(&run, "cannot be replayed");
        assert!(run.stderr.contains(why), "{name}: {}", run.stderr);
    }
    // Cut between two lines, it replays to where it was cut, or is short of an answer.
    for count in (transcript + 3..lines.len()).step_by(7) {
        let run = replay(&file("cut.txt", upto(count).as_bytes()), &[]);
        assert!(
            matches!(run.code, Some(0 | 1 | 6)),
            "{count}: {}",
            run.stderr
        );
    }
}
