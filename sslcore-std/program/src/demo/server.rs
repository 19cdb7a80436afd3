//! The mail server, and those who stand in its place.

use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Instant;

use sslcore_std::sslcore::{Alert, FailureKind, ServerConfig, ServerStart};
use sslcore_std::trace::{Direction, Records, Tap, Wire};
use sslcore_std::{SslSocket, WaitError};

use super::checks::Checks;
use super::fault::Fault;
use super::log::{Log, Side};
use super::script::{BEFORE_THE_CUT, INJECTED, MAIL, PATIENCE, PIECE, Trouble, adopt};
use super::session::Knows;

const GREETING: &str = "220 mail.example ESMTP, the demo's\r\n";
const CAPABILITIES: &str = "250-mail.example\r\n250 STARTTLS\r\n";
const GO_AHEAD: &str = "220 2.0.0 go ahead\r\n";

/// Plays the server, or the attacker, until the end.
pub(super) fn run(
    stream: TcpStream,
    config: &ServerConfig,
    fault: Option<Fault>,
    log: &Log,
    checks: &mut Checks,
) -> Result<Knows, Trouble> {
    match fault {
        Some(Fault::Inject) => inject(stream, log, checks),
        Some(Fault::Garbage) => babble(stream, log, checks),
        _ => serve(
            adopt(stream, Side::Server, log)?,
            config,
            fault,
            log,
            checks,
        ),
    }
}

fn serve(
    mut socket: SslSocket,
    config: &ServerConfig,
    fault: Option<Fault>,
    log: &Log,
    checks: &mut Checks,
) -> Result<Knows, Trouble> {
    greet(&mut socket)?;
    socket.write_all(GO_AHEAD.as_bytes())?;
    socket.start_server_encryption(ServerStart::With(config.clone()))?;
    match socket.wait_for_encrypted(Some(PATIENCE)) {
        Err(WaitError::Failed(failure)) if fault == Some(Fault::WrongCert) => {
            checks.that(
                "the server was told why: unknown_ca",
                failure.kind() == FailureKind::AlertReceived(Alert::UnknownCa),
            );
            socket.disconnect_from_host(PATIENCE);
            return Ok(Knows::of(&socket));
        }
        other => other?,
    }
    loop {
        let line = read_line(&mut socket)?;
        match line.split_once(' ').unwrap_or((&line, "")) {
            ("NOOP", said) => socket.write_all(format!("250 {said}\r\n").as_bytes())?,
            ("ECHO", length) => {
                socket.write_all(b"354 here it comes\r\n")?;
                echo(&mut socket, length.parse()?, fault)?;
                if fault == Some(Fault::Truncate) {
                    log.note(Side::Server, "cuts the stream, without close_notify");
                    socket.stream().shutdown(Shutdown::Write)?;
                    break;
                }
            }
            ("QUIT", _) => {
                socket.write_all(b"221 2.0.0 bye\r\n")?;
                break;
            }
            _ => return Err(format!("the client said {line:?}").into()),
        }
    }
    socket.wait_for_disconnected(Some(PATIENCE))?;
    Ok(Knows::of(&socket))
}

/// Sends back what comes, piece by piece: all of it, or half and a little more.
fn echo(socket: &mut SslSocket, length: usize, fault: Option<Fault>) -> Result<(), Trouble> {
    let pieces = length.min(MAIL).div_ceil(PIECE);
    let mut piece = vec![0; PIECE];
    for number in 0..pieces {
        socket.read_exact(&mut piece)?;
        if fault == Some(Fault::Truncate) && number == pieces / 2 {
            socket.write_all(&piece[..BEFORE_THE_CUT])?;
            socket.flush()?;
            break;
        }
        socket.write_all(&piece)?;
    }
    Ok(())
}

/// The plaintext part, up to the "go ahead".
fn greet(peer: &mut (impl BufRead + Write)) -> Result<(), Trouble> {
    peer.write_all(GREETING.as_bytes())?;
    for (wanted, answer) in [("EHLO client.example", CAPABILITIES), ("STARTTLS", "")] {
        let line = read_line(peer)?;
        if line != wanted {
            return Err(format!("the client said {line:?}").into());
        }
        peer.write_all(answer.as_bytes())?;
    }
    Ok(())
}

fn read_line(peer: &mut impl BufRead) -> Result<String, Trouble> {
    let mut line = String::new();
    peer.take(1000).read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}

/// Somebody who speaks no TLS, and shows what passes all the same.
struct Stranger<'a> {
    stream: BufReader<TcpStream>,
    log: &'a Log,
}

impl<'a> Stranger<'a> {
    fn new(stream: TcpStream, log: &'a Log) -> Result<Self, Trouble> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let stream = BufReader::new(stream);
        Ok(Self { stream, log })
    }
}

impl Read for Stranger<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        self.stream.read(out)
    }
}

impl BufRead for Stranger<'_> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        self.stream.fill_buf()
    }

    fn consume(&mut self, n: usize) {
        self.stream.consume(n);
    }
}

impl Write for Stranger<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let at = Instant::now();
        let n = self.stream.get_mut().write(bytes)?;
        let mut tap = self.log.tap(Side::Server);
        tap.wire(at, Direction::Sent, Wire::Plain(&bytes[..n]));
        Ok(n)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.stream.get_mut().flush()
    }
}

fn inject(stream: TcpStream, log: &Log, checks: &mut Checks) -> Result<Knows, Trouble> {
    let mut attacker = Stranger::new(stream, log)?;
    greet(&mut attacker)?;
    log.note(
        Side::Server,
        "an attacker adds a line to the server's \"go ahead\"",
    );
    attacker.write_all(&[GO_AHEAD.as_bytes(), INJECTED].concat())?;
    let mut rest = Vec::new();
    attacker.read_to_end(&mut rest)?;
    checks.that("the client sent no ClientHello", rest.is_empty());
    Ok(Knows::default())
}

fn babble(stream: TcpStream, log: &Log, checks: &mut Checks) -> Result<Knows, Trouble> {
    let mut stranger = Stranger::new(stream, log)?;
    greet(&mut stranger)?;
    stranger.write_all(GO_AHEAD.as_bytes())?;
    // The ClientHello; without it there is nothing to answer.
    stranger.fill_buf()?;
    let mut random: Vec<u8> = (0..8)
        .flat_map(|seed| RandomState::new().hash_one(seed).to_be_bytes())
        .collect();
    // What begins like TLS or HTTP would fail too, but under another name.
    random[0] |= 0x80;
    log.note(
        Side::Server,
        format!("answers with {} random bytes", random.len()),
    );
    stranger.stream.get_mut().write_all(&random)?;
    let mut rest = Vec::new();
    stranger.read_to_end(&mut rest)?;
    let mut last = None;
    Records::new().feed(&rest, |record| last = record.alert());
    checks.that(
        "the last record that arrived is the alert unexpected_message",
        last == Some(Alert::UnexpectedMessage),
    );
    Ok(Knows::default())
}
