//! `sslcore connect --record-secrets` and `sslcore replay`: a session done again, byte for byte.
#![cfg(all(feature = "record-secrets", unix))]

mod common;

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use common::program::{Door, Run, connect, encrypt, file, fresh, run, trusting};
#[cfg(target_os = "linux")]
use common::terminal::Terminal;
use common::{LONG, VERSIONS, both, server};
use sslcore::VerifyMode;
use sslcore_std::SslSocket;
use sslcore_tests::certs::{Ca, Identity, WORLD, pem};

/// How a secret recording begins.
const TITLE: &str = "secret recording of connections of sslcore 0.1.0, format 1\n";

/// Adds `--record-secrets` with a new file.
fn recording(command: &mut Command) -> PathBuf {
    let path = fresh("secret.txt");
    command.arg("--record-secrets").arg(&path);
    path
}

fn replay(recording: &Path, arguments: &[&str]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sslcore"));
    run(command.arg("replay").arg(recording).args(arguments), b"")
}

#[track_caller]
fn assert_same(recording: &Path, arguments: &[&str], connections: &str) {
    let run = replay(recording, arguments);
    let said = String::from_utf8(run.stdout).expect("UTF-8");
    assert_eq!(run.code, Some(0), "{said}{}", run.stderr);
    let begin = format!("Replayed the same, byte for byte: {connections}, ");
    assert!(said.starts_with(&begin), "{said}");
}

#[track_caller]
fn assert_refused(run: &Run, why: &str) {
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    assert!(run.stdout.is_empty());
    assert!(run.stderr.contains(why), "{why:?} is not in {}", run.stderr);
}

/// Says so many bytes again, and ends.
fn echo(mut socket: SslSocket, bytes: usize) {
    socket.wait_for_encrypted(Some(LONG)).expect("encrypted");
    let mut heard = vec![0; bytes];
    match bytes {
        0 => assert_eq!(socket.read_to_end(&mut heard).expect("the end"), 0),
        _ => socket.read_exact(&mut heard).expect("all"),
    }
    socket.write_all(&heard).expect("echo");
    socket.close();
    socket.wait_for_disconnected(Some(LONG)).expect("ended");
}

/// A session in this version, its recording and the program's words.
fn recorded(version: &str, data: &[u8]) -> (PathBuf, Run) {
    let door = Door::open();
    let mut command = trusting(&door);
    let path = recording(&mut command);
    let config = server().protocols(&[version]).build().expect("server");
    let serve = || echo(door.serve_with(&config), data.len());
    let run = both(|| run(&mut command, data), serve).0;
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    (path, run)
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).expect("a recording")
}

