//! Every header there is, but for what says nothing new: a reading is a function of the type, the
//! major version and the length.

use super::*;

const LIMITS: [usize; 3] = [MAX_PLAINTEXT, MAX_BODY_TLS13, MAX_BODY_TLS12];

fn kind(
    read: Result<Option<Header>, Failure>,
) -> Result<Option<Header>, (FailureKind, Option<Alert>)> {
    read.map_err(|failure| (failure.kind, failure.alert))
}

/// RFC 8446 §5.1, and the first byte as [rule R3](crate::rules#r3) wants it.
fn expected(raw: &[u8], max_body: usize) -> Result<Option<Header>, (FailureKind, Option<Alert>)> {
    let content = match raw {
        [] => return Ok(None),
        [20, ..] => ContentType::ChangeCipherSpec,
        [21, ..] => ContentType::Alert,
        [22, ..] => ContentType::Handshake,
        [23, ..] => ContentType::ApplicationData,
        [first, ..] => {
            let kind = match b"GPHDOCT".contains(first) {
                true => FailureKind::HttpInsteadOfTls,
                false => FailureKind::NotTls,
            };
            return Err((kind, Some(Alert::UnexpectedMessage)));
        }
    };
    let [_, major, minor, high, low, ..] = *raw else {
        return Ok(None);
    };
    if major != 3 {
        return Err((FailureKind::NotTls, Some(Alert::ProtocolVersion)));
    }
    let body = usize::from(high) * 256 + usize::from(low);
    if body > max_body {
        return Err((FailureKind::RecordTooLarge, Some(Alert::RecordOverflow)));
    }
    Ok(Some(Header {
        content,
        version: [major, minor],
        body,
    }))
}

/// Later, what is no TLS is a message that nobody expects.
fn later(
    read: Result<Option<Header>, (FailureKind, Option<Alert>)>,
) -> Result<Option<Header>, (FailureKind, Option<Alert>)> {
    read.map_err(|(kind, alert)| match kind {
        FailureKind::RecordTooLarge => (kind, alert),
        _ => (
            FailureKind::UnexpectedMessage,
            Some(Alert::UnexpectedMessage),
        ),
    })
}

fn check(raw: &[u8], max_body: usize) {
    let right = expected(raw, max_body);
    let read = kind(Header::read(raw, max_body));
    assert_eq!(read, right, "{raw:02x?}, {max_body}");
    let read = kind(Header::read_later(raw, max_body));
    assert_eq!(read, later(right), "{raw:02x?}, {max_body}");
}

#[test]
#[cfg_attr(miri, ignore = "hundred thousands of headers")]
fn every_length_of_every_type() {
    for max_body in LIMITS {
        for content in 20..=23 {
            for len in 0..=u16::MAX {
                let [high, low] = len.to_be_bytes();
                let raw = [content, 3, 3, high, low, 0];
                check(&raw, max_body);
                if let Some(header) = Header::read(&raw, max_body).ok().flatten() {
                    assert_eq!(header.encode(), raw[..5]);
                    assert_eq!(header.record_len(), 5 + usize::from(len));
                }
            }
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "hundred thousands of headers")]
fn every_type_and_version_and_every_beginning() {
    for first in 0..=u8::MAX {
        for major in 0..=u8::MAX {
            for minor in [0, 1, 3, 4, 255] {
                check(&[first, major, minor, 0, 1], MAX_PLAINTEXT);
            }
        }
        for len in 0..5 {
            check(&[first, 3, 3, 0xff, 0xff][..len], MAX_PLAINTEXT);
            check(&[first, 9, 9, 0xff, 0xff][..len], MAX_PLAINTEXT);
        }
    }
}
