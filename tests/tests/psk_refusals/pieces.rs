//! However a peer's flights are cut, the handshake is the same; wherever they end for good, there is
//! none (rules R3, R4).

use std::cell::RefCell;
use std::fmt;

use sslcore::{Event, FailureKind, ReadEnd};
use sslcore_tests::pair::End;
use sslcore_tests::sealing::{HANDSHAKE, record};

use super::client::Client;
use super::server::Server;
use super::stage::{calling, client, key, server, waiting};

/// How a handshake goes.
#[derive(Clone, Copy, Debug)]
struct Play {
    retried: bool,
    /// The application gives the keys when it is asked.
    asked: bool,
}

const PLAYS: [Play; 4] = [
    Play {
        retried: false,
        asked: false,
    },
    Play {
        retried: false,
        asked: true,
    },
    Play {
        retried: true,
        asked: false,
    },
    Play {
        retried: true,
        asked: true,
    },
];

/// Cuts the flight with this number, of so many bytes, into pieces of these lengths.
type Cut<'a> = &'a dyn Fn(usize, usize) -> Vec<usize>;

const WHOLE: Cut<'static> = &|_, len| vec![len];

/// An end that hears its peer as far as the stream goes.
struct Listening {
    end: End,
    /// Its stream ends behind so many bytes.
    left: usize,
    heard: usize,
    flights: usize,
}

/// The stream has ended.
struct Ended(Box<End>);

impl fmt::Debug for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.conn.fmt(f)
    }
}

impl Listening {
    fn new(end: End, left: usize) -> Self {
        let mut new = Self {
            end,
            left,
            heard: 0,
            flights: 0,
        };
        new.attend();
        new
    }

    /// Gives the key, if it is asked for.
    fn attend(&mut self) {
        self.end.settle();
        if let Some(request) = self.end.conn.psk_request() {
            let id = request.id;
            self.end.conn.provide_psk(id, &[key()]).expect("open");
            self.end.settle();
        }
    }

    /// Hears a flight of handshake messages, each piece in the record that `seal` makes of it.
    fn hear(
        mut self,
        content: &[u8],
        cut: Cut<'_>,
        mut seal: impl FnMut(&[u8]) -> Vec<u8>,
    ) -> Result<Self, Ended> {
        let mut rest = content;
        for len in cut(self.flights, content.len()) {
            let (now, later) = rest.split_at(len);
            rest = later;
            let record = seal(now);
            let (heard, lost) = record.split_at(record.len().min(self.left));
            self.end.give(heard, usize::MAX);
            self.heard += heard.len();
            self.left -= heard.len();
            self.attend();
            if !lost.is_empty() {
                self.end.conn.receive_eof();
                self.end.settle();
                return Err(Ended(Box::new(self.end)));
            }
        }
        assert!(rest.is_empty());
        self.flights += 1;
        Ok(self)
    }
}

fn clear(body: &[u8]) -> Vec<u8> {
    record(HANDSHAKE, body)
}

/// A server's whole handshake, with a stream of so many bytes.
fn serve(play: Play, cut: Cut<'_>, left: usize) -> Result<Listening, Ended> {
    let mut config = server();
    if play.asked {
        config = config.ask_for_pre_shared_keys();
    }
    if play.retried {
        config = config.groups(&["P-256"]);
    }
    let mut client = Client::default();
    let mut own = client.message();
    let mut heard = Listening::new(waiting(config), left).hear(&own, cut, clear)?;
    let mut answer = heard.end.take();
    if play.retried {
        client.hear_retry(own, &answer);
        own = client.message();
        heard = heard.hear(&own, cut, clear)?;
        answer = heard.end.take();
    }
    let mut answered = client.hear(&own, &answer);
    let finished = answered.finished();
    let tx = &mut answered.tx;
    heard = heard.hear(&finished, cut, |piece| tx.seal(HANDSHAKE, piece, 0))?;
    answered.converse(&mut heard.end);
    Ok(heard)
}

/// A client's.
fn call(play: Play, cut: Cut<'_>, left: usize) -> Result<Listening, Ended> {
    let mut config = client();
    if play.asked {
        config = config.ask_for_pre_shared_keys();
    }
    let mut heard = Listening::new(calling(config), left);
    let mut server = Server::hear(&mut heard.end);
    if play.retried {
        let retry = server.retry().encode();
        heard = heard.hear(&retry, cut, clear)?;
        server.hear_again(&mut heard.end, retry);
    }
    let mut answering = server.answering();
    heard = heard.hear(&answering.server_hello, cut, clear)?;
    let flight = answering.flight().concat();
    let tx = &mut answering.tx;
    heard = heard.hear(&flight, cut, |piece| tx.seal(HANDSHAKE, piece, 0))?;
    answering.said(&flight).complete(&mut heard.end);
    Ok(heard)
}

