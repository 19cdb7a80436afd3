//! Where the plays of these tests are given.

pub(crate) use sslcore_tests::pair::VERSIONS;
use std::sync::Arc;

use sslcore::{
    Alert, ClientConfig, ConfigBuilder, Event, FailureKind, Fault, ServerConfig, ServerStart,
    VerifyMode,
};
use sslcore_tests::certs::WORLD;
use sslcore_tests::hello::kind;
use sslcore_tests::middle::{Middle, Said, Secrets, Who};
use sslcore_tests::pair::{End, Pair, backend, client, server, server_name};
use sslcore_tests::sealing::ALERT;

/// A refusal: what happened, and what the peer is told.
pub(crate) type Refusal = (FailureKind, Alert);

pub(crate) const ILLEGAL: Refusal = (FailureKind::PeerMisbehaved, Alert::IllegalParameter);
pub(crate) const UNSOLICITED: Refusal = (FailureKind::PeerMisbehaved, Alert::UnsupportedExtension);
pub(crate) const MISSING: Refusal = (FailureKind::PeerMisbehaved, Alert::MissingExtension);
pub(crate) const MALFORMED: Refusal = (FailureKind::MalformedMessage, Alert::DecodeError);
pub(crate) const UNEXPECTED: Refusal = (FailureKind::UnexpectedMessage, Alert::UnexpectedMessage);
pub(crate) const TOO_LONG: Refusal = (FailureKind::RecordTooLarge, Alert::RecordOverflow);

/// Two ends, and who stands between them.
pub(crate) struct Stage {
    pub(crate) pair: Pair,
    pub(crate) middle: Middle,
    configs: (ClientConfig, ServerConfig),
    secrets: Arc<Secrets>,
}

impl Stage {
    /// Two ends that have been told to start TLS.
    pub(crate) fn new(
        client: ConfigBuilder<ClientConfig>,
        server: ConfigBuilder<ServerConfig>,
    ) -> Self {
        let secrets = Arc::new(Secrets::default());
        let client = client.dangerously_log_keys(secrets.clone()).build();
        let server = server.dangerously_log_keys(secrets.clone()).build();
        Self::with((client.expect("client"), server.expect("server")), secrets)
    }

    fn with(configs: (ClientConfig, ServerConfig), secrets: Arc<Secrets>) -> Self {
        Self {
            pair: Pair::tls(&configs.0, &configs.1),
            middle: Middle::new(&secrets),
            configs,
            secrets,
        }
    }

    /// Two others with the same configurations, which remember what came before.
    pub(crate) fn again(self) -> Self {
        Self::with(self.configs, self.secrets)
    }

    /// Two ends that speak this version.
    pub(crate) fn plain(version: &str) -> Self {
        Self::new(
            client(backend()).protocols(&[version]),
            server(backend())
                .protocols(&[version])
                .verify_mode(VerifyMode::None),
        )
    }

    /// Two ends that speak this version, and the client has a certificate that the server wants.
    pub(crate) fn with_client_certificate(version: &str) -> Self {
        Self::new(
            client(backend())
                .protocols(&[version])
                .identity(WORLD.client.chain.clone(), WORLD.client.key()),
            server(backend())
                .protocols(&[version])
                .verify_mode(VerifyMode::Verify),
        )
    }

    pub(crate) fn end(&mut self, who: Who) -> &mut End {
        match who {
            Who::Client => &mut self.pair.client,
            Who::Server => &mut self.pair.server,
        }
    }

    /// What `who` says now.
    pub(crate) fn hear(&mut self, who: Who) -> Vec<Said> {
        let bytes = self.end(who).take();
        self.middle.listen(who, &bytes)
    }

    /// Says it for `who`.
    pub(crate) fn say(&mut self, who: Who, said: &[Said]) {
        let bytes = self.middle.say(who, said);
        self.end(other(who)).give(&bytes, usize::MAX);
    }

    /// Passes on what `who` says, changed.
    pub(crate) fn pass(&mut self, who: Who, change: impl FnOnce(&mut Vec<Said>)) {
        let mut said = self.hear(who);
        change(&mut said);
        self.say(who, &said);
    }

