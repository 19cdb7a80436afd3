//! `--json`: what every command says to programs, held against the list in the help.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use common::program::{Door, ca_file, connect, encrypt, file, fresh, run};
use common::served::{PROGRAM, served_in};
use common::{LONG, both, server};
use serde_json::Value;
use sslcore::VerifyMode;
use sslcore_tests::certs::WORLD;
use sslcore_tests::peer::{Peer, Scratch};

/// Names of members.
type Members = BTreeSet<String>;

/// What the help says of one command.
#[derive(Default)]
struct Listed {
    events: BTreeMap<String, Members>,
    /// Of the objects inside.
    inside: BTreeMap<String, Members>,
}

impl Listed {
    fn of(command: &str) -> Self {
        let help = run(Command::new(PROGRAM).arg("--help"), b"");
        assert_eq!(help.code, Some(0));
        let help = String::from_utf8(help.stdout).expect("UTF-8");
        Self::in_help(&help, command)
    }

    /// The lines below the one that begins with this, to the end of the list or the next command.
    fn in_help(help: &str, command: &str) -> Self {
        let begin = format!("\n  {command}, ");
        let (_, list) = help.split_once(&begin).expect("the command");
        let mut listed = Self::default();
        let mut last: (String, usize) = Default::default();
        for line in list.lines().skip(1) {
            let indent = line.len() - line.trim_start().len();
            let (names, words) = match (indent, line.trim().split_once("  ")) {
                (4 | 6, Some((names, words))) => {
                    last = (names.to_owned(), indent);
                    (names, words.trim())
                }
                (8.., None) => (&last.0[..], line.trim()),
                _ => break,
            };
            let of_indent = match last.1 {
                4 => &mut listed.events,
                _ => &mut listed.inside,
            };
            if let Some(other) = words.strip_prefix("as for ") {
                let other = other.split_once(',').map_or(other, |(other, _)| other);
                let other = Self::in_help(help, other);
                for name in names.split(", ") {
                    let members = other.events.get(name).expect("it is listed there");
                    listed.events.insert(name.to_owned(), members.clone());
                }
                listed.inside.extend(other.inside);
            } else if let Some(other) = words.strip_prefix("as ") {
                let members = of_indent.get(other).expect("it is listed above").clone();
                of_indent.insert(names.to_owned(), members);
            } else {
                let members = of_indent.entry(names.to_owned()).or_default();
                members.extend(words.split(' ').map(ToOwned::to_owned));
            }
        }
        listed
    }

    /// Every line is an object with the members that are listed for it. Gives the events.
    #[track_caller]
    fn hold_against(&self, text: &str, always: &[&str]) -> Vec<String> {
        assert!(text.is_ascii(), "{text}");
        let lines = text.lines().map(|line| {
            let object: Value = serde_json::from_str(line).expect(line);
            let event = object["event"].as_str().expect(line).to_owned();
            let listed = self.events.get(&event);
            let listed = listed.unwrap_or_else(|| panic!("{event} is not listed: {line}"));
            let mut members = members(&object);
            for extra in ["event", "at_ms", "side"] {
                let has = members.remove(extra);
                assert!(has || !always.contains(&extra), "{extra}: {line}");
            }
            assert_eq!(&members, listed, "{line}");
            self.inside_of(&object);
            event
        });
        lines.collect()
    }

    #[track_caller]
    fn inside_of(&self, object: &Value) {
        for (name, value) in object.as_object().expect("an object") {
            let values = value
                .as_array()
                .map_or(std::slice::from_ref(value), |it| it);
            for inner in values.iter().filter(|inner| inner.is_object()) {
                let listed = self.inside.get(name);
                let listed = listed.unwrap_or_else(|| panic!("{name} is not listed: {inner}"));
                assert_eq!(&members(inner), listed, "{inner}");
                self.inside_of(inner);
            }
        }
    }
}

fn members(object: &Value) -> Members {
    let members = object.as_object().expect("an object");
    members.keys().cloned().collect()
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(arguments);
    command
}

/// Has it look for the system's certificates where there are none, which it warns of.
fn without_store(command: &mut Command) -> &mut Command {
    let missing = fresh("missing");
    let command = command.env("SSL_CERT_FILE", &missing);
    command.env("SSL_CERT_DIR", &missing)
}

