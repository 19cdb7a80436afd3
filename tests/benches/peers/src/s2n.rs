//! s2n-tls with its own pair in memory: what one end sends is copied into a queue, and out of it.

use std::task::Poll;

use s2n_tls::callbacks::VerifyHostNameCallback;
use s2n_tls::config::Config;
use s2n_tls::security;
use s2n_tls::testing::TestPair;
use sslcore_tests::certs::{WORLD, pem};

use crate::contender::Contender;

pub(crate) struct S2n {
    pair: TestPair,
    plaintext: Box<[u8]>,
}

struct ServerTest;

impl VerifyHostNameCallback for ServerTest {
    fn verify_host_name(&self, name: &str) -> bool {
        name == "server.test"
    }
}

impl S2n {
    pub(crate) fn new() -> Self {
        let mut config = Config::builder();
        config
            .set_security_policy(&security::DEFAULT_TLS13)
            .expect("a policy")
            .with_system_certs(false)
            .expect("no other roots")
            .trust_pem(pem("CERTIFICATE", &WORLD.ca.der()).as_bytes())
            .expect("the root")
            .set_verify_host_callback(ServerTest)
            .expect("a name")
            .load_pem(
                WORLD.server.chain_pem().as_bytes(),
                WORLD.server.key_pem().as_bytes(),
            )
            .expect("the server's");
        let config = config.build().expect("a configuration");
        let mut pair = TestPair::from_config(&config);
        pair.client.set_server_name("server.test").expect("a name");
        pair.handshake().expect("the handshake of s2n-tls");
        for end in [&mut pair.client, &mut pair.server] {
            assert_eq!(end.cipher_suite().ok(), Some("TLS_AES_128_GCM_SHA256"));
            // Records as long as they may be, as all others here have them.
            end.prefer_throughput().expect("long records");
        }
        Self {
            pair,
            plaintext: vec![0; 16 * 1024].into(),
        }
    }
}

impl Contender for S2n {
    fn trip(&mut self, data: &[u8], write: usize, sink: &mut dyn FnMut(&[u8])) {
        for mut piece in data.chunks(write) {
            while !piece.is_empty() {
                match self.pair.client.poll_send(piece) {
                    Poll::Ready(Ok(sent)) => piece = &piece[sent..],
                    other => panic!("{other:?}"),
                }
            }
        }
        let mut left = data.len();
        while left > 0 {
            match self.pair.server.poll_recv(&mut self.plaintext) {
                Poll::Ready(Ok(read @ 1..)) => {
                    sink(&self.plaintext[..read]);
                    left -= read;
                }
                other => panic!("{other:?}"),
            }
        }
    }
}
