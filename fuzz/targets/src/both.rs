//! A connection by either handshake engine, what an application does meanwhile, and what comes of it.

use std::fmt::Debug;

use sslcore::{Alert, Event, FailureKind, Limits};

use crate::configs::{self, Choice, Config};
use crate::end::End;
use crate::fitted::{self, Fitted};
use crate::input::Input;
use crate::signing::Signing;
use crate::spoken::{Spoken, spoken};
use crate::watched::Watched;

/// In the byte of the circumstances: nobody knows what day it is.
pub(crate) const NO_WALL_CLOCK: u8 = 0x80;

/// In the byte of the circumstances: how the application signs, if it does. These bits choose limits, too.
pub(crate) fn signing(circumstances: u8) -> Signing {
    Signing::of(circumstances >> 5)
}

fn refuses(choice: Choice, signing: Signing) -> bool {
    choice.signs() && signing == Signing::Refused
}

/// There is always room for what an end says: its flights differ in length.
fn limits(bits: u8) -> Limits {
    let Limits {
        transmit, queued, ..
    } = Limits::default();
    Limits {
        transmit,
        queued,
        ..configs::limits(bits)
    }
}

/// The most actions of an application.
const ACTIONS: usize = 60;

/// A line of what an end tells.
#[derive(Debug)]
pub(crate) enum Line {
    /// An event, or an answer.
    Told(String),
    /// What it says of its session by a getter, and whether the handshake is complete.
    Fact(&'static str, String, bool),
}

impl PartialEq for Line {
    /// Before the end of the handshake a fact may be known to one engine before the other; what both know
    /// is the same.
    fn eq(&self, other: &Self) -> bool {
        const UNKNOWN: [&str; 4] = ["None", "false", "0", "[]"];
        let is_unknown = |value: &String| UNKNOWN.contains(&value.as_str());
        match (self, other) {
            (Self::Told(one), Self::Told(other)) => one == other,
            (Self::Fact(one, value, false), Self::Fact(other, another, false)) => {
                let is_open = is_unknown(value) || is_unknown(another);
                one == other && (value == another || is_open)
            }
            (Self::Fact(one, value, true), Self::Fact(other, another, true)) => {
                (one, value) == (other, another)
            }
            _ => false,
        }
    }
}

/// What came of a connection.
pub(crate) struct Outcome {
    /// What it has told, and answered to what was done to it.
    pub(crate) told: Vec<Line>,
    pub(crate) said: Vec<Spoken>,
    pub(crate) heard: Vec<u8>,
    /// How much of what was written was sealed.
    pub(crate) written: usize,
    pub(crate) failure: Option<(FailureKind, Option<Alert>, String)>,
    pub(crate) resumed: bool,
    /// The application was asked for a signature.
    pub(crate) is_asked_to_sign: bool,
    /// What a client has offered.
    pub(crate) session_id: Option<[u8; 32]>,
}

impl Outcome {
    /// How it failed, and whether its handshake was a full one or went on with a session.
    pub(crate) fn failure(&self) -> String {
        let failure = self.failure.as_ref();
        let failure = failure.map_or("nothing".into(), |it| format!("{it:?}"));
        let handshake = if self.resumed { "resumed" } else { "full" };
        format!("{failure} {handshake}")
    }
}

/// A length can be one of the bytes that are put in the place of fixed words, which no two ends have in
/// common.
fn kind(failure: FailureKind) -> FailureKind {
    match failure {
        FailureKind::BufferTooSmall { .. } => FailureKind::BufferTooSmall { needed: 0 },
        other => other,
    }
}

/// A connection by one of the engines, and what is to come from its peer.
pub(crate) struct Stage {
    end: Watched,
    choice: Choice,
    config: Config,
    signing: Signing,
    session_id: Option<[u8; 32]>,
    stream: Fitted,
    /// So much of the input's stream is to have arrived, and so much of this end's has.
    due: usize,
    arrived: usize,
    told: Vec<Line>,
    said: Vec<u8>,
    heard: Vec<u8>,
    written: usize,
}

impl Stage {
    pub(crate) fn new(choice: Choice, circumstances: u8, stream: &[u8]) -> Self {
        let signing = signing(circumstances);
        let refuses = refuses(choice, signing);
        let config = choice.config_of(1, refuses);
        let has_wall_clock = circumstances & NO_WALL_CLOCK == 0;
        let mut known = fitted::Known::default();
        // Who never signs has no session.
        if choice.has(Choice::RESUME) && !refuses {
            let said = meet(choice, &config, &choice.peer().config(2), has_wall_clock);
            known.ticket = fitted::tickets(&said).into_iter().next();
        }
        let mut end = Watched::new(limits(circumstances));
        end.has_wall_clock = has_wall_clock;
        let started = config.start(&mut end.conn, choice.has(Choice::ASK));
        started.expect("not started before");
        let mut stage = Self {
            end,
            choice,
            config,
            signing,
            session_id: None,
            stream: Fitted::default(),
            due: 0,
            arrived: 0,
            told: Vec::new(),
            said: Vec::new(),
            heard: Vec::new(),
            written: 0,
        };
        stage.drain();
        known.session_id = fitted::session_id(&stage.said);
        stage.session_id = known.session_id;
        stage.stream = known.fit(stream);
        stage
    }