#[test]
fn a_session_comes_again_byte_for_byte() {
    for version in VERSIONS {
        let data = common::pattern(100_000);
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
fn resumed_sessions_come_again_behind_the_first() {
    for version in VERSIONS {
        let door = Door::open();
        let mut command = trusting(&door);
        let path = recording(command.args(["--reconnect", "2"]));
        let config = server().protocols(&[version]).build().expect("server");
        let serve = || [5, 0, 0].map(|bytes| echo(door.serve_with(&config), bytes));
        let run = both(|| run(&mut command, b"hello"), serve).0;
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        assert_eq!(run.stderr.matches(", resumed").count(), 2, "{}", run.stderr);
        assert_same(&path, &[], "3 connections");
        // Without the first, the others have nothing to resume.
        let text = read(&path);
        let begin = "transcript of a connection";
        let starts: Vec<usize> = text.match_indices(begin).map(|(at, _)| at).collect();
        let without = format!("{}{}", &text[..starts[0]], &text[starts[1]..]);
        let run = replay(&file("without.txt", without.as_bytes()), &[]);
        assert_eq!(run.code, Some(6), "{version}");
    }
}

#[test]
fn plaintext_before_the_switch_comes_again() {
    let door = Door::open();
    let mut command = trusting(&door);
    let path = recording(command.args(["--starttls", "pop3"]));
    let serve = || {
        let mut stream = door.accept();
        stream.write_all(b"+OK confidential\r\n").expect("greet");
        stream.read_exact(&mut [0; 6]).expect("STLS");
        stream.write_all(b"+OK go ahead\r\n").expect("go ahead");
        echo(encrypt(stream), 6);
    };
    let run = both(|| run(&mut command, b"QUIT\r\n"), serve).0;
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let text = read(&path);
    for wanted in ["\"+OK confidential\\r\\n\"", "> 6 bytes \"STLS\\r\\n\""] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    assert_same(&path, &[], "1 connection");
}

/// Presents this certificate to a server that asks for one, if it does.
fn as_client(identity: &Identity, version: &str, asked: bool) -> (PathBuf, [String; 2], Run) {
    let cert = file("cert.pem", identity.chain_pem().as_bytes());
    let key = file("key.pem", identity.key_pem().as_bytes());
    let [cert, key] = [cert, key].map(|path| path.to_str().expect("a path").to_owned());
    let door = Door::open();
    let mut command = trusting(&door);
    command.args(["--cert", &cert, "--key", &key]);
    let path = recording(&mut command);
    let mode = match asked {
        true => VerifyMode::Verify,
        false => VerifyMode::None,
    };
    let config = server().protocols(&[version]).verify_mode(mode).build();
    let config = config.expect("server");
    let serve = || door.serve_any_end(&config);
    let run = both(|| run(&mut command, b""), serve).0;
    (path, [cert, key], run)
}

#[test]
fn a_clients_key_is_never_in_it_and_is_asked_for() {
    for version in VERSIONS {
        let (path, [cert, key], run) = as_client(&WORLD.client, version, true);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        let text = read(&path).to_lowercase();
        let joined: String = text.split_whitespace().collect();
        let key_der = WORLD.client.key();
        let secret = key_der.secret_der();
        // The private value, in the PKCS#8 of a P-256 key: behind OCTET STRING, 32 bytes.
        assert_eq!(secret[34..36], [0x04, 0x20]);
        for eight in secret[36..68].windows(8) {
            let digits: String = eight.iter().map(|byte| format!("{byte:02x}")).collect();
            assert!(!joined.contains(&digits), "{version}: {digits}");
        }
        for line in WORLD.client.key_pem().lines() {
            assert!(!text.contains(&line.to_lowercase()), "{version}: {line}");
        }

        assert_refused(
            &replay(&path, &[]),
            "its private key is not in the recording",
        );
        assert_same(&path, &["--cert", &cert, "--key", &key], "1 connection");
        let other = file("other.pem", WORLD.server.chain_pem().as_bytes());
        let other_key = file("other-key.pem", WORLD.server.key_pem().as_bytes());
        let [other, other_key] = [&other, &other_key].map(|it| it.to_str().expect("a path"));
        let other = replay(&path, &["--cert", other, "--key", other_key]);
        assert_refused(&other, "another certificate of ours");
    }
}

#[test]
fn a_clients_key_that_nobody_wanted_is_not_asked_for() {
    let (path, [cert, key], run) = as_client(&WORLD.client, "TLSv1.3", false);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_same(&path, &[], "1 connection");
    assert_same(&path, &["--cert", &cert, "--key", &key], "1 connection");
    let (path, _) = recorded("TLSv1.3", b"");
    let run = replay(&path, &["--cert", &cert, "--key", &key]);
    assert_refused(&run, "no certificate of ours");
}

#[test]
fn a_client_that_is_refused_is_refused_again() {
    for version in VERSIONS {
        let (path, [cert, key], run) = as_client(&WORLD.stranger, version, true);
        assert_eq!(run.code, Some(4), "{}", run.stderr);
        assert_same(&path, &["--cert", &cert, "--key", &key], "1 connection");
        assert!(read(&path).contains("AlertReceived"), "{version}");
    }
}

/// Connects to a server with this certificate.
fn presented(identity: &Identity, arguments: &[&str]) -> (PathBuf, Run) {
    let door = Door::open();
    let mut command = trusting(&door);
    let path = recording(command.args(arguments));
    let config = server().identity(identity.chain.clone(), identity.key());
    let config = config.build().expect("server");
    let serve = || door.serve_any_end(&config);
    let run = both(|| run(&mut command, b""), serve).0;
    (path, run)
}

#[test]
fn a_verdict_comes_again_whatever_it_was_made_by() {
    let pin = {
        use sha2::Digest;
        let digest = sha2::Sha256::digest(&WORLD.expired.chain[0]);
        let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        digits
    };
    for (identity, arguments, code) in [
        (&WORLD.stranger, &[][..], 4),
        (&WORLD.self_signed, &[], 4),
        (&WORLD.expired, &[], 4),
        (&WORLD.expired, &["--verify", "query"], 0),
        (&WORLD.expired, &["--verify", "none"], 0),
        (&WORLD.expired, &["--trust-sha256", &pin], 0),
        (&WORLD.server, &["--require-staple"], 4),
        (&WORLD.server, &["--name", "server.test", "--alpn", "h2"], 0),
        (
            &WORLD.server,
            &["--protocol", "TLSv1.2", "--groups", "secp384r1"],
            0,
        ),
        (
            &WORLD.server,
            &["--ciphers", "TLS_CHACHA20_POLY1305_SHA256"],
            0,
        ),
        (&WORLD.server, &["--sigalgs", "ecdsa_secp256r1_sha256"], 0),
    ] {
        let (path, run) = presented(identity, arguments);
        assert_eq!(run.code, Some(code), "{arguments:?}: {}", run.stderr);
        assert_same(&path, &[], "1 connection");
    }
}

#[test]
fn of_many_trust_anchors_those_that_matter_are_in_it() {
    let others = (0..20).map(|number| Ca::new(&format!("other root {number}")).der());
    let all: String = others
        .chain([WORLD.ca.der()])
        .map(|der| pem("CERTIFICATE", &der))
        .collect();
    let store = file("store.pem", all.as_bytes());
    let door = Door::open();
    let mut command = connect(&door.address().to_string());
    command.arg("--ca").arg(store);
    let path = recording(&mut command);
    let run = both(|| run(&mut command, b""), || echo(door.serve(), 0)).0;
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let text = read(&path);
    assert_eq!(text.matches("\ntrust anchor ").count(), 1);
    assert_same(&path, &[], "1 connection");
    // Without it, the verdict is another one.
    let lines = text
        .lines()
        .filter(|line| !line.starts_with("trust anchor "));
    let without: String = lines.map(|line| format!("{line}\n")).collect();
    let run = replay(&file("without.txt", without.as_bytes()), &[]);
    assert_eq!(run.code, Some(6));
}

#[test]
fn a_connection_that_fails_fails_again() {
    type Serve = fn(&Door);
    let cut: Serve = |door| {
        let mut socket = door.serve();
        socket.wait_for_encrypted(Some(LONG)).expect("encrypted");
        socket.write_all(b"half").expect("write");
        socket.flush().expect("flush");
        // The stream ends, and nothing of TLS says so.
        let stream = socket.stream().try_clone().expect("a stream");
        stream.shutdown(std::net::Shutdown::Write).expect("FIN");
        let _ = socket.read_to_end(&mut Vec::new());
        socket.abort();
    };
    let garbage: Serve = |door| {
        let mut stream = door.accept();
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .expect("garbage");
        let _ = stream.read_to_end(&mut Vec::new());
    };
    let silent_end: Serve = |door| drop(door.accept());
    for (name, serve, code) in [
        ("cut", cut, 5),
        ("garbage", garbage, 3),
        ("end", silent_end, 3),
    ] {
        let door = Door::open();
        let mut command = trusting(&door);
        let path = recording(&mut command);
        let run = both(|| run(&mut command, b"hello"), || serve(&door)).0;
        assert_eq!(run.code, Some(code), "{name}: {}", run.stderr);
        assert!(read(&path).contains("\nevent Failed("), "{name}");
        assert_same(&path, &[], "1 connection");
    }
}

#[test]
fn a_connection_that_was_never_made_is_nothing_to_replay() {
    let mut command = connect(&format!("{}", common::deaf::closed()));
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

#[test]
fn what_has_no_secrets_can_only_be_drawn() {
    let outline = "recording of a connection of sslcore 0.1.0, format 1\nat 5 us\nclose\n";
    let run = replay(&file("outline.txt", outline.as_bytes()), &[]);
    assert_refused(&run, "--svg and --html draw this");
    let run = replay(&file("other.txt", b"hello\n"), &[]);
    assert_refused(&run, "no recording");
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/tests/transcripts");
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

#[cfg(target_os = "linux")]
#[test]
fn what_a_person_has_answered_is_answered_again() {
    let identity = &WORLD.self_signed;
    let config = server().identity(identity.chain.clone(), identity.key());
    let config = config.build().expect("server");
    for (answer, code) in [(&b"y\n"[..], 0), (b"n\n", 4)] {
        let (door, path) = (Door::open(), fresh("secret.txt"));
        let command = format!(
            "{} connect {} --ask --timeout 20 --ca {} --record-secrets {} < /dev/null 2> /dev/null",
            env!("CARGO_BIN_EXE_sslcore"),
            door.address(),
            common::program::ca_file().display(),
            path.display(),
        );
        let talk = || {
            let mut terminal = Terminal::run(&command);
            terminal.shown_until(b"[y/N] ");
            terminal.type_in(answer);
            terminal.end().0
        };
        let ended = both(talk, || door.serve_any_end(&config)).0;
        assert_eq!(ended, Some(code));
        let verdict = if code == 0 { "accept" } else { "reject" };
        let line = format!("\nanswer 0 {verdict}\n");
        assert!(read(&path).contains(&line), "{line}");
        assert_same(&path, &[], "1 connection");
    }
}

#[test]
fn a_key_that_the_cryptography_cannot_use_is_told_before_anything_is_written() {
    let identity = WORLD
        .ca
        .leaf_of(&sslcore_tests::certs::PKCS_RSA_SHA256, &["client.test"]);
    let cert = file("cert.pem", identity.chain_pem().as_bytes());
    let key = file("key.pem", identity.key_pem().as_bytes());
    let mut command = connect("127.0.0.1:9");
    command.arg("--cert").arg(cert).arg("--key").arg(key);
    let path = recording(&mut command);
    assert_refused(&run(&mut command, b""), "RSA");
    assert!(!path.exists());
}
