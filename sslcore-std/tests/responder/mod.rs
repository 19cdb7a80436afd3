//! An OCSP responder: responses as good or as bad as a test wants them.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "every test program uses a part of it"
)]

use std::time::Duration;

use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, SigningKey};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};
use sslcore::{SslErrorKind, StatusQuestion, UnixTime};
use sslcore_std::ocsp;
use sslcore_tests::certs::NOW;
use sslcore_tests::chains::{self, Made, element};
use sslcore_tests::judging;
use sslcore_tests::pair::backend;
use x509_cert::Certificate;
use x509_cert::der::asn1::{GeneralizedTime, Null, ObjectIdentifier, OctetString};
use x509_cert::der::oid::AssociatedOid;
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::CrlReason;
use x509_cert::spki::AlgorithmIdentifierOwned;
use x509_ocsp::{
    BasicOcspResponse, CertId, CertStatus, OcspGeneralizedTime, OcspResponse, OcspResponseStatus,
    ResponseBytes, RevokedInfo, SingleResponse,
};

pub const SHA_1: &str = "1.3.14.3.2.26";
pub const SHA_256: &str = "2.16.840.1.101.3.4.2.1";
pub const SHA_384: &str = "2.16.840.1.101.3.4.2.2";
pub const SHA_512: &str = "2.16.840.1.101.3.4.2.3";
/// Which nobody here knows; the hash under it is SHA-1.
pub const SHA_224: &str = "2.16.840.1.101.3.4.2.4";
const ECDSA_WITH_SHA_256: &str = "1.2.840.10045.4.3.2";

/// A response that is about to be made.
pub struct Answer<'a> {
    /// What it is about, and who issued each.
    pub about: Vec<(&'a Made, &'a Made)>,
    pub status: CertStatus,
    /// Seconds from now.
    pub this_update: i64,
    /// Seconds from now.
    pub next_update: Option<i64>,
    pub signer: &'a Made,
    /// What it brings along.
    pub certificates: Vec<&'a Made>,
    /// What certificates are named by: `SHA_1` and so on.
    pub hash: &'static str,
    /// Whose name stands on it, if not the signer's.
    pub named: Option<&'a Made>,
    /// Say the version, which need not be said.
    pub says_version: bool,
    /// Name the responder by its key instead of by its name.
    pub by_key: bool,
    /// Extensions of the one certificate's status.
    pub extensions: Vec<Extension>,
    /// Extensions of the whole response.
    pub of_all: Vec<Extension>,
    /// Seconds from now; when it was so, unless that is said.
    pub produced_at: Option<i64>,
}

impl<'a> Answer<'a> {
    /// "Good", signed by the issuer, from a thousand seconds ago for a thousand more.
    pub fn good(certificate: &'a Made, issuer: &'a Made) -> Self {
        Self {
            about: vec![(certificate, issuer)],
            status: CertStatus::good(),
            this_update: -1000,
            next_update: Some(1000),
            signer: issuer,
            certificates: Vec::new(),
            hash: SHA_1,
            named: None,
            says_version: false,
            by_key: false,
            extensions: Vec::new(),
            of_all: Vec::new(),
            produced_at: None,
        }
    }

    /// The whole OCSPResponse.
    pub fn sign(&self) -> Vec<u8> {
        self.signed(|signature| signature)
    }

    /// The same, with a bit of the signature turned.
    pub fn sign_badly(&self) -> Vec<u8> {
        self.signed(|mut signature| {
            *signature.last_mut().expect("a signature") ^= 1;
            signature
        })
    }

