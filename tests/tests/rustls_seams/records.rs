//! What rustls protects, by which secrets, and what becomes of records whose cipher protects nothing.

use rustls::crypto::CryptoProvider;
use rustls::crypto::cipher::{
    AeadKey, InboundOpaqueMessage, InboundPlainMessage, Iv, KeyBlockShape, MessageDecrypter,
    MessageEncrypter, OutboundOpaqueMessage, OutboundPlainMessage, PrefixedPayload,
    Tls12AeadAlgorithm, Tls13AeadAlgorithm, UnsupportedOperationError,
};
use rustls::{
    ConnectionTrafficSecrets, ProtocolVersion, SupportedCipherSuite, Tls12CipherSuite,
    Tls13CipherSuite,
};
use sslcore_tests::between;
use sslcore_tests::forge::{CHANGE_CIPHER_SPEC, Forger, HANDSHAKE};
use sslcore_tests::pair::backend;

use super::{Handshake, TLS12, TLS13};

/// The tests' provider with the suites alone that the one in the middle knows.
fn known_suites() -> CryptoProvider {
    let mut provider = CryptoProvider::clone(backend().provider());
    let known = [between::TLS13, between::TLS12];
    let suites = &mut provider.cipher_suites;
    suites.retain(|suite| known.contains(&suite.suite()));
    assert_eq!(suites.len(), 2);
    provider
}

/// Who sent it, the client or the server, and a record of theirs.
type Sent = (bool, Vec<u8>);

/// All that two ends say to each other, in order.
fn transcript(handshake: &mut Handshake) -> Vec<Sent> {
    let mut all = Vec::new();
    handshake.run(|_, receiver, record| all.push((receiver == "server", record.to_vec())));
    all
}

/// The types of the messages in this content.
fn kinds(mut content: &[u8]) -> Vec<u8> {
    let mut kinds = Vec::new();
    while let [kind, a, b, c, ..] = *content {
        kinds.push(kind);
        content = &content[4 + (usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c))..];
    }
    assert_eq!(content, b"", "a message that is cut");
    kinds
}

const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;
const NEW_SESSION_TICKET: u8 = 4;
const FINISHED: u8 = 20;

#[test]
fn tls13_protects_up_to_finished_by_the_secrets_of_the_handshake_and_tickets_by_the_servers_next() {
    const RELIES: &str = "handshake/rustls/sealing.rs and keys.rs seal by that secret";
    let mut handshake = Handshake::with(TLS13, known_suites());
    let sent = transcript(&mut handshake);
    let logged = between::Secrets::default();
    for (label, random, secret) in handshake.client.secrets.sorted() {
        logged.put(&label, &random, &secret);
    }
    // Which opens nothing but what was sealed by this secret, and counted from zero.
    let mut keys = [false, true].map(|of_client| logged.tls13(of_client));
    let mut tickets: Option<Forger> = None;
    let mut said = [Vec::new(), Vec::new()];
    for (of_client, record) in &sent {
        let who = usize::from(*of_client);
        match record[0] {
            CHANGE_CIPHER_SPEC => continue,
            HANDSHAKE => {
                let hello = [SERVER_HELLO, CLIENT_HELLO][who];
                assert_eq!(kinds(&record[5..]), [hello], "{RELIES}");
                assert!(said[who].is_empty(), "{RELIES}");
                continue;
            }
            _ => {}
        }
        let has_finished = said.each_ref().map(|it| it.last() == Some(&FINISHED));
        if has_finished[who] {
            assert!(!of_client, "more than Finished: {RELIES}");
            assert!(has_finished[1], "before the client's Finished: {RELIES}");
            let tickets = tickets.get_or_insert_with(|| logged.tls13_by("SERVER_TRAFFIC_SECRET_0"));
            for (content, body) in tickets.open(record) {
                assert_eq!(content, HANDSHAKE, "{RELIES}");
                let all = kinds(&body);
                assert!(
                    all.iter().all(|kind| *kind == NEW_SESSION_TICKET),
                    "{all:?}"
                );
            }
            continue;
        }
        for (content, body) in keys[who].open(record) {
            assert_eq!(content, HANDSHAKE, "{RELIES}");
            said[who].extend(kinds(&body));
        }
    }
    assert_eq!(said[1], [FINISHED]);
    assert_eq!(said[0].last(), Some(&FINISHED));
    assert!(tickets.is_some(), "no tickets");
}

