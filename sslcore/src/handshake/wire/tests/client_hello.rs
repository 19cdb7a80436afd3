//! ClientHello, and what it says.

use alloc::vec;
use alloc::vec::Vec;

use super::super::client_hello::HelloMessage;
use super::{
    Extension, GREASE, ILLEGAL, MALFORMED, MISSING, alert, assert_reads_extensions,
    assert_whole_behind, block, message, vector8, vector16,
};
use crate::alert::Alert;
use crate::handshake::extensions::number;
use crate::protocol::SslProtocol::{TlsV1_2, TlsV1_3};
use crate::record::messages::FRAME;

const TOO_OLD: Result<(), Alert> = Err(Alert::ProtocolVersion);

const VERSIONS: Extension<'_> = (number::SUPPORTED_VERSIONS, &[4, 3, 4, 3, 3]);
const GROUPS: Extension<'_> = (number::SUPPORTED_GROUPS, &[0, 2, 0, 29]);
const SHARES: Extension<'_> = (number::KEY_SHARE, &[0, 0]);
const SCHEMES: Extension<'_> = (number::SIGNATURE_ALGORITHMS, &[0, 2, 4, 3]);
const KEY: Extension<'_> = (number::PRE_SHARED_KEY, &[0, 0]);

struct Hello {
    version: [u8; 2],
    session_id: Vec<u8>,
    suites: Vec<u8>,
    compression: Vec<u8>,
    /// With their length.
    extensions: Vec<u8>,
}

