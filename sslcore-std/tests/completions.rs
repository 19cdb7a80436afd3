//! What `sslcore completions` gives to shells.
#![cfg(feature = "program")]

use std::io::Write;
use std::process::{Command, Stdio};

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
