//! What a client's configuration remembers of servers, whichever engine does the handshakes.

use alloc::sync::Arc;
use alloc::vec::Vec;

use rustls_pki_types::ServerName;
use spin::Mutex;

use crate::handshake::settings::Settings;
use crate::identity::client_sessions::{ClientSession, ClientSessionKey, ClientSessionStore};
use crate::protocol::SslProtocol;

/// A configuration's sessions, and the groups that its servers have chosen.
pub(crate) struct ClientMemory {
    store: Arc<dyn ClientSessionStore>,
    configuration: Arc<()>,
    /// `None` when every hello is to be made as the first.
    groups: Option<Groups>,
    /// Without it, TLS 1.2 resumes by session ids, and TLS 1.3 nothing.
    takes_tickets: bool,
}

/// Which group each server wanted last, so that its key share need not be asked for twice.
type Groups = Mutex<Vec<(ServerName<'static>, u16)>>;

/// Servers whose group is remembered.
const GROUPS: usize = if cfg!(target_os = "none") { 4 } else { 256 };

/// Sessions of one server that are forgotten at once.
const MOST_FORGOTTEN: usize = 64;

impl ClientMemory {
    /// `None` when nothing is to be remembered.
    pub(crate) fn new(settings: &Settings) -> Option<Arc<Self>> {
        let store = settings.client_sessions.clone()?;
        Some(Arc::new(Self {
            store,
            configuration: Arc::new(()),
            groups: settings.remember_groups.then(Groups::default),
            takes_tickets: settings.takes_tickets,
        }))
    }

    pub(crate) const fn takes_tickets(&self) -> bool {
        self.takes_tickets
    }

    fn key(&self, server: &ServerName<'_>) -> ClientSessionKey {
        ClientSessionKey {
            server: server.to_owned(),
            configuration: self.configuration.clone(),
        }
    }

    pub(crate) fn put(&self, server: &ServerName<'_>, session: ClientSession) {
        self.store.put(&self.key(server), session);
    }

    pub(crate) fn take(
        &self,
        server: &ServerName<'_>,
        protocol: SslProtocol,
    ) -> Option<ClientSession> {
        self.store.take(&self.key(server), protocol)
    }

    /// Forgets all sessions of this server's.
    pub(crate) fn forget(&self, server: &ServerName<'_>) {
        for protocol in [SslProtocol::TlsV1_3, SslProtocol::TlsV1_2] {
            // A store of the application's may be without end.
            for _ in 0..MOST_FORGOTTEN {
                if self.take(server, protocol).is_none() {
                    break;
                }
            }
        }
    }

    pub(crate) fn set_group(&self, server: &ServerName<'_>, group: u16) {
        let Some(groups) = &self.groups else { return };
        let mut groups = groups.lock();
        groups.retain(|(known, _)| known != server);
        if groups.len() >= GROUPS {
            groups.remove(0);
        }
        groups.push((server.to_owned(), group));
    }

    /// What the server has chosen last.
    pub(crate) fn group(&self, server: &ServerName<'_>) -> Option<u16> {
        let groups = self.groups.as_ref()?.lock();
        let (_, group) = groups.iter().find(|(known, _)| known == server)?;
        Some(*group)
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;
    use crate::identity::client_sessions::ClientSessionCache;

    #[test]
    fn the_groups_of_the_servers_that_were_visited_last_are_remembered() {
        let memory = ClientMemory {
            store: Arc::new(ClientSessionCache::new(0)),
            configuration: Arc::new(()),
            groups: Some(Groups::default()),
            takes_tickets: true,
        };
        let server = |number: usize| {
            let name = format!("{number}.test");
            ServerName::try_from(name).expect("a name")
        };
        for number in 0..GROUPS {
            memory.set_group(&server(number), 29);
        }
        // Again, and so not the oldest any more.
        memory.set_group(&server(0), 23);
        memory.set_group(&server(GROUPS), 29);
        assert_eq!(memory.group(&server(0)), Some(23));
        assert_eq!(memory.group(&server(1)), None);
        assert_eq!(memory.group(&server(2)), Some(29));
        let remembered = memory.groups.expect("they are").into_inner();
        assert_eq!(remembered.len(), GROUPS);
    }
}
