//! QSslSocket's getters. All of them keep answering after a failure.

use super::Connection;
use super::io::Configured;
use crate::config::{ClientConfig, ServerConfig};
use crate::event::{CloseReport, SslMode};
use crate::failure::Failure;
use crate::handshake::facts::Proof;
use crate::handshake::wire::certificate_request;
use crate::protocol::{SignatureScheme, SslCipher, SslProtocol, group};
use crate::state::Phase;
use crate::usage::ReadEnd;
use crate::verify::SslError;
use crate::x509::certificate::Certificate;
use crate::x509::name::DistinguishedName;

impl Connection {
    /// Whether TLS was started, and as what. Stays so after the end of the connection.
    /// `QSslSocket::mode`.
    ///
    /// What a connection knows of itself:
    ///
    /// ```
    /// # use sslcore::Connection;
    /// fn show(conn: &Connection) {
    ///     println!("{:?}, handshaking: {}", conn.mode(), conn.is_handshaking());
    ///     if let (Some(protocol), Some(cipher)) = (conn.session_protocol(), conn.session_cipher()) {
    ///         println!("{} {} {:?}", protocol.name(), cipher.name(), conn.key_exchange_group());
    ///         println!("its number: {:?}", conn.key_exchange_group_code());
    ///         println!("ALPN {:?}, resumed: {}", conn.alpn_protocol(), conn.is_resumed());
    ///         println!("signed as {:?}", conn.peer_signature_scheme());
    ///         println!("a round trip was lost: {}", conn.is_hello_retried());
    ///         println!("bound to the handshake: {}", conn.has_extended_master_secret());
    ///     }
    ///     println!("asked for {:?}, must be {:?}", conn.server_name(), conn.peer_verify_name());
    ///     for certificate in conn.peer_certificate_chain() {
    ///         println!("{}", certificate.description());
    ///     }
    ///     println!("fingerprint {:02X?}", conn.peer_fingerprint_sha256());
    ///     for error in conn.ssl_errors() {
    ///         println!("{error}");
    ///     }
    ///     println!("OCSP: {:?} bytes", conn.stapled_ocsp_response().map(<[u8]>::len));
    ///     println!("logs: {:?} bytes", conn.signed_certificate_timestamps().map(<[u8]>::len));
    ///     for authority in conn.client_certificate_authorities() {
    ///         println!("the server knows {authority}");
    ///     }
    ///     let intermediates = conn.local_certificate_chain().len().saturating_sub(1);
    ///     println!("ours: {:?} and {intermediates}", conn.local_certificate());
    ///     println!("sent: {}", conn.is_local_certificate_sent());
    ///     let lifetime = conn.session_ticket_lifetime_hint();
    ///     println!("{} tickets, for {lifetime:?} s", conn.session_tickets_received());
    ///     println!("renewed: {}", conn.is_session_ticket_renewed());
    ///     println!("{} bytes to read", conn.bytes_available());
    ///     println!("{} bytes to open", conn.encrypted_bytes_available());
    ///     println!("{} bytes to seal", conn.bytes_to_write());
    ///     println!("{} bytes to send", conn.encrypted_bytes_to_write());
    ///     if conn.is_over() {
    ///         println!("{:?}, {:?}, {:?}", conn.read_end(), conn.failure(), conn.close_report());
    ///     }
    /// }
    /// ```
    pub fn mode(&self) -> SslMode {
        self.io.known.mode
    }

    /// Whether the handshake is complete and the connection not over. `QSslSocket::isEncrypted`.
    pub fn is_encrypted(&self) -> bool {
        matches!(self.phase, Phase::Traffic(_))
    }

    /// Whether TLS was started and the handshake is not complete; also while a decision is open.
    pub fn is_handshaking(&self) -> bool {
        self.phase.is_handshaking()
    }

    /// Whether the connection is over, everything has left, all events were taken and all plaintext
    /// was read: dropping it loses nothing.
    pub fn is_done(&self) -> bool {
        let taken = !self.io.events.are_waiting() && self.io.receive.plain().is_empty();
        taken && self.phase.is_told()
    }

    /// Whether the connection is over. Plaintext may still be unread, and an alert may still wait in
    /// [`transmit`](Self::transmit).
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

