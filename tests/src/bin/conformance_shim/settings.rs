//! Settings as configurations.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use sslcore::crypto::{Backend, HashAlgorithm};
use sslcore::{
    Certificate, CertificateDer, ClientConfig, ClientHello, ConfigBuilder, ConfigError,
    DistinguishedName, Engine, OnErrors, PreSharedKey, PrivateKey, ServerConfig, SslProtocol,
    TicketKeys, VerifyMode,
};

use crate::flags::{Flags, Settings};
use crate::outcome::Trouble;
use crate::secrets::Secrets;
use crate::sessions::{ClientSessions, ServerSessions};
use crate::signing::Preferring;
use crate::verification::Refusing;

/// Key exchange groups by IANA's numbers.
const GROUPS: [(u16, &str); 7] = [
    (23, "secp256r1"),
    (24, "secp384r1"),
    (25, "secp521r1"),
    (29, "X25519"),
    (30, "X448"),
    (0x11eb, "secp256r1MLKEM768"),
    (0x11ec, "X25519MLKEM768"),
];

/// What is used when nothing is named. ML-KEM is a feature of the tests' build, and the runner was run
/// without it.
const CLASSICAL: [&str; 3] = ["X25519", "secp256r1", "secp384r1"];

/// IANA's number of a group.
pub(crate) fn group_number(name: &str) -> Option<u16> {
    let mut groups = GROUPS.iter();
    let (number, _) = groups.find(|(_, known)| known.eq_ignore_ascii_case(name))?;
    Some(*number)
}

/// What is kept from one connection to the next, and what several configurations have together.
pub(crate) struct Kept {
    client: Arc<ClientSessions>,
    server: Arc<ServerSessions>,
    ticket_keys: TicketKeys,
    pub(crate) secrets: Arc<Secrets>,
}

impl Kept {
    pub(crate) fn new(backend: &Backend) -> Self {
        Self {
            client: Arc::default(),
            server: Arc::default(),
            ticket_keys: TicketKeys::rotating(backend, LIFETIME),
            secrets: Arc::default(),
        }
    }

    /// How many sessions were stored so far.
    pub(crate) fn stored(&self) -> usize {
        self.client.stored() + self.server.stored()
    }
}

/// How a session may age, and a certificate expire, between two connections.
const LIFETIME: Duration = Duration::from_secs(7 * 24 * 3600);

impl Settings {
    /// Whether a client offers no TLS 1.2, whatever the flags say: that of our own engine with certificates.
    pub(crate) fn offers_tls13_alone(&self) -> bool {
        self.engine == Some(Engine::Own) && !self.has_keys() && self.tls13
    }

    /// Whether there are pre-shared keys, in the place of certificates.
    pub(crate) fn has_keys(&self) -> bool {
        self.psk.is_some() || !self.imported.is_empty()
    }
}

pub(crate) fn client(
    backend: &Backend,
    flags: &Flags,
    kept: &Kept,
    delay: Duration,
) -> Result<ClientConfig, Trouble> {
    let settings = &flags.settings;
    if settings.client_ca_list.is_some() {
        return Err(Trouble::unsupported("a client that names authorities"));
    }
    let tls12 = settings.tls12 && !settings.offers_tls13_alone();
    let mut builder = ClientConfig::builder(backend.clone())
        .session_store(kept.client.clone())
        .session_lifetime(LIFETIME)
        .remember_groups(false)
        .clock_tolerance(delay);
    if settings.no_ticket {
        builder = builder.session_cache(0);
    }
    if settings.refuse_staple {
        builder = builder.status_checker(Arc::new(Refusing));
    }
    if settings.asks_for_timestamps {
        builder = builder.request_certificate_timestamps(true);
    }
    let names: Vec<&[u8]> = settings.advertise_alpn.iter().map(Vec::as_slice).collect();
    builder = common(
        builder.alpn(&names),
        backend,
        settings,
        tls12,
        &kept.secrets,
    )?;
    let mode = match judged_by_flags(flags) || settings.trust_cert.is_none() {
        true => VerifyMode::External,
        false => VerifyMode::Verify,
    };
    builder = builder.verify_mode(mode);
    builder.build().map_err(unusable)
}

/// A server's configurations.
pub(crate) struct Server {
    usual: ServerConfig,
    /// For TLS 1.3, where a session that is not in a ticket would be announced by one all the same.
    without_sessions: Option<ServerConfig>,
}

