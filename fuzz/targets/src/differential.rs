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

use crate::allowed::is_allowed;
use crate::configs::{CLIENT_ALPN, SERVER_ALPN, TODAY, server_name};
use crate::input::Input;
use crate::report;
use crate::watched::Watched;

/// The alert no_renegotiation, a warning (RFC 5246 §7.2.2).
const NO_RENEGOTIATION: u8 = 100;

/// HelloRequest in the clear, in a record of its own.
const HELLO_REQUEST: [u8; 9] = [22, 3, 3, 0, 4, 0, 0, 0, 0];

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
    let is_asked_again = input
        .0
        .windows(HELLO_REQUEST.len())
        .any(|it| it == HELLO_REQUEST);
    compare(&mut ours, &mut theirs, is_asked_again);
    ours.end.finish();
}

fn compare(ours: &mut Ours, theirs: &mut Theirs, is_asked_again: bool) {
    let (our_alert, their_alert) = (alert(&ours.said), alert(&theirs.said));
    let failure = ours
        .end
        .conn
        .failure()
        .map_or("nothing".into(), |it| format!("{it:?}"));
    let error = match &theirs.failed {
        Some(error) if is_asked_again => format!("{error:?}, behind HelloRequest"),
        Some(error) => format!("{error:?}"),
        None if theirs.conn.is_handshaking() => "nothing, in the handshake".into(),
        None => "nothing".into(),
    };
    let context = format!("ours {failure} {our_alert:?}, theirs {error} {their_alert:?}");
    let fail_alike = ours.end.failed.is_some() == theirs.failed.is_some();
    // Two that fail with the same alert for other reasons have heard other data.
    let heard_alike = ours.heard == theirs.heard;
    let both_fail = ours.end.failed.is_some() && theirs.failed.is_some();
    let differ = !fail_alike || our_alert != their_alert || both_fail && !heard_alike;
    if differ {
        // A warning from before is no answer to what has failed here.
        let their_answer = match (&ours.end.failed, &theirs.failed) {
            (Some(_), None) => their_alert.filter(|alert| *alert != NO_RENEGOTIATION),
            _ => their_alert,
        };
        let allowed = is_allowed(&failure, our_alert, &error, their_answer);
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
    ours.end.receive_eof();
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
