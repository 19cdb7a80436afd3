//! A connection that writes down what happens to it.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::{self, Write};
use core::ops::Deref;
use core::time::Duration;

use super::line::{Answer, Call, Clock, Form, KeyName, Line, Simple};
use super::text::Transcript;
use crate::alert::Alert;
use crate::buffer::Buffers;
use crate::config::{ClientConfig, PeerName, ServerConfig, ServerStart};
use crate::connection::{Connection, Progress, Step, Verdict};
use crate::event::{Event, PskId, RequestId, ReviewId, SignatureId};
use crate::identity::pre_shared_key::PreSharedKey;
use crate::identity::signature::Signature;
use crate::identity::signer::SignError;
use crate::limits::Limits;
use crate::time::Now;
use crate::usage::{Leftover, ReadEnd, UsageError};

/// A [`Connection`] that writes down every call, what it answers, and the clock. The calls have the
/// names, arguments and results that they have there; those that change nothing are the connection's
/// own. Calls that hand over buffers have no twin here, since others do the same, nor has
/// [`take_changes`](Connection::take_changes), which moves nothing. The module has an example.
///
/// The transcript grows with the session, unless it is [taken](Self::take_text) piece by piece. What was
/// recorded so far is [`transcript`](Self::transcript).
pub struct Recorder {
    connection: Connection,
    transcript: Transcript,
    clock: Option<Clock>,
    idle: Idle,
    /// The transcript's header was taken.
    begun: bool,
}

/// What [`Recorder::settle_briefly`] has found last.
#[derive(Clone, Copy)]
enum Idle {
    /// Something to do, or something else was called since.
    No,
    /// Nothing, which was written down.
    Written,
    /// Nothing again, at this time, which was not.
    Again(Clock),
}

impl Recorder {
    /// A connection in plaintext, with buffers of its own. `configuration` and `seed` tell whoever
    /// replays it how to make the configurations with which it will be started; quotes, backslashes
    /// and control characters are left out of the name.
    pub fn new(configuration: &str, seed: u64, limits: Limits) -> Self {
        Self {
            connection: Connection::new(limits, Buffers::Owned),
            transcript: Transcript::new(configuration, seed, limits),
            clock: None,
            idle: Idle::No,
            begun: false,
        }
    }

    /// The transcript as it is now.
    ///
    /// ```
    /// # use sslcore::{Limits, transcript::Recorder};
    /// let mut recorder = Recorder::new("tls12", 1, Limits::default());
    /// recorder.close();
    /// assert!(recorder.transcript().to_string().ends_with("\nclose\n"));
    /// ```
    pub fn transcript(&self) -> &Transcript {
        &self.transcript
    }

    /// The transcript of a session that is done.
    pub fn into_transcript(self) -> Transcript {
        self.transcript
    }

    /// Takes the text that was recorded since the last call; the recorder forgets it. The pieces of one
    /// connection make up the text of its transcript.
    ///
    /// ```
    /// # use sslcore::{Limits, transcript::{Recorder, Transcript}};
    /// let mut recorder = Recorder::new("mine", 0, Limits::default());
    /// let mut text = recorder.take_text();
    /// recorder.close();
    /// text += &recorder.take_text();
    /// assert!(text.ends_with("\nclose\n") && recorder.take_text().is_empty());
    /// assert!(text.parse::<Transcript>().is_ok());
    /// ```
    pub fn take_text(&mut self) -> String {
        let text = match core::mem::replace(&mut self.begun, true) {
            false => self.transcript.to_string(),
            true => {
                let mut text = String::new();
                for line in &self.transcript.lines {
                    // A String takes all that it is given.
                    let _ = writeln!(text, "{line}");
                }
                text
            }
        };
        self.transcript.lines.clear();
        text
    }

    /// Sends all that [`transmit`](Connection::transmit) shows: the transport has taken it.
    pub fn send_all(&mut self) -> Vec<u8> {
        let sent = self.connection.transmit().to_vec();
        if !sent.is_empty() {
            // As many as were shown.
            let _ = self.transmitted(sent.len());
        }
        sent
    }

