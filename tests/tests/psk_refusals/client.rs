//! A client that has the key.

use sslcore_tests::hello::{
    ClientHello, Extensions, ServerHello, message, number, vector8, vector16,
};
use sslcore_tests::pair::End;
use sslcore_tests::sealing::{CHANGE_CIPHER_SPEC, DATA, Direction, HANDSHAKE, record, records};

use super::keys::{
    AES_128_SHA256, AES_256_SHA384, CHACHA20_SHA256, GROUP_P256, GROUP_X25519, Hash, Keys, Pair,
    Psk, entry,
};
use super::stage::{IDENTITY, SECRET};

pub(crate) const FINISHED: u8 = 20;
pub(crate) const PSK_KE: u8 = 0;
pub(crate) const PSK_DHE_KE: u8 = 1;

/// What stands for a key in a hello.
#[derive(Clone, Debug)]
pub(crate) struct Offered {
    pub(crate) identity: Vec<u8>,
    pub(crate) age: [u8; 4],
    pub(crate) psk: Psk,
    pub(crate) binder: Binder,
}

/// What stands in a binder's place.
#[derive(Clone, Debug)]
pub(crate) enum Binder {
    /// The right one.
    Good,
    /// Not even a length.
    None,
    Bytes(Vec<u8>),
    /// One more than there are identities.
    Twice,
}

impl Offered {
    pub(crate) fn new(identity: &[u8], psk: Psk) -> Self {
        Self {
            identity: identity.to_vec(),
            age: [0; 4],
            psk,
            binder: Binder::Good,
        }
    }
}

/// A client, and the hello that it says next. A test changes that, and it is bound then.
pub(crate) struct Client {
    /// Without pre_shared_key.
    pub(crate) hello: ClientHello,
    /// What pre_shared_key offers; none when there is nothing.
    pub(crate) offered: Vec<Offered>,
    /// Extensions behind pre_shared_key.
    pub(crate) behind: Vec<u8>,
    /// Bytes behind the binders, inside pre_shared_key.
    pub(crate) trailing: Vec<u8>,
    pub(crate) pair: Pair,
    /// The first hello, and its HelloRetryRequest.
    pub(crate) first: Option<(Vec<u8>, Vec<u8>)>,
    /// Whether the binders vouch for the hello alone, although it is the second.
    pub(crate) forgets: bool,
}

/// A server's flight, checked.
pub(crate) struct Answered {
    pub(crate) hello: ServerHello,
    pub(crate) keys: Keys,
    /// All messages so far.
    pub(crate) messages: Vec<u8>,
    pub(crate) extensions: Extensions,
    pub(crate) tx: Direction,
    /// The server's records behind its Finished.
    pub(crate) rx: Direction,
    /// Traffic secrets of the client and the server, and the exporter's.
    pub(crate) application: [Vec<u8>; 3],
}

impl Default for Client {
    fn default() -> Self {
        Self::with(Pair::new(GROUP_X25519))
    }
}

impl Client {
    /// One that shares this.
    pub(crate) fn with(pair: Pair) -> Self {
        let groups = [GROUP_X25519, GROUP_P256].map(u16::to_be_bytes).concat();
        let share = entry(pair.group, &pair.share());
        let extensions = [
            (number::SUPPORTED_GROUPS, vector16(&groups)),
            (number::SUPPORTED_VERSIONS, vector8(&[3, 4])),
            (number::PSK_MODES, vector8(&[PSK_DHE_KE])),
            (number::KEY_SHARE, vector16(&share)),
        ];
        Self {
            hello: ClientHello {
                version: [3, 3],
                random: [0xc1; 32],
                session_id: vec![0x1d; 32],
                suites: vec![AES_128_SHA256, AES_256_SHA384, CHACHA20_SHA256],
                compression: vec![0],
                extensions: Some(Extensions(extensions.to_vec())),
            },
            offered: vec![Offered::new(IDENTITY, Psk::external(Hash::Sha256, &SECRET))],
            behind: Vec::new(),
            trailing: Vec::new(),
            pair,
            first: None,
            forgets: false,
        }
    }

