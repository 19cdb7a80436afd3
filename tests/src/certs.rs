//! Certificates, made for each test run.

use std::sync::LazyLock;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
pub use rcgen::{
    PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PKCS_RSA_SHA256,
    SignatureAlgorithm,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// A chain, leaf first, and the leaf's key.
#[derive(Clone)]
pub struct Identity {
    /// Leaf first.
    pub chain: Vec<CertificateDer<'static>>,
    key: Vec<u8>,
}

impl Identity {
    /// A chain, leaf first, and the leaf's key in PKCS#8.
    pub fn new(chain: Vec<CertificateDer<'static>>, key: Vec<u8>) -> Self {
        Self { chain, key }
    }

    /// The private key, in PKCS#8.
    pub fn key(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.key.clone()).into()
    }

    /// The chain in PEM, as files want it.
    pub fn chain_pem(&self) -> String {
        self.chain
            .iter()
            .map(|der| pem("CERTIFICATE", der))
            .collect()
    }

    /// The key in PEM.
    pub fn key_pem(&self) -> String {
        pem("PRIVATE KEY", &self.key)
    }
}

/// DER in PEM.
pub fn pem(label: &str, der: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in der.chunks(48) {
        for group in line.chunks(3) {
            let mut bits = 0;
            for i in 0..3 {
                bits = bits << 8 | u32::from(group.get(i).copied().unwrap_or(0));
            }
            for i in 0..4 {
                text.push(if i <= group.len() {
                    ALPHABET[(bits >> (18 - 6 * i) & 63) as usize] as char
                } else {
                    '='
                });
            }
        }
        text.push('\n');
    }
    text + &format!("-----END {label}-----\n")
}

/// A certificate authority.
pub struct Ca {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// The moment at which the tests' clock starts: 2026-01-01, within every validity made here.
pub const NOW: u64 = 1_767_225_600;

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).expect("parameters");
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = rcgen::date_time_ymd(2025, 1, 1);
    params.not_after = rcgen::date_time_ymd(2035, 1, 1);
    params
}

impl Ca {
    /// A new root.
    pub fn new(name: &str) -> Self {
        Self::with_key(name, KeyPair::generate().expect("key"))
    }

    /// A new root with another kind of key than ECDSA's P-256.
    pub fn of(kind: &'static SignatureAlgorithm, name: &str) -> Self {
        Self::with_key(name, KeyPair::generate_for(kind).expect("key"))
    }

    fn with_key(name: &str, key: KeyPair) -> Self {
        let mut params = params(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        Self {
            issuer: CertifiedIssuer::self_signed(params, key).expect("root"),
        }
    }

    /// A new authority under this one.
    pub fn intermediate(&self, name: &str) -> Self {
        self.issue(name, KeyPair::generate().expect("key"))
    }

    /// A new authority under this one, with a key of this kind.
    pub fn intermediate_of(&self, kind: &'static SignatureAlgorithm, name: &str) -> Self {
        self.issue(name, KeyPair::generate_for(kind).expect("key"))
    }

    fn issue(&self, name: &str, key: KeyPair) -> Self {
        let mut params = params(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        Self {
            issuer: CertifiedIssuer::signed_by(params, key, &self.issuer).expect("intermediate"),
        }
    }

    /// The root's certificate.
    pub fn der(&self) -> CertificateDer<'static> {
        self.issuer.der().clone()
    }

    /// A leaf for these names, good for servers and clients.
    pub fn leaf(&self, names: &[&str]) -> Identity {
        self.leaf_with(names, |_| ())
    }

    /// A leaf for these names, changed before it is signed.
    pub fn leaf_with(
        &self,
        names: &[&str],
        change: impl FnOnce(&mut CertificateParams),
    ) -> Identity {
        self.sign(names, KeyPair::generate().expect("key"), change)
    }

    /// A leaf for these names with another kind of key than ECDSA's P-256.
    pub fn leaf_of(&self, kind: &'static SignatureAlgorithm, names: &[&str]) -> Identity {
        self.sign(names, KeyPair::generate_for(kind).expect("key"), |_| ())
    }

    fn sign(
        &self,
        names: &[&str],
        key: KeyPair,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Identity {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let mut leaf = CertificateParams::new(names).expect("names");
        let basics = params("leaf");
        leaf.distinguished_name = basics.distinguished_name;
        leaf.not_before = basics.not_before;
        leaf.not_after = basics.not_after;
        leaf.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        change(&mut leaf);
        let certificate = leaf.signed_by(&key, &self.issuer).expect("leaf");
        Identity {
            chain: vec![certificate.der().clone()],
            key: key.serialize_der(),
        }
    }
}

/// A self-signed leaf for these names.
pub fn self_signed(names: &[&str]) -> Identity {
    self_signed_with(names, |_| ())
}

/// A self-signed leaf for these names, changed before it is signed.
pub fn self_signed_with(names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Identity {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let mut leaf = CertificateParams::new(names).expect("names");
    let basics = params("self-signed");
    leaf.distinguished_name = basics.distinguished_name;
    leaf.not_before = basics.not_before;
    leaf.not_after = basics.not_after;
    change(&mut leaf);
    let key = KeyPair::generate().expect("key");
    let certificate = leaf.self_signed(&key).expect("certificate");
    Identity {
        chain: vec![certificate.der().clone()],
        key: key.serialize_der(),
    }
}

/// What most tests share: one root, a server and a client that it vouches for.
pub struct World {
    /// The root.
    pub ca: Ca,
    /// For `server.test` and 127.0.0.1.
    pub server: Identity,
    /// For `client.test`.
    pub client: Identity,
    /// Self-signed, for `server.test`.
    pub self_signed: Identity,
    /// By a root that nobody trusts.
    pub stranger: Identity,
    /// Expired in 2025.
    pub expired: Identity,
}

/// Made once per test program.
pub static WORLD: LazyLock<World> = LazyLock::new(|| {
    let ca = Ca::new("test root");
    World {
        server: ca.leaf(&["server.test", "127.0.0.1"]),
        client: ca.leaf(&["client.test"]),
        self_signed: self_signed(&["server.test"]),
        stranger: Ca::new("unknown root").leaf(&["server.test"]),
        expired: ca.leaf_with(&["server.test"], |params| {
            params.not_after = rcgen::date_time_ymd(2025, 6, 1);
        }),
        ca,
    }
});
