//! Private keys behind a passphrase.

use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeDecrypt, KeyIvInit};
use camellia::{Camellia128, Camellia192, Camellia256};
use md5::{Digest, Md5};
use pkcs5::pbes2::Kdf;
use pkcs5::{EncryptionScheme, Error};
use pkcs8::{EncryptedPrivateKeyInfoRef, ObjectIdentifier};
use sslcore::PrivateKey;
use zeroize::Zeroizing;

use super::der::{self, Der};
use super::error::LoadErrorKind;
use super::file::key;
use super::legacy::{BAD_PARAMETERS, Camellia, HALF_A_BLOCK, Pbes1, too_costly};
use super::parameters::{self, Encrypted};
use super::pem::{Block, DekInfo};

/// What decrypting may cost: some ten seconds of PBKDF2. Files of today ask for a twentieth.
const MAX_ITERATIONS: u32 = 10_000_000;
/// What scrypt may take: 128 · N · r bytes (RFC 7914 §5). OpenSSL's own files take 16 MiB.
const MAX_SCRYPT_BYTES: u64 = 256 * 1024 * 1024;

/// PKCS#8, encrypted (RFC 5958 §3), in DER.
pub(super) fn pkcs8(der: &[u8], passphrase: &[u8]) -> Result<PrivateKey, LoadErrorKind> {
    if parameters::are_impossible(der) {
        return Err(BAD_PARAMETERS);
    }
    let encrypted = Encrypted::look(der).ok_or(BAD_PARAMETERS)?;
    if let Some(pbes1) = Pbes1::of(encrypted.id) {
        return decrypted(&pbes1.decrypt(&encrypted, passphrase, MAX_ITERATIONS)?);
    }
    match ObjectIdentifier::from_bytes(encrypted.id) {
        Ok(pkcs5::pbes2::PBES2_OID) => {}
        Ok(other) => return Err(unknown(other)),
        Err(_) => return Err(BAD_PARAMETERS),
    }
    if let Some(camellia) = Camellia::of(encrypted.parameters) {
        let camellia = camellia?;
        affordable(&camellia.kdf)?;
        return decrypted(&camellia.decrypt(encrypted.ciphertext, passphrase)?);
    }
    let info = EncryptedPrivateKeyInfoRef::try_from(der).map_err(why)?;
    if let EncryptionScheme::Pbes2(parameters) = &info.encryption_algorithm {
        affordable(&parameters.kdf)?;
    }
    let ciphertext = info.encrypted_data.as_bytes();
    whole_blocks(&info.encryption_algorithm, ciphertext)?;
    match info.encryption_algorithm.decrypt(passphrase, ciphertext) {
        Ok(plaintext) => decrypted(&Zeroizing::new(plaintext)),
        Err(Error::DecryptFailed) => Err(LoadErrorKind::WrongPassphrase),
        Err(Error::AlgorithmParametersInvalid { .. }) => Err(BAD_PARAMETERS),
        Err(other) => Err(LoadErrorKind::UnknownEncryption(other.to_string())),
    }
}

/// Why this is no encrypted key: an algorithm that is not known, or damage.
fn why(error: pkcs8::Error) -> LoadErrorKind {
    use pkcs8::der::ErrorKind;
    let kind = match error {
        pkcs8::Error::Asn1(error) => error.kind(),
        _ => return BAD_PARAMETERS,
    };
    match kind {
        ErrorKind::OidUnknown { oid } => unknown(oid),
        ErrorKind::Length { .. } => {
            LoadErrorKind::UnknownEncryption("PBES2 with a salt of more than 32 bytes".to_owned())
        }
        _ => BAD_PARAMETERS,
    }
}

fn unknown(algorithm: ObjectIdentifier) -> LoadErrorKind {
    let what = format!(
        "algorithm {algorithm}; PBES2 of RFC 8018 is known, and \
                        PKCS#12's 3DES and RC2"
    );
    LoadErrorKind::UnknownEncryption(what)
}

/// In CBC mode a ciphertext is some blocks; without all of them no passphrase is right.
fn whole_blocks(scheme: &EncryptionScheme, ciphertext: &[u8]) -> Result<(), LoadErrorKind> {
    use pkcs5::pbes2::EncryptionScheme as Cipher;
    let block = match scheme.pbes2().map(|parameters| parameters.encryption) {
        Some(Cipher::DesEde3Cbc { .. }) => 8,
        Some(Cipher::Aes128Gcm { .. } | Cipher::Aes256Gcm { .. }) | None => 1,
        Some(_) => 16,
    };
    match !ciphertext.is_empty() && ciphertext.len().is_multiple_of(block) {
        true => Ok(()),
        false => Err(HALF_A_BLOCK),
    }
}