    /// Processes until there is nothing more to do, and returns the events of all that. It is one line
    /// in the transcript, for applications that act [at rest](crate::rules#r3). `None` when a million
    /// steps do not come to rest, which is a fault of the connection.
    pub fn settle(&mut self, now: Now) -> Option<Vec<Event>> {
        self.at(now);
        self.simple(Simple::Settle);
        let mut events = Vec::new();
        for _ in 0..STEPS {
            let progress = self.connection.process(now);
            while let Some(event) = self.connection.poll_event() {
                self.event(event);
                events.push(event);
            }
            if progress == Progress::Idle {
                return Some(events);
            }
        }
        self.answered(Progress::Again);
        None
    }

    /// Does what [`settle`](Self::settle) does, and says whether there was something to do. Of calls in
    /// a row that find nothing, only the first and the last are written down: for applications that
    /// look every now and then.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use sslcore::{Instant, Limits, Now, UnixTime, transcript::Recorder};
    /// # let year_2030 = UnixTime::since_unix_epoch(Duration::from_secs(1_893_456_000));
    /// let mut recorder = Recorder::new("mine", 0, Limits::default());
    /// for minute in 0..1000 {
    ///     let now = Now::new(Instant::from_millis(60_000 * minute), year_2030);
    ///     assert_eq!(recorder.settle_briefly(now), Some((false, vec![])));
    /// }
    /// recorder.close();
    /// assert_eq!(recorder.transcript().to_string().matches("settle").count(), 2);
    /// ```
    pub fn settle_briefly(&mut self, now: Now) -> Option<(bool, Vec<Event>)> {
        let (mut worked, mut events) = (false, Vec::new());
        for _ in 0..STEPS {
            let progress = self.connection.process(now);
            while let Some(event) = self.connection.poll_event() {
                events.push(event);
            }
            if progress == Progress::Idle {
                let nothing = !worked && events.is_empty();
                if nothing && !matches!(self.idle, Idle::No) {
                    self.idle = Idle::Again(now.into());
                } else {
                    self.settled(now, &events);
                    if nothing {
                        self.idle = Idle::Written;
                    }
                }
                return Some((worked, events));
            }
            worked = true;
        }
        self.settled(now, &events);
        self.answered(Progress::Again);
        None
    }

    fn settled(&mut self, now: Now, events: &[Event]) {
        self.at(now);
        self.simple(Simple::Settle);
        for event in events {
            self.event(*event);
        }
    }
}

/// A connection rests after fewer steps by far, whatever it has received.
const STEPS: usize = 1_000_000;

/// The calls of a connection.
impl Recorder {
    /// Makes the call [`Connection::start_client_encryption`], and records it.
    pub fn start_client_encryption(
        &mut self,
        config: &ClientConfig,
        peer: PeerName,
    ) -> Result<(), UsageError> {
        self.start_client_encryption_with(config, peer, Leftover::Refuse)
    }

    /// Makes the call [`Connection::start_client_encryption_with`], and records it.
    pub fn start_client_encryption_with(
        &mut self,
        config: &ClientConfig,
        peer: PeerName,
        leftover: Leftover,
    ) -> Result<(), UsageError> {
        self.call(Call::StartClient {
            peer: peer.clone(),
            leftover,
        });
        let outcome = self
            .connection
            .start_client_encryption_with(config, peer, leftover);
        self.checked(outcome)
    }

    /// Makes the call [`Connection::start_server_encryption`], and records it.
    pub fn start_server_encryption(&mut self, start: ServerStart) -> Result<(), UsageError> {
        self.start_server_encryption_with(start, Leftover::Refuse)
    }

    /// Makes the call [`Connection::start_server_encryption_with`], and records it.
    pub fn start_server_encryption_with(
        &mut self,
        start: ServerStart,
        leftover: Leftover,
    ) -> Result<(), UsageError> {
        let asks = matches!(start, ServerStart::Ask { .. });
        self.call(Call::StartServer { asks, leftover });
        let outcome = self
            .connection
            .start_server_encryption_with(start, leftover);
        self.checked(outcome)
    }

