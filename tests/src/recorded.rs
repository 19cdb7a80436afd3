//! One end of a session that is recorded. When it panics, the transcript is left in a file.

use std::path::PathBuf;
use std::time::Duration;
use std::{env, fs, process, thread};

use sslcore::testing::transcript::Recorder;
use sslcore::{Event, Instant, Limits, Now, UnixTime};

use crate::certs::NOW;

/// A connection that is recorded, and what it has said so far. Its clock stands still.
pub struct Recorded {
    /// The connection.
    pub conn: Recorder,
    /// Every event drained so far.
    pub events: Vec<Event>,
    /// Every byte it has sent.
    pub sent: Vec<u8>,
}

impl Recorded {
    /// A connection of configurations that are made so.
    pub fn new(configuration: &str, seed: u64, limits: Limits) -> Self {
        Self {
            conn: Recorder::new(configuration, seed, limits),
            events: Vec::new(),
            sent: Vec::new(),
        }
    }

    /// Where the transcript is left: one file for each configuration, the last that panicked.
    pub fn left_at(&self) -> PathBuf {
        let transcript = self.conn.transcript().to_string();
        let name = transcript.lines().nth(1).unwrap_or_default();
        let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        let mode = self.conn.mode();
        env::temp_dir().join(format!("sslcore-{}-{name}-{mode:?}.txt", process::id()))
    }

    /// Processes until idle and drains events.
    pub fn settle(&mut self) {
        let wall = UnixTime::since_unix_epoch(Duration::from_secs(NOW));
        let events = self.conn.settle(Now::new(Instant::from_millis(0), wall));
        self.events.extend(events.expect("process becomes idle"));
    }

    /// Takes everything it wants to send.
    pub fn take(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        loop {
            self.settle();
            let sent = self.conn.send_all();
            if sent.is_empty() {
                return all;
            }
            self.sent.extend_from_slice(&sent);
            all.extend(sent);
        }
    }

    /// Reads everything that can be read now.
    pub fn read_all(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        loop {
            self.settle();
            let more = self.conn.peek().to_vec();
            if more.is_empty() {
                return all;
            }
            self.conn.consume(more.len()).expect("peek showed them");
            all.extend(more);
        }
    }
}

impl Drop for Recorded {
    fn drop(&mut self) {
        if thread::panicking() {
            let path = self.left_at();
            match fs::write(&path, self.conn.transcript().to_string()) {
                Ok(()) => eprintln!("the transcript is in {}", path.display()),
                Err(_) => eprintln!("{}", self.conn.transcript()),
            }
        }
    }
}
