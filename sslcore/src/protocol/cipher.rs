//! The cipher suites, and the AEADs that they protect records with.

use core::fmt;

use super::hash::HashAlgorithm;
use super::private_use;
use super::version::SslProtocol;

/// The AEADs of the record layer. All three have a 16-byte tag and a 12-byte nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum AeadAlgorithm {
    /// AES-128 in Galois/counter mode (RFC 5288, RFC 8446).
    Aes128Gcm,
    /// AES-256 in Galois/counter mode.
    Aes256Gcm,
    /// ChaCha20-Poly1305 (RFC 8439, RFC 7905).
    ChaCha20Poly1305,
}

impl AeadAlgorithm {
    /// Length of the key in bytes.
    pub const fn key_len(self) -> usize {
        match self {
            Self::Aes128Gcm => 16,
            Self::Aes256Gcm | Self::ChaCha20Poly1305 => 32,
        }
    }
}

/// A cipher suite. `QSslCipher`.
///
/// ```
/// # use sslcore::{SslCipher, SslProtocol, crypto::AeadAlgorithm};
/// let cipher = SslCipher::from_name("ECDHE-RSA-AES128-GCM-SHA256").unwrap();
/// assert_eq!(cipher.name(), "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
/// assert_eq!(cipher.openssl_name(), "ECDHE-RSA-AES128-GCM-SHA256");
/// assert_eq!((cipher.id(), SslCipher::from_id(0xC02F)), (0xC02F, Some(cipher)));
/// assert_eq!(cipher.protocol(), SslProtocol::TlsV1_2);
/// assert_eq!(cipher.key_exchange_method(), "ECDH");
/// assert_eq!(cipher.authentication_method(), "RSA");
/// assert_eq!((cipher.encryption_method(), cipher.used_bits()), ("AESGCM(128)", 128));
/// assert_eq!(cipher.aead(), AeadAlgorithm::Aes128Gcm);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SslCipher {
    id: u16,
    name: &'static str,
    openssl_name: &'static str,
    aead: AeadAlgorithm,
    protocol: SslProtocol,
}

const fn suite(
    id: u16,
    name: &'static str,
    openssl_name: &'static str,
    aead: AeadAlgorithm,
) -> SslCipher {
    SslCipher {
        id,
        name,
        openssl_name,
        aead,
        protocol: version_of(id),
    }
}

/// The version that a suite with this number belongs to: those of TLS 1.3 have numbers of their own
/// (RFC 8446 §B.4).
pub(crate) const fn version_of(id: u16) -> SslProtocol {
    match id {
        0x1300..=0x13ff => SslProtocol::TlsV1_3,
        private_use::TLS13 if cfg!(feature = "testing") => SslProtocol::TlsV1_3,
        _ => SslProtocol::TlsV1_2,
    }
}

pub(crate) const TLS13_AES_128_GCM_SHA256: u16 = 0x1301;
pub(crate) const TLS13_AES_256_GCM_SHA384: u16 = 0x1302;
pub(crate) const TLS13_CHACHA20_POLY1305_SHA256: u16 = 0x1303;

use AeadAlgorithm::{Aes128Gcm, Aes256Gcm, ChaCha20Poly1305};

/// Every suite there is here (RFC 8446 §B.4, RFC 5289, RFC 7905, RFC 5487); the last four are for
/// pre-shared keys.
const SUITES: [SslCipher; 13] = [
    suite(
        TLS13_AES_128_GCM_SHA256,
        "TLS_AES_128_GCM_SHA256",
        "TLS_AES_128_GCM_SHA256",
        Aes128Gcm,
    ),
    suite(
        TLS13_AES_256_GCM_SHA384,
        "TLS_AES_256_GCM_SHA384",
        "TLS_AES_256_GCM_SHA384",
        Aes256Gcm,
    ),
    suite(
        TLS13_CHACHA20_POLY1305_SHA256,
        "TLS_CHACHA20_POLY1305_SHA256",
        "TLS_CHACHA20_POLY1305_SHA256",
        ChaCha20Poly1305,
    ),
    suite(
        0xc02b,
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        Aes128Gcm,
    ),
    suite(
        0xc02c,
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        Aes256Gcm,
    ),
    suite(
        0xc02f,
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "ECDHE-RSA-AES128-GCM-SHA256",
        Aes128Gcm,
    ),
    suite(
        0xc030,
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384",
        Aes256Gcm,
    ),
    suite(
        0xcca8,
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        "ECDHE-RSA-CHACHA20-POLY1305",
        ChaCha20Poly1305,
    ),
    suite(
        0xcca9,
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        ChaCha20Poly1305,
    ),
    suite(
        0xccac,
        "TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256",
        "ECDHE-PSK-CHACHA20-POLY1305",
        ChaCha20Poly1305,
    ),
    suite(
        0xccab,
        "TLS_PSK_WITH_CHACHA20_POLY1305_SHA256",
        "PSK-CHACHA20-POLY1305",
        ChaCha20Poly1305,
    ),
    suite(
        0x00a9,
        "TLS_PSK_WITH_AES_256_GCM_SHA384",
        "PSK-AES256-GCM-SHA384",
        Aes256Gcm,
    ),
    suite(
        0x00a8,
        "TLS_PSK_WITH_AES_128_GCM_SHA256",
        "PSK-AES128-GCM-SHA256",
        Aes128Gcm,
    ),
];

