//! The keys of both ends of one connection, from the secrets that one of them logs.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use spin::Mutex;

use super::record::{Keys, Record};
use crate::crypto::{Backend, NONCE_LEN, RecordAead, TAG_LEN};
use crate::handshake::key_schedule::{Secret, Tls12Secrets, next_traffic_secret, tls13_key};
use crate::handshake::wire::server_hello::ServerHello;
use crate::key_log::{KeyLog, KeyLogLine};
use crate::protocol::{SslCipher, SslProtocol};
use crate::record::header::{ContentType, HEADER_LEN, Header, LEGACY_VERSION, MAX_PLAINTEXT};
use crate::record::messages::{MESSAGE_HEADER, kind};
use crate::record::protection::{KeyMaterial, Protection};

/// Why records cannot be sealed.
///
/// ```
/// # use sslcore::testing::{Record, ScriptedPeer, SealError};
/// fn sealed(peer: &mut ScriptedPeer, record: Record) -> Vec<u8> {
///     match peer.seal(&[record]) {
///         Ok(bytes) => bytes,
///         Err(SealError::NoKeys(keys)) => panic!("{keys:?} come later in the handshake"),
///         Err(error) => panic!("{error}"),
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SealError {
    /// The peer has not derived these keys yet, or the version has none.
    NoKeys(Keys),
    /// So many bytes, with what is sealed with them, do not fit into a record's length of 16 bits.
    TooLong(usize),
    /// The backend has refused.
    Backend,
}

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoKeys(keys) => write!(f, "the peer has no keys {keys:?} yet"),
            Self::TooLong(bytes) => {
                write!(
                    f,
                    "a record cannot say that it has {bytes} bytes; at most 65535"
                )
            }
            Self::Backend => f.write_str("the backend cannot seal the record"),
        }
    }
}

impl core::error::Error for SealError {}

/// The secrets that a connection has logged, by their labels.
#[derive(Default)]
pub(super) struct Secrets(Mutex<Vec<(String, [u8; 32], Secret)>>);

impl KeyLog for Secrets {
    fn log(&self, line: &KeyLogLine<'_>) {
        let random = <[u8; 32]>::try_from(line.client_random());
        if let (Ok(random), Some(secret)) = (random, Secret::new(line.secret())) {
            self.0.lock().push((line.label().into(), random, secret));
        }
    }
}

impl Secrets {
    /// The last with this label, and the client's random.
    fn find(&self, label: &str) -> Option<([u8; 32], Secret)> {
        let lines = self.0.lock();
        let line = lines.iter().rev().find(|line| line.0 == label)?;
        Some((line.1, line.2.clone()))
    }

    pub(super) fn forget(&self) {
        self.0.lock().clear();
    }
}

/// What has been negotiated, and the secrets that it has led to.
pub(super) struct Schedule {
    pub(super) backend: Backend,
    pub(super) secrets: Arc<Secrets>,
    suite: Option<SslCipher>,
    server_random: [u8; 32],
}

impl Schedule {
    pub(super) fn new(backend: Backend, secrets: Arc<Secrets>) -> Self {
        Self {
            backend,
            secrets,
            suite: None,
            server_random: [0; 32],
        }
    }

    pub(super) fn version(&self) -> Option<SslProtocol> {
        self.suite.map(|suite| suite.protocol())
    }

    /// A ServerHello settles the suite. One that cannot be read settles nothing.
    pub(super) fn server_hello(&mut self, message: &[u8]) {
        let Some(hello) = ServerHello::read(message).ok().filter(|it| !it.is_retry()) else {
            return;
        };
        // The version, the random, and the session id, with its length before it.
        const SESSION_ID: usize = MESSAGE_HEADER + 2 + 32;
        let session_id = message.get(SESSION_ID).map_or(0, |len| usize::from(*len));
        let id = message.get(SESSION_ID + 1 + session_id..);
        let Some([high, low]) = id.and_then(|id| id.first_chunk()) else {
            return;
        };
        let id = u16::from_be_bytes([*high, *low]);
        self.suite = SslCipher::negotiated(id);
        self.server_random = hello.random;
    }

