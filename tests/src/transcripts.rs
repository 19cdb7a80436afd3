//! Sessions that are kept as transcripts: how each goes, and in which files it is.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use sslcore::testing::known_psk;
use sslcore::testing::transcript::{Action, Configurations, Recorder, Transcript, replay};
use sslcore::{Instant, Limits, Now, ServerStart, UnixTime, Verdict};

use crate::pair::server_name;

/// The names of configurations with which there is a session, and how it begins or is decided.
pub const SESSIONS: [(&str, Story); 31] = [
    ("tls12", Story::Plain),
    ("tls13", Story::Plain),
    ("tls12 rustcrypto", Story::Plain),
    ("tls13 rustcrypto", Story::Plain),
    ("tls12 resumed", Story::Plain),
    ("tls13 resumed", Story::Plain),
    ("tls13 resumed rustcrypto", Story::Plain),
    ("tls12 mutual", Story::Plain),
    ("tls13 mutual", Story::Plain),
    ("tls13 mutual rustcrypto", Story::Plain),
    ("tls13 retried", Story::Plain),
    ("tls13 retried rustcrypto", Story::Plain),
    ("tls12 refused", Story::Plain),
    ("tls13 refused", Story::Plain),
    ("tls12 untrusted", Story::Rejected),
    ("tls13 untrusted", Story::Rejected),
    ("tls12 untrusted", Story::Accepted),
    ("tls13 untrusted", Story::Accepted),
    ("tls12", Story::StartTls),
    ("tls13", Story::StartTls),
    ("tls12", Story::Chosen),
    ("tls13", Story::Chosen),
    ("psk", Story::Plain),
    ("rustcrypto psk", Story::Plain),
    ("rustcrypto retried psk", Story::Plain),
    ("psk", Story::StartTls),
    ("psk_asked", Story::Accepted),
    ("psk_asked", Story::Rejected),
    ("mutual signature_asked", Story::Accepted),
    ("signature_asked", Story::Rejected),
    ("rustcrypto signature_asked", Story::Accepted),
];

/// What is special about a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Story {
    /// Nothing: both start TLS at once.
    Plain,
    /// TLS is asked for in plaintext.
    StartTls,
    /// The server chooses its configuration when it has seen the hello.
    Chosen,
    /// The client is asked about the certificate, or the server about a key or to sign, and refuses.
    Rejected,
    /// The client is asked about the certificate, or the server about a key or to sign, and accepts.
    Accepted,
}

/// The folder with the transcripts.
pub fn folder() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "transcripts"]
        .iter()
        .collect()
}

/// The files of a session, the client's first.
pub fn file_names(configuration: &str, story: Story) -> [String; 2] {
    let story = match story {
        Story::Plain => "",
        Story::StartTls => "-starttls",
        Story::Chosen => "-chosen",
        Story::Rejected => "-rejected",
        Story::Accepted => "-accepted",
    };
    let name = configuration.replace(' ', "-");
    ["client", "server"].map(|end| format!("{name}{story}-{end}.txt"))
}

/// The names of all files.
pub fn kept() -> Vec<String> {
    let names = SESSIONS.map(|(configuration, story)| file_names(configuration, story));
    names.into_iter().flatten().collect()
}

