//! `sslcore connect` and the way to the server: addresses, proxies, and how targets are written.

mod common;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use common::program::{Door, Run, ca_file, connect, encrypt, file, hear, run, trusting};
use common::{LONG, both};

/// Answers with what it heard, and closes in order.
fn answer(stream: TcpStream) {
    let mut socket = encrypt(stream);
    let mut heard = Vec::new();
    socket.read_to_end(&mut heard).expect("the client's end");
    socket.write_all(&heard).expect("answer");
    socket.wait_for_disconnected(Some(LONG)).expect("ended");
}

/// `connect server.test` through a proxy that `play`s, and is then the server itself.
fn through(url: &str, arguments: &[&str], play: impl FnOnce(&mut TcpStream) + Send) -> Run {
    let door = Door::open();
    let proxy = url.replace("PROXY", &door.address().to_string());
    let mut command = connect("server.test:993");
    command.arg("--ca").arg(ca_file());
    command.args(["--proxy", &proxy]).args(arguments);
    let serve = || {
        let mut stream = door.accept();
        play(&mut stream);
        answer(stream);
    };
    both(|| run(&mut command, b"hello"), serve).0
}

/// The same with a proxy that refuses, with these words.
fn refused(url: &str, words: &[u8]) -> String {
    let door = Door::open();
    let proxy = url.replace("PROXY", &door.address().to_string());
    let mut command = connect("server.test:993");
    command.args(["--proxy", &proxy]);
    let serve = || {
        let mut stream = door.accept();
        let mut heard = [0; 3];
        stream.read_exact(&mut heard).expect("the client asks");
        stream.write_all(words).expect("refuse");
        let _ = stream.read_to_end(&mut Vec::new());
    };
    let (run, ()) = both(|| run(&mut command, b"secret"), serve);
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(!run.stderr.contains('\x1b'), "{}", run.stderr);
    run.stderr
}

#[test]
fn an_http_proxy_connects_and_tls_is_spoken_with_the_server() {
    let run = through("http://PROXY", &[], |stream| {
        let request = b"CONNECT server.test:993 HTTP/1.1\r\nHost: server.test:993\r\n\r\n";
        hear(stream, request);
        for piece in b"HTTP/1.1 200 fine\r\nVia: x\r\n\r\n".chunks(1) {
            stream.write_all(piece).expect("answer");
        }
    });
    run.assert_put_out(b"hello");
    let said = "Connected to \"server.test\" through http://127.0.0.1:";
    assert!(run.stderr.contains(said), "{}", run.stderr);
}

#[test]
fn a_socks_proxy_looks_the_name_up_and_tls_is_spoken_with_the_server() {
    let run = through("socks5://PROXY", &[], |stream| {
        hear(stream, &[5, 1, 0]);
        stream.write_all(&[5, 0]).expect("answer");
        hear(stream, b"\x05\x01\0\x03\x0bserver.test\x03\xe1");
        let reply = b"\x05\0\0\x01\0\0\0\0\0\0";
        stream.write_all(reply).expect("answer");
    });
    run.assert_put_out(b"hello");
}

#[test]
fn a_proxy_is_told_who_asks_and_nobody_else_is() {
    let password = file("proxy.txt", b"me:open sesame\r\nnot this\n");
    let password = ["--proxy-auth-file", password.to_str().expect("a path")];
    let header = b"\r\nProxy-Authorization: Basic bWU6b3BlbiBzZXNhbWU=\r\n\r\n";
    let http = |stream: &mut TcpStream| {
        hear(
            stream,
            b"CONNECT server.test:993 HTTP/1.1\r\nHost: server.test:993",
        );
        hear(stream, header);
        let answer = b"HTTP/1.0 200\r\n\r\n";
        stream.write_all(answer).expect("answer");
    };
    let socks = |stream: &mut TcpStream| {
        hear(stream, &[5, 2, 0, 2]);
        stream.write_all(&[5, 2]).expect("answer");
        hear(stream, b"\x01\x02me\x0bopen sesame");
        stream.write_all(&[1, 0]).expect("answer");
        hear(stream, b"\x05\x01\0\x03\x0bserver.test\x03\xe1");
        let reply = b"\x05\0\0\x01\0\0\0\0\0\0";
        stream.write_all(reply).expect("answer");
    };
    for run in [
        through("http://PROXY", &password, http),
        through("http://me:open%20sesame@PROXY", &["--trace"], http),
        through("socks5://PROXY", &password, socks),
        through("socks5://me:open%20sesame@PROXY", &["--json"], socks),
    ] {
        run.assert_put_out(b"hello");
        assert!(!run.stderr.contains("sesame"), "{}", run.stderr);
        assert!(!run.stderr.contains("bWU6"), "{}", run.stderr);
    }
}

