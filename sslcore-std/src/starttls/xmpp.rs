//! XMPP's `<starttls/>` (RFC 6120 §5).

use super::dialogue::{Dialogue, Refusal, Step, quote};

/// A client's or a server's stream, tag by tag: just enough XML to know where the server's answer ends. What
/// RFC 6120 §11.1 forbids, comments and declarations, is refused.
pub(super) struct Xmpp {
    host: String,
    /// The namespace of what the stream carries (RFC 6120 §4.8.2).
    content: &'static str,
    asked: bool,
    /// The features offer TLS.
    offered: bool,
    /// The features' tags so far, to quote them; bounded by the dialogue's length.
    features: Vec<u8>,
    /// The element that decides, whose end has not come.
    open: Option<Decision>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Decision {
    Proceed,
    Refuse,
}

const ASK: &[u8] = b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";

impl Xmpp {
    pub(super) fn new(host: &str, content: &'static str) -> Self {
        Self {
            host: host.to_owned(),
            content,
            asked: false,
            offered: false,
            features: Vec::new(),
            open: None,
        }
    }

    /// Acts upon one tag; `said` is the tag with the text before it.
    fn tag(&mut self, tag: &Tag<'_>, len: usize, said: &[u8]) -> Result<Step, Refusal> {
        if !self.asked || self.open == Some(Decision::Refuse) {
            self.features.extend_from_slice(said);
        }
        let step = Ok(Step::Answer(len, Vec::new()));
        match (self.open, tag.name, tag.kind) {
            (Some(Decision::Proceed), b"proceed", Kind::End) => Ok(Step::GoAhead(len, Vec::new())),
            (Some(Decision::Refuse), b"failure" | b"error" | b"stream", Kind::End) => self.refuse(),
            (Some(_), ..) => step,
            (None, b"starttls", Kind::Start | Kind::Empty) if !self.asked => {
                self.offered = true;
                step
            }
            (None, b"features", Kind::End | Kind::Empty) if !self.asked => {
                if !self.offered {
                    return Err(Refusal::NotOffered(quote(&self.features)));
                }
                self.asked = true;
                self.features.clear();
                Ok(Step::Answer(len, ASK.to_vec()))
            }
            (None, b"proceed", Kind::Empty) if self.asked => Ok(Step::GoAhead(len, Vec::new())),
            (None, b"proceed", Kind::Start) if self.asked => {
                self.open = Some(Decision::Proceed);
                step
            }
            (None, b"failure" | b"error", Kind::Start) => {
                self.features = said.to_vec();
                self.open = Some(Decision::Refuse);
                step
            }
            (None, b"failure" | b"error", Kind::Empty) | (None, b"stream", Kind::End) => {
                Err(Refusal::Refused(quote(said)))
            }
            (None, ..) if !self.asked => step,
            (None, ..) => Err(Refusal::Unexpected(quote(said))),
        }
    }

    fn refuse(&mut self) -> Result<Step, Refusal> {
        Err(Refusal::Refused(quote(&self.features)))
    }
}

impl Dialogue for Xmpp {
    fn opening(&self) -> Vec<u8> {
        let mut host = String::new();
        for c in self.host.chars() {
            match c {
                '&' => host += "&amp;",
                '<' => host += "&lt;",
                '\'' => host += "&apos;",
                c => host.push(c),
            }
        }
        format!(
            "<?xml version='1.0'?><stream:stream to='{host}' version='1.0' xml:lang='en' \
             xmlns='{}' xmlns:stream='http://etherx.jabber.org/streams'>",
            self.content
        )
        .into()
    }

    fn read(&mut self, unread: &[u8]) -> Result<Step, Refusal> {
        let text = unread.iter().position(|byte| *byte == b'<');
        // Behind the stream's header there is text within elements; before it there is none.
        let begun = !self.features.is_empty() || self.asked;
        let before = &unread[..text.unwrap_or(unread.len())];
        if !begun && !before.iter().all(u8::is_ascii_whitespace) {
            return Err(Refusal::Unexpected(quote(unread)));
        }
        let Some(start) = text else {
            return Ok(Step::Incomplete);
        };
        let Some(inner) = tag_len(&unread[start + 1..]) else {
            return Ok(Step::Incomplete);
        };
        let len = start + 1 + inner + 1;
        let said = &unread[..len];
        match Tag::parse(&unread[start + 1..start + 1 + inner]) {
            Some(tag) => self.tag(&tag, len, said),
            None => Err(Refusal::Unexpected(quote(said))),
        }
    }
}

/// Where a tag ends: `>` within quotes does not count.
fn tag_len(bytes: &[u8]) -> Option<usize> {
    let mut quote = None;
    bytes.iter().position(|byte| {
        match (quote, byte) {
            (None, b'>') => return true,
            (None, b'\'' | b'"') => quote = Some(*byte),
            (Some(open), byte) if open == *byte => quote = None,
            _ => {}
        }
        false
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Start,
    End,
    Empty,
    /// `<?xml …?>`.
    Prologue,
}

struct Tag<'a> {
    /// Without its prefix: that is the server's to choose.
    name: &'a [u8],
    kind: Kind,
}

impl<'a> Tag<'a> {
    fn parse(inner: &'a [u8]) -> Option<Self> {
        let (kind, inner) = match inner {
            [b'!', ..] => return None,
            [b'?', inner @ ..] => (Kind::Prologue, inner),
            [b'/', inner @ ..] => (Kind::End, inner),
            [inner @ .., b'/'] => (Kind::Empty, inner),
            inner => (Kind::Start, inner),
        };
        let mut words = inner.split(u8::is_ascii_whitespace);
        let name = words.next().filter(|name| !name.is_empty())?;
        let name = name.rsplit(|byte| *byte == b':').next()?;
        Some(Self { name, kind })
    }
}
