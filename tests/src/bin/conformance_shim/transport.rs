//! A socket to the runner, and the loop that moves its bytes.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpStream};
use std::sync::OnceLock;
use std::time::{Duration, Instant as StdInstant, SystemTime};

use sslcore::{Connection, Instant, Now, Step, UnixTime};

use crate::flags::Plan;
use crate::outcome::Trouble;

/// How long the runner may be silent.
const PATIENCE: Duration = Duration::from_secs(60);

/// A connected socket, and the clock that it is driven by.
pub(crate) struct Transport {
    socket: TcpStream,
    /// By how much the wall clock is put forward.
    ahead: Duration,
    start: StdInstant,
    /// How many bytes may leave, while not all may.
    allowance: Option<usize>,
}

impl Transport {
    /// Connects to the runner and says which program this is.
    pub(crate) fn connect(plan: &Plan, ahead: Duration) -> Result<Self, Trouble> {
        let loopback = match plan.ipv6 {
            true => IpAddr::from(Ipv6Addr::LOCALHOST),
            false => IpAddr::from(Ipv4Addr::LOCALHOST),
        };
        let runner = SocketAddr::from((loopback, plan.port));
        let mut socket = TcpStream::connect(runner)
            .map_err(|error| Trouble::failed(format!("no runner at {runner}: {error}")))?;
        socket.set_nodelay(true)?;
        socket.set_write_timeout(Some(PATIENCE))?;
        socket.write_all(&plan.shim_id.to_le_bytes())?;
        Ok(Self {
            socket,
            ahead,
            start: StdInstant::now(),
            allowance: None,
        })
    }

    /// Takes no more than so many bytes, as a socket whose buffer is full; `None` takes all again.
    pub(crate) fn allow(&mut self, bytes: Option<usize>) {
        self.allowance = bytes;
    }

    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let Some(allowance) = &mut self.allowance else {
            return self.socket.write(bytes);
        };
        let n = bytes.len().min(*allowance);
        self.socket.write_all(&bytes[..n])?;
        *allowance -= n;
        Ok(n)
    }

    /// The day's clock stands still, but for the delays that the runner asks for: it compares the ages of
    /// tickets with those.
    fn now(&self) -> Now {
        static TODAY: OnceLock<Duration> = OnceLock::new();
        let today = *TODAY.get_or_init(|| SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default());
        Now {
            monotonic: Instant::from_millis(0).after(self.start.elapsed()),
            wall: Some(UnixTime::since_unix_epoch(today + self.ahead)),
        }
    }

    /// Moves bytes until there is something for the application.
    pub(crate) fn drive(&mut self, conn: &mut Connection) -> Result<Step<'static>, Trouble> {
        loop {
            match conn.next(self.now()) {
                Step::Transmit(bytes) => match self.write(bytes) {
                    Ok(n) => conn.transmitted(n)?,
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(_) => conn.transmit_failed(),
                },
                Step::Wait {
                    read: true,
                    deadline,
                    ..
                } => self.read(conn, deadline)?,
                Step::Wait { .. } => {
                    return Err(Trouble::failed("the connection waits for nothing"));
                }
                Step::Event(event) => return Ok(Step::Event(event)),
                Step::Readable => return Ok(Step::Readable),
                Step::Done => return Ok(Step::Done),
            }
        }
    }

    /// Reads what there is, or waits until the deadline.
    fn read(&mut self, conn: &mut Connection, deadline: Option<Instant>) -> Result<(), Trouble> {
        let now = self.now().monotonic;
        let left = deadline.map_or(PATIENCE, |at| now.until(at));
        let wait = left.clamp(Duration::from_millis(1), PATIENCE);
        self.socket.set_read_timeout(Some(wait))?;
        let read = self.socket.read(conn.receive_buffer());
        match read.map_err(|error| error.kind()) {
            Ok(0) => conn.receive_eof(),
            Ok(n) => conn.received(n)?,
            Err(ErrorKind::Interrupted) => {}
            Err(ErrorKind::WouldBlock | ErrorKind::TimedOut) if left < PATIENCE => {}
            Err(ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return Err(Trouble::failed("the runner says nothing any more"));
            }
            Err(_) => conn.receive_reset(),
        }
        Ok(())
    }

    /// Ends the stream without a reset: the runner reads what was sent, and is heard to the end.
    pub(crate) fn end(mut self) {
        let _ = self.socket.shutdown(Shutdown::Write);
        let _ = self.socket.set_read_timeout(Some(Duration::from_secs(5)));
        let mut rest = [0; 4096];
        while matches!(self.socket.read(&mut rest), Ok(1..)) {}
    }
}