    pub(crate) fn play(mut self, actions: &[u8]) -> Outcome {
        let mut actions = Input(actions);
        for _ in 0..ACTIONS {
            let Some(action) = actions.next() else { break };
            self.act(action, &mut actions);
            self.drain();
        }
        self.rest();
        self.facts();
        let last = self.end.finish();
        self.said.extend(last);
        self.note_events();
        let failure = self.end.conn.failure();
        let failure = failure.map(|it| (kind(it.kind()), it.alert(), it.detail().to_owned()));
        let end = self.end.conn.read_end();
        self.note(&end);
        Outcome {
            told: self.told,
            said: spoken(&self.said),
            heard: self.heard,
            written: self.written,
            failure,
            resumed: self.end.conn.is_resumed(),
            is_asked_to_sign: self.end.is_asked_to_sign,
            session_id: self.session_id,
        }
    }

    fn note(&mut self, line: &impl Debug) {
        self.told.push(Line::Told(format!("{line:?}")));
    }

    fn note_events(&mut self) {
        for event in std::mem::take(&mut self.end.told) {
            match event {
                // When there is room depends on how long the handshake's own messages are.
                Event::BytesWritten(n) => self.written += n,
                Event::Writable => {}
                // The other engine has a signer, and numbers its questions without this one.
                Event::SignatureRequired(_) => {}
                Event::SslErrors(_) => self.note(&"SslErrors"),
                // A signer refuses before anything is told of the server.
                Event::ClientCertificateRequested | Event::PeerVerifyError { .. }
                    if refuses(self.choice, self.signing) => {}
                Event::Failed(failure) => self.note(&Event::Failed(kind(failure))),
                event => self.note(&event),
            }
        }
    }

    fn drain(&mut self) {
        loop {
            let (said, heard) = self.end.drain();
            self.said.extend(said);
            self.heard.extend(heard);
            self.note_events();
            if !self.sign() {
                return;
            }
        }
    }

    /// Answers a question for a signature, as the application always does. Whether there was one.
    fn sign(&mut self) -> bool {
        let is_asked = self.end.sign(self.signing, self.choice);
        if is_asked && self.signing == Signing::Clumsily {
            self.end.sign(Signing::Rightly, self.choice);
        }
        is_asked
    }

    /// Lets so much of the stream arrive.
    fn arrive(&mut self, n: usize) {
        self.due = self.due.saturating_add(n);
        let due = self.stream.place(self.due);
        let mut stuck = false;
        while self.arrived < due {
            let taken = self.end.give(&self.stream.bytes[self.arrived..due]);
            self.arrived += taken;
            self.drain();
            if taken == 0 && std::mem::replace(&mut stuck, true) {
                return;
            }
        }
    }

