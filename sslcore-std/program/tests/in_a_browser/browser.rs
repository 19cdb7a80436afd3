//! Chromium, without a window.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use sslcore_tests::chromium::FLAGS;

use crate::common::program::{file, fresh};

/// What somebody prefers who looks at a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Light,
    Dark,
}

impl Scheme {
    pub(crate) const ALL: [Self; 2] = [Self::Light, Self::Dark];

    fn setting(self) -> &'static str {
        match self {
            Self::Light => "--blink-settings=preferredColorScheme=1",
            Self::Dark => "--blink-settings=preferredColorScheme=0",
        }
    }
}

const SCRIPT: &str = include_str!("measure.js");

/// A web server with one page, and a proxy for all that is elsewhere: it keeps what it is asked for, and
/// gives nothing else.
struct Web {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Web {
    fn open(page: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
        let address = listener.local_addr().expect("address");
        let asked = Arc::default();
        let seen = Arc::clone(&asked);
        // It is there until the test program ends.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (page, seen) = (page.clone(), Arc::clone(&seen));
                std::thread::spawn(move || serve(stream, &page, &seen));
            }
        });
        Self { address, asked }
    }

    /// Requests for anything but the page, and what the browser wants on its own behalf.
    fn others(&self) -> Vec<String> {
        let asked = self.asked.lock().expect("requests");
        let others = asked.iter().filter(|line| {
            let url = line.split(' ').nth(1).unwrap_or_default();
            let host = url.strip_prefix("http://").unwrap_or(url);
            let host = host.split(['/', ':']).next().unwrap_or_default();
            let makers = [".google.com", ".googleapis.com", ".gstatic.com"];
            let own = makers.iter().any(|maker| host.ends_with(maker));
            !["/", "/favicon.ico"].contains(&url) && (!own || host.starts_with("fonts."))
        });
        others.cloned().collect()
    }
}

/// Answers one request.
fn serve(stream: TcpStream, page: &str, seen: &Mutex<Vec<String>>) {
    let mut lines = BufReader::new(&stream).lines();
    let Some(Ok(request)) = lines.next() else {
        return;
    };
    // The other lines say nothing that matters.
    let _ = lines.find(|line| line.as_ref().is_ok_and(String::is_empty));
    let (status, body) = match &request[..] {
        "GET / HTTP/1.1" => ("200 OK", page),
        _ => ("404 Not Found", ""),
    };
    seen.lock().expect("requests").push(request);
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n"
    );
    let _ = (&stream).write_all(head.as_bytes());
    let _ = (&stream).write_all(body.as_bytes());
}

/// Runs it on this page, with a profile of its own, which is new and thrown away; `web` has the page, or
/// is asked for whatever is not in the file.
fn chromium(url: &str, web: &Web, scheme: Scheme, arguments: &[&str]) -> Vec<u8> {
    let profile = fresh("profile");
    let mut command = Command::new("timeout");
    command
        .args(["60", "chromium", "--hide-scrollbars"])
        .args(FLAGS)
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("--proxy-server={}", web.address))
        .arg(scheme.setting())
        .args(arguments)
        .arg(url);
    let command = command.stdin(Stdio::null()).output();
    let run = command.expect("timeout, from coreutils");
    let _ = fs::remove_dir_all(&profile);
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "chromium (Debian: chromium): {said}");
    assert_eq!(web.others(), [""; 0], "it asked for more than the page");
    run.stdout
}

/// What this finds in a page with this body.
fn shown(body: &str, find: &str, scheme: Scheme) -> Value {
    let page = format!(
        "<!DOCTYPE html>\n<meta charset=\"utf-8\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
         <script>\n{SCRIPT}\naddEventListener('load', () => show({find}));\n</script>\n<body>\n{body}"
    );
    let web = Web::open(page);
    let url = format!("http://{}/", web.address);
    let printed = chromium(&url, &web, scheme, &["--dump-dom"]);
    let printed = String::from_utf8(printed).expect("UTF-8");
    let (_, rest) = printed
        .split_once("<pre id=\"measured\">")
        .unwrap_or_else(|| panic!("nothing was measured:\n{printed}"));
    let (json, _) = rest.split_once("</pre>").expect("the end of it");
    let json = json.replace("&lt;", "<").replace("&gt;", ">");
    let json = json.replace("&nbsp;", "\u{a0}").replace("&amp;", "&");
    serde_json::from_str(&json).expect("JSON")
}

/// Measures each of these pages, which have names.
pub(crate) fn measured(pages: &[(String, String)], scheme: Scheme) -> Vec<Value> {
    let frames = pages.iter().map(|(name, html)| {
        let html = html.replace('&', "&amp;").replace('"', "&quot;");
        format!(
            "<iframe width=\"1200\" height=\"800\" name=\"{name}\" srcdoc=\"{html}\"></iframe>\n"
        )
    });
    let Value::Array(all) = shown(&frames.collect::<String>(), "measureAll()", scheme) else {
        panic!("a list");
    };
    all
}

/// The colours of what is seen of a file of this kind, in a window of this size, and how often each is.
pub(crate) fn colours(content: &str, kind: &str, size: (usize, usize), scheme: Scheme) -> Value {
    let page = file(&format!("seen.{kind}"), content.as_bytes());
    let picture: PathBuf = fresh("seen.png");
    let window = format!("--window-size={},{}", size.0, size.1);
    let into = format!("--screenshot={}", picture.display());
    let url = format!("file://{}", page.display());
    chromium(&url, &Web::open(String::new()), scheme, &[&window, &into]);
    let png = fs::read(&picture).expect("a screenshot");
    let png = sslcore_tests::certs::pem("PNG", &png);
    let base64: String = png.lines().filter(|line| !line.starts_with('-')).collect();
    let image = format!("<img src=\"data:image/png;base64,{base64}\">\n");
    shown(&image, "colours()", scheme)
}
