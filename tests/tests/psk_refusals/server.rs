//! A server that has the key.

use sslcore_tests::hello::{
    ClientHello, Extensions, RETRY, ServerHello, message, number, vector16,
};
use sslcore_tests::pair::End;
use sslcore_tests::sealing::{CHANGE_CIPHER_SPEC, DATA, Direction, HANDSHAKE, record, records};

use super::client::FINISHED;
use super::keys::{AES_128_SHA256, GROUP_P256, GROUP_X25519, Hash, Keys, Pair, Psk, entry};
use super::stage::SECRET;

/// A server that has heard a hello, and what it answers. A test changes that, and keys follow from it.
pub(crate) struct Server {
    /// The client's last hello.
    pub(crate) hello: ClientHello,
    pub(crate) message: Vec<u8>,
    /// The first hello and our HelloRetryRequest.
    pub(crate) first: Option<(Vec<u8>, Vec<u8>)>,
    pub(crate) answer: ServerHello,
    pub(crate) psk: Psk,
    pub(crate) pair: Pair,
    pub(crate) extensions: Extensions,
}

/// What there is once the answer is made.
pub(crate) struct Answering {
    pub(crate) keys: Keys,
    /// All messages up to our ServerHello.
    pub(crate) messages: Vec<u8>,
    pub(crate) server_hello: Vec<u8>,
    pub(crate) tx: Direction,
    pub(crate) rx: Direction,
    extensions: Extensions,
    has_changed: bool,
}

/// And once our Finished is, too.
pub(crate) struct Finishing {
    pub(crate) keys: Keys,
    pub(crate) messages: Vec<u8>,
    pub(crate) rx: Direction,
    has_changed: bool,
    /// Traffic secrets of the client and the server, and the exporter's.
    pub(crate) application: [Vec<u8>; 3],
}

/// The hello in what a client says.
fn hello_in(bytes: &[u8]) -> Vec<u8> {
    let records = records(bytes);
    let hello = records.iter().filter(|record| record[0] == HANDSHAKE);
    hello.flat_map(|record| record[5..].to_vec()).collect()
}

/// The names and the binders of a hello, and how many bytes the binders have.
pub(crate) fn offered(hello: &mut ClientHello) -> (Vec<Vec<u8>>, Vec<Vec<u8>>, usize) {
    let content = hello.extensions().get(number::PRE_SHARED_KEY).clone();
    let number = |at: usize| usize::from(u16::from_be_bytes([content[at], content[at + 1]]));
    let (mut identities, mut at) = (Vec::new(), 2);
    while at < 2 + number(0) {
        let end = at + 2 + number(at);
        identities.push(content[at + 2..end].to_vec());
        assert_eq!(content[end..end + 4], [0; 4], "an age (RFC 8446 §4.2.11)");
        at = end + 4;
    }
    let truncated = content.len() - at;
    let mut binders = Vec::new();
    at += 2;
    while at < content.len() {
        let end = at + 1 + usize::from(content[at]);
        binders.push(content[at + 1..end].to_vec());
        at = end;
    }
    (identities, binders, truncated)
}

impl Server {
    /// Hears a client that offers one key, for SHA-256.
    pub(crate) fn hear(end: &mut End) -> Self {
        Self::with(hello_in(&end.take()), Psk::external(Hash::Sha256, &SECRET))
    }

    /// Takes this key for the client's first.
    pub(crate) fn with(message: Vec<u8>, psk: Psk) -> Self {
        let hello = ClientHello::parse(&message);
        let pair = Pair::new(GROUP_X25519);
        let extensions = [
            (number::SUPPORTED_VERSIONS, vec![3, 4]),
            (number::KEY_SHARE, entry(GROUP_X25519, &pair.share())),
            (number::PRE_SHARED_KEY, vec![0, 0]),
        ];
        Self {
            answer: ServerHello {
                version: [3, 3],
                random: [0x5e; 32],
                session_id: hello.session_id.clone(),
                suite: AES_128_SHA256,
                compression: 0,
                extensions: Extensions(extensions.to_vec()),
            },
            hello,
            message,
            first: None,
            psk,
            pair,
            extensions: Extensions::default(),
        }
    }

