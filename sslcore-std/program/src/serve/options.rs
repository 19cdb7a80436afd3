//! The command line of `sslcore serve`, and what it asks for.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, ToSocketAddrs};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueHint, value_parser};
use sslcore_std::sslcore::{ServerConfig, VerifyMode};
use sslcore_std::trust;

use super::identity::{Identity, Proof};
use super::server::Service;
use super::www::Folder;
use crate::ciphers::Ciphers;
use crate::files;
use crate::identity;
use crate::key_log::KeyLogFile;
use crate::known::{self, known};
use crate::psk;
use crate::status;
use crate::text::Fingerprint;

/// Serve TLS, to try clients on
///
/// Listens, and does one thing with every client: send back what it says (--echo, the default),
/// serve the files of a folder over HTTP (--www), or take mail that is shown and not delivered,
/// over SMTP with STARTTLS (--smtp). Without --cert or --pkcs12 it makes itself a certificate that
/// lasts as long as the server, for localhost, 127.0.0.1, ::1 and every --name.
///
/// The first line of standard output is the address it listens on. Then come the fingerprint of
/// its certificate, a command that connects and accepts that certificate and no other, and the
/// mail. Standard error has one line for each connection, when it has ended: who it was, what
/// was negotiated, what was done, and how it ended. Ctrl-C ends the server.
#[derive(Args)]
#[command(verbatim_doc_comment, after_help = HELP)]
pub(crate) struct Options {
    /// Where to listen: PORT, for clients on this computer; HOST:PORT, where 0.0.0.0 and [::] are for
    /// all others, too. Port 0 is any that is free
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value = "127.0.0.1:0",
        value_parser = place
    )]
    listen: String,

    /// Send back what the client sends (the default)
    #[arg(long, group = "service", help_heading = "What is served")]
    echo: bool,
    /// Serve the files of this folder: GET and HEAD over HTTP/1.1. Names that begin with a dot,
    /// and links out of the folder, are as if they were not there
    #[arg(
        long,
        group = "service",
        value_name = "FOLDER",
        value_hint = ValueHint::DirPath,
        help_heading = "What is served"
    )]
    www: Option<PathBuf>,
    /// Speak SMTP: offer STARTTLS, take mail after it, and print it
    #[arg(long, group = "service", help_heading = "What is served")]
    smtp: bool,

    #[command(flatten, next_help_heading = "Certificates")]
    identity: identity::Options,
    /// Staple this OCSP response, DER, to the certificate, for clients that ask for one. The file is
    /// read once: a newer response needs a new start
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "identity",
        value_parser = files::parser(), help_heading = "Certificates")]
    ocsp_response: Option<PathBuf>,
    /// One more name for the certificate made when there is no --cert or --pkcs12; can be repeated
    #[arg(
        long,
        value_name = "NAME",
        conflicts_with = "identity",
        help_heading = "Certificates"
    )]
    name: Vec<String>,
    /// Clients must have a certificate by one of these authorities: a file, a folder or a
    /// pattern; can be repeated [default: they are not asked for one]
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath,
        value_parser = files::parser(), help_heading = "Certificates")]
    client_ca: Vec<PathBuf>,
    /// Ask for the client's certificate and show what is wrong with it (without --client-ca no
    /// authority is known), but let everybody in
    #[arg(long, help_heading = "Certificates")]
    request_client_cert: bool,

    #[command(flatten, next_help_heading = "Pre-shared key")]
    pub(super) psk: psk::Options,

    /// Application protocols, the preferred one first: h2,http/1.1 [default: http/1.1,http/1.0 with --www,
    /// else none]
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        help_heading = "TLS"
    )]
    alpn: Vec<String>,
    /// The versions, with a comma between them: TLSv1.2, TLSv1.3 [default: both]
    #[arg(
        long,
        value_name = "VERSIONS",
        value_delimiter = ',',
        value_parser = known(str::parse::<String>, known::versions),
        hide_possible_values = true,
        help_heading = "TLS"
    )]
    protocol: Vec<String>,
    /// The cipher suites, by IANA's or OpenSSL's names, with commas or colons between them
    /// [default: all]
    #[arg(
        long,
        value_name = "NAMES",
        value_parser = known(str::parse::<Ciphers>, known::ciphers),
        hide_possible_values = true,
        help_heading = "TLS"
    )]
    ciphers: Option<Ciphers>,

    /// Append the secrets of all connections to this file, for Wireshark: whoever reads it can
    /// decrypt them
    #[arg(long, value_name = "FILE", value_parser = files::written_parser(), help_heading = "Running")]
    key_log: Option<PathBuf>,
    /// Say everything as JSON on standard output, one object per line; `sslcore --help` lists
    /// their members
    #[arg(long, help_heading = "Running")]
    pub(super) json: bool,
    /// End after one connection
    #[arg(long, conflicts_with = "count", help_heading = "Running")]
    once: bool,
    /// End after so many connections
    #[arg(long, value_name = "N", value_parser = value_parser!(u64).range(1..),
        help_heading = "Running")]
    count: Option<u64>,
    /// End a connection that keeps still for so many seconds
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds,
        help_heading = "Running")]
    pub(super) timeout: Duration,
}

const HELP: &str = "\
Examples:
  sslcore serve
      echoes; the printed command connects to it
  sslcore serve --www public --cert server.pem --key server.key --listen 8443
      https://localhost:8443/ is public/index.html
  sslcore serve --smtp --listen 127.0.0.1:2525
      a mail server for tests: swaks --tls --to me@localhost --server 127.0.0.1:2525
  sslcore serve --client-ca ca.pem
      only clients with a certificate by that authority
  sslcore serve --pkcs12 server.p12 --passphrase-env PASSPHRASE
      with a certificate and key from elsewhere
  sslcore serve --psk-identity sensor-7 --psk-file sensor-7.key
      only clients that have the same key, and no certificates; the printed command connects
  sslcore serve --once --json
      one connection, told as JSON for another program

