//! `--psk-identity` and `--psk-file`: both ends, authenticated by a key that both have.

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use common::both;
use common::program::{Door, Run, connect, file, fresh, run};
use common::served::{PROGRAM, Served, served, served_as};
use serde_json::Value;
use sslcore::{PreSharedKey, ServerConfig};
use sslcore_tests::peer::{Peer, Scratch};

const KEY: &str = "5eC0de5eC0de5eC0de5eC0de5eC0de5e";
const OTHER: &str = "00112233445566778899aabbccddeeff";

fn key_file(content: impl AsRef<[u8]>) -> PathBuf {
    file("psk.key", content.as_ref())
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path")
}

/// A server for one connection, with this key and these arguments.
fn server(key: &str, arguments: &[&str]) -> Served {
    let key = key_file(key);
    let named = [
        "--once",
        "--psk-identity",
        "sensor 7",
        "--psk-file",
        text(&key),
    ];
    served_as(Scratch::new(), &[&named, arguments].concat())
}

/// A client with this key and these arguments, which says "hello".
fn client(server: &Served, key: &str, arguments: &[&str]) -> Run {
    let mut command = connect(&server.address.to_string());
    command.args(["--psk-identity", "sensor 7", "--psk-file"]);
    command.arg(key_file(key)).args(arguments);
    run(&mut command, b"hello\n")
}

/// Runs a command, which must refuse its command line with these words.
#[track_caller]
fn refused(arguments: &[&str], words: &[&str]) {
    let ended = run(Command::new(PROGRAM).args(arguments), b"");
    assert_eq!(ended.code, Some(1), "{arguments:?}: {}", ended.stderr);
    assert_eq!(ended.stdout, b"", "{arguments:?}");
    for word in words {
        assert!(
            ended.stderr.contains(word),
            "{arguments:?}: {}",
            ended.stderr
        );
    }
    for secret in ["5ec0de", "5eC0de"] {
        assert!(!ended.stderr.contains(secret), "{}", ended.stderr);
    }
}

/// The same of both commands that take a key.
#[track_caller]
fn both_refuse(arguments: &[&str], words: &[&str]) {
    refused(&[&["serve"], arguments].concat(), words);
    refused(
        &[&["connect", "nowhere.invalid"], arguments].concat(),
        words,
    );
}

#[test]
fn two_sides_with_the_same_key_talk_and_say_by_what_they_know_each_other() {
    for (arguments, cipher) in [
        (&[][..], "TLS_"),
        (&["--psk-hash", "sha384"], "TLS_AES_256_GCM_SHA384"),
        (&["--psk-context", ""], "TLS_"),
        (
            &["--psk-context", "meter reading", "--psk-hash", "sha384"],
            "TLS_",
        ),
    ] {
        let mut server = server(KEY, arguments);
        server
            .peer
            .until_said("Clients must have the pre-shared key \"sensor 7\"");
        // As an editor leaves it, and as `openssl rand -hex` writes it.
        let key = format!("  {} \r\n", KEY.to_lowercase());
        let ended = client(&server, &key, arguments);
        ended.assert_put_out(b"hello\n");
        let said = "the server has the pre-shared key \"sensor 7\"\n";
        assert!(ended.stderr.contains(said), "{}", ended.stderr);
        assert!(ended.stderr.contains(cipher), "{}", ended.stderr);
        assert!(!ended.stderr.contains("certificate"), "{}", ended.stderr);
        assert!(
            !ended.stderr.contains("forward secrecy"),
            "{}",
            ended.stderr
        );
        assert_eq!(server.exit_code(), Some(0), "{}", server.peer.log());
        let told = [
            "TLSv1.3, ",
            cipher,
            "pre-shared key \"sensor 7\"; 6 bytes echoed; ended cleanly",
        ];
        server.until_told(&told);
    }
}

