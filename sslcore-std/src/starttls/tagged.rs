//! Protocols in which lines that nobody asked for may come before the answer: IMAP, ManageSieve,
//! IRC.

use super::dialogue::{Dialogue, MESSAGE, Refusal, Step, first_line, line_len, quote};

/// The length of the first line, literals in it and its end included: a line that ends in `{n}`
/// goes on behind the next `n` bytes (RFC 9051 §4.3, RFC 5804 §1.2).
fn line_with_literals(unread: &[u8]) -> Result<Option<usize>, Refusal> {
    let mut end = 0;
    loop {
        let Some(len) = unread.get(end..).and_then(line_len) else {
            return Ok(None);
        };
        let line = &unread[end..end + len];
        end += len;
        match literal(line) {
            None => return Ok(Some(end)),
            Some(literal) if literal > MESSAGE => return Err(Refusal::TooLong),
            Some(literal) => end += literal,
        }
    }
}

/// The length of the literal that the line announces at its end.
fn literal(line: &[u8]) -> Option<usize> {
    let line = line.trim_ascii_end().strip_suffix(b"}")?;
    let line = line.strip_suffix(b"+").unwrap_or(line);
    let start = line.iter().rposition(|byte| *byte == b'{')? + 1;
    let digits = std::str::from_utf8(&line[start..]).ok()?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // More digits than a number can have are more bytes than anybody may send.
    Some(digits.parse().unwrap_or(usize::MAX))
}

/// The words of a line.
fn words(line: &[u8]) -> impl Iterator<Item = String> {
    line.split(|byte| byte.is_ascii_whitespace())
        .filter(|word| !word.is_empty())
        .map(|word| String::from_utf8_lossy(word).to_ascii_uppercase())
}

/// RFC 9051 §6.2.1.
#[derive(Default)]
pub(super) struct Imap {
    greeted: bool,
}

/// The tag of the only command.
const TAG: &str = "S1";

impl Dialogue for Imap {
    fn read(&mut self, unread: &[u8]) -> Result<Step, Refusal> {
        let Some(len) = line_with_literals(unread)? else {
            return Ok(Step::Incomplete);
        };
        let said = quote(&unread[..len]);
        let mut words = words(&unread[..len]);
        let (tag, status) = (words.next(), words.next());
        match (tag.as_deref(), status.as_deref()) {
            (Some("*"), Some("OK")) if !self.greeted => {
                self.greeted = true;
                Ok(Step::Answer(len, format!("{TAG} STARTTLS\r\n").into()))
            }
            // Whoever is authenticated already cannot start TLS any more (RFC 9051 §7.1.4).
            (Some("*"), Some("PREAUTH" | "BYE")) => Err(Refusal::Refused(said)),
            (Some("*"), _) if self.greeted => Ok(Step::Answer(len, Vec::new())),
            (Some(TAG), Some("OK")) if self.greeted => Ok(Step::GoAhead(len, Vec::new())),
            (Some(TAG), Some("NO" | "BAD")) if self.greeted => Err(Refusal::Refused(said)),
            _ => Err(Refusal::Unexpected(said)),
        }
    }
}

/// RFC 5804 §1.3 and §2.2: capabilities up to an `OK` are the greeting.
#[derive(Default)]
pub(super) struct Sieve {
    greeted: bool,
}

impl Dialogue for Sieve {
    fn read(&mut self, unread: &[u8]) -> Result<Step, Refusal> {
        let Some(len) = line_with_literals(unread)? else {
            return Ok(Step::Incomplete);
        };
        let line = &unread[..len];
        match words(line).next().as_deref() {
            Some("OK") if self.greeted => Ok(Step::GoAhead(len, Vec::new())),
            Some("OK") => {
                self.greeted = true;
                Ok(Step::Answer(len, b"STARTTLS\r\n".to_vec()))
            }
            Some("NO" | "BYE") => Err(Refusal::Refused(quote(line))),
            _ if !self.greeted && line.starts_with(b"\"") => Ok(Step::Answer(len, Vec::new())),
            _ => Err(Refusal::Unexpected(quote(line))),
        }
    }
}

/// IRCv3's `tls` extension: the client asks before it registers; notices and a PING may come
/// before the answer.
pub(super) struct Irc;

impl Dialogue for Irc {
    fn opening(&self) -> Vec<u8> {
        b"STARTTLS\r\n".to_vec()
    }

    fn read(&mut self, unread: &[u8]) -> Result<Step, Refusal> {
        let Some((line, len)) = first_line(unread) else {
            return Ok(Step::Incomplete);
        };
        // Message tags and the source stand before the command.
        let is_before = |word: &&[u8]| word.is_empty() || matches!(word[0], b'@' | b':');
        let mut words = line.split(|byte| *byte == b' ').skip_while(is_before);
        let command = words.next().unwrap_or_default();
        match command {
            b"670" => Ok(Step::GoAhead(len, Vec::new())),
            b"ERROR" => Err(Refusal::Refused(quote(line))),
            b"PING" => {
                let mut pong = b"PONG".to_vec();
                for word in words {
                    pong.push(b' ');
                    pong.extend_from_slice(word);
                }
                pong.extend_from_slice(b"\r\n");
                Ok(Step::Answer(len, pong))
            }
            // 691 is the refusal, 421 and 451 are those of servers that know no STARTTLS.
            [b'4'..=b'6', digits @ ..] if digits.len() == 2 => Err(Refusal::Refused(quote(line))),
            command if is_command(command) || line.is_empty() => Ok(Step::Answer(len, Vec::new())),
            _ => Err(Refusal::Unexpected(quote(line))),
        }
    }
}

/// Three digits, or letters.
fn is_command(word: &[u8]) -> bool {
    let digits = word.len() == 3 && word.iter().all(u8::is_ascii_digit);
    digits || (!word.is_empty() && word.iter().all(u8::is_ascii_uppercase))
}
