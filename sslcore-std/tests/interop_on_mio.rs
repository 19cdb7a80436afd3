//! The example for mio against `openssl s_client`.

mod common;
#[allow(dead_code, reason = "its main is not called")]
#[path = "../examples/on_mio.rs"]
mod on_mio;

use std::ops::ControlFlow;

use common::{pattern, server};
use mio::net::TcpListener;
use on_mio::serve;
use sslcore_tests::openssl;

#[test]
fn openssl_hears_its_own_words_from_a_server_on_mio() {
    let listener = TcpListener::bind(([127, 0, 0, 1], 0).into()).expect("bind");
    let address = listener.local_addr().expect("address");
    let config = server().build().expect("server");
    let serving = std::thread::spawn(move || {
        let mut served = 0;
        serve(listener, &config, |_, session| {
            let report = session.conn.close_report().expect("it is over");
            assert!(report.clean, "{report:?}");
            served += 1;
            match served < openssl::VERSIONS.into_iter().len() {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break(()),
            }
        })
    });
    for (_, flag) in openssl::VERSIONS {
        openssl::hear_own_words(address, flag, &pattern(300_000));
    }
    serving.join().expect("no panic").expect("served");
}