/// What is in a file.
pub fn text_of(name: &str) -> String {
    fs::read_to_string(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The transcript in a text.
pub fn parse(text: &str) -> Transcript {
    text.parse()
        .unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// What a recorder has written, which must replay, also when it is read from text.
pub fn checked(recorder: Recorder) -> String {
    let transcript = recorder.into_transcript();
    let text = transcript.to_string();
    replay(&transcript).unwrap_or_else(|difference| panic!("{difference}\n{text}"));
    replay(&parse(&text)).unwrap_or_else(|difference| panic!("{difference}\n{text}"));
    assert_eq!(parse(&text).to_string(), text);
    text
}

/// So long after a clock's start; the wall clock stands at the beginning of 2030.
pub fn at(millis: u64) -> Now {
    let wall = UnixTime::since_unix_epoch(Duration::from_secs(1_893_456_000));
    Now::new(Instant::from_millis(millis), wall)
}

/// Holds a session, and records both ends, the client's first.
pub fn record(configuration: &str, story: Story) -> [Transcript; 2] {
    let known = Configurations::without_security(configuration, 1).expect("known words");
    let new = || Recorder::new(configuration, 1, Limits::default());
    let mut session = Session {
        ends: [new(), new()],
        time: Duration::ZERO,
    };
    if story == Story::StartTls {
        session.say(1, b"220 server.test ready\r\n");
        session.say(0, b"STARTTLS\r\n");
        // TLS is started before the line leaves.
        session.ends[1].write(b"220 go ahead\r\n").expect("open");
    }
    let start = match story {
        Story::Chosen => ServerStart::Ask {
            fallback: known.server.clone(),
        },
        _ => ServerStart::With(known.server.clone()),
    };
    session.ends[1]
        .start_server_encryption(start)
        .expect("start");
    if story == Story::StartTls {
        session.carry();
        session.read(0);
    }
    let start = session.ends[0].start_client_encryption(&known.client, server_name());
    start.expect("start");
    session.carry();
    session.decide(story, &known);
    if session
        .ends
        .iter()
        .all(|end| end.is_encrypted() && !end.is_over())
    {
        let resumed = configuration.contains("resumed");
        assert!(session.ends.iter().all(|end| end.is_resumed() == resumed));
        session.say(0, b"attack at dawn");
        session.say(1, b"acknowledged");
    }
    session.close();
    session.ends.map(Recorder::into_transcript)
}

/// Two ends, the client first, and the time.
struct Session {
    ends: [Recorder; 2],
    time: Duration,
}

impl Session {
    /// A session begins one hour into 2030.
    fn now(&self) -> Now {
        let begin = Duration::from_secs(1_893_456_000 + 3600);
        let micros = u64::try_from(self.time.as_micros()).expect("short");
        let wall = UnixTime::since_unix_epoch(begin + self.time);
        Now::new(Instant::from_micros(micros), wall)
    }

    /// Carries until both are silent; each way takes a while.
    fn carry(&mut self) {
        for end in [0, 1] {
            self.settle(end);
        }
        while self.deliver(0) | self.deliver(1) {}
    }

    /// Carries what one end has to say to the other, and says whether that was anything.
    fn deliver(&mut self, from: usize) -> bool {
        let sent = self.ends[from].send_all();
        if sent.is_empty() {
            return false;
        }
        self.settle(from);
        self.time += Duration::from_millis(20);
        assert_eq!(self.ends[1 - from].receive(&sent), Ok(sent.len()));
        self.settle(1 - from);
        true
    }

    fn settle(&mut self, end: usize) {
        let now = self.now();
        self.ends[end].settle(now);
    }

    fn say(&mut self, from: usize, text: &[u8]) {
        assert_eq!(self.ends[from].write(text), Ok(text.len()));
        self.carry();
        self.read(1 - from);
    }

    fn read(&mut self, end: usize) {
        let n = self.ends[end].peek().len();
        self.ends[end].consume(n).expect("shown");
    }

    /// Answers the question, if there is one.
    fn decide(&mut self, story: Story, known: &Configurations) {
        match story {
            Story::Plain | Story::StartTls => return,
            Story::Chosen => {
                let server = self.after_thinking(1);
                let id = server.config_request().expect("a question").id;
                server.provide_config(id, &known.server).expect("open");
            }
            Story::Rejected | Story::Accepted if self.ends[0].psk_request().is_some() => {
                self.provide_key(0, true);
                self.carry();
                self.provide_key(1, story == Story::Accepted);
            }
            Story::Rejected | Story::Accepted if self.ends[1].signature_request().is_some() => {
                self.sign(1, story == Story::Accepted, known);
                self.carry();
                self.sign(0, true, known);
            }
            Story::Rejected | Story::Accepted => {
                let client = self.after_thinking(0);
                let id = client.review().expect("a question").id;
                let verdict = match story {
                    Story::Accepted => Verdict::Accept,
                    _ => Verdict::Reject,
                };
                client.answer(id, verdict).expect("open");
            }
        }
        self.carry();
    }

    /// Gives an end the key that it asks for, or says that there is none.
    fn provide_key(&mut self, end: usize, is_there: bool) {
        let asking = self.after_thinking(end);
        let id = asking.psk_request().expect("a question").id;
        let key = known_psk("known").expect("a key");
        let given = match is_there {
            true => asking.provide_psk(id, &[key]),
            false => asking.refuse_psk(id),
        };
        given.expect("open");
    }

    /// Has an end sign that is asked to, or refuse.
    fn sign(&mut self, end: usize, signs: bool, known: &Configurations) {
        let mut now = self.now();
        Action::Sign(signs).perform(self.after_thinking(end), &mut Vec::new(), &mut now, known);
    }

    /// The end that has asked a person, who needs two seconds.
    fn after_thinking(&mut self, end: usize) -> &mut Recorder {
        self.time += Duration::from_secs(2);
        self.settle(end);
        &mut self.ends[end]
    }

    /// Both close, and the stream ends in both directions.
    fn close(&mut self) {
        for end in [0, 1] {
            self.ends[end].close();
            self.carry();
        }
        for end in [0, 1] {
            self.ends[end].receive_eof();
            self.settle(end);
        }
    }
}
