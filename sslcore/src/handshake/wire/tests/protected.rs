//! What comes behind the hellos: EncryptedExtensions, CertificateRequest, Certificate,
//! NewSessionTicket.

use alloc::vec::Vec;

use super::super::{
    certificate, certificate_request, encrypted_extensions, offer::Offer,
    session_ticket::SessionTicket,
};
use super::{
    GREASE, ILLEGAL, MALFORMED, MISSING, UNSOLICITED, alert, assert_reads_extensions, assert_whole,
    block, message, vector8, vector16, vector24,
};
use crate::alert::Alert;
use crate::handshake::extensions::number;

fn offer() -> Offer {
    let offered = [
        number::ALPN,
        number::SUPPORTED_GROUPS,
        number::KEY_SHARE,
        GREASE,
    ];
    let offered = offered.map(|number| match number {
        number::SUPPORTED_GROUPS => (number, &[0, 2, 0, 29][..]),
        _ => (number, &[0, 0][..]),
    });
    super::offer(&[0x13, 1], &offered, None)
}

fn extensions_checked(message: &[u8]) -> Result<(), Alert> {
    alert(encrypted_extensions::check(message, &offer()))
}

fn encrypted(block: &[u8]) -> Vec<u8> {
    message(&vector16(block))
}

#[test]
fn encrypted_extensions_are_read_to_their_end() {
    let known = (number::ALPN, &b"\0\x03\x02h2"[..]);
    assert_whole(&encrypted(&block(&[known])), extensions_checked);
    assert_whole(&encrypted(&[]), extensions_checked);
    assert_reads_extensions(encrypted, known, extensions_checked);
    let check = |extension| extensions_checked(&encrypted(&block(&[extension])));
    assert_eq!(check((number::SERVER_NAME, &[])), UNSOLICITED);
    assert_eq!(check((number::KEY_SHARE, &[])), ILLEGAL);
}

#[test]
fn the_groups_in_encrypted_extensions_are_whole() {
    let check = |content: &[u8]| {
        let groups = (number::SUPPORTED_GROUPS, content);
        extensions_checked(&encrypted(&block(&[groups])))
    };
    assert_eq!(check(&[0, 4, 0, 29, 0x5a, 0x5a]), Ok(()));
    for damaged in [
        &[][..],
        &[0],
        &[0, 0],
        &[0, 1, 0],
        &[0, 3, 0, 29, 0],
        &[0, 2, 0],
        &[0, 2, 0, 29, 0],
    ] {
        assert_eq!(check(damaged), MALFORMED, "{damaged:?}");
    }
}

const SCHEMES: (u16, &[u8]) = (number::SIGNATURE_ALGORITHMS, &[0, 2, 4, 3]);

fn request_checked(message: &[u8]) -> Result<(), Alert> {
    alert(certificate_request::read_tls13(message).map(drop))
}

fn request(block: &[u8]) -> Vec<u8> {
    request_with(b"", block)
}

fn request_with(context: &[u8], block: &[u8]) -> Vec<u8> {
    message(&[&vector8(context)[..], &vector16(block)].concat())
}

#[test]
fn within_a_handshake_a_request_has_no_context() {
    let request = request_with(b"context", &block(&[SCHEMES]));
    assert_eq!(request_checked(&request), MALFORMED);
}

#[test]
fn the_schemes_in_a_request_are_whole() {
    let check = |content: &[u8]| {
        let schemes = (number::SIGNATURE_ALGORITHMS, content);
        request_checked(&request(&block(&[schemes])))
    };
    assert_eq!(check(&[0, 4, 4, 3, 8, 7]), Ok(()));
    for damaged in [
        &[][..],
        &[0],
        &[0, 0],
        &[0, 2, 4],
        &[0, 3, 4, 3, 8],
        &[0, 2, 4, 3, 8],
    ] {
        assert_eq!(check(damaged), MALFORMED, "{damaged:?}");
    }
}

