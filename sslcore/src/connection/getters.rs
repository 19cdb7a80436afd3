//! QSslSocket's getters. All of them keep answering after a failure.

use super::Connection;
use super::io::Configured;
use crate::config::{ClientConfig, ServerConfig};
use crate::event::{CloseReport, SslMode};
use crate::failure::Failure;
use crate::handshake::wire::certificate_request;
use crate::protocol::{SslCipher, SslProtocol};
use crate::state::Phase;
use crate::usage::ReadEnd;
use crate::verify::SslError;
use crate::x509::certificate::Certificate;
use crate::x509::name::DistinguishedName;

impl Connection {
    /// `QSslSocket::mode`: stays what it is after the connection has ended.
    pub fn mode(&self) -> SslMode {
        self.io.known.mode
    }

    /// Whether the handshake is complete and the connection not over. `QSslSocket::isEncrypted`.
    pub fn is_encrypted(&self) -> bool {
        matches!(self.phase, Phase::Traffic(_))
    }

    /// Whether TLS was started and the handshake is not complete, open decisions included.
    pub fn is_handshaking(&self) -> bool {
        self.phase.is_handshaking()
    }

    /// Whether the connection is over, everything has left, all events were taken and all plaintext
    /// was read: it can be dropped, and nothing is lost.
    pub fn is_done(&self) -> bool {
        let taken = !self.io.events.are_waiting() && self.io.receive.plain().is_empty();
        taken && self.phase.report().is_some()
    }

