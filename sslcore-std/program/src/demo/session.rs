//! A session, when it is over.

use sslcore_std::SslSocket;
use sslcore_std::sslcore::{CloseReport, Event, SslCipher, SslProtocol};

use super::log::{Entry, Side, What};
use crate::text::Fingerprint;

/// What one end knows when it is over.
#[derive(Clone, Debug, Default)]
pub(super) struct Knows {
    pub(super) protocol: Option<SslProtocol>,
    pub(super) cipher: Option<SslCipher>,
    pub(super) group: Option<&'static str>,
    pub(super) report: Option<CloseReport>,
}

impl Knows {
    pub(super) fn of(socket: &SslSocket) -> Self {
        let connection = socket.connection();
        Self {
            protocol: connection.session_protocol(),
            cipher: connection.session_cipher(),
            group: connection.key_exchange_group(),
            report: connection.close_report(),
        }
    }
}

/// A session that has been played.
pub(super) struct Session {
    pub(super) pinned: Fingerprint,
    pub(super) client: Knows,
    pub(super) server: Knows,
    pub(super) log: Vec<Entry>,
}

impl Session {
    /// What happened on one side, in order.
    pub(super) fn events(&self, side: Side) -> impl Iterator<Item = Event> {
        self.log
            .iter()
            .filter(move |entry| entry.side == side)
            .filter_map(|entry| match entry.what {
                What::Event(event) => Some(event),
                _ => None,
            })
    }
}
