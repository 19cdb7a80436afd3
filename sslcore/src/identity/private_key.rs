//! Private keys, in the forms that files have.

use alloc::string::{String, ToString};
use core::fmt;

use rustls_pki_types::{PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer};
use zeroize::{Zeroize, Zeroizing};

use crate::x509::der::{Reader, bit_length, tag};
use crate::x509::ec_private_key::EcPrivateKey;
use crate::x509::key_kind::KeyKind;
use crate::x509::name::Dotted;
use crate::x509::pem;
use crate::x509::pkcs8::PrivateKeyInfo;

/// A private key that TLS can sign with. Wiped on drop; its `Debug` shows the kind alone.
/// `QSslKey`.
///
/// ```
/// # fn key(file: &[u8]) -> Result<(), sslcore::PrivateKeyError> {
/// use sslcore::{KeyKind, PrivateKey};
///
/// let key = PrivateKey::from_pem(file)?;
/// assert_eq!((key.kind(), key.kind().bits()), (KeyKind::EcdsaP256, 256));
/// let copy = key.clone_key(); // explicit, since each copy is one more place for the secret
/// assert_eq!(copy.secret_der(), key.secret_der());
/// # Ok(()) }
/// ```
///
/// Reading a key checks its form, which costs no arithmetic. Building a configuration with it checks
/// that its numbers belong together, and to the certificate, and that the backend can sign with it:
/// `rustcrypto` signs neither with RSA nor with P-521.
pub struct PrivateKey {
    der: PrivateKeyDer<'static>,
    kind: KeyKind,
}

/// Why bytes are not a [`PrivateKey`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum PrivateKeyError {
    /// The bytes have no private key.
    NotAKey,
    /// The key is encrypted: a passphrase is needed. `trust::private_key_with_passphrase` of
    /// `sslcore-std` decrypts it.
    Encrypted,
    /// The bytes begin as a private key does, and are not a whole one.
    Damaged(&'static str),
    /// TLS cannot sign with a key of this kind.
    Unsupported(String),
}

impl PrivateKey {
    /// Reads a key in DER: PKCS#8 (RFC 5958), PKCS#1 (RFC 8017 §A.1.2) or SEC1 (RFC 5915), which are
    /// told apart. Nothing may follow the key. Copies it once.
    ///
    /// # Errors
    /// [`PrivateKeyError`].
    pub fn from_der(der: &[u8]) -> Result<Self, PrivateKeyError> {
        let (form, kind) = recognise(der)?;
        let der = der.to_vec();
        let der = match form {
            Form::Pkcs8 => PrivatePkcs8KeyDer::from(der).into(),
            Form::Pkcs1 => PrivatePkcs1KeyDer::from(der).into(),
            Form::Sec1 => PrivateSec1KeyDer::from(der).into(),
        };
        Ok(Self { der, kind })
    }

    /// Reads the first private key among the blocks of a PEM text (RFC 7468), in the same forms.
    ///
    /// # Errors
    /// [`PrivateKeyError`]; also for a block by OpenSSL's old `DEK-Info`, which is
    /// [`Encrypted`](PrivateKeyError::Encrypted).
    pub fn from_pem(text: &[u8]) -> Result<Self, PrivateKeyError> {
        let block = pem::blocks(text)
            .find(|block| block.label.ends_with(b"PRIVATE KEY"))
            .ok_or(PrivateKeyError::NotAKey)?;
        match block.label {
            b"ENCRYPTED PRIVATE KEY" => return Err(PrivateKeyError::Encrypted),
            b"PRIVATE KEY" | b"RSA PRIVATE KEY" | b"EC PRIVATE KEY" => {}
            other => {
                let label = String::from_utf8_lossy(other);
                let label = alloc::format!("its label is {label:?}");
                return Err(PrivateKeyError::Unsupported(label));
            }
        }
        if block.has_encryption_header() {
            return Err(PrivateKeyError::Encrypted);
        }
        let der = block
            .decode()
            .map_err(|_| PrivateKeyError::Damaged("the PEM block is not complete base64"))?;
        Self::from_der(&der)
    }

    /// The algorithm and the size of the key. `QSslKey::algorithm`, `QSslKey::length`.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The key in DER, in the form in which it was read. Secret. `QSslKey::toDer`.
    pub fn secret_der(&self) -> &[u8] {
        self.der.secret_der()
    }

    /// A second copy of the secret.
    pub fn clone_key(&self) -> Self {
        Self {
            der: self.der.clone_key(),
            kind: self.kind,
        }
    }
}

impl Drop for PrivateKey {
    fn drop(&mut self) {
        self.der.zeroize();
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({})", self.kind)
    }
}

/// For [`ConfigBuilder::identity`](crate::ConfigBuilder::identity).
impl From<PrivateKey> for PrivateKeyDer<'static> {
    fn from(key: PrivateKey) -> Self {
        // It cannot be moved out of what is wiped on drop.
        key.der.clone_key()
    }
}

impl TryFrom<PrivateKeyDer<'static>> for PrivateKey {
    type Error = PrivateKeyError;

    fn try_from(der: PrivateKeyDer<'static>) -> Result<Self, PrivateKeyError> {
        let der = Zeroizing::new(der);
        Self::from_der(der.secret_der())
    }
}

impl fmt::Display for PrivateKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAKey => f.write_str("there is no private key in it"),
            Self::Encrypted => {
                f.write_str("this private key is encrypted: its passphrase is needed")
            }
            Self::Damaged(why) => write!(f, "this private key is damaged: {why}"),
            Self::Unsupported(what) => write!(
                f,
                "this is not a private key that TLS can use ({what}); \
                 RSA, ECDSA and Ed25519 in PKCS#8, PKCS#1 or SEC1 are known"
            ),
        }
    }
}