#[test]
fn tls12_protects_finished_alone_by_the_master_secret() {
    const RELIES: &str = "handshake/rustls/sealing.rs and keys.rs count so";
    let mut handshake = Handshake::with(TLS12, known_suites());
    let sent = transcript(&mut handshake);
    let logged = between::Secrets::default();
    for (label, random, secret) in handshake.client.secrets.sorted() {
        logged.put(&label, &random, &secret);
    }
    let hello = sent.iter().find(|(of_client, _)| !of_client);
    let random = &hello.expect("a server").1[5 + 6..][..32];
    for of_client in [false, true] {
        let mut own = sent.iter().filter(|(whose, _)| *whose == of_client);
        let mut clear = own.by_ref().map(|(_, record)| record[0]);
        assert!(clear.any(|content| content == CHANGE_CIPHER_SPEC));
        let protected: Vec<_> = own.collect();
        assert_eq!(protected.len(), 1, "{RELIES}");
        let opened = logged.tls12(random, of_client).open(&protected[0].1);
        assert_eq!(opened[0].0, HANDSHAKE, "{RELIES}");
        assert_eq!(kinds(&opened[0].1), [FINISHED], "{RELIES}");
    }
}

/// A cipher that protects nothing, and marks what it would protect by a record version, as that of
/// handshake/rustls/bare.rs does.
#[derive(Clone, Copy)]
struct Marking {
    front: usize,
    behind: usize,
    /// Which an opened message says to be of.
    version: ProtocolVersion,
}

const MARK: [u8; 2] = [3, 0xff];

impl Marking {
    const fn of(version: ProtocolVersion) -> Self {
        Self {
            front: 8,
            behind: 17,
            version,
        }
    }

    /// Where the content is in a body of this length.
    fn content(&self, body: usize) -> std::ops::Range<usize> {
        self.front..body - self.behind
    }
}

impl MessageEncrypter for Marking {
    fn encrypt(
        &mut self,
        message: OutboundPlainMessage<'_>,
        _: u64,
    ) -> Result<OutboundOpaqueMessage, rustls::Error> {
        let mut payload = PrefixedPayload::with_capacity(0);
        payload.extend_from_slice(&vec![0; self.front]);
        payload.extend_from_chunks(&message.payload);
        payload.extend_from_slice(&vec![0; self.behind]);
        let version = ProtocolVersion::from(u16::from_be_bytes(MARK));
        Ok(OutboundOpaqueMessage::new(message.typ, version, payload))
    }

    fn encrypted_payload_len(&self, payload_len: usize) -> usize {
        self.front + payload_len + self.behind
    }
}

impl MessageDecrypter for Marking {
    fn decrypt<'a>(
        &mut self,
        message: InboundOpaqueMessage<'a>,
        _: u64,
    ) -> Result<InboundPlainMessage<'a>, rustls::Error> {
        let content = self.content(message.payload.len());
        Ok(InboundPlainMessage {
            version: self.version,
            ..message.into_plain_message_range(content)
        })
    }
}

impl Tls13AeadAlgorithm for Marking {
    fn encrypter(&self, _: AeadKey, _: Iv) -> Box<dyn MessageEncrypter> {
        Box::new(*self)
    }

    fn decrypter(&self, _: AeadKey, _: Iv) -> Box<dyn MessageDecrypter> {
        Box::new(*self)
    }

    fn key_len(&self) -> usize {
        0
    }

    fn extract_keys(
        &self,
        _: AeadKey,
        _: Iv,
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        Err(UnsupportedOperationError)
    }
}

