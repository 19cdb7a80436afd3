//! Two ends and the network between them, in a time of their own.

use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use super::entropy::Numbers;
use super::line::{Line, Link};
use crate::buffer::Buffers;
use crate::connection::{Connection, Step};
use crate::event::Event;
use crate::limits::Limits;
use crate::time::{Instant, Now, UnixTime};

/// One of the two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// The first: the client, if the application starts it as one.
    Client,
    /// The second.
    Server,
}

impl End {
    const BOTH: [Self; 2] = [Self::Client, Self::Server];

    const fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// A fault of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing that this end says arrives for so long. What it said arrives then.
    Stall(End, Duration),
    /// Nothing arrives for so long, in both directions. What was said arrives then.
    Partition(Duration),
    /// The stream is reset at both ends; what is under way is lost.
    Reset,
}

/// Something that an application should know of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    /// [`Step::Event`].
    Event(Event),
    /// [`Step::Readable`].
    Readable,
    /// [`Step::Done`], once.
    Done,
}

/// A line of [`Simulation::transcript`].
///
/// ```
/// # use sslcore::testing::{Entry, Simulation, What};
/// fn sent(simulation: &Simulation) -> usize {
///     let sizes = simulation.transcript().iter().map(|entry: &Entry| match entry.what {
///         What::Sends { bytes, .. } => bytes,
///         _ => 0,
///     });
///     sizes.sum()
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The time on the monotonic clock.
    pub at: Instant,
    /// The end that it happened to.
    pub end: End,
    /// The thing that happened.
    pub what: What,
}

/// A thing that happened to an end of a simulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The end sends so many bytes.
    Sends {
        /// The number of bytes.
        bytes: usize,
        /// A check sum of the bytes, no cryptographic one.
        sum: u64,
    },
    /// So many bytes arrive at the end.
    Receives(usize),
    /// The stream from the other end has ended.
    ReceivesEnd,
    /// Something for its application.
    Tells(Happening),
    /// The network fails the end.
    Suffers(Fault),
}

/// Two connections, the network between them and the time: a session of hours takes milliseconds,
/// and the same seed gives the same one.
///
/// The application is the test: it starts TLS, writes and reads by [`end`](Self::end), and
/// [`next`](Self::next) runs everything up to the next thing that it should know of. Time jumps to the
/// next arrival or deadline, so each deadline is met to the microsecond.
///
/// ```
/// use core::time::Duration;
/// use sslcore::testing::{
///     End, Fault, Happening, Link, Simulation, backend_without_security, known_identity,
/// };
/// use sslcore::{
///     ClientConfig, Event, FailureKind, Instant, PeerName, ServerConfig, ServerStart,
/// };
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (chain, key) = known_identity();
/// let client = ClientConfig::builder(backend_without_security(1)).trust_anchors(chain.clone()).build()?;
/// let server = ServerConfig::builder(backend_without_security(2)).identity(chain, key).build()?;
///
/// // The other side of the world; after a minute, half an hour without a network.
/// let link = Link { latency: Duration::from_millis(150), ..Link::default() };
/// let mut simulation = Simulation::new(7, link);
/// let minute = Instant::default().after(Duration::from_secs(60));
/// simulation.schedule(minute, Fault::Partition(Duration::from_secs(1800)));
/// simulation.end(End::Client).start_client_encryption(&client, PeerName::new("server.test")?)?;
/// simulation.end(End::Server).start_server_encryption(ServerStart::With(server))?;
///
/// while simulation.next_until(minute).is_some() {}
/// simulation.end(End::Client).write(b"are you there?")?;
/// while let Some((end, happening)) = simulation.next() {
///     if (end, happening) == (End::Server, Happening::Readable) {
///         break;
///     }
/// }
/// assert_eq!(simulation.end(End::Server).peek(), b"are you there?");
/// assert_eq!(simulation.now().monotonic.as_micros(), 1_860_000_000);
/// # Ok(()) }
/// ```
pub struct Simulation {
    conns: [Connection; 2],
    /// From the client, and from the server.
    lines: [Line; 2],
    deadlines: [Option<Instant>; 2],
    done: [bool; 2],
    faults: Vec<(Instant, Fault)>,
    now: Instant,
    numbers: Numbers,
    transcript: Vec<Entry>,
}

/// When every simulation begins: 2030-01-01.
const BEGIN: Duration = Duration::from_secs(1_893_456_000);

