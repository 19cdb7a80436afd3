//! A connection under test, which is recorded when it is known that it fails.

use std::ops::Deref;

use sslcore::testing::snapshot;
use sslcore::testing::transcript::Recorder;
use sslcore::{
    Buffers, ClientConfig, Connection, Event, Leftover, Limits, Now, PeerName, PreSharedKey,
    Progress, PskId, ReadEnd, RequestId, ReviewId, ServerConfig, ServerStart, SignError, Signature,
    SignatureId, Step, UsageError, Verdict,
};

use crate::report;

/// The connection, or one that writes down what is done to it, which takes longer.
pub(crate) enum End {
    Plain(Box<Connection>),
    Recorded(Box<Recorder>),
}

macro_rules! calls {
    ($($name:ident($($argument:ident: $type:ty),*) $(-> $answer:ty)?;)*) => {
        $(pub(crate) fn $name(&mut self, $($argument: $type),*) $(-> $answer)? {
            match self {
                Self::Plain(connection) => connection.$name($($argument),*),
                Self::Recorded(recorder) => recorder.$name($($argument),*),
            }
        })*
    };
}

impl End {
    pub(crate) fn new(limits: Limits) -> Self {
        match report::is_recording() {
            false => Self::Plain(Box::new(Connection::new(limits, Buffers::Owned))),
            true => Self::Recorded(Box::new(Recorder::new("of a fuzz target", 1, limits))),
        }
    }

    /// The same once more, which is not recorded.
    pub(crate) fn copied(&self) -> Self {
        Self::Plain(Box::new(snapshot(self).expect("it has no security")))
    }

    calls! {
        start_client_encryption(config: &ClientConfig, peer: PeerName) -> Result<(), UsageError>;
        start_client_encryption_with(
            config: &ClientConfig, peer: PeerName, leftover: Leftover
        ) -> Result<(), UsageError>;
        start_server_encryption(start: ServerStart) -> Result<(), UsageError>;
        start_server_encryption_with(
            start: ServerStart, leftover: Leftover
        ) -> Result<(), UsageError>;
        receive(bytes: &[u8]) -> Result<usize, UsageError>;
        receive_eof();
        receive_reset();
        transmitted(n: usize) -> Result<(), UsageError>;
        transmit_failed();
        write(plaintext: &[u8]) -> Result<usize, UsageError>;
        read(out: &mut [u8]) -> Result<usize, ReadEnd>;
        consume(n: usize) -> Result<(), UsageError>;
        unread(plaintext: &[u8]) -> Result<(), UsageError>;
        set_read_buffer_size(bytes: usize);
        discard_reads();
        close();
        cancel();
        abort();
        update_keys() -> Result<(), UsageError>;
        answer(id: ReviewId, verdict: Verdict<'_>) -> Result<(), UsageError>;
        provide_config(id: RequestId, config: &ServerConfig) -> Result<(), UsageError>;
        refuse_config(id: RequestId) -> Result<(), UsageError>;
        provide_psk(id: PskId, keys: &[PreSharedKey]) -> Result<(), UsageError>;
        refuse_psk(id: PskId) -> Result<(), UsageError>;
        provide_signature(id: SignatureId, signature: Signature<'_>) -> Result<(), UsageError>;
        refuse_signature(id: SignatureId, why: SignError) -> Result<(), UsageError>;
        process(now: Now) -> Progress;
        poll_event() -> Option<Event>;
    }

    pub(crate) fn next(&mut self, now: Now) -> Step<'_> {
        match self {
            Self::Plain(connection) => connection.next(now),
            Self::Recorded(recorder) => recorder.next(now),
        }
    }

    /// Through the door that lends. What is recorded comes through the other, which does the same.
    pub(crate) fn receive_in_place(&mut self, bytes: &[u8]) -> Result<usize, UsageError> {
        let Self::Plain(connection) = self else {
            return self.receive(bytes);
        };
        let lent = connection.receive_buffer();
        let n = bytes.len().min(lent.len());
        lent[..n].copy_from_slice(&bytes[..n]);
        connection.received(n).map(|()| n)
    }

    /// Completion-based IO, which sends at most so much of what it takes. What is recorded is sent
    /// through the other door, which does the same.
    pub(crate) fn hand_over(&mut self, most: usize) {
        let Self::Plain(connection) = self else {
            let n = most.min(self.transmit().len());
            self.transmitted(n).expect("transmit showed them");
            return;
        };
        let Some(transmission) = connection.take_transmit() else {
            return;
        };
        let n = most.min(transmission[..].len());
        assert!(connection.transmit().is_empty());
        connection
            .complete_transmit(transmission, n)
            .expect("on its way");
    }
}

impl Deref for End {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        match self {
            Self::Plain(connection) => connection,
            Self::Recorded(recorder) => recorder,
        }
    }
}

impl std::fmt::Debug for End {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(&**self, f)
    }
}

impl Drop for End {
    fn drop(&mut self) {
        if let Self::Recorded(recorder) = self
            && std::thread::panicking()
        {
            report::say(recorder.transcript());
        }
    }
}