/// The suites without security, which only a handshake can come upon: they have no number and no
/// name that they could be asked for by.
#[cfg(feature = "testing")]
const WITHOUT_SECURITY: [SslCipher; 2] = [
    suite(
        private_use::TLS13,
        "TLS13_WITHOUT_SECURITY",
        "TLS13_WITHOUT_SECURITY",
        Aes128Gcm,
    ),
    suite(
        private_use::TLS12,
        "TLS12_WITHOUT_SECURITY",
        "TLS12_WITHOUT_SECURITY",
        Aes128Gcm,
    ),
];

impl SslCipher {
    /// The suite that an engine has negotiated, by its number.
    pub(crate) fn negotiated(id: u16) -> Option<Self> {
        #[cfg(feature = "testing")]
        if let Some(suite) = WITHOUT_SECURITY.into_iter().find(|suite| suite.id == id) {
            return Some(suite);
        }
        Self::from_id(id)
    }

    /// The suite with this IANA number.
    pub fn from_id(id: u16) -> Option<Self> {
        SUITES.into_iter().find(|suite| suite.id == id)
    }

    /// The suite with this name, IANA's or OpenSSL's.
    pub fn from_name(name: &str) -> Option<Self> {
        SUITES
            .into_iter()
            .find(|suite| suite.name == name || suite.openssl_name == name)
    }

    /// IANA's number.
    pub fn id(&self) -> u16 {
        self.id
    }

    /// IANA's name, `TLS_AES_128_GCM_SHA256`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// OpenSSL's name, which QSslCipher uses too.
    pub fn openssl_name(&self) -> &'static str {
        self.openssl_name
    }

    /// The protocol version that the suite belongs to.
    pub fn protocol(&self) -> SslProtocol {
        self.protocol
    }

    /// The AEAD that protects the records.
    pub fn aead(&self) -> AeadAlgorithm {
        self.aead
    }

    /// The hash function of the suite (RFC 8446 §B.4, RFC 5246 §5).
    pub(crate) fn hash(&self) -> HashAlgorithm {
        match self.name.ends_with("_SHA384") {
            true => HashAlgorithm::Sha384,
            false => HashAlgorithm::Sha256,
        }
    }

    /// The suites of TLS 1.2 with pre-shared keys: with a key exchange first.
    pub(crate) fn with_psk() -> impl Iterator<Item = Self> {
        SUITES.into_iter().filter(Self::is_psk)
    }

    /// Whether a suite of TLS 1.2 is for pre-shared keys.
    pub(crate) fn is_psk(&self) -> bool {
        self.name.contains("PSK_WITH")
    }

    /// Whether such a suite exchanges keys, too (RFC 8442).
    pub(crate) fn is_ecdhe_psk(&self) -> bool {
        self.name.contains("ECDHE_PSK_WITH")
    }

    /// The key exchange: `"ECDH"`, `"PSK"` or `"ECDHEPSK"`; for suites of TLS 1.3, which do not name it, `"any"`.
    /// `QSslCipher::keyExchangeMethod`.
    pub fn key_exchange_method(&self) -> &'static str {
        match self.protocol {
            SslProtocol::TlsV1_3 => "any",
            SslProtocol::TlsV1_2 if self.is_ecdhe_psk() => "ECDHEPSK",
            SslProtocol::TlsV1_2 if self.is_psk() => "PSK",
            SslProtocol::TlsV1_2 => "ECDH",
        }
    }

    /// The kind of key that the server authenticates itself with: `"ECDSA"`, `"RSA"` or `"PSK"`; for suites of
    /// TLS 1.3, which do not name it, `"any"`. `QSslCipher::authenticationMethod`.
    pub fn authentication_method(&self) -> &'static str {
        match self.protocol {
            SslProtocol::TlsV1_3 => "any",
            SslProtocol::TlsV1_2 if self.is_psk() => "PSK",
            SslProtocol::TlsV1_2 if self.name.contains("_ECDSA_") => "ECDSA",
            SslProtocol::TlsV1_2 => "RSA",
        }
    }

    /// The encryption of records, as OpenSSL and Qt write it: `"AESGCM(128)"`.
    /// `QSslCipher::encryptionMethod`.
    pub fn encryption_method(&self) -> &'static str {
        match self.aead {
            AeadAlgorithm::Aes128Gcm => "AESGCM(128)",
            AeadAlgorithm::Aes256Gcm => "AESGCM(256)",
            AeadAlgorithm::ChaCha20Poly1305 => "CHACHA20/POLY1305(256)",
        }
    }

    /// Key length in bits. `QSslCipher::usedBits`, and `supportedBits`, which is the same for all
    /// suites here.
    pub fn used_bits(&self) -> usize {
        self.aead.key_len() * 8
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for SslCipher {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "{=str}", self.name);
    }
}

impl fmt::Debug for SslCipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl fmt::Display for SslCipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
