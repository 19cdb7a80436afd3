//! Every short sequence of calls of a small buffer: what leaves is what was appended, in order, however
//! it is handed over and comes back.

use alloc::boxed::Box;

use super::*;

/// How much data waits at most.
const CAP: usize = 4;

#[derive(Clone, Copy, Debug)]
enum Call {
    Plain,
    Seal,
    Flight,
    Alert,
    TakeOne,
    TakeAll,
    HandOver,
    TakeBack,
    DropHandedOver,
    Clear,
}

const CALLS: [Call; 10] = [
    Call::Plain,
    Call::Seal,
    Call::Flight,
    Call::Alert,
    Call::TakeOne,
    Call::TakeAll,
    Call::HandOver,
    Call::TakeBack,
    Call::DropHandedOver,
    Call::Clear,
];

/// What is in front of the transport, as plain lists.
#[derive(Default)]
struct Lists {
    /// All that was appended and was not taken.
    bytes: Vec<u8>,
    /// How many of them are plaintext from before TLS.
    plain: usize,
    /// How many were handed over, and are still with somebody.
    away: Option<usize>,
    /// Where alerts end.
    alerts: Vec<usize>,
    next: u8,
}

impl Lists {
    fn append(&mut self, n: usize) -> Vec<u8> {
        let new: Vec<u8> = (self.next..self.next + n as u8).collect();
        self.next += n as u8;
        self.bytes.extend_from_slice(&new);
        new
    }

    fn take(&mut self, n: usize) -> Taken {
        self.bytes.drain(..n);
        for end in &mut self.alerts {
            *end = end.saturating_sub(n);
        }
        let plain = n.min(self.plain);
        self.plain -= plain;
        Taken {
            plain,
            encrypted: n - plain,
        }
    }
}

struct Both {
    buffer: TransmitBuffer,
    lists: Lists,
    handed_over: Option<Bytes>,
}

impl Both {
    fn new(storage: Storage) -> Self {
        let mut buffer = TransmitBuffer::new(storage, CAP);
        buffer.cap = CAP;
        // What is counted passes the end of its numbers.
        buffer.appended = u32::MAX - 6;
        Self {
            buffer,
            lists: Lists::default(),
            handed_over: None,
        }
    }

    fn call(&mut self, call: Call) {
        let Self { buffer, lists, .. } = self;
        match call {
            Call::Plain if lists.bytes.len() == lists.plain => {
                let n = buffer.room().min(3);
                let new = lists.append(n);
                assert_eq!(buffer.append_plain(&new), n);
                lists.plain += n;
            }
            Call::Plain => {}
            Call::Seal => {
                let room = buffer.room();
                let n = room.min(3);
                if let Some(space) = buffer.reserve(n) {
                    space.copy_from_slice(&lists.append(n));
                    buffer.commit(n);
                } else {
                    assert_eq!(room, 0, "{call:?}");
                }
            }
            Call::Flight => buffer.append_flight(&lists.append(5)),
            Call::Alert if lists.alerts.len() < 4 => {
                buffer.append_flight(&lists.append(1));
                buffer.mark_alert(Alert::CloseNotify);
                lists.alerts.push(lists.bytes.len());
            }
            Call::Alert => {}
            Call::TakeOne => self.take(1),
            Call::TakeAll => self.take(usize::MAX),
            Call::HandOver => {
                let offered = buffer.bytes().to_vec();
                match buffer.hand_over() {
                    Some(bytes) => {
                        assert_eq!(bytes, offered);
                        lists.away = Some(bytes.len());
                        self.handed_over = Some(bytes);
                    }
                    None => assert!(offered.is_empty()),
                }
            }
            Call::TakeBack => {
                if let Some(bytes) = self.handed_over.take() {
                    assert_eq!(buffer.take_back(&bytes), lists.away.take().is_some());
                    assert!(!buffer.take_back(&bytes));
                }
            }
            Call::DropHandedOver => {
                self.handed_over = None;
                lists.away = None;
            }
            Call::Clear => {
                assert_eq!(buffer.clear(), lists.bytes.len());
                lists.bytes.clear();
                lists.alerts.clear();
                (lists.plain, lists.away) = (0, None);
            }
        }
    }

    /// What the transport does when `bytes` tells it to.
    fn take(&mut self, n: usize) {
        let n = n.min(self.buffer.bytes().len());
        let (taken, expected) = (self.buffer.take(n), self.lists.take(n));
        assert_eq!(taken.plain, expected.plain);
        assert_eq!(taken.encrypted, expected.encrypted);
    }

    fn check(&mut self, calls: &[Call]) {
        let Self { buffer, lists, .. } = self;
        let offered = buffer.bytes();
        assert!(lists.bytes.starts_with(offered), "{calls:?}");
        // Nothing is offered that somebody has, and something whenever there is something.
        let is_offered = lists.away.is_none() && !lists.bytes.is_empty();
        assert_eq!(!offered.is_empty(), is_offered, "{calls:?}");
        assert_eq!(buffer.len(), lists.bytes.len(), "{calls:?}");
        assert_eq!(
            buffer.encrypted_len(),
            lists.bytes.len() - lists.plain,
            "{calls:?}"
        );
        assert!(buffer.held() <= CAP + HEADROOM, "{calls:?}");
        let all = lists.bytes.len();
        let room = if buffer.has_backlog() {
            0
        } else {
            CAP.saturating_sub(all)
        };
        assert_eq!(buffer.room(), room, "{calls:?}");
        assert!(!buffer.has_backlog() || all > CAP, "{calls:?}");
        while lists.alerts.first() == Some(&0) {
            lists.alerts.remove(0);
            assert_eq!(buffer.alert_gone(), Some(Alert::CloseNotify), "{calls:?}");
        }
        assert_eq!(buffer.alert_gone(), None, "{calls:?}");
        assert_eq!(buffer.marks_nothing(), lists.alerts.is_empty(), "{calls:?}");
    }
}

/// Six calls when this is optimised, as `tests/run deep` has it, else five.
const DEPTH: usize = if cfg!(debug_assertions) { 5 } else { 6 };

fn explore(mut storage: Storage) {
    for sequence in 0..10_usize.pow(DEPTH as u32) {
        let calls = [1, 10, 100, 1_000, 10_000, 100_000].map(|n| CALLS[sequence / n % 10]);
        let mut both = Both::new(storage);
        for (at, call) in calls[..DEPTH].iter().enumerate() {
            both.call(*call);
            both.check(&calls[..=at]);
        }
        storage = both.buffer.take_storage();
    }
}

#[test]
#[cfg_attr(miri, ignore = "a million calls")]
fn every_few_calls_on_memory_of_its_own() {
    explore(Storage::Owned(Vec::new()));
}

#[test]
#[cfg_attr(miri, ignore = "a million calls")]
fn every_few_calls_on_lent_memory() {
    explore(Storage::Lent(
        Box::leak(Box::new([0; CAP + HEADROOM])).into(),
    ));
}