    /// Makes the call [`Connection::receive`], and records it.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<usize, UsageError> {
        self.call(Call::Receive(bytes.to_vec()));
        let outcome = self.connection.receive(bytes);
        self.counted(outcome, bytes.len())
    }

    /// Makes the call [`Connection::receive_buffer`], which is not recorded.
    pub fn receive_buffer(&mut self) -> &mut [u8] {
        self.connection.receive_buffer()
    }

    /// Makes the call [`Connection::received`], and records it as [`receive`](Self::receive) of the
    /// same bytes.
    pub fn received(&mut self, n: usize) -> Result<(), UsageError> {
        let bytes = self.connection.receive_buffer().get(..n);
        match bytes.map(<[u8]>::to_vec) {
            Some(bytes) => {
                self.call(Call::Receive(bytes));
                let outcome = self.connection.received(n);
                self.checked(outcome)
            }
            // The connection refuses it, and stays as it is.
            None => self.connection.received(n),
        }
    }

    /// Makes the call [`Connection::receive_eof`], and records it.
    pub fn receive_eof(&mut self) {
        self.simple(Simple::Eof);
        self.connection.receive_eof();
    }

    /// Makes the call [`Connection::receive_reset`], and records it.
    pub fn receive_reset(&mut self) {
        self.simple(Simple::Reset);
        self.connection.receive_reset();
    }

    /// Makes the call [`Connection::transmitted`], and records it.
    pub fn transmitted(&mut self, n: usize) -> Result<(), UsageError> {
        let shown = self.connection.transmit().get(..n);
        self.call(match shown.filter(|shown| !shown.is_empty()) {
            Some(shown) => Call::Send(shown.to_vec()),
            None => Call::Transmitted(n),
        });
        let outcome = self.connection.transmitted(n);
        self.checked(outcome)
    }

    /// Makes the call [`Connection::transmit_failed`], and records it.
    pub fn transmit_failed(&mut self) {
        self.simple(Simple::TransmitFailed);
        self.connection.transmit_failed();
    }

    /// Makes the call [`Connection::write`], and records it.
    pub fn write(&mut self, plaintext: &[u8]) -> Result<usize, UsageError> {
        self.call(Call::Write(plaintext.to_vec()));
        let outcome = self.connection.write(plaintext);
        self.counted(outcome, plaintext.len())
    }

    /// Makes the call [`Connection::read`], and records it.
    pub fn read(&mut self, out: &mut [u8]) -> Result<usize, ReadEnd> {
        let outcome = self.connection.read(out);
        match outcome {
            Ok(n) => self.call(Call::Read(out[..n].to_vec())),
            Err(end) => {
                self.call(Call::ReadNothing);
                self.answered(end);
            }
        }
        outcome
    }

    /// Makes the call [`Connection::consume`], and records it.
    pub fn consume(&mut self, n: usize) -> Result<(), UsageError> {
        self.call(match self.connection.peek().get(..n) {
            Some(read) => Call::Read(read.to_vec()),
            None => Call::Consume(n),
        });
        let outcome = self.connection.consume(n);
        self.checked(outcome)
    }

    /// Makes the call [`Connection::unread`], and records it.
    pub fn unread(&mut self, plaintext: &[u8]) -> Result<(), UsageError> {
        self.call(Call::Unread(plaintext.to_vec()));
        let outcome = self.connection.unread(plaintext);
        self.checked(outcome)
    }

    /// Makes the call [`Connection::set_read_buffer_size`], and records it.
    pub fn set_read_buffer_size(&mut self, bytes: usize) {
        self.call(Call::SetReadBufferSize(bytes));
        self.connection.set_read_buffer_size(bytes);
    }

    /// Makes the call [`Connection::set_peer_close_timeout`], and records it, in whole microseconds.
    pub fn set_peer_close_timeout(&mut self, timeout: Option<Duration>) {
        let micros = timeout.map(|timeout| u64::try_from(timeout.as_micros()).unwrap_or(u64::MAX));
        self.call(Call::SetPeerCloseTimeout(micros));
        let whole = micros.map(Duration::from_micros);
        self.connection.set_peer_close_timeout(whole);
    }

    /// Makes the call [`Connection::discard_reads`], and records it.
    pub fn discard_reads(&mut self) {
        self.simple(Simple::DiscardReads);
        self.connection.discard_reads();
    }

    /// Makes the call [`Connection::close`], and records it.
    pub fn close(&mut self) {
        self.simple(Simple::Close);
        self.connection.close();
    }

    /// Makes the call [`Connection::cancel`], and records it.
    pub fn cancel(&mut self) {
        self.simple(Simple::Cancel);
        self.connection.cancel();
    }

    /// Makes the call [`Connection::abort`], and records it.
    pub fn abort(&mut self) {
        self.simple(Simple::Abort);
        self.connection.abort();
    }

    /// Makes the call [`Connection::update_keys`], and records it.
    pub fn update_keys(&mut self) -> Result<(), UsageError> {
        self.simple(Simple::UpdateKeys);
        let outcome = self.connection.update_keys();
        self.checked(outcome)
    }

    /// Makes the call [`Connection::answer`], and records it.
    pub fn answer(&mut self, id: ReviewId, verdict: Verdict<'_>) -> Result<(), UsageError> {
        let answer = match verdict {
            Verdict::Accept => Answer::Accept,
            Verdict::AcceptOnly(accepted) => {
                let errors = self.connection.ssl_errors().iter().enumerate();
                let accepted = errors.filter(|(_, error)| accepted.contains(error));
                Answer::AcceptOnly(accepted.map(|(place, _)| place).collect())
            }
            Verdict::Reject => Answer::Reject,
            Verdict::RejectWith(alert) => Answer::RejectWith(alert.code()),
        };
        self.call(Call::Answer(id.0, answer));
        let outcome = self.connection.answer(id, verdict);
        self.checked(outcome)
    }

    /// Makes the call [`Connection::provide_config`], and records it.
    pub fn provide_config(
        &mut self,
        id: RequestId,
        config: &ServerConfig,
    ) -> Result<(), UsageError> {
        self.call(Call::Provide(id.0));
        let outcome = self.connection.provide_config(id, config);
        self.checked(outcome)
    }

    /// Makes the call [`Connection::refuse_config`], and records it.
    pub fn refuse_config(&mut self, id: RequestId) -> Result<(), UsageError> {
        self.call(Call::Refuse(id.0));
        let outcome = self.connection.refuse_config(id);
        self.checked(outcome)
    }

    /// Makes the call [`Connection::refuse_config_with`], and records it.
    pub fn refuse_config_with(&mut self, id: RequestId, alert: Alert) -> Result<(), UsageError> {
        self.call(Call::RefuseWith(id.0, alert.code()));
        let outcome = self.connection.refuse_config_with(id, alert);
        self.checked(outcome)
    }

    /// Makes the call [`Connection::provide_psk`], and records it with the keys' names: the keys are in no
    /// transcript. A session with such a call can be drawn; it replays where the keys are those of
    /// `testing::known_psk`.
    pub fn provide_psk(&mut self, id: PskId, keys: &[PreSharedKey]) -> Result<(), UsageError> {
        let names = keys.iter().map(|key| KeyName {
            identity: key.identity().into(),
            hash: key.hash(),
            context: key.context().map(<[u8]>::to_vec),
        });
        self.call(Call::ProvideKeys(id.0, names.collect()));
        let outcome = self.connection.provide_psk(id, keys);
        self.checked(outcome)
    }

    /// Makes the call [`Connection::refuse_psk`], and records it.
    pub fn refuse_psk(&mut self, id: PskId) -> Result<(), UsageError> {
        self.provide_psk(id, &[])
    }

    /// Makes the call [`Connection::provide_signature`], and records it with the signature, which is no
    /// secret.
    pub fn provide_signature(
        &mut self,
        id: SignatureId,
        signature: Signature<'_>,
    ) -> Result<(), UsageError> {
        let (Signature::Der(bytes) | Signature::Concatenated(bytes) | Signature::Plain(bytes)) =
            signature;
        let form = Form::of(&signature);
        self.call(Call::ProvideSignature(id.0, form, bytes.into()));
        let outcome = self.connection.provide_signature(id, signature);
        self.checked(outcome)
    }

    /// Makes the call [`Connection::refuse_signature`], and records it without the reason.
    pub fn refuse_signature(&mut self, id: SignatureId, why: SignError) -> Result<(), UsageError> {
        self.call(Call::RefuseSignature(id.0));
        let outcome = self.connection.refuse_signature(id, why);
        self.checked(outcome)
    }

    /// Makes the call [`Connection::process`], and records it.
    pub fn process(&mut self, now: Now) -> Progress {
        self.at(now);
        self.simple(Simple::Process);
        let progress = self.connection.process(now);
        self.answered(progress);
        progress
    }

    /// Makes the call [`Connection::poll_event`], and records it.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.simple(Simple::Poll);
        let event = self.connection.poll_event();
        match event {
            Some(event) => self.event(event),
            None => self.answered(event),
        }
        event
    }

    /// Makes the call [`Connection::next`], and records it.
    pub fn next(&mut self, now: Now) -> Step<'_> {
        self.at(now);
        self.simple(Simple::Next);
        let step = self.connection.next(now);
        self.transcript.lines.push(match step {
            Step::Event(event) => Line::Event(format!("{event:?}")),
            Step::Transmit(shown) => Line::Answer(format!("Transmit {}", shown.len())),
            step => Line::Answer(format!("{step:?}")),
        });
        step
    }
}

