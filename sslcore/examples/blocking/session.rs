use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Instant as StdInstant, SystemTime};

use sslcore::crypto::Backend;
use sslcore::{
    Buffers, CertificateDer, ClientConfig, Connection, Event, Instant, Limits, Now, PeerName,
    PrivateKeyDer, ServerConfig, ServerStart, Step, UnixTime,
};

pub type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Moves bytes until there is something for the application: this is all that an adapter is.
pub fn drive(conn: &mut Connection, socket: &mut TcpStream) -> Outcome<Step<'static>> {
    loop {
        let now = now();
        match conn.next(now) {
            Step::Transmit(bytes) => match socket.write(bytes) {
                Ok(n) => conn.transmitted(n)?,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => conn.transmit_failed(), // what the peer said before can still be read
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
            Step::Wait { .. } => return Err("the connection waits for its application".into()),
            Step::Event(event) => return Ok(Step::Event(event)),
            Step::Readable => return Ok(Step::Readable),
            Step::Done => return Ok(Step::Done),
        }
    }
}

/// What time it is: since the first call for deadlines, since 1970 for certificates.
pub fn now() -> Now {
    static START: std::sync::OnceLock<StdInstant> = std::sync::OnceLock::new();
    let micros = START.get_or_init(StdInstant::now).elapsed().as_micros() as u64;
    let since_1970 = SystemTime::UNIX_EPOCH.elapsed().ok(); // without it: no wall clock
    Now {
        monotonic: Instant::from_micros(micros),
        wall: since_1970.map(UnixTime::since_unix_epoch),
    }
}

/// A client's configuration, made once: it trusts what `root` vouches for, and resumes sessions.
pub fn client_config(backend: Backend, root: CertificateDer<'static>) -> Outcome<ClientConfig> {
    Ok(ClientConfig::builder(backend)
        .trust_anchors([root])
        .build()?)
}

/// Says `request` to the server that `host` names, and hears all of its answer.
pub fn ask(
    config: &ClientConfig,
    host: &str,
    mut socket: TcpStream,
    request: &[u8],
) -> Outcome<Vec<u8>> {
    let mut conn = Connection::new(Limits::default(), Buffers::Owned);
    conn.start_client_encryption(config, PeerName::new(host)?)?;
    let mut rest = &request[conn.write(request)?..]; // the part that there is no room for yet
    let mut answer = Vec::new();
    loop {
        match drive(&mut conn, &mut socket)? {
            Step::Readable => {
                answer.extend_from_slice(conn.peek());
                conn.consume(conn.peek().len())?;
            }
            Step::Event(Event::Writable) => rest = &rest[conn.write(rest)?..],
            Step::Event(Event::PeerClosed) => conn.close(), // that was all, and we have no more
            Step::Event(event) => println!("{event:?}"),
            _ => break, // done
        }
    }
    match conn.failure() {
        None => Ok(answer),
        Some(failure) => Err(failure.clone().into()),
    }
}

/// A server's configuration, made once: its certificate chain, its own first, and the key to that.
pub fn server_config(
    backend: Backend,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Outcome<ServerConfig> {
    Ok(ServerConfig::builder(backend)
        .identity(chain, key)
        .build()?)
}

/// Answers lines, in the clear until `STARTTLS`, encrypted behind it.
pub fn serve(config: &ServerConfig, mut socket: TcpStream) -> Outcome<()> {
    let mut conn = Connection::new(Limits::default(), Buffers::Owned);
    conn.write(b"220 ready\r\n")?;
    let mut ended = false;
    loop {
        if conn.transmit().is_empty() && !conn.is_handshaking() {
            let line = conn.peek().split_inclusive(|byte| *byte == b'\n').next();
            match line
                .filter(|line| line.ends_with(b"\n"))
                .map(<[u8]>::to_vec)
            {
                Some(line) if line == b"STARTTLS\r\n" && !conn.is_encrypted() => {
                    conn.consume(line.len())?;
                    conn.write(b"220 go ahead\r\n")?; // in the clear; what follows it is TLS
                    conn.start_server_encryption(ServerStart::With(config.clone()))?;
                }
                Some(line) => {
                    conn.consume(line.len())?;
                    conn.write(&[b"250 ", &line[..]].concat())?; // there is room: nothing waits
                }
                None if ended => conn.close(),
                None => {}
            }
        }
        match drive(&mut conn, &mut socket)? {
            Step::Readable => {}
            Step::Event(Event::PeerClosed | Event::EndOfStream) => ended = true,
            Step::Event(event) => println!("{event:?}"),
            _ => {
                return conn
                    .failure()
                    .map_or(Ok(()), |failure| Err(failure.clone().into()));
            }
        }
    }
}
