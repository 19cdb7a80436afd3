//! From the command line to a configuration.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use sslcore_std::SslSocket;
use sslcore_std::sslcore::{ClientConfig, Connection, PeerName, UnixTime, VerifyMode};

use super::options::{Mode, Options};
use super::reconnect::Sessions;
use super::report::{Report, Trouble, Trust, Warning};
use super::route::Route;
use super::secrets::{Draft, Secrets};
use super::target::Target;
use crate::anchors;
use crate::judge::{Purpose, Terms};
use crate::key_log::KeyLogFile;
use crate::plan::Plan;

/// The port of HTTPS, for want of another.
const HTTPS: u16 = 443;

/// What a connection needs to be made.
pub(super) struct Settings {
    pub(super) config: ClientConfig,
    /// What everything is written down in.
    pub(super) secrets: Option<Secrets>,
    pub(super) peer: PeerName,
    pub(super) port: u16,
    /// The name that is told in plaintext, where the protocol has a place for it.
    pub(super) domain: String,
    /// What a chain is verified by, again, when it is not acceptable.
    pub(super) terms: Terms,
    pub(super) route: Route,
    /// What is remembered of the server.
    pub(super) sessions: Arc<Sessions>,
    /// Why a certificate is trusted when nobody had to be asked.
    pub(super) trust: Trust,
}

impl Settings {
    pub(super) fn new(options: &Options, report: &Report) -> Result<Self, Trouble> {
        let key = options.psk.load(&beside_a_key(options));
        let key = key.map_err(Trouble::usage)?;
        if key.is_some() {
            check_is_not_done_again(options)?;
        }
        let Target { host, unused, .. } = &options.target;
        if let Some(unused) = unused {
            report.tell(&Warning(format!(
                "{unused:?} is not asked for: what the server is told comes from standard input"
            )));
        }
        let protocol_port = options.starttls.map(|protocol| protocol.default_port());
        let named = options.sni.as_ref().or(options.name.as_ref());
        let terms = terms(options, report)?;
        let sessions = Sessions::new();
        let plan = plan(options, &terms)?;
        let identity = options.identity.load().map_err(Trouble::usage)?;
        let key_log = options.key_log.as_deref().map(KeyLogFile::open);
        let key_log = key_log.transpose().map_err(Trouble::usage)?;
        let secrets = Draft::new(options.record_secrets.as_deref(), identity.as_ref())?;
        let backend = secrets.backend();
        let anchors = terms.anchors.clone();
        let config = plan.config(backend, anchors, sessions.clone(), identity, key, key_log);
        let config = config.map_err(Trouble::usage)?;
        Ok(Self {
            config,
            secrets: secrets.begin(&plan, report)?,
            terms,
            peer: peer(options)?,
            port: options.target.port.or(protocol_port).unwrap_or(HTTPS),
            domain: named
                .map_or(options.target.name(), String::as_str)
                .to_owned(),
            route: options.route.route(host, options.timeout)?,
            sessions,
            trust: match options.verify {
                _ if options.psk.is_given() => Trust::Key,
                Mode::None => Trust::None,
                Mode::Query => Trust::Query,
                Mode::Verify if options.trust_sha256.is_empty() => Trust::Verified,
                Mode::Verify => Trust::Pinned,
            },
        })
    }
}

impl Settings {
    /// Has a connection written down that has not begun yet, if that is wanted.
    pub(super) fn transcribe(&self, socket: &mut SslSocket) -> io::Result<()> {
        let secrets = self.secrets.as_ref();
        secrets.map_or(Ok(()), |secrets| secrets.transcribe(socket))
    }

    /// Writes down what a connection was verified by, if that is wanted.
    pub(super) fn write_anchors(&self, connection: &Connection) {
        if let Some(secrets) = &self.secrets {
            secrets.anchors(connection, &self.terms);
        }
    }
}