#[test]
fn what_the_server_says_behind_the_proxys_answer_is_the_servers() {
    let run = through("http://PROXY", &["--starttls", "pop3"], |stream| {
        hear(
            stream,
            b"CONNECT server.test:993 HTTP/1.1\r\nHost: server.test:993\r\n\r\n",
        );
        let words = b"HTTP/1.1 200 fine\r\n\r\n+OK ready\r\n";
        stream.write_all(words).expect("answer");
        hear(stream, b"STLS\r\n");
        stream.write_all(b"+OK go on\r\n").expect("answer");
    });
    run.assert_put_out(b"hello");
}

#[test]
fn a_proxy_that_does_not_connect_is_quoted() {
    let said = refused("http://PROXY", b"HTTP/1.1 502 \x1b[31mno\r\n\r\n");
    assert!(
        said.contains(r#"does not connect: "HTTP/1.1 502 \u{1b}[31mno""#),
        "{said}"
    );
    let said = refused("http://PROXY", b"HTTP/1.1 407 who?\r\n\r\n");
    assert!(
        said.contains("wants to know who asks (--proxy-auth-file)"),
        "{said}"
    );
    let said = refused("http://PROXY", b"\x05\xff");
    assert!(said.contains("the proxy does not speak HTTP"), "{said}");
    let said = refused("socks5://PROXY", &[5, 0xff]);
    assert!(
        said.contains("wants to know who asks (--proxy-auth-file)"),
        "{said}"
    );
    let said = refused("socks5://PROXY", &[5, 0, 5, 4, 0]);
    assert!(said.contains("its name has no address"), "{said}");
    let endless = [&b"HTTP/1.1 200 OK\r\nX: "[..], &[b'x'; 20_000]].concat();
    let said = refused("http://PROXY", &endless);
    assert!(
        said.contains("the proxy says more than 16384 bytes"),
        "{said}"
    );
}

#[test]
fn a_proxy_that_hangs_up_or_is_not_there_is_told_from_the_server() {
    let door = Door::open();
    let proxy = format!("socks5://{}", door.address());
    let command = || {
        let mut command = connect("server.test");
        command.args(["--proxy", &proxy]);
        command
    };
    let serve = || {
        let mut stream = door.accept();
        hear(&mut stream, &[5, 1, 0]);
    };
    let (ended, ()) = both(|| run(&mut command(), b""), serve);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    let why = "the proxy hung up without making the connection";
    assert!(ended.stderr.contains(why), "{}", ended.stderr);
    drop(door);
    let ended = run(&mut command(), b"");
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    let why = "the proxy: cannot connect to 127.0.0.1 port";
    assert!(ended.stderr.contains(why), "{}", ended.stderr);
}

#[test]
fn a_connection_comes_from_the_address_that_was_named() {
    let door = Door::open();
    let mut command = trusting(&door);
    // All of 127/8 is this computer, on Linux.
    let address = if cfg!(target_os = "linux") {
        "127.0.0.9"
    } else {
        "127.0.0.1"
    };
    command.args(["-4", "--bind", address]);
    let serve = || {
        let stream = door.accept();
        let from = stream.peer_addr().expect("address");
        answer(stream);
        from.ip().to_string()
    };
    let (run, from) = both(|| run(&mut command, b"hello"), serve);
    run.assert_put_out(b"hello");
    assert_eq!(from, address);
}

#[test]
fn targets_are_taken_as_people_write_them() {
    let door = Door::open();
    for target in [
        "https://localhost:PORT",
        "https://LOCALHOST:PORT/",
        "localhost:PORT",
    ] {
        let port = door.address().port().to_string();
        let mut command = connect(&target.replace("PORT", &port));
        command
            .args(["-4", "--name", "server.test", "--ca"])
            .arg(ca_file());
        let (run, ()) = both(|| run(&mut command, b"hello"), || answer(door.accept()));
        run.assert_put_out(b"hello");
        assert!(!run.stderr.contains("warning"), "{}", run.stderr);
    }
    let url = format!("https://localhost:{}/a?b", door.address().port());
    let mut command = connect(&url);
    command
        .args(["-4", "--name", "server.test", "--ca"])
        .arg(ca_file());
    let (run, ()) = both(|| run(&mut command, b"hello"), || answer(door.accept()));
    run.assert_put_out(b"hello");
    let warning = "warning: \"/a?b\" is not asked for";
    assert!(run.stderr.contains(warning), "{}", run.stderr);
}

#[test]
fn routes_that_cannot_be_gone_are_usage_errors() {
    for (arguments, why) in [
        (&["host", "-4", "-6"][..], "cannot be used with"),
        (
            &["host", "-6", "--bind", "127.0.0.1"],
            "--bind 127.0.0.1 and -6 exclude each other",
        ),
        (
            &["host", "--bind", "localhost"],
            "\"localhost\" is no address",
        ),
        (&["host", "--bind", "127.0.0.1:x"], "\"x\" is no service"),
        (
            &["host", "--proxy", "proxy:3128"],
            "a proxy is http://HOST:PORT or socks5://HOST:PORT",
        ),
        (
            &["[fe80::1%1]", "--proxy", "socks5://p"],
            "cannot be asked for the host \"fe80::1%1\"",
        ),
        (&["host", "--proxy-auth-file", "x"], "--proxy"),
        (&["me@host"], "give \"host\" alone"),
        (
            &["host", "--groups", "X25519,P-257"],
            "\"P-257\" is none of X25519MLKEM768, X25519, ",
        ),
        (
            &["host", "--sigalgs", "sha1"],
            "\"sha1\" is none of ecdsa_secp",
        ),
        (
            &[
                "host",
                "--sigalgs",
                "rsa_pkcs1_sha256",
                "--protocol",
                "TLSv1.3",
            ],
            "no signature scheme that fits the protocols",
        ),
        (&["host", "--reconnect", "101"], "101 is not in 0..=100"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sslcore"));
        let run = run(command.arg("connect").args(arguments), b"");
        assert_eq!(run.code, Some(1), "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.contains(why), "{arguments:?}: {}", run.stderr);
    }
}

#[test]
fn groups_and_signature_schemes_are_those_that_were_named() {
    let door = Door::open();
    let mut command = trusting(&door);
    command.args([
        "--groups",
        "P-384,X25519",
        "--sigalgs",
        "ECDSA_secp256r1_sha256",
    ]);
    let (ended, ()) = both(|| run(&mut command, b"hello"), || answer(door.accept()));
    ended.assert_put_out(b"hello");
    assert!(ended.stderr.contains(", secp384r1;"), "{}", ended.stderr);

    let mut command = trusting(&door);
    command.args(["--sigalgs", "ed25519"]);
    let serve = || {
        let mut socket = encrypt(door.accept());
        let refused = socket.wait_for_encrypted(Some(LONG));
        refused.expect_err("no scheme in common");
        socket.disconnect_from_host(LONG);
    };
    let (ended, ()) = both(|| run(&mut command, b""), serve);
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("handshake_failure (40)"),
        "{}",
        ended.stderr
    );
}

#[cfg(unix)]
#[test]
fn files_may_have_any_name_and_a_hyphen_is_standard_input() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let ca = ca_file();
    let odd = ca.with_file_name(OsStr::from_bytes(b"\xff\xfe*.pem"));
    std::fs::copy(&ca, &odd).expect("copy");
    let door = Door::open();
    let address = door.address().to_string();
    let mut command = connect(&address);
    command.arg("--ca").arg(&odd);
    let (ended, ()) = both(|| run(&mut command, b"hello"), || answer(door.accept()));
    ended.assert_put_out(b"hello");

    // What the server hears is what is left of it: nothing.
    let mut command = connect(&address);
    command.args(["--ca", "-"]);
    let ca = std::fs::read(&ca).expect("the root");
    let (ended, ()) = both(|| run(&mut command, &ca), || answer(door.accept()));
    ended.assert_put_out(b"");

    let mut command = Command::new(env!("CARGO_BIN_EXE_sslcore"));
    command.args(["verify", "-", "--ca"]).arg(&odd);
    let ended = run(&mut command, &ca);
    assert!(ended.stderr.is_empty(), "{}", ended.stderr);
    let shown = String::from_utf8(ended.stdout).expect("UTF-8");
    assert!(shown.contains("Certificate"), "{shown}");
}
