//! Two ends, what is under way between them, and the reader's hand in it.

use std::collections::VecDeque;
use std::time::Duration;

use sslcore::testing::transcript::Recorder;
use sslcore::testing::{known_identity, rustcrypto_without_security};
use sslcore::trace::Records;
use sslcore::{
    ClientConfig, Event, Instant, Limits, Now, OnErrors, PeerName, ReviewId, ServerConfig,
    ServerStart, SslMode, UnixTime, Verdict,
};

/// One of the two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Asks for TLS in plaintext first, as clients of mail servers do.
    Client,
    /// Has a certificate that nobody has told the client to trust.
    Server,
}

impl End {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Client, Self::Server];

    fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }

    /// As a sentence begins with it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Client => "The client",
            Self::Server => "The server",
        }
    }
}

/// What the reader does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Lets the next thing happen.
    Step,
    /// Loses what would arrive next.
    Drop,
    /// Lets the client's application wait with its verdict, or no longer.
    Delay,
    /// Has it accept the certificate.
    Accept,
    /// Has it refuse it.
    Reject,
    /// Adds a line of plaintext to what is under way.
    Inject,
    /// Cuts the stream.
    Cut,
    /// Begins again.
    Restart,
}

impl Deed {
    /// All, each with its key.
    pub const ALL: [(char, Self); 8] = [
        ('n', Self::Step),
        ('d', Self::Drop),
        ('v', Self::Delay),
        ('a', Self::Accept),
        ('r', Self::Reject),
        ('i', Self::Inject),
        ('c', Self::Cut),
        ('x', Self::Restart),
    ];

    /// The one with this key.
    pub fn of(key: char) -> Option<Self> {
        let key = key.to_ascii_lowercase();
        let mut all = Self::ALL.into_iter();
        all.find(|(of, _)| *of == key).map(|(_, deed)| deed)
    }
}

/// A record, or a piece of plaintext, under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// What it is, as a reader of the wire sees it.
    pub kind: String,
    /// What it is made of.
    pub bytes: Vec<u8>,
}

/// One end with its application.
struct Side {
    connection: Recorder,
    /// What it has sent and the other end has not got.
    sent: VecDeque<Piece>,
    /// Names its records.
    records: Records,
    /// Events, with the time of each in milliseconds.
    events: Vec<(u64, Event)>,
    /// The decision that is open.
    review: Option<ReviewId>,
    /// What it has read, and not yet used.
    read: Vec<u8>,
}

/// What the client asks for, and what the server says to it.
const STARTTLS: &[u8] = b"STARTTLS\r\n";
const GO_AHEAD: &[u8] = b"220 go ahead\r\n";
/// What somebody between them adds: it must not be taken for a part of what TLS protects.
const INJECTED: &[u8] = b"RCPT TO:<eve@example.org>\r\n";
/// What they tell each other under TLS.
const HELLO: &[u8] = b"hello";
const ANSWER: &[u8] = b"hello yourself";

/// How much later the next thing happens, in milliseconds.
const TICK: u64 = 20;
/// When it begins: 2030-01-01.
const BEGIN: Duration = Duration::from_secs(1_893_456_000);

/// Everything.
pub struct World {
    sides: [Side; 2],
    configurations: (ClientConfig, ServerConfig),
    /// Milliseconds.
    at: u64,
    /// What happened last, in a sentence.
    said: String,
    /// Whose piece has arrived last.
    last: End,
    waits: bool,
    is_cut: bool,
    asked: bool,
    seed: u64,
}

impl World {
    /// Two ends that have said nothing. Another seed, other keys.
    pub fn new(seed: u64) -> Self {
        let backend = |end: u64| rustcrypto_without_security(2 * seed + end);
        let (chain, key) = known_identity();
        let client = ClientConfig::builder(backend(0))
            .on_errors(OnErrors::Hold)
            .build();
        let server = ServerConfig::builder(backend(1))
            .identity(chain, key)
            .build();
        Self {
            sides: End::ALL.map(|_| Side {
                connection: Recorder::new("page", seed, Limits::default()),
                sent: VecDeque::new(),
                records: Records::new(),
                events: Vec::new(),
                review: None,
                read: Vec::new(),
            }),
            configurations: (client.expect("no anchors"), server.expect("an identity")),
            at: 0,
            said: "Two ends, and plaintext between them. The client will ask for TLS.".to_owned(),
            last: End::Server,
            waits: false,
            is_cut: false,
            asked: false,
            seed,
        }
    }

    /// What happened last.
    pub fn said(&self) -> &str {
        &self.said
    }

    /// Whether the client's application waits with its verdict.
    pub fn waits(&self) -> bool {
        self.waits
    }

    /// What this end has sent and the other has not got.
    pub fn under_way(&self, from: End) -> impl Iterator<Item = &Piece> {
        self.side(from).sent.iter()
    }

    /// What this end has told its application, with the time of each in milliseconds.
    pub fn events(&self, of: End) -> &[(u64, Event)] {
        &self.side(of).events
    }

