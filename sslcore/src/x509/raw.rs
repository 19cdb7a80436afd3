//! The fields of a certificate (RFC 5280 §4.1), read without judging them.
//!
//! The reader takes more than webpki does, and never decides: the public key is read here because
//! handshake signatures of certificates that webpki refuses must still be checked; names, times
//! and extensions, to say what a certificate says.

use rustls_pki_types::UnixTime;

use super::dates::time;
use super::der::{Reader, tag};
use super::key_kind::KeyKind;
use super::name::same;
use super::rsa_key::RsaPublicKey;

/// `id-ce-subjectAltName`, 2.5.29.17.
const SUBJECT_ALT_NAME: [u8; 3] = [0x55, 0x1d, 0x11];
/// `id-ce-basicConstraints`, 2.5.29.19.
const BASIC_CONSTRAINTS: [u8; 3] = [0x55, 0x1d, 0x13];
/// `id-ce-keyUsage`, 2.5.29.15.
pub(crate) const KEY_USAGE: [u8; 3] = [0x55, 0x1d, 0x0f];
/// `id-ce-extKeyUsage`, 2.5.29.37.
pub(crate) const EXTENDED_KEY_USAGE: [u8; 3] = [0x55, 0x1d, 0x25];
/// `id-ce-nameConstraints`, 2.5.29.30.
const NAME_CONSTRAINTS: [u8; 3] = [0x55, 0x1d, 0x1e];
/// `id-ce-subjectKeyIdentifier`, 2.5.29.14.
const SUBJECT_KEY: [u8; 3] = [0x55, 0x1d, 0x0e];
/// `id-ce-authorityKeyIdentifier`, 2.5.29.35.
const AUTHORITY_KEY: [u8; 3] = [0x55, 0x1d, 0x23];
/// `id-pe-tlsfeature`, 1.3.6.1.5.5.7.1.24.
pub(crate) const TLS_FEATURE: [u8; 8] = [0x2b, 6, 1, 5, 5, 7, 1, 24];
/// The list of signed certificate timestamps, 1.3.6.1.4.1.11129.2.4.2.
pub(crate) const TIMESTAMPS: [u8; 10] = [0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 2];
/// A subject's public key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PublicKey<'a> {
    /// The whole SubjectPublicKeyInfo.
    pub(crate) spki: &'a [u8],
    /// What is in its SEQUENCE.
    pub(crate) info: &'a [u8],
    /// The AlgorithmIdentifier, without its SEQUENCE header.
    pub(crate) algorithm: &'a [u8],
    /// The key itself, without the count of unused bits.
    pub(crate) key: &'a [u8],
}

impl<'a> PublicKey<'a> {
    /// Reads a SubjectPublicKeyInfo: all of it, and what is in its SEQUENCE.
    pub(crate) fn read(spki: &'a [u8], info: &'a [u8]) -> Option<Self> {
        let mut fields = Reader::new(info);
        let algorithm = fields.read(tag::SEQUENCE)?;
        let (unused_bits, key) = fields.read(tag::BIT_STRING)?.split_first()?;
        (*unused_bits == 0 && fields.is_empty()).then_some(Self {
            spki,
            info,
            algorithm,
            key,
        })
    }

    /// The length of the modulus in bits, when it is known to be an RSA key.
    fn modulus_bits(&self) -> Option<usize> {
        RsaPublicKey::read(self.key).map(|key| key.modulus_bits())
    }

    /// Which kind of key it is, if TLS can use it.
    pub(crate) fn kind(&self) -> Option<KeyKind> {
        KeyKind::of(self.algorithm, || self.modulus_bits())
    }
}

