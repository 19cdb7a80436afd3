//! Where.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use sslcore::{
    ClientSession, ClientSessionCache, ClientSessionKey, ClientSessionStore, ServerSession,
    ServerSessionStore, SslProtocol,
};

use super::stage::{VERSIONS, clients, resumes, servers};

#[test]
fn two_configurations_with_one_store_leave_each_others_sessions_alone() {
    for version in VERSIONS {
        let store = Arc::new(ClientSessionCache::new(8));
        let config = || {
            let client = clients(version).session_store(store.clone());
            client.build().expect("client")
        };
        let (one, other) = (config(), config());
        let server = servers(version, true).build().expect("server");
        assert!(!resumes(&one, &server));
        let kept = store.len();
        assert!(!resumes(&other, &server), "{version}");
        assert_eq!(store.len(), 2 * kept);
        assert!(resumes(&one, &server), "{version}");
        assert!(resumes(&other.clone(), &server), "{version}");
    }
}

/// A store of the application's own.
#[derive(Default)]
struct OwnClientStore(Mutex<HashMap<ClientSessionKey, Vec<ClientSession>>>);

impl ClientSessionStore for OwnClientStore {
    fn put(&self, key: &ClientSessionKey, session: ClientSession) {
        assert_eq!(key.server_name().to_str(), "server.test");
        assert!(session.begins() <= session.received());
        assert!(session.received() < session.expires());
        let mut sessions = self.0.lock().expect("nobody panics");
        sessions.entry(key.clone()).or_default().push(session);
    }

    fn take(&self, key: &ClientSessionKey, protocol: SslProtocol) -> Option<ClientSession> {
        let mut sessions = self.0.lock().expect("nobody panics");
        let sessions = sessions.get_mut(key)?;
        let newest = sessions.iter().rposition(|it| it.protocol() == protocol)?;
        Some(sessions.remove(newest))
    }
}

#[test]
fn a_client_resumes_out_of_a_store_of_the_applications() {
    for version in VERSIONS {
        let store = Arc::new(OwnClientStore::default());
        let client = clients(version).session_store(store.clone());
        let client = client.build().expect("client");
        let server = servers(version, true).build().expect("server");
        assert!(!resumes(&client, &server));
        assert!(resumes(&client, &server), "{version}");
        store.0.lock().expect("nobody panics").clear();
        assert!(!resumes(&client, &server), "{version}");
    }
}

#[test]
fn a_client_that_takes_no_tickets_keeps_none() {
    let store = Arc::new(OwnClientStore::default());
    let client = clients("TLSv1.3").session_store(store.clone());
    let client = client.session_tickets(false).build().expect("client");
    let server = servers("TLSv1.3", true).build().expect("server");
    assert!(!resumes(&client, &server));
    assert!(!resumes(&client, &server));
    assert!(store.0.lock().expect("nobody panics").is_empty());
}

/// The same for a server.
#[derive(Default)]
struct OwnServerStore(Mutex<HashMap<Vec<u8>, ServerSession>>);

impl ServerSessionStore for OwnServerStore {
    fn put(&self, id: &[u8], session: ServerSession) {
        assert!(!id.is_empty() && id.len() <= 32);
        assert!(session.begins() <= session.stored());
        assert!(session.stored() < session.expires());
        let mut sessions = self.0.lock().expect("nobody panics");
        sessions.insert(id.to_vec(), session);
    }

    fn get(&self, id: &[u8]) -> Option<ServerSession> {
        self.0.lock().expect("nobody panics").get(id).cloned()
    }

    fn take(&self, id: &[u8]) -> Option<ServerSession> {
        self.0.lock().expect("nobody panics").remove(id)
    }
}

#[test]
fn a_server_resumes_out_of_a_store_of_the_applications() {
    for version in VERSIONS {
        let store = Arc::new(OwnServerStore::default());
        let client = clients(version).build().expect("client");
        let server = servers(version, false).session_store(store.clone());
        let server = server.build().expect("server");
        assert!(!resumes(&client, &server));
        assert!(resumes(&client, &server), "{version}");
        store.0.lock().expect("nobody panics").clear();
        assert!(!resumes(&client, &server), "{version}");
    }
}