impl Hello {
    fn new(extensions: &[Extension<'_>]) -> Self {
        Self {
            version: [3, 3],
            session_id: vec![9; 32],
            suites: vec![0x13, 1, 0xc0, 0x2b],
            compression: vec![0],
            extensions: vector16(&block(extensions)),
        }
    }

    fn message(&self) -> Vec<u8> {
        message(
            &[
                &self.version[..],
                &[7; 32],
                &vector8(&self.session_id),
                &vector16(&self.suites),
                &vector8(&self.compression),
                &self.extensions,
            ]
            .concat(),
        )
    }
}

fn whole(message: &[u8]) -> HelloMessage {
    HelloMessage::read([&[0; FRAME], message].concat()).expect("a hello")
}

fn read(message: &[u8]) -> Result<(), Alert> {
    alert(HelloMessage::read([&[0; FRAME], message].concat()))
}

fn with(extensions: &[Extension<'_>]) -> Result<(), Alert> {
    read(&Hello::new(extensions).message())
}

fn changed(change: impl FnOnce(&mut Hello)) -> Result<(), Alert> {
    let mut hello = Hello::new(&[VERSIONS]);
    change(&mut hello);
    read(&hello.message())
}

#[test]
fn it_is_read_to_its_end() {
    let good = Hello::new(&[VERSIONS, (GREASE, b"content")]).message();
    assert_eq!(read(&good), Ok(()));
    let bare = Hello {
        extensions: Vec::new(),
        ..Hello::new(&[])
    };
    let bare = bare.message();
    assert_eq!(read(&bare), Ok(()), "TLS 1.2 without extensions");
    assert_whole_behind(&good, Some(bare.len()), read);
    let with = |block: &[u8]| {
        let extensions = vector16(block);
        Hello {
            extensions,
            ..Hello::new(&[])
        }
        .message()
    };
    assert_reads_extensions(with, VERSIONS, read);
}

#[test]
fn its_fields_have_their_lengths() {
    let id = |len| changed(|hello| hello.session_id = vec![9; len]);
    assert_eq!([id(0), id(32), id(33)], [Ok(()), Ok(()), MALFORMED]);
    let suites = |suites: &[u8]| changed(|hello| hello.suites = suites.to_vec());
    assert_eq!(suites(&[0x13, 1]), Ok(()));
    assert_eq!(suites(&[]), MALFORMED);
    assert_eq!(suites(&[0x13]), MALFORMED);
    assert_eq!(suites(&[0x13, 1, 0x13]), MALFORMED);
    // RFC 5246 §7.4.1.2: a vector that contains null.
    let compression = |methods: &[u8]| changed(|hello| hello.compression = methods.to_vec());
    assert_eq!(compression(&[1, 0]), Ok(()));
    assert_eq!(compression(&[1]), ILLEGAL);
    assert_eq!(compression(&[]), MALFORMED);
}

#[test]
fn the_authorities_that_it_knows_have_names() {
    let authorities =
        |content: &[u8]| with(&[VERSIONS, (number::CERTIFICATE_AUTHORITIES, content)]);
    assert_eq!(authorities(&[0, 3, 0, 1, 7]), Ok(()));
    assert_eq!(authorities(&[0, 7, 0, 1, 7, 0, 2, 7, 7]), Ok(()));
    for damaged in [
        &[][..],
        &[0, 0],
        &[0, 2, 0, 0],
        &[0, 3, 0, 2, 7],
        &[0, 3, 0, 1, 7, 7],
    ] {
        assert_eq!(authorities(damaged), MALFORMED, "{damaged:?}");
    }
}

#[test]
fn it_offers_a_version_that_is_not_too_old() {
    let version = |version| changed(|hello| hello.version = version);
    // Beside supported_versions nothing but SSL 3 is too old (RFC 8446 §D.5).
    assert_eq!(version([3, 0]), TOO_OLD);
    assert_eq!([version([3, 1]), version([3, 4])], [Ok(()), Ok(())]);
    let alone = |version| {
        let hello = Hello {
            version,
            ..Hello::new(&[])
        };
        read(&hello.message())
    };
    assert_eq!([alone([3, 0]), alone([3, 2])], [TOO_OLD, TOO_OLD]);
    assert_eq!([alone([3, 3]), alone([3, 4])], [Ok(()), Ok(())]);
}

#[test]
fn what_it_offers_is_what_is_told() {
    let offers = |version: [u8; 2], extensions: &[Extension<'_>]| {
        let hello = Hello {
            version,
            ..Hello::new(extensions)
        };
        let hello = whole(&hello.message());
        [TlsV1_2, TlsV1_3].map(|protocol| hello.hello().offers(protocol))
    };
    fn versions(content: &[u8]) -> [Extension<'_>; 1] {
        [(number::SUPPORTED_VERSIONS, content)]
    }
    assert_eq!(offers([3, 3], &versions(&[2, 3, 4])), [false, true]);
    assert_eq!(offers([3, 3], &versions(&[2, 3, 3])), [true, false]);
    assert_eq!(offers([3, 3], &versions(&[4, 3, 4, 3, 3])), [true, true]);
    assert_eq!(offers([3, 3], &versions(&[2, 0x5a, 0x5a])), [false, false]);
    // TLS 1.3 is offered by its extension alone (RFC 8446 §4.2.1).
    assert_eq!(offers([3, 3], &[]), [true, false]);
    assert_eq!(offers([3, 4], &[]), [true, false]);

    let said = [
        (number::ALPN, &b"\0\x06\x02h2\x02h3"[..]),
        (number::EARLY_DATA, &[]),
        (number::SERVER_NAME, b"\0\x07\0\0\x04host"),
        SCHEMES,
    ];
    let message = whole(&Hello::new(&said).message());
    let hello = message.hello();
    assert_eq!(hello.server_name(), Some("host"));
    assert_eq!(hello.alpn().collect::<Vec<_>>(), [b"h2", b"h3"]);
    assert_eq!(hello.cipher_suites().collect::<Vec<_>>(), [0x1301, 0xc02b]);
    assert_eq!(hello.signature_schemes().collect::<Vec<_>>(), [0x0403]);
    assert!(message.offers_early_data());
    assert!(!whole(&Hello::new(&[]).message()).offers_early_data());
}

/// rustls looks up names without it.
#[test]
fn the_dot_at_the_end_of_a_name_is_left_out() {
    for (sent, name) in [
        (&b"\0\x08\0\0\x05host."[..], Some("host")),
        (b"\0\x0b\0\0\x08a.b.test", Some("a.b.test")),
        (b"\0\x04\0\0\x01.", None),
        (b"\0\x05\0\0\x02a.", Some("a")),
        (b"\0\x06\0\0\x03a..", None),
    ] {
        let message = whole(&Hello::new(&[(number::SERVER_NAME, sent)]).message());
        assert_eq!(message.hello().server_name(), name, "{sent:?}");
    }
}

#[test]
fn lists_in_extensions_are_whole_and_not_empty() {
    let check = |number, content: &[u8], expected| {
        assert_eq!(with(&[(number, content)]), expected, "{number} {content:?}");
    };
    for content in [
        &[][..],
        &[0],
        &[1, 3],
        &[3, 3, 4, 3],
        &[2, 3],
        &[2, 3, 4, 0],
    ] {
        check(number::SUPPORTED_VERSIONS, content, MALFORMED);
    }
    for content in [
        &[][..],
        &[0],
        &[0, 0],
        &[0, 1, 4],
        &[0, 3, 4, 3, 4],
        &[0, 2, 4],
        &[0, 2, 4, 3, 0],
    ] {
        check(number::SIGNATURE_ALGORITHMS, content, MALFORMED);
    }
    // RFC 7301 §3.1.
    for content in [
        &[][..],
        &[0, 0],
        &[0, 1, 0],
        &[0, 4, 2, b'h', b'2', 0],
        &[0, 2, 2, b'h'],
        &[0, 3, 2, b'h'],
        &[0, 3, 2, b'h', b'2', 0],
    ] {
        check(number::ALPN, content, MALFORMED);
    }
    check(number::EARLY_DATA, &[0], MALFORMED);
    check(number::RENEGOTIATION_INFO, &[], MALFORMED);
    check(number::RENEGOTIATION_INFO, &[0, 0], MALFORMED);
    check(number::RENEGOTIATION_INFO, &[0], Ok(()));
    check(
        number::RENEGOTIATION_INFO,
        &[1, 7],
        Err(Alert::HandshakeFailure),
    );
    check(number::OID_FILTERS, &[0, 0], ILLEGAL);
}

#[test]
fn one_name_is_asked_for() {
    let name = |list: &[u8]| {
        let content = vector16(list);
        let named = Hello::new(&[(number::SERVER_NAME, &content)]).message();
        alert(HelloMessage::read([&[0; FRAME], &named[..]].concat()))?;
        let hello = whole(&named);
        Ok(hello.hello().server_name().map(Vec::from))
    };
    assert_eq!(name(b"\0\0\x04host"), Ok(Some(b"host".to_vec())));
    // RFC 6066 §3: one of each type.
    assert_eq!(name(b"\0\0\x04host\0\0\x04host"), ILLEGAL.map(|()| None));
    assert_eq!(name(b"\0\0\x04host\0\0\x05other"), ILLEGAL.map(|()| None));
    assert_eq!(
        name(b"\0\0\x04host\x01\0\x05other"),
        Ok(Some(b"host".to_vec()))
    );
    assert_eq!(name(b"\x01\0\x04host"), Ok(None), "of another type");
    assert_eq!(name(b"\0\0\x04ho/t"), Ok(None), "none at all");
    assert_eq!(name(b"\0\0\x04ho\xfft"), Ok(None), "not even text");
    for damaged in [&b""[..], b"\0", b"\0\0", b"\0\0\0", b"\0\0\x05host"] {
        assert_eq!(name(damaged), MALFORMED.map(|()| None), "{damaged:?}");
    }
    let longer = [&vector16(b"\0\0\x04host")[..], &[0]].concat();
    for content in [&[][..], &[0], &longer] {
        assert_eq!(with(&[(number::SERVER_NAME, content)]), MALFORMED);
    }
}

#[test]
fn a_pre_shared_key_is_the_last() {
    assert_eq!(with(&[VERSIONS, KEY]), Ok(()));
    assert_eq!(with(&[KEY]), Ok(()));
    assert_eq!(with(&[KEY, VERSIONS]), ILLEGAL);
    assert_eq!(with(&[VERSIONS, KEY, (GREASE, &[])]), ILLEGAL);
}

#[test]
fn tls13_wants_groups_shares_and_schemes_or_a_key() {
    let check = |extensions: &[Extension<'_>]| {
        alert(whole(&Hello::new(extensions).message()).check_tls13())
    };
    assert_eq!(check(&[GROUPS, SHARES, SCHEMES]), Ok(()));
    assert_eq!(check(&[GROUPS, SHARES, KEY]), Ok(()));
    assert_eq!(check(&[KEY]), Ok(()));
    for lacking in [
        &[][..],
        &[SCHEMES],
        &[GROUPS, SHARES],
        &[GROUPS, SCHEMES],
        &[SHARES, SCHEMES],
        &[GROUPS, KEY],
        &[SHARES, KEY],
        &[SHARES, SCHEMES, KEY],
    ] {
        assert_eq!(check(lacking), MISSING, "{lacking:?}");
    }
}

#[test]
fn a_second_hello_is_the_first_but_for_what_may_change() {
    let first = |extensions: &[Extension<'_>]| whole(&Hello::new(extensions).message());
    let second = |change: &dyn Fn(&mut Hello)| {
        let mut second = Hello::new(&[VERSIONS, SCHEMES]);
        change(&mut second);
        alert(first(&[VERSIONS, SCHEMES]).read_second(&second.message()))
    };
    assert_eq!(second(&|_| ()), Ok(()));
    assert_eq!(second(&|hello| hello.version = [3, 4]), ILLEGAL);
    assert_eq!(second(&|hello| hello.session_id.clear()), ILLEGAL);
    assert_eq!(second(&|hello| hello.suites.truncate(2)), ILLEGAL);
    assert_eq!(second(&|hello| hello.compression.push(1)), ILLEGAL);
    let random = |message: &mut Vec<u8>, at: usize| message[4 + 2 + at] ^= 1;
    for at in [0, 31] {
        let mut other = Hello::new(&[VERSIONS, SCHEMES]).message();
        random(&mut other, at);
        let read = first(&[VERSIONS, SCHEMES]).read_second(&other);
        assert_eq!(alert(read), ILLEGAL);
    }
    // RFC 8446 §4.1.2, RFC 9849 §6.1.5.
    let may_change = [
        number::KEY_SHARE,
        number::EARLY_DATA,
        number::COOKIE,
        number::PRE_SHARED_KEY,
        number::PADDING,
        number::ENCRYPTED_CLIENT_HELLO,
    ];
    let others = [
        number::ENCRYPTED_CLIENT_HELLO,
        number::RENEGOTIATION_INFO,
        GREASE,
    ];
    // Only in CertificateRequest.
    let numbers = (0..60).filter(|number| *number != number::OID_FILTERS);
    for number in numbers.chain(others) {
        let (one, other): (&[u8], &[u8]) = match number {
            number::SERVER_NAME => (b"\0\x07\0\0\x04host", b"\0\x07\0\0\x04here"),
            number::ALPN => (b"\0\x03\x02h2", b"\0\x03\x02h3"),
            number::SUPPORTED_VERSIONS => (&[2, 3, 4], &[4, 3, 4, 3, 3]),
            number::SIGNATURE_ALGORITHMS => (&[0, 2, 4, 3], &[0, 2, 8, 4]),
            number::CERTIFICATE_AUTHORITIES => (&[0, 3, 0, 1, 7], &[0, 3, 0, 1, 8]),
            // There is only one way to say these.
            number::EARLY_DATA => (&[], &[]),
            number::RENEGOTIATION_INFO => (&[0], &[0]),
            _ => (b"one", b"two"),
        };
        let expected = match may_change.contains(&number) {
            true => Ok(()),
            false => ILLEGAL,
        };
        let [none, changed] = [&[][..], &[(number, other)]].map(|all| Hello::new(all).message());
        let with = first(&[(number, one)]);
        if one != other {
            assert_eq!(alert(with.read_second(&changed)), expected, "{number}");
        }
        assert_eq!(alert(with.read_second(&none)), expected, "without {number}");
        let more = first(&[]).read_second(&changed);
        assert_eq!(alert(more), expected, "{number} is new");
    }
    let damaged = &Hello::new(&[]).message()[..20];
    assert_eq!(alert(first(&[]).read_second(damaged)), MALFORMED);
}
