//! Sessions of all kinds, which come again.

use std::io::{Read, Write};
use std::path::PathBuf;

use super::{assert_refused, assert_same, echo, read, recorded, recording, replay};
use crate::common::program::{Door, Run, connect, encrypt, file, fresh, run, trusting};
#[cfg(target_os = "linux")]
use crate::common::terminal::Terminal;
use crate::common::{LONG, VERSIONS, both, server};
use sslcore::VerifyMode;
use sslcore_tests::certs::{Ca, Identity, WORLD, pem};

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
        // Before it, there would be plaintext that keeps TLS from starting.
        stream.read_exact(&mut [0]).expect("a ClientHello");
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
            crate::common::program::ca_file().display(),
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
