//! What a client's hello offers, and what the server takes of it.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::alert::Alert;
use crate::crypto::hash::Hash;
use crate::failure::{Failure, FailureKind};
use crate::handshake::extensions::number;
use crate::handshake::key_schedule::Secret;
use crate::handshake::sizes::{Answered, Room};
use crate::handshake::tls13::certificates::Certificates;
use crate::handshake::tls13::config::Config;
use crate::handshake::tls13::failures::{incompatible, no_key};
use crate::handshake::tls13::psk::{Before, Psk, without_key};
use crate::handshake::tls13::secrets::VERSION;
use crate::handshake::wire::certificate;
use crate::handshake::wire::client_hello::HelloMessage;
use crate::handshake::wire::groups::{client_shares, supported};
use crate::handshake::wire::pre_shared_key::{Mode, OfferedPsks, modes};
use crate::handshake::wire::{Refusal, u16s};
use crate::identity::pre_shared_key::PreSharedKey;
use crate::protocol::{SignatureScheme, SslCipher};

/// A hello, and the configuration that answers it.
#[derive(Clone, Copy)]
pub(super) struct Offered<'a> {
    pub(super) config: &'a Config,
    pub(super) hello: &'a HelloMessage,
    pub(super) room: Room,
}

/// A suite, and how we prove who we are.
pub(super) struct Chosen {
    pub(super) proof: Proof,
    pub(super) cipher: SslCipher,
}

/// How a server proves who it is.
pub(super) enum Proof {
    /// By a key that the client has named, and its place among those in the last hello.
    Key(Psk, usize),
    /// By our certificate, with a signature in this scheme.
    Certificate(SignatureScheme),
}

impl Chosen {
    /// What the secrets begin with.
    pub(super) fn early_secret(&self, hash: &dyn Hash) -> Box<Secret> {
        match &self.proof {
            Proof::Key(key, _) => key.early.clone(),
            Proof::Certificate(_) => without_key(hash),
        }
    }
}

/// How the secrets of a handshake come about.
pub(super) enum Exchange {
    /// By a share of this group.
    Share(u16, Vec<u8>),
    /// By one that is still to be asked for.
    Retry(u16),
    /// By the pre-shared key alone.
    None,
}

/// RFC 8446 §4.2.9.
fn without_modes() -> Refusal {
    Refusal::missing("there are no psk_key_exchange_modes")
}

impl<'a> Offered<'a> {
    /// Whether the first hello can be answered, as far as that needs no key.
    pub(super) fn check(self) -> Result<(), Failure> {
        self.hello.check_tls13()?;
        self.hello.opening()?;
        self.check_cookie()?;
        let extensions = self.hello.extensions();
        if self.config.certificates().is_some() {
            self.check_certified()?;
        } else if extensions.find(number::PRE_SHARED_KEY).is_none() {
            return Err(no_key(Alert::HandshakeFailure, "the client offers none"));
        } else {
            self.keys()?;
        }
        self.exchange()?;
        let cipher = self.common_cipher(|_| true);
        let cipher = cipher.ok_or_else(|| incompatible("no cipher suite in common"))?;
        Answered::new(self.room, &extensions, cipher)?;
        Ok(())
    }

    /// The same for a handshake with certificates, of either hello. What is offered besides, and not taken,
    /// has to have its form.
    pub(super) fn check_certified(self) -> Result<(), Failure> {
        let extensions = self.hello.extensions();
        let offers_keys = extensions.find(number::PRE_SHARED_KEY).is_some();
        if !offers_keys {
            self.check_schemes()?;
        }
        if offers_keys {
            self.keys()?;
        }
        match extensions.find(number::PSK_KEY_EXCHANGE_MODES) {
            Some(content) => {
                let _ = modes(content)?;
            }
            None if offers_keys => return Err(without_modes().into()),
            None => {}
        }
        if let Some(content) = extensions.find(number::STATUS_REQUEST) {
            certificate::check_status_request(content)?;
        }
        let timestamps = extensions.find(number::SIGNED_CERTIFICATE_TIMESTAMP);
        if timestamps.is_some_and(|content| !content.is_empty()) {
            return Err(Refusal::decode("a request for timestamps that is not empty").into());
        }
        for number in [
            number::CLIENT_CERTIFICATE_TYPE,
            number::SERVER_CERTIFICATE_TYPE,
        ] {
            let takes = extensions.find(number).map(certificate::takes_x509);
            if takes.transpose()? == Some(false) {
                let alert = Alert::UnsupportedCertificate;
                let failure = Failure::new(FailureKind::Incompatible, alert);
                return Err(failure.because("certificates of another type alone"));
            }
        }
        Ok(())
    }

    /// RFC 8446 §9.2.
    fn check_schemes(self) -> Result<(), Refusal> {
        match self.hello.extensions().find(number::SIGNATURE_ALGORITHMS) {
            Some(_) => Ok(()),
            None => Err(Refusal::missing("there are no signature_algorithms")),
        }
    }

    /// No hello has a cookie: no HelloRetryRequest of ours does.
    pub(super) fn check_cookie(self) -> Result<(), Refusal> {
        match self.hello.extensions().find(number::COOKIE) {
            Some(_) => Err(Refusal::illegal("a cookie that nobody has given")),
            None => Ok(()),
        }
    }

