//! What both peers derive (RFC 8446 §7, RFC 9258), by nothing of sslcore's but the AEAD of records.

use aws_lc_rs::agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, X25519, agree};
use aws_lc_rs::{digest, hmac};
use sslcore::SslCipher;
use sslcore_tests::pair::backend;
use sslcore_tests::sealing::Direction;

pub(crate) const AES_128_SHA256: u16 = 0x1301;
pub(crate) const AES_256_SHA384: u16 = 0x1302;
pub(crate) const CHACHA20_SHA256: u16 = 0x1303;

pub(crate) const GROUP_P256: u16 = 23;
pub(crate) const GROUP_X25519: u16 = 29;

/// The hash function of a cipher suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha256,
    Sha384,
}

impl Hash {
    pub(crate) fn of(suite: u16) -> Self {
        match suite {
            AES_256_SHA384 => Self::Sha384,
            _ => Self::Sha256,
        }
    }

    pub(crate) fn len(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
        }
    }

    pub(crate) fn digest(self, bytes: &[u8]) -> Vec<u8> {
        let algorithm = match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
        };
        digest::digest(algorithm, bytes).as_ref().to_vec()
    }

    fn mac(self, key: &[u8], bytes: &[u8]) -> Vec<u8> {
        let algorithm = match self {
            Self::Sha256 => hmac::HMAC_SHA256,
            Self::Sha384 => hmac::HMAC_SHA384,
        };
        let key = hmac::Key::new(algorithm, key);
        hmac::sign(&key, bytes).as_ref().to_vec()
    }

    /// HKDF-Extract; without a salt it is as many zeros as a hash has.
    fn extract(self, salt: Option<&[u8]>, secret: &[u8]) -> Vec<u8> {
        self.mac(salt.unwrap_or(&vec![0; self.len()]), secret)
    }

    fn expand_label(self, secret: &[u8], label: &str, context: &[u8], len: usize) -> Vec<u8> {
        let label = format!("tls13 {label}");
        let mut info = vec![0, len as u8, label.len() as u8];
        info.extend(label.as_bytes());
        info.push(context.len() as u8);
        info.extend(context);
        let (mut out, mut block) = (Vec::new(), Vec::new());
        for number in 1.. {
            if out.len() >= len {
                break;
            }
            block = self.mac(secret, &[&block[..], &info, &[number]].concat());
            out.extend(&block);
        }
        out.truncate(len);
        out
    }

    fn derive(self, secret: &[u8], label: &str, messages: &[u8]) -> Vec<u8> {
        self.expand_label(secret, label, &self.digest(messages), self.len())
    }

    pub(crate) fn finished(self, base: &[u8], messages: &[u8]) -> Vec<u8> {
        let key = self.expand_label(base, "finished", &[], self.len());
        self.mac(&key, &self.digest(messages))
    }

    /// What stands in a transcript for a ClientHello that was answered with this HelloRetryRequest.
    pub(crate) fn before(self, first: &[u8], retry: &[u8]) -> Vec<u8> {
        let digest = self.digest(first);
        [&[254, 0, 0, digest.len() as u8], &digest[..], retry].concat()
    }
}

/// A pre-shared key for the suites with one hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Psk {
    pub(crate) hash: Hash,
    pub(crate) secret: Vec<u8>,
    pub(crate) label: &'static str,
}

impl Psk {
    pub(crate) fn external(hash: Hash, secret: &[u8]) -> Self {
        Self {
            hash,
            secret: secret.to_vec(),
            label: "ext binder",
        }
    }

    /// RFC 9258 §5.1: the identity that goes over the wire, and the key for it, of an external key that
    /// belongs to SHA-256.
    pub(crate) fn imported(
        target: Hash,
        identity: &[u8],
        context: &[u8],
        secret: &[u8],
    ) -> (Vec<u8>, Self) {
        Self::imported_by(Hash::Sha256, target, identity, context, secret)
    }

    /// The same of one that belongs to `own`.
    pub(crate) fn imported_by(
        own: Hash,
        target: Hash,
        identity: &[u8],
        context: &[u8],
        secret: &[u8],
    ) -> (Vec<u8>, Self) {
        let number = match target {
            Hash::Sha256 => 1,
            Hash::Sha384 => 2,
        };
        let len = |part: &[u8]| (part.len() as u16).to_be_bytes();
        let identity = [
            &len(identity),
            identity,
            &len(context),
            context,
            &[3, 4, 0, number],
        ]
        .concat();
        let extracted = own.extract(None, secret);
        let digest = own.digest(&identity);
        let psk = Self {
            hash: target,
            secret: own.expand_label(&extracted, "derived psk", &digest, target.len()),
            label: "imp binder",
        };
        (identity, psk)
    }

