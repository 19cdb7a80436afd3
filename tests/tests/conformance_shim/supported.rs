//! What is not supported, or not there, is said; what is extreme is borne.

use sslcore_tests::peer::{Peer, Scratch};
use sslcore_tests::wire::Door;

use super::runner::{Runner, SHIM, echo, go_along, root, serving};

#[test]
fn what_is_not_supported_is_said_before_anything_is_sent() {
    for flags in [
        &["-no-such-flag"][..],
        &["-on-resume-no-such-flag"],
        &["-on-retry-verify-fail"],
        &["-enable-early-data"],
        &["-psk", "00"],
        &["-dtls"],
        &["-curves", "30"],
        &["-curves", "none"],
        &["-signing-prefs"],
        &["-max-version", "770"],
        &["-resumption-delay", "18446744073709551615"],
        &["-resume-count", "256"],
        &["-verify-prefs", "513"],
        &["-export-keying-material", "16", "-export-label", ""],
        &["argument"],
        &["-server"],
    ] {
        Runner::start(flags, Scratch::new()).complains(89, "not supported: ");
    }
}

#[test]
fn what_is_not_there_is_named() {
    let run = |flags: &[&str]| {
        let mut shim = Peer::start(SHIM, flags.iter().copied(), Scratch::new());
        let code = shim.until_exit().code();
        (code, shim.err())
    };
    let said = |sentence: &str| (Some(1), format!("{sentence}\n"));
    assert_eq!(run(&[]), said("-port is missing: where the runner is"));
    let unknown = run(&["-no-such-flag"]);
    assert_eq!(unknown.0, Some(89), "whatever else is missing");

    // The door is shut, and nobody else opens one there meanwhile.
    let port = Door::open().address.port().to_string();
    let (code, words) = run(&["-port", &port]);
    assert_eq!(code, Some(1));
    let begin = format!("no runner at 127.0.0.1:{port}: ");
    assert!(words.starts_with(&begin), "{words}");

    let file = "/no/such/file";
    for flags in [
        &["-trust-cert", file][..],
        &["-server", "-cert-file", file, "-key-file", file],
    ] {
        let (code, words) = run(&[&["-port", &port], flags].concat());
        assert_eq!(code, Some(1));
        let begin = "cannot read /no/such/file: ";
        assert!(words.starts_with(begin), "{words}");
    }
}

#[test]
fn the_longest_delays_can_be_waited_for() {
    let scratch = Scratch::new();
    let flags = ["-trust-cert", &*root(&scratch), "-resume-count", "2"];
    let delay = ["-resumption-delay", "4294967295"];
    let runner = Runner::start(&[&flags[..], &delay].concat(), scratch);
    let config = serving("TLSv1.3").build().expect("a server");
    echo(&mut runner.serve(&config));
    // Three hundred years on, no session is left.
    go_along(&mut runner.serve(&config));
    runner.complains(1, "a resumed session");
}

#[test]
fn there_is_no_handshaker() {
    let mut shim = Peer::start(SHIM, ["-is-handshaker-supported"], Scratch::new());
    assert!(shim.until_exit().success());
    assert_eq!((&*shim.out(), &*shim.err()), (&b"No\n"[..], ""));
}