impl Server {
    pub(crate) fn new(
        backend: &Backend,
        flags: &Flags,
        kept: &Kept,
        delay: Duration,
    ) -> Result<Self, Trouble> {
        let settings = &flags.settings;
        let builder = || server(backend, flags, kept, delay);
        let without_sessions = match settings.no_ticket && settings.tls13 {
            true => Some(builder()?.session_cache(0).build().map_err(unusable)?),
            false => None,
        };
        Ok(Self {
            usual: builder()?.build().map_err(unusable)?,
            without_sessions,
        })
    }

    pub(crate) fn first(&self) -> &ServerConfig {
        &self.usual
    }

    /// The configuration for this client.
    pub(crate) fn choose(&self, hello: &ClientHello<'_>) -> &ServerConfig {
        match &self.without_sessions {
            Some(config) if hello.offers(SslProtocol::TlsV1_3) => config,
            _ => &self.usual,
        }
    }
}

fn server(
    backend: &Backend,
    flags: &Flags,
    kept: &Kept,
    delay: Duration,
) -> Result<ConfigBuilder<ServerConfig>, Trouble> {
    let settings = &flags.settings;
    if settings.cert_file.is_none() && !settings.has_keys() {
        return Err(Trouble::unsupported("a server without a certificate"));
    }
    let mut builder = ServerConfig::builder(backend.clone())
        .session_store(kept.server.clone())
        .session_lifetime(LIFETIME)
        .clock_tolerance(delay);
    if !settings.decline_ocsp {
        builder = builder.stapled_ocsp_response(settings.ocsp_response.clone());
    }
    if !settings.timestamps.is_empty() {
        builder = builder.signed_certificate_timestamps(settings.timestamps.clone());
    }
    if let Some(names) = &settings.client_ca_list {
        let names = names.iter().map(|name| DistinguishedName::from_der(name));
        builder = builder.client_certificate_authorities(names);
    }
    builder = match settings.no_ticket {
        true => builder.session_tickets(false),
        false => builder.ticket_keys(kept.ticket_keys.clone()),
    };
    if !settings.server_preference && settings.tls13_ciphers.is_empty() {
        builder = builder.follow_client_ciphers();
    }
    // No client can offer a name that has a line break in it.
    match (&settings.select_alpn, settings.reject_alpn) {
        (_, true) => builder = builder.alpn(&[b"\nnone\n"]),
        (Some(name), false) => builder = builder.alpn(&[name]),
        (None, false) => {}
    }
    let asks = settings.require_client_certificate || settings.verify_peer;
    let mode = match (asks || flags.trial.send_alert, judged_by_flags(flags)) {
        (false, _) => VerifyMode::None,
        (true, true) => VerifyMode::External,
        (true, false) if settings.require_client_certificate => VerifyMode::Verify,
        // Whoever has no certificate is welcome, and a session is kept.
        (true, false) => VerifyMode::Query,
    };
    Ok(common(builder, backend, settings, settings.tls12, &kept.secrets)?.verify_mode(mode))
}

/// Whether the flags judge the peer's certificate, in the place of its issuer.
fn judged_by_flags(flags: &Flags) -> bool {
    flags.settings.custom_verify || flags.settings.verdict_by_flags
}

/// What clients and servers are told alike.
fn common<C>(
    mut builder: ConfigBuilder<C>,
    backend: &Backend,
    settings: &Settings,
    tls12: bool,
    secrets: &Arc<Secrets>,
) -> Result<ConfigBuilder<C>, Trouble> {
    let mut protocols = Vec::new();
    protocols.extend(settings.tls13.then_some("TLSv1.3"));
    protocols.extend(tls12.then_some("TLSv1.2"));
    if let Some(engine) = settings.engine {
        builder = builder.engine(engine);
    }
    if protocols.is_empty() {
        return Err(Trouble::unsupported("no version that is spoken here"));
    }
    builder = builder.protocols(&protocols).on_errors(OnErrors::Hold);
    if let (Some(file), false) = (&settings.trust_cert, settings.has_keys()) {
        builder = builder.trust_anchors(certificates(file)?);
    }
    builder = builder.groups(&match &settings.curves[..] {
        [] => CLASSICAL.to_vec(),
        curves => groups(curves)?,
    });
    if let Some(names) = ciphers(backend, settings)? {
        builder = builder.ciphers(&names);
    }
    if settings.log_keys {
        builder = builder.dangerously_log_keys(secrets.clone());
    }
    if !settings.verify_prefs.is_empty() {
        builder = builder.signature_schemes(&schemes(backend, &settings.verify_prefs)?);
    }
    if let Some(bytes) = settings.max_send_fragment {
        builder = builder.max_fragment(bytes);
    }
    if let Some(key) = &settings.psk {
        let key = PreSharedKey::new(&settings.psk_identity, key)
            .map_err(|error| Trouble::unsupported(error.to_string()))?;
        return Ok(builder.allow_short_keys().pre_shared_keys([key]));
    }
    if !settings.imported.is_empty() {
        return Ok(builder.pre_shared_keys(imported(settings)?));
    }
    let (Some(chain), Some(key)) = (&settings.cert_file, &settings.key_file) else {
        return Ok(builder);
    };
    let chain = certificates(chain)?;
    let key = PrivateKey::from_pem(&read(key)?).map_err(Trouble::failed)?;
    if settings.signing_prefs.is_empty() {
        return Ok(builder.identity(chain, key));
    }
    let signer = Preferring::new(backend, key.into(), &settings.signing_prefs)?;
    Ok(builder.identity_with_signer(chain, Arc::new(signer)))
}

