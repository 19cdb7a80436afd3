//! What an application and a network do to a connection, as data.

use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use super::configurations::{Configurations, KNOWN_IDENTITY, known_signature};
use super::known_psk;
use crate::alert::Alert;
use crate::connection::{Progress, Verdict};
use crate::identity::signature::Signature;
use crate::identity::signer::SignError;
use crate::time::Now;
use crate::transcript::Recorder;

/// One thing that an application or a network does to a connection. Any list of them is legal: what
/// has no place is answered with a [`UsageError`](crate::UsageError), and changes nothing
/// ([rule R7](crate::rules#r7)).
///
/// With the feature `arbitrary` a fuzzer, or a property test, makes actions of its input, and
/// [`Scenario`](super::transcript::Scenario) says under which configurations.
/// [`perform`](Self::perform) has an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// At most so many bytes of those under way arrive.
    Arrive(u16),
    /// The connection is processed until there is no more to do, and its events are drained.
    Settle,
    /// At most so many bytes are sent.
    Transmit(u16),
    /// The application writes so many bytes.
    Write(u16),
    /// At most so many bytes are read.
    Read(u16),
    /// An open question about certificates is answered: accepted, rejected, or rejected with an
    /// [alert](Alert::from_code).
    Answer(Option<u8>, bool),
    /// An open question for a configuration is answered with the server's, or refused.
    Configure(bool),
    /// An open question for pre-shared keys is answered with the [known](super::known_psk) one, or
    /// refused.
    ProvideKeys(bool),
    /// An open question for a signature is answered with one by the [known](super::known_identity) key,
    /// or refused. It stays open when that key does not sign in the scheme that is asked for.
    Sign(bool),
    /// So many milliseconds pass.
    Wait(u16),
    /// [`set_read_buffer_size`](crate::Connection::set_read_buffer_size).
    SetReadBufferSize(u16),
    /// [`discard_reads`](crate::Connection::discard_reads).
    DiscardReads,
    /// [`update_keys`](crate::Connection::update_keys).
    UpdateKeys,
    /// [`close`](crate::Connection::close).
    Close,
    /// [`cancel`](crate::Connection::cancel).
    Cancel,
    /// [`abort`](crate::Connection::abort).
    Abort,
    /// The stream from the peer ends.
    End,
    /// The stream is reset.
    Reset,
    /// Nothing can be sent any more.
    TransmitFailed,
}

