//! One connection, from its first byte to its end.

use std::io::{self, BufRead, ErrorKind, Write};
use std::net::TcpStream;
use std::time::Duration;

use sslcore_std::SslSocket;
use sslcore_std::sslcore::{CloseReport, Event, Failure, FailureKind};

use super::beginning::Beginning;
use super::fate::{Ending, Facts, Fate, Work};
use super::server::{Server, Service};
use super::{smtp, www};
use crate::exit;

/// How long a client may take to end its side after we have ended ours.
const GOODBYE: Duration = Duration::from_secs(5);

pub(super) fn serve(server: &Server, stream: TcpStream) -> Fate {
    let peer = match stream.peer_addr() {
        Ok(address) => address.to_string(),
        Err(_) => "a client that is gone".to_owned(),
    };
    let mut work = Work::default();
    let adopted = stream
        .set_nodelay(true)
        .and_then(|()| SslSocket::from_stream(stream));
    let mut socket = match adopted {
        Ok(socket) => socket,
        Err(error) => return Fate::unborn(peer, &error),
    };
    let beginning = Beginning::default();
    socket.set_tap(Some(Box::new(beginning.clone())));
    socket.set_timeout(Some(server.timeout));
    // A client that does not read what it is sent may think about it for as long.
    socket.set_patience(server.timeout);
    let outcome = run(server, &mut socket, &peer, &mut work);
    let failed_in_service = socket.connection().failure().is_some();
    let report = socket.disconnect_from_host(GOODBYE);
    let failure = socket.connection().failure().cloned();
    let ending = ending(outcome, failure, &report, failed_in_service, &beginning);
    let encrypted = std::iter::from_fn(|| socket.poll_event()).any(|it| it == Event::Encrypted);
    Fate {
        peer,
        facts: Facts::of(socket.connection(), server.key.as_deref()),
        by_key: server.key.is_some(),
        encrypted,
        work,
        report,
        ending,
    }
}

fn ending(
    outcome: io::Result<()>,
    failure: Option<Failure>,
    report: &CloseReport,
    failed_in_service: bool,
    beginning: &Beginning,
) -> Ending {
    match (outcome, failure) {
        (Ok(()), None) if report.clean => Ending::Clean,
        (Ok(()), None) if exit::lost(report).is_some() => Ending::Lost,
        (Ok(()), Some(failure)) if was_cut(&failure) && exit::lost(report).is_some() => {
            Ending::Lost
        }
        // All was said on both sides: only the last courtesy is missing.
        (Ok(()), None) => Ending::NoGoodbye,
        (Ok(()), Some(failure)) if was_cut(&failure) => Ending::NoGoodbye,
        (Ok(()), Some(failure)) => Ending::failed(failure, beginning),
        (Err(_), Some(failure)) if failed_in_service => Ending::failed(failure, beginning),
        (Err(error), _) => match error.kind() {
            ErrorKind::TimedOut | ErrorKind::WouldBlock => Ending::TimedOut,
            _ => Ending::Violated(error.to_string()),
        },
    }
}

fn was_cut(failure: &Failure) -> bool {
    matches!(failure.kind(), FailureKind::Truncated | FailureKind::Reset)
}

fn run(server: &Server, socket: &mut SslSocket, peer: &str, work: &mut Work) -> io::Result<()> {
    match &server.service {
        Service::Echo => {
            server.encrypt(socket)?;
            echo(socket, work)
        }
        Service::Www(folder) => {
            server.encrypt(socket)?;
            www::serve(socket, folder, server.timeout, work)
        }
        Service::Smtp => smtp::serve(server, socket, peer, work),
    }
}

fn echo(socket: &mut SslSocket, work: &mut Work) -> io::Result<()> {
    loop {
        let bytes = socket.fill_buf()?.to_vec();
        if bytes.is_empty() {
            return Ok(());
        }
        socket.consume(bytes.len());
        work.echoed += bytes.len();
        socket.write_all(&bytes)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_left_is_no_end_that_is_fine() {
        let ended = |abandoned, unsent| {
            let report = CloseReport {
                abandoned,
                unsent,
                ..CloseReport::default()
            };
            ending(Ok(()), None, &report, false, &Beginning::default())
        };
        assert!(matches!(ended(0, 0), Ending::NoGoodbye));
        // Our close_notify alone.
        assert!(matches!(ended(0, 31), Ending::NoGoodbye));
        // One byte and it, in TLS 1.3.
        assert!(matches!(ended(0, 23 + 24), Ending::Lost));
        assert!(matches!(ended(1, 0), Ending::Lost));
    }
}
