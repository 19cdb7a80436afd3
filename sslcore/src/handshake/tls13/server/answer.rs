//! The server's flight, ServerHello to Finished.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::begun::{Begun, Unsigned};
use super::offered::{Chosen, Proof};
use super::{Server, State};
use crate::failure::Failure;
use crate::handshake::extensions::number;
use crate::handshake::sizes::Answered;
use crate::handshake::tls13::agreed::Completed;
use crate::handshake::tls13::certificates::Beside;
use crate::handshake::tls13::flight::{self, OpenRecord};
use crate::handshake::tls13::secrets::{Handshake, Log};
use crate::handshake::wire::certificate::OCSP;
use crate::handshake::wire::writer::Writer;
use crate::record::messages::kind;

impl Server {
    /// ServerHello to Finished, or to our Certificate, with a share of ours and the secret that came of
    /// it.
    pub(super) fn answer(
        &mut self,
        chosen: &Chosen,
        exchange: Option<(&[u8], &[u8])>,
        flight: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        let config = self.config.clone();
        let answered = Answered::new(self.room, &self.hello.extensions(), chosen.cipher)?;
        self.agreed.sizes = answered.sizes;
        let mut begun = self.begin(chosen, exchange)?;
        self.agreed.alpn = config.application_protocol(&self.hello.hello())?;
        begun.add(&self.encrypted_extensions(&answered)?)?;
        let (Proof::Certificate(scheme), Some(certificates)) =
            (&chosen.proof, config.certificates())
        else {
            return self.finish_flight(begun, flight);
        };
        if certificates.asks() {
            begun.add(&certificates.request()?)?;
        }
        let extensions = self.hello.extensions();
        let status = extensions.find(number::STATUS_REQUEST);
        let stapled = status.is_some_and(|content| content.first() == Some(&OCSP));
        let timestamps = extensions.find(number::SIGNED_CERTIFICATE_TIMESTAMP);
        let wanted = Beside {
            stapled,
            timestamps: timestamps.is_some(),
        };
        begun.add(&certificates.own_chain(true, wanted)?)?;
        let scheme = *scheme;
        self.state = State::Signing(Box::new(Unsigned { scheme, begun }));
        Ok(())
    }

    fn encrypted_extensions(&self, answered: &Answered) -> Result<Vec<u8>, Failure> {
        // Which certificate it is may depend on the name: in a session that goes on there is none, and
        // no answer (RFC 6066 §3).
        let by_name = self.config.certificates().is_some() && !self.agreed.resumed;
        flight::written(Writer::message(kind::ENCRYPTED_EXTENSIONS, |w| {
            w.vector16(|w| {
                if self.name.is_some() && by_name {
                    w.extension(number::SERVER_NAME, |_| {});
                }
                if let Some(name) = &self.agreed.alpn {
                    w.extension(number::ALPN, |w| {
                        w.vector16(|w| w.vector8(|w| w.bytes(name)));
                    });
                }
                answered.write(w);
            });
        }))
    }

    /// ServerHello, and the keys that it leads to.
    fn begin(
        &mut self,
        chosen: &Chosen,
        exchange: Option<(&[u8], &[u8])>,
    ) -> Result<Begun, Failure> {
        let cipher = chosen.cipher;
        let config = self.config.clone();
        let hash = config.hash(cipher.hash())?;
        config.backend.fill_random(&mut self.random)?;
        let group = self.agreed.group;
        let message = self.server_hello(&self.random, cipher, |w| {
            if let (Some((share, _)), Some(group)) = (exchange, group) {
                w.extension(number::KEY_SHARE, |w| {
                    w.u16(group);
                    w.vector16(|w| w.bytes(share));
                });
            }
            if let Proof::Key(_, place) = chosen.proof {
                w.extension(number::PRE_SHARED_KEY, |w| w.u16(place as u16));
            }
        })?;
        let mut transcript = self.before.transcript(hash);
        transcript.add(self.hello.message());
        transcript.add(&message);
        let mut flight = Vec::new();
        flight::clear(
            &mut flight,
            &message,
            config.clear_fragment(self.agreed.sizes),
        );
        self.send_change_cipher_spec(&mut flight);
        let client_random = *self.hello.opening()?.0;
        let log = Log {
            to: config.key_log.as_ref(),
            client_random: &client_random,
        };
        let secret = exchange.map(|(_, secret)| secret);
        let early = chosen.early_secret(&**hash);
        let secrets = Handshake::new(&transcript, &early, secret, &log);
        let protection = secrets.of_server(&config.backend, &**hash, cipher.aead())?;
        Ok(Begun {
            flight,
            open: OpenRecord::new(config.fragment(self.agreed.sizes)),
            cipher,
            transcript,
            secrets,
            protection,
        })
    }

    /// Finished, and the keys that it leads to.
    pub(super) fn finish_flight(
        &mut self,
        mut begun: Begun,
        flight: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        let config = self.config.clone();
        let value = begun.secrets.server_finished(&begun.transcript);
        begun.add(&flight::finished(value.as_slice())?)?;
        begun.open.seal(&mut begun.flight, &mut begun.protection)?;
        let Begun {
            flight: made,
            cipher,
            transcript,
            secrets,
            ..
        } = begun;
        let client_random = *self.hello.opening()?.0;
        let log = Log {
            to: config.key_log.as_ref(),
            client_random: &client_random,
        };
        let hash = transcript.hash().clone();
        let protection = secrets.of_client(&config.backend, &*hash, cipher.aead())?;
        self.read_protection = Some(Box::new(protection));
        self.application = Some(Completed {
            backend: config.backend.clone(),
            cipher,
            secrets: secrets.application(&transcript, &log),
            hash,
            sizes: self.agreed.sizes,
        });
        match flight.is_empty() {
            true => *flight = made,
            false => flight.extend(made),
        }
        self.state = match (config.asks(), self.agreed.resumed) {
            (true, true) => State::JudgingResumed(transcript, secrets),
            (true, false) => State::AwaitingCertificate(transcript, secrets),
            (false, _) => State::AwaitingFinished(transcript, secrets),
        };
        Ok(())
    }
}
