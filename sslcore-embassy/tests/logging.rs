//! What an application's log is told of a connection.

mod common;

use std::sync::Mutex;

use common::pipe::{change, duplex};
use common::tasks::{both, run};
use common::{backend, client, client_over, encrypted, server_over};
use embedded_io_async::Read;
use log::{Level, LevelFilter, Log, Metadata, Record};
use sslcore_embassy::Error;
use sslcore_tests::certs::Identity;
use sslcore_tests::chains::{Made, authority, leaf};
use sslcore_tests::pair;

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

/// Has expired at so many places that a connection has no room for so many events.
fn long_expired() -> Identity {
    let mut params = authority("authority");
    params.not_after = params.not_before;
    let mut chain = vec![Made::self_signed(params.clone())];
    for _ in 0..24 {
        let issued = chain[chain.len() - 1].issue(params.clone());
        chain.push(issued);
    }
    let issuers: Vec<&Made> = chain.iter().rev().collect();
    issuers[0].issue(leaf(&["server.test"])).identity(&issuers)
}

fn events_without_room_are_logged() {
    let expired = long_expired();
    let server = pair::server(backend()).identity(expired.chain.clone(), expired.key());
    let (one, other) = duplex(20_000);
    let mut one = client_over(one, &client("TLSv1.3"));
    let mut other = server_over(other, server.build().expect("server"));
    let outcome = run(both(one.wait_for_encrypted(), other.wait_for_encrypted()));
    assert!(matches!(outcome.0, Err(Error::Failed(_))), "{outcome:?}");
    let lines = core::mem::take(&mut *LINES.0.lock().expect("no test has panicked"));
    let told = |(level, line): &(Level, String)| {
        *level == Level::Debug && line.contains("PeerVerifyError")
    };
    assert!(lines.iter().any(told), "{lines:?}");
}

#[test]
fn events_are_logged_when_they_are_handed_out_or_find_no_room_and_failures_aloud() {
    log::set_logger(&LINES).expect("the only logger");
    log::set_max_level(LevelFilter::Debug);
    events_without_room_are_logged();
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
