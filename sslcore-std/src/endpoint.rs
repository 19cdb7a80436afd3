//! The connection that is driven, and written down as it goes if that was asked for.

#[cfg(feature = "tokio")]
use std::io::IoSlice;
use std::ops::Deref;
use std::time::Duration;

use sslcore::{
    Alert, Buffers, ClientConfig, Connection, Event, Leftover, Limits, Now, PeerName, PreSharedKey,
    Progress, PskId, RequestId, ReviewId, ServerConfig, ServerStart, SignError, Signature,
    SignatureId, UsageError, Verdict,
};

#[cfg(feature = "transcripts")]
use self::recorded::Recorded;

/// A connection, whose calls that change something have their own names here.
#[cfg_attr(
    feature = "transcripts",
    expect(
        clippy::large_enum_variant,
        reason = "who records nothing pays no allocation"
    )
)]
pub(crate) enum Endpoint {
    Plain(Connection),
    #[cfg(feature = "transcripts")]
    Recorded(Box<Recorded>),
}

/// The same call on either.
macro_rules! call {
    ($self:ident.$name:ident($($argument:expr),*)) => {
        match $self {
            Self::Plain(connection) => connection.$name($($argument),*),
            #[cfg(feature = "transcripts")]
            Self::Recorded(recorded) => recorded.recorder.$name($($argument),*),
        }
    };
}

/// Methods that pass a call on.
macro_rules! calls {
    ($($name:ident($($argument:ident: $type:ty),*) $(-> $answer:ty)?;)*) => {
        $(pub(crate) fn $name(&mut self $(, $argument: $type)*) $(-> $answer)? {
            call!(self.$name($($argument),*))
        })*
    };
}

impl Endpoint {
    pub(crate) fn new(limits: Limits) -> Self {
        Self::Plain(Connection::new(limits, Buffers::Owned))
    }

    calls! {
        start_client_encryption_with(config: &ClientConfig, peer: PeerName, leftover: Leftover)
            -> Result<(), UsageError>;
        start_server_encryption_with(start: ServerStart, leftover: Leftover)
            -> Result<(), UsageError>;
        answer(id: ReviewId, verdict: Verdict<'_>) -> Result<(), UsageError>;
        provide_config(id: RequestId, config: &ServerConfig) -> Result<(), UsageError>;
        refuse_config(id: RequestId) -> Result<(), UsageError>;
        refuse_config_with(id: RequestId, alert: Alert) -> Result<(), UsageError>;
        provide_psk(id: PskId, keys: &[PreSharedKey]) -> Result<(), UsageError>;
        provide_signature(id: SignatureId, signature: Signature<'_>) -> Result<(), UsageError>;
        refuse_signature(id: SignatureId, why: SignError) -> Result<(), UsageError>;
        receive_buffer() -> &mut [u8];
        received(n: usize) -> Result<(), UsageError>;
        receive_eof();
        receive_reset();
        transmitted(n: usize) -> Result<(), UsageError>;
        write(plaintext: &[u8]) -> Result<usize, UsageError>;
        consume(n: usize) -> Result<(), UsageError>;
        unread(plaintext: &[u8]) -> Result<(), UsageError>;
        set_read_buffer_size(bytes: usize);
        set_peer_close_timeout(timeout: Option<Duration>);
        update_keys() -> Result<(), UsageError>;
        discard_reads();
        close();
        cancel();
        abort();
    }

    /// The connection, unless it is written down: a transcript has bytes, and no records.
    #[cfg(all(feature = "ktls", target_os = "linux"))]
    pub(crate) fn live(&mut self) -> Option<&mut Connection> {
        match self {
            Self::Plain(connection) => Some(connection),
            #[cfg(feature = "transcripts")]
            Self::Recorded(_) => None,
        }
    }

    /// Writes all of these, or the first that is not empty.
    #[cfg(feature = "tokio")]
    pub(crate) fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> Result<usize, UsageError> {
        match self {
            Self::Plain(connection) => connection.write_vectored(slices),
            #[cfg(feature = "transcripts")]
            Self::Recorded(recorded) => {
                let first = slices.iter().find(|slice| !slice.is_empty());
                recorded.recorder.write(first.map_or(&[], |slice| slice))
            }
        }
    }

    /// What has changed since this was asked last.
    #[cfg(feature = "tokio")]
    pub(crate) fn take_changes(&mut self) -> sslcore::Changes {
        match self {
            Self::Plain(connection) => connection.take_changes(),
            // Nobody who waits for changes is written down.
            #[cfg(feature = "transcripts")]
            Self::Recorded(_) => sslcore::Changes::default(),
        }
    }

    /// Processes until idle, and tells each event. Says whether there was something to do.
    pub(crate) fn settle(&mut self, now: Now, mut tell: impl FnMut(Event)) -> bool {
        let connection = match self {
            Self::Plain(connection) => connection,
            #[cfg(feature = "transcripts")]
            Self::Recorded(recorded) => return recorded.settle(now, tell),
        };
        let mut worked = false;
        loop {
            let progress = connection.process(now);
            while let Some(event) = connection.poll_event() {
                tell(event);
            }
            match progress {
                Progress::Again | Progress::DrainEvents => worked = true,
                Progress::Idle => return worked,
            }
        }
    }

    /// Tells the events that are there.
    pub(crate) fn poll_events(&mut self, mut tell: impl FnMut(Event)) {
        match self {
            Self::Plain(connection) => {
                while let Some(event) = connection.poll_event() {
                    tell(event);
                }
            }
            // What is written down is asked when it settles.
            #[cfg(feature = "transcripts")]
            Self::Recorded(_) => {}
        }
    }
}

impl Deref for Endpoint {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        match self {
            Self::Plain(connection) => connection,
            #[cfg(feature = "transcripts")]
            Self::Recorded(recorded) => &recorded.recorder,
        }
    }
}

#[cfg(feature = "transcripts")]
mod recorded {
    use sslcore::transcript::Recorder;
    use sslcore::{Event, Limits, Now};

    use super::Endpoint;

    /// A connection that is written down, and where to.
    pub(crate) struct Recorded {
        pub(super) recorder: Recorder,
        sink: Box<dyn FnMut(&str) + Send>,
    }

    impl Endpoint {
        /// A connection whose transcript goes there, piece by piece.
        pub(crate) fn recorded(
            configuration: &str,
            limits: Limits,
            sink: Box<dyn FnMut(&str) + Send>,
        ) -> Self {
            let recorder = Recorder::new(configuration, 0, limits);
            Self::Recorded(Box::new(Recorded { recorder, sink }))
        }
    }

    impl Recorded {
        pub(super) fn settle(&mut self, now: Now, tell: impl FnMut(Event)) -> bool {
            // What does not come to rest has worked.
            let settled = self.recorder.settle_briefly(now);
            let (worked, events) = settled.unwrap_or((true, Vec::new()));
            events.into_iter().for_each(tell);
            self.put_out();
            worked
        }

        fn put_out(&mut self) {
            let text = self.recorder.take_text();
            if !text.is_empty() {
                (self.sink)(&text);
            }
        }
    }

    impl Drop for Recorded {
        fn drop(&mut self) {
            self.put_out();
        }
    }
}
