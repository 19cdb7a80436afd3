//! ServerHello and HelloRetryRequest, measured by what a client has offered.

use alloc::vec;
use alloc::vec::Vec;

use super::super::offer::Offer;
use super::super::server_hello::ServerHello;
use super::{
    Extension, GREASE, ILLEGAL, MALFORMED, MISSING, UNSOLICITED, alert, assert_reads_extensions,
    assert_whole_behind, block, message, vector8, vector16,
};
use crate::alert::Alert;
use crate::handshake::extensions::number;

const TLS13: Extension<'_> = (number::SUPPORTED_VERSIONS, &[3, 4]);
const VERSIONS: Extension<'_> = (number::SUPPORTED_VERSIONS, &[4, 3, 4, 3, 3]);
const GROUPS: Extension<'_> = (number::SUPPORTED_GROUPS, &[0, 4, 0, 29, 0, 23]);
/// A share for X25519 alone, as short as none is.
const SHARES: Extension<'_> = (number::KEY_SHARE, &[0, 5, 0, 29, 0, 1, 7]);
const ASKED: Extension<'_> = (number::KEY_SHARE, &[0, 23]);
const PROTOCOL: Extension<'_> = (number::ALPN, &[]);
const UNKNOWN: Extension<'_> = (GREASE, &[]);
/// One suite of each version, and the one that is none.
const SUITES: [u8; 6] = [0x13, 0x01, 0xc0, 0x2b, 0x00, 0xff];

const TOO_OLD: Result<(), Alert> = Err(Alert::ProtocolVersion);
const UNEXPECTED: Result<(), Alert> = Err(Alert::UnexpectedMessage);

/// Of a client of both versions.
fn both() -> Offer {
    let offered = [VERSIONS, GROUPS, SHARES, PROTOCOL, UNKNOWN];
    super::offer(&SUITES, &offered, None)
}

/// Of a client of one version.
fn only(version: &'static [u8]) -> Offer {
    let offered = [
        (number::SUPPORTED_VERSIONS, version),
        GROUPS,
        SHARES,
        PROTOCOL,
        UNKNOWN,
    ];
    super::offer(&SUITES, &offered, None)
}

struct Hello {
    version: [u8; 2],
    random: [u8; 32],
    session_id: Vec<u8>,
    suite: [u8; 2],
    compression: u8,
    extensions: Vec<u8>,
}

