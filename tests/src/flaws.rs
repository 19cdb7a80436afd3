//! Chains with any combination of things wrong with them, each at a place of its own.

use rcgen::{
    BasicConstraints, CustomExtension, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, KeyPair,
    KeyUsagePurpose, NameConstraints, date_time_ymd,
};
use rustls_pki_types::CertificateDer;
use sslcore::{Certificate, ConfigBuilder, Pin, RevocationList, SslErrorKind, SslErrorKind::*};

use crate::chains::{HOST, Made, authority, element, field, leaf};
use crate::pair::backend;

/// One thing that can be wrong with a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// It ended in 2025.
    Expired,
    /// It begins in the middle of 2026.
    Early,
    /// It begins in a month that there is not.
    NoStart,
    /// It ends on a day that there is not.
    NoEnd,
    /// Signed with another key than its issuer's.
    Forged,
    /// Signed with SHA-1, as it says.
    Sha1,
    /// An RSA key of 1024 bits.
    WeakKey,
    /// It is for signing code.
    Purpose,
    /// The leaf is an authority.
    Authority,
    /// An issuer is no authority.
    NoAuthority,
    /// An issuer's key must not sign certificates.
    NoSigner,
    /// An issuer allows no intermediate.
    PathLength,
    /// An issuer may issue for other names only.
    Constrained,
    /// A critical extension that nobody knows.
    Odd,
    /// The leaf is for another host.
    OtherHost,
    /// Its issuer has revoked it.
    Revoked,
    /// Its issuer's list is out of date.
    StaleList,
    /// The application has blocked it.
    Blocked,
    /// The application has pinned another one.
    NotPinned,
    /// The application allows one intermediate.
    TooLong,
    /// The root was sent, and nobody trusts it.
    RootNotTrusted,
    /// The root was not sent, and nobody trusts it.
    RootNotKnown,
    /// The leaf was sent alone, and it signed itself.
    SelfSigned,
    /// The leaf was sent alone.
    Alone,
}

/// What is wrong, and with which certificate: 0 is the leaf, 1 and 2 are its issuers, 3 the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// What.
    pub wrong: Wrong,
    /// Where.
    pub at: usize,
}

impl Flaw {
    /// Every one that there is.
    pub fn all() -> Vec<Self> {
        use Wrong::*;
        let of_any = [
            Expired, Early, NoStart, NoEnd, Forged, Sha1, Purpose, Odd, Revoked, StaleList, Blocked,
        ];
        let of_leaf = [
            WeakKey, Authority, OtherHost, NotPinned, TooLong, SelfSigned, Alone,
        ];
        let of_issuer = [NoAuthority, NoSigner, Constrained];
        let at = |at| move |wrong| Self { wrong, at };
        let mut all: Vec<Self> = of_leaf.map(at(0)).into();
        all.extend((0..3).flat_map(|place| of_any.map(at(place))));
        all.extend((1..3).flat_map(|place| of_issuer.map(at(place))));
        all.extend([at(3)(Constrained), at(2)(PathLength)]);
        all.extend([at(3)(RootNotTrusted), at(2)(RootNotKnown)]);
        all
    }

    /// The error that it is, and its depth.
    pub fn error(self) -> (SslErrorKind, usize) {
        let kind = match self.wrong {
            Wrong::Expired => CertificateExpired,
            Wrong::Early => CertificateNotYetValid,
            Wrong::NoStart => InvalidNotBeforeField,
            Wrong::NoEnd => InvalidNotAfterField,
            Wrong::Forged => CertificateSignatureFailed,
            Wrong::Sha1 | Wrong::WeakKey => UnsupportedAlgorithm,
            Wrong::Purpose | Wrong::Authority => InvalidPurpose,
            Wrong::NoAuthority | Wrong::NoSigner => InvalidCaCertificate,
            Wrong::PathLength => PathLengthExceeded,
            Wrong::Constrained => return (NameConstraintViolation, 0),
            Wrong::Odd => UndecodableCertificate,
            Wrong::OtherHost => HostNameMismatch,
            Wrong::Revoked => CertificateRevoked,
            Wrong::StaleList => CertificateStatusUnknown,
            Wrong::Blocked => CertificateBlacklisted,
            Wrong::NotPinned => NotPinned,
            Wrong::TooLong => ChainTooLong,
            Wrong::RootNotTrusted => SelfSignedCertificateInChain,
            Wrong::RootNotKnown | Wrong::Alone => UnableToGetLocalIssuerCertificate,
            Wrong::SelfSigned => SelfSignedCertificate,
        };
        (kind, self.at)
    }

