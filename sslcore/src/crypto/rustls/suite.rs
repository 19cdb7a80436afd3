//! The negotiated cipher suite: of TLS 1.3, or of a version that the build may leave out.

use rustls::SupportedCipherSuite;
use rustls::Tls13CipherSuite;
use rustls::crypto::CipherSuiteCommon;
use rustls::crypto::hash as provided;

use crate::crypto::hash::HashAlgorithm;
use crate::protocol::{AeadAlgorithm, SslCipher};

#[derive(Clone, Copy)]
pub(crate) enum Suite {
    Tls12(Tls12Suite),
    Tls13(&'static Tls13CipherSuite),
}

impl Suite {
    pub(crate) fn common(self) -> &'static CipherSuiteCommon {
        match self {
            Self::Tls12(suite) => suite.common(),
            Self::Tls13(suite) => &suite.common,
        }
    }

    /// What a connection with this suite hashes with; `None` for a hash function that no suite has
    /// which has a name here.
    pub(crate) fn hash(self) -> Option<HashAlgorithm> {
        Some(match self.common().hash_provider.algorithm() {
            provided::HashAlgorithm::SHA256 => HashAlgorithm::Sha256,
            provided::HashAlgorithm::SHA384 => HashAlgorithm::Sha384,
            _ => return None,
        })
    }

    /// Its AEAD; `None` for a suite that has no name here.
    pub(crate) fn aead(self) -> Option<AeadAlgorithm> {
        let cipher = SslCipher::negotiated(self.common().suite.into());
        cipher.map(|cipher| cipher.aead())
    }
}

impl From<SupportedCipherSuite> for Suite {
    fn from(suite: SupportedCipherSuite) -> Self {
        match suite {
            #[cfg(feature = "tls12")]
            SupportedCipherSuite::Tls12(suite) => Self::Tls12(Tls12Suite(suite)),
            SupportedCipherSuite::Tls13(suite) => Self::Tls13(suite),
        }
    }
}

/// The same once more, for a suite that differs in something else.
#[cfg(any(feature = "aws-lc-rs", feature = "ring", feature = "rustcrypto-core"))]
pub(crate) const fn copied(common: &CipherSuiteCommon) -> CipherSuiteCommon {
    CipherSuiteCommon {
        suite: common.suite,
        hash_provider: common.hash_provider,
        confidentiality_limit: common.confidentiality_limit,
    }
}

/// A cipher suite of TLS 1.2.
#[cfg(feature = "tls12")]
#[derive(Clone, Copy)]
pub(crate) struct Tls12Suite(&'static rustls::Tls12CipherSuite);

/// A build without TLS 1.2 has none.
#[cfg(not(feature = "tls12"))]
#[derive(Clone, Copy)]
pub(crate) enum Tls12Suite {}

#[cfg(feature = "tls12")]
impl Tls12Suite {
    fn common(self) -> &'static CipherSuiteCommon {
        &self.0.common
    }
}

#[cfg(not(feature = "tls12"))]
impl Tls12Suite {
    fn common(self) -> &'static CipherSuiteCommon {
        match self {}
    }
}
