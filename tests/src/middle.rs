//! A man in the middle with the key log: opens what two ends say, and seals what a test makes of
//! it. So a test can cut, change and insert records that are protected.

use std::sync::{Arc, Mutex};

use rustls::crypto::tls13::OkmBlock;
use rustls::{SupportedCipherSuite, Tls12CipherSuite, Tls13CipherSuite};
use sslcore::crypto::{AeadAlgorithm, Backend};
use sslcore::{KeyLog, KeyLogLine, SslCipher};

use crate::hello::{ServerHello, kind};
use crate::pair::backend;
use crate::sealing::{CHANGE_CIPHER_SPEC, DATA, Direction, HANDSHAKE, record, records};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// The client.
    Client,
    /// The server.
    Server,
}

/// How a record is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Keys {
    /// Not at all.
    None,
    /// Under the handshake keys of TLS 1.3, or the only ones of TLS 1.2.
    First,
    /// Under the traffic keys of TLS 1.3.
    Traffic,
}

/// Label, client random, secret.
type Line = (String, Vec<u8>, Vec<u8>);

/// The secrets of all connections of a configuration. Both ends log them: each knows some first.
#[derive(Default)]
pub struct Secrets(Mutex<Vec<Line>>);

impl KeyLog for Secrets {
    fn log(&self, line: &KeyLogLine<'_>) {
        let (random, secret) = (line.client_random().to_vec(), line.secret().to_vec());
        let mut lines = self.0.lock().expect("nobody panics");
        lines.push((line.label().to_owned(), random, secret));
    }
}

impl Secrets {
    fn find(&self, label: &str, random: &[u8]) -> Option<Vec<u8>> {
        let lines = self.0.lock().expect("nobody panics");
        let found = lines
            .iter()
            .find(|line| line.0 == label && line.1 == random);
        found.map(|line| line.2.clone())
    }
}

/// What one end has said: a whole handshake message, or another record's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The content type.
    pub content: u8,
    /// A handshake message with its header, or a record's content.
    pub body: Vec<u8>,
    /// How it was protected.
    pub keys: Keys,
}

impl Said {
    /// Whether it is a handshake message of this type.
    pub fn is(&self, kind: u8) -> bool {
        self.content == HANDSHAKE && self.body.first() == Some(&kind)
    }

    /// Whether it must be the last in its record: keys change behind it, or nothing may follow.
    fn ends_its_record(&self, tls13: bool) -> bool {
        self.is(kind::CLIENT_HELLO)
            || self.is(kind::FINISHED)
            || (tls13 && self.is(kind::SERVER_HELLO))
    }
}

/// One end's protection, as it is read and as it is written again.
#[derive(Default)]
struct Side {
    keys: Option<Keys>,
    read: Option<Direction>,
    /// Under the first keys, and under the traffic keys.
    write: [Option<Direction>; 2],
    /// An incomplete message.
    partial: Vec<u8>,
}

