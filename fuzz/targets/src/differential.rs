//! The same bytes to sslcore and to rustls' own buffered connection: they read the same plaintext,
//! come to the same end, and tell the peer the same.

use std::io::{Cursor, ErrorKind, Read};
use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ClientConnection, Resumption};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::{NoServerSessionStorage, ServerConnection};
use rustls::time_provider::TimeProvider;
use rustls::{
    Connection as Rustls, DigitallySignedStruct, Error, SignatureScheme, SupportedProtocolVersion,
};
use sslcore::crypto::Backend;
use sslcore::testing::{backend_without_security, known_identity};
use sslcore::{ClientConfig, Limits, ReadEnd, ServerConfig, ServerStart, VerifyMode};

use crate::configs::{CLIENT_ALPN, SERVER_ALPN, TODAY, server_name};
use crate::input::Input;
use crate::report;
use crate::watched::Watched;

/// One byte chooses the end and the version, one how the stream behind them is cut.
pub fn differential(data: &[u8]) {
    report::watch(run, data);
}

fn run(data: &[u8]) {
    let mut input = Input(data);
    let (first, cut) = (input.byte(), input.size() + 1);
    let (is_server, is_old) = (first & 1 != 0, first & 2 != 0);
    let mut ours = Ours::new(is_server, is_old);
    let mut theirs = Theirs::new(is_server, is_old);
    ours.feed(&[]);
    theirs.feed(&[]);
    assert_eq!(ours.said, theirs.said, "the first flight");
    for piece in input.0.chunks(cut * cut) {
        if ours.end.failed.is_none() {
            ours.feed(piece);
        }
        if theirs.failed.is_none() && !theirs.peer_closed {
            theirs.feed(piece);
        }
    }
    compare(&mut ours, &mut theirs);
    ours.end.finish();
}

fn compare(ours: &mut Ours, theirs: &mut Theirs) {
    let (our_alert, their_alert) = (alert(&ours.said), alert(&theirs.said));
    let failure = ours
        .end
        .conn
        .failure()
        .map_or("nothing".into(), |it| format!("{it:?}"));
    let error = theirs
        .failed
        .as_ref()
        .map_or("nothing".into(), |it| format!("{it:?}"));
    let context = format!("ours {failure} {our_alert:?}, theirs {error} {their_alert:?}");
    let fail_alike = ours.end.failed.is_some() == theirs.failed.is_some();
    // Two that fail with the same alert for other reasons have heard other data.
    let heard_alike = ours.heard == theirs.heard;
    let both_fail = ours.end.failed.is_some() && theirs.failed.is_some();
    let differ = !fail_alike || our_alert != their_alert || both_fail && !heard_alike;
    if differ {
        let allowed = is_allowed(&failure, our_alert, &error, their_alert);
        assert!(allowed, "{context}");
    }
    if differ && (ours.end.failed.is_some() || theirs.failed.is_some()) {
        // One of them was stopped before the other.
        let (one, other) = (&ours.heard, &theirs.heard);
        let alike = one.starts_with(other) || other.starts_with(one);
        assert!(alike, "plaintext: {context}");
        return;
    }
    assert!(ours.heard == theirs.heard, "plaintext: {context}");
    let closed = (ours.end.peer_closed, theirs.peer_closed);
    assert_eq!(closed.0, closed.1, "closure: {context}");
    if ours.end.failed.is_some() {
        return;
    }
    let is_encrypted = ours.end.conn.is_encrypted() || ours.end.peer_closed;
    assert_eq!(
        is_encrypted,
        !theirs.conn.is_handshaking(),
        "handshake: {context}"
    );
    ours.end.conn.receive_eof();
    ours.end.eof = true;
    ours.end.drain();
    let is_closed = match ours.end.conn.read_end() {
        Some(ReadEnd::Closed) => true,
        Some(ReadEnd::Truncated) => false,
        other => panic!("R4: {other:?}"),
    };
    assert_eq!(is_closed, theirs.ends(), "the end: {context}");
}

/// sslcore's end.
struct Ours {
    end: Watched,
    said: Vec<u8>,
    heard: Vec<u8>,
}

impl Ours {
    fn new(is_server: bool, is_old: bool) -> Self {
        let mut end = Watched::new(Limits::default());
        let conn = &mut end.conn;
        let started = match is_server {
            false => conn.start_client_encryption(&our_client(is_old), server_name()),
            true => conn.start_server_encryption(ServerStart::With(our_server(is_old))),
        };
        started.expect("not started before");
        Self {
            end,
            said: Vec::new(),
            heard: Vec::new(),
        }
    }