    /// Whether one chain can have both, each to be seen for itself.
    pub fn goes_with(self, other: Self) -> bool {
        use Wrong::*;
        let same_field = [
            &[Expired, NoEnd][..],
            &[Early, NoStart],
            &[NoAuthority, PathLength],
        ];
        // Of a signature that cannot be checked nobody knows whether it is good.
        let one_answer = [&[Forged, Sha1][..], &[Revoked, StaleList]];
        let unchecked = |it: Self| matches!(it.wrong, Forged | Sha1) && it.at == 2 || it.at == 3;
        let pair = [self.wrong, other.wrong];
        let in_one = |group: &&[Wrong]| pair.iter().all(|wrong| group.contains(wrong));
        let clash = self.at == other.at
            && (self.wrong == other.wrong
                || same_field.iter().any(in_one)
                || one_answer.iter().any(in_one));
        let ends = in_one(&&[RootNotTrusted, RootNotKnown][..]);
        let endless = pair.contains(&RootNotKnown) && (unchecked(self) || unchecked(other));
        let lonely = |one: Self, other: Self| match one.wrong {
            // Its key is its issuer's.
            SelfSigned => other.needs_issuer() || other.wrong == WeakKey,
            Alone => other.needs_issuer() || matches!(other.wrong, Forged | Sha1),
            _ => false,
        };
        let lonely = lonely(self, other) || lonely(other, self);
        !clash && !ends && !endless && !lonely
    }

    /// Whether it is about other certificates than the leaf.
    fn needs_issuer(self) -> bool {
        use Wrong::*;
        self.at > 0
            || matches!(
                self.wrong,
                TooLong | Revoked | StaleList | SelfSigned | Alone
            )
    }
}

/// A chain with flaws: a leaf, two intermediates, and a root that is trusted unless it is a flaw.
pub struct Flawed {
    /// Leaf first, as it is sent.
    pub chain: Vec<Made>,
    flaws: Vec<Flaw>,
    /// Who is trusted.
    pub anchors: Vec<CertificateDer<'static>>,
    lists: Vec<RevocationList>,
}

/// Keys, made once: of leaf, intermediates and root, and of somebody else.
pub struct Keys([Vec<u8>; 5]);

impl Keys {
    /// New ones.
    pub fn new() -> Self {
        Self([(); 5].map(|()| KeyPair::generate().expect("key").serialize_der()))
    }

    fn key(&self, of: usize) -> KeyPair {
        KeyPair::try_from(self.0[of].clone()).expect("key")
    }
}

impl Default for Keys {
    fn default() -> Self {
        Self::new()
    }
}

impl Flawed {
    /// A chain with these flaws.
    pub fn new(keys: &Keys, flaws: &[Flaw]) -> Self {
        let has = |wrong, at| flaws.contains(&Flaw { wrong, at });
        let mut root = authority("root");
        if has(Wrong::Constrained, 3) {
            root.name_constraints = elsewhere();
        }
        let root = Made::self_signed_by(root, keys.key(3));
        let mut above = vec![root];
        let mut lists = Vec::new();
        for at in (0..3).rev() {
            let made = issue(keys, &above[0], at, |wrong| has(wrong, at));
            if has(Wrong::Revoked, at) {
                lists.push(above[0].revoke(&[serial(at)], 2030));
            }
            if has(Wrong::StaleList, at) {
                lists.push(above[0].revoke(&[], 2025));
            }
            above.insert(0, made);
        }
        let root = above.pop().expect("the root");
        if has(Wrong::SelfSigned, 0) || has(Wrong::Alone, 0) {
            above.truncate(1);
        }
        let known = !has(Wrong::RootNotTrusted, 3) && !has(Wrong::RootNotKnown, 2);
        let anchors = known.then(|| root.der.clone()).into_iter().collect();
        if has(Wrong::RootNotTrusted, 3) {
            above.push(root);
        }
        Self {
            chain: above,
            flaws: flaws.to_vec(),
            anchors,
            lists,
        }
    }

