//! `sslcore connect` and what it tells: JSON, the trace, and the difference between them and data.

mod common;

use std::fs;
use std::io::{Read, Write};
use std::process::Command;

use common::program::{Door, Run, ca_file, connect, encrypt, fresh, run};
use common::{LONG, both};
use serde_json::Value;

/// A short conversation, with STARTTLS first if that is among the arguments.
fn conversation(arguments: &[&str]) -> Run {
    let door = Door::open();
    let mut command: Command = connect(&door.address().to_string());
    command.arg("--ca").arg(ca_file()).args(arguments);
    let serve = || {
        let mut stream = door.accept();
        if arguments.contains(&"--starttls") {
            let greeting = "+OK \x1b[5m\u{9b}5m\u{202e}\r\n";
            stream.write_all(greeting.as_bytes()).expect("greet");
            stream.read_exact(&mut [0; 6]).expect("STLS");
            stream.write_all(b"+OK go ahead\r\n").expect("go ahead");
        }
        let mut socket = encrypt(stream);
        let mut heard = [0; 5];
        socket.read_exact(&mut heard).expect("all");
        socket.write_all(&heard).expect("echo");
        socket.close();
        socket.wait_for_disconnected(Some(LONG)).expect("ended");
    };
    both(|| run(&mut command, b"data\n"), serve).0
}

/// Every line of standard error, which must be an object.
fn objects(run: &Run) -> Vec<Value> {
    let lines = run.stderr.lines();
    let objects = lines.map(|line| serde_json::from_str(line).expect(line));
    let objects: Vec<Value> = objects.collect();
    assert!(objects.iter().all(Value::is_object), "{}", run.stderr);
    assert!(run.stderr.is_ascii() && !run.stderr.contains('\x1b'));
    objects
}

fn events(objects: &[Value]) -> Vec<&str> {
    let events = objects.iter().map(|object| object["event"].as_str());
    events.map(|event| event.expect("an event")).collect()
}

#[test]
fn data_and_nothing_else_goes_to_standard_output() {
    for arguments in [&[][..], &["--trace"], &["--json"], &["--json", "--trace"]] {
        let run = conversation(arguments);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        assert_eq!(run.stdout, b"data\n");
        assert!(!run.stderr.contains('\x1b'), "colours belong on a terminal");
    }
}

#[test]
fn json_is_one_object_per_line_in_the_order_of_what_happens() {
    let run = conversation(&["--json", "--starttls", "pop3"]);
    let objects = objects(&run);
    assert_eq!(
        events(&objects),
        [
            "connected",
            "starttls",
            "certificates",
            "certificate_request",
            "encrypted",
            "closed"
        ]
    );
    let [connected, starttls, certificates, asked, encrypted, closed] = &objects[..] else {
        unreachable!("they were counted");
    };
    assert_eq!(connected["host"], "127.0.0.1");
    assert_eq!(starttls["protocol"], "pop3");
    let leaf = &certificates["chain"][0];
    assert_eq!(leaf["subject"], "CN=leaf");
    assert_eq!(leaf["issuer"], "CN=test root");
    assert_eq!(leaf["names"][1], "IP:127.0.0.1");
    assert_eq!(leaf["not_after"], "2035-01-01 00:00:00 UTC");
    assert_eq!(leaf["sha256"].as_str().map(str::len), Some(95));
    assert_eq!(leaf["errors"], Value::Array(Vec::new()));
    assert_eq!(asked["authorities"][0], "CN=test root");
    assert_eq!(encrypted["version"], "TLSv1.3");
    assert_eq!(encrypted["trust"], "verified");
    assert!(
        encrypted["cipher"]
            .as_str()
            .is_some_and(|name| name.starts_with("TLS_"))
    );
    assert_eq!(closed["clean"], true);
    assert_eq!(
        (&closed["sent"], &closed["received"]),
        (&5.into(), &5.into())
    );
    let times: Vec<f64> = objects
        .iter()
        .filter_map(|it| it["at_ms"].as_f64())
        .collect();
    assert_eq!(times.len(), objects.len());
    assert!(times.is_sorted());
}