    /// How the connection ended, once [`Event::Closed`](crate::Event::Closed) was emitted.
    pub fn close_report(&self) -> Option<CloseReport> {
        self.phase.is_told().then_some(self.io.tally)
    }

    /// The configuration that a client was started with; `None` on servers and before TLS.
    /// `QSslSocket::sslConfiguration`.
    pub fn client_config(&self) -> Option<&ClientConfig> {
        match &self.io.known.config {
            Some(Configured::Client(config, _)) => Some(config),
            _ => None,
        }
    }

    /// The configuration that a server was started with, or was
    /// [provided](Self::provide_config) with, from the ClientHello on; `None` on clients.
    /// `QSslSocket::sslConfiguration`.
    pub fn server_config(&self) -> Option<&ServerConfig> {
        match &self.io.known.config {
            Some(Configured::Server(config)) => Some(config),
            _ => None,
        }
    }

    /// The certificate chain of our configuration, our own certificate first; empty when there is
    /// none. `QSslSocket::localCertificateChain`.
    pub fn local_certificate_chain(&self) -> &[Certificate] {
        match &self.io.known.config {
            Some(Configured::Client(config, _)) => config.local_certificate_chain(),
            Some(Configured::Server(config)) => config.local_certificate_chain(),
            None => &[],
        }
    }

    /// Our own certificate, if the configuration has one. `QSslSocket::localCertificate`.
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

    /// The errors of the peer's chain, also those that were forgiven. `QSslSocket::sslHandshakeErrors`.
    pub fn ssl_errors(&self) -> &[SslError] {
        &self.io.known.errors
    }

    /// The peer's own certificate, once it was verified; `None` when it has none, and in an encrypted
    /// connection that does not [keep](crate::ConfigBuilder::keep_peer_chain) the chain.
    /// `QSslSocket::peerCertificate`.
    pub fn peer_certificate(&self) -> Option<&Certificate> {
        self.io.known.chain.first()
    }

    /// The chain as the peer sent it, its own certificate first; empty where
    /// [`peer_certificate`](Self::peer_certificate) is `None`. `QSslSocket::peerCertificateChain`.
    pub fn peer_certificate_chain(&self) -> &[Certificate] {
        &self.io.known.chain
    }

    /// SHA-256 of the DER of the peer's own certificate, once it was verified, also when the chain is
    /// not [kept](crate::ConfigBuilder::keep_peer_chain). `None` when the peer has no certificate, or
    /// the backend no SHA-256. Costs a hash when the chain is kept.
    pub fn peer_fingerprint_sha256(&self) -> Option<[u8; 32]> {
        let known = &self.io.known;
        match &known.fingerprint {
            Some(fingerprint) => Some(**fingerprint),
            None => {
                let leaf = known.chain.first()?;
                leaf.fingerprint_sha256(known.config.as_ref()?.backend())
            }
        }
    }

    /// The OCSP response (RFC 6960 §4.2.1) that the server stapled to its certificate, in DER, as it
    /// came; known once the certificate was verified. A resumed session has the response that came
    /// with its chain. `None` when the server stapled none, and on servers. Every ClientHello asks for
    /// a response (RFC 6066 §8); a TLS 1.3 server may staple one to each certificate of the chain, of
    /// which this is the first. `sslcore_std::ocsp` reads responses. `QSslSocket::ocspResponses`.
    pub fn stapled_ocsp_response(&self) -> Option<&[u8]> {
        self.io.known.facts.stapled.as_deref()
    }

    /// The timestamps that came with the server's certificate, from logs that have seen it: a
    /// SignedCertificateTimestampList (RFC 6962 §3.3) as it came; known once the certificate was verified.
    /// Nothing is verified of them here: who has the logs' keys does so in a review. A resumed session
    /// has those that came with its chain. `None` when the server sent none, on servers, and when the
    /// configuration does not
    /// [ask](crate::ConfigBuilder::request_certificate_timestamps). Those inside a certificate are
    /// [`Certificate::signed_certificate_timestamps`](crate::Certificate::signed_certificate_timestamps).
    pub fn signed_certificate_timestamps(&self) -> Option<&[u8]> {
        match self.io.known.facts.proof.as_deref()? {
            Proof::Timestamps(list) => Some(list),
            Proof::Key(_) => None,
        }
    }

