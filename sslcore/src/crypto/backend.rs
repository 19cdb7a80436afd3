//! A cryptography library, as the rest of the crate sees it.

use alloc::boxed::Box;
use alloc::sync::Arc;
#[cfg(feature = "ring")]
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use rustls::crypto::CryptoProvider;

use super::aead::{AeadError, MakeAead, RecordAead};
#[cfg(feature = "aws-lc-rs")]
use super::aws_lc;
use super::hash::{Hash, HashAlgorithm, Hashes};
#[cfg(all(feature = "ml-kem", feature = "ring"))]
use super::hybrid;
use super::kx::{KeyExchange, KxError};
use super::provided;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
use super::ring_api;
use crate::protocol::{AeadAlgorithm, SignatureScheme, SslCipher, SslProtocol, group};

/// A cryptography library, as a connection uses it. Cloning costs one reference count.
///
/// ```
/// # use sslcore::crypto::Backend;
/// fn show(backend: &Backend) {
///     println!("{} {}", backend.name(), backend.version().unwrap_or("of some version"));
///     println!("{:?}", backend.provider().key_provider);
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
pub struct Backend(Arc<Library>);

struct Library {
    name: &'static str,
    version: Option<&'static str>,
    provider: Arc<CryptoProvider>,
    hashes: Hashes,
    key_exchanges: Vec<Arc<dyn KeyExchange>>,
    make_aead: Box<MakeAead>,
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
        Self::with_hashes(
            "aws-lc-rs",
            Some(aws_lc_rs::awslc_version()),
            aws_lc::provider(),
            ring_api::aws_lc::hashes(),
            Box::new(ring_api::aws_lc::make_aead),
        )
    }

    /// ring: smaller to build than AWS-LC, needs no CMake. Draws entropy from the system.
    #[cfg(feature = "ring")]
    pub fn ring() -> Self {
        use rustls::crypto::ring::{default_provider, kx_group};
        let provider = CryptoProvider {
            kx_groups: vec![
                #[cfg(feature = "ml-kem")]
                hybrid::ring::X25519MLKEM768,
                kx_group::X25519,
                kx_group::SECP256R1,
                kx_group::SECP384R1,
                #[cfg(feature = "ml-kem")]
                hybrid::ring::SECP256R1MLKEM768,
            ],
            ..default_provider()
        };
        Self::with_hashes(
            "ring",
            None,
            provider,
            ring_api::ring::hashes(),
            Box::new(ring_api::ring::make_aead),
        )
    }

    /// A backend of your own: a rustls provider for handshakes, and `make_aead`, a [`MakeAead`], for
    /// the record layer. Both must have the same cipher suites.
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
    pub fn custom(
        name: &'static str,
        provider: CryptoProvider,
        make_aead: impl Fn(AeadAlgorithm, &[u8]) -> Result<Box<dyn RecordAead>, AeadError>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        let hashes = provided::hashes(&provider);
        Self::with_hashes(name, None, provider, hashes, Box::new(make_aead))
    }

    /// A backend with hash functions of its own.
    pub(super) fn with_hashes(
        name: &'static str,
        version: Option<&'static str>,
        provider: CryptoProvider,
        hashes: Hashes,
        make_aead: Box<MakeAead>,
    ) -> Self {
        Self(Arc::new(Library {
            name,
            version,
            key_exchanges: provided::key_exchanges(&provider),
            provider: Arc::new(provider),
            hashes,
            make_aead,
            #[cfg(feature = "testing")]
            keyless_aead: None,
        }))
    }

    /// A backend without security. `held` is there for as long as the backend is.
    #[cfg(feature = "testing")]
    pub(crate) fn keyless(
        name: &'static str,
        provider: CryptoProvider,
        held: impl Send + Sync + 'static,
        aead: KeylessAead,
    ) -> Self {
        let make_aead = move |algorithm: AeadAlgorithm, key: &[u8]| {
            let _held = &held;
            match key.len() == algorithm.key_len() {
                true => Ok(aead()),
                false => Err(AeadError),
            }
        };
        Self(Arc::new(Library {
            name,
            version: None,
            hashes: provided::hashes(&provider),
            key_exchanges: provided::key_exchanges(&provider),
            provider: Arc::new(provider),
            make_aead: Box::new(make_aead),
            keyless_aead: Some(aead),
        }))
    }

    /// An AEAD like all others of this backend, if they are all the same: only then has it no
    /// security to lose.
    #[cfg(feature = "testing")]
    pub(crate) fn keyless_aead(&self) -> Option<Box<dyn RecordAead>> {
        self.0.keyless_aead.map(|make| make())
    }

    /// The backend's name, for logs: `"aws-lc-rs"`, `"ring"`, `"rustcrypto"`, or your own.
    pub fn name(&self) -> &'static str {
        self.0.name
    }

    /// The version of the library that is linked: AWS-LC's. `None` for the others, which tell none:
    /// there `cargo tree` does. `QSslSocket::sslLibraryVersionString`.
    pub fn version(&self) -> Option<&'static str> {
        self.0.version
    }

    /// The rustls provider that handshakes run on.
    pub fn provider(&self) -> &Arc<CryptoProvider> {
        &self.0.provider
    }

    /// The backend's cipher suites, in its order of preference. Each costs a look-up.
    /// `QSslConfiguration::supportedCiphers`.
    pub fn supported_ciphers(&self) -> impl Iterator<Item = SslCipher> {
        let suites = self.0.provider.cipher_suites.iter();
        suites.filter_map(|suite| SslCipher::from_id(suite.suite().into()))
    }

    /// IANA's names of the backend's key exchange groups, in its order of preference.
    /// `QSslConfiguration::supportedEllipticCurves`.
    pub fn supported_groups(&self) -> impl Iterator<Item = &'static str> {
        let groups = self.0.provider.kx_groups.iter();
        groups.filter_map(|known| group::name(known.name().into()))
    }

    /// The signature schemes that the backend can verify in handshakes, in its order of preference.
    pub fn supported_signature_schemes(&self) -> impl Iterator<Item = SignatureScheme> {
        let known = self.0.provider.signature_verification_algorithms.mapping;
        let schemes = known.iter().map(|(scheme, _)| u16::from(*scheme));
        schemes.filter_map(SignatureScheme::from_code)
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
        (self.0.make_aead)(algorithm, key)
    }

    /// A hash function, if the backend has a cipher suite with it.
    pub(crate) fn hash(&self, algorithm: HashAlgorithm) -> Option<&Arc<dyn Hash>> {
        self.0.hashes.get(algorithm)
    }

    /// The key exchanges of TLS 1.3, in the backend's order of preference.
    pub(crate) fn key_exchanges(&self) -> &[Arc<dyn KeyExchange>] {
        &self.0.key_exchanges
    }

    /// The cipher suites of TLS 1.3, in the backend's order of preference.
    pub(crate) fn tls13_ciphers(&self) -> impl Iterator<Item = SslCipher> {
        let suites = self.0.provider.cipher_suites.iter();
        let known = suites.filter_map(|suite| SslCipher::negotiated(suite.suite().into()));
        known.filter(|cipher| cipher.protocol() == SslProtocol::TlsV1_3)
    }

    /// Random bytes that nobody can guess.
    pub(crate) fn fill_random(&self, bytes: &mut [u8]) -> Result<(), KxError> {
        let random = self.0.provider.secure_random;
        random.fill(bytes).map_err(|_| KxError::Random)
    }

    /// SHA-256, which backends without any suite lack.
    pub(crate) fn sha256(&self) -> Option<&Arc<dyn Hash>> {
        self.hash(HashAlgorithm::Sha256)
    }
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Backend").field(&self.0.name).finish()
    }
}