#[test]
fn connect_says_what_the_help_lists() {
    let mut listed = Listed::of("connect");
    listed.events.extend(Listed::of("connect --trace").events);
    let door = Door::open();
    let mut good = connect(&door.address().to_string());
    good.args(["--json", "--trace", "--starttls", "pop3", "--ca"]);
    good.arg(ca_file()).args(["--reconnect", "1"]);
    let serve = || {
        for data in [4, 0] {
            let mut stream = door.accept();
            stream.write_all(b"+OK\r\n").expect("greet");
            stream.read_exact(&mut [0; 6]).expect("STLS");
            stream.write_all(b"+OK\r\n").expect("go ahead");
            let mut socket = encrypt(stream);
            socket.wait_for_encrypted(Some(LONG)).expect("encrypted");
            socket.read_exact(&mut vec![0; data]).expect("all");
            socket.close();
            socket.wait_for_disconnected(Some(LONG)).expect("ended");
        }
    };
    let (ended, ()) = both(|| run(&mut good, b"data"), serve);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let mut seen = listed.hold_against(&ended.stderr, &["at_ms"]);

    let door = Door::open();
    let mut bad = connect(&door.address().to_string());
    without_store(bad.arg("--json"));
    let serve = || {
        let mut socket = encrypt(door.accept());
        socket.wait_for_encrypted(Some(LONG)).expect_err("refused");
        socket.disconnect_from_host(LONG);
    };
    let (ended, ()) = both(|| run(&mut bad, b""), serve);
    assert_eq!(ended.code, Some(4), "{}", ended.stderr);
    seen.extend(listed.hold_against(&ended.stderr, &["at_ms"]));
    for inside in ["\"errors\":[{", "\"remedies\":[{", "\"chain\":[{"] {
        assert!(ended.stderr.contains(inside), "{inside}: {}", ended.stderr);
    }
    assert_eq!(seen.last().map(String::as_str), Some("error"));

    let door = Door::open();
    let mut asked = connect(&door.address().to_string());
    asked.arg("--json").arg("--ca").arg(ca_file());
    let config = server().verify_mode(VerifyMode::Query).build();
    let serve = || {
        let mut socket = door.serve_with(&config.expect("server"));
        socket.wait_for_encrypted(Some(LONG)).expect("encrypted");
        socket.disconnect_from_host(LONG);
    };
    let (ended, ()) = both(|| run(&mut asked, b""), serve);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    seen.extend(listed.hold_against(&ended.stderr, &["at_ms"]));
    let names = r#""authorities":["CN=test root"]"#;
    assert!(ended.stderr.contains(names), "{}", ended.stderr);
    assert_all_seen(&listed, seen);
}

#[track_caller]
fn assert_all_seen(listed: &Listed, seen: Vec<String>) {
    let listed: BTreeSet<String> = listed.events.keys().cloned().collect();
    assert_eq!(BTreeSet::from_iter(seen), listed);
}

#[test]
fn verify_says_what_the_help_lists() {
    let (listed, connect) = (Listed::of("verify"), Listed::of("connect"));
    let chain = file("chain.pem", WORLD.expired.chain_pem().as_bytes());
    let chain = chain.to_str().expect("a path");
    let mut bad = command(&["verify", "--json", chain]);
    let judged = run(without_store(&mut bad), b"");
    assert_eq!(judged.code, Some(4));
    let out = String::from_utf8(judged.stdout).expect("UTF-8");
    assert_all_seen(&listed, listed.hold_against(&out, &[]));
    let mut warned = connect.hold_against(&judged.stderr, &["at_ms"]);
    warned.dedup();
    assert_eq!(warned, ["warning"]);

    let unread = run(&mut command(&["verify", "--json", "nowhere.pem"]), b"");
    assert_eq!((unread.code, unread.stdout), (Some(1), Vec::new()));
    assert_eq!(connect.hold_against(&unread.stderr, &["at_ms"]), ["error"]);
    let error: Value = serde_json::from_str(&unread.stderr).expect("JSON");
    assert_eq!(error["exit"], 1);
}

/// What it has put out, once it has put out so many lines.
fn lines(peer: &Peer, count: usize) -> String {
    peer.until("its lines", |peer| {
        peer.out().iter().filter(|byte| **byte == b'\n').count() >= count
    });
    String::from_utf8(peer.out()).expect("UTF-8")
}

#[test]
fn serve_says_what_the_help_lists() {
    let listed = Listed::of("serve");
    let scratch = Scratch::new();
    let server = served_in(
        scratch,
        &WORLD.server,
        &["--json", "--smtp", "--request-client-cert"],
    );
    let cert = file("cert.pem", WORLD.client.chain_pem().as_bytes());
    let key = file("key.pem", WORLD.client.key_pem().as_bytes());
    let mut mail = connect(&server.address.to_string());
    mail.args(["--starttls", "smtp", "--crlf", "--ca"]);
    mail.arg(ca_file())
        .arg("--cert")
        .arg(cert)
        .arg("--key")
        .arg(key);
    let dialogue = b"EHLO a\nMAIL FROM:<a@b>\nRCPT TO:<c@d>\nDATA\nhi\n.\nQUIT\n";
    let sent = run(&mut mail, dialogue);
    assert_eq!(sent.code, Some(0), "{}", sent.stderr);
    let out = lines(&server.peer, 3);
    assert!(out.contains("\"client_certificate\":{"), "{out}");
    let mut seen = listed.hold_against(&out, &[]);
    assert_eq!(seen, ["listening", "mail", "connection"]);

    let missing = ["serve", "--json", "--cert", "missing.pem"];
    let ended = run(&mut command(&missing), b"");
    assert_eq!((ended.code, &ended.stderr[..]), (Some(1), ""));
    let out = String::from_utf8(ended.stdout).expect("UTF-8");
    seen.extend(listed.hold_against(&out, &[]));
    let error: Value = serde_json::from_str(&out).expect("one object");
    assert_eq!(error["exit"], 1);

    seen.push("warning".to_owned());
    assert_all_seen(&listed, seen);
}

