//! `--record`: a connection in outline, in a file, to be drawn and sent with a report.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use sslcore_std::sslcore::{Event, VERSION};
use sslcore_std::trace::{Direction, Records, Tap, Wire};

/// Writes down what kinds of records passed, how large, the events and the calls: of the data and
/// the names nothing.
#[derive(Clone)]
pub(super) struct Recording {
    path: PathBuf,
    inner: Arc<Mutex<Inner>>,
}

struct Inner {
    file: File,
    start: Instant,
    /// What the clock was when it was last written down, in microseconds.
    at: Option<u128>,
    records: [Records; 2],
    /// Why a line is missing, the first one.
    missing: Option<io::Error>,
}

impl Recording {
    pub(super) fn create(path: &Path) -> Result<Self, String> {
        let failed = |error| cannot_be_written(path, &error);
        let mut file = File::create(path).map_err(failed)?;
        let title = format!("recording of a connection of sslcore {VERSION}, format 1\n");
        file.write_all(title.as_bytes()).map_err(failed)?;
        Ok(Self {
            path: path.to_owned(),
            inner: Arc::new(Mutex::new(Inner {
                file,
                start: Instant::now(),
                at: None,
                records: Default::default(),
                missing: None,
            })),
        })
    }

    /// Why it is not complete.
    pub(super) fn gap(&self) -> Option<String> {
        let inner = self.inner.lock().ok()?;
        let error = inner.missing.as_ref()?;
        Some(cannot_be_written(&self.path, error))
    }

    /// A call on the connection.
    pub(super) fn call(&self, what: &str) {
        self.write(Instant::now(), |inner| inner.line(what));
    }

    fn write(&self, at: Instant, write: impl FnOnce(&mut Inner)) {
        let Ok(mut inner) = self.inner.lock() else {
            return;
        };
        let micros = at.saturating_duration_since(inner.start).as_micros();
        if inner.at.replace(micros) != Some(micros) {
            inner.line(format_args!("at {micros} us"));
        }
        write(&mut inner);
    }
}

impl Inner {
    /// A line that cannot be written is missing; the connection does not depend on it.
    fn line(&mut self, line: impl Display) {
        if let Err(error) = self.file.write_all(format!("{line}\n").as_bytes()) {
            self.missing.get_or_insert(error);
        }
    }
}

fn cannot_be_written(path: &Path, error: &io::Error) -> String {
    format!("the recording {path:?} cannot be written: {error}")
}

impl Tap for Recording {
    fn wire(&mut self, at: Instant, direction: Direction, wire: Wire<'_>) {
        let arrow = match direction {
            Direction::Sent => '>',
            Direction::Received => '<',
        };
        let mut lines = Vec::new();
        match wire {
            Wire::Plain(bytes) => lines.push(format!("{arrow} plaintext, {} bytes", bytes.len())),
            Wire::Tls(bytes) => {
                let Ok(mut inner) = self.inner.lock() else {
                    return;
                };
                inner.records[direction as usize].feed(bytes, |record| {
                    lines.push(format!("{arrow} {record}, {} bytes", record.len()));
                });
            }
        }
        if !lines.is_empty() {
            self.write(at, |inner| inner.line(lines.join("\n")));
        }
    }

    fn event(&mut self, at: Instant, event: Event) {
        self.write(at, |inner| inner.line(format_args!("event {event:?}")));
    }
}
