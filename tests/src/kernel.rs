//! What a kernel does that has the keys of a connection, in memory: it seals and opens, and knows nothing
//! else of TLS.

use std::collections::VecDeque;

use sslcore::crypto::{AeadAlgorithm, Backend, RecordAead, TAG_LEN};
use sslcore::offload::{Direction, OffloadFailure, TrafficKeys};
use sslcore::{SslProtocol, UsageError};

use crate::pair::End;
use crate::sealing;

/// One direction, as Linux has it.
struct Half {
    aead: Box<dyn RecordAead>,
    protocol: SslProtocol,
    iv: [u8; 12],
    /// TLS 1.2 with AES-GCM: the last eight bytes of `iv` are the nonce of the next record, and are counted up.
    counts_up: bool,
    seq: u64,
}

impl Half {
    fn new(backend: &Backend, keys: &TrafficKeys) -> Self {
        let algorithm = keys.algorithm();
        Self {
            aead: backend.aead(algorithm, keys.key()).expect("a key"),
            protocol: keys.protocol(),
            iv: *keys.iv(),
            counts_up: keys.protocol() == SslProtocol::TlsV1_2
                && algorithm != AeadAlgorithm::ChaCha20Poly1305,
            seq: keys.sequence_number(),
        }
    }

    fn tls13(&self) -> bool {
        self.protocol == SslProtocol::TlsV1_3
    }

    fn last(&self) -> u64 {
        u64::from_be_bytes(*self.iv.last_chunk().expect("twelve bytes"))
    }

    fn with_last(&self, last: u64) -> [u8; 12] {
        let mut nonce = self.iv;
        *nonce.last_chunk_mut().expect("twelve bytes") = last.to_be_bytes();
        nonce
    }

    fn aad(&self, kind: u8, content: usize, body: usize) -> Vec<u8> {
        let len = |n: usize| u16::try_from(n).expect("a record").to_be_bytes();
        match self.tls13() {
            true => [&[23, 3, 3][..], &len(body)].concat(),
            false => [&self.seq.to_be_bytes()[..], &[kind, 3, 3], &len(content)].concat(),
        }
    }

    fn seal(&mut self, kind: u8, content: &[u8]) -> Vec<u8> {
        let mut body = content.to_vec();
        if self.tls13() {
            body.push(kind);
        }
        let nonce = match self.counts_up {
            true => self.iv,
            false => self.with_last(self.last() ^ self.seq),
        };
        let aad = self.aad(kind, content.len(), body.len() + TAG_LEN);
        let tag = self.aead.seal(&nonce, &aad, &mut body).expect("sealed");
        body.extend_from_slice(&tag);
        if self.counts_up {
            body.splice(..0, nonce[4..].iter().copied());
            self.iv = self.with_last(self.last().wrapping_add(1));
        }
        self.seq += 1;
        sealing::record(if self.tls13() { 23 } else { kind }, &body)
    }

    fn open(&mut self, record: &[u8]) -> Option<(u8, Vec<u8>)> {
        let mut body = record[5..].to_vec();
        let mut nonce = self.with_last(self.last() ^ self.seq);
        if self.counts_up {
            nonce[4..].copy_from_slice(&body[..8]);
            body.drain(..8);
        }
        let content = body.len().checked_sub(TAG_LEN)?;
        let aad = self.aad(record[0], content, body.len());
        self.aead.open(&nonce, &aad, &mut body).ok()?;
        self.seq += 1;
        body.truncate(content);
        let mut kind = record[0];
        if self.tls13() {
            let end = body.iter().rposition(|byte| *byte != 0)?;
            kind = body[end];
            body.truncate(end);
        }
        Some((kind, body))
    }
}

/// An end of a connection, and a kernel that may have its keys.
pub struct KernelEnd {
    /// The end.
    pub end: End,
    /// Every byte that its kernel has sent.
    pub sent: Vec<u8>,
    /// Whether the kernel takes keys after a KeyUpdate.
    pub rekeys: bool,
    /// The most that it seals or hands out at once.
    pub piece: usize,
    backend: Backend,
    halves: [Option<Half>; 2],
    arrived: Vec<u8>,
    opened: VecDeque<(u8, Vec<u8>)>,
}

impl KernelEnd {
    /// An end whose kernel has nothing yet.
    pub fn new(end: End, backend: Backend) -> Self {
        Self {
            end,
            sent: Vec::new(),
            rekeys: true,
            piece: usize::MAX,
            backend,
            halves: [None, None],
            arrived: Vec::new(),
            opened: VecDeque::new(),
        }
    }

