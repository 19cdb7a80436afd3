//! The first message of either side: how it is put together, how it is read, and whether the engine
//! reads the same.

use rustls::server::Acceptor;
use sslcore::{FailureKind, Limits, ServerStart};

use crate::configs::{Choice, server_name};
use crate::input::Input;
use crate::report;
use crate::watched::Watched;

const HANDSHAKE: u8 = 22;

/// One byte chooses the end, one says how many bytes of lengths follow, by which the message behind
/// them is cut into records. However it is cut, the same comes of it; and what sslcore has read of a
/// ClientHello, rustls reads too.
pub fn hellos(data: &[u8]) {
    report::watch(run, data);
}

fn run(data: &[u8]) {
    let mut input = Input(data);
    let first = input.byte();
    let cuts = input.part();
    let message = input.0;
    if message.len() > 60_000 {
        return;
    }
    match first & 1 {
        0 => client_hello(message, cuts),
        _ => server_hello(message, cuts, first & 2 != 0),
    }
}

/// The message in records of these lengths, over and over; a length of 0 is all that is left.
fn records(message: &[u8], cuts: &[u8]) -> Vec<u8> {
    let mut records = Vec::new();
    let mut rest = message;
    let mut cuts = cuts.iter().copied().cycle();
    while !rest.is_empty() {
        let cut = match cuts.next() {
            None | Some(0) => 16 * 1024,
            Some(cut) => usize::from(cut),
        };
        let (piece, later) = rest.split_at(cut.min(rest.len()));
        records.extend_from_slice(&[HANDSHAKE, 3, 1]);
        records.extend_from_slice(&(piece.len() as u16).to_be_bytes());
        records.extend_from_slice(piece);
        rest = later;
    }
    records
}

/// What a server has read of a client.
#[derive(Debug, PartialEq)]
struct Read {
    name: Option<String>,
    alpn: Vec<Vec<u8>>,
    suites: Vec<u16>,
    schemes: Vec<u16>,
}

/// What came of it: what was read, how it failed and with which alert, and whether it went on under a
/// configuration.
#[derive(Debug, PartialEq)]
struct Outcome {
    read: Option<Read>,
    failure: Option<(FailureKind, Option<u8>)>,
    goes_on: bool,
}

fn asked(wire: &[u8]) -> Outcome {
    let mut end = Watched::new(Limits::default());
    let fallback = Choice::new(Choice::SERVER).server(1);
    let start = ServerStart::Ask { fallback };
    end.conn
        .start_server_encryption(start)
        .expect("not started before");
    end.feed(wire);
    let read = end.conn.config_request().map(|request| {
        let hello = request.hello;
        Read {
            // rustls gives it in small letters.
            name: hello.server_name().map(str::to_ascii_lowercase),
            alpn: hello.alpn().map(<[u8]>::to_vec).collect(),
            suites: hello.cipher_suites().collect(),
            schemes: hello.signature_schemes().collect(),
        }
    });
    let failure = end.conn.failure();
    let failure = failure.map(|it| (it.kind(), it.alert().map(|it| it.code())));
    if let Some(id) = end.conn.config_request().map(|request| request.id) {
        let config = Choice::new(Choice::SERVER).server(1);
        end.conn.provide_config(id, &config).expect("open");
        end.drain();
    }
    let goes_on = end.failed.is_none();
    end.finish();
    Outcome {
        read,
        failure,
        goes_on,
    }
}

fn client_hello(message: &[u8], cuts: &[u8]) {
    // A message that is followed by another is not for a server that asks to wait with.
    let whole = asked(&records(message, &[]));
    let cut = asked(&records(message, cuts));
    if !cuts.is_empty() && end_of(message) == Some(message.len()) {
        assert_eq!(whole, cut, "R3: {cuts:?}");
    }
    let Some(ours) = &whole.read else { return };
    match read_by_rustls(&records(message, &[])) {
        Some(theirs) => assert_eq!(*ours, theirs, "R15"),
        None => assert!(!whole.goes_on, "R15: rustls cannot read it"),
    }
}

/// Where the first message ends.
fn end_of(message: &[u8]) -> Option<usize> {
    let [_, high, middle, low, ..] = message else {
        return None;
    };
    Some(4 + usize::from(*high) * 65536 + usize::from(*middle) * 256 + usize::from(*low))
}

fn read_by_rustls(mut wire: &[u8]) -> Option<Read> {
    let mut acceptor = Acceptor::default();
    let accepted = loop {
        acceptor.read_tls(&mut wire).ok()?;
        if let Some(accepted) = acceptor.accept().ok()? {
            break accepted;
        }
        if wire.is_empty() {
            return None;
        }
    };
    let hello = accepted.client_hello();
    Some(Read {
        name: hello.server_name().map(str::to_owned),
        alpn: hello
            .alpn()
            .map(|names| names.map(<[u8]>::to_vec).collect())
            .unwrap_or_default(),
        suites: hello
            .cipher_suites()
            .iter()
            .map(|it| u16::from(*it))
            .collect(),
        schemes: hello
            .signature_schemes()
            .iter()
            .map(|it| u16::from(*it))
            .collect(),
    })
}

fn answered(wire: &[u8], is_old: bool) -> (Vec<u8>, Option<FailureKind>) {
    let bits = if is_old { Choice::OLD } else { 0 };
    let mut end = Watched::new(Limits::default());
    let config = Choice::new(bits).client(1);
    let started = end.conn.start_client_encryption(&config, server_name());
    started.expect("not started before");
    let (mut said, _) = end.drain();
    said.extend(end.feed(wire).0);
    let failed = end.failed;
    end.finish();
    (said, failed)
}

fn server_hello(message: &[u8], cuts: &[u8], is_old: bool) {
    let whole = answered(&records(message, &[]), is_old);
    let cut = answered(&records(message, cuts), is_old);
    // Behind a ServerHello of TLS 1.3 the next record has other keys.
    if end_of(message) == Some(message.len()) {
        assert_eq!(whole, cut, "R3: {cuts:?}");
    }
}
