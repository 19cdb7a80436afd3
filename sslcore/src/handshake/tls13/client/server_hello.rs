//! The server's hello, and the keys that it leads to.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::{Client, Early, Exchange, Keyed, Offered, State};
use crate::alert::Alert;
use crate::crypto::kx::{KeyPair, SharedSecret, Steps};
use crate::failure::Failure;
use crate::handshake::extensions::number;
use crate::handshake::key_schedule::Secret;
#[cfg(feature = "tls12")]
use crate::handshake::tls12_psk;
#[cfg(not(feature = "tls12"))]
use crate::handshake::tls13::failures::engine_failure;
use crate::handshake::tls13::failures::{check_last, no_key};
use crate::handshake::tls13::psk::{Before, without_key};
use crate::handshake::tls13::secrets::Handshake;
use crate::handshake::wire::pre_shared_key::selected;
use crate::handshake::wire::server_hello::Parts;
use crate::handshake::wire::{Refusal, groups};
use crate::protocol::SslCipher;

impl Client {
    /// ServerHello or HelloRetryRequest.
    pub(super) fn read_hello(
        &mut self,
        message: &[u8],
        last: bool,
        pair: Option<(Box<dyn KeyPair>, u16)>,
        flight: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        let offered = core::mem::take(&mut self.offered);
        let answer = Parts::read_answer(message, &offered.offer)?;
        let (pair, group) = match pair {
            Some(pair) if answer.hello.is_tls13 => pair,
            pair => return self.go_on_in_tls12(&answer, message, &offered, pair.is_some()),
        };
        let mut offers = self.ciphers.iter().copied();
        let cipher = offers.find(|cipher| cipher.id() == answer.suite);
        let cipher =
            cipher.ok_or_else(|| Refusal::illegal("a cipher suite that was not offered"))?;
        if self.agreed.cipher.is_some_and(|before| before != cipher) {
            return Err(Refusal::illegal("another cipher suite than in HelloRetryRequest").into());
        }
        self.agreed.cipher = Some(cipher);
        check_last(last)?;
        if answer.hello.is_retry() {
            self.agreed.retried = true;
            let wanted = answer.wanted_group()?;
            let cookie = answer.cookie()?.map(<[u8]>::to_vec);
            let classical = pair.classical();
            let both = classical.is_some_and(|(group, _)| offered.offer.shares(group));
            self.before = Before(Some((offered.message.clone(), message.into())));
            self.offered = offered;
            // Of every suite that is offered there is one.
            self.keys
                .retain(|key| key.hash.algorithm() == cipher.hash());
            return match wanted {
                // In a step of its own.
                Some(group) => {
                    self.state = State::Generating(group, cookie);
                    Ok(())
                }
                None => self.say_hello(Some((pair, group)), cookie.as_deref(), both, flight),
            };
        }
        let early = self.early_secret(&answer, cipher)?;
        let share = answer.extensions.find(number::KEY_SHARE);
        let share = share.map(groups::server_share).transpose()?;
        if let Some((of, _)) = share {
            if !offered.offer.shares(of) {
                return Err(Refusal::illegal("a key share of another group").into());
            }
            self.agreed.group = Some(of);
            // That of a hybrid, too, whose half was taken: both cost a server nothing.
            self.used_group = Some(group);
        } else if !self.config.allows_psk_ke() {
            return Err(Refusal::missing("there is no key_share").into());
        }
        let mut transcript = self.before.transcript(self.config.hash(cipher.hash())?);
        transcript.add(&offered.message);
        transcript.add(message);
        self.offered.offer = offered.offer;
        let exchange = share.map(|(of, share)| Exchange {
            pair,
            in_classical_half: of != group,
            share: share.to_vec(),
        });
        let early = Early {
            secret: early,
            cipher,
            transcript,
        };
        self.state = State::Agreeing(exchange, early);
        Ok(())
    }

    /// Leaves the rest to the engine of the server's version.
    #[cfg(feature = "tls12")]
    fn go_on_in_tls12(
        &mut self,
        answer: &Parts<'_>,
        message: &[u8],
        offered: &Offered,
        with_tls13: bool,
    ) -> Result<(), Failure> {
        let session_id: &[u8] = match with_tls13 {
            true => &self.session_id,
            false => &[],
        };
        let before = tls12_psk::client::Before {
            config: self.config.clone(),
            name: self.name.take(),
            asked: self.asked(),
            hello: &offered.message,
            random: self.random,
            session_id,
            key: self.plain.take(),
        };
        let client = tls12_psk::client::Client::new(before, answer, message, &mut self.agreed)?;
        self.successor = Some(Box::new(client));
        Ok(())
    }

    #[cfg(not(feature = "tls12"))]
    fn go_on_in_tls12(
        &mut self,
        _: &Parts<'_>,
        _: &[u8],
        _: &Offered,
        _: bool,
    ) -> Result<(), Failure> {
        Err(engine_failure("TLS 1.2 is not in this build"))
    }

    /// That of the key which the server has chosen, or of none.
    fn early_secret(
        &mut self,
        answer: &Parts<'_>,
        cipher: SslCipher,
    ) -> Result<Box<Secret>, Failure> {
        let Some(content) = answer.extensions.find(number::PRE_SHARED_KEY) else {
            if self.config.certificates().is_some() {
                return Ok(without_key(&**self.config.hash(cipher.hash())?));
            }
            return Err(no_key(Alert::HandshakeFailure, "the server took none"));
        };
        let place = selected(content)?;
        let key = self.keys.get(place);
        let key = key.ok_or_else(|| Refusal::illegal("a key that was not offered"))?;
        if key.hash.algorithm() != cipher.hash() {
            return Err(Refusal::illegal("a key of another hash function").into());
        }
        let early = key.early.clone();
        match self.session {
            Some(_) => self.resume(),
            None => self.agreed.identity = Some(key.identity.as_slice().into()),
        }
        Ok(early)
    }

    /// Goes on with what the key exchange brings, once it has.
    pub(super) fn agreed(
        &mut self,
        steps: Steps<SharedSecret>,
        early: Early,
        flight: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        match steps {
            Steps::Done(secret) => self.agree(Some(&secret), early, flight),
            Steps::More(next) => {
                self.state = State::AgreeingMore(next, early);
                Ok(())
            }
        }
    }

    pub(super) fn agree(
        &mut self,
        secret: Option<&[u8]>,
        early: Early,
        flight: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        let Early {
            secret: early,
            cipher,
            transcript,
        } = early;
        let secrets = Handshake::new(&transcript, &early, secret, &self.log());
        self.keys = Vec::new();
        let (backend, hash) = (&self.config.backend, &**transcript.hash());
        let protection = secrets.of_server(backend, hash, cipher.aead())?;
        self.read_protection = Some(Box::new(protection));
        self.keyed = Some(Keyed { cipher, secrets });
        self.state = State::AwaitingExtensions(transcript);
        // Before whatever is sealed, which may be an alert: some servers open nothing that comes before it
        // (RFC 8446 §D.4).
        self.send_change_cipher_spec(flight);
        Ok(())
    }
}