impl Hello {
    fn tls13(extensions: &[Extension<'_>]) -> Self {
        Self {
            version: [3, 3],
            random: [5; 32],
            session_id: vec![9; 32],
            suite: [0x13, 0x01],
            compression: 0,
            extensions: block(&[&[TLS13], extensions].concat()),
        }
    }

    fn tls12(extensions: &[Extension<'_>]) -> Self {
        Self {
            suite: [0xc0, 0x2b],
            session_id: vec![],
            extensions: block(extensions),
            ..Self::tls13(&[])
        }
    }

    fn retry(extensions: &[Extension<'_>]) -> Self {
        let mut random = [0; 32];
        // SHA-256 of "HelloRetryRequest".
        let hash = "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c";
        for (byte, hex) in random.iter_mut().zip(hash.as_bytes().chunks(2)) {
            let hex = core::str::from_utf8(hex).expect("ASCII");
            *byte = u8::from_str_radix(hex, 16).expect("hexadecimal");
        }
        Self {
            random,
            ..Self::tls13(extensions)
        }
    }

    fn message(&self) -> Vec<u8> {
        message(
            &[
                &self.version[..],
                &self.random,
                &vector8(&self.session_id),
                &self.suite,
                &[self.compression],
                &vector16(&self.extensions),
            ]
            .concat(),
        )
    }

    fn read(&self, offer: &Offer) -> Result<(), Alert> {
        alert(ServerHello::read_answer(&self.message(), offer))
    }
}

fn with(hello: fn(&[Extension<'_>]) -> Hello, block: &[u8]) -> Vec<u8> {
    let mut hello = hello(&[]);
    hello.extensions.extend(block);
    hello.message()
}

/// How a ServerHello is answered that `change` has changed.
fn changed(hello: Hello, change: impl FnOnce(&mut Hello)) -> Result<(), Alert> {
    let mut hello = hello;
    change(&mut hello);
    hello.read(&both())
}

#[test]
fn it_is_read_to_its_end() {
    let read = |message: &[u8]| alert(ServerHello::read_answer(message, &both()));
    // Without extensions neither is of TLS 1.3.
    for (hello, bare) in [
        (Hello::tls13(&[]), ILLEGAL),
        (Hello::retry(&[ASKED]), MISSING),
    ] {
        let message = hello.message();
        let len = message.len() - 2 - hello.extensions.len();
        assert_whole_behind(&message, Some(len), read);
        assert_eq!(read(&message[..len]), bare);
    }
    assert_reads_extensions(|block| with(Hello::tls12, block), PROTOCOL, read);
    let share = (number::KEY_SHARE, &[0, 29, 0, 1, 7][..]);
    assert_reads_extensions(|block| with(Hello::tls13, block), share, read);
    assert_reads_extensions(|block| with(Hello::retry, block), ASKED, read);
    // A server of TLS 1.2 may leave out its extensions altogether.
    let mut none = Hello::tls12(&[]).message();
    none.truncate(none.len() - 2);
    assert_eq!(read(&none), Ok(()));
}

#[test]
fn what_it_says_is_what_is_told() {
    let tls13 = ServerHello::read(&Hello::tls13(&[]).message()).expect("whole");
    assert!(tls13.is_tls13 && !tls13.is_retry() && !tls13.extended_master_secret);
    let secret = (number::EXTENDED_MASTER_SECRET, &[][..]);
    let tls12 = ServerHello::read(&Hello::tls12(&[secret]).message()).expect("whole");
    assert!(!tls12.is_tls13 && !tls12.is_retry() && tls12.extended_master_secret);
    let retry = ServerHello::read(&Hello::retry(&[ASKED]).message()).expect("whole");
    assert!(retry.is_tls13 && retry.is_retry());
}

#[test]
fn a_session_id_has_at_most_32_bytes_and_is_given_back_in_tls13() {
    for hello in [Hello::tls13, Hello::retry] {
        let id = |id: &[u8]| changed(hello(&[ASKED]), |hello| hello.session_id = id.to_vec());
        assert_eq!(id(&[9; 33]), MALFORMED);
        for another in [&[8; 32][..], &[9; 31], &[]] {
            assert_eq!(id(another), ILLEGAL);
        }
    }
    let id = |id: &[u8]| changed(Hello::tls12(&[]), |hello| hello.session_id = id.to_vec());
    assert_eq!(id(&[9; 32]), Ok(()));
    assert_eq!(id(&[1]), Ok(()));
    assert_eq!(id(&[9; 33]), MALFORMED);
}

#[test]
fn suite_and_compression_are_among_those_offered() {
    for (hello, others) in [
        (
            Hello::tls13 as fn(&[Extension<'_>]) -> Hello,
            [0x1302, 0xc02b, 0x00ff],
        ),
        (Hello::retry, [0x1302, 0xc02b, 0x00ff]),
        (Hello::tls12, [0xc02c, 0x1301, 0x00ff]),
    ] {
        let asked: &[_] = match hello(&[]).suite {
            [0x13, _] => &[ASKED],
            _ => &[],
        };
        for suite in others {
            let refusal = changed(hello(asked), |hello| hello.suite = u16::to_be_bytes(suite));
            assert_eq!(refusal, ILLEGAL, "{suite:04x}");
        }
        for method in [1, 64, 255] {
            let refusal = changed(hello(asked), |hello| hello.compression = method);
            assert_eq!(refusal, ILLEGAL, "{method}");
        }
    }
}

#[test]
fn the_version_is_one_that_was_offered() {
    for hello in [Hello::tls13(&[]), Hello::tls12(&[]), Hello::retry(&[ASKED])] {
        for version in [[3, 0], [3, 2], [3, 4]] {
            let hello = Hello {
                version,
                session_id: hello.session_id.clone(),
                extensions: hello.extensions.clone(),
                ..hello
            };
            assert_eq!(hello.read(&both()), TOO_OLD, "{version:?}");
        }
    }
    let selected = |selected: &[u8]| {
        let extensions = block(&[(number::SUPPORTED_VERSIONS, selected)]);
        changed(Hello::tls13(&[]), |hello| hello.extensions = extensions)
    };
    assert_eq!(selected(&[3, 3]), ILLEGAL);
    assert_eq!(selected(&[3, 5]), ILLEGAL);
    assert_eq!(selected(&[3]), MALFORMED);
    assert_eq!(selected(&[3, 4, 0]), MALFORMED);
    let (old, new) = (only(&[2, 3, 3]), only(&[2, 3, 4]));
    assert_eq!(Hello::tls12(&[]).read(&old), Ok(()));
    assert_eq!(Hello::tls13(&[]).read(&old), ILLEGAL);
    assert_eq!(Hello::tls13(&[]).read(&new), Ok(()));
    assert_eq!(Hello::tls12(&[]).read(&new), TOO_OLD);
    // Who says nothing of versions speaks TLS 1.2.
    let silent = super::offer(&SUITES, &[], None);
    assert_eq!(Hello::tls12(&[]).read(&silent), Ok(()));
}

#[test]
fn nobody_keeps_a_client_from_tls13() {
    let marked = |last: u8| {
        let mut hello = Hello::tls12(&[]);
        hello.random[24..].copy_from_slice(b"DOWNGRD\0");
        hello.random[31] = last;
        hello
    };
    for last in [0, 1] {
        assert_eq!(marked(last).read(&both()), ILLEGAL);
        // RFC 8446 §4.1.3: who offers no more than TLS 1.2 does not look.
        assert_eq!(marked(last).read(&only(&[2, 3, 3])), Ok(()));
    }
    assert_eq!(marked(2).read(&both()), Ok(()), "no mark");
}

#[test]
fn it_answers_what_was_offered() {
    let name = (number::SERVER_NAME, &[][..]);
    for (hello, foreign) in [
        (Hello::tls13(&[ASKED]), PROTOCOL),
        (Hello::retry(&[ASKED]), PROTOCOL),
        (Hello::tls12(&[PROTOCOL]), SHARES),
    ] {
        let mut hello = hello;
        assert_eq!(hello.read(&both()), Ok(()));
        let honest = hello.extensions.clone();
        hello.extensions.extend(block(&[name]));
        assert_eq!(hello.read(&both()), UNSOLICITED);
        hello.extensions = [honest, block(&[foreign])].concat();
        assert_eq!(hello.read(&both()), ILLEGAL);
    }
    // RFC 5746 §3.4: the suite that is none offers it, too.
    let initial = (number::RENEGOTIATION_INFO, &[0][..]);
    let later = (number::RENEGOTIATION_INFO, &[1, 7][..]);
    assert_eq!(Hello::tls12(&[initial]).read(&both()), Ok(()));
    let refused = Err(Alert::HandshakeFailure);
    assert_eq!(Hello::tls12(&[later]).read(&both()), refused);
    let without = super::offer(&SUITES[..4], &[VERSIONS], None);
    assert_eq!(Hello::tls12(&[initial]).read(&without), UNSOLICITED);
    let offering = super::offer(&SUITES[..4], &[VERSIONS, initial], None);
    assert_eq!(Hello::tls12(&[initial]).read(&offering), Ok(()));
}

#[test]
fn a_retry_asks_for_what_can_be_and_changes_something() {
    let asked = |group: &[u8]| Hello::retry(&[(number::KEY_SHARE, group)]).read(&both());
    assert_eq!(asked(&[0, 23]), Ok(()));
    assert_eq!(asked(&[0, 29]), ILLEGAL, "its share was sent");
    assert_eq!(asked(&[0, 24]), ILLEGAL, "not offered");
    assert_eq!(asked(&[0]), MALFORMED);
    assert_eq!(asked(&[0, 23, 0]), MALFORMED);
    assert_eq!(Hello::retry(&[]).read(&both()), ILLEGAL, "nothing changes");
    let bare = changed(Hello::retry(&[ASKED]), |hello| {
        hello.extensions = block(&[ASKED]);
    });
    assert_eq!(bare, MISSING, "no version");
}

#[test]
fn a_cookie_is_one_and_has_room_to_be_repeated() {
    let cookie = |content: &[u8]| Hello::retry(&[(number::COOKIE, content)]).read(&both());
    assert_eq!(cookie(&vector16(&[7])), Ok(()));
    assert_eq!(cookie(&vector16(&[7; 16_384])), Ok(()));
    assert_eq!(cookie(&vector16(&[7; 16_385])), ILLEGAL);
    for damaged in [&[][..], &[0], &[0, 0], &[0, 2, 7], &[0, 1, 7, 7]] {
        assert_eq!(cookie(damaged), MALFORMED, "{damaged:?}");
    }
    // It answers nothing, but belongs nowhere else.
    let elsewhere = (number::COOKIE, &[0, 1, 7][..]);
    assert_eq!(Hello::tls13(&[elsewhere]).read(&both()), UNSOLICITED);
    assert_eq!(Hello::tls12(&[elsewhere]).read(&both()), UNSOLICITED);
}

#[test]
fn a_retry_comes_once_to_a_client_of_tls13_and_binds_the_server() {
    assert_eq!(Hello::retry(&[ASKED]).read(&only(&[2, 3, 3])), UNEXPECTED);
    let mut old = Hello::tls12(&[]);
    old.random = Hello::retry(&[]).random;
    assert_eq!(old.read(&only(&[2, 3, 3])), UNEXPECTED);
    let second = super::offer(&SUITES, &[VERSIONS, GROUPS, SHARES], Some(&both()));
    assert_eq!(Hello::retry(&[ASKED]).read(&second), UNEXPECTED);
    assert_eq!(Hello::tls13(&[]).read(&second), Ok(()));
    assert_eq!(Hello::tls12(&[]).read(&second), ILLEGAL);
}
