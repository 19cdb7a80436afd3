//! What is read here, whatever the engine behind it would say.

use alloc::vec;
use alloc::vec::Vec;

use super::{Inbound, Listener, Read};
use crate::alert::Alert;
use crate::buffer::{ReceiveBuffer, Storage};
use crate::failure::Failure;
use crate::handshake::idle::{Idle, protection};
use crate::protocol::SslProtocol::{self, TlsV1_2, TlsV1_3};
use crate::record::header::ContentType;
use crate::time::{Instant, Now};

const MESSAGE: [u8; 5] = [99, 0, 0, 1, 7];

/// A reader, the engine that it reads for, and what has arrived.
struct Scene {
    inbound: Inbound,
    engine: Idle,
    receive: ReceiveBuffer,
}

impl Scene {
    fn new() -> Self {
        Self {
            inbound: Inbound::new(true),
            engine: Idle::default(),
            receive: ReceiveBuffer::new(Storage::Owned(Vec::new())),
        }
    }

    /// One whose engine has keys of this version.
    fn under_keys(version: SslProtocol) -> Self {
        let mut scene = Self::new();
        scene.engine.keys = Some(protection(version));
        scene
    }

    fn arrive(&mut self, record: &[u8]) {
        let room = self.receive.tail(record.len(), record.len());
        room[..record.len()].copy_from_slice(record);
        self.receive.commit(record.len());
    }

    fn read(&mut self) -> Result<Read, Option<Alert>> {
        let now = Now::without_wall_clock(Instant::default());
        let listener = Listener {
            engine: &mut self.engine,
            now,
            flight: &mut Vec::new(),
            max: 100,
        };
        let read = self.inbound.read(&mut self.receive, listener);
        read.map_err(|failure: Failure| failure.alert())
    }

    fn reads(&mut self, record: &[u8]) -> Result<Read, Option<Alert>> {
        self.arrive(record);
        self.read()
    }
}

fn clear(content: ContentType, body: &[u8]) -> Vec<u8> {
    [&[content as u8, 3, 3, 0, body.len() as u8], body].concat()
}

/// The first record under [`protection`].
fn sealed(version: SslProtocol, content: ContentType, body: &[u8]) -> Vec<u8> {
    let mut keys = protection(version);
    let mut record = vec![0; body.len() + keys.overhead()];
    keys.seal(content, body, &mut record).expect("a record");
    record
}

const UNEXPECTED: Result<Read, Option<Alert>> = Err(Some(Alert::UnexpectedMessage));

#[test]
fn change_cipher_spec_comes_once_in_tls12() {
    let change = clear(ContentType::ChangeCipherSpec, &[1]);
    let mut scene = Scene::new();
    assert_eq!(scene.reads(&change), Ok(Read::Worked));
    scene.engine.keys = Some(protection(TlsV1_2));
    assert_eq!(scene.reads(&change), UNEXPECTED);
    assert_eq!(scene.engine.given, (0, 1));
    // In TLS 1.3 it means nothing (RFC 8446 §5).
    let mut scene = Scene::under_keys(TlsV1_3);
    assert_eq!(scene.reads(&change), Ok(Read::Worked));
    assert_eq!(scene.engine.given, (0, 1));
}

#[test]
fn nothing_is_read_behind_the_end() {
    for record in [
        clear(ContentType::Handshake, &MESSAGE),
        sealed(TlsV1_3, ContentType::Handshake, &MESSAGE),
        clear(ContentType::ChangeCipherSpec, &[1]),
        clear(ContentType::Alert, &[1, 0]),
    ] {
        let mut scene = Scene::under_keys(TlsV1_3);
        let first = sealed(TlsV1_3, ContentType::Handshake, &MESSAGE);
        assert_eq!(scene.reads(&first), Ok(Read::Worked));
        scene.inbound.end();
        assert_eq!(scene.reads(&record), UNEXPECTED);
        assert_eq!(scene.engine.given, (1, 0));
    }
}

#[test]
fn no_message_is_read_under_two_keys() {
    for version in [TlsV1_2, TlsV1_3] {
        // Cut in the clear.
        let mut scene = Scene::new();
        let cut = clear(ContentType::Handshake, &MESSAGE[..2]);
        assert_eq!(scene.reads(&cut), Ok(Read::Worked));
        scene.engine.keys = Some(protection(version));
        assert_eq!(scene.read(), UNEXPECTED);
        // Whole in a record of the keys before.
        let mut scene = Scene::under_keys(version);
        let two = [MESSAGE, MESSAGE].concat();
        let two = sealed(version, ContentType::Handshake, &two);
        assert_eq!(scene.reads(&two), Ok(Read::Worked));
        scene.engine.keys = Some(protection(version));
        assert_eq!(scene.read(), UNEXPECTED);
        assert_eq!(scene.engine.given, (1, 0));
        // Between two messages keys may change.
        let mut scene = Scene::under_keys(version);
        let one = sealed(version, ContentType::Handshake, &MESSAGE);
        for read in 1..3 {
            assert_eq!(scene.reads(&one), Ok(Read::Worked));
            scene.engine.keys = Some(protection(version));
            assert_eq!(scene.engine.given, (read, 0));
        }
    }
}

#[test]
fn a_sealed_warning_is_read_once() {
    for version in [TlsV1_2, TlsV1_3] {
        let mut scene = Scene::under_keys(version);
        let warning = sealed(version, ContentType::Alert, &[1, 90]);
        let warned = Ok(Read::Warned(Alert::UserCanceled));
        assert_eq!(scene.reads(&warning), warned);
        assert!(matches!(scene.read(), Ok(Read::Starved(_))));
    }
}
