//! `sslcore serve --www`: files over HTTP, and nothing but them.

mod common;

use std::fs;
use std::io::{BufRead, Read, Write};
use std::net::Shutdown;

use common::served::{Served, say_all, served_in};
use common::{LONG, client, pattern};
use sslcore_std::SslSocket;
use sslcore_tests::certs::WORLD;
use sslcore_tests::peer::Scratch;

/// A server of a folder `www` with some files, beside which there is a secret.
fn server(args: &[&str]) -> Served {
    let scratch = Scratch::new();
    let www = scratch.path().join("www");
    fs::create_dir_all(www.join("a b/empty")).expect("folders");
    scratch.file("secret.txt", "secret");
    scratch.file("www/index.html", "<p>the start");
    scratch.file("www/data.bin", pattern(1_000_000));
    scratch.file("www/nothing.txt", "");
    scratch.file("www/a b/index.html", "<p>a b");
    scratch.file("www/a b/\u{e9}.css", "p {}");
    let www = www.to_str().expect("UTF-8").to_owned();
    served_in(scratch, &WORLD.server, &[&["--www", &www], args].concat())
}

fn connect(server: &Served) -> SslSocket {
    server.client(&client().build().expect("client"))
}

/// An answer: its status line, its header fields, its body.
#[derive(Debug)]
struct Answer {
    status: String,
    fields: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    /// Reads one, as a client that was told how long its body is.
    fn read(socket: &mut SslSocket, has_body: bool) -> Self {
        let mut line = || {
            let mut line = String::new();
            socket.read_line(&mut line).expect("a line");
            line.strip_suffix("\r\n").expect("CR LF").to_owned()
        };
        let status = line();
        let fields: Vec<_> = std::iter::from_fn(|| {
            let line = line();
            let (name, value) = line.split_once(": ")?;
            Some((name.to_owned(), value.to_owned()))
        })
        .collect();
        let mut answer = Self {
            status,
            fields,
            body: Vec::new(),
        };
        if has_body {
            let len = answer.field("Content-Length").expect("a length");
            answer.body = vec![0; len.parse().expect("a number")];
            socket.read_exact(&mut answer.body).expect("all of it");
        }
        answer
    }

    fn field(&self, wanted: &str) -> Option<&str> {
        let mut values = self.fields.iter().filter(|(name, _)| name == wanted);
        let value = values.next()?;
        assert!(values.next().is_none(), "two fields {wanted}");
        Some(&value.1)
    }

    fn code(&self) -> u16 {
        let rest = self.status.strip_prefix("HTTP/1.1 ").expect("a version");
        rest[..3].parse().expect("a number")
    }
}

/// One request on a connection of its own, which must end in order.
fn ask(server: &Served, request: &str) -> Answer {
    let mut socket = connect(server);
    socket.write_all(request.as_bytes()).expect("write");
    let answer = Answer::read(&mut socket, !request.starts_with("HEAD"));
    socket.close();
    let mut rest = Vec::new();
    socket.read_to_end(&mut rest).expect("a clean end");
    assert!(
        rest.is_empty(),
        "behind the answer to {request:?}: {rest:?}"
    );
    answer
}

fn get(server: &Served, path: &str) -> Answer {
    ask(
        server,
        &format!("GET {path} HTTP/1.1\r\nHost: server.test\r\n\r\n"),
    )
}

#[test]
fn files_are_given_whole_with_their_length_and_kind() {
    let server = server(&[]);
    for (path, kind, body) in [
        ("/", "text/html; charset=utf-8", b"<p>the start".to_vec()),
        (
            "/index.html?query",
            "text/html; charset=utf-8",
            b"<p>the start".to_vec(),
        ),
        ("//a%20b//", "text/html; charset=utf-8", b"<p>a b".to_vec()),
        (
            "/a%20b/%C3%A9.css",
            "text/css; charset=utf-8",
            b"p {}".to_vec(),
        ),
        ("/nothing.txt", "text/plain; charset=utf-8", Vec::new()),
        ("/data.bin", "application/octet-stream", pattern(1_000_000)),
        ("https://server.test/./data.bin", "", Vec::new()),
    ] {
        let answer = get(&server, path);
        if kind.is_empty() {
            assert_eq!(answer.code(), 404, "{path}: a dot is no name");
            continue;
        }
        assert_eq!(answer.status, "HTTP/1.1 200 OK", "{path}");
        assert_eq!(answer.field("Content-Type"), Some(kind), "{path}");
        assert!(
            answer
                .field("Date")
                .is_some_and(|date| date.ends_with(" GMT"))
        );
        assert!(answer.body == body, "{path}");
    }
}

