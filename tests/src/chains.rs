//! Chains with something wrong in them, made for each test run.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, RevokedCertParams, SerialNumber, SigningKey,
};
use rustls_pki_types::{
    CertificateDer, CertificateRevocationListDer, PrivateKeyDer, PrivatePkcs8KeyDer,
};
use sslcore::RevocationList;

use crate::certs::Identity;

/// The host that the good leaves are for.
pub const HOST: &str = "server.test";

/// A certificate, and what is needed to issue others with it.
pub struct Made {
    /// The certificate.
    pub der: CertificateDer<'static>,
    /// What it was made from.
    pub params: CertificateParams,
    /// Its key.
    pub key: KeyPair,
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).expect("parameters");
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = rcgen::date_time_ymd(2025, 1, 1);
    params.not_after = rcgen::date_time_ymd(2035, 1, 1);
    params
}

/// What a certificate authority's certificate says, as a rule.
pub fn authority(name: &str) -> CertificateParams {
    let mut params = params(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

/// What a server's certificate says, as a rule.
pub fn leaf(names: &[&str]) -> CertificateParams {
    let mut leaf = params("leaf");
    let named: Vec<String> = names.iter().map(ToString::to_string).collect();
    leaf.subject_alt_names = CertificateParams::new(named)
        .expect("names")
        .subject_alt_names;
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    leaf
}

impl Made {
    /// Signed by its own key.
    pub fn self_signed(params: CertificateParams) -> Self {
        Self::self_signed_by(params, KeyPair::generate().expect("key"))
    }

    /// Signed by this key, which is its own.
    pub fn self_signed_by(params: CertificateParams, key: KeyPair) -> Self {
        let certificate = params.self_signed(&key).expect("self-signed");
        Self {
            der: certificate.der().clone(),
            params,
            key,
        }
    }

    /// Issues a certificate.
    pub fn issue(&self, params: CertificateParams) -> Self {
        self.issue_to(params, KeyPair::generate().expect("key"))
    }

    /// Issues a certificate for this key.
    pub fn issue_to(&self, params: CertificateParams, key: KeyPair) -> Self {
        let issuer = Issuer::from_params(&self.params, &self.key);
        let certificate = params.signed_by(&key, &issuer).expect("issued");
        Self {
            der: certificate.der().clone(),
            params,
            key,
        }
    }

    /// Its key, as a configuration wants it.
    pub fn private_key(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.key.serialize_der()).into()
    }

    /// It and these certificates above it, as a server presents them.
    pub fn identity(&self, issuers: &[&Self]) -> Identity {
        let chain = [&[self], issuers].concat();
        let chain = chain.iter().map(|made| made.der.clone()).collect();
        Identity::new(chain, self.key.serialize_der())
    }

    /// A list of certificates that this one has revoked, good from 2025 to the end of `until`.
    pub fn revoke(&self, serials: &[u64], until: i32) -> RevocationList {
        self.revoke_within(serials, until, None)
    }

    /// The same, of some of its certificates.
    pub fn revoke_within(
        &self,
        serials: &[u64],
        until: i32,
        scope: Option<rcgen::CrlIssuingDistributionPoint>,
    ) -> RevocationList {
        let list = self.list(serials, until, scope).der().clone();
        RevocationList::from_der(list).expect("a whole list")
    }

    /// A list with other fields, signed all the same, which may be none for us.
    pub fn revoke_with_fields(
        &self,
        serials: &[u64],
        change: impl FnOnce(&mut Vec<Vec<u8>>),
    ) -> CertificateRevocationListDer<'static> {
        forged(self.list(serials, 2030, None).der(), &self.key, change).into()
    }

    fn list(
        &self,
        serials: &[u64],
        until: i32,
        scope: Option<rcgen::CrlIssuingDistributionPoint>,
    ) -> rcgen::CertificateRevocationList {
        let revoked = serials.iter().map(|serial| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: rcgen::date_time_ymd(2025, 2, 1),
            reason_code: None,
            invalidity_date: None,
        });
        let list = rcgen::CertificateRevocationListParams {
            this_update: rcgen::date_time_ymd(2025, 1, 1),
            next_update: rcgen::date_time_ymd(until, 12, 31),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: scope,
            revoked_certs: revoked.collect(),
            key_identifier_method: rcgen::KeyIdMethod::Sha256,
        };
        let issuer = Issuer::from_params(&self.params, &self.key);
        list.signed_by(&issuer).expect("a list")
    }

    /// The same certificate with other fields, signed again by `key`.
    pub fn with_fields(self, key: &KeyPair, change: impl FnOnce(&mut Vec<Vec<u8>>)) -> Self {
        Self {
            der: forged(&self.der, key, change).into(),
            ..self
        }
    }

    /// With the point of its key on P-256 compressed, signed again by `issuer`: backends are asked
    /// whether they take such keys.
    pub fn compressed(self, issuer: &KeyPair) -> Self {
        self.with_fields(issuer, |fields| {
            let key = &mut fields[field::PUBLIC_KEY];
            let (point, last) = (key.len() - 65, key[key.len() - 1]);
            let mut half = vec![0, 2 | (last & 1)];
            half.extend(&key[point + 1..point + 33]);
            let algorithm = key[2..point - 3].to_vec();
            *key = element(0x30, &[algorithm, element(3, &half)].concat());
        })
    }
}

