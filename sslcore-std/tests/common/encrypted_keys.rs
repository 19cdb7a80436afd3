//! Private keys behind a passphrase, made by the libraries that RustCrypto has.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "every test program uses a part of it"
)]

use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeEncrypt, KeyIvInit};
use md5::{Digest, Md5};
use p12_keystore::{Certificate, KeyStore, KeyStoreEntry, PrivateKeyChain};
use pkcs5::pbes2::{
    EncryptionScheme, Kdf, Parameters, Pbkdf2Params, Pbkdf2Prf, Salt, ScryptParams,
};
use pkcs8::EncryptedPrivateKeyInfoRef;
use pkcs8::der::Encode;
use pkcs8::der::asn1::OctetStringRef;
use sslcore_tests::certs::{Identity, pem};
use sslcore_tests::chains::element;

/// What opens all of them.
pub const PASSPHRASE: &str = "correct horse";

/// PKCS#8, encrypted with PBKDF2 and AES-256.
pub fn pkcs8(key: &[u8], iterations: u32) -> Vec<u8> {
    let cipher = EncryptionScheme::Aes256Cbc { iv: [7; 16] };
    // What it would cost to make is not what its reader is told.
    pbes2_as(key, pbkdf2(10), pbkdf2(iterations), cipher)
}

/// PKCS#8 by PBES2.
pub fn pbes2(key: &[u8], kdf: Kdf, cipher: EncryptionScheme) -> Vec<u8> {
    pbes2_as(key, kdf.clone(), kdf, cipher)
}

/// The same, which says another derivation than it was made with.
pub fn pbes2_as(key: &[u8], kdf: Kdf, said: Kdf, encryption: EncryptionScheme) -> Vec<u8> {
    let parameters = Parameters { kdf, encryption };
    let ciphertext = parameters.encrypt(PASSPHRASE, key).expect("encrypt");
    let said = Parameters {
        kdf: said,
        encryption,
    };
    let info = EncryptedPrivateKeyInfoRef {
        encryption_algorithm: said.into(),
        encrypted_data: OctetStringRef::new(&ciphertext).expect("short"),
    };
    info.to_der().expect("DER")
}

/// PBKDF2 with SHA-256.
pub fn pbkdf2(iterations: u32) -> Kdf {
    let kdf = Pbkdf2Params::hmac_sha256(iterations, b"salt and more").expect("PBKDF2");
    kdf.into()
}

/// PBKDF2 with another hash.
pub fn pbkdf2_with(prf: Pbkdf2Prf) -> Kdf {
    let mut kdf = Pbkdf2Params::hmac_sha256(10, b"salt and more").expect("PBKDF2");
    kdf.prf = prf;
    kdf.into()
}

/// scrypt with N, r and p (RFC 7914 §2).
pub fn scrypt(n: u64, r: u16, p: u16) -> Kdf {
    let params = ScryptParams {
        salt: Salt::new(b"salt and more").expect("short"),
        cost_parameter: n,
        block_size: r,
        parallelization: p,
        key_length: None,
    };
    params.into()
}

/// OpenSSL's old PEM, with AES-128.
pub fn dek_info(key: &[u8]) -> String {
    old_pem::<cbc::Encryptor<aes::Aes128>>("PRIVATE KEY", "AES-128-CBC", key)
}

/// OpenSSL's old PEM: rounds of MD5 make the key.
pub fn old_pem<C: KeyIvInit + BlockModeEncrypt>(label: &str, cipher: &str, key: &[u8]) -> String {
    const IV: &[u8] = b"\x01\x23\x45\x67\x89\xab\xcd\xef\xfe\xdc\xba\x98\x76\x54\x32\x10";
    let iv = &IV[..C::iv_size()];
    let mut derived: Vec<u8> = Vec::new();
    while derived.len() < C::key_size() {
        let last = derived.len().saturating_sub(16);
        let mut hash = Md5::new();
        hash.update(&derived[last..]);
        hash.update(PASSPHRASE);
        hash.update(&iv[..8]);
        derived.extend(hash.finalize());
    }
    derived.truncate(C::key_size());
    let encryptor = C::new_from_slices(&derived, iv).expect("lengths");
    let text = pem(label, &encryptor.encrypt_padded_vec::<Pkcs7>(key));
    let iv: String = iv.iter().map(|byte| format!("{byte:02X}")).collect();
    let header = format!("-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: {cipher},{iv}\n\n");
    text.replacen("-----\n", &header, 1)
}

