//! One direction of record protection, for peers that seal whatever a test wants.

use sslcore::crypto::{AeadAlgorithm, Backend, RecordAead, TAG_LEN};

/// Content types, as they stand in records.
pub const CHANGE_CIPHER_SPEC: u8 = 20;
/// An alert record.
pub const ALERT: u8 = 21;
/// A handshake record.
pub const HANDSHAKE: u8 = 22;
/// An application data record.
pub const DATA: u8 = 23;

/// A record in the clear.
pub fn record(content: u8, body: &[u8]) -> Vec<u8> {
    let len = u16::try_from(body.len()).expect("a record");
    let mut record = vec![content, 3, 3];
    record.extend_from_slice(&len.to_be_bytes());
    record.extend_from_slice(body);
    record
}

/// The records in `bytes`, which end with one, headers included.
pub fn records(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut records = Vec::new();
    while let [_, _, _, high, low, ..] = *bytes {
        let (record, later) = bytes.split_at(5 + usize::from(u16::from_be_bytes([high, low])));
        records.push(record);
        bytes = later;
    }
    assert!(bytes.is_empty(), "a part of a record: {bytes:?}");
    records
}

/// The key of one direction, and how often it was used.
pub struct Direction {
    tls13: bool,
    /// TLS 1.2 with GCM carries eight bytes of the nonce in the record.
    explicit_nonce: bool,
    aead: Box<dyn RecordAead>,
    iv: [u8; 12],
    seq: u64,
}

impl Direction {
    /// A direction that has seen `seq` records. `iv` has what the key schedule gives: 4 bytes for
    /// GCM in TLS 1.2, else 12.
    pub fn new(
        backend: &Backend,
        tls13: bool,
        algorithm: AeadAlgorithm,
        (key, iv): (&[u8], &[u8]),
        seq: u64,
    ) -> Self {
        let mut whole = [0; 12];
        whole[..iv.len()].copy_from_slice(iv);
        Self {
            tls13,
            explicit_nonce: !tls13 && algorithm != AeadAlgorithm::ChaCha20Poly1305,
            aead: backend.aead(algorithm, key).expect("a key"),
            iv: whole,
            seq,
        }
    }

    fn nonce(&self) -> [u8; 12] {
        let mut nonce = self.iv;
        for (byte, seq) in nonce[4..].iter_mut().zip(self.seq.to_be_bytes()) {
            *byte ^= seq;
        }
        nonce
    }

    fn tls12_aad(&self, content: u8, len: usize) -> Vec<u8> {
        let mut aad = self.seq.to_be_bytes().to_vec();
        aad.extend_from_slice(&[content, 3, 3]);
        aad.extend_from_slice(&(len as u16).to_be_bytes());
        aad
    }

    /// One record of this type with this content, and with padding in TLS 1.3.
    pub fn seal(&mut self, content: u8, body: &[u8], padding: usize) -> Vec<u8> {
        if self.tls13 {
            let padded = [body, &[content], &vec![0; padding]].concat();
            return self.seal_inner(padded);
        }
        let nonce = self.nonce();
        let explicit: &[u8] = if self.explicit_nonce {
            &nonce[4..]
        } else {
            &[]
        };
        let mut inner = body.to_vec();
        let aad = self.tls12_aad(content, inner.len());
        let tag = self.aead.seal(&nonce, &aad, &mut inner).expect("seal");
        self.seq += 1;
        record(content, &[explicit, &inner, &tag].concat())
    }

    /// One TLS 1.3 record with all that is sealed in it: the content, its type, the padding.
    pub fn seal_inner(&mut self, mut inner: Vec<u8>) -> Vec<u8> {
        let mut sealed = record(DATA, &vec![0; inner.len() + TAG_LEN]);
        sealed.truncate(5);
        let nonce = self.nonce();
        let tag = self.aead.seal(&nonce, &sealed, &mut inner).expect("seal");
        self.seq += 1;
        [sealed, inner, tag.to_vec()].concat()
    }

    /// The type and the content of a record, padding removed.
    pub fn open(&mut self, record: &[u8]) -> (u8, Vec<u8>) {
        let (header, body) = record.split_at(5);
        let mut nonce = self.nonce();
        let mut content = header[0];
        let mut inner;
        if self.tls13 {
            inner = body.to_vec();
            self.aead
                .open(&nonce, header, &mut inner)
                .expect("authentic");
            inner.truncate(inner.len() - TAG_LEN);
            while inner.last() == Some(&0) {
                inner.pop();
            }
            content = inner.pop().expect("a type");
        } else {
            let explicit = if self.explicit_nonce { 8 } else { 0 };
            nonce[12 - explicit..].copy_from_slice(&body[..explicit]);
            inner = body[explicit..].to_vec();
            let aad = self.tls12_aad(content, inner.len() - TAG_LEN);
            self.aead.open(&nonce, &aad, &mut inner).expect("authentic");
            inner.truncate(inner.len() - TAG_LEN);
        }
        self.seq += 1;
        (content, inner)
    }
}
