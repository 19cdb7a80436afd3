//! Every error in a sentence: what was found, and what was expected.

use sslcore::SslErrorKind::{self, *};
use sslcore::{ClientConfig, PeerName, SslError};
use sslcore_tests::chains::{HOST, Made, authority, element, field, leaf};
use sslcore_tests::flaws::{Flaw, Flawed, Keys, Wrong};
use sslcore_tests::judging::{ders, errors, now, trusting};
use sslcore_tests::pair::backend;

const NO_SHA1: &str = "the certificate uses an algorithm or a key that is not supported: \
    its signature, ECDSA-SHA1 with its issuer's key";

/// What is told of a flaw, without the words that say of which certificate.
fn sentence(flaw: Flaw) -> &'static str {
    use Wrong::*;
    match (flaw.wrong, flaw.at) {
        (Expired, _) => {
            "the certificate has expired: \
             it was valid until 2025-06-01 00:00:00 UTC; it is 2026-01-01 00:00:00 UTC"
        }
        (Early, _) => {
            "the certificate is not valid yet: \
             it will be from 2026-06-01 00:00:00 UTC; it is 2026-01-01 00:00:00 UTC"
        }
        (NoStart, _) => "the start of the certificate's validity is not a time",
        (NoEnd, _) => "the end of the certificate's validity is not a time",
        (Forged, 0) => {
            "the certificate's signature is not its issuer's: \
             it was not signed with the key of CN=lower"
        }
        (Forged, 1) => {
            "the certificate's signature is not its issuer's: \
             it was not signed with the key of CN=upper"
        }
        (Forged, _) => {
            "the certificate's signature is not its issuer's: \
             it was not signed with the key of CN=root"
        }
        (Sha1, _) => NO_SHA1,
        (WeakKey, _) => {
            "the certificate uses an algorithm or a key that is not supported: \
             its RSA key has 1024 bits, and 2048 are needed"
        }
        (Purpose, _) => {
            "the certificate is not for this purpose: \
             it is for codeSigning, and not for a TLS server"
        }
        (Authority, _) => {
            "the certificate is not for this purpose: \
             it is a certificate authority's, and not a server's"
        }
        (NoAuthority, _) => {
            "a certificate in the chain must not issue certificates: \
             it does not say that it is an authority's"
        }
        (NoSigner, _) => {
            "a certificate in the chain must not issue certificates: \
             its key usage does not have keyCertSign"
        }
        (PathLength, _) => {
            "the chain is longer than a certificate in it allows: \
             it allows no intermediate below it, and there are 1"
        }
        (Constrained, _) => {
            "a certificate in the chain forbids this name: it is for DNS:server.test"
        }
        (Odd, _) => {
            "the certificate cannot be verified: \
             its extension 1.3.6.1.4.1.99999.1 is critical, and not known here"
        }
        (OtherHost, _) => {
            "the certificate is for another name than server.test: it is for DNS:a.test"
        }
        (Revoked, 0) => "the certificate was revoked by CN=lower",
        (Revoked, 1) => "the certificate was revoked by CN=upper",
        (Revoked, _) => "the certificate was revoked by CN=root",
        (StaleList, 0) => {
            "whether the certificate was revoked is not known: \
             there is no current list signed by CN=lower"
        }
        (StaleList, 1) => {
            "whether the certificate was revoked is not known: \
             there is no current list signed by CN=upper"
        }
        (StaleList, _) => {
            "whether the certificate was revoked is not known: \
             there is no current list signed by CN=root"
        }
        (Blocked, _) => "the certificate is on the application's list of refused ones",
        (NotPinned, _) => "the certificate is none of those that were pinned",
        (TooLong, _) => "the chain is longer than the verify depth of 1 intermediate: it has 2",
        (RootNotTrusted, _) => "the chain ends in a self-signed certificate that is not trusted",
        (SelfSigned, _) => "the certificate is self-signed and not trusted",
        (Alone, _) => {
            "the issuer of the certificate is not known: \
             neither a trust anchor nor the peer's chain has CN=lower"
        }
        (RootNotKnown, _) => {
            "the issuer of the certificate is not known: \
             neither a trust anchor nor the peer's chain has CN=root"
        }
    }
}

#[test]
fn every_flaw_is_a_sentence_and_names_its_certificate() {
    let keys = Keys::new();
    let subjects = ["CN=leaf", "CN=lower", "CN=upper", "CN=root"];
    for flaw in Flaw::all() {
        let flawed = Flawed::new(&keys, &[flaw]);
        let config = flawed.judged_by(ClientConfig::builder(backend()));
        let config = config.build().expect("a configuration");
        let host = PeerName::new(HOST).expect("a name");
        let chain: Vec<_> = flawed.chain.iter().collect();
        let errors = config.verify_chain(&ders(&chain), Some(&host), Some(now()));
        let (kind, depth) = flaw.error();
        let told = errors.iter().find(|error| error.kind() == kind);
        let told = told.unwrap_or_else(|| panic!("{flaw:?}: {errors:?}"));
        assert_eq!(told.explanation().to_string(), sentence(flaw), "{flaw:?}");
        let useless = flaw.wrong == Wrong::WeakKey && flaw.at == 0;
        assert_eq!(told.is_forgivable(), !useless, "{flaw:?}");
        let whole = format!(
            "certificate {depth} ({}): {}",
            subjects[depth],
            sentence(flaw)
        );
        assert_eq!(told.to_string(), whole);
    }
}

#[track_caller]
fn assert_told(errors: &[SslError], kind: SslErrorKind, sentence: &str) {
    let told = errors.iter().find(|error| error.kind() == kind);
    let told = told.unwrap_or_else(|| panic!("{errors:?}"));
    assert_eq!(told.to_string(), sentence);
}

