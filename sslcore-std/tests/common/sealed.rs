//! Keys behind a passphrase, and PKCS#12 files, made by the libraries that RustCrypto has.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "every test program uses a part of it"
)]

use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeEncrypt, KeyIvInit};
use md5::{Digest, Md5};
use p12_keystore::{Certificate, KeyStore, KeyStoreEntry, PrivateKeyChain};
use pkcs5::pbes2::{Parameters, Pbkdf2Params};
use pkcs8::EncryptedPrivateKeyInfoRef;
use pkcs8::der::Encode;
use pkcs8::der::asn1::OctetStringRef;
use sslcore_tests::certs::{Identity, pem};

pub const PASSPHRASE: &str = "correct horse";

/// PKCS#8, encrypted with PBKDF2 and AES-256.
pub fn encrypted(key: &[u8], iterations: u32) -> Vec<u8> {
    let mut parameters =
        Parameters::generate_pbkdf2_sha256_aes256cbc(10, b"salt and more", [7; 16]).expect("PBES2");
    let ciphertext = parameters.encrypt(PASSPHRASE, key).expect("encrypt");
    let kdf = Pbkdf2Params::hmac_sha256(iterations, b"salt and more").expect("PBKDF2");
    parameters.kdf = kdf.into();
    let info = EncryptedPrivateKeyInfoRef {
        encryption_algorithm: parameters.into(),
        encrypted_data: OctetStringRef::new(&ciphertext).expect("short"),
    };
    info.to_der().expect("DER")
}

/// OpenSSL's old PEM, with AES-128: one round of MD5 makes the key.
pub fn old_pem(key: &[u8]) -> String {
    let iv = *b"\x01\x23\x45\x67\x89\xab\xcd\xef\xfe\xdc\xba\x98\x76\x54\x32\x10";
    let mut hash = Md5::new();
    hash.update(PASSPHRASE);
    hash.update(&iv[..8]);
    let cipher = cbc::Encryptor::<aes::Aes128>::new(&hash.finalize(), &iv.into());
    let header =
        "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0123456789ABCDEFFEDCBA9876543210\n\n";
    let text = pem("PRIVATE KEY", &cipher.encrypt_padded_vec::<Pkcs7>(key));
    text.replacen("-----\n", &format!("-----\n{header}"), 1)
}

/// A PKCS#12 file with this identity.
pub fn store(identity: &Identity, passphrase: &str) -> Vec<u8> {
    let key = identity.key();
    let key = p12_keystore::PrivateKey::from_der(key.secret_der()).expect("PKCS#8");
    let certs = identity.chain.iter();
    let certs = certs.map(|der| Certificate::from_der(der).expect("certificate"));
    let chain = PrivateKeyChain::new("id", key, certs.collect::<Vec<_>>());
    let mut store = KeyStore::new();
    store.add_entry("server", KeyStoreEntry::PrivateKeyChain(chain));
    store.writer(passphrase).write().expect("PKCS#12")
}
