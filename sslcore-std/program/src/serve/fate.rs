//! What became of a connection.

use std::fmt;
use std::io;

use serde_json::{Value, json};
use sslcore_std::sslcore::{CloseReport, Connection, Failure, FailureKind, SslCipher, SslProtocol};

use super::beginning::Beginning;
use crate::exit::{self, Exit};
use crate::text::{Fingerprint, escaped, grouped};

/// All there is to tell when it is over.
pub(super) struct Fate {
    pub(super) peer: String,
    pub(super) facts: Facts,
    /// Clients must have a pre-shared key.
    pub(super) by_key: bool,
    /// The handshake was completed.
    pub(super) encrypted: bool,
    pub(super) work: Work,
    pub(super) report: CloseReport,
    pub(super) ending: Ending,
}

/// What was negotiated.
#[derive(Default)]
pub(super) struct Facts {
    protocol: Option<SslProtocol>,
    cipher: Option<SslCipher>,
    group: Option<&'static str>,
    alpn: Option<String>,
    resumed: bool,
    client: Option<Client>,
    /// The pre-shared key that the client has named.
    key: Option<String>,
}

/// The client's certificate.
struct Client {
    subject: String,
    fingerprint: Fingerprint,
    errors: Vec<String>,
}

impl Facts {
    /// Of a server's connection; if it has a `key`, of this name.
    pub(super) fn of(connection: &Connection, key: Option<&str>) -> Self {
        let errors = connection.ssl_errors().iter().map(ToString::to_string);
        let client = connection.peer_certificate().map(|certificate| Client {
            subject: match certificate.subject() {
                Some(subject) => subject.to_string(),
                None => "a name that cannot be read".to_owned(),
            },
            fingerprint: Fingerprint::of(certificate.der()),
            errors: errors.collect(),
        });
        Self {
            protocol: connection.session_protocol(),
            cipher: connection.session_cipher(),
            group: connection.key_exchange_group(),
            alpn: connection
                .alpn_protocol()
                .map(|name| String::from_utf8_lossy(name).into_owned()),
            resumed: connection.is_resumed(),
            client,
            key: connection.psk_identity().and(key).map(ToOwned::to_owned),
        }
    }
}

/// What was done on it.
#[derive(Default)]
pub(super) struct Work {
    /// Bytes that were sent back.
    pub(super) echoed: usize,
    /// How each HTTP request was answered.
    pub(super) statuses: Vec<u16>,
    /// Mails that were taken.
    pub(super) mails: usize,
}

pub(super) enum Ending {
    /// Both sides said so.
    Clean,
    /// We did, when all was done, and the client did not.
    NoGoodbye,
    /// Not all that was said has left.
    Lost,
    /// It kept still for too long.
    TimedOut,
    /// TLS failed; what the client began with may say why.
    Failed(Failure, Option<String>),
    /// What the client did with it was wrong.
    Violated(String),
}

impl Ending {
    pub(super) fn failed(failure: Failure, beginning: &Beginning) -> Self {
        let begun = beginning.explain(failure.kind());
        Self::Failed(failure, begun)
    }
}

fn explained(failure: &Failure, begun: &Option<String>) -> String {
    match begun {
        Some(begun) => format!("{failure}; {begun}"),
        None => failure.to_string(),
    }
}

impl Fate {
    /// Of a connection that was gone before anything could be done with it.
    pub(super) fn unborn(peer: String, error: &io::Error) -> Self {
        Self {
            peer,
            facts: Facts::default(),
            by_key: false,
            encrypted: false,
            work: Work::default(),
            report: CloseReport::default(),
            ending: Ending::Violated(error.to_string()),
        }
    }

    /// What it makes of the exit code.
    pub(super) fn exit(&self) -> Exit {
        match &self.ending {
            Ending::Clean | Ending::NoGoodbye => Exit::Fine,
            Ending::Failed(failure, _) => match failure.kind() {
                // In TLS 1.2 a wrong key shows at the client's Finished, which cannot be opened.
                FailureKind::BadRecordMac if self.by_key && !self.encrypted => Exit::Refused,
                kind => Exit::of(kind, self.encrypted),
            },
            Ending::Lost => Exit::Truncated,
            Ending::TimedOut | Ending::Violated(_) => Exit::TlsFailure,
        }
    }

