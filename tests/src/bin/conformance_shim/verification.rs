//! The verdict on the peer's certificate.

use sslcore::{
    Alert, Connection, SslError, SslErrorKind, SslProtocol, StatusChecker, StatusQuestion,
    StatusReport, Verdict,
};

use crate::flags::Flags;
use crate::outcome::Trouble;

/// decompression_failure, which no RFC of TLS 1.2 or 1.3 uses any more (RFC 2246 §7.2).
pub(crate) const DECOMPRESSION_FAILURE: u8 = 30;

/// What the application has said of the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opinion {
    Good,
    Bad,
}

/// Answers the open review as the flags say. Returns what the application thinks of the peer.
pub(crate) fn answer(conn: &mut Connection, flags: &Flags) -> Result<Option<Opinion>, Trouble> {
    let Some(review) = conn.review() else {
        return Ok(None);
    };
    let id = review.id;
    if flags.trial.send_alert {
        let alert = Alert::from_code(DECOMPRESSION_FAILURE);
        conn.answer(id, Verdict::RejectWith(alert))?;
        return Ok(Some(Opinion::Bad));
    }
    if flags.expected.ocsp_response.is_some() && review.stapled_ocsp_response.is_none() {
        return Err(Trouble::failed("no OCSP response came with the chain"));
    }
    let missing = review.chain.is_empty();
    let mut errors = review.errors.iter().map(SslError::kind);
    // What a key may be used for is no matter of trust.
    let misused = errors
        .clone()
        .any(|kind| kind == SslErrorKind::InvalidPurpose);
    let spotless = errors.all(|kind| kind == SslErrorKind::NoPeerCertificate);
    let settings = &flags.settings;
    let fails = flags.trial.fails && (!conn.is_resumed() || flags.trial.again_on_resume);
    let is_server = conn.client_config().is_none();
    if missing && settings.require_client_certificate {
        let alert = match conn.session_protocol() {
            Some(SslProtocol::TlsV1_2) => Alert::HandshakeFailure,
            _ => Alert::CertificateRequired,
        };
        conn.answer(id, Verdict::RejectWith(alert))?;
        return Ok(Some(Opinion::Bad));
    }
    if fails && !missing {
        let strict = settings.verify_peer || settings.custom_verify || is_server;
        let verdict = match (strict, settings.custom_verify) {
            // A client that was not told to verify goes on, and knows that the verdict is bad.
            (false, _) => Verdict::Accept,
            (true, true) => Verdict::RejectWith(Alert::CertificateUnknown),
            (true, false) => Verdict::RejectWith(Alert::HandshakeFailure),
        };
        conn.answer(id, verdict)?;
        return Ok(Some(Opinion::Bad));
    }
    let welcome = spotless || is_server && accepts_any(flags) && !misused;
    conn.answer(
        id,
        match welcome {
            true => Verdict::Accept,
            false => Verdict::Reject,
        },
    )?;
    Ok(Some(match spotless {
        true => Opinion::Good,
        false => Opinion::Bad,
    }))
}

/// Refuses every server for what it staples, or for stapling nothing.
pub(crate) struct Refusing;

impl StatusChecker for Refusing {
    fn check(&self, question: &StatusQuestion<'_>) -> StatusReport {
        let mut report = StatusReport::default();
        report.errors.push(match question.response() {
            Some(_) => SslErrorKind::OcspResponseCannotBeTrusted,
            None => SslErrorKind::OcspNoResponseFound,
        });
        report
    }
}

/// Whether a server takes any certificate, so long as there is one.
pub(crate) fn accepts_any(flags: &Flags) -> bool {
    flags.settings.require_client_certificate && !flags.settings.verify_peer
}
