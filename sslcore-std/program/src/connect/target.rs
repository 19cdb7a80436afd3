//! Where to connect to.

use std::str::FromStr;

use sslcore_std::starttls::Protocol;

use super::{authority, service};

/// `HOST`, `HOST:PORT`, `[ADDRESS]:PORT`, or a URL of a service that begins with TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// A name or an address, without brackets. Of a name in other letters than ASCII, what DNS has
    /// in its place (RFC 5891); of an address, its zone too.
    pub(super) host: String,
    pub(super) port: Option<u16>,
    /// What a URL asks for at the host, which nobody does here.
    pub(super) unused: Option<String>,
}

impl Target {
    /// What the certificate is for: not the zone, which only this computer knows (RFC 6874 §4).
    pub(super) fn name(&self) -> &str {
        match self.host.split_once('%') {
            Some((address, _)) if address.contains(':') => address,
            _ => &self.host,
        }
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (default, place, unused) = match text.split_once("://") {
            Some((scheme, rest)) => {
                let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
                let (place, path) = rest.split_at(end);
                let unused = !matches!(path, "" | "/");
                let unused = unused.then(|| path.to_owned());
                (Some(port_of(scheme)?), place, unused)
            }
            None => (None, text, None),
        };
        if let Some((_, host)) = place.rsplit_once('@') {
            return Err(format!(
                "no user is told to the server here, what it is told comes from standard input: \
                 give {host:?} alone"
            ));
        }
        if let Some(at) = place.find(['/', '?', '#']) {
            let host = &place[..at];
            return Err(format!(
                "a path belongs to a URL: give {host:?}, or https://{place}"
            ));
        }
        let (host, port) = authority::split(place)?;
        Ok(Self {
            host: authority::ascii(host)?,
            port: port.map(authority::port).transpose()?.or(default),
            unused,
        })
    }
}

/// The port of a URL's scheme.
fn port_of(scheme: &str) -> Result<u16, String> {
    if let Some(port) = service::port_of_tls(scheme) {
        return Ok(port);
    }
    Err(match scheme.parse::<Protocol>() {
        Ok(protocol) => {
            format!(
                "{scheme}:// begins in plaintext: give the host alone, and --starttls {protocol}"
            )
        }
        Err(_) if scheme.eq_ignore_ascii_case("http") => {
            "http:// is plaintext, without TLS; https:// has it".to_owned()
        }
        Err(_) => format!("the scheme {scheme:?} is not known here; give HOST:PORT"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (String, Option<u16>) {
        let target = text.parse::<Target>().expect(text);
        (target.host, target.port)
    }

    fn wrong(text: &str) -> String {
        text.parse::<Target>().expect_err(text)
    }

    #[test]
    fn hosts_ports_services_and_urls() {
        for (text, host, port) in [
            ("host", "host", None),
            ("host:993", "host", Some(993)),
            ("host:imaps", "host", Some(993)),
            ("host:IMAPS", "host", Some(993)),
            ("host:smtp", "host", Some(25)),
            ("host:xmpp-server", "host", Some(5269)),
            ("::1", "::1", None),
            ("[::1]", "::1", None),
            ("[::1]:imaps", "::1", Some(993)),
            ("fe80::1%eth0", "fe80::1%eth0", None),
            ("[fe80::1%eth0]:443", "fe80::1%eth0", Some(443)),
            ("https://host", "host", Some(443)),
            ("HTTPS://host:8443/", "host", Some(8443)),
            ("https://[::1]:8443/", "::1", Some(8443)),
            ("ldaps://host", "host", Some(636)),
            (
                "b\u{fc}cher.example:443",
                "xn--bcher-kva.example",
                Some(443),
            ),
            (
                "https://B\u{dc}CHER.example",
                "xn--bcher-kva.example",
                Some(443),
            ),
            (
                "\u{4e2d}\u{6587}\u{3002}example",
                "xn--fiq228c.example",
                None,
            ),
        ] {
            assert_eq!(parsed(text), (host.to_owned(), port), "{text}");
        }
    }

    #[test]
    fn what_a_url_asks_for_is_known_and_not_asked() {
        for (text, unused) in [
            ("https://host/a?b#c", Some("/a?b#c")),
            ("https://host?b", Some("?b")),
            ("https://host/", None),
        ] {
            let target = text.parse::<Target>().expect(text);
            assert_eq!(target.unused.as_deref(), unused, "{text}");
        }
    }

    #[test]
    fn a_zone_is_no_part_of_the_name_that_is_verified() {
        let target = "[fe80::1%eth0]:443".parse::<Target>().expect("a target");
        assert_eq!(target.name(), "fe80::1");
        let target = "host%1".parse::<Target>().expect("odd, but no address");
        assert_eq!(target.name(), "host%1");
    }

    #[test]
    fn what_is_none_says_what_would_be() {
        for (text, why) in [
            ("me@host:25", "give \"host:25\" alone"),
            ("https://me:secret@host/", "give \"host\" alone"),
            ("host/path", "give \"host\", or https://host/path"),
            ("imap://host", "--starttls imap"),
            ("postgres://host/base", "--starttls postgres"),
            ("http://host", "https:// has it"),
            ("gopher://host", "\"gopher\" is not known here"),
            ("host:imapz", "\"imapz\" is no service that is known here"),
            ("host:70000", "\"70000\" is no port"),
            ("host:-1", "\"-1\" is no port"),
            ("https://", "the host is missing"),
            ("a\u{2024}\u{fe12}", "is no name that DNS can have"),
        ] {
            assert!(wrong(text).contains(why), "{text}: {}", wrong(text));
        }
    }
}
