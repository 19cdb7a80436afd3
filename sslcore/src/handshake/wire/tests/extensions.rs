//! Where extensions may stand, and what makes two blocks the same.

use super::super::extension::{Extensions, Place, number};
use super::{GREASE, alert, block};

/// The column "TLS 1.3" of IANA's registry of extensions. What may stand in a ServerHello of TLS 1.2
/// is from the RFC that each number is from.
const REGISTRY: [(u16, &str); 33] = [
    (number::SERVER_NAME, "CH, EE, 1.2"),
    (number::MAX_FRAGMENT_LENGTH, "CH, EE, 1.2"),
    (number::STATUS_REQUEST, "CH, CR, CT, 1.2"),
    (number::SUPPORTED_GROUPS, "CH, EE, 1.2"),
    (number::EC_POINT_FORMATS, "CH, 1.2"),
    (number::SIGNATURE_ALGORITHMS, "CH, CR"),
    (number::USE_SRTP, "CH, EE, 1.2"),
    (number::HEARTBEAT, "CH, EE, 1.2"),
    (number::ALPN, "CH, EE, 1.2"),
    (number::STATUS_REQUEST_V2, "CH, 1.2"),
    (number::SIGNED_CERTIFICATE_TIMESTAMP, "CH, CR, CT, 1.2"),
    (number::CLIENT_CERTIFICATE_TYPE, "CH, EE, 1.2"),
    (number::SERVER_CERTIFICATE_TYPE, "CH, EE, 1.2"),
    (number::PADDING, "CH"),
    (number::ENCRYPT_THEN_MAC, "CH, 1.2"),
    (number::EXTENDED_MASTER_SECRET, "CH, 1.2"),
    (number::COMPRESS_CERTIFICATE, "CH, CR"),
    (number::RECORD_SIZE_LIMIT, "CH, EE, 1.2"),
    (number::DELEGATED_CREDENTIAL, "CH, CR, CT"),
    (number::SESSION_TICKET, "CH, 1.2"),
    (number::PRE_SHARED_KEY, "CH, SH"),
    (number::EARLY_DATA, "CH, EE, NST"),
    (number::SUPPORTED_VERSIONS, "CH, SH, HRR"),
    (number::COOKIE, "CH, HRR"),
    (number::PSK_KEY_EXCHANGE_MODES, "CH"),
    (number::CERTIFICATE_AUTHORITIES, "CH, CR"),
    (number::OID_FILTERS, "CR"),
    (number::POST_HANDSHAKE_AUTH, "CH"),
    (number::SIGNATURE_ALGORITHMS_CERT, "CH, CR"),
    (number::KEY_SHARE, "CH, SH, HRR"),
    (number::TICKET_REQUEST, "CH, EE"),
    (number::ENCRYPTED_CLIENT_HELLO, "CH, HRR, EE"),
    (number::RENEGOTIATION_INFO, "CH, 1.2"),
];

const PLACES: [(Place, &str); 8] = [
    (Place::ClientHello, "CH"),
    (Place::ServerHelloTls12, "1.2"),
    (Place::ServerHello, "SH"),
    (Place::HelloRetryRequest, "HRR"),
    (Place::EncryptedExtensions, "EE"),
    (Place::CertificateRequest, "CR"),
    (Place::Certificate, "CT"),
    (Place::NewSessionTicket, "NST"),
];

#[test]
fn each_extension_stands_where_the_registry_says_and_nowhere_else() {
    for (place, name) in PLACES {
        for (number, places) in REGISTRY {
            let stands = places.split(", ").any(|one| one == name);
            let block = block(&[(GREASE, &[]), (number, &[])]);
            let extensions = Extensions::read(&block).expect("whole");
            let expected = match stands {
                true => Ok(()),
                false => super::ILLEGAL,
            };
            let what = (number, place);
            assert_eq!(alert(extensions.belong(place)), expected, "{what:?}");
            let answer = |offered| alert(extensions.answer(place, |_| offered));
            assert_eq!(answer(true), expected, "{what:?}");
            assert_eq!(answer(false), super::UNSOLICITED, "{what:?}");
        }
    }
}

#[test]
fn blocks_agree_in_any_order_and_in_nothing_less_than_number_and_content() {
    let first = block(&[(1, b"one"), (2, b"two"), (3, b"")]);
    let agrees = |other: &[(u16, &[u8])]| {
        let other = block(other);
        let [first, other] = [&first, &other].map(|block| Extensions::of_whole(block));
        let agree = first.agree(&other, |number| number >= 10);
        assert_eq!(other.agree(&first, |number| number >= 10), agree);
        agree
    };
    assert!(agrees(&[(3, b""), (1, b"one"), (2, b"two")]));
    assert!(agrees(&[
        (10, b"x"),
        (1, b"one"),
        (2, b"two"),
        (3, b""),
        (11, b"")
    ]));
    assert!(!agrees(&[(1, b"one"), (2, b"two")]), "one less");
    assert!(
        !agrees(&[(1, b"one"), (2, b"two"), (3, b""), (4, b"")]),
        "one more"
    );
    assert!(
        !agrees(&[(1, b"one"), (2, b"too"), (3, b"")]),
        "other content"
    );
    assert!(
        !agrees(&[(1, b"one"), (2, b"two"), (3, b"3")]),
        "more content"
    );
    // RFC 8446 §4.1.2: another number with the same content is another extension.
    assert!(
        !agrees(&[(1, b"one"), (2, b"two"), (4, b"")]),
        "another number"
    );
    assert!(
        !agrees(&[(1, b"two"), (2, b"one"), (3, b"")]),
        "changed about"
    );
}
