//! Somebody between the two ends who has stolen the handshake's keys, and can seal what they
//! sealed anew: all but the hash that Finished is made from.

use std::sync::{Arc, Mutex};

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use sslcore::crypto::{AeadAlgorithm, RecordAead, TAG_LEN};
use sslcore::{ConfigBuilder, KeyLog, KeyLogLine};
use sslcore_tests::pair::{End, Pair, backend};

/// One direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum From {
    Client,
    Server,
}

/// What is changed on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tamper {
    /// A bit of Finished, sealed rightly again.
    Finished,
    /// A bit of the record that Finished is in, so that its tag is wrong.
    Record,
}

/// The secrets that an end has logged.
#[derive(Clone, Default)]
pub(crate) struct Stolen(Arc<Mutex<Lines>>);

/// Labels and secrets.
type Lines = Vec<(String, Vec<u8>)>;

impl KeyLog for Stolen {
    fn log(&self, line: &KeyLogLine<'_>) {
        let mut lines = self.0.lock().expect("nobody panics");
        lines.push((line.label().to_owned(), line.secret().to_vec()));
    }
}

impl Stolen {
    fn secret(&self, label: &str) -> Option<Vec<u8>> {
        let lines = self.0.lock().expect("nobody panics");
        let mut lines = lines.iter().filter(|(name, _)| name == label);
        lines.next().map(|(_, secret)| secret.clone())
    }
}

/// The one cipher of each version that the thief knows.
pub(crate) fn plain<C>(config: ConfigBuilder<C>, version: &str) -> ConfigBuilder<C> {
    config.protocols(&[version]).ciphers(&[match version {
        "TLSv1.2" => "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        _ => "TLS_AES_128_GCM_SHA256",
    }])
}

/// Carries everything between the two, with one change.
pub(crate) struct Thief {
    pub(crate) stolen: Stolen,
    pub(crate) tamper: Tamper,
    pub(crate) from: From,
    /// Whether it is done.
    pub(crate) done: bool,
    tls12: bool,
    /// The randoms of client and server.
    randoms: Vec<u8>,
    /// Records of this direction that were sealed.
    sealed: u64,
}

impl Thief {
    pub(crate) fn new(stolen: Stolen, version: &str, tamper: Tamper, from: From) -> Self {
        Self {
            stolen,
            tamper,
            from,
            done: false,
            tls12: version == "TLSv1.2",
            randoms: Vec::new(),
            sealed: 0,
        }
    }

    /// Carries until both are silent or wait for an answer.
    pub(crate) fn run(&mut self, pair: &mut Pair) {
        for _ in 0..100 {
            let to_server = self.pass(From::Client, &mut pair.client);
            pair.server.give(&to_server, usize::MAX);
            let to_client = self.pass(From::Server, &mut pair.server);
            pair.client.give(&to_client, usize::MAX);
            if to_server.is_empty() && to_client.is_empty() {
                return;
            }
        }
        panic!("the two never fall silent");
    }

    fn pass(&mut self, from: From, end: &mut End) -> Vec<u8> {
        let mut bytes = end.take();
        if self.randoms.len() < 64 && bytes.len() > 43 {
            // Record header, message header, version: the random of either hello.
            self.randoms.extend_from_slice(&bytes[11..43]);
        }
        if from != self.from {
            return bytes;
        }
        let mut rest = &mut bytes[..];
        let mut encrypted = !self.tls12;
        while let [kind, _, _, high, low, ..] = *rest {
            let len = usize::from(u16::from_be_bytes([high, low]));
            let (record, later) = rest.split_at_mut(5 + len);
            // TLS 1.2 seals what follows ChangeCipherSpec, TLS 1.3 what looks like data.
            let sealed = if self.tls12 { encrypted } else { kind == 23 };
            if sealed && !self.done {
                self.change(record);
                self.sealed += 1;
            }
            encrypted |= kind == 20;
            rest = later;
        }
        bytes
    }