    /// The recording of this end.
    pub fn recording(&self, of: End) -> String {
        self.side(of).connection.transcript().to_string()
    }

    /// Does it, and says what came of it.
    pub fn act(&mut self, deed: Deed) {
        self.said.clear();
        match deed {
            Deed::Step => self.step(),
            Deed::Drop => self.lose(),
            Deed::Delay => {
                self.waits = !self.waits;
                self.say(match self.waits {
                    true => {
                        "The client's application will wait with its verdict until you give one."
                    }
                    false => "The client's application will accept whatever it is asked about.",
                });
            }
            Deed::Accept => self.decide(Verdict::Accept),
            Deed::Reject => self.decide(Verdict::Reject),
            Deed::Inject => self.inject(),
            Deed::Cut => self.cut(),
            Deed::Restart => *self = Self::new(self.seed + 1),
        }
    }

    fn side(&self, end: End) -> &Side {
        &self.sides[end as usize]
    }

    fn side_mut(&mut self, end: End) -> &mut Side {
        &mut self.sides[end as usize]
    }

    fn say(&mut self, sentence: &str) {
        if !self.said.is_empty() {
            self.said.push(' ');
        }
        self.said += sentence;
    }

    fn now(&self) -> Now {
        let since = Duration::from_millis(self.at);
        Now::new(
            Instant::from_millis(self.at),
            UnixTime::since_unix_epoch(BEGIN + since),
        )
    }

    /// Whose piece arrives next, if anything is under way: each end in its turn.
    fn next(&self) -> Option<End> {
        let mut ends = [self.last.other(), self.last].into_iter();
        ends.find(|end| !self.side(*end).sent.is_empty())
    }

    fn step(&mut self) {
        self.at += TICK;
        if let Some(from) = self.next() {
            self.deliver(from);
        } else if self.side(End::Client).review.is_some() && !self.waits {
            self.decide(Verdict::Accept);
        } else if !self.asked {
            self.asked = true;
            self.say("The client asks for TLS, in plaintext.");
            self.write(End::Client, STARTTLS);
            self.run(End::Client);
        } else {
            self.wait();
        }
    }

    fn deliver(&mut self, from: End) {
        let Some(piece) = self.side_mut(from).sent.pop_front() else {
            return;
        };
        self.last = from;
        let to = from.other();
        self.say(&format!(
            "{} gets {}, {} bytes.",
            to.name(),
            piece.kind,
            piece.bytes.len()
        ));
        let side = self.side_mut(to);
        // It has room: nothing is read late here.
        let refused = side.connection.receive(&piece.bytes).is_err();
        if refused {
            self.say("It is over, and hears nothing.");
        }
        self.run(to);
    }

    /// There is nothing else to do than to let time pass.
    fn wait(&mut self) {
        let deadlines = self
            .sides
            .iter()
            .filter_map(|side| side.connection.deadline());
        match deadlines.min() {
            Some(deadline) => {
                let then = deadline.as_micros().div_ceil(1000);
                let passed = then.saturating_sub(self.at).div_ceil(1000);
                self.at = self.at.max(then);
                self.say(&format!("Nothing is under way. {passed} seconds pass."));
                End::ALL.into_iter().for_each(|end| self.run(end));
            }
            None => self.say("Nothing more will happen. X begins again."),
        }
    }

    fn lose(&mut self) {
        match self.next() {
            Some(from) => {
                let lost = self.side_mut(from).sent.pop_front();
                self.last = from;
                if let Some(piece) = lost {
                    self.say(&format!(
                        "{} is lost, {} bytes.",
                        piece.kind,
                        piece.bytes.len()
                    ));
                }
            }
            None => self.say("Nothing is under way that could be lost."),
        }
    }

    fn inject(&mut self) {
        if self.is_cut {
            return self.say("The stream is cut.");
        }
        let from = self.next().unwrap_or(End::Client);
        let pieces = &mut self.side_mut(from).sent;
        // Behind what arrives next, and with it, as a careless reader would take both.
        let bytes = match pieces.pop_front() {
            Some(next) => [next.bytes, INJECTED.to_vec()].concat(),
            None => INJECTED.to_vec(),
        };
        let kind = "plaintext that somebody has changed".to_owned();
        pieces.push_front(Piece { kind, bytes });
        let to = from.other().name().to_lowercase();
        self.say(&format!("Somebody adds a line of plaintext for {to}."));
    }

    fn cut(&mut self) {
        if self.is_cut {
            return self.say("It is cut already.");
        }
        self.is_cut = true;
        self.at += TICK;
        self.say("The stream is cut.");
        for end in End::ALL {
            self.side_mut(end).sent.clear();
            self.side_mut(end).connection.receive_eof();
        }
        End::ALL.into_iter().for_each(|end| self.run(end));
    }

