//! The table against the RFCs, every row, both ways.

use alloc::vec::Vec;

use super::*;

/// The table of RFC 8446 §4.2, and the column "TLS 1.3" of IANA's registry, which goes on with it. What may
/// stand in a ServerHello of TLS 1.2 is from the RFC that each number is from.
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

/// An extension that nobody knows (RFC 8701).
const GREASE: u16 = 0x5a5a;

#[test]
fn each_extension_stands_where_the_registry_says_and_nowhere_else() {
    for (place, name) in PLACES {
        for (number, places) in REGISTRY {
            let stands = places.split(", ").any(|one| one == name);
            let expected = match stands {
                true => Ok(()),
                false => Err(Alert::IllegalParameter),
            };
            assert_eq!(check(number, place, true), expected, "{number} {place:?}");
        }
    }
}

/// RFC 8446 §4.2: the messages in which extensions are responses are these.
#[test]
fn what_was_not_offered_is_not_answered() {
    const ASKING: [&str; 3] = ["CH", "CR", "NST"];
    for (place, name) in PLACES {
        for (number, places) in REGISTRY {
            let stands = places.split(", ").any(|one| one == name);
            // "… with the exception of the "cookie" extension in the HelloRetryRequest."
            let is_cookie = (name, number) == ("HRR", number::COOKIE);
            let expected = match (ASKING.contains(&name), stands) {
                (false, _) if !is_cookie => Err(Alert::UnsupportedExtension),
                (_, true) => Ok(()),
                (_, false) => Err(Alert::IllegalParameter),
            };
            assert_eq!(check(number, place, false), expected, "{number} {place:?}");
        }
        // One that nobody knows is ignored where it asks.
        let expected = match ASKING.contains(&name) {
            true => Ok(()),
            false => Err(Alert::UnsupportedExtension),
        };
        assert_eq!(check(GREASE, place, false), expected, "{place:?}");
        assert_eq!(check(GREASE, place, true), Ok(()), "{place:?}");
    }
}

#[test]
fn the_table_and_the_registry_have_the_same_rows() {
    let mut ours: Vec<u16> = EXTENSIONS.iter().map(|row| row.number).collect();
    let mut theirs: Vec<u16> = REGISTRY.iter().map(|(number, _)| *number).collect();
    ours.sort_unstable();
    theirs.sort_unstable();
    assert_eq!(ours, theirs);
    assert!(
        ours.windows(2).all(|pair| pair[0] != pair[1]),
        "a row twice"
    );
}

/// RFC 8446 §4.1.2, RFC 9849 §6.1.5; what is not known may not change either.
#[test]
fn of_a_second_hello_this_much_may_differ() {
    const CHANGING: [u16; 6] = [
        number::KEY_SHARE,
        number::EARLY_DATA,
        number::COOKIE,
        number::PRE_SHARED_KEY,
        number::PADDING,
        number::ENCRYPTED_CLIENT_HELLO,
    ];
    for number in 0..=u16::MAX {
        assert_eq!(may_change(number), CHANGING.contains(&number), "{number}");
    }
}

#[cfg(feature = "testing")]
#[test]
fn what_is_in_the_registry_is_known_and_nothing_else() {
    for number in 0..=u16::MAX {
        let listed = REGISTRY.iter().any(|(listed, _)| *listed == number);
        assert_eq!(is_known(number), listed, "{number}");
    }
}