/// A PKCS#12 file with this identity.
pub fn store(identity: &Identity) -> Vec<u8> {
    store_behind(identity, PASSPHRASE)
}

/// The same behind another passphrase.
pub fn store_behind(identity: &Identity, passphrase: &str) -> Vec<u8> {
    written(identity, passphrase, 100)
}

/// The same without its authentication code, which RFC 7292 §4 leaves to who writes it.
pub fn unauthenticated(identity: &Identity) -> Vec<u8> {
    let store = written(identity, PASSPHRASE, 1);
    // SEQUENCE with two bytes of length, version, and the content, with as many.
    let [0x30, 0x82, _, _, 2, 1, 3, 0x30, 0x82, high, low, ..] = store[..] else {
        panic!("another kind of PKCS#12: {:x?}", &store[..12]);
    };
    let len = usize::from(high) << 8 | usize::from(low);
    element(0x30, &store[4..][..3 + 4 + len])
}

const DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";

/// A PKCS#12 file with this encrypted key alone, and without an authentication code.
pub fn encrypted_once(key: &[u8]) -> Vec<u8> {
    let bags = element(4, &bag_of(key));
    store_of(&element(0x30, &[DATA, &element(0xa0, &bags)].concat()))
}

/// The same, where the encrypted key is encrypted once more.
pub fn encrypted_twice(key: &[u8]) -> Vec<u8> {
    const ENCRYPTED_DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x06";
    let bags = pkcs8(&bag_of(key), 10);
    let info = EncryptedPrivateKeyInfoRef::try_from(&bags[..]).expect("PBES2");
    let algorithm = info.encryption_algorithm.to_der().expect("DER");
    let ciphertext = element(0x80, info.encrypted_data.as_bytes());
    let content = element(0x30, &[DATA, &algorithm, &ciphertext].concat());
    let content = element(0x30, &[&element(2, &[0])[..], &content].concat());
    store_of(&element(
        0x30,
        &[ENCRYPTED_DATA, &element(0xa0, &content)].concat(),
    ))
}

fn bag_of(key: &[u8]) -> Vec<u8> {
    const KEY_BAG: &[u8] = b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x02";
    let bag = element(0x30, &[KEY_BAG, &element(0xa0, key)].concat());
    element(0x30, &bag)
}

fn store_of(safe: &[u8]) -> Vec<u8> {
    let safes = element(4, &element(0x30, safe));
    let all = element(0x30, &[DATA, &element(0xa0, &safes)].concat());
    element(0x30, &[&element(2, &[3])[..], &all].concat())
}

/// A PKCS#12 file with the chain, and no key.
pub fn certificates_alone(identity: &Identity) -> Vec<u8> {
    let mut store = KeyStore::new();
    for (number, der) in identity.chain.iter().enumerate() {
        let certificate = Certificate::from_der(der).expect("certificate");
        store.add_entry(&number.to_string(), KeyStoreEntry::Certificate(certificate));
    }
    let writer = store.writer(PASSPHRASE).mac_iterations(100);
    writer.encryption_iterations(100).write().expect("PKCS#12")
}

fn written(identity: &Identity, passphrase: &str, iterations: u32) -> Vec<u8> {
    let key = identity.key();
    let key = p12_keystore::PrivateKey::from_der(key.secret_der()).expect("PKCS#8");
    let certs = identity.chain.iter();
    let certs = certs.map(|der| Certificate::from_der(der).expect("certificate"));
    let chain = PrivateKeyChain::new("id", key, certs.collect::<Vec<_>>());
    let mut store = KeyStore::new();
    store.add_entry("server", KeyStoreEntry::PrivateKeyChain(chain));
    let writer = store.writer(passphrase).mac_iterations(iterations);
    let writer = writer.encryption_iterations(iterations);
    writer.write().expect("PKCS#12")
}
