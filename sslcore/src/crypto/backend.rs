//! A cryptography library, as the rest of the crate sees it.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;

#[cfg(feature = "rustls")]
use rustls::crypto::CryptoProvider;
use rustls_pki_types::PrivateKeyDer;

use super::aead::{AeadError, RecordAead};
#[cfg(feature = "aws-lc-rs")]
use super::aws_lc;
use super::hash::{Hash, HashAlgorithm};
use super::kx::{KeyExchange, KxError};
use super::parts::Parts;
#[cfg(feature = "ring")]
use super::ring;
use super::verification::{Algorithm, OfScheme};
use crate::identity::signer::Signer;
use crate::protocol::{AeadAlgorithm, SignatureScheme, SslCipher, SslProtocol, group};

/// A cryptography library, as a connection uses it. Cloning costs one reference count.
///
/// ```
/// # use sslcore::crypto::Backend;
/// fn show(backend: &Backend) {
///     println!("{} {}", backend.name(), backend.version().unwrap_or("of some version"));
///     for cipher in backend.supported_ciphers() {
///         println!("{}", cipher.name());
///     }
///     for group in backend.supported_groups() {
///         println!("{group}");
///     }
///     for scheme in backend.supported_signature_schemes() {
///         println!("{}", scheme.name());
///     }
/// }
/// # #[cfg(feature = "aws-lc-rs")]
/// show(&Backend::aws_lc_rs());
/// # #[cfg(feature = "ring")]
/// show(&Backend::ring());
/// ```
#[derive(Clone)]
pub struct Backend {
    library: Arc<Library>,
    /// Configurations take our own engine where they can.
    #[cfg(feature = "testing")]
    prefers_own_engine: bool,
}

struct Library {
    parts: Parts,
    #[cfg(feature = "testing")]
    keyless_aead: Option<KeylessAead>,
}

/// Makes the AEAD of a backend whose AEADs are all the same, whatever their keys.
#[cfg(feature = "testing")]
pub(crate) type KeylessAead = fn() -> Box<dyn RecordAead>;

impl Backend {
    /// AWS-LC, through `aws-lc-rs`: the fastest on servers and desktops. Draws entropy from the
    /// system.
    #[cfg(feature = "aws-lc-rs")]
    pub fn aws_lc_rs() -> Self {
        Self::new(aws_lc::parts())
    }

    /// ring: smaller to build than AWS-LC, needs no CMake. Draws entropy from the system.
    #[cfg(feature = "ring")]
    pub fn ring() -> Self {
        Self::new(ring::parts())
    }

    /// A backend of your own: a rustls provider for handshakes, and `make_aead`, a
    /// [`MakeAead`](crate::crypto::MakeAead), for the record layer. Both must have the same cipher suites.
    ///
    /// ```
    /// # use sslcore::crypto::Backend;
    /// /// ring, without the groups that a device is too slow for.
    /// fn slim(ring: &Backend) -> Backend {
    ///     let mut provider = (**ring.provider()).clone();
    ///     provider.kx_groups.retain(|group| group.name().as_str() == Some("X25519"));
    ///     let ring = ring.clone();
    ///     Backend::custom("slim", provider, move |algorithm, key| ring.aead(algorithm, key))
    /// }
    /// # #[cfg(feature = "ring")]
    /// # assert_eq!(slim(&Backend::ring()).supported_groups().collect::<Vec<_>>(), ["X25519"]);
    /// ```
    ///
    /// Whatever fails in it ends the connection, with two exceptions: rustls panics when a
    /// `MessageEncrypter` or an `HkdfExpander` of the provider fails. Nothing that a peer sends can make
    /// those of the built-in backends fail.
    #[cfg(feature = "rustls")]
    pub fn custom(
        name: &'static str,
        provider: CryptoProvider,
        make_aead: impl Fn(AeadAlgorithm, &[u8]) -> Result<Box<dyn RecordAead>, AeadError>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        Self::new(super::rustls::provided::parts(
            name,
            provider,
            Box::new(make_aead),
        ))
    }

    pub(crate) fn new(parts: Parts) -> Self {
        Self::of(Library {
            parts,
            #[cfg(feature = "testing")]
            keyless_aead: None,
        })
    }

    /// A backend without security.
    #[cfg(feature = "testing")]
    pub(crate) fn keyless(parts: Parts, aead: KeylessAead) -> Self {
        Self::of(Library {
            parts,
            keyless_aead: Some(aead),
        })
    }

    fn of(library: Library) -> Self {
        Self {
            library: Arc::new(library),
            #[cfg(feature = "testing")]
            prefers_own_engine: false,
        }
    }

    /// The same, under which configurations take our own engine where they can.
    #[cfg(feature = "testing")]
    pub(crate) fn preferring_own_engine(self) -> Self {
        Self {
            prefers_own_engine: true,
            ..self
        }
    }

