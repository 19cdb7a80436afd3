//! What `connect --record-secrets` writes and `replay` reads: how connections were configured, and
//! behind that their transcripts.

use std::time::Duration;

use base64ct::{Base64, Encoding};
use rustls_pki_types::CertificateDer;
use serde_json::{Value, json};
use sslcore_std::sslcore::{RevocationList, VERSION, VerifyMode};
use zeroize::Zeroizing;

use crate::entropy::Seed;
use crate::plan::Plan;
use crate::text::{Fingerprint, ascii_json};

/// The title, up to the version.
pub(crate) const TITLE: &str = "secret recording of connections of sslcore ";
pub(crate) const FORMAT: &str = ", format 1";
/// How the transcript of each connection begins.
pub(crate) const TRANSCRIPT: &str = "transcript of a connection of sslcore";
const SEED: &str = "seed ";
const SETTINGS: &str = "settings ";
const ANCHOR: &str = "trust anchor ";

/// What the configuration is made of.
pub(crate) struct Header {
    pub(crate) seed: Seed,
    pub(crate) plan: Plan,
    /// The certificate that we would present. Its key is not written down.
    pub(crate) client_certificate: Option<Fingerprint>,
}

/// A whole file.
pub(crate) struct Journal {
    pub(crate) header: Header,
    pub(crate) anchors: Vec<CertificateDer<'static>>,
    pub(crate) transcripts: Vec<Section>,
}

/// The text of a transcript.
#[derive(Default)]
pub(crate) struct Section {
    /// How many lines are above it in the file.
    pub(crate) above: usize,
    pub(crate) text: String,
}

/// How many connections are recorded at most: the first one, and those of --reconnect.
const CONNECTIONS: usize = 101;

impl Header {
    pub(crate) fn text(&self) -> Zeroizing<String> {
        let settings = ascii_json(&self.settings());
        Zeroizing::new(format!(
            "{TITLE}{VERSION}{FORMAT}\n\
             # Whoever reads this can read all that passed. No private key is in it.\n\
             {SEED}{}\n{SETTINGS}{settings}\n",
            *self.seed.hex()
        ))
    }

    fn settings(&self) -> Value {
        let Plan {
            verify,
            asks,
            timeout,
            pins,
            lists,
            require_staple,
            alpn,
            protocols,
            ciphers,
            groups,
            signature_schemes,
        } = &self.plan;
        let pins: Vec<String> = pins.iter().map(Fingerprint::to_string).collect();
        let lists: Vec<String> = lists
            .iter()
            .map(|list| Base64::encode_string(list.der()))
            .collect();
        json!({
            "verify": match verify {
                VerifyMode::None => "none",
                VerifyMode::Query => "query",
                _ => "verify",
            },
            "ask": asks,
            "timeout_us": u64::try_from(timeout.as_micros()).unwrap_or(u64::MAX),
            "pins": pins,
            "alpn": alpn,
            "protocols": protocols,
            "ciphers": ciphers,
            "groups": groups,
            "signature_schemes": signature_schemes,
            "require_staple": require_staple,
            "revocation_lists": lists,
            "client_certificate": self.client_certificate.as_ref().map(Fingerprint::to_string),
        })
    }

    fn read(seed: &str, settings: &str) -> Option<Self> {
        let seed = Seed::from_hex(seed.strip_prefix(SEED)?)?;
        let settings: Value = serde_json::from_str(settings.strip_prefix(SETTINGS)?).ok()?;
        let names = |of: &str| strings(&settings[of]);
        let pins = names("pins")?.into_iter().map(|pin| pin.parse().ok());
        let lists = names("revocation_lists")?.into_iter().map(|list| {
            let der = Base64::decode_vec(&list).ok()?;
            RevocationList::from_der(der).ok()
        });
        let client_certificate = match &settings["client_certificate"] {
            Value::Null => None,
            given => Some(given.as_str()?.parse().ok()?),
        };
        Some(Self {
            seed,
            plan: Plan {
                verify: match settings["verify"].as_str()? {
                    "none" => VerifyMode::None,
                    "query" => VerifyMode::Query,
                    "verify" => VerifyMode::Verify,
                    _ => return None,
                },
                asks: settings["ask"].as_bool()?,
                timeout: Duration::from_micros(settings["timeout_us"].as_u64()?),
                pins: pins.collect::<Option<_>>()?,
                lists: lists.collect::<Option<_>>()?,
                require_staple: settings["require_staple"].as_bool()?,
                alpn: names("alpn")?,
                protocols: names("protocols")?,
                ciphers: match &settings["ciphers"] {
                    Value::Null => None,
                    given => Some(strings(given)?),
                },
                groups: names("groups")?,
                signature_schemes: names("signature_schemes")?,
            },
            client_certificate,
        })
    }
}

fn strings(list: &Value) -> Option<Vec<String>> {
    let list = list.as_array()?.iter();
    list.map(|it| it.as_str().map(ToOwned::to_owned)).collect()
}

/// A certificate by which the other side's were verified.
pub(crate) fn anchor_line(anchor: &CertificateDer<'_>) -> String {
    format!("{ANCHOR}{}\n", Base64::encode_string(anchor))
}

impl Journal {
    /// Whether a text begins as one.
    pub(crate) fn is_one(text: &str) -> bool {
        let title = text.lines().next().unwrap_or_default();
        title.starts_with(TITLE) && title.ends_with(FORMAT)
    }

    /// Reads it, or says what is wrong with it. What the transcripts say is not looked at.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let mut lines = (1..).zip(text.lines()).skip(1);
        let mut next = |what: &str| {
            let said = |line: &str| !line.is_empty() && !line.starts_with('#');
            let line = lines.find(|(_, line)| said(line)).map(|(_, line)| line);
            line.ok_or_else(|| format!("it ends before {what}"))
        };
        let (seed, settings) = (next("the seed")?, next("the settings")?);
        let header = Header::read(seed, settings)
            .ok_or("its seed or its settings are not as they were written")?;
        let (mut anchors, mut transcripts) = (Vec::new(), Vec::<Section>::new());
        for (number, line) in lines {
            if let Some(anchor) = line.strip_prefix(ANCHOR) {
                let der = Base64::decode_vec(anchor);
                let der = der.map_err(|_| format!("line {number} is no trust anchor"))?;
                anchors.push(der.into());
            }
            if line.starts_with(TRANSCRIPT) {
                transcripts.push(Section {
                    above: number - 1,
                    text: String::new(),
                });
            }
            if let Some(section) = transcripts.last_mut() {
                // An anchor leaves an empty line.
                if !line.starts_with(ANCHOR) {
                    section.text.push_str(line);
                }
                section.text.push('\n');
            }
        }
        if transcripts.len() > CONNECTIONS {
            return Err(format!("it has more than {CONNECTIONS} connections"));
        }
        if transcripts.is_empty() {
            return Err("no connection was made".to_owned());
        }
        Ok(Self {
            header,
            anchors,
            transcripts,
        })
    }
}