impl Simulation {
    /// Two new connections with the default limits and buffers of their own, and the same link in
    /// both directions.
    pub fn new(seed: u64, link: Link) -> Self {
        Self::between(seed, link, [Limits::default(); 2])
    }

    /// Two new connections with these limits, the client's first, and the same link in both directions.
    pub fn between(seed: u64, link: Link, limits: [Limits; 2]) -> Self {
        Self {
            conns: limits.map(|limits| Connection::new(limits, Buffers::Owned)),
            lines: [Line::new(link), Line::new(link)],
            deadlines: [None; 2],
            done: [false; 2],
            faults: Vec::new(),
            now: Instant::default(),
            numbers: Numbers::new(seed),
            transcript: Vec::new(),
        }
    }

    /// One of the connections, to call whatever it has.
    pub fn end(&mut self, end: End) -> &mut Connection {
        &mut self.conns[end as usize]
    }

    /// The time that both ends are told. It begins at 0, on the first day of 2030.
    pub fn now(&self) -> Now {
        let since = Duration::from_micros(self.now.as_micros());
        Now::new(self.now, UnixTime::since_unix_epoch(BEGIN + since))
    }

    /// Sets another link for what this end says from now on.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use sslcore::testing::{End, Link, Simulation};
    /// # fn f(simulation: &mut Simulation) {
    /// // The way up becomes slow.
    /// let slow = Link { latency: Duration::from_secs(2), ..Link::default() };
    /// simulation.set_link(End::Client, slow);
    /// # }
    /// ```
    pub fn set_link(&mut self, end: End, link: Link) {
        self.lines[end as usize].link = link;
    }

    /// Lets a fault happen at that time; at once, when it has passed.
    pub fn schedule(&mut self, at: Instant, fault: Fault) {
        self.faults.push((at, fault));
        self.faults.sort_by_key(|(at, _)| *at);
    }

    /// All that has happened so far. It grows with the session.
    pub fn transcript(&self) -> &[Entry] {
        &self.transcript
    }

    /// Runs up to the next thing for an application, and says where it is. `None`: nothing is under
    /// way, and nobody waits for a time; both ends wait for their applications, or are done.
    ///
    /// Not an iterator: between two calls the application acts.
    #[expect(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Option<(End, Happening)> {
        self.run(None)
    }

    /// Runs up to the next thing for an application, but no further than to this time, which it then is.
    pub fn next_until(&mut self, until: Instant) -> Option<(End, Happening)> {
        let happening = self.run(Some(until));
        if happening.is_none() {
            self.now = self.now.max(until);
        }
        happening
    }

    fn run(&mut self, until: Option<Instant>) -> Option<(End, Happening)> {
        loop {
            self.befall();
            let mut moved = false;
            for end in End::BOTH {
                moved |= self.deliver(end);
                if let Some(happening) = self.drive(end) {
                    self.note(end, What::Tells(happening));
                    return Some((end, happening));
                }
            }
            // What was delivered has made room for more, and what was processed, too.
            if moved || self.has_arrived() {
                continue;
            }
            let next = self.next_time()?;
            if until.is_some_and(|until| until < next) {
                return None;
            }
            self.now = self.now.max(next);
        }
    }

    fn note(&mut self, end: End, what: What) {
        let at = self.now;
        self.transcript.push(Entry { at, end, what });
    }

    /// The faults whose time has come.
    fn befall(&mut self) {
        while let Some((at, fault)) = self.faults.first().copied() {
            if at > self.now {
                return;
            }
            self.faults.remove(0);
            let now = self.now;
            for end in End::BOTH {
                let line = &mut self.lines[end as usize];
                match fault {
                    Fault::Stall(stalled, _) if stalled != end => continue,
                    Fault::Stall(_, time) | Fault::Partition(time) => line.block(now.after(time)),
                    Fault::Reset => {
                        line.reset();
                        self.conns[end as usize].receive_reset();
                    }
                }
                self.note(end, What::Suffers(fault));
            }
        }
    }

    /// Gives an end what has arrived by now, as far as it takes it, and says whether that was anything.
    fn deliver(&mut self, end: End) -> bool {
        let line = &mut self.lines[end.other() as usize];
        let conn = &mut self.conns[end as usize];
        let arrived = line.deliver(self.now, |bytes| conn.receive(bytes).unwrap_or(bytes.len()));
        let ended = line.take_end(self.now);
        if arrived > 0 {
            self.note(end, What::Receives(arrived));
        }
        if ended {
            self.conns[end as usize].receive_eof();
            self.note(end, What::ReceivesEnd);
        }
        arrived > 0 || ended
    }

    /// Does what an end asks for, up to something for its application.
    fn drive(&mut self, end: End) -> Option<Happening> {
        let i = end as usize;
        loop {
            let now = self.now();
            match self.conns[i].next(now) {
                Step::Event(event) => return Some(Happening::Event(event)),
                Step::Readable => return Some(Happening::Readable),
                Step::Transmit(bytes) => {
                    let line = &mut self.lines[i];
                    let n = line.send(bytes, self.now, &self.numbers);
                    let sum = check_sum(&bytes[..n]);
                    let taken = self.conns[i].transmitted(n);
                    debug_assert!(taken.is_ok(), "no more than was shown");
                    if n > 0 {
                        self.note(end, What::Sends { bytes: n, sum });
                    }
                }
                Step::Wait { deadline, .. } => {
                    self.deadlines[i] = deadline;
                    self.end_line(end);
                    return None;
                }
                Step::Done => {
                    self.deadlines[i] = None;
                    self.end_line(end);
                    let first = !core::mem::replace(&mut self.done[i], true);
                    return first.then_some(Happening::Done);
                }
            }
        }
    }

    fn end_line(&mut self, end: End) {
        if self.conns[end as usize].transmit_finished() {
            self.lines[end as usize].end(self.now);
        }
    }

    /// When the next pieces arrive, from either end.
    fn arrivals(&self) -> impl Iterator<Item = Instant> {
        End::BOTH.into_iter().filter_map(|end| {
            let wants = self.conns[end.other() as usize].wants_receive();
            self.lines[end as usize].next_arrival(wants)
        })
    }

    /// Whether there is a piece that can be delivered now.
    fn has_arrived(&self) -> bool {
        self.arrivals().any(|at| at <= self.now)
    }

    /// When something happens next, if anything will.
    fn next_time(&self) -> Option<Instant> {
        let deadlines = self.deadlines.iter().copied().flatten();
        let fault = self.faults.first().map(|(at, _)| *at);
        let times = self.arrivals().chain(deadlines).chain(fault);
        times.filter(|at| *at > self.now).min()
    }
}

