//! PKCS#8 behind what pkcs5 does not know: PKCS#12's own encryptions with SHA-1 (RFC 7292 §B and
//! §C), and Camellia in PBES2.

use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeDecrypt, KeyIvInit};
use pkcs5::pbes2::{Kdf, Pbkdf2Prf};
use pkcs8::der::Decode;
use pkcs8::spki::AlgorithmIdentifierRef;
use sha1::{Digest, Sha1};
use sha2::{Sha224, Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use super::der::{OID, SEQUENCE};
use super::error::LoadErrorKind;
use super::parameters::{Encrypted, OCTET_STRING, element};

const INTEGER: u8 = 0x02;
/// `pkcs-12PbeIds`, 1.2.840.113549.1.12.1.
const PKCS12: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x01];
/// `camellia128-cbc` and its like, 1.2.392.200011.61.1.1.1 (RFC 3657 §A).
const CAMELLIA: &[u8] = &[0x2a, 0x83, 0x08, 0x8c, 0x9a, 0x4b, 0x3d, 0x01, 0x01, 0x01];

pub(super) const BAD_PARAMETERS: LoadErrorKind =
    LoadErrorKind::DamagedKey("the parameters of its encryption make no sense");
pub(super) const HALF_A_BLOCK: LoadErrorKind =
    LoadErrorKind::DamagedKey("it is not whole blocks of its cipher");

/// What a decryption comes to: the key in the clear.
type Decrypted = Result<Zeroizing<Vec<u8>>, LoadErrorKind>;

/// PKCS#12's encryptions of block ciphers.
#[derive(Clone, Copy)]
pub(super) enum Pbes1 {
    Tdes,
    TdesOfTwoKeys,
    Rc2,
    Rc2Of40Bits,
}

impl Pbes1 {
    /// The one with this object identifier.
    pub(super) fn of(id: &[u8]) -> Option<Self> {
        match id.strip_prefix(PKCS12)? {
            [3] => Some(Self::Tdes),
            [4] => Some(Self::TdesOfTwoKeys),
            [5] => Some(Self::Rc2),
            [6] => Some(Self::Rc2Of40Bits),
            _ => None,
        }
    }

    /// Decrypts, if it costs no more than so many rounds.
    pub(super) fn decrypt(
        self,
        encrypted: &Encrypted<'_>,
        passphrase: &[u8],
        limit: u32,
    ) -> Decrypted {
        let Some((SEQUENCE, parameters, [])) = element(encrypted.parameters) else {
            return Err(BAD_PARAMETERS);
        };
        let (salt, rounds) = match element(parameters) {
            Some((OCTET_STRING, salt, rest)) => match element(rest) {
                Some((INTEGER, rounds, [])) => (salt, number(rounds)),
                _ => return Err(BAD_PARAMETERS),
            },
            _ => return Err(BAD_PARAMETERS),
        };
        let rounds = match rounds.ok_or(BAD_PARAMETERS)? {
            0 => return Err(BAD_PARAMETERS),
            rounds if rounds > limit => return Err(too_costly()),
            rounds => rounds,
        };
        let derivation = Pkcs12Kdf {
            passphrase: &bmp_string(passphrase),
            salt,
            rounds,
        };
        let iv = derivation.derive::<8>(Purpose::Iv);
        let text = encrypted.ciphertext;
        match self {
            Self::Tdes => {
                let key = derivation.derive::<24>(Purpose::Key);
                cbc::<des::TdesEde3>(&*key, &*iv, text)
            }
            Self::TdesOfTwoKeys => {
                let key = derivation.derive::<16>(Purpose::Key);
                cbc::<des::TdesEde2>(&*key, &*iv, text)
            }
            Self::Rc2 => {
                let key = derivation.derive::<16>(Purpose::Key);
                cbc::<rc2::Rc2>(&*key, &*iv, text)
            }
            Self::Rc2Of40Bits => {
                let key = derivation.derive::<5>(Purpose::Key);
                cbc::<rc2::Rc2>(&*key, &*iv, text)
            }
        }
    }
}