    /// Passes on what `who` says, with the message of this type changed.
    #[track_caller]
    pub(crate) fn change(&mut self, who: Who, kind: u8, change: impl FnOnce(&mut Vec<u8>)) {
        self.pass(who, |said| change(&mut find(said, kind).body));
    }

    /// Passes on the client's hello, and the server's flight with this message changed.
    #[track_caller]
    pub(crate) fn change_flight(&mut self, kind: u8, change: impl FnOnce(&mut Vec<u8>)) {
        self.pass(Who::Client, |_| ());
        self.change(Who::Server, kind, change);
    }

    /// Passes on everything up to the client's second flight, and that with this message changed.
    #[track_caller]
    pub(crate) fn change_answer(&mut self, kind: u8, change: impl FnOnce(&mut Vec<u8>)) {
        self.pass(Who::Client, |_| ());
        self.pass(Who::Server, |_| ());
        self.change(Who::Client, kind, change);
    }

    /// How `who` has refused its peer. The alert is the last that it says, under the keys that the
    /// peer expects.
    #[track_caller]
    pub(crate) fn refusal(&mut self, who: Who) -> Refusal {
        let said = self.hear(who);
        let end = self.end(who);
        let failure = end.conn.failure();
        let failure = failure
            .unwrap_or_else(|| panic!("no failure: {:?}", end.events))
            .clone();
        let alert = failure.alert().expect("an alert");
        let last = said.last().expect("an alert");
        assert_eq!(
            (last.content, &last.body[..]),
            (ALERT, &[2, alert.code()][..]),
            "{failure}"
        );
        assert!(end.saw(Event::AlertSent(alert)), "{:?}", end.events);
        assert!(
            end.conn.ssl_errors().is_empty(),
            "{failure}: no chain was refused"
        );
        let fault = match failure.kind() {
            FailureKind::Incompatible => Fault::Configuration,
            _ => Fault::Peer,
        };
        assert_eq!(failure.fault(), fault, "{failure}");
        (failure.kind(), alert)
    }
}

pub(crate) fn other(who: Who) -> Who {
    match who {
        Who::Client => Who::Server,
        Who::Server => Who::Client,
    }
}

/// The message of this type.
#[track_caller]
pub(crate) fn find(said: &mut [Said], kind: u8) -> &mut Said {
    let mut said = said.iter_mut();
    said.find(|one| one.is(kind)).expect("such a message")
}

/// How a server with this configuration refuses a client that says this first.
#[track_caller]
pub(crate) fn refused_by(server: ConfigBuilder<ServerConfig>, bytes: &[u8]) -> Refusal {
    let mut end = waiting(server);
    end.give(bytes, usize::MAX);
    let failure = end.conn.failure();
    let failure = failure
        .unwrap_or_else(|| panic!("no failure: {:?}", end.events))
        .clone();
    let alert = failure.alert().expect("an alert");
    assert_eq!(
        end.take(),
        [ALERT, 3, 3, 0, 2, 2, alert.code()],
        "{failure}"
    );
    if failure.kind() != FailureKind::Incompatible {
        assert_eq!(failure.fault(), Fault::Peer, "{failure}");
    }
    (failure.kind(), alert)
}

/// A server that waits for a hello.
pub(crate) fn waiting(server: ConfigBuilder<ServerConfig>) -> End {
    let mut end = End::new(Default::default());
    let start = ServerStart::With(server.build().expect("server"));
    end.conn.start_server_encryption(start).expect("start");
    end
}

/// The first message of a client of ours.
pub(crate) fn hello_of(client: ConfigBuilder<ClientConfig>) -> Vec<u8> {
    let mut end = End::new(Default::default());
    let config = client.build().expect("client");
    let started = end.conn.start_client_encryption(&config, server_name());
    started.expect("start");
    let said = Middle::new(&Arc::default()).listen(Who::Client, &end.take());
    assert!(said[0].is(kind::CLIENT_HELLO));
    said[0].body.clone()
}
