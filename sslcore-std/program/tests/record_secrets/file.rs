//! The file: what is in it, who can read it, and what it is good for.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use super::{TITLE, assert_refused, assert_same, echo, read, recorded, recording, replay};
use crate::common::program::{Door, connect, file, fresh, run, trusting};
use crate::common::{LONG, VERSIONS, both};

#[test]
fn a_session_comes_again_byte_for_byte() {
    for version in VERSIONS {
        let data = crate::common::pattern(100_000);
        let (path, run) = recorded(version, &data);
        run.assert_put_out(&data);
        assert_same(&path, &[], "1 connection");
        let text = read(&path);
        assert!(text.starts_with(TITLE), "{version}");
        for wanted in ["\nseed ", "\nwrite ", "\n> ", "\n< ", "\nevent Encrypted\n"] {
            assert!(text.contains(wanted), "{version}: {wanted:?}");
        }
    }
}

#[test]
fn it_has_the_plaintext_and_a_seed_of_its_own() {
    let [one, other] = [(); 2].map(|()| read(&recorded("TLSv1.3", b"attack at dawn\n").0));
    for text in [&one, &other] {
        assert!(
            text.contains("write 15 bytes \"attack at dawn\\n\""),
            "{text}"
        );
        assert!(
            text.contains("read 15 bytes \"attack at dawn\\n\""),
            "{text}"
        );
    }
    let seed = |text: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix("seed "));
        line.expect("a seed").to_owned()
    };
    let (one, other) = (seed(&one), seed(&other));
    assert!(one.len() == 64 && one != other, "{one} {other}");
    let zeros = one.bytes().filter(|digit| *digit == b'0').count();
    assert!(zeros < 32, "{one}");
}

#[test]
fn nobody_else_can_read_the_file_and_one_sentence_warns() {
    let (path, run) = recorded("TLSv1.3", b"hello");
    let mode = fs::metadata(&path).expect("a file").permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);
    let warning = format!(
        "warning: {path:?} will hold every secret of this session and all that is said in it: whoever \
         reads it can read the session\n"
    );
    assert_eq!(run.stderr.matches(&warning).count(), 1, "{}", run.stderr);
    assert_eq!(run.stderr.matches("warning").count(), 1, "{}", run.stderr);
}

#[test]
fn no_file_is_written_over_and_no_link_followed() {
    let there = file("there.txt", b"mine");
    let (link, dangling) = (fresh("link"), fresh("dangling"));
    let nowhere = fresh("nowhere");
    symlink(&there, &link).expect("a link");
    symlink(&nowhere, &dangling).expect("a link");
    for path in [&there, &link, &dangling] {
        let mut command = connect("127.0.0.1:9");
        let run = run(command.arg("--record-secrets").arg(path), b"");
        assert_refused(&run, "is there already");
    }
    assert_eq!(fs::read(&there).expect("as it was"), b"mine");
    assert!(!nowhere.exists());
    let mut command = connect("127.0.0.1:9");
    let missing = fresh("folder").join("secret.txt");
    let run = run(command.arg("--record-secrets").arg(missing), b"");
    assert_refused(&run, "cannot be written");
}

#[test]
fn two_recordings_are_two_files() {
    let secret = fresh("secret.txt");
    let link = fresh("link");
    symlink(&secret, &link).expect("a link");
    for outline in [&secret, &link] {
        let mut command = connect("127.0.0.1:9");
        command.arg("--record").arg(outline);
        command.arg("--record-secrets").arg(&secret);
        assert_refused(&run(&mut command, b""), "are two files");
        assert!(!secret.exists());
    }
}

#[test]
fn a_recording_that_ends_with_the_program_replays_up_to_there() {
    let door = Door::open();
    let mut command = trusting(&door);
    let path = recording(command.arg("--keep-open"));
    let mut child = command
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("run the program");
    let mut socket = door.serve();
    socket.wait_for_encrypted(Some(LONG)).expect("encrypted");
    socket.write_all(b"hello").expect("write");
    socket.flush().expect("flush");
    let begun = std::time::Instant::now();
    while !read(&path).contains("read 5 bytes \"hello\"") {
        assert!(begun.elapsed() < LONG, "nothing is written down");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    child.kill().expect("SIGKILL");
    child.wait().expect("ended");
    socket.abort();
    assert_same(&path, &[], "1 connection");
}

#[test]
fn what_has_no_secrets_can_only_be_drawn() {
    let outline = "recording of a connection of sslcore 0.1.0, format 1\nat 5 us\nclose\n";
    let run = replay(&file("outline.txt", outline.as_bytes()), &[]);
    assert_refused(&run, "--svg and --html draw this");
    let run = replay(&file("other.txt", b"hello\n"), &[]);
    assert_refused(&run, "no recording");
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/tests/transcripts");
    let run = replay(&kept.join("tls13-client.txt"), &[]);
    assert_refused(&run, "it does not say how the connection was configured");
}

#[test]
fn a_secret_recording_is_drawn_as_others_are_and_without_its_secrets() {
    let door = Door::open();
    let mut command = trusting(&door);
    let path = recording(command.args(["--reconnect", "1"]));
    let serve = || [15, 0].map(|bytes| echo(door.serve(), bytes));
    let run = both(|| run(&mut command, b"attack at dawn\n"), serve).0;
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let drawn = replay(&path, &["--svg"]);
    assert_eq!(drawn.code, Some(0), "{}", drawn.stderr);
    let svg = String::from_utf8(drawn.stdout).expect("UTF-8");
    for wanted in [
        ">client, this side<",
        ">Encrypted<",
        ">connection 2<",
        "handshake",
    ] {
        assert!(svg.contains(wanted), "{wanted}: {svg}");
    }
    let text = read(&path);
    let seed = text.lines().find_map(|line| line.strip_prefix("seed "));
    for secret in ["attack", "dawn", seed.expect("a seed")] {
        assert!(!svg.contains(secret), "{secret}");
    }
}
