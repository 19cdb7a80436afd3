//! The secrets of one handshake, in the order in which they come about (RFC 8446 §7.1).

use alloc::boxed::Box;
use alloc::sync::Arc;

use super::failures::engine_failure;
use crate::crypto::hash::{Digest, Hash};
use crate::crypto::{AeadAlgorithm, Backend};
use crate::failure::Failure;
use crate::handshake::key_schedule::{Secret, derive, next_secret, tls13_key, verify_data};
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
        let secret = next_secret(hash, early, agreed);
        let messages = transcript.current();
        let client = derive(hash, &secret, b"c hs traffic", messages.as_slice());
        let server = derive(hash, &secret, b"s hs traffic", messages.as_slice());
        log.tell("CLIENT_HANDSHAKE_TRAFFIC_SECRET", &client);
        log.tell("SERVER_HANDSHAKE_TRAFFIC_SECRET", &server);
        Box::new(Self {
            secret,
            client,
            server,
        })
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
        let master = next_secret(hash, &self.secret, None);
        let messages = transcript.current();
        let of = |label| derive(hash, &master, label, messages.as_slice());
        let secrets = Box::new(Application {
            client: of(b"c ap traffic"),
            server: of(b"s ap traffic"),
            exporter: of(b"exp master"),
            master,
        });
        log.tell("CLIENT_TRAFFIC_SECRET_0", &secrets.client);
        log.tell("SERVER_TRAFFIC_SECRET_0", &secrets.server);
        log.tell("EXPORTER_SECRET", &secrets.exporter);
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