/// The file says what decrypting it costs, and whoever wrote it may not mean well.
fn affordable(kdf: &Kdf) -> Result<(), LoadErrorKind> {
    let excessive = match kdf {
        Kdf::Pbkdf2(kdf) => kdf.iteration_count > MAX_ITERATIONS,
        Kdf::Scrypt(kdf) => {
            let cost = kdf.cost_parameter;
            let bytes = cost.saturating_mul(128 * u64::from(kdf.block_size));
            bytes > MAX_SCRYPT_BYTES || kdf.parallelization > 16
        }
        _ => false,
    };
    match excessive {
        true => Err(too_costly()),
        false => Ok(()),
    }
}

/// OpenSSL's old PEM: `DEK-Info` names the cipher and the salt, which is the IV too.
pub(super) fn dek_info(block: &Block<'_>, passphrase: &[u8]) -> Result<PrivateKey, LoadErrorKind> {
    let DekInfo { cipher, iv } = block.dek_info()?;
    let mut bytes = block.decode()?;
    let plaintext = match cipher.as_str() {
        "AES-128-CBC" => cbc::<cbc::Decryptor<aes::Aes128>, 16>(&mut bytes, passphrase, &iv),
        "AES-192-CBC" => cbc::<cbc::Decryptor<aes::Aes192>, 24>(&mut bytes, passphrase, &iv),
        "AES-256-CBC" => cbc::<cbc::Decryptor<aes::Aes256>, 32>(&mut bytes, passphrase, &iv),
        "DES-EDE3-CBC" => cbc::<cbc::Decryptor<des::TdesEde3>, 24>(&mut bytes, passphrase, &iv),
        "CAMELLIA-128-CBC" => cbc::<cbc::Decryptor<Camellia128>, 16>(&mut bytes, passphrase, &iv),
        "CAMELLIA-192-CBC" => cbc::<cbc::Decryptor<Camellia192>, 24>(&mut bytes, passphrase, &iv),
        "CAMELLIA-256-CBC" => cbc::<cbc::Decryptor<Camellia256>, 32>(&mut bytes, passphrase, &iv),
        other => {
            let cipher = format!("the cipher {other:?} of DEK-Info");
            return Err(LoadErrorKind::UnknownEncryption(cipher));
        }
    };
    decrypted(plaintext?)
}

fn cbc<'a, D: KeyIvInit + BlockModeDecrypt, const KEY: usize>(
    bytes: &'a mut [u8],
    passphrase: &[u8],
    iv: &[u8],
) -> Result<&'a [u8], LoadErrorKind> {
    let key = derived::<KEY>(passphrase, iv)?;
    let cipher = D::new_from_slices(&*key, iv)
        .map_err(|_| LoadErrorKind::DamagedKey("the IV of its DEK-Info has another length"))?;
    if bytes.is_empty() || !bytes.len().is_multiple_of(iv.len()) {
        return Err(HALF_A_BLOCK);
    }
    cipher
        .decrypt_padded::<Pkcs7>(bytes)
        .map_err(|_| LoadErrorKind::WrongPassphrase)
}

/// OpenSSL's `EVP_BytesToKey` with MD5 and one round: each hash goes on from the one before.
fn derived<const LEN: usize>(
    passphrase: &[u8],
    iv: &[u8],
) -> Result<Zeroizing<[u8; LEN]>, LoadErrorKind> {
    let salt = iv
        .get(..8)
        .ok_or(LoadErrorKind::DamagedKey("the IV of its DEK-Info is short"))?;
    let mut key = Zeroizing::new([0; LEN]);
    let mut last: Option<Zeroizing<[u8; 16]>> = None;
    for part in key.chunks_mut(16) {
        let mut hash = Md5::new();
        if let Some(last) = &last {
            hash.update(**last);
        }
        hash.update(passphrase);
        hash.update(salt);
        let next = Zeroizing::new(<[u8; 16]>::from(hash.finalize()));
        part.copy_from_slice(&next[..part.len()]);
        last = Some(next);
    }
    Ok(key)
}

/// A wrong passphrase gives valid padding once in some 250 times, and then noise.
fn decrypted(plaintext: &[u8]) -> Result<PrivateKey, LoadErrorKind> {
    match key(plaintext) {
        Err(LoadErrorKind::UnknownKey(what)) if der::look(plaintext) == Der::PrivateKey => {
            Err(LoadErrorKind::UnknownKey(what))
        }
        Err(LoadErrorKind::DamagedKey(_) | LoadErrorKind::UnknownKey(_)) => {
            Err(LoadErrorKind::WrongPassphrase)
        }
        other => other,
    }
}