A connection that does not become TLS is dropped after 10 s. There are at most 64 at a time; more
wait. One that goes wrong is told like the others and disturbs none of them.

Exit codes:
  0  --once or --count: every connection ended as it should
  1  the command line is wrong, or a file or folder that it names cannot be used
  2  it cannot listen there
  With --once or --count, for the first connection that did not end as it should:
  3  TLS failed, or the client broke the protocol inside it
  4  one side refused the other's certificate, or the two do not have the same pre-shared key
  5  the client's stream was cut, without close_notify, or ended before all was sent";

fn place(text: &str) -> Result<String, String> {
    let port = text.rsplit_once(':').map_or(text, |(_, port)| port);
    match port.parse::<u16>() {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err(format!(
            "{port:?} is no port; PORT, HOST:PORT or [IPV6-ADDRESS]:PORT is wanted"
        )),
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(seconds @ 1..=86_400) => Ok(Duration::from_secs(seconds)),
        _ => Err("a number from 1 to 86400 is wanted".to_owned()),
    }
}

/// Where the server listens.
pub(super) struct Listener {
    pub(super) listener: TcpListener,
    pub(super) address: SocketAddr,
}

impl Options {
    /// The key that clients must have, or else a certificate to show.
    pub(super) fn proof(&self) -> Result<Proof, String> {
        let about_certificates = [
            ("--cert or --pkcs12", self.identity.is_given()),
            ("--name", !self.name.is_empty()),
            ("--client-ca", !self.client_ca.is_empty()),
            ("--request-client-cert", self.request_client_cert),
        ];
        match self.psk.load(&about_certificates)? {
            Some(key) => Ok(Proof::Key(key)),
            None => self.identity().map(Proof::Certificate),
        }
    }

    /// What a client's command line says where the server has a key.
    pub(super) fn client_options(&self) -> String {
        let mut options = self.psk.command();
        // TLS 1.3 needs no word.
        if !self.protocol.is_empty() && !self.protocol.iter().any(|name| name == "TLSv1.3") {
            options += &format!(" --protocol {}", self.protocol.join(","));
        }
        options
    }

    /// The certificate to show: the given one, or one made now.
    fn identity(&self) -> Result<Identity, String> {
        let Some((chain, key)) = self.identity.load()? else {
            return Identity::to_throw_away(&self.name);
        };
        let leaf = chain.first().map(AsRef::as_ref).unwrap_or_default();
        Ok(Identity {
            fingerprint: Fingerprint::of(leaf),
            thrown_away: false,
            chain,
            key: key.into(),
        })
    }

    pub(super) fn config(&self, proof: Proof) -> Result<ServerConfig, String> {
        let mut anchors = Vec::new();
        for path in &self.client_ca {
            anchors.extend(trust::certificates(path).map_err(|error| error.to_string())?);
        }
        let mode = match (self.request_client_cert, anchors.is_empty()) {
            (true, _) => VerifyMode::Query,
            (false, true) => VerifyMode::None,
            (false, false) => VerifyMode::Verify,
        };
        let builder = ServerConfig::builder(sslcore_std::default_backend());
        let mut builder = match proof {
            Proof::Certificate(identity) => builder
                .identity(identity.chain, identity.key)
                .trust_anchors(anchors)
                .verify_mode(mode),
            Proof::Key(key) => key.configure(builder),
        };
        let mut alpn: Vec<&[u8]> = self.alpn.iter().map(|name| name.as_bytes()).collect();
        if alpn.is_empty() && self.www.is_some() {
            alpn.extend([&b"http/1.1"[..], b"http/1.0"]);
        }
        builder = builder.alpn(&alpn);
        if !self.protocol.is_empty() {
            builder = builder.protocols(&strs(&self.protocol));
        }
        if let Some(ciphers) = &self.ciphers {
            builder = builder.ciphers(&ciphers.names());
        }
        if let Some(file) = &self.ocsp_response {
            builder = builder.stapled_ocsp_response(status::response(file)?);
        }
        if let Some(path) = &self.key_log {
            builder = builder.dangerously_log_keys(Arc::new(KeyLogFile::open(path)?));
        }
        builder.build().map_err(psk::said)
    }

    pub(super) fn service(&self) -> Result<Service, String> {
        match &self.www {
            Some(folder) => Ok(Service::Www(Folder::new(folder)?)),
            None if self.smtp => Ok(Service::Smtp),
            None => Ok(Service::Echo),
        }
    }

    pub(super) fn listen(&self) -> Result<Listener, String> {
        let why = |error| format!("cannot listen on {:?}: {error}", self.listen);
        let listener = match self.listen.parse::<u16>() {
            Ok(port) => TcpListener::bind((Ipv4Addr::LOCALHOST, port)),
            Err(_) => self
                .listen
                .to_socket_addrs()
                .and_then(|addresses| TcpListener::bind(&*addresses.collect::<Vec<_>>())),
        };
        let listener = listener.map_err(why)?;
        let address = listener.local_addr().map_err(why)?;
        Ok(Listener { listener, address })
    }

    pub(super) fn connections(&self) -> Option<u64> {
        match self.once {
            true => Some(1),
            false => self.count,
        }
    }
}

fn strs(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}
