//! Chains by name, each with all that is wrong with it: for our judgement, and for that of others.

use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, KeyPair,
    KeyUsagePurpose, NameConstraints, PKCS_RSA_SHA256, RsaKeySize, date_time_ymd,
};
use rustls_pki_types::CertificateDer;
use sslcore::RevocationList;
use sslcore::SslErrorKind::{self, *};

use crate::chains::{Family, HOST, Made, authority, element, field, leaf};

/// A chain, who is trusted, and what is to be found at [`NOW`](crate::certs::NOW), for [`HOST`].
pub struct Case {
    /// What is special about it.
    pub name: &'static str,
    /// The trust anchors.
    pub anchors: Vec<CertificateDer<'static>>,
    /// Leaf first.
    pub chain: Vec<CertificateDer<'static>>,
    /// Revocation lists; if there are any, the status of every certificate must be known.
    pub lists: Vec<RevocationList>,
    /// Each error, and its place in the chain.
    pub errors: Vec<(SslErrorKind, usize)>,
}

fn case(
    name: &'static str,
    anchors: &[&Made],
    chain: &[&Made],
    errors: &[(SslErrorKind, usize)],
) -> Case {
    let ders = |made: &[&Made]| made.iter().map(|made| made.der.clone()).collect();
    Case {
        name,
        anchors: ders(anchors),
        chain: ders(chain),
        lists: Vec::new(),
        errors: errors.to_vec(),
    }
}

/// A family with this change.
fn family(
    name: &'static str,
    change: impl FnOnce(&mut CertificateParams, &mut CertificateParams),
    errors: &[(SslErrorKind, usize)],
) -> Case {
    let Family { root, middle, leaf } = Family::with(change);
    case(name, &[&root], &[&leaf, &middle], errors)
}

/// All of them.
pub fn cases() -> Vec<Case> {
    let groups = [
        good(),
        times(),
        issuers(),
        signatures(),
        rights(),
        several(),
    ];
    let mut cases: Vec<_> = groups.into_iter().flatten().collect();
    cases.extend(revoked());
    cases
}

fn good() -> Vec<Case> {
    let Family { root, middle, leaf } = Family::new();
    vec![
        case("good", &[&root], &[&leaf, &middle], &[]),
        case("anchored below the root", &[&middle], &[&leaf], &[]),
        case("with its root", &[&root], &[&leaf, &middle, &root], &[]),
        case("in disorder", &[&root], &[&leaf, &root, &middle], &[]),
    ]
}

fn times() -> Vec<Case> {
    let over = date_time_ymd(2025, 6, 1);
    let to_come = date_time_ymd(2026, 6, 1);
    let no_time = |name, start: &[u8], end: &[u8], errors: &[_]| {
        let Family { root, middle, leaf } = Family::new();
        let leaf = leaf.with_fields(&middle.key, |fields| {
            let times = [element(0x17, start), element(0x17, end)].concat();
            fields[field::VALIDITY] = element(0x30, &times);
        });
        case(name, &[&root], &[&leaf, &middle], errors)
    };
    vec![
        family(
            "expired",
            |_, leaf| leaf.not_after = over,
            &[(CertificateExpired, 0)],
        ),
        family(
            "not yet valid",
            |_, leaf| leaf.not_before = to_come,
            &[(CertificateNotYetValid, 0)],
        ),
        family(
            "issuer expired",
            |middle, _| middle.not_after = over,
            &[(CertificateExpired, 1)],
        ),
        family(
            "issuer not yet valid",
            |middle, _| middle.not_before = to_come,
            &[(CertificateNotYetValid, 1)],
        ),
        family(
            "never valid together",
            |middle, leaf| {
                middle.not_before = date_time_ymd(2025, 7, 1);
                leaf.not_after = over;
            },
            &[(CertificateExpired, 0), (Unspecified, 0)],
        ),
        no_time(
            "begins at no time",
            b"250001000000Z",
            b"350101000000Z",
            &[(InvalidNotBeforeField, 0)],
        ),
        no_time(
            "ends at no time",
            b"250101000000Z",
            b"350132000000Z",
            &[(InvalidNotAfterField, 0)],
        ),
    ]
}

