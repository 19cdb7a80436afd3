//! One connection that is not encrypted yet.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::mem::replace;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use sslcore::{
    Alert, Connection, Instant, PreSharedKey, PskId, ReviewId, ServerStart, SignError, Signature,
    SignatureId, UsageError, Verdict,
};

use super::choice::Terms;
use super::event::{ConnectionId, HandshakeError, ServerEvent};
use crate::clock::Clock;
use crate::poll::Interest;
use crate::socket::SslSocket;

/// The content type of a handshake record (RFC 8446 §5.1), the first byte of a TLS client.
const HANDSHAKE: u8 = 0x16;

enum Stage {
    /// No byte has arrived.
    Quiet(TcpStream),
    /// TLS was started.
    Tls(Box<SslSocket>, Progress),
    /// Handed out, or dropped.
    Gone,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// The ClientHello is not complete.
    Greeting,
    Handshaking,
    /// Waits for the application's verdict, keys or signature; that time does not count.
    Held,
    /// It has failed: the alert leaves, and the client hangs up. `told` once the application had
    /// its chance to look.
    Leaving {
        told: bool,
    },
}

/// What only the application can answer, apart from the configuration.
enum Question {
    Verdict(ReviewId),
    Keys(PskId),
    Signature(SignatureId),
}

impl Question {
    fn of(connection: &Connection) -> Option<Self> {
        let verdict = connection.review().map(|review| Self::Verdict(review.id));
        let keys = || Some(Self::Keys(connection.psk_request()?.id));
        let signature = || Some(Self::Signature(connection.signature_request()?.id));
        verdict.or_else(keys).or_else(signature)
    }
}

/// What a step needs to know, and where it tells.
pub(super) struct Round<'a> {
    pub(super) terms: &'a mut Terms,
    pub(super) now: Instant,
    /// Whether one more connection may wait for the application's answer.
    pub(super) may_hold: bool,
    pub(super) events: &'a mut VecDeque<ServerEvent>,
}

impl Round<'_> {
    /// When a clock that starts now runs out.
    pub(super) fn deadline(&self) -> Instant {
        self.now.after(self.terms.handshake_timeout)
    }
}

pub(super) struct Pending {
    pub(super) id: ConnectionId,
    pub(super) peer: SocketAddr,
    /// When the time for its stage is up.
    deadline: Instant,
    stage: Stage,
}

/// Which connections make place for newer ones, those first that lose least by it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Claim {
    Leaving,
    /// Its ClientHello is not complete, or has not begun. These two are one: else a flood of
    /// single bytes would push out newcomers whose hello is on its way.
    Unheard,
}

impl Pending {
    pub(super) fn new(
        id: ConnectionId,
        peer: SocketAddr,
        stream: TcpStream,
        deadline: Instant,
    ) -> Self {
        let stage = Stage::Quiet(stream);
        Self {
            id,
            peer,
            deadline,
            stage,
        }
    }

    pub(super) fn socket(&self) -> Option<&SslSocket> {
        match &self.stage {
            Stage::Tls(socket, _) => Some(socket),
            _ => None,
        }
    }

    pub(super) fn socket_mut(&mut self) -> Option<&mut SslSocket> {
        match &mut self.stage {
            Stage::Tls(socket, _) => Some(socket),
            _ => None,
        }
    }

    pub(super) fn stream(&self) -> Option<&TcpStream> {
        match &self.stage {
            Stage::Quiet(stream) => Some(stream),
            Stage::Tls(socket, _) => Some(socket.stream()),
            Stage::Gone => None,
        }
    }

    fn progress(&self) -> Option<Progress> {
        match &self.stage {
            Stage::Tls(_, progress) => Some(*progress),
            _ => None,
        }
    }

    pub(super) fn is_gone(&self) -> bool {
        matches!(self.stage, Stage::Gone)
    }

    pub(super) fn is_held(&self) -> bool {
        matches!(self.progress(), Some(Progress::Held))
    }

    /// The application has seen what there was to see of a failure: from now on its place can be
    /// taken, and it goes when the client has hung up.
    pub(super) fn let_go(&mut self) {
        if let Stage::Tls(socket, Progress::Leaving { told }) = &mut self.stage {
            let Interest { read, write } = socket.driver.interest();
            *told = true;
            if !read && !write {
                self.stage = Stage::Gone;
            }
        }
    }

    /// Whether it must make place for others; one that has said a whole hello keeps its own.
    pub(super) fn claim(&self) -> Option<Claim> {
        match &self.stage {
            Stage::Quiet(_) | Stage::Tls(_, Progress::Greeting) => Some(Claim::Unheard),
            Stage::Tls(_, Progress::Leaving { told: true }) => Some(Claim::Leaving),
            _ => None,
        }
    }

