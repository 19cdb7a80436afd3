//! The calls.

use proptest::collection::vec;
use proptest::prelude::*;
use sslcore::Leftover;

use crate::buffers::{self, Buf};
use crate::decisions::{self, Decision};

/// Any call on one end.
#[derive(Clone, Debug)]
pub(crate) enum Call {
    StartClient(Leftover),
    StartServer {
        ask: bool,
        leftover: Leftover,
    },
    Receive(Vec<u8>),
    Received(usize),
    /// Lends both buffers, and as much of what arrives as that.
    Lend(usize),
    Transmitted(usize),
    TakeTransmit,
    CompleteTransmit(usize),
    DropTransmit,
    TransmitFailed,
    Write(usize),
    WriteVectored(Vec<usize>),
    Consume(usize),
    Read(usize),
    /// Puts back so many bytes, whether they were read or not.
    Unread(usize),
    /// Reads so many, and puts them back at once.
    ReadAndPutBack(usize),
    DiscardReads,
    SetReadBufferSize(usize),
    SetPeerCloseTimeout(Option<u64>),
    Close,
    Cancel,
    Abort,
    UpdateKeys,
    Decide(Decision),
    Buf(Buf),
    ReceiveEof,
    ReceiveReset,
    Advance(u64),
    Settle,
    TakeChanges,
    /// Asks what to do next, so many times, and sends nothing.
    Next(usize),
    /// One step and no more: calls may come between any two.
    Step,
    /// Carries what is there to the other end, without a step on either.
    Carry,
    /// Carries in both directions: most sequences should get somewhere.
    Exchange,
}

impl Call {
    /// Whether it takes bytes from the streams, or puts some in.
    pub(crate) fn tampers(&self) -> bool {
        match self {
            Self::StartClient(leftover) | Self::StartServer { leftover, .. } => {
                *leftover != Leftover::Refuse
            }
            Self::Receive(_)
            | Self::Buf(Buf::Receive(_) | Buf::ReceiveOwned(_))
            | Self::Received(_)
            | Self::Lend(_)
            | Self::Transmitted(_)
            | Self::CompleteTransmit(_) => true,
            _ => false,
        }
    }
}

fn leftovers() -> impl Strategy<Value = Leftover> {
    prop_oneof![
        Just(Leftover::Refuse),
        Just(Leftover::Discard),
        Just(Leftover::TreatAsTls)
    ]
}

pub(crate) fn calls() -> impl Strategy<Value = Call> {
    let some = prop_oneof![0..40usize, 0..70_000usize];
    prop_oneof![
        3 => leftovers().prop_map(Call::StartClient),
        3 => (any::<bool>(), leftovers())
            .prop_map(|(ask, leftover)| Call::StartServer { ask, leftover }),
        1 => vec(any::<u8>(), 0..60).prop_map(Call::Receive),
        1 => some.clone().prop_map(Call::Received),
        1 => some.clone().prop_map(Call::Lend),
        1 => some.clone().prop_map(Call::Transmitted),
        2 => Just(Call::TakeTransmit),
        2 => some.clone().prop_map(Call::CompleteTransmit),
        1 => Just(Call::DropTransmit),
        1 => Just(Call::TransmitFailed),
        4 => some.clone().prop_map(Call::Write),
        2 => vec(some.clone(), 0..4).prop_map(Call::WriteVectored),
        2 => some.clone().prop_map(Call::Consume),
        2 => some.clone().prop_map(Call::Read),
        2 => some.clone().prop_map(Call::Unread),
        2 => some.clone().prop_map(Call::ReadAndPutBack),
        1 => Just(Call::DiscardReads),
        1 => prop_oneof![some, Just(0), Just(usize::MAX)].prop_map(Call::SetReadBufferSize),
        1 => prop::option::of(0..20_000u64).prop_map(Call::SetPeerCloseTimeout),
        1 => Just(Call::Close),
        1 => Just(Call::Cancel),
        1 => Just(Call::Abort),
        2 => Just(Call::UpdateKeys),
        12 => decisions::decisions().prop_map(Call::Decide),
        4 => buffers::bufs().prop_map(Call::Buf),
        1 => Just(Call::ReceiveEof),
        1 => Just(Call::ReceiveReset),
        1 => (0..20_000u64).prop_map(Call::Advance),
        4 => Just(Call::Settle),
        4 => Just(Call::TakeChanges),
        6 => (1..6usize).prop_map(Call::Next),
        8 => Just(Call::Step),
        8 => Just(Call::Carry),
        12 => Just(Call::Exchange),
    ]
}
