//! What the flags expect is checked.

use sslcore_tests::peer::Scratch;

use super::runner::{Runner, echo, go_along, root, serving};

/// Flags of a client with an expectation that holds, and then with one that does not.
const EXPECTATIONS: [(&[&str], &[&str]); 13] = [
    (&["-expect-version", "772"], &["-expect-version", "771"]),
    (&["-expect-cipher", "4865"], &["-expect-cipher", "4866"]),
    (&["-expect-curve-id", "23"], &["-expect-curve-id", "29"]),
    (
        &["-expect-peer-signature-algorithm", "1027"],
        &["-expect-peer-signature-algorithm", "2052"],
    ),
    (&["-expect-hrr"], &["-expect-no-hrr"]),
    (
        &["-advertise-alpn", "\x01a", "-expect-alpn", "a"],
        &["-advertise-alpn", "\x01a", "-expect-alpn", "b"],
    ),
    (&["-expect-extended-master-secret"], &["-expect-no-session"]),
    (
        &["-expect-ocsp-response", "c3RhcGxl"],
        &["-expect-ocsp-response", "b3RoZXI="],
    ),
    (
        &["-expect-verify-result"],
        &["-expect-peer-cert-file", "root.pem"],
    ),
    (&[], &["-expect-no-peer-cert"]),
    (&[], &["-expect-no-session"]),
    (&[], &["-expect-client-ca-list", "300A"]),
    (&["-host-name", "test"], &["-expect-server-name", "test"]),
];

#[test]
fn an_expectation_that_does_not_hold_is_a_failure_with_a_sentence() {
    let config = serving("TLSv1.3")
        .ciphers(&["TLS_AES_128_GCM_SHA256"])
        .groups(&["secp256r1"])
        .alpn(&[b"a"])
        .stapled_ocsp_response(b"staple");
    let config = config.build().expect("a server");
    for (right, wrong) in EXPECTATIONS {
        for (expected, holds) in [(right, true), (wrong, false)] {
            let scratch = Scratch::new();
            let flags = ["-trust-cert", &*root(&scratch)];
            let runner = Runner::start(&[&flags[..], expected].concat(), scratch);
            go_along(&mut runner.serve(&config));
            match holds {
                true => runner.ends_well(),
                false => runner.complains(1, "expected"),
            }
        }
    }
}

#[test]
fn a_session_that_is_not_resumed_as_expected_is_a_failure() {
    for (flag, resumes) in [("-async", false), ("-on-resume-expect-session-miss", true)] {
        let scratch = Scratch::new();
        let flags = ["-trust-cert", &*root(&scratch), "-resume-count", "1", flag];
        let runner = Runner::start(&flags, scratch);
        let first = serving("TLSv1.3").build().expect("a server");
        let forgetful = serving("TLSv1.3").build().expect("a server");
        echo(&mut runner.serve(&first));
        go_along(&mut runner.serve(if resumes { &first } else { &forgetful }));
        runner.complains(1, "a resumed session");
    }
}

#[test]
fn a_stream_without_close_notify_is_a_failure_only_where_one_is_demanded() {
    for demanded in [false, true] {
        let scratch = Scratch::new();
        let mut flags = vec!["-trust-cert".to_owned(), root(&scratch)];
        flags.extend(demanded.then(|| "-check-close-notify".to_owned()));
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        let runner = Runner::start(&flags, scratch);
        let mut wire = runner.serve(&serving("TLSv1.3").build().expect("a server"));
        wire.until_encrypted();
        wire.send(b"data");
        wire.until_received(4);
        drop(wire);
        match demanded {
            false => runner.ends_well(),
            true => runner.complains(1, ":CLOSE_WITHOUT_CLOSE_NOTIFY:"),
        }
    }
}
