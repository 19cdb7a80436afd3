//! What a connection demands of the peer's certificate, and the judgement.

use alloc::vec::Vec;
use core::time::Duration;

use rustls_pki_types::{
    CertificateDer, ServerName, SignatureVerificationAlgorithm, TrustAnchor, UnixTime,
};
use webpki::{EndEntityCert, KeyUsage};

use super::pin::Pins;
use super::{SslError, SslErrorKind, x509};
use crate::identity::certificate::Certificate;

/// `QSslSocket::PeerVerifyMode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VerifyMode {
    /// A server does not ask for a certificate; a client does not judge the one it gets, not
    /// even its name (Qt still compares that, and forgives the result).
    None,
    /// Ask, judge, report every error, accept all the same. A missing certificate is no error.
    Query,
    /// Ask, judge, and let the errors decide. A missing certificate is one.
    Verify,
    /// `Verify` for clients, `Query` for servers.
    #[default]
    Auto,
}

/// What happens when the judgement found errors and the mode is [`VerifyMode::Verify`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnErrors {
    /// The handshake fails with the first error's alert.
    #[default]
    Reject,
    /// The handshake stands still until [`answer`](crate::Connection::answer): no message of ours
    /// leaves. (A TLS 1.3 client's dummy ChangeCipherSpec, RFC 8446 §D.4, has been released before
    /// the certificates came; it says nothing.) `QAbstractSocket::PauseOnSslErrors`.
    Hold,
    /// Every error is forgiven. **Dangerous**: anybody can be the peer.
    /// `QSslSocket::ignoreSslErrors()`.
    DangerouslyAcceptAll,
}

/// Which side is being judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judged<'a> {
    Server(&'a ServerName<'a>),
    Client,
}

/// The policy of one configuration.
#[derive(Clone)]
pub(crate) struct Policy {
    pub(crate) mode: VerifyMode,
    pub(crate) on_errors: OnErrors,
    /// When there are any, the leaf must be one of them, and nothing else matters.
    pub(crate) pins: Option<Pins>,
    pub(crate) anchors: Vec<TrustAnchor<'static>>,
    pub(crate) algorithms: &'static [&'static dyn SignatureVerificationAlgorithm],
}