    /// Changes the record if Finished is in it.
    fn change(&mut self, record: &mut [u8]) {
        let (header, body) = record.split_at_mut(5);
        let (aead, iv) = self.key();
        let mut nonce: [u8; 12] = iv.clone().try_into().unwrap_or([0; 12]);
        let (explicit, sealed) = body.split_at_mut(if self.tls12 { 8 } else { 0 });
        let text = sealed.len() - TAG_LEN;
        let aad = if self.tls12 {
            nonce[..4].copy_from_slice(&iv);
            nonce[4..].copy_from_slice(explicit);
            let mut aad = self.sealed.to_be_bytes().to_vec();
            aad.extend_from_slice(&header[..3]);
            aad.extend_from_slice(&(text as u16).to_be_bytes());
            aad
        } else {
            for (byte, sequence) in nonce[4..].iter_mut().zip(self.sealed.to_be_bytes()) {
                *byte ^= sequence;
            }
            header.to_vec()
        };
        let mut plain = sealed.to_vec();
        aead.open(&nonce, &aad, &mut plain).expect("the stolen key");
        plain.truncate(text);
        // TLS 1.3 has the content's type at the end; Finished is the last message of a flight.
        let end = text - usize::from(!self.tls12);
        let len = if self.tls12 { 12 } else { 32 };
        let is_finished = end
            .checked_sub(4 + len)
            .is_some_and(|at| plain[at..at + 4] == [20, 0, 0, len as u8]);
        if !is_finished {
            return;
        }
        self.done = true;
        match self.tamper {
            Tamper::Record => sealed[0] ^= 1,
            Tamper::Finished => {
                plain[end - 1] ^= 1;
                let tag = aead.seal(&nonce, &aad, &mut plain).expect("seal");
                sealed[..text].copy_from_slice(&plain);
                sealed[text..].copy_from_slice(&tag);
            }
        }
    }

    /// The key of this direction and its IV (RFC 8446 §7.3, RFC 5246 §6.3).
    fn key(&self) -> (Box<dyn RecordAead>, Vec<u8>) {
        let (key, iv) = if self.tls12 {
            let master = self.stolen.secret("CLIENT_RANDOM").expect("logged");
            let (client, server) = self.randoms.split_at(32);
            let seed = [b"key expansion", server, client].concat();
            let block = prf(&master, &seed, 40);
            let at = usize::from(self.from == From::Server);
            (
                block[16 * at..][..16].to_vec(),
                block[32 + 4 * at..][..4].to_vec(),
            )
        } else {
            let label = match self.from {
                From::Client => "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
                From::Server => "SERVER_HANDSHAKE_TRAFFIC_SECRET",
            };
            let secret = self.stolen.secret(label).expect("logged");
            (
                expand(&secret, b"tls13 key", 16),
                expand(&secret, b"tls13 iv", 12),
            )
        };
        let aead = backend().aead(AeadAlgorithm::Aes128Gcm, &key);
        (aead.expect("a key"), iv)
    }
}

fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    sign(&Key::new(HMAC_SHA256, key), message).as_ref().to_vec()
}

/// `P_SHA256` (RFC 5246 §5).
fn prf(secret: &[u8], seed: &[u8], len: usize) -> Vec<u8> {
    let (mut out, mut a) = (Vec::new(), seed.to_vec());
    while out.len() < len {
        a = hmac(secret, &a);
        out.extend(hmac(secret, &[&a, seed].concat()));
    }
    out.truncate(len);
    out
}

/// `HKDF-Expand-Label` without a context (RFC 8446 §7.1), of at most one hash.
fn expand(secret: &[u8], label: &[u8], len: u8) -> Vec<u8> {
    let info = [&[0, len, label.len() as u8], label, &[0, 1]].concat();
    let mut out = hmac(secret, &info);
    out.truncate(len.into());
    out
}