    fn feed(&mut self, bytes: &[u8]) {
        let (said, heard) = self.end.feed(bytes);
        self.said.extend(said);
        self.heard.extend(heard);
    }
}

/// As in the recorded sessions.
const SEED: u64 = 1;

fn our_client(is_old: bool) -> ClientConfig {
    let config = ClientConfig::builder(backend_without_security(SEED))
        .session_cache(0)
        .alpn(CLIENT_ALPN)
        .verify_mode(VerifyMode::None);
    let config = match is_old {
        true => config.protocols(&["TLSv1.2"]),
        false => config,
    };
    config.build().expect("a configuration")
}

fn our_server(is_old: bool) -> ServerConfig {
    let (chain, key) = known_identity();
    let config = ServerConfig::builder(backend_without_security(SEED))
        .session_cache(0)
        .session_tickets(false)
        .verify_mode(VerifyMode::None)
        .alpn(SERVER_ALPN)
        .identity(chain, key);
    let config = match is_old {
        true => config.protocols(&["TLSv1.2"]),
        false => config,
    };
    config.build().expect("a configuration")
}

/// rustls' end.
struct Theirs {
    conn: Rustls,
    said: Vec<u8>,
    heard: Vec<u8>,
    failed: Option<Error>,
    peer_closed: bool,
    /// Whose source it draws from.
    _backend: Backend,
}

impl Theirs {
    fn new(is_server: bool, is_old: bool) -> Self {
        let backend = backend_without_security(SEED);
        let provider = backend.provider().clone();
        Self {
            conn: match is_server {
                false => Rustls::Client(their_client(provider, is_old)),
                true => Rustls::Server(their_server(provider, is_old)),
            },
            said: Vec::new(),
            heard: Vec::new(),
            failed: None,
            peer_closed: false,
            _backend: backend,
        }
    }

    fn feed(&mut self, bytes: &[u8]) {
        let mut bytes = Cursor::new(bytes);
        loop {
            let read = match bytes.position() < bytes.get_ref().len() as u64 {
                true => self.conn.read_tls(&mut bytes).unwrap_or(0),
                false => 0,
            };
            match self.conn.process_new_packets() {
                Ok(state) => self.peer_closed |= state.peer_has_closed(),
                Err(error) => self.failed = Some(error),
            }
            while self.conn.wants_write() {
                self.conn.write_tls(&mut self.said).expect("memory");
            }
            let mut buffer = [0; 4096];
            while let Ok(n @ 1..) = self.conn.reader().read(&mut buffer) {
                self.heard.extend_from_slice(&buffer[..n]);
            }
            // It discards what comes behind close_notify, and panics at the next bytes where that was in
            // the middle of a message (0.23.46).
            if read == 0 || self.failed.is_some() || self.peer_closed {
                return;
            }
        }
    }

    /// Whether the end of the stream is the end of the data.
    fn ends(&mut self) -> bool {
        if !self.peer_closed {
            _ = self.conn.read_tls(&mut Cursor::new(&[]));
            _ = self.conn.process_new_packets();
        }
        match self.conn.reader().read(&mut [0]) {
            Ok(0) => true,
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => false,
            // It tells nothing of the end before the handshake is complete.
            Err(_) => false,
            Ok(_) => panic!("more plaintext behind the end"),
        }
    }
}

fn versions(is_old: bool) -> &'static [&'static SupportedProtocolVersion] {
    static OLD: &[&SupportedProtocolVersion] = &[&rustls::version::TLS12];
    match is_old {
        true => OLD,
        false => rustls::ALL_VERSIONS,
    }
}

fn their_client(provider: Arc<CryptoProvider>, is_old: bool) -> ClientConnection {
    let verifier = Arc::new(Anybody(provider.clone()));
    let mut config = rustls::ClientConfig::builder_with_details(provider, Arc::new(Fixed))
        .with_protocol_versions(versions(is_old))
        .expect("versions")
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    config.alpn_protocols = CLIENT_ALPN.iter().map(|name| name.to_vec()).collect();
    let name = ServerName::try_from("server.test").expect("a name");
    ClientConnection::new(Arc::new(config), name).expect("a connection")
}

fn their_server(provider: Arc<CryptoProvider>, is_old: bool) -> ServerConnection {
    let (chain, key) = known_identity();
    let mut config = rustls::ServerConfig::builder_with_details(provider, Arc::new(Fixed))
        .with_protocol_versions(versions(is_old))
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("an identity");
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.ignore_client_order = true;
    config.alpn_protocols = SERVER_ALPN.iter().map(|name| name.to_vec()).collect();
    ServerConnection::new(Arc::new(config)).expect("a connection")
}

#[derive(Debug)]
struct Fixed;

