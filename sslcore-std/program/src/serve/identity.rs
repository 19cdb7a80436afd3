//! The server's certificate and key, or what is in their place.

use std::time::{Duration, SystemTime};

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use sslcore_std::sslcore::PeerName;

use crate::psk;
use crate::text::Fingerprint;

/// Clocks differ; nobody minds a certificate that is a little older than its server.
const BEFORE: Duration = Duration::from_secs(24 * 60 * 60);
const AFTER: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// What the server shows, and what it proves that with.
pub(super) struct Identity {
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKeyDer<'static>,
    pub(super) fingerprint: Fingerprint,
    /// It was made for this run.
    pub(super) thrown_away: bool,
}

/// How the server proves who it is, and clients perhaps who they are.
pub(super) enum Proof {
    Certificate(Identity),
    /// By a key that both have.
    Key(psk::Key),
}

impl Identity {
    /// A self-signed certificate for this machine's own names and these.
    pub(super) fn to_throw_away(names: &[String]) -> Result<Self, String> {
        for name in names {
            let plain = name.strip_prefix("*.").unwrap_or(name);
            PeerName::new(plain).map_err(|error| error.to_string())?;
        }
        let mut all: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(Into::into).into();
        all.extend_from_slice(names);
        let named = CertificateParams::new(all)
            .map_err(|error| format!("no certificate can have the names {names:?}: {error}"));
        Self::make(named?).map_err(|error| format!("no certificate can be made: {error}"))
    }

    fn make(mut params: CertificateParams) -> Result<Self, rcgen::Error> {
        params
            .distinguished_name
            .push(DnType::CommonName, "sslcore serve");
        let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        let epoch = rcgen::date_time_ymd(1970, 1, 1);
        params.not_before = epoch + now.saturating_sub(BEFORE);
        params.not_after = epoch + now + AFTER;
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        Ok(Self {
            fingerprint: Fingerprint::of(certificate.der()),
            chain: vec![certificate.der().clone()],
            key: key.into(),
            thrown_away: true,
        })
    }
}