#[test]
fn a_request_for_a_certificate_is_read_to_its_end() {
    assert_whole(&request(&block(&[SCHEMES])), request_checked);
    assert_reads_extensions(request, SCHEMES, request_checked);
    let check = |extensions: &[_]| request_checked(&request(&block(extensions)));
    assert_eq!(check(&[]), MISSING);
    assert_eq!(check(&[(number::OID_FILTERS, &[0, 0])]), MISSING);
    assert_eq!(check(&[SCHEMES, (number::SERVER_NAME, &[])]), ILLEGAL);
}

#[test]
fn the_authorities_in_a_request_are_whole() {
    let check = |content: &[u8]| {
        let authorities = (number::CERTIFICATE_AUTHORITIES, content);
        request_checked(&request(&block(&[SCHEMES, authorities])))
    };
    let name = vector16(&[0x30, 0]);
    assert_eq!(check(&vector16(&name)), Ok(()));
    assert_eq!(check(&vector16(&[&name[..], &name].concat())), Ok(()));
    for damaged in [
        &[][..],
        &[0],
        &[0, 0],
        &[0, 2, 0, 0],
        &[0, 4, 0, 2, 0x30],
        &[&vector16(&name)[..], &[0]].concat(),
    ] {
        assert_eq!(check(damaged), MALFORMED, "{damaged:?}");
    }
}

fn certificate_checked(message: &[u8]) -> Result<(), Alert> {
    let offered = |number| [number::STATUS_REQUEST, number::ALPN, GREASE].contains(&number);
    alert(certificate::read_tls13(message, offered).map(drop))
}

/// Two entries; the second has these extensions.
fn certificate(block: &[u8]) -> Vec<u8> {
    certificates([&[], block])
}

/// Two entries with these extensions.
fn certificates(blocks: [&[u8]; 2]) -> Vec<u8> {
    let entry = |block: &[u8]| [&vector24(b"certificate")[..], &vector16(block)].concat();
    let list = vector24(&blocks.map(entry).concat());
    message(&[&vector8(b"")[..], &list].concat())
}

#[test]
fn what_is_stapled_to_the_leaf_is_the_peers_and_is_whole() {
    let stapled = |blocks: [&[(u16, &[u8])]; 2]| {
        let [leaf, issuer] = blocks.map(block);
        let message = certificates([&leaf, &issuer]);
        let offered = |number| number == number::STATUS_REQUEST;
        let chain = certificate::read_tls13(&message, offered);
        chain.map(|chain| chain.stapled.map(<[u8]>::to_vec))
    };
    let (mine, its): (&[u8], &[u8]) = (b"\x01\0\0\x04leaf", b"\x01\0\0\x06issuer");
    let of = |content| [(number::STATUS_REQUEST, content)];
    assert_eq!(stapled([&of(mine), &of(its)]), Ok(Some(b"leaf".to_vec())));
    assert_eq!(stapled([&[], &of(its)]), Ok(None));
    // Of another type nothing is known.
    assert_eq!(stapled([&of(b"\x02anything"), &[]]), Ok(None));
    for damaged in [
        &b""[..],
        b"\x01",
        b"\x01\0\0\0",
        b"\x01\0\0\x02x",
        b"\x01\0\0\x01xx",
    ] {
        for blocks in [[&of(damaged)[..], &[]], [&[], &of(damaged)]] {
            let refusal = stapled(blocks).expect_err("damaged");
            assert_eq!(refusal.alert, Alert::DecodeError, "{damaged:?}");
        }
    }
}

