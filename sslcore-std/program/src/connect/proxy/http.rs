//! HTTP's CONNECT (RFC 9110 §9.3.6).

use base64ct::{Base64, Encoding};
use zeroize::Zeroizing;

use super::dialogue::{Credentials, Dialogue, Step};
use crate::connect::authority;
use crate::text::quote;

pub(super) struct Connect {
    request: Zeroizing<Vec<u8>>,
    /// Whether it says who asks.
    knows_us: bool,
}

impl Connect {
    pub(super) fn new(host: &str, port: u16, credentials: Option<&Credentials>) -> Self {
        let place = authority::join(host, port);
        let mut request = Zeroizing::new(Vec::with_capacity(2048));
        request.extend(format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n").into_bytes());
        if let Some(Credentials { user, password }) = credentials {
            let who = Zeroizing::new([&user[..], b":", &password[..]].concat());
            let who = Zeroizing::new(Base64::encode_string(&who));
            request.extend_from_slice(b"Proxy-Authorization: Basic ");
            request.extend_from_slice(who.as_bytes());
            request.extend_from_slice(b"\r\n");
        }
        request.extend_from_slice(b"\r\n");
        Self {
            request,
            knows_us: credentials.is_some(),
        }
    }
}

impl Dialogue for Connect {
    fn opening(&self) -> Vec<u8> {
        self.request.to_vec()
    }

    fn read(&mut self, unread: &[u8]) -> Result<Step, String> {
        const VERSION: &[u8] = b"HTTP/1.";
        let begun = unread.len().min(VERSION.len());
        if unread[..begun] != VERSION[..begun] {
            return Err(format!(
                "the proxy does not speak HTTP: it said {:?}",
                quote(unread)
            ));
        }
        let Some(len) = header_len(unread) else {
            return Ok(Step::Incomplete);
        };
        let line = unread.split(|byte| matches!(byte, b'\r' | b'\n')).next();
        let line = line.unwrap_or_default();
        // HTTP/1.1 200 Connection established
        let code = match line.get(VERSION.len() + 1..) {
            Some([b' ', code @ ..]) => code.first_chunk::<3>(),
            _ => None,
        };
        match code {
            // "Wait": another answer will follow. A connection is no other protocol.
            Some([b'1', ..]) if code != Some(b"101") => Ok(Step::Answer(len, Vec::new())),
            // Whatever its header says of a content: there is none (RFC 9110 §9.3.6).
            Some([b'2', ..]) => Ok(Step::Connected(len)),
            Some(b"407") => Err(format!(
                "the proxy {}: {:?}",
                match self.knows_us {
                    true => "does not accept the user and the password",
                    false => "wants to know who asks (--proxy-auth-file)",
                },
                quote(line)
            )),
            Some(_) => Err(format!("the proxy does not connect: {:?}", quote(line))),
            None => Err(format!(
                "the proxy does not speak HTTP: it said {:?}",
                quote(line)
            )),
        }
    }
}

/// Up to the empty line, which it includes; lines end in CR LF or, from lenient proxies, in LF.
fn header_len(unread: &[u8]) -> Option<usize> {
    let mut start = 0;
    loop {
        let len = unread[start..].iter().position(|byte| *byte == b'\n')?;
        let line = &unread[start..start + len];
        start += len + 1;
        if matches!(line, [] | b"\r") {
            return Some(start);
        }
    }
}