/// What is written down.
impl Recorder {
    /// Writes the clock down, if it has changed.
    fn at(&mut self, now: Now) {
        self.wake();
        let clock = Clock::from(now);
        if self.clock != Some(clock) {
            self.set_clock(clock);
        }
    }

    pub(super) fn set_clock(&mut self, clock: Clock) {
        self.clock = Some(clock);
        self.transcript.lines.push(Line::At(clock));
    }

    pub(super) fn clock(&self) -> Clock {
        self.clock.unwrap_or_default()
    }

    /// Writes down the last time at which there was nothing to do.
    fn wake(&mut self) {
        if let Idle::Again(clock) = core::mem::replace(&mut self.idle, Idle::No) {
            if self.clock != Some(clock) {
                self.set_clock(clock);
            }
            self.transcript
                .lines
                .push(Line::Call(Call::Simple(Simple::Settle)));
        }
    }

    fn call(&mut self, call: Call) {
        self.wake();
        self.transcript.lines.push(Line::Call(call));
    }

    fn simple(&mut self, call: Simple) {
        self.call(Call::Simple(call));
    }

    fn event(&mut self, event: Event) {
        self.transcript
            .lines
            .push(Line::Event(format!("{event:?}")));
    }

    fn answered(&mut self, answer: impl fmt::Debug) {
        self.transcript
            .lines
            .push(Line::Answer(format!("{answer:?}")));
    }

    fn checked(&mut self, outcome: Result<(), UsageError>) -> Result<(), UsageError> {
        if let Err(error) = outcome {
            self.answered(error);
        }
        outcome
    }

    /// Writes down how many bytes were taken, unless it is all of them.
    fn counted(
        &mut self,
        outcome: Result<usize, UsageError>,
        all: usize,
    ) -> Result<usize, UsageError> {
        match outcome {
            Ok(n) if n == all => {}
            Ok(n) => self.answered(n),
            Err(error) => self.answered(error),
        }
        outcome
    }
}

impl Deref for Recorder {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.connection.fmt(f)
    }
}