fn imported(settings: &Settings) -> Result<Vec<PreSharedKey>, Trouble> {
    if settings.verify_peer || settings.cert_file.is_some() {
        return Err(Trouble::unsupported("certificates beside pre-shared keys"));
    }
    let keys = settings.imported.iter().map(|it| {
        let hash = match it.is_sha384 {
            true => HashAlgorithm::Sha384,
            false => HashAlgorithm::Sha256,
        };
        let key = PreSharedKey::new(&it.identity, &it.key)?.with_hash(hash);
        key.imported(&it.context)
    });
    let keys: Result<_, sslcore::PreSharedKeyError> = keys.collect();
    keys.map_err(Trouble::failed)
}

/// What the backend or the engine cannot do is not supported here either; the rest is a mistake.
fn unusable(error: ConfigError) -> Trouble {
    match error {
        ConfigError::Unsupported { .. }
        | ConfigError::NothingLeft(_)
        | ConfigError::UnusableKey(_) => Trouble::unsupported(error.to_string()),
        ConfigError::MalformedTimestamps(_) => {
            Trouble::failed(format!(":INVALID_SCT_LIST: {error}"))
        }
        error => Trouble::failed(error),
    }
}

/// The certificates in a file.
pub(crate) fn certificates(file: &str) -> Result<Vec<CertificateDer<'static>>, Trouble> {
    let all = Certificate::all_from_pem(&read(file)?).map_err(Trouble::failed)?;
    Ok(all.iter().map(|one| one.der().clone()).collect())
}

fn read(file: &str) -> Result<Vec<u8>, Trouble> {
    fs::read(file).map_err(|error| Trouble::failed(format!("cannot read {file}: {error}")))
}

/// The cipher suites, when the flags name any: those of one version leave the other's as they are.
fn ciphers<'a>(backend: &Backend, settings: &'a Settings) -> Result<Option<Vec<&'a str>>, Trouble> {
    if settings.ciphers.is_empty() && settings.tls13_ciphers.is_empty() {
        return Ok(None);
    }
    let usual = |version: SslProtocol| {
        let all = backend.supported_ciphers();
        all.filter(move |cipher| cipher.protocol() == version)
    };
    let mut names = Vec::new();
    for number in &settings.tls13_ciphers {
        let cipher = usual(SslProtocol::TlsV1_3).find(|cipher| cipher.id() == *number);
        let cipher = cipher
            .ok_or_else(|| Trouble::unsupported(format!("the cipher suite {number:#06x}")))?;
        names.push(cipher.name());
    }
    if names.is_empty() {
        names.extend(usual(SslProtocol::TlsV1_3).map(|cipher| cipher.name()));
    }
    match settings.ciphers.is_empty() {
        true => names.extend(usual(SslProtocol::TlsV1_2).map(|cipher| cipher.name())),
        false => names.extend(settings.ciphers.iter().map(String::as_str)),
    }
    Ok(Some(names))
}

fn groups(numbers: &[u16]) -> Result<Vec<&'static str>, Trouble> {
    let name = |number: &u16| {
        let known = GROUPS.iter().find(|(known, _)| known == number);
        known
            .map(|(_, name)| *name)
            .ok_or_else(|| Trouble::unsupported(format!("the group {number}")))
    };
    numbers.iter().map(name).collect()
}

fn schemes(backend: &Backend, numbers: &[u16]) -> Result<Vec<&'static str>, Trouble> {
    let name = |number: &u16| {
        let mut known = backend.supported_signature_schemes();
        known
            .find(|scheme| scheme.code() == *number)
            .map(|scheme| scheme.name())
            .ok_or_else(|| Trouble::unsupported(format!("the signature scheme {number:#06x}")))
    };
    numbers.iter().map(name).collect()
}
