//! The calls that say what an adapter does next, and whom it wakes.

use super::Connection;
use super::progress::{Changes, Progress, Step};
use crate::event::Event;
use crate::time::Now;

impl Connection {
    /// Does the work there is, and says what to do next: an adapter is a loop around this call.
    ///
    /// Events come first, in order, then what is to be sent, then what to wait for. One call may do the
    /// work on all that has arrived: `next` calls [`process`](Self::process) until there is something to
    /// say. Where that takes too long, call `process` yourself before `next`, as often as there is time.
    ///
    /// Unread plaintext never stops it: as long as there is less than
    /// [`read_buffer_size`](Self::read_buffer_size), the transport is read on.
    ///
    /// ```
    /// # use std::io::{Read, Write};
    /// # use sslcore::{Connection, Instant, Now, Step};
    /// # type Outcome = Result<(), Box<dyn std::error::Error>>;
    /// fn drive(conn: &mut Connection, socket: &mut (impl Read + Write), now: Now) -> Outcome {
    ///     loop {
    ///         match conn.next(now) {
    ///             Step::Event(event) => println!("{event:?}"),
    ///             Step::Readable => println!("{} bytes", conn.peek().len()),
    ///             Step::Transmit(bytes) => {
    ///                 let n = socket.write(bytes)?;
    ///                 conn.transmitted(n)?;
    ///             }
    ///             Step::Wait { read: true, .. } => match socket.read(conn.receive_buffer())? {
    ///                 0 => conn.receive_eof(),
    ///                 n => conn.received(n)?,
    ///             },
    ///             Step::Wait { .. } | Step::Done => return Ok(()),
    ///         }
    ///     }
    /// }
    /// ```
    pub fn next(&mut self, now: Now) -> Step<'_> {
        loop {
            match self.poll_event() {
                Some(Event::ReadyRead) if self.peek().is_empty() => {}
                Some(Event::ReadyRead) => return Step::Readable,
                Some(event) => return Step::Event(event),
                None if self.process(now) == Progress::Idle && !self.io.events.are_waiting() => {
                    break;
                }
                None => {}
            }
        }
        let stalled = core::mem::take(&mut self.io.stalled);
        if !stalled && !self.transmit().is_empty() {
            return Step::Transmit(self.transmit());
        }
        if self.is_done() {
            return Step::Done;
        }
        Step::Wait {
            read: self.wants_receive(),
            write: stalled && !self.transmit().is_empty(),
            deadline: self.deadline(),
        }
    }

    /// The changes since the last call of `take_changes`, by whatever call. An adapter with several
    /// tasks calls it after every other call, and wakes the tasks that it names: no wake-up is missed,
    /// and none is in vain.
    ///
    /// ```
    /// # use sslcore::{Buffers, Changes, Connection, Limits};
    /// let mut conn = Connection::new(Limits::default(), Buffers::Owned);
    /// conn.write(b"hello").unwrap();
    /// let changes = conn.take_changes();
    /// assert!(changes.transmit && !changes.readable);
    /// assert!(conn.take_changes().is_empty());
    /// ```
    pub fn take_changes(&mut self) -> Changes {
        let deadline = self.deadline();
        let finished = self.transmit_finished();
        let has_room = self.wants_receive();
        let io = &mut self.io;
        let told = core::mem::take(&mut io.told);
        io.told.deadline = deadline;
        io.told.finished = finished;
        io.told.found_full = told.found_full && !has_room;
        let ended = io.inbound_end().is_some();
        Changes {
            readable: told.arrived && (ended || !io.receive.plain().is_empty()),
            writable: told.writable,
            transmit: io.transmit.announce() || finished && !told.finished,
            receive: told.found_full && has_room,
            events: io.events.announce(),
            deadline: deadline != told.deadline,
            over: told.over,
        }
    }
}