fn issuers() -> Vec<Case> {
    let alone = Made::self_signed(leaf(&[HOST]));
    let Family { root, middle, leaf } = Family::new();
    vec![
        case("self-signed", &[], &[&alone], &[(SelfSignedCertificate, 0)]),
        case(
            "root not trusted",
            &[],
            &[&leaf, &middle, &root],
            &[(SelfSignedCertificateInChain, 2)],
        ),
        case(
            "root not known",
            &[],
            &[&leaf, &middle],
            &[(UnableToGetLocalIssuerCertificate, 1)],
        ),
        case(
            "issuer not sent",
            &[&root],
            &[&leaf],
            &[
                (UnableToGetLocalIssuerCertificate, 0),
                (UnableToVerifyFirstCertificate, 0),
            ],
        ),
    ]
}

fn signatures() -> Vec<Case> {
    let Family { root, middle, leaf } = Family::new();
    let impostor = Made::self_signed(authority("middle"));
    let forged = impostor.issue(crate::chains::leaf(&[HOST]));
    let other_root = Made::self_signed(authority("root"));
    let (rsa_root, sha1, weak) = weak();
    vec![
        case(
            "signed by an impostor",
            &[&root],
            &[&forged, &middle],
            &[(CertificateSignatureFailed, 0)],
        ),
        case(
            "issuer signed by another root of that name",
            &[&other_root],
            &[&leaf, &middle],
            &[(CertificateSignatureFailed, 1)],
        ),
        case(
            "signed with SHA-1",
            &[&rsa_root],
            &[&sha1],
            &[(UnsupportedAlgorithm, 0)],
        ),
        case(
            "RSA key of 1024 bits",
            &[&rsa_root],
            &[&weak],
            &[(UnsupportedAlgorithm, 0)],
        ),
    ]
}

/// A root with an RSA key, a leaf that it has signed with SHA-1, and one with a key of 1024 bits.
pub fn weak() -> (Made, Made, Made) {
    let rsa = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).expect("key");
    let root = Made::self_signed_by(authority("root"), rsa);
    // sha1WithRSAEncryption, 1.2.840.113549.1.1.5
    let sha1 = [
        0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 5, 5, 0,
    ];
    let old = root.issue(leaf(&[HOST]));
    let old = old.with_fields(&root.key, |fields| fields[field::ALGORITHM] = sha1.to_vec());
    let weak = root.issue(leaf(&[HOST])).with_fields(&root.key, |fields| {
        fields[field::PUBLIC_KEY] = rsa_key(1024);
    });
    (root, old, weak)
}

/// A SubjectPublicKeyInfo with an RSA key of so many bits.
pub fn rsa_key(bits: usize) -> Vec<u8> {
    let mut modulus = vec![0, 0x80];
    modulus.resize(bits / 8 + 1, 1);
    let key = [element(2, &modulus), element(2, &[1, 0, 1])].concat();
    let mut bits = vec![0];
    bits.extend(element(0x30, &key));
    let algorithm = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 1, 5, 0];
    element(
        0x30,
        &[element(0x30, &algorithm), element(3, &bits)].concat(),
    )
}