/// FNV-1a.
fn check_sum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |sum, byte| {
        (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

impl fmt::Debug for Simulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulation")
            .field("now", &self.now)
            .field("conns", &self.conns)
            .finish_non_exhaustive()
    }
}

/// `0:30:01.150000 server receives 36 bytes`.
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.at.as_micros();
        let (seconds, micros) = (micros / 1_000_000, micros % 1_000_000);
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        let end = match self.end {
            End::Client => "client",
            End::Server => "server",
        };
        write!(
            f,
            "{hours}:{minutes:02}:{:02}.{micros:06} {end} ",
            seconds % 60
        )?;
        match self.what {
            What::Sends { bytes, sum } => write!(f, "sends {bytes} bytes ({sum:016x})"),
            What::Receives(bytes) => write!(f, "receives {bytes} bytes"),
            What::ReceivesEnd => f.write_str("receives the end of the stream"),
            What::Tells(Happening::Event(event)) => write!(f, "tells {event:?}"),
            What::Tells(Happening::Readable) => f.write_str("can be read"),
            What::Tells(Happening::Done) => f.write_str("is done"),
            What::Suffers(fault) => write!(f, "suffers {fault:?}"),
        }
    }
}

#[cfg(feature = "arbitrary")]
impl<'a> arbitrary::Arbitrary<'a> for End {
    fn arbitrary(input: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        Ok(match bool::arbitrary(input)? {
            false => Self::Client,
            true => Self::Server,
        })
    }

    fn size_hint(_depth: usize) -> (usize, Option<usize>) {
        (1, Some(1))
    }
}

#[cfg(feature = "arbitrary")]
impl<'a> arbitrary::Arbitrary<'a> for Fault {
    fn arbitrary(input: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        let kind = u8::arbitrary(input)?;
        let time = Duration::from_millis(u16::arbitrary(input)?.into());
        Ok(match kind & 7 {
            0 => Self::Reset,
            1..=3 => Self::Partition(time),
            _ => Self::Stall(End::arbitrary(input)?, time),
        })
    }

    fn size_hint(_depth: usize) -> (usize, Option<usize>) {
        (3, Some(4))
    }
}
