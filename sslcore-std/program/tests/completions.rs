//! What `sslcore completions` gives to shells.

mod common;

use std::io::Write;
use std::process::{Command, Stdio};

use common::program::run_unread;
use sslcore_std::starttls::Protocol;

fn completions(shell: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_sslcore"))
        .args(["completions", shell])
        .output()
        .expect("run the program");
    assert_eq!(output.status.code(), Some(0), "{shell}");
    assert!(output.stderr.is_empty(), "{shell}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn every_shell_gets_a_script_that_knows_the_commands_and_their_options() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = completions(shell);
        for word in ["serve", "demo", "request-client-cert", "fault"] {
            assert!(script.contains(word), "{shell}: {word} is missing");
        }
    }
}

#[test]
fn a_script_that_nobody_reads_to_its_end_is_no_error() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sslcore"));
    let run = run_unread(command.args(["completions", "bash"]));
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
}

#[test]
fn bash_understands_its_script() {
    let mut bash = Command::new("bash")
        .arg("-n")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("start bash");
    let mut stdin = bash.stdin.take().expect("piped");
    stdin
        .write_all(completions("bash").as_bytes())
        .expect("write");
    drop(stdin);
    let output = bash.wait_with_output().expect("wait");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
}

/// The options that take one of some values, and those.
fn known() -> [(&'static str, &'static str, Vec<&'static str>); 9] {
    let backend = sslcore_std::default_backend();
    let ciphers = backend.supported_ciphers();
    let ciphers: Vec<_> = ciphers.map(|cipher| cipher.name()).collect();
    let schemes = backend.supported_signature_schemes();
    let versions = || vec!["TLSv1.2", "TLSv1.3"];
    let faults = vec!["wrong-cert", "inject", "truncate", "garbage"];
    [
        (
            "connect",
            "starttls",
            Protocol::ALL.map(Protocol::name).into(),
        ),
        ("connect", "protocol", versions()),
        ("connect", "ciphers", ciphers),
        ("connect", "groups", backend.supported_groups().collect()),
        (
            "connect",
            "sigalgs",
            schemes.map(|scheme| scheme.name()).collect(),
        ),
        ("connect", "verify", vec!["none", "query", "verify"]),
        ("serve", "protocol", versions()),
        ("verify", "purpose", vec!["server", "client"]),
        ("demo", "fault", faults),
    ]
}

/// What bash proposes behind these words.
fn proposed_by_bash(words: &[&str], begun: &str) -> Vec<String> {
    let last = words.last().expect("a word");
    let output = Command::new("bash")
        .args(["--norc", "-c"])
        .arg(
            "eval \"$1\"; begun=$2; before=$3; shift 3; COMP_WORDS=(\"$@\" \"$begun\"); \
             COMP_CWORD=$#; _sslcore sslcore \"$begun\" \"$before\"; \
             printf '%s\\n' \"${COMPREPLY[@]}\"",
        )
        .args(["bash", &completions("bash"), begun, last])
        .args(words)
        .output()
        .expect("start bash");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
    let proposed = String::from_utf8(output.stdout).expect("UTF-8");
    proposed.lines().map(ToOwned::to_owned).collect()
}

#[test]
fn bash_proposes_the_values_of_options_that_have_few() {
    for (command, option, values) in known() {
        let words = ["sslcore", command, &format!("--{option}")];
        assert_eq!(proposed_by_bash(&words, ""), values, "{command} --{option}");
    }
    let words = ["sslcore", "connect", "host", "--starttls"];
    assert_eq!(proposed_by_bash(&words, "po"), ["pop3", "postgres"]);
}

#[test]
fn zsh_and_fish_propose_them_too() {
    let (zsh, fish) = (completions("zsh"), completions("fish"));
    for (command, option, values) in known() {
        let list = format!("({})' \\", values.join(" "));
        let begin = format!("--{option}=[");
        let mut lines = zsh.lines();
        let found = lines.any(|line| line.contains(&begin) && line.ends_with(&list));
        assert!(found, "zsh: {command} --{option}: {list}");
        let begin = format!("__fish_sslcore_using_subcommand {command}\" -l {option} ");
        let list = format!(" -r -f -a \"{}\\t''\"", values.join("\\t''\n"));
        let (_, rest) = fish.split_once(&begin).expect("the option");
        let (rest, _) = rest.split_once("\ncomplete ").expect("another option");
        assert!(rest.ends_with(&list), "fish: {command} --{option}: {rest}");
    }
}

#[test]
fn a_shell_that_is_not_known_is_a_usage_error_that_names_those_that_are() {
    let output = Command::new(env!("CARGO_BIN_EXE_sslcore"))
        .args(["completions", "cmd"])
        .output()
        .expect("run the program");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("bash") && said.contains("zsh"), "{said}");
}
