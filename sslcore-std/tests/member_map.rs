//! Every public member of QSslSocket, in the order of its documentation, with what is called here
//! instead of it, or the reason why there is nothing to call.
//!
//! `qsslsocket-members.txt` is the list; the page `coming_from_qt` says the same to people.

mod common;

use std::io::{BufRead, Read, Write};
use std::time::{Duration, Instant};

use common::{LONG, both, client, encrypted, server, sockets, started};
use sslcore::{
    ClientConfig, Event, OnErrors, PreSharedKey, ServerStart, SslErrorKind, SslMode, SslProtocol,
    Verdict, VerifyMode,
};
use sslcore_std::{Connector, IpVersion, SocketOption, SslSocket, WaitError, trust};
use sslcore_tests::certs::{WORLD, pem};
use sslcore_tests::pair::server_name;
use sslcore_tests::peer::Scratch;

/// How long each of two sockets in one thread gets to go on.
const MOMENT: Duration = Duration::from_millis(1);

/// The list, ticked off in its order.
struct Map(Vec<&'static str>);

impl Map {
    fn new() -> Self {
        let lines = include_str!("qsslsocket-members.txt").lines();
        Self(lines.rev().filter(|line| !line.starts_with('#')).collect())
    }

    /// What follows is called instead of this member.
    fn member(&mut self, name: &str) {
        assert_eq!(self.0.pop(), Some(name), "the next member of the list");
    }

    /// Nothing is called instead of this member, because of this.
    fn nothing(&mut self, name: &str, because: &str) {
        self.member(name);
        assert!(because.contains(' '), "{name} deserves a reason");
    }
}

fn handshaken(one: &mut SslSocket, other: &mut SslSocket) {
    let done = both(
        || one.wait_for_encrypted(Some(LONG)),
        || other.wait_for_encrypted(Some(LONG)),
    );
    assert_eq!(done, (Ok(()), Ok(())));
}

/// The client's certificate, its key, and the root, each in a file.
struct Files {
    certificate: String,
    key: String,
    pattern: String,
    _folder: Scratch,
}

impl Files {
    fn new() -> Self {
        let folder = Scratch::new();
        folder.file("root.crt", pem("CERTIFICATE", &WORLD.ca.der()));
        Self {
            certificate: folder.file("client.pem", WORLD.client.chain_pem()),
            key: folder.file("client.key", WORLD.client.key_pem()),
            pattern: format!("{}/*.crt", folder.path().display()),
            _folder: folder,
        }
    }
}

/// A client that is asked about the server's certificate, which is self-signed.
fn asked() -> (SslSocket, SslSocket) {
    let config = client().on_errors(OnErrors::Hold).build();
    let identity = &WORLD.self_signed;
    let server = server().identity(identity.chain.clone(), identity.key());
    let (mut one, mut other) = started(&config.expect("client"), &server.build().expect("server"));
    let born = Instant::now();
    loop {
        match one.wait_for_encrypted(Some(MOMENT)) {
            Err(WaitError::VerdictNeeded(_)) => return (one, other),
            outcome => assert_eq!(outcome, Err(WaitError::Timeout)),
        }
        let waiting = other.wait_for_encrypted(Some(MOMENT));
        assert_eq!(waiting, Err(WaitError::Timeout), "it waits for the client");
        assert!(born.elapsed() < LONG, "the client is never asked");
    }
}

#[test]
fn every_member_of_qsslsocket_has_its_equivalent_or_a_reason() {
    let mut map = Map::new();
    types(&mut map);
    making_and_connecting(&mut map);
    sending_and_forgiving(&mut map);
    facts(&mut map);
    settings(&mut map);
    reimplemented(&mut map);
    waits(&mut map);
    slots(&mut map);
    signals(&mut map);
    statics(&mut map);
    protected(&mut map);
    assert!(map.0.is_empty(), "not in the map: {:?}", map.0);
}

#[test]
fn the_page_for_people_from_qt_names_every_member() {
    const PAGE: &str = include_str!("../src/coming-from-qt.md");
    for member in Map::new().0 {
        let name = member.trim_start_matches("enum ");
        let name = name.split('(').next().unwrap_or_default();
        assert!(
            [format!("`{name}`"), format!("`{name}(")]
                .iter()
                .any(|written| PAGE.contains(written.as_str())),
            "{name} is not on the page"
        );
    }
}

fn types(map: &mut Map) {
    map.member("enum PeerVerifyMode");
    let _ = [
        VerifyMode::None,
        VerifyMode::Query,
        VerifyMode::Verify,
        VerifyMode::Auto,
    ];
    map.member("enum SslMode");
    let _ = [SslMode::Unencrypted, SslMode::Client, SslMode::Server];
}

fn making_and_connecting(map: &mut Map) {
    map.member("QSslSocket(parent)");
    let (stream, other) = common::streams();
    let mut socket = SslSocket::from_stream(stream).expect("adopt");
    map.member("~QSslSocket()");
    drop(other);
    map.member("abort()");
    socket.abort();

    map.member("addCaCertificate(certificate)");
    let mut roots = vec![WORLD.ca.der()];
    map.member("addCaCertificates(path, format, syntax)");
    let files = Files::new();
    roots.extend(trust::certificates(&files.pattern).expect("load"));
    map.member("addCaCertificates(certificates)");
    let config = client().trust_anchors(roots).build().expect("client");

    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("bind");
    let port = listener.local_addr().expect("address").port();
    map.member("connectToHostEncrypted(hostName, port, mode, protocol)");
    SslSocket::connect_to_host_encrypted("127.0.0.1", port, &config, Some(LONG)).expect("connect");
    map.member("connectToHostEncrypted(hostName, port, sslPeerName, mode, protocol)");
    Connector::new()
        .ip_version(IpVersion::V4)
        .peer_name(server_name())
        .connect_encrypted("127.0.0.1", port, &config)
        .expect("connect");
}

fn sending_and_forgiving(map: &mut Map) {
    let (mut socket, _peer) = encrypted("TLSv1.3");
    map.member("encryptedBytesAvailable()");
    assert_eq!(socket.connection().encrypted_bytes_available(), 0);
    map.member("encryptedBytesToWrite()");
    assert_eq!(socket.connection().encrypted_bytes_to_write(), 0);
    map.member("flush()");
    socket.write_all(b"hello").expect("write");
    socket.flush().expect("flush");

    map.member("ignoreSslErrors(errors)");
    let (mut socket, mut peer) = asked();
    let review = socket.review().expect("asked");
    let (id, errors) = (review.id, review.errors.to_vec());
    let forgive = Verdict::AcceptOnly(&errors);
    socket.answer(id, forgive).expect("open");
    handshaken(&mut socket, &mut peer);
}

fn facts(map: &mut Map) {
    let config = client()
        .identity(WORLD.client.chain.clone(), WORLD.client.key())
        .build()
        .expect("client");
    let name = server_name();
    let (mut socket, mut peer) = started(&config, &server().build().expect("server"));
    handshaken(&mut socket, &mut peer);
    let connection = socket.connection();
    map.member("isEncrypted()");
    assert!(connection.is_encrypted());
    map.member("localCertificate()");
    let leaf = config.local_certificate_chain().first();
    assert_eq!(leaf.map(AsRef::as_ref), WORLD.client.chain[0].get(..));
    map.member("localCertificateChain()");
    assert_eq!(config.local_certificate_chain().len(), 1);
    map.member("mode()");
    assert_eq!(connection.mode(), SslMode::Client);
    map.member("peerCertificate()");
    assert!(connection.peer_certificate().is_some());
    map.member("peerCertificateChain()");
    assert_eq!(connection.peer_certificate_chain().len(), 1);
    map.member("peerVerifyDepth()");
    assert_eq!(config.verify_depth(), None);
    map.member("peerVerifyMode()");
    assert_eq!(config.verify_mode(), VerifyMode::Verify);
    map.member("peerVerifyName()");
    assert_eq!(name.verify_name(), "server.test");
    map.nothing(
        "privateKey()",
        "a key that was given away cannot be had back: whoever may see the configuration need \
         not see the key",
    );
    map.member("protocol()");
    let both_versions = [SslProtocol::TlsV1_3, SslProtocol::TlsV1_2];
    assert_eq!(config.protocols(), both_versions);
    map.member("sessionCipher()");
    assert!(connection.session_cipher().is_some());
    map.member("sessionProtocol()");
    assert_eq!(connection.session_protocol(), Some(SslProtocol::TlsV1_3));
}

fn settings(map: &mut Map) {
    let chain = WORLD.client.chain.clone();
    map.member("setLocalCertificate(certificate)");
    let builder = client().identity([chain[0].clone()], WORLD.client.key());
    map.member("setLocalCertificate(path, format)");
    let files = Files::new();
    let loaded = trust::certificates_from_file(&files.certificate).expect("load");
    map.member("setLocalCertificateChain(localChain)");
    assert_eq!(loaded, chain);
    let builder = builder.identity(loaded, WORLD.client.key());
    map.member("setPeerVerifyDepth(depth)");
    let builder = builder.verify_depth(2);
    map.member("setPeerVerifyMode(mode)");
    let builder = builder.verify_mode(VerifyMode::Query);
    map.member("setPeerVerifyName(hostName)");
    let name = server_name().verify_as("elsewhere.test").expect("a name");
    map.member("setPrivateKey(key)");
    let builder = builder.identity(WORLD.client.chain.clone(), WORLD.client.key());
    map.member("setPrivateKey(fileName, algorithm, format, passPhrase)");
    let (chain, key) = trust::identity(&files.certificate, &files.key).expect("load");
    let builder = builder.identity(chain, key);
    map.member("setProtocol(protocol)");
    let builder = builder.protocols(&["TLSv1.2"]);
    map.member("setSslConfiguration(configuration)");
    let config = builder.build().expect("client");
    let (mut socket, mut peer) = sockets();
    let start = ServerStart::With(server().build().expect("server"));
    peer.start_server_encryption(start).expect("start");
    socket
        .start_client_encryption(&config, name)
        .expect("start");
    map.member("sslConfiguration()");
    assert_eq!(config.protocols(), [SslProtocol::TlsV1_2]);
    assert_eq!(config.verify_depth(), Some(2));
    handshaken(&mut socket, &mut peer);
    map.member("sslErrors()");
    let errors = socket.connection().ssl_errors();
    assert_eq!(errors[0].kind(), SslErrorKind::HostNameMismatch);
    map.member("waitForEncrypted(msecs)");
    assert_eq!(socket.wait_for_encrypted(Some(LONG)), Ok(()));
}

fn reimplemented(map: &mut Map) {
    let (mut socket, mut peer) = encrypted("TLSv1.2");
    peer.write_all(b"a line\n").expect("write");
    socket.wait_for_ready_read(Some(LONG)).expect("a line");
    map.member("atEnd()");
    assert!(!socket.peek().is_empty() && socket.connection().read_end().is_none());
    map.member("bytesAvailable()");
    assert_eq!(socket.connection().bytes_available(), 7);
    map.member("bytesToWrite()");
    assert_eq!(socket.connection().bytes_to_write(), 0);
    map.member("canReadLine()");
    assert!(socket.can_read_line());
    let mut line = String::new();
    socket.read_line(&mut line).expect("a line");
    map.member("close()");
    socket.close();

    map.member("resume()");
    let (mut socket, _peer) = asked();
    let id = socket.review().expect("asked").id;
    socket.answer(id, Verdict::Reject).expect("open");

    map.member("setReadBufferSize(size)");
    socket.set_read_buffer_size(1000);
    map.member("setSocketDescriptor(socketDescriptor, state, openMode)");
    let (stream, _other) = common::streams();
    let mut socket = SslSocket::from_stream(stream).expect("adopt");
    map.member("setSocketOption(option, value)");
    let option = SocketOption::LowDelay(true);
    socket.set_socket_option(option).expect("an option");
    map.member("socketOption(option)");
    assert!(socket.socket_options().expect("options").low_delay);
}

fn waits(map: &mut Map) {
    let (mut socket, mut peer) = encrypted("TLSv1.3");
    map.member("waitForBytesWritten(msecs)");
    socket.write_all(b"hello").expect("write");
    assert_eq!(socket.wait_for_bytes_written(Some(LONG)), Ok(()));
    map.member("waitForConnected(msecs)");
    assert_eq!(socket.wait_for_connected(Some(LONG)), Ok(()));
    map.member("waitForDisconnected(msecs)");
    peer.close();
    let ends = both(
        || socket.wait_for_disconnected(Some(LONG)),
        || {
            map.member("waitForReadyRead(msecs)");
            assert_eq!(peer.wait_for_ready_read(Some(LONG)), Ok(()));
            peer.discard_reads();
            peer.wait_for_disconnected(Some(LONG))
        },
    );
    assert!(ends.0.is_ok() && ends.1.is_ok(), "{ends:?}");
}

fn slots(map: &mut Map) {
    map.member("ignoreSslErrors()");
    let (mut socket, mut peer) = asked();
    let id = socket.review().expect("asked").id;
    socket.answer(id, Verdict::Accept).expect("open");
    handshaken(&mut socket, &mut peer);
    let careless = client().on_errors(OnErrors::DangerouslyAcceptAll);
    let careless = careless.build().expect("client");

    map.member("startClientEncryption()");
    let (mut socket, mut peer) = sockets();
    socket
        .start_client_encryption(&careless, server_name())
        .expect("start");
    map.member("startServerEncryption()");
    let start = ServerStart::With(server().build().expect("server"));
    peer.start_server_encryption(start).expect("start");
    handshaken(&mut socket, &mut peer);
}

fn signals(map: &mut Map) {
    let (mut socket, mut peer) = asked();
    let id = socket.review().expect("asked").id;
    socket.answer(id, Verdict::Accept).expect("open");
    handshaken(&mut socket, &mut peer);
    let events: Vec<Event> = std::iter::from_fn(|| socket.poll_event()).collect();
    map.member("encrypted()");
    assert!(events.contains(&Event::Encrypted));
    map.member("encryptedBytesWritten(written)");
    let written = |event: &Event| matches!(event, Event::EncryptedBytesWritten(n) if *n > 0);
    assert!(events.iter().any(written));
    map.member("modeChanged(mode)");
    assert!(events.contains(&Event::ModeChanged(SslMode::Client)));
    map.member("peerVerifyError(error)");
    assert!(events.contains(&Event::PeerVerifyError {
        kind: SslErrorKind::SelfSignedCertificate,
        depth: 0
    }));
    map.member("preSharedKeyAuthenticationRequired(authenticator)");
    let asking = ClientConfig::builder(sslcore_std::default_backend()).ask_for_pre_shared_keys();
    let (mut socket, _peer) = sockets();
    socket
        .start_client_encryption(&asking.build().expect("client"), server_name())
        .expect("start");
    let asked = socket.wait_for_encrypted(Some(LONG));
    let request = socket.psk_request().expect("asked").id;
    assert_eq!(asked, Err(WaitError::PreSharedKeyNeeded(request)));
    let key = PreSharedKey::new("Client X", [7; 32]).expect("a key");
    socket.provide_psk(request, &[key]).expect("open");
    map.member("sslErrors(errors)");
    assert!(events.contains(&Event::SslErrors(id)));
}

fn statics(map: &mut Map) {
    const NO_DEFAULT: &str =
        "nothing belongs to the whole process: a configuration is shared by cloning it";
    map.nothing("addDefaultCaCertificate(certificate)", NO_DEFAULT);
    map.nothing(
        "addDefaultCaCertificates(path, encoding, syntax)",
        NO_DEFAULT,
    );
    map.nothing("addDefaultCaCertificates(certificates)", NO_DEFAULT);
    const LINKED: &str = "what it was built with is what it runs with";
    map.nothing("sslLibraryBuildVersionNumber()", LINKED);
    map.nothing("sslLibraryBuildVersionString()", LINKED);
    map.nothing(
        "sslLibraryVersionNumber()",
        "a version has three numbers; the string tells them",
    );
    map.member("sslLibraryVersionString()");
    assert!(!sslcore::VERSION.is_empty());
    // AWS-LC tells its version, the others none.
    let backend = sslcore_std::default_backend();
    let version = backend.version();
    let is_number = version.is_some_and(|it| it.starts_with(|first: char| first.is_ascii_digit()));
    assert_eq!(is_number, backend.name() == "aws-lc-rs", "{version:?}");
    map.member("supportsSsl()");
    assert!(!sslcore_std::default_backend().name().is_empty());
}

fn protected(map: &mut Map) {
    let (mut socket, mut peer) = encrypted("TLSv1.3");
    let mut data = [0; 5];
    peer.write_all(b"hello").expect("write");
    map.member("readData(data, maxlen)");
    assert_eq!(socket.read(&mut data).expect("read"), 5);
    map.member("writeData(data, len)");
    assert_eq!(socket.write(&data).expect("write"), 5);
}