    pub(super) fn json(&self) -> Value {
        let facts = &self.facts;
        let client = facts.client.as_ref().map(|client| {
            json!({
                "subject": client.subject,
                "sha256": client.fingerprint.to_string(),
                "errors": client.errors,
            })
        });
        let (ended, error, alert) = match &self.ending {
            Ending::Clean => ("clean", None, None),
            Ending::NoGoodbye => ("without close_notify", None, None),
            Ending::Lost => ("data lost", Some(self.ending.to_string()), None),
            Ending::TimedOut => ("timeout", Some(self.ending.to_string()), None),
            Ending::Violated(why) => ("violation", Some(why.clone()), None),
            Ending::Failed(failure, begun) => {
                let alert = failure.alert().map(|alert| alert.name());
                ("failure", Some(explained(failure, begun)), alert)
            }
        };
        json!({
            "event": "connection",
            "peer": self.peer,
            "encrypted": self.encrypted,
            "protocol": facts.protocol.map(|protocol| protocol.to_string()),
            "cipher": facts.cipher.map(|cipher| cipher.name()),
            "group": facts.group,
            "alpn": facts.alpn,
            "resumed": facts.resumed,
            "client_certificate": client,
            "psk_identity": facts.key,
            "echoed": self.work.echoed,
            "statuses": self.work.statuses,
            "mails": self.work.mails,
            "ended": ended,
            "error": error,
            "alert_sent": alert,
            "abandoned": self.report.abandoned,
            "unsent": self.report.unsent,
            "exit": self.exit() as u8,
        })
    }
}

/// One line, whatever the peer chose to be called.
impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            self.facts.to_string(),
            self.work.to_string(),
            self.ending.to_string(),
            exit::lost(&self.report).unwrap_or_default(),
        ];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        write!(f, "{}: {}", self.peer, escaped(&parts.join("; ")))
    }
}

impl fmt::Display for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        parts.extend(self.protocol.map(|protocol| protocol.to_string()));
        parts.extend(self.cipher.map(|cipher| cipher.name().to_owned()));
        parts.extend(self.group.map(ToOwned::to_owned));
        parts.extend(self.alpn.as_ref().map(|alpn| format!("ALPN {alpn}")));
        parts.extend(self.resumed.then(|| "resumed".to_owned()));
        if let Some(client) = &self.client {
            let errors = match client.errors.is_empty() {
                true => "no errors".to_owned(),
                false => client.errors.join(", "),
            };
            parts.push(format!("client certificate {} ({errors})", client.subject));
        }
        if let Some(key) = &self.key {
            if self.cipher.is_some() && self.group.is_none() {
                parts.push("no key exchange".to_owned());
            }
            parts.push(format!("pre-shared key \"{key}\""));
        }
        f.write_str(&parts.join(", "))
    }
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.echoed > 0 {
            write!(f, "{} bytes echoed", grouped(self.echoed))?;
        }
        if !self.statuses.is_empty() {
            let statuses: Vec<String> = self.statuses.iter().map(ToString::to_string).collect();
            write!(f, "answered {}", statuses.join(" "))?;
        }
        match self.mails {
            0 => Ok(()),
            1 => f.write_str("1 mail"),
            mails => write!(f, "{mails} mails"),
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clean => f.write_str("ended cleanly"),
            Self::NoGoodbye => f.write_str("ended without the client's close_notify"),
            Self::Lost => f.write_str("ended before all was sent"),
            Self::TimedOut => f.write_str("kept still for too long"),
            Self::Violated(why) => write!(f, "failed: {why}"),
            Self::Failed(failure, begun) => {
                write!(f, "failed: {}", explained(failure, begun))?;
                match failure.alert() {
                    Some(alert) => write!(f, "; was told {alert}"),
                    None => Ok(()),
                }
            }
        }
    }
}

/// Why a service cannot go on, when it is not the stream's fault.
pub(super) fn violation(text: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text.into())
}
