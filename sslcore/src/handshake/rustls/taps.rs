//! What one connection feeds into its rustls configuration, and what it taps out of it.

use alloc::sync::Arc;

use rustls_pki_types::UnixTime;
use spin::{Mutex, MutexGuard};

use super::hold::Gate;
use super::named::named;
use super::staples::Token;
use crate::handshake::key_schedule::Secret;
use crate::key_log::{KeyLog, KeyLogLine};
use crate::time::Now;

/// All of it, in one place of memory.
pub(super) struct Taps {
    pub(super) clock: Clock,
    pub(super) tap: SecretTap,
    /// Where what comes of the handshake waits for the verdict.
    pub(super) gate: Gate,
}

impl rustls::time_provider::TimeProvider for Taps {
    fn current_time(&self) -> Option<UnixTime> {
        Some(self.clock.asked())
    }
}

impl rustls::KeyLog for Taps {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        self.tap.log(label, client_random, secret);
    }
}

/// Time for rustls' ticket ages. Never used to judge certificates.
pub(super) struct Clock(Mutex<Times>);

struct Times {
    now: UnixTime,
    /// What rustls is told instead, once.
    token: Option<Token>,
}

named!(Taps);

impl Clock {
    pub(super) fn new(now: Now) -> Self {
        Self(Mutex::new(Times {
            now: Self::time(now),
            token: None,
        }))
    }

    pub(super) fn set(&self, now: Now) {
        self.0.lock().now = Self::time(now);
    }

    pub(super) fn now(&self) -> UnixTime {
        self.0.lock().now
    }

    /// When rustls asks for the time again, which it does just before it calls the verifier, it
    /// gets this token. It must not ask for another reason.
    pub(super) fn set_token(&self, token: Option<Token>) {
        self.0.lock().token = token;
    }

    /// Whether the token still waits to be asked for.
    pub(super) fn has_token(&self) -> bool {
        self.0.lock().token.is_some()
    }

    /// What rustls is told.
    fn asked(&self) -> UnixTime {
        let mut times = self.0.lock();
        match times.token.take() {
            Some(token) => token.as_time(),
            None => times.now,
        }
    }

    /// rustls gives up without a time, so a device without a wall clock gets its uptime;
    /// resumption is off then, and nothing else looks at it.
    fn time(now: Now) -> UnixTime {
        now.wall.unwrap_or_else(|| {
            let uptime = core::time::Duration::from_micros(now.monotonic.as_micros());
            UnixTime::since_unix_epoch(uptime)
        })
    }
}

/// The secrets of one handshake that its end, or its rejection, needs.
#[derive(Default)]
pub(super) struct Secrets {
    pub(super) client_random: [u8; 32],
    pub(super) client_handshake: Option<Secret>,
    pub(super) server_handshake: Option<Secret>,
    pub(super) client_traffic: Option<Secret>,
    pub(super) server_traffic: Option<Secret>,
    pub(super) tls12_master: Option<Secret>,
    pub(super) exporter: Option<Secret>,
}

/// Taps the secrets of one handshake through rustls' key log.
pub(super) struct SecretTap {
    secrets: Mutex<Secrets>,
    /// Where they go if the application wants to see them.
    key_log: Option<Arc<dyn KeyLog>>,
}

impl SecretTap {
    pub(super) fn new(key_log: Option<Arc<dyn KeyLog>>) -> Self {
        Self {
            secrets: Mutex::default(),
            key_log,
        }
    }

    /// Wipes them. What is kept of rustls holds the tap as long as the connection lasts, and with it
    /// the secrets of keys that a key update has replaced.
    pub(super) fn forget(&self) {
        *self.secrets.lock() = Secrets::default();
    }

    pub(super) fn secrets(&self) -> MutexGuard<'_, Secrets> {
        self.secrets.lock()
    }
}

impl SecretTap {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        if let Some(key_log) = &self.key_log {
            key_log.log(&KeyLogLine {
                label,
                client_random,
                secret,
            });
        }
        let mut secrets = self.secrets();
        let slot = match label {
            "CLIENT_HANDSHAKE_TRAFFIC_SECRET" => &mut secrets.client_handshake,
            "SERVER_HANDSHAKE_TRAFFIC_SECRET" => &mut secrets.server_handshake,
            "CLIENT_TRAFFIC_SECRET_0" => &mut secrets.client_traffic,
            "SERVER_TRAFFIC_SECRET_0" => &mut secrets.server_traffic,
            "CLIENT_RANDOM" => &mut secrets.tls12_master,
            "EXPORTER_SECRET" => &mut secrets.exporter,
            _ => return,
        };
        *slot = Secret::new(secret);
        if let Ok(random) = client_random.try_into() {
            secrets.client_random = random;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tap_that_forgets_has_no_secret_left() {
        let tap = SecretTap::new(None);
        for label in [
            "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
            "SERVER_HANDSHAKE_TRAFFIC_SECRET",
            "CLIENT_TRAFFIC_SECRET_0",
            "SERVER_TRAFFIC_SECRET_0",
            "CLIENT_RANDOM",
            "EXPORTER_SECRET",
        ] {
            tap.log(label, &[1; 32], &[2; 32]);
        }
        assert!(tap.secrets().server_traffic.is_some());
        tap.forget();
        let secrets = tap.secrets();
        assert!(secrets.client_handshake.is_none());
        assert!(secrets.server_handshake.is_none());
        assert!(secrets.client_traffic.is_none());
        assert!(secrets.server_traffic.is_none());
        assert!(secrets.tls12_master.is_none());
        assert!(secrets.exporter.is_none());
    }
}
