use alloc::vec::Vec;

use rustls::KeyLog as _;
use rustls_pki_types::ServerName;

use super::*;
use crate::config::ClientConfig;
use crate::crypto::Backend;
use crate::handshake::template::ClientTemplate;
use crate::time::{Instant, Now};

/// A client that has these secrets.
pub(in crate::handshake::rustls) fn client(secrets: &[&str]) -> RustlsEngine {
    let config = ClientConfig::builder(Backend::ring()).build();
    let config = config.expect("a client");
    let ClientTemplate::Rustls(template) = &config.0.template else {
        panic!("not rustls");
    };
    let name = ServerName::try_from("server.test").expect("a name");
    let now = Now::without_wall_clock(Instant::default());
    let engine = template.engine(name, true, true, now).expect("an engine");
    for label in secrets {
        engine.taps.log(label, &[1; 32], &[2; 32]);
    }
    engine
}

const CHANGE_CIPHER_SPEC: &[u8] = &[20, 3, 3, 0, 1, 1];
const MESSAGE: &[u8] = &[22, 3, 3, 0, 4, 11, 0, 0, 0];

fn leaves(engine: &mut RustlsEngine, records: &[&[u8]]) -> bool {
    let mut flight = records.concat();
    let sealed = engine.seal(&mut flight);
    assert_eq!(flight, records.concat());
    sealed.is_ok()
}

#[test]
fn a_message_that_rustls_has_not_marked_does_not_leave_where_there_are_keys_for_it() {
    let mut client_of_tls13 = client(&["CLIENT_HANDSHAKE_TRAFFIC_SECRET"]);
    assert!(leaves(&mut client_of_tls13, &[CHANGE_CIPHER_SPEC]));
    assert!(!leaves(&mut client_of_tls13, &[MESSAGE]));
    assert!(!leaves(
        &mut client_of_tls13,
        &[CHANGE_CIPHER_SPEC, MESSAGE]
    ));
    let mut client_of_tls12 = client(&["CLIENT_RANDOM"]);
    assert!(leaves(&mut client_of_tls12, &[MESSAGE, CHANGE_CIPHER_SPEC]));
    assert!(!leaves(
        &mut client_of_tls12,
        &[CHANGE_CIPHER_SPEC, MESSAGE]
    ));
    // In front of a second ClientHello.
    let mut client_without_keys = client(&[]);
    assert!(leaves(
        &mut client_without_keys,
        &[CHANGE_CIPHER_SPEC, MESSAGE]
    ));
}

#[test]
fn suites_that_rustls_seals_with_are_left_alone() {
    let mut sealed = client(&["CLIENT_HANDSHAKE_TRAFFIC_SECRET"]);
    sealed.is_bare = false;
    assert!(leaves(&mut sealed, &[MESSAGE]));
    assert!(leaves(&mut sealed, &[&[22, 3, 0xff, 0, 1, 7]]));
}

#[test]
fn a_server_hello_may_be_in_the_clear_and_nothing_behind_it() {
    let hello: Vec<u8> = [&[22, 3, 3, 0, 32, 2, 0, 1, 2][..], &[0; 28]].concat();
    assert_eq!(server_hello_len(&hello), 4 + 0x102);
    assert_eq!(server_hello_len(MESSAGE), 0);
    assert_eq!(server_hello_len(CHANGE_CIPHER_SPEC), 0);
    assert_eq!(server_hello_len(&[22, 3, 3, 0, 3, 2, 0, 0]), 0);
    assert_eq!(server_hello_len(&[]), 0);
}
