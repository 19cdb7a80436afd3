//! Bytes from the wire, and an application that does anything at any time.

use sslcore::{Leftover, ServerStart};

use crate::configs::{Choice, at, limits, server_name};
use crate::end::End;
use crate::input::Input;
use crate::report;
use crate::signing::Signing;
use crate::watched::Watched;

/// The most actions of an application.
const ACTIONS: usize = 200;

/// A connection, what is to come from its peer, and the configurations that it may have.
struct Stage<'a> {
    end: Watched,
    stream: &'a [u8],
    choice: Choice,
}

/// Two bytes choose the end, its configuration and its backend ([`Choice`]), one its limits, one says
/// how many bytes of actions follow; all behind these comes from the peer. What the actions leave of
/// it arrives at the end.
pub fn connection(data: &[u8]) {
    report::watch(|data| drop(run(data)), data);
}

fn run(data: &[u8]) -> Watched {
    let mut input = Input(data);
    let choice = Choice::new(input.long() as u16);
    let limits = limits(input.byte());
    let actions = input.part();
    let mut stage = Stage {
        end: Watched::new(limits),
        stream: input.0,
        choice,
    };
    if !choice.has(Choice::STARTTLS) {
        stage.start(Leftover::Refuse);
    }
    stage.play(actions)
}

/// Such actions on a connection that has begun, while this comes from its peer.
pub(crate) fn play(end: Watched, choice: Choice, actions: &[u8], stream: &[u8]) -> Watched {
    let stage = Stage {
        end,
        stream,
        choice,
    };
    stage.play(actions)
}

impl Stage<'_> {
    /// All actions, then the rest of the stream and its end.
    fn play(mut self, actions: &[u8]) -> Watched {
        let mut actions = Input(actions);
        for _ in 0..ACTIONS {
            let Some(action) = actions.next() else { break };
            self.act(action, &mut actions);
            self.end.events();
            self.end.check();
        }
        self.rest();
        self.end.finish();
        self.end
    }

    fn start(&mut self, leftover: Leftover) {
        let conn = &mut self.end.conn;
        let started = match self.choice.has(Choice::SERVER) {
            false => {
                let config = self.choice.client(1);
                conn.start_client_encryption_with(&config, server_name(), leftover)
            }
            true => {
                let config = self.choice.server(1);
                let start = match self.choice.has(Choice::ASK) {
                    true => ServerStart::Ask { fallback: config },
                    false => ServerStart::With(config),
                };
                conn.start_server_encryption_with(start, leftover)
            }
        };
        if started.is_ok() {
            assert!(conn.peek().is_empty(), "R2: {:?}", conn.peek());
        }
    }

    /// Lets so much of the stream arrive.
    fn arrive(&mut self, n: usize) {
        let (bytes, _) = self.stream.split_at(n.min(self.stream.len()));
        let taken = self.end.give(bytes);
        self.stream = &self.stream[taken..];
    }

    fn act(&mut self, action: u8, more: &mut Input<'_>) {
        let end = &mut self.end;
        match action % 24 {
            0 => self.arrive(more.size()),
            1 => self.arrive(more.size() * 64),
            2 => _ = end.process(),
            3 => end.settle(),
            4 => _ = end.take(more.size()),
            5 => _ = end.take(usize::MAX),
            6 => end.write(more.size() * 16),
            7 => _ = end.read(more.size() * 8),
            8 => _ = end.conn.consume(more.size()),
            9 => end.end_by(End::close),
            10 => match more.byte() & 3 {
                3 => end.end_by(End::cancel),
                2 => end.end_by(End::abort),
                _ => {}
            },
            11 => _ = end.conn.update_keys(),
            12 => _ = end.judge(more.byte()),
            13 => self.answer(more.byte()),
            14 => end.millis += more.byte() as u64 * 50,
            15 => end.set_read_buffer_size(1 + more.size() * 64),
            16 if more.byte() & 7 == 7 => end.conn.discard_reads(),
            17 => end.conn.hand_over(more.size()),
            18 => match more.byte() & 3 {
                3 => end.receive_eof(),
                2 => end.receive_reset(),
                1 => end.transmit_failed(),
                _ => {}
            },
            19 => self.start(match more.byte() % 3 {
                0 => Leftover::Refuse,
                1 => Leftover::Discard,
                _ => Leftover::TreatAsTls,
            }),
            20 => {
                let n = more.size().min(end.conn.peek().len());
                let read = end.conn.peek()[..n].to_vec();
                end.conn.consume(n).expect("peek showed them");
                end.conn
                    .unread(&read)
                    .expect("there is room for what was just read");
            }
            21 => {
                if let sslcore::Step::Event(event) = end.conn.next(at(end.millis)) {
                    end.event(event);
                }
            }
            22 => {
                let mut out = vec![0; more.size()];
                _ = end.conn.export_keying_material(&mut out, more.part(), None);
            }
            _ => {
                let n = more.size().min(self.stream.len());
                if let Ok(n) = end.conn.receive_in_place(&self.stream[..n]) {
                    self.stream = &self.stream[n..];
                }
            }
        }
    }

    /// Answers the question for keys, for a signature, or for a configuration.
    fn answer(&mut self, how: u8) {
        let (end, choice) = (&mut self.end, self.choice);
        let answered = end.give_keys(how, choice) || end.sign(Signing::of(how), choice);
        if !answered {
            end.configure(how, || choice.server(1));
        }
    }

    /// All the rest of the stream, and an application that accepts everything.
    fn rest(&mut self) {
        for _ in 0..4 {
            let before = self.stream.len();
            self.end.drain();
            self.end.judge(0);
            self.answer(0);
            self.end.drain();
            while !self.stream.is_empty() {
                let n = self.end.give(self.stream);
                self.stream = &self.stream[n..];
                self.end.drain();
                if n == 0 {
                    break;
                }
            }
            self.end.judge(0);
            self.answer(0);
            self.end.drain();
            if self.stream.len() == before {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use sslcore::FailureKind;

    use super::run;
    use crate::seeds;

    #[test]
    fn every_seed_gets_to_the_data_and_to_the_end() {
        let mut seen = 0;
        for (target, name, input) in seeds::all() {
            if target == "connection" && !is_unsigned(&name) {
                let end = run(&input);
                assert!(
                    end.conn.is_over() && end.failed.is_none(),
                    "{name}: {:?}",
                    end.conn
                );
                assert!(
                    end.peer_closed && end.heard == 16 + 40,
                    "{name}: {}",
                    end.heard
                );
                assert_eq!(end.is_asked_to_sign, name.contains("signed"), "{name}");
                seen += 1;
            }
        }
        assert!(seen > 60);
    }

    /// Whether nobody signs who is asked to.
    fn is_unsigned(name: &str) -> bool {
        let kinds = ["refused", "unanswered", "cut"];
        name.contains("signed") && kinds.iter().any(|kind| name.ends_with(kind))
    }

    #[test]
    fn who_does_not_sign_has_no_session() {
        let mut seen = 0;
        for (target, name, input) in seeds::all() {
            if target == "connection" && is_unsigned(&name) {
                let end = run(&input);
                assert!(end.is_asked_to_sign, "{name}");
                let expected = match name.rsplit('-').next() {
                    Some("refused") => FailureKind::SigningFailed,
                    Some("cut") => FailureKind::Truncated,
                    _ => FailureKind::DecisionTimeout,
                };
                assert_eq!(end.failed, Some(expected), "{name}");
                seen += 1;
            }
        }
        assert_eq!(seen, 12);
    }
}
