//! The cipher suites of the backends here, each with a twin that protects nothing.

use core::ptr;

use rustls::crypto::CryptoProvider;
use rustls::{SupportedCipherSuite, Tls13CipherSuite};

#[cfg(feature = "tls12")]
use super::bare::NoKeyBlock;
use super::bare::{NoKeys, Room};
#[cfg(feature = "rustcrypto-core")]
use crate::crypto::rustcrypto::provider;
use crate::crypto::rustls::suite::copied;

/// Puts suites that protect nothing in the place of all that the provider has; `false` if it has others than the
/// backends here, and is as it was.
pub(super) fn replace_suites(provider: &mut CryptoProvider) -> bool {
    let suites = provider.cipher_suites.iter().copied().map(bare);
    let Some(suites) = suites.collect() else {
        return false;
    };
    provider.cipher_suites = suites;
    true
}

/// A suite, and its twin.
struct Twin {
    real: SupportedCipherSuite,
    bare: SupportedCipherSuite,
}

/// The twin of this suite, if it has one.
fn bare(suite: SupportedCipherSuite) -> Option<SupportedCipherSuite> {
    let backends: &[&[Twin]] = &[
        #[cfg(feature = "aws-lc-rs")]
        AWS_LC_RS,
        #[cfg(feature = "ring")]
        RING,
        #[cfg(feature = "rustcrypto-core")]
        RUSTCRYPTO,
    ];
    let mut twins = backends.iter().copied().flatten();
    twins
        .find(|twin| is_same(twin.real, suite))
        .map(|twin| twin.bare)
}

/// Whether they are one: suites of two libraries are equal if they are called the same.
fn is_same(one: SupportedCipherSuite, other: SupportedCipherSuite) -> bool {
    match (one, other) {
        #[cfg(feature = "tls12")]
        (SupportedCipherSuite::Tls12(one), SupportedCipherSuite::Tls12(other)) => {
            ptr::eq(one, other)
        }
        (SupportedCipherSuite::Tls13(one), SupportedCipherSuite::Tls13(other)) => {
            ptr::eq(one, other)
        }
        #[cfg(feature = "tls12")]
        _ => false,
    }
}

const fn tls13(real: &Tls13CipherSuite, hkdf: &'static NoKeys) -> Tls13CipherSuite {
    Tls13CipherSuite {
        common: copied(&real.common),
        hkdf_provider: hkdf,
        aead_alg: &Room::TLS13,
        quic: None,
    }
}

#[cfg(feature = "tls12")]
const fn tls12(
    real: &rustls::Tls12CipherSuite,
    prf: &'static NoKeyBlock,
    room: &'static Room,
) -> rustls::Tls12CipherSuite {
    rustls::Tls12CipherSuite {
        common: copied(&real.common),
        prf_provider: prf,
        kx: real.kx,
        sign: real.sign,
        aead_alg: room,
    }
}

/// Twins of suites: of TLS 1.3, and of TLS 1.2 with GCM or ChaCha20, each under the condition that it is in
/// the build.
macro_rules! twins {
    (@ Tls13 $real:expr) => {{
        static HKDF: NoKeys = NoKeys($real.hkdf_provider);
        static BARE: Tls13CipherSuite = tls13($real, &HKDF);
        Twin {
            real: SupportedCipherSuite::Tls13($real),
            bare: SupportedCipherSuite::Tls13(&BARE),
        }
    }};
    (@ Gcm $real:expr) => { twins!(@ Tls12 $real, TLS12_GCM) };
    (@ ChaCha $real:expr) => { twins!(@ Tls12 $real, TLS12) };
    (@ Tls12 $real:expr, $room:ident) => {{
        static PRF: NoKeyBlock = NoKeyBlock($real.prf_provider);
        static BARE: rustls::Tls12CipherSuite = tls12($real, &PRF, &Room::$room);
        Twin {
            real: SupportedCipherSuite::Tls12($real),
            bare: SupportedCipherSuite::Tls12(&BARE),
        }
    }};
    ($($(#[$condition:meta])? $kind:ident($real:expr),)*) => {
        &[$($(#[$condition])? twins!(@ $kind $real),)*]
    };
}

/// A library's twins.
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
macro_rules! of_rustls {
    ($library:ident) => {{
        use crate::crypto::rustls::suites::$library as suites;
        twins![
            Tls13(&suites::TLS13_AES_128_GCM_SHA256),
            Tls13(&suites::TLS13_AES_256_GCM_SHA384),
            Tls13(&suites::TLS13_CHACHA20_POLY1305_SHA256),
            #[cfg(feature = "tls12")]
            Gcm(&suites::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256),
            #[cfg(feature = "tls12")]
            Gcm(&suites::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384),
            #[cfg(feature = "tls12")]
            ChaCha(&suites::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256),
            #[cfg(feature = "tls12")]
            Gcm(&suites::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256),
            #[cfg(feature = "tls12")]
            Gcm(&suites::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384),
            #[cfg(feature = "tls12")]
            ChaCha(&suites::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256),
        ]
    }};
}

#[cfg(feature = "aws-lc-rs")]
static AWS_LC_RS: &[Twin] = of_rustls!(aws_lc_rs);

#[cfg(feature = "ring")]
static RING: &[Twin] = of_rustls!(ring);

#[cfg(feature = "rustcrypto-core")]
static RUSTCRYPTO: &[Twin] = twins![
    Tls13(&provider::cipher13::AES_128_GCM_SHA256),
    #[cfg(feature = "aes256")]
    Tls13(&provider::cipher13::AES_256_GCM_SHA384),
    #[cfg(feature = "chacha20")]
    Tls13(&provider::cipher13::CHACHA20_POLY1305_SHA256),
    #[cfg(feature = "tls12")]
    Gcm(&provider::cipher12::ECDHE_ECDSA_AES_128_GCM_SHA256),
    #[cfg(all(feature = "tls12", feature = "aes256"))]
    Gcm(&provider::cipher12::ECDHE_ECDSA_AES_256_GCM_SHA384),
    #[cfg(all(feature = "tls12", feature = "chacha20"))]
    ChaCha(&provider::cipher12::ECDHE_ECDSA_CHACHA20_POLY1305_SHA256),
    #[cfg(all(feature = "tls12", feature = "rsa"))]
    Gcm(&provider::cipher12::ECDHE_RSA_AES_128_GCM_SHA256),
    #[cfg(all(feature = "tls12", feature = "aes256", feature = "rsa"))]
    Gcm(&provider::cipher12::ECDHE_RSA_AES_256_GCM_SHA384),
    #[cfg(all(feature = "tls12", feature = "chacha20", feature = "rsa"))]
    ChaCha(&provider::cipher12::ECDHE_RSA_CHACHA20_POLY1305_SHA256),
];

#[cfg(all(test, feature = "ring", feature = "tls12"))]
mod tests;
