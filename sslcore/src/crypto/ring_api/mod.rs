//! What ring has, and aws-lc-rs behind the same API; and what each does in its own way.

#[macro_use]
mod aead;
#[macro_use]
mod hash;
#[cfg(feature = "sign")]
#[macro_use]
mod keys;
#[macro_use]
mod kx;
#[macro_use]
mod verification;

use crate::protocol::cipher;

/// The suites of TLS 1.3, in the order of processors that have instructions for AES.
pub(super) const SUITES: [u16; 3] = [
    cipher::TLS13_AES_256_GCM_SHA384,
    cipher::TLS13_AES_128_GCM_SHA256,
    cipher::TLS13_CHACHA20_POLY1305_SHA256,
];

#[cfg(feature = "aws-lc-rs")]
pub(super) mod aws_lc {
    pub(in crate::crypto) mod aead {
        use crate::crypto::aead::copy;

        /// Up to here copying the plaintext costs less than a block of its own for the content type.
        const COPY: usize = 2048;

        record_aead! {
            aws_lc_rs,

            fn seal_from(
                &self,
                nonce: &[u8; NONCE_LEN],
                aad: &[u8],
                plaintext: &[u8],
                last: &[u8],
                out: &mut [u8],
            ) -> Result<(), AeadError> {
                // AWS-LC makes a block of its own for what comes last, with ChaCha20 whole 64 bytes.
                let is_chacha20 = self.0.algorithm() == &CHACHA20_POLY1305;
                if !last.is_empty() && (is_chacha20 || plaintext.len() <= COPY) {
                    let (body, tag) = copy(plaintext, last, out)?;
                    let (nonce, aad) = (Nonce::from(nonce), Aad::from(aad));
                    return self
                        .0
                        .seal_in_place_scatter(nonce, aad, body, &[], tag)
                        .map_err(|_| AeadError);
                }
                let (ciphertext, rest) = out
                    .split_at_mut_checked(plaintext.len())
                    .ok_or(AeadError)?;
                let (nonce, aad) = (Nonce::from(nonce), Aad::from(aad));
                self.0
                    .seal_out_of_place_scatter(nonce, aad, plaintext, ciphertext, last, rest)
                    .map_err(|_| AeadError)
            }

            // `open_in_place` does the same but moves the nonce byte by byte.
            fn open(
                &self,
                nonce: &[u8; NONCE_LEN],
                aad: &[u8],
                body: &mut [u8],
            ) -> Result<(), AeadError> {
                let ciphertext = body.len().checked_sub(TAG_LEN).ok_or(AeadError)?;
                let (body, tag) = body.split_at_mut(ciphertext);
                self.0
                    .open_in_place_separate_tag(Nonce::from(nonce), Aad::from(aad), tag, body)
                    .map(|_| ())
                    .map_err(|_| AeadError)
            }
        }
    }

    pub(in crate::crypto) mod hash {
        hashes! {
            aws_lc_rs,

            fn prf(&self, secret: &[u8], label: &[u8], seed: &[u8], out: &mut [u8]) {
                use aws_lc_rs::tls_prf::{P_SHA256, P_SHA384, Secret};

                let algorithm = match self.algorithm {
                    HashAlgorithm::Sha256 => &P_SHA256,
                    HashAlgorithm::Sha384 => &P_SHA384,
                };
                let secret_of_library = Secret::new(algorithm, secret);
                match secret_of_library.and_then(|it| it.derive(label, seed, out.len())) {
                    Ok(made) => out.copy_from_slice(made.as_ref()),
                    // It takes no empty secret.
                    Err(_) => crate::crypto::hash::prf(self, secret, label, seed, out),
                }
            }
        }
    }

    pub(in crate::crypto) mod kx {
        key_exchanges!(aws_lc_rs, |key, share| {
            agreement::agree_ephemeral(key, share, KxError::Share, |secret| Ok(secret.to_vec()))
        });
    }

    #[cfg(feature = "sign")]
    pub(in crate::crypto) mod keys {
        keys!(
            aws_lc_rs,
            |algorithm, der| EcdsaKeyPair::from_pkcs8(algorithm, der),
            |key| key.public_modulus_len(),
            [P256, P384, P521]
        );

        const P521: Curve = Curve {
            algorithm: &signature::ECDSA_P521_SHA512_ASN1_SIGNING,
            scheme: SignatureScheme::EcdsaP521Sha512,
            id: alg_id::ECDSA_P521,
        };
    }

    pub(in crate::crypto) mod verification {
        verification!(
            aws_lc_rs,
            [
                ECDSA_P256_SHA256,
                ECDSA_P256_SHA384,
                ECDSA_P256_SHA512,
                ECDSA_P384_SHA256,
                ECDSA_P384_SHA384,
                ECDSA_P384_SHA512,
                ECDSA_P521_SHA256,
                ECDSA_P521_SHA384,
                ECDSA_P521_SHA512,
            ],
            [
                (
                    EcdsaP384Sha384,
                    [ECDSA_P384_SHA384, ECDSA_P256_SHA384, ECDSA_P521_SHA384]
                ),
                (
                    EcdsaP256Sha256,
                    [ECDSA_P256_SHA256, ECDSA_P384_SHA256, ECDSA_P521_SHA256]
                ),
                (
                    EcdsaP521Sha512,
                    [ECDSA_P521_SHA512, ECDSA_P384_SHA512, ECDSA_P256_SHA512]
                ),
            ]
        );
    }
}

#[cfg(feature = "ring")]
pub(super) mod ring {
    pub(in crate::crypto) mod aead {
        use ring::aead::Tag;

        record_aead! {
            ring,

            fn open(
                &self,
                nonce: &[u8; NONCE_LEN],
                aad: &[u8],
                body: &mut [u8],
            ) -> Result<(), AeadError> {
                let ciphertext = body.len().checked_sub(TAG_LEN).ok_or(AeadError)?;
                let (body, tag) = body.split_at_mut(ciphertext);
                let tag = Tag::try_from(&*tag).map_err(|_| AeadError)?;
                let nonce = Nonce::assume_unique_for_key(*nonce);
                self.0
                    .open_in_place_separate_tag(nonce, Aad::from(aad), tag, body, 0..)
                    .map(|_| ())
                    .map_err(|_| AeadError)
            }
        }
    }

    pub(in crate::crypto) mod hash {
        hashes!(ring);
    }

    pub(in crate::crypto) mod kx {
        key_exchanges!(ring, |key, share| {
            let secret = agreement::agree_ephemeral(key, &share, |secret| secret.to_vec());
            secret.map_err(|_| KxError::Share)
        });
    }

    #[cfg(feature = "sign")]
    pub(in crate::crypto) mod keys {
        keys!(
            ring,
            |algorithm, der| EcdsaKeyPair::from_pkcs8(algorithm, der, &SystemRandom::new()),
            |key| key.public().modulus_len(),
            [P256, P384]
        );
    }

    pub(in crate::crypto) mod verification {
        verification!(
            ring,
            [
                ECDSA_P256_SHA256,
                ECDSA_P256_SHA384,
                ECDSA_P384_SHA256,
                ECDSA_P384_SHA384,
            ],
            [
                (EcdsaP384Sha384, [ECDSA_P384_SHA384, ECDSA_P256_SHA384]),
                (EcdsaP256Sha256, [ECDSA_P256_SHA256, ECDSA_P384_SHA256]),
            ]
        );
    }
}