    /// The content of an extension.
    pub(crate) fn extension(&mut self, number: u16) -> &mut Vec<u8> {
        self.hello.extensions().get(number)
    }

    pub(crate) fn add(&mut self, number: u16, content: &[u8]) {
        self.hello.extensions().add(number, content);
    }

    pub(crate) fn remove(&mut self, number: u16) {
        self.hello.extensions().remove(number);
    }

    /// Supports this group alone.
    pub(crate) fn prefer(&mut self, group: u16) {
        *self.extension(number::SUPPORTED_GROUPS) = vector16(&group.to_be_bytes());
    }

    /// Shares these.
    pub(crate) fn share(&mut self, entries: &[u8]) {
        *self.extension(number::KEY_SHARE) = vector16(entries);
    }

    fn before(&self, hash: Hash) -> Vec<u8> {
        match &self.first {
            Some((first, retry)) if !self.forgets => hash.before(first, retry),
            _ => Vec::new(),
        }
    }

    /// The message, bound.
    pub(crate) fn message(&self) -> Vec<u8> {
        let mut hello = self.hello.clone();
        if self.offered.is_empty() {
            return hello.encode();
        }
        let identities: Vec<u8> = self
            .offered
            .iter()
            .flat_map(|one| [vector16(&one.identity), one.age.to_vec()].concat())
            .collect();
        let binders = |of: &dyn Fn(&Psk) -> Vec<u8>| {
            let binders = self.offered.iter().flat_map(|one| match &one.binder {
                Binder::Good => vector8(&of(&one.psk)),
                Binder::None => Vec::new(),
                Binder::Bytes(bytes) => vector8(bytes),
                Binder::Twice => vector8(&of(&one.psk)).repeat(2),
            });
            vector16(&binders.collect::<Vec<u8>>())
        };
        let zeros = binders(&|psk| vec![0; psk.hash.len()]);
        let content = [vector16(&identities), zeros.clone(), self.trailing.clone()].concat();
        let extensions = &mut hello.extensions().0;
        extensions.push((number::PRE_SHARED_KEY, content));
        if !self.behind.is_empty() {
            extensions.push((number::GREASE, self.behind.clone()));
        }
        let mut message = hello.encode();
        let behind = match self.behind.len() {
            0 => self.trailing.len(),
            len => self.trailing.len() + 4 + len,
        };
        let end = message.len() - zeros.len() - behind;
        let (truncated, rest) = message.split_at_mut(end);
        let bound = binders(&|psk| psk.binder(&self.before(psk.hash), truncated));
        rest[..zeros.len()].copy_from_slice(&bound);
        message
    }

    /// The same as a record.
    pub(crate) fn record(&self) -> Vec<u8> {
        record(HANDSHAKE, &self.message())
    }

    /// Says hello to a server that asks for a share of P-256, and makes the second hello.
    pub(crate) fn retry(&mut self, end: &mut End) {
        let first = self.message();
        end.give(&record(HANDSHAKE, &first), usize::MAX);
        self.hear_retry(first, &end.take());
    }

    /// Hears a HelloRetryRequest for P-256, and makes the second hello.
    pub(crate) fn hear_retry(&mut self, first: Vec<u8>, bytes: &[u8]) {
        let records = records(bytes);
        let retry = records[0][5..].to_vec();
        let mut hello = ServerHello::parse(&retry);
        assert!(hello.is_retry());
        assert_eq!(hello.session_id, self.hello.session_id);
        let wanted = GROUP_P256.to_be_bytes();
        assert_eq!(hello.extensions.get(number::KEY_SHARE)[..], wanted);
        self.check_change_cipher_specs(&records, true);
        self.pair = Pair::new(GROUP_P256);
        self.share(&entry(GROUP_P256, &self.pair.share()));
        if self.hello.extensions().has(number::EARLY_DATA) {
            self.remove(number::EARLY_DATA);
        }
        self.first = Some((first, retry));
    }

