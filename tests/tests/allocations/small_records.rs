//! What records of 1 KB take.

use std::rc::Rc;

use sslcore::{Buffers, ClientConfig, Connection, Limits, PreSharedKey, ServerConfig};
use sslcore_tests::pair::{backends, lent};

use crate::counted::handshaked_on;

/// What a connection with records of 1 KB may hold at its peak, all in all: its buffers, `Connection` itself,
/// and the heap.
const SMALL: usize = 8 * 1024;

/// Buffers for records of 1 KB, whatever the suite; behind what is to be sent 256 bytes are kept free, and
/// room for a KeyUpdate.
const SMALL_BUFFERS: [usize; 2] = [1024 + 29, 1024 + 29 + 27 + 256];

fn small() -> Buffers {
    let [receive, transmit] = SMALL_BUFFERS;
    lent(receive, transmit)
}

#[test]
fn a_connection_with_records_of_1_kb_fits_into_8() {
    for backend in backends() {
        for version in ["TLSv1.3", "TLSv1.2"] {
            let key = || [PreSharedKey::new("device", [7; 32]).expect("a key")];
            let client = ClientConfig::builder(backend.clone()).pre_shared_keys(key());
            let client = client.protocols(&[version]).groups(&["X25519"]).build();
            let server = ServerConfig::builder(backend.clone()).pre_shared_keys(key());
            let server = server.protocols(&[version]).build();
            let configs = (client.expect("client"), server.expect("server"));
            let accounts = [(); 2].map(|()| Rc::default());
            let limits = Limits::default();
            let [mut client, mut server] =
                handshaked_on(small, &configs, limits, accounts.each_ref());
            let fixed = size_of::<Connection>() + SMALL_BUFFERS.iter().sum::<usize>();
            let before = [client.account(), server.account()];
            for account in before {
                let all = fixed + account.peak as usize;
                let name = backend.name();
                println!("{name}, {version}: {fixed} and {} B", account.peak);
                assert!(all <= SMALL, "{all} B, {SMALL} allowed");
            }
            client.tell(&mut server, &[7; 1000]);
            server.tell(&mut client, &[7; 1000]);
            let after = [client.account(), server.account()];
            let allocations =
                |account: [crate::counted::Account; 2]| account.map(|it| it.allocations);
            assert_eq!(allocations(before), allocations(after));
        }
    }
}
