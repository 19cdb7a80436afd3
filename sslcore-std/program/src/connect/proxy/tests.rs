//! The dialogues without IO.

use sslcore_tests::babble::babble;

use super::dialogue::{Credentials, Dialogue, Step};
use super::{ANSWER, Proxy};

fn proxy(url: &str) -> Proxy {
    url.parse().expect(url)
}

fn wrong(url: &str) -> String {
    url.parse::<Proxy>().expect_err(url)
}

fn asked(url: &str, host: &str) -> Box<dyn Dialogue> {
    proxy(url).dialogue(host, 443)
}

/// What the proxy says comes to the same however much of it is there: nothing before its end.
fn hear(dialogue: &mut dyn Dialogue, words: &[u8]) -> Result<Step, String> {
    for len in 0..words.len() {
        assert_eq!(dialogue.read(&words[..len]), Ok(Step::Incomplete), "{len}");
    }
    dialogue.read(&[words, b"220 and more"].concat())
}

const HTTP: &str = "http://proxy:3128";
const SOCKS: &str = "socks5://proxy";

#[test]
fn a_url_says_how_where_and_who() {
    for (url, host, port) in [
        (HTTP, "proxy", 3128),
        ("http://[::1]:3128/", "::1", 3128),
        (SOCKS, "proxy", 1080),
        ("SOCKS5H://me:p%40ss:word@proxy:1", "proxy", 1),
        ("http://b\u{fc}cher.example:1", "xn--bcher-kva.example", 1),
    ] {
        let known = proxy(url);
        assert_eq!((&*known.host, known.port), (host, port), "{url}");
    }
    let known = proxy("http://me:p%40ss:word@proxy:1");
    assert_eq!(
        known.to_string(),
        "http://proxy:1",
        "the password is not told"
    );
    let who = known.credentials.expect("credentials");
    assert_eq!(
        (&who.user[..], &who.password[..]),
        (&b"me"[..], &b"p@ss:word"[..])
    );
}

#[test]
fn a_url_that_is_none_of_a_proxys_says_what_would_be() {
    for (url, why) in [
        (
            "proxy:3128",
            "a proxy is http://HOST:PORT or socks5://HOST:PORT",
        ),
        (
            "https://proxy:3128",
            "TLS to the proxy itself is not known here",
        ),
        ("socks4://proxy", "the scheme \"socks4\" is not known here"),
        ("http://proxy", "the proxy's port is missing"),
        ("http://proxy:0", "\"0\" is no port"),
        ("http://proxy:1/path", "nothing follows"),
        ("http://me@proxy:1", "the colon is missing"),
        ("http://:secret@proxy:1", "a user and a password"),
        ("http://me:%0d%0a@proxy:1", "no control characters"),
        ("http://me:%4@proxy:1", "two hexadecimal digits"),
    ] {
        assert!(wrong(url).contains(why), "{url}: {}", wrong(url));
        assert!(!wrong(url).contains("secret"), "{url}");
    }
    let long = format!("http://me:{}@proxy:1", "x".repeat(256));
    assert!(wrong(&long).contains("at most 255 bytes"));
}

#[test]
fn a_host_that_could_say_more_than_a_host_is_not_asked_for() {
    for host in [
        "a b",
        "a\r\nb: c",
        "a/b",
        "me@a",
        "fe80::1%1",
        "b\u{fc}cher",
        &"a".repeat(256),
    ] {
        assert!(proxy(HTTP).refuses(host).is_some(), "{host:?}");
    }
    for host in [
        "a",
        "a.example",
        "192.0.2.1",
        "::1",
        "xn--bcher-kva.example",
    ] {
        assert_eq!(proxy(HTTP).refuses(host), None, "{host:?}");
    }
}

#[test]
fn http_connects_and_what_follows_is_the_hosts() {
    let mut dialogue = asked(HTTP, "::1");
    let request = b"CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\n\r\n";
    assert_eq!(dialogue.opening(), request);
    let wait = b"HTTP/1.1 100 Continue\r\n\r\n";
    assert_eq!(
        hear(&mut *dialogue, wait),
        Ok(Step::Answer(wait.len(), Vec::new()))
    );
    for answer in [
        &b"HTTP/1.1 200 Connection established\r\nContent-Length: 9\r\n\r\n"[..],
        b"HTTP/1.0 200\n\n",
        b"HTTP/1.1 204 fine\r\n\r\n",
    ] {
        assert_eq!(
            hear(&mut *dialogue, answer),
            Ok(Step::Connected(answer.len()))
        );
    }
}

#[test]
fn http_tells_who_asks() {
    let dialogue = asked("http://Aladdin:open%20sesame@proxy:1", "host");
    let request = String::from_utf8(dialogue.opening()).expect("ASCII");
    // The example of RFC 7617 §2.
    let header = "\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n";
    assert!(request.ends_with(header), "{request}");
}

