//! Asks a server for its first page, and prints the answer: `size-sslcore HOST:PORT NAME ROOT.der`.

use std::error::Error;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Instant as StdInstant, SystemTime};

use sslcore::crypto::Backend;
use sslcore::{
    Buffers, CertificateDer, ClientConfig, Connection, Event, Instant, Limits, Now, PeerName, Step,
    UnixTime,
};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, name, root] = &arguments[..] else {
        return Err("usage: HOST:PORT NAME ROOT.der".into());
    };
    let root = CertificateDer::from(std::fs::read(root)?);
    let config = ClientConfig::builder(Backend::ring())
        .trust_anchors([root])
        .build()?;
    let mut conn = Connection::new(Limits::default(), Buffers::Owned);
    conn.start_client_encryption(&config, PeerName::new(name)?)?;
    conn.write(format!("GET / HTTP/1.0\r\nHost: {name}\r\n\r\n").as_bytes())?;
    let answer = hear(&mut conn, TcpStream::connect(address)?)?;
    std::io::stdout().write_all(&answer)?;
    Ok(())
}

/// Carries what there is both ways until the server has said all.
fn hear(conn: &mut Connection, mut socket: TcpStream) -> Result<Vec<u8>, Box<dyn Error>> {
    let started = StdInstant::now();
    let mut answer = Vec::new();
    loop {
        let now = Now {
            monotonic: Instant::from_micros(started.elapsed().as_micros() as u64),
            wall: SystemTime::UNIX_EPOCH
                .elapsed()
                .ok()
                .map(UnixTime::since_unix_epoch),
        };
        match conn.next(now) {
            Step::Transmit(bytes) => match socket.write(bytes) {
                Ok(n) => conn.transmitted(n)?,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => conn.transmit_failed(),
            },
            Step::Wait {
                read: true,
                deadline,
                ..
            } => {
                socket.set_read_timeout(deadline.map(|at| now.monotonic.until(at)))?;
                match socket
                    .read(conn.receive_buffer())
                    .map_err(|error| error.kind())
                {
                    Ok(0) => conn.receive_eof(),
                    Ok(n) => conn.received(n)?,
                    Err(ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted) => {}
                    Err(_) => conn.receive_reset(),
                }
            }
            Step::Readable => {
                answer.extend_from_slice(conn.peek());
                conn.consume(conn.peek().len())?;
            }
            Step::Event(Event::PeerClosed) => conn.close(),
            Step::Event(_) => {}
            Step::Wait { .. } | Step::Done => break,
        }
    }
    match conn.failure() {
        None => Ok(answer),
        Some(failure) => Err(failure.clone().into()),
    }
}
