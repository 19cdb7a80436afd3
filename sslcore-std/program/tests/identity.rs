//! Our own certificate and its key, as users give them to the program: behind a passphrase, or as
//! PKCS#12.

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use common::encrypted_keys::{PASSPHRASE, dek_info, pkcs8, store, store_behind};
use common::program::{Door, Run, ca_file, connect, file, fresh, run};
use common::served::{self, Served};
use common::{LONG, adopt, both, client, server};
use sslcore::{ServerStart, VerifyMode};
use sslcore_tests::certs::{WORLD, pem};
use sslcore_tests::peer::Scratch;

/// The variable that holds the passphrase in these tests.
const VARIABLE: &str = "SSLCORE_TEST_PASSPHRASE";

fn text(path: &Path) -> &str {
    path.to_str().expect("a path")
}

/// The client's key, in every form that is encrypted.
fn keys() -> [PathBuf; 3] {
    let key = WORLD.client.key();
    let der = pkcs8(key.secret_der(), 10);
    let pem = pem("ENCRYPTED PRIVATE KEY", &der);
    [
        file("key.der", &der),
        file("key.pem", pem.as_bytes()),
        file("old.pem", dek_info(key.secret_der()).as_bytes()),
    ]
}

fn certificate() -> PathBuf {
    file("cert.pem", WORLD.client.chain_pem().as_bytes())
}

/// A file with the passphrase, as an editor leaves it.
fn passphrase_file() -> PathBuf {
    file("passphrase", format!("{PASSPHRASE}\n").as_bytes())
}

/// Runs `sslcore connect` against a server that asks for the client's certificate. The server
/// must have it when the program ended well.
fn presented(arguments: &[&str], input: &[u8]) -> Run {
    let door = Door::open();
    let mut command = connect(&door.address().to_string());
    command.arg("--ca").arg(ca_file()).args(arguments);
    command.env(VARIABLE, PASSPHRASE);
    with_picky_server(&door, || run(&mut command, input))
}

fn with_picky_server<T: Send>(door: &Door, talk: impl FnOnce() -> T + Send) -> T {
    let config = server()
        .verify_mode(VerifyMode::Verify)
        .build()
        .expect("server");
    let serve = || {
        let mut socket = adopt(door.accept());
        socket
            .start_server_encryption(ServerStart::With(config))
            .expect("start");
        socket.wait_for_encrypted(Some(LONG)).expect("encrypted");
        let peer = socket.connection().peer_certificate().cloned();
        assert_eq!(peer.expect("a certificate").der(), &WORLD.client.chain[0]);
        std::io::copy(&mut socket, &mut std::io::sink()).expect("its end");
        socket.wait_for_disconnected(Some(LONG)).expect("ended");
    };
    both(talk, serve).0
}

/// Runs `sslcore COMMAND` without a terminal; it must not come as far as to a connection.
fn refused(command: &str, arguments: &[&str]) -> Run {
    let mut program = Command::new("setsid");
    program.args(["--wait", env!("CARGO_BIN_EXE_sslcore"), command]);
    if command == "connect" {
        program.arg("nowhere.invalid");
    }
    let run = run(program.args(arguments).env(VARIABLE, PASSPHRASE), b"");
    assert_eq!(run.code, Some(1), "{arguments:?}: {}", run.stderr);
    assert_eq!(run.stdout, b"", "{arguments:?}");
    assert!(!run.stderr.contains(PASSPHRASE), "{}", run.stderr);
    run
}

#[test]
fn a_key_in_any_form_is_opened_with_the_passphrase_from_a_file_or_a_variable() {
    let (cert, passphrase) = (certificate(), passphrase_file());
    for key in keys() {
        for source in [
            ["--passphrase-file", text(&passphrase)],
            ["--passphrase-env", VARIABLE],
        ] {
            let pair = ["--cert", text(&cert), "--key", text(&key)];
            let run = presented(&[&pair[..], &source].concat(), b"");
            assert_eq!(run.code, Some(0), "{key:?}, {source:?}: {}", run.stderr);
        }
    }
}

