//! Where the scripts of these tests are played.

pub(crate) use sslcore_tests::pair::VERSIONS;
use std::time::Duration;

use sslcore::crypto::Backend;
use sslcore::testing::{Record, ScriptedPeer, backend_without_security, known_identity};
use sslcore::{
    Buffers, ClientConfig, Connection, Event, Instant, Limits, Now, PeerName, ServerConfig,
    ServerStart, UnixTime, VerifyMode,
};

/// Types of handshake messages.
pub(crate) mod kind {
    pub(crate) const HELLO_REQUEST: u8 = 0;
    pub(crate) const CLIENT_HELLO: u8 = 1;
    pub(crate) const SERVER_HELLO: u8 = 2;
    pub(crate) const TICKET: u8 = 4;
    pub(crate) const ENCRYPTED_EXTENSIONS: u8 = 8;
    pub(crate) const CERTIFICATE_REQUEST: u8 = 13;
    pub(crate) const HELLO_DONE: u8 = 14;
    pub(crate) const FINISHED: u8 = 20;
    pub(crate) const STATUS: u8 = 22;
    pub(crate) const KEY_UPDATE: u8 = 24;
}

/// Which end the peer is; the other is under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    Client,
    Server,
}

pub(crate) use Peer::{Client, Server};

/// What kind of handshake it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Plain,
    /// Both have certificates.
    Mutual,
    /// The server asks for another key share.
    Retried,
    /// The second of two sessions.
    Resumed,
}

/// A handshake that is to be.
#[derive(Clone, Copy)]
pub(crate) struct Play {
    pub(crate) peer: Peer,
    pub(crate) version: &'static str,
    pub(crate) kind: Kind,
    pub(crate) backend: fn(u64) -> Backend,
}

pub(crate) const fn play(peer: Peer, version: &'static str, kind: Kind) -> Play {
    Play {
        peer,
        version,
        kind,
        backend: backend_without_security,
    }
}

/// All that there are for a backend.
pub(crate) fn plays(backend: fn(u64) -> Backend) -> Vec<Play> {
    let mut plays = Vec::new();
    for peer in [Client, Server] {
        for version in VERSIONS {
            for kind in [Kind::Plain, Kind::Mutual, Kind::Retried, Kind::Resumed] {
                if kind != Kind::Retried || version == "TLSv1.3" {
                    plays.push(Play {
                        backend,
                        ..play(peer, version, kind)
                    });
                }
            }
        }
    }
    plays
}

pub(crate) fn now() -> Now {
    let year_2030 = UnixTime::since_unix_epoch(Duration::from_secs(1_893_456_000));
    Now::new(Instant::from_millis(0), year_2030)
}

/// What the application under test writes before anything else.
pub(crate) const WRITTEN: &[u8] = b"for the peer alone";

/// What came of a play.
pub(crate) struct Outcome {
    pub(crate) peer: ScriptedPeer,
    pub(crate) end: Connection,
    pub(crate) events: Vec<Event>,
}

impl Play {
    fn configs(&self) -> (sslcore::ConfigBuilder<ClientConfig>, ServerBuilder) {
        let (chain, key) = known_identity();
        let mut client = ClientConfig::builder((self.backend)(1))
            .protocols(&[self.version])
            .trust_anchors(chain.clone());
        let mut server = ServerConfig::builder(match self.kind {
            Kind::Retried => without_first_group((self.backend)(2)),
            _ => (self.backend)(2),
        })
        .protocols(&[self.version])
        .identity(chain.clone(), key.clone_key());
        if self.kind == Kind::Mutual {
            client = client.identity(chain.clone(), key);
            server = server.trust_anchors(chain).verify_mode(VerifyMode::Verify);
        }
        (client, server)
    }

    /// The peer, and a connection that has been told to start TLS and has something to say.
    pub(crate) fn start(&self) -> (ScriptedPeer, Connection) {
        let (client, server) = self.configs();
        let name = || PeerName::new("server.test").expect("a name");
        let new = || Connection::new(Limits::default(), Buffers::Owned);
        let start: Box<dyn Fn(&mut Connection)>;
        let mut peer = match self.peer {
            Client => {
                let config = server.build().expect("a server");
                start = Box::new(move |end| {
                    let config = ServerStart::With(config.clone());
                    end.start_server_encryption(config).expect("new");
                });
                ScriptedPeer::client(client, name()).expect("a client")
            }
            Server => {
                let config = client.build().expect("a client");
                start = Box::new(move |end| {
                    end.start_client_encryption(&config, name()).expect("new");
                });
                ScriptedPeer::server(server).expect("a server")
            }
        };
        if self.kind == Kind::Resumed {
            let mut first = new();
            start(&mut first);
            peer.converse(&mut first, now(), |_| ()).expect("honest");
            assert!(first.is_encrypted(), "{first:?}");
            peer = peer.again();
        }
        let mut end = new();
        start(&mut end);
        assert_eq!(end.write(WRITTEN), Ok(WRITTEN.len()));
        (peer, end)
    }

    /// Plays it, with a script that is told which flight of the peer's it has.
    pub(crate) fn perform(&self, mut script: impl FnMut(usize, &mut Vec<Record>)) -> Outcome {
        let (mut peer, mut end) = self.start();
        let mut flight = 0;
        let events = peer.converse(&mut end, now(), |records| {
            script(flight, records);
            flight += 1;
        });
        Outcome {
            peer,
            end,
            events: events.expect("keys that are known"),
        }
    }

    /// The peer's flights as they are.
    pub(crate) fn flights(&self) -> Vec<Vec<Record>> {
        let mut flights = Vec::new();
        self.perform(|_, records| flights.push(records.clone()))
            .assert_encrypted();
        flights
    }
}

type ServerBuilder = sslcore::ConfigBuilder<ServerConfig>;

fn without_first_group(backend: Backend) -> Backend {
    let mut provider = rustls::crypto::CryptoProvider::clone(backend.provider());
    provider.kx_groups.remove(0);
    Backend::custom(backend.name(), provider, move |algorithm, key| {
        backend.aead(algorithm, key)
    })
}

impl Outcome {
    pub(crate) fn saw(&self, event: Event) -> bool {
        self.events.contains(&event)
    }

    /// Both ends are encrypted, and what was written has arrived.
    #[track_caller]
    pub(crate) fn assert_encrypted(mut self) {
        assert!(self.end.is_encrypted(), "{:?}", self.end);
        assert!(self.peer.connection().is_encrypted(), "{:?}", self.peer);
        let heard = self.peer.heard().iter();
        let data: Vec<u8> = heard
            .filter(|record| record.content == Record::DATA)
            .flat_map(|record| record.body.clone())
            .collect();
        assert_eq!(data, WRITTEN);
    }
}
