//! What a client asks for.

/// Why a request is not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Malformed,
    TooSlow,
    TooLong,
    Version,
}

impl Refusal {
    pub(super) fn status(self) -> (u16, &'static str) {
        match self {
            Self::Malformed => (400, "Bad Request"),
            Self::TooSlow => (408, "Request Timeout"),
            Self::TooLong => (431, "Request Header Fields Too Large"),
            Self::Version => (505, "HTTP Version Not Supported"),
        }
    }
}

/// A request without its body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) method: String,
    /// Of GET and HEAD: decoded, without the query; it begins with a slash.
    pub(super) path: String,
    pub(super) is_1_0: bool,
    pub(super) keep_alive: bool,
    pub(super) has_body: bool,
}

/// The lines of a request, as they come in.
#[derive(Default)]
pub(super) struct Head {
    lines: Vec<Vec<u8>>,
}

impl Head {
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Adds a line, and says whether it was the last one. Empty lines before the first are
    /// passed over (RFC 9112 §2.2).
    pub(super) fn add(&mut self, line: Vec<u8>) -> bool {
        match line.is_empty() {
            true => !self.is_empty(),
            false => {
                self.lines.push(line);
                false
            }
        }
    }

    pub(super) fn parse(&self) -> Result<Request, Refusal> {
        let text = |line: &Vec<u8>| String::from_utf8(line.clone()).map_err(|_| Refusal::Malformed);
        let lines = self.lines.iter().map(text).collect::<Result<Vec<_>, _>>()?;
        let (first, fields) = lines.split_first().ok_or(Refusal::Malformed)?;
        let mut words = first.split(' ');
        let (Some(method), Some(target), Some(version), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(Refusal::Malformed);
        };
        if !is_token(method) {
            return Err(Refusal::Malformed);
        }
        let is_1_0 = match version.strip_prefix("HTTP/").map(str::as_bytes) {
            Some(b"1.0") => true,
            Some([b'1', b'.', b'0'..=b'9']) => false,
            Some([b'0'..=b'9', b'.', b'0'..=b'9']) => return Err(Refusal::Version),
            _ => return Err(Refusal::Malformed),
        };
        let fields = Fields::parse(fields)?;
        if fields.hosts > 1 || (fields.hosts == 0 && !is_1_0) {
            return Err(Refusal::Malformed);
        }
        // Only these have a path that matters.
        let path = match method {
            "GET" | "HEAD" => path(target).ok_or(Refusal::Malformed)?,
            _ => String::new(),
        };
        Ok(Request {
            method: method.to_owned(),
            path,
            is_1_0,
            keep_alive: !fields.close && (!is_1_0 || fields.keep_alive),
            has_body: fields.has_body,
        })
    }
}

/// What matters here of the header fields.
#[derive(Default)]
struct Fields {
    hosts: usize,
    close: bool,
    keep_alive: bool,
    has_body: bool,
}

impl Fields {
    /// A name with a space behind it, and a line that continues another, are refused: others
    /// could understand them differently (RFC 9112 §5.1, §5.2).
    fn parse(lines: &[String]) -> Result<Self, Refusal> {
        let mut fields = Self::default();
        for line in lines {
            let (name, value) = line.split_once(':').ok_or(Refusal::Malformed)?;
            if !is_token(name) || value.contains(|c: char| c.is_control() && c != '\t') {
                return Err(Refusal::Malformed);
            }
            let value = value.trim();
            match name.to_ascii_lowercase().as_str() {
                "host" => fields.hosts += 1,
                "connection" => {
                    for option in value.split(',').map(str::trim) {
                        fields.close |= option.eq_ignore_ascii_case("close");
                        fields.keep_alive |= option.eq_ignore_ascii_case("keep-alive");
                    }
                }
                "content-length" => fields.has_body |= value != "0",
                "transfer-encoding" => fields.has_body = true,
                _ => {}
            }
        }
        Ok(fields)
    }
}

/// RFC 9110 §5.6.2.
fn is_token(text: &str) -> bool {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(good)
}

