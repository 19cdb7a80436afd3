//! The states of a handshake, and what the peer may send in each.
//!
//! ```text
//!   client                                       server
//!
//!   Asking     the application gives keys
//!   Generating a key pair
//!      │ ClientHello ──────────────────────────► Asking      the application knows the keys
//!      │                                         Accepting   the binder, the group
//!   AwaitingHello ◄───── HelloRetryRequest ───── │ or
//!      │                                         Generating  a key pair
//!   Agreeing   with the server's share           Agreeing    with the client's share
//!      │                                         Signing c   the handshake, up to our certificate
//!      │                                         AskingSignature s, Signed s
//!      │ ◄─────────────────── ServerHello, EncryptedExtensions,
//!      │ (CertificateRequest), Certificate, CertificateVerify c, Finished ── │
//!   AwaitingExtensions                           JudgingResumed r, if one would be asked for
//!   AwaitingCertificate c                        │
//!   AwaitingVerify c                             │
//!   Verifying c    the server's signature        │
//!   AwaitingFinished                             │
//!   Judging c      the application's verdict     │
//!   Signing c      if a certificate was asked for│
//!   AskingSignature s, Signed s                  │
//!      │ (Certificate, CertificateVerify c), ──► AwaitingCertificate c, if one was asked for
//!      │                                         AwaitingVerify c, Verifying c
//!      │ Finished ─────────────────────────────► AwaitingFinished
//!      │                                         Judging c, if a certificate was asked for
//!      │                                         Finishing c, which makes tickets
//!      │ ◄───────────────────────────────── (NewSessionTicket c r) ── │
//!   Complete                                     Complete
//! ```
//!
//! What has a c is there with certificates alone, what has an s where the application signs, in the place of
//! Signing, and what has an r where a session is resumed: then a key of an earlier handshake is in the place
//! of the certificates, and what they were is judged anew.
//!
//! Each state does one thing, of at most one public-key operation ([rule R16](crate::rules#r16)): what is
//! read only changes the state, and [`Engine::work`](crate::handshake::Engine::work) does what the state
//! says. A hybrid key exchange takes a step for each operation of its halves.

use crate::failure::Failure;
use crate::handshake::incoming::{self, Incoming, Row};
use crate::record::messages::kind;

/// What a handshake waits for. Other states wait for nothing of the peer's: there is work, a question is
/// open, or all is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Awaited {
    Nothing,
    /// By a client: ServerHello or HelloRetryRequest.
    ServerHello,
    /// By a client that offers TLS 1.2 alone.
    ServerHelloTls12,
    /// By a client.
    EncryptedExtensions,
    /// By a client: Certificate, or a CertificateRequest before it.
    CertificateOrRequest,
    /// By a client that was asked for its own, or by a server that has asked.
    Certificate,
    /// By either: the proof of the certificate that was shown.
    CertificateVerify,
    /// By a client.
    ServerFinished,
    /// By a server that has sent HelloRetryRequest.
    SecondHello,
    /// By a server.
    ClientFinished,
}

/// The table (RFC 8446 §A). ChangeCipherSpec means nothing, and may come at any time between the first
/// hello and the peer's Finished (§5); in TLS 1.2 never before a hello.
const LEGAL: &[Row<Awaited>] = {
    use self::Incoming::{ChangeCipherSpec, Message};
    &[
        (Awaited::Nothing, &[]),
        (
            Awaited::ServerHello,
            &[Message(kind::SERVER_HELLO), ChangeCipherSpec],
        ),
        (Awaited::ServerHelloTls12, &[Message(kind::SERVER_HELLO)]),
        (
            Awaited::EncryptedExtensions,
            &[Message(kind::ENCRYPTED_EXTENSIONS), ChangeCipherSpec],
        ),
        (
            Awaited::CertificateOrRequest,
            &[
                Message(kind::CERTIFICATE_REQUEST),
                Message(kind::CERTIFICATE),
                ChangeCipherSpec,
            ],
        ),
        (
            Awaited::Certificate,
            &[Message(kind::CERTIFICATE), ChangeCipherSpec],
        ),
        (
            Awaited::CertificateVerify,
            &[Message(kind::CERTIFICATE_VERIFY), ChangeCipherSpec],
        ),
        (
            Awaited::ServerFinished,
            &[Message(kind::FINISHED), ChangeCipherSpec],
        ),
        (
            Awaited::SecondHello,
            &[Message(kind::CLIENT_HELLO), ChangeCipherSpec],
        ),
        (
            Awaited::ClientFinished,
            &[Message(kind::FINISHED), ChangeCipherSpec],
        ),
    ]
};

impl Awaited {
    /// Whether this may come now.
    ///
    /// # Errors
    /// unexpected_message.
    pub(super) fn check(self, incoming: Incoming) -> Result<(), Failure> {
        incoming::check(LEGAL, self, incoming)
    }
}

#[cfg(test)]
mod tests;
