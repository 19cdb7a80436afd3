//! Our own certificate, ready to be shown and signed for.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use webpki::EndEntityCert;

use crate::config_error::ConfigError;
use crate::crypto::Backend;
use crate::handshake::settings::{Settings, Signing};
use crate::identity::private_key::PrivateKey;
use crate::identity::signer::{KeyFamily, SignError, Signer, key_family};
use crate::protocol::SignatureScheme;
use crate::texts::sentence;
use crate::x509::key_kind::KeyKind;
use crate::x509::raw;

/// A chain, leaf first, with what signs for its leaf.
pub(crate) struct Presented {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) signer: Arc<dyn Signer>,
    /// The OCSP response that goes with the leaf.
    pub(crate) stapled: Option<Vec<u8>>,
    /// The timestamps of logs that have seen it.
    #[cfg(feature = "engine")]
    pub(crate) timestamps: Option<Vec<u8>>,
    /// The application signs, when it is asked, for a key of this kind; the signer names its schemes.
    #[cfg(feature = "engine")]
    pub(crate) asked: Option<KeyKind>,
}

/// In the place of a signer where the application is asked.
struct Asked(Arc<[SignatureScheme]>);

impl Signer for Asked {
    fn schemes(&self) -> &[SignatureScheme] {
        &self.0
    }

    fn sign(&self, _: SignatureScheme, _: &[u8]) -> Result<Vec<u8>, SignError> {
        Err(SignError::new("the application signs"))
    }
}

impl Presented {
    /// What the settings say; a build that does not sign shows none. Costs what the backend's loading
    /// of a private key costs: a multiplication, with ECDSA.
    ///
    /// # Errors
    /// [`ConfigError::UnusableKey`], [`ConfigError::UnusableCertificate`],
    /// [`ConfigError::KeyMismatch`].
    pub(crate) fn new(backend: &Backend, settings: &Settings) -> Result<Option<Self>, ConfigError> {
        let identity = settings.identity.as_ref();
        let Some(identity) = identity.filter(|_| cfg!(feature = "sign")) else {
            return Ok(None);
        };
        let signer = match &identity.signing {
            Signing::Key(key) => backend.load_key(key).map_err(|why| {
                ConfigError::UnusableKey(short_rsa(key).unwrap_or_else(|| sentence(why)))
            })?,
            Signing::Signer(signer) => signer.clone(),
            Signing::Asked(schemes) => Arc::new(Asked(schemes.clone())),
        };
        let Some(leaf) = identity.chain.first() else {
            let why = "there is none in the chain";
            return Err(ConfigError::UnusableCertificate(why.to_string()));
        };
        if let Some(info) = signer.public_key_info() {
            check_key(leaf, info)?;
        }
        let family = key_family(&*signer).map_err(ConfigError::UnusableKey)?;
        let asked = match &identity.signing {
            Signing::Asked(schemes) => Some(kind_of(leaf, family, schemes)?),
            Signing::Key(_) | Signing::Signer(_) => None,
        };
        #[cfg(not(feature = "engine"))]
        let _ = asked;
        Ok(Some(Self {
            chain: identity.chain.clone(),
            signer,
            stapled: settings.stapled.clone(),
            #[cfg(feature = "engine")]
            timestamps: settings.timestamps.clone(),
            #[cfg(feature = "engine")]
            asked,
        }))
    }
}

/// The kind of the leaf's key, which is of this family, and signs in these schemes, one of which is of
/// TLS 1.3.
fn kind_of(
    leaf: &CertificateDer<'_>,
    family: KeyFamily,
    schemes: &[SignatureScheme],
) -> Result<KeyKind, ConfigError> {
    let parsed = raw::Certificate::parse(leaf);
    let kind = parsed.and_then(|leaf| leaf.public_key.kind());
    let kind = kind.ok_or_else(|| {
        ConfigError::UnusableCertificate("its key is of a kind that nobody here knows".to_string())
    })?;
    let on_curve = |scheme: &SignatureScheme| match scheme {
        SignatureScheme::EcdsaP256Sha256 => kind == KeyKind::EcdsaP256,
        SignatureScheme::EcdsaP384Sha384 => kind == KeyKind::EcdsaP384,
        SignatureScheme::EcdsaP521Sha512 => kind == KeyKind::EcdsaP521,
        _ => true,
    };
    if KeyFamily::of_kind(kind) != family || !schemes.iter().all(on_curve) {
        return Err(ConfigError::KeyMismatch);
    }
    match schemes.iter().any(|scheme| scheme.is_of_tls13()) {
        true => Ok(kind),
        false => Err(ConfigError::no_scheme()),
    }
}

/// Whether the certificate is of this key.
fn check_key(leaf: &CertificateDer<'_>, info: &[u8]) -> Result<(), ConfigError> {
    EndEntityCert::try_from(leaf).map_err(|error| {
        ConfigError::UnusableCertificate(match error {
            webpki::Error::UnsupportedCertVersion => "it is not X.509 version 3".to_string(),
            error => sentence(error),
        })
    })?;
    match raw::Certificate::parse(leaf) {
        Some(leaf) if leaf.public_key.spki == info => Ok(()),
        _ => Err(ConfigError::KeyMismatch),
    }
}

/// What is wrong with an RSA key of former times. Nobody checks its signatures any more.
fn short_rsa(key: &PrivateKeyDer<'_>) -> Option<String> {
    const NEEDED: usize = 2048;
    match PrivateKey::from_der(key.secret_der()).ok()?.kind() {
        KeyKind::Rsa { bits } if bits < NEEDED => Some(format!(
            "an RSA key of {bits} bits, and {NEEDED} are needed"
        )),
        _ => None,
    }
}
