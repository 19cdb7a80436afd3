//! Configurations by the bits of an input. None is used twice, so that no input depends on another.

use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::CryptoProvider;
use sslcore::crypto::Backend;
use sslcore::testing::{
    backend_without_security, known_identity, known_psk, rustcrypto_without_security,
};
use sslcore::{
    ClientConfig, ConfigBuilder, Engine, Instant, Limits, Now, OnErrors, PeerName, PreSharedKey,
    ServerConfig, ServerStart, Timeouts, UnixTime, UsageError, VerifyMode,
};

use crate::end::End;
use crate::signing::{Hand, SCHEMES};

/// 2030-01-01, in the life of every certificate here.
pub(crate) const TODAY: u64 = 1_893_456_000;

pub(crate) const CLIENT_ALPN: &[&[u8]] = &[b"a", b"bc"];
pub(crate) const SERVER_ALPN: &[&[u8]] = &[b"bc"];

const TIMEOUTS: Timeouts = Timeouts {
    handshake: Some(Duration::from_secs(10)),
    decision: Some(Duration::from_secs(5)),
    close: Some(Duration::from_secs(2)),
};

/// So long after the beginning, where nobody knows what day it is.
pub(crate) fn at_unknown(millis: u64) -> Now {
    Now::without_wall_clock(Instant::from_millis(millis))
}

/// So long after the beginning.
pub(crate) fn at(millis: u64) -> Now {
    let wall = UnixTime::since_unix_epoch(Duration::from_secs(TODAY));
    Now::new(Instant::from_millis(millis), wall)
}

pub(crate) fn server_name() -> PeerName {
    PeerName::new("server.test").expect("a name")
}

/// By a byte: those of most programs, or small ones.
pub(crate) fn limits(bits: u8) -> Limits {
    let default = Limits::default();
    if bits & 1 == 0 {
        return default;
    }
    Limits {
        read_buffer_size: 1 + usize::from(bits & 0x3e) * 8,
        transmit: 600 + usize::from(bits),
        queued: 64,
        max_handshake: 4096,
        release_when_idle: bits & 0x40 != 0,
    }
}

/// What an input's first bytes choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Choice {
    bits: u16,
}

impl Choice {
    /// The end under test is a server.
    pub const SERVER: u16 = 1;
    /// Its cryptography is real, and slow.
    pub const REAL: u16 = 1 << 1;
    /// It begins in plaintext.
    pub const STARTTLS: u16 = 1 << 2;
    /// A server asks for its configuration.
    pub const ASK: u16 = 1 << 3;
    /// TLS 1.2 alone.
    pub const OLD: u16 = 1 << 4;
    /// The peer's certificate is trusted.
    pub const TRUST: u16 = 1 << 5;
    /// Certificates are verified, if only to be asked about.
    pub const VERIFY: u16 = 1 << 6;
    /// Errors of a certificate, or all certificates, are held for the application.
    pub const HOLD: u16 = 1 << 7;
    /// A client has a certificate.
    pub const IDENTITY: u16 = 1 << 8;
    /// A server's group is one that the client has sent no share for.
    pub const RETRY: u16 = 1 << 9;
    /// A server issues tickets, a client keeps them.
    pub const TICKETS: u16 = 1 << 10;

    /// There are pre-shared keys, and no certificates.
    pub const KEYS: u16 = 1 << 11;
    /// The application is asked for them.
    pub const ASK_KEYS: u16 = 1 << 12;
    /// They do without a key exchange: a client's server has no group of its client's.
    pub const ALONE: u16 = 1 << 13;

    /// With certificates: the application signs. The engine of our own asks for it.
    pub const SIGN: u16 = 1 << 12;
    /// With certificates: a session can go on, which a server remembers unless it issues tickets.
    pub const RESUME: u16 = 1 << 13;
    /// With certificates, TLS 1.3 alone.
    pub const NEW: u16 = 1 << 14;
    /// The handshake with certificates is that of the engine of our own, in TLS 1.3 alone.
    pub const OWN: u16 = 1 << 15;

    /// With these bits.
    pub const fn new(bits: u16) -> Self {
        Self { bits }
    }

    /// With those of these bits that are in `some`.
    pub(crate) const fn of(bits: u16, some: u16) -> Self {
        Self::new(bits & some)
    }

    /// With these bits too.
    pub(crate) const fn with(self, bits: u16) -> Self {
        Self::new(self.bits | bits)
    }

    /// The two bytes that say it.
    pub fn bytes(self) -> [u8; 2] {
        self.bits.to_be_bytes()
    }

    pub(crate) fn has(self, bit: u16) -> bool {
        self.bits & bit != 0
    }

    /// What the other end of it chooses, so that the two go together.
    pub(crate) fn peer(self) -> Self {
        // Its application is asked for nothing: neither for keys nor to sign.
        let bits = (self.bits ^ Self::SERVER) & !(Self::ASK | Self::ASK_KEYS | Self::OWN);
        Self::new(bits & !Self::HOLD | Self::TRUST)
    }

    fn backend(self, seed: u64) -> Backend {
        // Without security there are no keys in TLS 1.2.
        let make = match self.has(Self::REAL) || self.has(Self::KEYS) && self.has(Self::OLD) {
            true => rustcrypto_without_security,
            false => backend_without_security,
        };
        let backend = make(seed);
        if !(self.has(Self::SERVER) && self.has(Self::RETRY)) {
            return backend;
        }
        let mut provider = CryptoProvider::clone(backend.provider());
        provider.kx_groups.remove(0);
        Backend::custom("retry", provider, move |algorithm, key| {
            backend.aead(algorithm, key)
        })
    }