    fn early(&self) -> Vec<u8> {
        self.hash.extract(None, &self.secret)
    }

    /// The binder of a hello, cut off before its binders, behind these messages.
    pub(crate) fn binder(&self, before: &[u8], truncated: &[u8]) -> Vec<u8> {
        let key = self.hash.derive(&self.early(), self.label, &[]);
        self.hash.finished(&key, &[before, truncated].concat())
    }
}

/// What there is from ServerHello on.
#[derive(Clone)]
pub(crate) struct Keys {
    pub(crate) hash: Hash,
    suite: u16,
    handshake: Vec<u8>,
    pub(crate) client: Vec<u8>,
    pub(crate) server: Vec<u8>,
}

impl Keys {
    pub(crate) fn new(suite: u16, psk: &Psk, shared: Option<&[u8]>, messages: &[u8]) -> Self {
        let hash = Hash::of(suite);
        let zeros = vec![0; hash.len()];
        let salt = hash.derive(&psk.early(), "derived", &[]);
        let handshake = hash.extract(Some(&salt), shared.unwrap_or(&zeros));
        Self {
            hash,
            suite,
            client: hash.derive(&handshake, "c hs traffic", messages),
            server: hash.derive(&handshake, "s hs traffic", messages),
            handshake,
        }
    }

    /// Traffic secrets of the client and the server, and the exporter's.
    pub(crate) fn application(&self, messages: &[u8]) -> [Vec<u8>; 3] {
        let hash = self.hash;
        let salt = hash.derive(&self.handshake, "derived", &[]);
        let master = hash.extract(Some(&salt), &vec![0; hash.len()]);
        ["c ap traffic", "s ap traffic", "exp master"]
            .map(|label| hash.derive(&master, label, messages))
    }

    /// What an exporter gives for this label, without a context (RFC 8446 §7.5).
    pub(crate) fn exported(&self, exporter: &[u8], label: &str) -> Vec<u8> {
        let derived = self.hash.derive(exporter, label, &[]);
        let context = self.hash.digest(&[]);
        self.hash.expand_label(&derived, "exporter", &context, 32)
    }

    /// Records under the key of a traffic secret.
    pub(crate) fn direction(&self, secret: &[u8]) -> Direction {
        let cipher = SslCipher::from_id(self.suite).expect("a suite of TLS 1.3");
        let key = self
            .hash
            .expand_label(secret, "key", &[], cipher.aead().key_len());
        let iv = self.hash.expand_label(secret, "iv", &[], 12);
        Direction::new(&backend(), true, cipher.aead(), (&key, &iv), 0)
    }

    /// The traffic secret behind a KeyUpdate.
    pub(crate) fn next(&self, secret: &[u8]) -> Vec<u8> {
        self.hash
            .expand_label(secret, "traffic upd", &[], self.hash.len())
    }
}

/// A key pair of X25519 or P-256.
pub(crate) struct Pair {
    pub(crate) group: u16,
    private: PrivateKey,
}

impl Pair {
    pub(crate) fn new(group: u16) -> Self {
        let private = match group {
            GROUP_X25519 => PrivateKey::generate(&X25519),
            GROUP_P256 => PrivateKey::generate(&ECDH_P256),
            _ => panic!("no group of these tests: {group}"),
        };
        Self {
            group,
            private: private.expect("random numbers"),
        }
    }

    pub(crate) fn share(&self) -> Vec<u8> {
        let public = self.private.compute_public_key().expect("a public key");
        public.as_ref().to_vec()
    }

    pub(crate) fn agree(&self, share: &[u8]) -> Vec<u8> {
        let share = UnparsedPublicKey::new(self.private.algorithm(), share);
        agree(&self.private, share, (), |secret| Ok(secret.to_vec())).expect("a good share")
    }
}

/// `KeyShareEntry` (RFC 8446 §4.2.8).
pub(crate) fn entry(group: u16, share: &[u8]) -> Vec<u8> {
    let len = (share.len() as u16).to_be_bytes();
    [&group.to_be_bytes(), &len[..], share].concat()
}