impl Tls12AeadAlgorithm for Marking {
    fn encrypter(&self, _: AeadKey, _: &[u8], _: &[u8]) -> Box<dyn MessageEncrypter> {
        Box::new(*self)
    }

    fn decrypter(&self, _: AeadKey, _: &[u8]) -> Box<dyn MessageDecrypter> {
        Box::new(*self)
    }

    fn key_block_shape(&self) -> KeyBlockShape {
        KeyBlockShape {
            enc_key_len: 0,
            fixed_iv_len: 0,
            explicit_nonce_len: 8,
        }
    }

    fn extract_keys(
        &self,
        _: AeadKey,
        _: &[u8],
        _: &[u8],
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        Err(UnsupportedOperationError)
    }
}

fn marking(suite: SupportedCipherSuite, cipher: &'static Marking) -> SupportedCipherSuite {
    let common = |common: &rustls::crypto::CipherSuiteCommon| rustls::crypto::CipherSuiteCommon {
        suite: common.suite,
        hash_provider: common.hash_provider,
        confidentiality_limit: common.confidentiality_limit,
    };
    match suite {
        SupportedCipherSuite::Tls13(real) => {
            SupportedCipherSuite::Tls13(Box::leak(Box::new(Tls13CipherSuite {
                common: common(&real.common),
                hkdf_provider: real.hkdf_provider,
                aead_alg: cipher,
                quic: None,
            })))
        }
        SupportedCipherSuite::Tls12(real) => {
            SupportedCipherSuite::Tls12(Box::leak(Box::new(Tls12CipherSuite {
                common: common(&real.common),
                prf_provider: real.prf_provider,
                kx: real.kx,
                sign: real.sign,
                aead_alg: cipher,
            })))
        }
    }
}

#[test]
fn what_a_cipher_marks_leaves_with_its_mark_and_its_room_and_nothing_else_is_in_the_clear() {
    const RELIES: &str = "handshake/rustls/sealing.rs seals what is marked";
    for version in [TLS12, TLS13] {
        let cipher: &Marking = Box::leak(Box::new(Marking::of(version.version)));
        let mut provider = known_suites();
        for suite in &mut provider.cipher_suites {
            *suite = marking(*suite, cipher);
        }
        let sent = transcript(&mut Handshake::with(version, provider));
        let is_tls13 = version.version == ProtocolVersion::TLSv1_3;
        let mut marked = [Vec::new(), Vec::new()];
        let mut has_changed = [false; 2];
        for (of_client, record) in &sent {
            let who = usize::from(*of_client);
            let (header, body) = record.split_at(5);
            match (header[0], header[1..3] == MARK) {
                (CHANGE_CIPHER_SPEC, is_marked) => {
                    assert!(!is_marked, "{RELIES}");
                    has_changed[who] = true;
                }
                (HANDSHAKE, true) => {
                    let content = cipher.content(body.len());
                    let room = [&body[..content.start], &body[content.end..]].concat();
                    assert!(room.iter().all(|byte| *byte == 0), "{RELIES}");
                    marked[who].extend(kinds(&body[content]));
                }
                (HANDSHAKE, false) if is_tls13 => {
                    let hello = [SERVER_HELLO, CLIENT_HELLO][who];
                    assert_eq!(kinds(body), [hello], "{RELIES}");
                }
                (HANDSHAKE, false) => assert!(!has_changed[who], "{RELIES}"),
                (content, _) => panic!("content of type {content}: {RELIES}"),
            }
        }
        let [mut of_server, of_client] = marked;
        assert_eq!(of_client, [FINISHED], "{RELIES}");
        while of_server.last() == Some(&NEW_SESSION_TICKET) {
            of_server.pop();
        }
        assert_eq!(of_server.last(), Some(&FINISHED), "{RELIES}");
        assert_eq!(of_server.len() > 1, is_tls13, "{RELIES}");
    }
}
