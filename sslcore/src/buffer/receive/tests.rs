//! Every state that a small buffer can be in, and every call in each: the bytes that it holds are those
//! that two plain lists hold, whatever moves.
//!
//! What the buffer does is a function of where its regions are, not of the bytes in them. So each state
//! is tried with bytes that are all different.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::vec;

use super::*;
use crate::record::header::ContentType;

/// Room for a header and two bytes behind it.
const CAP: usize = 7;

/// Where everything is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct State {
    is_lent: bool,
    len: usize,
    plain: (usize, usize),
    raw: (usize, usize),
    on_loan: usize,
}

impl State {
    fn of(buffer: &ReceiveBuffer) -> Self {
        Self {
            is_lent: matches!(buffer.storage, Storage::Lent(_)),
            len: buffer.storage.len(),
            plain: (buffer.plain.start, buffer.plain.end),
            raw: (buffer.raw.start, buffer.raw.end),
            on_loan: buffer.lent,
        }
    }

    fn buffer(&self, taken: u32) -> ReceiveBuffer {
        let bytes: Vec<u8> = (1..=self.len as u8).collect();
        ReceiveBuffer {
            storage: match self.is_lent {
                true => Storage::Lent(Box::leak(bytes.into_boxed_slice()).into()),
                false => Storage::Owned(bytes),
            },
            plain: self.plain.0..self.plain.1,
            raw: self.raw.0..self.raw.1,
            lent: self.on_loan,
            was_filled: false,
            taken,
            just_taken: 0,
            used: self.raw.1,
            pace: Pace::default(),
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Call {
    Arrive(usize),
    Lend(usize),
    GiveBack(usize),
    Skip(usize),
    SkipContent {
        body: usize,
        n: usize,
    },
    Deliver {
        record: usize,
        from: usize,
        to: usize,
    },
    Consume(usize),
    PutBack {
        n: usize,
        taken: u32,
    },
    ClearPlain,
    ClearRaw,
    Discard,
    MakeRaw,
    Release,
}

fn header(body: usize) -> Header {
    Header {
        content: ContentType::Handshake,
        version: [3, 3],
        body,
    }
}

/// All that may be called, as its callers check it.
fn calls(state: &State) -> Vec<Call> {
    let raw = state.raw.1 - state.raw.0;
    let plain = state.plain.1 - state.plain.0;
    let mut calls = vec![
        Call::ClearPlain,
        Call::ClearRaw,
        Call::Discard,
        Call::MakeRaw,
        Call::Release,
    ];
    calls.extend((0..=CAP + 1).flat_map(|n| [Call::Arrive(n), Call::Lend(n)]));
    calls.extend((0..=state.on_loan).map(Call::GiveBack));
    calls.extend((0..=raw).map(Call::Skip));
    calls.extend((0..=plain).map(Call::Consume));
    for body in 1..=raw.saturating_sub(HEADER_LEN) {
        calls.extend((0..=body).map(|n| Call::SkipContent { body, n }));
    }
    for record in 1..=raw {
        for from in 0..=record {
            calls.extend((from..=record).map(|to| Call::Deliver { record, from, to }));
        }
    }
    for n in 1..=CAP {
        calls.extend((0..=CAP as u32).map(|taken| Call::PutBack { n, taken }));
    }
    calls
}

/// Two plain lists.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Lists {
    plain: Vec<u8>,
    raw: Vec<u8>,
}

impl Lists {
    fn of(buffer: &ReceiveBuffer) -> Self {
        Self {
            plain: buffer.plain().to_vec(),
            raw: buffer.raw().to_vec(),
        }
    }
}

/// Makes the call on both.
fn call(call: Call, buffer: &mut ReceiveBuffer, lists: &mut Lists) {
    let free = buffer.room(CAP);
    match call {
        Call::Arrive(n) => {
            let tail = buffer.tail(n, CAP);
            assert!(tail.len() >= n.min(free) && tail.len() <= free);
            let n = n.min(tail.len());
            tail[..n].fill(100);
            buffer.commit(n);
            lists.raw.extend_from_slice(&[100; CAP][..n]);
        }
        Call::Lend(n) => {
            let before = buffer.storage.bytes()[buffer.raw.end..][..buffer.lent()].to_vec();
            let lent = buffer.lend(n, CAP);
            let still = before.len().min(lent.len());
            assert_eq!(lent[..still], before[..still], "what was read moves along");
            let lent = lent.len();
            assert!(lent >= n.min(free) && lent <= free);
            assert_eq!(buffer.lent(), lent);
        }
        Call::GiveBack(n) => {
            let end = buffer.raw.end;
            lists
                .raw
                .extend_from_slice(&buffer.storage.bytes()[end..end + n]);
            buffer.give_back(n);
        }
        Call::Skip(n) => {
            buffer.skip(n);
            lists.raw.drain(..n);
        }
        Call::SkipContent { body, n } => {
            buffer.skip_content(header(body), n);
            lists.raw.drain(..HEADER_LEN + n);
            if n < body {
                lists.raw.splice(0..0, header(body - n).encode());
            }
        }
        Call::Deliver { record, from, to } => {
            buffer.deliver(record, from..to);
            lists.plain.extend_from_slice(&lists.raw[from..to]);
            lists.raw.drain(..record);
        }
        Call::Consume(n) => {
            buffer.consume(n);
            lists.plain.drain(..n);
        }
        Call::PutBack { n, taken } => {
            let bytes = [50; CAP];
            match buffer.put_back(&bytes[..n], CAP) {
                Ok(()) => {
                    assert!(n <= taken as usize);
                    lists.plain.splice(0..0, bytes[..n].iter().copied());
                    assert_eq!(buffer.taken, taken - n as u32);
                }
                Err(most) => {
                    assert!(most < n && (most == taken as usize || most >= free));
                    assert_eq!(buffer.taken, taken);
                }
            }
        }
        Call::ClearPlain => {
            buffer.clear_plain();
            lists.plain.clear();
        }
        Call::ClearRaw => {
            buffer.clear_raw();
            lists.raw.clear();
        }
        Call::Discard => {
            buffer.discard();
            lists.plain.clear();
            lists.raw.clear();
        }
        Call::MakeRaw => {
            buffer.make_raw();
            let raw = core::mem::take(&mut lists.raw);
            lists.raw = core::mem::take(&mut lists.plain);
            lists.raw.extend(raw);
        }
        Call::Release => buffer.rest(Instant::default(), true),
    }
}

/// Calls everything in this state; where that leads goes into `found`.
fn try_all(state: State, found: &mut Vec<State>) {
    // What was just taken has room, however low the limit is now.
    for n in 1..=CAP {
        let mut buffer = state.buffer(n as u32);
        buffer.just_taken = n as u32;
        let mut lists = Lists::of(&buffer);
        let fits = !state.is_lent || buffer.live() + n <= state.len;
        if fits {
            assert_eq!(buffer.put_back(&[50; CAP][..n], 0), Ok(()), "{state:?}");
            lists.plain.splice(0..0, [50; CAP][..n].iter().copied());
            assert_eq!(Lists::of(&buffer), lists, "{n} in {state:?}");
            assert_eq!((buffer.taken, buffer.just_taken), (0, 0));
        }
    }
    for made in calls(&state) {
        let taken = match made {
            Call::PutBack { taken, .. } => taken,
            _ => 0,
        };
        let mut buffer = state.buffer(taken);
        let mut lists = Lists::of(&buffer);
        let loan = state.raw.1..state.raw.1 + state.on_loan;
        let written = buffer.storage.bytes()[loan.clone()].to_vec();
        call(made, &mut buffer, &mut lists);
        assert_eq!(Lists::of(&buffer), lists, "{made:?} in {state:?}");
        let after = State::of(&buffer);
        let held = lists.plain.len() + lists.raw.len();
        let is_in_order = after.plain.0 <= after.plain.1 && after.plain.1 <= after.raw.0;
        assert!(is_in_order, "{made:?} in {state:?}: {after:?}");
        assert!(
            held <= CAP && after.len <= CAP.max(state.len),
            "{made:?} in {state:?}"
        );
        assert_eq!(buffer.room(CAP), CAP - held);
        // What is wiped in the end is all that was ever in use.
        let used = match made {
            Call::Release if held == 0 && !state.is_lent => 0,
            _ => state.raw.1,
        };
        assert!(
            buffer.used >= used.max(after.raw.1),
            "{made:?} in {state:?}"
        );
        // What is lent lies still.
        if after.on_loan > 0 && !matches!(made, Call::Lend(_)) {
            assert_eq!(
                after.raw.1..after.raw.1 + after.on_loan,
                loan,
                "{made:?} in {state:?}"
            );
            assert_eq!(buffer.storage.bytes()[loan], written);
        }
        found.push(after);
    }
}

fn explore(storage: Storage) -> usize {
    let mut waiting = vec![State::of(&ReceiveBuffer::new(storage))];
    let mut seen = BTreeSet::new();
    while let Some(state) = waiting.pop() {
        if seen.insert(state) {
            try_all(state, &mut waiting);
        }
    }
    seen.len()
}

#[test]
#[cfg_attr(miri, ignore = "a million calls")]
fn every_call_in_every_state_of_memory_of_its_own() {
    let states = explore(Storage::Owned(Vec::new()));
    assert!(states > 1000, "{states}");
}

#[test]
#[cfg_attr(miri, ignore = "a million calls")]
fn every_call_in_every_state_of_lent_memory() {
    let states = explore(Storage::Lent(Box::leak(Box::new([0; CAP])).into()));
    assert!(states > 300, "{states}");
}