impl core::error::Error for PrivateKeyError {}

/// How the key is wrapped.
enum Form {
    Pkcs8,
    Pkcs1,
    Sec1,
}

fn recognise(der: &[u8]) -> Result<(Form, KeyKind), PrivateKeyError> {
    const CUT: PrivateKeyError = PrivateKeyError::Damaged("its length is not what it says");
    let mut whole = Reader::new(der);
    let content = match whole.read(tag::SEQUENCE) {
        Some(content) if whole.is_empty() => content,
        _ if der.first() == Some(&tag::SEQUENCE) => return Err(CUT),
        _ => return Err(PrivateKeyError::NotAKey),
    };
    let mut fields = Reader::new(content);
    let first = fields.element().ok_or(PrivateKeyError::NotAKey)?;
    let next = fields.clone().element().ok_or(PrivateKeyError::NotAKey)?;
    match (first, next) {
        // An algorithm and a ciphertext (RFC 5958 §3); a certificate has more.
        ((tag::SEQUENCE, algorithm, _), (tag::OCTET_STRING, _, _)) if is_encryption(algorithm) => {
            Err(PrivateKeyError::Encrypted)
        }
        ((tag::INTEGER, [0 | 1], _), (tag::SEQUENCE, ..)) => {
            pkcs8(der).map(|kind| (Form::Pkcs8, kind))
        }
        ((tag::INTEGER, [0], _), (tag::INTEGER, ..)) => {
            rsa(content).map(|kind| (Form::Pkcs1, kind))
        }
        ((tag::INTEGER, [1], _), (tag::OCTET_STRING, ..)) => {
            sec1(der, None).map(|kind| (Form::Sec1, kind))
        }
        _ => Err(PrivateKeyError::NotAKey),
    }
}

/// Whether an AlgorithmIdentifier is one of PKCS#5's or PKCS#12's, 1.2.840.113549.1.5 and .12.
fn is_encryption(algorithm: &[u8]) -> bool {
    const PKCS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01];
    let id = Reader::new(algorithm).read(tag::OBJECT_IDENTIFIER);
    let arc = id.and_then(|id| id.strip_prefix(PKCS));
    matches!(arc, Some([5 | 12, ..]))
}

fn pkcs8(der: &[u8]) -> Result<KeyKind, PrivateKeyError> {
    const DAMAGED: PrivateKeyError = PrivateKeyError::Damaged("PKCS#8 holds no whole key");
    let PrivateKeyInfo { algorithm, key, .. } = PrivateKeyInfo::read(der).ok_or(DAMAGED)?;
    // An RSA key says its own length.
    match KeyKind::of(algorithm, || Some(0)) {
        Some(KeyKind::Rsa { .. }) => rsa(Reader::new(key).read(tag::SEQUENCE).ok_or(DAMAGED)?),
        Some(KeyKind::Ed25519) => match Reader::new(key).read(tag::OCTET_STRING) {
            Some(secret) if secret.len() == KeyKind::Ed25519.secret_len() => Ok(KeyKind::Ed25519),
            _ => Err(PrivateKeyError::Damaged("an Ed25519 key has 32 bytes")),
        },
        Some(kind) => sec1(key, Some(kind)),
        None => Err(unsupported(algorithm)),
    }
}

/// Two primes, and the nine numbers that RFC 8017 §A.1.2 wants; multi-prime keys nobody uses.
fn rsa(fields: &[u8]) -> Result<KeyKind, PrivateKeyError> {
    const DAMAGED: PrivateKeyError = PrivateKeyError::Damaged("an RSA key has nine numbers");
    let mut fields = Reader::new(fields);
    let mut number = || fields.read(tag::INTEGER).ok_or(DAMAGED);
    if number()? != [0] {
        return Err(PrivateKeyError::Unsupported("multi-prime RSA".to_string()));
    }
    let bits = bit_length(number()?).ok_or(DAMAGED)?;
    for _ in 2..9 {
        number()?;
    }
    Ok(KeyKind::Rsa { bits })
}

/// Of a key whose curve is known from outside, or said by it.
fn sec1(der: &[u8], outside: Option<KeyKind>) -> Result<KeyKind, PrivateKeyError> {
    const DAMAGED: PrivateKeyError = PrivateKeyError::Damaged("an EC key has a number and a curve");
    let EcPrivateKey { scalar, curve, .. } = EcPrivateKey::read(der).ok_or(DAMAGED)?;
    let kind = match (outside, curve) {
        (Some(kind), _) => kind,
        (None, Some(curve)) => Reader::new(curve)
            .read(tag::OBJECT_IDENTIFIER)
            .and_then(KeyKind::of_curve)
            .ok_or_else(|| unsupported(curve))?,
        // RFC 5915 wants it; files without exist.
        (None, None) => KeyKind::of_length(scalar.len()).ok_or(DAMAGED)?,
    };
    match scalar.len() == kind.secret_len() {
        true => Ok(kind),
        false => Err(PrivateKeyError::Damaged("its length is not its curve's")),
    }
}

/// Names the last object identifier: the curve if there is one, or else the algorithm.
fn unsupported(algorithm: &[u8]) -> PrivateKeyError {
    let mut fields = Reader::new(algorithm);
    let first = fields.read(tag::OBJECT_IDENTIFIER);
    let what = match (first, fields.read(tag::OBJECT_IDENTIFIER)) {
        (_, Some(curve)) => alloc::format!("curve {}", Dotted(curve)),
        (Some(id), None) => alloc::format!("algorithm {}", Dotted(id)),
        (None, None) => "a curve without a name".to_string(),
    };
    PrivateKeyError::Unsupported(what)
}
