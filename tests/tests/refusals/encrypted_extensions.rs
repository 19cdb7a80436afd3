//! EncryptedExtensions and CertificateRequest that a client should not have got.

use sslcore::{Alert, FailureKind};
use sslcore_tests::hello::{Extensions, kind, message, number, vector8, vector16};
use sslcore_tests::middle::Who;
use sslcore_tests::pair::{backend, client, server};

use super::stage::{ILLEGAL, MALFORMED, MISSING, Refusal, Stage, UNSOLICITED};

fn stage() -> Stage {
    let client = client(backend()).alpn(&[b"echo"]).session_cache(0);
    Stage::new(client, server(backend()).alpn(&[b"echo"]))
}

/// How the client refuses such extensions.
#[track_caller]
fn refused(change: impl FnOnce(&mut Extensions)) -> Refusal {
    let mut stage = stage();
    stage.change_flight(kind::ENCRYPTED_EXTENSIONS, |said| {
        let mut extensions = Extensions::parse(&said[6..]);
        change(&mut extensions);
        *said = message(kind::ENCRYPTED_EXTENSIONS, &extensions.encode());
    });
    stage.refusal(Who::Client)
}

/// How the client refuses such a request for its certificate.
#[track_caller]
fn request_refused(change: impl FnOnce(&mut Extensions)) -> Refusal {
    let mut stage = Stage::with_client_certificate("TLSv1.3");
    stage.change_flight(kind::CERTIFICATE_REQUEST, |said| {
        let mut extensions = Extensions::parse(&said[7..]);
        change(&mut extensions);
        let body = [vec![0], extensions.encode()].concat();
        *said = message(kind::CERTIFICATE_REQUEST, &body);
    });
    stage.refusal(Who::Client)
}

#[test]
fn an_answer_to_what_was_not_offered() {
    for (number, content) in [
        (number::GREASE, &[][..]),
        (number::SCT, &[0, 0]),
        (number::EARLY_DATA, &[]),
        (number::COOKIE, &[0, 1, 7]),
        (number::PRE_SHARED_KEY, &[0, 0]),
        (number::SESSION_TICKET, &[]),
        (number::OID_FILTERS, &[0, 0]),
        (0xfe0d, &[0, 0]),
    ] {
        let refusal = refused(|extensions| extensions.add(number, content));
        assert_eq!(refusal, UNSOLICITED, "{number}");
    }
    // Our client says no name here.
    let client = client(backend());
    let mut stage = Stage::new(client.alpn(&[]), server(backend()));
    stage.change_flight(kind::ENCRYPTED_EXTENSIONS, |said| {
        let mut extensions = Extensions::parse(&said[6..]);
        extensions.add(number::ALPN, b"\0\x05\x04echo");
        *said = message(kind::ENCRYPTED_EXTENSIONS, &extensions.encode());
    });
    assert_eq!(stage.refusal(Who::Client), UNSOLICITED);
}

#[test]
fn an_answer_that_belongs_elsewhere() {
    for (number, content) in [
        (number::KEY_SHARE, &[0, 29, 0, 1, 7][..]),
        (number::SUPPORTED_VERSIONS, &[3, 4]),
        (number::STATUS_REQUEST, &[]),
        (number::EC_POINT_FORMATS, &[1, 0]),
        (number::SIGNATURE_ALGORITHMS, &[0, 2, 4, 3]),
        (number::EXTENDED_MASTER_SECRET, &[]),
        (number::PSK_MODES, &[1, 1]),
    ] {
        let refusal = refused(|extensions| extensions.add(number, content));
        assert_eq!(refusal, ILLEGAL, "{number}");
    }
}

