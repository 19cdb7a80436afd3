//! The words and signs of a Rust file, without comments and literals.

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    Word(String),
    /// `::`
    PathSeparator,
    Sign(char),
}

impl Token {
    pub(crate) fn is(&self, text: &str) -> bool {
        match self {
            Self::Word(word) => word == text,
            Self::PathSeparator => text == "::",
            Self::Sign(sign) => text.len() == 1 && text.starts_with(*sign),
        }
    }

    pub(crate) fn word(&self) -> Option<&str> {
        match self {
            Self::Word(word) => Some(word),
            _ => None,
        }
    }
}

/// The tokens of a file, each with its line.
pub(crate) fn tokens(text: &str) -> Vec<(Token, usize)> {
    let mut reader = Reader {
        rest: text,
        line: 1,
    };
    let mut tokens = Vec::new();
    while let Some(next) = reader.next() {
        tokens.extend(next);
    }
    tokens
}

struct Reader<'a> {
    rest: &'a str,
    line: usize,
}

impl Reader<'_> {
    /// `None` at the end, `Some(None)` for what is no token.
    fn next(&mut self) -> Option<Option<(Token, usize)>> {
        let first = self.rest.chars().next()?;
        let line = self.line;
        let token = if self.rest.starts_with("//") {
            self.take(self.rest.find('\n').unwrap_or(self.rest.len()));
            None
        } else if self.rest.starts_with("/*") {
            self.take(comment_len(self.rest));
            None
        } else if first == '"' {
            self.take(string_len(self.rest));
            None
        } else if first == '\'' {
            self.take(quote_len(self.rest));
            None
        } else if let Some(len) = raw_string_len(self.rest) {
            self.take(len);
            None
        } else if is_of_word(first) {
            self.take_raw_mark();
            let len = self.rest.find(|c| !is_of_word(c));
            let word = self.take(len.unwrap_or(self.rest.len()));
            Some(Token::Word(word))
        } else if self.rest.starts_with("::") {
            self.take(2);
            Some(Token::PathSeparator)
        } else {
            self.take(first.len_utf8());
            (!first.is_whitespace()).then_some(Token::Sign(first))
        };
        Some(token.map(|token| (token, line)))
    }

    fn take(&mut self, len: usize) -> String {
        let (taken, rest) = self.rest.split_at(len);
        self.rest = rest;
        self.line += taken.matches('\n').count();
        taken.to_owned()
    }

    /// `r#type` is the word `type`.
    fn take_raw_mark(&mut self) {
        if let Some(word) = self.rest.strip_prefix("r#")
            && word.starts_with(is_of_word)
        {
            self.take(2);
        }
    }
}

fn is_of_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// Comments nest.
fn comment_len(text: &str) -> usize {
    let mut depth = 0;
    let mut len = 0;
    while len < text.len() {
        let rest = &text.as_bytes()[len..];
        let step = match rest {
            [b'/', b'*', ..] => {
                depth += 1;
                2
            }
            [b'*', b'/', ..] => {
                depth -= 1;
                2
            }
            _ => 1,
        };
        len += step;
        if depth == 0 {
            break;
        }
    }
    len
}

/// From a quotation mark to the next that is not escaped.
fn quoted_len(text: &str, mark: u8) -> usize {
    let bytes = text.as_bytes();
    let mut len = 1;
    while len < bytes.len() && bytes[len] != mark {
        len += if bytes[len] == b'\\' { 2 } else { 1 };
    }
    (len + 1).min(bytes.len())
}

fn string_len(text: &str) -> usize {
    quoted_len(text, b'"')
}

/// A character, or a lifetime.
fn quote_len(text: &str) -> usize {
    let inner = &text[1..];
    let mut chars = inner.chars();
    match (chars.next(), chars.next()) {
        (Some('\\'), _) => quoted_len(text, b'\''),
        (Some(c), Some('\'')) => 2 + c.len_utf8(),
        _ => 1 + inner.find(|c| !is_of_word(c)).unwrap_or(inner.len()),
    }
}

fn raw_string_len(text: &str) -> Option<usize> {
    let prefix = ["r", "br", "cr"];
    let inner = prefix
        .iter()
        .find_map(|prefix| text.strip_prefix(prefix).filter(|inner| is_raw(inner)))?;
    let marks = inner.find('"')?;
    let begin = text.len() - inner.len() + marks + 1;
    let end = format!("\"{}", &inner[..marks]);
    let len = text[begin..].find(&end)?;
    Some(begin + len + end.len())
}

fn is_raw(inner: &str) -> bool {
    inner.trim_start_matches('#').starts_with('"')
}