#[test]
fn head_says_the_same_without_the_body() {
    let server = server(&[]);
    let request = "HEAD /data.bin HTTP/1.1\r\nHost: server.test\r\n\r\n";
    let head = ask(&server, request);
    let whole = get(&server, "/data.bin");
    assert_eq!(head.status, whole.status);
    for name in ["Content-Length", "Content-Type"] {
        assert_eq!(head.field(name), whole.field(name));
    }
}

#[test]
fn a_folder_is_asked_for_with_a_slash_and_shows_its_index() {
    let server = server(&[]);
    let answer = get(&server, "//a%20b");
    assert_eq!(answer.code(), 301);
    // Not "//a…", which would be another server.
    assert_eq!(answer.field("Location"), Some("/a%20b/"));
    assert_eq!(get(&server, "/a%20b/empty/").code(), 404);
    assert_eq!(get(&server, "/index.html/").code(), 404);
}

#[test]
fn nothing_outside_of_the_folder_can_be_reached() {
    let server = server(&[]);
    let scratch = server.peer.scratch();
    for path in [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/a%20b/../../secret.txt",
        "/a%20b/%2e%2e%2f%2e%2e%2fsecret.txt",
        "/....//secret.txt",
        "/..%5csecret.txt",
        "https://server.test/../secret.txt",
    ] {
        assert_eq!(get(&server, path).code(), 404, "{path}");
    }
    let absolute = format!("/{}", scratch.path().join("secret.txt").display());
    assert_eq!(get(&server, &absolute).code(), 404);
    #[cfg(unix)]
    {
        use std::os::unix::fs::symlink;
        let www = scratch.path().join("www");
        symlink("../secret.txt", www.join("leaving.txt")).expect("a link");
        symlink("..", www.join("up")).expect("a link");
        symlink("data.bin", www.join("staying.bin")).expect("a link");
        symlink("../secret.txt", www.join("a b/empty/index.html")).expect("a link");
        for path in ["/leaving.txt", "/up/secret.txt", "/up/", "/a%20b/empty/"] {
            assert_eq!(get(&server, path).code(), 404, "{path}");
        }
        assert_eq!(get(&server, "/staying.bin").code(), 200);
        // Its name begins like the folder's.
        fs::create_dir(scratch.path().join("www-other")).expect("a folder");
        scratch.file("www-other/secret.txt", "secret");
        symlink("../www-other/secret.txt", www.join("other.txt")).expect("a link");
        assert_eq!(get(&server, "/other.txt").code(), 404);
    }
}

#[test]
fn what_has_a_dot_before_its_name_is_not_there() {
    let server = server(&[]);
    let scratch = server.peer.scratch();
    let www = scratch.path().join("www");
    fs::create_dir_all(www.join(".git/objects")).expect("folders");
    scratch.file("www/.env", "secret");
    scratch.file("www/.git/config", "secret");
    scratch.file("www/.git/objects/index.html", "secret");
    scratch.file("www/a b/.htpasswd", "secret");
    scratch.file("www/a.b", "no secret");
    for path in [
        "/.env",
        "/%2eenv",
        "//.env",
        "/.git",
        "/.git/",
        "/.git/config",
        "/.git/objects",
        "/.git/objects/",
        "/a%20b/.htpasswd",
    ] {
        let (hidden, missing) = (get(&server, path), get(&server, "/missing"));
        assert_eq!(hidden.code(), 404, "{path}");
        assert_eq!(hidden.body, missing.body, "{path}");
    }
    assert_eq!(get(&server, "/a.b").code(), 200);
    #[cfg(unix)]
    {
        use std::os::unix::fs::symlink;
        symlink(".git", www.join("git")).expect("a link");
        symlink(".env", www.join("env")).expect("a link");
        symlink("a.b", www.join(".link")).expect("a link");
        for path in ["/git/config", "/git/objects/", "/env", "/.link"] {
            assert_eq!(get(&server, path).code(), 404, "{path}");
        }
    }
}

#[test]
fn a_folder_that_is_hidden_itself_is_served_when_it_is_named() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.path().join(".public")).expect("a folder");
    scratch.file(".public/index.html", "<p>the start");
    let server = served_in(scratch, &WORLD.server, &["--www", ".public"]);
    assert_eq!(get(&server, "/").body, b"<p>the start");
}

