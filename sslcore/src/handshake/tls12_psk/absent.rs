//! TLS 1.2 in a build without it: nobody has such a handshake.

use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::failure::Failure;
use crate::handshake::key_schedule::exporter::Exporter;
use crate::handshake::tls13::agreed::Agreed;
use crate::handshake::tls13::config::Config;
use crate::handshake::tls13::failures::engine_failure;
use crate::handshake::wire::client_hello::HelloMessage;
use crate::handshake::wire::server_hello::Parts;
use crate::handshake::{AlertProtection, KeyQuestion};
use crate::identity::pre_shared_key::PreSharedKey;
use crate::record::protection::Protection;
use crate::record::traffic::HandOff;

pub(in crate::handshake) enum Client {}
pub(in crate::handshake) enum Server {}

pub(in crate::handshake) struct Before<'a> {
    pub(in crate::handshake) hello: &'a [u8],
    pub(in crate::handshake) random: [u8; 32],
    pub(in crate::handshake) session_id: &'a [u8],
    pub(in crate::handshake) key: Option<PreSharedKey>,
}

impl Client {
    pub(in crate::handshake) fn new(
        _: Arc<Config>,
        _: Before<'_>,
        _: &Parts<'_>,
        _: &[u8],
        _: &mut Agreed,
    ) -> Result<Self, Failure> {
        Err(engine_failure("TLS 1.2 is not in this build"))
    }

    pub(in crate::handshake) fn provide_keys(&mut self, _: &[PreSharedKey]) -> Result<(), Failure> {
        match *self {}
    }

    pub(in crate::handshake) fn work(
        &mut self,
        _: &mut Vec<u8>,
        _: &mut Agreed,
    ) -> Result<(), Failure> {
        match *self {}
    }

    pub(in crate::handshake) fn message(&mut self, _: &[u8]) -> Result<(), Failure> {
        match *self {}
    }

    pub(in crate::handshake) fn released(&mut self) {
        match *self {}
    }

    pub(in crate::handshake) fn alert_protection(&self) -> AlertProtection {
        match *self {}
    }
}

impl Server {
    pub(in crate::handshake) fn new(
        _: Arc<Config>,
        _: &HelloMessage,
        _: &mut Agreed,
    ) -> Result<Self, Failure> {
        Err(engine_failure("TLS 1.2 is not in this build"))
    }

    pub(in crate::handshake) fn provide_keys(&mut self, _: &[PreSharedKey]) -> Result<(), Failure> {
        match *self {}
    }

    pub(in crate::handshake) fn work(
        &mut self,
        _: &HelloMessage,
        _: &Agreed,
        _: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        match *self {}
    }

    pub(in crate::handshake) fn message(
        &mut self,
        _: &[u8],
        _: &mut Vec<u8>,
        _: &mut Agreed,
    ) -> Result<(), Failure> {
        match *self {}
    }
}

macro_rules! absent {
    ($($side:ident),*) => {
        $(impl $side {
            pub(in crate::handshake) fn asks_for_keys(&self) -> Option<KeyQuestion<'_>> {
                match *self {}
            }

            pub(in crate::handshake) fn has_work(&self) -> bool {
                match *self {}
            }

            pub(in crate::handshake) fn change_cipher_spec(&mut self) -> Result<(), Failure> {
                match *self {}
            }

            pub(in crate::handshake) fn take_read_protection(&mut self) -> Option<Protection> {
                match *self {}
            }

            pub(in crate::handshake) fn is_complete(&self) -> bool {
                match *self {}
            }

            pub(in crate::handshake) fn exporter(&self) -> Option<Exporter> {
                match *self {}
            }

            pub(in crate::handshake) fn finish(
                self,
                _: Option<Protection>,
            ) -> Result<HandOff, Failure> {
                match self {}
            }
        })*
    };
}

absent!(Client, Server);