    /// Whether the connection is over; what it received may still be read, and an alert may
    /// still wait in [`transmit`](Self::transmit).
    pub fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Over(_))
    }

    /// `Some` once no more data will arrive, with the reason; data that was received before may still
    /// be unread. `None` while more may arrive. Never [`ReadEnd::Empty`].
    pub fn read_end(&self) -> Option<ReadEnd> {
        self.io.inbound_end()
    }

    /// The failure that ended the connection. `QAbstractSocket::error`.
    pub fn failure(&self) -> Option<&Failure> {
        match &self.phase {
            Phase::Over(over) => over.failure(),
            _ => None,
        }
    }

    /// How it ended, once [`Event::Closed`](crate::Event::Closed) was emitted.
    pub fn close_report(&self) -> Option<CloseReport> {
        self.phase.report()
    }

    /// A client's configuration, as it was started with; `None` on servers and before TLS.
    /// `QSslSocket::sslConfiguration`.
    pub fn client_config(&self) -> Option<&ClientConfig> {
        match &self.io.known.config {
            Some(Configured::Client(config, _)) => Some(config),
            _ => None,
        }
    }

    /// A server's configuration, as it was started with or provided, from the ClientHello on; `None`
    /// on clients. `QSslSocket::sslConfiguration`.
    pub fn server_config(&self) -> Option<&ServerConfig> {
        match &self.io.known.config {
            Some(Configured::Server(config)) => Some(config),
            _ => None,
        }
    }

    /// The certificate chain that we have for the peer, our own certificate first; empty when there
    /// is none. `QSslSocket::localCertificateChain`.
    pub fn local_certificate_chain(&self) -> &[Certificate] {
        match &self.io.known.config {
            Some(Configured::Client(config, _)) => config.local_certificate_chain(),
            Some(Configured::Server(config)) => config.local_certificate_chain(),
            None => &[],
        }
    }

    /// Our own certificate, if there is one. `QSslSocket::localCertificate`.
    pub fn local_certificate(&self) -> Option<&Certificate> {
        self.local_certificate_chain().first()
    }

    /// The name that the server's certificate must carry, an address as text; `None` on servers and
    /// before TLS. `QSslSocket::peerVerifyName`.
    pub fn peer_verify_name(&self) -> Option<&str> {
        match &self.io.known.config {
            Some(Configured::Client(_, name)) => Some(name),
            _ => None,
        }
    }

    /// The errors of the peer's chain, forgiven or not. `QSslSocket::sslHandshakeErrors`.
    pub fn ssl_errors(&self) -> &[SslError] {
        &self.io.known.errors
    }

    /// The peer's own certificate, once it was judged. `QSslSocket::peerCertificate`.
    pub fn peer_certificate(&self) -> Option<&Certificate> {
        self.io.known.chain.first()
    }

    /// The chain as the peer sent it, its own certificate first.
    /// `QSslSocket::peerCertificateChain`.
    pub fn peer_certificate_chain(&self) -> &[Certificate] {
        &self.io.known.chain
    }

    /// The OCSP response (RFC 6960 §4.2.1) that the server stapled to its certificate, in DER and
    /// not looked into, once the certificate was judged; a resumed session has the one that came
    /// with its chain. `None` when it stapled none, and on servers. Every ClientHello asks for one
    /// (RFC 6066 §8); servers of TLS 1.3 may staple one to each certificate of the chain, of which
    /// this is the first. `sslcore_std::ocsp` reads it. `QSslSocket::ocspResponses`.
    pub fn stapled_ocsp_response(&self) -> Option<&[u8]> {
        self.io.known.facts.stapled.as_deref()
    }

    /// The cipher suite, once negotiated. `QSslSocket::sessionCipher`.
    pub fn session_cipher(&self) -> Option<SslCipher> {
        self.io.known.facts.cipher.and_then(SslCipher::negotiated)
    }

    /// The version, once negotiated. `QSslSocket::sessionProtocol`.
    pub fn session_protocol(&self) -> Option<SslProtocol> {
        self.io.known.facts.protocol
    }

    /// The key exchange group by IANA's name; `None` when none took place. Instead of
    /// `QSslConfiguration::ephemeralServerKey`.
    pub fn key_exchange_group(&self) -> Option<&'static str> {
        self.io.known.facts.group
    }

    /// The application protocol agreed upon. `QSslConfiguration::nextNegotiatedProtocol`.
    pub fn alpn_protocol(&self) -> Option<&[u8]> {
        self.io.known.facts.alpn.as_deref()
    }

    /// Whether an earlier session was resumed.
    pub fn is_resumed(&self) -> bool {
        self.io.known.facts.resumed
    }

    /// The server's name as the client asks for it in its hello (SNI, RFC 6066 §3): as it was sent,
    /// upper or lower case; a client's is known from the start, a server's once the hello was read.
    /// `None` when no name was sent, or none that can be a DNS name. It proves nothing.
    /// `QSslSocket::peerName`, as far as that is sent.
    pub fn server_name(&self) -> Option<&str> {
        self.io.known.facts.server_name.as_deref()
    }

    /// The authorities by which a server wants the client's certificate to be issued, as it names them
    /// in its CertificateRequest (RFC 8446 §4.2.4, RFC 5246 §7.4.4); nothing when it names none, which
    /// leaves the choice to the client, when it does not ask
    /// ([`ClientCertificateRequested`](crate::Event::ClientCertificateRequested)), and on servers.
    /// Of a list of more than 16,384 bytes the beginning.
    pub fn client_certificate_authorities(&self) -> impl Iterator<Item = DistinguishedName<'_>> {
        let kept = self.io.known.facts.authorities.as_ref();
        let names = certificate_request::names(kept.map_or(&[], |kept| &kept.0));
        names.map(DistinguishedName::from_der)
    }

    /// How many session tickets a TLS 1.3 client has received. In TLS 1.2 a ticket is part of the
    /// handshake and is not counted.
    pub fn session_tickets_received(&self) -> u32 {
        self.io.known.facts.tickets
    }

    /// How long the server lets its last session ticket be used, in seconds; a TLS 1.3 client
    /// learns it with [`SessionTicketReceived`](crate::Event::SessionTicketReceived). How long it is
    /// kept here is the configuration's
    /// [`session_lifetime`](crate::ConfigBuilder::session_lifetime), if that is less.
    /// `QSslConfiguration::sessionTicketLifeTimeHint`, which is -1 for `None`.
    pub fn session_ticket_lifetime_hint(&self) -> Option<u32> {
        self.io.known.facts.ticket_lifetime
    }

    /// Plaintext bytes that can be read now. `QIODevice::bytesAvailable`.
    pub fn bytes_available(&self) -> usize {
        self.io.receive.plain().len()
    }

    /// Plaintext bytes accepted and not yet encrypted, or, in the clear, not yet taken.
    /// `QIODevice::bytesToWrite`.
    pub fn bytes_to_write(&self) -> usize {
        self.phase.queued() + self.io.transmit.len() - self.io.transmit.encrypted_len()
    }

    /// Received bytes not yet opened. `QSslSocket::encryptedBytesAvailable`.
    pub fn encrypted_bytes_available(&self) -> usize {
        match self.io.known.mode {
            SslMode::Unencrypted => 0,
            _ => self.io.receive.raw().len(),
        }
    }

    /// Sealed bytes not yet taken by the transport. `QSslSocket::encryptedBytesToWrite`.
    pub fn encrypted_bytes_to_write(&self) -> usize {
        self.io.transmit.encrypted_len()
    }

    /// The read limit in force, in bytes: with that much unread, or more, the next record may have
    /// to wait for the reader, and with less it never does. What [`Limits`](crate::Limits) or
    /// [`set_read_buffer_size`](Self::set_read_buffer_size) say, or what a lent buffer can keep if
    /// that is less ([`Buffers::lent`](crate::Buffers::lent)). `QAbstractSocket::readBufferSize`.
    pub fn read_buffer_size(&self) -> usize {
        let limits = &self.io.limits;
        limits.read_buffer_size.min(self.io.receive.read_limit())
    }

    /// Changes the read limit; at least 1, and in a lent buffer no more than it can keep. Raising
    /// it lets waiting records be opened by the next [`process`](Self::process).
    /// `QSslSocket::setReadBufferSize`, but exact, and never unlimited.
    pub fn set_read_buffer_size(&mut self, bytes: usize) {
        self.io.limits.read_buffer_size = bytes.max(1);
    }
}