#[test]
fn what_is_not_a_good_request_is_refused_with_its_status() {
    let server = server(&[]);
    let field = format!("X: {}\r\n", "x".repeat(20_000));
    for (request, wanted) in [
        ("DELETE / HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), 405),
        ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), 405),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nGET /".to_owned(),
            405,
        ),
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), 400),
        ("GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), 400),
        ("GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), 400),
        ("hello\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n".to_owned(), 505),
        (format!("GET / HTTP/1.1\r\nHost: a\r\n{field}\r\n"), 431),
    ] {
        let shown = &request[..request.len().min(60)];
        let answer = ask(&server, &request);
        assert_eq!(answer.code(), wanted, "{shown:?}");
        if wanted == 405 {
            assert_eq!(answer.field("Allow"), Some("GET, HEAD"));
        } else {
            assert_eq!(answer.field("Connection"), Some("close"), "{shown:?}");
        }
    }
}

#[test]
fn one_connection_carries_many_requests_but_not_without_end() {
    let mut server = server(&["--once"]);
    let mut socket = connect(&server);
    let request = "GET /nothing.txt HTTP/1.1\r\nHost: server.test\r\n\r\n";
    // All at once: they are answered one after the other.
    socket
        .write_all(request.repeat(101).as_bytes())
        .expect("write");
    let answers: Vec<Answer> = (0..100).map(|_| Answer::read(&mut socket, true)).collect();
    assert!(answers.iter().all(|answer| answer.code() == 200));
    let (last, others) = answers.split_last().expect("some");
    assert!(
        others
            .iter()
            .all(|answer| answer.field("Connection").is_none())
    );
    assert_eq!(last.field("Connection"), Some("close"));
    assert_eq!(socket.read(&mut [0; 1]).expect("a clean end"), 0);
    socket.disconnect_from_host(LONG);
    assert_eq!(server.exit_code(), Some(0));
}

#[test]
fn http_1_0_ends_the_connection_unless_it_asks_not_to() {
    let server = server(&[]);
    let answer = ask(&server, "GET / HTTP/1.0\r\n\r\n");
    assert_eq!(answer.code(), 200);
    assert_eq!(answer.field("Connection"), Some("close"));
    let kept = ask(&server, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    assert_eq!(kept.field("Connection"), Some("keep-alive"));
}

#[test]
fn a_browser_that_just_leaves_has_lost_nothing() {
    let mut server = server(&["--once"]);
    let mut socket = connect(&server);
    let request = "GET / HTTP/1.1\r\nHost: server.test\r\n\r\n";
    socket.write_all(request.as_bytes()).expect("write");
    assert_eq!(Answer::read(&mut socket, true).body, b"<p>the start");
    socket.stream().shutdown(Shutdown::Write).expect("leave");
    let _ = socket.read(&mut [0; 1]);
    assert_eq!(server.exit_code(), Some(0));
    server.until_told(&["answered 200", "ended without the client's close_notify"]);
}

#[test]
fn a_request_that_is_cut_is_not_answered() {
    let mut server = server(&["--once"]);
    let mut socket = connect(&server);
    socket.write_all(b"GET / HTTP/1.1\r\n").expect("write");
    socket.flush().expect("flush");
    socket.stream().shutdown(Shutdown::Write).expect("cut");
    let mut answer = Vec::new();
    // Whatever the server says of it is not an answer.
    let _ = socket.read_to_end(&mut answer);
    assert!(answer.is_empty());
    assert_eq!(server.exit_code(), Some(5));
    server.until_told(&["the stream ended without close_notify"]);
}

#[test]
fn a_request_that_never_ends_is_not_waited_for() {
    let server = server(&["--timeout", "3"]);
    let mut socket = connect(&server);
    socket.write_all(b"GET / HTTP/1.1\r\n").expect("write");
    assert_eq!(Answer::read(&mut socket, true).code(), 408);
    // Where no request was begun, there is nothing to answer.
    assert_eq!(say_all(connect(&server), ""), "");
}

#[test]
fn the_newest_http_that_is_served_is_agreed_upon() {
    let server = server(&[]);
    for (offered, wanted) in [
        ([b"h2", &b"http/1.1"[..]], &b"http/1.1"[..]),
        ([b"http/1.0", b"http/1.1"], b"http/1.1"),
        // What curl --http1.0 offers.
        ([b"http/1.0", b"http/1.0"], b"http/1.0"),
    ] {
        let config = client().alpn(&offered).build().expect("client");
        let socket = server.client(&config);
        assert_eq!(socket.connection().alpn_protocol(), Some(wanted));
    }
}