pub(super) fn too_costly() -> LoadErrorKind {
    let why = "its key derivation costs more than any file should";
    LoadErrorKind::UnknownEncryption(why.to_owned())
}

/// A positive number that is not out of proportion.
fn number(integer: &[u8]) -> Option<u32> {
    let digits = match integer {
        [0, digits @ ..] => digits,
        [first, ..] if *first < 0x80 => integer,
        _ => return None,
    };
    match digits.len() {
        0..=4 => Some(
            digits
                .iter()
                .fold(0, |number, byte| number << 8 | u32::from(*byte)),
        ),
        _ => Some(u32::MAX),
    }
}

/// Decrypts CBC with PKCS#7's padding. The key's length is the cipher's.
fn cbc<C>(key: &[u8], iv: &[u8], ciphertext: &[u8]) -> Decrypted
where
    cbc::Decryptor<C>: KeyIvInit + BlockModeDecrypt,
    C: aes::cipher::BlockCipherDecrypt,
{
    if ciphertext.is_empty() || !ciphertext.len().is_multiple_of(iv.len()) {
        return Err(HALF_A_BLOCK);
    }
    let cipher = cbc::Decryptor::<C>::new_from_slices(key, iv).map_err(|_| BAD_PARAMETERS)?;
    let mut bytes = Zeroizing::new(ciphertext.to_vec());
    let len = cipher
        .decrypt_padded::<Pkcs7>(&mut bytes)
        .map_err(|_| LoadErrorKind::WrongPassphrase)?
        .len();
    bytes.truncate(len);
    Ok(bytes)
}

/// A passphrase as PKCS#12 takes it: UTF-16, big end first, with a zero behind it (RFC 7292 §B.1).
/// What is no UTF-8 is taken for Latin-1, as OpenSSL has it.
fn bmp_string(passphrase: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(2 * passphrase.len() + 2));
    let mut push = |unit: u16| bytes.extend_from_slice(&unit.to_be_bytes());
    match std::str::from_utf8(passphrase) {
        Ok(text) => text.encode_utf16().for_each(&mut push),
        Err(_) => passphrase.iter().for_each(|byte| push((*byte).into())),
    }
    push(0);
    bytes
}

/// What bytes are derived for (RFC 7292 §B.3).
#[derive(Clone, Copy)]
enum Purpose {
    Key = 1,
    Iv = 2,
}

/// The derivation of RFC 7292 §B.2, with SHA-1.
struct Pkcs12Kdf<'a> {
    passphrase: &'a [u8],
    salt: &'a [u8],
    rounds: u32,
}

impl Pkcs12Kdf<'_> {
    fn derive<const LEN: usize>(&self, purpose: Purpose) -> Zeroizing<[u8; LEN]> {
        /// What SHA-1 takes and gives at once.
        const BLOCK: usize = 64;
        const HASH: usize = 20;
        let whole = |bytes: &[u8]| bytes.len().next_multiple_of(BLOCK);
        let (salt, passphrase) = (whole(self.salt), whole(self.passphrase));
        let mut input = Zeroizing::new(Vec::with_capacity(salt + passphrase));
        input.extend(self.salt.iter().cycle().take(salt));
        input.extend(self.passphrase.iter().cycle().take(passphrase));
        let mut derived = Zeroizing::new([0; LEN]);
        for part in derived.chunks_mut(HASH) {
            let mut hash = Sha1::new();
            hash.update([purpose as u8; BLOCK]);
            hash.update(&*input);
            let mut last = Zeroizing::new(<[u8; HASH]>::from(hash.finalize()));
            for _ in 1..self.rounds {
                *last = Sha1::digest(*last).into();
            }
            part.copy_from_slice(&last[..part.len()]);
            // Each block of the input grows by the hash, repeated, and by one.
            for block in input.chunks_mut(BLOCK) {
                let mut carry = 1;
                for (at, byte) in block.iter_mut().enumerate().rev() {
                    carry += u16::from(*byte) + u16::from(last[at % HASH]);
                    *byte = carry as u8;
                    carry >>= 8;
                }
            }
        }
        derived
    }
}