/// The path of a target, decoded: `/path?query`, or all of `https://host/path?query`.
fn path(target: &str) -> Option<String> {
    let path = match target.split_once("://") {
        Some(("http" | "https", rest)) => match rest.find(['/', '?']) {
            Some(at) if rest[at..].starts_with('/') => &rest[at..],
            _ => "/",
        },
        _ => target,
    };
    let path = path
        .split('?')
        .next()
        .filter(|path| path.starts_with('/'))?;
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits =
                    [rest.next()?, rest.next()?].map(|digit| char::from(digit).to_digit(16));
                let [Some(high), Some(low)] = digits else {
                    return None;
                };
                u8::try_from(high << 4 | low).ok()?
            }
            b'#' | 0..=b' ' | 0x7f => return None,
            byte => byte,
        });
    }
    let path = String::from_utf8(bytes).ok()?;
    (!path.contains('\0')).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Request, Refusal> {
        let mut head = Head::default();
        let done = text.split("\r\n").any(|line| head.add(line.into()));
        assert!(done, "{text:?} has no end");
        head.parse()
    }

    fn path_of(target: &str) -> Option<String> {
        let request = parse(&format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n"));
        request.ok().map(|request| request.path)
    }

    #[test]
    fn a_path_is_decoded_once_and_its_query_left_out() {
        for (target, wanted) in [
            ("/", Some("/")),
            ("/a%20b/%e2%82%ac?c=%2f", Some("/a b/€")),
            ("/%2e%2e/%252e", Some("/../%2e")),
            ("https://localhost:8443/a?b", Some("/a")),
            ("http://localhost?b", Some("/")),
            ("/a%", None),
            ("/a%2", None),
            ("/a%+1", None),
            ("/%00", None),
            ("/%ff", None),
            ("/a\u{1}", None),
            ("a", None),
            ("*", None),
            ("ftp://localhost/a", None),
        ] {
            assert_eq!(path_of(target).as_deref(), wanted, "{target}");
        }
    }

    #[test]
    fn the_version_and_the_client_decide_whether_the_connection_goes_on() {
        for (version, field, wanted) in [
            ("1.1", "Accept: */*", true),
            ("1.1", "Connection: Keep-Alive, Close", false),
            ("1.0", "Accept: */*", false),
            ("1.0", "connection: keep-alive", true),
        ] {
            let text = format!("GET / HTTP/{version}\r\nHost: a\r\n{field}\r\n\r\n");
            let request = parse(&text).expect("a good request");
            assert_eq!(request.keep_alive, wanted, "{text}");
        }
    }

    #[test]
    fn what_others_could_understand_differently_is_refused() {
        for (text, wanted) in [
            ("GET / HTTP/1.1\r\n\r\n", Refusal::Malformed),
            (
                "GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n",
                Refusal::Malformed,
            ),
            ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", Refusal::Malformed),
            (
                "GET / HTTP/1.1\r\nHost: a\r\n b: c\r\n\r\n",
                Refusal::Malformed,
            ),
            ("GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n", Refusal::Malformed),
            ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", Refusal::Malformed),
            ("GET /\r\n\r\n", Refusal::Malformed),
            ("GET / http/1.1\r\nHost: a\r\n\r\n", Refusal::Malformed),
            ("G(T / HTTP/1.1\r\nHost: a\r\n\r\n", Refusal::Malformed),
            ("PRI * HTTP/2.0\r\n\r\n", Refusal::Version),
        ] {
            assert_eq!(parse(text), Err(wanted), "{text:?}");
        }
    }

    #[test]
    fn a_body_is_noticed() {
        for (field, wanted) in [
            ("Content-Length: 0", false),
            ("Content-Length: 5", true),
            ("Transfer-Encoding: chunked", true),
        ] {
            let text = format!("\r\nPOST / HTTP/1.1\r\nHost: a\r\n{field}\r\n\r\n");
            assert_eq!(parse(&text).expect("good").has_body, wanted, "{field}");
        }
    }
}