    pub(super) fn interest(&mut self) -> Interest {
        match &mut self.stage {
            Stage::Quiet(_) => Interest {
                read: true,
                write: false,
            },
            Stage::Tls(socket, _) => socket.driver.interest(),
            Stage::Gone => Interest {
                read: false,
                write: false,
            },
        }
    }

    /// How long it can be left alone; `None` is for ever.
    pub(super) fn rest(&self, clock: &Clock) -> Option<Duration> {
        let ours = match &self.stage {
            Stage::Gone | Stage::Tls(_, Progress::Held) => None,
            _ => Some(clock.until(self.deadline)),
        };
        let its = self
            .socket()
            .and_then(|socket| Some(socket.driver.clock.until(socket.connection().deadline()?)));
        [ours, its].into_iter().flatten().min()
    }

    /// One turn: receives once, does what there is to do with that, sends.
    pub(super) fn step(&mut self, round: &mut Round<'_>) {
        if let Stage::Quiet(stream) = &self.stage {
            match first_byte(stream) {
                Ok(None) if round.now < self.deadline => return,
                Ok(None) => return self.drop_out(HandshakeError::Quiet, round),
                Ok(Some(HANDSHAKE)) => self.start(round),
                Ok(Some(byte)) => return self.drop_out(HandshakeError::NotTls(byte), round),
                Err(error) => return self.drop_out(error, round),
            }
        }
        let Stage::Tls(socket, progress) = &mut self.stage else {
            return;
        };
        socket.driver.turn();
        if let Some(request) = socket.config_request() {
            let id = request.id;
            // An answer receives: a client that has hung up by now is told of below.
            let _ = match round.terms.choose(&request) {
                Some(config) => socket.provide_config(id, &config),
                None => socket.refuse_config(id),
            };
            *progress = Progress::Handshaking;
        }
        self.look(round);
    }

    /// The first byte is a handshake's: starts TLS, and the clock anew.
    fn start(&mut self, round: &mut Round<'_>) {
        let Stage::Quiet(stream) = replace(&mut self.stage, Stage::Gone) else {
            return;
        };
        let Ok(mut socket) = SslSocket::with_limits(stream, round.terms.limits) else {
            return self.drop_out(HandshakeError::HungUp, round);
        };
        // Asking also tells when the ClientHello is complete.
        let fallback = round.terms.config.clone();
        let started = socket.start_server_encryption(ServerStart::Ask { fallback });
        debug_assert!(started.is_ok(), "nothing was read before");
        self.stage = Stage::Tls(Box::new(socket), Progress::Greeting);
        self.deadline = round.deadline();
        let (id, peer) = (self.id, self.peer);
        round
            .events
            .push_back(ServerEvent::HandshakeStarted { id, peer });
    }

    /// Looks what has become of it.
    fn look(&mut self, round: &mut Round<'_>) {
        let Stage::Tls(socket, progress) = &mut self.stage else {
            return;
        };
        let time_is_up = round.now >= self.deadline;
        let connection = socket.connection();
        if let Progress::Leaving { .. } = progress {
            if time_is_up {
                self.stage = Stage::Gone;
            }
        } else if connection.is_encrypted() {
            self.hand_out(round);
        } else if connection.is_over() {
            let failure = connection.failure().cloned();
            self.leave(
                failure.map_or(HandshakeError::HungUp, HandshakeError::Tls),
                round,
            );
        } else if let Some(question) = Question::of(connection) {
            self.hold(question, round);
        } else if time_is_up {
            socket.close();
            self.leave(HandshakeError::TimedOut, round);
        }
    }

    fn hand_out(&mut self, round: &mut Round<'_>) {
        if let Stage::Tls(socket, _) = replace(&mut self.stage, Stage::Gone) {
            round.events.push_back(ServerEvent::Encrypted {
                id: self.id,
                peer: self.peer,
                socket: *socket,
            });
        }
    }