/// PBES2 with Camellia (RFC 8018 §6.2).
pub(super) struct Camellia<'a> {
    pub(super) kdf: Kdf,
    key_len: usize,
    iv: &'a [u8],
}

impl<'a> Camellia<'a> {
    /// If it is that; the parameters are those of PBES2.
    pub(super) fn of(parameters: &'a [u8]) -> Option<Result<Self, LoadErrorKind>> {
        let (SEQUENCE, parameters, []) = element(parameters)? else {
            return None;
        };
        let (SEQUENCE, _, cipher) = element(parameters)? else {
            return None;
        };
        let kdf = &parameters[..parameters.len() - cipher.len()];
        let (SEQUENCE, cipher, []) = element(cipher)? else {
            return None;
        };
        let (OID, id, iv) = element(cipher)? else {
            return None;
        };
        let key_len = match id.strip_prefix(CAMELLIA)? {
            [2] => 16,
            [3] => 24,
            [4] => 32,
            _ => return None,
        };
        let kdf = AlgorithmIdentifierRef::from_der(kdf);
        let kdf = kdf.and_then(Kdf::try_from);
        Some(match (kdf, element(iv)) {
            (Ok(kdf), Some((OCTET_STRING, iv, []))) => Ok(Self { kdf, key_len, iv }),
            (Err(error), _) => Err(LoadErrorKind::UnknownEncryption(error.to_string())),
            _ => Err(BAD_PARAMETERS),
        })
    }

    pub(super) fn decrypt(&self, ciphertext: &[u8], passphrase: &[u8]) -> Decrypted {
        let mut key = Zeroizing::new([0; 32]);
        let key = key.get_mut(..self.key_len).ok_or(BAD_PARAMETERS)?;
        self.derive(passphrase, key)?;
        match self.key_len {
            16 => cbc::<camellia::Camellia128>(key, self.iv, ciphertext),
            24 => cbc::<camellia::Camellia192>(key, self.iv, ciphertext),
            _ => cbc::<camellia::Camellia256>(key, self.iv, ciphertext),
        }
    }

    fn derive(&self, passphrase: &[u8], key: &mut [u8]) -> Result<(), LoadErrorKind> {
        use pbkdf2::pbkdf2_hmac;

        let said = self.kdf.key_length().map(usize::from);
        if said.is_some_and(|said| said != key.len()) {
            return Err(BAD_PARAMETERS);
        }
        let kdf = match &self.kdf {
            Kdf::Pbkdf2(kdf) => kdf,
            Kdf::Scrypt(kdf) => {
                let cost = scrypt::Params::try_from(kdf).map_err(|_| BAD_PARAMETERS)?;
                let derived = scrypt::scrypt(passphrase, kdf.salt.as_bytes(), &cost, key);
                return derived.map_err(|_| BAD_PARAMETERS);
            }
            other => {
                let what = format!("key derivation {}", other.oid());
                return Err(LoadErrorKind::UnknownEncryption(what));
            }
        };
        let (salt, rounds) = (kdf.salt.as_bytes(), kdf.iteration_count);
        match kdf.prf {
            Pbkdf2Prf::HmacWithSha1 => pbkdf2_hmac::<Sha1>(passphrase, salt, rounds, key),
            Pbkdf2Prf::HmacWithSha224 => pbkdf2_hmac::<Sha224>(passphrase, salt, rounds, key),
            Pbkdf2Prf::HmacWithSha256 => pbkdf2_hmac::<Sha256>(passphrase, salt, rounds, key),
            Pbkdf2Prf::HmacWithSha384 => pbkdf2_hmac::<Sha384>(passphrase, salt, rounds, key),
            Pbkdf2Prf::HmacWithSha512 => pbkdf2_hmac::<Sha512>(passphrase, salt, rounds, key),
            other => {
                let what = format!("PBKDF2 with {}", other.oid());
                return Err(LoadErrorKind::UnknownEncryption(what));
            }
        }
        Ok(())
    }
}
