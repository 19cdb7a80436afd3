//! `--proxy`: a connection that another host makes for us. HTTP's CONNECT (RFC 9110 §9.3.6) and
//! SOCKS 5 (RFC 1928).

mod dialogue;
mod http;
mod socks5;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io::{BufRead, Write};
use std::str::FromStr;
use std::time::{Duration, Instant};

use sslcore_std::sslcore::ReadEnd;
use sslcore_std::{SslSocket, WaitError};
use zeroize::Zeroizing;

pub(crate) use self::dialogue::Credentials;
use self::dialogue::{CREDENTIAL, Dialogue, Step};
use super::authority;

/// The most that a proxy may say until the connection is there, in bytes.
const ANSWER: usize = 16 * 1024;
/// The ways to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Http,
    Socks5,
}

/// `http://[USER:PASSWORD@]HOST:PORT`, or the same with `socks5`.
#[derive(Clone)]
pub(crate) struct Proxy {
    kind: Kind,
    pub(super) host: String,
    pub(super) port: u16,
    credentials: Option<Credentials>,
}

/// SOCKS's port, by IANA's list; HTTP's proxies have none.
const SOCKS: u16 = 1080;

impl FromStr for Proxy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const WANTED: &str = "a proxy is http://HOST:PORT or socks5://HOST:PORT";
        let (scheme, rest) = text.split_once("://").ok_or(WANTED)?;
        let kind = match scheme.to_ascii_lowercase().as_str() {
            "http" => Kind::Http,
            // The host's name is resolved by the proxy, which some programs call socks5h.
            "socks5" | "socks5h" => Kind::Socks5,
            "https" => {
                return Err(format!(
                    "TLS to the proxy itself is not known here; {WANTED}"
                ));
            }
            _ => return Err(format!("the scheme {scheme:?} is not known here; {WANTED}")),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (credentials, place) = match rest.rsplit_once('@') {
            Some((who, place)) => (Some(Credentials::new(&unescaped(who)?)?), place),
            None => (None, rest),
        };
        if place.contains(['/', '?', '#']) {
            return Err(format!("behind the proxy's port nothing follows; {WANTED}"));
        }
        let (host, port) = authority::split(place)?;
        let port = match (port.map(authority::port).transpose()?, kind) {
            (Some(port), _) => port,
            (None, Kind::Socks5) => SOCKS,
            (None, Kind::Http) => return Err(format!("the proxy's port is missing; {WANTED}")),
        };
        Ok(Self {
            kind,
            host: authority::ascii(host)?,
            port,
            credentials,
        })
    }
}

/// What a URL's `%40` stands for (RFC 3986 §2.1).
fn unescaped(text: &str) -> Result<Zeroizing<Vec<u8>>, String> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.as_bytes();
    while let [byte, behind @ ..] = rest {
        rest = behind;
        if *byte != b'%' {
            bytes.push(*byte);
            continue;
        }
        let digits = rest.get(..2).and_then(|digits| {
            let digit = |digit: u8| char::from(digit).to_digit(16);
            Some(digit(digits[0])? << 4 | digit(digits[1])?)
        });
        let byte = digits.ok_or("in a URL two hexadecimal digits follow a %")?;
        bytes.push(byte as u8);
        rest = &rest[2..];
    }
    Ok(bytes)
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({self})")
    }
}

/// Without the password.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.kind {
            Kind::Http => "http",
            Kind::Socks5 => "socks5",
        };
        write!(f, "{scheme}://{}", authority::join(&self.host, self.port))
    }
}

impl Proxy {
    /// The same, which is told who asks.
    pub(crate) fn with_credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Why this host cannot be asked for, if it cannot.
    pub(crate) fn refuses(&self, host: &str) -> Option<String> {
        let is_word = host.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_word || host.contains(['/', '?', '#', '@', '%']) || host.len() > CREDENTIAL {
            return Some(format!("a proxy cannot be asked for the host {host:?}"));
        }
        None
    }

    fn dialogue(&self, host: &str, port: u16) -> Box<dyn Dialogue> {
        let credentials = self.credentials.as_ref();
        match self.kind {
            Kind::Http => Box::new(http::Connect::new(host, port, credentials)),
            Kind::Socks5 => Box::new(socks5::Socks5::new(host, port, credentials.cloned())),
        }
    }

    /// Has the proxy, which `socket` is connected to, connect to the host. What the host has said
    /// behind that is left unread.
    ///
    /// # Errors
    /// A sentence: why there is no connection.
    pub(crate) fn connect(
        &self,
        socket: &mut SslSocket,
        host: &str,
        port: u16,
        timeout: Duration,
    ) -> Result<(), String> {
        let until = Instant::now().checked_add(timeout);
        let mut dialogue = self.dialogue(host, port);
        let failed = |why: &dyn fmt::Display| format!("the connection to the proxy failed: {why}");
        let mut answer = dialogue.opening();
        let mut heard = 0;
        loop {
            socket.write_all(&answer).map_err(|error| failed(&error))?;
            let (taken, connected) = loop {
                match dialogue.read(socket.peek())? {
                    Step::Answer(taken, next) => {
                        answer = next;
                        break (taken, false);
                    }
                    Step::Connected(taken) => break (taken, true),
                    Step::Incomplete if socket.peek().len() + heard >= ANSWER => {
                        return Err(format!("the proxy says more than {ANSWER} bytes"));
                    }
                    Step::Incomplete => {}
                }
                let left = until.map(|until| until.saturating_duration_since(Instant::now()));
                socket
                    .wait_for_ready_read(left)
                    .map_err(|error| match error {
                        WaitError::Timeout => "the proxy took too long to connect".to_owned(),
                        WaitError::Ended(ReadEnd::EndOfStream) => {
                            "the proxy hung up without making the connection".to_owned()
                        }
                        error => failed(&error),
                    })?;
            };
            heard += taken;
            socket.consume(taken);
            if connected {
                return Ok(());
            }
            if heard > ANSWER {
                return Err(format!("the proxy says more than {ANSWER} bytes"));
            }
        }
    }
}
