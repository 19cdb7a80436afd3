//! The loop while the kernel seals or opens: what passes is contents of records.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::fd::BorrowedFd;
use std::os::unix::fs::FileExt;

use sslcore::offload::{Direction, OffloadError, OffloadFailure};
use sslcore::{ReadEnd, UsageError};

use super::{Driver, Transport, beyond, copied};
use crate::kernel::{self, Received};
use crate::kernel_tls_error::KernelTlsError;

/// The most of a file that one call sends: alarms and the peer are looked after in between.
const PIECE: usize = 1 << 20;
/// The most plaintext of a record, which the kernel fills (RFC 8446 §5.1).
const FULL_RECORD: usize = 1 << 14;

impl<T: Transport> Driver<T> {
    /// Gives the kernel the keys of both directions, as far as it takes them.
    pub(crate) fn offload(&mut self) -> Result<(), KernelTlsError> {
        self.nudge();
        self.complete_record();
        let Self {
            transport,
            connection,
            ..
        } = self;
        let to_hand_over: Vec<_> = [Direction::Sent, Direction::Received]
            .into_iter()
            .filter(|direction| !connection.is_offloaded(*direction))
            .collect();
        let unsupported = || KernelTlsError::Refused(ErrorKind::Unsupported.into());
        let connection = connection.live().ok_or_else(unsupported)?;
        // Before anything is changed.
        for direction in &to_hand_over {
            drop(connection.offload(*direction)?);
        }
        let socket = transport.socket().ok_or_else(unsupported)?;
        kernel::prepare(socket).map_err(KernelTlsError::Refused)?;
        let renews = kernel::renews_keys();
        for direction in to_hand_over {
            let offer = connection.offload(direction)?;
            kernel::set_keys(socket, direction, offer.keys()).map_err(KernelTlsError::Refused)?;
            match renews {
                true => offer.taken(),
                false => offer.taken_for_good(),
            }
        }
        Ok(())
    }

    /// Receives what the last record lacks, as far as there is room, and nothing behind it: that is for the
    /// kernel.
    fn complete_record(&mut self) {
        while let Some(missing @ 1..) = self.missing() {
            let room = self.connection.receive_buffer();
            let available = missing.min(room.len());
            if available == 0 {
                return; // it waits for the reader
            }
            let read = self.transport.read(&mut room[..available]);
            let shown = copied(&self.tap, room, &read);
            match read {
                Ok(0) => self.end_reading(),
                Ok(n) if n > available => self.lose(beyond(n, available)),
                Ok(n) => self.received(n, shown),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return, // it waits, or the next turn says it
            }
            self.settle();
        }
    }

    /// What the last record lacks, if it is not opened.
    fn missing(&mut self) -> Option<usize> {
        let connection = self.connection.live()?;
        match connection.offload(Direction::Received).map(drop) {
            Err(UsageError::Offload(OffloadError::Unopened { missing })) => Some(missing),
            _ => None,
        }
    }

    /// Takes the next keys to the kernel, where there are some.
    fn renew(&mut self, direction: Direction) -> bool {
        let (Some(socket), Some(connection)) = (self.transport.socket(), self.connection.live())
        else {
            return false;
        };
        if !connection.is_offload_due(direction) {
            return false;
        }
        // Those for what is sent are for after the KeyUpdate, which may not have left.
        let Ok(offer) = connection.offload(direction) else {
            return false;
        };
        match kernel::set_keys(socket, direction, offer.keys()) {
            Ok(()) => offer.taken(),
            Err(_) => {
                drop(offer);
                // It is encrypted, as its offer says.
                let _ = connection.offload_failed(OffloadFailure::KeysRefused);
            }
        }
        self.settle();
        true
    }

    /// The loop of `send`.
    pub(super) fn send_records(&mut self) -> bool {
        let mut sent = false;
        while !self.write_ended {
            let Some(socket) = self.transport.socket() else {
                return sent;
            };
            let Some((content_type, content)) = self.connection.transmit_record() else {
                if self.renew(Direction::Sent) {
                    continue;
                }
                return self.finish_sending() | sent;
            };
            let available = content.len();
            let written = kernel::send(socket, content_type, content);
            match self.written(written, available) {
                Some(0) => {}
                Some(n) => {
                    self.record_sent(n);
                    sent = true;
                }
                None => return sent,
            }
        }
        sent
    }

    fn record_sent(&mut self, n: usize) {
        self.unflushed = true;
        if let Some(connection) = self.connection.live() {
            let taken = connection.record_transmitted(n);
            debug_assert!(taken.is_ok(), "the kernel took what transmit_record showed");
        }
        self.data_sent += n as u64;
        self.settle();
    }