    /// The keys that the client has.
    pub(super) fn keys(self) -> Result<OfferedPsks<'a>, Failure> {
        let content = self.hello.extensions().find(number::PRE_SHARED_KEY);
        let content = content.ok_or_else(|| Refusal::illegal("the keys are gone"))?;
        Ok(OfferedPsks::read(content)?)
    }

    /// The suite to take among those that fit.
    pub(super) fn common_cipher(self, fits: impl Fn(SslCipher) -> bool) -> Option<SslCipher> {
        let hello = self.hello.hello();
        if self.config.prefers_own_ciphers {
            let mut own = self.config.ciphers_of(VERSION);
            return own
                .find(|cipher| fits(*cipher) && hello.cipher_suites().any(|id| id == cipher.id()));
        }
        let theirs = hello.cipher_suites();
        let mut common = theirs.filter_map(|id| self.config.cipher(id));
        common.find(|cipher| cipher.protocol() == VERSION && fits(*cipher))
    }

    /// Proves who we are by a certificate.
    pub(super) fn choose_certificate(self, certificates: &Certificates) -> Result<Chosen, Failure> {
        self.check_schemes()?;
        let hello = self.hello.hello();
        let taken = |scheme| hello.signature_schemes().any(|taken| taken == scheme);
        let scheme = certificates.own_scheme(taken);
        let scheme = scheme.ok_or_else(|| incompatible("no signature scheme in common"))?;
        let cipher = self.common_cipher(|_| true);
        let cipher = cipher.ok_or_else(|| incompatible("no cipher suite in common"))?;
        let proof = Proof::Certificate(scheme);
        Ok(Chosen { proof, cipher })
    }

    /// Takes the first key of the client's that is among these.
    pub(super) fn choose(self, keys: &[PreSharedKey]) -> Result<Chosen, Failure> {
        for (place, identity) in self.keys()?.identities().enumerate() {
            let named = |cipher: SslCipher| {
                let mut keys = keys.iter();
                keys.find(|key| Psk::has_name(key, identity, cipher.hash()))
            };
            let Some(cipher) = self.common_cipher(|cipher| named(cipher).is_some()) else {
                continue;
            };
            let Some(key) = named(cipher) else {
                continue;
            };
            // Of the others nothing is derived, however many a server has.
            let key = Psk::new(key, cipher.hash(), self.config)?;
            let proof = Proof::Key(key, place);
            return Ok(Chosen { proof, cipher });
        }
        if self.config.tells_unknown() {
            return Err(no_key(
                Alert::UnknownPskIdentity,
                "the client names none that is known",
            ));
        }
        // As with a wrong key.
        let cipher = self.common_cipher(|_| true);
        let cipher = cipher.ok_or_else(|| incompatible("no cipher suite in common"))?;
        let key = Psk::unknown(cipher.hash(), self.config)?;
        let proof = Proof::Key(key, 0);
        Ok(Chosen { proof, cipher })
    }

    /// Whether the client has the key that was chosen.
    pub(super) fn check_binder(
        self,
        key: &Psk,
        place: usize,
        before: &Before,
    ) -> Result<(), Failure> {
        let offered = self.keys()?;
        let binder = offered.binder(place).unwrap_or_default();
        let message = self.hello.message();
        let end = message.len().saturating_sub(offered.truncated);
        let truncated = message.get(..end).unwrap_or_default();
        match key.is_proven(before, truncated, binder) {
            true => Ok(()),
            false => Err(match self.config.sessions() {
                None => Failure::new(FailureKind::BadPreSharedKey, Alert::DecryptError),
                Some(_) => Refusal::new(Alert::DecryptError, "a ticket without its key").into(),
            }),
        }
    }

    /// What the hello leads to: a key exchange where that is possible.
    pub(super) fn exchange(self) -> Result<Exchange, Failure> {
        let extensions = self.hello.extensions();
        let (exchanges, goes_without) = match extensions.find(number::PSK_KEY_EXCHANGE_MODES) {
            _ if self.config.certificates().is_some() => (true, false),
            Some(content) => {
                let takes = modes(content)?;
                (takes(Mode::PskDheKe), takes(Mode::PskKe))
            }
            None => return Err(without_modes().into()),
        };
        let groups = extensions.find(number::SUPPORTED_GROUPS);
        let shares = extensions.find(number::KEY_SHARE);
        if let (true, Some(groups), Some(shares)) = (exchanges, groups, shares) {
            let groups = supported(groups)?;
            let shares = client_shares(shares, groups)?;
            // What the client prefers, whatever it has guessed: a share is no preference (RFC 8446 §4.2.7,
            // draft-davidben-tls-key-share-prediction).
            let common = u16s(groups).find(|group| self.config.group(*group).is_some());
            if let Some(group) = common {
                let mut shares = shares.into_iter();
                return Ok(match shares.find(|(shared, _)| *shared == group) {
                    Some((_, share)) => Exchange::Share(group, share.into()),
                    None => Exchange::Retry(group),
                });
            }
        }
        match goes_without && self.config.allows_psk_ke() {
            true => Ok(Exchange::None),
            false => Err(incompatible("no key exchange in common")),
        }
    }

    /// Whether there is exactly one key share.
    pub(super) fn has_one_share(self) -> bool {
        let extensions = self.hello.extensions();
        let groups = extensions.find(number::SUPPORTED_GROUPS);
        let shares = extensions.find(number::KEY_SHARE);
        let read = |groups, shares| client_shares(shares, supported(groups).ok()?).ok();
        let read = groups
            .zip(shares)
            .and_then(|(groups, shares)| read(groups, shares));
        read.is_some_and(|shares| shares.len() == 1)
    }
}
