//! What the command line asks for.

use std::time::Duration;

use sslcore::{Alert, Engine};

use crate::outcome::Trouble;
use crate::parsing::Arguments;

/// The whole command line.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// The runner's port on loopback.
    pub(crate) port: u16,
    pub(crate) ipv6: bool,
    /// What the runner knows this program by.
    pub(crate) shim_id: u64,
    pub(crate) is_server: bool,
    /// The flags of every connection: the first, and each that may resume its session.
    pub(crate) connections: Vec<Flags>,
}

/// The flags of one connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flags {
    pub(crate) settings: Settings,
    pub(crate) host_name: Option<String>,
    pub(crate) trial: Trial,
    pub(crate) traffic: Traffic,
    pub(crate) expected: Expected,
}

/// A pre-shared key that is imported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Imported {
    pub(crate) key: Vec<u8>,
    pub(crate) identity: Vec<u8>,
    pub(crate) context: Vec<u8>,
    pub(crate) is_sha384: bool,
}

/// What a configuration is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Who does the handshake, if that is said.
    pub(crate) engine: Option<Engine>,
    /// A pre-shared key in the place of certificates, and its name.
    pub(crate) psk: Option<Vec<u8>>,
    pub(crate) psk_identity: Vec<u8>,
    /// Keys that are imported (RFC 9258), in the place of that.
    pub(crate) imported: Vec<Imported>,
    pub(crate) trust_cert: Option<String>,
    pub(crate) cert_file: Option<String>,
    pub(crate) key_file: Option<String>,
    pub(crate) ocsp_response: Vec<u8>,
    /// Of certificates, by logs (RFC 6962).
    pub(crate) timestamps: Vec<u8>,
    pub(crate) asks_for_timestamps: bool,
    /// A server staples nothing, whatever it has.
    pub(crate) decline_ocsp: bool,
    /// A client refuses whatever is stapled, and nothing, too.
    pub(crate) refuse_staple: bool,
    pub(crate) signing_prefs: Vec<u16>,
    pub(crate) verify_prefs: Vec<u16>,
    pub(crate) curves: Vec<u16>,
    pub(crate) ciphers: Vec<String>,
    pub(crate) tls13_ciphers: Vec<u16>,
    /// Hand out the traffic secrets.
    pub(crate) log_keys: bool,
    pub(crate) tls12: bool,
    pub(crate) tls13: bool,
    /// What a client offers.
    pub(crate) advertise_alpn: Vec<Vec<u8>>,
    /// What a server accepts.
    pub(crate) select_alpn: Option<Vec<u8>>,
    pub(crate) reject_alpn: bool,
    pub(crate) no_ticket: bool,
    pub(crate) server_preference: bool,
    pub(crate) max_send_fragment: Option<usize>,
    pub(crate) require_client_certificate: bool,
    /// The names of authorities that a server tells its clients.
    pub(crate) client_ca_list: Option<Vec<Vec<u8>>>,
    pub(crate) verify_peer: bool,
    pub(crate) custom_verify: bool,
    /// Some connection's flags say themselves what to think of the peer.
    pub(crate) verdict_by_flags: bool,
}

/// How the peer's certificate is judged, beside what the settings say.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Trial {
    pub(crate) fails: bool,
    pub(crate) again_on_resume: bool,
    /// Refuse the peer with an alert of the application's choice.
    pub(crate) send_alert: bool,
    /// Refuse to serve the client, once its hello was read.
    pub(crate) refusal: Option<Refusal>,
    /// The alert of a refusal to choose a certificate.
    certificate_alert: Option<u8>,
}

/// Why a client is not served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// As soon as its hello is there.
    Early,
    /// There are too many clients.
    Overload,
    /// No certificate can be chosen.
    Certificate,
    /// Nothing can be stapled.
    Staple,
}