    fn versions(self) -> &'static [&'static str] {
        match self.has(Self::OLD) {
            true => &["TLSv1.2"],
            false if self.has(Self::NEW | Self::OWN) => &["TLSv1.3"],
            false => &["TLSv1.3", "TLSv1.2"],
        }
    }

    fn engine(self) -> Engine {
        match self.has(Self::OWN) && !self.has(Self::OLD) {
            true => Engine::Own,
            false => Engine::Rustls,
        }
    }

    /// What an end begins with.
    pub(crate) fn config(self, seed: u64) -> Config {
        self.config_of(seed, false)
    }

    /// The same for an application that refuses to sign, if it does.
    pub(crate) fn config_of(self, seed: u64, refuses: bool) -> Config {
        match self.has(Self::SERVER) {
            false => Config::Client(self.client_of(seed, refuses)),
            true => Config::Server(self.server_of(seed, refuses)),
        }
    }

    /// Whether the application signs.
    pub(crate) fn signs(self) -> bool {
        self.has(Self::SIGN) && !self.has(Self::KEYS)
    }

    /// What the application signs with.
    pub(crate) fn hand(self, refuses: bool) -> Hand {
        Hand::new(&self.backend(1), self.has(Self::REAL), refuses)
    }

    fn identified<C>(self, config: ConfigBuilder<C>, refuses: bool) -> ConfigBuilder<C> {
        let (chain, key) = known_identity();
        match (self.signs(), self.engine()) {
            (false, _) => config.identity(chain, key),
            (true, Engine::Own) => config.ask_for_signatures(chain, SCHEMES),
            (true, _) => config.identity_with_signer(chain, Arc::new(self.hand(refuses))),
        }
    }

    /// The keys that both ends have.
    pub(crate) fn keys(self) -> [PreSharedKey; 2] {
        let imported = known_psk("imported").and_then(|key| key.imported("fuzz"));
        [known_psk("plain"), imported].map(|key| key.expect("a key"))
    }

    fn keyed<C>(self, mut config: ConfigBuilder<C>) -> ConfigBuilder<C> {
        config = config
            .timeouts(TIMEOUTS)
            .protocols(match self.has(Self::OLD) {
                true => &["TLSv1.2"],
                false => &["TLSv1.3"],
            });
        if self.has(Self::ALONE) {
            config = config.allow_psk_ke();
        }
        match self.has(Self::ASK_KEYS) {
            true => config.ask_for_pre_shared_keys(),
            false => config.pre_shared_keys(self.keys()),
        }
    }

    pub(crate) fn client(self, seed: u64) -> ClientConfig {
        self.client_of(seed, false)
    }

    fn client_of(self, seed: u64, refuses: bool) -> ClientConfig {
        if self.has(Self::KEYS) {
            let config = self.keyed(ClientConfig::builder(self.backend(seed)));
            return config.alpn(CLIENT_ALPN).build().expect("a configuration");
        }
        let mut config = ClientConfig::builder(self.backend(seed))
            .engine(self.engine())
            .protocols(self.versions())
            .timeouts(TIMEOUTS)
            .alpn(CLIENT_ALPN)
            .session_cache(usize::from(self.has(Self::TICKETS | Self::RESUME)));
        if self.has(Self::TRUST) {
            config = config.trust_anchors(known_identity().0);
        }
        if self.has(Self::HOLD) {
            config = config.on_errors(OnErrors::Hold);
        }
        if !self.has(Self::VERIFY) {
            config = config.verify_mode(match self.has(Self::HOLD) {
                true => VerifyMode::External,
                false => VerifyMode::None,
            });
        }
        if self.has(Self::IDENTITY) {
            config = self.identified(config, refuses);
        }
        config.build().expect("a configuration")
    }

    pub(crate) fn server(self, seed: u64) -> ServerConfig {
        self.server_of(seed, false)
    }

    fn server_of(self, seed: u64, refuses: bool) -> ServerConfig {
        if self.has(Self::KEYS) {
            let config = self.keyed(ServerConfig::builder(self.backend(seed)));
            return config.alpn(SERVER_ALPN).build().expect("a configuration");
        }
        let mut config = ServerConfig::builder(self.backend(seed))
            .engine(self.engine())
            .protocols(self.versions())
            .timeouts(TIMEOUTS)
            .alpn(SERVER_ALPN)
            .session_cache(if self.has(Self::RESUME) { 4 } else { 0 })
            .session_tickets(self.has(Self::TICKETS));
        config = self.identified(config, refuses);
        if self.has(Self::TRUST) {
            config = config.trust_anchors(known_identity().0);
        }
        if self.has(Self::HOLD) {
            config = config.on_errors(OnErrors::Hold);
        }
        let mode = match (self.has(Self::VERIFY), self.has(Self::IDENTITY)) {
            (true, true) => VerifyMode::Verify,
            (true, false) => VerifyMode::External,
            (false, true) => VerifyMode::Query,
            (false, false) => VerifyMode::None,
        };
        config.verify_mode(mode).build().expect("a configuration")
    }
}

/// A configuration of either end.
pub(crate) enum Config {
    Client(ClientConfig),
    Server(ServerConfig),
}

impl Config {
    /// Starts TLS under it, as a server that asks for its configuration if it is to.
    pub(crate) fn start(&self, conn: &mut End, asks: bool) -> Result<(), UsageError> {
        match self {
            Self::Client(config) => conn.start_client_encryption(config, server_name()),
            Self::Server(config) => {
                let config = config.clone();
                conn.start_server_encryption(match asks {
                    true => ServerStart::Ask { fallback: config },
                    false => ServerStart::With(config),
                })
            }
        }
    }
}
