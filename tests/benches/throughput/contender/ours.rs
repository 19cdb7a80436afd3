//! sslcore, used as its documentation says.

use sslcore::{Limits, Progress};
use sslcore_tests::pair::{End, Pair, client, server};

use super::{Contender, Scenario, copy};

pub(super) struct Ours {
    client: End,
    server: End,
}

impl Ours {
    pub(super) fn new(scenario: &Scenario, release_when_idle: bool) -> Self {
        let version = if scenario.tls13 { "TLSv1.3" } else { "TLSv1.2" };
        let client = client(scenario.backend.clone())
            .protocols(&[version])
            .ciphers(&[scenario.suite()])
            .build()
            .expect("client");
        let server = server(scenario.backend.clone())
            .protocols(&[version])
            .ciphers(&[scenario.suite()])
            .build()
            .expect("server");
        let mut pair = Pair::new(Limits {
            release_when_idle,
            ..Limits::default()
        });
        pair.start(&client, &server);
        pair.run();
        let Pair { client, server, .. } = pair;
        Self { client, server }
    }
}

impl Contender for Ours {
    fn trip(&mut self, data: &[u8], write: usize, sink: &mut dyn FnMut(&[u8])) {
        let now = self.server.now();
        let client = &mut self.client.conn;
        let server = &mut self.server.conn;
        for piece in data.chunks(write) {
            assert_eq!(client.write(piece), Ok(piece.len()));
        }
        while !client.transmit().is_empty() {
            let wire = client.transmit();
            let space = server.receive_buffer();
            let n = wire.len().min(space.len());
            copy(&wire[..n], &mut space[..n]);
            server.received(n).expect("receive_buffer lent them");
            client.transmitted(n).expect("transmit showed them");
            while client.poll_event().is_some() {}
            loop {
                let progress = server.process(now);
                let plaintext = server.peek();
                let n = plaintext.len();
                if n > 0 {
                    sink(plaintext);
                    server.consume(n).expect("peek showed them");
                }
                match progress {
                    Progress::Idle => break,
                    Progress::DrainEvents => while server.poll_event().is_some() {},
                    Progress::Again => {}
                }
            }
            while server.poll_event().is_some() {}
        }
    }
}