    #[cfg(feature = "testing")]
    pub(crate) fn prefers_own_engine(&self) -> bool {
        self.prefers_own_engine
    }

    /// An AEAD like all others of this backend, if they are all the same: only then has it no
    /// security to lose.
    #[cfg(feature = "testing")]
    pub(crate) fn keyless_aead(&self) -> Option<Box<dyn RecordAead>> {
        self.library.keyless_aead.map(|make| make())
    }

    /// The backend's name, for logs: `"aws-lc-rs"`, `"ring"`, `"rustcrypto"`, or your own.
    pub fn name(&self) -> &'static str {
        self.library.parts.name
    }

    /// The version of the library that is linked: AWS-LC's. `None` for the others, which tell none:
    /// there `cargo tree` does. `QSslSocket::sslLibraryVersionString`.
    pub fn version(&self) -> Option<&'static str> {
        self.library.parts.version
    }

    /// The rustls provider that the handshakes of rustls run on.
    #[cfg(feature = "rustls")]
    pub fn provider(&self) -> &Arc<CryptoProvider> {
        &self.library.parts.provider
    }

    /// The backend's cipher suites, in its order of preference. Each costs a look-up. Without rustls
    /// they are those of TLS 1.3. `QSslConfiguration::supportedCiphers`.
    pub fn supported_ciphers(&self) -> impl Iterator<Item = SslCipher> {
        #[cfg(feature = "rustls")]
        let suites = {
            let suites = self.provider().cipher_suites.iter();
            suites.map(|suite| u16::from(suite.suite()))
        };
        #[cfg(not(feature = "rustls"))]
        let suites = self.library.parts.suites.iter().copied();
        suites.filter_map(SslCipher::from_id)
    }

    /// IANA's names of the backend's key exchange groups, in its order of preference.
    /// `QSslConfiguration::supportedEllipticCurves`.
    pub fn supported_groups(&self) -> impl Iterator<Item = &'static str> {
        let groups = self.key_exchanges().iter();
        groups.filter_map(|known| group::name(known.group()))
    }

    /// The signature schemes that the backend can verify in handshakes, in its order of preference.
    pub fn supported_signature_schemes(&self) -> impl Iterator<Item = SignatureScheme> {
        let schemes = self.verified_schemes().iter();
        schemes.map(|(scheme, _)| *scheme)
    }

    /// Makes a key of one of the AEADs. [`RecordAead`] has an example.
    ///
    /// # Errors
    /// [`AeadError`] when `key` is not [`AeadAlgorithm::key_len`] bytes long.
    pub fn aead(
        &self,
        algorithm: AeadAlgorithm,
        key: &[u8],
    ) -> Result<Box<dyn RecordAead>, AeadError> {
        (self.library.parts.make_aead)(algorithm, key)
    }

    /// A hash function, if the backend has a cipher suite with it.
    pub(crate) fn hash(&self, algorithm: HashAlgorithm) -> Option<&Arc<dyn Hash>> {
        self.library.parts.hashes.get(algorithm)
    }

    /// The key exchanges of TLS 1.3, in the backend's order of preference.
    pub(crate) fn key_exchanges(&self) -> &[Arc<dyn KeyExchange>] {
        &self.library.parts.key_exchanges
    }

    /// The cipher suites of TLS 1.3, in the backend's order of preference.
    pub(crate) fn tls13_ciphers(&self) -> impl Iterator<Item = SslCipher> {
        let suites = self.library.parts.suites.iter();
        let known = suites.filter_map(|id| SslCipher::negotiated(*id));
        known.filter(|cipher| cipher.protocol() == SslProtocol::TlsV1_3)
    }

    /// What certificates may be signed by.
    pub(crate) fn verified_algorithms(&self) -> &'static [Algorithm] {
        self.library.parts.verification.all
    }

    /// What handshakes may be signed in, with what verifies it.
    pub(crate) fn verified_schemes(&self) -> &[OfScheme] {
        &self.library.parts.verification.schemes
    }

    /// A private key that can sign.
    ///
    /// # Errors
    /// A sentence for people.
    pub(crate) fn load_key(&self, key: &PrivateKeyDer<'_>) -> Result<Arc<dyn Signer>, String> {
        (self.library.parts.load_key)(key)
    }

    /// Random bytes that nobody can guess.
    pub(crate) fn fill_random(&self, bytes: &mut [u8]) -> Result<(), KxError> {
        Ok(self.library.parts.entropy.fill(bytes)?)
    }

    /// SHA-256, which backends without any suite lack.
    pub(crate) fn sha256(&self) -> Option<&Arc<dyn Hash>> {
        self.hash(HashAlgorithm::Sha256)
    }
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Backend")
            .field(&self.library.parts.name)
            .finish()
    }
}
