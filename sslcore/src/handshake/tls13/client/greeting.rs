//! The steps to a client's hellos: what there is to offer, and a key pair.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::hello::{Hello, Tls13};
use super::{Client, Offered, State};
use crate::crypto::kx::{KeyPair, Steps};
use crate::failure::{Failure, FailureKind};
use crate::handshake::tls13::failures::engine_failure;
use crate::handshake::tls13::flight;
use crate::handshake::tls13::psk::Psk;
use crate::handshake::wire::offer::Offer;
use crate::identity::pre_shared_key::PreSharedKey;
use crate::protocol::{SslCipher, SslProtocol};

impl Client {
    pub(super) fn begin(&mut self, keys: &[PreSharedKey]) -> Result<(), Failure> {
        if self.config.certificates().is_some() {
            self.ciphers = self.config.ciphers.clone();
            self.config.backend.fill_random(&mut self.random)?;
            self.takes_tickets = self.can_keep_tickets();
            self.look_for_session()?;
            return self.begin_tls13();
        }
        self.keys = Psk::all(keys, &self.config)?;
        let plain = keys.iter().find(|key| key.context().is_none());
        self.plain = plain
            .filter(|_| self.config.has(SslProtocol::TlsV1_2))
            .cloned();
        if self.keys.is_empty() && self.plain.is_none() {
            return Err(Failure::silent(FailureKind::NoPreSharedKey)
                .because("the application has none for this server"));
        }
        let fits = |cipher: &SslCipher| match cipher.protocol() {
            SslProtocol::TlsV1_2 => self.plain.is_some(),
            SslProtocol::TlsV1_3 => {
                let mut keys = self.keys.iter();
                keys.any(|key| key.hash.algorithm() == cipher.hash())
            }
        };
        let ciphers = self.config.ciphers.iter().copied();
        self.ciphers = ciphers.filter(fits).collect();
        self.config.backend.fill_random(&mut self.random)?;
        if self.keys.is_empty() {
            self.state = State::Greeting;
            return Ok(());
        }
        self.begin_tls13()
    }

    fn begin_tls13(&mut self) -> Result<(), Failure> {
        self.config.backend.fill_random(&mut self.session_id)?;
        let first = self.config.groups.first().map(|group| group.group());
        let first = self.remembered_group().or(first);
        let first = first.ok_or_else(|| engine_failure("there is no group"))?;
        self.state = State::Generating(first, None);
        Ok(())
    }

    /// Begins to make a key pair.
    pub(super) fn begin_generate(&self, group: u16) -> Result<Steps<Box<dyn KeyPair>>, Failure> {
        let known = self.config.group(group);
        let known = known.ok_or_else(|| engine_failure("there is no such group"))?;
        Ok(known.begin_generate()?)
    }

    /// Says hello with the share of a key pair once it is made.
    pub(super) fn generated(
        &mut self,
        steps: Steps<Box<dyn KeyPair>>,
        group: u16,
        cookie: Option<Vec<u8>>,
        flight: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        let pair = match steps {
            Steps::Done(pair) => pair,
            Steps::More(next) => {
                self.state = State::GeneratingMore(next, group, cookie);
                return Ok(());
            }
        };
        let with_classical = self.before.0.is_none();
        self.say_hello(
            Some((pair, group)),
            cookie.as_deref(),
            with_classical,
            flight,
        )
    }

    /// `with_classical` says whether a share for the classical half of a hybrid goes with it: not where one
    /// group was asked for (RFC 8446 §4.1.2).
    pub(super) fn say_hello(
        &mut self,
        pair: Option<(Box<dyn KeyPair>, u16)>,
        cookie: Option<&[u8]>,
        with_classical: bool,
        flight: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        let tls13 = pair.as_ref().map(|(pair, group)| Tls13 {
            session_id: &self.session_id,
            share: (*group, pair.share()),
            // It costs nothing, and spares a second hello (draft-ietf-tls-hybrid-design §3.2).
            classical: pair
                .classical()
                .filter(|(group, _)| with_classical && self.config.group(*group).is_some()),
            cookie,
            keys: &self.keys,
            takes_tickets: self.takes_tickets,
            now: self.wall,
            before: &self.before,
        });
        let hello = Hello {
            config: &self.config,
            name: self.name.as_deref(),
            random: &self.random,
            ciphers: &self.ciphers,
            sizes: self.asked(),
            // There may be no key that is for it yet.
            tls12: self.plain.is_some() || tls13.is_none(),
            tls13,
        };
        let message = hello.message()?;
        let before = self.before.0.as_ref().map(|_| &self.offered.offer);
        let offer = Offer::read(&message, before)?;
        let max_fragment = self.config.max_fragment;
        match before.is_some() {
            true => {
                self.send_change_cipher_spec(flight);
                flight::clear(flight, &message, max_fragment);
            }
            false => flight::opening(flight, &message, max_fragment),
        }
        self.offered = Offered { message, offer };
        self.state = State::AwaitingHello(pair);
        Ok(())
    }
}