    /// The content of an extension of the ServerHello.
    pub(crate) fn extension(&mut self, number: u16) -> &mut Vec<u8> {
        self.answer.extensions.get(number)
    }

    pub(crate) fn share(&mut self, share: &[u8]) {
        *self.extension(number::KEY_SHARE) = share.to_vec();
    }

    /// Checks that the client's binder in this place is what the key makes of its hello.
    pub(crate) fn check_binder(&mut self, place: usize) {
        let (_, binders, truncated) = offered(&mut self.hello);
        let before = self.before(self.psk.hash);
        let hello = &self.message[..self.message.len() - truncated];
        assert_eq!(binders[place], self.psk.binder(&before, hello));
    }

    fn before(&self, hash: Hash) -> Vec<u8> {
        match &self.first {
            None => Vec::new(),
            Some((first, retry)) => hash.before(first, retry),
        }
    }

    /// A HelloRetryRequest for a share of P-256.
    pub(crate) fn retry(&self) -> ServerHello {
        let mut retry = self.answer.clone();
        retry.random = RETRY;
        retry.extensions.remove(number::PRE_SHARED_KEY);
        *retry.extensions.get(number::KEY_SHARE) = GROUP_P256.to_be_bytes().to_vec();
        retry
    }

    /// Says it, and hears the second hello.
    pub(crate) fn ask_again(&mut self, end: &mut End, retry: &ServerHello) {
        let retry = retry.encode();
        end.give(&record(HANDSHAKE, &retry), usize::MAX);
        assert!(end.conn.failure().is_none(), "{:?}", end.conn.failure());
        self.hear_again(end, retry);
    }

    /// Hears the hello that answers this retry.
    pub(crate) fn hear_again(&mut self, end: &mut End, retry: Vec<u8>) {
        let bytes = end.take();
        assert_eq!(bytes[..6], record(CHANGE_CIPHER_SPEC, &[1]));
        let message = hello_in(&bytes);
        let first = std::mem::replace(&mut self.message, message);
        self.first = Some((first, retry));
        self.hello = ClientHello::parse(&self.message);
        self.check_binder(0);
        let group = self.shares().first().expect("a share").0;
        self.pair = Pair::new(group);
        let share = entry(group, &self.pair.share());
        self.share(&share);
    }

    /// The client's shares.
    pub(crate) fn shares(&mut self) -> Vec<(u16, Vec<u8>)> {
        let content = self.hello.extensions().get(number::KEY_SHARE);
        let shares = Extensions::parse(&content[2..]);
        shares.0
    }

    /// Makes the keys that follow from what is answered.
    pub(crate) fn answering(&mut self) -> Answering {
        let suite = self.answer.suite;
        let server_hello = self.answer.encode();
        let before = self.before(Hash::of(suite));
        let messages = [&before[..], &self.message, &server_hello].concat();
        let group = self.pair.group;
        let shared = self.answer.extensions.has(number::KEY_SHARE).then(|| {
            let shares = self.shares();
            let share = shares.iter().find(|share| share.0 == group);
            self.pair.agree(&share.expect("a share of it").1)
        });
        let keys = Keys::new(suite, &self.psk, shared.as_deref(), &messages);
        Answering {
            tx: keys.direction(&keys.server),
            rx: keys.direction(&keys.client),
            keys,
            messages,
            server_hello,
            extensions: self.extensions.clone(),
            has_changed: self.first.is_some(),
        }
    }

