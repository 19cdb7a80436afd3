//! The protocols: their names, their ports, their dialogues.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::dialogue::Dialogue;
use super::{coded, database, ldap, tagged, xmpp};

/// A protocol with a command that switches a plaintext connection to TLS. The example of
/// [`starttls`](super) shows it.
///
/// ```
/// use sslcore_std::starttls::Protocol;
///
/// let protocol: Protocol = "IMAP".parse()?; // in small or capital letters
/// assert_eq!(protocol, Protocol::Imap);
/// assert_eq!((protocol.name(), protocol.default_port()), ("imap", 143));
/// println!("{} protocols", Protocol::ALL.len());
/// # Ok::<(), sslcore_std::starttls::UnknownProtocol>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// SMTP: `STARTTLS` (RFC 3207).
    Smtp,
    /// LMTP: `STARTTLS` (RFC 2033, RFC 3207).
    Lmtp,
    /// IMAP: `STARTTLS` (RFC 9051 §6.2.1).
    Imap,
    /// POP3: `STLS` (RFC 2595 §4).
    Pop3,
    /// FTP: `AUTH TLS` (RFC 4217).
    Ftp,
    /// XMPP, client to server: `<starttls/>` (RFC 6120 §5).
    Xmpp,
    /// XMPP, server to server: `<starttls/>` (RFC 6120 §5).
    XmppServer,
    /// LDAP: the StartTLS operation (RFC 4511 §4.14).
    Ldap,
    /// PostgreSQL: SSLRequest.
    Postgres,
    /// MySQL and MariaDB: SSLRequest.
    Mysql,
    /// ManageSieve: `STARTTLS` (RFC 5804 §2.2).
    Sieve,
    /// NNTP: `STARTTLS` (RFC 4642).
    Nntp,
    /// IRC: `STARTTLS` (IRCv3's `tls` extension).
    Irc,
}

impl Protocol {
    /// All protocols, in the order of this list.
    pub const ALL: [Self; 13] = [
        Self::Smtp,
        Self::Lmtp,
        Self::Imap,
        Self::Pop3,
        Self::Ftp,
        Self::Xmpp,
        Self::XmppServer,
        Self::Ldap,
        Self::Postgres,
        Self::Mysql,
        Self::Sieve,
        Self::Nntp,
        Self::Irc,
    ];

    /// The name of the protocol in small letters, which [`FromStr`] accepts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Lmtp => "lmtp",
            Self::Imap => "imap",
            Self::Pop3 => "pop3",
            Self::Ftp => "ftp",
            Self::Xmpp => "xmpp",
            Self::XmppServer => "xmpp-server",
            Self::Ldap => "ldap",
            Self::Postgres => "postgres",
            Self::Mysql => "mysql",
            Self::Sieve => "sieve",
            Self::Nntp => "nntp",
            Self::Irc => "irc",
        }
    }

    /// The port of the protocol's plaintext service. For SMTP that of mail servers, 25; mail
    /// programs submit on 587. LMTP has no port assigned; 24, for private mail systems, is
    /// customary.
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Smtp => 25,
            Self::Lmtp => 24,
            Self::Imap => 143,
            Self::Pop3 => 110,
            Self::Ftp => 21,
            Self::Xmpp => 5222,
            Self::XmppServer => 5269,
            Self::Ldap => 389,
            Self::Postgres => 5432,
            Self::Mysql => 3306,
            Self::Sieve => 4190,
            Self::Nntp => 119,
            Self::Irc => 6667,
        }
    }

    pub(super) fn dialogue(self, host: &str, local: Option<IpAddr>) -> Box<dyn Dialogue> {
        match self {
            Self::Smtp => Box::new(coded::smtp(local)),
            Self::Lmtp => Box::new(coded::lmtp(local)),
            Self::Ftp => Box::new(coded::ftp()),
            Self::Nntp => Box::new(coded::nntp()),
            Self::Pop3 => Box::new(coded::pop3()),
            Self::Imap => Box::new(tagged::Imap::default()),
            Self::Sieve => Box::new(tagged::Sieve::default()),
            Self::Irc => Box::new(tagged::Irc),
            Self::Xmpp => Box::new(xmpp::Xmpp::new(host, "jabber:client")),
            Self::XmppServer => Box::new(xmpp::Xmpp::new(host, "jabber:server")),
            Self::Ldap => Box::new(ldap::Ldap),
            Self::Postgres => Box::new(database::Postgres),
            Self::Mysql => Box::new(database::Mysql),
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Protocol {
    type Err = UnknownProtocol;

    fn from_str(name: &str) -> Result<Self, UnknownProtocol> {
        Self::ALL
            .into_iter()
            .find(|protocol| protocol.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| UnknownProtocol(name.to_owned()))
    }
}

/// A name that no [`Protocol`] has. `Display` lists the names that exist.
///
/// ```
/// use sslcore_std::starttls::Protocol;
///
/// let error = "gopher".parse::<Protocol>().expect_err("it has no STARTTLS");
/// assert!(error.to_string().starts_with("\"gopher\" is none of smtp lmtp imap"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownProtocol(String);

impl fmt::Display for UnknownProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is none of", self.0)?;
        for protocol in Protocol::ALL {
            write!(f, " {protocol}")?;
        }
        Ok(())
    }
}

impl std::error::Error for UnknownProtocol {}