type Handshake = fn(Play, Cut<'_>, usize) -> Result<Listening, Ended>;

const BOTH: [(&str, Handshake); 2] = [("server", serve), ("client", call)];

#[test]
fn messages_that_are_cut_at_any_byte_lead_to_the_same_events() {
    for ((who, handshake), play) in BOTH
        .into_iter()
        .flat_map(|who| PLAYS.map(|play| (who, play)))
    {
        let lengths = RefCell::new(Vec::new());
        let measure: Cut<'_> = &|_, len| {
            lengths.borrow_mut().push(len);
            vec![len]
        };
        let whole = handshake(play, measure, usize::MAX).expect("all of it");
        assert!(whole.end.saw(Event::Encrypted));
        let lengths = lengths.take();
        assert_eq!(lengths.len(), 2 + usize::from(play.retried));
        let check = |cut: Cut<'_>, what: &str| {
            let heard = handshake(play, cut, usize::MAX).expect("all of it");
            assert_eq!(heard.end.events, whole.end.events, "{who} {play:?} {what}");
        };
        for (flight, len) in lengths.iter().enumerate() {
            for at in 1..*len {
                let cut: Cut<'_> = &|number, len| match number == flight {
                    true => vec![at, len - at],
                    false => vec![len],
                };
                check(cut, &format!("{flight} at {at}"));
            }
        }
        check(&|_, len| vec![1; len], "every byte in a record");
    }
}

#[test]
fn bytes_that_arrive_one_by_one_lead_to_the_same_events() {
    // A record at a time, each of one message, and then byte by byte.
    for asked in [false, true] {
        let play = Play {
            retried: false,
            asked,
        };
        let whole = serve(play, WHOLE, usize::MAX).expect("all of it");
        let client = Client::default();
        let mut config = server();
        if asked {
            config = config.ask_for_pre_shared_keys();
        }
        let mut slow = Listening::new(waiting(config), usize::MAX);
        let own = client.message();
        slow.end.give(&clear(&own), 1);
        slow.attend();
        let answer = slow.end.take();
        let mut answered = client.hear(&own, &answer);
        let finished = answered.finished();
        slow.end.give(&answered.tx.seal(HANDSHAKE, &finished, 0), 1);
        answered.converse(&mut slow.end);
        assert_eq!(slow.end.events, whole.end.events, "{asked}");
    }
}

#[test]
fn a_stream_that_ends_at_any_byte_of_a_handshake_is_truncated_and_never_encrypted() {
    for ((who, handshake), play) in BOTH
        .into_iter()
        .flat_map(|who| PLAYS.map(|play| (who, play)))
    {
        // What is said behind the handshake is not counted.
        let whole = handshake(play, WHOLE, usize::MAX).expect("all of it").heard;
        assert!(whole > 190, "{whole}");
        for left in 0..whole {
            let Err(Ended(end)) = handshake(play, WHOLE, left) else {
                panic!("{who} {play:?} {left} of {whole}: it has not ended");
            };
            let what = format!("{who} {play:?} {left} of {whole}: {:?}", end.events);
            let failure = end.conn.failure().map(sslcore::Failure::kind);
            assert_eq!(failure, Some(FailureKind::Truncated), "{what}");
            assert_eq!(end.conn.read_end(), Some(ReadEnd::Truncated), "{what}");
            assert!(
                !end.saw(Event::Encrypted) && !end.conn.is_encrypted(),
                "{what}"
            );
            assert!(end.saw(Event::Failed(FailureKind::Truncated)), "{what}");
        }
    }
}

#[test]
fn an_end_while_keys_are_asked_for_is_told_at_once() {
    let mut end = waiting(server().ask_for_pre_shared_keys());
    end.give(&Client::default().record(), usize::MAX);
    let request = end.conn.psk_request().expect("a question");
    let id = request.id;
    end.conn.receive_eof();
    end.settle();
    let failure = end.conn.failure().map(sslcore::Failure::kind);
    assert_eq!(failure, Some(FailureKind::Truncated));
    let late = end.conn.provide_psk(id, &[key()]);
    assert_eq!(late, Err(sslcore::UsageError::NoDecisionOpen));
    assert_eq!(end.take(), []);
}
