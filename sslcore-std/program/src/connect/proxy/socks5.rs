//! SOCKS 5 (RFC 1928), with a user and a password (RFC 1929). The proxy looks the host's name up.

use std::net::IpAddr;

use super::dialogue::{Credentials, Dialogue, Step, address};
use crate::text::quote;

const VERSION: u8 = 5;
const NO_AUTHENTICATION: u8 = 0;
const PASSWORD: u8 = 2;
const NO_ACCEPTABLE_METHOD: u8 = 0xff;
/// The version of RFC 1929's own messages.
const PASSWORD_VERSION: u8 = 1;
const CONNECT: u8 = 1;
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;

/// What is awaited.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Awaited {
    Method,
    Authentication,
    Reply,
}

pub(super) struct Socks5 {
    request: Vec<u8>,
    credentials: Option<Credentials>,
    awaited: Awaited,
}

impl Socks5 {
    /// `host` has at most 255 bytes.
    pub(super) fn new(host: &str, port: u16, credentials: Option<Credentials>) -> Self {
        let mut request = vec![VERSION, CONNECT, 0];
        match address(host) {
            Some(IpAddr::V4(address)) => {
                request.push(IPV4);
                request.extend(address.octets());
            }
            Some(IpAddr::V6(address)) => {
                request.push(IPV6);
                request.extend(address.octets());
            }
            None => {
                request.extend([NAME, host.len() as u8]);
                request.extend(host.bytes());
            }
        }
        request.extend(port.to_be_bytes());
        Self {
            request,
            credentials,
            awaited: Awaited::Method,
        }
    }

    fn method(&mut self, method: u8) -> Result<Step, String> {
        match (method, &self.credentials) {
            (NO_AUTHENTICATION, _) => {
                self.awaited = Awaited::Reply;
                Ok(Step::Answer(2, self.request.clone()))
            }
            (PASSWORD, Some(Credentials { user, password })) => {
                self.awaited = Awaited::Authentication;
                let mut answer = vec![PASSWORD_VERSION, user.len() as u8];
                answer.extend_from_slice(user);
                answer.push(password.len() as u8);
                answer.extend_from_slice(password);
                Ok(Step::Answer(2, answer))
            }
            (NO_ACCEPTABLE_METHOD, None) => {
                Err("the proxy wants to know who asks (--proxy-auth-file)".to_owned())
            }
            (NO_ACCEPTABLE_METHOD, Some(_)) => {
                Err("the proxy takes no user and password, and lets nobody in without".to_owned())
            }
            (other, _) => Err(format!(
                "the proxy chose the authentication {other}, which was not offered"
            )),
        }
    }
}

impl Dialogue for Socks5 {
    fn opening(&self) -> Vec<u8> {
        match self.credentials {
            Some(_) => vec![VERSION, 2, NO_AUTHENTICATION, PASSWORD],
            None => vec![VERSION, 1, NO_AUTHENTICATION],
        }
    }

    fn read(&mut self, unread: &[u8]) -> Result<Step, String> {
        let version = match self.awaited {
            Awaited::Authentication => PASSWORD_VERSION,
            _ => VERSION,
        };
        if unread.first().is_some_and(|first| *first != version) {
            let said = quote(unread);
            return Err(format!(
                "the proxy does not speak SOCKS 5: it said {said:?}"
            ));
        }
        let [_, code, rest @ ..] = unread else {
            return Ok(Step::Incomplete);
        };
        match self.awaited {
            Awaited::Method => self.method(*code),
            Awaited::Authentication if *code == 0 => {
                self.awaited = Awaited::Reply;
                Ok(Step::Answer(2, self.request.clone()))
            }
            Awaited::Authentication => {
                Err("the proxy does not accept the user and the password".to_owned())
            }
            Awaited::Reply if *code != 0 => {
                Err(format!("the proxy does not connect: {}", failure(*code)))
            }
            // A reserved byte, and where the proxy connects from.
            Awaited::Reply => {
                let address = match rest {
                    [_, IPV4, ..] => 4,
                    [_, IPV6, ..] => 16,
                    [_, NAME, len, ..] => 1 + usize::from(*len),
                    [] | [_] | [_, NAME] => return Ok(Step::Incomplete),
                    [_, kind, ..] => {
                        return Err(format!("the proxy names an address of the kind {kind}"));
                    }
                };
                let len = 4 + address + 2;
                match unread.len() < len {
                    true => Ok(Step::Incomplete),
                    false => Ok(Step::Connected(len)),
                }
            }
        }
    }
}

/// RFC 1928 §6.
fn failure(code: u8) -> String {
    let text = match code {
        1 => "general failure",
        2 => "its rules do not allow it",
        3 => "the network is unreachable",
        4 => "the host is unreachable, or its name has no address",
        5 => "the host refuses the connection",
        6 => "it took too long",
        7 => "it knows no CONNECT",
        8 => "it knows no addresses of this kind",
        _ => return format!("code {code}"),
    };
    text.to_owned()
}