    fn material(&self, of_client: bool, keys: Keys) -> Option<KeyMaterial> {
        let suite = self.suite?;
        let hash = &**self.backend.hash(suite.hash())?;
        match (suite.protocol(), keys) {
            (_, Keys::None) | (SslProtocol::TlsV1_2, Keys::Handshake | Keys::Traffic(1..)) => None,
            (SslProtocol::TlsV1_2, Keys::Traffic(0)) => {
                let (client_random, master) = self.secrets.find("CLIENT_RANDOM")?;
                let secrets = Tls12Secrets {
                    hash,
                    master: &master,
                    client_random: &client_random,
                    server_random: &self.server_random,
                };
                secrets.key(suite.aead(), of_client)
            }
            (SslProtocol::TlsV1_3, keys) => {
                let (label, updates) = match (keys, of_client) {
                    (Keys::Traffic(updates), true) => ("CLIENT_TRAFFIC_SECRET_0", updates),
                    (Keys::Traffic(updates), false) => ("SERVER_TRAFFIC_SECRET_0", updates),
                    (_, true) => ("CLIENT_HANDSHAKE_TRAFFIC_SECRET", 0),
                    (_, false) => ("SERVER_HANDSHAKE_TRAFFIC_SECRET", 0),
                };
                let (_, mut secret) = self.secrets.find(label)?;
                for _ in 0..updates {
                    secret = next_traffic_secret(hash, &secret)?;
                }
                tls13_key(hash, suite.aead(), &secret)
            }
        }
    }

    /// What opens records under these keys.
    pub(super) fn opening(&self, of_client: bool, keys: Keys) -> Option<Protection> {
        let material = self.material(of_client, keys)?;
        Protection::new(&self.backend, self.version()?, &material, 0).ok()
    }

    /// What seals records under these keys.
    pub(super) fn sealing(&self, of_client: bool, keys: Keys) -> Option<Sealing> {
        let (material, version) = (self.material(of_client, keys)?, self.version()?);
        Some(Sealing {
            keys,
            aead: material.aead(&self.backend).ok()?,
            is_tls13: version == SslProtocol::TlsV1_3,
            explicit_nonce: material.has_explicit_nonce(version),
            iv: **material.iv(),
            seq: 0,
        })
    }
}

/// One key, which seals whatever it is given: contents of any type and length.
pub(super) struct Sealing {
    pub(super) keys: Keys,
    aead: Box<dyn RecordAead>,
    is_tls13: bool,
    explicit_nonce: bool,
    iv: [u8; NONCE_LEN],
    seq: u64,
}

impl Sealing {
    pub(super) fn seal(&mut self, record: &Record, out: &mut Vec<u8>) -> Result<(), SealError> {
        let mut nonce = self.iv;
        for (byte, seq) in nonce[4..].iter_mut().zip(self.seq.to_be_bytes()) {
            *byte ^= seq;
        }
        let mut inner = record.body.clone();
        if self.is_tls13 {
            inner.push(record.content);
            inner.resize(inner.len() + record.padding.min(1 << 16), 0);
        }
        let prefix = if self.explicit_nonce { 8 } else { 0 };
        let content = match self.is_tls13 {
            true => Record::DATA,
            false => record.content,
        };
        let header = header(content, prefix + inner.len() + TAG_LEN)?;
        let tag = match self.is_tls13 {
            true => self.aead.seal(&nonce, &header, &mut inner),
            false => {
                let mut aad = [0; 13];
                aad[..8].copy_from_slice(&self.seq.to_be_bytes());
                aad[8..11].copy_from_slice(&header[..3]);
                aad[11..].copy_from_slice(&(inner.len() as u16).to_be_bytes());
                self.aead.seal(&nonce, &aad, &mut inner)
            }
        };
        let tag = tag.map_err(|_| SealError::Backend)?;
        out.extend_from_slice(&header);
        out.extend_from_slice(&nonce[NONCE_LEN - prefix..]);
        out.extend_from_slice(&inner);
        out.extend_from_slice(&tag);
        self.seq = self.seq.wrapping_add(1);
        Ok(())
    }
}

/// A record in the clear.
pub(super) fn clear(record: &Record, out: &mut Vec<u8>) -> Result<(), SealError> {
    out.extend_from_slice(&header(record.content, record.body.len())?);
    out.extend_from_slice(&record.body);
    Ok(())
}

