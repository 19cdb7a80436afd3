//! The way to the server: over which addresses, from where, through whom.

use std::fs::File;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueHint};
use sslcore_std::{Connector, IpVersion, SslSocket};

use super::authority;
use super::proxy::{Credentials, Proxy};
use crate::exit::Exit;
use crate::files;
use crate::line;
use crate::telling::Trouble;

#[derive(Args)]
#[group(skip)]
pub(super) struct Options {
    /// Try IPv4 addresses only
    #[arg(short = '4', long, conflicts_with = "ipv6")]
    ipv4: bool,
    /// Try IPv6 addresses only
    #[arg(short = '6', long)]
    ipv6: bool,
    /// Connect from this address of this computer's, and this port if one is given: ADDRESS,
    /// ADDRESS:PORT, [IPV6-ADDRESS]:PORT
    #[arg(long, value_name = "ADDRESS[:PORT]", value_parser = local)]
    bind: Option<SocketAddr>,
    /// Have this proxy make the connection: http://HOST:PORT (CONNECT) or socks5://HOST:PORT. It
    /// looks the server's name up. A USER:PASSWORD@ before HOST can be read in the list of processes
    /// by every user of this computer; what --proxy-auth-file names cannot
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    proxy: Option<Proxy>,
    /// Tell the proxy the user and the password that are the first line of this file, USER:PASSWORD
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "proxy",
        value_parser = files::parser())]
    proxy_auth_file: Option<PathBuf>,
}

/// An address, and a port if there is one.
fn local(text: &str) -> Result<SocketAddr, String> {
    let (host, port) = authority::split(text)?;
    let address: IpAddr = host
        .parse()
        .map_err(|_| format!("{host:?} is no address; those of this computer are meant"))?;
    let port = port.map(authority::port).transpose()?;
    Ok(SocketAddr::new(address, port.unwrap_or_default()))
}

/// The way, once it is known that it can be gone.
pub(super) struct Route {
    connector: Connector,
    proxy: Option<Proxy>,
    timeout: Duration,
}

impl Options {
    pub(super) fn route(&self, host: &str, timeout: Duration) -> Result<Route, Trouble> {
        let version = match (self.ipv4, self.ipv6) {
            (true, _) => IpVersion::V4,
            (_, true) => IpVersion::V6,
            _ => IpVersion::Any,
        };
        if let Some(local) = self.bind {
            let (other, option) = match local {
                SocketAddr::V4(_) => (IpVersion::V6, "-6"),
                SocketAddr::V6(_) => (IpVersion::V4, "-4"),
            };
            if version == other {
                let why = format!("--bind {} and {option} exclude each other", local.ip());
                return Err(Trouble::usage(why));
            }
        }
        let mut proxy = self.proxy.clone();
        if let (Some(known), Some(path)) = (&mut proxy, &self.proxy_auth_file) {
            // A user, a colon, a password.
            const LINE: usize = 255 + 1 + 255;
            let line = File::open(path).and_then(|file| line::first(file, LINE));
            let credentials = line
                .map_err(|error| format!("it cannot be read: {error}"))
                .and_then(|line| Credentials::new(&line));
            let credentials =
                credentials.map_err(|why| Trouble::usage(format!("{path:?}: {why}")))?;
            *known = known.clone().with_credentials(credentials);
        }
        if let Some(why) = proxy.as_ref().and_then(|proxy| proxy.refuses(host)) {
            return Err(Trouble::usage(why));
        }
        Ok(Route {
            connector: Connector::new()
                .timeout(Some(timeout))
                .ip_version(version)
                .local_address(self.bind),
            proxy,
            timeout,
        })
    }
}

impl Route {
    /// Connects, in plaintext; `reach` connects to an address, the server's or the proxy's.
    pub(super) fn connect(
        &self,
        host: &str,
        port: u16,
        reach: &dyn Fn(&Connector, &str, u16) -> io::Result<SslSocket>,
    ) -> Result<SslSocket, Trouble> {
        let trouble = |why: String| Trouble::new(Exit::NotConnected, why);
        let Some(proxy) = &self.proxy else {
            let connected = reach(&self.connector, host, port);
            return connected.map_err(|error| trouble(error.to_string()));
        };
        let connected = reach(&self.connector, &proxy.host, proxy.port);
        let mut socket = connected.map_err(|error| trouble(format!("the proxy: {error}")))?;
        proxy
            .connect(&mut socket, host, port, self.timeout)
            .map_err(trouble)?;
        Ok(socket)
    }

    /// Who makes the connection for us, without a password.
    pub(super) fn proxy(&self) -> Option<String> {
        self.proxy.as_ref().map(ToString::to_string)
    }
}