#[test]
fn tls_1_2_is_spoken_where_it_is_named() {
    let exchanged = "TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256, ";
    let alone = "TLS_PSK_WITH_AES_128_GCM_SHA256, no key exchange";
    for (ciphers, told) in [
        (&[][..], exchanged),
        (&["--ciphers", "PSK-AES128-GCM-SHA256"], alone),
    ] {
        let old = [&["--protocol", "TLSv1.2"], ciphers].concat();
        let mut server = server(KEY, &old);
        let ended = client(&server, KEY, &["--protocol", "TLSv1.3,TLSv1.2"]);
        ended.assert_put_out(b"hello\n");
        assert!(ended.stderr.contains(told), "{}", ended.stderr);
        let said = "the server has the pre-shared key \"sensor 7\"\n";
        assert!(ended.stderr.contains(said), "{}", ended.stderr);
        assert_eq!(server.exit_code(), Some(0), "{}", server.peer.log());
        server.until_told(&["TLSv1.2, ", told, "pre-shared key \"sensor 7\""]);

        let mut server = self::server(KEY, &old);
        let ended = client(&server, OTHER, &["--protocol", "TLSv1.2"]);
        assert_eq!(ended.code, Some(4), "{}", ended.stderr);
        let said = "bad_record_mac (20); its key \"sensor 7\" is another one than ours";
        assert!(ended.stderr.contains(said), "{}", ended.stderr);
        assert_eq!(server.exit_code(), Some(4), "{}", server.peer.log());

        let mut server = self::server(KEY, &old);
        let ended = client(&server, KEY, &[]);
        assert_eq!(ended.code, Some(3), "{}", ended.stderr);
        let said = "it does not speak TLS 1.3; with a pre-shared key TLS 1.2 is offered only where";
        assert!(ended.stderr.contains(said), "{}", ended.stderr);
        assert_eq!(server.exit_code(), Some(3));
    }
}

#[test]
fn the_printed_command_connects_as_it_stands() {
    let (hello, mail) = (["hello\n"; 2], ["QUIT\r\n", "221 2.0.0 bye\r\n"]);
    for (arguments, [said, wanted]) in [
        (&[][..], hello),
        (&["--psk-hash", "sha384"], hello),
        (&["--psk-context", "it's $HOME", "--allow-short-psk"], hello),
        (&["--smtp"], mail),
        (&["--protocol", "TLSv1.2"], hello),
    ] {
        let mut server = server(KEY, arguments);
        server.peer.until("a command", |peer| {
            peer.out().ends_with(b"\n") && peer.said("  sslcore connect ")
        });
        let log = server.peer.log();
        let (_, command) = log.split_once("  sslcore ").expect("a command");
        let line = command.lines().next().expect("a line");
        let script = format!("exec {PROGRAM} {line}");
        let mut client = Peer::start("sh", ["-c", &script], Scratch::new());
        client.say(said);
        client.hang_up();
        assert!(client.until_exit().success(), "{line}: {}", client.log());
        assert_eq!(String::from_utf8_lossy(&client.out()), wanted);
        assert_eq!(server.exit_code(), Some(0), "{}", server.peer.log());
    }
}

#[test]
fn a_key_from_standard_input_leaves_what_is_behind_it_to_be_said() {
    let server = server(KEY, &[]);
    let mut command = connect(&server.address.to_string());
    command.args(["--psk-identity", "sensor 7", "--psk-file", "-"]);
    let input = format!("{KEY}\nhello\n");
    run(&mut command, input.as_bytes()).assert_put_out(b"hello\n");
}

#[test]
fn a_wrong_key_ends_both_sides_with_four() {
    let mut server = server(KEY, &[]);
    let ended = client(&server, OTHER, &[]);
    assert_eq!(ended.code, Some(4), "{}", ended.stderr);
    let said = "error: the peer sent the fatal alert decrypt_error (51); its key \"sensor 7\" is another \
                one than ours, or it has none of that name";
    assert!(ended.stderr.contains(said), "{}", ended.stderr);
    assert!(!ended.stderr.contains("Encrypted"), "{}", ended.stderr);
    assert_eq!(server.exit_code(), Some(4));
    server.until_told(&[
        "failed: the peer does not have the pre-shared key; was told \
         decrypt_error",
    ]);
}

#[test]
fn who_does_not_know_the_name_cannot_tell_that_from_a_wrong_key() {
    let mut server = server(KEY, &[]);
    let mut command = connect(&server.address.to_string());
    command.args(["--psk-identity", "nobody", "--psk-file"]);
    let ended = run(command.arg(key_file(KEY)), b"");
    assert_eq!(ended.code, Some(4), "{}", ended.stderr);
    let said = "decrypt_error (51); its key \"nobody\" is another one than ours, or it has none";
    assert!(ended.stderr.contains(said), "{}", ended.stderr);
    assert_eq!(server.exit_code(), Some(4));
    server.until_told(&["failed: the peer does not have the pre-shared key"]);
    assert!(
        !server.peer.log().contains("nobody"),
        "{}",
        server.peer.log()
    );
}

