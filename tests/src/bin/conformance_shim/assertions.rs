//! What the flags say must be so.

use std::fmt::Debug;

use sslcore::{ClientHello, Connection, ExportError, SignatureScheme, SslProtocol};

use crate::flags::{Expected, Flags};
use crate::outcome::Trouble;
use crate::settings::{certificates, group_number};
use crate::tokens;
use crate::verification::{Opinion, accepts_any};

/// Fails unless the two are the same.
fn same<T: PartialEq + Debug>(what: &str, wanted: &T, found: &T) -> Result<(), Trouble> {
    match wanted == found {
        true => Ok(()),
        false => Err(Trouble::failed(format!(
            "{what} is {found:02x?}, and {wanted:02x?} was expected"
        ))),
    }
}

/// Fails unless it holds.
fn holds(what: &str, held: bool) -> Result<(), Trouble> {
    match held {
        true => Ok(()),
        false => Err(Trouble::failed(format!(
            "{what}, and that was not expected"
        ))),
    }
}

/// What a session's full handshake has proven, and a resumed one does not again.
#[derive(Debug, Default)]
pub(crate) struct Proven {
    signature: Option<SignatureScheme>,
    group: Option<&'static str>,
    /// Whether the peer's chain has errors, or the application is against it.
    is_bad: bool,
}

impl Proven {
    /// `opinion` is the application's, if it was asked.
    pub(crate) fn learn(&mut self, conn: &Connection, opinion: Option<Opinion>) {
        if !conn.is_resumed() {
            *self = Self::default();
        }
        self.is_bad |= opinion == Some(Opinion::Bad) || !conn.ssl_errors().is_empty();
        self.signature = conn.peer_signature_scheme().or(self.signature);
        self.group = conn.key_exchange_group().or(self.group);
    }
}

/// What a client's hello says to a server.
pub(crate) fn hello(expected: &Expected, hello: &ClientHello<'_>) -> Result<(), Trouble> {
    if let Some(wanted) = &expected.advertised_alpn {
        let mut found = Vec::new();
        for name in hello.alpn() {
            found.push(name.len() as u8);
            found.extend_from_slice(name);
        }
        same("the list of offered protocols", wanted, &found)?;
    }
    if !expected.peer_verify_prefs.is_empty() {
        let found: Vec<u16> = hello.signature_schemes().collect();
        let wanted = &expected.peer_verify_prefs;
        same("the list of accepted signature schemes", wanted, &found)?;
    }
    Ok(())
}

/// What the two sides have agreed on.
pub(crate) fn negotiated(
    expected: &Expected,
    conn: &Connection,
    proven: &Proven,
) -> Result<(), Trouble> {
    if let Some(wanted) = expected.version {
        let found = conn.session_protocol().map(|version| match version {
            SslProtocol::TlsV1_2 => 0x0303,
            _ => 0x0304,
        });
        same("the version", &Some(wanted), &found)?;
    }
    if let Some(wanted) = expected.cipher {
        let found = conn.session_cipher().map(|cipher| cipher.id());
        same("the cipher suite", &Some(wanted), &found)?;
    }
    if let Some(wanted) = expected.curve {
        let found = proven.group.and_then(group_number);
        same("the group", &Some(wanted), &found)?;
    }
    if let Some(wanted) = expected.peer_signature_scheme {
        let found = proven.signature.map(SignatureScheme::code);
        same("the peer's signature scheme", &Some(wanted), &found)?;
    }
    if let Some(wanted) = expected.retry {
        same("a HelloRetryRequest", &wanted, &conn.is_hello_retried())?;
    }
    if let Some(wanted) = &expected.server_name {
        same("the server name", &Some(&**wanted), &conn.server_name())?;
    }
    if expected.no_server_name {
        same("the server name", &None, &conn.server_name())?;
    }
    if let Some(wanted) = &expected.alpn {
        let wanted = (!wanted.is_empty()).then_some(&**wanted);
        same("the application protocol", &wanted, &conn.alpn_protocol())?;
    }
    if expected.extended_master_secret {
        // Nothing is exported in TLS 1.2 without it.
        let exported = conn.export_keying_material(&mut [0; 1], b"EXPORTER-trial", None);
        let without = exported == Err(ExportError::NoExtendedMasterSecret);
        holds("there is no extended master secret", !without)?;
    }
    Ok(())
}

