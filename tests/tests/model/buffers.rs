//! Calls that take and fill buffers of the crate `bytes`.

use bytes::{Bytes, BytesMut};
use proptest::collection::vec;
use proptest::prelude::*;
use sslcore::UsageError;
use sslcore_tests::pair::End;

use crate::outcomes::Model;

/// What goes through a buffer.
#[derive(Clone, Debug)]
pub(crate) enum Buf {
    Write(usize),
    WriteWith(usize, usize),
    Read(usize),
    Receive(Vec<u8>),
    ReceiveOwned(Vec<u8>),
}

pub(crate) fn bufs() -> impl Strategy<Value = Buf> {
    let some = || prop_oneof![0..40usize, 0..70_000usize];
    prop_oneof![
        2 => some().prop_map(Buf::Write),
        2 => (some(), some()).prop_map(|(len, n)| Buf::WriteWith(len, n)),
        2 => some().prop_map(Buf::Read),
        1 => vec(any::<u8>(), 0..60).prop_map(Buf::Receive),
        1 => vec(any::<u8>(), 0..60).prop_map(Buf::ReceiveOwned),
    ]
}

/// Makes the call. Whether it was refused.
pub(crate) fn through_buf(
    end: &mut End,
    model: &mut Model,
    buf: &Buf,
) -> Result<bool, TestCaseError> {
    Ok(match buf {
        Buf::Write(n) => {
            let expected = model.write(&end.conn);
            let mut bytes = Bytes::from(vec![b'b'; *n]);
            let outcome = end.conn.write_buf(&mut bytes);
            prop_assert_eq!(
                bytes.len(),
                n - outcome.unwrap_or(0),
                "what was not taken stays"
            );
            prop_assert_eq!(outcome.map(|_| ()), expected);
            outcome.is_err()
        }
        Buf::WriteWith(len, n) => {
            let expected = model.write(&end.conn);
            let mut room = None;
            let outcome = end.conn.write_with(*len, |space| {
                space.fill(b'i');
                room = Some(space.len());
                *n
            });
            let taken = room.map_or(0, |room| room.min(*n));
            prop_assert!(room.is_none_or(|room| room > 0 && room <= *len));
            prop_assert_eq!(outcome, expected.map(|()| taken));
            prop_assert!(outcome.is_ok() || room.is_none());
            outcome.is_err()
        }
        Buf::Read(n) => {
            let shown = end.conn.peek().to_vec();
            let mut out = bytes::BufMut::limit(BytesMut::new(), *n);
            let outcome = end.conn.read_buf(&mut out);
            let read = out.into_inner();
            prop_assert_eq!(&shown[..read.len()], &read[..]);
            match (shown.len(), *n) {
                (0, 1..) => prop_assert!(outcome.is_err()),
                _ => prop_assert_eq!(outcome, Ok(shown.len().min(*n))),
            }
            model.read += outcome.unwrap_or(0);
            outcome.is_err()
        }
        Buf::Receive(bytes) => {
            let mut rest = Bytes::from(bytes.clone());
            let outcome = end.conn.receive_buf(&mut rest);
            received(model, bytes.len(), rest.len(), outcome)?
        }
        Buf::ReceiveOwned(bytes) => {
            let mut rest = BytesMut::from(&bytes[..]);
            let outcome = end.conn.receive_owned(&mut rest);
            received(model, bytes.len(), rest.len(), outcome)?
        }
    })
}

/// So many bytes were given, so many are left. Whether that is a refusal.
fn received(
    model: &Model,
    given: usize,
    left: usize,
    outcome: Result<usize, UsageError>,
) -> Result<bool, TestCaseError> {
    prop_assert_eq!(
        left,
        given - outcome.unwrap_or(0),
        "what was not taken stays"
    );
    match model.transport_ended {
        true => prop_assert_eq!(outcome, Err(UsageError::ReceiveAfterEnd)),
        false => prop_assert!(outcome.is_ok()),
    }
    Ok(outcome.is_err())
}