    /// The cipher suite, once it is negotiated. `QSslSocket::sessionCipher`.
    pub fn session_cipher(&self) -> Option<SslCipher> {
        self.io.known.facts.cipher.and_then(SslCipher::negotiated)
    }

    /// The protocol version, once it is negotiated. `QSslSocket::sessionProtocol`.
    pub fn session_protocol(&self) -> Option<SslProtocol> {
        self.io.known.facts.protocol
    }

    /// IANA's name of the key exchange group; `None` when no key exchange took place. In the place of
    /// `QSslConfiguration::ephemeralServerKey`.
    pub fn key_exchange_group(&self) -> Option<&'static str> {
        self.io.known.facts.group.and_then(group::name)
    }

    /// IANA's number of the key exchange group, 29 for X25519, also of a group that has no name here;
    /// `None` when no key exchange took place (RFC 8446 §4.2.7). OpenSSL's `SSL_get_negotiated_group`.
    pub fn key_exchange_group_code(&self) -> Option<u16> {
        self.io.known.facts.group
    }

    /// Whether the master secret is bound to the whole handshake, so that no other connection can have
    /// the same (RFC 7627): in TLS 1.2 when both sides have the extension extended_master_secret, in
    /// TLS 1.3 always (RFC 8446 §D). Known with the server's hello. OpenSSL's
    /// `SSL_get_extms_support`.
    pub fn has_extended_master_secret(&self) -> bool {
        self.io.known.facts.extended_master_secret
    }

    /// The scheme that the peer has signed the handshake in, once that is complete. `None` when it
    /// has signed nothing: a client without a certificate, a resumed session. OpenSSL's
    /// `SSL_get_peer_signature_nid`.
    pub fn peer_signature_scheme(&self) -> Option<SignatureScheme> {
        let number = self.io.known.facts.peer_signature;
        number.and_then(SignatureScheme::from_code)
    }

    /// Whether the server has asked the client for a second hello (HelloRetryRequest, RFC 8446
    /// §4.1.4), which costs one round trip: the client's first key share was of a group that the
    /// server does not take.
    pub fn is_hello_retried(&self) -> bool {
        self.io.known.facts.retried
    }

    /// The negotiated application protocol (ALPN). `QSslConfiguration::nextNegotiatedProtocol`.
    pub fn alpn_protocol(&self) -> Option<&[u8]> {
        self.io.known.facts.alpn.as_deref()
    }

    /// Whether an earlier session was resumed.
    pub fn is_resumed(&self) -> bool {
        self.io.known.facts.resumed
    }

    /// The name of the [pre-shared key](crate::PreSharedKey) that both ends have, once the server has
    /// chosen it; of an imported key, as it is sent (RFC 9258 §5.1). `None` in a handshake with
    /// certificates, or one that resumes. A server has seen by then that its client has the key; a client
    /// knows that of its server once the connection is [`Encrypted`](crate::Event::Encrypted).
    ///
    /// ```
    /// # use sslcore::Connection;
    /// fn who(conn: &Connection) -> Option<&str> {
    ///     core::str::from_utf8(conn.psk_identity()?).ok()
    /// }
    /// ```
    pub fn psk_identity(&self) -> Option<&[u8]> {
        match self.io.known.facts.proof.as_deref()? {
            Proof::Key(identity) => Some(identity),
            Proof::Timestamps(_) => None,
        }
    }

    /// The server name that the client asks for in its hello (SNI, RFC 6066 §3), as it was sent, in
    /// upper or lower case. A client knows it from the start, a server once it has read the hello.
    /// `None` when no name was sent, or none that can be a DNS name. The name proves nothing.
    /// `QSslSocket::peerName`, as far as that is sent.
    pub fn server_name(&self) -> Option<&str> {
        self.io.known.facts.server_name.as_deref()
    }

    /// The authorities that the server accepts as issuers of the client's certificate, as its
    /// CertificateRequest names them (RFC 8446 §4.2.4, RFC 5246 §7.4.4). Empty when the server names
    /// none, which leaves the choice to the client; when it does not ask for a certificate
    /// ([`ClientCertificateRequested`](crate::Event::ClientCertificateRequested)); and on servers. Of a
    /// list of more than 16,384 bytes only the beginning is kept.
    pub fn client_certificate_authorities(&self) -> impl Iterator<Item = DistinguishedName<'_>> {
        let kept = self.io.known.facts.authorities.as_ref();
        let names = certificate_request::names(kept.map_or(&[], |kept| &kept.0));
        names.map(DistinguishedName::from_der)
    }

    /// Whether our certificate has left in this connection. A client sends its certificate to a server
    /// that asks for one and takes a scheme that the key can sign in, whatever authorities the server
    /// names; else it answers that it has none. A server sends its own in every full handshake, and this
    /// is known at the end of the handshake. False when a session is resumed: then nobody sends a
    /// certificate.
    pub fn is_local_certificate_sent(&self) -> bool {
        self.io.known.facts.certificate_sent
    }

    /// Whether a session that was resumed got a new ticket in the place of the one it was resumed by: in
    /// TLS 1.2 within the handshake (RFC 5077 §3.3), in TLS 1.3 behind it, on both sides. False after a
    /// full handshake.
    pub fn is_session_ticket_renewed(&self) -> bool {
        self.io.known.facts.ticket_renewed
    }

    /// The number of session tickets that a TLS 1.3 client has received. In TLS 1.2 a ticket is part of
    /// the handshake and is not counted.
    pub fn session_tickets_received(&self) -> u32 {
        self.io.known.facts.tickets
    }

    /// For how many seconds the server accepts its last session ticket; a TLS 1.3 client learns it
    /// with [`SessionTicketReceived`](crate::Event::SessionTicketReceived). The ticket is kept no longer
    /// than the configuration's [`session_lifetime`](crate::ConfigBuilder::session_lifetime).
    /// `QSslConfiguration::sessionTicketLifeTimeHint`, which is -1 for `None`.
    pub fn session_ticket_lifetime_hint(&self) -> Option<u32> {
        self.io.known.facts.ticket_lifetime
    }

    /// The number of plaintext bytes that can be read. `QIODevice::bytesAvailable`.
    pub fn bytes_available(&self) -> usize {
        self.io.receive.plain().len()
    }

    /// The number of plaintext bytes that were accepted and are not yet encrypted, or, before TLS, not
    /// yet taken by the transport. `QIODevice::bytesToWrite`.
    pub fn bytes_to_write(&self) -> usize {
        self.phase.queued() + self.io.transmit.len() - self.io.transmit.encrypted_len()
    }

    /// The number of received bytes that are not yet opened. `QSslSocket::encryptedBytesAvailable`.
    pub fn encrypted_bytes_available(&self) -> usize {
        match self.io.known.mode {
            SslMode::Unencrypted => 0,
            _ => self.io.receive.raw().len(),
        }
    }

    /// The number of sealed bytes that the transport has not yet taken.
    /// `QSslSocket::encryptedBytesToWrite`.
    pub fn encrypted_bytes_to_write(&self) -> usize {
        self.io.transmit.encrypted_len()
    }

    /// The read limit in force, in bytes: with that much unread, or more, the next record may have to
    /// wait for the reader, and with less it never does. This is the limit of
    /// [`Limits`](crate::Limits) or [`set_read_buffer_size`](Self::set_read_buffer_size), or what a
    /// lent buffer can keep if that is less ([`Buffers::lent`](crate::Buffers::lent)).
    /// `QAbstractSocket::readBufferSize`.
    pub fn read_buffer_size(&self) -> usize {
        let limits = &self.io.limits;
        limits.read_buffer_size.min(self.io.receive.read_limit())
    }

    /// Changes the read limit: at least 1 byte, and no more than a lent buffer can keep. After raising
    /// it, the next [`process`](Self::process) opens records that waited.
    /// `QSslSocket::setReadBufferSize`, but exact, and never unlimited.
    ///
    /// ```
    /// # use sslcore::Connection;
    /// # fn f(conn: &mut Connection) {
    /// conn.set_read_buffer_size(65_536); // a download begins
    /// # }
    /// ```
    pub fn set_read_buffer_size(&mut self, bytes: usize) {
        self.io.limits.read_buffer_size = bytes.max(1);
    }
}