#[test]
fn a_pkcs12_file_stands_for_certificate_and_key() {
    let sealed = file("client.p12", &store(&WORLD.client));
    let passphrase = passphrase_file();
    for source in [
        ["--passphrase-file", text(&passphrase)],
        ["--passphrase-env", VARIABLE],
    ] {
        let run = presented(&[&["--pkcs12", text(&sealed)], &source[..]].concat(), b"");
        assert_eq!(run.code, Some(0), "{source:?}: {}", run.stderr);
    }
    let open = file("open.p12", &store_behind(&WORLD.client, ""));
    let run = presented(&["--pkcs12", text(&open)], b"");
    assert_eq!(run.code, Some(0), "nobody is asked: {}", run.stderr);
}

#[test]
fn a_server_takes_its_key_in_the_same_ways() {
    for sealed in ["--key", "--pkcs12"] {
        let scratch = Scratch::new();
        let passphrase = scratch.file("passphrase", PASSPHRASE);
        let identity = match sealed {
            "--pkcs12" => {
                let store = scratch.file("server.p12", store(&WORLD.server));
                vec!["--pkcs12".to_owned(), store]
            }
            _ => {
                let key = pkcs8(WORLD.server.key().secret_der(), 10);
                let cert = scratch.file("cert.pem", WORLD.server.chain_pem());
                let key = scratch.file("key.der", key);
                vec!["--cert".to_owned(), cert, "--key".to_owned(), key]
            }
        };
        let mut args: Vec<&str> = identity.iter().map(String::as_str).collect();
        args.extend(["--passphrase-file", &passphrase, "--once"]);
        let mut server: Served = served::served_as(scratch, &args);
        let socket = server.client(&client().build().expect("client"));
        assert_eq!(served::say_all(socket, "hello"), "hello");
        assert_eq!(server.exit_code(), Some(0), "{sealed}");
    }
}

