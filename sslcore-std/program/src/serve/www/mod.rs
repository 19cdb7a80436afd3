//! `--www`: the files of a folder over HTTP/1.1 (RFC 9112) and HTTP/1.0.

mod date;
mod folder;
mod request;

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::time::{Duration, Instant, SystemTime};

use sslcore_std::SslSocket;

pub(super) use self::folder::Folder;
use self::folder::Found;
use self::request::{Head, Refusal, Request};
use super::fate::{Work, violation};
use super::line::{self, Line};

/// Requests on one connection.
const REQUESTS: usize = 100;
/// The longest request without its body: RFC 9112 §3 asks for 8,000 at least in its first line.
const HEAD: usize = 16 * 1024;
const PIECE: usize = 32 * 1024;

pub(super) fn serve(
    socket: &mut SslSocket,
    folder: &Folder,
    timeout: Duration,
    work: &mut Work,
) -> io::Result<()> {
    loop {
        let answer = match read_head(socket, Instant::now() + timeout)? {
            Some(Ok(request)) => answer(folder, &request, work.statuses.len() + 1 < REQUESTS),
            Some(Err(refusal)) => Answer::refuse(refusal),
            None => return Ok(()),
        };
        work.statuses.push(answer.status);
        socket.set_timeout(Some(timeout));
        let last = answer.last;
        answer.send(socket)?;
        if last {
            return Ok(());
        }
    }
}

/// Reads a request up to its body. `None` when there is none: the client has ended, or keeps
/// still where it may.
fn read_head(
    socket: &mut SslSocket,
    deadline: Instant,
) -> io::Result<Option<Result<Request, Refusal>>> {
    let mut head = Head::default();
    let mut left = HEAD;
    loop {
        let line = match line::read(socket, left, deadline) {
            Ok(Line::Whole(line)) => line,
            Ok(Line::TooLong) => return Ok(Some(Err(Refusal::TooLong))),
            Ok(Line::End) if head.is_empty() => return Ok(None),
            Ok(Line::End) => return Err(ErrorKind::UnexpectedEof.into()),
            Err(error) if error.kind() == ErrorKind::TimedOut => {
                return Ok((!head.is_empty()).then_some(Err(Refusal::TooSlow)));
            }
            // Between two requests nothing is missing.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof && head.is_empty() => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        left = left.saturating_sub(line.len() + 2);
        if head.add(line) {
            return Ok(Some(head.parse()));
        }
    }
}

/// What is sent for a request.
struct Answer {
    status: u16,
    reason: &'static str,
    /// Complete lines.
    fields: String,
    body: Body,
    /// The request was HEAD: everything is said of the body, but it is not sent.
    silent: bool,
    /// The connection ends behind it.
    last: bool,
}

enum Body {
    Text(String),
    File(File, u64),
}

fn answer(folder: &Folder, request: &Request, more: bool) -> Answer {
    let mut answer = match request.method.as_str() {
        "GET" | "HEAD" => match folder.find(&request.path) {
            Found::File(file, len, kind) => Answer {
                fields: format!("Content-Type: {kind}\r\n"),
                ..Answer::new(200, "OK", Body::File(file, len))
            },
            Found::FolderAt(path) => Answer {
                fields: format!("Location: {path}\r\n"),
                ..Answer::plain(301, "Moved Permanently")
            },
            Found::Nothing => Answer::plain(404, "Not Found"),
        },
        _ => Answer {
            fields: "Allow: GET, HEAD\r\n".to_owned(),
            ..Answer::plain(405, "Method Not Allowed")
        },
    };
    answer.silent = request.method == "HEAD";
    // What follows a request with a body would be that body.
    answer.last = !more || !request.keep_alive || request.has_body;
    if !answer.last && request.is_1_0 {
        answer.fields += "Connection: keep-alive\r\n";
    }
    answer
}

impl Answer {
    fn new(status: u16, reason: &'static str, body: Body) -> Self {
        Self {
            status,
            reason,
            fields: String::new(),
            body,
            silent: false,
            last: true,
        }
    }

    fn plain(status: u16, reason: &'static str) -> Self {
        Self {
            fields: "Content-Type: text/plain\r\n".to_owned(),
            ..Self::new(status, reason, Body::Text(format!("{status} {reason}\n")))
        }
    }

    fn refuse(refusal: Refusal) -> Self {
        let (status, reason) = refusal.status();
        Self::plain(status, reason)
    }

    fn send(self, socket: &mut SslSocket) -> io::Result<()> {
        let len = match &self.body {
            Body::Text(text) => text.len() as u64,
            Body::File(_, len) => *len,
        };
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, self.reason);
        if let Some(date) = date::http(SystemTime::now()) {
            head += &format!("Date: {date}\r\n");
        }
        head += &format!("{}Content-Length: {len}\r\n", self.fields);
        if self.last {
            head += "Connection: close\r\n";
        }
        head += "\r\n";
        socket.write_all(head.as_bytes())?;
        match self.body {
            _ if self.silent => Ok(()),
            Body::Text(text) => socket.write_all(text.as_bytes()),
            Body::File(file, len) => send_file(socket, file, len),
        }
    }
}

/// Exactly as many bytes as were promised.
fn send_file(socket: &mut SslSocket, mut file: File, len: u64) -> io::Result<()> {
    let mut piece = vec![0; PIECE];
    let mut left = len;
    while left > 0 {
        let most = piece.len().min(usize::try_from(left).unwrap_or(PIECE));
        match file.read(&mut piece[..most])? {
            0 => {
                // The client must not take this for all of it.
                socket.abort();
                return Err(violation("a file became shorter while it was sent"));
            }
            n => {
                socket.write_all(&piece[..n])?;
                left -= n as u64;
            }
        }
    }
    Ok(())
}
