//! Certificates, names, revocation lists and PEM; what is said of a chain, and what webpki says.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{CertificateRevocationListDer, ServerName};
use sslcore::crypto::Backend;
use sslcore::testing::{backend_without_security, known_identity};
use sslcore::{
    Certificate, CertificateDer, ClientConfig, DistinguishedName, PeerName, PrivateKey,
    RevocationList, ServerConfig, SslErrorKind, UnixTime, VerifyMode,
};

use crate::configs::TODAY;
use crate::input::Input;

/// One byte says what it is, one in which year. A chain has two bytes of length before each
/// certificate; the last of them is a trust anchor if a bit says so. Every signature is believed, so
/// that a changed certificate is still a signed one.
pub fn certificates(data: &[u8]) {
    let mut input = Input(data);
    let (first, years) = (input.byte(), input.byte());
    if first & 0xc0 == 0xc0 {
        return text(input.0, first & 1 != 0);
    }
    let mut chain = Vec::new();
    while !input.0.is_empty() && chain.len() < 8 {
        let n = input.long();
        chain.push(CertificateDer::from(input.take(n).to_vec()));
    }
    let backend = backend_without_security(1);
    for certificate in &chain {
        look_at(&Certificate::from_der(certificate.clone()), &backend);
    }
    let name = match (first >> 1) & 3 {
        0 => "server.test",
        1 => "a.server.test",
        2 => "127.0.0.1",
        _ => "middle",
    };
    let now = TODAY + u64::from(years) * 86_400 * 90;
    judge(&chain, name, first, now, &backend);
}

/// Text, or DER that is no certificate.
fn text(bytes: &[u8], is_der: bool) {
    if !is_der {
        _ = Certificate::all_from_pem(bytes);
        _ = PrivateKey::from_pem(bytes);
        _ = RevocationList::all_from_pem(bytes);
        return;
    }
    if let Ok(key) = PrivateKey::from_der(bytes) {
        _ = format!("{key:?} {}", key.kind());
    }
    let name = DistinguishedName::from_der(bytes);
    assert!(name.is_same(&name) || name.attributes().next().is_none());
    shown(&name.to_string());
    let list = CertificateRevocationListDer::from(bytes.to_vec());
    if let Ok(list) = RevocationList::from_der(list) {
        shown(&list.issuer().to_string());
        _ = (
            list.this_update(),
            list.next_update(),
            list.serials().count(),
        );
        let config = ClientConfig::builder(backend_without_security(1))
            .trust_anchors(known_identity().0)
            .revocation_lists([list], true)
            .build()
            .expect("a configuration");
        config.verify_chain(&known_identity().0, None, None);
    }
}

/// Nothing that is shown may steer a terminal.
fn shown(text: &str) {
    let steers = |c: char| c.is_control() && c != '\n';
    assert!(!text.chars().any(steers), "control characters: {text:?}");
}

fn look_at(certificate: &Certificate, backend: &Backend) {
    let mut text = String::new();
    _ = write!(
        text,
        "{certificate:?}{}{}",
        certificate.description(),
        certificate.pem()
    );
    for name in [certificate.subject(), certificate.issuer()]
        .into_iter()
        .flatten()
    {
        _ = write!(text, "{name}");
        for attribute in name.attributes() {
            _ = (attribute.name(), attribute.value());
        }
        _ = name.values("CN").count();
        assert!(name.is_same(&name));
    }
    for name in certificate.alternative_names() {
        _ = write!(text, "{name}");
    }
    shown(&text);
    _ = (
        certificate.common_name(),
        certificate.version(),
        certificate.serial(),
    );
    _ = (certificate.not_before(), certificate.not_after());
    _ = (
        certificate.public_key_info(),
        certificate.key_kind(),
        certificate.key_algorithm(),
    );
    _ = (certificate.key_curve(), certificate.signature_algorithm());
    _ = (
        certificate.must_staple(),
        certificate.signed_certificate_timestamps(),
    );
    _ = (certificate.is_ca(), certificate.is_self_issued());
    _ = (
        certificate.key_usages().count(),
        certificate.extended_key_usages().count(),
    );
    _ = (
        certificate.fingerprint_sha256(backend),
        certificate.spki_sha256(backend),
    );
    let again = Certificate::all_from_pem(certificate.pem().to_string().as_bytes());
    assert_eq!(again.as_deref(), Ok(std::slice::from_ref(certificate)));
}

