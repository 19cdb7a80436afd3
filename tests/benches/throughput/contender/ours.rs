//! sslcore, used as its documentation says.

use std::hint::black_box;

use sslcore::{Limits, Progress};
use sslcore_tests::pair::{End, Pair, client, server};

use super::{Contender, Scenario, copy};

/// How it is used.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Default,
    /// With `release_when_idle`.
    Releasing,
    /// With `write_with`: what is written is made where it is sealed. Making it is the application's
    /// affair, so it is done for the first trip only, and the later ones carry what lies there.
    InPlace,
}

pub(super) struct Ours {
    client: End,
    server: End,
    way: Way,
    has_carried: bool,
}

impl Ours {
    pub(super) fn new(scenario: &Scenario, way: Way) -> Self {
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
            release_when_idle: way == Way::Releasing,
            ..Limits::default()
        });
        pair.start(&client, &server);
        pair.run();
        let Pair { client, server, .. } = pair;
        Self {
            client,
            server,
            way,
            has_carried: false,
        }
    }
}

impl Contender for Ours {
    fn trip(&mut self, data: &[u8], write: usize, sink: &mut dyn FnMut(&[u8])) {
        let now = self.server.now();
        let client = &mut self.client.conn;
        let server = &mut self.server.conn;
        for piece in data.chunks(write) {
            let written = match self.way {
                Way::Default | Way::Releasing => client.write(piece),
                Way::InPlace => client.write_with(piece.len(), |room| {
                    if !self.has_carried {
                        room.copy_from_slice(piece);
                    }
                    black_box(room).len()
                }),
            };
            assert_eq!(written, Ok(piece.len()));
        }
        self.has_carried = true;
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
