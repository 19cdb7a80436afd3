//! Private keys.

macro_rules! keys {
    (
        $library:ident, |$algorithm:ident, $der:ident| $from_pkcs8:expr,
        |$rsa:ident| $modulus_len:expr, [$($curve:ident),+]
    ) => {
        use alloc::string::{String, ToString};
        use alloc::sync::Arc;
        use alloc::vec;
        use alloc::vec::Vec;

        use $library::rand::SystemRandom;
        use $library::signature::{
            self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RsaEncoding,
            RsaKeyPair,
        };
        use rustls_pki_types::{AlgorithmIdentifier, PrivateKeyDer, alg_id};

        use crate::crypto::keys::{pkcs8, public_key_info};
        use crate::identity::signer::{SignError, Signer};
        use crate::protocol::SignatureScheme;

        /// A key of RSA, ECDSA or Ed25519, in any form that it can have.
        pub(in crate::crypto) fn load_key(
            key: &PrivateKeyDer<'_>,
        ) -> Result<Arc<dyn Signer>, String> {
            let loaded = match key {
                PrivateKeyDer::Pkcs1(der) => rsa(RsaKeyPair::from_der(der.secret_pkcs1_der()).ok()),
                PrivateKeyDer::Sec1(der) => ecdsa_of_sec1(der.secret_sec1_der()),
                PrivateKeyDer::Pkcs8(der) => {
                    let der = der.secret_pkcs8_der();
                    rsa(RsaKeyPair::from_pkcs8(der).ok())
                        .or_else(|| ecdsa(der))
                        .or_else(|| ed25519(der))
                }
                _ => None,
            };
            loaded.ok_or_else(|| "it is no usable key of RSA, ECDSA or Ed25519".to_string())
        }

        /// A signature failed: the generator of random numbers did.
        fn sign_error() -> SignError {
            SignError::new("signing failed")
        }

        struct Rsa {
            key: RsaKeyPair,
            info: Vec<u8>,
        }

        fn rsa(key: Option<RsaKeyPair>) -> Option<Arc<dyn Signer>> {
            let key = key?;
            let info = public_key_info(&alg_id::RSA_ENCRYPTION, key.public_key().as_ref());
            Some(Arc::new(Rsa { key, info }))
        }

        impl Signer for Rsa {
            fn schemes(&self) -> &[SignatureScheme] {
                &SignatureScheme::RSA
            }

            fn sign(
                &self,
                scheme: SignatureScheme,
                message: &[u8],
            ) -> Result<Vec<u8>, SignError> {
                let encoding: &dyn RsaEncoding = match scheme {
                    SignatureScheme::RsaPssSha512 => &signature::RSA_PSS_SHA512,
                    SignatureScheme::RsaPssSha384 => &signature::RSA_PSS_SHA384,
                    SignatureScheme::RsaPssSha256 => &signature::RSA_PSS_SHA256,
                    SignatureScheme::RsaPkcs1Sha512 => &signature::RSA_PKCS1_SHA512,
                    SignatureScheme::RsaPkcs1Sha384 => &signature::RSA_PKCS1_SHA384,
                    SignatureScheme::RsaPkcs1Sha256 => &signature::RSA_PKCS1_SHA256,
                    _ => return Err(sign_error()),
                };
                let $rsa = &self.key;
                let mut signature = vec![0; $modulus_len];
                self.key
                    .sign(encoding, &SystemRandom::new(), message, &mut signature)
                    .map_err(|_| sign_error())?;
                Ok(signature)
            }

            fn public_key_info(&self) -> Option<&[u8]> {
                Some(&self.info)
            }
        }

        /// A curve with the hash function that belongs to it.
        struct Curve {
            algorithm: &'static EcdsaSigningAlgorithm,
            scheme: SignatureScheme,
            id: AlgorithmIdentifier,
        }

        const P256: Curve = Curve {
            algorithm: &signature::ECDSA_P256_SHA256_ASN1_SIGNING,
            scheme: SignatureScheme::EcdsaP256Sha256,
            id: alg_id::ECDSA_P256,
        };

        const P384: Curve = Curve {
            algorithm: &signature::ECDSA_P384_SHA384_ASN1_SIGNING,
            scheme: SignatureScheme::EcdsaP384Sha384,
            id: alg_id::ECDSA_P384,
        };

        const CURVES: &[Curve] = &[$($curve),+];

        struct Ecdsa {
            key: EcdsaKeyPair,
            schemes: [SignatureScheme; 1],
            info: Vec<u8>,
        }

        impl Curve {
            fn load(&self, $der: &[u8]) -> Option<Arc<dyn Signer>> {
                let $algorithm = self.algorithm;
                let key = $from_pkcs8.ok()?;
                Some(Arc::new(Ecdsa {
                    info: public_key_info(&self.id, key.public_key().as_ref()),
                    schemes: [self.scheme],
                    key,
                }))
            }
        }

        fn ecdsa(der: &[u8]) -> Option<Arc<dyn Signer>> {
            CURVES.iter().find_map(|curve| curve.load(der))
        }

        fn ecdsa_of_sec1(der: &[u8]) -> Option<Arc<dyn Signer>> {
            CURVES.iter().find_map(|curve| curve.load(&pkcs8(&curve.id, der)))
        }

        impl Signer for Ecdsa {
            fn schemes(&self) -> &[SignatureScheme] {
                &self.schemes
            }

            fn sign(&self, _: SignatureScheme, message: &[u8]) -> Result<Vec<u8>, SignError> {
                let signature = self.key.sign(&SystemRandom::new(), message);
                let signature = signature.map_err(|_| sign_error())?;
                Ok(signature.as_ref().to_vec())
            }

            fn public_key_info(&self) -> Option<&[u8]> {
                Some(&self.info)
            }
        }

        struct Ed25519 {
            key: Ed25519KeyPair,
            info: Vec<u8>,
        }

        fn ed25519(der: &[u8]) -> Option<Arc<dyn Signer>> {
            // Files without the public key are common.
            let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).ok()?;
            let info = public_key_info(&alg_id::ED25519, key.public_key().as_ref());
            Some(Arc::new(Ed25519 { key, info }))
        }

        impl Signer for Ed25519 {
            fn schemes(&self) -> &[SignatureScheme] {
                &[SignatureScheme::Ed25519]
            }

            fn sign(&self, _: SignatureScheme, message: &[u8]) -> Result<Vec<u8>, SignError> {
                Ok(self.key.sign(message).as_ref().to_vec())
            }

            fn public_key_info(&self) -> Option<&[u8]> {
                Some(&self.info)
            }
        }
    };
}
