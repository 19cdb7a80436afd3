//! An engine for tests, which does nothing.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::facts::SessionFacts;
use super::key_schedule::exporter::Exporter;
use super::{AlertProtection, Engine, Message};
use crate::crypto::{AeadAlgorithm, Backend, NONCE_LEN};
use crate::failure::{Failure, FailureKind};
use crate::protocol::SslProtocol;
use crate::record::protection::{KeyMaterial, Protection};
use crate::record::size::RecordSizes;
use crate::record::traffic::{HandOff, PostHandshake};
use crate::time::Now;

/// Can be taken apart or not.
#[derive(Default)]
pub(crate) struct Idle {
    pub(crate) whole: bool,
    /// The keys of the peer that come next.
    pub(crate) keys: Option<Protection>,
    /// How many messages, and how many ChangeCipherSpecs it was given.
    pub(crate) given: (usize, usize),
}

impl Engine for Idle {
    fn message(&mut self, _: Message<'_>, _: Now, _: &mut Vec<u8>) -> Result<(), Failure> {
        self.given.0 += 1;
        Ok(())
    }
    fn change_cipher_spec(&mut self, _: &mut [u8], _: Now, _: &mut Vec<u8>) -> Result<(), Failure> {
        self.given.1 += 1;
        Ok(())
    }
    fn take_read_protection(&mut self) -> Option<Box<Protection>> {
        self.keys.take().map(Box::new)
    }
    fn settled(&self) -> Option<SslProtocol> {
        None
    }
    fn alert_protection(&self) -> AlertProtection {
        AlertProtection::Clear
    }
    fn is_complete(&self) -> bool {
        false
    }
    fn facts(&self) -> SessionFacts {
        SessionFacts::default()
    }
    fn exporter(&self) -> Option<Exporter> {
        None
    }
    fn finish(self: Box<Self>, _: Option<Protection>) -> Result<HandOff, Failure> {
        if !self.whole {
            return Err(Failure::silent(FailureKind::Engine));
        }
        Ok(HandOff {
            tx: protection(SslProtocol::TlsV1_3),
            rx: protection(SslProtocol::TlsV1_3),
            post: Box::new(Nothing),
            confidentiality_limit: u64::MAX,
            sizes: RecordSizes::default(),
        })
    }
}

/// Keys that everybody knows.
pub(crate) fn protection(version: SslProtocol) -> Protection {
    let material = KeyMaterial::new(AeadAlgorithm::Aes128Gcm, &[0; 16], [0; NONCE_LEN]);
    let material = material.expect("16 bytes");
    Protection::new(&Backend::ring(), version, &material, 0).expect("a key")
}

struct Nothing;

impl PostHandshake for Nothing {
    fn next_transmit_key(&mut self) -> Result<KeyMaterial, Failure> {
        Err(Failure::silent(FailureKind::Engine))
    }
    fn next_receive_key(&mut self) -> Result<KeyMaterial, Failure> {
        Err(Failure::silent(FailureKind::Engine))
    }
    fn takes_tickets(&self) -> bool {
        false
    }
    fn session_ticket(&mut self, _: &[u8], _: Now) -> Result<u32, Failure> {
        Ok(0)
    }
}