    fn hold(&mut self, question: Question, round: &mut Round<'_>) {
        let Stage::Tls(socket, progress) = &mut self.stage else {
            return;
        };
        if let Progress::Held = progress {
            return;
        }
        if !round.may_hold {
            // As if nobody had answered in time, or had such a key. An answer receives: a client that
            // has hung up by now is told of below.
            let _ = match question {
                Question::Verdict(review) => {
                    socket.answer(review, Verdict::RejectWith(Alert::CertificateUnknown))
                }
                Question::Keys(request) => socket.refuse_psk(request),
                Question::Signature(request) => socket.refuse_signature(
                    request,
                    SignError::new("too many connections wait for the application"),
                ),
            };
            return self.look(round);
        }
        *progress = Progress::Held;
        let (id, peer) = (self.id, self.peer);
        round.events.push_back(match question {
            Question::Verdict(review) => ServerEvent::VerdictNeeded { id, peer, review },
            Question::Keys(request) => ServerEvent::PreSharedKeyNeeded { id, peer, request },
            Question::Signature(request) => ServerEvent::SignatureNeeded { id, peer, request },
        });
    }

    /// Passes the application's verdict on; the clock begins anew. A TLS 1.3 client's Finished has
    /// arrived by then, so this settles it; a TLS 1.2 client's may still be on its way.
    pub(super) fn answer(
        &mut self,
        review: ReviewId,
        verdict: Verdict<'_>,
        round: &mut Round<'_>,
    ) -> Result<(), UsageError> {
        self.go_on(round, |socket| socket.answer(review, verdict))
    }

    /// Passes the application's keys on; the clock begins anew.
    pub(super) fn provide_psk(
        &mut self,
        request: PskId,
        keys: &[PreSharedKey],
        round: &mut Round<'_>,
    ) -> Result<(), UsageError> {
        self.go_on(round, |socket| socket.provide_psk(request, keys))
    }

    /// Passes the application's signature on, or that there is none; the clock begins anew.
    pub(super) fn provide_signature(
        &mut self,
        request: SignatureId,
        signature: Result<Signature<'_>, SignError>,
        round: &mut Round<'_>,
    ) -> Result<(), UsageError> {
        self.go_on(round, |socket| match signature {
            Ok(signature) => socket.provide_signature(request, signature),
            Err(why) => socket.refuse_signature(request, why),
        })
    }

    fn go_on(
        &mut self,
        round: &mut Round<'_>,
        answer: impl FnOnce(&mut SslSocket) -> Result<(), UsageError>,
    ) -> Result<(), UsageError> {
        let Stage::Tls(socket, progress @ Progress::Held) = &mut self.stage else {
            return Err(UsageError::NoDecisionOpen);
        };
        let answered = answer(socket);
        if answered.is_ok() {
            *progress = Progress::Handshaking;
            self.deadline = round.deadline();
        }
        // Also for a client that has hung up in the meantime: nothing more arrives to tell of it.
        self.look(round);
        answered
    }

    /// Gives the socket to the application as it is.
    pub(super) fn take(&mut self) -> Option<SslSocket> {
        match replace(&mut self.stage, Stage::Gone) {
            Stage::Tls(socket, _) => Some(*socket),
            other => {
                self.stage = other;
                None
            }
        }
    }

    /// Makes place for a newer connection.
    pub(super) fn crowd_out(&mut self, round: &mut Round<'_>) {
        match self.claim() {
            // What became of it was told.
            Some(Claim::Leaving) => self.stage = Stage::Gone,
            _ => self.drop_out(HandshakeError::Crowded, round),
        }
    }

    /// It came to nothing, and there is nothing more to say to the client.
    fn drop_out(&mut self, error: HandshakeError, round: &mut Round<'_>) {
        self.stage = Stage::Gone;
        self.tell_failure(error, round);
    }

    /// It came to nothing; the client may hear why, and hangs up. A stream that is closed with
    /// unread data in it may lose the alert on its way.
    fn leave(&mut self, error: HandshakeError, round: &mut Round<'_>) {
        if let Stage::Tls(socket, progress) = &mut self.stage {
            socket.discard_reads();
            *progress = Progress::Leaving { told: false };
            self.deadline = round.deadline();
        }
        self.tell_failure(error, round);
    }

    fn tell_failure(&self, error: HandshakeError, round: &mut Round<'_>) {
        let (id, peer) = (self.id, self.peer);
        round
            .events
            .push_back(ServerEvent::Failed { id, peer, error });
    }
}

/// The first byte, without taking it, if it is there.
fn first_byte(stream: &TcpStream) -> Result<Option<u8>, HandshakeError> {
    let mut byte = [0];
    match stream.peek(&mut byte) {
        Ok(0) => Err(HandshakeError::HungUp),
        Ok(_) => Ok(Some(byte[0])),
        Err(error) => match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::Interrupted => Ok(None),
            ErrorKind::ConnectionReset => Err(HandshakeError::Reset),
            _ => Err(HandshakeError::HungUp),
        },
    }
}