fn peer(options: &Options) -> Result<PeerName, Trouble> {
    let host = options.target.name();
    let verified = options.name.as_deref().unwrap_or(host);
    if let Some(address) = options.sni.as_ref().filter(|name| is_address(name)) {
        let why = format!("--sni {address}: an address cannot be asked for (RFC 6066 §3)");
        return Err(Trouble::usage(why));
    }
    // An address cannot be asked for, and the host's own name may be none that TLS knows.
    let is_name = PeerName::new(host).is_ok() && !is_address(host);
    let asked = match &options.sni {
        Some(name) => name,
        None if is_name => host,
        None => verified,
    };
    let peer = PeerName::new(asked).and_then(|peer| peer.verify_as(verified));
    let peer = peer.map_err(Trouble::usage)?;
    Ok(match options.no_sni {
        true => peer.without_sni(),
        false => peer,
    })
}

fn is_address(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok()
}

fn terms(options: &Options, report: &Report) -> Result<Terms, Trouble> {
    let verified =
        options.verify != Mode::None && options.trust_sha256.is_empty() && !options.psk.is_given();
    let since = SystemTime::UNIX_EPOCH.elapsed().ok();
    Ok(Terms {
        anchors: anchors::find(&options.ca, verified, report)?,
        lists: options.status.lists().map_err(Trouble::usage)?,
        purpose: Purpose::Server,
        name: Some(
            options
                .name
                .as_ref()
                .unwrap_or(&options.target.host)
                .clone(),
        ),
        at: since.map(UnixTime::since_unix_epoch),
    })
}

/// The options that have no meaning where a pre-shared key is in the place of certificates.
fn beside_a_key(options: &Options) -> [(&'static str, bool); 11] {
    [
        ("--ca", !options.ca.is_empty()),
        ("--trust-sha256", !options.trust_sha256.is_empty()),
        ("--name", options.name.is_some()),
        ("--verify", options.verify != Mode::Verify),
        ("--ask", options.ask),
        ("--crl", options.status.has_lists()),
        ("--require-staple", options.status.wants_staple()),
        ("--cert or --pkcs12", options.identity.is_given()),
        ("--client-ca-names", options.client_ca_names),
        ("--sigalgs", !options.sigalgs.is_empty()),
        ("--show-certs", options.show_certs.is_some()),
    ]
}

/// What there is not for connections with a pre-shared key.
fn check_is_not_done_again(options: &Options) -> Result<(), Trouble> {
    if options.reconnect > 0 {
        let why = "--reconnect: a connection with a pre-shared key is never resumed";
        return Err(Trouble::usage(why));
    }
    if options.record_secrets.is_some() {
        let why = "--record-secrets: a connection with a pre-shared key cannot be replayed, since the \
                   key would have to be in the recording";
        return Err(Trouble::usage(why));
    }
    Ok(())
}

fn plan(options: &Options, terms: &Terms) -> Result<Plan, Trouble> {
    if options.ask && options.verify != Mode::Verify {
        let why = "--ask asks about errors that --verify none and --verify query ignore";
        return Err(Trouble::usage(why));
    }
    if !options.trust_sha256.is_empty() && options.verify != Mode::Verify {
        let why = "--trust-sha256 accepts one certificate, --verify none and --verify query all";
        return Err(Trouble::usage(why));
    }
    let verified = options.verify != Mode::None;
    let require_staple = options.status.requires_staple(verified);
    let ciphers = options.ciphers.as_ref().map(|ciphers| {
        let names = ciphers.names().into_iter();
        names.map(ToOwned::to_owned).collect()
    });
    Ok(Plan {
        verify: match options.verify {
            Mode::None => VerifyMode::None,
            Mode::Query => VerifyMode::Query,
            Mode::Verify => VerifyMode::Verify,
        },
        asks: options.ask,
        timeout: options.timeout,
        pins: options.trust_sha256.clone(),
        lists: terms.lists.clone(),
        require_staple: require_staple.map_err(Trouble::usage)?,
        alpn: options.alpn.clone(),
        protocols: options.protocol.clone(),
        ciphers,
        groups: options.groups.clone(),
        signature_schemes: options.sigalgs.clone(),
    })
}
