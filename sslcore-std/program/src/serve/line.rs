//! Lines from a client that is not trusted.

use std::io::{self, BufRead, ErrorKind};
use std::time::Instant;

use sslcore_std::SslSocket;

/// What there is instead of one more line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Without its CR LF, or LF.
    Whole(Vec<u8>),
    /// Nothing more comes, and no line was begun.
    End,
    /// It is longer than `limit`; the rest of it is unread.
    TooLong,
}

/// Reads a line of at most `limit` bytes, all of it before `deadline`.
///
/// # Errors
/// `TimedOut`; `UnexpectedEof` when the stream ends within the line; those of the socket.
pub(super) fn read(socket: &mut SslSocket, limit: usize, deadline: Instant) -> io::Result<Line> {
    let mut line = Vec::new();
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        socket.set_timeout(Some(left));
        let bytes = socket.fill_buf()?;
        if bytes.is_empty() {
            return match line.is_empty() {
                true => Ok(Line::End),
                false => Err(ErrorKind::UnexpectedEof.into()),
            };
        }
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let taken = end.map_or(bytes.len(), |end| end + 1);
        line.extend_from_slice(&bytes[..taken]);
        socket.consume(taken);
        if line.len() > limit {
            return Ok(Line::TooLong);
        }
        if end.is_some() {
            line.pop();
            if line.last() == Some(&b'\r') {
                line.pop();
            }
            return Ok(Line::Whole(line));
        }
    }
}