/// Whether a session was resumed.
pub(crate) fn resumed(
    expected: &Expected,
    conn: &Connection,
    is_resume: bool,
) -> Result<(), Trouble> {
    let wanted = is_resume && !expected.session_miss;
    same("a resumed session", &wanted, &conn.is_resumed())
}

/// What is known of the peer.
pub(crate) fn peer(flags: &Flags, conn: &Connection, proven: &Proven) -> Result<(), Trouble> {
    let expected = &flags.expected;
    let chain: Vec<_> = conn.peer_certificate_chain().iter().collect();
    if let Some(wanted) = &expected.ocsp_response {
        let found = conn.stapled_ocsp_response().unwrap_or_default();
        same("the OCSP response", &&**wanted, &found)?;
    }
    if let Some(wanted) = &expected.timestamps {
        let found = conn.signed_certificate_timestamps().unwrap_or_default();
        same("the list of timestamps", &&**wanted, &found)?;
    }
    if expected.verify_result {
        same("a failed verdict", &flags.trial.fails, &proven.is_bad)?;
    }
    if let Some(file) = &expected.peer_cert_file {
        let wanted = certificates(file)?;
        let found: Vec<_> = chain.iter().map(|one| one.der().clone()).collect();
        holds("the peer has another chain", wanted == found)?;
    }
    let is_server = conn.server_config().is_some();
    if let (true, false, [first, ..]) = (is_server, accepts_any(flags), conn.ssl_errors()) {
        let token = tokens::CERTIFICATE_VERIFY_FAILED;
        return Err(Trouble::failed(format!("{token} {first}")));
    }
    if let Some(wanted) = expected.selected_credential {
        let key = flags.settings.imported.get(wanted);
        let key = key.ok_or_else(|| Trouble::unsupported("a choice of certificates"))?;
        // The name that is sent begins with the key's own and its length (RFC 9258 §5.1).
        let len = u16::try_from(key.identity.len()).map_err(Trouble::failed)?;
        let name = [&len.to_be_bytes(), &*key.identity].concat();
        let found = conn.psk_identity().unwrap_or_default();
        holds("another key was chosen", found.starts_with(&name))?;
    }
    if expected.no_peer_cert || flags.settings.has_keys() {
        holds("the peer has a certificate", chain.is_empty())?;
    } else if !is_server || flags.settings.require_client_certificate {
        holds("the peer has no certificate", !chain.is_empty())?;
    }
    if let Some(wanted) = &expected.client_ca_list {
        let names = conn.client_certificate_authorities();
        let found: Vec<Vec<u8>> = names.map(|name| name.der().to_vec()).collect();
        same("the list of authorities", wanted, &found)?;
    }
    Ok(())
}

/// Whether a server keeps the session itself.
pub(crate) fn session_id(expected: &Expected, stored: bool) -> Result<(), Trouble> {
    match expected.session_id {
        Some(wanted) => same("a session in the server's cache", &wanted, &stored),
        None => Ok(()),
    }
}

/// Whether a client has a new session at the end.
pub(crate) fn session(flags: &Flags, conn: &Connection, stored: bool) -> Result<(), Trouble> {
    let expected = &flags.expected;
    match conn.session_protocol() {
        // Handshakes with keys leave none behind.
        _ if flags.settings.has_keys() => same("a new session", &false, &stored),
        // It may have ended before a ticket came.
        Some(SslProtocol::TlsV1_3) if flags.traffic.shuts_down => Ok(()),
        Some(SslProtocol::TlsV1_3) => same("a new session", &!expected.no_session, &stored),
        // A resumed session is stored again, renewed or not.
        Some(_) if conn.is_resumed() && !expected.ticket_renewal => Ok(()),
        Some(_) => same("a new session", &!expected.no_session, &stored),
        None => Ok(()),
    }
}
