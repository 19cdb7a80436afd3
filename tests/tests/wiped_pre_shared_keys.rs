//! What pre-shared keys, and handshakes with them, leave behind in memory: nothing of the keys.

use sslcore::{ClientConfig, PreSharedKey, ServerConfig};
use sslcore_tests::pair::{Pair, backends};
use sslcore_tests::wiped::{Watched, left_behind};

#[global_allocator]
static WATCHED: Watched = Watched;

#[test]
fn nothing_of_a_pre_shared_key_is_left_behind() {
    let secret: Vec<u8> = (0..64).map(|i: u8| i.wrapping_mul(151) ^ 0x35).collect();
    let secrets = || vec![secret[..16].to_vec(), secret[40..56].to_vec()];
    let careless = left_behind(secrets(), || drop(secret.clone()));
    assert_eq!(careless, 1);
    let key = || PreSharedKey::new("device", &secret).expect("a key");
    let made = || {
        let copied = key().clone().imported("context").expect("a context");
        assert!(PreSharedKey::new("", &secret).is_err());
        drop(copied);
    };
    assert_eq!(left_behind(secrets(), made), 0, "made and copied");
    for backend in backends() {
        for version in ["TLSv1.2", "TLSv1.3"] {
            let handshake = || {
                let client = ClientConfig::builder(backend.clone()).pre_shared_keys([key()]);
                let server = ServerConfig::builder(backend.clone()).ask_for_pre_shared_keys();
                let client = client.protocols(&[version]).build().expect("client");
                let server = server.protocols(&[version]).build().expect("server");
                let mut pair = Pair::tls(&client, &server);
                pair.run();
                let id = pair.server.conn.psk_request().expect("asked").id;
                pair.server.conn.provide_psk(id, &[key()]).expect("open");
                pair.run();
                assert!(pair.client.conn.is_encrypted() && pair.server.conn.is_encrypted());
            };
            let left = left_behind(secrets(), handshake);
            assert_eq!(left, 0, "{backend:?}, {version}");
        }
    }
}
