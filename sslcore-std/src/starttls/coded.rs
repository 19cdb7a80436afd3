//! Protocols in which every command has one reply, and the reply's first word says how it went:
//! SMTP, FTP, NNTP, POP3.

use std::net::IpAddr;

use super::dialogue::{Dialogue, Refusal, Step, first_line, quote};

/// A reply that is awaited, and what is said to it.
struct Exchange {
    /// The words that let it go on.
    wanted: &'static [&'static str],
    /// The next command; none after the last reply.
    command: Option<String>,
}

/// How a reply looks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Three digits, and `-` behind them while more lines follow (RFC 5321 §4.2, RFC 959 §4.2).
    Digits,
    /// `+OK` or `-ERR` (RFC 1939 §3).
    Sign,
}

pub(super) struct Coded {
    form: Form,
    /// What is still to come, the next one last.
    exchanges: Vec<Exchange>,
    /// The code of a reply of several lines whose last has not come.
    within: Option<[u8; 3]>,
    /// The lines of the reply so far.
    said: Vec<u8>,
}

impl Coded {
    fn new(form: Form, exchanges: impl IntoIterator<Item = Exchange>) -> Self {
        let mut exchanges: Vec<_> = exchanges.into_iter().collect();
        exchanges.reverse();
        Self {
            form,
            exchanges,
            within: None,
            said: Vec::new(),
        }
    }
}

fn exchange(wanted: &'static [&'static str], command: &str) -> Exchange {
    Exchange {
        wanted,
        command: Some(format!("{command}\r\n")),
    }
}

fn last(wanted: &'static [&'static str]) -> Exchange {
    Exchange {
        wanted,
        command: None,
    }
}

/// RFC 3207.
pub(super) fn smtp(local: Option<IpAddr>) -> Coded {
    mail("EHLO", local)
}

/// RFC 2033 §4.1: as SMTP, but for its hello.
pub(super) fn lmtp(local: Option<IpAddr>) -> Coded {
    mail("LHLO", local)
}

/// Says hello with an address literal (RFC 5321 §4.1.3): this end may have no name.
fn mail(hello: &str, local: Option<IpAddr>) -> Coded {
    let name = match local.map(|local| local.to_canonical()) {
        Some(IpAddr::V6(local)) => format!("[IPv6:{local}]"),
        Some(local) => format!("[{local}]"),
        None => "localhost".to_owned(),
    };
    let exchanges = [
        exchange(&["220"], &format!("{hello} {name}")),
        exchange(&["250"], "STARTTLS"),
        last(&["220"]),
    ];
    Coded::new(Form::Digits, exchanges)
}

/// RFC 4217 §4. Servers that are older than it answer as RFC 2228 §3 has it, 334, or with 200.
pub(super) fn ftp() -> Coded {
    let go_ahead = last(&["234", "334", "200"]);
    let exchanges = [exchange(&["220"], "AUTH TLS"), go_ahead];
    Coded::new(Form::Digits, exchanges)
}

/// RFC 4642 §2.2.
pub(super) fn nntp() -> Coded {
    let exchanges = [exchange(&["200", "201"], "STARTTLS"), last(&["382"])];
    Coded::new(Form::Digits, exchanges)
}

/// RFC 2595 §4.
pub(super) fn pop3() -> Coded {
    let exchanges = [exchange(&["+OK"], "STLS"), last(&["+OK"])];
    Coded::new(Form::Sign, exchanges)
}

impl Coded {
    /// The reply's word, when this line is its last.
    fn word<'a>(&mut self, line: &'a [u8]) -> Result<Option<&'a [u8]>, Refusal> {
        let unexpected = || Refusal::Unexpected(quote(line));
        if self.form == Form::Sign {
            let word = line.split(|byte| *byte == b' ').next();
            return match word {
                Some(b"+OK" | b"-ERR") => Ok(word),
                _ => Err(unexpected()),
            };
        }
        let code = line.first_chunk::<3>();
        let behind = line.get(3);
        if let Some(open) = &self.within {
            // Lines in between look as they like.
            return match (code, behind) {
                (Some(code), None | Some(b' ')) if code == open => Ok(Some(code)),
                _ => Ok(None),
            };
        }
        let code = code
            .filter(|code| code.iter().all(u8::is_ascii_digit))
            .ok_or_else(unexpected)?;
        match behind {
            None | Some(b' ') => Ok(Some(code)),
            Some(b'-') => {
                self.within = Some(*code);
                Ok(None)
            }
            Some(_) => Err(unexpected()),
        }
    }
}

impl Dialogue for Coded {
    fn read(&mut self, unread: &[u8]) -> Result<Step, Refusal> {
        let Some((line, len)) = first_line(unread) else {
            return Ok(Step::Incomplete);
        };
        let word = self.word(line)?;
        if !self.said.is_empty() {
            self.said.push(b'\n');
        }
        self.said.extend_from_slice(line);
        let Some(word) = word else {
            return Ok(Step::Answer(len, Vec::new()));
        };
        self.within = None;
        let said = std::mem::take(&mut self.said);
        // "Wait": another reply will follow (RFC 959 §4.2).
        if self.form == Form::Digits && word.starts_with(b"1") {
            return Ok(Step::Answer(len, Vec::new()));
        }
        let exchange = self.exchanges.pop();
        match exchange {
            Some(exchange)
                if exchange
                    .wanted
                    .iter()
                    .any(|wanted| wanted.as_bytes() == word) =>
            {
                Ok(match exchange.command {
                    Some(command) => Step::Answer(len, command.into_bytes()),
                    None => Step::GoAhead(len, Vec::new()),
                })
            }
            _ => Err(Refusal::Refused(quote(&said))),
        }
    }
}
