//! Certificates with keys that no backend, or not every one, can check signatures with.

use std::sync::Arc;

use sslcore::{SignError, SignatureScheme, Signer};

use crate::cases::rsa_key;
use crate::chains::{HOST, Made, authority, element, field, leaf};

/// A key that is of no use, and what is to be said of it.
pub struct Useless {
    /// What it is.
    pub name: &'static str,
    /// Its SubjectPublicKeyInfo.
    pub key: Vec<u8>,
    /// What is told of it.
    pub words: &'static str,
    /// The schemes that its owner pretends to sign in.
    pub schemes: &'static [SignatureScheme],
    /// The only backend, by its name, that can use such a key all the same.
    pub except: Option<&'static str>,
}

/// A SubjectPublicKeyInfo: the AlgorithmIdentifier's content, and the key.
fn info(algorithm: &[u8], key: &[u8]) -> Vec<u8> {
    let bits = element(3, &[&[0], key].concat());
    element(0x30, &[element(0x30, algorithm), bits].concat())
}

/// A key on this curve, with coordinates of so many bytes.
fn on_curve(curve: &[u8], coordinate: usize) -> Vec<u8> {
    let mut point = vec![4];
    point.resize(1 + 2 * coordinate, 9);
    info(&[ec(), element(6, curve)].concat(), &point)
}

/// `id-ecPublicKey`.
fn ec() -> Vec<u8> {
    element(6, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1])
}

/// All of them.
pub fn useless() -> Vec<Useless> {
    use SignatureScheme::{EcdsaP256Sha256, EcdsaP521Sha512, RsaPssSha256};
    let of = |name, key, words, schemes| Useless {
        name,
        key,
        words,
        schemes,
        except: None,
    };
    let rsa = |name, key, words| of(name, key, words, &[RsaPssSha256]);
    let ecdsa = |name, key, words| of(name, key, words, &[EcdsaP521Sha512, EcdsaP256Sha256]);
    // id-RSASSA-PSS, and a key that would do.
    let pss = info(
        &element(6, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 10]),
        &[1],
    );
    let dsa = info(&element(6, &[0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1]), &[1]);
    let ed448 = info(&element(6, &[0x2b, 0x65, 0x71]), &[9; 57]);
    let p256 = [0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
    let brainpool = [0x2b, 0x24, 3, 3, 2, 8, 1, 1, 7];
    vec![
        rsa(
            "RSA of 1024 bits",
            rsa_key(1024),
            "its RSA key has 1024 bits, and 2048 are needed",
        ),
        rsa(
            "RSA of 2040 bits",
            rsa_key(2040),
            "its RSA key has 2040 bits, and 2048 are needed",
        ),
        rsa(
            "RSA of 16384 bits",
            rsa_key(16_384),
            "its RSA key has 16384 bits, and 8192 are the most",
        ),
        rsa(
            "RSA-PSS",
            pss,
            "its key is of the kind RSA-PSS, which the backend cannot use",
        ),
        ecdsa(
            "secp256k1",
            on_curve(&[0x2b, 0x81, 4, 0, 0x0a], 32),
            "its key is of the kind EC with secp256k1, which the backend cannot use",
        ),
        ecdsa(
            "brainpoolP256r1",
            on_curve(&brainpool, 32),
            "its key is of the kind EC with brainpoolP256r1, which the backend cannot use",
        ),
        ecdsa(
            "P-192",
            on_curve(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 1], 24),
            "its key is of the kind EC with P-192, which the backend cannot use",
        ),
        Useless {
            except: Some("aws-lc-rs"),
            ..ecdsa(
                "P-521",
                on_curve(&[0x2b, 0x81, 4, 0, 0x23], 66),
                "its key is ECDSA P-521, which the backend cannot use",
            )
        },
        ecdsa(
            "P-256 with a point of P-384",
            on_curve(&p256, 48),
            "its key is damaged",
        ),
        Useless {
            schemes: &[EcdsaP256Sha256],
            except: Some("aws-lc-rs"),
            ..ecdsa(
                "a compressed point of P-256",
                info(
                    &[ec(), element(6, &p256)].concat(),
                    &[&[2][..], &[9; 32]].concat(),
                ),
                "its key is a compressed point, which the backend cannot use",
            )
        },
        ecdsa(
            "DSA",
            dsa,
            "its key is of the kind DSA, which the backend cannot use",
        ),
        ecdsa(
            "Ed448",
            ed448,
            "its key is of the kind Ed448, which the backend cannot use",
        ),
    ]
}

impl Useless {
    /// A root, and a leaf of its for [`HOST`] that has this key.
    pub fn certified(&self) -> (Made, Made) {
        let root = Made::self_signed(authority("root"));
        let mut leaf = leaf(&[HOST]);
        leaf.extended_key_usages
            .push(rcgen::ExtendedKeyUsagePurpose::ClientAuth);
        let leaf = root.issue(leaf).with_fields(&root.key, |fields| {
            fields[field::PUBLIC_KEY] = self.key.clone();
        });
        (root, leaf)
    }

    /// Who has the key, or says so.
    pub fn owner(&self) -> Arc<dyn Signer> {
        Arc::new(Pretender(self.schemes))
    }
}

/// Signs with anything.
struct Pretender(&'static [SignatureScheme]);

impl Signer for Pretender {
    fn schemes(&self) -> &[SignatureScheme] {
        self.0
    }

    fn sign(&self, _: SignatureScheme, _: &[u8]) -> Result<Vec<u8>, SignError> {
        Ok(vec![7; 64])
    }
}
