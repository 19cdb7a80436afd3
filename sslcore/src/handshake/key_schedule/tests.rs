use alloc::vec::Vec;

use super::rfc_8448::{self, TRACES, Trace};
use super::*;
use crate::crypto::Backend;
use crate::crypto::hash::HashAlgorithm;
use crate::crypto::hash::tests::bytes;
use crate::protocol::SslProtocol;
use crate::record::header::{ContentType, HEADER_LEN, Header, LEGACY_VERSION};
use crate::record::protection::Protection;

fn backends() -> Vec<Backend> {
    Vec::from([
        Backend::ring(),
        #[cfg(feature = "aws-lc-rs")]
        Backend::aws_lc_rs(),
    ])
}

/// The same as these bytes, by what they do: an empty record of data sealed with both.
fn is(backend: &Backend, material: &KeyMaterial, key: &str, iv: &str) -> bool {
    let iv = bytes(iv).try_into().expect("an iv");
    let expected = KeyMaterial::new(AeadAlgorithm::Aes128Gcm, &bytes(key), iv).expect("a key");
    let sealed = |material| {
        let mut protection =
            Protection::new(backend, SslProtocol::TlsV1_3, material, 0).expect("a key");
        let mut out = alloc::vec![0; protection.overhead()];
        let sealed = protection.seal(ContentType::ApplicationData, &[], &mut out);
        sealed.expect("room");
        out
    };
    sealed(material) == sealed(&expected)
}

/// RFC 8448 §3, "Simple 1-RTT Handshake": every traffic secret with its key and iv.
const SIMPLE: [(&str, &str, &str); 4] = [
    // The client's, of the handshake.
    (
        "b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21",
        "dbfaa693d1762c5b666af5d950258d01",
        "5bd3c71b836e0b76bb73265f",
    ),
    // The server's.
    (
        "b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38",
        "3fce516009c21727d0f2e4e86ee403bc",
        "5d313eb2671276ee13000b30",
    ),
    // The client's, of the application.
    (
        "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5",
        "17422dda596ed5d9acd890e3c63f5051",
        "5b78923dee08579033e523d9",
    ),
    // The server's.
    (
        "a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643",
        "9f02283b6c9c07efc26bb9f2ac92e356",
        "cf782b88dd83549aadf1e984",
    ),
];

#[test]
fn traffic_keys_are_those_of_rfc_8448() {
    for backend in backends() {
        let hash = &**backend.hash(HashAlgorithm::Sha256).expect("SHA-256");
        for (secret, key, iv) in SIMPLE {
            let secret = Secret::new(&bytes(secret)).expect("32 bytes");
            let material = tls13_key(hash, AeadAlgorithm::Aes128Gcm, &secret).expect("a key");
            assert!(is(&backend, &material, key, iv), "{backend:?} {key}");
        }
    }
}

/// The same section's last records: data of 50 bytes, each side's first.
#[test]
fn records_of_rfc_8448_are_opened() {
    let data: Vec<u8> = (0..50).collect();
    let records = [
        (
            SIMPLE[2].0,
            "17 03 03 00 43 a2 3f 70 54 b6 2c 94 d0 af fa fe 82 28 ba 55 cb ef ac ea 42 f9 14 aa 66
             bc ab 3f 2b 98 19 a8 a5 b4 6b 39 5b d5 4a 9a 20 44 1e 2b 62 97 4e 1f 5a 62 92 a2 97 70
             14 bd 1e 3d ea e6 3a ee bb 21 69 49 15 e4",
        ),
        (
            SIMPLE[3].0,
            "17 03 03 00 43 2e 93 7e 11 ef 4a c7 40 e5 38 ad 36 00 5f c4 a4 69 32 fc 32 25 d0 5f 82
             aa 1b 36 e3 0e fa f9 7d 90 e6 df fc 60 2d cb 50 1a 59 a8 fc c4 9c 4b f2 e5 f0 a2 1c 00
             47 c2 ab f3 32 54 0d d0 32 e1 67 c2 95 5d",
        ),
    ];
    for backend in backends() {
        let hash = &**backend.hash(HashAlgorithm::Sha256).expect("SHA-256");
        for (number, (secret, record)) in records.iter().enumerate() {
            let secret = Secret::new(&bytes(secret)).expect("32 bytes");
            let material = tls13_key(hash, AeadAlgorithm::Aes128Gcm, &secret).expect("a key");
            // Before the server's data there was a session ticket.
            let before = number as u64;
            let protection = Protection::new(&backend, SslProtocol::TlsV1_3, &material, before);
            let mut record = bytes(record);
            let header = Header::read(&record, usize::MAX)
                .expect("TLS")
                .expect("whole");
            assert_eq!(
                (header.version, header.record_len()),
                (LEGACY_VERSION, record.len())
            );
            let opened = protection.expect("a key").open(header, &mut record);
            let (content, range) = opened.expect("the tag fits");
            assert_eq!(content, ContentType::ApplicationData);
            assert_eq!((range.start, &record[range]), (HEADER_LEN, &data[..]));
        }
    }
}