/// What is done once the connection is encrypted.
#[derive(Clone, Debug)]
pub(crate) struct Traffic {
    /// What is written first, and how often.
    pub(crate) first: Vec<u8>,
    pub(crate) repeat_first: u16,
    pub(crate) writes_first: bool,
    pub(crate) unfinished_write: bool,
    pub(crate) different_sizes: bool,
    pub(crate) read_size: usize,
    pub(crate) peeks: bool,
    pub(crate) key_update: bool,
    pub(crate) key_update_before_read: bool,
    pub(crate) shuts_down: bool,
    pub(crate) check_close_notify: bool,
    pub(crate) export: Option<u16>,
    pub(crate) export_label: Vec<u8>,
    pub(crate) export_context: Vec<u8>,
    pub(crate) use_export_context: bool,
    pub(crate) max_cert_list: Option<usize>,
    pub(crate) starts_again: bool,
    /// By how much the clock is put forward behind this connection.
    pub(crate) delay: Duration,
}

impl Default for Traffic {
    fn default() -> Self {
        Self {
            first: b"hello".to_vec(),
            repeat_first: 1,
            writes_first: false,
            unfinished_write: false,
            different_sizes: false,
            read_size: 512,
            peeks: false,
            key_update: false,
            key_update_before_read: false,
            shuts_down: false,
            check_close_notify: false,
            export: None,
            export_label: Vec::new(),
            export_context: Vec::new(),
            use_export_context: false,
            max_cert_list: None,
            starts_again: false,
            delay: Duration::ZERO,
        }
    }
}

/// What must be so, or the program fails.
#[derive(Clone, Debug, Default)]
pub(crate) struct Expected {
    pub(crate) version: Option<u16>,
    pub(crate) cipher: Option<u16>,
    pub(crate) curve: Option<u16>,
    pub(crate) peer_signature_scheme: Option<u16>,
    /// What the client's hello accepts of signatures.
    pub(crate) peer_verify_prefs: Vec<u16>,
    /// Whether there was a HelloRetryRequest.
    pub(crate) retry: Option<bool>,
    pub(crate) server_name: Option<String>,
    pub(crate) no_server_name: bool,
    pub(crate) alpn: Option<Vec<u8>>,
    pub(crate) advertised_alpn: Option<Vec<u8>>,
    pub(crate) extended_master_secret: bool,
    pub(crate) ocsp_response: Option<Vec<u8>>,
    pub(crate) timestamps: Option<Vec<u8>>,
    pub(crate) verify_result: bool,
    pub(crate) peer_cert_file: Option<String>,
    pub(crate) no_peer_cert: bool,
    pub(crate) client_ca_list: Option<Vec<Vec<u8>>>,
    pub(crate) session_miss: bool,
    pub(crate) no_session: bool,
    pub(crate) ticket_renewal: bool,
    pub(crate) session_id: Option<bool>,
    /// Which of the keys is agreed upon.
    pub(crate) selected_credential: Option<usize>,
}

/// Which connections a flag is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    All,
    Initial,
    Resume,
}