impl Action {
    /// Does to `on` what this action says, and returns the bytes that were sent by it. `arriving` has what
    /// is under way to `on`, and `now` goes on with time.
    ///
    /// ```
    /// use core::time::Duration;
    /// use sslcore::testing::transcript::{Action, Configurations, Recorder, Scenario, replay};
    /// use sslcore::{Instant, Limits, Now, PeerName, ServerStart, UnixTime};
    ///
    /// /// What a fuzz target, or a property, does with an input: whatever happens, nothing panics,
    /// /// and the transcript of it can be replayed.
    /// fn session(scenario: Scenario, seed: u64, actions: &[(bool, Action)]) {
    ///     let name = scenario.to_string();
    ///     let Some(known) = Configurations::without_security(&name, seed) else { return };
    ///     let mut ends = [(); 2].map(|()| Recorder::new(&name, seed, Limits::default()));
    ///     let server = ServerStart::With(known.server.clone());
    ///     let peer = PeerName::new("server.test").unwrap();
    ///     ends[0].start_client_encryption(&known.client, peer).unwrap();
    ///     ends[1].start_server_encryption(server).unwrap();
    ///     let wall = UnixTime::since_unix_epoch(Duration::from_secs(1_893_456_000));
    ///     let mut now = [Now::new(Instant::from_millis(0), wall); 2];
    ///     let mut arriving = [vec![], vec![]];
    ///     for (is_server, action) in actions {
    ///         let at = usize::from(*is_server);
    ///         let sent = action.perform(&mut ends[at], &mut arriving[at], &mut now[at], &known);
    ///         arriving[1 - at].extend(sent);
    ///     }
    ///     for end in &ends {
    ///         replay(end.transcript()).unwrap_or_else(|difference| panic!("{difference}"));
    ///     }
    /// }
    /// # let all = |server| [Action::Settle, Action::Transmit(999), Action::Arrive(999)].map(|it| (server, it));
    /// # session(Scenario::default(), 1, &[all(false), all(true), all(false), all(true)].concat());
    /// ```
    pub fn perform(
        &self,
        on: &mut Recorder,
        arriving: &mut Vec<u8>,
        now: &mut Now,
        configurations: &Configurations,
    ) -> Vec<u8> {
        // What has no place is refused, and that is recorded.
        let _outcome = match *self {
            Self::Arrive(most) => {
                let n = arriving.len().min(most.into());
                let taken = on.receive(&arriving[..n]);
                // Nobody listens any more.
                arriving.drain(..taken.unwrap_or(n).min(n));
                Ok(())
            }
            Self::Settle => loop {
                let progress = on.process(*now);
                while on.poll_event().is_some() {}
                if progress == Progress::Idle {
                    break Ok(());
                }
            },
            Self::Transmit(most) => {
                let shown = on.transmit();
                let sent = shown[..shown.len().min(most.into())].to_vec();
                return match on.transmitted(sent.len()) {
                    Ok(()) => sent,
                    Err(_) => Vec::new(),
                };
            }
            Self::Write(n) => on.write(&vec![b'w'; n.into()]).map(drop),
            Self::Read(most) => {
                _ = on.read(&mut vec![0; most.into()]);
                Ok(())
            }
            Self::Answer(alert, accept) => match on.review().map(|it| it.id) {
                None => Ok(()),
                Some(id) => on.answer(
                    id,
                    match (accept, alert) {
                        (true, _) => Verdict::Accept,
                        (false, None) => Verdict::Reject,
                        (false, Some(code)) => Verdict::RejectWith(Alert::from_code(code)),
                    },
                ),
            },
            Self::Configure(accept) => match on.config_request().map(|it| it.id) {
                None => Ok(()),
                Some(id) if accept => on.provide_config(id, &configurations.server),
                Some(id) => on.refuse_config(id),
            },
            Self::ProvideKeys(accept) => match on.psk_request().map(|it| it.id) {
                None => Ok(()),
                Some(id) => {
                    let keys = known_psk(KNOWN_IDENTITY).ok().filter(|_| accept);
                    on.provide_psk(id, keys.as_slice())
                }
            },
            Self::Sign(accept) => match on.signature_request() {
                None => Ok(()),
                Some(request) if accept => match (request.id, known_signature(&request)) {
                    (id, Some(signature)) => on.provide_signature(id, Signature::Der(&signature)),
                    (_, None) => Ok(()),
                },
                Some(request) => {
                    let id = request.id;
                    on.refuse_signature(id, SignError::new("as the action says"))
                }
            },
            Self::Wait(millis) => {
                let time = Duration::from_millis(millis.into());
                now.monotonic = now.monotonic.after(time);
                Ok(())
            }
            Self::SetReadBufferSize(bytes) => {
                on.set_read_buffer_size(bytes.into());
                Ok(())
            }
            Self::UpdateKeys => on.update_keys(),
            simple => {
                match simple {
                    Self::DiscardReads => on.discard_reads(),
                    Self::Close => on.close(),
                    Self::Cancel => on.cancel(),
                    Self::Abort => on.abort(),
                    Self::End => on.receive_eof(),
                    Self::Reset => on.receive_reset(),
                    _ => on.transmit_failed(),
                }
                Ok(())
            }
        };
        Vec::new()
    }
}

#[cfg(feature = "arbitrary")]
impl<'a> arbitrary::Arbitrary<'a> for Action {
    /// What ends a connection is rarer than what goes on with it.
    fn arbitrary(input: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        let kind = u8::arbitrary(input)?;
        let mut size = || u16::arbitrary(input);
        Ok(match kind & 63 {
            0..=11 => Self::Arrive(size()?),
            12..=23 => Self::Settle,
            24..=35 => Self::Transmit(size()?),
            36..=41 => Self::Write(size()? & 0x3ff),
            42..=47 => Self::Read(size()?),
            48..=49 => Self::Answer(None, true),
            50 => Self::Answer(Some(size()? as u8), false),
            51 => Self::Answer(None, false),
            52 => Self::Configure(true),
            53 => Self::Configure(false),
            // Of numbers with little use for all of their values.
            54 => match kind >> 6 {
                3 => Self::ProvideKeys(true),
                2 => Self::ProvideKeys(false),
                _ => Self::Wait(size()?),
            },
            55 => match kind >> 6 {
                3 => Self::Sign(true),
                2 => Self::Sign(false),
                _ => Self::SetReadBufferSize(size()?),
            },
            56 => Self::DiscardReads,
            57 => Self::UpdateKeys,
            58 => Self::Close,
            59 => Self::Cancel,
            60 => Self::Abort,
            61 => Self::End,
            62 => Self::Reset,
            _ => Self::TransmitFailed,
        })
    }

    fn size_hint(_depth: usize) -> (usize, Option<usize>) {
        (1, Some(3))
    }
}