#[test]
fn json_tells_errors_remedies_and_the_exit_code() {
    let run = conversation_with_wrong_name();
    assert_eq!(run.code, Some(4), "{}", run.stderr);
    let objects = objects(&run);
    assert_eq!(events(&objects), ["connected", "certificates", "error"]);
    let error = &objects[1]["chain"][0]["errors"][0];
    assert_eq!(error["kind"], "HostNameMismatch");
    assert_eq!(error["code"], 22);
    let remedies = objects[1]["remedies"].as_array().expect("remedies");
    let options: Vec<_> = remedies.iter().map(|it| it["option"].as_str()).collect();
    assert!(options.contains(&Some("--name server.test")), "{options:?}");
    assert_eq!(objects[2]["exit"], 4);
}

fn conversation_with_wrong_name() -> Run {
    let door = Door::open();
    let mut command = connect(&door.address().to_string());
    command.arg("--ca").arg(ca_file());
    command.args(["--json", "--name", "other.test"]);
    let serve = || {
        let mut socket = door.serve();
        let _ = socket.wait_for_encrypted(Some(LONG));
        socket.disconnect_from_host(LONG);
    };
    both(|| run(&mut command, b"data\n"), serve).0
}

#[test]
fn the_trace_shows_lines_records_and_events_in_their_order() {
    let run = conversation(&["--trace", "--starttls", "pop3"]);
    let wanted = [
        "Connected to \"127.0.0.1\"",
        r#"← "+OK \u{1b}[5m\u{9b}5m\u{202e}\r\n""#,
        r#"→ "STLS\r\n""#,
        r#"← "+OK go ahead\r\n""#,
        "The server switches to TLS (pop3)",
        "· ModeChanged Client",
        "→ handshake client_hello, ",
        "← handshake server_hello, ",
        "· Encrypted",
        "Encrypted: TLSv1.3",
        "→ encrypted, ",
        "· PeerClosed",
        "Closed cleanly: 5 B sent, 5 B received",
    ];
    for bad in ['\x1b', '\u{9b}', '\u{202e}'] {
        assert!(!run.stderr.contains(bad), "{:?}", run.stderr);
    }
    let mut rest = &run.stderr[..];
    for part in wanted {
        rest = rest
            .split_once(part)
            .unwrap_or_else(|| panic!("{part}: {}", run.stderr))
            .1;
    }
}

#[test]
fn the_trace_is_machine_readable_too() {
    let objects = objects(&conversation(&["--trace", "--json", "--starttls", "pop3"]));
    let find = |event: &str, member: &str, value: &str| {
        let mut objects = objects.iter();
        let found = objects.any(|it| it["event"] == event && it[member] == value);
        assert!(found, "{event} {member} {value}: {objects:?}");
    };
    find("plaintext", "text", "STLS\r\n");
    find("plaintext", "text", "+OK \x1b[5m\u{9b}5m\u{202e}\r\n");
    find("record", "handshake", "client_hello");
    find("state", "what", "Encrypted");
}

#[test]
fn a_key_log_gets_the_secrets_of_every_connection_and_is_nobody_elses_to_read() {
    let path = fresh("keys.log");
    let log = path.to_str().expect("a path");
    conversation(&["--key-log", log]);
    conversation(&["--key-log", log, "--protocol", "TLSv1.2", "--keep-open"]);
    let text = fs::read_to_string(&path).expect("the key log");
    let mut lines = text.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    assert!(lines.all(|words| {
        let hex = |word: &&str| word.bytes().all(|byte| byte.is_ascii_hexdigit());
        words.len() == 3 && words[1].len() == 64 && words[1..].iter().all(hex)
    }));
    for label in ["CLIENT_TRAFFIC_SECRET_0 ", "\nCLIENT_RANDOM "] {
        assert_eq!(text.matches(label).count(), 1, "{label}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&path).expect("metadata").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let elsewhere = format!("{log}/no/such/folder");
    let mut command = connect("host");
    let run = run(command.args(["--key-log", &elsewhere]), b"");
    assert_eq!(run.code, Some(1), "{}", run.stderr);
}

#[test]
fn the_help_names_every_exit_code_and_every_protocol() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sslcore"));
    let help = run(command.args(["connect", "--help"]), b"");
    assert_eq!(help.code, Some(0));
    let help = String::from_utf8(help.stdout).expect("UTF-8");
    for code in 0..=5 {
        assert!(help.contains(&format!("\n  {code}  ")), "{code}: {help}");
    }
    for protocol in sslcore_std::starttls::Protocol::ALL {
        assert!(help.contains(protocol.name()), "{protocol}: {help}");
    }
}
