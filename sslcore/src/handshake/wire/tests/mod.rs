//! The codec alone. The engine behind it checks some of this again, with the same alert: here is
//! what the codec itself refuses.

mod client_hello;
mod extensions;
mod protected;
mod server_hello;

use alloc::vec::Vec;

use super::offer::Offer;
use super::{Refusal, check_initial};
use crate::alert::Alert;
use crate::failure::{Failure, FailureKind};

/// An extension that nobody knows (RFC 8701).
const GREASE: u16 = 0x5a5a;

type Extension<'a> = (u16, &'a [u8]);

fn vector8(body: &[u8]) -> Vec<u8> {
    [&[body.len() as u8], body].concat()
}

fn vector16(body: &[u8]) -> Vec<u8> {
    [&(body.len() as u16).to_be_bytes(), body].concat()
}

fn vector24(body: &[u8]) -> Vec<u8> {
    [&(body.len() as u32).to_be_bytes()[1..], body].concat()
}

/// A message of any type: the codec is told which one it reads.
fn message(body: &[u8]) -> Vec<u8> {
    [&[0][..], &vector24(body)].concat()
}

/// A block of extensions, without its length.
fn block(extensions: &[Extension<'_>]) -> Vec<u8> {
    let one = |(number, content): &Extension<'_>| {
        [&number.to_be_bytes()[..], &vector16(content)].concat()
    };
    extensions.iter().flat_map(one).collect()
}

fn alert<T>(read: Result<T, Refusal>) -> Result<(), Alert> {
    read.map(|_| ()).map_err(|refusal| refusal.alert)
}

const MALFORMED: Result<(), Alert> = Err(Alert::DecodeError);
const ILLEGAL: Result<(), Alert> = Err(Alert::IllegalParameter);
const UNSOLICITED: Result<(), Alert> = Err(Alert::UnsupportedExtension);
const MISSING: Result<(), Alert> = Err(Alert::MissingExtension);

/// No beginning of a message is one, and nothing may stand behind it.
#[track_caller]
fn assert_whole(message: &[u8], read: impl Fn(&[u8]) -> Result<(), Alert>) {
    assert_whole_behind(message, None, read);
}

/// The same of a hello, of which so many bytes are one without extensions.
#[track_caller]
fn assert_whole_behind(
    message: &[u8],
    bare: Option<usize>,
    read: impl Fn(&[u8]) -> Result<(), Alert>,
) {
    assert_eq!(read(message), Ok(()));
    for len in (0..message.len()).filter(|len| Some(*len) != bare) {
        assert_eq!(read(&message[..len]), MALFORMED, "{len} bytes");
    }
    assert_eq!(read(&[message, &[0]].concat()), MALFORMED, "a byte more");
}

/// A message that `with` makes of a block of extensions takes what it does not know, and neither a
/// block that ends inside an extension nor an extension twice.
#[track_caller]
fn assert_reads_extensions(
    with: impl Fn(&[u8]) -> Vec<u8>,
    known: Extension<'_>,
    read: impl Fn(&[u8]) -> Result<(), Alert>,
) {
    let good = block(&[known, (GREASE, b"content")]);
    assert_eq!(read(&with(&good)), Ok(()));
    let first = 4 + known.1.len();
    for len in (first + 1)..good.len() {
        assert_eq!(read(&with(&good[..len])), MALFORMED, "{len} bytes");
    }
    for twice in [known, (GREASE, &[])] {
        // They need not stand side by side.
        let all = match twice == known {
            true => block(&[known, (GREASE, &[]), known]),
            false => block(&[twice, known, twice]),
        };
        assert_eq!(read(&with(&all)), ILLEGAL, "{} twice", twice.0);
    }
}

/// The body of a ClientHello of TLS 1.3 with these extensions.
fn hello_body(suites: &[u8], extensions: &[Extension<'_>]) -> Vec<u8> {
    [
        &[3, 3][..],
        &[7; 32],
        &vector8(&[9; 32]),
        &vector16(suites),
        &vector8(&[0]),
        &vector16(&block(extensions)),
    ]
    .concat()
}

/// What a client of ours offers with these extensions.
fn offer(suites: &[u8], extensions: &[Extension<'_>], before: Option<&Offer>) -> Offer {
    let hello = message(&hello_body(suites, extensions));
    Offer::read(&hello, before).expect("a hello")
}

#[test]
fn a_first_handshake_renegotiates_nothing() {
    assert_eq!(alert(check_initial(&[0])), Ok(()));
    for damaged in [&[][..], &[1], &[0, 0], &[1, 7, 7]] {
        assert_eq!(alert(check_initial(damaged)), MALFORMED, "{damaged:?}");
    }
    // RFC 5746 §3.4, §3.6.
    let refused = Err(Alert::HandshakeFailure);
    assert_eq!(alert(check_initial(&vector8(&[7; 12]))), refused);
}

#[test]
fn a_refusal_is_a_failure_of_its_kind() {
    for (alert, kind) in [
        (Alert::DecodeError, FailureKind::MalformedMessage),
        (Alert::ProtocolVersion, FailureKind::Incompatible),
        (Alert::UnexpectedMessage, FailureKind::UnexpectedMessage),
        (Alert::IllegalParameter, FailureKind::PeerMisbehaved),
        (Alert::UnsupportedExtension, FailureKind::PeerMisbehaved),
        (Alert::MissingExtension, FailureKind::PeerMisbehaved),
        (Alert::HandshakeFailure, FailureKind::PeerMisbehaved),
    ] {
        let failure = Failure::from(Refusal::new(alert, "why"));
        assert_eq!((failure.kind, failure.alert()), (kind, Some(alert)));
    }
}
