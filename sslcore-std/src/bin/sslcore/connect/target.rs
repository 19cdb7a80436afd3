//! Where to connect to.

use std::net::Ipv6Addr;
use std::str::FromStr;

/// `HOST`, `HOST:PORT`, `[ADDRESS]:PORT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// A name or an address, without brackets.
    pub(super) host: String,
    pub(super) port: Option<u16>,
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => match rest.split_once(']') {
                Some((host, "")) => (host, None),
                Some((host, port)) => match port.strip_prefix(':') {
                    Some(port) => (host, Some(port)),
                    None => return Err(format!("{port:?} behind the ] is no port")),
                },
                None => return Err("the ] is missing".to_owned()),
            },
            None if text.parse::<Ipv6Addr>().is_ok() => (text, None),
            None => match text.split_once(':') {
                Some((_, port)) if port.contains(':') => {
                    return Err("an IPv6 address with a port is written [ADDRESS]:PORT".to_owned());
                }
                Some((host, port)) => (host, Some(port)),
                None => (text, None),
            },
        };
        if host.is_empty() {
            return Err("the host is missing".to_owned());
        }
        let port = match port.map(|port| (port, port.parse())) {
            None => None,
            Some((_, Ok(port @ 1..))) => Some(port),
            Some((port, _)) => return Err(format!("{port:?} is no port; ports are 1 to 65535")),
        };
        Ok(Self {
            host: host.to_owned(),
            port,
        })
    }
}