fn judge(chain: &[CertificateDer<'static>], name: &str, first: u8, now: u64, backend: &Backend) {
    let mut anchors = known_identity().0;
    if let (Some(last), true) = (chain.last(), first & 8 != 0) {
        anchors.push(last.clone());
    }
    // What is not fit to be an anchor is a sentence when a configuration is built.
    let client = ClientConfig::builder(backend.clone())
        .trust_anchors(anchors.clone())
        .build();
    let Ok(client) = client else { return };
    let (own, key) = known_identity();
    let server = ServerConfig::builder(backend.clone())
        .trust_anchors(anchors.clone())
        .verify_mode(VerifyMode::Verify)
        .identity(own, key)
        .build()
        .expect("the same anchors");
    let now = UnixTime::since_unix_epoch(Duration::from_secs(now));
    let peer = PeerName::new(name).expect("a name");
    let errors = client.verify_chain(chain, Some(&peer), Some(now));
    let kinds: Vec<_> = errors.iter().map(|it| (it.kind(), it.depth())).collect();
    let again = client.verify_chain(chain, Some(&peer), Some(now));
    let kinds_again: Vec<_> = again.iter().map(|it| (it.kind(), it.depth())).collect();
    assert_eq!(kinds, kinds_again, "R12");
    for error in &errors {
        shown(&error.to_string());
        shown(&error.explanation().to_string());
        assert!(error.depth() <= 16);
    }
    server.verify_chain(chain, None);
    server.verify_chain(chain, Some(now));
    let Some((leaf, issuers)) = chain.split_first() else {
        assert_eq!(
            errors.first().map(|it| it.kind()),
            Some(SslErrorKind::NoPeerCertificate)
        );
        return;
    };
    let mut roots = RootCertStore::empty();
    for anchor in &anchors {
        if roots.add(anchor.clone()).is_err() {
            return;
        }
    }
    let provider = backend.provider().clone();
    let theirs = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
    let theirs = theirs.expect("a verifier");
    let name = ServerName::try_from(name).expect("a name");
    let verdict = theirs.verify_server_cert(leaf, issuers, &name, &[], now);
    // A leaf that is an anchor itself is trusted as it stands, which webpki does not know.
    let differ = anchors.contains(leaf)
        || issuers.len() > WEBPKI_INTERMEDIATES
        || are_named_in_other_bytes(chain, &anchors);
    if errors.is_empty() && !differ {
        assert!(verdict.is_ok(), "webpki says {verdict:?}");
    }
}

/// The longest path that webpki follows has so many.
const WEBPKI_INTERMEDIATES: usize = 6;

/// Whether an issuer is called like another certificate's subject, and not in the same bytes: RFC 5280
/// §7.1 compares names without their case and their spaces, webpki compares bytes.
fn are_named_in_other_bytes(
    chain: &[CertificateDer<'static>],
    anchors: &[CertificateDer<'static>],
) -> bool {
    let read = |der: &CertificateDer<'static>| Certificate::from_der(der.clone());
    let all: Vec<_> = chain.iter().chain(anchors).map(read).collect();
    let issuers = all.iter().filter_map(Certificate::issuer);
    let subjects = all.iter().filter_map(Certificate::subject);
    let subjects: Vec<_> = subjects.collect();
    let mut issuers = issuers.flat_map(|issuer| subjects.iter().map(move |it| (issuer, *it)));
    issuers.any(|(issuer, subject)| issuer.is_same(&subject) && issuer.der() != subject.der())
}