impl TimeProvider for Fixed {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_secs(TODAY)))
    }
}

/// Takes everybody's certificate.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(
            message,
            cert,
            signed,
            &self.0.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(
            message,
            cert,
            signed,
            &self.0.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// A difference that may be: parts of how sslcore's failure and rustls' error are shown, the alerts of
/// both, and why.
struct Difference {
    ours: &'static str,
    theirs: &'static str,
    alerts: Alerts,
    why: &'static str,
}

enum Alerts {
    /// These.
    Are(Option<u8>, Option<u8>),
    /// Of sslcore one of these, of rustls any.
    OneOf(&'static [u8]),
    /// Of sslcore none or this, of rustls any.
    NoneOr(u8),
    /// Of sslcore this, of rustls any.
    Mine(Option<u8>),
    Any,
}

const fn row(
    ours: &'static str,
    theirs: &'static str,
    alerts: Alerts,
    why: &'static str,
) -> Difference {
    Difference {
        ours,
        theirs,
        alerts,
        why,
    }
}

const ANY_FAILURE: &str = "Failure {";
const NOTHING: &str = "nothing";
const ANY: &str = "";

/// Alerts of whom the peer has not kept to the protocol: unexpected_message, bad_record_mac,
/// record_overflow, handshake_failure, illegal_parameter, decode_error, decrypt_error,
/// protocol_version, missing_extension, unsupported_extension. None is internal_error.
const PROTOCOL: Alerts = Alerts::OneOf(&[10, 20, 22, 40, 47, 50, 51, 70, 109, 110]);

const ALLOWED: &[Difference] = &[
    row(
        NOTHING,
        NOTHING,
        Alerts::Are(Some(0), None),
        "TLS 1.2 answers close_notify at once (RFC 5246 §7.2.1); rustls leaves that to its application",
    ),
    row(
        NOTHING,
        "InvalidMessage(UnknownProtocolVersion)",
        Alerts::Are(None, Some(50)),
        "the version of a protected record is not looked at (RFC 8446 §5.1)",
    ),
    row(
        NOTHING,
        "InvalidCertificate(",
        Alerts::NoneOr(0),
        "a certificate that nobody verifies may be one that webpki cannot read",
    ),
    row(
        "a session id that is not ours",
        ANY,
        Alerts::OneOf(&[47]),
        "a client refuses it (RFC 8446 §4.1.3); rustls does not look",
    ),
    row(
        "speaks neither TLS 1.2 nor TLS 1.3",
        ANY,
        Alerts::OneOf(&[70]),
        "legacy_version is 0x0303 (RFC 8446 §4.1.3); rustls does not look behind supported_versions",
    ),
    row(
        "kind: PeerMisbehaved, alert: Some(ProtocolVersion)",
        ANY,
        Alerts::OneOf(&[70]),
        "protected records of TLS 1.2 carry its version (RFC 5246 §6.2.1); rustls takes others",
    ),
    row(
        "RecordTooLarge",
        ANY,
        Alerts::OneOf(&[22]),
        "rustls takes records as long as those of TLS 1.2 in TLS 1.3 (RFC 8446 §5.2)",
    ),
    row(
        "CertificateRejected(",
        ANY,
        Alerts::OneOf(&[42, 43]),
        "a leaf is read whole here, and its key looked at, before its signature; webpki does less",
    ),
    row(
        ANY_FAILURE,
        "InvalidMessage(HandshakePayloadTooLarge)",
        PROTOCOL,
        "rustls looks at the length of a message before its type, and sends no alert for it",
    ),
    row(
        ANY_FAILURE,
        "InvalidMessage(",
        PROTOCOL,
        "rustls answers what it cannot read with decode_error; here it is the alert that an RFC names",
    ),
    row(
        ANY_FAILURE,
        "PeerMisbehaved(",
        PROTOCOL,
        "rustls checks a message in another order, and some of it without an alert or with another",
    ),
    row(
        ANY_FAILURE,
        "PeerIncompatible(",
        PROTOCOL,
        "rustls sends handshake_failure where RFC 8446 §9.2 names missing_extension",
    ),
    row(
        ANY_FAILURE,
        "Inappropriate",
        PROTOCOL,
        "a message is read here before it is found out of place, or the other way round",
    ),
    row(
        "kind: NotTls",
        NOTHING,
        Alerts::OneOf(&[10, 70]),
        "what is no TLS is refused by its first bytes; rustls waits for a whole record",
    ),
    row(
        "another message before the ClientHello",
        NOTHING,
        Alerts::Are(Some(10), None),
        "it is refused by its first byte; rustls waits for all of it",
    ),
    row(
        "a warning alert before the ClientHello",
        ANY,
        Alerts::OneOf(&[10]),
        "nothing comes before the hello (RFC 8446 §4.1.2); rustls passes over warnings",
    ),
    row(
        ANY,
        "got_type: HelloRequest",
        Alerts::Any,
        "a client ignores HelloRequest during a handshake (RFC 5246 §7.4.1.1), and goes on to whatever \
         comes; rustls refuses it",
    ),
    row(
        "kind: AlertReceived(",
        "InvalidCertificate(",
        Alerts::Mine(None),
        "a certificate that nobody verifies may be one that webpki cannot read, and something comes \
         behind it",
    ),
    row(
        "an empty record that is not application data",
        NOTHING,
        Alerts::Are(Some(10), None),
        "RFC 8446 §5.1 forbids empty fragments of the handshake; rustls passes over them",
    ),
    row(
        "kind: BufferTooSmall",
        NOTHING,
        Alerts::Are(Some(47), None),
        "a message longer than Limits::max_handshake is refused by its header; rustls waits for more",
    ),
    row(
        "an extension that is not for its message",
        NOTHING,
        Alerts::Are(Some(47), None),
        "RFC 8446 §4.2: illegal_parameter; rustls passes over what it has no use for",
    ),
    row(
        "more than Finished behind ChangeCipherSpec",
        NOTHING,
        Alerts::Are(Some(10), None),
        "it is refused by its length (RFC 5246 §7.4.9); rustls waits for all of it",
    ),
    row(
        "EncryptedExtensions are damaged",
        NOTHING,
        Alerts::Are(Some(50), None),
        "the groups in them are read (RFC 8446 §4.2.7); rustls passes over what it has no use for",
    ),
    row(
        "kind: ClosedDuringHandshake",
        ANY,
        Alerts::Mine(None),
        "close_notify or user_canceled before the end of the handshake is its end (RFC 8446 §6.1), and \
         nothing behind it is read; rustls reads on",
    ),
    row(
        NOTHING,
        "AlertReceived(CloseNotify)",
        Alerts::NoneOr(0),
        "close_notify is one whatever its level (RFC 8446 §6: the level can be ignored)",
    ),
    row(
        ANY_FAILURE,
        "General(\"incompatible signing key\")",
        Alerts::OneOf(&[40, 47]),
        "no scheme in common with our key is handshake_failure; rustls sends nothing",
    ),
    row(
        ANY_FAILURE,
        "PeerSentOversizedRecord",
        PROTOCOL,
        "the length of a record is checked before it is opened, or behind that",
    ),
    row(
        ANY_FAILURE,
        "NoApplicationProtocol",
        PROTOCOL,
        "something before the application protocols is refused",
    ),
    row(
        ANY_FAILURE,
        "AlertReceived(",
        PROTOCOL,
        "an alert in a record that has no place here is not read",
    ),
    row(
        ANY_FAILURE,
        "DecryptError",
        PROTOCOL,
        "a message that has no place here is not decrypted",
    ),
    row(
        ANY_FAILURE,
        "InvalidCertificate(",
        PROTOCOL,
        "here the certificate is not verified, so that something later is refused",
    ),
];

fn is_allowed(failure: &str, our_alert: Option<u8>, error: &str, their_alert: Option<u8>) -> bool {
    ALLOWED.iter().any(|row| {
        let alerts = match row.alerts {
            Alerts::Are(ours, theirs) => (our_alert, their_alert) == (ours, theirs),
            Alerts::Any => true,
            Alerts::Mine(ours) => our_alert == ours,
            Alerts::NoneOr(only) => our_alert.is_none_or(|alert| alert == only),
            Alerts::OneOf(some) => our_alert.is_some_and(|alert| some.contains(&alert)),
        };
        assert!(!row.why.is_empty());
        alerts && failure.contains(row.ours) && error.contains(row.theirs)
    })
}

/// The last alert in the clear, or without security: its description.
fn alert(said: &[u8]) -> Option<u8> {
    let mut last = None;
    let mut rest = said;
    while let [content, _, _, high, low, body @ ..] = rest {
        let n = usize::from(*high) << 8 | usize::from(*low);
        let (body, later) = body.split_at_checked(n)?;
        last = match (*content, body) {
            (21, [_, description]) => Some(*description),
            // TLS 1.3: the alert, its type, the tag.
            (23, [_, description, 21, ..]) if n == 2 + 1 + 16 => Some(*description),
            // TLS 1.2: a nonce, the alert, the tag.
            (21, [_, _, _, _, _, _, _, _, _, description, ..]) if n == 8 + 2 + 16 => {
                Some(*description)
            }
            _ => None,
        };
        rest = later;
    }
    last
}