    /// FIN would go in front of what is sealed and TCP does not have yet: succeeds once TCP has all of it, as
    /// far as that can be known.
    pub(super) fn flush_before_end(&mut self) -> io::Result<()> {
        match self.transport.socket().map(kernel::has_room) {
            Some(Ok(false)) => Err(ErrorKind::WouldBlock.into()),
            Some(Err(error)) => Err(error),
            Some(Ok(true)) | None => Ok(()),
        }
    }

    /// Receives once, if there is room.
    pub(super) fn receive_record(&mut self) -> bool {
        self.touch();
        self.renew(Direction::Received);
        let received = loop {
            let (Some(socket), Some(connection)) =
                (self.transport.socket(), self.connection.live())
            else {
                return false;
            };
            let room = connection.record_buffer();
            if room.is_empty() {
                return false;
            }
            let control = self.control.get_or_insert_with(kernel::control_space);
            match kernel::receive(socket, room, control) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                received => break received,
            }
        };
        match received {
            Ok(Received::End) => self.end_reading(),
            Ok(Received::Record(content_type, n)) => {
                if let Some(connection) = self.connection.live() {
                    let kept = connection.record_received(content_type, n);
                    debug_assert!(kept.is_ok(), "the kernel stays within record_buffer");
                }
                self.settle();
                self.renew(Direction::Received);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
            Err(error) => match (kernel::record_failure(&error), self.connection.live()) {
                (Some(why), Some(connection)) => {
                    // Who is over takes no blame.
                    let _ = connection.offload_failed(why);
                    if let Some(socket) = self.transport.socket() {
                        kernel::forget_error(socket);
                    }
                    self.read_ended = true;
                    self.transport_error.get_or_insert(error);
                    self.settle();
                }
                _ => self.lose(error),
            },
        }
        true
    }

    /// Sends up to `len` bytes of a file from `offset` on, which goes on with them. `None` when the
    /// transport takes nothing now.
    pub(crate) fn send_file(
        &mut self,
        file: &File,
        offset: &mut u64,
        len: u64,
    ) -> Option<io::Result<usize>> {
        let len = usize::try_from(len).map_or(PIECE, |len| len.min(PIECE));
        self.filing = false;
        if len == 0 {
            return Some(Ok(0));
        }
        if !self.connection.is_offloaded(Direction::Sent) {
            return self.copy_file(file, offset, len.min(FULL_RECORD));
        }
        self.nudge();
        if self.write_ended && !self.connection.transmit_finished() {
            return Some(Err(self.gone().into()));
        }
        let (Some(socket), Some(connection)) = (self.transport.socket(), self.connection.live())
        else {
            return Some(Err(ErrorKind::Unsupported.into()));
        };
        let len = match connection.record_limit() {
            Ok(FULL_RECORD..) => len,
            Ok(limit) => len.min(limit),
            Err(UsageError::Offload(OffloadError::Unsent { .. })) => return None,
            Err(usage) => return Some(Err(self.write_error(usage))),
        };
        let sent = loop {
            match send_file(socket, file, offset, len) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                sent => break sent,
            }
        };
        match sent {
            Ok(n) => {
                // Some of them may have been cut short.
                let records = (n.div_ceil(FULL_RECORD) + 1) as u64;
                let counted = connection.records_sealed(records);
                debug_assert!(counted.is_ok(), "it was asked for its limit");
                self.unflushed = true;
                self.data_sent += n as u64;
                self.nudge();
                Some(Ok(n))
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.filing = true;
                None
            }
            Err(error) if is_of_the_file(&error) => Some(Err(error)),
            Err(error) => {
                self.end_writing(Some(error));
                Some(Err(self.end_error(ReadEnd::Reset).into()))
            }
        }
    }

    /// Whether the kernel took nothing of a file when it was last given some.
    pub(crate) fn wants_to_send_file(&self) -> bool {
        self.filing
    }

    /// The same through the connection, a record at a time.
    fn copy_file(
        &mut self,
        file: &File,
        offset: &mut u64,
        len: usize,
    ) -> Option<io::Result<usize>> {
        let mut bytes = vec![0; len];
        let n = loop {
            match file.read_at(&mut bytes, *offset) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Some(Err(error)),
                Ok(n) => break n,
            }
        };
        let written = self.write(&bytes[..n])?;
        self.nudge();
        Some(written.inspect(|n| *offset += *n as u64))
    }
}

fn send_file(
    socket: BorrowedFd<'_>,
    file: &File,
    offset: &mut u64,
    len: usize,
) -> io::Result<usize> {
    Ok(rustix::fs::sendfile(socket, file, Some(offset), len)?)
}

/// Whether it is the file's fault that it cannot be sent; the connection goes on then.
fn is_of_the_file(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::InvalidInput | ErrorKind::Unsupported
    )
}