    fn decide(&mut self, verdict: Verdict<'_>) {
        let Some(id) = self.side_mut(End::Client).review.take() else {
            return self.say("The client's application is asked about nothing.");
        };
        let accepts = matches!(verdict, Verdict::Accept);
        // A question that has ended meanwhile is not open.
        let answered = self.side_mut(End::Client).connection.answer(id, verdict);
        self.say(match (answered, accepts) {
            (Err(_), _) => "It is too late for a verdict.",
            (Ok(()), true) => "The client's application accepts the certificate.",
            (Ok(()), false) => "The client's application refuses the certificate.",
        });
        self.run(End::Client);
    }

    fn write(&mut self, end: End, bytes: &[u8]) {
        let written = self.side_mut(end).connection.write(bytes);
        if let Err(error) = written {
            self.say(&format!("{} cannot write: {error}.", end.name()));
        }
    }

    /// Lets an end and its application do what there is to do, and sends what comes of it.
    fn run(&mut self, end: End) {
        loop {
            let now = self.now();
            let Some(events) = self.side_mut(end).connection.settle(now) else {
                return self.say("It does not come to rest.");
            };
            let sent = self.collect(end);
            let reacted = self.react(end, &events);
            let at = self.at;
            self.side_mut(end)
                .events
                .extend(events.into_iter().map(|event| (at, event)));
            if !reacted && !sent {
                return;
            }
        }
    }

    /// Puts what an end wants to send on its way, and says whether it is anything.
    fn collect(&mut self, end: End) -> bool {
        let is_cut = self.is_cut;
        let Side {
            connection,
            sent,
            records,
            ..
        } = self.side_mut(end);
        let bytes = connection.send_all();
        let mut rest = &bytes[..];
        let mut send = |kind, len| {
            let (piece, later) = rest.split_at(len);
            rest = later;
            if !is_cut {
                let bytes = piece.to_vec();
                sent.push_back(Piece { kind, bytes });
            }
        };
        match bytes[..] {
            [] => {}
            // What an end sends of TLS is whole records.
            [20..=23, 3, ..] => {
                records.feed(&bytes, |record| send(record.to_string(), record.len()))
            }
            _ => send("plaintext".to_owned(), bytes.len()),
        }
        !bytes.is_empty()
    }

    /// What the application does, and whether it has done anything.
    fn react(&mut self, end: End, events: &[Event]) -> bool {
        let mut acts = false;
        for event in events {
            match (event, end) {
                (Event::SslErrors(id), End::Client) => {
                    // Not every question is open: some only tell.
                    let is_open = self.side(end).connection.review().is_some();
                    self.side_mut(end).review = is_open.then_some(*id);
                    self.say("The client holds the handshake, and asks its application.");
                }
                (Event::Encrypted, End::Client) => {
                    self.say("The client is encrypted, and says hello.");
                    self.write(end, HELLO);
                    acts = true;
                }
                (Event::Encrypted, End::Server) => self.say("The server is encrypted."),
                (Event::Failed(kind), _) => {
                    self.say(&format!("{} has failed: {kind:?}.", end.name()));
                }
                (Event::PeerClosed, _) => {
                    self.say(&format!("{} hears the end of it, and closes.", end.name()));
                    self.side_mut(end).connection.close();
                    acts = true;
                }
                _ => {}
            }
        }
        let side = self.side_mut(end);
        let waiting = side.connection.peek();
        let wanted = match side.connection.mode() {
            // Plaintext is read a line at a time: what is behind it might belong to TLS.
            SslMode::Unencrypted => {
                let line = waiting.iter().position(|byte| *byte == b'\n');
                line.map_or(0, |at| at + 1)
            }
            _ => waiting.len(),
        };
        let mut buffer = vec![0; wanted];
        // What can be seen can be read.
        let read = match wanted {
            0 => 0,
            _ => side.connection.read(&mut buffer).unwrap_or(0),
        };
        side.read.extend_from_slice(&buffer[..read]);
        match (&side.read[..], end) {
            (STARTTLS, End::Server) => {
                side.read.clear();
                self.write(end, GO_AHEAD);
                self.start(end);
            }
            (GO_AHEAD, End::Client) => {
                side.read.clear();
                self.start(end);
            }
            (HELLO, End::Server) => {
                side.read.clear();
                self.say("The server answers.");
                self.write(end, ANSWER);
            }
            (ANSWER, End::Client) => {
                side.read.clear();
                self.say("The client has its answer, and closes.");
                self.side_mut(end).connection.close();
            }
            _ => {}
        }
        acts || read > 0
    }

    /// Switches to TLS, unless there is plaintext that nobody has read.
    fn start(&mut self, end: End) {
        let (client, server) = self.configurations.clone();
        let connection = &mut self.side_mut(end).connection;
        let started = match end {
            End::Client => {
                let name = PeerName::new("server.test").expect("a name");
                connection.start_client_encryption(&client, name)
            }
            End::Server => connection.start_server_encryption(ServerStart::With(server)),
        };
        match started {
            Ok(()) => self.say(&format!("{} switches to TLS.", end.name())),
            Err(error) => {
                self.say(&format!("{} does not switch to TLS: {error}", end.name()));
                self.side_mut(end).connection.abort();
            }
        }
    }
}