/// A root, an intermediate, and a leaf for [`HOST`].
pub struct Family {
    /// Signed by its own key.
    pub root: Made,
    /// Issued by the root.
    pub middle: Made,
    /// Issued by the intermediate.
    pub leaf: Made,
}

impl Family {
    /// A good one.
    pub fn new() -> Self {
        Self::with(|_, _| ())
    }

    /// Changes intermediate and leaf before they are signed.
    pub fn with(change: impl FnOnce(&mut CertificateParams, &mut CertificateParams)) -> Self {
        let (mut middle, mut leaf) = (authority("middle"), leaf(&[HOST]));
        change(&mut middle, &mut leaf);
        let root = Made::self_signed(authority("root"));
        let middle = root.issue(middle);
        let leaf = middle.issue(leaf);
        Self { root, middle, leaf }
    }
}

impl Default for Family {
    fn default() -> Self {
        Self::new()
    }
}

/// A certificate's fields (RFC 5280 §4.1), by their place: version, serial number, signature
/// algorithm, issuer, validity, subject, public key, extensions.
pub mod field {
    /// `version`
    pub const VERSION: usize = 0;
    /// `serialNumber`
    pub const SERIAL: usize = 1;
    /// `signature`
    pub const ALGORITHM: usize = 2;
    /// `issuer`
    pub const ISSUER: usize = 3;
    /// `validity`
    pub const VALIDITY: usize = 4;
    /// `subject`
    pub const SUBJECT: usize = 5;
    /// `subjectPublicKeyInfo`
    pub const PUBLIC_KEY: usize = 6;
    /// `extensions`
    pub const EXTENSIONS: usize = 7;
}

/// Attributes of one part of a name: of each the identifier in DER without its header, the tag of
/// the value's type, and the value.
pub type NamePart<'a> = &'a [(&'a [u8], u8, &'a [u8])];

/// A name (RFC 5280 §4.1.2.4).
pub fn distinguished_name(parts: &[NamePart<'_>]) -> Vec<u8> {
    let parts = parts.iter().map(|attributes| {
        let attributes = attributes.iter().map(|(id, kind, value)| {
            element(0x30, &[element(6, id), element(*kind, value)].concat())
        });
        element(0x31, &attributes.collect::<Vec<_>>().concat())
    });
    element(0x30, &parts.collect::<Vec<_>>().concat())
}

/// Takes a certificate or a list of revoked ones apart, lets its fields be changed, and signs it
/// again.
fn forged(der: &[u8], key: &KeyPair, change: impl FnOnce(&mut Vec<Vec<u8>>)) -> Vec<u8> {
    let whole = elements(&elements(der)[0].1);
    let mut fields: Vec<Vec<u8>> = elements(&whole[0].1)
        .into_iter()
        .map(|(whole, _)| whole)
        .collect();
    change(&mut fields);
    let algorithm = fields
        .iter()
        .find(|field| field[0] == 0x30)
        .expect("an algorithm")
        .clone();
    let signed = element(0x30, &fields.concat());
    let mut signature = vec![0];
    signature.extend(key.sign(&signed).expect("signature"));
    let signature = element(0x03, &signature);
    element(0x30, &[signed, algorithm, signature].concat())
}

/// An element of DER: tag, length, value.
pub fn element(tag: u8, value: &[u8]) -> Vec<u8> {
    let mut der = vec![tag];
    match value.len() {
        len @ ..0x80 => der.push(len as u8),
        len @ ..0x100 => der.extend([0x81, len as u8]),
        len => der.extend([0x82, (len >> 8) as u8, len as u8]),
    }
    der.extend(value);
    der
}

/// The elements one after another: all of each, and its value.
pub fn elements(mut der: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut all = Vec::new();
    while !der.is_empty() {
        let (header, len) = match der[1] {
            len if len < 0x80 => (2, usize::from(len)),
            0x81 => (3, usize::from(der[2])),
            _ => (4, usize::from(der[2]) << 8 | usize::from(der[3])),
        };
        let (whole, rest) = der.split_at(header + len);
        all.push((whole.to_vec(), whole[header..].to_vec()));
        der = rest;
    }
    all
}