#[test]
fn http_refusals_are_quoted() {
    for (answer, why) in [
        (
            "HTTP/1.1 403 not \x1b[31myou\r\n\r\n",
            "does not connect: \"HTTP/1.1 403 not \\u{1b}[31myou\"",
        ),
        ("HTTP/1.1 101 Switching\r\n\r\n", "does not connect"),
        (
            "HTTP/1.1 407 who?\r\n\r\n",
            "wants to know who asks (--proxy-auth-file)",
        ),
        ("HTTP/1.1\r\n\r\n", "does not speak HTTP"),
    ] {
        let said = hear(&mut *asked(HTTP, "host"), answer.as_bytes()).expect_err(answer);
        assert!(said.contains(why), "{said}");
    }
    let mut known = asked("http://me:secret@proxy:1", "host");
    let said = hear(&mut *known, b"HTTP/1.1 407 who?\r\n\r\n").expect_err("refused");
    assert!(
        said.contains("does not accept the user and the password"),
        "{said}"
    );
    let said = asked(HTTP, "host").read(b"SSH-2.0").expect_err("not HTTP");
    assert!(said.contains("it said \"SSH-2.0\""), "{said}");
}

#[test]
fn a_header_without_end_stays_incomplete_to_the_bound() {
    let begun = [&b"HTTP/1.1 200 OK\r\nX: "[..], &[b'x'; ANSWER]].concat();
    assert_eq!(asked(HTTP, "host").read(&begun), Ok(Step::Incomplete));
}

#[test]
fn socks_has_the_proxy_look_the_name_up() {
    let mut dialogue = asked(SOCKS, "a.example");
    assert_eq!(dialogue.opening(), [5, 1, 0]);
    let request = b"\x05\x01\0\x03\x09a.example\x01\xbb".to_vec();
    assert_eq!(hear(&mut *dialogue, &[5, 0]), Ok(Step::Answer(2, request)));
    let reply = b"\x05\0\0\x03\x03abc\x01\xbb";
    assert_eq!(
        hear(&mut *dialogue, reply),
        Ok(Step::Connected(reply.len()))
    );
}

#[test]
fn socks_takes_addresses_as_such() {
    for (host, request) in [
        ("192.0.2.1", &b"\x05\x01\0\x01\xc0\0\x02\x01\x01\xbb"[..]),
        (
            "::1",
            b"\x05\x01\0\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x01\xbb",
        ),
    ] {
        let mut dialogue = asked(SOCKS, host);
        assert_eq!(
            dialogue.read(&[5, 0]),
            Ok(Step::Answer(2, request.to_vec()))
        );
        let v4 = b"\x05\0\0\x01\0\0\0\0\0\0";
        let v6 = b"\x05\0\0\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
        assert_eq!(hear(&mut *dialogue, v4), Ok(Step::Connected(v4.len())));
        assert_eq!(hear(&mut *dialogue, v6), Ok(Step::Connected(v6.len())));
    }
}

#[test]
fn socks_tells_who_asks_when_the_proxy_wants_to_know() {
    let mut dialogue = asked("socks5://me:secret@proxy", "a");
    assert_eq!(dialogue.opening(), [5, 2, 0, 2]);
    let who = b"\x01\x02me\x06secret".to_vec();
    assert_eq!(hear(&mut *dialogue, &[5, 2]), Ok(Step::Answer(2, who)));
    let request = b"\x05\x01\0\x03\x01a\x01\xbb".to_vec();
    assert_eq!(hear(&mut *dialogue, &[1, 0]), Ok(Step::Answer(2, request)));

    let mut refused = asked("socks5://me:secret@proxy", "a");
    refused.read(&[5, 2]).expect("who");
    let said = refused.read(&[1, 1]).expect_err("refused");
    assert_eq!(said, "the proxy does not accept the user and the password");
}

#[test]
fn socks_refusals_are_sentences() {
    for (said, why) in [
        (&[5, 0xff][..], "wants to know who asks (--proxy-auth-file)"),
        (&[5, 2], "authentication 2, which was not offered"),
        (&[4, 0], "does not speak SOCKS 5"),
        (
            b"HTTP/1.1 400",
            "does not speak SOCKS 5: it said \"HTTP/1.1 400\"",
        ),
    ] {
        let error = asked(SOCKS, "a").read(said).expect_err("refused");
        assert!(error.contains(why), "{error}");
    }
    for (code, why) in [
        (2, "its rules"),
        (4, "its name has no address"),
        (5, "refuses"),
        (77, "code 77"),
    ] {
        let mut dialogue = asked(SOCKS, "a");
        dialogue.read(&[5, 0]).expect("in");
        let error = dialogue.read(&[5, code]).expect_err("refused");
        assert!(error.contains(why), "{error}");
    }
    let mut dialogue = asked(SOCKS, "a");
    dialogue.read(&[5, 0]).expect("in");
    assert!(
        dialogue
            .read(&[5, 0, 0, 9])
            .expect_err("odd")
            .contains("kind 9")
    );
}

#[test]
fn credentials_of_a_file_are_taken_as_they_stand() {
    let who = Credentials::new(b"me:100%:x").expect("credentials");
    assert_eq!(&who.password[..], b"100%:x");
}

#[test]
fn no_bytes_at_all_make_a_dialogue_panic() {
    const ALPHABET: &[u8] = b"\x05\0\x01\x02\x03\x04\xffHTTP/1. 24\r\n";
    for words in babble(ALPHABET) {
        for url in [HTTP, "socks5://me:secret@proxy"] {
            let mut dialogue = asked(url, "host");
            let mut unread = &words[..];
            while let Ok(Step::Answer(taken, _)) = dialogue.read(unread) {
                assert!(taken > 0 && taken <= unread.len(), "{url}: {taken}");
                unread = &unread[taken..];
            }
        }
    }
}
