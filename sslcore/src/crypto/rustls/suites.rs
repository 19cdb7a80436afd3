//! The cipher suites that rustls has for a library, each in one place of memory: rustls' own may be
//! copies, and so two of them may be one suite without being the same.

use rustls::{SupportedCipherSuite, Tls13CipherSuite};

use super::suite::copied;

/// Those of `own` in the place of all suites with their numbers.
pub(crate) fn replace(suites: &mut [SupportedCipherSuite], own: &[SupportedCipherSuite]) {
    for suite in suites {
        let found = own.iter().find(|own| own.suite() == suite.suite());
        *suite = found.copied().unwrap_or(*suite);
    }
}

const fn tls13(suite: &'static SupportedCipherSuite) -> Tls13CipherSuite {
    match suite {
        SupportedCipherSuite::Tls13(suite) => Tls13CipherSuite {
            common: copied(&suite.common),
            hkdf_provider: suite.hkdf_provider,
            aead_alg: suite.aead_alg,
            quic: suite.quic,
        },
        // Called for the statics below alone, so that no program is built in which this would be reached.
        #[cfg(feature = "tls12")]
        SupportedCipherSuite::Tls12(_) => panic!("a suite of TLS 1.2"),
    }
}

#[cfg(feature = "tls12")]
const fn tls12(suite: &'static SupportedCipherSuite) -> rustls::Tls12CipherSuite {
    match suite {
        SupportedCipherSuite::Tls12(suite) => rustls::Tls12CipherSuite {
            common: copied(&suite.common),
            prf_provider: suite.prf_provider,
            kx: suite.kx,
            sign: suite.sign,
            aead_alg: suite.aead_alg,
        },
        // The same.
        SupportedCipherSuite::Tls13(_) => panic!("a suite of TLS 1.3"),
    }
}

macro_rules! suites {
    ($library:ident, [$($tls13:ident,)*], [$($tls12:ident,)*]) => {
        pub(crate) mod $library {
            use rustls::crypto::$library::cipher_suite;
            #[cfg(feature = "tls12")]
            use rustls::Tls12CipherSuite;
            use rustls::{SupportedCipherSuite, Tls13CipherSuite};

            $(pub(crate) static $tls13: Tls13CipherSuite = super::tls13(&cipher_suite::$tls13);)*
            $(
                #[cfg(feature = "tls12")]
                pub(crate) static $tls12: Tls12CipherSuite = super::tls12(&cipher_suite::$tls12);
            )*

            pub(crate) static ALL: &[SupportedCipherSuite] = &[
                $(SupportedCipherSuite::Tls13(&$tls13),)*
                $(
                    #[cfg(feature = "tls12")]
                    SupportedCipherSuite::Tls12(&$tls12),
                )*
            ];
        }
    };
    ($library:ident) => {
        suites! {
            $library,
            [
                TLS13_AES_128_GCM_SHA256,
                TLS13_AES_256_GCM_SHA384,
                TLS13_CHACHA20_POLY1305_SHA256,
            ],
            [
                TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
                TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
                TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
                TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
                TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
                TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
            ]
        }
    };
}

#[cfg(feature = "aws-lc-rs")]
suites!(aws_lc_rs);
#[cfg(feature = "ring")]
suites!(ring);