/// A certificate's fields, as far as they are needed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Certificate<'a> {
    /// 1, 2 or 3, if it says one that can be read.
    pub(crate) version: Option<u8>,
    /// What is signed, whole.
    pub(crate) signed: &'a [u8],
    /// The signature's AlgorithmIdentifier, without its SEQUENCE header.
    pub(crate) signature_algorithm: &'a [u8],
    /// The signature, without the count of unused bits.
    pub(crate) signature: &'a [u8],
    /// The serial number's bytes, big-endian.
    pub(crate) serial: &'a [u8],
    /// Issuer, whole.
    pub(crate) issuer: &'a [u8],
    /// Subject, whole.
    pub(crate) subject: &'a [u8],
    pub(crate) not_before: Option<UnixTime>,
    pub(crate) not_after: Option<UnixTime>,
    pub(crate) public_key: PublicKey<'a>,
    /// The extensions one after another; empty when there are none, or none that can be read.
    extensions: &'a [u8],
}

impl<'a> Certificate<'a> {
    /// `None` for what is not a certificate.
    pub(crate) fn parse(der: &'a [u8]) -> Option<Self> {
        let mut certificate = Reader::new(Reader::new(der).read(tag::SEQUENCE)?);
        let (kind, tbs, signed) = certificate.element()?;
        if kind != tag::SEQUENCE {
            return None;
        }
        let mut tbs = Reader::new(tbs);
        let version = tbs.read_if(tag::constructed(0));
        let (_, serial, _) = tbs.element()?;
        tbs.read(tag::SEQUENCE)?; // signature algorithm
        let (_, _, issuer) = tbs.element()?;
        let mut validity = Reader::new(tbs.read(tag::SEQUENCE)?);
        let not_before = time(validity.element()?);
        let not_after = time(validity.element()?);
        let (_, _, subject) = tbs.element()?;
        let (kind, info, spki) = tbs.element()?;
        if kind != tag::SEQUENCE {
            return None;
        }
        let public_key = PublicKey::read(spki, info)?;
        let signature_algorithm = certificate.read(tag::SEQUENCE)?;
        let (_, signature) = certificate.read(tag::BIT_STRING)?.split_first()?;
        Some(Self {
            version: version_of(version),
            signed,
            signature_algorithm,
            signature,
            serial,
            issuer,
            subject,
            not_before,
            not_after,
            public_key,
            extensions: extensions(tbs).unwrap_or_default(),
        })
    }

    /// Issuer and subject are the same name.
    pub(crate) fn is_self_issued(&self) -> bool {
        same(self.issuer, self.subject)
    }

