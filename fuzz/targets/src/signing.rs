//! Who signs in the place of a key, and how.

use rustls::sign::Signer as Key;
use sslcore::crypto::Backend;
use sslcore::testing::known_identity;
use sslcore::{SignError, Signature, SignatureScheme, Signer};

/// What the known identity signs in.
pub(crate) const SCHEMES: [SignatureScheme; 1] = [SignatureScheme::EcdsaP256Sha256];

/// What the application does that is to sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signing {
    Rightly,
    /// As another key would.
    Wrongly,
    /// First it gives what no key of this kind can have made.
    Clumsily,
    Refused,
}

impl Signing {
    /// By two bits of a byte.
    pub(crate) fn of(how: u8) -> Self {
        match how & 3 {
            0 => Self::Rightly,
            1 => Self::Refused,
            2 => Self::Wrongly,
            _ => Self::Clumsily,
        }
    }
}

/// The key of the known identity, in an application's hand.
pub(crate) struct Hand {
    key: Box<dyn Key>,
    is_real: bool,
    refuses: bool,
}

impl Hand {
    /// One that signs by this backend, which may be real.
    pub(crate) fn new(backend: &Backend, is_real: bool, refuses: bool) -> Self {
        let (_, key) = known_identity();
        let key = backend.provider().key_provider.load_private_key(key);
        let scheme = SCHEMES.map(|scheme| scheme.code().into());
        let key = key.expect("a key").choose_scheme(&scheme);
        Self {
            key: key.expect("the key's scheme"),
            is_real,
            refuses,
        }
    }

    /// Its signature in the form that it has: without security it is 64 bytes, which are no DER.
    pub(crate) fn form<'a>(&self, signature: &'a [u8]) -> Signature<'a> {
        match self.is_real {
            true => Signature::Der(signature),
            false => Signature::Concatenated(signature),
        }
    }
}

/// Why nobody has signed.
pub(crate) fn refusal() -> SignError {
    SignError::new("the hand is closed")
}

impl Signer for Hand {
    fn schemes(&self) -> &[SignatureScheme] {
        &SCHEMES
    }

    fn sign(&self, _: SignatureScheme, message: &[u8]) -> Result<Vec<u8>, SignError> {
        match self.refuses {
            true => Err(refusal()),
            false => Ok(self.key.sign(message).expect("it signs")),
        }
    }
}
