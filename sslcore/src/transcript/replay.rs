//! A transcript, done again.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use super::line::{Answer, Call, Line, Simple};
use super::recorder::Recorder;
use super::text::Transcript;
use crate::alert::Alert;
use crate::config::{ClientConfig, ServerConfig, ServerStart};
use crate::connection::Verdict;
use crate::event::{PskId, RequestId, ReviewId, SignatureId};
use crate::identity::pre_shared_key::PreSharedKey;
use crate::identity::signer::SignError;
use crate::verify::SslError;

/// The first line in which a replay is not what was recorded. [`Transcript`] has an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The number of the line, from 1.
    pub line: usize,
    /// The recorded line; of many bytes, those that are others.
    pub recorded: String,
    /// The line that came in its place.
    pub came: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "line {} was recorded as", self.line)?;
        writeln!(f, "{}\nand came as", self.recorded)?;
        f.write_str(&self.came)
    }
}

impl core::error::Error for Difference {}

/// Makes a client's connection again with this configuration, repeats every call at the time at which
/// it was made, and compares every answer, event and byte. The configuration is made anew for each
/// replay, in the same way and over the same randomness. The [module](super) has an example.
///
/// # Errors
/// The first [`Difference`].
pub fn replay_as_client(transcript: &Transcript, config: &ClientConfig) -> Result<(), Difference> {
    let means = Means {
        client: config,
        server: None,
        key: |_| None,
    };
    replay_by(transcript, &means)
}

/// What a replay needs that is in no transcript.
pub(crate) struct Means<'a> {
    pub(crate) client: &'a ClientConfig,
    pub(crate) server: Option<&'a ServerConfig>,
    /// The pre-shared key of an identity.
    pub(crate) key: fn(&[u8]) -> Option<PreSharedKey>,
}

/// The same, for either end; a server's connection without a configuration is never started.
pub(crate) fn replay_by(transcript: &Transcript, means: &Means<'_>) -> Result<(), Difference> {
    let name = &transcript.configuration;
    let mut again = Recorder::new(name, transcript.seed, transcript.limits);
    let differs = |at: usize, came: Option<&Line>| {
        let (recorded, came) = shortened(transcript.lines.get(at), came);
        let line = transcript.number(at);
        Err(Difference {
            line,
            recorded,
            came,
        })
    };
    for (at, line) in transcript.lines.iter().enumerate() {
        if again.transcript().lines.len() == at {
            match line {
                Line::At(clock) => again.set_clock(*clock),
                Line::Call(call) => repeat(call, &mut again, means),
                Line::Answer(_) | Line::Event(_) => return differs(at, None),
            }
        }
        match again.transcript().lines.get(at) {
            Some(same) if same == line => {}
            came => return differs(at, came),
        }
    }
    let end = transcript.lines.len();
    match again.transcript().lines.get(end) {
        None => Ok(()),
        more => differs(end, more),
    }
}

/// Two lines that differ: of many bytes, how many there are, and the first that are others.
fn shortened(recorded: Option<&Line>, came: Option<&Line>) -> (String, String) {
    let [recorded, came] =
        [recorded, came].map(|line| line.map_or("nothing".into(), Line::to_string));
    let pairs = recorded.lines().zip(came.lines());
    let same = pairs.take_while(|(one, other)| one == other).count();
    let short = |text: &str| match (text.lines().next(), text.lines().nth(same)) {
        (Some(first), Some(other)) if same > 0 => format!("{first}\n{other}"),
        (first, _) => first.unwrap_or_default().to_string(),
    };
    (short(&recorded), short(&came))
}

/// Makes a call again. Answers and errors are in the new transcript.
fn repeat(call: &Call, on: &mut Recorder, means: &Means<'_>) {
    let Means {
        client,
        server,
        key,
    } = *means;
    let now = on.clock().now();
    let _ = match call {
        Call::StartClient { peer, leftover } => {
            on.start_client_encryption_with(client, peer.clone(), *leftover)
        }
        Call::StartServer { asks, leftover } => {
            let Some(server) = server else { return };
            let start = match asks {
                true => ServerStart::Ask {
                    fallback: server.clone(),
                },
                false => ServerStart::With(server.clone()),
            };
            on.start_server_encryption_with(start, *leftover)
        }
        Call::Receive(bytes) => on.receive(bytes).map(drop),
        Call::Send(bytes) => on.transmitted(bytes.len()),
        Call::Transmitted(n) => on.transmitted(*n),
        Call::Write(bytes) => on.write(bytes).map(drop),
        Call::Read(bytes) => on.consume(bytes.len()),
        Call::ReadNothing => {
            let _ = on.read(&mut [0]);
            Ok(())
        }
        Call::Consume(n) => on.consume(*n),
        Call::Unread(bytes) => on.unread(bytes),
        Call::SetReadBufferSize(bytes) => {
            on.set_read_buffer_size(*bytes);
            Ok(())
        }
        Call::SetPeerCloseTimeout(micros) => {
            on.set_peer_close_timeout(micros.map(Duration::from_micros));
            Ok(())
        }
        Call::Answer(id, answer) => {
            let errors = on.ssl_errors();
            let accepted: Vec<SslError> = match answer {
                Answer::AcceptOnly(places) => {
                    let errors = places.iter().filter_map(|place| errors.get(*place));
                    errors.cloned().collect()
                }
                _ => Vec::new(),
            };
            let verdict = match answer {
                Answer::Accept => Verdict::Accept,
                Answer::AcceptOnly(_) => Verdict::AcceptOnly(&accepted),
                Answer::Reject => Verdict::Reject,
                Answer::RejectWith(code) => Verdict::RejectWith(Alert::from_code(*code)),
            };
            on.answer(ReviewId(*id), verdict)
        }
        Call::Provide(id) => {
            let Some(server) = server else { return };
            on.provide_config(RequestId(*id), server)
        }
        Call::ProvideKeys(id, names) => {
            let known = names.iter().filter_map(|name| {
                let known = key(&name.identity)?.with_hash(name.hash);
                match &name.context {
                    Some(context) => known.imported(context).ok(),
                    None => Some(known),
                }
            });
            let keys: Vec<_> = known.collect();
            on.provide_psk(PskId(*id), &keys)
        }
        Call::ProvideSignature(id, form, bytes) => {
            on.provide_signature(SignatureId(*id), form.signature(bytes))
        }
        Call::RefuseSignature(id) => {
            on.refuse_signature(SignatureId(*id), SignError::new("as it was recorded"))
        }
        Call::Refuse(id) => on.refuse_config(RequestId(*id)),
        Call::RefuseWith(id, code) => {
            on.refuse_config_with(RequestId(*id), Alert::from_code(*code))
        }
        Call::Simple(call) => {
            match call {
                Simple::Process => drop(on.process(now)),
                Simple::Settle => drop(on.settle(now)),
                Simple::Next => _ = on.next(now),
                Simple::Poll => _ = on.poll_event(),
                Simple::Eof => on.receive_eof(),
                Simple::Reset => on.receive_reset(),
                Simple::TransmitFailed => on.transmit_failed(),
                Simple::Close => on.close(),
                Simple::Cancel => on.cancel(),
                Simple::Abort => on.abort(),
                Simple::UpdateKeys => _ = on.update_keys(),
                Simple::DiscardReads => on.discard_reads(),
            }
            Ok(())
        }
    };
}