#[test]
fn answers_twice_and_of_wrong_length() {
    for number in [number::SERVER_NAME, number::ALPN] {
        let refusal = refused(|extensions| {
            let content = extensions.get(number).clone();
            extensions.add(number, &content);
        });
        assert_eq!(refusal, ILLEGAL, "{number}");
        let refusal = refused(|extensions| extensions.get(number).push(0));
        assert_eq!(refusal, MALFORMED, "{number}");
    }
    let mut stage = stage();
    stage.change_flight(kind::ENCRYPTED_EXTENSIONS, |said| {
        said.push(0);
        said[3] += 1;
    });
    assert_eq!(stage.refusal(Who::Client), MALFORMED);
}

#[test]
fn a_protocol_that_was_not_offered() {
    let refusal = refused(|extensions| {
        *extensions.get(number::ALPN) = vector16(&vector8(b"other"));
    });
    assert_eq!(refusal, ILLEGAL);
    for content in [vec![0, 0], vector16(&[0]), vector16(b"\x04echo\x04echo")] {
        let refusal = refused(|extensions| *extensions.get(number::ALPN) = content.clone());
        assert_eq!(refusal, MALFORMED, "{content:?}");
    }
}

#[test]
fn a_request_with_extensions_of_other_messages() {
    for (number, content) in [
        (number::SERVER_NAME, &[][..]),
        (number::ALPN, &[0, 5, 4, b'e', b'c', b'h', b'o']),
        (number::KEY_SHARE, &[0, 29]),
        (number::SUPPORTED_GROUPS, &[0, 2, 0, 29]),
        (number::SUPPORTED_VERSIONS, &[3, 4]),
        (number::PRE_SHARED_KEY, &[0, 0]),
        (number::EARLY_DATA, &[]),
        (number::COOKIE, &[0, 1, 7]),
        (number::PSK_MODES, &[1, 1]),
        (number::EXTENDED_MASTER_SECRET, &[]),
    ] {
        let refusal = request_refused(|extensions| extensions.add(number, content));
        assert_eq!(refusal, ILLEGAL, "{number}");
    }
}

#[test]
fn a_request_that_cannot_be_answered() {
    // RFC 8446 §4.3.2: signature_algorithms must be there.
    let refusal = request_refused(|extensions| extensions.remove(number::SIGNATURE_ALGORITHMS));
    assert_eq!(refusal, MISSING);
    let none = |schemes: Vec<u8>| {
        request_refused(|extensions| *extensions.get(number::SIGNATURE_ALGORITHMS) = schemes)
    };
    assert_eq!(none(vec![0, 0]), MALFORMED);
    assert_eq!(none(vec![0, 3, 4, 3, 8]), MALFORMED);
    let incompatible = (FailureKind::Incompatible, Alert::HandshakeFailure);
    assert_eq!(none(vec![0, 2, 4, 1]), incompatible, "PKCS #1 alone");
    let refusal = request_refused(|extensions| {
        let content = extensions.get(number::SIGNATURE_ALGORITHMS).clone();
        extensions.add(number::SIGNATURE_ALGORITHMS, &content);
    });
    assert_eq!(refusal, ILLEGAL);
    let refusal = request_refused(|extensions| {
        extensions.add(number::GREASE, &[]);
        extensions.add(number::GREASE, &[]);
    });
    assert_eq!(refusal, ILLEGAL);
    // RFC 8446 §4.2.4: names, and none of them is empty.
    for names in [&[0, 0][..], &[0, 2, 0, 0], &[0, 3, 0, 2, 0x30]] {
        let refusal = request_refused(|extensions| {
            extensions.remove(number::CERTIFICATE_AUTHORITIES);
            extensions.add(number::CERTIFICATE_AUTHORITIES, names);
        });
        assert_eq!(refusal, MALFORMED, "{names:?}");
    }
    let mut stage = Stage::with_client_certificate("TLSv1.3");
    stage.change_flight(kind::CERTIFICATE_REQUEST, |said| {
        said.insert(5, 7);
        said[4] = 1;
        said[3] += 1;
    });
    assert_eq!(
        stage.refusal(Who::Client),
        MALFORMED,
        "a context in the handshake"
    );
}