#[test]
fn what_hides_behind_other_errors_is_a_sentence() {
    let keys = Keys::new();
    let flaw = |wrong, at| Flaw { wrong, at };
    let flaws = [flaw(Wrong::Expired, 0), flaw(Wrong::Early, 1)];
    let flawed = Flawed::new(&keys, &flaws);
    let config = flawed.judged_by(ClientConfig::builder(backend()));
    let chain: Vec<_> = flawed.chain.iter().collect();
    assert_told(
        &errors(config, &chain),
        Unspecified,
        "certificate 0 (CN=leaf): the certificate cannot be accepted: \
         there is no time at which it and its issuers are all valid",
    );
}

#[test]
fn a_leaf_alone_is_told_with_what_came_without_it() {
    let root = Made::self_signed(authority("root"));
    let issued = root.issue(leaf(&[HOST]));
    assert_told(
        &errors(trusting(&[]), &[&issued]),
        UnableToVerifyFirstCertificate,
        "certificate 0 (CN=leaf): the only certificate cannot be verified: \
         it came without that of CN=root",
    );
}

#[test]
fn a_trust_anchor_that_may_issue_nothing_is_told_as_such() {
    let mut nobody = authority("nobody");
    nobody.is_ca = rcgen::IsCa::NoCa;
    let mut idle = authority("nobody");
    idle.key_usages = vec![rcgen::KeyUsagePurpose::DigitalSignature];
    for anchor in [nobody, idle].map(Made::self_signed) {
        let issued = anchor.issue(leaf(&[HOST]));
        assert_told(
            &errors(trusting(&[&anchor]), &[&issued]),
            UnableToGetLocalIssuerCertificate,
            "certificate 0 (CN=leaf): the issuer of the certificate is not known: \
             basicConstraints and keyUsage make no authority of the trust anchor CN=nobody",
        );
    }
    // Another one of this name is not there.
    let root = Made::self_signed(authority("root"));
    let other = Made::self_signed(authority("nobody")).issue(leaf(&[HOST]));
    assert_told(
        &errors(trusting(&[&root]), &[&other]),
        UnableToGetLocalIssuerCertificate,
        "certificate 0 (CN=leaf): the issuer of the certificate is not known: \
         neither a trust anchor nor the peer's chain has CN=nobody",
    );
}

#[test]
fn what_has_no_names_or_purposes_is_told_to_have_none() {
    let root = Made::self_signed(authority("root"));
    assert_told(
        &errors(trusting(&[&root]), &[&root.issue(leaf(&[]))]),
        HostNameMismatch,
        "certificate 0 (CN=leaf): the certificate is for another name than server.test: \
         it is for no name",
    );
    let mut useless = leaf(&[HOST]);
    useless.extended_key_usages = Vec::new();
    let none = element(0x30, &[]);
    useless.custom_extensions = vec![rcgen::CustomExtension::from_oid_content(
        &[2, 5, 29, 37],
        none,
    )];
    assert_told(
        &errors(trusting(&[&root]), &[&root.issue(useless)]),
        InvalidPurpose,
        "certificate 0 (CN=leaf): the certificate is not for this purpose: \
         it is for nothing, and not for a TLS server",
    );
}

#[test]
fn what_has_no_certificate_or_cannot_be_read_is_a_sentence_too() {
    let config = trusting(&[]).build().expect("a configuration");
    assert_told(
        &config.verify_chain(&[], None, Some(now())),
        NoPeerCertificate,
        "the peer presented no certificate",
    );
    assert_told(
        &config.verify_chain(&[vec![0x30].into()], None, Some(now())),
        UndecodableCertificate,
        "certificate 0: the certificate cannot be read",
    );
    let root = Made::self_signed(authority("root"));
    let issued = root.issue(leaf(&[HOST]));
    assert_told(
        &config.verify_chain(&ders(&[&issued]), None, None),
        NoWallClock,
        "certificate 0 (CN=leaf): without a clock the certificate's validity cannot be verified",
    );
    let backwards = root.issue(leaf(&[HOST])).with_fields(&root.key, |fields| {
        let times = [
            element(0x17, b"250701000000Z"),
            element(0x17, b"250601000000Z"),
        ]
        .concat();
        fields[field::VALIDITY] = element(0x30, &times);
    });
    assert_told(
        &errors(trusting(&[&root]), &[&backwards]),
        Unspecified,
        "certificate 0 (CN=leaf): the certificate cannot be accepted: \
         there is no time at which it and its issuers are all valid",
    );
}

#[test]
fn an_address_that_is_not_the_peers_is_written_as_addresses_are() {
    let root = Made::self_signed(authority("root"));
    let config = trusting(&[&root]).build().expect("a configuration");
    let chain = ders(&[&root.issue(leaf(&[HOST]))]);
    for (address, written) in [("192.0.2.1", "192.0.2.1"), ("2001:DB8:0::1", "2001:db8::1")] {
        let name = PeerName::new(address).expect("an address");
        assert_told(
            &config.verify_chain(&chain, Some(&name), Some(now())),
            HostNameMismatch,
            &format!(
                "certificate 0 (CN=leaf): the certificate is for another name than {written}: \
                 it is for DNS:server.test"
            ),
        );
    }
}

#[test]
fn a_search_that_takes_too_long_is_a_sentence() {
    let many: Vec<Made> = (0..101)
        .map(|_| Made::self_signed(authority("same")))
        .collect();
    let leaf = many[100].issue(leaf(&[HOST]));
    let mut chain = vec![&leaf];
    chain.extend(&many);
    assert_told(
        &errors(trusting(&[]), &chain),
        PathSearchExceeded,
        "certificate 0 (CN=leaf): the chain has more paths than can be searched",
    );
}