    /// What a configuration must be told to find the flaws, and nothing else.
    pub fn judged_by<C>(&self, config: ConfigBuilder<C>) -> ConfigBuilder<C> {
        let pin = |made: &Made| {
            let certificate = Certificate::from_der(made.der.clone());
            let fingerprint = certificate.fingerprint_sha256(&backend());
            Pin::CertificateSha256(fingerprint.expect("SHA-256"))
        };
        let mut blocked = Vec::new();
        let mut config = config
            .trust_anchors(self.anchors.clone())
            .revocation_lists(self.lists.clone(), false);
        for flaw in &self.flaws {
            match flaw.wrong {
                Wrong::Blocked => blocked.push(pin(&self.chain[flaw.at])),
                Wrong::NotPinned => config = config.pins([Pin::SpkiSha256([0; 32])]),
                Wrong::TooLong => config = config.verify_depth(1),
                _ => {}
            }
        }
        config.block(blocked)
    }
}

fn serial(at: usize) -> u64 {
    100 + at as u64
}

/// Constraints that forbid [`HOST`].
pub fn elsewhere() -> Option<NameConstraints> {
    Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName("elsewhere.test".into())],
        excluded_subtrees: Vec::new(),
    })
}

fn issue(keys: &Keys, issuer: &Made, at: usize, has: impl Fn(Wrong) -> bool) -> Made {
    let host = if has(Wrong::OtherHost) {
        "a.test"
    } else {
        HOST
    };
    let mut params = match at {
        0 => leaf(&[host]),
        1 => authority("lower"),
        _ => authority("upper"),
    };
    params.serial_number = Some(serial(at).into());
    if at == 0 {
        let client = ExtendedKeyUsagePurpose::ClientAuth;
        params.extended_key_usages.push(client);
    }
    if has(Wrong::Expired) {
        params.not_after = date_time_ymd(2025, 6, 1);
    }
    if has(Wrong::Early) {
        params.not_before = date_time_ymd(2026, 6, 1);
    }
    if has(Wrong::Purpose) {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning];
    }
    if has(Wrong::Authority) {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    if has(Wrong::NoAuthority) {
        params.is_ca = IsCa::ExplicitNoCa;
    }
    if has(Wrong::NoSigner) {
        params.key_usages = vec![KeyUsagePurpose::CrlSign];
    }
    if has(Wrong::PathLength) {
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    }
    if has(Wrong::Constrained) {
        params.name_constraints = elsewhere();
    }
    if has(Wrong::Odd) {
        let mut odd = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99999, 1], vec![5, 0]);
        odd.set_criticality(true);
        params.custom_extensions = vec![odd];
    }
    let own = has(Wrong::SelfSigned);
    let made = match own {
        true => Made::self_signed_by(params, keys.key(at)),
        false => issuer.issue_to(params, keys.key(at)),
    };
    let signer = match has(Wrong::Forged) {
        true => 4,
        false if own => at,
        false => at + 1,
    };
    made.with_fields(&keys.key(signer), |fields| {
        // The times that rcgen has written, or others that are none.
        let mut validity = fields[field::VALIDITY].clone();
        if has(Wrong::NoStart) {
            validity[4..17].copy_from_slice(b"250001000000Z");
        }
        if has(Wrong::NoEnd) {
            validity[19..32].copy_from_slice(b"350132000000Z");
        }
        fields[field::VALIDITY] = validity;
        if has(Wrong::Sha1) {
            // ecdsa-with-SHA1, 1.2.840.10045.4.1
            fields[field::ALGORITHM] = element(0x30, &[6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1]);
        }
        if has(Wrong::WeakKey) {
            fields[field::PUBLIC_KEY] = crate::cases::rsa_key(1024);
        }
    })
}
