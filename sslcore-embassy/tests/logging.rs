//! What an application's log is told of a connection.

mod common;

use std::sync::Mutex;

use common::encrypted;
use common::pipe::{change, duplex};
use common::tasks::run;
use embedded_io_async::Read;
use log::{Level, LevelFilter, Log, Metadata, Record};

struct Lines(Mutex<Vec<(Level, String)>>);

static LINES: Lines = Lines(Mutex::new(Vec::new()));

impl Log for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "sslcore"
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            let line = (record.level(), record.args().to_string());
            self.0.lock().expect("no test has panicked").push(line);
        }
    }

    fn flush(&self) {}
}

#[test]
fn events_are_logged_as_they_are_handed_out_and_failures_aloud() {
    log::set_logger(&LINES).expect("the only logger");
    log::set_max_level(LevelFilter::Debug);
    let ends = duplex(1000);
    let to_one = ends.1.outgoing.clone();
    let (mut one, _other) = encrypted("TLSv1.3", ends);
    change(&to_one, |pipe| pipe.ended = true);
    run(async {
        one.read(&mut [0; 1]).await.expect_err("truncated");
        while one.next_event().await.is_some() {}
    });
    let lines = LINES.0.lock().expect("no test has panicked");
    let place = |wanted: &(Level, &str)| {
        let mut lines = lines.iter();
        lines.position(|(level, line)| *level == wanted.0 && line.contains(wanted.1))
    };
    let encrypted = place(&(Level::Debug, "Encrypted"));
    let failed = place(&(Level::Warn, "without close_notify"));
    assert!(encrypted.is_some() && failed > encrypted, "{lines:?}");
    let warnings = lines.iter().filter(|(level, _)| *level == Level::Warn);
    assert_eq!(warnings.count(), 1, "{lines:?}");
}