    /// Put together by hand: x509-ocsp would put the responder's name in order.
    fn signed(&self, change: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Vec<u8> {
        let data = self.data();
        let signature = change(self.signer.key.sign(&data).expect("a signature"));
        let algorithm = algorithm(ECDSA_WITH_SHA_256, false).to_der().expect("DER");
        let mut basic = [
            data,
            algorithm,
            element(0x03, &[&[0], &signature[..]].concat()),
        ]
        .concat();
        if !self.certificates.is_empty() {
            let certificates: Vec<_> = self.certificates.iter().map(|it| &it.der[..]).collect();
            basic.extend(element(0xa0, &element(0x30, &certificates.concat())));
        }
        let bytes = ResponseBytes {
            response_type: BasicOcspResponse::OID,
            response: octets(&element(0x30, &basic)),
        };
        let response = OcspResponse {
            response_status: OcspResponseStatus::Successful,
            response_bytes: Some(bytes),
        };
        response.to_der().expect("DER")
    }

    fn data(&self) -> Vec<u8> {
        let named = self.named.unwrap_or(self.signer);
        let responder = match self.by_key {
            true => {
                let signer = certificate(named);
                let key = signer.tbs_certificate.subject_public_key_info;
                let hash = Sha1::digest(key.subject_public_key.raw_bytes());
                element(0xa2, &element(0x04, &hash))
            }
            false => {
                let named = sslcore::Certificate::from(named.der.clone());
                element(0xa1, named.subject().expect("a name").der())
            }
        };
        let responses = self.about.iter().map(|it| self.single(it).to_der());
        let responses: Vec<_> = responses.map(|it| it.expect("DER")).collect();
        let produced_at = time(self.produced_at.unwrap_or(self.this_update));
        let version = match self.says_version {
            true => element(0xa0, &element(0x02, &[0])),
            false => Vec::new(),
        };
        let mut data = [
            version,
            responder,
            produced_at.to_der().expect("DER"),
            element(0x30, &responses.concat()),
        ]
        .concat();
        if !self.of_all.is_empty() {
            data.extend(element(0xa1, &self.of_all.to_der().expect("DER")));
        }
        element(0x30, &data)
    }

    fn single(&self, (about, issuer): &(&Made, &Made)) -> SingleResponse {
        let (about, issuer) = (certificate(about), certificate(issuer));
        let name = about.tbs_certificate.issuer.to_der().expect("DER");
        let key = issuer.tbs_certificate.subject_public_key_info;
        let key = key.subject_public_key.raw_bytes();
        let hash = |bytes: &[u8]| match self.hash {
            SHA_1 | SHA_224 => octets(&Sha1::digest(bytes)),
            SHA_256 => octets(&Sha256::digest(bytes)),
            SHA_384 => octets(&Sha384::digest(bytes)),
            _ => octets(&Sha512::digest(bytes)),
        };
        SingleResponse {
            cert_id: CertId {
                hash_algorithm: algorithm(self.hash, true),
                issuer_name_hash: hash(&name),
                issuer_key_hash: hash(key),
                serial_number: about.tbs_certificate.serial_number,
            },
            cert_status: self.status,
            this_update: time(self.this_update),
            next_update: self.next_update.map(time),
            single_extensions: (!self.extensions.is_empty()).then(|| self.extensions.clone()),
        }
    }
}

/// Revoked a month before now.
pub fn revoked(reason: Option<CrlReason>) -> CertStatus {
    CertStatus::revoked(RevokedInfo {
        revocation_time: time(-30 * 24 * 3600),
        revocation_reason: reason,
    })
}

/// What a responder says that has no answer.
pub fn refusal(response_status: OcspResponseStatus) -> Vec<u8> {
    let response = OcspResponse {
        response_status,
        response_bytes: None,
    };
    response.to_der().expect("DER")
}

/// A success of a type that nobody knows.
pub fn of_unknown_type() -> Vec<u8> {
    let response = OcspResponse {
        response_status: OcspResponseStatus::Successful,
        response_bytes: Some(ResponseBytes {
            response_type: ObjectIdentifier::new_unwrap("1.2.3.4"),
            response: octets(b"?"),
        }),
    };
    response.to_der().expect("DER")
}

fn certificate(made: &Made) -> Certificate {
    Certificate::from_der(&made.der).expect("a certificate")
}

fn octets(bytes: &[u8]) -> OctetString {
    OctetString::new(bytes).expect("octets")
}

fn algorithm(id: &str, with_null: bool) -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned {
        oid: ObjectIdentifier::new_unwrap(id),
        parameters: with_null.then(|| Null.into()),
    }
}

/// Seconds from the tests' now.
fn time(seconds: i64) -> OcspGeneralizedTime {
    let since_1970 = NOW.checked_add_signed(seconds).expect("after 1970");
    let since_1970 = Duration::from_secs(since_1970);
    OcspGeneralizedTime(GeneralizedTime::from_unix_duration(since_1970).expect("a time"))
}

/// What is wrong with a response, without a handshake.
pub fn errors_at(
    now: Option<UnixTime>,
    response: &[u8],
    about: &Made,
    issuer: &Made,
) -> Vec<SslErrorKind> {
    let [about, issuer] = [about, issuer].map(|made| sslcore::Certificate::from(made.der.clone()));
    let question = StatusQuestion::new(response, &about, &issuer, now, &backend());
    ocsp::errors(&question)
}

/// The same at the tests' now.
pub fn errors(response: &[u8], about: &Made, issuer: &Made) -> Vec<SslErrorKind> {
    errors_at(Some(judging::now()), response, about, issuer)
}

/// A responder that may answer for whoever issues this to it.
pub fn delegate() -> CertificateParams {
    let mut params = chains::leaf(&[]);
    let name = &mut params.distinguished_name;
    name.push(rcgen::DnType::CommonName, "responder");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::OcspSigning];
    params
}