    /// Hands both directions over.
    #[track_caller]
    pub fn offload(&mut self) {
        for direction in [Direction::Sent, Direction::Received] {
            self.hand_over(direction).expect("nothing is in the way");
        }
    }

    /// Hands one direction over, or its next key.
    pub fn hand_over(&mut self, direction: Direction) -> Result<(), UsageError> {
        let offer = self.end.conn.offload(direction)?;
        self.halves[direction as usize] = Some(Half::new(&self.backend, offer.keys()));
        match self.rekeys {
            true => offer.taken(),
            false => offer.taken_for_good(),
        }
        Ok(())
    }

    /// Sends around the connection.
    pub fn send_around(&mut self, content: &[u8]) -> Vec<u8> {
        let half = self.halves[Direction::Sent as usize].as_mut();
        let record = half.expect("its key").seal(sealing::DATA, content);
        self.sent.extend_from_slice(&record);
        record
    }

    /// Takes everything that the end wants to send.
    pub fn take(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        loop {
            self.end.settle();
            self.rekey();
            all.extend(self.end.take());
            let Some((kind, content)) = self.end.conn.transmit_record() else {
                return all;
            };
            let content = &content[..content.len().min(self.piece)];
            let half = self.halves[Direction::Sent as usize].as_mut();
            let record = half.expect("its key").seal(kind, content);
            let n = content.len();
            self.end.conn.record_transmitted(n).expect("it was shown");
            self.sent.extend_from_slice(&record);
            all.extend(record);
        }
    }

    /// Takes the next keys where there are some.
    fn rekey(&mut self) {
        for direction in [Direction::Sent, Direction::Received] {
            if self.end.conn.is_offload_due(direction) {
                // Those for what is sent are for after the KeyUpdate, which may not have left.
                let _ = self.hand_over(direction);
            }
        }
    }

    /// Gives the end bytes, through its kernel where that has the key.
    pub fn give(&mut self, bytes: &[u8]) {
        if !self.end.conn.is_offloaded(Direction::Received) {
            return self.end.give(bytes, usize::MAX);
        }
        self.arrived.extend_from_slice(bytes);
        while self.open() {
            self.end.settle();
            self.rekey();
        }
        self.end.settle();
    }

    /// Hands what is opened to the end, as far as that has room, or opens the next record. Whether anything moved.
    fn open(&mut self) -> bool {
        if let Some((kind, content)) = self.opened.front_mut() {
            let room = self.end.conn.record_buffer();
            let n = room.len().min(content.len()).min(self.piece);
            if n == 0 && !content.is_empty() {
                return false;
            }
            room[..n].copy_from_slice(&content[..n]);
            self.end.conn.record_received(*kind, n).expect("room");
            content.drain(..n);
            if content.is_empty() {
                self.opened.pop_front();
            }
            return true;
        }
        let [_, _, _, high, low, ..] = *self.arrived else {
            return false;
        };
        let len = 5 + usize::from(u16::from_be_bytes([high, low]));
        if self.arrived.len() < len || self.end.conn.is_offload_due(Direction::Received) {
            return false;
        }
        let record: Vec<_> = self.arrived.drain(..len).collect();
        let half = self.halves[Direction::Received as usize].as_mut();
        match half.expect("its key").open(&record) {
            Some(opened) => self.opened.push_back(opened),
            None => {
                // Also where the end is over, and nobody listens.
                let _ = self.end.conn.offload_failed(OffloadFailure::BadRecordMac);
            }
        }
        true
    }

    /// Reads everything that arrived, and gives what waited for room.
    pub fn read_all(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        loop {
            let read = self.end.read_all();
            if read.is_empty() {
                return all;
            }
            all.extend(read);
            if self.end.conn.is_offloaded(Direction::Received) {
                self.give(&[]);
            }
        }
    }
}

/// Carries what both ends have to say until they are silent, and gives what each has read.
pub fn run(client: &mut KernelEnd, server: &mut KernelEnd) -> (Vec<u8>, Vec<u8>) {
    let (mut by_client, mut by_server) = (Vec::new(), Vec::new());
    for _ in 0..10_000 {
        let up = client.take();
        server.give(&up);
        by_server.extend(server.read_all());
        let down = server.take();
        client.give(&down);
        by_client.extend(client.read_all());
        if up.is_empty() && down.is_empty() {
            return (by_client, by_server);
        }
    }
    panic!("the two never fall silent");
}