    /// One stands behind the server's first message (RFC 8446 §D.4).
    fn check_change_cipher_specs(&self, records: &[&[u8]], is_first: bool) {
        let nothing = record(CHANGE_CIPHER_SPEC, &[1]);
        let places: Vec<usize> = (0..records.len())
            .filter(|place| records[*place] == nothing)
            .collect();
        assert_eq!(places, [1][..usize::from(is_first)]);
    }

    /// Reads the server's flight, and checks all of it against what is derived here.
    pub(crate) fn hear(&self, own: &[u8], bytes: &[u8]) -> Answered {
        let records = records(bytes);
        self.check_change_cipher_specs(&records, self.first.is_none());
        let mut records = records.into_iter();
        let first = records.next().expect("a ServerHello");
        assert_eq!(first[0], HANDSHAKE, "{first:?}");
        let server_hello = first[5..].to_vec();
        let mut hello = ServerHello::parse(&server_hello);
        assert_eq!(hello.session_id, self.hello.session_id);
        assert!(self.hello.suites.contains(&hello.suite));
        let place = hello.extensions.get(number::PRE_SHARED_KEY);
        let place = u16::from_be_bytes(place[..].try_into().expect("a number"));
        let psk = &self.offered[usize::from(place)].psk;
        let hash = Hash::of(hello.suite);
        assert_eq!(psk.hash, hash, "a key of another hash");
        let shared = hello.extensions.has(number::KEY_SHARE).then(|| {
            let share = hello.extensions.get(number::KEY_SHARE);
            assert_eq!(share[..2], self.pair.group.to_be_bytes());
            self.pair.agree(&share[4..])
        });
        let mut messages = [&self.before(hash)[..], own, &server_hello].concat();
        let keys = Keys::new(hello.suite, psk, shared.as_deref(), &messages);
        let mut rx = keys.direction(&keys.server);
        let mut content = Vec::new();
        for record in records.filter(|record| record[0] == DATA) {
            let (kind, part) = rx.open(record);
            assert_eq!(kind, HANDSHAKE);
            content.extend(part);
        }
        let finished_len = 4 + hash.len();
        let (extensions, finished) = content.split_at(content.len() - finished_len);
        messages.extend(extensions);
        let expected = message(FINISHED, &hash.finished(&keys.server, &messages));
        assert_eq!(finished, expected, "the server's Finished");
        messages.extend(finished);
        let application = keys.application(&messages);
        Answered {
            tx: keys.direction(&keys.client),
            rx: keys.direction(&application[1]),
            extensions: Extensions::parse(&extensions[6..]),
            hello,
            keys,
            messages,
            application,
        }
    }

    /// Says hello, and hears the server.
    pub(crate) fn greet(&self, end: &mut End) -> Answered {
        let own = self.message();
        end.give(&record(HANDSHAKE, &own), usize::MAX);
        let bytes = end.take();
        assert!(end.conn.failure().is_none(), "{:?}", end.conn.failure());
        self.hear(&own, &bytes)
    }
}

impl Answered {
    /// The Finished that is due.
    pub(crate) fn finished(&self) -> Vec<u8> {
        let keys = &self.keys;
        message(FINISHED, &keys.hash.finished(&keys.client, &self.messages))
    }

    /// Ends the handshake, and says something in both directions.
    pub(crate) fn complete(&mut self, end: &mut End) {
        let finished = self.finished();
        end.give(&self.tx.seal(HANDSHAKE, &finished, 0), usize::MAX);
        self.converse(end);
    }

    /// The second half of it.
    pub(crate) fn converse(&mut self, end: &mut End) {
        assert!(end.conn.is_encrypted(), "{:?}", end.conn);
        let mut tx = self.keys.direction(&self.application[0]);
        end.give(&tx.seal(DATA, b"ping", 0), usize::MAX);
        assert_eq!(end.read_all(), b"ping");
        end.write(b"pong");
        assert_eq!(self.rx.open(&end.take()), (DATA, b"pong".to_vec()));
        let mut exported = [0; 32];
        end.conn
            .export_keying_material(&mut exported, b"EXPERIMENTAL tests", None)
            .expect("encrypted");
        let exporter = &self.application[2];
        let expected = self.keys.exported(exporter, "EXPERIMENTAL tests");
        assert_eq!(exported[..], expected);
    }
}