#[test]
fn the_passphrase_is_the_first_line_and_nothing_else() {
    let (cert, [key, ..]) = (certificate(), keys());
    let pair = ["--cert", text(&cert), "--key", text(&key)];
    for (content, good) in [
        (PASSPHRASE.to_owned(), true),
        (format!("{PASSPHRASE}\r\n"), true),
        (format!("{PASSPHRASE}\nanother\n"), true),
        (format!("{PASSPHRASE} \n"), false),
        (format!("\n{PASSPHRASE}\n"), false),
        (String::new(), false),
    ] {
        let passphrase = file("passphrase", content.as_bytes());
        let arguments = [&pair[..], &["--passphrase-file", text(&passphrase)]].concat();
        match good {
            true => assert_eq!(presented(&arguments, b"").code, Some(0), "{content:?}"),
            false => {
                let said = refused("connect", &arguments).stderr;
                assert!(said.contains("the passphrase is wrong"), "{said}");
            }
        }
    }
    for (len, wanted) in [
        (4096, "the passphrase is wrong"),
        (4097, "its first line has more than 4096 bytes"),
    ] {
        let long = file("long", "x".repeat(len).as_bytes());
        let arguments = [&pair[..], &["--passphrase-file", text(&long)]].concat();
        let said = refused("connect", &arguments).stderr;
        assert!(said.contains(wanted), "{len}: {said}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn behind_a_passphrase_from_standard_input_there_is_data() {
    let (cert, [key, ..]) = (certificate(), keys());
    let pair = ["--cert", text(&cert), "--key", text(&key)];
    let arguments = [&pair[..], &["--passphrase-file", "/dev/stdin"]].concat();
    let run = presented(&arguments, format!("{PASSPHRASE}\ndata").as_bytes());
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stderr.contains(" 4 B sent"), "{}", run.stderr);
}

#[test]
fn wrong_damaged_unsupported_and_not_given_are_told_apart() {
    let cert = certificate();
    let [der, _, old] = keys();
    let bytes = std::fs::read(&der).expect("the key");
    let cut = file("cut.der", &bytes[..bytes.len() - 1]);
    let idea = std::fs::read_to_string(&old).expect("the key");
    let idea = file("idea.pem", idea.replace("AES-128", "IDEA").as_bytes());
    let sealed = store(&WORLD.client);
    let cut_store = file("cut.p12", &sealed[..sealed.len() - 1]);
    let sealed = file("client.p12", &sealed);
    let wrong = file("wrong", b"wrong\n");
    let (wrong, missing) = (text(&wrong), fresh("missing"));
    let right = ["--passphrase-env", VARIABLE];
    let key = |path| ["--cert", text(&cert), "--key", text(path)];
    let store = |path| ["--pkcs12", text(path)];
    let no_utf8 = file("latin1", b"corr\xe8ct\n");
    for (identity, source, said) in [
        (
            &key(&der)[..],
            &["--passphrase-file", wrong][..],
            "key.der\": the passphrase is wrong, or what it encrypts is damaged",
        ),
        (&key(&cut), &right, "cut.der\": it ends early"),
        (
            &key(&idea),
            &right,
            "it is encrypted in a way that is not supported (the cipher \"IDEA-CBC\"",
        ),
        (
            &key(&der),
            &[],
            "key.der\": this is encrypted, and the terminal cannot be asked for the passphrase",
        ),
        (
            &key(&der),
            &[],
            "see --passphrase-file and --passphrase-env",
        ),
        (
            &key(&der),
            &["--passphrase-env", "SSLCORE_TEST_NOT_SET"],
            "the environment variable \"SSLCORE_TEST_NOT_SET\" of --passphrase-env is not set",
        ),
        (
            &key(&der),
            &["--passphrase-file", text(&missing)],
            "missing\" cannot be read: ",
        ),
        (
            &store(&sealed),
            &["--passphrase-file", wrong],
            "client.p12\": the passphrase is wrong, or what it encrypts is damaged",
        ),
        (
            &store(&sealed),
            &[],
            "client.p12\": this is encrypted, and the terminal cannot be asked",
        ),
        (
            &store(&sealed),
            &["--passphrase-file", text(&no_utf8)],
            "the passphrase is not UTF-8",
        ),
        (&store(&cut_store), &right, "cut.p12\": it ends early"),
        // No passphrase would help with this.
        (&store(&cut_store), &[], "cut.p12\": it ends early"),
        (
            &store(&cert),
            &right,
            "cert.pem\": this is not PKCS#12; --cert and --key take PEM and DER",
        ),
        (
            &["--cert", text(&sealed)],
            &[],
            "client.p12\": this is PKCS#12, which --pkcs12 takes",
        ),
    ] {
        for command in ["connect", "serve"] {
            let arguments = [identity, source].concat();
            let stderr = refused(command, &arguments).stderr;
            assert!(stderr.contains(said), "{command} {arguments:?}: {stderr}");
        }
    }
}

#[test]
fn what_belongs_together_is_given_together() {
    for (arguments, said) in [
        (
            &["--passphrase-env", VARIABLE][..],
            "--cert <FILE>|--pkcs12 <FILE>",
        ),
        (&["--passphrase-file", "a"], "--cert <FILE>|--pkcs12 <FILE>"),
        (&["--key", "a"], "--cert <FILE>"),
        (
            &["--cert", "a", "--pkcs12", "a"],
            "cannot be used with '--pkcs12 <FILE>'",
        ),
        (
            &["--pkcs12", "a", "--key", "a"],
            "cannot be used with '--key <FILE>'",
        ),
        (
            &[
                "--cert",
                "a",
                "--passphrase-env",
                "a",
                "--passphrase-file",
                "a",
            ],
            "cannot be used with",
        ),
        (
            &["--cert", "a", "--passphrase", "a"],
            "unexpected argument '--passphrase'",
        ),
    ] {
        for command in ["connect", "serve"] {
            let stderr = refused(command, arguments).stderr;
            assert!(stderr.contains(said), "{command} {arguments:?}: {stderr}");
        }
    }
}

#[cfg(target_os = "linux")]
mod on_a_terminal {
    use super::*;
    use common::terminal::Terminal;

    /// Has the program ask on a terminal, and then shows how it left that.
    fn asked(door: &Door) -> Terminal {
        asked_by(door, env!("CARGO_BIN_EXE_sslcore"))
    }

    /// The same, by a command that becomes the program.
    fn asked_by(door: &Door, program: &str) -> Terminal {
        let (cert, [key, ..]) = (certificate(), keys());
        let mut terminal = Terminal::run(&format!(
            "trap : INT; NO_COLOR=1 {program} connect {} --ca {} --cert {} --key {} < /dev/null > /dev/null; \
             code=$?; stty -a < /dev/tty; exit $code",
            door.address(),
            text(&ca_file()),
            text(&cert),
            text(&key),
        ));
        let shown = terminal.shown_until(b": ");
        assert_eq!(shown, format!("Passphrase for {key:?}: "));
        terminal
    }

    #[track_caller]
    fn is_as_before(shown: &str) {
        let settings: Vec<&str> = shown.split_whitespace().collect();
        for setting in ["echo", "isig"] {
            assert!(settings.contains(&setting), "{setting}: {shown}");
        }
        assert!(shown.contains("eol = <undef>"), "{shown}");
    }

    #[test]
    fn the_passphrase_is_asked_for_and_not_shown() {
        let door = Door::open();
        let (code, shown) = with_picky_server(&door, || {
            let mut terminal = asked(&door);
            terminal.type_in(format!("{PASSPHRASE}\n").as_bytes());
            terminal.end()
        });
        assert_eq!(code, Some(0), "{shown}");
        assert!(shown.contains("Encrypted: TLS"), "{shown}");
        assert!(!shown.contains("correct"), "{shown}");
        assert!(shown.starts_with("\r\n"), "Enter ends the line: {shown:?}");
        is_as_before(&shown);
    }

    #[test]
    fn a_wrong_answer_leaves_the_terminal_as_it_was() {
        let mut terminal = asked(&Door::open());
        terminal.type_in(b"secret guess\n");
        let (code, shown) = terminal.end();
        assert_eq!(code, Some(1), "{shown}");
        assert!(shown.contains("the passphrase is wrong"), "{shown}");
        assert!(!shown.contains("guess"), "{shown}");
        is_as_before(&shown);
    }

    #[test]
    fn ctrl_c_ends_the_program_and_leaves_the_terminal_as_it_was() {
        let mut terminal = asked(&Door::open());
        terminal.type_in(b"secret gue\x03");
        let (code, shown) = terminal.end();
        assert_eq!(code, Some(128 + 2), "a shell's number for SIGINT: {shown}");
        assert!(!shown.contains("gue"), "{shown}");
        is_as_before(&shown);
    }

    #[test]
    fn sigterm_ends_the_program_and_leaves_the_terminal_as_it_was() {
        let number = fresh("number");
        let program = format!(
            "sh -c 'echo $$ > {}; exec \"$@\"' sh {}",
            text(&number),
            env!("CARGO_BIN_EXE_sslcore"),
        );
        let terminal = asked_by(&Door::open(), &program);
        let number = std::fs::read_to_string(&number).expect("its number");
        // The shell's own: the program is in a package that not every system has.
        let ended = Command::new("sh")
            .args(["-c", "kill $0", number.trim()])
            .status();
        assert!(ended.expect("kill").success());
        let (code, shown) = terminal.end();
        assert_eq!(
            code,
            Some(128 + 15),
            "a shell's number for SIGTERM: {shown}"
        );
        is_as_before(&shown);
    }

    /// `nohup` starts programs that ignore SIGHUP; a script starts those in its background so that
    /// they ignore SIGINT and SIGQUIT.
    #[test]
    fn signals_reach_the_program_whatever_the_parent_of_the_tests_ignores() {
        let names = ["ctrl_c_ends", "sigterm_ends"].map(|what| {
            format!("on_a_terminal::{what}_the_program_and_leaves_the_terminal_as_it_was")
        });
        let output = Command::new("env")
            .arg("--ignore-signal=HUP,INT,QUIT,PIPE,TERM")
            .arg(std::env::current_exe().expect("this program"))
            .arg("--exact")
            .args(names)
            .output()
            .expect("env, from coreutils");
        let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
        let passed = output.status.success() && out.contains("test result: ok. 2 passed");
        assert!(passed, "{out}\n{err}");
    }
}