#[test]
fn a_key_of_another_hash_or_context_is_another_key() {
    for arguments in [&["--psk-hash", "sha384"][..], &["--psk-context", "other"]] {
        let mut server = server(KEY, &[]);
        let ended = client(&server, KEY, arguments);
        assert_eq!(ended.code, Some(4), "{arguments:?}: {}", ended.stderr);
        assert_eq!(server.exit_code(), Some(4));
    }
}

#[test]
fn one_side_with_certificates_and_one_with_a_key_do_not_come_together() {
    let mut with_certificate = served(&["--once"]);
    let ended = client(&with_certificate, KEY, &[]);
    assert_ne!(ended.code, Some(0), "{}", ended.stderr);
    let said = "\"sensor 7\"";
    assert!(ended.stderr.contains(said), "{}", ended.stderr);
    assert_eq!(with_certificate.exit_code(), Some(3));

    let mut with_key = server(KEY, &[]);
    let mut command = connect(&with_key.address.to_string());
    let ended = run(command.args(["--verify", "none"]), b"");
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("handshake_failure"),
        "{}",
        ended.stderr
    );
    assert_eq!(with_key.exit_code(), Some(4));
    with_key.until_told(&["no pre-shared key to go on with", "the client offers none"]);
}

#[test]
fn a_handshake_without_a_key_exchange_is_told_for_what_it_lacks() {
    let allowed = ["--allow-psk-ke"];
    let mut server = server(KEY, &allowed);
    let ended = client(&server, KEY, &allowed);
    ended.assert_put_out(b"hello\n");
    let lacks = "no key exchange and no forward secrecy";
    assert!(!ended.stderr.contains(lacks), "one with it is preferred");
    assert_eq!(server.exit_code(), Some(0));

    let key = PreSharedKey::new("sensor 7", [0x5e; 32]).expect("a key");
    let config = ServerConfig::builder(sslcore_std::default_backend())
        .pre_shared_keys([key])
        .groups(&["secp384r1"])
        .allow_psk_ke();
    let config = config.build().expect("server");
    let file = key_file("5e".repeat(32));
    for (others, code) in [(&allowed[..], 0), (&[], 3)] {
        let door = Door::open();
        let mut command = connect(&door.address().to_string());
        command.args(["--groups", "X25519", "--psk-identity", "sensor 7"]);
        command.arg("--psk-file").arg(&file).args(others);
        let (ended, ()) = both(|| run(&mut command, b""), || door.serve_any_end(&config));
        assert_eq!(ended.code, Some(code), "{}", ended.stderr);
        assert_eq!(ended.stderr.contains(lacks), code == 0, "{}", ended.stderr);
    }
}

#[test]
fn json_names_the_key() {
    let server = server(KEY, &["--json"]);
    let ended = client(&server, KEY, &["--json"]);
    ended.assert_put_out(b"hello\n");
    let mut objects = ended.stderr.lines().map(|line| {
        let object: Value = serde_json::from_str(line).expect("JSON");
        object
    });
    let encrypted = objects.find(|object| object["event"] == "encrypted");
    let encrypted = encrypted.expect("encrypted");
    assert_eq!(encrypted["psk_identity"], "sensor 7");
    assert_eq!(encrypted["trust"], "psk");
    server
        .peer
        .until("its end", |peer| peer.said("\"event\":\"connection\""));
    let out = String::from_utf8(server.peer.out()).expect("UTF-8");
    let lines: Vec<Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(lines[0]["psk_identity"], "sensor 7");
    assert_eq!(lines[0]["certificate_sha256"], Value::Null);
    assert_eq!(lines[0]["certificate_made_now"], false);
    assert_eq!(lines[1]["psk_identity"], "sensor 7");
    assert_eq!(lines[1]["client_certificate"], Value::Null);
    assert_eq!(lines[1]["exit"], 0);
}