/// What its issuer, or itself, does not allow a certificate.
fn rights() -> Vec<Case> {
    let purpose = |purpose| vec![purpose];
    let mut cases = vec![
        family(
            "issuer is no authority",
            |middle, _| middle.is_ca = IsCa::ExplicitNoCa,
            &[(InvalidCaCertificate, 1)],
        ),
        family(
            "issuer does not say that it is an authority",
            |middle, _| middle.is_ca = IsCa::NoCa,
            &[(InvalidCaCertificate, 1)],
        ),
        family(
            "issuer must not sign certificates",
            |middle, _| middle.key_usages = vec![KeyUsagePurpose::DigitalSignature],
            &[(InvalidCaCertificate, 1)],
        ),
        family(
            "a client's",
            |_, leaf| leaf.extended_key_usages = purpose(ExtendedKeyUsagePurpose::ClientAuth),
            &[(InvalidPurpose, 0)],
        ),
        family(
            "issuer for another purpose",
            |middle, _| middle.extended_key_usages = purpose(ExtendedKeyUsagePurpose::CodeSigning),
            &[(InvalidPurpose, 1)],
        ),
        family(
            "an authority's",
            |_, leaf| leaf.is_ca = IsCa::Ca(BasicConstraints::Unconstrained),
            &[(InvalidPurpose, 0)],
        ),
        family(
            "outside its issuer's names",
            |middle, _| middle.name_constraints = elsewhere(),
            &[(NameConstraintViolation, 0)],
        ),
        family(
            "for another host",
            |_, leaf| leaf.subject_alt_names = crate::chains::leaf(&["a.test"]).subject_alt_names,
            &[(HostNameMismatch, 0)],
        ),
    ];
    let root = Made::self_signed(authority("root"));
    let mut narrow = authority("narrow");
    narrow.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let narrow = root.issue(narrow);
    let middle = narrow.issue(authority("middle"));
    let leaf = middle.issue(leaf(&[HOST]));
    cases.push(case(
        "longer than an issuer allows",
        &[&root],
        &[&leaf, &middle, &narrow],
        &[(PathLengthExceeded, 2)],
    ));
    cases
}

fn elsewhere() -> Option<NameConstraints> {
    Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName("elsewhere.test".into())],
        excluded_subtrees: Vec::new(),
    })
}

/// More than one thing is wrong.
fn several() -> Vec<Case> {
    let Family { middle, .. } = Family::with(|middle, _| {
        middle.not_after = date_time_ymd(2025, 6, 1);
        middle.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    let mut bad = leaf(&["elsewhere.test"]);
    bad.not_before = date_time_ymd(2025, 3, 1);
    bad.not_after = date_time_ymd(2025, 5, 1);
    let bad = middle.issue(bad);
    vec![
        case(
            "all at once",
            &[],
            &[&bad, &middle],
            &[
                (UnableToGetLocalIssuerCertificate, 1),
                (CertificateExpired, 0),
                (CertificateExpired, 1),
                (InvalidPurpose, 1),
                (HostNameMismatch, 0),
            ],
        ),
        family(
            "hidden behind others",
            |middle, leaf| {
                middle.name_constraints = elsewhere();
                leaf.not_after = date_time_ymd(2025, 6, 1);
                leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
            },
            &[
                (CertificateExpired, 0),
                (InvalidPurpose, 0),
                (NameConstraintViolation, 0),
            ],
        ),
    ]
}

fn revoked() -> Vec<Case> {
    let family = || {
        Family::with(|middle, leaf| {
            middle.serial_number = Some(7u64.into());
            leaf.serial_number = Some(8u64.into());
        })
    };
    let Family { root, middle, leaf } = family();
    let impostor = Made::self_signed(authority("middle"));
    let with = |name, of_root, of_middle, errors: &[_]| Case {
        lists: vec![of_root, of_middle],
        ..case(name, &[&root], &[&leaf, &middle], errors)
    };
    let none = |made: &Made| made.revoke(&[9], 2030);
    vec![
        with("not revoked", none(&root), none(&middle), &[]),
        with(
            "revoked",
            none(&root),
            middle.revoke(&[8], 2030),
            &[(CertificateRevoked, 0)],
        ),
        with(
            "issuer revoked",
            root.revoke(&[7], 2030),
            none(&middle),
            &[(CertificateRevoked, 1)],
        ),
        with(
            "list out of date",
            none(&root),
            middle.revoke(&[9], 2025),
            &[(CertificateStatusUnknown, 0)],
        ),
        with(
            "list signed by an impostor",
            none(&root),
            impostor.revoke(&[9], 2030),
            &[(CertificateStatusUnknown, 0)],
        ),
        Case {
            lists: vec![none(&root)],
            ..case(
                "no list of the issuer's",
                &[&root],
                &[&leaf, &middle],
                &[(CertificateStatusUnknown, 0)],
            )
        },
    ]
}