impl Plan {
    /// Reads the command line.
    pub(crate) fn parse(arguments: &[Vec<u8>]) -> Result<Self, Trouble> {
        let named = std::env::var(ENGINE).ok().filter(|name| !name.is_empty());
        let both = Settings {
            engine: named.as_deref().map(engine).transpose()?,
            tls12: true,
            tls13: true,
            ..Settings::default()
        };
        let mut initial = Flags {
            settings: both,
            ..Flags::default()
        };
        let mut resume = initial.clone();
        let mut port = None;
        let mut plan = Self {
            port: 0,
            ipv6: false,
            shim_id: 0,
            is_server: false,
            connections: Vec::new(),
        };
        let mut resume_count: u8 = 0;
        let mut arguments = Arguments::new(arguments);
        while let Some(flag) = arguments.next_flag()? {
            match flag.as_str() {
                "-port" => port = Some(arguments.number()?),
                "-shim-id" => plan.shim_id = arguments.number()?,
                "-ipv6" => plan.ipv6 = true,
                "-server" => plan.is_server = true,
                "-resume-count" => resume_count = arguments.number()?,
                // There is no other program that handshakes, and no connection is tried again
                // because early data was refused.
                flag if flag.starts_with("-on-handshaker-") || flag.starts_with("-on-retry-") => {
                    return Err(Trouble::unsupported(flag));
                }
                flag => {
                    let (scope, name) = scope(flag);
                    let mark = arguments.mark();
                    if scope != Scope::Resume {
                        initial.set(&name, &mut arguments)?;
                    }
                    if scope != Scope::Initial {
                        if scope == Scope::All {
                            arguments.back_to(mark);
                        }
                        resume.set(&name, &mut arguments)?;
                    }
                }
            }
        }
        for flags in [&initial, &resume] {
            // RFC 8446 §7.1 has no room for one, and an exporter of TLS 1.2 is told from others by
            // its label alone (RFC 5705 §4).
            if flags.traffic.export.is_some() && flags.traffic.export_label.is_empty() {
                return Err(Trouble::unsupported("an exporter without a label"));
            }
        }
        for flags in [&mut initial, &mut resume] {
            match flags.trial.refusal {
                Some(Refusal::Staple) if !plan.is_server => flags.settings.refuse_staple = true,
                Some(_) if !plan.is_server => {
                    return Err(Trouble::unsupported(
                        "a client that refuses to show a certificate",
                    ));
                }
                _ => {}
            }
        }
        plan.port = port.ok_or_else(|| Trouble::failed("-port is missing: where the runner is"))?;
        let by_flags = [initial.trial, resume.trial];
        let by_flags = by_flags.iter().any(|it| it.fails || it.send_alert);
        initial.settings.verdict_by_flags = by_flags;
        resume.settings.verdict_by_flags = by_flags;
        plan.connections.push(initial);
        plan.connections
            .resize(1 + usize::from(resume_count), resume);
        Ok(plan)
    }
}

/// Takes the prefix off that says which connections the flag is for.
fn scope(flag: &str) -> (Scope, String) {
    let flag = flag.strip_prefix("-on-shim").unwrap_or(flag);
    for (prefix, scope) in [
        ("-on-initial-", Scope::Initial),
        ("-on-resume-", Scope::Resume),
    ] {
        if let Some(name) = flag.strip_prefix(prefix) {
            return (scope, format!("-{name}"));
        }
    }
    (Scope::All, flag.to_owned())
}

impl Flags {
    fn set(&mut self, flag: &str, arguments: &mut Arguments<'_>) -> Result<(), Trouble> {
        let known = self.settings.set(flag, arguments)?
            || self.trial.set(flag, arguments)?
            || self.traffic.set(flag, arguments)?
            || self.expected.set(flag, arguments)?;
        match flag {
            _ if known => {}
            "-host-name" => self.host_name = Some(arguments.text()?),
            // How the application waits, is called back, or asks for what happens anyway: the
            // peer's bytes may come one by one, TLS starts by reading, every server reads the hello
            // before it chooses what to answer and to staple, every client asks for a stapled
            // response, hellos have their extensions in another order each time.
            "-async"
            | "-implicit-handshake"
            | "-use-early-callback"
            | "-use-old-client-cert-callback"
            | "-install-ddos-callback"
            | "-enable-ocsp-stapling"
            | "-use-ocsp-callback"
            | "-set-ocsp-in-callback"
            | "-permute-extensions"
            | "-partial-write"
            | "-renegotiate-ignore" => {}
            other => return Err(Trouble::unsupported(other)),
        }
        Ok(())
    }
}

/// Names the engine where no flag does: the runner's flags are its own.
const ENGINE: &str = "SSLCORE_SHIM_ENGINE";

fn engine(name: &str) -> Result<Engine, Trouble> {
    let mut all = [Engine::Own, Engine::Rustls].into_iter();
    let named = all.find(|engine| engine.name() == name);
    named.ok_or_else(|| Trouble::unsupported(format!("the engine {name:?}")))
}

