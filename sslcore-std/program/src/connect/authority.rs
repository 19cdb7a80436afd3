//! `HOST:PORT`, as URLs and people write it (RFC 3986 §3.2).

use std::net::Ipv6Addr;

use super::service;

/// Host, without brackets, and what stands in the place of a port.
pub(super) fn split(text: &str) -> Result<(&str, Option<&str>), String> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((host, "")) => (host, None),
            Some((host, port)) => match port.strip_prefix(':') {
                Some(port) => (host, Some(port)),
                None => return Err(format!("{port:?} behind the ] is no port")),
            },
            None => return Err("the ] is missing".to_owned()),
        },
        None if is_v6(text) => (text, None),
        None => match text.split_once(':') {
            Some((_, port)) if port.contains(':') => {
                return Err("an IPv6 address with a port is written [ADDRESS]:PORT".to_owned());
            }
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    match host.is_empty() {
        true => Err("the host is missing".to_owned()),
        false => Ok((host, port)),
    }
}

/// The host's name as DNS has it.
pub(super) fn ascii(host: &str) -> Result<String, String> {
    if host.is_ascii() {
        return Ok(host.to_owned());
    }
    let converted = idna::domain_to_ascii_cow(host.as_bytes(), idna::AsciiDenyList::URL);
    converted
        .map(Into::into)
        .map_err(|_| format!("{host:?} is no name that DNS can have (RFC 5891)"))
}

/// Whether this is an IPv6 address, with a zone or without (RFC 4007 §11).
fn is_v6(text: &str) -> bool {
    let (address, _) = text.split_once('%').unwrap_or((text, ""));
    address.parse::<Ipv6Addr>().is_ok()
}

/// A port by its number, or by the name of its service.
pub(super) fn port(text: &str) -> Result<u16, String> {
    match text.parse() {
        Ok(port @ 1..) => Ok(port),
        _ if text.starts_with(|c: char| c.is_ascii_alphabetic()) => {
            service::port(text).ok_or_else(|| {
                format!("{text:?} is no service that is known here; ports are 1 to 65535")
            })
        }
        _ => Err(format!("{text:?} is no port; ports are 1 to 65535")),
    }
}

/// Both in one, with brackets where they are needed.
pub(super) fn join(host: &str, port: u16) -> String {
    match host.contains(':') {
        true => format!("[{host}]:{port}"),
        false => format!("{host}:{port}"),
    }
}
