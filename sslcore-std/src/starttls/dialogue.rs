//! What the protocols have in common: a dialogue without IO, message by message.

/// The longest message of a server's, in bytes; what RFCs allow is far shorter.
pub(super) const MESSAGE: usize = 8 * 1024;

/// What the server's words come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Its message is not complete.
    Incomplete,
    /// So many bytes are its message; this is the answer, and another message is awaited.
    Answer(usize, Vec<u8>),
    /// So many bytes are its message; after this answer TLS starts.
    GoAhead(usize, Vec<u8>),
}

/// Why a dialogue cannot go on, with what the server said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It will not.
    Refused(String),
    /// It cannot: TLS is not among what it offers.
    NotOffered(String),
    /// That is no message of this protocol.
    Unexpected(String),
    /// It announces a message that is longer than any should be.
    TooLong,
}

/// One protocol's way to TLS, without IO.
pub(super) trait Dialogue {
    /// What the client says before the server has said anything.
    fn opening(&self) -> Vec<u8> {
        Vec::new()
    }

    /// Looks at the unread bytes for one message. Takes no byte behind it, since TLS may start
    /// there, and does nothing while it is incomplete.
    fn read(&mut self, unread: &[u8]) -> Result<Step, Refusal>;
}

/// Bytes as text, to be quoted: not too many of them.
pub(super) fn quote(bytes: &[u8]) -> String {
    const QUOTED: usize = 1000;
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(QUOTED)]);
    text.trim_end().to_owned()
}

/// The length of the first line, its end included.
pub(super) fn line_len(unread: &[u8]) -> Option<usize> {
    Some(unread.iter().position(|byte| *byte == b'\n')? + 1)
}

/// The first line without its end, `\r\n` or, from lenient servers, `\n`.
pub(super) fn first_line(unread: &[u8]) -> Option<(&[u8], usize)> {
    let len = line_len(unread)?;
    let line = &unread[..len - 1];
    Some((line.strip_suffix(b"\r").unwrap_or(line), len))
}