fn header(content: u8, body: usize) -> Result<[u8; HEADER_LEN], SealError> {
    let len = u16::try_from(body).map_err(|_| SealError::TooLong(body))?;
    let [high, low] = len.to_be_bytes();
    Ok([content, LEGACY_VERSION[0], LEGACY_VERSION[1], high, low])
}

/// What one end says, opened as it comes.
pub(super) struct Listening {
    of_client: bool,
    keys: Keys,
    opening: Option<Protection>,
    /// The beginning of a record.
    raw: Vec<u8>,
    /// The beginning of a message.
    message: Vec<u8>,
}

impl Listening {
    pub(super) fn new(of_client: bool) -> Self {
        Self {
            of_client,
            keys: Keys::None,
            opening: None,
            raw: Vec::new(),
            message: Vec::new(),
        }
    }

    /// Takes bytes; they are whole records, once enough have come.
    pub(super) fn hear(&mut self, bytes: &[u8]) {
        self.raw.extend_from_slice(bytes);
    }

    /// The next whole record, as it came.
    pub(super) fn next(&mut self) -> Option<Vec<u8>> {
        let &[_, _, _, high, low, ..] = &self.raw[..] else {
            return None;
        };
        let len = HEADER_LEN + usize::from(u16::from_be_bytes([high, low]));
        (self.raw.len() >= len).then(|| self.raw.drain(..len).collect())
    }

    /// Opens a record, and adds what is whole in it.
    pub(super) fn open(&mut self, mut raw: Vec<u8>, on: &mut Schedule, out: &mut Vec<Record>) {
        let mut record = Record::new(raw[0], &raw[HEADER_LEN..], Keys::None);
        let is_protected = match on.version() {
            Some(SslProtocol::TlsV1_3) => record.content == Record::DATA,
            Some(SslProtocol::TlsV1_2) => self.keys != Keys::None,
            _ => false,
        };
        if is_protected && self.keys == Keys::None {
            self.keys = Keys::Handshake;
        }
        if is_protected && self.opening.is_none() {
            self.opening = on.opening(self.of_client, self.keys);
        }
        if is_protected {
            if let Some(opened) = self.opened(&mut raw) {
                record = opened;
            }
        }
        self.sort(record, on, out);
    }

    fn opened(&mut self, raw: &mut [u8]) -> Option<Record> {
        let header = Header::read(raw, usize::MAX).ok()??;
        let (content, plaintext) = self.opening.as_mut()?.open(header, raw).ok()?;
        Some(Record::new(content as u8, &raw[plaintext], self.keys))
    }

    fn sort(&mut self, record: Record, on: &mut Schedule, out: &mut Vec<Record>) {
        if record.content != ContentType::Handshake as u8 {
            let begun = core::mem::take(&mut self.message);
            if !begun.is_empty() {
                out.push(Record::new(Record::HANDSHAKE, &begun, record.keys));
            }
            let changes = record.content == Record::CHANGE_CIPHER_SPEC;
            if changes && on.version() == Some(SslProtocol::TlsV1_2) {
                self.change_keys(Keys::Traffic(0));
            }
            out.push(record);
            return;
        }
        self.message.extend_from_slice(&record.body);
        while let Some(len) = Record::whole_message(&self.message) {
            let message: Vec<u8> = self.message.drain(..len).collect();
            self.note(&message, on);
            let message = Record::new(Record::HANDSHAKE, &message, record.keys);
            out.extend(message.cut(MAX_PLAINTEXT));
        }
    }

    fn note(&mut self, message: &[u8], on: &mut Schedule) {
        let is_tls13 = on.version() == Some(SslProtocol::TlsV1_3);
        match (message.first(), self.keys) {
            (Some(&kind::SERVER_HELLO), _) if !self.of_client => on.server_hello(message),
            (Some(&kind::FINISHED), _) if is_tls13 => self.change_keys(Keys::Traffic(0)),
            (Some(&kind::KEY_UPDATE), Keys::Traffic(updates)) if is_tls13 => {
                self.change_keys(Keys::Traffic(updates.wrapping_add(1)));
            }
            _ => {}
        }
    }

    fn change_keys(&mut self, keys: Keys) {
        self.keys = keys;
        self.opening = None;
    }
}