impl Settings {
    /// The key that the flags that follow its own are about.
    fn last_imported(&mut self) -> Result<&mut Imported, Trouble> {
        let last = self.imported.last_mut();
        last.ok_or_else(|| Trouble::failed("there is no key that this could be of"))
    }

    fn set(&mut self, flag: &str, arguments: &mut Arguments<'_>) -> Result<bool, Trouble> {
        match flag {
            // A garbled certificate has no root, and its file no name.
            "-engine" => {
                let name = arguments.text()?;
                self.engine = Some(engine(&name)?);
            }
            "-psk" => self.psk = Some(arguments.bytes()?.to_vec()),
            "-psk-identity" => self.psk_identity = arguments.bytes()?.to_vec(),
            "-new-psk-credential" => self.imported.push(Imported::default()),
            "-psk-importer-key" => self.last_imported()?.key = arguments.base64()?,
            "-psk-importer-identity" => self.last_imported()?.identity = arguments.base64()?,
            "-psk-importer-context" => self.last_imported()?.context = arguments.base64()?,
            "-psk-importer-sha256" => self.last_imported()?.is_sha384 = false,
            "-psk-importer-sha384" => self.last_imported()?.is_sha384 = true,
            "-trust-cert" => {
                self.trust_cert = Some(arguments.text()?).filter(|file| !file.is_empty());
            }
            "-cert-file" => self.cert_file = Some(arguments.text()?),
            "-key-file" => self.key_file = Some(arguments.text()?),
            "-ocsp-response" => self.ocsp_response = arguments.base64()?,
            "-signed-cert-timestamps" => self.timestamps = arguments.base64()?,
            "-enable-signed-cert-timestamps" => self.asks_for_timestamps = true,
            "-signing-prefs" => self.signing_prefs.push(arguments.number()?),
            "-verify-prefs" => self.verify_prefs.push(arguments.number()?),
            "-curves" => self.curves.push(arguments.number()?),
            "-decline-ocsp-callback" => self.decline_ocsp = true,
            "-export-traffic-secrets" => self.log_keys = true,
            "-tls13-ciphers" => self.tls13_ciphers.push(arguments.number()?),
            "-cipher" => self.ciphers = arguments.names()?,
            "-min-version" => self.tls12 &= arguments.number::<u16>()? <= 0x0303,
            "-max-version" => {
                let highest: u16 = arguments.number()?;
                self.tls12 &= highest >= 0x0303;
                self.tls13 &= highest >= 0x0304;
            }
            "-no-tls1" | "-no-tls11" => {} // never spoken here
            "-no-tls12" => self.tls12 = false,
            "-no-tls13" => self.tls13 = false,
            "-advertise-alpn" => self.advertise_alpn = arguments.protocols()?,
            "-select-alpn" => self.select_alpn = Some(arguments.bytes()?.to_vec()),
            "-decline-alpn" => self.select_alpn = None,
            "-reject-alpn" => self.reject_alpn = true,
            "-no-ticket" => self.no_ticket = true,
            "-server-preference" => self.server_preference = true,
            "-max-send-fragment" => {
                self.max_send_fragment = Some(arguments.number_within(32..=16_384)?);
            }
            "-require-any-client-certificate" => self.require_client_certificate = true,
            "-use-client-ca-list" => self.client_ca_list = Some(arguments.der_names()?),
            "-verify-peer" => self.verify_peer = true,
            "-use-custom-verify-callback" => self.custom_verify = true,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl Trial {
    /// The alert that a client is refused with.
    pub(crate) fn refusal_alert(&self, refusal: Refusal) -> Alert {
        match (refusal, self.certificate_alert) {
            (Refusal::Early, _) => Alert::HandshakeFailure,
            (Refusal::Certificate, Some(alert)) => Alert::from_code(alert),
            _ => Alert::InternalError,
        }
    }

    fn set(&mut self, flag: &str, arguments: &mut Arguments<'_>) -> Result<bool, Trouble> {
        match flag {
            "-verify-fail" => self.fails = true,
            "-reverify-on-resume" => self.again_on_resume = true,
            "-send-alert" => self.send_alert = true,
            "-fail-early-callback" => self.refusal = Some(Refusal::Early),
            "-fail-ddos-callback" => self.refusal = Some(Refusal::Overload),
            "-fail-cert-callback" => self.refusal = Some(Refusal::Certificate),
            "-fail-cert-callback-alert" => self.certificate_alert = Some(arguments.number()?),
            "-fail-ocsp-callback" => self.refusal = Some(Refusal::Staple),
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl Traffic {
    fn set(&mut self, flag: &str, arguments: &mut Arguments<'_>) -> Result<bool, Trouble> {
        match flag {
            "-shim-writes-first" => self.writes_first = true,
            "-shim-initial-write" => self.first = arguments.bytes()?.to_vec(),
            "-repeat-shim-initial-write" => self.repeat_first = arguments.number()?,
            "-read-with-unfinished-write" => self.unfinished_write = true,
            "-write-different-record-sizes" => self.different_sizes = true,
            "-read-size" => self.read_size = arguments.number()?,
            "-peek-then-read" => self.peeks = true,
            "-key-update" => self.key_update = true,
            "-key-update-before-read" => self.key_update_before_read = true,
            "-shim-shuts-down" => self.shuts_down = true,
            "-check-close-notify" => self.check_close_notify = true,
            "-export-keying-material" => self.export = Some(arguments.number()?),
            "-export-label" => self.export_label = arguments.bytes()?.to_vec(),
            "-export-context" => self.export_context = arguments.bytes()?.to_vec(),
            "-use-export-context" => self.use_export_context = true,
            "-max-cert-list" => self.max_cert_list = Some(arguments.number()?),
            "-no-op-extra-handshake" | "-handshake-twice" => self.starts_again = true,
            // All of them together are a time that a clock can be put forward by.
            "-resumption-delay" => {
                self.delay = Duration::from_secs(arguments.number::<u32>()?.into());
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl Expected {
    fn set(&mut self, flag: &str, arguments: &mut Arguments<'_>) -> Result<bool, Trouble> {
        match flag {
            "-expect-version" => self.version = Some(arguments.number()?),
            "-expect-cipher" => self.cipher = Some(arguments.number()?),
            "-expect-curve-id" => self.curve = Some(arguments.number()?),
            "-expect-peer-signature-algorithm" => {
                self.peer_signature_scheme = Some(arguments.number()?);
            }
            "-expect-peer-verify-pref" => self.peer_verify_prefs.push(arguments.number()?),
            "-expect-hrr" => self.retry = Some(true),
            "-expect-no-hrr" => self.retry = Some(false),
            "-expect-server-name" => self.server_name = Some(arguments.text()?),
            "-expect-no-server-name" => self.no_server_name = true,
            "-expect-alpn" => self.alpn = Some(arguments.bytes()?.to_vec()),
            "-expect-advertised-alpn" => self.advertised_alpn = Some(arguments.bytes()?.to_vec()),
            "-expect-extended-master-secret" => self.extended_master_secret = true,
            "-expect-ocsp-response" => self.ocsp_response = Some(arguments.base64()?),
            "-expect-signed-cert-timestamps" => self.timestamps = Some(arguments.base64()?),
            "-expect-verify-result" => self.verify_result = true,
            "-expect-peer-cert-file" => self.peer_cert_file = Some(arguments.text()?),
            "-expect-no-peer-cert" => self.no_peer_cert = true,
            "-expect-client-ca-list" => self.client_ca_list = Some(arguments.der_names()?),
            "-expect-selected-credential" => {
                self.selected_credential = Some(arguments.number()?);
            }
            "-expect-session-miss" => self.session_miss = true,
            "-expect-no-session" => self.no_session = true,
            "-expect-ticket-renewal" => self.ticket_renewal = true,
            "-expect-session-id" => self.session_id = Some(true),
            "-expect-no-session-id" => self.session_id = Some(false),
            _ => return Ok(false),
        }
        Ok(true)
    }
}
