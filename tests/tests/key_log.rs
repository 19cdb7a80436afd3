//! The key log: exactly the lines that a peer knows too, and only for who asked.

use std::sync::{Arc, Mutex};

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, RootCertStore, ServerConnection};
use sslcore::{
    ConfigBuilder, Event, FailureKind, KeyLog, KeyLogLine, Limits, PeerName, ServerStart,
    VerifyMode,
};
use sslcore_tests::certs::WORLD;
use sslcore_tests::forge::exchange;
use sslcore_tests::pair::{End, Pair, VERSIONS, backend, client, server, server_name};

/// Keeps the lines.
#[derive(Debug, Default)]
struct Lines(Mutex<Vec<String>>);

impl Lines {
    /// The lines, sorted: when a secret is derived is each side's own business.
    fn all(&self) -> Vec<String> {
        let mut lines = self.0.lock().expect("nobody panics").clone();
        lines.sort();
        lines
    }

    fn labels(&self) -> Vec<String> {
        let first = |line: &String| line.split(' ').next().map(str::to_string);
        self.all().iter().filter_map(first).collect()
    }
}

impl KeyLog for Lines {
    fn log(&self, line: &KeyLogLine<'_>) {
        assert_eq!(line.client_random().len(), 32);
        assert!(matches!(line.secret().len(), 32 | 48));
        let mut lines = self.0.lock().expect("nobody panics");
        lines.push(line.to_string());
    }
}

impl rustls::KeyLog for Lines {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let hex = |bytes: &[u8]| -> String { bytes.iter().map(|b| format!("{b:02x}")).collect() };
        let line = format!("{label} {} {}", hex(client_random), hex(secret));
        self.0.lock().expect("nobody panics").push(line);
    }
}

fn labels(version: &str) -> &'static [&'static str] {
    match version {
        "TLSv1.2" => &["CLIENT_RANDOM"],
        _ => &[
            "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
            "CLIENT_TRAFFIC_SECRET_0",
            "EXPORTER_SECRET",
            "SERVER_HANDSHAKE_TRAFFIC_SECRET",
            "SERVER_TRAFFIC_SECRET_0",
        ],
    }
}

fn rustls_versions(version: &str) -> [&'static rustls::SupportedProtocolVersion; 1] {
    match version {
        "TLSv1.2" => [&rustls::version::TLS12],
        _ => [&rustls::version::TLS13],
    }
}

fn logged<C>(builder: ConfigBuilder<C>, lines: &Arc<Lines>) -> ConfigBuilder<C> {
    builder.dangerously_log_keys(lines.clone())
}

#[test]
fn a_client_logs_the_lines_that_its_server_logs() {
    for version in VERSIONS {
        let (ours, theirs) = (Arc::new(Lines::default()), Arc::new(Lines::default()));
        let mut peer = rustls::ServerConfig::builder_with_provider(backend().provider().clone())
            .with_protocol_versions(&rustls_versions(version))
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(WORLD.server.chain.clone(), WORLD.server.key())
            .expect("identity");
        peer.key_log = theirs.clone();
        let mut peer = ServerConnection::new(Arc::new(peer))
            .expect("server")
            .into();
        let config = logged(client(backend()).protocols(&[version]), &ours);
        let mut end = End::new(Limits::default());
        end.conn
            .start_client_encryption(&config.build().expect("client"), server_name())
            .expect("start");
        exchange(&mut end, &mut peer);
        assert!(end.saw(Event::Encrypted), "{version}");
        assert_eq!(ours.labels(), labels(version));
        assert_eq!(ours.all(), theirs.all(), "{version}");
    }
}

#[test]
fn a_server_logs_the_lines_that_its_client_logs() {
    for version in VERSIONS {
        let (ours, theirs) = (Arc::new(Lines::default()), Arc::new(Lines::default()));
        let mut roots = RootCertStore::empty();
        roots.add(WORLD.ca.der()).expect("root");
        let mut peer = rustls::ClientConfig::builder_with_provider(backend().provider().clone())
            .with_protocol_versions(&rustls_versions(version))
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        peer.key_log = theirs.clone();
        let name = ServerName::try_from("server.test").expect("name");
        let mut peer = ClientConnection::new(Arc::new(peer), name)
            .expect("client")
            .into();
        let config = server(backend())
            .protocols(&[version])
            .verify_mode(VerifyMode::None);
        let config = logged(config, &ours).build().expect("server");
        let mut end = End::new(Limits::default());
        end.conn
            .start_server_encryption(ServerStart::With(config))
            .expect("start");
        exchange(&mut end, &mut peer);
        assert!(end.saw(Event::Encrypted), "{version}");
        assert_eq!(ours.labels(), labels(version));
        assert_eq!(ours.all(), theirs.all(), "{version}");
    }
}

#[test]
fn only_the_side_that_asked_for_it_logs() {
    for version in VERSIONS {
        let lines = Arc::new(Lines::default());
        let silent = client(backend()).protocols(&[version]);
        let silent = silent.build().expect("client");
        let server = server(backend()).protocols(&[version]);
        let server = server.build().expect("server");
        Pair::encrypted(&silent, &server);
        assert!(lines.all().is_empty(), "{version}");
        let talking = logged(client(backend()).protocols(&[version]), &lines);
        Pair::encrypted(&talking.build().expect("client"), &server);
        assert_eq!(lines.labels(), labels(version));
    }
}

#[test]
fn a_refused_handshake_can_be_decrypted_too() {
    let lines = Arc::new(Lines::default());
    let config = logged(client(backend()).protocols(&["TLSv1.3"]), &lines);
    let config = config.build().expect("client");
    let mut pair = Pair::default();
    pair.server
        .conn
        .start_server_encryption(ServerStart::With(
            server(backend()).build().expect("server"),
        ))
        .expect("start");
    let elsewhere = PeerName::new("elsewhere.test").expect("name");
    pair.client
        .conn
        .start_client_encryption(&config, elsewhere)
        .expect("start");
    pair.run();
    let failure = pair.client.conn.failure().expect("refused").kind();
    assert!(matches!(failure, FailureKind::CertificateRejected(_)));
    let labels = lines.labels();
    assert!(labels.contains(&"SERVER_HANDSHAKE_TRAFFIC_SECRET".to_string()));
}

#[test]
fn a_line_that_is_debugged_keeps_its_secret() {
    struct Debugged(Mutex<String>);
    impl KeyLog for Debugged {
        fn log(&self, line: &KeyLogLine<'_>) {
            let mut text = self.0.lock().expect("nobody panics");
            *text += &format!("{line:?}\n");
            let secret = line.secret();
            assert!(!text.contains(&format!("{secret:?}")[1..20]));
            assert!(!line.to_string().ends_with('\n'));
        }
    }
    let debugged = Arc::new(Debugged(Mutex::default()));
    let config = client(backend()).dangerously_log_keys(debugged.clone());
    let server = server(backend()).build().expect("server");
    Pair::encrypted(&config.build().expect("client"), &server);
    let text = debugged.0.lock().expect("nobody panics").clone();
    assert!(
        text.contains("KeyLogLine { label: \"EXPORTER_SECRET\", .. }"),
        "{text}"
    );
    for word in text.split_whitespace() {
        assert!(word.len() < 40, "{word}");
    }
}