/// A server that may open no more files cannot take a connection.
#[cfg(unix)]
#[test]
fn serve_warns_as_the_help_lists() {
    let script = "ulimit -n 8; exec \"$@\"";
    let args = ["-c", script, "sh", PROGRAM, "serve", "--json"];
    let peer = Peer::start("sh", args, Scratch::new());
    let first: Value =
        serde_json::from_str(lines(&peer, 1).lines().next().expect("a line")).expect("JSON");
    let address = first["address"].as_str().expect("an address");
    let connections = (0..8).map(|_| TcpStream::connect(address).expect("connect"));
    let connections: Vec<TcpStream> = connections.collect();
    let out = lines(&peer, 2);
    drop(connections);
    let seen = Listed::of("serve").hold_against(&out, &[]);
    assert_eq!(seen[..2], ["listening", "warning"]);
    assert_eq!(peer.err(), "");
}

#[test]
fn demo_says_what_the_help_lists() {
    let listed = Listed::of("demo");
    for (fault, code) in [
        (None, 0),
        (Some("wrong-cert"), 4),
        (Some("inject"), 3),
        (Some("truncate"), 5),
        (Some("garbage"), 3),
    ] {
        let mut demo = command(&["demo", "--json"]);
        if let Some(fault) = fault {
            demo.args(["--fault", fault]);
        }
        let played = run(&mut demo, b"");
        assert_eq!((played.code, &played.stderr[..]), (Some(code), ""));
        let out = String::from_utf8(played.stdout).expect("UTF-8");
        let seen = listed.hold_against(&out, &[]);
        let objects: Vec<Value> = out
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect();
        let (passed, told): (Vec<_>, Vec<_>) =
            objects.iter().partition(|object| !object["side"].is_null());
        let times = passed
            .iter()
            .map(|it| it["at_ms"].as_f64().expect("a time"));
        assert!(times.is_sorted(), "{out}");
        let kinds: Vec<&str> = told.iter().filter_map(|it| it["event"].as_str()).collect();
        assert_eq!(kinds.first(), Some(&"summary"));
        let (result, checks) = told[1..].split_last().expect("a result");
        assert!(checks.iter().all(|it| it["holds"] == true), "{out}");
        assert!(!checks.is_empty());
        assert_eq!(
            (&result["good"], &result["exit"]),
            (&true.into(), &code.into())
        );
        if fault.is_none() {
            assert_eq!(told[0]["version"], "TLSv1.3");
            assert_eq!(told[0]["client"]["clean"], true);
            assert_all_seen(&listed, seen);
        }
    }
}

#[cfg(feature = "record-secrets")]
#[test]
fn replay_says_what_the_help_lists() {
    let listed = Listed::of("replay");
    let (door, recording) = (Door::open(), fresh("secret.txt"));
    let mut connect = connect(&door.address().to_string());
    connect.arg("--ca").arg(ca_file());
    connect.arg("--record-secrets").arg(&recording);
    let serve = || {
        let mut socket = door.serve();
        socket.read_to_end(&mut Vec::new()).expect("the end");
        socket.wait_for_disconnected(Some(LONG)).expect("ended");
    };
    let connected = both(|| run(&mut connect, b""), serve).0;
    assert_eq!(connected.code, Some(0), "{}", connected.stderr);
    let text = std::fs::read_to_string(&recording).expect("a recording");
    let changed = text.replace("event Encrypted\n", "event Decrypted\n");
    let other = file("other.txt", changed.as_bytes());
    for (recording, code) in [(recording, 0), (other, 6)] {
        let replayed = run(command(&["replay", "--json"]).arg(recording), b"");
        assert_eq!((replayed.code, &replayed.stderr[..]), (Some(code), ""));
        let out = String::from_utf8(replayed.stdout).expect("UTF-8");
        assert_eq!(listed.hold_against(&out, &[]), ["replay"]);
    }
    let missing = run(command(&["replay", "--json"]).arg(fresh("missing")), b"");
    assert_eq!(missing.code, Some(1));
    Listed::of("connect").hold_against(&missing.stderr, &["at_ms"]);
}