enum Suite {
    Tls12(&'static Tls12CipherSuite),
    Tls13(&'static Tls13CipherSuite),
}

/// The man in the middle of one connection.
pub struct Middle {
    secrets: Arc<Secrets>,
    sides: [Side; 2],
    client_random: Vec<u8>,
    server_random: [u8; 32],
    suite: Option<Suite>,
    backend: Backend,
}

impl Middle {
    /// Stands between two ends that log these secrets.
    pub fn new(secrets: &Arc<Secrets>) -> Self {
        Self {
            secrets: secrets.clone(),
            sides: Default::default(),
            client_random: Vec::new(),
            server_random: [0; 32],
            suite: None,
            backend: backend(),
        }
    }

    /// Whether TLS 1.3 was negotiated.
    pub fn is_tls13(&self) -> bool {
        matches!(self.suite, Some(Suite::Tls13(_)))
    }

    /// Opens whole records of `who`'s, which carry whole messages.
    pub fn listen(&mut self, who: Who, bytes: &[u8]) -> Vec<Said> {
        let mut said = Vec::new();
        for record in records(bytes) {
            let tls13 = self.is_tls13();
            let side = &mut self.sides[who as usize];
            let mut keys = side.keys.unwrap_or(Keys::None);
            let (content, body) = match &mut side.read {
                Some(read) if !tls13 || record[0] == DATA => read.open(record),
                _ => {
                    keys = Keys::None;
                    (record[0], record[5..].to_vec())
                }
            };
            if content != HANDSHAKE {
                if content == CHANGE_CIPHER_SPEC && matches!(self.suite, Some(Suite::Tls12(_))) {
                    self.change_keys(who, Keys::First);
                }
                said.push(Said {
                    content,
                    body,
                    keys,
                });
                continue;
            }
            side.partial.extend_from_slice(&body);
            while let Some(body) = self.next_message(who) {
                self.note(who, &body);
                said.push(Said {
                    content,
                    body,
                    keys,
                });
            }
        }
        said
    }

    fn next_message(&mut self, who: Who) -> Option<Vec<u8>> {
        let partial = &mut self.sides[who as usize].partial;
        let [_, 0, high, low, ..] = partial[..] else {
            return None;
        };
        let len = 4 + usize::from(u16::from_be_bytes([high, low]));
        (partial.len() >= len).then(|| partial.drain(..len).collect())
    }

    fn note(&mut self, who: Who, message: &[u8]) {
        match message[0] {
            kind::CLIENT_HELLO => self.client_random = message[6..38].to_vec(),
            kind::SERVER_HELLO => {
                let hello = ServerHello::parse(message);
                if hello.is_retry() {
                    return;
                }
                self.server_random = hello.random;
                let mut suites = self.backend.provider().cipher_suites.iter();
                let suite = suites.find(|suite| u16::from(suite.suite()) == hello.suite);
                self.suite = match suite.expect("a suite of the backend's") {
                    SupportedCipherSuite::Tls13(suite) => Some(Suite::Tls13(suite)),
                    SupportedCipherSuite::Tls12(suite) => Some(Suite::Tls12(suite)),
                };
                if self.is_tls13() {
                    self.change_keys(Who::Server, Keys::First);
                    self.change_keys(Who::Client, Keys::First);
                }
            }
            kind::FINISHED if self.is_tls13() => self.change_keys(who, Keys::Traffic),
            _ => {}
        }
    }

    fn change_keys(&mut self, who: Who, keys: Keys) {
        let direction = || match &self.suite {
            Some(Suite::Tls13(suite)) => self.tls13_direction(who, keys, suite),
            Some(Suite::Tls12(suite)) => self.tls12_direction(who, suite),
            None => panic!("no suite yet"),
        };
        let (read, write) = (direction(), direction());
        let side = &mut self.sides[who as usize];
        side.keys = Some(keys);
        side.read = Some(read);
        side.write[keys as usize - 1] = Some(write);
    }

    fn secret(&self, label: &str) -> Vec<u8> {
        let secret = self.secrets.find(label, &self.client_random);
        secret.unwrap_or_else(|| panic!("nobody has logged {label}"))
    }

    fn tls13_direction(&self, who: Who, keys: Keys, suite: &Tls13CipherSuite) -> Direction {
        let label = match (who, keys) {
            (Who::Client, Keys::Traffic) => "CLIENT_TRAFFIC_SECRET_0",
            (Who::Client, _) => "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
            (Who::Server, Keys::Traffic) => "SERVER_TRAFFIC_SECRET_0",
            (Who::Server, _) => "SERVER_HANDSHAKE_TRAFFIC_SECRET",
        };
        let secret = OkmBlock::new(&self.secret(label));
        let expander = suite.hkdf_provider.expander_for_okm(&secret);
        let expand = |label: &[u8], len: usize| {
            let mut info = vec![0, len as u8, 6 + label.len() as u8];
            info.extend_from_slice(b"tls13 ");
            info.extend_from_slice(label);
            info.push(0);
            let mut out = vec![0; len];
            expander.expand_slice(&[&info], &mut out).expect("short");
            out
        };
        let algorithm = algorithm(suite.common.suite.into());
        let (key, iv) = (expand(b"key", algorithm.key_len()), expand(b"iv", 12));
        Direction::new(&self.backend, true, algorithm, (&key, &iv), 0)
    }

    fn tls12_direction(&self, who: Who, suite: &Tls12CipherSuite) -> Direction {
        let shape = suite.aead_alg.key_block_shape();
        let (key_len, iv_len) = (shape.enc_key_len, shape.fixed_iv_len);
        let seed = [&self.server_random[..], &self.client_random].concat();
        let master = self.secret("CLIENT_RANDOM");
        let mut block = vec![0; 2 * (key_len + iv_len)];
        let prf = suite.prf_provider;
        prf.for_secret(&mut block, &master, b"key expansion", &seed);
        let (keys, ivs) = block.split_at(2 * key_len);
        let material = match who {
            Who::Client => (&keys[..key_len], &ivs[..iv_len]),
            Who::Server => (&keys[key_len..], &ivs[iv_len..]),
        };
        let algorithm = algorithm(suite.common.suite.into());
        Direction::new(&self.backend, false, algorithm, material, 0)
    }

    /// One record as if `who` had made it.
    pub fn record(&mut self, who: Who, keys: Keys, content: u8, body: &[u8]) -> Vec<u8> {
        self.padded(who, keys, content, body, 0)
    }

    /// The same with padding, where TLS 1.3 protects it.
    pub fn padded(
        &mut self,
        who: Who,
        keys: Keys,
        content: u8,
        body: &[u8],
        padding: usize,
    ) -> Vec<u8> {
        if keys == Keys::None {
            return record(content, body);
        }
        let write = &mut self.sides[who as usize].write[keys as usize - 1];
        let write = write.as_mut().expect("keys that are known by now");
        write.seal(content, body, padding)
    }

    /// Says it for `who`: every message in a record of its own.
    pub fn say(&mut self, who: Who, said: &[Said]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for one in said {
            bytes.extend(self.record(who, one.keys, one.content, &one.body));
        }
        bytes
    }

    /// Says it for `who`, the handshake cut into records as long as `lengths` says, across the
    /// messages wherever TLS allows that.
    pub fn say_cut(
        &mut self,
        who: Who,
        said: &[Said],
        lengths: &mut dyn FnMut() -> usize,
    ) -> Vec<u8> {
        let tls13 = self.is_tls13();
        let mut bytes = Vec::new();
        let mut run: Vec<u8> = Vec::new();
        for (i, one) in said.iter().enumerate() {
            if one.content != HANDSHAKE {
                bytes.extend(self.record(who, one.keys, one.content, &one.body));
                continue;
            }
            run.extend_from_slice(&one.body);
            let goes_on = said
                .get(i + 1)
                .is_some_and(|next| next.content == HANDSHAKE && next.keys == one.keys);
            if goes_on && !one.ends_its_record(tls13) {
                continue;
            }
            let mut rest = &std::mem::take(&mut run)[..];
            while !rest.is_empty() {
                let (now, later) = rest.split_at(lengths().min(rest.len()));
                bytes.extend(self.record(who, one.keys, HANDSHAKE, now));
                rest = later;
            }
        }
        bytes
    }
}

fn algorithm(suite: u16) -> AeadAlgorithm {
    SslCipher::from_id(suite).expect("a known suite").aead()
}