/// The vectors that implementers have agreed upon (mailing list of the working group, 2009 and 2011).
#[test]
fn the_pseudorandom_function_is_that_of_rfc_5246() {
    let vectors = [
        (
            HashAlgorithm::Sha256,
            "9bbe436ba940f017b17652849a71db35",
            "a0ba9f936cda311827a6f796ffd5198c",
            "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9
             c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789ba
             a48082d122ee42c5a72e5a5110fff70187347b66",
        ),
        (
            HashAlgorithm::Sha384,
            "b80b733d6ceefcdc71566ea48e5567df",
            "cd665cf6a8447dd6ff8b27555edb7465",
            "7b0c18e9ced410ed1804f2cfa34a336a1c14dffb4900bb5fd7942107e81c83cde9ca0faa60be9fe3
             4f82b1233c9146a0e534cb400fed2700884f9dc236f80edd8bfa961144c9e8d792eca722a7b32fc3
             d416d473ebc2c5fd4abfdad05d9184259b5bf8cd4d90fa0d31e2dec479e4f1a26066f2eea9a69236
             a3e52655c9e9aee691c8f3a26854308d5eaa3be85e0990703d73e56f",
        ),
    ];
    for backend in backends() {
        for (algorithm, secret, seed, expected) in vectors {
            let hash = &**backend.hash(algorithm).expect("both are there");
            let (secret, seed, expected) = (bytes(secret), bytes(seed), bytes(expected));
            // However much of it is asked for.
            for len in [1, 31, 32, 48, 49, 96, expected.len()] {
                let mut out = alloc::vec![0; len];
                prf(hash, &secret, b"test label", &seed, &mut out);
                assert_eq!(out, expected[..len], "{backend:?} {algorithm:?}");
            }
        }
    }
}

/// Calls `check` with SHA-256 of every backend.
fn with_sha256(check: impl Fn(&dyn Hash)) {
    for backend in backends() {
        check(&**backend.hash(HashAlgorithm::Sha256).expect("SHA-256"));
    }
}

/// RFC 8446 §7.1, along the left side of its figure.
#[test]
fn secrets_follow_each_other_as_in_rfc_8448() {
    with_sha256(|hash| {
        for Trace {
            shared,
            handshake,
            master,
            ..
        } in TRACES
        {
            let early = extract(hash, &[0; 32], &[0; 32]);
            assert_eq!(early.as_slice(), bytes(rfc_8448::EARLY));
            let next = next_secret(hash, &early, Some(&bytes(shared)));
            assert_eq!(next.as_slice(), bytes(handshake));
            let next = next_secret(hash, &next, None);
            assert_eq!(next.as_slice(), bytes(master));
        }
        let resumed = extract(hash, &[0; 32], &bytes(rfc_8448::RESUMED_KEY));
        assert_eq!(resumed.as_slice(), bytes(rfc_8448::RESUMED_EARLY));
        let nothing = hash.hash(&[]);
        let key = derive(hash, &resumed, b"res binder", nothing.as_slice());
        assert_eq!(key.as_slice(), bytes(rfc_8448::BINDER_KEY));
    });
}

/// And on its right side.
#[test]
fn secrets_of_messages_are_those_of_rfc_8448() {
    with_sha256(|hash| {
        for trace in TRACES {
            let [handshake, master] = [trace.handshake, trace.master]
                .map(|secret| Secret::new(&bytes(secret)).expect("32"));
            let [hellos, finished] = [trace.hash_of_hellos, trace.hash_of_finished].map(bytes);
            for (secret, label, messages, expected) in [
                (&handshake, "c hs traffic", &hellos, trace.client_handshake),
                (&handshake, "s hs traffic", &hellos, trace.server_handshake),
                (&master, "c ap traffic", &finished, trace.client_application),
                (&master, "s ap traffic", &finished, trace.server_application),
                (&master, "exp master", &finished, trace.exporter),
            ] {
                let derived = derive(hash, secret, label.as_bytes(), messages);
                assert_eq!(derived.as_slice(), bytes(expected), "{label}");
            }
        }
    });
}

/// RFC 8446 §4.4.4; the binder of §4 is made in the same way (§4.2.11.2).
#[test]
fn finished_values_are_those_of_rfc_8448() {
    with_sha256(|hash| {
        let check = |base: &str, messages: &str, expected: &[u8]| {
            let base = Secret::new(&bytes(base)).expect("32 bytes");
            let messages = Digest::new(&bytes(messages)).expect("32 bytes");
            assert_eq!(verify_data(hash, &base, &messages).as_slice(), expected);
        };
        for trace in TRACES {
            if let Some(finished) = trace.client_finished {
                let (base, messages) = (trace.client_handshake, trace.hash_of_finished);
                check(base, messages, &bytes(finished)[4..]);
            }
        }
        let hello = bytes(rfc_8448::RESUMED_HELLO);
        let binder = &hello[hello.len() - 32..];
        check(rfc_8448::BINDER_KEY, rfc_8448::HASH_OF_TRUNCATED, binder);
    });
}
