//! From the command line to a configuration.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use sslcore_std::sslcore::{ClientConfig, OnErrors, PeerName, Pin, Timeouts, UnixTime, VerifyMode};

use super::options::{Mode, Options};
use super::reconnect::Sessions;
use super::report::{Report, Trouble, Trust, Warning};
use super::route::Route;
use super::target::Target;
use crate::anchors;
use crate::judge::{Purpose, Terms};
use crate::key_log::KeyLogFile;

/// The port of HTTPS, for want of another.
const HTTPS: u16 = 443;

/// What a connection needs to be made.
pub(super) struct Settings {
    pub(super) config: ClientConfig,
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
        Ok(Self {
            config: config(options, &sessions, &terms)?,
            terms,
            peer: peer(options)?,
            port: options.target.port.or(protocol_port).unwrap_or(HTTPS),
            domain: named
                .map_or(options.target.name(), String::as_str)
                .to_owned(),
            route: options.route.route(host, options.timeout)?,
            sessions,
            trust: match options.verify {
                Mode::None => Trust::None,
                Mode::Query => Trust::Query,
                Mode::Verify if options.trust_sha256.is_empty() => Trust::Verified,
                Mode::Verify => Trust::Pinned,
            },
        })
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
    let verified = options.verify != Mode::None && options.trust_sha256.is_empty();
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

fn config(
    options: &Options,
    sessions: &Arc<Sessions>,
    terms: &Terms,
) -> Result<ClientConfig, Trouble> {
    if options.ask && options.verify != Mode::Verify {
        let why = "--ask asks about errors that --verify none and --verify query ignore";
        return Err(Trouble::usage(why));
    }
    if !options.trust_sha256.is_empty() && options.verify != Mode::Verify {
        let why = "--trust-sha256 accepts one certificate, --verify none and --verify query all";
        return Err(Trouble::usage(why));
    }
    let timeout = Some(options.timeout);
    let mut builder = ClientConfig::builder(sslcore_std::default_backend())
        .timeouts(Timeouts {
            handshake: timeout,
            decision: None,
            close: timeout,
        })
        .verify_mode(match options.verify {
            Mode::None => VerifyMode::None,
            Mode::Query => VerifyMode::Query,
            Mode::Verify => VerifyMode::Verify,
        })
        .on_errors(match options.ask {
            true => OnErrors::Hold,
            false => OnErrors::Reject,
        })
        .pins(
            options
                .trust_sha256
                .iter()
                .map(|pin| Pin::CertificateSha256(pin.bytes())),
        );
    builder = builder.session_store(sessions.clone());
    let verified = options.verify != Mode::None;
    let status = options.status.apply(builder, verified);
    builder = status.map_err(Trouble::usage)?;
    builder = builder.trust_anchors(terms.anchors.clone());
    if let Some(path) = &options.key_log {
        builder =
            builder.dangerously_log_keys(Arc::new(KeyLogFile::open(path).map_err(Trouble::usage)?));
    }
    if let Some((chain, key)) = options.identity.load().map_err(Trouble::usage)? {
        builder = builder.identity(chain, key);
    }
    if !options.alpn.is_empty() {
        let alpn: Vec<&[u8]> = options.alpn.iter().map(String::as_bytes).collect();
        builder = builder.alpn(&alpn);
    }
    if !options.protocol.is_empty() {
        let protocols: Vec<&str> = options.protocol.iter().map(String::as_str).collect();
        builder = builder.protocols(&protocols);
    }
    if let Some(ciphers) = &options.ciphers {
        builder = builder.ciphers(&ciphers.names());
    }
    if !options.groups.is_empty() {
        let groups: Vec<&str> = options.groups.iter().map(String::as_str).collect();
        builder = builder.groups(&groups);
    }
    if !options.sigalgs.is_empty() {
        let schemes: Vec<&str> = options.sigalgs.iter().map(String::as_str).collect();
        builder = builder.signature_schemes(&schemes);
    }
    builder.build().map_err(Trouble::usage)
}