impl Policy {
    /// Judges a chain, leaf first: every error that was found, none when it is good.
    ///
    /// webpki tells one error at a time. One that could hide another, because it is found before
    /// the chain's signatures are looked at, is set aside and the chain is looked at again: who
    /// forgives an expired certificate does not mean to forgive an unknown issuer.
    ///
    /// A pinned leaf is trusted as it is. One that is not pinned although it should be is judged
    /// all the same, for the list.
    ///
    /// Costs at most four times webpki's signature budget; allocates the errors.
    pub(crate) fn judge(
        &self,
        chain: &[CertificateDer<'static>],
        judged: Judged<'_>,
        now: Option<UnixTime>,
    ) -> Vec<SslError> {
        let mut errors = Vec::new();
        let Some((leaf, intermediates)) = chain.split_first() else {
            if self.mode == VerifyMode::Verify {
                errors.push(SslError {
                    kind: SslErrorKind::NoPeerCertificate,
                    depth: 0,
                    certificate: None,
                });
            }
            return errors;
        };
        let mut report = |kind, depth: usize| {
            errors.push(SslError {
                kind,
                depth,
                certificate: chain.get(depth).cloned().map(Certificate::from),
            });
        };
        match &self.pins {
            Some(pins) if pins.have(leaf) => return errors,
            Some(_) => report(SslErrorKind::NotPinned, 0),
            None => {}
        }
        let parsed = match EndEntityCert::try_from(leaf) {
            Ok(parsed) => parsed,
            Err(error) => {
                report(kind_of(&error, chain), 0);
                return errors;
            }
        };
        if now.is_none() {
            report(SslErrorKind::NoWallClock, 0);
        }
        let mut time = now.unwrap_or_else(|| time_within(chain));
        let mut as_server = matches!(judged, Judged::Server(_));
        let mut seen = [None; 4];
        for index in 0..seen.len() {
            let usage = match as_server {
                true => KeyUsage::server_auth(),
                false => KeyUsage::client_auth(),
            };
            let path = parsed.verify_for_usage(
                self.algorithms,
                &self.anchors,
                intermediates,
                time,
                usage,
                None,
                None,
            );
            let Err(error) = path else { break };
            let kind = kind_of(&error, chain);
            if seen.contains(&Some(kind)) {
                report(SslErrorKind::Unspecified, 0);
                break;
            }
            seen[index] = Some(kind);
            report(kind, depth_of(kind, chain, time));
            match kind {
                SslErrorKind::CertificateExpired | SslErrorKind::CertificateNotYetValid => {
                    time = time_within(chain);
                }
                SslErrorKind::InvalidPurpose => as_server = !as_server,
                _ => break,
            }
        }
        if let Judged::Server(name) = judged {
            if parsed.verify_is_valid_for_subject_name(name).is_err() {
                report(SslErrorKind::HostNameMismatch, 0);
            }
        }
        errors
    }
}

/// A time at which every certificate of the chain is valid, if there is one: as late as the
/// youngest begins, but not after the leaf has expired.
fn time_within(chain: &[CertificateDer<'_>]) -> UnixTime {
    let parse = |der| x509::Certificate::parse(der);
    let begin = chain
        .iter()
        .filter_map(|der| parse(der)?.not_before)
        .max()
        .unwrap_or(UnixTime::since_unix_epoch(Duration::ZERO));
    match chain.first().and_then(|leaf| parse(leaf)?.not_after) {
        Some(end) => begin.min(end),
        None => begin,
    }
}

/// webpki's error by QSslError's name.
fn kind_of(error: &webpki::Error, chain: &[CertificateDer<'_>]) -> SslErrorKind {
    use SslErrorKind as K;
    use webpki::Error as E;
    match error {
        E::CertExpired { .. } => K::CertificateExpired,
        E::CertNotValidYet { .. } => K::CertificateNotYetValid,
        E::UnknownIssuer | E::CaUsedAsEndEntity => untrusted(error, chain),
        E::InvalidSignatureForPublicKey => K::CertificateSignatureFailed,
        E::EndEntityUsedAsCa => K::InvalidCaCertificate,
        E::PathLenConstraintViolated => K::PathLengthExceeded,
        E::RequiredEkuNotFoundContext(_) => K::InvalidPurpose,
        E::NameConstraintViolation => K::NameConstraintViolation,
        E::CertRevoked => K::CertificateRevoked,
        E::UnknownRevocationStatus => K::CertificateStatusUnknown,
        E::UnsupportedSignatureAlgorithmContext(_)
        | E::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => K::UnsupportedAlgorithm,
        E::BadDer | E::BadDerTime | E::TrailingData(_) | E::UnsupportedCertVersion => {
            K::UndecodableCertificate
        }
        _ => K::Unspecified,
    }
}

/// Which of the ways not to reach a trust anchor it was.
fn untrusted(error: &webpki::Error, chain: &[CertificateDer<'_>]) -> SslErrorKind {
    let self_issued = |der: &CertificateDer<'_>| {
        x509::Certificate::parse(der).is_some_and(|cert| cert.is_self_issued())
    };
    match chain {
        [leaf, ..] if self_issued(leaf) => SslErrorKind::SelfSignedCertificate,
        _ if *error == webpki::Error::CaUsedAsEndEntity => SslErrorKind::InvalidPurpose,
        [.., last] if self_issued(last) => SslErrorKind::SelfSignedCertificateInChain,
        _ => SslErrorKind::UnableToGetLocalIssuerCertificate,
    }
}

/// The certificate that an error of this kind is about.
fn depth_of(kind: SslErrorKind, chain: &[CertificateDer<'_>], now: UnixTime) -> usize {
    let last = chain.len().saturating_sub(1);
    let find = |wrong: fn(&x509::Certificate<'_>, UnixTime) -> bool| {
        chain
            .iter()
            .position(|der| x509::Certificate::parse(der).is_some_and(|cert| wrong(&cert, now)))
            .unwrap_or(0)
    };
    match kind {
        SslErrorKind::CertificateExpired => {
            find(|cert, now| cert.not_after.is_some_and(|end| now > end))
        }
        SslErrorKind::CertificateNotYetValid => {
            find(|cert, now| cert.not_before.is_some_and(|start| now < start))
        }
        SslErrorKind::SelfSignedCertificateInChain
        | SslErrorKind::UnableToGetLocalIssuerCertificate => last,
        _ => 0,
    }
}