    fn act(&mut self, action: u8, more: &mut Input<'_>) {
        let end = &mut self.end;
        match action % 12 {
            0 => self.arrive(more.size()),
            1 => self.arrive(more.size() * 64),
            2 => end.write(more.size() * 16),
            3 => self.judge(more.byte()),
            4 => self.configure(more.byte()),
            5 => end.millis += more.byte() as u64 * 50,
            6 => {
                let updated = end.conn.update_keys();
                self.note(&updated);
            }
            7 => {
                let mut out = vec![0; more.size()];
                let exported = end.conn.export_keying_material(&mut out, more.part(), None);
                self.note(&(exported, out));
            }
            8 => match more.byte() & 7 {
                7 => end.end_by(End::close),
                6 => end.end_by(End::cancel),
                5 => end.end_by(End::abort),
                4 => end.receive_eof(),
                3 => end.receive_reset(),
                _ => {}
            },
            9 => end.set_read_buffer_size(1 + more.size() * 64),
            _ => self.facts(),
        }
    }

    /// Answers a review.
    fn judge(&mut self, how: u8) {
        if self.end.judge(how) {
            self.note(&"judged");
        }
    }

    /// Answers a server's question for its configuration.
    fn configure(&mut self, how: u8) {
        let Config::Server(config) = &self.config else {
            return;
        };
        if self.end.configure(how, || config.clone()) {
            self.note(&"configured");
        }
    }

    /// All the rest of the stream, and an application that accepts everything.
    fn rest(&mut self) {
        for _ in 0..4 {
            self.judge(0);
            self.configure(0);
            self.drain();
            self.arrive(usize::MAX);
        }
    }

    /// What the connection says of its session.
    fn facts(&mut self) {
        let conn = &self.end.conn;
        let is_known = conn.is_encrypted() || self.end.was_encrypted();
        let facts: [(&str, &dyn Debug); 19] = [
            ("encrypted", &conn.is_encrypted()),
            ("handshaking", &conn.is_handshaking()),
            ("protocol", &conn.session_protocol()),
            ("cipher", &conn.session_cipher().map(|cipher| cipher.id())),
            ("group", &conn.key_exchange_group_code()),
            ("alpn", &conn.alpn_protocol()),
            ("extended master secret", &conn.has_extended_master_secret()),
            ("resumed", &conn.is_resumed()),
            ("retried", &conn.is_hello_retried()),
            ("psk identity", &conn.psk_identity()),
            ("server name", &conn.server_name()),
            ("peer signature", &conn.peer_signature_scheme()),
            ("certificate sent", &conn.is_local_certificate_sent()),
            ("ticket renewed", &conn.is_session_ticket_renewed()),
            ("tickets", &conn.session_tickets_received()),
            ("ticket lifetime", &conn.session_ticket_lifetime_hint()),
            (
                "authorities",
                &conn.client_certificate_authorities().collect::<Vec<_>>(),
            ),
            ("chain", &conn.peer_certificate_chain()),
            ("errors", &conn.ssl_errors()),
        ];
        let facts = facts.map(|(name, value)| Line::Fact(name, format!("{value:?}"), is_known));
        self.told.extend(facts);
    }
}

/// An honest handshake, before the one that is looked at, between an end and a peer of it, and an orderly
/// close. Returns what the server has said.
pub(crate) fn meet(
    choice: Choice,
    config: &Config,
    of_peer: &Config,
    has_wall_clock: bool,
) -> Vec<u8> {
    let mut end = Watched::new(Limits::default());
    let mut peer = Watched::new(Limits::default());
    end.has_wall_clock = has_wall_clock;
    for (watched, config) in [(&mut end, config), (&mut peer, of_peer)] {
        config
            .start(&mut watched.conn, false)
            .expect("not started before");
    }
    let (mut of_end, mut said_by_peer, mut said_by_end) = (end.drain().0, Vec::new(), Vec::new());
    for round in 0..8 {
        if round == 6 {
            end.end_by(End::close);
            peer.end_by(End::close);
        }
        end.accept(choice);
        peer.accept(choice.peer());
        let (bytes, _) = peer.feed(&of_end);
        said_by_end.extend(std::mem::take(&mut of_end));
        of_end = end.feed(&bytes).0;
        said_by_peer.extend(bytes);
    }
    match choice.has(Choice::SERVER) {
        true => said_by_end,
        false => said_by_peer,
    }
}