#[test]
fn the_timestamps_are_those_of_the_leaf() {
    let of = |list: &[u8]| block(&[(number::SIGNED_CERTIFICATE_TIMESTAMP, list)]);
    let read = |blocks: [&[u8]; 2]| {
        let entry = |block: &[u8]| [&vector24(b"der")[..], &vector16(block)].concat();
        let entries = vector24(&[entry(blocks[0]), entry(blocks[1])].concat());
        let message = message(&[&vector8(b"")[..], &entries].concat());
        let chain = certificate::read_tls13(&message, |_| true);
        chain.map(|chain| chain.timestamps.map(<[u8]>::to_vec))
    };
    let list = vector16(&vector16(b"a log"));
    assert_eq!(read([&of(&list), &[]]), Ok(Some(list.clone())));
    assert_eq!(read([&[], &of(&list)]), Ok(None));
    for damaged in [
        &b""[..],
        &[0, 0],
        &[0, 2, 0, 0],
        &[0, 3, 0, 2, 1],
        &[0, 3, 0, 1, 7, 9],
    ] {
        for blocks in [[&of(damaged)[..], &[]], [&[], &of(damaged)]] {
            let refusal = read(blocks).expect_err("damaged");
            assert_eq!(refusal.alert, Alert::DecodeError, "{damaged:?}");
        }
    }
}

#[test]
fn a_certificate_of_tls13_is_read_to_its_end() {
    let known = (number::STATUS_REQUEST, &b"\x01\0\0\x01x"[..]);
    assert_whole(&certificate(&block(&[known])), certificate_checked);
    assert_reads_extensions(certificate, known, certificate_checked);
    let check = |extension| certificate_checked(&certificate(&block(&[extension])));
    assert_eq!(
        check((number::SIGNED_CERTIFICATE_TIMESTAMP, &[])),
        UNSOLICITED
    );
    assert_eq!(check((number::ALPN, &[])), ILLEGAL);
    let list = |list: &[u8]| {
        let body = [&vector8(b"")[..], &vector24(list)].concat();
        certificate_checked(&message(&body))
    };
    assert_eq!(list(&[]), Ok(()), "none at all");
    assert_eq!(list(&[0, 0, 0, 0, 0]), MALFORMED, "an empty one");
    assert_eq!(list(&[0, 0, 1, 7]), MALFORMED, "no extensions");
    assert_eq!(list(&[0, 0, 1, 7, 0, 0, 0]), MALFORMED, "half an entry");
}

#[test]
fn a_certificate_of_tls12_is_read_to_its_end() {
    let check = |message: &[u8]| alert(certificate::check_tls12(message).map(drop));
    let one = vector24(b"certificate");
    let list = |list: &[u8]| message(&vector24(list));
    assert_whole(&list(&[&one[..], &one].concat()), check);
    assert_whole(&list(&[]), check);
    assert_eq!(check(&list(&[&one[..], &[0, 0, 0]].concat())), MALFORMED);
    assert_eq!(check(&list(&one[..one.len() - 1])), MALFORMED);
}

fn ticket_read(body: &[u8]) -> Result<(), Alert> {
    alert(SessionTicket::read(body).map(drop))
}

/// The body of a NewSessionTicket.
fn ticket(block: &[u8]) -> Vec<u8> {
    let front = [0, 0, 0x1c, 0x20, 1, 2, 3, 4];
    let nonce = vector8(&[0]);
    [&front[..], &nonce, &vector16(b"ticket"), &vector16(block)].concat()
}

#[test]
fn a_ticket_is_read_to_its_end() {
    let known = (number::EARLY_DATA, &[0, 0, 0x40, 0][..]);
    assert_whole(&ticket(&block(&[known])), ticket_read);
    assert_whole(&ticket(&[]), ticket_read);
    let whole = ticket(&[]);
    let read = SessionTicket::read(&whole).expect("a ticket");
    assert_eq!((read.lifetime, read.age_add), (7200, 0x01020304));
    assert_eq!((read.nonce, read.ticket), (&[0][..], &b"ticket"[..]));
    assert_reads_extensions(ticket, known, ticket_read);
    let check = |extension| ticket_read(&ticket(&block(&[extension])));
    assert_eq!(check((number::SERVER_NAME, &[])), ILLEGAL);
    for content in [&[][..], &[0; 3], &[0; 5]] {
        assert_eq!(check((number::EARLY_DATA, content)), MALFORMED);
    }
    let empty = [&[0; 8][..], &vector8(&[0]), &[0, 0], &[0, 0]].concat();
    assert_eq!(ticket_read(&empty), MALFORMED, "nothing to show again");
}
