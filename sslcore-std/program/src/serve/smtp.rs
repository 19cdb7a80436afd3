//! `--smtp`: a mail server that delivers nothing (RFC 5321), with STARTTLS (RFC 3207).

use std::io::{self, Write};
use std::time::Instant;

use sslcore_std::SslSocket;

use super::fate::{Work, violation};
use super::line::{self, Line};
use super::mail::Mail;
use super::server::Server;

/// The longest line, as RFC 5321 §4.5.3.1.6 has it for mail; commands are shorter.
const LINE: usize = 1000;
/// The longest mail.
const MAIL: usize = 1 << 20;
const RECIPIENTS: usize = 100;

/// What a command leads to.
enum Reply {
    Say(&'static str),
    /// Takes what follows as a mail.
    Data,
    StartTls,
    Quit,
}

/// One dialogue.
struct Session<'a> {
    server: &'a Server,
    socket: &'a mut SslSocket,
    peer: &'a str,
    work: &'a mut Work,
    /// The client has said EHLO, or HELO, since the last change of everything.
    greeted: bool,
    mail: Option<Mail>,
}

pub(super) fn serve(
    server: &Server,
    socket: &mut SslSocket,
    peer: &str,
    work: &mut Work,
) -> io::Result<()> {
    Session {
        server,
        socket,
        peer,
        work,
        greeted: false,
        mail: None,
    }
    .run()
}

impl Session<'_> {
    fn run(&mut self) -> io::Result<()> {
        self.say("220 localhost ESMTP sslcore serve")?;
        loop {
            let line = match self.read()? {
                Line::Whole(line) => String::from_utf8_lossy(&line).into_owned(),
                Line::End => return Ok(()),
                Line::TooLong => {
                    self.say("500 5.5.2 this line is too long")?;
                    return Err(violation("the client sent a line without end"));
                }
            };
            match self.obey(&line) {
                Reply::Say(text) => self.say(text)?,
                Reply::StartTls => self.start_tls()?,
                Reply::Data => self.data()?,
                Reply::Quit => return self.say("221 2.0.0 bye"),
            }
        }
    }

    fn obey(&mut self, line: &str) -> Reply {
        let (verb, argument) = line.split_once(' ').unwrap_or((line, ""));
        let argument = argument.trim();
        let encrypted = self.socket.connection().is_encrypted();
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => {
                self.greet();
                Reply::Say(match encrypted {
                    true => "250-localhost\r\n250-8BITMIME\r\n250 SIZE 1048576",
                    false => "250-localhost\r\n250-8BITMIME\r\n250-SIZE 1048576\r\n250 STARTTLS",
                })
            }
            "HELO" => {
                self.greet();
                Reply::Say("250 localhost")
            }
            "STARTTLS" if encrypted => Reply::Say("503 5.5.1 TLS was started already"),
            "STARTTLS" if !argument.is_empty() => {
                Reply::Say("501 5.5.4 STARTTLS takes no argument")
            }
            "STARTTLS" => Reply::StartTls,
            "NOOP" => Reply::Say("250 2.0.0 ok"),
            "RSET" => {
                self.mail = None;
                Reply::Say("250 2.0.0 forgotten")
            }
            "QUIT" => Reply::Quit,
            "MAIL" | "RCPT" | "DATA" | "VRFY" if !encrypted => {
                Reply::Say("530 5.7.0 say STARTTLS first")
            }
            "MAIL" => self.from(argument),
            "RCPT" => self.to(argument),
            "DATA" => match &self.mail {
                Some(mail) if !mail.to.is_empty() => Reply::Data,
                _ => Reply::Say("503 5.5.1 say MAIL and RCPT first"),
            },
            "VRFY" => Reply::Say("252 2.1.5 everybody may be here"),
            _ => Reply::Say("502 5.5.2 this is not known here"),
        }
    }

    /// What was said before counts no more.
    fn greet(&mut self) {
        self.greeted = true;
        self.mail = None;
    }

    fn from(&mut self, argument: &str) -> Reply {
        if !self.greeted {
            return Reply::Say("503 5.5.1 say EHLO first");
        }
        if self.mail.is_some() {
            return Reply::Say("503 5.5.1 one mail at a time");
        }
        let Some(from) = path(argument, "FROM:") else {
            return Reply::Say("501 5.5.4 MAIL FROM:<address> is wanted");
        };
        self.mail = Some(Mail {
            from,
            ..Mail::default()
        });
        Reply::Say("250 2.1.0 ok")
    }

    fn to(&mut self, argument: &str) -> Reply {
        let Some(mail) = &mut self.mail else {
            return Reply::Say("503 5.5.1 say MAIL first");
        };
        match path(argument, "TO:") {
            None => Reply::Say("501 5.5.4 RCPT TO:<address> is wanted"),
            Some(_) if mail.to.len() == RECIPIENTS => Reply::Say("452 4.5.3 too many recipients"),
            Some(to) => {
                mail.to.push(to);
                Reply::Say("250 2.1.5 ok")
            }
        }
    }

    /// Says "go ahead" and nothing is read until TLS has started. What came along with STARTTLS
    /// is not obeyed: somebody else may have sent it.
    fn start_tls(&mut self) -> io::Result<()> {
        let behind = self.socket.peek().len();
        if behind > 0 {
            self.say("554 5.5.1 nothing may follow STARTTLS before TLS")?;
            return Err(violation(format!(
                "{behind} bytes of plaintext came behind STARTTLS"
            )));
        }
        self.say("220 2.0.0 go ahead")?;
        self.server.encrypt(self.socket)?;
        (self.greeted, self.mail) = (false, None);
        Ok(())
    }

    fn data(&mut self) -> io::Result<()> {
        self.say("354 end with a line that has only a dot")?;
        let mut lines = Vec::new();
        let mut size = 0;
        loop {
            let line = match self.read()? {
                Line::Whole(line) => line,
                Line::End => return Err(violation("the mail has no end")),
                Line::TooLong => {
                    self.say("500 5.5.2 this line is too long")?;
                    return Err(violation("the client sent a line without end"));
                }
            };
            if line == b"." {
                break;
            }
            size += line.len() + 2;
            if size <= MAIL {
                lines.push(line.strip_prefix(b".").unwrap_or(&line).to_vec());
            }
        }
        let mail = self.mail.take().unwrap_or_default();
        if size > MAIL {
            return self.say("552 5.3.4 this mail is too large");
        }
        self.work.mails += 1;
        self.server.output.mail(&Mail { lines, ..mail }, self.peer);
        self.say("250 2.6.0 shown, and not delivered")
    }

    fn read(&mut self) -> io::Result<Line> {
        line::read(self.socket, LINE, self.deadline())
    }

    fn deadline(&self) -> Instant {
        Instant::now() + self.server.timeout
    }

    fn say(&mut self, text: &str) -> io::Result<()> {
        self.socket.set_timeout(Some(self.server.timeout));
        self.socket.write_all(format!("{text}\r\n").as_bytes())?;
        Ok(())
    }
}

/// The path of `FROM:<path> PARAMETERS`, with its brackets.
fn path(argument: &str, keyword: &str) -> Option<String> {
    let head = argument.get(..keyword.len())?;
    let rest = argument[keyword.len()..].trim_start();
    let end = rest.find('>')?;
    (head.eq_ignore_ascii_case(keyword) && rest.starts_with('<')).then(|| rest[..=end].to_owned())
}
