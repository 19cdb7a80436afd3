//! The secrets of one handshake, in the order in which they come about (RFC 8446 §7.1).

use alloc::boxed::Box;
use alloc::sync::Arc;

use super::failures::engine_failure;
use crate::crypto::hash::{Digest, Hash};
use crate::crypto::{AeadAlgorithm, Backend};
use crate::failure::Failure;
use crate::handshake::key_schedule::{
    Secret, derive, derive_in_place, next_secret, tls13_key, verify_data,
};
use crate::handshake::transcript::Transcript;
use crate::key_log::{KeyLog, KeyLogLine};
use crate::protocol::SslProtocol;
use crate::record::protection::Protection;

/// The version of all of this.
pub(super) const VERSION: SslProtocol = SslProtocol::TlsV1_3;

/// From ServerHello to Finished. In a box, for states move.
pub(super) struct Handshake {
    secret: Secret,
    client: Secret,
    server: Secret,
}

/// Behind it. In a box, too.
pub(super) struct Application {
    pub(super) client: Secret,
    pub(super) server: Secret,
    pub(super) exporter: Secret,
    master: Secret,
}

impl Application {
    /// What tickets' keys come of. `transcript` ends with the client's Finished.
    pub(super) fn resumption(&self, transcript: &Transcript) -> Secret {
        let hash = &**transcript.hash();
        derive(
            hash,
            &self.master,
            b"res master",
            transcript.current().as_slice(),
        )
    }
}

/// Where secrets go that the application wants to see.
pub(super) struct Log<'a> {
    pub(super) to: Option<&'a Arc<dyn KeyLog>>,
    pub(super) client_random: &'a [u8; 32],
}

impl Log<'_> {
    fn tell(&self, label: &str, secret: &Secret) {
        if let Some(log) = self.to {
            log.log(&KeyLogLine {
                label,
                client_random: self.client_random,
                secret: secret.as_slice(),
            });
        }
    }
}

impl Handshake {
    /// `transcript` ends with ServerHello; `agreed` is what the key exchange has brought, if there was
    /// one.
    pub(super) fn new(
        transcript: &Transcript,
        early: &Secret,
        agreed: Option<&[u8]>,
        log: &Log<'_>,
    ) -> Box<Self> {
        let hash = &**transcript.hash();
        let messages = transcript.current();
        let mut secrets = Box::new(Self {
            secret: next_secret(hash, early, agreed),
            client: Secret::zeros(0),
            server: Secret::zeros(0),
        });
        let Self {
            secret,
            client,
            server,
        } = &mut *secrets;
        for (label, to) in [
            (&b"c hs traffic"[..], &mut *client),
            (b"s hs traffic", &mut *server),
        ] {
            derive_in_place(hash, secret, label, messages.as_slice(), to);
        }
        log.tell("CLIENT_HANDSHAKE_TRAFFIC_SECRET", client);
        log.tell("SERVER_HANDSHAKE_TRAFFIC_SECRET", server);
        secrets
    }

    /// How the client's handshake messages are protected, from the first on.
    pub(super) fn of_client(
        &self,
        backend: &Backend,
        hash: &dyn Hash,
        algorithm: AeadAlgorithm,
    ) -> Result<Protection, Failure> {
        protection(backend, hash, algorithm, &self.client)
    }

    /// The server's.
    pub(super) fn of_server(
        &self,
        backend: &Backend,
        hash: &dyn Hash,
        algorithm: AeadAlgorithm,
    ) -> Result<Protection, Failure> {
        protection(backend, hash, algorithm, &self.server)
    }

    /// What the client's Finished says behind these messages.
    pub(super) fn client_finished(&self, transcript: &Transcript) -> Digest {
        verify_data(&**transcript.hash(), &self.client, &transcript.current())
    }

    /// What the server's Finished says.
    pub(super) fn server_finished(&self, transcript: &Transcript) -> Digest {
        verify_data(&**transcript.hash(), &self.server, &transcript.current())
    }

    /// `transcript` ends with the server's Finished.
    pub(super) fn application(&self, transcript: &Transcript, log: &Log<'_>) -> Box<Application> {
        let hash = &**transcript.hash();
        let messages = transcript.current();
        let mut secrets = Box::new(Application {
            client: Secret::zeros(0),
            server: Secret::zeros(0),
            exporter: Secret::zeros(0),
            master: next_secret(hash, &self.secret, None),
        });
        let Application {
            client,
            server,
            exporter,
            master,
        } = &mut *secrets;
        for (label, to) in [
            (&b"c ap traffic"[..], &mut *client),
            (b"s ap traffic", &mut *server),
            (b"exp master", &mut *exporter),
        ] {
            derive_in_place(hash, master, label, messages.as_slice(), to);
        }
        log.tell("CLIENT_TRAFFIC_SECRET_0", client);
        log.tell("SERVER_TRAFFIC_SECRET_0", server);
        log.tell("EXPORTER_SECRET", exporter);
        secrets
    }
}

/// Records under the key of a traffic secret, from the first on.
pub(super) fn protection(
    backend: &Backend,
    hash: &dyn Hash,
    algorithm: AeadAlgorithm,
    secret: &Secret,
) -> Result<Protection, Failure> {
    let no_key = || engine_failure("a key could not be made");
    let material = tls13_key(hash, algorithm, secret).ok_or_else(no_key)?;
    Protection::new(backend, VERSION, &material, 0).map_err(|_| no_key())
}
