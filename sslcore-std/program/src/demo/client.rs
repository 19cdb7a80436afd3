//! The mail client.

use std::io::{BufRead, ErrorKind, Read, Write};
use std::net::TcpStream;

use sslcore_std::sslcore::{
    ClientConfig, Failure, FailureKind, OnErrors, PeerName, SslMode, UsageError, Verdict,
};
use sslcore_std::{SslSocket, WaitError};

use super::checks::Checks;
use super::fault::Fault;
use super::log::{Log, Side};
use super::script::{BEFORE_THE_CUT, HOST, INJECTED, MAIL, PATIENCE, PIECE, Trouble, adopt, mail};
use super::session::Knows;
use crate::text::{Fingerprint, grouped};

/// Plays the client until its end, or until the fault ends it.
pub(super) fn run(
    stream: TcpStream,
    pinned: Fingerprint,
    fault: Option<Fault>,
    log: &Log,
    checks: &mut Checks,
) -> Result<Knows, Trouble> {
    let mut client = Client {
        socket: adopt(stream, Side::Client, log)?,
        pinned,
        log,
        checks,
    };
    client.ask_for_tls()?;
    let encrypted = client.start_tls(fault)? && client.handshake(fault)?;
    if encrypted {
        client.command("NOOP the first line under TLS", "250")?;
        let whole = client.echo(fault)?;
        if whole {
            client.log.note(Side::Client, "asks for new traffic keys");
            client.socket.update_keys()?;
            client.command("NOOP the first line under new keys", "250")?;
            client.command("QUIT", "221")?;
        }
    }
    if fault == Some(Fault::Inject) {
        client.socket.abort();
    } else {
        client.socket.disconnect_from_host(PATIENCE);
    }
    Ok(Knows::of(&client.socket))
}

struct Client<'a> {
    socket: SslSocket,
    pinned: Fingerprint,
    log: &'a Log,
    checks: &'a mut Checks,
}

impl Client<'_> {
    /// Reads one answer, which may have several lines (RFC 5321 §4.2.1).
    fn answer(&mut self, code: &str) -> Result<(), Trouble> {
        loop {
            let mut line = String::new();
            Read::by_ref(&mut self.socket)
                .take(1000)
                .read_line(&mut line)?;
            if !line.starts_with(code) {
                return Err(format!("{code} was expected and {line:?} came").into());
            }
            if line.as_bytes().get(code.len()) != Some(&b'-') {
                return Ok(());
            }
        }
    }

    fn command(&mut self, command: &str, code: &str) -> Result<(), Trouble> {
        self.socket.write_all(format!("{command}\r\n").as_bytes())?;
        self.answer(code)
    }

    fn ask_for_tls(&mut self) -> Result<(), Trouble> {
        self.answer("220")?;
        self.command("EHLO client.example", "250")?;
        self.command("STARTTLS", "220")
    }

    /// Whether TLS was started; only the injection keeps it from that.
    fn start_tls(&mut self, fault: Option<Fault>) -> Result<bool, Trouble> {
        let config = ClientConfig::builder(sslcore_std::default_backend())
            .on_errors(OnErrors::Hold)
            .build()?;
        let started = self
            .socket
            .start_client_encryption(&config, PeerName::new(HOST)?);
        if fault != Some(Fault::Inject) {
            started?;
            return Ok(true);
        }
        let Err(error @ UsageError::UnreadPlaintext { bytes }) = started else {
            return Err(format!("TLS over injected plaintext: {started:?}").into());
        };
        self.log
            .note(Side::Client, format!("refuses to start TLS: {error}"));
        self.checks.that(
            "all of the injected bytes are still there, as plaintext",
            bytes == self.socket.peek().len() && self.socket.peek() == INJECTED,
        );
        self.checks.that(
            "the refusal left the connection as it was",
            self.socket.connection().mode() == SslMode::Unencrypted,
        );
        Ok(false)
    }

    /// Whether the handshake is complete.
    fn handshake(&mut self, fault: Option<Fault>) -> Result<bool, Trouble> {
        let first = self.socket.wait_for_encrypted(Some(PATIENCE));
        if fault == Some(Fault::Garbage) {
            self.failed_with(first, FailureKind::NotTls);
            return Ok(false);
        }
        let id = match first {
            Err(WaitError::VerdictNeeded(id)) => id,
            other => return Err(format!("no verdict was needed: {other:?}").into()),
        };
        let review = self.socket.review().ok_or("the review is not open")?;
        let leaf = review.chain.first().ok_or("there is no certificate")?;
        let fingerprint = Fingerprint::of(leaf.der());
        let name = leaf.common_name().unwrap_or_default();
        let note = format!("reviews {name:?}, SHA-256 {}", fingerprint.short());
        self.log.note(Side::Client, note);
        let errors = review.errors.to_vec();
        for error in &errors {
            self.log.note(Side::Client, format!("  error: {error}"));
        }
        let note = format!("  pinned before:  SHA-256 {}", self.pinned.short());
        self.log.note(Side::Client, note);
        if fingerprint == self.pinned {
            let verdict = "the same: accepts these errors, and no others";
            self.log.verdict(Side::Client, verdict);
            self.socket.answer(id, Verdict::AcceptOnly(&errors))?;
            self.socket.wait_for_encrypted(Some(PATIENCE))?;
            return Ok(true);
        }
        self.log.verdict(Side::Client, "another one: rejects it");
        let first = errors.first().ok_or("there is no error")?.kind();
        self.socket.answer(id, Verdict::Reject)?;
        let end = self.socket.wait_for_encrypted(Some(PATIENCE));
        self.failed_with(end, FailureKind::CertificateRejected(first));
        Ok(false)
    }

    fn failed_with(&mut self, end: Result<(), WaitError>, kind: FailureKind) {
        self.checks.that(
            format!("the client failed because {kind}"),
            matches!(&end, Err(WaitError::Failed(failure)) if failure.kind() == kind),
        );
    }

    /// Sends the mail in pieces and compares what comes back. Whether all of it did.
    fn echo(&mut self, fault: Option<Fault>) -> Result<bool, Trouble> {
        let mail = mail();
        let note = format!("sends {} B and compares the echo", grouped(MAIL));
        self.log.note(Side::Client, note);
        self.command(&format!("ECHO {MAIL}"), "354")?;
        let mut back = Vec::with_capacity(MAIL);
        let mut cut = None;
        for piece in mail.chunks(PIECE) {
            self.socket.write_all(piece)?;
            let wanted = piece.len() as u64;
            if let Err(error) = Read::by_ref(&mut self.socket)
                .take(wanted)
                .read_to_end(&mut back)
            {
                cut = Some(error);
                break;
            }
        }
        self.checks.that(
            format!("{} B came back as they were sent", grouped(back.len())),
            mail.starts_with(&back),
        );
        let Some(error) = cut else {
            self.checks
                .that("all of the mail came back", back.len() == MAIL);
            return Ok(back.len() == MAIL);
        };
        if fault != Some(Fault::Truncate) {
            return Err(error.into());
        }
        let failure = error.get_ref().and_then(|why| why.downcast_ref());
        self.checks.that(
            "the cut is an error of its own, UnexpectedEof, and the failure says Truncated",
            error.kind() == ErrorKind::UnexpectedEof
                && failure.map(Failure::kind) == Some(FailureKind::Truncated),
        );
        self.checks.that(
            "everything that was sent before the cut was read",
            back.len() == MAIL / 2 + BEFORE_THE_CUT,
        );
        Ok(false)
    }
}
