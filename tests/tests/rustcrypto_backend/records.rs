use std::io::Write;

use rustls::crypto::cipher::{
    AeadKey, InboundOpaqueMessage, OutboundChunks, OutboundPlainMessage, Tls12AeadAlgorithm,
};
use rustls::version::{TLS12, TLS13};
use rustls::{
    CipherSuite, ContentType, Error, NamedGroup, ProtocolVersion, SupportedCipherSuite,
    SupportedProtocolVersion,
};
use sslcore::crypto::Backend;

use crate::pair::{Identity, Pair, give_tls, narrowed, take_tls};
use crate::rustcrypto;

/// One suite for each shape of record.
const SHAPES: [(&SupportedProtocolVersion, CipherSuite); 3] = [
    (&TLS13, CipherSuite::TLS13_AES_128_GCM_SHA256),
    (&TLS12, CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256),
    (
        &TLS12,
        CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    ),
];

/// A server on this backend that has shaken hands with a client on another.
fn connected(
    version: &'static SupportedProtocolVersion,
    suite: CipherSuite,
    id: &Identity,
) -> Pair {
    let client = narrowed(&Backend::aws_lc_rs(), suite, NamedGroup::X25519);
    let server = narrowed(&rustcrypto(7), suite, NamedGroup::X25519);
    let mut pair = Pair::new(version, client, server, id);
    pair.settle().unwrap();
    pair
}

#[test]
fn a_record_with_one_flipped_bit_is_refused_wherever_it_is() {
    let identity = Identity::new(&rcgen::PKCS_ECDSA_P256_SHA256);
    // Counted from the front: the explicit nonce of TLS 1.2 AES-GCM, or ciphertext. Counted from
    // the back: the last of the ciphertext, and both ends of the tag.
    let places: [fn(usize) -> usize; 6] = [
        |_| 5,
        |_| 12,
        |_| 13,
        |len| len - 17,
        |len| len - 16,
        |len| len - 1,
    ];
    for (version, suite) in SHAPES {
        for place in places {
            let mut pair = connected(version, suite, &identity);
            pair.client.writer().write_all(b"ten letter").unwrap();
            let mut record = take_tls(&mut pair.client);
            let at = place(record.len());
            record[at] ^= 0x01;
            let verdict = give_tls(&mut pair.server, &record);
            assert_eq!(verdict, Err(Error::DecryptError), "{suite:?} {at}");
        }
    }
}

#[test]
fn a_record_too_short_for_its_nonce_and_tag_is_refused() {
    let identity = Identity::new(&rcgen::PKCS_ECDSA_P256_SHA256);
    for (version, suite) in SHAPES {
        for len in [0, 1, 7, 8, 9, 15, 16, 17, 23, 24, 25] {
            let mut pair = connected(version, suite, &identity);
            let record = [&[23, 3, 3, 0, len][..], &vec![0; usize::from(len)]].concat();
            let verdict = give_tls(&mut pair.server, &record);
            assert_eq!(verdict, Err(Error::DecryptError), "{suite:?} {len}");
        }
    }
}

/// The record protection of a TLS 1.2 suite, without a connection around it.
fn aead_of(suite: CipherSuite) -> &'static dyn Tls12AeadAlgorithm {
    for known in &rustcrypto(8).provider().cipher_suites {
        match known {
            SupportedCipherSuite::Tls12(known) if known.common.suite == suite => {
                return known.aead_alg;
            }
            _ => {}
        }
    }
    panic!("{suite:?} is missing");
}

fn message(text: &[u8]) -> OutboundPlainMessage<'_> {
    OutboundPlainMessage {
        typ: ContentType::ApplicationData,
        version: ProtocolVersion::TLSv1_2,
        payload: OutboundChunks::Single(text),
    }
}

/// RFC 5246 §6.2.1.
#[test]
fn a_tls12_record_may_hold_16384_bytes_and_not_one_more() {
    for (suite, iv, explicit) in [
        (
            CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
            &[1; 4][..],
            &[2; 8][..],
        ),
        (
            CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
            &[1; 12],
            &[],
        ),
    ] {
        let aead = aead_of(suite);
        let mut encrypter = aead.encrypter(AeadKey::from([7; 32]), iv, explicit);
        let mut decrypter = aead.decrypter(AeadKey::from([7; 32]), iv);
        for (len, expected) in [
            (16_384, Ok(16_384)),
            (16_385, Err(Error::PeerSentOversizedRecord)),
        ] {
            let sealed = encrypter.encrypt(message(&vec![9; len]), 3).unwrap();
            assert_eq!(
                sealed.payload.as_ref().len(),
                encrypter.encrypted_payload_len(len)
            );
            let mut payload = sealed.payload.as_ref().to_vec();
            let record = InboundOpaqueMessage::new(sealed.typ, sealed.version, &mut payload);
            let opened = decrypter
                .decrypt(record, 3)
                .map(|plain| plain.payload.len());
            assert_eq!(opened, expected, "{suite:?}");
        }
    }
}

#[test]
fn a_key_of_the_wrong_length_protects_nothing() {
    let aead = aead_of(CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256);
    let mut encrypter = aead.encrypter(AeadKey::from([7; 32]), &[1; 4], &[2; 8]);
    let refused = encrypter.encrypt(message(b"text"), 0).err();
    assert_eq!(refused, Some(Error::EncryptError));
}