    /// What the extension with this identifier holds.
    pub(crate) fn extension(&self, id: &[u8]) -> Option<&'a [u8]> {
        let mut extensions = Reader::new(self.extensions);
        loop {
            let (found, _, value) = extension(extensions.read(tag::SEQUENCE)?)?;
            if found == id {
                return Some(value);
            }
        }
    }

    /// The extensions, as [`extension`] reads them.
    pub(crate) fn extensions(&self) -> Reader<'a> {
        Reader::new(self.extensions)
    }

    /// Whether it says that it may issue certificates (RFC 5280 §4.2.1.9).
    pub(crate) fn is_ca(&self) -> bool {
        self.basic_constraints().read(tag::BOOLEAN) == Some(&[0xff])
    }

    /// How many intermediates may be between it and a leaf, if it says so.
    pub(crate) fn path_len(&self) -> Option<usize> {
        let mut constraints = self.basic_constraints();
        constraints.read_if(tag::BOOLEAN);
        match *constraints.read(tag::INTEGER)? {
            [len @ 0..=0x7f] => Some(usize::from(len)),
            _ => None,
        }
    }

    /// The content of the extension that says whether, and how, it may issue certificates.
    pub(crate) fn basic_constraints(&self) -> Reader<'a> {
        Reader::of(self.extension(&BASIC_CONSTRAINTS).unwrap_or_default())
    }

    /// Whether its key may sign handshakes: it says so, or nothing (RFC 8446 §4.4.2.2).
    pub(crate) fn may_sign_handshakes(&self) -> bool {
        self.key_usage(0x80)
    }

    /// Whether it may issue certificates as a trust anchor. Version 1 cannot say so, and roots of
    /// old are of it.
    pub(crate) fn may_issue(&self) -> bool {
        self.version == Some(1) || (self.is_ca() && self.may_sign_certificates())
    }

    /// Whether it may issue certificates, and so many intermediates be between it and a leaf.
    pub(crate) fn may_issue_below(&self, intermediates: usize) -> bool {
        self.is_ca()
            && self.may_sign_certificates()
            && self.path_len().is_none_or(|limit| intermediates <= limit)
    }

    /// Whether its key is the one that has signed a certificate, as both say; also when they do
    /// not (RFC 5280 §4.2.1.1).
    pub(crate) fn is_key_of(&self, signed: &Self) -> bool {
        let wanted = signed.extension(&AUTHORITY_KEY).and_then(|value| {
            Reader::new(Reader::new(value).read(tag::SEQUENCE)?).read_if(tag::context(0))
        });
        let key = self.extension(&SUBJECT_KEY);
        let key = key.and_then(|value| Reader::new(value).read(tag::OCTET_STRING));
        wanted.zip(key).is_none_or(|(wanted, key)| wanted == key)
    }

    /// Whether its key may sign certificates: it says so, or nothing (RFC 5280 §4.2.1.3).
    pub(crate) fn may_sign_certificates(&self) -> bool {
        self.key_usage(0x80 >> 5)
    }

    /// Whether its key may sign lists of revoked certificates: it says so, or nothing.
    pub(crate) fn may_sign_lists(&self) -> bool {
        self.key_usage(0x80 >> 6)
    }

    fn key_usage(&self, bit: u8) -> bool {
        match self.extension(&KEY_USAGE) {
            None => true,
            Some(value) => Reader::new(value)
                .read(tag::BIT_STRING)
                .and_then(|bits| bits.get(1))
                .is_some_and(|bits| bits & bit != 0),
        }
    }

    /// Which names it may issue certificates for, if it says so (RFC 5280 §4.2.1.10).
    pub(crate) fn name_constraints(&self) -> Option<&'a [u8]> {
        self.extension(&NAME_CONSTRAINTS)
    }

    /// The names it is for (RFC 5280 §4.2.1.6).
    pub(crate) fn alternative_names(&self) -> Reader<'a> {
        Reader::of(self.extension(&SUBJECT_ALT_NAME).unwrap_or_default())
    }

    /// Whether it is good for a purpose: it says so, or nothing (RFC 5280 §4.2.1.12).
    pub(crate) fn serves(&self, purpose: &[u8]) -> bool {
        let Some(value) = self.extension(&EXTENDED_KEY_USAGE) else {
            return true;
        };
        let mut purposes = Reader::of(value);
        core::iter::from_fn(|| purposes.read(tag::OBJECT_IDENTIFIER)).any(|id| id == purpose)
    }
}

/// One extension (RFC 5280 §4.1): its identifier, whether it is critical, what it holds.
pub(crate) fn extension(content: &[u8]) -> Option<(&[u8], bool, &[u8])> {
    let mut extension = Reader::new(content);
    let id = extension.read(tag::OBJECT_IDENTIFIER)?;
    let critical = extension
        .read_if(tag::BOOLEAN)
        .is_some_and(|value| value != [0]);
    Some((id, critical, extension.read(tag::OCTET_STRING)?))
}

/// The number of the version from the field that says it, which counts from 0.
fn version_of(field: Option<&[u8]>) -> Option<u8> {
    let Some(field) = field else {
        return Some(1);
    };
    match Reader::new(field).read(tag::INTEGER)? {
        [version] => version.checked_add(1),
        _ => None,
    }
}

/// The extensions' own sequence, behind the public key.
fn extensions(mut tbs: Reader<'_>) -> Option<&[u8]> {
    tbs.read_if(tag::context(1)); // issuer's unique id
    tbs.read_if(tag::context(2)); // subject's unique id
    Reader::new(tbs.read(tag::constructed(3))?).read(tag::SEQUENCE)
}