    /// A client that has our ServerHello, and waits for EncryptedExtensions.
    pub(crate) fn greet(&mut self, end: &mut End) -> Answering {
        self.check_binder(0);
        let mut answering = self.answering();
        end.give(&record(HANDSHAKE, &answering.server_hello), usize::MAX);
        assert!(end.conn.failure().is_none(), "{:?}", end.conn.failure());
        // Before whatever is sealed: it may be an alert.
        let expected = match core::mem::replace(&mut answering.has_changed, true) {
            true => Vec::new(),
            false => record(CHANGE_CIPHER_SPEC, &[1]),
        };
        assert_eq!(end.take(), expected);
        answering
    }
}

impl Answering {
    pub(crate) fn encrypted_extensions(&self) -> Vec<u8> {
        message(8, &self.extensions.encode())
    }

    /// Finished behind these messages.
    pub(crate) fn finished(&self, messages: &[u8]) -> Vec<u8> {
        let messages = [&self.messages[..], messages].concat();
        message(
            FINISHED,
            &self.keys.hash.finished(&self.keys.server, &messages),
        )
    }

    /// EncryptedExtensions and Finished.
    pub(crate) fn flight(&self) -> [Vec<u8>; 2] {
        let extensions = self.encrypted_extensions();
        let finished = self.finished(&extensions);
        [extensions, finished]
    }

    /// With our last messages said.
    pub(crate) fn said(mut self, messages: &[u8]) -> Finishing {
        self.messages.extend(messages);
        Finishing {
            application: self.keys.application(&self.messages),
            keys: self.keys,
            messages: self.messages,
            rx: self.rx,
            has_changed: self.has_changed,
        }
    }

    /// Says the last flight.
    pub(crate) fn finish(mut self, end: &mut End) -> Finishing {
        let flight = self.flight().concat();
        end.give(&self.tx.seal(HANDSHAKE, &flight, 0), usize::MAX);
        self.said(&flight)
    }
}

impl Finishing {
    /// The same once more, with the client's records unread.
    pub(crate) fn again(&self) -> Self {
        Self {
            keys: self.keys.clone(),
            messages: self.messages.clone(),
            rx: self.keys.direction(&self.keys.client),
            has_changed: self.has_changed,
            application: self.application.clone(),
        }
    }

    /// Hears the client's Finished, and says something in both directions: our direction, and the
    /// client's.
    pub(crate) fn complete(mut self, end: &mut End) -> [Direction; 2] {
        assert!(end.conn.is_encrypted(), "{:?}", end.conn);
        let bytes = end.take();
        // Once, before its second flight, whatever that is (RFC 8446 §D.4).
        let sealed = match self.has_changed {
            true => Some(&bytes[..]),
            false => bytes.strip_prefix(&record(CHANGE_CIPHER_SPEC, &[1])[..]),
        };
        let sealed = sealed.expect("a ChangeCipherSpec");
        let base = &self.keys.client;
        let finished = message(FINISHED, &self.keys.hash.finished(base, &self.messages));
        assert_eq!(self.rx.open(sealed), (HANDSHAKE, finished), "the client's");
        let [client, server, exporter] = &self.application;
        let (mut rx, mut tx) = (self.keys.direction(client), self.keys.direction(server));
        end.give(&tx.seal(DATA, b"ping", 0), usize::MAX);
        assert_eq!(end.read_all(), b"ping");
        end.write(b"pong");
        assert_eq!(rx.open(&end.take()), (DATA, b"pong".to_vec()));
        let mut exported = [0; 32];
        let done = end
            .conn
            .export_keying_material(&mut exported, b"EXPERIMENTAL tests", None);
        assert_eq!(done, Ok(()));
        let expected = self.keys.exported(exporter, "EXPERIMENTAL tests");
        assert_eq!(exported[..], expected);
        [tx, rx]
    }
}

/// A vector that is one name (RFC 7301 §3.1).
pub(crate) fn protocols(names: &[&[u8]]) -> Vec<u8> {
    let names = names
        .iter()
        .flat_map(|name| [&[name.len() as u8], *name].concat());
    vector16(&names.collect::<Vec<u8>>())
}