#[test]
fn a_short_key_is_taken_only_by_who_says_so() {
    let key = key_file("5ec0de");
    let arguments = ["--psk-identity", "sensor 7", "--psk-file", text(&key)];
    let why = "it has 3 bytes, which can be guessed: 16 are needed (see --allow-short-psk)";
    both_refuse(&arguments, &[why, text(&key)]);
    let mut server = server("5ec0de", &["--allow-short-psk"]);
    client(&server, "5ec0de", &["--allow-short-psk"]).assert_put_out(b"hello\n");
    assert_eq!(server.exit_code(), Some(0));
}

#[test]
fn what_cannot_be_used_of_a_file_is_told_without_the_key() {
    let missing = fresh("missing.key");
    let folder = Scratch::new();
    let long = "5e".repeat(513);
    let endless = "5e".repeat(10_000);
    for (path, why) in [
        (key_file(""), "its first line is empty"),
        (key_file("\n5ec0de"), "its first line is empty"),
        (missing, "cannot be read: No such file"),
        (folder.path().to_owned(), "cannot be read: Is a directory"),
        (key_file("sensor-7:5ec0de"), "and the key is wanted alone"),
        (
            key_file("5ec0de5"),
            "it has 7 hexadecimal digits, and two make a byte",
        ),
        (key_file(long), "it has 513 bytes, and may have 512"),
        (key_file(endless), "its first line has more than 4096 bytes"),
    ] {
        let arguments = ["--psk-identity", "sensor 7", "--psk-file", text(&path)];
        both_refuse(&arguments, &[why, text(&path)]);
    }
}

#[test]
fn options_that_have_no_meaning_beside_a_key_are_refused() {
    let key = key_file(KEY);
    let named = ["--psk-identity", "sensor 7", "--psk-file", text(&key)];
    let said = |option: &str| {
        format!("{option} is about certificates, and there are none where --psk-identity says")
    };
    for (others, option) in [
        (&["--ca", "ca.pem"][..], "--ca"),
        (&["--trust-sha256", &"ab".repeat(32)], "--trust-sha256"),
        (&["--name", "example.org"], "--name"),
        (&["--verify", "none"], "--verify"),
        (&["--ask"], "--ask"),
        (&["--require-staple"], "--require-staple"),
        (&["--cert", "cert.pem"], "--cert or --pkcs12"),
        (&["--client-ca-names"], "--client-ca-names"),
        (&["--sigalgs", "ecdsa_secp256r1_sha256"], "--sigalgs"),
        (&["--show-certs"], "--show-certs"),
    ] {
        let connect = ["connect", "nowhere.invalid"];
        refused(&[&connect, &named[..], others].concat(), &[&said(option)]);
    }
    for (others, option) in [
        (&["--cert", "cert.pem"][..], "--cert or --pkcs12"),
        (&["--name", "example.org"], "--name"),
        (&["--client-ca", "ca.pem"], "--client-ca"),
        (&["--request-client-cert"], "--request-client-cert"),
    ] {
        refused(&[&["serve"], &named[..], others].concat(), &[&said(option)]);
    }
    let imported = ["--protocol", "TLSv1.2", "--psk-context", ""];
    let why = "an imported pre-shared key (--psk-context) is for TLS 1.3";
    both_refuse(&[&named[..], &imported].concat(), &[why]);
    let suites = [&named[..], &["--ciphers", "TLS_AES_256_GCM_SHA384"]].concat();
    both_refuse(
        &suites,
        &["no cipher suite is left", "see --psk-hash and --ciphers"],
    );
    for (others, why) in [
        (["--reconnect", "1"], "is never resumed"),
        (["--record-secrets", "secret.txt"], "cannot be replayed"),
    ] {
        let connect = ["connect", "nowhere.invalid"];
        refused(&[&connect, &named[..], &others].concat(), &[others[0], why]);
    }
}

#[test]
fn a_name_and_a_file_belong_together() {
    let key = key_file(KEY);
    both_refuse(&["--psk-identity", "sensor 7"], &["--psk-file <FILE>"]);
    both_refuse(&["--psk-file", text(&key)], &["--psk-identity <ID>"]);
    both_refuse(&["--allow-psk-ke"], &["--psk-identity <ID>"]);
    let nameless = ["--psk-identity", "", "--psk-file", text(&key)];
    both_refuse(&nameless, &["its identity is empty"]);
    let hash = [
        "--psk-hash",
        "md5",
        "--psk-identity",
        "a",
        "--psk-file",
        text(&key),
    ];
    both_refuse(&hash, &["sha256, sha384"]);
}
