//! Where the plays of these tests are given.

use sslcore::{
    Alert, ClientConfig, ConfigBuilder, Event, FailureKind, Fault, PreSharedKey, Repeated,
    ServerConfig, ServerStart,
};
use sslcore_tests::pair::{self, End, backend, server_name};
use sslcore_tests::sealing::{ALERT, DATA, Direction, records};

/// A refusal: what happened, and what the peer is told.
pub(crate) type Refusal = (FailureKind, Alert);

pub(crate) const ILLEGAL: Refusal = (FailureKind::PeerMisbehaved, Alert::IllegalParameter);
pub(crate) const UNSOLICITED: Refusal = (FailureKind::PeerMisbehaved, Alert::UnsupportedExtension);
pub(crate) const MISSING: Refusal = (FailureKind::PeerMisbehaved, Alert::MissingExtension);
pub(crate) const MALFORMED: Refusal = (FailureKind::MalformedMessage, Alert::DecodeError);
pub(crate) const UNEXPECTED: Refusal = (FailureKind::UnexpectedMessage, Alert::UnexpectedMessage);
pub(crate) const TOO_OLD: Refusal = (FailureKind::Incompatible, Alert::ProtocolVersion);
pub(crate) const NOTHING_IN_COMMON: Refusal = (FailureKind::Incompatible, Alert::HandshakeFailure);
pub(crate) const NO_KEY: Refusal = (FailureKind::NoPreSharedKey, Alert::HandshakeFailure);
pub(crate) const BAD_KEY: Refusal = (FailureKind::BadPreSharedKey, Alert::DecryptError);
pub(crate) const BAD_FINISHED: Refusal = (FailureKind::BadHandshakeSignature, Alert::DecryptError);
pub(crate) const BAD_RECORD: Refusal = (FailureKind::BadRecordMac, Alert::BadRecordMac);

pub(crate) const TOO_LARGE: Refusal = (FailureKind::RecordTooLarge, Alert::RecordOverflow);

pub(crate) const TOO_MANY: Refusal = (
    FailureKind::TooMuchOf(Repeated::ChangeCipherSpecs),
    Alert::UnexpectedMessage,
);

pub(crate) const SECRET: [u8; 32] = [0x5e; 32];
pub(crate) const IDENTITY: &[u8] = b"device";

pub(crate) fn key() -> PreSharedKey {
    PreSharedKey::new(IDENTITY, SECRET).expect("a key")
}

pub(crate) fn server() -> ConfigBuilder<ServerConfig> {
    ServerConfig::builder(backend()).pre_shared_keys([key()])
}

/// It begins with a share of X25519, and has P-256, too.
pub(crate) fn client() -> ConfigBuilder<ClientConfig> {
    ClientConfig::builder(backend())
        .pre_shared_keys([key()])
        .groups(&["X25519", "P-256"])
}

/// A connection with a receive buffer of so many bytes.
pub(crate) fn lent(receive: usize) -> End {
    End::on(pair::lent(receive, 40_000))
}

/// A server that waits for a hello.
pub(crate) fn waiting(server: ConfigBuilder<ServerConfig>) -> End {
    waiting_on(End::new(Default::default()), server)
}

pub(crate) fn waiting_on(mut end: End, server: ConfigBuilder<ServerConfig>) -> End {
    let start = ServerStart::With(server.build().expect("server"));
    end.conn.start_server_encryption(start).expect("start");
    end
}

/// A client that says hello.
pub(crate) fn calling(client: ConfigBuilder<ClientConfig>) -> End {
    calling_on(End::new(Default::default()), client)
}

pub(crate) fn calling_on(mut end: End, client: ConfigBuilder<ClientConfig>) -> End {
    let config = client.build().expect("client");
    let started = end.conn.start_client_encryption(&config, server_name());
    started.expect("start");
    end
}

/// How `end` has refused its peer: the alert, in the clear or under this key, is all that it says.
#[track_caller]
pub(crate) fn refusal(what: &str, end: &mut End, sealed: Option<&mut Direction>) -> Refusal {
    let bytes = end.take();
    let failure = end.conn.failure();
    let failure = failure
        .unwrap_or_else(|| panic!("{what}: no failure, but {:?}", end.events))
        .clone();
    let alert = failure.alert();
    let alert = alert.unwrap_or_else(|| panic!("{what}: no alert: {failure}"));
    let records = records(&bytes);
    assert_eq!(records.len(), 1, "{what}: {failure}: {bytes:?}");
    let said = match sealed {
        None => (records[0][0], records[0][5..].to_vec()),
        Some(keys) => {
            assert_eq!(records[0][0], DATA, "{what}: {failure}: it is not sealed");
            keys.open(records[0])
        }
    };
    assert_eq!(said, (ALERT, vec![2, alert.code()]), "{what}: {failure}");
    assert!(end.saw(Event::AlertSent(alert)), "{what}: {:?}", end.events);
    let fault = match failure.kind() {
        FailureKind::Incompatible | FailureKind::NoPreSharedKey => Fault::Configuration,
        _ => Fault::Peer,
    };
    assert_eq!(failure.fault(), fault, "{what}: {failure}");
    (failure.kind(), alert)
}
